"""Archive on the bucket: locked for its years, filed once, and nothing filed that was changed."""

import base64
import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import bagit
import boto3
import pytest
from botocore.exceptions import ClientError

from complaints import archive as closing
from complaints import bag
from complaints.access import Look, collection_of
from complaints.archive import ArchiveError, archive_key
from complaints.aws import accesses, bags, documents, evidence, runtime
from complaints.aws.desk import intake, line
from complaints.aws.encrypted_files import decrypt_file
from complaints.aws.evidence import CorruptedError
from complaints.aws.keys import keys
from complaints.aws.repository import ComplaintRepository
from complaints.aws.settings import office_for
from complaints.aws.vault import Vault
from complaints.encryption import decrypt
from complaints.models import Complaint, Decision, File, Outcome, Status
from complaints.verify_bag import by_itself
from functions.archive.handler import handler
from tests.bagged import bagged
from tests.builders import (
    HANDLER,
    HEAD,
    LI,
    QUALITY,
    approved,
    assessed,
    contact,
    finding,
    followed_up,
    investigated,
    later,
    received,
    responded,
)
from tests.faults import Fault, each_fault, fault
from tests.kept import keep, put_object, refuse, runs, set_clock

pytestmark = [
    pytest.mark.usefixtures("tables"),
    pytest.mark.filterwarnings("ignore:'count' is passed:DeprecationWarning"),
]
PHOTO = b"\x89PNG\r\n\x1a\n photo"
MAIL = b"From: lina@example.com\r\n\r\nwords"
NUMBER = "TS-2026-000001-7"


def ready(monkeypatch: pytest.MonkeyPatch) -> Complaint:
    """Store a complaint with a photo and its raw mail that has only to be filed."""
    photo = evidence.keep(NUMBER, "现场.png", PHOTO)
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


def archive(complaint_id: str = NUMBER) -> Complaint:
    """Run the step, and return the complaint after it."""
    handler({"complaint_id": complaint_id}, None)
    return ComplaintRepository.from_env().get(complaint_id)


def content_of(key: str) -> bytes:
    """Return an object of the archive."""
    content: bytes = boto3.client("s3").get_object(Bucket="archive", Key=key)["Body"].read()
    return content


def filed() -> list[str]:
    """Return the keys of all that is in the archive."""
    found = boto3.client("s3").list_objects_v2(Bucket="archive").get("Contents", [])
    return [one["Key"] for one in found]


def members(key: str) -> dict[str, bytes]:
    """Return what lies in a bag, by path."""
    with zipfile.ZipFile(io.BytesIO(content_of(key))) as packed:
        return {name.partition("/")[2]: packed.read(name) for name in packed.namelist()}


def locked_until(key: str) -> str:
    """Return the day until which an object is locked, in COMPLIANCE mode."""
    head = boto3.client("s3").head_object(Bucket="archive", Key=key)
    assert head["ObjectLockMode"] == "COMPLIANCE"
    return str(head["ObjectLockRetainUntilDate"].date())


def problems(key: str) -> list[str]:
    """Return what is wrong with a bag."""
    return by_itself(io.BytesIO(content_of(key)), key).finding.problems


def decrypted(sealed: bytes, name: str, complaint_id: str = NUMBER) -> bytes:
    """Return what a file of a bag holds."""
    plain = io.BytesIO()
    decrypt_file(io.BytesIO(sealed), plain, keys().of(complaint_id), complaint_id, name)
    return plain.getvalue()


# ---- what is filed -------------------------------------------------------------------------


def test_a_bag_is_filed_whole_and_locked_for_its_years(monkeypatch: pytest.MonkeyPatch) -> None:
    """F3: under Object Lock in COMPLIANCE, for the five years of the policy."""
    ready(monkeypatch)
    closed = archive()
    assert closed.archive_key.startswith(f"archive/general/2026/A/{NUMBER}_2026-11-20_satisfied_")
    assert problems(closed.archive_key) == []
    assert locked_until(closed.archive_key) == "2031-11-20"
    assert filed() == [closed.archive_key]


def test_evidence_and_mails_lie_in_it_encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    """F1: the exact bytes that arrived, for who has the key."""
    ready(monkeypatch)
    found = members(archive().archive_key)
    sealed = {path: content for path, content in found.items() if path.startswith(bag.EVIDENCE)}
    names = {path: path.removeprefix(bag.EVIDENCE).removesuffix(".enc") for path in sealed}
    assert {decrypted(sealed[path], names[path]) for path in sealed} == {PHOTO, MAIL}
    assert not any(PHOTO in content or MAIL in content for content in found.values())


