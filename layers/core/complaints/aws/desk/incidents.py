"""Group incidents: declared, announced, and one update to all (B6, I18)."""

from datetime import datetime

from complaints import (
    group_incident,
)
from complaints.aws.desk import updates
from complaints.aws.desk.changing import change, go_on, said
from complaints.letters import owed_to_complainant
from complaints.models import (
    Channel,
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
        lambda complaint, _, at: said(complaint, reason, staff.username, at, Channel.DEPARTMENT),
    )


def announce(complaint_id: str, announcement: Announcement, *, staff: Staff) -> Complaint:
    """Record a public statement, the spokesman's lines, or an update to all who complained.

    The first of those that an update goes to get it now, `check_sla` sends it on to the others.
    """

    def verb(dossier: Dossier, office: Office, at: datetime) -> tuple[Complaint, TrackingEntry]:
        complaint, key = dossier.complaint, dossier.key
        if announcement.kind != "statement":
            return group_incident.announce(
                complaint, announcement, staff=staff, key=key, at=at, office=office
            )
        return group_incident.publish(
            complaint, announcement, dossier.complainant, staff=staff, key=key, at=at, office=office
        )

    changed = change(
        complaint_id,
        verb,
        lambda complaint, dossier, at: (
            announcement,
            *(_update_of(announcement, complaint, dossier, at)),
        ),
        unless=lambda dossier: any(
            one.announcement_id == announcement.announcement_id for one in dossier.announcements
        ),
    )
    if announcement.is_under_way:
        sent = announcement.announcement_id
        go_on(
            lambda: updates.send_on(complaint_id, sent, most=updates.AT_ONCE), "update not sent on"
        )
    return changed


def _update_of(
    update: Announcement, complaint: Complaint, dossier: Dossier, at: datetime
) -> tuple[Letter, ...]:
    if update.kind != "update":
        return ()
    return owed_to_complainant("update", complaint, dossier, at=at, words=update.words)
