"""The complaints table, made again from the bags of the archive (F3).

What comes back of a closed complaint is its whole collection as it lay there when its newest bag
was filed: head, history, parts, who was told what, its places in the indexes, who looked at it.
Parts come back as the ciphers that they are; the key of a complaint is needed only for what of its
head is personal, and is empty where it was destroyed.

What no bag holds is not made: complaints that were never closed, task tokens, marks of writes, the
reasons in words of who looked, what claimed a mail or a form, running numbers, staff, policies,
wordings. A letter or an update that was still on its way when the bag was filed comes back, and
nobody sends it any more.
"""

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

import msgspec

from complaints import bag
from complaints.access import AccessEntry, collection_of
from complaints.aws import accesses
from complaints.aws.items import (
    PARTS,
    Stored,
    complaint_item,
    filed,
    key_of,
    part_items,
    queue_items,
    track,
)
from complaints.aws.keys import KeyDestroyedError, keys
from complaints.aws.packing import pack
from complaints.aws.table import Table
from complaints.encryption import decrypt
from complaints.models import Complaint
from complaints.verify_bag import by_itself

AT_ONCE = 25
"""Items of one BatchWriteItem."""
WHOLE = bag.READ | {bag.PARTS}


class Newest(NamedTuple):
    """The newest bag of a complaint."""

    version: int
    path: Path


class Unusable(NamedTuple):
    """A file that is no whole bag, and what is wrong with it."""

    path: Path
    problem: str


def newest_bags(paths: Iterable[Path]) -> tuple[dict[str, Newest], list[Unusable]]:
    """Return the newest whole bag of each complaint, by its number, and what is no whole bag."""
    found: dict[str, Newest] = {}
    unusable: list[Unusable] = []
    for path in sorted(_zips(paths)):
        try:
            with path.open("rb") as file:
                read = by_itself(file, path.name, exact=False)
        except OSError as error:
            unusable.append(Unusable(path, str(error)))
            continue
        if not read.finding.ok:
            unusable.append(Unusable(path, read.finding.problems[0]))
            continue
        one = Newest(read.history.number, path)
        found[read.finding.complaint_id] = max(found.get(read.finding.complaint_id, one), one)
    return found, unusable


def _zips(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from path.rglob("*.zip")
        else:
            yield path


def items_of(path: Path) -> list[Stored]:
    """Return the items that a complaint had when this bag was filed, its head last."""
    with path.open("rb") as file:
        opened = bag.opened(file, WHOLE)
    rows = {
        row["part"]: row
        for row in (msgspec.json.decode(line) for line in opened.texts[bag.PARTS].splitlines())
    }
    complaint = _whole(opened.complaint(), rows.pop(bag.PRIVATE))
    complaint_id = complaint.complaint_id
    looks = (
        msgspec.json.decode(line, type=AccessEntry)
        for line in opened.texts[bag.ACCESS].splitlines()
    )
    return [
        *(filed(complaint_id, track(entry), entry) for entry in opened.entries()),
        *(stored for row in rows.values() for stored in _part(complaint, row)),
        *queue_items(complaint),
        *(accesses.look_item(collection_of(complaint_id), look) for look in looks),
        complaint_item(complaint),
    ]


def _whole(complaint: Complaint, row: dict[str, Any]) -> Complaint:
    """Return the head with what is personal of it; without, where the key was destroyed."""
    complaint_id = complaint.complaint_id
    if "document" in row:
        return complaint.replace(**row["document"])
    try:
        key = keys().of(complaint_id)
    except KeyDestroyedError:
        return complaint
    cipher = base64.b64decode(row["cipher"])
    private = msgspec.json.decode(decrypt(cipher, key, f"{complaint_id}/{bag.PRIVATE}"))
    return complaint.replace(**private)


def _part(complaint: Complaint, row: dict[str, Any]) -> list[Stored]:
    """Return what lies in the table of a part: a notice also lies with each who was told."""
    part, complaint_id = row["part"], complaint.complaint_id
    if "cipher" in row:
        cipher = base64.b64decode(row["cipher"])
        return [{**key_of(complaint_id, part), "cipher": {"B": cipher}}]
    kind = part.partition("#")[0]
    if kind in PARTS:
        return part_items(complaint, msgspec.convert(row["document"], PARTS[kind][0]))
    packed = pack(cast("msgspec.Struct", row["document"]))
    return [{**key_of(complaint_id, part), "document": {"B": packed}}]


def put_back(table: Table, items: list[Stored]) -> bool:
    """Write the items of a complaint; return False, and write nothing, if it is there already.

    The head comes last: what stopped half way is written anew.
    """
    head = items[-1]
    if table.get(head["complaint_id"]["S"], head["part"]["S"]):
        return False
    for start in range(0, len(items), AT_ONCE):
        writes = [{"PutRequest": {"Item": one}} for one in items[start : start + AT_ONCE]]
        while writes:
            answer = table.client.batch_write_item(RequestItems={table.name: writes})
            writes = answer.get("UnprocessedItems", {}).get(table.name, [])
    return True
