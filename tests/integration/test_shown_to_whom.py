"""Role by page by field: who sees what of a complaint, for every route that the console has.

A route that is not in KINDS fails: nobody adds a page without saying what it shows (H4, F7, I8).
"""

from collections.abc import Iterator
from typing import Literal

import pytest

from complaints.aws import evidence, quarantine, runtime
from complaints.aws.desk import casework, emergencies, intake, line, parties
from complaints.aws.quarantine import Quarantined
from complaints.aws.reports import ReportStore
from complaints.aws.repository import ComplaintRepository
from complaints.models import Channel, Contact, Role, Staff
from complaints.parts import InvestigationRecord, Proxy, RecordKind, Relation
from complaints.report import month_report
from functions.console.handler import SIGNED_IN
from tests.builders import HANDLER, HEAD, MANAGER, OFFICE, QUALITY, finding
from tests.kept import put_object
from tests.staff_browser import ADMIN, AUDITOR, Browser, registered

pytestmark = pytest.mark.usefixtures("tables")

Kind = Literal["complaint", "list", "file", "mail", "own", "printed", "asset"]
COMPLAINT: Kind = "complaint"
"""A page of one complaint: plain, masked, or no such page."""
LIST: Kind = "list"
"""Complaints among others: masked, and without those that this person may not see."""
FILE: Kind = "file"
"""An original, or its address: only for who sees the complaint in plain, or says why."""
PRINTED: Kind = "printed"
"""A document as PDF; `tests/integration/test_documents.py` reads it."""
MAIL: Kind = "mail"
"""What nobody has taken in yet; of whom it speaks can't be known."""
OWN: Kind = "own"
"""Nothing of any complaint's person."""
NUMBERED = "/staff/complaints/{number}"
KINDS: dict[tuple[str, str], Kind] = {
    ("GET", "/staff"): LIST,
    ("POST", "/staff/sign-out"): OWN,
    ("GET", "/staff/complaints"): LIST,
    ("GET", NUMBERED): COMPLAINT,
    ("GET", f"{NUMBERED}/evidence"): COMPLAINT,
    ("GET", f"{NUMBERED}/evidence/{{piece}}"): FILE,
    ("POST", f"{NUMBERED}/evidence/{{piece}}"): FILE,
    ("GET", f"{NUMBERED}/evidence/{{piece}}/picture"): FILE,
    ("GET", f"{NUMBERED}/evidence/{{piece}}/custody"): COMPLAINT,
    ("POST", f"{NUMBERED}/uploads"): COMPLAINT,
    ("POST", f"{NUMBERED}/uploads/{{upload}}/sign"): COMPLAINT,
    ("POST", f"{NUMBERED}/uploads/{{upload}}/parts"): COMPLAINT,
    ("POST", f"{NUMBERED}/uploads/{{upload}}/complete"): COMPLAINT,
    ("POST", f"{NUMBERED}/uploads/{{upload}}/abort"): COMPLAINT,
    ("GET", f"{NUMBERED}/looks"): COMPLAINT,
    ("POST", f"{NUMBERED}/unmask"): COMPLAINT,
    ("POST", f"{NUMBERED}/documents"): PRINTED,
    ("POST", f"{NUMBERED}/{{task}}"): COMPLAINT,
    ("GET", "/staff/register"): OWN,
    ("POST", "/staff/register"): OWN,
    ("GET", "/staff/registered/{number}"): COMPLAINT,
    ("GET", "/staff/archive"): LIST,
    ("GET", "/staff/archive-key"): OWN,
    ("GET", "/staff/archive/{number}"): COMPLAINT,
    ("GET", "/staff/archive/{number}/check"): COMPLAINT,
    ("GET", "/staff/archive/{number}/bag/{version}"): FILE,
    ("GET", "/staff/archive/{number}/proof/{version}"): FILE,
    ("GET", "/staff/keeping"): LIST,
    ("GET", "/staff/keeping/{number}"): COMPLAINT,
    ("POST", "/staff/keeping/{number}/{step}"): COMPLAINT,
    ("GET", "/staff/reports"): OWN,
    ("POST", "/staff/reports"): OWN,
    ("GET", "/staff/reports/{name}"): LIST,
    ("GET", "/staff/reports/{month}/workbook"): FILE,
    ("GET", "/staff/reports/{month}/summary"): PRINTED,
    ("GET", "/staff/reports/{month}/register"): PRINTED,
    ("GET", "/staff/policy"): OWN,
    ("POST", "/staff/policy"): OWN,
    ("GET", "/staff/policy/{version}"): OWN,
    ("POST", "/staff/policy/{version}"): OWN,
    ("GET", "/staff/policy/{version}/file"): OWN,
    ("GET", "/staff/letters"): OWN,
    ("GET", "/staff/letters/{letter}/{language}"): OWN,
    ("POST", "/staff/letters/{letter}/{language}"): OWN,
    ("GET", "/staff/templates"): OWN,
    ("GET", "/staff/templates/{kind}"): OWN,
    ("POST", "/staff/templates/{kind}"): OWN,
    ("GET", "/staff/people"): OWN,
    ("POST", "/staff/people"): OWN,
    ("POST", "/staff/people-import"): OWN,
    ("GET", "/staff/people/{username}"): OWN,
    ("POST", "/staff/people/{username}"): OWN,
    ("POST", "/staff/people/{username}/hand-over"): OWN,
    ("GET", "/staff/quarantine"): MAIL,
    ("GET", "/staff/quarantine/{mail_id}"): MAIL,
    ("GET", "/staff/quarantine/{mail_id}/html"): MAIL,
    ("GET", "/staff/quarantine/{mail_id}/original"): MAIL,
    ("POST", "/staff/quarantine/{mail_id}/{answer}"): MAIL,
}

