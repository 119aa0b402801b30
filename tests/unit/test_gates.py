"""Closing gates: what is not through all of them is handled, and never closed."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints import approve, archive, classify, disputes, follow_up, intake, investigate, notify
from complaints.check_sla import Due, acting, due_clock, is_quiet, take_step, what_is_due
from complaints.clocks import without_clock
from complaints.gates import PROVEN, fail, gates, in_queues, is_due, openers, provable, prove, shut
from complaints.lifecycle import InvalidInputError, NotAllowedError, WrongStatusError
from complaints.models import (
    Complaint,
    Decision,
    Dossier,
    ExtensionRequest,
    Outcome,
    Role,
    Staff,
    Status,
)
from complaints.office import Office
from complaints.parts import Dispute, Gate, Proof, RecordKind
from complaints.policy import load, names
from complaints.roles import GATE, next_signer, stand_ins, with_stand_ins
from complaints.rounds import VERIFICATION, follow_up_begins
from tests.builders import (
    DRAWN_KEY,
    HANDLER,
    HEAD,
    LI,
    MAJOR,
    MANAGER,
    OFFICE,
    OTHER_HEAD,
    QUALITY,
    after,
    approved,
    assessed,
    closed,
    contact,
    finding,
    investigated,
    later,
    received,
    responded,
)

FOUR = (Gate.CAUSE, Gate.PERSON, Gate.TAUGHT, Gate.MEASURES)
OWN_QUALITY = HANDLER.replace(roles=(Role.HANDLER, Role.QUALITY_OFFICE))


def office(*closing_gates: Gate, **sides: Any) -> Office:  # noqa: ANN401 - fields of Policy
    """Return an office whose policy asks for these gates."""
    policy = msgspec.structs.replace(OFFICE.policy, closing_gates=closing_gates, **sides)
    return Office(policy=policy, zone=OFFICE.zone)


def at_follow_up(where: Office, **sides: Any) -> Dossier:  # noqa: ANN401 - fields of Complaint
    """Return a complaint whose follow-up has just begun under the policy of this office."""
    dossier = responded()
    begun = follow_up_begins(dossier.complaint, key=dossier.key, at=later(dossier, 0), office=where)
    return dossier.replace(complaint=dossier.complaint.replace(**begun, **sides))


def satisfied(where: Office, **sides: Any) -> Dossier:  # noqa: ANN401 - fields of Complaint
    """Return a complaint whose complainant said in the survey that all is well."""
    dossier = at_follow_up(where, **sides)
    made = follow_up.rate(
        dossier.complaint, Outcome.SATISFIED, 5, "", key=dossier.key, at=later(dossier, 1),
        office=where,
    )  # fmt: skip
    return after(dossier, made)


def proven(dossier: Dossier, gate: Gate, where: Office, *, staff: Staff = QUALITY) -> Dossier:
    """Return the complaint after somebody proved a gate, an hour after the last step."""
    at = later(dossier, 1)
    proof = Proof(gate=gate, by=staff.username, at=at, words="现场核实")
    made = prove(dossier.complaint, proof, staff=staff, key=dossier.key, at=at, office=where)
    return after(dossier, made, proofs=proof)


def test_without_a_gate_to_prove_the_answer_closes() -> None:
    """004: written, phoned, satisfied and no money: as soon as the complainant is content."""
    assert satisfied(OFFICE).complaint.status is Status.FOLLOWED_UP


@given(order=st.permutations((*FOUR, Gate.VERIFIED, Gate.SIGNED)))
def test_only_the_last_gate_closes(order: list[Gate]) -> None:
    """Whatever the order, it is handled until the last one opens, and then goes on by itself."""
    where = office(*FOUR, Gate.VERIFIED, Gate.SATISFIED, Gate.SIGNED)
    dossier = satisfied(where)
    for gate in order:
        complaint = dossier.complaint
        assert (complaint.status, complaint.is_handled) == (Status.RESPONDED, True)
        assert gate in shut(complaint, where)
        dossier = proven(dossier, gate, where, staff=HEAD if gate is Gate.SIGNED else QUALITY)
    assert dossier.complaint.status is Status.FOLLOWED_UP
    assert dossier.complaint.queue == ""
    assert all(state.is_open for state in gates(dossier.complaint, dossier.proofs, where))


def test_what_is_handled_waits_for_who_opens_the_first_gate() -> None:
    """I5: it lies in that queue, with the limit of a verification, and climbs when that passes."""
    where = office(*FOUR, Gate.SATISFIED)
    complaint = satisfied(where).complaint
    assert complaint.queue == Role.QUALITY_OFFICE
    assert complaint.clock
    assert complaint.clock.started_at == complaint.followed_up_at
    assert complaint.clock.working_days == where.policy.clocks.verification.working_days
    assert acting(complaint, complaint.clock, where) == Role.QUALITY_OFFICE
    assert not is_quiet(complaint)
    at = complaint.clock.due_at + timedelta(days=30)
    look = complaint.replace(look_again_at=None)
    assert what_is_due(look, at) is Due.REMIND
    reminded, _ = take_step(look, at=at, office=where)
    assert what_is_due(reminded, at) is Due.ESCALATE


def test_the_quiet_days_are_not_taken_for_the_limit_of_the_gates() -> None:
    """Even where the survey comes in the second in which the follow-up begins."""
    where = office(*FOUR, Gate.SATISFIED)
    dossier = at_follow_up(where)
    at = later(dossier, 0)
    handled, _ = follow_up.rate(
        dossier.complaint, Outcome.SATISFIED, 5, "", key=dossier.key, at=at, office=where
    )
    assert handled.clock
    assert handled.clock.working_days == where.policy.clocks.verification.working_days


def test_the_clock_of_what_is_handled_is_not_wound_up_by_a_proof() -> None:
    """Each gate has not a limit of its own: proving one by one can't put it off."""
    where = office(*FOUR, Gate.SATISFIED)
    dossier = satisfied(where)
    assert proven(dossier, Gate.CAUSE, where).complaint.clock == dossier.complaint.clock


