"""Report: the month in figures (G1; ISO 10002:2018 8.2, 8.4).

Heads of complaints go in, a record of figures comes out. A complaint belongs to the month of the
office's calendar in which it was received, and stays there whatever happens to it later; so each
breakdown of a month adds up to what was received. A complaint that is merged into another is not
counted again, but its contacts and its person are: every contact is in the totals (000 四 4; I3).
One that was voided counts for nothing but its contacts, and is listed with who and why.
Compensation is no part of the heads and so no part of this report.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from statistics import mean, median
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from complaints.clocks import is_overdue
from complaints.lifecycle import is_past
from complaints.models import Complaint, Outcome, Record, Status
from complaints.office import Office
from complaints.parts import Voided

R = TypeVar("R", bound=Record)
DAY_SECONDS = 24 * 60 * 60
NONE = ""
"""Code of those that were not assessed, or not given to a department, yet."""
OPEN = "open"
"""Result of a complaint whose follow-up is still to come."""


class Listed(Record, frozen=True, kw_only=True):
    """One complaint of a report: what a reader looks for before opening it; never the person."""

    complaint_id: str
    received_at: datetime
    channel: str
    status: str
    result: str
    type: str = NONE
    department: str = NONE
    severity: str = NONE
    urgency: str = NONE
    subject: str = ""
    """As the reader of a page may see it; no report that is kept has what people wrote (F7)."""
    due_at: datetime | None = None
    days: float | None = None
    """From receipt to closure, in days of 24 hours."""
    satisfaction: int | None = None
    reopened: int = 0
    missed: bool = False
    """Whether any of its limits was missed so far."""
    voided: Voided | None = None


class Figures(Record, frozen=True, kw_only=True):
    """The totals of a month's complaints, as they stand when the report is made.

    A share or a mean is None where there is nothing to take it of.
    """

    received: int = 0
    """Complaints: what is merged into another is counted with that one (B5)."""
    merged: int = 0
    """Merged into another, of this month or not."""
    voided: int = 0
    """Registered by mistake; with `received` and `merged` all that were registered."""
    contacts: int = 0
    """How often people turned to us, by all that was registered (I3)."""
    persons: int = 0
    """Different people among them, as far as they can be told apart; voided ones left out.

    Who was erased counts as somebody of whom there is nothing else.
    """
    closed: int = 0
    open: int = 0
    overdue: int = 0
    """Waiting for somebody whose limit has passed."""
    missed: int = 0
    """Missed a limit at any time, met since or not."""
    within_share: float | None = None
    """Share of the received that missed none of their limits."""
    major: int = 0
    reopened: int = 0
    """Dissatisfied with a solution at least once, and handled again."""
    heard: int = 0
    """Said at follow-up whether they are satisfied."""
    heard_share: float | None = None
    """Of those whose follow-up has ended or came back."""
    satisfied: int = 0
    satisfied_share: float | None = None
    """Of those who were heard; satisfied in the end, after however many rounds."""
    mean_score: float | None = None
    mean_days: float | None = None
    median_days: float | None = None


class Tally(Record, frozen=True, kw_only=True):
    """One row of a breakdown."""

    code: str
    received: int
    before: int
    """Received in the month before."""
    share: float
    closed: int
    missed: int
    mean_days: float | None = None


class MonthReport(Record, frozen=True, kw_only=True):
    """The monthly report (月度投诉报告)."""

    month: str
    month_before: str
    made_at: datetime
    policy: str
    figures: Figures
    before: Figures
    """The month before, at the same instant: its complaints had longer to be closed."""
    by: dict[str, tuple[Tally, ...]]
    """Name of a dimension to its rows, the most frequent first; see DIMENSIONS."""
    by_day: tuple[int, ...]
    """Received on each day of the month."""
    complaints: tuple[Listed, ...]
    voided: tuple[Listed, ...] = ()
    """What was received or voided in the month, and counts in no total."""


DIMENSIONS: dict[str, Callable[[Listed], str]] = {
    "type": lambda listed: listed.type,
    "department": lambda listed: listed.department,
    "channel": lambda listed: listed.channel,
    "severity": lambda listed: listed.severity,
    "urgency": lambda listed: listed.urgency,
    "status": lambda listed: listed.status,
    "result": lambda listed: listed.result,
}


# ---- the month -----------------------------------------------------------------------------


def month_report(
    complaints: Iterable[Complaint], month: str, *, office: Office, at: datetime
) -> MonthReport:
    """Return the report about a month such as `2026-11`, with the month before beside it.

    `complaints` may hold others too: each is taken once, into its local month or not at all.
    """
    known = {complaint.complaint_id: complaint for complaint in complaints}
    before = month_before(month)
    now, then = (
        sorted(
            (one for one in known.values() if local_month(one.received_at, office.zone) == wanted),
            key=lambda one: (one.received_at, one.complaint_id),
        )
        for wanted in (month, before)
    )
    rows, rows_before = (
        [listed(one, at) for one in some if is_counted(one)] for some in (now, then)
    )
    return MonthReport(
        month=month,
        month_before=before,
        made_at=at,
        policy=office.policy.reference,
        figures=figures(now, at),
        before=figures(then, at),
        by={name: _tallies(rows, rows_before, code) for name, code in DIMENSIONS.items()},
        by_day=_by_day([one for one in now if is_counted(one)], month, office.zone),
        complaints=tuple(rows),
        voided=_voided(known.values(), month, at=at, office=office),
    )


def figures(complaints: list[Complaint], at: datetime) -> Figures:
    """Return the totals of these complaints.

    Of merged ones contacts and persons alone are counted, of voided ones the contacts.
    """
    registered = complaints
    standing = [one for one in registered if not one.voided]
    complaints = [one for one in standing if is_counted(one)]
    closed_days = [days for one in complaints if (days := days_to_close(one)) is not None]
    asked = [one for one in complaints if is_past(one, Status.FOLLOWED_UP) or one.reopened]
    satisfied = sum(one.follow_up_outcome is Outcome.SATISFIED for one in complaints)
    heard = sum(one.follow_up_outcome is Outcome.SATISFIED or one.reopened > 0 for one in asked)
    missed = sum(has_missed(one, at) for one in complaints)
    still_open = sum(one.is_open for one in complaints)
    return Figures(
        received=len(complaints),
        merged=len(standing) - len(complaints),
        voided=len(registered) - len(standing),
        contacts=sum(one.contacts for one in registered),
        persons=len({_who(one) for one in standing} - {NONE}),
        closed=len(complaints) - still_open,
        open=still_open,
        overdue=sum(waits_too_long(one, at) for one in complaints),
        missed=missed,
        within_share=share(len(complaints) - missed, len(complaints)),
        major=sum(one.is_major for one in complaints),
        reopened=sum(one.reopened > 0 for one in complaints),
        heard=heard,
        heard_share=share(heard, len(asked)),
        satisfied=satisfied,
        satisfied_share=share(satisfied, heard),
        mean_score=_rounded(mean, [one.satisfaction for one in complaints if one.satisfaction]),
        mean_days=_rounded(mean, closed_days),
        median_days=_rounded(median, closed_days),
    )


def _who(complaint: Complaint) -> str:
    """Return what tells people apart; of an erased complaint its number."""
    is_erased = complaint.erasure is not None and complaint.erasure.done_at is not None
    return complaint.complaint_id if is_erased else complaint.person


def wordless(report: R) -> R:
    """Return a kept report without the subjects that earlier versions put into it (F7)."""
    rows = {
        name: tuple(one.replace(subject="") for one in kept)
        for name, kept in msgspec.structs.asdict(report).items()
        if isinstance(kept, tuple) and kept and isinstance(kept[0], Listed)
    }
    return report.replace(**rows)


def listed(complaint: Complaint, at: datetime) -> Listed:
    """Return a complaint as reports list it."""
    assessment = complaint.assessment
    outcome = complaint.follow_up_outcome
    return Listed(
        complaint_id=complaint.complaint_id,
        received_at=complaint.received_at,
        channel=complaint.channel,
        status=complaint.status,
        result=outcome or (OPEN if complaint.is_open else complaint.status),
        type=assessment.type if assessment else NONE,
        department=complaint.department,
        severity=("major" if complaint.is_major else "general") if assessment else NONE,
        urgency=assessment.urgency if assessment else NONE,
        due_at=complaint.clock.due_at if complaint.clock and complaint.queue else None,
        days=days_to_close(complaint),
        satisfaction=complaint.satisfaction,
        reopened=complaint.reopened,
        missed=has_missed(complaint, at),
        voided=complaint.voided,
    )


def _voided(
    complaints: Iterable[Complaint], month: str, *, at: datetime, office: Office
) -> tuple[Listed, ...]:
    """Return what was received or voided in a month, by number."""
    rows = [
        listed(one, at)
        for one in complaints
        if one.voided
        and month in {local_month(of, office.zone) for of in (one.received_at, one.voided.at)}
    ]
    return tuple(sorted(rows, key=lambda row: row.complaint_id))


def drill(report: MonthReport, chosen: Mapping[str, str]) -> tuple[Listed, ...]:
    """Return the complaints of a report that have all these codes: `{"type": "B"}`.

    Names that are no dimension are passed over.
    """
    wanted = {DIMENSIONS[name]: code for name, code in chosen.items() if name in DIMENSIONS}
    return tuple(
        one for one in report.complaints if all(read(one) == code for read, code in wanted.items())
    )


# ---- months and days of the office ---------------------------------------------------------


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """Return the day on the office's calendar."""
    return instant.astimezone(zone).date()


