"""Approve: a second person decides about the proposed solution (C5; 004 二)."""

from datetime import datetime

from complaints.lifecycle import InvalidInputError, NotAllowedError, expect, record
from complaints.models import (
    Complainant,
    Complaint,
    Decision,
    Role,
    Signature,
    Staff,
    Status,
    TrackingEntry,
)
from complaints.office import Office
from complaints.roles import next_signer, queue_of, signers, signs_for
from complaints.rounds import LOOK_AGAIN, again, is_late, next_clock


def decide(
    complaint: Complaint,
    decision: Decision,
    complainant: Complainant,
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Approve the solution, or send it back with a reason.

    With the approval the written notice is owed: where there is an e-mail address, the caller
    queues it in the same save, so it counts as written from now on.

    Raises NotAllowedError for the wrong person, InvalidInputError for a rejection without reason.
    """
    expect(complaint, Status.INVESTIGATED)
    code = signs_for(complaint, staff, office)
    if not code:
        own = staff.username == complaint.investigator
        raise NotAllowedError(
            f"{staff.username} may not approve {complaint.complaint_id}",
            text_id="error.own_investigation" if own else "",
        )
    if not decision.approved:
        if not decision.reason.strip():
            raise InvalidInputError("a rejection needs its reason", text_id="error.reason_missing")
        return again(
            complaint,
            "rejected",
            actor=staff.username,
            key=key,
            at=at,
            office=office,
            personal=decision,
        )
    signature = Signature(code=code, username=staff.username, at=at)
    signed = complaint.replace(signed=(*complaint.signed, signature))
    if signers(signed, office):
        return record(
            signed,
            "signed",
            at=at,
            actor=staff.username,
            facts={"for": code},
            personal=decision,
            key=key,
            queue=queue_of(next_signer(signed, office), signed, office),
        )
    return record(
        signed,
        "approved",
        at=at,
        actor=staff.username,
        status=Status.APPROVED,
        facts={"late": is_late(complaint, at), "for": code},
        personal=decision,
        key=key,
        approver=staff.username,
        written_at=at if complainant.email else None,
        look_again_at=at + LOOK_AGAIN,
        queue=queue_of(Role.HANDLER, complaint, office),
        clock=next_clock(office.policy.clocks.feedback, started_at=at, at=at, office=office),
    )
