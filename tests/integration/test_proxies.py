"""Who speaks for the complainant: registered, authorised, told only what may be told (I17)."""

from urllib.parse import urlencode

import pytest

from complaints.aws import runtime
from complaints.aws.desk import intake, line, parties
from complaints.aws.directory import StaffDirectory
from complaints.aws.repository import ComplaintRepository
from complaints.models import Channel, Contact, Decision, Dossier, Staff
from complaints.parts import Proxy, Relation
from functions.intake_web.handler import handler as web_handler
from tests.builders import HANDLER, HEAD, QUALITY, STAFF, assessed, finding, received
from tests.kept import keep, mailed_to, mails, words_of
from tests.staff_browser import AUDITOR, Browser, page

pytestmark = pytest.mark.usefixtures("tables")
SON = Proxy(
    proxy_id="0000000000000001",
    name="王强",
    relation=Relation.CHILD,
    email="wang@example.com",
    phone="+8613900139000",
)


@pytest.fixture(autouse=True)
def _staff(tables: None) -> None:
    """Enter the people of the builders into the directory."""
    del tables
    for member in STAFF:
        StaffDirectory.from_env().put(member)


def kept(*, proxy: Proxy | None = None, email: str = "lina@example.com") -> str:
    """Store an assessed complaint, with a proxy where one is given; return its number."""
    start = received()
    start = start.replace(complainant=start.complainant.replace(email=email))
    complaint = keep(start, assessed(start))
    if proxy:
        parties.add_proxy(complaint.complaint_id, proxy, staff=QUALITY)
    return complaint.complaint_id


def stored(number: str) -> Dossier:
    """Return the complaint as it is now."""
    return ComplaintRepository.from_env().dossier(number)


def approve(number: str) -> None:
    """Take the complaint to where the notice is owed."""
    line.submit_finding(number, finding(), staff=HANDLER)
    line.decide(number, Decision(approver=HEAD.username, approved=True), staff=HEAD)


def told(authority: str, extent: str) -> Proxy:
    """Return the son with this authority."""
    return SON.replace(authority=authority, may_be_told=extent)


# ---- letters -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proxy", "to", "kinds"),
    [
        (SON, ["lina@example.com"], {"notice"}),
        (told("spoken", "nothing"), ["lina@example.com"], {"notice"}),
        (
            told("spoken", "progress"),
            ["lina@example.com", "wang@example.com"],
            {"notice", "proxy_progress"},
        ),
        (told("spoken", "everything"), ["lina@example.com", "wang@example.com"], {"notice"}),
    ],
)
def test_a_letter_reaches_a_proxy_only_as_far_as_may_be_told(
    proxy: Proxy, to: list[str], kinds: set[str]
) -> None:
    """Nothing without authority; progress without a word of the reply; everything as it is."""
    number = kept(proxy=proxy)
    approve(number)
    assert sorted(mailed_to()) == sorted(to)
    assert {letter.kind for letter in stored(number).letters} == kinds
    for mail in mails():
        knows = mail["To"] == "lina@example.com" or proxy.may_be_told == "everything"
        assert (finding().reply in words_of(mail)) is knows
        assert (stored(number).complaint.tracking_code in words_of(mail)) is knows


def test_a_proxy_is_written_to_instead_where_the_complainant_left_no_address() -> None:
    """Everything may be told: then the notice is written, and greets whom it goes to."""
    number = kept(proxy=told("spoken", "everything"), email="")
    approve(number)
    assert mailed_to() == ["wang@example.com"]
    assert "王强" in words_of(mails()[0])
    assert stored(number).complaint.written_at


def test_a_mail_from_a_proxy_is_the_proxys() -> None:
    """It joins the complaint under the proxy's name; one from elsewhere stays as it was."""
    number = kept(proxy=SON)
    for sender, by in ((SON.email, f"proxy:{SON.proxy_id}"), ("who@example.com", "complainant")):
        mail = Contact(
            contact_id=f"mail-{sender}",
            channel=Channel.EMAIL,
            received_at=runtime.now(),
            by="complainant",
            text="补充",
        )
        intake.add(number, mail, sender=sender)
        assert stored(number).contacts[-1].by == by
        assert stored(number).complaint.news_at


# ---- by the pages --------------------------------------------------------------------------


def fill(staff: Staff, number: str, task: str, **fields: str) -> tuple[int, str]:
    """Send a form of the complaint's page; return status and page."""
    browser = Browser(staff)
    browser.get(page(number))
    return browser.post(f"{page(number)}/{task}", **fields), browser.body


