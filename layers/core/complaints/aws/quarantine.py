"""Mails that became nothing by themselves: kept as they came, with the reason, for a person.

In the complaints table: complaint_id = "quarantine#<month>", part = "<instant>#<key>". A row is
never deleted: an answer says what became of the mail, who said so, when and why.
"""

import base64
import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from complaints.aws.items import Stored, item, key_of, read
from complaints.aws.metrics import count
from complaints.aws.runtime import client
from complaints.aws.settings import resource
from complaints.aws.table import Table
from complaints.lifecycle import ComplaintError
from complaints.models import Record, sortable

QUEUE = "quarantine#"
"""The queue of the mails that wait for a person; no department can be called so."""
QUIET = frozenset({"auto_reply", "bounce", "own", "list", "feedback"})
"""Reasons that are the rule rather than a fault: nobody has to be woken."""
_PLACE = re.compile(r"20\d\d-(0[1-9]|1[0-2])-\d\dT\d\d:\d\d:\d\dZ#.{1,1024}", re.DOTALL)
_IN_QUEUE = {
    "IndexName": "by_queue",
    "KeyConditionExpression": "queue = :queue",
    "ExpressionAttributeValues": {":queue": {"S": QUEUE}},
}


class State(StrEnum):
    """What became of a mail in quarantine."""

    WAITING = "waiting"
    RELEASED = "released"
    """Taken in after all: as a complaint of its own, or by the thread that it belongs to."""
    ATTACHED = "attached"
    """Added to a complaint that a member of staff named, or noted with it by intake itself."""
    DISCARDED = "discarded"


class Discard(StrEnum):
    """Why nothing has to be done about a mail."""

    SPAM = "spam"
    MACHINE = "machine"
    DUPLICATE = "duplicate"
    NO_COMPLAINT = "no_complaint"
    UNREADABLE = "unreadable"


class UnknownMailError(ComplaintError):
    """There is no such mail in quarantine."""

    text_id = "error.unknown_mail"


class SettledError(ComplaintError):
    """Somebody has said already what becomes of this mail; nothing was changed."""

    text_id = "error.mail_settled"


class Quarantined(Record, frozen=True):
    """A mail in quarantine; `reason` is the id of its sentence under `quarantine.reason.`."""

    key: str
    reason: str
    received_at: datetime
    from_address: str
    size: int
    subject: str = ""
    complaint_id: str = ""
    """Of a mail that waits, the complaint that it seems to be about; else the one it is in."""
    state: State = State.WAITING
    by: str = ""
    """User name of who decided, or `intake`."""
    at: datetime | None = None
    discarded: Discard | None = None
    words: str = ""
    """What who decided wrote about it."""

    @property
    def mail_id(self) -> str:
        """What names it in an address: keys may hold slashes and any letters."""
        return base64.urlsafe_b64encode(self.key.encode()).decode().rstrip("=")

    @property
    def is_quiet(self) -> bool:
        """Whether it waits for nobody: a machine wrote it."""
        return self.reason in QUIET


def put(mail: Quarantined) -> None:
    """Put a mail into quarantine, once however often it comes, and count it for the alarm.

    What comes again finds its row, and the answer that somebody may have given to it.
    """
    table = Table.from_env()
    try:
        table.client.put_item(
            TableName=table.name,
            Item=_row(mail),
            ConditionExpression="attribute_not_exists(part)",
        )
    except table.client.exceptions.ConditionalCheckFailedException:
        return
    count("MailSetAside" if mail.is_quiet else "MailQuarantined")


def get(key: str) -> Quarantined:
    """Return a mail in quarantine by the key of its object; raises UnknownMailError."""
    s3 = client("s3")
    try:
        stored = s3.head_object(Bucket=resource("MAIL_BUCKET"), Key=key)
    except s3.exceptions.ClientError as error:
        raise UnknownMailError(f"there is no object {key}") from error
    arrived = stored["LastModified"].replace(microsecond=0)
    found = Table.from_env().get(*_place(arrived, key))
    if not found:
        raise UnknownMailError(f"{key} is not in quarantine")
    return read(found, Quarantined)


def key_of_mail(mail_id: str) -> str:
    """Return the key of the mail that an address names; "" if it names none."""
    try:
        return base64.urlsafe_b64decode(mail_id + "=" * (-len(mail_id) % 4)).decode()
    except ValueError:
        return ""


