"""Handling as the page of a complaint shows it, and what its forms hold (C1 to C3, C11, I8, I11).

Investigation records, work orders, the joint group, who is complained about, bodies outside,
disputes, and the rounds of negotiation.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import get_args

import msgspec

from complaints.console.lists import queue_words
from complaints.console.registration import instant_of
from complaints.console.tasks import Task
from complaints.forms import Checked, Field, Form, Problem, check
from complaints.models import Complaint, Dossier, File, Staff
from complaints.office import Office
from complaints.outside import due_at
from complaints.parts import (
    Dispute,
    DisputeStatus,
    InvestigationRecord,
    OutsideCase,
    RecordKind,
    WorkOrder,
)
from complaints.records import missing
from complaints.respondents import proposed
from complaints.roles import may_fulfil, may_return
from complaints.texts import Texts

WAYS = ("mediation", "arbitration", "court")
ENDED = tuple(status for status in get_args(DisputeStatus) if status != "open")
RETURNS = ("return",)
"""What the coordinator may do with an order to another department."""
WORK_STEPS = ("agree", "complete", *RETURNS)
FIELDS: dict[Task, tuple[Field, ...]] = {
    Task.RECORD: (
        Field(name="record_kind", kind="choice", required=True, choices=tuple(RecordKind)),
        Field(name="record_at", required=True, longest=25),
        Field(name="record_place"),
        Field(name="record_people"),
        Field(name="record_words", kind="words", required=True, longest=5000),
        Field(name="record_piece", longest=80),
    ),
    Task.ORDER: (
        Field(name="order_department", required=True, longest=40),
        Field(name="order_task", kind="words", required=True, longest=2000),
        Field(name="order_start", longest=25),
        Field(name="order_complete", longest=25),
    ),
    Task.WORK: (
        Field(name="work_order", required=True, longest=60),
        Field(name="work_step", kind="choice", required=True, choices=WORK_STEPS),
        Field(name="work_start", longest=25),
        Field(name="work_complete", longest=25),
        Field(name="work_result", kind="words", longest=2000),
    ),
    Task.GROUP: (Field(name="group_leader", longest=60),),
    Task.OUTSIDE: (
        Field(name="outside_body", required=True, longest=40),
        Field(name="outside_number", required=True, longest=60),
        Field(name="outside_received", required=True, longest=25),
        Field(name="outside_due", longest=25),
    ),
    Task.OUTSIDE_ANSWER: (
        Field(name="answered_case", required=True, longest=40),
        Field(name="answered_words", kind="words", required=True, longest=5000),
    ),
    Task.DISPUTE: (
        Field(name="dispute_way", kind="choice", required=True, choices=WAYS),
        Field(name="dispute_institution", required=True),
        Field(name="dispute_words", kind="words", required=True, longest=2000),
    ),
    Task.DISPUTE_END: (
        Field(name="ended_dispute", required=True, longest=40),
        Field(name="ended_status", kind="choice", required=True, choices=ENDED),
        Field(name="ended_result", kind="words", required=True, longest=5000),
    ),
}
TYPED = frozenset(
    {"record_words", "order_task", "work_result", "answered_words", "dispute_words", "ended_result"}
)
"""Fields that somebody took the trouble to write."""
INSTANTS = frozenset(
    {
        *("record_at", "order_start", "order_complete", "work_start", "work_complete"),
        *("outside_received", "outside_due"),
    }
)
SEVERAL = {
    Task.GROUP: "group_members",
    Task.DISPUTE: "dispute_pieces",
    Task.DISPUTE_END: "ended_pieces",
}
"""Forms with boxes of which several may be ticked, and the name of the boxes."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A record, an order, a case or a dispute as a card shows it."""

    heading: str
    state: str
    tone: str
    pairs: tuple[tuple[str, str], ...]
    instants: tuple[tuple[str, datetime], ...] = ()
    pieces: tuple[tuple[str, str], ...] = ()
    """Upload id and name of each piece of evidence."""


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """What brought the complaint back, or what was agreed: when, in one line, in whose words."""

    at: datetime
    words: str
    said: str


