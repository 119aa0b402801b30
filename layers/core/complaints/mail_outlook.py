"""Mail that Outlook wrapped in formats of its own: `winmail.dat` (TNEF) and `.msg`.

Both hold MAPI properties (MS-OXPROPS): numbers for the subject, the words and the files. TNEF is
read here (MS-OXTNEF), as the one reader that exists may not be shipped with this licence; the
compound file of a `.msg` by olefile. Total, and no more bytes are read than came.
"""

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import Any, NamedTuple

from complaints.mail_charsets import decode_text

MSG = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How a compound file begins."""
TNEF = b"\x78\x9f\x3e\x22"
RTF = "body.rtf"
"""What the words are called as a file, where there are none but in Rich Text Format."""

_FIRST_ATTRIBUTE = 6
_BODY, _MESSAGE, _RENDERING, _FILE = 0x800C, 0x9003, 0x9002, 0x9005
_FILE_BYTES, _FILE_TITLE, _CODE_PAGE = 0x800F, 0x8010, 0x9007

_SUBJECT, _HEADERS, _WORDS, _RTF, _HTML = 0x0037, 0x007D, 0x1000, 0x1009, 0x1013
_MESSAGE_ID, _REFERENCES, _ANSWERED = 0x1035, 0x1039, 0x1042
_SENDER_NAME, _SENDER, _SENDER_SMTP, _SENDER_TYPE = 0x0C1A, 0x0C1F, 0x5D01, 0x0C1E
_TO = 0x0E04
_DATA, _SHORT_NAME, _LONG_NAME, _MIME_TYPE, _DISPLAY_NAME = 0x3701, 0x3704, 0x3707, 0x370E, 0x3001

_TEXT8, _TEXT16, _BINARY, _OBJECT, _MANY = 0x1E, 0x1F, 0x102, 0x0D, 0x1000
_SIZES = {
    **dict.fromkeys((0x02, 0x03, 0x04, 0x0A, 0x0B), 4),
    **dict.fromkeys((0x05, 0x06, 0x07, 0x14, 0x40), 8),
    0x48: 16,
}
_NAMED = 0x8000
_MOST_PROPERTIES = 1000
_MOST_VALUES = 1000
_MOST_FILES = 500
_MOST_ENTRIES = 3000
_MOST_ATTRIBUTES = 10_000
_LONGEST_LINE = 2000
_CODE_PAGES = {
    **{28590 + number: f"iso-8859-{number}" for number in range(1, 16)},
    20127: "ascii",
    20866: "koi8-r",
    21866: "koi8-u",
    50220: "iso-2022-jp",
    50221: "iso-2022-jp",
    51932: "euc-jp",
    51936: "gbk",
    52936: "hz",
    54936: "gb18030",
    65001: "utf-8",
}
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_WINDOW = 4096
_INNER_MAIL = "__substg1.0_3701000D"
_LONGEST_RTF = 1_000_000


class Enclosed(NamedTuple):
    """A file inside: its name, its type as declared, its bytes."""

    name: str
    kind: str
    payload: bytes


class Letter(NamedTuple):
    """What was wrapped: `head` is the head of a mail where there is one, lines ended by CRLF."""

    head: bytes = b""
    plain: str = ""
    html: str = ""
    files: tuple[Enclosed, ...] = ()


class _BrokenError(Exception):
    """The bytes end before what they announce."""


def read_tnef(raw: bytes) -> Letter | None:
    """Return what a `winmail.dat` holds, as far as it can be read; None if it is none."""
    if not raw.startswith(TNEF):
        return None
    charset, plain = "", b""
    message: dict[int, tuple[int, bytes]] = {}
    files: list[dict[int, tuple[int, bytes]]] = []
    described = 0
    for attribute, value in _attributes(raw):
        if attribute == _CODE_PAGE:
            charset = _charset(int.from_bytes(value[:4], "little"))
        elif attribute == _BODY:
            plain = value.rstrip(b"\0")
        elif attribute == _MESSAGE and not message:
            message = _properties(value)
        elif attribute == _RENDERING and len(files) < _MOST_FILES:
            files.append({})
        elif attribute == _FILE and described < len(files):
            described = len(files)
            # What stands in the properties is longer and truer than the short form before it.
            files[-1] |= _properties(value)
        elif files and attribute == _FILE_TITLE:
            files[-1].setdefault(_SHORT_NAME, (_TEXT8, value))
        elif files and attribute == _FILE_BYTES:
            files[-1].setdefault(_DATA, (_BINARY, value))
    letter = _letter(message, files, charset)
    return (
        letter if letter.plain or not plain else letter._replace(plain=decode_text(plain, charset))
    )


def _attributes(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and value of each whole attribute."""
    place = _FIRST_ATTRIBUTE
    for _ in range(_MOST_ATTRIBUTES):
        if place + 9 > len(raw):
            return
        level, number, _, length = struct.unpack_from("<BHHI", raw, place)
        place += 9
        if level not in {1, 2} or place + length > len(raw):
            return
        yield number, raw[place : place + length]
        place += length + 2


