"""Archive: one file gives one bundle, and every change of a bundle is found."""

import hashlib
import io
import json
import zipfile
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.archive import ArchiveError, archive_key, bundle, problems_of
from complaints.models import Complainant, Dossier, File, Outcome, Status
from tests.builders import AT, MAJOR, assessed, closed, followed_up, later, received

PHOTO = b"\x89PNG\r\n\x1a\n photo"
RAW = b"From: lina@example.com\r\n\r\nwords"


def file(key: str, content: bytes) -> File:
    """Return the record of a piece of evidence."""
    return File(
        key=key, name="a.png", size=len(content), sha256=hashlib.sha256(content).hexdigest(),
        content_type="image/png",
    )  # fmt: skip


KEPT = {"evidence/x/0011": PHOTO, "inbox/abc": RAW}


def dossier_with_evidence() -> Dossier:
    """Return a complaint ready to be filed, with a photo and the raw mail it came with."""
    dossier = followed_up()
    with_files = dossier.contacts[0].replace(
        files=(file("evidence/x/0011", PHOTO),), original=file("inbox/abc", RAW)
    )
    return dossier.replace(contacts=(with_files,))


DOSSIER = dossier_with_evidence()
FILED_AT = later(DOSSIER, 0)


def fetch(piece: File) -> bytes:
    """Return the bytes of a piece of evidence."""
    return KEPT[piece.key]


BUNDLE = bundle(DOSSIER, fetch, at=FILED_AT)


