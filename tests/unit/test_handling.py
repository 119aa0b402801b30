"""Handling: work orders, records, the joint group, conflicts of interest, bodies, disputes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints import disputes, investigate, joint, outside, records, respondents, work_orders
from complaints.check_sla import acting, concerned, recipients
from complaints.clocks import limit_end
from complaints.lifecycle import InvalidInputError, NotAllowedError, WrongStatusError
from complaints.models import (
    Complaint,
    Dossier,
    Finding,
    Outcome,
    Role,
    Staff,
    Status,
    TrackingEntry,
)
from complaints.office import Office
from complaints.parts import (
    Dispute,
    InvestigationRecord,
    Nature,
    OutsideCase,
    RecordKind,
    WorkOrder,
)
from complaints.roles import may_approve, may_see, may_work_on, next_signer, signs_for, stand_ins
from tests.builders import (
    HANDLER,
    HEAD,
    MAJOR,
    MANAGER,
    OFFICE,
    OTHER_HEAD,
    QUALITY,
    RECORDED,
    STAFF,
    after,
    answered,
    approved,
    assessed,
    contact,
    finding,
    followed_up,
    investigated,
    later,
    phoned,
    received,
    responded,
)

FINANCE = Staff(
    username="fu", name="付", email="fu@example.com", roles=(Role.HANDLER,), department="finance"
)
DIRECTORY = [*STAFF, FINANCE]
HOUR = timedelta(hours=1)


def submit(dossier: Dossier, staff: Staff = HANDLER, **sides: Any) -> Complaint:  # noqa: ANN401 - fields of Finding
    """Submit a finding an hour after the last step."""
    made: Finding = finding(**sides)
    complaint, _ = investigate.submit(
        dossier.complaint, made, staff=staff, key=dossier.key, at=later(dossier, 1),
        office=OFFICE, directory=DIRECTORY,
    )  # fmt: skip
    return complaint


# ---- work orders ---------------------------------------------------------------------------


def order(at: datetime, **sides: Any) -> WorkOrder:  # noqa: ANN401 - fields of WorkOrder
    """Return an order to the finance department."""
    usual: dict[str, Any] = {"order_id": "finance-1", "department": "finance", "task": "核对收费"}
    return WorkOrder(issued_by=HANDLER.username, issued_at=at, **{**usual, **sides})


def ordered(dossier: Dossier | None = None, **sides: Any) -> tuple[Dossier, WorkOrder]:  # noqa: ANN401 - fields of WorkOrder
    """Return an assessed complaint with an order to the finance department."""
    before = dossier or assessed()
    made = order(later(before, 1), **sides)
    issued = work_orders.issue(
        before.complaint, made, staff=HANDLER, key=before.key, at=made.issued_at, office=OFFICE
    )
    return after(before, issued, orders=made), made


def test_an_order_without_a_time_has_the_limit_of_the_policy() -> None:
    """C2: two working days here, on a clock beside the stage."""
    dossier, made = ordered()
    clock = dossier.complaint.clocks[-1]
    assert clock.what == "order:finance-1"
    limit = OFFICE.policy.clocks.work_order
    assert clock.due_at == limit_end(made.issued_at, limit, OFFICE.zone)
    assert dossier.complaint.clock == assessed().complaint.clock


def test_people_of_the_ordered_department_see_it_and_work_on_their_order_only() -> None:
    """Until the order is done; then it is none of their business again."""
    dossier, made = ordered()
    assert not may_see(assessed().complaint, FINANCE)
    assert may_see(dossier.complaint, FINANCE)
    assert not may_work_on(dossier.complaint, FINANCE)
    done, _ = work_orders.complete(
        dossier.complaint, made, "无误", staff=FINANCE, key=dossier.key, at=later(dossier, 1)
    )
    assert not may_see(done, FINANCE)
    assert [clock.what for clock in done.clocks if clock.what.startswith("order:")] == []


def test_an_open_order_holds_the_finding_back_and_is_named() -> None:
    """Completed or returned, it lets the finding go."""
    dossier, made = ordered()
    with pytest.raises(InvalidInputError) as refused:
        submit(dossier)
    assert (refused.value.text_id, refused.value.codes) == (
        "error.order_open",
        {"department": "finance"},
    )
    back, entry = work_orders.give_back(
        dossier.complaint, made, "与本部门无关", staff=QUALITY, key=dossier.key,
        at=later(dossier, 1),
    )  # fmt: skip
    assert "与本部门无关" not in str(entry.facts)
    assert submit(dossier.replace(complaint=back)).status is Status.INVESTIGATED


@pytest.mark.parametrize(
    ("staff", "allowed"), [(FINANCE, True), (OTHER_HEAD, True), (HANDLER, False), (MANAGER, False)]
)
def test_only_the_ordered_department_agrees_and_completes(staff: Staff, *, allowed: bool) -> None:
    """003: start and completion are the word of the department that does the work."""
    dossier, made = ordered()
    at = later(dossier, 1)

    def agree() -> tuple[Complaint, object]:
        return work_orders.agree(
            dossier.complaint, made, None, at + HOUR, staff=staff, at=at, office=OFFICE
        )

    if not allowed:
        with pytest.raises(NotAllowedError):
            agree()
        with pytest.raises(NotAllowedError):
            work_orders.complete(dossier.complaint, made, "x", staff=staff, key=dossier.key, at=at)
        return
    complaint, _ = agree()
    assert complaint.clocks[-1].due_at == at + HOUR


def test_a_far_date_does_not_silence_the_clock() -> None:
    """What is agreed may pass what was asked for by the longest extension, and no more."""
    dossier, made = ordered()
    at = later(dossier, 1)
    asked = dossier.complaint.clocks[-1].due_at
    latest = limit_end(asked, OFFICE.policy.extension.longest, OFFICE.zone)
    for complete_at, text_id in ((latest, ""), (latest + HOUR, "error.order_too_late")):
        if text_id:
            with pytest.raises(InvalidInputError) as refused:
                work_orders.agree(
                    dossier.complaint, made, None, complete_at, staff=FINANCE, at=at, office=OFFICE
                )
            assert refused.value.text_id == text_id
        else:
            complaint, _ = work_orders.agree(
                dossier.complaint, made, None, complete_at, staff=FINANCE, at=at, office=OFFICE
            )
            assert complaint.clocks[-1].due_at == latest
    with pytest.raises(WrongStatusError):
        work_orders.agree(
            dossier.complaint, made.replace(agreed_at=at), None, latest, staff=FINANCE, at=at,
            office=OFFICE,
        )  # fmt: skip


def test_the_reminder_of_an_order_goes_to_its_own_department() -> None:
    """And its first rung is that department's head, not the head of the responsible one."""
    dossier, _ = ordered()
    clock = dossier.complaint.clocks[-1]
    about = concerned(dossier.complaint.replace(investigator=HANDLER.username), clock)
    at = later(dossier, 1)
    assert acting(dossier.complaint, clock, OFFICE) == Role.HANDLER
    assert recipients(about, Role.HANDLER, DIRECTORY, OFFICE, at=at) == [FINANCE]
    assert recipients(about, Role.DEPARTMENT_HEAD, DIRECTORY, OFFICE, at=at) == [OTHER_HEAD]


