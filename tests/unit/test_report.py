"""The monthly report: what is counted, and that the figures add up."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.models import Assessment, Channel, Complaint, Outcome, Status
from complaints.parts import Erasure, ErasureKind
from complaints.report import (
    DIMENSIONS,
    Figures,
    MonthReport,
    Tally,
    drill,
    month_report,
    utc_months,
)
from complaints.report_words import FIGURES, name_of, shown
from complaints.texts import LANGUAGES, texts
from tests.unit.heads import AT, NOVEMBER, OCTOBER, OFFICE, a_month, clock, closed, head, voided


def report_of(*complaints: Complaint) -> MonthReport:
    """Return the report of November 2026 about these."""
    return month_report(complaints, "2026-11", office=OFFICE, at=AT)


def row(report: MonthReport, dimension: str, code: str) -> Tally:
    """Return one row of a breakdown."""
    return next(tally for tally in report.by[dimension] if tally.code == code)


@given(now=st.integers(0, 60), before=st.integers(0, 60))
def test_every_breakdown_adds_up_to_what_was_received(now: int, before: int) -> None:
    """Sum by type = sum by department = ... = received, in this month and the one before."""
    made = a_month(101, NOVEMBER, now) + a_month(1, OCTOBER, before)
    report = month_report(made, "2026-11", office=OFFICE, at=AT)
    assert report.figures.received == now == len(report.complaints) == sum(report.by_day)
    assert set(report.by) == set(DIMENSIONS)
    for tallies in report.by.values():
        assert sum(tally.received for tally in tallies) == now
        assert sum(tally.before for tally in tallies) == report.before.received == before
        assert sum(tally.closed for tally in tallies) == report.figures.closed
        assert sum(tally.missed for tally in tallies) == report.figures.missed
        assert not now or sum(tally.share for tally in tallies) == pytest.approx(1, abs=0.005)
    assert report.figures.closed + report.figures.open == now


def test_erasing_changes_no_figure() -> None:
    """F7: who is gone is still counted, and nothing says who it was."""
    gone = Erasure(request_id="r", kind=ErasureKind.DISPOSAL, asked_at=AT, begun_at=AT, done_at=AT)
    before = [closed(1, person="a", subject="s"), closed(2, person="b"), head(3, person="b")]
    after = [before[0].replace(person="", subject="", erasure=gone), *before[1:]]
    assert report_of(*after) == report_of(*before)


@given(counted=st.integers(0, 12), void=st.integers(0, 12))
def test_what_is_voided_is_in_no_total_but_in_the_contacts(counted: int, void: int) -> None:
    """The figures are those without it, and together they still are all that was registered."""
    real = a_month(1, NOVEMBER, counted)
    gone = [voided(100 + n) for n in range(void)]
    report, without = report_of(*real, *gone), report_of(*real)
    assert report.figures.voided == void == len(report.voided)
    assert report.figures.contacts == counted + void
    same = {"voided": 0, "contacts": 0}
    assert report.figures.replace(**same) == without.figures.replace(**same)
    assert (report.by, report.by_day) == (without.by, without.by_day)
    assert report.complaints == without.complaints
    assert all(one.voided and one.voided.by == "qiu" for one in report.voided)


def test_what_is_voided_later_is_named_in_the_month_in_which_that_was_done() -> None:
    """Else nobody would be told of it once the report of its own month is made."""
    late = voided(1, OCTOBER, days=30)
    assert [one.complaint_id for one in report_of(late).voided] == [late.complaint_id]
    assert report_of(late).figures.voided == 0
    assert report_of(voided(1, OCTOBER)).voided == ()


def test_the_month_is_that_of_the_office() -> None:
    """Half past midnight in Shanghai on the first is November, though UTC has October still."""
    first = head(1, datetime(2026, 10, 31, 16, 30, tzinfo=UTC))
    last = head(2, datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC))
    too_early = head(3, datetime(2026, 10, 31, 15, 59, 59, tzinfo=UTC))
    too_late = head(4, datetime(2026, 11, 30, 16, 0, tzinfo=UTC))
    report = report_of(too_late, last, first, too_early)
    assert [one.complaint_id for one in report.complaints] == [
        first.complaint_id,
        last.complaint_id,
    ]
    assert report.before.received == 1
    assert (report.by_day[0], report.by_day[29], len(report.by_day)) == (1, 1, 30)


@pytest.mark.parametrize(
    ("month", "zone", "read"),
    [
        ("2026-11", "Asia/Shanghai", ("2026-10", "2026-11")),
        ("2026-01", "Asia/Shanghai", ("2025-12", "2026-01")),
        ("2026-11", "America/New_York", ("2026-11", "2026-12")),
        ("2026-11", "UTC", ("2026-11",)),
    ],
)
def test_the_months_to_read_are_those_of_utc(month: str, zone: str, read: tuple[str, ...]) -> None:
    """An office's month reaches into the UTC month before or after."""
    assert utc_months(month, type(OFFICE.zone)(zone)) == read


def test_a_complaint_counts_once() -> None:
    """The same complaint read twice is one."""
    assert report_of(closed(1), closed(1), closed(2)).figures.received == 2


