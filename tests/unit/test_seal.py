"""Seals without an archive: what a leaf holds, and that no change of a seal goes unseen."""

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from complaints.history import canonical
from complaints.merkle import EMPTY_ROOT, inclusion_path, root
from complaints.models import Complaint
from complaints.seal import (
    ORDER_OF_P256,
    AccessLeaf,
    ComplaintLeaf,
    InclusionProof,
    Seal,
    SealError,
    SignedSeal,
    is_included,
    is_made_up,
    last_to_seal,
    leaf_of,
    pem,
    problems_of,
    public_key,
    read_leaf,
    read_proof,
    read_seal,
    sha256,
    signed,
)
from tests.builders import closed, received
from tests.unit.heads import NOVEMBER, a_month, voided

SIGNER = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())
DAY = date(2026, 11, 20)
NIGHT = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
LINES = [canonical(AccessLeaf(complaint_id=str(n), version=n, digest="d" * 64)) for n in range(5)]
SECRET = ("subject", "person", "tracking_code", "respondents")
"""Fields of a head that no leaf may hold."""


def der(key: ec.EllipticCurvePrivateKey = SIGNER) -> bytes:
    """Return the public key."""
    public = key.public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def sealed(signer: ec.EllipticCurvePrivateKey = SIGNER, **changes: Any) -> bytes:  # noqa: ANN401 - fields of Seal
    """Return the file of a seal of five leaves."""
    lines = b"".join(line + b"\n" for line in LINES)
    seal = Seal(
        day=DAY,
        sealed_at=NIGHT,
        made_up=False,
        first=0,
        size=5,
        root=root(LINES).hex(),
        leaves=sha256(lines),
        nodes=sha256(b"nodes"),
        previous="",
        key=sha256(der(signer)),
    ).replace(**changes)
    return signed(seal, signer.sign(canonical(seal), ec.ECDSA(SHA256())))


SEALED = sealed()
NEXT = sealed(
    day=DAY + timedelta(days=1),
    sealed_at=NIGHT + timedelta(days=1),
    first=5,
    size=9,
    root="ab" * 32,
    previous=sha256(SEALED),
)


def problems(content: bytes, before: bytes | None = None) -> list[str]:
    """Return what is wrong with a seal."""
    return list(problems_of(content, der(), before))


# ---- leaves ----------------------------------------------------------------------------------


@pytest.mark.parametrize("head", [*a_month(1, NOVEMBER, 40), voided(99), closed().complaint])
def test_a_leaf_comes_back_and_tells_nothing_personal(head: Complaint) -> None:
    """Of any complaint: canonical, on one line, without the fields that tell who it is about."""
    line = canonical(leaf_of(head))
    assert read_leaf(line) == leaf_of(head)
    assert b"\n" not in line
    assert not set(msgspec.json.decode(line)) & set(SECRET)
    assert canonical(msgspec.json.decode(line)) == line


def test_a_leaf_has_every_column_also_where_there_is_nothing_to_say() -> None:
    """Rows of a table: a column that is left out would be taken for unknown."""
    new, old = (
        msgspec.json.decode(canonical(leaf_of(d.complaint))) for d in (received(), closed())
    )
    assert new.keys() == old.keys() == {*ComplaintLeaf.__struct_fields__, "kind"}
    assert (new["closed_at"], new["major"], new["held"]) == (None, [], False)
    assert leaf_of(received().complaint.replace(holds=2)).held


@pytest.mark.parametrize("field", SECRET)
def test_what_is_personal_does_not_move_a_leaf(field: str) -> None:
    """So erasing it leaves what was sealed as it is."""
    head = closed().complaint
    changed = head.replace(**{field: ("zhao",) if field == "respondents" else "别的"})
    assert canonical(leaf_of(changed)) == canonical(leaf_of(head))


