"""What several stages share: the clock of the next stage, and the way back for another round."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any

from complaints.clocks import (
    is_overdue,
    limit_end,
    resume,
    start_clock,
    with_clock,
    without_clock,
)
from complaints.lifecycle import record
from complaints.models import Clock, Complaint, Outcome, Role, Status, TrackingEntry
from complaints.office import Office
from complaints.parts import Gate
from complaints.policy import Limit
from complaints.roles import asked_to_sign, next_signer, queue_of

LOOK_AGAIN = timedelta(minutes=10)
"""How long the next step may take to begin before `check_sla` begins it."""
CONTACT = "contact"
"""The clock of the first word to the complainant (C8)."""
VERIFICATION = "verification"
"""The clock beside follow-up by which the measures must be verified (D6)."""
STATEMENT = "statement"
"""The clock of the public statement on a group incident (B6)."""
COMES_BACK = frozenset({"refused", "reopened"})
"""Ways back that count as a repeat: the complainant had to say it again (D5)."""


def next_clock(
    limit: Limit, *, started_at: datetime, at: datetime, office: Office, what: str = ""
) -> Clock:
    """Start the clock of the stage that follows an answer, or of `what` runs beside it."""
    return start_clock(
        limit, started_at=started_at, at=at, policy=office.policy, zone=office.zone, what=what
    )


def investigation_limit(complaint: Complaint, office: Office) -> Limit:
    """Return the limit of the investigation, by severity and urgency."""
    limits = office.policy.clocks.investigation
    return limits.of(is_major=complaint.is_major, urgency=complaint.urgency)


def solution_limit(complaint: Complaint, office: Office) -> Limit:
    """Return the limit for the solution, by severity and urgency."""
    limits = office.policy.clocks.solution
    return limits.of(is_major=complaint.is_major, urgency=complaint.urgency)


def solution_clock(complaint: Complaint, *, at: datetime, office: Office) -> Clock:
    """Start the clock of the solution, from receipt or from the begin of the round (004 二).

    What moved the limit of the investigation moves this one: it is the same wait.
    """
    clock = complaint.clock
    if clock and complaint.pause and complaint.status is Status.ASSESSED:
        clock = resume(clock, at=at, policy=office.policy, zone=office.zone)
    return start_clock(
        solution_limit(complaint, office),
        started_at=complaint.round_at or complaint.received_at,
        at=at,
        policy=office.policy,
        zone=office.zone,
        moves=clock.moves if clock else (),
    )


def contact_clock(
    received_at: datetime, *, at: datetime, office: Office, other_body: bool = False
) -> Clock | None:
    """Return the clock of the first word to the complainant, solved or not (C8; 003: 2 days).

    It runs from receipt; where another body is involved it has a limit of its own (003: 3 days).
    None where the policy sets no such limit.
    """
    clocks = office.policy.clocks
    limit = (clocks.contact_other_body if other_body else None) or clocks.contact
    if limit is None:
        return None
    return next_clock(limit, started_at=received_at, at=at, office=office, what=CONTACT)


def another_body(complaint: Complaint, *, at: datetime, office: Office) -> dict[str, Any]:
    """Return what changes when another body is involved: a first word that is due has its limit.

    Once; a second body gives no more time.
    """
    before = next((clock for clock in complaint.clocks if clock.what == CONTACT), None)
    clock = contact_clock(complaint.received_at, at=at, office=office, other_body=True)
    if before is None or clock is None or clock.due_at == before.due_at:
        return {}
    return with_clock(complaint, clock)


def spoken(complaint: Complaint, at: datetime) -> dict[str, Any]:
    """Return what changes when we have spoken or written to the complainant ourselves (C8)."""
    return {
        "contacted_at": complaint.contacted_at or at,
        **without_clock(complaint, CONTACT),
    }


def pause_over(complaint: Complaint, *, at: datetime, office: Office) -> dict[str, Any]:
    """Return what changes when the pause of a complaint ends; nothing where there is none."""
    if not complaint.pause:
        return {}
    clock = complaint.clock
    if clock:
        clock = resume(clock, at=at, policy=office.policy, zone=office.zone)
    return {"pause": None, "clock": clock}


def is_late(complaint: Complaint, at: datetime) -> bool:
    """Return whether the limit of the stage that is being left was missed."""
    return complaint.clock is not None and is_overdue(complaint.clock, at)


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
        compensation=None,
        proven=(),
        follow_up_outcome=None,
        followed_up_at=None,
        repeats=complaint.repeats + int(action in COMES_BACK),
        closed_at=None,
        archive_key="",
        dispose_at=None,
        erasure=complaint.erasure.only_asked if complaint.erasure else None,
        agreed_at=None,
        extensions=0,
        **without_clock(complaint, VERIFICATION),
        written_at=None,
        phoned_at=None,
        reply_outcome=None,
        must_call_back=False,
        attempts=0,
        attempted_at=None,
        **changes,
    )


def counts(complaint: Complaint, at: datetime, office: Office) -> bool:
    """Return whether a call in vain counts: the one before lies as far back as the policy asks."""
    if not complaint.attempted_at:
        return True
    overrides = office.policy.calendar.as_table()
    apart = office.policy.follow_up.apart
    return at >= limit_end(complaint.attempted_at, apart, office.zone, overrides)


def is_last_call(complaint: Complaint, at: datetime, office: Office) -> bool:
    """Return whether a call in vain is the last that the policy asks for (I5)."""
    enough = complaint.attempts + 1 >= office.policy.follow_up.attempts
    return enough and counts(complaint, at, office)


def called_in_vain(
    complaint: Complaint,
    outcome: Outcome,
    words: str,
    *,
    actor: str,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Record a call that reached nobody, or a person who would not be asked (I5).

    One that comes too soon after the last is kept, and does not count.
    """
    counted = counts(complaint, at, office)
    return record(
        complaint,
        "called_in_vain",
        at=at,
        actor=actor,
        facts={"outcome": outcome, "counted": counted},
        personal={"words": words},
        key=key,
        attempts=complaint.attempts + int(counted),
        attempted_at=at if counted else complaint.attempted_at,
    )


