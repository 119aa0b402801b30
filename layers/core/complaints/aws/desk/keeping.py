"""Holds, disposal, and what persons ask about their own data (F6, F7)."""

from collections.abc import Sequence
from datetime import datetime

from complaints import erasure, holds
from complaints.aws import legal_holds, orders
from complaints.aws.desk.changing import change, go_on
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import now
from complaints.aws.settings import office_for
from complaints.letters import owed_to_complainant
from complaints.lifecycle import InvalidInputError
from complaints.models import Complaint, Dossier, Record, Staff, TrackingEntry
from complaints.office import Office
from complaints.pages import day
from complaints.parts import ErasureKind, Hold, PersonRequest
from complaints.retention import obstacle
from complaints.texts import texts


def set_hold(complaint_id: str, hold: Hold, *, staff: Staff) -> Complaint:
    """Set a legal hold, then let the archive have it; the same form twice sets one."""
    changed = change(
        complaint_id,
        lambda dossier, office, at: holds.set_hold(
            dossier, hold, staff=staff, at=at, office=office
        ),
        lambda *_: (hold,),
        unless=lambda dossier: any(one.hold_id == hold.hold_id for one in dossier.holds),
    )
    go_on(lambda: legal_holds.apply(complaint_id), "hold not applied")
    return changed


def lift_hold(complaint_id: str, hold_id: str, reason: str, *, staff: Staff) -> Complaint:
    """Lift a legal hold, then rid the archive of it if it was the last."""
    changed = change(
        complaint_id,
        lambda dossier, office, at: holds.lift(
            dossier, hold_id, reason, staff=staff, at=at, office=office
        ),
        lambda _, dossier, at: (holds.lifted(dossier, hold_id, reason, staff, at),),
    )
    go_on(lambda: legal_holds.apply(complaint_id), "hold not applied")
    return changed


def record_request(request: PersonRequest, *, staff: Staff | None = None) -> list[Complaint]:
    """Record what a person asks about the own data, for each complaint that is meant.

    Who asks to be forgotten and can't be is told so at once, with the reason and the date.
    """
    return [_record(one, request, staff) for one in request.complaints]


def _record(complaint_id: str, request: PersonRequest, staff: Staff | None) -> Complaint:
    def parts(changed: Complaint, dossier: Dossier, at: datetime) -> tuple[Record, ...]:
        office = office_for(dossier.complaint.policy)
        forbids = obstacle(dossier.complaint, ErasureKind.PERSON, at, office)
        if request.kind != "erase" or forbids is None:
            return (request,)
        kept = erasure.answered_by_duty(request, forbids, at)
        words = duty_words(kept, dossier.complaint, office)
        letters = owed_to_complainant("erasure_kept", changed, dossier, at=at, words=words)
        return (kept, *letters)

    return change(
        complaint_id,
        lambda dossier, office, at: erasure.ask(
            dossier, request, staff=staff, at=at, office=office
        ),
        parts,
        unless=lambda dossier: any(
            one.request_id == request.request_id for one in dossier.requests
        ),
    )


def duty_words(request: PersonRequest, complaint: Complaint, office: Office) -> str:
    """Say in the complainant's language which duty forbids to erase, and until when."""
    t = texts(complaint.language)
    until = day(request.until, t, office.zone) if request.until else ""
    return t(f"letter.part.erasure.{request.reason}", until=until)


def propose(complaint_ids: Sequence[str], request_id: str, *, staff: Staff) -> list[Complaint]:
    """Propose to erase these complaints."""
    return [
        change(
            one,
            lambda dossier, office, at: erasure.propose(
                dossier.complaint, request_id, staff=staff, at=at, office=office
            ),
        )
        for one in complaint_ids
    ]


def grant(complaint_ids: Sequence[str], *, staff: Staff) -> list[Complaint]:
    """Grant what was proposed; its complainant is told before the address is gone.

    Erasing is begun right away; what was not begun is found by `check_sla`.
    """
    return [_grant(one, staff) for one in complaint_ids]


def _grant(complaint_id: str, staff: Staff) -> Complaint:
    changed = change(
        complaint_id,
        lambda dossier, office, at: erasure.grant(
            dossier.complaint, staff=staff, at=at, office=office
        ),
        lambda complaint, dossier, at: _answered(
            complaint, dossier, at, staff, outcome="granted", kind="erased"
        ),
    )
    go_on(lambda: orders.erase(complaint_id), "erasing not begun")
    return changed


def refuse(complaint_id: str, reason: str, *, staff: Staff) -> Complaint:
    """Refuse a disposal, or what a person has asked for; that person is told the reason."""
    return change(
        complaint_id,
        lambda dossier, office, at: erasure.refuse(
            dossier, reason, staff=staff, at=at, office=office
        ),
        lambda complaint, dossier, at: _answered(
            complaint, dossier, at, staff, outcome="refused", kind="erasure_refused", words=reason
        ),
    )


def _answered(
    complaint: Complaint, dossier: Dossier, at: datetime, staff: Staff, *, outcome: str,
    kind: str, words: str = "",
) -> tuple[Record, ...]:  # fmt: skip
    """Return the request as answered, with the letter that says so; nothing for a disposal."""
    asked = dossier.complaint.erasure
    if asked is None or asked.kind is not ErasureKind.PERSON:
        return ()
    request = open_request(dossier, asked.request_id, "erase")
    answered = request.replace(
        outcome=outcome, answered_by=staff.username, answered_at=at, reason=words, until=None
    )
    return (answered, *owed_to_complainant(kind, complaint, dossier, at=at, words=words))


def hand_over(complaint_id: str, request_id: str, *, staff: Staff) -> Complaint:
    """Record that a person was given the own data."""

    def verb(dossier: Dossier, _office: Office, at: datetime) -> tuple[Complaint, TrackingEntry]:
        return erasure.hand_over(dossier, request_id, staff=staff, at=at)

    return change(
        complaint_id,
        verb,
        lambda _, dossier, at: (
            open_request(dossier, request_id, "access").replace(
                outcome="handed_over", answered_by=staff.username, answered_at=at
            ),
        ),
    )


def open_request(dossier: Dossier, request_id: str, kind: str) -> PersonRequest:
    """Return a request of a complaint; raises InvalidInputError where it has none such."""
    for request in dossier.requests:
        if (request.request_id, request.kind) == (request_id, kind):
            return request
    raise InvalidInputError(f"there is no request {request_id}", text_id="error.request_unknown")


def of_same_person(complaint: Complaint) -> list[Complaint]:
    """Return the other complaints of the same person, the newest first."""
    if not complaint.person:
        return []
    complaints = ComplaintRepository.from_env()
    return complaints.of_person(complaint.person, besides=complaint.complaint_id)


def new_request(
    kind: str, request_id: str, complaints: Sequence[str], *, by: str, asker: str = "",
    identity: str = "",
) -> PersonRequest:  # fmt: skip
    """Return a request as it is recorded now."""
    return PersonRequest(
        request_id=request_id,
        kind="erase" if kind == "erase" else "access",
        asked_at=now(),
        by=by,
        asker=asker,
        identity=identity,
        complaints=tuple(complaints),
    )
