"""What several stages share: the clock of the next stage, and the way back for another round."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any

from complaints.clocks import limit_end, start_clock
from complaints.lifecycle import record
from complaints.models import Clock, Complaint, Role, Status, TrackingEntry
from complaints.office import Office
from complaints.policy import Limit
from complaints.roles import queue_of

LOOK_AGAIN = timedelta(minutes=10)
"""How long the next step may take to begin before `check_sla` begins it."""


def next_clock(limit: Limit, *, started_at: datetime, at: datetime, office: Office) -> Clock:
    """Start the clock of the stage that follows an answer."""
    return start_clock(limit, started_at=started_at, at=at, policy=office.policy, zone=office.zone)


def investigation_limit(complaint: Complaint, office: Office) -> Limit:
    """Return the limit of the investigation, by severity and urgency."""
    limits = office.policy.clocks.investigation
    return limits.of(is_major=complaint.is_major, urgency=complaint.urgency)


def solution_limit(complaint: Complaint, office: Office) -> Limit:
    """Return the limit for the solution, by severity and urgency."""
    limits = office.policy.clocks.solution
    return limits.of(is_major=complaint.is_major, urgency=complaint.urgency)


def is_late(complaint: Complaint, at: datetime) -> bool:
    """Return whether the limit of the stage that is being left was missed."""
    return complaint.clock is not None and at > complaint.clock.due_at


def again(
    complaint: Complaint,
    action: str,
    *,
    actor: str,
    personal: object,
    key: bytes,
    at: datetime,
    office: Office,
    facts: dict[str, str | int | bool | None] | None = None,
    **changes: Any,  # noqa: ANN401 - fields of Complaint
) -> tuple[Complaint, TrackingEntry]:
    """Send a complaint back to investigation: rejected, refused or not satisfied (C6, D5).

    A new round with clocks of its own begins; what was said in the rounds before stays.
    """
    return record(
        complaint,
        action,
        at=at,
        actor=actor,
        status=Status.ASSESSED,
        facts=facts,
        personal=personal,
        key=key,
        queue=queue_of(Role.HANDLER, complaint, office),
        clock=next_clock(
            investigation_limit(complaint, office), started_at=at, at=at, office=office
        ),
        look_again_at=at + LOOK_AGAIN,
        round_at=at,
        approver="",
        signed=(),
        proven=(),
        written_at=None,
        phoned_at=None,
        reply_outcome=None,
        must_call_back=False,
        attempts=0,
        **changes,
    )


def called_in_vain(
    complaint: Complaint, words: str, *, actor: str, key: bytes, at: datetime
) -> tuple[Complaint, TrackingEntry]:
    """Record a call that reached nobody; the policy says how many of them are enough (I5)."""
    return record(
        complaint,
        "called_in_vain",
        at=at,
        actor=actor,
        personal={"words": words},
        key=key,
        attempts=complaint.attempts + 1,
    )


def follow_up_begins(
    complaint: Complaint, *, key: bytes, at: datetime, office: Office
) -> dict[str, Any]:
    """Return what changes when follow-up begins: who must call back, and until when.

    The share that is called back (004 三: 20 %) is drawn with the complaint's own key: nobody
    can foresee the draw, and an auditor who has the key can repeat it. Nobody is called who left
    no way to be reached, or, where the policy exempts that, who was content on the spot (000):
    those close after quiet days.
    """
    rules = office.policy.follow_up
    draw = hmac.new(key, b"callback", hashlib.sha256).digest()
    drawn = int.from_bytes(draw[:8], "big") < rules.callback_share * 2**64
    content = complaint.settled_on_spot and "settled_on_spot" in rules.exempt
    called = drawn and not complaint.anonymous and not content
    if called:
        limit = office.policy.clocks.follow_up
        clock = next_clock(limit, started_at=at, at=at, office=office)
    else:
        until = at + timedelta(days=rules.quiet_days)
        clock = Clock(started_at=at, due_at=until, next_at=until)
    return {
        "must_call_back": called,
        "queue": Role.QUALITY_OFFICE if called else "",
        "clock": clock,
        "look_again_at": at + LOOK_AGAIN,
        "attempts": 0,
    }


def closing_clock(at: datetime) -> Clock:
    """Return the clock of a complaint that only has to be archived: no person is waited for."""
    return Clock(started_at=at, due_at=at + timedelta(hours=1), next_at=at + timedelta(hours=1))


def promised_at(complaint: Complaint, office: Office) -> datetime:
    """Return when the complainant hears the solution at the latest (A7; 004 二)."""
    start = complaint.round_at or complaint.received_at
    overrides = office.policy.calendar.as_table()
    reckoned = limit_end(start, solution_limit(complaint, office), office.zone, overrides)
    return complaint.agreed_at or reckoned
