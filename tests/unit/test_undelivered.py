"""Letters that can't be sent: tried at growing gaps, given up once, told where it is read."""

from datetime import timedelta

import pytest

from complaints.gates import in_queues
from complaints.intake import read_news
from complaints.letters import owed
from complaints.models import Dossier, Letter
from complaints.particulars import letters
from complaints.undelivered import GIVE_UP, LONGEST_GAP, give_up, is_lost, put_off, refused
from tests.builders import AT, LI, OFFICE, QUALITY, approved, assessed, closed, received

MINUTE = timedelta(minutes=1)
LETTER = owed(received().complaint, "acknowledgement", LI.email, (), at=AT)


def test_gaps_grow_until_it_is_given_up() -> None:
    """From five minutes to six hours; three days come to some twenty tries."""
    letter, at, gaps = LETTER, AT, []
    while not is_lost(letter, at):
        letter = put_off(letter, at=at)
        assert letter.next_at
        gaps.append(letter.next_at - at)
        at = letter.next_at
    assert gaps[0] == 5 * MINUTE
    assert gaps == sorted(gaps)
    assert gaps[-1] == LONGEST_GAP
    assert at - AT >= GIVE_UP
    assert 15 < len(gaps) < 25


def test_what_is_refused_for_good_is_lost_at_once() -> None:
    """With what was said of it."""
    letter = refused(LETTER, "550 5.1.1", at=AT)
    assert (is_lost(LETTER, AT), is_lost(letter, AT)) == (False, True)
    assert letter.next_at == AT


@pytest.mark.parametrize("build", [received, assessed, closed])
def test_it_is_news_and_in_the_quality_office_until_read(build: object) -> None:
    """At every stage, closed complaints included; the status stays."""
    assert callable(build)
    dossier: Dossier = build()
    before, at = dossier.complaint, AT + timedelta(days=20)
    after, entry = give_up(dossier, refused(LETTER, "550", at=at), at=at, office=OFFICE)
    after = in_queues(after, before, OFFICE)
    assert (after.status, after.news_at) == (before.status, at)
    assert "quality_office" in (after.queue, *after.also)
    assert entry.facts == {"letter": LETTER.letter_id, "kind": "acknowledgement", "code": "550"}
    read, _ = read_news(after, staff=QUALITY, at=at)
    assert not {"news_at", "unreached_at"} & {
        name for name in ("news_at", "unreached_at") if getattr(read, name)
    }
    assert "quality_office" not in in_queues(read, after, OFFICE).also


def test_a_notice_that_never_went_has_told_nobody() -> None:
    """It stands as owed in writing again; any other letter changes nothing about that."""
    telling, at = approved(), AT + timedelta(days=20)
    assert telling.complaint.written_at
    notice = owed(telling.complaint, "notice", LI.email, (), at=AT)
    for letter, written in ((notice, False), (LETTER, True)):
        after, _ = give_up(telling, refused(letter, "550", at=at), at=at, office=OFFICE)
        assert bool(after.written_at) == written


def test_a_merged_complaint_stays_out_of_every_queue() -> None:
    """The entry is made; who is told is told by mail."""
    main, merged = received(), received(n=2)
    counted = merged.complaint.replace(
        merged_into=main.complaint.complaint_id, queue="", clock=None, clocks=()
    )
    lost = merged.replace(complaint=counted)
    after, entry = give_up(lost, refused(LETTER, "550", at=AT), at=AT, office=OFFICE)
    assert (after.queue, after.news_at, entry.action) == ("", None, "letter_given_up")


def test_a_corrected_address_gets_it_afresh() -> None:
    """Nothing of what the old address said is left."""
    known = received()
    lost: Letter = refused(LETTER, "550", at=AT).replace(given_up_at=AT)
    new = known.complainant.replace(email="new@example.com")
    known = known.replace(letters=(lost,))
    (again,) = letters(known, known.replace(complainant=new), at=AT + MINUTE)
    assert again == LETTER.replace(to="new@example.com", queued_at=AT + MINUTE)
