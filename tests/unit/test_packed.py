"""Packed files are measured and never unpacked: bombs, links, ways out, lies, in bounded time."""

import io
import stat
import struct
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.packed import MOST_ENTRIES, Odd, measured
from complaints.record import Packed

ZIP = "application/zip"


def measure(content: bytes, kind: str = ZIP) -> Packed:
    """Return what is said of a packed file."""
    found = measured(io.BytesIO(content), len(content), kind, content[:8192])
    assert found
    return found


def zipped(
    *entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_STORED
) -> bytes:
    """Return a ZIP of these entries, as the standard library writes it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content, method)
    return made.getvalue()


def entry(name: str, mode: int) -> zipfile.ZipInfo:
    """Return an entry of this name and Unix mode."""
    made = zipfile.ZipInfo(name)
    made.create_system, made.external_attr = 3, mode << 16
    return made


def directory_entry(name: bytes, offset: int, packed: int, unpacked: int, flags: int = 0) -> bytes:
    """Return an entry of a central directory that claims what it likes."""
    head = (20, 20, flags, 8, 0, 0x21, 0, packed, unpacked, len(name), 0, 0, 0, 0, 0, offset)
    return struct.pack("<4s6H3L5H2L", b"PK\1\2", *head) + name


def with_directory(body: bytes, directory: bytes, count: int) -> bytes:
    """Return a ZIP of these parts, whatever they are."""
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(directory), len(body), 0)
    return body + directory + end


def fifield() -> bytes:
    """Return a bomb whose 250 entries share one kernel of zeros (Fifield 2019, full overlap)."""
    kernel = zlib.compress(bytes(10_000_000), 9)[2:-4]
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0x21, 0, len(kernel), 10_000_000, 1, 0)
    body = local + b"A" + kernel
    entries = [directory_entry(b"%d" % n, 0, len(kernel), 10_000_000) for n in range(250)]
    return with_directory(body, b"".join(entries), 250)


def test_what_people_send_is_not_odd() -> None:
    """Photos and a letter, a folder, an office document: counted, and nothing said."""
    plain = zipped(("合同/第一页.jpg", b"x" * 5000), ("合同/说明.txt", "你好".encode()))
    assert measure(plain) == Packed(kind="zip", entries=2, unpacked=5006)
    docx = zipped(("[Content_Types].xml", b"<a/>"), ("word/document.xml", b"<b/>" * 900))
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    assert measure(docx, kind).found == ()


def test_what_is_not_packed_is_not_measured() -> None:
    """A photo is no packed file."""
    assert measured(io.BytesIO(b"\xff\xd8"), 2, "image/jpeg", b"\xff\xd8") is None


ODD: dict[str, tuple[Callable[[], bytes], set[Odd]]] = {
    "zeros": (
        lambda: zipped(("a", bytes(50_000_000)), method=zipfile.ZIP_DEFLATED),
        {Odd.RATIO},
    ),
    "overlap": (fifield, {Odd.RATIO, Odd.OVERLAPS}),
    "nested": (lambda: zipped(("inner.zip", zipped(("a", b"a")))), {Odd.NESTED}),
    "absolute": (lambda: zipped(("/etc/cron.d/x", b"x")), {Odd.PATHS}),
    "parent": (lambda: zipped(("a/../../b", b"x")), {Odd.PATHS}),
    "backslash": (lambda: zipped(("..\\..\\b", b"x")), {Odd.PATHS}),
    "drive": (lambda: zipped(("C:/Windows/x", b"x")), {Odd.PATHS}),
    "hidden": (lambda: zipped(("a\u202egpj.txt", b"x")), {Odd.PATHS}),
    "link": (lambda: zipped((entry("a", stat.S_IFLNK | 0o777), b"/etc/passwd")), {Odd.LINKS}),
    "device": (lambda: zipped((entry("a", stat.S_IFCHR | 0o666), b"")), {Odd.LINKS}),
    "program": (lambda: zipped(("发票.pdf.exe", b"MZ")), {Odd.PROGRAMS}),
    "macros": (lambda: zipped(("word/vbaProject.bin", b"x")), {Odd.PROGRAMS}),
    "encrypted": (
        lambda: with_directory(bytes(60), directory_entry(b"a", 0, 10, 10, flags=1), 1),
        {Odd.ENCRYPTED},
    ),
    "twice": (
        lambda: with_directory(
            bytes(200), directory_entry(b"a", 0, 9, 9) + directory_entry(b"A", 90, 9, 9), 2
        ),
        {Odd.SAME_NAMES},
    ),
    "huge": (
        lambda: with_directory(bytes(60), directory_entry(b"a", 0, 30, 0xFFFFFFFE) * 3, 3),
        {Odd.LARGE, Odd.RATIO, Odd.OVERLAPS, Odd.SAME_NAMES},
    ),
    "cut": (lambda: zipped(("a", b"x" * 300))[:200], {Odd.UNREADABLE}),
    "no_directory": (lambda: b"PK\3\4" + bytes(500), {Odd.UNREADABLE}),
    "false_directory": (
        lambda: with_directory(b"PK\3\4", b"PK\1\2" + bytes(7), 1),
        {Odd.UNREADABLE},
    ),
}


@pytest.mark.parametrize(("make", "odd"), ODD.values(), ids=ODD)
def test_what_is_odd_is_said(make: Callable[[], bytes], odd: set[Odd]) -> None:
    """Each bomb, each way out, each thing that a scanner can't see into."""
    assert set(measure(make()).found) == odd