def test_a_done_order_is_done() -> None:
    """Neither completed again nor returned."""
    dossier, made = ordered()
    done, _ = work_orders.complete(
        dossier.complaint, made, "无误", staff=FINANCE, key=dossier.key, at=later(dossier, 1)
    )
    with pytest.raises(WrongStatusError):
        work_orders.complete(
            done, made, "再来", staff=FINANCE, key=dossier.key, at=later(dossier, 2)
        )


@pytest.mark.parametrize("hours", [0, -1])
def test_a_completion_lies_ahead(hours: int) -> None:
    """An order that is late when it is issued is a mistake."""
    before = assessed()
    at = later(before, 1)
    with pytest.raises(InvalidInputError):
        ordered(before, complete_at=at + timedelta(hours=hours))


# ---- records and the finding ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("前台态度恶劣。", [RecordKind.DOCUMENT]),
        (MAJOR, [RecordKind.DOCUMENT, RecordKind.SITE_VISIT]),
    ],
)
def test_what_the_policy_asks_for_must_be_on_record(text: str, wanted: list[RecordKind]) -> None:
    """C3: the error names what is missing, until nothing is."""
    dossier = assessed(received(text))
    dossier = dossier.replace(complaint=dossier.complaint.replace(recorded=()))
    assert list(records.missing(dossier.complaint, OFFICE)) == wanted
    for kind in wanted:
        with pytest.raises(InvalidInputError) as refused:
            submit(dossier)
        assert refused.value.codes == {"record": kind}
        at = later(dossier, 0)
        made = InvestigationRecord(record_id=kind, kind=kind, by="han", at=at, words="看了")
        kept = records.keep(dossier.complaint, made, staff=HANDLER, key=dossier.key, at=at)
        dossier = after(dossier, kept, records=made)
    assert submit(dossier).status is Status.INVESTIGATED


