"""Compensation: offered, approved by amount, paid, proven by its voucher; each row counted."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints import approve, compensation
from complaints.lifecycle import (
    ComplaintError,
    InvalidInputError,
    NotAllowedError,
    WrongStatusError,
)
from complaints.models import Complaint, Decision, Dossier, Role, Staff, Status, TrackingEntry
from complaints.office import Office
from complaints.parts import Payment
from complaints.policy import AmountLevel, Compensation
from complaints.roles import approvers_of, signers
from tests.builders import (
    HANDLER,
    HEAD,
    MANAGER,
    OFFICE,
    OTHER_HEAD,
    QUALITY,
    after,
    approved,
    assessed,
    decided,
    finding,
    investigated,
    later,
    received,
    responded,
)

YUAN = 100
"""Fen."""


def office(**rules: Any) -> Office:  # noqa: ANN401 - fields of Compensation
    """Return an office whose policy has these rules of compensation."""
    levels = OFFICE.policy.compensation.levels
    usual: dict[str, Any] = {"levels": levels, "advance": True, "voucher": True}
    policy = msgspec.structs.replace(OFFICE.policy, compensation=Compensation(**(usual | rules)))
    return Office(policy=policy, zone=OFFICE.zone)


def step(
    dossier: Dossier, verb: Callable[..., Any], payment: Payment, staff: Staff, where: Office
) -> Dossier:
    """Return the complaint after one step of a payment, an hour after the last one."""
    made: tuple[Complaint, TrackingEntry] = verb(
        dossier, payment, staff=staff, at=later(dossier, 1), office=where
    )
    others = tuple(one for one in dossier.payments if one.payment_id != payment.payment_id)
    return after(dossier.replace(payments=others), made, payments=payment)


def offered(
    dossier: Dossier | None = None,
    *,
    yuan: int = 200,
    staff: Staff = HANDLER,
    is_advance: bool = False,
    where: Office = OFFICE,
) -> Dossier:
    """Return a complaint in which somebody offered to pay."""
    before = dossier or approved()
    payment = Payment(
        payment_id=f"{len(before.payments) + 1}",
        amount=yuan * YUAN,
        basis="按合同第八条",
        payer="service",
        is_advance=is_advance,
        offered_by=staff.username,
        offered_at=later(before, 1),
    )
    return step(before, compensation.offer, payment, staff, where)


def granted(dossier: Dossier, *, staff: Staff = HEAD, where: Office = OFFICE) -> Dossier:
    """Return it after somebody approved the newest payment."""
    payment = dossier.payments[-1].replace(
        approved_by=staff.username, approved_at=later(dossier, 1)
    )
    return step(dossier, compensation.decide, payment, staff, where)


def refused(dossier: Dossier, *, reason: str = "无依据", staff: Staff = HEAD) -> Dossier:
    """Return it after somebody refused the newest payment."""
    payment = dossier.payments[-1].replace(refused_reason=reason)
    return step(dossier, compensation.decide, payment, staff, OFFICE)


def paid(dossier: Dossier, *, voucher: str = "FK-1", where: Office = OFFICE) -> Dossier:
    """Return it after the newest payment was made."""
    payment = dossier.payments[-1].replace(paid_at=later(dossier, 1), voucher=voucher)
    return step(dossier, compensation.pay, payment, HANDLER, where)


def awaited(dossier: Dossier) -> list[str]:
    """Return whose clocks of payments run."""
    return [clock.what for clock in dossier.complaint.clocks if clock.what.startswith("payment")]


def test_the_life_of_a_payment() -> None:
    """C9: each step is on record with its amount, and one person after the other is waited for."""
    dossier = offered()
    assert (dossier.complaint.unpaid, awaited(dossier)) == (1, ["payment:department_head"])
    dossier = granted(dossier)
    assert (dossier.complaint.unpaid, awaited(dossier)) == (1, ["payment:handler"])
    dossier = paid(dossier, voucher="")
    assert (dossier.complaint.unpaid, awaited(dossier)) == (1, ["payment:handler"])
    dossier = paid(dossier)
    assert (dossier.complaint.unpaid, awaited(dossier)) == (0, [])
    actions = [(entry.action, entry.facts["compensation"]) for entry in dossier.entries[-4:]]
    assert [action for action, _ in actions] == [
        *("payment_offered", "payment_approved", "payment_made", "payment_made")
    ]
    assert {amount for _, amount in actions} == {200 * YUAN}
    assert all(entry.commitment for entry in dossier.entries[-4:])


@pytest.mark.parametrize(
    ("yuan", "staff", "text_id"),
    [
        pytest.param(1000, HEAD, "", id="the level itself"),
        pytest.param(1001, HEAD, "error.payment_level", id="a yuan above it"),
        pytest.param(1001, MANAGER, "", id="who approves the next"),
        pytest.param(10, MANAGER, "", id="who may approve more may approve less"),
        pytest.param(10, OTHER_HEAD, "error.payment_level", id="another department's head"),
        pytest.param(10, QUALITY, "error.payment_level", id="a role of no level"),
        pytest.param(10, HANDLER, "error.own_offer", id="who offered it"),
    ],
)
def test_who_approves_depends_on_the_amount(yuan: int, staff: Staff, text_id: str) -> None:
    """C9: by level, and never the own offer."""
    dossier = offered(yuan=yuan)
    if not text_id:
        assert granted(dossier, staff=staff).payments[-1].approved_by == staff.username
        return
    with pytest.raises(NotAllowedError) as raised:
        granted(dossier, staff=staff)
    assert raised.value.text_id == text_id


def test_nobody_approves_the_own_offer_whatever_the_role() -> None:
    """Four eyes: the head offered it, so another head or management decides."""
    dossier = offered(staff=HEAD)
    with pytest.raises(NotAllowedError):
        granted(dossier, staff=HEAD)
    assert granted(dossier, staff=MANAGER).payments[-1].approved_by == MANAGER.username


def test_who_is_complained_about_approves_nothing() -> None:
    """I8: barred from all of it."""
    dossier = offered()
    barred = dossier.replace(complaint=dossier.complaint.replace(respondents=(HEAD.username,)))
    with pytest.raises(NotAllowedError):
        granted(barred)


@given(fen=st.integers(min_value=1, max_value=10**9))
def test_every_amount_has_its_approvers(fen: int) -> None:
    """The lowest level that covers it, and all above; the lists shrink as amounts grow."""
    found = approvers_of(fen, OFFICE)
    assert found
    expected = 2 if fen <= 1000 * YUAN else 1
    assert len(found) == expected
    assert found[-1] == Role.MANAGEMENT


def test_what_nobody_may_approve_is_not_offered() -> None:
    """The sentence says so at once, not after weeks of waiting."""
    where = office(levels=(AmountLevel(up_to=1000, by=Role.DEPARTMENT_HEAD),))
    assert offered(yuan=1000, where=where).complaint.unpaid == 1
    for yuan, text_id in ((1001, "error.above_all_levels"), (0, "error.no_amount")):
        with pytest.raises(InvalidInputError) as raised:
            offered(yuan=yuan, where=where)
        assert raised.value.text_id == text_id


@pytest.mark.parametrize("staff", [OTHER_HEAD, MANAGER])
def test_who_does_not_handle_it_offers_nothing(staff: Staff) -> None:
    """The department's, or the coordinator's."""
    with pytest.raises(NotAllowedError):
        offered(staff=staff)


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_refusal_needs_its_reason(reason: str) -> None:
    """C9: and a payment that is refused keeps nothing open."""
    with pytest.raises(InvalidInputError):
        refused(offered(), reason=reason)
    dossier = refused(offered())
    assert (dossier.complaint.unpaid, awaited(dossier)) == (0, [])
    assert dossier.entries[-1].action == "payment_refused"


def test_what_is_approved_can_be_refused_until_it_is_paid() -> None:
    """Then nothing more can be decided; nor can anything be decided twice."""
    assert refused(granted(offered())).complaint.unpaid == 0
    for decided_one in (refused(offered()), paid(granted(offered()))):
        for verb in (granted, refused):
            with pytest.raises(WrongStatusError):
                verb(decided_one)
    with pytest.raises(WrongStatusError):
        granted(granted(offered()), staff=MANAGER)


def test_nothing_is_paid_without_approval() -> None:
    """C9: neither what waits, nor what was refused, nor twice."""
    for dossier in (offered(), refused(offered()), paid(granted(offered()))):
        with pytest.raises(WrongStatusError):
            paid(dossier)


def test_an_advance_needs_clear_facts_and_liability() -> None:
    """004 四: the policy allows it, and the investigation found us responsible."""
    with pytest.raises(InvalidInputError) as raised:
        offered(assessed(), is_advance=True)
    assert raised.value.text_id == "error.no_advance"
    dossier = offered(investigated(), is_advance=True)
    assert paid(granted(dossier)).complaint.unpaid == 0
    with pytest.raises(InvalidInputError):
        offered(investigated(), is_advance=True, where=office(advance=False))


def test_what_is_no_advance_is_paid_once_the_solution_is_approved() -> None:
    """Before that it may be offered and approved, and no more."""
    dossier = granted(offered(investigated()))
    with pytest.raises(WrongStatusError) as raised:
        paid(dossier)
    assert raised.value.text_id == "error.not_payable"
    assert paid(granted(offered(responded()))).complaint.unpaid == 0


def test_several_payments_are_counted_together() -> None:
    """One clock for each role that must act, however many wait for it."""
    dossier = offered(offered(yuan=100), yuan=300)
    assert (dossier.complaint.unpaid, awaited(dossier)) == (2, ["payment:department_head"])
    dossier = offered(dossier, yuan=5000)
    assert dossier.complaint.unpaid == 3
    assert awaited(dossier) == ["payment:department_head", "payment:management"]
    dossier = granted(dossier, staff=MANAGER)
    assert awaited(dossier) == ["payment:department_head", "payment:handler"]


def test_without_a_voucher_rule_what_is_paid_is_done() -> None:
    """The policy says whether the voucher is asked for."""
    where = office(voucher=False)
    dossier = granted(offered(where=where), where=where)
    assert paid(dossier, voucher="", where=where).complaint.unpaid == 0


def proposing(yuan: int, dossier: Dossier | None = None) -> Dossier:
    """Return a complaint whose finding proposes to pay."""
    before = investigated(dossier)
    proposed = finding(compensation=yuan * YUAN)
    return before.replace(
        complaint=before.complaint.replace(compensation=proposed.compensation),
        findings=(*before.findings[:-1], proposed),
    )


def signed(dossier: Dossier, staff: Staff, where: Office = OFFICE) -> Dossier:
    """Return it after one more signature, with the payments that the last one approves."""
    last, at = dossier.findings[-1], later(dossier, 1)
    made = approve.decide(
        dossier.complaint, Decision(approver=staff.username, approved=True), dossier.complainant,
        staff=staff, key=dossier.key, at=at, office=where, finding=last, payments=dossier.payments,
    )  # fmt: skip
    grown = after(dossier, made)
    if grown.complaint.status is not Status.APPROVED:
        return grown
    changed = compensation.granted(made[0], last, dossier.payments, at=at, office=where)
    rows = {one.payment_id: one for one in (*dossier.payments, *changed)}
    return grown.replace(payments=tuple(rows.values()))


def test_the_solution_promises_what_its_signers_may_approve() -> None:
    """Within the head's level the one signature approves both; it is then to be paid."""
    dossier = signed(proposing(800), HEAD)
    payment = dossier.payments[0]
    assert (payment.amount, payment.approved_by) == (800 * YUAN, HEAD.username)
    assert (payment.offered_by, payment.payer) == (HANDLER.username, "service")
    assert (dossier.complaint.unpaid, awaited(dossier)) == (1, ["payment:handler"])
    assert paid(dossier).complaint.unpaid == 0


