"""To be forgotten on the running product: held, refused, granted by two, erased by its own role.

A machine of its own, whose clock passes the end of the retention.
"""

import io
import json
import zipfile
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from complaints.aws.packing import unpack
from complaints.bag import PARTS
from complaints.commands.archive_verify import Folder
from complaints.demo.doors import png
from complaints.encryption import DecryptionError, decrypt
from complaints.seal import public_key
from complaints.verify import Verifier
from infra.local.machine import Machine
from tests.doors import (
    FINDING,
    T_ZH,
    Answer,
    People,
    Place,
    Visitor,
    archived,
    data_key,
    invoke,
    letter,
    logged,
    mail,
    place_in,
    post,
    sweep,
    time_on,
    until,
    wait_for_status,
    words,
)

pytestmark = pytest.mark.journey
NAME, EMAIL, SAID = "金丝雀玉兰", "forgotten.canary@example.com", "金丝雀说的话"
PHOTO = png(11)
YEARS = 5
HOURS = (YEARS * 365 + 3) * 24.0
"""Past the end of the retention, leap days included."""
REASON = "法院来函要求保全"


@pytest.fixture(scope="module")
def machine(machine_of: Callable[..., Machine]) -> Machine:
    """Run a machine whose clock can be moved."""
    return machine_of("service-provider")


def test_a_person_is_forgotten_and_the_record_still_holds(machine: Machine, tmp_path: Path) -> None:
    """F6, F7: a hold and the retention forbid it; afterwards two grant it, and nothing is left."""
    people = People(machine)
    complainant = Visitor(site=machine.site_url)
    place = _closed(machine, people, complainant)
    kept_open = complainant.open(f"{place.path}/evidence")
    number, marks = place.number, (NAME, EMAIL, SAID, place.code)
    [bag] = archived(machine, number)
    month = f"{time_on(machine):%Y-%m}"
    people.pass_time(24.5)
    invoke(machine, "SealFunction")
    before = _figures(machine, month)
    key = data_key(machine, number)
    assert _opened(machine, bag, number, key)
    assert _places_with(machine, *marks)

    _keep(people, "manager.sun", number, "hold", reason=REASON)
    assert _legal_hold(machine, bag) == "ON"
    asked = {"kind": "erase", "asker": "本人来电", "identity": "回拨登记的电话"}
    _keep(people, "quality.liu", number, "request", **asked)
    assert T_ZH("letter.part.erasure.held") in _told(machine)
    assert T_ZH("error.erasure_held") in people["quality.liu"].open(_page(number)).text
    _refused(people, "quality.liu", number, "propose", "error.erasure_held")
    _refused(people, "manager.sun", number, "lift", "error.hold_lifted_by_other")
    _keep(people, "admin", number, "lift", reason="法院来函解除")
    assert _legal_hold(machine, bag) == "OFF"
    _refused(people, "quality.liu", number, "propose", "error.erasure_retained")
    assert f"{time_on(machine).year + YEARS}年" in people["quality.liu"].open(_page(number)).text

    people.pass_time(HOURS)
    sweep(machine)
    assert number in people["quality.liu"].open("/staff/keeping?list=due").text
    _keep(people, "quality.liu", number, "propose")
    _refused(people, "quality.liu", number, "grant", "error.erasure_not_allowed")
    _keep(people, "manager.sun", number, "grant")
    done = T_ZH("keeping.state.erased")
    until(lambda: done in people["quality.liu"].open(_page(number)).text or None, "it is erased")

    with pytest.raises(KeyError):
        data_key(machine, number)
    assert _versions(machine, "EvidenceBucket") == []
    assert _versions(machine, "MailBucket") == []
    with pytest.raises(DecryptionError):
        _opened(machine, bag, number, bytes(32))
    assert _places_with(machine, *marks) == []
    assert [one for one in marks if one in _carried(machine)] == []
    assert _problems(machine, tmp_path) == []
    assert _figures(machine, month) == before
    assert complainant.open(place.path).status == 404
    sheet = people["manager.sun"].look(number)
    assert T_ZH("staff.erased_notice") in sheet.text
    assert not [one for one in marks if one in sheet.text]
    _upload(complainant, kept_open)
    until(lambda: _versions(machine, "EvidenceBucket") == [] or None, "what came late is deleted")


# ---- what is done ----------------------------------------------------------------------------


def _closed(machine: Machine, people: People, complainant: Visitor) -> Place:
    """Bring a mail with a photo, and see it to its closing."""
    message = mail(f"{NAME} <{EMAIL}>", f"前台态度恶劣-{SAID}", f"前台态度恶劣，不耐烦。{SAID}")
    message.add_attachment(PHOTO, maintype="image", subtype="png", filename=f"{SAID}.png")
    post(machine, message)
    place = place_in(words(letter(machine, EMAIL, "acknowledgement")))
    li = people["handler.li"]
    wait_for_status(complainant, place, "assessed")
    assessed = {"type": "A", "department": "service", "urgency": "important", "risk": "low"}
    li.do(place.number, "assess", **assessed)
    li.do(place.number, "assign", investigator="handler.li")
    li.report(place.number, **FINDING)
    people["head.wang"].do(place.number, "decide", decision="approve")
    complainant.send(complainant.open(place.path), "/answer", {"outcome": "accepted"})
    letter(machine, EMAIL, "survey")
    survey = {"satisfaction": "5", "satisfied": "yes"}
    complainant.send(complainant.open(place.path), "/survey", survey)
    wait_for_status(complainant, place, "closed")
    return place


def _upload(complainant: Visitor, page: Answer) -> None:
    """Send a file by the form of a page, however long it was open."""
    [upload] = [form for form in page.page.forms if "key" in form.values]
    after = complainant.send(page, upload.action, {}, ("迟.png", PHOTO))
    assert after.address.startswith(complainant.site), after.text


