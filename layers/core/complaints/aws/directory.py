"""The staff directory: who there is, in which department, with which roles (H4, H5).

Two collections in the complaints table: complaint_id = "staff", part = the user name; and
complaint_id = "staff#change", part = <instant>#<random>: every change, as it was and as it is.
"""

import time
from collections.abc import Sequence
from itertools import islice
from typing import Any, Self

from complaints.aws.items import item, read
from complaints.aws.runtime import random_id
from complaints.aws.table import Table
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
        self._table = Table(table)

    @classmethod
    def from_env(cls) -> Self:
        """Return the directory of the deployment."""
        return cls(Table.from_env().name)

    def put(self, member: Staff) -> None:
        """Enter a member of staff as the user pool knows one; what people change is `save`."""
        self._table.client.put_item(TableName=self._table.name, Item=_entry(member))

    def save(self, change: Change) -> None:
        """Change an entry and put the change on record, in one transaction.

        Raises StaleEntryError where the entry is not as the change found it.
        """
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(part)"}
        if change.before:
            condition = {
                "ConditionExpression": "document = :before",
                "ExpressionAttributeValues": {":before": _entry(change.before)["document"]},
            }
        entry = self._table.put(_entry(change.after), **condition)
        # Within a second the clock of the machine says which came first.
        part = f"{sortable(change.at)}#{time.time_ns()}-{random_id()}"
        kept = self._table.put(item("staff#change", part, change))
        if not self._table.write([entry, kept]):
            raise StaleEntryError(f"{change.after.username} was changed")

    def find(self, username: str) -> Staff | None:
        """Return the entry of this user name, or None."""
        stored = self._table.get("staff", username)
        return read(stored, Staff) if stored else None

    def all(self) -> list[Staff]:
        """Return everybody, by user name."""
        found = self._table.query(
            KeyConditionExpression="complaint_id = :staff",
            ExpressionAttributeValues={":staff": {"S": "staff"}},
        )
        return [read(stored, Staff) for stored in found]

    def changes(self, username: str = "", *, limit: int = LISTED) -> Sequence[Change]:
        """Return the newest changes, the newest first; of one person among the newest thousand."""
        newest = self._table.query(
            KeyConditionExpression="complaint_id = :changes",
            ExpressionAttributeValues={":changes": {"S": "staff#change"}},
            ScanIndexForward=False,
            PaginationConfig={"MaxItems": MOST_READ if username else limit},
        )
        changes = (read(stored, Change) for stored in newest)
        return list(islice((one for one in changes if username in ("", one.after.username)), limit))


def _entry(member: Staff) -> dict[str, Any]:
    """Return the item of an entry; for whom the person stands in is reckoned, not stored."""
    return item("staff", member.username, member.replace(acting_for=()))
