"""The complaints table, and every read and write that is made of it; `items` has its layout.

One item collection for each complaint; nothing is ever found by a scan.

    question                                    answered by
    ------------------------------------------  ----------------------------------------------
    one complaint; its whole file               the table    complaint_id [, part]
    whose look or letter is due before t?       by_next      sweep_shard = 0..3, next_at < t
    what waits for a queue, soonest first?      by_queue     queue = "safety"
    which complaints came in in November?       by_month     received_month = "2026-11"
    which complaint has this mail or form, or   the table    claim#<sha256 of its id>
    that number of a body outside?
    what else did the same person complain of?  by_person    person = "<keyed hash>"
    what is counted with a complaint?           the table    merged#<complaint_id> beside it
"""

import base64
import random
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Self

import msgspec

from complaints.aws.items import (
    IN_DOSSIER,
    PARTS,
    SHARDS,
    TOLD,
    Claim,
    Person,
    Stored,
    announcement_item,
    claim_id,
    complaint_item,
    item,
    key_of,
    part_item,
    part_items,
    queue_items,
    read,
    read_all,
    track,
)
from complaints.aws.numbers import Numbers
from complaints.aws.runtime import client, random_id
from complaints.aws.settings import resource
from complaints.lifecycle import ComplaintError
from complaints.models import (
    Complainant,
    Complaint,
    Contact,
    Decision,
    Dossier,
    Finding,
    Letter,
    Record,
    TrackingEntry,
    sortable,
)
from complaints.parts import Announcement, Merged, Notice

TRIES = 40
MOST_CLAIMS = 100
LISTED = 25


class UnknownComplaintError(ComplaintError):
    """There is no complaint of this number."""

    text_id = "error.unknown_complaint"


class StaleComplaintError(ComplaintError):
    """Somebody else saved this complaint since it was loaded; nothing was written."""

    text_id = "error.stale"


class ConflictError(ComplaintError):
    """The same mail or form id came with other content: a person must look (promise 26)."""

    text_id = "error.conflict"

    def __init__(self, message: str, *, complaint_id: str) -> None:
        super().__init__(message)
        self.complaint_id = complaint_id


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A complaint that has everything but is not saved yet."""

    complaint: Complaint
    entry: TrackingEntry
    person: Person
    parts: tuple[Record, ...]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A complaint as it is to be saved: its new entries, and what comes beside it."""

    complaint: Complaint
    entries: tuple[TrackingEntry, ...]
    parts: tuple[Record, ...] = ()

    @property
    def version_before(self) -> int:
        """The version that it was made from."""
        return self.entries[0].number - 1


