"""The daily close-out: what came in, and what is left."""

from datetime import UTC, date, datetime, timedelta

from complaints.close_out import DayReport, day_report, gaps
from complaints.models import Assessment, Channel, Complaint, Status
from complaints.number import complaint_number
from tests.unit.heads import OFFICE, clock, closed, head, voided

DAY = date(2026, 11, 20)
NEXT_DAY = date(2026, 11, 23)
MORNING = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
EVENING = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def close_out(*complaints: Complaint, unsent: tuple[str, ...] = ()) -> DayReport:
    """Return the close-out of a Friday evening."""
    return day_report(complaints, DAY, office=OFFICE, at=EVENING, unsent=unsent)


def working(n: int, due_at: datetime, received_at: datetime = MORNING) -> Complaint:
    """Return a complaint under investigation."""
    return head(
        n,
        received_at,
        status=Status.ASSESSED,
        assessment=Assessment(type="B"),
        department="service",
        queue="service",
        clock=clock(due_at),
    )


def test_what_came_in_is_counted_by_channel() -> None:
    """The day is the office's; what came on other days is not counted."""
    report = close_out(
        head(2, MORNING),
        head(3, MORNING, channel=Channel.EMAIL),
        closed(4, MORNING, days=0.2, channel=Channel.EMAIL),
        head(1, MORNING - timedelta(days=1)),
        head(5, datetime(2026, 11, 20, 16, 0, tzinfo=UTC)),
    )
    assert report.received == 3
    assert report.by_channel == {"email": 2, "web": 1}


def test_a_letter_counts_on_the_day_it_is_registered() -> None:
    """Received by post days ago and registered today is registered, not received, today."""
    report = close_out(head(1, MORNING - timedelta(days=3), registered_at=MORNING))
    assert (report.received, report.registered) == (0, 1)


def test_what_waits_is_listed_the_soonest_first() -> None:
    """Overdue, and due until the end of the next working day: over the weekend that is Monday."""
    late = working(1, EVENING - timedelta(hours=1))
    tonight = working(2, EVENING + timedelta(hours=2))
    monday = working(3, datetime(2026, 11, 23, 15, 59, 59, tzinfo=UTC))
    tuesday = working(4, datetime(2026, 11, 24, 15, 59, 59, tzinfo=UTC))
    quiet = working(5, EVENING - timedelta(hours=1)).replace(queue="")
    report = close_out(tuesday, monday, tonight, late, quiet)
    assert report.next_day == NEXT_DAY
    assert [one.complaint_id for one in report.overdue] == [late.complaint_id]
    assert [one.complaint_id for one in report.due_soon] == [
        tonight.complaint_id,
        monday.complaint_id,
    ]


def test_what_was_voided_today_is_named() -> None:
    """With who and why, on the day it was done; its number is no gap."""
    one = voided(8, MORNING, days=0.1)
    report = close_out(closed(7, MORNING, days=0.1), one, closed(9, MORNING, days=0.1))
    assert [row.complaint_id for row in report.voided] == [one.complaint_id]
    assert report.voided[0].voided == one.voided
    assert report.gaps == ()
    assert report.is_clear
    assert close_out(voided(8, MORNING - timedelta(days=3))).voided == ()


def test_a_clear_day_says_so() -> None:
    """Nothing unassessed, overdue, unsent or missing: the day is closed."""
    assert close_out(closed(1, MORNING, days=0.1)).is_clear
    assert not close_out(head(1, MORNING)).is_clear
    assert not close_out(unsent=("TS-2026-000001-1",)).is_clear


def test_a_letter_that_was_not_sent_is_named_once() -> None:
    """Two letters of one complaint that are owed are one complaint to look at."""
    assert close_out(unsent=("b", "a", "b")).unsent == ("a", "b")


def test_numbers_between_those_of_the_day_must_exist() -> None:
    """A number left out since the last one before is a gap; whose complaint is known is none."""
    before = closed(7, MORNING - timedelta(days=2), days=1)
    found = (before, head(9, MORNING), head(12, MORNING))
    missing = (8, 10, 11)
    assert gaps(found, DAY, office=OFFICE) == tuple(head(n).complaint_id for n in missing)
    later_registered = head(10, MORNING - timedelta(days=9), registered_at=MORNING)
    assert len(close_out(*found, later_registered).gaps) == 2


def test_numbers_begin_anew_each_year() -> None:
    """The numbers of last year are no measure of this one's."""
    new_year = date(2027, 1, 1)
    assert gaps((head(900, MORNING),), new_year, office=OFFICE) == ()


def test_a_day_without_complaints_has_no_gaps() -> None:
    """Where no number was given, none is missing."""
    assert close_out(closed(7, MORNING - timedelta(days=2))).gaps == ()


def test_a_number_that_is_not_in_use_says_why() -> None:
    """A gap is what nothing explains; a reserved or lapsed number is told apart from it."""
    two, three = (complaint_number("TS", 2026, n, 6) for n in (2, 3))
    heads = [closed(1, MORNING, days=0.1), closed(4, MORNING, days=0.1)]
    report = day_report(heads, DAY, office=OFFICE, at=EVENING, unused={two: "reserved"})
    assert report.unused == ((two, "reserved"),)
    assert report.gaps == (three,)
    assert not report.is_clear
