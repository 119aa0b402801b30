"""The payout of a group incident: for whom, by whose approval, and what keeps the matter open."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints import compensation, gates, group_incident, payout
from complaints.lifecycle import (
    ComplaintError,
    InvalidInputError,
    NotAllowedError,
    WrongStatusError,
)
from complaints.matters import Both, merge, unmerge
from complaints.models import Complainant, Complaint, Dossier, Staff, Status, TrackingEntry
from complaints.parts import Gate, Payout
from tests.builders import (
    HANDLER,
    HEAD,
    MANAGER,
    OFFICE,
    OTHER_HEAD,
    QUALITY,
    after,
    assessed,
    later,
    received,
)

YUAN = 100
"""Fen."""


def one(n: int) -> Dossier:
    """Return the n-th complaint, by somebody of its own, assessed."""
    who = Complainant(name=f"住户{n}", phone=f"1390000{n:04}", email=f"p{n}@example.com")
    return assessed(received(n=n, complainant=who))


def number(n: int) -> str:
    """Return the number of the n-th complaint."""
    return one(n).complaint.complaint_id


def moment(*dossiers: Dossier) -> datetime:
    """Return an hour after the last step of these."""
    return max(later(dossier, 1) for dossier in dossiers)


def both(dossier: Dossier, main: Dossier, made: Both) -> tuple[Dossier, Dossier]:
    """Return both after they were merged, or parted."""
    return after(dossier, made.complaint), after(main, made.main).replace(
        merged=made.merged_after(main)
    )


def merged(dossier: Dossier, main: Dossier) -> tuple[Dossier, Dossier]:
    """Return both after the one was merged into the other."""
    at = moment(dossier, main)
    return both(dossier, main, merge(dossier, main, staff=QUALITY, at=at, office=OFFICE))


def parted(dossier: Dossier, main: Dossier) -> tuple[Dossier, Dossier]:
    """Return both after that was undone."""
    at = moment(dossier, main)
    return both(dossier, main, unmerge(dossier, main, staff=QUALITY, at=at, office=OFFICE))


def incident(others: int = 0) -> tuple[Dossier, dict[str, Dossier]]:
    """Return a group incident and what is merged into it, by number."""
    main, parts = one(1), {}
    for n in range(2, others + 2):
        part, main = merged(one(n), main)
        parts[part.complaint.complaint_id] = part
    made = group_incident.declare(
        main.complaint, "停水", staff=QUALITY, key=main.key, at=later(main, 1), office=OFFICE
    )
    return after(main, made), parts


def offered(
    main: Dossier, *, yuan: int = 200, staff: Staff = HANDLER, payout_id: str = "1"
) -> Dossier:
    """Return an incident in which somebody offered a payout to all."""
    at = later(main, 1)
    asked = Payout(
        payout_id=payout_id, amount=yuan * YUAN, people=0, basis="停水两天", payer="finance",
        offered_by="", offered_at=at, entry=0,
    )  # fmt: skip
    proposed = payout.offered(main, asked, staff=staff, at=at)
    made = payout.offer(main, proposed, staff=staff, at=at, office=OFFICE)
    return after(main, made, payouts=proposed)


def keeping(main: Dossier, made: tuple[Complaint, TrackingEntry], kept: Payout) -> Dossier:
    """Return an incident after a step of a payout, with the row that was saved with it."""
    rest = tuple(one for one in main.payouts if one.payout_id != kept.payout_id)
    return after(main.replace(payouts=rest), made, payouts=kept)


def decided(main: Dossier, *, refused: str = "", staff: Staff = HEAD) -> Dossier:
    """Return an incident after somebody approved its newest payout, or refused it."""
    at = later(main, 1)
    kept = payout.decided(main, main.payouts[-1].payout_id, refused, staff.username, at)
    made = payout.decide(main, kept, staff=staff, at=at, office=OFFICE)
    grown = keeping(main, made, kept)
    return grown.replace(payments=(*grown.payments, *payout.own_row(grown, kept)))


def reached(part: Dossier, main: Dossier) -> Dossier:
    """Return a merged complaint after the newest payout has reached it."""
    kept = main.payouts[-1]
    made = payout.reach(
        part, kept, main.complaint.complaint_id, at=moment(part, main), office=OFFICE
    )
    return after(part, made, payments=payout.row(kept))


def paid(dossier: Dossier) -> Dossier:
    """Return a complaint after its newest payment was made, with the voucher."""
    payment = dossier.payments[-1].replace(paid_at=later(dossier, 1), voucher="FK-1")
    made = compensation.pay(dossier, payment, staff=HANDLER, at=later(dossier, 1), office=OFFICE)
    return after(dossier.replace(payments=dossier.payments[:-1]), made, payments=payment)


def settled(part: Dossier, main: Dossier, change: int = -1) -> Dossier:
    """Return an incident after the payment of a merged complaint was done."""
    made = payout.settle(
        main, part.complaint, change, by="han", at=moment(part, main), office=OFFICE
    )
    return after(main, made)


def waiting(dossier: Dossier) -> list[str]:
    """Return whose clocks of payments and payouts run."""
    kinds = ("payment:", "payout:")
    return [clock.what for clock in dossier.complaint.clocks if clock.what.startswith(kinds)]


def is_open(main: Dossier) -> bool:
    """Return whether the gate of the voucher is open."""
    return gates.is_open(Gate.VOUCHER, main.complaint)


# ---- who offers, who decides ---------------------------------------------------------------


def test_the_total_says_who_approves() -> None:
    """C9: 400 yuan each are the head's; to three of them it is management's."""
    alone, _ = incident(0)
    assert waiting(offered(alone, yuan=400)) == ["payout:department_head"]
    main, _ = incident(2)
    main = offered(main, yuan=400)
    assert (main.payouts[0].people, main.payouts[0].total) == (3, 1200 * YUAN)
    assert waiting(main) == ["payout:management"]
    with pytest.raises(NotAllowedError) as raised:
        decided(main, staff=HEAD)
    assert raised.value.text_id == "error.payout_level"
    assert decided(main, staff=MANAGER).payouts[0].approved_by == MANAGER.username


@given(others=st.integers(min_value=0, max_value=6), yuan=st.integers(min_value=1, max_value=1500))
def test_what_is_approved_is_what_is_paid(others: int, yuan: int) -> None:
    """The rows of all complaints add up to the total that one level approved."""
    main, parts = incident(others)
    main = decided(offered(main, yuan=yuan), staff=MANAGER)
    rows = [part.payments for part in (reached(part, main) for part in parts.values())]
    amounts = [row.amount for rows_of_one in (main.payments, *rows) for row in rows_of_one]
    assert sum(amounts) == main.payouts[0].total
    assert main.complaint.unpaid_with == others


def test_nobody_approves_the_own_offer() -> None:
    """Four eyes, whatever the role; nor does who is complained about, in any of them."""
    main, _ = incident(1)
    with pytest.raises(NotAllowedError) as raised:
        decided(offered(main, staff=HEAD), staff=HEAD)
    assert raised.value.text_id == "error.own_offer"
    accused = main.replace(complaint=main.complaint.replace(respondents=("he",)))
    with pytest.raises(NotAllowedError):
        decided(offered(accused), staff=HEAD)


@pytest.mark.parametrize("staff", [HANDLER, QUALITY, MANAGER])
def test_who_handles_or_leads_the_incident_offers(staff: Staff) -> None:
    """The department's people, the coordinator, and the leader of the group."""
    assert offered(incident(1)[0], staff=staff).payouts[0].offered_by == staff.username


