"""How an operation on a complaint is done: load, decide, save with what goes with it, go on."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TypeVar

import msgspec

from complaints import (
    check_sla,
    emergency,
    gates,
    group_incident,
    matters,
    severity,
)
from complaints.aws.directory import StaffDirectory
from complaints.aws.items import Person
from complaints.aws.mailer import deliver
from complaints.aws.repository import (
    Change,
    ComplaintRepository,
    StaleComplaintError,
)
from complaints.aws.runtime import logger, now
from complaints.aws.settings import office_for
from complaints.aws.workflow import Workflow
from complaints.letters import owed, owed_to_complainant
from complaints.lifecycle import InvalidInputError
from complaints.models import (
    Channel,
    Complaint,
    Contact,
    Dossier,
    Finding,
    Letter,
    Record,
    Staff,
    Status,
    TrackingEntry,
    is_outside,
)
from complaints.office import Office
from complaints.parts import (
    Merged,
    Notice,
)
from complaints.policy import QUALITY_OFFICE

TRIES = 5
R = TypeVar("R", bound=Record)
Verb = Callable[[Dossier, Office, datetime], tuple[Complaint, TrackingEntry]]
Parts = Callable[[Complaint, Dossier, datetime], tuple[Record, ...]]
Beside = Callable[[Complaint, Dossier, datetime], tuple[tuple[Complaint, Change], ...]]
"""What is saved of other complaints, each with its head as it was before."""


def one(wanted: str, known: Mapping[str, R]) -> R:
    """Return the part of this id; raises InvalidInputError if the complaint has none such."""
    try:
        return known[wanted]
    except KeyError:
        raise InvalidInputError(f"{wanted} is no part of the complaint") from None


def change(
    complaint_id: str,
    verb: Verb,
    parts: Parts = lambda *_: (),
    *,
    unless: Callable[[Dossier], bool] = lambda _: False,
    claimed: tuple[str, str] | None = None,
    beside: Beside = lambda *_: (),
) -> Complaint:
    """Load, decide, save with the parts that go with it; then send and resume what follows.

    `beside` says what of other complaints is saved with it, whose workflows go on as well. Who
    finds that somebody else saved first loads again and decides again: the verb refuses what no
    longer fits, and joins what does.
    """
    complaints = ComplaintRepository.from_env()
    for attempt in range(TRIES):
        dossier = complaints.dossier(complaint_id)
        if unless(dossier):
            return dossier.complaint
        at, office = now(), office_for(dossier.complaint.policy)
        made = verb(dossier, office, at)
        changed, entries = severity.weighed(dossier, made, at=at, office=office)
        changed = gates.in_queues(changed, dossier.complaint, office)
        kept = parts(changed, dossier, at)
        if group_incident.begins(dossier.complaint, changed):
            kept = (*kept, *tell_leader(changed, at))
        moved = _seats_moved(changed, dossier)
        try:
            saved = Change(complaint=changed, entries=entries, parts=(*kept, *moved))
            news, others = _news_for_main(changed, kept, at), beside(changed, dossier, at)
            complaints.save_all(saved, *news, *(one for _, one in others), claimed=claimed)
        except StaleComplaintError:
            if attempt == TRIES - 1:
                raise
            continue
        break
    resume_if_moved(dossier.complaint, changed)
    for before, other in others:
        resume_if_moved(before, other.complaint)
    _deliver_all(kept, dossier.replace(complaint=changed), at)
    for part in kept:
        if isinstance(part, Contact):
            changed = watch(changed, part)
    return changed


def watch(complaint: Complaint, contact: Contact) -> Complaint:
    """Take the emergency path if the words of a contact call for it (B7); once for each."""
    if not emergency.is_found_in(contact, office_for(complaint.policy)):
        return complaint
    return find_emergency(
        complaint.merged_into or complaint.complaint_id,
        contact.contact_id,
        contact.received_at,
        unless=lambda dossier: not emergency.needs_look(dossier, contact),
    )


def find_emergency(
    complaint_id: str, cause: str, since: datetime, *, unless: Callable[[Dossier], bool]
) -> Complaint:
    """Record that a complaint is an emergency; whoever the policy names is told at once."""
    return change(
        complaint_id,
        lambda dossier, office, at: emergency.find(
            dossier.complaint, cause, since=since, at=at, office=office
        ),
        lambda complaint, _, at: alarm("emergency", complaint, at),
        unless=unless,
    )


def alarm(kind: str, complaint: Complaint, at: datetime) -> tuple[Letter, ...]:
    """Return the letters to whoever the policy wants told of an emergency."""
    return to_staff(kind, office_for(complaint.policy).policy.emergency.tell, complaint, at)


def tell_leader(complaint: Complaint, at: datetime) -> tuple[Letter, ...]:
    """Return the letters that the leader of a group incident and the quality office are owed."""
    leader = office_for(complaint.policy).policy.group_incident.leader
    return to_staff("incident", (leader, QUALITY_OFFICE), complaint, at)


def _deliver_all(kept: tuple[Record, ...], dossier: Dossier, at: datetime) -> None:
    """Send the letters that were saved, with what was saved beside them to write about."""
    letters = [part for part in kept if isinstance(part, Letter)]
    if not letters:
        return
    findings = tuple(part for part in kept if isinstance(part, Finding))
    fresh = tuple(part for part in kept if isinstance(part, Notice))
    people = [part.complainant for part in kept if isinstance(part, Person)]
    whole = dossier.replace(
        complainant=people[0] if people else dossier.complainant,
        findings=(*dossier.findings, *findings),
        notices=(*fresh, *dossier.notices),
    )
    for letter in letters:
        deliver(whole, letter, at=at)


def _seats_moved(changed: Complaint, dossier: Dossier) -> tuple[Record, ...]:
    """Return the seats to be saved again: they lie in queues only while the group investigates."""
    return () if changed.status is dossier.complaint.status else dossier.seats


def change_both(
    complaint_id: str,
    main_id: str,
    verb: Callable[[Dossier, Dossier, datetime], matters.Both],
) -> Complaint:
    """Load a complaint and the one that it is or was counted with, decide, save both together."""
    complaints = ComplaintRepository.from_env()
    for attempt in range(TRIES):
        dossier, main = complaints.dossier(complaint_id), complaints.dossier(main_id)
        at = now()
        both = verb(dossier, main, at)
        one, whole = (
            weighed_change(before, made, at, merged)
            for before, made, merged in (
                (dossier, both.complaint, dossier.merged),
                (main, both.main, both.merged_after(main)),
            )
        )
        letters: tuple[Letter, ...] = ()
        if group_incident.begins(main.complaint, whole.complaint):
            letters = tell_leader(whole.complaint, at)
        link = {"parts": (both.link, *letters)}
        try:
            complaints.save_all(one, msgspec.structs.replace(whole, **link))
        except StaleComplaintError:
            if attempt == TRIES - 1:
                raise
            continue
        break
    for letter in letters:
        deliver(main.replace(complaint=whole.complaint), letter, at=at)
    resume_if_moved(main.complaint, whole.complaint)
    return whole.complaint


def weighed_change(
    dossier: Dossier,
    made: tuple[Complaint, TrackingEntry],
    at: datetime,
    merged: tuple[Merged, ...],
) -> Change:
    """Return a change with what it does to the severity, and to the queues."""
    office = office_for(dossier.complaint.policy)
    after = dossier.replace(merged=merged)
    changed, entries = severity.weighed(after, made, at=at, office=office)
    changed = gates.in_queues(changed, dossier.complaint, office)
    return Change(complaint=changed, entries=entries)


def _news_for_main(
    complaint: Complaint, kept: tuple[Record, ...], at: datetime
) -> tuple[Change, ...]:
    """Return what is news for the complaint that this one is counted with, if anything is."""
    said = [part for part in kept if isinstance(part, Contact) and is_outside(part.by)]
    if not complaint.merged_into or not said:
        return ()
    main = ComplaintRepository.from_env().dossier(complaint.merged_into)
    office = office_for(main.complaint.policy)
    made = matters.tell_main(main.complaint, complaint, said[-1], at=at, office=office)
    return (weighed_change(main, made, at, main.merged),)


def resume_if_moved(before: Complaint, after: Complaint) -> None:
    """Resume the workflow of a complaint that has reached another status with this save."""
    if after.status is not before.status:
        token = ComplaintRepository.from_env().task_token(after.complaint_id)
        go_on(lambda: Workflow.from_env().resume(after, token))


def go_on(move: Callable[[], None], undone: str = "workflow not moved") -> None:
    """Do what follows a save; what was saved is not undone where that fails, and `undone` logged.

    `check_sla` finds in some minutes what was left: a workflow that did not move, by the
    complaint's `look_again_at`; a policy that is not kept; others of a matter not yet reached.
    """
    try:
        move()
    except Exception as error:  # noqa: BLE001 - whatever it is, the answer is saved
        logger.warning(undone, error=type(error).__name__)


def said(
    complaint: Complaint, words: str, by: str, at: datetime, channel: Channel = Channel.PHONE
) -> tuple[Contact, ...]:
    """Return what was said with an answer as a contact, so that the words are kept."""
    if not words.strip():
        return ()
    return (
        Contact(
            contact_id=f"{complaint.version:06}-answer",
            channel=Channel.WEB if by == "complainant" else channel,
            received_at=at,
            by=by,
            text=words,
        ),
    )


def survey_if_responded(complaint: Complaint, dossier: Dossier, at: datetime) -> tuple[Letter, ...]:
    """Return the invitation to the survey that is owed once the feedback is complete (D2)."""
    return owed_at(Status.RESPONDED, "survey", complaint, dossier, at)


def owed_at(
    status: Status, kind: str, complaint: Complaint, dossier: Dossier, at: datetime
) -> tuple[Letter, ...]:
    """Return the letter that a complaint owes when it reaches a status, if there is an address."""
    if complaint.status is not status:
        return ()
    return owed_to_complainant(kind, complaint, dossier, at=at)


def to_staff(
    kind: str, codes: tuple[str, ...], complaint: Complaint, at: datetime
) -> tuple[Letter, ...]:
    """Return the letters that the people of these roles and posts are owed, and who is on call."""
    office, everybody = office_for(complaint.policy), StaffDirectory.from_env().all()
    told = {
        member.username: member
        for code in codes
        for member in check_sla.recipients(complaint, code, everybody, office, at=at)
    }
    if complaint.emergency_at:
        on_call = check_sla.on_call(complaint, everybody, office, at=at)
        told |= {member.username: member for member in on_call}
    return letters_to(told.values(), kind, complaint, at)


def letters_to(
    people: Iterable[Staff], kind: str, complaint: Complaint, at: datetime
) -> tuple[Letter, ...]:
    """Return the letters of a kind that members of staff are owed; who has no address gets none."""
    return tuple(
        owed(complaint, kind, member.email, (), at=at).replace(
            letter_id=f"{complaint.version:06}-{kind}-{member.username}", language="zh_CN"
        )
        for member in people
        if member.email
    )
