"""Work on a complaint: records, work orders, joint groups, bodies outside, disputes."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime

from complaints import (
    check_sla,
    disputes,
    joint,
    outside,
    records,
    work_orders,
)
from complaints.aws.desk.changing import change, letters_to, one, to_staff
from complaints.aws.directory import StaffDirectory
from complaints.aws.registration import ConflictError, Registry
from complaints.aws.settings import office_for
from complaints.models import (
    Complaint,
    Dossier,
    Letter,
    Role,
    Staff,
    TrackingEntry,
)
from complaints.parts import (
    Dispute,
    DisputeStatus,
    InvestigationRecord,
    OutsideCase,
    WorkOrder,
)


def keep_record(complaint_id: str, made: InvestigationRecord, *, staff: Staff) -> Complaint:
    """Keep a record of the investigation; the same one twice is one."""
    return change(
        complaint_id,
        lambda dossier, _office, at: records.keep(
            dossier.complaint, made, staff=staff, key=dossier.key, at=at
        ),
        lambda *_: (made,),
        unless=lambda dossier: made.record_id in {one.record_id for one in dossier.records},
    )


def issue_order(complaint_id: str, order: WorkOrder, *, staff: Staff) -> Complaint:
    """Give a department something to do; the same order twice is one."""
    return change(
        complaint_id,
        lambda dossier, office, at: work_orders.issue(
            dossier.complaint, order, staff=staff, key=dossier.key, at=at, office=office
        ),
        lambda complaint, _dossier, at: (order, *_told_of_order(complaint, order, at)),
        unless=lambda dossier: order.order_id in {one.order_id for one in dossier.orders},
    )


def _told_of_order(complaint: Complaint, order: WorkOrder, at: datetime) -> tuple[Letter, ...]:
    """Return the letters that tell the department of its order: to its head, else upwards."""
    office, directory = office_for(complaint.policy), StaffDirectory.from_env().all()
    theirs = complaint.replace(department=order.department, investigator="")
    code = Role.DEPARTMENT_HEAD
    people = check_sla.recipients(theirs, code, directory, office, at=at)
    return letters_to(people, "ordered", complaint, at)


def agree_order(
    complaint_id: str,
    order_id: str,
    start_at: datetime | None,
    complete_at: datetime,
    *,
    staff: Staff,
) -> Complaint:
    """Take a work order and agree its times."""
    return change(
        complaint_id,
        lambda dossier, office, at: work_orders.agree(
            dossier.complaint,
            _order(dossier, order_id),
            start_at,
            complete_at,
            staff=staff,
            at=at,
            office=office,
        ),
        lambda _, dossier, at: (
            _order(dossier, order_id).replace(
                start_at=start_at, complete_at=complete_at, agreed_by=staff.username, agreed_at=at
            ),
        ),
    )


def complete_order(complaint_id: str, order_id: str, result: str, *, staff: Staff) -> Complaint:
    """Report that a work order is carried out."""
    return _end_order(complaint_id, order_id, work_orders.complete, result, staff)


def return_order(complaint_id: str, order_id: str, reason: str, *, staff: Staff) -> Complaint:
    """Return a work order that was not carried out; who coordinates hears of it (003 ⑥)."""
    return _end_order(complaint_id, order_id, work_orders.give_back, reason, staff)


def _end_order(
    complaint_id: str,
    order_id: str,
    verb: Callable[..., tuple[Complaint, TrackingEntry]],
    words: str,
    staff: Staff,
) -> Complaint:
    """Complete a work order, or return it."""
    returned = verb is work_orders.give_back
    return change(
        complaint_id,
        lambda dossier, _office, at: verb(
            dossier.complaint,
            _order(dossier, order_id),
            words,
            staff=staff,
            key=dossier.key,
            at=at,
        ),
        lambda complaint, dossier, at: (
            _order(dossier, order_id).replace(
                done_at=at, done_by=staff.username, result=words, returned=returned
            ),
            *(_told_of_return(complaint, at) if returned else ()),
        ),
    )


def _told_of_return(complaint: Complaint, at: datetime) -> tuple[Letter, ...]:
    """Return the letters that tell of a returned order: to who handles it, and the first rung."""
    escalation = office_for(complaint.policy).policy.escalation
    rung = escalation.ladder(is_major=complaint.is_major)[0]
    return to_staff("returned", (Role.HANDLER, rung.to), complaint, at)


def gather(complaint_id: str, group: Sequence[Staff], *, staff: Staff) -> Complaint:
    """Form the joint group, its leader first; each finds the complaint in the own queue.

    The same group twice is formed once.
    """
    names = tuple(member.username for member in group)
    return change(
        complaint_id,
        lambda dossier, office, at: joint.gather(
            dossier.complaint, group, staff=staff, at=at, office=office
        ),
        lambda complaint, dossier, at: (
            *joint.seats(group, dossier.seats),
            *letters_to(group, "grouped", complaint, at),
        ),
        unless=lambda dossier: (
            (dossier.complaint.members, dossier.complaint.investigator)
            == (names, "".join(names[:1]))
        ),
    )


def register_outside(complaint_id: str, case: OutsideCase, *, staff: Staff) -> Complaint:
    """Note that a body outside has the complaint; from then on it is found by their number.

    Raises ConflictError if another complaint has that number.
    """
    claimed = outside.claimed_as(case.body, case.number)
    holder = Registry.from_env().claimed(claimed)
    if holder and holder.complaint_id != complaint_id:
        raise ConflictError("the number is another's", complaint_id=holder.complaint_id)
    return change(
        complaint_id,
        lambda dossier, office, at: outside.register(
            dossier.complaint, case, staff=staff, key=dossier.key, at=at, office=office
        ),
        lambda *_: (case,),
        unless=lambda dossier: any(
            outside.claimed_as(one.body, one.number) == claimed for one in dossier.outside
        ),
        claimed=(claimed, hashlib.sha256(claimed.encode()).hexdigest()),
    )


def answer_outside(complaint_id: str, case_id: str, words: str, *, staff: Staff) -> Complaint:
    """Keep what a body outside was answered."""
    return change(
        complaint_id,
        lambda dossier, office, at: outside.answer(
            dossier.complaint,
            _case(dossier, case_id),
            words,
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
        ),
        lambda _, dossier, at: (_case(dossier, case_id).replace(answered_at=at, answer=words),),
    )


def begin_dispute(complaint_id: str, dispute: Dispute, *, staff: Staff) -> Complaint:
    """Open a mediation, an arbitration or a court case; the same one twice is one."""
    return change(
        complaint_id,
        lambda dossier, _office, at: disputes.begin(
            dossier.complaint, dispute, staff=staff, key=dossier.key, at=at
        ),
        lambda *_: (dispute,),
        unless=lambda dossier: dispute.dispute_id in {one.dispute_id for one in dossier.disputes},
    )


def end_dispute(
    complaint_id: str,
    dispute_id: str,
    status: DisputeStatus,
    result: str,
    upload_ids: Sequence[str],
    *,
    staff: Staff,
) -> Complaint:
    """End a dispute with its result and the documents of it."""

    def ended(dossier: Dossier, at: datetime) -> Dispute:
        before = _dispute(dossier, dispute_id)
        documents = tuple(dict.fromkeys((*before.upload_ids, *upload_ids)))
        return before.replace(status=status, result=result, ended_at=at, upload_ids=documents)

    return change(
        complaint_id,
        lambda dossier, office, at: disputes.end(
            dossier.complaint,
            _dispute(dossier, dispute_id),
            ended(dossier, at),
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
        ),
        lambda _, dossier, at: (ended(dossier, at),),
    )


def _order(dossier: Dossier, order_id: str) -> WorkOrder:
    """Return a work order of the complaint; raises InvalidInputError if it has none such."""
    return one(order_id, {one.order_id: one for one in dossier.orders})


def _case(dossier: Dossier, case_id: str) -> OutsideCase:
    """Return an outside case of the complaint; raises InvalidInputError if it has none such."""
    return one(case_id, {one.case_id: one for one in dossier.outside})


def _dispute(dossier: Dossier, dispute_id: str) -> Dispute:
    """Return a dispute of the complaint; raises InvalidInputError if it has none such."""
    return one(dispute_id, {one.dispute_id: one for one in dossier.disputes})
