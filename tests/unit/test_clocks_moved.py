"""Pauses, extensions and agreed times: how far a limit moves, and what never moves."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints.arithmetic import explain
from complaints.calendar import PUBLISHED, is_working_day, working_days_between
from complaints.clocks import (
    after_step,
    agree,
    colour,
    extend,
    is_overdue,
    limit_end,
    pause,
    resume,
    start_clock,
    step_due,
)
from complaints.models import Clock
from complaints.policy import CalendarOverrides, Limit, Policy, load

SHANGHAI = ZoneInfo("Asia/Shanghai")
POLICY = load("service-provider")
FRIDAY = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
THREE_DAYS, DAY = Limit(working_days=3), Limit(minutes=24 * 60)
HOUR = timedelta(hours=1)
AFTER = PUBLISHED[1] + 1
"""The year that is reckoned provisionally."""

INSTANTS = st.datetimes(
    datetime(2005, 1, 1),  # noqa: DTZ001 - the strategy wants naive bounds
    datetime(2027, 3, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
LIMITS = st.one_of(
    st.builds(lambda n: Limit(minutes=n), st.integers(1, 20_000)),
    st.builds(lambda n: Limit(working_days=n), st.integers(1, 20)),
)
WORKING = st.builds(lambda n: Limit(working_days=n), st.integers(1, 20))
SPANS = st.timedeltas(timedelta(0), timedelta(days=30))


def started(limit: Limit = THREE_DAYS, at: datetime = FRIDAY, policy: Policy = POLICY) -> Clock:
    """Return a clock that starts now."""
    return start_clock(limit, started_at=at, at=at, policy=policy, zone=SHANGHAI)


def resumed(clock: Clock, at: datetime) -> Clock:
    """Return the clock as it runs on."""
    return resume(clock, at=at, policy=POLICY, zone=SHANGHAI)


def paused(clock: Clock, first: datetime, last: datetime) -> Clock:
    """Return the clock after a pause from first to last."""
    return resumed(pause(clock, at=first), last)


def longer(clock: Clock, limit: Limit, at: datetime) -> Clock:
    """Return the clock after an extension."""
    return extend(clock, limit, at=at, policy=POLICY, zone=SHANGHAI)


def agreed(clock: Clock, due_at: datetime, at: datetime) -> Clock:
    """Return the clock with an agreed limit."""
    return agree(clock, due_at, at=at, policy=POLICY, zone=SHANGHAI)


def local(at: datetime) -> str:
    """Return day and time where the office is."""
    return f"{at.astimezone(SHANGHAI):%m-%d %H:%M:%S}"


# ---- by hand -------------------------------------------------------------------------------


def test_a_limit_in_working_days_moves_by_the_working_days_of_the_pause() -> None:
    """Friday to Tuesday are two: the limit of Wednesday becomes the one of Friday."""
    monday_next = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
    clock = started()

    assert local(clock.due_at) == "11-25 23:59:59"
    assert local(paused(clock, FRIDAY + HOUR, monday_next).due_at) == "11-27 23:59:59"


def test_a_weekend_moves_no_working_day() -> None:
    """From Saturday to Sunday nothing was lost."""
    saturday = FRIDAY + timedelta(days=1)

    assert paused(started(), saturday, saturday + 24 * HOUR).due_at == started().due_at


def test_a_limit_of_the_wall_clock_moves_by_the_seconds() -> None:
    """A pause of an hour and a second gives an hour and a second."""
    span = HOUR + timedelta(seconds=1)
    clock = started(DAY)
    moved = paused(clock, FRIDAY + HOUR, FRIDAY + HOUR + span)

    assert moved.due_at == clock.due_at + span
    assert moved.next_at == clock.next_at + span


def test_an_extension_counts_from_the_limit() -> None:
    """Two working days after Wednesday are Friday, whenever they were approved."""
    assert local(longer(started(), Limit(working_days=2), FRIDAY).due_at) == "11-27 23:59:59"


def test_an_extension_of_a_limit_in_hours_may_be_in_days() -> None:
    """Half past three on Saturday and two working days: the end of Tuesday."""
    clock = longer(started(DAY), Limit(working_days=2), FRIDAY)

    assert local(clock.due_at) == "11-24 23:59:59"
    assert clock.calendar


def test_an_agreed_time_is_the_limit() -> None:
    """And no calendar was needed for it."""
    due_at = FRIDAY + timedelta(days=9)
    clock = agreed(started(), due_at, FRIDAY)

    assert (clock.due_at, clock.calendar) == (due_at, "")


def test_a_clock_that_stands_still_takes_no_step_and_shows_its_colour() -> None:
    """Weeks later it is as red, or as green, as when it stopped; then it goes on."""
    stopped = pause(started(), at=FRIDAY + HOUR)
    weeks = FRIDAY + timedelta(days=40)

    assert step_due(stopped, weeks) is None
    assert not is_overdue(stopped, weeks)
    assert colour(stopped, weeks) == "green"
    again = resumed(stopped, weeks)
    assert again.paused_at is None
    assert not is_overdue(again, weeks)
    assert step_due(again, again.next_at) == "reminder"


def test_a_new_limit_has_its_reminder_and_ladder_anew() -> None:
    """What was told about the old limit says nothing about the new one."""
    clock = started(DAY)
    ladder = POLICY.escalation.ladder(is_major=False)
    for _ in range(3):
        clock = after_step(clock, ladder=ladder, at=clock.next_at, policy=POLICY, zone=SHANGHAI)
    late = clock.due_at + HOUR
    moved = longer(clock, Limit(working_days=3), late)

    assert clock.steps == 3
    assert moved.steps == 0
    assert late <= moved.next_at < moved.due_at
    assert colour(moved, late) != "red"


def test_an_extension_that_is_over_already_changes_nothing_of_the_ladder() -> None:
    """A limit missed by a week is not saved by a day."""
    clock = started(DAY).replace(steps=2)
    moved = longer(clock, Limit(minutes=60), FRIDAY + timedelta(days=9))

    assert (moved.steps, moved.next_at) == (2, clock.next_at)


def test_a_paused_clock_is_neither_paused_nor_extended() -> None:
    """First it must run on."""
    stopped = pause(started(), at=FRIDAY)
    with pytest.raises(ValueError, match="stands still"):
        pause(stopped, at=FRIDAY)
    with pytest.raises(ValueError, match="stands still"):
        longer(stopped, DAY, FRIDAY)
    with pytest.raises(ValueError, match="stands still"):
        agreed(stopped, FRIDAY + HOUR, FRIDAY)
    assert resumed(started(), FRIDAY) == started()


def test_the_clock_after_takes_the_moves_along() -> None:
    """The solution is awaited as much longer as its investigation stood still."""
    before = paused(started(DAY), FRIDAY + HOUR, FRIDAY + 4 * 24 * HOUR)
    clock = start_clock(
        THREE_DAYS, started_at=FRIDAY, at=FRIDAY, policy=POLICY, zone=SHANGHAI, moves=before.moves
    )
    later = start_clock(
        THREE_DAYS,
        started_at=FRIDAY + 5 * 24 * HOUR,
        at=FRIDAY,
        policy=POLICY,
        zone=SHANGHAI,
        moves=before.moves,
    )

    assert local(clock.due_at) == "11-27 23:59:59"
    assert later.moves == ()


# ---- laws ----------------------------------------------------------------------------------


@settings(deadline=None)
@given(start=INSTANTS, limit=LIMITS, wait=SPANS)
def test_a_pause_of_no_time_changes_nothing(start: datetime, limit: Limit, wait: timedelta) -> None:
    """It is on record, and that is all."""
    clock = started(limit, start)

    assert paused(clock, start + wait, start + wait).replace(moves=()) == clock


@settings(deadline=None)
@given(start=INSTANTS, limit=WORKING, wait=SPANS, span=SPANS, more=WORKING)
def test_working_days_never_end_on_a_day_off(
    start: datetime, limit: Limit, wait: timedelta, span: timedelta, more: Limit
) -> None:
    """However it was paused and extended."""
    clock = paused(started(limit, start), start + wait, start + wait + span)
    for one in (clock, longer(clock, more, start + wait + span)):
        assert is_working_day(one.due_at.astimezone(SHANGHAI).date())


@settings(deadline=None)
@given(start=INSTANTS, later=SPANS, limit=LIMITS, more=st.integers(0, 30))
def test_limits_grow_with_start_and_length(
    start: datetime, later: timedelta, limit: Limit, more: int
) -> None:
    """Neither a later start nor a longer limit ends earlier."""
    long = Limit(
        minutes=limit.minutes + more if limit.minutes else None,
        working_days=limit.working_days + more if limit.working_days else None,
    )
    ends = [limit_end(one, of, SHANGHAI) for of in (limit, long) for one in (start, start + later)]

    assert ends[0] <= ends[1] <= ends[3]
    assert ends[0] <= ends[2] <= ends[3]


@settings(deadline=None)
@given(start=INSTANTS, limit=LIMITS, wait=SPANS, span=SPANS, more=SPANS)
def test_a_longer_pause_never_ends_earlier(
    start: datetime, limit: Limit, wait: timedelta, span: timedelta, more: timedelta
) -> None:
    """And who begins it earlier, for the same end, does not lose by it."""
    clock, first = started(limit, start), start + wait
    short, long = paused(clock, first, first + span), paused(clock, first, first + span + more)
    early = paused(clock, start, first + span)

    assert clock.due_at <= short.due_at <= long.due_at
    assert short.due_at <= early.due_at


@settings(deadline=None)
@given(start=INSTANTS, limit=LIMITS, wait=SPANS, span=SPANS)
def test_a_pause_moves_by_what_lies_between(
    start: datetime, limit: Limit, wait: timedelta, span: timedelta
) -> None:
    """Working days by working days, the wall clock by seconds."""
    clock, first = started(limit, start), (start + wait).replace(microsecond=0)
    last = (first + span).replace(microsecond=0)
    moved = paused(clock, first, last)
    if limit.minutes:
        assert moved.due_at - clock.due_at == last - first
        return
    days = [one.astimezone(SHANGHAI).date() for one in (first, last, clock.due_at, moved.due_at)]
    assert working_days_between(days[0], days[1]) == working_days_between(days[2], days[3])


@settings(deadline=None)
@given(start=INSTANTS, limit=LIMITS, span=SPANS, share=st.floats(0, 1))
def test_who_was_in_time_when_it_stopped_is_so_when_it_goes_on(
    start: datetime, limit: Limit, span: timedelta, share: float
) -> None:
    """A pause can't make anything overdue."""
    clock = started(limit, start)
    first = clock.started_at + (clock.due_at - clock.started_at) * share
    last = (first + span).replace(microsecond=0)

    assert not is_overdue(paused(clock, first, last), last)


