"""The verifier on good archives, on old and forked ones, on parts, and on what wants to harm it."""

import io
import json
import os
import random
import socket
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from complaints import cli
from complaints.time_stamp import request
from complaints.verify import Verifier
from complaints.verify_bag import by_itself
from complaints.verify_files import Finding
from complaints.verify_stamps import check_stamp
from tests import authority, second_verifier
from tests.archives import Archive, Filed, Memory, archive, public_key, scripted
from tests.mutants import mutants_of, mutants_of_many

GOOD = int(os.environ.get("HUIYIN_GOOD_ARCHIVES", "300"))
"""How many random archives must give no alarm; 10,000 of them take a quarter of an hour."""
Files = dict[str, bytes]


def findings(
    files: Files, *, whole: bool = True, checkpoint: bytes = b"", at: datetime | None = None
) -> list[Finding]:
    """Return all that is said about an archive."""
    verifier = Verifier(Memory(files), public_key(), whole=whole, checkpoint=checkpoint, at=at)
    return list(verifier.findings())


def said(
    files: Files, *, whole: bool = True, checkpoint: bytes = b"", at: datetime | None = None
) -> list[str]:
    """Return the problems, each with its file."""
    found = findings(files, whole=whole, checkpoint=checkpoint, at=at)
    return [f"{one.path}: {problem}" for one in found for problem in one.problems]


# ---- good ones -----------------------------------------------------------------------------


@pytest.mark.parametrize("part", range(6))
def test_good_archives_give_no_alarm(part: int) -> None:
    """Random archives of one to six days, each different: not a word against any."""
    for seed in range(part, GOOD, 6):
        made = archive(seed, days=1 + seed % 6)
        assert said(made.files) == [], seed
        if seed % 20 == part:
            pem = made.files["seals/public-key.pem"]
            assert second_verifier.verify(made.files, pem) == "", seed


def test_each_file_has_one_finding() -> None:
    """Every file is named once, those that nothing is wrong with, too."""
    found = [one.path for one in findings(scripted())]
    assert sorted(found) == sorted(scripted())


def test_days_that_were_sealed_late_are_told() -> None:
    """A made-up day is no problem, but it is said."""
    notes = [note for one in findings(scripted()) for note in one.notes]
    assert sum("made up" in note for note in notes) == 2


# ---- what the files alone can't show -------------------------------------------------------


def sealed_until(files: Files, day: str) -> Files:
    """Return the archive as it was when `day` had been sealed."""
    made = Archive(11)
    del made
    kept: Files = {}
    known = {path[6:16] for path in files if path.startswith("seals/2") and path[6:16] <= day}
    for path, content in files.items():
        if path.startswith(("seals/2", "nodes/", "leaves/")):
            if any(one in path for one in known):
                kept[path] = content
        elif path.startswith("archive/"):
            if _filed_on(files, path) <= day:
                kept[path] = content
        else:
            kept[path] = content
    return kept


def _filed_on(files: Files, path: str) -> str:
    """Return the day on which a bag was closed, or on which its proof was made."""
    if path.endswith(".proof.json"):
        return str(json.loads(files[path])["seal"]["seal"]["day"])
    bag_path = path if path.endswith(".zip") else path.partition(".files/")[0] + ".zip"
    with zipfile.ZipFile(io.BytesIO(files[bag_path])) as packed:
        name = next(one for one in packed.namelist() if one.endswith("data/history.jsonl"))
        return str(json.loads(packed.read(name).splitlines()[-1])["occurred_at"])[:10]


DAYS = sorted(path[6:16] for path in scripted() if path.startswith("seals/2"))


@pytest.mark.parametrize("day", DAYS[:-1])
def test_an_archive_that_went_back_is_whole_but_for_the_seal_that_was_kept(day: str) -> None:
    """Cut by one to all days but the first: only a kept seal shows it, and it does."""
    old = sealed_until(scripted(), day)
    assert said(old) == []
    newest = scripted()[f"seals/{DAYS[-1]}.json"]
    assert said(old, checkpoint=newest) == [
        f"(checkpoint): rolled back: it is sealed up to {day}, and was up to {DAYS[-1]}"
    ]
    assert said(scripted(), checkpoint=old[f"seals/{day}.json"]) == []


