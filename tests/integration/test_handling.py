"""Handling by the pages: orders, groups, conflicts of interest, bodies outside, disputes."""

import re
from datetime import timedelta

import pytest

from complaints.aws import runtime
from complaints.aws.desk import line, parties
from complaints.aws.directory import StaffDirectory
from complaints.aws.repository import ComplaintRepository
from complaints.models import Complaint, Dossier, Finding, Role, Staff, Status
from complaints.parts import Nature
from complaints.texts import texts
from complaints.tracking import progress
from tests.builders import HANDLER, HEAD, MANAGER, OFFICE, OTHER_HEAD, QUALITY
from tests.kept import mailed_to
from tests.staff_browser import REPORT, Browser, investigated, page, registered

pytestmark = pytest.mark.usefixtures("tables")
FINANCE = Staff(
    username="fu", name="付出", email="fu@example.com", roles=(Role.HANDLER,), department="finance"
)


def head(number: str) -> Complaint:
    """Return the complaint as it is now."""
    return ComplaintRepository.from_env().get(number)


def whole(number: str) -> Dossier:
    """Return the whole file."""
    return ComplaintRepository.from_env().dossier(number)


def at(browser: Browser, number: str) -> Browser:
    """Open the page of a complaint."""
    assert browser.get(page(number)) == 200
    return browser


def lead(number: str, member: Staff) -> None:
    """Form the joint group, which the manager in charge leads (004 一)."""
    StaffDirectory.from_env().put(MANAGER)
    StaffDirectory.from_env().put(member)
    group = {"group_leader": MANAGER.username, "group_members": [member.username]}
    assert at(Browser(QUALITY), number).post(f"{page(number)}/group", **group) == 303


def local(hours: float) -> str:
    """Return the time of the office so many hours from now, as a browser sends it."""
    return f"{(runtime.now() + timedelta(hours=hours)).astimezone(OFFICE.zone):%Y-%m-%dT%H:%M}"


def test_an_order_is_found_carried_out_and_lets_the_finding_go() -> None:
    """C2: the ordered department finds it in its own list, and nothing else of the complaint."""
    number = registered().complaint_id
    StaffDirectory.from_env().put(OTHER_HEAD)
    handler, finance = at(Browser(HANDLER), number), Browser(FINANCE)
    order = {"order_department": "finance", "order_task": "核对收费", "order_complete": local(20)}
    form = handler.body
    for _ in range(2):
        handler.body = form
        assert handler.post(f"{page(number)}/order", **order) == 303
    assert len(whole(number).orders) == 1
    assert mailed_to()[-1] == OTHER_HEAD.email
    assert at(handler, number).post(f"{page(number)}/investigate", **REPORT) == 422
    assert "财务部" in re.findall(r'role="alert".*?</div>', handler.body, re.DOTALL)[0]

    finance.get("/staff")
    assert number in finance.body
    finance.get("/staff/complaints?queue=finance")
    assert number in finance.body
    at(finance, number)
    assert f"{page(number)}/investigate" not in finance.body
    (order_id,) = head(number).ordered
    agree = {"work_order": order_id, "work_step": "agree", "work_complete": local(24)}
    assert finance.post(f"{page(number)}/work", **agree) == 303
    assert whole(number).orders[0].agreed_by == FINANCE.username
    done = {"work_order": order_id, "work_step": "complete", "work_result": "收费无误"}
    assert at(finance, number).post(f"{page(number)}/work", **done) == 303
    assert finance.headers["Location"].startswith("/staff?")
    assert finance.get(page(number)) == 404
    assert ComplaintRepository.from_env().in_queue("finance") == ([], "")
    assert "收费无误" in at(handler, number).body
    assert handler.post(f"{page(number)}/investigate", **REPORT) == 422
    lead(number, FINANCE)
    assert at(Browser(MANAGER), number).post(f"{page(number)}/investigate", **REPORT) == 303


def test_a_returned_order_comes_before_who_handles_it_and_the_first_rung() -> None:
    """C2; 003 ⑥: what keeps a department from its work is told at once, with where to read why."""
    number = registered().complaint_id
    StaffDirectory.from_env().put(HEAD)
    handler = at(Browser(HANDLER), number)
    order = {"order_department": "finance", "order_task": "核对收费"}
    assert handler.post(f"{page(number)}/order", **order) == 303
    (order_id,) = head(number).ordered
    finance, before = at(Browser(FINANCE), number), len(mailed_to())
    back = {"work_order": order_id, "work_step": "return", "work_result": ""}
    assert finance.post(f"{page(number)}/work", **back) == 422
    assert len(mailed_to()) == before
    assert finance.post(f"{page(number)}/work", **{**back, "work_result": "不归财务管"}) == 303
    assert set(mailed_to()[before:]) == {HANDLER.email, HEAD.email}
    assert "不归财务管" in at(handler, number).body


