"""The pages and letters of reports: what a report counts is what a reader sees."""

import re
import sys
from datetime import UTC, date, datetime
from html import unescape
from subprocess import run

import pytest

from complaints.close_out import day_report
from complaints.letters import Sender, to_staff
from complaints.pages import page
from complaints.report import drill, month_report
from complaints.report_words import FIGURES, month_name, name_of, shown
from complaints.texts import LANGUAGES, texts
from tests.unit.heads import AT, NOVEMBER, OCTOBER, OFFICE, a_month, voided

COMPLAINTS = a_month(101, NOVEMBER, 60) + a_month(1, OCTOBER, 45)
REPORT = month_report(COMPLAINTS, "2026-11", office=OFFICE, at=AT)
SENDER = Sender(
    organisation="海天酒店", mail_address="c@example.com", site_url="https://c.example.com"
)


def month_page(language: str, chosen: dict[str, str] | None = None) -> str:
    """Return the page of the month, narrowed to what is chosen."""
    found = drill(REPORT, chosen or {})
    rows = [one.replace(subject="<script>alert(1)</script>") for one in found]
    return page(
        "staff/report",
        language,
        zone=OFFICE.zone,
        staff=None,
        report=REPORT,
        named=name_of(OFFICE.policy, language),
        shown=shown,
        month=month_name(REPORT.month, language),
        address="/staff/reports/2026-11",
        rows=rows,
        found=len(rows),
        chosen=chosen or {},
        prints={"summary": True, "register": [1, 2]},
    )


def cells(html: str) -> list[str]:
    """Return the words of each cell of the tables."""
    found = re.findall(r"<td[^>]*>(.*?)</td>", html, re.DOTALL)
    return [unescape(re.sub(r"<[^>]*>", " ", cell)).strip() for cell in found]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_every_row_of_every_breakdown(language: str) -> None:
    """Name, count, share, month before, closed, missed, days: as the report has them."""
    seen = cells(month_page(language))
    name = name_of(OFFICE.policy, language)
    for dimension, tallies in REPORT.by.items():
        for tally in tallies:
            row = [name(dimension, tally.code), str(tally.received), f"{tally.share:.1%}"]
            row += [str(tally.before), str(tally.closed), str(tally.missed)]
            assert any(seen[at : at + len(row)] == row for at in range(len(seen))), row


def test_a_choice_narrows_the_list() -> None:
    """The list of the page holds the complaints that were chosen, and no other."""
    listed = set(re.findall(r"/staff/complaints/([\w-]+)", month_page("zh_CN", {"type": "B"})))
    assert listed == {one.complaint_id for one in REPORT.complaints if one.type == "B"}


def test_what_people_wrote_is_only_text() -> None:
    """A subject cannot become a part of the page."""
    html = month_page("zh_CN")
    assert "&lt;script&gt;" in html
    assert "<script" not in html


def test_the_pages_need_no_style_of_their_own() -> None:
    """The content policy forbids inline style and script; bars are drawn without."""
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", month_page("en"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_voided_is_shown_with_who_and_why(language: str) -> None:
    """By name where the directory has one; where nothing was voided there is no such part."""
    report = month_report([voided(1), voided(2)], "2026-11", office=OFFICE, at=AT)
    html = page(
        "staff/report",
        language,
        zone=OFFICE.zone,
        staff=None,
        report=report,
        named=name_of(OFFICE.policy, language),
        names={"qiu": "邱"},
        shown=shown,
        month="",
        address="/staff/reports/2026-11",
        rows=(),
        found=0,
        chosen={},
        prints={"summary": True, "register": []},
    )
    assert cells(html)[-3:-1] == [texts(language)("voided.test"), "邱"]
    assert 'id="voided"' not in month_page(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_close_out_leads_to_what_is_left(language: str) -> None:
    """Every complaint that waits too long, and every number that is missing, is on the page."""
    evening = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    some = [one for one in COMPLAINTS if one.registered_at <= evening]
    del some[18]
    report = day_report(some, date(2026, 11, 20), office=OFFICE, at=evening, unsent=["TS-1"])
    html = page(
        "staff/close_out",
        language,
        zone=OFFICE.zone,
        staff=None,
        report=report,
        named=name_of(OFFICE.policy, language),
    )
    linked = set(re.findall(r"/staff/complaints/([\w-]+)", html))
    assert {one.complaint_id for one in report.overdue} < linked
    assert "TS-1" in linked


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("may_make", [True, False])
def test_the_list_offers_what_a_reader_may_do(language: str, may_make: bool) -> None:  # noqa: FBT001
    """Reports are linked with their workbook; who may make one finds the form."""
    html = page(
        "staff/reports",
        language,
        months=[("2026-11", month_name("2026-11", language))],
        days=[],
        makeable=[("2026-11", month_name("2026-11", language))],
        may_make=may_make,
        csrf="c",
        staff=None,
        asked=False,
    )
    assert "/staff/reports/2026-11/workbook" in html
    assert texts(language)("reports.none.days") in html
    assert ('name="month"' in html) is may_make


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_letter_says_the_figures_and_where_to_read_more(language: str) -> None:
    """Whoever reads only the mail knows how the month went."""
    values = {name: shown(name, REPORT.figures) for name in FIGURES}
    message = to_staff(
        "month_report",
        "wu@example.com",
        {
            **values,
            "month": month_name("2026-11", language),
            "before": 45,
            "within": values["within_share"],
            "satisfied": values["satisfied_share"],
            "link": "https://c.example.com/staff/reports/2026-11",
        },
        SENDER,
        at=AT,
        language=language,
    )
    body = message.get_body(("plain",))
    assert body
    words = body.get_content()
    assert all(part in words for part in ("60", "45", "53.3%", "63.6%", "/staff/reports/2026-11"))


def test_a_report_costs_nothing_until_it_is_made() -> None:
    """Importing the function brings in neither the maker of workbooks nor that of pages."""
    script = "import sys, functions.report.handler; print([*sys.modules])"
    loaded = run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "complaints.aws.reports" in loaded.stdout
    assert not re.search(r"'(xlsxwriter|jinja2|openpyxl)'", loaded.stdout)
