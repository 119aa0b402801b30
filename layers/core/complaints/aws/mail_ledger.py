"""What became of each raw mail: one row for each object of the mail bucket (A13).

In the complaints table: complaint_id = "mail#<day>", part = "<instant>#<key>". Day and instant
are those of the object in UTC, so that a list of objects says where each row lies. A row is written
once the mail is dealt with; an object without one is an orphan, which `orphans` finds.
"""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from complaints.aws.items import item, read
from complaints.aws.table import Table
from complaints.models import Record, sortable

RAW = "raw#"
"""How the page begins on which the raw mails of one complaint are noted."""


class Became(StrEnum):
    """What a raw mail became."""

    COMPLAINT = "complaint"
    CONTACT = "contact"
    DUPLICATE = "duplicate"
    """The same mail was known already, from another object."""
    QUARANTINE = "quarantine"


class Entry(Record, frozen=True):
    """A row of the ledger."""

    became: Became
    complaint_id: str = ""


class Place(Record, frozen=True):
    """Where the rows of a raw mail lie."""

    arrived: datetime
    key: str


def enter(key: str, arrived: datetime, entry: Entry) -> None:
    """Enter what a mail became; the first entry stays, however often its event comes.

    A mail of a complaint is noted with the complaint, too, so that erasing finds every copy.
    """
    table = Table.from_env()
    if entry.complaint_id:
        note(entry.complaint_id, Place(arrived=arrived, key=key))
    try:
        table.client.put_item(
            TableName=table.name,
            Item=item(_page(arrived.date()), f"{sortable(arrived)}#{key}", entry),
            ConditionExpression="attribute_not_exists(part)",
        )
    except table.client.exceptions.ConditionalCheckFailedException:
        return


def note(complaint_id: str, place: Place) -> None:
    """Note with a complaint that a raw mail is about it; twice is once."""
    table = Table.from_env()
    table.client.put_item(TableName=table.name, Item=item(f"{RAW}{complaint_id}", place.key, place))


def of_complaint(complaint_id: str) -> list[Place]:
    """Return the raw mails that are about a complaint, duplicates and bounces included."""
    rows = Table.from_env().query(
        KeyConditionExpression="complaint_id = :page",
        ExpressionAttributeValues={":page": {"S": f"{RAW}{complaint_id}"}},
        ConsistentRead=True,
    )
    return [read(row, Place) for row in rows]


def known(day: date) -> set[str]:
    """Return the keys of the mails of a day that were dealt with."""
    rows = Table.from_env().query(
        KeyConditionExpression="complaint_id = :page",
        ExpressionAttributeValues={":page": {"S": _page(day)}},
        ProjectionExpression="part",
        ConsistentRead=True,
    )
    return {row["part"]["S"].partition("#")[2] for row in rows}


def counted(start: datetime, end: datetime) -> dict[str, int]:
    """Return how many mails that arrived from `start` on and before `end` became what."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    table, day, found = Table.from_env(), start.date(), Counter[str]()
    while day <= end.date():
        rows = table.query(
            KeyConditionExpression="complaint_id = :page AND part BETWEEN :start AND :end",
            ExpressionAttributeValues={
                ":page": {"S": _page(day)},
                ":start": {"S": sortable(start)},
                ":end": {"S": sortable(end)},
            },
        )
        found.update(str(read(row, Entry).became) for row in rows)
        day += timedelta(days=1)
    return dict(sorted(found.items()))


def _page(day: date) -> str:
    return f"mail#{day}"
