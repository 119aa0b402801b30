"""The nouns of the line: immutable records, closed to fields they do not name.

Instants are UTC, aware, whole seconds. Money is in fen (1/100 CNY). Nothing here reads a clock,
the environment or AWS.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from complaints.parts import (
    Announcement,
    Correction,
    Dispute,
    EmergencyStep,
    Erasure,
    Gate,
    Hold,
    InvestigationRecord,
    IssuedDocument,
    Merged,
    Nature,
    Notice,
    OutsideCase,
    Payment,
    Payout,
    PersonRequest,
    Proof,
    Proxy,
    RecordKind,
    Seat,
    Voided,
    WorkOrder,
)
from complaints.record import File, Record, sortable
from complaints.staff import Absence, Role, Staff

__all__ = ["Absence", "File", "Record", "Role", "Staff", "sortable"]
"""What other modules take from here although it is defined below it."""


DISPOSAL = "disposal#"
"""The queue of closed complaints whose retention is over; no department can be called so."""
DISPOSED = "disposed#"
"""How the queue begins in which those of a year lie that were erased: the register of disposals."""


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


class Outcome(StrEnum):
    """What the complainant says: to the reply (accepted, refused), at follow-up (the others)."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    SATISFIED = "satisfied"
    DISSATISFIED = "dissatisfied"
    QUIET = "quiet"
    UNREACHABLE = "unreachable"
    DECLINED = "declined"
    """Reached, but does not want to be asked."""


class Assessment(Record, frozen=True):
    """The initial assessment (ISO 10002:2018 7.5): what kind of complaint this is, and why."""

    type: str
    urgency: Urgency = Urgency.GENERAL
    risk: Risk = Risk.LOW
    major: tuple[str, ...] = ()
    """Codes of the policy's criteria that make it major: whatever is met, proposed or counted."""
    proposed: dict[str, tuple[str, ...]] = {}  # noqa: RUF012 - msgspec copies it
    """Of these, what words alone propose, with the words; they count until staff dismiss them."""
    counted: tuple[str, ...] = ()
    """Of these, what is there by count alone, and goes when the count falls (I2)."""
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
    was_due_at: datetime
    """The limit until then."""
    due_at: datetime
    """The limit from then on; that of a pause moves when the pause ends."""


class Clock(Record, frozen=True, kw_only=True):
    """A limit of a complaint, and the next time somebody must look.

    `steps` counts what was done about this limit: 0 nothing, 1 reminded, 2 escalated to the first
    rung, 3 to the second, and so on; it only grows, until the limit itself becomes another one by
    an extension or by agreement. `started_at` never changes. What the limit was reckoned from
    stays with it, so that its arithmetic can be printed (I1).
    """

    what: str = ""
    """Empty for the stage's own clock; else what runs beside it: `emergency`, `contact`,
    `statement`, `order:<order_id>`, `outside:<case_id>`, `payment:<role or post>`,
    `payout:<role or post>`."""
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
    missed: bool = False
    """Whether it is counted already that this limit was missed."""

    @property
    def paused_at(self) -> datetime | None:
        """Since when the clock stands still; None while it runs."""
        last = self.moves[-1] if self.moves else None
        return last.from_at if last and last.kind == "pause" and not last.to_at else None


class Pause(Record, frozen=True):
    """The clock of the stage stands still (E4): why, since when, until when at most."""

    reason: str
    by: str
    started_at: datetime
    until: datetime


class ExtensionRequest(Record, frozen=True, kw_only=True):
    """A longer limit that was asked for and that nobody has decided about yet."""

    by: str
    asked_at: datetime
    minutes: int | None = None
    working_days: int | None = None
    """By how much, in one of the two units."""
    contact_id: str
    """The contact that holds the reason."""