@pytest.mark.parametrize("cut", range(1, len(DAYS)))
def test_cut_seals_are_missed_even_without_a_kept_one(cut: int) -> None:
    """The last days' seals taken out alone: leaves, proofs and bags of these days tell."""
    gone = DAYS[-cut:]
    files = {path: one for path, one in scripted().items() if path[6:16] not in gone}
    named = {line.partition(":")[0] for line in said(files)}
    assert {f"seals/{day}.json" for day in gone} <= named


def test_two_archives_of_one_key_that_part_are_told_from_each_other() -> None:
    """The same beginning, another end: each is whole, and not what the other's seal promised."""
    one, other = archive(5, days=3), archive(5, days=3)
    shared = one.day
    one.live()
    other.random = random.Random(99)  # noqa: S311 - the same each time
    other.register()
    other.live()
    assert said(one.files) == said(other.files) == []
    kept = other.files[f"seals/{shared}.json"]
    assert said(one.files, checkpoint=kept) == [
        f"(checkpoint): diverged: the seal of {shared} here is another one than the one kept"
    ]
    mixed = {**one.files, f"seals/{shared}.json": kept}
    assert said(mixed)


def test_a_kept_seal_must_be_of_the_key_as_well() -> None:
    """A checkpoint that was made up proves nothing."""
    assert said(scripted(), checkpoint=b"{}")
    foreign = Archive(1, key=2)
    foreign.end_day()
    assert said(scripted(), checkpoint=foreign.files["seals/2026-02-26.json"])


def test_a_signature_has_one_form_only() -> None:
    """The second value that holds as well, which needs no key, makes another file."""
    from base64 import b64decode, b64encode

    from cryptography.hazmat.primitives.asymmetric import utils

    from complaints.seal import ORDER_OF_P256

    path = f"seals/{DAYS[-1]}.json"
    sealed = json.loads(scripted()[path])
    r, s = utils.decode_dss_signature(b64decode(sealed["signature"]))
    twin = utils.encode_dss_signature(r, ORDER_OF_P256 - s)
    sealed["signature"] = b64encode(twin).decode()
    content = json.dumps(sealed, sort_keys=True, separators=(",", ":")).encode()
    assert any(line.startswith(path) for line in said({**scripted(), path: content}))


# ---- bags and seals ------------------------------------------------------------------------


def test_a_bag_that_is_not_sealed_yet_is_no_problem() -> None:
    """Closed today, sealed tonight: a note."""
    made = archive(3, days=2)
    one = made.register()
    made.close(one)
    assert said(made.files) == []
    notes = [note for one in findings(made.files) for note in one.notes]
    assert any("not sealed yet" in note for note in notes)


def test_a_bag_that_no_seal_knows_although_its_day_is_sealed() -> None:
    """A bag from another archive, whole in itself, is named."""
    files = scripted()
    stranger = archive(77, days=5)
    path = next(path for path in sorted(stranger.files) if path.endswith(".zip"))
    found = said({**files, path: stranger.files[path]})
    assert any(line.startswith(path) for line in found)


def test_bags_alone_are_checked_by_their_proofs() -> None:
    """Without leaves and seals: the proof has the seal in it; without proof nothing is sure."""
    files = {path: one for path, one in scripted().items() if path.startswith("archive/")}
    assert said(files, whole=False) == []
    proofless = {path: one for path, one in files.items() if not path.endswith(".proof.json")}
    found = findings(proofless, whole=False)
    assert all("not sealed yet" in one.notes[0] for one in found if one.path.endswith(".zip"))
    gone = next(path for path in files if "/general/" in path and path.endswith(".proof.json"))
    one_out = {path: one for path, one in files.items() if path != gone}
    bag = gone.replace(".proof.json", ".zip")
    assert said(one_out, whole=False) == [
        f"{bag}: unsealed: 2026-03-02 is sealed, and no proof lies beside it"
    ]