@pytest.mark.parametrize("gate", [*FOUR, Gate.VERIFIED])
@pytest.mark.parametrize(
    ("staff", "allowed"),
    [
        pytest.param(QUALITY, True, id="the quality office"),
        pytest.param(HEAD, True, id="the head of the department"),
        pytest.param(OTHER_HEAD, False, id="another department's head"),
        pytest.param(HANDLER, False, id="who handled it"),
        pytest.param(OWN_QUALITY, False, id="who handled it, whatever the role"),
        pytest.param(MANAGER, False, id="management"),
    ],
)
def test_nobody_proves_the_own_work(gate: Gate, staff: Staff, *, allowed: bool) -> None:
    """D6, D7: another person, with the right to it."""
    where = office(gate, Gate.SATISFIED)
    dossier = at_follow_up(where)
    assert (gate in provable(dossier.complaint, staff, where)) is allowed
    if allowed:
        assert proven(dossier, gate, where, staff=staff).complaint.proven == (gate,)
    else:
        with pytest.raises(NotAllowedError):
            proven(dossier, gate, where, staff=staff)


def test_who_is_complained_about_proves_nothing() -> None:
    """I8: whatever the role."""
    where = office(*FOUR)
    complaint = at_follow_up(where, respondents=(QUALITY.username,)).complaint
    assert provable(complaint, QUALITY, where) == ()


def test_the_record_is_signed_at_the_end_by_whom_the_policy_names() -> None:
    """003 ⑨: the director, after the opinion of the complainant."""
    where = office(Gate.OPINION, Gate.SIGNED)
    with pytest.raises(NotAllowedError):
        proven(at_follow_up(where), Gate.SIGNED, where, staff=HEAD)
    dossier = satisfied(where)
    assert provable(dossier.complaint, QUALITY, where) == ()
    assert proven(dossier, Gate.SIGNED, where, staff=HEAD).complaint.status == "followed_up"
    named = office(Gate.OPINION, Gate.SIGNED, proven_by={Gate.SIGNED: Role.MANAGEMENT})
    assert openers(Gate.SIGNED, dossier.complaint, named) == (Role.MANAGEMENT,)
    assert proven(dossier, Gate.SIGNED, named, staff=MANAGER).complaint.status == "followed_up"


