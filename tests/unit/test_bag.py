"""The bag: any archivist's tool reads it, and no byte of it can be another one."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import bagit
import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints import bag, stored_zip
from complaints.archive import archive_key
from complaints.stored_zip import ContainerError, StoredZip, members
from complaints.verify_bag import by_itself
from tests.bagged import RETAIN_UNTIL, bagged, repacked, unpacked
from tests.builders import AT, MAJOR, assessed, followed_up, received

pytestmark = pytest.mark.filterwarnings("ignore:'count' is passed:DeprecationWarning")
"""Of bagit itself, which is older than the Python here."""
PHOTO = bytes(range(256)) * 12
FILES = {
    f"{bag.DOCUMENTS}closure.pdf.enc": b"a document",
    f"{bag.EVIDENCE}0011.enc": PHOTO,
    f"{bag.EVIDENCE}abc.enc": b"",
}
FILM = b"film" * 1000
BAG, CLOSED = bagged(followed_up(), FILES)
TOP = next(iter(unpacked(BAG))).partition("/")[0]
MEMBERS = unpacked(BAG)


def outside(content: bytes = FILM) -> bag.Outside:
    """Return a large file that lies beside the bag."""
    return bag.Outside(
        path=f"{bag.EVIDENCE}film.enc",
        url=f"s3://archive/archive/general/2026/A/{TOP}.files/film.enc",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


WITH_FILM, _ = bagged(followed_up(), FILES, outside=(outside(),))


def problems_of(content: bytes) -> list[str]:
    """Return what is wrong with a bag."""
    return by_itself(io.BytesIO(content), CLOSED.complaint.archive_key).finding.problems


def replaced(path: str, content: bytes) -> bytes:
    """Return the bag with another member in the place of one."""
    return repacked({**MEMBERS, f"{TOP}/{path}": content})


# ---- what any tool sees --------------------------------------------------------------------


def test_the_reference_validator_finds_it_whole(tmp_path: Path) -> None:
    """RFC 8493 as the Library of Congress's own tool understands it."""
    zipfile.ZipFile(io.BytesIO(BAG)).extractall(tmp_path)
    found = bagit.Bag(str(tmp_path / TOP))
    assert found.validate()
    assert found.info["External-Identifier"] == CLOSED.complaint.complaint_id
    assert found.info["Retain-Until"] == RETAIN_UNTIL


def test_it_is_whole_once_what_lies_outside_is_fetched(tmp_path: Path) -> None:
    """A large file that nobody has brought is missing, and counts once it is there."""
    zipfile.ZipFile(io.BytesIO(WITH_FILM)).extractall(tmp_path)
    found = bagit.Bag(str(tmp_path / TOP))
    [(url, length, path)] = list(found.fetch_entries())
    with pytest.raises(bagit.BagValidationError):
        found.validate()
    assert (url, int(length)) == (outside().url, len(FILM))
    (tmp_path / TOP / path).write_bytes(FILM)
    assert bagit.Bag(str(tmp_path / TOP)).validate()


def test_a_damaged_bag_is_found_by_the_reference_validator_too(tmp_path: Path) -> None:
    """What we write is what it checks."""
    zipfile.ZipFile(io.BytesIO(BAG)).extractall(tmp_path)
    (tmp_path / TOP / f"{bag.EVIDENCE}0011.enc").write_bytes(PHOTO[:-1] + b"!")
    with pytest.raises(bagit.BagValidationError):
        bagit.Bag(str(tmp_path / TOP)).validate()


def test_its_folder_is_named_like_its_file() -> None:
    """Unpacked beside others it stays apart."""
    assert {name.partition("/")[0] for name in MEMBERS} == {TOP}
    assert CLOSED.complaint.archive_key.endswith(f"/{TOP}.zip")


def test_the_same_members_give_the_same_bytes() -> None:
    """The container is a function of what lies in it."""
    assert bagged(followed_up(), FILES)[0] == BAG
    assert repacked(MEMBERS) == BAG


def test_the_labels_say_category_number_date_and_result() -> None:
    """F2: what an archivist sorts by, and nothing personal."""
    labels = dict(
        line.split(": ", 1) for line in MEMBERS[f"{TOP}/{bag.INFO}"].decode().splitlines()
    )
    complaint = CLOSED.complaint
    assert labels == {
        "Bagging-Date": f"{complaint.closed_at:%Y-%m-%d}",
        "Category": "general",
        "Closed": f"{complaint.closed_at:%Y-%m-%d}",
        "External-Identifier": complaint.complaint_id,
        "Payload-Oxum": labels["Payload-Oxum"],
        "Received": f"{complaint.received_at:%Y-%m-%d}",
        "Result": "satisfied",
        "Retain-Until": RETAIN_UNTIL,
        "Type": "A",
    }


