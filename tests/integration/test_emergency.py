"""The emergency path on the tables: found at once, told at once, answered, withdrawn."""

from datetime import timedelta

import pytest

from complaints.aws import runtime
from complaints.aws.desk import intake, line, merging
from complaints.aws.directory import StaffDirectory
from complaints.aws.repository import ComplaintRepository
from complaints.emergency import clock_of
from complaints.models import Assessment, Channel, Contact, Dossier, Role, Staff, Status, Urgency
from functions.check_sla.handler import handler as check_sla
from functions.classify.handler import handler as classify
from tests.builders import HANDLER, HEAD, LI, MANAGER, QUALITY, STAFF, assessed, received
from tests.kept import keep, mailed_to, mails, set_clock, words_of
from tests.staff_browser import AUDITOR, Browser, closed, page

pytestmark = pytest.mark.usefixtures("tables")
FIRE = "前台态度恶劣，不耐烦，服务态度差。说要同归于尽！"
CALLED = Staff(
    username="zhi", name="值", email="zhi@example.com", roles=(Role.HANDLER,), department="finance",
    on_call=True,
)  # fmt: skip
TOLD = {HEAD.email, QUALITY.email, MANAGER.email, CALLED.email}


@pytest.fixture(autouse=True)
def _staff(tables: None) -> None:
    """Enter the people of the builders into the directory, and somebody on call."""
    del tables
    for member in (*STAFF, CALLED):
        StaffDirectory.from_env().put(member)


def calm() -> Dossier:
    """Store an assessed complaint that is no emergency, received a minute ago."""
    start = received(at=runtime.now() - timedelta(minutes=1))
    keep(start, assessed(start, minutes=0))
    return stored()


def burning() -> Dossier:
    """Store a complaint about a fire, found to be an emergency by its assessment."""
    keep(received(FIRE, at=runtime.now()))
    run_classify()
    return stored()


def run_classify() -> None:
    """Let the workflow's second step run."""
    number = received().complaint.complaint_id
    classify({"complaint_id": number, "task_token": ""}, None)


def stored() -> Dossier:
    """Return the complaint as it is now."""
    return ComplaintRepository.from_env().dossier(received().complaint.complaint_id)


def said(text: str, by: str = "complainant", contact_id: str = "note-2") -> Contact:
    """Return something that was added."""
    return Contact(
        contact_id=contact_id, channel=Channel.WEB, received_at=runtime.now(), by=by, text=text
    )


# ---- found ---------------------------------------------------------------------------------


def test_words_of_the_complaint_ring_the_alarm_with_the_assessment() -> None:
    """B7: the limit is an hour from receipt; whoever the policy names and is on call is mailed."""
    dossier = burning()
    clock = clock_of(dossier.complaint)
    assert clock
    assert clock.due_at - dossier.complaint.received_at == timedelta(hours=1)
    assert dossier.complaint.emergency_at
    assert set(mailed_to()) == TOLD
    assert dossier.entries[-1].action == "emergency_found"


def test_a_repeat_of_the_step_tells_nobody_twice() -> None:
    """The workflow may run a step again; the alarm rang once."""
    burning()
    before = mailed_to()
    run_classify()
    assert mailed_to() == before


def test_a_step_that_stopped_half_way_still_rings() -> None:
    """Assessed, but the alarm was not saved: the step's repeat rings it."""
    start = received(FIRE)
    keep(start, assessed(start))
    assert not stored().complaint.emergency_at
    run_classify()
    assert stored().complaint.emergency_at


def test_the_alarm_names_nobody() -> None:
    """Number and link; neither who complains nor of what."""
    burning()
    for mail in mails():
        text = f"{mail.items()} {words_of(mail)}"
        assert page(stored().complaint.complaint_id) in text
        for secret in (LI.name, LI.email, "同归于尽", stored().complaint.tracking_code):
            assert secret not in text


def test_what_is_added_later_rings_it_once() -> None:
    """A mail or note with such words starts the clock from that contact; twice the same is one."""
    number = calm().complaint.complaint_id
    contact = said("再不处理我就跳楼")
    intake.add(number, contact)
    clock = clock_of(stored().complaint)
    assert clock
    assert clock.started_at == contact.received_at
    intake.add(number, contact)
    assert len([one for one in stored().entries if one.action == "emergency_found"]) == 1
    assert sorted(mailed_to()) == sorted(TOLD)


def test_calm_words_ring_nothing() -> None:
    """A note as any other is only news."""
    intake.add(calm().complaint.complaint_id, said("请尽快回复"))
    assert stored().complaint.emergency_at is None
    assert mails() == []


def test_who_corrects_to_urgent_starts_the_path() -> None:
    """002 3.2.1: confirmed as urgent is the start; another correction is none."""
    number = calm().complaint.complaint_id
    urgent = Assessment(type="A", urgency=Urgency.URGENT)
    line.correct(number, urgent, "service", staff=HEAD)
    assert clock_of(stored().complaint)
    before = len(mails())
    line.correct(number, urgent.replace(type="B"), "service", staff=HEAD)
    assert len(mails()) == before


# ---- handled by the pages ------------------------------------------------------------------