@pytest.mark.parametrize("words", ["", " \n"])
def test_a_proof_says_on_what_grounds(words: str) -> None:
    """D7: an empty proof proves nothing; neither does one twice, or of what nobody proves."""
    where = office(Gate.CAUSE, Gate.SATISFIED)
    dossier = at_follow_up(where)
    at = later(dossier, 1)
    for gate in (Gate.CAUSE, Gate.SATISFIED, Gate.PERSON):
        proof = Proof(gate=gate, by=QUALITY.username, at=at, words=words)
        with pytest.raises(InvalidInputError):
            prove(dossier.complaint, proof, staff=QUALITY, key=dossier.key, at=at, office=where)
    once = proven(dossier, Gate.CAUSE, where)
    with pytest.raises(InvalidInputError, match="cause is not to be proven"):
        proven(once, Gate.CAUSE, where)


@pytest.mark.parametrize(
    ("responsible", "due"), [(True, FOUR), (None, FOUR), (False, (Gate.CAUSE,))]
)
def test_where_we_are_not_responsible_nobody_is_dealt_with(
    *, responsible: bool | None, due: tuple[Gate, ...]
) -> None:
    """001 1.2 and 1.3.4: the cause is found in any case."""
    complaint = responded().complaint.replace(responsible=responsible)
    assert tuple(gate for gate in FOUR if is_due(gate, complaint)) == due


def test_nobody_calls_before_the_measures_are_verified() -> None:
    """000 七: verified first, with a limit of its own; then the call."""
    where = office(Gate.VERIFIED, Gate.SATISFIED)
    dossier = responded(approved(investigated(assessed(received(key=DRAWN_KEY)))))
    begun = follow_up_begins(dossier.complaint, key=dossier.key, at=later(dossier, 0), office=where)
    dossier = dossier.replace(complaint=dossier.complaint.replace(**begun))
    clock = dossier.complaint.clocks[0]
    assert clock.what == VERIFICATION
    assert acting(dossier.complaint, clock, where) == Role.QUALITY_OFFICE
    assert due_clock(dossier.complaint, clock.due_at) in {clock, dossier.complaint.clock}

    def call(one: Dossier) -> Complaint:
        return follow_up.call_back(
            one.complaint, Outcome.SATISFIED, 5, "", staff=QUALITY, key=one.key,
            at=later(one, 1), office=where,
        )[0]  # fmt: skip

    with pytest.raises(WrongStatusError) as raised:
        call(dossier)
    assert raised.value.text_id == "error.not_verified"
    verified = proven(dossier, Gate.VERIFIED, where, staff=HEAD)
    assert verified.complaint.clocks == without_clock(dossier.complaint, VERIFICATION)["clocks"]
    assert call(verified).status is Status.FOLLOWED_UP


def test_what_was_settled_on_the_spot_is_closed_by_its_quiet_days() -> None:
    """000 七: nothing to verify, nobody to call; a week without a word."""
    where = office(Gate.VERIFIED, Gate.SATISFIED, Gate.WRITTEN, Gate.PHONED)
    dossier = assessed(received(settled_on_spot=True))
    complaint = dossier.complaint.replace(clocks=())
    assert complaint.status is Status.RESPONDED
    passed, _ = follow_up.pass_quietly(complaint, at=later(dossier, 24 * 7), office=where)
    assert (passed.status, passed.follow_up_outcome) == ("followed_up", Outcome.QUIET)


