"""The complaints table made again from the archive: equal to the live one, item by item."""

import hashlib
import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from complaints.access import Look, collection_of
from complaints.aws import accesses, documents, runtime
from complaints.aws.desk import intake, line, merging
from complaints.aws.directory import StaffDirectory
from complaints.aws.keys import keys
from complaints.aws.packing import unpack
from complaints.aws.repository import ComplaintRepository
from complaints.aws.table import Table
from complaints.cli import main
from complaints.models import Channel, Complainant, Contact, Decision, File, Outcome, Status
from complaints.parts import VoidReason
from functions.archive.handler import handler as archive_step
from tests.builders import HANDLER, HEAD, MANAGER, QUALITY, finding
from tests.conftest import resources
from tests.kept import put_object
from tests.staff_browser import registered

pytestmark = pytest.mark.usefixtures("tables")
REBUILT = "Rebuilt"
LEFT = {"saved_by"}
"""Attributes that no bag holds: the marks of writes."""


@pytest.fixture(autouse=True)
def _no_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """Print nothing: what a bag holds beside the table does not matter here."""
    monkeypatch.setattr(documents, "documents_of", lambda *_: [])


@pytest.fixture
def rebuilt() -> Table:
    """Give an empty table like the one of complaints."""
    wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    properties = resources()["ComplaintsTable"]["Properties"]
    schema: dict[str, Any] = {key: of for key, of in properties.items() if key in wanted}
    runtime.client("dynamodb").create_table(TableName=REBUILT, **schema)
    return Table(REBUILT)


def archived(complaint_id: str) -> str:
    """File a complaint that was followed up, and return its number."""
    archive_step({"complaint_id": complaint_id}, None)
    assert ComplaintRepository.from_env().get(complaint_id).status is Status.CLOSED
    return complaint_id


def through(complaint_id: str) -> str:
    """Handle a complaint up to the archive."""
    line.submit_finding(complaint_id, finding(), staff=HANDLER)
    line.decide(complaint_id, Decision(approver=HEAD.username, approved=True), staff=HEAD)
    line.confirm_by_phone(complaint_id, Outcome.ACCEPTED, "电话里说的话", staff=HANDLER)
    line.call_back(complaint_id, Outcome.SATISFIED, 5, "满意", staff=QUALITY)
    return archived(complaint_id)


def walked() -> list[str]:
    """Return closed complaints of every kind that the archive knows."""
    for member in (HEAD, MANAGER, QUALITY):
        StaffDirectory.from_env().put(member)
    plain = registered(name="李娜", email="lina@example.com").complaint_id
    accesses.note(collection_of(plain), Look.OPENED, by="han")
    through(plain)
    anonymous = through(registered(text="无名", name="", email="", phone="").complaint_id)

    main_one, second = registered(text="停水了"), registered(text="又停水了", phone="13800000009")
    merging.merge(second.complaint_id, main_one.complaint_id, staff=QUALITY)
    whole = through(main_one.complaint_id)

    mistaken = registered(text="发错了").complaint_id
    line.void(mistaken, VoidReason.TEST, "测试", staff=QUALITY)
    archived(mistaken)

    again = through(registered(text="一再发生", phone="13800000008").complaint_id)
    line.reopen(again, "同一问题又发生", staff=QUALITY)
    through(again)

    late = through(registered(text="后来还有", phone="13800000007").complaint_id)
    intake.add(late, said("还有一句话"))
    intake.read_news(late, staff=QUALITY)
    archive_step({"complaint_id": late}, None)
    return [plain, anonymous, whole, second.complaint_id, mistaken, again, late]


def said(text: str) -> Contact:
    """Return a mail with its raw text."""
    file = intake_mail(text)
    return Contact(
        contact_id="late",
        channel=Channel.EMAIL,
        received_at=runtime.now(),
        by="complainant",
        text=text,
        message_id="<late@example.com>",
        original=file,
    )


