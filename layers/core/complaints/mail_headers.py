"""Header text of mails as people meant it: charsets, encoded words, parameters, addresses, names.

Everything here is total: whatever the bytes, it returns something and raises nothing, in time
linear in the length of its input.
"""

import binascii
import codecs
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

# Mail says gb2312 and means whatever Windows writes; each superset reads all that its subset does.
_SUPERSETS = {
    **dict.fromkeys(
        ("gb2312", "gbk", "x-gbk", "cp936", "ms936", "gb_2312-80", "euc-cn", "csgb2312", "gb18030"),
        "gb18030",
    ),
    **dict.fromkeys(("hz", "hz-gb-2312", "hz-gb2312"), "hz"),
    **dict.fromkeys(("big5", "big-5", "cn-big5", "x-x-big5", "big5-hkscs", "cp950"), "big5hkscs"),
    **dict.fromkeys(("iso-8859-1", "latin1", "latin-1", "iso8859-1", "windows-1252"), "cp1252"),
    **dict.fromkeys(("ks_c_5601-1987", "euc-kr", "ksc5601"), "cp949"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis"), "cp932"),
    **dict.fromkeys(("unicode-1-1-utf-7", "x-unicode-2-0-utf-7"), "utf-7"),
    "iso-8859-8-i": "iso-8859-8",
    "tis-620": "cp874",
}
# Python calls these codecs text; no mail is written in them, and some take quadratic time.
_NOT_CHARSETS = {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "palmos"}
_SHIFTED = ("iso2022", "hz", "utf-7", "utf-8", "utf-16", "utf-32", "utf_")
# Three bytes of one Chinese character in UTF-8: hardly ever valid by chance in another charset.
_THREE_BYTES = re.compile(rb"[\xe3-\xe9][\x80-\xbf]{2}")
# Chinese stands in pairs of high bytes; a lone one between letters is a European accent.
_TWO_HIGH = re.compile(rb"[\x81-\xfe][\xa1-\xfe]")
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_LINE_FOLD = re.compile(r"[\r\n]+[ \t]?|\t")
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# One address: two in one pair of brackets are a trick to have us write to both.
_ADDRESS = re.compile(r"[^\s,;:<>()\[\]\\\"@]+@[^\s,;:<>()\[\]\\\"@]+")
_LONGEST_NAME = 200
_LONGEST_EXTENSION = 10
_LONGEST_HEADER = 100_000


def _codec(charset: str) -> str:
    """Return the codec to try first for a declared charset, or "" for an unknown one."""
    name = charset.strip(" \t\"'").partition("*")[0].lower()[:60]
    name = _SUPERSETS.get(name, name)
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError, SyntaxError):
        return ""
    if not getattr(found, "_is_text_encoding", True) or found.name in _NOT_CHARSETS:
        return ""
    return found.name


def decode_text(raw: bytes, charset: str = "") -> str:
    """Return the text of bytes said to be in `charset`, which may be unknown, missing or a lie."""
    codec = _codec(charset)
    if raw.startswith(codecs.BOM_UTF8):
        codec, raw = "utf-8", raw.removeprefix(codecs.BOM_UTF8)
    elif not codec or codec == "ascii" or not codec.startswith(_SHIFTED):
        # A label of a byte charset proves little when the bytes are Chinese in UTF-8.
        codec = "utf-8" if not codec or _THREE_BYTES.search(raw) else codec
    unlabelled = "gb18030" if _TWO_HIGH.search(raw) else "cp1252"
    for candidate in (codec, _codec(charset), "utf-8", unlabelled, "cp1252"):
        try:
            return raw.decode(candidate)
        except (UnicodeError, LookupError, ValueError):
            continue
    return raw.decode("latin-1")


