"""The policy of an organisation: its types, words, clocks, approvals and rules, as a record.

A policy is written as YAML in `infra/policies/`, checked and compiled to JSON by
`complaints.policy_file`, and read here at run time. A complaint keeps the name and version of the
policy it was received under (`Policy.reference`).
"""

import hashlib
import json
import math
from collections.abc import Iterator
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from complaints.models import Risk, Role, Urgency
from complaints.parts import DocumentKind, Gate, RecordKind

VERSION_LENGTH = 12
QUALITY_OFFICE = "quality_office"
MANAGEMENT = "management"
RESERVED_QUEUES = (QUALITY_OFFICE, MANAGEMENT)
"""Queues that every organisation has beside its departments."""

Code = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_]{1,32}$")]
Text = Annotated[str, Meta(min_length=1, max_length=200)]
Word = Annotated[str, Meta(min_length=1, max_length=40)]
Count = Annotated[int, Meta(ge=1, le=100_000)]
Share = Annotated[float, Meta(ge=0, le=1)]
TimeOfDay = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Weight = Annotated[float, Meta(ge=-10, le=10)]
Words = dict[Word, Weight] | tuple[Word, ...]
"""Words that decide; a plain list gives each the weight 1, a weight of 0 only shields."""

FeedbackWay = Literal["written", "phone"]
Exemption = Literal["anonymous", "settled_on_spot"]
Period = Literal["daily", "monthly", "quarterly", "half_yearly"]
RequiredField = Literal[
    "name",
    "email",
    "phone",
    "address",
    "building",
    "text",
    "demand",
    "occurred_on",
    "place",
    "service",
    "staff_involved",
    "amount",
]
PauseReason = Literal["complainant", "evidence", "other_body"]
EmergencyMeasure = Literal["suspend_service", "refund", "compensate", "evacuate", "other"]