@pytest.mark.parametrize(
    "wrong",
    [
        {"work_step": "complete", "work_result": ""},
        {"work_step": "agree", "work_complete": "tomorrow"},
        {"work_step": "agree", "work_complete": local(9000)},
        {"work_order": "finance-nothing", "work_step": "complete", "work_result": "x"},
    ],
    ids=["no result", "no time", "too late", "no such order"],
)
def test_what_does_not_fit_an_order_changes_nothing(wrong: dict[str, str]) -> None:
    """Each is shown again with what is wrong."""
    number = registered().complaint_id
    handler, finance = at(Browser(HANDLER), number), Browser(FINANCE)
    handler.post(f"{page(number)}/order", order_department="finance", order_task="核对")
    before = head(number)
    form = {"work_order": before.ordered[0], **wrong}
    assert at(finance, number).post(f"{page(number)}/work", **form) == 422
    assert head(number) == before


def test_the_page_says_which_record_is_missing_until_it_is_kept() -> None:
    """C3: and which piece of evidence belongs to it."""
    number = registered().complaint_id
    complaints = ComplaintRepository.from_env()
    dossier = complaints.dossier(number)
    bare = dossier.complaint.replace(recorded=(), version=dossier.complaint.version + 1)
    complaints.save(bare, dossier.entries[-1].replace(number=bare.version))
    handler = at(Browser(HANDLER), number)
    assert 'name="kept_document"' in handler.body
    assert handler.post(f"{page(number)}/investigate", **REPORT) == 422
    assert "书面材料" in re.findall(r'role="alert".*?</div>', handler.body, re.DOTALL)[0]
    record = {"record_kind": "document", "record_at": local(-1), "record_words": "调取了录音"}
    ahead = {**record, "record_at": local(5)}
    assert at(handler, number).post(f"{page(number)}/record", **ahead) == 422
    assert at(handler, number).post(f"{page(number)}/record", **record) == 303
    assert 'name="kept_document"' not in at(handler, number).body
    assert "调取了录音" in handler.body
    assert handler.post(f"{page(number)}/investigate", **REPORT) == 303


def test_the_record_that_is_missing_may_be_written_with_the_finding() -> None:
    """C3: the form of the finding asks for it, and both are saved at once."""
    number = registered().complaint_id
    complaints = ComplaintRepository.from_env()
    dossier = complaints.dossier(number)
    bare = dossier.complaint.replace(recorded=(), version=dossier.complaint.version + 1)
    complaints.save(bare, dossier.entries[-1].replace(number=bare.version))
    handler = at(Browser(HANDLER), number)
    assert 'name="kept_document"' in handler.body
    assert 'name="kept_recording"' not in handler.body
    again = {**REPORT, "kept_document": "调取了录音"}
    assert handler.post(f"{page(number)}/investigate", **again) == 303
    (kept,) = whole(number).records
    assert (kept.kind, kept.words, kept.by) == ("document", "调取了录音", HANDLER.username)
    assert len(whole(number).entries) == bare.version + 1
    assert "书面材料" in at(handler, number).body


def test_a_member_of_another_department_finds_it_while_it_is_investigated() -> None:
    """C1: by the seat in the own queue; the leader submits, then it leaves the queue."""
    number = registered().complaint_id
    member, leader = Browser(FINANCE), Browser(MANAGER)
    lead(number, FINANCE)
    assert head(number).members == (MANAGER.username, FINANCE.username)
    assert set(mailed_to()[-2:]) == {FINANCE.email, MANAGER.email}
    member.get("/staff/complaints?queue=finance")
    assert number in member.body
    other = Browser(OTHER_HEAD)
    other.get("/staff/complaints?queue=finance")
    assert number not in other.body
    handler = at(Browser(HANDLER), number)
    assert f"{page(number)}/investigate" not in handler.body
    assert at(leader, number).post(f"{page(number)}/investigate", **REPORT) == 303
    assert ComplaintRepository.from_env().in_queue("finance") == ([], "")


