"""Compensation: offered, approved by amount, paid, proven by its voucher (C9, I12; 004 二, 四).

    offered -> approved -> paid -> voucher
            -> refused (with a reason; an approved one until it is paid)

Each payment is a row of the redress ledger; the head of the complaint knows how many are under way
(`unpaid`) and, by a clock beside the stages, who must act on them.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from complaints.clocks import start_clock, with_clock
from complaints.gates import closing
from complaints.lifecycle import InvalidInputError, NotAllowedError, WrongStatusError, record
from complaints.models import Complaint, Dossier, Finding, Role, Staff, Status, TrackingEntry
from complaints.office import Office
from complaints.parts import Payment
from complaints.roles import approvers_of, holds, may_work_on

CLOCK = "payment"
"""How the clock is named by which somebody must act: `payment:<role or post>`."""
SOLUTION = "solution-"
"""How the id of a payment begins that an approved solution promises."""
SUPERSEDED = "superseded"
"""The reason of a payment that a later solution took the place of; the catalogue has its words."""


def find(payments: Iterable[Payment], payment_id: str) -> Payment:
    """Return the payment of this id; raises InvalidInputError if there is none."""
    for payment in payments:
        if payment.payment_id == payment_id:
            return payment
    raise InvalidInputError(f"there is no payment {payment_id}", text_id="error.no_payment")


def expect_evidence(upload_id: str, dossier: Dossier) -> None:
    """Raise InvalidInputError for a voucher that is no piece of evidence of this complaint."""
    known = {piece.key.rpartition("/")[2] for piece in dossier.evidence}
    if upload_id and upload_id not in known:
        raise InvalidInputError(f"there is no evidence {upload_id}", text_id="error.no_evidence")


def is_under_way(payment: Payment, office: Office) -> bool:
    """Return whether something is still to be done: neither refused nor proven as paid.

    Where the policy asks for no voucher, what is paid is done.
    """
    proven = payment.voucher or payment.upload_id or not office.policy.compensation.voucher
    return not payment.refused_reason and not (payment.paid_at and proven)


def awaits(payment: Payment, office: Office) -> str:
    """Return the role or post that must act on a payment; empty for one that is done."""
    if not is_under_way(payment, office):
        return ""
    return Role.HANDLER if payment.approved_at else approvers_of(payment.amount, office)[0]


def may_offer(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person may offer compensation now: who handles an open complaint."""
    begun = complaint.status not in {Status.RECEIVED, Status.FOLLOWED_UP, Status.CLOSED}
    return begun and may_work_on(complaint, staff)


def may_advance(complaint: Complaint, office: Office) -> bool:
    """Return whether compensation may be paid in advance (先行赔付, 004 四).

    The policy must allow it, and facts and liability must be clear: the investigation of this or
    an earlier round found us responsible.
    """
    return office.policy.compensation.advance and complaint.responsible is True


def may_approve(complaint: Complaint, payment: Payment, staff: Staff, office: Office) -> bool:
    """Return whether this person may approve or refuse a payment: by its amount, never the own."""
    codes = approvers_of(payment.amount, office)
    by_right = any(holds(staff, code, complaint, office) for code in codes)
    return by_right and staff.username != payment.offered_by


def may_decide(complaint: Complaint, staff: Staff, office: Office) -> bool:
    """Return whether this person may have a payment to decide about, as far as the head says."""
    levels = office.policy.compensation.levels
    waits = complaint.unpaid > 0 and complaint.is_open
    return waits and any(holds(staff, level.by, complaint, office) for level in levels)


def may_pay(complaint: Complaint, payment: Payment) -> bool:
    """Return whether a payment may be made now: approved, and agreed unless it is an advance.

    What is no advance is paid when the solution is approved.
    """
    agreed = complaint.status in {Status.APPROVED, Status.RESPONDED}
    return bool(payment.approved_at) and (agreed or payment.is_advance)


