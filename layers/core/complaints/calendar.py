"""Working days of the Chinese calendar: holidays, make-up workdays (调休), and the year to come.

The State Council publishes a year's holidays in the autumn before. The year after the last one
that the library holds is reckoned from weekends and the holidays with a fixed date, and the
version says `provisional`; of any other year nothing is known. An override table (day -> worked or
not) goes before everything, and a year that it has days of is known by it.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from enum import StrEnum

import chinese_calendar
import msgspec

from complaints.lifecycle import ComplaintError

PUBLISHED: tuple[int, int] = (
    min(chinese_calendar.constants.holidays).year,
    max(chinese_calendar.constants.holidays).year,
)
"""First and last year whose holidays the library holds."""

CALENDAR_VERSION = f"chinesecalendar-{chinese_calendar.__version__}/{PUBLISHED[0]}-{PUBLISHED[1]}"
PROVISIONAL = " provisional"
"""How the version ends of a deadline whose year was not published when it was reckoned."""

FIXED_HOLIDAYS: dict[tuple[int, int], str] = {
    (1, 1): "new_years_day",
    **dict.fromkeys([(5, 1), (5, 2)], "labour_day"),
    **dict.fromkeys([(10, 1), (10, 2), (10, 3)], "national_day"),
}
"""Month and day of the statutory holidays that do not move with the moon or the sun."""

NO_OVERRIDES: Mapping[date, bool] = {}

_SATURDAY = 5
_ONE_DAY = timedelta(days=1)


class UnknownYearError(ComplaintError):
    """Nothing is known of the holidays of a year: raise the library, or fill the override table."""

    text_id = "error.unknown_year"

    def __init__(self, year: int) -> None:
        self.year = year
        first, last = PUBLISHED
        super().__init__(
            f"no holidays are known of {year}: {chinese_calendar.__name__} holds {first} to {last};"
            " raise it, or enter the year's days under `calendar` in the policy"
        )


class Kind(StrEnum):
    """What a day is, and so why it counts or does not."""

    WORKDAY = "workday"
    MAKE_UP = "make_up"
    """A day of the weekend that is worked for a holiday (调休)."""
    WORKED = "worked"
    """Worked by the override table."""
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    CLOSED = "closed"
    """Not worked by the override table."""


COUNTED = frozenset({Kind.WORKDAY, Kind.MAKE_UP, Kind.WORKED})


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One day of the calendar."""

    day: date
    kind: Kind
    holiday: str = ""
    """The holiday that it is, or is worked for, as `spring_festival`; else empty."""

    @property
    def is_worked(self) -> bool:
        """Return whether offices work on this day."""
        return self.kind in COUNTED


def is_published(day: date) -> bool:
    """Return whether the holidays of the day's year are published and held."""
    return PUBLISHED[0] <= day.year <= PUBLISHED[1]


def look_up(day: date, overrides: Mapping[date, bool] = NO_OVERRIDES) -> Day:
    """Return what a day is, and why; raises UnknownYearError where nothing is known of its year."""
    if day in overrides:
        return Day(day=day, kind=Kind.WORKED if overrides[day] else Kind.CLOSED)
    is_weekend = day.weekday() >= _SATURDAY
    if is_published(day):
        is_off, name = chinese_calendar.get_holiday_detail(day)
        holiday = chinese_calendar.Holiday(name).name if name else ""
        if holiday:
            return Day(day=day, kind=Kind.HOLIDAY if is_off else Kind.MAKE_UP, holiday=holiday)
    else:
        if day.year != PUBLISHED[1] + 1 and all(day.year != one.year for one in overrides):
            raise UnknownYearError(day.year)
        if holiday := FIXED_HOLIDAYS.get((day.month, day.day), ""):
            return Day(day=day, kind=Kind.HOLIDAY, holiday=holiday)
    return Day(day=day, kind=Kind.WEEKEND if is_weekend else Kind.WORKDAY)


def is_working_day(day: date, overrides: Mapping[date, bool] = NO_OVERRIDES) -> bool:
    """Return whether offices work on this day; raises UnknownYearError as `look_up`."""
    return look_up(day, overrides).is_worked


def days_between(first: date, end: date) -> Iterator[date]:
    """Yield each day from `first` to the one before `end`."""
    while first < end:
        yield first
        first += _ONE_DAY


def working_days_between(
    first: date, end: date, overrides: Mapping[date, bool] = NO_OVERRIDES
) -> int:
    """Return how many days from `first` to the one before `end` are worked; none backwards."""
    return sum(is_working_day(day, overrides) for day in days_between(first, end))


def add_working_days(start: date, days: int, overrides: Mapping[date, bool] = NO_OVERRIDES) -> date:
    """Return the last of so many working days after `start`; `start` itself with none.

    The day of the start does not count, as in the Civil Code (article 201). Raises
    UnknownYearError where the days run into a year of which nothing is known.
    """
    if days < 0:
        raise ValueError("days must not be negative")
    day = start
    while days:
        day += _ONE_DAY
        days -= is_working_day(day, overrides)
    return day


def calendar_version(until: date, overrides: Mapping[date, bool] = NO_OVERRIDES) -> str:
    """Return what a deadline on day `until` was reckoned with, to be kept beside it."""
    version = CALENDAR_VERSION
    if overrides:
        version += f"+{len(overrides)} overrides"
    return version if is_published(until) else version + PROVISIONAL


def is_provisional(version: str) -> bool:
    """Return whether a deadline was reckoned for a year that was not published then."""
    return version.endswith(PROVISIONAL)
