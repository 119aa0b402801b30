"""The working calendar: public holidays, make-up workdays, years to come."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints.calendar import (
    CALENDAR_VERSION,
    PUBLISHED,
    Kind,
    UnknownYearError,
    add_working_days,
    calendar_version,
    is_provisional,
    is_working_day,
    look_up,
    working_days_between,
)

DAYS = st.dates(date(2005, 1, 1), date(PUBLISHED[1] + 1, 6, 1))
AFTER = PUBLISHED[1] + 1
"""The year that is reckoned provisionally."""


@pytest.mark.parametrize(
    ("day", "is_worked"),
    [
        pytest.param(date(2026, 11, 20), True, id="a Friday"),
        pytest.param(date(2026, 11, 21), False, id="a Saturday"),
        pytest.param(date(2026, 2, 17), False, id="Spring Festival"),
        pytest.param(date(2026, 2, 14), True, id="a Saturday worked for Spring Festival"),
        pytest.param(date(2026, 10, 10), True, id="a Saturday worked for National Day"),
        pytest.param(date(2026, 1, 2), False, id="a Friday off after New Year"),
        pytest.param(date(AFTER, 10, 1), False, id="National Day of a year not published"),
        pytest.param(date(AFTER, 10, 6), True, id="a Wednesday of a year not published"),
    ],
)
def test_working_days(day: date, is_worked: bool) -> None:  # noqa: FBT001 - a case of the table
    """A day is worked as the State Council says, not as the week says."""
    assert is_working_day(day) is is_worked


@pytest.mark.parametrize(
    ("start", "days", "last"),
    [
        pytest.param(date(2026, 11, 20), 0, date(2026, 11, 20), id="none: the day itself"),
        pytest.param(date(2026, 11, 20), 3, date(2026, 11, 25), id="over a weekend"),
        pytest.param(date(2026, 9, 30), 1, date(2026, 10, 8), id="over National Day"),
        pytest.param(date(2026, 2, 13), 2, date(2026, 2, 24), id="a worked Saturday counts"),
        pytest.param(date(2026, 12, 31), 1, date(2027, 1, 4), id="into the next year"),
    ],
)
def test_adding_working_days(start: date, days: int, last: date) -> None:
    """Only working days bring the end nearer; the day of the start does not count."""
    assert add_working_days(start, days) == last


def test_days_are_not_taken_back() -> None:
    """A negative number of days is a mistake of the caller."""
    with pytest.raises(ValueError, match="negative"):
        add_working_days(date(2026, 1, 5), -1)


def test_the_override_table_goes_first() -> None:
    """A company's own day off is off, and its own working day is worked."""
    monday, saturday = date(2026, 11, 23), date(2026, 11, 28)

    assert not is_working_day(monday, {monday: False})
    assert add_working_days(date(2026, 11, 27), 1, {saturday: True}) == saturday


def test_the_version_says_what_is_a_guess() -> None:
    """A deadline in a year that is not published is marked; overrides are counted."""
    assert calendar_version(date(PUBLISHED[1], 12, 31)) == CALENDAR_VERSION
    assert is_provisional(calendar_version(date(AFTER, 1, 1)))
    assert "1 overrides" in calendar_version(date(2026, 1, 1), {date(2026, 1, 1): True})


@settings(deadline=None)
@given(start=DAYS, days=st.integers(1, 60))
def test_the_end_is_a_working_day(start: date, days: int) -> None:
    """Whatever the start, the last day is worked."""
    assert is_working_day(add_working_days(start, days))


@settings(deadline=None)
@given(start=DAYS, days=st.integers(0, 60))
def test_one_day_more_is_later(start: date, days: int) -> None:
    """A longer limit never ends on the same day."""
    assert add_working_days(start, days) < add_working_days(start, days + 1)


@pytest.mark.parametrize("year", [PUBLISHED[0] - 1, PUBLISHED[1] + 2, PUBLISHED[1] + 40])
def test_a_year_without_data_is_refused(year: int) -> None:
    """No guess: the error names the year, what is known, and what to do."""
    with pytest.raises(UnknownYearError, match=rf"{year}.*{PUBLISHED[1]}.*calendar") as raised:
        add_working_days(date(year, 6, 1), 1)
    assert raised.value.year == year
    assert raised.value.text_id == "error.unknown_year"


def test_a_limit_that_runs_into_an_unknown_year_is_refused() -> None:
    """The provisional year is enough only for limits that end in it."""
    assert add_working_days(date(AFTER, 12, 1), 5).year == AFTER
    with pytest.raises(UnknownYearError, match=str(AFTER + 1)):
        add_working_days(date(AFTER, 12, 30), 20)


def test_the_override_table_makes_a_year_known() -> None:
    """Who enters the plan of a year can count in it before the library can."""
    plan = {date(AFTER + 1, 1, 3): False}

    assert add_working_days(date(AFTER + 1, 1, 2), 1, plan) == date(AFTER + 1, 1, 4)
    assert is_provisional(calendar_version(date(AFTER + 1, 1, 4), plan))


@pytest.mark.parametrize(
    ("day", "kind", "holiday"),
    [
        pytest.param(date(2026, 11, 20), Kind.WORKDAY, "", id="a Friday"),
        pytest.param(date(2026, 11, 21), Kind.WEEKEND, "", id="a Saturday"),
        pytest.param(date(2026, 10, 6), Kind.HOLIDAY, "national_day", id="a day in lieu"),
        pytest.param(date(2026, 10, 4), Kind.HOLIDAY, "national_day", id="a Sunday in a holiday"),
        pytest.param(date(2026, 9, 20), Kind.MAKE_UP, "national_day", id="a Sunday worked"),
        pytest.param(date(2026, 2, 28), Kind.MAKE_UP, "spring_festival", id="a Saturday worked"),
        pytest.param(date(AFTER, 5, 2), Kind.HOLIDAY, "labour_day", id="a fixed holiday to come"),
    ],
)
def test_a_day_says_what_it_is(day: date, kind: Kind, holiday: str) -> None:
    """The arithmetic of a deadline names each day."""
    found = look_up(day)

    assert (found.kind, found.holiday) == (kind, holiday)
    assert found.is_worked is is_working_day(day)


def test_an_override_says_so() -> None:
    """A day of the organisation's own is not called a holiday."""
    day = date(2026, 11, 23)

    assert look_up(day, {day: False}).kind is Kind.CLOSED
    assert look_up(day, {day: True}).kind is Kind.WORKED


@settings(deadline=None)
@given(start=DAYS, days=st.integers(0, 60))
def test_counting_takes_adding_back(start: date, days: int) -> None:
    """Between a working day and the n-th after it lie n working days, the last one not counted."""
    first = add_working_days(start, 1)

    assert working_days_between(first, add_working_days(first, days)) == days
    assert working_days_between(first, start) == 0
