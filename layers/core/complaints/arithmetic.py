"""The arithmetic of a deadline, line by line, so that anybody can count it again (I1).

The lines are data: a page puts them in words of its language. What is stored decides, and the
last line is always the limit that holds; the days are named by the calendar of today, and where
that would give another limit a line says so: a deadline once given stays as it is.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from complaints.calendar import (
    UnknownYearError,
    days_between,
    is_provisional,
    look_up,
    working_days_between,
)
from complaints.clocks import limit_end, moved_due
from complaints.models import Clock, Move
from complaints.policy import Limit, Policy

_ONE_DAY = timedelta(days=1)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line: the id of its sentence, and the values that stand in it; those unused are empty.

    Instants are in the zone of the office.
    """

    text_id: str
    at: datetime | None = None
    until: datetime | None = None
    day: date | None = None
    count: int = 0
    """Days, minutes or seconds of the line; of a counted day, which one of them it is."""
    total: int = 0
    name: str = ""
    """A holiday, as `spring_festival`, or the version of the calendar."""


def explain(clock: Clock, *, policy: Policy, zone: ZoneInfo) -> tuple[Line, ...]:
    """Return how the limit of a clock came about: start, days, moves, calendar, end."""
    return tuple(_lines(clock, zone, policy.calendar.as_table()))


def _lines(clock: Clock, zone: ZoneInfo, overrides: Mapping[date, bool]) -> Iterator[Line]:
    """Yield the lines; the moves each from the limit that was stored before it."""
    given = clock.moves[0].was_due_at if clock.moves else clock.due_at
    yield Line(text_id="arithmetic.start", at=clock.started_at.astimezone(zone))
    try:
        yield from _first_limit(clock, given, zone, overrides)
        for move in clock.moves:
            before = clock.replace(due_at=move.was_due_at)
            yield from _move(before, move, zone, overrides)
    except UnknownYearError as error:
        yield Line(text_id="arithmetic.unknown_year", count=error.year)
    if clock.calendar:
        yield Line(text_id="arithmetic.calendar", name=clock.calendar)
        if is_provisional(clock.calendar):
            year = clock.due_at.astimezone(zone).year
            yield Line(text_id="arithmetic.provisional", count=year)
    yield Line(text_id="arithmetic.end", at=clock.due_at.astimezone(zone))


def _first_limit(
    clock: Clock, given: datetime, zone: ZoneInfo, overrides: Mapping[date, bool]
) -> Iterator[Line]:
    """Yield the limit as the policy has it, and in working days each day up to the end."""
    if clock.minutes:
        yield Line(text_id="arithmetic.minutes", count=clock.minutes)
    if not clock.working_days:
        return
    yield Line(text_id="arithmetic.working_days", count=clock.working_days)
    counted = 0
    first = clock.started_at.astimezone(zone).date() + _ONE_DAY
    for one in days_between(first, given.astimezone(zone).date() + _ONE_DAY):
        day = look_up(one, overrides)
        counted += day.is_worked
        yield Line(
            text_id=f"arithmetic.day.{day.kind}",
            day=one,
            count=counted if day.is_worked else 0,
            total=clock.working_days,
            name=day.holiday,
        )
    limit = Limit(working_days=clock.working_days)
    yield from _differing(limit_end(clock.started_at, limit, zone, overrides), given, zone)


def _move(
    before: Clock, move: Move, zone: ZoneInfo, overrides: Mapping[date, bool]
) -> Iterator[Line]:
    """Yield what moved the limit, from when, by how much and to when."""
    start, end = move.from_at.astimezone(zone), move.due_at.astimezone(zone)
    if move.kind == "agreed":
        yield Line(text_id="arithmetic.agreed", at=start, until=end)
        return
    if move.kind == "extension":
        unit = "working_days" if move.working_days else "minutes"
        count = move.working_days or move.minutes or 0
        yield Line(text_id=f"arithmetic.extension.{unit}", at=start, until=end, count=count)
    elif move.to_at is None:
        yield Line(text_id="arithmetic.paused", at=start)
        return
    else:
        over = move.to_at.astimezone(zone)
        yield Line(text_id="arithmetic.pause", at=start, until=over)
        if before.working_days:
            count = working_days_between(start.date(), over.date(), overrides)
            yield Line(text_id="arithmetic.moved.working_days", at=end, count=count)
        else:
            count = int((move.to_at - move.from_at).total_seconds())
            yield Line(text_id="arithmetic.moved.seconds", at=end, count=count)
    yield from _differing(moved_due(before, move, zone, overrides), move.due_at, zone)


def _differing(reckoned: datetime, given: datetime, zone: ZoneInfo) -> Iterator[Line]:
    """Yield what the calendar of today would give, where that is another day."""
    if reckoned != given:
        yield Line(text_id="arithmetic.differs", at=reckoned.astimezone(zone))
