"""The bag of a closed complaint: what lies in it, in which order, and how it is read again.

A BagIt 1.0 bag (RFC 8493) in a ZIP of one top folder (`stored_zip`); any archivist's tool opens it.
Everything personal in it is encrypted as it is in the table, under the complaint's own key, which
is in no bag: erasing that key erases the person here too, and every digest stands.

    data/access.jsonl             who looked at it, chained
    data/complaint.json           the head as it was closed, without what is personal
    data/documents/<kind>.pdf.enc its documents, each a message of the AWS Encryption SDK
    data/evidence/<id>.enc        its evidence and raw mails, likewise; what is large lies beside
                                  the bag as a locked object of its own, named in fetch.txt
    data/parts.jsonl              contacts, findings, letters, ... as they lie in the table
    data/history.jsonl            the chained history, with the entry that closes it
    bag-info.txt, bagit.txt, fetch.txt, manifest-sha256.txt, tagmanifest-sha256.txt

They lie in this order. The entry that closes has `contents`: SHA-256 of the lines of the manifest
without that of the history, and where there is a fetch.txt its digest. The head of the history so
answers for every byte: the tag files follow from what it answers for (`info`).
"""

import hashlib
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import BinaryIO

import msgspec

from complaints.history import canonical
from complaints.models import Complaint, Record, Status, TrackingEntry, sortable
from complaints.stored_zip import ContainerError, StoredZip, Writing, members

DATA = "data/"
ACCESS = "data/access.jsonl"
COMPLAINT = "data/complaint.json"
DOCUMENTS = "data/documents/"
EVIDENCE = "data/evidence/"
HISTORY = "data/history.jsonl"
PARTS = "data/parts.jsonl"
INFO, BAGIT, FETCH = "bag-info.txt", "bagit.txt", "fetch.txt"
MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
READ = frozenset({INFO, BAGIT, FETCH, MANIFEST, TAG_MANIFEST, ACCESS, COMPLAINT, HISTORY})
"""What a bag is judged by; everything else is only digested."""
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
PRIVATE = "private"
"""The part that holds, encrypted, what of the head is personal."""
PERSONAL = ("subject", "tracking_code", "person")
NOT_FILED = frozenset({*PERSONAL, "version", "digest", "look_again_at", "changed_on"})
"""Fields of the head that are not in complaint.json: personal, or told by the history."""
Facts = dict[str, str | int | bool | None]


class Filed(Record, frozen=True):
    """What the entry that closes a complaint says of its bag."""

    contents: str
    """SHA-256 of the lines of the manifest, sorted by path, without that of the history."""
    retain_until: str
    """The day until which nobody can delete it, `2031-11-20`."""
    fetch: str = ""
    """SHA-256 of fetch.txt; empty where nothing lies outside."""
    lost: str = ""
    """Keys, with spaces between, of bags that were filed and not counted: their save was lost."""

    def facts(self, archive_key: str) -> Facts:
        """Return the facts of the entry."""
        stated = {"archive_key": archive_key, **msgspec.to_builtins(self)}
        return {name: value for name, value in stated.items() if value}


class Outside(Record, frozen=True):
    """A file of a bag that lies beside it, as an object of its own."""

    path: str
    """Where it belongs, `data/evidence/<id>.enc`."""
    url: str
    """`s3://<bucket>/<key of the bag without .zip>.files/<id>.enc`."""
    size: int
    sha256: str


# ---- writing -------------------------------------------------------------------------------


class Packing:
    """Writes a bag into a file that can be sought in, streaming; in the order given above."""

    def __init__(self, target: BinaryIO, folder: str) -> None:
        self._zip, self._folder = StoredZip(target), folder
        self._digests: dict[str, str] = {}
        self._tags: dict[str, str] = {}
        self._outside: list[Outside] = []
        self.octets = 0

    @contextmanager
    def payload(self, path: str) -> Iterator[Writing]:
        """Open a file under data/ to be written."""
        with self._zip.member(f"{self._folder}/{path}") as writing:
            yield writing
        self._digests[path] = writing.sha256
        self.octets += writing.size

    def add(self, path: str, content: bytes) -> None:
        """Write a file under data/."""
        with self.payload(path) as writing:
            writing.write(content)

    def leave_outside(self, outside: Outside) -> None:
        """Name a file that lies beside the bag."""
        self._outside.append(outside)
        self._digests[outside.path] = outside.sha256
        self.octets += outside.size

    def filed(self, retain_until: str, lost: Iterable[str] = ()) -> Filed:
        """Return what the closing entry says of the bag, once all but the history is in it."""
        fetch = fetch_lines(self._outside)
        return Filed(
            contents=contents(self._digests),
            retain_until=retain_until,
            fetch=hashlib.sha256(fetch).hexdigest() if fetch else "",
            lost=" ".join(lost),
        )

    def close(self, complaint: Complaint, entries: Sequence[TrackingEntry]) -> None:
        """Write the history and the tag files; `complaint` is the head as it was closed."""
        self.add(HISTORY, lines(entries))
        fetch = fetch_lines(self._outside)
        self._tag(INFO, info(complaint, entries, self.octets, len(self._digests)))
        self._tag(BAGIT, DECLARATION)
        if fetch:
            self._tag(FETCH, fetch)
        self._tag(MANIFEST, manifest(self._digests))
        self._tag(TAG_MANIFEST, manifest(self._tags))
        self._zip.close()

    def _tag(self, path: str, content: bytes) -> None:
        with self._zip.member(f"{self._folder}/{path}") as writing:
            writing.write(content)
        self._tags[path] = writing.sha256


