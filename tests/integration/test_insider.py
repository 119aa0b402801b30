"""What somebody with every right to table and bucket, but not the key that signs, can't hide.

And what may look like that and is none: a save that was lost, a bag that was saved a day later.
"""

import os
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.exceptions import ClientError

from complaints.access import Look
from complaints.aws import accesses, runtime
from complaints.aws.archive_files import ArchiveFiles, public_key
from complaints.aws.desk import intake
from complaints.aws.repository import ComplaintRepository
from complaints.aws.seals import Seals
from complaints.aws.vault import Vault
from complaints.lifecycle import record
from complaints.models import Complaint, Status
from complaints.seal import SealError, leaves_key, nodes_key, proof_key, read_proof, seal_key
from complaints.verify import Verifier
from complaints.verify_files import Finding
from functions.archive.handler import handler as archive_step
from functions.seal.handler import handler as seal_step
from tests.builders import (
    AT,
    approved,
    assessed,
    contact,
    followed_up,
    investigated,
    later,
    received,
    responded,
)
from tests.kept import keep, refuse, set_clock

pytestmark = [
    pytest.mark.usefixtures("tables"),
    pytest.mark.filterwarnings("ignore:'count' is passed:DeprecationWarning"),
]
NUMBER = "TS-2026-000001-7"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _little_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the first seal look back a few days only; each test has a key of its own."""
    public_key.cache_clear()
    monkeypatch.setattr("complaints.aws.sealing.LONGEST_SILENCE", 12 * DAY)


def ready(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Store a complaint that has only to be filed, and return when that is: it is now."""
    steps = [received()]
    for build in (assessed, investigated, approved, responded, followed_up):
        steps.append(build(steps[-1]))
    keep(*steps)
    at = later(steps[-1], 1)
    set_clock(monkeypatch, at)
    return at


def filed() -> Complaint:
    """Run the archive step, and return the complaint after it."""
    archive_step({"complaint_id": NUMBER}, None)
    return ComplaintRepository.from_env().get(NUMBER)


def seal(monkeypatch: pytest.MonkeyPatch, day: datetime) -> list[str]:
    """Seal up to a day, in the night after it."""
    set_clock(monkeypatch, datetime(day.year, day.month, day.day, 0, 30, tzinfo=UTC) + DAY)
    sealed: list[str] = seal_step({}, None)["sealed"]
    return sealed


def verified() -> list[Finding]:
    """Return what the verifier finds in the whole archive."""
    files = ArchiveFiles(Vault.from_env(), Vault.from_env().under(""))
    return list(Verifier(files, public_key(), whole=True).findings())


def problems() -> list[str]:
    """Return the problems, each with its file."""
    return [f"{one.path}: {problem}" for one in verified() for problem in one.problems]


def reopen(head: Complaint, at: datetime) -> Complaint:
    """Take a closed complaint up again."""
    changed, entry = record(
        head, "reopened", at=at, actor="qian", status=Status.ASSESSED, archive_key="",
        closed_at=None, facts={"archive_key": head.archive_key}, reopened=head.reopened + 1,
        round_at=at,
    )  # fmt: skip
    return ComplaintRepository.from_env().save(changed, entry)


def test_a_save_that_was_lost_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bag whose save was lost is named by the next filing; nobody takes it for hidden."""
    at = ready(monkeypatch)
    refuse("dynamodb", "TransactWriteItems", "InternalServerError", times=9)
    with pytest.raises(ClientError):
        filed()
    runtime.client.cache_clear()  # without what it was told to refuse
    intake.add(NUMBER, contact("还有一句话", contact_id="late"))
    closed = filed()
    seal(monkeypatch, at)
    assert problems() == []
    [lost] = [one for one in verified() if one.path.endswith(".zip") and one.notes]
    assert lost.path != closed.archive_key
    assert "its save was lost" in lost.notes[0]


def test_a_bag_of_a_complaint_that_was_reopened_before_the_seal_has_its_proof(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By the leaf of the day, which is not closed; and nothing is asked twice."""
    at = ready(monkeypatch)
    closed = filed()
    opened = reopen(closed, at)
    seal(monkeypatch, at)
    assert problems() == []
    content = Vault.from_env().open(proof_key(closed.archive_key))
    assert content
    proof = read_proof(content.read())
    assert [one.number for one in proof.entries] == [opened.version]
    assert seal(monkeypatch, at + DAY) == [f"{(at + DAY).date()}"]
    assert problems() == []


