"""Mails that wait for a person, in a browser: nothing in them acts, and each is decided once."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import pytest
from selenium.webdriver.common.by import By

from complaints import web
from complaints.console.mails import FRAME_STYLE
from infra.local.machine import Machine
from tests.browser.conftest import PHONE, Open, Window
from tests.doors import T_ZH, Visitor, complain, letter, mail, post
from tests.unit.test_mail_html import PAYLOADS

pytestmark = pytest.mark.browser
LIST = "/staff/quarantine"
PAGE = '<link rel="icon" href="data:,"><iframe src="/frame"></iframe>'


class Site(NamedTuple):
    """A stranger's site: its address, and what was asked of it."""

    address: str
    asked: list[str]


@pytest.fixture
def stranger() -> Iterator[Site]:
    """Run a site that serves `/page`, with a frame of the worst there is, and counts all else."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            here = f"127.0.0.1:{server.server_port}"
            worst = "".join(PAYLOADS).replace("evil.example", here)
            answers = {
                "/page": web.html(PAGE, frames=True),
                "/frame": web.framed(f"<h1>read</h1>{worst}", FRAME_STYLE),
            }
            answer = answers.get(self.path)
            if answer is None:
                asked.append(self.path)
            self.send_response(200 if answer else 404)
            for name, value in (answer.headers if answer else {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(str(answer.body).encode() if answer else b"")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Site(f"http://127.0.0.1:{server.server_port}", asked)
    server.shutdown()
    server.server_close()


def go_to(desk: Window, subject: str) -> None:
    """Open the mail with this subject, as soon as it waits."""
    found: list[str] = []

    def there() -> bool:
        desk.open(LIST)
        links = desk.driver.find_elements(By.PARTIAL_LINK_TEXT, subject)
        found[:] = [str(one.get_attribute("href")) for one in links]
        return bool(found)

    desk.wait(there)
    desk.driver.get(found[0])


def answer(desk: Window, what: str, **typed: str) -> None:
    """Unfold a form of a mail, fill it in and send it."""
    form = desk.find(f"#{what}-mail")
    form.find_element(By.XPATH, "./ancestor::details").find_element(By.TAG_NAME, "summary").click()
    desk.submit(f"#{what}-mail", **typed)


def test_a_held_mail_is_released_another_attached_a_third_discarded(
    machine: Machine, window: Open
) -> None:
    """Intake looks at each and decides; a colleague who comes late is told who has."""
    number = complain(Visitor(site=machine.site_url), phone="13800000041").number
    subjects = ("水管爆裂无人维修", "补充一份录音", "限时优惠")
    for subject in subjects:
        post(machine, mail(subject=subject))
    desk, late = window(), window(PHONE)
    desk.sign_in("intake.chen")
    assert desk.has(f".figure[href='{LIST}']")
    go_to(desk, subjects[0])
    desk.shoot("desk-30-mail")
    late.sign_in("quality.liu")
    go_to(late, subjects[0])
    answer(desk, "release", email="held@example.com", name="李娜")
    assert T_ZH("staff.done.release-mail") in desk.text
    assert "陈" in desk.text
    assert letter(machine, "held@example.com", "acknowledgement")
    desk.press(".notice a[href^='/staff/complaints/']")
    assert subjects[0] in desk.text

    late.expected = {409}
    answer(late, "release", email="other@example.com")
    assert T_ZH("error.mail_settled") in late.text
    assert not late.has("#release-mail")
    late.shoot("phone-30-mail-settled")

    go_to(desk, subjects[1])
    desk.expected = {422}
    wrong = f"{number[:-1]}{(int(number[-1]) + 1) % 10}"
    answer(desk, "attach", number=wrong)
    assert T_ZH("mailbox.attach.wrong") in desk.find("#attach-mail").text
    assert desk.find("#number").get_attribute("value") == wrong
    desk.submit("#attach-mail", number=number)
    desk.press(f".notice a[href='/staff/complaints/{number}']")
    assert subjects[1] in desk.text

    go_to(desk, subjects[2])
    answer(desk, "discard", code="spam", words="群发广告")
    assert "群发广告" in desk.text
    desk.open(LIST)
    assert not [one for one in subjects if one in desk.text]
    desk.open(f"{LIST}?tab=all&state=discarded")
    assert subjects[2] in desk.text
    desk.shoot("desk-30-mails")


def test_the_html_of_a_mail_asks_for_nothing_and_says_nothing_by_itself(
    machine: Machine, window: Open, stranger: Site
) -> None:
    """Every trick of the list at once: no request leaves, no dialog opens, the words are there."""
    message = mail(subject="网页邮件")
    worst = "".join(PAYLOADS).replace("evil.example", stranger.address.removeprefix("http://"))
    message.add_alternative(f"<h1>看得见</h1>{worst}", subtype="html")
    post(machine, message)
    desk = window()
    desk.sign_in("intake.chen")
    go_to(desk, "网页邮件")
    frame = desk.find("iframe")
    frame.find_element(By.XPATH, "./ancestor::details").find_element(By.TAG_NAME, "summary").click()
    desk.wait(lambda: "看得见" in inside(desk))
    desk.shoot("desk-31-html")
    assert "看得见" in inside(desk)
    assert "#" not in desk.driver.current_url
    assert not desk.driver.find_elements(By.CSS_SELECTOR, "iframe a[href]")
    assert stranger.asked == []


def inside(desk: Window) -> str:
    """Return what can be read in the frame; a dialog would be an error here."""
    desk.driver.switch_to.frame(desk.find("iframe"))
    text = desk.find("body").text
    desk.driver.switch_to.default_content()
    return text


def test_the_frame_alone_holds_whatever_is_in_it(window: Open, stranger: Site) -> None:
    """Were the sanitiser to let all of it through, the browser would still run and load nothing."""
    desk = window()
    desk.driver.get(f"{stranger.address}/page")
    desk.wait(lambda: "read" in inside(desk))
    desk.driver.get_log("browser")  # type: ignore[no-untyped-call]  # every refusal is said there
    assert stranger.asked == []
