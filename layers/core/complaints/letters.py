"""The letters to complainants and staff, written from the catalogue (A7, D1, D2, E3).

The office may have put other words in the catalogue's place (`wording`). Each letter is plain text
and the same as HTML. Nothing that was received ever becomes a header: subjects are made of the
office's words and our own number.
"""

import base64
import html
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from email.header import Header
from email.headerregistry import (
    Address,
    BaseHeader,
    HeaderRegistry,
    UniqueAddressHeader,
    UnstructuredHeader,
)
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, formataddr
from typing import Any
from urllib.parse import quote

import msgspec

from complaints.models import Complaint, Contact, Dossier, Letter
from complaints.number import complaint_number, format_code, reply_address, tracking_code
from complaints.office import Office
from complaints.pages import instant, money
from complaints.parts import Notice
from complaints.proxies import addressee, copies, reachable
from complaints.rounds import promised_at
from complaints.texts import LANGUAGES, Texts, texts
from complaints.wording import Wording, fill, in_place_of

LINE = 76
"""Length of a line with encoded words (RFC 2047, 2)."""
LINK = re.compile(r"https?://[\w/?#\[\]@!$&'()*+,;=:.~%-]*[\w/#=~-]", re.ASCII)
TO_COMPLAINANT = (
    *("acknowledgement", "proxy_received", "progress", "proxy_progress", "question", "extension"),
    *("apology", "update", "notice", "payout", "survey", "voided"),
    *("erasure_kept", "erasure_refused", "erased"),
)
"""Kinds of letters to complainants and proxies, in the order in which they may come."""
TO_STAFF = frozenset(
    {
        *("reminder", "escalation", "by_hand", "passed_on", "resumed", "extension_asked"),
        *("emergency", "emergency_news", "incident", "withdrawn"),
        *("ordered", "returned", "grouped", "voiding", "undelivered", "threat"),
    }
)
"""Kinds of letters about a complaint that go to members of staff."""
EDITABLE = (
    *(f"letter.{kind}" for kind in TO_COMPLAINANT),
    *(f"staff_letter.{kind}" for kind in sorted(TO_STAFF)),
)
"""The letters whose words the office may change, by the id of their texts."""
ENDED_BY_REQUEST = frozenset({"survey"})
"""Kinds that a complainant may decline; the answer and the news of it always come (RFC 8058)."""
LIMIT_OF = {"emergency": "emergency", "incident": "statement"}
"""Which clock such a letter names; others name the stage's own."""
REFERENCES = 10
"""How many of the mails before are named; more would only lengthen the header."""
MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,500}>")
"""Ids that we repeat in a header of ours: plain ASCII, as the standard has it."""
UNSAFE_IN_NAME = re.compile(r"[/@<>{}\\]|www\.|[a-z0-9]\.[a-z]{2}|^.{61}", re.IGNORECASE)
"""What makes a name an advertisement: whoever gives it may have given somebody else's address."""
UNSAFE_IN_ID = re.compile(r"[^A-Za-z0-9.-]")
"""What an id of ours never has."""


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """Who writes: the organisation's name, its address for complaints, its site and phone."""

    organisation: str
    mail_address: str
    site_url: str
    phone: str = ""
    plus_addresses: bool = True
    """Whether mail to the address with a plus part arrives too; not every mail service takes it."""


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """A letter as it is read: one line of subject, and the text."""

    subject: str
    text: str

    @property
    def paragraphs(self) -> str:
        """The text as HTML: paragraphs, line breaks, links; everything else escaped."""
        return as_paragraphs(self.text)


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file that goes with a letter."""

    name: str
    """As its reader sees it, in any script."""
    content_type: str
    content: bytes


class Verbatim(UnstructuredHeader, BaseHeader):
    """Ids and addresses in brackets: folded between them, none ever encoded or broken.

    The library writes an id longer than a line as encoded words, and mail programs lose the thread.
    """

    def fold(self, *, policy: Policy) -> str:
        """Write the header with one of them a line."""
        return f"{self.name}: " + f"{policy.linesep} ".join(self.split()) + policy.linesep


class Writer(UniqueAddressHeader, BaseHeader):  # type: ignore[misc]  # stubs disagree
    """Who writes: the name on the first line, however long it is once encoded.

    The library leaves the first line empty before a long word, and some mail servers dislike that.
    """

    def fold(self, *, policy: Policy) -> str:
        """Write the name in encoded words of their own lines, then the address."""
        (writer,) = self.addresses
        if writer.display_name.isascii():
            return f"{self.name}: {writer}{policy.linesep}"
        name = Header(writer.display_name, maxlinelen=LINE, header_name=self.name)
        encoded = name.encode(linesep=policy.linesep)
        return f"{self.name}: {encoded}{policy.linesep} <{writer.addr_spec}>{policy.linesep}"


class Title(UnstructuredHeader, BaseHeader):
    """A subject in encoded words of at most 75 characters (RFC 2047, 2).

    The library's own folding writes some of 76, which not every program reads.
    """

    def fold(self, *, policy: Policy) -> str:
        """Write the header, encoded where it is more than printable ASCII."""
        charset = None if self.isascii() and self.isprintable() else "utf-8"
        words = Header(self, charset, maxlinelen=LINE, header_name=self.name)
        return f"{self.name}: {words.encode(linesep=policy.linesep)}{policy.linesep}"


class Parameters(UnstructuredHeader, BaseHeader):
    """A kind and its parameters, one a line, as they are: a name is written twice (`attach`).

    The library would read the encoded words of one way, and write them in the other.
    """

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        """Take the header as it stands."""
        super().parse("", kwds)
        kwds["decoded"] = value

    def fold(self, *, policy: Policy) -> str:
        """Write the header with one parameter a line."""
        return f"{self.name}: " + f";{policy.linesep} ".join(self.split("; ")) + policy.linesep


HEADERS = HeaderRegistry()
HEADERS.map_to_type("from", Writer)
HEADERS.map_to_type("subject", Title)
for verbatim in ("message-id", "in-reply-to", "references", "list-unsubscribe"):
    HEADERS.map_to_type(verbatim, Verbatim)
WRITING = SMTP.clone(header_factory=HEADERS, cte_type="7bit")
"""Seven bits on every line: not every mail system on the way takes eight."""
OF_A_FILE = HeaderRegistry()
for described in ("content-type", "content-disposition"):
    OF_A_FILE.map_to_type(described, Parameters)


def tracking_link(complaint: Complaint, site_url: str) -> str:
    """Return the private link under which a complainant follows the complaint."""
    return f"{site_url}/track/{complaint.complaint_id}/{complaint.tracking_code}"


def message_id_of(complaint_id: str, letter_id: str, domain: str) -> str:
    """Return the Message-ID of a letter: one however often that letter is written (RFC 5322 3.6.4).

    >>> message_id_of("TS-20261120-000001", "000003-notice", "example.cn")
    '<ts-20261120-000001.000003-notice@example.cn>'
    """
    left, right = f"{complaint_id}.{letter_id}", domain.rpartition("@")[2]
    return f"<{UNSAFE_IN_ID.sub('-', left)}@{UNSAFE_IN_ID.sub('-', right)}>".lower()


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
    to nobody where there is none. `words` are what a member of staff wrote for it. What the
    complainant declined (ENDED_BY_REQUEST) is owed to nobody.
    """
    if kind in ENDED_BY_REQUEST and complaint.survey_declined_at:
        return ()
    to = reachable(dossier).email
    letter = owed(complaint, kind, to, dossier.contacts, at=at).replace(words=words)
    return (*((letter,) if to else ()), *copies(letter, dossier))


