"""Approve: a second person, the right one, with a reason for every no."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from complaints import approve
from complaints.console.tasks import is_mine
from complaints.gates import other_queues
from complaints.lifecycle import InvalidInputError, NotAllowedError
from complaints.models import Complainant, Decision, Dossier, Role, Staff, Status
from complaints.office import Office
from complaints.policy import Approval, Name, Post, SignOffs
from complaints.roles import next_signer, queue_of
from tests.builders import (
    AT,
    HANDLER,
    HEAD,
    MAJOR,
    MANAGER,
    OFFICE,
    OTHER_HEAD,
    QUALITY,
    after,
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


LEADER = Staff(username="ling", name="令", email="", roles=(Role.MANAGEMENT,), posts=("leader",))
BOTH = (Role.DEPARTMENT_HEAD, Role.MANAGEMENT)
BY_POST = (Post(code="leader", name=Name(zh="公司领导", en="Leader"), role=Role.MANAGEMENT),)


def office(*signed_by: str, in_order: bool = True, posts: tuple[Post, ...] = ()) -> Office:
    """Return an office whose policy has every solution signed by these."""
    rule = SignOffs(signed_by=signed_by, in_order=in_order)
    policy = msgspec.structs.replace(
        OFFICE.policy, approval=Approval(general=rule, major=rule), posts=posts
    )
    return Office(policy=policy, zone=OFFICE.zone)


def signed(dossier: Dossier, staff: Staff, where: Office, *, approved: bool = True) -> Dossier:
    """Return the complaint after somebody signed, or sent it back, an hour later."""
    decision = Decision(approver=staff.username, approved=approved, reason="" if approved else "x")
    made = approve.decide(
        dossier.complaint, decision, dossier.complainant, staff=staff, key=dossier.key,
        at=later(dossier, 1), office=where,
    )  # fmt: skip
    return after(dossier, made, decisions=decision)


def test_two_sign_in_their_order() -> None:
    """000 六: the queue goes to the next; the notice is owed with the last signature alone."""
    where = office(*BOTH)
    with pytest.raises(NotAllowedError) as raised:
        signed(investigated(), MANAGER, where)
    assert raised.value.text_id == "error.not_your_signature"
    once = signed(investigated(), HEAD, where)
    assert (once.complaint.status, once.complaint.queue) == (Status.INVESTIGATED, "management")
    assert (once.complaint.written_at, once.complaint.approver) == (None, "")
    assert once.entries[-1].action == "signed"
    twice = signed(once, MANAGER, where)
    assert (twice.complaint.status, twice.complaint.approver) == (Status.APPROVED, "ma")
    assert [one.code for one in twice.complaint.signed] == list(BOTH)
    assert twice.complaint.written_at == later(twice, 0)


@pytest.mark.parametrize("order", [(HEAD, MANAGER), (MANAGER, HEAD)])
def test_two_sign_in_any_order(order: tuple[Staff, Staff]) -> None:
    """000 七: both find it in the queue of their own, whoever is first."""
    where = office(*BOTH, in_order=False)
    dossier = investigated()
    asked = queue_of(next_signer(dossier.complaint, where), dossier.complaint, where)
    waits = dossier.complaint.replace(queue=asked)
    assert {waits.queue, *other_queues(waits, where)} == {"service", "management"}
    for staff, status in zip(order, (Status.INVESTIGATED, Status.APPROVED), strict=True):
        assert is_mine(dossier.complaint, staff, where, AT)
        dossier = signed(dossier, staff, where)
        assert dossier.complaint.status is status
        assert not is_mine(dossier.complaint, staff, where, AT)


@pytest.mark.parametrize("in_order", [True, False])
def test_one_person_does_not_sign_for_two(*, in_order: bool) -> None:
    """C5: whatever the roles; the second answer is refused, and nothing changes."""
    where = office(*BOTH, in_order=in_order)
    once = signed(investigated(), MANAGING_HEAD, where)
    with pytest.raises(NotAllowedError) as raised:
        signed(once, MANAGING_HEAD, where)
    assert raised.value.text_id == "error.signed_already"
    assert len(once.complaint.signed) == 1
    assert signed(once, MANAGER, where).complaint.status is Status.APPROVED


def test_who_is_complained_about_signs_nothing() -> None:
    """I8: neither as head nor as management."""
    where = office(*BOTH, in_order=False)
    dossier = investigated()
    accused = dossier.replace(complaint=dossier.complaint.replace(respondents=("bo",)))
    with pytest.raises(NotAllowedError):
        signed(accused, MANAGING_HEAD, where)


def test_a_post_is_signed_for_by_who_holds_it() -> None:
    """000 六: the company's leader, and not whoever has the role."""
    where = office(Role.DEPARTMENT_HEAD, "leader", posts=BY_POST)
    once = signed(investigated(), HEAD, where)
    assert once.complaint.queue == Role.MANAGEMENT
    with pytest.raises(NotAllowedError):
        signed(once, MANAGER, where)
    assert signed(once, LEADER, where).complaint.signed[-1].code == "leader"


def test_any_signer_may_send_it_back_and_voids_the_signatures() -> None:
    """C5: what was signed was another solution; both sign the next."""
    where = office(*BOTH)
    dossier = signed(signed(investigated(), HEAD, where), MANAGER, where, approved=False)
    assert (dossier.complaint.status, dossier.complaint.signed) == (Status.ASSESSED, ())
    again = signed(investigated(dossier), HEAD, where)
    assert again.complaint.status is Status.INVESTIGATED
    assert signed(again, MANAGER, where).complaint.status is Status.APPROVED
