"""A browser on the staff pages, and complaints to look at with it, for integration tests."""

import re
from base64 import b64encode
from functools import partial
from html import unescape
from typing import Any
from urllib.parse import urlencode, urlsplit

from complaints import archive, classify
from complaints.aws import bags, runtime, sessions
from complaints.aws.desk import intake, line
from complaints.aws.directory import StaffDirectory
from complaints.aws.repository import ComplaintRepository
from complaints.models import (
    Channel,
    Complainant,
    Complaint,
    Contact,
    Decision,
    Finding,
    Outcome,
    Role,
    Staff,
)
from functions.console.handler import handler
from tests.builders import HANDLER, HEAD, OFFICE, QUALITY, RECORDED

PASSWORD = "Right-Password-1"  # noqa: S105 - of a pool that lives for a test
AUDITOR = Staff(username="shen", name="沈", email="s@example.com", roles=(Role.AUDITOR,))
ADMIN = Staff(username="admin", name="管", email="a@example.com", roles=(Role.ADMINISTRATOR,))
REPORT = {
    "facts": "经查属实",
    "cause": "人手不够",
    "responsible": "yes",
    "measures": "道歉",
    "reply": "我们诚恳道歉。",
    "compensation": "200",
}


class Browser:
    """As much of a browser as the pages need: cookies, forms, one page at a time."""

    def __init__(self, staff: Staff | None = None) -> None:
        self.cookies: dict[str, str] = {}
        self.status = 0
        self.body = ""
        self.headers: dict[str, str] = {}
        if staff:
            StaffDirectory.from_env().put(staff)
            self.take(sessions.begin(staff, runtime.now())[1])

    def take(self, cookie: str) -> None:
        """Keep a cookie, or forget it."""
        name, _, value = cookie.partition(";")[0].partition("=")
        self.cookies = {one: of for one, of in self.cookies.items() if one != name}
        if "Max-Age=0" not in cookie:
            self.cookies[name] = value

    def send(self, method: str, address: str, body: str | bytes = "", **headers: str) -> int:
        """Send a request; return the status. Bytes come as the API hands them on: in base64."""
        there = urlsplit(address)
        event = {
            "rawPath": there.path,
            "rawQueryString": there.query,
            "headers": {"content-type": "application/x-www-form-urlencoded", **headers},
            "cookies": [f"{name}={value}" for name, value in self.cookies.items()],
            "requestContext": {"http": {"method": method, "sourceIp": "203.0.113.7"}},
            "body": b64encode(body).decode() if isinstance(body, bytes) else body,
            "isBase64Encoded": isinstance(body, bytes),
        }
        answer = handler(event, None)
        for cookie in answer["cookies"]:
            self.take(cookie)
        self.status, self.body = answer["statusCode"], unescape(answer["body"])
        self.headers = answer["headers"]
        return self.status

    def get(self, address: str) -> int:
        """Open a page."""
        return self.send("GET", address)

    def post(self, address: str, **fields: Any) -> int:  # noqa: ANN401 - text, or several texts
        """Send the form of the page that is open, with its hidden fields and these."""
        hidden = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.body)
        return self.send("POST", address, urlencode({**dict(hidden), **fields}, doseq=True))


WORDS = "前台态度恶劣，不耐烦。"


def registered(text: str = WORDS, **person: str) -> Complaint:
    """Register a complaint by web and let it be assessed; its records are kept."""
    person = person or {"name": "李娜", "email": "li@example.com", "phone": "+8613800138000"}
    contact = Contact(
        contact_id="c1",
        channel=Channel.WEB,
        received_at=runtime.now(),
        by="complainant",
        text=text,
    )
    made, _ = intake.register(Complainant(**person), contact, claimed=text)
    complaints = ComplaintRepository.from_env()
    dossier = complaints.dossier(made.complaint_id)
    done, entry = classify.classify(
        dossier.complaint, dossier.contacts, key=dossier.key, at=runtime.now(), office=OFFICE
    )
    return complaints.save(done.replace(recorded=RECORDED), entry)


def investigated(text: str = WORDS) -> Complaint:
    """Return a complaint whose finding by HANDLER waits for approval."""
    finding = Finding(
        investigator=HANDLER.username,
        facts="f",
        cause="c",
        responsible=True,
        measures="m",
        reply="r",
    )
    return line.submit_finding(registered(text).complaint_id, finding, staff=HANDLER)


def closed(text: str = WORDS) -> Complaint:
    """Return a closed complaint with its bundle in the archive bucket."""
    number = investigated(text).complaint_id
    line.decide(number, Decision(approver=HEAD.username, approved=True), staff=HEAD)
    line.confirm_by_phone(number, Outcome.ACCEPTED, "", staff=HANDLER)
    line.call_back(number, Outcome.SATISFIED, 5, "", staff=QUALITY)
    complaints = ComplaintRepository.from_env()
    dossier = complaints.dossier(number)
    closing = partial(archive.close, dossier.complaint, office=OFFICE)
    return complaints.save(*bags.file(dossier, closing, at=runtime.now()))


def page(number: str) -> str:
    """Return the address of a complaint."""
    return f"/staff/complaints/{number}"
