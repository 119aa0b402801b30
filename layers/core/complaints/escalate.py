"""Escalate by hand: whoever can't solve it passes it one rung up, with the reason (C7)."""

from datetime import datetime

from complaints.clocks import limit_end
from complaints.lifecycle import InvalidInputError, NotAllowedError, WrongStatusError, record
from complaints.models import Complaint, Staff, Status, TrackingEntry
from complaints.office import Office
from complaints.policy import Rung
from complaints.roles import holds, may_escalate, queue_of

WORKED_ON = frozenset({Status.ASSESSED, Status.APPROVED})
"""Where the complaint itself moves up with the escalation; elsewhere it waits for its signer."""
UNDER_WAY = WORKED_ON | {Status.INVESTIGATED}


def escalate(
    complaint: Complaint, reason: str, *, staff: Staff, key: bytes, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Record that a complaint is passed one rung up, and let its clock go on from there.

    The rung is never told of this limit again, and the next one not before the limit is over.
    """
    if complaint.status not in UNDER_WAY or complaint.clock is None or complaint.pause:
        raise WrongStatusError(
            f"{complaint.complaint_id} has nothing to pass up", text_id="escalate.nothing_runs"
        )
    if not may_escalate(complaint, staff, office):
        raise NotAllowedError(f"{staff.username} may not escalate {complaint.complaint_id}")
    if not reason.strip():
        raise InvalidInputError("no reason", text_id="escalate.reason_missing")
    above = next_rung(complaint, staff, office)
    if above is None:
        raise InvalidInputError("nobody is above", text_id="escalate.top")
    number, rung = above
    ladder = office.policy.escalation.ladder(is_major=complaint.is_major)
    following = ladder[number].after if number < len(ladder) else None
    overdue = at > complaint.clock.due_at and not complaint.clock.missed
    next_at = limit_end(
        at,
        following or office.policy.escalation.every,
        office.zone,
        office.policy.calendar.as_table(),
    )
    clock = complaint.clock.replace(
        steps=number + 1,
        next_at=max(next_at, complaint.clock.due_at),
        missed=complaint.clock.missed or overdue,
    )
    moves_up = complaint.status in WORKED_ON
    return record(
        complaint,
        "escalated",
        at=at,
        actor=staff.username,
        facts={"step": clock.steps, "to": rung.to, "by_hand": True},
        personal={"reason": reason},
        key=key,
        clock=clock,
        overdue=complaint.overdue + int(overdue),
        queue=queue_of(rung.to, complaint, office) if moves_up else complaint.queue,
    )


def next_rung(complaint: Complaint, staff: Staff, office: Office) -> tuple[int, Rung] | None:
    """Return the rung that comes next, the lowest as 1, and None above the last.

    A rung that this very person is on would be told what the person knows: it is passed over.
    """
    ladder = office.policy.escalation.ladder(is_major=complaint.is_major)
    told = max(complaint.clock.steps - 1, 0) if complaint.clock else 0
    higher = range(told + 1, len(ladder) + 1)
    own = [number for number in higher if holds(staff, ladder[number - 1].to, complaint, office)]
    above = max(own, default=told) + 1
    return (above, ladder[above - 1]) if above <= len(ladder) else None


def can_escalate(complaint: Complaint, staff: Staff, office: Office) -> bool:
    """Return whether this person may pass it up now, and somebody is above (C7)."""
    runs = complaint.status in UNDER_WAY and complaint.clock is not None and not complaint.pause
    above = runs and may_escalate(complaint, staff, office)
    return above and next_rung(complaint, staff, office) is not None
