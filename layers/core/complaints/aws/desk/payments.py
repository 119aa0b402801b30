"""Compensation: offered, decided, paid, proven (C9)."""

from collections.abc import Callable
from datetime import datetime

from complaints import (
    compensation,
    payout,
)
from complaints.aws.desk.changing import change
from complaints.aws.repository import Change, ComplaintRepository, StaleComplaintError
from complaints.aws.settings import office_for
from complaints.gates import in_queues
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
    """Offer compensation; sent twice under one number, it is one.

    `offered` has its number, amount, basis, payer, who offers it and whether it is an advance.
    Raises StaleComplaintError where another payment took the number.
    """

    def made(dossier: Dossier, at: datetime) -> Payment:
        if _with_id(dossier, offered.payment_id):
            raise StaleComplaintError(f"{complaint_id} has another payment of this number")
        return offered.replace(offered_at=at)

    def is_kept(dossier: Dossier) -> bool:
        kept = _with_id(dossier, offered.payment_id)
        return any(one.replace(offered_at=offered.offered_at) == offered for one in kept)

    return _pay(complaint_id, compensation.offer, made, staff, unless=is_kept)


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
    *,
    unless: Callable[[Dossier], bool] = lambda _: False,
) -> Complaint:
    """Take one step of a payment and keep its row of the ledger.

    What is done of a merged complaint is done of the one that it is counted with, in the same save.
    """

    def settled(
        complaint: Complaint, dossier: Dossier, at: datetime
    ) -> tuple[tuple[Complaint, Change], ...]:
        change_of_unpaid = complaint.unpaid - dossier.complaint.unpaid
        if not complaint.merged_into or not change_of_unpaid:
            return ()
        main = ComplaintRepository.from_env().dossier(complaint.merged_into)
        office = office_for(main.complaint.policy)
        whole, entry = payout.settle(
            main, complaint, change_of_unpaid, by=staff.username, at=at, office=office
        )
        whole = in_queues(whole, main.complaint, office)
        return ((main.complaint, Change(complaint=whole, entries=(entry,))),)

    return change(
        complaint_id,
        lambda dossier, office, at: verb(
            dossier, made(dossier, at), staff=staff, at=at, office=office
        ),
        lambda _complaint, dossier, at: (made(dossier, at),),
        unless=unless,
        beside=settled,
    )


def _with_id(dossier: Dossier, payment_id: str) -> list[Payment]:
    return [one for one in dossier.payments if one.payment_id == payment_id]
