"""The letters to complainants and staff, written from the catalogue (A7, D1, D2, E3).

Each is plain text and the same as HTML. Nothing that was received ever becomes a header: subjects
are made of the catalogue's words and our own number.
"""

import html
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, formataddr

import msgspec

from complaints.models import Complaint, Contact, Dossier, Letter
from complaints.number import reply_address
from complaints.office import Office
from complaints.parts import Notice
from complaints.proxies import addressee, copies, reachable
from complaints.rounds import promised_at
from complaints.texts import Texts, texts

LINK = re.compile(r"https?://[^\s<>\"]+")
TO_STAFF = frozenset(
    {
        *("reminder", "escalation", "by_hand", "passed_on", "resumed", "extension_asked"),
        *("emergency", "emergency_news", "incident", "withdrawn"),
        *("ordered", "returned", "grouped"),
    }
)
"""Kinds of letters about a complaint that go to members of staff."""
LIMIT_OF = {"emergency": "emergency", "incident": "statement"}
"""Which clock such a letter names; others name the stage's own."""
REFERENCES = 10
"""How many of the mails before are named; more would only lengthen the header."""
MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,500}>")
"""Ids that we repeat in a header of ours: plain ASCII, as the standard has it."""


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """Who writes: the organisation's name, its address for complaints and its site."""

    organisation: str
    mail_address: str
    site_url: str


class MessageIds(UnstructuredHeader, BaseHeader):
    """In-Reply-To and References: folded between ids, an id itself never encoded or broken.

    The library writes an id longer than a line as encoded words, and mail programs lose the thread.
    """

    def fold(self, *, policy: Policy) -> str:
        """Write the header with one id a line."""
        return f"{self.name}: " + f"{policy.linesep} ".join(self.split()) + policy.linesep


HEADERS = HeaderRegistry()
HEADERS.map_to_type("in-reply-to", MessageIds)
HEADERS.map_to_type("references", MessageIds)
WRITING = SMTP.clone(header_factory=HEADERS)


def tracking_link(complaint: Complaint, site_url: str) -> str:
    """Return the private link under which a complainant follows the complaint."""
    return f"{site_url}/track/{complaint.complaint_id}/{complaint.tracking_code}"


def owed(
    complaint: Complaint, kind: str, to: str, contacts: Iterable[Contact], *, at: datetime
) -> Letter:
    """Return a letter that is owed with this save; its id is one however often that is tried."""
    ids = (contact.message_id for contact in contacts)
    mails = tuple(one for one in ids if MESSAGE_ID.fullmatch(one))
    return Letter(
        letter_id=f"{complaint.version:06}-{kind}",
        kind=kind,
        to=to,
        language=complaint.language,
        queued_at=at,
        references=mails[-REFERENCES:],
    )


def owed_to_complainant(
    kind: str, complaint: Complaint, dossier: Dossier, *, at: datetime, words: str = ""
) -> tuple[Letter, ...]:
    """Return the letter that a complainant is owed with this save, and those that proxies are.

    It goes to the complainant's address, or to that of a proxy who may be told everything (I17);
    to nobody where there is none. `words` are what a member of staff wrote for it.
    """
    to = reachable(dossier).email
    letter = owed(complaint, kind, to, dossier.contacts, at=at).replace(words=words)
    return (*((letter,) if to else ()), *copies(letter, dossier))


def to_complainant(
    letter: Letter, dossier: Dossier, sender: Sender, office: Office, *, at: datetime
) -> EmailMessage:
    """Write a letter to the complainant."""
    complaint = dossier.complaint
    t = texts(letter.language)
    values = {
        "name": addressee(letter.to, dossier) or t("letter.unnamed"),
        "organisation": sender.organisation,
        "number": complaint.complaint_id,
        "code": complaint.tracking_code,
        "link": tracking_link(complaint, sender.site_url),
        "promised": local(promised_at(complaint, office), office),
        "received": local(complaint.received_at, office),
        "reply": letter.words or (dossier.findings[-1].reply if dossier.findings else ""),
        "days": office.policy.follow_up.quiet_days,
        "words": letter.words,
        "stage": t(f"status.{complaint.status}"),
        "mail": sender.mail_address,
    }
    message = _written(f"letter.{letter.kind}", letter.language, values, sender, at=at)
    message["To"] = letter.to
    message["Reply-To"] = reply_address(
        sender.mail_address, complaint.complaint_id, complaint.tracking_code
    )
    if letter.references:
        message["In-Reply-To"] = letter.references[-1]
        message["References"] = " ".join(letter.references)
    message["Auto-Submitted"] = (
        "auto-replied" if letter.kind == "acknowledgement" else "auto-generated"
    )
    message["X-Auto-Response-Suppress"] = "All"
    return message


