"""The working calendar: public holidays, make-up workdays, years to come."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints.calendar import (
    CALENDAR_VERSION,
    PUBLISHED,
    add_working_days,
    calendar_version,
    is_working_day,
)

DAYS = st.dates(date(2005, 1, 1), date(2040, 1, 1))


@pytest.mark.parametrize(
    ("day", "is_worked"),
    [
        pytest.param(date(2026, 11, 20), True, id="a Friday"),
        pytest.param(date(2026, 11, 21), False, id="a Saturday"),
        pytest.param(date(2026, 2, 17), False, id="Spring Festival"),
        pytest.param(date(2026, 2, 14), True, id="a Saturday worked for Spring Festival"),
        pytest.param(date(2026, 10, 10), True, id="a Saturday worked for National Day"),
        pytest.param(date(2026, 1, 2), False, id="a Friday off after New Year"),
        pytest.param(date(2031, 10, 1), False, id="National Day of a year not published"),
        pytest.param(date(2031, 10, 6), True, id="a Monday of a year not published"),
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
    assert calendar_version(date(PUBLISHED[1] + 1, 1, 1)).endswith("provisional")
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
