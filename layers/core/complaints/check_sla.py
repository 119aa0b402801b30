"""Check the limits: what is due for one complaint at this instant (E2, E3).

What each look finds is decided here; the function of the same name asks whose look is due.
"""

from datetime import datetime
from enum import StrEnum

from complaints.clocks import after_step, rung, step_due
from complaints.lifecycle import record
from complaints.models import Complaint, Role, Staff, Status, TrackingEntry
from complaints.office import Office
from complaints.roles import approver_role

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
    if not complaint.clock:
        return Due.NOTHING
    if complaint.look_again_at and complaint.look_again_at <= at:
        return Due.HEAL
    nobody_acts = not complaint.must_call_back and not complaint.news_at
    if complaint.status is Status.RESPONDED and nobody_acts:
        return Due.END_QUIETLY if complaint.clock.due_at <= at else Due.NOTHING
    step = step_due(complaint.clock, at)
    return Due(step) if step else Due.NOTHING


def take_step(
    complaint: Complaint, *, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Record the reminder or the escalation that is due, and set the clock to the step after it.

    The step is counted in the same save: a check that runs twice, or two at once, tell it once.
    """
    due = what_is_due(complaint, at)
    clock = complaint.clock
    if clock is None or due not in {Due.REMIND, Due.ESCALATE}:
        raise ValueError(f"{complaint.complaint_id}: nothing is due")
    missed = due is Due.ESCALATE and clock.steps == 1
    return record(
        complaint,
        "reminded" if due is Due.REMIND else "escalated",
        at=at,
        actor="check_sla",
        facts={"step": clock.steps + 1, "to": told(complaint, office)},
        clock=after_step(clock, at=at, policy=office.policy, zone=office.zone),
        overdue=complaint.overdue + int(missed),
    )


def told(complaint: Complaint, office: Office) -> Role:
    """Return the role that the step due now is told to: who must act, then up the ladder."""
    if complaint.clock and complaint.clock.steps:
        return rung(complaint.clock, office.policy)
    if complaint.status is Status.INVESTIGATED:
        return approver_role(complaint, office)
    return REACHING[complaint.status]


def recipients(complaint: Complaint, role: Role, staff: list[Staff], office: Office) -> list[Staff]:
    """Return the people to tell: those of the role; if there is none, of the next one up.

    Silence can't stop an escalation: where a rung has nobody, the next is told at once.
    """
    if role is Role.HANDLER and complaint.investigator:
        named = [member for member in staff if member.username == complaint.investigator]
        if named:
            return named
    ladder = list(office.policy.escalation.ladder)
    upwards = [role, *ladder[ladder.index(role) + 1 :]] if role in ladder else [role, *ladder]
    for one in (*upwards, Role.QUALITY_OFFICE, Role.MANAGEMENT, Role.ADMINISTRATOR):
        in_line = one in {Role.HANDLER, Role.DEPARTMENT_HEAD}
        found = [
            member
            for member in staff
            if one in member.roles and (not in_line or member.department == complaint.department)
        ]
        if found:
            return found
    return []
