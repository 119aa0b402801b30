"""The pages of holds, requests and disposals: who sees what, and what their forms do (F6, F7)."""

import io
import json
import re
import zipfile
from urllib.parse import parse_qsl, urlsplit

import pytest

from complaints.aws import orders, owndata
from complaints.aws.desk import intake, keeping
from complaints.aws.items import complaint_item
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import client, now
from complaints.models import Channel, Complainant, Contact
from complaints.retention import years_later
from functions.check_sla.handler import handler as check_limits
from functions.erase.handler import handler as erase
from tests.builders import HANDLER, LI, MANAGER, QUALITY, contact
from tests.kept import set_clock
from tests.staff_browser import ADMIN, AUDITOR, Browser, closed, registered

pytestmark = pytest.mark.usefixtures("tables")
MU = MANAGER.replace(username="mu", name="穆")


@pytest.fixture(autouse=True)
def _by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "erase", lambda _: None)


def page(number: str) -> str:
    """Return the address of the page of one complaint."""
    return f"/staff/keeping/{number}"


def forms(browser: Browser, number: str) -> set[str]:
    """Return the forms that the page of a complaint offers."""
    assert browser.get(page(number)) == 200
    return set(re.findall(rf'action="{page(number)}/(\w+)"', browser.body))


def send(browser: Browser, number: str, step: str, **typed: str) -> int:
    """Open the page and send one of its forms."""
    browser.get(page(number))
    return browser.post(f"{page(number)}/{step}", **typed)


def test_a_hold_is_set_seen_and_lifted_by_others() -> None:
    """By management and administrators; who handled sees neither form nor list."""
    number = closed().complaint_id
    manager, other, admin = Browser(MANAGER), Browser(MU), Browser(ADMIN)
    assert "hold" in forms(admin, number)
    assert send(manager, number, "hold", reason="") == 422
    assert send(manager, number, "hold", reason="法院来函", authority="某法院") == 303
    assert "法院来函" in (manager.get(page(number)), manager.body)[1]
    assert "lift" not in forms(manager, number)
    assert "lift" in forms(other, number)
    assert other.get("/staff/keeping?list=holds") == 200
    assert number in other.body
    handler = Browser(HANDLER)
    assert handler.get(page(number)) == 404
    assert handler.get("/staff/keeping") == 403
    hold = ComplaintRepository.from_env().dossier(number).holds[0]
    assert send(other, number, "lift", hold=hold.hold_id, reason="结案") == 303
    assert ComplaintRepository.from_env().get(number).holds == 0


def test_who_is_complained_about_sees_nothing_of_it() -> None:
    """Whatever the role: the page is not there."""
    number = registered().complaint_id
    complaints = ComplaintRepository.from_env()
    head = complaints.get(number).replace(respondents=(MANAGER.username,))
    from complaints.aws.items import complaint_item

    client("dynamodb").put_item(TableName="ComplaintsTable", Item=complaint_item(head))
    assert Browser(MANAGER).get(page(number)) == 404
    assert Browser(MU).get(page(number)) == 200