@pytest.mark.parametrize("line", [b"", b"{}", b"[]", LINES[0][:-1], b'{"kind":"other"}'])
def test_a_line_that_is_no_leaf_is_named(line: bytes) -> None:
    """Not taken for an empty one."""
    with pytest.raises(SealError, match="no leaf"):
        read_leaf(line)


# ---- days ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hour", "minute", "wanted"), [(0, 19, DAY - timedelta(days=1)), (0, 20, DAY), (23, 59, DAY)]
)
def test_a_day_is_sealed_twenty_minutes_after_its_end(hour: int, minute: int, wanted: date) -> None:
    """No function runs that long."""
    assert last_to_seal(NIGHT.replace(hour=hour, minute=minute)) == wanted


def test_a_seal_of_the_day_after_is_not_made_up_and_a_later_one_is() -> None:
    """By the day of UTC."""
    assert not is_made_up(DAY, NIGHT.replace(hour=23))
    assert is_made_up(DAY, NIGHT + timedelta(days=1))


# ---- checking a seal -------------------------------------------------------------------------


def test_good_seals_have_no_problems() -> None:
    """The first, one after it, and a day on which nothing changed."""
    assert problems(SEALED) == problems(SEALED, b"") == problems(NEXT, SEALED) == []
    quiet = sealed(
        day=DAY + timedelta(days=1),
        sealed_at=NIGHT + timedelta(days=3),
        made_up=True,
        first=5,
        previous=sha256(SEALED),
    )
    assert problems(quiet, SEALED) == []


CHANGES: dict[str, Any] = {
    "day": "2026-11-19",
    "sealed_at": "2026-11-21T00:30:01Z",
    "made_up": True,
    "first": 1,
    "size": 6,
    "root": EMPTY_ROOT.hex(),
    "leaves": "0" * 64,
    "nodes": "0" * 64,
    "previous": "0" * 64,
    "key": "0" * 64,
    "stamp": f"2026-11-19 {'0' * 64}",
}


def test_every_field_of_a_seal_is_signed() -> None:
    """Whatever is changed without the key, the signature tells."""
    assert CHANGES.keys() == set(Seal.__struct_fields__)
    for field, value in CHANGES.items():
        edited = msgspec.json.decode(SEALED)
        edited["seal"][field] = value
        assert f"the signature of the seal of {edited['seal']['day']} does not hold" in problems(
            canonical(edited)
        )


def test_a_seal_by_another_key_is_found() -> None:
    """Also one that names ours."""
    assert problems(sealed(OTHER)) == [
        "the seal of 2026-11-20 is by another key",
        "the signature of the seal of 2026-11-20 does not hold",
    ]
    posed = sealed(OTHER, key=sha256(der()))
    assert problems(posed) == ["the signature of the seal of 2026-11-20 does not hold"]


def test_a_signature_has_one_form() -> None:
    """The other of the two numbers that both hold, and any other way to write it, is refused."""
    found = read_seal(SEALED)
    r, s = utils.decode_dss_signature(base64.b64decode(found.signature))
    assert s <= ORDER_OF_P256 // 2
    twin = utils.encode_dss_signature(r, ORDER_OF_P256 - s)
    for other in (twin, twin + b"\0", b"", b"\x30"):
        changed = found.replace(signature=base64.b64encode(other).decode())
        assert problems(canonical(changed)) == [
            "the signature of the seal of 2026-11-20 does not hold"
        ]
    # Whoever signs may give either.
    assert signed(found.seal, twin) == SEALED


