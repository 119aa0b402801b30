"""What lies in the complaints table: each record as JSON in `document`, beside it only keys.

    what              complaint_id          part              index attributes
    ----------------  --------------------  ----------------  --------------------------------
    the complaint     TS-2026-000123-7      complaint         sweep_shard, next_at
                                                              queue, due_at
                                                              received_month, received_at
    its complainant   TS-2026-000123-7      person            none
    each contact      TS-2026-000123-7      contact#<id>      none
    each finding      TS-2026-000123-7      finding#<nnnnnn>  none
    each decision     TS-2026-000123-7      decision#<nnnnnn> none
    each letter       TS-2026-000123-7      letter#<id>       sweep_shard, next_at until sent
    its history       TS-2026-000123-7      track#<nnnnnn>    none
    handling parts    TS-2026-000123-7      <kind>#<id>       none (PARTS has the kinds)
    the open task     TS-2026-000123-7      task              none (holds the task token)
    what was claimed  claim#<sha256>        claim             none
    running number    counter#<year>        counter           none
    staff             staff                 <user name>       none (directory.py)
    quarantine        quarantine#<month>    <instant>#<key>   none (quarantine.py)

by_next and by_queue are sparse: what nobody waits for is in neither. The sweep is sharded because
every open complaint moves in by_next at each stage; queues are the departments.
"""

import hashlib
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from complaints.models import (
    Complainant,
    Complaint,
    Contact,
    Decision,
    Finding,
    Letter,
    Record,
    TrackingEntry,
    sortable,
)
from complaints.parts import (
    Dispute,
    InvestigationRecord,
    Notice,
    OutsideCase,
    Payment,
    Proof,
    Proxy,
    WorkOrder,
)
from complaints.rounds import LOOK_AGAIN

SHARDS = 4
PARTS: dict[str, tuple[type[Record], str]] = {
    "record": (InvestigationRecord, "record_id"),
    "order": (WorkOrder, "order_id"),
    "notice": (Notice, "notice_id"),
    "proof": (Proof, "gate"),
    "payment": (Payment, "payment_id"),
    "proxy": (Proxy, "proxy_id"),
    "outside": (OutsideCase, "case_id"),
    "dispute": (Dispute, "dispute_id"),
}
"""What may lie beside a complaint while it is handled: kind -> record, and the field of its id."""
IN_DOSSIER = {kind: kind if kind == "outside" else f"{kind}s" for kind in PARTS} | {
    "proxy": "proxies"
}
"""Kind -> field of the Dossier."""
R = TypeVar("R", bound=msgspec.Struct)
Key = dict[str, dict[str, str]]
Stored = dict[str, Any]


class Person(Record, frozen=True):
    """The complainant and the complaint's key: erasing this part erases the person."""

    complainant: Complainant
    key: bytes


class Claim(Record, frozen=True):
    """Who has a mail or a form: the complaint, the digest of the content, the claimant's token."""

    complaint_id: str
    digest: str
    token: str


def key_of(complaint_id: str, part: str) -> Key:
    """Return the key of a part of a complaint."""
    return {"complaint_id": {"S": complaint_id}, "part": {"S": part}}


def item(complaint_id: str, part: str, kept: msgspec.Struct) -> Stored:
    """Return a record as the table holds it."""
    return {
        **key_of(complaint_id, part),
        "document": {"S": msgspec.json.encode(kept).decode()},
    }


def complaint_item(complaint: Complaint) -> Stored:
    """Return the head with the attributes of its indexes; absent ones take it off an index."""
    stored = item(complaint.complaint_id, "complaint", complaint)
    stored["version"] = {"N": str(complaint.version)}
    stored["received_month"] = {"S": f"{sortable(complaint.received_at):.7}"}
    stored["received_at"] = {"S": sortable(complaint.received_at)}
    if complaint.next_at:
        stored |= due(complaint.complaint_id, complaint.next_at)
    if complaint.queue and complaint.clock:
        stored["queue"] = {"S": complaint.queue}
        stored["due_at"] = {"S": sortable(complaint.clock.due_at)}
    return stored


def part_item(complaint: Complaint, part: Record) -> Stored:
    """Return a part of a complaint; findings and decisions are numbered by the save they are of."""
    number = f"{complaint.version:06}"
    match part:
        case Contact():
            return item(complaint.complaint_id, f"contact#{part.contact_id}", part)
        case Finding():
            return item(complaint.complaint_id, f"finding#{number}", part)
        case Decision():
            return item(complaint.complaint_id, f"decision#{number}", part)
        case Letter():
            stored = item(complaint.complaint_id, f"letter#{part.letter_id}", part)
            # Sent at once by whoever queued it; what is not sent by then is found and sent.
            awaited = due(complaint.complaint_id, part.queued_at + LOOK_AGAIN)
            return stored if part.sent_at else stored | awaited
    for kind, (record, field) in PARTS.items():
        if isinstance(part, record):
            return item(complaint.complaint_id, f"{kind}#{getattr(part, field)}", part)
    raise TypeError(f"a {type(part).__name__} is no part of a complaint")


def due(complaint_id: str, instant: datetime) -> Stored:
    """Return the attributes that put something into by_next."""
    shard = hashlib.sha256(complaint_id.encode()).digest()[0] % SHARDS
    return {"sweep_shard": {"S": str(shard)}, "next_at": {"S": sortable(instant)}}


def track(entry: TrackingEntry) -> str:
    """Return the part under which an entry of the history lies."""
    return f"track#{entry.number:06}"


def claim_id(claimed: str) -> str:
    """Return the key under which a mail or a form is claimed."""
    return f"claim#{hashlib.sha256(claimed.encode()).hexdigest()}"


def read(stored: Stored, kind: type[R]) -> R:
    """Return the record that an item holds."""
    return msgspec.json.decode(stored["document"]["S"], type=kind)


def read_all(stored: list[Stored], kind: type[R]) -> tuple[R, ...]:
    """Return the records that these items hold."""
    return tuple(read(one, kind) for one in stored)
