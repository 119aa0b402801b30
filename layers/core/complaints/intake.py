"""Intake: receipt of a complaint (ISO 10002:2018 7.2), by mail, form or a member of staff."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from complaints.clocks import expect_near, start_clock
from complaints.lifecycle import InvalidInputError, NotAllowedError, record
from complaints.models import (
    Complainant,
    Complaint,
    Contact,
    Dossier,
    Staff,
    Status,
    TrackingEntry,
    is_outside,
)
from complaints.office import Office
from complaints.roles import may_see
from complaints.rounds import LOOK_AGAIN, as_news, contact_clock, pause_over
from complaints.severity import came_late

SUBJECT_LENGTH = 60


def receive(
    complainant: Complainant,
    contact: Contact,
    *,
    complaint_id: str,
    tracking_code: str,
    key: bytes,
    at: datetime,
    office: Office,
    settled_on_spot: bool = False,
    person: str = "",
    respondents: Sequence[str] = (),
) -> tuple[Complaint, TrackingEntry]:
    """Return a complaint that was just registered, and the first entry of its history.

    The clocks start at arrival (`contact.received_at`), however late it is registered (004 二):
    registering late is on record and costs our time, never the complainant's. `person` is the key
    by which the same person is known again (I3), `respondents` are the members of staff who are
    complained about (I8).

    Raises InvalidInputError if it is said to have arrived after it was registered, or more than a
    year before.
    """
    if contact.received_at > at:
        raise InvalidInputError(
            f"arrived at {contact.received_at}, which is later than now, {at}",
            text_id="error.arrived_in_future",
        )
    expect_near(contact.received_at, at)
    clock = start_clock(
        office.policy.clocks.registration,
        started_at=contact.received_at,
        at=at,
        policy=office.policy,
        zone=office.zone,
    )
    late = at > clock.due_at
    reachable = complainant.phone or complainant.email or complainant.address
    first_word = (
        contact_clock(contact.received_at, at=at, office=office)
        if reachable and not settled_on_spot
        else None
    )
    return record(
        Complaint(
            complaint_id=complaint_id,
            status=Status.RECEIVED,
            channel=contact.channel,
            received_at=contact.received_at,
            registered_at=at,
            policy=f"{office.policy.name}@{office.policy.version}",
            tracking_code=tracking_code,
            language=complainant.language,
            subject=(contact.subject or contact.text)[:SUBJECT_LENGTH],
            queue="quality_office",
            clock=clock,
            clocks=(first_word,) if first_word else (),
            look_again_at=at + LOOK_AGAIN,
            person=person,
            respondents=tuple(respondents),
            anonymous=not (complainant.name or complainant.email or complainant.phone),
            settled_on_spot=settled_on_spot,
            overdue=int(late),
        ),
        "received",
        at=at,
        actor=contact.by,
        facts={
            "channel": contact.channel,
            "late": late,
            "files": len(contact.files),
            **({"respondents": ",".join(respondents)} if respondents else {}),
        },
        personal={"complainant": complainant, "contact": contact},
        key=key,
    )


def add(
    complaint: Complaint, contact: Contact, *, key: bytes, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Join one more contact to its complaint: a reply, a note, a piece of evidence (A13, D8).

    It changes no status and resets no clock; a pause that waited for the complainant is over
    (E4). What the complainant says is news until somebody has read it: where nobody waits for
    anything, closed complaints included, it lies in the quality office's queue until then, and a
    complaint with news does not close quietly. Of a merged complaint it is news for the one that
    it is counted with (B5). What staff add to a closed one is filed at once.
    """
    news: dict[str, Any] = {}
    repeat = False
    if is_outside(contact.by) and not complaint.merged_into:
        news |= as_news(complaint, at=at, office=office)
        if complaint.pause and complaint.pause.reason == "complainant":
            news |= pause_over(complaint, at=at, office=office)
        repeat = contact.is_said and came_late(complaint, at)
    elif not complaint.is_open and not is_outside(contact.by):
        news["look_again_at"] = at + LOOK_AGAIN
    return record(
        complaint,
        "contact_added",
        at=at,
        actor=contact.by,
        facts={
            "channel": contact.channel,
            "files": len(contact.files),
            **({"resumed": True} if "pause" in news else {}),
            **({"repeat": True} if repeat else {}),
        },
        personal=contact,
        key=key,
        contacts=complaint.contacts + int(contact.is_said),
        repeats=complaint.repeats + int(repeat),
        **news,
    )


def find_threat(
    complaint: Complaint, upload_id: str, *, at: datetime
) -> tuple[Complaint, TrackingEntry]:
    """Record that the malware scan found a threat in a file (F1)."""
    return record(complaint, "threat_found", at=at, actor="scan", facts={"file": upload_id})


def has_threat(dossier: Dossier, upload_id: str) -> bool:
    """Return whether it is recorded already that a threat was found in this file."""
    return any(
        entry.action == "threat_found" and entry.facts.get("file") == upload_id
        for entry in dossier.entries
    )


def read_news(
    complaint: Complaint, *, staff: Staff, at: datetime
) -> tuple[Complaint, TrackingEntry]:
    """Record that somebody has read what the complainant added; nobody has to act on it.

    A closed complaint is filed once more with it: that step is the one that begins now.
    """
    if not may_see(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not read {complaint.complaint_id}")
    waits = (
        complaint.status in {Status.RECEIVED, Status.ASSESSED, Status.INVESTIGATED, Status.APPROVED}
        or complaint.must_call_back
        or complaint.is_handled
    )
    return record(
        complaint,
        "news_read",
        at=at,
        actor=staff.username,
        news_at=None,
        unreached_at=None,
        queue=complaint.queue if waits and complaint.is_open else "",
        clock=complaint.clock if complaint.is_open else None,
        look_again_at=complaint.look_again_at if complaint.is_open else at + LOOK_AGAIN,
    )