def test_quiet_days_do_not_open_what_must_be_proven() -> None:
    """Silence satisfies; it neither verifies nor finds a cause."""
    where = office(*FOUR, Gate.SATISFIED)
    dossier = at_follow_up(where)
    quiet, _ = follow_up.pass_quietly(dossier.complaint, at=later(dossier, 24 * 7), office=where)
    assert (quiet.status, quiet.is_handled, quiet.follow_up_outcome) == ("responded", True, "quiet")
    with pytest.raises(WrongStatusError):
        follow_up.pass_quietly(quiet, at=later(dossier, 24 * 70), office=where)


def test_an_open_dispute_keeps_it_from_being_closed() -> None:
    """C11: all gates open, and still not closed."""
    dossier = satisfied(OFFICE, disputes_open=1)
    assert shut(dossier.complaint, OFFICE) == ()
    assert (dossier.complaint.status, dossier.complaint.queue) == ("responded", "quality_office")
    at = later(dossier, 1)
    opened = Dispute(
        dispute_id="1", way="mediation", status="open", opened_at=at, by="qiu", words="调解"
    )
    settled = opened.replace(status="settled", result="和解", ended_at=at)
    ended, _ = disputes.end(
        dossier.complaint, opened, settled, staff=QUALITY, key=dossier.key, at=at, office=OFFICE
    )
    assert ended.status is Status.FOLLOWED_UP


def test_a_payment_without_voucher_keeps_it_from_being_closed() -> None:
    """004 二: no closure of a paid case without the voucher."""
    assert satisfied(OFFICE, unpaid=1).complaint.is_handled


def test_who_is_satisfied_says_so_once_and_may_think_better_of_it() -> None:
    """A second survey changes nothing; a complaint of what is handled is heard again (D5)."""
    where = office(Gate.CAUSE, Gate.SATISFIED)
    dossier = satisfied(office(*FOUR, Gate.SATISFIED))
    for outcome in (Outcome.SATISFIED, Outcome.DISSATISFIED):
        args = (dossier.complaint, outcome, 5, "")
        kwargs = {"key": dossier.key, "at": later(dossier, 1), "office": where}
        if outcome is Outcome.SATISFIED:
            with pytest.raises(WrongStatusError):
                follow_up.rate(*args, **kwargs)  # type: ignore[arg-type]
        else:
            again, _ = follow_up.rate(*args, **kwargs)  # type: ignore[arg-type]
            assert (again.status, again.is_handled, again.repeats) == ("assessed", False, 1)


def test_a_new_round_voids_the_proofs() -> None:
    """What was proven was proven of another solution."""
    where = office(*FOUR, Gate.VERIFIED, Gate.SATISFIED)
    dossier = proven(at_follow_up(where), Gate.CAUSE, where)
    again, _ = follow_up.rate(
        dossier.complaint, Outcome.DISSATISFIED, 1, "没有改", key=dossier.key,
        at=later(dossier, 1), office=where,
    )  # fmt: skip
    assert (again.proven, again.clocks) == ((), ())
    state = gates(again, dossier.proofs, where)[0]
    assert (state.gate, state.is_open, state.proof) == (Gate.CAUSE, False, None)


def test_reading_news_takes_nothing_handled_out_of_its_queue() -> None:
    """It still waits for its gates."""
    where = office(*FOUR, Gate.SATISFIED)
    dossier = satisfied(where)
    at = later(dossier, 1)
    told, _ = intake.add(
        dossier.complaint, contact("谢谢", at=at), key=dossier.key, at=at, office=where
    )
    read, _ = intake.read_news(told, staff=QUALITY, at=at)
    assert (read.queue, read.clock) == (dossier.complaint.queue, dossier.complaint.clock)


def test_a_queue_that_was_left_is_emptied_and_forgotten() -> None:
    """Slot by slot: what lay there is removed once, and costs nothing afterwards."""
    where = office(Gate.SIGNED, Gate.CAUSE, proven_by={Gate.SIGNED: Role.MANAGEMENT})
    handled = satisfied(where).complaint
    assert handled.queue == Role.MANAGEMENT
    found = in_queues(handled, handled, where)
    assert found.also == (Role.QUALITY_OFFICE,)
    left = in_queues(handled.replace(proven=(Gate.CAUSE,)), found, where)
    assert left.also == ("",)
    assert in_queues(left, left, where).also == ()


