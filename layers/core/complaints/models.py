"""The nouns of the line: immutable records, closed to fields they do not name.

Instants are UTC, aware, whole seconds. Money is in fen (1/100 CNY). Nothing here reads a clock,
the environment or AWS.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from complaints.parts import (
    Dispute,
    Gate,
    InvestigationRecord,
    Nature,
    Notice,
    OutsideCase,
    Payment,
    Proof,
    Proxy,
    WorkOrder,
)
from complaints.record import File, Record, sortable

__all__ = ["File", "Record", "sortable"]
"""What other modules take from here although it is defined below it."""


class Status(StrEnum):
    """Where a complaint is on the line: the stage that it has behind it."""

    RECEIVED = "received"
    ASSESSED = "assessed"
    INVESTIGATED = "investigated"
    APPROVED = "approved"
    RESPONDED = "responded"
    FOLLOWED_UP = "followed_up"
    CLOSED = "closed"


class Channel(StrEnum):
    """How a complaint reached us (requirements A1 to A3)."""

    EMAIL = "email"
    WEB = "web"
    PHONE = "phone"
    VISIT = "visit"
    LETTER = "letter"
    FAX = "fax"
    BOX = "box"
    MEDIA = "media"
    DEPARTMENT = "department"


class Urgency(StrEnum):
    """How soon somebody must act (B2, procedure 002)."""

    GENERAL = "general"
    IMPORTANT = "important"
    URGENT = "urgent"


class Risk(StrEnum):
    """Effect on satisfaction, reputation and liability (B2, procedure 002)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Role(StrEnum):
    """What a member of staff may do; the names of the Cognito groups (H4)."""

    INTAKE = "intake"
    HANDLER = "handler"
    DEPARTMENT_HEAD = "department_head"
    QUALITY_OFFICE = "quality_office"
    MANAGEMENT = "management"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Outcome(StrEnum):
    """What the complainant says: to the reply (accepted, refused), at follow-up (the others)."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    SATISFIED = "satisfied"
    DISSATISFIED = "dissatisfied"
    QUIET = "quiet"
    UNREACHABLE = "unreachable"


class Assessment(Record, frozen=True):
    """The initial assessment (ISO 10002:2018 7.5): what kind of complaint this is, and why."""

    type: str
    urgency: Urgency = Urgency.GENERAL
    risk: Risk = Risk.LOW
    major: tuple[str, ...] = ()
    """Codes of the policy's criteria for a major complaint that the text meets."""
    confidence: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    reasons: tuple[str, ...] = ()
    """The words of the policy that decided."""


class Complainant(Record, frozen=True):
    """Who complains. All fields may be empty: anonymous complaints are accepted (A5)."""

    name: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""
    building: str = ""
    language: str = "zh_CN"


class Move(Record, frozen=True, kw_only=True):
    """Something that moved a limit: a pause, an extension, a time agreed with the complainant."""

    kind: Literal["pause", "extension", "agreed"]
    from_at: datetime
    """When the pause began, or the extension was approved, or the time was agreed."""
    to_at: datetime | None = None
    """When the pause ended."""
    minutes: int | None = None
    working_days: int | None = None
    """By how much an extension moved it."""
    due_at: datetime
    """The limit from then on."""


class Clock(Record, frozen=True, kw_only=True):
    """A limit of a complaint, and the next time somebody must look.

    `steps` counts what was done about this limit: 0 nothing, 1 reminded, 2 escalated to the first
    rung, 3 to the second, and so on; it only grows while the clock runs. What the limit was
    reckoned from stays with it, so that its arithmetic can be printed (I1).
    """

    what: str = ""
    """Empty for the stage's own clock; else what runs beside it: `emergency`, `contact`,
    `statement`, `order:<order_id>`, `outside:<case_id>`."""
    started_at: datetime
    due_at: datetime
    next_at: datetime
    steps: int = 0
    calendar: str = ""
    """Version of the working calendar that the limit was reckoned with."""
    minutes: int | None = None
    working_days: int | None = None
    """The limit, in one of the two units."""
    moves: tuple[Move, ...] = ()


class Pause(Record, frozen=True):
    """The limits of a complaint are stopped (E4): why, since when, until when at most."""

    reason: str
    by: str
    started_at: datetime
    until: datetime


