"""What can not be used is refused: it says what is wrong and what is allowed, and changes nothing.

By the pages, as a person would send it, or somebody who forges the form.
"""

import re
from itertools import pairwise
from typing import Any

import boto3
import pytest

from complaints.aws import policies, policy_bucket
from complaints.aws.desk import line, merging, parties
from complaints.aws.directory import StaffDirectory
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import now
from complaints.calendar import PUBLISHED
from complaints.console.answers import seen
from complaints.models import Dossier, Role, Staff
from complaints.policy import load, source_file
from complaints.texts import texts
from tests.builders import HANDLER, HEAD, MANAGER, OFFICE, QUALITY, STAFF
from tests.kept import set_clock
from tests.staff_browser import ADMIN, REPORT, Browser, closed, investigated, page, registered

pytestmark = pytest.mark.usefixtures("tables")
PAGE = "/staff/policy"
WRITTEN = source_file("service-provider").read_text(encoding="utf-8")
COLLEAGUE = HANDLER.replace(username="hua", email="hua@example.com")
T = texts("zh_CN")


@pytest.fixture(autouse=True)
def _staff(tables: None) -> None:
    """Enter the people of the builders into the directory: nobody signs in anybody's place."""
    del tables
    for member in STAFF:
        StaffDirectory.from_env().put(member)


def stored(number: str) -> Dossier:
    """Return everything that is kept of a complaint."""
    return ComplaintRepository.from_env().dossier(number)


def refused(staff: Staff, number: str, task: str, **fields: Any) -> str:  # noqa: ANN401
    """Send a form of the page that is to be refused; return the page that comes back."""
    browser, before = Browser(staff), stored(number)
    assert browser.get(page(number)) == 200
    status = browser.post(f"{page(number)}/{task}", **fields)
    assert status in {403, 404, 409, 422}, status
    assert stored(number) == before
    return browser.body


def posted(browser: Browser, address: str, name: str, content: bytes) -> int:
    """Send a file with the form of the page that is open; return the status."""
    hidden = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', browser.body)
    parts = [f'form-data; name="{field}"\r\n\r\n{value}'.encode() for field, value in hidden]
    parts.append(f'form-data; name="{name}"; filename="f"\r\n\r\n'.encode() + content)
    body = b"".join(b"--x\r\nContent-Disposition: " + part + b"\r\n" for part in parts)
    kind = {"content-type": "multipart/form-data; boundary=x"}
    return browser.send("POST", address, body + b"--x--\r\n", **kind)


# ---- a policy that is handed in --------------------------------------------------------------


def instead(old: str, new: str) -> bytes:
    """Return the deployed policy with something else in one place."""
    assert old in WRITTEN
    return WRITTEN.replace(old, new, 1).encode()


BOMB = "a: &a [x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in pairwise("abcdefghijkl")
)


@pytest.mark.parametrize(
    ("content", "field", "allowed"),
    [
        # a clock of nothing
        (instead("{minutes: 1440}", "{minutes: 0}"), "clocks.investigation.general.minutes", "1"),
        (instead("{minutes: 1440}", "{minutes: -5}"), "clocks.investigation.general.minutes", "1"),
        # a code that means nothing, and a rung that nobody stands on
        (instead("unsure_type: F", "unsure_type: Q"), "assessing.unsure_type", "A|B|C|D|E|F|S"),
        (instead("{to: department_head}", "{to: boss}"), "escalation.general[0].to", "management"),
        (
            instead("{to: department_head}", "{to: auditor}"),
            "escalation.general[0].to",
            "department_head|quality_office|management",
        ),
        # a gate that never opens
        (
            instead("feedback_ways: [written, phone]", "feedback_ways: [written]"),
            "closing_gates[1]",
            "only with phone in feedback_ways",
        ),
        # a file that is none
        (instead("retention_years: 5", "years: 5"), "years", "retention_years"),
        (
            instead("retention_years: 5", "retention_years: five"),
            "retention_years",
            T("policy.allowed.integer"),
        ),
        (instead("name: service-provider", "name: utility"), "name", "service-provider"),
        (b"name: [", "(file)", "YAML"),
        (b"a: &a [*a]", "(file)", "YAML without aliases"),
        (BOMB.encode(), "(file)", "YAML without aliases"),
        (b"a: " + b"[" * 5000, "(file)", "at most 20 deep"),
        (b"day: 2026-02-30", "(file)", "YAML"),
        (b"name: \xff\xfe", "(file)", "UTF-8"),
    ],
)
def test_a_broken_policy_is_shown_with_its_place_and_not_taken_in(
    content: bytes, field: str, allowed: str
) -> None:
    """Line, field and what is allowed; nothing lies in the bucket, the one in force stays."""
    browser = Browser(QUALITY)
    browser.get(PAGE)
    assert posted(browser, PAGE, "file", content) == 422
    assert field in browser.body
    assert allowed in browser.body
    assert policies.policies().in_force() == load("service-provider")
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket="policies")