def test_from_the_list_to_the_register(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proposed by the quality office, granted by management, then in the register of the year."""
    made = closed()
    number = made.complaint_id
    quality, manager, auditor = Browser(QUALITY), Browser(MU), Browser(AUDITOR)
    assert "propose" not in forms(quality, number)
    assert made.closed_at
    set_clock(monkeypatch, years_later(made.closed_at, 6))
    check_limits({}, None)
    quality, manager, auditor = Browser(QUALITY), Browser(MU), Browser(AUDITOR)
    quality.get("/staff/keeping")
    assert number in quality.body
    assert forms(manager, number) & {"propose", "grant"} == set()
    assert send(quality, number, "propose") == 303
    assert "grant" not in forms(quality, number)
    assert send(quality, number, "grant") == 403
    assert send(manager, number, "grant") == 303
    assert erase({"complaint_id": number}, None)["state"] == "erased"
    for browser in (quality, manager, auditor):
        assert browser.get(f"/staff/keeping?list=register&year={now():%Y}") == 200
        assert number in browser.body
        assert forms(browser, number) == set()
    quality.get("/staff/keeping")
    assert number not in quality.body
    assert quality.get(f"/staff/complaints/{number}") == 200


def test_a_copy_holds_the_persons_own_words_and_nothing_of_staff() -> None:
    """What was said, what we answered; no finding, no note; on record, with a link of a minute."""
    number = registered().complaint_id
    notes = Contact(
        contact_id="n1", channel=Channel.DEPARTMENT, received_at=now(), by="han", text="内部备注"
    )
    intake.add(number, notes)
    quality = Browser(QUALITY)
    asked = {"kind": "access", "asker": "本人", "identity": "核对证件"}
    assert send(quality, number, "request", kind="access", asker="本人") == 422
    assert send(quality, number, "request", **asked) == 303
    dossier = ComplaintRepository.from_env().dossier(number)
    request = dossier.requests[0]
    assert send(quality, number, "make", request=request.request_id) == 303
    link = urlsplit(quality.headers["Location"])
    assert int(dict(parse_qsl(link.query)).get("X-Amz-Expires", "60")) <= 60
    stored = (
        client("s3")
        .get_object(Bucket="evidence", Key=f"evidence/{number}/{request.request_id}")["Body"]
        .read()
    )
    with zipfile.ZipFile(io.BytesIO(stored)) as packed:
        html = packed.read("index.html").decode()
        told = json.loads(packed.read("data.json"))["complaints"][0]
    said = [one.text for one in dossier.contacts if one.by == "complainant"]
    assert said
    assert all(one in html for one in said)
    assert [one["text"] for one in told["said"]] == said
    assert "内部备注" not in html
    after = ComplaintRepository.from_env().dossier(number)
    assert after.requests[0].outcome == "handed_over"
    assert after.entries[-1].action == "data_handed_over"
    assert Browser(MANAGER).get(page(number)) == 200


def test_a_copy_needs_a_request_for_one() -> None:
    """A request to be forgotten is not answered by handing something over."""
    number = registered().complaint_id
    quality = Browser(QUALITY)
    send(quality, number, "request", kind="erase", asker="本人", identity="核对证件")
    [request] = ComplaintRepository.from_env().dossier(number).requests
    assert send(quality, number, "make", request=request.request_id) == 422
    assert ComplaintRepository.from_env().dossier(number).requests == (request,)
    assert "Contents" not in client("s3").list_objects_v2(Bucket="evidence")


def test_a_copy_leaves_out_what_turned_out_to_be_anothers() -> None:
    """Who complained was corrected after the request was recorded."""
    person = Complainant(name="李娜", email="li@example.com", phone="13800138000")
    first, second = (
        intake.register(person, contact(contact_id=f"form-{n}"), claimed=f"form:{n}")[0]
        for n in range(2)
    )
    quality = Browser(QUALITY)
    asked = {"kind": "access", "asker": "本人", "identity": "证件"}
    assert send(quality, first.complaint_id, "request", **asked, others=second.complaint_id) == 303
    head = ComplaintRepository.from_env().get(second.complaint_id)
    moved = complaint_item(head.replace(person="somebody else"))
    client("dynamodb").put_item(TableName="ComplaintsTable", Item=moved)
    [request] = ComplaintRepository.from_env().dossier(first.complaint_id).requests
    assert send(quality, first.complaint_id, "make", request=request.request_id) == 303
    place = owndata.place(first.complaint_id, request.request_id)
    stored = client("s3").get_object(Bucket="evidence", Key=place)["Body"].read()
    with zipfile.ZipFile(io.BytesIO(stored)) as packed:
        told = json.loads(packed.read("data.json"))["complaints"]
    assert [one["number"] for one in told] == [first.complaint_id]


def test_one_request_for_all_complaints_of_a_person() -> None:
    """The page offers the others; they are proposed and granted together."""
    person = Complainant(name="李娜", email="li@example.com", phone="13800138000")
    numbers = [
        intake.register(person, contact(contact_id=f"form-{n}"), claimed=f"form:{n}")[
            0
        ].complaint_id
        for n in range(2)
    ]
    browser = Browser(QUALITY)
    browser.get(page(numbers[0]))
    assert numbers[1] in browser.body
    status = send(
        browser, numbers[0], "request", kind="erase", asker="本人", identity="证件",
        others=numbers[1],
    )  # fmt: skip
    assert status == 303
    for number in numbers:
        dossier = ComplaintRepository.from_env().dossier(number)
        assert dossier.requests[0].outcome == "kept"
        assert dossier.requests[0].reason == "open"
        assert dossier.complaint.erasure
    browser.get("/staff/keeping?list=requests")
    assert all(number in browser.body for number in numbers)
    assert LI.name
    assert keeping.of_same_person(ComplaintRepository.from_env().get(numbers[0]))
