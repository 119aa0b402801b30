"""Checks one bag of the archive while it is read once: container, manifests, chains, contents.

A container is a function of its members (`stored_zip`), so each of its bytes is checked. Members
are hashed as they pass; only the short ones are kept. What of the head is needed is read apart from
`models.Complaint`: a bag outlives the fields of that.
"""

import hashlib
import struct
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any, BinaryIO, cast

import msgspec

from complaints import bag
from complaints.models import Complaint, Status, TrackingEntry
from complaints.stored_zip import ContainerError, members
from complaints.verify_files import (
    BLOCK,
    Chain,
    Damage,
    Files,
    Finding,
    Lines,
    canonical,
    record,
)

KEPT = {
    bag.BAGIT: 1 << 12,
    bag.INFO: 1 << 16,
    bag.MANIFEST: 16 << 20,
    bag.TAG_MANIFEST: 1 << 16,
    bag.FETCH: 16 << 20,
    bag.COMPLAINT: 16 << 20,
}
"""Members that are kept to be compared, and the most bytes that they may have."""
MOST_MEMBERS = 65_535
NAME_LIMIT = 1_024
NEEDED = (*sorted(bag.READ - {bag.FETCH}), bag.PARTS)


class Assessed(msgspec.Struct, frozen=True):
    """What of the assessment labels a bag."""

    type: str
    major: tuple[str, ...] = ()


class Head(msgspec.Struct, frozen=True):
    """What of complaint.json labels a bag."""

    complaint_id: str
    received_at: datetime
    closed_at: datetime | None = None
    assessment: Assessed | None = None
    voided: dict[str, Any] | None = None
    follow_up_outcome: str = ""

    @property
    def is_major(self) -> bool:
        """Whether it was a major complaint."""
        return bool(self.assessment and self.assessment.major)


class Filing(msgspec.Struct, frozen=True):
    """What of an entry by which it was filed labels a bag."""

    number: int
    occurred_at: datetime
    status: Status
    facts: dict[str, str | int | bool | None]


class Read(msgspec.Struct):
    """A bag as it was read: what is in it, and its two chains up to their ends."""

    finding: Finding
    history: Chain
    access: Chain
    hashes: dict[str, str] = {}
    sizes: dict[str, int] = {}
    kept: dict[str, bytes] = {}
    beside: list[Finding] = []
    """What was found about the files of fetch.txt."""

    @property
    def closing(self) -> dict[str, Any]:
        """The entry by which it was filed, its last one; empty where there is none."""
        filed = self.history.filings[-1:] or [{}]
        return filed[0] if filed[0].get("number") == self.history.number else {}

    @property
    def facts(self) -> dict[str, Any]:
        """What that entry says."""
        facts: dict[str, Any] = self.closing.get("facts", {})
        return facts


Sealed = dict[int, tuple[str, str]]
"""Digests that seals hold of a chain, by the number of the entry, each with the day."""


def read(stream: BinaryIO, top: str, finding: Finding, sealed: Sealed, looks: Sealed) -> Read:
    """Return the bag whose folder is `top`, read once; what is wrong with it is in `finding`."""
    found = Read(
        finding=finding,
        history=Chain(bag.HISTORY, finding, sealed),
        access=Chain(bag.ACCESS, finding, looks),
    )
    before = bag.place(bag.DATA)
    try:
        for path, content in members(stream):
            name = _name_within(found, top, path)
            if bag.place(name) <= before:
                finding.add(f"order: {name} does not stand in its place")
            before = bag.place(name)
            _take(found, name, content)
    except Damage as damage:
        finding.add(str(damage))
    except (ContainerError, struct.error) as error:
        finding.add(f"changed: the ZIP is not as it was packed: {error}")
    except OSError as error:
        finding.add(f"unreadable: {error.strerror or error}")
    return found