def to_complainant(
    letter: Letter,
    dossier: Dossier,
    sender: Sender,
    office: Office,
    *,
    at: datetime,
    wording: Wording | None = None,
) -> EmailMessage:
    """Write a letter to the complainant; `wording` goes before the catalogue's words."""
    complaint = dossier.complaint
    words = words_to_complainant(letter, dossier, sender, office, wording=wording)
    message = _message(words, letter.to, letter.language, sender, at=at)
    message["Message-ID"] = message_id_of(
        complaint.complaint_id, letter.letter_id, sender.mail_address
    )
    if sender.plus_addresses:
        message["Reply-To"] = reply_address(
            sender.mail_address, complaint.complaint_id, complaint.tracking_code
        )
    if letter.references:
        message["In-Reply-To"] = letter.references[-1]
        message["References"] = " ".join(letter.references)
    message["Auto-Submitted"] = (
        "auto-replied" if letter.kind == "acknowledgement" else "auto-generated"
    )
    if letter.kind in ENDED_BY_REQUEST:
        message["List-Unsubscribe"] = f"<{tracking_link(complaint, sender.site_url)}/no-survey>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return message


def words_to_complainant(
    letter: Letter,
    dossier: Dossier,
    sender: Sender,
    office: Office,
    *,
    wording: Wording | None = None,
) -> Words:
    """Return a letter to the complainant as it is read, with the closing."""
    complaint, t = dossier.complaint, texts(letter.language)
    finding = dossier.findings[-1] if dossier.findings else None
    # Of a merged complaint the reply is in `words`; what another one is paid is not told.
    pays = finding.compensation if finding and not letter.words else None
    calls = "phone" in office.policy.feedback_ways and reachable(dossier).phone
    values = {
        "name": _called(addressee(letter.to, dossier)) or t("letter.unnamed"),
        "organisation": sender.organisation,
        "number": complaint.complaint_id,
        "code": format_code(complaint.tracking_code),
        "link": tracking_link(complaint, sender.site_url),
        "promised": instant(promised_at(complaint, office), t, office.zone),
        "received": instant(complaint.received_at, t, office.zone),
        "reply": letter.words or (finding.reply if finding else ""),
        "compensation": t("letter.part.compensation", amount=money(pays)) if pays else "",
        "call": t("letter.part.call") if calls else "",
        # A merged complaint goes the way of its main one: its complainant is not asked (B5).
        "answer": t("letter.part.answer_merged" if complaint.merged_into else "letter.part.answer"),
        "days": office.policy.follow_up.quiet_days,
        "words": letter.words,
        "stage": stage_words(complaint, t),
        "mail": sender.mail_address,
    }
    return written(f"letter.{letter.kind}", letter.language, values, sender, wording=wording)


