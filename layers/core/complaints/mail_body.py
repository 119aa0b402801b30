"""The body of a mail: its words and its files, part by part."""

import hashlib
import re
from typing import NamedTuple

from complaints.files import PLAIN, Flag, content_type_of, flags_of
from complaints.mail_charsets import decode_text
from complaints.mail_headers import file_name, parameters
from complaints.mail_html import text_of_html
from complaints.mail_outlook import RTF, TNEF, Letter, read_tnef
from complaints.mail_parts import Part, decoded, tree, without_uuencoded
from complaints.mail_smime import signed_content
from complaints.models import Record

_MOST_WRAPPINGS = 3
_META_CHARSET = re.compile(
    rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([A-Za-z0-9_-]{1,40})", re.IGNORECASE
)
_META_WITHIN = 4096
_PGP_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_PGP_ENCRYPTED = "-----BEGIN PGP MESSAGE-----"
_WINMAIL = {"application/ms-tnef", "application/vnd.ms-tnef"}
_SMIME = {"application/pkcs7-mime", "application/x-pkcs7-mime"}
_SIGNATURES = {
    "application/pgp-signature",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
}
_MOST_CALENDAR_LINES = 2000
_MOST_HTML = 2_000_000
# More than anybody writes, or puts into the words by uuencode.
_MOST_PLAIN = 16_000_000
_MOST_LINES = 400_000
_MOST_DATA = 1000
_DATA = re.compile(r"data:[^\s\"'<>]+")


class Attachment(Record, frozen=True):
    """A file that came with a mail; `filename` is empty where the sender gave no name."""

    filename: str
    size: int
    sha256: str
    content_type: str
    """Judged by content; the sender's word only where the content shows nothing else."""
    payload: bytes
    flags: tuple[Flag, ...] = ()


class Words(NamedTuple):
    """What there is to read, as plain text: of plain parts, and of HTML."""

    plain: str = ""
    html: str = ""


class Body:
    """Collects the words and the files of a mail, part by part."""

    def __init__(self) -> None:
        self.attachments: list[Attachment] = []
        self.types: list[str] = []
        self.html: list[str] = []
        self.is_signed = self.is_encrypted = False
        self.is_complete = True
        self._spare = Words()
        self._wrappings = 0
        self._html_left = _MOST_HTML
        self._plain_left = _MOST_PLAIN

    def read(self, part: Part) -> Words:
        """Return the words of a mail; where it has none, those of its invitation or wrapping."""
        found = self._part(part, is_whole=True)
        return found if found.plain.strip() or found.html.strip() else self._spare

    def take(self, letter: Letter) -> Words:
        """Return the words of a letter that Outlook wrapped; its files are added."""
        for name, kind, payload in letter.files:
            self.attachments.append(attachment_of(name, "", kind, payload))
        return Words(letter.plain, self._page(letter.html).html if letter.html else "")

    def _part(self, part: Part, *, is_whole: bool = False) -> Words:
        kind, typed = part.typed()
        self.types.append(kind)
        self._mark(kind, typed)
        if children := part.parts():
            found = [self._part(child) for child in children]
            return _alternative(found) if kind == "multipart/alternative" else _mixed(found)
        disposed, disposition = parameters(part.header("content-disposition"))
        named, other = disposition.get("filename", ""), typed.get("name", "")
        raw = decoded(part)
        is_body = kind in {"text/plain", "text/html"} or kind.startswith("multipart/")
        is_body = is_body or (is_whole and kind.startswith("text/") and kind != "text/calendar")
        if is_body and disposed != "attachment" and not file_name(named or other):
            return self._text(raw, kind, typed)
        kept = attachment_of(named, other, kind, raw)
        if (inside := self._unwrapped(kept, kind)) is not None:
            return inside
        self.attachments.append(kept)
        if kind == "text/calendar":
            self._spare = Words(plain=invitation(decode_text(raw, typed.get("charset", ""))))
        return Words()

    def _mark(self, kind: str, typed: dict[str, str]) -> None:
        """Note a signature or encryption by its type; neither is proven by being claimed."""
        smime = typed.get("smime-type", "").lower() if kind in _SMIME else ""
        if kind == "multipart/signed" or kind in _SIGNATURES or smime == "signed-data":
            self.is_signed = True
        if kind in {"multipart/encrypted", "application/pgp-encrypted"} or "enveloped" in smime:
            self.is_encrypted = True

    def _text(self, raw: bytes, kind: str, typed: dict[str, str]) -> Words:
        charset = typed.get("charset", "")
        if kind != "text/html":
            self.is_complete = self.is_complete and len(raw) <= self._plain_left
            raw = raw[: self._plain_left]
            self._plain_left -= len(raw)
        if (
            kind == "text/html"
            and not charset
            and (meta := _META_CHARSET.search(raw[:_META_WITHIN]))
        ):
            charset = meta[1].decode("ascii")
        text = decode_text(raw, charset).replace("\x00", "")
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if kind == "text/html":
            return self._page(text)
        if text.count("\n") > _MOST_LINES:
            self.is_complete = False
            text = text[:_MOST_LINES]
        if typed.get("format", "").lower() == "flowed":
            text = unflowed(text, joins_words=typed.get("delsp", "").lower() == "yes")
        self.is_signed = self.is_signed or text.lstrip().startswith(_PGP_SIGNED)
        self.is_encrypted = self.is_encrypted or text.lstrip().startswith(_PGP_ENCRYPTED)
        text, files = without_uuencoded(text)
        for name, content in files:
            self.attachments.append(attachment_of(name, "", "application/octet-stream", content))
        return Words(plain=text)

    def _page(self, html: str) -> Words:
        """Return the words of an HTML part, as long as all of them together are no book."""
        if len(html) > self._html_left and html.count("data:") <= _MOST_DATA:
            html = _DATA.sub("", html)  # pictures written into the page itself
        self.is_complete = self.is_complete and len(html) <= self._html_left
        html = html[: self._html_left]
        self._html_left -= len(html)
        self.html.append(html)
        return Words(html=text_of_html(html))

    def _unwrapped(self, kept: Attachment, kind: str) -> Words | None:
        """Return the words behind a wrapping that hides files; None where there is none.

        A `winmail.dat` gives place to the files inside it. An opaque signature is kept beside them.
        """
        raw = kept.payload
        is_winmail = kind in _WINMAIL or raw.startswith(TNEF)
        if not (is_winmail or kind in _SMIME) or self._wrappings >= _MOST_WRAPPINGS:
            return None
        self._wrappings += 1
        if is_winmail:
            letter = read_tnef(raw)
            if letter is None or all(one.name == RTF for one in letter.files):
                return None
            self._spare = self.take(letter)
            return Words()
        content = signed_content(raw)
        if content is None:
            return None
        self.is_signed = True
        self.attachments.append(kept)
        inside, complete = tree(content)
        self.is_complete = self.is_complete and complete
        return self._part(inside)


