"""Filing a complaint: its bag is packed, locked away, and then the complaint is saved (F3).

Encrypting the same file twice gives other bytes. So a second try does not make the bag again: it
takes what the first has filed, if that is whole and closes this very version of the complaint.
"""

import base64
import hashlib
import os
import re
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from io import BufferedReader, BytesIO, RawIOBase
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO, Protocol, cast

import msgspec

from complaints import bag
from complaints.access import collection_of
from complaints.archive import ArchiveError, archive_key, expect_whole
from complaints.aws import accesses, evidence
from complaints.aws.encrypted_files import decrypt_file, encrypt_file
from complaints.aws.items import Stored
from complaints.aws.keys import NoKeyError, keys
from complaints.aws.packing import unpack
from complaints.aws.repository import ComplaintRepository, StaleComplaintError
from complaints.aws.runtime import random_nonce
from complaints.aws.settings import office_for
from complaints.aws.vault import Vault
from complaints.bag import Filed, Outside
from complaints.encryption import encrypt
from complaints.models import Complaint, Dossier, File, TrackingEntry
from complaints.retention import years, years_later
from complaints.stored_zip import CHUNK, Writing
from complaints.verify_bag import by_itself

LARGE = 64 << 20
"""Bytes from which a piece of evidence lies beside the bag."""
FULL = 1 << 30
"""Bytes of evidence that a bag takes; what comes then lies beside it, however small."""

NOT_PARTS = frozenset({"track", "task", "queue", "told"})
"""What lies in the history, is made of other parts, or belongs to a run of the workflow."""
SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]{0,99}")
Made = tuple[Complaint, TrackingEntry]


class Closing(Protocol):
    """The verb by which a complaint is filed: `archive.close`, `supplement`, `close_with`."""

    def __call__(self, key: str, at: datetime, filed: Filed | None = None) -> Made:
        """Return the complaint after it, and its entry."""


def file(dossier: Dossier, closing: Closing, *, at: datetime) -> Made:
    """File the bag of a complaint and return what is to be saved: the head and the closing entry.

    The bags that were filed of it before are kept as long as this one. Raises ArchiveError where
    its history or evidence doesn't hold, StaleComplaintError where it changed meanwhile.
    """
    expect_whole(dossier)
    complaint = dossier.complaint
    key = archive_key(complaint, dossier.entries[-1].occurred_at)
    vault = Vault.from_env()
    made = _filed_already(vault, key, closing, at) or _file(vault, dossier, key, closing, at)
    until = _until(complaint, made[1].occurred_at)
    for earlier in bag.filed_before(dossier.entries):
        vault.extend(earlier, until=until)
    return made


def _file(vault: Vault, dossier: Dossier, key: str, closing: Closing, at: datetime) -> Made:
    """Pack the bag and lock it away; where another try was faster, take what that has filed."""
    with TemporaryFile() as target:
        made = _Filing(vault, dossier, key, until=_until(dossier.complaint, at)).pack(
            target, closing, at
        )
        target.seek(0)
        until, held = _until(dossier.complaint, at), dossier.complaint.holds > 0
        if vault.file(key, target, until=until, held=held):
            return made
    taken = _filed_already(vault, key, closing, at)
    if not taken:
        raise ArchiveError(f"{key} is taken, and is not there")
    return taken


def _until(complaint: Complaint, at: datetime) -> datetime:
    """Return until when a bag of this instant is kept, by the policy of the complaint."""
    return years_later(at, years(complaint, office_for(complaint.policy)))


def _filed_already(vault: Vault, key: str, closing: Closing, at: datetime) -> Made | None:
    """Return what an earlier try filed under this key; None if there was none that came so far.

    It counts as changed now (`at`): its own day may be sealed, and no seal would have it. Raises
    ArchiveError if what lies there is anything but the bag of this version.
    """
    content = vault.open(key)
    if content is None:
        return None
    found = by_itself(content, key)
    if not found.finding.ok:
        raise ArchiveError(f"{key} is filed already, and broken: {found.finding.problems[0]}")
    try:
        entry = msgspec.convert(found.closing, TrackingEntry)
        made = closing(key, entry.occurred_at, _stated(entry))
    except msgspec.MsgspecError as error:
        raise ArchiveError(f"{key} is filed already, and is no bag") from error
    if made[1] != entry or bag.head(made[0]) != found.kept[bag.COMPLAINT]:
        raise ArchiveError(f"{key} is filed already, with other content")
    today = at.date()
    return made[0].replace(changed_on=max(made[0].changed_on or today, today)), entry


