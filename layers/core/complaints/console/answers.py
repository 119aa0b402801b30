"""The forms about one complaint: what each may hold, and the record it becomes."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from complaints.console import limits, matter, payouts, urgent
from complaints.console.tasks import Task
from complaints.follow_up import NOT_ASKED
from complaints.forms import (
    COMPLAINT_FIELDS,
    Checked,
    Field,
    Form,
    Problem,
    check,
    check_proxy,
    fen,
)
from complaints.models import Assessment, Decision, Dossier, Finding, Outcome, Risk, Staff, Urgency
from complaints.office import Office
from complaints.particulars import PARTICULARS, current
from complaints.parts import (
    Gate,
    InvestigationRecord,
    Nature,
    Payment,
    RecordKind,
    VoidReason,
)
from complaints.policy import QUALITY_OFFICE

FIELDS: dict[Task, tuple[Field, ...]] = {
    Task.INVESTIGATE: (
        Field(name="facts", kind="words", required=True, longest=5000),
        Field(name="cause", kind="words", required=True, longest=2000),
        Field(name="indirect_cause", kind="words", longest=2000),
        Field(name="root_cause", kind="words", longest=2000),
        Field(name="responsible", kind="choice", required=True, choices=("yes", "no")),
        Field(name="ground", longest=40),
        Field(name="nature", kind="choice", choices=tuple(Nature)),
        Field(name="nature_reason", kind="words", longest=2000),
        Field(name="measures", kind="words", required=True, longest=2000),
        Field(name="reply", kind="words", required=True, longest=5000),
        Field(name="compensation", kind="money", longest=20),
        *(Field(name=f"kept_{kind}", kind="words", longest=5000) for kind in RecordKind),
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
            choices=(
                *(Outcome.SATISFIED, Outcome.DISSATISFIED),
                *(Outcome.UNREACHABLE, Outcome.DECLINED),
            ),
        ),
        Field(name="satisfaction", kind="scale"),
        Field(name="words", kind="words", longest=2000),
    ),
    Task.PROVE: (
        Field(name="gate", kind="choice", required=True, choices=tuple(Gate)),
        Field(name="holds", kind="choice", choices=("yes", "no")),
        Field(name="words", kind="words", required=True, longest=2000),
    ),
    Task.OFFER: (
        Field(name="amount", kind="money", required=True, longest=20),
        Field(name="basis", kind="words", required=True, longest=2000),
        Field(name="payer", required=True, longest=100),
        Field(name="is_advance", kind="flag"),
    ),
    Task.DECIDE_PAYMENT: (
        Field(name="payment", required=True, longest=40),
        Field(name="decision", kind="choice", required=True, choices=("approve", "reject")),
        Field(name="reason", kind="words", longest=2000),
    ),
    Task.PAY: (
        Field(name="payment", required=True, longest=40),
        Field(name="voucher", longest=100),
        Field(name="voucher_file", longest=200),
    ),
    Task.REOPEN: (Field(name="reason", kind="words", required=True, longest=2000),),
    Task.VOID: (
        Field(name="void_reason", kind="choice", required=True, choices=tuple(VoidReason)),
        Field(name="void_words", kind="words", required=True, longest=2000),
    ),
    Task.ASSIGN: (Field(name="investigator", kind="choice", required=True),),
    Task.ASSESS: (
        Field(name="type", kind="choice", required=True),
        Field(name="department", kind="choice", required=True),
        Field(name="urgency", kind="choice", required=True, choices=tuple(Urgency)),
        Field(name="risk", kind="choice", required=True, choices=tuple(Risk)),
    ),
    Task.NOTE: (Field(name="text", kind="words", required=True, longest=5000),),
    Task.PARTICULARS: (
        *(
            Field(name=f"fact_{one.name}", kind=one.kind, longest=one.longest)
            for one in COMPLAINT_FIELDS
            if one.name in PARTICULARS
        ),
        Field(name="fact_source", kind="words", longest=500),
        Field(name="fact_seen", required=True, longest=6),
    ),
    Task.ACKNOWLEDGE: (),
    Task.PASS_ON: (Field(name="person", required=True, longest=40),),
    Task.ESCALATE: (Field(name="why", kind="words", required=True, longest=2000),),
    **limits.FIELDS,
    **matter.FIELDS,
    **payouts.FIELDS,
    **urgent.FIELDS,
}
LEAVES = {
    Task.VOID: ("voided",),
    Task.PAUSE: ("paused",),
    Task.RESUME: ("resumed",),
    Task.EXTEND: ("extension_asked",),
    Task.DECIDE_EXTENSION: ("extended", "extension_refused"),
}
"""What an answer that is given once leaves in the history."""
REFUSALS = {
    Task.DECIDE: ("decision", "reason"),
    Task.DECIDE_PAYMENT: ("decision", "reason"),
    Task.DECIDE_ALL: ("payout_decision", "payout_reason"),
    Task.DECIDE_EXTENSION: ("extension_decision", "extension_words"),
}
"""Forms that may refuse: the field that says so, and that of the reason it then needs."""
NEGATIVE = frozenset({Outcome.REFUSED, Outcome.DISSATISFIED})


def check_answer(task: Task, form: Form, office: Office, named: Iterable[Staff]) -> Checked:
    """Check one of these forms; `named` are the people who may be made investigator."""
    choices: dict[str, Sequence[str]] = {
        "type": [kind.code for kind in office.policy.types],
        "department": [*(one.code for one in office.policy.departments), QUALITY_OFFICE],
        "investigator": [member.username for member in named],
        "pause_reason": office.policy.pauses.reasons,
        "extend_by": limits.extension_values(office),
    }
    fields = [
        Field(name=one.name, kind="choice", required=True, choices=(*choices[one.name], "\0"))
        if one.name in choices
        else one
        for one in FIELDS[task]
    ]
    checked = check(form, fields, required=_required(task, form))
    if task is Task.PROXY:
        checked = check_proxy(form)
    if task is Task.ASSESS:
        known = {one.code for one in office.policy.major}
        if not set(form.all("major")) <= known:
            checked.problems["major"] = Problem("form.wrong.choice")
        checked.values["major"] = ",".join(code for code in form.all("major") if code in known)
        checked.values["respondents"] = ",".join(form.all("respondents"))
    return checked


def _required(task: Task, form: Form) -> tuple[str, ...]:
    """Return what an answer needs besides: a refusal its reason, an opinion its score."""
    decision, reason = REFUSALS.get(task, ("", ""))
    if reason and form.get(decision) == "reject":
        return (reason,)
    if task is Task.TELL and form.get("tell_outcome") != "unreachable":
        return ("tell_words",)
    outcome = form.get("outcome", "")
    words = ("words",) if outcome in NEGATIVE else ()
    if task is Task.FOLLOW_UP and outcome not in NOT_ASKED:
        return ("satisfaction", *words)
    return words


def finding_of(values: dict[str, str], staff: Staff) -> Finding:
    """Return the investigation report of a checked form."""
    return Finding(
        investigator=staff.username,
        facts=values["facts"],
        cause=values["cause"],
        indirect_cause=values["indirect_cause"],
        root_cause=values["root_cause"],
        responsible=values["responsible"] == "yes",
        ground=values["ground"] if values["responsible"] == "no" else "",
        nature=Nature(values["nature"] or Nature.ORDINARY),
        nature_reason=values["nature_reason"],
        measures=values["measures"],
        reply=values["reply"],
        compensation=fen(values["compensation"]),
    )


def records_of(
    values: dict[str, str], form_id: str, staff: Staff, at: datetime
) -> tuple[InvestigationRecord, ...]:
    """Return the records that a checked report holds: those that were missing until then."""
    return tuple(
        InvestigationRecord(
            record_id=f"{form_id}-{kind}", kind=kind, by=staff.username, at=at, words=words
        )
        for kind in RecordKind
        if (words := values[f"kept_{kind}"])
    )


def decision_of(values: dict[str, str], staff: Staff) -> Decision:
    """Return the decision of a checked form."""
    approved = values["decision"] == "approve"
    return Decision(approver=staff.username, approved=approved, reason=values["reason"])


def payment_of(values: dict[str, str], dossier: Dossier, staff: Staff, at: datetime) -> Payment:
    """Return the offer of a checked form; its number is the next one that the form could see."""
    return Payment(
        payment_id=f"{len(dossier.payments) + 1}",
        amount=fen(values["amount"]) or 0,
        basis=values["basis"],
        payer=values["payer"],
        is_advance=bool(values["is_advance"]),
        offered_by=staff.username,
        offered_at=at,
    )


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
    values |= {f"fact_{name}": value for name, value in current(dossier).items()}
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
            "indirect_cause": last.indirect_cause,
            "root_cause": last.root_cause,
            "responsible": "yes" if last.responsible else "no",
            "ground": last.ground,
            "nature": last.nature,
            "nature_reason": last.nature_reason,
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
    rounds = (
        *(len(dossier.findings), len(dossier.decisions), complaint.attempts),
        *(len(complaint.proven), len(dossier.payments), complaint.unpaid),
    )
    return ".".join(map(str, (complaint.status, *rounds)))


def is_repeat(task: Task, values: dict[str, str], dossier: Dossier, staff: Staff) -> bool:
    """Return whether this very answer was saved before: a double click finds it done."""
    match task:
        case Task.INVESTIGATE:
            return finding_of(values, staff) in dossier.findings[-1:]
        case Task.DECIDE:
            given = (one.replace(code="") for one in dossier.decisions[-1:])
            return decision_of(values, staff) in given
        case Task.ASSIGN:
            return values["investigator"] == dossier.complaint.investigator
        case Task.PROGRESS:
            told = [one.words for one in dossier.letters if one.kind == "progress"]
            return values["progress_words"] in told
        case Task.CONTACT | Task.AGREE:
            said = sorted((one.received_at, one.text) for one in dossier.contacts)
            return [values[f"{task}_words"]] == [text for _, text in said[-1:]]
    last = dossier.entries[-1]
    return last.action in LEAVES.get(task, ()) and last.actor == staff.username