def test_parts_lie_in_it_as_they_lie_in_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same ciphers, and what is personal of the head beside them."""
    ready(monkeypatch)
    closed = archive()
    rows = [json.loads(line) for line in members(closed.archive_key)[bag.PARTS].splitlines()]
    parts = {row["part"]: row for row in rows}
    assert list(parts) == sorted(parts)
    stored = {one["part"]["S"]: one for one in ComplaintRepository.from_env().rows(NUMBER)}
    for part, row in parts.items():
        if part != bag.PRIVATE:
            assert base64.b64decode(row["cipher"]) == stored[part]["cipher"]["B"]
    sealed = base64.b64decode(parts[bag.PRIVATE]["cipher"])
    private = json.loads(decrypt(sealed, keys().of(NUMBER), f"{NUMBER}/{bag.PRIVATE}"))
    assert private == {
        "subject": closed.subject,
        "tracking_code": closed.tracking_code,
        "person": closed.person,
    }


def test_nothing_personal_can_be_read_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """F7: the person goes with the key."""
    ready(monkeypatch)
    closed = archive()
    content = content_of(closed.archive_key)
    for word in (LI.name, LI.phone, LI.email, closed.tracking_code, closed.subject, "录音"):
        assert word.encode() not in content


def test_who_looked_at_it_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """F5: the access history as it was at the closing."""
    ready(monkeypatch)
    for _ in range(3):
        accesses.note(collection_of(NUMBER), Look.OPENED, by="han")
    looks = members(archive().archive_key)[bag.ACCESS].splitlines()
    assert [json.loads(look)["number"] for look in looks] == [1, 2, 3]


def test_the_reference_validator_finds_a_filed_bag_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """RFC 8493, with a large file that is fetched."""
    monkeypatch.setattr(bags, "LARGE", len(MAIL) - 1)
    ready(monkeypatch)
    key = archive().archive_key
    zipfile.ZipFile(io.BytesIO(content_of(key))).extractall(tmp_path)
    [folder] = tmp_path.iterdir()
    for url, _, path in bagit.Bag(str(folder)).fetch_entries():
        (folder / path).write_bytes(content_of(url.removeprefix("s3://archive/")))
    assert bagit.Bag(str(folder)).validate()


# ---- large evidence ------------------------------------------------------------------------


def test_large_evidence_lies_beside_the_bag(monkeypatch: pytest.MonkeyPatch) -> None:
    """An object of its own, as long locked, named in fetch.txt and covered by the manifest."""
    monkeypatch.setattr(bags, "LARGE", len(MAIL) - 1)
    ready(monkeypatch)
    key = archive().archive_key
    beside = f"{key.removesuffix('.zip')}.files/abc.enc"
    assert sorted(filed()) == sorted([key, beside])
    assert locked_until(beside) == locked_until(key)
    assert problems(key) == []
    content = content_of(beside)
    assert decrypted(content, "abc") == MAIL
    found = members(key)
    assert found[bag.FETCH].decode() == (
        f"s3://archive/{beside} {len(content)} {bag.EVIDENCE}abc.enc\n"
    )
    stated = bag.stated_digests(found[bag.MANIFEST])
    assert stated[f"{bag.EVIDENCE}abc.enc"] == hashlib.sha256(content).hexdigest()
    entry = ComplaintRepository.from_env().dossier(NUMBER).entries[-1]
    assert entry.facts["fetch"] == hashlib.sha256(found[bag.FETCH]).hexdigest()


def test_what_lies_beside_it_already_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A first try that ended before the bag was filed."""
    monkeypatch.setattr(bags, "LARGE", len(MAIL) - 1)
    ready(monkeypatch)
    with fault(10_000, Fault.BEFORE) as calls:
        archive()
    first = content_of(next(key for key in filed() if key.endswith("abc.enc")))
    assert calls.count("s3.CompleteMultipartUpload") == 1
    assert len(first) > len(MAIL)


def test_a_full_bag_lets_the_rest_lie_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """However small: a bag stays below what one request and one ZIP can hold."""
    monkeypatch.setattr(bags, "FULL", 1)
    ready(monkeypatch)
    key = archive().archive_key
    assert len(filed()) == 3
    assert problems(key) == []


