"""Intake, mail: a raw mail in the mail bucket becomes a complaint, or joins one (A1, A13).

Each mail ends as exactly one of: a complaint, a contact of one, a known duplicate, or quarantine
with its reason. The original stays in the mail bucket, bit for bit.
"""

import hashlib
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from complaints.aws import evidence, quarantine
from complaints.aws.desk import line
from complaints.aws.repository import ComplaintRepository, ConflictError, UnknownComplaintError
from complaints.aws.runtime import Event, client, logger
from complaints.aws.settings import load_settings, resource
from complaints.mail import Disposition, Mail, parse
from complaints.models import Channel, Complainant, Contact, File
from complaints.number import parse_number, parse_reply_address, reply_token
from complaints.texts import language_of

LONGEST_TEXT = 50_000
"""Characters of a mail that are kept beside the original, which is kept whole."""


def handler(event: Event, _context: object) -> Event:
    """Read each mail that the queue names; one that fails comes again, and stops no other."""
    failures = []
    for message in event["Records"]:
        try:
            for key in keys_of(message):
                take(key)
        except Exception:  # noqa: BLE001 - one mail must not stop the others
            logger.exception("mail not taken", message_id=message["messageId"])
            failures.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failures}


def keys_of(message: dict[str, Any]) -> list[str]:
    """Return the keys that an S3 notification names; none for the test that S3 sends at first."""
    notice = msgspec.json.decode(message["body"])
    return [unquote_plus(record["s3"]["object"]["key"]) for record in notice.get("Records", [])]


def take(key: str) -> None:
    """Read one mail and do with it what it is for."""
    stored = client("s3").get_object(Bucket=resource("MAIL_BUCKET"), Key=key)
    raw, received_at = stored["Body"].read(), stored["LastModified"]
    mail = parse(raw, own=(load_settings().mail_address,))
    if reason := set_aside(mail):
        quarantine.put(_quarantined(key, reason, received_at, mail, len(raw)))
        return
    contact = contact_of(key, raw, mail, received_at)
    claimed = f"mail:{mail.message_id}" if mail.message_id else f"raw:{contact.contact_id}"
    try:
        join_or_register(mail, contact, claimed)
    except ConflictError:
        quarantine.put(_quarantined(key, "conflict", received_at, mail, len(raw)))


def set_aside(mail: Mail) -> str:
    """Return why a mail is neither complaint nor reply; "" for a person's mail.

    Machines are never answered (RFC 3834), and what the receiving service found harmful opens
    nothing.
    """
    if mail.disposition is Disposition.QUARANTINE:
        return mail.error.removeprefix("mail.")
    if mail.disposition is not Disposition.NEW_OR_REPLY:
        return str(mail.disposition)
    if "fail" in (mail.verdicts.get("virus"), mail.verdicts.get("spam")):
        return "verdict"
    return ""


def join_or_register(mail: Mail, contact: Contact, claimed: str) -> None:
    """Make the mail a contact of the complaint that it answers, or a new complaint.

    The same mail again finds what its first delivery made. Raises ConflictError if the same
    Message-ID came with other content: a person decides.
    """
    if complaint_id := find_thread(mail, claimed):
        line.add(complaint_id, contact, claimed=claimed, sender=mail.from_address)
        return
    complainant = Complainant(
        name=mail.from_name,
        email=mail.from_address,
        language=language_of(contact.text, load_settings().languages),
    )
    line.register(complainant, contact, claimed=claimed)


def find_thread(mail: Mail, claimed: str) -> str:
    """Return the complaint that a mail answers, or "".

    By our own reply address, whose token only our letters hold; by the mails that it refers to;
    by the number in the subject, if the complaint is the sender's, or the sender speaks for the
    complainant: guessing a number is no way in.
    """
    complaints = ComplaintRepository.from_env()
    for address in mail.to:
        if (found := parse_reply_address(address)) and _has_token(complaints, *found):
            return found[0]
    referred = [one for one in (mail.in_reply_to, *reversed(mail.references)) if one]
    if referred:
        holder = complaints.claimed_any([claimed, *(f"mail:{one}" for one in referred)])
        if holder:
            return holder.complaint_id
    number = parse_number(mail.subject)
    if number:
        try:
            dossier = complaints.dossier(number)
        except UnknownComplaintError:
            return ""
        speak = {dossier.complainant.email, *(proxy.email for proxy in dossier.proxies)}
        if mail.from_address.lower() in {one.lower() for one in speak if one}:
            return number
    return ""


def contact_of(key: str, raw: bytes, mail: Mail, received_at: datetime) -> Contact:
    """Keep the attachments as evidence; return the mail as a contact."""
    mark = hashlib.sha256(mail.message_id.encode() if mail.message_id else raw).hexdigest()[:16]
    original = File(
        key=key,
        name="original.eml",
        size=len(raw),
        sha256=hashlib.sha256(raw).hexdigest(),
        content_type="message/rfc822",
    )
    return Contact(
        contact_id=f"mail-{mark}",
        channel=Channel.EMAIL,
        received_at=received_at.replace(microsecond=0),
        by="complainant",
        subject=mail.subject,
        text=(mail.reply or mail.text)[:LONGEST_TEXT],
        files=tuple(
            evidence.keep(f"mail-{mark}", attachment.filename, attachment.payload)
            for attachment in mail.attachments
        ),
        message_id=mail.message_id,
        references=mail.references,
        original=original,
    )


def _has_token(complaints: ComplaintRepository, complaint_id: str, token: str) -> bool:
    try:
        return reply_token(complaints.get(complaint_id).tracking_code) == token
    except UnknownComplaintError:
        return False


def _quarantined(
    key: str, reason: str, received_at: datetime, mail: Mail, size: int
) -> quarantine.Quarantined:
    return quarantine.Quarantined(
        key=key,
        reason=reason,
        received_at=received_at.replace(microsecond=0),
        from_address=mail.from_address,
        size=size,
    )
