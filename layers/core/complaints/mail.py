"""Reading a mail: raw bytes in, one immutable `Mail` out, whatever the bytes are.

The standard library finds the parts (`mail_parts`). Charsets (`mail_charsets`), headers
(`mail_headers`), words and files (`mail_body`) are read here, because the library's own readers
raise or recurse on hostile input; so are Outlook's wrappings (`mail_outlook`).
"""

from collections.abc import Collection
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec

from complaints import mail_signs
from complaints.mail_body import Attachment, Body, Words
from complaints.mail_bounces import Bounce, BounceKind, read_bounce
from complaints.mail_headers import addresses, decode_header
from complaints.mail_outlook import MSG, TNEF, read_msg, read_tnef
from complaints.mail_parts import HEAD, Part, bounded, mended, tree
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
    bounce_recipients: tuple[str, ...] = ()
    """The addresses that a letter of ours didn't reach."""
    bounce_kind: BounceKind | None = None
    returned_message_id: str = ""
    """Of the letter that came back, as are the next two."""
    returned_to: tuple[str, ...] = ()
    returned_reply_to: str = ""
    is_signed: bool = False
    """It says so (S/MIME or PGP); nobody checked."""
    is_encrypted: bool = False
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    disposition: Disposition = Disposition.NEW_OR_REPLY
    error: str = ""
    verdicts: dict[str, str] = msgspec.field(default_factory=dict)


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


class _Here(NamedTuple):
    """Where the mail was received."""

    own: Collection[str]
    trusted: Collection[str]


def parse(
    raw: bytes, *, own: Collection[str] = (), trusted: Collection[str] = mail_signs.SES
) -> Mail:
    """Read a mail. `own` are the addresses that we send from: mail from them is ours come back.

    `trusted` are the services whose verdicts are believed, as `mail_signs.verdicts` has them.
    """
    here = _Here(own, trusted)
    if not raw.strip(b"\0 \t\r\n"):
        return _set_aside(Mail(), "mail.empty")
    if len(raw) > LARGEST:
        head, _ = tree(raw[:HEAD].partition(b"\r\n\r\n")[0].partition(b"\n\n")[0])
        return _set_aside(_read(head, Words(), Body(), here), "mail.too_large")
    if raw.startswith((MSG, TNEF)):
        return _parse_wrapped(raw, here)
    body, raw = Body(), mended(raw)
    root, complete = tree(raw)
    if (again := bounded(raw, root)) is not raw:
        root, complete = tree(again)
    mail = _read(root, body.read(root), body, here)
    if not (complete and body.is_complete):
        return _set_aside(mail, "mail.too_complex")
    return _set_aside(mail, "mail.partial") if body.types == ["message/partial"] else mail


def _parse_wrapped(raw: bytes, here: _Here) -> Mail:
    """Read a mail that somebody saved in Outlook and handed in as it was."""
    letter = read_msg(raw) if raw.startswith(MSG) else read_tnef(raw)
    if letter is None:
        return _set_aside(Mail(), "mail.unreadable")
    body = Body()
    mail = _read(tree(letter.head)[0], body.take(letter), body, here)
    return mail if body.is_complete else _set_aside(mail, "mail.too_complex")


def _set_aside(mail: Mail, error: str) -> Mail:
    return msgspec.structs.replace(mail, disposition=Disposition.QUARANTINE, error=error)


def _read(root: Part, found: Words, body: Body, here: _Here) -> Mail:
    """Return what the headers of `root` and the `body`, read before, say together."""
    raw_headers = [(name.lower(), str(value)) for name, value in root.raw_items()]
    raw_headers = raw_headers[:_MOST_HEADERS]
    first = dict(reversed(raw_headers))
    headers = [(name, decode_header(value)) for name, value in raw_headers]
    one = dict(reversed(headers))

    senders = (addresses(first.get(key, "")) for key in ("from", "reply-to", "sender"))
    name, address = next((listed[0] for listed in senders if listed), ("", ""))
    text = (found.plain if found.plain.strip() else found.html).strip("\n")
    kind, typed = root.typed()
    report = typed.get("report-type", "").lower() if kind == "multipart/report" else ""
    bounce = None
    if mail_signs.bounces(headers, (kind, report), body.types, text):
        bounce = read_bounce(headers, body.attachments, text)
    returned = bounce or Bounce()
    mail = Mail(
        from_address=address,
        from_name=name,
        to=tuple(dict.fromkeys(to for key in _ENVELOPE for to in _recipients(raw_headers, key))),
        subject=one.get("subject", ""),
        date=_date(one.get("date", "")),
        text=text,
        html="\n".join(body.html),
        reply=reply_of(text) if len(text) <= _LONGEST_CUT else text,
        attachments=tuple(body.attachments),
        is_auto_reply=bounce is None and mail_signs.is_automatic(headers, report, body.types),
        is_bounce=bounce is not None,
        bounce_recipients=returned.recipients,
        bounce_kind=returned.kind if bounce else None,
        returned_message_id=returned.message_id,
        returned_to=returned.to,
        returned_reply_to=returned.reply_to,
        is_signed=body.is_signed,
        is_encrypted=body.is_encrypted,
        message_id=next(iter(_message_ids(one.get("message-id", ""))), ""),
        in_reply_to=next(iter(_message_ids(one.get("in-reply-to", ""))), ""),
        references=_message_ids(one.get("references", "")),
        verdicts=mail_signs.verdicts(headers, here.trusted),
    )
    return _disposed(mail, is_from_list=mail_signs.is_from_list(headers), own=here.own)


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