def test_what_was_closed_before_midnight_and_changed_after_it_is_no_alarm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The seal of the first day has no leaf of it, and that of the second proves its bag."""
    at = ready(monkeypatch)
    closed = filed()
    reopen(closed, at + DAY)
    seal(monkeypatch, at)
    assert problems() == []
    assert Vault.from_env().open(proof_key(closed.archive_key)) is None
    seal(monkeypatch, at + DAY)
    assert problems() == []
    assert Vault.from_env().open(proof_key(closed.archive_key))


def test_a_bag_that_is_saved_when_its_day_was_sealed_is_in_the_next_seal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Filed, not saved, tried again a day later: the entry has the first day, and a leaf."""
    at = ready(monkeypatch)
    refuse("dynamodb", "TransactWriteItems", "InternalServerError", times=9)
    with pytest.raises(ClientError):
        filed()
    runtime.client.cache_clear()
    seal(monkeypatch, at)
    set_clock(monkeypatch, at + DAY)
    closed = filed()
    assert closed.status is Status.CLOSED
    assert closed.changed_on == (at + DAY).date()
    seal(monkeypatch, at + DAY)
    assert problems() == []
    assert Vault.from_env().open(proof_key(closed.archive_key))


@pytest.mark.parametrize("name", [leaves_key, nodes_key, seal_key])
def test_a_day_is_never_sealed_twice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: object
) -> None:
    """A delete marker hides a seal; history is changed, and the function shall seal it anew."""
    at = ready(monkeypatch)
    seal(monkeypatch, at)
    s3, bucket = boto3.client("s3"), os.environ["ARCHIVE_BUCKET"]
    day = Seals.from_env().days()[-1]
    for key in (seal_key(day), name(day)):  # type: ignore[operator]
        s3.delete_object(Bucket=bucket, Key=key)
    capsys.readouterr()
    with pytest.raises(SealError, match="more than one version"):
        seal(monkeypatch, at + DAY)
    assert "SealFailed" in capsys.readouterr().out
    assert not Seals.from_env().file(day)


def test_leaves_that_somebody_put_there_before_are_not_sealed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What lies there counts only if it is what the table says, or said before a later change."""
    at = ready(monkeypatch)
    day = at.date()
    s3, bucket = boto3.client("s3"), os.environ["ARCHIVE_BUCKET"]
    s3.put_object(Bucket=bucket, Key=leaves_key(day), Body=b"")
    with pytest.raises(SealError, match="not what the table has"):
        seal(monkeypatch, at)
    assert "SealFailed" in capsys.readouterr().out


def test_a_run_that_died_after_its_leaves_is_finished_though_a_complaint_changed_since(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its leaf of then counts: the history has it, and goes on from it."""
    at = ready(monkeypatch)
    closed = filed()
    refuse("kms", "Sign", "KMSInternalException", times=9)
    with pytest.raises(ClientError):
        seal(monkeypatch, at)
    runtime.client.cache_clear()
    reopen(closed, at + DAY)
    seal(monkeypatch, at)
    assert problems() == []
    seal(monkeypatch, at + DAY)
    assert problems() == []


def test_a_look_is_never_of_an_earlier_day_than_the_one_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two functions whose clocks differ around midnight: the seals don't seem to go back."""
    ready(monkeypatch)
    set_clock(monkeypatch, AT + DAY)
    accesses.note(f"access#{NUMBER}", Look.OPENED, by="han")
    set_clock(monkeypatch, AT)
    assert accesses.note(f"access#{NUMBER}", Look.OPENED, by="lu").at == AT + DAY