class Signature(Record, frozen=True):
    """Who signed the solution, and as what."""

    code: str
    """The role or post that the policy asks for."""
    username: str
    at: datetime


class Complaint(Record, frozen=True):
    """The head of one complaint: what lists, clocks and choices need; the person is kept apart.

    `version` counts the saves. The repository refuses a save that started from an older version.
    `digest` is the digest of the newest entry of the history.
    """

    complaint_id: str
    status: Status
    channel: Channel
    received_at: datetime
    registered_at: datetime
    policy: str
    """Name and version of the policy it was received under, as `service-provider@3f2a...`."""
    tracking_code: str
    language: str = "zh_CN"
    subject: str = ""
    department: str = ""
    """Code of the responsible department; empty while nobody is."""
    queue: str = ""
    """Who must act now: a department, `quality_office`, `management`; empty when nobody must."""
    assessment: Assessment | None = None
    clock: Clock | None = None
    clocks: tuple[Clock, ...] = ()
    """What runs beside the stages: emergency, first contact, work orders, outside bodies."""
    pause: Pause | None = None
    extensions: int = 0
    respondents: tuple[str, ...] = ()
    """Members of staff who are complained about: they neither see nor handle nor approve (I8)."""
    members: tuple[str, ...] = ()
    """The joint group beside the responsible department, the leader first (C1)."""
    person: str = ""
    """Keyed hash of the complainant's phone or address: the same person, but not who (I3)."""
    merged_into: str = ""
    """The complaint that this one is counted with: one matter, kept whole (B5)."""
    repeats: int = 0
    """How often the complainant had to come back: reopened, refused, asked again after a limit."""
    emergency_at: datetime | None = None
    """When it was found to be an emergency (B7)."""
    incident_at: datetime | None = None
    """When it was found to be a group incident (B6)."""
    agreed_at: datetime | None = None
    """The time of the reply that was agreed with the complainant."""
    contacted_at: datetime | None = None
    """When we first spoke or wrote to the complainant ourselves (C8)."""
    investigator: str = ""
    approver: str = ""
    signed: tuple[Signature, ...] = ()
    """Who signed the solution in this round, in the order of signing."""
    responsible: bool | None = None
    nature: Nature = Nature.ORDINARY
    proven: tuple[Gate, ...] = ()
    """Closing gates that a person proved open, in this round."""
    unpaid: int = 0
    """Payments that were approved and have no voucher yet."""
    anonymous: bool = False
    settled_on_spot: bool = False
    must_call_back: bool = False
    written_at: datetime | None = None
    phoned_at: datetime | None = None
    reply_outcome: Outcome | None = None
    follow_up_outcome: Outcome | None = None
    satisfaction: Annotated[int, msgspec.Meta(ge=1, le=5)] | None = None
    reopened: int = 0
    attempts: int = 0
    """Calls to the complainant in this stage that reached nobody."""
    news_at: datetime | None = None
    """When the complainant last added something that nobody has marked as read."""
    overdue: int = 0
    """How many limits were missed so far."""
    look_again_at: datetime | None = None
    """Set by each answer, removed by the step that it lets begin: past it, `check_sla` heals."""
    round_at: datetime | None = None
    """When this round of handling began; empty in the first, which began at receipt."""
    closed_at: datetime | None = None
    archive_key: str = ""
    version: int = 0
    digest: str = ""

    @property
    def is_major(self) -> bool:
        """Whether the policy's criteria make this a major complaint (B3)."""
        return bool(self.assessment and self.assessment.major)

    @property
    def urgency(self) -> Urgency:
        """How soon somebody must act; general while nobody has assessed it."""
        return self.assessment.urgency if self.assessment else Urgency.GENERAL

    @property
    def is_open(self) -> bool:
        """Whether anything is still to be done."""
        return self.status is not Status.CLOSED

    @property
    def next_at(self) -> datetime | None:
        """When `check_sla` must look at it next; None when nothing is awaited any more."""
        running = [*self.clocks, *((self.clock,) if self.clock else ())]
        looks = [self.look_again_at, *(clock.next_at for clock in running)]
        return min((look for look in looks if look), default=None)


