"""The daily seal on the tables and the archive: complete, repeatable, and never half-done."""

import hashlib
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from complaints.access import Look
from complaints.aws import accesses
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import client
from complaints.aws.seals import Seals
from complaints.commands.archive_verify import Folder
from complaints.history import breaks, canonical
from complaints.lifecycle import record
from complaints.merkle import EMPTY_ROOT, root, verify_consistency
from complaints.models import Complaint, Status, TrackingEntry
from complaints.seal import (
    SealError,
    is_included,
    leaf_of,
    leaves_key,
    nodes_key,
    problems_of,
    proof_key,
    public_key,
    read_leaf,
    read_proof,
    read_seal,
    seal_key,
)
from complaints.verify import Verifier
from functions.seal.handler import handler
from tests.builders import AT, received
from tests.conftest import REGION
from tests.kept import keep, set_clock

pytestmark = pytest.mark.usefixtures("tables")
DAY = timedelta(days=1)
FIRST = AT.date()
"""The day on which the complaints of the builders begin."""
NIGHT = datetime(FIRST.year, FIRST.month, FIRST.day, 0, 30, tzinfo=UTC) + DAY
BAG = "archive/general/2026/A/TS-2026-000003-4_2026-11-20_satisfied_1.zip"


@pytest.fixture(autouse=True)
def _little_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the first seal look back a few days only: an emulator is asked for each."""
    monkeypatch.setattr("complaints.aws.sealing.LONGEST_SILENCE", 3 * DAY)


def archive() -> str:
    """Return the name of the archive."""
    return os.environ["ARCHIVE_BUCKET"]


def objects(prefix: str = "") -> dict[str, bytes]:
    """Return everything that lies in the archive, by key."""
    s3 = boto3.client("s3")
    found = s3.list_objects_v2(Bucket=archive(), Prefix=prefix).get("Contents", [])
    return {
        one["Key"]: s3.get_object(Bucket=archive(), Key=one["Key"])["Body"].read() for one in found
    }


def numbered(n: int) -> str:
    """Return a number of a complaint."""
    return f"TS-2026-{n:06}-7"


def complaint(n: int, **changes: Any) -> Complaint:  # noqa: ANN401 - fields of Complaint
    """Store a complaint that came in on the first day."""
    made = received()
    head = made.complaint.replace(complaint_id=numbered(n), **changes)
    return keep(msgspec.structs.replace(made, complaint=head))


def change(head: Complaint, at: datetime, **changes: Any) -> Complaint:  # noqa: ANN401 - its fields
    """Change a complaint at this instant."""
    changed, entry = record(head, "noted", at=at, actor="han", **changes)
    return ComplaintRepository.from_env().save(changed, entry)


def close(head: Complaint, at: datetime, key: str) -> Complaint:
    """Close a complaint whose bag lies under this key."""
    changed, entry = record_closed(head, at, key)
    return ComplaintRepository.from_env().save(changed, entry)


def record_closed(head: Complaint, at: datetime, key: str) -> tuple[Complaint, TrackingEntry]:
    """Return what closing it makes."""
    ready = head.replace(status=Status.FOLLOWED_UP)
    return record(
        ready,
        "closed",
        at=at,
        actor="archive",
        status=Status.CLOSED,
        facts={"archive_key": key},
        archive_key=key,
        closed_at=at,
    )


def seal(monkeypatch: pytest.MonkeyPatch, at: datetime = NIGHT) -> list[str]:
    """Run the function at this instant; return the days that it sealed."""
    set_clock(monkeypatch, at)
    days: list[str] = handler({}, None)["sealed"]
    return days


def key() -> bytes:
    """Return the public key, DER, as KMS has it."""
    found: bytes = client("kms").get_public_key(KeyId=os.environ["SEAL_KEY"])["PublicKey"]
    return found


def whole(days: int = 1) -> None:
    """Check the whole archive by nothing but its files and the public key."""
    found = objects()
    signer = public_key(found["seals/public-key.pem"])
    assert signer == key()
    before, lines, made = b"", [], b""
    names = sorted(one for one in found if one.startswith("seals/") and one.endswith(".json"))
    assert len(names) == days
    for name in names:
        assert list(problems_of(found[name], signer, before)) == []
        sealed = read_seal(found[name]).seal
        leaves, nodes = found[leaves_key(sealed.day)], found[nodes_key(sealed.day)]
        assert hashlib.sha256(leaves).hexdigest() == sealed.leaves
        assert hashlib.sha256(nodes).hexdigest() == sealed.nodes
        day = leaves.splitlines()
        assert day == sorted(day, key=sorting)
        lines += day
        made += nodes
        assert (sealed.size, sealed.root) == (len(lines), root(lines).hex())
        before = found[name]


def sorting(line: bytes) -> tuple[str, str]:
    """Return what leaves are sorted by."""
    leaf = read_leaf(line)
    return msgspec.json.decode(line)["kind"], leaf.complaint_id


# ---- what is sealed --------------------------------------------------------------------------


def test_a_day_is_sealed_with_every_complaint_that_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """F4: each a leaf, as it is; signed by the key of KMS."""
    heads = [complaint(n) for n in range(1, 12)]
    assert seal(monkeypatch) == [str(FIRST)]
    whole()
    lines = objects()[leaves_key(FIRST)].splitlines()
    assert lines == [canonical(leaf_of(head)) for head in heads]
    sealed = Seals.from_env().seal(FIRST).seal
    assert (sealed.first, sealed.size, sealed.previous) == (0, 11, "")
    assert (sealed.made_up, sealed.sealed_at) == (False, NIGHT)


def test_the_verifier_finds_nothing_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is sealed here is what `huiyin archive verify` expects, with nothing but the key."""
    for n in range(1, 8):
        complaint(n)
    seal(monkeypatch)
    for n in range(8, 12):
        change(complaint(n), AT + DAY)
    seal(monkeypatch, NIGHT + 2 * DAY)
    for name, content in objects().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    verifier = Verifier(Folder(tmp_path), key(), whole=True)
    assert [problem for one in verifier.findings() for problem in one.problems] == []
    assert verifier.sealed_up_to == str(FIRST + 2 * DAY)
    assert verifier.counts["leaves"] == 11


