"""One matter, one complaint: who complains is a person, what of is a matter, each time a contact.

The same matter by several people, or several times, is one complaint for the count, and every
complainant, contact and respondent of it is kept; different matters of one person are separate
complaints (B5; 000 四 3 and 4). So at any time (I3):

    contacts received    = the contacts of all complaints, merged and voided ones included
    complaints counted   = complaints that are neither merged into another nor voided
    persons              = different keys of persons, of all that are not voided

A merged complaint leaves the line and goes the way of the one it is counted with; its history,
contacts and letters stay its own. Unmerged, it has its place in the line again as it was.
"""

import hashlib
import hmac
from datetime import datetime
from typing import Literal, NamedTuple

from complaints.bag import Filed
from complaints.compensation import owing
from complaints.forms import normal_email, normal_phone
from complaints.gates import closing
from complaints.lifecycle import InvalidInputError, NotAllowedError, WrongStatusError, record
from complaints.models import (
    Complainant,
    Complaint,
    Contact,
    Dossier,
    Outcome,
    SetAside,
    Staff,
    Status,
    TrackingEntry,
)
from complaints.office import Office
from complaints.parts import Merged
from complaints.retention import disposed_at
from complaints.roles import may_work_on
from complaints.rounds import as_news
from complaints.severity import came_late
from complaints.telling import to_be_told

Made = tuple[Complaint, TrackingEntry]
Kind = Literal["notice", "survey"]
"""What everybody who complained of a matter is written: the answer, and the question after it."""


class Both(NamedTuple):
    """A complaint and the one that it is or was counted with, each after its step."""

    complaint: Made
    main: Made
    link: Merged
    """What lies beside the main one from now on; parted, it counts no more."""

    def merged_after(self, main: Dossier) -> tuple[Merged, ...]:
        """Return what is counted with the main one from now on."""
        others = (one for one in main.merged if one.complaint_id != self.link.complaint_id)
        return (*others, *(() if self.link.parted_at else (self.link,)))


MERGEABLE = (Status.RECEIVED, Status.ASSESSED, Status.INVESTIGATED)
"""Before the solution is approved: afterwards a complainant would not be answered with it."""


def person_key(complainant: Complainant, secret: bytes) -> str:
    """Return the key of a person: half of the HMAC-SHA-256 of phone (E.164) or mail address.

    32 hex digits: it lies in every head and every index entry of the complaint.

    It says who is the same, and not who it is, to anybody without the deployment's secret. Empty
    for who left neither. Who leaves a phone once and only an address the next time is two.
    """
    if phone := normal_phone(complainant.phone):
        known = f"tel:{phone}"
    elif address := normal_email(complainant.email):
        known = f"mailto:{address}"
    else:
        return ""
    return hmac.new(secret, known.encode(), hashlib.sha256).hexdigest()[:32]


# ---- merge and unmerge ---------------------------------------------------------------------


def may_merge(complaint: Complaint, main: Complaint, staff: Staff) -> bool:
    """Return whether this person may merge one into the other: who may work on both."""
    return may_work_on(complaint, staff) and may_work_on(main, staff)


def can_be_merged(complaint: Complaint) -> bool:
    """Return whether a complaint stands where it can be merged, or merged into."""
    early = complaint.status in MERGEABLE and not complaint.settled_on_spot
    return early and not complaint.merged_into


def merge(dossier: Dossier, main: Dossier, *, staff: Staff, at: datetime, office: Office) -> Both:
    """Count a complaint with another one, of the same matter.

    Whoever is complained about in either is barred from both from then on (I8). What it is still
    to be paid keeps the other one open as well. Both are saved together or not at all.

    Raises InvalidInputError for a complaint and itself, NotAllowedError for the wrong person or
    where somebody of the one is complained about in the other, WrongStatusError where one of them
    is approved, closed or part of another matter.
    """
    _expect_mergeable(dossier, main, staff)
    complaint, into = dossier.complaint, main.complaint
    link = Merged(
        complaint_id=complaint.complaint_id,
        person=complaint.person,
        received_at=complaint.received_at,
        merged_at=at,
        by=staff.username,
        repeats=complaint.repeats,
    )
    merged = record(
        put_aside(complaint.replace(merged_into=into.complaint_id)),
        "merged",
        at=at,
        actor=staff.username,
        facts={"into": into.complaint_id},
    )
    whole = owing(main, complaint.unpaid, at=at, office=office) if complaint.unpaid else into
    grown = record(
        whole,
        "merged_in",
        at=at,
        actor=staff.username,
        facts={"complaint": complaint.complaint_id},
        repeats=into.repeats + _repeats(link, into),
        respondents=tuple(dict.fromkeys((*into.respondents, *complaint.respondents))),
        news_at=into.news_at or complaint.news_at,
    )
    return Both(merged, grown, link)


