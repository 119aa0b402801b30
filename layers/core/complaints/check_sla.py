"""Check the limits: what is due for one complaint at this instant (E2, E3).

What each look finds is decided here; the function of the same name asks whose look is due.
"""

from datetime import datetime
from enum import StrEnum

from complaints import erasure
from complaints.clocks import after_step, rung, step_due, with_clock
from complaints.gates import awaited, openers
from complaints.lifecycle import record
from complaints.models import Clock, Complaint, Role, Staff, Status, TrackingEntry
from complaints.office import Office
from complaints.parts import Gate
from complaints.people import by_name, day_of, has_left, is_there, stand_in
from complaints.roles import holds, is_barred, may_work_on, next_signer, ordered

REACHING = {
    Status.RECEIVED: Role.QUALITY_OFFICE,
    Status.ASSESSED: Role.HANDLER,
    Status.APPROVED: Role.HANDLER,
    Status.RESPONDED: Role.QUALITY_OFFICE,
    Status.FOLLOWED_UP: Role.QUALITY_OFFICE,
    Status.CLOSED: Role.QUALITY_OFFICE,
}
"""Who must act on a complaint of each status; an investigated one waits for its approver."""
MOST_TOLD = 30
"""People told in one step: each costs two writes, and a transaction takes a hundred."""


class Due(StrEnum):
    """What a look at a complaint may find."""

    HEAL = "heal"
    ERASE = "erase"
    DISPOSE = "disposal"
    RESUME = "resumed"
    END_QUIETLY = "end_quietly"
    REMIND = "reminder"
    ESCALATE = "escalation"
    NOTHING = "nothing"


def what_is_due(complaint: Complaint, at: datetime) -> Due:
    """Return what must be done about a complaint now; one thing at a time.

    An answer whose step never began comes first: until the workflow goes on, nobody can act.
    """
    if complaint.look_again_at and complaint.look_again_at <= at:
        return Due.ERASE if complaint.is_erasing else Due.HEAL
    if complaint.pause and complaint.pause.until <= at:
        return Due.RESUME
    if is_quiet(complaint) and complaint.clock and complaint.clock.due_at <= at:
        return Due.END_QUIETLY
    clock = due_clock(complaint, at)
    step = step_due(clock, at) if clock else None
    if step is None and erasure.is_due(complaint, at):
        return Due.DISPOSE
    return Due(step) if step else Due.NOTHING


def is_quiet(complaint: Complaint) -> bool:
    """Return whether the complaint only waits for its quiet days to pass."""
    acts = complaint.must_call_back or complaint.news_at or complaint.is_handled
    return complaint.status is Status.RESPONDED and not acts


def due_clock(complaint: Complaint, at: datetime) -> Clock | None:
    """Return the clock whose step is due first, the stage's own or one beside it; None if none is.

    The quiet days of a follow-up are no limit of anybody's: they end, and nobody is told. A clock
    that stands still has no steps (E4).
    """
    stage = (complaint.clock,) if complaint.clock and not is_quiet(complaint) else ()
    due = [clock for clock in (*stage, *complaint.clocks) if step_due(clock, at)]
    return min(due, key=lambda clock: clock.next_at, default=None)