def test_a_leaf_says_nothing_personal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither subject nor person nor code nor who is complained about, and nothing of contacts."""
    head = complaint(1, subject="空调坏了", respondents=("zhao",), person="4711")
    seal(monkeypatch)
    line = objects()[leaves_key(FIRST)].decode()
    for word in ("空调坏了", "zhao", "4711", head.tracking_code, "example.com", "李娜"):
        assert word not in line


def test_an_empty_day_is_sealed_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing changed, and that is on record too."""
    assert seal(monkeypatch) == [str(FIRST)]
    whole()
    sealed = Seals.from_env().seal(FIRST).seal
    assert (sealed.first, sealed.size, sealed.root) == (0, 0, EMPTY_ROOT.hex())
    assert objects("leaves/") == {leaves_key(FIRST): b""}


def test_a_complaint_is_a_leaf_of_the_day_of_its_newest_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What changes again before it is sealed is left to the later day."""
    one, two = complaint(1), complaint(2)
    change(two, AT + DAY)
    seal(monkeypatch)
    assert [read_leaf(line).complaint_id for line in Seals.from_env().lines(FIRST)] == [
        one.complaint_id
    ]
    assert seal(monkeypatch, NIGHT + DAY) == [str(FIRST + DAY)]
    leaf = read_leaf(next(Seals.from_env().lines(FIRST + DAY)))
    assert (leaf.complaint_id, leaf.version) == (two.complaint_id, 2)
    whole(2)


def test_a_look_that_is_put_off_moves_no_complaint_to_another_day() -> None:
    """`look_later` writes the head anew, and its day stays."""
    head = complaint(1)
    repository = ComplaintRepository.from_env()
    repository.look_later(head, AT + 3 * DAY)
    stored = client("dynamodb").get_item(
        TableName="ComplaintsTable",
        Key={"complaint_id": {"S": head.complaint_id}, "part": {"S": "complaint"}},
    )["Item"]
    assert stored["changed_day"]["S"].startswith(f"{FIRST}#")
    assert repository.get(head.complaint_id).changed_on == FIRST


def test_an_access_history_is_a_leaf_with_the_newest_look_of_the_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three looks on the first day and one on the next are a leaf of each."""
    complaint(1)
    looks = []
    for at in (AT, AT, AT + timedelta(hours=3), AT + DAY):
        set_clock(monkeypatch, at)
        looks.append(accesses.note(f"access#{numbered(1)}", Look.OPENED, by="han"))
    set_clock(monkeypatch, AT)
    exported = accesses.note("access#exports-2026-11", Look.EXPORTED, by="lu")
    seal(monkeypatch, NIGHT + DAY)
    first, second = (list(Seals.from_env().lines(day)) for day in (FIRST, FIRST + DAY))
    assert [_look(line) for line in first[:2]] == [
        (numbered(1), 3, looks[2].digest),
        ("exports-2026-11", 1, exported.digest),
    ]
    assert [_look(line) for line in second] == [(numbered(1), 4, looks[3].digest)]
    whole(2)
    proven = Seals.from_env().inclusion(numbered(1), FIRST, kind="access")
    assert proven
    assert proven.leaf.encode() == first[0]


