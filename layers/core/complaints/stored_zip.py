"""A ZIP that is a function of its members: stored as they are, one date, and nothing beside them.

Any program that unpacks ZIP files reads it. What usually differs between two of the same content
(compression, dates, rights, comments, gaps, order) is fixed here, so whoever reads one can say of
each byte what it must be: `members` compares all of them on its way, in one pass. Names are ASCII,
a file has less than 4 GiB.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple, Protocol

CHUNK = 1 << 20
LIMIT = (1 << 32) - 1
MOST = (1 << 16) - 1
LOCAL = struct.Struct("<4s5H3L2H")
CENTRAL = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")
VERSION, FLAGS, STORED, TIME, DATE = 20, 0, 0, 0, 0x21
"""ZIP 2.0, no flags, stored, midnight of 1 January 1980."""


class ContainerError(Exception):
    """A file is not such a ZIP; the sentence says where it stops being one."""


class Member(NamedTuple):
    """What the ZIP says of one of its members."""

    name: str
    size: int
    crc: int
    offset: int


class Sink(Protocol):
    """Where bytes can be written, one piece after the other."""

    def write(self, content: bytes, /) -> int:
        """Take these bytes, all of them."""


class StoredZip:
    """Writes one, member after member, into a file that can be sought in; nothing is in memory."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._members: list[Member] = []

    @contextmanager
    def member(self, name: str) -> Iterator["Writing"]:
        """Open a member to be written; its size need not be known before."""
        offset = self._target.tell()
        blank = Member(name, 0, 0, offset)
        self._target.write(local_header(blank))
        writing = Writing(self._target)
        yield writing
        written = Member(name, writing.size, writing.crc, offset)
        end = self._target.tell()
        if end > LIMIT or len(self._members) == MOST:
            raise ContainerError("too much for one file")
        self._target.seek(offset)
        self._target.write(local_header(written))
        self._target.seek(end)
        self._members.append(written)

    def close(self) -> None:
        """Write the directory, which ends the file; the target stays open."""
        self._target.write(directory(self._members, self._target.tell()))


class Writing:
    """A member while it is written, and what is known of it so far."""

    def __init__(self, target: Sink) -> None:
        self._target, self.size, self.crc = target, 0, 0
        self._hash = hashlib.sha256()

    def write(self, content: bytes) -> int:
        """Add to the member."""
        self._target.write(content)
        self.size += len(content)
        self.crc = zlib.crc32(content, self.crc)
        self._hash.update(content)
        return len(content)

    @property
    def sha256(self) -> str:
        """The digest of what was written, in hex digits."""
        return self._hash.hexdigest()


def members(file: BinaryIO) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield name and content (in chunks) of each member, in the order in which they lie there.

    Reads `file` once, from where it stands to its end; what is left of a content is passed over,
    and checked as well. Raises ContainerError at the first byte that another one should be.
    """
    found: list[Member] = []
    offset = 0
    while True:
        start = _exactly(file, 4, offset)
        if start != b"PK\x03\x04":
            break
        member, header = _local(file, start, offset)
        if header != local_header(member):
            raise ContainerError(f"{member.name}: its header is not the one that it must have")
        content = _content(file, member)
        yield member.name, content
        for _ in content:
            pass
        found.append(member)
        offset += len(header) + member.size
    expected = directory(found, offset)
    if start + file.read(len(expected)) != expected:  # four more than are left: nothing follows
        raise ContainerError("the directory at the end is not that of the members before it")


def local_header(member: Member) -> bytes:
    """Return what stands before a member."""
    name = member.name.encode("ascii")
    return (
        LOCAL.pack(
            b"PK\x03\x04", VERSION, FLAGS, STORED, TIME, DATE,
            member.crc, member.size, member.size, len(name), 0,
        )
        + name
    )  # fmt: skip


def directory(found: list[Member], offset: int) -> bytes:
    """Return what ends a ZIP of these members; `offset` is where it begins."""
    entries = b"".join(_central(one) for one in found)
    end = END.pack(b"PK\x05\x06", 0, 0, len(found), len(found), len(entries), offset, 0)
    return entries + end


def _central(member: Member) -> bytes:
    name = member.name.encode("ascii")
    return (
        CENTRAL.pack(
            b"PK\x01\x02", VERSION, VERSION, FLAGS, STORED, TIME, DATE,
            member.crc, member.size, member.size, len(name), 0, 0, 0, 0, 0, member.offset,
        )
        + name
    )  # fmt: skip


def _local(file: BinaryIO, start: bytes, offset: int) -> tuple[Member, bytes]:
    """Return a member as its header tells it, and that header."""
    fixed = start + _exactly(file, LOCAL.size - len(start), offset)
    *_, crc, size, _, length, _ = LOCAL.unpack(fixed)
    name = _exactly(file, length, offset)
    try:
        return Member(name.decode("ascii"), size, crc, offset), fixed + name
    except UnicodeDecodeError:
        raise ContainerError(f"a name at byte {offset} is not ASCII") from None


def _content(file: BinaryIO, member: Member) -> Iterator[bytes]:
    """Yield the bytes of a member; raises ContainerError for any that it was not made of."""
    left, crc = member.size, 0
    while left:
        chunk = _exactly(file, min(left, CHUNK), member.offset)
        left -= len(chunk)
        crc = zlib.crc32(chunk, crc)
        yield chunk
    if crc != member.crc:
        raise ContainerError(f"{member.name}: its checksum is another one")


def _exactly(file: BinaryIO, size: int, offset: int) -> bytes:
    """Return so many bytes; `offset` is where the member begins that they belong to."""
    content = file.read(size)
    if len(content) != size:
        raise ContainerError(f"it ends within what begins at byte {offset}")
    return content
