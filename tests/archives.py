"""Small archives as the system makes them: complaints, looks, days, seals; random by a seed.

Histories, bags, leaves, nodes, seals and proofs are made by the core itself; only what AWS does is
played here: the table, the bucket and the key. What is encrypted in a real one are random bytes.
"""

import io
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from random import Random
from typing import Any, BinaryIO

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from complaints import bag
from complaints.access import AccessEntry, Look, looked
from complaints.bag import Outside, Packing
from complaints.history import canonical
from complaints.lifecycle import record
from complaints.merkle import Frontier, inclusion_path, position
from complaints.models import Assessment, Channel, Complaint, Outcome, Status, TrackingEntry
from complaints.number import complaint_number
from complaints.seal import (
    AccessLeaf,
    InclusionProof,
    Leaf,
    Seal,
    is_made_up,
    leaf_of,
    leaves_key,
    nodes_key,
    pem,
    proof_key,
    read_seal,
    seal_key,
    sha256,
    signed,
)
from complaints.verify_files import Found

BEGIN = date(2026, 2, 26)
"""So that an archive of a few days crosses the end of a month."""
DAY = timedelta(days=1)
LINE = (
    Status.ASSESSED,
    Status.INVESTIGATED,
    Status.APPROVED,
    Status.RESPONDED,
    Status.FOLLOWED_UP,
)


@cache
def private_key(number: int = 1) -> ec.EllipticCurvePrivateKey:
    """Return a key on P-256, always the same one for a number."""
    return ec.derive_private_key(0x1F3A57 + number, ec.SECP256R1())


@cache
def public_key(number: int = 1) -> bytes:
    """Return its public key as DER."""
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    return private_key(number).public_key().public_bytes(*form)


def sign(content: bytes, number: int = 1) -> bytes:
    """Return a signature (DER)."""
    return private_key(number).sign(content, ec.ECDSA(hashes.SHA256()))