def test_major_is_said_and_lies_apart() -> None:
    """F3: severity is the first thing the archive is sorted by."""
    complaint = assessed(received(MAJOR)).complaint
    assert archive_key(complaint, AT).startswith("archive/major/2026/F/")
    assert b"Category: major\n" in bag.info(complaint, CLOSED.entries, 0, 0)


def test_a_later_bag_names_the_one_before() -> None:
    """Whoever holds the new one knows that there is an old one."""
    first = bag.filed_before(CLOSED.entries)
    assert first == [CLOSED.complaint.archive_key]
    last = CLOSED.entries[-1]
    again = last.replace(
        number=last.number + 1, facts={**last.facts, "archive_key": "archive/b.zip"}
    )
    labels = bag.info(CLOSED.complaint, [*CLOSED.entries, again], 0, 0).decode()
    assert f"Previous-Bag: {first[0]}\n" in labels


# ---- what is in it -------------------------------------------------------------------------


def test_nothing_personal_is_readable_in_it() -> None:
    """F7: the person goes with the key, and the key is in no bag."""
    complaint, person = CLOSED.complaint, CLOSED.complainant
    for word in (person.name, person.phone, person.email, complaint.tracking_code):
        assert word.encode() not in BAG
    assert complaint.subject.encode() not in BAG
    assert CLOSED.contacts[0].text.encode() not in BAG
    assert CLOSED.key not in BAG
    assert CLOSED.key.hex().encode() not in BAG


def test_the_head_comes_back_as_it_was_closed() -> None:
    """But for what is personal, and for when somebody looks again."""
    read = bag.opened(io.BytesIO(BAG)).complaint()
    complaint = CLOSED.complaint
    assert read == complaint.replace(subject="", tracking_code="", person="")


def test_the_closing_entry_answers_for_every_file() -> None:
    """Its digest of the contents is the one that the README describes."""
    [*lines] = MEMBERS[f"{TOP}/{bag.MANIFEST}"].splitlines(keepends=True)
    others = b"".join(line for line in lines if not line.endswith(b"  data/history.jsonl\n"))
    entry = json.loads(MEMBERS[f"{TOP}/{bag.HISTORY}"].splitlines()[-1])
    assert entry["facts"]["contents"] == hashlib.sha256(others).hexdigest()
    assert entry["facts"]["archive_key"] == CLOSED.complaint.archive_key
    assert len(lines) == len([name for name in MEMBERS if f"{TOP}/data/" in name])


# ---- what is wrong with one ----------------------------------------------------------------


@pytest.mark.parametrize("content", [BAG, WITH_FILM])
def test_a_whole_bag_has_no_problems(content: bytes) -> None:
    """No false alarm."""
    assert problems_of(content) == []


@pytest.mark.parametrize("path", [name.partition("/")[2] for name in MEMBERS])
def test_every_change_of_a_file_is_found(path: str) -> None:
    """One byte more, one byte less, nothing, something else."""
    content = MEMBERS[f"{TOP}/{path}"]
    for changed in {content + b" ", content[:-1], b"", b"{}"} - {content}:
        assert problems_of(replaced(path, changed)), changed


@pytest.mark.parametrize("path", [name.partition("/")[2] for name in MEMBERS])
def test_every_missing_file_is_found(path: str) -> None:
    """Nothing can be taken out."""
    rest = {name: content for name, content in MEMBERS.items() if name != f"{TOP}/{path}"}
    assert problems_of(repacked(rest))


@pytest.mark.parametrize("path", [f"{bag.EVIDENCE}more.enc", "more.txt", f"{bag.DOCUMENTS}x"])
def test_an_added_file_is_found(path: str) -> None:
    """Nothing can be slipped in, wherever it would have to stand."""
    ordered = sorted(
        {**MEMBERS, f"{TOP}/{path}": b"x"}.items(),
        key=lambda one: bag.place(one[0][len(TOP) + 1 :]),
    )
    assert problems_of(repacked(dict(ordered)))


