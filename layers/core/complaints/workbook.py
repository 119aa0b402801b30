"""The monthly report as an Excel workbook (G1).

XlsxWriter is imported when a workbook is made: only the report function carries it. What people
wrote is always text: it never becomes a formula or a link, whatever it begins with.
"""

import unicodedata
from collections.abc import Collection, Sequence
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING

import msgspec

from complaints.office import Office
from complaints.report import Listed, MonthReport, Tally
from complaints.report_words import DECIMALS, FIGURES, SHARES, month_name, name_of
from complaints.texts import texts

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

BESIDE = ("channel", "severity", "urgency", "status", "result")
"""Breakdowns that stand on the first sheet, below the totals."""
COLUMNS = (
    "complaint_id",
    "received_at",
    "type",
    "department",
    "channel",
    "severity",
    "urgency",
    "status",
    "result",
    "days",
    "due_at",
    "missed",
    "reopened",
    "satisfaction",
)
VOIDED = ("complaint_id", "received_at", "voided_reason", "voided_by", "voided_at")
TALLY = ("code", "received", "share", "before", "closed", "missed", "mean_days")
FORMATS: dict[str, dict[str, object]] = {
    "title": {"bold": True, "font_size": 16},
    "heading": {
        "bold": True,
        "font_color": "#ffffff",
        "bg_color": "#0b6560",
        "border": 1,
        "border_color": "#dbe2df",
        "text_wrap": True,
        "valign": "vcenter",
    },
    "text": {"border": 1, "border_color": "#dbe2df", "indent": 1},
    "count": {"border": 1, "border_color": "#dbe2df", "num_format": "#,##0"},
    "decimal": {"border": 1, "border_color": "#dbe2df", "num_format": "#,##0.0"},
    "share": {"border": 1, "border_color": "#dbe2df", "num_format": "0.0%"},
    "instant": {
        "border": 1,
        "border_color": "#dbe2df",
        "num_format": "yyyy-mm-dd hh:mm",
        "align": "left",
    },
}
TOTAL = {"bold": True, "bg_color": "#e3f1ef", "top": 2}
KINDS = {"share": "share", "mean_days": "decimal", "code": "text"}
WIDEST = 48
Value = str | float | datetime | bool | None


class _Book(msgspec.Struct, kw_only=True):
    """A workbook in the making: the report, its words and the formats."""

    report: MonthReport
    office: Office
    language: str
    book: "Workbook"
    formats: "dict[str, Format]"

    def __post_init__(self) -> None:
        for name, properties in FORMATS.items():
            self.formats[name] = self.book.add_format(properties)
            self.formats[f"{name} total"] = self.book.add_format({**properties, **TOTAL})


def month_workbook(
    report: MonthReport, *, office: Office, language: str, left_out: Collection[str] = ()
) -> bytes:
    """Return the report as an Excel file: totals, types, departments and every complaint.

    It holds nothing that people wrote: numbers, codes and figures leave the house, and no more.
    `left_out` are complaints about somebody who may read it (I8): the totals count them, and the
    lists pass them over. The same report gives the same bytes.
    """
    from xlsxwriter import Workbook

    kept = BytesIO()
    book = Workbook(
        kept,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "default_format_properties": {"font_name": "Microsoft YaHei", "font_size": 10},
        },
    )
    t = texts(language)
    book.set_properties(
        {
            "title": t("report.heading", month=month_name(report.month, language)),
            "created": report.made_at.replace(tzinfo=None),
        }
    )
    listed = report.replace(
        complaints=tuple(one for one in report.complaints if one.complaint_id not in left_out),
        voided=tuple(one for one in report.voided if one.complaint_id not in left_out),
    )
    made = _Book(report=listed, office=office, language=language, book=book, formats={})
    _totals(made)
    _breakdown(made, "type", "doughnut")
    _breakdown(made, "department", "bar")
    _details(made)
    _voided(made)
    book.close()
    return kept.getvalue()


# ---- the sheets ----------------------------------------------------------------------------