def test_nothing_is_on_record_before_it_happened() -> None:
    """A visit of tomorrow is none."""
    dossier = assessed()
    at = later(dossier, 1)
    made = InvestigationRecord(
        record_id="1", kind=RecordKind.SITE_VISIT, by="han", at=at + HOUR, words="x"
    )
    with pytest.raises(InvalidInputError):
        records.keep(dossier.complaint, made, staff=HANDLER, key=dossier.key, at=at)
    with pytest.raises(NotAllowedError):
        records.keep(dossier.complaint, made.replace(at=at), staff=FINANCE, key=dossier.key, at=at)


@pytest.mark.parametrize(
    ("text", "sides", "text_id"),
    [
        (MAJOR, {"root_cause": ""}, "error.causes_missing"),
        ("前台态度恶劣。", {"root_cause": "", "indirect_cause": ""}, ""),
        ("前台态度恶劣。", {"responsible": False}, "error.ground_missing"),
        ("前台态度恶劣。", {"responsible": False, "ground": "9"}, "error.ground_missing"),
        ("前台态度恶劣。", {"responsible": False, "ground": "2"}, ""),
        ("前台态度恶劣。", {"nature": Nature.MALICIOUS}, "error.nature_reason_missing"),
        ("前台态度恶劣。", {"nature": Nature.MALICIOUS, "nature_reason": "查无此事"}, ""),
    ],
)
def test_a_finding_says_why(text: str, sides: dict[str, Any], text_id: str) -> None:
    """Causes of what is major, the ground of who is not responsible, the reason of a mark."""
    dossier = assessed(received(text))
    if text_id:
        with pytest.raises(InvalidInputError) as refused:
            submit(dossier, **sides)
        assert refused.value.text_id == text_id
    else:
        assert submit(dossier, **sides).nature is sides.get("nature", Nature.ORDINARY)


def test_a_record_may_be_kept_with_the_finding() -> None:
    """C3: one form, one save; what is missing is asked for all the same."""
    dossier = assessed()
    bare = after(dossier, (dossier.complaint.replace(recorded=()), dossier.entries[-1]))
    kept = InvestigationRecord(
        record_id="1-document", kind=RecordKind.DOCUMENT, by="han", at=later(bare, 1), words="调取"
    )

    def submitted(*records_made: InvestigationRecord) -> tuple[Complaint, TrackingEntry]:
        return investigate.submit(
            bare.complaint, finding(), staff=HANDLER, key=bare.key, at=later(bare, 1),
            office=OFFICE, kept=records_made,
        )  # fmt: skip

    with pytest.raises(InvalidInputError) as refused:
        submitted(kept.replace(kind=RecordKind.INTERVIEW))
    assert refused.value.text_id == "error.record_missing"
    done, entry = submitted(kept)
    assert (done.status, done.recorded) == (Status.INVESTIGATED, (RecordKind.DOCUMENT,))
    assert entry.facts["records"] == "document"
    assert "调取" not in str(entry.facts)


