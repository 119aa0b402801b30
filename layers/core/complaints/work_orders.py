"""Work orders (通知单): what a department has to do about a complaint, and until when (C2).

003 第2篇: each department says when it begins and when it is done. An order to a department that
is not the responsible one makes the complaint a joint matter: that department sees it until then.
"""

from datetime import datetime

from complaints.clocks import (
    clock_until,
    expect_near,
    limit_end,
    with_clock,
    without_clock,
)
from complaints.lifecycle import (
    InvalidInputError,
    NotAllowedError,
    WrongStatusError,
    expect,
    expect_words,
    record,
)
from complaints.models import Clock, Complaint, Staff, Status, TrackingEntry
from complaints.office import Office
from complaints.parts import WorkOrder
from complaints.roles import may_fulfil, may_return, may_work_on
from complaints.rounds import next_clock


def issue(
    complaint: Complaint,
    order: WorkOrder,
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Give a department something to do; the clock ends when it was asked for, else by policy.

    Raises NotAllowedError for who does not handle the complaint, InvalidInputError for a
    department that the policy does not know, or times that are past or in the wrong order.
    """
    expect(complaint, Status.ASSESSED)
    if not may_work_on(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not order work on {complaint.complaint_id}")
    if not office.policy.find_department(order.department):
        raise InvalidInputError(f"{order.department} is no department")
    _expect_in_order(order.start_at, order.complete_at, at)
    return record(
        complaint,
        "order_issued",
        at=at,
        actor=staff.username,
        facts={"department": order.department, "order": order.order_id},
        personal=order,
        key=key,
        ordered=(*complaint.ordered, order.order_id),
        **with_clock(complaint, _clock(order, at, office)),
    )


def agree(
    complaint: Complaint,
    order: WorkOrder,
    start_at: datetime | None,
    complete_at: datetime,
    *,
    staff: Staff,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Take an order and agree its times, once.

    The completion may lie beyond what was asked for by as much as the policy lets a limit be
    extended, and no further: a far date must not silence the clock.

    Raises NotAllowedError for who is not of the department, WrongStatusError for an order that is
    done or agreed already, InvalidInputError for times out of order or too late.
    """
    _expect_open(complaint, order)
    if order.agreed_at:
        raise WrongStatusError(f"{order.order_id} is agreed", text_id="error.order_agreed")
    if not may_fulfil(complaint, order.order_id, staff):
        raise NotAllowedError(f"{staff.username} may not agree to {order.order_id}")
    _expect_in_order(start_at, complete_at, at)
    asked = _clock(order, order.issued_at, office).due_at
    overrides = office.policy.calendar.as_table()
    if complete_at > limit_end(asked, office.policy.extension.longest, office.zone, overrides):
        raise InvalidInputError("agreed too late", text_id="error.order_too_late")
    clock = clock_until(
        complete_at,
        started_at=order.issued_at,
        at=at,
        policy=office.policy,
        what=clock_name(order.order_id),
    )
    return record(
        complaint,
        "order_agreed",
        at=at,
        actor=staff.username,
        facts={"department": order.department, "order": order.order_id},
        **with_clock(complaint, clock),
    )


def complete(
    complaint: Complaint,
    order: WorkOrder,
    result: str,
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
) -> tuple[Complaint, TrackingEntry]:
    """Report that an order is carried out, with its result.

    Raises NotAllowedError for who is not of the department, WrongStatusError for an order that is
    done, InvalidInputError without a result.
    """
    _expect_open(complaint, order)
    if not may_fulfil(complaint, order.order_id, staff):
        raise NotAllowedError(f"{staff.username} may not complete {order.order_id}")
    return _end(complaint, order, "order_completed", result, staff=staff, key=key, at=at)


def give_back(
    complaint: Complaint,
    order: WorkOrder,
    reason: str,
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
) -> tuple[Complaint, TrackingEntry]:
    """Return an order that was not carried out, with the reason; the coordinator may, too."""
    _expect_open(complaint, order)
    if not may_return(complaint, order.order_id, staff):
        raise NotAllowedError(f"{staff.username} may not return {order.order_id}")
    return _end(complaint, order, "order_returned", reason, staff=staff, key=key, at=at)


def clock_name(order_id: str) -> str:
    """Return the name of the clock of an order."""
    return f"order:{order_id}"


def _end(
    complaint: Complaint,
    order: WorkOrder,
    action: str,
    words: str,
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
) -> tuple[Complaint, TrackingEntry]:
    """Take an order off the complaint; its clock stops."""
    expect_words(words, "error.reason_missing")
    name = clock_name(order.order_id)
    clock = next((one for one in complaint.clocks if one.what == name), None)
    return record(
        complaint,
        action,
        at=at,
        actor=staff.username,
        facts={
            "department": order.department,
            "order": order.order_id,
            "late": clock is not None and at > clock.due_at,
        },
        personal={"words": words},
        key=key,
        ordered=tuple(one for one in complaint.ordered if one != order.order_id),
        **without_clock(complaint, name),
    )


def _clock(order: WorkOrder, at: datetime, office: Office) -> Clock:
    """Return the clock of an order as it is issued: until the time asked for, else by policy."""
    policy, name, begun = office.policy, clock_name(order.order_id), order.issued_at
    if order.complete_at:
        return clock_until(order.complete_at, started_at=begun, at=at, policy=policy, what=name)
    limit = policy.clocks.work_order
    return next_clock(limit, started_at=begun, at=at, office=office, what=name)


def _expect_open(complaint: Complaint, order: WorkOrder) -> None:
    """Raise WrongStatusError for an order that was completed or returned."""
    if order.order_id not in complaint.ordered:
        raise WrongStatusError(f"{order.order_id} is not open", text_id="error.order_done")


def _expect_in_order(start_at: datetime | None, complete_at: datetime | None, at: datetime) -> None:
    """Raise InvalidInputError for a completion that is past, far ahead, or before the start."""
    if complete_at and (complete_at <= at or (start_at and start_at > complete_at)):
        raise InvalidInputError("times out of order", text_id="error.order_times")
    expect_near(complete_at, at)
    expect_near(start_at, at)