def _name_within(found: Read, top: str, path: str) -> str:
    """Return the name of a member within its bag; raises Damage where it can't be one."""
    if len(found.hashes) == MOST_MEMBERS or len(path) > NAME_LIMIT:
        raise Damage("format: more members, or longer names, than a bag has")
    folder, _, name = path.partition("/")
    if folder != top:
        raise Damage(f"renamed: {path:.100} lies in it, which is not in the folder {top}/")
    if name in found.hashes:
        raise Damage(f"duplicate: {name} lies in it twice")
    return name


def _take(found: Read, name: str, content: Iterator[bytes]) -> None:
    """Hash a member as it passes, and keep or follow what is needed of it."""
    digest, size, kept = hashlib.sha256(), 0, bytearray()
    takers: dict[str, Callable[[bytes], None]] = {
        bag.HISTORY: found.history.line,
        bag.ACCESS: found.access.line,
        bag.PARTS: partial(_part, found.finding),
    }
    lines = Lines(takers[name]) if name in takers else None
    most = KEPT.get(name, 0)
    for block in content:
        digest.update(block)
        size += len(block)
        if lines:
            lines.feed(block)
        elif most:
            if size > most:
                raise Damage(f"format: {name} is longer than {most} bytes")
            kept += block
    if lines:
        lines.end()
    if most:
        found.kept[name] = bytes(kept)
    found.hashes[name], found.sizes[name] = digest.hexdigest(), size


def _part(finding: Finding, line: bytes) -> None:
    """Look at a line of parts.jsonl: two readers of it must not read different things."""
    if canonical(record(line, msgspec.json.decode, f"a line of {bag.PARTS}")) != line:
        finding.add(f"changed: a line of {bag.PARTS} is not written as canonical JSON")


def by_itself(stream: BinaryIO, path: str, *, exact: bool = True) -> Read:
    """Return a bag, read and checked without anything beside it; `check` has the arguments."""
    stem = path.rpartition("/")[2].removesuffix(".zip")
    found = read(stream, stem, Finding(path=path), {}, {})
    check(found, path, None, exact=exact)
    return found


def check(found: Read, path: str, files: Files | None, *, exact: bool) -> None:
    """Check what was read against all that its last entry answers for, and how it is called.

    `path` is its name; within an archive (`exact`) the whole of it is the one it was filed under.
    Without `files` what lies beside the bag is not looked at.
    """
    if missing := [name for name in NEEDED if name not in found.hashes]:
        found.finding.add(f"missing: {', '.join(missing)}")
        return
    try:
        content = found.kept[bag.COMPLAINT]
        head = record(content, _head.decode, bag.COMPLAINT)
        if canonical(record(content, msgspec.json.decode, bag.COMPLAINT)) != content:
            found.finding.add(f"changed: {bag.COMPLAINT} is not written as canonical JSON")
        stated = _stated(found.kept[bag.MANIFEST])
        _outside(found, path.removesuffix(".zip") + ".files/", stated, files)
        found.finding.complaint_id = head.complaint_id
        payload = {name: one for name, one in found.hashes.items() if name.startswith(bag.DATA)}
        tags = {name: one for name, one in found.hashes.items() if name not in payload}
        _payload(found, stated, payload)
        _tags(found, head, payload, tags)
        _name(found, head, path, exact=exact)
    except Damage as damage:
        found.finding.add(str(damage))


def _payload(found: Read, stated: dict[str, str], payload: dict[str, str]) -> None:
    """Compare what lies below data/ with the manifest and with the entry that closes."""
    before = len(found.finding.problems)
    for name in sorted(stated.keys() | payload.keys()):
        if name not in payload:
            found.finding.add(f"missing: {name:.200}")
        elif name not in stated:
            found.finding.add(f"unexpected: {name:.200} is not in the manifest")
        elif stated[name] != payload[name]:
            found.finding.add(f"changed: {name:.200} is not what the manifest says")
    if not found.closing:
        raise Damage("chain: its history does not end with the entry by which it was filed")
    named = before < len(found.finding.problems)
    if found.facts.get("contents") != bag.contents(payload) and not named:
        found.finding.add("changed: data/ and its manifest are not what was filed")


