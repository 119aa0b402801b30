"""The people page: entries changed and on record, tasks handed over, tables entered."""

import base64
import json
import os
import re
from datetime import timedelta
from pathlib import Path

import boto3
import msgspec
import pytest

from complaints.aws import accounts, runtime
from complaints.aws.console import people
from complaints.aws.desk import casework, ladder, line
from complaints.aws.directory import StaffDirectory, StaleEntryError
from complaints.aws.repository import ComplaintRepository
from complaints.aws.settings import Settings
from complaints.cli import main
from complaints.models import Complaint, Role, Staff
from complaints.people import Change
from complaints.policy import load
from complaints.roles import may_follow_up
from functions.console.handler import handler
from tests.builders import HANDLER, HEAD, MANAGER, OFFICE, OTHER_HEAD, QUALITY
from tests.staff_browser import ADMIN, AUDITOR, PASSWORD, Browser, investigated, page, registered

pytestmark = pytest.mark.usefixtures("tables")
COLLEAGUE = HANDLER.replace(username="hua", name="华", email="hua@example.com")
FORM = {
    "name": "韩",
    "email": "han@example.com",
    "department": "service",
    "roles": ["handler"],
}


def enter(*members: Staff) -> None:
    """Enter people with accounts."""
    for member in members:
        accounts.keep(Change(by="test", at=runtime.now(), after=member))


def groups(username: str) -> set[str]:
    """Return the groups of an account."""
    listed = boto3.client("cognito-idp").admin_list_groups_for_user(
        UserPoolId=os.environ["USER_POOL_ID"], Username=username
    )
    return {one["GroupName"] for one in listed["Groups"]}


def account(username: str) -> dict[str, object]:
    """Return an account of the pool."""
    return dict(
        boto3.client("cognito-idp").admin_get_user(
            UserPoolId=os.environ["USER_POOL_ID"], Username=username
        )
    )


