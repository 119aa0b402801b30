"""Files straight into the bucket: exact bytes, once, flagged, measured; a verdict comes first."""

import hashlib
import io
import json
import zipfile
from typing import Any

import pytest

from complaints.aws import evidence, long_uploads, verdicts
from complaints.aws.desk import intake
from complaints.aws.directory import StaffDirectory
from complaints.aws.evidence import CorruptedError
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import client
from complaints.aws.verdicts import NotCleanError
from complaints.files import Flag
from complaints.history import breaks
from complaints.models import Channel, Contact, Dossier, File
from complaints.packed import Odd
from functions.intake_file.handler import handler
from tests.builders import HANDLER, NUMBER, QUALITY, received
from tests.faults import each_fault
from tests.kept import begun, keep, mailed_to, put_object

UPLOAD = f"evidence/{NUMBER}/0123456789abcdef"
PHOTO = b"\x89PNG\r\n\x1a\n photo"
DONE: dict[str, Any] = {"batchItemFailures": []}
AGAIN = {"batchItemFailures": [{"itemIdentifier": "m1"}]}
BUCKET = "evidence"


@pytest.fixture(autouse=True)
def complaint(tables: None) -> Dossier:  # noqa: ARG001 - an order
    """Store a complaint that files come to."""
    dossier = received()
    begun(keep(dossier), "token")
    return dossier


def told(key: str = UPLOAD) -> dict[str, Any]:
    """Return the message of the queue that tells of an upload."""
    body = json.dumps({"Records": [{"s3": {"object": {"key": key}}}]})
    return {"Records": [{"messageId": "m1", "body": body}]}


def stored() -> Dossier:
    """Return the complaint as it is now."""
    return ComplaintRepository.from_env().dossier(NUMBER)


def put_together(content: bytes, *, size: int, key: str = UPLOAD, **said: str) -> None:
    """Put an object together from parts of `size` bytes, as the browser and the console do."""
    s3 = client("s3")
    metadata = {"door": "parts", "part-size": str(size), "by": HANDLER.username, **said}
    named: dict[str, Any] = {"Bucket": BUCKET, "Key": key}
    made = s3.create_multipart_upload(**named, Metadata=metadata, ChecksumAlgorithm="SHA256")
    named["UploadId"] = made["UploadId"]
    parts = []
    for number, start in enumerate(range(0, len(content), size), start=1):
        piece = content[start : start + size]
        put = s3.upload_part(**named, PartNumber=number, Body=piece, ChecksumAlgorithm="SHA256")
        checksum = put["ChecksumSHA256"]
        parts.append({"PartNumber": number, "ETag": put["ETag"], "ChecksumSHA256": checksum})
    s3.complete_multipart_upload(**named, MultipartUpload={"Parts": parts})


MEBI5 = 5 * 1024 * 1024
LONG = bytes(range(256)) * (2 * MEBI5 // 256) + b"the end"


# ---- one file, one piece of evidence ---------------------------------------------------------


def test_an_upload_is_told_of_twice_and_is_evidence_once() -> None:
    """F1: exact bytes with their digest, under a key that no form knows."""
    put_object("EVIDENCE_BUCKET", UPLOAD, PHOTO, door="web", name="photo.png")
    for _ in range(2):
        assert handler(told(), None) == DONE
    (file,) = stored().evidence
    assert (file.sha256, file.name) == (hashlib.sha256(PHOTO).hexdigest(), "photo.png")
    kept = client("s3").get_object(Bucket=BUCKET, Key=file.key)["Body"].read()
    assert kept == PHOTO == evidence.fetch(file)


def test_a_form_of_upload_sent_twice_keeps_both_files() -> None:
    """The second lies where the first lay; neither is lost, and the first is still what it was."""
    for content in (PHOTO, b"another photo"):
        put_object("EVIDENCE_BUCKET", UPLOAD, content, door="web", name="photo.png")
        handler(told(), None)
    for file, content in zip(stored().evidence, (PHOTO, b"another photo"), strict=True):
        assert evidence.fetch(file) == content


def test_what_did_not_come_by_the_form_is_no_upload() -> None:
    """Attachments of mails and stray keys are left alone."""
    put_object("EVIDENCE_BUCKET", UPLOAD, PHOTO)
    for key in (UPLOAD, "evidence/mail-00/0011", "other/x"):
        assert handler(told(key), None) == DONE
    assert stored().evidence == ()


def test_an_upload_that_cannot_be_read_comes_again() -> None:
    """One that names an unknown complaint, or is not there, fails alone."""
    assert handler(told(), None) == AGAIN


def test_a_file_in_parts_is_registered_where_it_lies() -> None:
    """No copy of a long file: only the console puts it together, once; both sides hashed it."""
    put_together(LONG, size=MEBI5, name="=?utf-8?b?5b2V6Z+zLm1wMw==?=", declared="audio/mpeg")
    for _ in range(2):
        assert handler(told(), None) == DONE
    (file,) = stored().evidence
    assert (file.key, file.size) == (UPLOAD, len(LONG))
    assert (file.sha256, file.part_size) == (hashlib.sha256(LONG).hexdigest(), 0)
    assert file.name == "录音.mp3"
    assert file.flags == (Flag.TYPE_DIFFERS,)
    assert stored().contacts[-1].by == HANDLER.username
    assert len(client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]) == 1