def _alternative(found: list[Words]) -> Words:
    """Choose the plain words where there are any: they are what the writer's program wrote."""
    plain = next((each for each in found if each.plain.strip()), None)
    return plain or next((each for each in reversed(found) if each.html.strip()), Words())


def _mixed(found: list[Words]) -> Words:
    if any(each.plain.strip() for each in found):
        texts = [(each.plain if each.plain.strip() else each.html).strip("\n") for each in found]
        return Words(plain="\n\n".join(text for text in texts if text))
    return Words(html="\n\n".join(each.html for each in found if each.html))


def unflowed(text: str, *, joins_words: bool) -> str:
    r"""Return text of `format=flowed` with its lines whole again (RFC 3676).

    `joins_words` is DelSp=yes: the space at the end of a line is no space of the writer's, as in
    Chinese.

    >>> unflowed("one \ntwo\n> a \n> b\n-- \nme", joins_words=False)
    'one two\n> a b\n-- \nme'
    """
    lines: list[tuple[int, list[str]]] = []
    flows = False
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        is_signature = content == "-- "
        if flows and depth == lines[-1][0] and not is_signature:
            lines[-1][1].append(content)
        else:
            lines.append((depth, [content]))
        flows = content.endswith(" ") and not is_signature
        if flows and joins_words:
            lines[-1][1][-1] = content[:-1]
    return "\n".join(
        f"{'>' * depth} {''.join(pieces)}" if depth else "".join(pieces) for depth, pieces in lines
    )


def attachment_of(named: str, other: str, declared: str, payload: bytes) -> Attachment:
    """Return a file with all that can be said of it.

    `named` and `other` are its names in Content-Disposition and Content-Type, as sent.
    """
    sent = named if file_name(named) else other
    name = file_name(sent)
    judged = content_type_of(payload, declared or PLAIN)
    return Attachment(
        filename=name,
        size=len(payload),
        sha256=hashlib.sha256(payload).hexdigest(),
        content_type=judged,
        payload=payload,
        flags=flags_of(sent, declared, judged, other=other, is_empty=not payload),
    )


def invitation(calendar: str) -> str:
    r"""Return what an invitation says (RFC 5545): its subject, place, time and words, a line each.

    >>> invitation("BEGIN:VEVENT\nSUMMARY;LANGUAGE=zh:验房\nLOCATION:3 号\n 楼\nEND:VEVENT")
    '验房\n3 号楼'
    """
    said: dict[str, str] = {}
    lines = re.sub(r"\r?\n[ \t]", "", calendar[: _META_WITHIN * 16]).splitlines()
    for line in lines[:_MOST_CALENDAR_LINES]:
        name, _, value = line.partition(":")
        name = name.partition(";")[0].upper()
        if name == "END" and value.strip().upper() == "VEVENT":
            break
        if name == "BEGIN":
            said.clear()  # the rules of the time zone come before the event
        elif name in {"SUMMARY", "LOCATION", "DTSTART", "DESCRIPTION"}:
            words = re.sub(r"\\([,;\\])", r"\1", re.sub(r"\\[nN]", "\n", value)).strip()
            said.setdefault(name, words)
    found = (said.get(name, "") for name in ("SUMMARY", "LOCATION", "DTSTART", "DESCRIPTION"))
    return "\n".join(words for words in found if words)
