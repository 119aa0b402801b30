"""Compensation: offered, decided, paid, proven (C9)."""

from collections.abc import Callable
from datetime import datetime

from complaints import (
    compensation,
)
from complaints.aws.desk.changing import change
from complaints.models import (
    Complaint,
    Dossier,
    Staff,
    TrackingEntry,
)
from complaints.parts import (
    Payment,
)

PaymentVerb = Callable[..., tuple[Complaint, TrackingEntry]]


def offer_payment(complaint_id: str, offered: Payment, *, staff: Staff) -> Complaint:
    """Offer compensation; `offered` has amount, basis, payer and whether it is an advance."""

    def made(dossier: Dossier, at: datetime) -> Payment:
        number = f"{len(dossier.payments) + 1}"
        return offered.replace(payment_id=number, offered_by=staff.username, offered_at=at)

    return _pay(complaint_id, compensation.offer, made, staff)


def decide_payment(complaint_id: str, payment_id: str, refused: str, *, staff: Staff) -> Complaint:
    """Approve a payment, or refuse it for the reason `refused`."""

    def made(dossier: Dossier, at: datetime) -> Payment:
        before = compensation.find(dossier.payments, payment_id)
        if refused:
            return before.replace(refused_reason=refused)
        return before.replace(approved_by=staff.username, approved_at=at)

    return _pay(complaint_id, compensation.decide, made, staff)


def record_payment(
    complaint_id: str, payment_id: str, voucher: str, upload_id: str, *, staff: Staff
) -> Complaint:
    """Record that a payment was made, with the number of its voucher or the voucher itself."""

    def made(dossier: Dossier, at: datetime) -> Payment:
        before = compensation.find(dossier.payments, payment_id)
        compensation.expect_evidence(upload_id, dossier)
        return before.replace(
            paid_at=before.paid_at or at,
            voucher=voucher or before.voucher,
            upload_id=upload_id or before.upload_id,
        )

    return _pay(complaint_id, compensation.pay, made, staff)


def _pay(
    complaint_id: str,
    verb: PaymentVerb,
    made: Callable[[Dossier, datetime], Payment],
    staff: Staff,
) -> Complaint:
    """Take one step of a payment and keep its row of the ledger."""
    return change(
        complaint_id,
        lambda dossier, office, at: verb(
            dossier.complaint,
            made(dossier, at),
            dossier.payments,
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
        ),
        lambda _complaint, dossier, at: (made(dossier, at),),
    )
