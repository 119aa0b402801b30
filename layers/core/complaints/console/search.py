"""The search of the archive: what an auditor may ask for, and what fits it (F5).

A period of months in which complaints were received bounds every search. What a head says is asked
of the head; only words are looked for in the whole file.
"""

import re
from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

import msgspec

from complaints.console.lists import MONTH
from complaints.forms import clean
from complaints.models import Complaint, Dossier, Outcome
from complaints.report import local_month, month_before
from complaints.web import NotFoundError

PLACE = re.compile(rf"(?P<month>{MONTH.pattern}):(?P<passed>\d{{1,9}})")
VOIDED = "voided"
MAJOR, GENERAL = "major", "general"
LONGEST_WORDS = 100
MOST_MONTHS = 240
"""Months of one period: twenty years, more than any retention."""


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for; what is empty is not asked."""

    since: str
    """The first month of receipt, as `2026-01`, of the office's calendar."""
    until: str
    """The last one."""
    department: str = ""
    type: str = ""
    severity: str = ""
    result: str = ""
    """What its complainant said at the end, or `voided`."""
    handler: str = ""
    """User name of who investigated it, had it before, or approved it."""
    held: bool = False
    words: str = ""

    def query(self) -> dict[str, str]:
        """Return it as the fields of an address."""
        given = {**msgspec.structs.asdict(self), "held": "yes" if self.held else ""}
        return {name: value for name, value in given.items() if value}


class Place(msgspec.Struct, frozen=True):
    """Where a search goes on: in which month, after how many of its complaints.

    As text `2026-11:50`.
    """

    month: str
    passed: int = 0

    def __str__(self) -> str:
        """Write it for an address."""
        return f"{self.month}:{self.passed}"


def asked(query: Mapping[str, str], newest: str, oldest: str) -> Filters:
    """Return what an address asks for, from `oldest` to `newest` where it names no period.

    Raises NotFoundError for months that are none; a period that ends before it begins is turned.
    """
    since, until = query.get("since") or oldest, query.get("until") or newest
    if not MONTH.fullmatch(since) or not MONTH.fullmatch(until):
        raise NotFoundError
    return Filters(
        since=min(since, until),
        until=max(since, until),
        department=query.get("department", "")[:40],
        type=query.get("type", "")[:40],
        severity=query.get("severity", "") if query.get("severity") in (MAJOR, GENERAL) else "",
        result=query.get("result", "") if query.get("result") in RESULTS else "",
        handler=query.get("handler", "")[:64],
        held=query.get("held") == "yes",
        words=clean(query.get("words", ""))[:LONGEST_WORDS],
    )


RESULTS = (
    Outcome.SATISFIED,
    Outcome.QUIET,
    Outcome.DISSATISFIED,
    Outcome.UNREACHABLE,
    Outcome.DECLINED,
    VOIDED,
)
"""What can have come of a filed complaint, as a list offers it."""


def place(text: str, filters: Filters) -> Place:
    """Return where an address says that the search goes on; its beginning if it says nothing.

    Raises NotFoundError for what no page of this search has as its place.
    """
    if not text:
        return Place(filters.until)
    found = PLACE.fullmatch(text)
    if not found or not filters.since <= found["month"] <= filters.until:
        raise NotFoundError
    return Place(found["month"], int(found["passed"]))


def months(begin: Place, filters: Filters) -> Iterable[str]:
    """Yield the months that are still to be searched, the newest first.

    >>> list(months(Place("2026-01"), Filters(since="2025-12", until="2026-03")))
    ['2026-01', '2025-12']
    """
    month = begin.month
    for _ in range(MOST_MONTHS):
        if month < filters.since:
            return
        yield month
        month = month_before(month)


def fits(complaint: Complaint, filters: Filters, zone: ZoneInfo) -> bool:
    """Return whether a head is all that is asked, and may have been filed.

    One that was taken up again is not filed as it is now, but may have been before.
    """
    kind = complaint.assessment.type if complaint.assessment else ""
    result = VOIDED if complaint.voided else complaint.follow_up_outcome or ""
    worked = (complaint.investigator, *complaint.predecessors, complaint.approver)
    return (
        bool(complaint.archive_key or complaint.round_at)
        and filters.since <= local_month(complaint.received_at, zone) <= filters.until
        and filters.department in ("", complaint.department)
        and filters.type in ("", kind)
        and filters.severity in ("", MAJOR if complaint.is_major else GENERAL)
        and filters.result in ("", result)
        and (not filters.handler or filters.handler in worked)
        and (not filters.held or complaint.holds > 0)
    )


def mentions(dossier: Dossier, words: str) -> bool:
    """Return whether each of the words stands somewhere in what was said, found and answered."""
    text = "\n".join(_said(dossier)).casefold()
    return all(word in text for word in words.casefold().split())


def _said(dossier: Dossier) -> Iterable[str]:
    """Yield the free text of a file."""
    yield dossier.complaint.subject
    for contact in dossier.contacts:
        yield from (contact.subject, contact.text, contact.demand, contact.place, contact.service)
        yield from (file.name for file in contact.files)
    for finding in dossier.findings:
        yield from (finding.facts, finding.cause, finding.indirect_cause, finding.root_cause)
        yield from (finding.measures, finding.reply)
    yield from (decision.reason for decision in dossier.decisions)
    yield from (letter.text for letter in dossier.letters)
    yield from (kept.words for kept in dossier.records)