def upload(browser: Browser, content: bytes) -> int:
    """Send a table as the API hands it on: in base64."""
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', browser.body))
    body = (
        f'--m\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{hidden["csrf"]}\r\n'
        '--m\r\nContent-Disposition: form-data; name="table"; filename="t"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode() + content
    event = {
        "rawPath": "/staff/people-import",
        "headers": {"content-type": "multipart/form-data; boundary=m"},
        "cookies": [f"{name}={value}" for name, value in browser.cookies.items()],
        "requestContext": {"http": {"method": "POST", "sourceIp": "203.0.113.7"}},
        "body": base64.b64encode(body + b"\r\n--m--\r\n").decode(),
        "isBase64Encoded": True,
    }
    answer = handler(event, None)
    browser.body = answer["body"]
    return int(answer["statusCode"])


def test_a_change_is_on_record_and_the_pool_follows() -> None:
    """Who, when, what it was and is; groups, name and door of the account."""
    enter(HANDLER)
    browser = Browser(ADMIN)
    browser.get("/staff/people/han")
    changed = {**FORM, "roles": ["department_head"], "on_call": "yes", "left_on": "2020-01-01"}
    assert browser.post("/staff/people/han", **changed) == 303
    browser.get(browser.headers["Location"])
    assert "已保存" in browser.body
    found = StaffDirectory.from_env().find("han")
    assert found
    assert (found.roles, found.on_call) == ((Role.DEPARTMENT_HEAD,), True)
    assert groups("han") == {"department_head"}
    assert account("han")["Enabled"] is False
    newest = StaffDirectory.from_env().changes("han")[0]
    assert (newest.by, newest.before, newest.after) == ("admin", HANDLER, found)
    assert set(newest.fields) == {"roles", "on_call", "left_on"}
    assert browser.post("/staff/people/han", **FORM) == 303
    assert account("han")["Enabled"] is True
    assert groups("han") == {"handler"}
    assert len(StaffDirectory.from_env().changes("han")) == 3


def test_the_list_names_posts_where_the_policy_has_any(monkeypatch: pytest.MonkeyPatch) -> None:
    """In its words; a code that it doesn't know any more stays as it is."""
    enter(HANDLER.replace(posts=("director", "gone")))
    browser = Browser(ADMIN)
    browser.get("/staff/people")
    assert 'data-label="岗位"' not in browser.body
    office = msgspec.structs.replace(OFFICE, policy=load("property-management"))
    monkeypatch.setattr(Settings, "office", office)
    browser.get("/staff/people")
    row = next(one for one in browser.body.split("<tr>") if "han@example.com" in one)
    assert re.search(r'data-label="岗位"><span>主任<br>gone</span>', row)


def test_nothing_changed_is_nothing_on_record() -> None:
    """The form sent as it was makes no entry."""
    enter(HANDLER)
    browser = Browser(ADMIN)
    browser.get("/staff/people/han")
    assert browser.post("/staff/people/han", **FORM) == 303
    assert len(StaffDirectory.from_env().changes("han")) == 1


def test_absences_are_entered_in_pairs() -> None:
    """A row with one day only is wrong, an empty row is none."""
    enter(HANDLER)
    browser = Browser(ADMIN)
    browser.get("/staff/people/han")
    days = {"absence_first": ["2026-12-01", ""], "absence_last": ["2026-12-05", ""]}
    assert browser.post("/staff/people/han", **FORM, **days) == 303
    found = StaffDirectory.from_env().find("han")
    assert found
    assert [str(one.last) for one in found.absences] == ["2026-12-05"]
    browser.get("/staff/people/han")
    days["absence_last"] = ["", ""]
    assert browser.post("/staff/people/han", **FORM, **days) == 422
    assert "结束日期" in browser.body


def test_a_stale_entry_is_not_overwritten() -> None:
    """Two administrators at once: the second looks again."""
    enter(HANDLER)
    at = runtime.now() + timedelta(minutes=1)
    change = Change(by="a", at=at, before=HANDLER, after=HANDLER.replace(on_call=True))
    accounts.keep(change)
    with pytest.raises(StaleEntryError):
        accounts.keep(change.replace(at=at + timedelta(minutes=1)))


def test_the_last_administrator_can_not_be_removed() -> None:
    """Neither by role nor by leaving, not even by that very person."""
    browser = Browser(ADMIN)
    browser.get("/staff/people/admin")
    form = {"name": "管", "email": "a@example.com", "roles": ["intake"]}
    assert browser.post("/staff/people/admin", **form) == 422
    assert "至少要留一位" in browser.body
    left = {**form, "roles": ["administrator"], "left_on": "2020-01-01"}
    assert browser.post("/staff/people/admin", **left) == 422


@pytest.mark.parametrize("wrong", [{"department": ""}, {"deputy": "han"}, {"deputy": "nobody"}])
def test_a_wrong_entry_is_shown_again(wrong: dict[str, str]) -> None:
    """With its sentence, and the entry stays as it was."""
    enter(HANDLER)
    browser = Browser(ADMIN)
    browser.get("/staff/people/han")
    assert browser.post("/staff/people/han", **{**FORM, **wrong}) == 422
    assert StaffDirectory.from_env().find("han") == HANDLER


def test_the_quality_office_keeps_leave_and_nothing_else() -> None:
    """Deputy, absences, on call; a role that is sent along is not taken."""
    enter(HANDLER, COLLEAGUE)
    browser = Browser(QUALITY)
    assert browser.get("/staff/people/han") == 200
    fields = {"deputy": "hua", "on_call": "yes", "roles": "administrator", "name": "x"}
    assert browser.post("/staff/people/han", **fields) == 303
    found = StaffDirectory.from_env().find("han")
    assert found == HANDLER.replace(deputy="hua", on_call=True)
    assert browser.post("/staff/people", username="new", **FORM) == 403
    assert upload(browser, b"username\nhan\n") == 403


@pytest.mark.parametrize("staff", [HANDLER, HEAD, MANAGER, AUDITOR])
def test_nobody_else_keeps_people(staff: Staff) -> None:
    """Neither sees nor changes anybody's entry."""
    enter(COLLEAGUE)
    browser = Browser(staff)
    browser.get("/staff")
    for address in ("/staff/people", "/staff/people/hua"):
        assert browser.get(address) == 403
    browser.get("/staff")
    for address in ("/staff/people/hua", "/staff/people/hua/hand-over"):
        assert browser.post(address, **FORM, successor="han") == 403
        browser.get("/staff")


def test_who_has_left_can_not_sign_in() -> None:
    """Even before the pool has heard of it."""
    enter(HANDLER)
    boto3.client("cognito-idp").admin_set_user_password(
        UserPoolId=os.environ["USER_POOL_ID"], Username="han", Password=PASSWORD, Permanent=True
    )
    gone = HANDLER.replace(left_on=runtime.now().date() - timedelta(days=2))
    StaffDirectory.from_env().put(gone)
    browser = Browser()
    browser.get("/staff/sign-in")
    assert browser.post("/staff/sign-in", username="han", password=PASSWORD) == 401


def test_signing_in_keeps_what_the_directory_knows() -> None:
    """Posts, deputies and roles of the directory lead; the pool's groups follow."""
    known = HANDLER.replace(deputy="he", on_call=True, phone="+8613800000002")
    StaffDirectory.from_env().put(known)
    assert accounts.enter(HANDLER.replace(roles=(Role.ADMINISTRATOR,))) == known


def taken_by(username: str, number: int = 1) -> Complaint:
    """Return a complaint that this person investigates."""
    made = registered(f"前台态度恶劣，不耐烦。第 {number} 次")
    return line.assign(made.complaint_id, username, staff=HEAD)


def test_tasks_are_handed_over_in_one_go() -> None:
    """Each on record in its complaint; what the successor may not handle is said and stays."""
    enter(HANDLER, COLLEAGUE, OTHER_HEAD)
    numbers = [taken_by("han", n).complaint_id for n in (1, 2)]
    other = taken_by("hua", 3).complaint_id
    browser = Browser(ADMIN)
    browser.get("/staff/people/han")
    assert all(number in browser.body for number in numbers)
    assert other not in browser.body
    assert browser.post("/staff/people/han/hand-over", successor="fan") == 200
    assert "2 件未能移交" in browser.body
    assert browser.post("/staff/people/han/hand-over", successor="nobody") == 422
    assert browser.post("/staff/people/han/hand-over", successor="") == 422
    assert "请选择一位今天在岗的接手人。" in browser.body
    assert browser.post("/staff/people/han/hand-over", successor="hua") == 200
    assert "已将 2 件移交给华" in browser.body
    for number in numbers:
        dossier = ComplaintRepository.from_env().dossier(number)
        assert dossier.complaint.investigator == "hua"
        entry = dossier.entries[-1]
        assert (entry.action, entry.actor) == ("handed_over", "admin")
        assert entry.facts == {"from": "han", "person": "hua"}
        assert not may_follow_up(dossier.complaint, QUALITY.replace(username="han"))


def test_what_waits_for_a_signature_is_not_handed_over() -> None:
    """Who investigated stays who investigated: else the own finding could be signed."""
    number = investigated().complaint_id
    enter(HANDLER, COLLEAGUE)
    browser = Browser(ADMIN)
    browser.get("/staff/people/han")
    assert number not in browser.body


def test_a_seat_in_the_group_is_handed_over() -> None:
    """The successor finds it in the own queue."""
    number = registered().complaint_id
    enter(HANDLER, OTHER_HEAD, COLLEAGUE)
    formed = [casework.gather(number, [MANAGER, OTHER_HEAD], staff=QUALITY) for _ in range(2)]
    assert formed[0] == formed[1]
    ladder.hand_over(number, "fan", COLLEAGUE, staff=ADMIN)
    dossier = ComplaintRepository.from_env().dossier(number)
    assert dossier.complaint.members == ("ma", "hua")
    assert dossier.complaint.investigator == "ma"
    assert {seat.username for seat in dossier.seats} >= {"hua"}
    assert number not in [
        one.complaint_id for one in ComplaintRepository.from_env().in_queue("finance")[0]
    ]


TABLE = (
    "用户名,姓名,邮箱,角色,部门\n"
    "zhou,周强,zhou@example.com,handler,service\n"
    "han,韩一,han@example.com,handler,service\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_a_table_is_shown_first_and_then_entered(encoding: str) -> None:
    """The dry run enters nothing; the confirmed one does, with first passwords."""
    enter(HANDLER)
    browser = Browser(ADMIN)
    browser.get("/staff/people")
    content = TABLE.encode(encoding)
    status = upload(browser, content)
    assert status == 200
    assert "尚未写入" in browser.body
    assert "韩一" in browser.body
    assert StaffDirectory.from_env().find("zhou") is None
    assert browser.post("/staff/people-import") == 200
    assert "已写入" in browser.body
    found = StaffDirectory.from_env().find("zhou")
    assert found
    assert found.name == "周强"
    assert groups("zhou") == {"handler"}
    assert StaffDirectory.from_env().changes("zhou")[0].by == "admin"


def test_a_long_table_is_entered_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer has its time: what is left is offered again, and nobody's password is lost."""
    monkeypatch.setattr(people, "MOST_AT_ONCE", 2)
    rows = "".join(f"new{n},新{n},new{n}@example.com,handler,service\n" for n in range(3))
    browser = Browser(ADMIN)
    browser.get("/staff/people")
    assert upload(browser, f"用户名,姓名,邮箱,角色,部门\n{rows}".encode()) == 200
    assert browser.post("/staff/people-import") == 200
    assert "还有 1 人尚未写入" in browser.body
    assert [bool(StaffDirectory.from_env().find(f"new{n}")) for n in range(3)] == [1, 1, 0]
    assert browser.post("/staff/people-import") == 200
    assert "尚未写入" not in browser.body
    assert StaffDirectory.from_env().find("new2")


def test_an_account_whose_first_password_nobody_heard_gets_another_one() -> None:
    """Whoever adds a person may have died before telling; who has signed in keeps the own one."""
    pool = accounts.Accounts.from_env()
    assert pool.add(HANDLER) != (second := pool.add(HANDLER))
    assert second
    boto3.client("cognito-idp").admin_set_user_password(
        UserPoolId=os.environ["USER_POOL_ID"], Username="han", Password=PASSWORD, Permanent=True
    )
    assert pool.add(HANDLER) == ""


def test_who_comes_second_leaves_the_account_as_the_first_one_said() -> None:
    """The directory counts, and the pool follows what it says, not what was refused."""
    enter(HANDLER)
    gone = HANDLER.replace(left_on=runtime.now().date() - timedelta(days=2))
    first = HANDLER.replace(roles=(Role.HANDLER, Role.INTAKE))
    accounts.keep(Change(by="a", at=runtime.now(), before=HANDLER, after=first))
    with pytest.raises(StaleEntryError):
        accounts.keep(Change(by="b", at=runtime.now(), before=HANDLER, after=gone))
    assert account("han")["Enabled"]
    assert groups("han") == {"handler", "intake"}


def test_a_table_with_a_fault_enters_nothing() -> None:
    """Every fault with row, column, what it holds and what is allowed."""
    browser = Browser(ADMIN)
    browser.get("/staff/people")
    assert upload(browser, TABLE.replace("handler", "king").encode()) == 422
    assert "king" in browser.body
    assert "部门主管" in browser.body
    assert StaffDirectory.from_env().find("zhou") is None


def test_the_command_enters_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Dry run, run, run again; one JSON object a line."""
    enter(HANDLER, ADMIN)
    file = tmp_path / "people.csv"
    file.write_text(TABLE, encoding="gbk")
    assert main(["staff", "import", str(file), "--dry-run"]) == 0
    planned = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["username"], one["action"]) for one in planned] == [
        ("admin", "left_out"),
        ("zhou", "added"),
        ("han", "changed"),
    ]
    assert StaffDirectory.from_env().find("zhou") is None
    assert main(["staff", "import", str(file)]) == 0
    done = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert done[1]["password"]
    assert "password" not in done[2]
    assert StaffDirectory.from_env().find("zhou")
    assert main(["staff", "import", str(file)]) == 0
    assert "added" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "status"), [("username,roles\nhan,king\n", 1), ("", 2), (None, 2)]
)
def test_the_command_says_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, status: int
) -> None:
    """On standard error; nothing on standard output."""
    enter(HANDLER, ADMIN)
    file = tmp_path / "people.csv"
    if content is not None:
        file.write_text(content)
    assert main(["staff", "import", str(file)]) == status
    said = capsys.readouterr()
    assert said.err
    assert not said.out


def test_the_page_of_a_complaint_opens_after_a_hand_over() -> None:
    """The history names both."""
    enter(HANDLER, COLLEAGUE)
    number = taken_by("han").complaint_id
    ladder.hand_over(number, "han", COLLEAGUE, staff=ADMIN)
    browser = Browser(QUALITY)
    assert browser.get(page(number)) == 200
    assert "移交接手" in browser.body
