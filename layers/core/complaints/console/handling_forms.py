"""The forms of the handling: what each may hold, and the record it becomes (C1 to C3, C11, I11).

Investigation records, work orders, the joint group, bodies outside and disputes.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import get_args

from complaints.console.handling import body_words, names_of
from complaints.console.lists import member_words, queue_words
from complaints.console.registration import instant_of
from complaints.console.tasks import Task
from complaints.forms import Checked, Field, Form, Problem, check
from complaints.models import Complaint, Dossier, Staff
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


def check_handling(task: Task, form: Form, office: Office, dossier: Dossier) -> Checked:
    """Check one of these forms: choices against the complaint, instants as local time."""
    complaint = dossier.complaint
    known: dict[str, Iterable[str]] = {
        "order_department": (one.code for one in office.policy.departments),
        "work_order": complaint.ordered,
        "outside_body": (one.code for one in office.policy.outside_bodies),
        "answered_case": (one.case_id for one in dossier.outside),
        "ended_dispute": (one.dispute_id for one in dossier.disputes),
        "record_piece": names_of(dossier.evidence),
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
    known = names_of(dossier.evidence)
    return tuple(one for one in ticked.split(",") if one in known)


def options(
    dossier: Dossier, staff: Staff, everybody: Sequence[Staff], t: Texts, office: Office
) -> dict[str, list[tuple[str, str]]]:
    """Return what the selects and boxes of these forms offer."""
    complaint = dossier.complaint
    free = [one for one in everybody if one.username not in complaint.respondents]
    fulfils = any(may_fulfil(complaint, one, staff) for one in complaint.ordered)
    return {
        "record_kind": [(one.value, t(f"staff.record.{one}")) for one in RecordKind],
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
        "group": [(one.username, member_words(one, t, office)) for one in free],
        "respondents": respondents_offered(dossier, everybody, t, office),
        "outside_body": [
            (one.code, one.name.in_language(t.language)) for one in office.policy.outside_bodies
        ],
        "answered_case": [
            (one.case_id, f"{body_words(one.body, t, office)} {one.number}")
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
            t("staff.respondents.meant", name=member_words(one, t, office))
            if one.username in meant
            else member_words(one, t, office),
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
