"""A person whom no log, queue, workflow, metric, report or key of an item may ever name (F7).

A canary goes through every door and several failures, at the level of logs that tells most.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import boto3
import pytest

from complaints import classify
from complaints.access import collection_of
from complaints.aws import accesses, evidence, reports, runtime
from complaints.aws.desk import intake
from complaints.aws.repository import ComplaintRepository
from complaints.models import Channel, Contact
from complaints.report import local_month
from functions.check_sla.handler import handler as check_sla
from functions.intake_email.handler import handler as intake_email
from functions.intake_web.handler import handler as intake_web
from tests.builders import HANDLER, HEAD, OFFICE, QUALITY, RECORDED, STAFF
from tests.conftest import ENVIRONMENT
from tests.integration.test_intake_web import FORM, ask
from tests.kept import put_object, refuse
from tests.mailed import deliver, mail, notice, raw_of
from tests.staff_browser import AUDITOR, REPORT, Browser, page

pytestmark = pytest.mark.usefixtures("tables")

NAME, PHONE, EMAIL = "卡纳瑞", "13912345678", "canary@example.org"
IDENTITY, CARD, ADDRESS = "31010419900307123X", "6222021234567890123", "金丝雀路八十八弄"
WORDS = "金丝雀的话语"
CANARIES = (NAME, PHONE, EMAIL, IDENTITY, CARD, ADDRESS, WORDS)
TEXT = f"前台态度恶劣。{WORDS}，{NAME}，{PHONE}，身份证{IDENTITY}，卡{CARD}，住{ADDRESS}"
SENT = ("sqs", "stepfunctions", "lambda", "cloudwatch", "ssm", "kms")
"""Services whose requests may not name anybody."""


@pytest.fixture
def sent() -> list[str]:
    """Collect every request to these services."""
    told: list[str] = []

    def keep(params: object, **_: object) -> None:
        told.append(json.dumps(params, default=str, ensure_ascii=False))

    for service in SENT:
        runtime.client(service).meta.events.register("before-parameter-build.*.*", keep)
    return told


@pytest.fixture(autouse=True)
def _told_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the functions log whatever they would ever log."""
    runtime.logger.setLevel("DEBUG")
    monkeypatch.setattr(runtime.logger, "setLevel", lambda _: None)


def named_in(text: str) -> list[str]:
    """Return which particulars stand in a text, as they are or escaped."""
    forms = {one: (one, json.dumps(one)[1:-1]) for one in CANARIES}
    return [one for one, written in forms.items() if any(way in text for way in written)]


def by_web() -> str:
    """Complain by the form; return the number."""
    fields = {"name": NAME, "phone": PHONE, "email": EMAIL, "address": ADDRESS, "text": TEXT}
    return str(ask("POST", "/complain", {**FORM, **fields})["headers"]["Location"]).split("/")[2]


def worked(number: str) -> None:
    """Work on the complaint by the pages: a file, the finding, a decision, an unmasking."""
    for member in STAFF:
        Browser(member)
    file = evidence.keep(number, f"{NAME}.pdf", b"%PDF-1.4 x")
    said = Contact(
        contact_id="f", channel=Channel.WEB, received_at=runtime.now(), by="complainant",
        text=TEXT, files=(file,),
    )  # fmt: skip
    intake.add(number, said)
    complaints = ComplaintRepository.from_env()
    dossier = complaints.dossier(number)
    done, entry = classify.classify(
        dossier.complaint, dossier.contacts, key=dossier.key, at=runtime.now(), office=OFFICE
    )
    complaints.save(done.replace(recorded=RECORDED), entry)
    steps = (
        (QUALITY, "assess", {"type": "B", "department": "service", "urgency": "general",
                             "risk": "low"}),
        (HANDLER, "note", {"text": TEXT}),
        (HANDLER, "investigate", {**REPORT, "facts": TEXT, "reply": TEXT}),
        (HEAD, "decide", {"decision": "reject", "reason": TEXT}),
        (AUDITOR, "unmask", {"unmask_reason": "audit", "unmask_words": TEXT}),
    )  # fmt: skip
    for staff, task, fields in steps:
        browser = Browser(staff)
        assert browser.get(page(number)) == 200
        assert browser.post(f"{page(number)}/{task}", **fields) in (200, 303), task


