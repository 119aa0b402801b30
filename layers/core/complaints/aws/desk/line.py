"""The line itself: the answers that people give to its stages."""

from collections.abc import Sequence
from datetime import datetime

from complaints import (
    approve,
    classify,
    compensation,
    emergency,
    follow_up,
    gates,
    investigate,
    matters,
    notify,
    proxies,
)
from complaints import (
    void as voiding,
)
from complaints.aws.desk.changing import (
    change,
    find_emergency,
    owed_at,
    said,
    survey_if_responded,
    to_staff,
)
from complaints.aws.directory import StaffDirectory
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import now
from complaints.aws.settings import office_for
from complaints.letters import owed_to_complainant
from complaints.models import (
    Assessment,
    Channel,
    Complaint,
    Decision,
    Dossier,
    Finding,
    Outcome,
    Record,
    Role,
    Staff,
    Status,
    TrackingEntry,
    Urgency,
)
from complaints.office import Office
from complaints.parts import (
    Gate,
    InvestigationRecord,
    Proof,
    VoidReason,
)
from complaints.roles import signs_for, stand_ins, with_stand_ins


def correct(
    complaint_id: str, assessment: Assessment, department: str, *, staff: Staff
) -> Complaint:
    """Correct type, urgency, severity and department of a complaint (B1).

    What staff make urgent takes the emergency path (002 3.2.1).
    """
    before = ComplaintRepository.from_env().get(complaint_id).urgency
    directory = StaffDirectory.from_env().all()

    def verb(dossier: Dossier, office: Office, at: datetime) -> tuple[Complaint, TrackingEntry]:
        # Another severity or department is signed for by others: who stands in for them now?
        assessed = dossier.complaint.replace(assessment=assessment, department=department)
        found = dossier.complaint.replace(stand_ins=stand_ins(assessed, directory, office, at=at))
        return classify.correct(found, assessment, department, staff=staff, at=at, office=office)

    changed = change(complaint_id, verb)
    if changed.urgency is Urgency.URGENT and before is not Urgency.URGENT:
        cause = f"urgent-{changed.version}"
        return find_emergency(
            complaint_id, cause, now(), unless=lambda dossier: emergency.was_found(dossier, cause)
        )
    return changed


def assign(complaint_id: str, investigator: str, *, staff: Staff) -> Complaint:
    """Name the person who investigates."""
    return change(
        complaint_id,
        lambda dossier, _office, at: investigate.assign(
            dossier.complaint, investigator, staff=staff, at=at
        ),
    )


def submit_finding(
    complaint_id: str,
    finding: Finding,
    *,
    staff: Staff,
    kept: Sequence[InvestigationRecord] = (),
) -> Complaint:
    """Close the investigation with its report, and with records that were not kept before."""
    directory = StaffDirectory.from_env().all()
    return change(
        complaint_id,
        lambda dossier, office, at: investigate.submit(
            dossier.complaint,
            finding,
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
            directory=directory,
            orders=dossier.orders,
            kept=kept,
        ),
        lambda *_: (finding, *kept),
    )


def decide(complaint_id: str, decision: Decision, *, staff: Staff) -> Complaint:
    """Sign a solution, or send it back; the last signature owes the written notice.

    What the solution promises to pay is approved with it.
    """

    def kept(complaint: Complaint, dossier: Dossier, at: datetime) -> tuple[Record, ...]:
        office = office_for(complaint.policy)
        found = with_stand_ins(dossier.complaint, directory, office, at=at)
        code = signs_for(found, staff, office)
        signed = decision.replace(code=code)
        if complaint.status is not Status.APPROVED:
            return (signed,)
        last = dossier.findings[-1] if dossier.findings else None
        paid = compensation.granted(complaint, last, dossier.payments, at=at, office=office)
        return (signed, *paid, *owed_at(Status.APPROVED, "notice", complaint, dossier, at))

    directory = StaffDirectory.from_env().all()
    return change(
        complaint_id,
        lambda dossier, office, at: approve.decide(
            with_stand_ins(dossier.complaint, directory, office, at=at),
            decision,
            proxies.reachable(dossier),
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
            directory=directory,
            finding=dossier.findings[-1] if dossier.findings else None,
            payments=dossier.payments,
        ),
        kept,
    )


def post_notice(complaint_id: str, *, staff: Staff) -> Complaint:
    """Record that the written notice went out on paper."""
    return change(
        complaint_id,
        lambda dossier, office, at: notify.post(
            dossier.complaint,
            proxies.reachable(dossier),
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
        ),
        survey_if_responded,
    )


def confirm_by_phone(complaint_id: str, outcome: Outcome, words: str, *, staff: Staff) -> Complaint:
    """Record the call in which the notice was confirmed."""
    return change(
        complaint_id,
        lambda dossier, office, at: notify.phone(
            dossier.complaint,
            proxies.reachable(dossier),
            outcome,
            words,
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
        ),
        lambda complaint, dossier, at: (
            *said(complaint, words, staff.username, at),
            *survey_if_responded(complaint, dossier, at),
        ),
    )


