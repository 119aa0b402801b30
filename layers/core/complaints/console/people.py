"""The forms about members of staff: a new person, a changed entry, tasks handed over (H5)."""

from collections.abc import Mapping
from datetime import date
from itertools import zip_longest

from complaints import people
from complaints.forms import Checked, Field, Form, Problem, check
from complaints.models import Absence, Role, Staff
from complaints.office import Office

KEPT_BY_ALL = (
    Field(name="deputy", longest=40),
    Field(name="on_call", kind="flag"),
)
"""What whoever keeps the leave may change, beside the absences."""
FIELDS = (
    Field(name="name", required=True, longest=60),
    Field(name="email", kind="email", required=True, longest=254),
    Field(name="phone", kind="phone", longest=40),
    Field(name="department", longest=40),
    Field(name="left_on", kind="day"),
    *KEPT_BY_ALL,
)
USERNAME = Field(name="username", required=True, longest=40)


def check_person(
    form: Form,
    office: Office,
    everybody: Mapping[str, Staff] | None = None,
    before: Staff | None = None,
    *,
    whole: bool = True,
) -> tuple[Checked, Staff]:
    """Check the form of a person; return the values, what is wrong, and the entry as it would be.

    `before` is the entry to be changed, None for a new person; `whole` is False for who may only
    change leave, deputy and whether somebody is on call.
    """
    fields = (FIELDS if before else (USERNAME, *FIELDS)) if whole else KEPT_BY_ALL
    checked = check(form, fields)
    absences, wrong = _absences(form)
    values = checked.values
    if wrong:
        checked.problems["absences"] = wrong
    member = before or Staff(username=values["username"], name="", email="", roles=())
    member = member.replace(
        deputy=values["deputy"], on_call=bool(values["on_call"]), absences=absences
    )
    if whole:
        left_on = values["left_on"] if "left_on" not in checked.problems else ""
        member = member.replace(
            name=values["name"],
            email=values["email"],
            phone=values["phone"],
            department=values["department"],
            roles=tuple(role for role in Role if role in form.all("roles")),
            posts=tuple(dict.fromkeys(form.all("posts"))),
            left_on=date.fromisoformat(left_on) if left_on else None,
        )
    after = {**(everybody or {}), member.username: member}
    for field, problem in people.problems_of(member, after, office).items():
        checked.problems.setdefault(field, problem)
    return checked, member


def _absences(form: Form) -> tuple[tuple[Absence, ...], Problem | None]:
    """Return the absences of a form, pairs of days; rows that are left empty are none."""
    found = []
    pairs = zip_longest(form.all("absence_first"), form.all("absence_last"), fillvalue="")
    for first, last in pairs:
        if not first and not last:
            continue
        try:
            found.append(Absence(first=date.fromisoformat(first), last=date.fromisoformat(last)))
        except ValueError:
            return tuple(found), Problem("staff.people.absence_backwards")
    return tuple(sorted(found, key=lambda one: one.first)), None
