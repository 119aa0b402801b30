"""Roles: one function for each right, and every right as narrow as it can be."""

from typing import Final

import pytest

from complaints.models import Complaint, Role, Staff
from complaints.roles import (
    may_approve,
    may_assign,
    may_follow_up,
    may_register,
    may_see,
    may_work_on,
    next_signer,
    queue_of,
)
from tests.builders import MAJOR, OFFICE, assessed, investigated, received

GENERAL: Final = investigated().complaint
SERIOUS: Final = investigated(assessed(received(MAJOR))).complaint
EVERYWHERE = {Role.QUALITY_OFFICE, Role.MANAGEMENT, Role.AUDITOR, Role.INTAKE}


def member(role: Role, department: str = "") -> Staff:
    """Return somebody with one role."""
    return Staff(username="x", name="x", email="", roles=(role,), department=department)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("department", ["", "service", "finance"])
def test_one_sees_the_own_department_or_has_an_overall_duty(role: Role, department: str) -> None:
    """An administrator of accounts sees no complaint by that role alone."""
    expected = role in EVERYWHERE or department == "service"
    assert may_see(GENERAL, member(role, department)) == expected


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("department", ["", "service", "finance"])
def test_one_works_on_what_is_the_own_departments(role: Role, department: str) -> None:
    """Handler or head of it, or the coordinator; auditors and managers change nothing."""
    in_line = role in {Role.HANDLER, Role.DEPARTMENT_HEAD} and department == "service"
    assert may_work_on(GENERAL, member(role, department)) == (
        in_line or role is Role.QUALITY_OFFICE
    )


def test_a_complaint_of_no_department_is_not_everybodys() -> None:
    """Two empty departments are no common one."""
    nobodys = received().complaint
    assert nobodys.department == ""
    assert not may_see(nobodys, member(Role.HANDLER))
    assert not may_work_on(nobodys, member(Role.HANDLER))
    assert not may_work_on(nobodys, member(Role.DEPARTMENT_HEAD))


@pytest.mark.parametrize("role", list(Role))
def test_who_registers(role: Role) -> None:
    """A3: those who meet complainants."""
    meets = {Role.INTAKE, Role.QUALITY_OFFICE, Role.HANDLER, Role.DEPARTMENT_HEAD}
    assert may_register(member(role)) == (role in meets)


@pytest.mark.parametrize("complaint", [GENERAL, SERIOUS], ids=["general", "major"])
@pytest.mark.parametrize("role", list(Role))
def test_exactly_one_role_approves(role: Role, complaint: Complaint) -> None:
    """C5: the head or management, by severity, and never the investigator."""
    wanted = Role.MANAGEMENT if complaint.is_major else Role.DEPARTMENT_HEAD
    staff = member(role, "service")
    assert next_signer(complaint, OFFICE) == wanted
    assert may_approve(complaint, staff, OFFICE) == (role is wanted)
    assert not may_approve(complaint.replace(investigator="x"), staff, OFFICE)


@pytest.mark.parametrize("role", list(Role))
def test_who_calls_back(role: Role) -> None:
    """I5: the quality office or the desk, and never the investigator."""
    staff = member(role, "service")
    assert may_follow_up(GENERAL, staff) == (role in {Role.QUALITY_OFFICE, Role.INTAKE})
    assert not may_follow_up(GENERAL.replace(investigator="x"), staff)


def test_a_handler_assigns_nobody_but_the_own_person() -> None:
    """Taking is not giving."""
    assert may_assign(GENERAL, "x", member(Role.HANDLER, "service"))
    assert not may_assign(GENERAL, "y", member(Role.HANDLER, "service"))
    assert may_assign(GENERAL, "y", member(Role.DEPARTMENT_HEAD, "service"))


@pytest.mark.parametrize(
    ("role", "department", "queue"),
    [
        (Role.QUALITY_OFFICE, "service", "quality_office"),
        (Role.MANAGEMENT, "service", "management"),
        (Role.HANDLER, "service", "service"),
        (Role.DEPARTMENT_HEAD, "service", "service"),
        (Role.HANDLER, "", "quality_office"),
    ],
)
def test_every_queue_is_somebodys(role: Role, department: str, queue: str) -> None:
    """A complaint of no department waits for the coordinator."""
    assert queue_of(role, GENERAL.replace(department=department), OFFICE) == queue
