"""Escalation on the table and on the pages: told, on record, acknowledged, and never silenced."""

from datetime import date, datetime, timedelta

import boto3
import pytest

from complaints.aws import runtime, sweeps
from complaints.aws.desk import ladder, line
from complaints.aws.directory import StaffDirectory
from complaints.aws.repository import ComplaintRepository
from complaints.clocks import start_clock, with_clock
from complaints.lifecycle import InvalidInputError, NotAllowedError
from complaints.models import Absence, Complaint, Dossier, Role, Staff, Status
from complaints.policy import Limit
from functions.check_sla.handler import handler
from tests.builders import (
    AT,
    HANDLER,
    HEAD,
    MANAGER,
    OFFICE,
    OTHER_HEAD,
    QUALITY,
    STAFF,
    assessed,
    received,
)
from tests.kept import begun, keep, mailed_to, mails, refuse, set_clock, words_of
from tests.staff_browser import ADMIN, Browser, page, registered

pytestmark = pytest.mark.usefixtures("tables")
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _staff(tables: None) -> None:
    """Enter the people of the builders into the directory."""
    del tables
    for member in STAFF:
        StaffDirectory.from_env().put(member)


def waiting() -> Complaint:
    """Store an assessed complaint whose department is being asked."""
    start = received()
    return begun(keep(start, assessed(start)), "token")


def dossier(complaint: Complaint) -> Dossier:
    """Return the whole file as it is now."""
    return ComplaintRepository.from_env().dossier(complaint.complaint_id)


def climb(monkeypatch: pytest.MonkeyPatch, complaint: Complaint) -> datetime:
    """Let the next step of the stage's clock be taken; return when."""
    clock = dossier(complaint).complaint.clock
    assert clock
    set_clock(monkeypatch, clock.next_at)
    handler({}, None)
    return clock.next_at


def test_each_step_is_saved_with_its_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was told what about which limit, in the transaction that counts the step."""
    complaint = waiting()
    for _ in range(2):
        climb(monkeypatch, complaint)
    reminder, escalation = dossier(complaint).notices
    assert (reminder.step, reminder.to, reminder.people) == (1, "handler", ("han",))
    assert (escalation.step, escalation.to, escalation.people) == (2, "department_head", ("he",))
    assert escalation.due_at == complaint.clock.due_at if complaint.clock else None
    told = ComplaintRepository.from_env().told("he")
    assert [(one.complaint_id, notice) for one, notice in told] == [
        (complaint.complaint_id, escalation)
    ]


def test_not_acknowledging_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Acknowledged or not, the next rung is told; who acknowledged has it no more on the list."""
    complaint = waiting()
    climb(monkeypatch, complaint)
    ladder.acknowledge(complaint.complaint_id, staff=HANDLER)
    assert ComplaintRepository.from_env().told("han") == []
    assert dossier(complaint).notices[0].acknowledged_by == "han"
    assert dossier(complaint).entries[-1].action == "acknowledged"
    with pytest.raises(NotAllowedError):
        ladder.acknowledge(complaint.complaint_id, staff=HANDLER)
    for rung in (HEAD, QUALITY, MANAGER):
        climb(monkeypatch, complaint)
        assert mailed_to()[-1] == rung.email


def test_passing_on_tells_the_other_person(monkeypatch: pytest.MonkeyPatch) -> None:
    """By mail and on the list; the first one is rid of it, and the history says who has it."""
    complaint = waiting()
    climb(monkeypatch, complaint)
    ladder.pass_on(complaint.complaint_id, QUALITY, staff=HANDLER)
    assert mailed_to()[-1] == QUALITY.email
    assert ComplaintRepository.from_env().told("han") == []
    ((waits, _),) = ComplaintRepository.from_env().told("qiu")
    assert waits.complaint_id == complaint.complaint_id
    entry = dossier(complaint).entries[-1]
    assert (entry.action, entry.facts["person"]) == ("passed_on", "qiu")
    away = HEAD.replace(absences=(Absence(first=date(2026, 1, 1), last=date(2027, 1, 1)),))
    for nobody in (away, QUALITY, HANDLER.replace(username="x", email="")):
        with pytest.raises(InvalidInputError):
            ladder.pass_on(complaint.complaint_id, nobody, staff=QUALITY)


