"""Packed files measured, never unpacked: what a ZIP says of itself, in bounded time and memory.

Only the directory at the end of a ZIP is read (PKWARE APPNOTE 4.3.12 to 4.3.16), through a file
object that may fetch ranges. Office documents are ZIPs. Other packed files are recognised, and said
to be not looked into. What the directory says may be a lie of its own: sizes are claims.
"""

import re
import stat
import struct
import zipfile
from enum import StrEnum
from pathlib import PurePosixPath
from typing import BinaryIO

from complaints.mail_headers import one_line
from complaints.record import Packed

MOST_ENTRIES = 10_000
MOST_DIRECTORY = 2 * 1024 * 1024
"""Entries, and bytes of the directory, that are looked at; nobody sends more as evidence."""
MOST_UNPACKED = 10 * 1024**3
"""Bytes that a packed file may claim to become before it is odd."""
MOST_RATIO = 100
"""How often its size an entry may become; deflated text reaches 20, a film of one colour 60."""
SMALL = 1024 * 1024
"""Bytes below which a ratio harms nobody."""

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_TAIL = _LOCATOR.size + _END.size + 0xFFFF
_PLACE = 30
"""Bytes of a local header without its name: what an entry takes at least before its data."""
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_DOS_LINK = 0x400
_DRIVE = re.compile(r"[A-Za-z]:")
_NESTED = re.compile(
    r"\.(?:zip|rar|7z|tar|gz|tgz|bz2|tbz2?|xz|txz|zst|lz4?|lzh|lha|cab|iso|arj|ace|jar)$",
    re.IGNORECASE,
)
_PROGRAM = re.compile(
    r"(?:\.(?:exe|scr|com|pif|bat|cmd|cpl|dll|msi|jar|js|jse|vbs|vbe|wsf|wsh|hta|lnk|ps1|reg|apk"
    r"|chm|sh)|(?:^|/)vbaProject\.bin)$",
    re.IGNORECASE,
)
_OTHERS = {
    "application/x-tar": "tar",
    "application/gzip": "gzip",
    "application/x-7z-compressed": "7z",
    "application/x-rar-compressed": "rar",
    "application/vnd.rar": "rar",
    "application/x-bzip2": "bzip2",
    "application/x-xz": "xz",
    "application/zstd": "zstd",
    "application/x-lz4": "lz4",
    "application/x-lzip": "lzip",
    "application/x-compress": "compress",
    "application/vnd.ms-cab-compressed": "cab",
}
_ZIPS = ("application/zip", "application/vnd.openxml", "application/vnd.oasis", "application/epub")


class Odd(StrEnum):
    """What is odd about a packed file."""

    NOT_MEASURED = "not_measured"
    """Of a kind that nobody looks into here."""
    UNREADABLE = "unreadable"
    """Its directory contradicts itself, or is not there."""
    MANY = "many"
    """It claims more entries, or a longer directory, than is looked at."""
    LARGE = "large"
    """It claims to become larger than anybody needs."""
    RATIO = "ratio"
    """An entry, or all together, claims to become hundreds of times its size."""
    OVERLAPS = "overlaps"
    """Entries share the same bytes: the mark of a bomb."""
    SAME_NAMES = "same_names"
    """Two entries have one name, so that programs show different contents."""
    NESTED = "nested"
    """It holds packed files."""
    PATHS = "paths"
    """A name leads out of the folder that it is unpacked into, or hides characters."""
    LINKS = "links"
    """It holds links or devices."""
    ENCRYPTED = "encrypted"
    """It, or a part of it, needs a password: no scanner has seen inside."""
    PROGRAMS = "programs"
    """It holds programs or macros."""


def measured(file: BinaryIO, size: int, content_type: str, start: bytes = b"") -> Packed | None:
    """Return what a packed file says of itself; None where it is no packed file.

    `file` can seek; at most the last 65 KiB and `MOST_DIRECTORY` bytes are read from it. `start`
    are its first bytes, `content_type` what they show.
    """
    if kind := _OTHERS.get(content_type):
        return Packed(kind=kind, found=(Odd.NOT_MEASURED,))
    if content_type.startswith(_ZIPS) or start.startswith((b"PK\3\4", b"PK\5\6")):
        return _measured_zip(file, size)
    return None