def unmerge(dossier: Dossier, main: Dossier, *, staff: Staff, at: datetime, office: Office) -> Both:
    """Make a merged complaint one of its own again, in the place in the line that it had.

    It will be answered by itself: what its complainant was to be told with the others counts no
    more, and where the main one waited for that alone it goes on. Its clocks run since they were
    started: the time in between was time of its complainant.

    Raises WrongStatusError where it is no part of this one, or was closed with it.
    """
    complaint, into = dossier.complaint, main.complaint
    if not may_merge(complaint, into, staff):
        raise NotAllowedError(f"{staff.username} may not unmerge {complaint.complaint_id}")
    link = next((one for one in main.merged if one.complaint_id == complaint.complaint_id), None)
    together = complaint.merged_into == into.complaint_id and complaint.is_open and into.is_open
    if not link or not together:
        raise WrongStatusError(
            f"{complaint.complaint_id} is no open part of {into.complaint_id}",
            text_id="error.not_merged",
        )
    alone = record(
        put_back(complaint).replace(merged_into=""),
        "unmerged",
        at=at,
        actor=staff.username,
        facts={"from": into.complaint_id},
    )
    whole = owing(main, -complaint.unpaid, at=at, office=office) if complaint.unpaid else into
    fewer = whole.replace(untold=into.untold - int(complaint.untold_at is not None))
    shrunk = record(
        fewer,
        "merged_out",
        at=at,
        actor=staff.username,
        facts={"complaint": complaint.complaint_id},
        repeats=into.repeats - _repeats(link, into),
        **(closing(fewer, at=at, office=office) if fewer != into else {}),
    )
    return Both(alone, shrunk, link.replace(parted_at=at))


def put_aside(complaint: Complaint) -> Complaint:
    """Return a complaint out of the line: in nobody's queue, no clock running, all kept."""
    return complaint.replace(
        set_aside=SetAside(
            queue=complaint.queue,
            also=complaint.also,
            clock=complaint.clock,
            clocks=complaint.clocks,
            pause=complaint.pause,
        ),
        queue="",
        also=("",) * len(complaint.also),
        clock=None,
        clocks=(),
        pause=None,
    )


def put_back(complaint: Complaint) -> Complaint:
    """Return a complaint in its place in the line, as it was put aside.

    An emergency that it became since then runs on.
    """
    kept = complaint.set_aside or SetAside(queue="")
    return complaint.replace(
        set_aside=None,
        queue=kept.queue,
        also=kept.also,
        clock=kept.clock,
        clocks=(*kept.clocks, *complaint.clocks),
        pause=kept.pause,
        untold_at=None,
        attempts=0,
        attempted_at=None,
    )


def repeats_of(dossier: Dossier, person: str | None = None) -> int:
    """Return how many repeats come from what is merged: of its complainant, or of this person."""
    complaint = dossier.complaint
    main = complaint if person is None else complaint.replace(person=person)
    return sum(_repeats(link, main) for link in dossier.merged)


def know_again(
    main: Dossier, complaint_id: str, person: str, *, staff: Staff, at: datetime
) -> tuple[Made, Merged]:
    """Record with the main complaint that a merged complainant turned out to be this person (I3).

    Returns it with the link beside it: whom it counts may be one more, or one fewer.
    """
    before = next(one for one in main.merged if one.complaint_id == complaint_id)
    link, complaint = before.replace(person=person), main.complaint
    made = record(
        complaint,
        "merged_corrected",
        at=at,
        actor=staff.username,
        facts={"complaint": complaint_id},
        repeats=complaint.repeats - _repeats(before, complaint) + _repeats(link, complaint),
    )
    return made, link


def _repeats(link: Merged, main: Complaint) -> int:
    """Return how many repeats of its complainant a complaint has by a merged one."""
    return 1 + link.repeats if link.person and link.person == main.person else 0