def test_by_hand_the_next_rung_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """C7: the reason is kept, the mail goes out, and the clock goes on with the rung above."""
    complaint = waiting()
    set_clock(monkeypatch, AT + MINUTE)
    for _ in range(2):
        ladder.escalate(complaint.complaint_id, "本部门无权决定", once="0" * 16, staff=HANDLER)
    assert mailed_to() == [HEAD.email], "a double click is one rung"
    assert "上报" in str(mails()[-1]["Subject"])
    assert "本部门无权决定" not in words_of(mails()[-1])
    notice = dossier(complaint).notices[0]
    assert (notice.by, notice.reason, notice.step) == ("han", "本部门无权决定", 2)
    listed = ComplaintRepository.from_env().told(HEAD.username)
    assert [one.reason for _, one in listed] == [""], "what lies in a list lies in plain"
    climb(monkeypatch, complaint)
    assert mailed_to() == [HEAD.email, QUALITY.email]
    after = dossier(complaint)
    assert after.complaint.overdue == 1
    assert [one.step for one in after.notices] == [2, 3]


def test_a_letter_names_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock beside the stage says which it is, in words."""
    complaint = waiting()
    clock = start_clock(
        Limit(minutes=60),
        started_at=AT,
        at=AT,
        policy=OFFICE.policy,
        zone=OFFICE.zone,
        what="emergency",
    )
    running = complaint.replace(**with_clock(complaint, clock))
    ComplaintRepository.from_env().look_later(running, None)
    on_call = OTHER_HEAD.replace(on_call=True)
    StaffDirectory.from_env().put(on_call)
    set_clock(monkeypatch, clock.next_at)
    handler({}, None)
    assert set(mailed_to()) == {HANDLER.email, on_call.email}
    assert "紧急情况首次响应" in words_of(mails()[0])
    assert "10:00" in words_of(mails()[0])


def test_an_investigator_who_left_is_told_to_the_head(monkeypatch: pytest.MonkeyPatch) -> None:
    """The letter says so, and asks for another one."""
    complaint = waiting()
    line.assign(complaint.complaint_id, "han", staff=HEAD)
    StaffDirectory.from_env().put(HANDLER.replace(left_on=date(2026, 11, 19)))
    climb(monkeypatch, complaint)
    assert mailed_to() == [HEAD.email]
    assert "离职" in words_of(mails()[0])
    assert dossier(complaint).notices[0].instead_of == "han"


def test_a_workflow_that_can_not_move_silences_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Healing fails each time; the limits are told all the same."""
    start = received()
    complaint = keep(start, assessed(start))
    refuse("stepfunctions", "StartExecution", "ServiceUnavailable", times=1000)
    assert complaint.clock
    set_clock(monkeypatch, complaint.clock.next_at)
    assert handler({}, None) == {"failed": 1}
    assert handler({}, None) == {"reminder": 1}


def test_nobody_at_all_is_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A step without anybody to tell is taken, on record, and rings an alarm."""
    complaint = waiting()
    for member in STAFF:
        StaffDirectory.from_env().put(member.replace(email=""))
    climb(monkeypatch, complaint)
    assert dossier(complaint).notices[0].people == ()
    assert "NobodyTold" in capsys.readouterr().out


def test_a_check_that_came_to_its_end_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Metric and note, on an empty table too; a run that broke off leaves neither."""
    set_clock(monkeypatch, AT)
    handler({}, None)
    assert "CheckEnded" in capsys.readouterr().out
    assert sweeps.silent_since(AT + 15 * MINUTE) is None
    assert sweeps.silent_since(AT + 16 * MINUTE) is not None

    def broken(*_: object) -> None:
        raise RuntimeError("the table is gone")

    monkeypatch.setattr(ComplaintRepository, "due_before", broken)
    set_clock(monkeypatch, AT + 20 * MINUTE)
    with pytest.raises(RuntimeError):
        handler({}, None)
    assert "CheckEnded" not in capsys.readouterr().out
    assert sweeps.silent_since(AT + 20 * MINUTE) is not None