def _look(line: bytes) -> tuple[str, int, str]:
    leaf = read_leaf(line)
    return leaf.complaint_id, leaf.version, leaf.digest


# ---- days that were missed -------------------------------------------------------------------


def test_each_missed_day_gets_its_seal_and_the_seal_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """I10: made up by the next run, in their order."""
    complaint(1)
    seal(monkeypatch)
    for ago in (1, 3):
        change(complaint(1 + ago), AT + ago * DAY)
    days = [str(FIRST + n * DAY) for n in (1, 2, 3)]
    assert seal(monkeypatch, NIGHT + 3 * DAY) == days
    seals = Seals.from_env()
    assert [seals.seal(date.fromisoformat(day)).seal.made_up for day in days] == [True, True, False]
    assert [seals.seal(date.fromisoformat(day)).seal.size for day in days] == [2, 2, 3]
    whole(4)


def test_the_first_seal_of_all_begins_with_the_first_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A stack whose first runs failed leaves no day out."""
    complaint(1)
    assert seal(monkeypatch, NIGHT + 2 * DAY) == [str(FIRST + n * DAY) for n in range(3)]
    whole(3)


def test_a_day_is_not_sealed_before_the_last_write_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that began before midnight may save some minutes after it."""
    complaint(1)
    assert seal(monkeypatch, NIGHT - timedelta(minutes=11)) == [str(FIRST - DAY)]
    assert seal(monkeypatch, NIGHT - timedelta(minutes=10)) == [str(FIRST)]


def test_a_second_run_finds_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeated and late: what lies there stays as it is, in one version."""
    complaint(1)
    seal(monkeypatch)
    before = objects()
    assert seal(monkeypatch, NIGHT + timedelta(hours=5)) == []
    assert objects() == before
    assert once()


def once() -> bool:
    """Return whether nothing was ever written twice."""
    versions = boto3.client("s3").list_object_versions(Bucket=archive())["Versions"]
    return len(versions) == len({one["Key"] for one in versions})


# ---- what is locked --------------------------------------------------------------------------


def test_everything_is_locked_for_the_years_of_the_archive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """COMPLIANCE, from when it was sealed."""
    close(complaint(3), AT, BAG)
    seal(monkeypatch)
    names = set(objects())
    assert proof_key(BAG) in names
    for name in names:
        head = boto3.client("s3").head_object(Bucket=archive(), Key=name)
        assert head["ObjectLockMode"] == "COMPLIANCE"
        assert head["ObjectLockRetainUntilDate"].date() == (FIRST + DAY).replace(
            year=FIRST.year + 5
        )


# ---- proofs ----------------------------------------------------------------------------------


def test_the_proof_of_a_bag_leads_from_its_history_to_the_seal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The entries that came after the bag, the leaf, the path, the signed seal; nothing else."""
    for n in (1, 2, 5):
        complaint(n)
    closed = close(complaint(3), AT, BAG)
    after = change(change(closed, AT), AT)
    seal(monkeypatch)
    proof = read_proof(objects()[proof_key(BAG)])
    assert proof.seal == Seals.from_env().seal(FIRST)
    assert is_included(proof)
    leaf = read_leaf(proof.leaf.encode())
    assert (leaf.version, leaf.digest) == (4, after.digest)
    assert [one.number for one in proof.entries] == [3, 4]
    history = ComplaintRepository.from_env().dossier(after.complaint_id).entries
    assert list(breaks((*history[:2], *proof.entries), leaf.digest)) == []