def _stated(entry: TrackingEntry) -> Filed:
    """Return what an entry says of its bag."""
    said = {name: entry.facts[name] for name in Filed.__struct_fields__ if name in entry.facts}
    return msgspec.convert(said, Filed)


def _noted(content: BinaryIO, read: Writing) -> BufferedReader:
    """Return a file to be read once; what was read of it is noted in `read`."""
    pieces = iter(partial(content.read, CHUNK), b"")
    return BufferedReader(Source(piece for piece in pieces if read.write(piece)), CHUNK)


class Source(RawIOBase):
    """Bytes that come in pieces, as a file to be read once."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces, self._left = pieces, b""

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - a writable buffer
        """Fill as much of the buffer as the next piece has."""
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = piece
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count


class _Filing:
    """One bag while it is packed."""

    def __init__(self, vault: Vault, dossier: Dossier, key: str, *, until: datetime) -> None:
        self._vault, self._dossier, self._key, self._until = vault, dossier, key, until
        self._id = dossier.complaint.complaint_id
        self._data_key = _data_key(self._id)

    def pack(self, target: BinaryIO, closing: Closing, at: datetime) -> Made:
        """Write the bag, and return the complaint as it will be closed with the closing entry."""
        packing = bag.Packing(target, self._key.rpartition("/")[2].removesuffix(".zip"))
        closed, _ = closing(self._key, at)
        packing.add(bag.ACCESS, bag.lines(accesses.whole(collection_of(self._id))))
        packing.add(bag.COMPLAINT, bag.head(closed))
        self._add_documents(packing, closed)
        self._add_evidence(packing)
        packing.add(bag.PARTS, self._parts(closed))
        made = closing(self._key, at, packing.filed(f"{self._until:%Y-%m-%d}", self._lost()))
        packing.close(made[0], [*self._dossier.entries, made[1]])
        return made

    def _add_documents(self, packing: bag.Packing, closed: Complaint) -> None:
        """Add the documents of the complaint as it is closed, encrypted (G11)."""
        from complaints.aws.documents import documents_of

        dossier = self._dossier.replace(complaint=closed)
        printed = dict(documents_of(dossier, office_for(closed.policy)))
        for name, content in sorted(printed.items()):
            sealed_name = f"{name}.pdf.enc" if self._data_key else f"{name}.pdf"
            with packing.payload(f"{bag.DOCUMENTS}{sealed_name}") as target:
                self._write(BytesIO(content), target, f"{name}.pdf")

    def _add_evidence(self, packing: bag.Packing) -> None:
        """Add each file once, encrypted on its way."""
        found = {name_of(piece): piece for piece in self._dossier.evidence}
        for name, piece in sorted(found.items()):
            sealed_name = f"{name}.enc" if self._data_key else name
            if piece.size > LARGE or packing.octets > FULL:
                packing.leave_outside(self._beside(piece, name, sealed_name))
                continue
            with packing.payload(f"{bag.EVIDENCE}{sealed_name}") as target:
                self._seal(piece, target, name)

    def _beside(self, piece: File, name: str, sealed_name: str) -> Outside:
        """Lock a large file away beside the bag; what an earlier try has put there is taken."""
        key = f"{self._key.removesuffix('.zip')}.files/{sealed_name}"
        held = self._dossier.complaint.holds > 0
        with self._vault.upload(key, piece.size, until=self._until, held=held) as upload:
            written = Writing(upload)
            self._seal(piece, written, name)
        if upload.is_taken:
            written = self._taken(key, name)
        self._vault.extend(self._key, until=self._until)
        return Outside(
            path=f"{bag.EVIDENCE}{sealed_name}",
            url=f"s3://{self._vault.bucket}/{key}",
            size=written.size,
            sha256=written.sha256,
        )

    def _taken(self, key: str, name: str) -> Writing:
        """Return the digest of what lies beside the bag already.

        It decrypts, so it is this file of this complaint: an upload is finished only when all was
        read, and found to be what arrived. Raises DecryptionError.
        """
        content = self._vault.open(key)
        if content is None:
            raise ArchiveError(f"{key} is taken, and is not there")
        with Path(os.devnull).open("wb") as nowhere:
            read = Writing(nowhere)
            pieces = (
                piece for piece in iter(partial(content.read, CHUNK), b"") if read.write(piece)
            )
            decrypt_file(BufferedReader(Source(pieces)), nowhere, self._data_key, self._id, name)
        return read

    def _seal(self, piece: File, target: Writing, name: str) -> None:
        """Encrypt a file; raises CorruptedError if it is not what arrived (F1)."""
        self._write(BufferedReader(Source(evidence.chunks(piece)), CHUNK), target, name)

    def _write(self, source: IO[bytes], target: Writing, name: str) -> None:
        """Encrypt a file under the complaint's key, where it has one."""
        if self._data_key:
            encrypt_file(source, cast("IO[bytes]", target), self._data_key, self._id, name)
        else:
            copyfileobj(source, target)

    def _lost(self) -> list[str]:
        """Return the bags of this complaint that no entry tells of; nobody can delete them."""
        entries = self._dossier.entries
        told = {self._key, *bag.filed_before(entries)}
        told.update(key for one in entries for key in str(one.facts.get("lost", "")).split())
        beginning = f"{self._key.rpartition('/')[0]}/{self._id}_"
        there = dict.fromkeys(_bag_of(found.name) for found in self._vault.under(beginning))
        return [key for key in there if key not in told]

    def _parts(self, closed: Complaint) -> bytes:
        """Return parts.jsonl: the parts as they lie in the table, and what the head left out."""
        rows = {}
        for stored in ComplaintRepository.from_env().rows(self._id):
            part = stored["part"]["S"]
            if part == "complaint":
                _expect_version(closed.version - 1, stored)
            elif part.partition("#")[0] not in NOT_PARTS:
                rows[part] = _row(stored)
        about = f"{self._id}/{bag.PRIVATE}"
        private = bag.private(closed)
        if self._data_key:
            cipher = encrypt(private, self._data_key, about, random_nonce())
            rows[bag.PRIVATE] = {"cipher": base64.b64encode(cipher).decode()}
        else:
            rows[bag.PRIVATE] = {"document": msgspec.json.decode(private)}
        return bag.lines({"part": part, **rows[part]} for part in sorted(rows))


def _bag_of(key: str) -> str:
    """Return the bag that an object is, or belongs to."""
    return f"{re.split(r'[.](?:zip|proof[.]json|files/)', key)[0]}.zip"


def name_of(piece: File) -> str:
    """Return the name of a file in a bag: its upload id, which is unique within a complaint.

    The name of a mail that another system put there may be anything: a digest then stands for it.
    """
    if SAFE.fullmatch(piece.upload_id):
        return piece.upload_id
    return hashlib.sha256(piece.key.encode()).hexdigest()[:32]


def _data_key(complaint_id: str) -> bytes:
    """Return the key of a complaint; empty for one of the time before there were keys."""
    try:
        return keys().of(complaint_id)
    except NoKeyError:
        return b""


def _row(stored: Stored) -> dict[str, Any]:
    """Return a part of a complaint as it stands in parts.jsonl."""
    if "cipher" in stored:
        return {"cipher": base64.b64encode(stored["cipher"]["B"]).decode()}
    return {"document": msgspec.json.decode(unpack(stored["document"]["B"]))}


def _expect_version(version: int, head: Stored) -> None:
    if head["version"]["N"] != str(version):
        raise StaleComplaintError("it was changed while it was filed")
