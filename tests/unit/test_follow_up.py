"""Follow-up: is the complainant satisfied? Asked by survey, by call, or by seven quiet days."""

from datetime import timedelta

import pytest

from complaints import follow_up, intake
from complaints.console.tasks import asks
from complaints.lifecycle import InvalidInputError, NotAllowedError, WrongStatusError
from complaints.models import Dossier, Outcome, Role, Staff, Status
from tests.builders import (
    DRAWN_KEY,
    HANDLER,
    HEAD,
    MANAGER,
    OFFICE,
    QUALITY,
    after,
    approved,
    assessed,
    called_back,
    closed,
    contact,
    followed_up,
    investigated,
    later,
    rated,
    received,
    responded,
)

INTAKE = Staff(username="yin", name="尹", email="", roles=(Role.INTAKE,))
OWN_QUALITY = HANDLER.replace(roles=(Role.QUALITY_OFFICE,))


def to_call_back() -> Dossier:
    """Return a complaint whose complainant was drawn for a call."""
    return responded(approved(investigated(assessed(received(key=DRAWN_KEY)))))


def test_a_survey_ends_the_follow_up() -> None:
    """D2: score and outcome are kept, the words are committed to."""
    dossier = responded()
    complaint, entry = rated(dossier, Outcome.SATISFIED)
    assert (complaint.status, complaint.satisfaction) == (Status.FOLLOWED_UP, 5)
    assert complaint.follow_up_outcome is Outcome.SATISFIED
    assert (complaint.queue, entry.actor) == ("", "complainant")
    assert entry.commitment


@pytest.mark.parametrize("drawn", [True, False])
def test_the_dissatisfied_are_heard_again(*, drawn: bool) -> None:
    """D5: reopened with its history, counted, with clocks of its own."""
    dossier = to_call_back() if drawn else responded()
    made = (called_back if drawn else rated)(dossier, Outcome.DISSATISFIED)
    complaint, at = made[0], later(dossier, 1)
    assert (complaint.status, complaint.reopened, complaint.round_at) == ("assessed", 1, at)
    assert not complaint.must_call_back
    assert complaint.clock
    assert complaint.clock.due_at == at + timedelta(hours=24)
    twice = responded(approved(investigated(after(dossier, made))))
    assert rated(twice, Outcome.DISSATISFIED)[0].reopened == 2


def test_quiet_days_end_on_the_seventh() -> None:
    """000: a week without a word; a second less is not a week."""
    dossier = responded()
    week = timedelta(days=7)
    at = later(dossier, 0) + week
    with pytest.raises(WrongStatusError):
        follow_up.pass_quietly(dossier.complaint, at=at - timedelta(seconds=1), office=OFFICE)
    complaint, _ = follow_up.pass_quietly(dossier.complaint, at=at, office=OFFICE)
    assert complaint.follow_up_outcome is Outcome.QUIET
    assert complaint.status is Status.FOLLOWED_UP


def test_who_is_to_be_called_does_not_pass_quietly() -> None:
    """004 三: the draw decides, not the patience."""
    dossier = to_call_back()
    assert dossier.complaint.must_call_back
    assert dossier.complaint.queue == "quality_office"
    with pytest.raises(WrongStatusError):
        follow_up.pass_quietly(dossier.complaint, at=later(dossier, 24 * 60), office=OFFICE)


def test_who_wrote_again_does_not_pass_quietly() -> None:
    """What was said must be read before the complaint may close."""
    dossier = responded()
    at = later(dossier, 24)
    with_news, _ = intake.add(
        dossier.complaint, contact("还有一事", at=at), key=dossier.key, at=at, office=OFFICE
    )
    with pytest.raises(WrongStatusError):
        follow_up.pass_quietly(with_news, at=later(dossier, 24 * 60), office=OFFICE)
    read, _ = intake.read_news(with_news, staff=QUALITY, at=at)
    quiet = follow_up.pass_quietly(read, at=later(dossier, 24 * 8), office=OFFICE)
    assert quiet[0].status == "followed_up"


