"""The line itself: register, add words, and the answers that people give to its stages."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from complaints import (
    approve,
    classify,
    compensation,
    emergency,
    follow_up,
    gates,
    intake,
    investigate,
    matters,
    notify,
    proxies,
)
from complaints.aws.desk.changing import (
    change,
    find_emergency,
    go_on,
    owed_at,
    said,
    survey_if_responded,
    watch,
)
from complaints.aws.directory import StaffDirectory
from complaints.aws.items import Person
from complaints.aws.mailer import deliver
from complaints.aws.persons import person_secret
from complaints.aws.policies import policies
from complaints.aws.repository import (
    ComplaintRepository,
    ConflictError,
    Draft,
)
from complaints.aws.runtime import logger, now, random_code, random_id, random_key
from complaints.aws.settings import load_settings, office_for
from complaints.aws.workflow import Workflow
from complaints.history import canonical
from complaints.letters import owed
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
    Staff,
    Status,
    TrackingEntry,
    Urgency,
)
from complaints.number import complaint_number
from complaints.office import Office
from complaints.parts import (
    Gate,
    InvestigationRecord,
    Proof,
    Proxy,
)
from complaints.roles import signs_for, stand_ins, with_stand_ins


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
    go_on(lambda: Workflow.from_env().start(complaint_id))
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

    changed = change(
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
    return change(
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
    """Record that the complainant accepts or refuses the reply."""
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


def reopen(complaint_id: str, reason: str, *, staff: Staff) -> Complaint:
    """Take a closed complaint up again; a new run of the workflow waits for its finding."""
    return change(
        complaint_id,
        lambda dossier, office, at: follow_up.reopen(
            dossier.complaint, reason, staff=staff, key=dossier.key, at=at, office=office
        ),
        lambda complaint, _dossier, at: said(complaint, reason, staff.username, at),
    )
