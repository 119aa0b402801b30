"""Emergencies: found, declared, answered, and told as it happens (B7, C4)."""

from datetime import datetime

import msgspec

from complaints import (
    emergency,
    proxies,
)
from complaints.aws.desk.changing import alarm, change
from complaints.letters import owed_to_complainant
from complaints.lifecycle import InvalidInputError
from complaints.models import (
    Complaint,
    Dossier,
    Staff,
    TrackingEntry,
)
from complaints.office import Office
from complaints.parts import (
    EmergencyStep,
)


def declare_emergency(complaint_id: str, reason: str, *, step_id: str, staff: Staff) -> Complaint:
    """Declare a complaint an emergency."""
    return change(
        complaint_id,
        lambda dossier, office, at: emergency.declare(
            dossier.complaint, reason, staff=staff, key=dossier.key, at=at, office=office
        ),
        lambda complaint, _, at: (
            _step(step_id, "declared", reason, staff, at),
            *alarm("emergency", complaint, at),
        ),
        unless=lambda dossier: _has_step(dossier, step_id),
    )


def answer_emergency(
    complaint_id: str, way: emergency.Way, words: str, *, step_id: str, staff: Staff
) -> Complaint:
    """Record the first response to an emergency; by letter, the letter is owed with it.

    Raises InvalidInputError for a letter to somebody who has no address.
    """

    def verb(dossier: Dossier, _office: Office, at: datetime) -> tuple[Complaint, TrackingEntry]:
        if way == "letter" and not proxies.reachable(dossier).email:
            raise InvalidInputError("no mail address", text_id="error.no_mail_address")
        return emergency.respond(dossier.complaint, way, words, staff=staff, key=dossier.key, at=at)

    return change(
        complaint_id,
        verb,
        lambda complaint, dossier, at: (
            _step(step_id, "response", words, staff, at),
            *(
                owed_to_complainant("apology", complaint, dossier, at=at, words=words)
                if way == "letter"
                else ()
            ),
            *alarm("emergency_news", complaint, at),
        ),
        unless=lambda dossier: _has_step(dossier, step_id),
    )


def take_emergency_step(
    complaint_id: str, kind: str, words: str, *, step_id: str, staff: Staff
) -> Complaint:
    """Record an immediate measure or news of it; the same people are told as it happens (C4)."""
    return change(
        complaint_id,
        lambda dossier, office, at: emergency.take_step(
            dossier.complaint,
            _step(step_id, kind, words, staff, at),
            staff=staff,
            key=dossier.key,
            at=at,
            office=office,
        ),
        lambda complaint, _, at: (
            _step(step_id, kind, words, staff, at),
            *alarm("emergency_news", complaint, at),
        ),
        unless=lambda dossier: _has_step(dossier, step_id),
    )


def withdraw_emergency(complaint_id: str, reason: str, *, step_id: str, staff: Staff) -> Complaint:
    """Withdraw a false alarm."""
    return change(
        complaint_id,
        lambda dossier, _office, at: emergency.withdraw(
            dossier.complaint, reason, staff=staff, key=dossier.key, at=at
        ),
        lambda _complaint, _dossier, at: (_step(step_id, "withdrawn", reason, staff, at),),
        unless=lambda dossier: _has_step(dossier, step_id),
    )


def _step(step_id: str, kind: str, words: str, staff: Staff, at: datetime) -> EmergencyStep:
    return msgspec.convert(
        {"step_id": step_id, "kind": kind, "words": words, "by": staff.username, "at": at},
        EmergencyStep,
    )


def _has_step(dossier: Dossier, step_id: str) -> bool:
    return any(step.step_id == step_id for step in dossier.emergency_steps)