def test_a_large_upload_goes_in_parts() -> None:
    """Only one part is in memory, and each has its digest."""
    content = bytes(range(256)) * (30 << 12)
    until = datetime(2031, 1, 1, tzinfo=UTC)
    vault = Vault.from_env()
    with vault.upload("archive/a.files/film.enc", len(content), until=until) as upload:
        for start in range(0, len(content), 1 << 20):
            upload.write(content[start : start + (1 << 20)])
    assert content_of("archive/a.files/film.enc") == content
    assert not upload.is_taken
    uploads = boto3.client("s3").list_multipart_uploads(Bucket="archive")
    with pytest.raises(ZeroDivisionError), vault.upload("archive/b", 1, until=until):
        raise ZeroDivisionError
    assert "Uploads" not in uploads
    assert "Uploads" not in boto3.client("s3").list_multipart_uploads(Bucket="archive")


# ---- faults --------------------------------------------------------------------------------


def test_a_crash_between_filing_and_closing_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second try takes what the first has filed, and closes with the very same entry."""
    ready(monkeypatch)
    refuse("dynamodb", "TransactWriteItems", "InternalServerError", times=9)
    with pytest.raises(ClientError):
        archive()
    assert ComplaintRepository.from_env().get(NUMBER).status is Status.FOLLOWED_UP
    [key] = filed()
    before = content_of(key)
    runtime.client.cache_clear()  # without what it was told to refuse
    set_clock(monkeypatch, runtime.now() + timedelta(hours=9))
    closed = archive()
    assert closed.status is Status.CLOSED
    assert (filed(), content_of(key)) == ([key], before)
    assert problems(closed.archive_key) == []


def test_whatever_call_fails_a_retry_closes_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a call, after it and instead of its answer: one bag counts, and it is whole."""
    monkeypatch.setattr(documents, "documents_of", lambda *_: [("closure", b"PDF")])
    monkeypatch.setattr(bags, "LARGE", len(MAIL) - 1)
    ready(monkeypatch)
    for where in each_fault(archive):
        closed = archive()
        assert closed.status is Status.CLOSED, where
        assert [key for key in filed() if key.endswith(".zip")] == [closed.archive_key], where
        assert problems(closed.archive_key) == [], where
        dossier = ComplaintRepository.from_env().dossier(NUMBER)
        assert [entry.action for entry in dossier.entries].count("closed") == 1, where
        assert dossier.entries[-1].digest == closed.digest, where


def test_words_between_filing_and_closing_do_not_stop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The filed bag is locked; the one with the new words stands beside it, and counts."""
    ready(monkeypatch)
    refuse("dynamodb", "TransactWriteItems", "InternalServerError", times=9)
    with pytest.raises(ClientError):
        archive()
    runtime.client.cache_clear()  # without what it was told to refuse
    intake.add(NUMBER, contact("还有一句话", contact_id="late"))
    closed = archive()
    assert closed.status is Status.CLOSED
    assert len(filed()) == 2
    assert problems(closed.archive_key) == []
    assert b'"contact#late"' in members(closed.archive_key)[bag.PARTS]
    [other] = [key for key in filed() if key != closed.archive_key]
    entry = ComplaintRepository.from_env().dossier(NUMBER).entries[-1]
    assert entry.facts["lost"] == other, "nobody takes it for one that was hidden"


def test_evidence_that_was_changed_is_not_filed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody put other bytes under the key: the complaint stays open, and a person must look."""
    ready(monkeypatch)
    key = evidence.keep(NUMBER, "现场.png", PHOTO).key
    put_object("EVIDENCE_BUCKET", key, PHOTO + b"!")
    with pytest.raises(CorruptedError):
        archive()
    assert ComplaintRepository.from_env().get(NUMBER).status is Status.FOLLOWED_UP
    assert filed() == []


def test_another_thing_under_its_key_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody may overlook it, and nothing is closed."""
    complaint = ready(monkeypatch)
    dossier = ComplaintRepository.from_env().dossier(NUMBER)
    key = archive_key(complaint, dossier.entries[-1].occurred_at)
    for content in (b"bag", b"", b"PK\x03\x04"):
        put_object("ARCHIVE_BUCKET", key, content)
        with pytest.raises(ArchiveError, match="filed already"):
            archive()
        assert ComplaintRepository.from_env().get(NUMBER).status is Status.FOLLOWED_UP


def test_a_bag_of_another_complaint_under_its_key_is_a_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However whole that bag is."""
    complaint = ready(monkeypatch)
    dossier = ComplaintRepository.from_env().dossier(NUMBER)
    key = archive_key(complaint, dossier.entries[-1].occurred_at)
    content, _ = bagged(followed_up())
    put_object("ARCHIVE_BUCKET", key, content)
    with pytest.raises(ArchiveError, match="filed already"):
        archive()


