"""Checks the seals of an archive, day by day: signatures, order, leaves, the tree that they make.

The tree is made anew from all leaves. Where a day's leaves are not those that were sealed, the
nodes of that day, if they are, let the days after it be checked all the same.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from typing import Annotated, BinaryIO

import msgspec

from complaints.merkle import HASH_SIZE, Frontier
from complaints.seal import (
    Seal,
    SealError,
    is_signed,
    leaves_key,
    nodes_key,
    problems_of,
    read_seal,
    seal_key,
    sha256,
    stamp_key,
)
from complaints.verify_files import BLOCK, Damage, Files, Finding, Lines, small
from complaints.verify_stamps import STAMP_LIMIT, check_stamp

SEAL_LIMIT = 1 << 16


class Leaf(msgspec.Struct, frozen=True):
    """What the verifier reads of a leaf; the columns beside it are bound by its hash."""

    kind: str
    complaint_id: str
    version: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    digest: str
    status: str = ""
    archive_key: str = ""


_leaf = msgspec.json.Decoder(Leaf)


class Day(msgspec.Struct, frozen=True):
    """A day of an archive, and which of its files are there."""

    day: date
    files: frozenset[str]

    def has(self, name: str) -> bool:
        """Return whether the file of this name is there."""
        return name in self.files


class Place(msgspec.Struct, frozen=True):
    """A leaf as it stands in the log."""

    day: str
    index: int
    line: bytes
    leaf: Leaf


class Days:
    """All days of an archive, in their order.

    `take` gets each leaf of a day that has a seal; `forget` is told of a day whose leaves turned
    out not to be the sealed ones. `key` is the public key (DER), `roots`
    the certificates (PEM) of who stamped the seals.
    """

    def __init__(
        self,
        files: Files,
        key: bytes,
        roots: list[bytes],
        take: Callable[[Place], None],
        forget: Callable[[str], None],
    ) -> None:
        self._files, self._key, self._roots = files, key, roots
        self._take, self._forget = take, forget
        self._tree: Frontier | None = Frontier()
        self._before = b""
        self.seals: dict[str, tuple[str, Seal]] = {}
        """Day -> digest of the file of its seal, and what it says, where the key signed it."""
        self.broken: set[str] = set()
        """Days of which not all that was sealed is here."""

    @property
    def last(self) -> Seal | None:
        """The newest seal."""
        return self.seals[max(self.seals)][1] if self.seals else None

    def check(self, days: Iterable[Day]) -> Iterator[Finding]:
        """Yield what was found about each file of these days, and about each that is missing."""
        expected: date | None = None
        for day in days:
            while expected and expected < day.day:
                missing = Finding(path=seal_key(expected))
                missing.add("missing: each day has a seal, one on which nothing changed, too")
                self.broken.add(f"{expected}")
                yield missing
                expected += timedelta(days=1)
            yield from self._day(day)
            expected = day.day + timedelta(days=1)
        yield from self._stamped()

    def check_parts(self, days: Iterable[Day]) -> Iterator[Finding]:
        """Yield what was found about the files of these days alone, of which some may be missing.

        Leaves and nodes are compared with their seal; the tree is not made.
        """
        for day in days:
            of_seal = Finding(path=seal_key(day.day))
            content = self._content(day, of_seal)
            seal = self._seal(day.day, content, of_seal, alone=True) if content else None
            yield of_seal
            for path, sealed in (
                (leaves_key(day.day), seal.leaves if seal else ""),
                (nodes_key(day.day), seal.nodes if seal else ""),
            ):
                if day.has(path):
                    yield self._alone(path, sealed)
            if day.has(stamp_key(day.day)):
                yield check_stamp(self._files, stamp_key(day.day), content, self._roots)

    def _stamped(self) -> Iterator[Finding]:
        """Yield the time stamps that a later seal knows, where they are not here as it has them."""
        for stamp in dict.fromkeys(seal.stamp for _, seal in self.seals.values() if seal.stamp):
            day, _, digest = stamp.partition(" ")
            finding = Finding(path=f"seals/{day}.tsr")
            try:
                if sha256(small(self._files, finding.path, STAMP_LIMIT)) != digest:
                    finding.add("changed: it is not the time stamp that a later seal has")
            except Damage:
                finding.add("missing: a later seal has the digest of this time stamp")
            if not finding.ok:
                yield finding

    def _alone(self, path: str, sealed: str) -> Finding:
        """Return whether a file is the one whose digest a seal has."""
        finding, digest = Finding(path=path), hashlib.sha256()
        try:
            with self._files.open(path) as stream:
                while block := stream.read(BLOCK):
                    digest.update(block)
        except OSError as error:
            finding.add(f"unreadable: {error.strerror or error}")
        if digest.hexdigest() != sealed:
            finding.add("changed: it is not what was sealed")
        return finding

    def _content(self, day: Day, of_seal: Finding) -> bytes:
        """Return the file of the seal of a day; empty, and named, where it can't be had."""
        if not day.has(of_seal.path):
            of_seal.add("missing: what lies here of this day has no seal")
            return b""
        try:
            content = small(self._files, of_seal.path, SEAL_LIMIT)
        except Damage as damage:
            of_seal.add(str(damage))
            return b""
        if not content:
            of_seal.add("seal: it is empty")
        return content

    def _day(self, day: Day) -> Iterator[Finding]:
        of_seal = Finding(path=seal_key(day.day))
        content = self._content(day, of_seal)
        seal = self._seal(day.day, content, of_seal) if content else None
        yield from self._leaves(day, seal, of_seal)
        yield of_seal
        if day.has(stamp_key(day.day)):
            yield check_stamp(self._files, stamp_key(day.day), content, self._roots)

    def _seal(
        self, day: date, content: bytes, finding: Finding, *, alone: bool = False
    ) -> Seal | None:
        """Return what a seal says; None where the key did not sign that."""
        before, self._before = None if alone else self._before, content
        try:
            for problem in problems_of(content, self._key, before):
                finding.add(f"seal: {problem}")
            found = read_seal(content)
        except (SealError, RecursionError):
            if finding.ok:
                finding.add("seal: this is no seal")
            return None
        if found.seal.day != day:
            finding.add(f"renamed: it is the seal of {found.seal.day}")
            return None
        if found.seal.made_up:
            finding.notes.append(f"made up: sealed late, at {found.seal.sealed_at:%Y-%m-%d %H:%M}Z")
        if not finding.ok and not is_signed(found, self._key):
            return None
        self.seals[f"{day}"] = (sha256(content), found.seal)
        return found.seal

    def _leaves(self, day: Day, seal: Seal | None, of_seal: Finding) -> Iterator[Finding]:
        """Grow the tree by the leaves of a day; compare it with the seal and with the nodes."""
        of_leaves = Finding(path=leaves_key(day.day))
        of_nodes = Finding(path=nodes_key(day.day))
        if seal and self._tree and seal.first != self._tree.size:
            of_seal.add(f"order: it begins at leaf {seal.first}; {self._tree.size} are here before")
            self._tree = None
        before = self._tree.hashes if self._tree else []
        start = self._tree.size if self._tree else seal.first if seal else 0
        grown = Growth(self._tree, f"{day.day}", start, self._take if seal else None)
        self._read(day, grown, of_leaves, of_nodes)
        if seal is None:
            self.broken.add(f"{day.day}")
        else:
            self._compare(day, seal, grown, (of_seal, of_leaves, of_nodes), before)
        yield from (of_leaves, of_nodes)

    def _read(self, day: Day, grown: "Growth", of_leaves: Finding, of_nodes: Finding) -> None:
        """Read what is there of the leaves and nodes of a day."""
        has_nodes = day.has(of_nodes.path)
        for finding in (of_leaves, of_nodes):
            if not day.has(finding.path):
                finding.add("missing: each day has it, one on which nothing changed, too")
        if day.has(of_leaves.path):
            grown.read(self._files, of_leaves, of_nodes if has_nodes else None)
        elif has_nodes:
            grown.read_nodes(self._files, of_nodes)

    def _compare(
        self,
        day: Day,
        seal: Seal,
        grown: "Growth",
        findings: tuple[Finding, Finding, Finding],
        before: list[bytes],
    ) -> None:
        """Compare what was read with the seal; `before` are the peaks that the day began with."""
        of_seal, of_leaves, of_nodes = findings
        has_leaves, has_nodes = day.has(of_leaves.path), day.has(of_nodes.path)
        whole = has_leaves and grown.leaves.hexdigest() == seal.leaves
        if has_leaves and not whole:
            of_leaves.add(grown.difference or "changed: it is not what was sealed")
        nodes_whole = has_nodes and grown.nodes.hexdigest() == seal.nodes
        if has_nodes and not nodes_whole:
            of_nodes.add("changed: it is not what was sealed")
        elif whole and has_nodes and grown.difference:
            of_nodes.add("changed: its nodes are not those of the leaves")
        if not whole:
            self.broken.add(f"{day.day}")
            self._forget(f"{day.day}")
            can = self._tree is not None and nodes_whole
            self._tree = self._by_nodes(day.day, seal, before) if can else None
        if self._tree is None:
            of_seal.notes.append("its root was not checked: what comes before it is not whole")
        elif (self._tree.size, self._tree.root.hex()) != (seal.size, seal.root):
            of_seal.add("diverged: its root is not that of all leaves up to this day")
            self._tree = None

    def _by_nodes(self, day: date, seal: Seal, before: list[bytes]) -> Frontier | None:
        """Return the tree after a day whose leaves can't be used, by its nodes."""
        peaks = before
        with self._files.open(nodes_key(day)) as stream:
            for index in range(seal.first, seal.size):
                full = (~index & (index + 1)).bit_length() - 1
                done = stream.read(HASH_SIZE * (1 + full))
                peaks = [*peaks[: len(peaks) - full], done[-HASH_SIZE:]]
        return Frontier(seal.size, peaks) if len(peaks) == seal.size.bit_count() else None