def local_month(instant: datetime, zone: ZoneInfo) -> str:
    """Return the month on the office's calendar.

    >>> local_month(datetime(2026, 10, 31, 16, 0, tzinfo=UTC), ZoneInfo("Asia/Shanghai"))
    '2026-11'
    """
    return f"{instant.astimezone(zone):%Y-%m}"


def month_before(month: str) -> str:
    """Return the month before a month.

    >>> month_before("2026-01")
    '2025-12'
    """
    return f"{date.fromisoformat(f'{month}-01') - timedelta(days=1):%Y-%m}"


def utc_months(month: str, zone: ZoneInfo) -> tuple[str, ...]:
    """Return the UTC months that an office's month reaches into: heads are indexed by those.

    >>> utc_months("2026-11", ZoneInfo("Asia/Shanghai"))
    ('2026-10', '2026-11')
    """
    first = datetime.combine(date.fromisoformat(f"{month}-01"), time(), tzinfo=zone)
    last = first + timedelta(days=_length(month)) - timedelta(seconds=1)
    touched = {f"{instant.astimezone(UTC):%Y-%m}" for instant in (first, last)}
    return tuple(sorted(touched))


# ---- one complaint -------------------------------------------------------------------------


def is_counted(complaint: Complaint) -> bool:
    """Return whether it is a complaint of its own: neither counted with another, nor voided."""
    return not complaint.merged_into and not complaint.voided


