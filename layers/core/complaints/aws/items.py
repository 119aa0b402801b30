"""What lies in the complaints table: each record in `document`, beside it only keys.

The records of a complaint's file are packed (`packing`), all others are plain JSON. A part that may
hold something personal, which is every part but those in PLAIN, lies in `cipher` instead: encrypted
under the complaint's data key (`keys`), for its own place and no other. What was registered before
there were keys has none, and lies in `document`.

    what              complaint_id          part              index attributes
    ----------------  --------------------  ----------------  --------------------------------
    the complaint     TS-2026-000123-7      complaint         sweep_shard, next_at
                                                              queue, due_at
                                                              received_month, received_at
                                                              person, received_at
                                                              changed_day
    its complainant   TS-2026-000123-7      person            none
    each contact      TS-2026-000123-7      contact#<id>      none
    each finding      TS-2026-000123-7      finding#<nnnnnn>  none
    each decision     TS-2026-000123-7      decision#<nnnnnn> none
    each letter       TS-2026-000123-7      letter#<id>       sweep_shard, next_at until sent
    its history       TS-2026-000123-7      track#<nnnnnn>    none
    each work order   TS-2026-000123-7      order#<id>        queue, due_at while it is open
    each group seat   TS-2026-000123-7      seat#<user name>  queue, due_at while investigated
    each announcement TS-2026-000123-7      announcement#<id> sweep_shard, next_at while an update
                                                              has not reached everybody
    each legal hold   TS-2026-000123-7      hold#<id>         queue, due_at while it stands
                                                              sweep_shard, next_at until applied
    a person's wish   TS-2026-000123-7      request#<id>      queue, due_at while it is open
    each payout       TS-2026-000123-7      payout#<id>       sweep_shard, next_at while it has not
                                                              reached everybody
    handling parts    TS-2026-000123-7      <kind>#<id>       none (PARTS has the kinds)
    what was told     TS-2026-000123-7      told#<id>#<user>  queue, due_at until acknowledged
    in other queues   TS-2026-000123-7      queue#<n>         queue, due_at (holds nothing else)
    the open task     TS-2026-000123-7      task              none (holds the task token)
    the secret        secret#person         secret            none (persons.py)
    what was claimed  claim#<sha256>        claim             none (registration.py)
    running number    counter#<year>        counter           none (numbers.py)
    block of numbers  lease#<year>          <first>           sweep_shard, next_at while any is left
    staff             staff                 <user name>       none (directory.py)
    policies          policy                current, ...      none (policies.py)
    its changes       staff#change          <instant>#<id>    none (directory.py)
    words of letters  wording               <letter>#<lang>   none (wordings.py)
    their changes     wording#<letter>#...  <nnnnnn>          none (wordings.py)
    templates         template              <kind>            none (templates.py)
    their changes     template#<kind>       <nnnnnn>          none (templates.py)
    the last sweep    sweep                 end               none (sweeps.py)
    a mailbox         mailbox               <digest>          none (mailbox.py)
    quarantine        quarantine#<month>    <instant>#<key>   queue, due_at while it awaits somebody
    each raw mail     mail#<day>            <instant>#<key>   none (mail_ledger.py)
    those of a number raw#TS-2026-000123-7  <key>             none (mail_ledger.py)
    the look for mail sweep                 mail              none (orphans.py)
    a scan of a file  scan#<sha256>         verdict           none (verdicts.py)
    looks at it       access#<complaint_id> <nnnnnn>          changed_day (accesses.py)

by_next and by_queue are sparse: what nobody waits for is in neither. An emergency that awaits its
first response stands before all others of its queue. The sweep is sharded because every open
complaint moves in by_next at each stage, and a month because all that come in enter it; queues are
the departments. A merged complaint is in none, but in `untold#<complaint_id>` of its main one while
its complainant is to be told by phone.
"""

import hashlib
from datetime import date, datetime
from typing import Any, TypeVar

