"""Group incident: many people, one matter; the public must hear of it in time (B6, I18).

It begins when the counted threshold is reached or a member of staff declares it. The leader of the
joint group answers for a public statement within the limit (004 四: 72 hours); the spokesman's
lines lie ready for whoever is asked, and one update reaches all who complained (004 五).
"""

from datetime import datetime

from complaints.clocks import expect_near, is_overdue, with_clock, without_clock
from complaints.lifecycle import (
    InvalidInputError,
    NotAllowedError,
    WrongStatusError,
    expect_words,
    record,
)
from complaints.models import (
    Assessment,
    Clock,
    Complainant,
    Complaint,
    Dossier,
    Role,
    Staff,
    TrackingEntry,
)
from complaints.office import Office
from complaints.parts import Announcement
from complaints.roles import coordinates, holds, is_barred, may_raise_alarm
from complaints.rounds import STATEMENT, next_clock, reassessed, spoken
from complaints.telling import to_be_told


def clock_of(complaint: Complaint) -> Clock | None:
    """Return the clock of the public statement; None where none is awaited."""
    return next((clock for clock in complaint.clocks if clock.what == STATEMENT), None)


def begins(before: Complaint, after: Complaint) -> bool:
    """Return whether a group incident began between these two; then people must be told."""
    return after.incident_at is not None and before.incident_at is None


def begun(complaint: Complaint, *, at: datetime, office: Office) -> Complaint:
    """Return the complaint as a group incident, a major one whose statement is awaited.

    One that is an incident already stays as it is.
    """
    if complaint.incident_at:
        return complaint
    limit = office.policy.group_incident.statement
    clock = next_clock(limit, started_at=at, at=at, office=office, what=STATEMENT)
    return complaint.replace(
        incident_at=at,
        assessment=_as_major(complaint.assessment, office),
        **with_clock(complaint, clock),
    )


def may_lead(complaint: Complaint, staff: Staff, office: Office) -> bool:
    """Return whether this person speaks for the group: its leader, or who holds that post."""
    if is_barred(complaint, staff):
        return False
    is_named = staff.username in complaint.members[:1]
    return is_named or holds(staff, office.policy.group_incident.leader, complaint, office)


def may_tell(complaint: Complaint, staff: Staff, office: Office) -> bool:
    """Return whether this person writes the lines and the updates: leader or quality office."""
    return coordinates(complaint, staff) or may_lead(complaint, staff, office)


def may_declare(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person may declare a group incident: who can call out, above a desk."""
    allowed = {Role.QUALITY_OFFICE, Role.DEPARTMENT_HEAD, Role.MANAGEMENT} & set(staff.roles)
    return bool(allowed) and may_raise_alarm(complaint, staff)


def declare(
    complaint: Complaint,
    reason: str,
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Declare a group incident, with the reason.

    Raises WrongStatusError for a complaint that is closed, is one already, or is counted with
    another: the matter has one statement.
    """
    if not may_declare(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not declare {complaint.complaint_id}")
    if not complaint.is_open or complaint.incident_at or complaint.merged_into:
        raise WrongStatusError(
            f"{complaint.complaint_id} can become no incident", text_id="error.incident_runs"
        )
    expect_words(reason)
    incident = begun(complaint, at=at, office=office)
    return record(
        incident,
        "incident_declared",
        at=at,
        actor=staff.username,
        personal={"reason": reason},
        key=key,
        **reassessed(complaint, incident, at=at, office=office),
    )


def publish(
    complaint: Complaint,
    statement: Announcement,
    complainant: Complainant,
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Record the public statement: what was said, where and when; it stops the clock.

    Raises InvalidInputError for a statement of the future or of long ago, and for one that names
    who complains.
    """
    clock = _expect_incident(complaint)
    if not may_lead(complaint, staff, office):
        raise NotAllowedError(f"{staff.username} does not lead {complaint.complaint_id}")
    expect_words(statement.words)
    published_at = statement.published_at or at
    if published_at > at:
        raise InvalidInputError(
            f"published at {published_at}, later than now", text_id="error.published_in_future"
        )
    expect_near(published_at, at)
    if names_somebody(statement.words, complainant):
        raise InvalidInputError(
            "the statement holds personal data", text_id="error.statement_personal"
        )
    return record(
        complaint,
        "statement_published",
        at=at,
        actor=staff.username,
        facts={"late": clock is not None and is_overdue(clock, published_at)},
        personal=statement,
        key=key,
        **without_clock(complaint, STATEMENT),
    )


def names_somebody(words: str, complainant: Complainant) -> bool:
    """Return whether words for the public hold the complainant's name or a way to reach them."""
    particulars = (complainant.name, complainant.email, complainant.phone.removeprefix("+86"))
    return any(len(one) > 1 and one.lower() in words.lower() for one in particulars)


def announce(
    complaint: Complaint,
    announcement: Announcement,
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Record the spokesman's lines (危机公关话术), or an update to all who complained.

    With an update this complainant's letter is owed; those of the merged complaints follow, each in
    the save of its own complaint (`pass_on`).
    """
    _expect_incident(complaint)
    if not may_tell(complaint, staff, office):
        raise NotAllowedError(f"{staff.username} does not speak for {complaint.complaint_id}")
    expect_words(announcement.words)
    return record(
        complaint,
        "update_begun" if announcement.kind == "update" else "lines_written",
        at=at,
        actor=staff.username,
        facts={"announcement": announcement.announcement_id},
        personal=announcement,
        key=key,
    )


def pass_on(
    dossier: Dossier, update: Announcement, *, at: datetime
) -> tuple[Complaint, TrackingEntry]:
    """Record on a complaint counted with the matter that its complainant is owed the update.

    Whom no letter reaches is still to be told.
    """
    complaint = dossier.complaint
    reached = to_be_told(dossier, at) or spoken(complaint, at)
    return record(
        complaint,
        "update_passed_on",
        at=at,
        actor=update.by,
        facts={"update": update.announcement_id},
        personal={"words": update.words},
        key=dossier.key,
        **reached,
    )


def has_passed(dossier: Dossier, update: Announcement) -> bool:
    """Return whether an update was passed on to this complaint before."""
    passed = (entry for entry in dossier.entries if entry.action == "update_passed_on")
    return any(entry.facts.get("update") == update.announcement_id for entry in passed)


def _expect_incident(complaint: Complaint) -> Clock | None:
    """Return the clock of the statement, if one is awaited; raises WrongStatusError for none."""
    if complaint.incident_at is None:
        raise WrongStatusError(
            f"{complaint.complaint_id} is no group incident", text_id="error.incident_none"
        )
    return clock_of(complaint)


def _as_major(assessment: Assessment | None, office: Office) -> Assessment | None:
    """Return the assessment with the policy's counted criterion of people met (B3)."""
    met = (one.code for one in office.policy.major if one.counted and one.counted.what == "people")
    if assessment is None:
        return None
    return assessment.replace(major=tuple(dict.fromkeys((*assessment.major, *met))))
