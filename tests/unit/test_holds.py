"""Legal holds: by whom, and what they stop (F6)."""

from datetime import timedelta
from typing import Any

import pytest

from complaints import holds
from complaints.lifecycle import ComplaintError, InvalidInputError, NotAllowedError
from complaints.models import DISPOSAL, Dossier, Role, Staff
from complaints.parts import Erasure, ErasureKind, Hold
from tests.builders import (
    AT,
    HANDLER,
    HEAD,
    MANAGER,
    OFFICE,
    QUALITY,
    after,
    assessed,
    closed,
    later,
)

OTHER = MANAGER.replace(username="mu")
ADMIN = Staff(username="an", name="安", email="an@example.com", roles=(Role.ADMINISTRATOR,))
REASON = "法院来函，要求保全。"


def hold(number: int = 1, **sides: Any) -> Hold:  # noqa: ANN401 - fields of Hold
    """Return a hold that a manager sets."""
    return Hold(hold_id=f"h{number}", by=MANAGER.username, at=AT, reason=REASON, **sides)


def held(dossier: Dossier, one: Hold, staff: Staff = MANAGER) -> Dossier:
    """Return a complaint with one more hold."""
    at = later(dossier, 1)
    made = holds.set_hold(dossier, one, staff=staff, at=at, office=OFFICE)
    return after(dossier, made, holds=one.replace(by=staff.username))


def test_a_hold_is_counted_and_on_record_without_its_words() -> None:
    """The head says how many stand; the history holds a commitment and no word."""
    dossier = held(held(closed(), hold(1)), hold(2), ADMIN)
    entry = dossier.entries[-1]
    assert dossier.complaint.holds == 2
    assert (entry.action, entry.facts) == ("held", {"hold": "h2", "holds": 2})
    assert entry.commitment
    assert REASON not in str(entry)


@pytest.mark.parametrize("staff", [HANDLER, HEAD, QUALITY])
def test_only_whom_the_policy_names_holds(staff: Staff) -> None:
    """Who handles complaints does not say what is kept of them."""
    with pytest.raises(NotAllowedError):
        held(closed(), hold(), staff)


@pytest.mark.parametrize(
    "part",
    [
        {"investigator": MANAGER.username},
        {"predecessors": (MANAGER.username,)},
        {"approver": MANAGER.username},
        {"members": (MANAGER.username,)},
        {"respondents": (MANAGER.username,)},
    ],
)
def test_nobody_holds_a_complaint_of_the_own(part: dict[str, Any]) -> None:
    """Neither who handled, signed nor is complained about, whatever the role."""
    dossier = closed()
    concerned = dossier.replace(complaint=dossier.complaint.replace(**part))
    assert not holds.may_hold(concerned.complaint, MANAGER, OFFICE)
    assert holds.may_hold(concerned.complaint, OTHER, OFFICE)


def test_a_hold_needs_a_reason() -> None:
    """State unchanged without one."""
    with pytest.raises(InvalidInputError):
        held(closed(), hold().replace(reason="  "))


def test_another_one_lifts_it_once() -> None:
    """Not who set it; not twice; not one that never was."""
    dossier = held(closed(), hold())
    at = later(dossier, 1)

    def lift(of: Dossier, hold_id: str, staff: Staff, reason: str = "结案") -> Dossier:
        made = holds.lift(of, hold_id, reason, staff=staff, at=at, office=OFFICE)
        kept = holds.lifted(of, hold_id, reason, staff, at)
        return of.replace(complaint=made[0], entries=(*of.entries, made[1]), holds=(kept,))

    for staff, hold_id, reason in (
        (MANAGER, "h1", "结案"), (OTHER, "h9", "结案"), (OTHER, "h1", " "), (QUALITY, "h1", "结案"),
    ):  # fmt: skip
        with pytest.raises(ComplaintError):
            lift(dossier, hold_id, staff, reason)
    free = lift(dossier, "h1", OTHER)
    assert free.complaint.holds == 0
    assert not free.holds[0].stands
    with pytest.raises(InvalidInputError):
        lift(free, "h1", OTHER)


def test_a_hold_takes_a_complaint_off_the_list_and_the_last_one_lifted_puts_it_back() -> None:
    """What was granted is off; retention counts again as before."""
    dossier = closed()
    due = dossier.complaint.dispose_at
    assert due
    granted = Erasure(
        request_id="r", kind=ErasureKind.DISPOSAL, asked_at=AT, proposed_by="qiu",
        granted_by="mu", granted_at=AT,
    )  # fmt: skip
    listed = dossier.complaint.replace(
        queue="", erasure=granted, look_again_at=due + timedelta(minutes=5)
    )
    kept = held(dossier.replace(complaint=listed), hold()).complaint
    assert (kept.erasure, kept.look_again_at, kept.next_at) == (None, None, None)
    assert kept.replace(holds=0).next_at == due
    waiting = dossier.replace(complaint=dossier.complaint.replace(queue=DISPOSAL))
    assert held(waiting, hold()).complaint.queue == ""


def test_an_open_complaint_is_held_as_it_is() -> None:
    """It stays where it is on the line."""
    before = assessed()
    changed = held(before, hold()).complaint
    assert changed.queue == before.complaint.queue
    assert changed.clock == before.complaint.clock
