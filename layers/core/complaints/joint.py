"""The joint group: several people, of several departments, under one leader (C1; 002 3.3)."""

from collections.abc import Sequence
from datetime import datetime

from complaints.lifecycle import InvalidInputError, NotAllowedError, expect, record
from complaints.models import Complaint, Staff, Status, TrackingEntry
from complaints.office import Office
from complaints.parts import Seat
from complaints.policy import QUALITY_OFFICE
from complaints.roles import holds, is_barred, may_gather

MOST = 12
"""People in a group."""


def gather(
    complaint: Complaint, group: Sequence[Staff], *, staff: Staff, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Form the group, its leader first, or change it; nobody at all dissolves it.

    The leader is the one who investigates, and nobody else submits the finding.

    Raises NotAllowedError for who is neither of the quality office nor of management,
    InvalidInputError for a group of one, of too many, with somebody complained about, or led by
    another one than the policy asks for (004 一).
    """
    expect(complaint, Status.ASSESSED)
    if not may_gather(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not form a group")
    if any(is_barred(complaint, member) for member in group):
        raise InvalidInputError("complained about", text_id="error.group_barred")
    names = tuple(dict.fromkeys(member.username for member in group))
    if len(names) == 1 or len(names) > MOST:
        raise InvalidInputError(f"a group of {len(names)}", text_id="error.group_size")
    rule = office.policy.group_incident
    if group and rule.leads_all and not holds(group[0], rule.leader, complaint, office):
        raise InvalidInputError("another one leads", text_id="error.group_leader")
    return record(
        complaint,
        "group_formed",
        at=at,
        actor=staff.username,
        facts={"members": ",".join(names)},
        members=names,
        investigator=names[0] if names else "",
    )


def seats(group: Sequence[Staff], before: Sequence[Seat]) -> tuple[Seat, ...]:
    """Return the seats to be saved: those of the group, and those that somebody has left."""
    now = {
        member.username: Seat(username=member.username, queue=member.department or QUALITY_OFFICE)
        for member in group
    }
    left = (seat for seat in before if seat.username not in now)
    return (*now.values(), *left)
