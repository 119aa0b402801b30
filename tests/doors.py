"""The doors of a running machine as tests use them: mail in, the outbox, the pages.

A visitor keeps cookies, sees whole answers (status, headers, bytes) and can also send what no page
offers; forms are read from the pages by the product's own small browser.
"""

import http.client
import json
import re
import smtplib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import make_msgid
from html import unescape
from typing import Any, Self, TypeVar
from urllib.parse import urlencode, urljoin, urlsplit

from cryptography.hazmat.primitives.keywrap import aes_key_unwrap

from complaints.demo.browser import MULTIPART, Form, Page, multipart, read
from complaints.texts import texts
from infra.local.accounts import PASSWORD
from infra.local.deploy import STACK, deploy
from infra.local.machine import MAIL_DOMAIN, ROOT, Machine

T = TypeVar("T")
PATIENCE = 45.0
"""Seconds until what was done must show; a step of the workflow takes about one."""
OURS = f"complaints@{MAIL_DOMAIN}"
LONG_AGO = "2026-01-01T00:00:00Z"
"""When a form was opened, so that no test waits the seconds that a robot would not."""
LINK = re.compile(r"/track/(?P<number>[A-Z0-9-]+)/(?P<code>[0-9A-Z]{12})")
T_ZH = texts("zh_CN")
GAP = "\0"
"""Stands in a sentence for what it names."""


def until(look: Callable[[], T | None], what: str, *, patience: float = PATIENCE) -> T:
    """Return what `look` finds as soon as it finds something; fails with `what` if it is late."""
    end = time.monotonic() + patience
    while (found := look()) is None:
        if time.monotonic() > end:
            raise AssertionError(f"not within {patience:.0f} s: {what}")
        time.sleep(0.2)
    return found


# ---- pages ---------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back for a request, after redirects."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    address: str

    @property
    def text(self) -> str:
        """The page as text, with entities read."""
        return unescape(self.body.decode("utf-8", "replace"))

    @property
    def page(self) -> Page:
        """The forms and marked words of the page."""
        return read(self.body.decode(), status=self.status, address=self.address)


