"""Close-out: the day in figures, and what must not be left until tomorrow (日清; A11, I9).

Mailed to the quality office every evening. Heads of complaints go in: those of the day, and all
that wait for somebody.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from complaints.calendar import add_working_days
from complaints.models import Complaint, Record, Status
from complaints.number import complaint_number
from complaints.office import Office
from complaints.report import Listed, listed, local_day, waits_too_long

NOTHING_UNUSED: Mapping[str, str] = {}
NO_MAILS: Mapping[str, int] = {}


class DayReport(Record, frozen=True, kw_only=True):
    """The daily close-out (日清): what came in, and what must not be left until tomorrow."""

    day: date
    next_day: date
    """The next working day."""
    made_at: datetime
    received: int
    registered: int
    """Registered on this day; what was received on paper before counts here, and not above."""
    by_channel: dict[str, int]
    unassessed: tuple[Listed, ...] = ()
    overdue: tuple[Listed, ...] = ()
    due_soon: tuple[Listed, ...] = ()
    """Due from now until the end of the next working day."""
    unsent: tuple[str, ...] = ()
    """Complaints with a letter that is owed and could not be sent."""
    mails: int = 0
    """Mails in quarantine that wait for a person."""
    arrived: dict[str, int] = {}  # noqa: RUF012 - msgspec copies it
    """Raw mails of the day, by what they became; an object is counted as exactly one thing."""
    gaps: tuple[str, ...] = ()
    """Numbers that no complaint has, and that nothing explains."""
    unused: tuple[tuple[str, str], ...] = ()
    """Numbers that no complaint has, each with why: `reserved`, `lapsed`."""
    voided: tuple[Listed, ...] = ()
    """Voided on this day: registered by mistake; who and why."""

    @property
    def is_clear(self) -> bool:
        """Whether nothing is left that should have been done by now."""
        return not (self.unassessed or self.overdue or self.unsent or self.gaps or self.mails)


def day_report(
    complaints: Iterable[Complaint],
    day: date,
    *,
    office: Office,
    at: datetime,
    unsent: Iterable[str] = (),
    mails: int = 0,
    arrived: Mapping[str, int] = NO_MAILS,
    unused: Mapping[str, str] = NOTHING_UNUSED,
) -> DayReport:
    """Return the close-out of a day: from the complaints of that day and all that are open.

    `unsent` names the complaints with letters that are owed and past their time; `mails` is how
    many mails wait for a person, `arrived` what those of the day became; `unused` says of numbers
    that no complaint has why that is so.
    """
    known = {complaint.complaint_id: complaint for complaint in complaints}
    heads = sorted(known.values(), key=lambda one: one.complaint_id)
    came = [one for one in heads if local_day(one.received_at, office.zone) == day]
    waiting = sorted((one for one in heads if one.queue and one.clock), key=_due_at)
    next_day = add_working_days(day, 1, office.policy.calendar.as_table())
    soon = datetime.combine(next_day + timedelta(days=1), time(), tzinfo=office.zone)
    missing = gaps(heads, day, office=office)
    by_channel: dict[str, int] = {}
    for one in came:
        by_channel[one.channel] = by_channel.get(one.channel, 0) + 1
    return DayReport(
        day=day,
        next_day=next_day,
        made_at=at,
        received=len(came),
        registered=sum(local_day(one.registered_at, office.zone) == day for one in heads),
        by_channel=dict(sorted(by_channel.items())),
        unassessed=tuple(listed(one, at) for one in heads if one.status is Status.RECEIVED),
        overdue=tuple(listed(one, at) for one in waiting if waits_too_long(one, at)),
        due_soon=tuple(listed(one, at) for one in waiting if at <= _due_at(one) < soon),
        unsent=tuple(sorted(set(unsent))),
        mails=mails,
        arrived=dict(arrived),
        gaps=tuple(number for number in missing if number not in unused),
        unused=tuple((number, unused[number]) for number in missing if number in unused),
        voided=tuple(
            listed(one, at)
            for one in heads
            if one.voided and local_day(one.voided.at, office.zone) == day
        ),
    )


def gaps(complaints: Iterable[Complaint], day: date, *, office: Office) -> tuple[str, ...]:
    """Return the numbers missing between those given on a day, and since the last one before.

    A number of which no complaint is among these may still be taken; the caller asks for it.
    """
    given: dict[int, date] = {}
    for one in complaints:
        _, year, running, _ = one.complaint_id.split("-")
        if int(year) == day.year:
            given[int(running)] = local_day(one.registered_at, office.zone)
    earlier = [running for running, on in given.items() if on < day]
    todays = sorted(running for running, on in given.items() if on == day)
    shape = office.policy.number
    return tuple(
        complaint_number(shape.prefix, day.year, missing, shape.digits)
        for one, following in pairwise([max(earlier), *todays] if earlier else todays)
        for missing in range(one + 1, following)
        if missing not in given
    )


def _due_at(complaint: Complaint) -> datetime:
    return complaint.clock.due_at if complaint.clock else complaint.received_at