def test_above_the_level_of_its_signers_one_more_signs() -> None:
    """Nothing is promised to the complainant that could still be refused."""
    dossier = signed(proposing(1001), HEAD)
    assert (dossier.complaint.status, dossier.complaint.queue) == ("investigated", "management")
    assert (signers(dossier.complaint, OFFICE), dossier.payments) == ((Role.MANAGEMENT,), ())
    with pytest.raises(NotAllowedError):
        signed(dossier, HEAD)
    dossier = signed(dossier, MANAGER)
    assert (dossier.complaint.status, dossier.payments[0].approved_by) == ("approved", "ma")


def test_without_money_nobody_more_signs() -> None:
    """An amount of nothing is no payment."""
    dossier = signed(proposing(0), HEAD)
    assert (dossier.complaint.status, dossier.payments) == (Status.APPROVED, ())
    assert dossier.complaint.unpaid == 0


def test_a_later_solution_takes_the_place_of_what_was_not_paid() -> None:
    """The complainant refused 200; 500 are promised now, and not 700."""
    first = signed(proposing(200), HEAD)
    back = first.replace(complaint=first.complaint.replace(status=Status.ASSESSED, signed=()))
    second = signed(proposing(500, back), HEAD)
    assert [one.refused_reason for one in second.payments] == [compensation.SUPERSEDED, ""]
    assert second.complaint.unpaid == 1
    settled = paid(first)
    back = settled.replace(complaint=settled.complaint.replace(status=Status.ASSESSED, signed=()))
    second = signed(proposing(500, back), HEAD)
    assert [bool(one.refused_reason) for one in second.payments] == [False, False]


def test_after_the_end_nothing_is_offered() -> None:
    """What is on its way to the archive stays as it is."""
    dossier = approved()
    for status in (Status.RECEIVED, Status.FOLLOWED_UP, Status.CLOSED):
        late = dossier.replace(complaint=dossier.complaint.replace(status=status))
        with pytest.raises(ComplaintError):
            offered(late)


def test_a_rejection_promises_nothing() -> None:
    """Back to the department: no payment, no amount that anybody would have to sign for."""
    dossier = decided(proposing(2000, assessed(received())), approved=False, reason="证据不足")
    assert (dossier.complaint.compensation, dossier.complaint.unpaid) == (None, 0)