def _properties(raw: bytes) -> dict[int, tuple[int, bytes]]:
    """Return the type and value of each property, as far as they can be told apart."""
    found: dict[int, tuple[int, bytes]] = {}
    try:
        count, place = _number(raw, 0), 4
        for _ in range(min(count, _MOST_PROPERTIES)):
            kind, tag = struct.unpack("<HH", _slice(raw, place, 4))
            place += 4
            if tag >= _NAMED:
                place = _after_name(raw, place)
            value, place = _value(raw, place, kind)
            found.setdefault(tag, (kind & ~_MANY, value))
    except _BrokenError:
        pass
    return found


def _after_name(raw: bytes, place: int) -> int:
    """Return where a property goes on after the name that it has beside its number."""
    by_text = _number(raw, place + 16)
    length = _number(raw, place + 20)
    return place + 24 + (_padded(length) if by_text else 0)


def _value(raw: bytes, place: int, kind: int) -> tuple[bytes, int]:
    """Return a value, the first where there are many, and where the next property begins."""
    count = 1
    size = _SIZES.get(kind & ~_MANY)
    if kind & _MANY or size is None:
        count, place = _number(raw, place), place + 4
    if count > _MOST_VALUES:
        raise _BrokenError
    first = b""
    for number in range(count):
        length = size
        if length is None:
            length, place = _number(raw, place), place + 4
        value = _slice(raw, place, length)
        first = first if number else value
        place += _padded(length)
    return first, place


def _padded(length: int) -> int:
    return (length + 3) & ~3


def _slice(raw: bytes, place: int, length: int) -> bytes:
    if place + length > len(raw):
        raise _BrokenError
    return raw[place : place + length]


def _number(raw: bytes, place: int) -> int:
    return int.from_bytes(_slice(raw, place, 4), "little")


def _charset(page: int) -> str:
    return _CODE_PAGES.get(page, f"cp{page}") if page else ""


def _text(properties: dict[int, tuple[int, bytes]], tag: int, charset: str) -> str:
    kind, value = properties.get(tag, (_TEXT8, b""))
    text = decode_text(value, "utf-16-le" if kind == _TEXT16 else charset)
    return text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")


def _letter(
    message: dict[int, tuple[int, bytes]],
    files: list[dict[int, tuple[int, bytes]]],
    charset: str,
) -> Letter:
    enclosed = []
    for properties in files:
        name = next(
            (
                found
                for tag in (_LONG_NAME, _SHORT_NAME, _DISPLAY_NAME)
                if (found := _text(properties, tag, charset))
            ),
            "",
        )
        kind, payload = properties.get(_DATA, (_BINARY, b""))
        # An object begins with what kind of object it is.
        payload = payload[16:] if kind == _OBJECT else payload
        declared = _text(properties, _MIME_TYPE, charset).lower()
        enclosed.append(Enclosed(name, declared or "application/octet-stream", payload))
    plain, html = _text(message, _WORDS, charset), _text(message, _HTML, charset)
    if not plain and not html and (rtf := _unpacked(message.get(_RTF, (0, b""))[1])):
        enclosed.append(Enclosed(RTF, "text/rtf", rtf))
    return Letter(_head(message, charset), plain, html, tuple(enclosed))


def _head(message: dict[int, tuple[int, bytes]], charset: str) -> bytes:
    """Return the head as it came, or one made of the properties for a mail that was never sent."""
    came = _text(message, _HEADERS, charset)
    if came.strip():
        return came.replace("\n", "\r\n").encode("utf-8", "replace") + b"\r\n\r\n"
    sender = _text(message, _SENDER_SMTP, charset) or _text(message, _SENDER, charset)
    name = _text(message, _SENDER_NAME, charset).replace('"', "")
    lines = {
        "From": f'"{name}" <{sender}>' if sender else "",
        "To": _text(message, _TO, charset),
        "Subject": _text(message, _SUBJECT, charset),
        "Message-ID": _text(message, _MESSAGE_ID, charset),
        "In-Reply-To": _text(message, _ANSWERED, charset),
        "References": _text(message, _REFERENCES, charset),
    }
    head = "".join(
        f"{name}: {' '.join(value.split())[:_LONGEST_LINE]}\r\n"
        for name, value in lines.items()
        if value
    )
    return head.encode("utf-8", "replace") + b"\r\n"


