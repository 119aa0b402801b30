"""One complaint: its page with the forms of what one may do, and the way of an answer."""

from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus

from complaints import web
from complaints.access import Look, UnmaskReason, collection_of
from complaints.aws import accesses, verdicts
from complaints.aws.console import answers as line_answers
from complaints.aws.console import handling as handling_answers
from complaints.aws.console import limits as limit_answers
from complaints.aws.console import looking, matter
from complaints.aws.console import payouts as payout_answers
from complaints.aws.console import urgent as urgent_answers
from complaints.aws.console.previews import PREVIEWS, preview
from complaints.aws.console.visit import Visit, done, form_id, only, show, status_of
from complaints.aws.directory import StaffDirectory
from complaints.aws.repository import ComplaintRepository, StaleComplaintError
from complaints.aws.runtime import logger, now, random_id
from complaints.aws.settings import office_shown, scans_uploads
from complaints.bag import filed_before
from complaints.console import (
    answers,
    closing,
    handling_forms,
    limits,
    lists,
    looks,
    tasks,
    urgent,
)
from complaints.console.handling import handling
from complaints.console.keeping import may_open
from complaints.console.matter import matter_tasks
from complaints.console.papers import papers
from complaints.console.payouts import payouts_of
from complaints.console.sheet import sheet
from complaints.console.tasks import Task
from complaints.console.told import told
from complaints.forms import Checked, check
from complaints.letters import Words
from complaints.lifecycle import ComplaintError
from complaints.models import Complaint, Dossier, Risk, Staff, Urgency
from complaints.number import parse_number
from complaints.office import Office
from complaints.pages import instant
from complaints.particulars import PARTICULARS
from complaints.parts import RecordKind, VoidReason
from complaints.proxies import reachable
from complaints.roles import may_see, may_work_on, with_stand_ins
from complaints.texts import Texts, texts
from complaints.web import NotFoundError, Response


def entrusted(visit: Visit, number: str) -> Dossier:
    """Return the complaint of this number to do something with it; nothing of it may be shown.

    Raises NotFoundError alike whether there is none, or none that this person may see.
    """
    if parse_number(number) != number:
        raise NotFoundError
    dossier = ComplaintRepository.from_env().dossier(number)
    office = office_shown(dossier.complaint.policy)
    everybody = StaffDirectory.from_env().all()
    today = with_stand_ins(dossier.complaint, everybody, office, at=now())
    dossier = dossier.replace(complaint=today)
    if not may_see(dossier.complaint, visit.staff):
        raise NotFoundError
    logger.append_keys(complaint_id=number)
    return dossier


def admit(visit: Visit, number: str, action: Look = Look.OPENED, what: str = "") -> Dossier:
    """Return the complaint of this number as this person may see it; the look is on record.

    Particulars are masked for who has no task in it. Raises NotFoundError alike whether there is
    none, or none that this person may see.
    """
    dossier = entrusted(visit, number)
    looking.note(visit, number, action, what)
    return looking.shown(dossier, visit.staff)


def open_complaint(visit: Visit, number: str) -> Response:
    """Show a complaint with the forms of what this person may do now."""
    return show_complaint(visit, admit(visit, number), said=done(visit))


def unmask(visit: Visit, number: str) -> Response:
    """Show a complaint once with all particulars, to who says why; the reason is on record."""
    dossier = entrusted(visit, number)
    office = office_shown(dossier.complaint.policy)
    if dossier.is_erased or not tasks.is_masked(dossier.complaint, visit.staff, office):
        return web.see_other(f"/staff/complaints/{number}")
    checked = check(visit.form, looks.FIELDS)
    if checked.problems:
        return show_complaint(visit, admit(visit, number), checked=checked)
    why = UnmaskReason(checked.values["unmask_reason"])
    looking.note_unmasking(visit, dossier, why, checked.values["unmask_words"])
    return show_complaint(visit, dossier, unmasked=True)


def show_looks(visit: Visit, number: str) -> Response:
    """Show who looked at a complaint, the newest first (F5)."""
    only(visit, tasks.READS_LOOKS)
    before = visit.query.get("before", "") or "0"
    if not before.isdecimal():
        raise NotFoundError
    dossier = entrusted(visit, number)
    looking.note(visit, number, Look.OPENED, "looks")
    chain, t = collection_of(number), texts(visit.language)
    found, rest = accesses.page(chain, key=dossier.key, before=int(before[:9]))
    files = looking.shown(dossier, visit.staff).evidence
    hide = looking.hiding_from(visit.staff, dossier)
    names = {one.username: one.name for one in visit.everybody}
    return show(
        visit,
        "looks",
        number=number,
        rows=[
            looks.row(one.entry, hide(one.words), files=files, names=names, t=t) for one in found
        ],
        next_page=f"/staff/complaints/{number}/looks?before={rest}" if rest else "",
    )


