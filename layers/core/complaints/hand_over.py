"""Hand over: what somebody who leaves or moves has to do goes to a successor (H5, I10)."""

from datetime import datetime

from complaints.lifecycle import InvalidInputError, NotAllowedError, record
from complaints.models import Complaint, Staff, Status, TrackingEntry
from complaints.parts import Seat
from complaints.policy import QUALITY_OFFICE
from complaints.roles import is_barred, may_keep_leave, may_work_on

NAMED = frozenset({Status.ASSESSED, Status.APPROVED})
"""Where the investigator has something to do; in between it waits for who signs."""


def has_tasks(complaint: Complaint, username: str) -> bool:
    """Return whether this person is awaited by name: as the investigator, or in the group."""
    investigates = complaint.status in NAMED and complaint.investigator == username
    return investigates or (complaint.status is Status.ASSESSED and username in complaint.members)


def hand_over(
    complaint: Complaint, leaver: str, successor: Staff, *, staff: Staff, at: datetime
) -> tuple[Complaint, TrackingEntry]:
    """Put the successor in the place of who leaves, as the investigator and in the group.

    Who had it before neither signs nor calls back afterwards: it was that person's work.

    Raises InvalidInputError where the successor may not handle it or is complained about.
    """
    if not may_keep_leave(staff):
        raise NotAllowedError(f"{staff.username} may not hand tasks over")
    if not has_tasks(complaint, leaver):
        raise InvalidInputError("nothing to hand over", text_id="hand_over.nothing")
    in_group = leaver in complaint.members
    fits = may_work_on(complaint, successor) or in_group
    if successor.username == leaver or is_barred(complaint, successor) or not fits:
        raise InvalidInputError(f"not to {successor.username}", text_id="hand_over.not_to")
    investigates = complaint.investigator == leaver
    members = (successor.username if one == leaver else one for one in complaint.members)
    return record(
        complaint,
        "handed_over",
        at=at,
        actor=staff.username,
        facts={"from": leaver, "person": successor.username},
        investigator=successor.username if investigates else complaint.investigator,
        members=tuple(dict.fromkeys(members)),
        predecessors=tuple(dict.fromkeys((*complaint.predecessors, leaver))),
    )


def seats(leaver: str, successor: Staff, before: tuple[Seat, ...]) -> tuple[Seat, ...]:
    """Return the seats to be saved: the successor's, and the one that is left."""
    left = tuple(seat for seat in before if seat.username == leaver)
    queue = successor.department or QUALITY_OFFICE
    return (*left, Seat(username=successor.username, queue=queue)) if left else ()
