"""What may lie beside the head of a complaint while it is handled; each an item of its own.

Instants are UTC, aware, whole seconds. Money is in fen. People of the staff are user names.
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from complaints.record import File, Record


class VoidReason(StrEnum):
    """Why a complaint was registered by mistake (作废)."""

    TEST = "test"
    NOT_OURS = "not_ours"
    BY_MISTAKE = "by_mistake"


class Voided(Record, frozen=True, kw_only=True):
    """Who voided a complaint, when and why; the words lie beside it as a contact."""

    reason: VoidReason
    by: str
    at: datetime


class Hold(Record, frozen=True, kw_only=True):
    """A legal hold: while it stands nothing of the complaint is disposed of or erased (F6)."""

    hold_id: str
    by: str
    at: datetime
    reason: str
    authority: str = ""
    """The court or office that wants it kept, as far as there is one."""
    case_number: str = ""
    """Its number there."""
    lifted_by: str = ""
    lifted_at: datetime | None = None
    lifted_reason: str = ""
    applied_at: datetime | None = None
    """When the bags in the archive had it, or were rid of it; until then somebody looks for it."""

    @property
    def stands(self) -> bool:
        """Whether nobody has lifted it."""
        return self.lifted_at is None


class ErasureKind(StrEnum):
    """Why personal data are to go: their retention is over, or the person asks for it."""

    DISPOSAL = "disposal"
    PERSON = "person"


class Erasure(Record, frozen=True, kw_only=True):
    """How far the erasing of a complaint's personal data has come; a head has at most one (F7).

    It holds no word of the person: it outlives the person's data.
    """

    request_id: str
    kind: ErasureKind
    asked_at: datetime
    proposed_by: str = ""
    proposed_for: str = ""
    """The role or post that proposed it; that of who granted it is another."""
    granted_by: str = ""
    granted_for: str = ""
    granted_at: datetime | None = None
    begun_at: datetime | None = None
    """From here on nobody can hold it or take it up again: something may be gone already."""
    done_at: datetime | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether two have agreed, and it is not done."""
        return self.granted_at is not None and self.done_at is None

    @property
    def only_asked(self) -> "Erasure | None":
        """What is left where something comes in between: a person's request stays asked."""
        if self.kind is ErasureKind.DISPOSAL:
            return None
        return Erasure(request_id=self.request_id, kind=self.kind, asked_at=self.asked_at)


class PersonRequest(Record, frozen=True, kw_only=True):
    """What a person asks about the own data, and what came of it (PIPL 45, 47; F7)."""

    request_id: str
    kind: Literal["erase", "access"]
    asked_at: datetime
    by: str
    """Who wrote it down: a user name, or `complainant` by the tracking page."""
    asker: str = ""
    """Who asked, in words: the complainant, or who may speak for the complainant."""
    identity: str = ""
    """How it was made sure that this is the person."""
    complaints: tuple[str, ...] = ()
    """Numbers of all complaints of the person that are meant, this one included."""
    outcome: Literal["", "kept", "granted", "refused", "handed_over"] = ""
    answered_by: str = ""
    answered_at: datetime | None = None
    reason: str = ""
    """Why it was refused: words, or the code of the duty that forbids it (`kept`)."""
    until: datetime | None = None
    """Until when that duty runs, as far as that is known."""


class RecordKind(StrEnum):
    """How something was found out (C3)."""

    SITE_VISIT = "site_visit"
    INTERVIEW = "interview"
    DOCUMENT = "document"
    RECORDING = "recording"


class DocumentKind(StrEnum):
    """What is printed, signed and filed (G11): the forms that the procedures name."""

    HANDLING_RECORD = "handling_record"
    """《会员投诉处理记录表》 (000)"""
    REGISTER = "register"
    """《投诉登记表》 (003)"""
    HANDLING_SHEET = "handling_sheet"
    """《投诉处理表》 (003)"""
    INVESTIGATION_REPORT = "investigation_report"
    """《投诉调查报告》 (004)"""
    NOTICE = "notice"
    """《处理结果通知书》 (004)"""
    WORK_ORDER = "work_order"
    """《通知单》 (003)"""
    SUMMARY = "summary"
    """《投诉汇总表》 (002)"""


class IssuedDocument(Record, frozen=True, kw_only=True):
    """A document exactly as it was handed out: what its holder has, the archive has, too."""

    document_id: str
    """Its kind, and the beginning of its digest."""
    kind: DocumentKind
    number: str
    digest: str
    """Of its content, as the history has it."""
    file: File


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


DisputeStatus = Literal["open", "settled", "decided", "withdrawn"]


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
    """`<department>-<id>`."""
    department: str
    task: str
    issued_by: str
    issued_at: datetime
    start_at: datetime | None = None
    complete_at: datetime | None = None
    """Both as asked for, and from `agreed_at` on as agreed; the clock beside it has the limit."""
    agreed_by: str = ""
    agreed_at: datetime | None = None
    done_at: datetime | None = None
    """When it was completed or returned."""
    done_by: str = ""
    result: str = ""
    """What was done; of a returned order, why it was not."""
    returned: bool = False


