"""Mail in: a raw mail of the mail bucket becomes a complaint, or joins one (A1, A13).

Each mail ends as exactly one of: a complaint, a contact of one, a known duplicate, or quarantine
with its reason, where a person releases, attaches or discards it. The ledger says which. The
original stays in the mail bucket, bit for bit.
"""

import hashlib
from datetime import datetime, timedelta

import msgspec

from complaints.aws import evidence, mail_ledger, quarantine, senders
from complaints.aws.desk import intake, returns
from complaints.aws.directory import StaffDirectory
from complaints.aws.keys import KeyDestroyedError
from complaints.aws.mail_ledger import Became, Entry
from complaints.aws.quarantine import Discard, Quarantined, State
from complaints.aws.registration import ConflictError, ExpectedElsewhereError, Registry
from complaints.aws.repository import (
    ComplaintRepository,
    StaleComplaintError,
    UnknownComplaintError,
)
from complaints.aws.runtime import client, now
from complaints.aws.settings import load_settings, resource
from complaints.history import canonical
from complaints.lifecycle import InvalidInputError, NotAllowedError
from complaints.mail import Disposition, Mail, parse
from complaints.mail_forwarded import forwarded_original
from complaints.mail_signs import judged
from complaints.models import Channel, Complainant, Contact, File, Record, Staff
from complaints.number import parse_reply_address, reply_token
from complaints.people import day_of, has_left
from complaints.returned import number_in
from complaints.roles import may_sort_mail
from complaints.texts import language_of

LONGEST_TEXT = 50_000
"""Characters of a mail that are kept beside the original, which is kept whole."""
LONGEST_SUBJECT = 200
LATEST = timedelta(days=14)
"""How long a mail may have lain in a mailbox before it was fetched."""
MOST_EXPECTED = 10
"""Mails that a mail refers to and that are waited for: the newest ones."""
TRIES = 3
BY_INTAKE = "intake"
FROM_STAFF = frozenset({"staff_unproven", "forward_incomplete"})
"""Reasons of mails that a member of staff sent on, or somebody under such an address."""


