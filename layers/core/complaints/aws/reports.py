"""Reports: made of the table, kept in the reports bucket, told to management by mail (A11, G1).

    key                              what
    -------------------------------  ---------------------------------------------------
    reports/month/2026-11.json       the monthly report
    reports/month/2026-11.xlsx       the same as a workbook, in the first language
    reports/month/2026-11.sent       user names that were told of it
    reports/day/2026-11-20.json      the daily close-out
    reports/day/2026-11-20.sent      user names that were told of it

A report that is made again is written over; who was told once is not told again. What earlier
versions kept of people's words is taken out with the next monthly report (F7).
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Self

import msgspec

from complaints.aws import mail_ledger
from complaints.aws.directory import StaffDirectory
from complaints.aws.mailer import NotSentError, send, sender
from complaints.aws.numbers import Numbers
from complaints.aws.quarantine import count_waiting
from complaints.aws.repository import ComplaintRepository, UnknownComplaintError
from complaints.aws.runtime import client, logger, now
from complaints.aws.settings import load_settings, resource
from complaints.close_out import DayReport, day_report, gaps
from complaints.letters import to_staff
from complaints.models import Complaint, Role, Staff
from complaints.policy import RESERVED_QUEUES
from complaints.report import (
    MonthReport,
    local_day,
    local_month,
    month_before,
    month_report,
    utc_months,
    wordless,
)
from complaints.report_words import month_name, shown
from complaints.undelivered import LONGEST_GAP

ADDRESS_SECONDS = 300
MOST_MAILS = 1000
"""As far as mails that wait for a person are counted."""
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MONTH_READERS = frozenset({Role.MANAGEMENT, Role.QUALITY_OFFICE})
DAY_READERS = frozenset({Role.QUALITY_OFFICE})
READERS = MONTH_READERS | {Role.AUDITOR}
"""Who may open the workbook: it lists no complaint about any of them (I8)."""


class ReportNotSentError(Exception):
    """Some were not told of a report; made again, it is sent to them alone."""


class ReportStore:
    """The reports bucket as two shelves of reports, by month and by day."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._client = client("s3")

    @classmethod
    def from_env(cls) -> Self:
        """Return the store of the deployment."""
        return cls(resource("REPORTS_BUCKET"))

    def months(self) -> list[str]:
        """Return the months that have a report, the newest first."""
        return self._names("reports/month/")

    def days(self) -> list[str]:
        """Return the days that have a close-out, the newest first."""
        return self._names("reports/day/")

    def get_month(self, month: str) -> MonthReport | None:
        """Return the report of a month, if there is one."""
        kept = self._read(f"reports/month/{month}.json")
        return msgspec.json.decode(kept, type=MonthReport) if kept else None

    def get_day(self, day: str) -> DayReport | None:
        """Return the close-out of a day such as `2026-11-20`, if there is one."""
        kept = self._read(f"reports/day/{day}.json")
        return msgspec.json.decode(kept, type=DayReport) if kept else None

    def workbook_address(self, month: str) -> str:
        """Return where a signed-in reader gets the workbook, for five minutes."""
        address: str = self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": f"reports/month/{month}.xlsx",
                "ResponseContentDisposition": f'attachment; filename="complaints-{month}.xlsx"',
            },
            ExpiresIn=ADDRESS_SECONDS,
        )
        return address

    def keep_month(self, report: MonthReport, workbook: bytes) -> None:
        """Keep a monthly report; the workbook first, so that what is listed can be downloaded."""
        self._write(f"reports/month/{report.month}.xlsx", workbook, WORKBOOK)
        self._write(f"reports/month/{report.month}.json", msgspec.json.encode(report))

    def keep_day(self, report: DayReport) -> None:
        """Keep a daily close-out."""
        self._write(f"reports/day/{report.day}.json", msgspec.json.encode(report))

    def told(self, name: str) -> set[str]:
        """Return who was told of a report such as `month/2026-11`."""
        kept = self._read(f"reports/{name}.sent")
        return set(msgspec.json.decode(kept, type=list[str])) if kept else set()

    def keep_told(self, name: str, usernames: set[str]) -> None:
        """Keep who was told of a report."""
        self._write(f"reports/{name}.sent", msgspec.json.encode(sorted(usernames)))

    def _names(self, prefix: str) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        keys = [kept["Key"] for page in pages for kept in page.get("Contents", ())]
        names = [
            key.removeprefix(prefix).removesuffix(".json") for key in keys if key.endswith(".json")
        ]
        return sorted(names, reverse=True)

    def _read(self, key: str) -> bytes:
        """Return an object; empty if there is none."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
        except self._client.exceptions.NoSuchKey:
            return b""
        content: bytes = answer["Body"].read()
        return content

    def _write(self, key: str, content: bytes, kind: str = "application/json") -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=content, ContentType=kind)


# ---- making --------------------------------------------------------------------------------


def make_month(month: str = "") -> MonthReport:
    """Make, keep and mail the report of a month; of the one before this one if none is named."""
    from complaints.workbook import month_workbook

    settings = load_settings()
    office = settings.office
    at = now()
    month = month or month_before(local_month(at, office.zone))
    heads = list(_received_in(month_before(month), month))
    report = month_report(heads, month, office=office, at=at)
    store = ReportStore.from_env()

    def keep(made: MonthReport, heads: Sequence[Complaint]) -> None:
        language = settings.languages[0]
        left_out = _about_readers(heads)
        workbook = month_workbook(made, office=office, language=language, left_out=left_out)
        store.keep_month(made, workbook)

    keep(report, heads)
    for earlier in filter(None, map(store.get_month, store.months())):
        if any(one.subject for one in (*earlier.complaints, *earlier.voided)):
            listed = [one.complaint_id for one in earlier.complaints]
            keep(wordless(earlier), ComplaintRepository.from_env().heads(listed))
    for closed_out in filter(None, map(store.get_day, store.days())):
        if closed_out != wordless(closed_out):
            store.keep_day(wordless(closed_out))
    _tell_month(report)
    return report


def _about_readers(heads: Sequence[Complaint]) -> set[str]:
    """Return which of these are complaints about somebody who may read the report (I8)."""
    readers = {one.username for one in StaffDirectory.from_env().all() if READERS & set(one.roles)}
    return {one.complaint_id for one in heads if readers & set(one.respondents)}


def make_day(day: date | None = None) -> DayReport:
    """Make, keep and mail the close-out of a day; of today if none is named."""
    office = load_settings().office
    complaints = ComplaintRepository.from_env()
    at = now()
    day = day or local_day(at, office.zone)
    month = f"{day:%Y-%m}"
    heads = [*_received_in(month_before(month), month), *_waiting()]
    missing = gaps(heads, day, office=office)
    heads += _taken(complaints, missing)
    unused = {one: why for one in missing if (why := _why_unused(one))}
    start = datetime.combine(day, time(), tzinfo=office.zone)
    unsent = (
        complaint_id
        for complaint_id, part in complaints.due_before(at + LONGEST_GAP)
        if part.startswith("letter#")
    )
    report = day_report(
        heads,
        day,
        office=office,
        at=at,
        unsent=unsent,
        mails=count_waiting(MOST_MAILS),
        arrived=mail_ledger.counted(start, start + timedelta(days=1)),
        unused=unused,
    )
    ReportStore.from_env().keep_day(report)
    _tell_day(report)
    return report


def _received_in(*months: str) -> Iterator[Complaint]:
    """Yield what came in in these months of the office, and in the UTC months that they touch."""
    complaints = ComplaintRepository.from_env()
    zone = load_settings().office.zone
    for touched in sorted({touched for month in months for touched in utc_months(month, zone)}):
        yield from complaints.received_in(touched)


def _waiting() -> Iterator[Complaint]:
    """Yield every complaint that somebody must act on, however old it is."""
    complaints = ComplaintRepository.from_env()
    departments = load_settings().office.policy.departments
    for queue in (*RESERVED_QUEUES, *(department.code for department in departments)):
        after = ""
        while True:
            page, after = complaints.in_queue(queue, limit=100, after=after)
            yield from (one for one in page if one.queue == queue)
            if not after:
                break


def _taken(complaints: ComplaintRepository, numbers: tuple[str, ...]) -> Iterator[Complaint]:
    """Yield the complaints that do have these numbers: the lists did not hold them."""
    for number in numbers:
        try:
            yield complaints.get(number)
        except UnknownComplaintError:
            logger.warning("a number is missing", complaint_id=number)


def _why_unused(number: str) -> str:
    """Return why a number is not used; empty if it is, or if nothing says."""
    _, year, running, _ = number.split("-")
    return Numbers.from_env().reason(int(year), int(running))


# ---- mail ----------------------------------------------------------------------------------


def _tell_month(report: MonthReport) -> None:
    """Mail the monthly report to management and the quality office."""
    figures = report.figures
    values = {
        "month": month_name(report.month, load_settings().languages[0]),
        "before": report.before.received,
        "within": shown("within_share", figures),
        "satisfied": shown("satisfied_share", figures),
        **{name: getattr(figures, name) for name in ("received", "closed", "open", "overdue")},
        "voided": len(report.voided),
    }
    _tell("month", report.month, MONTH_READERS, values)


def _tell_day(report: DayReport) -> None:
    """Mail the daily close-out to the quality office."""
    values = {
        "day": f"{report.day}",
        "next_day": f"{report.next_day}",
        "received": report.received,
        "registered": report.registered,
        "mails": report.mails,
        **{
            name: len(getattr(report, name))
            for name in ("unassessed", "overdue", "due_soon", "unsent", "gaps", "voided")
        },
    }
    _tell("day", f"{report.day}", DAY_READERS, values)


def _tell(kind: str, name: str, readers: frozenset[Role], values: dict[str, object]) -> None:
    """Mail a report to each reader once; raises ReportNotSentError if some could not be told."""
    store = ReportStore.from_env()
    settings = load_settings()
    told = store.told(f"{kind}/{name}")
    link = f"{settings.site_url}/staff/reports/{name}"
    failed = 0
    for member in _readers(readers):
        if member.username in told:
            continue
        message = to_staff(
            f"{kind}_report",
            member.email,
            {**values, "link": link},
            sender(),
            at=now(),
            language=settings.languages[0],
        )
        try:
            send(message)
        except (NotSentError, OSError) as error:
            failed += 1
            said = str(error) if isinstance(error, NotSentError) else type(error).__name__
            logger.warning("report not sent", reason=said)
            continue
        told.add(member.username)
        store.keep_told(f"{kind}/{name}", told)
    if failed:
        raise ReportNotSentError(f"{failed} readers of {name} were not told")


def _readers(roles: frozenset[Role]) -> list[Staff]:
    """Return who has one of these roles and an address; where nobody has, the administrators."""
    staff = [member for member in StaffDirectory.from_env().all() if member.email]
    for wanted in (roles, frozenset({Role.ADMINISTRATOR})):
        if found := [member for member in staff if wanted & set(member.roles)]:
            return found
    logger.warning("nobody reads the reports")
    return []
