"""Writes the files that Outlook makes, as small as they can be: `.msg` and `winmail.dat`."""

import struct
from collections.abc import Mapping
from itertools import pairwise

FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
SECTOR = 512
LARGE = 4096

Tree = Mapping[str, "bytes | Tree"]


def compound(tree: Tree) -> bytes:
    """Return a compound file (MS-CFB) of these streams and storages."""
    entries: list[tuple[str, int, bytes, list[int]]] = []

    def add(name: str, content: "bytes | Tree", kind: int) -> int:
        place = len(entries)
        inside: list[int] = []
        data = content if isinstance(content, bytes) else b""
        entries.append((name, kind, data, inside))
        if not isinstance(content, bytes):
            kinds = {key: 2 if isinstance(one, bytes) else 1 for key, one in content.items()}
            inside += [add(key, content[key], kinds[key]) for key in kinds]
        return place

    add("Root Entry", tree, 5)
    siblings: dict[int, int] = {}
    for _, _, _, inside in entries:
        siblings |= dict(pairwise(inside))
    # Small streams lie in the stream of the root, in sectors of 64 bytes.
    small, data = b"", b""
    small_fat: list[int] = []
    fat, starts = [FAT], []
    for _, kind, content, _ in entries:
        if kind != 2 or not content:
            starts.append(END)
        elif len(content) < LARGE:
            count = -(-len(content) // 64)
            starts.append(len(small_fat))
            small_fat += [*range(len(small_fat) + 1, len(small_fat) + count), END]
            small += content.ljust(count * 64, b"\0")
        else:
            starts.append(_chain(fat, len(content)))
            data += _filled(content)
    mini = _chain(fat, len(small))
    data += _filled(small)
    directory = b""
    for place, (name, kind, content, inside) in enumerate(entries):
        text = name.encode("utf-16-le")
        start, size = (mini, len(small)) if place == 0 else (starts[place], len(content))
        links = struct.pack("<III", FREE, siblings.get(place, FREE), inside[0] if inside else FREE)
        directory += text.ljust(64, b"\0") + struct.pack("<HBB", len(text) + 2, kind, 1) + links
        directory += bytes(36) + struct.pack("<IQ", start, size)
    first_directory = _chain(fat, len(directory))
    data += _filled(directory)
    packed = struct.pack(f"<{len(small_fat)}I", *small_fat)
    packed = packed.ljust(-(-max(len(packed), 1) // SECTOR) * SECTOR, b"\xff")
    first_small = _chain(fat, len(packed))
    data += packed
    assert len(fat) <= SECTOR // 4
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(10) + struct.pack("<I", 1)
    head += struct.pack(
        "<IIIIIII", first_directory, 0, LARGE, first_small, len(packed) // SECTOR, END, 0
    )
    head += struct.pack("<I", 0) + b"\xff" * (4 * 108)
    return head + struct.pack(f"<{len(fat)}I", *fat).ljust(SECTOR, b"\xff") + data


def _chain(fat: list[int], size: int) -> int:
    start, count = len(fat), max(1, -(-size // SECTOR))
    fat += [*range(start + 1, start + count), END]
    return start


def _filled(data: bytes) -> bytes:
    return data.ljust(max(1, -(-len(data) // SECTOR)) * SECTOR, b"\0")


def tnef(*attributes: tuple[int, int, bytes]) -> bytes:
    """Return a `winmail.dat` of attributes (level, number, value)."""
    return b"\x78\x9f\x3e\x22\x01\x00" + b"".join(
        struct.pack("<BII", level, number, len(value))
        + value
        + struct.pack("<H", sum(value) & 0xFFFF)
        for level, number, value in attributes
    )


def properties(*found: tuple[int, int, bytes]) -> bytes:
    """Return MAPI properties (number, type, value) of variable length, as TNEF holds them."""
    return struct.pack("<I", len(found)) + b"".join(
        struct.pack("<HHII", kind, tag, 1, len(value)) + value + bytes(-len(value) % 4)
        for tag, kind, value in found
    )