def test_a_proxy_is_added_and_authorised_by_the_pages() -> None:
    """First who it is, then on what authority how much may be told; shown beside the call."""
    number = kept()
    fields = {"proxy_name": "王强", "relation": "child", "proxy_phone": "13900139000"}
    assert fill(HANDLER, number, "proxy", **fields)[0] == 303
    (proxy,) = stored(number).proxies
    assert (proxy.authority, proxy.may_be_told) == ("none", "nothing")
    refused = {"proxy": proxy.proxy_id, "authority": "none", "may_be_told": "everything"}
    status, body = fill(HANDLER, number, "authority", **refused)
    assert status == 422
    assert "没有授权时不能告知" in body
    written = {"proxy": proxy.proxy_id, "authority": "written", "may_be_told": "everything"}
    assert fill(HANDLER, number, "authority", **written)[0] == 422
    spoken = {"proxy": proxy.proxy_id, "authority": "spoken", "may_be_told": "everything"}
    assert fill(HANDLER, number, "authority", **spoken)[0] == 303
    (proxy,) = stored(number).proxies
    assert (proxy.authority, proxy.may_be_told) == ("spoken", "everything")
    approve(number)
    browser = Browser(HANDLER)
    browser.get(page(number))
    assert "可告知全部" in browser.body


def test_the_history_knows_the_proxy_only_as_a_commitment() -> None:
    """No name and no number in the facts: erasing the key erases them."""
    number = kept(proxy=SON)
    entry = stored(number).entries[-1]
    assert entry.action == "proxy_added"
    assert entry.commitment
    assert not {"王强", SON.phone, SON.email} & set(map(str, entry.facts.values()))


def test_who_only_audits_sees_a_masked_name() -> None:
    """Particulars of a proxy are personal data like the complainant's (F7)."""
    browser = Browser(AUDITOR)
    browser.get(page(kept(proxy=SON)))
    assert "王*" in browser.body
    assert "王强" not in browser.body
    assert SON.email not in browser.body


# ---- where it comes in ---------------------------------------------------------------------


def test_staff_register_a_complaint_that_a_daughter_makes() -> None:
    """The person named is the complainant; who called is the proxy, with spoken consent."""
    browser = Browser(QUALITY)
    browser.get("/staff/register")
    fields = {
        "channel": "phone",
        "arrived_at": "2026-01-05T09:00",
        "text": "前台态度恶劣",
        "demand": "道歉",
        "occurred_on": "2026-01-04",
        "name": "王老太",
        "phone": "13800138001",
        "on_behalf": "yes",
        "proxy_name": "王芳",
        "relation": "child",
        "proxy_phone": "13900139001",
        "authority": "spoken",
        "may_be_told": "progress",
    }
    assert browser.post("/staff/register", **{**fields, "authority": "none"}) == 422
    assert browser.post("/staff/register", **fields) == 303
    number = browser.headers["Location"].rpartition("/")[2]
    dossier = stored(number)
    assert dossier.complainant.name == "王老太"
    (proxy,) = dossier.proxies
    assert (proxy.name, proxy.authority, proxy.may_be_told) == ("王芳", "spoken", "progress")


def test_the_public_form_takes_a_complaint_for_somebody_else() -> None:
    """The writer is the proxy, without authority: told that it arrived, without the code."""
    fields = {
        "form_id": "00000000000000aa",
        "asked_at": "2026-01-01T00:00:00Z",
        "text": "我母亲被前台责骂",
        "demand": "道歉",
        "occurred_on": "2026-01-04",
        "name": "王老太",
        "on_behalf": "yes",
        "proxy_name": "王芳",
        "relation": "child",
        "proxy_email": "fang@example.com",
    }
    answer = web_handler(_posted(urlencode({**fields, "proxy_email": ""})), None)
    assert answer["statusCode"] == 422
    answer = web_handler(_posted(urlencode(fields)), None)
    assert answer["statusCode"] == 303
    number = answer["headers"]["Location"].split("/")[2]
    dossier = stored(number)
    assert dossier.complainant.name == "王老太"
    assert dossier.contacts[0].by == f"proxy:{dossier.proxies[0].proxy_id}"
    assert dossier.proxies[0].authority == "none"
    (mail,) = mails()
    assert mail["To"] == "fang@example.com"
    assert dossier.complaint.tracking_code not in words_of(mail)


def _posted(body: str) -> dict[str, object]:
    return {
        "rawPath": "/complain",
        "rawQueryString": "",
        "headers": {"content-type": "application/x-www-form-urlencoded"},
        "cookies": [],
        "requestContext": {"http": {"method": "POST", "sourceIp": "203.0.113.7"}},
        "body": body,
    }
