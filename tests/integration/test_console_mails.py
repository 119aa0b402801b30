"""Mails that wait for a person, on the staff pages: found, shown without harm, decided once."""

import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from urllib.parse import parse_qs, urlsplit

import pytest

from complaints import lifecycle
from complaints.access import Look
from complaints.aws import accesses, quarantine, runtime
from complaints.aws.console import quarantine as pages
from complaints.aws.quarantine import Discard, Quarantined, State
from complaints.aws.repository import ComplaintRepository
from complaints.console import mails
from complaints.files import Flag
from complaints.letters import message_id_of
from complaints.mail_bounces import BounceKind
from complaints.models import Role, Staff
from complaints.number import complaint_number
from complaints.texts import texts
from tests.builders import HANDLER, HEAD, MANAGER, QUALITY
from tests.conftest import ENVIRONMENT
from tests.kept import put_object, set_clock
from tests.staff_browser import ADMIN, AUDITOR, Browser, registered
from tests.unit.test_mail_html import PAYLOADS

pytestmark = pytest.mark.usefixtures("tables")
T = texts("zh_CN")
AT = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
INTAKE = Staff(username="chen", name="陈接待", email="c@example.com", roles=(Role.INTAKE,))


def letter(text: str = "前台态度恶劣。", **headers: str) -> EmailMessage:
    """Return a mail that somebody sends to us; nobody, where no `From` is given."""
    mail = EmailMessage()
    for name, value in {"Subject": "投诉", "To": "complaints@example.com", **headers}.items():
        mail[name] = value
    mail.set_content(text)
    return mail


def aside(mail: EmailMessage | bytes, reason: str = "no_sender", name: str = "m1") -> Quarantined:
    """Put a mail into the mail bucket and into quarantine, as intake does; return its row."""
    raw, key = mail if isinstance(mail, bytes) else mail.as_bytes(), f"inbox/{name}"
    put_object("MAIL_BUCKET", key, raw)
    stored = runtime.client("s3").head_object(Bucket=ENVIRONMENT["MAIL_BUCKET"], Key=key)
    received_at = stored["LastModified"].replace(microsecond=0)
    return keep(name, reason, received_at, size=len(raw))


def keep(name: str, reason: str = "no_sender", at: datetime = AT, **more: object) -> Quarantined:
    """Put a row into quarantine, of a mail that came then."""
    given = {"from_address": "a@example.com", "size": 9, "subject": f"mail {name}"} | more
    row = Quarantined(key=f"inbox/{name}", reason=reason, received_at=at, **given)  # type: ignore[arg-type]
    quarantine.put(row)
    return row


def place(row: Quarantined) -> str:
    """Return the address of the page of a mail."""
    return f"/staff/quarantine/{row.mail_id}"


def listed(browser: Browser, address: str) -> list[str]:
    """Return the subjects on a page of the list and those that follow it, in order."""
    found = []
    while address:
        assert browser.get(address) == 200
        found += re.findall(r">mail ([^<]+)</a>", browser.body)
        more = re.search(r'class="button button-second" href="([^"]+after=[^"]+)"', browser.body)
        address = more[1] if more else ""
    return found


@pytest.mark.parametrize("staff", [HANDLER, HEAD, MANAGER, AUDITOR, ADMIN])
def test_only_intake_and_the_quality_office_see_mails(staff: Staff) -> None:
    """A mail is full of what nobody has asked yet who may know; 403 for everybody else."""
    row = aside(letter())
    browser = Browser(staff)
    for address in (
        "/staff/quarantine",
        place(row),
        f"{place(row)}/html",
        f"{place(row)}/original",
    ):
        assert browser.get(address) == 403
    browser.get("/staff")
    assert browser.post(f"{place(row)}/discard", code="spam", words="x") == 403
    assert T("staff.home.mails") not in browser.body


@pytest.mark.parametrize("staff", [INTAKE, QUALITY])
def test_the_first_page_counts_the_mails_that_wait(staff: Staff) -> None:
    """Only those that wait for a person; machines wait for nobody."""
    keep("1")
    keep("2", "bounce")
    browser = Browser(staff)
    browser.get("/staff")
    [count] = re.findall(r'href="/staff/quarantine"><b>(\d+)</b>', browser.body)
    assert count == "1"