def _measured_zip(file: BinaryIO, size: int) -> Packed:
    claimed = _claimed(file, size)
    if claimed is None:
        return Packed(kind="zip", found=(Odd.UNREADABLE,))
    entries, directory = claimed
    if entries > MOST_ENTRIES or directory > MOST_DIRECTORY:
        return Packed(kind="zip", entries=entries, found=(Odd.MANY,))
    try:
        with zipfile.ZipFile(file) as archive:
            listed = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, EOFError):
        return Packed(kind="zip", entries=entries, found=(Odd.UNREADABLE,))
    # The directory's length is what was read; its count of entries is a second, free claim.
    if len(listed) > MOST_ENTRIES:
        return Packed(kind="zip", entries=len(listed), found=(Odd.MANY,))
    return Packed(
        kind="zip",
        entries=len(listed),
        unpacked=sum(one.file_size for one in listed),
        found=tuple(_odd(listed, size)),
    )


def _claimed(file: BinaryIO, size: int) -> tuple[int, int] | None:
    """Return how many entries and how long a directory the end of a ZIP claims; None if no end.

    The last end that is found counts, as `zipfile` has it.
    """
    start = max(0, size - _TAIL)
    file.seek(start)
    tail = file.read(size - start)
    place = tail.rfind(b"PK\5\6")
    if place < 0 or len(tail) - place < _END.size:
        return None
    _, _, _, _, entries, directory, _, _ = _END.unpack_from(tail, place)
    before = place - _LOCATOR.size
    if before < 0 or not tail.startswith(b"PK\6\7", before):
        return entries, directory
    at = start + before - _END_64.size
    file.seek(max(0, at))
    large = file.read(_END_64.size)
    if at < 0 or not large.startswith(b"PK\6\6"):
        return None
    _, _, _, _, _, _, _, entries, directory, _ = _END_64.unpack(large)
    return entries, directory


def _odd(listed: list[zipfile.ZipInfo], size: int) -> list[Odd]:
    """Return what is odd about the entries of a ZIP of `size` bytes."""
    unpacked = sum(one.file_size for one in listed)
    ratios = [(unpacked, size), *((one.file_size, one.compress_size) for one in listed)]
    names = [one.orig_filename for one in listed]
    checks = {
        Odd.LARGE: unpacked > MOST_UNPACKED,
        Odd.RATIO: any(large > SMALL and large > MOST_RATIO * small for large, small in ratios),
        Odd.OVERLAPS: _overlaps(listed),
        Odd.SAME_NAMES: len({name.casefold() for name in names}) < len(names),
        Odd.NESTED: any(_NESTED.search(name) for name in names),
        Odd.PATHS: any(_leads_out(name) for name in names),
        Odd.LINKS: any(_is_link(one) for one in listed),
        Odd.ENCRYPTED: any(one.flag_bits & _ENCRYPTED for one in listed),
        Odd.PROGRAMS: any(_PROGRAM.search(name) for name in names),
    }
    return [odd for odd, is_so in checks.items() if is_so]


def _overlaps(listed: list[zipfile.ZipInfo]) -> bool:
    """Return whether two entries share bytes (the zip bombs of David Fifield, 2019)."""
    end = 0
    for place, length in sorted((one.header_offset, one.compress_size) for one in listed):
        if place < end:
            return True
        end = place + _PLACE + length
    return False


def _leads_out(name: str) -> bool:
    """Return whether a name is a path that leaves its folder, or holds what can't be seen."""
    path = name.replace("\\", "/")
    parts = PurePosixPath(path).parts
    return (
        path.startswith("/")
        or bool(_DRIVE.match(path))
        or ".." in parts
        or one_line(name) != name.strip()
    )


def _is_link(one: zipfile.ZipInfo) -> bool:
    """Return whether an entry is a link, a device or the like, by what Unix or DOS says of it."""
    mode = one.external_attr >> 16
    special = stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR)
    return special or bool(one.external_attr & _DOS_LINK)