class Growth:
    """The leaves of a day as they are read, beside the nodes that they complete."""

    def __init__(
        self,
        tree: Frontier | None,
        day: str,
        start: int,
        take: Callable[[Place], None] | None,
    ) -> None:
        self._tree, self._day, self._take = tree, day, take
        self._index, self._start = start, start
        self._before = ("", "")
        self._finding = Finding(path="")
        self._stream: BinaryIO | None = None
        self.leaves, self.nodes = hashlib.sha256(), hashlib.sha256()
        self.difference = ""
        """The first leaf that is not the one of the nodes."""

    def read(self, files: Files, of_leaves: Finding, of_nodes: Finding | None) -> None:
        """Read both files of the day, once."""
        self._finding = of_leaves
        with ExitStack() as both:
            try:
                if of_nodes:
                    self._stream = both.enter_context(files.open(of_nodes.path))
            except OSError as error:
                if of_nodes:
                    of_nodes.add(f"unreadable: {error.strerror or error}")
            try:
                stream = both.enter_context(files.open(of_leaves.path))
                lines = Lines(self._line)
                while block := stream.read(BLOCK):
                    self.leaves.update(block)
                    lines.feed(block)
                lines.end()
            except OSError as error:
                of_leaves.add(f"unreadable: {error.strerror or error}")
            except Damage as damage:
                of_leaves.add(str(damage))
            self._rest_of_nodes()

    def read_nodes(self, files: Files, of_nodes: Finding) -> None:
        """Read the nodes alone, where the leaves are not there."""
        try:
            with files.open(of_nodes.path) as self._stream:
                self._rest_of_nodes()
        except OSError as error:
            of_nodes.add(f"unreadable: {error.strerror or error}")

    def _rest_of_nodes(self) -> None:
        while self._stream and (block := self._stream.read(BLOCK)):
            self.nodes.update(block)
            if self._tree and not self.difference:
                self.difference = "missing: there are nodes of more leaves than lie here"

    def _line(self, line: bytes) -> None:
        number = self._index - self._start + 1
        try:
            leaf = _leaf.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._finding.add(f"format: line {number} is no leaf")
            leaf = Leaf("", "", 0, "")
        if self._tree:
            done = self._tree.add(line)
            beside = self._stream.read(len(done)) if self._stream else done
            self.nodes.update(beside)
            if beside != done and not self.difference:
                self.difference = (
                    f"changed: line {number} ({leaf.complaint_id:.40}) was not sealed so"
                )
        here = (leaf.kind, leaf.complaint_id)
        if here <= self._before:
            self._finding.add(f"order: line {number} ({leaf.complaint_id:.40}) is out of place")
        self._before = here
        if self._take:
            self._take(Place(self._day, self._index, line, leaf))
        self._index += 1
