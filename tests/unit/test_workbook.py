"""The workbook holds the figures of the report, and text that stays text."""

from io import BytesIO
from typing import Any
from zipfile import ZipFile

import msgspec
import pytest
from openpyxl import Workbook, load_workbook

from complaints.models import Complaint
from complaints.report import DIMENSIONS, MonthReport, month_report
from complaints.report_words import FIGURES, name_of
from complaints.texts import LANGUAGES, texts
from complaints.workbook import BESIDE, COLUMNS, TALLY, month_workbook
from tests.unit.heads import AT, NOVEMBER, OCTOBER, OFFICE, a_month, closed, voided

REPORT = month_report(
    a_month(101, NOVEMBER, 60) + a_month(1, OCTOBER, 45), "2026-11", office=OFFICE, at=AT
)
SHEETS = ("totals", "type", "department", "details")


def opened(report: MonthReport = REPORT, language: str = "zh_CN") -> Workbook:
    """Return the workbook of a report as a reader opens it."""
    return load_workbook(BytesIO(month_workbook(report, office=OFFICE, language=language)))


def rows(book: Workbook, sheet: str, language: str = "zh_CN") -> list[tuple[Any, ...]]:
    """Return the values of a sheet, row by row."""
    return list(book[texts(language)(f"report.sheet.{sheet}")].iter_rows(values_only=True))


def about(*complaints: Complaint) -> MonthReport:
    """Return a report about these."""
    return month_report(complaints, "2026-11", office=OFFICE, at=AT)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_of_the_report_is_in_the_workbook(language: str) -> None:
    """Totals of both months, and every row of every breakdown, figure by figure."""
    t = texts(language)
    name = name_of(OFFICE.policy, language)
    book = opened(language=language)
    totals = rows(book, "totals", language)
    for index, figure in enumerate(FIGURES, start=4):
        assert totals[index][:3] == (
            t(f"report.figure.{figure}"),
            getattr(REPORT.figures, figure),
            getattr(REPORT.before, figure),
        )
    for dimension in DIMENSIONS:
        beside = dimension in BESIDE
        table = totals if beside else rows(book, dimension, language)
        start = next(
            i for i, row in enumerate(table) if row[0] == t(f"report.dimension.{dimension}")
        )
        for row, tally in zip(table[start + 1 :], REPORT.by[dimension], strict=False):
            assert row[0] == name(dimension, tally.code)
            assert row[1 : len(TALLY)] == tuple(getattr(tally, column) for column in TALLY[1:])
        assert table[start + 1 + len(REPORT.by[dimension])][0] == t("report.total")


def test_the_sheets_add_up_to_what_was_received() -> None:
    """Sum by type = sum by department = the rows of the details = received."""
    book = opened()
    for sheet in ("type", "department"):
        *body, total = (row for row in rows(book, sheet)[1:] if row[0])
        assert sum(row[1] for row in body) == total[1] == REPORT.figures.received
        assert sum(row[3] for row in body) == total[3] == REPORT.before.received
    assert len(rows(book, "details")) - 1 == REPORT.figures.received


def test_what_is_voided_has_a_sheet_with_who_and_why() -> None:
    """None where nothing was."""
    one = voided(1)
    assert one.voided
    book = opened(about(one))
    _, row = rows(book, "voided")
    assert row[0] == one.complaint_id
    assert row[2:4] == (texts("zh_CN")("voided.test"), "qiu")
    assert row[4] == one.voided.at.astimezone(OFFICE.zone).replace(tzinfo=None)
    assert texts("zh_CN")("report.sheet.voided") not in opened().sheetnames


