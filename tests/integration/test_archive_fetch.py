"""Fetching from the archive on the bucket: what was asked for, once, and verified afterwards."""

import json
from pathlib import Path

import boto3
import pytest

from complaints import cli
from complaints.aws import evidence, readable
from complaints.aws.archive_copy import ArchiveCopy, KeyNameError
from complaints.aws.environment import resource
from complaints.aws.repository import ComplaintRepository
from functions.archive.handler import handler
from tests.archives import scripted
from tests.builders import (
    CODE,
    LI,
    approved,
    assessed,
    followed_up,
    investigated,
    later,
    received,
    responded,
)
from tests.kept import keep, set_clock

pytestmark = pytest.mark.usefixtures("tables")
PHOTO = b"\x89PNG\r\n\x1a\n photo"
FIRST = "TS-2026-000001-7"


@pytest.fixture
def bucket() -> str:
    """Put an archive into the bucket, and return its name."""
    name = resource("ARCHIVE_BUCKET")
    for key, content in scripted().items():
        boto3.client("s3").put_object(Bucket=name, Key=key, Body=content)
    return name


def fetch(*words: object) -> int:
    """Run the command."""
    return cli.main(["archive", "fetch", *map(str, words)])


def inside(folder: Path) -> dict[str, bytes]:
    """Return what lies in a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {f"{path.relative_to(folder)}": path.read_bytes() for path in files}


def test_the_whole_archive_is_fetched_and_verified(
    tmp_path: Path, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Laid out like the bucket; a second run fetches nothing."""
    copy = tmp_path / "copy"
    assert fetch("--all", "--to", copy, "--bucket", bucket) == 0
    assert inside(copy) == scripted()
    assert "no problems" in capsys.readouterr().err
    assert fetch("--all", "--to", copy, "--bucket", bucket) == 0
    assert f"{copy}: 0 files fetched" in capsys.readouterr().err


