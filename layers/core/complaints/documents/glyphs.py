"""Which characters a font has; what none has is printed as its code point, never as an empty box.

Read from the font's own table (OpenType `cmap`, formats 4 and 12). The printing program would stop
at such a character: a name that no font has must not keep a notice from being written.
"""

import struct
import unicodedata
from bisect import bisect_right
from typing import Any, Self

UNICODE = {(0, 3): 1, (3, 1): 1, (0, 4): 2, (0, 6): 2, (3, 10): 2}
"""Platform and encoding of the tables that map Unicode, and which are the fuller ones."""
COLLECTION = b"ttcf"
SEGMENTS, GROUPS = 4, 12
"""Formats of the table."""
LAST_OF_SEGMENTS = 0xFFFF
INVISIBLE = frozenset(
    (
        *(0x00AD, 0x034F, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF),
        *range(0xFE00, 0xFE10),
        *range(0xE0100, 0xE01F0),
    )
)
"""What shows nothing and only chooses between forms of a character, or between breaks of a line."""


class NotAFontError(ValueError):
    """These bytes are no font that can be read."""


class Glyphs:
    """The code points that a font has a glyph for."""

    def __init__(self, ranges: list[tuple[int, int]]) -> None:
        self._ranges = sorted(ranges)
        self._starts = [first for first, _ in self._ranges]

    @classmethod
    def of(cls, font: bytes) -> Self:
        """Read the table of a font file, of a collection that of its first font.

        Raises NotAFontError.
        """
        try:
            return cls(_ranges(font))
        except (struct.error, IndexError) as error:
            raise NotAFontError("the font is cut short") from error

    def __contains__(self, code_point: int) -> bool:
        place = bisect_right(self._starts, code_point) - 1
        return place >= 0 and code_point <= self._ranges[place][1]


def printable(content: Any, fonts: tuple[Glyphs, ...]) -> Any:  # noqa: ANN401 - JSON is what it is
    r"""Return JSON with every text so that these fonts can show it.

    >>> printable({"name": "a\u202eb\x07"}, (Glyphs([(0x20, 0x7E)]),))
    {'name': 'a〔U+202E〕b'}
    """
    match content:
        case str():
            return "".join(_shown(letter, fonts) for letter in content)
        case dict():
            return {name: printable(value, fonts) for name, value in content.items()}
        case list():
            return [printable(value, fonts) for value in content]
    return content


def _shown(letter: str, fonts: tuple[Glyphs, ...]) -> str:
    """Return a character as it is printed: itself, nothing, or its code point in brackets."""
    code_point = ord(letter)
    if letter in "\n ":
        return letter
    if letter == "\t":
        return " "
    if code_point in INVISIBLE:
        return ""
    category = unicodedata.category(letter)
    if category == "Cc":
        return ""
    # Marks that turn the direction of the text could make a line read as another one.
    if category != "Cf" and any(code_point in font for font in fonts):
        return letter
    return f"〔U+{code_point:04X}〕"


def _ranges(font: bytes) -> list[tuple[int, int]]:
    start = struct.unpack_from(">I", font, 12)[0] if font[:4] == COLLECTION else 0
    tables = struct.unpack_from(">H", font, start + 4)[0]
    for number in range(tables):
        tag, _, at, _ = struct.unpack_from(">4sIII", font, start + 12 + 16 * number)
        if tag == b"cmap":
            return _of_table(font, at)
    raise NotAFontError("there is no table of characters")


def _of_table(font: bytes, table: int) -> list[tuple[int, int]]:
    """Return the ranges of the fullest Unicode mapping."""
    best, found = 0, 0
    for number in range(struct.unpack_from(">H", font, table + 2)[0]):
        platform, encoding, at = struct.unpack_from(">HHI", font, table + 4 + 8 * number)
        if UNICODE.get((platform, encoding), 0) > best:
            best, found = UNICODE[platform, encoding], table + at
    form = struct.unpack_from(">H", font, found)[0] if best else 0
    if form == GROUPS:
        count = struct.unpack_from(">I", font, found + 12)[0]
        groups = struct.iter_unpack(">III", font[found + 16 : found + 16 + 12 * count])
        return [(first, last) for first, last, _ in groups]
    if form == SEGMENTS:
        return _segments(font, found)
    raise NotAFontError("its table of characters is of no kind that we read")


def _segments(font: bytes, at: int) -> list[tuple[int, int]]:
    doubled = struct.unpack_from(">H", font, at + 6)[0]
    lasts = struct.unpack_from(f">{doubled // 2}H", font, at + 14)
    firsts = struct.unpack_from(f">{doubled // 2}H", font, at + 16 + doubled)
    pairs = zip(firsts, lasts, strict=True)
    return [(first, last) for first, last in pairs if last != LAST_OF_SEGMENTS]