def about(
    letter: Letter,
    complaint: Complaint,
    sender: Sender,
    office: Office,
    *,
    at: datetime,
    notice: Notice | None = None,
) -> EmailMessage:
    """Write a reminder or an escalation: which limit is due when, and the page to act on.

    Neither the complainant nor the matter is named: the mail may travel further than the page.
    """
    t = texts(letter.language)
    what = notice.clock if notice else LIMIT_OF.get(letter.kind, "")
    stage = complaint.clock.due_at if complaint.clock else None
    running = (complaint.clock, *complaint.clocks)
    limits = (clock.due_at for clock in running if clock and clock.what == what)
    due_at = notice.due_at if notice else next(limits, stage)
    values = {
        "number": complaint.complaint_id,
        "stage": t(f"status.{complaint.status}"),
        "limit": limit_words(what, t),
        "note": t("staff_letter.note.gone") if notice and notice.instead_of else "",
        "due": local(due_at, office) if due_at else "",
        "link": f"{sender.site_url}/staff/complaints/{complaint.complaint_id}",
    }
    return to_staff(letter.kind, letter.to, values, sender, at=at, language=letter.language)


def limit_words(what: str, t: Texts) -> str:
    """Name the limit of a clock, as `models.Clock.what` has it, such as `order:<order_id>`."""
    return t(f"clock.{what.partition(':')[0] or 'stage'}")


def to_staff(
    kind: str,
    to: str,
    values: Mapping[str, object],
    sender: Sender,
    *,
    at: datetime,
    language: str = "zh_CN",
) -> EmailMessage:
    """Write a letter to a member of staff: a reminder, an escalation, a report."""
    message = _written(f"staff_letter.{kind}", language, values, sender, at=at)
    message["To"] = to
    message["Auto-Submitted"] = "auto-generated"
    return message


def local(instant: datetime, office: Office) -> str:
    """Write an instant as the people of the office read it: `2026-11-20 16:30`."""
    return f"{instant.astimezone(office.zone):%Y-%m-%d %H:%M}"


def _written(
    text_id: str, language: str, values: Mapping[str, object], sender: Sender, *, at: datetime
) -> EmailMessage:
    """Return a message with its subject and both bodies, and everything that is always there."""
    t = texts(language)
    message = EmailMessage(policy=WRITING)
    message["From"] = formataddr((sender.organisation, sender.mail_address))
    message["Subject"] = " ".join(t(f"{text_id}.subject", **values).split())
    message["Date"] = format_datetime(at)
    closing = t("letter.closing", organisation=sender.organisation)
    body = f"{t(f'{text_id}.body', **values)}\n\n{closing}\n"
    message.set_content(body)
    message.add_alternative(_as_html(body, language), subtype="html")
    return message


def _as_html(body: str, language: str) -> str:
    """Return the text as simple HTML: paragraphs, line breaks, links."""
    paragraphs = []
    for paragraph in body.strip().split("\n\n"):
        escaped = LINK.sub(
            lambda found: f'<a href="{found[0]}">{found[0]}</a>', html.escape(paragraph)
        )
        paragraphs.append("<p>" + escaped.replace("\n", "<br>\n") + "</p>")
    return (
        f'<!doctype html>\n<html lang="{language.replace("_", "-")}"><meta charset="utf-8">\n'
        "<body style=\"font:16px/1.7 -apple-system,'PingFang SC','Microsoft YaHei',sans-serif;"
        'color:#1c2430;max-width:40em;margin:1em auto;padding:0 1em">\n'
        + "\n".join(paragraphs)
        + "\n</body></html>\n"
    )
