"""The complaints table, and every read and write that is made of it; `items` has its layout.

One item collection for each complaint; nothing is ever found by a scan.

    question                                    answered by
    ------------------------------------------  ----------------------------------------------
    one complaint; its whole file               the table    complaint_id [, part]
    whose look or letter is due before t?       by_next      sweep_shard = 0..3, next_at < t
    what waits for a queue, soonest first?      by_queue     queue = "safety"
    which complaints came in in November?       by_month     received_month = "2026-11#0" to "#7"
    what else did the same person complain of?  by_person    person = "<keyed hash>"
    what is counted with a complaint?           the table    merged#<complaint_id> beside it
    who of these is still to be told?           by_queue     queue = "untold#<complaint_id>"
"""

import base64
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any, Self, TypeVar

import msgspec

from complaints.aws.items import (
    IN_DOSSIER,
    PARTS,
    SHARDS,
    TOLD,
    UNTOLD,
    Claim,
    Person,
    Stored,
    announcement_item,
    claim_id,
    complaint_item,
    filed,
    is_personal,
    item,
    key_of,
    letter_item,
    months,
    part_item,
    part_items,
    part_name,
    queue_items,
    read,
    read_all,
    read_head,
    track,
)
from complaints.aws.keys import KeyDestroyedError, NoKeyError, keys
from complaints.aws.runtime import random_id
from complaints.aws.table import Table
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
from complaints.parts import Announcement, Hold, Merged, Notice

R = TypeVar("R", bound=Record)
LISTED = 25
ARRIVALS = 100
"""Keys of one page of a month, and heads that are read at once for them."""


class UnknownComplaintError(ComplaintError):
    """There is no complaint of this number."""

    text_id = "error.unknown_complaint"


