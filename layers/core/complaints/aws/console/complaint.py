"""One complaint: its page, the answers that a person gives to a stage, its evidence."""

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlsplit

from complaints import web
from complaints.aws import downloads, evidence
from complaints.aws.console import handling as handling_answers
from complaints.aws.console import matter
from complaints.aws.console import urgent as urgent_forms
from complaints.aws.console.visit import (
    ForbiddenError,
    NotScannedError,
    Visit,
    done,
    form_id,
    show,
    status_of,
)
from complaints.aws.desk import deadlines, ladder, line, parties, payments
from complaints.aws.directory import StaffDirectory
from complaints.aws.repository import ComplaintRepository, StaleComplaintError
from complaints.aws.runtime import logger, now, random_id
from complaints.aws.settings import load_settings, office_for
from complaints.console import answers, closing, handling, limits, lists, tasks, urgent
from complaints.console.matter import matter_tasks
from complaints.console.sheet import sheet, upload_id
from complaints.console.tasks import Task
from complaints.console.told import told
from complaints.follow_up import NOT_ASKED
from complaints.forms import Checked
from complaints.lifecycle import ComplaintError, InvalidInputError, NotAllowedError
from complaints.models import Channel, Complaint, Contact, Dossier, Outcome, Risk, Staff, Urgency
from complaints.number import parse_number
from complaints.office import Office
from complaints.parts import Gate, RecordKind
from complaints.proxies import reachable
from complaints.roles import may_see, may_work_on, with_stand_ins
from complaints.texts import Texts, texts
from complaints.web import NotFoundError, Response


def admit(visit: Visit, number: str) -> Dossier:
    """Return the complaint of this number.

    Raises NotFoundError alike whether there is none, or none that this person may see.
    """
    if parse_number(number) != number:
        raise NotFoundError
    dossier = ComplaintRepository.from_env().dossier(number)
    office = office_for(dossier.complaint.policy)
    everybody = StaffDirectory.from_env().all()
    today = with_stand_ins(dossier.complaint, everybody, office, at=now())
    dossier = dossier.replace(complaint=today)
    if not may_see(dossier.complaint, visit.staff):
        raise NotFoundError
    logger.append_keys(complaint_id=number)
    return dossier


def open_complaint(visit: Visit, number: str) -> Response:
    """Show a complaint with the forms of what this person may do now."""
    return show_complaint(visit, admit(visit, number), said=done(visit))


def act(visit: Visit, number: str, task: str) -> Response:
    """Take the answer of a form; what does not fit any more is shown again, nothing lost."""
    if task not in tuple(Task):
        raise NotFoundError
    wanted, dossier, form = Task(task), admit(visit, number), visit.form
    office = office_for(dossier.complaint.policy)
    everybody = visit.everybody
    named = [one for one in everybody if may_work_on(dossier.complaint, one)]
    if wanted in handling.FIELDS:
        checked = handling.check_handling(wanted, form, office, dossier)
    else:
        checked = answers.check_answer(wanted, form, office, named)
    error: ComplaintError | None = None
    if not checked.problems:
        try:
            current = form.get("seen") == answers.seen(dossier)
            # In a second round the same words may be a new answer; to name the same person is not.
            again = wanted in {Task.ASSIGN, *tasks.LIMIT_TASKS} or not current
            if again and answers.is_repeat(wanted, checked.values, dossier, visit.staff):
                changed = dossier.complaint
            elif current or wanted in ANY_TIME or wanted in handling.FIELDS:
                changed = ANSWERS[wanted](visit, dossier, checked.values)
            else:
                raise StaleComplaintError(f"{number} has moved on")
        except ComplaintError as raised:
            error = raised
        else:
            shown = may_see(changed, visit.staff)
            address = f"/staff/complaints/{number}" if shown else "/staff"
            return web.see_other(f"{address}?done={wanted}")
    dossier = ComplaintRepository.from_env().dossier(number)
    return show_complaint(visit, dossier, wanted=wanted, checked=checked, error=error)


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
    offered = answers.payment_of(values, visit.staff, now())
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


def read_news(visit: Visit, dossier: Dossier, _values: dict[str, str]) -> Complaint:
    """Record that what the complainant added was read."""
    return line.read_news(dossier.complaint.complaint_id, staff=visit.staff)


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
    return line.add(complaint.complaint_id, contact)


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
    return ladder.escalate(dossier.complaint.complaint_id, values["why"], staff=visit.staff)


