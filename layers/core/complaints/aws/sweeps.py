"""When the check of the limits last ran to its end; the console warns when that is too long ago.

One item in the complaints table: complaint_id = "sweep", part = "end".
"""

from datetime import datetime, timedelta

from complaints.aws.items import item, key_of, read
from complaints.aws.runtime import client
from complaints.aws.settings import resource
from complaints.models import Record

SILENT_AFTER = timedelta(minutes=15)
"""Three rounds; the alarm that fires without data waits as long (infra/alarms.yaml)."""


class Sweep(Record, frozen=True):
    """A run of the check that came to its end."""

    ended_at: datetime


def ended(at: datetime) -> None:
    """Note that a run has come to its end."""
    client("dynamodb").put_item(
        TableName=resource("COMPLAINTS_TABLE"), Item=item("sweep", "end", Sweep(ended_at=at))
    )


def silent_since(at: datetime) -> datetime | None:
    """Return when the last run ended if that is too long ago, else None.

    Where none ever ended the system is new, and says nothing; the alarm watches over that
    (infra/alarms.yaml).
    """
    stored = client("dynamodb").get_item(
        TableName=resource("COMPLAINTS_TABLE"), Key=key_of("sweep", "end")
    )
    last = read(stored["Item"], Sweep).ended_at if "Item" in stored else None
    return last if last and at - last > SILENT_AFTER else None
