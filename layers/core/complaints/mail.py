"""Reading a mail: raw bytes in, one immutable `Mail` out, whatever the bytes are.

The standard library finds the parts (`mail_parts`). How their types, names and words are read is
in `mail_headers`, because the library's own readers raise or recurse on hostile input.
"""

import hashlib
from collections.abc import Collection
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec

from complaints import mail_signs
from complaints.mail_headers import (
    addresses,
    decode_header,
    decode_text,
    file_name,
    parameters,
)
from complaints.mail_html import text_of_html
from complaints.mail_parts import HEAD, Part, decoded, mended, tree
from complaints.mail_reply import reply_of
from complaints.models import Record

LARGEST = 40 * 1024 * 1024
"""Bytes of the largest mail that is read; SES takes none that is larger."""

_MOST_HEADERS = 10_000
# Nobody types a million characters: what is longer is no answer to a letter.
_LONGEST_CUT = 1_000_000
_MOST_REFERENCES = 200
_LONGEST_MESSAGE_ID = 998
_ENVELOPE = ("to", "cc", "delivered-to", "x-original-to", "x-forwarded-to", "envelope-to")


class Disposition(StrEnum):
    """What is to be done with a mail."""

    NEW_OR_REPLY = "new_or_reply"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    LIST = "list"
    OWN = "own"
    QUARANTINE = "quarantine"


class Attachment(Record, frozen=True):
    """A file that came with a mail; `filename` is empty where the sender gave no name."""

    filename: str
    size: int
    sha256: str
    content_type: str
    """Judged by content; the sender's word only where the content shows nothing else."""
    payload: bytes


class Mail(Record, frozen=True):
    """A mail as read. `error` is the catalogue id of why it can't be, "" where it can."""

    from_address: str = ""
    from_name: str = ""
    to: tuple[str, ...] = ()
    subject: str = ""
    date: datetime | None = None
    text: str = ""
    html: str = ""
    reply: str = ""
    attachments: tuple[Attachment, ...] = ()
    is_auto_reply: bool = False
    is_bounce: bool = False
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    disposition: Disposition = Disposition.NEW_OR_REPLY
    error: str = ""
    verdicts: dict[str, str] = msgspec.field(default_factory=dict)


class _Found(NamedTuple):
    plain: str = ""
    html: str = ""


class _Content:
    """Collects the words and the files of a mail, part by part."""

    def __init__(self) -> None:
        self.attachments: list[Attachment] = []
        self.types: list[str] = []
        self.html: list[str] = []

    def read(self, part: Part) -> _Found:
        """Return the words of a part; its files are added to `attachments` on the way."""
        kind, typed = part.typed()
        self.types.append(kind)
        if children := part.parts():
            found = [self.read(child) for child in children]
            return _alternative(found) if kind == "multipart/alternative" else _mixed(found)
        disposed, disposition = parameters(part.header("content-disposition"))
        name = file_name(disposition.get("filename") or typed.get("name") or "")
        raw = decoded(part)
        is_body = kind in {"text/plain", "text/html"} or kind.startswith("multipart/")
        if name or disposed == "attachment" or not is_body:
            self.attachments.append(_attachment(name, kind, raw))
            return _Found()
        text = decode_text(raw, typed.get("charset", "")).replace("\x00", "")
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if kind != "text/html":
            return _Found(plain=text)
        self.html.append(text)
        return _Found(html=text_of_html(text))


def _alternative(found: list[_Found]) -> _Found:
    """Choose the plain words where there are any: they are what the writer's program wrote."""
    plain = next((each for each in found if each.plain.strip()), None)
    return plain or next((each for each in reversed(found) if each.html.strip()), _Found())


def _mixed(found: list[_Found]) -> _Found:
    if any(each.plain.strip() for each in found):
        texts = [(each.plain if each.plain.strip() else each.html).strip("\n") for each in found]
        return _Found(plain="\n\n".join(text for text in texts if text))
    return _Found(html="\n\n".join(each.html for each in found if each.html))


def _attachment(name: str, declared: str, payload: bytes) -> Attachment:
    return Attachment(
        filename=name,
        size=len(payload),
        sha256=hashlib.sha256(payload).hexdigest(),
        content_type=content_type_of(payload, declared),
        payload=payload,
    )