def is_place(place: str) -> bool:
    """Return whether a place in a list, as it came back, may be one of these lists."""
    return _PLACE.fullmatch(place) is not None


def settle(mail: Quarantined) -> Quarantined:
    """Keep what became of a mail that waited; `mail` is the row with the answer.

    Raises SettledError if it was answered before.
    """
    table = Table.from_env()
    try:
        table.client.put_item(
            TableName=table.name,
            Item=_row(mail),
            ConditionExpression="attribute_exists(part) AND attribute_not_exists(settled)",
        )
    except table.client.exceptions.ConditionalCheckFailedException as error:
        raise settled(mail.key) from error
    return mail


def clear(received_at: datetime, key: str, complaint_id: str) -> bool:
    """Take the personal words off the row of a mail of a complaint; what became of it stays.

    False, and nothing is done, where it still waits for a person to say what becomes of it, or
    somebody has said that it is about another complaint.
    """
    table = Table.from_env()
    found = table.get(*_place(received_at, key))
    if not found:
        return True
    mail = read(found, Quarantined)
    waits = mail.state is State.WAITING and not mail.is_quiet
    if waits or mail.complaint_id not in {"", complaint_id}:
        return False
    cleared = mail.replace(from_address="", subject="", words="")
    table.client.put_item(TableName=table.name, Item=_row(cleared))
    return True


def settled(key: str) -> SettledError:
    """Return the error for a mail that was answered before."""
    return SettledError(f"{key} was answered before")


def waiting(*, limit: int, after: str = "") -> tuple[list[Quarantined], str]:
    """Return a page of the mails that wait for a person, and where the next page begins.

    Those that have waited longest come first.
    """
    asked: dict[str, Any] = {}
    if after:
        month, instant = f"quarantine#{after:.7}", after.partition("#")[0]
        entry = {"queue": {"S": QUEUE}, "due_at": {"S": instant}}
        asked["ExclusiveStartKey"] = {**key_of(month, after), **entry}
    page = Table.from_env().page(**_IN_QUEUE, Limit=limit, **asked)
    rest = page["LastEvaluatedKey"]["part"]["S"] if "LastEvaluatedKey" in page else ""
    return [read(one, Quarantined) for one in page["Items"]], rest


def count_waiting(most: int) -> int:
    """Return how many mails wait for a person, counted up to `most`."""
    counted: int = Table.from_env().page(**_IN_QUEUE, Limit=most, Select="COUNT")["Count"]
    return counted


def came(
    start: datetime, end: datetime, *, limit: int, before: str = ""
) -> tuple[list[Quarantined], str]:
    """Return a page of what came from `start` on and before `end`, the newest first.

    Beside it where the next page begins, to be given as `before`; "" on the last.
    """
    table, found = Table.from_env(), list[Stored]()
    upper = min(before or "~", sortable(end))
    month, first = f"{upper:.7}", f"{sortable(start):.7}"
    while month >= first and len(found) <= limit:
        page = table.page(
            KeyConditionExpression="complaint_id = :month AND part BETWEEN :start AND :upper",
            ExpressionAttributeValues={
                ":month": {"S": f"quarantine#{month}"},
                ":start": {"S": sortable(start)},
                ":upper": {"S": upper},
            },
            ScanIndexForward=False,
            Limit=limit + 2 - len(found),  # the last of the page before is read again
        )
        found += [one for one in page["Items"] if one["part"]["S"] != before]
        month = f"{datetime.fromisoformat(f'{month}-01') - timedelta(days=1):%Y-%m}"
    rest = found[limit - 1]["part"]["S"] if len(found) > limit else ""
    return [read(one, Quarantined) for one in found[:limit]], rest


def _row(mail: Quarantined) -> Stored:
    row: Stored = item(*_place(mail.received_at, mail.key), mail)
    if mail.state is not State.WAITING:
        return row | {"settled": {"S": mail.state}}
    if mail.is_quiet:
        return row
    return row | {"queue": {"S": QUEUE}, "due_at": {"S": sortable(mail.received_at)}}


def _place(received_at: datetime, key: str) -> tuple[str, str]:
    return f"quarantine#{received_at:%Y-%m}", f"{sortable(received_at)}#{key}"
