"""From the last signature to the last gate: as the staff pages do it, kept in the table."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from complaints.aws.desk import line, payments
from complaints.aws.directory import StaffDirectory
from complaints.aws.repository import ComplaintRepository, StaleComplaintError
from complaints.aws.runtime import now
from complaints.gates import other_queues
from complaints.models import Channel, Complaint, Decision, Dossier, Outcome, Role, Status
from complaints.office import Office
from complaints.parts import Gate
from complaints.policy import Approval, SignOffs
from tests.builders import HANDLER, HEAD, MANAGER, OFFICE, QUALITY
from tests.staff_browser import REPORT, Browser, closed, investigated, page, registered

pytestmark = pytest.mark.usefixtures("tables")
FOUR = (Gate.CAUSE, Gate.PERSON, Gate.TAUGHT, Gate.MEASURES)


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    """Return an office with two signers in any order and gates to prove; everybody works in it."""
    both = SignOffs(signed_by=(Role.DEPARTMENT_HEAD, Role.MANAGEMENT), in_order=False)
    policy = msgspec.structs.replace(
        OFFICE.policy,
        approval=Approval(general=both, major=both),
        closing_gates=(*FOUR, Gate.VERIFIED, Gate.SATISFIED, Gate.SIGNED, Gate.VOUCHER),
        proven_by={Gate.SIGNED: Role.MANAGEMENT},
    )
    other = Office(policy=policy, zone=OFFICE.zone)
    for way in (
        *("desk.changing.office_for", "desk.line.office_for", "console.limits.office_for"),
        *("console.complaint.office_shown", "console.lists.office_shown"),
    ):
        monkeypatch.setattr(f"complaints.aws.{way}", lambda _: other)
    return other


def whole(number: str) -> Dossier:
    """Return the file as it is kept."""
    return ComplaintRepository.from_env().dossier(number)


def in_queue(queue: str) -> list[str]:
    """Return the numbers of the complaints in a queue."""
    found, _ = ComplaintRepository.from_env().in_queue(queue)
    return [one.complaint_id for one in found]


def sign(number: str, *signers: Any) -> Complaint:  # noqa: ANN401 - Staff
    """Let these people sign the solution."""
    for staff in signers:
        signed = line.decide(number, Decision(approver=staff.username, approved=True), staff=staff)
    return signed


def waiting_for_two(office: Office) -> str:
    """Return the number of a complaint that two may sign in any order."""
    number = investigated().complaint_id
    assert other_queues(whole(number).complaint, office) == (Role.MANAGEMENT,)
    return number


def test_both_signers_find_it_at_home_and_see_who_signed(office: Office) -> None:
    """C5: each in the own queue; when one has signed, only the other is asked."""
    number = waiting_for_two(office)
    assert (in_queue("service"), in_queue("management")) == ([number], [number])
    head, manager = Browser(HEAD), Browser(MANAGER)
    for one in (head, manager):
        one.get("/staff")
        assert number in one.body
    manager.get(page(number))
    assert manager.post(f"{page(number)}/decide", decision="approve", reason="") == 303
    assert in_queue("management") == []
    assert in_queue("service") == [number]
    manager.get("/staff")
    assert number not in manager.body
    head.get(page(number))
    assert "管理层" in head.body
    assert "待签" in head.body
    assert whole(number).letters[-1].kind != "notice"
    assert head.post(f"{page(number)}/decide", decision="approve", reason="") == 303
    dossier = whole(number)
    assert dossier.complaint.status is Status.APPROVED
    assert [one.code for one in dossier.decisions] == ["management", "department_head"]
    assert [one.kind for one in dossier.letters].count("notice") == 1


def test_a_second_signature_of_the_same_person_changes_nothing(office: Office) -> None:
    """The sentence says why; the other one is still awaited."""
    number = waiting_for_two(office)
    sign(number, MANAGER)
    before = whole(number)
    manager = Browser(MANAGER)
    manager.get(page(number))
    assert manager.post(f"{page(number)}/decide", decision="reject", reason="再想想") == 403
    assert whole(number) == before


def test_gates_are_proven_on_the_page_until_it_closes_by_itself(office: Office) -> None:
    """D6, D7, I5: handled after the survey, closed with the director's signature."""
    number = waiting_for_two(office)
    sign(number, HEAD, MANAGER)
    line.confirm_by_phone(number, Outcome.ACCEPTED, "", staff=HANDLER)
    quality, manager, handler = Browser(QUALITY), Browser(MANAGER), Browser(HANDLER)
    line.rate(number, Outcome.SATISFIED, 5, "好")
    complaint = whole(number).complaint
    assert (complaint.status, complaint.is_handled) == (Status.RESPONDED, True)
    assert (in_queue("quality_office"), in_queue("management")) == ([number], [number])
    handler.get(page(number))
    assert "结案条件" in handler.body
    assert "已处理，待结案" in handler.body
    assert 'action="/staff/complaints/' + number + "/prove" not in handler.body
    for gate in (*FOUR, Gate.VERIFIED):
        quality.get("/staff")
        assert number in quality.body
        quality.get(page(number))
        assert quality.post(f"{page(number)}/prove", gate=gate, words="现场看过") == 303
    assert in_queue("quality_office") == []
    manager.get(page(number))
    assert "现场看过" in manager.body
    assert manager.post(f"{page(number)}/prove", gate="signed", words="同意结案") == 303
    dossier = whole(number)
    assert dossier.complaint.status is Status.FOLLOWED_UP
    assert [one.gate for one in dossier.proofs] == [*FOUR, Gate.VERIFIED, Gate.SIGNED]
    assert (dossier.complaint.also, in_queue("management")) == ((), [])


