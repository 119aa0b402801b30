"""The people of the organisation: who is there on a day, who stands in, what may be entered.

Days are those of the office's time zone. Nothing here asks what a person may do: `roles` does.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime

from complaints.forms import Problem
from complaints.models import Record, Role, Staff
from complaints.office import Office
from complaints.policy import QUALITY_OFFICE

NEEDS_DEPARTMENT = frozenset({Role.HANDLER, Role.DEPARTMENT_HEAD})
"""Roles that mean nothing without a department."""
MOST_ABSENCES = 20
FORMULA = ("=", "+", "-", "@")
"""How a cell begins that a spreadsheet would reckon; no name does."""
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}", re.ASCII)


class Change(Record, frozen=True, kw_only=True):
    """A change of the directory: who changed whom, when, and the entry before and after (H5)."""

    by: str
    at: datetime
    before: Staff | None = None
    """None for a person who is new."""
    after: Staff

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields that changed; all that are set of a person who is new."""
        before = self.before or Staff(username=self.after.username, name="", email="", roles=())
        return tuple(one for one in STORED if getattr(before, one) != getattr(self.after, one))


STORED = tuple(one for one in Staff.__struct_fields__ if one not in ("username", "acting_for"))
"""What the directory keeps about a user name."""


def day_of(at: datetime, office: Office) -> date:
    """Return the day of an instant where the office is."""
    return at.astimezone(office.zone).date()


def has_left(member: Staff, day: date) -> bool:
    """Return whether this person works here no more; the last day still counts as work."""
    return member.left_on is not None and day > member.left_on


def is_there(member: Staff, day: date) -> bool:
    """Return whether this person works on this day: neither gone nor absent."""
    absent = any(one.first <= day <= one.last for one in member.absences)
    return not absent and not has_left(member, day)


def stand_in(
    absent: Staff,
    staff: Mapping[str, Staff],
    day: date,
    *,
    may: Callable[[Staff], bool] = lambda _: True,
) -> Staff | None:
    """Return who acts for somebody absent: the deputy, or the deputy's, as far as the chain goes.

    A deputy who is absent too, or who may not (`may`), is skipped. A chain that leads back to
    where it was ends there: None.
    """
    met, one = {absent.username}, absent
    while (deputy := staff.get(one.deputy)) and deputy.username not in met:
        if is_there(deputy, day) and may(deputy):
            return deputy
        met.add(deputy.username)
        one = deputy
    return None


def acting(member: Staff, everybody: Iterable[Staff], day: date) -> Staff:
    """Return this person with those absent ones whom the person stands in for on this day."""
    known = {one.username: one for one in everybody}
    absent = [one for one in known.values() if not is_there(one, day)]
    stood_for = [one for one in absent if stand_in(one, known, day) == known.get(member.username)]
    return member.replace(acting_for=tuple(stood_for))


def problems_of(
    member: Staff, everybody: Mapping[str, Staff], office: Office
) -> dict[str, Problem]:
    """Return what is wrong with an entry, by field: the sentence to show.

    `everybody` is the directory as it would be with this entry in it.
    """
    checks = {
        "username": None
        if USERNAME.fullmatch(member.username)
        else Problem("staff.people.username_wrong"),
        "name": _name_problem(member),
        "roles": None if member.roles else Problem("form.missing.field"),
        "department": _department_problem(member, office),
        "posts": _posts_problem(member, office),
        "deputy": _deputy_problem(member, everybody),
        "absences": _absences_problem(member),
    }
    return {field: problem for field, problem in checks.items() if problem}


def _name_problem(member: Staff) -> Problem | None:
    if not member.name:
        return Problem("form.missing.field")
    return Problem("staff.people.name_formula") if member.name.startswith(FORMULA) else None


def _department_problem(member: Staff, office: Office) -> Problem | None:
    departments = (*(one.code for one in office.policy.departments), QUALITY_OFFICE)
    if member.department and member.department not in departments:
        return Problem("staff.people.department_unknown", {"allowed": ", ".join(departments)})
    if NEEDS_DEPARTMENT & set(member.roles) and not member.department:
        return Problem("staff.people.department_missing")
    return None


def _posts_problem(member: Staff, office: Office) -> Problem | None:
    posts = {one.code: one for one in office.policy.posts}
    if not set(member.posts) <= set(posts):
        return Problem("staff.people.post_unknown", {"allowed": ", ".join(posts) or "—"})
    for code in member.posts:
        if posts[code].role not in member.roles:
            values: dict[str, str | int] = {"post": code, "role": posts[code].role}
            return Problem("staff.people.post_without_role", values)
    return None


def _deputy_problem(member: Staff, everybody: Mapping[str, Staff]) -> Problem | None:
    if member.deputy and member.deputy == member.username:
        return Problem("staff.people.deputy_oneself")
    if member.deputy and member.deputy not in everybody:
        return Problem("staff.people.deputy_unknown")
    return None


def _absences_problem(member: Staff) -> Problem | None:
    if any(one.last < one.first for one in member.absences):
        return Problem("staff.people.absence_backwards")
    if len(member.absences) > MOST_ABSENCES:
        return Problem("staff.people.absences_many", {"most": MOST_ABSENCES})
    return None


def loses_last_administrator(before: Iterable[Staff], after: Iterable[Staff], day: date) -> bool:
    """Return whether nobody would be left to keep the directory, while somebody is now."""

    def keeps(staff: Iterable[Staff]) -> bool:
        return any(Role.ADMINISTRATOR in one.roles and not has_left(one, day) for one in staff)

    return keeps(before) and not keeps(after)


def by_name(staff: Sequence[Staff]) -> dict[str, Staff]:
    """Return people by their user names."""
    return {one.username: one for one in staff}