def answer_reply(complaint_id: str, outcome: Outcome, words: str) -> Complaint:
    """Record that the complainant accepts or refuses the reply; accepted twice is once."""

    def is_said(dossier: Dossier) -> bool:
        last = dossier.entries[-1]
        return not words and (last.action, last.actor) == (outcome, "complainant")

    return change(
        complaint_id,
        lambda dossier, office, at: notify.answer(
            dossier.complaint,
            proxies.reachable(dossier),
            outcome,
            words,
            key=dossier.key,
            at=at,
            office=office,
        ),
        lambda complaint, dossier, at: (
            *said(complaint, words, "complainant", at),
            *survey_if_responded(complaint, dossier, at),
        ),
        unless=is_said,
    )


def rate(complaint_id: str, outcome: Outcome, satisfaction: int | None, words: str) -> Complaint:
    """Record the survey as the complainant filled it in."""
    return change(
        complaint_id,
        lambda dossier, office, at: (
            follow_up.rate(
                dossier.complaint,
                outcome,
                satisfaction,
                words,
                key=dossier.key,
                at=at,
                office=office,
            )
            if not dossier.complaint.merged_into
            else matters.rate_with(dossier, outcome, satisfaction, words, at=at)
        ),
        lambda complaint, _dossier, at: said(complaint, words, "complainant", at),
    )


def decline_survey(complaint_id: str) -> Complaint:
    """Record that the complainant wants no more invitations to rate; once."""
    return change(
        complaint_id,
        lambda dossier, _office, at: follow_up.decline_survey(dossier.complaint, at=at),
        unless=lambda dossier: dossier.complaint.survey_declined_at is not None,
    )


def call_back(
    complaint_id: str, outcome: Outcome, satisfaction: int | None, words: str, *, staff: Staff
) -> Complaint:
    """Record a follow-up call."""
    return change(
        complaint_id,
        lambda dossier, office, at: follow_up.call_back(
            dossier.complaint,
            outcome,
            satisfaction,
            words,
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
        ),
        lambda complaint, _dossier, at: said(complaint, words, staff.username, at),
    )


def prove(complaint_id: str, gate: Gate, words: str, *, staff: Staff) -> Complaint:
    """Open a closing gate by a proof."""
    directory = StaffDirectory.from_env().all()

    def proof(at: datetime) -> Proof:
        return Proof(gate=gate, by=staff.username, at=at, words=words)

    return change(
        complaint_id,
        lambda dossier, office, at: gates.prove(
            with_stand_ins(dossier.complaint, directory, office, at=at),
            proof(at),
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
        ),
        lambda _complaint, _dossier, at: (proof(at),),
    )


def fail_verification(complaint_id: str, words: str, *, staff: Staff) -> Complaint:
    """Record that the measures do not hold; the complaint goes back to investigation."""
    directory = StaffDirectory.from_env().all()
    return change(
        complaint_id,
        lambda dossier, office, at: gates.fail(
            with_stand_ins(dossier.complaint, directory, office, at=at),
            Proof(gate=Gate.VERIFIED, by=staff.username, at=at, words=words),
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
        ),
        lambda complaint, _dossier, at: said(
            complaint, words, staff.username, at, Channel.DEPARTMENT
        ),
    )


def void(complaint_id: str, reason: VoidReason, words: str, *, staff: Staff) -> Complaint:
    """Void a complaint; its complainant and management are told, and its open work orders end."""

    def kept(complaint: Complaint, dossier: Dossier, at: datetime) -> tuple[Record, ...]:
        ended = (
            order.replace(done_at=at, done_by=staff.username, result=words, returned=True)
            for order in dossier.orders
            if order.order_id in dossier.complaint.ordered
        )
        letters = (
            *owed_to_complainant("voided", complaint, dossier, at=at, words=words),
            *to_staff("voiding", (Role.MANAGEMENT,), complaint, at),
        )
        return (*said(complaint, words, staff.username, at, Channel.DEPARTMENT), *letters, *ended)

    return change(
        complaint_id,
        lambda dossier, _office, at: voiding.void(dossier, reason, words, staff=staff, at=at),
        kept,
    )


def reopen(complaint_id: str, reason: str, *, staff: Staff) -> Complaint:
    """Take a closed complaint up again; a new run of the workflow waits for its finding."""
    return change(
        complaint_id,
        lambda dossier, office, at: follow_up.reopen(
            dossier.complaint, reason, staff=staff, key=dossier.key, at=at, office=office
        ),
        lambda complaint, _dossier, at: said(
            complaint, reason, staff.username, at, Channel.DEPARTMENT
        ),
    )
