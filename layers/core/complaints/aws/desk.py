"""What people do to a complaint: load it, let the stage decide, save, resume the workflow.

The doors (`intake_email`, `intake_web`, `console`) all come through here, so that whatever is
done by mail, by form or by a member of staff is done in one and the same way.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime

from complaints import approve, classify, follow_up, intake, investigate, notify
from complaints.aws.items import Person
from complaints.aws.mailer import deliver
from complaints.aws.repository import (
    ComplaintRepository,
    ConflictError,
    Draft,
    StaleComplaintError,
)
from complaints.aws.runtime import logger, now, random_code, random_id, random_key
from complaints.aws.settings import load_settings, office_for
from complaints.aws.workflow import Workflow
from complaints.history import canonical
from complaints.letters import owed
from complaints.models import (
    Assessment,
    Channel,
    Complainant,
    Complaint,
    Contact,
    Decision,
    Dossier,
    Finding,
    Letter,
    Outcome,
    Record,
    Staff,
    Status,
    TrackingEntry,
)
from complaints.number import complaint_number
from complaints.office import Office

TRIES = 5
Verb = Callable[[Dossier, Office, datetime], tuple[Complaint, TrackingEntry]]
Parts = Callable[[Complaint, Dossier, datetime], tuple[Record, ...]]


def register(
    complainant: Complainant,
    contact: Contact,
    *,
    claimed: str,
    settled_on_spot: bool = False,
    acknowledge: bool = True,
) -> tuple[Complaint, bool]:
    """Register a complaint, start its workflow, acknowledge it; return it, and if it is new.

    `claimed` makes it one and the same: the Message-ID of a mail, the id of a form. What comes
    twice finds the first and starts its workflow if that didn't happen yet.

    Raises ConflictError if `claimed` is taken by other content.
    """
    complaints = ComplaintRepository.from_env()
    settings = load_settings()
    office = settings.office
    at = now()
    year = at.astimezone(office.zone).year
    code, key = random_code(), random_key()

    made: dict[str, Draft] = {}

    def draft(n: int) -> Draft:
        shape = office.policy.number
        complaint, entry = intake.receive(
            complainant,
            contact,
            complaint_id=complaint_number(shape.prefix, year, n, shape.digits),
            tracking_code=code,
            key=key,
            at=at,
            office=office,
            settled_on_spot=settled_on_spot,
        )
        letters = (
            (owed(complaint, "acknowledgement", complainant.email, [contact], at=at),)
            if acknowledge and complainant.email
            else ()
        )
        person = Person(complainant=complainant, key=key)
        parts = (contact, *letters)
        drafted = Draft(complaint=complaint, entry=entry, person=person, parts=parts)
        made[complaint.complaint_id] = drafted
        return drafted

    complaint_id, is_new = complaints.register(
        claimed, digest_of(contact), random_id(), year, draft
    )
    _go_on(lambda: Workflow.from_env().start(complaint_id))
    if not is_new or complaint_id not in made:
        return complaints.get(complaint_id), is_new
    complaint = made[complaint_id].complaint
    dossier = Dossier(complaint=complaint, complainant=complainant, key=key, contacts=(contact,))
    for part in made[complaint_id].parts:
        if isinstance(part, Letter):
            deliver(dossier, part, at=at)
    return complaint, is_new


def digest_of(contact: Contact) -> str:
    """Return the digest of what must be equal for two deliveries to be the same mail or form."""
    files = [file.sha256 for file in contact.files]
    words = [contact.subject, contact.text, contact.demand]
    return hashlib.sha256(canonical([*words, *files])).hexdigest()


def add(complaint_id: str, contact: Contact, *, claimed: str = "") -> Complaint:
    """Join one more contact to its complaint; the same one twice is one.

    `claimed` is the Message-ID of a mail: it is claimed for the complaint in the same save.
    Raises ConflictError if the complaint has it already, with other content.
    """

    def verb(dossier: Dossier, office: Office, at: datetime) -> tuple[Complaint, TrackingEntry]:
        return intake.add(dossier.complaint, contact, key=dossier.key, at=at, office=office)

    return _change(
        complaint_id,
        verb,
        lambda *_: (contact,),
        unless=lambda dossier: _has(dossier, contact),
        claimed=(claimed, digest_of(contact)) if claimed else None,
    )


def _has(dossier: Dossier, contact: Contact) -> bool:
    """Return whether a complaint has this contact already; ConflictError if it says else there."""
    for known in dossier.contacts:
        if known.contact_id == contact.contact_id:
            if digest_of(known) != digest_of(contact):
                complaint_id = dossier.complaint.complaint_id
                raise ConflictError("the same id came with other words", complaint_id=complaint_id)
            return True
    return False


def read_news(complaint_id: str, *, staff: Staff) -> Complaint:
    """Record that what the complainant added was read."""
    return _change(
        complaint_id,
        lambda dossier, _office, at: intake.read_news(dossier.complaint, staff=staff, at=at),
    )


def correct(
    complaint_id: str, assessment: Assessment, department: str, *, staff: Staff
) -> Complaint:
    """Correct type, urgency, severity and department of a complaint (B1)."""
    return _change(
        complaint_id,
        lambda dossier, office, at: classify.correct(
            dossier.complaint, assessment, department, staff=staff, at=at, office=office
        ),
    )


def assign(complaint_id: str, investigator: str, *, staff: Staff) -> Complaint:
    """Name the person who investigates."""
    return _change(
        complaint_id,
        lambda dossier, _office, at: investigate.assign(
            dossier.complaint, investigator, staff=staff, at=at
        ),
    )


def submit_finding(complaint_id: str, finding: Finding, *, staff: Staff) -> Complaint:
    """Close the investigation with its report."""
    return _change(
        complaint_id,
        lambda dossier, office, at: investigate.submit(
            dossier.complaint, finding, staff=staff, key=dossier.key, at=at, office=office
        ),
        lambda *_: (finding,),
    )


def decide(complaint_id: str, decision: Decision, *, staff: Staff) -> Complaint:
    """Approve a solution, which owes the written notice, or send it back."""
    return _change(
        complaint_id,
        lambda dossier, office, at: approve.decide(
            dossier.complaint,
            decision,
            dossier.complainant,
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
        ),
        lambda complaint, dossier, at: (
            decision,
            *_owed_at(Status.APPROVED, "notice", complaint, dossier, at),
        ),
    )


def post_notice(complaint_id: str, *, staff: Staff) -> Complaint:
    """Record that the written notice went out on paper."""
    return _change(
        complaint_id,
        lambda dossier, office, at: notify.post(
            dossier.complaint,
            dossier.complainant,
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
        ),
        _survey_if_responded,
    )


def confirm_by_phone(complaint_id: str, outcome: Outcome, words: str, *, staff: Staff) -> Complaint:
    """Record the call in which the notice was confirmed."""
    return _change(
        complaint_id,
        lambda dossier, office, at: notify.phone(
            dossier.complaint,
            dossier.complainant,
            outcome,
            words,
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
        ),
        lambda complaint, dossier, at: (
            *_said(complaint, words, staff.username, at),
            *_survey_if_responded(complaint, dossier, at),
        ),
    )


def answer_reply(complaint_id: str, outcome: Outcome, words: str) -> Complaint:
    """Record that the complainant accepts or refuses the reply."""
    return _change(
        complaint_id,
        lambda dossier, office, at: notify.answer(
            dossier.complaint,
            dossier.complainant,
            outcome,
            words,
            key=dossier.key,
            at=at,
            office=office,
        ),
        lambda complaint, dossier, at: (
            *_said(complaint, words, "complainant", at),
            *_survey_if_responded(complaint, dossier, at),
        ),
    )


def rate(complaint_id: str, outcome: Outcome, satisfaction: int | None, words: str) -> Complaint:
    """Record the survey as the complainant filled it in."""
    return _change(
        complaint_id,
        lambda dossier, office, at: follow_up.rate(
            dossier.complaint,
            outcome,
            satisfaction,
            words,
            key=dossier.key,
            at=at,
            office=office,
        ),
        lambda complaint, _dossier, at: _said(complaint, words, "complainant", at),
    )


def call_back(
    complaint_id: str, outcome: Outcome, satisfaction: int | None, words: str, *, staff: Staff
) -> Complaint:
    """Record a follow-up call."""
    return _change(
        complaint_id,
        lambda dossier, office, at: follow_up.call_back(
            dossier.complaint,
            outcome,
            satisfaction,
            words,
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
        ),
        lambda complaint, _dossier, at: _said(complaint, words, staff.username, at),
    )


def _change(
    complaint_id: str,
    verb: Verb,
    parts: Parts = lambda *_: (),
    *,
    unless: Callable[[Dossier], bool] = lambda _: False,
    claimed: tuple[str, str] | None = None,
) -> Complaint:
    """Load, decide, save with the parts that go with it; then send and resume what follows.

    Who finds that somebody else saved first loads again and decides again: the verb refuses what
    no longer fits, and joins what does.
    """
    complaints = ComplaintRepository.from_env()
    for attempt in range(TRIES):
        dossier = complaints.dossier(complaint_id)
        if unless(dossier):
            return dossier.complaint
        at, office = now(), office_for(dossier.complaint.policy)
        changed, entry = verb(dossier, office, at)
        kept = parts(changed, dossier, at)
        try:
            complaints.save(changed, entry, *kept, claimed=claimed)
        except StaleComplaintError:
            if attempt == TRIES - 1:
                raise
            continue
        break
    letters = [part for part in kept if isinstance(part, Letter)]
    if changed.status is not dossier.complaint.status:
        token = complaints.task_token(complaint_id)
        _go_on(lambda: Workflow.from_env().resume(changed, token))
    if letters:
        findings = tuple(part for part in kept if isinstance(part, Finding))
        told = dossier.replace(complaint=changed, findings=(*dossier.findings, *findings))
        for letter in letters:
            deliver(told, letter, at=at)
    return changed


def _go_on(move: Callable[[], None]) -> None:
    """Start or resume the workflow; what was saved is not undone by a workflow that can't move.

    `check_sla` finds the complaint in some minutes, by its `look_again_at`, and moves it then.
    """
    try:
        move()
    except Exception as error:  # noqa: BLE001 - whatever it is, the answer is saved
        logger.warning("workflow not moved", error=type(error).__name__)


def _said(complaint: Complaint, words: str, by: str, at: datetime) -> tuple[Contact, ...]:
    """Return what was said with an answer as a contact, so that the words are kept."""
    if not words.strip():
        return ()
    return (
        Contact(
            contact_id=f"{complaint.version:06}-answer",
            channel=Channel.WEB if by == "complainant" else Channel.PHONE,
            received_at=at,
            by=by,
            text=words,
        ),
    )


def _survey_if_responded(
    complaint: Complaint, dossier: Dossier, at: datetime
) -> tuple[Letter, ...]:
    """Return the invitation to the survey that is owed once the feedback is complete (D2)."""
    return _owed_at(Status.RESPONDED, "survey", complaint, dossier, at)


def _owed_at(
    status: Status, kind: str, complaint: Complaint, dossier: Dossier, at: datetime
) -> tuple[Letter, ...]:
    """Return the letter that a complaint owes when it reaches a status, if there is an address."""
    if complaint.status is not status or not dossier.complainant.email:
        return ()
    return (owed(complaint, kind, dossier.complainant.email, dossier.contacts, at=at),)
