"""Notify: the decision is told to the complainant, in writing and by phone (004 二, D1)."""

from datetime import datetime

from complaints.lifecycle import InvalidInputError, NotAllowedError, expect, record
from complaints.models import Complainant, Complaint, Outcome, Staff, Status, TrackingEntry
from complaints.office import Office
from complaints.parts import Nature
from complaints.roles import may_work_on
from complaints.rounds import (
    again,
    called_in_vain,
    follow_up_begins,
    is_last_call,
    is_late,
    spoken,
)


def ways_due(complaint: Complaint, complainant: Complainant, office: Office) -> tuple[str, ...]:
    """Return the ways of feedback that the policy asks for and that are still to be done.

    A way that has no address to go to is not due: nobody can phone a complainant who left no
    number. A written notice goes by mail, or by post where only an address is known.
    """
    possible = {
        "written": bool(complainant.email or complainant.address),
        "phone": bool(complainant.phone),
    }
    done = {"written": complaint.written_at, "phone": complaint.phoned_at}
    return tuple(way for way in office.policy.feedback_ways if possible[way] and not done[way])


def post(
    complaint: Complaint,
    complainant: Complainant,
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Record that the written notice went out on paper (《处理结果通知书》)."""
    expect(complaint, Status.APPROVED)
    if not may_work_on(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not notify {complaint.complaint_id}")
    posted = complaint.replace(written_at=at, **spoken(complaint, at))
    return _told(
        posted, complainant, "posted", None, actor=staff.username, key=key, at=at, office=office
    )


def phone(
    complaint: Complaint,
    complainant: Complainant,
    outcome: Outcome,
    words: str,
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Record the call in which the notice was confirmed, or that nobody answered it.

    After as many calls in vain as the policy asks for, each long enough after the last, the
    complaint goes on without the confirmation: the history says so, and follow-up still stands
    between it and its closure. Where the reply was refused before, what was agreed in the end is
    recorded (C6); an unreasonable complaint ends with a patient explanation, recorded as such
    (C10; 000).

    Raises InvalidInputError without the words of the agreement, or of the explanation.
    """
    expect(complaint, Status.APPROVED)
    if not may_work_on(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not confirm {complaint.complaint_id}")
    if outcome is Outcome.UNREACHABLE and not is_last_call(complaint, at, office):
        return called_in_vain(
            complaint, outcome, words, actor=staff.username, key=key, at=at, office=office
        )
    explains = complaint.nature is Nature.UNREASONABLE and outcome is not Outcome.UNREACHABLE
    if explains and not words.strip():
        raise InvalidInputError("not explained", text_id="error.explanation_missing")
    if outcome is Outcome.ACCEPTED and complaint.refusals and not words.strip():
        raise InvalidInputError("agreement not recorded", text_id="error.agreement_missing")
    explained_at = at if explains else complaint.explained_at
    reached = {} if outcome is Outcome.UNREACHABLE else spoken(complaint, at)
    return _answered(
        complaint.replace(phoned_at=at, explained_at=explained_at, **reached),
        complainant,
        outcome,
        words,
        actor=staff.username,
        key=key,
        at=at,
        office=office,
    )


def answer(
    complaint: Complaint,
    complainant: Complainant,
    outcome: Outcome,
    words: str,
    *,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Record that the complainant accepts or refuses the reply (D8)."""
    expect(complaint, Status.APPROVED)
    return _answered(
        complaint,
        complainant,
        outcome,
        words,
        actor="complainant",
        key=key,
        at=at,
        office=office,
    )


def _answered(
    complaint: Complaint,
    complainant: Complainant,
    outcome: Outcome,
    words: str,
    *,
    actor: str,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Lead a refusal back to investigation, anything else on."""
    personal = {"outcome": outcome, "words": words}
    if outcome is Outcome.REFUSED:
        return again(
            complaint,
            "refused",
            actor=actor,
            key=key,
            at=at,
            office=office,
            personal=personal,
            refusals=complaint.refusals + 1,
        )
    # A call that reached nobody takes no answer back that was given before.
    before = complaint.reply_outcome if outcome is Outcome.UNREACHABLE else None
    answered = complaint.replace(reply_outcome=before or outcome)
    return _told(
        answered, complainant, outcome, personal, actor=actor, key=key, at=at, office=office
    )


def _told(
    complaint: Complaint,
    complainant: Complainant,
    action: str,
    personal: object,
    *,
    actor: str,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Record one step of the feedback; the one that completes it leads on to follow-up."""
    explained: dict[str, str | int | bool | None] = {}
    if complaint.explained_at == at:
        explained["explained"] = True
    if ways_due(complaint, complainant, office) or not is_answered(complaint, complainant):
        return record(
            complaint, action, at=at, actor=actor, facts=explained, personal=personal, key=key
        )
    return record(
        complaint,
        action,
        at=at,
        actor=actor,
        status=Status.RESPONDED,
        facts={"late": is_late(complaint, at), **explained},
        personal=personal,
        key=key,
        **follow_up_begins(complaint, key=key, at=at, office=office),
    )


def is_answered(complaint: Complaint, complainant: Complainant) -> bool:
    """Return whether the complainant answered the reply, or can't be asked at all."""
    return bool(complaint.reply_outcome) or not can_be_asked(complainant)


def can_be_asked(complainant: Complainant) -> bool:
    """Return whether the complainant can say yes or no to the reply: by phone, or on the web."""
    return bool(complainant.phone or complainant.email)


def can_be_told(complainant: Complainant) -> bool:
    """Return whether there is any way to tell the complainant: phone, e-mail, or by post."""
    return can_be_asked(complainant) or bool(complainant.address)


def skip(
    complaint: Complaint, *, key: bytes, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Go on to follow-up with a complainant who left no way to be told anything (A5)."""
    expect(complaint, Status.APPROVED)
    return record(
        complaint,
        "nobody_to_notify",
        at=at,
        actor="notify",
        status=Status.RESPONDED,
        **follow_up_begins(complaint, key=key, at=at, office=office),
    )