# ---- the joint group -----------------------------------------------------------------------


ANY_LEADER = msgspec.structs.replace(OFFICE.policy.group_incident, leads_all=False)
LED_BY_ANYBODY = msgspec.structs.replace(
    OFFICE, policy=msgspec.structs.replace(OFFICE.policy, group_incident=ANY_LEADER)
)
"""The office under a policy that asks for no group, and for no leader."""


def grouped(
    group: tuple[Staff, ...] = (FINANCE, HANDLER),
    *,
    staff: Staff = QUALITY,
    office: Office = LED_BY_ANYBODY,
) -> Dossier:
    """Return an assessed complaint with a joint group."""
    dossier = assessed()
    made = joint.gather(dossier.complaint, group, staff=staff, at=later(dossier, 1), office=office)
    return after(dossier, made)


def test_the_manager_in_charge_leads_where_the_policy_says_so() -> None:
    """004 一: 由机构分管领导担任组长."""
    with pytest.raises(InvalidInputError) as refused:
        grouped(office=OFFICE)
    assert refused.value.text_id == "error.group_leader"
    led = grouped((MANAGER, HANDLER), office=OFFICE)
    assert led.complaint.investigator == MANAGER.username


def test_what_went_to_another_department_needs_its_group() -> None:
    """004 一: 对于跨部门投诉，须设立联合处理小组; an order that came back needs none."""
    alone, led = assessed(), grouped((MANAGER, HANDLER), office=OFFICE)
    order = WorkOrder(
        order_id="finance-1", department="finance", task="核对", issued_by="han",
        issued_at=later(alone, 0), done_at=later(alone, 0),
    )  # fmt: skip

    def submitted(order: WorkOrder, dossier: Dossier, office: Office = OFFICE) -> Complaint:
        by = MANAGER if dossier.complaint.members else HANDLER
        return investigate.submit(
            dossier.complaint, finding(), staff=by, key=dossier.key, at=later(dossier, 1),
            office=office, orders=(order,),
        )[0]  # fmt: skip

    with pytest.raises(InvalidInputError) as refused:
        submitted(order, alone)
    assert refused.value.text_id == "error.group_missing"
    done = [
        submitted(order.replace(returned=True), alone),
        submitted(order.replace(department=alone.complaint.department), alone),
        submitted(order, alone, LED_BY_ANYBODY),
        submitted(order, led),
    ]
    assert {one.status for one in done} == {Status.INVESTIGATED}


def test_the_leader_submits_and_nobody_else() -> None:
    """C1: members see and work, also from another department."""
    dossier = grouped()
    assert may_see(dossier.complaint, FINANCE)
    assert may_work_on(dossier.complaint, FINANCE)
    assert dossier.complaint.investigator == FINANCE.username
    with pytest.raises(NotAllowedError) as refused:
        submit(dossier, HANDLER)
    assert refused.value.text_id == "error.leader_submits"
    assert submit(dossier, FINANCE).status is Status.INVESTIGATED


@pytest.mark.parametrize(("staff", "allowed"), [(QUALITY, True), (MANAGER, True), (HEAD, False)])
def test_who_forms_a_group(staff: Staff, *, allowed: bool) -> None:
    """Quality office or management."""
    if allowed:
        assert grouped(staff=staff).complaint.members == (FINANCE.username, HANDLER.username)
    else:
        with pytest.raises(NotAllowedError):
            grouped(staff=staff)


def test_a_group_is_of_two_or_more_or_dissolved() -> None:
    """One person is no group."""
    with pytest.raises(InvalidInputError):
        grouped((FINANCE,))
    dissolved, _ = joint.gather(
        grouped().complaint, (), staff=QUALITY, at=later(grouped(), 1), office=OFFICE
    )
    assert (dissolved.members, dissolved.investigator) == ((), "")
    left = joint.seats((), joint.seats((FINANCE, HANDLER), ()))
    assert [seat.username for seat in left] == [FINANCE.username, HANDLER.username]


