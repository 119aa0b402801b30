"""What a member of staff is to do, and may do, about a complaint (H4).

The stages decide when it comes to it; here the same rights are asked, so that a page offers only
what will be accepted.
"""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from complaints import emergency, group_incident, payout
from complaints.clocks import is_overdue
from complaints.compensation import may_decide, may_offer
from complaints.escalate import can_escalate
from complaints.gates import provable, refuses_call, waits_for
from complaints.models import Complainant, Complaint, Dossier, Outcome, Role, Staff, Status
from complaints.notices import open_to
from complaints.notify import can_be_asked, can_be_told, ways_due
from complaints.office import Office
from complaints.pauses import may_agree, may_ask_extension, may_pause
from complaints.policy import MANAGEMENT, QUALITY_OFFICE
from complaints.roles import (
    READS_ALL,
    SORTS_MAIL,
    coordinates,
    holds,
    is_barred,
    may_add_proxy,
    may_approve,
    may_assign,
    may_correct,
    may_decide_extension,
    may_dispute,
    may_enter_outside,
    may_follow_up,
    may_fulfil,
    may_gather,
    may_raise_alarm,
    may_reopen,
    may_respond,
    may_return,
    may_see,
    may_submit,
    may_void,
    may_work_on,
    takes_in,
)
from complaints.rounds import CONTACT
from complaints.telling import may_tell
from complaints.void import obstacle

READS_ARCHIVE = frozenset({Role.AUDITOR, Role.QUALITY_OFFICE, Role.MANAGEMENT})
READS_LOOKS = frozenset({Role.QUALITY_OFFICE, Role.AUDITOR})
"""Who reads who looked at a complaint."""
READS_QUARANTINE = SORTS_MAIL
READS_REPORTS = frozenset({Role.QUALITY_OFFICE, Role.MANAGEMENT, Role.AUDITOR})
MAKES_REPORTS = frozenset({Role.QUALITY_OFFICE, Role.MANAGEMENT})
ONLY_READS = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})


class Task(StrEnum):
    """A form about one complaint; its value is the last part of the address that takes it."""

    READ = "read"
    INVESTIGATE = "investigate"
    DECIDE = "decide"
    PHONE = "phone"
    POST = "post"
    FOLLOW_UP = "follow-up"
    PROVE = "prove"
    OFFER = "offer"
    DECIDE_PAYMENT = "decide-payment"
    PAY = "pay"
    REOPEN = "reopen"
    RECORD = "record"
    ORDER = "order"
    WORK = "work"
    GROUP = "group"
    OUTSIDE = "outside"
    OUTSIDE_ANSWER = "outside-answer"
    DISPUTE = "dispute"
    DISPUTE_END = "dispute-end"
    ASSIGN = "assign"
    ASSESS = "assess"
    NOTE = "note"
    CONTACT = "contact"
    PROGRESS = "progress"
    PAUSE = "pause"
    RESUME = "resume"
    AGREE = "agree"
    EXTEND = "extend"
    ACKNOWLEDGE = "acknowledge"
    PASS_ON = "pass-on"  # noqa: S105 - a task, no password
    ESCALATE = "escalate"
    DECIDE_EXTENSION = "decide-extension"
    EMERGENCY_RESPONSE = "emergency-response"
    EMERGENCY_STEP = "emergency-step"
    EMERGENCY = "emergency"
    EMERGENCY_WITHDRAW = "emergency-withdraw"
    STATEMENT = "statement"
    LINES = "lines"
    UPDATE = "update"
    INCIDENT = "incident"
    OFFER_ALL = "offer-all"
    DECIDE_ALL = "decide-all"
    PROXY = "proxy"
    AUTHORITY = "authority"
    MERGE = "merge"
    UNMERGE = "unmerge"
    TELL = "tell"
    PARTICULARS = "particulars"
    VOID = "void"


LIMIT_TASKS = (
    *(Task.DECIDE_EXTENSION, Task.CONTACT, Task.PROGRESS, Task.RESUME),
    *(Task.PAUSE, Task.AGREE, Task.EXTEND),
)
"""What moves a limit, or is the first word to the complainant: the forms beside the limits."""

