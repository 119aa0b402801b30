"""Notices: a reminder or an escalation as it was told, to be acknowledged or passed on (I10).

A notice is saved with the step that tells it. Whether anybody acknowledges it changes nothing
about the climbing: it is there for people to see who knows.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from complaints.letters import owed
from complaints.lifecycle import InvalidInputError, NotAllowedError, record
from complaints.models import Clock, Complaint, Letter, Staff, TrackingEntry
from complaints.office import Office
from complaints.parts import Notice
from complaints.people import day_of, is_there
from complaints.roles import is_barred

MOST_WRITES = 90
"""Items that the notices of one save may come to; a transaction takes a hundred."""


def tell(
    complaint: Complaint,
    clock: Clock,
    kind: str,
    people: Sequence[Staff],
    *,
    to: str,
    at: datetime,
    by: str = "check_sla",
    reason: str = "",
    instead_of: str = "",
    once: str = "",
) -> tuple[Notice, tuple[Letter, ...]]:
    """Return the notice of the step just recorded about a clock, and the letters that tell it.

    `complaint` is as after the step, `clock` as before it; `kind` is the kind of letter. `once` is
    the id of the form that told it by hand: its notice has it in its own (`was_told`).
    """
    notice = Notice(
        notice_id=f"{complaint.version:06}-{once}" if once else f"{complaint.version:06}",
        clock=clock.what,
        step=clock.steps + 1,
        to=to,
        people=tuple(member.username for member in people),
        told_at=at,
        due_at=clock.due_at,
        by=by,
        reason=reason,
        instead_of=instead_of,
    )
    return notice, tuple(letter(complaint, kind, notice, member, at=at) for member in people)


def was_told(notices: Iterable[Notice], once: str) -> bool:
    """Return whether a form told its notice before."""
    return any(one.notice_id.endswith(f"-{once}") for one in notices)


def letter(
    complaint: Complaint, kind: str, notice: Notice, member: Staff, *, at: datetime
) -> Letter:
    """Return the letter to one member of staff that tells a notice."""
    return owed(complaint, kind, member.email, (), at=at).replace(
        letter_id=f"{complaint.version:06}-{kind}-{member.username}",
        language="zh_CN",
        notice_id=notice.notice_id,
    )


def open_to(notices: Iterable[Notice], staff: Staff) -> tuple[Notice, ...]:
    """Return the notices that this person has to acknowledge, as many as one save can take."""
    found: list[Notice] = []
    writes = 0
    for notice in notices:
        if staff.username in notice.awaits:
            writes += len(notice.people) + 2
            if found and writes > MOST_WRITES:
                break
            found.append(notice)
    return tuple(found)


def acknowledge(
    complaint: Complaint, notices: Sequence[Notice], *, staff: Staff, at: datetime
) -> tuple[Complaint, TrackingEntry]:
    """Record that this person has seen what was told; nothing stops because of it."""
    told = _open(complaint, notices, staff)
    return record(
        complaint,
        "acknowledged",
        at=at,
        actor=staff.username,
        facts={"notices": ",".join(one.notice_id for one in told)},
    )


def pass_on(
    complaint: Complaint,
    notices: Sequence[Notice],
    person: Staff,
    *,
    staff: Staff,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Record that somebody else takes over what this person was told.

    The other one must be there today, have a mail address, and not be complained about.
    """
    told = _open(complaint, notices, staff)
    if person.username == staff.username or is_barred(complaint, person):
        raise InvalidInputError(f"not to {person.username}", text_id="notice.not_to")
    if not person.email or not is_there(person, day_of(at, office)):
        raise InvalidInputError(f"{person.username} is away", text_id="notice.away")
    return record(
        complaint,
        "passed_on",
        at=at,
        actor=staff.username,
        facts={
            "notices": ",".join(one.notice_id for one in told),
            "person": person.username,
        },
    )


def acknowledged(notices: Sequence[Notice], *, staff: Staff, at: datetime) -> tuple[Notice, ...]:
    """Return this person's notices as acknowledged."""
    return tuple(
        one.replace(acknowledged_by=staff.username, acknowledged_at=at)
        for one in open_to(notices, staff)
    )


def passed(notices: Sequence[Notice], person: Staff, *, staff: Staff) -> tuple[Notice, ...]:
    """Return this person's notices as passed on to another one."""
    return tuple(one.replace(passed_to=person.username) for one in open_to(notices, staff))


def _open(complaint: Complaint, notices: Sequence[Notice], staff: Staff) -> tuple[Notice, ...]:
    """Return what waits for this person; raises NotAllowedError where nothing does."""
    told = open_to(notices, staff)
    if not told or is_barred(complaint, staff):
        raise NotAllowedError(f"{staff.username} was told nothing", text_id="notice.none")
    return told