def intake_mail(text: str) -> File:
    """Store a raw mail and return its record."""
    raw = f"From: a@example.com\r\n\r\n{text}".encode()
    put_object("MAIL_BUCKET", "inbox/late", raw)
    return File(
        key="inbox/late", name="original.eml", size=len(raw),
        sha256=hashlib.sha256(raw).hexdigest(), content_type="message/rfc822",
    )  # fmt: skip


def rows(table: str, complaint_id: str) -> dict[str, Any]:
    """Return all items of a complaint and of its looks, without what no bag holds.

    Plain documents are unpacked: the order of their names is the only thing that may differ.
    """
    found = {}
    for collection in (complaint_id, collection_of(complaint_id)):
        for one in Table(table).query(
            KeyConditionExpression="complaint_id = :id",
            ExpressionAttributeValues={":id": {"S": collection}},
        ):
            if one["part"]["S"] != "task":
                name = f"{collection}/{one['part']['S']}"
                found[name] = {key: of for key, of in one.items() if key not in LEFT}
                if "B" in one.get("document", {}):
                    found[name]["document"] = json.loads(unpack(one["document"]["B"]))
    return found


def fetched(folder: Path) -> Path:
    """Write all bags of the archive into a folder laid out like the bucket."""
    s3 = boto3.client("s3")
    for one in s3.list_objects_v2(Bucket="archive")["Contents"]:
        path = folder / one["Key"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(s3.get_object(Bucket="archive", Key=one["Key"])["Body"].read())
    return folder


def test_what_was_closed_comes_back_as_it_was(
    rebuilt: Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Plain, anonymous, merged, voided, reopened, with words after closing: every item is equal."""
    numbers = walked()
    live = {number: rows("ComplaintsTable", number) for number in numbers}
    assert main(["archive", "rebuild", str(fetched(tmp_path)), "--table", rebuilt.name]) == 0
    made = {number: rows(REBUILT, number) for number in numbers}
    for number in numbers:
        assert made[number].keys() == live[number].keys()
        for part, item in live[number].items():
            assert made[number][part] == item, part
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["complaint_id"] for one in told] == sorted(numbers)
    # And the product reads it.
    before, after = ComplaintRepository("ComplaintsTable"), ComplaintRepository(REBUILT)
    for number in numbers:
        assert after.dossier(number) == before.dossier(number)


def test_what_is_there_already_stays(
    rebuilt: Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twice is once, and nothing is written over."""
    through(registered().complaint_id)
    paths = [str(fetched(tmp_path)), "--table", rebuilt.name]
    assert main(["archive", "rebuild", *paths]) == 0
    assert main(["archive", "rebuild", *paths]) == 1
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["items"] == 0


def test_a_broken_bag_is_named_and_not_used(
    rebuilt: Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is made of what does not hold; the rest is."""
    through(registered().complaint_id)
    folder = fetched(tmp_path)
    [whole] = folder.rglob("*.zip")
    torn = whole.with_name("torn.zip")
    torn.write_bytes(whole.read_bytes()[:-1])
    assert main(["archive", "rebuild", str(folder), "--table", rebuilt.name]) == 1
    said = capsys.readouterr()
    assert "torn.zip" in said.err
    assert len(said.out.splitlines()) == 1
    assert main(["archive", "rebuild", str(torn), "--table", rebuilt.name]) == 2


def test_who_was_forgotten_stays_forgotten(rebuilt: Table, tmp_path: Path) -> None:
    """F7: without the key of a complaint the bag gives back nobody."""
    number = through(registered(name="李娜", email="lina@example.com").complaint_id)
    keys().destroy(number, "r1", runtime.now())
    assert main(["archive", "rebuild", str(fetched(tmp_path)), "--table", rebuilt.name]) == 0
    dossier = ComplaintRepository(rebuilt.name).dossier(number)
    assert dossier.is_erased
    assert (dossier.complainant, dossier.complaint.subject) == (Complainant(), "")
    assert not [one for one in dossier.entries if one.number > dossier.complaint.version]
