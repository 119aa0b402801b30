"""A policy tried on past complaints: what would have differed, had it been in force (I4).

Both policies assess the same words from the same moment, so that what differs is the policies'
doing: what staff corrected later is left out. Limits count from receipt, those of later stages as
if their stage had begun then.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import msgspec

from complaints.assessment import assess, emergency_words_in, propose_department
from complaints.calendar import UnknownYearError
from complaints.clocks import limit_end
from complaints.models import Assessment, Complaint, Contact, Record, sortable
from complaints.office import Office
from complaints.policy import Clocks, Limit, Limits


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """A past complaint, as a line of an export: `{"id": …, "text": …, "received_at": …}`."""

    id: str
    text: str
    received_at: Annotated[datetime, msgspec.Meta(tz=True)]

    @classmethod
    def of(cls, complaint: Complaint, contact: Contact) -> "Past":
        """Return a complaint as it came in, with all words of its first contact."""
        words = f"{contact.subject}\n{contact.text}\n{contact.demand}"
        return cls(id=complaint.complaint_id, text=words, received_at=complaint.received_at)


class Difference(Record, frozen=True, kw_only=False):
    """What would have differed: `type`, `urgency`, `limit.solution`, ...; codes and instants."""

    field: str
    before: str
    after: str


class Tried(Record, frozen=True):
    """A past complaint with everything that would have differed."""

    id: str
    differences: tuple[Difference, ...]


def try_on(past: Past, before: Office, after: Office) -> Tried:
    """Return what would have differed for a complaint under the policy of `after`."""
    old, new = outlook(past, before), outlook(past, after)
    return Tried(
        id=past.id,
        differences=tuple(
            Difference(field, old.get(field, ""), new.get(field, ""))
            for field in dict.fromkeys((*old, *new))
            if old.get(field) != new.get(field)
        ),
    )


def outlook(past: Past, office: Office) -> dict[str, str]:
    """Return how a complaint would go its way under a policy, by field."""
    policy = office.policy
    assessment = assess(past.text, policy)
    is_major = bool(assessment.major)
    return {
        "type": assessment.type,
        "department": propose_department(assessment, policy),
        "urgency": assessment.urgency,
        "risk": assessment.risk,
        "major": ",".join(assessment.major),
        "emergency": "yes" if emergency_words_in(past.text, policy) else "no",
        "approvers": ",".join(policy.sign_offs(is_major=is_major).signed_by),
        **{
            f"limit.{field}": _end(past.received_at, limit, office)
            for field, limit in _limits(assessment, policy.clocks)
        },
        "gates": ",".join(policy.closing_gates),
    }


def summary(tried: Iterable[Tried]) -> dict[str, int]:
    """Return for each field in how many complaints it would have differed, the most first."""
    counts = Counter(one.field for each in tried for one in each.differences)
    return dict(counts.most_common())


def _limits(assessment: Assessment, clocks: Clocks) -> Iterable[tuple[str, Limit]]:
    """Yield the limits that hold for a complaint of this assessment."""
    for field in Clocks.__struct_fields__:
        match getattr(clocks, field):
            case Limit() as limit:
                yield field, limit
            case Limits() as limits:
                is_major = bool(assessment.major)
                yield field, limits.of(is_major=is_major, urgency=assessment.urgency)


def _end(start: datetime, limit: Limit, office: Office) -> str:
    """Return the end of a limit; empty where nothing is known of that year's holidays."""
    try:
        overrides = office.policy.calendar.as_table()
        return sortable(limit_end(start, limit, office.zone, overrides))
    except UnknownYearError:
        return ""