class SetAside(Record, frozen=True, kw_only=True):
    """What a merged complaint had when it left the line; unmerging gives it back as it was."""

    queue: str
    also: tuple[str, ...] = ()
    clock: Clock | None = None
    clocks: tuple[Clock, ...] = ()
    pause: Pause | None = None


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
    extension: ExtensionRequest | None = None
    extensions: int = 0
    """How often a limit was extended in this round."""
    respondents: tuple[str, ...] = ()
    """Members of staff who are complained about: they neither see nor handle nor approve (I8)."""
    members: tuple[str, ...] = ()
    """The joint group beside the responsible department, the leader first (C1)."""
    ordered: tuple[str, ...] = ()
    """Ids of the work orders that are still open, `<department>-<id>`: who is of one of these
    departments finds and sees the complaint (C2)."""
    recorded: tuple[RecordKind, ...] = ()
    """Which kinds of investigation records there are (C3)."""
    stand_ins: dict[str, str] = {}  # noqa: RUF012 - msgspec copies it
    """Role or post that nobody may sign for -> who signs in its place (C5, I8)."""
    other_body: bool = False
    """Whether a body outside has the same complaint (I11)."""
    disputes_open: int = 0
    """Mediations, arbitrations and court cases that have not ended (C11)."""
    person: str = ""
    """Keyed hash of the complainant's phone or address: the same person, but not who (I3)."""
    merged_into: str = ""
    """The complaint that this one is counted with: one matter, kept whole (B5)."""
    set_aside: SetAside | None = None
    """Its place in the line, kept while it is merged and open."""
    untold_at: datetime | None = None
    """Of a merged complaint: since when its complainant is to be told what no letter can tell."""
    untold: int = 0
    """How many complainants of merged complaints are still to be told like that."""
    contacts: int = 1
    """How often the complainant turned to us about it, the first time included (I3)."""
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
    predecessors: tuple[str, ...] = ()
    """Who had it before it was handed over: they neither sign nor call back."""
    approver: str = ""
    signed: tuple[Signature, ...] = ()
    """Who signed the solution in this round, in the order of signing."""
    compensation: int | None = None
    """What the finding of this round proposes to pay, in fen; it says who must sign (C9)."""
    responsible: bool | None = None
    nature: Nature = Nature.ORDINARY
    proven: tuple[Gate, ...] = ()
    """Closing gates that a person proved open, in this round."""
    unpaid: int = 0
    """Payments that were offered and neither refused nor proven by their voucher."""
    unpaid_with: int = 0
    """Those of the complaints that are counted with it: it closes when theirs are done, too."""
    also: tuple[str, ...] = ()
    """Queues beside `queue` in which somebody finds it; a slot that was left stays, empty."""
    anonymous: bool = False
    settled_on_spot: bool = False
    must_call_back: bool = False
    written_at: datetime | None = None
    phoned_at: datetime | None = None
    reply_outcome: Outcome | None = None
    refusals: int = 0
    """How often the complainant refused the reply: rounds of negotiation (C6)."""
    explained_at: datetime | None = None
    """When an unreasonable complaint was patiently explained to the complainant (C10)."""
    follow_up_outcome: Outcome | None = None
    followed_up_at: datetime | None = None
    """When the follow-up of this round was over; until all gates are open it is handled (I5)."""
    satisfaction: Annotated[int, msgspec.Meta(ge=1, le=5)] | None = None
    survey_declined_at: datetime | None = None
    """When the complainant asked for no more invitations to rate; answers still come."""
    reopened: int = 0
    attempts: int = 0
    """Calls to the complainant in this stage that count and reached nobody."""
    attempted_at: datetime | None = None
    """When the last of them was made."""
    news_at: datetime | None = None
    """When the complainant last added something that nobody has marked as read."""
    unreached_at: datetime | None = None
    """When a letter of it was given up, until somebody has marked that as read; it is news too."""
    overdue: int = 0
    """How many limits were missed so far."""
    look_again_at: datetime | None = None
    """Set by each answer, removed by the step that it lets begin: past it, `check_sla` heals."""
    round_at: datetime | None = None
    """When this round of handling began; empty in the first, which began at receipt."""
    closed_at: datetime | None = None
    voided: Voided | None = None
    """Registered by mistake: it is filed and closed, and counts for nothing any more (I3)."""
    archive_key: str = ""
    holds: int = 0
    """How many legal holds stand: while any does, nothing is disposed of or erased (F6)."""
    dispose_at: datetime | None = None
    """Of a closed complaint: when it is to be looked at for disposal, or for a request to erase."""
    erasure: Erasure | None = None
    changed_on: date | None = None
    """The day (UTC) of the newest entry of the history: the seal of that day takes it up."""
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
    def is_settled_on_spot(self) -> bool:
        """Whether the answer was given on the spot and has satisfied until now (A9)."""
        return self.settled_on_spot and self.round_at is None

    @property
    def is_handled(self) -> bool:
        """Whether all is done but what proves it: handled (已处理), and not closed (I5)."""
        return self.status is Status.RESPONDED and self.followed_up_at is not None

    @property
    def is_erasing(self) -> bool:
        """Whether two have agreed to erase its personal data, and that is not done yet."""
        return self.erasure is not None and self.erasure.is_under_way

    @property
    def disposal_look(self) -> datetime | None:
        """When it enters the list of disposals; None while anything else is awaited or forbids."""
        waits = self.is_open or self.queue or self.clock or self.holds or self.is_erasing
        return None if waits else self.dispose_at

    @property
    def next_at(self) -> datetime | None:
        """When `check_sla` must look at it next; None when nothing is awaited any more.

        A clock that stands still is looked at when its pause ends.
        """
        paused = self.pause.until if self.pause else None
        looks = [
            self.look_again_at,
            self.disposal_look,
            paused or (self.clock.next_at if self.clock else None),
            *(clock.next_at for clock in self.clocks),
        ]
        return min((look for look in looks if look), default=None)

    @property
    def pressing(self) -> Clock | None:
        """The clock whose limit comes first, the stage's own or one beside it; None for none.

        While the stage's clock stands still, its limit can't come before the end of the pause.
        """
        running = [*((self.clock,) if self.clock else ()), *self.clocks]
        return min(running, key=self.pressing_at, default=None)

    def pressing_at(self, clock: Clock) -> datetime:
        """Return when a clock of this complaint presses, as queues are sorted."""
        paused = self.pause if clock.paused_at else None
        return max(clock.due_at, paused.until) if paused else clock.due_at