def act(visit: Visit, number: str, task: str) -> Response:
    """Take the answer of a form; what does not fit any more is shown again, nothing lost."""
    if task not in tuple(Task):
        raise NotFoundError
    wanted, dossier = Task(task), entrusted(visit, number)
    checked = check_form(visit, wanted, dossier)
    error: ComplaintError | None = None
    if "preview" in visit.form and wanted in PREVIEWS and not checked.problems:
        try:
            seen = looking.shown(dossier, visit.staff)
            letters = preview(visit, seen, wanted, checked.values)
        except ComplaintError as raised:
            error = raised
        else:
            looking.note(visit, number, Look.PREVIEWED, wanted)
            return show_complaint(visit, seen, wanted=wanted, checked=checked, letters=letters)
    elif not checked.problems:
        try:
            changed = answer(visit, dossier, wanted, checked.values)
        except ComplaintError as raised:
            error = raised
        else:
            shown = may_see(changed, visit.staff)
            address = f"/staff/complaints/{number}" if shown else "/staff"
            return web.see_other(f"{address}?done={wanted}")
    dossier = admit(visit, number)
    return show_complaint(visit, dossier, wanted=wanted, checked=checked, error=error)


def check_form(visit: Visit, wanted: Task, dossier: Dossier) -> Checked:
    """Check what was sent with a form about this complaint."""
    office = office_shown(dossier.complaint.policy)
    if wanted in handling_forms.FIELDS:
        return handling_forms.check_handling(wanted, visit.form, office, dossier)
    named = [one for one in visit.everybody if may_work_on(dossier.complaint, one)]
    return answers.check_answer(wanted, visit.form, office, named)


def answer(visit: Visit, dossier: Dossier, wanted: Task, values: dict[str, str]) -> Complaint:
    """Do what a checked form asks for; an answer that was saved before is not given twice.

    Raises StaleComplaintError for an answer to what was another complaint when it was read.
    """
    current = visit.form.get("seen") == answers.seen(dossier)
    # In a second round the same words may be a new answer; to name the same person is not.
    again = wanted in {Task.ASSIGN, *tasks.LIMIT_TASKS} or not current
    if again and answers.is_repeat(wanted, values, dossier, visit.staff):
        return dossier.complaint
    if current or wanted in ANY_TIME or wanted in handling_forms.FIELDS:
        return ANSWERS[wanted](visit, dossier, values)
    raise StaleComplaintError(f"{dossier.complaint.complaint_id} has moved on")


ANSWERS: dict[Task, Callable[[Visit, Dossier, dict[str, str]], Complaint]] = {
    **line_answers.ANSWERS,
    **handling_answers.ANSWERS,
    **limit_answers.ANSWERS,
    **urgent_answers.ANSWERS,
    **payout_answers.ANSWERS,
    **matter.ANSWERS,
}
FIELDS = answers.FIELDS | handling_forms.FIELDS
ANY_TIME = frozenset(
    {
        *(Task.NOTE, Task.PARTICULARS, Task.ACKNOWLEDGE, Task.PASS_ON),
        *urgent_answers.ANSWERS,
        *payout_answers.ANSWERS,
    }
)
"""Forms that fit wherever the complaint has moved on to since the page was opened."""
OF_PAYMENT = frozenset({Task.DECIDE_PAYMENT, Task.PAY})
"""Forms of a merged complaint's own page."""


