"""Compensation: offered, approved by amount, paid, proven by its voucher (C9, I12; 004 二, 四).

    offered -> approved -> paid -> voucher
            -> refused (with a reason; an approved one until it is paid)

Each payment is a row of the redress ledger; the head of the complaint knows how many are under way
(`unpaid`) and, by a clock beside the stages, who must act on them.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from complaints.clocks import with_clock
from complaints.gates import closing
from complaints.lifecycle import (
    InvalidInputError,
    NotAllowedError,
    WrongStatusError,
    expect_words,
    is_merged,
    record,
)
from complaints.models import (
    Complaint,
    Dossier,
    Finding,
    Role,
    SetAside,
    Staff,
    Status,
    TrackingEntry,
)
from complaints.office import Office
from complaints.parts import Payment
from complaints.roles import approvers_of, holds, may_work_on
from complaints.rounds import next_clock

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
    if upload_id and upload_id not in {piece.upload_id for piece in dossier.evidence}:
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
    holds_level = may_approve_amount(complaint, payment.amount, staff, office)
    return holds_level and staff.username != payment.offered_by


def may_approve_amount(complaint: Complaint, amount: int, staff: Staff, office: Office) -> bool:
    """Return whether this person has a role or post that approves such an amount, in fen."""
    codes = approvers_of(amount, office)
    return any(holds(staff, code, complaint, office) for code in codes)


def may_decide(complaint: Complaint, staff: Staff, office: Office) -> bool:
    """Return whether this person may have a payment to decide about, as far as the head says."""
    levels = office.policy.compensation.levels
    waits = complaint.unpaid > 0 and complaint.is_open
    return waits and any(holds(staff, level.by, complaint, office) for level in levels)


def may_pay(complaint: Complaint, payment: Payment) -> bool:
    """Return whether a payment may be made now: approved, and agreed unless it is an advance.

    What is no advance is paid when the solution is approved. One of a payout to a group incident
    is paid at once (快速赔付, 004 三); a merged complaint has no solution of its own to wait for.
    """
    agreed = complaint.status in {Status.APPROVED, Status.RESPONDED}
    waits_for_none = payment.is_advance or payment.payout or complaint.merged_into
    return bool(payment.approved_at) and bool(agreed or waits_for_none)


def offer(
    dossier: Dossier, payment: Payment, *, staff: Staff, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Offer compensation: amount in fen, on what basis, and who pays (C9).

    Raises NotAllowedError for who doesn't handle it; WrongStatusError for a merged complaint;
    InvalidInputError for an amount that nobody may approve, and for an advance where the policy or
    the facts allow none.
    """
    complaint = dossier.complaint
    if complaint.merged_into:
        raise is_merged(complaint)
    expect_open(complaint)
    if not may_offer(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not offer for {complaint.complaint_id}")
    expect_approvable(payment.amount, office)
    if payment.is_advance and not may_advance(complaint, office):
        raise InvalidInputError("no advance is allowed", text_id="error.no_advance")
    return _recorded(dossier, payment, "payment_offered", staff=staff, at=at, office=office)


def expect_approvable(amount: int, office: Office) -> None:
    """Raise InvalidInputError for an amount, in fen, that is none or that nobody may approve."""
    if amount <= 0:
        raise InvalidInputError("nothing is offered", text_id="error.no_amount")
    most = office.policy.compensation.levels[-1].up_to
    if most and amount > most * 100:
        raise InvalidInputError("nobody may approve it", text_id="error.above_all_levels")


def decide(
    dossier: Dossier, payment: Payment, *, staff: Staff, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Approve or refuse a payment, which is given as decided.

    Raises NotAllowedError for who offered it or may not decide about this amount; WrongStatusError
    for one that is decided, unless it is refused before it is paid.
    """
    complaint, before = dossier.complaint, find(dossier.payments, payment.payment_id)
    expect_open(complaint)
    again = bool(before.approved_at) and not payment.refused_reason
    if before.refused_reason or before.paid_at or again:
        raise WrongStatusError("it is decided", text_id="error.payment_decided")
    if not may_approve(complaint, before, staff, office):
        own = staff.username == before.offered_by
        raise NotAllowedError(
            f"{staff.username} may not decide about {payment.payment_id}",
            text_id="error.own_offer" if own else "error.payment_level",
        )
    if not payment.approved_at:
        expect_words(payment.refused_reason, "error.reason_missing")
    action = "payment_refused" if payment.refused_reason else "payment_approved"
    return _recorded(dossier, payment, action, staff=staff, at=at, office=office)


def pay(
    dossier: Dossier, payment: Payment, *, staff: Staff, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Record that a payment was made, or its voucher (支付凭证); the last one opens the gate.

    Raises WrongStatusError for what is not approved, refused or proven already, and for what is no
    advance before the solution is approved.
    """
    complaint, before = dossier.complaint, find(dossier.payments, payment.payment_id)
    expect_open(complaint)
    if not may_work_on(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not pay for {complaint.complaint_id}")
    if before.refused_reason or not is_under_way(before, office):
        raise WrongStatusError("it is done", text_id="error.payment_decided")
    if not may_pay(complaint, before):
        raise WrongStatusError("it may not be paid yet", text_id="error.not_payable")
    return _recorded(dossier, payment, "payment_made", staff=staff, at=at, office=office)


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

    Each role or post that must act has one clock, from the first moment that something waited;
    who handles it also for what is counted with it. Those of a merged complaint are kept for the
    day on which it is one of its own again.
    """
    rows = {one.payment_id: one for one in (*payments, *changed)}.values()
    codes = {code for one in rows if (code := awaits(one, office))}
    if complaint.unpaid_with:
        codes.add(Role.HANDLER)
    wanted = {f"{CLOCK}:{code}" for code in codes}
    aside = complaint.set_aside or SetAside(queue="")
    kept = tuple(
        clock
        for clock in (aside.clocks if complaint.merged_into else complaint.clocks)
        if clock.what.partition(":")[0] != CLOCK or clock.what in wanted
    )
    head = complaint.replace(clocks=kept)
    for what in sorted(wanted - {clock.what for clock in kept}):
        limit = office.policy.clocks.work_order
        started = next_clock(limit, started_at=at, at=at, office=office, what=what)
        head = head.replace(**with_clock(head, started))
    unpaid = sum(is_under_way(one, office) for one in rows)
    if complaint.merged_into:
        return {"unpaid": unpaid, "set_aside": aside.replace(clocks=head.clocks)}
    return {"unpaid": unpaid, "clocks": head.clocks}


def owing(
    main: Dossier, change: int, changed: tuple[Payment, ...] = (), *, at: datetime, office: Office
) -> Complaint:
    """Return a complaint after the payments of what is counted with it became so many more.

    `change` is negative where they became fewer; `changed` are its own that change with the step.
    A complaint that was merged before these were counted takes nothing away.
    """
    owed = max(0, main.complaint.unpaid_with + change)
    moved = main.complaint.replace(unpaid_with=owed)
    return moved.replace(**counted(moved, main.payments, changed, at=at, office=office))


def _recorded(
    dossier: Dossier, payment: Payment, action: str, *, staff: Staff, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Record one step of a payment; who must act next is told by a clock."""
    changes = counted(dossier.complaint, dossier.payments, (payment,), at=at, office=office)
    moved = dossier.complaint.replace(**changes)
    return record(
        moved,
        action,
        at=at,
        actor=staff.username,
        facts={"payment": payment.payment_id, "compensation": payment.amount},
        personal=payment,
        key=dossier.key,
        **closing(moved, at=at, office=office),
    )


def expect_open(complaint: Complaint) -> None:
    """Raise WrongStatusError once the complaint is on its way to the archive."""
    if complaint.status in {Status.FOLLOWED_UP, Status.CLOSED}:
        raise WrongStatusError(f"{complaint.complaint_id} is closed")
