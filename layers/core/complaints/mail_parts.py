"""The parts of a mail, as the standard library finds them, kept from raising and from recursing."""

import binascii
import codecs
import hashlib
import re
from collections.abc import Callable
from email.feedparser import BytesFeedParser
from email.message import Message
from email.parser import BytesParser
from email.policy import Policy, compat32
from io import BytesIO
from itertools import chain, islice

from complaints.mail_charsets import decode_text
from complaints.mail_headers import decode_base64, decode_header, parameters

HEAD = 256 * 1024
"""How much of a mail is looked at where not all of it is: its headers, and then some."""

_MOST_PARTS = 2000
_DEEPEST = 120
# Every line is held against the boundary of every open part: what is large must be flatter.
_LARGE = 4 * 1024 * 1024
_DEEPEST_LARGE = 30
# The library makes an object of each line: long bodies are kept from it, and of the rest nobody
# sends as much.
_LONG_MAIL = 64 * 1024
_LONG_BODY = 4096
_MOST_DASHES = 100_000
_MOST_LINES = 250_000
_MOST_BYTES = 16 * 1024 * 1024
_PIECE = 64 * 1024
_EMPTY_LINE = re.compile(rb"\n\r?\n")
_DASHED_LINE = re.compile(rb"--(?<=[\r\n]--)")
_GAPS = (b"\r\n\r\n", b"\n\n")
_HEADER_LINE = re.compile(rb"[\x21-\x39\x3b-\x7e]+:|[ \t]|From ")
# Allowed until 2001 (RFC 822), and written ever since.
_SPACED_HEADER = re.compile(rb"^([\x21-\x39\x3b-\x7e]{1,70})[ \t]{1,9}:", re.MULTILINE)
_KNOWN_HEADER = re.compile(
    rb"(?:from|to|subject|date|message-id|mime-version|content-type):", re.IGNORECASE
)
_ENCODING = re.compile(r"base64|quoted-printable|\b(?:x-)?uue(?:ncode)?\b")
_DASHES = re.compile(rb"^--", re.MULTILINE)
_DASHED = re.compile(rb"--([^\s\"]{1,70})[ \t]*\r?\n")
_UU_BEGIN = re.compile(r"^begin [0-7]{3,4} (\S[^\n]{0,200})\n", re.MULTILINE)
_UU_END = re.compile(r"^end[ \t]*$", re.MULTILINE)
_MOST_UU_LINES = 800_000
_UU_LINES = re.compile(r"(?:[ -`]{0,100}\n)*")


class _TooManyPartsError(Exception):
    """The mail has more parts than anybody sends."""


class Part(Message):
    """A part whose type and boundary are read without raising.

    A mail inside the mail is not opened: it is evidence, and is kept byte for byte.
    """

    may_open: Callable[[], bool]
    restored: Callable[[bytes], bytes]
    _opened: bool | None = None
    _typed: tuple[int, str, dict[str, str]] | None = None

    def header(self, name: str) -> str:
        """Return the first header of that name as it stands in the mail."""
        for key, value in self._headers:  # type: ignore[attr-defined]
            if key.lower() == name:
                return str(value)
        return ""

    def parts(self) -> list["Part"]:
        """Return the parts of a multipart; `get_payload` may raise over the charset of a leaf."""
        inside = self._payload  # type: ignore[attr-defined]
        return [one for one in inside if isinstance(one, Part)] if isinstance(inside, list) else []

    def source(self) -> bytes:
        """Return the content as it stands in the mail: `get_payload` would decode it, with loss."""
        kept = str(self._payload or "")  # type: ignore[attr-defined]
        return self.restored(kept.encode("utf-8", "surrogateescape"))

    def typed(self) -> tuple[str, dict[str, str]]:
        """Return the declared content type and its parameters; the parser asks for it often."""
        read = len(self._headers)  # type: ignore[attr-defined]
        if self._typed is None or self._typed[0] != read:
            declared = self.header("content-type")
            kind, found = parameters(declared)
            if not declared:
                # Of a digest's parts (RFC 2046, 5.1.5) the default is another mail.
                kind = self.get_default_type()
            self._typed = read, kind if kind.count("/") == 1 else "text/plain", found
        return self._typed[1:]

    def get_content_type(self) -> str:
        """Return the declared type; mails inside are plain bytes to the parser."""
        kind = self.typed()[0]
        return "application/octet-stream" if kind.startswith("message/") else kind

    def get_content_maintype(self) -> str:
        """Return the part of the type before the slash."""
        return self.get_content_type().partition("/")[0]

    def get_boundary(self, failobj: object = None) -> str | None:  # type: ignore[override]  # noqa: ARG002 - the parser's signature
        """Return the boundary, none where the mail is nested deeper than anybody nests."""
        boundary = self.typed()[1].get("boundary", "").rstrip()
        if self._opened is None:
            self._opened = bool(boundary) and self.may_open()
        return boundary if self._opened else None


def tree(raw: bytes) -> tuple[Part, bool]:
    """Return the mail as parts, and whether all of it could be opened."""
    parts = opened = 0
    complete = True
    text, restored = _shortened(raw)
    deepest = _DEEPEST if len(text) < _LARGE else _DEEPEST_LARGE

    def may_open() -> bool:
        nonlocal opened, complete
        opened += 1
        complete = complete and opened <= deepest
        return opened <= deepest

    def make(policy: "Policy[Message]") -> Part:
        nonlocal parts
        parts += 1
        if parts > _MOST_PARTS:
            raise _TooManyPartsError
        part = Part(policy=policy)
        part.may_open, part.restored = may_open, restored
        return part

    try:
        if len(text) <= _MOST_BYTES and max(text.count(b"\n"), text.count(b"\r")) <= _MOST_LINES:
            parser = BytesFeedParser(make, policy=compat32)  # type: ignore[arg-type]
            for place in range(0, len(text), _PIECE):
                parser.feed(text[place : place + _PIECE])
            return parser.close(), complete  # type: ignore[return-value]
    except Exception:  # noqa: BLE001, S110 - whatever the library trips over, the head can be read
        pass
    parts, opened, restored = 0, deepest, bytes
    head = BytesParser(make, policy=compat32)  # type: ignore[arg-type]
    return head.parsebytes(raw[:HEAD], headersonly=True), False  # type: ignore[return-value]


