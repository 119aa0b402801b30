"""Rounds: the draw of 20 per cent, and what a new round leaves behind."""

import hashlib
from datetime import UTC, datetime

import msgspec
import pytest

from complaints.models import Complainant
from complaints.office import Office
from complaints.policy import FollowUp
from complaints.rounds import closing_clock, follow_up_begins, is_late, promised_at
from tests.builders import (
    AT,
    DRAWN_KEY,
    MAJOR,
    OFFICE,
    QUIET_KEY,
    approved,
    assessed,
    decided,
    investigated,
    received,
)

KEYS = [hashlib.sha256(f"key {n}".encode()).digest() for n in range(2000)]
COMPLAINT = approved().complaint


def office_with(follow_up: FollowUp) -> Office:
    """Return an office whose policy has these rules of follow-up."""
    return Office(
        policy=msgspec.structs.replace(OFFICE.policy, follow_up=follow_up), zone=OFFICE.zone
    )


def called(key: bytes, office: Office = OFFICE, **sides: bool) -> bool:
    """Return whether the complaint with this key must be called back."""
    complaint = COMPLAINT.replace(**sides)
    begun = follow_up_begins(complaint, key=key, at=AT, office=office)
    return bool(begun["must_call_back"])


def test_about_a_fifth_is_called_back() -> None:
    """004 三: 20 per cent; of two thousand 400, give or take three standard deviations."""
    assert 346 <= sum(map(called, KEYS)) <= 454


def test_the_draw_can_be_repeated() -> None:
    """An auditor who has the key finds the same result."""
    assert [called(key) for key in KEYS[:200]] == [called(key) for key in KEYS[:200]]


def test_the_draw_is_the_keys_alone() -> None:
    """Number, department and time have no say: nobody can steer it."""
    other = COMPLAINT.replace(complaint_id="TS-2026-000002-4", department="finance")
    for key in KEYS[:50]:
        begun = follow_up_begins(other, key=key, at=AT, office=OFFICE)
        assert begun["must_call_back"] == called(key)


@pytest.mark.parametrize(("share", "drawn"), [(0.0, 0), (1.0, 100)])
def test_the_share_is_the_policys(share: float, drawn: int) -> None:
    """Nobody and everybody are shares as well."""
    rules = FollowUp(callback_share=share, quiet_days=7)
    assert sum(called(key, office_with(rules)) for key in KEYS[:100]) == drawn


def test_nobody_calls_who_left_no_way() -> None:
    """Anonymous complaints are exempt, and could not be called anyway."""
    assert not any(called(key, anonymous=True) for key in KEYS[:100])


def test_settled_on_the_spot_is_exempt_where_the_policy_says_so() -> None:
    """000 exempts them; another policy may not."""
    assert not called(DRAWN_KEY, settled_on_spot=True)
    strict = FollowUp(callback_share=0.2, quiet_days=7, exempt=("anonymous",))
    assert called(DRAWN_KEY, office_with(strict), settled_on_spot=True)


def test_a_call_has_a_limit_and_quiet_days_have_an_end() -> None:
    """Five working days for who is called, seven days of the calendar for who is not."""
    drawn = follow_up_begins(COMPLAINT, key=DRAWN_KEY, at=AT, office=OFFICE)
    quiet = follow_up_begins(COMPLAINT, key=QUIET_KEY, at=AT, office=OFFICE)
    assert (drawn["queue"], quiet["queue"]) == ("quality_office", "")
    assert drawn["clock"].due_at == datetime(2026, 11, 27, 15, 59, 59, tzinfo=UTC)
    assert quiet["clock"].due_at == datetime(2026, 11, 27, 1, 0, tzinfo=UTC)
    assert quiet["clock"].next_at == quiet["clock"].due_at


def test_the_limit_itself_is_not_late() -> None:
    """On time is up to and including the last second."""
    complaint = assessed().complaint
    assert complaint.clock
    assert not is_late(complaint, complaint.clock.due_at)
    assert is_late(complaint, complaint.clock.due_at.replace(second=1))
    assert not is_late(complaint.replace(clock=None), AT)


def test_closing_waits_for_nobody_longer_than_an_hour() -> None:
    """A complaint that only has to be filed and is not, is somebody's business soon."""
    assert closing_clock(AT).next_at == AT.replace(hour=2)


@pytest.mark.parametrize(("text", "day"), [("前台态度恶劣。", 25), (MAJOR, 31)])
def test_the_promise_is_the_limit_of_the_solution(text: str, day: int) -> None:
    """A7: three or seven working days from receipt."""
    expected = datetime(2026, 11, 25, 15, 59, 59, tzinfo=UTC)
    if day > 30:
        expected = expected.replace(month=12, day=1)
    assert promised_at(assessed(received(text)).complaint, OFFICE) == expected


def test_a_new_round_has_a_new_promise() -> None:
    """What is sent back is promised anew, from the day it was sent back."""
    again = decided(investigated(hours=24 * 3), approved=False, reason="x").complaint
    assert promised_at(again, OFFICE) == datetime(2026, 11, 26, 15, 59, 59, tzinfo=UTC)


def test_an_anonymous_complaint_closes_after_quiet_days() -> None:
    """With no way to ask, seven days of silence are the answer."""
    dossier = approved(investigated(assessed(received(complainant=Complainant()))))
    begun = follow_up_begins(dossier.complaint, key=DRAWN_KEY, at=AT, office=OFFICE)
    assert begun["must_call_back"] is False