def _called(name: str) -> str:
    """Return how somebody is addressed; empty for what is no name but an advertisement."""
    plain = " ".join("".join(one for one in name if one.isprintable()).split())
    return "" if UNSAFE_IN_NAME.search(plain) else plain


def about(
    letter: Letter,
    complaint: Complaint,
    sender: Sender,
    office: Office,
    *,
    at: datetime,
    notice: Notice | None = None,
    wording: Wording | None = None,
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
        "stage": stage_words(complaint, t),
        "limit": limit_words(what, t),
        "note": t("staff_letter.note.gone") if notice and notice.instead_of else "",
        "due": local(due_at, office) if due_at else "",
        "link": f"{sender.site_url}/staff/complaints/{complaint.complaint_id}",
    }
    message = to_staff(
        letter.kind,
        letter.to,
        values,
        sender,
        at=at,
        language=letter.language,
        wording=wording,
    )
    message["Message-ID"] = message_id_of(
        complaint.complaint_id, letter.letter_id, sender.mail_address
    )
    return message


def stage_words(complaint: Complaint, t: Texts) -> str:
    """Say how far a complaint is, as everybody may know it."""
    return t(f"status.{'voided' if complaint.voided else complaint.status}")


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
    wording: Wording | None = None,
) -> EmailMessage:
    """Write a letter to a member of staff: a reminder, an escalation, a report."""
    words = written(f"staff_letter.{kind}", language, values, sender, wording=wording)
    message = _message(words, to, language, sender, at=at)
    message["Auto-Submitted"] = "auto-generated"
    return message


def local(instant: datetime, office: Office) -> str:
    """Write an instant as the people of the office read it: `2026-11-20 16:30`."""
    return f"{instant.astimezone(office.zone):%Y-%m-%d %H:%M}"


def written(
    text_id: str,
    language: str,
    values: Mapping[str, object],
    sender: Sender,
    *,
    wording: Wording | None = None,
) -> Words:
    """Return a letter as it is read: these values in the office's words, or the catalogue's."""
    t = texts(language)
    subject, body = in_place_of(text_id, wording, t)
    closing = [t("letter.closing", organisation=sender.organisation)]
    if sender.phone and text_id.startswith("letter."):
        closing.append(t("letter.closing.phone", phone=sender.phone))
    ending = "\n".join(closing)
    return Words(
        subject=" ".join(fill(subject, values).split()),
        text=f"{fill(body, values)}\n\n{ending}\n",
    )


def written_in(letter: str) -> tuple[str, ...]:
    """Return the languages that a letter is written in; colleagues are written to in the first.

    >>> written_in("letter.notice"), written_in("staff_letter.reminder")
    (('zh_CN', 'en'), ('zh_CN',))
    """
    return LANGUAGES if letter.startswith("letter.") else LANGUAGES[:1]