def take_step(
    complaint: Complaint, *, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Record the reminder or the escalation that is due, and set the clock to the step after it.

    The step is counted in the same save: a check that runs twice, or two at once, tell it once.
    """
    due, clock = what_is_due(complaint, at), due_clock(complaint, at)
    if clock is None or due not in {Due.REMIND, Due.ESCALATE}:
        raise ValueError(f"{complaint.complaint_id}: nothing is due")
    missed = due is Due.ESCALATE and not clock.missed
    ladder = office.policy.escalation.ladder(is_major=complaint.is_major)
    moved = after_step(clock, ladder=ladder, at=at, policy=office.policy, zone=office.zone)
    return record(
        complaint,
        "reminded" if due is Due.REMIND else "escalated",
        at=at,
        actor="check_sla",
        facts={
            "step": clock.steps + 1,
            "to": told(complaint, clock, office),
            **({"clock": clock.what} if clock.what else {}),
        },
        overdue=complaint.overdue + int(missed),
        **with_clock(complaint, moved.replace(missed=clock.missed or missed)),
    )


def told(complaint: Complaint, clock: Clock, office: Office) -> str:
    """Return the role or post that the step due now is told to: who must act, then the ladder."""
    if clock.steps:
        ladder = office.policy.escalation.ladder(is_major=complaint.is_major)
        return rung(clock, ladder).to
    return acting(complaint, clock, office)


def acting(complaint: Complaint, clock: Clock, office: Office) -> str:
    """Return the role or post that must act before this clock's limit."""
    what, _, detail = clock.what.partition(":")
    match what:
        case "emergency" | "contact" | "order":
            code: str = Role.HANDLER
        case "statement":
            code = office.policy.group_incident.leader
        case "outside":
            code = Role.QUALITY_OFFICE
        case "payment" | "payout":
            code = detail
        case "verification":
            code = openers(Gate.VERIFIED, complaint, office)[0]
        case _ if complaint.status is Status.INVESTIGATED:
            code = next_signer(complaint, office)
        case _ if complaint.is_handled:
            code = awaited(complaint, office)
        case _:
            code = REACHING[complaint.status]
    return code


def concerned(complaint: Complaint, clock: Clock) -> Complaint:
    """Return the complaint as it stands to whoever a clock concerns.

    A work order is a matter of the department that has it: its people, its head (C2).
    """
    what, _, order_id = clock.what.partition(":")
    if what != "order":
        return complaint
    return complaint.replace(department=ordered(order_id), investigator="")


def recipients(
    complaint: Complaint,
    code: str,
    staff: list[Staff],
    office: Office,
    *,
    at: datetime,
    as_rung: bool = False,
) -> list[Staff]:
    """Return the people to tell: those of the role or post; if nobody, of the next one up.

    Told are people who are there on this day of the office and have a mail address; for who is
    not, the deputy; never who is complained about (I8). Told `as_rung` of the ladder, a role has
    no holders of posts with rungs of their own, while it has others: the director of an office is
    told after the office, and not with it (001 2). Silence can't stop an escalation (I10): above
    the ladder come quality office, management and administrator, then anybody who is there, at
    the very last whoever is only away.
    """
    people, day = by_name(staff), day_of(at, office)

    def can_be_told(member: Staff) -> bool:
        return bool(member.email) and not is_barred(complaint, member)

    def told_for(holder: Staff) -> Staff | None:
        if is_there(holder, day) and can_be_told(holder):
            return holder
        return stand_in(holder, people, day, may=can_be_told)

    def of(holders: list[Staff]) -> list[Staff]:
        found = [one for holder in holders if (one := told_for(holder))]
        return list(by_name(found).values())[:MOST_TOLD]

    if code == Role.HANDLER and complaint.investigator:
        if is_gone(complaint, staff, office, at=at):
            code = Role.DEPARTMENT_HEAD
        elif named := of([people[complaint.investigator]]):
            return named
    ladder = [one.to for one in office.policy.escalation.ladder(is_major=complaint.is_major)]
    upwards = [code, *ladder[ladder.index(code) + 1 :]] if code in ladder else [code, *ladder]
    posts = {one for one in ladder if office.policy.find_post(one)} if as_rung else set()
    for one in (*upwards, Role.QUALITY_OFFICE, Role.MANAGEMENT, Role.ADMINISTRATOR):
        holders = [member for member in staff if holds(member, one, complaint, office)]
        alone = [member for member in holders if one in posts or not posts & set(member.posts)]
        if found := of(alone) or of(holders):
            return found
    here = [member for member in staff if is_there(member, day) and can_be_told(member)]
    away = [member for member in staff if not has_left(member, day) and can_be_told(member)]
    return (here or away)[:MOST_TOLD]


def is_gone(complaint: Complaint, staff: list[Staff], office: Office, *, at: datetime) -> bool:
    """Return whether the investigator can't act any more: left, moved elsewhere, or unknown."""
    if not complaint.investigator:
        return False
    named = by_name(staff).get(complaint.investigator)
    if named is None or has_left(named, day_of(at, office)):
        return True
    return not may_work_on(complaint, named)


def on_call(
    complaint: Complaint, staff: list[Staff], office: Office, *, at: datetime
) -> list[Staff]:
    """Return who is told of an emergency beside those of the rung, at any hour (I10, B7)."""
    day = day_of(at, office)
    return [
        member
        for member in staff
        if member.on_call
        and member.email
        and is_there(member, day)
        and not is_barred(complaint, member)
    ][:MOST_TOLD]