@pytest.mark.parametrize("outcome", [Outcome.UNREACHABLE, Outcome.DECLINED])
def test_calls_end_after_three_in_vain(outcome: Outcome) -> None:
    """I5: the third that counts ends the calls; then the quiet days run, and it is closed."""
    dossier = to_call_back()
    for attempts in (1, 2):
        dossier = after(dossier, called_back(dossier, outcome, hours=2))
        assert (dossier.complaint.status, dossier.complaint.attempts) == ("responded", attempts)
    dossier = after(dossier, called_back(dossier, outcome, hours=2))
    complaint = dossier.complaint
    assert (complaint.status, complaint.follow_up_outcome) == ("responded", outcome)
    assert (complaint.must_call_back, complaint.queue, complaint.is_handled) == (False, "", False)
    week = later(dossier, 24 * 7)
    with pytest.raises(WrongStatusError):
        follow_up.pass_quietly(complaint, at=week - timedelta(seconds=1), office=OFFICE)
    closing, _ = follow_up.pass_quietly(complaint, at=week, office=OFFICE)
    assert (closing.status, closing.follow_up_outcome) == ("followed_up", outcome)


def test_a_call_too_soon_does_not_count() -> None:
    """I5: it is on record, and the next one is reckoned from the last that counted."""
    dossier = to_call_back()
    for hours, attempts in ((1, 1), (1.9, 1), (0.1, 2), (1, 2), (1, 3)):
        dossier = after(dossier, called_back(dossier, Outcome.UNREACHABLE, hours=hours))
        assert dossier.complaint.attempts == attempts
    assert [entry.facts.get("counted") for entry in dossier.entries[-5:]] == [
        *(True, False, True, False),
        None,
    ]
    assert dossier.entries[-1].action == "calls_ended"


def test_the_survey_is_heard_after_the_calls_were_given_up() -> None:
    """Who could not be reached may still say how it was, either way, while the days run."""
    dossier = to_call_back()
    for _ in range(3):
        dossier = after(dossier, called_back(dossier, Outcome.UNREACHABLE, hours=2))
    assert rated(dossier, Outcome.SATISFIED)[0].follow_up_outcome is Outcome.SATISFIED
    again, _ = rated(dossier, Outcome.DISSATISFIED)
    assert (again.status, again.follow_up_outcome, again.repeats) == ("assessed", None, 1)


def test_a_closed_complaint_is_taken_up_again_under_its_number() -> None:
    """000 四: who comes back opens no second complaint; it counts as a repeat."""
    dossier = closed()
    before, at = dossier.complaint, later(dossier, 24)
    complaint, entry = follow_up.reopen(
        before, "投诉人再次来电", staff=QUALITY, key=dossier.key, at=at, office=OFFICE
    )
    assert (complaint.complaint_id, complaint.status) == (before.complaint_id, "assessed")
    assert (complaint.reopened, complaint.repeats) == (1, 1)
    assert (complaint.archive_key, complaint.closed_at, complaint.round_at) == ("", None, at)
    assert entry.facts["archive_key"] == before.archive_key
    assert complaint.clock
    again = closed(
        followed_up(responded(approved(investigated(after(dossier, (complaint, entry))))))
    )
    assert again.complaint.archive_key not in {"", before.archive_key}


@pytest.mark.parametrize("staff", [HANDLER, HEAD, MANAGER, INTAKE])
def test_the_quality_office_alone_takes_up_again(staff: Staff) -> None:
    """And never without a reason."""
    dossier = closed()
    with pytest.raises(NotAllowedError):
        follow_up.reopen(
            dossier.complaint,
            "x",
            staff=staff,
            key=dossier.key,
            at=later(dossier, 1),
            office=OFFICE,
        )
    with pytest.raises(InvalidInputError):
        follow_up.reopen(
            dossier.complaint, " ", staff=QUALITY, key=dossier.key, at=later(dossier, 1),
            office=OFFICE,
        )  # fmt: skip


