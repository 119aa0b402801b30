"""Time stamps by an authority outside: kept beside the seal, and never in its way."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest

from complaints.aws.seals import Seals
from complaints.seal import seal_key, stamp_key
from complaints.time_stamp import TimeStampError, expect_stamp, request, stamped_at
from functions.seal.handler import handler
from tests.authority import Authority, authority, is_possible, make, run
from tests.builders import AT
from tests.kept import set_clock

pytestmark = [
    pytest.mark.usefixtures("tables"),
    pytest.mark.skipif(not is_possible(), reason="openssl, which makes the authority, is missing"),
]
DAY = timedelta(days=1)
FIRST = AT.date()
NIGHT = datetime(FIRST.year, FIRST.month, FIRST.day, 0, 30, tzinfo=UTC) + DAY
SEAL = b'{"seal":{}}'


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    """Run an authority for the tests of this module."""
    with authority(tmp_path_factory.mktemp("authority")) as running:
        yield running


@pytest.fixture(autouse=True)
def _asked(monkeypatch: pytest.MonkeyPatch, outside: Authority) -> None:
    """Name it to the function, and let it do its work."""
    monkeypatch.setenv("TIME_STAMP_URL", outside.url)
    monkeypatch.setattr("complaints.aws.sealing.LONGEST_SILENCE", DAY)
    outside.status, outside.answer = 200, None
    outside.asked.clear()


def run_seal(monkeypatch: pytest.MonkeyPatch, at: datetime) -> tuple[list[str], list[str]]:
    """Run the function; return the days that it sealed, and those that were stamped."""
    set_clock(monkeypatch, at)
    done = handler({}, None)
    return done["sealed"], done["stamped"]


def test_a_seal_is_stamped_and_the_stamp_holds(
    monkeypatch: pytest.MonkeyPatch, outside: Authority, tmp_path: Path
) -> None:
    """By our check with the authority's root, and by openssl's own."""
    assert run_seal(monkeypatch, NIGHT) == ([str(FIRST)], [str(FIRST)])
    seals = Seals.from_env()
    stamp, sealed = seals.content(stamp_key(FIRST)), seals.file(FIRST)
    assert stamp
    at = stamped_at(stamp, sealed, [outside.root])
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=5)
    for name, content in (("seal", sealed), ("stamp", stamp), ("root", outside.root)):
        (tmp_path / name).write_bytes(content)
    said = run(tmp_path, "ts", "-verify", "-in", "stamp", "-data", "seal", "-CAfile", "root")
    assert "Verification: OK" in said
    head = boto3.client("s3").head_object(Bucket=os.environ["ARCHIVE_BUCKET"], Key=stamp_key(FIRST))
    assert head["ObjectLockMode"] == "COMPLIANCE"


def test_a_stamp_is_asked_for_once(monkeypatch: pytest.MonkeyPatch, outside: Authority) -> None:
    """And only the digest of the seal goes out."""
    run_seal(monkeypatch, NIGHT)
    assert run_seal(monkeypatch, NIGHT + timedelta(hours=1)) == ([], [])
    assert outside.asked == [request(Seals.from_env().file(FIRST))]
    assert len(outside.asked[0]) < 100


@pytest.mark.parametrize("way", ["away", "refuses", "nonsense", "something else"])
def test_an_authority_that_fails_never_stops_the_seal(
    monkeypatch: pytest.MonkeyPatch,
    outside: Authority,
    capsys: pytest.CaptureFixture[str],
    way: str,
) -> None:
    """The day is sealed, an alarm rings, and the next run asks again for the days that lack one."""
    match way:
        case "away":
            monkeypatch.setenv("TIME_STAMP_URL", "http://127.0.0.1:9/")
        case "refuses":
            outside.status = 503
        case "nonsense":
            outside.answer = b"nonsense"
        case "something else":
            outside.answer = outside.stamp(request(b"something else"))
    assert run_seal(monkeypatch, NIGHT) == ([str(FIRST)], [])
    assert run_seal(monkeypatch, NIGHT + DAY) == ([str(FIRST + DAY)], [])
    assert capsys.readouterr().out.count('"TimeStampFailed":') == 2
    assert stamp_key(FIRST) not in names()
    monkeypatch.setenv("TIME_STAMP_URL", outside.url)
    outside.status, outside.answer = 200, None
    days = [str(FIRST + n * DAY) for n in range(3)]
    assert run_seal(monkeypatch, NIGHT + 2 * DAY) == (days[2:], days)


def test_nobody_is_asked_where_no_authority_is_named(
    monkeypatch: pytest.MonkeyPatch, outside: Authority
) -> None:
    """The seal holds by itself."""
    monkeypatch.setenv("TIME_STAMP_URL", "")
    assert run_seal(monkeypatch, NIGHT) == ([str(FIRST)], [])
    assert outside.asked == []
    assert seal_key(FIRST) in names()


def names() -> list[str]:
    """Return what lies among the seals."""
    bucket = os.environ["ARCHIVE_BUCKET"]
    found = boto3.client("s3").list_objects_v2(Bucket=bucket, Prefix="seals/")["Contents"]
    return [one["Key"] for one in found]


def test_a_stamp_that_does_not_hold_is_found(outside: Authority, tmp_path: Path) -> None:
    """Over other bytes, changed by one bit, cut, or by an authority below another root."""
    stamp = outside.stamp(request(SEAL))
    assert stamped_at(stamp, SEAL, [outside.root])
    with pytest.raises(TimeStampError, match="does not hold"):
        stamped_at(stamp, SEAL + b" ", [outside.root])
    stranger = make(tmp_path / "stranger")
    with pytest.raises(TimeStampError, match="does not hold"):
        stamped_at(stamp, SEAL, [stranger.root])
    assert stamped_at(stamp, SEAL, [stranger.root, outside.root])
    for roots in ([], [b"no certificate"]):
        with pytest.raises(TimeStampError):
            stamped_at(stamp, SEAL, roots)
    changed = bytearray(stamp)
    changed[-5] ^= 1
    with pytest.raises(TimeStampError):
        stamped_at(bytes(changed), SEAL, [outside.root])
    for bent in (b"", stamp[:-1], b"0\x03\x02\x01\x00"):
        with pytest.raises(TimeStampError):
            stamped_at(bent, SEAL, [outside.root])
        with pytest.raises(TimeStampError):
            expect_stamp(bent, SEAL)


def test_a_refusal_is_no_stamp(outside: Authority) -> None:
    """An authority may answer that it does not want to."""
    with pytest.raises(TimeStampError):
        expect_stamp(bytes.fromhex("30053003020102"), SEAL)
    sha256, sha384 = (bytes.fromhex(f"06096086480165030402{n:02}") for n in (1, 2))
    refused = outside.stamp(request(SEAL).replace(sha256, sha384))
    with pytest.raises(TimeStampError):
        expect_stamp(refused, SEAL)