def test_time_is_measured_from_receipt_to_closure() -> None:
    """Mean and median take closed complaints only."""
    report = report_of(closed(1, days=1), closed(2, days=2), closed(3, days=9), head(4))
    assert (report.figures.mean_days, report.figures.median_days) == (4.0, 2.0)
    assert [one.days for one in report.complaints] == [1.0, 2.0, 9.0, None]
    assert row(report, "type", "B").mean_days == 4.0


def test_figures_are_rounded_once() -> None:
    """Page and workbook show the same decimal, because the report holds no other."""
    report = report_of(closed(1, days=1.25), closed(2, days=1.26), closed(3, days=1.29))
    shown_days = [one.days for one in report.complaints]
    assert shown_days == [1.2, 1.3, 1.3]
    assert report.figures.mean_days == 1.3


def test_a_missed_limit_stays_missed() -> None:
    """Late once is not within limits, closed since or not; waiting past a limit is late too."""
    report = report_of(
        closed(1),
        closed(2, overdue=1),
        head(3, clock=clock(AT - timedelta(seconds=1))),
        head(4, clock=clock(AT + timedelta(hours=1))),
    )
    assert (report.figures.missed, report.figures.overdue) == (2, 1)
    assert report.figures.within_share == 0.5


def test_quiet_days_that_end_are_not_late() -> None:
    """Nobody must act on a complaint without a queue, so nobody is late with it."""
    quiet = head(1, status=Status.RESPONDED, queue="", clock=clock(AT - timedelta(days=1)))
    assert report_of(quiet).figures.overdue == 0


def test_satisfaction_is_of_those_who_were_heard() -> None:
    """Silence is neither yes nor no; a way back is a no until a later yes."""
    report = report_of(
        closed(1, satisfaction=4),
        closed(2, satisfaction=5, reopened=1),
        closed(3, follow_up_outcome=Outcome.QUIET, satisfaction=None),
        head(4, status=Status.ASSESSED, assessment=Assessment(type="B"), reopened=2),
        head(5),
    )
    figures = report.figures
    assert (figures.heard, figures.heard_share) == (3, 0.75)
    assert (figures.satisfied, figures.satisfied_share) == (2, 0.667)
    assert (figures.mean_score, figures.reopened) == (4.5, 2)


def test_results_tell_what_came_of_it() -> None:
    """A result is the follow-up's outcome, or that there is none yet."""
    report = report_of(closed(1), closed(2, follow_up_outcome=Outcome.QUIET), head(3))
    assert {tally.code: tally.received for tally in report.by["result"]} == {
        "satisfied": 1,
        "quiet": 1,
        "open": 1,
    }


def test_major_is_a_severity() -> None:
    """Severity is unknown before the assessment, then general or major."""
    major = Assessment(type="S", major=("safety",))
    report = report_of(head(1), closed(2), closed(3, assessment=major))
    assert [(tally.code, tally.received) for tally in report.by["severity"]] == [
        ("", 1),
        ("general", 1),
        ("major", 1),
    ]
    assert report.figures.major == 1


def test_the_most_frequent_comes_first() -> None:
    """Rows go by how often; one that only the month before had is shown with nought."""
    report = report_of(
        closed(1), closed(2, channel=Channel.PHONE), closed(3), head(4, OCTOBER, channel="fax")
    )
    assert [(tally.code, tally.received, tally.before) for tally in report.by["channel"]] == [
        ("web", 2, 0),
        ("phone", 1, 0),
        ("fax", 0, 1),
    ]
    assert row(report, "channel", "web").share == 0.667


def test_a_row_leads_to_its_complaints() -> None:
    """What a row counts is what its drill-down lists."""
    report = report_of(*a_month(1, NOVEMBER, 60))
    for dimension, tallies in report.by.items():
        for tally in tallies:
            found = drill(report, {dimension: tally.code, "page": "1"})
            assert len(found) == tally.received
    both = drill(report, {"type": "B", "channel": "email"})
    assert 0 < len(both) < row(report, "type", "B").received


def test_a_month_without_complaints_has_no_shares() -> None:
    """Nothing received is nought, and a share of nothing is none."""
    report = report_of()
    assert report.figures == Figures()
    assert report.by["type"] == ()
    assert shown("satisfied_share", report.figures) == "–"


def test_a_report_reads_back_as_it_was_written() -> None:
    """The stored JSON holds the whole report."""
    report = report_of(*a_month(1, NOVEMBER, 30))
    assert msgspec.json.decode(msgspec.json.encode(report), type=MonthReport) == report


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_in_a_report_has_a_name(language: str) -> None:
    """Each code of a month of all kinds, and each figure, is in the catalogue."""
    report = report_of(*a_month(1, NOVEMBER, 60))
    name = name_of(OFFICE.policy, language)
    for dimension, tallies in report.by.items():
        assert all(name(dimension, tally.code) for tally in tallies)
    assert all(f"report.figure.{figure}" in texts(language) for figure in FIGURES)
    assert all(f"report.meaning.{figure}" in texts(language) for figure in FIGURES)
    assert name("type", "gone") == name("department", "gone") == "gone"
    assert name("department", "quality_office") != "quality_office"
    assert all(name("channel", channel) != channel for channel in Channel)
    assert all(name("result", outcome) != outcome for outcome in Outcome)


def test_days_of_a_leap_february_are_all_there() -> None:
    """The days of a month are as many as the calendar has."""
    report = month_report((), "2028-02", office=OFFICE, at=AT)
    assert len(report.by_day) == date(2028, 2, 29).day
