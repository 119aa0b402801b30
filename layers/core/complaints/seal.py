"""The seal of a day: what every complaint had become by then, under one root and one signature.

All complaints and access histories that changed on a day (UTC) become a leaf each of one log that
only grows, a Merkle tree (`merkle`). The day's seal holds the root, and is signed. Whoever keeps a
single seal can later be shown that a complaint was in it, and that nothing of it was ever changed
or taken out since (F4).

A leaf is one line of canonical JSON (RFC 8785). It says what a complaint is without saying whose:
never subject, person, tracking code or who is complained about. As rows the lines are what an
auditor asks with SQL. The leaf's hash is over the line without its line feed.
"""

import hashlib
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from complaints.history import canonical
from complaints.merkle import verify_inclusion
from complaints.models import Complaint, Record, TrackingEntry, sortable
from complaints.parts import Nature

LATEST = timedelta(minutes=20)
"""How long after its end a day may still be written to: no function runs longer than that."""
DAY = timedelta(days=1)
ORDER_OF_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""How many points the curve P-256 has."""


class SealError(Exception):
    """What lies in the archive is not what was sealed; the sentence says where."""


class ComplaintLeaf(Record, frozen=True, omit_defaults=False, tag_field="kind", tag="complaint"):
    """A complaint as it was sealed: version and digest are those of its history."""

    complaint_id: str
    version: int
    digest: str
    status: str
    channel: str
    received_at: str
    registered_at: str
    closed_at: str | None
    policy: str
    language: str
    department: str
    type: str | None
    """Null while nobody has assessed it, as are urgency and risk."""
    urgency: str | None
    risk: str | None
    major: tuple[str, ...]
    investigator: str
    approver: str
    responsible: bool | None
    nature: Nature
    reply_outcome: str | None
    follow_up_outcome: str | None
    satisfaction: int | None
    compensation: int | None
    """In fen."""
    round_at: str | None
    """Since when it is handled once more: sent back, or taken up again; null in the first round."""
    reopened: int
    repeats: int
    overdue: int
    contacts: int
    merged_into: str
    voided: str | None
    """The code of the reason, where it was registered by mistake."""
    archive_key: str
    held: bool
    """Whether a legal hold stands."""


class AccessLeaf(Record, frozen=True, omit_defaults=False, tag_field="kind", tag="access"):
    """The access history of a complaint as it was sealed: how long it is, and its last digest."""

    complaint_id: str
    """The number, or what a chain is of that concerns no single complaint."""
    version: int
    digest: str


Leaf = ComplaintLeaf | AccessLeaf


class Seal(Record, frozen=True):
    """What is signed; digests are SHA-256 in hex."""

    day: date
    sealed_at: datetime
    made_up: bool
    """Whether it was made later than on the day after."""
    first: int
    """How many leaves the log had before."""
    size: int
    """How many it has with those of the day."""
    root: str
    leaves: str
    """Of the day's file of leaves."""
    nodes: str
    """Of the day's file of nodes."""
    previous: str
    """Of the file of the seal before; empty for the first."""
    key: str
    """Of the public key (DER) that the signature is checked with."""
    stamp: str = ""
    """Day and digest of the newest time stamp there was, `2026-11-21 3f2a…`; empty for none."""


class SignedSeal(Record, frozen=True):
    """The file of a seal."""

    seal: Seal
    signature: str
    """ECDSA P-256 over SHA-256 of the seal as canonical JSON, with the smaller s; DER, base 64."""


class InclusionProof(Record, frozen=True):
    """The file that proves what lies in a bag of the archive to be under a seal."""

    seal: SignedSeal
    leaf: str
    """The line, without its line feed."""
    index: int
    """Its place in the log."""
    path: tuple[str, ...]
    """The hashes beside it, in hex, from the leaf up."""
    entries: tuple[TrackingEntry, ...]
    """What the history had more, when it was sealed, than the bag holds."""


# ---- names of files ------------------------------------------------------------------------


def leaves_key(day: date) -> str:
    """Return where the leaves of a day lie.

    >>> leaves_key(date(2026, 11, 22))
    'leaves/day=2026-11-22/2026-11-22.jsonl'
    """
    return f"leaves/day={day}/{day}.jsonl"


