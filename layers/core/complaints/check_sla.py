"""Check the limits: what is due for one complaint at this instant (E2, E3).

What each look finds is decided here; the function of the same name asks whose look is due.
"""

from datetime import datetime
from enum import StrEnum

from complaints.clocks import after_step, rung, step_due, with_clock
from complaints.lifecycle import record
from complaints.models import Clock, Complaint, Role, Staff, Status, TrackingEntry
from complaints.office import Office
from complaints.roles import holds, next_signer

REACHING = {
    Status.RECEIVED: Role.QUALITY_OFFICE,
    Status.ASSESSED: Role.HANDLER,
    Status.APPROVED: Role.HANDLER,
    Status.RESPONDED: Role.QUALITY_OFFICE,
    Status.FOLLOWED_UP: Role.QUALITY_OFFICE,
    Status.CLOSED: Role.QUALITY_OFFICE,
}
"""Who must act on a complaint of each status; an investigated one waits for its approver."""


class Due(StrEnum):
    """What a look at a complaint may find."""

    HEAL = "heal"
    END_QUIETLY = "end_quietly"
    REMIND = "reminder"
    ESCALATE = "escalation"
    NOTHING = "nothing"


def what_is_due(complaint: Complaint, at: datetime) -> Due:
    """Return what must be done about a complaint now; one thing at a time.

    An answer whose step never began comes first: until the workflow goes on, nobody can act.
    """
    if complaint.look_again_at and complaint.look_again_at <= at:
        return Due.HEAL
    nobody_acts = not complaint.must_call_back and not complaint.news_at
    quiet = complaint.clock if complaint.status is Status.RESPONDED and nobody_acts else None
    if quiet and quiet.due_at <= at:
        return Due.END_QUIETLY
    clock = due_clock(complaint, at)
    step = step_due(clock, at) if clock else None
    return Due(step) if step else Due.NOTHING


def due_clock(complaint: Complaint, at: datetime) -> Clock | None:
    """Return the clock whose step is due first, the stage's own or one beside it; None if none is.

    The quiet days of a follow-up are no limit of anybody's: they end, and nobody is told.
    """
    nobody_acts = not complaint.must_call_back and not complaint.news_at
    quiet = complaint.status is Status.RESPONDED and nobody_acts
    stage = (complaint.clock,) if complaint.clock and not quiet else ()
    due = [clock for clock in (*stage, *complaint.clocks) if clock.next_at <= at]
    return min(due, key=lambda clock: clock.next_at, default=None)


def take_step(
    complaint: Complaint, *, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Record the reminder or the escalation that is due, and set the clock to the step after it.

    The step is counted in the same save: a check that runs twice, or two at once, tell it once.
    """
    due, clock = what_is_due(complaint, at), due_clock(complaint, at)
    if clock is None or due not in {Due.REMIND, Due.ESCALATE}:
        raise ValueError(f"{complaint.complaint_id}: nothing is due")
    missed = due is Due.ESCALATE and clock.steps == 1
    ladder = office.policy.escalation.ladder(is_major=complaint.is_major)
    moved = after_step(clock, ladder=ladder, at=at, policy=office.policy, zone=office.zone)
    return record(
        complaint,
        "reminded" if due is Due.REMIND else "escalated",
        at=at,
        actor="check_sla",
        facts={
            "step": clock.steps + 1,
            "to": told(complaint, clock, office),
            **({"clock": clock.what} if clock.what else {}),
        },
        overdue=complaint.overdue + int(missed),
        **with_clock(complaint, moved),
    )


def told(complaint: Complaint, clock: Clock, office: Office) -> str:
    """Return the role or post that the step due now is told to: who must act, then the ladder."""
    if clock.steps:
        ladder = office.policy.escalation.ladder(is_major=complaint.is_major)
        return rung(clock, ladder).to
    return acting(complaint, clock, office)


def acting(complaint: Complaint, clock: Clock, office: Office) -> str:
    """Return the role or post that must act before this clock's limit."""
    match clock.what.partition(":")[0]:
        case "emergency" | "contact" | "order":
            return Role.HANDLER
        case "statement":
            return office.policy.group_incident.leader
        case "outside":
            return Role.QUALITY_OFFICE
    if complaint.status is Status.INVESTIGATED:
        return next_signer(complaint, office)
    return REACHING[complaint.status]


def recipients(complaint: Complaint, code: str, staff: list[Staff], office: Office) -> list[Staff]:
    """Return the people to tell: those of the role or post; if there is none, of the next one up.

    Silence can't stop an escalation: where a rung has nobody, the next is told at once.
    """
    if code == Role.HANDLER and complaint.investigator:
        named = [member for member in staff if member.username == complaint.investigator]
        if named:
            return named
    ladder = [one.to for one in office.policy.escalation.ladder(is_major=complaint.is_major)]
    upwards = [code, *ladder[ladder.index(code) + 1 :]] if code in ladder else [code, *ladder]
    for one in (*upwards, Role.QUALITY_OFFICE, Role.MANAGEMENT, Role.ADMINISTRATOR):
        found = [member for member in staff if holds(member, one, complaint, office)]
        if found:
            return found
    return []