def calls_ended(
    complaint: Complaint,
    outcome: Outcome,
    words: str,
    *,
    actor: str,
    key: bytes,
    at: datetime,
    **changes: Any,  # noqa: ANN401 - fields of Complaint
) -> tuple[Complaint, TrackingEntry]:
    """Record the last call in vain that the policy asks for; `changes` are what ends with it."""
    calls = complaint.attempts + 1
    return record(
        complaint,
        "calls_ended",
        at=at,
        actor=actor,
        facts={"outcome": outcome, "calls": calls},
        personal={"words": words},
        key=key,
        attempts=calls,
        attempted_at=at,
        **changes,
    )


def follow_up_begins(
    complaint: Complaint, *, key: bytes, at: datetime, office: Office
) -> dict[str, Any]:
    """Return what changes when follow-up begins: who must call back, and until when.

    The share that is called back (004 三: 20 %) is drawn with the complaint's own key: nobody
    can foresee the draw, and an auditor who has the key can repeat it. Nobody is called who left
    no way to be reached, or, where the policy exempts that, who was content on the spot (000):
    those close after quiet days. After an emergency everybody is called who can be reached
    (002 3.2.5).
    """
    rules = office.policy.follow_up
    draw = hmac.new(key, b"callback", hashlib.sha256).digest()
    drawn = int.from_bytes(draw[:8], "big") < rules.callback_share * 2**64
    content = complaint.settled_on_spot and "settled_on_spot" in rules.exempt
    due = complaint.emergency_at or (drawn and not content)
    called = bool(due) and not complaint.anonymous
    if called:
        limit = office.policy.clocks.follow_up
        clock = next_clock(limit, started_at=at, at=at, office=office)
    else:
        clock = quiet_clock(at, office)
    return {
        "must_call_back": called,
        "queue": Role.QUALITY_OFFICE if called else "",
        "clock": clock,
        "look_again_at": at + LOOK_AGAIN,
        "attempts": 0,
        "attempted_at": None,
        **_to_verify(complaint, at=at, office=office),
    }