class Handling(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows of the handling, apart from its forms."""

    records: tuple[Shown, ...]
    orders: tuple[Shown, ...]
    members: tuple[str, ...]
    """Names of the joint group, the leader first."""
    respondents: tuple[str, ...]
    outside: tuple[Shown, ...]
    disputes: tuple[Shown, ...]
    rounds: tuple[Round, ...]


def handling(
    dossier: Dossier, names: Mapping[str, str], t: Texts, office: Office, at: datetime
) -> Handling:
    """Return what the page shows of the handling; `names` are those of the staff."""
    complaint = dossier.complaint
    files = _names_of(dossier.evidence)
    return Handling(
        records=tuple(_record(one, files, names, t) for one in dossier.records),
        orders=tuple(_order(one, names, t, office, at) for one in dossier.orders),
        members=tuple(names.get(one, one) for one in complaint.members),
        respondents=tuple(names.get(one, one) for one in complaint.respondents),
        outside=tuple(_outside(one, t, office, at) for one in dossier.outside),
        disputes=tuple(_dispute(one, files, names, t) for one in dossier.disputes),
        rounds=tuple(rounds(dossier, t)),
    )


def rounds(dossier: Dossier, t: Texts) -> Iterable[Round]:
    """Yield each time that the reply was sent back, refused or agreed, with what was said (C6)."""
    said = {contact.contact_id: contact.text for contact in dossier.contacts}
    reasons = iter([one.reason for one in dossier.decisions if not one.approved])
    for entry in dossier.entries:
        if entry.action in {"refused", "accepted", "reopened"}:
            words = said.get(f"{entry.number:06}-answer", "")
        elif entry.action == "rejected":
            words = next(reasons, "")
        else:
            continue
        yield Round(at=entry.occurred_at, words=t(f"staff.history.{entry.action}"), said=words)


def check_handling(task: Task, form: Form, office: Office, dossier: Dossier) -> Checked:
    """Check one of these forms: choices against the complaint, instants as local time."""
    complaint = dossier.complaint
    known: dict[str, Iterable[str]] = {
        "order_department": (one.code for one in office.policy.departments),
        "work_order": complaint.ordered,
        "outside_body": (one.code for one in office.policy.outside_bodies),
        "answered_case": (one.case_id for one in dossier.outside),
        "ended_dispute": (one.dispute_id for one in dossier.disputes),
        "record_piece": _names_of(dossier.evidence),
    }
    checked = check(form, FIELDS[task], required=_required(task, form))
    for name, value in checked.values.items():
        wrong_choice = name in known and value not in set(known[name])
        wrong_time = name in INSTANTS and instant_of(value, office.zone) is None
        if value and name not in checked.problems and (wrong_choice or wrong_time):
            sentence = "form.wrong.choice" if wrong_choice else "staff.register.wrong_time"
            checked.problems[name] = Problem(sentence)
    if several := SEVERAL.get(task):
        checked.values[several] = ",".join(form.all(several))
    return checked


def _required(task: Task, form: Form) -> tuple[str, ...]:
    """Return what a form needs besides: a step of an order its times or its words."""
    if task is Task.WORK:
        return ("work_complete",) if form.get("work_step") == "agree" else ("work_result",)
    return ()


def record_of(
    values: Mapping[str, str], form_id: str, staff: Staff, office: Office, at: datetime
) -> InvestigationRecord:
    """Return the investigation record of a checked form."""
    return InvestigationRecord(
        record_id=form_id,
        kind=RecordKind(values["record_kind"]),
        by=staff.username,
        at=instant_of(values["record_at"], office.zone) or at,
        words=values["record_words"],
        place=values["record_place"],
        people=values["record_people"],
        upload_id=values["record_piece"],
    )


def order_of(
    values: Mapping[str, str], form_id: str, staff: Staff, office: Office, at: datetime
) -> WorkOrder:
    """Return the work order of a checked form."""
    return WorkOrder(
        order_id=f"{values['order_department']}-{form_id}",
        department=values["order_department"],
        task=values["order_task"],
        issued_by=staff.username,
        issued_at=at,
        start_at=instant_of(values["order_start"], office.zone),
        complete_at=instant_of(values["order_complete"], office.zone),
    )


def group_of(values: Mapping[str, str], directory: Sequence[Staff]) -> list[Staff]:
    """Return the people of the group, the leader first; people nobody knows are left out."""
    wanted = [values["group_leader"], *values["group_members"].split(",")]
    people = {member.username: member for member in directory}
    return [people[one] for one in dict.fromkeys(wanted) if one in people]


def outside_of(
    values: Mapping[str, str], form_id: str, office: Office, at: datetime
) -> OutsideCase:
    """Return the outside case of a checked form; due by the body's word, else by the policy."""
    received_at = instant_of(values["outside_received"], office.zone) or at
    body = values["outside_body"]
    return OutsideCase(
        case_id=form_id,
        body=body,
        number=values["outside_number"],
        received_at=received_at,
        due_at=instant_of(values["outside_due"], office.zone) or due_at(body, received_at, office),
    )


def dispute_of(
    values: Mapping[str, str], form_id: str, staff: Staff, dossier: Dossier, at: datetime
) -> Dispute:
    """Return the dispute of a checked form."""
    return Dispute(
        dispute_id=form_id,
        way=values["dispute_way"],  # type: ignore[arg-type]  # the form was checked
        status="open",
        opened_at=at,
        by=staff.username,
        words=values["dispute_words"],
        institution=values["dispute_institution"],
        upload_ids=pieces_of(values["dispute_pieces"], dossier),
    )


def pieces_of(ticked: str, dossier: Dossier) -> tuple[str, ...]:
    """Return the upload ids that were ticked and are evidence of this complaint."""
    known = _names_of(dossier.evidence)
    return tuple(one for one in ticked.split(",") if one in known)


def options(
    dossier: Dossier, staff: Staff, everybody: Sequence[Staff], t: Texts, office: Office
) -> dict[str, list[tuple[str, str]]]:
    """Return what the selects and boxes of these forms offer."""
    complaint = dossier.complaint
    files = list(_names_of(dossier.evidence).items())
    free = [one for one in everybody if one.username not in complaint.respondents]
    fulfils = any(may_fulfil(complaint, one, staff) for one in complaint.ordered)
    return {
        "record_kind": [(one.value, t(f"staff.record.{one}")) for one in RecordKind],
        "piece": files,
        "order_department": [
            (one.code, queue_words(one.code, t, office)) for one in office.policy.departments
        ],
        "work_order": [
            (one.order_id, f"{queue_words(one.department, t, office)}: {one.task[:40]}")
            for one in dossier.orders
            if one.order_id in complaint.ordered
            and (
                may_fulfil(complaint, one.order_id, staff)
                or may_return(complaint, one.order_id, staff)
            )
        ],
        "work_step": [
            (one, t(f"staff.work.{one}")) for one in (WORK_STEPS if fulfils else RETURNS)
        ],
        "group": [(one.username, _with_department(one, t, office)) for one in free],
        "respondents": respondents_offered(dossier, everybody, t, office),
        "outside_body": [
            (one.code, one.name.in_language(t.language)) for one in office.policy.outside_bodies
        ],
        "answered_case": [
            (one.case_id, f"{_body(one.body, t, office)} {one.number}")
            for one in dossier.outside
            if one.answered_at is None
        ],
        "dispute_way": [(one, t(f"staff.dispute.{one}")) for one in WAYS],
        "ended_dispute": [
            (one.dispute_id, f"{t(f'staff.dispute.{one.way}')} {one.institution}")
            for one in dossier.disputes
            if one.status == "open"
        ],
        "ended_status": [(one, t(f"staff.dispute.{one}")) for one in ENDED],
        "missing": [(kind.value, t(f"staff.record.{kind}")) for kind in missing(complaint, office)],
        "ground": [
            (one.code, one.name.in_language(t.language)) for one in office.policy.not_responsible
        ],
    }


def respondents_offered(
    dossier: Dossier, everybody: Sequence[Staff], t: Texts, office: Office
) -> list[tuple[str, str]]:
    """Return whom the assessment may name: those whose names were said first, and marked."""
    meant = proposed(dossier.contacts, everybody)
    first = sorted(everybody, key=lambda one: (one.username not in meant, one.department))
    return [
        (
            one.username,
            t("staff.respondents.meant", name=_with_department(one, t, office))
            if one.username in meant
            else _with_department(one, t, office),
        )
        for one in first
    ]


def first_values(complaint: Complaint, local: datetime) -> dict[str, str]:
    """Return what these forms hold before anybody types; `local` is the time of the office."""
    now_text = f"{local:%Y-%m-%dT%H:%M}"
    return {
        **{field.name: "" for fields in FIELDS.values() for field in fields},
        **dict.fromkeys(SEVERAL.values(), ""),
        "record_at": now_text,
        "outside_received": now_text,
        "group_leader": complaint.members[0] if complaint.members else "",
        "group_members": ",".join(complaint.members),
        "respondents": ",".join(complaint.respondents),
    }


def _names_of(files: Iterable[File]) -> dict[str, str]:
    """Return upload id -> name of pieces of evidence."""
    return {file.key.rpartition("/")[2]: file.name for file in files}


def _with_department(member: Staff, t: Texts, office: Office) -> str:
    """Name a member of staff with the department."""
    department = queue_words(member.department, t, office) if member.department else ""
    return f"{member.name} · {department}" if department else member.name


def _body(code: str, t: Texts, office: Office) -> str:
    """Name a body outside."""
    found = (one for one in office.policy.outside_bodies if one.code == code)
    return next((one.name.in_language(t.language) for one in found), code)


def _record(
    one: InvestigationRecord, files: Mapping[str, str], names: Mapping[str, str], t: Texts
) -> Shown:
    """Return an investigation record as a card shows it."""
    return Shown(
        heading=t(f"staff.record.{one.kind}"),
        state="",
        tone="",
        pairs=(
            (t("staff.record_place"), one.place),
            (t("staff.record_people"), one.people),
            (t("staff.record_words"), one.words),
            (t("staff.by"), names.get(one.by, one.by)),
        ),
        instants=((t("staff.record_at"), one.at),),
        pieces=_pieces((one.upload_id,), files),
    )


def _order(
    one: WorkOrder, names: Mapping[str, str], t: Texts, office: Office, at: datetime
) -> Shown:
    """Return a work order as a card shows it."""
    if one.done_at:
        state = "returned" if one.returned else "completed"
    else:
        late = one.complete_at is not None and at > one.complete_at
        state = "late" if late else "agreed" if one.agreed_at else "issued"
    tones = {"returned": "amber", "completed": "green", "late": "red"}
    moments = (
        (t("staff.order_start"), one.start_at),
        (t("staff.order_complete"), one.complete_at),
        (t("staff.order_done"), one.done_at),
    )
    return Shown(
        heading=queue_words(one.department, t, office),
        state=t(f"staff.order.{state}"),
        tone=tones.get(state, ""),
        pairs=(
            (t("staff.order_task"), one.task),
            (t("staff.work_result"), one.result),
            (t("staff.by"), names.get(one.done_by or one.issued_by, one.done_by or one.issued_by)),
        ),
        instants=tuple((label, moment) for label, moment in moments if moment),
    )


def _outside(one: OutsideCase, t: Texts, office: Office, at: datetime) -> Shown:
    """Return an outside case as a card shows it."""
    if one.answered_at:
        state, tone = "answered", "green"
    else:
        state, tone = ("late", "red") if at > one.due_at else ("open", "amber")
    moments = (
        (t("staff.outside_received"), one.received_at),
        (t("staff.outside_due"), one.due_at),
        (t("staff.outside_answered"), one.answered_at),
    )
    return Shown(
        heading=_body(one.body, t, office),
        state=t(f"staff.outside.{state}"),
        tone=tone,
        pairs=((t("staff.outside_number"), one.number), (t("staff.answered_words"), one.answer)),
        instants=tuple((label, moment) for label, moment in moments if moment),
    )


def _dispute(one: Dispute, files: Mapping[str, str], names: Mapping[str, str], t: Texts) -> Shown:
    """Return a dispute as a card shows it."""
    moments = ((t("staff.dispute_opened"), one.opened_at), (t("staff.dispute_over"), one.ended_at))
    return Shown(
        heading=t(f"staff.dispute.{one.way}"),
        state=t(f"staff.dispute.{one.status}"),
        tone="amber" if one.status == "open" else "green",
        pairs=(
            (t("staff.dispute_institution"), one.institution),
            (t("staff.dispute_words"), one.words),
            (t("staff.ended_result"), one.result),
            (t("staff.by"), names.get(one.by, one.by)),
        ),
        instants=tuple((label, moment) for label, moment in moments if moment),
        pieces=_pieces(one.upload_ids, files),
    )


def _pieces(upload_ids: Iterable[str], files: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return id and name of those pieces of evidence that there are."""
    return tuple((one, files[one]) for one in upload_ids if one in files)
