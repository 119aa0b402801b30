"""What may lie beside the head of a complaint while it is handled; each an item of its own.

Instants are UTC, aware, whole seconds. Money is in fen. People of the staff are user names.
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from complaints.record import Record


class RecordKind(StrEnum):
    """How something was found out (C3)."""

    SITE_VISIT = "site_visit"
    INTERVIEW = "interview"
    DOCUMENT = "document"
    RECORDING = "recording"


class Gate(StrEnum):
    """What must be true before a complaint is closed (D1 to D7, I5); until then it is handled.

    Proven by a person: verified (D6), signed (003: the director signs the record), and the four
    that are not let go (001 1.3.4): cause, person, taught, measures. The others follow from what
    was recorded.
    """

    WRITTEN = "written"
    PHONED = "phoned"
    OPINION = "opinion"
    VERIFIED = "verified"
    SATISFIED = "satisfied"
    SIGNED = "signed"
    CAUSE = "cause"
    PERSON = "person"
    TAUGHT = "taught"
    MEASURES = "measures"
    VOUCHER = "voucher"


class Nature(StrEnum):
    """What a complaint turned out to be, by the investigation (B8, C10); each needs a reason."""

    ORDINARY = "ordinary"
    UNREASONABLE = "unreasonable"
    MALICIOUS = "malicious"


class Relation(StrEnum):
    """What somebody who speaks for the complainant is to that person (I17)."""

    SPOUSE = "spouse"
    CHILD = "child"
    PARENT = "parent"
    GUARDIAN = "guardian"
    RELATIVE = "relative"
    LAWYER = "lawyer"
    OTHER = "other"


class InvestigationRecord(Record, frozen=True, kw_only=True):
    """One thing that was done to find out: a visit, a talk, a document, a recording (C3)."""

    record_id: str
    kind: RecordKind
    by: str
    at: datetime
    """When it was done."""
    words: str
    place: str = ""
    people: str = ""
    """Who was there or was spoken to."""
    upload_id: str = ""
    """The piece of evidence that belongs to it; empty for none."""


class WorkOrder(Record, frozen=True, kw_only=True):
    """A work order (通知单) to a department, with agreed start and completion (C2)."""

    order_id: str
    department: str
    task: str
    issued_by: str
    issued_at: datetime
    start_at: datetime | None = None
    complete_at: datetime | None = None
    """Both as agreed with the department; the clock beside it holds the limit."""
    done_at: datetime | None = None
    done_by: str = ""
    result: str = ""


class Notice(Record, frozen=True, kw_only=True):
    """A reminder or escalation as it was told, to be acknowledged or passed on (I10)."""

    notice_id: str
    clock: str
    """Which clock: empty for the stage's own."""
    step: int
    to: str
    """The role or post of the rung."""
    people: tuple[str, ...]
    told_at: datetime
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    passed_to: str = ""


class Proof(Record, frozen=True, kw_only=True):
    """That a closing gate is open: who says so, and on what grounds (D6, D7)."""

    gate: Gate
    by: str
    at: datetime
    words: str


class Payment(Record, frozen=True, kw_only=True):
    """Compensation from offer to voucher (C9, I12)."""

    payment_id: str
    amount: int
    basis: str
    payer: str
    is_advance: bool = False
    offered_by: str
    offered_at: datetime
    approved_by: str = ""
    approved_at: datetime | None = None
    refused_reason: str = ""
    paid_at: datetime | None = None
    voucher: str = ""
    """Number of the payment voucher."""
    upload_id: str = ""
    """The voucher as a piece of evidence; empty for none."""


class Proxy(Record, frozen=True, kw_only=True):
    """Somebody who speaks for the complainant (I17): relation, authority, what may be told."""

    proxy_id: str
    name: str
    relation: Relation
    phone: str = ""
    email: str = ""
    authority: Literal["none", "spoken", "written"] = "none"
    may_be_told: Literal["nothing", "progress", "everything"] = "nothing"
    upload_id: str = ""
    """The written authority as a piece of evidence; empty for none."""


class OutsideCase(Record, frozen=True, kw_only=True):
    """The same complaint at a body outside, under its own number and clock (I11)."""

    case_id: str
    body: str
    """Code of the policy's outside body."""
    number: str
    """The number that the body gave it."""
    received_at: datetime
    due_at: datetime
    answered_at: datetime | None = None
    answer: str = ""


class Dispute(Record, frozen=True, kw_only=True):
    """A dispute that can't be settled between the two: mediation, arbitration, court (C11)."""

    dispute_id: str
    way: Literal["mediation", "arbitration", "court"]
    status: Literal["open", "settled", "decided", "withdrawn"]
    opened_at: datetime
    by: str
    words: str
    institution: str = ""
    ended_at: datetime | None = None
    result: str = ""
    upload_id: str = ""