def test_what_waits_is_listed_however_old_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Page by page, the one that has waited longest first; a year is no reason to forget."""
    set_clock(monkeypatch, AT)
    names = [f"{n:02}" for n in range(60)]
    for n in range(60):
        keep(f"{n:02}", at=AT - timedelta(days=400 - n))
    keep("bounce", "bounce")
    assert listed(Browser(QUALITY), "/staff/quarantine") == names


def test_a_month_is_listed_by_the_offices_calendar(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest first, quiet ones too; what came at 00:30 of December is of December."""
    set_clock(monkeypatch, AT + timedelta(days=20))
    times = {
        "oct": datetime(2026, 10, 31, 15, 59, 59, tzinfo=UTC),
        "first": datetime(2026, 10, 31, 16, 0, tzinfo=UTC),
        **{f"{n:02}": AT + timedelta(minutes=n) for n in range(pages.LISTED * 2)},
        "last": datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC),
        "dec": datetime(2026, 11, 30, 16, 0, tzinfo=UTC),
    }
    for name, at in times.items():
        keep(name, "bounce" if name == "03" else "no_sender", at)
    browser = Browser(QUALITY)
    november = [name for name in reversed(times) if name not in ("oct", "dec")]
    assert listed(browser, "/staff/quarantine?tab=all&month=2026-11") == november
    assert listed(browser, "/staff/quarantine?tab=quiet&month=2026-11") == ["03"]
    assert listed(browser, "/staff/quarantine?tab=all") == ["dec"]


def test_lists_are_filtered_by_reason_and_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """Filters read on until they find something, and go with the link to the next page."""
    set_clock(monkeypatch, AT + timedelta(hours=2))
    for n in range(pages.LISTED + 5):
        keep(f"{n:02}", at=AT + timedelta(minutes=n))
    keep("odd", "conflict", AT - timedelta(hours=1))
    done = keep("done", "empty", AT - timedelta(hours=2))
    quarantine.settle(
        done.replace(state=State.DISCARDED, by="qiu", at=AT, discarded=Discard.SPAM, words="w")
    )
    browser = Browser(QUALITY)
    assert listed(browser, "/staff/quarantine?reason=conflict") == ["odd"]
    assert listed(browser, "/staff/quarantine?tab=all&reason=conflict") == ["odd"]
    assert listed(browser, "/staff/quarantine?tab=all&state=discarded") == ["done"]
    assert len(listed(browser, "/staff/quarantine")) == pages.LISTED + 6
    assert browser.get("/staff/quarantine?tab=all&state=discarded") == 200
    assert T("mailbox.state.discarded") in browser.body


@pytest.mark.parametrize(
    "asked",
    [
        "tab=x",
        "reason=x",
        "state=x",
        "month=2026-13",
        "tab=all&month=x",
        "after=x",
        "after=2026-99-01T00:00:00Z%23k",
        "tab=all&after=x",
    ],
)
def test_an_address_that_somebody_made_up_is_no_page(asked: str) -> None:
    """404, whatever is in it."""
    assert Browser(QUALITY).get(f"/staff/quarantine?{asked}") == 404


@pytest.mark.parametrize("mail_id", ["x", "%00", "aW5ib3g", "aW5ib3gvbm9uZQ", "Li4vc2VjcmV0", "é"])
def test_a_mail_that_is_not_there_is_no_page(mail_id: str) -> None:
    """Nor is an object of the bucket that is not in quarantine."""
    put_object("MAIL_BUCKET", "inbox/none", b"x")
    browser = Browser(QUALITY)
    for rest in ("", "/html", "/original"):
        assert browser.get(f"/staff/quarantine/{mail_id}{rest}") == 404


