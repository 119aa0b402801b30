"""The way of a complaint: which status may follow which, and the one function that moves it."""

from datetime import datetime
from typing import Any

from complaints.history import chained, commitment
from complaints.models import Complaint, Status, TrackingEntry

NEXT: dict[Status, frozenset[Status]] = {
    # Settled on the spot (A9): there is nothing left to investigate, the answer was given.
    Status.RECEIVED: frozenset({Status.ASSESSED, Status.RESPONDED}),
    Status.ASSESSED: frozenset({Status.INVESTIGATED}),
    Status.INVESTIGATED: frozenset({Status.APPROVED, Status.ASSESSED}),
    Status.APPROVED: frozenset({Status.RESPONDED, Status.ASSESSED}),
    Status.RESPONDED: frozenset({Status.FOLLOWED_UP, Status.ASSESSED}),
    Status.FOLLOWED_UP: frozenset({Status.CLOSED}),
    Status.CLOSED: frozenset(),
}
LINE = tuple(Status)
"""The stages in their order, for "is it past this one?"."""


class ComplaintError(Exception):
    """Base of what can be wrong with a request about a complaint; nothing was changed.

    ComplaintError
    ├── NotAllowedError          this person may not do this (four eyes, role, department)
    ├── WrongStatusError         the complaint is not where this step expects it
    ├── InvalidInputError        what was sent is not usable; `text_id` names the sentence to show
    └── (aws.repository)
        ├── UnknownComplaintError
        └── StaleComplaintError  somebody else saved first
    """

    text_id = "error.unexpected"

    def __init__(self, message: str, *, text_id: str = "") -> None:
        super().__init__(message)
        self.text_id = text_id or self.text_id


class NotAllowedError(ComplaintError):
    """This person may not do this."""

    text_id = "error.not_allowed"


class WrongStatusError(ComplaintError):
    """The complaint is not where this step expects it."""

    text_id = "error.wrong_status"


class InvalidInputError(ComplaintError):
    """What was sent is not usable."""

    text_id = "error.invalid_input"


def is_past(complaint: Complaint, status: Status) -> bool:
    """Return whether the complaint has reached `status`, or gone beyond it."""
    return LINE.index(complaint.status) >= LINE.index(status)


def expect(complaint: Complaint, *allowed: Status) -> None:
    """Raise WrongStatusError unless the complaint has one of these statuses."""
    if complaint.status not in allowed:
        wanted = ", ".join(allowed)
        raise WrongStatusError(f"{complaint.complaint_id} is {complaint.status}, not {wanted}")


def record(
    complaint: Complaint,
    action: str,
    *,
    at: datetime,
    actor: str,
    status: Status | None = None,
    facts: dict[str, str | int | bool | None] | None = None,
    personal: object = None,
    key: bytes = b"",
    **changes: Any,  # noqa: ANN401 - fields of Complaint, validated by replace
) -> tuple[Complaint, TrackingEntry]:
    """Return the complaint after `action`, and the entry of its history that says so.

    Every change of a complaint goes through here, so no change is without its entry and no
    status is reached by a way that NEXT doesn't know. `personal` is committed to, not kept.
    """
    to = status or complaint.status
    if to is not complaint.status and to not in NEXT[complaint.status]:
        raise WrongStatusError(f"{complaint.complaint_id}: {complaint.status} -> {to} is no way")
    entry = chained(
        TrackingEntry(
            number=complaint.version + 1,
            occurred_at=at,
            actor=actor,
            action=action,
            status=to,
            facts=facts or {},
            commitment=commitment(personal, key) if personal else "",
        ),
        previous=complaint.digest,
    )
    changed = complaint.replace(
        **{**changes, "status": to, "digest": entry.digest, "version": entry.number}
    )
    return changed, entry