class HeldError(Exception):
    """A mail that a person must look at; `reason` is the id of its sentence."""

    def __init__(self, reason: str, complaint_id: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.complaint_id = complaint_id


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """A raw mail as it lies in the bucket, and as read."""

    key: str
    raw: bytes
    arrived: datetime
    mail: Mail
    delivered: datetime
    """When it reached the mailbox that it was fetched from; limits count from then."""

    @property
    def claimed(self) -> str:
        """What makes it one and the same mail, also where it lies in the bucket twice.

        Its Message-ID. Without one what its writer made, with the instant of writing; without that
        the bytes as they came.
        """
        mail = self.mail
        if mail.message_id:
            return f"mail:{mail.message_id}"
        if not mail.date:
            return f"raw:{hashlib.sha256(self.raw).hexdigest()}"
        files = [one.sha256 for one in mail.attachments]
        made = [mail.from_address, f"{mail.date}", mail.subject, mail.text, *files]
        return f"written:{hashlib.sha256(canonical(made)).hexdigest()}"


class Brought(Record, frozen=True, kw_only=True):
    """A mail as it is taken in: who complains, what was said, and what makes it one."""

    complainant: Complainant
    contact: Contact
    claimed: str


# ---- intake --------------------------------------------------------------------------------


def take(key: str) -> None:
    """Read one mail, do with it what it is for, and enter in the ledger what it became."""
    arrival = fetch(key)
    mail_ledger.enter(key, arrival.arrived, _become(arrival))


def fetch(key: str) -> Arrival:
    """Return a raw mail of the bucket, read."""
    stored = client("s3").get_object(Bucket=resource("MAIL_BUCKET"), Key=key)
    raw, settings = stored["Body"].read(), load_settings()
    arrived = stored["LastModified"].replace(microsecond=0)
    return Arrival(
        key=key,
        raw=raw,
        arrived=arrived,
        delivered=delivered(stored["Metadata"].get("arrived-at", ""), arrived),
        mail=parse(raw, own=(settings.mail_address,), trusted=settings.mail_stamped_by),
    )


def delivered(said: str, arrived: datetime) -> datetime:
    """Return when a mail was delivered: as the mailbox said, if that is before we had it.

    Not more than `LATEST`: the date of a mail that somebody moved there is no promise of ours.
    """
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return arrived
    return at if at.tzinfo and arrived - LATEST <= at <= arrived else arrived


def set_aside(mail: Mail) -> str:
    """Return why a mail is neither complaint nor reply; "" for a person's mail.

    Machines are never answered (RFC 3834), and what the receiving service could not find harmless
    opens nothing until a person has looked.
    """
    if mail.disposition is Disposition.QUARANTINE:
        return mail.error.removeprefix("mail.")
    if mail.disposition is Disposition.AUTO_REPLY and returns.is_feedback(mail):
        return "feedback"
    if mail.disposition is not Disposition.NEW_OR_REPLY:
        return str(mail.disposition)
    return judged(mail.verdicts, stamps=bool(load_settings().mail_stamped_by)).reason


def _become(arrival: Arrival) -> Entry:
    """Do with a mail what it is for; return what it became."""
    mail, reason = arrival.mail, set_aside(arrival.mail)
    if reason in {"bounce", "feedback"}:
        return _hold(arrival, reason, returns.note(mail), is_done=True)
    if reason == "auto_reply":
        return _hold(arrival, reason, returns.thread_of(mail))
    if reason:
        return _hold(arrival, reason)
    try:
        staff = _sender_of_staff(mail)
        return _take_in(arrival, _brought(arrival, staff), staff)
    except (HeldError, ConflictError, KeyDestroyedError) as error:
        return _hold(arrival, *_why_held(error))


def _why_held(error: Exception) -> tuple[str, str]:
    """Return why a mail is held, and the complaint that it seems to be about."""
    match error:
        case HeldError():
            return error.reason, error.complaint_id
        case ConflictError():
            return "conflict", error.complaint_id
    return "erased", ""  # a copy of a mail whose complaint was erased


def _hold(arrival: Arrival, reason: str, complaint_id: str = "", *, is_done: bool = False) -> Entry:
    """Put a mail into quarantine; what is noted with its complaint already waits for nobody."""
    row = _row(arrival, reason).replace(complaint_id=complaint_id)
    if is_done and complaint_id:
        row = row.replace(state=State.ATTACHED, by=BY_INTAKE, at=now())
    quarantine.put(row)
    return Entry(became=Became.QUARANTINE, complaint_id=complaint_id)


def _row(arrival: Arrival, reason: str) -> Quarantined:
    return Quarantined(
        key=arrival.key,
        reason=reason,
        received_at=arrival.arrived,
        from_address=arrival.mail.from_address,
        size=len(arrival.raw),
        subject=arrival.mail.subject[:LONGEST_SUBJECT],
    )


# ---- a person's mail -----------------------------------------------------------------------


def _take_in(arrival: Arrival, brought: Brought, staff: Staff | None = None) -> Entry:
    """Make a mail a contact of the complaint that it answers, or a new complaint.

    The same mail again finds what its first delivery made. Raises ConflictError if the same
    Message-ID came with other content, HeldError for what a person must look at.
    """
    for _ in range(TRIES):
        complaint_id, expected = _thread(arrival.mail, brought.claimed)
        if complaint_id:
            return _join(complaint_id, arrival, brought)
        try:
            return _register(arrival, brought, expected, staff)
        except ExpectedElsewhereError:
            continue  # the mail that this one answers has come in between
    raise StaleComplaintError("no thread could be found or begun")


def _thread(mail: Mail, claimed: str) -> tuple[str, list[str]]:
    """Return the complaint that a mail answers, or "" and the claims of what it refers to.

    By our own reply address, whose token only our letters hold; by the mails that it refers to; by
    the number in the subject or in an id of ours, if the complaint is the sender's, or the sender
    speaks for the complainant: guessing a number is no way in. What only was referred to before
    binds its own people: many may answer one circular, each with a complaint of their own.
    """
    complaints = ComplaintRepository.from_env()
    for address in mail.to:
        if (found := parse_reply_address(address)) and _has_token(complaints, *found):
            return found[0], []
    referred = [f"mail:{one}" for one in (mail.in_reply_to, *reversed(mail.references)) if one]
    holders = Registry.from_env().holders([claimed, *referred]) if referred else {}
    for holder in holders.values():
        if holder.digest and _is_erased(complaints, holder.complaint_id):
            continue
        if holder.digest or _speaks(complaints, holder.complaint_id, mail.from_address):
            return holder.complaint_id, []
    number = number_in(mail.subject, mail.in_reply_to, *reversed(mail.references[-MOST_EXPECTED:]))
    if number and _speaks(complaints, number, mail.from_address):
        return number, []
    return "", [one for one in dict.fromkeys(referred) if one not in holders][:MOST_EXPECTED]


def _is_erased(complaints: ComplaintRepository, complaint_id: str) -> bool:
    """Return whether a complaint takes nothing up any more: what answers it is a new one."""
    erasure = complaints.get(complaint_id).erasure
    return erasure is not None and erasure.begun_at is not None


def _join(
    complaint_id: str, arrival: Arrival, brought: Brought, *, is_expected: bool = False
) -> Entry:
    """Add a mail to its complaint, once; raises ConflictError for a known id with other words.

    `is_expected` says that the complaint has the claim already, for what it only referred to.
    """
    contact, sender = brought.contact, arrival.mail.from_address
    claimed = "" if is_expected else brought.claimed
    on_file: list[Contact] = []
    try:
        intake.add(complaint_id, contact, claimed=claimed, sender=sender, known=on_file.append)
    except StaleComplaintError:
        holder = Registry.from_env().claimed(claimed) if claimed else None
        if holder is None:
            raise
        if not holder.digest:
            return _join(complaint_id, arrival, brought, is_expected=True)
        if holder.digest != intake.digest_of(contact):
            raise ConflictError(
                "the same id came elsewhere", complaint_id=holder.complaint_id
            ) from None
        return Entry(became=Became.DUPLICATE, complaint_id=holder.complaint_id)
    is_copy = any(not _is_from(one, arrival) for one in on_file)
    became = Became.DUPLICATE if is_copy else Became.CONTACT
    return Entry(became=became, complaint_id=complaint_id)


def _register(
    arrival: Arrival, brought: Brought, expected: list[str], staff: Staff | None
) -> Entry:
    """Register a mail as a complaint; who writes often is acknowledged later, or held.

    Raises HeldError for a flood; ConflictError and ExpectedElsewhereError as `intake.register`.
    """
    sender, claimed, at = brought.complainant.email, brought.claimed, now()
    prompt = not sender or senders.may_acknowledge(sender, arrival.claimed, at)
    if not prompt and not staff and senders.is_flood(sender, arrival.claimed, at):
        raise HeldError("flood")
    try:
        complaint, is_new = intake.register(
            brought.complainant,
            brought.contact,
            claimed=claimed,
            later=not prompt,
            expected=[one for one in expected if one != claimed],
        )
    except ConflictError as conflict:
        holder = Registry.from_env().claimed(claimed)
        if holder is None or holder.digest:
            raise
        # Another mail referred to this one before it came.
        if _speaks(ComplaintRepository.from_env(), conflict.complaint_id, sender):
            return _join(conflict.complaint_id, arrival, brought, is_expected=True)
        own = brought.replace(claimed=f"{claimed}:{sender.lower()}")
        return _register(arrival, own, expected, staff)
    complaint_id, became = complaint.complaint_id, Became.COMPLAINT
    if not is_new:
        contact_id = brought.contact.contact_id
        on_file = ComplaintRepository.from_env().contact(complaint_id, contact_id)
        became = Became.COMPLAINT if _is_from(on_file, arrival) else Became.DUPLICATE
    return Entry(became=became, complaint_id=complaint_id)


def _is_from(contact: Contact, arrival: Arrival) -> bool:
    """Return whether a contact was made of this very object, and not of one more copy of it."""
    return contact.original is not None and contact.original.key == arrival.key


def _brought(arrival: Arrival, staff: Staff | None) -> Brought:
    """Return a mail as it is taken in.

    What a member of staff sends on is the complaint of who wrote it first; the member of staff is
    who brought it. Raises HeldError where that cannot be told.
    """
    contact = contact_of(arrival, arrival.claimed)
    if staff is None:
        return _of_sender(arrival, contact)
    contact = contact.replace(by=staff.username)
    found, own = forwarded_original(arrival.mail), _own_addresses(staff)
    if found and found.address and found.address.lower() not in own:
        text = found.text[:LONGEST_TEXT]
        return Brought(
            complainant=_complainant(found.name, found.address, text),
            contact=contact.replace(text=text or contact.text),
            claimed=arrival.claimed,
        )
    if _thread(arrival.mail, arrival.claimed)[0]:
        return _of_sender(arrival, contact)
    raise HeldError("forward_incomplete")


def _of_sender(arrival: Arrival, contact: Contact, name: str = "", email: str = "") -> Brought:
    """Return a mail as its sender's own complaint, or that of whoever is named."""
    mail = arrival.mail
    who = _complainant(name or mail.from_name, email or mail.from_address, contact.text)
    return Brought(complainant=who, contact=contact, claimed=arrival.claimed)


def _complainant(name: str, email: str, text: str) -> Complainant:
    language = language_of(text, load_settings().languages)
    return Complainant(name=name, email=email, language=language)


def _sender_of_staff(mail: Mail) -> Staff | None:
    """Return the member of staff whose mail this is; None for anybody else's.

    Only mail from our own domain is asked about, and what looks sent on. Raises HeldError where the
    receiving service did not prove the sender (DMARC): an address alone is quickly written.
    """
    domain = load_settings().mail_address.rpartition("@")[2].lower()
    sender = mail.from_address.lower()
    if sender.rpartition("@")[2] != domain and forwarded_original(mail) is None:
        return None
    today = day_of(now(), load_settings().office)
    for member in StaffDirectory.from_env().all():
        if member.email.lower() == sender and not has_left(member, today):
            if mail.verdicts.get("dmarc") != "pass":
                raise HeldError("staff_unproven")
            return member
    return None


def _own_addresses(staff: Staff) -> set[str]:
    return {staff.email.lower(), load_settings().mail_address.lower()}


def contact_of(arrival: Arrival, claimed: str) -> Contact:
    """Keep the attachments as evidence; return the mail as a contact."""
    mail, raw = arrival.mail, arrival.raw
    folder = evidence.folder_of(claimed)
    original = File(
        key=arrival.key,
        name="original.eml",
        size=len(raw),
        sha256=hashlib.sha256(raw).hexdigest(),
        content_type="message/rfc822",
    )
    return Contact(
        contact_id=folder,
        channel=Channel.EMAIL,
        received_at=arrival.delivered,
        by="complainant",
        subject=mail.subject,
        text=(mail.reply or mail.text)[:LONGEST_TEXT],
        files=tuple(
            evidence.keep(
                folder,
                attachment.filename,
                attachment.payload,
                flags=attachment.flags,
                claimed=claimed,
            )
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


def _speaks(complaints: ComplaintRepository, complaint_id: str, address: str) -> bool:
    """Return whether a complaint knows this address: its complainant's, or a proxy's."""
    try:
        dossier = complaints.dossier(complaint_id)
    except UnknownComplaintError:
        return False
    speak = {dossier.complainant.email, *(proxy.email for proxy in dossier.proxies)}
    return address.lower() in {one.lower() for one in speak if one}


# ---- what a person says of a mail in quarantine ----------------------------------------------


def release(key: str, *, staff: Staff, name: str = "", email: str = "") -> Quarantined:
    """Take a mail in after all: into its thread, or as a complaint of its sender.

    `name` and `email` say whose complaint it is, where that is not the sender's. Raises
    NotAllowedError, UnknownMailError, SettledError, and InvalidInputError for a mail that nothing
    can be read of.
    """
    row = _waiting(key, staff)
    arrival = fetch(key)
    mail = arrival.mail
    if not (mail.text.strip() or mail.subject or mail.attachments):
        raise InvalidInputError("nothing to read", text_id="error.mail_unreadable")
    claimed = f"object:{key}" if row.reason == "conflict" else arrival.claimed
    contact = contact_of(arrival, claimed)
    brought = _released(row, arrival, contact, name, email, staff).replace(claimed=claimed)
    try:
        entry = _take_in(arrival, brought, staff)
    except ConflictError:
        # It has become known in between; a person has read it, and wants it.
        claimed = f"object:{key}"
        contact = contact_of(arrival, claimed).replace(by=brought.contact.by)
        entry = _take_in(arrival, brought.replace(claimed=claimed, contact=contact), staff)
    return _settle(row, State.RELEASED, staff, complaint_id=entry.complaint_id)


def _released(
    row: Quarantined, arrival: Arrival, contact: Contact, name: str, email: str, staff: Staff
) -> Brought:
    """Return a mail as the complaint of whoever is named, else of its sender.

    What a member of staff sent on is the complaint of who wrote it first, or of nobody known.
    """
    mail = arrival.mail
    is_named = email.lower() not in ("", mail.from_address.lower())
    if is_named or row.reason not in FROM_STAFF:
        brought = _of_sender(arrival, contact, name, email)
        by = staff.username if is_named else contact.by
        return brought.replace(contact=contact.replace(by=by))
    found = forwarded_original(mail)
    text = (found.text if found else contact.text)[:LONGEST_TEXT]
    named = name or (found.name if found else "")
    who = _complainant(named, found.address if found else "", text)
    contact = contact.replace(by=staff.username, text=text)
    return Brought(complainant=who, contact=contact, claimed=arrival.claimed)


def attach(key: str, complaint_id: str, *, staff: Staff) -> Quarantined:
    """Add a mail to the complaint that somebody names; the sender's own words are news there.

    Raises NotAllowedError, UnknownMailError, SettledError and UnknownComplaintError.
    """
    row = _waiting(key, staff)
    complaints, arrival = ComplaintRepository.from_env(), fetch(key)
    complaints.get(complaint_id)
    sender = arrival.mail.from_address
    contact = contact_of(arrival, f"object:{key}")
    if not _speaks(complaints, complaint_id, sender):
        contact = contact.replace(by=staff.username)
    held = Registry.from_env().claimed(arrival.claimed)
    intake.add(complaint_id, contact, claimed="" if held else arrival.claimed, sender=sender)
    return _settle(row, State.ATTACHED, staff, complaint_id=complaint_id)


def discard(key: str, reason: Discard, words: str, *, staff: Staff) -> Quarantined:
    """Say that nothing has to be done about a mail, and why; it stays where it is.

    Raises NotAllowedError, UnknownMailError, SettledError, and InvalidInputError without words.
    """
    row = _waiting(key, staff)
    if not words.strip():
        raise InvalidInputError("discarded without words", text_id="error.words_missing")
    return _settle(row, State.DISCARDED, staff, discarded=reason, words=words.strip())


def _waiting(key: str, staff: Staff) -> Quarantined:
    """Return the row of a mail that nobody has answered yet, to whoever may answer."""
    if not may_sort_mail(staff):
        raise NotAllowedError(f"{staff.username} may not sort mail")
    row = quarantine.get(key)
    if row.state is not State.WAITING:
        raise quarantine.settled(key)
    return row


def _settle(
    row: Quarantined,
    state: State,
    staff: Staff,
    *,
    complaint_id: str = "",
    discarded: Discard | None = None,
    words: str = "",
) -> Quarantined:
    answered = row.replace(
        state=state,
        by=staff.username,
        at=now(),
        complaint_id=complaint_id,
        discarded=discarded,
        words=words,
    )
    return quarantine.settle(answered)
