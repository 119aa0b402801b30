"""Time limits: when one ends, when somebody must look, and who is told next (E1 to E3).

One clock belongs to one stage of one complaint. Its steps are taken one at a time, each once:
the reminder before the limit, then one rung of the ladder at the limit and after each period.

    steps   next_at                     the step due then       goes to
    -----   -------------------------   ---------------------   ------------------------
    0       share of the limit is used  reminder                who must act
    1       the limit                   first escalation        the first rung
    2       the second rung's time      second escalation       the second rung
    n       one more period later       the same, at the top    the last rung
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from complaints.calendar import NO_OVERRIDES, add_working_days, calendar_version
from complaints.models import Clock, Complaint
from complaints.policy import Limit, Policy, Rung

Colour = Literal["green", "amber", "red"]
Step = Literal["reminder", "escalation"]

LAST_SECOND = time(23, 59, 59)


def limit_end(
    start: datetime,
    limit: Limit,
    zone: ZoneInfo,
    overrides: Mapping[date, bool] = NO_OVERRIDES,
) -> datetime:
    """Return the last moment of a limit: UTC, whole seconds.

    Minutes run by the clock on the wall. Working days end with the n-th working day after the
    local day of the start, one second before midnight where the organisation is.
    """
    if limit.minutes is not None:
        return _whole(start) + timedelta(minutes=limit.minutes)
    last = add_working_days(start.astimezone(zone).date(), limit.working_days or 0, overrides)
    return datetime.combine(last, LAST_SECOND, tzinfo=zone).astimezone(UTC)


def start_clock(
    limit: Limit,
    *,
    started_at: datetime,
    at: datetime,
    policy: Policy,
    zone: ZoneInfo,
    what: str = "",
) -> Clock:
    """Return the clock of a stage, or of `what` runs beside it, that started at `started_at`.

    The reminder goes out when the policy's share of the limit is used, at once if that is past.
    """
    overrides = policy.calendar.as_table()
    started_at = _whole(started_at)
    due_at = limit_end(started_at, limit, zone, overrides)
    reminder_at = _whole(started_at + (due_at - started_at) * policy.remind_at_share)
    last_day = due_at.astimezone(zone).date()
    return Clock(
        what=what,
        started_at=started_at,
        due_at=due_at,
        next_at=max(reminder_at, _whole(at)),
        calendar=calendar_version(last_day, overrides) if limit.working_days else "",
        minutes=limit.minutes,
        working_days=limit.working_days,
    )


def after_step(
    clock: Clock, *, ladder: Sequence[Rung], at: datetime, policy: Policy, zone: ZoneInfo
) -> Clock:
    """Return the clock after the step that was due; unchanged where none is due at `at`.

    A check that comes late takes one step a call, so that no rung is left out and none is told
    twice. Above the last rung the last one is told again in every period.
    """
    if step_due(clock, at) is None:
        return clock
    if clock.steps == 0:
        next_at = clock.due_at
    else:
        overrides = policy.calendar.as_table()
        previous = max(clock.next_at, clock.due_at)
        following = ladder[clock.steps].after if clock.steps < len(ladder) else None
        period = following or policy.escalation.every
        next_at = limit_end(previous, period, zone, overrides)
    return clock.replace(steps=clock.steps + 1, next_at=next_at)


def step_due(clock: Clock, at: datetime) -> Step | None:
    """Return which step is due at this instant, if one is.

    A clock whose limit has passed before anybody was reminded still gives the reminder first.
    """
    if at < clock.next_at:
        return None
    return "escalation" if clock.steps else "reminder"


def rung(clock: Clock, ladder: Sequence[Rung]) -> Rung:
    """Return the rung that the next escalation of this clock goes to."""
    return ladder[min(max(clock.steps, 1), len(ladder)) - 1]


def is_overdue(clock: Clock, at: datetime) -> bool:
    """Return whether the limit has passed."""
    return at > clock.due_at


def colour(clock: Clock, at: datetime) -> Colour:
    """Return the colour of a clock: red when near its limit or over, amber past half of it.

    Red before the limit is what 004 二 asks for: near the limit a complaint is marked red.
    """
    if clock.steps or at >= min(clock.next_at, clock.due_at):
        return "red"
    half = clock.started_at + (clock.due_at - clock.started_at) / 2
    return "amber" if at >= half else "green"


def with_clock(complaint: Complaint, clock: Clock) -> dict[str, Any]:
    """Return what changes when a complaint gets this clock, or its clock of this name anew."""
    if not clock.what:
        return {"clock": clock}
    return {"clocks": (*without_clock(complaint, clock.what)["clocks"], clock)}


def without_clock(complaint: Complaint, what: str) -> dict[str, Any]:
    """Return what changes when a clock beside the stages stops: what it limited is done."""
    return {"clocks": tuple(clock for clock in complaint.clocks if clock.what != what)}


def _whole(instant: datetime) -> datetime:
    """Return the instant in UTC without its fraction of a second."""
    return instant.astimezone(UTC).replace(microsecond=0)