class Setting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every part of a policy: immutable, closed to fields it does not name."""


class Name(Setting, frozen=True, kw_only=True):
    """What the organisation calls something, in Chinese and in English."""

    zh: Text
    en: Text

    def in_language(self, language: str) -> str:
        """Return the name in a language such as `zh_CN` or `en`; English where it is neither."""
        return self.zh if language.startswith("zh") else self.en


class Number(Setting, frozen=True, kw_only=True):
    """How a complaint number looks: `TS-2026-000123-7` has prefix `TS` and six digits."""

    prefix: Annotated[str, Meta(pattern=r"^[A-Z]{1,8}$")]
    digits: Annotated[int, Meta(ge=4, le=12)] = 6


class Post(Setting, frozen=True, kw_only=True):
    """A post of the organisation that a rung or a signature names, such as the office's director.

    Who holds it has its role too; a role that no post is named for needs none.
    """

    code: Code
    name: Name
    role: Role


class Department(Setting, frozen=True, kw_only=True):
    """A department that complaints go to, and the types it handles."""

    code: Code
    name: Name
    types: tuple[Code, ...] = ()


class ComplaintType(Setting, frozen=True, kw_only=True):
    """A class of the taxonomy (B1): its code, who handles it, and the words that speak for it."""

    code: Code
    name: Name
    department: Code
    words: Words = ()


class Counted(Setting, frozen=True, kw_only=True):
    """A criterion that is counted (B3): repeats of one complaint, or people with one matter."""

    what: Literal["repeats", "people"]
    at_least: Annotated[int, Meta(ge=2, le=1000)]
    hours: Count | None = None
    """The window that people are counted in; None counts all of them."""


class Levels(Setting, frozen=True, kw_only=True):
    """A criterion that is met by levels: one of these urgencies, and one of these risks."""

    urgency: tuple[Urgency, ...] = tuple(Urgency)
    risk: tuple[Risk, ...] = tuple(Risk)


class Criterion(Setting, frozen=True, kw_only=True):
    """A criterion that makes a complaint a major one (B3).

    Words propose it, and staff confirm; what is counted, and levels, need no confirmation.
    """

    code: Code
    name: Name
    words: Words = ()
    counted: Counted | None = None
    levels: Levels | None = None


class Ground(Setting, frozen=True, kw_only=True):
    """A ground on which the organisation is not responsible (B4)."""

    code: Code
    name: Name


class Limit(Setting, frozen=True, kw_only=True):
    """A time limit: wall-clock minutes or working days, exactly one of the two."""

    minutes: Count | None = None
    working_days: Annotated[int, Meta(ge=1, le=365)] | None = None

    def __post_init__(self) -> None:
        if (self.minutes is None) == (self.working_days is None):
            raise ValueError("exactly one of minutes, working_days")


class Limits(Setting, frozen=True, kw_only=True):
    """The limit of a stage by severity and urgency; major goes first, then urgency."""

    general: Limit
    important: Limit | None = None
    urgent: Limit | None = None
    major: Limit | None = None

    def of(self, *, is_major: bool, urgency: Urgency = Urgency.GENERAL) -> Limit:
        """Return the limit that holds for a complaint."""
        by_urgency = {Urgency.URGENT: self.urgent, Urgency.IMPORTANT: self.important}
        return (self.major if is_major else None) or by_urgency.get(urgency) or self.general


class Clocks(Setting, frozen=True, kw_only=True):
    """The limit of each stage, and of what runs beside the stages (E1)."""

    registration: Limit
    emergency: Limit
    """First response to an emergency (C4), from receipt."""
    contact: Limit | None = None
    """First word to the complainant in any case, solved or not, from receipt (C8)."""
    contact_other_body: Limit | None = None
    """The same where another body is involved."""
    investigation: Limits
    solution: Limits
    solution_agreed: bool = False
    """Whether the time of the reply is agreed with the complainant; `solution` holds until then."""
    feedback: Limit
    verification: Limit
    follow_up: Limit
    work_order: Limit
    """Completion of a work order for which no time was agreed."""


class Pauses(Setting, frozen=True, kw_only=True):
    """When limits may stop (E4), and for how long at most."""

    reasons: Annotated[tuple[PauseReason, ...], Meta(min_length=1)]
    longest: Limit


class Extension(Setting, frozen=True, kw_only=True):
    """How a limit may be extended: how often, by how much, and who approves."""

    most: Annotated[int, Meta(ge=0, le=10)]
    longest: Limit
    approved_by: Code


class Rung(Setting, frozen=True, kw_only=True):
    """A rung of the ladder: a role or a post, and how long after the rung before it is told."""

    to: Code
    after: Limit | None = None
    """None on the first rung, which is told when the limit passes."""


class Escalation(Setting, frozen=True, kw_only=True):
    """Who is told when a limit passes, one rung up at a time (E3).

    Who should have acted is reminded before the limit, and is no rung. The last rung is told again
    in every further period.
    """

    general: Annotated[tuple[Rung, ...], Meta(min_length=1)]
    major: tuple[Rung, ...] = ()
    """Empty where major complaints climb the same ladder."""
    every: Limit

    def ladder(self, *, is_major: bool) -> tuple[Rung, ...]:
        """Return the rungs for a complaint, the lowest first."""
        return self.major if is_major and self.major else self.general


class SignOffs(Setting, frozen=True, kw_only=True):
    """The roles or posts that sign a solution, each a person of its own (C5)."""

    signed_by: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=4)]
    in_order: bool = True


class Approval(Setting, frozen=True, kw_only=True):
    """Who signs the solution, by severity (C5)."""

    general: SignOffs
    major: SignOffs


class RequiredRecord(Setting, frozen=True, kw_only=True):
    """A record without which an investigation can't be closed (C3)."""

    kind: RecordKind
    major_only: bool = False
    types: tuple[Code, ...] = ()
    """Empty for all types."""


class AmountLevel(Setting, frozen=True, kw_only=True):
    """Who approves compensation up to an amount, in yuan; None is without limit."""

    up_to: Annotated[int, Meta(ge=1, le=100_000_000)] | None = None
    by: Code


class Compensation(Setting, frozen=True, kw_only=True):
    """The rules of compensation (C9)."""

    levels: Annotated[tuple[AmountLevel, ...], Meta(min_length=1)]
    advance: bool = False
    """Whether it may be paid in advance from the fund (先行赔付)."""
    voucher: bool = True
    """Whether a paid complaint needs the payment voucher to be closed."""


class Emergency(Setting, frozen=True, kw_only=True):
    """What happens at once with an emergency (B7, C4); its limit is a clock."""

    tell: Annotated[tuple[Code, ...], Meta(min_length=1)]
    """Roles or posts that are told at once, and of each measure."""
    measures: tuple[EmergencyMeasure, ...]


class GroupIncident(Setting, frozen=True, kw_only=True):
    """A mass complaint (B6, I18): what must be said to the public, until when."""

    statement: Limit
    """From the moment that the threshold was reached."""
    leader: Code
    """The role or post that leads the joint group."""
    leads_all: bool = False
    """Whether what goes across departments must have a joint group, led by the same (004 一)."""


class OutsideBody(Setting, frozen=True, kw_only=True):
    """A body outside that hands complaints over and has its own clock (I11)."""

    code: Code
    name: Name
    limit: Limit


