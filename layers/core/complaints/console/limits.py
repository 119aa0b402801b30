"""The limits of a complaint as its page shows them: each with its arithmetic, and what moves it."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import msgspec

from complaints.arithmetic import Line, explain
from complaints.calendar import UnknownYearError, is_provisional
from complaints.clocks import colour
from complaints.console.lists import left
from complaints.console.tasks import Task
from complaints.forms import Field
from complaints.letters import limit_words
from complaints.models import Clock, Dossier, ExtensionRequest
from complaints.office import Office
from complaints.pauses import longest_pause, reason_of_extension
from complaints.policy import Limit
from complaints.texts import Texts

HOUR = 60
"""Minutes."""
MOST_HOURS = 72
"""How many lengths a form offers where extensions are in hours."""
AGREED_TIMES = tuple(f"{hour:02}:00" for hour in range(8, 21))
"""The times of day that a reply can be agreed for, in the zone of the office."""
FIELDS: dict[Task, tuple[Field, ...]] = {
    Task.CONTACT: (
        Field(name="contact_way", kind="choice", required=True, choices=("phone", "visit")),
        Field(name="contact_words", kind="words", required=True, longest=2000),
    ),
    Task.PROGRESS: (Field(name="progress_words", kind="words", required=True, longest=2000),),
    Task.PAUSE: (
        Field(name="pause_reason", kind="choice", required=True),
        Field(name="pause_until", kind="day", required=True),
        Field(name="pause_words", kind="words", required=True, longest=2000),
    ),
    Task.RESUME: (),
    Task.AGREE: (
        Field(name="agree_day", kind="day", required=True),
        Field(name="agree_time", kind="choice", required=True, choices=AGREED_TIMES),
        Field(name="agree_words", kind="words", required=True, longest=2000),
    ),
    Task.EXTEND: (
        Field(name="extend_by", kind="choice", required=True),
        Field(name="extend_words", kind="words", required=True, longest=2000),
    ),
    Task.DECIDE_EXTENSION: (
        Field(
            name="extension_decision", kind="choice", required=True, choices=("approve", "reject")
        ),
        Field(name="extension_words", kind="words", longest=2000),
    ),
}


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """One clock: what it limits, how far it is, and how its limit came about."""

    name: str
    due_at: datetime
    left: str
    tone: str
    is_paused: bool
    provisional_year: int
    """The year whose holidays were not published when the limit was reckoned; 0 for none."""
    lines: tuple[str, ...]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The card of the limits."""

    running: tuple[Running, ...]
    paused: str
    """Why and until when the clock of the stage stands still; empty where it runs."""
    asked: str
    """Who asked for a longer limit and how much longer; empty where nobody did."""
    reason: str
    """Why a longer limit is asked for."""
    latest_pause: date | None
    """The last day until which a limit may stop that stops now; None where nobody can tell."""


def limits(
    dossier: Dossier, *, names: Mapping[str, str], t: Texts, office: Office, at: datetime
) -> Limits:
    """Return the limits of a complaint in words, the one that comes first on top."""
    complaint = dossier.complaint
    clocks = (*((complaint.clock,) if complaint.clock else ()), *complaint.clocks)
    request = complaint.extension
    paused = ""
    if pause := complaint.pause:
        until = pause.until.astimezone(office.zone)
        paused = t(f"staff.paused.{pause.reason}", until=f"{until:%Y-%m-%d %H:%M}")
    return Limits(
        running=tuple(
            running(clock, t, office, at) for clock in sorted(clocks, key=complaint.pressing_at)
        ),
        paused=paused,
        asked=_asked(request, names, t) if request else "",
        reason=reason_of_extension(dossier),
        latest_pause=_latest_pause(at, office),
    )


def running(clock: Clock, t: Texts, office: Office, at: datetime) -> Running:
    """Return one clock in words."""
    lines = explain(clock, policy=office.policy, zone=office.zone)
    year = clock.due_at.astimezone(office.zone).year
    return Running(
        name=limit_words(clock.what, t),
        due_at=clock.due_at,
        left=left(clock, t, at),
        tone=colour(clock, at),
        is_paused=clock.paused_at is not None,
        provisional_year=year if is_provisional(clock.calendar) else 0,
        lines=tuple(words(line, t) for line in lines),
    )


def words(line: Line, t: Texts) -> str:
    """Put a line of the arithmetic in words."""
    of_day = line.day or line.at
    holiday = f"calendar.{line.name}"
    return t(
        line.text_id,
        at=f"{line.at:%Y-%m-%d %H:%M:%S}" if line.at else "",
        until=f"{line.until:%Y-%m-%d %H:%M:%S}" if line.until else "",
        day=line.day or "",
        weekday=t(f"calendar.weekday.{of_day.weekday()}") if of_day else "",
        count=line.count,
        span=timedelta(seconds=line.count),
        total=line.total,
        name=t(holiday) if holiday in t else line.name,
    )


def extensions(office: Office, t: Texts) -> list[tuple[str, str]]:
    """Return by how much a limit may be made longer: value of the form and words."""
    values = extension_values(office)
    return [(value, extension_words(limit_of(value), t)) for value in values]


def extension_values(office: Office) -> list[str]:
    """Return by how much a limit may be made longer, as a form sends it: `working_days:3`."""
    longest = office.policy.extension.longest
    if longest.working_days:
        return [f"working_days:{days}" for days in range(1, longest.working_days + 1)]
    hours = range(HOUR, min(longest.minutes or 0, MOST_HOURS * HOUR) + 1, HOUR)
    return [f"minutes:{minutes}" for minutes in hours]


def extension_words(limit: Limit, t: Texts) -> str:
    """Say by how much a limit is longer."""
    if limit.working_days:
        return t("staff.extend_by.working_days", count=limit.working_days)
    return t("staff.extend_by.hours", count=(limit.minutes or 0) // HOUR)


def limit_of(value: str) -> Limit:
    """Return the limit that a form sent, once it was checked to be one of those offered."""
    unit, _, count = value.partition(":")
    return Limit(working_days=int(count)) if unit == "working_days" else Limit(minutes=int(count))


def midnight(day: str, office: Office) -> datetime:
    """Return the begin of a day as a form sent it, such as `2026-11-20`, where the office is."""
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), tzinfo=office.zone)


def instant(day: str, time: str, office: Office) -> datetime:
    """Return the instant of a day and a time of day where the office is."""
    return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=office.zone)


def _latest_pause(at: datetime, office: Office) -> date | None:
    """Return the last day of a pause; a year without a calendar must not take the page away."""
    try:
        return longest_pause(at, office).astimezone(office.zone).date()
    except UnknownYearError:
        return None


def _asked(request: ExtensionRequest, names: Mapping[str, str], t: Texts) -> str:
    """Say who asked for a longer limit, and how much longer."""
    limit = Limit(minutes=request.minutes, working_days=request.working_days)
    by = names.get(request.by, request.by)
    return t("staff.extension.asked", by=by, more=extension_words(limit, t))