def show_complaint(
    visit: Visit,
    dossier: Dossier,
    *,
    wanted: Task | None = None,
    checked: Checked | None = None,
    error: ComplaintError | None = None,
    said: str = "",
    letters: tuple[tuple[str, Words], ...] | None = None,
    unmasked: bool = False,
) -> Response:
    """Show a complaint; after a form that was not taken, with its values and what is wrong.

    The dossier is as this person may see it; `unmasked` says that it is plain this once.

    `letters` are those that the form would send, where somebody wants to see them first.
    """
    office, t, at = office_shown(dossier.complaint.policy), texts(visit.language), now()
    everybody = visit.everybody
    names = {one.username: one.name for one in everybody}
    complaint = dossier.complaint
    typed = checked.values if checked else {}
    choices = closing.options(dossier, visit.staff, t, office)
    offered = offered_to(visit.staff, dossier, office, choices)
    selects = options(complaint, visit.staff, everybody, office, visit.language)
    masked = tasks.is_masked(complaint, visit.staff, office) and not unmasked
    names = urgent.names_with_proxies(names, dossier, t)
    gone = wanted not in offered
    invalid = HTTPStatus.UNPROCESSABLE_ENTITY if checked and letters is None else HTTPStatus.OK
    return show(
        visit,
        "complaint",
        status=status_of(error) if error else invalid,
        sheet=sheet(
            dossier,
            names=names,
            t=t,
            office=office,
            at=at,
            masked=masked,
            scanned=scanned(dossier, t, office),
        ),
        unmasked=unmasked,
        erased=dossier.is_erased,
        reads_looks=bool(tasks.READS_LOOKS & set(visit.staff.roles)),
        is_filed=bool(filed_before(dossier.entries))
        and bool(tasks.READS_ARCHIVE & set(visit.staff.roles)),
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
        payouts=payouts_of(dossier, names, t, office),
        papers=papers(dossier, office, t),
        speakers=urgent.speakers(dossier, t),
        opened=wanted or "",
        may_add=tasks.may_add(complaint, visit.staff),
        seen=answers.seen(dossier),
        form_id=form_id(visit) if wanted and typed else random_id(),
        values=dict.fromkeys(("unmask_reason", "unmask_words"), "")
        | answers.first_values(dossier)
        | handling_forms.first_values(complaint, at.astimezone(office.zone))
        | typed,
        errors={} if not checked or error else checked.sentences(t),
        labels=labels(t),
        error=sentence(error, t, office) if error else "",
        instead=office.policy.reference if office.policy.reference != complaint.policy else "",
        lost=written(wanted, typed) if wanted and gone else [],
        on_hold=complaint.holds > 0,
        is_erased=dossier.is_erased,
        keeps=may_open(complaint, visit.staff),
        options=selects
        | handling_forms.options(dossier, visit.staff, everybody, t, office)
        | choices,
        closing=closing.closing_of(dossier, names, t, office),
        handling=handling(dossier, names, t, office, at),
        done=said,
        previewed=PREVIEWS,
        letters=letters,
        letters_in=texts(complaint.language).language,
    )


def scanned(dossier: Dossier, t: Texts, office: Office) -> dict[str, tuple[str, str]] | None:
    """Return what the malware scan found in each file by its key, and when; None for no scan."""
    if not scans_uploads():
        return None
    found = verdicts.known(dossier.evidence)
    return {key: (one.status, instant(one.at, t, office.zone)) for key, one in found.items()}


def offered_to(
    staff: Staff, dossier: Dossier, office: Office, choices: Mapping[str, Collection[object]]
) -> list[Task]:
    """Return what a person may do about a complaint now; `choices` are those of money and gates.

    A merged one goes the way of the one that it is counted with, whose page has the forms; only
    its payments are its own. Once the personal data are erased nothing is done any more.
    """
    if dossier.is_erased:
        return []
    complaint, who = dossier.complaint, reachable(dossier)
    found = [
        *tasks.tasks_of(complaint, who, staff, office),
        *tasks.rung_tasks(dossier, staff, office),
        *(
            task
            for task in tasks.closing_tasks(complaint, staff, office)
            if choices[closing.NEEDED[task]]
        ),
        *tasks.handling_tasks(complaint, staff, office),
        *tasks.limit_tasks(complaint, who, staff, office),
        *tasks.urgent_tasks(complaint, staff, office),
        *matter_tasks(complaint, staff),
        *tasks.void_tasks(dossier, staff),
        *tasks.payout_tasks(dossier, staff, office),
    ]
    if complaint.merged_into:
        found = [task for task in found if task in OF_PAYMENT]
    return [*found, *tasks.particulars_tasks(complaint, staff)]


def labels(t: Texts) -> dict[str, str]:
    """Return what each field of the forms is called where something is wrong with it."""
    names = {field.name for fields in FIELDS.values() for field in fields} | {"major"}
    return (
        {name: t(f"staff.{name}") for name in names if f"staff.{name}" in t}
        | {f"fact_{name}": t(f"policy.field.{name}") for name in PARTICULARS}
        | {f"kept_{kind}": t(f"staff.record.{kind}") for kind in RecordKind}
        | {"text": t("staff.note"), "satisfaction": t("track.survey.score")}
        | {f"unmask_{one}": t(f"staff.unmask.{one}") for one in ("reason", "words")}
    )


def written(task: Task, typed: dict[str, str]) -> list[str]:
    """Return what somebody took the trouble to write; shown even where the form is gone."""
    words = (one.name for one in FIELDS[task] if one.kind == "words")
    return [typed[name] for name in words if typed.get(name)]


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
        "void_reason": [(reason.value, t(f"voided.{reason}")) for reason in VoidReason],
        "pause_reason": [
            (reason, t(f"staff.pause_reason.{reason}")) for reason in office.policy.pauses.reasons
        ],
        "agree_time": [(time, time) for time in limits.AGREED_TIMES],
        "extend_by": limits.extensions(office, t),
        "unmask_reason": looks.reasons(t),
    }
