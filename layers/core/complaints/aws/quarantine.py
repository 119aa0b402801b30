"""Mails that became nothing by themselves: kept as they came, with the reason, for a person.

In the complaints table: complaint_id = "quarantine#<month>", part = "<instant>#<key>".
"""

from datetime import datetime, timedelta

import msgspec

from complaints.aws.metrics import count
from complaints.aws.runtime import client, now
from complaints.aws.settings import resource
from complaints.models import Record, sortable

LISTED_MONTHS = 3
QUIET = frozenset({"auto_reply", "bounce", "own", "list"})
"""Reasons that are the rule rather than a fault: nobody has to be woken."""


class Quarantined(Record, frozen=True):
    """A mail in quarantine; `reason` is the id of its sentence under `quarantine.reason.`."""

    key: str
    reason: str
    received_at: datetime
    from_address: str
    size: int


def put(mail: Quarantined) -> None:
    """Put a mail into quarantine, once however often it comes, and count it for the alarm."""
    client("dynamodb").put_item(
        TableName=resource("COMPLAINTS_TABLE"),
        Item={
            "complaint_id": {"S": f"quarantine#{mail.received_at:%Y-%m}"},
            "part": {"S": f"{sortable(mail.received_at)}#{mail.key}"},
            "document": {"S": msgspec.json.encode(mail).decode()},
        },
    )
    count("MailSetAside" if mail.reason in QUIET else "MailQuarantined")


def list_all() -> list[Quarantined]:
    """Return what was put aside this month and the two before, the newest first."""
    found: list[Quarantined] = []
    month = now()
    for _ in range(LISTED_MONTHS):
        pages = (
            client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=resource("COMPLAINTS_TABLE"),
                KeyConditionExpression="complaint_id = :month",
                ExpressionAttributeValues={":month": {"S": f"quarantine#{month:%Y-%m}"}},
                ScanIndexForward=False,
            )
        )
        found += [
            msgspec.json.decode(stored["document"]["S"], type=Quarantined)
            for page in pages
            for stored in page["Items"]
        ]
        month = month.replace(day=1) - timedelta(days=1)
    return found