def test_another_fault_of_the_bucket_is_told() -> None:
    """Only what is there already is overlooked."""
    refuse("s3", "PutObject", "AccessDenied")
    with pytest.raises(ClientError, match="AccessDenied"):
        Vault.from_env().file("k", b"x", until=datetime(2031, 1, 1, tzinfo=UTC))


# ---- what comes later ----------------------------------------------------------------------


def test_a_reopened_complaint_is_filed_again_and_its_first_bag_kept_as_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The new bag names the one before, and no bag is let go before the other."""
    ready(monkeypatch)
    first = archive()
    set_clock(monkeypatch, runtime.now() + timedelta(days=40))
    line.reopen(NUMBER, "同一问题又发生", staff=QUALITY)
    through_the_line()
    second = archive()
    assert second.status is Status.CLOSED
    assert second.archive_key != first.archive_key
    labels = members(second.archive_key)[bag.INFO].decode()
    assert f"Previous-Bag: {first.archive_key}\n" in labels
    assert locked_until(first.archive_key) == locked_until(second.archive_key) > "2031-12-29"
    assert problems(first.archive_key) == problems(second.archive_key) == []


def through_the_line() -> None:
    """Handle a reopened complaint once more."""
    line.submit_finding(NUMBER, finding(), staff=HANDLER)
    line.decide(NUMBER, Decision(approver=HEAD.username, approved=True), staff=HEAD)
    line.confirm_by_phone(NUMBER, Outcome.ACCEPTED, "", staff=HANDLER)
    line.call_back(NUMBER, Outcome.SATISFIED, 5, "", staff=QUALITY)


def test_words_after_closing_are_filed_once_somebody_has_read_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A complaint that is closed has no words that no bag holds."""
    ready(monkeypatch)
    first = archive()
    set_clock(monkeypatch, runtime.now() + timedelta(days=3))
    added = intake.add(NUMBER, contact("还有一句话", contact_id="late", at=runtime.now()))
    assert archive().archive_key == first.archive_key, "nobody has read it"
    before = len(runs())
    read = intake.read_news(NUMBER, staff=QUALITY)
    assert len(runs()) == before + 1
    assert read.look_again_at
    for _ in range(2):
        second = archive()
    assert second.archive_key not in {"", first.archive_key}
    assert (second.status, second.look_again_at) == (Status.CLOSED, None)
    assert second.closed_at == first.closed_at
    assert second.version == added.version + 2
    found = members(second.archive_key)
    assert b'"contact#late"' in found[bag.PARTS]
    assert f"Previous-Bag: {first.archive_key}\n".encode() in found[bag.INFO]
    assert problems(second.archive_key) == []
    assert locked_until(first.archive_key) == locked_until(second.archive_key) == "2031-11-23"


def test_what_staff_add_after_closing_is_filed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to read what they wrote themselves."""
    ready(monkeypatch)
    first = archive()
    before = len(runs())
    intake.add(NUMBER, contact("电话记录", contact_id="note", by="qiu", at=runtime.now()))
    assert len(runs()) == before + 1
    assert archive().archive_key != first.archive_key


def test_reading_what_holds_no_words_files_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A letter that came back is read, too; the look that was set for the filing is taken off."""
    ready(monkeypatch)
    first = archive()
    read = intake.read_news(NUMBER, staff=QUALITY)
    assert read.look_again_at
    after = archive()
    assert (after.archive_key, after.look_again_at) == (first.archive_key, None)
    assert len(filed()) == 1


def test_no_lock_is_brought_nearer() -> None:
    """What is locked for longer stays as it is."""
    vault = Vault.from_env()
    far, near = datetime(2040, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
    vault.file("archive/a_1.zip", b"x", until=far)
    vault.file("archive/a_1.proof.json", b"x", until=near)
    vault.file("archive/a_12.zip", b"x", until=near)
    vault.extend("archive/a_1.zip", until=datetime(2035, 1, 1, tzinfo=UTC))
    assert locked_until("archive/a_1.zip") == "2040-01-01"
    assert locked_until("archive/a_1.proof.json") == "2035-01-01"
    assert locked_until("archive/a_12.zip") == "2031-01-01", "another bag"


def test_a_held_complaint_is_filed_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """F6: the hold is on the bag from its first instant."""
    complaint = ready(monkeypatch)
    dossier = ComplaintRepository.from_env().dossier(NUMBER)
    held = dossier.replace(complaint=complaint.replace(holds=1))
    verb = partial(closing.close, held.complaint, office=office_for(complaint.policy))
    bags.file(held, verb, at=runtime.now())
    [key] = filed()
    head = boto3.client("s3").head_object(Bucket="archive", Key=key)
    assert head["ObjectLockLegalHoldStatus"] == "ON"
