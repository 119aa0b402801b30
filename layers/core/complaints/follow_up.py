"""Follow up: is the complainant satisfied? (ISO 10002:2018 8.3; D2 to D5)."""

from datetime import datetime

from complaints.lifecycle import NotAllowedError, WrongStatusError, expect, record
from complaints.models import Complaint, Outcome, Staff, Status, TrackingEntry
from complaints.office import Office
from complaints.roles import may_follow_up
from complaints.rounds import (
    LOOK_AGAIN,
    again,
    called_in_vain,
    closing_clock,
    is_late,
)


def rate(
    complaint: Complaint,
    outcome: Outcome,
    satisfaction: int | None,
    words: str,
    *,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Record the survey as the complainant filled it in (D2)."""
    expect(complaint, Status.RESPONDED)
    return _followed_up(
        complaint,
        outcome,
        satisfaction,
        words,
        actor="complainant",
        key=key,
        at=at,
        office=office,
    )


def call_back(
    complaint: Complaint,
    outcome: Outcome,
    satisfaction: int | None,
    words: str,
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Record a follow-up call; never by the person who handled the complaint (I5)."""
    expect(complaint, Status.RESPONDED)
    if not may_follow_up(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not follow up {complaint.complaint_id}")
    if outcome is Outcome.UNREACHABLE and complaint.attempts + 1 < office.policy.follow_up.attempts:
        return called_in_vain(complaint, words, actor=staff.username, key=key, at=at)
    return _followed_up(
        complaint,
        outcome,
        satisfaction,
        words,
        actor=staff.username,
        key=key,
        at=at,
        office=office,
    )


def pass_quietly(complaint: Complaint, *, at: datetime) -> tuple[Complaint, TrackingEntry]:
    """End the follow-up of a complaint about which nothing more was heard (000: one week)."""
    expect(complaint, Status.RESPONDED)
    waits = complaint.must_call_back or complaint.news_at
    if waits or not complaint.clock or at < complaint.clock.due_at:
        raise WrongStatusError(f"{complaint.complaint_id} is not through its quiet days")
    return record(
        complaint,
        "passed_quietly",
        at=at,
        actor="check_sla",
        status=Status.FOLLOWED_UP,
        follow_up_outcome=Outcome.QUIET,
        queue="",
        clock=closing_clock(at),
        look_again_at=at + LOOK_AGAIN,
    )


def _followed_up(
    complaint: Complaint,
    outcome: Outcome,
    satisfaction: int | None,
    words: str,
    *,
    actor: str,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Lead the dissatisfied back to investigation, all others on to closure."""
    personal = {"outcome": outcome, "satisfaction": satisfaction, "words": words}
    if outcome is Outcome.DISSATISFIED:
        return again(
            complaint,
            "reopened",
            actor=actor,
            key=key,
            at=at,
            office=office,
            personal=personal,
            facts={"satisfaction": satisfaction},
            reopened=complaint.reopened + 1,
            satisfaction=satisfaction,
        )
    return record(
        complaint,
        "followed_up",
        at=at,
        actor=actor,
        status=Status.FOLLOWED_UP,
        facts={
            "outcome": outcome,
            "satisfaction": satisfaction,
            "late": complaint.must_call_back and is_late(complaint, at),
        },
        personal=personal,
        key=key,
        follow_up_outcome=outcome,
        satisfaction=satisfaction,
        queue="",
        clock=closing_clock(at),
        look_again_at=at + LOOK_AGAIN,
    )
