"""An update in a group incident, sent on to everybody whose complaint is counted with it (I18)."""

from complaints.aws.mailer import deliver
from complaints.aws.repository import ComplaintRepository, StaleComplaintError
from complaints.aws.runtime import now
from complaints.group_incident import has_passed, pass_on
from complaints.letters import owed_to_complainant
from complaints.parts import Announcement

AT_ONCE = 20
"""Complainants who get an update while a member of staff waits for the page."""
A_SWEEP = 100
"""Complainants who get it with each check of the limits after that."""
TRIES = 5


def send_on(complaint_id: str, announcement_id: str, *, most: int) -> int:
    """Send an update to the next complainants of its matter; return how many were looked at.

    Each is entered and owed in the save of its own complaint, once: what is done twice is sent
    once. The update is looked for until it has reached the last.
    """
    complaints = ComplaintRepository.from_env()
    update = complaints.announcement(complaint_id, announcement_id)
    if not update.is_under_way:
        return 0
    page, after = complaints.merged_into(complaint_id, limit=most, after=update.after)
    for head in page:
        if head.merged_into == complaint_id:
            _enter(complaints, head.complaint_id, update)
    told = update.told + len(page)
    reached = update.replace(after=after, told=told, done_at=None if after else now())
    complaints.keep_announcement(complaint_id, reached)
    return len(page)


def _enter(complaints: ComplaintRepository, complaint_id: str, update: Announcement) -> None:
    """Enter the update in one complaint, and send its letters; nothing where it is entered."""
    for attempt in range(TRIES):
        dossier, at = complaints.dossier(complaint_id), now()
        if has_passed(dossier, update):
            return
        changed, entry = pass_on(dossier.complaint, update, key=dossier.key, at=at)
        letters = owed_to_complainant("update", changed, dossier, at=at, words=update.words)
        try:
            complaints.save(changed, entry, *letters)
        except StaleComplaintError:
            if attempt == TRIES - 1:
                raise
            continue
        for letter in letters:
            deliver(dossier.replace(complaint=changed), letter, at=at)
        return
