"""Disposal and forgetting: the personal data of a closed complaint go, its figures stay (F6, F7).

Two ways lead here: the retention of a complaint is over (`disposal`), or the person asks to be
forgotten (`person`, PIPL 47). Both are proposed by one and granted by another of another role, as
the policy names them; then `functions/erase` destroys the data key, and what lies in plain. A
request that a duty forbids is answered at once, with the reason and the date, kept, and comes up
again when the duty ends. Head, history, figures and seals stay and hold.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from complaints.history import breaks
from complaints.lifecycle import NotAllowedError, WrongStatusError, expect_words, record
from complaints.models import (
    DISPOSAL,
    DISPOSED,
    Complaint,
    Dossier,
    Role,
    Staff,
    Status,
    TrackingEntry,
)
from complaints.office import Office
from complaints.parts import Erasure, ErasureKind, PersonRequest
from complaints.retention import Obstacle, disposed_at, obstacle, years_later
from complaints.roles import holds, is_barred
from complaints.rounds import LOOK_AGAIN

POSTPONED_YEARS = 1
"""For how long a complaint stays off the list of disposals whose disposal was refused."""
PROPOSED, GRANTED = "erasure_proposed", "erasure_granted"
TAKES_BACK = frozenset({"held", "erasure_refused", "erasure_stopped"})
"""After these, what was proposed or granted before counts no more."""
KEEPS_LISTS = frozenset({Role.QUALITY_OFFICE, Role.MANAGEMENT, Role.ADMINISTRATOR, Role.AUDITOR})


# ---- who may -------------------------------------------------------------------------------


def may_record_request(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person writes down what a person asks about the own data."""
    desk = {Role.INTAKE, Role.QUALITY_OFFICE} & set(staff.roles)
    return bool(desk) and not is_barred(complaint, staff)


def proposes_for(complaint: Complaint, staff: Staff, office: Office) -> str:
    """Return the role or post for which this person may propose to erase; empty for none."""
    return _held(complaint, staff, office.policy.keeping.proposed_by, office)


def grants_for(complaint: Complaint, staff: Staff, office: Office) -> str:
    """Return the role or post for which this person may grant what is proposed; empty for none.

    It is another person than who proposed it, with another role or post (four eyes).
    """
    erasure = complaint.erasure
    if erasure is None or not erasure.proposed_by or erasure.proposed_by == staff.username:
        return ""
    codes = [one for one in office.policy.keeping.granted_by if one != erasure.proposed_for]
    return _held(complaint, staff, codes, office)


def _held(complaint: Complaint, staff: Staff, codes: Sequence[str], office: Office) -> str:
    return next((str(one) for one in codes if holds(staff, one, complaint, office)), "")


# ---- a person asks ---------------------------------------------------------------------------


