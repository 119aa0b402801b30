"""Working days of the Chinese calendar: holidays, make-up workdays (调休), and years to come.

The State Council publishes a year's holidays in the autumn before. A year that the library does
not hold yet is reckoned from weekends and the holidays with a fixed date, and the version says
`provisional`; an override table (day -> worked or not) goes before everything.
"""

from collections.abc import Mapping
from datetime import date, timedelta

import chinese_calendar

PUBLISHED: tuple[int, int] = (
    min(chinese_calendar.constants.holidays).year,
    max(chinese_calendar.constants.holidays).year,
)
"""First and last year whose holidays the library holds."""

CALENDAR_VERSION = f"chinesecalendar-{chinese_calendar.__version__}/{PUBLISHED[0]}-{PUBLISHED[1]}"

FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
"""Month and day of the statutory holidays that do not move with the moon or the sun."""

NO_OVERRIDES: Mapping[date, bool] = {}

_SATURDAY = 5
_ONE_DAY = timedelta(days=1)


def is_published(day: date) -> bool:
    """Return whether the holidays of the day's year are published and held."""
    return PUBLISHED[0] <= day.year <= PUBLISHED[1]


def is_working_day(day: date, overrides: Mapping[date, bool] = NO_OVERRIDES) -> bool:
    """Return whether offices work on this day."""
    if day in overrides:
        return overrides[day]
    if is_published(day):
        return bool(chinese_calendar.is_workday(day))
    return day.weekday() < _SATURDAY and (day.month, day.day) not in FIXED_HOLIDAYS


def add_working_days(start: date, days: int, overrides: Mapping[date, bool] = NO_OVERRIDES) -> date:
    """Return the last of so many working days after `start`; `start` itself with none.

    The day of the start does not count, as in the Civil Code (article 201).
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
    return version if is_published(until) else f"{version} provisional"
