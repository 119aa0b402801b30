"""Reports: the months and days there are, and asking for one more (G1)."""

from complaints import web
from complaints.aws import orders
from complaints.aws.console.visit import Visit, only, show
from complaints.aws.reports import ReportStore
from complaints.aws.runtime import now
from complaints.aws.settings import load_settings
from complaints.console import lists, tasks
from complaints.report import drill
from complaints.report_words import month_name, name_of, shown
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
        return show(visit, "close_out", report=day, named=named, names=names)
    report = store.get_month(name) if lists.MONTH.fullmatch(name) else None
    if report is None:
        raise NotFoundError
    chosen = {one: code for one, code in visit.query.items() if one in report.by}
    found = drill(report, chosen)
    return show(
        visit,
        "report",
        report=report,
        named=named,
        names=names,
        shown=shown,
        month=month_name(report.month, visit.language),
        address=f"/staff/reports/{name}",
        rows=found[:LISTED],
        found=len(found),
        chosen=chosen,
    )


def download_report(visit: Visit, month: str) -> Response:
    """Send to the workbook of a month."""
    only(visit, tasks.READS_REPORTS)
    store = ReportStore.from_env()
    if not lists.MONTH.fullmatch(month) or not store.get_month(month):
        raise NotFoundError
    return web.see_other(store.workbook_address(month))
