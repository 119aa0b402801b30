"""Legal holds: what somebody may need as evidence is kept, whatever else would end it (F6).

Whoever sets or lifts one has no part in the complaint: neither handled, investigated nor signed it,
and is not complained about. What one has set, another lifts. Reasons are personal words; the
history holds their commitment.
"""

from datetime import datetime
from typing import Any

from complaints.lifecycle import InvalidInputError, NotAllowedError, expect_words, is_erased, record
from complaints.models import DISPOSAL, Complaint, Dossier, Staff, TrackingEntry
from complaints.office import Office
from complaints.parts import Hold
from complaints.roles import has_handled, holds


def may_hold(complaint: Complaint, staff: Staff, office: Office) -> bool:
    """Return whether this person sets and lifts holds of this complaint."""
    signed = {one.username for one in complaint.signed}
    has_part = staff.username in {*signed, complaint.approver, *complaint.members}
    if has_part or has_handled(complaint, staff):
        return False
    return any(holds(staff, code, complaint, office) for code in office.policy.keeping.holds_by)


def may_lift(hold: Hold, complaint: Complaint, staff: Staff, office: Office) -> bool:
    """Return whether this person lifts that hold: never who set it."""
    return hold.stands and hold.by != staff.username and may_hold(complaint, staff, office)


def set_hold(
    dossier: Dossier, hold: Hold, *, staff: Staff, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Set a hold: the complaint leaves the list of disposals, and what was granted is off.

    Raises NotAllowedError for who may not, InvalidInputError without a reason, WrongStatusError
    once erasing has begun.
    """
    complaint = dossier.complaint
    _expect_holder(complaint, staff, office)
    expect_words(hold.reason, "error.reason_missing")
    if complaint.erasure and complaint.erasure.begun_at:
        raise is_erased(complaint)
    return record(
        complaint,
        "held",
        at=at,
        actor=staff.username,
        facts={"hold": hold.hold_id, "holds": complaint.holds + 1},
        personal=committed(hold),
        key=dossier.key,
        holds=complaint.holds + 1,
        **off_the_list(complaint),
    )


def lift(
    dossier: Dossier, hold_id: str, reason: str, *, staff: Staff, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Lift a hold; with the last one, what is due for disposal enters its list again.

    Raises NotAllowedError for who may not or has set it, InvalidInputError without a reason or
    where no such hold stands.
    """
    complaint = dossier.complaint
    _expect_holder(complaint, staff, office)
    hold = standing(dossier, hold_id)
    if hold.by == staff.username:
        raise NotAllowedError(
            f"{staff.username} has set this hold", text_id="error.hold_lifted_by_other"
        )
    expect_words(reason, "error.reason_missing")
    return record(
        complaint,
        "hold_lifted",
        at=at,
        actor=staff.username,
        facts={"hold": hold_id, "holds": complaint.holds - 1},
        personal={"words": reason},
        key=dossier.key,
        holds=complaint.holds - 1,
    )


def lifted(dossier: Dossier, hold_id: str, reason: str, staff: Staff, at: datetime) -> Hold:
    """Return the hold as it is kept once it is lifted; the archive is still to be told."""
    return standing(dossier, hold_id).replace(
        lifted_by=staff.username, lifted_at=at, lifted_reason=reason, applied_at=None
    )


def standing(dossier: Dossier, hold_id: str) -> Hold:
    """Return the hold of this id; raises InvalidInputError where none such stands."""
    for hold in dossier.holds:
        if hold.hold_id == hold_id and hold.stands:
            return hold
    raise InvalidInputError(f"no hold {hold_id} stands", text_id="error.hold_unknown")


def committed(hold: Hold) -> dict[str, str]:
    """Return what the history commits to of a hold."""
    return {"words": hold.reason, "authority": hold.authority, "case": hold.case_number}


def off_the_list(complaint: Complaint) -> dict[str, Any]:
    """Return what changes when a complaint must not be erased any more: a request stays asked."""
    listed = complaint.queue == DISPOSAL
    going = complaint.is_erasing
    return {
        **({"queue": ""} if listed else {}),
        **({"look_again_at": None} if going else {}),
        "erasure": complaint.erasure.only_asked if complaint.erasure else None,
    }


def archive_keys(dossier: Dossier) -> tuple[str, ...]:
    """Return the keys of all bags of a complaint, the first closing first."""
    filed = [str(one.facts["archive_key"]) for one in dossier.entries if "archive_key" in one.facts]
    return tuple(dict.fromkeys(filed))


def _expect_holder(complaint: Complaint, staff: Staff, office: Office) -> None:
    if not may_hold(complaint, staff, office):
        raise NotAllowedError(
            f"{staff.username} may not hold {complaint.complaint_id}",
            text_id="error.hold_not_allowed",
        )
