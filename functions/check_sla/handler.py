"""Check the limits: every five minutes, whatever is due is looked at once (E2, E3).

The work grows with what is due, not with what is open. One complaint that can't be looked at
stops no other; it is looked at again in five minutes.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from complaints.aws.directory import StaffDirectory
from complaints.aws.mailer import deliver
from complaints.aws.metrics import count
from complaints.aws.repository import ComplaintRepository, StaleComplaintError
from complaints.aws.runtime import Event, logger, now
from complaints.aws.settings import office_for
from complaints.aws.workflow import Workflow
from complaints.check_sla import Due, due_clock, recipients, take_step, told, what_is_due
from complaints.follow_up import pass_quietly
from complaints.letters import owed
from complaints.models import Complaint

HEAL_AGAIN = timedelta(hours=1)


def handler(_event: Event, _context: object) -> Event:
    """Look at everything that is due; return how much was done, by kind."""
    at = now()
    complaints = ComplaintRepository.from_env()
    done: dict[str, int] = {}
    for complaint_id, part in complaints.due_before(at):
        try:
            kind = (
                _send(complaints, complaint_id, part.partition("#")[2], at)
                if part.startswith("letter#")
                else _look(complaints, complaints.get(complaint_id), at)
            )
        except StaleComplaintError:
            kind = Due.NOTHING  # an answer came in between; the clock is another one now
        except Exception:  # noqa: BLE001 - one complaint must not stop the others
            logger.exception("not looked at", complaint_id=complaint_id)
            kind = "failed"
        done[kind] = done.get(kind, 0) + 1
    if done.get("failed"):
        count("CheckFailed", done["failed"])
    return done


def _send(complaints: ComplaintRepository, complaint_id: str, letter_id: str, at: datetime) -> str:
    """Send a letter that was owed and is not sent yet."""
    letter = complaints.letter(complaint_id, letter_id)
    sent = deliver(complaints.dossier(complaint_id), letter, at=at)
    return "letter" if sent else "failed"


def _look(complaints: ComplaintRepository, complaint: Complaint, at: datetime) -> str:
    """Do the one thing that is due for a complaint."""
    due = what_is_due(complaint, at)
    act = ACTS.get(due)
    if act:
        act(complaints, complaint, at)
    return due


def _heal(complaints: ComplaintRepository, complaint: Complaint, at: datetime) -> None:
    """Begin the step that never began: an answer was saved, but the workflow not resumed."""
    logger.warning("healed", complaint_id=complaint.complaint_id, status=complaint.status)
    count("WorkflowHealed")
    # A run of its own each time: the name of one that stopped is never free again.
    Workflow.from_env().resume(
        complaint,
        complaints.task_token(complaint.complaint_id),
        run=f"{complaint.version}.{at:%Y%m%d%H%M}",
    )
    complaints.look_later(complaint, at + HEAL_AGAIN)


def _pass(complaints: ComplaintRepository, complaint: Complaint, at: datetime) -> None:
    """End a follow-up that heard nothing more in its quiet days."""
    changed = complaints.save(*pass_quietly(complaint, at=at))
    Workflow.from_env().resume(changed, complaints.task_token(complaint.complaint_id))


def _tell(complaints: ComplaintRepository, complaint: Complaint, at: datetime) -> None:
    """Remind or escalate: the step is counted and its letters are owed in one save."""
    office = office_for(complaint.policy)
    clock = due_clock(complaint, at)
    if clock is None:
        return
    code = told(complaint, clock, office)
    changed, entry = take_step(complaint, at=at, office=office)
    kind = "reminder" if entry.action == "reminded" else "escalation"
    letters = [
        owed(changed, kind, member.email, (), at=at).replace(
            letter_id=f"{changed.version:06}-{kind}-{member.username}", language="zh_CN"
        )
        for member in recipients(complaint, code, StaffDirectory.from_env().all(), office)
        if member.email
    ]
    if kind == "escalation":
        count("DeadlineMissed")
    complaints.save(changed, entry, *letters)
    dossier = complaints.dossier(complaint.complaint_id)
    for letter in letters:
        deliver(dossier, letter, at=at)


ACTS: dict[str, Callable[[ComplaintRepository, Complaint, datetime], None]] = {
    Due.HEAL: _heal,
    Due.END_QUIETLY: _pass,
    Due.REMIND: _tell,
    Due.ESCALATE: _tell,
}
