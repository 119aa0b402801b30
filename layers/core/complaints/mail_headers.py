"""Header text of mails as people meant it: encoded words, parameters, addresses, file names.

Everything here is total: whatever the bytes, it returns something and raises nothing, in time
linear in the length of its input.
"""

import binascii
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from complaints.mail_charsets import decode_text

# The words may hold question marks that the standard wants encoded; a few, lest it take squares.
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*(?:\?(?!=)[^?]*){0,8})\?=")
_LINE_FOLD = re.compile(r"[\r\n]+[ \t]?|\t")
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# One address: two in one pair of brackets are a trick to have us write to both.
_ADDRESS = re.compile(r"[^\s,;:<>()\[\]\\\"@]+@[^\s,;:<>()\[\]\\\"@]+")
_DRIVE = re.compile(r"[A-Za-z]:(?=.)")
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])\s*(?:\.|$)", re.IGNORECASE)
_JOINERS = "\u200c\u200d"
# What a program wrote into a plain parameter although it belongs into one with a star.
_EXTENDED = re.compile(r"[A-Za-z0-9_-]{2,40}'[A-Za-z-]{0,10}'(?=.*%[0-9A-Fa-f]{2})")
_PERCENT_HIGH = re.compile(r"%[89A-Fa-f][0-9A-Fa-f]")
_SECTION = re.compile(r"[0-9]{1,4}")
_LONGEST_NAME = 200
_LONGEST_EXTENSION = 10
_MOST_PIECES = 1000
_LONGEST_HEADER = 100_000
_NOT_BASE64 = re.sub(rb"[A-Za-z0-9+/]", b"", bytes(range(256)))


