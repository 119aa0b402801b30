"""The answers to the stages of one complaint, and what may be said of it at any time."""

from collections.abc import Callable

from complaints.aws.console.visit import Visit, form_id
from complaints.aws.desk import intake, ladder, line, parties, payments
from complaints.aws.directory import StaffDirectory
from complaints.aws.runtime import now
from complaints.console import answers, tasks
from complaints.console.tasks import Task
from complaints.follow_up import NOT_ASKED
from complaints.lifecycle import InvalidInputError, NotAllowedError
from complaints.models import Channel, Complaint, Contact, Dossier, Outcome
from complaints.particulars import PARTICULARS
from complaints.parts import Gate, VoidReason


def investigate(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Submit the finding."""
    finding = answers.finding_of(values, visit.staff)
    kept = answers.records_of(values, form_id(visit), visit.staff, now())
    number = dossier.complaint.complaint_id
    return line.submit_finding(number, finding, staff=visit.staff, kept=kept)


def decide(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Approve, or send back."""
    decision = answers.decision_of(values, visit.staff)
    return line.decide(dossier.complaint.complaint_id, decision, staff=visit.staff)


def phone(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Record the phone confirmation."""
    return line.confirm_by_phone(
        dossier.complaint.complaint_id,
        Outcome(values["outcome"]),
        values["words"],
        staff=visit.staff,
    )


def post(visit: Visit, dossier: Dossier, _values: dict[str, str]) -> Complaint:
    """Record that the notice was posted."""
    return line.post_notice(dossier.complaint.complaint_id, staff=visit.staff)


def follow_up(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Record the follow-up call; a score is only that of somebody who was reached."""
    outcome = Outcome(values["outcome"])
    reached = outcome not in NOT_ASKED and values["satisfaction"]
    return line.call_back(
        dossier.complaint.complaint_id,
        outcome,
        int(values["satisfaction"]) if reached else None,
        values["words"],
        staff=visit.staff,
    )


def prove(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Open a closing gate by a proof, or send back what did not stand verification."""
    gate = Gate(values["gate"])
    if values["holds"] == "no":
        if gate is not Gate.VERIFIED:
            raise InvalidInputError(f"{gate} can't fail", text_id="error.gate_cannot_fail")
        number = dossier.complaint.complaint_id
        return line.fail_verification(number, values["words"], staff=visit.staff)
    return line.prove(dossier.complaint.complaint_id, gate, values["words"], staff=visit.staff)


def offer(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Offer compensation."""
    offered = answers.payment_of(values, dossier, visit.staff, now())
    return payments.offer_payment(dossier.complaint.complaint_id, offered, staff=visit.staff)


def decide_payment(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Approve a payment, or refuse it."""
    refused = values["reason"] if values["decision"] == "reject" else ""
    number = dossier.complaint.complaint_id
    return payments.decide_payment(number, values["payment"], refused, staff=visit.staff)


def pay(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Record a payment with its voucher."""
    return payments.record_payment(
        dossier.complaint.complaint_id,
        values["payment"],
        values["voucher"],
        values["voucher_file"],
        staff=visit.staff,
    )


def reopen(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Take a closed complaint up again."""
    return line.reopen(dossier.complaint.complaint_id, values["reason"], staff=visit.staff)


def void(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Void what was registered by mistake."""
    reason = VoidReason(values["void_reason"])
    number = dossier.complaint.complaint_id
    return line.void(number, reason, values["void_words"], staff=visit.staff)


def read_news(visit: Visit, dossier: Dossier, _values: dict[str, str]) -> Complaint:
    """Record that what the complainant added was read."""
    return intake.read_news(dossier.complaint.complaint_id, staff=visit.staff)


def assign(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Name the investigator."""
    return line.assign(dossier.complaint.complaint_id, values["investigator"], staff=visit.staff)


def assess(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Correct the assessment, and say who is complained about."""
    assessment = answers.assessment_of(values, dossier.complaint.assessment)
    number = dossier.complaint.complaint_id
    changed = line.correct(number, assessment, values["department"], staff=visit.staff)
    named = tuple(one for one in values["respondents"].split(",") if one)
    if set(named) != set(changed.respondents):
        changed = parties.name_respondents(number, named, staff=visit.staff)
    return changed


def note(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Add a note; the form's id makes a double click one note."""
    complaint = dossier.complaint
    if not tasks.may_add(complaint, visit.staff):
        raise NotAllowedError(f"{visit.staff.username} only reads")
    contact = Contact(
        contact_id=f"note-{form_id(visit)}",
        channel=Channel.DEPARTMENT,
        received_at=now(),
        by=visit.staff.username,
        text=values["text"],
    )
    return intake.add(complaint.complaint_id, contact)


def acknowledge(visit: Visit, dossier: Dossier, _values: dict[str, str]) -> Complaint:
    """Record that what was told has been seen."""
    return ladder.acknowledge(dossier.complaint.complaint_id, staff=visit.staff)


def pass_on(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Pass what was told on to somebody else."""
    person = StaffDirectory.from_env().find(values["person"])
    if person is None:
        raise InvalidInputError("unknown person", text_id="notice.not_to")
    return ladder.pass_on(dossier.complaint.complaint_id, person, staff=visit.staff)


def escalate(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Pass the complaint one rung up."""
    number = dossier.complaint.complaint_id
    return ladder.escalate(number, values["why"], once=form_id(visit), staff=visit.staff)


def correct_particulars(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Add or correct particulars."""
    return parties.correct_particulars(
        dossier.complaint.complaint_id,
        {name: values[f"fact_{name}"] for name in PARTICULARS},
        values["fact_source"],
        seen=values["fact_seen"],
        once=form_id(visit),
        staff=visit.staff,
    )


ANSWERS: dict[Task, Callable[[Visit, Dossier, dict[str, str]], Complaint]] = {
    Task.INVESTIGATE: investigate,
    Task.DECIDE: decide,
    Task.PHONE: phone,
    Task.READ: read_news,
    Task.POST: post,
    Task.FOLLOW_UP: follow_up,
    Task.PROVE: prove,
    Task.OFFER: offer,
    Task.DECIDE_PAYMENT: decide_payment,
    Task.PAY: pay,
    Task.REOPEN: reopen,
    Task.VOID: void,
    Task.ASSIGN: assign,
    Task.ASSESS: assess,
    Task.NOTE: note,
    Task.PARTICULARS: correct_particulars,
    Task.ACKNOWLEDGE: acknowledge,
    Task.PASS_ON: pass_on,
    Task.ESCALATE: escalate,
}
