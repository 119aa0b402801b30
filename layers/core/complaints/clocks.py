"""Time limits: when one ends, when somebody must look, and who is told next (E1 to E3).

One clock belongs to one stage of one complaint. Its steps are taken one at a time, each once:
the reminder before the limit, then one rung of the ladder at the limit and after each period.

    steps   next_at                     the step due then       goes to
    -----   -------------------------   ---------------------   ------------------------
    0       share of the limit is used  reminder                who must act
    1       the limit                   first escalation        the first rung
    2       the second rung's time      second escalation       the second rung
    n       one more period later       the same, at the top    the last rung

What moves a limit stays with the clock as a `Move`: a pause by the time that it lasted, an
extension from the limit itself, an agreement to the time that was agreed (E4). A clock that is
started anew for the same wait takes the moves of the one before along.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from complaints.calendar import (
    NO_OVERRIDES,
    add_working_days,
    calendar_version,
    working_days_between,
)
from complaints.lifecycle import InvalidInputError
from complaints.models import Clock, Complaint, Move
from complaints.policy import Limit, Policy, Rung

Colour = Literal["green", "amber", "red"]
Step = Literal["reminder", "escalation"]

LAST_SECOND = time(23, 59, 59)
FARTHEST = timedelta(days=366)
"""How far from now an instant may lie that a person enters; beyond is a slip of the pen."""


def limit_end(
    start: datetime,
    limit: Limit,
    zone: ZoneInfo,
    overrides: Mapping[date, bool] = NO_OVERRIDES,
) -> datetime:
    """Return the last moment of a limit: UTC, whole seconds.

    Minutes run by the clock on the wall. Working days end with the n-th working day after the
    local day of the start, one second before midnight where the organisation is.

    Raises UnknownYearError where working days run into a year of which nothing is known.
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
    moves: Iterable[Move] = (),
) -> Clock:
    """Return the clock of a stage, or of `what` runs beside it, that started at `started_at`.

    `moves` are those of a clock before it: what moved that one since `started_at` moves this one
    as well. The reminder goes out when the policy's share of the limit is used, at once if that
    is past.
    """
    overrides = policy.calendar.as_table()
    started_at = _whole(started_at)
    due_at = limit_end(started_at, limit, zone, overrides)
    clock = Clock(
        what=what,
        started_at=started_at,
        due_at=due_at,
        next_at=due_at,
        calendar=_version(due_at, zone, overrides) if limit.working_days else "",
        minutes=limit.minutes,
        working_days=limit.working_days,
    )
    for move in moves:
        if move.from_at >= started_at:
            clock = _moved(clock, move, policy=policy, zone=zone)
    return clock.replace(next_at=_reminder_at(clock, at, policy))


def pause(clock: Clock, *, at: datetime) -> Clock:
    """Return the clock as it stands still from now on (E4); ValueError if it does already."""
    _expect_running(clock)
    at = _whole(at)
    stop = Move(kind="pause", from_at=at, was_due_at=clock.due_at, due_at=clock.due_at)
    return clock.replace(moves=(*clock.moves, stop))


def resume(clock: Clock, *, at: datetime, policy: Policy, zone: ZoneInfo) -> Clock:
    """Return the clock as it runs on; unchanged where it runs already.

    Its limit and its next step move by the time of the pause: in working days by those from the
    day on which it began to the one before it ended, else by the seconds between.
    """
    if clock.paused_at is None:
        return clock
    over = clock.moves[-1].replace(to_at=max(_whole(at), clock.paused_at))
    before = clock.replace(moves=clock.moves[:-1])
    overrides = policy.calendar.as_table()
    moved = _moved(before, over, policy=policy, zone=zone)
    return moved.replace(next_at=_shifted(clock.next_at, clock, over, zone, overrides))


def extend(clock: Clock, limit: Limit, *, at: datetime, policy: Policy, zone: ZoneInfo) -> Clock:
    """Return the clock with a limit that is so much longer, counted from the limit itself.

    A limit in the future is a new one: it has its reminder and its ladder from the beginning.
    Raises ValueError while the clock stands still.
    """
    move = Move(
        kind="extension",
        from_at=_whole(at),
        minutes=limit.minutes,
        working_days=limit.working_days,
        was_due_at=clock.due_at,
        due_at=clock.due_at,
    )
    return _with_new_limit(clock, move, at=at, policy=policy, zone=zone)


def agree(clock: Clock, due_at: datetime, *, at: datetime, policy: Policy, zone: ZoneInfo) -> Clock:
    """Return the clock with the limit that was agreed with the complainant.

    As with an extension, its reminder and its ladder begin anew. Raises ValueError while the
    clock stands still.
    """
    move = Move(kind="agreed", from_at=_whole(at), was_due_at=clock.due_at, due_at=_whole(due_at))
    return _with_new_limit(clock, move, at=at, policy=policy, zone=zone)