def place(path: str) -> tuple[bool, bool, str]:
    """Return by what the members of a bag are sorted: the payload, its history, the tag files."""
    return not path.startswith(DATA), path == HISTORY, path


def head(complaint: Complaint) -> bytes:
    """Return complaint.json."""
    stated = msgspec.to_builtins(complaint, builtin_types=(datetime,))
    return canonical({name: stated[name] for name in stated.keys() - NOT_FILED})


def private(complaint: Complaint) -> bytes:
    """Return what of the head is personal, to be encrypted."""
    return canonical({name: getattr(complaint, name) for name in PERSONAL})


def lines(records: Iterable[object]) -> bytes:
    """Return JSON lines, each canonical."""
    return b"".join(canonical(record) + b"\n" for record in records)


def manifest(digests: dict[str, str]) -> bytes:
    """Return a manifest: a line for each file, sorted by path."""
    return "".join(f"{digests[path]}  {path}\n" for path in sorted(digests)).encode()


def contents(digests: dict[str, str]) -> str:
    """Return the digest of all of the payload but the history, which holds it."""
    others = {path: digest for path, digest in digests.items() if path != HISTORY}
    return hashlib.sha256(manifest(others)).hexdigest()


def fetch_lines(outside: Iterable[Outside]) -> bytes:
    """Return fetch.txt: address, length and path of each file that lies beside the bag."""
    by_path = sorted(outside, key=lambda one: one.path)
    return "".join(f"{one.url} {one.size} {one.path}\n" for one in by_path).encode()


def info(
    complaint: Complaint, entries: Sequence[TrackingEntry], octets: int, streams: int
) -> bytes:
    """Return bag-info.txt: the labels that an archivist sorts by, and nothing personal (F2).

    It follows from the head as closed, its history and the size of the payload.
    """
    filings = filed_before(entries)
    kind = complaint.assessment.type if complaint.assessment else "none"
    labels = {
        "Bagging-Date": f"{sortable(entries[-1].occurred_at):.10}",
        "Category": "major" if complaint.is_major else "general",
        "Closed": f"{sortable(complaint.closed_at):.10}" if complaint.closed_at else "",
        "External-Identifier": complaint.complaint_id,
        "Payload-Oxum": f"{octets}.{streams}",
        "Previous-Bag": filings[-2] if len(filings) > 1 else "",
        "Received": f"{sortable(complaint.received_at):.10}",
        "Result": result(complaint),
        "Retain-Until": str(entries[-1].facts.get("retain_until", "")),
        "Type": kind,
    }
    return "".join(f"{name}: {value}\n" for name, value in labels.items() if value).encode()


def result(complaint: Complaint) -> str:
    """Return what came of a complaint, as its bag is labelled."""
    return "voided" if complaint.voided else complaint.follow_up_outcome or "none"


def filed_before(entries: Iterable[TrackingEntry]) -> list[str]:
    """Return the keys of the bags of a complaint, the first first."""
    return [
        str(entry.facts["archive_key"])
        for entry in entries
        if entry.status is Status.CLOSED and "archive_key" in entry.facts
    ]


# ---- reading -------------------------------------------------------------------------------


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A bag as one pass over its file finds it."""

    folder: str
    digests: dict[str, str]
    """Path -> SHA-256 of what lies in the file."""
    sizes: dict[str, int]
    texts: dict[str, bytes]
    """Path -> content of the files that were to be read."""

    def entries(self) -> list[TrackingEntry]:
        """Return the history; raises msgspec.DecodeError."""
        return [
            msgspec.json.decode(line, type=TrackingEntry)
            for line in self.texts[HISTORY].splitlines()
        ]

    def complaint(self) -> Complaint:
        """Return the head as closed, what is personal empty; raises msgspec.DecodeError."""
        stated = msgspec.json.decode(self.texts[COMPLAINT], type=dict)
        newest = self.entries()[-1]
        return msgspec.convert(
            {
                **stated,
                "tracking_code": "",
                "version": newest.number,
                "digest": newest.digest,
                "changed_on": f"{sortable(newest.occurred_at):.10}",
            },
            Complaint,
        )


def opened(file: BinaryIO, read: Container[str] = READ) -> Opened:
    """Read a bag from where `file` stands to its end, once, and digest each member.

    Kept are only the files of `read`. Raises ContainerError for a file that is not such a ZIP, or
    whose members don't lie in one folder, each once, in their order.
    """
    folder, before = "", place("data/")
    digests: dict[str, str] = {}
    sizes: dict[str, int] = {}
    texts: dict[str, bytes] = {}
    for name, content in members(file):
        top, _, path = name.partition("/")
        if top != (folder or top) or place(path) <= before:
            raise ContainerError(f"{name} lies out of place")
        folder, before = top, place(path)
        digest, kept, size = hashlib.sha256(), list[bytes](), 0
        for chunk in content:
            digest.update(chunk)
            size += len(chunk)
            if path in read:
                kept.append(chunk)
        digests[path], sizes[path] = digest.hexdigest(), size
        if path in read:
            texts[path] = b"".join(kept)
    return Opened(folder=folder, digests=digests, sizes=sizes, texts=texts)


def stated_digests(stated: bytes) -> dict[str, str]:
    """Return path -> SHA-256 as a manifest says; raises ValueError."""
    return {
        path: digest
        for digest, path in (line.split("  ", 1) for line in stated.decode().splitlines())
    }