@settings(deadline=None)
@given(start=INSTANTS, limit=LIMITS, more=LIMITS, wait=SPANS)
def test_an_extension_is_the_limit_after_the_limit(
    start: datetime, limit: Limit, more: Limit, wait: timedelta
) -> None:
    """It does not matter when it is approved."""
    clock = started(limit, start)
    moved = longer(clock, more, start + wait)

    assert moved.due_at == limit_end(clock.due_at, more, SHANGHAI)
    assert moved.due_at > clock.due_at


MOVES = st.lists(
    st.tuples(st.sampled_from(["pause", "stop", "extend", "agree"]), SPANS, LIMITS),
    max_size=4,
)


@settings(deadline=None)
@given(start=INSTANTS, limit=LIMITS, moves=MOVES)
def test_the_arithmetic_ends_at_the_limit(
    start: datetime, limit: Limit, moves: list[tuple[str, timedelta, Limit]]
) -> None:
    """Whatever was done to a clock, its start stays and its last line is its limit.

    No line says that the calendar would have it otherwise.
    """
    clock, at = started(limit, start), start
    for kind, span, by in moves:
        at += span
        if clock.paused_at:
            clock = resumed(clock, at)
        if kind == "extend":
            clock = longer(clock, by, at)
        elif kind == "agree":
            clock = agreed(clock, at + span, at)
        else:
            clock = pause(clock, at=at)
            clock = resumed(clock, at + span) if kind == "pause" else clock
            at += span
        assert clock.started_at == start.replace(microsecond=0)
    lines = explain(clock, policy=POLICY, zone=SHANGHAI)

    assert lines[0].at == clock.started_at
    assert (lines[-1].text_id, lines[-1].at) == ("arithmetic.end", clock.due_at)
    assert all(line.text_id != "arithmetic.differs" for line in lines)
    counted = [line for line in lines if line.text_id.startswith("arithmetic.day.") and line.count]
    assert [line.count for line in counted] == list(range(1, (limit.working_days or 0) + 1))


