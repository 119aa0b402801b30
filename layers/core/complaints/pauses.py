"""Stop a limit, make it longer, agree another; and the word to the complainant meanwhile.

A limit stops only while somebody else is waited for (E4), is extended only by a second person,
and moves to the time that was agreed with the complainant where the policy has it so. Whatever
is done, the complainant hears from us in time, solved or not (C8).
"""

from datetime import datetime
from typing import Any

from complaints import clocks
from complaints.lifecycle import (
    InvalidInputError,
    NotAllowedError,
    WrongStatusError,
    expect_words,
    record,
)
from complaints.models import (
    Channel,
    Clock,
    Complainant,
    Complaint,
    Dossier,
    ExtensionRequest,
    Pause,
    Staff,
    Status,
    TrackingEntry,
)
from complaints.office import Office
from complaints.policy import Limit
from complaints.roles import may_decide_extension, may_work_on
from complaints.rounds import another_body, pause_over, spoken

SOLVING = frozenset({Status.ASSESSED, Status.INVESTIGATED})
"""Where the time of the solution runs: it may be extended, or agreed with the complainant."""


def may_pause(complaint: Complaint) -> bool:
    """Return whether the clock of the stage may stop: somebody must act before its limit.

    Quiet days, registration and filing are nobody's waiting for somebody.
    """
    waits = complaint.status in {*SOLVING, Status.APPROVED}
    called = complaint.status is Status.RESPONDED and complaint.must_call_back
    return (waits or called) and complaint.clock is not None and not complaint.pause


