"""One complaint: its page, the answers that a person gives to a stage, its evidence."""

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlsplit

from complaints import web
from complaints.aws import desk, downloads, evidence
from complaints.aws.console.visit import (
    ForbiddenError,
    NotScannedError,
    Visit,
    done,
    form_id,
    show,
    status_of,
)
from complaints.aws.directory import StaffDirectory
from complaints.aws.repository import ComplaintRepository, StaleComplaintError
from complaints.aws.runtime import logger, now, random_id
from complaints.aws.settings import load_settings
from complaints.console import answers, lists, tasks
from complaints.console.sheet import sheet, upload_id
from complaints.console.tasks import Task
from complaints.forms import Checked
from complaints.lifecycle import ComplaintError, NotAllowedError
from complaints.models import Channel, Complaint, Contact, Dossier, Outcome, Risk, Staff, Urgency
from complaints.number import parse_number
from complaints.office import Office
from complaints.roles import may_see, may_work_on
from complaints.texts import texts
from complaints.web import NotFoundError, Response


def admit(visit: Visit, number: str) -> Dossier:
    """Return the complaint of this number.

    Raises NotFoundError alike whether there is none, or none that this person may see.
    """
    if parse_number(number) != number:
        raise NotFoundError
    dossier = ComplaintRepository.from_env().dossier(number)
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
    office = load_settings().office
    everybody = StaffDirectory.from_env().all()
    named = [one for one in everybody if may_work_on(dossier.complaint, one)]
    checked = answers.check_answer(wanted, form, office, named)
    error: ComplaintError | None = None
    if not checked.problems:
        try:
            current = form.get("seen") == answers.seen(dossier)
            # In a second round the same words may be a new answer; to name the same person is not.
            again = wanted is Task.ASSIGN or not current
            if again and answers.is_repeat(wanted, checked.values, dossier, visit.staff):
                changed = dossier.complaint
            elif current or wanted is Task.NOTE:
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
    return desk.submit_finding(dossier.complaint.complaint_id, finding, staff=visit.staff)


def decide(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Approve, or send back."""
    decision = answers.decision_of(values, visit.staff)
    return desk.decide(dossier.complaint.complaint_id, decision, staff=visit.staff)


def phone(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Record the phone confirmation."""
    return desk.confirm_by_phone(
        dossier.complaint.complaint_id,
        Outcome(values["outcome"]),
        values["words"],
        staff=visit.staff,
    )


def post(visit: Visit, dossier: Dossier, _values: dict[str, str]) -> Complaint:
    """Record that the notice was posted."""
    return desk.post_notice(dossier.complaint.complaint_id, staff=visit.staff)


def follow_up(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Record the follow-up call; a score is only that of somebody who was reached."""
    outcome = Outcome(values["outcome"])
    reached = outcome is not Outcome.UNREACHABLE and values["satisfaction"]
    return desk.call_back(
        dossier.complaint.complaint_id,
        outcome,
        int(values["satisfaction"]) if reached else None,
        values["words"],
        staff=visit.staff,
    )


def read_news(visit: Visit, dossier: Dossier, _values: dict[str, str]) -> Complaint:
    """Record that what the complainant added was read."""
    return desk.read_news(dossier.complaint.complaint_id, staff=visit.staff)


def assign(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Name the investigator."""
    return desk.assign(dossier.complaint.complaint_id, values["investigator"], staff=visit.staff)


def assess(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Correct the assessment."""
    assessment = answers.assessment_of(values, dossier.complaint.assessment)
    return desk.correct(
        dossier.complaint.complaint_id, assessment, values["department"], staff=visit.staff
    )


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
    return desk.add(complaint.complaint_id, contact)


ANSWERS: dict[Task, Callable[[Visit, Dossier, dict[str, str]], Complaint]] = {
    Task.INVESTIGATE: investigate,
    Task.DECIDE: decide,
    Task.PHONE: phone,
    Task.READ: read_news,
    Task.POST: post,
    Task.FOLLOW_UP: follow_up,
    Task.ASSIGN: assign,
    Task.ASSESS: assess,
    Task.NOTE: note,
}


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
    office, t, at = load_settings().office, texts(visit.language), now()
    everybody = StaffDirectory.from_env().all()
    names = {one.username: one.name for one in everybody}
    complaint = dossier.complaint
    mine = tasks.tasks_of(complaint, dossier.complainant, visit.staff, office)
    typed = checked.values if checked else {}
    gone = wanted not in mine
    invalid = HTTPStatus.UNPROCESSABLE_ENTITY if checked else HTTPStatus.OK
    return show(
        visit,
        "complaint",
        status=status_of(error) if error else invalid,
        sheet=sheet(dossier, staff=visit.staff, names=names, t=t, office=office, at=at),
        names=names,
        tasks=mine,
        opened=wanted or "",
        assigned=complaint.investigator,
        may_add=tasks.may_add(complaint, visit.staff),
        seen=answers.seen(dossier),
        form_id=form_id(visit) if typed else random_id(),
        values=answers.first_values(dossier) | typed,
        errors={} if not checked or error else checked.sentences(t),
        labels={name: t(f"staff.{name}") for name in LABELLED},
        error=error.text_id if error else "",
        lost=[typed[name] for name in answers.TYPED if gone and typed.get(name)],
        options=options(complaint, visit.staff, everybody, office, visit.language),
        done=said,
    )


LABELLED = (
    *("facts", "cause", "responsible", "measures", "reply", "compensation", "decision", "reason"),
    *("outcome", "words", "investigator", "type", "department", "urgency", "risk", "major", "note"),
)


def options(
    complaint: Complaint, staff: Staff, everybody: list[Staff], office: Office, language: str
) -> dict[str, list[tuple[str, str]]]:
    """Return what the selects of the forms offer."""
    t = texts(language)
    named = tasks.investigators(complaint, staff, everybody)
    return {
        "investigator": [(one.username, one.name) for one in named],
        "type": [(one.code, lists.kind_words(one.code, t, office)) for one in office.policy.types],
        "department": lists.departments(t, office),
        "urgency": [(one.value, t(f"staff.urgency.{one}")) for one in Urgency],
        "risk": [(one.value, t(f"staff.risk.{one}")) for one in Risk],
        "major": [(one.code, one.name.in_language(language)) for one in office.policy.major],
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