def test_attempts_of_the_notice_do_not_count_here() -> None:
    """Each stage has its own three calls."""
    dossier = to_call_back()
    assert dossier.complaint.attempts == 0


@pytest.mark.parametrize(
    ("staff", "allowed"),
    [
        pytest.param(QUALITY, True, id="the quality office"),
        pytest.param(INTAKE, True, id="the desk that took it"),
        pytest.param(HANDLER, False, id="who handled it"),
        pytest.param(OWN_QUALITY, False, id="who handled it, whatever the role"),
        pytest.param(HEAD, False, id="the head of its department"),
        pytest.param(MANAGER, False, id="management"),
    ],
)
def test_who_handled_it_does_not_ask_whether_it_went_well(staff: Staff, *, allowed: bool) -> None:
    """I5: the call is made by somebody else."""
    dossier = to_call_back()
    if allowed:
        assert called_back(dossier, Outcome.SATISFIED, staff=staff)[1].actor == staff.username
    else:
        with pytest.raises(NotAllowedError):
            called_back(dossier, Outcome.SATISFIED, staff=staff)


@pytest.mark.parametrize(("hours", "late"), [(24 * 7, False), (24 * 8, True)])
def test_a_late_call_is_on_record(hours: int, *, late: bool) -> None:
    """Five working days from the response: Friday the 20th leads to Friday the 27th."""
    dossier = to_call_back()
    waited = dossier.entries[-1].replace(occurred_at=later(dossier, hours))
    _, entry = called_back(
        dossier.replace(entries=(*dossier.entries[:-1], waited)), Outcome.SATISFIED
    )
    assert entry.facts["late"] is late


# ---- after an emergency ----------------------------------------------------------------------


def after_an_emergency() -> Dossier:
    """Return a complaint that was an emergency, whose complainant is to be called (002 3.2.5)."""
    dossier = to_call_back()
    return dossier.replace(complaint=dossier.complaint.replace(emergency_at=later(dossier, -9)))


def test_a_survey_does_not_take_the_place_of_the_call_after_an_emergency() -> None:
    """C4: what was said is kept, and somebody calls all the same."""
    dossier = after_an_emergency()
    complaint, entry = rated(dossier, Outcome.SATISFIED)
    assert (complaint.status, entry.action) == (Status.RESPONDED, "rated")
    assert complaint.must_call_back
    assert complaint.clock == dossier.complaint.clock
    assert (complaint.satisfaction, complaint.follow_up_outcome) == (5, Outcome.SATISFIED)
    heard = after(dossier, (complaint, entry))
    assert asks(complaint, QUALITY, OFFICE)
    called, _ = called_back(heard, Outcome.SATISFIED)
    assert (called.status, called.satisfaction) == (Status.FOLLOWED_UP, 5)


def test_who_rated_once_after_an_emergency_rates_no_second_time() -> None:
    """A second survey is refused, and changes nothing."""
    heard = after(after_an_emergency(), rated(after_an_emergency(), Outcome.SATISFIED))
    with pytest.raises(WrongStatusError) as error:
        rated(heard, Outcome.SATISFIED)
    assert error.value.text_id == "error.rated"


def test_who_is_dissatisfied_after_an_emergency_is_handled_again_at_once() -> None:
    """D3: nobody waits for the call to begin."""
    complaint, entry = rated(after_an_emergency(), Outcome.DISSATISFIED)
    assert (complaint.status, entry.action) == (Status.ASSESSED, "reopened")


def test_calls_in_vain_after_a_survey_keep_what_it_said() -> None:
    """Nobody answered three times: the complaint goes quiet, as a satisfied one."""
    dossier = after_an_emergency()
    heard = after(dossier, rated(dossier, Outcome.SATISFIED))
    for days in (24, 24, 24):
        made = called_back(heard, Outcome.UNREACHABLE, hours=days * 2)
        heard = after(heard, made)
    assert heard.complaint.follow_up_outcome is Outcome.SATISFIED
    assert not heard.complaint.must_call_back