def test_others_offer_nothing() -> None:
    """Another department; a leader who is complained about."""
    main, _ = incident(1)
    accused = main.replace(complaint=main.complaint.replace(respondents=("ma",)))
    for dossier, staff in ((main, OTHER_HEAD), (accused, MANAGER)):
        with pytest.raises(NotAllowedError):
            offered(dossier, staff=staff)


@pytest.mark.parametrize("yuan", [0, -5])
def test_nothing_is_no_payout(yuan: int) -> None:
    """There is nothing to approve."""
    with pytest.raises(InvalidInputError) as raised:
        offered(incident(1)[0], yuan=yuan)
    assert raised.value.text_id == "error.no_amount"


def test_only_an_open_incident_of_its_own_has_a_payout() -> None:
    """Neither a complaint like any other, nor a merged one, nor one that is closed."""
    main, parts = incident(1)
    part = next(iter(parts.values()))
    ended = main.replace(complaint=main.complaint.replace(status=Status.FOLLOWED_UP))
    wrong = {"error.incident_none": one(1), "error.is_merged": part, "error.wrong_status": ended}
    for text_id, dossier in wrong.items():
        with pytest.raises(WrongStatusError) as raised:
            offered(dossier)
        assert raised.value.text_id == text_id


def test_one_waits_at_a_time() -> None:
    """Not before it is decided, nor before it has reached everybody."""
    main, _ = incident(1)
    main = offered(main)
    for dossier in (main, decided(main)):
        with pytest.raises(WrongStatusError) as raised:
            offered(dossier, payout_id="2")
        assert raised.value.text_id == "error.payout_waits"


