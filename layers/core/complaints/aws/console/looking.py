"""What somebody is shown, and the look on record: every page of complaints asks here (F5, F7, I8).

Nothing is shown that was not written down before.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from urllib.parse import urlencode

from complaints.access import (
    COLLECTION,
    EXPORTS,
    MAIL,
    Look,
    UnmaskReason,
    collection_of,
    collection_of_month,
)
from complaints.aws import accesses
from complaints.aws.console.visit import Visit
from complaints.aws.persons import person_secret
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import now
from complaints.aws.settings import office_shown
from complaints.console.tasks import is_masked
from complaints.masking import (
    hiding,
    masked,
    masked_head,
    masked_person,
    particulars_of,
    people_of,
)
from complaints.models import Complainant, Complaint, Dossier, Staff

MARK = re.compile(r"(?P<month>20\d\d-[01]\d)\.(?P<number>\d{1,9})", re.ASCII)
ONE_PAGE = timedelta(minutes=30)
"""How long the frame of a page may be opened with the page's own look."""
LONGEST = 300
"""Characters of what was asked for that are kept."""


def note(visit: Visit, number: str, action: Look, what: str = "") -> None:
    """Write down that this person looks at a complaint, before it is shown."""
    accesses.note(collection_of(number), action, by=visit.staff.username, what=what)


def note_unmasking(
    visit: Visit, dossier: Dossier, why: UnmaskReason, words: str, what: str = ""
) -> None:
    """Write down that this person sees all particulars once, and why."""
    accesses.note(
        collection_of(dossier.complaint.complaint_id),
        Look.UNMASKED,
        by=visit.staff.username,
        what=what,
        reason_code=why,
        words=words,
        key=dossier.key,
        keep=True,
    )


def note_list(visit: Visit, action: Look, filters: Mapping[str, str], words: str = "") -> None:
    """Write down a list of complaints, a search or an export; of `words` only the commitment.

    `filters` are codes; what is typed into an address in their place is masked.
    """
    asked = urlencode({name: value for name, value in filters.items() if value})
    accesses.note(
        collection_of_month(EXPORTS, now()),
        action,
        by=visit.staff.username,
        what=hiding(())(asked)[:LONGEST],
        words=words,
        key=person_secret() if words else b"",
    )


def note_mail(visit: Visit, action: Look, mail_id: str) -> str:
    """Write down that this person reads a mail; return the mark of this look, `2026-11.7`."""
    at = now()
    entry = accesses.note(
        collection_of_month(MAIL, at), action, by=visit.staff.username, what=mail_id
    )
    return f"{at:%Y-%m}.{entry.number}"


def has_read(visit: Visit, mail_id: str, look: str) -> bool:
    """Return whether a mark of `note_mail` is of this person's reading this mail a short while ago.

    What belongs to a page that was recorded is not recorded once more.
    """
    if not (found := MARK.fullmatch(look)):
        return False
    entry = accesses.get(f"{COLLECTION}{MAIL}-{found['month']}", int(found["number"]))
    if entry is None or entry.action is not Look.READ:
        return False
    mine = (entry.by, entry.what) == (visit.staff.username, mail_id)
    return mine and now() - entry.at <= ONE_PAGE


def shown(dossier: Dossier, staff: Staff) -> Dossier:
    """Return the whole file as this person may see it: masked for who has no task in it."""
    office = office_shown(dossier.complaint.policy)
    return masked(dossier) if is_masked(dossier.complaint, staff, office) else dossier


def hiding_from(staff: Staff, dossier: Dossier) -> Callable[[str], str]:
    """Return what hides the people of a complaint in words beside it, from who sees it masked."""
    office = office_shown(dossier.complaint.policy)
    hidden = is_masked(dossier.complaint, staff, office)
    return hiding(people_of(dossier)) if hidden else str


def heads_shown(complaints: Iterable[Complaint], staff: Staff) -> list[Complaint]:
    """Return the heads of a list as this person may see them, in their order.

    Of the people only the complainant is asked for: who speaks for that person is not in a head.
    """
    heads = list(complaints)
    hidden = {
        one.complaint_id
        for one in heads
        if one.subject and is_masked(one, staff, office_shown(one.policy))
    }
    people = ComplaintRepository.from_env().persons(list(hidden)) if hidden else {}
    return [
        masked_head(one, hiding([particulars_of(people.get(one.complaint_id, Complainant()))]))
        if one.complaint_id in hidden
        else one
        for one in heads
    ]


def people_shown(
    people: Mapping[str, Complainant], complaints: Iterable[Complaint], staff: Staff
) -> dict[str, Complainant]:
    """Return number -> complainant as this person may see those of these complaints."""
    return {
        one.complaint_id: masked_person(people[one.complaint_id])
        if is_masked(one, staff, office_shown(one.policy))
        else people[one.complaint_id]
        for one in complaints
        if one.complaint_id in people
    }