def _unpacked(raw: bytes) -> bytes:
    """Return RTF behind its compression (MS-OXRTFCP), as far as it goes; a megabyte at most."""
    packed = raw[16:]
    if raw[8:12] == b"MELA":
        return packed
    if raw[8:12] != b"LZFu":
        return b""
    window = bytearray(_DICTIONARY.ljust(_WINDOW, b" "))
    write, out = len(_DICTIONARY), bytearray()
    for piece in _pieces(packed):
        if isinstance(piece, bytes):
            read, length = write, 1
            window[write] = piece[0]
        else:
            read, length = piece
            if read == write:
                break
        for step in range(length):
            byte = window[(read + step) % _WINDOW]
            out.append(byte)
            window[write] = byte
            write = (write + 1) % _WINDOW
        if len(out) > _LONGEST_RTF:
            break
    return bytes(out)


def _pieces(packed: bytes) -> Iterator[bytes | tuple[int, int]]:
    """Yield each byte that stands for itself, and each (place, length) of what was before."""
    place = 0
    while place < len(packed):
        control, place = packed[place], place + 1
        for bit in range(8):
            width = 1 + (control >> bit & 1)
            piece = packed[place : place + width]
            place += width
            if len(piece) < width:
                return
            pair = int.from_bytes(piece, "big")
            yield piece if width == 1 else (pair >> 4, (pair & 15) + 2)


def read_msg(raw: bytes) -> Letter | None:
    """Return what a `.msg` file holds; None if it is another compound file, or broken."""
    import olefile

    try:
        with olefile.OleFileIO(BytesIO(raw)) as opened:
            # Each look for a stream passes all of its neighbours.
            entries = sum(1 for entry in opened.direntries if entry is not None)
            return _opened_letter(opened, len(raw)) if entries <= _MOST_ENTRIES else None
    except Exception:  # noqa: BLE001 - the library raises as it likes on hostile files
        return None


def _opened_letter(opened: Any, most: int) -> Letter | None:  # noqa: ANN401 - olefile has no types
    """Read the properties of the mail and of each file; of a mail inside it, its head and words."""
    message: dict[int, tuple[int, bytes]] = {}
    files: dict[str, dict[int, tuple[int, bytes]]] = {}
    inner: dict[str, dict[int, tuple[int, bytes]]] = {}
    charset = ""
    for path in opened.listdir():
        name = path[-1]
        if len(path) == 1 and name == "__properties_version1.0":
            charset = _stated_charset(_stream(opened, path))
            continue
        if not name.startswith("__substg1.0_"):
            continue
        if len(path) == 1:
            within = message
        elif len(path) == 2 and path[0].startswith("__attach") and len(files) < _MOST_FILES:  # noqa: PLR2004 - a storage and its stream
            within = files.setdefault(path[0], {})
        elif path[1:-1] == [_INNER_MAIL] and len(inner) < _MOST_FILES:
            within = inner.setdefault(path[0], {})
        else:
            continue
        most -= opened.get_size(path)
        if most < 0:
            break
        tag, kind = int(name[12:16], 16), int(name[16:20], 16)
        within[tag] = (kind, _stream(opened, path))
    if not {_SUBJECT, _HEADERS, _WORDS, _HTML, _SENDER_NAME, _RTF} & set(message):
        return None
    for name, properties in inner.items():
        words = _text(properties, _WORDS, charset) or _text(properties, _HTML, charset)
        written = _head(properties, charset) + words.encode("utf-8", "replace")
        files.setdefault(name, {}).update(
            {_DATA: (_BINARY, written), _MIME_TYPE: (_TEXT8, b"message/rfc822")}
        )
    return _letter(message, [files[name] for name in sorted(files)], charset)


def _stream(opened: Any, path: list[str]) -> bytes:  # noqa: ANN401 - olefile has no types
    with opened.openstream(path) as stream:
        return bytes(stream.read())


def _stated_charset(raw: bytes) -> str:
    """Return the charset of eight-bit texts, which stands among the properties of fixed length."""
    for place in range(32, len(raw) - 15, 16):
        kind, tag = struct.unpack_from("<HH", raw, place)
        if tag in {0x3FFD, 0x3FDE} and kind == 3:  # noqa: PLR2004 - PT_LONG
            return _charset(int.from_bytes(raw[place + 8 : place + 12], "little"))
    return ""