def test_a_part_is_compared_with_a_kept_seal() -> None:
    """A proof whose seal is another one of the same day than the kept one."""
    files = {path: one for path, one in scripted().items() if path.startswith("archive/")}
    same = scripted()[f"seals/{DAYS[-1]}.json"]
    assert said(files, whole=False, checkpoint=same) == []
    fork = Archive(12)
    for _ in DAYS:
        fork.end_day()
    other = fork.files[f"seals/{DAYS[-1]}.json"]
    assert any("diverged" in one for one in said(files, whole=False, checkpoint=other))


# ---- bags that were lost, taken up again, or overtaken by midnight -------------------------


def ready(made: Archive) -> Filed:
    """Return a complaint of which only the filing is left."""
    one = made.register()
    made.bring(one)
    return one


def both(files: Files) -> list[str]:
    """Return what is wrong, after asking both verifiers whether anything is."""
    found, pem = said(files), files["seals/public-key.pem"]
    assert bool(found) == bool(second_verifier.verify(files, pem)), found
    return found


def test_a_lost_bag_is_a_note_once_the_next_filing_names_it() -> None:
    """Nobody takes it for hidden or for the one that counts; until it is named it is a problem."""
    made = Archive(21)
    one = ready(made)
    made.lose(one)
    lost = next(path for path in made.files if path.endswith(".zip"))
    assert len(both(made.files)) == 1, "there is no seal yet"
    made.end_day()
    assert any("if its save was lost" in line for line in both(made.files))
    made.close_again(one)
    assert both(made.files), "a bag that is not sealed says nothing for it"
    made.end_day()
    assert both(made.files) == []
    [finding] = [found for found in findings(made.files) if found.path == lost]
    assert finding.notes == [
        f"not counted: by the history in {one.head.archive_key} its save was lost"
    ]
    others = {path: content for path, content in made.files.items() if path != lost}
    assert both(others) == [], "it may also be gone"


def test_only_what_a_sealed_history_names_is_lost() -> None:
    """A bag of the same complaint that is whole in itself, and that nobody names."""
    made, other = Archive(22), Archive(22)
    one, twin = ready(made), ready(other)
    other.random.seed(5)
    other.close(twin)
    made.close(one)
    made.end_day()
    path = next(path for path in other.files if path.endswith(".zip"))
    forged = path.replace("_6.zip", "_5.zip")
    assert both({**made.files, forged: other.files[path]})
    assert both({**made.files, path: other.files[path]})


def test_every_bag_has_its_proof_once_its_day_is_sealed() -> None:
    """Closed and taken up again on one day, twice: each bag is proven by the leaf of the day."""
    made = Archive(23)
    one = made.register()
    made.close(one)
    made.close(one)
    made.reopen(one)
    made.end_day()
    bags = [path for path in made.files if path.endswith(".zip")]
    assert len(bags) == 2
    assert both(made.files) == []
    for bag in bags:
        proof = bag.replace(".zip", ".proof.json")
        rest = {path: content for path, content in made.files.items() if path != proof}
        assert any(line.startswith(proof) for line in both(rest))


def test_what_was_closed_before_midnight_and_changed_after_it_is_no_alarm() -> None:
    """The day is sealed without it; the next seal must have it."""
    made = Archive(24)
    one = ready(made)
    made.close_again(one)
    made.day += timedelta(days=1)
    made.hold(one)
    made.day -= timedelta(days=1)
    made.end_day()
    assert both(made.files) == []
    assert any("the next seal must have it" in note for found in findings(made.files)
               for note in found.notes)  # fmt: skip
    made.end_day()
    assert both(made.files) == []
    newer = {path: content for path, content in made.files.items() if ".proof." not in path}
    assert both(newer)


def test_what_is_of_a_day_yet_to_come_is_told() -> None:
    """A seal, or a bag that would wait for its seal for ever."""
    made = Archive(25)
    made.end_day()
    one = ready(made)
    made.close_again(one)
    long_before = datetime(2026, 2, 20, tzinfo=UTC)
    found = said(made.files, at=long_before)
    assert sum("yet to come" in line for line in found) == 2
    assert said(made.files, at=datetime(2026, 2, 27, 12, tzinfo=UTC)) == []