@pytest.mark.parametrize(
    "bend",
    [
        lambda content: content + b"\n",
        lambda content: content.replace(b":", b": ", 1),
        lambda content: content[:-1],
        lambda content: content.replace(b'"size"', b'"sizes"'),
        lambda content: content.replace(b"{", b'{"more":1,', 1),
        lambda _: b"",
    ],
)
def test_a_seal_that_is_written_otherwise_is_refused(bend: Callable[[bytes], bytes]) -> None:
    """One content, one file: what is chained is the file."""
    assert len(problems(bend(SEALED))) == 1


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"size": 4, "first": 5}, "fewer leaves"),
        ({"sealed_at": NIGHT - timedelta(hours=1)}, "before the day was over"),
        ({"made_up": True}, "made up"),
        ({"sealed_at": NIGHT + timedelta(days=1)}, "made up"),
    ],
)
def test_a_seal_that_contradicts_itself_is_found(changes: dict[str, Any], wanted: str) -> None:
    """Though it is signed."""
    (found,) = problems(sealed(**changes))
    assert wanted in found


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"previous": ""}, "does not follow"),
        ({"previous": "0" * 64}, "does not follow"),
        ({"day": DAY + timedelta(days=2), "sealed_at": NIGHT + timedelta(days=2)}, "is missing"),
        ({"first": 4}, "does not begin where"),
        ({"sealed_at": NIGHT - timedelta(days=1), "day": DAY - timedelta(days=1)}, "is missing"),
        ({"first": 5, "size": 5}, "but no leaf more"),
    ],
)
def test_a_gap_between_two_seals_is_found(changes: dict[str, Any], wanted: str) -> None:
    """A seal that was taken out, put elsewhere, or a log that was rolled back."""
    after = msgspec.structs.asdict(read_seal(NEXT).seal) | changes
    assert any(wanted in one for one in problems(sealed(**after), SEALED))


def test_a_first_seal_that_claims_an_earlier_one_is_found() -> None:
    """And a broken one before is named."""
    assert problems(NEXT, b"") == [
        "the seal of 2026-11-21 does not follow from the seal before it",
        "the seal of 2026-11-21 does not begin where the log ended",
    ]
    assert any("this is no seal" in one for one in problems(NEXT, b"broken"))


# ---- keys and proofs -------------------------------------------------------------------------


def test_a_public_key_is_read_as_pem_and_as_der() -> None:
    """And only one on P-256; a private one is none."""
    assert public_key(pem(der())) == public_key(der()) == der()
    written = SIGNER.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert pem(der()) == written
    wrong = der(ec.generate_private_key(ec.SECP384R1()))
    for content in (b"", b"-----BEGIN", wrong, der()[:-1]):
        with pytest.raises(SealError, match="no public key"):
            public_key(content)


def proof(index: int = 2) -> InclusionProof:
    """Return the proof of a leaf."""
    hashes = {(0, n): hashlib.sha256(b"\0" + line).digest() for n, line in enumerate(LINES)}
    for level, n in ((1, 0), (1, 1), (2, 0)):
        pair = hashes[level - 1, 2 * n] + hashes[level - 1, 2 * n + 1]
        hashes[level, n] = hashlib.sha256(b"\1" + pair).digest()
    path = inclusion_path(index, 5, lambda level, n: hashes[level, n])
    return InclusionProof(
        seal=read_seal(SEALED),
        leaf=LINES[index].decode(),
        index=index,
        path=tuple(one.hex() for one in path),
        entries=closed().entries[-1:],
    )


@pytest.mark.parametrize("index", range(5))
def test_a_proof_comes_back_and_holds(index: int) -> None:
    """Written and read; nothing of it may be changed."""
    found = read_proof(canonical(proof(index)))
    assert found == proof(index)
    assert is_included(found)
    for changed in (
        found.replace(index=index + 1),
        found.replace(leaf=found.leaf + " "),
        found.replace(path=found.path[:-1]),
        found.replace(path=("no hex", *found.path[1:])),
        found.replace(seal=read_seal(NEXT)),
    ):
        assert not is_included(changed)
    for bent in (canonical(found) + b" ", canonical(found)[:-1], b"{}"):
        with pytest.raises(SealError, match="proof"):
            read_proof(bent)


def test_a_seal_and_its_file_are_one_to_one() -> None:
    """Reading and writing again gives the same bytes."""
    found = msgspec.json.decode(SEALED, type=SignedSeal)
    assert canonical(found) == SEALED
