"""The access history in the table: a look is written before anything is shown (F5, I8).

    what              complaint_id               part      attributes
    ----------------  -------------------------  --------  -------------------------------------
    a look            access#<complaint_id>      <nnnnnn>  document, changed_day, saved_by
    at no single one  access#exports-<month>     <nnnnnn>  words: those of a reason, encrypted
                      access#mail-<month>                  under the complaint's key

Two who look at once are written one after the other: whoever comes first takes the number, and the
other follows with the next. A look costs a read of the newest entry (1 RRU), and a write of one
item and of its place in by_day (2 WRU).
"""

import random
import secrets
import time
from collections.abc import Iterator
from typing import Any

import msgspec

from complaints.access import AccessEntry, Look, looked
from complaints.aws.items import Stored, changed, item, read
from complaints.aws.runtime import now, random_id
from complaints.aws.table import Table
from complaints.encryption import NONCE_BYTES, DecryptionError, decrypt, encrypt

LISTED = 50
TRIES = 20
"""How often a look is written after somebody else's before it is given up."""
REST, LONGEST_REST = 0.02, 0.5
"""Seconds before the first next try, doubled each time, and the most; chance spreads them."""
FIRST, LAST = "000000", ":"
"""What sorts before and after every number."""


class NotRecordedError(Exception):
    """A look could not be written down; so nothing is shown."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A look as a page lists it."""

    entry: AccessEntry
    words: str = ""
    """The reason in that person's words; empty without the key."""


def note(
    chain: str,
    action: Look,
    *,
    by: str,
    what: str = "",
    reason_code: str = "",
    words: str = "",
    key: bytes = b"",
    keep: bool = False,
) -> AccessEntry:
    """Write a look into a chain such as `access#TS-2026-000123-7`, and return its entry.

    `words` are committed to under `key`; with `keep` they are kept beside the entry, encrypted
    under it. Raises NotRecordedError where so many look at once that none gets through.
    """
    mark, rest = random_id(), REST
    for _ in range(TRIES):
        entry = looked(
            newest(chain),
            action,
            by=by,
            at=now(),
            what=what,
            reason_code=reason_code,
            words=words,
            key=key,
        )
        stored = look_item(chain, entry) | {"saved_by": {"S": mark}}
        if keep and words:
            nonce = secrets.token_bytes(NONCE_BYTES)
            stored["words"] = {"B": encrypt(words.encode(), key, _about(chain, entry), nonce)}
        if _is_written(stored):
            return entry
        time.sleep(random.uniform(0, rest))  # noqa: S311 - spreads tries, and is no secret
        rest = min(2 * rest, LONGEST_REST)
    raise NotRecordedError(f"{chain}: a look could not be recorded")


def newest(chain: str) -> AccessEntry | None:
    """Return the newest entry of a chain as it is now; None where nobody has looked."""
    found = page(chain, limit=1)[0]
    return found[0].entry if found else None


def get(chain: str, number: int) -> AccessEntry | None:
    """Return one entry of a chain, if there is one."""
    stored = Table.from_env().get(chain, part_of(number))
    return read(stored, AccessEntry) if stored else None


def page(
    chain: str, *, key: bytes = b"", limit: int = LISTED, before: int = 0
) -> tuple[list[Seen], int]:
    """Return a page of a chain, the newest first, and the number before which the next begins.

    `before` is that number, 0 for the first page; 0 comes back on the last. Words can be read with
    the `key` that they are encrypted under.
    """
    read_page = Table.from_env().page(
        KeyConditionExpression="complaint_id = :chain AND part BETWEEN :first AND :last",
        ExpressionAttributeValues={
            ":chain": {"S": chain},
            ":first": {"S": FIRST},
            ":last": {"S": part_of(before - 1) if before else LAST},
        },
        ScanIndexForward=False,
        ConsistentRead=True,
        Limit=limit,
    )
    found = [_seen(stored, key) for stored in read_page["Items"]]
    return found, found[-1].entry.number if "LastEvaluatedKey" in read_page else 0


def whole(chain: str) -> Iterator[AccessEntry]:
    """Yield every entry of a chain, the first first."""
    stored = Table.from_env().query(
        KeyConditionExpression="complaint_id = :chain",
        ExpressionAttributeValues={":chain": {"S": chain}},
        ConsistentRead=True,
    )
    return (read(one, AccessEntry) for one in stored)


def part_of(number: int) -> str:
    """Return the sort key of an entry."""
    return f"{number:06}"


def look_item(chain: str, entry: AccessEntry) -> Stored:
    """Return an entry as it lies in the table."""
    return {
        **item(chain, part_of(entry.number), entry),
        **changed(entry.at.date(), chain),
    }


def _is_written(stored: Stored) -> bool:
    """Write an entry upon the one that it follows; return False where somebody was faster.

    An answer that got lost after the write is recognised as our own success by its mark.
    """
    table = Table.from_env()
    condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(part)"}
    try:
        table.client.put_item(TableName=table.name, Item=stored, **condition)
    except table.client.exceptions.ConditionalCheckFailedException:
        kept = table.get(stored["complaint_id"]["S"], stored["part"]["S"])
        return bool(kept.get("saved_by") == stored["saved_by"])
    return True


def _seen(stored: Stored, key: bytes) -> Seen:
    entry = read(stored, AccessEntry)
    if "words" not in stored or not key:
        return Seen(entry=entry)
    about = _about(stored["complaint_id"]["S"], entry)
    try:
        words = decrypt(stored["words"]["B"], key, about).decode()
    except DecryptionError:
        words = ""
    return Seen(entry=entry, words=words)


def _about(chain: str, entry: AccessEntry) -> str:
    """Return what the words of a reason are encrypted to: the place that they lie at."""
    return f"{chain}/{part_of(entry.number)}"