def test_it_is_decided_once() -> None:
    """And a refusal needs its reason; then nobody is owed anything."""
    main = offered(incident(1)[0])
    with pytest.raises(InvalidInputError):
        decided(main, refused="  ")
    refused = decided(main, refused="依据不足")
    assert (refused.complaint.unpaid_with, waiting(refused), refused.payments) == (0, [], ())
    for again in (refused, decided(main)):
        for verb in ("", "不"):
            with pytest.raises(WrongStatusError):
                decided(again, refused=verb)


# ---- for whom ------------------------------------------------------------------------------


def test_what_joins_later_is_for_the_next_one() -> None:
    """Whatever the clock says: by the order of the history, and no total grows by itself."""
    main, parts = incident(1)
    main = offered(main)
    late, main = merged(one(3), main)
    main = decided(main)
    assert payout.awaiting(main, main.payouts[0]) == (number(2),)
    assert payout.unserved(main) == (number(3),)
    done = main.payouts[0].replace(after=number(2), done_at=later(main, 1))
    main = keeping(main, payout.pass_on(main, done, at=later(main, 1)), done)
    assert main.entries[-1].facts["people"] == 2
    second = decided(offered(main, payout_id="2"))
    assert (second.payouts[1].people, payout.own_row(second, second.payouts[1])) == (1, ())
    assert payout.awaiting(second, second.payouts[1]) == (late.complaint.complaint_id,)
    assert parts


def test_when_everybody_is_served_there_is_nobody_left() -> None:
    """A second one would pay the same people again."""
    main, parts = incident(1)
    main = decided(offered(main))
    done = main.payouts[0].replace(after=next(iter(parts)), done_at=later(main, 1))
    main = keeping(main, payout.pass_on(main, done, at=later(main, 1)), done)
    with pytest.raises(InvalidInputError) as raised:
        offered(main, payout_id="2")
    assert raised.value.text_id == "error.payout_nobody"
    refused = decided(offered(incident(1)[0]), refused="太少")
    assert offered(refused, payout_id="2").payouts[1].people == 2


def test_who_left_before_it_came_is_left_out_and_named() -> None:
    """The main complaint waits for it no longer; merged again, the next payout is for it."""
    main, parts = incident(2)
    main = decided(offered(main))
    part, main = parted(parts[number(3)], main)
    with pytest.raises(WrongStatusError):
        reached(part, main)
    made = payout.leave_out(main, main.payouts[0], number(3), at=later(main, 1), office=OFFICE)
    main = after(main, made)
    assert (main.complaint.unpaid_with, payout.left_out(main, main.payouts[0])) == (
        1,
        (number(3),),
    )
    _, main = merged(part, main)
    assert payout.unserved(main) == (number(3),)


