"""Limits: stopped, moved, agreed, and the first word to the complainant (E4, C8)."""

from datetime import datetime

from complaints import (
    pauses,
    proxies,
)
from complaints.aws.desk.changing import change, said, to_staff
from complaints.aws.settings import office_for
from complaints.letters import owed_to_complainant
from complaints.models import (
    Channel,
    Complaint,
    Staff,
)
from complaints.policy import Limit


def pause(
    complaint_id: str, reason: str, until: datetime, words: str, *, staff: Staff
) -> Complaint:
    """Stop the clock of the stage; who is waited for, the complainant, is written what is asked."""
    return change(
        complaint_id,
        lambda dossier, office, at: pauses.pause(
            dossier.complaint,
            reason,
            until,
            words,
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
        ),
        lambda complaint, dossier, at: (
            *said(complaint, words, staff.username, at, Channel.DEPARTMENT),
            *(
                owed_to_complainant("question", complaint, dossier, at=at, words=words)
                if reason == "complainant"
                else ()
            ),
        ),
    )


def resume(complaint_id: str, *, staff: Staff) -> Complaint:
    """Let the clock of the stage run on."""
    return change(
        complaint_id,
        lambda dossier, office, at: pauses.resume(
            dossier.complaint, staff=staff, at=at, office=office
        ),
    )


def ask_extension(complaint_id: str, by: Limit, words: str, *, staff: Staff) -> Complaint:
    """Ask for a longer limit; who decides about it is told."""
    return change(
        complaint_id,
        lambda dossier, office, at: pauses.ask_extension(
            dossier.complaint, by, words, staff=staff, key=dossier.key, at=at, office=office
        ),
        lambda complaint, _dossier, at: (
            *said(complaint, words, staff.username, at, Channel.DEPARTMENT),
            *to_staff(
                "extension_asked",
                (office_for(complaint.policy).policy.extension.approved_by,),
                complaint,
                at,
            ),
        ),
    )


def decide_extension(complaint_id: str, words: str, *, approved: bool, staff: Staff) -> Complaint:
    """Approve a longer limit, which the complainant is told with its reason, or refuse it."""
    return change(
        complaint_id,
        lambda dossier, office, at: pauses.decide_extension(
            dossier.complaint,
            words,
            approved=approved,
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
        ),
        lambda complaint, dossier, at: (
            *said(complaint, words, staff.username, at, Channel.DEPARTMENT),
            *(
                owed_to_complainant(
                    "extension",
                    complaint,
                    dossier,
                    at=at,
                    words=pauses.reason_of_extension(dossier),
                )
                if approved
                else ()
            ),
        ),
    )


def agree_time(complaint_id: str, agreed_at: datetime, words: str, *, staff: Staff) -> Complaint:
    """Record the time of the reply that was agreed with the complainant."""
    return change(
        complaint_id,
        lambda dossier, office, at: pauses.agree_time(
            dossier.complaint,
            agreed_at,
            words,
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
        ),
        lambda complaint, _dossier, at: said(complaint, words, staff.username, at),
    )


def contacted(complaint_id: str, channel: Channel, words: str, *, staff: Staff) -> Complaint:
    """Record that the complainant was called or visited (C8)."""
    return change(
        complaint_id,
        lambda dossier, _office, at: pauses.contacted(
            dossier.complaint, channel, words, staff=staff, key=dossier.key, at=at
        ),
        lambda complaint, _dossier, at: said(complaint, words, staff.username, at, channel),
    )


def report_progress(complaint_id: str, words: str, *, staff: Staff) -> Complaint:
    """Write to the complainant how far it is (C8)."""
    return change(
        complaint_id,
        lambda dossier, _office, at: pauses.report_progress(
            dossier.complaint,
            proxies.reachable(dossier),
            words,
            staff=staff,
            key=dossier.key,
            at=at,
        ),
        lambda complaint, dossier, at: owed_to_complainant(
            "progress", complaint, dossier, at=at, words=words
        ),
    )
