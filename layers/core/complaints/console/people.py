"""The form that adds a member of staff."""

import re

from complaints.forms import Checked, Field, Form, Problem, check
from complaints.models import Role, Staff
from complaints.office import Office
from complaints.policy import QUALITY_OFFICE

FIELDS = (
    Field(name="username", required=True, longest=40),
    Field(name="name", required=True, longest=60),
    Field(name="email", kind="email", required=True, longest=254),
    Field(name="phone", kind="phone", longest=40),
)
IN_LINE = frozenset({Role.HANDLER, Role.DEPARTMENT_HEAD})
"""Roles that mean nothing without a department."""
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


def check_person(form: Form, office: Office) -> Checked:
    """Check the form; `roles` holds the chosen ones, with commas between."""
    codes = (*(one.code for one in office.policy.departments), QUALITY_OFFICE)
    checked = check(form, (*FIELDS, Field(name="department", kind="choice", choices=codes)))
    roles = [role for role in Role if role in form.all("roles")]
    checked.values["roles"] = ",".join(roles)
    if not roles:
        checked.problems["roles"] = Problem("form.missing.field")
    if IN_LINE & set(roles) and not checked.values["department"]:
        checked.problems["department"] = Problem("staff.people.department_missing")
    if "username" not in checked.problems and not _USERNAME.fullmatch(checked.values["username"]):
        checked.problems["username"] = Problem("staff.people.username_wrong")
    return checked


def member_of(values: dict[str, str]) -> Staff:
    """Return the member of staff of a checked form."""
    return Staff(
        username=values["username"],
        name=values["name"],
        email=values["email"],
        phone=values["phone"],
        department=values["department"],
        roles=tuple(Role(role) for role in values["roles"].split(",")),
    )
