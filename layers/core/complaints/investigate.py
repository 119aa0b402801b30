"""Investigate: the facts, the cause, and the reply that is proposed (ISO 10002:2018 7.6)."""

from datetime import datetime

from complaints.lifecycle import NotAllowedError, expect, record
from complaints.models import Complaint, Finding, Staff, Status, TrackingEntry
from complaints.office import Office
from complaints.roles import may_assign, may_work_on, next_signer, queue_of
from complaints.rounds import LOOK_AGAIN, is_late, next_clock, solution_limit


def assign(
    complaint: Complaint, investigator: str, *, staff: Staff, at: datetime
) -> tuple[Complaint, TrackingEntry]:
    """Name the person who investigates; heads and the quality office assign, handlers take."""
    expect(complaint, Status.ASSESSED)
    if not may_assign(complaint, investigator, staff):
        raise NotAllowedError(f"{staff.username} may not assign {complaint.complaint_id}")
    return record(
        complaint,
        "assigned",
        at=at,
        actor=staff.username,
        facts={"investigator": investigator},
        investigator=investigator,
    )


def submit(
    complaint: Complaint,
    finding: Finding,
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Close the investigation with its report; the solution now waits for approval (004 二).

    Whoever submits is the investigator, whoever it was assigned to: that person can't approve.
    """
    expect(complaint, Status.ASSESSED)
    if not may_work_on(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not investigate {complaint.complaint_id}")
    return record(
        complaint,
        "investigated",
        at=at,
        actor=staff.username,
        status=Status.INVESTIGATED,
        facts={
            "responsible": finding.responsible,
            "compensation": finding.compensation,
            "late": is_late(complaint, at),
        },
        personal=finding,
        key=key,
        look_again_at=at + LOOK_AGAIN,
        investigator=staff.username,
        responsible=finding.responsible,
        nature=finding.nature,
        news_at=None,
        queue=queue_of(next_signer(complaint, office), complaint, office),
        clock=next_clock(
            solution_limit(complaint, office),
            started_at=complaint.round_at or complaint.received_at,
            at=at,
            office=office,
        ),
    )
