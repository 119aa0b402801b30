"""Pauses, extensions, agreed times and the first word: who may, when, and what must not move."""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints import archive, classify, intake, investigate, pauses
from complaints.check_sla import Due, due_clock, take_step, what_is_due
from complaints.console.tasks import Task, limit_tasks
from complaints.history import breaks
from complaints.letters import Sender, owed, to_complainant
from complaints.lifecycle import (
    ComplaintError,
    InvalidInputError,
    NotAllowedError,
    WrongStatusError,
)
from complaints.matters import merge, unmerge
from complaints.models import (
    Assessment,
    Channel,
    Complainant,
    Complaint,
    Dossier,
    Staff,
    TrackingEntry,
)
from complaints.office import Office
from complaints.pages import instant
from complaints.policy import Limit
from complaints.rounds import another_body, promised_at
from complaints.texts import texts
from complaints.tracking import progress
from tests.builders import (
    AT,
    HANDLER,
    HEAD,
    LI,
    NOBODY,
    OFFICE,
    OTHER_HEAD,
    QUALITY,
    QUIET_KEY,
    after,
    assessed,
    contact,
    finding,
    followed_up,
    later,
    received,
    responded,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOON = AT + 3 * HOUR
TUESDAY = datetime.fromisoformat("2026-11-24T00:00+08:00")


def office_with(**sides: object) -> Office:
    """Return the office with other clocks."""
    clocks = msgspec.structs.replace(OFFICE.policy.clocks, **sides)
    return Office(policy=msgspec.structs.replace(OFFICE.policy, clocks=clocks), zone=OFFICE.zone)


AGREEING = office_with(
    solution_agreed=True,
    contact=Limit(working_days=2),
    contact_other_body=Limit(working_days=3),
)
"""An office as of procedure 003: agreed times, and a first word in two days, or in three."""


def begun(dossier: Dossier | None = None) -> Complaint:
    """Return an assessed complaint whose department works on it."""
    return (dossier or assessed()).complaint.replace(look_again_at=None)


def paused(
    complaint: Complaint | None = None,
    reason: str = "complainant",
    until: datetime = TUESDAY,
    *,
    words: str = "请发合同照片",
    staff: Staff = HANDLER,
    at: datetime = NOON,
    office: Office = OFFICE,
) -> tuple[Complaint, TrackingEntry]:
    """Pause a complaint at noon on Friday, until Tuesday."""
    return pauses.pause(
        complaint or begun(),
        reason,
        until,
        words,
        staff=staff,
        key=QUIET_KEY,
        at=at,
        office=office,
    )


def asked(
    complaint: Complaint | None = None,
    by: Limit = Limit(working_days=2),  # noqa: B008 - frozen
    *,
    words: str = "需要外地取证",
    staff: Staff = HANDLER,
) -> tuple[Complaint, TrackingEntry]:
    """Ask for two working days more."""
    return pauses.ask_extension(
        complaint or begun(), by, words, staff=staff, key=QUIET_KEY, at=NOON, office=OFFICE
    )


def decided(
    complaint: Complaint, *, approved: bool = True, words: str = "", staff: Staff = QUALITY
) -> tuple[Complaint, TrackingEntry]:
    """Decide about a longer limit."""
    return pauses.decide_extension(
        complaint,
        words,
        approved=approved,
        staff=staff,
        key=QUIET_KEY,
        at=NOON + HOUR,
        office=OFFICE,
    )


def agreed(
    complaint: Complaint, when: datetime, *, at: datetime = NOON, office: Office = AGREEING
) -> tuple[Complaint, TrackingEntry]:
    """Agree a time with the complainant."""
    return pauses.agree_time(
        complaint, when, "电话约定", staff=HANDLER, key=QUIET_KEY, at=at, office=office
    )


# ---- pauses --------------------------------------------------------------------------------


def test_a_pause_stops_reminders_and_escalations_until_its_end() -> None:
    """E4: while it is waited, nobody is told; at the end of it, it ends by itself."""
    complaint, entry = paused()

    assert entry.facts == {"reason": "complainant", "until": TUESDAY.isoformat()}
    assert complaint.next_at == TUESDAY
    for at in (NOON, NOON + DAY, TUESDAY - timedelta(seconds=1)):
        assert what_is_due(complaint, at) is Due.NOTHING
    assert what_is_due(complaint, TUESDAY) is Due.RESUME


def test_the_end_of_a_pause_counts_from_the_end_and_not_from_the_look() -> None:
    """A check that was down for a day takes no time from anybody."""
    complaint, _ = paused()
    assert complaint.clock
    ended, entry = pauses.end_pause(complaint, at=TUESDAY + DAY, office=OFFICE)

    assert ended.pause is None
    assert ended.clock
    assert ended.clock.due_at == complaint.clock.due_at + (TUESDAY - NOON)
    assert (entry.action, entry.actor) == ("resumed", "check_sla")
    assert what_is_due(ended, TUESDAY + DAY) is not Due.RESUME


def test_a_pause_does_not_end_before_its_time() -> None:
    """The check leaves alone what still waits."""
    with pytest.raises(WrongStatusError):
        pauses.end_pause(paused()[0], at=TUESDAY - timedelta(seconds=1), office=OFFICE)


def test_a_pause_without_a_clock_ends_all_the_same() -> None:
    """Whatever took the clock away, the check must not stumble over the pause for ever."""
    ended, entry = pauses.end_pause(paused()[0].replace(clock=None), at=TUESDAY, office=OFFICE)

    assert (ended.pause, ended.clock, entry.facts) == (None, None, {})


def test_staff_end_a_pause_before_its_time() -> None:
    """What was waited for has come."""
    complaint, _ = paused()
    resumed, entry = pauses.resume(complaint, staff=HANDLER, at=NOON + HOUR, office=OFFICE)

    assert begun().clock
    assert resumed.clock
    assert complaint.clock
    assert resumed.clock.due_at == complaint.clock.due_at + HOUR
    assert entry.facts == {"due_at": resumed.clock.due_at.isoformat()}
    with pytest.raises(WrongStatusError) as raised:
        pauses.resume(resumed, staff=HANDLER, at=NOON + HOUR, office=OFFICE)
    assert raised.value.text_id == "error.not_paused"


def test_the_word_of_the_complainant_ends_the_waiting_for_it() -> None:
    """Not that of staff, and no other pause."""
    for reason, by, ends in (
        ("complainant", "complainant", True),
        ("complainant", HANDLER.username, False),
        ("evidence", "complainant", False),
    ):
        complaint, _ = paused(reason=reason)
        said = contact("合同照片", at=NOON + HOUR, by=by)
        changed, entry = intake.add(complaint, said, key=QUIET_KEY, at=NOON + HOUR, office=OFFICE)
        assert (changed.pause is None) is ends
        assert ("resumed" in entry.facts) is ends


@pytest.mark.parametrize(
    ("sides", "error", "text_id"),
    [
        ({"staff": OTHER_HEAD}, NotAllowedError, "error.not_allowed"),
        ({"reason": "holiday"}, InvalidInputError, "error.pause_reason"),
        ({"words": "  "}, InvalidInputError, "error.words_missing"),
        ({"until": NOON}, InvalidInputError, "error.pause_length"),
        ({"until": NOON + 30 * DAY}, InvalidInputError, "error.pause_length"),
        ({"complaint": paused()[0]}, WrongStatusError, "error.paused"),
        ({"complaint": received().complaint}, WrongStatusError, "error.wrong_status"),
    ],
)
def test_what_is_no_pause(
    sides: dict[str, object], error: type[ComplaintError], text_id: str
) -> None:
    """Only who handles it, for a reason and a time of the policy, with words, and once."""
    complaint = sides.pop("complaint", None)
    staff = sides.pop("staff", QUALITY if complaint else HANDLER)
    with pytest.raises(error) as raised:
        paused(complaint, staff=staff, **sides)  # type: ignore[arg-type]
    assert raised.value.text_id == text_id


def test_quiet_days_can_not_be_paused() -> None:
    """They are no limit of anybody's."""
    with pytest.raises(WrongStatusError):
        paused(responded().complaint, staff=QUALITY, at=later(responded(), 1))


def test_the_next_stage_ends_the_pause_and_takes_its_time_along() -> None:
    """Who submits has what was waited for; the solution has the time that was lost."""
    complaint, _ = paused()
    plain = investigate.submit(
        begun(), finding(), staff=HANDLER, key=QUIET_KEY, at=NOON + HOUR, office=OFFICE
    )[0]
    submitted, entry = investigate.submit(
        complaint, finding(), staff=HANDLER, key=QUIET_KEY, at=TUESDAY - HOUR, office=OFFICE
    )

    assert submitted.pause is None
    assert entry.facts["resumed"] is True
    assert entry.facts["late"] is False
    assert plain.clock
    assert submitted.clock
    assert f"{plain.clock.due_at.astimezone(OFFICE.zone):%m-%d}" == "11-25"
    assert f"{submitted.clock.due_at.astimezone(OFFICE.zone):%m-%d}" == "11-26"
    assert submitted.clock.paused_at is None


def test_a_pause_is_promised_as_if_it_lasted_to_its_end() -> None:
    """The complainant hears the date that holds at the worst."""
    complaint, _ = paused()
    ended, _ = pauses.end_pause(complaint, at=TUESDAY, office=OFFICE)

    assert promised_at(complaint, OFFICE) == promised_at(ended, OFFICE)
    assert promised_at(begun(), OFFICE) < promised_at(complaint, OFFICE)


def test_the_complainant_sees_what_is_waited_for() -> None:
    """On the tracking page: our words, and the new date."""
    before = assessed()
    changed, entry = paused(before.complaint)
    question = contact("请发合同照片", contact_id=f"{entry.number:06}-answer", by="han")
    shown = progress(after(before, (changed, entry), contacts=question), texts("en"), OFFICE)

    assert shown.asked == "请发合同照片"
    assert shown.now == texts("en")("track.paused.complainant")
    assert shown.reply_by == promised_at(changed, OFFICE)
    assert progress(before, texts("en"), OFFICE).asked == ""


def test_a_paused_complaint_lies_in_its_queue_at_the_end_of_the_pause() -> None:
    """It can't be pressing before."""
    complaint, _ = paused()
    assert complaint.pressing == complaint.clock
    assert complaint.clock
    assert complaint.pressing_at(complaint.clock) == TUESDAY


# ---- extensions ----------------------------------------------------------------------------


def test_a_longer_limit_is_asked_by_one_and_approved_by_another() -> None:
    """From the limit itself; the promise to the complainant moves with it."""
    complaint, _ = asked()
    extended, entry = decided(complaint)

    assert begun().clock
    assert extended.clock
    assert complaint.clock == begun().clock
    assert f"{extended.clock.due_at.astimezone(OFFICE.zone):%m-%d %H:%M}" == "11-24 23:59"
    assert promised_at(extended, OFFICE) > promised_at(complaint, OFFICE)
    assert (extended.extension, extended.extensions) == (None, 1)
    assert entry.facts["asked_by"] == HANDLER.username


def test_a_refused_extension_moves_nothing_and_needs_a_reason() -> None:
    """And another may be asked for."""
    complaint, _ = asked()
    with pytest.raises(InvalidInputError) as raised:
        decided(complaint, approved=False)
    assert raised.value.text_id == "error.words_missing"
    refused, _ = decided(complaint, approved=False, words="理由不足")
    assert refused.clock == complaint.clock
    assert (refused.extension, refused.extensions) == (None, 0)
    assert asked(refused)[0].extension


@pytest.mark.parametrize(
    ("attempt", "error", "text_id"),
    [
        (lambda: asked(by=Limit(working_days=6)), InvalidInputError, "error.extension_length"),
        (
            lambda: asked(by=Limit(minutes=60 * 24 * 30)),
            InvalidInputError,
            "error.extension_length",
        ),
        (lambda: asked(words=""), InvalidInputError, "error.words_missing"),
        (lambda: asked(staff=OTHER_HEAD), NotAllowedError, "error.not_allowed"),
        (lambda: asked(asked()[0]), WrongStatusError, "error.extension_asked"),
        (lambda: asked(decided(asked()[0])[0]), WrongStatusError, "error.extension_used"),
        (lambda: asked(paused()[0]), WrongStatusError, "error.paused"),
        (lambda: decided(begun()), WrongStatusError, "error.no_extension"),
        (lambda: decided(asked()[0], staff=HEAD), NotAllowedError, "error.not_allowed"),
        (lambda: decided(asked(staff=QUALITY)[0]), NotAllowedError, "error.own_extension"),
        (lambda: decided(paused(asked()[0])[0]), WrongStatusError, "error.paused"),
    ],
)
def test_what_is_no_extension(
    attempt: Callable[[], object], error: type[ComplaintError], text_id: str
) -> None:
    """Longer than the policy allows, too often, by the wrong one, or while it stands still."""
    with pytest.raises(error) as raised:
        attempt()
    assert raised.value.text_id == text_id


def test_the_letter_tells_the_new_date_and_the_reason() -> None:
    """In the complainant's language; the reason in the words of staff."""
    extended, _ = decided(asked()[0])
    letter = owed(extended, "extension", LI.email, (), at=NOON).replace(
        words="需要外地取证", language="en"
    )
    dossier = Dossier(complaint=extended, complainant=LI, key=QUIET_KEY)
    sender = Sender(organisation="O", mail_address="a@example.com", site_url="https://x")
    body = to_complainant(letter, dossier, sender, OFFICE, at=NOON).get_body(("plain",))

    assert body
    assert "需要外地取证" in body.get_content()
    promised = instant(promised_at(extended, OFFICE), texts("en"), OFFICE.zone)
    assert promised in body.get_content()


# ---- agreed times, and the first word ------------------------------------------------------


def test_the_limit_follows_the_agreed_time_and_so_does_the_ladder() -> None:
    """In the investigation, and in the solution after it."""
    when = NOON + 9 * DAY
    complaint, _ = agreed(begun(), when)
    submitted, _ = investigate.submit(
        complaint, finding(), staff=HANDLER, key=QUIET_KEY, at=NOON + DAY, office=AGREEING
    )

    assert complaint.clock
    assert submitted.clock
    assert complaint.clock.due_at == submitted.clock.due_at == complaint.agreed_at == when
    assert promised_at(complaint, AGREEING) == when
    assert what_is_due(complaint, NOON + 2 * DAY) is Due.NOTHING
    reminded, _ = take_step(complaint, at=complaint.clock.next_at, office=AGREEING)
    clock = due_clock(reminded, when)
    assert clock
    assert clock.next_at == when


@pytest.mark.parametrize("when", [NOON, NOON - DAY, NOON + 400 * DAY])
def test_a_time_is_agreed_for_a_day_to_come(when: datetime) -> None:
    """Neither in the past nor in another life."""
    with pytest.raises(InvalidInputError) as raised:
        agreed(begun(), when)
    assert raised.value.text_id == "error.agreed_at"


def test_a_time_is_agreed_only_where_the_policy_has_it_so() -> None:
    """004 has limits of its own."""
    with pytest.raises(WrongStatusError) as raised:
        agreed(begun(), NOON + DAY, office=OFFICE)
    assert raised.value.text_id == "error.not_agreed"


def first_word(complainant: Complainant = LI, *, settled_on_spot: bool = False) -> Complaint:
    """Return a complaint as the office of 003 receives it."""
    return intake.receive(
        complainant,
        contact(),
        complaint_id="TS-2026-000001-4",
        tracking_code="0" * 12,
        key=QUIET_KEY,
        at=AT,
        office=AGREEING,
        settled_on_spot=settled_on_spot,
    )[0]


def test_the_first_word_has_its_limit_from_receipt() -> None:
    """003: two days; three where another body is involved (C8)."""
    complaint = first_word()
    (clock,) = complaint.clocks
    assert (clock.what, clock.started_at) == ("contact", AT)
    assert f"{clock.due_at.astimezone(OFFICE.zone):%m-%d}" == "11-24"
    (longer,) = another_body(complaint, at=AT, office=AGREEING)["clocks"]
    assert (longer.what, longer.started_at) == ("contact", AT)
    assert f"{longer.due_at.astimezone(OFFICE.zone):%m-%d}" == "11-25"
    waiting = complaint.replace(clocks=(longer.replace(steps=1),))
    assert another_body(waiting, at=AT + DAY, office=AGREEING) == {}
    assert another_body(received().complaint, at=AT, office=AGREEING) == {}


def test_with_the_complaint_ends_what_runs_beside_it() -> None:
    """A closed complaint has no limit left; it is looked at once more, for its disposal."""
    before = followed_up()
    running = before.complaint.replace(clocks=first_word().clocks)
    ended, _ = archive.close(running, "key", at=later(before, 1), office=OFFICE)

    assert (ended.clocks, ended.next_at, ended.pressing) == ((), ended.disposal_look, None)


def test_who_can_not_be_reached_or_was_helped_at_once_is_not_called() -> None:
    """There is nobody to speak to, or it was spoken already."""
    assert first_word(NOBODY).clocks == ()
    assert first_word(settled_on_spot=True).clocks == ()


def test_a_word_to_the_complainant_stops_its_clock() -> None:
    """A call, a visit or a letter of progress, each with what was said."""
    complaint = begun().replace(clocks=first_word().clocks)
    called, _ = pauses.contacted(
        complaint, Channel.PHONE, "已通话", staff=HANDLER, key=QUIET_KEY, at=NOON
    )
    written, _ = pauses.report_progress(
        complaint, LI, "正在调查", staff=HANDLER, key=QUIET_KEY, at=NOON
    )
    for one in (called, written):
        assert (one.clocks, one.contacted_at, one.clock) == ((), NOON, complaint.clock)
    again, _ = pauses.contacted(
        called, Channel.VISIT, "又去一次", staff=HANDLER, key=QUIET_KEY, at=NOON + DAY
    )
    assert again.contacted_at == NOON
    with pytest.raises(InvalidInputError) as raised:
        pauses.report_progress(complaint, NOBODY, "x", staff=HANDLER, key=QUIET_KEY, at=NOON)
    assert raised.value.text_id == "error.no_address"


def test_to_wait_for_another_body_gives_the_first_word_its_longer_limit() -> None:
    """And the clock beside the stage runs on."""
    complaint = begun().replace(clocks=first_word().clocks)
    waiting, _ = paused(complaint, "other_body", office=AGREEING)

    assert f"{waiting.clocks[0].due_at.astimezone(OFFICE.zone):%m-%d}" == "11-25"
    assert waiting.clocks[0].paused_at is None
    assert waiting.next_at == min(TUESDAY, waiting.clocks[0].next_at)


# ---- what a page offers --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("complaint", "staff", "expected"),
    [
        (begun(), HANDLER, {Task.CONTACT, Task.PROGRESS, Task.PAUSE, Task.EXTEND}),
        (begun(), OTHER_HEAD, set()),
        (paused()[0], HANDLER, {Task.CONTACT, Task.PROGRESS, Task.RESUME}),
        (asked()[0], HANDLER, {Task.CONTACT, Task.PROGRESS, Task.PAUSE}),
        (
            asked()[0],
            QUALITY,
            {Task.DECIDE_EXTENSION, Task.CONTACT, Task.PROGRESS, Task.PAUSE},
        ),
    ],
)
def test_a_page_offers_what_will_be_taken(
    complaint: Complaint, staff: Staff, expected: set[Task]
) -> None:
    """No form for what would be refused."""
    assert set(limit_tasks(complaint, LI, staff, OFFICE)) == expected


