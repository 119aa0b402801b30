"""Staff at their desks and the complainant on the phone: one complaint through all its stages."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from infra.local.accounts import PASSWORD
from infra.local.machine import Machine
from tests.browser.conftest import PHONE, Open, Window
from tests.browser.test_complainant import complain_with
from tests.doors import FINDING, GAP, T_ZH, letter

pytestmark = pytest.mark.browser


def task(number: str, name: str) -> str:
    """Return the selector of the form of a task."""
    return f"form[action='/staff/complaints/{number}/{name}']"


def unfold(window: Window, form: str) -> None:
    """Open the folded part in which a form is."""
    window.find(form).find_element("xpath", "./ancestor::details").click()


def do(window: Window, number: str, name: str, **typed: str) -> None:
    """Open a complaint, fill in the form of a task and send it; it is taken."""
    window.wait_on(f"/staff/complaints/{number}", task(number, name))
    if not window.find(task(number, name)).is_displayed():
        unfold(window, task(number, name))
    window.submit(task(number, name), **typed)
    assert T_ZH(f"staff.done.{name}") in window.text


def forge(window: Window, number: str, name: str, **fields: str) -> None:
    """Send a form that the page does not offer, with the marks of the session."""
    before = window.find("html").id
    window.driver.execute_script(
        """const form = document.createElement("form");
        form.method = "post"; form.action = arguments[0];
        const marks = document.querySelector("form[action$='/note']");
        const all = {...arguments[1]};
        for (const name of ["csrf", "seen", "form_id"]) all[name] = marks.elements[name].value;
        for (const [name, value] of Object.entries(all)) {
          const field = document.createElement("input");
          field.name = name; field.value = value; form.append(field);
        }
        document.body.append(form); form.submit();""",
        f"/staff/complaints/{number}/{name}",
        fields,
    )
    window.wait(lambda: window.find("html").id != before)


def test_two_people_and_the_complainant_bring_it_to_its_end(machine: Machine, window: Open) -> None:
    """Investigated, refused to the investigator, approved, refused, approved again, closed."""
    phone, desk, head = window(PHONE), window(), window()
    path = complain_with(phone, phone="13800000022", email="browser@example.com")
    number = path.split("/")[2]

    desk.open("/staff")
    desk.shoot("desk-1-sign-in")
    desk.sign_in("handler.li")
    desk.wait_on("/staff", f"a[href='/staff/complaints/{number}']")
    desk.shoot("desk-2-mine")
    desk.press(f"a[href='/staff/complaints/{number}']")
    desk.shoot("desk-3-complaint")
    do(desk, number, "record", record_kind="document", record_words="调取了录音。")
    do(desk, number, "investigate", **FINDING)
    desk.shoot("desk-4-submitted")
    assert not desk.has(task(number, "decide"))
    desk.expected = {403}
    forge(desk, number, "decide", decision="approve")
    assert T_ZH("error.own_investigation") in desk.text
    desk.shoot("desk-5-refused")

    head.sign_in("head.wang")
    assert head.has(f"a[href='/staff/complaints/{number}']")
    head.wait_on(f"/staff/complaints/{number}", task(number, "decide"))
    head.shoot("desk-6-decide")
    do(head, number, "decide", decision="approve")
    letter(machine, "browser@example.com", "notice")

    phone.open(path)
    phone.shoot("phone-9-reply")
    phone.find("details.fold").click()
    phone.fill("details form[action$='/answer']", words="道歉不够，请说明处分。")
    phone.press("button[value=refused]")
    assert T_ZH("track.again") in phone.text
    phone.shoot("phone-10-refused")
    do(desk, number, "investigate", reply="当事人已调离前台，我们再次向您致歉。")
    do(head, number, "decide", decision="approve")
    phone.open(path)
    phone.press("button[value=accepted]")
    assert T_ZH("track.accepted") in phone.text
    desk.open(f"/staff/complaints/{number}")
    desk.shoot("desk-7-phone")
    do(desk, number, "phone", outcome="accepted", words="可以，谢谢。")
    phone.open(path)
    phone.shoot("phone-11-survey")
    phone.submit(
        "form[action$='/survey']", satisfaction="4", satisfied="yes", words="后来处理得不错"
    )
    phone.wait_on(path, ".intro .pill-green")
    assert T_ZH("status.closed") in phone.text
    phone.shoot("phone-12-closed")
    desk.open(f"/staff/complaints/{number}")
    desk.shoot("desk-8-closed")


def look(window: Window, number: str) -> None:
    """Open a complaint once it is assessed."""
    window.wait_on(f"/staff/complaints/{number}", task(number, "assess"))


def beginning(text_id: str) -> str:
    """Return the words of a sentence up to the first value that it names."""
    gaps = dict.fromkeys(("at", "weekday", "count", "who"), GAP)
    return T_ZH(text_id, **gaps).partition(GAP)[0]


def test_a_limit_shows_how_it_was_counted(window: Open) -> None:
    """On one press: from when, how long, until when; the end is the one that is shown above."""
    phone, desk = window(PHONE), window()
    number = complain_with(phone, phone="13800000025").split("/")[2]
    desk.sign_in("handler.li")
    look(desk, number)
    card = desk.find("#limits")
    assert T_ZH("clock.stage") in card.text
    assert beginning("arithmetic.start") not in card.text
    card.find_element("css selector", "summary").click()
    due = card.find_element("css selector", "time").get_attribute("datetime")
    assert due
    local = datetime.fromisoformat(due).astimezone(ZoneInfo("Asia/Shanghai"))
    lines = [one.text for one in card.find_elements("css selector", "li")]
    assert lines[0].startswith(beginning("arithmetic.start"))
    assert lines[-1].startswith(f"{beginning('arithmetic.end')}{local:%Y-%m-%d %H:%M:%S}")
    assert T_ZH("arithmetic.minutes", count=1440) in lines
    desk.shoot("desk-13-limits")


def test_a_major_complaint_shows_its_proof(window: Open) -> None:
    """The criterion and the words that it was found by; an ordinary complaint has no such card."""
    phone, desk = window(PHONE), window()
    ordinary = complain_with(phone, phone="13800000026").split("/")[2]
    major = complain_with(phone, phone="13800000027", text="前台骂人，还动手打人。").split("/")[2]
    desk.sign_in("quality.liu")
    look(desk, major)
    assert T_ZH("staff.severity.major") in desk.find(".intro").text
    [card] = [
        one.text
        for one in desk.driver.find_elements("css selector", "section.card")
        if T_ZH("staff.proof") in one.text.splitlines()[0]
    ]
    assert "辱骂或殴打" in card
    assert T_ZH("staff.proof.proposed") in card
    assert "骂人" in card
    desk.shoot("desk-14-proof")
    look(desk, ordinary)
    assert T_ZH("staff.proof") not in desk.text
    assert T_ZH("staff.proof.so_far") not in desk.text


def test_the_page_says_what_still_keeps_a_complaint_open(window: Open) -> None:
    """From the approval on: each condition for closing, what is to be done for it and by whom."""
    phone, desk, head = window(PHONE), window(), window()
    number = complain_with(phone, phone="13800000028").split("/")[2]
    desk.sign_in("handler.li")
    do(desk, number, "record", record_kind="document", record_words="调取了录音。")
    do(desk, number, "investigate", **FINDING)
    assert not desk.has("#gates")
    assert T_ZH("staff.now.waits", who="服务部") in desk.text
    head.sign_in("head.wang")
    look(head, number)
    assert T_ZH("staff.now.decide") in head.text
    do(head, number, "decide", decision="approve")
    desk.wait_on(f"/staff/complaints/{number}", task(number, "phone"))
    assert T_ZH("staff.now.phone") in desk.text
    gates = desk.find("#gates")
    assert gates.text.splitlines()[0] == T_ZH("staff.gates")
    for gate in ("phoned", "satisfied"):
        [shown] = [
            one.text
            for one in gates.find_elements("css selector", "article")
            if T_ZH(f"gate.{gate}") in one.text
        ]
        assert T_ZH("staff.gate.shut") in shown
        assert T_ZH(f"gate.todo.{gate}") in shown
    desk.shoot("desk-15-gates")


def test_a_tool_that_was_refused_stays_open(window: Open) -> None:
    """What is missing stands beside the field and on top; what was typed is still there."""
    phone, desk = window(PHONE), window()
    number = complain_with(phone, phone="13800000029").split("/")[2]
    desk.sign_in("handler.li")
    look(desk, number)
    desk.expected = {422}
    form = task(number, "dispute")
    unfold(desk, form)
    desk.submit(form, dispute_words="双方对收费有争议")
    assert T_ZH("staff.dispute_way") in desk.find("#errors").text
    assert desk.find("#dispute_institution-error").is_displayed()
    assert desk.find("#dispute_words").get_attribute("value") == "双方对收费有争议"
    assert not desk.find(task(number, "note")).is_displayed()
    desk.shoot("desk-16-refused-tool")


def test_what_was_typed_when_the_session_ended_is_not_lost(window: Open) -> None:
    """The sign-in page keeps the form; after signing in it is sent with one more press."""
    phone, desk = window(PHONE), window()
    number = complain_with(phone, phone="13800000024").split("/")[2]
    desk.sign_in("handler.li")
    desk.wait_on(f"/staff/complaints/{number}", task(number, "note"))
    unfold(desk, task(number, "note"))
    desk.fill(task(number, "note"), text="已电话联系，约好明天见面。")
    desk.driver.delete_all_cookies()
    desk.expected = {401}
    desk.press(f"{task(number, 'note')} button")
    assert T_ZH("staff.sign_in.kept") in desk.text
    desk.shoot("desk-11-session-over")
    form = "form[action='/staff/sign-in']"
    desk.submit(form, username="handler.li", password=PASSWORD)
    assert T_ZH("staff.resend.lead") in desk.text
    assert "已电话联系，约好明天见面。" in desk.text
    desk.shoot("desk-12-resend")
    desk.press(f"{task(number, 'note')} button")
    assert T_ZH("staff.done.note") in desk.text
    assert "已电话联系，约好明天见面。" in desk.text


def test_the_other_staff_pages_open_and_fit(window: Open) -> None:
    """Lists, registration, quarantine, reports, archive, people: each for whoever may."""
    for username, names in (
        ("quality.liu", ("complaints", "register", "quarantine", "reports", "archive")),
        ("admin", ("people",)),
    ):
        desk = window()
        desk.sign_in(username)
        for name in names:
            desk.open(f"/staff/{name}")
            assert desk.has(f"a[href='/staff/{name}'][aria-current=page]"), desk.text
            desk.shoot(f"desk-9-{name}")


def test_staff_write_down_what_was_told_on_the_phone(window: Open) -> None:
    """Number and code are shown at once, to be read out."""
    desk = window()
    desk.sign_in("intake.chen")
    desk.open("/staff/register")
    desk.submit(
        "form[action='/staff/register']",
        channel="phone",
        text="来电反映：前台态度恶劣。",
        demand="请道歉",
        occurred_on="2026-11-01",
        name="赵敏",
        phone="13800000023",
    )
    assert T_ZH("staff.registered") in desk.text
    assert len(desk.find("section.card").find_elements("css selector", ".code")) == 2
    desk.shoot("desk-10-registered")


def test_the_console_fits_a_phone(window: Open) -> None:
    """Nothing is wider than the window, and tables become cards."""
    phone = window(PHONE)
    phone.sign_in("quality.liu")
    for name in ("", "/complaints", "/reports"):
        phone.open(f"/staff{name}")
        phone.shoot(f"phone-13-staff{name.replace('/', '-')}")
