"""The office changes the words of letters without deployment, and sees letters before they go."""

import re
from datetime import timedelta

import pytest

from complaints.aws.desk import intake, line
from complaints.aws.items import item
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import client, now
from complaints.aws.table import Table
from complaints.aws.wordings import WordingChangedError, Wordings
from complaints.console.tasks import Task
from complaints.letters import tracking_link
from complaints.models import Channel, Contact, Decision, Outcome, Staff
from complaints.texts import texts
from complaints.wording import Wording, original
from functions.intake_web.handler import handler as web_handler
from tests.builders import HANDLER, HEAD, QUALITY
from tests.kept import mails, words_of
from tests.staff_browser import ADMIN, AUDITOR, REPORT, Browser, investigated, page, registered

pytestmark = pytest.mark.usefixtures("tables")

T = texts("zh_CN")
ACK, LETTER = "letter.acknowledgement", "/staff/letters/letter.acknowledgement/zh_CN"
SUBJECT = "已收到 {number} 😀"
BODY = "{name}：<b>编号</b> {number}，最迟 {promised}。\n\n{link}"
TABLE = "ComplaintsTable"
AT_BY = '"at":"2026-11-20T01:00:00Z","by":"qiu"'


def put(browser: Browser, do: str = "save", subject: str = SUBJECT, body: str = BODY) -> int:
    """Open the letter and send its form."""
    browser.get(LETTER)
    return browser.post(LETTER, subject=subject, body=body, do=do)


def break_it(document: str) -> None:
    """Write something unusable where the words of the acknowledgement are kept."""
    stored = item("wording", f"{ACK}#zh_CN", Wording(
        letter=ACK, language="zh_CN", number=1, at=now(), by="qiu"
    ))  # fmt: skip
    stored |= {"document": {"S": document}, "number": {"N": "1"}}
    client("dynamodb").put_item(TableName=TABLE, Item=stored)


@pytest.mark.parametrize("who", [QUALITY, ADMIN])
def test_the_next_acknowledgement_has_the_offices_words(who: Staff) -> None:
    """At once, in text and HTML, escaped; the number and the link are put in."""
    browser = Browser(who)
    assert put(browser) == 303
    made = registered()
    (mail,) = mails()
    assert mail["Subject"] == f"已收到 {made.complaint_id} 😀"
    assert words_of(mail).startswith(f"李娜：<b>编号</b> {made.complaint_id}")
    html = mail.get_body(("html",))
    assert html
    assert "&lt;b&gt;编号&lt;/b&gt;" in html.get_content()
    assert tracking_link(made, "https://complaints.example.com") in html.get_content()


def test_each_change_is_on_record_and_can_be_taken_back() -> None:
    """Who, when, before, after; one press goes back to the catalogue, the record stays."""
    browser = Browser(QUALITY)
    put(browser)
    put(browser, subject="第二版 {number}")
    browser.get(LETTER)
    assert "第二版 {number}" in browser.body
    assert SUBJECT in browser.body
    assert QUALITY.name in browser.body
    assert browser.post(LETTER, do="restore") == 303
    registered()
    assert "您的投诉已受理" in mails()[0]["Subject"]
    history = Wordings.from_env().history(ACK, "zh_CN")
    assert [(one.number, one.subject) for one in history] == [
        (3, ""), (2, "第二版 {number}"), (1, SUBJECT)
    ]  # fmt: skip
    assert {one.by for one in history} == {QUALITY.username}
    browser.get("/staff/letters")
    assert T("wording.page.changed") not in browser.body


def test_words_that_lack_something_are_refused_with_what_is_allowed() -> None:
    """Nothing is stored; what was typed is still there."""
    browser = Browser(QUALITY)
    assert put(browser, body="您好 {nummer}") == 422
    assert T("wording.problem.unknown", line=1, found="{nummer}", allowed="")[:12] in browser.body
    assert "{link}" in browser.body
    assert "您好 {nummer}" in browser.body
    assert put(browser, subject="没有编号") == 422
    assert T("wording.problem.missing", missing="{number}") in browser.body
    assert Wordings.from_env().newest(ACK, "zh_CN") is None


def test_a_preview_saves_nothing_and_escapes() -> None:
    """Beside the form, with sample values, what was typed kept."""
    browser = Browser(QUALITY)
    assert put(browser, "preview", body=BODY + "\n<script>alert(1)</script>") == 200
    raw = re.search(r'<article class="letter".*?</article>', _raw(browser), re.DOTALL)
    assert raw
    assert "<script" not in raw[0]
    assert "&lt;script&gt;" in raw[0]
    assert T("wording.sample.name") in raw[0]
    assert Wordings.from_env().newest(ACK, "zh_CN") is None


