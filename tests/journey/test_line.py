"""The whole line by the real doors: from a mail or a form to a locked archive."""

import io
import json
import zipfile
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from complaints.bag import EVIDENCE, HISTORY
from complaints.demo.doors import png
from complaints.verify_bag import by_itself
from infra.local.machine import Machine
from tests.doors import (
    FINDING,
    T_ZH,
    Place,
    Visitor,
    complain,
    letter,
    logged,
    mail,
    place_in,
    post,
    staff,
    until,
    wait_for_status,
    words,
)

pytestmark = pytest.mark.journey
PHOTO = png(7)


def test_a_mail_with_a_photo_ends_as_a_locked_archive(machine: Machine) -> None:
    """Acknowledged, investigated by one, approved by another, accepted, rated, closed, locked."""
    message = mail("王小明 <line.mail@example.com>", "前台态度恶劣-整条线")
    message.add_attachment(PHOTO, maintype="image", subtype="png", filename="现场.png")
    post(machine, message)
    acknowledgement = letter(machine, "line.mail@example.com", "acknowledgement")
    place = place_in(words(acknowledgement))
    assert place.number in acknowledgement["Subject"]
    assert acknowledgement["In-Reply-To"] == message["Message-ID"]
    assert f"{datetime.now(UTC):%Y-}" in words(acknowledgement)
    complainant = Visitor(site=machine.site_url)
    wait_for_status(complainant, place, "assessed")

    li = staff(machine, "handler.li")
    assert place.number in li.open("/staff").text
    sheet = li.look(place.number)
    assert "现场.png" in sheet.text
    assert "王小明" in sheet.text
    assert _evidence(machine, place) == PHOTO
    assessed = {"type": "A", "department": "service", "urgency": "important", "risk": "low"}
    li.do(place.number, "assess", **assessed)
    li.do(place.number, "assign", investigator="handler.li")
    li.report(place.number, **FINDING)
    staff(machine, "head.wang").do(place.number, "decide", decision="approve")

    notice = letter(machine, "line.mail@example.com", "notice")
    assert FINDING["reply"] in words(notice)
    page = complainant.open(place.path)
    accepted = complainant.send(page, "/answer", {"outcome": "accepted"})
    assert T_ZH("track.thanks.answer") in accepted.text
    survey = letter(machine, "line.mail@example.com", "survey")
    assert place_in(words(survey)) == place
    page = complainant.open(place.path)
    complainant.send(page, "/survey", {"satisfaction": "5", "satisfied": "yes"})
    wait_for_status(complainant, place, "closed")

    _check_lock(machine, place)
    auditor = staff(machine, "auditor.qian")
    assert place.number in auditor.open("/staff/archive").text
    checked = auditor.open(f"/staff/archive/{place.number}/check")
    assert checked.status == 200
    assert "notice-red" not in checked.text


def _check_lock(machine: Machine, place: Place) -> None:
    """Check that the bundle is whole, tells the whole history and can't be deleted."""
    key, version = _filed(machine, place)
    s3, bucket = machine.client("s3"), machine.outputs["ArchiveBucket"]
    bundle = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    assert by_itself(io.BytesIO(bundle), key).finding.problems == []
    with zipfile.ZipFile(io.BytesIO(bundle)) as parts:
        names = [name.partition("/")[2] for name in parts.namelist()]
        history = parts.read(f"{parts.namelist()[0].partition('/')[0]}/{HISTORY}").decode()
    assert len([name for name in names if name.startswith(EVIDENCE)]) == 2, "photo and mail"
    assert PHOTO not in bundle, "encrypted"
    actions = [json.loads(line)["action"] for line in history.splitlines()]
    assert actions == [
        *("received", "assessed", "assessment_corrected", "assigned", "record_kept"),
        *("investigated", "approved", "document_issued", "accepted", "followed_up", "closed"),
    ]
    retention = s3.get_object_retention(Bucket=bucket, Key=key)["Retention"]
    assert retention["Mode"] == "COMPLIANCE"
    assert retention["RetainUntilDate"].year >= datetime.now(UTC).year + 5
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=bucket, Key=key, VersionId=version, BypassGovernanceRetention=True)


def _evidence(machine: Machine, place: Place) -> bytes:
    """Return the first piece of evidence as the console hands it out."""
    li = staff(machine, "handler.li")
    start = f"/staff/complaints/{place.number}/evidence/"
    found = li.look(place.number).text.split(f'href="{start}', 1)[1].split('"', 1)[0]
    return li.open(start + found).body


def _filed(machine: Machine, place: Place) -> tuple[str, str]:
    """Return key and version of the bundle."""
    s3, bucket = machine.client("s3"), machine.outputs["ArchiveBucket"]
    versions = s3.list_object_versions(Bucket=bucket, Prefix="archive/")["Versions"]
    [found] = [one for one in versions if place.number in one["Key"]]
    return found["Key"], found["VersionId"]


