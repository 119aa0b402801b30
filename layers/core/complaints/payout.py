"""Payout: the same compensation to every complainant of a group incident (B6, I18; 004 三).

    offered -> approved, by who may approve the total -> one payment on each complaint -> done
            -> refused, with a reason

It is for the main complaint and whatever is counted with it at the offer, less whom an earlier
payout is for: nobody is paid twice by this lane. What is merged later is for the next one. Once it
is approved, each complaint gets a payment of its own, approved with it and paid at once, with its
own voucher; one that was unmerged before it was reached is left out, and the history says so.

As the offer's members are read from the history up to its entry, they stay the same for ever.
"""

from datetime import datetime

from complaints.clocks import with_clock, without_clock
from complaints.compensation import (
    counted,
    expect_approvable,
    expect_open,
    may_approve_amount,
    may_offer,
    owing,
)
from complaints.gates import closing
from complaints.group_incident import may_lead
from complaints.lifecycle import (
    InvalidInputError,
    NotAllowedError,
    WrongStatusError,
    expect_words,
    is_merged,
    record,
)
from complaints.models import Complaint, Dossier, Staff, Status, TrackingEntry
from complaints.office import Office
from complaints.parts import Payment, Payout
from complaints.roles import approvers_of, is_barred
from complaints.rounds import next_clock
from complaints.telling import to_be_told

CLOCK = "payout"
"""How the clock is named by which somebody must decide: `payout:<role or post>`."""


def find(dossier: Dossier, payout_id: str) -> Payout:
    """Return the payout of this id; raises InvalidInputError if there is none."""
    for payout in dossier.payouts:
        if payout.payout_id == payout_id:
            return payout
    raise InvalidInputError(f"there is no payout {payout_id}", text_id="error.no_payment")


# ---- for whom it is ------------------------------------------------------------------------


def shares(dossier: Dossier) -> dict[str, tuple[str, ...]]:
    """Return for each payout, by its id, the complaints that it is for, in the order of numbers."""
    found: dict[str, tuple[str, ...]] = {}
    served: set[str] = set()
    for payout in sorted(dossier.payouts, key=lambda one: one.entry):
        members = _matter(dossier, payout.entry) - served
        found[payout.payout_id] = tuple(sorted(members))
        if not payout.refused_reason:
            served |= members - set(left_out(dossier, payout))
    return found


def unserved(dossier: Dossier) -> tuple[str, ...]:
    """Return the complaints of the matter that no payout is for, in the order of numbers."""
    share = shares(dossier)
    served: set[str] = set()
    for payout in dossier.payouts:
        if not payout.refused_reason:
            served |= set(share[payout.payout_id]) - set(left_out(dossier, payout))
    return tuple(sorted(_matter(dossier, dossier.complaint.version) - served))


def left_out(dossier: Dossier, payout: Payout) -> tuple[str, ...]:
    """Return the complaints that it was for and did not reach: they had left the matter."""
    return tuple(
        str(entry.facts["complaint"])
        for entry in dossier.entries
        if entry.action == "payout_left_out" and entry.facts["payout"] == payout.payout_id
    )


def reached(dossier: Dossier, payout: Payout) -> set[str]:
    """Return the complaints that have their payment of an approved payout, by how far it came."""
    main = dossier.complaint.complaint_id
    share = shares(dossier)[payout.payout_id]
    passed = {one for one in share if one == main or one <= payout.after}
    return passed - set(left_out(dossier, payout))


def awaiting(dossier: Dossier, payout: Payout) -> tuple[str, ...]:
    """Return the complaints beside the main one that it has not reached yet."""
    main = dossier.complaint.complaint_id
    share = shares(dossier)[payout.payout_id]
    return tuple(one for one in share if one != main and one > payout.after)


def _matter(dossier: Dossier, number: int) -> set[str]:
    """Return the complaints that were one matter at the entry of this number."""
    found = {dossier.complaint.complaint_id}
    for entry in dossier.entries:
        if entry.number > number:
            break
        if entry.action == "merged_in":
            found.add(str(entry.facts["complaint"]))
        if entry.action == "merged_out":
            found.discard(str(entry.facts["complaint"]))
    return found