def pause(
    complaint: Complaint,
    reason: str,
    until: datetime,
    words: str,
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Stop the clock of the stage until `until` at most, and say in `words` what is waited for.

    The clocks beside it run on: what they limit was promised to others, and to the complainant
    the first word (C8); where another body is waited for, that one has the longer limit (003).

    Raises InvalidInputError for a reason or an end that the policy doesn't allow, or no words;
    WrongStatusError where no clock can stop, or it has stopped already.
    """
    _expect_right(complaint, staff)
    if complaint.pause:
        raise WrongStatusError(f"{complaint.complaint_id} is paused", text_id="error.paused")
    clock = complaint.clock
    if not may_pause(complaint) or clock is None:
        raise WrongStatusError(f"{complaint.complaint_id}: nothing to pause")
    if reason not in office.policy.pauses.reasons:
        raise InvalidInputError(f"{reason} is no reason", text_id="error.pause_reason")
    expect_words(words)
    if not at < until <= longest_pause(at, office):
        raise InvalidInputError(f"paused until {until}", text_id="error.pause_length")
    changes: dict[str, Any] = (
        another_body(complaint, at=at, office=office) if reason == "other_body" else {}
    )
    return record(
        complaint,
        "paused",
        at=at,
        actor=staff.username,
        facts={"reason": reason, "until": until.isoformat()},
        personal={"words": words},
        key=key,
        pause=Pause(reason=reason, by=staff.username, started_at=at, until=until),
        clock=clocks.pause(clock, at=at),
        **changes,
    )


def longest_pause(at: datetime, office: Office) -> datetime:
    """Return until when a limit may stop that stops now."""
    overrides = office.policy.calendar.as_table()
    return clocks.limit_end(at, office.policy.pauses.longest, office.zone, overrides)


def resume(
    complaint: Complaint, *, staff: Staff, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Let the clock run on before the end of its pause."""
    _expect_right(complaint, staff)
    return _resumed(complaint, at=at, actor=staff.username, office=office)


def end_pause(
    complaint: Complaint, *, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """End a pause whose time is over; the clock runs on from that very instant, not from now."""
    if not complaint.pause or at < complaint.pause.until:
        raise WrongStatusError(f"{complaint.complaint_id}: its pause is not over")
    return _resumed(complaint, at=at, until=complaint.pause.until, actor="check_sla", office=office)


def _resumed(
    complaint: Complaint,
    *,
    at: datetime,
    actor: str,
    office: Office,
    until: datetime | None = None,
) -> tuple[Complaint, TrackingEntry]:
    """Record the end of a pause, and the limit from then on."""
    changes = pause_over(complaint, at=until or at, office=office)
    if not changes:
        raise WrongStatusError(
            f"{complaint.complaint_id} is not paused", text_id="error.not_paused"
        )
    clock = changes["clock"]
    facts = {"due_at": clock.due_at.isoformat()} if clock else {}
    return record(complaint, "resumed", at=at, actor=actor, facts=facts, **changes)


def may_ask_extension(complaint: Complaint, office: Office) -> bool:
    """Return whether a longer limit may be asked for: the policy has one left, none is asked."""
    left = complaint.extensions < office.policy.extension.most
    running = complaint.clock is not None and not complaint.pause
    return complaint.status in SOLVING and running and left and not complaint.extension


def ask_extension(
    complaint: Complaint,
    by: Limit,
    words: str,
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Ask for a limit that is longer `by` so much; `words` are the reason, told to the complainant.

    Raises InvalidInputError where it is longer than the policy allows or has no reason,
    WrongStatusError where none is left, one is asked for already, or the clock stands still.
    """
    _expect_right(complaint, staff)
    clock = _running(complaint)
    if complaint.extensions >= office.policy.extension.most:
        raise WrongStatusError(
            f"{complaint.complaint_id}: extended {complaint.extensions} times",
            text_id="error.extension_used",
        )
    if complaint.extension:
        raise WrongStatusError(
            f"{complaint.complaint_id}: asked already", text_id="error.extension_asked"
        )
    expect_words(words)
    _expect_allowed(clock, by, office)
    request = ExtensionRequest(
        by=staff.username,
        asked_at=at,
        minutes=by.minutes,
        working_days=by.working_days,
        contact_id=f"{complaint.version + 1:06}-answer",
    )
    return record(
        complaint,
        "extension_asked",
        at=at,
        actor=staff.username,
        facts={"minutes": by.minutes, "working_days": by.working_days},
        personal={"words": words},
        key=key,
        extension=request,
    )


def decide_extension(
    complaint: Complaint,
    words: str,
    *,
    approved: bool,
    staff: Staff,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Approve the longer limit, or refuse it with the reason; never who asked for it.

    With the approval the complainant is owed a letter with the new date (the caller's save).
    Raises WrongStatusError where none is asked for, NotAllowedError for the wrong person.
    """
    request = complaint.extension
    if not request:
        raise WrongStatusError(
            f"{complaint.complaint_id}: none asked", text_id="error.no_extension"
        )
    if not may_decide_extension(complaint, staff, office):
        own = staff.username == request.by
        raise NotAllowedError(
            f"{staff.username} may not extend {complaint.complaint_id}",
            text_id="error.own_extension" if own else "",
        )
    if not approved:
        expect_words(words)
        return record(
            complaint,
            "extension_refused",
            at=at,
            actor=staff.username,
            personal={"words": words},
            key=key,
            extension=None,
        )
    clock = _running(complaint)
    by = Limit(minutes=request.minutes, working_days=request.working_days)
    extended = clocks.extend(clock, by, at=at, policy=office.policy, zone=office.zone)
    return record(
        complaint,
        "extended",
        at=at,
        actor=staff.username,
        facts={"asked_by": request.by, "due_at": extended.due_at.isoformat()},
        personal={"words": words},
        key=key,
        extension=None,
        extensions=complaint.extensions + 1,
        clock=extended,
    )


def may_agree(complaint: Complaint, office: Office) -> bool:
    """Return whether the time of the reply can be agreed with the complainant now."""
    running = complaint.clock is not None and not complaint.pause
    return office.policy.clocks.solution_agreed and complaint.status in SOLVING and running


def agree_time(
    complaint: Complaint,
    agreed_at: datetime,
    words: str,
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Record the time of the reply that was agreed with the complainant; limit and ladder follow.

    It was agreed by speaking with the complainant, so the first word is said (C8). Raises
    WrongStatusError where the policy has no agreed time, InvalidInputError for one in the past.
    """
    _expect_right(complaint, staff)
    if not office.policy.clocks.solution_agreed:
        raise WrongStatusError(
            f"{complaint.complaint_id}: no time is agreed", text_id="error.not_agreed"
        )
    clock = _running(complaint)
    expect_words(words)
    if not at < agreed_at <= at + clocks.FARTHEST:
        raise InvalidInputError(f"agreed for {agreed_at}", text_id="error.agreed_at")
    agreed = clocks.agree(clock, agreed_at, at=at, policy=office.policy, zone=office.zone)
    return record(
        complaint,
        "time_agreed",
        at=at,
        actor=staff.username,
        facts={"agreed_at": agreed.due_at.isoformat()},
        personal={"words": words},
        key=key,
        agreed_at=agreed.due_at,
        clock=agreed,
        **spoken(complaint, at),
    )


def contacted(
    complaint: Complaint,
    channel: Channel,
    words: str,
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
) -> tuple[Complaint, TrackingEntry]:
    """Record that we called or visited the complainant and what was said (C8)."""
    _expect_right(complaint, staff)
    _expect_open(complaint)
    if channel not in {Channel.PHONE, Channel.VISIT}:
        raise InvalidInputError(f"contacted by {channel}")
    expect_words(words)
    return record(
        complaint,
        "contacted",
        at=at,
        actor=staff.username,
        facts={"channel": channel},
        personal={"words": words},
        key=key,
        **spoken(complaint, at),
    )


def report_progress(
    complaint: Complaint,
    complainant: Complainant,
    words: str,
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
) -> tuple[Complaint, TrackingEntry]:
    """Record that the complainant is written how far it is (C8, 000: progress while open).

    The letter is owed with the caller's save. Raises InvalidInputError without an e-mail address.
    """
    _expect_right(complaint, staff)
    _expect_open(complaint)
    expect_words(words)
    if not complainant.email:
        raise InvalidInputError("no address to write to", text_id="error.no_address")
    return record(
        complaint,
        "progress_told",
        at=at,
        actor=staff.username,
        personal={"words": words},
        key=key,
        **spoken(complaint, at),
    )


def reason_of_extension(dossier: Dossier) -> str:
    """Return the reason of the longer limit that is asked for, as the complainant is told it."""
    wanted = dossier.complaint.extension.contact_id if dossier.complaint.extension else ""
    return next((one.text for one in dossier.contacts if one.contact_id == wanted), "")


def _expect_right(complaint: Complaint, staff: Staff) -> None:
    """Raise NotAllowedError for whoever doesn't handle the complaint."""
    if not may_work_on(complaint, staff):
        raise NotAllowedError(f"{staff.username} doesn't handle {complaint.complaint_id}")


def _expect_open(complaint: Complaint) -> None:
    """Raise WrongStatusError for a complaint about which nothing is to be done any more."""
    if not complaint.is_open:
        raise WrongStatusError(f"{complaint.complaint_id} is closed")


def _expect_allowed(clock: Clock, by: Limit, office: Office) -> None:
    """Raise InvalidInputError for an extension that ends later than the longest one."""
    overrides, longest = office.policy.calendar.as_table(), office.policy.extension.longest
    wished = clocks.limit_end(clock.due_at, by, office.zone, overrides)
    if wished > clocks.limit_end(clock.due_at, longest, office.zone, overrides):
        raise InvalidInputError(f"longer by {by}", text_id="error.extension_length")


def _running(complaint: Complaint) -> Clock:
    """Return the clock of the solution; WrongStatusError where none runs."""
    if complaint.pause:
        raise WrongStatusError(f"{complaint.complaint_id} is paused", text_id="error.paused")
    if complaint.status not in SOLVING or complaint.clock is None:
        raise WrongStatusError(f"{complaint.complaint_id}: no solution is awaited")
    return complaint.clock
