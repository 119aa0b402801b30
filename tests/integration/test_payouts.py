"""The payout of a group incident on the tables: one approval, a payment on each complaint, once."""

from datetime import timedelta
from typing import Any

import pytest

from complaints.aws import runtime
from complaints.aws.desk import incidents, merging, payments, payouts
from complaints.aws.directory import StaffDirectory
from complaints.aws.repository import ComplaintRepository
from complaints.models import Complainant, Dossier, Staff, Status
from complaints.parts import Payout
from functions.check_sla.handler import handler as check_sla
from tests.builders import (
    HANDLER,
    HEAD,
    LI,
    MANAGER,
    OTHER_HEAD,
    QUALITY,
    STAFF,
    assessed,
    received,
)
from tests.kept import keep, mails, set_clock, words_of
from tests.staff_browser import Browser, page

pytestmark = pytest.mark.usefixtures("tables")
ASKED = {"payout_amount": "200", "payout_basis": "停水两天", "payout_payer": "finance"}


@pytest.fixture(autouse=True)
def _staff(tables: None) -> None:
    """Enter the people of the builders into the directory."""
    del tables
    for member in STAFF:
        StaffDirectory.from_env().put(member)


def number_of(n: int) -> str:
    """Return the number of the n-th complaint."""
    return received(n=n).complaint.complaint_id


def stored(n: int = 1) -> Dossier:
    """Return the n-th complaint as it is now."""
    return ComplaintRepository.from_env().dossier(number_of(n))


def registered(n: int) -> None:
    """Store the n-th complaint, by somebody of its own; the fourth left only a phone number."""
    at = runtime.now() - timedelta(minutes=5)
    mail = "" if n == 4 else f"p{n}@example.com"
    phone = "+8613900000004" if n == 4 else ""
    who = Complainant(name=f"住户{n}", email=mail, phone=phone) if n > 1 else LI
    start = received(n=n, at=at, complainant=who, contact_id=f"form-{n}")
    keep(start, assessed(start))


def incident(merged: int) -> str:
    """Store a group incident with so many complaints merged into it; return its number."""
    for n in range(1, merged + 2):
        registered(n)
    for n in range(2, merged + 2):
        merging.merge(number_of(n), number_of(1), staff=QUALITY)
    incidents.declare_incident(number_of(1), "三号楼停水", staff=QUALITY)
    return number_of(1)


def offered(number: str, *, staff: Staff = HANDLER) -> str:
    """Let somebody offer 200 yuan to everybody; return the id of the payout."""
    proposed = Payout(
        payout_id="00000000000000aa", amount=20000, people=0, basis="停水两天", payer="finance",
        offered_by="", offered_at=runtime.now(), entry=0,
    )  # fmt: skip
    payouts.offer_to_all(number, proposed, staff=staff)
    return proposed.payout_id


def approved(number: str) -> str:
    """Let somebody offer, and management approve; return the id of the payout."""
    payout_id = offered(number)
    payouts.decide_for_all(number, payout_id, "", staff=MANAGER)
    return payout_id


def sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the check of the limits run, some minutes later."""
    set_clock(monkeypatch, runtime.now() + timedelta(minutes=11))
    check_sla({}, None)


def send(staff: Staff, n: int, task: str, **fields: str) -> Browser:
    """Let somebody send a form of the n-th complaint's page."""
    browser = Browser(staff)
    browser.get(page(number_of(n)))
    browser.post(f"{page(number_of(n))}/{task}", **fields)
    return browser


def rows(n: int) -> list[tuple[int, str]]:
    """Return amount and approver of each payment of the n-th complaint."""
    return [(one.amount, one.approved_by) for one in stored(n).payments]


def paid(n: int) -> Browser:
    """Let the handler record the payment of the n-th complaint on its own page."""
    payment = stored(n).payments[-1].payment_id
    return send(HANDLER, n, "pay", payment=payment, voucher=f"FK-{n}", voucher_file="")


