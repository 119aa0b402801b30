"""The verifier: whether files of an archive are what was sealed, all of it and nothing else.

It needs the files and one public key; nothing of the system that made them, and no network. Files
are read once, in pieces; what must be remembered of them lies in a scratch database, on disk where
it grows. What a seal says is believed if the key signed it; all else has to follow from that:

    key -> seal -> root -> leaf (number, version, digest) -> history -> closing entry -> files
"""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

import msgspec

from complaints.merkle import verify_inclusion
from complaints.seal import (
    Seal,
    SealError,
    pem,
    problems_of,
    proof_key,
    read_seal,
    seal_key,
    sha256,
)
from complaints.verify_bag import Read, Sealed, check, read
from complaints.verify_files import Chain, Damage, Files, Finding, canonical, record, small
from complaints.verify_seals import SEAL_LIMIT, Day, Days, Leaf, Place

PROOF_LIMIT = 16 << 20
MOST_KNOWN = 10_000
"""Seals of proofs that are remembered where the seals themselves are not there."""
AT_ONCE = 5_000
"""Leaves that are written to the scratch database at a time."""
PUBLIC_KEY = "seals/public-key.pem"
KINDS = {
    "key": re.compile(re.escape(PUBLIC_KEY)),
    "day": re.compile(
        r"(?:seals/(?P<a>[0-9-]{10})\.(?:json|tsr)"
        r"|leaves/day=(?P<b>[0-9-]{10})/(?P=b)\.jsonl|nodes/(?P<c>[0-9-]{10})\.bin)"
    ),
    "bag": re.compile(r"archive/(?:general|major)/[0-9]{4}/[^/]+/[^/]+\.zip"),
    "proof": re.compile(r"archive/(?:general|major)/[0-9]{4}/[^/]+/[^/]+\.proof\.json"),
    "outside": re.compile(r"archive/(?:general|major)/[0-9]{4}/[^/]+/[^/]+\.files/[^/]+"),
}
LOOSE = {
    "bag": re.compile(r"(?:.*/)?[^/]+\.zip"),
    "proof": re.compile(r"(?:.*/)?[^/]+\.proof\.json"),
    "outside": re.compile(r"(?:.*/)?[^/]+\.files/[^/]+"),
}
"""Files that are given one by one may lie anywhere."""
SCRATCH = """
CREATE TABLE file (name TEXT PRIMARY KEY, kind TEXT, day TEXT) WITHOUT ROWID;
CREATE TABLE used (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE leaf (kind TEXT, id TEXT, place INTEGER, version INTEGER, digest TEXT, day TEXT,
                   status TEXT, archive_key TEXT);
CREATE TABLE bag (path TEXT PRIMARY KEY, id TEXT, version INTEGER, digest TEXT, day TEXT,
                  sealed INTEGER, proven INTEGER, parted TEXT, finding BLOB) WITHOUT ROWID;
CREATE TABLE filing (id TEXT, version INTEGER, digest TEXT, archive_key TEXT, path TEXT);
CREATE TABLE lost (name TEXT, id TEXT, version INTEGER, path TEXT);
"""


class Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file of a proof, as plain JSON: its entries are hashed as they stand there."""

    seal: dict[str, Any]
    leaf: str
    index: int
    path: list[str]
    entries: list[dict[str, Any]]


_proof = msgspec.json.Decoder(Proof)
_leaf = msgspec.json.Decoder(Leaf)


class Verifier:
    """One check of an archive, or of parts of one.

    A whole archive has every day from the first seal to the last, and every bag that a seal knows
    of. Of parts (`whole` is False) only what lies there is checked; with `loose` they need not be
    laid out like the archive. `key` is the public key (DER), `checkpoint` the file of a seal that
    was kept elsewhere, `roots` the certificates (PEM) of who stamped the seals. `at` is now.
    """

    def __init__(
        self,
        files: Files,
        key: bytes,
        *,
        whole: bool,
        loose: bool = False,
        checkpoint: bytes = b"",
        roots: Sequence[bytes] = (),
        at: datetime | None = None,
    ) -> None:
        self._files, self._key, self._whole, self._loose = files, key, whole, loose
        self._tomorrow = at + timedelta(days=1) if at else None
        self._checkpoint = checkpoint
        self._scratch = sqlite3.connect("", isolation_level=None)
        self._scratch.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + SCRATCH)
        self._days = Days(files, key, list(roots), self._take, self._forget)
        self._waiting: list[tuple[str, str, int, int, str, str, str, str]] = []
        self._known: dict[str, Seal] = {}
        """Seals of proofs, by the digest of their file: those that the key signed."""
        self.counts = {"files": 0, "bags": 0, "leaves": 0, "problems": 0, "notes": 0}

    @property
    def sealed_up_to(self) -> str:
        """The newest day with a seal that holds; empty for none."""
        return max([*self._days.seals, *(f"{one.day}" for one in self._known.values())], default="")

    def findings(self) -> Iterator[Finding]:
        """Yield a finding for each file, and for each that is missing."""
        for finding in self._all():
            self.counts["problems"] += len(finding.problems)
            self.counts["notes"] += len(finding.notes)
            yield finding
        self._scratch.close()

    def _all(self) -> Iterator[Finding]:
        yield from self._listed()
        yield from self._published()
        yield from self._sealed()
        for (path,) in self._rows("SELECT name FROM file WHERE kind = 'bag' ORDER BY name"):
            self.counts["bags"] += 1
            yield from self._bag(path)
        yield from self._later()
        if self._whole:
            yield from self._missing()
        yield from self._left()
        if self._checkpoint:
            yield self._against_checkpoint()

    def _rows(self, question: str, *values: object) -> sqlite3.Cursor:
        return self._scratch.execute(question, values)

    # ---- what lies there -------------------------------------------------------------------

    def _listed(self) -> Iterator[Finding]:
        """Remember every file by what it is; yield those that can't be one of an archive."""
        insert = "INSERT OR IGNORE INTO file (name, kind, day) VALUES (?, ?, ?)"
        for found in self._files.found():
            self.counts["files"] += 1
            kind, day = self._kind(found.name)
            if found.problem or not kind:
                finding = Finding(path=found.name)
                finding.add(found.problem or "unexpected: it is no file of an archive")
                yield finding
            else:
                self._scratch.execute(insert, (found.name, kind, day))

    def _kind(self, name: str) -> tuple[str, str]:
        for kind, pattern in (LOOSE if self._loose else KINDS).items():
            if match := pattern.fullmatch(name):
                day = next((one for one in match.groups() if one), "")
                return ("", "") if day and not _is_day(day) else (kind, day)
        return "", ""

    # ---- seals -----------------------------------------------------------------------------

    def _published(self) -> Iterator[Finding]:
        """Compare the key that lies in the archive with the given one; it is never believed."""
        finding = Finding(path=PUBLIC_KEY)
        if not self._rows("SELECT 1 FROM file WHERE kind = 'key'").fetchone():
            if self._whole:
                finding.add("missing: the public key is published beside the first seal")
                yield finding
            return
        try:
            if small(self._files, PUBLIC_KEY, SEAL_LIMIT) != pem(self._key):
                finding.add("changed: it is not the key given")
        except Damage as damage:
            finding.add(str(damage))
        yield finding

    def _sealed(self) -> Iterator[Finding]:
        rows = self._rows("SELECT day, name FROM file WHERE kind = 'day' ORDER BY day, name")
        days = [
            Day(date.fromisoformat(day), frozenset(name for _, name in named))
            for day, named in groupby(rows, key=lambda row: row[0])
        ]
        if self._whole:
            if not days:
                finding = Finding(path="seals/")
                finding.add("missing: there is no seal, so nothing shows what lies here to be true")
                yield finding
            yield from self._days.check(days)
        else:
            yield from self._days.check_parts(days)
        self._flush()
        self._scratch.execute("CREATE INDEX of_id ON leaf (kind, id, place)")
        yield from self._backwards()
        for day, (_, seal) in self._days.seals.items():
            if self._tomorrow and seal.sealed_at > self._tomorrow:
                finding = Finding(path=seal_key(date.fromisoformat(day)))
                finding.add(f"seal: it says to be of {seal.sealed_at}, which is yet to come")
                yield finding

    def _take(self, place: Place) -> None:
        leaf = place.leaf
        self.counts["leaves"] += 1
        self._waiting.append(
            (leaf.kind, leaf.complaint_id, place.index, leaf.version, leaf.digest, place.day,
             leaf.status, leaf.archive_key)
        )  # fmt: skip
        if len(self._waiting) >= AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        self._scratch.execute("BEGIN")
        self._scratch.executemany("INSERT INTO leaf VALUES (?, ?, ?, ?, ?, ?, ?, ?)", self._waiting)
        self._scratch.execute("COMMIT")
        self._waiting = []

    def _forget(self, day: str) -> None:
        self._flush()
        self._scratch.execute("DELETE FROM leaf WHERE day = ?", (day,))

    def _backwards(self) -> Iterator[Finding]:
        """Yield what a seal knows in an older state than a seal before it."""
        rows = self._rows(
            """SELECT id, day, version, before FROM (
                 SELECT id, day, version, digest,
                        LAG(version) OVER chain AS before, LAG(digest) OVER chain AS digest_before
                 FROM leaf WINDOW chain AS (PARTITION BY kind, id ORDER BY place))
               WHERE version < before OR version = before AND digest <> digest_before"""
        )
        for complaint_id, day, version, before in rows:
            finding = Finding(path=f"leaves/day={day}/{day}.jsonl", complaint_id=complaint_id)
            finding.add(f"rolled back: it is sealed with {version} entries, and was with {before}")
            yield finding

    # ---- bags ------------------------------------------------------------------------------

    def _bag(self, path: str) -> Iterator[Finding]:
        """Yield what was found about a bag and its proof; or remember it until all were read."""
        stem = path.rpartition("/")[2].removesuffix(".zip")
        complaint_id = stem.partition("_")[0]
        finding = Finding(path=path, complaint_id=complaint_id)
        sealed, looks = (
            self._leaves("complaint", complaint_id),
            self._leaves("access", complaint_id),
        )
        try:
            with self._files.open(path) as stream:
                found = read(stream, stem, finding, sealed, looks)
        except OSError as error:
            finding.add(f"unreadable: {error.strerror or error}")
            yield finding
            return
        check(found, path, self._files, exact=not self._loose)
        self._use(*(one.path for one in found.beside))
        yield from found.beside
        found.access.part()
        has_proof, is_proven, name = False, False, proof_key(path)
        if self._rows("SELECT 1 FROM file WHERE name = ?", name).fetchone():
            self._use(name)
            of_proof = Finding(path=name, complaint_id=complaint_id)
            has_proof, is_proven = True, self._proof(found.history, of_proof)
            yield of_proof
        held, _ = sealed.get(found.history.number, ("", ""))
        is_sealed = is_proven or held == found.history.digest != ""
        is_done = has_proof and is_sealed
        if is_done:
            found.history.part()
        self._remember(found, path, sealed=is_sealed, proven=has_proof, done=is_done)
        if is_done:
            yield finding

    def _use(self, *names: str) -> None:
        """Remember that these files belong to something."""
        add = "INSERT OR IGNORE INTO used VALUES (?)"
        self._scratch.executemany(add, [(name,) for name in names])

    def _leaves(self, kind: str, complaint_id: str) -> Sealed:
        """Return what seals hold of a chain: number of the entry -> its digest, and the day."""
        rows = self._scratch.execute(
            "SELECT version, digest, day FROM leaf WHERE kind = ? AND id = ?", (kind, complaint_id)
        )
        return {version: (digest, day) for version, digest, day in rows}

    def _remember(self, found: Read, path: str, *, sealed: bool, proven: bool, done: bool) -> None:
        """Remember a bag for what all others say of it, or where it is `done` what it says."""
        finding, chain = found.finding, found.history
        day = f"{chain.last.get('occurred_at', '')!s:.10}"
        self._scratch.execute(
            "INSERT INTO bag VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (path, finding.complaint_id, chain.number, chain.digest, day, sealed, proven,
             chain.parted, b"" if done else msgspec.json.encode(finding)),
        )  # fmt: skip
        self._scratch.executemany(
            "INSERT INTO filing VALUES (?, ?, ?, ?, ?)",
            [
                (finding.complaint_id, one.get("number"), one["digest"],
                 f"{one['facts'].get('archive_key')}", path)
                for one in chain.filings
            ],
        )  # fmt: skip
        self._scratch.executemany(
            "INSERT INTO lost VALUES (?, ?, ?, ?)",
            [
                (self._name(key), finding.complaint_id, one.get("number"), path)
                for one in chain.filings
                for key in f"{one['facts'].get('lost', '')}".split()
            ],
        )

    def _name(self, key: str) -> str:
        """Return what the name of a bag is compared by: all of it, unless it may lie anywhere."""
        return key.rpartition("/")[2] if self._loose else key

    def _proof(self, history: Chain, finding: Finding) -> bool:
        """Return whether its proof shows a bag to be sealed; name what is wrong with it."""
        try:
            content = small(self._files, finding.path, PROOF_LIMIT)
            proof = record(content, _proof.decode)
            leaf = record(proof.leaf.encode(), _leaf.decode, "its leaf")
            seal = self._of_seal(canonical(proof.seal))
        except Damage as damage:
            finding.add(str(damage))
            return False
        if canonical(proof) != content:
            finding.add("changed: it is not written as canonical JSON")
        if not _is_included(proof, seal):
            finding.add("proof: its leaf is not under the root of its seal")
        if (leaf.kind, leaf.complaint_id) != ("complaint", finding.complaint_id):
            finding.add(f"proof: it is about {leaf.kind:.20} {leaf.complaint_id:.40}")
        chain = Chain("its entries", finding, at=(history.number, history.digest))
        for entry in proof.entries:
            chain.entry(entry)
        if (chain.number, chain.digest) != (leaf.version, leaf.digest):
            finding.add("proof: the history of the bag does not lead to what was sealed")
        return finding.ok

    def _of_seal(self, content: bytes) -> Seal:
        """Return the seal of a proof; raises Damage where it is none, or not the one here."""
        digest = sha256(content)
        if known := self._known.get(digest):
            return known
        try:
            seal = read_seal(content).seal
        except (SealError, RecursionError) as error:
            raise Damage(f"proof: {error or 'its seal is none'}") from error
        here, _ = self._days.seals.get(f"{seal.day}", ("", None))
        if (self._whole or here) and here != digest:
            raise Damage(f"proof: its seal is not the one that lies here of {seal.day}")
        for problem in problems_of(content, self._key):
            raise Damage(f"proof: {problem}")
        if len(self._known) < MOST_KNOWN:
            self._known[digest] = seal
        return seal

    # ---- what only all files together tell -------------------------------------------------

    def _later(self) -> Iterator[Finding]:
        """Yield what was found about bags that no leaf or no proof names as they are."""
        rows = self._rows(
            """SELECT path, id, version, digest, day, sealed, proven, parted, finding FROM bag
               WHERE finding <> x'' ORDER BY path"""
        )
        for path, complaint_id, version, digest, day, sealed, proven, parted, written in rows:
            finding = msgspec.json.decode(written, type=Finding)
            lost = self._lost_by(path, complaint_id, version)
            is_sealed = sealed or self._in_later_bag(complaint_id, version, digest, path)
            if parted and (is_sealed or not lost):
                finding.add(parted)
            if not proven and (is_sealed or not lost):
                yield from self._proof_missing(path, complaint_id, version)
            if not is_sealed and lost:
                finding.notes.append(f"not counted: by the history in {lost} its save was lost")
            elif not is_sealed:
                self._unsealed(finding, version, day)
            yield finding

    def _proof_missing(self, path: str, complaint_id: str, version: int) -> Iterator[Finding]:
        """Yield that a bag has no proof, where a seal holds its complaint of then or later."""
        row = self._rows(
            "SELECT MIN(day) FROM leaf WHERE kind = 'complaint' AND id = ? AND version >= ?",
            complaint_id,
            version,
        ).fetchone()
        if row[0]:
            finding = Finding(path=proof_key(path), complaint_id=complaint_id)
            finding.add(f"missing: on {row[0]} its complaint was sealed with all bags it had")
            yield finding

    def _lost_by(self, path: str, complaint_id: str, version: int) -> str:
        """Return the sealed bag whose history says that this one was lost; empty for none."""
        row = self._rows(
            """SELECT MIN(bag.path) FROM lost JOIN bag ON bag.path = lost.path
               WHERE lost.name = ? AND lost.id = ? AND lost.version > ? AND bag.sealed""",
            self._name(path),
            complaint_id,
            version,
        ).fetchone()
        return row[0] or ""

    def _in_later_bag(self, complaint_id: str, version: int, digest: str, path: str) -> bool:
        """Return whether a bag that is sealed goes on from the history of this one."""
        return bool(
            self._rows(
                """SELECT 1 FROM filing JOIN bag ON bag.path = filing.path
                   WHERE filing.id = ? AND filing.version = ? AND filing.digest = ?
                   AND bag.sealed AND bag.path <> ?""",
                complaint_id,
                version,
                digest,
                path,
            ).fetchone()
        )

    def _unsealed(self, finding: Finding, version: int, day: str) -> None:
        """Say of a bag that nothing here shows to be sealed whether that is to be expected."""
        newest = self._rows(
            """SELECT version, day FROM leaf
               WHERE kind = 'complaint' AND id = ? ORDER BY place DESC""",
            finding.complaint_id,
        ).fetchone()
        if newest and newest[0] >= version:
            finding.add(
                f"unsealed: nothing leads from it to what was sealed on {newest[1]}; if its save"
                " was lost, the complaint's next bag will say so"
            )
        elif day in self._days.broken:
            finding.notes.append(f"not compared with the seal: the leaves of {day} are not whole")
        elif self._tomorrow and day > f"{self._tomorrow:%Y-%m-%d}":
            finding.add(f"unsealed: it says to be of {day}, which is yet to come")
        elif not self.sealed_up_to or day > self.sealed_up_to:
            finding.notes.append("not sealed yet, as far as the seals here go")
        elif self._may_be_later(day, newest[1] if newest else ""):
            finding.notes.append(
                f"not sealed yet: {day} is, without it, so it changed again before that was done"
                " and the next seal must have it"
            )
        elif self._whole:
            finding.add(f"unsealed: {day} is sealed, without it")
        else:
            finding.add(f"unsealed: {day} is sealed, and no proof lies beside it")

    def _may_be_later(self, day: str, newest: str) -> bool:
        """Return whether a complaint may have changed after a day, before that was sealed.

        It is then a leaf of the later day, which no seal here is of; `newest` is its last leaf's.
        """
        seals = [seal for _, seal in self._days.seals.values()]
        sealed_at = [
            one.sealed_at for one in (*seals, *self._known.values()) if f"{one.day}" == day
        ]
        return newest < day and any(f"{at:%Y-%m-%d}" > self.sealed_up_to for at in sealed_at)

    def _missing(self) -> Iterator[Finding]:
        """Yield the bags that a seal, or a later bag, says lie here and that don't."""
        rows = self._rows(
            """SELECT archive_key, id, MIN(day) FROM leaf
               WHERE archive_key <> '' AND archive_key NOT IN (SELECT name FROM file)
               GROUP BY archive_key, id ORDER BY archive_key"""
        )
        for path, complaint_id, day in rows:
            finding = Finding(path=path, complaint_id=complaint_id)
            finding.add(f"missing: by the seal of {day} it was filed here")
            yield finding
        rows = self._rows(
            """SELECT archive_key, id, MIN(path) FROM filing
               WHERE archive_key NOT IN (SELECT name FROM file)
               AND archive_key NOT IN (SELECT archive_key FROM leaf)
               AND archive_key <> path GROUP BY archive_key, id ORDER BY archive_key"""
        )
        for path, complaint_id, later in rows:
            finding = Finding(path=path, complaint_id=complaint_id)
            finding.add(f"missing: by the history in {later} it was filed here")
            yield finding

    def _left(self) -> Iterator[Finding]:
        """Yield proofs and large files that belong to no bag here."""
        rows = self._rows(
            """SELECT name, kind FROM file WHERE kind IN ('proof', 'outside')
               AND name NOT IN (SELECT name FROM used) ORDER BY name"""
        )
        for name, kind in rows:
            finding = Finding(path=name)
            stem = name.partition(".files/")[0]
            number = stem.rpartition("/")[2].partition("_")[0]
            if kind == "outside" and (lost := self._lost_by(f"{stem}.zip", number, 0)):
                finding.notes.append(f"not counted: by {lost} its bag was lost")
                yield finding
                continue
            whose = "whose bag is not here" if kind == "proof" else "that no bag here names"
            finding.add(f"unexpected: a file {whose}")
            yield finding

    # ---- a seal that was kept elsewhere ----------------------------------------------------

    def _against_checkpoint(self) -> Finding:
        """Compare with a seal that the auditor kept: whether what lies here goes on from it."""
        finding = Finding(path="(checkpoint)")
        try:
            problems = list(problems_of(self._checkpoint, self._key))
            kept = read_seal(self._checkpoint).seal
        except (SealError, RecursionError) as error:
            finding.add(f"checkpoint: {error or 'this is no seal'}")
            return finding
        for problem in problems:
            finding.add(f"checkpoint: {problem}")
        day = f"{kept.day}"
        here, _ = self._days.seals.get(day, ("", None))
        if here and here != sha256(self._checkpoint):
            finding.add(f"diverged: the seal of {day} here is another one than the one kept")
        elif here:
            finding.notes.append(f"what lies here goes on from the seal kept of {day}")
        elif self._whole and self.sealed_up_to < day:
            until = self.sealed_up_to or "no day"
            finding.add(f"rolled back: it is sealed up to {until}, and was up to {day}")
        elif self._whole:
            finding.add(f"missing: the seal of {day}, which was kept, is not here")
        else:
            self._against_proofs(kept, finding)
        return finding

    def _against_proofs(self, kept: Seal, finding: Finding) -> None:
        """Compare a kept seal with those of the proofs, where the one of its day is not here."""
        digest = sha256(self._checkpoint)
        for known_digest, seal in self._known.items():
            same_day = seal.day == kept.day
            if same_day and known_digest != digest:
                finding.add(f"diverged: a proof has another seal of {seal.day} than the one kept")
            elif (seal.day < kept.day and seal.size > kept.size) or (
                seal.day > kept.day and seal.size < kept.size
            ):
                finding.add(f"diverged: the seal of {seal.day} in a proof is of another log")
        finding.notes.append("compared with the seals of proofs alone: give the whole archive")


def _is_included(proof: Proof, seal: Seal) -> bool:
    """Return whether the leaf of a proof is under the root of a seal."""
    try:
        path = [bytes.fromhex(one) for one in proof.path]
        root = bytes.fromhex(seal.root)
    except ValueError:
        return False
    if [one.hex() for one in path] != proof.path:
        return False
    return verify_inclusion(proof.leaf.encode(), proof.index, seal.size, path, root)


def _is_day(text: str) -> bool:
    try:
        return f"{date.fromisoformat(text)}" == text
    except ValueError:
        return False
