"""Who may do what (H4): one function for each right, asked by stages and pages alike."""

from complaints.models import Complaint, Role, Staff
from complaints.office import Office

COORDINATES = frozenset({Role.QUALITY_OFFICE})
READS_ALL = frozenset({Role.QUALITY_OFFICE, Role.MANAGEMENT, Role.AUDITOR, Role.INTAKE})


def may_see(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person may open the complaint: own department, or an overall duty."""
    if READS_ALL & set(staff.roles):
        return True
    return bool(staff.department) and staff.department == complaint.department


def may_register(staff: Staff) -> bool:
    """Return whether this person writes down complaints that come by phone, visit or letter."""
    return bool(
        {Role.INTAKE, Role.QUALITY_OFFICE, Role.HANDLER, Role.DEPARTMENT_HEAD} & set(staff.roles)
    )


def may_work_on(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person may handle it: a member of its department, or the coordinator."""
    if COORDINATES & set(staff.roles):
        return True
    in_line = {Role.HANDLER, Role.DEPARTMENT_HEAD} & set(staff.roles)
    return bool(in_line) and bool(staff.department) and staff.department == complaint.department


def may_assign(complaint: Complaint, investigator: str, staff: Staff) -> bool:
    """Return whether this person may name that investigator; handlers take, heads assign."""
    assigns = {Role.DEPARTMENT_HEAD, Role.QUALITY_OFFICE} & set(staff.roles)
    return may_work_on(complaint, staff) and (bool(assigns) or staff.username == investigator)


def may_approve(complaint: Complaint, staff: Staff, office: Office) -> bool:
    """Return whether this person may decide: the right role, and never the investigator.

    A general complaint is decided by the head of its department, a major one by management
    (004 二); who investigated can't approve, whatever the role.
    """
    role = approver_role(complaint, office)
    if staff.username == complaint.investigator or role not in staff.roles:
        return False
    return role != Role.DEPARTMENT_HEAD or staff.department == complaint.department


def may_follow_up(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person may call back: never who handled the complaint (I5)."""
    calls = {Role.QUALITY_OFFICE, Role.INTAKE} & set(staff.roles)
    return bool(calls) and staff.username != complaint.investigator


def approver_role(complaint: Complaint, office: Office) -> Role:
    """Return the role that decides about this complaint's solution (C5)."""
    return office.policy.approver_role(is_major=complaint.is_major)


def queue_of(role: Role, complaint: Complaint) -> str:
    """Return the queue in which people of `role` find the complaint."""
    if role in {Role.QUALITY_OFFICE, Role.MANAGEMENT}:
        return role
    return complaint.department or Role.QUALITY_OFFICE