class FollowUp(Setting, frozen=True, kw_only=True):
    """The rules of the follow-up and of closing without one (D2 to D4, G5)."""

    callback_share: Share
    quiet_days: Annotated[int, Meta(ge=1, le=365)]
    exempt: tuple[Exemption, ...] = ()
    attempts: Annotated[int, Meta(ge=1, le=10)] = 3
    """Calls that reach nobody, or that the complainant refuses, after which no more are made."""
    apart: Limit = Limit(minutes=120)
    """Time between two calls that count."""


class Assessing(Setting, frozen=True, kw_only=True):
    """The rules of the first assessment, beside the words of types and criteria (B1 to B3, B7)."""

    unsure_type: Code
    """The type of a text whose best score stays below `unsure_below`."""
    unsure_below: Annotated[float, Meta(ge=0, le=10)]
    safety_types: tuple[Code, ...] = ()
    """Types that are never less than important."""
    important_amount: Count
    """Yuan; a sum of money as large as this in the text makes the complaint important."""
    urgent_words: Words
    important_words: Words
    emergency_words: Words
    high_risk_words: Words


class Keeping(Setting, frozen=True, kw_only=True):
    """How long personal data are kept, who may stop their disposal, and who decides it (F6, F7)."""

    holds_by: Annotated[tuple[Code, ...], Meta(min_length=1)] = (
        Role.MANAGEMENT,
        Role.ADMINISTRATOR,
    )
    """Roles and posts that set and lift legal holds."""
    proposed_by: Annotated[tuple[Code, ...], Meta(min_length=1)] = (Role.QUALITY_OFFICE,)
    """Roles and posts that propose a disposal, and that a request to erase be granted."""
    granted_by: Annotated[tuple[Code, ...], Meta(min_length=1)] = (Role.MANAGEMENT,)
    """Roles and posts that grant what another one has proposed."""
    personal_years: Annotated[int, Meta(ge=0, le=100)] | None = None
    """Years from closing for which duty demands personal data; None for `retention_years`."""
    major_years: Annotated[int, Meta(ge=1, le=100)] | None = None
    """Years for which major complaints are kept; None for `retention_years`."""


class WorkingHours(Setting, frozen=True, kw_only=True):
    """The hours of the office, as published; limits in working days end with the day itself."""

    start: TimeOfDay
    end: TimeOfDay


class CalendarOverrides(Setting, frozen=True, kw_only=True):
    """Days on which the organisation differs from the calendar of the State Council (I1)."""

    closed: tuple[date, ...] = ()
    worked: tuple[date, ...] = ()

    def as_table(self) -> dict[date, bool]:
        """Return day -> whether it is worked, as `calendar` wants it."""
        return dict.fromkeys(self.closed, False) | dict.fromkeys(self.worked, True)


