"""The office words its letters, and staff see one before it goes."""

import pytest

from infra.local.machine import Machine
from tests.browser.conftest import PHONE, Open
from tests.browser.test_staff import task, unfold
from tests.doors import T_ZH, Visitor, complain, letter, words

pytestmark = pytest.mark.browser
FORM = "#wording"
NOTE = "您可以到一楼服务台找我们，每天八点到二十点都有人。"


def test_the_office_changes_a_letter_and_goes_back(machine: Machine, window: Open) -> None:
    """Seen before it is saved, refused with what is wrong, used by the next letter, taken back."""
    desk = window()
    desk.sign_in("quality.liu")
    desk.open("/staff/letters")
    assert T_ZH("staff.menu.letters") in desk.find("h1").text
    desk.shoot("desk-40-letters")
    address = "/staff/letters/letter.acknowledgement/zh_CN"
    desk.wait_on(address, FORM)
    original = desk.find("#body").get_attribute("value") or ""
    desk.fill(FORM, body=original.replace("{link}", "{lnik}"))
    desk.expected = {422}
    desk.press(f"{FORM} [value=save]")
    assert "{lnik}" in desk.find(f"{FORM} .error").text
    desk.shoot("desk-41-letter-refused")
    desk.fill(FORM, body=f"{original}\n\n{NOTE}")
    desk.press(f"{FORM} [value=preview]")
    assert NOTE in desk.find("#preview .letter").text
    desk.shoot("desk-42-letter-preview")
    desk.press(f"{FORM} [value=save]")
    assert T_ZH("staff.done.wording") in desk.text
    complain(Visitor(site=machine.site_url), email="wording@example.com", name="王秀英")
    assert NOTE in words(letter(machine, "wording@example.com", "acknowledgement"))

    phone = window(PHONE)
    phone.sign_in("quality.liu")
    phone.open(address)
    phone.shoot("phone-42-letter")
    width = phone.driver.execute_script("return document.documentElement.scrollWidth")
    assert width <= PHONE[0]
    phone.press(f"{FORM} [value=restore]")
    assert NOTE not in phone.find("#preview .letter").text


def test_a_progress_letter_is_seen_before_it_goes(machine: Machine, window: Open) -> None:
    """The button shows it in place, and what was typed stays to be sent."""
    number = complain(
        Visitor(site=machine.site_url), email="preview@example.com", name="赵强"
    ).number
    phone = window(PHONE)
    phone.sign_in("handler.li")
    form = task(number, "progress")
    phone.wait_on(f"/staff/complaints/{number}", form)
    unfold(phone, form)
    phone.fill(form, progress_words="配件明天到，请再等一天。")
    phone.press(f"{form} [name=preview]")
    assert "配件明天到，请再等一天。" in phone.find("#preview .letter").text
    assert T_ZH("staff.preview.lead") in phone.text
    phone.shoot("phone-43-progress-preview")
    phone.submit(form)
    sent = words(letter(machine, "preview@example.com", "progress"))
    assert "配件明天到，请再等一天。" in sent