@dataclass(kw_only=True)
class Visitor:
    """Somebody with a browser of their own."""

    site: str
    language: str = "zh-CN"
    cookies: dict[str, str] = field(default_factory=dict)

    def open(self, path: str) -> Answer:
        """Return the page at an address."""
        return self._ask("GET", urljoin(f"{self.site}/", path))

    def post(self, path: str, fields: Mapping[str, str]) -> Answer:
        """Send fields that no page offered."""
        body = urlencode(fields).encode()
        return self._ask("POST", urljoin(f"{self.site}/", path), body, Form(action="").encoding)

    def send(
        self,
        on: Answer,
        ending: str,
        typed: Mapping[str, str],
        file: tuple[str, bytes] | None = None,
    ) -> Answer:
        """Fill in the form whose address ends so and that takes these fields, and send it."""
        forms = [form for form in on.page.forms if form.action.endswith(ending)]
        form = next((one for one in forms if one.takes(typed)), None)
        assert form, f"no form {ending} for {list(typed)} on {on.address} ({on.status})"
        form.fill(typed)
        target = urljoin(on.address, form.action)
        if form.encoding == MULTIPART:
            kind, body = multipart(form.pairs(), file)
        else:
            kind, body = form.encoding, urlencode(form.pairs()).encode()
        return self._ask("POST", target, body, kind)

    def _ask(
        self, method: str, address: str, body: bytes | None = None, kind: str = "", hops: int = 0
    ) -> Answer:
        parts = urlsplit(address)
        ours = address.startswith(f"{self.site}/")
        headers = {"Accept-Language": self.language, **({"Content-Type": kind} if kind else {})}
        if ours and self.cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        try:
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            content = response.read()
            received = response.getheaders()
        finally:
            connection.close()
        if ours:
            self._keep(value for name, value in received if name.lower() == "set-cookie")
        heads = {name.lower(): value for name, value in received}
        if response.status in {301, 302, 303} and hops < 5:
            return self._ask("GET", urljoin(address, heads["location"]), hops=hops + 1)
        return Answer(status=response.status, headers=heads, body=content, address=address)

    def _keep(self, lines: Iterator[str]) -> None:
        for line in lines:
            pair, _, rest = line.partition(";")
            name, _, value = pair.partition("=")
            self.cookies[name] = value
            if "max-age=0" in rest.lower():
                del self.cookies[name]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a complainant finds the complaint again."""

    number: str
    code: str

    @property
    def path(self) -> str:
        """The address of the tracking page."""
        return f"/track/{self.number}/{self.code}"


def place_in(text: str) -> Place:
    """Return number and code from the tracking link in a text."""
    found = LINK.search(text)
    assert found, f"no tracking link in {text[:300]}"
    return Place(**found.groupdict())


def complain(visitor: Visitor, **fields: str) -> Place:
    """Send the public form; return where to track the complaint."""
    usual = {
        "text": "前台态度恶劣，打电话也不耐烦。",
        "demand": "请道歉",
        "occurred_on": "2026-11-01",
        "asked_at": LONG_AGO,
    }
    after = visitor.send(visitor.open("/complain"), "/complain", {**usual, **fields})
    assert after.status == 200, after.text
    return place_in(after.address)


def status_at(visitor: Visitor, place: Place) -> str:
    """Return the status that the tracking page shows, in its words."""
    return visitor.open(place.path).page.words["pill"][0]


def wait_for_status(visitor: Visitor, place: Place, status: str) -> None:
    """Wait until the tracking page shows this status."""
    wanted = T_ZH(f"status.{status}")
    until(lambda: status_at(visitor, place) == wanted or None, f"{place.number} is {status}")


class Staff(Visitor):
    """A member of staff at the console."""

    def sign_in(self, username: str) -> Self:
        """Sign in with the demo password."""
        typed = {"username": username, "password": PASSWORD}
        after = self.send(self.open("/staff/sign-in"), "/staff/sign-in", typed)
        assert after.page.find("/staff/sign-out"), after.text
        return self

    def look(self, number: str) -> Answer:
        """Return the page of a complaint, whatever it says."""
        return self.open(f"/staff/complaints/{number}")

    def offered(self, number: str, task: str) -> Answer | None:
        """Return the page of a complaint if it offers this task."""
        answer = self.look(number)
        return answer if answer.status == 200 and answer.page.find(f"/{number}/{task}") else None

    def do(self, number: str, task: str, **typed: str) -> Answer:
        """Fill in the form of a task once the page offers it; fails unless it is taken."""
        page = until(lambda: self.offered(number, task), f"{task} of {number} is offered")
        after = self.send(page, f"/{number}/{task}", typed)
        assert after.status == 200, after.text
        assert f"done={task}" in after.address
        return after

    def report(self, number: str, **finding: str) -> Answer:
        """Keep the record that the policy asks for, then submit the finding."""
        self.do(number, "record", record_kind="document", record_words="调取了录音。")
        return self.do(number, "investigate", **finding)

    def force(self, number: str, task: str, **fields: str) -> Answer:
        """Send the form of a task that the page does not offer, marks of the session included."""
        return self._force(self.look(number), number, task, fields)

    def _force(self, page: Answer, number: str, task: str, fields: Mapping[str, str]) -> Answer:
        form = page.page.form(f"/{number}/note")
        marks = {name: form.value(name) for name in ("csrf", "seen", "form_id")}
        return self.post(f"/staff/complaints/{number}/{task}", {**marks, **fields})

    def history(self, number: str) -> str:
        """Return the history of a complaint as its page shows it."""
        return _history(self.look(number))

    def refuse(self, number: str, task: str, sentence: str, **fields: str) -> None:
        """Check that a task is not offered, and that sending it all the same changes nothing.

        `sentence` is the id of what the page then says is wrong.
        """
        before = self.look(number)
        assert not before.page.find(f"/{number}/{task}"), f"{task} of {number} is offered"
        self._expect_refusal(self._force(before, number, task, fields), sentence)
        assert self.history(number) == _history(before)

    def fail(self, number: str, task: str, sentence: str, **typed: str) -> None:
        """Send a form that is offered and can't be taken as it is; nothing changes."""
        before = until(lambda: self.offered(number, task), f"{task} of {number} is offered")
        self._expect_refusal(self.send(before, f"/{number}/{task}", typed), sentence)
        assert self.history(number) == _history(before)

    @staticmethod
    def _expect_refusal(answer: Answer, sentence: str) -> None:
        assert 400 <= answer.status < 500, (answer.status, answer.address)
        said = answer.page.words
        shown = [*said.get("notice-red", ()), *said.get("error", ())]
        start = T_ZH(sentence, record=GAP, department=GAP).partition(GAP)[0]
        assert any(start in one for one in shown), (start, shown)


