"""Severity by count, with its proof: repeats of one matter, people with one matter (B3, B6, I2).

Nothing here is a counter that could go wrong: what a complaint counts is read from its history
and from what is merged into it, so the proof can be made again at any time, by anybody.

What counts (001 1.2, criteria 8 and 9):

    repeats   the complainant came back because a responsible matter was handled late or badly:
              refused the reply; was not satisfied at follow-up; wrote or called again, before the
              reply, after a limit of ours was missed; complained of the same matter anew (merged)
    people    different people who complained of the same responsible matter, whenever the first
              and the last of them lie no further apart than the criterion's window

A matter is a responsible one until an investigation says otherwise. Who left neither phone nor
address can't be told apart from others, and is counted as no person.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from complaints.clocks import is_overdue, without_clock
from complaints.group_incident import begun
from complaints.lifecycle import record
from complaints.models import Assessment, Complaint, Dossier, Status, TrackingEntry
from complaints.office import Office
from complaints.policy import Counted, Policy
from complaints.record import Record
from complaints.rounds import STATEMENT, reassessed

UNANSWERED = frozenset({Status.RECEIVED, Status.ASSESSED, Status.INVESTIGATED, Status.APPROVED})


class Instance(Record, frozen=True, kw_only=True):
    """One thing that counts: in which complaint, when, what."""

    complaint_id: str
    at: datetime
    what: Literal["refused", "reopened", "came_back", "complained"]
    times: int = 1
    """More than one where a merged complaint had repeats of its own."""


class SeverityProof(Record, frozen=True, kw_only=True):
    """What a counted criterion counts in a complaint, and everything that was counted."""

    code: str
    what: Literal["repeats", "people"]
    count: int
    at_least: int
    hours: int | None
    responsible: bool
    """Whether the matter is one that we are responsible for, as far as is known."""
    instances: tuple[Instance, ...]

    @property
    def holds(self) -> bool:
        """Whether the criterion is met."""
        return self.responsible and self.count >= self.at_least


def proofs(dossier: Dossier, policy: Policy) -> tuple[SeverityProof, ...]:
    """Return what each counted criterion of the policy counts in this complaint, met or not."""
    return tuple(
        _proof(criterion.code, criterion.counted, dossier)
        for criterion in policy.major
        if criterion.counted
    )


def _proof(code: str, counted: Counted, dossier: Dossier) -> SeverityProof:
    """Return what one criterion counts."""
    found = repeats(dossier) if counted.what == "repeats" else people(dossier, counted.hours)
    return SeverityProof(
        code=code,
        what=counted.what,
        count=sum(one.times for one in found),
        at_least=counted.at_least,
        hours=counted.hours,
        responsible=dossier.complaint.responsible is not False,
        instances=found,
    )


def repeats(dossier: Dossier) -> tuple[Instance, ...]:
    """Return how often, and when, the complainant had to come back."""
    complaint = dossier.complaint
    here = [
        Instance(complaint_id=complaint.complaint_id, at=entry.occurred_at, what=what)
        for entry in dossier.entries
        if (what := _as_repeat(entry))
    ]
    merged = [
        Instance(
            complaint_id=one.complaint_id,
            at=one.received_at,
            what="complained",
            times=1 + one.repeats,
        )
        for one in dossier.merged
        if one.person and one.person == complaint.person
    ]
    return tuple(sorted((*here, *merged), key=lambda one: (one.at, one.complaint_id)))


def _as_repeat(entry: TrackingEntry) -> Literal["refused", "reopened", "came_back", ""]:
    """Return as what an entry of the history counts; empty where it does not."""
    if entry.facts.get("repeat"):
        return "came_back"
    match entry.action:
        case "refused" | "reopened":
            return entry.action
    return ""


def people(dossier: Dossier, hours: int | None) -> tuple[Instance, ...]:
    """Return the most people that complained of the matter within a window, the first of each.

    `hours` is the length of the window, both ends included; None is without end.
    """
    complaint = dossier.complaint
    said = [(complaint.received_at, complaint.person, complaint.complaint_id)]
    said += [(one.received_at, one.person, one.complaint_id) for one in dossier.merged]
    named = sorted(one for one in said if one[1])
    first, last = most_within([(at, person) for at, person, _ in named], hours)
    of_each: dict[str, Instance] = {}
    for at, person, complaint_id in named[first:last]:
        of_each.setdefault(person, Instance(complaint_id=complaint_id, at=at, what="complained"))
    return tuple(of_each.values())


def most_within(said: list[tuple[datetime, str]], hours: int | None) -> tuple[int, int]:
    """Return the part of this list, sorted by instant, with the most people within the window.

    As a slice `[first:last]`; of equal ones the earliest. In time that grows with the list.
    """
    window = timedelta(hours=hours) if hours else None
    inside: Counter[str] = Counter()
    best, slice_of_best, first = 0, (0, 0), 0
    for last, (at, person) in enumerate(said):
        inside[person] += 1
        while window is not None and at - said[first][0] > window:
            gone = said[first][1]
            inside[gone] -= 1
            if not inside[gone]:
                del inside[gone]
            first += 1
        if len(inside) > best:
            best, slice_of_best = len(inside), (first, last + 1)
    return slice_of_best


def came_late(complaint: Complaint, at: datetime) -> bool:
    """Return whether whoever writes now had to, because a limit of ours was missed before."""
    if complaint.status not in UNANSWERED:
        return False
    ours = (*((complaint.clock,) if complaint.clock and complaint.queue else ()), *complaint.clocks)
    return complaint.overdue > 0 or any(is_overdue(clock, at) for clock in ours)


def weighed(
    dossier: Dossier, made: tuple[Complaint, TrackingEntry], *, at: datetime, office: Office
) -> tuple[Complaint, tuple[TrackingEntry, ...]]:
    """Return the complaint after a step and what that step does to its severity, and the entries.

    `dossier` is as it was before the step, but for what is merged into it.
    """
    complaint, entry = made
    after = dossier.replace(complaint=complaint, entries=(*dossier.entries, entry))
    if found := weigh(after, at=at, office=office):
        return found[0], (entry, found[1])
    return complaint, (entry,)


def weigh(
    dossier: Dossier, *, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry] | None:
    """Return the complaint with its counted criteria as they stand now; None where all stays.

    Called with every save that could move a count, so that crossing a threshold makes it major at
    once, and falling below makes it what it was. What words proposed, staff confirmed or levels
    ask for stays. From then on limits, signatures and ladder are those of the new severity.
    """
    complaint = dossier.complaint
    before = complaint.assessment
    if not before or complaint.merged_into or not complaint.is_open:
        return None
    found = [proof for proof in proofs(dossier, office.policy) if proof.holds]
    after = counted(before, [proof.code for proof in found], office.policy)
    changed = complaint.replace(assessment=after)
    changed = _as_incident(changed, dossier, found, at=at, office=office)
    if changed == complaint:
        return None
    gained = [proof for proof in found if proof.code in after.counted]
    promoted = len(after.major) > len(before.major) or (
        changed.incident_at is not None and complaint.incident_at is None
    )
    return record(
        changed,
        "promoted" if promoted else "demoted",
        at=at,
        actor="severity",
        facts={
            "major": ",".join(changed.assessment.major if changed.assessment else ()),
            "counted": ",".join(f"{proof.code}:{proof.count}" for proof in gained),
            "incident": changed.incident_at is not None,
        },
        **reassessed(complaint, changed, at=at, office=office),
    )


def counted(assessment: Assessment, met: Iterable[str], policy: Policy) -> Assessment:
    """Return the assessment with the counted criteria that are met now, and no others."""
    met = set(met)
    fallen = set(assessment.counted) - met
    major = (set(assessment.major) - fallen) | met
    alone = {code for code in met if code in assessment.counted or code not in assessment.major}
    order = [criterion.code for criterion in policy.major]
    unknown = [code for code in assessment.major if code not in order]
    return assessment.replace(
        major=tuple(code for code in (*order, *unknown) if code in major),
        counted=tuple(code for code in order if code in alone),
    )


def _as_incident(
    complaint: Complaint,
    dossier: Dossier,
    found: Iterable[SeverityProof],
    *,
    at: datetime,
    office: Office,
) -> Complaint:
    """Return the complaint as a group incident once enough people have it, or no more as one.

    One that staff declared stays one, and so does one whose statement is out.
    """
    if any(proof.what == "people" for proof in found):
        return begun(complaint, at=at, office=office)
    by_count = any(
        entry.action == "promoted" and entry.occurred_at == complaint.incident_at
        for entry in dossier.entries
    )
    awaited = any(clock.what == STATEMENT for clock in complaint.clocks)
    if complaint.incident_at and by_count and awaited:
        return complaint.replace(incident_at=None, **without_clock(complaint, STATEMENT))
    return complaint