def test_a_closed_complaint_has_no_gate_left() -> None:
    """Nothing is asked for after the end."""
    complaint = closed().complaint
    assert shut(complaint, OFFICE) == ()
    assert provable(complaint, QUALITY, OFFICE) == ()


def member(code: str, complaint: Complaint, where: Office) -> Staff:
    """Return somebody who holds a role or post, in the department of the complaint."""
    post = (code,) if where.policy.find_post(code) else ()
    role = where.policy.role_of(code)
    return Staff(
        username=code, name=code, email="", roles=(role,), posts=post,
        department=complaint.department,
    )  # fmt: skip


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("text", ["服务态度恶劣，不耐烦。", MAJOR])
def test_every_procedure_closes_by_its_own_people(name: str, text: str) -> None:
    """I4: signed, told, proven and asked by those whom the policy names, and nobody else."""
    where = Office(policy=load(name), zone=OFFICE.zone)
    first = received(text, key=DRAWN_KEY)
    seen = classify.classify(
        first.complaint, first.contacts, key=first.key, at=later(first, 0), office=where
    )
    dossier = after(first, seen)
    complaint, key, at = dossier.complaint, dossier.key, later(dossier, 1)
    handler = member(Role.HANDLER, complaint, where)
    complaint = complaint.replace(recorded=tuple(RecordKind))
    ground = next((one.code for one in where.policy.not_responsible), "")
    found = finding(investigator=handler.username, ground=ground)
    complaint, _ = investigate.submit(complaint, found, staff=handler, key=key, at=at, office=where)
    while complaint.status is Status.INVESTIGATED:
        signer = member(next_signer(complaint, where), complaint, where)
        complaint, _ = approve.decide(
            complaint, Decision(approver=signer.username, approved=True), LI, staff=signer,
            key=key, at=at, office=where,
        )  # fmt: skip
    if complaint.status is Status.APPROVED:
        complaint, _ = notify.phone(
            complaint, LI, Outcome.ACCEPTED, "好", staff=handler, key=key, at=at, office=where
        )
    assert complaint.status is Status.RESPONDED
    caller = member(Role.QUALITY_OFFICE, complaint, where)
    for _ in range(len(Gate)):
        left = [gate for gate in shut(complaint, where) if gate in PROVEN]
        ready = [gate for gate in left if gate is not Gate.SIGNED or complaint.is_handled]
        if ready:
            prover = member(openers(ready[0], complaint, where)[0], complaint, where)
            proof = Proof(gate=ready[0], by=prover.username, at=at, words="已核实")
            complaint, _ = prove(complaint, proof, staff=prover, key=key, at=at, office=where)
        elif complaint.status is Status.RESPONDED:
            complaint, _ = follow_up.call_back(
                complaint, Outcome.SATISFIED, 5, "", staff=caller, key=key, at=at, office=where
            )
    assert complaint.status is Status.FOLLOWED_UP
    done, _ = archive.close(complaint, "archive/x.zip", at=at, office=where)
    assert (done.status, done.clocks, done.queue) == (Status.CLOSED, (), "")


# ---- a verification that fails, and who proves in somebody's place --------------------------


def no(dossier: Dossier, gate: Gate = Gate.VERIFIED, words: str = "现场未整改") -> Proof:
    """Return what somebody of the quality office says of a gate that does not stand."""
    return Proof(gate=gate, by=QUALITY.username, at=later(dossier, 1), words=words)