def waits_too_long(complaint: Complaint, at: datetime) -> bool:
    """Return whether somebody should have acted by now; a quiet time that ends is not late."""
    clock = complaint.clock
    return bool(complaint.is_open and complaint.queue and clock and is_overdue(clock, at))


def has_missed(complaint: Complaint, at: datetime) -> bool:
    """Return whether a limit of it was missed, noticed by `check_sla` or just now."""
    return complaint.overdue > 0 or waits_too_long(complaint, at)


def days_to_close(complaint: Complaint) -> float | None:
    """Return the days of 24 hours from receipt to closure; None while it is open."""
    if not complaint.closed_at:
        return None
    return round((complaint.closed_at - complaint.received_at).total_seconds() / DAY_SECONDS, 1)


def share(part: int, whole: int) -> float | None:
    """Return a share, rounded to a tenth of one per cent; None of nothing."""
    return round(part / whole, 3) if whole else None


def _tallies(
    rows: list[Listed], rows_before: list[Listed], code_of: Callable[[Listed], str]
) -> tuple[Tally, ...]:
    """Return one row for each code that occurs in this month or the one before."""
    groups: dict[str, list[Listed]] = {}
    for row in rows:
        groups.setdefault(code_of(row), []).append(row)
    before: dict[str, int] = {}
    for row in rows_before:
        before[code_of(row)] = before.get(code_of(row), 0) + 1
    tallies = [
        Tally(
            code=code,
            received=len(group := groups.get(code, [])),
            before=before.get(code, 0),
            share=share(len(group), len(rows)) or 0.0,
            closed=sum(row.status == Status.CLOSED for row in group),
            missed=sum(row.missed for row in group),
            mean_days=_rounded(mean, [row.days for row in group if row.days is not None]),
        )
        for code in groups.keys() | before.keys()
    ]
    return tuple(sorted(tallies, key=lambda tally: (-tally.received, -tally.before, tally.code)))


def _by_day(complaints: list[Complaint], month: str, zone: ZoneInfo) -> tuple[int, ...]:
    counts = [0] * _length(month)
    for one in complaints:
        counts[local_day(one.received_at, zone).day - 1] += 1
    return tuple(counts)


def _length(month: str) -> int:
    """Return how many days a month has."""
    first = date.fromisoformat(f"{month}-01")
    return ((first + timedelta(days=31)).replace(day=1) - first).days


def _rounded(reckon: Callable[[Iterable[float]], float], numbers: Iterable[float]) -> float | None:
    """Return a mean or a median as every reader is shown it, to one decimal; None of nothing."""
    taken = list(numbers)
    return round(float(reckon(taken)), 1) if taken else None