def test_the_details_list_every_complaint() -> None:
    """Codes are in words, instants on the office's clock, days as numbers."""
    first, *_ = rows(opened(), "details")[1:]
    listed = REPORT.complaints[0]
    shown = dict(zip(COLUMNS, first, strict=True))
    assert shown["complaint_id"] == listed.complaint_id
    assert shown["received_at"] == listed.received_at.astimezone(OFFICE.zone).replace(tzinfo=None)
    assert (shown["channel"], shown["status"], shown["severity"]) == ("邮件", "已结案", "重大")
    assert (shown["days"], shown["missed"]) == (listed.days, "是")


@pytest.mark.parametrize(
    "words",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "https://example.com",
        "mailto:a@example.com",
        "00123",
    ],
)
def test_what_the_office_wrote_stays_text(words: str) -> None:
    """A code is never a formula, a link or a number, whatever it begins with."""
    sheet = opened(about(closed(1, department=words)))["明细"]
    cell = sheet.cell(2, COLUMNS.index("department") + 1)
    assert cell.data_type == "s"
    assert cell.value == words
    assert cell.hyperlink is None


def test_nothing_that_people_wrote_leaves_the_house() -> None:
    """F7: neither the report that is kept nor the workbook has the subject."""
    report = about(closed(1, subject="王小明13812345678"))
    packed = ZipFile(BytesIO(month_workbook(report, office=OFFICE, language="zh_CN")))
    kept = [packed.read(name).decode(errors="ignore") for name in packed.namelist()]
    for text in (*kept, str(msgspec.json.encode(report), "utf-8")):
        assert "王小明" not in text
        assert "13812345678" not in text


def test_what_is_about_a_reader_is_counted_and_not_listed() -> None:
    """I8: who is complained about reads the month, and not that complaint."""
    left = REPORT.complaints[0].complaint_id
    made = month_workbook(REPORT, office=OFFICE, language="zh_CN", left_out={left})
    book = load_workbook(BytesIO(made))
    listed = [row[0] for row in rows(book, "details")[1:]]
    assert left not in listed
    assert len(listed) == REPORT.figures.received - 1
    whole = next(row for row in rows(book, "type") if row[0] == texts("zh_CN")("report.total"))
    assert whole[1] == REPORT.figures.received


def test_the_heading_stays_and_filters() -> None:
    """A reader scrolls and filters: the heading is frozen, the filter covers every row."""
    book = opened()
    for sheet, last in (("type", "G"), ("department", "G"), ("details", "N")):
        found = book[texts("zh_CN")(f"report.sheet.{sheet}")]
        assert found.freeze_panes == "B2"
        assert found.auto_filter.ref.startswith(f"A1:{last}")
    assert book["明细"].auto_filter.ref == f"A1:N{REPORT.figures.received + 1}"


def test_numbers_are_formatted_as_what_they_are() -> None:
    """Shares in per cent, days with a decimal, instants as dates."""
    book = opened()
    assert book["分类"]["C2"].number_format == "0.0%"
    assert book["分类"]["G2"].number_format == "#,##0.0"
    assert book["明细"]["B2"].is_date


def test_types_and_departments_have_a_chart() -> None:
    """A native chart stands below each table and reads its cells."""
    packed = ZipFile(BytesIO(month_workbook(REPORT, office=OFFICE, language="zh_CN")))
    for number, (sheet, dimension) in enumerate(
        (("分类", "type"), ("部门", "department")), start=1
    ):
        chart = packed.read(f"xl/charts/chart{number}.xml").decode()
        assert f"{sheet}!$B$2:$B${len(REPORT.by[dimension]) + 1}" in chart


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sheets_are_named_in_the_language(language: str) -> None:
    """Every sheet is there, in order, even of a month without complaints."""
    names = [texts(language)(f"report.sheet.{sheet}") for sheet in SHEETS]
    assert opened(language=language).sheetnames == names
    assert opened(about(), language).sheetnames == names


def test_the_same_report_makes_the_same_bytes() -> None:
    """A report made again is the same file."""
    made = [month_workbook(REPORT, office=OFFICE, language="zh_CN") for _ in range(2)]
    assert made[0] == made[1]
