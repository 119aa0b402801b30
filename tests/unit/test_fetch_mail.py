"""How far a mailbox was read: no mail is ever left behind, whatever order things happen in."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.fetch_mail import (
    LONGEST_GAP,
    LONGEST_REFUSAL,
    MOST_WAITING,
    TRIES,
    Place,
    anew,
    due,
    gap,
    grown,
    is_hopeless,
    refused,
    settled,
    tried,
)

AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PLACE = Place(uid_validity=7, reached=10, listed_at=AT)


def test_what_is_above_waits_once() -> None:
    """A server answers `11:*` with the last mail also where that is the tenth."""
    assert grown(PLACE, [10], at=AT) == PLACE
    place = grown(PLACE, [12, 10, 11, 12], at=AT)
    assert (place.reached, due(place, AT)) == (12, (11, 12))
    assert grown(place, [12], at=AT) == place


def test_a_place_that_says_nothing_new_is_not_written_every_minute() -> None:
    """Once an hour it is, so that a folder with new numbers is known from when on to read again."""
    assert grown(PLACE, [], at=AT + 59 * MINUTE) is PLACE
    assert grown(PLACE, [], at=AT + 60 * MINUTE).listed_at == AT + 60 * MINUTE


def test_very_many_mails_wait_in_turns() -> None:
    """What does not fit is listed when there is room; none is passed over."""
    many = range(11, 11 + MOST_WAITING + 5)
    place = grown(PLACE, many, at=AT)
    assert (len(place.waiting), place.reached) == (MOST_WAITING, 10 + MOST_WAITING)
    for uid in list(place.waiting)[:7]:
        place = settled(place, uid)
    assert grown(place, many, at=AT).reached == many[-1]


def test_a_folder_with_unknown_numbers_starts_above_all_it_has() -> None:
    """Also where the server does not say what the next number is."""
    assert anew([3, 9], validity=8, next_uid=20, at=AT).reached == 19
    assert anew([3, 9], validity=8, next_uid=1, at=AT).reached == 9


def test_who_failed_comes_after_who_was_never_tried() -> None:
    """And not before its gap is over."""
    place = tried(grown(PLACE, [11, 12], at=AT), 11, at=AT)
    assert due(place, AT) == (12,)
    assert due(place, AT + MINUTE) == (12, 11)


def test_a_mail_is_hopeless_after_ten_tries() -> None:
    """Not before: a server may be out of order for hours."""
    place, at = grown(PLACE, [11], at=AT), AT
    for _ in range(TRIES):
        assert not is_hopeless(place, 11)
        place = tried(place, 11, at=at)
        at += LONGEST_GAP
    assert is_hopeless(place, 11)


def test_a_refused_sign_in_waits_longer_each_time() -> None:
    """Up to a quarter of an hour; the first listing forgets it."""
    place, waits = PLACE, []
    for _ in range(7):
        place = refused(place, at=AT)
        assert place.next_at
        waits.append((place.next_at - AT) // MINUTE)
    assert waits == [1, 2, 4, 8, 16, 16, 16]
    again = grown(place, [], at=AT)
    assert (again.refusals, again.next_at) == (0, None)


@pytest.mark.parametrize("longest", [LONGEST_GAP, LONGEST_REFUSAL])
@given(tries=st.integers(1, 10_000))
def test_gaps_grow_to_their_longest(longest: timedelta, tries: int) -> None:
    """Never shorter than the one before."""
    assert MINUTE <= gap(tries, longest) <= gap(tries + 1, longest) <= longest


@given(st.lists(st.tuples(st.sampled_from(["arrive", "try", "settle"]), st.integers(0, 9))))
def test_every_mail_is_settled_or_waits(steps: list[tuple[str, int]]) -> None:
    """Whatever the order: what is not above `reached` and was not settled is waiting."""
    place, there, done = PLACE, set[int](), set[int]()
    for step, n in steps:
        if step == "arrive":
            there.add(max(there, default=10) + 1 + n)
            place = grown(place, there, at=AT)
        elif place.waiting:
            uid = sorted(place.waiting)[n % len(place.waiting)]
            place = tried(place, uid, at=AT)
            if step == "settle":
                place = settled(place, uid)
                done.add(uid)
    assert set(place.waiting) == there - done
