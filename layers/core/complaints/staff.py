"""Members of staff: who they are, what they may do, and when they are away."""

from datetime import date
from enum import StrEnum

from complaints.record import Record


class Role(StrEnum):
    """What a member of staff may do; the names of the Cognito groups (H4)."""

    INTAKE = "intake"
    HANDLER = "handler"
    DEPARTMENT_HEAD = "department_head"
    QUALITY_OFFICE = "quality_office"
    MANAGEMENT = "management"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


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
    acting_for: tuple["Staff", ...] = ()
    """Absent ones whom this person stands in for today; reckoned at each request, never stored."""
