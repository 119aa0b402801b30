"""Approve: a second person, the right one, with a reason for every no."""

from datetime import UTC, datetime, timedelta

import pytest

from complaints.lifecycle import InvalidInputError, NotAllowedError
from complaints.models import Complainant, Role, Staff, Status
from tests.builders import (
    AT,
    HANDLER,
    HEAD,
    MAJOR,
    MANAGER,
    OTHER_HEAD,
    QUALITY,
    approved,
    assessed,
    decided,
    investigated,
    later,
    received,
)

MANAGING_HEAD = HEAD.replace(username="bo", roles=(Role.DEPARTMENT_HEAD, Role.MANAGEMENT))
ACTING_HANDLER = HANDLER.replace(roles=(Role.HANDLER, Role.DEPARTMENT_HEAD, Role.MANAGEMENT))


@pytest.mark.parametrize("staff", [HEAD, MANAGING_HEAD])
def test_the_head_of_the_department_decides_the_general_ones(staff: Staff) -> None:
    """004 二: within the department that is responsible."""
    complaint = approved(staff=staff).complaint
    assert (complaint.status, complaint.approver) == (Status.APPROVED, staff.username)


@pytest.mark.parametrize("staff", [MANAGER, MANAGING_HEAD])
def test_management_decides_the_major_ones(staff: Staff) -> None:
    """004 二: the meeting of the management."""
    dossier = approved(investigated(assessed(received(MAJOR))), staff=staff)
    assert dossier.complaint.status is Status.APPROVED


@pytest.mark.parametrize("text", ["前台态度恶劣。", MAJOR])
@pytest.mark.parametrize("staff", [HANDLER, OTHER_HEAD, QUALITY])
def test_nobody_else_decides(text: str, staff: Staff) -> None:
    """Neither handler nor coordinator nor another department's head."""
    with pytest.raises(NotAllowedError):
        decided(investigated(assessed(received(text))), approved=True, staff=staff)


@pytest.mark.parametrize(
    ("text", "staff"), [("前台态度恶劣。", MANAGER), (MAJOR, HEAD)], ids=["general", "major"]
)
def test_the_approver_is_one_of_the_right_severity(text: str, staff: Staff) -> None:
    """Management doesn't decide for the head, nor the head for management."""
    with pytest.raises(NotAllowedError):
        decided(investigated(assessed(received(text))), approved=True, staff=staff)


@pytest.mark.parametrize("text", ["前台态度恶劣。", MAJOR])
@pytest.mark.parametrize("yes", [True, False])
def test_nobody_decides_about_the_own_finding(text: str, *, yes: bool) -> None:
    """Four eyes: whatever the roles, who investigated neither approves nor rejects."""
    with pytest.raises(NotAllowedError) as raised:
        decided(
            investigated(assessed(received(text))), approved=yes, reason="x", staff=ACTING_HANDLER
        )
    assert raised.value.text_id == "error.own_investigation"


@pytest.mark.parametrize("reason", ["", "  \n\t"])
def test_a_no_needs_its_reason(reason: str) -> None:
    """C5: what is sent back is sent back with a reason."""
    with pytest.raises(InvalidInputError) as raised:
        decided(approved=False, reason=reason)
    assert raised.value.text_id == "error.reason_missing"


def test_a_no_begins_another_round() -> None:
    """C5: back to the department, with 24 hours from now."""
    dossier = decided(approved=False, reason="证据不足")
    complaint, at = dossier.complaint, later(dossier, 0)
    assert (complaint.status, complaint.queue) == (Status.ASSESSED, "service")
    assert (complaint.round_at, complaint.approver, complaint.written_at) == (at, "", None)
    assert complaint.clock
    assert complaint.clock.due_at == at + timedelta(hours=24)
    assert dossier.entries[-1].commitment
    assert approved(investigated(dossier)).complaint.status is Status.APPROVED


def test_the_notice_counts_as_written_where_it_can_be_mailed() -> None:
    """D1: it is queued in the same save; without an address it is still to be posted."""
    dossier = approved()
    assert dossier.complaint.written_at == later(dossier, 0)
    by_phone = Complainant(name="李", phone="13800000001", address="幸福路1号")
    assert (
        approved(investigated(assessed(received(complainant=by_phone)))).complaint.written_at
        is None
    )


def test_feedback_is_due_on_the_next_working_day() -> None:
    """The policy's default: approved on Friday, told on Monday."""
    dossier = approved()
    assert dossier.complaint.clock
    assert dossier.complaint.clock.started_at == later(dossier, 0)
    assert dossier.complaint.clock.due_at == datetime(2026, 11, 23, 15, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(("hours", "late"), [(2, False), (24 * 5, False), (24 * 6, True)])
def test_a_late_decision_is_on_record(hours: int, *, late: bool) -> None:
    """004 二: the three working days end on Wednesday night."""
    dossier = approved(investigated(hours=hours))
    assert dossier.entries[-1].facts["late"] is late
    assert later(dossier, 0) > AT