def quiet_clock(at: datetime, office: Office) -> Clock:
    """Return the clock of the days in which nothing more is heard (000: one week)."""
    until = at + timedelta(days=office.policy.follow_up.quiet_days)
    return Clock(started_at=at, due_at=until, next_at=until)


def _to_verify(complaint: Complaint, *, at: datetime, office: Office) -> dict[str, Any]:
    """Return the clock by which the measures must be verified, where the policy asks for it."""
    awaited = Gate.VERIFIED in office.policy.closing_gates and not complaint.is_settled_on_spot
    if not awaited or Gate.VERIFIED in complaint.proven:
        return {}
    limit = office.policy.clocks.verification
    started = next_clock(limit, started_at=at, at=at, office=office, what=VERIFICATION)
    return with_clock(complaint, started)


def closing_clock(at: datetime) -> Clock:
    """Return the clock of a complaint that only has to be archived: no person is waited for."""
    return Clock(started_at=at, due_at=at + timedelta(hours=1), next_at=at + timedelta(hours=1))


def as_news(complaint: Complaint, *, at: datetime, office: Office) -> dict[str, Any]:
    """Return what changes when the complainant says more: it is news until somebody has read it.

    Where nobody waits for anything, it lies in the quality office's queue until then.
    """
    limit = office.policy.clocks.follow_up
    return {
        "news_at": at,
        "queue": complaint.queue or Role.QUALITY_OFFICE,
        "clock": complaint.clock or next_clock(limit, started_at=at, at=at, office=office),
    }


def reassessed(
    before: Complaint, after: Complaint, *, at: datetime, office: Office
) -> dict[str, Any]:
    """Return what changes with another severity, urgency or department while it is handled.

    The clock is reckoned anew from the same start. Signatures stay for the roles that are still
    asked for; where that leaves nobody to sign, the last of them signs once more, because it was
    another decision that was signed. What is approved already goes on as it is: the new severity
    holds for what comes next.
    """
    if after.status not in {Status.ASSESSED, Status.INVESTIGATED}:
        return {}
    investigated = after.status is Status.INVESTIGATED
    limit_of = solution_limit if investigated else investigation_limit
    clock = before.clock
    if clock and limit_of(after, office) != limit_of(before, office):
        clock = _with_limit(clock, limit_of(after, office), at=at, office=office)
    asked = asked_to_sign(after, office)
    signed = tuple(one for one in after.signed if one.code in asked)
    if signed and {one.code for one in signed} >= set(asked):
        signed = signed[:-1]
    signs = after.replace(signed=signed)
    if investigated:
        queue = queue_of(next_signer(signs, office), signs, office)
    elif after.department == before.department:
        queue = before.queue  # whoever it was passed up to keeps it
    else:
        queue = queue_of(Role.HANDLER, signs, office)
    return {"clock": clock, "signed": signed, "queue": queue}


def _with_limit(clock: Clock, limit: Limit, *, at: datetime, office: Office) -> Clock:
    """Return a clock with another limit, moved by what moved it; no step is told twice."""
    anew = start_clock(
        limit,
        started_at=clock.started_at,
        at=at,
        policy=office.policy,
        zone=office.zone,
        moves=clock.moves,
    ).replace(missed=clock.missed)
    told = clock.steps and anew.due_at <= at
    return anew.replace(steps=clock.steps, next_at=clock.next_at) if told else anew


def promised_at(complaint: Complaint, office: Office) -> datetime:
    """Return when the complainant hears the solution at the latest (A7; 004 二).

    A pause is reckoned as if it lasted until its end.
    """
    if complaint.status is Status.INVESTIGATED and complaint.clock and not complaint.pause:
        return complaint.clock.due_at
    at = complaint.pause.until if complaint.pause else complaint.received_at
    waiting = complaint.replace(**pause_over(complaint, at=at, office=office))
    return solution_clock(waiting, at=at, office=office).due_at