class Memory:
    """An archive in memory, as the verifier reads files."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def found(self) -> Iterator[Found]:
        """Yield every file."""
        for name, content in self._files.items():
            yield Found(name, len(content))

    def open(self, name: str) -> BinaryIO:
        """Open one."""
        if name not in self._files:
            raise FileNotFoundError(2, "No such file or directory", name)
        return io.BytesIO(self._files[name])


@dataclass
class Filed:
    """A complaint of the archive, with all that it had so far."""

    head: Complaint
    entries: list[TrackingEntry]
    lost: list[str] = field(default_factory=list)
    """Bags that were filed, and whose save was lost to somebody else."""
    looks: list[AccessEntry] = field(default_factory=list)


class Archive:
    """An archive while it grows, day by day."""

    def __init__(self, seed: int, *, key: int = 1, begin: date = BEGIN) -> None:
        self.random = Random(seed)  # noqa: S311 - the same archive for the same seed
        self.files: dict[str, bytes] = {"seals/public-key.pem": pem(public_key(key))}
        self.day = begin
        self._key = key
        self._complaints: list[Filed] = []
        self._log = Frontier()
        self._nodes: list[bytes] = []
        self._seal = b""
        self._sealed_at = datetime(1970, 1, 1, tzinfo=UTC)

    # ---- what happens ----------------------------------------------------------------------

    def at(self) -> datetime:
        """Return an instant of today."""
        minute = self.random.randrange(24 * 60)
        return datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC) + timedelta(
            minutes=minute
        )

    def register(self) -> Filed:
        """Register a complaint."""
        at, n = self.at(), len(self._complaints) + 1
        blank = Complaint(
            complaint_id=complaint_number("TS", at.year, n, 6),
            status=Status.RECEIVED,
            channel=self.random.choice(list(Channel)),
            received_at=at,
            registered_at=at,
            policy="service-provider@3f2a",
            tracking_code="0123456789AB",
            subject="前台态度恶劣",
        )
        one = Filed(blank, [])
        self._do(
            one, "received", facts={"channel": blank.channel, "files": self.random.randrange(3)}
        )
        self._complaints.append(one)
        return one

    def _do(self, one: Filed, action: str, **changes: Any) -> None:  # noqa: ANN401 - of `record`
        one.head, entry = record(
            one.head, action, at=self.at(), actor=self.random.choice(["han", "he", "邱"]),
            personal="words" if self.random.random() < 0.5 else None, key=bytes(32), **changes,
        )  # fmt: skip
        one.entries.append(entry)

    def look(self, one: Filed) -> None:
        """Let somebody look at a complaint."""
        before = one.looks[-1] if one.looks else None
        one.looks.append(looked(before, Look.OPENED, by="auditor", at=self.at(), what="files"))

    def close(self, one: Filed, photo: bytes = b"") -> None:
        """Bring a complaint to its end and file it; one that is closed is taken up again before.

        `photo` is a piece of evidence that lies in the bag.
        """
        self.bring(one)
        self._file(one, "closed", photo)

    def bring(self, one: Filed) -> None:
        """Bring a complaint to where only its filing is left."""
        if one.head.status is Status.CLOSED:
            self.reopen(one)
        major = ("media",) if self.random.random() < 0.3 else ()
        assessed = Assessment(type=self.random.choice("ABC"), major=major)
        todo = LINE[LINE.index(one.head.status) + 1 :] if one.head.status in LINE else LINE
        for status in todo:
            changes: dict[str, Any] = {"assessment": assessed} if status is Status.ASSESSED else {}
            if status is Status.FOLLOWED_UP:
                changes["follow_up_outcome"] = self.random.choice(
                    [Outcome.SATISFIED, Outcome.QUIET]
                )
            self._do(one, str(status), status=status, **changes)

    def close_again(self, one: Filed) -> None:
        """File a complaint of which only the filing is left."""
        self._file(one, "closed")

    def add(self, one: Filed) -> None:
        """Add words to a closed complaint, and file it once more."""
        self._do(one, "contact_added", facts={"contact": "c9"})
        self._file(one, "filed_again")

    def reopen(self, one: Filed) -> None:
        """Take a closed complaint up again."""
        facts = {"archive_key": one.head.archive_key}
        self._do(one, "reopened", status=Status.ASSESSED, archive_key="", closed_at=None,
                 facts=facts, reopened=one.head.reopened + 1)  # fmt: skip

    def lose(self, one: Filed) -> None:
        """File a complaint that is to be closed, and let somebody else save it first."""
        before = (one.head, list(one.entries))
        self._file(one, "closed")
        one.lost.append(one.head.archive_key)
        one.head, one.entries = before
        self.hold(one)

    def hold(self, one: Filed) -> None:
        """Let a closed complaint change without being filed anew."""
        self._do(one, "hold_set", holds=one.head.holds + 1)

    def _file(self, one: Filed, action: str, photo: bytes = b"") -> None:
        at, head = self.at(), one.head
        kind = head.assessment.type if head.assessment else "none"
        key = (
            f"archive/{'major' if head.is_major else 'general'}/{head.received_at:%Y}/{kind}/"
            f"{head.complaint_id}_{one.entries[-1].occurred_at:%Y-%m-%d}_{bag.result(head)}"
            f"_{head.version}.zip"
        )
        closing: dict[str, Any] = {"status": Status.CLOSED, "archive_key": key}
        closing["closed_at"] = head.closed_at or at
        closed, _ = record(head, action, at=at, actor="archive", **closing)
        target = io.BytesIO()
        packing = Packing(target, key.rpartition("/")[2].removesuffix(".zip"))
        packing.add(bag.ACCESS, bag.lines(one.looks))
        packing.add(bag.COMPLAINT, bag.head(closed))
        documents = self.random.sample(["notice", "register"], self.random.randrange(3))
        for name in sorted(documents):
            packing.add(f"{bag.DOCUMENTS}{name}.pdf.enc", self.random.randbytes(40))
        for name in sorted(
            f"{self.random.getrandbits(32):08x}" for _ in range(self.random.randrange(3))
        ):
            content = self.random.randbytes(self.random.randrange(80))
            if self.random.random() < 0.6:
                packing.add(f"{bag.EVIDENCE}{name}.enc", content)
                continue
            beside = f"{key.removesuffix('.zip')}.files/{name}.enc"
            self.files[beside] = content
            packing.leave_outside(
                Outside(path=f"{bag.EVIDENCE}{name}.enc", url=f"s3://archive/{beside}",
                        size=len(content), sha256=sha256(content))
            )  # fmt: skip
        if photo:
            packing.add(f"{bag.EVIDENCE}photo.enc", photo)
        cipher = b64encode(self.random.randbytes(40)).decode()
        parts = [{"part": "contact#1", "cipher": cipher}, {"part": "private", "cipher": cipher}]
        packing.add(bag.PARTS, bag.lines(parts))
        facts = packing.filed("2031-11-20", one.lost).facts(key)
        one.lost = []
        one.head, entry = record(head, action, at=at, actor="archive", facts=facts, **closing)
        one.entries.append(entry)
        packing.close(one.head, one.entries)
        self.files[key] = target.getvalue()

    # ---- sealing ---------------------------------------------------------------------------

    def end_day(self, *, late: int = 0) -> None:
        """Seal the day, so many days later than usual."""
        leaves = sorted(self._leaves(), key=lambda one: (_kind(one), one.complaint_id))
        lines = [canonical(leaf) for leaf in leaves]
        first = self._log.size
        made = b"".join(self._log.add(line) for line in lines)
        self._nodes += [made[at : at + 32] for at in range(0, len(made), 32)]
        written = b"".join(line + b"\n" for line in lines)
        midnight = datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC) + DAY
        sealed_at = max(midnight + timedelta(minutes=30) + late * DAY, self._sealed_at)
        self._sealed_at = sealed_at
        seal = Seal(
            day=self.day,
            sealed_at=sealed_at,
            made_up=is_made_up(self.day, sealed_at),
            first=first,
            size=self._log.size,
            root=self._log.root.hex(),
            leaves=sha256(written),
            nodes=sha256(made),
            previous=sha256(self._seal) if self._seal else "",
            key=sha256(public_key(self._key)),
            stamp=self._newest_stamp(),
        )
        self._seal = signed(seal, sign(canonical(seal), self._key))
        self.files |= {
            leaves_key(self.day): written,
            nodes_key(self.day): made,
            seal_key(self.day): self._seal,
        }
        for index, (leaf, line) in enumerate(zip(leaves, lines, strict=True), start=first):
            self._prove(leaf, line.decode(), index)
        self.day += DAY

    def _newest_stamp(self) -> str:
        stamps = sorted(name for name in self.files if name.endswith(".tsr"))
        return f"{stamps[-1][6:16]} {sha256(self.files[stamps[-1]])}" if stamps else ""

    def _leaves(self) -> Iterator[Leaf]:
        for one in self._complaints:
            if one.head.changed_on == self.day:
                yield leaf_of(one.head)
            if one.looks and one.looks[-1].at.date() == self.day:
                look = one.looks[-1]
                yield AccessLeaf(
                    complaint_id=one.head.complaint_id, version=look.number, digest=look.digest
                )

    def _prove(self, leaf: Leaf, line: str, index: int) -> None:
        if isinstance(leaf, AccessLeaf):
            return
        one = next(one for one in self._complaints if one.head.complaint_id == leaf.complaint_id)
        path = inclusion_path(
            index, self._log.size, lambda level, at: self._nodes[position(level, at)]
        )
        for filed in (entry for entry in one.entries if bag.filed_before([entry])):
            proof = InclusionProof(
                seal=read_seal(self._seal),
                leaf=line,
                index=index,
                path=tuple(one.hex() for one in path),
                entries=tuple(one.entries[filed.number :]),
            )
            key = proof_key(str(filed.facts["archive_key"]))
            self.files.setdefault(key, canonical(proof))

    # ---- a life ----------------------------------------------------------------------------

    def live(self) -> None:
        """Let a day pass: something of all that can happen, or nothing."""
        if self.random.random() < 0.2:
            self.end_day(late=self.random.randrange(3))
            return
        for _ in range(self.random.randrange(3)):
            self.register()
        for one in self._complaints:
            if self.random.random() < 0.4:
                self.look(one)
            if self.random.random() < 0.5:
                self.close(one)
            if one.head.status is Status.CLOSED and self.random.random() < 0.2:
                self.add(one)
            if one.head.status is Status.CLOSED and self.random.random() < 0.2:
                self.hold(one)
            if one.head.status is Status.CLOSED and self.random.random() < 0.1:
                self.reopen(one)
            if self.random.random() < 0.05:
                self.bring(one)
                self.lose(one)
                self._file(one, "closed")
        self.end_day(late=self.random.randrange(2) * self.random.randrange(3))


@cache
def scripted() -> dict[str, bytes]:
    """Return the files of an archive in which all that the format knows is there once.

    Large files, documents, looks, words added after closing, a complaint that was taken up again,
    entries between filing and seal, a day without changes, one that was sealed late.
    """
    made = Archive(11)
    first, second = made.register(), made.register()
    made.look(first)
    made.end_day()
    made.close(first)
    made.look(first)
    made.end_day()
    made.end_day(late=2)
    made.add(first)
    made.register()
    made.end_day(late=1)
    made.close(second)
    made.hold(second)
    made.end_day()
    made.close(first)
    made.look(second)
    made.end_day()
    return made.files


def _kind(leaf: Leaf) -> str:
    return "access" if isinstance(leaf, AccessLeaf) else "complaint"


def archive(seed: int, days: int = 4) -> Archive:
    """Return a random archive of so many days, sealed up to the last."""
    made = Archive(seed)
    for _ in range(days):
        made.live()
    return made
