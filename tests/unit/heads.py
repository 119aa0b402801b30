"""A month of complaints as heads, made by rule: every type, department, channel and result."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from complaints.models import Assessment, Channel, Clock, Complaint, Outcome, Status, Urgency
from complaints.number import complaint_number
from complaints.office import Office
from complaints.parts import Voided, VoidReason
from complaints.policy import load

OFFICE = Office(policy=load("service-provider"), zone=ZoneInfo("Asia/Shanghai"))
AT = datetime(2026, 12, 1, 0, 30, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
OCTOBER = datetime(2026, 10, 5, 1, 0, tzinfo=UTC)


def head(n: int, received_at: datetime = NOVEMBER, **sides: Any) -> Complaint:  # noqa: ANN401 - fields of Complaint
    """Return the head of the n-th complaint of 2026, received and not assessed unless told."""
    usual: dict[str, Any] = {
        "complaint_id": complaint_number("TS", 2026, n, 6),
        "status": Status.RECEIVED,
        "channel": Channel.WEB,
        "received_at": received_at,
        "registered_at": received_at,
        "policy": OFFICE.policy.reference,
        "tracking_code": "0" * 12,
        "queue": "quality_office",
        "clock": clock(received_at + timedelta(hours=1)),
    }
    return Complaint(**{**usual, **sides})


def closed(n: int, received_at: datetime = NOVEMBER, *, days: float = 3, **sides: Any) -> Complaint:  # noqa: ANN401 - fields of Complaint
    """Return the head of a complaint that was closed `days` after receipt, satisfied."""
    usual: dict[str, Any] = {
        "status": Status.CLOSED,
        "assessment": Assessment(type="B"),
        "department": "service",
        "queue": "",
        "clock": None,
        "closed_at": received_at + timedelta(days=days),
        "follow_up_outcome": Outcome.SATISFIED,
        "satisfaction": 5,
    }
    return head(n, received_at, **{**usual, **sides})


def voided(n: int, received_at: datetime = NOVEMBER, *, days: float = 1) -> Complaint:
    """Return the head of a complaint that was voided `days` after receipt, filed and closed."""
    at = received_at + timedelta(days=days)
    void = Voided(reason=VoidReason.TEST, by="qiu", at=at)
    return closed(
        n, received_at, days=days, voided=void, follow_up_outcome=None, satisfaction=None,
        person=f"person {n}",
    )  # fmt: skip


def clock(due_at: datetime) -> Clock:
    """Return a clock that ends at this instant."""
    return Clock(started_at=due_at - timedelta(hours=1), due_at=due_at, next_at=due_at)


def a_month(first: int, received_at: datetime, size: int) -> list[Complaint]:
    """Return `size` complaints, one every ten hours, of all kinds in turn."""
    types = OFFICE.policy.types
    channels = tuple(Channel)
    made = []
    for n, step in zip(count(first), range(size), strict=False):
        kind = types[step * step % len(types)]
        sides: dict[str, Any] = {
            "channel": channels[step % 5],
            "subject": f"=1+{step}",
            "assessment": Assessment(
                type=kind.code,
                urgency=tuple(Urgency)[step % 3],
                major=("safety",) if step % 7 == 0 else (),
            ),
            "department": kind.department,
            "overdue": int(step % 6 == 0),
        }
        arrived = received_at + timedelta(hours=10 * step)
        if step % 10 == 9:
            made.append(head(n, arrived, channel=sides["channel"], subject=sides["subject"]))
        elif step % 4 == 3:
            waiting = {"status": Status.ASSESSED, "queue": kind.department, "reopened": step % 3}
            made.append(head(n, arrived, **sides, **waiting))
        else:
            outcome = (Outcome.SATISFIED, Outcome.QUIET, Outcome.UNREACHABLE)[step % 3]
            score = step % 5 + 1 if outcome is Outcome.SATISFIED else None
            said: dict[str, Any] = {"follow_up_outcome": outcome, "satisfaction": score}
            made.append(closed(n, arrived, days=1 + step / 8, **sides, **said))
    return made