import msgspec

from complaints.aws.packing import pack, unpack
from complaints.aws.runtime import random_nonce
from complaints.encryption import DecryptionError, decrypt, encrypt
from complaints.models import (
    DISPOSAL,
    DISPOSED,
    Complainant,
    Complaint,
    Contact,
    Decision,
    Finding,
    Letter,
    Record,
    Status,
    TrackingEntry,
    sortable,
)
from complaints.parts import (
    Announcement,
    Correction,
    Dispute,
    EmergencyStep,
    Hold,
    InvestigationRecord,
    IssuedDocument,
    Merged,
    Notice,
    OutsideCase,
    Payment,
    Payout,
    PersonRequest,
    Proof,
    Proxy,
    Seat,
    WorkOrder,
)
from complaints.rounds import LOOK_AGAIN

SHARDS = 4
MONTH_SHARDS = 8
"""Partitions of a month; each takes 1,000 new complaints a second."""
DAY_SHARDS = 8
"""Partitions of what changed on a day."""
TOLD = "person#"
"""How the queue begins in which the notices of one person lie."""
UNTOLD = "untold#"
"""How the queue begins in which those lie whom nobody has told what the main complaint says."""
LEASE = "lease#"
ON_HOLD = "hold#"
"""The queue of the legal holds that stand."""
REQUESTS = "request#"
"""The queue of what persons ask about their data and nobody has answered."""
PARTS: dict[str, tuple[type[Record], str]] = {
    "record": (InvestigationRecord, "record_id"),
    "order": (WorkOrder, "order_id"),
    "notice": (Notice, "notice_id"),
    "proof": (Proof, "gate"),
    "payment": (Payment, "payment_id"),
    "payout": (Payout, "payout_id"),
    "proxy": (Proxy, "proxy_id"),
    "outside": (OutsideCase, "case_id"),
    "dispute": (Dispute, "dispute_id"),
    "seat": (Seat, "username"),
    "emergency_step": (EmergencyStep, "step_id"),
    "announcement": (Announcement, "announcement_id"),
    "merged": (Merged, "complaint_id"),
    "correction": (Correction, "correction_id"),
    "issued": (IssuedDocument, "document_id"),
    "hold": (Hold, "hold_id"),
    "request": (PersonRequest, "request_id"),
}
"""What may lie beside a complaint while it is handled: kind -> record, and the field of its id."""
IN_DOSSIER = {kind: f"{kind}s" for kind in PARTS} | {
    "proxy": "proxies",
    "outside": "outside",
    "merged": "merged",
    "issued": "issued",
}
"""Kind -> field of the Dossier."""
PLAIN = frozenset({"complaint", "track", "task", "queue", "told", "seat", "merged"})
"""Kinds of parts that lists, limits and the history need in plain: they hold codes and user names,
but for what the head is found by (`subject`, `tracking_code`, `person`)."""
R = TypeVar("R", bound=msgspec.Struct)
Key = dict[str, dict[str, str]]
Stored = dict[str, Any]


class Person(Record, frozen=True):
    """The complainant and the complaint's key: erasing this part erases the person."""

    complainant: Complainant
    key: bytes


class Claim(Record, frozen=True):
    """Who has a mail or a form: the complaint, the digest of the content, the claimant's token.

    Of a mail that others refer to and that has not come yet the digest is empty.
    """

    complaint_id: str
    digest: str
    token: str


def key_of(complaint_id: str, part: str) -> Key:
    """Return the key of a part of a complaint."""
    return {"complaint_id": {"S": complaint_id}, "part": {"S": part}}


def item(complaint_id: str, part: str, kept: msgspec.Struct) -> Stored:
    """Return a record that is of no complaint's file, readable as it lies there."""
    return {
        **key_of(complaint_id, part),
        "document": {"S": msgspec.json.encode(kept).decode()},
    }