def content_type_of(payload: bytes, declared: str) -> str:
    """Return the type of a file by its first bytes, else the declared one where that is harmless.

    A declared picture, sound or film that does not look like one is only bytes.
    """
    import filetype

    try:
        guessed = filetype.guess_mime(payload[:8192])
    except Exception:  # noqa: BLE001 - its matchers index into the bytes and raise as they like
        guessed = None
    if guessed:
        return str(guessed)
    start = payload[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<script", b"<body")):
        return "text/html"
    if start.startswith(b"<svg") or b"<svg" in start:
        return "image/svg+xml"
    kind = declared.partition("/")[0]
    if kind in {"text", "message"} or (kind == "application" and declared.isprintable()):
        return declared[:100]
    return "application/octet-stream"


def _message_ids(value: str) -> tuple[str, ...]:
    """Return the ids in a header, each in its angle brackets, in order and without repeats."""
    found = dict.fromkeys(
        f"<{piece.rpartition('<')[2].strip()}>" for piece in value.split(">")[:-1] if "<" in piece
    )
    if not found and "@" in value and " " not in value.strip():
        found[f"<{value.strip(' <>')}>"] = None
    ids = [each for each in found if 2 < len(each) <= _LONGEST_MESSAGE_ID and " " not in each]  # noqa: PLR2004 - two brackets
    return tuple(ids[:_MOST_REFERENCES])


def _date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value[:200])
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except Exception:  # noqa: BLE001 - no time in a mail is worth losing the mail
        return None


def parse(raw: bytes, *, own: Collection[str] = ()) -> Mail:
    """Read a mail. `own` are the addresses that we send from: mail from them is ours come back."""
    if not raw.strip():
        return Mail(disposition=Disposition.QUARANTINE, error="mail.empty")
    if len(raw) > LARGEST:
        head, _ = tree(raw[:HEAD].partition(b"\r\n\r\n")[0].partition(b"\n\n")[0])
        mail = _read(head, _Content(), own)
        return msgspec.structs.replace(
            mail, disposition=Disposition.QUARANTINE, error="mail.too_large"
        )
    root, complete = tree(mended(raw.lstrip(b"\r\n")))
    mail = _read(root, _Content(), own)
    if not complete:
        return msgspec.structs.replace(
            mail, disposition=Disposition.QUARANTINE, error="mail.too_complex"
        )
    return mail


def _read(root: Part, content: _Content, own: Collection[str]) -> Mail:
    raw_headers = [(name.lower(), str(value)) for name, value in root.raw_items()]
    raw_headers = raw_headers[:_MOST_HEADERS]
    first = dict(reversed(raw_headers))
    headers = [(name, decode_header(value)) for name, value in raw_headers]
    one = dict(reversed(headers))

    senders = (addresses(first.get(key, "")) for key in ("from", "reply-to", "sender"))
    name, address = next((found[0] for found in senders if found), ("", ""))
    found = content.read(root)
    text = (found.plain if found.plain.strip() else found.html).strip("\n")
    kind, typed = root.typed()
    report = typed.get("report-type", "").lower() if kind == "multipart/report" else ""
    is_bounce = mail_signs.bounces(headers, (kind, report), content.types, text)
    mail = Mail(
        from_address=address,
        from_name=name,
        to=tuple(dict.fromkeys(to for key in _ENVELOPE for to in _recipients(raw_headers, key))),
        subject=one.get("subject", ""),
        date=_date(one.get("date", "")),
        text=text,
        html="\n".join(content.html),
        reply=reply_of(text) if len(text) <= _LONGEST_CUT else text,
        attachments=tuple(content.attachments),
        is_auto_reply=not is_bounce and mail_signs.is_automatic(headers, report),
        is_bounce=is_bounce,
        message_id=next(iter(_message_ids(one.get("message-id", ""))), ""),
        in_reply_to=next(iter(_message_ids(one.get("in-reply-to", ""))), ""),
        references=_message_ids(one.get("references", "")),
        verdicts=mail_signs.verdicts(headers),
    )
    return _disposed(mail, is_from_list=mail_signs.is_from_list(headers), own=own)


def _recipients(headers: list[tuple[str, str]], name: str) -> list[str]:
    return [to for key, value in headers if key == name for _, to in addresses(value)]


def _disposed(mail: Mail, *, is_from_list: bool, own: Collection[str]) -> Mail:
    """Return the mail with what is to be done with it."""
    error = ""
    if mail.is_bounce:
        disposition = Disposition.BOUNCE
    elif mail.from_address and mail.from_address.casefold() in {each.casefold() for each in own}:
        disposition = Disposition.OWN
    elif mail.is_auto_reply:
        disposition = Disposition.AUTO_REPLY
    elif is_from_list:
        disposition = Disposition.LIST
    elif not mail.from_address:
        disposition, error = Disposition.QUARANTINE, "mail.no_sender"
    elif not (mail.text.strip() or mail.subject or mail.attachments):
        disposition, error = Disposition.QUARANTINE, "mail.empty"
    else:
        disposition = Disposition.NEW_OR_REPLY
    return msgspec.structs.replace(mail, disposition=disposition, error=error)
