"""Check the limits: every five minutes, whatever is due is looked at once (E2, E3).

The work grows with what is due, not with what is open. One complaint that can't be looked at
stops no other; it is looked at again in five minutes.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from complaints import erasure
from complaints.aws import legal_holds, orders, orphans, senders, sweeps
from complaints.aws.desk import payouts, undelivered, updates
from complaints.aws.directory import StaffDirectory
from complaints.aws.items import LEASE
from complaints.aws.mailer import deliver
from complaints.aws.metrics import count
from complaints.aws.numbers import Numbers
from complaints.aws.policies import policies
from complaints.aws.repository import ComplaintRepository, StaleComplaintError
from complaints.aws.runtime import Event, logger, now, real_now
from complaints.aws.settings import office_for
from complaints.aws.workflow import Workflow
from complaints.check_sla import (
    MOST_TOLD,
    Due,
    acting,
    concerned,
    due_clock,
    is_gone,
    on_call,
    recipients,
    take_step,
    told,
    what_is_due,
)
from complaints.follow_up import pass_quietly
from complaints.gates import in_queues
from complaints.letters import owed
from complaints.models import Complaint, Role
from complaints.notices import tell
from complaints.pauses import end_pause
from complaints.people import by_name
from complaints.proxies import is_unreached
from complaints.roles import with_stand_ins
from complaints.undelivered import is_lost

HEAL_AGAIN = timedelta(hours=1)


def handler(_event: Event, _context: object) -> Event:
    """Look at everything that is due; return how much was done, by kind."""
    at = now()
    complaints = ComplaintRepository.from_env()
    done: dict[str, int] = {}
    for complaint_id, part in complaints.due_before(at):
        try:
            kind = _look_at(complaints, complaint_id, part, at)
        except StaleComplaintError:
            kind = Due.NOTHING  # an answer came in between; the clock is another one now
        except Exception:  # noqa: BLE001 - one complaint must not stop the others
            logger.exception("not looked at", complaint_id=complaint_id)
            kind = "failed"
        done[kind] = done.get(kind, 0) + 1
    if done.get("failed"):
        count("CheckFailed", done["failed"])
    # Only a run that comes this far counts: the alarm and the console miss the others.
    sweeps.ended(now())
    count("CheckEnded")
    _look_for_mail()
    _look_at_policy(at)
    return done


def _look_for_mail() -> None:
    """Find the mails that no event told of."""
    try:
        orphans.announce(real_now())
    except Exception:  # noqa: BLE001 - the limits are looked at, and the mail at the next run
        logger.exception("mail not looked for")
        count("CheckFailed")


def _look_at_policy(at: datetime) -> None:
    """Take up a policy that a deployment or somebody's upload has brought.

    After all else: whatever the file does to the one that reads it, no limit waits for it.
    """
    try:
        policies().note_deployment(at)
        policies().take_up(at)
    except Exception:  # noqa: BLE001 - what is in force stays, and is looked at again
        logger.exception("policy not looked at")
        count("PolicyRefused")


def _look_at(complaints: ComplaintRepository, complaint_id: str, part: str, at: datetime) -> str:
    """Do what is due for a complaint, a letter or a block of numbers."""
    if complaint_id.startswith(LEASE):
        Numbers.from_env().release(int(complaint_id.removeprefix(LEASE)), int(part))
        return "numbers"
    if part.startswith("letter#"):
        return _send(complaints, complaint_id, part.partition("#")[2], at)
    if part.startswith("announcement#"):
        updates.send_on(complaint_id, part.partition("#")[2], most=updates.A_SWEEP)
        return "update"
    if part.startswith("payout#"):
        payouts.pass_on(complaint_id, part.partition("#")[2], most=updates.A_SWEEP)
        return "payout"
    if part.startswith("hold#"):
        legal_holds.apply(complaint_id)
        return "hold"
    return _look(complaints, complaints.get(complaint_id), at)


def _send(complaints: ComplaintRepository, complaint_id: str, letter_id: str, at: datetime) -> str:
    """Send a letter that was owed and is not sent yet, or give it up for lost."""
    letter = complaints.letter(complaint_id, letter_id)
    dossier = complaints.dossier(complaint_id)
    if is_lost(letter, at) or is_unreached(letter.to, dossier):
        undelivered.give_up(complaint_id, letter)
        return "given_up"
    if letter.kind == "acknowledgement" and not senders.may_acknowledge(
        letter.to, complaint_id, at
    ):
        return "letter_waits"
    sent = deliver(dossier, letter, at=at)
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
    try:
        # A run of its own each time: the name of one that stopped is never free again.
        Workflow.from_env().resume(
            complaint,
            complaints.task_token(complaint.complaint_id),
            run=f"{complaint.version}.{at:%Y%m%d%H%M}",
        )
    finally:
        # A workflow that can't be moved must not keep the limits from being told.
        complaints.look_later(complaint, at + HEAL_AGAIN)


def _erase(complaints: ComplaintRepository, complaint: Complaint, at: datetime) -> None:
    """Have the erasing begun that was granted and is not done; again in an hour if it stops."""
    complaints.look_later(complaint, at + HEAL_AGAIN)
    orders.erase(complaint.complaint_id)


def _dispose(complaints: ComplaintRepository, complaint: Complaint, at: datetime) -> None:
    """Put a complaint whose retention is over into the list of disposals."""
    complaints.save(*erasure.come_due(complaint, at=at))


def _pass(complaints: ComplaintRepository, complaint: Complaint, at: datetime) -> None:
    """End a follow-up that heard nothing more in its quiet days."""
    office = office_for(complaint.policy)
    changed, entry = pass_quietly(complaint, at=at, office=office)
    complaints.save(in_queues(changed, complaint, office), entry)
    if changed.status is not complaint.status:
        Workflow.from_env().resume(changed, complaints.task_token(complaint.complaint_id))


def _tell(complaints: ComplaintRepository, complaint: Complaint, at: datetime) -> None:
    """Remind or escalate: the step is counted and its letters are owed in one save."""
    office = office_for(complaint.policy)
    clock = due_clock(complaint, at)
    if clock is None:
        return
    before, staff = complaint, StaffDirectory.from_env().all()
    complaint = with_stand_ins(complaint, staff, office, at=at)
    code = told(complaint, clock, office)
    changed, entry = take_step(complaint, at=at, office=office)
    changed = in_queues(changed, before, office)
    kind = "reminder" if entry.action == "reminded" else "escalation"
    about = concerned(complaint, clock)
    people = recipients(about, code, staff, office, at=at, as_rung=kind == "escalation")
    if clock.what == "emergency":
        called = on_call(complaint, staff, office, at=at)
        people = list(by_name([*called, *people]).values())[:MOST_TOLD]
    gone = code == Role.HANDLER and is_gone(about, staff, office, at=at)
    notice, letters = tell(
        changed,
        clock,
        kind,
        people,
        to=code,
        at=at,
        instead_of=complaint.investigator if gone else "",
    )
    if kind == "escalation":
        count("DeadlineMissed")
    if not people:
        count("NobodyTold")
    complaints.save(changed, entry, notice, *letters)
    dossier = complaints.dossier(complaint.complaint_id)
    for letter in letters:
        deliver(dossier, letter, at=at)


def _resume(complaints: ComplaintRepository, complaint: Complaint, at: datetime) -> None:
    """End a pause whose time is over, and tell whoever must act again."""
    office = office_for(complaint.policy)
    changed, entry = end_pause(complaint, at=at, office=office)
    staff = StaffDirectory.from_env().all()
    code = acting(changed, changed.clock, office) if changed.clock else Role.QUALITY_OFFICE
    letters = [
        owed(changed, "resumed", member.email, (), at=at).replace(
            letter_id=f"{changed.version:06}-resumed-{member.username}", language="zh_CN"
        )
        for member in recipients(changed, code, staff, office, at=at)
    ]
    complaints.save(changed, entry, *letters)
    dossier = complaints.dossier(complaint.complaint_id)
    for letter in letters:
        deliver(dossier, letter, at=at)


ACTS: dict[str, Callable[[ComplaintRepository, Complaint, datetime], None]] = {
    Due.HEAL: _heal,
    Due.ERASE: _erase,
    Due.DISPOSE: _dispose,
    Due.RESUME: _resume,
    Due.END_QUIETLY: _pass,
    Due.REMIND: _tell,
    Due.ESCALATE: _tell,
}
