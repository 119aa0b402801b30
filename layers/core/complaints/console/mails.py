"""Mails that wait for a person: what a page shows of one, and what the forms beside it may hold.

A stranger wrote it. All of it is text, but for the HTML version, which comes without anything
that acts, loads or leads on.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from complaints.forms import Field
from complaints.texts import Texts

if TYPE_CHECKING:
    from complaints.mail import Mail

LONGEST_SHOWN = 50_000
"""Characters of the words of a mail that the page shows; the original has all of them."""
MOST_SHOWN = 100
"""Recipients, and files, that the page shows."""
TABS = ("waiting", "quiet", "all")
STATES = ("waiting", "quiet", "released", "attached", "discarded")
TONES_OF_STATES = {"waiting": "amber", "released": "green", "attached": "green"}
DISCARDS = ("no_complaint", "spam", "machine", "duplicate", "unreadable")
VERDICTS = ("spam", "virus", "spf", "dkim", "dmarc")
TONES = {"pass": "green", "fail": "red", "softfail": "amber"}
FRAME_STYLE = (
    "body{font:16px/1.6 system-ui,sans-serif;color:#1c2430;background:#fff;margin:12px;"
    "overflow-wrap:anywhere}"
    "u{text-decoration-style:dotted}"
    "code{font-size:13px;color:#8a4b00}"
    "table{border-collapse:collapse}"
    "blockquote{margin:0 0 0 8px;padding-left:8px;border-left:2px solid #c9d2dc}"
)
"""The one style sheet of a stranger's HTML."""
FIELDS = {
    "release": (Field(name="email", kind="email", longest=254), Field(name="name", longest=100)),
    "attach": (Field(name="number", required=True, longest=60),),
    "discard": (
        Field(name="code", kind="choice", required=True, choices=DISCARDS),
        Field(name="words", kind="words", required=True, longest=2000),
    ),
}
"""What becomes of a mail, and what is asked about it."""
REASONS = (
    *("no_sender", "staff_unproven", "forward_incomplete", "conflict", "flood"),
    *("spam", "virus", "dmarc", "spf_dkim", "no_stamp", "verdict"),
    *("empty", "too_large", "too_complex", "unreadable", "partial"),
    *("auto_reply", "bounce", "feedback", "list", "own"),
)
"""Why mails are set aside, in the order in which lists offer it."""
_LINK = re.compile(r'<a((?:\s[\w-]+="[^"]*")*)>(.*?)</a>', re.DOTALL)
_ADDRESS = re.compile(r'\bhref="([^"]*)"')


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A mail in a list, and at the head of its page."""

    mail_id: str
    received_at: datetime
    age: str
    sender: str
    subject: str
    reason: str
    size: int
    state: str
    tone: str
    number: str
    """The complaint that it is in, or seems to be about."""
    outcome: str
    """Who said when what becomes of it; empty while it waits."""
    why: str


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """A letter of ours that came back, as far as the bounce says."""

    number: str
    """The complaint; empty where the bounce names none that this person may see."""
    recipients: tuple[str, ...]
    kind: str
    letter: str


class Verdict(msgspec.Struct, frozen=True):
    """What the receiving service found about a mail, in words."""

    name: str
    words: str
    tone: str


class Piece(msgspec.Struct, frozen=True):
    """A file that came with a mail: its name as far as it can be shown, its type by its bytes."""

    name: str
    size: int
    content_type: str
    flags: tuple[str, ...]
    """Sentences on what is odd about it."""


def reason_words(reason: str, t: Texts) -> str:
    """Say why a mail was set aside."""
    text_id = f"quarantine.reason.{reason}"
    return t(text_id) if text_id in t else reason


def sender_words(mail: "Mail") -> str:
    """Write the sender as `Name <address>`; empty where the mail names none."""
    address = f"<{mail.from_address}>" if mail.from_address and mail.from_name else ""
    return f"{mail.from_name} {address}".strip() or mail.from_address


def verdicts(mail: "Mail", t: Texts) -> list[Verdict]:
    """Return what was found, the gravest kinds first; nothing where nobody looked."""
    return [
        Verdict(t(f"mailbox.verdict.{name}"), _verdict(found, t), TONES.get(found, ""))
        for name in VERDICTS
        if (found := mail.verdicts.get(name))
    ]


def _verdict(found: str, t: Texts) -> str:
    text_id = f"mailbox.found.{found}"
    return t(text_id) if text_id in t else found


def pieces(mail: "Mail", t: Texts) -> list[Piece]:
    """Return the files of a mail, with what is odd about each of them."""
    return [
        Piece(
            name=one.filename or t("mailbox.file.unnamed"),
            size=one.size,
            content_type=one.content_type,
            flags=tuple(t(f"mailbox.flag.{flag}") for flag in one.flags),
        )
        for one in mail.attachments[:MOST_SHOWN]
    ]


def age(received_at: datetime, at: datetime, t: Texts) -> str:
    """Say how long ago a mail came, in the unit that people think in."""
    span = at - received_at
    if span < timedelta(minutes=1):
        return t("mailbox.age.now")
    if span < timedelta(hours=1):
        return t("mailbox.age.minutes", count=int(span / timedelta(minutes=1)))
    if span < timedelta(days=2):
        return t("mailbox.age.hours", count=int(span / timedelta(hours=1)))
    return t("mailbox.age.days", count=span.days)


def shown_html(html: str) -> str:
    """Return a stranger's HTML for a frame: a link is words and, beside them, where it would lead.

    >>> shown_html('<a href="https://evil.example/">bank.example</a>')
    '<u>bank.example</u> <code>[https://evil.example/]</code>'
    """
    from complaints.mail_html import safe_html

    return "".join(_without_links(safe_html(html)))


def _without_links(html: str) -> Iterator[str]:
    place = 0
    for link in _LINK.finditer(html):
        yield html[place : link.start()]
        address = _ADDRESS.search(link[1])
        yield f"<u>{link[2]}</u>"
        if address:
            yield f" <code>[{address[1]}]</code>"
        place = link.end()
    yield html[place:]