@pytest.mark.parametrize(
    ("complainant", "offered"),
    [
        (Complainant(email="lina@example.com"), True),
        (Complainant(address="四号楼 302"), True),
        (NOBODY, False),
    ],
    ids=["mail", "post", "nobody"],
)
def test_a_call_may_be_recorded_to_whoever_can_be_reached(
    complainant: Complainant, *, offered: bool
) -> None:
    """C8; 003 ②: who wrote a mail often says the number in it, and is called all the same."""
    assert (Task.CONTACT in limit_tasks(begun(), complainant, HANDLER, OFFICE)) is offered


# ---- whatever is done ----------------------------------------------------------------------

VERBS: dict[str, Callable[[Complaint, datetime], tuple[Complaint, TrackingEntry]]] = {
    "assign": lambda one, at: investigate.assign(one, HANDLER.username, staff=HEAD, at=at),
    "correct": lambda one, at: classify.correct(
        one, Assessment(type="1"), "service", staff=HEAD, at=at, office=AGREEING
    ),
    "major": lambda one, at: classify.correct(
        one, Assessment(type="1", major=("1",)), "service", staff=QUALITY, at=at, office=AGREEING
    ),
    "note": lambda one, at: intake.add(
        one, contact(at=at, by="han"), key=QUIET_KEY, at=at, office=AGREEING
    ),
    "news": lambda one, at: intake.add(one, contact(at=at), key=QUIET_KEY, at=at, office=AGREEING),
    "read": lambda one, at: intake.read_news(one, staff=HANDLER, at=at),
    "pause": lambda one, at: paused(one, "evidence", at + DAY, at=at, office=AGREEING),
    "wait": lambda one, at: paused(one, until=at + 3 * DAY, at=at, office=AGREEING),
    "resume": lambda one, at: pauses.resume(one, staff=HANDLER, at=at, office=AGREEING),
    "end": lambda one, at: pauses.end_pause(one, at=at, office=AGREEING),
    "ask": lambda one, _at: asked(one),
    "extend": lambda one, _at: decided(one),
    "agree": lambda one, at: agreed(one, at + 4 * DAY, at=at),
    "call": lambda one, at: pauses.contacted(
        one, Channel.PHONE, "x", staff=HANDLER, key=QUIET_KEY, at=at
    ),
    "submit": lambda one, at: investigate.submit(
        one, finding(), staff=HANDLER, key=QUIET_KEY, at=at, office=AGREEING
    ),
    "step": lambda one, at: take_step(one, at=at, office=AGREEING),
}


