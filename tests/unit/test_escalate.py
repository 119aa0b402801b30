"""Escalation that silence can't stop (I10), and by hand (C7): rung by rung, each once."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints.check_sla import (
    MOST_TOLD,
    Due,
    due_clock,
    is_gone,
    on_call,
    recipients,
    take_step,
    told,
    what_is_due,
)
from complaints.clocks import start_clock, with_clock
from complaints.escalate import can_escalate, escalate
from complaints.history import commitment
from complaints.letters import limit_words
from complaints.lifecycle import InvalidInputError, NotAllowedError, WrongStatusError
from complaints.models import Absence, Complaint, Role, Staff, Status
from complaints.office import Office
from complaints.people import day_of, has_left
from complaints.policy import Escalation, Limit, Name, Post, Rung
from complaints.roles import is_barred
from complaints.texts import texts
from tests.builders import (
    AT,
    HANDLER,
    HEAD,
    MANAGER,
    OFFICE,
    OTHER_HEAD,
    QUALITY,
    QUIET_KEY,
    STAFF,
    approved,
    assessed,
    closed,
    investigated,
    received,
)

TODAY = date(2026, 11, 20)
AWAY = (Absence(first=TODAY, last=TODAY),)
COMPLAINT = assessed().complaint.replace(look_again_at=None)
HOUR = timedelta(hours=1)


def names(
    code: str, staff: list[Staff], complaint: Complaint = COMPLAINT, office: Office = OFFICE
) -> list[str]:
    """Return who is told, by user name."""
    return [member.username for member in recipients(complaint, code, staff, office, at=AT)]


def with_posts() -> Office:
    """Return an office whose ladder has posts and times of its own (000: QA, GM, leader)."""
    post = Post(code="gm", name=Name(zh="总经理", en="GM"), role=Role.MANAGEMENT)
    ladder = (
        Rung(to="quality_office"),
        Rung(to="gm", after=Limit(minutes=30)),
        Rung(to="management", after=Limit(minutes=90)),
    )
    escalation = Escalation(general=ladder, every=Limit(minutes=600))
    policy = msgspec.structs.replace(OFFICE.policy, posts=(post,), escalation=escalation)
    return Office(policy=policy, zone=OFFICE.zone)


def by_hand(complaint: Complaint, staff: Staff, at: datetime = AT) -> Complaint:
    """Pass a complaint up; return it."""
    return escalate(complaint, "本部门无权决定", staff=staff, key=QUIET_KEY, at=at, office=OFFICE)[
        0
    ]


def test_who_is_absent_is_not_told() -> None:
    """The deputy is; without one the next rung is."""
    away = HEAD.replace(absences=AWAY)
    assert names(Role.DEPARTMENT_HEAD, [away, QUALITY]) == ["qiu"]
    assert names(Role.DEPARTMENT_HEAD, [away.replace(deputy="han"), HANDLER, QUALITY]) == ["han"]


def test_a_day_of_absence_is_that_of_the_office() -> None:
    """At 17:00 UTC the next day has begun in Shanghai: the head is back."""
    away = HEAD.replace(absences=AWAY)
    back = datetime(2026, 11, 20, 17, tzinfo=UTC)
    assert recipients(COMPLAINT, Role.DEPARTMENT_HEAD, [away, QUALITY], OFFICE, at=back) == [away]


def test_who_has_left_is_never_told() -> None:
    """Even as the last one of all."""
    left = HEAD.replace(left_on=TODAY - timedelta(days=1))
    assert names(Role.DEPARTMENT_HEAD, [left]) == []


def test_who_is_complained_about_is_never_told() -> None:
    """Not as the holder, not as the deputy: the next in the chain, then the next rung (I8)."""
    complaint = COMPLAINT.replace(respondents=("he", "han"))
    assert names(Role.DEPARTMENT_HEAD, STAFF, complaint) == ["qiu"]
    away = QUALITY.replace(absences=AWAY, deputy="han")
    handler = HANDLER.replace(deputy="ma")
    assert names(Role.QUALITY_OFFICE, [away, handler, MANAGER], complaint) == ["ma"]


def test_the_absent_investigator_has_a_deputy() -> None:
    """Without one, the others of the department are asked."""
    taken = COMPLAINT.replace(investigator="han")
    colleague = HANDLER.replace(username="hua")
    away = HANDLER.replace(absences=AWAY)
    assert names(Role.HANDLER, [away.replace(deputy="qiu"), QUALITY, colleague], taken) == ["qiu"]
    assert names(Role.HANDLER, [away, colleague], taken) == ["hua"]


@pytest.mark.parametrize(
    "gone",
    [
        HANDLER.replace(left_on=TODAY - timedelta(days=1)),
        HANDLER.replace(department="finance"),
        HANDLER.replace(roles=(Role.AUDITOR,)),
    ],
)
def test_an_investigator_who_is_gone_is_told_to_the_head(gone: Staff) -> None:
    """The head names another one, whoever else of the department is there."""
    taken = COMPLAINT.replace(investigator="han")
    staff = [gone, HANDLER.replace(username="hua"), HEAD]
    assert is_gone(taken, staff, OFFICE, at=AT)
    assert names(Role.HANDLER, staff, taken) == ["he"]
    assert not is_gone(taken, STAFF, OFFICE, at=AT)


def test_a_rung_may_be_a_post() -> None:
    """Told is who holds the post; if nobody does, the rung above."""
    holder = MANAGER.replace(username="zong", posts=("gm",))
    assert names("gm", [MANAGER, holder], office=with_posts()) == ["zong"]
    assert names("gm", [MANAGER], office=with_posts()) == ["ma"]


def test_one_step_tells_no_more_than_a_transaction_takes() -> None:
    """A department of two hundred handlers."""
    crowd = [HANDLER.replace(username=f"h{n}") for n in range(200)]
    assert len(names(Role.HANDLER, crowd)) == MOST_TOLD


def test_on_call_people_are_told_of_emergencies() -> None:
    """Whoever is on call, of any department, at any hour; not who is away or complained about."""
    calling = [one.replace(on_call=True, absences=AWAY if one is MANAGER else ()) for one in STAFF]
    complaint = COMPLAINT.replace(respondents=("qiu",))
    called = on_call(complaint, calling, OFFICE, at=AT)
    assert {one.username for one in called} == {"han", "he", "fan"}


PEOPLE = st.builds(
    Staff,
    username=st.sampled_from([f"p{n}" for n in range(8)]),
    name=st.just("人"),
    email=st.sampled_from(["", "p@example.com"]),
    roles=st.lists(st.sampled_from(list(Role)), max_size=2, unique=True).map(tuple),
    department=st.sampled_from(["", "service", "finance"]),
    deputy=st.sampled_from(["", *(f"p{n}" for n in range(8))]),
    absences=st.sampled_from([(), AWAY]),
    left_on=st.sampled_from([None, TODAY - timedelta(days=1)]),
    posts=st.sampled_from([(), ("gm",)]),
)


@settings(max_examples=300, deadline=None)
@given(
    staff=st.lists(PEOPLE, max_size=8, unique_by=lambda one: one.username),
    barred=st.sets(st.sampled_from([f"p{n}" for n in range(8)]), max_size=3),
    investigator=st.sampled_from(["", "p0", "gone"]),
    department=st.sampled_from(["", "service"]),
    code=st.sampled_from(["handler", "department_head", "quality_office", "management", "gm"]),
)
def test_whatever_the_directory_looks_like_somebody_is_told(
    staff: list[Staff], barred: set[str], investigator: str, department: str, code: str
) -> None:
    """While one active person with a mail address is not complained about, somebody is reached.

    And only such people are, whoever is absent, has left, is missing or names whom as a deputy.
    """
    complaint = COMPLAINT.replace(
        respondents=tuple(barred), investigator=investigator, department=department
    )
    office = with_posts()
    day = day_of(AT, office)
    could = [
        one
        for one in staff
        if one.email and not has_left(one, day) and not is_barred(complaint, one)
    ]
    found = recipients(complaint, code, staff, office, at=AT)
    assert bool(found) == bool(could)
    assert set(found) <= set(could)


@settings(max_examples=100, deadline=None)
@given(
    gaps=st.lists(st.integers(1, 60 * 24 * 2), min_size=1, max_size=40),
    hands=st.sets(st.integers(0, 39), max_size=4),
)
def test_hands_and_clock_together_tell_each_rung_once(gaps: list[int], hands: set[int]) -> None:
    """However looks and hands fall, steps only grow, none comes twice, and a miss counts once."""
    complaint, at, steps = COMPLAINT, AT, []
    for n, minutes in enumerate(gaps):
        at += timedelta(minutes=minutes)
        if n in hands and can_escalate(complaint, HANDLER, OFFICE):
            complaint, entry = escalate(
                complaint, "why", staff=HANDLER, key=QUIET_KEY, at=at, office=OFFICE
            )
        elif what_is_due(complaint, at) in {Due.REMIND, Due.ESCALATE}:
            complaint, entry = take_step(complaint, at=at, office=OFFICE)
        else:
            continue
        steps.append((entry.facts.get("clock", ""), entry.facts["step"]))
    own = [step for clock, step in steps if not clock]
    assert own == sorted(set(own), key=lambda step: int(step or 0))
    assert complaint.clock
    assert complaint.overdue == int(complaint.clock.missed)
    assert complaint.clock.missed <= (at >= complaint.clock.due_at)


def test_by_hand_it_goes_one_rung_up() -> None:
    """Head, then quality office, then management; the queue moves with it; nobody is above."""
    complaint, passed = COMPLAINT, []
    for _ in range(3):
        complaint = by_hand(complaint, HANDLER)
        assert complaint.clock
        passed.append((complaint.clock.steps, complaint.queue))
    assert passed == [(2, "service"), (3, "quality_office"), (4, "management")]
    with pytest.raises(InvalidInputError) as error:
        by_hand(complaint, HANDLER)
    assert error.value.text_id == "escalate.top"
    assert not can_escalate(complaint, HANDLER, OFFICE)


def test_the_own_rung_is_passed_over() -> None:
    """A head who escalates tells the quality office, not the head."""
    complaint, entry = escalate(COMPLAINT, "why", staff=HEAD, key=QUIET_KEY, at=AT, office=OFFICE)
    assert entry.facts == {"step": 3, "to": "quality_office", "by_hand": True}
    assert entry.commitment == commitment({"reason": "why"}, QUIET_KEY)
    assert complaint.queue == "quality_office"


def test_the_clock_goes_on_from_there() -> None:
    """Its limit stands: the next rung hears of it after the limit, and the miss is counted."""
    complaint = by_hand(COMPLAINT, HANDLER)
    clock = complaint.clock
    assert clock
    assert COMPLAINT.clock
    assert clock.next_at >= clock.due_at == COMPLAINT.clock.due_at
    assert complaint.overdue == 0
    missed, entry = take_step(complaint, at=clock.next_at, office=OFFICE)
    assert (entry.facts["step"], entry.facts["to"], missed.overdue) == (3, "quality_office", 1)
    again, _ = take_step(missed, at=missed.clock.next_at, office=OFFICE)  # type: ignore[union-attr]
    assert again.overdue == 1


def test_by_hand_after_the_limit_counts_the_miss() -> None:
    """A limit that is over is missed, whoever is the first to say so."""
    assert COMPLAINT.clock
    late = by_hand(COMPLAINT, HANDLER, at=COMPLAINT.clock.due_at + HOUR)
    assert late.overdue == 1


def test_management_handles_what_was_escalated_to_it() -> None:
    """It may be assigned there, which an unescalated complaint may not."""
    complaint = by_hand(COMPLAINT, QUALITY)
    assert complaint.queue == "management"
    assert can_escalate(complaint, MANAGER, OFFICE) is False
    with pytest.raises(NotAllowedError):
        by_hand(COMPLAINT, MANAGER)


def test_a_solution_that_waits_stays_with_its_signer() -> None:
    """The rung is told; the queue is where who signs looks."""
    waiting = investigated().complaint
    passed = by_hand(waiting, HEAD)
    assert passed.queue == waiting.queue


@pytest.mark.parametrize("build", [received, closed])
def test_what_nobody_handles_is_not_escalated_by_hand(build: object) -> None:
    """Before it is assessed and after it is closed there is nothing to pass up."""
    with pytest.raises(WrongStatusError):
        by_hand(build().complaint, QUALITY)  # type: ignore[operator]


def test_who_does_not_handle_it_may_not_escalate() -> None:
    """And a reason is wanted from who does."""
    with pytest.raises(NotAllowedError):
        by_hand(COMPLAINT, OTHER_HEAD)
    with pytest.raises(InvalidInputError):
        escalate(COMPLAINT, " ", staff=HANDLER, key=QUIET_KEY, at=AT, office=OFFICE)
    assert by_hand(approved().complaint, HANDLER).status is Status.APPROVED


@pytest.mark.parametrize("what", ["emergency", "contact", "statement", "order:service-1"])
def test_clocks_beside_the_stage_climb_as_well(what: str) -> None:
    """Each on its own ladder of steps, each named in words."""
    clock = start_clock(
        Limit(minutes=60), started_at=AT, at=AT, policy=OFFICE.policy, zone=OFFICE.zone, what=what
    )
    complaint = COMPLAINT.replace(**with_clock(COMPLAINT, clock))
    seen = []
    for _ in range(3):
        due = due_clock(complaint, AT + 9 * HOUR)
        assert due
        assert due.what == what
        seen.append(told(complaint, due, OFFICE))
        complaint, entry = take_step(complaint, at=AT + 9 * HOUR, office=OFFICE)
        assert entry.facts["clock"] == what
        running = next(one for one in complaint.clocks if one.what == what)
        complaint = complaint.replace(
            **with_clock(complaint, running.replace(next_at=AT + 2 * HOUR))
        )
    assert seen[1:] == ["department_head", "quality_office"]
    for language in ("zh_CN", "en"):
        assert limit_words(what, texts(language))