# ---- the arithmetic by hand ----------------------------------------------------------------


def test_the_arithmetic_names_each_day() -> None:
    """Over National Day 2026: why each day counts, or does not."""
    lines = explain(
        started(Limit(working_days=3), datetime(2026, 9, 30, 2, 0, tzinfo=UTC)),
        policy=POLICY,
        zone=SHANGHAI,
    )

    told = [(f"{line.day:%m-%d}", line.text_id.rpartition(".")[2]) for line in lines if line.day]
    assert told == [
        *((f"10-0{day}", "holiday") for day in range(1, 8)),
        ("10-08", "workday"),
        ("10-09", "workday"),
        ("10-10", "make_up"),
    ]
    assert {line.name for line in lines if line.text_id == "arithmetic.day.holiday"} == {
        "national_day"
    }


def test_the_arithmetic_says_when_the_calendar_has_changed() -> None:
    """A deadline once given stays; what the override table of today would give is told."""
    clock = started()
    monday = datetime(2026, 11, 23).date()  # noqa: DTZ001 - a day
    closed = msgspec.structs.replace(POLICY, calendar=CalendarOverrides(closed=(monday,)))
    lines = explain(clock, policy=closed, zone=SHANGHAI)
    differs = [line.at for line in lines if line.text_id == "arithmetic.differs"]

    assert [local(at) for at in differs if at] == ["11-26 23:59:59"]
    assert lines[-1].at == clock.due_at
    assert [line.name for line in lines if line.name] == [clock.calendar]


def test_the_arithmetic_says_what_is_provisional() -> None:
    """A limit in a year that is not published was reckoned without its moving holidays."""
    lines = explain(
        started(Limit(working_days=3), datetime(PUBLISHED[1], 12, 31, 2, 0, tzinfo=UTC)),
        policy=POLICY,
        zone=SHANGHAI,
    )

    assert [line.count for line in lines if line.text_id == "arithmetic.provisional"] == [AFTER]
    usual = explain(started(), policy=POLICY, zone=SHANGHAI)
    assert all(line.text_id != "arithmetic.provisional" for line in usual)


def test_a_stopped_clock_says_since_when() -> None:
    """Its limit is the one that it had; it moves when the pause ends."""
    lines = explain(pause(started(), at=FRIDAY + HOUR), policy=POLICY, zone=SHANGHAI)

    assert [line.at for line in lines if line.text_id == "arithmetic.paused"] == [FRIDAY + HOUR]
    assert lines[-1].at == started().due_at
