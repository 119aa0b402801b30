"""One matter: complaints merged and parted again, and whoever must be told by phone (B5)."""

from collections.abc import Callable
from datetime import datetime

from complaints import matters
from complaints.aws.desk.changing import change, change_both, said
from complaints.aws.repository import Change, ComplaintRepository
from complaints.aws.settings import office_for
from complaints.gates import in_queues
from complaints.models import Channel, Complaint, Dossier, Staff
from complaints.telling import How, Way, tell, was_told


def merge(complaint_id: str, into: str, *, staff: Staff) -> Complaint:
    """Count a complaint with another one of the same matter (B5); return the one that has both."""
    return _both(complaint_id, into, matters.merge, staff)


def unmerge(complaint_id: str, main: str, *, staff: Staff) -> Complaint:
    """Make a merged complaint one of its own again; return the one that it was counted with."""
    return _both(complaint_id, main, matters.unmerge, staff)


def _both(
    complaint_id: str, main: str, verb: Callable[..., matters.Both], staff: Staff
) -> Complaint:
    """Take a step of a complaint and of its main one; both are saved together."""
    return change_both(
        complaint_id,
        main,
        lambda one, whole, at: verb(
            one, whole, staff=staff, at=at, office=office_for(whole.complaint.policy)
        ),
    )


def tell_merged(
    complaint_id: str, main_id: str, how: How, way: Way, words: str, *, once: str, staff: Staff
) -> Complaint:
    """Record that a merged complainant was told what no letter could tell, or was not reached.

    The last one who is told lets the main complaint go on. `once` is the id of the form: sent
    twice, it is one. Raises as `telling.tell` does.
    """
    complaints = ComplaintRepository.from_env()

    def count(
        changed: Complaint, _dossier: Dossier, at: datetime
    ) -> tuple[tuple[Complaint, Change], ...]:
        if changed.untold_at:
            return ()
        main = complaints.get(main_id)
        office = office_for(main.policy)
        fewer, entry = was_told(main, changed, how, staff=staff, at=at, office=office)
        fewer = in_queues(fewer, main, office)
        return ((main, Change(complaint=fewer, entries=(entry,))),)

    return change(
        complaint_id,
        lambda dossier, office, at: tell(
            dossier, complaints.get(main_id), how, way, words, staff=staff, at=at, office=office
        ),
        lambda complaint, _dossier, at: tuple(
            one.replace(contact_id=f"told-{once}")
            for one in said(complaint, words, staff.username, at, Channel(way))
        ),
        unless=lambda dossier: f"told-{once}" in {one.contact_id for one in dossier.contacts},
        beside=count,
    )