def unpacked() -> dict[str, bytes]:
    """Return the parts of the bundle by name."""
    with zipfile.ZipFile(io.BytesIO(BUNDLE)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def packed(parts: dict[str, bytes]) -> bytes:
    """Return a bundle of these parts."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as target:
        for name, part in parts.items():
            target.writestr(name, part)
    return written.getvalue()


PARTS = unpacked()


def test_the_same_file_gives_the_same_bytes() -> None:
    """A second try files the same bundle, so that twice is once."""
    assert bundle(DOSSIER, fetch, at=FILED_AT) == BUNDLE
    looked_at = DOSSIER.replace(
        complaint=DOSSIER.complaint.replace(look_again_at=AT + timedelta(days=9))
    )
    assert bundle(looked_at, fetch, at=FILED_AT) == BUNDLE


def test_a_bundle_holds_the_whole_file() -> None:
    """F3: record, person, words, history, evidence, and every kind of part beside it."""
    assert sorted(PARTS) == sorted(
        [
            "manifest.json", "complaint.json", "complainant.json", "contacts.json",
            "findings.json", "decisions.json", "letters.json", "history.jsonl",
            "records.json", "orders.json", "notices.json", "proofs.json", "payments.json",
            "proxies.json", "emergency_steps.json", "announcements.json", "outside.json",
            "disputes.json", "seats.json", "merged.json", "evidence/0011", "evidence/abc",
            "payouts.json", "corrections.json",
        ]
    )  # fmt: skip
    assert PARTS["evidence/0011"] == PHOTO
    assert PARTS["evidence/abc"] == RAW
    assert len(PARTS["history.jsonl"].splitlines()) == len(DOSSIER.entries)


def test_a_bundle_can_be_read_in_a_hundred_years() -> None:
    """Plain JSON, the names as they were written, the key of the commitments beside them."""
    person = json.loads(PARTS["complainant.json"])
    assert person["complainant"]["name"] == "李娜"
    assert bytes.fromhex(person["commitment_key"]) == DOSSIER.key


def test_a_whole_bundle_has_no_problems() -> None:
    """As it was made, and packed again by another program."""
    assert problems_of(BUNDLE) == []
    assert problems_of(packed(PARTS)) == []


@pytest.mark.parametrize("name", sorted(PARTS))
def test_every_change_of_a_part_is_found(name: str) -> None:
    """One byte more, one byte less, nothing, something else."""
    part = PARTS[name]
    for changed in (part + b" ", part[:-1], b"", b"{}", part.replace(b"1", b"2") + b"\n"):
        assert problems_of(packed({**PARTS, name: changed}))


@pytest.mark.parametrize("name", sorted(PARTS))
def test_every_missing_part_is_found(name: str) -> None:
    """Nothing can be taken out."""
    assert problems_of(packed({other: part for other, part in PARTS.items() if other != name}))


def test_an_added_part_is_found() -> None:
    """Nothing can be slipped in, not even under a name that is there already."""
    assert problems_of(packed({**PARTS, "evidence/more": b"x"}))
    written = io.BytesIO(BUNDLE)
    with zipfile.ZipFile(written, "a") as target, pytest.warns(UserWarning, match="Duplicate"):
        target.writestr("complaint.json", PARTS["complaint.json"])
    assert problems_of(written.getvalue()) == ["a part is there twice"]


@pytest.mark.parametrize("side", ["complaint_id", "closed_at", "policy", "history_head"])
def test_every_side_of_the_manifest_is_checked(side: str) -> None:
    """What the manifest says is what the parts say."""
    manifest = json.loads(PARTS["manifest.json"])
    manifest[side] = manifest[side].replace("2", "3") + "x"
    forged = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
    assert problems_of(packed({**PARTS, "manifest.json": forged}))


def test_a_rewritten_history_is_found_even_with_a_fitting_manifest() -> None:
    """Whoever edits an entry and reckons the manifest anew is found by the chain."""
    history = PARTS["history.jsonl"].replace(b'"actor":"he"', b'"actor":"hu"')
    manifest = json.loads(PARTS["manifest.json"])
    manifest["parts"]["history.jsonl"] = hashlib.sha256(history).hexdigest()
    forged = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
    found = problems_of(packed({**PARTS, "history.jsonl": history, "manifest.json": forged}))
    assert found == ["entry 4 was changed after it was written"]


@given(place=st.integers(0, len(BUNDLE) - 1), flip=st.integers(1, 255))
def test_torn_bytes_are_told_and_never_raise(place: int, flip: int) -> None:
    """Whatever a disk does to a bundle, the check answers; what still unpacks is still whole."""
    torn = bytearray(BUNDLE)
    torn[place] ^= flip
    if not problems_of(bytes(torn)):
        with zipfile.ZipFile(io.BytesIO(bytes(torn))) as still:
            assert {name: still.read(name) for name in still.namelist()} == PARTS


@pytest.mark.parametrize("content", [b"", b"PK", BUNDLE[:-30], BUNDLE[:40], b"x" * 100])
def test_what_is_no_bundle_is_told(content: bytes) -> None:
    """Half a file is not a bundle."""
    assert problems_of(content)[0].startswith("not a bundle")


def test_evidence_that_changed_is_not_filed() -> None:
    """F1: what is filed is what arrived, or nothing is."""
    with pytest.raises(ArchiveError, match="evidence/x/0011 is not what arrived"):
        bundle(DOSSIER, lambda _: PHOTO + b"!", at=FILED_AT)


def test_a_broken_history_is_not_filed() -> None:
    """Nothing is filed that would not stand an auditor's check."""
    cut = DOSSIER.replace(entries=DOSSIER.entries[:-1])
    with pytest.raises(ArchiveError, match="the newest entry is missing"):
        bundle(cut, fetch, at=FILED_AT)


@pytest.mark.parametrize(
    ("text", "outcome", "key"),
    [
        (
            "前台态度恶劣。",
            "satisfied",
            "general/2026/A/TS-2026-000001-7_2026-11-20_satisfied_2.zip",
        ),
        (MAJOR, "quiet", "major/2026/F/TS-2026-000001-7_2026-11-20_quiet_2.zip"),
    ],
)
def test_major_complaints_are_filed_apart(text: str, outcome: str, key: str) -> None:
    """F2, F3: by severity, year and type, labelled with number, date and result."""
    complaint = assessed(received(text)).complaint.replace(follow_up_outcome=Outcome(outcome))
    assert archive_key(complaint, AT) == f"archive/{key}"


def test_what_was_never_assessed_has_a_place_too() -> None:
    """No complaint is without a key."""
    assert archive_key(received(complainant=Complainant()).complaint, AT) == (
        "archive/general/2026/none/TS-2026-000001-7_2026-11-20_none_1.zip"
    )


def test_a_closed_complaint_waits_for_nobody() -> None:
    """No clock, no queue, and where it is filed stands in head and history."""
    dossier = closed()
    complaint = dossier.complaint
    assert (complaint.status, complaint.clock, complaint.queue) == (Status.CLOSED, None, "")
    assert complaint.look_again_at is None
    assert complaint.closed_at == later(dossier, 0)
    assert dossier.entries[-1].facts == {"archive_key": complaint.archive_key}
