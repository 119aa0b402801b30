"""Void: a complaint that was registered by mistake keeps its number, and counts no more (I3, F2).

A number never disappears, it is explained: a voided complaint (作废) has its reason, its author and
its words on record, is filed like any other, and stands in the reports by name instead of in their
totals. Only what nothing hangs on yet can be voided: no approved solution, no other complaint that
is counted with it, no money, no dispute, nobody outside who waits. Its complainant hears of it and
can object; then it is taken up again under its number (`follow_up.reopen`).
"""

from datetime import datetime

from complaints.gates import awaited_outside
from complaints.lifecycle import (
    UNAPPROVED,
    NotAllowedError,
    WrongStatusError,
    expect_words,
    record,
)
from complaints.models import Complaint, Dossier, Staff, Status, TrackingEntry
from complaints.parts import Voided, VoidReason
from complaints.roles import may_void
from complaints.rounds import LOOK_AGAIN, closing_clock


def void(
    dossier: Dossier, reason: VoidReason, words: str, *, staff: Staff, at: datetime
) -> tuple[Complaint, TrackingEntry]:
    """Void a complaint: it goes to the archive at once, past every gate, and nobody waits any more.

    Raises NotAllowedError for who is not of the quality office or is complained about,
    InvalidInputError without words, WrongStatusError where something hangs on it.
    """
    complaint = dossier.complaint
    if not may_void(complaint, staff):
        raise NotAllowedError(
            f"{staff.username} may not void {complaint.complaint_id}",
            text_id="error.void_not_allowed",
        )
    if wrong := obstacle(dossier):
        raise WrongStatusError(f"{complaint.complaint_id} can't be voided", text_id=wrong)
    expect_words(words, "error.reason_missing")
    return record(
        complaint.replace(voided=Voided(reason=reason, by=staff.username, at=at)),
        "voided",
        at=at,
        actor=staff.username,
        status=Status.FOLLOWED_UP,
        facts={"voided": reason},
        personal={"words": words},
        key=dossier.key,
        queue="",
        clock=closing_clock(at),
        clocks=(),
        ordered=(),
        look_again_at=at + LOOK_AGAIN,
    )


def obstacle(dossier: Dossier) -> str:
    """Return the id of the sentence that says why it can't be voided now; empty where it can."""
    complaint = dossier.complaint
    urgent = any(clock.what == "emergency" for clock in complaint.clocks)
    wrong = {
        "error.void_again": complaint.voided,
        "error.is_merged": complaint.merged_into,
        "error.void_late": complaint.status not in UNAPPROVED,
        "error.void_merged": dossier.merged,
        "error.void_paid": any(not one.refused_reason for one in dossier.payments)
        or any(not one.refused_reason for one in dossier.payouts),
        "error.void_outside": complaint.disputes_open or awaited_outside(complaint),
        "error.void_emergency": urgent,
    }
    return next((sentence for sentence, holds in wrong.items() if holds), "")