def test_measures_that_do_not_hold_are_investigated_again() -> None:
    """D6: another round with clocks of its own; the complainant has not come back."""
    where = office(Gate.VERIFIED, Gate.SATISFIED)
    dossier = at_follow_up(where)
    made, entry = fail(
        dossier.complaint, no(dossier), staff=QUALITY, key=dossier.key, at=later(dossier, 1),
        office=where,
    )  # fmt: skip
    assert (made.status, entry.action) == (Status.ASSESSED, "verification_failed")
    assert (made.repeats, made.reopened) == (dossier.complaint.repeats, 0)
    assert (made.queue, made.round_at) == ("service", later(dossier, 1))
    assert not [clock for clock in made.clocks if clock.what == VERIFICATION]
    assert entry.commitment


@pytest.mark.parametrize(
    ("gate", "words", "staff", "text_id"),
    [
        (Gate.CAUSE, "未查清", QUALITY, "error.gate_cannot_fail"),
        (Gate.VERIFIED, " ", QUALITY, "error.proof_missing"),
        (Gate.VERIFIED, "未整改", HANDLER, "error.own_proof"),
        (Gate.VERIFIED, "未整改", OTHER_HEAD, "error.gate_of_others"),
    ],
)
def test_a_failed_verification_has_the_rights_and_words_of_a_proof(
    gate: Gate, words: str, staff: Staff, text_id: str
) -> None:
    """Who may not say yes may not say no, and no reason is no answer."""
    where = office(Gate.VERIFIED, Gate.CAUSE)
    dossier = at_follow_up(where)
    with pytest.raises((InvalidInputError, NotAllowedError)) as error:
        fail(
            dossier.complaint, no(dossier, gate, words), staff=staff, key=dossier.key,
            at=later(dossier, 1), office=where,
        )  # fmt: skip
    assert error.value.text_id == text_id


def test_where_the_only_verifier_investigated_the_next_one_up_verifies() -> None:
    """D6, I8: there is never a gate that nobody may open."""
    where = office(Gate.VERIFIED, proven_by={Gate.VERIFIED: Role.QUALITY_OFFICE})
    dossier = at_follow_up(where, investigator=QUALITY.username)
    assert provable(dossier.complaint, MANAGER, where) == ()
    at = later(dossier, 1)
    complaint = with_stand_ins(dossier.complaint, [HEAD, QUALITY, MANAGER], where, at=at)
    assert complaint.stand_ins == {f"{GATE}quality_office": Role.MANAGEMENT}
    assert provable(complaint, MANAGER, where) == (Gate.VERIFIED,)
    assert provable(complaint, QUALITY, where) == ()
    assert openers(Gate.VERIFIED, complaint, where) == (Role.MANAGEMENT,)


def test_a_signer_who_has_left_is_stood_in_for() -> None:
    """C5, I8: on the day after the last one, the solution lies with the next on the ladder."""
    dossier = investigated()
    at = later(dossier, 1)
    before = dossier.complaint
    assert stand_ins(before, [HANDLER, HEAD, QUALITY], OFFICE, at=at) == {}
    left = HEAD.replace(left_on=at.date() - timedelta(days=2))
    found = with_stand_ins(before, [HANDLER, left, QUALITY, MANAGER], OFFICE, at=at)
    assert found.stand_ins["department_head"]
    assert next_signer(found, OFFICE) == found.stand_ins["department_head"]
    back = with_stand_ins(found, [HANDLER, HEAD, QUALITY, MANAGER], OFFICE, at=at)
    assert (back.stand_ins, back.queue) == ({}, before.queue)


def test_a_request_for_a_longer_limit_lies_in_the_queue_of_who_decides() -> None:
    """E4: whoever approves finds it at home; answered, the slot is empty."""
    before = assessed().complaint
    at = before.registered_at
    asked = before.replace(
        extension=ExtensionRequest(by=HANDLER.username, asked_at=at, working_days=1, contact_id="x")
    )
    policy = msgspec.structs.replace(
        OFFICE.policy,
        extension=msgspec.structs.replace(OFFICE.policy.extension, approved_by=Role.MANAGEMENT),
    )
    where = Office(policy=policy, zone=OFFICE.zone)
    lies = in_queues(asked, before, where)
    assert lies.also == ("management",)
    assert in_queues(lies.replace(extension=None), lies, where).also == ("",)