def _tags(found: Read, head: Head, payload: dict[str, str], tags: dict[str, str]) -> None:
    """Compare the tag files: each of them follows from what is known by now."""
    if found.facts.get("fetch", "") != tags.get(bag.FETCH, ""):
        found.finding.add("changed: fetch.txt is not the one that was filed")
    octets = sum(found.sizes[name] for name in payload)
    listed = {name: one for name, one in tags.items() if name != bag.TAG_MANIFEST}
    complaint = cast("Complaint", head)  # all of it that `info` looks at
    expected = {
        bag.BAGIT: bag.DECLARATION,
        bag.INFO: bag.info(complaint, _labelling(found), octets, len(payload)),
        bag.MANIFEST: bag.manifest(payload),
        bag.TAG_MANIFEST: bag.manifest(listed),
    }
    for name, content in expected.items():
        if found.kept[name] != content:
            found.finding.add(f"changed: {name} does not fit the rest of the bag")
    for name in sorted(tags.keys() - bag.READ):
        found.finding.add(f"unexpected: {name:.200} does not belong in a bag")


_head = msgspec.json.Decoder(Head)


def _name(found: Read, head: Head, path: str, *, exact: bool) -> None:
    filed = str(found.facts["archive_key"])
    if path != filed if exact else path.rpartition("/")[2] != filed.rpartition("/")[2]:
        found.finding.add(f"renamed: it was filed as {filed:.200}")
    if not filed.rpartition("/")[2].startswith(f"{head.complaint_id}_"):
        found.finding.add(f"changed: it is labelled {filed:.200} and holds {head.complaint_id:.40}")


def _labelling(found: Read) -> list[TrackingEntry]:
    """Return the entries that bag-info.txt follows from; raises Damage."""
    try:
        filings = msgspec.convert(found.history.filings, list[Filing])
    except msgspec.ValidationError as error:
        raise Damage(
            f"format: an entry of {bag.HISTORY} is not what is written here: {error}"
        ) from error
    return [
        TrackingEntry(
            number=one.number,
            occurred_at=one.occurred_at,
            actor="",
            action="",
            status=one.status,
            facts=one.facts,
        )
        for one in filings
    ]


def _stated(manifest: bytes) -> dict[str, str]:
    try:
        return bag.stated_digests(manifest)
    except ValueError:
        raise Damage("format: manifest-sha256.txt is no manifest") from None


def _outside(found: Read, folder: str, stated: dict[str, str], files: Files | None) -> None:
    """Hash what lies beside the bag, and count it with what is in it; raises Damage."""
    for line in found.kept.get(bag.FETCH, b"").splitlines():
        try:
            url, length, path = line.decode("ascii").split(" ", 2)
            size = int(length)
        except ValueError:
            raise Damage("format: fetch.txt is not what is written here") from None
        if path in found.hashes or not path.startswith(bag.EVIDENCE):
            raise Damage(f"duplicate: {path:.200} of fetch.txt lies in the bag, too")
        finding = Finding(
            path=folder + url.rpartition("/")[2], complaint_id=found.finding.complaint_id
        )
        found.beside.append(finding)
        found.hashes[path], found.sizes[path] = stated.get(path, ""), size
        if files is None:
            continue
        try:
            digest, there = _hashed(files, finding.path)
        except FileNotFoundError:
            finding.add(f"missing: it belongs to a bag as {path}")
            continue
        except OSError as error:
            finding.add(f"unreadable: {error.strerror or error}")
            continue
        if (digest, there) != (stated.get(path), size):
            finding.add(f"changed: it is not the {path} that the bag names")


def _hashed(files: Files, name: str) -> tuple[str, int]:
    """Return the digest of a file and how long it is; raises OSError."""
    digest, size = hashlib.sha256(), 0
    with files.open(name) as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
            size += len(block)
    return digest.hexdigest(), size
