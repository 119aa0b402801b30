"""Payouts: one decision, and a payment on every complaint of a group incident (B6, I18)."""

from complaints import payout
from complaints.aws.desk.changing import change, go_on
from complaints.aws.desk.updates import AT_ONCE
from complaints.aws.matter import counted_untold
from complaints.aws.repository import ComplaintRepository
from complaints.letters import owed_to_complainant
from complaints.lifecycle import WrongStatusError
from complaints.models import Complaint, Dossier, Letter, Staff
from complaints.pages import money
from complaints.parts import Payment, Payout


def offer_to_all(complaint_id: str, proposed: Payout, *, staff: Staff) -> Complaint:
    """Offer the same amount to everybody of an incident; sent twice under one id, it is one.

    `proposed` has its id, amount, basis and payer.
    """
    return change(
        complaint_id,
        lambda dossier, office, at: payout.offer(
            dossier,
            payout.offered(dossier, proposed, staff=staff, at=at),
            staff=staff,
            at=at,
            office=office,
        ),
        lambda _, dossier, at: (payout.offered(dossier, proposed, staff=staff, at=at),),
        unless=lambda dossier: any(one.payout_id == proposed.payout_id for one in dossier.payouts),
    )


def decide_for_all(complaint_id: str, payout_id: str, refused: str, *, staff: Staff) -> Complaint:
    """Approve a payout, or refuse it for the reason `refused`; sent twice, it is decided once.

    The first complaints get their payment now, `check_sla` passes it on to the others.
    """
    changed = change(
        complaint_id,
        lambda dossier, office, at: payout.decide(
            dossier,
            payout.decided(dossier, payout_id, refused, staff.username, at),
            staff=staff,
            at=at,
            office=office,
        ),
        lambda complaint, dossier, at: _decided_with(
            payout.decided(dossier, payout_id, refused, staff.username, at),
            complaint,
            dossier,
        ),
        unless=lambda dossier: _is_decided(payout.find(dossier, payout_id), refused, staff),
    )
    go_on(lambda: pass_on(complaint_id, payout_id, most=AT_ONCE), "payout not passed on")
    return changed


def pass_on(complaint_id: str, payout_id: str, *, most: int) -> None:
    """Give the next complaints of a payout their payments, and note how far it has come.

    Each is entered in the save of its own complaint, once: what is done twice is paid once. One
    that has left the matter is left out.
    """
    main = ComplaintRepository.from_env().dossier(complaint_id)
    approved = payout.find(main, payout_id)
    if not approved.is_under_way:
        return
    batch = payout.awaiting(main, approved)[:most]
    gone = payout.left_out(main, approved)
    for number in batch:
        if number in gone:
            continue
        try:
            _reach(number, approved, complaint_id)
        except WrongStatusError:
            _leave_out(number, approved, complaint_id)
    last = batch[-1] if batch else approved.after

    def moved(dossier: Dossier) -> Payout:
        return payout.find(dossier, payout_id).replace(after=last)

    change(
        complaint_id,
        lambda dossier, _, at: payout.pass_on(dossier, moved(dossier), at=at),
        lambda _, dossier, at: (
            moved(dossier).replace(
                done_at=None if payout.awaiting(dossier, moved(dossier)) else at
            ),
        ),
        unless=lambda dossier: _has_come(payout.find(dossier, payout_id), last),
    )


def _is_decided(one: Payout, refused: str, staff: Staff) -> bool:
    """Return whether this very decision was saved before."""
    if refused:
        return one.refused_reason == refused
    return one.approved_by == staff.username


def _has_come(one: Payout, last: str) -> bool:
    """Return whether another run has noted as much already."""
    return not one.is_under_way or (one.after >= last and bool(one.after))


def _decided_with(
    decided: Payout, complaint: Complaint, dossier: Dossier
) -> tuple[Payout | Payment | Letter, ...]:
    """Return what is saved with a decision: the main complaint's own payment, and its letter."""
    after = dossier.replace(
        payouts=(*(one for one in dossier.payouts if one.payout_id != decided.payout_id), decided)
    )
    rows = payout.own_row(after, decided)
    letters = _told(decided, complaint, dossier) if rows else ()
    return (decided, *rows, *letters)


def _reach(complaint_id: str, approved: Payout, main: str) -> None:
    """Give one merged complaint its payment; nothing where it has it."""
    change(
        complaint_id,
        lambda dossier, office, at: payout.reach(dossier, approved, main, at=at, office=office),
        lambda complaint, dossier, _: (
            payout.row(approved),
            *_told(approved, complaint, dossier),
        ),
        unless=lambda dossier: payout.has(dossier, approved),
        beside=counted_untold,
    )


def _leave_out(complaint_id: str, approved: Payout, main: str) -> None:
    """Leave a complaint out that is no part of the matter any more; once."""
    change(
        main,
        lambda dossier, office, at: payout.leave_out(
            dossier, approved, complaint_id, at=at, office=office
        ),
        unless=lambda dossier: complaint_id in payout.left_out(dossier, approved),
    )


def _told(approved: Payout, complaint: Complaint, dossier: Dossier) -> tuple[Letter, ...]:
    """Return the letter by which a complainant hears of the amount, where there is an address."""
    words, at = money(approved.amount), approved.approved_at or approved.offered_at
    return owed_to_complainant("payout", complaint, dossier, at=at, words=words)