TO_DO = (
    *(Task.EMERGENCY_RESPONSE, Task.STATEMENT, Task.DECIDE_EXTENSION, Task.ASSIGN),
    *(Task.INVESTIGATE, Task.DECIDE, Task.PHONE, Task.POST, Task.FOLLOW_UP, Task.WORK),
    Task.TELL,
    *(Task.PROVE, Task.DECIDE_ALL, Task.DECIDE_PAYMENT, Task.PAY),
    *(Task.CONTACT, Task.READ, Task.ACKNOWLEDGE),
)
"""What waits for an answer once it is offered, the most pressing first; the rest are tools."""


def tasks_of(
    complaint: Complaint, complainant: Complainant, staff: Staff, office: Office
) -> tuple[Task, ...]:
    """Return what this person may do about the complaint now, the task proper first."""
    works = may_work_on(complaint, staff)
    adds = may_add(complaint, staff)
    note = (*((Task.READ,) if complaint.news_at and adds else ()), *((Task.NOTE,) if adds else ()))
    match complaint.status:
        case Status.ASSESSED if works:
            submits = (Task.INVESTIGATE,) if may_submit(complaint, staff) else ()
            return (*submits, Task.ASSIGN, Task.ASSESS, *note)
        case Status.INVESTIGATED:
            decides = (Task.DECIDE,) if may_approve(complaint, staff, office) else ()
            return (*decides, *((Task.ASSESS,) if works else ()), *note)
        case Status.APPROVED if works:
            asked = (Task.PHONE,) if can_be_asked(complainant) else ()
            written = "written" in ways_due(complaint, complainant, office)
            return (*asked, *((Task.POST,) if written else ()), *note)
        case Status.RESPONDED if asks(complaint, staff, office):
            return (Task.FOLLOW_UP, *note)
        case Status.CLOSED if may_reopen(complaint, staff):
            return (*note, Task.REOPEN)
    return note


def urgent_tasks(complaint: Complaint, staff: Staff, office: Office) -> tuple[Task, ...]:
    """Return what this person may do about an emergency, a group incident, and proxies.

    None of it waits for a stage: these forms are taken whatever else moves.
    """
    responds = complaint.emergency_at is not None and may_respond(complaint, staff)
    alone = complaint.is_open and not complaint.incident_at and not complaint.merged_into
    is_incident = complaint.incident_at is not None
    awaited = emergency.clock_of(complaint) is not None
    may = {
        Task.EMERGENCY_RESPONSE: awaited and may_respond(complaint, staff),
        Task.EMERGENCY_STEP: responds,
        Task.EMERGENCY_WITHDRAW: complaint.emergency_at is not None
        and coordinates(complaint, staff),
        Task.EMERGENCY: complaint.is_open and not awaited and may_raise_alarm(complaint, staff),
        Task.STATEMENT: is_incident and group_incident.may_lead(complaint, staff, office),
        Task.LINES: is_incident and group_incident.may_tell(complaint, staff, office),
        Task.UPDATE: is_incident and group_incident.may_tell(complaint, staff, office),
        Task.INCIDENT: alone and group_incident.may_declare(complaint, staff),
        Task.PROXY: may_add_proxy(complaint, staff),
        Task.AUTHORITY: may_add_proxy(complaint, staff),
    }
    return tuple(task for task, allowed in may.items() if allowed)


def limit_tasks(
    complaint: Complaint, complainant: Complainant, staff: Staff, office: Office
) -> tuple[Task, ...]:
    """Return what this person may do about the limits, and to keep the complainant told (C8)."""
    works = may_work_on(complaint, staff) and complaint.is_open
    may = {
        Task.DECIDE_EXTENSION: may_decide_extension(complaint, staff, office),
        Task.CONTACT: works and can_be_told(complainant),
        Task.PROGRESS: works and bool(complainant.email),
        Task.RESUME: works and complaint.pause is not None,
        Task.PAUSE: works and may_pause(complaint),
        Task.AGREE: works and may_agree(complaint, office),
        Task.EXTEND: works and may_ask_extension(complaint, office),
    }
    return tuple(task for task in LIMIT_TASKS if may[task])