def test_nobody_is_called_before_it_is_verified(office: Office) -> None:
    """The form of the call appears with the proof, and not before."""
    number = waiting_for_two(office)
    sign(number, HEAD, MANAGER)
    line.confirm_by_phone(number, Outcome.ACCEPTED, "", staff=HANDLER)
    quality = Browser(QUALITY)
    quality.get(page(number))
    assert "/follow-up" not in quality.body
    early = quality.post(
        f"{page(number)}/follow-up", outcome="satisfied", satisfaction="5", words=""
    )
    assert early == 409
    assert "尚未验证" in quality.body
    quality.get(page(number))
    quality.post(f"{page(number)}/prove", gate="verified", words="已落实")
    quality.get(page(number))
    assert "/follow-up" in quality.body


def test_money_is_offered_approved_and_paid_on_the_page() -> None:
    """C9: above the head's level management finds it at home; the voucher opens the gate."""
    number = investigated().complaint_id
    sign(number, HEAD)
    handler, head, manager = Browser(HANDLER), Browser(HEAD), Browser(MANAGER)
    handler.get(page(number))
    asked = {"amount": "1500", "basis": "按合同第八条", "payer": "finance"}
    assert handler.post(f"{page(number)}/offer", **asked) == 303
    assert in_queue("management") == [number]
    offered = whole(number).payments[0]
    payments.offer_payment(number, offered, staff=HANDLER)
    assert whole(number).payments == (offered,), "a double click is one offer"
    with pytest.raises(StaleComplaintError):
        payments.offer_payment(number, offered.replace(amount=1), staff=HANDLER)
    manager.get("/staff")
    assert number in manager.body
    head.get(page(number))
    assert "decide-payment" not in head.body
    manager.get(page(number))
    sent = {"payment": "1", "decision": "reject", "reason": ""}
    assert manager.post(f"{page(number)}/decide-payment", **sent) == 422
    sent = {"payment": "1", "decision": "approve", "reason": ""}
    assert manager.post(f"{page(number)}/decide-payment", **sent) == 303
    assert in_queue("management") == []
    handler.get(page(number))
    assert "财务部" in handler.body
    sent = {"payment": "1", "voucher": "", "voucher_file": "elsewhere"}
    assert handler.post(f"{page(number)}/pay", **sent) == 422
    handler.get(page(number))
    sent = {"payment": "1", "voucher": "FK-2026-7", "voucher_file": ""}
    assert handler.post(f"{page(number)}/pay", **sent) == 303
    dossier = whole(number)
    payment = dossier.payments[0]
    assert (payment.amount, payment.approved_by, payment.voucher) == (150000, "ma", "FK-2026-7")
    assert dossier.complaint.unpaid == 0