class Contact(Record, frozen=True):
    """One time that somebody wrote, called or came: the words and the files, kept for good."""

    contact_id: str
    channel: Channel
    received_at: datetime
    by: str
    """`complainant`, or the user name of the member of staff who wrote it down."""
    subject: str = ""
    text: str = ""
    demand: str = ""
    """What the complainant asks for (诉求)."""
    occurred_on: str = ""
    place: str = ""
    service: str = ""
    """The service that it is about (服务项目)."""
    staff_involved: str = ""
    amount: int | None = None
    """Money involved, in fen."""
    files: tuple[File, ...] = ()
    message_id: str = ""
    references: tuple[str, ...] = ()
    original: File | None = None
    """The raw mail, where it came by mail."""


class Finding(Record, frozen=True, kw_only=True):
    """The investigation report (《投诉调查报告》, C3) and the reply that is proposed."""

    investigator: str
    facts: str
    cause: str
    """The direct cause."""
    indirect_cause: str = ""
    root_cause: str = ""
    responsible: bool
    ground: str = ""
    """Code of the policy's ground, where the organisation is not responsible (B4)."""
    nature: Nature = Nature.ORDINARY
    nature_reason: str = ""
    measures: str
    reply: str
    """What the complainant is told, in the complainant's language."""
    compensation: int | None = None
    """In fen."""


class Decision(Record, frozen=True):
    """What an approver decided about a finding (C5)."""

    approver: str
    approved: bool
    reason: str = ""
    code: str = ""
    """The role or post that was signed for."""


class Letter(Record, frozen=True):
    """A mail that we owe or have sent. It is written from the catalogue when it is sent."""

    letter_id: str
    kind: str
    """Name of the letter in the catalogue: `acknowledgement`, `notice`, `survey`."""
    to: str
    language: str
    queued_at: datetime
    references: tuple[str, ...] = ()
    sent_at: datetime | None = None
    message_id: str = ""
    text: str = ""
    """The words as they were sent."""
    given_up_at: datetime | None = None
    """When it was given up, having been refused for days; then a person must find another way."""


class Dossier(Record, frozen=True):
    """The whole file of one complaint, as one query reads it."""

    complaint: Complaint
    complainant: Complainant
    key: bytes
    """The complaint's own random key: without it the commitments mean nothing."""
    contacts: tuple[Contact, ...] = ()
    findings: tuple[Finding, ...] = ()
    decisions: tuple[Decision, ...] = ()
    letters: tuple[Letter, ...] = ()
    records: tuple[InvestigationRecord, ...] = ()
    orders: tuple[WorkOrder, ...] = ()
    notices: tuple[Notice, ...] = ()
    proofs: tuple[Proof, ...] = ()
    payments: tuple[Payment, ...] = ()
    proxies: tuple[Proxy, ...] = ()
    outside: tuple[OutsideCase, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    entries: tuple["TrackingEntry", ...] = ()

    @property
    def evidence(self) -> tuple[File, ...]:
        """Every file of the complaint: what was attached, and the raw mails."""
        attached = [file for contact in self.contacts for file in contact.files]
        return (*attached, *(contact.original for contact in self.contacts if contact.original))


class TrackingEntry(Record, frozen=True):
    """One line of the history (F4): what was done, by whom, and the digest of the line before.

    `facts` holds codes, figures and instants; never a name, an address or free text. What is
    personal enters as `commitment`, an HMAC under the complaint's own key, so that erasing the key
    erases the person and leaves the chain whole.
    """

    number: int
    occurred_at: datetime
    actor: str
    action: str
    status: Status
    facts: dict[str, str | int | bool | None] = {}  # noqa: RUF012 - msgspec copies it
    commitment: str = ""
    previous: str = ""
    digest: str = ""


class Absence(Record, frozen=True):
    """Days on which a member of staff is away, both included."""

    first: date
    last: date


class Staff(Record, frozen=True):
    """A member of staff, as the directory knows one."""

    username: str
    name: str
    email: str
    roles: tuple[Role, ...]
    department: str = ""
    phone: str = ""
    posts: tuple[str, ...] = ()
    """Codes of the policy's posts that this person holds."""
    deputy: str = ""
    """User name of who acts in this person's absence."""
    absences: tuple[Absence, ...] = ()
    on_call: bool = False
    """Whether told of emergencies at any hour."""
    left_on: date | None = None
    """The last day; from then on nothing is told to this person."""