def test_a_huge_policy_is_refused_unread() -> None:
    """More than a form can hold is said to be too much."""
    browser = Browser(QUALITY)
    browser.get(PAGE)
    assert browser.post(PAGE, written="x" * policy_bucket.LONGEST_FILE) == 413
    assert policies.policies().in_force() == load("service-provider")


# ---- a calendar without the year -------------------------------------------------------------


def test_a_limit_into_an_unknown_year_is_refused_and_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The page still opens; whose holidays are missing is named, and where to enter them."""
    number = registered().complaint_id
    set_clock(monkeypatch, now().replace(year=PUBLISHED[1] + 4))
    fields = {"pause_reason": "evidence", "pause_until": f"{PUBLISHED[1] + 4}-12-31"}
    shown = refused(HANDLER, number, "pause", **fields, pause_words="等鉴定")
    assert T("error.unknown_year") in shown
    assert "等鉴定" in shown


# ---- who may not sign ------------------------------------------------------------------------

INVESTIGATOR = HANDLER.replace(roles=(Role.HANDLER, Role.DEPARTMENT_HEAD))


@pytest.mark.parametrize(
    ("staff", "sentence"),
    [
        (INVESTIGATOR, "error.own_investigation"),
        (MANAGER, "error.not_your_signature"),
        (QUALITY, "error.not_your_signature"),
        (COLLEAGUE, "error.not_your_signature"),
    ],
)
def test_an_approval_by_the_wrong_person_changes_nothing(staff: Staff, sentence: str) -> None:
    """Who investigated, another level, nobody's superior: each is told why."""
    number = investigated().complaint_id
    assert T(sentence) in refused(staff, number, "decide", decision="approve")


def test_who_is_complained_about_does_not_find_what_to_sign() -> None:
    """To such a person it looks like no complaint at all."""
    number = investigated().complaint_id
    parties.name_respondents(number, [HEAD.username], staff=QUALITY)
    before, browser = stored(number), Browser(HEAD)
    browser.get("/staff")
    fields = {"decision": "approve", "form_id": "0" * 16, "seen": seen(before)}
    assert browser.post(f"{page(number)}/decide", **fields) == 404
    assert stored(number) == before


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_a_second_decision_in_another_tab_is_told_that_it_comes_late(decision: str) -> None:
    """The same words again are the answer that was given; another one falls on nothing."""
    number = investigated().complaint_id
    browser = Browser(HEAD)
    browser.get(page(number))
    tab = browser.body
    assert browser.post(f"{page(number)}/decide", decision="approve") == 303
    before = stored(number)
    browser.body = tab
    answer = browser.post(f"{page(number)}/decide", decision=decision, reason="再查")
    assert answer == 409
    assert "再查" in browser.body
    browser.body = tab
    assert browser.post(f"{page(number)}/decide", decision="approve") == 303
    assert stored(number) == before
    assert len(before.decisions) == 1


def test_a_second_call_back_changes_nothing() -> None:
    """Two who call at once: the second finds what the first was told."""
    number = closed().complaint_id
    browser, before = Browser(QUALITY), stored(number)
    browser.get(page(number))
    fields = {"outcome": "satisfied", "satisfaction": "5"}
    assert browser.post(f"{page(number)}/follow-up", **fields) == 409
    assert T("error.wrong_status") in browser.body
    assert stored(number) == before


# ---- merging ---------------------------------------------------------------------------------


