"""What people do to a complaint: load it, let the stage decide, save, resume the workflow.

The doors (`intake_email`, `intake_web`, `console`) all come through here, so that whatever is
done by mail, by form or by a member of staff is done in one and the same way.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from complaints import (
    approve,
    check_sla,
    classify,
    compensation,
    disputes,
    emergency,
    follow_up,
    gates,
    group_incident,
    intake,
    investigate,
    joint,
    matters,
    notices,
    notify,
    outside,
    pauses,
    proxies,
    records,
    respondents,
    severity,
    work_orders,
)
from complaints import escalate as escalating
from complaints import hand_over as handing_over
from complaints.aws import updates
from complaints.aws.directory import StaffDirectory
from complaints.aws.items import Person
from complaints.aws.mailer import deliver
from complaints.aws.persons import person_secret
from complaints.aws.policies import policies
from complaints.aws.repository import (
    Change,
    ComplaintRepository,
    ConflictError,
    Draft,
    StaleComplaintError,
)
from complaints.aws.runtime import logger, now, random_code, random_id, random_key
from complaints.aws.settings import load_settings, office_for
from complaints.aws.workflow import Workflow
from complaints.history import canonical
from complaints.letters import owed, owed_to_complainant
from complaints.lifecycle import InvalidInputError
from complaints.matters import person_key
from complaints.models import (
    Assessment,
    Channel,
    Complainant,
    Complaint,
    Contact,
    Decision,
    Dossier,
    Finding,
    Letter,
    Outcome,
    Record,
    Role,
    Staff,
    Status,
    TrackingEntry,
    Urgency,
    is_outside,
)
from complaints.number import complaint_number
from complaints.office import Office
from complaints.parts import (
    Announcement,
    Dispute,
    DisputeStatus,
    EmergencyStep,
    Gate,
    InvestigationRecord,
    Merged,
    Notice,
    OutsideCase,
    Payment,
    Proof,
    Proxy,
    WorkOrder,
)
from complaints.policy import QUALITY_OFFICE, Limit
from complaints.roles import signs_for, stand_ins

TRIES = 5
R = TypeVar("R", bound=Record)
Verb = Callable[[Dossier, Office, datetime], tuple[Complaint, TrackingEntry]]
Parts = Callable[[Complaint, Dossier, datetime], tuple[Record, ...]]


def register(
    complainant: Complainant,
    contact: Contact,
    *,
    claimed: str,
    settled_on_spot: bool = False,
    acknowledge: bool = True,
    proxy: Proxy | None = None,
    respondents_named: Sequence[str] = (),
) -> tuple[Complaint, bool]:
    """Register a complaint, start its workflow, acknowledge it; return it, and if it is new.

    `proxy` is who speaks for the complainant: that person hears that it arrived, and no more.
    `respondents_named` are the members of staff who are complained about.

    `claimed` makes it one and the same: the Message-ID of a mail, the id of a form. What comes
    twice finds the first and starts its workflow if that didn't happen yet.

    Raises ConflictError if `claimed` is taken by other content.
    """
    complaints = ComplaintRepository.from_env()
    settings = load_settings()
    office = settings.office
    _keep_policy(office)
    known_as = person_key(complainant, person_secret())
    at = now()
    year = at.astimezone(office.zone).year
    code, key = random_code(), random_key()

    made: dict[str, Draft] = {}

    def draft(n: int) -> Draft:
        shape = office.policy.number
        complaint, entry = intake.receive(
            complainant,
            contact,
            complaint_id=complaint_number(shape.prefix, year, n, shape.digits),
            tracking_code=code,
            key=key,
            at=at,
            office=office,
            settled_on_spot=settled_on_spot,
            person=known_as,
            respondents=respondents_named,
        )
        letters = (
            (owed(complaint, "acknowledgement", complainant.email, [contact], at=at),)
            if acknowledge and complainant.email
            else ()
        )
        if proxy and proxy.email and proxy.email != complainant.email:
            letters = (
                *letters,
                owed(complaint, "proxy_received", proxy.email, [contact], at=at),
            )
        person = Person(complainant=complainant, key=key)
        parts = (contact, *((proxy,) if proxy else ()), *letters)
        drafted = Draft(complaint=complaint, entry=entry, person=person, parts=parts)
        made[complaint.complaint_id] = drafted
        return drafted

    complaint_id, is_new = complaints.register(
        claimed, digest_of(contact), random_id(), year, draft
    )
    _go_on(lambda: Workflow.from_env().start(complaint_id))
    if not is_new or complaint_id not in made:
        return complaints.get(complaint_id), is_new
    complaint = made[complaint_id].complaint
    dossier = Dossier(
        complaint=complaint,
        complainant=complainant,
        key=key,
        contacts=(contact,),
        proxies=(proxy,) if proxy else (),
    )
    for part in made[complaint_id].parts:
        if isinstance(part, Letter):
            deliver(dossier, part, at=at)
    return complaint, is_new


def _keep_policy(office: Office) -> None:
    """Keep the policy that a complaint is about to have; where that fails, `check_sla` keeps it."""
    try:
        policies().keep(office.policy)
    except Exception as error:  # noqa: BLE001 - whatever it is, the complaint is taken in
        logger.warning("policy not kept", error=type(error).__name__)


def digest_of(contact: Contact) -> str:
    """Return the digest of what must be equal for two deliveries to be the same mail or form."""
    files = [file.sha256 for file in contact.files]
    words = [contact.subject, contact.text, contact.demand]
    return hashlib.sha256(canonical([*words, *files])).hexdigest()


def add(complaint_id: str, contact: Contact, *, claimed: str = "", sender: str = "") -> Complaint:
    """Join one more contact to its complaint; the same one twice is one.

    `claimed` is the Message-ID of a mail: it is claimed for the complaint in the same save.
    `sender` is the address of a mail: one from a proxy's is the proxy's. Words that call for the
    emergency path take it at once (B7).

    Raises ConflictError if the complaint has it already, with other content.
    """

    def verb(dossier: Dossier, office: Office, at: datetime) -> tuple[Complaint, TrackingEntry]:
        said = proxies.attributed(contact, sender, dossier)
        return intake.add(dossier.complaint, said, key=dossier.key, at=at, office=office)

    changed = _change(
        complaint_id,
        verb,
        lambda _, dossier, _at: (proxies.attributed(contact, sender, dossier),),
        unless=lambda dossier: _has(dossier, contact),
        claimed=(claimed, digest_of(contact)) if claimed else None,
    )
    return watch(changed, contact)


def _has(dossier: Dossier, contact: Contact) -> bool:
    """Return whether a complaint has this contact already; ConflictError if it says else there."""
    for known in dossier.contacts:
        if known.contact_id == contact.contact_id:
            if digest_of(known) != digest_of(contact):
                complaint_id = dossier.complaint.complaint_id
                raise ConflictError("the same id came with other words", complaint_id=complaint_id)
            return True
    return False


def read_news(complaint_id: str, *, staff: Staff) -> Complaint:
    """Record that what the complainant added was read."""
    return _change(
        complaint_id,
        lambda dossier, _office, at: intake.read_news(dossier.complaint, staff=staff, at=at),
    )


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
        found = dossier.complaint.replace(stand_ins=stand_ins(assessed, directory, office))
        return classify.correct(found, assessment, department, staff=staff, at=at, office=office)

    changed = _change(complaint_id, verb)
    if changed.urgency is Urgency.URGENT and before is not Urgency.URGENT:
        cause = f"urgent-{changed.version}"
        return _find_emergency(
            complaint_id, cause, now(), unless=lambda dossier: emergency.was_found(dossier, cause)
        )
    return changed


def assign(complaint_id: str, investigator: str, *, staff: Staff) -> Complaint:
    """Name the person who investigates."""
    return _change(
        complaint_id,
        lambda dossier, _office, at: investigate.assign(
            dossier.complaint, investigator, staff=staff, at=at
        ),
    )


def submit_finding(complaint_id: str, finding: Finding, *, staff: Staff) -> Complaint:
    """Close the investigation with its report."""
    directory = StaffDirectory.from_env().all()
    return _change(
        complaint_id,
        lambda dossier, office, at: investigate.submit(
            dossier.complaint,
            finding,
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
            directory=directory,
        ),
        lambda *_: (finding,),
    )


def decide(complaint_id: str, decision: Decision, *, staff: Staff) -> Complaint:
    """Sign a solution, or send it back; the last signature owes the written notice.

    What the solution promises to pay is approved with it.
    """

    def kept(complaint: Complaint, dossier: Dossier, at: datetime) -> tuple[Record, ...]:
        office = office_for(complaint.policy)
        code = signs_for(dossier.complaint, staff, office)
        signed = decision.replace(code=code)
        if complaint.status is not Status.APPROVED:
            return (signed,)
        last = dossier.findings[-1] if dossier.findings else None
        paid = compensation.granted(complaint, last, dossier.payments, at=at, office=office)
        return (signed, *paid, *_owed_at(Status.APPROVED, "notice", complaint, dossier, at))

    directory = StaffDirectory.from_env().all()
    return _change(
        complaint_id,
        lambda dossier, office, at: approve.decide(
            dossier.complaint,
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
    return _change(
        complaint_id,
        lambda dossier, office, at: notify.post(
            dossier.complaint,
            proxies.reachable(dossier),
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
        ),
        _survey_if_responded,
    )


def confirm_by_phone(complaint_id: str, outcome: Outcome, words: str, *, staff: Staff) -> Complaint:
    """Record the call in which the notice was confirmed."""
    return _change(
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
            *_said(complaint, words, staff.username, at),
            *_survey_if_responded(complaint, dossier, at),
        ),
    )


def answer_reply(complaint_id: str, outcome: Outcome, words: str) -> Complaint:
    """Record that the complainant accepts or refuses the reply."""
    return _change(
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
            *_said(complaint, words, "complainant", at),
            *_survey_if_responded(complaint, dossier, at),
        ),
    )


def rate(complaint_id: str, outcome: Outcome, satisfaction: int | None, words: str) -> Complaint:
    """Record the survey as the complainant filled it in."""
    return _change(
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
        lambda complaint, _dossier, at: _said(complaint, words, "complainant", at),
    )


def call_back(
    complaint_id: str, outcome: Outcome, satisfaction: int | None, words: str, *, staff: Staff
) -> Complaint:
    """Record a follow-up call."""
    return _change(
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
        lambda complaint, _dossier, at: _said(complaint, words, staff.username, at),
    )


# ---- emergency, group incident, proxies ----------------------------------------------------


def watch(complaint: Complaint, contact: Contact) -> Complaint:
    """Take the emergency path if the words of a contact call for it (B7); once for each."""
    if not emergency.is_found_in(contact, office_for(complaint.policy)):
        return complaint
    return _find_emergency(
        complaint.merged_into or complaint.complaint_id,
        contact.contact_id,
        contact.received_at,
        unless=lambda dossier: not emergency.needs_look(dossier, contact),
    )


def _find_emergency(
    complaint_id: str, cause: str, since: datetime, *, unless: Callable[[Dossier], bool]
) -> Complaint:
    """Record that a complaint is an emergency; whoever the policy names is told at once."""
    return _change(
        complaint_id,
        lambda dossier, office, at: emergency.find(
            dossier.complaint, cause, since=since, at=at, office=office
        ),
        lambda complaint, _, at: _alarm("emergency", complaint, at),
        unless=unless,
    )


def declare_emergency(complaint_id: str, reason: str, *, step_id: str, staff: Staff) -> Complaint:
    """Declare a complaint an emergency."""
    return _change(
        complaint_id,
        lambda dossier, office, at: emergency.declare(
            dossier.complaint, reason, staff=staff, key=dossier.key, at=at, office=office
        ),
        lambda complaint, _, at: (
            _step(step_id, "declared", reason, staff, at),
            *_alarm("emergency", complaint, at),
        ),
        unless=lambda dossier: _has_step(dossier, step_id),
    )


def answer_emergency(
    complaint_id: str, way: emergency.Way, words: str, *, step_id: str, staff: Staff
) -> Complaint:
    """Record the first response to an emergency; by letter, the letter is owed with it.

    Raises InvalidInputError for a letter to somebody who has no address.
    """

    def verb(dossier: Dossier, _office: Office, at: datetime) -> tuple[Complaint, TrackingEntry]:
        if way == "letter" and not proxies.reachable(dossier).email:
            raise InvalidInputError("no mail address", text_id="error.no_mail_address")
        return emergency.respond(dossier.complaint, way, words, staff=staff, key=dossier.key, at=at)

    return _change(
        complaint_id,
        verb,
        lambda complaint, dossier, at: (
            _step(step_id, "response", words, staff, at),
            *(
                owed_to_complainant("apology", complaint, dossier, at=at, words=words)
                if way == "letter"
                else ()
            ),
            *_alarm("emergency_news", complaint, at),
        ),
        unless=lambda dossier: _has_step(dossier, step_id),
    )


def take_emergency_step(
    complaint_id: str, kind: str, words: str, *, step_id: str, staff: Staff
) -> Complaint:
    """Record an immediate measure or news of it; the same people are told as it happens (C4)."""
    return _change(
        complaint_id,
        lambda dossier, office, at: emergency.take_step(
            dossier.complaint,
            _step(step_id, kind, words, staff, at),
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
        ),
        lambda complaint, _, at: (
            _step(step_id, kind, words, staff, at),
            *_alarm("emergency_news", complaint, at),
        ),
        unless=lambda dossier: _has_step(dossier, step_id),
    )


def withdraw_emergency(complaint_id: str, reason: str, *, step_id: str, staff: Staff) -> Complaint:
    """Withdraw a false alarm."""
    return _change(
        complaint_id,
        lambda dossier, _office, at: emergency.withdraw(
            dossier.complaint, reason, staff=staff, key=dossier.key, at=at
        ),
        lambda _complaint, _dossier, at: (_step(step_id, "withdrawn", reason, staff, at),),
        unless=lambda dossier: _has_step(dossier, step_id),
    )


def _alarm(kind: str, complaint: Complaint, at: datetime) -> tuple[Letter, ...]:
    return to_staff(kind, office_for(complaint.policy).policy.emergency.tell, complaint, at)


def _step(step_id: str, kind: str, words: str, staff: Staff, at: datetime) -> EmergencyStep:
    return msgspec.convert(
        {"step_id": step_id, "kind": kind, "words": words, "by": staff.username, "at": at},
        EmergencyStep,
    )


def _has_step(dossier: Dossier, step_id: str) -> bool:
    return any(step.step_id == step_id for step in dossier.emergency_steps)


def declare_incident(complaint_id: str, reason: str, *, staff: Staff) -> Complaint:
    """Declare a group incident; its leader is told at once."""
    return _change(
        complaint_id,
        lambda dossier, office, at: group_incident.declare(
            dossier.complaint, reason, staff=staff, key=dossier.key, at=at, office=office
        ),
        lambda complaint, _, at: _said(complaint, reason, staff.username, at),
    )


def _tell_leader(complaint: Complaint, at: datetime) -> tuple[Letter, ...]:
    """Return the letters that the leader of a group incident and the quality office are owed."""
    leader = office_for(complaint.policy).policy.group_incident.leader
    return to_staff("incident", (leader, QUALITY_OFFICE), complaint, at)


def announce(complaint_id: str, announcement: Announcement, *, staff: Staff) -> Complaint:
    """Record a public statement, the spokesman's lines, or an update to all who complained.

    The first of those that an update goes to get it now, `check_sla` sends it on to the others.
    """
    verbs: dict[str, Callable[[Dossier, Office, datetime], tuple[Complaint, TrackingEntry]]] = {
        "statement": lambda dossier, office, at: group_incident.publish(
            dossier.complaint,
            announcement,
            dossier.complainant,
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
        ),
        "lines": lambda dossier, office, at: group_incident.write_lines(
            dossier.complaint, announcement, staff=staff, key=dossier.key, at=at, office=office
        ),
        "update": lambda dossier, office, at: group_incident.begin_update(
            dossier.complaint, announcement, staff=staff, key=dossier.key, at=at, office=office
        ),
    }
    changed = _change(
        complaint_id,
        verbs[announcement.kind],
        lambda complaint, dossier, at: (
            announcement,
            *(_update_of(announcement, complaint, dossier, at)),
        ),
        unless=lambda dossier: any(
            one.announcement_id == announcement.announcement_id for one in dossier.announcements
        ),
    )
    if announcement.is_under_way:
        updates.send_on(complaint_id, announcement.announcement_id, most=updates.AT_ONCE)
    return changed


def _update_of(
    update: Announcement, complaint: Complaint, dossier: Dossier, at: datetime
) -> tuple[Letter, ...]:
    if update.kind != "update":
        return ()
    return owed_to_complainant("update", complaint, dossier, at=at, words=update.words)


def add_proxy(complaint_id: str, proxy: Proxy, *, staff: Staff) -> Complaint:
    """Record somebody who speaks for the complainant (I17)."""
    return _change(
        complaint_id,
        lambda dossier, _office, at: proxies.add(
            dossier.complaint, proxy, dossier.evidence, staff=staff, key=dossier.key, at=at
        ),
        lambda *_: (proxy,),
        unless=lambda dossier: any(one.proxy_id == proxy.proxy_id for one in dossier.proxies),
    )


def authorise_proxy(complaint_id: str, proxy: Proxy, *, staff: Staff) -> Complaint:
    """Record another authority of a proxy, or take it back."""
    return _change(
        complaint_id,
        lambda dossier, _office, at: proxies.authorise(
            dossier.complaint, proxy, dossier.evidence, staff=staff, key=dossier.key, at=at
        ),
        lambda *_: (proxy,),
    )


# ---- handling: records, orders, groups, respondents, bodies outside, disputes ---------------


def keep_record(complaint_id: str, made: InvestigationRecord, *, staff: Staff) -> Complaint:
    """Keep a record of the investigation; the same one twice is one."""
    return _change(
        complaint_id,
        lambda dossier, _office, at: records.keep(
            dossier.complaint, made, staff=staff, key=dossier.key, at=at
        ),
        lambda *_: (made,),
        unless=lambda dossier: made.record_id in {one.record_id for one in dossier.records},
    )


def issue_order(complaint_id: str, order: WorkOrder, *, staff: Staff) -> Complaint:
    """Give a department something to do; the same order twice is one."""
    return _change(
        complaint_id,
        lambda dossier, office, at: work_orders.issue(
            dossier.complaint, order, staff=staff, key=dossier.key, at=at, office=office
        ),
        lambda complaint, _dossier, at: (order, *_told_of_order(complaint, order, at)),
        unless=lambda dossier: order.order_id in {one.order_id for one in dossier.orders},
    )


def _told_of_order(complaint: Complaint, order: WorkOrder, at: datetime) -> tuple[Letter, ...]:
    """Return the letters that tell the department of its order: to its head, else upwards."""
    office, directory = office_for(complaint.policy), StaffDirectory.from_env().all()
    theirs = complaint.replace(department=order.department, investigator="")
    code = Role.DEPARTMENT_HEAD
    people = check_sla.recipients(theirs, code, directory, office, at=at)
    return letters_to(people, "ordered", complaint, at)


def agree_order(
    complaint_id: str,
    order_id: str,
    start_at: datetime | None,
    complete_at: datetime,
    *,
    staff: Staff,
) -> Complaint:
    """Take a work order and agree its times."""
    return _change(
        complaint_id,
        lambda dossier, office, at: work_orders.agree(
            dossier.complaint,
            _order(dossier, order_id),
            start_at,
            complete_at,
            staff=staff,
            at=at,
            office=office,
        ),
        lambda _, dossier, at: (
            _order(dossier, order_id).replace(
                start_at=start_at, complete_at=complete_at, agreed_by=staff.username, agreed_at=at
            ),
        ),
    )


def complete_order(complaint_id: str, order_id: str, result: str, *, staff: Staff) -> Complaint:
    """Report that a work order is carried out."""
    return _change(
        complaint_id,
        lambda dossier, _office, at: work_orders.complete(
            dossier.complaint,
            _order(dossier, order_id),
            result,
            staff=staff,
            key=dossier.key,
            at=at,
        ),
        lambda _, dossier, at: (
            _order(dossier, order_id).replace(done_at=at, done_by=staff.username, result=result),
        ),
    )


def return_order(complaint_id: str, order_id: str, reason: str, *, staff: Staff) -> Complaint:
    """Return a work order that was not carried out."""
    return _change(
        complaint_id,
        lambda dossier, _office, at: work_orders.give_back(
            dossier.complaint,
            _order(dossier, order_id),
            reason,
            staff=staff,
            key=dossier.key,
            at=at,
        ),
        lambda _, dossier, at: (
            _order(dossier, order_id).replace(
                done_at=at, done_by=staff.username, result=reason, returned=True
            ),
        ),
    )


def gather(complaint_id: str, group: Sequence[Staff], *, staff: Staff) -> Complaint:
    """Form the joint group, its leader first; each finds the complaint in the own queue."""
    return _change(
        complaint_id,
        lambda dossier, _office, at: joint.gather(dossier.complaint, group, staff=staff, at=at),
        lambda complaint, dossier, at: (
            *joint.seats(group, dossier.seats),
            *letters_to(group, "grouped", complaint, at),
        ),
    )


def name_respondents(
    complaint_id: str, respondents_named: Sequence[str], *, staff: Staff
) -> Complaint:
    """Say who is complained about; a head is told of an assignment that this withdraws."""
    directory = StaffDirectory.from_env().all()

    def told(complaint: Complaint, dossier: Dossier, at: datetime) -> tuple[Record, ...]:
        withdrawn = dossier.complaint.investigator and not complaint.investigator
        heads = respondents.heads(complaint, directory) if withdrawn else []
        return (*letters_to(heads, "withdrawn", complaint, at), *dossier.seats)

    return _change(
        complaint_id,
        lambda dossier, office, at: respondents.name(
            dossier.complaint,
            respondents_named,
            directory=directory,
            staff=staff,
            at=at,
            office=office,
        ),
        told,
        unless=lambda dossier: set(dossier.complaint.respondents) == set(respondents_named),
    )


def register_outside(complaint_id: str, case: OutsideCase, *, staff: Staff) -> Complaint:
    """Note that a body outside has the complaint; from then on it is found by their number.

    Raises ConflictError if another complaint has that number.
    """
    claimed = outside.claimed_as(case.body, case.number)
    holder = ComplaintRepository.from_env().claimed(claimed)
    if holder and holder.complaint_id != complaint_id:
        raise ConflictError("the number is another's", complaint_id=holder.complaint_id)
    return _change(
        complaint_id,
        lambda dossier, office, at: outside.register(
            dossier.complaint, case, staff=staff, key=dossier.key, at=at, office=office
        ),
        lambda *_: (case,),
        unless=lambda dossier: any(
            outside.claimed_as(one.body, one.number) == claimed for one in dossier.outside
        ),
        claimed=(claimed, hashlib.sha256(claimed.encode()).hexdigest()),
    )


def answer_outside(complaint_id: str, case_id: str, words: str, *, staff: Staff) -> Complaint:
    """Keep what a body outside was answered."""
    return _change(
        complaint_id,
        lambda dossier, _office, at: outside.answer(
            dossier.complaint,
            _case(dossier, case_id),
            words,
            staff=staff,
            key=dossier.key,
            at=at,
        ),
        lambda _, dossier, at: (_case(dossier, case_id).replace(answered_at=at, answer=words),),
    )


def begin_dispute(complaint_id: str, dispute: Dispute, *, staff: Staff) -> Complaint:
    """Open a mediation, an arbitration or a court case; the same one twice is one."""
    return _change(
        complaint_id,
        lambda dossier, _office, at: disputes.begin(
            dossier.complaint, dispute, staff=staff, key=dossier.key, at=at
        ),
        lambda *_: (dispute,),
        unless=lambda dossier: dispute.dispute_id in {one.dispute_id for one in dossier.disputes},
    )


def end_dispute(
    complaint_id: str,
    dispute_id: str,
    status: DisputeStatus,
    result: str,
    upload_ids: Sequence[str],
    *,
    staff: Staff,
) -> Complaint:
    """End a dispute with its result and the documents of it."""

    def ended(dossier: Dossier, at: datetime) -> Dispute:
        before = _dispute(dossier, dispute_id)
        documents = tuple(dict.fromkeys((*before.upload_ids, *upload_ids)))
        return before.replace(status=status, result=result, ended_at=at, upload_ids=documents)

    return _change(
        complaint_id,
        lambda dossier, office, at: disputes.end(
            dossier.complaint,
            _dispute(dossier, dispute_id),
            ended(dossier, at),
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
        ),
        lambda _, dossier, at: (ended(dossier, at),),
    )


def _order(dossier: Dossier, order_id: str) -> WorkOrder:
    """Return a work order of the complaint; raises InvalidInputError if it has none such."""
    return _one(order_id, {one.order_id: one for one in dossier.orders})


def _case(dossier: Dossier, case_id: str) -> OutsideCase:
    """Return an outside case of the complaint; raises InvalidInputError if it has none such."""
    return _one(case_id, {one.case_id: one for one in dossier.outside})


def _dispute(dossier: Dossier, dispute_id: str) -> Dispute:
    """Return a dispute of the complaint; raises InvalidInputError if it has none such."""
    return _one(dispute_id, {one.dispute_id: one for one in dossier.disputes})


def _one(wanted: str, known: Mapping[str, R]) -> R:
    """Return the part of this id; raises InvalidInputError if the complaint has none such."""
    try:
        return known[wanted]
    except KeyError:
        raise InvalidInputError(f"{wanted} is no part of the complaint") from None


# ---- how it is done ------------------------------------------------------------------------


def escalate(complaint_id: str, reason: str, *, staff: Staff) -> Complaint:
    """Pass a complaint one rung up by hand, and tell those who are on it (C7)."""
    directory = StaffDirectory.from_env().all()

    def parts(changed: Complaint, dossier: Dossier, at: datetime) -> tuple[Record, ...]:
        before, office = dossier.complaint, office_for(changed.policy)
        above = escalating.next_rung(before, staff, office)
        if above is None or before.clock is None:
            return ()
        number, rung = above
        people = check_sla.recipients(changed, rung.to, directory, office, at=at)
        notice, letters = notices.tell(
            changed,
            before.clock.replace(steps=number),
            "by_hand",
            people,
            to=rung.to,
            at=at,
            by=staff.username,
            reason=reason,
        )
        return (notice, *letters)

    return _change(
        complaint_id,
        lambda dossier, office, at: escalating.escalate(
            dossier.complaint, reason, staff=staff, key=dossier.key, at=at, office=office
        ),
        parts,
    )


def acknowledge(complaint_id: str, *, staff: Staff) -> Complaint:
    """Record that somebody has seen what was told about a complaint (I10)."""
    return _change(
        complaint_id,
        lambda dossier, _office, at: notices.acknowledge(
            dossier.complaint, dossier.notices, staff=staff, at=at
        ),
        lambda _, dossier, at: notices.acknowledged(dossier.notices, staff=staff, at=at),
    )


def pass_on(complaint_id: str, person: Staff, *, staff: Staff) -> Complaint:
    """Pass on to somebody else what was told about a complaint, and tell that person (I10)."""

    def parts(changed: Complaint, dossier: Dossier, at: datetime) -> tuple[Record, ...]:
        told = notices.passed(dossier.notices, person, staff=staff)
        return (*told, notices.letter(changed, "passed_on", told[-1], person, at=at))

    return _change(
        complaint_id,
        lambda dossier, office, at: notices.pass_on(
            dossier.complaint, dossier.notices, person, staff=staff, at=at, office=office
        ),
        parts,
    )


def hand_over(complaint_id: str, leaver: str, successor: Staff, *, staff: Staff) -> Complaint:
    """Hand what somebody has to do about a complaint over to a successor (H5)."""
    return _change(
        complaint_id,
        lambda dossier, _office, at: handing_over.hand_over(
            dossier.complaint, leaver, successor, staff=staff, at=at
        ),
        lambda _, dossier, __: handing_over.seats(leaver, successor, dossier.seats),
    )


def prove(complaint_id: str, gate: Gate, words: str, *, staff: Staff) -> Complaint:
    """Open a closing gate by a proof."""

    def proof(at: datetime) -> Proof:
        return Proof(gate=gate, by=staff.username, at=at, words=words)

    return _change(
        complaint_id,
        lambda dossier, office, at: gates.prove(
            dossier.complaint, proof(at), staff=staff, key=dossier.key, at=at, office=office
        ),
        lambda _complaint, _dossier, at: (proof(at),),
    )


def reopen(complaint_id: str, reason: str, *, staff: Staff) -> Complaint:
    """Take a closed complaint up again; a new run of the workflow waits for its finding."""
    return _change(
        complaint_id,
        lambda dossier, office, at: follow_up.reopen(
            dossier.complaint, reason, staff=staff, key=dossier.key, at=at, office=office
        ),
        lambda complaint, _dossier, at: _said(complaint, reason, staff.username, at),
    )


PaymentVerb = Callable[..., tuple[Complaint, TrackingEntry]]


def offer_payment(complaint_id: str, offered: Payment, *, staff: Staff) -> Complaint:
    """Offer compensation; `offered` has amount, basis, payer and whether it is an advance."""

    def made(dossier: Dossier, at: datetime) -> Payment:
        number = f"{len(dossier.payments) + 1}"
        return offered.replace(payment_id=number, offered_by=staff.username, offered_at=at)

    return _pay(complaint_id, compensation.offer, made, staff)


def decide_payment(complaint_id: str, payment_id: str, refused: str, *, staff: Staff) -> Complaint:
    """Approve a payment, or refuse it for the reason `refused`."""

    def made(dossier: Dossier, at: datetime) -> Payment:
        before = compensation.find(dossier.payments, payment_id)
        if refused:
            return before.replace(refused_reason=refused)
        return before.replace(approved_by=staff.username, approved_at=at)

    return _pay(complaint_id, compensation.decide, made, staff)


def record_payment(
    complaint_id: str, payment_id: str, voucher: str, upload_id: str, *, staff: Staff
) -> Complaint:
    """Record that a payment was made, with the number of its voucher or the voucher itself."""

    def made(dossier: Dossier, at: datetime) -> Payment:
        before = compensation.find(dossier.payments, payment_id)
        compensation.expect_evidence(upload_id, dossier)
        return before.replace(
            paid_at=before.paid_at or at,
            voucher=voucher or before.voucher,
            upload_id=upload_id or before.upload_id,
        )

    return _pay(complaint_id, compensation.pay, made, staff)


def _pay(
    complaint_id: str,
    verb: PaymentVerb,
    made: Callable[[Dossier, datetime], Payment],
    staff: Staff,
) -> Complaint:
    """Take one step of a payment and keep its row of the ledger."""
    return _change(
        complaint_id,
        lambda dossier, office, at: verb(
            dossier.complaint,
            made(dossier, at),
            dossier.payments,
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
        ),
        lambda _complaint, dossier, at: (made(dossier, at),),
    )


def pause(
    complaint_id: str, reason: str, until: datetime, words: str, *, staff: Staff
) -> Complaint:
    """Stop the clock of the stage; who is waited for, the complainant, is written what is asked."""
    return _change(
        complaint_id,
        lambda dossier, office, at: pauses.pause(
            dossier.complaint,
            reason,
            until,
            words,
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
        ),
        lambda complaint, dossier, at: (
            *_said(complaint, words, staff.username, at, Channel.DEPARTMENT),
            *(
                owed_to_complainant("question", complaint, dossier, at=at, words=words)
                if reason == "complainant"
                else ()
            ),
        ),
    )


def resume(complaint_id: str, *, staff: Staff) -> Complaint:
    """Let the clock of the stage run on."""
    return _change(
        complaint_id,
        lambda dossier, office, at: pauses.resume(
            dossier.complaint, staff=staff, at=at, office=office
        ),
    )


def ask_extension(complaint_id: str, by: Limit, words: str, *, staff: Staff) -> Complaint:
    """Ask for a longer limit; who decides about it is told."""
    return _change(
        complaint_id,
        lambda dossier, office, at: pauses.ask_extension(
            dossier.complaint, by, words, staff=staff, key=dossier.key, at=at, office=office
        ),
        lambda complaint, _dossier, at: (
            *_said(complaint, words, staff.username, at, Channel.DEPARTMENT),
            *to_staff(
                "extension_asked",
                (office_for(complaint.policy).policy.extension.approved_by,),
                complaint,
                at,
            ),
        ),
    )


def decide_extension(complaint_id: str, words: str, *, approved: bool, staff: Staff) -> Complaint:
    """Approve a longer limit, which the complainant is told with its reason, or refuse it."""
    return _change(
        complaint_id,
        lambda dossier, office, at: pauses.decide_extension(
            dossier.complaint,
            words,
            approved=approved,
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
        ),
        lambda complaint, dossier, at: (
            *_said(complaint, words, staff.username, at, Channel.DEPARTMENT),
            *(
                owed_to_complainant(
                    "extension",
                    complaint,
                    dossier,
                    at=at,
                    words=pauses.reason_of_extension(dossier),
                )
                if approved
                else ()
            ),
        ),
    )


def agree_time(complaint_id: str, agreed_at: datetime, words: str, *, staff: Staff) -> Complaint:
    """Record the time of the reply that was agreed with the complainant."""
    return _change(
        complaint_id,
        lambda dossier, office, at: pauses.agree_time(
            dossier.complaint,
            agreed_at,
            words,
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
        ),
        lambda complaint, _dossier, at: _said(complaint, words, staff.username, at),
    )


def contacted(complaint_id: str, channel: Channel, words: str, *, staff: Staff) -> Complaint:
    """Record that the complainant was called or visited (C8)."""
    return _change(
        complaint_id,
        lambda dossier, _office, at: pauses.contacted(
            dossier.complaint, channel, words, staff=staff, key=dossier.key, at=at
        ),
        lambda complaint, _dossier, at: _said(complaint, words, staff.username, at, channel),
    )


def report_progress(complaint_id: str, words: str, *, staff: Staff) -> Complaint:
    """Write to the complainant how far it is (C8)."""
    return _change(
        complaint_id,
        lambda dossier, _office, at: pauses.report_progress(
            dossier.complaint,
            proxies.reachable(dossier),
            words,
            staff=staff,
            key=dossier.key,
            at=at,
        ),
        lambda complaint, dossier, at: owed_to_complainant(
            "progress", complaint, dossier, at=at, words=words
        ),
    )


def _change(
    complaint_id: str,
    verb: Verb,
    parts: Parts = lambda *_: (),
    *,
    unless: Callable[[Dossier], bool] = lambda _: False,
    claimed: tuple[str, str] | None = None,
) -> Complaint:
    """Load, decide, save with the parts that go with it; then send and resume what follows.

    Who finds that somebody else saved first loads again and decides again: the verb refuses what
    no longer fits, and joins what does.
    """
    complaints = ComplaintRepository.from_env()
    for attempt in range(TRIES):
        dossier = complaints.dossier(complaint_id)
        if unless(dossier):
            return dossier.complaint
        at, office = now(), office_for(dossier.complaint.policy)
        made = verb(dossier, office, at)
        changed, entries = severity.weighed(dossier, made, at=at, office=office)
        changed = gates.in_queues(changed, dossier.complaint, office)
        kept = parts(changed, dossier, at)
        if group_incident.begins(dossier.complaint, changed):
            kept = (*kept, *_tell_leader(changed, at))
        moved = _seats_moved(changed, dossier)
        try:
            change = Change(complaint=changed, entries=entries, parts=(*kept, *moved))
            complaints.save_all(change, *_news_for_main(changed, kept, at), claimed=claimed)
        except StaleComplaintError:
            if attempt == TRIES - 1:
                raise
            continue
        break
    if changed.status is not dossier.complaint.status:
        token = complaints.task_token(complaint_id)
        _go_on(lambda: Workflow.from_env().resume(changed, token))
    _deliver_all(kept, dossier.replace(complaint=changed), at)
    for part in kept:
        if isinstance(part, Contact):
            changed = watch(changed, part)
    return changed


def _deliver_all(kept: tuple[Record, ...], dossier: Dossier, at: datetime) -> None:
    """Send the letters that were saved, with what was saved beside them to write about."""
    letters = [part for part in kept if isinstance(part, Letter)]
    if not letters:
        return
    findings = tuple(part for part in kept if isinstance(part, Finding))
    fresh = tuple(part for part in kept if isinstance(part, Notice))
    whole = dossier.replace(
        findings=(*dossier.findings, *findings), notices=(*fresh, *dossier.notices)
    )
    for letter in letters:
        deliver(whole, letter, at=at)


def _seats_moved(changed: Complaint, dossier: Dossier) -> tuple[Record, ...]:
    """Return the seats to be saved again: they lie in queues only while the group investigates."""
    return () if changed.status is dossier.complaint.status else dossier.seats


# ---- one matter ----------------------------------------------------------------------------


def merge(complaint_id: str, into: str, *, staff: Staff) -> Complaint:
    """Count a complaint with another one of the same matter (B5); return the one that has both."""
    return _change_both(
        complaint_id, into, lambda one, main, at: matters.merge(one, main, staff=staff, at=at)
    )


def unmerge(complaint_id: str, main: str, *, staff: Staff) -> Complaint:
    """Make a merged complaint one of its own again; return the one that it was counted with."""
    return _change_both(
        complaint_id, main, lambda one, whole, at: matters.unmerge(one, whole, staff=staff, at=at)
    )


def _change_both(
    complaint_id: str,
    main_id: str,
    verb: Callable[[Dossier, Dossier, datetime], matters.Both],
) -> Complaint:
    """Load a complaint and the one that it is or was counted with, decide, save both together."""
    complaints = ComplaintRepository.from_env()
    for attempt in range(TRIES):
        dossier, main = complaints.dossier(complaint_id), complaints.dossier(main_id)
        at = now()
        both = verb(dossier, main, at)
        one, whole = (
            _weighed(before, made, at, merged)
            for before, made, merged in (
                (dossier, both.complaint, dossier.merged),
                (main, both.main, both.merged_after(main)),
            )
        )
        letters: tuple[Letter, ...] = ()
        if group_incident.begins(main.complaint, whole.complaint):
            letters = _tell_leader(whole.complaint, at)
        link = {"parts": (*both.link, *letters), "gone": both.gone}
        try:
            complaints.save_all(one, msgspec.structs.replace(whole, **link))
        except StaleComplaintError:
            if attempt == TRIES - 1:
                raise
            continue
        break
    for letter in letters:
        deliver(main.replace(complaint=whole.complaint), letter, at=at)
    return whole.complaint


def _weighed(
    dossier: Dossier,
    made: tuple[Complaint, TrackingEntry],
    at: datetime,
    merged: tuple[Merged, ...],
) -> Change:
    """Return a change with what it does to the severity, and to the queues."""
    office = office_for(dossier.complaint.policy)
    after = dossier.replace(merged=merged)
    changed, entries = severity.weighed(after, made, at=at, office=office)
    changed = gates.in_queues(changed, dossier.complaint, office)
    return Change(complaint=changed, entries=entries)


def _news_for_main(
    complaint: Complaint, kept: tuple[Record, ...], at: datetime
) -> tuple[Change, ...]:
    """Return what is news for the complaint that this one is counted with, if anything is."""
    said = [part for part in kept if isinstance(part, Contact) and is_outside(part.by)]
    if not complaint.merged_into or not said:
        return ()
    main = ComplaintRepository.from_env().dossier(complaint.merged_into)
    office = office_for(main.complaint.policy)
    made = matters.tell_main(main.complaint, complaint, said[-1], at=at, office=office)
    return (_weighed(main, made, at, main.merged),)


def _go_on(move: Callable[[], None]) -> None:
    """Start or resume the workflow; what was saved is not undone by a workflow that can't move.

    `check_sla` finds the complaint in some minutes, by its `look_again_at`, and moves it then.
    """
    try:
        move()
    except Exception as error:  # noqa: BLE001 - whatever it is, the answer is saved
        logger.warning("workflow not moved", error=type(error).__name__)


def _said(
    complaint: Complaint, words: str, by: str, at: datetime, channel: Channel = Channel.PHONE
) -> tuple[Contact, ...]:
    """Return what was said with an answer as a contact, so that the words are kept."""
    if not words.strip():
        return ()
    return (
        Contact(
            contact_id=f"{complaint.version:06}-answer",
            channel=Channel.WEB if by == "complainant" else channel,
            received_at=at,
            by=by,
            text=words,
        ),
    )


def _survey_if_responded(
    complaint: Complaint, dossier: Dossier, at: datetime
) -> tuple[Letter, ...]:
    """Return the invitation to the survey that is owed once the feedback is complete (D2)."""
    return _owed_at(Status.RESPONDED, "survey", complaint, dossier, at)


def _owed_at(
    status: Status, kind: str, complaint: Complaint, dossier: Dossier, at: datetime
) -> tuple[Letter, ...]:
    """Return the letter that a complaint owes when it reaches a status, if there is an address."""
    if complaint.status is not status:
        return ()
    return owed_to_complainant(kind, complaint, dossier, at=at)


def to_staff(
    kind: str, codes: tuple[str, ...], complaint: Complaint, at: datetime
) -> tuple[Letter, ...]:
    """Return the letters that the people of these roles and posts are owed, and who is on call."""
    office, everybody = office_for(complaint.policy), StaffDirectory.from_env().all()
    told = {
        member.username: member
        for code in codes
        for member in check_sla.recipients(complaint, code, everybody, office, at=at)
    }
    if complaint.emergency_at:
        on_call = check_sla.on_call(complaint, everybody, office, at=at)
        told |= {member.username: member for member in on_call}
    return letters_to(told.values(), kind, complaint, at)


def letters_to(
    people: Iterable[Staff], kind: str, complaint: Complaint, at: datetime
) -> tuple[Letter, ...]:
    """Return the letters of a kind that members of staff are owed; who has no address gets none."""
    return tuple(
        owed(complaint, kind, member.email, (), at=at).replace(
            letter_id=f"{complaint.version:06}-{kind}-{member.username}", language="zh_CN"
        )
        for member in people
        if member.email
    )