def handling_tasks(complaint: Complaint, staff: Staff, office: Office) -> tuple[Task, ...]:
    """Return what this person may do of the handling: records, orders, group, bodies, disputes."""
    investigates = complaint.status is Status.ASSESSED
    works = may_work_on(complaint, staff) and investigates
    keeps = may_dispute(complaint, staff) and complaint.is_open
    enters = keeps or (may_enter_outside(complaint, staff) and complaint.is_open)
    awaited = any(clock.what.startswith("outside:") for clock in complaint.clocks)
    may = {
        Task.WORK: any(may_return(complaint, one, staff) for one in complaint.ordered),
        Task.RECORD: works,
        Task.ORDER: works,
        Task.GROUP: may_gather(complaint, staff) and investigates,
        Task.OUTSIDE_ANSWER: keeps and awaited,
        Task.OUTSIDE: enters and bool(office.policy.outside_bodies),
        Task.DISPUTE_END: keeps and complaint.disputes_open > 0,
        Task.DISPUTE: keeps and complaint.status is not Status.RECEIVED,
    }
    return tuple(task for task, allowed in may.items() if allowed)


def rung_tasks(dossier: Dossier, staff: Staff, office: Office) -> tuple[Task, ...]:
    """Return what this person may do about what was told, and about passing it up (C7, I10)."""
    complaint = dossier.complaint
    told = bool(open_to(dossier.notices, staff)) and not is_barred(complaint, staff)
    may = {
        Task.ACKNOWLEDGE: told,
        Task.PASS_ON: told,
        Task.ESCALATE: can_escalate(complaint, staff, office),
    }
    return tuple(task for task, allowed in may.items() if allowed)


def payout_tasks(dossier: Dossier, staff: Staff, office: Office) -> tuple[Task, ...]:
    """Return what this person may do about paying everybody of a group incident alike."""
    complaint, waits = dossier.complaint, [one for one in dossier.payouts if one.is_undecided]
    rests = not any(one.is_undecided or one.is_under_way for one in dossier.payouts)
    may = {
        Task.OFFER_ALL: rests
        and payout.may_propose(complaint, staff, office)
        and bool(payout.unserved(dossier)),
        Task.DECIDE_ALL: any(payout.may_decide(complaint, one, staff, office) for one in waits),
    }
    return tuple(task for task, allowed in may.items() if allowed)


def particulars_tasks(complaint: Complaint, staff: Staff) -> tuple[Task, ...]:
    """Return whether this person may add and correct particulars, merged or not, as a tuple."""
    may = complaint.is_open and may_correct(complaint, staff)
    return (Task.PARTICULARS,) if may else ()


def void_tasks(dossier: Dossier, staff: Staff) -> tuple[Task, ...]:
    """Return whether this person may void what was registered by mistake, as a tuple of forms."""
    may = may_void(dossier.complaint, staff) and not obstacle(dossier)
    return (Task.VOID,) if may else ()


def asks(complaint: Complaint, staff: Staff, office: Office) -> bool:
    """Return whether this person may call back now: somebody who was not heard yet (D2, D6)."""
    satisfied = complaint.follow_up_outcome is Outcome.SATISFIED
    heard = satisfied and not complaint.must_call_back
    may_call = may_follow_up(complaint, staff) and not refuses_call(complaint, office)
    return may_call and not heard


def closing_tasks(complaint: Complaint, staff: Staff, office: Office) -> tuple[Task, ...]:
    """Return what this person may do about gates and payments, as far as the head says."""
    works = may_work_on(complaint, staff) and complaint.unpaid > 0
    may = {
        Task.PROVE: bool(provable(complaint, staff, office)),
        Task.DECIDE_PAYMENT: may_decide(complaint, staff, office),
        Task.PAY: works,
        Task.OFFER: may_offer(complaint, staff),
    }
    return tuple(task for task, allowed in may.items() if allowed)


def to_do(
    complaint: Complaint, offered: Collection[Task], staff: Staff, *, names_others: bool
) -> tuple[Task, ...]:
    """Return which of the tasks that are offered wait for this person, the most pressing first.

    To name an investigator waits for who can name somebody else, as long as nobody is named; a
    work order for who fulfils it; a first word to the complainant and a public statement only while
    their clocks run (C8, B6).
    """
    waits = {
        Task.STATEMENT: group_incident.clock_of(complaint) is not None,
        Task.ASSIGN: names_others and not complaint.investigator,
        Task.WORK: any(may_fulfil(complaint, one, staff) for one in complaint.ordered),
        Task.CONTACT: any(clock.what == CONTACT for clock in complaint.clocks),
    }
    return tuple(task for task in TO_DO if task in offered and waits.get(task, True))