def _raw(browser: Browser) -> str:
    """Send the last form once more, and return the page as it came: the browser unescapes it."""
    from urllib.parse import urlencode

    from functions.console.handler import handler

    hidden = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', browser.body)
    body = urlencode(
        {**dict(hidden), "subject": SUBJECT, "body": f"{BODY}\n<script>alert(1)</script>"}
    )
    answer = handler(
        {
            "rawPath": LETTER,
            "rawQueryString": "",
            "headers": {"content-type": "application/x-www-form-urlencoded"},
            "cookies": [f"{name}={value}" for name, value in browser.cookies.items()],
            "requestContext": {"http": {"method": "POST", "sourceIp": "203.0.113.7"}},
            "body": body,
        },
        None,
    )
    return str(answer["body"])


@pytest.mark.parametrize("who", [HANDLER, HEAD, AUDITOR])
def test_nobody_else_changes_the_words(who: Staff) -> None:
    """H4, H5: whoever may not change the policy may not change what letters say."""
    browser = Browser(who)
    assert browser.get("/staff/letters") == 403
    assert browser.get(LETTER) == 403
    browser.get("/staff")
    assert "/staff/letters" not in browser.body
    assert browser.post(LETTER, subject=SUBJECT, body=BODY, do="save") == 403
    assert Wordings.from_env().newest(ACK, "zh_CN") is None


def test_a_letter_that_we_do_not_write_has_no_page() -> None:
    """Neither an unknown kind, nor a language that we do not speak."""
    browser = Browser(QUALITY)
    assert browser.get("/staff/letters/letter.unnamed/zh_CN") == 404
    assert browser.get("/staff/letters/letter.notice/fr") == 404
    assert browser.get("/staff/letters/staff_letter.reminder/en") == 404
    assert browser.get("/staff/letters/staff_letter.reminder/zh_CN") == 200


