"""The same complaint at a body outside: its number, its clock, what it was answered (I11, A4)."""

from datetime import datetime

from complaints.clocks import (
    clock_until,
    expect_near,
    limit_end,
    with_clock,
    without_clock,
)
from complaints.gates import closing
from complaints.lifecycle import (
    InvalidInputError,
    NotAllowedError,
    WrongStatusError,
    expect_words,
    record,
)
from complaints.models import Complaint, Staff, TrackingEntry
from complaints.office import Office
from complaints.parts import OutsideCase
from complaints.policy import OutsideBody
from complaints.roles import may_dispute, may_enter_outside
from complaints.rounds import another_body


def find_body(code: str, office: Office) -> OutsideBody:
    """Return the outside body of this code; raises InvalidInputError if the policy has none."""
    for body in office.policy.outside_bodies:
        if body.code == code:
            return body
    raise InvalidInputError(f"{code} is no body of the policy", text_id="error.outside_body")


def due_at(body: str, received_at: datetime, office: Office) -> datetime:
    """Return until when a body wants its answer, where it names no day: by the policy's limit."""
    limit = find_body(body, office).limit
    return limit_end(received_at, limit, office.zone, office.policy.calendar.as_table())


def register(
    complaint: Complaint,
    case: OutsideCase,
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Note that a body outside has the complaint, too; its clock runs beside ours.

    A first word to the complainant that is still due has the limit of such a case (003: 3 days).

    Raises NotAllowedError for who neither registers nor handles, WrongStatusError for a closed
    complaint, InvalidInputError for a body that the policy does not know, or times out of
    order or far away.
    """
    if not may_enter_outside(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not register an outside case")
    if not complaint.is_open:
        raise WrongStatusError(f"{complaint.complaint_id} is closed")
    find_body(case.body, office)
    if case.received_at > at or case.due_at < case.received_at:
        raise InvalidInputError("times out of order", text_id="error.outside_times")
    expect_near(case.received_at, at)
    expect_near(case.due_at, at)
    later = complaint.replace(**another_body(complaint, at=at, office=office))
    clock = clock_until(
        case.due_at,
        started_at=case.received_at,
        at=at,
        policy=office.policy,
        what=clock_name(case.case_id),
    )
    return record(
        complaint,
        "outside_registered",
        at=at,
        actor=staff.username,
        facts={"body": case.body, "case": case.case_id},
        personal=case,
        key=key,
        other_body=True,
        **with_clock(later, clock),
    )


def answer(
    complaint: Complaint,
    case: OutsideCase,
    words: str,
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Keep what a body was answered; its clock stops.

    A complaint that only waited for this goes on to the archive.
    """
    if not may_dispute(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not answer for {complaint.complaint_id}")
    if case.answered_at:
        raise WrongStatusError(f"{case.case_id} is answered", text_id="error.outside_answered")
    expect_words(words, "error.answer_missing")
    left = complaint.replace(**without_clock(complaint, clock_name(case.case_id)))
    return record(
        left,
        "outside_answered",
        at=at,
        actor=staff.username,
        facts={"body": case.body, "case": case.case_id, "late": at > case.due_at},
        personal={"answer": words},
        key=key,
        **closing(left, at=at, office=office),
    )


def clock_name(case_id: str) -> str:
    """Return the name of the clock of an outside case."""
    return f"outside:{case_id}"


def claimed_as(body: str, number: str) -> str:
    """Return what is claimed for a complaint so that it is found by the number of the body."""
    return f"outside:{body}:{''.join(number.split()).upper()}"