def may_add(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person may add notes and evidence; who only reads changes nothing."""
    return may_see(complaint, staff) and not set(staff.roles) <= ONLY_READS


def is_called(complaint: Complaint, staff: Staff, office: Office) -> bool:
    """Return whether something beside the stage waits for this person, whoever handles it."""
    if emergency.clock_of(complaint) and may_respond(complaint, staff):
        return True
    if group_incident.clock_of(complaint) and group_incident.may_lead(complaint, staff, office):
        return True
    if any(may_fulfil(complaint, one, staff) for one in complaint.ordered):
        return True
    if may_tell(complaint, staff):
        return True
    if complaint.unreached_at and complaint.news_at and Role.QUALITY_OFFICE in staff.roles:
        return True
    return waits_for(complaint, staff, office) or may_decide_extension(complaint, staff, office)


def is_mine(complaint: Complaint, staff: Staff, office: Office, at: datetime) -> bool:
    """Return whether this waits for this very person, as far as the head of the complaint says.

    What a colleague was named for is the colleague's; once it is overdue, it is also the task of
    whoever assigns.
    """
    if is_called(complaint, staff, office):
        return True
    match complaint.status:
        case Status.INVESTIGATED:
            return may_approve(complaint, staff, office)
        case Status.RESPONDED:
            calls = complaint.must_call_back and not refuses_call(complaint, office)
            waits = calls or complaint.news_at is not None
            return waits and may_follow_up(complaint, staff)
        case Status.ASSESSED | Status.APPROVED:
            own = {"", staff.username, *(one.username for one in staff.acting_for)}
            named = complaint.investigator in own
            late = complaint.clock is not None and is_overdue(complaint.clock, at)
            mine = named or (late and may_assign(complaint, "", staff))
            return mine and may_work_on(complaint, staff)
    waits = complaint.status is Status.RECEIVED or complaint.news_at is not None
    return waits and holds(staff, Role.QUALITY_OFFICE, complaint, office)


def queues_of(staff: Staff) -> tuple[str, ...]:
    """Return the queues in which this person's own tasks wait, and those of who is absent."""
    queues = []
    for one in (staff, *staff.acting_for):
        if {Role.HANDLER, Role.DEPARTMENT_HEAD} & set(one.roles) and one.department:
            queues.append(one.department)
        if {Role.QUALITY_OFFICE, Role.INTAKE} & set(one.roles):
            queues.append(QUALITY_OFFICE)
        if Role.MANAGEMENT in one.roles:
            queues.append(MANAGEMENT)
    return tuple(dict.fromkeys(queues))


def readable_queues(staff: Staff, office: Office) -> tuple[str, ...]:
    """Return the queues whose lists this person may read, the own ones first."""
    own = queues_of(staff)
    if not READS_ALL & set(staff.roles):
        return own
    departments = (department.code for department in office.policy.departments)
    return tuple(dict.fromkeys((*own, QUALITY_OFFICE, MANAGEMENT, *departments)))


def reads_months(staff: Staff) -> bool:
    """Return whether this person may list all complaints of a month."""
    return bool(READS_ARCHIVE & set(staff.roles))


def is_masked(complaint: Complaint, staff: Staff, office: Office) -> bool:
    """Return whether personal particulars are masked for this person (F7, I8).

    Plain they are for who must act on this very complaint: intake and quality office, whoever
    handles it or has an open work order of it, who is on call in an emergency, and who has to sign
    or decide now. Not for auditors and administrators, nor for management without a task in it.
    """
    if not may_see(complaint, staff):
        return True
    acts = (
        takes_in(complaint, staff)
        or may_work_on(complaint, staff)
        or may_approve(complaint, staff, office)
        or may_decide(complaint, staff, office)
        or is_called(complaint, staff, office)
        or (complaint.emergency_at is not None and staff.on_call)
        or (complaint.incident_at is not None and group_incident.may_tell(complaint, staff, office))
    )
    return not acts


def investigators(complaint: Complaint, staff: Staff, everybody: list[Staff]) -> list[Staff]:
    """Return whom this person may name as the investigator."""
    return [
        member
        for member in everybody
        if may_work_on(complaint, member) and may_assign(complaint, member.username, staff)
    ]
