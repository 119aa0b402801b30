"""Archive on the bucket: locked for its years, filed once, and nothing filed that was changed."""

import hashlib
import io
import zipfile
from datetime import UTC, datetime

import boto3
import pytest
from botocore.exceptions import ClientError

from complaints.archive import ArchiveError, problems_of
from complaints.aws import evidence, runtime
from complaints.aws.desk import intake
from complaints.aws.repository import ComplaintRepository
from complaints.aws.vault import Vault, years_later
from complaints.models import Complaint, File, Status
from functions.archive.handler import handler
from tests.builders import (
    approved,
    assessed,
    contact,
    followed_up,
    investigated,
    later,
    received,
    responded,
)
from tests.kept import keep, put_object, refuse, set_clock

pytestmark = pytest.mark.usefixtures("tables")
PHOTO = b"\x89PNG\r\n\x1a\n photo"
MAIL = b"From: lina@example.com\r\n\r\nwords"


def ready(monkeypatch: pytest.MonkeyPatch) -> Complaint:
    """Store a complaint with a photo and its raw mail that has only to be filed."""
    photo = evidence.keep("TS-2026-000001-7", "现场.png", PHOTO)
    put_object("MAIL_BUCKET", "inbox/abc", MAIL)
    original = File(
        key="inbox/abc",
        name="original.eml",
        size=len(MAIL),
        sha256=hashlib.sha256(MAIL).hexdigest(),
        content_type="message/rfc822",
    )
    steps = [received(files=(photo,), original=original)]
    for build in (assessed, investigated, approved, responded, followed_up):
        steps.append(build(steps[-1]))
    set_clock(monkeypatch, later(steps[-1], 1))
    return keep(*steps)


def test_a_bundle_is_filed_whole_and_locked_for_its_years(monkeypatch: pytest.MonkeyPatch) -> None:
    """F3: under Object Lock in COMPLIANCE, for the five years of the policy."""
    complaint = ready(monkeypatch)
    handler({"complaint_id": complaint.complaint_id}, None)
    closed = ComplaintRepository.from_env().get(complaint.complaint_id)
    assert closed.archive_key.startswith("archive/general/2026/A/TS-2026-000001-7_2026-11-20_")
    filed = boto3.client("s3").get_object(Bucket="archive", Key=closed.archive_key)
    content = filed["Body"].read()
    assert problems_of(content) == []
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        evidence_of = {name for name in parts.namelist() if name.startswith("evidence/")}
        assert MAIL in [parts.read(name) for name in evidence_of]
        assert PHOTO in [parts.read(name) for name in evidence_of]
    assert filed["ObjectLockMode"] == "COMPLIANCE"
    assert filed["ObjectLockRetainUntilDate"].date().isoformat() == "2031-11-20"


def test_a_crash_between_filing_and_closing_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second try makes the same bytes, finds them filed, and closes."""
    complaint = ready(monkeypatch)
    refuse("dynamodb", "TransactWriteItems", "InternalServerError", times=9)
    with pytest.raises(ClientError):
        handler({"complaint_id": complaint.complaint_id}, None)
    assert ComplaintRepository.from_env().get(complaint.complaint_id).status == "followed_up"
    runtime.client.cache_clear()  # without what it was told to refuse
    handler({"complaint_id": complaint.complaint_id}, None)
    assert ComplaintRepository.from_env().get(complaint.complaint_id).status is Status.CLOSED


def test_evidence_that_was_changed_is_not_filed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody put other bytes under the key: the complaint stays open, and a person must look."""
    complaint = ready(monkeypatch)
    key = evidence.keep(complaint.complaint_id, "现场.png", PHOTO).key
    put_object("EVIDENCE_BUCKET", key, PHOTO + b"!")
    with pytest.raises(ArchiveError, match="is not what arrived"):
        handler({"complaint_id": complaint.complaint_id}, None)
    kept = ComplaintRepository.from_env().get(complaint.complaint_id)
    assert kept.status is Status.FOLLOWED_UP
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket="archive")


def test_the_vault_takes_the_same_bundle_twice_and_no_other() -> None:
    """Twice is once; another one under the same key is a fault that nobody may overlook."""
    vault = Vault.from_env()
    since = datetime(2026, 11, 20, tzinfo=UTC)
    put_object("ARCHIVE_BUCKET", "archive/x.zip", b"bundle")
    for content in (b"bundle", b"other"):
        refuse("s3", "PutObject", "PreconditionFailed")
        if content == b"bundle":
            vault.file("archive/x.zip", content, keep_from=since, years=5)
        else:
            with pytest.raises(ArchiveError, match="filed already, with other content"):
                vault.file("archive/x.zip", content, keep_from=since, years=5)
    assert vault.read("archive/x.zip") == b"bundle"


def test_another_fault_of_the_bucket_is_told() -> None:
    """Only what is there already is overlooked."""
    refuse("s3", "PutObject", "AccessDenied")
    with pytest.raises(ClientError, match="AccessDenied"):
        Vault.from_env().file("k", b"x", keep_from=datetime(2026, 1, 1, tzinfo=UTC), years=5)


@pytest.mark.parametrize(
    ("day", "years", "until"),
    [
        ("2026-11-20", 5, "2031-11-20"),
        ("2028-02-29", 5, "2033-02-28"),
        ("2028-02-29", 4, "2032-02-29"),
    ],
)
def test_years_end_on_the_same_day(day: str, years: int, until: str) -> None:
    """29 February becomes 28 where there is none."""
    assert years_later(datetime.fromisoformat(day), years).date().isoformat() == until


def test_words_between_filing_and_closing_do_not_stop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The filed bundle is locked; the one with the new words stands beside it, and counts."""
    complaint_id = ready(monkeypatch).complaint_id
    refuse("dynamodb", "TransactWriteItems", "InternalServerError", times=9)
    with pytest.raises(ClientError):
        handler({"complaint_id": complaint_id}, None)
    runtime.client.cache_clear()  # without what it was told to refuse
    intake.add(complaint_id, contact("还有一句话", contact_id="late"))
    handler({"complaint_id": complaint_id}, None)

    closed = ComplaintRepository.from_env().get(complaint_id)
    filed = boto3.client("s3").get_object(Bucket="archive", Key=closed.archive_key)["Body"].read()
    assert closed.status == "closed"
    assert problems_of(filed) == []
    assert "还有一句话" in zipfile.ZipFile(io.BytesIO(filed)).read("contacts.json").decode()