def clock_until(
    due_at: datetime, *, started_at: datetime, at: datetime, policy: Policy, what: str = ""
) -> Clock:
    """Return a clock that ends at an instant somebody named or agreed, and not by a limit."""
    started_at, due_at = _whole(started_at), _whole(due_at)
    reminder_at = _whole(started_at + (due_at - started_at) * policy.remind_at_share)
    return Clock(
        what=what, started_at=started_at, due_at=due_at, next_at=max(reminder_at, _whole(at))
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
    """Return which step is due at this instant, if one is; none while the clock stands still.

    A clock whose limit has passed before anybody was reminded still gives the reminder first.
    """
    if clock.paused_at or at < clock.next_at:
        return None
    return "escalation" if clock.steps else "reminder"


def rung(clock: Clock, ladder: Sequence[Rung]) -> Rung:
    """Return the rung that the next escalation of this clock goes to."""
    return ladder[min(max(clock.steps, 1), len(ladder)) - 1]


def is_overdue(clock: Clock, at: datetime) -> bool:
    """Return whether the limit has passed; a clock that stands still passes none."""
    return reading(clock, at) > clock.due_at


def reading(clock: Clock, at: datetime) -> datetime:
    """Return the instant that the clock shows: now, or when it was stopped."""
    return min(at, clock.paused_at) if clock.paused_at else at


def colour(clock: Clock, at: datetime) -> Colour:
    """Return the colour of a clock: red when near its limit or over, amber past half of it.

    Red before the limit is what 004 二 asks for: near the limit a complaint is marked red.
    """
    at = reading(clock, at)
    if clock.steps or at >= min(clock.next_at, clock.due_at):
        return "red"
    half = clock.started_at + (clock.due_at - clock.started_at) / 2
    return "amber" if at >= half else "green"


def expect_near(entered: datetime | None, at: datetime) -> None:
    """Raise InvalidInputError for an instant that a person entered more than a year from now.

    A clock that runs from such a one, or until then, would silence every step that is due.
    """
    if entered and abs(entered - at) > FARTHEST:
        raise InvalidInputError(f"{entered} is far from {at}", text_id="error.far_away")


def with_clock(complaint: Complaint, clock: Clock) -> dict[str, Any]:
    """Return what changes when a complaint gets this clock, or its clock of this name anew."""
    if not clock.what:
        return {"clock": clock}
    return {"clocks": (*without_clock(complaint, clock.what)["clocks"], clock)}


def without_clock(complaint: Complaint, what: str) -> dict[str, Any]:
    """Return what changes when a clock beside the stages stops: what it limited is done."""
    return {"clocks": tuple(clock for clock in complaint.clocks if clock.what != what)}


def _with_new_limit(
    clock: Clock, move: Move, *, at: datetime, policy: Policy, zone: ZoneInfo
) -> Clock:
    """Return the clock after a move that makes its limit another one."""
    _expect_running(clock)
    moved = _moved(clock, move, policy=policy, zone=zone)
    if moved.due_at <= at:
        return moved
    return moved.replace(steps=0, missed=False, next_at=_reminder_at(moved, at, policy))


def _moved(clock: Clock, move: Move, *, policy: Policy, zone: ZoneInfo) -> Clock:
    """Return the clock with its limit moved, and the move on record with both limits."""
    overrides = policy.calendar.as_table()
    due_at = moved_due(clock, move, zone, overrides)
    done = move.replace(was_due_at=clock.due_at, due_at=due_at)
    calendar = clock.calendar
    if move.kind == "agreed":
        calendar = ""
    elif due_at != clock.due_at and (clock.working_days or move.working_days):
        calendar = _version(due_at, zone, overrides)
    return clock.replace(due_at=due_at, calendar=calendar, moves=(*clock.moves, done))


def moved_due(clock: Clock, move: Move, zone: ZoneInfo, overrides: Mapping[date, bool]) -> datetime:
    """Return where a move takes the limit that the clock has now."""
    match move.kind:
        case "agreed":
            return move.due_at
        case "extension":
            by = Limit(minutes=move.minutes, working_days=move.working_days)
            return limit_end(clock.due_at, by, zone, overrides)
        case "pause":
            return _shifted(clock.due_at, clock, move, zone, overrides)


def _shifted(
    instant: datetime, clock: Clock, pause: Move, zone: ZoneInfo, overrides: Mapping[date, bool]
) -> datetime:
    """Return an instant of a clock moved by a pause that is over; the time of day stays."""
    end = pause.to_at or pause.from_at
    if clock.working_days is None:
        return instant + (end - pause.from_at)
    first, last = (one.astimezone(zone).date() for one in (pause.from_at, end))
    days = working_days_between(first, last, overrides)
    local = instant.astimezone(zone)
    day = add_working_days(local.date(), days, overrides)
    return datetime.combine(day, local.time(), tzinfo=zone).astimezone(UTC)


def _reminder_at(clock: Clock, at: datetime, policy: Policy) -> datetime:
    """Return when who must act is reminded: at the policy's share of the limit, not before now."""
    used = (clock.due_at - clock.started_at) * policy.remind_at_share
    return max(_whole(clock.started_at + used), _whole(at))


def _version(due_at: datetime, zone: ZoneInfo, overrides: Mapping[date, bool]) -> str:
    """Return the version of the calendar that a limit was reckoned with."""
    return calendar_version(due_at.astimezone(zone).date(), overrides)


def _expect_running(clock: Clock) -> None:
    """Raise ValueError for a clock that stands still: first it must run on."""
    if clock.paused_at:
        raise ValueError(f"the clock stands still since {clock.paused_at}")


def _whole(instant: datetime) -> datetime:
    """Return the instant in UTC without its fraction of a second."""
    return instant.astimezone(UTC).replace(microsecond=0)