@pytest.mark.parametrize(
    "document",
    [
        "not json",
        "{}",
        f'{{"letter":"{ACK}","language":"zh_CN","number":1,{AT_BY},"subject":"{{gone}}"}}',
    ],
)
def test_broken_words_lose_no_letter(document: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The catalogue's words go out, an alarm rings, and the office can mend it."""
    break_it(document)
    registered()
    assert "您的投诉已受理" in mails()[0]["Subject"]
    assert "WordingUnusable" in capsys.readouterr().out
    browser = Browser(QUALITY)
    browser.get("/staff/letters")
    assert T("wording.page.broken") in browser.body
    assert browser.get(LETTER) == 200
    assert T("wording.page.broken.lead") in browser.body
    assert browser.post(LETTER, subject=SUBJECT, body=BODY, do="save") == 303
    assert Wordings.from_env().in_force(ACK, "zh_CN")


def test_broken_words_can_be_taken_back() -> None:
    """One press, whatever is stored."""
    break_it("not json")
    browser = Browser(QUALITY)
    browser.get(LETTER)
    assert browser.post(LETTER, do="restore") == 303
    browser.get("/staff/letters")
    assert T("wording.page.broken") not in browser.body


def test_of_two_who_change_a_letter_at_once_one_is_told() -> None:
    """What the second typed is kept on the page, and the words in force stand beside it."""
    first, second = Browser(QUALITY), Browser(ADMIN)
    first.get(LETTER)
    second.get(LETTER)
    assert first.post(LETTER, subject=SUBJECT, body=BODY, do="save") == 303
    assert second.post(LETTER, subject="别的 {number}", body=BODY, do="save") == 409
    assert T("wording.error.changed") in second.body
    assert "别的 {number}" in second.body
    assert SUBJECT in second.body
    one = Wordings.from_env().newest(ACK, "zh_CN")
    assert one
    with pytest.raises(WordingChangedError):
        Wordings(Table.from_env()).save(one)


def test_the_original_words_saved_as_they_are_change_nothing() -> None:
    """And a change to them is a way back to the catalogue."""
    subject, body = original(ACK, T)
    browser = Browser(QUALITY)
    assert put(browser, subject=subject, body=body) == 422
    assert T("wording.error.same") in browser.body
    put(browser)
    assert put(browser, subject=subject, body=body) == 303
    newest = Wordings.from_env().newest(ACK, "zh_CN")
    assert newest
    assert newest.is_original


# ---- previews of what staff write ----------------------------------------------------------


def test_a_progress_letter_is_seen_before_it_goes() -> None:
    """In the office's words, to whom it goes; what was typed is kept, nothing is sent or saved."""
    number = registered().complaint_id
    sent, before = len(mails()), ComplaintRepository.from_env().get(number)
    browser = Browser(HANDLER)
    browser.get(page(number))
    address = f"{page(number)}/{Task.PROGRESS}"
    assert browser.post(address, progress_words="<i>配件</i>已到", preview="1") == 200
    assert T("staff.preview.lead") in browser.body
    assert T("staff.preview.to", to="li@example.com") in browser.body
    assert browser.body.count("<i>配件</i>已到") >= 3  # the field, the letter, its plain text
    assert before.tracking_code not in browser.body
    assert ComplaintRepository.from_env().get(number) == before
    assert len(mails()) == sent
    assert browser.post(address, progress_words="<i>配件</i>已到") == 303
    assert "<i>配件</i>已到" in words_of(mails()[-1])


def test_the_notice_is_seen_by_who_proposes_and_by_who_approves_it() -> None:
    """The reply as typed, the amount, and how to object; then as submitted."""
    number = registered().complaint_id
    handler, head = Browser(HANDLER), Browser(HEAD)
    handler.get(page(number))
    address = f"{page(number)}/{Task.INVESTIGATE}"
    assert handler.post(address, **REPORT, preview="1") == 200
    letter = _article(handler.body)
    for said in (REPORT["reply"], "￥200.00", "12345", number, "投诉处理结果通知书"):
        assert said in letter
    assert handler.post(address, **REPORT) == 303
    head.get(page(number))
    decide = f"{page(number)}/{Task.DECIDE}"
    assert head.post(decide, decision="approve", preview="1") == 200
    assert REPORT["reply"] in _article(head.body)
    assert head.post(decide, decision="approve") == 303
    assert REPORT["reply"] in words_of(mails()[-1])


def _article(body: str) -> str:
    found = re.search(r'<article class="letter".*?</article>', body, re.DOTALL)
    return found[0] if found else ""


def test_who_has_no_address_and_what_sends_nothing_is_said() -> None:
    """A preview must not promise a letter that never goes out."""
    number = registered(name="李", phone="+8613800138000").complaint_id
    browser = Browser(HANDLER)
    browser.get(page(number))
    browser.post(f"{page(number)}/{Task.INVESTIGATE}", **REPORT, preview="1")
    assert T("staff.preview.nobody") in browser.body
    soon = f"{now() + timedelta(days=3):%Y-%m-%d}"
    browser.get(page(number))
    wait = {"pause_reason": "evidence", "pause_until": soon, "pause_words": "等鉴定"}
    browser.post(f"{page(number)}/{Task.PAUSE}", **wait, preview="1")
    assert T("staff.preview.none") in browser.body
    browser.post(f"{page(number)}/{Task.PROGRESS}", progress_words="", preview="1")
    assert browser.status == 422


def test_who_may_not_answer_sees_no_letter() -> None:
    """The auditor only reads; a preview by hand shows nothing of the letter."""
    number = registered().complaint_id
    browser = Browser(AUDITOR)
    browser.get(page(number))
    browser.post(f"{page(number)}/{Task.PROGRESS}", progress_words="配件已到", preview="1")
    assert not _article(browser.body)


# ---- no more surveys -----------------------------------------------------------------------


def ask(method: str, path: str, body: str = "") -> tuple[int, str]:
    """Send a request to the public pages."""
    answer = web_handler(
        {
            "rawPath": path,
            "rawQueryString": "",
            "headers": {"content-type": "application/x-www-form-urlencoded"},
            "requestContext": {"http": {"method": method, "sourceIp": "203.0.113.9"}},
            "body": body,
        },
        None,
    )
    return answer["statusCode"], str(answer["body"])


def test_the_survey_is_declined_in_one_click_and_the_answer_still_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """RFC 8058: a POST without cookie, answered without redirect; opening the link does nothing."""
    monkeypatch.setenv("RATES_TABLE", "RatesTable")
    made = investigated()
    head = f"/track/{made.complaint_id}/{made.tracking_code}"
    assert ask("GET", f"{head}/no-survey")[0] == 303
    assert not ComplaintRepository.from_env().get(made.complaint_id).survey_declined_at
    for _ in range(2):
        status, body = ask("POST", f"{head}/no-survey", "List-Unsubscribe=One-Click")
        assert (status, T("track.thanks.no_survey") in body) == (200, True)
    assert ask("POST", f"/track/{made.complaint_id}/{'0' * 12}/no-survey")[0] == 404
    line.decide(made.complaint_id, Decision(approver=HEAD.username, approved=True), staff=HEAD)
    line.confirm_by_phone(made.complaint_id, Outcome.ACCEPTED, "", staff=HANDLER)
    found = ComplaintRepository.from_env().dossier(made.complaint_id)
    assert [letter.kind for letter in found.letters] == ["acknowledgement", "notice"]
    assert [one.action for one in found.entries].count("survey_declined") == 1
    note = Contact(
        contact_id="n1",
        channel=Channel.WEB,
        received_at=now(),
        by="complainant",
        text="还有一事",
    )
    intake.add(made.complaint_id, note)