def test_what_is_not_sealed_yet_is_fetched_and_said_to_be_unverified(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before the first night there is no seal, and no key beside it."""
    name = resource("ARCHIVE_BUCKET")
    bags = {key: content for key, content in scripted().items() if key.endswith(".zip")}
    for key, content in bags.items():
        boto3.client("s3").put_object(Bucket=name, Key=key, Body=content)
    copy = tmp_path / "copy"
    assert fetch("--all", "--to", copy, "--bucket", name) == 2
    assert "no day is sealed yet" in capsys.readouterr().err
    assert inside(copy) == bags


def test_one_complaint_comes_with_all_its_bags_proofs_and_seals(
    tmp_path: Path, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Found through the leaves; verified as a part."""
    copy = tmp_path / "copy"
    assert fetch(FIRST, "--to", copy, "--bucket", bucket) == 0
    got = inside(copy)
    assert {one for one in got if one.startswith("archive/")} == {
        one for one in scripted() if FIRST in one
    }
    sealed = {json.loads(got[one])["seal"]["seal"]["day"] for one in got if "proof" in one}
    sealed.add(max(one for one in scripted() if one.startswith("seals/2"))[6:16])
    assert {one for one in got if one.startswith("seals/2")} == {
        f"seals/{day}.json" for day in sealed
    }
    capsys.readouterr()
    assert fetch("TS-2026-999999-9", "--to", tmp_path / "none", "--bucket", bucket) == 1
    assert "no seal names a bag of it" in capsys.readouterr().err


def test_the_bags_of_a_day(tmp_path: Path, bucket: str) -> None:
    """What the seal of a day names, and nothing else."""
    copy = tmp_path / "copy"
    assert fetch("--day", "2026-03-02", "--to", copy, "--bucket", bucket) == 0
    assert all("TS-2026-000002-5" in one for one in inside(copy) if one.endswith(".zip"))


def test_a_fetch_that_was_cut_off_goes_on_and_a_changed_copy_is_found(
    tmp_path: Path, bucket: str
) -> None:
    """The rest is fetched behind what is there; what was changed here is not believed."""
    copy = tmp_path / "copy"
    path = next(one for one in sorted(scripted()) if one.endswith(".zip"))
    (copy / path).parent.mkdir(parents=True)
    (copy / f"{path}.part").write_bytes(scripted()[path][:100])
    assert fetch("--all", "--to", copy, "--bucket", bucket) == 0
    assert inside(copy) == scripted()
    changed = bytearray(scripted()[path])
    changed[200] ^= 1
    (copy / path).write_bytes(bytes(changed))
    assert fetch("--all", "--to", copy, "--bucket", bucket) == 1


@pytest.mark.parametrize("kind", ["bag", "leaves", "seal"])
@pytest.mark.parametrize("way", ["replaced", "deleted"])
@pytest.mark.parametrize("which", [["--all"], [FIRST]])
def test_what_was_laid_over_the_archive_is_told(
    tmp_path: Path, bucket: str, capsys: pytest.CaptureFixture[str], kind: str, way: str,
    which: list[str],
) -> None:  # fmt: skip
    """A newer version or a delete marker hides nothing: the first version is what was filed."""
    path = {
        "bag": next(one for one in sorted(scripted()) if FIRST in one and one.endswith(".zip")),
        "leaves": "leaves/day=2026-03-01/2026-03-01.jsonl",
        "seal": max(one for one in scripted() if one.startswith("seals/2")),
    }[kind]
    if way == "replaced":
        boto3.client("s3").put_object(Bucket=bucket, Key=path, Body=b"x")
    else:
        boto3.client("s3").delete_object(Bucket=bucket, Key=path)
    copy = tmp_path / "copy"
    assert fetch(*which, "--to", copy, "--bucket", bucket) > 0
    said = capsys.readouterr().err
    assert f"{path}: deleted, or replaced" in said
    if which == ["--all"]:
        assert inside(copy) == scripted()
        assert "no problems" in said


def test_what_can_not_be_fetched_is_said(
    tmp_path: Path, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No such bucket, nothing asked for, a name that leads out of the folder."""
    assert fetch("--all", "--to", tmp_path, "--bucket", "no-such-bucket") == 2
    assert fetch("--to", tmp_path, "--bucket", bucket) == 2
    boto3.client("s3").put_object(Bucket=bucket, Key="archive/../../x", Body=b"x")
    with pytest.raises(KeyNameError):
        ArchiveCopy(bucket, tmp_path).everything()
    capsys.readouterr()


def test_a_bag_whose_key_is_not_to_be_had_stays_unread(
    tmp_path: Path, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bag is fetched and verified all the same, and it is said why it is not readable."""
    copy = tmp_path / "copy"
    assert fetch(FIRST, "--to", copy, "--bucket", bucket, "--readable") == 0
    assert "not readable: TS-2026-000001-7/contact#1 can't be decrypted" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore:'count' is passed:DeprecationWarning")
def test_who_may_read_the_keys_reads_the_bag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records as JSON, evidence under its own name made safe, exact bytes."""
    number = "TS-2026-000001-7"
    photo = evidence.keep(number, "../现场.png", PHOTO)
    steps = [received(files=(photo,))]
    for build in (assessed, investigated, approved, responded, followed_up):
        steps.append(build(steps[-1]))
    set_clock(monkeypatch, later(steps[-1], 1))
    keep(*steps)
    handler({"complaint_id": number}, None)
    key = ComplaintRepository.from_env().dossier(number).complaint.archive_key
    path = tmp_path / key.rpartition("/")[2]
    path.write_bytes(
        boto3.client("s3").get_object(Bucket=resource("ARCHIVE_BUCKET"), Key=key)["Body"].read()
    )
    written = readable.write(path, tmp_path / "plain")
    names = {one.rpartition("-")[2]: tmp_path / "plain" / one for one in written}
    assert names["现场.png"].read_bytes() == PHOTO
    head = json.loads((tmp_path / "plain/complaint.json").read_text())
    parts = json.loads((tmp_path / "plain/parts.json").read_text())
    assert head["tracking_code"] == CODE
    assert parts["person"]["complainant"]["name"] == LI.name
    assert all((tmp_path / "plain" / one).stat().st_size for one in written)
