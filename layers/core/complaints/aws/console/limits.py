"""The answers about limits, and the word to the complainant meanwhile (E4, C8)."""

from collections.abc import Callable

from complaints.aws.console.visit import Visit
from complaints.aws.desk import deadlines
from complaints.aws.settings import office_for
from complaints.console import limits
from complaints.console.tasks import Task
from complaints.models import Channel, Complaint, Dossier


def contact(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Record that the complainant was called or visited."""
    channel = Channel(values["contact_way"])
    return deadlines.contacted(
        dossier.complaint.complaint_id, channel, values["contact_words"], staff=visit.staff
    )


def report_progress(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Write to the complainant how far it is."""
    return deadlines.report_progress(
        dossier.complaint.complaint_id, values["progress_words"], staff=visit.staff
    )


def pause(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Stop the clock of the stage until the begin of a day."""
    office = office_for(dossier.complaint.policy)
    return deadlines.pause(
        dossier.complaint.complaint_id,
        values["pause_reason"],
        limits.midnight(values["pause_until"], office),
        values["pause_words"],
        staff=visit.staff,
    )


def resume(visit: Visit, dossier: Dossier, _values: dict[str, str]) -> Complaint:
    """Let the clock of the stage run on."""
    return deadlines.resume(dossier.complaint.complaint_id, staff=visit.staff)


def agree_time(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Record the time of the reply that was agreed with the complainant."""
    office = office_for(dossier.complaint.policy)
    return deadlines.agree_time(
        dossier.complaint.complaint_id,
        limits.instant(values["agree_day"], values["agree_time"], office),
        values["agree_words"],
        staff=visit.staff,
    )


def ask_extension(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Ask for a longer limit."""
    return deadlines.ask_extension(
        dossier.complaint.complaint_id,
        limits.limit_of(values["extend_by"]),
        values["extend_words"],
        staff=visit.staff,
    )


def decide_extension(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Approve the longer limit, or refuse it."""
    return deadlines.decide_extension(
        dossier.complaint.complaint_id,
        values["extension_words"],
        approved=values["extension_decision"] == "approve",
        staff=visit.staff,
    )


ANSWERS: dict[Task, Callable[[Visit, Dossier, dict[str, str]], Complaint]] = {
    Task.CONTACT: contact,
    Task.PROGRESS: report_progress,
    Task.PAUSE: pause,
    Task.RESUME: resume,
    Task.AGREE: agree_time,
    Task.EXTEND: ask_extension,
    Task.DECIDE_EXTENSION: decide_extension,
}