def test_one_approval_pays_everybody_once_and_tells_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """20 with the approval, the other five by the check; what runs again changes nothing."""
    number = incident(25)
    before = len(mails())
    payout_id = approved(number)
    assert stored(20).payments
    assert not stored(26).payments
    assert (stored().complaint.unpaid, stored().complaint.unpaid_with) == (1, 25)
    payouts.pass_on(number, payout_id, most=0)
    for _ in range(3):
        sweep(monkeypatch)
    assert all(rows(n) == [(20000, MANAGER.username)] for n in range(1, 27))
    told = [mail for mail in mails()[before:] if "￥200.00" in words_of(mail)]
    expected = [LI.email, *(f"p{n}@example.com" for n in range(2, 27) if n != 4)]
    assert sorted(str(mail["To"]) for mail in told) == sorted(expected)
    assert number_of(3) in words_of(next(mail for mail in told if mail["To"] == "p3@example.com"))
    assert stored().payouts[0].done_at
    assert stored(7).entries[-1].action == "payout_reached"
    found = ComplaintRepository.from_env().due_before(runtime.now() + timedelta(days=30))
    assert (number, f"payout#{payout_id}") not in list(found)


def test_whom_no_letter_reaches_is_to_be_told_by_phone() -> None:
    """The main complaint waits for it, and its page says what to tell."""
    number = incident(3)
    approved(number)
    assert stored(4).complaint.untold_at
    assert stored().complaint.untold == 1
    browser = Browser(HANDLER)
    browser.get(page(number))
    assert "每位投诉人获赔 ￥200.00" in browser.body


def test_what_broke_off_is_finished_by_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """The decision stands, whatever dies behind it; nobody is paid twice, or not at all."""
    number = incident(4)
    save, done = ComplaintRepository.save_all, 0

    def breaks(self: ComplaintRepository, *changes: Any, **claimed: Any) -> None:  # noqa: ANN401
        nonlocal done
        done += 1
        if done == 4:
            raise RuntimeError("the power went out")
        save(self, *changes, **claimed)

    payout_id = offered(number)
    monkeypatch.setattr(ComplaintRepository, "save_all", breaks)
    payouts.decide_for_all(number, payout_id, "", staff=MANAGER)
    assert [len(rows(n)) for n in range(1, 6)] == [1, 1, 1, 0, 0]
    assert not stored().payouts[0].done_at
    before = len(mails())
    sweep(monkeypatch)
    assert [len(rows(n)) for n in range(1, 6)] == [1, 1, 1, 1, 1]
    assert [str(mail["To"]) for mail in mails()[before:] if "￥200" in words_of(mail)] == [
        "p5@example.com"
    ]
    assert stored().payouts[0].done_at


def test_who_was_unmerged_before_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """And who was merged after the offer is named as not in it."""
    monkeypatch.setattr(payouts, "AT_ONCE", 1)
    number = incident(3)
    payout_id = offered(number)
    registered(9)
    merging.merge(number_of(9), number, staff=QUALITY)
    payouts.decide_for_all(number, payout_id, "", staff=MANAGER)
    merging.unmerge(number_of(3), number, staff=QUALITY)
    for _ in range(2):
        sweep(monkeypatch)
    assert (rows(3), rows(9), len(rows(4))) == ([], [], 1)
    assert stored().complaint.unpaid_with == 2
    browser = Browser(HANDLER)
    browser.get(page(number))
    assert "已取消合并，未列入" in browser.body
    assert "另有 1 件投诉不在已提出的统一赔付之内" in browser.body
    assert "payout_left_out" in [entry.action for entry in stored().entries]


def test_the_page_says_how_many_how_much_and_who_decides() -> None:
    """The handler offers, the head may not decide about the total, management does."""
    number = incident(5)
    assert send(HANDLER, 1, "offer-all", **ASKED).status == 303
    (offer,) = stored().payouts
    assert (offer.people, offer.total, offer.offered_by) == (6, 120000, HANDLER.username)
    for staff in (HEAD, HANDLER):
        browser = Browser(staff)
        browser.get(page(number))
        assert "6 件 × ￥200.00 = ￥1,200.00" in browser.body
        assert 'id="task-decide-all"' not in browser.body
    answer = {"payout_decision": "approve", "payout_reason": ""}
    assert send(HEAD, 1, "decide-all", payout=offer.payout_id, **answer).status == 403
    browser = Browser(MANAGER)
    browser.get("/staff")
    assert number in browser.body
    without = {"payout_decision": "reject", "payout_reason": ""}
    assert send(MANAGER, 1, "decide-all", **without).status == 422
    for _ in range(2):
        assert send(MANAGER, 1, "decide-all", payout=offer.payout_id, **answer).status == 303
    browser.get(page(number))
    assert "已登记到 6 件投诉" in browser.body
    assert [len(rows(n)) for n in range(1, 7)] == [1] * 6