# ---- who is complained about ---------------------------------------------------------------


def named(dossier: Dossier, *names: str, staff: Staff = QUALITY) -> Dossier:
    """Return the complaint with these respondents."""
    made = respondents.name(
        dossier.complaint, names, directory=DIRECTORY, staff=staff, at=later(dossier, 1),
        office=OFFICE,
    )  # fmt: skip
    return after(dossier, made)


def test_an_assignment_is_withdrawn_in_the_same_moment() -> None:
    """I8: the respondent neither sees nor handles; the head is told."""
    dossier = assessed()
    dossier = after(
        dossier,
        investigate.assign(dossier.complaint, HANDLER.username, staff=HEAD, at=later(dossier, 1)),
    )
    dossier = named(dossier, HANDLER.username)
    assert dossier.complaint.investigator == ""
    assert dossier.entries[-1].facts["withdrawn"] is True
    assert not may_see(dossier.complaint, HANDLER)
    assert respondents.heads(dossier.complaint, DIRECTORY) == [HEAD]
    assert respondents.heads(named(dossier, HEAD.username).complaint, DIRECTORY) == [QUALITY]
    with pytest.raises(NotAllowedError):
        submit(dossier, HANDLER)


def test_a_respondent_leaves_the_group_and_never_joins_one() -> None:
    """The next of the group leads."""
    dossier = named(grouped((FINANCE, HANDLER, HEAD)), FINANCE.username)
    assert dossier.complaint.members == (HANDLER.username, HEAD.username)
    with pytest.raises(InvalidInputError):
        joint.gather(
            dossier.complaint, (FINANCE, HANDLER), staff=QUALITY, at=later(dossier, 1),
            office=OFFICE,
        )  # fmt: skip


def test_a_respondent_takes_nothing_back() -> None:
    """Nor names anybody else."""
    dossier = named(assessed(), HANDLER.username)
    with pytest.raises(NotAllowedError):
        named(dossier, staff=HANDLER)
    with pytest.raises(InvalidInputError):
        named(dossier, "nobody")


def test_where_the_head_is_complained_about_the_next_signs_in_place() -> None:
    """Another head of the department first; else up the ladder of the policy."""
    dossier = named(assessed(), HEAD.username)
    alone = submit(dossier)
    assert next_signer(alone, OFFICE) == Role.QUALITY_OFFICE
    assert alone.queue == "quality_office"
    assert signs_for(alone, QUALITY, OFFICE) == Role.DEPARTMENT_HEAD
    assert not may_approve(alone, HEAD, OFFICE)
    second = HEAD.replace(username="hu")
    made, _ = investigate.submit(
        dossier.complaint, finding(), staff=HANDLER, key=dossier.key, at=later(dossier, 1),
        office=OFFICE, directory=[*DIRECTORY, second],
    )  # fmt: skip
    assert next_signer(made, OFFICE) == Role.DEPARTMENT_HEAD
    assert may_approve(made, second, OFFICE)
    assert not may_approve(made, QUALITY, OFFICE)


def test_naming_the_head_after_the_finding_moves_the_signature() -> None:
    """What waited for the head waits for who stands in."""
    complaint = named(investigated(), HEAD.username).complaint
    assert complaint.queue == "quality_office"
    assert may_approve(complaint, QUALITY, OFFICE)