def contact(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Record that the complainant was called or visited."""
    channel = Channel(values["contact_way"])
    return deadlines.contacted(
        dossier.complaint.complaint_id, channel, values["contact_words"], staff=visit.staff
    )


def report_progress(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Write to the complainant how far it is."""
    return deadlines.report_progress(
        dossier.complaint.complaint_id, values["progress_words"], staff=visit.staff
    )


def pause(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Stop the clock of the stage until the begin of a day."""
    office = office_for(dossier.complaint.policy)
    return deadlines.pause(
        dossier.complaint.complaint_id,
        values["pause_reason"],
        limits.midnight(values["pause_until"], office),
        values["pause_words"],
        staff=visit.staff,
    )


def resume(visit: Visit, dossier: Dossier, _values: dict[str, str]) -> Complaint:
    """Let the clock of the stage run on."""
    return deadlines.resume(dossier.complaint.complaint_id, staff=visit.staff)


def agree_time(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Record the time of the reply that was agreed with the complainant."""
    office = office_for(dossier.complaint.policy)
    return deadlines.agree_time(
        dossier.complaint.complaint_id,
        limits.instant(values["agree_day"], values["agree_time"], office),
        values["agree_words"],
        staff=visit.staff,
    )


def ask_extension(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Ask for a longer limit."""
    return deadlines.ask_extension(
        dossier.complaint.complaint_id,
        limits.limit_of(values["extend_by"]),
        values["extend_words"],
        staff=visit.staff,
    )


def decide_extension(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Approve the longer limit, or refuse it."""
    return deadlines.decide_extension(
        dossier.complaint.complaint_id,
        values["extension_words"],
        approved=values["extension_decision"] == "approve",
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
    Task.ASSIGN: assign,
    Task.ASSESS: assess,
    Task.NOTE: note,
    **handling_answers.ANSWERS,
    Task.CONTACT: contact,
    Task.PROGRESS: report_progress,
    Task.PAUSE: pause,
    Task.RESUME: resume,
    Task.AGREE: agree_time,
    Task.EXTEND: ask_extension,
    Task.DECIDE_EXTENSION: decide_extension,
    Task.ACKNOWLEDGE: acknowledge,
    Task.PASS_ON: pass_on,
    Task.ESCALATE: escalate,
    **urgent_forms.ANSWERS,
    **matter.ANSWERS,
}
ANY_TIME = frozenset({Task.NOTE, Task.ACKNOWLEDGE, Task.PASS_ON, *urgent_forms.ANSWERS})
"""Forms that fit wherever the complaint has moved on to since the page was opened."""


def show_complaint(
    visit: Visit,
    dossier: Dossier,
    *,
    wanted: Task | None = None,
    checked: Checked | None = None,
    error: ComplaintError | None = None,
    said: str = "",
) -> Response:
    """Show a complaint; after a form that was not taken, with its values and what is wrong."""
    office, t, at = office_for(dossier.complaint.policy), texts(visit.language), now()
    everybody = visit.everybody
    names = {one.username: one.name for one in everybody}
    complaint = dossier.complaint
    mine = (
        *tasks.tasks_of(complaint, reachable(dossier), visit.staff, office),
        *tasks.rung_tasks(dossier, visit.staff, office),
    )
    typed = checked.values if checked else {}
    choices = closing.options(dossier, visit.staff, t, office)
    offered = [
        *mine,
        *(
            task
            for task in tasks.closing_tasks(complaint, visit.staff, office)
            if choices[closing.NEEDED[task]]
        ),
        *tasks.handling_tasks(complaint, visit.staff, office),
        *tasks.limit_tasks(complaint, reachable(dossier), visit.staff, office),
        *tasks.urgent_tasks(complaint, visit.staff, office),
        *matter_tasks(complaint, visit.staff),
    ]
    if complaint.merged_into:
        # It goes the way of the one that it is counted with, whose page has the forms.
        offered = []
    selects = options(complaint, visit.staff, everybody, office, visit.language)
    masked = tasks.is_masked(visit.staff)
    names = urgent.names_with_proxies(names, dossier, t, masked=masked)
    gone = wanted not in offered
    invalid = HTTPStatus.UNPROCESSABLE_ENTITY if checked else HTTPStatus.OK
    return show(
        visit,
        "complaint",
        status=status_of(error) if error else invalid,
        sheet=sheet(dossier, staff=visit.staff, names=names, t=t, office=office, at=at),
        names=names,
        told=told([(complaint.complaint_id, one) for one in dossier.notices], names, t, office),
        tasks=offered,
        to_do=tasks.to_do(
            complaint, offered, visit.staff, names_others=len(selects["investigator"]) > 1
        ),
        limits=limits.limits(dossier, names=names, t=t, office=office, at=at),
        matter=matter.show_matter(visit, dossier, t, office),
        emergency=urgent.emergency_of(dossier, names, t, at),
        incident=urgent.incident_of(dossier, names, t, at),
        speakers=urgent.speakers(dossier, t, masked=masked),
        opened=wanted or "",
        may_add=tasks.may_add(complaint, visit.staff),
        seen=answers.seen(dossier),
        form_id=form_id(visit) if typed else random_id(),
        values=answers.first_values(dossier)
        | handling.first_values(complaint, at.astimezone(office.zone))
        | typed,
        errors={} if not checked or error else checked.sentences(t),
        labels={name: t(f"staff.{name}") for name in LABELLED}
        | {f"kept_{kind}": t(f"staff.record.{kind}") for kind in RecordKind},
        error=sentence(error, t, office) if error else "",
        lost=[typed[name] for name in answers.TYPED | handling.TYPED if gone and typed.get(name)],
        options=selects | handling.options(dossier, visit.staff, everybody, t, office) | choices,
        closing=closing.closing_of(dossier, names, t, office),
        handling=handling.handling(dossier, names, t, office, at),
        done=said,
    )


LABELLED = (
    "into",
    *("gate", "holds", "amount", "basis", "payer", "payment", "voucher", "voucher_file"),
    *("apology_way", "apology", "measure", "measure_words", "alarm_reason", "withdraw_reason"),
    *("statement", "published_in", "published_at", "lines", "update", "incident_reason"),
    *("proxy_name", "relation", "proxy_phone", "proxy_email"),
    *("proxy", "authority", "may_be_told", "document"),
    *("indirect_cause", "root_cause", "ground", "nature", "nature_reason", "respondents"),
    *(field.name for fields in handling.FIELDS.values() for field in fields),
    *("contact_way", "contact_words", "progress_words", "pause_reason", "pause_until"),
    *("pause_words", "agree_day", "agree_time", "agree_words", "extend_by", "extend_words"),
    *("extension_decision", "extension_words"),
    *("facts", "cause", "responsible", "measures", "reply", "compensation", "decision", "reason"),
    *("why", "person"),
    *("outcome", "words", "investigator", "type", "department", "urgency", "risk", "major", "note"),
)


def sentence(error: ComplaintError, t: Texts, office: Office) -> str:
    """Say what is wrong; the codes that an error names are put in words."""
    said = {
        name: lists.queue_words(code, t, office)
        if name == "department"
        else t(f"staff.{name}.{code}")
        for name, code in error.codes.items()
    }
    return t(error.text_id, **said)


def options(
    complaint: Complaint, staff: Staff, everybody: list[Staff], office: Office, language: str
) -> dict[str, list[tuple[str, str]]]:
    """Return what the selects of the forms offer."""
    t = texts(language)
    named = tasks.investigators(complaint, staff, everybody)
    return {
        "investigator": [(one.username, one.name) for one in named],
        "person": [
            (one.username, one.name)
            for one in everybody
            if one.username != staff.username and may_see(complaint, one)
        ],
        "type": [(one.code, lists.kind_words(one.code, t, office)) for one in office.policy.types],
        "department": lists.departments(t, office),
        "urgency": [(one.value, t(f"staff.urgency.{one}")) for one in Urgency],
        "risk": [(one.value, t(f"staff.risk.{one}")) for one in Risk],
        "major": [(one.code, one.name.in_language(language)) for one in office.policy.major],
        **urgent.options(office, t),
        "pause_reason": [
            (reason, t(f"staff.pause_reason.{reason}")) for reason in office.policy.pauses.reasons
        ],
        "agree_time": [(time, time) for time in limits.AGREED_TIMES],
        "extend_by": limits.extensions(office, t),
    }


def add_evidence(visit: Visit, number: str) -> Response:
    """Show the form that puts one file straight into the bucket."""
    dossier = admit(visit, number)
    if not tasks.may_add(dossier.complaint, visit.staff):
        raise ForbiddenError
    address = f"{load_settings().site_url}/staff/complaints/{number}/evidence?sent=1"
    upload = evidence.upload_form(number, address, by=visit.staff.username)
    origin = urlsplit(upload["url"])
    return show(
        visit,
        "evidence",
        form_origins=(f"{origin.scheme}://{origin.netloc}",),
        number=number,
        upload=upload,
        is_sent="sent" in visit.query,
    )


def download_evidence(visit: Visit, number: str, piece: str) -> Response:
    """Send to a piece of evidence, once it may be opened."""
    for file in admit(visit, number).evidence:
        if upload_id(file) == piece:
            if not file.key.startswith(downloads.MAIL) and not evidence.may_be_opened(file):
                raise NotScannedError
            return web.see_other(downloads.of_evidence(file))
    raise NotFoundError
