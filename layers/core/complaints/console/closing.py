"""What keeps a complaint from being closed, as its page shows it: signatures, gates, payments."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from complaints.compensation import SUPERSEDED, awaits, may_approve, may_pay
from complaints.console.lists import departments, queue_words, role_words
from complaints.console.tasks import Task
from complaints.gates import awaited_outside, gates, provable
from complaints.lifecycle import is_past
from complaints.models import Dossier, Staff, Status
from complaints.office import Office
from complaints.pages import money
from complaints.parts import Gate, Payment
from complaints.roles import asked_to_sign
from complaints.texts import Texts

NEEDED = {
    Task.PROVE: "gate",
    Task.OFFER: "payer",
    Task.DECIDE_PAYMENT: "undecided",
    Task.PAY: "payable",
}
"""What a form of these must have to choose from; without it, it is not shown."""


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """One signature of the solution: for which role or post, and whose; nobody's yet if empty."""

    code: str
    by: str = ""
    at: datetime | None = None


class GateLine(msgspec.Struct, frozen=True, kw_only=True):
    """One closing gate: open, and who proved it; or shut, and who must open it."""

    gate: str
    is_open: bool
    by: str
    at: datetime | None
    words: str


class PaymentLine(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the redress ledger."""

    payment: Payment
    payer: str
    state: str
    """offered, approved, refused, paid, proven"""
    reason: str
    offered_by: str
    approved_by: str
    waits_for: str


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """What the page of a complaint says about signatures, gates and payments."""

    signed: tuple[Signed, ...]
    gates: tuple[GateLine, ...]
    payments: tuple[PaymentLine, ...]
    is_handled: bool
    disputes_open: int
    awaited_outside: bool
    """Whether a body outside still waits for its answer."""
    untold: int
    """Merged complainants who are still to be told by phone or by post."""


def closing_of(dossier: Dossier, names: Mapping[str, str], t: Texts, office: Office) -> Closing:
    """Return what the page shows; `names` are the names of the staff by user name."""
    complaint = dossier.complaint
    begun = is_past(complaint, Status.APPROVED) or bool(complaint.proven)
    return Closing(
        signed=signatures(dossier, names, t, office),
        gates=tuple(gate_lines(dossier, names, t, office)) if begun else (),
        payments=tuple(payment_line(one, names, t, office) for one in dossier.payments),
        is_handled=complaint.is_handled,
        disputes_open=complaint.disputes_open,
        awaited_outside=awaited_outside(complaint),
        untold=complaint.untold,
    )


def signatures(
    dossier: Dossier, names: Mapping[str, str], t: Texts, office: Office
) -> tuple[Signed, ...]:
    """Return who signed the solution of this round, then who is still to sign it."""
    complaint = dossier.complaint
    done = tuple(
        Signed(
            code=role_words(one.code, t, office),
            by=names.get(one.username, one.username),
            at=one.at,
        )
        for one in complaint.signed
    )
    if complaint.status is not Status.INVESTIGATED:
        return done
    signed = {one.code for one in complaint.signed}
    left = (code for code in asked_to_sign(complaint, office) if code not in signed)
    instead = (complaint.stand_ins.get(code, code) for code in left)
    return (*done, *(Signed(code=role_words(code, t, office)) for code in instead))


def gate_lines(
    dossier: Dossier, names: Mapping[str, str], t: Texts, office: Office
) -> list[GateLine]:
    """Return the gates of the policy in words, those that are shut with who must open them.

    Where nothing is paid, no voucher is spoken of.
    """
    lines = []
    for state in gates(dossier.complaint, dossier.proofs, office):
        if state.gate is Gate.VOUCHER and not dossier.payments and state.is_open:
            continue
        openers = [role_words(code, t, office) for code in state.opened_by]
        proof = state.proof
        by = names.get(proof.by, proof.by) if proof else t("staff.gate.or").join(openers)
        line = GateLine(
            gate=state.gate,
            is_open=state.is_open,
            by=by,
            at=proof.at if proof else None,
            words=proof.words if proof else "",
        )
        lines.append(line)
    return lines


def payment_line(
    payment: Payment, names: Mapping[str, str], t: Texts, office: Office
) -> PaymentLine:
    """Return one row of the ledger in words."""
    code = awaits(payment, office)
    reason = payment.refused_reason
    return PaymentLine(
        payment=payment,
        payer=queue_words(payment.payer, t, office),
        state=state_of(payment),
        reason=t("staff.payment.superseded") if reason == SUPERSEDED else reason,
        offered_by=names.get(payment.offered_by, payment.offered_by),
        approved_by=names.get(payment.approved_by, payment.approved_by),
        waits_for=role_words(code, t, office) if code else "",
    )


def state_of(payment: Payment) -> str:
    """Return how far a payment is."""
    if payment.refused_reason:
        return "refused"
    if payment.paid_at:
        return "proven" if payment.voucher or payment.upload_id else "paid"
    return "approved" if payment.approved_at else "offered"


def options(
    dossier: Dossier, staff: Staff, t: Texts, office: Office
) -> dict[str, list[tuple[str, str]]]:
    """Return what the selects of these forms offer this person."""
    complaint = dossier.complaint
    open_ones = [one for one in dossier.payments if awaits(one, office)]
    return {
        "gate": [(gate.value, t(f"gate.{gate}")) for gate in provable(complaint, staff, office)],
        "undecided": [
            (one.payment_id, _named(one, t))
            for one in open_ones
            if not one.paid_at and may_approve(complaint, one, staff, office)
        ],
        "payable": [
            (one.payment_id, _named(one, t)) for one in open_ones if may_pay(complaint, one)
        ],
        "payer": departments(t, office),
        "evidence": [(piece.upload_id, piece.name) for piece in dossier.evidence],
    }


def _named(payment: Payment, t: Texts) -> str:
    """Name a payment in a select: its amount, and how far it is."""
    return f"{money(payment.amount)} · {t(f'staff.payment.{state_of(payment)}')}"