def test_a_far_place_in_a_month_costs_no_more_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cursor of the year 2099 does not make us read every month until then."""
    set_clock(monkeypatch, AT)
    keep("1")
    place = "2099-12-31T00:00:00Z%23k"
    assert listed(Browser(QUALITY), f"/staff/quarantine?tab=all&after={place}") == ["1"]


# ---- one mail ------------------------------------------------------------------------------


def test_a_mail_is_shown_as_text_with_what_is_odd_about_it() -> None:
    """Markup stays words; files have the type of their bytes, and say what does not fit."""
    mail = letter("灯坏了 <script>alert(1)</script>", Subject="投诉 <b>x</b>")
    mail.add_attachment(b"MZ" + b"0" * 99, maintype="image", subtype="png", filename="p.png")
    row = aside(mail)
    browser = Browser(INTAKE)
    assert browser.get(place(row)) == 200
    assert "灯坏了" in browser.body
    for words in ("mailbox.flag.type_differs", "mailbox.flag.program", "mailbox.no_sender"):
        assert T(words) in browser.body
    assert "application/x-msdownload" in browser.body
    assert "frame-src 'self'" in browser.headers["Content-Security-Policy"]


def test_the_html_version_is_a_frame_of_its_own_that_can_do_nothing() -> None:
    """Its own answer, with no right to anything; opened outside the frame it is the page."""
    mail = letter()
    mail.add_alternative(
        '<p onclick="x()">灯<script>x()</script><img src="https://t.example/x.png">'
        '<a href="https://evil.example/">bank.example</a><form action="/staff"></form></p>',
        subtype="html",
    )
    row = aside(mail)
    browser = Browser(QUALITY)
    browser.get(place(row))
    frame = re.findall(r'src="([^"]+/html[^"]*)"', browser.body)[0]
    assert browser.get(frame) == 200
    policy = browser.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "sandbox", "form-action 'none'"} <= set(policy)
    assert not {one for one in policy if one.startswith(("script-src", "img-src"))}
    for gone in ("<script", "onclick", "src=", "href=", "<form"):
        assert gone not in browser.body
    assert "[https://evil.example/]" in browser.body
    assert browser.send("GET", frame, **{"sec-fetch-dest": "document"}) == 303
    assert browser.headers["Location"] == place(row)


def test_reading_a_mail_is_on_record_once() -> None:
    """The page counts, its frame does not again; without the page's mark there is no frame."""
    mail = letter()
    mail.add_alternative("<p>灯</p>", subtype="html")
    row = aside(mail)
    browser = Browser(QUALITY)
    browser.get(place(row))
    frame = re.findall(r'src="([^"]+/html[^"]*)"', browser.body)[0]
    browser.get(frame)
    browser.get(f"{place(row)}/original")
    for mark in ("", "2026-11.99", "x", frame.rpartition("=")[2]):
        other = Browser(QUALITY.replace(username="fang"))
        assert other.get(f"{place(row)}/html?look={mark}") == 303
    found = list(accesses.whole(f"access#mail-{runtime.now():%Y-%m}"))
    mail_id = place(row).rpartition("/")[2]
    assert [(one.by, one.action, one.what) for one in found] == [
        (QUALITY.username, Look.READ, mail_id),
        (QUALITY.username, Look.DOWNLOADED, mail_id),
    ]


def test_no_link_is_left_in_a_strangers_html() -> None:
    """Whatever is tried, and however links are nested or cut off."""
    for payload in (*PAYLOADS, '<a href="https://a.example/?x=<b>&y=&gt;">x', "<a><a href=//x>y"):
        for html in (payload, payload * 3, f"<p>{payload}"):
            shown = mails.shown_html(html)
            assert "<a" not in re.sub("<a(?:bbr|ddress|rticle)", "", shown)
            assert "href=" not in re.sub(r"\[[^\]]*\]", "", shown)


def test_what_the_receiving_service_found_is_said_in_words() -> None:
    """A verdict of SES, in the language of the reader."""
    row = aside(b"X-SES-Spam-Verdict: FAIL\r\nX-SES-Virus-Verdict: PASS\r\nSubject: x\r\n\r\nx")
    browser = Browser(QUALITY)
    browser.get(place(row))
    found = re.findall(r'<dt>([^<]+)</dt><dd><span class="pill[^>]*>([^<]+)<', browser.body)
    assert found[:2] == [
        (T("mailbox.verdict.spam"), T("mailbox.found.fail")),
        (T("mailbox.verdict.virus"), T("mailbox.found.pass")),
    ]


