"""The policy of an organisation: its types, words, clocks, approvals and rules, as a record.

A policy is written as YAML in `infra/policies/`, checked and compiled to JSON by
`complaints.policy_file`, and read here at run time. A complaint keeps the name and version of the
policy it was received under (`Policy.reference`).
"""

import math
from collections.abc import Iterator
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from complaints.models import Role

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
    "subject",
    "text",
    "demand",
    "occurred_on",
    "place",
    "staff_involved",
    "amount",
]


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


class Criterion(Setting, frozen=True, kw_only=True):
    """A criterion that makes a complaint a major one (B3)."""

    code: Code
    name: Name
    words: Words = ()


class Limit(Setting, frozen=True, kw_only=True):
    """A time limit: wall-clock minutes or working days, exactly one of the two."""

    minutes: Count | None = None
    working_days: Annotated[int, Meta(ge=1, le=365)] | None = None

    def __post_init__(self) -> None:
        if (self.minutes is None) == (self.working_days is None):
            raise ValueError("exactly one of minutes, working_days")


class SolutionLimits(Setting, frozen=True, kw_only=True):
    """The limit for the solution, by severity (C5)."""

    general: Limit
    major: Limit


class Clocks(Setting, frozen=True, kw_only=True):
    """The limit of each stage (E1)."""

    registration: Limit
    investigation: Limit
    solution: SolutionLimits
    feedback: Limit
    follow_up: Limit


class Escalation(Setting, frozen=True, kw_only=True):
    """Who is told when a limit passes, one rung up in each further period (E3).

    The first of the ladder is who should have acted: reminded before, while the others come after.
    """

    ladder: Annotated[tuple[Role, ...], Meta(min_length=2)]
    every: Limit


class Approval(Setting, frozen=True, kw_only=True):
    """Which role decides about a finding, by severity (C5)."""

    general: Role
    major: Role


class FollowUp(Setting, frozen=True, kw_only=True):
    """The rules of the follow-up and of closing without one (D2 to D4, G5)."""

    callback_share: Share
    quiet_days: Annotated[int, Meta(ge=1, le=365)]
    exempt: tuple[Exemption, ...] = ()


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
    number: Number
    departments: Annotated[tuple[Department, ...], Meta(min_length=1)]
    types: Annotated[tuple[ComplaintType, ...], Meta(min_length=1)]
    major: tuple[Criterion, ...] = ()
    assessing: Assessing
    clocks: Clocks
    remind_at_share: Share
    escalation: Escalation
    approval: Approval
    feedback_ways: Annotated[tuple[FeedbackWay, ...], Meta(min_length=1)]
    follow_up: FollowUp
    retention_years: Annotated[int, Meta(ge=1, le=100)]
    required_fields: tuple[RequiredField, ...] = ()
    working_hours: WorkingHours
    calendar: CalendarOverrides = CalendarOverrides()
    reports: tuple[Period, ...] = ()

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

    def solution_limit(self, *, is_major: bool) -> Limit:
        """Return the limit for the solution."""
        return self.clocks.solution.major if is_major else self.clocks.solution.general

    def approver_role(self, *, is_major: bool) -> Role:
        """Return the role that decides about the finding."""
        return self.approval.major if is_major else self.approval.general

    def limits(self) -> Iterator[tuple[str, Limit]]:
        """Yield each limit with its dotted name, in the order of the line."""
        yield "registration", self.clocks.registration
        yield "investigation", self.clocks.investigation
        yield "solution.general", self.clocks.solution.general
        yield "solution.major", self.clocks.solution.major
        yield "feedback", self.clocks.feedback
        yield "follow_up", self.clocks.follow_up


class UnknownPolicyError(LookupError):
    """No policy of that name was compiled into the package."""


def weighted(words: Words) -> dict[str, float]:
    """Return words with their weights; those of a plain list weigh 1.

    >>> weighted(("leak", "smoke"))
    {'leak': 1.0, 'smoke': 1.0}
    """
    return dict(words) if isinstance(words, dict) else dict.fromkeys(words, 1.0)


def parse(content: bytes) -> Policy:
    """Read a compiled policy; raises msgspec.ValidationError where it is not one."""
    return msgspec.json.decode(content, type=Policy)


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
    return parse((_folder() / f"{plain}.json").read_bytes())


def percent(share: float) -> int:
    """Return a share as whole per cent, halves up, as tables show it."""
    return math.floor(share * 100 + 0.5)


def _folder() -> Path:
    """Return where the compiled policies are: in the package itself."""
    return Path(str(resources.files("complaints"))) / "policies"
