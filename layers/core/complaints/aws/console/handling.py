"""The answers of handling: records, orders, the joint group, bodies outside, disputes."""

from collections.abc import Callable
from typing import cast

from complaints.aws.console.visit import Visit, form_id
from complaints.aws.desk import casework
from complaints.aws.runtime import now
from complaints.aws.settings import office_for
from complaints.console import handling_forms
from complaints.console.registration import instant_of
from complaints.console.tasks import Task
from complaints.models import Complaint, Dossier
from complaints.parts import DisputeStatus

Values = dict[str, str]


def record(visit: Visit, dossier: Dossier, values: Values) -> Complaint:
    """Keep a record of the investigation."""
    complaint = dossier.complaint
    office = office_for(complaint.policy)
    made = handling_forms.record_of(values, form_id(visit), visit.staff, office, now())
    return casework.keep_record(complaint.complaint_id, made, staff=visit.staff)


def order(visit: Visit, dossier: Dossier, values: Values) -> Complaint:
    """Issue a work order."""
    complaint = dossier.complaint
    office = office_for(complaint.policy)
    made = handling_forms.order_of(values, form_id(visit), visit.staff, office, now())
    return casework.issue_order(complaint.complaint_id, made, staff=visit.staff)


def work(visit: Visit, dossier: Dossier, values: Values) -> Complaint:
    """Agree the times of a work order, complete it, or return it."""
    number, order_id, staff = dossier.complaint.complaint_id, values["work_order"], visit.staff
    if values["work_step"] == "complete":
        return casework.complete_order(number, order_id, values["work_result"], staff=staff)
    if values["work_step"] == "return":
        return casework.return_order(number, order_id, values["work_result"], staff=staff)
    zone = office_for(dossier.complaint.policy).zone
    return casework.agree_order(
        number,
        order_id,
        instant_of(values["work_start"], zone),
        instant_of(values["work_complete"], zone) or now(),
        staff=staff,
    )


def group(visit: Visit, dossier: Dossier, values: Values) -> Complaint:
    """Form the joint group, or change it."""
    people = handling_forms.group_of(values, visit.everybody)
    return casework.gather(dossier.complaint.complaint_id, people, staff=visit.staff)


def outside(visit: Visit, dossier: Dossier, values: Values) -> Complaint:
    """Register that a body outside has the complaint."""
    complaint = dossier.complaint
    case = handling_forms.outside_of(values, form_id(visit), office_for(complaint.policy), now())
    return casework.register_outside(complaint.complaint_id, case, staff=visit.staff)


def answer_outside(visit: Visit, dossier: Dossier, values: Values) -> Complaint:
    """Keep what the body was answered."""
    return casework.answer_outside(
        dossier.complaint.complaint_id,
        values["answered_case"],
        values["answered_words"],
        staff=visit.staff,
    )


def dispute(visit: Visit, dossier: Dossier, values: Values) -> Complaint:
    """Open a dispute."""
    made = handling_forms.dispute_of(values, form_id(visit), visit.staff, dossier, now())
    return casework.begin_dispute(dossier.complaint.complaint_id, made, staff=visit.staff)


def end_dispute(visit: Visit, dossier: Dossier, values: Values) -> Complaint:
    """End a dispute."""
    return casework.end_dispute(
        dossier.complaint.complaint_id,
        values["ended_dispute"],
        cast("DisputeStatus", values["ended_status"]),
        values["ended_result"],
        handling_forms.pieces_of(values["ended_pieces"], dossier),
        staff=visit.staff,
    )


ANSWERS: dict[Task, Callable[[Visit, Dossier, Values], Complaint]] = {
    Task.RECORD: record,
    Task.ORDER: order,
    Task.WORK: work,
    Task.GROUP: group,
    Task.OUTSIDE: outside,
    Task.OUTSIDE_ANSWER: answer_outside,
    Task.DISPUTE: dispute,
    Task.DISPUTE_END: end_dispute,
}