def test_a_mail_that_is_larger_than_what_is_read_shows_its_beginning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only so many bytes are read; the page says so."""
    monkeypatch.setattr(pages, "MOST_READ", 2000)
    row = aside(letter("开头" + "x" * 5000 + "结尾"))
    browser = Browser(QUALITY)
    assert browser.get(place(row)) == 200
    assert T("mailbox.is_cut") in browser.body
    assert "结尾" not in browser.body


@pytest.mark.parametrize("raw", [b"", b"\0" * 50, b"\xff" * 5000, b"Subject: x"])
def test_what_is_hardly_a_mail_has_a_page_all_the_same(raw: bytes) -> None:
    """Nothing at all, noise, a head without a body."""
    assert Browser(QUALITY).get(place(aside(raw, "unreadable"))) == 200


@pytest.mark.parametrize("name", ["2026/11/一封信 1.eml", "a?b&c#d", "x" * 400])
def test_any_key_has_an_address(name: str) -> None:
    """Other systems put mails into the bucket under names of their own."""
    row = aside(letter(), name=name)
    browser = Browser(QUALITY)
    assert browser.get(place(row)) == 200
    assert browser.get(f"{place(row)}/original") == 303


def test_the_original_is_handed_out_by_a_short_lived_address_as_plain_bytes() -> None:
    """Straight from the bucket, to be saved and never opened."""
    row = aside(letter())
    browser = Browser(QUALITY)
    assert browser.get(f"{place(row)}/original") == 303
    query = parse_qs(urlsplit(browser.headers["Location"]).query)
    assert query["response-content-type"] == ["application/octet-stream"]
    assert query["response-content-disposition"][0].startswith("attachment")
    assert int(query["X-Amz-Expires"][0]) <= 60


# ---- what becomes of it --------------------------------------------------------------------


def test_a_held_mail_is_released_as_the_complaint_of_whoever_is_named() -> None:
    """Registered with the address that was typed; who did it, and when, stays on the page."""
    mail = letter("水管爆了，一周无人修。")
    mail.add_attachment(b"%PDF-1.7 x", maintype="application", subtype="pdf", filename="a.pdf")
    row = aside(mail)
    browser = Browser(INTAKE)
    browser.get(place(row))
    typed = {"email": "li@example.com", "name": "李娜"}
    assert browser.post(f"{place(row)}/release", **typed) == 303
    assert browser.get(browser.headers["Location"]) == 200
    assert T("staff.done.release-mail") in browser.body
    assert INTAKE.name in browser.body
    kept = quarantine.get(row.key)
    dossier = ComplaintRepository.from_env().dossier(kept.complaint_id)
    assert (dossier.complainant.email, dossier.complainant.name) == ("li@example.com", "李娜")
    assert dossier.contacts[0].received_at == row.received_at
    assert [file.name for file in dossier.contacts[0].files] == ["a.pdf"]
    assert f"/staff/complaints/{kept.complaint_id}" in browser.body
    assert "mailbox.decide" not in browser.body
    assert quarantine.count_waiting(9) == 0


def test_what_a_page_fills_in_can_be_sent_as_it_is() -> None:
    """Senders with odd addresses and endless names are released all the same."""
    odd = f"From: {'名' * 300} <root@localhost>\r\nSubject: x\r\n\r\nx".encode()
    row = aside(odd, "dmarc")
    browser = Browser(QUALITY)
    browser.get(place(row))
    filled = dict(re.findall(r'name="(email|name)" type="\w+" value="([^"]*)"', browser.body))
    assert filled == {"email": "", "name": "名" * 100}
    assert browser.post(f"{place(row)}/release", **filled) == 303
    kept = quarantine.get(row.key)
    dossier = ComplaintRepository.from_env().dossier(kept.complaint_id)
    assert dossier.complainant.email == "root@localhost"


def test_a_mail_is_attached_to_a_complaint_by_its_number() -> None:
    """The number as people write it; a wrong one is said, with the form as it was."""
    number = registered().complaint_id
    row = aside(letter("补充：录音在附件里。", From="Li Na <else@example.com>"), "dmarc")
    browser = Browser(QUALITY)
    for typed, words in (
        ("", "form.errors"),
        (f"{number[:-1]}{(int(number[-1]) + 1) % 10}", "mailbox.attach.wrong"),
        (complaint_number("TS", 2026, 794, 6), "mailbox.attach.unknown"),
    ):
        browser.get(place(row))
        assert browser.post(f"{place(row)}/attach", number=typed) == 422
        assert T(words) in browser.body
        assert quarantine.get(row.key).state is State.WAITING
    browser.get(place(row))
    assert browser.post(f"{place(row)}/attach", number=f" {number.lower()} ") == 303
    contacts = ComplaintRepository.from_env().dossier(number).contacts
    assert contacts[-1].text.strip() == "补充：录音在附件里。"
    assert quarantine.get(row.key).complaint_id == number


def test_nobody_attaches_to_a_complaint_about_themselves() -> None:
    """Who is complained about does not even learn that the complaint is there (I8)."""
    complaint = registered()
    complaints = ComplaintRepository.from_env()
    dossier = complaints.dossier(complaint.complaint_id)
    changed, entry = lifecycle.record(
        dossier.complaint,
        "test",
        at=runtime.now(),
        actor=QUALITY.username,
        respondents=(INTAKE.username,),
    )
    complaints.save(changed, entry)
    row = aside(letter())
    browser = Browser(INTAKE)
    browser.get(place(row))
    assert browser.post(f"{place(row)}/attach", number=complaint.complaint_id) == 422
    assert T("mailbox.attach.unknown") in browser.body


def test_a_mail_is_discarded_with_a_reason_in_words() -> None:
    """Code and words, both; the original stays, and the page says who judged and why."""
    row = aside(letter("Buy now"), "spam")
    browser = Browser(QUALITY)
    browser.get(place(row))
    assert browser.post(f"{place(row)}/discard", code="spam") == 422
    assert browser.post(f"{place(row)}/discard", code="x", words="广告") == 422
    assert "广告" in browser.body
    assert browser.post(f"{place(row)}/discard", code="spam", words="只是广告") == 303
    browser.get(place(row))
    for words in (QUALITY.name, T("mailbox.discard.spam"), "只是广告"):
        assert words in browser.body
    assert browser.get(f"{place(row)}/original") == 303


@pytest.mark.parametrize("second", ["release", "attach", "discard"])
def test_a_second_answer_is_refused_kindly(second: str) -> None:
    """Whoever comes late sees what a colleague has said, and nothing changes."""
    number = registered().complaint_id
    row = aside(letter(From="a@example.com"), "dmarc")
    early, late = Browser(QUALITY), Browser(INTAKE)
    early.get(place(row))
    late.get(place(row))
    assert early.post(f"{place(row)}/discard", code="spam", words="广告") == 303
    before = quarantine.get(row.key)
    typed = {"number": number, "code": "spam", "words": "另一个人", "email": "", "name": ""}
    assert late.post(f"{place(row)}/{second}", **typed) == 409
    assert T("error.mail_settled") in late.body
    assert QUALITY.name in late.body
    assert quarantine.get(row.key) == before


def test_a_bounce_says_which_letter_came_back_and_to_whom() -> None:
    """With a link to its complaint; without one it says that the bounce does not tell."""
    complaint = registered(email="gone@example.com", name="李")
    dossier = ComplaintRepository.from_env().dossier(complaint.complaint_id)
    sent = dossier.letters[0]
    ours = message_id_of(complaint.complaint_id, sent.letter_id, "complaints@example.com")
    for known in (complaint.complaint_id, ""):
        raw = (
            "From: MAILER-DAEMON@mx.example.com\r\nSubject: Undelivered Mail\r\n"
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
            "--b\r\n\r\nIt came back.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
            "Reporting-MTA: dns; mx.example.com\r\n\r\n"
            "Final-Recipient: rfc822; gone@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n"
            f"\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {ours}\r\n"
            "To: gone@example.com\r\n\r\n--b--\r\n"
        ).encode()
        put_object("MAIL_BUCKET", f"inbox/b{known}", raw)
        row = aside(raw, "bounce", name=f"b{known}")
        if known:
            quarantine.settle(
                row.replace(state=State.ATTACHED, by="intake", at=runtime.now(), complaint_id=known)
            )
        browser = Browser(QUALITY)
        assert browser.get("/staff/quarantine?tab=quiet") == 200
        assert place(row) in browser.body
        assert browser.get(place(row)) == 200
        assert "gone@example.com" in browser.body
        assert T("mailbox.returned.kind.permanent") in browser.body
        assert (f"/staff/complaints/{complaint.complaint_id}" in browser.body) is bool(known)
        assert (T("mailbox.returned.unknown") in browser.body) is not bool(known)
        assert (T("staff.letter.acknowledgement") in browser.body) is bool(known)


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_reason_that_lists_offer_has_its_words(language: str) -> None:
    """And every flag, state and way to discard that a page may name."""
    t = texts(language)
    for ids in (
        *(f"quarantine.reason.{one}" for one in mails.REASONS),
        *(f"mailbox.flag.{one}" for one in Flag),
        *(f"mailbox.state.{one}" for one in (*State, *mails.STATES)),
        *(f"mailbox.discard.{one}" for one in (*Discard, *mails.DISCARDS)),
        *(f"mailbox.returned.kind.{one}" for one in BounceKind),
    ):
        assert t(ids)
    assert set(mails.DISCARDS) == {*Discard}
    assert set(mails.REASONS) >= quarantine.QUIET