# ---- until it is paid ----------------------------------------------------------------------


def test_the_matter_waits_until_each_payment_is_proven() -> None:
    """004 二: the main complaint's own, and those of the merged ones; whoever handles it knows."""
    main, parts = incident(2)
    assert is_open(main)
    main = offered(main)
    assert not is_open(main)
    main = paid(decided(main))
    assert (main.complaint.unpaid, main.complaint.unpaid_with) == (0, 2)
    assert waiting(main) == ["payment:handler"]
    for part in parts.values():
        assert not is_open(main)
        main = settled(paid(reached(part, main)), main)
    assert is_open(main)
    assert waiting(main) == []


def test_the_last_voucher_lets_the_matter_be_closed() -> None:
    """Nothing else shut: it goes on to the archive by itself."""
    main, parts = incident(1)
    main = paid(decided(offered(main)))
    handled = main.complaint.replace(
        status=Status.RESPONDED, followed_up_at=later(main, 1), follow_up_outcome="satisfied"
    )
    main = main.replace(complaint=handled)
    part = paid(reached(parts[number(2)], main))
    assert settled(part, main).complaint.status is Status.FOLLOWED_UP


def test_a_merged_complaint_is_paid_though_it_has_no_steps() -> None:
    """At once, with its own voucher; it stays merged, in nobody's queue."""
    main, parts = incident(1)
    main = decided(offered(main))
    part = reached(parts[number(2)], main)
    assert (part.complaint.unpaid, part.complaint.clocks, part.complaint.queue) == (1, (), "")
    done = paid(part)
    assert (done.complaint.unpaid, done.payments[-1].voucher) == (0, "FK-1")
    assert done.complaint.merged_into == main.complaint.complaint_id


def test_unmerged_it_takes_its_payment_along() -> None:
    """With the clock of who must pay; merged again, the other one waits for it again."""
    main, parts = incident(1)
    main = paid(decided(offered(main)))
    part = reached(parts[number(2)], main)
    alone, rest = parted(part, main)
    assert (waiting(alone), is_open(alone)) == (["payment:handler"], False)
    assert (rest.complaint.unpaid_with, waiting(rest), is_open(rest)) == (0, [], True)
    again, main = merged(alone, rest)
    assert (main.complaint.unpaid_with, waiting(main)) == (1, ["payment:handler"])
    assert waiting(again) == []


def test_an_incident_whose_payout_is_not_done_is_merged_into_none() -> None:
    """Its own page has the forms, and it would have none."""
    alone, _ = incident(0)
    with pytest.raises(WrongStatusError) as raised:
        merged(offered(alone), one(9))
    assert raised.value.text_id == "error.merge_payout"


def test_nothing_else_is_offered_in_a_merged_complaint() -> None:
    """What it is paid comes with the matter."""
    _, parts = incident(1)
    part = next(iter(parts.values()))
    row: Any = payout.row(offered(incident(0)[0]).payouts[0])
    with pytest.raises(ComplaintError) as raised:
        compensation.offer(part, row, staff=QUALITY, at=later(part, 1), office=OFFICE)
    assert raised.value.text_id == "error.is_merged"


def test_a_payout_is_on_record_without_its_words() -> None:
    """Figures in the history; the basis is only committed to."""
    main, parts = incident(1)
    main = decided(offered(main))
    part = reached(parts[number(2)], main)
    facts = {"payout": "1", "compensation": 200 * YUAN, "people": 2}
    assert [dict(entry.facts) for entry in main.entries[-2:]] == [facts, facts]
    assert "停水两天" not in f"{main.entries}{part.entries}"
    assert part.entries[-1].facts["with"] == main.complaint.complaint_id