def _page(number: str) -> str:
    return f"/staff/keeping/{number}"


def _keep(people: People, who: str, number: str, step: str, **typed: str) -> None:
    """Fill in a form of the page of how a complaint is kept; fails unless it is taken."""
    after = people[who].send(people[who].open(_page(number)), f"/{number}/{step}", typed)
    assert f"done={step}" in after.address, after.text


def _refused(people: People, who: str, number: str, step: str, sentence: str) -> None:
    """Check that a form is not offered, and that it is refused if it is sent all the same."""
    page = people[who].open(_page(number))
    assert not page.page.find(f"/{number}/{step}"), f"{step} is offered"
    [marks] = {
        (form.value("csrf"), form.value("form_id"))
        for form in page.page.forms
        if form.action.startswith(_page(number))
    } or {(page.page.form("/sign-out").value("csrf"), "0" * 16)}
    typed = {"csrf": marks[0], "form_id": marks[1], "reason": "试试"}
    if step == "lift":
        typed["hold"] = _hold(people, number)
    after = people[who].post(f"{_page(number)}/{step}", typed)
    assert 400 <= after.status < 500
    assert T_ZH(sentence) in after.text


def _hold(people: People, number: str) -> str:
    """Return the id of the hold that stands, by the form of who may lift it."""
    return people["admin"].open(_page(number)).page.form(f"/{number}/lift").value("hold")


def _figures(machine: Machine, month: str) -> tuple[Any, Any]:
    """Have the report of a month made; return what it counts: totals, and their breakdown."""
    invoke(machine, "ReportFunction", kind="month", month=month)
    s3, bucket = machine.client("s3"), machine.outputs["ReportsBucket"]
    kept = s3.get_object(Bucket=bucket, Key=f"reports/month/{month}.json")["Body"].read()
    report = json.loads(kept)
    return report["figures"], report["by"]


# ---- what is there ---------------------------------------------------------------------------


def _told(machine: Machine) -> str:
    """Return the letter that says why the person can't be forgotten now."""
    return words(letter(machine, EMAIL, "erasure_kept"))


def _legal_hold(machine: Machine, bag: str) -> str:
    bucket = machine.outputs["ArchiveBucket"]
    held = machine.client("s3").get_object_legal_hold(Bucket=bucket, Key=bag)
    return str(held["LegalHold"]["Status"])


def _opened(machine: Machine, bag: str, number: str, key: bytes) -> list[bytes]:
    """Return the ciphers of a bag, decrypted under a key."""
    bucket = machine.outputs["ArchiveBucket"]
    filed = machine.client("s3").get_object(Bucket=bucket, Key=bag)["Body"].read()
    with zipfile.ZipFile(io.BytesIO(filed)) as members:
        [name] = [one for one in members.namelist() if one.endswith(PARTS)]
        lines = [json.loads(line) for line in members.read(name).splitlines()]
    return [
        decrypt(b64decode(one["cipher"]), key, f"{number}/{one['part']}")
        for one in lines
        if "cipher" in one
    ]


def _versions(machine: Machine, bucket: str) -> list[str]:
    """Return every version in a bucket, marks of deletion included."""
    found = machine.client("s3").list_object_versions(Bucket=machine.outputs[bucket])
    return [one["Key"] for one in (*found.get("Versions", ()), *found.get("DeleteMarkers", ()))]


def _places_with(machine: Machine, *marks: str) -> list[str]:
    """Return where any of these words stands in a table or a bucket, as text or escaped."""
    wanted = [one.encode() for one in marks]
    wanted += [json.dumps(one).strip('"').encode() for one in marks]
    wanted.append(PHOTO)
    return [
        place for place, content in _everything(machine) if any(one in content for one in wanted)
    ]


def _everything(machine: Machine) -> Iterator[tuple[str, bytes]]:
    """Yield every item of every table, and every version of every object."""
    dynamodb, s3 = machine.client("dynamodb"), machine.client("s3")
    for table in dynamodb.list_tables()["TableNames"]:
        for row in dynamodb.get_paginator("scan").paginate(TableName=table).search("Items[]"):
            packed = row.get("document", {}).get("B")
            yield f"{table} {row}"[:300], f"{row}".encode() + (unpack(packed) if packed else b"")
    for bucket in (one["Name"] for one in s3.list_buckets()["Buckets"]):
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for one in page.get("Versions", ()):
                named = {"Bucket": bucket, "Key": one["Key"], "VersionId": one["VersionId"]}
                yield f"{bucket}/{one['Key']}", s3.get_object(**named)["Body"].read()


def _carried(machine: Machine) -> str:
    """Return all that the functions logged, and what the workflow was given."""
    workflow, arn = machine.client("stepfunctions"), machine.outputs["WorkflowArn"]
    told = "".join(logged(machine))
    for one in workflow.list_executions(stateMachineArn=arn, maxResults=1000)["executions"]:
        history = workflow.get_execution_history(
            executionArn=one["executionArn"], includeExecutionData=True, maxResults=1000
        )
        told += json.dumps(history["events"], default=str, ensure_ascii=False)
    return told


def _problems(machine: Machine, folder: Path) -> list[str]:
    """Verify the whole archive as an outsider does: with the files and the public key."""
    s3, bucket = machine.client("s3"), machine.outputs["ArchiveBucket"]
    for one in s3.list_objects_v2(Bucket=bucket)["Contents"]:
        path = folder / one["Key"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read())
    key = public_key((folder / "seals/public-key.pem").read_bytes())
    verifier = Verifier(Folder(folder), key, whole=True)
    found = [problem for one in verifier.findings() for problem in one.problems]
    assert verifier.counts["bags"] == 1
    return found
