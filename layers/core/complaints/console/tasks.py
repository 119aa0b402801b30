"""What a member of staff is to do, and may do, about a complaint (H4).

The stages decide when it comes to it; here the same rights are asked, so that a page offers only
what will be accepted.
"""

from datetime import datetime
from enum import StrEnum

from complaints.clocks import is_overdue
from complaints.models import Complainant, Complaint, Role, Staff, Status
from complaints.notify import can_be_asked, ways_due
from complaints.office import Office
from complaints.policy import MANAGEMENT, QUALITY_OFFICE
from complaints.roles import READS_ALL, may_approve, may_assign, may_follow_up, may_see, may_work_on

READS_ARCHIVE = frozenset({Role.AUDITOR, Role.QUALITY_OFFICE, Role.MANAGEMENT})
READS_QUARANTINE = frozenset({Role.INTAKE, Role.QUALITY_OFFICE})
READS_REPORTS = frozenset({Role.QUALITY_OFFICE, Role.MANAGEMENT, Role.AUDITOR})
MAKES_REPORTS = frozenset({Role.QUALITY_OFFICE, Role.MANAGEMENT})
ONLY_READS = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})


class Task(StrEnum):
    """A form about one complaint; its value is the last part of the address that takes it."""

    READ = "read"
    INVESTIGATE = "investigate"
    DECIDE = "decide"
    PHONE = "phone"
    POST = "post"
    FOLLOW_UP = "follow-up"
    ASSIGN = "assign"
    ASSESS = "assess"
    NOTE = "note"


def tasks_of(
    complaint: Complaint, complainant: Complainant, staff: Staff, office: Office
) -> tuple[Task, ...]:
    """Return what this person may do about the complaint now, the task proper first."""
    works = may_work_on(complaint, staff)
    adds = may_add(complaint, staff)
    note = (*((Task.READ,) if complaint.news_at and adds else ()), *((Task.NOTE,) if adds else ()))
    match complaint.status:
        case Status.ASSESSED if works:
            return (Task.INVESTIGATE, Task.ASSIGN, Task.ASSESS, *note)
        case Status.INVESTIGATED:
            decides = (Task.DECIDE,) if may_approve(complaint, staff, office) else ()
            return (*decides, *((Task.ASSESS,) if works else ()), *note)
        case Status.APPROVED if works:
            asked = (Task.PHONE,) if can_be_asked(complainant) else ()
            written = "written" in ways_due(complaint, complainant, office)
            return (*asked, *((Task.POST,) if written else ()), *note)
        case Status.RESPONDED if may_follow_up(complaint, staff):
            return (Task.FOLLOW_UP, *note)
    return note


def may_add(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person may add notes and evidence; who only reads changes nothing."""
    return may_see(complaint, staff) and not set(staff.roles) <= ONLY_READS


def is_mine(complaint: Complaint, staff: Staff, office: Office, at: datetime) -> bool:
    """Return whether this waits for this very person, as far as the head of the complaint says.

    What a colleague was named for is the colleague's; once it is overdue, it is also the task of
    whoever assigns.
    """
    match complaint.status:
        case Status.INVESTIGATED:
            return may_approve(complaint, staff, office)
        case Status.RESPONDED:
            waits = complaint.must_call_back or complaint.news_at is not None
            return waits and may_follow_up(complaint, staff)
        case Status.ASSESSED | Status.APPROVED:
            named = complaint.investigator in ("", staff.username)
            late = complaint.clock is not None and is_overdue(complaint.clock, at)
            mine = named or (late and may_assign(complaint, "", staff))
            return mine and may_work_on(complaint, staff)
    waits = complaint.status is Status.RECEIVED or complaint.news_at is not None
    return waits and Role.QUALITY_OFFICE in staff.roles


def queues_of(staff: Staff) -> tuple[str, ...]:
    """Return the queues in which this person's own tasks wait."""
    queues = []
    if {Role.HANDLER, Role.DEPARTMENT_HEAD} & set(staff.roles) and staff.department:
        queues.append(staff.department)
    if {Role.QUALITY_OFFICE, Role.INTAKE} & set(staff.roles):
        queues.append(QUALITY_OFFICE)
    if Role.MANAGEMENT in staff.roles:
        queues.append(MANAGEMENT)
    return tuple(dict.fromkeys(queues))


def readable_queues(staff: Staff, office: Office) -> tuple[str, ...]:
    """Return the queues whose lists this person may read, the own ones first."""
    own = queues_of(staff)
    if not READS_ALL & set(staff.roles):
        return own
    departments = (department.code for department in office.policy.departments)
    return tuple(dict.fromkeys((*own, QUALITY_OFFICE, MANAGEMENT, *departments)))


def reads_months(staff: Staff) -> bool:
    """Return whether this person may list all complaints of a month."""
    return bool(READS_ARCHIVE & set(staff.roles))


def is_masked(staff: Staff) -> bool:
    """Return whether personal particulars are masked for this person: who only audits (F7)."""
    return bool(staff.roles) and set(staff.roles) <= ONLY_READS


def investigators(complaint: Complaint, staff: Staff, everybody: list[Staff]) -> list[Staff]:
    """Return whom this person may name as the investigator."""
    return [
        member
        for member in everybody
        if may_work_on(complaint, member) and may_assign(complaint, member.username, staff)
    ]
