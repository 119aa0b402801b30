"""The forms about one complaint: what each may hold, and the record it becomes."""

from collections.abc import Iterable, Sequence

from complaints.console.tasks import Task
from complaints.forms import Checked, Field, Form, Problem, check, fen
from complaints.models import Assessment, Decision, Dossier, Finding, Outcome, Risk, Staff, Urgency
from complaints.office import Office
from complaints.policy import QUALITY_OFFICE

FIELDS: dict[Task, tuple[Field, ...]] = {
    Task.INVESTIGATE: (
        Field(name="facts", kind="words", required=True, longest=5000),
        Field(name="cause", kind="words", required=True, longest=2000),
        Field(name="responsible", kind="choice", required=True, choices=("yes", "no")),
        Field(name="measures", kind="words", required=True, longest=2000),
        Field(name="reply", kind="words", required=True, longest=5000),
        Field(name="compensation", kind="money", longest=20),
    ),
    Task.DECIDE: (
        Field(name="decision", kind="choice", required=True, choices=("approve", "reject")),
        Field(name="reason", kind="words", longest=2000),
    ),
    Task.PHONE: (
        Field(
            name="outcome",
            kind="choice",
            required=True,
            choices=(Outcome.ACCEPTED, Outcome.REFUSED, Outcome.UNREACHABLE),
        ),
        Field(name="words", kind="words", longest=2000),
    ),
    Task.READ: (),
    Task.POST: (),
    Task.FOLLOW_UP: (
        Field(
            name="outcome",
            kind="choice",
            required=True,
            choices=(Outcome.SATISFIED, Outcome.DISSATISFIED, Outcome.UNREACHABLE),
        ),
        Field(name="satisfaction", kind="scale"),
        Field(name="words", kind="words", longest=2000),
    ),
    Task.ASSIGN: (Field(name="investigator", kind="choice", required=True),),
    Task.ASSESS: (
        Field(name="type", kind="choice", required=True),
        Field(name="department", kind="choice", required=True),
        Field(name="urgency", kind="choice", required=True, choices=tuple(Urgency)),
        Field(name="risk", kind="choice", required=True, choices=tuple(Risk)),
    ),
    Task.NOTE: (Field(name="text", kind="words", required=True, longest=5000),),
}
NEGATIVE = frozenset({Outcome.REFUSED, Outcome.DISSATISFIED})
TYPED = frozenset({"facts", "cause", "measures", "reply", "reason", "words", "text"})
"""Fields that somebody took the trouble to write; shown again even where the form is gone."""


def check_answer(task: Task, form: Form, office: Office, named: Iterable[Staff]) -> Checked:
    """Check one of these forms; `named` are the people who may be made investigator."""
    choices: dict[str, Sequence[str]] = {
        "type": [kind.code for kind in office.policy.types],
        "department": [*(one.code for one in office.policy.departments), QUALITY_OFFICE],
        "investigator": [member.username for member in named],
    }
    fields = [
        Field(name=one.name, kind="choice", required=True, choices=(*choices[one.name], "\0"))
        if one.name in choices
        else one
        for one in FIELDS[task]
    ]
    checked = check(form, fields, required=_required(task, form))
    if task is Task.ASSESS:
        known = {one.code for one in office.policy.major}
        if not set(form.all("major")) <= known:
            checked.problems["major"] = Problem("form.wrong.choice")
        checked.values["major"] = ",".join(code for code in form.all("major") if code in known)
    return checked


def _required(task: Task, form: Form) -> tuple[str, ...]:
    """Return what an answer needs besides: a refusal its reason, an opinion its score."""
    if task is Task.DECIDE and form.get("decision") == "reject":
        return ("reason",)
    outcome = form.get("outcome", "")
    words = ("words",) if outcome in NEGATIVE else ()
    if task is Task.FOLLOW_UP and outcome != Outcome.UNREACHABLE:
        return ("satisfaction", *words)
    return words


def finding_of(values: dict[str, str], staff: Staff) -> Finding:
    """Return the investigation report of a checked form."""
    return Finding(
        investigator=staff.username,
        facts=values["facts"],
        cause=values["cause"],
        responsible=values["responsible"] == "yes",
        measures=values["measures"],
        reply=values["reply"],
        compensation=fen(values["compensation"]),
    )


def decision_of(values: dict[str, str], staff: Staff) -> Decision:
    """Return the decision of a checked form."""
    approved = values["decision"] == "approve"
    return Decision(approver=staff.username, approved=approved, reason=values["reason"])


def assessment_of(values: dict[str, str], before: Assessment | None) -> Assessment:
    """Return the corrected assessment; what a person says is sure, the words stay on record."""
    return Assessment(
        type=values["type"],
        urgency=Urgency(values["urgency"]),
        risk=Risk(values["risk"]),
        major=tuple(code for code in values["major"].split(",") if code),
        confidence=1.0,
        reasons=before.reasons if before else (),
    )


def first_values(dossier: Dossier) -> dict[str, str]:
    """Return what the forms hold before anybody types: the assessment, the finding before."""
    blank = {field.name: "" for fields in FIELDS.values() for field in fields}
    complaint = dossier.complaint
    values = {**blank, "major": "", "investigator": complaint.investigator}
    if assessment := complaint.assessment:
        values |= {
            "type": assessment.type,
            "department": complaint.department,
            "urgency": assessment.urgency,
            "risk": assessment.risk,
            "major": ",".join(assessment.major),
        }
    if dossier.findings:
        last = dossier.findings[-1]
        values |= {
            "facts": last.facts,
            "cause": last.cause,
            "responsible": "yes" if last.responsible else "no",
            "measures": last.measures,
            "reply": last.reply,
            "compensation": "" if last.compensation is None else f"{last.compensation / 100:.2f}",
        }
    return values


def seen(dossier: Dossier) -> str:
    """Return the mark of what a form was filled in about; another one means that it moved on.

    Without it, an approval of one finding could fall on the next, which nobody has read.
    """
    complaint = dossier.complaint
    rounds = (len(dossier.findings), len(dossier.decisions), complaint.attempts)
    return ".".join(map(str, (complaint.status, *rounds)))


def is_repeat(task: Task, values: dict[str, str], dossier: Dossier, staff: Staff) -> bool:
    """Return whether this very answer was saved before: a double click finds it done."""
    match task:
        case Task.INVESTIGATE:
            return finding_of(values, staff) in dossier.findings[-1:]
        case Task.DECIDE:
            return decision_of(values, staff) in dossier.decisions[-1:]
        case Task.ASSIGN:
            return values["investigator"] == dossier.complaint.investigator
    return False