def _history(page: Answer) -> str:
    return page.text.rpartition('class="timeline"')[2].partition("</ol>")[0]


def staff(machine: Machine, username: str) -> Staff:
    """Return a member of staff, signed in."""
    return Staff(site=machine.site_url).sign_in(username)


class People(dict[str, Staff]):
    """The staff of a machine by user name, each signed in when first asked for."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self.machine = machine

    def __missing__(self, username: str) -> Staff:
        self[username] = staff(self.machine, username)
        return self[username]

    def pass_time(self, hours: float) -> None:
        """Move the clock of the machine; sessions of before are over."""
        pass_time(self.machine, hours)
        self.clear()


FINDING = {
    "facts": "当班前台接待时语气不当，录音可以证实。",
    "cause": "培训不足",
    "responsible": "yes",
    "measures": "已批评教育，本周补训。",
    "reply": "经查属实，我们向您诚恳道歉，并已安排培训。",
}


# ---- mail ----------------------------------------------------------------------------------


def mail(
    sender: str = "",
    subject: str = "前台态度恶劣",
    text: str = "前台态度恶劣，不耐烦。",
    **headers: str,
) -> EmailMessage:
    """Return a mail to the published address, with more headers by their names, `_` for `-`."""
    message = EmailMessage(policy=default)
    if sender:
        message["From"] = sender
    message["Subject"] = subject
    message["Message-ID"] = make_msgid(domain="example.com")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    if "To" not in message:
        message["To"] = OURS
    message.set_content(text)
    return message


def post(machine: Machine, message: EmailMessage, *, envelope: str = "") -> None:
    """Bring a mail to the SMTP door; `<>` is the envelope of a bounce."""
    sender = envelope or str(message["From"] or "<>")
    with smtplib.SMTP("127.0.0.1", machine.ports.smtp, timeout=60) as server:
        server.send_message(message, from_addr=sender)


def as_read(day: date) -> str:
    """Return a day as a letter in Chinese writes it."""
    return f"{day.year}年{day.month}月{day.day}日"


def letters(machine: Machine, to: str, subject: str = "") -> list[EmailMessage]:
    """Return what the system mailed to an address, the oldest first."""
    found = []
    for path in sorted(machine.outbox.glob("*.eml")):
        letter = message_from_bytes(path.read_bytes(), policy=default)
        if to in str(letter["To"]) and subject in str(letter["Subject"]):
            found.append(letter)
    return found


def letter(machine: Machine, to: str, kind: str) -> EmailMessage:
    """Wait for the letter of a kind (acknowledgement, notice, survey) to an address."""
    start = T_ZH(f"letter.{kind}.subject", number="")
    found = until(lambda: letters(machine, to, start) or None, f"{kind} to {to}")
    return found[-1]


def words(message: EmailMessage) -> str:
    """Return the plain text of a letter."""
    body = message.get_body(("plain",))
    assert body
    return str(body.get_content())


# ---- time ----------------------------------------------------------------------------------


def pass_time(machine: Machine, hours: float) -> None:
    """Move the clock of the functions this much further ahead; who is signed in is no longer.

    Deploys again with the parameters that the machine has, as an operator would.
    """
    given = _parameters(machine)
    ahead = int(given.get("ClockAhead", "0")) + round(hours * 3600)
    assert deploy(machine.client, ROOT, {**given, "ClockAhead": f"{ahead}"})


def time_on(machine: Machine) -> datetime:
    """Return the instant that the functions of a machine believe it is."""
    return datetime.now(UTC) + timedelta(seconds=int(_parameters(machine).get("ClockAhead", "0")))


def check_sla(machine: Machine) -> dict[str, int]:
    """Look at what is due, as the schedule does every five minutes; return how much was done."""
    return invoke(machine, "CheckSlaFunction")


def sweep(machine: Machine) -> None:
    """Look at what is due until nothing is; each look takes one step of each complaint."""
    for _ in range(20):
        if not any(check_sla(machine).values()):
            return
    raise AssertionError("something is always due")


def invoke(machine: Machine, function: str, **event: str) -> dict[str, Any]:
    """Run a function as its schedule does; return what it answers."""
    answer = machine.client("lambda").invoke(
        FunctionName=machine.outputs[function], Payload=json.dumps(event)
    )
    found: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, found
    return found


def _parameters(machine: Machine) -> dict[str, str]:
    """Return the parameters with which a machine is deployed."""
    [stack] = machine.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    return {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}


# ---- behind the doors ----------------------------------------------------------------------


def logged(machine: Machine) -> list[str]:
    """Return what the functions logged, the oldest first."""
    logs = machine.client("logs")
    return [
        event["message"]
        for group in logs.describe_log_groups()["logGroups"]
        for page in logs.get_paginator("filter_log_events").paginate(
            logGroupName=group["logGroupName"]
        )
        for event in page["events"]
    ]


def archived(machine: Machine, number: str) -> list[str]:
    """Return the keys of the bags of a complaint."""
    s3, bucket = machine.client("s3"), machine.outputs["ArchiveBucket"]
    filed = s3.list_objects_v2(Bucket=bucket, Prefix="archive/").get("Contents", ())
    return [key for one in filed if number in (key := one["Key"]) and key.endswith(".zip")]


def faults(machine: Machine) -> list[str]:
    """Return the errors that functions logged; people only saw a page that says sorry."""
    entries = [json.loads(line) for line in logged(machine) if line.startswith('{"level":"ERROR"')]
    return [f"{entry['message']}\n{entry.get('exception', '')}" for entry in entries]


def forget_rates(machine: Machine) -> None:
    """Empty the counters of the rate limits."""
    dynamodb, table = machine.client("dynamodb"), machine.outputs["RatesTable"]
    for stored in dynamodb.scan(TableName=table)["Items"]:
        dynamodb.delete_item(TableName=table, Key={"rate_id": stored["rate_id"]})


def data_key(machine: Machine, number: str) -> bytes:
    """Return the data key of a complaint, unwrapped as `aws.keys` does."""
    dynamodb, table = machine.client("dynamodb"), machine.outputs["KeysTable"]

    def stored(key_id: str) -> Any:  # noqa: ANN401 - boto3's
        return dynamodb.get_item(TableName=table, Key={"key_id": {"S": key_id}})["Item"]

    own = stored(number)
    month = own["branch"]["S"]
    branch = machine.client("kms").decrypt(
        KeyId=machine.outputs["DataKey"],
        CiphertextBlob=stored(f"branch#{month}")["wrapped"]["B"],
        EncryptionContext={"huiyin": "branch", "month": month},
    )
    return aes_key_unwrap(branch["Plaintext"], own["wrapped"]["B"])