def test_what_the_finding_promises_becomes_a_payment(office: Office) -> None:
    """The form of the finding, both signatures, then the ledger; the gate waits for the voucher."""
    made = registered()
    handler = Browser(HANDLER)
    handler.get(page(made.complaint_id))
    assert office.policy.compensation.voucher
    number = made.complaint_id
    record = {"kind": "document", "words": "看了合同"}
    handler.post(f"{page(number)}/record", **record)
    handler.get(page(number))
    assert handler.post(f"{page(number)}/investigate", **REPORT) == 303
    sign(number, HEAD, MANAGER)
    dossier = whole(number)
    assert (dossier.payments[0].amount, dossier.payments[0].approved_by) == (20000, HEAD.username)
    assert dossier.complaint.unpaid == 1
    payments.record_payment(number, dossier.payments[0].payment_id, "FK-1", "", staff=HANDLER)
    assert whole(number).complaint.unpaid == 0


def test_a_closed_complaint_is_taken_up_again_on_the_page() -> None:
    """000 四: the quality office, with a reason; the department finds it under its number."""
    number = closed().complaint_id
    before = whole(number).complaint.archive_key
    quality, handler = Browser(QUALITY), Browser(HANDLER)
    handler.get(page(number))
    assert "/reopen" not in handler.body
    quality.get(page(number))
    assert quality.post(f"{page(number)}/reopen", reason="同一问题又发生") == 303
    complaint = whole(number).complaint
    assert (complaint.status, complaint.repeats) == (Status.ASSESSED, 1)
    assert in_queue("service") == [number]
    reopened = whole(number).entries[-1]
    assert reopened.facts["archive_key"] == before
    quality.get(page(number))
    assert "同一问题又发生" in quality.body
    (reason,) = (one for one in whole(number).contacts if one.text == "同一问题又发生")
    assert reason.channel is Channel.DEPARTMENT, "nobody called"


def test_a_verification_that_fails_leads_back_to_investigation(office: Office) -> None:
    """D6: with words, on the page; only what is verified can fail."""
    number = waiting_for_two(office)
    sign(number, HEAD, MANAGER)
    quality = Browser(QUALITY)
    quality.get(page(number))
    assert 'name="holds"' in quality.body
    assert quality.post(f"{page(number)}/prove", gate="cause", holds="no", words="不明") != 303
    assert whole(number).complaint.status is Status.APPROVED
    quality.get(page(number))
    assert quality.post(f"{page(number)}/prove", gate="verified", holds="no", words="未整改") == 303
    kept = whole(number)
    assert (kept.complaint.status, kept.complaint.repeats) == (Status.ASSESSED, 0)
    assert kept.entries[-1].action == "verification_failed"
    assert "未整改" in [one.text for one in kept.contacts]
    assert not kept.proofs


def test_a_solution_whose_signer_left_is_signed_by_the_next_one_up() -> None:
    """C5: from the day after the last one, without anybody naming a successor."""
    number = investigated().complaint_id
    StaffDirectory.from_env().put(HEAD.replace(left_on=now().date() - timedelta(days=2)))
    found = [one for one in map(Browser, (QUALITY, MANAGER)) if _may_sign(one, number)]
    assert len(found) == 1
    assert found[0].post(f"{page(number)}/decide", decision="approve", reason="") == 303
    assert whole(number).complaint.status is Status.APPROVED


def _may_sign(browser: Browser, number: str) -> bool:
    """Return whether the page offers this person the decision."""
    browser.get(page(number))
    return f'action="{page(number)}/decide"' in browser.body