def sample_values(language: str, sender: Sender, office: Office, *, at: datetime) -> dict[str, str]:
    """Return a value for every placeholder of every letter, to show what a wording looks like."""
    t = texts(language)
    number, code = complaint_number("TS", at.year, 123, 6), tracking_code(bytes(range(8)))
    soon = instant(at + timedelta(days=3), t, office.zone)
    return {
        "name": t("wording.sample.name"),
        "organisation": sender.organisation,
        "number": number,
        "code": format_code(code),
        "link": f"{sender.site_url}/track/{number}/{code}",
        "promised": soon,
        "due": soon,
        "received": instant(at, t, office.zone),
        "reply": t("wording.sample.reply"),
        "words": t("wording.sample.words"),
        "compensation": t("letter.part.compensation", amount=money(20_000)),
        "call": t("letter.part.call"),
        "answer": t("letter.part.answer"),
        "days": str(office.policy.follow_up.quiet_days),
        "stage": t("status.assessed"),
        "limit": limit_words("", t),
        "note": t("staff_letter.note.gone"),
        "mail": sender.mail_address,
    }


def _message(words: Words, to: str, language: str, sender: Sender, *, at: datetime) -> EmailMessage:
    """Return a message with both bodies and everything that is always there.

    Raises ValueError for what is not exactly one address that every mail system takes: a letter is
    never sent to somebody else beside.
    """
    message = EmailMessage(policy=WRITING)
    message["From"] = formataddr((sender.organisation, sender.mail_address))
    message["To"] = _mailbox(to)
    message["Subject"] = words.subject
    message["Date"] = format_datetime(at)
    # Not `All`: that would silence the report that the letter did not arrive.
    message["X-Auto-Response-Suppress"] = "DR, RN, NRN, OOF, AutoReply"
    message.set_content(words.text)
    message.add_alternative(_as_html(words, language), subtype="html")
    message["Content-Language"] = _tag(language)
    return message


def attach(message: EmailMessage, attachment: Attachment) -> None:
    """Add a file to a letter, with a name that every mail program reads.

    The standard has the name in percent signs (RFC 2231). QQ Mail and older Outlook read it as
    encoded words (RFC 2047) instead, so it stands there in both ways, and those who know the
    standard go by the first.
    """
    part = EmailMessage(policy=WRITING.clone(header_factory=OF_A_FILE))
    part.add_header("Content-Transfer-Encoding", "base64")
    name = f"name={_quoted(attachment.name)}"
    named = f"filename={_quoted(attachment.name)}"
    if not attachment.name.isascii():
        named += f"; filename*=utf-8''{quote(attachment.name, safe='')}"
    part["Content-Type"] = f"{attachment.content_type}; {name}"
    part["Content-Disposition"] = f"attachment; {named}"
    part.set_payload(base64.encodebytes(attachment.content).decode("ascii"))
    if not message.is_multipart() or message.get_content_subtype() != "mixed":
        message.make_mixed()
    message.attach(part)


def _quoted(name: str) -> str:
    """Return a name between quotation marks; in encoded words where it is not ASCII."""
    plain = "".join("_" if one in '"\\/' or not one.isprintable() else one for one in name)
    words = plain if plain.isascii() else Header(plain, "utf-8", maxlinelen=75).encode(linesep="")
    return f'"{words}"'


def _mailbox(address: str) -> Address:
    """Return one address, its domain in ASCII; raises ValueError for anything else."""
    found = Address(addr_spec=address)
    if not found.username.isascii():
        raise ValueError("the part before the @ is not ASCII")
    domain = found.domain.encode("idna").decode()
    return Address(username=found.username, domain=domain)


def _tag(language: str) -> str:
    return texts(language).language.replace("_", "-")


def as_paragraphs(text: str) -> str:
    r"""Return a text as HTML: paragraphs, line breaks, links; everything else escaped.

    >>> as_paragraphs("a < b\nc")
    '<p>a &lt; b<br>\nc</p>'
    """
    paragraphs = (_linked(one).replace("\n", "<br>\n") for one in text.strip().split("\n\n"))
    return "\n".join(f"<p>{one}</p>" for one in paragraphs)


def _linked(paragraph: str) -> str:
    parts, end = [], 0
    for found in LINK.finditer(paragraph):
        address = html.escape(found[0])
        before = html.escape(paragraph[end : found.start()])
        parts.append(f'{before}<a href="{address}">{address}</a>')
        end = found.end()
    return "".join((*parts, html.escape(paragraph[end:])))


def _as_html(words: Words, language: str) -> str:
    """Return a letter as a page of its own: large enough for a phone, long words broken."""
    return (
        f'<!doctype html>\n<html lang="{_tag(language)}">\n<head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(words.subject)}</title></head>\n"
        "<body style=\"font:17px/1.7 -apple-system,'PingFang SC','Microsoft YaHei',sans-serif;"
        "color:#1c2430;background:#ffffff;max-width:38em;margin:0 auto;padding:16px;"
        f'overflow-wrap:anywhere">\n{words.paragraphs}\n</body></html>\n'
    )
