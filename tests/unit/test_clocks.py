"""Clocks: when a limit ends, when somebody is told, and that nobody is told twice."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints.calendar import is_working_day
from complaints.clocks import (
    after_step,
    colour,
    is_overdue,
    limit_end,
    rung,
    start_clock,
    step_due,
)
from complaints.models import Clock, Role
from complaints.policy import Limit, load

SHANGHAI = ZoneInfo("Asia/Shanghai")
POLICY = load("service-provider")
LADDER = POLICY.escalation.ladder(is_major=False)
FRIDAY = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
DAY = Limit(minutes=24 * 60)
THREE_DAYS = Limit(working_days=3)
SECOND = timedelta(seconds=1)

INSTANTS = st.datetimes(
    datetime(2005, 1, 1),  # noqa: DTZ001 - the strategy wants naive bounds
    datetime(2027, 6, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
LIMITS = st.one_of(
    st.builds(lambda n: Limit(minutes=n), st.integers(1, 20_000)),
    st.builds(lambda n: Limit(working_days=n), st.integers(1, 40)),
)


def started(limit: Limit = DAY, at: datetime = FRIDAY) -> Clock:
    """Return a clock that starts on a Friday afternoon in Shanghai."""
    return start_clock(limit, started_at=FRIDAY, at=at, policy=POLICY, zone=SHANGHAI)


def stepped(clock: Clock, at: datetime) -> Clock:
    """Return the clock after the step that is due at an instant."""
    return after_step(clock, ladder=LADDER, at=at, policy=POLICY, zone=SHANGHAI)


def test_minutes_run_through_the_night() -> None:
    """A limit in minutes runs by the clock on the wall, weekend or not."""
    assert limit_end(FRIDAY, DAY, SHANGHAI) == FRIDAY + timedelta(hours=24)


def test_working_days_end_with_the_local_day() -> None:
    """Three working days from Friday end on Wednesday, a second before midnight in Shanghai."""
    assert limit_end(FRIDAY, THREE_DAYS, SHANGHAI) == datetime(2026, 11, 25, 15, 59, 59, tzinfo=UTC)


def test_the_local_day_is_the_one_of_the_office() -> None:
    """Late on Thursday in UTC it is Friday in Shanghai already."""
    late = datetime(2026, 11, 19, 16, 0, tzinfo=UTC)

    assert limit_end(late, THREE_DAYS, SHANGHAI) == limit_end(FRIDAY, THREE_DAYS, SHANGHAI)


def test_an_override_moves_the_end() -> None:
    """A day on which the organisation is closed does not count."""
    closed = {date(2026, 11, 23): False}

    assert limit_end(FRIDAY, THREE_DAYS, SHANGHAI, closed).day == 26


def test_the_reminder_comes_at_its_share_of_the_limit() -> None:
    """Four fifths of 24 hours are 19 hours and 12 minutes."""
    assert started().next_at == FRIDAY + timedelta(hours=19, minutes=12)


def test_the_reminder_never_lies_in_the_past() -> None:
    """A clock that is found late reminds at once."""
    late = FRIDAY + timedelta(hours=30)

    assert started(at=late).next_at == late


def test_only_working_days_name_a_calendar() -> None:
    """A deadline keeps the version of the calendar that it was reckoned with."""
    assert started().calendar == ""
    assert started(THREE_DAYS).calendar.startswith("chinesecalendar-")


def test_the_way_of_a_clock_that_nobody_answers() -> None:
    """A reminder, then department head, quality office, management, and management again."""
    clock = started()
    told = []
    for _ in range(6):
        step = step_due(clock, clock.next_at)
        told.append((step, rung(clock, LADDER).to if clock.steps else "", clock.next_at))
        clock = stepped(clock, clock.next_at)
    kinds, roles, instants = zip(*told, strict=True)

    assert kinds == ("reminder", *["escalation"] * 5)
    assert roles == (
        "",
        Role.DEPARTMENT_HEAD,
        Role.QUALITY_OFFICE,
        Role.MANAGEMENT,
        Role.MANAGEMENT,
        Role.MANAGEMENT,
    )
    assert instants[1] == clock.due_at
    assert list(instants) == sorted(set(instants))
    assert clock.steps == 6


def test_a_step_is_not_taken_twice() -> None:
    """Looking again before the next step is due changes nothing."""
    clock = started()
    once = stepped(clock, clock.next_at)

    assert stepped(once, clock.next_at) == once
    assert once.steps == 1


def test_a_step_is_not_taken_early() -> None:
    """A second before the reminder nothing is due."""
    clock = started()

    assert step_due(clock, clock.next_at - SECOND) is None
    assert stepped(clock, clock.next_at - SECOND) == clock


def test_a_late_check_catches_up_one_step_a_call() -> None:
    """After a week of silence no rung is left out."""
    clock, late = started(), FRIDAY + timedelta(days=7)
    roles = []
    while step_due(clock, late):
        roles.append(rung(clock, LADDER).to)
        clock = stepped(clock, late)

    assert roles[1:4] == [one.to for one in LADDER]
    assert clock.next_at > late


@pytest.mark.parametrize(
    ("hours", "expected"), [(0, "green"), (11, "green"), (12, "amber"), (20, "red"), (25, "red")]
)
def test_colours(hours: int, expected: str) -> None:
    """Amber past half of the limit, red near it and after it (004 二)."""
    assert colour(started(), FRIDAY + timedelta(hours=hours)) == expected


def test_a_reminded_clock_stays_red() -> None:
    """Once somebody was reminded the complaint is marked until the stage is done."""
    clock = started()

    assert colour(stepped(clock, clock.next_at), clock.next_at) == "red"


def test_overdue_begins_after_the_last_second() -> None:
    """The last moment of a limit is still in time."""
    clock = started(THREE_DAYS)

    assert not is_overdue(clock, clock.due_at)
    assert is_overdue(clock, clock.due_at + SECOND)


@settings(deadline=None)
@given(start=INSTANTS, days=st.integers(1, 40))
def test_a_limit_in_working_days_ends_on_one(start: datetime, days: int) -> None:
    """No deadline lies on a weekend or a holiday of the office."""
    end = limit_end(start, Limit(working_days=days), SHANGHAI)

    assert is_working_day(end.astimezone(SHANGHAI).date())


@settings(deadline=None)
@given(start=INSTANTS, later=st.timedeltas(timedelta(0), timedelta(days=30)), limit=LIMITS)
def test_a_later_start_is_never_due_earlier(
    start: datetime, later: timedelta, limit: Limit
) -> None:
    """Who comes first is answered first."""
    assert limit_end(start, limit, SHANGHAI) <= limit_end(start + later, limit, SHANGHAI)


@settings(deadline=None)
@given(start=INSTANTS, limit=LIMITS, late=st.timedeltas(timedelta(0), timedelta(days=60)))
def test_a_clock_is_in_order(start: datetime, limit: Limit, late: timedelta) -> None:
    """Start before limit, the next look not before now, and all in whole seconds."""
    at = start + late
    clock = start_clock(limit, started_at=start, at=at, policy=POLICY, zone=SHANGHAI)

    assert clock.started_at < clock.due_at
    assert clock.next_at >= at.replace(microsecond=0)
    assert not clock.due_at.microsecond | clock.next_at.microsecond


@settings(deadline=None)
@given(start=INSTANTS, limit=LIMITS)
def test_each_step_lies_after_the_one_before(start: datetime, limit: Limit) -> None:
    """Steps never stand still, so a check that repeats comes to an end."""
    clock = start_clock(limit, started_at=start, at=start, policy=POLICY, zone=SHANGHAI)
    for _ in range(6):
        following = stepped(clock, clock.next_at)
        assert following.steps == clock.steps + 1
        assert following.next_at >= clock.next_at
        clock = following
