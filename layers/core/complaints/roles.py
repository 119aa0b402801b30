"""Who may do what (H4): one function for each right, asked by stages and pages alike."""

from complaints.models import Complaint, Role, Staff
from complaints.office import Office

COORDINATES = frozenset({Role.QUALITY_OFFICE})
READS_ALL = frozenset({Role.QUALITY_OFFICE, Role.MANAGEMENT, Role.AUDITOR, Role.INTAKE})


IN_LINE = frozenset({Role.HANDLER, Role.DEPARTMENT_HEAD})
"""Roles that a person has for the own department alone."""


def is_barred(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person is complained about: such a person has no right here (I8)."""
    return staff.username in complaint.respondents


def holds(staff: Staff, code: str, complaint: Complaint, office: Office) -> bool:
    """Return whether this person has the role or post of this code, for this complaint.

    Who is complained about holds nothing.
    """
    if is_barred(complaint, staff):
        return False
    if office.policy.find_post(code):
        return code in staff.posts
    if code not in staff.roles:
        return False
    return code not in IN_LINE or staff.department == complaint.department


def may_see(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person may open the complaint: own department, or an overall duty."""
    if is_barred(complaint, staff):
        return False
    if READS_ALL & set(staff.roles) or staff.username in complaint.members:
        return True
    return bool(staff.department) and staff.department == complaint.department


def may_register(staff: Staff) -> bool:
    """Return whether this person writes down complaints that come by phone, visit or letter."""
    return bool({Role.INTAKE, Role.QUALITY_OFFICE, *IN_LINE} & set(staff.roles))


def may_work_on(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person may handle it: its department, joint group, or coordinator."""
    if is_barred(complaint, staff):
        return False
    if COORDINATES & set(staff.roles) or staff.username in complaint.members:
        return True
    in_line = IN_LINE & set(staff.roles)
    return bool(in_line) and bool(staff.department) and staff.department == complaint.department


def may_assign(complaint: Complaint, investigator: str, staff: Staff) -> bool:
    """Return whether this person may name that investigator; handlers take, heads assign."""
    assigns = {Role.DEPARTMENT_HEAD, Role.QUALITY_OFFICE} & set(staff.roles)
    barred = investigator in complaint.respondents
    by_right = bool(assigns) or staff.username == investigator
    return may_work_on(complaint, staff) and not barred and by_right


def may_approve(complaint: Complaint, staff: Staff, office: Office) -> bool:
    """Return whether this person may sign the solution now.

    A solution is signed by the roles and posts that the policy asks for, each by another person,
    and never by who investigated or is complained about, whatever the role (C5, I8).
    """
    return bool(signs_for(complaint, staff, office))


def signs_for(complaint: Complaint, staff: Staff, office: Office) -> str:
    """Return the role or post that this person would sign for now; empty for none."""
    signed = {one.username for one in complaint.signed}
    if staff.username == complaint.investigator or staff.username in signed:
        return ""
    awaited = signers(complaint, office)
    return next((code for code in awaited if holds(staff, code, complaint, office)), "")


def signers(complaint: Complaint, office: Office) -> tuple[str, ...]:
    """Return the roles and posts that may sign next; one where the order matters."""
    rule = office.policy.sign_offs(is_major=complaint.is_major)
    signed = {one.code for one in complaint.signed}
    left = tuple(code for code in rule.signed_by if code not in signed)
    return left[:1] if rule.in_order else left


def next_signer(complaint: Complaint, office: Office) -> str:
    """Return the first role or post that is to sign next."""
    return next(iter(signers(complaint, office)), Role.QUALITY_OFFICE)


def may_follow_up(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person may call back: never who handled the complaint (I5)."""
    calls = {Role.QUALITY_OFFICE, Role.INTAKE} & set(staff.roles)
    barred = staff.username == complaint.investigator or is_barred(complaint, staff)
    return bool(calls) and not barred


def queue_of(code: str, complaint: Complaint, office: Office) -> str:
    """Return the queue in which people of a role or post find the complaint."""
    role = office.policy.role_of(code)
    if role in {Role.QUALITY_OFFICE, Role.MANAGEMENT}:
        return role
    return complaint.department or Role.QUALITY_OFFICE
