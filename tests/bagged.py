"""Bags of complaints as the archive files them, made without AWS; nothing here is random."""

import base64
import io
import zipfile
from collections.abc import Mapping
from typing import Any

import msgspec

from complaints import archive, bag
from complaints.access import AccessEntry
from complaints.encryption import NONCE_BYTES, encrypt
from complaints.models import Dossier
from complaints.stored_zip import StoredZip
from tests.builders import OFFICE, later

DATA_KEY = bytes([9]) * 32
NONCE = bytes(NONCE_BYTES)
RETAIN_UNTIL = "2031-11-20"


def bagged(
    dossier: Dossier,
    files: Mapping[str, bytes] | None = None,
    *,
    looks: tuple[AccessEntry, ...] = (),
    outside: tuple[bag.Outside, ...] = (),
    minutes: int = 60,
) -> tuple[bytes, Dossier]:
    """Return the bag of a complaint that is to be closed, and its file once it is.

    `files` are paths of data/documents/ and data/evidence/ with what lies there.
    """
    complaint = dossier.complaint
    key = archive.archive_key(complaint, dossier.entries[-1].occurred_at)
    at = later(dossier, minutes / 60)
    head, _ = archive.close(complaint, key, at=at, office=OFFICE)
    target = io.BytesIO()
    packing = bag.Packing(target, key.rpartition("/")[2].removesuffix(".zip"))
    packing.add(bag.ACCESS, bag.lines(looks))
    packing.add(bag.COMPLAINT, bag.head(head))
    for path, content in sorted((files or {}).items()):
        packing.add(path, content)
    for one in outside:
        packing.leave_outside(one)
    packing.add(bag.PARTS, _parts(dossier))
    filed = packing.filed(RETAIN_UNTIL)
    closed, entry = archive.close(complaint, key, at=at, office=OFFICE, filed=filed)
    entries = (*dossier.entries, entry)
    packing.close(closed, entries)
    return target.getvalue(), dossier.replace(complaint=closed, entries=entries)


def _parts(dossier: Dossier) -> bytes:
    """Return parts.jsonl of the contacts, and of what is personal of the head."""
    complaint = dossier.complaint
    plain: dict[str, bytes] = {
        f"contact#{one.contact_id}": msgspec.json.encode(one) for one in dossier.contacts
    }
    plain[bag.PRIVATE] = bag.private(complaint)
    rows: list[dict[str, Any]] = []
    for part, content in sorted(plain.items()):
        cipher = encrypt(content, DATA_KEY, f"{complaint.complaint_id}/{part}", NONCE)
        rows.append({"part": part, "cipher": base64.b64encode(cipher).decode()})
    return bag.lines(rows)


def unpacked(content: bytes) -> dict[str, bytes]:
    """Return the members of a bag by their names, in their order."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def repacked(members: Mapping[str, bytes]) -> bytes:
    """Return the ZIP of these members, as the archive packs it."""
    target = io.BytesIO()
    packing = StoredZip(target)
    for name, content in members.items():
        with packing.member(name) as writing:
            writing.write(content)
    packing.close()
    return target.getvalue()