def filed(complaint_id: str, part: str, kept: msgspec.Struct, key: bytes = b"") -> Stored:
    """Return a record of a complaint's file, encrypted under its data key if it is personal.

    Without a key it is in plain: that is for PLAIN parts, and for complaints that have no key.
    """
    stored: Stored = dict(key_of(complaint_id, part))
    if key and is_personal(part):
        cipher = encrypt(pack(kept), key, place_of(stored), random_nonce())
        return stored | {"cipher": {"B": cipher}}
    return stored | {"document": {"B": pack(kept)}}


def is_personal(part: str) -> bool:
    """Return whether a part of a complaint may hold something personal, and goes with its key."""
    return part.partition("#")[0] not in PLAIN


def place_of(stored: Stored) -> str:
    """Return where a part lies, `<complaint_id>/<part>`: what its cipher is authenticated with."""
    return f"{stored['complaint_id']['S']}/{stored['part']['S']}"


def complaint_item(complaint: Complaint) -> Stored:
    """Return the head with the attributes of its indexes; absent ones take it off an index.

    What no list shows and every save changes lies beside the document: by_queue, which holds the
    document, is then written only where there is something new to show.
    """
    listed = msgspec.structs.replace(
        complaint, version=0, digest="", look_again_at=None, changed_on=None
    )
    stored = filed(complaint.complaint_id, "complaint", listed)
    stored["version"] = {"N": str(complaint.version)}
    stored["digest"] = {"S": complaint.digest}
    if complaint.look_again_at:
        stored["look_again_at"] = {"S": sortable(complaint.look_again_at)}
    if complaint.changed_on:
        stored |= changed(complaint.changed_on, complaint.complaint_id)
    month = f"{sortable(complaint.received_at):.7}"
    stored["received_month"] = {"S": months(month)[shard(complaint.complaint_id, MONTH_SHARDS)]}
    stored["received_at"] = {"S": sortable(complaint.received_at)}
    if complaint.person:
        stored["person"] = {"S": complaint.person}
    if complaint.next_at:
        stored |= due(complaint.complaint_id, complaint.next_at)
    place = place_in_queue(complaint)
    if complaint.queue and place:
        stored["queue"] = {"S": complaint.queue}
        stored["due_at"] = {"S": place}
    if complaint.untold_at:
        stored["queue"] = {"S": f"{UNTOLD}{complaint.merged_into}"}
        stored["due_at"] = {"S": sortable(complaint.untold_at)}
    return stored


def place_in_queue(complaint: Complaint) -> str:
    """Return what a queue is sorted by: the limit that comes first, of the stage or beside it.

    An unanswered emergency goes before all others.
    """
    for clock in complaint.clocks:
        if clock.what == "emergency":
            return f"!{sortable(clock.due_at)}"
    if complaint.queue.startswith((DISPOSAL, DISPOSED)):
        done = complaint.erasure.done_at if complaint.erasure else None
        listed = done or complaint.dispose_at
        return sortable(listed) if listed else ""
    first = complaint.pressing
    return sortable(complaint.pressing_at(first)) if first else ""


def part_item(complaint: Complaint, part: Record, key: bytes = b"") -> Stored:
    """Return a part of a complaint, with the attributes of the indexes that it is in."""
    match part:
        case Letter():
            return letter_item(complaint.complaint_id, part, key)
        case Announcement():
            return announcement_item(complaint.complaint_id, part, key)
    stored = filed(complaint.complaint_id, part_name(complaint, part), part, key)
    return stored | looked_for(complaint, part)


def looked_for(complaint: Complaint, part: Record) -> Stored:
    """Return what puts a part into a queue, or has it looked for by the sweep."""
    listed: Stored = {}
    match part:
        case Payout() if part.is_under_way:
            listed = due(complaint.complaint_id, (part.approved_at or part.offered_at) + LOOK_AGAIN)
        case WorkOrder():
            listed = ordered(complaint, part)
        case Seat():
            listed = seated(complaint, part)
        case Hold():
            listed = on_hold(complaint, part)
        case PersonRequest() if not part.answered_at or part.outcome == "kept":
            listed = {"queue": {"S": REQUESTS}, "due_at": {"S": sortable(part.asked_at)}}
    return listed


