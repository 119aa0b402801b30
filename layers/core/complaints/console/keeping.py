"""Holds, disposal and persons' requests as the staff pages show them (F6, F7)."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from complaints import erasure, holds
from complaints.console.lists import kind_words
from complaints.console.sheet import name_of
from complaints.erasure import KEEPS_LISTS
from complaints.forms import Field
from complaints.models import DISPOSAL, Complaint, Dossier, Role, Staff
from complaints.office import Office
from complaints.parts import ErasureKind, Hold, PersonRequest
from complaints.retention import ends, obstacle
from complaints.roles import is_barred
from complaints.texts import Texts

LISTS = ("due", "requests", "holds", "register")
REASON = Field(name="reason", kind="words", required=True, longest=2000)
FIELDS: dict[str, tuple[Field, ...]] = {
    "hold": (
        REASON,
        Field(name="authority", longest=200),
        Field(name="case_number", longest=100),
    ),
    "lift": (Field(name="hold", required=True, longest=40), REASON),
    "request": (
        Field(name="kind", kind="choice", required=True, choices=("erase", "access")),
        Field(name="asker", kind="words", required=True, longest=500),
        Field(name="identity", kind="words", required=True, longest=500),
    ),
    "propose": (),
    "grant": (),
    "refuse": (REASON,),
    "make": (Field(name="request", required=True, longest=40),),
}
"""What each form may hold; its name is the last part of the address that takes it."""


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A complaint in one of the lists: codes, instants and staff; no word of the person."""

    number: str
    kind: str
    major: bool
    state: str
    since: datetime | None
    why: str
    people: tuple[str, ...]


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """How one complaint is kept, and what this person may do about it."""

    number: str
    state: str
    closed_at: datetime | None
    kept_until: datetime | None
    personal_until: datetime | None
    holds: tuple[tuple[Hold, str, str, bool], ...]
    """Each with who set it, who lifted it, and whether this person may lift it."""
    requests: tuple[tuple[PersonRequest, str], ...]
    """Each with who answered it."""
    may_hold: bool
    may_record: bool
    may_propose: bool
    may_grant: bool
    may_refuse: bool
    may_make: bool
    forbids: str
    """The id of the sentence that says what forbids to erase now; empty for nothing."""
    why: str
    proposed_by: str
    granted_by: str
    erased_at: datetime | None


def may_open(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person sees how a complaint is kept: never who is complained about."""
    return bool((KEEPS_LISTS | {Role.INTAKE}) & set(staff.roles)) and not is_barred(
        complaint, staff
    )


def may_list(staff: Staff) -> bool:
    """Return whether this person sees the lists of holds, requests and disposals."""
    return bool(KEEPS_LISTS & set(staff.roles))


def state_of(complaint: Complaint) -> str:
    """Return how far a complaint is: held, asked for, due, proposed, granted, erased; or kept."""
    asked = complaint.erasure
    if complaint.holds:
        return "held"
    if asked is None:
        return "due" if complaint.queue == DISPOSAL else "none"
    if asked.done_at:
        return "erased"
    if asked.granted_at:
        return "granted"
    if asked.proposed_by:
        return "proposed"
    return "due" if complaint.queue == DISPOSAL else "kept"


def listed(complaint: Complaint, names: Mapping[str, str], t: Texts, office: Office) -> Listed:
    """Return a complaint as the lists show it."""
    asked = complaint.erasure
    people = (asked.proposed_by, asked.granted_by) if asked else ()
    kind = complaint.assessment.type if complaint.assessment else ""
    since = (asked.done_at if asked else None) or complaint.dispose_at or complaint.closed_at
    return Listed(
        number=complaint.complaint_id,
        kind=kind_words(kind, t, office) if kind else "",
        major=complaint.is_major,
        state=state_of(complaint),
        since=since,
        why=asked.kind if asked else ErasureKind.DISPOSAL,
        people=tuple(name_of(one, names, t) for one in people if one),
    )


def kept(
    dossier: Dossier,
    staff: Staff,
    names: Mapping[str, str],
    t: Texts,
    office: Office,
    at: datetime,
) -> Kept:
    """Return how a complaint is kept, with what this person may do about it now."""
    complaint = dossier.complaint
    asked, closed_at = complaint.erasure, complaint.closed_at
    kind = asked.kind if asked else ErasureKind.DISPOSAL
    begun = asked is not None and asked.begun_at is not None
    forbids = obstacle(complaint, kind, at, office)
    proposed = asked is not None and bool(asked.proposed_by)
    granted = asked is not None and asked.granted_at is not None
    decides = bool(
        erasure.proposes_for(complaint, staff, office)
        or erasure.grants_for(complaint, staff, office)
    )
    return Kept(
        number=complaint.complaint_id,
        state=state_of(complaint),
        closed_at=closed_at,
        kept_until=ends(complaint, ErasureKind.DISPOSAL, closed_at, office) if closed_at else None,
        personal_until=ends(complaint, ErasureKind.PERSON, closed_at, office)
        if closed_at
        else None,
        holds=tuple(
            (
                one,
                name_of(one.by, names, t),
                name_of(one.lifted_by, names, t),
                holds.may_lift(one, complaint, staff, office),
            )
            for one in dossier.holds
        ),
        requests=tuple((one, name_of(one.answered_by, names, t)) for one in dossier.requests),
        may_hold=not begun and holds.may_hold(complaint, staff, office),
        may_record=not begun and erasure.may_record_request(complaint, staff),
        may_propose=not proposed
        and forbids is None
        and bool(erasure.proposes_for(complaint, staff, office)),
        may_grant=proposed
        and not granted
        and forbids is None
        and bool(erasure.grants_for(complaint, staff, office)),
        may_refuse=not granted and decides and (asked is not None or complaint.queue == DISPOSAL),
        may_make=not begun and Role.QUALITY_OFFICE in staff.roles,
        forbids=forbids.text_id if forbids and not granted else "",
        why=f"keeping.kind.{kind}" if asked else "",
        proposed_by=name_of(asked.proposed_by, names, t) if asked else "",
        granted_by=name_of(asked.granted_by, names, t) if asked else "",
        erased_at=asked.done_at if asked else None,
    )