def _totals(made: _Book) -> None:
    """Write the first sheet: the totals beside those of the month before, then small tables."""
    t = texts(made.language)
    report = made.report
    sheet = _sheet(made, "totals")
    sheet.write_string(
        0,
        0,
        t("report.heading", month=month_name(report.month, made.language)),
        made.formats["title"],
    )
    made_at = f"{report.made_at.astimezone(made.office.zone):%Y-%m-%d %H:%M}"
    sheet.write_string(1, 0, t("report.made", at=made_at, policy=report.policy))
    headings = (
        t("report.figure"),
        month_name(report.month, made.language),
        month_name(report.month_before, made.language),
        t("report.meaning"),
    )
    _row(made, sheet, 3, headings, ["heading"] * 4)
    sheet.merge_range(3, 3, 3, len(TALLY) - 1, headings[-1], made.formats["heading"])
    row = 4
    for name in FIGURES:
        kind = "share" if name in SHARES else "decimal" if name in DECIMALS else "count"
        values = (
            t(f"report.figure.{name}"),
            getattr(report.figures, name),
            getattr(report.before, name),
            t(f"report.meaning.{name}"),
        )
        _row(made, sheet, row, values, ["text", kind, kind, "text"])
        sheet.merge_range(row, 3, row, len(TALLY) - 1, values[-1], made.formats["text"])
        row += 1
    for dimension in BESIDE:
        row = _table(made, sheet, row + 1, dimension)
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, len(TALLY) - 1, 16)
    sheet.freeze_panes(4, 1)


def _breakdown(made: _Book, dimension: str, kind: str) -> None:
    """Write the sheet of one dimension, with its chart."""
    t = texts(made.language)
    name = _sheet_name(made, dimension)
    sheet = _sheet(made, dimension)
    rows = made.report.by[dimension]
    end = _table(made, sheet, 0, dimension)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, len(rows), len(TALLY) - 1)
    labels = [name_of(made.office.policy, made.language)(dimension, row.code) for row in rows]
    sheet.set_column(0, 0, _width([t(f"report.dimension.{dimension}"), *labels]))
    sheet.set_column(1, len(TALLY) - 1, 13)
    if not rows:
        return
    chart = made.book.add_chart({"type": kind})
    chart.add_series(
        {
            "name": [name, 0, 1],
            "categories": [name, 1, 0, len(rows), 0],
            "values": [name, 1, 1, len(rows), 1],
            "data_labels": {"value": True, "percentage": kind == "doughnut"},
            **({} if kind == "doughnut" else {"fill": {"color": "#0b6560"}, "gap": 60}),
        }
    )
    chart.set_title({"name": t(f"report.chart.{dimension}"), "name_font": {"size": 12}})
    if kind == "bar":
        chart.set_legend({"none": True})
        chart.set_y_axis({"reverse": True})
        chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}})
    chart.set_size({"width": 640, "height": 360})
    sheet.insert_chart(end + 1, 0, chart, {"description": t(f"report.chart.{dimension}")})


def _details(made: _Book) -> None:
    """Write the sheet that lists every complaint of the month."""
    t = texts(made.language)
    sheet = _sheet(made, "details")
    headings = [t(f"report.column.{column}") for column in COLUMNS]
    _row(made, sheet, 0, headings, ["heading"] * len(COLUMNS))
    table = [[_cell(made, one, column) for column in COLUMNS] for one in made.report.complaints]
    for index, values in enumerate(table, start=1):
        _row(made, sheet, index, values, [_kind(value) for value in values])
    for column, heading in enumerate(headings):
        sheet.set_column(column, column, _width([heading, *(row[column] for row in table)]))
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, len(table), len(COLUMNS) - 1)


