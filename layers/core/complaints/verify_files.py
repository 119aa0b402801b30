"""What the verifier reads and what it says: files, one by one, and a finding for each.

Nothing here trusts a byte of what it reads: sizes, lines and depth have limits, and whatever
can't be read is a problem of that file.
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NamedTuple, Protocol, TypeVar

import msgspec

T = TypeVar("T")

BLOCK = 1 << 20
"""Bytes that are read at a time."""
LINE_LIMIT = 4 << 20
"""Bytes of the longest line: an item of the table has at most 400 KB."""
MOST_FILINGS = 10_000
"""How often a complaint can be filed at most."""
PROBLEMS_SHOWN = 20
"""How many problems of one file are named; a swap in a long file makes one for each line."""
_canonical = msgspec.json.Encoder(order="sorted").encode
"""The same bytes as RFC 8785 for what records hold (texts, whole numbers, true, false, null,
ASCII names), some fifty times as fast."""


class Damage(Exception):  # noqa: N818 - a state of the file, not a fault of ours
    """A file can't be read on from here; the message is the problem."""


class Found(NamedTuple):
    """A file as it lies there; `problem` says why it can't be one of an archive (a link, …)."""

    name: str
    size: int
    problem: str = ""


class Files(Protocol):
    """Files of an archive by their names, as the bucket has them."""

    def found(self) -> Iterator[Found]:
        """Yield every file."""

    def open(self, name: str) -> BinaryIO:
        """Open one for reading; raises OSError."""


class Finding(msgspec.Struct, kw_only=True):
    """What was found about one file: nothing is wrong where there are no problems.

    A problem is a word and a sentence, `changed: …`; the README lists the words.
    """

    path: str
    complaint_id: str = ""
    problems: list[str] = []
    notes: list[str] = []

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.problems

    def add(self, problem: str) -> None:
        """Name a problem; after many of them only that there are more."""
        if len(self.problems) < PROBLEMS_SHOWN:
            self.problems.append(problem)
        elif len(self.problems) == PROBLEMS_SHOWN:
            self.problems.append("more: there are further problems, not named here")


def small(files: Files, name: str, limit: int) -> bytes:
    """Return a file that can't be large; raises Damage where it is, or can't be read."""
    try:
        with files.open(name) as stream:
            content = stream.read(limit + 1)
    except OSError as error:
        raise Damage(f"unreadable: {error.strerror or error}") from error
    if len(content) > limit:
        raise Damage(f"format: longer than {limit} bytes")
    return content


def record(content: bytes, kind: Callable[[bytes], T], what: str = "the file") -> T:
    """Return what canonical JSON holds; raises Damage if it holds something else."""
    try:
        return kind(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Damage(f"format: {what} is not what is written here: {error}") from error


def canonical(content: object) -> bytes:
    """Return plain JSON content in its one canonical form."""
    return _canonical(content)


def sha256(content: bytes) -> str:
    """Return the digest in hex."""
    return hashlib.sha256(content).hexdigest()


class Lines:
    """Cuts blocks into lines and gives each to `take`, without its end; nothing is kept."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take
        self._rest = b""

    def feed(self, block: bytes) -> None:
        """Take the next bytes; raises Damage at a line that is too long."""
        *whole, self._rest = (self._rest + block).split(b"\n")
        for line in whole:
            self._take(line)
        if len(self._rest) > LINE_LIMIT:
            raise Damage(f"format: a line is longer than {LINE_LIMIT} bytes")

    def end(self) -> None:
        """Say that nothing comes any more; raises Damage where a line has no end."""
        if self._rest:
            raise Damage("format: the last line has no end")


class Chain:
    """A history as it is read line by line: each entry fixes all that came before it.

    `sealed` are digests that a seal holds, by number of the entry, each with the day of the seal.
    """

    def __init__(
        self,
        name: str,
        finding: Finding,
        sealed: dict[int, tuple[str, str]] | None = None,
        at: tuple[int, str] = (0, ""),
    ) -> None:
        """Begin a chain, or go on `at` an entry of this number and digest."""
        self._name, self._finding = name, finding
        self._sealed = sealed or {}
        self.number, self.digest = at
        self.parted = ""
        """What is wrong if the last entry is not the sealed one, which a bag may be excused for."""
        self.last: dict[str, Any] = {}
        self.filings: list[dict[str, Any]] = []
        """The entries by which it was filed: what they say is in the bag of that time."""

    def line(self, line: bytes) -> None:
        """Take the next entry."""
        try:
            entry = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            entry = None
        if not isinstance(entry, dict):
            self._finding.add(f"format: line {self.number + 1} of {self._name} is no entry")
            self.number += 1
            return
        self.entry(entry, line)

    def entry(self, entry: dict[str, Any], line: bytes | None = None) -> None:
        """Take the next entry; `line` is how it is written, where that is to be checked."""
        self.part()
        digest, number = entry.pop("digest", None), entry.get("number")
        here = f"{self._name}, entry {number!r:.20}"
        if number != self.number + 1 or type(number) is not int:
            self._finding.add(f"order: {here} stands where entry {self.number + 1} must")
        if entry.get("previous", "") != self.digest:
            self._finding.add(f"chain: {here} does not follow from the entry before it")
        if sha256(canonical(entry)) != digest:
            self._finding.add(f"changed: {here} is not what its digest was made of")
        elif line is not None and canonical({**entry, "digest": digest}) != line:
            self._finding.add(f"changed: {here} is not written as canonical JSON")
        self.number += 1
        self.digest = digest if isinstance(digest, str) else ""
        self.last = {**entry, "number": self.number, "digest": self.digest}
        held, day = self._sealed.get(self.number, (self.digest, ""))
        if held != self.digest:
            self.parted = f"rewritten: {here} is not the one that the seal of {day} holds"
        facts = entry.get("facts")
        if entry.get("status") == "closed" and isinstance(facts, dict) and "archive_key" in facts:
            if len(self.filings) == MOST_FILINGS:
                raise Damage(f"format: {self._name} was filed more often than {MOST_FILINGS} times")
            self.filings.append(self.last)

    def part(self) -> None:
        """Count it as a problem that the last entry is not the sealed one."""
        if self.parted:
            self._finding.add(self.parted)
        self.parted = ""