def test_a_proof_is_written_once_and_only_of_what_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Later changes have later seals; the first proof stays, and is enough."""
    closed = close(complaint(3), AT, BAG)
    complaint(4)
    seal(monkeypatch)
    first = objects("archive/")
    assert list(first) == [proof_key(BAG)]
    change(closed, AT + DAY)
    seal(monkeypatch, NIGHT + DAY)
    assert objects("archive/") == first
    assert once()


def test_a_proof_that_can_t_be_made_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The day is sealed, the others have theirs, and an alarm rings."""
    broken = close(complaint(3), AT, BAG)
    other = BAG.replace("000003-4", "000004-7")
    close(complaint(4), AT, other)
    client("dynamodb").put_item(
        TableName="ComplaintsTable",
        Item={
            "complaint_id": {"S": broken.complaint_id},
            "part": {"S": "track#000002"},
            "document": {"S": "no entry"},
        },
    )
    assert seal(monkeypatch) == [str(FIRST)]
    assert list(objects("archive/")) == [proof_key(other)]
    assert "SealFailed" in capsys.readouterr().out


def test_inclusion_and_consistency_are_proven_from_the_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of every complaint in its seal, and between any two days."""
    counts = (5, 0, 3, 9)
    made = 0
    for ago, many in enumerate(counts):
        for _ in range(many):
            made += 1
            head = complaint(made)
            if ago:
                change(head, AT + ago * DAY)
        seal(monkeypatch, NIGHT + ago * DAY)
    whole(4)
    seals, days = Seals.from_env(), [FIRST + n * DAY for n in range(4)]
    for n in range(1, made + 1):
        head = ComplaintRepository.from_env().get(numbered(n))
        proof = seals.newest_inclusion(head, days)
        assert proof
        assert is_included(proof)
        assert proof.leaf.encode() == canonical(leaf_of(head))
    for first in days:
        for last in days[days.index(first) :]:
            one, two = seals.seal(first).seal, seals.seal(last).seal
            path = seals.consistency(first, last)
            roots = [bytes.fromhex(seal.root) for seal in (one, two)]
            assert verify_consistency(one.size, two.size, path, *roots)
    assert seals.inclusion(numbered(99), FIRST) is None
    with pytest.raises(SealError, match="not sealed"):
        seals.consistency(FIRST, FIRST + 9 * DAY)


def test_a_proof_takes_few_small_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of four kilobytes, each read once, and not a file of nodes."""
    for n in range(1, 41):
        complaint(n)
    seal(monkeypatch)
    asked: list[str] = []
    client("s3").meta.events.register(
        "before-parameter-build.s3.GetObject",
        lambda params, **_: asked.append(params.get("Range", params["Key"])),
    )
    assert Seals.from_env().inclusion(numbered(30), FIRST)
    assert asked == [seal_key(FIRST), leaves_key(FIRST), "bytes=0-4095"]


# ---- what does not fit -----------------------------------------------------------------------


def replace(name: str, content: bytes) -> None:
    """Put a newer version over an object, as whoever may write to the bucket could."""
    boto3.client("s3").put_object(Bucket=archive(), Key=name, Body=content)


@pytest.mark.parametrize("file", ["leaves", "nodes", "root", "key"])
def test_the_log_does_not_go_on_from_what_was_not_sealed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], file: str
) -> None:
    """Something else lies there than was sealed: the run stops, and an alarm rings."""
    complaint(1)
    complaint(2)
    seal(monkeypatch)
    before = read_seal(objects()[seal_key(FIRST)])
    match file:
        case "leaves":
            replace(leaves_key(FIRST), b"")
        case "nodes":
            replace(nodes_key(FIRST), bytes(96))
        case "root":
            other = before.replace(seal=before.seal.replace(root="0" * 64))
            replace(seal_key(FIRST), canonical(other))
        case "key":
            replace("seals/public-key.pem", b"another")
    capsys.readouterr()
    with pytest.raises(SealError):
        seal(monkeypatch, NIGHT + DAY)
    assert "SealFailed" in capsys.readouterr().out
    assert leaves_key(FIRST + DAY) not in objects() or file == "root"
    assert seal_key(FIRST + DAY) not in objects()


