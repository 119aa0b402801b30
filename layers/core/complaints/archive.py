"""Archive: closing writes the whole file, and nobody can change it afterwards (F3)."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from datetime import datetime

import msgspec

from complaints.history import breaks, canonical
from complaints.lifecycle import expect, record
from complaints.models import Complaint, Dossier, File, Role, Status, TrackingEntry, sortable
from complaints.office import Office
from complaints.rounds import next_clock

ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


KINDS = tuple(
    kind
    for kind in Dossier.__struct_fields__
    if kind not in {"complaint", "complainant", "key", "entries"}
)
"""What a bundle has a file of its own for: contacts, findings, records, orders, payments, …"""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a bundle holds: each part with its SHA-256; itself hashed over canonical JSON."""

    complaint_id: str
    closed_at: str
    policy: str
    history_head: str
    parts: dict[str, str]


def close(
    complaint: Complaint, archive_key: str, *, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Close the complaint: it is filed under `archive_key`, and no clock runs any more.

    What the complainant added and nobody has read stays in the quality office's queue, with the
    limit of a follow-up: closing a complaint must not hide words.
    """
    expect(complaint, Status.FOLLOWED_UP)
    unread = complaint.news_at is not None
    limit = office.policy.clocks.follow_up
    return record(
        complaint,
        "closed",
        at=at,
        actor="archive",
        status=Status.CLOSED,
        facts={"archive_key": archive_key},
        archive_key=archive_key,
        closed_at=at,
        clock=next_clock(limit, started_at=at, at=at, office=office) if unread else None,
        look_again_at=None,
        queue=Role.QUALITY_OFFICE if unread else "",
    )


def archive_key(complaint: Complaint, at: datetime) -> str:
    """Return where the bundle is filed: major apart (F2), then year, type, number, result.

    Such as `archive/general/2026/B/TS-2026-000123-7_2026-11-20_satisfied_11.zip`. The length of
    the history ends it: words that come between filing and closing make another bundle, which
    nothing that is locked already can be in the way of.
    """
    severity = "major" if complaint.is_major else "general"
    kind = complaint.assessment.type if complaint.assessment else "none"
    result = "voided" if complaint.voided else complaint.follow_up_outcome or "none"
    return (
        f"archive/{severity}/{complaint.received_at:%Y}/{kind}/"
        f"{complaint.complaint_id}_{at:%Y-%m-%d}_{result}_{complaint.version}.zip"
    )


def bundle(dossier: Dossier, fetch: Callable[[File], bytes], *, at: datetime) -> bytes:
    """Return the whole file as a ZIP; the same file gives the same bytes.

    Raises ArchiveError if the history is broken or a piece of evidence isn't what arrived:
    nothing is filed that would not stand the check of an auditor.
    """
    complaint = dossier.complaint
    if problems := list(breaks(dossier.entries, complaint.digest)):
        raise ArchiveError(f"{complaint.complaint_id}: {problems[0]}")
    parts: dict[str, bytes] = {
        "complaint.json": canonical(complaint.replace(look_again_at=None)),
        "complainant.json": canonical(
            {"complainant": dossier.complainant, "commitment_key": dossier.key.hex()}
        ),
        **{f"{kind}.json": canonical(getattr(dossier, kind)) for kind in KINDS},
        "history.jsonl": b"".join(canonical(entry) + b"\n" for entry in dossier.entries),
    }
    for piece in dossier.evidence:
        content = fetch(piece)
        if hashlib.sha256(content).hexdigest() != piece.sha256:
            raise ArchiveError(f"{piece.key} is not what arrived")
        parts[f"evidence/{piece.key.rsplit('/', 1)[-1]}"] = content
    manifest = Manifest(
        complaint_id=complaint.complaint_id,
        closed_at=sortable(at),
        policy=complaint.policy,
        history_head=complaint.digest,
        parts={name: hashlib.sha256(part).hexdigest() for name, part in sorted(parts.items())},
    )
    return _zipped({"manifest.json": canonical(manifest), **parts})


def _zipped(parts: dict[str, bytes]) -> bytes:
    """Pack the parts in their order, with a fixed date."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, part in parts.items():
            file.writestr(zipfile.ZipInfo(name, ZIP_EPOCH), part, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def problems_of(bundled: bytes) -> list[str]:
    """Return what is wrong with a bundle, a sentence each; nothing if it is whole."""
    try:
        with zipfile.ZipFile(io.BytesIO(bundled)) as file:
            parts = {name: file.read(name) for name in file.namelist()}
            packed = len(file.namelist())
            stated = parts.pop("manifest.json")
            manifest = msgspec.json.decode(stated, type=Manifest)
            head = msgspec.json.decode(parts["complaint.json"], type=Complaint)
            entries = [
                msgspec.json.decode(line, type=TrackingEntry)
                for line in parts["history.jsonl"].splitlines()
            ]
    except Exception as error:  # noqa: BLE001 - zipfile and zlib raise as they like on torn bytes
        return [f"not a bundle: {error}"]
    problems = [f"{name} is missing" for name in manifest.parts.keys() - parts.keys()]
    problems += [f"{name} is not in the manifest" for name in parts.keys() - manifest.parts.keys()]
    problems += [
        f"{name} was changed"
        for name, part in parts.items()
        if name in manifest.parts and hashlib.sha256(part).hexdigest() != manifest.parts[name]
    ]
    of_head = Manifest(
        complaint_id=head.complaint_id,
        closed_at=sortable(entries[-1].occurred_at) if entries else "",
        policy=head.policy,
        history_head=head.digest,
        parts=manifest.parts,
    )
    if packed != len(parts) + 1:
        problems.append("a part is there twice")
    if stated != canonical(of_head):
        problems.append("manifest.json does not fit complaint.json and the history")
    return problems + list(breaks(entries, manifest.history_head))


class ArchiveError(Exception):
    """A complaint can't be filed as it is: its history or evidence doesn't hold."""
