"""The data key of each complaint: made when it is registered, asked for, and one day destroyed.

It lies in a table of its own, KEYS_TABLE, wrapped twice (the scheme of AWS's hierarchical keyring):

    key_id             attributes
    -----------------  ----------------------------------------------------------------------
    branch#2026-11     wrapped: 32 random bytes under the deployment's key in KMS, DATA_KEY
    TS-2026-000123-7   wrapped: 32 random bytes under the branch key (RFC 3394), branch: its month
                       or, once destroyed: destroyed_at, request_id

KMS is asked once a process and month, not at each read. Nothing of a key is ever in another table,
in the archive, in a log or a queue. To be decrypted by KMS, a branch key must be asked for as what
it is: its month is part of the encryption context.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any, Self

from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_wrap,
)

from complaints.aws.environment import resource
from complaints.aws.runtime import client, now, random_key
from complaints.encryption import KEY_BYTES, DecryptionError
from complaints.lifecycle import ComplaintError
from complaints.record import sortable

BRANCH = "branch#"
KEPT_FOR = 300.0
"""Seconds that a process remembers a data key: so long may one outlive its destruction there."""
MOST_KEPT = 1_000
"""Data keys that a process remembers."""
AT_ONCE = 100
"""Items of one BatchGetItem."""
REST = 0.05
"""Seconds before items that were too many for the table are asked for again."""
Stored = dict[str, Any]


class KeyDestroyedError(ComplaintError):
    """The data key of this complaint was destroyed: the person in it is forgotten."""

    text_id = "error.erased"


class NoKeyError(Exception):
    """This complaint has no data key and never had one: it was registered before there were any."""


class Keys:
    """The data keys of complaints; what was asked for is remembered for a while."""

    def __init__(self, table: str, data_key: str, clock: Callable[[], float] = time.time) -> None:
        self._table, self._data_key, self._clock = table, data_key, clock
        self._known: dict[str, tuple[bytes, float]] = {}
        self._branches: dict[str, bytes] = {}

    @classmethod
    def from_env(cls) -> Self:
        """Return the keys of the deployment, with nothing remembered; `keys()` is the usual way."""
        return cls(resource("KEYS_TABLE"), resource("DATA_KEY"))

    # ---- one complaint ---------------------------------------------------------------------

    def new(self, complaint_id: str) -> tuple[bytes, Stored]:
        """Return a new data key and the write that keeps it, for the transaction that registers.

        Nothing is kept by this call alone, but the branch key of the month where it is the first.
        """
        month = f"{sortable(now()):.7}"
        key = random_key()
        stored = {
            **_key(complaint_id),
            "wrapped": {"B": aes_key_wrap(self._branch(month, make=True), key)},
            "branch": {"S": month},
        }
        put = {
            "TableName": self._table,
            "Item": stored,
            "ConditionExpression": "attribute_not_exists(key_id)",
        }
        return key, {"Put": put}

    def remember(self, complaint_id: str, key: bytes) -> None:
        """Remember the key of a complaint that was just registered with it."""
        self._known.pop(complaint_id, None)
        while len(self._known) >= MOST_KEPT:
            del self._known[next(iter(self._known))]
        self._known[complaint_id] = (key, self._clock() + KEPT_FOR)

    def of(self, complaint_id: str) -> bytes:
        """Return the data key of a complaint.

        Raises KeyDestroyedError, NoKeyError, and DecryptionError where what is kept is not what
        was wrapped.
        """
        if key := self._remembered(complaint_id):
            return key
        stored = self._get(complaint_id)
        if not stored:
            raise NoKeyError(f"{complaint_id} has no data key")
        if "wrapped" not in stored:
            raise KeyDestroyedError(f"the data key of {complaint_id} was destroyed")
        return self._unwrapped(complaint_id, stored)

    def of_many(self, complaint_ids: Sequence[str]) -> dict[str, bytes]:
        """Return number -> data key, without those that were destroyed or never had one."""
        wanted = dict.fromkeys(complaint_ids)
        found = {one: key for one in wanted if (key := self._remembered(one))}
        missing = [one for one in wanted if one not in found]
        for consistent in (False, True):
            stored = {
                one["key_id"]["S"]: one for one in self._get_all(missing, consistent=consistent)
            }
            found |= {
                one: self._unwrapped(one, kept) for one, kept in stored.items() if "wrapped" in kept
            }
            missing = [one for one in missing if one not in stored]
        return found

    def destroy(self, complaint_id: str, request_id: str, at: datetime) -> None:
        """Destroy the data key of a complaint for good, because of a granted request.

        What was destroyed already stays as it was. Raises NoKeyError.
        """
        dynamodb = client("dynamodb")
        try:
            dynamodb.update_item(
                TableName=self._table,
                Key=_key(complaint_id),
                UpdateExpression=(
                    "REMOVE #wrapped, branch SET destroyed_at = :at, request_id = :request"
                ),
                ConditionExpression="attribute_exists(#wrapped)",
                ExpressionAttributeNames={"#wrapped": "wrapped"},  # a reserved word
                ExpressionAttributeValues={
                    ":at": {"S": sortable(at)},
                    ":request": {"S": request_id},
                },
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            if not self._read(complaint_id, consistent=True):
                raise NoKeyError(f"{complaint_id} has no data key") from None
        self._known.pop(complaint_id, None)

    # ---- what is kept ----------------------------------------------------------------------

    def _remembered(self, complaint_id: str) -> bytes | None:
        key, until = self._known.get(complaint_id, (b"", 0.0))
        return key if self._clock() < until else None

    def _unwrapped(self, complaint_id: str, stored: Stored) -> bytes:
        branch = self._branch(stored["branch"]["S"])
        try:
            key = aes_key_unwrap(branch, stored["wrapped"]["B"])
        except (InvalidUnwrap, ValueError):
            raise DecryptionError(f"the data key of {complaint_id}") from None
        self.remember(complaint_id, key)
        return key

    def _branch(self, month: str, *, make: bool = False) -> bytes:
        """Return the branch key of a month; only who registers complaints may make it."""
        if month not in self._branches:
            name = f"{BRANCH}{month}"
            stored = self._get(name)
            if not stored and make:
                stored = self._made(name, month)
            if not stored:
                raise DecryptionError(name)
            self._branches[month] = self._by_kms(stored["wrapped"]["B"], month)
        return self._branches[month]

    def _made(self, name: str, month: str) -> Stored:
        """Make the branch key of a month; whoever comes first has made it."""
        dynamodb = client("dynamodb")
        made = client("kms").generate_data_key_without_plaintext(
            KeyId=self._data_key, NumberOfBytes=KEY_BYTES, EncryptionContext=_context(month)
        )
        stored = {**_key(name), "wrapped": {"B": made["CiphertextBlob"]}}
        try:
            dynamodb.put_item(
                TableName=self._table,
                Item=stored,
                ConditionExpression="attribute_not_exists(key_id)",
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return self._read(name, consistent=True)
        return stored

    def _by_kms(self, wrapped: bytes, month: str) -> bytes:
        kms = client("kms")
        try:
            answer = kms.decrypt(
                KeyId=self._data_key, CiphertextBlob=wrapped, EncryptionContext=_context(month)
            )
        except (
            kms.exceptions.InvalidCiphertextException,
            kms.exceptions.IncorrectKeyException,
        ) as error:
            raise DecryptionError(f"{BRANCH}{month}") from error
        return bytes(answer["Plaintext"])

    def _get(self, key_id: str) -> Stored:
        """Return an item; a second, consistent look where the first, cheaper one finds nothing."""
        return self._read(key_id, consistent=False) or self._read(key_id, consistent=True)

    def _read(self, key_id: str, *, consistent: bool) -> Stored:
        answer = client("dynamodb").get_item(
            TableName=self._table, Key=_key(key_id), ConsistentRead=consistent
        )
        found: Stored = answer.get("Item", {})
        return found

    def _get_all(self, key_ids: Sequence[str], *, consistent: bool) -> Iterator[Stored]:
        wanted = iter(key_ids)
        while asked := [_key(one) for one in islice(wanted, AT_ONCE)]:
            while asked:
                answer = client("dynamodb").batch_get_item(
                    RequestItems={self._table: {"Keys": asked, "ConsistentRead": consistent}}
                )
                yield from answer["Responses"].get(self._table, [])
                if asked := answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", []):
                    time.sleep(REST)


@cache
def keys() -> Keys:
    """Return the keys of the deployment, with what this process remembers of them."""
    return Keys.from_env()


def _key(key_id: str) -> Stored:
    return {"key_id": {"S": key_id}}


def _context(month: str) -> dict[str, str]:
    return {"huiyin": "branch", "month": month}
