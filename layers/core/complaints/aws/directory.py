"""The staff directory: who there is, in which department, with which roles (H4, H5).

Two collections in the complaints table: complaint_id = "staff", part = the user name; and
complaint_id = "staff#change", part = <instant>#<random>: every change, as it was and as it is.
"""

import time
from collections.abc import Sequence
from typing import Any, Self

from complaints.aws.items import item, key_of, read
from complaints.aws.runtime import client, random_id
from complaints.aws.settings import resource
from complaints.lifecycle import ComplaintError
from complaints.models import Staff, sortable
from complaints.people import Change

LISTED = 50
MOST_READ = 1000
"""Changes that are read to find those of one person."""


class StaleEntryError(ComplaintError):
    """Somebody else changed this entry of the directory since it was loaded."""

    text_id = "staff.people.stale"


class StaffDirectory:
    """All members of staff; small enough to be read in one query."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._client = client("dynamodb")

    @classmethod
    def from_env(cls) -> Self:
        """Return the directory of the deployment."""
        return cls(resource("COMPLAINTS_TABLE"))

    def put(self, member: Staff) -> None:
        """Enter a member of staff as the user pool knows one; what people change is `save`."""
        self._client.put_item(TableName=self._table, Item=_entry(member))

    def save(self, change: Change) -> None:
        """Change an entry and put the change on record, in one transaction.

        Raises StaleEntryError where the entry is not as the change found it.
        """
        entry: dict[str, Any] = {"TableName": self._table, "Item": _entry(change.after)}
        if change.before:
            entry["ConditionExpression"] = "document = :before"
            entry["ExpressionAttributeValues"] = {":before": _entry(change.before)["document"]}
        else:
            entry["ConditionExpression"] = "attribute_not_exists(part)"
        # Within a second the clock of the machine says which came first.
        part = f"{sortable(change.at)}#{time.time_ns()}-{random_id()}"
        kept = {"TableName": self._table, "Item": item("staff#change", part, change)}
        try:
            self._client.transact_write_items(TransactItems=[{"Put": entry}, {"Put": kept}])
        except self._client.exceptions.TransactionCanceledException as error:
            raise StaleEntryError(f"{change.after.username} was changed") from error

    def find(self, username: str) -> Staff | None:
        """Return the entry of this user name, or None."""
        stored = self._client.get_item(
            TableName=self._table, Key=key_of("staff", username), ConsistentRead=True
        )
        return read(stored["Item"], Staff) if "Item" in stored else None

    def all(self) -> list[Staff]:
        """Return everybody, by user name."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="complaint_id = :staff",
            ExpressionAttributeValues={":staff": {"S": "staff"}},
        )
        return [read(stored, Staff) for page in pages for stored in page["Items"]]

    def changes(self, username: str = "", *, limit: int = LISTED) -> Sequence[Change]:
        """Return the newest changes, the newest first; of one person among the newest thousand."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="complaint_id = :changes",
            ExpressionAttributeValues={":changes": {"S": "staff#change"}},
            ScanIndexForward=False,
            PaginationConfig={"MaxItems": MOST_READ if username else limit},
        )
        read_ones = (read(stored, Change) for page in pages for stored in page["Items"])
        found = [one for one in read_ones if username in ("", one.after.username)]
        return found[:limit]


def _entry(member: Staff) -> dict[str, Any]:
    """Return the item of an entry; for whom the person stands in is reckoned, not stored."""
    return item("staff", member.username, member.replace(acting_for=()))