def test_a_time_stamp_that_a_later_seal_has_must_be_there_as_it_was() -> None:
    """Taken away, or written in another form that holds as well."""
    made = Archive(26)
    made.end_day()
    stamp = f"seals/{made.day - timedelta(days=1)}.tsr"
    made.files[stamp] = b"a stamp"
    made.end_day()

    def about(files: Files) -> list[str]:
        return [line for line in said(files) if line.startswith(stamp) and "later seal" in line]

    assert about(made.files) == []
    assert about({**made.files, stamp: b"a stamp "})
    assert about({path: one for path, one in made.files.items() if path != stamp})
    pem = made.files["seals/public-key.pem"]
    assert second_verifier.verify(made.files, pem) == ""
    assert second_verifier.verify({**made.files, stamp: b"a stamp "}, pem)


def test_duplicate_fields_and_other_forms_of_numbers_are_no_canonical_json() -> None:
    """Two readers of one file must not read two things, whoever packed it."""
    from complaints import bag
    from tests.bagged import repacked, unpacked

    path = next(path for path in sorted(scripted()) if path.endswith(".zip"))
    members = unpacked(scripted()[path])
    top = path.rpartition("/")[2].removesuffix(".zip")
    for name, old, new in (
        (bag.COMPLAINT, b'{"', b'{"complaint_id":"TS-2026-999999-9","'),
        (bag.PARTS, b'"part":"private"', b'"part":"x","part":"private"'),
        (bag.PARTS, b'"part":"private"', b'"part":"private","x":1e0'),
        (bag.PARTS, b'"part":"private"', b'"part":"private","x":"\\ud800"'),
        (bag.HISTORY, b'"number":1,', b'"number":1.0,'),
        (bag.HISTORY, b'"number":1,', b'"number":2,"number":1,'),
        (bag.HISTORY, b'"number":1,', b'"number":1,"x":"\\udfff",'),
    ):
        content = members[f"{top}/{name}"]
        assert old in content, name
        changed = repacked({**members, f"{top}/{name}": content.replace(old, new, 1)})
        found = by_itself(io.BytesIO(changed), path).finding.problems
        about = [
            line for line in found if "canonical" in line or line.startswith(("format", "order"))
        ]
        assert any(name in line for line in about), (new, found)


# ---- time stamps ---------------------------------------------------------------------------


@pytest.mark.skipif(not authority.is_possible(), reason="there is no openssl")
def test_time_stamps_are_checked_and_no_bit_of_one_changes_what_it_says(tmp_path: Path) -> None:
    """With the root each changed byte is found; without it that it is about its seal."""
    path = f"seals/{DAYS[1]}.tsr"
    seal = scripted()[f"seals/{DAYS[1]}.json"]
    here = authority.make(tmp_path)
    stamp = here.stamp(request(seal))

    def problems(content: bytes, roots: list[bytes]) -> list[str]:
        files = Memory({**scripted(), path: content})
        return check_stamp(files, path, seal, roots).problems

    assert problems(stamp, [here.root]) == []
    assert problems(stamp, []) == []
    other = here.stamp(request(b"another seal"))
    assert problems(other, [])
    assert problems(other, [here.root])
    missed = [
        at
        for at in range(len(stamp))
        if not problems(stamp[:at] + bytes([stamp[at] ^ 1]) + stamp[at + 1 :], [here.root])
    ]
    assert missed == []
    for cut in range(0, len(stamp), 7):
        assert problems(stamp[:cut], [here.root])
    assert problems(stamp + b"\0", [here.root])
    assert said({**scripted(), "seals/2031-01-01.tsr": stamp})


# ---- a verifier of another hand ------------------------------------------------------------


SAMPLE = 23
"""Every n-th mutant is given to both verifiers; ours alone gets all of them."""


@pytest.mark.parametrize("path", sorted(scripted()))
def test_the_second_verifier_agrees_on_mutants(path: str) -> None:
    """Written from the ten lines alone, it finds what ours finds."""
    pem = scripted()["seals/public-key.pem"]
    for number, mutant in zip(count(), mutants_of(scripted(), path), strict=False):
        if number % SAMPLE == len(path) % SAMPLE:
            assert second_verifier.verify(mutant.files, pem), mutant.what


