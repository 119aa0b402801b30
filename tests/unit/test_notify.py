"""Notify: in writing and by phone, and both are a must where both are possible (004 二)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from complaints import notify
from complaints.lifecycle import NotAllowedError
from complaints.models import Complainant, Complaint, Dossier, Outcome, Status, TrackingEntry
from tests.builders import (
    HANDLER,
    LI,
    NOBODY,
    OFFICE,
    OTHER_HEAD,
    after,
    answered,
    approved,
    assessed,
    investigated,
    later,
    phoned,
    received,
)

Way = Callable[[Dossier, Outcome], tuple[Complaint, TrackingEntry]]
BY_MAIL = Complainant(name="李", email="lina@example.com")
BY_PHONE = Complainant(phone="13800000001")
BY_POST = Complainant(name="李", address="幸福路1号")
BY_PHONE_AND_POST = Complainant(phone="13800000001", address="幸福路1号")


def approved_for(complainant: Complainant) -> Dossier:
    """Return the complaint of this complainant, its solution approved."""
    return approved(investigated(assessed(received(complainant=complainant))))


def posted(dossier: Dossier) -> Dossier:
    """Return the complaint after the notice went out on paper."""
    made = notify.post(
        dossier.complaint, dossier.complainant, staff=HANDLER, key=dossier.key,
        at=later(dossier, 1), office=OFFICE,
    )  # fmt: skip
    return after(dossier, made)


@pytest.mark.parametrize(
    ("complainant", "due"),
    [
        pytest.param(LI, ("phone",), id="the mail is on its way, the call is due"),
        pytest.param(BY_MAIL, (), id="nobody can phone without a number"),
        pytest.param(BY_PHONE, ("phone",), id="nobody can write without an address"),
        pytest.param(BY_PHONE_AND_POST, ("written", "phone"), id="both, the letter on paper"),
        pytest.param(BY_POST, ("written",), id="paper alone"),
        pytest.param(NOBODY, (), id="no way at all"),
    ],
)
def test_ways_due_are_those_that_lead_somewhere(
    complainant: Complainant, due: tuple[str, ...]
) -> None:
    """A way without an address is not asked for; every other one is."""
    assert notify.ways_due(approved_for(complainant).complaint, complainant, OFFICE) == due


def test_an_answer_on_the_web_does_not_replace_the_call() -> None:
    """004 二: both ways are a must; the answer is kept, the call is still due."""
    dossier = approved()
    dossier = after(dossier, answered(dossier, Outcome.ACCEPTED))
    assert dossier.complaint.status is Status.APPROVED
    assert dossier.complaint.reply_outcome is Outcome.ACCEPTED
    assert after(dossier, phoned(dossier, Outcome.ACCEPTED)).complaint.status is Status.RESPONDED


def test_the_call_alone_is_not_enough_where_a_letter_can_be_sent() -> None:
    """004 二, the other way round: the notice on paper completes the feedback."""
    dossier = approved_for(BY_PHONE_AND_POST)
    dossier = after(dossier, phoned(dossier, Outcome.ACCEPTED))
    assert dossier.complaint.status is Status.APPROVED
    assert posted(dossier).complaint.status is Status.RESPONDED


def test_paper_alone_completes_where_nobody_can_be_asked() -> None:
    """Who left only an address is told by post and can't be asked."""
    dossier = posted(approved_for(BY_POST))
    assert dossier.complaint.status is Status.RESPONDED
    assert dossier.complaint.reply_outcome is None


def test_a_mail_address_alone_waits_for_the_answer() -> None:
    """The notice is out; only the complainant's word leads on."""
    dossier = approved_for(BY_MAIL)
    assert dossier.complaint.status is Status.APPROVED
    answer = answered(dossier, Outcome.ACCEPTED)
    assert after(dossier, answer).complaint.status is Status.RESPONDED


@pytest.mark.parametrize("way", [answered, phoned])
def test_a_refusal_begins_another_round(way: Way) -> None:
    """C6: whether written or said on the phone, with new clocks and all ways to do again."""
    dossier = approved()
    complaint = after(dossier, way(dossier, Outcome.REFUSED)).complaint
    at = later(dossier, 1)
    assert (complaint.status, complaint.queue, complaint.round_at) == ("assessed", "service", at)
    assert (complaint.written_at, complaint.phoned_at, complaint.reply_outcome) == (None,) * 3
    assert complaint.clock
    assert complaint.clock.due_at == at + timedelta(hours=24)
    assert complaint.reopened == 0


def test_an_accepted_answer_may_still_be_taken_back() -> None:
    """Until the feedback is complete the complainant may change the mind."""
    dossier = approved()
    dossier = after(dossier, answered(dossier, Outcome.ACCEPTED))
    assert after(dossier, phoned(dossier, Outcome.REFUSED)).complaint.status is Status.ASSESSED


def test_after_three_calls_in_vain_it_goes_on() -> None:
    """Two change nothing but the count; the third is the confirmation that there is none."""
    dossier = approved()
    for attempts in (1, 2):
        dossier = after(dossier, phoned(dossier, Outcome.UNREACHABLE, hours=2))
        assert (dossier.complaint.status, dossier.complaint.attempts) == ("approved", attempts)
        assert dossier.entries[-1].action == "called_in_vain"
    dossier = after(dossier, phoned(dossier, Outcome.UNREACHABLE, hours=2))
    complaint = dossier.complaint
    assert (complaint.status, complaint.reply_outcome) == ("responded", Outcome.UNREACHABLE)
    assert complaint.attempts == 0
    assert dossier.entries[-1].action == "unreachable"


def test_calls_in_vain_do_not_wipe_out_an_answer() -> None:
    """Who accepted on the web and does not answer the phone has accepted."""
    dossier = approved()
    dossier = after(dossier, answered(dossier, Outcome.ACCEPTED))
    for _ in range(3):
        dossier = after(dossier, phoned(dossier, Outcome.UNREACHABLE, hours=2))
    assert dossier.complaint.status is Status.RESPONDED
    assert dossier.complaint.reply_outcome is Outcome.ACCEPTED


def test_another_department_tells_nothing() -> None:
    """Calls and letters are the department's, or the coordinator's."""
    dossier = approved_for(BY_PHONE_AND_POST)
    with pytest.raises(NotAllowedError):
        phoned(dossier, Outcome.ACCEPTED, staff=OTHER_HEAD)
    with pytest.raises(NotAllowedError):
        notify.post(
            dossier.complaint, dossier.complainant, staff=OTHER_HEAD, key=dossier.key,
            at=later(dossier, 1), office=OFFICE,
        )  # fmt: skip


def test_late_feedback_is_on_record() -> None:
    """The limit is the next working day."""
    dossier = approved()
    late = dossier.replace(
        entries=(*dossier.entries[:-1], dossier.entries[-1].replace(occurred_at=later(dossier, 96)))
    )
    _, entry = phoned(late, Outcome.ACCEPTED)
    assert entry.facts["late"] is True


def test_nobody_to_tell_is_nobody_to_wait_for() -> None:
    """A5: an anonymous complaint goes on to its quiet days."""
    dossier = approved_for(NOBODY)
    assert not notify.can_be_told(dossier.complainant)
    complaint, entry = notify.skip(
        dossier.complaint, key=dossier.key, at=later(dossier, 1), office=OFFICE
    )
    assert (complaint.status, complaint.must_call_back) == (Status.RESPONDED, False)
    assert entry.action == "nobody_to_notify"