@settings(max_examples=150, deadline=None)
@given(
    done=st.lists(
        st.tuples(st.sampled_from(sorted(VERBS)), st.integers(1, 60 * 24 * 2)), max_size=14
    )
)
def test_no_edit_moves_the_start_of_a_clock(done: list[tuple[str, int]]) -> None:
    """What is refused changes nothing, and every limit starts at receipt.

    The clock stands still exactly while a pause is open, and the history holds.
    """
    dossier, at = assessed(), AT + HOUR
    for name, minutes in done:
        at += timedelta(minutes=minutes)
        before = dossier.complaint
        try:
            made = VERBS[name](before, at)
        except (ComplaintError, ValueError):
            assert dossier.complaint == before
            continue
        dossier = after(dossier, made)
        complaint = dossier.complaint
        assert complaint.clock
        assert complaint.clock.started_at == AT
        assert (complaint.pause is None) is (complaint.clock.paused_at is None)
        if complaint.pause:
            assert complaint.next_at == complaint.pause.until or complaint.look_again_at
    assert list(breaks(dossier.entries, dossier.complaint.digest)) == []


def test_merging_and_unmerging_moves_no_start() -> None:
    """What is counted with another waits for nothing; alone again, it waits as it did before."""
    before = assessed()
    dossier = after(before, paused(before.complaint, staff=QUALITY))
    main = assessed(received(n=2))
    joined = merge(dossier, main, staff=QUALITY, at=NOON + HOUR, office=OFFICE)
    aside, into = joined.complaint[0], joined.main[0]

    assert (aside.clock, aside.pause) == (None, None)
    assert into.clock == main.complaint.clock
    alone = unmerge(
        dossier.replace(complaint=aside),
        main.replace(complaint=into, merged=(joined.link,)),
        staff=QUALITY,
        at=NOON + DAY,
        office=OFFICE,
    ).complaint[0]
    assert (alone.clock, alone.pause) == (dossier.complaint.clock, dossier.complaint.pause)
