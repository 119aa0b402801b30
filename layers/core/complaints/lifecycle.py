"""The way of a complaint: which status may follow which, and the one function that moves it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from complaints.history import chained, commitment
from complaints.models import DISPOSAL, DISPOSED, Complaint, Status, TrackingEntry

NEXT: dict[Status, frozenset[Status]] = {
    # Settled on the spot (A9): there is nothing left to investigate, the answer was given.
    Status.RECEIVED: frozenset({Status.ASSESSED, Status.RESPONDED}),
    Status.ASSESSED: frozenset({Status.INVESTIGATED}),
    Status.INVESTIGATED: frozenset({Status.APPROVED, Status.ASSESSED}),
    Status.APPROVED: frozenset({Status.RESPONDED, Status.ASSESSED}),
    Status.RESPONDED: frozenset({Status.FOLLOWED_UP, Status.ASSESSED}),
    Status.FOLLOWED_UP: frozenset({Status.CLOSED}),
    # The complainant comes back (000): the same number, handled once more.
    Status.CLOSED: frozenset({Status.ASSESSED}),
}
UNAPPROVED = (Status.RECEIVED, Status.ASSESSED, Status.INVESTIGATED)
"""Where a complaint can still be voided: no solution is approved."""
LINE = tuple(Status)
"""The stages in their order, for "is it past this one?"."""


class ComplaintError(Exception):
    """Base of what can be wrong with a request about a complaint; nothing was changed.

    ComplaintError
    ├── NotAllowedError          this person may not do this (four eyes, role, department)
    ├── WrongStatusError         the complaint is not where this step expects it
    ├── InvalidInputError        what was sent is not usable; `text_id` names the sentence to show
    └── (aws)
        ├── UnknownComplaintError
        ├── StaleComplaintError  somebody else saved first
        ├── ConflictError        the same mail or form came with other content
        ├── KeyDestroyedError    its personal data are erased
        └── PolicyMissingError   the policy that it was received under can't be had
    """

    text_id = "error.unexpected"

    def __init__(
        self, message: str, *, text_id: str = "", codes: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.text_id = text_id or self.text_id
        self.codes = codes or {}
        """What the sentence names, as codes: `department`, `record`; a page puts them in words."""


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
    """Raise WrongStatusError unless the complaint has one of these statuses.

    One that is counted with another has no steps of its own: it goes the way of that one (B5).
    """
    if complaint.merged_into:
        raise is_merged(complaint)
    if complaint.status not in allowed:
        wanted = ", ".join(allowed)
        raise WrongStatusError(f"{complaint.complaint_id} is {complaint.status}, not {wanted}")


def expect_words(words: str, text_id: str = "error.words_missing") -> None:
    """Raise InvalidInputError where nothing was written that a step needs; `text_id` says what."""
    if not words.strip():
        raise InvalidInputError("words are missing", text_id=text_id)


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

    With the stage ends what only concerned its limit: a pause, and a longer limit that was asked
    for. With the complaint end the clocks beside it, but for an emergency that nobody has
    answered yet.
    """
    if complaint.erasure and complaint.erasure.begun_at and action != "erased":
        raise is_erased(complaint)
    to = status or complaint.status
    if to is not complaint.status:
        if to not in _next(complaint):
            raise WrongStatusError(
                f"{complaint.complaint_id}: {complaint.status} -> {to} is no way"
            )
        changes = {"pause": None, "extension": None, **changes}
        if complaint.pause:
            facts = {**(facts or {}), "resumed": True}
        if to is Status.CLOSED:
            urgent = tuple(one for one in complaint.clocks if one.what == "emergency")
            changes = {"clocks": urgent, **changes}
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
        **{
            **changes,
            "status": to,
            "digest": entry.digest,
            "version": entry.number,
            "changed_on": at.astimezone(UTC).date(),
        }
    )
    waits = changed.queue and not changed.queue.startswith((DISPOSAL, DISPOSED))
    if changed.merged_into and (waits or changed.clock or changed.clocks):
        raise is_merged(changed)
    return changed, entry


def is_erased(complaint: Complaint) -> WrongStatusError:
    """Return what is wrong with changing a complaint whose personal data are gone, or going."""
    return WrongStatusError(f"{complaint.complaint_id} is erased", text_id="error.erased")


def is_merged(complaint: Complaint) -> WrongStatusError:
    """Return what is wrong with handling a merged complaint: another one is handled for it."""
    return WrongStatusError(
        f"{complaint.complaint_id} is counted with {complaint.merged_into}",
        text_id="error.is_merged",
    )


def _next(complaint: Complaint) -> frozenset[Status]:
    """Return the statuses that may follow.

    A voided complaint goes to the archive at once; a merged one closes with the one it is part of.
    """
    if complaint.voided and complaint.status in UNAPPROVED:
        return frozenset({Status.FOLLOWED_UP})
    if not complaint.merged_into:
        return NEXT[complaint.status]
    received = complaint.status is Status.RECEIVED
    return frozenset({Status.CLOSED, Status.ASSESSED} if received else {Status.CLOSED})
