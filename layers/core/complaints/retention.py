"""Retention: until when a complaint and its personal data are kept, and what forbids erasing now.

Years run from the closing, and the policy that a complaint was received under says how many
(`retention_years`, `keeping`). What duty demands is stronger than a person's wish (PIPL 47, 2):
while a complaint is open, held, or its personal data must be kept, nothing of it is erased.
"""

import calendar
from datetime import datetime

import msgspec

from complaints.models import Complaint
from complaints.office import Office
from complaints.parts import ErasureKind


class Obstacle(msgspec.Struct, frozen=True, kw_only=True):
    """A duty that forbids erasing now: its code, and until when it runs, as far as that is known.

    `open` (not closed, or with words that nobody has read), `held`, `retained`.
    """

    code: str
    until: datetime | None = None

    @property
    def text_id(self) -> str:
        """The id of the sentence that says so."""
        return f"error.erasure_{self.code}"


def years(complaint: Complaint, office: Office) -> int:
    """Return for how many years a complaint is kept."""
    policy = office.policy
    major = policy.keeping.major_years if complaint.is_major else None
    return major or policy.retention_years


def years_later(instant: datetime, years: int) -> datetime:
    """Return the same day `years` later; 29 February becomes 28 where there is none.

    >>> from datetime import UTC
    >>> years_later(datetime(2028, 2, 29, tzinfo=UTC), 5).date().isoformat()
    '2033-02-28'
    """
    year = instant.year + years
    last_day = calendar.monthrange(year, instant.month)[1]
    return instant.replace(year=year, day=min(instant.day, last_day))


def ends(complaint: Complaint, kind: ErasureKind, closed_at: datetime, office: Office) -> datetime:
    """Return when the time is over for which a complaint closed at `closed_at` must be kept.

    For a person's request only the time counts for which duty demands personal data.
    """
    kept = years(complaint, office)
    personal = office.policy.keeping.personal_years
    if kind is ErasureKind.PERSON and personal is not None:
        kept = min(kept, personal)
    return years_later(closed_at, kept)


def disposed_at(complaint: Complaint, closed_at: datetime, office: Office) -> datetime:
    """Return when a complaint closed at `closed_at` is to be looked at for erasing.

    That is the end of its retention, or, where the person has asked for it, of the shorter time
    for which duty demands personal data.
    """
    kind = complaint.erasure.kind if complaint.erasure else ErasureKind.DISPOSAL
    return ends(complaint, kind, closed_at, office)


def obstacle(
    complaint: Complaint, kind: ErasureKind, at: datetime, office: Office
) -> Obstacle | None:
    """Return what forbids erasing a complaint's personal data now; None for nothing."""
    if complaint.holds:
        return Obstacle(code="held")
    if complaint.is_open or complaint.closed_at is None or complaint.news_at or complaint.clock:
        return Obstacle(code="open")
    until = ends(complaint, kind, complaint.closed_at, office)
    return Obstacle(code="retained", until=until) if at < until else None