NAME, PHONE, EMAIL = "卡纳瑞", "13912345678", "canary@example.com"
ADDRESS, IDENTITY, CARD = "上海市徐汇区金丝雀路88弄6号", "31010419900307123X", "6222021234567890123"
SON, SON_PHONE = "芬奇生", "13711112222"
FIELDS = {
    "name": NAME, "phone": PHONE, "email": EMAIL, "address": "金丝雀路", "identity": IDENTITY,
    "card": CARD, "proxy": SON, "proxy's phone": SON_PHONE,
}  # fmt: skip
WORDS = f"{NAME}{PHONE}身份证{IDENTITY}卡{CARD}邮箱{EMAIL}住{ADDRESS}，找{SON}{SON_PHONE}"
INTAKE = Staff(username="chen", name="陈", email="c@example.com", roles=(Role.INTAKE,))
OTHER = HANDLER.replace(username="fei", name="费", department="finance")
BARRED = tuple(
    Staff(username=f"bei{number}", name=f"被投诉人{number}", email="b@example.com",
          roles=(role,), department="service")
    for number, role in enumerate(Role)
)  # fmt: skip
PLAIN_FOR = (HANDLER, HEAD, QUALITY, INTAKE)
MASKED_FOR = (MANAGER, AUDITOR)
NOTHING_FOR = (OTHER, ADMIN, *BARRED)


def full() -> dict[str, str]:
    """Return what stands in for the names of the routes: a complaint full of its person."""
    known = {"name": NAME, "phone": PHONE, "email": EMAIL, "address": ADDRESS}
    number = registered(f"前台态度恶劣。{WORDS}", **known).complaint_id
    for one in (*PLAIN_FOR, *MASKED_FOR, *NOTHING_FOR):
        Browser(one)
    proxy = Proxy(proxy_id="p1", name=SON, relation=Relation.CHILD, phone=SON_PHONE)
    parties.add_proxy(number, proxy, staff=QUALITY)
    file = evidence.keep(number, f"{NAME}的录音.pdf", b"%PDF-1.4 x")
    at = runtime.now()
    said = Contact(
        contact_id="note-1", channel=Channel.DEPARTMENT, received_at=at, by="han", text=WORDS,
        files=(file,),
    )  # fmt: skip
    intake.add(number, said)
    record = InvestigationRecord(
        record_id="r1", kind=RecordKind.INTERVIEW, by="han", at=at, words=WORDS, place=ADDRESS,
        people=NAME,
    )  # fmt: skip
    casework.keep_record(number, record, staff=HANDLER)
    emergencies.declare_emergency(number, WORDS, step_id="0" * 16, staff=QUALITY)
    emergencies.answer_emergency(number, "phone", WORDS, step_id="1" * 16, staff=QUALITY)
    named = [one.username for one in BARRED]
    parties.name_respondents(number, named, staff=QUALITY)
    wrote = finding(facts=WORDS, cause=WORDS, reply=WORDS, measures=WORDS)
    line.submit_finding(number, wrote, staff=HANDLER)
    heads = [ComplaintRepository.from_env().get(number)]
    month = f"{at.astimezone(OFFICE.zone):%Y-%m}"
    report = month_report(heads, month, office=OFFICE, at=at)
    ReportStore.from_env().keep_month(report, b"")
    put_object("MAIL_BUCKET", "inbox/m1", f"From: {EMAIL}\n\n{WORDS}".encode())
    held = Quarantined(
        key="inbox/m1", reason="no_sender", received_at=at, from_address=EMAIL, size=9, subject="x"
    )
    quarantine.put(held)
    return {
        "number": number, "piece": file.upload_id, "month": month, "name": month, "task": "note",
        "mail_id": held.mail_id, "letter": "notice", "language": "zh_CN", "kind": "notice",
        "username": "han", "version": "0" * 12, "upload": "0" * 16, "step": "hold", "answer": "x",
    }  # fmt: skip


