"""Intake: a complaint is registered and acknowledged, words join it, and are read."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime

from complaints import intake, proxies
from complaints.aws.desk.changing import change, go_on, to_staff, watch
from complaints.aws.items import Person
from complaints.aws.mailer import deliver
from complaints.aws.persons import person_secret
from complaints.aws.policies import policies
from complaints.aws.registration import ConflictError, Draft, Registry
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import now, random_code, random_id, random_key
from complaints.aws.settings import load_settings
from complaints.aws.workflow import Workflow
from complaints.history import canonical
from complaints.letters import owed
from complaints.matters import person_key
from complaints.models import (
    Complainant,
    Complaint,
    Contact,
    Dossier,
    Letter,
    Staff,
    TrackingEntry,
)
from complaints.number import complaint_number
from complaints.office import Office
from complaints.parts import Proxy
from complaints.policy import QUALITY_OFFICE


def register(
    complainant: Complainant,
    contact: Contact,
    *,
    claimed: str,
    settled_on_spot: bool = False,
    acknowledge: bool = True,
    later: bool = False,
    proxy: Proxy | None = None,
    respondents_named: Sequence[str] = (),
    expected: Sequence[str] = (),
) -> tuple[Complaint, bool]:
    """Register a complaint, start its workflow, acknowledge it; return it, and if it is new.

    `proxy` is who speaks for the complainant: that person hears that it arrived, and no more.
    `respondents_named` are the members of staff who are complained about. With `later` the
    acknowledgement is owed, and `check_sla` sends it when its time has come.

    `claimed` makes it one and the same: the Message-ID of a mail, the id of a form. What comes
    twice finds the first and starts its workflow if that didn't happen yet. `expected` are mails
    that it refers to and that are not here yet.

    Raises ConflictError if `claimed` is taken by other content, ExpectedElsewhereError if one of
    `expected` has come in between.
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

    complaint_id, is_new = Registry.from_env().register(
        claimed, digest_of(contact), random_id(), year, draft, expected=expected
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
        if isinstance(part, Letter) and not (later and part.kind == "acknowledgement"):
            deliver(dossier, part, at=at)
    return complaint, is_new


def _keep_policy(office: Office) -> None:
    """Keep the policy that a complaint is about to have; where that fails, `check_sla` keeps it."""
    go_on(lambda: policies().keep(office.policy), "policy not kept")


def digest_of(contact: Contact) -> str:
    """Return the digest of what must be equal for two deliveries to be the same mail or form."""
    files = [file.sha256 for file in contact.files]
    words = [contact.subject, contact.text, contact.demand]
    return hashlib.sha256(canonical([*words, *files])).hexdigest()


def add(
    complaint_id: str,
    contact: Contact,
    *,
    claimed: str = "",
    sender: str = "",
    known: Callable[[Contact], None] = lambda _: None,
) -> Complaint:
    """Join one more contact to its complaint; the same one twice is one.

    `claimed` is the Message-ID of a mail: it is claimed for the complaint in the same save.
    `sender` is the address of a mail: one from a proxy's is the proxy's. Words that call for the
    emergency path take it at once (B7). `known` hears of the contact that is on file already.

    Raises ConflictError if the complaint has it already, with other content.
    """

    def verb(dossier: Dossier, office: Office, at: datetime) -> tuple[Complaint, TrackingEntry]:
        said = proxies.attributed(contact, sender, dossier)
        return intake.add(dossier.complaint, said, key=dossier.key, at=at, office=office)

    def is_known(dossier: Dossier) -> bool:
        on_file = _on_file(dossier, contact)
        if on_file:
            known(on_file)
        return on_file is not None

    changed = change(
        complaint_id,
        verb,
        lambda _, dossier, _at: (proxies.attributed(contact, sender, dossier),),
        unless=is_known,
        claimed=(claimed, digest_of(contact)) if claimed else None,
    )
    _file_again(changed)
    return watch(changed, contact)


def _on_file(dossier: Dossier, contact: Contact) -> Contact | None:
    """Return this contact as a complaint has it; ConflictError if it says else there."""
    for known in dossier.contacts:
        if known.contact_id == contact.contact_id:
            if digest_of(known) != digest_of(contact):
                complaint_id = dossier.complaint.complaint_id
                raise ConflictError("the same id came with other words", complaint_id=complaint_id)
            return known
    return None


def find_threat(complaint_id: str, upload_id: str) -> Complaint:
    """Record that the scan found a threat in a file; the quality office is told, once (F1)."""
    return change(
        complaint_id,
        lambda dossier, _office, at: intake.find_threat(dossier.complaint, upload_id, at=at),
        lambda complaint, _, at: to_staff("threat", (QUALITY_OFFICE,), complaint, at),
        unless=lambda dossier: intake.has_threat(dossier, upload_id),
    )


def read_news(complaint_id: str, *, staff: Staff) -> Complaint:
    """Record that what the complainant added was read; a closed complaint is filed with it."""
    read = change(
        complaint_id,
        lambda dossier, _office, at: intake.read_news(dossier.complaint, staff=staff, at=at),
    )
    _file_again(read)
    return read


def _file_again(complaint: Complaint) -> None:
    """Let the workflow file a closed complaint once more, where nothing of it is unread."""
    if not complaint.is_open and complaint.look_again_at:
        run = str(complaint.version)
        go_on(lambda: Workflow.from_env().start(complaint.complaint_id, run=run))
