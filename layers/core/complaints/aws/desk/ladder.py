"""Escalation by hand, notices, and handing over what somebody had."""

from datetime import datetime

from complaints import (
    check_sla,
    notices,
)
from complaints import escalate as escalating
from complaints import hand_over as handing_over
from complaints.aws.desk.changing import change
from complaints.aws.directory import StaffDirectory
from complaints.aws.settings import office_for
from complaints.models import (
    Complaint,
    Dossier,
    Record,
    Staff,
)


def escalate(complaint_id: str, reason: str, *, once: str, staff: Staff) -> Complaint:
    """Pass a complaint one rung up by hand, and tell those who are on it (C7).

    `once` is the id of the form: sent twice, it is one rung.
    """
    directory = StaffDirectory.from_env().all()

    def parts(changed: Complaint, dossier: Dossier, at: datetime) -> tuple[Record, ...]:
        before, office = dossier.complaint, office_for(changed.policy)
        above = escalating.next_rung(before, staff, office)
        if above is None or before.clock is None:
            return ()
        number, rung = above
        people = check_sla.recipients(changed, rung.to, directory, office, at=at, as_rung=True)
        notice, letters = notices.tell(
            changed,
            before.clock.replace(steps=number),
            "by_hand",
            people,
            to=rung.to,
            at=at,
            by=staff.username,
            reason=reason,
            once=once,
        )
        return (notice, *letters)

    return change(
        complaint_id,
        lambda dossier, office, at: escalating.escalate(
            dossier.complaint, reason, staff=staff, key=dossier.key, at=at, office=office
        ),
        parts,
        unless=lambda dossier: notices.was_told(dossier.notices, once),
    )


def acknowledge(complaint_id: str, *, staff: Staff) -> Complaint:
    """Record that somebody has seen what was told about a complaint (I10)."""
    return change(
        complaint_id,
        lambda dossier, _office, at: notices.acknowledge(
            dossier.complaint, dossier.notices, staff=staff, at=at
        ),
        lambda _, dossier, at: notices.acknowledged(dossier.notices, staff=staff, at=at),
    )


def pass_on(complaint_id: str, person: Staff, *, staff: Staff) -> Complaint:
    """Pass on to somebody else what was told about a complaint, and tell that person (I10)."""

    def parts(changed: Complaint, dossier: Dossier, at: datetime) -> tuple[Record, ...]:
        told = notices.passed(dossier.notices, person, staff=staff)
        return (*told, notices.letter(changed, "passed_on", told[-1], person, at=at))

    return change(
        complaint_id,
        lambda dossier, office, at: notices.pass_on(
            dossier.complaint, dossier.notices, person, staff=staff, at=at, office=office
        ),
        parts,
    )


def hand_over(complaint_id: str, leaver: str, successor: Staff, *, staff: Staff) -> Complaint:
    """Hand what somebody has to do about a complaint over to a successor (H5)."""
    return change(
        complaint_id,
        lambda dossier, _office, at: handing_over.hand_over(
            dossier.complaint, leaver, successor, staff=staff, at=at
        ),
        lambda _, dossier, __: handing_over.seats(leaver, successor, dossier.seats),
    )