def decode_base64(raw: bytes) -> bytes:
    """Return the bytes behind Base64 that may be cut short, padded wrongly or full of noise."""
    for padding in (b"", b"=", b"=="):
        try:
            return binascii.a2b_base64(raw + padding)
        except binascii.Error:
            continue
    try:
        # One character too many: what lies before it is whole.
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
        return binascii.a2b_base64(letters[: len(letters) // 4 * 4])
    except binascii.Error:
        return raw


def _word(match: re.Match[str]) -> bytes:
    text = match[3].encode("utf-8", "replace")
    if match[2] in "bB":
        return decode_base64(text)
    return binascii.a2b_qp(text.replace(b" ", b"_"), header=True)


def decode_header(value: object) -> str:
    """Return a header as one line of text: unfolded, encoded words decoded, controls gone.

    Neighbouring words of one charset are joined before they are decoded, for some programs split
    a word inside a character.
    """
    raw = str(value)[:_LONGEST_HEADER].encode("utf-8", "surrogateescape")
    text = _LINE_FOLD.sub(" ", decode_text(raw))
    pieces: list[str] = []
    pending, charset, end = b"", "", 0
    for match in _ENCODED_WORD.finditer(text):
        between = text[end : match.start()]
        if pending and (between.strip() or match[1].lower() != charset):
            pieces.append(decode_text(pending, charset))
            pending = b""
        if between.strip() or not end:
            pieces.append(between)
        pending, charset, end = pending + _word(match), match[1].lower(), match.end()
    pieces += [decode_text(pending, charset) if pending else "", text[end:]]
    return one_line("".join(pieces))


def one_line(text: str) -> str:
    r"""Return the text without line breaks, control characters and changes of direction.

    >>> one_line("invoice\u202efdp.exe\r\nBcc: all")
    'invoicefdp.exe  Bcc: all'
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    kept = (
        " " if char.isspace() else char
        for char in text
        if char.isspace() or (char not in _BIDI and unicodedata.category(char) not in {"Cc", "Cs"})
    )
    return "".join(kept).strip()


def file_name(text: str) -> str:
    r"""Return the last part of a file name, fit to be shown and stored.

    >>> file_name("..\\..\\etc/passwd")
    'passwd'
    >>> file_name("..")
    ''
    """
    name = " ".join(one_line(text).split()).replace("\\", "/").rpartition("/")[2].strip(" .\"'")
    if len(name) > _LONGEST_NAME:
        stem, dot, extension = name.rpartition(".")
        keep = dot and len(extension) <= _LONGEST_EXTENSION
        tail = f".{extension}" if keep else ""
        name = (stem if keep else name)[: _LONGEST_NAME - len(tail)] + tail
    return name


def _fields(value: str, separators: str) -> Iterator[str]:
    """Yield the pieces of a structured header between separators that stand outside quotes."""
    start, quoted, angled, skip = 0, False, False, False
    for place, char in enumerate(value):
        if skip:
            skip = False
        elif char == "\\" and quoted:
            skip = True
        elif char == '"':
            quoted = not quoted
        elif not quoted and char in "<>":
            angled = char == "<"
        elif not quoted and not angled and char in separators:
            yield value[start:place]
            start = place + 1
    yield value[start:]


def _unquote(text: str) -> str:
    """Return the text without the quotes around it and the backslashes inside."""
    text = text.strip()
    if not text.startswith('"'):
        return text
    return re.sub(r"\\(.)", r"\1", text[1:].removesuffix('"'))


def parameters(value: object) -> tuple[str, dict[str, str]]:
    """Return the value of a Content- header in lower case, and its parameters.

    RFC 2231 (charset, percent signs, continuations) is undone; so are encoded words in quotes,
    which no standard allows and every mail program writes.
    """
    raw = str(value)[:_LONGEST_HEADER].encode("utf-8", "surrogateescape")
    text = _LINE_FOLD.sub(" ", decode_text(raw))
    first, *rest = _fields(text, ";")
    first, _, forgotten = first.strip().partition(" ")
    rest.insert(0, forgotten)
    plain: dict[str, str] = {}
    split: dict[str, dict[int, tuple[bool, str]]] = {}
    for field in rest:
        name, equals, content = field.partition("=")
        name, star, section = name.strip().lower().partition("*")
        if not equals or not name:
            continue
        if not star:
            plain.setdefault(name, _unquote(content))
            continue
        number = section.rstrip("*")
        place = int(number) if number.isascii() and number.isdigit() and len(number) < 5 else 0  # noqa: PLR2004 - ten thousand sections are no file name
        encoded = section.endswith("*") or not section
        split.setdefault(name, {}).setdefault(place, (encoded, _unquote(content)))
    found = {name: decode_header(content) for name, content in plain.items()}
    for name, sections in split.items():
        found[name] = _join_sections([sections[place] for place in sorted(sections)])
    return first.strip().lower(), found


def _join_sections(sections: list[tuple[bool, str]]) -> str:
    charset, parts = "", []
    for place, (encoded, part) in enumerate(sections):
        if encoded and place == 0 and part.count("'") >= 2:  # noqa: PLR2004 - charset'language'
            charset, _, rest = part.split("'", 2)
            parts.append(unquote_to_bytes(rest))
        else:
            raw = part.encode("utf-8", "replace")
            parts.append(unquote_to_bytes(raw) if encoded else raw)
    text = decode_text(b"".join(parts), charset)
    return decode_header(text) if "=?" in text else text


def addresses(value: object) -> list[tuple[str, str]]:
    """Return the (name, address) pairs of an address header, broken ones left out.

    >>> addresses('"Li, Na" <lina@example.cn>, Group: a@example.cn;')
    [('Li, Na', 'lina@example.cn'), ('', 'a@example.cn')]
    """
    raw = str(value)[:_LONGEST_HEADER].encode("utf-8", "surrogateescape")
    found = []
    for field in _fields(_LINE_FOLD.sub(" ", decode_text(raw)), ",;"):
        name, angle, rest = field.rpartition("<")
        if not angle:
            words = decode_header(field).replace("(", " ").replace(")", " ").split()
            address = next((word for word in words if "@" in word), "").rpartition(":")[2]
            name = ""
        else:
            address = decode_header(rest.partition(">")[0]).replace(" ", "")
        address = address.strip("'\"[]<>.,;:")
        if _ADDRESS.fullmatch(address):
            found.append((decode_header(_unquote(name)).strip("\"' "), address))
    return found
