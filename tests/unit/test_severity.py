"""Severity by count: what counts, when it holds, and what follows from it."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints import classify, intake
from complaints.assessment import with_levels
from complaints.models import (
    Assessment,
    Complaint,
    Dossier,
    Outcome,
    Risk,
    Signature,
    Status,
    Urgency,
)
from complaints.office import Office
from complaints.parts import Merged
from complaints.policy import Counted, Criterion, Levels, Limit, Limits, Name, SignOffs
from complaints.rounds import reassessed
from complaints.severity import most_within, people, proofs, repeats, weigh, weighed
from tests.builders import (
    AT,
    HANDLER,
    MAJOR,
    OFFICE,
    QUIET_KEY,
    after,
    answered,
    approved,
    assessed,
    contact,
    investigated,
    later,
    received,
)

NAME = Name(zh="计数", en="Counted")
THREE = Criterion(code="r3", name=NAME, counted=Counted(what="repeats", at_least=3))
FIVE = Criterion(code="p5", name=NAME, counted=Counted(what="people", at_least=5, hours=48))
HIGH = Criterion(code="high", name=NAME, levels=Levels(risk=(Risk.HIGH,)))


def replaced(record: Any, **fields: Any) -> Any:  # noqa: ANN401
    """Return a setting with other fields."""
    return msgspec.structs.replace(record, **fields)


def with_rules(*criteria: Criterion, **clocks: Any) -> Office:  # noqa: ANN401
    """Return the office under a policy with these instead of its counted criteria and limits."""
    policy = OFFICE.policy
    major = (*(one for one in policy.major if not one.counted), *criteria)
    policy = replaced(policy, major=major, clocks=replaced(policy.clocks, **clocks))
    return Office(policy=policy, zone=OFFICE.zone)


COUNTING = with_rules(THREE, FIVE)


def link(n: int, *, hours: float = 0, person: str = "", repeats: int = 0) -> Merged:
    """Return what lies beside a complaint for one that was merged into it."""
    return Merged(
        complaint_id=f"TS-2026-{n:06}-0",
        person=person or f"person-{n}",
        received_at=AT + timedelta(hours=hours),
        merged_at=AT + timedelta(days=9),
        by="qiu",
        repeats=repeats,
    )


def as_person(dossier: Dossier, person: str = "li") -> Dossier:
    """Return a complaint whose complainant has this key."""
    return dossier.replace(complaint=dossier.complaint.replace(person=person))


def weigh_now(dossier: Dossier, office: Office = COUNTING) -> Dossier:
    """Return the complaint as weighed an hour after its last step; the same where all stays."""
    made = weigh(dossier, at=later(dossier, 1), office=office)
    return after(dossier, made) if made else dossier


# ---- what counts ---------------------------------------------------------------------------

MOMENTS = st.lists(st.tuples(st.integers(0, 200), st.sampled_from("abcdefg")), max_size=14).map(
    sorted
)


@given(said=MOMENTS, hours=st.one_of(st.none(), st.integers(1, 80)))
def test_the_window_slides_over_all_who_complained(
    said: list[tuple[int, str]], hours: int | None
) -> None:
    """As many people as the best of all windows holds, tried one by one."""
    moments: list[tuple[datetime, str]] = [(AT + timedelta(hours=h), who) for h, who in said]
    first, last = most_within(moments, hours)
    found = {who for _, who in moments[first:last]}
    spans = [
        {who for h, who in said if start <= h and (hours is None or h - start <= hours)}
        for start, _ in said
    ]
    assert len(found) == max(map(len, spans), default=0)
    if found and hours:
        assert moments[last - 1][0] - moments[first][0] <= timedelta(hours=hours)


def test_people_are_counted_once_and_nobody_not_at_all() -> None:
    """The same person twice is one; who can't be told apart is none; both ends belong."""
    main = as_person(assessed())
    links = (link(2, hours=48), link(3, person="li"), link(4, hours=49), link(5))
    nobody = link(6).replace(person="")
    found = people(main.replace(merged=(*links, nobody)), 48)
    assert [one.complaint_id[8:14] for one in found] == ["000001", "000005", "000002"]


