"""The people of the organisation: absences, deputies in a chain, what may be entered."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.models import Absence, Role, Staff
from complaints.people import (
    Change,
    acting,
    by_name,
    day_of,
    has_left,
    is_there,
    loses_last_administrator,
    problems_of,
    stand_in,
)
from complaints.roles import holds, may_approve, may_see, may_work_on
from tests.builders import HANDLER, HEAD, OFFICE, OTHER_HEAD, QUALITY, assessed, investigated

DAY = date(2026, 11, 20)
AWAY = (Absence(first=DAY, last=DAY + timedelta(days=2)),)
ROOT = Staff(username="root", name="管", email="r@example.com", roles=(Role.ADMINISTRATOR,))


def test_both_days_of_an_absence_are_absent() -> None:
    """The first and the last day count, the days beside them do not."""
    away = HEAD.replace(absences=AWAY)
    there = [is_there(away, DAY + timedelta(days=n)) for n in (-1, 0, 2, 3)]
    assert there == [True, False, False, True]


def test_the_last_day_is_still_worked() -> None:
    """From the day after, a person has left."""
    gone = HEAD.replace(left_on=DAY)
    assert [has_left(gone, DAY), has_left(gone, DAY + timedelta(days=1))] == [False, True]


def test_a_day_is_that_of_the_office() -> None:
    """At 17:00 in London the next day has begun in Shanghai."""
    assert day_of(datetime(2026, 11, 20, 17, tzinfo=UTC), OFFICE) == date(2026, 11, 21)


def test_deputies_go_in_a_chain() -> None:
    """Who is absent too passes it on; who may not is skipped; a ring ends."""
    one = HEAD.replace(username="a", deputy="b", absences=AWAY)
    two = HEAD.replace(username="b", deputy="c", absences=AWAY)
    three = HEAD.replace(username="c", deputy="d")
    four = HEAD.replace(username="d")
    known = by_name([one, two, three, four])
    assert stand_in(one, known, DAY) == three
    assert stand_in(one, known, DAY, may=lambda member: member.username != "c") == four
    ring = by_name([one, two.replace(deputy="a")])
    assert stand_in(one, ring, DAY) is None


@given(
    deputies=st.lists(st.integers(0, 7), min_size=8, max_size=8),
    absent=st.sets(st.integers(0, 7)),
)
def test_a_chain_always_ends(deputies: list[int], absent: set[int]) -> None:
    """Whatever people name one another, the search ends with somebody who is there, or nobody."""
    staff = [
        HEAD.replace(username=f"p{n}", deputy=f"p{of}", absences=AWAY if n in absent else ())
        for n, of in enumerate(deputies)
    ]
    for one in staff:
        found = stand_in(one, by_name(staff), DAY)
        assert found is None or (is_there(found, DAY) and found != one)


def test_a_deputy_has_the_rights_of_who_is_absent() -> None:
    """For the head of another department too, and only on those days."""
    away = HEAD.replace(absences=AWAY, deputy=OTHER_HEAD.username)
    complaint = investigated().complaint
    assert not may_approve(complaint, OTHER_HEAD, OFFICE)
    deputy = acting(OTHER_HEAD, [away, OTHER_HEAD], DAY)
    assert may_approve(complaint, deputy, OFFICE)
    assert may_see(complaint, deputy)
    assert not may_approve(
        complaint, acting(OTHER_HEAD, [away, OTHER_HEAD], DAY + timedelta(days=9)), OFFICE
    )


def test_a_deputy_stays_the_person_that_the_deputy_is() -> None:
    """Who investigated does not sign for the absent head, and who is complained about nothing."""
    away = HEAD.replace(absences=AWAY, deputy=HANDLER.username)
    deputy = acting(HANDLER, [away, HANDLER], DAY)
    assert not may_approve(investigated().complaint, deputy, OFFICE)
    for barred in (HANDLER.username, HEAD.username):
        complaint = assessed().complaint.replace(respondents=(barred,))
        assert not holds(deputy, Role.DEPARTMENT_HEAD, complaint, OFFICE)
    assert may_work_on(assessed().complaint, deputy)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": "L i"}, "username"),
        ({"name": ""}, "name"),
        ({"roles": ()}, "roles"),
        ({"department": ""}, "department"),
        ({"department": "moon"}, "department"),
        ({"posts": ("pope",)}, "posts"),
        ({"deputy": "he"}, "deputy"),
        ({"deputy": "nobody"}, "deputy"),
        ({"absences": (Absence(first=DAY, last=DAY - timedelta(days=1)),)}, "absences"),
        ({"absences": AWAY * 21}, "absences"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(changes: dict[str, object], field: str) -> None:
    """One wrong field gives one problem, at that field."""
    member = HEAD.replace(**changes)
    assert set(problems_of(member, {**by_name([HANDLER]), member.username: member}, OFFICE)) == {
        field
    }


def test_a_right_entry_has_no_problem() -> None:
    """A deputy who is known is fine."""
    member = HEAD.replace(deputy=HANDLER.username, absences=AWAY)
    assert problems_of(member, by_name([HANDLER, member]), OFFICE) == {}


def test_the_last_administrator_stays() -> None:
    """Neither taking the role away nor leaving may lock everybody out."""
    assert loses_last_administrator([ROOT], [ROOT.replace(roles=(Role.INTAKE,))], DAY)
    assert loses_last_administrator([ROOT], [ROOT.replace(left_on=DAY - timedelta(days=1))], DAY)
    assert not loses_last_administrator([ROOT, QUALITY], [ROOT], DAY)
    assert not loses_last_administrator([QUALITY], [], DAY)


def test_a_change_names_its_fields() -> None:
    """Of a new person all that is set, of a known one what differs."""
    at = datetime(2026, 11, 20, tzinfo=UTC)
    assert Change(by="root", at=at, after=QUALITY).fields == ("name", "email", "roles")
    moved = Change(by="root", at=at, before=HEAD, after=HEAD.replace(department="finance"))
    assert moved.fields == ("department",)
