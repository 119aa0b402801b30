"""Archive: closing files the whole complaint, and nobody can change it afterwards (F3)."""

from datetime import datetime

from complaints import bag
from complaints.bag import Filed
from complaints.history import breaks
from complaints.lifecycle import expect, record
from complaints.models import Complaint, Dossier, Role, Status, TrackingEntry
from complaints.office import Office
from complaints.retention import disposed_at
from complaints.rounds import next_clock

ADDS = frozenset({"contact_added", "merged_contact_added"})
"""Entries by which words or evidence join a complaint."""


class ArchiveError(Exception):
    """A complaint can't be filed as it is: its history or evidence doesn't hold."""


def close(
    complaint: Complaint,
    archive_key: str,
    at: datetime,
    filed: Filed | None = None,
    *,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Close the complaint: its bag is filed under `archive_key`, and no clock runs any more.

    `filed` is known when all but the history lies in the bag; without it only the head counts.

    What the complainant added and nobody has read stays in the quality office's queue, with the
    limit of a follow-up: closing a complaint must not hide words.
    """
    expect(complaint, Status.FOLLOWED_UP)
    unread = complaint.news_at is not None
    limit = office.policy.clocks.follow_up
    return record(
        complaint,
        "closed",
        at=at,
        actor="archive",
        status=Status.CLOSED,
        facts=filed.facts(archive_key) if filed else {"archive_key": archive_key},
        archive_key=archive_key,
        closed_at=at,
        dispose_at=disposed_at(complaint, at, office),
        clock=next_clock(limit, started_at=at, at=at, office=office) if unread else None,
        look_again_at=None,
        queue=Role.QUALITY_OFFICE if unread else "",
    )


def supplement(
    complaint: Complaint, archive_key: str, at: datetime, filed: Filed | None = None
) -> tuple[Complaint, TrackingEntry]:
    """File a closed complaint once more, with what was added since: it stays as it is."""
    return record(
        complaint,
        "filed_again",
        at=at,
        actor="archive",
        facts=filed.facts(archive_key) if filed else {"archive_key": archive_key},
        archive_key=archive_key,
        look_again_at=None,
    )


def is_behind(dossier: Dossier) -> bool:
    """Return whether something was added to a closed complaint that is in no bag, and was read."""
    complaint = dossier.complaint
    waits = complaint.is_open or complaint.news_at or dossier.is_erased
    return not waits and bool(added(dossier))


def merged_behind(dossier: Dossier) -> list[str]:
    """Return the complaints counted with this one to which something was added since the last bag.

    It is news for this one, and read here.
    """
    found = (one.facts.get("complaint") for one in added(dossier))
    return list(dict.fromkeys(str(one) for one in found if one))


def added(dossier: Dossier) -> list[TrackingEntry]:
    """Return the entries since the last bag by which words or evidence were added."""
    last = max((one.number for one in dossier.entries if bag.filed_before([one])), default=0)
    return [one for one in dossier.entries if one.number > last and one.action in ADDS]


def archive_key(complaint: Complaint, at: datetime) -> str:
    """Return where the bag is filed: major apart (F2), then year, type, number, result.

    Such as `archive/general/2026/B/TS-2026-000123-7_2026-11-20_satisfied_11.zip`. The length of
    the history ends it: words that come between filing and closing make another bag, which
    nothing that is locked already can be in the way of.
    """
    severity = "major" if complaint.is_major else "general"
    kind = complaint.assessment.type if complaint.assessment else "none"
    return (
        f"archive/{severity}/{complaint.received_at:%Y}/{kind}/"
        f"{complaint.complaint_id}_{at:%Y-%m-%d}_{bag.result(complaint)}_{complaint.version}.zip"
    )


def expect_whole(dossier: Dossier) -> None:
    """Raise ArchiveError for a broken history: nothing is filed that would not stand a check."""
    complaint = dossier.complaint
    if problems := list(breaks(dossier.entries, complaint.digest)):
        raise ArchiveError(f"{complaint.complaint_id}: {problems[0]}")
