"""The emergency path: its clock, who may do what, and what it asks of the stages (B7, C4)."""

from datetime import timedelta

import pytest

from complaints import emergency
from complaints.clocks import step_due
from complaints.lifecycle import InvalidInputError, NotAllowedError, WrongStatusError
from complaints.models import Complaint, Role, Staff
from complaints.parts import EmergencyStep
from complaints.roles import may_see
from tests.builders import (
    AT,
    HANDLER,
    HEAD,
    MANAGER,
    NOBODY,
    OFFICE,
    OTHER_HEAD,
    QUALITY,
    QUIET_KEY,
    approved,
    assessed,
    closed,
    contact,
    investigated,
    later,
    received,
    responded,
)

MINUTE = timedelta(minutes=1)
ON_CALL = Staff(username="zhi", name="值", email="z@example.com", roles=(), on_call=True)


def found(complaint: Complaint | None = None) -> Complaint:
    """Return a complaint whose words made it an emergency, five minutes after receipt."""
    one = complaint or assessed().complaint
    return emergency.find(one, "form-1", since=AT, at=AT + 5 * MINUTE, office=OFFICE)[0]


def step(kind: str = "suspend_service") -> EmergencyStep:
    """Return a step that the handler took."""
    return EmergencyStep(
        step_id="1",
        kind=kind,  # type: ignore[arg-type]
        by="han",
        at=AT,
        words="已停用",
    )


@pytest.mark.parametrize("text", ["有人要跳楼", "厨房起火", "There is a GAS LEAK here"])
def test_words_that_can_hurt_are_found_wherever_they_stand(text: str) -> None:
    """In subject, text or demand; any case."""
    assert emergency.is_found_in(contact("x", subject=text), OFFICE)
    assert emergency.is_found_in(contact(text), OFFICE)
    assert emergency.is_found_in(contact("x", demand=text), OFFICE)
    assert not emergency.is_found_in(contact("态度不好"), OFFICE)


def test_the_clock_counts_from_the_words_and_not_from_whoever_read_them() -> None:
    """An hour from receipt (002 3.2.2), and its reminder before that."""
    clock = emergency.clock_of(found())
    assert clock
    assert clock.due_at == AT + 60 * MINUTE
    assert AT + 5 * MINUTE <= clock.next_at < clock.due_at
    assert step_due(clock, clock.next_at) == "reminder"


def test_one_that_runs_keeps_its_clock() -> None:
    """Further words win nobody more time."""
    first = found()
    again = emergency.raised(first, since=AT + 30 * MINUTE, at=AT + 30 * MINUTE, office=OFFICE)
    assert again == first


def test_the_first_response_stops_the_clock_and_says_if_it_was_late() -> None:
    """It is the first word to the complainant as well (C8)."""
    for minutes, late in ((30, False), (61, True)):
        complaint, entry = emergency.respond(
            found(), "phone", "抱歉", staff=HANDLER, key=QUIET_KEY, at=AT + minutes * MINUTE
        )
        assert emergency.clock_of(complaint) is None
        assert complaint.contacted_at == AT + minutes * MINUTE
        assert entry.facts == {"way": "phone", "late": late}
        assert "抱歉" not in str(entry.facts)
        assert all(clock.what != "contact" for clock in complaint.clocks)


def test_who_may_respond_handles_it_or_is_on_call() -> None:
    """Another department's head may not, unless on call."""
    for staff, may in (
        (HANDLER, True),
        (QUALITY, True),
        (MANAGER, True),
        (ON_CALL, True),
        (OTHER_HEAD, False),
        (OTHER_HEAD.replace(on_call=True), True),
    ):
        answer = {"staff": staff, "key": QUIET_KEY, "at": AT + 10 * MINUTE}
        if may:
            emergency.respond(found(), "phone", "抱歉", **answer)  # type: ignore[arg-type]
        else:
            with pytest.raises(NotAllowedError):
                emergency.respond(found(), "phone", "抱歉", **answer)  # type: ignore[arg-type]


def test_who_is_on_call_sees_only_emergencies() -> None:
    """Before and after, it is none of that person's business."""
    assert may_see(found(), ON_CALL)
    assert not may_see(assessed().complaint, ON_CALL)


def test_who_is_complained_about_has_no_part_in_it() -> None:
    """Whatever the role (I8)."""
    complaint = found().replace(respondents=("qiu",))
    with pytest.raises(NotAllowedError):
        emergency.withdraw(complaint, "误报", staff=QUALITY, key=QUIET_KEY, at=AT)
    with pytest.raises(NotAllowedError):
        emergency.respond(complaint, "phone", "x", staff=QUALITY, key=QUIET_KEY, at=AT)


def test_only_measures_of_the_policy_are_taken() -> None:
    """News always can be told; evacuation is not among the measures of this policy."""
    for kind in ("suspend_service", "progress"):
        emergency.take_step(found(), step(kind), staff=HANDLER, key=QUIET_KEY, at=AT, office=OFFICE)
    with pytest.raises(InvalidInputError):
        emergency.take_step(
            found(), step("evacuate"), staff=HANDLER, key=QUIET_KEY, at=AT, office=OFFICE
        )


def test_what_is_none_takes_no_answer() -> None:
    """No response, measure or withdrawal without an emergency; no second declaration."""
    calm = assessed().complaint
    with pytest.raises(WrongStatusError):
        emergency.respond(calm, "phone", "x", staff=HANDLER, key=QUIET_KEY, at=AT)
    with pytest.raises(WrongStatusError):
        emergency.take_step(calm, step(), staff=HANDLER, key=QUIET_KEY, at=AT, office=OFFICE)
    with pytest.raises(WrongStatusError):
        emergency.withdraw(calm, "x", staff=QUALITY, key=QUIET_KEY, at=AT)
    with pytest.raises(WrongStatusError):
        emergency.declare(found(), "x", staff=HEAD, key=QUIET_KEY, at=AT, office=OFFICE)


def test_a_declaration_needs_its_reason() -> None:
    """An alarm without a word says nothing to whoever is woken by it."""
    with pytest.raises(InvalidInputError):
        emergency.declare(
            assessed().complaint, " ", staff=HEAD, key=QUIET_KEY, at=AT, office=OFFICE
        )


def test_after_an_emergency_everybody_is_called_who_can_be_reached() -> None:
    """002 3.2.5: also who was not drawn; one that begins in follow-up makes the call a duty."""
    drawn = assessed()
    urgent = drawn.replace(complaint=found(drawn.complaint))
    assert not responded().complaint.must_call_back
    after = responded(approved(investigated(urgent)))
    assert after.complaint.must_call_back
    assert after.complaint.queue == Role.QUALITY_OFFICE
    at = later(responded(), 1)
    late = emergency.raised(responded().complaint, since=at, at=at, office=OFFICE)
    assert late.must_call_back
    assert late.queue == Role.QUALITY_OFFICE


def test_nobody_is_called_who_left_no_way() -> None:
    """An anonymous emergency ends quietly like any other."""
    start = received(complainant=NOBODY)
    complaint = found(start.complaint)
    assert complaint.emergency_at
    assert not complaint.must_call_back


def test_closing_does_not_silence_an_unanswered_emergency() -> None:
    """Its clock outlasts the complaint, and what nobody queues lies with the quality office."""
    complaint = emergency.raised(closed().complaint, since=AT, at=AT, office=OFFICE)
    assert complaint.queue == Role.QUALITY_OFFICE
    assert complaint.next_at
