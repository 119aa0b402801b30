"""Check the limits: one thing at a time, rung by rung, each once, and never into the void."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints import intake
from complaints.check_sla import Due, recipients, take_step, told, what_is_due
from complaints.models import Clock, Complaint, Dossier, Role, Staff, Status
from complaints.office import Office
from complaints.policy import load
from tests.builders import (
    AT,
    DRAWN_KEY,
    HANDLER,
    HEAD,
    MAJOR,
    MANAGER,
    OFFICE,
    OTHER_HEAD,
    QUALITY,
    STAFF,
    approved,
    assessed,
    closed,
    contact,
    followed_up,
    investigated,
    later,
    received,
    responded,
)

SECOND = timedelta(seconds=1)
LADDER = ["handler", "department_head", "quality_office", "management"]


def begun(dossier: Dossier) -> Complaint:
    """Return the complaint once the step that it waits in has begun."""
    return dossier.complaint.replace(look_again_at=None)


def stage_clock(complaint: Complaint) -> Clock:
    """Return the clock of the stage that a complaint is in."""
    assert complaint.clock
    return complaint.clock


def drawn() -> Dossier:
    """Return a complaint whose complainant must be called back."""
    return responded(approved(investigated(assessed(received(key=DRAWN_KEY)))))


def major() -> Dossier:
    """Return a major complaint that waits for management."""
    return investigated(assessed(received(MAJOR)))


def steps(complaint: Complaint, count: int) -> list[tuple[str, str]]:
    """Return action and role of the steps that are taken, each at the instant it is due."""
    taken = []
    for _ in range(count):
        assert complaint.clock
        complaint, entry = take_step(complaint, at=complaint.clock.next_at, office=OFFICE)
        taken.append((entry.action, str(entry.facts["to"])))
    return taken


def test_first_a_reminder_then_the_ladder_rung_by_rung() -> None:
    """E3: whoever must act, then one level up in each period, then the top again and again."""
    assert steps(begun(assessed()), 6) == [
        ("reminded", "handler"),
        ("escalated", "department_head"),
        ("escalated", "quality_office"),
        ("escalated", "management"),
        ("escalated", "management"),
        ("escalated", "management"),
    ]


@pytest.mark.parametrize(
    ("build", "first"),
    [
        (received, "quality_office"),
        (assessed, "handler"),
        (investigated, "department_head"),
        (major, "management"),
        (approved, "handler"),
        (drawn, "quality_office"),
        (followed_up, "quality_office"),
    ],
)
def test_the_reminder_goes_to_who_must_act(build: Callable[[], Dossier], first: str) -> None:
    """At each stage that is another one."""
    complaint = begun(build())
    assert told(complaint, stage_clock(complaint), OFFICE) == first
    assert steps(complaint, 2)[1] == ("escalated", LADDER[1])


def test_the_reminder_comes_at_four_fifths_and_the_escalation_at_the_limit() -> None:
    """004 二: near the limit, then over it; not a second before."""
    complaint = begun(assessed())
    near = AT + timedelta(hours=24) * 0.8
    assert what_is_due(complaint, near - SECOND) == Due.NOTHING
    assert what_is_due(complaint, near) == Due.REMIND
    reminded, _ = take_step(complaint, at=near, office=OFFICE)
    assert what_is_due(reminded, AT + timedelta(hours=24) - SECOND) == Due.NOTHING
    assert what_is_due(reminded, AT + timedelta(hours=24)) == Due.ESCALATE


def test_a_step_that_was_taken_is_not_due_any_more() -> None:
    """E3: never twice for the same step, however often it is looked at."""
    complaint = begun(assessed())
    assert complaint.clock
    at = complaint.clock.next_at
    complaint, _ = take_step(complaint, at=at, office=OFFICE)
    assert what_is_due(complaint, at) == Due.NOTHING
    with pytest.raises(ValueError, match="nothing is due"):
        take_step(complaint, at=at, office=OFFICE)


@settings(max_examples=40, deadline=None)
@given(gaps=st.lists(st.integers(1, 60 * 24 * 3), min_size=1, max_size=60))
def test_however_the_looks_fall_each_step_comes_once_and_in_order(gaps: list[int]) -> None:
    """A sweep that was down for days takes one step a look and leaves none out."""
    complaint, at, taken = begun(assessed()), AT, []
    for minutes in gaps:
        at += timedelta(minutes=minutes)
        if what_is_due(complaint, at) is not Due.NOTHING:
            complaint, entry = take_step(complaint, at=at, office=OFFICE)
            taken.append((entry.facts["step"], entry.facts["to"]))
    expected = [(n + 1, LADDER[min(n, 3)]) for n in range(len(taken))]
    assert taken == expected


def test_a_missed_limit_is_counted_once() -> None:
    """The first escalation is the miss, those above it are the same one."""
    complaint = begun(assessed())
    counts = []
    for _ in range(4):
        assert complaint.clock
        complaint, _ = take_step(complaint, at=complaint.clock.next_at, office=OFFICE)
        counts.append(complaint.overdue)
    assert counts == [0, 1, 1, 1]


def test_healing_comes_first() -> None:
    """Until the workflow goes on nobody can act, so nobody is told to."""
    dossier = assessed()
    assert dossier.complaint.look_again_at
    overdue = AT + timedelta(days=30)
    assert what_is_due(dossier.complaint, overdue) == Due.HEAL
    assert what_is_due(begun(dossier), overdue) == Due.REMIND


def test_quiet_days_end_by_themselves() -> None:
    """Who is not called is not escalated: the complaint closes."""
    complaint = begun(responded())
    assert complaint.clock
    assert what_is_due(complaint, complaint.clock.due_at - SECOND) == Due.NOTHING
    assert what_is_due(complaint, complaint.clock.due_at) == Due.END_QUIETLY


def test_who_must_be_called_is_reminded_of() -> None:
    """A callback that nobody makes goes up the ladder like anything else."""
    complaint = begun(drawn())
    assert complaint.clock
    assert what_is_due(complaint, complaint.clock.due_at) == Due.REMIND


def test_nothing_is_due_for_a_closed_complaint_until_its_retention_ends() -> None:
    """Then it comes into the list of disposals, and nobody is reminded or told."""
    complaint = closed().complaint
    assert complaint.dispose_at
    assert what_is_due(complaint, complaint.dispose_at - SECOND) == Due.NOTHING
    assert what_is_due(complaint, complaint.dispose_at) == Due.DISPOSE
    assert what_is_due(complaint.replace(holds=1), AT + timedelta(days=36500)) == Due.NOTHING


def test_words_after_the_closure_are_reminded_of() -> None:
    """What nobody reads goes up the ladder, too."""
    dossier = closed()
    at = later(dossier, 1)
    complaint, _ = intake.add(
        dossier.complaint, contact(at=at), key=dossier.key, at=at, office=OFFICE
    )
    assert complaint.clock
    assert what_is_due(complaint, complaint.clock.next_at) == Due.REMIND
    assert told(complaint, stage_clock(complaint), OFFICE) is Role.QUALITY_OFFICE


COMPLAINT = assessed().complaint


@pytest.mark.parametrize(
    ("role", "staff", "expected"),
    [
        pytest.param(Role.HANDLER, STAFF, ["han"], id="those of the department"),
        pytest.param(Role.DEPARTMENT_HEAD, STAFF, ["he"], id="its head, no other"),
        pytest.param(Role.QUALITY_OFFICE, STAFF, ["qiu"], id="the coordinator"),
        pytest.param(Role.HANDLER, [HEAD, QUALITY], ["he"], id="no handler: the head"),
        pytest.param(Role.HANDLER, [OTHER_HEAD, QUALITY], ["qiu"], id="no head either"),
        pytest.param(Role.HANDLER, [MANAGER], ["ma"], id="nobody but management"),
        pytest.param(Role.MANAGEMENT, [QUALITY], ["qiu"], id="nobody above: down again"),
        pytest.param(Role.MANAGEMENT, [], [], id="nobody at all"),
    ],
)
def test_where_a_rung_has_nobody_the_next_is_told(
    role: Role, staff: list[Staff], expected: list[str]
) -> None:
    """Silence can't stop an escalation."""
    found = recipients(COMPLAINT, role, staff, OFFICE, at=AT)
    assert [member.username for member in found] == expected


