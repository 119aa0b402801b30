"""Emergency: what can hurt somebody is answered within the hour, whatever its stage (B7, C4).

An emergency is found in the words of a complaint, at its first assessment and in whatever is added
later, or declared by a member of staff. It runs beside the line, under a clock of its own, until
the first response with an apology; measures and news follow, each told as it happens (002 3.2).
"""

from datetime import datetime
from typing import Literal

from complaints.assessment import emergency_words_in
from complaints.clocks import is_overdue, with_clock, without_clock
from complaints.lifecycle import (
    InvalidInputError,
    NotAllowedError,
    WrongStatusError,
    expect_words,
    record,
)
from complaints.models import (
    Clock,
    Complaint,
    Contact,
    Dossier,
    Role,
    Staff,
    Status,
    TrackingEntry,
    is_outside,
)
from complaints.office import Office
from complaints.parts import EmergencyStep
from complaints.roles import coordinates, may_raise_alarm, may_respond
from complaints.rounds import next_clock, spoken

CLOCK = "emergency"
PROGRESS = "progress"
Way = Literal["phone", "letter"]


def is_found_in(contact: Contact, office: Office) -> bool:
    """Return whether the words of a contact call for the emergency path at once."""
    text = f"{contact.subject}\n{contact.text}\n{contact.demand}"
    return bool(emergency_words_in(text, office.policy))


def clock_of(complaint: Complaint) -> Clock | None:
    """Return the clock of the first response; None where none is awaited."""
    return next((clock for clock in complaint.clocks if clock.what == CLOCK), None)


def begins(before: Complaint, after: Complaint) -> bool:
    """Return whether an emergency began between these two; then people must be told at once."""
    return clock_of(after) is not None and clock_of(before) is None


def raised(complaint: Complaint, *, since: datetime, at: datetime, office: Office) -> Complaint:
    """Return the complaint as an emergency; the limit of the first response runs from `since`.

    One whose first response is awaited already stays as it is. What lies in nobody's queue goes
    to the quality office. In follow-up the satisfaction call becomes a duty (002 3.2.5).
    """
    if clock_of(complaint):
        return complaint
    limit = office.policy.clocks.emergency
    clock = next_clock(limit, started_at=since, at=at, office=office, what=CLOCK)
    found = complaint.replace(
        emergency_at=complaint.emergency_at or at,
        queue=complaint.queue or Role.QUALITY_OFFICE,
        **with_clock(complaint, clock),
    )
    called = found.must_call_back or found.is_handled or found.anonymous
    if found.status is not Status.RESPONDED or called:
        return found
    limit = office.policy.clocks.follow_up
    return found.replace(
        must_call_back=True, clock=next_clock(limit, started_at=at, at=at, office=office)
    )


def find(
    complaint: Complaint, cause: str, *, since: datetime, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Record that words of a contact, or a correction to urgent, make it an emergency.

    `cause` is the id of the contact, or what else it was; the same cause finds it once
    (`was_found`). The limit runs from `since`, when the words arrived.
    """
    return record(
        raised(complaint, since=since, at=at, office=office),
        "emergency_found",
        at=at,
        actor="classify",
        facts={"cause": cause},
    )


def was_found(dossier: Dossier, cause: str) -> bool:
    """Return whether this cause made it an emergency before, or another one just did."""
    return bool(clock_of(dossier.complaint)) or cause in _causes(dossier)


def needs_look(dossier: Dossier, contact: Contact) -> bool:
    """Return whether the words of this contact may still make it an emergency.

    What staff write down about one that is known is no new one: a note that nothing burns after
    all would ring the alarm again. Nor is what they write down about a voided complaint.
    """
    if was_found(dossier, contact.contact_id):
        return False
    known = dossier.emergency_steps or _causes(dossier) or dossier.complaint.voided
    return is_outside(contact.by) or not known


def _causes(dossier: Dossier) -> tuple[object, ...]:
    found = (entry for entry in dossier.entries if entry.action == "emergency_found")
    return tuple(entry.facts.get("cause") for entry in found)


def declare(
    complaint: Complaint, reason: str, *, staff: Staff, key: bytes, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Declare an open complaint an emergency, with the reason; its limit runs from now.

    Raises WrongStatusError where its first response is awaited already.
    """
    if not may_raise_alarm(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not declare {complaint.complaint_id}")
    if not complaint.is_open or clock_of(complaint):
        raise WrongStatusError(
            f"{complaint.complaint_id} is closed, or an emergency already",
            text_id="error.emergency_runs",
        )
    expect_words(reason)
    return record(
        raised(complaint, since=at, at=at, office=office),
        "emergency_declared",
        at=at,
        actor=staff.username,
        personal={"reason": reason},
        key=key,
    )


def respond(
    complaint: Complaint, way: Way, words: str, *, staff: Staff, key: bytes, at: datetime
) -> tuple[Complaint, TrackingEntry]:
    """Record the first response with the apology: by phone, or by a letter with these words.

    It stops the clock of the emergency, and that of the first contact (C8).
    """
    clock = _expect_awaited(complaint, staff)
    expect_words(words)
    answered = complaint.replace(**without_clock(complaint, CLOCK))
    return record(
        answered,
        "emergency_answered",
        at=at,
        actor=staff.username,
        facts={"way": way, "late": is_overdue(clock, at)},
        personal={"words": words},
        key=key,
        queue=_queue_after(complaint),
        **spoken(answered, at),
    )


def take_step(
    complaint: Complaint,
    step: EmergencyStep,
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Record a measure that was taken at once, or news of how it goes (002 3.2.3, 3.2.4).

    Raises InvalidInputError for a measure that the policy does not know.
    """
    _expect_emergency(complaint)
    if not may_respond(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not act on {complaint.complaint_id}")
    if step.kind not in (*office.policy.emergency.measures, PROGRESS):
        raise InvalidInputError(f"{step.kind} is no measure here")
    expect_words(step.words)
    return record(
        complaint,
        "emergency_progress" if step.kind == PROGRESS else "emergency_measure",
        at=at,
        actor=staff.username,
        facts={} if step.kind == PROGRESS else {"measure": step.kind},
        personal=step,
        key=key,
    )


def withdraw(
    complaint: Complaint, reason: str, *, staff: Staff, key: bytes, at: datetime
) -> tuple[Complaint, TrackingEntry]:
    """Withdraw a false alarm, with the reason; only the quality office, and it stays on record."""
    _expect_emergency(complaint)
    if not coordinates(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not withdraw {complaint.complaint_id}")
    expect_words(reason)
    return record(
        complaint,
        "emergency_withdrawn",
        at=at,
        actor=staff.username,
        personal={"reason": reason},
        key=key,
        emergency_at=None,
        queue=_queue_after(complaint),
        **without_clock(complaint, CLOCK),
    )


def _queue_after(complaint: Complaint) -> str:
    """Return the queue once nobody must answer: what is closed or merged waits for nobody."""
    waits = complaint.is_open and not complaint.merged_into
    return complaint.queue if waits or complaint.news_at else ""


def _expect_awaited(complaint: Complaint, staff: Staff) -> Clock:
    """Return the clock of the awaited response, if this person may give it."""
    if not may_respond(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not answer for {complaint.complaint_id}")
    clock = clock_of(complaint)
    if clock is None:
        raise WrongStatusError(
            f"{complaint.complaint_id} awaits no first response", text_id="error.emergency_none"
        )
    return clock


def _expect_emergency(complaint: Complaint) -> None:
    if complaint.emergency_at is None:
        raise WrongStatusError(
            f"{complaint.complaint_id} is no emergency", text_id="error.emergency_none"
        )
