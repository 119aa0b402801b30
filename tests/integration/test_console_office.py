"""Registration, evidence, archive, people and quarantine by the staff pages."""

import re
from urllib.parse import parse_qsl, urlsplit

import pytest

from complaints.aws import evidence, runtime
from complaints.aws.desk import intake
from complaints.aws.repository import ComplaintRepository
from complaints.models import (
    Channel,
    Contact,
    Staff,
)
from functions.console.handler import handler
from tests.builders import HANDLER, HEAD, MANAGER, OFFICE, QUALITY
from tests.staff_browser import (
    ADMIN,
    AUDITOR,
    Browser,
    page,
    registered,
)

pytestmark = pytest.mark.usefixtures("tables")


def test_a_phone_complaint_is_registered_once() -> None:
    """The form's id makes two clicks one complaint; its number and code are shown."""
    browser = Browser(HANDLER)
    browser.get("/staff/register")
    form = browser.body
    fields = {"channel": "phone", "text": "灯坏了", "demand": "修好", "occurred_on": "2020-01-01"}
    arrived = f"{runtime.now().astimezone(OFFICE.zone):%Y-%m-%dT%H:%M}"
    assert browser.post("/staff/register", **fields, arrived_at="never") == 422
    places = set()
    for _ in range(2):
        browser.body = form
        assert browser.post("/staff/register", **fields, arrived_at=arrived, phone="95588") == 303
        places.add(browser.headers["Location"])
    assert len(places) == 1
    assert browser.get(places.pop()) == 200
    assert re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", browser.body)


def test_settled_on_the_spot_keeps_what_was_done() -> None:
    """It is recorded with the words of what was done."""
    browser = Browser(QUALITY)
    browser.get("/staff/register")
    at = runtime.now().astimezone(OFFICE.zone)
    fields = {"channel": "visit", "text": "排队太久", "demand": "快", "occurred_on": "2020-01-01"}
    settled = {"settled_on_spot": "yes", "settled_how": "当场道歉并优先办理"}
    assert (
        browser.post("/staff/register", **fields, **settled, arrived_at=f"{at:%Y-%m-%dT%H:%M}")
        == 303
    )
    number = browser.headers["Location"].rpartition("/")[2]
    dossier = ComplaintRepository.from_env().dossier(number)
    assert dossier.complaint.settled_on_spot
    assert "当场道歉并优先办理" in [contact.text for contact in dossier.contacts]


def test_evidence_is_only_saved_never_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that somebody sent as evidence comes as plain bytes, and after its scan only."""
    number = registered().complaint_id
    file = evidence.keep(number, '坏"page.html', b"<script>alert(1)</script>")
    contact = Contact(
        contact_id="e", channel=Channel.WEB, received_at=runtime.now(), by="x", files=(file,)
    )
    intake.add(number, contact)
    browser = Browser(HANDLER)
    address = f"{page(number)}/evidence/{file.key.rpartition('/')[2]}"
    assert browser.get(address) == 303
    asked = dict(parse_qsl(urlsplit(browser.headers["Location"]).query))
    assert asked["response-content-type"] == "application/octet-stream"
    assert asked["response-content-disposition"].startswith("attachment; filename*=UTF-8''%E5")
    monkeypatch.setenv("SCAN_UPLOADS", "on")
    assert browser.get(address) == 409


def test_staff_evidence_says_who_brought_it() -> None:
    """The upload form of a member of staff carries the name that the history will have."""
    number = registered().complaint_id
    browser = Browser(HANDLER)
    assert browser.get(f"{page(number)}/evidence") == 200
    assert f'name="x-amz-meta-by" value="{HANDLER.username}"' in browser.body
    assert "amazonaws.com" in browser.headers["Content-Security-Policy"]


def test_an_administrator_adds_a_person() -> None:
    """The new person signs in with the password that was shown once."""
    browser = Browser(ADMIN)
    browser.get("/staff/people")
    fields = {"username": "zhou", "name": "周", "email": "z@example.com", "department": "service"}
    assert browser.post("/staff/people", **fields) == 422
    assert browser.post("/staff/people", **fields, roles=["handler"]) == 201
    found = re.search(r'class="code">(\w+)<', browser.body)
    assert found
    assert browser.post("/staff/people", **fields, roles=["handler"]) == 409
    fresh = Browser()
    fresh.get("/staff/sign-in")
    assert fresh.post("/staff/sign-in", username="zhou", password=found[1]) == 200
    assert "/staff/new-password" in fresh.body


@pytest.mark.parametrize("staff", [HANDLER, HEAD, QUALITY, MANAGER, AUDITOR, ADMIN])
def test_every_page_of_the_menu_opens(staff: Staff) -> None:
    """Nobody is offered a page that is refused; in both languages."""
    browser = Browser(staff)
    browser.get("/staff")
    offered = set(re.findall(r'href="(/staff[\w/-]*)"', browser.body))
    for address in offered:
        for language in ("zh_CN", "en"):
            assert browser.get(f"{address}?lang={language}") == 200


def test_what_people_wrote_is_only_text() -> None:
    """Hostile words stay words on the pages of staff too."""
    complaint = registered("<script>alert(1)</script>", name="<b>x</b>", email="a@example.com")
    browser = Browser(QUALITY)
    event_body: list[str] = []
    for address in (page(complaint.complaint_id), f"/staff/complaints?queue={complaint.queue}"):
        browser.get(address)
        raw = handler(
            {
                "rawPath": urlsplit(address).path,
                "rawQueryString": urlsplit(address).query,
                "cookies": [f"{name}={value}" for name, value in browser.cookies.items()],
                "requestContext": {"http": {"method": "GET"}},
            },
            None,
        )
        event_body.append(raw["body"])
    assert all("<script" not in body and "<b>x" not in body for body in event_body)


def test_a_failure_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever breaks inside, people see a sentence and no trace of it."""
    browser = Browser(QUALITY)
    monkeypatch.setenv("COMPLAINTS_TABLE", "gone")
    assert browser.get("/staff") == 500
    assert "gone" not in browser.body
    assert "ResourceNotFound" not in browser.body
