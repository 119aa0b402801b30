"""Reports: the months and days there are, and asking for one more (G1)."""

from collections.abc import Sequence

from complaints import web
from complaints.access import Look
from complaints.aws import orders
from complaints.aws.console import looking
from complaints.aws.console.visit import Visit, only, show
from complaints.aws.reports import ReportStore
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import now
from complaints.aws.settings import load_settings
from complaints.close_out import DayReport
from complaints.console import lists, tasks
from complaints.documents.listing import register_parts
from complaints.parts import DocumentKind
from complaints.policy import Policy
from complaints.report import Listed, MonthReport, drill
from complaints.report_words import month_name, name_of, shown
from complaints.roles import may_see
from complaints.web import NotFoundError, Response, UnusableError

LISTED = 200
MAKEABLE = 120
"""Of how many months back a report may be asked for."""


def list_reports(visit: Visit) -> Response:
    """Show the reports that there are, and the form that asks for one."""
    only(visit, tasks.READS_REPORTS)
    store = ReportStore.from_env()
    return show(
        visit,
        "reports",
        months=[(month, month_name(month, visit.language)) for month in store.months()],
        days=store.days(),
        may_make=bool(tasks.MAKES_REPORTS & set(visit.staff.roles)),
        makeable=[(month, month_name(month, visit.language)) for month in _makeable()],
        asked="asked" in visit.query,
    )


def make_report(visit: Visit) -> Response:
    """Ask for the report of a month."""
    only(visit, tasks.MAKES_REPORTS)
    month = visit.form.get("month", "")
    if month not in _makeable():
        raise UnusableError
    orders.make_report(month)
    return web.see_other("/staff/reports?asked=1")


def _makeable() -> list[str]:
    """Return the months of which a report may be asked for, this one first."""
    return lists.months(now(), load_settings().office, MAKEABLE)


def open_report(visit: Visit, name: str) -> Response:
    """Show the report of a month such as `2026-11`, or the close-out of a day."""
    only(visit, tasks.READS_REPORTS)
    named = name_of(load_settings().office.policy, visit.language)
    names = {one.username: one.name for one in visit.everybody}
    store = ReportStore.from_env()
    if lists.DAY.fullmatch(name) and (day := store.get_day(name)):
        looking.note_list(visit, Look.LISTED, {"report": name})
        return show(visit, "close_out", report=_day_seen(visit, day), named=named, names=names)
    report = store.get_month(name) if lists.MONTH.fullmatch(name) else None
    if report is None:
        raise NotFoundError
    chosen = {one: code for one, code in visit.query.items() if one in report.by}
    looking.note_list(visit, Look.LISTED, {"report": name, **chosen})
    found = drill(report, chosen)
    rows = _seen(visit, found[:LISTED])
    return show(
        visit,
        "report",
        report=report.replace(voided=_seen(visit, report.voided)),
        named=named,
        names=names,
        shown=shown,
        month=month_name(report.month, visit.language),
        address=f"/staff/reports/{name}",
        rows=rows,
        found=len(found) - len(found[:LISTED]) + len(rows),
        chosen=chosen,
        prints=prints(report, load_settings().office.policy),
    )


def prints(report: MonthReport, policy: Policy) -> dict[str, object]:
    """Return which documents of a month can be printed: the summary, parts of the register."""
    return {
        "summary": DocumentKind.SUMMARY in policy.documents,
        "register": register_parts(report) if DocumentKind.REGISTER in policy.documents else [],
    }


def download_report(visit: Visit, month: str) -> Response:
    """Send to the workbook of a month."""
    only(visit, tasks.READS_REPORTS)
    store = ReportStore.from_env()
    if not lists.MONTH.fullmatch(month) or not store.get_month(month):
        raise NotFoundError
    looking.note_list(visit, Look.EXPORTED, {"report": month})
    return web.see_other(store.workbook_address(month))


def _seen(visit: Visit, rows: Sequence[Listed]) -> tuple[Listed, ...]:
    """Return the rows of complaints that this person may see, with their subjects as such (I8)."""
    heads = ComplaintRepository.from_env().heads([one.complaint_id for one in rows])
    mine = (one for one in heads if may_see(one, visit.staff))
    subjects = {one.complaint_id: one.subject for one in looking.heads_shown(mine, visit.staff)}
    return tuple(
        one.replace(subject=subjects[one.complaint_id])
        for one in rows
        if one.complaint_id in subjects
    )


def _day_seen(visit: Visit, day: DayReport) -> DayReport:
    """Return a close-out without the complaints that this person may not see."""
    heads = ComplaintRepository.from_env().heads(list(day.unsent))
    return day.replace(
        unassessed=_seen(visit, day.unassessed),
        overdue=_seen(visit, day.overdue),
        due_soon=_seen(visit, day.due_soon),
        voided=_seen(visit, day.voided),
        unsent=tuple(one.complaint_id for one in heads if may_see(one, visit.staff)),
    )