def _voided(made: _Book) -> None:
    """Write the sheet that lists what was voided, by whom and why; none where nothing was."""
    rows = [(one, one.voided) for one in made.report.voided if one.voided]
    if not rows:
        return
    t = texts(made.language)
    sheet = _sheet(made, "voided")
    headings = [t(f"report.column.{column}") for column in VOIDED]
    _row(made, sheet, 0, headings, ["heading"] * len(VOIDED))
    table: list[tuple[Value, ...]] = [
        (one.complaint_id, one.received_at, t(f"voided.{voided.reason}"), voided.by, voided.at)
        for one, voided in rows
    ]
    for index, values in enumerate(table, start=1):
        _row(made, sheet, index, values, [_kind(value) for value in values])
    for column, heading in enumerate(headings):
        sheet.set_column(column, column, _width([heading, *(row[column] for row in table)]))
    sheet.freeze_panes(1, 1)


def _table(made: _Book, sheet: "Worksheet", start: int, dimension: str) -> int:
    """Write one breakdown and its total from row `start` on; return the first row below it."""
    t = texts(made.language)
    name = name_of(made.office.policy, made.language)
    rows = made.report.by[dimension]
    headings = (
        t(f"report.dimension.{dimension}"),
        *(t(f"report.tally.{column}") for column in TALLY[1:]),
    )
    _row(made, sheet, start, headings, ["heading"] * len(TALLY))
    kinds = [KINDS.get(column, "count") for column in TALLY]
    for index, row in enumerate(rows, start=start + 1):
        values = (name(dimension, row.code), *(getattr(row, column) for column in TALLY[1:]))
        _row(made, sheet, index, values, kinds)
    end = start + len(rows) + 1
    total = (t("report.total"), *(_total(made.report, rows, column) for column in TALLY[1:]))
    _row(made, sheet, end, total, [f"{kind} total" for kind in kinds])
    return end + 1


def _total(report: MonthReport, rows: tuple[Tally, ...], column: str) -> float | None:
    """Return the total of a column; of means the mean of all, and of shares the whole."""
    if column == "mean_days":
        return report.figures.mean_days
    if column == "share":
        return 1.0 if report.figures.received else 0.0
    return sum(int(getattr(row, column)) for row in rows)


# ---- cells ---------------------------------------------------------------------------------


def _sheet_name(made: _Book, part: str) -> str:
    return texts(made.language)(f"report.sheet.{part}")


def _sheet(made: _Book, part: str) -> "Worksheet":
    """Add a sheet that prints on A4, across, with its heading on each page."""
    sheet = made.book.add_worksheet(_sheet_name(made, part))
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    if part != "totals":
        sheet.repeat_rows(0)
    sheet.set_footer("&C&P / &N")
    return sheet


def _row(
    made: _Book,
    sheet: "Worksheet",
    row: int,
    values: Sequence[Value],
    kinds: Sequence[str],
) -> None:
    """Write values side by side; text is written as text and can't be read as anything else."""
    for column, (value, kind) in enumerate(zip(values, kinds, strict=True)):
        style = made.formats[kind]
        if value is None:
            sheet.write_blank(row, column, None, style)
        elif isinstance(value, str):
            sheet.write_string(row, column, value, style)
        elif isinstance(value, datetime):
            local = value.astimezone(made.office.zone).replace(tzinfo=None)
            sheet.write_datetime(row, column, local, style)
        else:
            sheet.write_number(row, column, value, style)


def _cell(made: _Book, one: Listed, column: str) -> Value:
    """Return what stands in a column for one complaint, in words where the report has codes."""
    value: Value = getattr(one, column)
    if column == "missed":
        return texts(made.language)("report.yes" if value else "report.no")
    if column in made.report.by:
        return name_of(made.office.policy, made.language)(column, str(value))
    return value


def _kind(value: Value) -> str:
    if isinstance(value, datetime):
        return "instant"
    if isinstance(value, float):
        return "decimal"
    return "count" if isinstance(value, int) else "text"


def _width(values: Sequence[Value]) -> float:
    """Return the width of a column: wide characters count twice."""
    widths = [
        sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in value)
        if isinstance(value, str)
        else 16
        if isinstance(value, datetime)
        else 8
        for value in values
    ]
    return min(max(widths, default=8) + 3, WIDEST)
