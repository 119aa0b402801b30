"""Mail out: letters as they are owed, each sent once and kept with the words that were sent.

They go by SES, or where there is none by SMTP, as the deployment says.
"""

import os
from datetime import datetime
from email.message import EmailMessage
from email.utils import make_msgid

from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import client, logger
from complaints.aws.settings import load_settings, office_for
from complaints.aws.wordings import Wordings
from complaints.letters import (
    TO_STAFF,
    Attachment,
    Sender,
    Words,
    about,
    attach,
    to_complainant,
    words_to_complainant,
)
from complaints.models import Dossier, Letter
from complaints.office import Office
from complaints.texts import texts
from complaints.undelivered import is_lost, put_off, refused
from complaints.wording import Wording

NEVER = frozenset({"MessageRejected", "BadRequestException"})
"""What SES answers to a letter that it takes at no time; all else it says is of the account."""


class NotSentError(Exception):
    """A letter was not taken; the text is what the mail system said, in codes without an address.

    NotSentError
    └── RefusedError    nor will it ever be
    """


class RefusedError(NotSentError):
    """A letter was refused for good."""


def sender() -> Sender:
    """Return who writes, as deployed."""
    settings = load_settings()
    return Sender(
        organisation=settings.organisation,
        mail_address=settings.mail_address,
        site_url=settings.site_url,
        phone=settings.phone,
        plus_addresses=os.environ.get("PLUS_ADDRESSES") != "off",
    )


def send(message: EmailMessage) -> str:
    """Hand a message to SES, or to the SMTP server; return the Message-ID that it goes with.

    Bounces come to our own address. Raises RefusedError where it will never be taken, and anything
    else where it was not taken this time.
    """
    own = load_settings().mail_address
    if os.environ.get("MAIL_OUT") == "smtp":
        return _send_by_smtp(message, own)
    ses = client("sesv2")
    try:
        answer = ses.send_email(
            FromEmailAddress=own,
            Destination={"ToAddresses": [message["To"]]},
            Content={"Raw": {"Data": message.as_bytes()}},
        )
    except ses.exceptions.ClientError as error:
        code = error.response["Error"]["Code"]
        raise (RefusedError if code in NEVER else NotSentError)(code) from error
    return str(answer["MessageId"])


def _send_by_smtp(message: EmailMessage, own: str) -> str:
    # Loads its TLS with the first letter only, and where there is SES not at all.
    from complaints.aws import smtp

    if "Message-ID" not in message:
        message["Message-ID"] = make_msgid(domain=own.rpartition("@")[2])
    answers = smtp.send(message, envelope_from=own).values()
    for answer in sorted(answers, key=lambda one: -one.code):
        raise (RefusedError if answer.is_permanent else NotSentError)(str(answer))
    return str(message["Message-ID"])


def written(dossier: Dossier, letter: Letter, office: Office, *, at: datetime) -> EmailMessage:
    """Return a letter as it goes out now: in the office's words, where it has changed them."""
    wording = _wording(letter)
    if letter.kind not in TO_STAFF:
        return to_complainant(letter, dossier, sender(), office, at=at, wording=wording)
    notice = next((one for one in dossier.notices if one.notice_id == letter.notice_id), None)
    return about(letter, dossier.complaint, sender(), office, at=at, notice=notice, wording=wording)


def _attached(letter: Letter, dossier: Dossier, office: Office) -> tuple[Attachment, ...]:
    """Return the documents that go with a letter: with the decision its notice (D1)."""
    if letter.kind != "notice":
        return ()
    # Loads what prints with the first decision; most functions never send one.
    from complaints.aws import documents

    return documents.attached(dossier, office)


def read_as(dossier: Dossier, letter: Letter, office: Office) -> Words:
    """Return a letter to a complainant as it would be read if it went out now."""
    return words_to_complainant(letter, dossier, sender(), office, wording=_wording(letter))


def _wording(letter: Letter) -> Wording | None:
    family = "staff_letter" if letter.kind in TO_STAFF else "letter"
    language = texts(letter.language).language
    return Wordings.from_env().in_force(f"{family}.{letter.kind}", language)


def deliver(dossier: Dossier, letter: Letter, *, at: datetime) -> bool:
    """Send a letter that is owed, keep it with its words, and return whether it is sent.

    One that can't be sent now stays owed, and `check_sla` finds it: a letter never undoes what
    was saved with it. A crash between sending and keeping sends it again then: one too many is
    better than one that never came. One that is lost is not tried; `desk.undelivered` gives it up.
    """
    if letter.sent_at or letter.given_up_at:
        return True
    if is_lost(letter, at):
        return False
    complaints = ComplaintRepository.from_env()
    complaint_id = dossier.complaint.complaint_id
    office = office_for(dossier.complaint.policy)
    try:
        message = written(dossier, letter, office, at=at)
        for one in _attached(letter, dossier, office):
            attach(message, one)
        message_id = send(message)
    except RefusedError as error:
        logger.warning("letter refused", letter_id=letter.letter_id, code=str(error))
        complaints.put_off_letter(complaint_id, refused(letter, str(error), at=at))
        return False
    except Exception as error:  # noqa: BLE001 - whatever it is, the letter stays owed
        # Only the kind of an error that is not ours: its text may hold an address.
        code = str(error) if isinstance(error, NotSentError) else ""
        kind = type(error).__name__
        logger.warning("letter stays owed", letter_id=letter.letter_id, error=kind, code=code)
        complaints.put_off_letter(complaint_id, put_off(letter, at=at))
        return False
    body = message.get_body(("plain",))
    text = str(body.get_content()) if isinstance(body, EmailMessage) else ""
    sent = letter.replace(sent_at=at, message_id=message_id, text=text)
    complaints.keep_letter(complaint_id, sent)
    return True