class Seat(Record, frozen=True, kw_only=True):
    """The seat of somebody in a joint group: by it the complaint lies in that one's queue (C1)."""

    username: str
    queue: str
    """The person's department, or the quality office."""


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
    due_at: datetime | None = None
    """The limit that it is about."""
    by: str = "check_sla"
    """Who told it: the check of the limits, or the person who escalated by hand (C7)."""
    reason: str = ""
    """Why it was escalated by hand, in that person's words."""
    instead_of: str = ""
    """The investigator who is not there any more and in whose place these people were told."""
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    passed_to: str = ""
    """Who has it now; only this person is still awaited to acknowledge it."""

    @property
    def awaits(self) -> tuple[str, ...]:
        """User names of those who have not acknowledged it; empty once anybody has."""
        if self.acknowledged_at:
            return ()
        return (self.passed_to,) if self.passed_to else self.people


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
    payout: str = ""
    """Id of the payout to a whole group incident that it is one payment of; empty for none."""


class Payout(Record, frozen=True, kw_only=True):
    """The same amount to every complainant of a group incident, approved once (B6, I18)."""

    payout_id: str
    amount: int
    """What each of them is paid."""
    people: int
    """How many complaints it is for: what is merged after the offer is not in it."""
    basis: str
    payer: str
    offered_by: str
    offered_at: datetime
    entry: int
    """Number of the entry of the history by which it was offered: who was in the matter then."""
    approved_by: str = ""
    approved_at: datetime | None = None
    refused_reason: str = ""
    after: str = ""
    """The number of the last complaint that it has reached, in the order of numbers."""
    done_at: datetime | None = None
    """When it had reached all of them."""

    @property
    def total(self) -> int:
        """What is approved: the amount for each, times their number."""
        return self.amount * self.people

    @property
    def is_undecided(self) -> bool:
        """Whether nobody has approved or refused it yet."""
        return not self.approved_at and not self.refused_reason

    @property
    def is_under_way(self) -> bool:
        """Whether there may be complaints that it has not reached yet."""
        return self.approved_at is not None and self.done_at is None


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


class EmergencyStep(Record, frozen=True, kw_only=True):
    """What was done about an emergency, in the order of doing it (C4; 002 3.2)."""

    step_id: str
    kind: Literal[
        "declared",
        "response",
        "suspend_service",
        "refund",
        "compensate",
        "evacuate",
        "other",
        "progress",
        "withdrawn",
    ]
    """The first response, one of the measures that the policy names, or news of how it goes; at
    its ends that staff declared it, or withdrew a false alarm, with the reason."""
    by: str
    at: datetime
    words: str


class Announcement(Record, frozen=True, kw_only=True):
    """What is said in a group incident (I18; 004 四, 五)."""

    announcement_id: str
    kind: Literal["statement", "lines", "update"]
    """To the public; by the spokesman when asked; to all who complained of the matter."""
    words: str
    by: str
    at: datetime
    published_in: str = ""
    """Where the statement was made public."""
    published_at: datetime | None = None
    after: str = ""
    """The place in the list of merged complaints that the update has reached."""
    told: int = 0
    """Complaints that the update was entered in."""
    done_at: datetime | None = None
    """When the update had reached all of them."""

    @property
    def is_under_way(self) -> bool:
        """Whether there may be complaints that an update has not reached yet."""
        return self.kind == "update" and self.done_at is None


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


class Merged(Record, frozen=True, kw_only=True):
    """A complaint that is counted with this one (B5): what the count needs of it, as it was."""

    complaint_id: str
    person: str
    """Keyed hash of its complainant; empty where nobody can be told apart."""
    received_at: datetime
    merged_at: datetime
    by: str
    repeats: int = 0
    """How often its complainant had come back before it was merged."""
    parted_at: datetime | None = None
    """When it was unmerged; the link stays, as nothing is ever deleted, and counts no more."""


class Correction(Record, frozen=True, kw_only=True):
    """Particulars that were added or corrected after registration (A6): the old ones stay here."""

    correction_id: str
    by: str
    at: datetime
    before: dict[str, str]
    """Name of each particular that changed -> what it was; empty where there was none."""
    after: dict[str, str]
    """The same names -> what they are from then on."""
    source: str = ""
    """How it became known: needed where something was there before."""


class Dispute(Record, frozen=True, kw_only=True):
    """A dispute that can't be settled between the two: mediation, arbitration, court (C11)."""

    dispute_id: str
    way: Literal["mediation", "arbitration", "court"]
    status: DisputeStatus
    opened_at: datetime
    by: str
    words: str
    institution: str = ""
    ended_at: datetime | None = None
    result: str = ""
    upload_ids: tuple[str, ...] = ()
    """Its documents as pieces of evidence."""
