"""An update in a group incident, sent on to everybody whose complaint is counted with it (I18)."""

from complaints.aws.desk.changing import change
from complaints.aws.matter import counted_untold
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import now
from complaints.group_incident import has_passed, pass_on
from complaints.letters import owed_to_complainant
from complaints.parts import Announcement

AT_ONCE = 20
"""Complaints of a matter that are reached while a member of staff waits for the page."""
A_SWEEP = 100
"""Complaints that are reached with each check of the limits after that."""


def send_on(complaint_id: str, announcement_id: str, *, most: int) -> None:
    """Send an update to the next complainants of its matter.

    Each is entered and owed in the save of its own complaint, once: what is done twice is sent
    once. The update is looked for until it has reached the last.
    """
    complaints = ComplaintRepository.from_env()
    update = complaints.announcement(complaint_id, announcement_id)
    if not update.is_under_way:
        return
    page, after = complaints.merged_into(complaint_id, limit=most, after=update.after)
    parts = [one.complaint_id for one in page if one.merged_into == complaint_id]
    for one in parts:
        _enter(one, update, complaint_id)
    told = update.told + len(parts)
    reached = update.replace(after=after, told=told, done_at=None if after else now())
    complaints.keep_announcement(complaint_id, reached)


def _enter(complaint_id: str, update: Announcement, main: str) -> None:
    """Enter the update in one complaint, with its letters.

    Nothing where it is entered, or no part of the matter any more.
    """
    change(
        complaint_id,
        lambda dossier, _office, at: pass_on(dossier, update, at=at),
        lambda complaint, dossier, at: owed_to_complainant(
            "update", complaint, dossier, at=at, words=update.words
        ),
        unless=lambda dossier: has_passed(dossier, update) or dossier.complaint.merged_into != main,
        beside=counted_untold,
    )
