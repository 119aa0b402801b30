"""A bag as a person reads it: its records as JSON, its files under their own names.

Only who may read the key of a complaint (KeysTable, KMS) can make it; a person who was forgotten
stays so.
"""

import base64
import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from botocore.exceptions import BotoCoreError, ClientError

from complaints import bag
from complaints.aws.encrypted_files import decrypt_file
from complaints.aws.environment import SettingsError
from complaints.aws.keys import NoKeyError, keys
from complaints.aws.packing import unpack
from complaints.encryption import DecryptionError, decrypt
from complaints.lifecycle import ComplaintError
from complaints.mail_headers import file_name

SEALED = ".enc"
FAILURES = (
    *(BotoCoreError, ClientError, SettingsError),
    *(ComplaintError, DecryptionError),
    *(OSError, ValueError, KeyError, zipfile.BadZipFile, zlib.error),
)
"""Why a bag can't be read: nobody may, the key is gone, or it is not what was filed."""


def write(path: Path, target: Path) -> list[str]:
    """Write what a bag holds into the folder `target`; return the names of the files.

    Raises one of FAILURES.
    """
    complaint_id = path.name.partition("_")[0]
    key = _data_key(complaint_id)
    target.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path) as packed:
        top = path.name.removesuffix(".zip")
        lines = packed.read(f"{top}/{bag.PARTS}").splitlines()
        parts = dict(_parts(lines, complaint_id, key))
        head = {**json.loads(packed.read(f"{top}/{bag.COMPLAINT}")), **parts.pop(bag.PRIVATE, {})}
        written = [_json(target / "complaint.json", head), _json(target / "parts.json", parts)]
        for name in ("history", "access"):
            rows = packed.read(f"{top}/data/{name}.jsonl").splitlines()
            written.append(_json(target / f"{name}.json", [json.loads(row) for row in rows]))
        called = dict(_names(parts))
        for member in packed.namelist():
            inside = member.removeprefix(f"{top}/")
            if inside.startswith((bag.EVIDENCE, bag.DOCUMENTS)):
                with packed.open(member) as source:
                    written.append(_file(source, target, inside, called, complaint_id, key))
    beside = path.with_name(f"{top}.files")
    for file in sorted(beside.iterdir()) if beside.is_dir() else ():
        with file.open("rb") as source:
            inside = f"{bag.EVIDENCE}{file.name}"
            written.append(_file(source, target, inside, called, complaint_id, key))
    return written


def _data_key(complaint_id: str) -> bytes:
    """Return the key of a complaint; empty for one of the time before there were keys."""
    try:
        return keys().of(complaint_id)
    except NoKeyError:
        return b""


def _parts(lines: list[bytes], complaint_id: str, key: bytes) -> Iterator[tuple[str, Any]]:
    """Yield each part with what it says."""
    for line in lines:
        row = json.loads(line)
        part = row["part"]
        if "document" in row:
            yield part, row["document"]
            continue
        plain = decrypt(base64.b64decode(row["cipher"]), key, f"{complaint_id}/{part}")
        yield part, json.loads(plain if part == bag.PRIVATE else unpack(plain))


def _names(parts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield upload id -> name, for each file that a contact came with."""
    for part in parts.values():
        for one in [*part.get("files", []), *([part["original"]] if part.get("original") else [])]:
            yield one["key"].rpartition("/")[2], one["name"]


def _file(
    source: IO[bytes],
    target: Path,
    inside: str,
    called: dict[str, str],
    complaint_id: str,
    key: bytes,
) -> str:
    """Decrypt a file under the name that it came with, made safe, behind its own id."""
    name = inside.rpartition("/")[2]
    plain = name.removesuffix(SEALED)
    original = file_name(called.get(plain, ""))
    path = target / inside.split("/")[1] / (f"{plain}-{original}" if original else plain)
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as opened:
        if name.endswith(SEALED):
            decrypt_file(source, opened, key, complaint_id, plain)
        else:
            while block := source.read(1 << 20):
                opened.write(block)
    return f"{path.relative_to(target)}"


def _json(path: Path, content: object) -> str:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path.name
