"""Mail out: letters as they are owed, each sent once and kept with the words that were sent."""

from datetime import datetime, timedelta
from email.message import EmailMessage

from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import client, logger
from complaints.aws.settings import load_settings, office_for
from complaints.letters import TO_STAFF, Sender, about, to_complainant
from complaints.models import Dossier, Letter

GIVE_UP = timedelta(days=3)
"""How long a letter that can't be sent is tried."""


def sender() -> Sender:
    """Return who writes, as deployed."""
    settings = load_settings()
    return Sender(
        organisation=settings.organisation,
        mail_address=settings.mail_address,
        site_url=settings.site_url,
    )


def send(message: EmailMessage) -> str:
    """Hand a message to SES; return the Message-ID that SES gives it."""
    answer = client("sesv2").send_email(
        FromEmailAddress=load_settings().mail_address,
        Destination={"ToAddresses": [message["To"]]},
        Content={"Raw": {"Data": message.as_bytes()}},
    )
    return str(answer["MessageId"])


def deliver(dossier: Dossier, letter: Letter, *, at: datetime) -> bool:
    """Send a letter that is owed, keep it with its words, and return whether it is sent.

    One that can't be sent now stays owed, and `check_sla` finds it: a letter never undoes what
    was saved with it. A crash between sending and keeping sends it again then: one too many is
    better than one that never came. What is refused for `GIVE_UP` is given up, and the console
    says so: an address that takes nothing must not keep the alarm ringing for ever.
    """
    if letter.sent_at or letter.given_up_at:
        return True
    complaints = ComplaintRepository.from_env()
    complaint_id = dossier.complaint.complaint_id
    office = office_for(dossier.complaint.policy)
    notice = next((one for one in dossier.notices if one.notice_id == letter.notice_id), None)
    try:
        message = (
            about(letter, dossier.complaint, sender(), office, at=at, notice=notice)
            if letter.kind in TO_STAFF
            else to_complainant(letter, dossier, sender(), office, at=at)
        )
        message_id = send(message)
    except Exception as error:  # noqa: BLE001 - whatever it is, the letter stays owed
        # Only the kind of error: its text may hold an address.
        logger.warning("letter stays owed", letter_id=letter.letter_id, error=type(error).__name__)
        if at - letter.queued_at >= GIVE_UP:
            complaints.keep_letter(complaint_id, letter.replace(given_up_at=at))
        return False
    body = message.get_body(("plain",))
    text = str(body.get_content()) if isinstance(body, EmailMessage) else ""
    sent = letter.replace(sent_at=at, message_id=message_id, text=text)
    complaints.keep_letter(complaint_id, sent)
    return True