class StaleComplaintError(ComplaintError):
    """Somebody else saved this complaint since it was loaded; nothing was written."""

    text_id = "error.stale"


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
    """The complaints as a collection: get one, save one, ask which are due; `Registry` adds one."""

    def __init__(self, table: str) -> None:
        self._table = Table(table)

    @classmethod
    def from_env(cls) -> Self:
        """Return the repository of the deployed table."""
        return cls(Table.from_env().name)

    # ---- one complaint ---------------------------------------------------------------------

    def get(self, complaint_id: str) -> Complaint:
        """Return the complaint as it is now; raises UnknownComplaintError."""
        found = self._table.get(complaint_id, "complaint")
        if not found:
            raise UnknownComplaintError(f"there is no complaint {complaint_id}")
        return read_head(found)

    def dossier(self, complaint_id: str) -> Dossier:
        """Return the whole file of a complaint, in one query; raises UnknownComplaintError.

        Of one whose data key was destroyed everything personal is empty, and it says so. Raises
        DecryptionError where a personal part is not what was written there.
        """
        parts: dict[str, list[Stored]] = {}
        for stored in self.rows(complaint_id):
            parts.setdefault(stored["part"]["S"].partition("#")[0], []).append(stored)
        if "complaint" not in parts or "person" not in parts:
            raise UnknownComplaintError(f"there is no complaint {complaint_id}")
        head = read_head(parts["complaint"][0])
        try:
            # The head says it at once; a key that was destroyed is remembered for minutes.
            is_erased = head.erasure is not None and head.erasure.done_at is not None
            key = b"" if is_erased else self._key(complaint_id)
        except KeyDestroyedError:
            key, is_erased = b"", True
        if is_erased:
            parts = {kind: rows for kind, rows in parts.items() if not is_personal(kind)}

        def of(kind: str, record: type[R]) -> tuple[R, ...]:
            return read_all(parts.get(kind, []), record, key)

        [person] = of("person", Person) or [Person(complainant=Complainant(), key=b"")]
        handling: dict[str, Any] = {
            IN_DOSSIER[kind]: of(kind, record) for kind, (record, _) in PARTS.items()
        }
        handling["merged"] = tuple(one for one in handling["merged"] if not one.parted_at)
        return Dossier(
            complaint=head,
            complainant=person.complainant,
            key=person.key,
            is_erased=is_erased,
            contacts=tuple(sorted(of("contact", Contact), key=lambda one: one.received_at)),
            findings=of("finding", Finding),
            decisions=of("decision", Decision),
            letters=of("letter", Letter),
            entries=of("track", TrackingEntry),
            **handling,
        )

    def rows(self, complaint_id: str) -> Iterator[Stored]:
        """Yield all that lies under the number of a complaint, as it lies there."""
        return self._table.query(
            KeyConditionExpression="complaint_id = :id",
            ExpressionAttributeValues={":id": {"S": complaint_id}},
            ConsistentRead=True,
        )

    def _key(self, complaint_id: str) -> bytes:
        """Return the data key; empty where there never was one. Raises KeyDestroyedError."""
        try:
            return keys().of(complaint_id)
        except NoKeyError:
            return b""

    def contacts(self, complaint_id: str) -> tuple[Contact, ...]:
        """Return what was said about a complaint, the first contact first; nothing once erased."""
        stored = self._table.query(
            KeyConditionExpression="complaint_id = :id AND begins_with(part, :contact)",
            ExpressionAttributeValues={
                ":id": {"S": complaint_id},
                ":contact": {"S": "contact#"},
            },
        )
        try:
            contacts = read_all(list(stored), Contact, self._key(complaint_id))
        except KeyDestroyedError:
            return ()
        return tuple(sorted(contacts, key=lambda contact: contact.received_at))

    def history(self, complaint_id: str) -> tuple[TrackingEntry, ...]:
        """Return the history of a complaint, which holds nothing personal; empty for none."""
        stored = self._table.query(
            KeyConditionExpression="complaint_id = :id AND begins_with(part, :track)",
            ExpressionAttributeValues={":id": {"S": complaint_id}, ":track": {"S": "track#"}},
        )
        return read_all(list(stored), TrackingEntry)

    def contact(self, complaint_id: str, contact_id: str) -> Contact:
        """Return one contact of a complaint; raises KeyDestroyedError."""
        return self._part(complaint_id, f"contact#{contact_id}", Contact)

    def _part(self, complaint_id: str, part: str, record: type[R]) -> R:
        """Return one part of a complaint as it is now; raises KeyDestroyedError."""
        return read(self._table.get(complaint_id, part), record, self._key(complaint_id))

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
                self._table.put(
                    item(claim_id(claimed[0]), "claim", claim),
                    ConditionExpression="attribute_not_exists(part)",
                )
            )
        if not self._table.write(writes):
            # Two who do the same in the same second write the same entry: only the mark tells.
            complaint_id, entry = changes[0].complaint.complaint_id, changes[0].entries[0]
            kept = self._table.get(complaint_id, track(entry))
            if kept.get("saved_by") != mark["saved_by"]:
                raise StaleComplaintError(f"{complaint_id} was changed by somebody else")

    def _writes(self, change: Change, mark: Stored) -> list[Stored]:
        """Return the writes of one change; the head only upon the version it was made from."""
        complaint = change.complaint
        encrypts = any(is_personal(part_name(complaint, part)) for part in change.parts)
        key = self._key(complaint.complaint_id) if encrypts else b""
        return [
            self._table.put(
                complaint_item(complaint),
                ConditionExpression="version = :before",
                ExpressionAttributeValues={":before": {"N": str(change.version_before)}},
            ),
            *(
                self._table.put(
                    filed(complaint.complaint_id, track(entry), entry) | mark,
                    ConditionExpression="attribute_not_exists(part)",
                )
                for entry in change.entries
            ),
            *(
                self._table.put(stored)
                for part in change.parts
                for stored in part_items(complaint, part, key)
            ),
            *(self._table.put(copied) for copied in queue_items(complaint)),
        ]

    # ---- steps and letters -----------------------------------------------------------------

    def begin_step(self, complaint: Complaint, token: str) -> None:
        """Keep the token that answers this step; the next look is then the stage's own clock.

        Runs twice without harm: a newer token replaces the older one, as the workflow means it.
        """
        self._table.client.put_item(
            TableName=self._table.name,
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
            self._table.client.put_item(
                TableName=self._table.name,
                Item=complaint_item(looked),
                ConditionExpression="version = :loaded",
                ExpressionAttributeValues={":loaded": {"N": str(complaint.version)}},
            )
        except self._table.client.exceptions.ConditionalCheckFailedException:
            return  # an answer came in between, and has set its own look

    def task_token(self, complaint_id: str) -> str:
        """Return the token of the open task; empty if no step waits."""
        found = self._table.get(complaint_id, "task")
        return str(found.get("task_token", {"S": ""})["S"])

    def letter(self, complaint_id: str, letter_id: str) -> Letter:
        """Return one letter as it is now; raises KeyDestroyedError."""
        return self._part(complaint_id, f"letter#{letter_id}", Letter)

    def keep_letter(self, complaint_id: str, letter: Letter) -> None:
        """Keep a letter that went out, or was given up; it leaves the list of what is due."""
        part, key = f"letter#{letter.letter_id}", self._key(complaint_id)
        self._table.client.put_item(
            TableName=self._table.name, Item=filed(complaint_id, part, letter, key)
        )

    def put_off_letter(self, complaint_id: str, letter: Letter) -> None:
        """Keep when a letter is tried again; nothing if somebody else has sent it meanwhile."""
        with suppress(self._table.client.exceptions.ConditionalCheckFailedException):
            self._table.client.put_item(
                TableName=self._table.name,
                Item=letter_item(complaint_id, letter, self._key(complaint_id)),
                ConditionExpression="attribute_exists(next_at)",
            )

    def announcement(self, complaint_id: str, announcement_id: str) -> Announcement:
        """Return one announcement as it is now."""
        return self._part(complaint_id, f"announcement#{announcement_id}", Announcement)

    def keep_announcement(self, complaint_id: str, announcement: Announcement) -> None:
        """Keep how far an update has come; once it has reached everybody, nobody looks for it."""
        self._table.client.put_item(
            TableName=self._table.name,
            Item=announcement_item(complaint_id, announcement, self._key(complaint_id)),
        )

    def keep_hold(self, complaint: Complaint, before: Hold, after: Hold) -> None:
        """Keep that the archive has a hold, or is rid of it; not where it was lifted meanwhile."""
        key = self._key(complaint.complaint_id)
        stored = part_item(complaint, before, key)
        with suppress(self._table.client.exceptions.ConditionalCheckFailedException):
            self._table.client.put_item(
                TableName=self._table.name,
                Item=part_item(complaint, after, key),
                ConditionExpression="next_at = :seen",
                ExpressionAttributeValues={":seen": stored["next_at"]},
            )

    # ---- lists -----------------------------------------------------------------------------

    def due_before(self, instant: datetime) -> Iterator[tuple[str, str]]:
        """Yield (complaint_id, part) of what must be looked at, soonest first in each shard."""
        for shard in range(SHARDS):
            for stored in self._table.query(
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
            "IndexName": "by_queue",
            "KeyConditionExpression": "queue = :queue",
            "ExpressionAttributeValues": {":queue": {"S": queue}},
            "Limit": limit,
        }
        if after:
            asked["ExclusiveStartKey"] = msgspec.json.decode(base64.urlsafe_b64decode(after))
        page = self._table.page(**asked)
        rest = page.get("LastEvaluatedKey")
        ids = list(dict.fromkeys(stored["complaint_id"]["S"] for stored in page["Items"]))
        heads = {
            stored["complaint_id"]["S"]: read_head(stored)
            for stored in page["Items"]
            if stored["part"]["S"] == "complaint"
        }
        heads |= self._heads([one for one in ids if one not in heads])
        return (
            [heads[one] for one in ids if one in heads],
            base64.urlsafe_b64encode(msgspec.json.encode(rest)).decode() if rest else "",
        )

    def told(self, username: str, *, limit: int = LISTED) -> list[tuple[Complaint, Notice]]:
        """Return what was told to somebody and is not acknowledged, the newest first."""
        page = self._table.page(
            IndexName="by_queue",
            KeyConditionExpression="queue = :person",
            ExpressionAttributeValues={":person": {"S": f"{TOLD}{username}"}},
            ScanIndexForward=False,
            Limit=limit,
        )
        notices = [(one["complaint_id"]["S"], read(one, Notice)) for one in page["Items"]]
        heads = self._heads([complaint_id for complaint_id, _ in notices])
        return [(heads[one], notice) for one, notice in notices if one in heads]

    def received_in(self, month: str, *, newest_first: bool = False) -> Iterator[Complaint]:
        """Yield every complaint that came in in a month such as `2026-11`, in order of arrival.

        Read as far as it is asked for, a page of each partition of the month at a time.
        """
        # Before 0.2 a month was one partition.
        arrivals = merge(
            *(self._arrivals(one, newest_first=newest_first) for one in (month, *months(month))),
            key=lambda stored: (stored["received_at"]["S"], stored["complaint_id"]["S"]),
            reverse=newest_first,
        )
        ids = (stored["complaint_id"]["S"] for stored in arrivals)
        while page := list(islice(ids, ARRIVALS)):
            yield from self.heads(page)

    def _arrivals(self, partition: str, *, newest_first: bool) -> Iterator[Stored]:
        """Yield the keys of a partition of a month, by arrival."""
        return self._table.query(
            IndexName="by_month",
            KeyConditionExpression="received_month = :month",
            ExpressionAttributeValues={":month": {"S": partition}},
            ScanIndexForward=not newest_first,
            PaginationConfig={"PageSize": ARRIVALS},
        )

    def of_person(self, person: str, *, besides: str = "", limit: int = LISTED) -> list[Complaint]:
        """Return the newest complaints of a person, by the keyed hash of their heads.

        Left out is the one of the number `besides`, which is known already.
        """
        page = self._table.page(
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
        page = self._table.page(
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

    def untold(self, complaint_id: str, *, limit: int = LISTED) -> list[Complaint]:
        """Return the complaints counted with this one whose complainants are still to be told.

        Who has waited longest comes first.
        """
        return self.in_queue(f"{UNTOLD}{complaint_id}", limit=limit)[0]

    def heads(self, complaint_ids: list[str]) -> list[Complaint]:
        """Return these complaints as they are now, in the order asked for."""
        found = self._heads(complaint_ids)
        return [found[one] for one in complaint_ids if one in found]

    def _heads(self, complaint_ids: list[str]) -> dict[str, Complaint]:
        """Return number -> complaint."""
        stored = self._table.get_all(complaint_ids, "complaint")
        return {one["complaint_id"]["S"]: read_head(one) for one in stored}

    def persons(self, complaint_ids: list[str]) -> dict[str, Complainant]:
        """Return number -> complainant; of an erased complaint one who says nothing."""
        stored = list(self._table.get_all(complaint_ids, "person"))
        known = keys().of_many([one["complaint_id"]["S"] for one in stored])
        return {one["complaint_id"]["S"]: self._complainant(one, known) for one in stored}

    def _complainant(self, stored: Stored, known: Mapping[str, bytes]) -> Complainant:
        complaint_id = stored["complaint_id"]["S"]
        key = known.get(complaint_id, b"")
        if not key and "cipher" in stored:
            try:
                key = self._key(complaint_id)
            except KeyDestroyedError:
                return Complainant()
        return read(stored, Person, key).complainant