def read(browser: Browser, method: str, address: str) -> str:
    """Open a page, or send its form empty; return what it says, without its own address."""
    if method == "POST":
        browser.get("/staff")
        browser.post(address)
    else:
        browser.get(address)
    echoed = address.partition("?")[0]
    return f"{browser.body} {browser.headers.get('Location', '')}".replace(echoed, "")


QUERIES = {
    "/staff/complaints": ("", "?queue=service", "?queue=management", "?month={month}"),
    "/staff/archive": ("", "?words=%E6%81%B6%E5%8A%A3"),
}


def addresses(pattern: str, values: dict[str, str]) -> list[str]:
    """Return the addresses of a route for these values."""
    queries = QUERIES.get(pattern, ("",))
    return [f"{pattern}{query}".format(**values) for query in queries]


def test_every_route_says_what_it_shows() -> None:
    """Denied by default: a page that is not in the matrix is a failure, and so is one too many."""
    assert {(method, pattern) for method, pattern, _ in SIGNED_IN} == set(KINDS)


def test_who_acts_sees_the_person_and_who_does_not_sees_no_field() -> None:
    """Each role, each route, each field.

    Plain on the complaint's page for who must act; masked for management and auditors, wherever;
    nothing at all for everybody else. Administrators know of numbers where they answer for
    disposal, and of nothing in them.
    """
    values = full()
    wrong = [
        (staff.username, *found)
        for staff in (*PLAIN_FOR, *MASKED_FOR, *NOTHING_FOR)
        for found in faults(staff, values)
    ]
    assert not wrong, "\n".join(map(str, wrong))


def faults(staff: Staff, values: dict[str, str]) -> Iterator[tuple[str, int, str]]:
    """Yield address, status and what is wrong with it, of each page that shows the wrong thing."""
    browser = Browser(staff)
    for (method, pattern), kind in KINDS.items():
        if kind in (PRINTED, MAIL) or pattern == "/staff/sign-out":
            continue
        for address in addresses(pattern, values):
            said = read(browser, method, address)
            found = {name for name, value in FIELDS.items() if value in said}
            if browser.status >= 500:
                yield address, browser.status, "fails"
            if staff not in PLAIN_FOR and found:
                yield address, browser.status, f"shows {found}"
            keeps = staff is ADMIN and pattern.startswith("/staff/keeping")
            if staff in NOTHING_FOR and not keeps and values["number"] in said:
                yield address, browser.status, "shows its number"
            if (method, pattern) == ("GET", NUMBERED):
                wanted = set(FIELDS) if staff in PLAIN_FOR else set()
                if found != wanted or browser.status != (404 if staff in NOTHING_FOR else 200):
                    yield address, browser.status, f"shows {found}"


def test_masked_pages_still_say_what_it_is_about() -> None:
    """The words are there, and enough of the person to know two files for one person's."""
    values = full()
    browser = Browser(AUDITOR)
    browser.get(NUMBERED.format(**values))
    for shown in ("前台态度恶劣", "卡**", "139****5678", "c***@example.com", "上海市***", "芬**"):
        assert shown in browser.body


def test_a_held_mail_is_for_the_two_offices_alone() -> None:
    """It has no complaint yet, so nobody can be known to be complained about in it."""
    values = full()
    for staff in (HANDLER, HEAD, MANAGER, AUDITOR, ADMIN, OTHER):
        browser = Browser(staff)
        for (method, pattern), kind in KINDS.items():
            if kind == MAIL:
                said = read(browser, method, pattern.format(**values))
                assert browser.status in (403, 404)
                assert not [one for one in FIELDS.values() if one in said]


def test_a_search_finds_nothing_that_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    """An auditor who searches for the name learns nothing by what is found."""
    from complaints.aws.console import search

    values = full()
    repository = ComplaintRepository.from_env()
    head = repository.get(values["number"])
    monkeypatch.setattr(search, "received_in", lambda _: iter([head.replace(archive_key="x")]))
    auditor, office = Browser(AUDITOR), Browser(QUALITY)
    for words, by_auditor, by_office in ((NAME, False, True), ("恶劣", True, True)):
        address = f"/staff/archive?words={words}&since={values['month']}&until={values['month']}"
        for browser, found in ((auditor, by_auditor), (office, by_office)):
            browser.get(address)
            assert (values["number"] in browser.body) is found
