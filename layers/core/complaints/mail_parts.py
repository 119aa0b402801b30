"""The parts of a mail, as the standard library finds them, kept from raising and from recursing."""

import binascii
import re
from collections.abc import Callable
from email.message import Message
from email.parser import BytesParser
from email.policy import Policy, compat32

from complaints.mail_headers import decode_base64, decode_header, parameters

HEAD = 256 * 1024
"""How much of a mail is looked at where not all of it is: its headers, and then some."""

_MOST_PARTS = 2000
_DEEPEST = 120
# Every line is held against the boundary of every open part: what is large must be flatter.
_LARGE = 4 * 1024 * 1024
_DEEPEST_LARGE = 30
_GAPS = (b"\r\n\r\n", b"\n\n")
_HEADER_LINE = re.compile(rb"[\x21-\x39\x3b-\x7e]+:|[ \t]|From ")
_KNOWN_HEADER = re.compile(
    rb"(?:from|to|subject|date|message-id|mime-version|content-type):", re.IGNORECASE
)


class _TooManyPartsError(Exception):
    """The mail has more parts than anybody sends."""


class Part(Message):
    """A part whose type and boundary are read without raising.

    A mail inside the mail is not opened: it is evidence, and is kept byte for byte.
    """

    may_open: Callable[[], bool]
    _opened: bool | None = None
    _typed: tuple[str, str, dict[str, str]] | None = None

    def header(self, name: str) -> str:
        """Return the first header of that name as it stands in the mail."""
        return next((str(value) for key, value in self.raw_items() if key.lower() == name), "")

    def parts(self) -> list["Part"]:
        """Return the parts of a multipart; `get_payload` may raise over the charset of a leaf."""
        inside = self._payload  # type: ignore[attr-defined]
        return [one for one in inside if isinstance(one, Part)] if isinstance(inside, list) else []

    def source(self) -> bytes:
        """Return the content as it stands in the mail: `get_payload` would decode it, with loss."""
        return str(self._payload or "").encode("utf-8", "surrogateescape")  # type: ignore[attr-defined]

    def typed(self) -> tuple[str, dict[str, str]]:
        """Return the declared content type and its parameters; the parser asks for it often."""
        declared = self.header("content-type")
        if self._typed is None or self._typed[0] != declared:
            kind, found = parameters(declared)
            self._typed = declared, kind if kind.count("/") == 1 else "text/plain", found
        return self._typed[1:]

    def get_content_type(self) -> str:
        """Return the declared type; mails inside are plain bytes to the parser."""
        kind = self.typed()[0] if self.header("content-type") else self.get_default_type()
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
    deepest = _DEEPEST if len(raw) < _LARGE else _DEEPEST_LARGE

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
        part.may_open = may_open
        return part

    parser = BytesParser(make, policy=compat32)  # type: ignore[arg-type]
    try:
        return parser.parsebytes(raw), complete  # type: ignore[return-value]
    except Exception:  # noqa: BLE001 - whatever the library trips over, the head can be read
        parts, opened = 0, deepest
        return parser.parsebytes(raw[:HEAD], headersonly=True), False  # type: ignore[return-value]


def mended(raw: bytes) -> bytes:
    """Return the mail with stray lines among its headers folded into the header before.

    The library takes the first line that is no header for the start of the body, and the sender
    below it would be lost.
    """
    end = next((place for gap in _GAPS if (place := raw.find(gap)) >= 0), len(raw))
    head = raw[: min(end, HEAD)].split(b"\n")
    known = [place for place, line in enumerate(head) if _KNOWN_HEADER.match(line)]
    stray = [
        place
        for place, line in enumerate(head[: known[-1]] if known else ())
        if place and not _HEADER_LINE.match(line)
    ]
    if not stray:
        return raw
    for place in stray:
        head[place] = b" " + head[place]
    return b"\n".join(head) + raw[min(end, HEAD) :]


def decoded(part: Part) -> bytes:
    """Return the bytes of a part behind its transfer encoding."""
    raw = part.source()
    encoding = decode_header(part.header("content-transfer-encoding")).strip(" \"';").lower()
    if encoding == "base64":
        return decode_base64(raw)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(raw)
    if encoding in {"x-uuencode", "uuencode", "uue", "x-uue"}:
        return _uudecoded(raw)
    return raw


def _uudecoded(raw: bytes) -> bytes:
    lines = iter(raw.splitlines())
    if not any(line.startswith(b"begin ") for line in lines):
        return raw
    decoded = []
    for line in lines:
        if line.strip() in {b"end", b"`", b""}:
            break
        try:
            decoded.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Some programs count wrongly; as many bytes as the first character promises are right.
            length = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                decoded.append(binascii.a2b_uu(line[:length]))
            except binascii.Error:
                continue
    return b"".join(decoded)
