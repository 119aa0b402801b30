"""Classify: the initial assessment of a received complaint (ISO 10002:2018 7.5; B1, B2)."""

from collections.abc import Iterable
from datetime import datetime

from complaints.assessment import assess, propose_department, with_levels
from complaints.lifecycle import NotAllowedError, expect, record
from complaints.matters import put_aside, put_back
from complaints.models import (
    Assessment,
    Complaint,
    Contact,
    Outcome,
    Role,
    Staff,
    Status,
    TrackingEntry,
)
from complaints.office import Office
from complaints.roles import may_work_on, queue_of
from complaints.rounds import (
    LOOK_AGAIN,
    follow_up_begins,
    investigation_limit,
    next_clock,
    reassessed,
)


def classify(
    complaint: Complaint,
    contacts: Iterable[Contact],
    *,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Assess a received complaint and set the limit of its investigation (004 二: 24 hours).

    The limit counts from receipt: a slow assessment eats into our time, never into the
    complainant's. What was settled on the spot (A9) needs no investigation: it is recorded, and
    goes on to follow-up.
    """
    if complaint.merged_into:
        # It stays out of the line, and has its place there when it is unmerged.
        alone = put_back(complaint).replace(merged_into="")
        assessed, entry = classify(alone, contacts, key=key, at=at, office=office)
        return put_aside(assessed.replace(merged_into=complaint.merged_into)), entry
    expect(complaint, Status.RECEIVED)
    text = "\n".join(
        part for contact in contacts for part in (contact.subject, contact.text, contact.demand)
    )
    assessment = assess(text, office.policy)
    department = propose_department(assessment, office.policy)
    facts: dict[str, str | int | bool | None] = {
        "type": assessment.type,
        "urgency": assessment.urgency,
        "risk": assessment.risk,
        "major": ",".join(assessment.major),
        "department": department,
    }
    assessed = complaint.replace(assessment=assessment, department=department)
    if complaint.settled_on_spot:
        return record(
            assessed,
            "settled_on_spot",
            at=at,
            actor="classify",
            status=Status.RESPONDED,
            facts=facts,
            reply_outcome=Outcome.ACCEPTED,
            **follow_up_begins(assessed, key=key, at=at, office=office),
        )
    return record(
        assessed,
        "assessed",
        at=at,
        actor="classify",
        status=Status.ASSESSED,
        facts=facts,
        queue=queue_of(Role.HANDLER, assessed, office),
        # The look that registration has set holds until the next step has begun.
        look_again_at=complaint.look_again_at or at + LOOK_AGAIN,
        clock=next_clock(
            investigation_limit(assessed, office),
            started_at=complaint.received_at,
            at=at,
            office=office,
        ),
    )


def correct(
    complaint: Complaint,
    assessment: Assessment,
    department: str,
    *,
    staff: Staff,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Correct the assessment while the complaint is handled (B1); its clocks keep their start.

    What words proposed is confirmed or dismissed by it; what is counted, or asked for by levels,
    is not for anybody to say. A complaint that becomes major after its investigation goes to
    management instead of the department's head, and has the limit of a major one from then on.
    """
    expect(complaint, Status.ASSESSED, Status.INVESTIGATED)
    if not may_work_on(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not assess {complaint.complaint_id}")
    before = complaint.assessment
    kept = before.counted if before else ()
    assessment = assessment.replace(counted=kept, major=(*assessment.major, *kept))
    assessment = with_levels(assessment, office.policy)
    dismissed = set(before.proposed if before else ()) - set(assessment.major)
    assessed = complaint.replace(assessment=assessment, department=department)
    return record(
        assessed,
        "assessment_corrected",
        at=at,
        actor=staff.username,
        facts={
            "type": assessment.type,
            "type_before": before.type if before else "",
            "urgency": assessment.urgency,
            "risk": assessment.risk,
            "major": ",".join(assessment.major),
            **({"dismissed": ",".join(sorted(dismissed))} if dismissed else {}),
            "department": department,
        },
        **reassessed(complaint, assessed, at=at, office=office),
    )