@given(
    barred=st.sets(st.sampled_from([member.username for member in DIRECTORY])),
    major=st.booleans(),
    investigator=st.sampled_from(DIRECTORY),
)
def test_somebody_can_always_sign(barred: set[str], major: bool, investigator: Staff) -> None:  # noqa: FBT001 - of hypothesis
    """Whoever is complained about, and whoever investigated: one of those left signs."""
    admin = Staff(username="ad", name="管", email="a@example.com", roles=(Role.ADMINISTRATOR,))
    whole = [*DIRECTORY, admin]
    dossier = investigated(assessed(received(MAJOR if major else "前台态度恶劣。")))
    complaint = dossier.complaint.replace(
        respondents=tuple(barred), investigator=investigator.username, stand_ins={}
    )
    instead = stand_ins(complaint, whole, OFFICE, at=later(dossier, 1))
    complaint = complaint.replace(stand_ins=instead)
    able = [member for member in whole if may_approve(complaint, member, OFFICE)]
    assert able
    assert all(may_see(complaint, member) for member in able)
    assert not {one.username for one in able} & {*barred, investigator.username}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"staff_involved": "王小明"}, ("ming",)),
        ({"text": "前台王小明态度恶劣"}, ("ming",)),
        ({"text": "王小明明态度恶劣"}, ("mingming",)),
        ({"text": "李强态度恶劣"}, ()),
        ({"text": "韩态度恶劣"}, ()),
        ({"text": "没有人"}, ()),
    ],
)
def test_a_name_that_is_one_persons_is_proposed(
    words: dict[str, str], expected: tuple[str, ...]
) -> None:
    """Two of a name, and names of one letter, are nobody's."""
    named_so = [
        HANDLER.replace(username=username, name=name)
        for username, name in (
            *(("ming", "王小明"), ("mingming", "王小明明"), ("qiang1", "李强"), ("qiang2", "李强")),
            ("han", "韩"),
        )
    ]
    said = contact(**{"text": "", **words})  # type: ignore[arg-type]
    assert respondents.proposed([said], named_so) == expected


# ---- bodies outside ------------------------------------------------------------------------


def test_the_clock_of_a_body_runs_beside_ours_until_it_is_answered() -> None:
    """I11: theirs, or the limit that the policy has for it."""
    dossier = assessed()
    at = later(dossier, 1)
    case = OutsideCase(
        case_id="1", body="12345", number="GD-7", received_at=at,
        due_at=outside.due_at("12345", at, OFFICE),
    )  # fmt: skip
    complaint, entry = outside.register(
        dossier.complaint, case, staff=HANDLER, key=dossier.key, at=at, office=OFFICE
    )
    assert complaint.other_body
    assert [one.due_at for one in complaint.clocks if one.what == "outside:1"] == [case.due_at]
    assert complaint.clock == dossier.complaint.clock
    assert "GD-7" not in str(entry.facts)
    done, _ = outside.answer(
        complaint, case, "已答复", staff=HANDLER, key=dossier.key, at=at + HOUR, office=OFFICE
    )
    assert all(one.what != "outside:1" for one in done.clocks)
    with pytest.raises(WrongStatusError):
        outside.answer(
            done,
            case.replace(answered_at=at),
            "再答",
            staff=HANDLER,
            key=dossier.key,
            at=at,
            office=OFFICE,
        )


def test_a_body_that_has_no_answer_keeps_it_from_being_closed() -> None:
    """I11: closing it would stop their clock, and nobody would answer them."""
    dossier = responded()
    at = later(dossier, 1)
    case = OutsideCase(
        case_id="1", body="12345", number="GD-8", received_at=at,
        due_at=outside.due_at("12345", at, OFFICE),
    )  # fmt: skip
    taken = outside.register(
        dossier.complaint, case, staff=HANDLER, key=dossier.key, at=at, office=OFFICE
    )
    content = followed_up(after(dossier, taken))
    assert content.complaint.is_handled
    done, _ = outside.answer(
        content.complaint, case, "已答复", staff=HANDLER, key=dossier.key, at=at + HOUR,
        office=OFFICE,
    )  # fmt: skip
    assert done.status is Status.FOLLOWED_UP


@pytest.mark.parametrize(
    ("sides", "text_id"),
    [({"body": "x"}, "error.outside_body"), ({"due": -1}, "error.outside_times")],
)
def test_a_body_nobody_knows_is_refused(sides: dict[str, Any], text_id: str) -> None:
    """And so is an answer that was due before it was asked for."""
    dossier = assessed()
    at = later(dossier, 1)
    case = OutsideCase(
        case_id="1", body=sides.get("body", "12345"), number="GD-7", received_at=at,
        due_at=at + timedelta(hours=sides.get("due", 1)),
    )  # fmt: skip
    with pytest.raises(InvalidInputError) as refused:
        outside.register(
            dossier.complaint, case, staff=HANDLER, key=dossier.key, at=at, office=OFFICE
        )
    assert refused.value.text_id == text_id