def _shortened(raw: bytes) -> tuple[bytes, Callable[[bytes], bytes]]:
    """Return the mail with a mark in place of each long body, and what puts the bodies back.

    Boundaries begin with two dashes, and headers end at the first empty line: what stands between
    that and the next line with dashes is body, whatever else the parser makes of the mail.
    """
    if len(raw) < _LONG_MAIL:
        return raw, bytes
    mark = hashlib.sha256(raw).hexdigest().encode()  # which no mail can foresee
    kept: list[bytes] = []
    bodies: list[memoryview] = []
    place = start = 0
    for number, dashes in enumerate(chain(_DASHED_LINE.finditer(raw), [None])):
        if number > _MOST_DASHES:
            return raw, bytes
        end = dashes.start() if dashes else len(raw)
        empty = _EMPTY_LINE.search(raw, start, end)
        if empty and end - empty.end() > _LONG_BODY:
            kept += raw[place : empty.end()], mark, b"%08d" % len(bodies)
            # The last line break belongs to the boundary.
            place = end - 1 - (raw[end - 2 : end] == b"\r\n")
            bodies.append(memoryview(raw)[empty.end() : place])
        start = end

    def restored(text: bytes) -> bytes:
        first, *marked = text.split(mark)
        pieces = (part for one in marked for part in (bodies[int(one[:8])], one[8:]))
        return b"".join((first, *pieces))

    return b"".join((*kept, raw[place:])), restored


def mended(raw: bytes) -> bytes:
    """Return the mail with its head in the form that the library reads.

    UTF-16 becomes UTF-8. The library takes the first line that is no header for the start of the
    body, and the sender below it would be lost: stray lines are folded into the header before, and
    the space before a colon goes.
    """
    raw = raw.removeprefix(codecs.BOM_UTF8)
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raw = decode_text(raw).encode("utf-8", "replace")
    raw = raw.lstrip(b"\r\n")
    end = next((place for gap in _GAPS if (place := raw.find(gap)) >= 0), len(raw))
    text = raw[: min(end, HEAD)]
    head = _SPACED_HEADER.sub(rb"\1:", text).split(b"\n")
    stray = [place for place, line in enumerate(head) if place and not _HEADER_LINE.match(line)]
    if stray:
        known = [place for place, line in enumerate(head) if _KNOWN_HEADER.match(line)]
        for place in stray:
            if known and place < known[-1]:
                head[place] = b" " + head[place]
    new = b"\n".join(head)
    return raw if new == text else new + raw[len(text) :]


def bounded(raw: bytes, root: Part) -> bytes:
    """Return a mail whose boundary is missing, or is not the one that is used, with the right one.

    The boundary is what the first line of dashes says, if another such line follows or ends it.
    Mails that need no mending are returned as they are, the very same object.
    """
    kind, _ = root.typed()
    if not kind.startswith("multipart/") or root.parts():
        return raw
    body = root.source()
    dashes = _DASHES.search(body)
    first = _DASHED.match(body, dashes.start()) if dashes else None
    if first is None or body.count(b"\n--" + first[1], first.end()) < 1:
        return raw
    content = f'Content-Type: {kind}; boundary="'.encode("ascii", "replace")
    # The first header of a name is the one that counts.
    return content + first[1].replace(b"\\", b"") + b'"\n' + raw


def decoded(part: Part) -> bytes:
    """Return the bytes of a part behind its transfer encoding."""
    raw = part.source()
    stated = decode_header(part.header("content-transfer-encoding")).lower()
    encoding = _ENCODING.search(stated)
    if encoding is None:
        return raw
    if encoding[0] == "base64":
        return decode_base64(raw)
    if encoding[0] == "quoted-printable":
        return binascii.a2b_qp(raw)
    return _uudecoded(raw)


def without_uuencoded(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Return a text without the files that were written into it by uuencode, and those files.

    What is cut short or is no such file after all stays in the text.
    """
    if "\nend" not in text:
        return text, []
    kept, files, place = [], [], 0
    while begin := _UU_BEGIN.search(text, place):
        end = _UU_END.search(text, begin.end())
        if end is None:
            break
        content = _uudecoded(text[begin.start() : end.end()].encode("utf-8", "replace"))
        if content and _UU_LINES.fullmatch(text, begin.end(), end.start()):
            kept.append(text[place : begin.start()])
            files.append((begin[1].strip(), content))
        else:
            kept.append(text[place : end.end()])
        place = end.end()
    return "".join((*kept, text[place:])), files


def _uudecoded(raw: bytes) -> bytes:
    lines = BytesIO(raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
    if not any(line.startswith(b"begin ") for line in lines):
        return raw
    decoded = bytearray()
    for line in islice(lines, _MOST_UU_LINES):
        if line.strip() in {b"end", b"`", b""}:
            break
        try:
            decoded += binascii.a2b_uu(line)
        except binascii.Error:
            # Some programs count wrongly; as many bytes as the first character promises are right.
            length = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                decoded += binascii.a2b_uu(line[:length])
            except binascii.Error:
                continue
    return bytes(decoded)
