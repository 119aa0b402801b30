"""Staff at their desks and the complainant on the phone: one complaint through all its stages."""

import pytest

from infra.local.accounts import PASSWORD
from infra.local.machine import Machine
from tests.browser.conftest import PHONE, Open, Window
from tests.browser.test_complainant import complain_with
from tests.doors import FINDING, T_ZH, letter

pytestmark = pytest.mark.browser


def task(number: str, name: str) -> str:
    """Return the selector of the form of a task."""
    return f"form[action='/staff/complaints/{number}/{name}']"


def do(window: Window, number: str, name: str, **typed: str) -> None:
    """Open a complaint, fill in the form of a task and send it; it is taken."""
    window.wait_on(f"/staff/complaints/{number}", task(number, name))
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


def test_what_was_typed_when_the_session_ended_is_not_lost(window: Open) -> None:
    """The sign-in page keeps the form; after signing in it is sent with one more press."""
    phone, desk = window(PHONE), window()
    number = complain_with(phone, phone="13800000024").split("/")[2]
    desk.sign_in("handler.li")
    desk.wait_on(f"/staff/complaints/{number}", task(number, "note"))
    desk.find(task(number, "note")).find_element("xpath", "./ancestor::details").click()
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
