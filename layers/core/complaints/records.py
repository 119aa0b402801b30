"""Investigation records: what was seen, asked, read and heard to find out what happened (C3)."""

from datetime import datetime

from complaints.clocks import expect_near
from complaints.lifecycle import InvalidInputError, NotAllowedError, expect, record
from complaints.models import Complaint, Staff, Status, TrackingEntry
from complaints.office import Office
from complaints.parts import InvestigationRecord, RecordKind
from complaints.roles import may_work_on


def keep(
    complaint: Complaint, made: InvestigationRecord, *, staff: Staff, key: bytes, at: datetime
) -> tuple[Complaint, TrackingEntry]:
    """Add a record of the investigation; it counts for every round that follows.

    Raises NotAllowedError for who does not handle the complaint, InvalidInputError for something
    that is yet to happen, or was more than a year ago.
    """
    expect(complaint, Status.ASSESSED)
    if not may_work_on(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not investigate {complaint.complaint_id}")
    if made.at > at:
        raise InvalidInputError("done later than now", text_id="error.record_in_future")
    expect_near(made.at, at)
    return record(
        complaint,
        "record_kept",
        at=at,
        actor=staff.username,
        facts={"record": made.kind},
        personal=made,
        key=key,
        recorded=tuple(dict.fromkeys((*complaint.recorded, made.kind))),
    )


def missing(complaint: Complaint, office: Office) -> tuple[RecordKind, ...]:
    """Return the kinds of records that the policy asks for and that are not there yet."""
    kind = complaint.assessment.type if complaint.assessment else ""
    return tuple(
        rule.kind
        for rule in office.policy.records
        if rule.kind not in complaint.recorded
        and (complaint.is_major or not rule.major_only)
        and (not rule.types or kind in rule.types)
    )