def test_who_left_a_phone_number_is_also_asked_by_phone(machine: Machine) -> None:
    """The answer on the page alone does not complete the feedback; the call does (004 二)."""
    complainant = Visitor(site=machine.site_url)
    place = complain(complainant, phone="13800000002", email="line.web@example.com")
    li = staff(machine, "handler.li")
    li.report(place.number, **FINDING)
    staff(machine, "head.wang").do(place.number, "decide", decision="approve")
    page = complainant.open(place.path)
    complainant.send(page, "/answer", {"outcome": "accepted"})
    wait_for_status(complainant, place, "approved")
    li.do(place.number, "phone", outcome="accepted", words="可以，就这样吧。")
    wait_for_status(complainant, place, "responded")
    letter(machine, "line.web@example.com", "survey")
    quality = staff(machine, "quality.liu")
    quality.do(place.number, "follow-up", outcome="satisfied", satisfaction="4")
    wait_for_status(complainant, place, "closed")


def test_what_was_registered_by_mistake_is_voided_filed_and_can_be_taken_up_again(
    machine: Machine,
) -> None:
    """The real workflow passes what is left and locks the file; an objection begins a new run."""
    complainant = Visitor(site=machine.site_url)
    place = complain(complainant, phone="13800000009", email="line.void@example.com")
    li, quality = staff(machine, "handler.li"), staff(machine, "quality.liu")
    until(lambda: li.offered(place.number, "assign"), "it is assessed")
    reason = {"void_reason": "by_mistake", "void_words": "同一通电话登记了两次。"}
    li.refuse(place.number, "void", "error.void_not_allowed", **reason)
    quality.do(place.number, "void", **reason)
    assert reason["void_words"] in words(letter(machine, "line.void@example.com", "voided"))
    until(lambda: "reopen" in quality.look(place.number).text or None, "it is closed")
    page = complainant.open(place.path)
    assert T_ZH("status.voided") in page.text
    assert T_ZH("track.voided.by_mistake") in page.text
    assert "_voided_" in _filed(machine, place)[0]

    complainant.send(page, "/note", {"text": "是另外一件事，请处理。"})
    quality.do(place.number, "reopen", reason="投诉人来信说是另一件事。")
    wait_for_status(complainant, place, "assessed")
    li.report(place.number, **FINDING)
    wait_for_status(complainant, place, "investigated")


def test_evidence_from_the_web_is_added_byte_for_byte(machine: Machine) -> None:
    """The file goes straight to the bucket and shows on both sides."""
    complainant = Visitor(site=machine.site_url)
    place = complain(complainant, phone="13800000003")
    page = complainant.open(f"{place.path}/evidence")
    [upload] = [form for form in page.page.forms if "key" in form.values]
    after = complainant.send(page, upload.action, {}, ("照片.png", PHOTO))
    assert T_ZH("evidence.sent") in after.text
    until(lambda: "照片.png" in complainant.open(place.path).text or None, "the file is listed")
    until(lambda: staff(machine, "handler.li").offered(place.number, "assign"), "it is assessed")
    assert _evidence(machine, place) == PHOTO


def test_nothing_personal_is_logged_or_carried_by_the_workflow(machine: Machine) -> None:
    """Name, phone, mail and words stay in the table: not in logs, not in executions."""
    canaries = ("金丝雀甲", "13912345678", "canary.mail@example.com", "金丝雀的话语")
    name, phone, email, text = canaries
    complainant = Visitor(site=machine.site_url)
    text = f"前台态度恶劣，打电话也不耐烦。{text}"
    place = complain(complainant, name=name, phone=phone, email=email, text=text)
    staff(machine, "handler.li").report(place.number, **FINDING)
    staff(machine, "head.wang").do(place.number, "decide", decision="reject", reason=canaries[3])
    post(machine, mail(f"{name} <{email}>", f"{canaries[3]} {place.number}"))
    until(
        lambda: canaries[3] in staff(machine, "handler.li").look(place.number).text or None, "mail"
    )

    told = (machine.directory / "emulator.log").read_text(errors="replace")
    workflow = machine.client("stepfunctions")
    arn = machine.outputs["WorkflowArn"]
    for one in workflow.list_executions(stateMachineArn=arn, maxResults=1000)["executions"]:
        if place.number in one["name"]:
            history = workflow.get_execution_history(
                executionArn=one["executionArn"], includeExecutionData=True, maxResults=1000
            )
            told += json.dumps(history["events"], default=str, ensure_ascii=False)
            told += one["executionArn"]
    assert place.number in told
    told += "".join(logged(machine))
    escaped = json.dumps(canaries)[1:-1].split(", ")
    assert [one for one in (*canaries, *(e.strip('"') for e in escaped)) if one in told] == []