def ask(
    dossier: Dossier, request: PersonRequest, *, staff: Staff | None, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Record what a person asks about the own data; `staff` is None on the tracking page.

    To be forgotten is up for decision at once where no duty forbids it; else it comes up again
    when the duty ends. Raises NotAllowedError, WrongStatusError where that is asked already.
    """
    complaint = dossier.complaint
    if staff and not may_record_request(complaint, staff):
        raise NotAllowedError(
            f"{staff.username} may not record requests", text_id="error.request_not_allowed"
        )
    facts: dict[str, str | int | bool | None] = {
        "request": request.request_id,
        "asked_for": request.kind,
    }
    changes: dict[str, Any] = {}
    if request.kind == "erase":
        forbids = _expect_unasked(complaint, at, office)
        changes = _asked(complaint, request, forbids, at, office)
        facts |= {"forbidden": forbids.code if forbids else None}
    return record(
        complaint,
        "person_asked",
        at=at,
        actor=staff.username if staff else "complainant",
        facts=facts,
        personal={"asker": request.asker, "identity": request.identity},
        key=dossier.key,
        **changes,
    )


def answered_by_duty(request: PersonRequest, forbids: Obstacle, at: datetime) -> PersonRequest:
    """Return a request that a duty forbids, as it is kept: it comes up again by itself."""
    return request.replace(outcome="kept", answered_at=at, reason=forbids.code, until=forbids.until)


def _expect_unasked(complaint: Complaint, at: datetime, office: Office) -> Obstacle | None:
    erasure = complaint.erasure
    if erasure and (erasure.kind is ErasureKind.PERSON or erasure.granted_at):
        raise WrongStatusError(
            f"{complaint.complaint_id}: that is asked already", text_id="error.erasure_asked"
        )
    return obstacle(complaint, ErasureKind.PERSON, at, office)


def _asked(
    complaint: Complaint, request: PersonRequest, forbids: Obstacle | None, at: datetime,
    office: Office,
) -> dict[str, Any]:  # fmt: skip
    """Return what changes when a person asks to be forgotten."""
    erasure = Erasure(
        request_id=request.request_id, kind=ErasureKind.PERSON, asked_at=request.asked_at
    )
    if forbids is None:
        return {"erasure": erasure, "dispose_at": at, "queue": DISPOSAL}
    asked = complaint.replace(erasure=erasure)
    if complaint.closed_at is None:
        return {"erasure": erasure}
    return {"erasure": erasure, "dispose_at": disposed_at(asked, complaint.closed_at, office)}


def hand_over(
    dossier: Dossier, request_id: str, *, staff: Staff, at: datetime
) -> tuple[Complaint, TrackingEntry]:
    """Record that a person was given the own data (PIPL 45); again for each time.

    Raises NotAllowedError.
    """
    complaint = dossier.complaint
    if Role.QUALITY_OFFICE not in staff.roles or is_barred(complaint, staff):
        raise NotAllowedError(
            f"{staff.username} may not hand data over", text_id="error.access_not_allowed"
        )
    return record(
        complaint, "data_handed_over", at=at, actor=staff.username, facts={"request": request_id}
    )


# ---- the list, and the two who decide ----------------------------------------------------------


def come_due(complaint: Complaint, *, at: datetime) -> tuple[Complaint, TrackingEntry]:
    """Put a complaint into the list of disposals: its time is over."""
    if not is_due(complaint, at):
        raise WrongStatusError(f"{complaint.complaint_id} is not due for disposal")
    return record(
        complaint,
        "disposal_due",
        at=at,
        actor="check_sla",
        facts={"kind": complaint.erasure.kind if complaint.erasure else ErasureKind.DISPOSAL},
        queue=DISPOSAL,
    )


def is_due(complaint: Complaint, at: datetime) -> bool:
    """Return whether a complaint has to enter the list of disposals now."""
    look = complaint.disposal_look
    return look is not None and look <= at


def propose(
    complaint: Complaint, request_id: str, *, staff: Staff, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Propose to erase: a disposal of its own, or what a person has asked for.

    Raises NotAllowedError, WrongStatusError where a duty forbids it or it is proposed already.
    """
    code = proposes_for(complaint, staff, office)
    if not code:
        raise _not_allowed(complaint, staff)
    erasure = complaint.erasure or Erasure(
        request_id=request_id, kind=ErasureKind.DISPOSAL, asked_at=at
    )
    if erasure.proposed_by:
        raise WrongStatusError(
            f"{complaint.complaint_id} is proposed", text_id="error.erasure_proposed"
        )
    _expect_free(complaint, erasure.kind, at, office)
    return record(
        complaint,
        PROPOSED,
        at=at,
        actor=staff.username,
        facts={"request": erasure.request_id, "kind": erasure.kind, "for": code},
        erasure=erasure.replace(proposed_by=staff.username, proposed_for=code),
        queue=DISPOSAL,
        dispose_at=complaint.dispose_at or at,
    )


def grant(
    complaint: Complaint, *, staff: Staff, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Grant what another one has proposed; from now on `functions/erase` carries it out.

    Raises NotAllowedError for who may not or has proposed it, WrongStatusError where nothing is
    proposed or a duty forbids it now.
    """
    erasure = _proposed(complaint)
    code = grants_for(complaint, staff, office)
    if not code:
        raise _not_allowed(complaint, staff)
    _expect_free(complaint, erasure.kind, at, office)
    return record(
        complaint,
        GRANTED,
        at=at,
        actor=staff.username,
        facts={"request": erasure.request_id, "kind": erasure.kind, "for": code},
        erasure=erasure.replace(granted_by=staff.username, granted_for=code, granted_at=at),
        queue="",
        look_again_at=at + LOOK_AGAIN,
    )


def refuse(
    dossier: Dossier, reason: str, *, staff: Staff, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Refuse a disposal, or what a person has asked for, with the reason.

    A disposal comes up again in a year; after a request the retention runs as without it.
    """
    complaint = dossier.complaint
    if not (proposes_for(complaint, staff, office) or grants_for(complaint, staff, office)):
        raise _not_allowed(complaint, staff)
    erasure = complaint.erasure
    if complaint.queue != DISPOSAL and erasure is None:
        raise WrongStatusError(f"{complaint.complaint_id} is not due", text_id="error.not_listed")
    if erasure and erasure.granted_at:
        raise WrongStatusError(f"{complaint.complaint_id} is granted", text_id="error.erased")
    expect_words(reason, "error.reason_missing")
    kind = erasure.kind if erasure else ErasureKind.DISPOSAL
    return record(
        complaint,
        "erasure_refused",
        at=at,
        actor=staff.username,
        facts={"request": erasure.request_id if erasure else None, "kind": kind},
        personal={"words": reason},
        key=dossier.key,
        erasure=None,
        queue="" if complaint.queue == DISPOSAL else complaint.queue,
        dispose_at=_again_at(complaint, kind, at, office),
    )


def _again_at(
    complaint: Complaint, kind: ErasureKind, at: datetime, office: Office
) -> datetime | None:
    if complaint.closed_at is None:
        return None
    ends = disposed_at(complaint.replace(erasure=None), complaint.closed_at, office)
    postponed = years_later(at, POSTPONED_YEARS)
    return ends if kind is ErasureKind.PERSON and ends > at else postponed


def _proposed(complaint: Complaint) -> Erasure:
    erasure = complaint.erasure
    if erasure is None or not erasure.proposed_by or erasure.granted_at:
        raise WrongStatusError(
            f"{complaint.complaint_id}: nothing is proposed", text_id="error.erasure_unproposed"
        )
    return erasure


def _expect_free(complaint: Complaint, kind: ErasureKind, at: datetime, office: Office) -> None:
    if forbids := obstacle(complaint, kind, at, office):
        raise WrongStatusError(
            f"{complaint.complaint_id} may not be erased: {forbids.code}", text_id=forbids.text_id
        )


def _not_allowed(complaint: Complaint, staff: Staff) -> NotAllowedError:
    return NotAllowedError(
        f"{staff.username} may not decide to erase {complaint.complaint_id}",
        text_id="error.erasure_not_allowed",
    )


# ---- carrying it out ---------------------------------------------------------------------------


def begin(
    complaint: Complaint, entries: Sequence[TrackingEntry], *, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Begin to erase: from here on nobody can hold it or take it up again.

    Raises UngrantedError where the record does not show two who agreed, WrongStatusError where a
    duty forbids it by now.
    """
    erasure = complaint.erasure
    if erasure is None or erasure.begun_at or not was_granted(complaint, entries, office):
        raise UngrantedError(f"{complaint.complaint_id} was not granted by two")
    _expect_free(complaint, erasure.kind, at, office)
    return record(
        complaint,
        "erasure_begun",
        at=at,
        actor="erase",
        facts={"request": erasure.request_id},
        erasure=erasure.replace(begun_at=at),
        look_again_at=at + LOOK_AGAIN,
    )


def was_granted(complaint: Complaint, entries: Sequence[TrackingEntry], office: Office) -> bool:
    """Return whether the history, unbroken, shows that one proposed and another one granted it.

    Both for roles or posts that the policy names, and not for the same; nothing has come in between
    or since that takes it back, and the head says of holds and closing what the history says.
    """
    erasure = complaint.erasure
    if erasure is None or erasure.granted_at is None or list(breaks(entries, complaint.digest)):
        return False
    steps = [one for one in entries if one.facts.get("request") == erasure.request_id]
    last = {one.action: one for one in steps}
    proposed, granted = last.get(PROPOSED), last.get(GRANTED)
    if proposed is None or granted is None or proposed.number > granted.number:
        return False
    since = entries[proposed.number :]
    if any(one.action in TAKES_BACK or one.status is not Status.CLOSED for one in since):
        return False
    keeping = office.policy.keeping
    return (
        _is_on_record(complaint, entries)
        and proposed.actor != granted.actor
        and proposed.facts["for"] != granted.facts["for"]
        and proposed.facts["for"] in keeping.proposed_by
        and granted.facts["for"] in keeping.granted_by
        and not {proposed.actor, granted.actor} & set(complaint.respondents)
    )


def _is_on_record(complaint: Complaint, entries: Sequence[TrackingEntry]) -> bool:
    """Return whether the head has as many holds as the history, and was closed when that says."""
    held = [one.facts["holds"] for one in entries if "holds" in one.facts]
    closed = [one.occurred_at for one in entries if one.action == "closed"]
    return complaint.holds == (held or [0])[-1] and complaint.closed_at in closed[-1:]


def stop(complaint: Complaint, *, at: datetime) -> tuple[Complaint, TrackingEntry]:
    """Take back what was granted, because something came in between: words that nobody has read."""
    erasure = complaint.erasure
    return record(
        complaint,
        "erasure_stopped",
        at=at,
        actor="erase",
        facts={"request": erasure.request_id if erasure else None},
        erasure=erasure.only_asked if erasure else None,
        look_again_at=None,
    )


def finish(complaint: Complaint, *, at: datetime) -> tuple[Complaint, TrackingEntry]:
    """Record that the personal data are gone, and wipe what of them stood in the head.

    Who of the staff handled it or was complained about stays: it is no data of the complainant,
    and without it nobody could check who decided.
    """
    erasure = complaint.erasure
    if complaint.status is not Status.CLOSED or erasure is None or not erasure.begun_at:
        raise UngrantedError(f"{complaint.complaint_id} is not being erased")
    return record(
        complaint,
        "erased",
        at=at,
        actor="erase",
        facts={"request": erasure.request_id, "kind": erasure.kind},
        erasure=erasure.replace(done_at=at),
        subject="",
        person="",
        tracking_code="",
        queue=f"{DISPOSED}{at:%Y}",
        dispose_at=None,
        look_again_at=None,
    )


class UngrantedError(Exception):
    """Somebody wants to erase what was not granted by two: a fault, or an attack."""