def test_coming_back_counts_and_staying_does_not() -> None:
    """Refused, asked again after a missed limit, complained anew: each once, with its place."""
    main = approved(investigated(assessed(as_person(received()))))
    main = after(main, answered(main, Outcome.REFUSED))
    at = later(main, 1)
    in_time = intake.add(
        main.complaint, contact("谢谢", at=at), key=QUIET_KEY, at=at, office=OFFICE
    )
    assert in_time[0].repeats == 1
    main = after(main, in_time)
    at = later(main, 24 * 9)
    late = intake.add(
        main.complaint, contact("怎么还没有", at=at), key=QUIET_KEY, at=at, office=OFFICE
    )
    main = after(main, late).replace(merged=(link(2, person="li", repeats=2), link(3)))
    found = repeats(main)
    assert [(one.what, one.times) for one in found] == [
        ("complained", 3),
        ("refused", 1),
        ("came_back", 1),
    ]
    assert main.complaint.repeats == 2


def test_a_file_alone_is_no_contact() -> None:
    """It belongs to what was said; words are a contact."""
    head = assessed().complaint
    at = AT + timedelta(hours=1)
    file, _ = intake.add(head, contact("", at=at), key=QUIET_KEY, at=at, office=OFFICE)
    word, _ = intake.add(head, contact("补充", at=at), key=QUIET_KEY, at=at, office=OFFICE)
    assert (file.contacts, word.contacts) == (1, 2)


# ---- thresholds ----------------------------------------------------------------------------


def test_the_fifth_person_makes_it_a_major_group_incident_and_unmerging_takes_it_back() -> None:
    """At once, with the code and the count on record (B6)."""
    main = as_person(assessed())
    four = weigh_now(main.replace(merged=tuple(link(n) for n in (2, 3, 4))))
    assert not four.complaint.is_major
    five = weigh_now(four.replace(merged=tuple(link(n) for n in (2, 3, 4, 5))))
    assert five.complaint.assessment
    assert five.complaint.assessment.counted == ("p5",)
    assert five.complaint.incident_at == later(four, 1)
    assert five.entries[-1].action == "promoted"
    assert five.entries[-1].facts["counted"] == "p5:5"
    back = weigh_now(five.replace(merged=five.merged[:3]))
    assert back.entries[-1].action == "demoted"
    assert not back.complaint.is_major
    assert back.complaint.incident_at is None
    assert back.complaint.clocks == main.complaint.clocks


def test_what_staff_confirmed_stays_when_the_count_falls() -> None:
    """A counted code goes only where nothing else speaks for it."""
    main = as_person(assessed(received(MAJOR)))
    kept = main.complaint.assessment
    assert kept
    assert set(kept.proposed) == set(kept.major) == {"6", "7"}
    assert "收受红包" in kept.proposed["6"]
    up = weigh_now(main.replace(merged=tuple(link(n, person="li") for n in (2, 3, 4))))
    assert up.complaint.assessment
    assert set(up.complaint.assessment.major) == {"6", "7", "r3"}
    down = weigh_now(up.replace(merged=()))
    assert down.complaint.assessment
    assert set(down.complaint.assessment.major) == {"6", "7"}


def test_what_we_are_not_responsible_for_does_not_count() -> None:
    """001 speaks of responsible complaints; until the investigation every one is."""
    main = as_person(assessed()).replace(merged=tuple(link(n, person="li") for n in (2, 3, 4)))
    not_ours = main.replace(complaint=main.complaint.replace(responsible=False))
    assert weigh(main, at=AT, office=COUNTING)
    assert weigh(not_ours, at=AT, office=COUNTING) is None
    (proof, _) = proofs(not_ours, COUNTING.policy)
    assert (proof.count, proof.holds) == (3, False)


@pytest.mark.parametrize("closed", [True, False])
def test_a_merged_or_closed_complaint_is_not_weighed(closed: bool) -> None:  # noqa: FBT001
    """It counts with another, or is over."""
    main = as_person(assessed()).replace(merged=tuple(link(n, person="li") for n in (2, 3, 4)))
    changes = {"status": Status.CLOSED} if closed else {"merged_into": "TS-2026-000009-0"}
    gone = main.replace(complaint=main.complaint.replace(**changes))
    assert weigh(gone, at=AT, office=COUNTING) is None


def test_a_step_and_what_it_weighs_are_two_entries_of_one_save() -> None:
    """The refusal that is the third repeat makes it major in the same breath."""
    main = approved(investigated(assessed(as_person(received()))))
    main = main.replace(merged=tuple(link(n, person="li") for n in (2, 3)))
    made = answered(main, Outcome.REFUSED)
    complaint, entries = weighed(main, made, at=later(main, 1), office=COUNTING)
    assert [entry.action for entry in entries] == ["refused", "promoted"]
    assert complaint.is_major
    assert complaint.repeats == 1
    assert complaint.version == entries[-1].number


# ---- what follows --------------------------------------------------------------------------