def test_a_refused_payout_pays_nobody() -> None:
    """With its reason on the page; another one may be offered."""
    incident(1)
    send(HANDLER, 1, "offer-all", **ASKED)
    answer = {"payout_decision": "reject", "payout_reason": "依据不足"}
    assert send(HEAD, 1, "decide-all", **answer).status == 303
    assert (rows(1), rows(2), stored().complaint.unpaid_with) == ([], [], 0)
    browser = Browser(HANDLER)
    browser.get(page(number_of(1)))
    assert "依据不足" in browser.body
    assert 'id="task-offer-all"' in browser.body


def test_a_double_click_offers_once() -> None:
    """The form has an id."""
    incident(1)
    browser = Browser(HANDLER)
    browser.get(page(number_of(1)))
    form = browser.body
    for _ in range(2):
        browser.body = form
        assert browser.post(f"{page(number_of(1))}/offer-all", **ASKED) == 303
    assert len(stored().payouts) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"payout_amount": "0"}, {"payout_amount": "many"}, {"payout_basis": ""}, {"payout_payer": ""}],
)
def test_what_is_no_offer_is_refused(wrong: dict[str, str]) -> None:
    """Nothing to pay, no basis, nobody who pays."""
    incident(1)
    assert send(HANDLER, 1, "offer-all", **{**ASKED, **wrong}).status == 422
    assert stored().payouts == ()


def test_others_are_offered_no_such_form() -> None:
    """Neither another department nor a complaint that is no incident."""
    number = incident(1)
    registered(9)
    browser = Browser(OTHER_HEAD)
    assert browser.get(page(number)) == 404
    browser = Browser(HANDLER)
    browser.get(page(number_of(9)))
    assert "offer-all" not in browser.body
    assert browser.post(f"{page(number_of(9))}/offer-all", **ASKED) == 409


def test_each_is_paid_on_its_own_page_and_the_last_voucher_lets_the_matter_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A merged complaint has the form of its payment, and no other; the main one waits for all."""
    number = incident(2)
    approved(number)
    browser = Browser(HANDLER)
    browser.get(page(number_of(2)))
    assert 'id="task-pay"' in browser.body
    assert 'id="task-offer"' not in browser.body
    assert 'id="task-note"' not in browser.body
    browser.get(page(number))
    assert browser.body.count(">赔偿未办结<") == 2
    assert "还有 2 笔赔偿未办结" in browser.body
    for n in (1, 2):
        assert paid(n).status == 303
    assert paid(2).status == 409
    complaints = ComplaintRepository.from_env()
    main = stored().complaint
    assert (main.unpaid, main.unpaid_with) == (0, 1)
    assert stored(2).payments[0].voucher == "FK-2"
    resumed: list[str] = []
    monkeypatch.setattr(
        "complaints.aws.desk.changing.resume_if_moved",
        lambda before, after: resumed.extend(
            [f"{before.status} {after.status}"] if before.status is not after.status else []
        ),
    )
    at = runtime.now()
    handled = main.replace(
        status=Status.RESPONDED, followed_up_at=at, follow_up_outcome="satisfied",
        version=main.version + 1,
    )  # fmt: skip
    entry = stored().entries[-1].replace(number=main.version + 1)
    complaints.save(handled, entry)
    payments.record_payment(
        number_of(3), stored(3).payments[0].payment_id, "FK-3", "", staff=HANDLER
    )
    assert stored().complaint.status is Status.FOLLOWED_UP
    assert resumed == ["responded followed_up"]
