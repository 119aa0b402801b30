"""Group incidents: declared, announced, and one update to all (B6, I18)."""

from collections.abc import Callable
from datetime import datetime

from complaints import (
    group_incident,
)
from complaints.aws import updates
from complaints.aws.desk.changing import change, said
from complaints.letters import owed_to_complainant
from complaints.models import (
    Complaint,
    Dossier,
    Letter,
    Staff,
    TrackingEntry,
)
from complaints.office import Office
from complaints.parts import (
    Announcement,
)


def declare_incident(complaint_id: str, reason: str, *, staff: Staff) -> Complaint:
    """Declare a group incident; its leader is told at once."""
    return change(
        complaint_id,
        lambda dossier, office, at: group_incident.declare(
            dossier.complaint, reason, staff=staff, key=dossier.key, at=at, office=office
        ),
        lambda complaint, _, at: said(complaint, reason, staff.username, at),
    )


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
    changed = change(
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