def offer(
    complaint: Complaint,
    payment: Payment,
    payments: tuple[Payment, ...],
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Offer compensation: amount in fen, on what basis, and who pays (C9).

    Raises NotAllowedError for who doesn't handle it; InvalidInputError for an amount that nobody
    may approve, and for an advance where the policy or the facts allow none.
    """
    _expect_open(complaint)
    if not may_offer(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not offer for {complaint.complaint_id}")
    if payment.amount <= 0:
        raise InvalidInputError("nothing is offered", text_id="error.no_amount")
    most = office.policy.compensation.levels[-1].up_to
    if most and payment.amount > most * 100:
        raise InvalidInputError("nobody may approve it", text_id="error.above_all_levels")
    if payment.is_advance and not may_advance(complaint, office):
        raise InvalidInputError("no advance is allowed", text_id="error.no_advance")
    return _recorded(
        complaint, "payment_offered", payment, payments, staff=staff, key=key, at=at, office=office
    )


def decide(
    complaint: Complaint,
    payment: Payment,
    payments: tuple[Payment, ...],
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Approve or refuse a payment, which is given as decided; `payments` are those before.

    Raises NotAllowedError for who offered it or may not decide about this amount; WrongStatusError
    for one that is decided, unless it is refused before it is paid.
    """
    _expect_open(complaint)
    before = find(payments, payment.payment_id)
    again = bool(before.approved_at) and not payment.refused_reason
    if before.refused_reason or before.paid_at or again:
        raise WrongStatusError("it is decided", text_id="error.payment_decided")
    if not may_approve(complaint, before, staff, office):
        own = staff.username == before.offered_by
        raise NotAllowedError(
            f"{staff.username} may not decide about {payment.payment_id}",
            text_id="error.own_offer" if own else "error.payment_level",
        )
    if not payment.approved_at and not payment.refused_reason.strip():
        raise InvalidInputError("a refusal needs its reason", text_id="error.reason_missing")
    action = "payment_refused" if payment.refused_reason else "payment_approved"
    return _recorded(
        complaint, action, payment, payments, staff=staff, key=key, at=at, office=office
    )


def pay(
    complaint: Complaint,
    payment: Payment,
    payments: tuple[Payment, ...],
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Record that a payment was made, or its voucher (支付凭证); the last one opens the gate.

    Raises WrongStatusError for what is not approved, refused or proven already, and for what is no
    advance before the solution is approved.
    """
    _expect_open(complaint)
    if not may_work_on(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not pay for {complaint.complaint_id}")
    before = find(payments, payment.payment_id)
    if before.refused_reason or not is_under_way(before, office):
        raise WrongStatusError("it is done", text_id="error.payment_decided")
    if not may_pay(complaint, before):
        raise WrongStatusError("it may not be paid yet", text_id="error.not_payable")
    return _recorded(
        complaint, "payment_made", payment, payments, staff=staff, key=key, at=at, office=office
    )


def granted(
    complaint: Complaint,
    finding: Finding | None,
    payments: tuple[Payment, ...],
    *,
    at: datetime,
    office: Office,
) -> tuple[Payment, ...]:
    """Return the payments that change when the last signature approves a solution.

    What the finding proposes is approved with it, by who signed for its amount. What an earlier
    round had approved and nobody has paid is withdrawn: this solution takes its place.
    """
    changed = tuple(
        one.replace(refused_reason=SUPERSEDED)
        for one in payments
        if one.payment_id.startswith(SOLUTION) and one.approved_at and not one.paid_at
        and not one.refused_reason
    )  # fmt: skip
    if not finding or not finding.compensation:
        return changed
    levels = approvers_of(finding.compensation, office)
    signed = [one for one in complaint.signed if one.code in levels]
    approved_by = signed[0].username if signed else complaint.approver
    made = Payment(
        payment_id=f"{SOLUTION}{len(payments) + 1}",
        amount=finding.compensation,
        basis=finding.cause,
        payer=complaint.department,
        offered_by=finding.investigator,
        offered_at=at,
        approved_by=approved_by,
        approved_at=at,
    )
    return (*changed, made)


def counted(
    complaint: Complaint,
    payments: tuple[Payment, ...],
    changed: tuple[Payment, ...],
    *,
    at: datetime,
    office: Office,
) -> dict[str, Any]:
    """Return what changes on the head with these payments: how many are open, and whose clocks.

    Each role or post that must act has one clock, from the first moment that something waited.
    """
    rows = {one.payment_id: one for one in (*payments, *changed)}.values()
    codes = dict.fromkeys(filter(None, (awaits(one, office) for one in rows)))
    wanted = {f"{CLOCK}:{code}" for code in codes}
    kept = tuple(
        clock
        for clock in complaint.clocks
        if clock.what.partition(":")[0] != CLOCK or clock.what in wanted
    )
    head = complaint.replace(clocks=kept)
    for what in sorted(wanted - {clock.what for clock in kept}):
        started = start_clock(
            office.policy.clocks.work_order,
            started_at=at,
            at=at,
            policy=office.policy,
            zone=office.zone,
            what=what,
        )
        head = head.replace(**with_clock(head, started))
    unpaid = sum(is_under_way(one, office) for one in rows)
    return {"unpaid": unpaid, "clocks": head.clocks}


def _recorded(
    complaint: Complaint,
    action: str,
    payment: Payment,
    payments: tuple[Payment, ...],
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Record one step of a payment; who must act next is told by a clock."""
    moved = complaint.replace(**counted(complaint, payments, (payment,), at=at, office=office))
    return record(
        moved,
        action,
        at=at,
        actor=staff.username,
        facts={"payment": payment.payment_id, "compensation": payment.amount},
        personal=payment,
        key=key,
        **closing(moved, at=at, office=office),
    )


def _expect_open(complaint: Complaint) -> None:
    """Raise WrongStatusError once the complaint is on its way to the archive."""
    if complaint.status in {Status.FOLLOWED_UP, Status.CLOSED}:
        raise WrongStatusError(f"{complaint.complaint_id} is closed")
