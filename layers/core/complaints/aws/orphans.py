"""Mails that no event told of: found by listing the bucket against the ledger, and told again.

A notification can be lost, and a message can die in the queue. `check_sla` asks here at each run;
at most every `ROUND` the objects of the bucket are listed, a part of a large bucket at a time, and
each that arrived since the last round must be in the ledger. What is not is announced to the queue
once more; what is still not after a day is put into quarantine, so that a person sees it.

In the complaints table: complaint_id = "sweep", part = "mail".
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from urllib.parse import quote_plus

import msgspec

from complaints.aws import mail_ledger, quarantine
from complaints.aws.items import item, read
from complaints.aws.mail_ledger import Became, Entry
from complaints.aws.metrics import count
from complaints.aws.runtime import client
from complaints.aws.settings import resource
from complaints.aws.table import Table
from complaints.models import Record

ROUND = timedelta(minutes=30)
GRACE = timedelta(minutes=15)
"""How long a mail may lie in the queue; longer than a message that failed stays unseen."""
GIVE_UP = timedelta(days=1)
FIRST = timedelta(days=14)
"""How far back the first round looks; the queue keeps its messages as long."""
INBOX = "inbox/"
A_PAGE = 1000
A_RUN = 20_000
"""Keys that are listed in one run; a round of a larger bucket takes several."""


class Round(Record, frozen=True):
    """How far the round has come that runs now, or did last."""

    began_at: datetime
    since: datetime
    """Objects that arrived before were accounted for in the rounds before."""
    after: str = ""
    """The key that was listed last; empty once the round is over."""
    oldest: datetime | None = None
    """The oldest orphan of this round: the next one looks back as far."""


Arrived = tuple[str, datetime, int]
"""Key, instant and size of an object."""


def announce(at: datetime) -> int:
    """Go on with the round, or begin one if it is time; return how many orphans were found."""
    table = Table.from_env()
    stored = table.get("sweep", "mail")
    last = read(stored, Round) if stored else None
    if last and not last.after and at - last.began_at < ROUND:
        return 0
    this = _next_round(last, at)
    objects, after = _listed(this.after)
    found = list(_orphans(objects, this.since, at - GRACE))
    for one in found:
        _tell_again(one, at)
    oldest = min(
        (*((this.oldest,) if this.oldest else ()), *(one[1] for one in found)), default=None
    )
    done = this.replace(after=after, oldest=oldest)
    table.client.put_item(TableName=table.name, Item=item("sweep", "mail", done))
    if found:
        count("MailAnnounced", len(found))
    return len(found)


def _next_round(last: Round | None, at: datetime) -> Round:
    """Return the round to go on with: the one that is not over, or a new one."""
    if last is None:
        return Round(began_at=at, since=at - FIRST)
    if last.after:
        return last
    return Round(began_at=at, since=(last.oldest or last.began_at) - GRACE)


def _listed(after: str) -> tuple[list[Arrived], str]:
    """Return the next objects of the inbox in the order of keys, and the last key of a part."""
    asked = {"Bucket": resource("MAIL_BUCKET"), "Prefix": INBOX}
    pages = (
        client("s3")
        .get_paginator("list_objects_v2")
        .paginate(
            **asked,
            **({"StartAfter": after} if after else {}),
            PaginationConfig={"PageSize": A_PAGE},
        )
    )
    found: list[Arrived] = []
    for page in pages:
        found += [
            (one["Key"], one["LastModified"].replace(microsecond=0), one["Size"])
            for one in page.get("Contents", ())
        ]
        if len(found) >= A_RUN:
            return found, found[-1][0]
    return found, ""


def _orphans(objects: list[Arrived], since: datetime, until: datetime) -> Iterator[Arrived]:
    """Yield the objects of a span of time that the ledger does not know."""
    ledger: dict[date, set[str]] = {}
    for key, arrived, size in objects:
        if not since <= arrived <= until:
            continue
        day = arrived.date()
        if day not in ledger:
            ledger[day] = mail_ledger.known(day)
        if key not in ledger[day]:
            yield key, arrived, size


def _tell_again(one: Arrived, at: datetime) -> None:
    """Put an orphan before intake once more; one that intake can't take, before a person."""
    key, arrived, size = one
    if at - arrived < GIVE_UP:
        notice = {"Records": [{"s3": {"object": {"key": quote_plus(key)}}}]}
        client("sqs").send_message(
            QueueUrl=resource("MAIL_QUEUE"), MessageBody=msgspec.json.encode(notice).decode()
        )
        return
    held = quarantine.Quarantined(
        key=key, reason="failed", received_at=arrived, from_address="", size=size
    )
    quarantine.put(held)
    mail_ledger.enter(key, arrived, Entry(became=Became.QUARANTINE))