def test_nodes_that_do_not_follow_from_the_leaves_stop_the_seal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Somebody put them there before."""
    complaint(1)
    replace(nodes_key(FIRST), bytes(32))
    with pytest.raises(SealError, match="not what follows"):
        seal(monkeypatch)
    assert objects("seals/").keys() == {"seals/public-key.pem"}


# ---- faults ----------------------------------------------------------------------------------


class Faults:
    """Lets one call to AWS fail: before it is sent, after it was done, or its answer is lost.

    Or, overtaken, lets a whole other run come in between.
    """

    def __init__(self) -> None:
        """Stand beside every client that the seal uses."""
        self.begin("never", 0)
        for name in ("s3", "dynamodb", "kms"):
            events = client(name).meta.events
            service = client(name).meta.service_model.service_id.hyphenize()
            events.register(f"before-call.{service}", self._before)
            events.register(f"after-call.{service}", self._after)
            events.register_first(f"needs-retry.{service}", self._lost)

    def begin(self, way: str, at: int) -> None:
        """Count from here, and let the call number `at` fail in this way."""
        self.way, self.at = way, at
        self.calls: list[str] = []
        self.has_failed = False

    def _is_now(self, way: str) -> bool:
        now = self.way == way and len(self.calls) == self.at and not self.has_failed
        self.has_failed = self.has_failed or now
        return now

    def _before(self, model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
        self.calls.append(model.name)
        if self._is_now("before"):
            raise EndpointConnectionError(endpoint_url="https://aws")
        if self._is_now("overtaken"):
            handler({}, None)

    def _after(self, **_: object) -> None:
        if self._is_now("after"):
            raise ReadTimeoutError(endpoint_url="https://aws")

    def _lost(self, response: object, **_: object) -> int | None:
        """Return that the call is to be sent again, as after an answer that never came."""
        return 0 if response is not None and self._is_now("lost") else None


def new_archive(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Give the functions another archive, an empty one: what is locked can't be emptied."""
    boto3.client("s3").create_bucket(
        Bucket=name,
        CreateBucketConfiguration={"LocationConstraint": REGION},
        ObjectLockEnabledForBucket=True,
    )
    monkeypatch.setenv("ARCHIVE_BUCKET", name)


def a_day() -> None:
    """Store what a seal has all its work with."""
    for n in (1, 2):
        complaint(n)
    close(complaint(3), AT, BAG)


@pytest.mark.parametrize("way", ["before", "after", "lost", "overtaken"])
def test_whatever_call_fails_the_next_run_finishes(
    monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """At each call: the same files, each written once, all proven.

    Signatures and instants apart: those that were written first count.
    """
    monkeypatch.setattr("complaints.aws.items.DAY_SHARDS", 2)
    a_day()
    set_clock(monkeypatch, NIGHT)
    faults = Faults()
    handler({}, None)
    wanted, calls = objects(), faults.calls
    assert calls.count("PutObject") == len(wanted) == 5
    assert {"GetPublicKey", "Sign", "Query", "BatchGetItem"} < set(calls)
    for at in range(1, len(calls) + 1):
        new_archive(monkeypatch, f"{way}-{at}")
        faults.begin(way, at)
        if way in {"before", "after"}:
            with pytest.raises((EndpointConnectionError, ReadTimeoutError)):
                handler({}, None)
        handler({}, None)
        assert faults.has_failed
        faults.begin("never", 0)
        finished = objects()
        assert finished.keys() == wanted.keys(), (at, calls[at - 1])
        for name in (leaves_key(FIRST), nodes_key(FIRST), "seals/public-key.pem"):
            assert finished[name] == wanted[name]
        assert is_included(read_proof(finished[proof_key(BAG)]))
        assert once()
        whole()
