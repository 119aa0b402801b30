"""Disputes that the two can't settle: mediation, arbitration, court (C11; 004 四)."""

from datetime import datetime

from complaints.gates import closing
from complaints.lifecycle import (
    InvalidInputError,
    NotAllowedError,
    WrongStatusError,
    expect_words,
    record,
)
from complaints.models import Complaint, Staff, Status, TrackingEntry
from complaints.office import Office
from complaints.parts import Dispute
from complaints.roles import may_dispute


def begin(
    complaint: Complaint, dispute: Dispute, *, staff: Staff, key: bytes, at: datetime
) -> tuple[Complaint, TrackingEntry]:
    """Open a dispute; until it ends the complaint is not closed, and no limit stops for it.

    Raises NotAllowedError for who does not handle the complaint, WrongStatusError for one that is
    not assessed yet or is closed, InvalidInputError for a day that is yet to come.
    """
    if not may_dispute(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not open a dispute")
    if complaint.status is Status.RECEIVED or not complaint.is_open:
        raise WrongStatusError(f"{complaint.complaint_id} is {complaint.status}")
    if dispute.opened_at > at:
        raise InvalidInputError("opened later than now", text_id="error.record_in_future")
    return record(
        complaint,
        "dispute_opened",
        at=at,
        actor=staff.username,
        facts={"way": dispute.way, "dispute": dispute.dispute_id},
        personal=dispute,
        key=key,
        disputes_open=complaint.disputes_open + 1,
    )


def end(
    complaint: Complaint,
    before: Dispute,
    ended: Dispute,
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """End a dispute with its result: settled, decided or withdrawn; `before` is as it is kept.

    A complaint that only waited for this goes on to the archive.

    Raises WrongStatusError for one that has ended, InvalidInputError without a result.
    """
    if not may_dispute(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not end a dispute")
    if before.status != "open" or ended.status == "open":
        raise WrongStatusError(f"{before.dispute_id} has ended", text_id="error.dispute_ended")
    expect_words(ended.result, "error.answer_missing")
    left = complaint.replace(disputes_open=complaint.disputes_open - 1)
    return record(
        left,
        "dispute_ended",
        at=at,
        actor=staff.username,
        facts={"way": ended.way, "dispute": ended.dispute_id, "status": ended.status},
        personal=ended,
        key=key,
        **closing(left, at=at, office=office),
    )