@given(st.text("abc019- ", min_size=1, max_size=20))
def test_a_number_is_found_however_it_was_typed(number: str) -> None:
    """Spaces and the size of letters make no difference."""
    typed = f" {number.upper()} "
    assert outside.claimed_as("12345", typed) == outside.claimed_as("12345", number)


# ---- disputes ------------------------------------------------------------------------------


def test_a_dispute_is_counted_while_it_is_open() -> None:
    """C11: it pauses nothing, and it ends with a result."""
    dossier = approved()
    at = later(dossier, 1)
    dispute = Dispute(
        dispute_id="1", way="mediation", status="open", opened_at=at, by="han", words="不服"
    )
    opened, _ = disputes.begin(dossier.complaint, dispute, staff=HANDLER, key=dossier.key, at=at)
    assert (opened.disputes_open, opened.clock) == (1, dossier.complaint.clock)
    ended = dispute.replace(status="settled", result="", ended_at=at)
    with pytest.raises(InvalidInputError):
        disputes.end(opened, dispute, ended, staff=HANDLER, key=dossier.key, at=at, office=OFFICE)
    done, _ = disputes.end(
        opened, dispute, ended.replace(result="和解"), staff=MANAGER, key=dossier.key, at=at,
        office=OFFICE,
    )  # fmt: skip
    assert done.disputes_open == 0
    with pytest.raises(WrongStatusError):
        disputes.end(
            done, ended, ended.replace(result="x"), staff=HANDLER, key=dossier.key, at=at,
            office=OFFICE,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("build", "staff", "error"),
    [
        (received, QUALITY, WrongStatusError),
        (assessed, FINANCE, NotAllowedError),
    ],
)
def test_who_opens_a_dispute_and_when(
    build: Callable[[], Dossier], staff: Staff, error: type[Exception]
) -> None:
    """Whoever handles it, once it is assessed."""
    dossier = build()
    at = later(dossier, 1)
    dispute = Dispute(
        dispute_id="1", way="court", status="open", opened_at=at, by=staff.username, words="x"
    )
    with pytest.raises(error):
        disputes.begin(dossier.complaint, dispute, staff=staff, key=dossier.key, at=at)


# ---- negotiation, patience -----------------------------------------------------------------


def test_what_was_agreed_after_a_refusal_is_recorded() -> None:
    """C6: as many rounds as it takes, and words in the end."""
    dossier = approved()
    dossier = after(dossier, answered(dossier, Outcome.REFUSED))
    dossier = dossier.replace(complaint=dossier.complaint.replace(recorded=RECORDED))
    dossier = approved(investigated(dossier))
    assert dossier.complaint.refusals == 1
    with pytest.raises(InvalidInputError) as refused:
        phoned(dossier, Outcome.ACCEPTED, words="")
    assert refused.value.text_id == "error.agreement_missing"
    complaint, _ = phoned(dossier, Outcome.ACCEPTED)
    assert complaint.reply_outcome is Outcome.ACCEPTED


def test_an_unreasonable_complaint_ends_with_an_explanation() -> None:
    """C10: patient, and recorded as such."""
    dossier = approved()
    marked = dossier.complaint.replace(nature=Nature.UNREASONABLE)
    dossier = dossier.replace(complaint=marked)
    with pytest.raises(InvalidInputError) as refused:
        phoned(dossier, Outcome.ACCEPTED, words="")
    assert refused.value.text_id == "error.explanation_missing"
    complaint, entry = phoned(dossier, Outcome.ACCEPTED)
    assert complaint.explained_at == entry.occurred_at
    assert entry.facts["explained"] is True