def part_name(complaint: Complaint, part: Record) -> str:
    """Return the sort key of a part of a complaint.

    Findings, decisions and proofs are numbered by the save they are of: none replaces another.
    """
    number = f"{complaint.version:06}"
    match part:
        case Contact():
            return f"contact#{part.contact_id}"
        case Letter():
            return f"letter#{part.letter_id}"
        case Person():
            return "person"
        case Finding() | Decision() | Proof():
            return f"{type(part).__name__.lower()}#{number}"
    for kind, (record, field) in PARTS.items():
        if isinstance(part, record):
            return f"{kind}#{getattr(part, field)}"
    raise TypeError(f"a {type(part).__name__} is no part of a complaint")


def part_items(complaint: Complaint, part: Record, key: bytes = b"") -> list[Stored]:
    """Return all that is stored of a part: a notice also lies with each person who was told."""
    own = part_item(complaint, part, key)
    return [own, *told_items(complaint, part)] if isinstance(part, Notice) else [own]


def told_items(complaint: Complaint, notice: Notice) -> list[Stored]:
    """Return a notice once for each person; in the person's queue until it is acknowledged.

    These lie in plain, as lists do: what somebody wrote is in the notice alone.
    """
    people = dict.fromkeys((*notice.people, *((notice.passed_to,) if notice.passed_to else ())))
    found = []
    for username in people:
        part = f"told#{notice.notice_id}#{username}"
        stored = filed(complaint.complaint_id, part, notice.replace(reason=""))
        if username in notice.awaits:
            stored["queue"] = {"S": f"{TOLD}{username}"}
            stored["due_at"] = {"S": sortable(notice.told_at)}
        found.append(stored)
    return found


def ordered(complaint: Complaint, order: WorkOrder) -> Stored:
    """Return what puts a work order into the queue of its department, while it is open (C2)."""
    if order.order_id not in complaint.ordered:
        return {}
    ends = (one.due_at for one in complaint.clocks if one.what == f"order:{order.order_id}")
    due_at = next(ends, order.complete_at or order.issued_at)
    return {"queue": {"S": order.department}, "due_at": {"S": sortable(due_at)}}


def on_hold(complaint: Complaint, hold: Hold) -> Stored:
    """Return what puts a hold into its list while it stands, and has it looked for until applied.

    The bags in the archive are told right after the save; what was not told is found and told.
    """
    listed: Stored = {}
    if hold.stands:
        listed |= {"queue": {"S": ON_HOLD}, "due_at": {"S": sortable(hold.at)}}
    if not hold.applied_at:
        listed |= due(complaint.complaint_id, (hold.lifted_at or hold.at) + LOOK_AGAIN)
    return listed


def seated(complaint: Complaint, seat: Seat) -> Stored:
    """Return what puts a seat of the joint group into a queue, during the investigation (C1)."""
    sits = seat.username in complaint.members and complaint.status is Status.ASSESSED
    if not sits or not complaint.clock:
        return {}
    return {"queue": {"S": seat.queue}, "due_at": {"S": sortable(complaint.clock.due_at)}}


def letter_item(complaint_id: str, letter: Letter, key: bytes = b"") -> Stored:
    """Return a letter; it is looked for until it is sent or given up.

    Sent at once by whoever queued it; what is not sent by then is found and sent.
    """
    stored = filed(complaint_id, f"letter#{letter.letter_id}", letter, key)
    if letter.sent_at or letter.given_up_at:
        return stored
    return stored | due(complaint_id, letter.next_at or letter.queued_at + LOOK_AGAIN)