def _expect_mergeable(dossier: Dossier, main: Dossier, staff: Staff) -> None:
    """Raise what is wrong with merging one into the other, if anything is."""
    complaint, into = dossier.complaint, main.complaint
    if complaint.complaint_id == into.complaint_id:
        raise InvalidInputError("a complaint and itself", text_id="error.merge_itself")
    if not may_merge(complaint, into, staff):
        raise NotAllowedError(
            f"{staff.username} may not merge {complaint.complaint_id}",
            text_id="error.merge_not_allowed",
        )
    if complaint.merged_into or into.merged_into or dossier.merged:
        raise WrongStatusError("one is part of another matter", text_id="error.merge_chain")
    if not can_be_merged(complaint) or not can_be_merged(into):
        raise WrongStatusError("one is approved already", text_id="error.merge_late")
    if complaint.unpaid_with or any(one.what.startswith("payout:") for one in complaint.clocks):
        raise WrongStatusError("a payout waits", text_id="error.merge_payout")
    if any(clock.what == "emergency" for clock in complaint.clocks):
        raise WrongStatusError("the emergency comes first", text_id="error.merge_emergency")
    for one, other in ((complaint, into), (into, complaint)):
        hands = {one.investigator, *(signature.username for signature in one.signed)}
        if hands & set(other.respondents):
            raise NotAllowedError(
                f"who handles {one.complaint_id} is complained about in {other.complaint_id}",
                text_id="error.merge_barred",
            )


# ---- what a merged complaint shares with the one it is counted with ------------------------


def tell_main(
    main: Complaint, complaint: Complaint, contact: Contact, *, at: datetime, office: Office
) -> Made:
    """Record with a complaint that the complainant of a merged one has said more: news for it."""
    same = bool(main.person) and main.person == complaint.person
    repeat = same and contact.is_said and came_late(main, at)
    return record(
        main,
        "merged_contact_added",
        at=at,
        actor=contact.by,
        facts={
            "complaint": complaint.complaint_id,
            **({"repeat": True} if repeat else {}),
        },
        repeats=main.repeats + int(repeat),
        **as_news(main, at=at, office=office),
    )


def since(dossier: Dossier, status: Status) -> int:
    """Return the number of the entry with which the complaint last reached a status; 0 if never."""
    number = 0
    for before, entry in zip((None, *dossier.entries), dossier.entries, strict=False):
        if entry.status is status and (before is None or before.status is not status):
            number = entry.number
    return number


def is_answered_with(dossier: Dossier, main: Dossier, kind: Kind) -> bool:
    """Return whether a merged complainant has had this letter in the present round of the main."""
    told = _answer(main, kind)
    return any(one.action == "answered_with" and one.facts == told for one in dossier.entries)


def answer_with(dossier: Dossier, main: Dossier, kind: Kind, *, at: datetime) -> Made:
    """Record that a merged complainant is owed the same letter as that of the main complaint.

    Whom no letter reaches is to be told the answer otherwise; nobody has to ask them the survey.
    """
    return record(
        dossier.complaint,
        "answered_with",
        at=at,
        actor="notify",
        facts=_answer(main, kind),
        **(to_be_told(dossier, at) if kind == "notice" else {}),
    )


def _answer(main: Dossier, kind: Kind) -> dict[str, str | int | bool | None]:
    """Return which letter of which round it is: the same however often, and whenever, it is asked.

    The main one may have gone on before the step that answers all begins.
    """
    reached = Status.APPROVED if kind == "notice" else Status.RESPONDED
    return {
        "with": main.complaint.complaint_id,
        "letter": kind,
        "since": since(main, reached),
    }


def rate_with(
    dossier: Dossier, outcome: Outcome, satisfaction: int | None, words: str, *, at: datetime
) -> Made:
    """Record what a merged complainant says of the handling; the main one's status stays."""
    return record(
        dossier.complaint,
        "rated_with",
        at=at,
        actor="complainant",
        facts={"outcome": outcome, "satisfaction": satisfaction},
        personal={"words": words},
        key=dossier.key,
        follow_up_outcome=outcome,
        satisfaction=satisfaction,
    )


def close_with(
    complaint: Complaint,
    archive_key: str,
    at: datetime,
    filed: Filed | None = None,
    *,
    office: Office,
) -> Made:
    """Close a merged complaint with the one it is counted with; it is filed on its own.

    `filed` is known when all but the history lies in its bag; without it only the head counts.
    """
    stated = filed.facts(archive_key) if filed else {"archive_key": archive_key}
    return record(
        complaint,
        "closed_with",
        at=at,
        actor="archive",
        status=Status.CLOSED,
        facts={**stated, "with": complaint.merged_into},
        archive_key=archive_key,
        closed_at=at,
        dispose_at=disposed_at(complaint, at, office),
        set_aside=None,
        look_again_at=None,
    )
