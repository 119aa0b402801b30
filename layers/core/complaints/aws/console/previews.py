"""A letter before it goes out: what the words of a form make of it, nothing saved (0008)."""

from collections.abc import Callable

from complaints import pauses
from complaints.aws import mailer
from complaints.aws.console.visit import Visit
from complaints.aws.runtime import now
from complaints.aws.settings import office_for
from complaints.console import answers, limits
from complaints.console.tasks import Task
from complaints.letters import Words, owed, owed_to_complainant
from complaints.models import Dossier

Values = dict[str, str]
Previewed = tuple[str, Dossier, str]
"""Kind of the letter, the complaint as the letter finds it, and the words written for it."""
HIDDEN_CODE = "X" * 12
"""Stands for the tracking code: with it, staff could answer in the complainant's place."""


def preview(
    visit: Visit, dossier: Dossier, task: Task, values: Values
) -> tuple[tuple[str, Words], ...]:
    """Return each letter that a form would send: the address, empty for none, and the words.

    Nothing where the form as filled in sends no letter. Raises what the answer itself would raise.
    """
    made = PREVIEWS[task](visit, dossier, values)
    if made is None:
        return ()
    kind, found, words = made
    found = found.replace(complaint=found.complaint.replace(tracking_code=HIDDEN_CODE))
    complaint, at = found.complaint, now()
    letters = owed_to_complainant(kind, complaint, found, at=at, words=words)
    on_paper = owed(complaint, kind, "", (), at=at).replace(words=words)
    office = office_for(complaint.policy)
    return tuple((one.to, mailer.read_as(found, one, office)) for one in letters or (on_paper,))


def _notice_of_finding(visit: Visit, dossier: Dossier, values: Values) -> Previewed:
    finding = answers.finding_of(values, visit.staff)
    return "notice", dossier.replace(findings=(*dossier.findings, finding)), ""


def _notice(_visit: Visit, dossier: Dossier, _values: Values) -> Previewed:
    return "notice", dossier, ""


def _progress(_visit: Visit, dossier: Dossier, values: Values) -> Previewed:
    return "progress", dossier, values["progress_words"]


def _question(visit: Visit, dossier: Dossier, values: Values) -> Previewed | None:
    office = office_for(dossier.complaint.policy)
    paused, _ = pauses.pause(
        dossier.complaint,
        values["pause_reason"],
        limits.midnight(values["pause_until"], office),
        values["pause_words"],
        staff=visit.staff,
        key=dossier.key,
        at=now(),
        office=office,
    )
    asks = values["pause_reason"] == "complainant"
    return ("question", dossier.replace(complaint=paused), values["pause_words"]) if asks else None


def _extension(visit: Visit, dossier: Dossier, values: Values) -> Previewed | None:
    approved = values["extension_decision"] == "approve"
    extended, _ = pauses.decide_extension(
        dossier.complaint,
        values["extension_words"],
        approved=approved,
        staff=visit.staff,
        key=dossier.key,
        at=now(),
        office=office_for(dossier.complaint.policy),
    )
    reason = pauses.reason_of_extension(dossier)
    return ("extension", dossier.replace(complaint=extended), reason) if approved else None


def _apology(_visit: Visit, dossier: Dossier, values: Values) -> Previewed | None:
    by_letter = values["apology_way"] == "letter"
    return ("apology", dossier, values["apology"]) if by_letter else None


def _update(_visit: Visit, dossier: Dossier, values: Values) -> Previewed:
    return "update", dossier, values["update"]


def _voided(_visit: Visit, dossier: Dossier, values: Values) -> Previewed:
    return "voided", dossier, values["void_words"]


PREVIEWS: dict[Task, Callable[[Visit, Dossier, Values], Previewed | None]] = {
    Task.INVESTIGATE: _notice_of_finding,
    Task.DECIDE: _notice,
    Task.POST: _notice,
    Task.PROGRESS: _progress,
    Task.PAUSE: _question,
    Task.DECIDE_EXTENSION: _extension,
    Task.EMERGENCY_RESPONSE: _apology,
    Task.UPDATE: _update,
    Task.VOID: _voided,
}
"""The forms whose answer a complainant reads in a letter."""