def rewritten(change: Callable[[dict[str, bytes]], None]) -> bytes:
    """Return the bag after a change, with manifests that fit."""
    changed = {name[len(TOP) + 1 :]: content for name, content in MEMBERS.items()}
    change(changed)
    digests = {path: hashlib.sha256(content).hexdigest() for path, content in changed.items()}
    payload = {path: one for path, one in digests.items() if path.startswith(bag.DATA)}
    changed[bag.MANIFEST] = bag.manifest(payload)
    digests[bag.MANIFEST] = hashlib.sha256(changed[bag.MANIFEST]).hexdigest()
    tags = {p: one for p, one in digests.items() if p not in payload and p != bag.TAG_MANIFEST}
    changed[bag.TAG_MANIFEST] = bag.manifest(tags)
    return repacked({f"{TOP}/{path}": content for path, content in changed.items()})


def test_manifests_that_were_reckoned_anew_hide_nothing() -> None:
    """The closing entry answers for the payload, the chain for the entries, both for the labels."""

    def evidence(parts: dict[str, bytes]) -> None:
        parts[f"{bag.EVIDENCE}0011.enc"] = PHOTO[::-1]

    def label(parts: dict[str, bytes]) -> None:
        parts[bag.INFO] = parts[bag.INFO].replace(b"satisfied", b"voided")

    def actor(parts: dict[str, bytes]) -> None:
        parts[bag.HISTORY] = parts[bag.HISTORY].replace(b'"actor":"he"', b'"actor":"hu"')

    assert rewritten(lambda _: None) == BAG
    assert problems_of(rewritten(evidence)) == [
        "changed: data/ and its manifest are not what was filed"
    ]
    assert problems_of(rewritten(label)) == [
        f"changed: {bag.INFO} does not fit the rest of the bag"
    ]
    assert problems_of(rewritten(actor)) == [
        f"changed: {bag.HISTORY}, entry 4 is not what its digest was made of"
    ]


@given(place=st.integers(0, len(BAG) - 1), flip=st.integers(1, 255))
def test_no_byte_can_be_another_one(place: int, flip: int) -> None:
    """Not one of a header, a date or the directory either; and nothing but a sentence comes."""
    torn = bytearray(BAG)
    torn[place] ^= flip
    assert problems_of(bytes(torn))


@given(length=st.integers(0, len(BAG) - 1))
def test_a_cut_file_is_no_bag(length: int) -> None:
    """Wherever it ends."""
    assert problems_of(BAG[:length])[0].startswith("changed: the ZIP is not as it was packed")


def test_what_follows_the_end_is_found() -> None:
    """A ZIP may not carry a passenger, before or behind."""
    assert problems_of(BAG + b"\0")
    assert problems_of(b"\0" + BAG)


def test_another_program_packs_other_bytes() -> None:
    """Unpacked and packed again it is a ZIP of the same files, and told apart."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in MEMBERS.items():
            target.writestr(name, content)
    assert problems_of(packed.getvalue())[0].startswith("changed: the ZIP is not as it was packed")


# ---- the container -------------------------------------------------------------------------


@given(st.dictionaries(st.from_regex(r"[a-z]{1,9}(/[a-z]{1,9})?", fullmatch=True), st.binary()))
def test_any_member_comes_back_from_python_and_from_us(contents: dict[str, bytes]) -> None:
    """In the order in which it was written."""
    packed = repacked(contents)
    assert {name: b"".join(one) for name, one in members(io.BytesIO(packed))} == contents
    if contents:
        assert unpacked(packed) == contents


def test_a_member_that_nobody_reads_is_checked_all_the_same() -> None:
    """Passing over a content is no way around its checksum."""
    packed = bytearray(repacked({"a": b"content", "b": b""}))
    packed[packed.index(b"content")] ^= 1
    with pytest.raises(ContainerError, match="checksum"):
        list(members(io.BytesIO(packed)))


def test_nothing_of_a_member_stays_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Written and read piece by piece, however long it is."""
    monkeypatch.setattr(stored_zip, "CHUNK", 10)
    target = io.BytesIO()
    packing = StoredZip(target)
    with packing.member("a") as writing:
        for _ in range(100):
            writing.write(b"0123456789")
    packing.close()
    target.seek(0)
    [(_, pieces)] = [(name, list(content)) for name, content in members(target)]
    assert pieces == [b"0123456789"] * 100


def test_more_than_a_zip_can_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than written wrong."""
    monkeypatch.setattr(stored_zip, "LIMIT", 100)
    packing = StoredZip(io.BytesIO())
    with pytest.raises(ContainerError, match="too much"), packing.member("a") as writing:
        writing.write(bytes(101))


def test_a_name_beyond_ascii_is_told() -> None:
    """As whatever else is no bag."""
    packed = repacked({"aa": b""}).replace(b"aa", "é".encode())
    with pytest.raises(ContainerError):
        list(members(io.BytesIO(packed)))
