"""The line worked through by the staff pages, and what they refuse."""

import pytest

from complaints.aws.desk import line
from complaints.aws.repository import ComplaintRepository
from complaints.models import (
    Decision,
    Role,
    Staff,
    Status,
)
from tests.builders import HANDLER, HEAD, OTHER_HEAD, QUALITY
from tests.staff_browser import ADMIN, AUDITOR, REPORT, Browser, investigated, page, registered

pytestmark = pytest.mark.usefixtures("tables")


# ---- the line, by the pages ----------------------------------------------------------------


def test_a_complaint_is_worked_through_by_the_pages() -> None:
    """Each person finds the task, does it, and the next finds the next."""
    number = registered().complaint_id
    steps = (
        (HANDLER, "assign", {"investigator": HANDLER.username}, Status.ASSESSED),
        (HANDLER, "investigate", REPORT, Status.INVESTIGATED),
        (HEAD, "decide", {"decision": "reject", "reason": "再查"}, Status.ASSESSED),
        (HANDLER, "investigate", {**REPORT, "facts": "再查属实"}, Status.INVESTIGATED),
        (HEAD, "decide", {"decision": "approve"}, Status.APPROVED),
        (HANDLER, "phone", {"outcome": "unreachable"}, Status.APPROVED),
        (HANDLER, "phone", {"outcome": "accepted", "words": "同意"}, Status.RESPONDED),
        (QUALITY, "follow-up", {"outcome": "satisfied", "satisfaction": "5"}, Status.RESPONDED),
        (HANDLER, "pay", {"payment": "solution-1", "voucher": "FK-1"}, Status.FOLLOWED_UP),
    )
    for staff, task, fields, status in steps:
        browser = Browser(staff)
        assert browser.get(page(number)) == 200
        assert f'action="{page(number)}/{task}"' in browser.body
        assert browser.post(f"{page(number)}/{task}", **fields) == 303
        assert ComplaintRepository.from_env().get(number).status is status
        assert browser.get(browser.headers["Location"]) == 200
    assert ComplaintRepository.from_env().get(number).satisfaction == 5


def test_the_first_page_holds_what_is_mine() -> None:
    """The head finds what is to be approved; the colleague who investigated does not."""
    number = investigated().complaint_id
    for staff, found in ((HEAD, True), (HANDLER, False)):
        browser = Browser(staff)
        browser.get("/staff")
        assert (number in browser.body) is found


def test_a_correction_makes_it_major() -> None:
    """Who corrects the assessment sends it to management."""
    number = investigated().complaint_id
    browser = Browser(HEAD)
    browser.get(page(number))
    fields = {"type": "C", "department": "service", "urgency": "urgent", "risk": "high"}
    assert browser.post(f"{page(number)}/assess", **fields, major=["1", "5"]) == 303
    complaint = ComplaintRepository.from_env().get(number)
    assert complaint.is_major
    assert complaint.queue == "management"


def test_a_double_click_is_one_answer() -> None:
    """The same form twice is saved once, and the second says so too."""
    number = registered().complaint_id
    browser = Browser(HANDLER)
    browser.get(page(number))
    form = browser.body
    for _ in range(2):
        browser.body = form
        assert browser.post(f"{page(number)}/investigate", **REPORT) == 303
        browser.body = form
        assert browser.post(f"{page(number)}/note", text="一次") == 303
    dossier = ComplaintRepository.from_env().dossier(number)
    assert len(dossier.findings) == 1
    assert len(dossier.contacts) == 2


# ---- what is refused -----------------------------------------------------------------------


def test_the_investigator_can_not_approve() -> None:
    """A forged approval is answered with why, and nothing changes."""
    number = investigated().complaint_id
    both = HANDLER.replace(roles=(Role.HANDLER, Role.DEPARTMENT_HEAD))
    browser = Browser(both)
    browser.get(page(number))
    assert "/decide" not in browser.body
    assert browser.post(f"{page(number)}/decide", decision="approve", reason="我自己批") == 403
    assert "我自己批" in browser.body
    assert ComplaintRepository.from_env().get(number).status is Status.INVESTIGATED