def test_who_is_complained_about_is_proposed_and_then_out_of_it() -> None:
    """I8: chosen on the assessment; the assignment is withdrawn and the head is told."""
    han = HANDLER.replace(name="韩冬梅")
    number = registered("前台韩冬梅态度恶劣。").complaint_id
    handler, boss = Browser(han), Browser(HEAD)
    at(handler, number).post(f"{page(number)}/assign", investigator=han.username)
    assert "韩冬梅 · 服务部（投诉中提到）" in at(boss, number).body
    form = {"type": "A", "department": "service", "urgency": "general", "risk": "low"}
    assert boss.post(f"{page(number)}/assess", **form, respondents=[han.username]) == 303
    complaint = head(number)
    assert (complaint.respondents, complaint.investigator) == ((han.username,), "")
    assert mailed_to()[-1] == HEAD.email
    assert handler.get(page(number)) == 404
    handler.get("/staff/complaints?queue=service")
    assert number not in handler.body
    assert "韩冬梅" in at(boss, number).body


def test_the_registration_bars_at_once() -> None:
    """Whoever is named there never sees it; nobody unknown can be named."""
    StaffDirectory.from_env().put(HANDLER)
    quality = Browser(QUALITY)
    quality.get("/staff/register")
    form = {"channel": "phone", "arrived_at": local(-0.1), "text": "韩态度差", "demand": "道歉"}
    form |= {"occurred_on": "2026-11-01", "anonymous": "yes"}
    assert quality.post("/staff/register", **form, respondents=["x"]) == 422
    assert quality.post("/staff/register", **form, respondents=[HANDLER.username]) == 303
    number = quality.headers["Location"].rpartition("/")[2]
    assert head(number).respondents == (HANDLER.username,)
    assert whole(number).entries[0].facts["respondents"] == HANDLER.username


def test_the_signature_of_a_head_who_is_complained_about_is_given_in_place() -> None:
    """The quality office finds it, signs, and the history says in whose place."""
    for member in (HANDLER, HEAD, QUALITY):
        StaffDirectory.from_env().put(member)
    number = investigated().complaint_id
    assert head(number).stand_ins == {}
    parties.name_respondents(number, [HEAD.username], staff=QUALITY)
    quality = Browser(QUALITY)
    quality.get("/staff")
    assert number in quality.body
    assert at(quality, number).post(f"{page(number)}/decide", decision="approve") == 303
    complaint = head(number)
    assert complaint.status is Status.APPROVED
    assert [one.code for one in complaint.signed] == ["department_head"]
    assert "代行签批" in at(quality, number).body


def test_a_body_outside_is_found_by_its_number() -> None:
    """I11: and its number is nobody else's."""
    number, other = registered().complaint_id, registered("收费太贵了，多收了钱。").complaint_id
    quality = at(Browser(QUALITY), number)
    case = {"outside_body": "12345", "outside_number": "gd-7", "outside_received": local(-2)}
    assert quality.post(f"{page(number)}/outside", **case) == 303
    assert head(number).other_body
    assert at(quality, other).post(f"{page(other)}/outside", **case) == 409
    assert quality.get("/staff/complaints?number=GD-7") == 303
    assert quality.headers["Location"] == page(number)
    outsider = Browser(OTHER_HEAD)
    assert outsider.get("/staff/complaints?number=GD-7") == 422
    (kept,) = whole(number).outside
    words = {"answered_case": kept.case_id, "answered_words": "已办结回复"}
    assert at(quality, number).post(f"{page(number)}/outside-answer", **words) == 303
    assert "已办结回复" in at(quality, number).body
    assert not [clock for clock in head(number).clocks if clock.what.startswith("outside:")]


def test_a_dispute_has_its_way_and_its_end() -> None:
    """C11."""
    number = registered().complaint_id
    handler = at(Browser(HANDLER), number)
    opened = {"dispute_way": "court", "dispute_institution": "区法院", "dispute_words": "赔偿"}
    assert handler.post(f"{page(number)}/dispute", **opened) == 303
    assert head(number).disputes_open == 1
    (kept,) = whole(number).disputes
    ended = {"ended_dispute": kept.dispute_id, "ended_status": "decided", "ended_result": "驳回"}
    assert at(handler, number).post(f"{page(number)}/dispute-end", **ended) == 303
    assert head(number).disputes_open == 0
    assert whole(number).disputes[0].result == "驳回"


def test_a_mark_of_the_nature_never_leaves_the_house() -> None:
    """B8: staff read it; the tracking page and the letters do not know it."""
    number = registered().complaint_id
    finding = Finding(
        investigator=HANDLER.username, facts="f", cause="c", responsible=False, ground="3",
        nature=Nature.MALICIOUS, nature_reason="捏造事实", measures="m", reply="r",
    )  # fmt: skip
    line.submit_finding(number, finding, staff=HANDLER)
    assert "捏造事实" in at(Browser(HEAD), number).body
    assert "恶意或虚假" in at(Browser(HEAD), number).body
    shown = repr(progress(whole(number), texts("zh_CN"), OFFICE))
    assert "捏造" not in shown
    assert "malicious" not in shown
