"""Follow up: is the complainant satisfied? (ISO 10002:2018 8.3; D2 to D5)."""

from datetime import datetime
from typing import Any

from complaints.gates import closing, ended, refuses_call
from complaints.lifecycle import (
    NotAllowedError,
    WrongStatusError,
    expect,
    expect_words,
    record,
)
from complaints.models import Complaint, Outcome, Staff, Status, TrackingEntry
from complaints.office import Office
from complaints.roles import may_follow_up, may_reopen
from complaints.rounds import (
    again,
    called_in_vain,
    calls_ended,
    is_last_call,
    is_late,
    quiet_clock,
)

NOT_ASKED = frozenset({Outcome.UNREACHABLE, Outcome.DECLINED})
"""What comes of a call in which nobody could be asked: no answer, or no wish to give one."""


def decline_survey(complaint: Complaint, *, at: datetime) -> tuple[Complaint, TrackingEntry]:
    """Record that the complainant wants no more invitations to rate (RFC 8058).

    Nothing else ends with it: answers and news still come, and so does the call of a follow-up.
    """
    return record(complaint, "survey_declined", at=at, actor="complainant", survey_declined_at=at)


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
    """Record the survey as the complainant filled it in (D2).

    After an emergency the call is made all the same (002 3.2.5): an answer that is content is
    kept, and ends nothing.
    """
    expect(complaint, Status.RESPONDED)
    content = outcome is not Outcome.DISSATISFIED
    _expect_unrated(complaint, outcome)
    if complaint.emergency_at and complaint.must_call_back and content:
        return record(
            complaint,
            "rated",
            at=at,
            actor="complainant",
            facts={"outcome": outcome, "satisfaction": satisfaction},
            personal={"words": words},
            key=key,
            follow_up_outcome=outcome,
            satisfaction=satisfaction,
        )
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
    """Record a follow-up call; never by the person who handled the complaint (I5).

    Nobody calls before the measures are verified, where the policy asks for that (000 七).
    """
    expect(complaint, Status.RESPONDED)
    if not may_follow_up(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not follow up {complaint.complaint_id}")
    if refuses_call(complaint, office):
        raise WrongStatusError(
            f"{complaint.complaint_id} is not verified", text_id="error.not_verified"
        )
    if not complaint.must_call_back:
        _expect_unrated(complaint, outcome)
    if outcome in NOT_ASKED:
        return _called_in_vain(
            complaint, outcome, words, staff=staff, key=key, at=at, office=office
        )
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


def _called_in_vain(
    complaint: Complaint,
    outcome: Outcome,
    words: str,
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Count a call in vain; after the last that the policy asks for the quiet days run (I5)."""
    if complaint.followed_up_at or not is_last_call(complaint, at, office):
        return called_in_vain(
            complaint, outcome, words, actor=staff.username, key=key, at=at, office=office
        )
    quiet: dict[str, Any] = (
        {"clock": quiet_clock(at, office), "queue": ""} if complaint.must_call_back else {}
    )
    return calls_ended(
        complaint,
        outcome,
        words,
        actor=staff.username,
        key=key,
        at=at,
        follow_up_outcome=complaint.follow_up_outcome or outcome,
        must_call_back=False,
        **quiet,
    )


def pass_quietly(
    complaint: Complaint, *, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """End the follow-up of a complaint about which nothing more was heard (000: one week)."""
    expect(complaint, Status.RESPONDED)
    waits = complaint.must_call_back or complaint.news_at or complaint.followed_up_at
    if waits or not complaint.clock or at < complaint.clock.due_at:
        raise WrongStatusError(f"{complaint.complaint_id} is not through its quiet days")
    quiet = ended(complaint, complaint.follow_up_outcome or Outcome.QUIET, at)
    return record(
        quiet, "passed_quietly", at=at, actor="check_sla", **closing(quiet, at=at, office=office)
    )


def reopen(
    complaint: Complaint, reason: str, *, staff: Staff, key: bytes, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Take a closed complaint up again: its complainant came back (000 四; D5).

    It keeps its number and its history, counts as a repeat, and is filed once more at its second
    closing; the bundle of the first stays where it is. One that was voided is handled for the
    first time: nobody was dissatisfied with a solution, and it counts as no repeat.
    """
    expect(complaint, Status.CLOSED)
    if not may_reopen(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not reopen {complaint.complaint_id}")
    expect_words(reason, "error.reason_missing")
    was_void = complaint.voided is not None
    return again(
        complaint,
        "restored" if was_void else "reopened",
        actor=staff.username,
        key=key,
        at=at,
        office=office,
        personal={"words": reason},
        facts={"from": Status.CLOSED, "archive_key": complaint.archive_key},
        reopened=complaint.reopened + int(not was_void),
        voided=None,
        news_at=None,
    )


def _expect_unrated(complaint: Complaint, outcome: Outcome) -> None:
    """Raise WrongStatusError for who is satisfied a second time."""
    if complaint.follow_up_outcome is Outcome.SATISFIED and outcome is Outcome.SATISFIED:
        raise WrongStatusError(f"{complaint.complaint_id} was rated", text_id="error.rated")


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
    """Lead the dissatisfied back to investigation, all others on to the closing gates."""
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
    heard = ended(complaint, outcome, at)
    return record(
        heard,
        "followed_up",
        at=at,
        actor=actor,
        facts={
            "outcome": outcome,
            "satisfaction": satisfaction,
            "late": complaint.must_call_back and is_late(complaint, at),
        },
        personal=personal,
        key=key,
        satisfaction=complaint.satisfaction if satisfaction is None else satisfaction,
        **closing(heard, at=at, office=office),
    )