def decode_base64(raw: bytes) -> bytes:
    """Return the bytes behind Base64 that may be cut short, padded wrongly or full of noise."""
    first = raw.find(b"=")
    if first >= 0 and raw[first:].strip(b"=\r\n\t ") and raw.count(b"=") <= _MOST_PIECES:
        # Pieces that were encoded one by one; the library stops at the end of the first.
        return b"".join(map(decode_base64, filter(None, re.split(rb"=+\s*", raw))))
    for padding in (b"", b"=", b"=="):
        try:
            return binascii.a2b_base64(raw + padding)
        except binascii.Error:
            continue
    try:
        # One character too many: what lies before it is whole.
        letters = raw.translate(None, _NOT_BASE64)
        return binascii.a2b_base64(letters[: len(letters) // 4 * 4])
    except binascii.Error:
        return raw


def decode_header(value: object) -> str:
    """Return a header as one line of text: unfolded, encoded words decoded, controls gone.

    Neighbouring words of one charset are joined before they are decoded, for some programs split
    a word inside a character, or even inside a letter of the Base64.
    """
    return one_line(_words(_unfolded(value)))


def _words(text: str) -> str:
    """Return the text with its encoded words decoded."""
    if "=?" not in text:
        return text
    pieces: list[str] = []
    words: list[tuple[str, str]] = []
    charset, end = "", 0
    for match in _ENCODED_WORD.finditer(text):
        between = text[end : match.start()]
        if words and (between.strip() or match[1].lower() != charset):
            pieces.append(decode_text(_joined(words), charset))
            words = []
        if between.strip() or not end:
            pieces.append(between)
        words.append((match[2].lower(), match[3]))
        charset, end = match[1].lower(), match.end()
    pieces += [decode_text(_joined(words), charset), text[end:]]
    return "".join(pieces)


def _unfolded(value: object) -> str:
    text = str(value)[:_LONGEST_HEADER]
    if not text.isascii():
        text = decode_text(text.encode("utf-8", "surrogateescape"))
    return text if text.isprintable() else _LINE_FOLD.sub(" ", text)


def _joined(words: list[tuple[str, str]]) -> bytes:
    """Return the bytes of neighbouring encoded words; Base64 may go on in the next one."""
    decoded, letters = [], ""
    for place, (encoding, text) in enumerate(words):
        if encoding == "q":
            raw = text.encode("utf-8", "replace").replace(b" ", b"_")
            decoded.append(binascii.a2b_qp(raw, header=True))
            continue
        letters += text.strip()
        goes_on = place + 1 < len(words) and words[place + 1][0] == "b"
        if len(letters) % 4 == 0 or letters.endswith("=") or not goes_on:
            decoded.append(decode_base64(letters.encode("utf-8", "replace")))
            letters = ""
    return b"".join(decoded)


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
    r"""Return the last part of a file name, fit to be shown and stored on any system.

    No path, no drive, nothing that is not seen, no name that Windows keeps for a device; the
    extension stays.

    >>> file_name("..\\..\\etc/passwd")
    'passwd'
    >>> file_name("C:con.txt")
    '_con.txt'
    >>> file_name("..")
    ''
    """
    name = one_line(text)
    if not name.isascii():
        # A joiner makes one picture of two; whatever else is not seen can only deceive.
        name = "".join(
            char for char in name if char in _JOINERS or unicodedata.category(char) != "Cf"
        )
    name = " ".join(name.split()).replace("\\", "/").rpartition("/")[2]
    name = _DRIVE.sub("", name).strip(" .\"'")
    if len(name) > _LONGEST_NAME:
        stem, dot, extension = name.rpartition(".")
        keep = dot and len(extension) <= _LONGEST_EXTENSION
        tail = f".{extension}" if keep else ""
        name = (stem if keep else name)[: _LONGEST_NAME - len(tail)] + tail
    return f"_{name}" if _DEVICE.match(name) else name


def _fields(value: str, separators: str) -> Iterator[str]:
    """Yield the pieces of a structured header between separators that stand outside quotes."""
    if not any(separator in value for separator in separators):
        yield value
        return
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
    """Return the text without the quotes around it; a backslash before a letter is a path's."""
    text = text.strip()
    if not text.startswith('"'):
        return text
    return re.sub(r'\\(["\\])', r"\1", text[1:].removesuffix('"'))


def parameters(value: object) -> tuple[str, dict[str, str]]:
    """Return the value of a Content- header in lower case, and its parameters.

    RFC 2231 (charset, percent signs, continuations) is undone, in any order and with pieces
    missing; so are encoded words and percent signs where no standard allows them and mail programs
    write them. Of two spellings of one parameter the one with a star counts (RFC 6266, 4.3).
    Control characters and changes of direction stay; `file_name` takes them out.
    """
    first, *rest = _fields(_unfolded(value), ";")
    first, _, forgotten = first.strip().partition(" ")
    if "=" in first:
        first, forgotten = "", f"{first} {forgotten}"
    plain: dict[str, str] = {}
    split: dict[str, dict[int, tuple[bool, str]]] = {}
    last = ""
    for field in (forgotten, *rest):
        name, equals, content = field.partition("=")
        name, star, section = name.strip().lower().partition("*")
        if not equals and last and field.strip() and len(plain[last]) < _LONGEST_NAME:
            plain[last] += f";{field.rstrip()}"  # the name of a file without its quotes
        if not equals or not name:
            continue
        last = ""
        if not star:
            if name not in plain and not content.lstrip().startswith('"'):
                last = name
            plain.setdefault(name, content)
            continue
        number = section.rstrip("*")
        place = int(number) if _SECTION.fullmatch(number) else 0
        encoded = section.endswith("*") or not section
        split.setdefault(name, {}).setdefault(place, (encoded, _unquote(content)))
    found = {name: _plain_value(_unquote(content)) for name, content in plain.items()}
    for name, sections in split.items():
        found[name] = _join_sections([sections[place] for place in sorted(sections)])
    return first.strip().lower(), found


def _plain_value(content: str) -> str:
    """Return the value of a parameter without a star."""
    if "%" in content:
        if _EXTENDED.match(content):
            return _join_sections([(True, content)])
        if _PERCENT_HIGH.search(content) and content.isascii():
            try:
                return unquote_to_bytes(content).decode()
            except UnicodeDecodeError:
                return content
    return _words(content).strip()


def _join_sections(sections: list[tuple[bool, str]]) -> str:
    charset, parts = "", []
    started = bool(sections) and sections[0][0]
    for place, (encoded, part) in enumerate(sections):
        if encoded and place == 0 and "'" in part:
            charset, _, rest = part.partition("'")
            language, quote, words = rest.partition("'")
            parts.append(unquote_to_bytes(words if quote else language))
        else:
            # A piece without its star, amid pieces with one, was encoded all the same.
            undone = encoded or (started and _PERCENT_HIGH.search(part) is not None)
            raw = part.encode("utf-8", "replace")
            parts.append(unquote_to_bytes(raw) if undone else raw)
    text = decode_text(b"".join(parts), charset)
    return _words(text)


def addresses(value: object) -> list[tuple[str, str]]:
    """Return the (name, address) pairs of an address header, broken ones left out.

    >>> addresses('"Li, Na" <lina@example.cn>, Group: a@example.cn;')
    [('Li, Na', 'lina@example.cn'), ('', 'a@example.cn')]
    >>> addresses("lina@example.cn (Li Na)")
    [('Li Na', 'lina@example.cn')]
    """
    found = []
    for field in _fields(_unfolded(value), ",;"):
        name, angle, rest = field.rpartition("<")
        if not angle:
            words = decode_header(field).replace("(", " ").replace(")", " ").split()
            word = next((word for word in words if "@" in word), "")
            address = word.rpartition(":")[2]
            name = " ".join(other for other in words if other != word and other[-1] not in ":<>")
        else:
            address = decode_header(rest.partition(">")[0]).replace(" ", "")
            address = address.removeprefix("mailto:")
        address = address.strip("'\"[]<>.,;:")
        if _ADDRESS.fullmatch(address):
            found.append((decode_header(_unquote(name)).strip("\"' "), address))
    return found