def test_an_approval_falls_only_on_what_was_read() -> None:
    """A page that was open while another finding came in approves nothing."""
    number = investigated().complaint_id
    browser = Browser(HEAD)
    browser.get(page(number))
    line.decide(number, Decision(approver="x", approved=False, reason="no"), staff=HEAD)
    again = ComplaintRepository.from_env().dossier(number).findings[-1].replace(facts="another")
    line.submit_finding(number, again, staff=HANDLER)
    assert browser.post(f"{page(number)}/decide", decision="approve") == 409
    assert ComplaintRepository.from_env().get(number).status is Status.INVESTIGATED


def test_what_is_not_usable_is_shown_again() -> None:
    """Every word that was typed is still there beside what is missing."""
    number = registered().complaint_id
    browser = Browser(HANDLER)
    browser.get(page(number))
    assert browser.post(f"{page(number)}/investigate", **{**REPORT, "cause": ""}) == 422
    assert "经查属实" in browser.body
    assert "cause-error" in browser.body
    assert browser.post(f"{page(number)}/investigate", **{**REPORT, "cause": "有了"}) == 303


@pytest.mark.parametrize("wrong", ["", "/note", "/evidence", "/evidence/0123456789abcdef"])
def test_anothers_complaint_looks_like_none(wrong: str) -> None:
    """Who may not see a complaint can't learn that there is one."""
    number = registered().complaint_id
    browser, bodies = Browser(OTHER_HEAD), []
    browser.get("/staff")
    start = browser.body
    for one in (number, "TS-2026-000999-0", "nonsense"):
        browser.body = start
        address = page(one) + wrong
        sent = browser.post(address, text="x") if wrong == "/note" else browser.get(address)
        assert sent == 404
        bodies.append(browser.body.replace(one, ""))
    assert bodies[0] == bodies[1] == bodies[2]


@pytest.mark.parametrize(
    ("staff", "address"),
    [
        (HANDLER, "/staff/people"),
        (HANDLER, "/staff/archive"),
        (HANDLER, "/staff/reports"),
        (HANDLER, "/staff/quarantine"),
        (HANDLER, "/staff/complaints?queue=finance"),
        (HANDLER, "/staff/complaints?month=2026-11"),
        (AUDITOR, "/staff/register"),
        (AUDITOR, "/staff/people"),
        (ADMIN, "/staff/archive"),
        (ADMIN, "/staff/complaints?queue=service"),
    ],
)
def test_each_sees_only_its_part(staff: Staff, address: str) -> None:
    """What a role does not need is a page that says so, in words."""
    browser = Browser(staff)
    assert browser.get(address) == 403
    assert "没有权限" in browser.body


def test_an_auditor_changes_nothing_and_sees_masked() -> None:
    """An auditor reads the complaint, without phone number, and can't add a word."""
    number = registered().complaint_id
    browser = Browser(AUDITOR)
    assert browser.get(page(number)) == 200
    assert "+8613800138000" not in browser.body
    assert f"{page(number)}/note" not in browser.body
    assert browser.post(f"{page(number)}/note", text="x", form_id="0" * 16, seen="") == 403


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/staff/nothing", 404),
        ("PUT", "/staff", 405),
        ("GET", "/staff/complaints?queue=service&after=e30=", 404),
        ("GET", "/staff/complaints?queue=service&status=odd", 404),
        ("GET", "/staff/complaints?number=abc", 422),
        ("GET", "/staff/archive?since=0000-99", 404),
        ("GET", "/staff/archive?until=2026-11&after=x", 404),
    ],
)
def test_bad_requests_have_their_status(method: str, address: str, status: int) -> None:
    """Nothing that a browser can send becomes an error of ours."""
    assert Browser(QUALITY).send(method, address) == status