def two() -> tuple[str, str]:
    """Return the numbers of two complaints that could be merged."""
    other = {"name": "王芳", "email": "wang@example.com", "phone": "13900000002"}
    return registered().complaint_id, registered("前台态度恶劣。", **other).complaint_id


def not_merged(staff: Staff, number: str, into: str, sentence: str) -> None:
    """Try to merge; both stay as they are."""
    other = stored(into)
    assert T(sentence) in refused(staff, number, "merge", into=into)
    assert stored(into) == other


def test_a_complaint_is_not_merged_into_itself() -> None:
    """The same number."""
    number, _ = two()
    not_merged(QUALITY, number, number, "error.merge_itself")


def test_what_is_closed_is_not_merged() -> None:
    """Neither way."""
    old, number = closed().complaint_id, registered("另一件事，前台不耐烦。").complaint_id
    not_merged(QUALITY, old, number, "error.merge_late")
    not_merged(QUALITY, number, old, "error.merge_late")


def test_what_is_merged_is_not_merged_again_nor_in_a_circle() -> None:
    """Into a third one, back into itself, or a third one into it."""
    (first, second), third = two(), registered("另一件").complaint_id
    merging.merge(first, second, staff=QUALITY)
    not_merged(QUALITY, first, third, "error.merge_chain")
    not_merged(QUALITY, second, first, "error.merge_chain")
    not_merged(QUALITY, second, third, "error.merge_chain")
    not_merged(QUALITY, third, first, "error.merge_chain")


def test_who_is_complained_about_merges_nothing() -> None:
    """Nor does anybody merge what complains of who handles the other."""
    first, second = two()
    parties.name_respondents(second, [HANDLER.username], staff=QUALITY)
    browser, before = Browser(HANDLER), (stored(first), stored(second))
    browser.get(page(first))
    assert browser.post(f"{page(first)}/merge", into=second) == 404
    browser.get(page(first))
    assert browser.post(f"{page(second)}/merge", into=first) == 404
    assert (stored(first), stored(second)) == before
    line.assign(first, HANDLER.username, staff=HEAD)
    not_merged(QUALITY, first, second, "error.merge_barred")


# ---- figures and days ------------------------------------------------------------------------

NO_AMOUNTS = ["-1", "+5", "NaN", "inf", "1e30", "0.001", "9" * 14, "约十元"]
NO_INSTANTS = [
    *("2026-02-30T10:00", "2026-13-01T10:00", "2026-11-20T25:00", "明天", ""),
    *("0001-01-01T00:00", "9999-12-31T23:59"),
]


@pytest.mark.parametrize("amount", [*NO_AMOUNTS, ""])
def test_an_amount_that_is_none_is_not_offered(amount: str) -> None:
    """What is no amount of money is said to be none; the words are not lost."""
    number = registered().complaint_id
    shown = refused(HANDLER, number, "offer", amount=amount, basis="赔偿依据", payer="财务部")
    assert T("form.wrong.money" if amount else "form.missing.field") in shown
    assert "赔偿依据" in shown


def test_nothing_is_not_offered() -> None:
    """Zero is an amount, and no compensation."""
    number = registered().complaint_id
    shown = refused(HANDLER, number, "offer", amount="0", basis="依据", payer="财务部")
    assert T("error.no_amount") in shown


@pytest.mark.parametrize("amount", NO_AMOUNTS)
def test_a_finding_with_no_amount_is_not_submitted(amount: str) -> None:
    """Nor is it promised with a solution."""
    number = registered().complaint_id
    shown = refused(HANDLER, number, "investigate", **{**REPORT, "compensation": amount})
    assert T("form.wrong.money") in shown


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        ("2026-02-30", "form.wrong.date"),
        ("0001-01-01", "form.wrong.date"),
        ("明天", "form.wrong.date"),
        ("2020-01-01", "error.pause_length"),
        ("9999-12-31", "error.pause_length"),
    ],
)
def test_a_pause_has_an_end_that_the_policy_allows(days: str, sentence: str) -> None:
    """Neither a day that does not exist, nor a past one, nor for ever."""
    number = registered().complaint_id
    fields = {"pause_reason": "evidence", "pause_until": days, "pause_words": "等鉴定"}
    assert T(sentence) in refused(HANDLER, number, "pause", **fields)