def test_the_second_verifier_agrees_on_many_changes_and_old_states() -> None:
    """Swaps, another key, whole kinds gone; a kept seal shows the roll-back."""
    pem = scripted()["seals/public-key.pem"]
    assert second_verifier.verify(scripted(), pem) == ""
    for mutant in mutants_of_many(scripted()):
        assert second_verifier.verify(mutant.files, pem), mutant.what
    old, newest = sealed_until(scripted(), DAYS[2]), scripted()[f"seals/{DAYS[-1]}.json"]
    assert second_verifier.verify(old, pem) == ""
    assert second_verifier.verify(old, pem, newest)


def test_the_second_verifier_shares_nothing() -> None:
    """It imports the standard library and cryptography."""
    source = Path(second_verifier.__file__).read_text(encoding="utf-8")
    imports = [line for line in source.splitlines() if line.startswith(("import ", "from "))]
    assert imports
    assert not any("complaints" in line or "tests" in line for line in imports)


# ---- the command line ----------------------------------------------------------------------


def folder(tmp_path: Path, files: Files) -> Path:
    """Write an archive into a folder."""
    for name, content in files.items():
        path = tmp_path / "archive-copy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "archive-copy"


def verify(*words: object) -> int:
    """Run the command."""
    return cli.main(["archive", "verify", *map(str, words)])


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """Return the auditor's own copy of the public key."""
    path = tmp_path / "key.pem"
    path.write_bytes(scripted()["seals/public-key.pem"])
    return path