def test_on_the_ladder_a_director_is_told_after_the_office() -> None:
    """001 2: specialist, office and its director each have a rung; reminded are all of them."""
    utility = Office(policy=load("utility"), zone=OFFICE.zone)
    specialist = QUALITY.replace(username="spec", posts=("specialist",))
    director = QUALITY.replace(username="dir", posts=("office_director",))
    office = [specialist, QUALITY, director]

    def found(code: str, staff: list[Staff], *, as_rung: bool = True) -> list[Staff]:
        return recipients(COMPLAINT, code, staff, utility, at=AT, as_rung=as_rung)

    rungs = ("specialist", "quality_office", "office_director")
    assert [found(code, office) for code in rungs] == [[specialist], [QUALITY], [director]]
    assert found("quality_office", office, as_rung=False) == office
    assert found("quality_office", [specialist, director]) == [specialist, director]


def test_the_investigator_is_reminded_alone() -> None:
    """Once somebody has taken it, the others of the department are left in peace."""
    colleague = HANDLER.replace(username="hua")
    taken = COMPLAINT.replace(investigator="hua")
    assert recipients(taken, Role.HANDLER, [*STAFF, colleague], OFFICE, at=AT) == [colleague]
    everyone = recipients(COMPLAINT, Role.HANDLER, [*STAFF, colleague], OFFICE, at=AT)
    assert everyone == [HANDLER, colleague]


def test_an_investigator_who_is_unknown_is_replaced_by_the_head() -> None:
    """A name that the directory does not know reaches nobody: the head names another one."""
    gone = COMPLAINT.replace(investigator="gone")
    assert recipients(gone, Role.HANDLER, STAFF, OFFICE, at=AT) == [HEAD]


def test_the_last_resort_is_the_administrator() -> None:
    """A deployment that has named nobody yet still tells somebody."""
    root = Staff(username="root", name="", email="r@example.com", roles=(Role.ADMINISTRATOR,))
    assert recipients(COMPLAINT, Role.MANAGEMENT, [root], OFFICE, at=AT) == [root]


def test_a_step_keeps_the_status() -> None:
    """Looking changes nothing but the clock."""
    complaint = begun(assessed())
    assert complaint.clock
    stepped, entry = take_step(complaint, at=complaint.clock.next_at, office=OFFICE)
    assert (stepped.status, entry.actor) == (Status.ASSESSED, "check_sla")
    assert stepped.queue == complaint.queue
