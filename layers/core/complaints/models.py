"""The nouns of the line: immutable records, closed to fields they do not name.

Instants are UTC, aware, whole seconds. Money is in fen (1/100 CNY). Nothing here reads a clock,
the environment or AWS.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Self

import msgspec


class Record(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Base of every record: immutable, validated when it is read and when it is changed."""

    def replace(self, **changes: Any) -> Self:  # noqa: ANN401 - a field may hold anything
        """Return a copy with these fields changed, validated again."""
        changed = msgspec.structs.replace(self, **changes)
        return msgspec.convert(msgspec.to_builtins(changed, builtin_types=(datetime,)), type(self))


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
    language: str = "zh_CN"


class File(Record, frozen=True):
    """A piece of evidence: exact bytes in the evidence bucket, under a key of our own."""

    key: str
    name: str
    size: int
    sha256: str
    content_type: str
    """Judged by content, never by the sender's word."""


class Clock(Record, frozen=True):
    """The limit of the stage a complaint is in, and the next time somebody must look.

    `steps` counts what was done about this limit: 0 nothing, 1 reminded, 2 escalated to the first
    rung, 3 to the second, and so on; it only grows while the stage lasts.
    """

    started_at: datetime
    due_at: datetime
    next_at: datetime
    steps: int = 0
    calendar: str = ""
    """Version of the working calendar that the limit was reckoned with."""


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
    investigator: str = ""
    approver: str = ""
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
    def is_open(self) -> bool:
        """Whether anything is still to be done."""
        return self.status is not Status.CLOSED

    @property
    def next_at(self) -> datetime | None:
        """When `check_sla` must look at it next; None when nothing is awaited any more."""
        looks = [self.look_again_at, self.clock.next_at if self.clock else None]
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
    staff_involved: str = ""
    amount: int | None = None
    """Money involved, in fen."""
    files: tuple[File, ...] = ()
    message_id: str = ""
    references: tuple[str, ...] = ()
    original: File | None = None
    """The raw mail, where it came by mail."""


class Finding(Record, frozen=True):
    """The investigation report (《投诉调查报告》, C3) and the reply that is proposed."""

    investigator: str
    facts: str
    cause: str
    responsible: bool
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
    facts: dict[str, str | int | bool | None] = {}
    commitment: str = ""
    previous: str = ""
    digest: str = ""


class Staff(Record, frozen=True):
    """A member of staff, as the directory knows one."""

    username: str
    name: str
    email: str
    roles: tuple[Role, ...]
    department: str = ""
    phone: str = ""


def sortable(instant: datetime) -> str:
    """Write an instant so that text order is time order: UTC, whole seconds, `Z`.

    >>> from datetime import timedelta, timezone
    >>> sortable(datetime(2026, 11, 20, 8, 30, tzinfo=timezone(timedelta(hours=8))))
    '2026-11-20T00:30:00Z'
    """
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
