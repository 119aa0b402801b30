"""Investigate: the facts, the cause, and the reply that is proposed (ISO 10002:2018 7.6)."""

from collections.abc import Sequence
from datetime import datetime

from complaints.lifecycle import InvalidInputError, NotAllowedError, expect, record
from complaints.models import Complaint, Finding, Staff, Status, TrackingEntry
from complaints.office import Office
from complaints.parts import InvestigationRecord, Nature, WorkOrder
from complaints.records import missing
from complaints.roles import (
    may_assign,
    may_submit,
    may_work_on,
    next_signer,
    ordered,
    queue_of,
    stand_ins,
)
from complaints.rounds import LOOK_AGAIN, is_late, solution_clock


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
    directory: Sequence[Staff] = (),
    orders: Sequence[WorkOrder] = (),
    kept: Sequence[InvestigationRecord] = (),
) -> tuple[Complaint, TrackingEntry]:
    """Close the investigation with its report; the solution now waits for approval (004 二).

    Whoever submits is the investigator, whoever it was assigned to: that person can't approve. In
    `directory` those are looked for who may; none of them is, where it is empty. `orders` are those
    that the complaint had; `kept` are records that are kept with the finding, in the same save.

    Raises NotAllowedError for who does not handle it, or does not lead the joint group;
    InvalidInputError where a work order is open, or a record, cause, ground or reason is missing.
    """
    expect(complaint, Status.ASSESSED)
    if not may_submit(complaint, staff):
        led = bool(complaint.members) and may_work_on(complaint, staff)
        raise NotAllowedError(
            f"{staff.username} may not investigate {complaint.complaint_id}",
            text_id="error.leader_submits" if led else "",
        )
    recorded = tuple(dict.fromkeys((*complaint.recorded, *(one.kind for one in kept))))
    complaint = complaint.replace(recorded=recorded)
    _expect_complete(complaint, finding, orders, office)
    found = complaint.replace(investigator=staff.username, compensation=finding.compensation)
    if directory:
        found = found.replace(stand_ins=stand_ins(found, directory, office, at=at))
    return record(
        found,
        "investigated",
        at=at,
        actor=staff.username,
        status=Status.INVESTIGATED,
        facts={
            "responsible": finding.responsible,
            "compensation": finding.compensation,
            "late": is_late(complaint, at),
            **({"ground": finding.ground} if finding.ground else {}),
            **({"nature": finding.nature} if finding.nature is not Nature.ORDINARY else {}),
            **({"records": ",".join(one.kind for one in kept)} if kept else {}),
        },
        personal={"finding": finding, "records": kept} if kept else finding,
        key=key,
        look_again_at=at + LOOK_AGAIN,
        responsible=finding.responsible,
        nature=finding.nature,
        news_at=None,
        queue=queue_of(next_signer(found, office), found, office),
        clock=solution_clock(complaint, at=at, office=office),
    )


def _expect_complete(
    complaint: Complaint, finding: Finding, orders: Sequence[WorkOrder], office: Office
) -> None:
    """Raise InvalidInputError for what must be there before the investigation is closed.

    No work order may be open (C2), what went to other departments has its joint group where the
    policy asks for one (C1; 004 一), the records that it asks for must be kept (C3; 002 4.1.2), a
    major complaint must have its indirect and root cause (002 4.1.1), who is not responsible its
    ground (B4; 001 1.2), and what is not ordinary its reason (B8, C10).
    """
    if complaint.ordered:
        order_id = complaint.ordered[0]
        raise InvalidInputError(
            f"{order_id} is open",
            text_id="error.order_open",
            codes={"department": ordered(order_id)},
        )
    others = {one.department for one in orders if not one.returned} - {complaint.department}
    if others and office.policy.group_incident.leads_all and not complaint.members:
        raise InvalidInputError("no joint group", text_id="error.group_missing")
    if kinds := missing(complaint, office):
        raise InvalidInputError(
            f"no record of {kinds[0]}", text_id="error.record_missing", codes={"record": kinds[0]}
        )
    if complaint.is_major and not (finding.indirect_cause.strip() and finding.root_cause.strip()):
        raise InvalidInputError("causes missing", text_id="error.causes_missing")
    grounds = {ground.code for ground in office.policy.not_responsible}
    if grounds and not finding.responsible and finding.ground not in grounds:
        raise InvalidInputError("ground missing", text_id="error.ground_missing")
    if finding.nature is not Nature.ORDINARY and not finding.nature_reason.strip():
        raise InvalidInputError("reason missing", text_id="error.nature_reason_missing")