def test_too_many_entries_are_not_even_listed() -> None:
    """Neither those that the end owns up to nor those that it hides cost more than a moment."""
    named = directory_entry(b"", 0, 0, 0)
    honest = with_directory(b"PK\3\4", named * 44_000, 44_000)
    assert measure(honest) == Packed(kind="zip", entries=44_000, found=(Odd.MANY,))
    lying = with_directory(b"PK\3\4", named * (MOST_ENTRIES + 1), 3)
    assert measure(lying).found == (Odd.MANY,)


def test_a_large_zip_is_measured_by_its_own_end() -> None:
    """ZIP64: the figures stand in another record; one that points nowhere is unreadable."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for number in range(70_000):
            archive.writestr(zipfile.ZipInfo(str(number)), b"")
    assert measure(made.getvalue()) == Packed(kind="zip", entries=70_000, found=(Odd.MANY,))
    torn = made.getvalue().replace(b"PK\6\6", b"PK\6\0")
    assert measure(torn).found == (Odd.UNREADABLE,)


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("application/x-tar", "tar"),
        ("application/gzip", "gzip"),
        ("application/x-7z-compressed", "7z"),
        ("application/x-rar-compressed", "rar"),
    ],
)
def test_other_packed_files_are_known_and_not_looked_into(kind: str, word: str) -> None:
    """People are told that nobody knows what is in there."""
    assert measure(b"anything", kind) == Packed(kind=word, found=(Odd.NOT_MEASURED,))


@given(st.binary(max_size=400), st.integers(0, 3))
def test_no_bytes_make_it_raise(noise: bytes, shape: int) -> None:
    """Whatever a stranger wrote: an answer, never an error."""
    good = zipped(("a", b"abc"), ("b/c.txt", b"d" * 40))
    place = len(noise) % len(good)
    shapes = (noise, good[:place] + noise, noise + good, good[:place] + noise[:9] + good[place:])
    assert measure(b"PK\3\4" + shapes[shape])


def test_measuring_costs_little_however_large_the_claim() -> None:
    """Gigabytes of claims, the longest directories that are read: bounded time and memory."""
    bombs = [
        fifield(),
        with_directory(b"PK\3\4", directory_entry(b"n" * 150, 0, 1, 10**9) * MOST_ENTRIES, 1),
        with_directory(b"PK\3\4", directory_entry(b"", 0, 0, 0) * 45_000, 1),
    ]
    tracemalloc.start()
    began = time.process_time()
    for bomb in bombs:
        measure(bomb)
    assert time.process_time() - began < 6
    assert tracemalloc.get_traced_memory()[1] < 96 * 1024 * 1024
    tracemalloc.stop()
