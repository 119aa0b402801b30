"""Lists of complaints: one row each, with what is left of its limit in words."""

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from complaints.clocks import colour, is_overdue, reading
from complaints.models import Clock, Complaint, Role, Staff
from complaints.office import Office
from complaints.policy import MANAGEMENT, QUALITY_OFFICE
from complaints.texts import Texts

MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
DAY = re.compile(r"20\d\d-\d\d-\d\d")
CURSOR_KEYS = {"complaint_id", "part", "queue", "due_at"}
Fits = Callable[[Complaint], bool]
ROLES_OF_QUEUES = {QUALITY_OFFICE: Role.QUALITY_OFFICE, MANAGEMENT: Role.MANAGEMENT}
TONES = {"red": "red", "amber": "amber", "green": ""}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A complaint in a list."""

    number: str
    subject: str
    status: str
    stage: str
    kind: str
    department: str
    major: bool
    urgency: str
    received_at: datetime
    closed_at: datetime | None
    result: str
    due_at: datetime | None
    left: str
    tone: str
    """red: over or near its limit; amber: past half of it."""
    overdue: bool
    news: bool
    """The complainant added something that nobody has read."""
    emergency: bool
    """An open complaint that is an emergency; these stand first (B7)."""
    incident: bool


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many of some rows are how far."""

    overdue: int
    near: int
    all: int


def row(complaint: Complaint, t: Texts, office: Office, at: datetime) -> Row:
    """Return the row of a complaint, with the limit of it that comes first."""
    clock = complaint.pressing
    assessment = complaint.assessment
    return Row(
        number=complaint.complaint_id,
        subject=complaint.subject,
        status=complaint.status,
        stage=stage_words(complaint, t),
        kind=kind_words(assessment.type, t, office) if assessment else "",
        department=queue_words(complaint.department, t, office),
        major=complaint.is_major,
        urgency=assessment.urgency if assessment else "",
        received_at=complaint.received_at,
        closed_at=complaint.closed_at,
        result=result_words(complaint, t),
        due_at=clock.due_at if clock else None,
        left=left(clock, t, at) if clock else "",
        tone=TONES[colour(clock, at)] if clock else "",
        overdue=clock is not None and is_overdue(clock, at),
        news=complaint.news_at is not None,
        emergency=complaint.emergency_at is not None and complaint.is_open,
        incident=complaint.incident_at is not None,
    )


def stage_words(complaint: Complaint, t: Texts) -> str:
    """Say how far a complaint is."""
    if complaint.voided:
        return t("staff.stage.voided")
    return t(f"staff.stage.{'handled' if complaint.is_handled else complaint.status}")


def result_words(complaint: Complaint, t: Texts) -> str:
    """Say what came of a complaint: what its complainant said, or why it was voided."""
    if complaint.voided:
        return t("voided.result", reason=t(f"voided.{complaint.voided.reason}"))
    return t(f"staff.outcome.{outcome}") if (outcome := complaint.follow_up_outcome) else ""


def by_need(rows: Iterable[Row]) -> list[Row]:
    """Return rows with the most pressing first: emergencies, over, near, others, by limit."""
    order = {"red": 1, "amber": 2, "": 3}

    def need(one: Row) -> tuple[bool, int, str]:
        return (not one.emergency, 0 if one.overdue else order[one.tone], str(one.due_at or "~"))

    return sorted(rows, key=need)


def count(rows: Iterable[Row]) -> Counts:
    """Return how many rows are over their limit, near it, and all."""
    rows = list(rows)
    overdue = sum(one.overdue for one in rows)
    near = sum(bool(one.tone) and not one.overdue for one in rows)
    return Counts(overdue=overdue, near=near, all=len(rows))


def left(clock: Clock, t: Texts, at: datetime) -> str:
    """Say how much of a limit is left, or how far it is passed, in the unit people think in."""
    rest = clock.due_at - reading(clock, at)
    way = "over" if is_overdue(clock, at) else "in"
    span = abs(rest)
    if span < timedelta(hours=1):
        return t(f"staff.left.{way}.minutes", count=int(span / timedelta(minutes=1)))
    if span < timedelta(days=2):
        return t(f"staff.left.{way}.hours", count=int(span / timedelta(hours=1)))
    return t(f"staff.left.{way}.days", count=span.days)


def kind_words(code: str, t: Texts, office: Office) -> str:
    """Name a type of the taxonomy; the letter of a class stands before it, a longer code not."""
    kind = office.policy.find_type(code)
    if kind is None:
        return code
    name = kind.name.in_language(t.language)
    return f"{code} {name}" if len(code) == 1 else name


def queue_words(code: str, t: Texts, office: Office) -> str:
    """Name a department, or one of the queues that every organisation has, as it calls them."""
    department = office.policy.find_department(code)
    if department:
        return department.name.in_language(t.language)
    role = ROLES_OF_QUEUES.get(code)
    if role and (title := office.policy.titles.get(role)):
        return title.in_language(t.language)
    return t(f"staff.queue.{code}") if f"staff.queue.{code}" in t else code


def role_words(code: str, t: Texts, office: Office) -> str:
    """Name a role or post as the organisation calls it; a post that is no more by its code."""
    if post := office.policy.find_post(code):
        return post.name.in_language(t.language)
    if code not in tuple(Role):
        return code
    title = office.policy.titles.get(Role(code))
    return title.in_language(t.language) if title else t(f"policy.role.{code}")


def member_words(member: Staff, t: Texts, office: Office) -> str:
    """Name a member of staff with the department, if there is one."""
    department = queue_words(member.department, t, office) if member.department else ""
    return f"{member.name} · {department}" if department else member.name


def departments(t: Texts, office: Office) -> list[tuple[str, str]]:
    """Return code and name of whatever may be responsible for a complaint."""
    codes = (*(one.code for one in office.policy.departments), QUALITY_OFFICE)
    return [(code, queue_words(code, t, office)) for code in codes]


def fitting(status: str = "", department: str = "") -> Fits:
    """Return whether a complaint is of this status and department; empty fits everything."""
    return lambda one: (
        (not status or one.status == status) and (not department or one.department == department)
    )


def is_cursor(after: str, queue: str) -> bool:
    """Return whether a place in a list, as it came back, is one of this queue's list."""
    try:
        key = msgspec.json.decode(
            base64.urlsafe_b64decode(after.encode()), type=dict[str, dict[str, str]]
        )
    except (binascii.Error, ValueError):
        return False
    texts = {name: value.get("S", "") for name, value in key.items() if set(value) == {"S"}}
    return texts.keys() == CURSOR_KEYS and all(texts.values()) and texts["queue"] == queue


def bounds(month: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return when a month of the office's calendar begins, and when the next one does.

    >>> [str(one) for one in bounds("2026-12", ZoneInfo("Asia/Shanghai"))]
    ['2026-12-01 00:00:00+08:00', '2027-01-01 00:00:00+08:00']
    """
    first = datetime.combine(date.fromisoformat(f"{month}-01"), time(), tzinfo=zone)
    return first, (first + timedelta(days=31)).replace(day=1)


def months(at: datetime, office: Office, size: int = 12) -> list[str]:
    """Return this month of the office's calendar and those before, such as `2026-11`."""
    day = at.astimezone(office.zone).date().replace(day=1)
    found = []
    for _ in range(size):
        found.append(f"{day:%Y-%m}")
        day = (day - timedelta(days=1)).replace(day=1)
    return found