# ---- who may -------------------------------------------------------------------------------


def may_propose(complaint: Complaint, staff: Staff, office: Office) -> bool:
    """Return whether this person may offer a payout now: who handles or leads the incident."""
    begun = complaint.status not in {Status.RECEIVED, Status.FOLLOWED_UP, Status.CLOSED}
    is_one = complaint.incident_at is not None and not complaint.merged_into
    leads = begun and may_lead(complaint, staff, office)
    return is_one and (may_offer(complaint, staff) or leads)


def may_decide(complaint: Complaint, payout: Payout, staff: Staff, office: Office) -> bool:
    """Return whether this person may approve or refuse it: by its total, never the own offer."""
    if staff.username == payout.offered_by or is_barred(complaint, staff):
        return False
    return may_approve_amount(complaint, payout.total, staff, office)


# ---- offered, decided ----------------------------------------------------------------------


def offered(dossier: Dossier, payout: Payout, *, staff: Staff, at: datetime) -> Payout:
    """Return a payout as it is offered by this person now: how many it is for, and which."""
    return payout.replace(
        people=len(unserved(dossier)),
        offered_by=staff.username,
        offered_at=at,
        entry=dossier.complaint.version + 1,
    )


def offer(
    dossier: Dossier, payout: Payout, *, staff: Staff, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Offer the same amount, in fen, to everybody of the incident; `payout` is as `offered` says.

    Raises WrongStatusError for what is no open group incident of its own, and while another payout
    waits or is still being passed on; NotAllowedError for who neither handles nor leads it;
    InvalidInputError for nothing to pay, nobody to pay, and a total that nobody may approve.
    """
    complaint = dossier.complaint
    if complaint.merged_into:
        raise is_merged(complaint)
    if complaint.incident_at is None:
        raise WrongStatusError(
            f"{complaint.complaint_id} is no group incident", text_id="error.incident_none"
        )
    expect_open(complaint)
    if not may_propose(complaint, staff, office):
        raise NotAllowedError(f"{staff.username} may not offer for {complaint.complaint_id}")
    if any(one.is_undecided or one.is_under_way for one in dossier.payouts):
        raise WrongStatusError("another payout waits", text_id="error.payout_waits")
    if payout.people == 0:
        raise InvalidInputError("everybody is served", text_id="error.payout_nobody")
    expect_approvable(payout.amount, office)
    expect_approvable(payout.total, office)
    what = f"{CLOCK}:{approvers_of(payout.total, office)[0]}"
    limit = office.policy.clocks.work_order
    clock = next_clock(limit, started_at=at, at=at, office=office, what=what)
    return record(
        complaint,
        "payout_offered",
        at=at,
        actor=staff.username,
        facts=_facts(payout, payout.people),
        personal=payout,
        key=dossier.key,
        **with_clock(complaint, clock),
    )


def decide(
    dossier: Dossier, payout: Payout, *, staff: Staff, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Approve or refuse a payout, which is given as decided.

    Approved, the main complaint has its own payment, and is not closed before those of the others
    are done. Raises WrongStatusError for one that is decided, NotAllowedError for who offered it
    or may not approve the total, InvalidInputError for a refusal without a reason.
    """
    complaint = dossier.complaint
    expect_open(complaint)
    before = find(dossier, payout.payout_id)
    if not before.is_undecided:
        raise WrongStatusError("it is decided", text_id="error.payment_decided")
    if not may_decide(complaint, before, staff, office):
        own = staff.username == before.offered_by
        raise NotAllowedError(
            f"{staff.username} may not decide about {payout.payout_id}",
            text_id="error.own_offer" if own else "error.payout_level",
        )
    if not payout.approved_at:
        expect_words(payout.refused_reason, "error.reason_missing")
    waits = f"{CLOCK}:{approvers_of(payout.total, office)[0]}"
    moved = complaint.replace(**without_clock(complaint, waits))
    if not payout.refused_reason:
        others = len(awaiting(dossier, before))
        rows = own_row(dossier, payout)
        moved = owing(dossier.replace(complaint=moved), others, rows, at=at, office=office)
    return record(
        moved,
        "payout_refused" if payout.refused_reason else "payout_approved",
        at=at,
        actor=staff.username,
        facts=_facts(payout, payout.people),
        personal=payout,
        key=dossier.key,
        **closing(moved, at=at, office=office),
    )


def decided(dossier: Dossier, payout_id: str, refused: str, by: str, at: datetime) -> Payout:
    """Return a payout as somebody decides it: refused for a reason, or approved if that is empty.

    Where nobody but the main complaint is in it, it is done at once.
    """
    before = find(dossier, payout_id)
    if refused:
        return before.replace(refused_reason=refused)
    done_at = None if awaiting(dossier, before) else at
    return before.replace(approved_by=by, approved_at=at, done_at=done_at)


# ---- one payment on each complaint ---------------------------------------------------------


def row(payout: Payout) -> Payment:
    """Return the payment that each complaint gets: one, however often it is passed on."""
    return Payment(
        payment_id=f"payout-{payout.payout_id}",
        amount=payout.amount,
        basis=payout.basis,
        payer=payout.payer,
        payout=payout.payout_id,
        offered_by=payout.offered_by,
        offered_at=payout.offered_at,
        approved_by=payout.approved_by,
        approved_at=payout.approved_at,
    )


def own_row(dossier: Dossier, payout: Payout) -> tuple[Payment, ...]:
    """Return the payment of the main complaint; none where an earlier payout was for it."""
    is_in = dossier.complaint.complaint_id in shares(dossier)[payout.payout_id]
    return (row(payout),) if is_in and payout.approved_at else ()


def has(dossier: Dossier, payout: Payout) -> bool:
    """Return whether a complaint has its payment of this payout already."""
    return any(one.payout == payout.payout_id for one in dossier.payments)


def reach(
    dossier: Dossier, payout: Payout, main: str, *, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Record on a merged complaint that its complainant is paid, by the approval of the payout.

    Whom no letter reaches is still to be told. Raises WrongStatusError for one that is no open
    part of the `main` complaint any more.
    """
    complaint = dossier.complaint
    if complaint.merged_into != main or not complaint.is_open:
        raise WrongStatusError(f"{complaint.complaint_id} is no open part of {main}")
    return record(
        complaint,
        "payout_reached",
        at=at,
        actor=payout.approved_by,
        facts={"payout": payout.payout_id, "compensation": payout.amount, "with": main},
        personal=row(payout),
        key=dossier.key,
        **to_be_told(dossier, at),
        **counted(complaint, dossier.payments, (row(payout),), at=at, office=office),
    )


def leave_out(
    dossier: Dossier, payout: Payout, complaint_id: str, *, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Record on the main complaint that one which had left the matter is not paid by the payout."""
    moved = owing(dossier, -1, at=at, office=office)
    return record(
        moved,
        "payout_left_out",
        at=at,
        actor=payout.approved_by,
        facts={"payout": payout.payout_id, "complaint": complaint_id},
        **closing(moved, at=at, office=office),
    )


def pass_on(dossier: Dossier, payout: Payout, *, at: datetime) -> tuple[Complaint, TrackingEntry]:
    """Record on the main complaint how far a payout has come, which is given as it is now."""
    return record(
        dossier.complaint,
        "payout_passed_on",
        at=at,
        actor=payout.approved_by,
        facts=_facts(payout, len(reached(dossier, payout))),
    )


def settle(
    dossier: Dossier, complaint: Complaint, change: int, *, by: str, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Record on the main complaint that payments of a merged one are done: `change` is below 0."""
    moved = owing(dossier, change, at=at, office=office)
    return record(
        moved,
        "merged_paid",
        at=at,
        actor=by,
        facts={"complaint": complaint.complaint_id},
        **closing(moved, at=at, office=office),
    )


def _facts(payout: Payout, people: int) -> dict[str, str | int | bool | None]:
    return {"payout": payout.payout_id, "compensation": payout.amount, "people": people}