class ComplaintRepository:
    """The complaints as a collection: register one, get one, save one, ask which are due."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._client = client("dynamodb")
        self._numbers = Numbers(table)

    @classmethod
    def from_env(cls) -> Self:
        """Return the repository of the deployed table."""
        return cls(resource("COMPLAINTS_TABLE"))

    # ---- one complaint ---------------------------------------------------------------------

    def get(self, complaint_id: str) -> Complaint:
        """Return the complaint as it is now; raises UnknownComplaintError."""
        found = self._get(complaint_id, "complaint", consistent=True)
        if not found:
            raise UnknownComplaintError(f"there is no complaint {complaint_id}")
        return read(found, Complaint)

    def dossier(self, complaint_id: str) -> Dossier:
        """Return the whole file of a complaint, in one query; raises UnknownComplaintError."""
        parts: dict[str, list[Stored]] = {}
        for stored in self._query(
            KeyConditionExpression="complaint_id = :id",
            ExpressionAttributeValues={":id": {"S": complaint_id}},
            ConsistentRead=True,
        ):
            parts.setdefault(stored["part"]["S"].partition("#")[0], []).append(stored)
        if "complaint" not in parts or "person" not in parts:
            raise UnknownComplaintError(f"there is no complaint {complaint_id}")
        person = read(parts["person"][0], Person)
        contacts = read_all(parts.get("contact", []), Contact)
        handling: dict[str, Any] = {
            IN_DOSSIER[kind]: read_all(parts.get(kind, []), record)
            for kind, (record, _) in PARTS.items()
        }
        handling["merged"] = tuple(one for one in handling["merged"] if not one.parted_at)
        return Dossier(
            complaint=read(parts["complaint"][0], Complaint),
            complainant=person.complainant,
            key=person.key,
            contacts=tuple(sorted(contacts, key=lambda contact: contact.received_at)),
            findings=read_all(parts.get("finding", []), Finding),
            decisions=read_all(parts.get("decision", []), Decision),
            letters=read_all(parts.get("letter", []), Letter),
            entries=read_all(parts.get("track", []), TrackingEntry),
            **handling,
        )

    def contacts(self, complaint_id: str) -> tuple[Contact, ...]:
        """Return what was said about a complaint, the first contact first."""
        stored = self._query(
            KeyConditionExpression="complaint_id = :id AND begins_with(part, :contact)",
            ExpressionAttributeValues={
                ":id": {"S": complaint_id},
                ":contact": {"S": "contact#"},
            },
        )
        return tuple(
            sorted(read_all(list(stored), Contact), key=lambda contact: contact.received_at)
        )

    def save(
        self,
        complaint: Complaint,
        entry: TrackingEntry,
        *parts: Record,
        claimed: tuple[str, str] | None = None,
    ) -> Complaint:
        """Write the complaint, its tracking entry and these parts together, or nothing.

        `claimed` (a Message-ID and the digest of its content) is claimed for it in the same write.

        Raises StaleComplaintError if the stored version is not the one that this complaint was
        made from. A reply that got lost after the commit is recognised as our own success.
        """
        change = Change(complaint=complaint, entries=(entry,), parts=parts)
        self.save_all(change, claimed=claimed)
        return complaint

    def save_all(self, *changes: Change, claimed: tuple[str, str] | None = None) -> None:
        """Write several complaints, each with its entries and parts, together or not at all.

        `claimed` is claimed for the first of them. Raises StaleComplaintError like `save`.
        """
        mark = {"saved_by": {"S": random_id()}}
        writes = [write for change in changes for write in self._writes(change, mark)]
        if claimed:
            claim = Claim(
                complaint_id=changes[0].complaint.complaint_id,
                digest=claimed[1],
                token=mark["saved_by"]["S"],
            )
            writes.append(
                self._put(
                    item(claim_id(claimed[0]), "claim", claim),
                    ConditionExpression="attribute_not_exists(part)",
                )
            )
        try:
            self._client.transact_write_items(TransactItems=writes)
        except self._client.exceptions.TransactionCanceledException as error:
            _raise_unless(error, {"ConditionalCheckFailed", "TransactionConflict"})
            # Two who do the same in the same second write the same entry: only the mark tells.
            complaint_id, entry = changes[0].complaint.complaint_id, changes[0].entries[0]
            kept = self._get(complaint_id, track(entry), consistent=True)
            if kept.get("saved_by") != mark["saved_by"]:
                raise StaleComplaintError(f"{complaint_id} was changed by somebody else") from error

    def _writes(self, change: Change, mark: Stored) -> list[Stored]:
        """Return the writes of one change; the head only upon the version it was made from."""
        complaint = change.complaint
        return [
            self._put(
                complaint_item(complaint),
                ConditionExpression="version = :before",
                ExpressionAttributeValues={":before": {"N": str(change.version_before)}},
            ),
            *(
                self._put(
                    item(complaint.complaint_id, track(entry), entry) | mark,
                    ConditionExpression="attribute_not_exists(part)",
                )
                for entry in change.entries
            ),
            *(self._put(stored) for part in change.parts for stored in part_items(complaint, part)),
            *(self._put(copied) for copied in queue_items(complaint)),
        ]

    # ---- a new complaint -------------------------------------------------------------------

    def register(
        self,
        claimed: str,
        digest: str,
        token: str,
        year: int,
        draft: Callable[[int], Draft],
    ) -> tuple[str, bool]:
        """Save a new complaint under the next number of the year; return its id, and if it is new.

        `claimed` is what makes it one and the same (a Message-ID, the id of a form), `digest` its
        content, `token` this attempt's own mark. One transaction takes the claim, the number and
        the first save: no number is left out, none is given twice, and a repeat finds the first.

        Raises ConflictError if `claimed` is taken by other content.
        """
        for lost in range(TRIES):
            turn = self._numbers.next(year, lost)
            made = draft(turn.n)
            complaint_id = made.complaint.complaint_id
            claim = Claim(complaint_id=complaint_id, digest=digest, token=token)
            try:
                self._client.transact_write_items(
                    TransactItems=[
                        self._put(
                            item(claim_id(claimed), "claim", claim),
                            ConditionExpression="attribute_not_exists(part)",
                        ),
                        turn.write,
                        self._put(
                            complaint_item(made.complaint),
                            ConditionExpression="attribute_not_exists(part)",
                        ),
                        self._put(item(complaint_id, track(made.entry), made.entry)),
                        self._put(item(complaint_id, "person", made.person)),
                        *(self._put(part_item(made.complaint, part)) for part in made.parts),
                    ]
                )
            except self._client.exceptions.TransactionCanceledException as error:
                _raise_unless(error, {"ConditionalCheckFailed", "TransactionConflict"})
                if holder := self.claimed(claimed):
                    if holder.token == token:
                        self._numbers.given(turn)
                        return holder.complaint_id, True
                    self._numbers.left(turn)
                    if holder.digest != digest:
                        raise ConflictError(
                            "the same id came with other content",
                            complaint_id=holder.complaint_id,
                        ) from error
                    return holder.complaint_id, False
                # Somebody else took the number: spread the next tries.
                time.sleep(random.uniform(0, 0.02 * min(lost + 1, 10)))  # noqa: S311
            else:
                self._numbers.given(turn)
                return complaint_id, True
        raise StaleComplaintError(f"no number of {year} could be taken in {TRIES} tries")

    def release_numbers(self, year: int, first: int) -> None:
        """Give back the numbers of a block whose time is over."""
        self._numbers.release(year, first)

    def missing(self, year: int, n: int) -> str:
        """Return why no complaint has a number: `reserved`, `voided`; empty if nothing says."""
        return self._numbers.reason(year, n)

    def claimed(self, claimed: str) -> Claim | None:
        """Return who has this mail or form, if anybody has."""
        found = self._get(claim_id(claimed), "claim", consistent=True)
        return read(found, Claim) if found else None

    def claimed_any(self, claimed: Iterable[str]) -> Claim | None:
        """Return who has the first of these mails that anybody has; all are read at once."""
        wanted = list(dict.fromkeys(claim_id(one) for one in claimed))[:MOST_CLAIMS]
        found = {one["complaint_id"]["S"]: one for one in self._get_all(wanted, "claim")}
        first = next((found[one] for one in wanted if one in found), None)
        return read(first, Claim) if first else None

    # ---- steps and letters -----------------------------------------------------------------

    def begin_step(self, complaint: Complaint, token: str) -> None:
        """Keep the token that answers this step; the next look is then the stage's own clock.

        Runs twice without harm: a newer token replaces the older one, as the workflow means it.
        """
        self._client.put_item(
            TableName=self._table,
            Item={
                **key_of(complaint.complaint_id, "task"),
                "task_token": {"S": token},
            },
        )
        if complaint.look_again_at:
            self.look_later(complaint, None)

    def look_later(self, complaint: Complaint, look_again_at: datetime | None) -> None:
        """Change only when a complaint is looked at next; no news, so no entry and no version."""
        looked = complaint.replace(look_again_at=look_again_at)
        try:
            self._client.put_item(
                TableName=self._table,
                Item=complaint_item(looked),
                ConditionExpression="version = :loaded",
                ExpressionAttributeValues={":loaded": {"N": str(complaint.version)}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return  # an answer came in between, and has set its own look

    def task_token(self, complaint_id: str) -> str:
        """Return the token of the open task; empty if no step waits."""
        found = self._get(complaint_id, "task", consistent=True)
        return str(found.get("task_token", {"S": ""})["S"])

    def letter(self, complaint_id: str, letter_id: str) -> Letter:
        """Return one letter as it is now."""
        return read(self._get(complaint_id, f"letter#{letter_id}", consistent=True), Letter)

    def keep_letter(self, complaint_id: str, letter: Letter) -> None:
        """Keep a letter that went out, or was given up; it leaves the list of what is due."""
        self._client.put_item(
            TableName=self._table, Item=item(complaint_id, f"letter#{letter.letter_id}", letter)
        )

    def announcement(self, complaint_id: str, announcement_id: str) -> Announcement:
        """Return one announcement as it is now."""
        part = f"announcement#{announcement_id}"
        return read(self._get(complaint_id, part, consistent=True), Announcement)

    def keep_announcement(self, complaint_id: str, announcement: Announcement) -> None:
        """Keep how far an update has come; once it has reached everybody, nobody looks for it."""
        self._client.put_item(
            TableName=self._table, Item=announcement_item(complaint_id, announcement)
        )

    # ---- lists -----------------------------------------------------------------------------

    def due_before(self, instant: datetime) -> Iterator[tuple[str, str]]:
        """Yield (complaint_id, part) of what must be looked at, soonest first in each shard."""
        for shard in range(SHARDS):
            for stored in self._query(
                IndexName="by_next",
                KeyConditionExpression="sweep_shard = :shard AND next_at <= :instant",
                ExpressionAttributeValues={
                    ":shard": {"S": str(shard)},
                    ":instant": {"S": sortable(instant)},
                },
            ):
                yield stored["complaint_id"]["S"], stored["part"]["S"]

    def in_queue(
        self, queue: str, *, limit: int = LISTED, after: str = ""
    ) -> tuple[list[Complaint], str]:
        """Return a page of what waits for a queue, soonest due first, and where the next begins.

        Beside the complaints of the queue these are those in which its people have a work order
        or a seat of the joint group: their heads are read at once, one for each row at most.
        """
        asked: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": "by_queue",
            "KeyConditionExpression": "queue = :queue",
            "ExpressionAttributeValues": {":queue": {"S": queue}},
            "Limit": limit,
        }
        if after:
            asked["ExclusiveStartKey"] = msgspec.json.decode(base64.urlsafe_b64decode(after))
        page = self._client.query(**asked)
        rest = page.get("LastEvaluatedKey")
        ids = list(dict.fromkeys(stored["complaint_id"]["S"] for stored in page["Items"]))
        heads = {
            stored["complaint_id"]["S"]: read(stored, Complaint)
            for stored in page["Items"]
            if stored["part"]["S"] == "complaint"
        }
        beside = [one for one in ids if one not in heads]
        for start in range(0, len(beside), 100):
            for stored in self._get_all(beside[start : start + 100], "complaint"):
                heads[stored["complaint_id"]["S"]] = read(stored, Complaint)
        return (
            [heads[one] for one in ids if one in heads],
            base64.urlsafe_b64encode(msgspec.json.encode(rest)).decode() if rest else "",
        )

    def told(self, username: str, *, limit: int = LISTED) -> list[tuple[Complaint, Notice]]:
        """Return what was told to somebody and is not acknowledged, the newest first."""
        page = self._client.query(
            TableName=self._table,
            IndexName="by_queue",
            KeyConditionExpression="queue = :person",
            ExpressionAttributeValues={":person": {"S": f"{TOLD}{username}"}},
            ScanIndexForward=False,
            Limit=limit,
        )
        notices = [(one["complaint_id"]["S"], read(one, Notice)) for one in page["Items"]]
        wanted = list(dict.fromkeys(complaint_id for complaint_id, _ in notices))
        heads = {
            stored["complaint_id"]["S"]: read(stored, Complaint)
            for stored in (self._get_all(wanted, "complaint") if wanted else ())
        }
        return [(heads[one], notice) for one, notice in notices if one in heads]

    def received_in(self, month: str) -> Iterator[Complaint]:
        """Yield every complaint that came in in a month such as `2026-11`, in order of arrival."""
        ids = [
            stored["complaint_id"]["S"]
            for stored in self._query(
                IndexName="by_month",
                KeyConditionExpression="received_month = :month",
                ExpressionAttributeValues={":month": {"S": month}},
            )
        ]
        for start in range(0, len(ids), 100):
            yield from self.heads(ids[start : start + 100])

    def newest_in(self, month: str, *, limit: int) -> list[Complaint]:
        """Return the last complaints that came in in a month such as `2026-11`, newest first."""
        page = self._client.query(
            TableName=self._table,
            IndexName="by_month",
            KeyConditionExpression="received_month = :month",
            ExpressionAttributeValues={":month": {"S": month}},
            ScanIndexForward=False,
            Limit=limit,
        )
        ids = [stored["complaint_id"]["S"] for stored in page["Items"]]
        return [
            head
            for start in range(0, len(ids), 100)
            for head in self.heads(ids[start : start + 100])
        ]

    def of_person(self, person: str, *, besides: str = "", limit: int = LISTED) -> list[Complaint]:
        """Return the newest complaints of a person, by the keyed hash of their heads.

        Left out is the one of the number `besides`, which is known already.
        """
        page = self._client.query(
            TableName=self._table,
            IndexName="by_person",
            KeyConditionExpression="person = :person",
            ExpressionAttributeValues={":person": {"S": person}},
            ScanIndexForward=False,
            Limit=limit,
        )
        ids = (stored["complaint_id"]["S"] for stored in page["Items"])
        return self.heads([one for one in ids if one != besides])

    def merged_into(
        self, complaint_id: str, *, limit: int = LISTED, after: str = ""
    ) -> tuple[list[Complaint], str]:
        """Return a page of what is counted with a complaint, and where the next page begins.

        `after` is the number of the last complaint of the page before. In the order of numbers.
        """
        page = self._client.query(
            TableName=self._table,
            KeyConditionExpression="complaint_id = :id AND part BETWEEN :after AND :last",
            ExpressionAttributeValues={
                ":id": {"S": complaint_id},
                ":after": {"S": f"merged#{after}!" if after else "merged#"},
                ":last": {"S": "merged#~"},
            },
            ConsistentRead=True,
            Limit=limit,
        )
        links = [read(stored, Merged) for stored in page["Items"]]
        heads = self.heads([one.complaint_id for one in links if not one.parted_at])
        return heads, links[-1].complaint_id if "LastEvaluatedKey" in page else ""

    def heads(self, complaint_ids: list[str]) -> list[Complaint]:
        """Return these complaints as they are now, up to a hundred, in the order asked for."""
        stored = self._get_all(complaint_ids, "complaint")
        found = {one["complaint_id"]["S"]: read(one, Complaint) for one in stored}
        return [found[one] for one in complaint_ids if one in found]

    def persons(self, complaint_ids: list[str]) -> dict[str, Complainant]:
        """Return number -> complainant of up to a hundred complaints."""
        stored = self._get_all(complaint_ids, "person")
        return {one["complaint_id"]["S"]: read(one, Person).complainant for one in stored}

    # ---- the table's own calls -------------------------------------------------------------

    def _get(self, complaint_id: str, part: str, *, consistent: bool = False) -> Stored:
        answer = self._client.get_item(
            TableName=self._table, Key=key_of(complaint_id, part), ConsistentRead=consistent
        )
        found: Stored = answer.get("Item", {})
        return found

    def _get_all(self, complaint_ids: list[str], part: str) -> list[Stored]:
        """Return the same part of up to a hundred collections, in no order."""
        found: list[Stored] = []
        keys = [key_of(complaint_id, part) for complaint_id in complaint_ids]
        while keys:
            asked = {self._table: {"Keys": keys, "ConsistentRead": True}}
            answer = self._client.batch_get_item(RequestItems=asked)
            found += answer["Responses"].get(self._table, [])
            keys = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
        return found

    def _query(self, **asked: Any) -> Iterator[Stored]:  # noqa: ANN401 - as boto3 takes it
        pages = self._client.get_paginator("query").paginate(TableName=self._table, **asked)
        for page in pages:
            yield from page["Items"]

    def _put(self, stored: Stored, **condition: Any) -> Stored:  # noqa: ANN401 - as boto3 takes it
        return {"Put": {"TableName": self._table, "Item": stored, **condition}}


def _raise_unless(error: Any, allowed: set[str]) -> None:  # noqa: ANN401 - boto3's own class
    """Raise the error again if a transaction was cancelled for another reason than these."""
    reasons = {reason["Code"] for reason in error.response.get("CancellationReasons", [])}
    if not reasons & allowed:
        raise error