QUICK = with_rules(
    THREE,
    investigation=Limits(general=Limit(minutes=24 * 60), major=Limit(minutes=6 * 60)),
)


def test_a_promoted_complaint_has_the_limit_of_a_major_one_from_the_same_start() -> None:
    """Nothing of the time that has passed is given back, and none is taken away."""
    main = as_person(assessed()).replace(merged=tuple(link(n, person="li") for n in (2, 3, 4)))
    up = weigh_now(main, QUICK)
    assert up.complaint.clock
    assert up.complaint.clock.started_at == AT
    assert up.complaint.clock.due_at == AT + timedelta(hours=6)
    down = weigh_now(up.replace(merged=()), QUICK)
    assert down.complaint.clock
    assert down.complaint.clock.due_at == AT + timedelta(hours=24)


def test_promotion_asks_for_the_signatures_of_a_major_complaint() -> None:
    """Investigated and promoted, it waits for management; a signature that counts stays."""
    main = investigated(as_person(assessed()))
    up = weigh_now(main.replace(merged=tuple(link(n, person="li") for n in (2, 3, 4))))
    assert (main.complaint.queue, up.complaint.queue) == ("service", "management")


def signed_by(*codes: str) -> Any:  # noqa: ANN401
    """Return the signatures of these roles."""
    return tuple(Signature(code=code, username=code, at=AT) for code in codes)


def test_signatures_stay_for_the_roles_that_are_still_asked_for() -> None:
    """Where all that are asked for have signed already, the last signs what it is now."""
    policy = OFFICE.policy
    approval = replaced(
        policy.approval, major=SignOffs(signed_by=("department_head", "management"))
    )
    office = replaced(OFFICE, policy=replaced(policy, approval=approval))
    head = investigated().complaint
    before = head.replace(signed=signed_by("department_head"))
    major = Assessment(type="A", major=("1",))
    kept = reassessed(before, before.replace(assessment=major), at=AT, office=office)
    assert [one.code for one in kept["signed"]] == ["department_head"]
    assert kept["queue"] == "management"
    was_major = before.replace(assessment=major)
    anew = reassessed(was_major, before, at=AT, office=office)
    assert anew["signed"] == ()
    assert anew["queue"] == "service"


def test_after_the_approval_severity_holds_for_what_comes_next() -> None:
    """No signature is taken back, no clock moved."""
    main = approved(investigated(as_person(assessed())))
    up = weigh_now(main.replace(merged=tuple(link(n, person="li") for n in (2, 3, 4))))
    assert up.complaint.is_major
    assert (up.complaint.queue, up.complaint.clock) == (main.complaint.queue, main.complaint.clock)


# ---- proposed, confirmed, dismissed; levels --------------------------------------------------


def corrected(dossier: Dossier, assessment: Assessment, office: Office = COUNTING) -> Complaint:
    """Return the head after staff corrected the assessment."""
    return classify.correct(
        dossier.complaint, assessment, "service", staff=HANDLER, at=later(dossier, 1), office=office
    )[0]


def test_a_proposal_counts_until_staff_dismiss_it() -> None:
    """The safe side: what may be major is handled as major until somebody has looked."""
    main = assessed(received(MAJOR))
    assert main.complaint.is_major
    settled = corrected(main, Assessment(type="A", major=("6",)))
    assert settled.assessment
    assert (settled.assessment.major, settled.assessment.proposed) == (("6",), {})


def test_staff_can_not_dismiss_what_is_counted() -> None:
    """A count needs no opinion."""
    main = as_person(assessed()).replace(merged=tuple(link(n, person="li") for n in (2, 3, 4)))
    up = weigh_now(main)
    kept = corrected(up, Assessment(type="A"))
    assert kept.assessment
    assert (kept.assessment.major, kept.assessment.counted) == (("r3",), ("r3",))


@pytest.mark.parametrize("risk", list(Risk))
def test_levels_decide_by_themselves(risk: Risk) -> None:
    """002: high risk is major, whatever the words; and no more when the risk is no more high."""
    office = with_rules(HIGH)
    before = Assessment(type="A", urgency=Urgency.GENERAL, risk=risk, major=("high",))
    found = with_levels(before, office.policy).major
    assert found == (("high",) if risk is Risk.HIGH else ())


def test_what_was_passed_up_stays_there() -> None:
    """Another severity takes no complaint back from whoever has it now."""
    main = as_person(assessed()).replace(merged=tuple(link(n, person="li") for n in (2, 3, 4)))
    up = main.replace(complaint=main.complaint.replace(queue="management"))
    assert weigh_now(up).complaint.queue == "management"