def test_parts_of_other_sizes_than_agreed_are_no_evidence() -> None:
    """The checksum would not say again what was hashed."""
    put_together(LONG, size=MEBI5, **{"part-size": str(MEBI5 + 1)})
    assert handler(told(), None) == AGAIN
    assert stored().evidence == ()


def test_a_file_too_long_for_one_run_keeps_the_checksum_of_its_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is named as such, and still finds every wrong byte."""
    monkeypatch.setattr(evidence, "WHOLE_BYTES", 1000)
    put_together(LONG, size=MEBI5)
    assert handler(told(), None) == DONE
    (file,) = stored().evidence
    pieces = [LONG[start : start + MEBI5] for start in range(0, len(LONG), MEBI5)]
    composite = hashlib.sha256(b"".join(hashlib.sha256(one).digest() for one in pieces))
    assert (file.sha256, file.part_size) == (composite.hexdigest(), MEBI5)
    assert b"".join(evidence.chunks(file)) == LONG
    put_object("EVIDENCE_BUCKET", UPLOAD, LONG[:-1] + b"X")
    with pytest.raises(CorruptedError):
        evidence.fetch(file)


@pytest.mark.parametrize("door", ["web", "parts"])
def test_a_fault_at_any_call_leaves_one_piece_of_evidence(door: str) -> None:
    """Whatever fails, before or after it was done: told again, the file is there, once."""
    if door == "web":
        put_object("EVIDENCE_BUCKET", UPLOAD, b"1", door="web")
    else:
        put_together(b"1", size=MEBI5)
    for where in each_fault(lambda: handler(told(), None)):
        assert handler(told(), None) == DONE, where
        after = stored()
        assert len(after.evidence) == 1, where
        assert not list(breaks(after.entries, after.complaint.digest)), where


# ---- what is odd is said ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "flags"),
    [
        ("invoice.pdf.exe", b"MZ" + bytes(300), {Flag.PROGRAM}),
        ("=?utf-8?b?YeKArmdwLmV4ZQ==?=", b"MZ" + bytes(300), {Flag.NAME_CHANGED, Flag.PROGRAM}),
        ("photo.png", b"<html><script>alert(1)</script>", {Flag.TYPE_DIFFERS}),
        ("../../etc/passwd", b"root", {Flag.NAME_CHANGED}),
        ("photo.png", PHOTO, set()),
    ],
)
def test_an_upload_that_deceives_is_flagged(name: str, content: bytes, flags: set[Flag]) -> None:
    """Double extension, reversed name, HTML disguised as PNG, path: as for mails (promise 33)."""
    put_object("EVIDENCE_BUCKET", UPLOAD, content, door="web", name=name)
    handler(told(), None)
    assert set(stored().evidence[0].flags) == flags


def test_a_packed_file_is_measured_in_the_bucket() -> None:
    """By ranges of its end, and nothing is unpacked."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../x", bytes(20_000_000))
    put_object("EVIDENCE_BUCKET", UPLOAD, made.getvalue(), door="web", name="a.zip")
    handler(told(), None)
    packed = stored().evidence[0].packed
    assert packed
    assert set(packed.found) == {Odd.RATIO, Odd.PATHS}


def test_wrong_bytes_from_storage_are_noticed() -> None:
    """Whoever reads a whole file compares it with its SHA-256 (promise 43)."""
    put_object("EVIDENCE_BUCKET", UPLOAD, PHOTO, door="web", name="photo.png")
    handler(told(), None)
    (file,) = stored().evidence
    for wrong in (b"X" + PHOTO[1:], PHOTO[:-1], PHOTO + b"x", b""):
        put_object("EVIDENCE_BUCKET", file.key, wrong)
        with pytest.raises(CorruptedError):
            evidence.fetch(file)


# ---- the malware scan ------------------------------------------------------------------------


def scanned(status: str, key: str, *, at: str = "2026-11-22T08:00:00Z") -> dict[str, Any]:
    """Return the message of the queue that tells what a scan found, as GuardDuty words it."""
    detail = {
        "schemaVersion": "1.0",
        "scanStatus": "COMPLETED",
        "resourceType": "S3_OBJECT",
        "s3ObjectDetails": {"bucketName": BUCKET, "objectKey": key, "eTag": "x", "versionId": "1"},
        "scanResultDetails": {"scanResultStatus": status, "threats": None},
    }
    event = {
        "source": "aws.guardduty",
        "detail-type": "GuardDuty Malware Protection Object Scan Result",
        "time": at,
        "detail": detail,
    }
    return {"Records": [{"messageId": "m1", "body": json.dumps(event)}]}


