"""Rules that a procedure leans on and no stage shows by itself: one test for each."""

from datetime import date, datetime, timedelta

import msgspec
import pytest

from complaints import clocks, disputes, gates, group_incident, outside, pauses
from complaints.calendar import PUBLISHED, Kind, look_up
from complaints.check_sla import Due, acting, recipients, what_is_due
from complaints.compensation import granted
from complaints.emergency import needs_look, raised, withdraw
from complaints.escalate import escalate
from complaints.lifecycle import InvalidInputError, NotAllowedError, WrongStatusError
from complaints.matters import merge, unmerge
from complaints.models import Channel, Complaint, Outcome, Role, Signature
from complaints.office import Office
from complaints.parts import Announcement, Dispute, EmergencyStep, Gate, Merged, OutsideCase
from complaints.policy import Limit, Rung, load
from complaints.roles import may_approve, may_assign, may_follow_up, may_reopen, may_work_on
from complaints.rounds import contact_clock, follow_up_begins, is_last_call
from complaints.severity import came_late, repeats, weigh
from tests.builders import (
    AT,
    HANDLER,
    HEAD,
    MAJOR,
    MANAGER,
    OFFICE,
    OTHER_HEAD,
    QUALITY,
    QUIET_KEY,
    after,
    approved,
    assessed,
    closed,
    contact,
    decided,
    finding,
    followed_up,
    investigated,
    rated,
    received,
    responded,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def office(name: str) -> Office:
    """Return an office that works by this procedure."""
    return Office(policy=load(name), zone=OFFICE.zone)


UTILITY, PROPERTY = office("utility"), office("property-management")


# ---- limits and pauses (E1 to E4) ----------------------------------------------------------


def test_each_rung_is_told_after_its_own_period() -> None:
    """E3: the second half an hour after the limit, the third an hour and a half after that."""
    rungs = (
        Rung(to="department_head"),
        Rung(to="quality_office", after=Limit(minutes=30)),
        Rung(to="management", after=Limit(minutes=90)),
    )
    by = {"policy": OFFICE.policy, "zone": OFFICE.zone}
    clock = clocks.start_clock(Limit(minutes=60), started_at=AT, at=AT, **by)  # type: ignore[arg-type]
    told = []
    for _ in range(4):
        clock = clocks.after_step(clock, ladder=rungs, at=clock.next_at, **by)  # type: ignore[arg-type]
        told.append(clock.next_at - AT)
    assert told[:3] == [HOUR, HOUR + 30 * MINUTE, 3 * HOUR]


def test_a_clock_until_a_day_reminds_at_once_where_the_time_is_used_up() -> None:
    """I11: a body outside hands over late; the reminder does not lie in the past."""
    clock = clocks.clock_until(AT + HOUR, started_at=AT - 9 * DAY, at=AT, policy=OFFICE.policy)
    assert clock.next_at == AT


def test_a_pause_that_ends_by_a_slow_clock_takes_nothing_away() -> None:
    """E4: of two functions one may be some seconds behind."""
    by = {"policy": OFFICE.policy, "zone": OFFICE.zone}
    clock = clocks.start_clock(Limit(minutes=60), started_at=AT, at=AT, **by)  # type: ignore[arg-type]
    stopped = clocks.pause(clock, at=AT + 10 * MINUTE)
    assert clocks.resume(stopped, at=AT + 9 * MINUTE, **by).due_at == clock.due_at  # type: ignore[arg-type]


@pytest.mark.parametrize("day", [(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)])
def test_the_days_that_are_fixed_by_law_are_off_before_they_are_published(
    day: tuple[int, int],
) -> None:
    """New Year, two days of May, three of October (全国年节及纪念日放假办法, 2025)."""
    assert look_up(date(PUBLISHED[1] + 1, *day)).kind is Kind.HOLIDAY


def test_feedback_may_wait_for_the_complainant() -> None:
    """E4: a complainant who is abroad stops the limit of the feedback as well."""
    assert pauses.may_pause(approved().complaint)


def test_the_longest_extension_itself_may_be_asked_for() -> None:
    """The policy's figure is allowed, and no working day more."""
    complaint, at = assessed().complaint, AT + HOUR
    by = OFFICE.policy.extension.longest
    assert by.working_days
    for limit in (by, Limit(working_days=by.working_days + 1)):
        asked = {"staff": HANDLER, "key": QUIET_KEY, "at": at, "office": OFFICE}
        if limit == by:
            assert pauses.ask_extension(complaint, limit, "取证", **asked)[0].extension  # type: ignore[arg-type]
        else:
            with pytest.raises(InvalidInputError):
                pauses.ask_extension(complaint, limit, "取证", **asked)  # type: ignore[arg-type]


def with_first_word() -> Complaint:
    """Return an assessed complaint of the property office whose first word is due (003)."""
    clock = contact_clock(AT, at=AT, office=PROPERTY)
    assert clock
    return assessed().complaint.replace(clocks=(clock,))


def test_who_agrees_a_time_has_said_the_first_word() -> None:
    """003 第3篇 3.4: to agree a time is to have spoken with the owner."""
    agreed, _ = pauses.agree_time(
        with_first_word(), AT + 2 * DAY, "电话约定", staff=HANDLER, key=QUIET_KEY, at=AT + HOUR,
        office=PROPERTY,
    )  # fmt: skip
    assert agreed.clocks == ()
    assert agreed.contacted_at == AT + HOUR


def test_a_call_or_a_visit_is_a_contact_and_nothing_else() -> None:
    """C8: a letter goes by its own form, which sends it."""
    with pytest.raises(InvalidInputError):
        pauses.contacted(
            with_first_word(), Channel.EMAIL, "写过", staff=HANDLER, key=QUIET_KEY, at=AT + HOUR
        )


# ---- the ladder (C7, E3, I10) --------------------------------------------------------------


def test_a_complaint_with_news_does_not_end_quietly() -> None:
    """000 四: a week without another word; there was one, and somebody must read it."""
    complaint = responded().complaint.replace(look_again_at=None, must_call_back=False)
    assert complaint.clock
    end = complaint.clock.due_at
    assert what_is_due(complaint, end) is Due.END_QUIETLY
    assert what_is_due(complaint.replace(news_at=AT), end) is not Due.END_QUIETLY


def test_the_leader_is_reminded_of_the_statement() -> None:
    """001 2: the director of the committee, no other."""
    declared, _ = group_incident.declare(
        assessed().complaint, "停气", staff=QUALITY, key=QUIET_KEY, at=AT, office=UTILITY
    )
    clock = group_incident.clock_of(declared)
    assert clock
    assert acting(declared, clock, UTILITY) == "committee_director"


def test_above_a_ladder_of_posts_that_nobody_holds_are_the_roles() -> None:
    """003: no director, no customer service, no manager; the quality office hears of it."""
    complaint = assessed().complaint
    for staff in ([QUALITY, HANDLER], [MANAGER, HANDLER]):
        found = recipients(complaint, "director", list(staff), PROPERTY, at=AT, as_rung=True)
        assert found == [staff[0]]


def by_hand(complaint: Complaint, at_hours: int = 3) -> Complaint:
    """Pass a complaint up; return it."""
    made = escalate(
        complaint, "无权决定", staff=HANDLER, key=QUIET_KEY, at=AT + at_hours * HOUR, office=OFFICE
    )
    return made[0]


def test_by_hand_the_rung_after_is_not_told_before_the_limit() -> None:
    """C7: who passed it up on the first day has not missed the third."""
    waits = investigated().complaint
    assert waits.clock
    passed = by_hand(waits)
    assert passed.clock
    assert passed.clock.next_at == waits.clock.due_at


def test_what_waits_for_somebody_else_is_not_passed_up() -> None:
    """E4: while the limit stands still nobody is told."""
    complaint = assessed().complaint
    paused, _ = pauses.pause(
        complaint, "evidence", AT + 3 * DAY, "等鉴定", staff=HANDLER, key=QUIET_KEY, at=AT + HOUR,
        office=OFFICE,
    )  # fmt: skip
    with pytest.raises(WrongStatusError):
        by_hand(paused)


# ---- rounds and gates (C6, D1 to D5) -------------------------------------------------------


def test_a_new_round_begins_with_nothing_of_the_one_before() -> None:
    """C6: what was agreed, extended or tried is over; a rejection of ours is no repeat (D5)."""
    before = investigated()
    used = before.complaint.replace(
        agreed_at=AT, extensions=1, attempts=2, attempted_at=AT, repeats=1
    )
    again = decided(before.replace(complaint=used), approved=False, reason="再查").complaint
    assert (again.agreed_at, again.extensions) == (None, 0)
    assert (again.attempts, again.attempted_at) == (0, None)
    assert again.repeats == 1


def test_nothing_closes_before_the_follow_up() -> None:
    """000 四: with every gate open, whoever was not asked yet is asked."""
    policy = msgspec.structs.replace(OFFICE.policy, closing_gates=(Gate.VOUCHER,))
    where = Office(policy=policy, zone=OFFICE.zone)
    complaint = responded().complaint
    assert gates.shut(complaint, where) == ()
    assert gates.closing(complaint, at=AT, office=where) == {}


def test_satisfaction_and_opinion_are_open_when_they_were_heard() -> None:
    """000 四, 003 2(1)⑨: not with the reply, but with what is said of it."""
    policy = msgspec.structs.replace(OFFICE.policy, closing_gates=(Gate.OPINION, Gate.SATISFIED))
    where = Office(policy=policy, zone=OFFICE.zone)
    complaint = responded().complaint
    assert gates.shut(complaint, where) == (Gate.OPINION, Gate.SATISFIED)
    heard = gates.ended(complaint, Outcome.SATISFIED, AT)
    assert gates.shut(heard, where) == ()


def test_a_third_call_right_after_the_second_is_not_the_last() -> None:
    """I5: three calls that count, two hours apart."""
    complaint = responded().complaint.replace(attempts=2, attempted_at=AT)
    assert not is_last_call(complaint, AT + HOUR, OFFICE)
    assert is_last_call(complaint, AT + 2 * HOUR, OFFICE)


def test_after_an_emergency_everybody_is_called() -> None:
    """002 3.2.5: drawn or not; but for who left no way."""
    complaint = approved().complaint.replace(emergency_at=AT)
    for anonymous in (False, True):
        begun = follow_up_begins(
            complaint.replace(anonymous=anonymous), key=QUIET_KEY, at=AT, office=OFFICE
        )
        assert begun["must_call_back"] is not anonymous


@pytest.mark.parametrize("anonymous", [False, True])
def test_an_emergency_in_follow_up_makes_the_call_a_duty(*, anonymous: bool) -> None:
    """002 3.2.5; nobody calls who left no way."""
    complaint = responded().complaint.replace(anonymous=anonymous)
    found = raised(complaint, since=AT, at=AT, office=OFFICE)
    assert found.must_call_back is not anonymous


# ---- who speaks for the group (B6, I18) ----------------------------------------------------


def test_of_a_joint_group_only_the_leader_speaks() -> None:
    """004 一: a member of the group is no spokesman."""
    members = (OTHER_HEAD.username, HEAD.username)
    complaint = assessed().complaint.replace(members=members)
    assert group_incident.may_lead(complaint, OTHER_HEAD, OFFICE)
    assert not group_incident.may_lead(complaint, HEAD, OFFICE)
    with pytest.raises(NotAllowedError):
        group_incident.announce(
            group_incident.begun(complaint, at=AT, office=OFFICE),
            Announcement(
                announcement_id="1", kind="update", words="已恢复", by=HEAD.username, at=AT
            ),
            staff=HEAD, key=QUIET_KEY, at=AT, office=OFFICE,
        )  # fmt: skip


def test_a_matter_has_one_statement() -> None:
    """I18: what is counted with another complaint declares no incident of its own."""
    merged = assessed().complaint.replace(merged_into="TS-2026-000002-4")
    with pytest.raises(WrongStatusError) as caught:
        group_incident.declare(merged, "停水", staff=QUALITY, key=QUIET_KEY, at=AT, office=OFFICE)
    assert caught.value.text_id == "error.incident_runs"


# ---- counts and matters (B3, B5, I2) -------------------------------------------------------


def link(n: int, *, person: str = "") -> Merged:
    """Return what lies beside a complaint for one that was merged into it."""
    return Merged(
        complaint_id=f"TS-2026-{n:06}-0",
        person=person or f"person-{n}",
        received_at=AT,
        merged_at=AT + HOUR,
        by=QUALITY.username,
    )


def test_who_is_not_satisfied_at_follow_up_has_come_back() -> None:
    """001 1.2 h): the repeat stands in the proof, with what it was."""
    dossier = responded()
    whole = after(dossier, rated(dossier, Outcome.DISSATISFIED))
    assert [one.what for one in repeats(whole)] == ["reopened"]


def test_words_after_the_answer_are_no_repeat() -> None:
    """001 1.2 h): handled late counts while the answer is awaited."""
    late = {"overdue": 1}
    assert came_late(investigated().complaint.replace(**late), AT)
    assert not came_late(responded().complaint.replace(**late), AT)


def test_an_incident_whose_statement_is_out_stays_one() -> None:
    """I18: five people made it public; unmerging one of them takes no statement back."""
    start = assessed()
    whole = start.replace(
        complaint=start.complaint.replace(person="li"), merged=tuple(map(link, range(2, 6)))
    )
    made = weigh(whole, at=AT + HOUR, office=OFFICE)
    assert made
    incident = after(whole, made)
    assert incident.complaint.incident_at
    said = incident.complaint.replace(clocks=())
    fewer = weigh(incident.replace(complaint=said, merged=()), at=AT + 2 * HOUR, office=OFFICE)
    assert fewer
    assert fewer[0].incident_at
    awaited = weigh(incident.replace(merged=()), at=AT + 2 * HOUR, office=OFFICE)
    assert awaited
    assert awaited[0].incident_at is None


def test_an_emergency_is_answered_before_it_is_merged() -> None:
    """C4: in another complaint its hour would be out of sight."""
    one, main = assessed(), assessed(received(n=2))
    alarmed = one.replace(complaint=raised(one.complaint, since=AT, at=AT, office=OFFICE))
    with pytest.raises(WrongStatusError) as caught:
        merge(alarmed, main, staff=QUALITY, at=AT + HOUR, office=OFFICE)
    assert caught.value.text_id == "error.merge_emergency"


def test_who_handles_one_alone_merges_nothing() -> None:
    """B5: both are changed, so both must be one's own."""
    one, main = assessed(), assessed(received(n=2))
    others = main.replace(complaint=main.complaint.replace(department="finance"))
    for pair in ((one, others), (others, one)):
        with pytest.raises(NotAllowedError) as caught:
            merge(*pair, staff=HANDLER, at=AT + HOUR, office=OFFICE)
        assert caught.value.text_id == "error.merge_not_allowed"


@pytest.mark.parametrize(("person", "expected"), [("li", 1), ("wang", 0), ("", 0)])
def test_merging_is_a_repeat_of_the_same_person_only(person: str, expected: int) -> None:
    """001 1.2 h): what somebody else complains of is no coming back."""
    one, main = assessed(), assessed(received(n=2))
    one = one.replace(complaint=one.complaint.replace(person=person))
    main = main.replace(complaint=main.complaint.replace(person="li"))
    made = merge(one, main, staff=QUALITY, at=AT + HOUR, office=OFFICE)
    assert made.main[0].repeats == expected


def test_what_was_closed_together_is_not_unmerged() -> None:
    """000 四: it was counted, answered and filed as one."""
    main = closed(followed_up(responded(approved(investigated(assessed(received(n=2)))))))
    one = assessed()
    one = one.replace(complaint=one.complaint.replace(merged_into=main.complaint.complaint_id))
    main = main.replace(merged=(link(1).replace(complaint_id=one.complaint.complaint_id),))
    with pytest.raises(WrongStatusError):
        unmerge(one, main, staff=QUALITY, at=AT + 99 * DAY, office=OFFICE)


# ---- four eyes (C5, C9, I5, I8) ------------------------------------------------------------


def test_money_is_approved_by_who_signed_for_its_amount() -> None:
    """000 七: head and leader sign; two hundred yuan are the head's (C9)."""
    homes = office("senior-living")
    signed = tuple(
        Signature(code=code, username=who.username, at=AT)
        for code, who in (("department_head", HEAD), ("management", MANAGER))
    )
    complaint = investigated().complaint.replace(signed=signed, approver=MANAGER.username)
    (made,) = granted(complaint, finding(compensation=20_000), (), at=AT, office=homes)
    assert made.approved_by == HEAD.username
    (made,) = granted(complaint, finding(compensation=200_000), (), at=AT, office=homes)
    assert made.approved_by == MANAGER.username


def test_who_handled_it_before_neither_signs_nor_calls() -> None:
    """I5: it was that person's work, whoever took it over since."""
    complaint = investigated().complaint.replace(predecessors=(HEAD.username, QUALITY.username))
    assert not may_approve(complaint, HEAD, OFFICE)
    assert not may_follow_up(complaint, QUALITY)


def test_who_is_complained_about_has_no_part_in_it() -> None:
    """I8: neither takes it up again nor is made its investigator."""
    complaint = assessed().complaint.replace(respondents=(QUALITY.username, HANDLER.username))
    assert not may_reopen(complaint, QUALITY)
    assert not may_assign(complaint, HANDLER.username, HEAD)


def test_management_that_is_to_sign_does_not_handle() -> None:
    """C5, C7: what was passed up to it is its own to solve, and nothing else."""
    waits = investigated(assessed(received(MAJOR))).complaint
    passed = assessed().complaint.replace(queue=Role.MANAGEMENT)
    assert waits.queue == Role.MANAGEMENT
    assert not may_work_on(waits, MANAGER)
    assert may_work_on(passed, MANAGER)


def test_only_the_quality_office_calls_a_false_alarm_false() -> None:
    """C4: who has to answer does not decide that nothing is to be answered."""
    alarmed = raised(assessed().complaint, since=AT, at=AT, office=OFFICE)
    for staff in (HANDLER, HEAD, MANAGER):
        with pytest.raises(NotAllowedError):
            withdraw(alarmed, "误报", staff=staff, key=QUIET_KEY, at=AT)
    assert withdraw(alarmed, "误报", staff=QUALITY, key=QUIET_KEY, at=AT)[0].emergency_at is None


def test_our_own_words_about_an_emergency_ring_no_second_alarm() -> None:
    """B7: a note that nothing burns after all; what comes from outside rings."""
    step = EmergencyStep(step_id="1", kind="progress", by=HANDLER.username, at=AT, words="起火")
    dossier = assessed().replace(emergency_steps=(step,))
    for by, rings in ((HANDLER.username, False), ("complainant", True)):
        assert needs_look(dossier, contact("起火", contact_id="c9", by=by)) is rings


# ---- bodies outside, disputes (C11, I11) ---------------------------------------------------


@pytest.mark.parametrize(
    ("received_at", "due_at"),
    [(AT + DAY, AT + 2 * DAY), (AT, AT - DAY), (AT - 400 * DAY, AT), (AT, AT + 400 * DAY)],
)
def test_the_times_of_a_body_outside_are_in_order_and_near(
    received_at: datetime, due_at: datetime
) -> None:
    """I11: no case of tomorrow, none due before it came, no slip of the year."""
    case = OutsideCase(
        case_id="1", body="12345", number="A1", received_at=received_at, due_at=due_at
    )
    with pytest.raises(InvalidInputError):
        outside.register(
            assessed().complaint, case, staff=QUALITY, key=QUIET_KEY, at=AT, office=OFFICE
        )


def test_a_body_outside_gives_the_first_word_its_longer_limit() -> None:
    """003 第3篇 4.0: three days instead of two."""
    case = OutsideCase(case_id="1", body="12345", number="A1", received_at=AT, due_at=AT + 5 * DAY)
    found, _ = outside.register(
        with_first_word(), case, staff=QUALITY, key=QUIET_KEY, at=AT + HOUR, office=PROPERTY
    )
    assert {clock.what: clock.due_at for clock in found.clocks}["contact"] == AT + 3 * DAY


def test_a_dispute_is_not_opened_tomorrow() -> None:
    """C11: what is kept has happened."""
    dispute = Dispute(
        dispute_id="1",
        way="court",
        institution="法院",
        opened_at=AT + DAY,
        by="qiu",
        words="诉讼",
        status="open",
    )
    with pytest.raises(InvalidInputError):
        disputes.begin(assessed().complaint, dispute, staff=QUALITY, key=QUIET_KEY, at=AT)