@pytest.mark.parametrize(
    ("staff", "warned"), [(QUALITY, True), (ADMIN, True), (HANDLER, False), (MANAGER, False)]
)
def test_the_first_page_warns_when_the_check_has_stopped(staff: Staff, *, warned: bool) -> None:
    """Whoever can do something about it; and nobody while it runs, or before it ever ran."""
    browser = Browser(staff)
    assert browser.get("/staff") == 200
    assert "超过 15 分钟没有运行" not in browser.body
    sweeps.ended(runtime.now() - 16 * MINUTE)
    assert browser.get("/staff") == 200
    assert ("超过 15 分钟没有运行" in browser.body) is warned
    sweeps.ended(runtime.now())
    browser.get("/staff")
    assert "超过 15 分钟没有运行" not in browser.body


def test_the_pages_show_acknowledge_and_pass_on() -> None:
    """On the first page and on the complaint's, until somebody has said so."""
    number = registered().complaint_id
    handler_page = Browser(HANDLER)
    handler_page.get(page(number))
    assert handler_page.post(f"{page(number)}/escalate", why="") == 422
    assert handler_page.post(f"{page(number)}/escalate", why="无权减免费用") == 303
    head = Browser(HEAD)
    head.get("/staff")
    assert "等您确认" in head.body
    assert number in head.body
    head.get(page(number))
    assert "无权减免费用" in head.body
    assert "未确认" in head.body
    assert head.post(f"{page(number)}/pass-on", person="nobody") == 422
    assert head.post(f"{page(number)}/pass-on", person="qiu") == 303
    head.get("/staff")
    assert "等您确认" not in head.body
    quality = Browser(QUALITY)
    quality.get(page(number))
    assert quality.post(f"{page(number)}/acknowledge") == 303
    quality.get(page(number))
    assert "邱 已确认" in quality.body


def test_who_turns_out_to_be_complained_about_sees_no_notice() -> None:
    """I8: what was told before is off the first page."""
    number = registered().complaint_id
    ladder.escalate(number, "原因", once="0" * 16, staff=HANDLER)
    head = Browser(HEAD)
    head.get("/staff")
    assert "等您确认" in head.body
    barred = ComplaintRepository.from_env().get(number).replace(respondents=("he",))
    ComplaintRepository.from_env().look_later(barred, None)
    head.get("/staff")
    assert number not in head.body
    with pytest.raises(NotAllowedError):
        ladder.acknowledge(number, staff=HEAD)


def test_a_deputy_finds_and_does_the_work_of_the_absent() -> None:
    """What waits for the head of another department is on the list, and is accepted."""
    number = registered().complaint_id
    today = runtime.now().date()
    away = Absence(first=today - timedelta(days=1), last=today + timedelta(days=1))
    deputy = Browser(OTHER_HEAD)
    deputy.get("/staff")
    assert number not in deputy.body
    StaffDirectory.from_env().put(HEAD.replace(absences=(away,), deputy="fan"))
    deputy.get("/staff")
    assert number in deputy.body
    deputy.get(page(number))
    assert deputy.post(f"{page(number)}/assign", investigator="han") == 303
    head = ComplaintRepository.from_env().get(number)
    assert (head.investigator, head.status) == ("han", Status.ASSESSED)


def test_who_is_complained_about_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """I8: neither by the check nor by hand."""
    complaint = waiting()
    barred = complaint.replace(respondents=("he",))
    ComplaintRepository.from_env().look_later(barred, None)
    ladder.escalate(complaint.complaint_id, "原因", once="0" * 16, staff=HANDLER)
    for _ in range(3):
        climb(monkeypatch, complaint)
    assert HEAD.email not in mailed_to()
    assert QUALITY.email in mailed_to()


def test_rights_are_read_anew_with_every_request() -> None:
    """H5: a role taken away is gone at the next click; who has left is signed out."""
    number = registered().complaint_id
    browser = Browser(QUALITY)
    assert browser.get(page(number)) == 200
    directory = StaffDirectory.from_env()
    directory.put(QUALITY.replace(roles=(Role.HANDLER,), department="finance"))
    assert browser.get(page(number)) == 404
    directory.put(QUALITY.replace(left_on=date(2020, 1, 1)))
    assert browser.get("/staff") == 303
    assert "sign-in" in browser.headers["Location"]
    assert boto3.client("dynamodb").scan(TableName="SessionsTable")["Count"] == 1