def failing(number: str) -> None:
    """Let things go wrong where a canary is at hand: saving, sending, reading, starting."""
    browser = Browser(HANDLER)
    browser.get(page(number))
    for operation in ("TransactWriteItems", "PutItem", "Query"):
        refuse("dynamodb", operation, "InternalServerError", times=9)
        browser.post(f"{page(number)}/note", text=TEXT)
        refuse("dynamodb", operation, "InternalServerError", times=0)
    refuse("sesv2", "SendEmail", "MessageRejected", times=9)
    with suppress(Exception):
        ask("POST", "/complain", {**FORM, "form_id": "f" * 16, "text": TEXT, "name": NAME})
    refuse("stepfunctions", "StartExecution", "InternalServerError", times=9)
    with suppress(Exception):
        ask("POST", "/complain", {**FORM, "form_id": "e" * 16, "text": TEXT, "email": EMAIL})
    for broken in (b"", {"Records": [{"body": TEXT}]}, {"requestContext": TEXT}):
        for handler in (intake_email, intake_web):
            with suppress(Exception):
                handler(broken, None)  # type: ignore[arg-type]


def kept_plain() -> Iterator[str]:
    """Yield the keys and index attributes of every item, and the names of every object."""
    dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")
    for table in dynamodb.list_tables()["TableNames"]:
        for stored in dynamodb.scan(TableName=table)["Items"]:
            yield str({name: of for name, of in stored.items() if name != "document"})
    for bucket in (one["Name"] for one in s3.list_buckets()["Buckets"]):
        for kept in s3.list_objects_v2(Bucket=bucket).get("Contents", ()):
            yield kept["Key"]


def test_nobody_is_named_where_nobody_needs_to_be(
    sent: list[str], capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Through both doors, the line, an unmasking, the check of limits, reports and failures."""
    number = by_web()
    deliver(mail(TEXT, From=f"{NAME} <{EMAIL}>", Subject=TEXT[:60]))
    unreadable = raw_of(TEXT.encode() + b"\xff\xfe\x00")
    put_object("MAIL_BUCKET", "inbox/2", unreadable)
    intake_email({"Records": [notice("inbox/2"), notice("inbox/none")]}, None)
    worked(number)
    check_sla({}, None)
    month = local_month(runtime.now(), OFFICE.zone)
    with suppress(reports.ReportNotSentError):
        reports.make_month(month)
    with suppress(reports.ReportNotSentError):
        reports.make_day()
    looks = list(accesses.whole(collection_of(number)))
    failing(number)

    printed = capfd.readouterr()
    logged = f"{printed.out}\n{printed.err}\n{caplog.text}"
    assert "request failed" in logged, "the failures were to be seen in the logs"
    assert named_in(logged) == []
    assert sent, "the workflow was to be started"
    assert [one for one in sent if named_in(one)] == []
    assert [one for one in kept_plain() if named_in(one)] == []
    s3 = boto3.client("s3")
    kept = s3.list_objects_v2(Bucket=ENVIRONMENT["REPORTS_BUCKET"])["Contents"]
    assert {f"reports/month/{month}.json", f"reports/month/{month}.xlsx"} <= {
        one["Key"] for one in kept
    }
    for one in kept:
        body = s3.get_object(Bucket=ENVIRONMENT["REPORTS_BUCKET"], Key=one["Key"])["Body"].read()
        assert named_in(_unpacked(body)) == []
    assert looks
    assert named_in(str(looks)) == []


def _unpacked(body: bytes) -> str:
    """Return what an object says; of a workbook every sheet."""
    if not zipfile.is_zipfile(io.BytesIO(body)):
        return body.decode()
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        return "\n".join(packed.read(name).decode(errors="ignore") for name in packed.namelist())


@pytest.mark.parametrize("hidden", [json.dumps, str])
def test_the_look_for_canaries_finds_them(hidden: Callable[[Any], str]) -> None:
    """Or the test above would say nothing."""
    assert named_in(hidden({"text": TEXT})) == [one for one in CANARIES if one != EMAIL]
