"""A complainant with a phone in the hand."""

import re
from pathlib import Path

import pytest

from tests.browser.conftest import PHONE, Open, Window
from tests.doors import T_ZH

pytestmark = pytest.mark.browser
FORM = "form[action='/complain']"
COMPLAINT = {
    "text": "三号楼前台态度恶劣，打电话也不耐烦，老人来问事被晾了半小时。",
    "demand": "请道歉并说明如何改进",
    "occurred_on": "2026-11-01",
    "place": "三号楼前台",
}


def wait_as_people_do(window: Window) -> None:
    """Let the seconds pass in which only a robot would send the form."""
    window.wait(
        lambda: window.driver.execute_script(
            "return Date.parse(document.querySelector('[name=asked_at]').value) + 4500 < Date.now()"
        )
    )


def complain_with(window: Window, **more: str) -> str:
    """Fill in the form from the first page on; return the path of the tracking page."""
    window.open("/")
    window.press("a.action-first")
    window.fill(FORM, **{**COMPLAINT, **more})
    wait_as_people_do(window)
    window.submit(FORM)
    found = re.search(r"/track/[^/]+/[^/?]+", window.driver.current_url)
    assert found, window.text
    return found[0]


def test_a_complaint_is_sent_with_a_photo_tracked_and_added_to(window: Open, photo: Path) -> None:
    """From the first page to a note, on a window of a phone."""
    phone = window(PHONE)
    phone.open("/")
    phone.shoot("phone-1-home")
    path = complain_with(phone, phone="13800000021", name="李娜")
    phone.shoot("phone-2-registered")
    number = path.split("/")[2]
    assert number in phone.text
    phone.find("#file").send_keys(str(photo))
    phone.press("form[enctype] button")
    assert T_ZH("evidence.sent") in phone.text
    phone.wait_on(f"{path}/evidence", "ul.files")
    assert "现场照片.png" in phone.text
    phone.shoot("phone-3-evidence")

    phone.open("/track")
    phone.shoot("phone-4-lookup")
    phone.submit("form[action='/track']", number=number.lower(), code=path.split("/")[3])
    assert phone.driver.current_url.endswith(path)
    phone.find("form[action$='/note']").find_element("xpath", "./ancestor::details").click()
    phone.submit("form[action$='/note']", text="补充：当时有两位邻居在场。")
    assert T_ZH("track.thanks.note") in phone.text
    assert T_ZH("history.contact_added") in phone.text
    phone.shoot("phone-5-track")


def test_what_is_missing_is_said_beside_the_field(window: Open) -> None:
    """Nothing typed is lost, and the list above leads to each field."""
    phone = window(PHONE)
    phone.expected = {422}
    phone.open("/complain")
    phone.shoot("phone-6-form")
    wait_as_people_do(phone)
    phone.submit(FORM, text=COMPLAINT["text"])
    assert phone.has("#errors")
    assert phone.find("#text").get_attribute("value") == COMPLAINT["text"]
    assert phone.has("#demand-error")
    phone.shoot("phone-7-missing")


def test_the_pages_speak_english_too(window: Open) -> None:
    """One press switches, and the choice stays for the next page."""
    phone = window(PHONE)
    phone.open("/")
    phone.press("nav.languages a[lang=en]")
    phone.press("a.action-first")
    assert phone.find("html").get_attribute("lang") == "en"
    phone.shoot("phone-8-english")