def nodes_key(day: date) -> str:
    """Return where the nodes lie that the leaves of a day complete."""
    return f"nodes/{day}.bin"


def seal_key(day: date) -> str:
    """Return where the seal of a day lies."""
    return f"seals/{day}.json"


def stamp_key(day: date) -> str:
    """Return where the time stamp of a seal lies, if it has one."""
    return f"seals/{day}.tsr"


def proof_key(archive_key: str) -> str:
    """Return where the proof of a bag lies."""
    return f"{archive_key.removesuffix('.zip')}.proof.json"


# ---- leaves --------------------------------------------------------------------------------


def leaf_of(complaint: Complaint) -> ComplaintLeaf:
    """Return the leaf of a complaint."""
    assessment = complaint.assessment
    return ComplaintLeaf(
        complaint_id=complaint.complaint_id,
        version=complaint.version,
        digest=complaint.digest,
        status=complaint.status,
        channel=complaint.channel,
        received_at=sortable(complaint.received_at),
        registered_at=sortable(complaint.registered_at),
        closed_at=sortable(complaint.closed_at) if complaint.closed_at else None,
        policy=complaint.policy,
        language=complaint.language,
        department=complaint.department,
        type=assessment.type if assessment else None,
        urgency=assessment.urgency if assessment else None,
        risk=assessment.risk if assessment else None,
        major=assessment.major if assessment else (),
        investigator=complaint.investigator,
        approver=complaint.approver,
        responsible=complaint.responsible,
        nature=complaint.nature,
        reply_outcome=complaint.reply_outcome,
        follow_up_outcome=complaint.follow_up_outcome,
        satisfaction=complaint.satisfaction,
        compensation=complaint.compensation,
        round_at=sortable(complaint.round_at) if complaint.round_at else None,
        reopened=complaint.reopened,
        repeats=complaint.repeats,
        overdue=complaint.overdue,
        contacts=complaint.contacts,
        merged_into=complaint.merged_into,
        voided=complaint.voided.reason if complaint.voided else None,
        archive_key=complaint.archive_key,
        held=complaint.holds > 0,
    )


def read_leaf(line: bytes) -> Leaf:
    """Return the leaf that a line holds; raises SealError if it is none."""
    try:
        return _LEAVES.decode(line)
    except msgspec.DecodeError as error:
        raise SealError(f"a line is no leaf: {error}") from error


_LEAVES: msgspec.json.Decoder[Leaf] = msgspec.json.Decoder(Leaf)


# ---- days ----------------------------------------------------------------------------------


def last_to_seal(at: datetime) -> date:
    """Return the last day that nothing more can be written to, at this instant."""
    return (at - LATEST).astimezone(UTC).date() - DAY


def is_made_up(day: date, sealed_at: datetime) -> bool:
    """Return whether a seal of `day` comes later than on the day after."""
    return sealed_at.astimezone(UTC).date() > day + DAY


def end_of(day: date) -> datetime:
    """Return the instant at which a day ends (UTC)."""
    return datetime.combine(day + DAY, time(), UTC)


# ---- writing and checking ------------------------------------------------------------------


def signed(seal: Seal, signature: bytes) -> bytes:
    """Return the file of a seal; `signature` (DER) is over `canonical(seal)`."""
    return canonical(SignedSeal(seal=seal, signature=b64encode(one_form(signature)).decode()))


def one_form(signature: bytes) -> bytes:
    """Return the one form of a signature: DER, with the smaller of the two values that hold.

    Of any signature by ECDSA everybody can make a second one that holds; the file of a seal would
    then not be the only one of its meaning. Raises ValueError for bytes that are no signature.
    """
    from cryptography.hazmat.primitives.asymmetric.utils import (
        decode_dss_signature,
        encode_dss_signature,
    )

    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, min(s, ORDER_OF_P256 - s))


def read_seal(content: bytes) -> SignedSeal:
    """Return the seal that a file holds; raises SealError unless it is written as it must be."""
    try:
        found = msgspec.json.decode(content, type=SignedSeal)
    except msgspec.DecodeError as error:
        raise SealError(f"this is no seal: {error}") from error
    if canonical(found) != content:
        raise SealError("the seal is not written as canonical JSON")
    return found