def test_the_command_says_what_is_wrong_and_exits_with_it(
    tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """JSON lines, a summary for people, 0 and 1."""
    here = folder(tmp_path, scripted())
    assert verify(here, "--key", key) == 0
    out, err = capsys.readouterr()
    rows = [json.loads(line) for line in out.splitlines()]
    assert len(rows) == len(scripted())
    assert all(row["ok"] and row["problems"] == [] for row in rows)
    assert f"sealed up to {DAYS[-1]}: no problems" in err
    (here / f"seals/{DAYS[1]}.json").unlink()
    assert verify(here, "--key", key) == 1
    out, _ = capsys.readouterr()
    wrong = [json.loads(line) for line in out.splitlines() if not json.loads(line)["ok"]]
    assert wrong[0]["path"] == f"seals/{DAYS[1]}.json"


def test_single_bags_are_verified_where_they_lie(
    tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With proof and large files beside them; a renamed one is named."""
    here = folder(tmp_path, scripted())
    bags = sorted(here.rglob("*.zip"))
    assert verify(*bags, "--key", key) == 0
    assert verify(*bags, *here.rglob("*.proof.json"), "--key", key) == 0
    capsys.readouterr()
    moved = bags[0].with_name("TS-2026-000009-1_2026-01-01_quiet_1.zip")
    bags[0].rename(moved)
    assert verify(moved, "--key", key) == 1


def test_bad_usage_is_told(tmp_path: Path, key: Path) -> None:
    """No such path, no key, no certificate: 2, before anything is checked."""
    here = folder(tmp_path, scripted())
    (tmp_path / "no.pem").write_bytes(b"no key")
    assert verify(tmp_path / "nowhere", "--key", key) == 2
    assert verify(here, "--key", tmp_path / "no.pem") == 2
    assert verify(here, "--key", tmp_path / "nowhere.pem") == 2
    assert verify(here, "--key", key, "--time-stamp-root", tmp_path / "no.pem") == 2
    assert verify(here, "--key", key, "--checkpoint", tmp_path / "nowhere.json") == 2


def test_it_needs_no_network_and_no_aws(tmp_path: Path, key: Path) -> None:
    """Sockets are shut off here; in a process of its own nothing of AWS is even imported."""
    with pytest.raises(Exception, match="socket"):
        socket.create_connection(("192.0.2.1", 80))
    here = folder(tmp_path, scripted())
    assert verify(here, "--key", key) == 0
    program = (
        "import sys; from complaints import cli; "
        f"code = cli.main(['archive', 'verify', {str(here)!r}, '--key', {str(key)!r}]); "
        "bad = {'boto3', 'botocore', 'requests', 'urllib3'} & set(sys.modules); "
        "sys.exit(code or (3 if bad else 0))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr


# ---- what wants to harm it -----------------------------------------------------------------


def bombs() -> Files:
    """Return files that are made to stop a reader, by where they lie."""
    bag = "archive/general/2026/A/TS-2026-000009-1_2026-03-01_quiet_9.zip"
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("x", bytes(4 << 20))
    deep = b'{"a":' * 50_000 + b"1" + b"}" * 50_000
    many = b"PK\3\4" + bytes(26)
    return {
        bag: zipped.getvalue(),
        bag.replace("_9.", "_8."): b"PK\3\4" + b"\xff" * 4_000,
        bag.replace("_9.", "_7."): many * 70_000,
        bag.replace("_9.", "_6."): b"",
        bag.replace("_9.", "_5.").replace(".zip", ".proof.json"): deep,
        f"seals/{DAYS[0]}.json": deep,
        f"seals/{DAYS[1]}.json": b"x" * (1 << 18),
        f"leaves/day={DAYS[2]}/{DAYS[2]}.jsonl": b"x" * (5 << 20),
        f"leaves/day={DAYS[3]}/{DAYS[3]}.jsonl": deep + b"\n",
        f"leaves/day={DAYS[4]}/{DAYS[4]}.jsonl": b'{"kind":"access","complaint_id":"\\ud800",'
        b'"version":99999999999999999999999999,"digest":""}\n' + b"\xff\xfe\n",
        f"nodes/{DAYS[1]}.bin": b"\0" * 77,
        f"seals/{DAYS[2]}.tsr": b"\x30\x84\xff\xff\xff\xff",
        "seals/2026-13-77.json": b"{}",
        "archive/general/2026/../../../etc/passwd": b"x",
    }


@pytest.mark.parametrize("name", sorted(bombs()))
def test_hostile_files_are_a_problem_and_no_traceback(name: str) -> None:
    """Torn and empty ZIPs, bombs, depth, long lines, numbers without end, impossible days."""
    found = said({**scripted(), name: bombs()[name]})
    assert any(line.startswith(name) for line in found)


def test_hostile_entries_within_a_whole_container(tmp_path: Path) -> None:
    """A bag that is packed rightly, and whose lines are of all kinds but the right one."""
    from tests.bagged import repacked, unpacked

    path = next(path for path in sorted(scripted()) if path.endswith(".zip"))
    members = unpacked(scripted()[path])
    for ending in ("data/history.jsonl", "data/complaint.json", "fetch.txt", "bag-info.txt"):
        name = next((one for one in members if one.endswith(ending)), f"{tmp_path.name}/x")
        for line in (
            b"[]", b"null", b'"x"', b"{}", b"\xff", b"[" * 9_000, b"1" * 5_000,
            b'{"status":"closed","facts":{"archive_key":[]},"number":1e400}',
            b'{"status":"closed","facts":{"archive_key":{},"contents":1},"occurred_at":7}',
            b'{"complaint_id":{},"received_at":[]}',
            b"s3://x/y 99999999999999999999 data/evidence/z",
        ):  # fmt: skip
            assert said({**scripted(), path: repacked({**members, name: line + b"\n"})})


def test_links_and_odd_names_in_a_folder(
    tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A link is never followed, a pipe never waited for, a name that is no text is shown."""
    here = folder(tmp_path, scripted())
    seal = here / f"seals/{DAYS[0]}.json"
    kept = tmp_path / "elsewhere.json"
    seal.rename(kept)
    seal.symlink_to(kept)
    (here / "leaves/loop").symlink_to(here)
    os.mkfifo(here / "archive/pipe.zip")
    Path(os.fsdecode(os.fsencode(here / "archive") + b"/\xff.zip")).write_bytes(b"x")
    deep = here / "/".join("d" * 40)
    deep.mkdir(parents=True)
    assert verify(here, "--key", key) == 1
    out, _ = capsys.readouterr()
    wrong = {row["path"] for row in map(json.loads, out.splitlines()) if not row["ok"]}
    assert {
        f"seals/{DAYS[0]}.json",
        "leaves/loop",
        "archive/pipe.zip",
        "archive/\ufffd.zip",
    } <= wrong


def test_an_empty_folder_is_no_archive(tmp_path: Path, key: Path) -> None:
    """Nothing there is not the same as nothing wrong."""
    (tmp_path / "empty").mkdir()
    assert verify(tmp_path / "empty", "--key", key) == 1