def announcement_item(complaint_id: str, part: Announcement, key: bytes = b"") -> Stored:
    """Return an announcement; an update is looked for until it has reached everybody."""
    stored = filed(complaint_id, f"announcement#{part.announcement_id}", part, key)
    return stored | due(complaint_id, part.at + LOOK_AGAIN) if part.is_under_way else stored


def queue_items(complaint: Complaint) -> list[Stored]:
    """Return what lies in the queues beside the complaint's own, numbered by its slot in `also`.

    A list reads the head that each points to. A slot that was left becomes an item without a
    queue, which no list has.
    """
    items: list[Stored] = []
    for slot, queue in enumerate(complaint.also, start=1):
        stored: Stored = dict(key_of(complaint.complaint_id, f"queue#{slot}"))
        if queue:
            due_at = complaint.clock.due_at if complaint.clock else complaint.received_at
            stored |= {"queue": {"S": queue}, "due_at": {"S": sortable(due_at)}}
        items.append(stored)
    return items


def due(complaint_id: str, instant: datetime) -> Stored:
    """Return the attributes that put something into by_next."""
    sweep = shard(complaint_id, SHARDS)
    return {"sweep_shard": {"S": str(sweep)}, "next_at": {"S": sortable(instant)}}


def changed(day: date, complaint_id: str) -> Stored:
    """Return the attribute that puts something into by_day, for the seal of that day (UTC)."""
    return {"changed_day": {"S": days(day)[shard(complaint_id, DAY_SHARDS)]}}


def days(day: date) -> list[str]:
    """Return the partitions of a day, as `2026-11-22#0`."""
    return [f"{day}#{one}" for one in range(DAY_SHARDS)]


def months(month: str) -> list[str]:
    """Return the partitions of a month, as `2026-11#0`."""
    return [f"{month}#{one}" for one in range(MONTH_SHARDS)]


def shard(complaint_id: str, of: int) -> int:
    """Return in which of so many partitions a complaint lies: the same at each save."""
    return hashlib.sha256(complaint_id.encode()).digest()[0] % of


def track(entry: TrackingEntry) -> str:
    """Return the part under which an entry of the history lies."""
    return track_of(entry.number)


def track_of(number: int) -> str:
    """Return the part under which the entry of this number lies."""
    return f"track#{number:06}"


def claim_id(claimed: str) -> str:
    """Return the key under which a mail or a form is claimed."""
    return f"claim#{hashlib.sha256(claimed.encode()).hexdigest()}"


def read(stored: Stored, kind: type[R], key: bytes = b"") -> R:
    """Return the record that an item holds; `key` is the complaint's data key, empty for none.

    Raises DecryptionError for a personal part that is not what was encrypted there, and for one in
    plain where the complaint has a key: somebody else has written it.
    """
    if "cipher" in stored:
        plain = unpack(decrypt(stored["cipher"]["B"], key, place_of(stored)))
        return msgspec.json.decode(plain, type=kind)
    if key and is_personal(stored["part"]["S"]):
        raise DecryptionError(place_of(stored))
    document = stored["document"]
    return msgspec.json.decode(
        unpack(document["B"]) if "B" in document else document["S"], type=kind
    )


def read_head(stored: Stored) -> Complaint:
    """Return the complaint; out of by_queue without what lies beside the document."""
    head = read(stored, Complaint)
    if "version" not in stored:
        return head
    look, day = stored.get("look_again_at"), stored.get("changed_day")
    return msgspec.structs.replace(
        head,
        version=int(stored["version"]["N"]),
        digest=stored["digest"]["S"],
        look_again_at=datetime.fromisoformat(look["S"]) if look else None,
        changed_on=date.fromisoformat(day["S"].partition("#")[0]) if day else None,
    )


def read_all(stored: list[Stored], kind: type[R], key: bytes = b"") -> tuple[R, ...]:
    """Return the records that these items hold; `key` as for `read`."""
    return tuple(read(one, kind, key) for one in stored)