@pytest.mark.parametrize(
    "more", ["working_days:0", "working_days:-1", "working_days:6", "minutes:1e9", "working_days:"]
)
def test_a_limit_is_made_longer_only_by_what_is_offered(more: str) -> None:
    """Zero days are no extension, and more than the longest is none of this policy's."""
    number = registered().complaint_id
    shown = refused(HANDLER, number, "extend", extend_by=more, extend_words="等外地取证")
    assert T("form.wrong.choice") in shown


@pytest.mark.parametrize("when", NO_INSTANTS)
def test_an_instant_that_is_none_is_said_to_be_none(when: str) -> None:
    """A record, an order, a case of a body outside, a registration."""
    number = registered().complaint_id
    wrong = T("staff.register.wrong_time" if when else "form.missing.field")
    record = {"record_kind": "interview", "record_words": "面谈", "record_at": when}
    case = {"outside_body": "12345", "outside_number": "A1", "outside_received": when}
    assert wrong in refused(HANDLER, number, "record", **record)
    assert wrong in refused(QUALITY, number, "outside", **case)
    if when:
        order = {"order_department": "finance", "order_task": "核对", "order_complete": when}
        assert wrong in refused(HANDLER, number, "order", **order)
    assert wrong in not_registered(arrived_at=when)


def test_an_instant_far_from_now_is_a_slip_of_the_pen() -> None:
    """A clock from 2002, or until 2099, would silence every step that is due."""
    number = registered().complaint_id
    wrong = T("error.far_away")
    long_ago, far = "2002-01-01T00:00", "2099-01-01T00:00"
    record = {"record_kind": "interview", "record_words": "面谈", "record_at": long_ago}
    case = {"outside_body": "12345", "outside_number": "A1"}
    at = f"{now().astimezone(OFFICE.zone):%Y-%m-%dT%H:%M}"
    assert wrong in refused(HANDLER, number, "record", **record)
    for department in ("finance", "service"):
        order = {"order_department": department, "order_task": "核对", "order_complete": far}
        assert wrong in refused(HANDLER, number, "order", **order)
    times = {"outside_received": at, "outside_due": far}
    assert wrong in refused(QUALITY, number, "outside", **case, **times)
    assert wrong in not_registered(arrived_at=long_ago)


def not_registered(**fields: str) -> str:
    """Send a registration that is to be refused; return the page that comes back."""
    browser = Browser(QUALITY)
    browser.get("/staff/register")
    said = {
        "text": "等了很久",
        "demand": "道歉",
        "occurred_on": "2026-01-01",
        "phone": "13800138001",
    }
    before = in_queue()
    assert browser.post("/staff/register", **{"channel": "phone", **said, **fields}) == 422
    assert "等了很久" in browser.body
    assert in_queue() == before
    return browser.body


def in_queue() -> int:
    """Return how many complaints were registered and not assessed yet."""
    return len(ComplaintRepository.from_env().in_queue("quality_office", limit=50)[0])


# ---- a table of people -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (b"username,shoes\nhe,42\n", "42|shoes"),
        (b"username\nhe\nhe\n", "he"),
        (b"username,roles\nhe,king\n", "king"),
        (b"username,posts\nhe,pope\n", "pope"),
        (b"username,department\nhe,moon\n", "moon"),
        (b"username,deputy\nhe,he\n", T("staff.people.deputy_oneself")),
        (b"username,deputy\nhe,nobody\n", T("staff.people.deputy_unknown")),
        (b"username,name\nhe,=1+1\n", T("staff.people.name_formula")),
        (b"username,left on\nhe,2026-02-30\n", "2026-02-30"),
        (b"PK\x03\x04 no workbook", T("roster.unreadable")),
        (b"", T("roster.empty")),
    ],
)
def test_a_broken_table_of_people_changes_nobody(table: bytes, sentence: str) -> None:
    """Row, column, what stands there and what is allowed; all or nothing."""
    browser = Browser(ADMIN)
    before = StaffDirectory.from_env().all()
    browser.get("/staff/people")
    assert posted(browser, "/staff/people-import", "table", table) == 422
    assert any(words in browser.body for words in sentence.split("|"))
    assert StaffDirectory.from_env().all() == before