def read_proof(content: bytes) -> InclusionProof:
    """Return the proof that a file holds; raises SealError unless it is written as it must be."""
    try:
        found = msgspec.json.decode(content, type=InclusionProof)
    except msgspec.DecodeError as error:
        raise SealError(f"this is no proof: {error}") from error
    if canonical(found) != content:
        raise SealError("the proof is not written as canonical JSON")
    return found


def public_key(content: bytes) -> bytes:
    """Return a public key as DER, from PEM or DER; raises SealError unless it is on P-256."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_der_public_key,
        load_pem_public_key,
    )

    is_pem = content.lstrip().startswith(b"-----")
    try:
        key = load_pem_public_key(content) if is_pem else load_der_public_key(content)
    except ValueError as error:
        raise SealError("this is no public key") from error
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise SealError("this is no public key on the curve P-256")
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def pem(key: bytes) -> bytes:
    """Return a public key (DER) as PEM."""
    body = b64encode(key).decode()
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return "\n".join(
        ["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""]
    ).encode()


def is_signed(found: SignedSeal, key: bytes) -> bool:
    """Return whether the signature of a seal is by this public key (DER), and in its one form."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    loaded = load_der_public_key(key)
    if not isinstance(loaded, EllipticCurvePublicKey):
        return False
    try:
        signature = b64decode(found.signature, validate=True)
        loaded.verify(signature, canonical(found.seal), ECDSA(SHA256()))
        return b64encode(one_form(signature)).decode() == found.signature
    except (Base64Error, InvalidSignature, ValueError):
        return False


def problems_of(content: bytes, key: bytes, before: bytes | None = None) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong with the file of a seal; nothing if it holds.

    `key` is the public key (DER). `before` is the file of the seal of the day before, empty where
    this must be the first; None where only this one is looked at.
    """
    try:
        found = read_seal(content)
    except SealError as error:
        yield str(error)
        return
    seal = found.seal
    if seal.key != sha256(key):
        yield f"the seal of {seal.day} is by another key"
    if not is_signed(found, key):
        yield f"the signature of the seal of {seal.day} does not hold"
    if seal.first > seal.size:
        yield f"the seal of {seal.day} has fewer leaves than there were before"
    if seal.sealed_at < end_of(seal.day):
        yield f"the seal of {seal.day} is from before the day was over"
    if seal.made_up != is_made_up(seal.day, seal.sealed_at):
        yield f"the seal of {seal.day} does not say rightly whether it was made up"
    if before is not None:
        yield from _gaps(seal, before)


def _gaps(seal: Seal, before: bytes) -> Iterator[str]:
    """Yield what doesn't fit between a seal and the one before."""
    if seal.previous != (sha256(before) if before else ""):
        yield f"the seal of {seal.day} does not follow from the seal before it"
    try:
        last = read_seal(before).seal if before else None
    except SealError as error:
        yield f"before the seal of {seal.day}: {error}"
        return
    if last and seal.day != last.day + DAY:
        yield f"between {last.day} and {seal.day} a seal is missing"
    if seal.first != (last.size if last else 0):
        yield f"the seal of {seal.day} does not begin where the log ended"
    if last and seal.sealed_at < last.sealed_at:
        yield f"the seal of {seal.day} is older than the one before it"
    if last and seal.first == seal.size and seal.root != last.root:
        yield f"the seal of {seal.day} has another root, but no leaf more"


def is_included(proof: InclusionProof) -> bool:
    """Return whether the leaf of a proof is under the root of its seal."""
    try:
        path = [bytes.fromhex(one) for one in proof.path]
        root = bytes.fromhex(proof.seal.seal.root)
    except ValueError:
        return False
    size = proof.seal.seal.size
    return verify_inclusion(proof.leaf.encode(), proof.index, size, path, root)


def sha256(content: bytes) -> str:
    """Return the SHA-256 of some bytes, in hex."""
    return hashlib.sha256(content).hexdigest()