def tag(status: str, key: str) -> None:
    """Write what the scanner writes on an object."""
    tags = [{"Key": verdicts.TAG, "Value": status}]
    client("s3").put_object_tagging(Bucket=BUCKET, Key=key, Tagging={"TagSet": tags})


@pytest.fixture
def file(complaint: Dossier, monkeypatch: pytest.MonkeyPatch) -> File:  # noqa: ARG001 - an order
    """Register a file where scanning is on; return it."""
    monkeypatch.setenv("SCAN_UPLOADS", "on")
    for one in (HANDLER, QUALITY):
        StaffDirectory.from_env().put(one)
    put_object("EVIDENCE_BUCKET", UPLOAD, PHOTO, door="web", name="photo.png")
    handler(told(), None)
    return stored().evidence[0]


@pytest.mark.parametrize(
    "status",
    ["", "THREATS_FOUND", "UNSUPPORTED", "ACCESS_DENIED", "FAILED", "no_threats_found", "NEW"],
)
def test_every_status_but_one_is_not_clean(file: File, status: str) -> None:
    """Missing, failed, unsupported, unknown: nothing leaves."""
    if status:
        tag(status, file.key)
    with pytest.raises(NotCleanError):
        verdicts.expect_clean(file)
    tag("NO_THREATS_FOUND", file.key)
    verdicts.expect_clean(file)


def test_an_event_alone_opens_nothing(file: File) -> None:
    """The tag decides: whoever could write to the queue could not free a file."""
    assert handler(scanned("NO_THREATS_FOUND", file.key), None) == DONE
    assert not verdicts.may_be_opened(file)


def test_verdicts_come_late_twice_and_in_any_order(file: File) -> None:
    """The latest scan is what people read."""
    assert verdicts.known([file]) == {}
    for status, at in (("FAILED", "09"), ("NO_THREATS_FOUND", "10"), ("FAILED", "08")):
        for _ in range(2):
            assert handler(scanned(status, file.key, at=f"2026-11-22T{at}:00:00Z"), None) == DONE
    assert verdicts.known([file])[file.key].status == "NO_THREATS_FOUND"


def test_the_quality_office_hears_of_a_threat_once(file: File) -> None:
    """By a letter and in the history; the copy that the form left says nothing of its own."""
    before = len(mailed_to())
    for key in (file.key, file.key, UPLOAD):
        assert handler(scanned("THREATS_FOUND", key), None) == DONE
    assert mailed_to()[before:] == [QUALITY.email]
    found = [one for one in stored().entries if one.action == "threat_found"]
    assert [one.facts for one in found] == [{"file": file.upload_id}]


@pytest.mark.usefixtures("file")
def test_a_threat_in_an_attachment_finds_its_complaint() -> None:
    """Its key names no complaint; what its mail was claimed under does."""
    claimed = f"form:{NUMBER}"
    kept = evidence.keep("mail-0123456789abcdef", "a.txt", b"attached", claimed=claimed)
    assert handler(scanned("THREATS_FOUND", kept.key), None) == AGAIN, "not registered yet"
    contact = Contact(
        contact_id="mail-0123456789abcdef",
        channel=Channel.EMAIL,
        received_at=stored().complaint.received_at,
        by="complainant",
        files=(kept,),
    )
    intake.add(NUMBER, contact)
    assert handler(scanned("THREATS_FOUND", kept.key), None) == DONE
    assert stored().entries[-1].facts == {"file": kept.upload_id}


# ---- in parts ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "size", [1, 8 * 2**20, 8 * 2**20 + 1, 60 * 2**20, 2**40, long_uploads.LARGEST]
)
def test_parts_are_as_s3_takes_them(size: int) -> None:
    """10,000 at most, 5 MiB to 5 GiB each but for the last, and all of the file."""
    parts = long_uploads.sizes(size)
    assert sum(parts) == size
    assert len(parts) <= 10_000
    assert all(5 * 2**20 <= one <= long_uploads.LARGEST_PART for one in parts[:-1])
    assert 0 < parts[-1] <= long_uploads.LARGEST_PART


def test_the_address_of_a_part_takes_its_bytes_alone() -> None:
    """The SHA-256 is among the headers that are signed: another one is refused."""
    begun_one = long_uploads.begin(NUMBER, name="录像.mp4", declared="video/mp4", size=9, by="han")
    named = (NUMBER, begun_one.upload_id, begun_one.token)
    (address,) = long_uploads.addresses(*named, {1: "A" * 43 + "="}).values()
    assert "SignedHeaders=host%3Bx-amz-checksum-sha256" in address
    assert "X-Amz-Expires=900" in address
    assert long_uploads.arrived(*named) == []
