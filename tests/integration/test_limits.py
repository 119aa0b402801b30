"""Pauses, extensions and the first word on the tables and on the pages of the staff."""

import re
from datetime import timedelta

import pytest

from complaints.aws.desk import deadlines
from complaints.aws.directory import StaffDirectory
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import now
from complaints.letters import local
from complaints.models import Complaint
from complaints.pages import instant
from complaints.rounds import promised_at
from complaints.texts import texts
from functions.check_sla.handler import handler
from tests.builders import HANDLER, LI, OFFICE, QUALITY, STAFF, assessed, received
from tests.kept import begun, keep, mailed_to, mails, set_clock, words_of
from tests.staff_browser import Browser, page, registered

pytestmark = pytest.mark.usefixtures("tables")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _staff(tables: None) -> None:
    """Enter the people of the builders into the directory."""
    del tables
    for member in STAFF:
        StaffDirectory.from_env().put(member)


def stored(number: str) -> Complaint:
    """Return a complaint as it is now."""
    return ComplaintRepository.from_env().get(number)


def day_in(days: int) -> str:
    """Return a day of the office so many days from now, as a form sends it."""
    return f"{(now() + days * DAY).astimezone(OFFICE.zone):%Y-%m-%d}"


def test_a_pause_ends_by_itself_and_whoever_must_act_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """E4: no word to anybody while it lasts; then the handler, once, and the limit runs on."""
    start = received()
    complaint = begun(keep(start, assessed(start)), "token")
    number = complaint.complaint_id
    at = start.complaint.received_at + HOUR
    until = at + 3 * DAY
    set_clock(monkeypatch, at)
    deadlines.pause(number, "complainant", until, "请发照片", staff=HANDLER)
    assert mailed_to() == [LI.email]
    assert "请发照片" in words_of(mails()[-1])
    for later in (at + DAY, until - MINUTE):
        set_clock(monkeypatch, later)
        assert handler({}, None) == {}
    set_clock(monkeypatch, until + 2 * MINUTE)
    assert handler({}, None) == {"resumed": 1}
    assert handler({}, None) == {}
    paused, before = stored(number), complaint.clock
    assert paused.pause is None
    assert paused.clock
    assert before
    assert timedelta(0) <= paused.clock.due_at - before.due_at - 3 * DAY < MINUTE
    assert mailed_to() == [LI.email, HANDLER.email]
    assert local(paused.clock.due_at, OFFICE) in words_of(mails()[-1])


def test_a_pause_by_the_pages() -> None:
    """The handler pauses and resumes; the card says how the limit is counted."""
    number = registered().complaint_id
    browser = Browser(HANDLER)
    assert browser.get(page(number)) == 200
    assert "怎么算的" in browser.body
    fields = {"pause_reason": "evidence", "pause_until": day_in(2), "pause_words": "等鉴定报告"}
    assert browser.post(f"{page(number)}/pause", **{**fields, "pause_until": day_in(60)}) == 422
    assert "等鉴定报告" in browser.body
    assert browser.post(f"{page(number)}/pause", **fields) == 303
    assert browser.get(browser.headers["Location"]) == 200
    assert "时限已暂停" in browser.body
    assert "等鉴定报告" in browser.body
    assert stored(number).pause
    assert browser.post(f"{page(number)}/pause", **fields) == 303
    browser.get(page(number))
    assert browser.post(f"{page(number)}/resume") == 303
    assert stored(number).pause is None


def test_an_extension_by_the_pages() -> None:
    """Asked by the handler, decided by the quality office, told to the complainant."""
    number = registered().complaint_id
    before = promised_at(stored(number), OFFICE)
    browser = Browser(HANDLER)
    browser.get(page(number))
    asked = {"extend_by": "working_days:2", "extend_words": "等外地取证"}
    assert browser.post(f"{page(number)}/extend", **{**asked, "extend_by": "working_days:9"}) == 422
    assert browser.post(f"{page(number)}/extend", **asked) == 303
    assert mailed_to()[-1] == QUALITY.email
    browser.get(page(number))
    assert browser.post(f"{page(number)}/decide-extension", extension_decision="approve") == 403
    browser = Browser(QUALITY)
    browser.get(page(number))
    assert "等外地取证" in browser.body
    assert browser.post(f"{page(number)}/decide-extension", extension_decision="reject") == 422
    form = browser.body
    for _ in range(2):
        browser.body = form
        decision = {"extension_decision": "approve"}
        assert browser.post(f"{page(number)}/decide-extension", **decision) == 303
    after = promised_at(stored(number), OFFICE)
    assert after > before
    (letter,) = [mail for mail in mails() if "延期答复" in str(mail["Subject"])]
    assert "等外地取证" in words_of(letter)
    assert instant(after, texts("zh_CN"), OFFICE.zone) in words_of(letter)


def test_a_call_and_a_letter_by_the_pages() -> None:
    """The same answer twice is one; the complainant reads the words."""
    number = registered().complaint_id
    browser = Browser(HANDLER)
    browser.get(page(number))
    form = browser.body
    for _ in range(2):
        browser.body = form
        said = {"contact_way": "phone", "contact_words": "已致电说明"}
        assert browser.post(f"{page(number)}/contact", **said) == 303
        browser.body = form
        assert browser.post(f"{page(number)}/progress", progress_words="正在核实监控") == 303
    dossier = ComplaintRepository.from_env().dossier(number)
    assert [one.text for one in dossier.contacts if one.by == HANDLER.username] == ["已致电说明"]
    assert dossier.complaint.contacted_at
    told = [mail for mail in mails() if "的进展" in str(mail["Subject"])]
    assert len(told) == 1
    assert "正在核实监控" in words_of(told[0])


def test_who_only_audits_sees_the_limits_and_no_form() -> None:
    """A form that would be refused is not shown, and refused if sent all the same."""
    number = registered().complaint_id
    browser = Browser(QUALITY.replace(username="au", roles=("auditor",)))
    browser.get(page(number))
    assert "怎么算的" in browser.body
    assert f"{page(number)}/pause" not in browser.body
    fields = {"pause_reason": "evidence", "pause_until": day_in(2), "pause_words": "x"}
    handlers = Browser(HANDLER)
    handlers.get(page(number))
    hidden = dict(re.findall(r'name="(seen|form_id)" value="([^"]*)"', handlers.body))
    assert browser.post(f"{page(number)}/pause", **hidden, **fields) == 403
    assert stored(number).pause is None
