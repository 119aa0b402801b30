"""The matter of a complaint on its page: what is merged into it, what may be, and by whom."""

from collections.abc import Callable
from typing import cast

from complaints.aws.console import looking
from complaints.aws.console.visit import Visit, form_id
from complaints.aws.desk import merging
from complaints.aws.repository import ComplaintRepository, UnknownComplaintError
from complaints.console.matter import Matter, matter_of, matter_tasks, may_be_same
from complaints.console.tasks import Task
from complaints.models import Complaint, Dossier
from complaints.number import parse_number
from complaints.office import Office
from complaints.proxies import reachable
from complaints.roles import is_barred, may_see
from complaints.telling import How, Way
from complaints.texts import Texts

SHOWN = 20
COMPARED = 50
"""Complaints of the same queue that are looked at for a proposal: those due soonest."""


def show_matter(visit: Visit, dossier: Dossier, t: Texts, office: Office) -> Matter:
    """Return what the page shows of the matter; a page of what is merged, from `?after=`."""
    complaints, complaint = ComplaintRepository.from_env(), dossier.complaint
    merged: list[Complaint] = []
    more = ""
    if dossier.merged:
        after = parse_number(visit.query.get("after", "")) or ""
        merged, more = complaints.merged_into(complaint.complaint_id, limit=SHOWN, after=after)
    staff = visit.staff
    merged = [one for one in merged if not is_barred(one, staff)]
    people = complaints.persons([one.complaint_id for one in merged]) if merged else {}
    of_person: list[Complaint] = []
    if complaint.person:
        of_person = complaints.of_person(complaint.person, besides=complaint.complaint_id)
        of_person = [one for one in of_person if not is_barred(one, staff)]
    proposed: list[Complaint] = []
    if Task.MERGE in matter_tasks(complaint, visit.staff) and not dossier.merged:
        waiting = complaints.in_queue(complaint.queue, limit=COMPARED)[0] if complaint.queue else []
        proposed = may_be_same(complaint, (*of_person, *waiting), visit.staff)
    untold = complaints.untold(complaint.complaint_id) if complaint.untold else []
    ways = {
        one.complaint_id: reachable(complaints.dossier(one.complaint_id))
        for one in untold
        if not is_barred(one, staff)
    }
    ways = looking.people_shown(ways, untold, staff)
    return matter_of(
        dossier,
        merged=looking.heads_shown(merged, staff),
        more=more,
        people=looking.people_shown(people, merged, staff),
        of_person=looking.heads_shown(of_person, staff),
        proposed=proposed,
        untold=[(one, ways[one.complaint_id]) for one in untold if one.complaint_id in ways],
        staff=staff,
        t=t,
        office=office,
    )


def merge(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Merge the complaint of this page into another one.

    Raises UnknownComplaintError alike whether there is none of this number, or none to be seen.
    """
    into = parse_number(values["into"]) or ""
    main = ComplaintRepository.from_env().get(into or "-")
    if not may_see(main, visit.staff):
        raise UnknownComplaintError(f"there is no complaint {into}")
    return merging.merge(dossier.complaint.complaint_id, into, staff=visit.staff)


def unmerge(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Make a complaint that is merged into the one of this page one of its own again."""
    merged = parse_number(values["merged"]) or "-"
    return merging.unmerge(merged, dossier.complaint.complaint_id, staff=visit.staff)


def tell(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Record that somebody whose complaint is merged into this one was told, or not reached.

    Raises UnknownComplaintError for a number that is none.
    """
    whom = parse_number(values["tell_whom"]) or ""
    merging.tell_merged(
        whom or "-",
        dossier.complaint.complaint_id,
        cast("How", values["tell_outcome"]),
        cast("Way", values["tell_way"]),
        values["tell_words"],
        once=form_id(visit),
        staff=visit.staff,
    )
    return dossier.complaint


ANSWERS: dict[Task, Callable[[Visit, Dossier, dict[str, str]], Complaint]] = {
    Task.MERGE: merge,
    Task.UNMERGE: unmerge,
    Task.TELL: tell,
}