class Policy(Setting, frozen=True, kw_only=True):
    """One procedure, whole."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{1,40}$")]
    title: Name
    version: Annotated[str, Meta(pattern=r"^([0-9a-f]{12})?$")] = ""
    """First 12 hex digits of the SHA-256 of the canonical content; set by the compiler."""
    complainant: Name
    """What complainants are called: 会员, 业主."""
    number: Number
    titles: dict[Role, Name] = {}
    """What the organisation calls its roles, where that is not their usual name."""
    posts: tuple[Post, ...] = ()
    departments: Annotated[tuple[Department, ...], Meta(min_length=1)]
    types: Annotated[tuple[ComplaintType, ...], Meta(min_length=1)]
    major: tuple[Criterion, ...] = ()
    not_responsible: tuple[Ground, ...] = ()
    assessing: Assessing
    clocks: Clocks
    pauses: Pauses
    extension: Extension
    remind_at_share: Share
    escalation: Escalation
    emergency: Emergency
    group_incident: GroupIncident
    outside_bodies: tuple[OutsideBody, ...] = ()
    records: tuple[RequiredRecord, ...] = ()
    approval: Approval
    compensation: Compensation
    feedback_ways: Annotated[tuple[FeedbackWay, ...], Meta(min_length=1)]
    follow_up: FollowUp
    closing_gates: Annotated[tuple[Gate, ...], Meta(min_length=1)]
    proven_by: dict[Gate, Code] = {}
    """The role or post that proves a closing gate (003: the director signs the record, the verifier
    the register); for a gate that is not named here, `gates.openers` says who."""
    retention_years: Annotated[int, Meta(ge=1, le=100)]
    keeping: Keeping = Keeping()
    required_fields: tuple[RequiredField, ...] = ()
    working_hours: WorkingHours
    calendar: CalendarOverrides = CalendarOverrides()
    reports: tuple[Period, ...] = ()
    documents: tuple[DocumentKind, ...] = (
        DocumentKind.HANDLING_RECORD,
        DocumentKind.INVESTIGATION_REPORT,
        DocumentKind.NOTICE,
        DocumentKind.WORK_ORDER,
        DocumentKind.SUMMARY,
    )
    """The forms that are printed, signed and filed (G11)."""

    @property
    def reference(self) -> str:
        """What a complaint keeps: `service-provider@3f2a...`."""
        return f"{self.name}@{self.version}"

    def find_type(self, code: str) -> ComplaintType | None:
        """Return the type with this code, or None."""
        return next((kind for kind in self.types if kind.code == code), None)

    def find_department(self, code: str) -> Department | None:
        """Return the department with this code, or None; reserved queues are none."""
        return next((part for part in self.departments if part.code == code), None)

    def find_criterion(self, code: str) -> Criterion | None:
        """Return the criterion of a major complaint with this code, or None."""
        return next((criterion for criterion in self.major if criterion.code == code), None)

    def find_post(self, code: str) -> Post | None:
        """Return the post with this code, or None."""
        return next((post for post in self.posts if post.code == code), None)

    def role_of(self, code: str) -> Role:
        """Return the role that a code names, or that the post of this code has.

        Raises ValueError for a code that is neither.
        """
        post = self.find_post(code)
        return post.role if post else Role(code)

    def sign_offs(self, *, is_major: bool) -> SignOffs:
        """Return who signs the solution."""
        return self.approval.major if is_major else self.approval.general

    def limits(self) -> Iterator[tuple[str, Limit]]:
        """Yield each limit that is set with its dotted name, in the order of the line."""
        clocks = self.clocks
        for field in Clocks.__struct_fields__:
            match getattr(clocks, field):
                case Limit() as limit:
                    yield field, limit
                case Limits() as limits:
                    for severity in Limits.__struct_fields__:
                        if limit := getattr(limits, severity):
                            yield f"{field}.{severity}", limit


class UnknownPolicyError(LookupError):
    """There is no policy of that name, or not in that version."""


def weighted(words: Words) -> dict[str, float]:
    """Return words with their weights; those of a plain list weigh 1.

    >>> weighted(("leak", "smoke"))
    {'leak': 1.0, 'smoke': 1.0}
    """
    return dict(words) if isinstance(words, dict) else dict.fromkeys(words, 1.0)


def parse(content: bytes) -> Policy:
    """Read a compiled policy; raises msgspec.ValidationError where it is not one."""
    return msgspec.json.decode(content, type=Policy)


def canonical(content: dict[str, Any]) -> bytes:
    """Return the JSON of a policy: keys sorted, UTF-8, the same bytes for the same content."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"{text}\n".encode()


def version_of(content: dict[str, Any]) -> str:
    """Return the first 12 hex digits of the SHA-256 of what a policy says, its version left out."""
    return hashlib.sha256(canonical({**content, "version": ""})).hexdigest()[:VERSION_LENGTH]


def parse_kept(content: bytes, reference: str) -> Policy:
    """Read a compiled policy that was kept under this reference.

    Raises UnknownPolicyError if it is not that policy, whole: its content must give its version.
    """
    try:
        kept = parse(content)
        whole = version_of(json.loads(content)) == kept.version
    except (msgspec.MsgspecError, ValueError) as error:
        raise UnknownPolicyError(reference) from error
    if not whole or kept.reference != reference:
        raise UnknownPolicyError(reference)
    return kept


def names() -> list[str]:
    """Return the names of the compiled policies, in order."""
    return sorted(path.stem for path in _folder().glob("*.json"))


@cache
def load(name: str) -> Policy:
    """Return the compiled policy of this name, or of a reference such as `name@version`.

    Raises UnknownPolicyError if there is none.
    """
    plain = name.partition("@")[0]
    if plain not in names():
        raise UnknownPolicyError(plain)
    return parse(compiled_file(plain))


def compiled_file(name: str) -> bytes:
    """Return the compiled policy of this name as it is in the package."""
    return (_folder() / f"{name}.json").read_bytes()


def source_file(name: str) -> Path:
    """Return where the file lies that the policy of this name was compiled from, as written."""
    return _folder() / f"{name}.yaml"


def percent(share: float) -> int:
    """Return a share as whole per cent, halves up, as tables show it."""
    return math.floor(share * 100 + 0.5)


def _folder() -> Path:
    """Return where the compiled policies are: in the package itself."""
    return Path(str(resources.files("complaints"))) / "policies"
