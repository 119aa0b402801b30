"""The card of the limits: what it says about each clock, in both languages."""

from datetime import UTC, datetime, timedelta

import pytest

from complaints.calendar import PUBLISHED
from complaints.clocks import start_clock
from complaints.console.limits import Limits, extension_values, limit_of, limits
from complaints.models import Clock, Pause
from complaints.policy import Limit
from complaints.texts import LANGUAGES, texts
from tests.builders import AT, OFFICE, assessed

NATIONAL_DAY = datetime(2026, 9, 30, 2, 0, tzinfo=UTC)


def clock(start: datetime, what: str = "", days: int = 3) -> Clock:
    """Return a clock of so many working days."""
    limit = Limit(working_days=days)
    return start_clock(
        limit, started_at=start, at=start, policy=OFFICE.policy, zone=OFFICE.zone, what=what
    )


def card(language: str = "zh_CN", at: datetime = AT, **sides: object) -> Limits:
    """Return the card of an assessed complaint."""
    before = assessed()
    dossier = before.replace(complaint=before.complaint.replace(**sides))
    return limits(dossier, names={}, t=texts(language), office=OFFICE, at=at)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_arithmetic_is_said_in_words(language: str) -> None:
    """Start, each day with why, calendar and end; no value is left open."""
    (one,) = card(language, clock=clock(NATIONAL_DAY)).running
    t = texts(language)

    assert one.lines[0].startswith(t("arithmetic.start", at="2026-09-30 10:00:00", weekday="")[:20])
    assert sum(t("calendar.national_day") in line for line in one.lines) == 8
    assert "2026-10-10 23:59:59" in one.lines[-1]
    assert t("calendar.weekday.5") in one.lines[-1]
    assert not any("{" in line for line in one.lines)


def test_the_soonest_limit_stands_first() -> None:
    """What runs beside the stage is listed with it."""
    shown = card(clocks=(clock(AT - timedelta(days=9), "contact"), clock(AT, "outside:1", 9)))

    assert [one.name for one in shown.running] == [
        texts("zh_CN")(name) for name in ("clock.contact", "clock.stage", "clock.outside")
    ]
    assert [one.tone for one in shown.running] == ["red", "green", "green"]


def test_a_provisional_limit_says_so() -> None:
    """Next to the deadline, with its year."""
    late = datetime(PUBLISHED[1], 12, 31, 2, 0, tzinfo=UTC)

    assert card(clock=clock(late)).running[0].provisional_year == PUBLISHED[1] + 1
    assert card().running[0].provisional_year == 0


def test_a_year_without_a_calendar_takes_no_page_away() -> None:
    """Nobody can pause then, but what there is can be read."""
    shown = card(at=datetime(PUBLISHED[1] + 5, 3, 1, tzinfo=UTC))

    assert shown.latest_pause is None
    assert shown.running


def test_a_pause_says_until_when() -> None:
    """In the time of the office."""
    until = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    pause = Pause(reason="evidence", by="han", started_at=AT, until=until)

    assert "2026-11-24 00:00" in card(pause=pause).paused


def test_what_a_form_offers_is_what_it_takes() -> None:
    """Each length of an extension comes back as the limit that it says."""
    offered = [limit_of(value) for value in extension_values(OFFICE)]

    assert offered == [Limit(working_days=days) for days in range(1, 6)]
    assert limit_of("minutes:120") == Limit(minutes=120)
