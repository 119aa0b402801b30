"""Approve: a second person decides about the proposed solution (C5; 004 二)."""

from collections.abc import Sequence
from datetime import datetime

from complaints.compensation import counted, granted
from complaints.lifecycle import InvalidInputError, NotAllowedError, expect, record
from complaints.models import (
    Complainant,
    Complaint,
    Decision,
    Finding,
    Role,
    Signature,
    Staff,
    Status,
    TrackingEntry,
)
from complaints.office import Office
from complaints.parts import Payment
from complaints.roles import holds, next_signer, queue_of, signers, signs_for, stand_ins
from complaints.rounds import LOOK_AGAIN, again, is_late, next_clock, spoken


def decide(
    complaint: Complaint,
    decision: Decision,
    complainant: Complainant,
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
    office: Office,
    directory: Sequence[Staff] = (),
    finding: Finding | None = None,
    payments: tuple[Payment, ...] = (),
) -> tuple[Complaint, TrackingEntry]:
    """Sign the solution for the role or post that is awaited, or send it back with a reason.

    In `directory` those are looked for who may sign next, and who stands in for them.

    The last signature approves it (C5). With the approval the written notice is owed: where there
    is an e-mail address, the caller queues it in the same save, so it counts as written from now
    on. What the `finding` promises to pay is approved as well: the caller saves what is `granted`.

    Raises NotAllowedError for the wrong person, InvalidInputError for a rejection without reason.
    """
    expect(complaint, Status.INVESTIGATED)
    code = signs_for(complaint, staff, office)
    if not code:
        raise NotAllowedError(
            f"{staff.username} may not approve {complaint.complaint_id}",
            text_id=_why_not(complaint, staff),
        )
    decision = decision.replace(code=code)
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
    instead = {} if holds(staff, code, complaint, office) else {"in_place": True}
    if signers(signed, office):
        if directory:
            signed = signed.replace(stand_ins=stand_ins(signed, directory, office, at=at))
        return record(
            signed,
            "signed",
            at=at,
            actor=staff.username,
            facts={"for": code, **instead},
            personal=decision,
            key=key,
            queue=queue_of(next_signer(signed, office), signed, office),
        )
    told = spoken(complaint, at) if complainant.email else {}
    signed = signed.replace(approver=staff.username, **told)
    changed = granted(signed, finding, payments, at=at, office=office)
    return record(
        signed,
        "approved",
        at=at,
        actor=staff.username,
        status=Status.APPROVED,
        facts={"late": is_late(complaint, at), "for": code, **instead},
        personal=decision,
        key=key,
        written_at=at if complainant.email else None,
        look_again_at=at + LOOK_AGAIN,
        queue=queue_of(Role.HANDLER, complaint, office),
        clock=next_clock(office.policy.clocks.feedback, started_at=at, at=at, office=office),
        **counted(signed, payments, changed, at=at, office=office),
    )


def _why_not(complaint: Complaint, staff: Staff) -> str:
    """Return the sentence for who may not sign: the own finding, a second time, another's task."""
    if staff.username == complaint.investigator:
        return "error.own_investigation"
    signed = any(one.username == staff.username for one in complaint.signed)
    return "error.signed_already" if signed else "error.not_your_signature"