def test_an_emergency_is_handled_by_the_pages() -> None:
    """First response, a measure, news: each on record, and told as it happens (C4)."""
    number = burning().complaint.complaint_id
    browser = Browser(HANDLER)
    browser.get("/staff")
    assert "紧急事件" in browser.body
    for task, fields in (
        ("emergency-response", {"apology_way": "phone", "apology": "已致歉，消防已出动。"}),
        ("emergency-step", {"measure": "suspend_service", "measure_words": "三楼停用。"}),
        ("emergency-step", {"measure": "progress", "measure_words": "火已扑灭。"}),
    ):
        before = len(mails())
        browser.get(page(number))
        assert browser.post(f"{page(number)}/{task}", **fields) == 303
        assert {str(mail["To"]) for mail in mails()[before:]} == TOLD
    dossier = stored()
    assert clock_of(dossier.complaint) is None
    assert dossier.complaint.contacted_at
    kinds = {step.kind for step in dossier.emergency_steps}
    assert kinds == {"response", "suspend_service", "progress"}
    browser.get(page(number))
    assert "火已扑灭" in browser.body


def test_a_double_click_is_one_step() -> None:
    """The same form twice is recorded and told once."""
    number = burning().complaint.complaint_id
    browser = Browser(CALLED)
    browser.get(page(number))
    form, before = browser.body, len(mails())
    for _ in range(2):
        browser.body = form
        fields = {"measure": "other", "measure_words": "已疏散"}
        assert browser.post(f"{page(number)}/emergency-step", **fields) == 303
    assert len(stored().emergency_steps) == 1
    assert len(mails()) == before + len(TOLD)


def test_a_response_by_letter_goes_to_the_complainant() -> None:
    """The words that staff wrote stand in the letter."""
    number = burning().complaint.complaint_id
    browser = Browser(QUALITY)
    browser.get(page(number))
    fields = {"apology_way": "letter", "apology": "消防已到，请先撤离。"}
    assert browser.post(f"{page(number)}/emergency-response", **fields) == 303
    (letter,) = [mail for mail in mails() if mail["To"] == LI.email]
    assert "消防已到" in words_of(letter)


def test_a_false_alarm_is_withdrawn_by_the_quality_office() -> None:
    """With a reason, on record; a note that says so rings no new alarm."""
    number = burning().complaint.complaint_id
    forged = Browser(HEAD)
    forged.get(page(number))
    reason = {"withdraw_reason": "经核实没有着火"}
    assert forged.post(f"{page(number)}/emergency-withdraw", **reason) == 403
    browser = Browser(QUALITY)
    browser.get(page(number))
    assert browser.post(f"{page(number)}/emergency-withdraw", **reason) == 303
    intake.add(number, said("现场没有着火", by=HANDLER.username))
    complaint = stored().complaint
    assert complaint.emergency_at is None
    assert clock_of(complaint) is None
    assert stored().entries[-2].action == "emergency_withdrawn"


def test_anybody_who_acts_may_declare_one() -> None:
    """With a reason; who only reads may not."""
    number = calm().complaint.complaint_id
    for staff, status in ((AUDITOR, 403), (HANDLER, 303)):
        browser = Browser(staff)
        browser.get(page(number))
        if staff is AUDITOR:
            assert "alarm_reason" not in browser.body
            browser.get("/staff")
        browser.body += '<input type="hidden" name="form_id" value="0123456789abcdef">'
        found = browser.post(f"{page(number)}/emergency", alarm_reason="老人昏倒")
        assert found == status
    assert stored().complaint.emergency_at


def test_who_is_on_call_opens_it_and_nobody_else_of_another_department() -> None:
    """A colleague elsewhere sees nothing; the one on call does, while it is an emergency."""
    number = burning().complaint.complaint_id
    other = CALLED.replace(username="bie", on_call=False)
    assert Browser(CALLED).get(page(number)) == 200
    assert Browser(other).get(page(number)) == 404


def test_unanswered_it_climbs_the_ladder(monkeypatch: pytest.MonkeyPatch) -> None:
    """As every clock does: reminded, then escalated rung by rung (E3)."""
    clock = clock_of(burning().complaint)
    assert clock
    set_clock(monkeypatch, clock.due_at + timedelta(minutes=1))
    for _ in range(4):  # one thing is done at a time: the workflow healed, other limits
        check_sla({}, None)
    told = [one for one in stored().entries if one.facts.get("clock") == "emergency"]
    assert [one.action for one in told] == ["reminded", "escalated"]


# ---- its place -----------------------------------------------------------------------------


def test_an_unanswered_emergency_stands_first_in_its_queue() -> None:
    """Before what is due earlier: the index itself is sorted so."""
    burning()
    old = received(n=2, at=runtime.now() - timedelta(days=30))
    keep(old, assessed(old))
    rows, _ = ComplaintRepository.from_env().in_queue("service")
    assert rows[0].emergency_at


def test_words_in_a_merged_complaint_ring_where_the_matter_is_handled() -> None:
    """The complaint that it is counted with becomes the emergency: there people look."""
    number = calm().complaint.complaint_id
    main = received(n=2, at=runtime.now())
    keep(main, assessed(main, minutes=0))
    merging.merge(number, main.complaint.complaint_id, staff=QUALITY)
    intake.add(number, said("再不处理我就跳楼"))
    assert clock_of(ComplaintRepository.from_env().get(main.complaint.complaint_id))
    assert stored().complaint.emergency_at is None


def test_it_rings_for_a_closed_complaint_too() -> None:
    """Words that come after closure lie on top of the quality office's queue."""
    number = closed().complaint_id
    intake.add(number, said("我要同归于尽"))
    complaint = ComplaintRepository.from_env().get(number)
    assert complaint.status is Status.CLOSED
    assert clock_of(complaint)
    rows, _ = ComplaintRepository.from_env().in_queue("quality_office")
    assert [row.complaint_id for row in rows] == [number]