def is_outside(by: str) -> bool:
    """Return whether the complainant did something, or a proxy (`proxy:<id>`), and not staff."""
    return by == "complainant" or by.startswith("proxy:")


class Contact(Record, frozen=True):
    """One time that somebody wrote, called or came: the words and the files, kept for good."""

    contact_id: str
    channel: Channel
    received_at: datetime
    by: str
    """`complainant`, `proxy:<id>`, or the user name of the member of staff who wrote it down."""
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

    @property
    def is_said(self) -> bool:
        """Whether the complainant turned to us with it; a file alone only adds to what was said."""
        words = self.text or self.subject or self.message_id
        return is_outside(self.by) and bool(words)


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
    words: str = ""
    """What a member of staff wrote that goes into it."""
    text: str = ""
    """The words as they were sent."""
    given_up_at: datetime | None = None
    """When it was given up, refused for good or for days; then a person must find another way."""
    tries: int = 0
    """How often it could not be sent."""
    next_at: datetime | None = None
    """When it is tried next, once it could not be sent."""
    refused: str = ""
    """What the mail system said when it refused it for good, such as `550 5.1.1`."""
    notice_id: str = ""
    """The notice that a reminder or an escalation to a member of staff tells; else empty."""
    bounced_at: datetime | None = None
    """When it came back for good, or its reader said that such mail is not wanted."""
    bounce_code: str = ""
    """What the other side said: a status such as `5.1.1`, `permanent`, `unwanted`."""


class Dossier(Record, frozen=True):
    """The whole file of one complaint, as one query reads it."""

    complaint: Complaint
    complainant: Complainant
    key: bytes
    """The complaint's own random key: without it the commitments mean nothing."""
    is_erased: bool = False
    """Whether its data key was destroyed: who it was about and what was said is gone for good."""
    contacts: tuple[Contact, ...] = ()
    findings: tuple[Finding, ...] = ()
    decisions: tuple[Decision, ...] = ()
    letters: tuple[Letter, ...] = ()
    records: tuple[InvestigationRecord, ...] = ()
    orders: tuple[WorkOrder, ...] = ()
    notices: tuple[Notice, ...] = ()
    proofs: tuple[Proof, ...] = ()
    payments: tuple[Payment, ...] = ()
    payouts: tuple[Payout, ...] = ()
    proxies: tuple[Proxy, ...] = ()
    emergency_steps: tuple[EmergencyStep, ...] = ()
    announcements: tuple[Announcement, ...] = ()
    outside: tuple[OutsideCase, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    seats: tuple[Seat, ...] = ()
    merged: tuple[Merged, ...] = ()
    """What is counted with it, in the order of numbers."""
    corrections: tuple[Correction, ...] = ()
    issued: tuple[IssuedDocument, ...] = ()
    holds: tuple[Hold, ...] = ()
    requests: tuple[PersonRequest, ...] = ()
    """What the person asked about the own data."""
    entries: tuple["TrackingEntry", ...] = ()

    @property
    def evidence(self) -> tuple[File, ...]:
        """Every file of the complaint: what was attached, and the raw mails."""
        attached = [file for contact in self.contacts for file in contact.files]
        return (*attached, *(contact.original for contact in self.contacts if contact.original))

    @property
    def unreached(self) -> frozenset[str]:
        """Addresses, in small letters, that sent a letter back for good since they were entered."""
        return frozenset(
            letter.to.lower()
            for letter in self.letters
            if letter.bounced_at
            and not any(
                one.after.get("email", "").lower() == letter.to.lower()
                and one.at >= letter.bounced_at
                for one in self.corrections
            )
        )


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
