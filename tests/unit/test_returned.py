"""Letters that came back: which one it was, and what its return changes."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.matters import put_aside
from complaints.models import Dossier, Letter
from complaints.number import reply_address
from complaints.parts import Correction
from complaints.proxies import is_unreached, reachable
from complaints.returned import (
    Kind,
    is_noted,
    letter_of,
    note,
    number_in,
    reply_addresses,
    tell_main,
)
from tests.builders import AT, CODE, LI, NUMBER, OFFICE, QUALITY, approved, received

LATER = AT + timedelta(days=1)


def letter(n: int, to: str = LI.email, kind: str = "progress", **sides: object) -> Letter:
    """Return a letter that went out n minutes after receipt."""
    at = AT + timedelta(minutes=n)
    sent = Letter(
        letter_id=f"{n:06}-{kind}",
        kind=kind,
        to=to,
        language="zh_CN",
        queued_at=at,
        sent_at=at,
        message_id=f"id{n}",
    )
    return sent.replace(**sides)


def with_letters(*letters: Letter, dossier: Dossier | None = None) -> Dossier:
    """Return a complaint that wrote these letters."""
    return (dossier or received()).replace(letters=letters)


def test_our_addresses_are_found_in_any_text() -> None:
    """Also where a mail system has broken the line; each once, however often it stands there."""
    ours = reply_address("complaints@example.com", NUMBER, CODE)
    broken = f"Reply-To: {ours[:20]}=\r\n{ours[20:]}\r\nTo: <{ours}> a+b@example.com"
    found = reply_addresses(broken)
    assert [number for number, _ in found] == [NUMBER]


@given(st.text(max_size=500))
def test_any_text_may_be_searched(text: str) -> None:
    """A report is a stranger's mail."""
    assert len(reply_addresses(text)) <= 20
    assert isinstance(number_in(text), str)


@pytest.mark.parametrize(
    ("about", "wanted"),
    [
        ({"message_id": "<ID1@email.amazonses.com>"}, 1),
        ({"message_id": "<id1@x>", "recipients": ["else@example.org"]}, 1),
        ({"recipients": ["LINA@example.com"]}, 3),
        ({"recipients": ["he@example.com"]}, 2),
        ({"has_token": True}, 3),
        ({"recipients": ["else@example.org"]}, 0),
        ({}, 0),
    ],
)
def test_the_surest_sign_says_which_letter_it_was(about: dict[str, object], wanted: int) -> None:
    """Its id, then who was not reached; only who holds the token needs neither."""
    dossier = with_letters(letter(1), letter(2, "he@example.com", "reminder"), letter(3))
    asked = {"message_id": "", "recipients": (), "has_token": False} | about
    found = letter_of(dossier, **asked)  # type: ignore[arg-type]
    assert (found.letter_id if found else "")[:6] == (f"{wanted:06}" if wanted else "")


def test_what_was_never_sent_cannot_come_back() -> None:
    """A letter that is still owed is none."""
    dossier = with_letters(letter(1, sent_at=None))
    assert letter_of(dossier, message_id="id1", recipients=[LI.email], has_token=True) is None


@pytest.mark.parametrize("kind", ["permanent", "temporary", "unwanted"])
def test_each_return_is_noted_once(kind: Kind) -> None:
    """A delay says nothing of the address; a return is news."""
    dossier = with_letters(letter(1))
    assert not is_noted(dossier, letter(1), kind)
    complaint, entry = note(dossier, letter(1), kind, "5.1.1", at=LATER, office=OFFICE)
    assert (complaint.news_at is None) == (kind == "temporary")
    marked = letter(1) if kind == "temporary" else letter(1, bounced_at=LATER)
    after = dossier.replace(entries=(*dossier.entries, entry), letters=(marked,))
    assert is_noted(after, marked, kind)
    assert is_unreached(LI.email, after) == (kind != "temporary")


def test_a_notice_that_came_back_is_to_be_given_again() -> None:
    """Unless somebody else got the same, who may be told everything."""
    dossier = approved().replace()
    dossier = dossier.replace(complaint=dossier.complaint.replace(written_at=AT))
    alone = with_letters(letter(1, kind="notice"), dossier=dossier)
    both = with_letters(
        letter(1, kind="notice"),
        letter(1, "wu@example.com", "notice", letter_id="000001-notice-p1"),
        dossier=dossier,
    )
    made, _ = note(alone, alone.letters[0], "permanent", "5.1.1", at=LATER, office=OFFICE)
    assert made.written_at is None
    made, _ = note(both, both.letters[0], "permanent", "5.1.1", at=LATER, office=OFFICE)
    assert made.written_at == AT


def test_an_address_that_is_entered_once_more_is_written_to_again() -> None:
    """Whoever corrects it says that it holds now; an earlier correction says nothing."""
    dossier = with_letters(letter(1, bounced_at=AT))
    assert reachable(dossier).email == ""
    entered = Correction(
        correction_id="c", by=QUALITY.username, at=LATER, before={}, after={"email": LI.email}
    )
    assert reachable(dossier.replace(corrections=(entered,))).email == LI.email
    earlier = entered.replace(at=AT - timedelta(days=1))
    assert reachable(dossier.replace(corrections=(earlier,))).email == ""


def test_the_main_complaint_has_it_as_news() -> None:
    """B5: a merged one is in no queue."""
    main, entry = tell_main(
        received().complaint, "TS-2026-000002-5", owes=True, at=LATER, office=OFFICE
    )
    assert (main.news_at, main.untold) == (LATER, 1)
    assert entry.facts == {"complaint": "TS-2026-000002-5"}


def test_a_merged_complainant_whose_notice_came_back_is_to_be_told() -> None:
    """By phone or by post; who has no other way is not waited for."""
    dossier = with_letters(letter(1, kind="notice"))
    merged = dossier.replace(complaint=put_aside(dossier.complaint).replace(merged_into="TS-1"))
    made, _ = note(merged, merged.letters[0], "permanent", "5.1.1", at=LATER, office=OFFICE)
    assert made.untold_at == LATER
    nobody = merged.replace(complainant=LI.replace(phone=""))
    made, _ = note(nobody, nobody.letters[0], "permanent", "5.1.1", at=LATER, office=OFFICE)
    assert made.untold_at is None
