"""Voiding on the tables: filed and closed like any other, told, and in the reports."""

from collections.abc import Callable

import pytest

from complaints.aws.desk import casework, intake, line, merging
from complaints.aws.directory import StaffDirectory
from complaints.aws.reports import ReportStore
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import now
from complaints.aws.vault import Vault
from complaints.history import breaks
from complaints.lifecycle import ComplaintError
from complaints.models import Complaint, Decision, Dossier, Staff, Status
from complaints.parts import VoidReason, WorkOrder
from complaints.report import local_month
from complaints.texts import texts
from complaints.verify_bag import by_itself
from functions.approve.handler import handler as approve_step
from functions.archive.handler import handler as archive_step
from functions.check_sla.handler import handler as check_limits
from functions.follow_up.handler import handler as follow_up_step
from functions.notify.handler import handler as notify_step
from functions.report.handler import handler as report
from tests.builders import HANDLER, HEAD, LI, MANAGER, OFFICE, QUALITY, contact
from tests.kept import begun, mails, refuse, runs, task_answers, words_of
from tests.staff_browser import Browser, investigated, page, registered

pytestmark = pytest.mark.usefixtures("tables")
T = texts("zh_CN")
WORDS = "值班员演练系统时登记的。"
SUCCESS, FAILURE = "SendTaskSuccess", "SendTaskFailure"


def stored(complaint_id: str) -> Dossier:
    """Return the complaint as it is now."""
    return ComplaintRepository.from_env().dossier(complaint_id)


def void(complaint_id: str, *, staff: Staff = QUALITY) -> Complaint:
    """Void a complaint as a test."""
    return line.void(complaint_id, VoidReason.TEST, WORDS, staff=staff)


def voided() -> Complaint:
    """Return a voided complaint on its way to the archive."""
    made = registered()
    begun(made, "token")
    return void(made.complaint_id)


def run(step: Callable[..., object], complaint_id: str) -> None:
    """Run a step of the workflow."""
    step({"complaint_id": complaint_id, "task_token": f"at {step.__module__}"}, None)


def closed() -> Complaint:
    """Return a voided complaint that was filed and closed."""
    number = voided().complaint_id
    run(archive_step, number)
    return stored(number).complaint


def test_the_workflow_goes_on_to_the_archive_and_the_bundle_says_so() -> None:
    """The question that waited is answered, the steps between are passed, the file is locked."""
    told = task_answers()
    number = voided().complaint_id
    assert told == [(SUCCESS, "token")]
    for step in (approve_step, notify_step, follow_up_step):
        run(step, number)
    assert [operation for operation, _ in told] == [SUCCESS] * 4
    for _ in range(2):
        run(archive_step, number)
    kept = stored(number)
    head = kept.complaint
    assert (head.status, head.queue, head.next_at) == (Status.CLOSED, "", head.dispose_at)
    assert "_voided_" in head.archive_key
    content = Vault.from_env().open(head.archive_key)
    assert content
    assert by_itself(content, head.archive_key).finding.ok
    assert [entry.action for entry in kept.entries][-2:] == ["voided", "closed"]
    assert list(breaks(kept.entries, head.digest)) == []


def test_voided_before_the_first_question_a_run_begins_that_passes_everything() -> None:
    """No step waits yet that could be answered."""
    made = registered()
    void(made.complaint_id)
    assert [one for one in runs() if one.startswith(f"{made.complaint_id}.")]


def test_its_complainant_gets_one_letter_that_says_why_and_how_to_object() -> None:
    """Whatever address is known; the answer to it goes to the complaint."""
    number = voided().complaint_id
    [letter] = [mail for mail in mails() if number in mail["Subject"] and WORDS in words_of(mail)]
    assert letter["To"] == "li@example.com"
    assert number.lower() in letter["Reply-To"].lower()
    assert stored(number).letters[-1].kind == "voided"
    check_limits({}, None)
    assert len([mail for mail in mails() if WORDS in words_of(mail)]) == 1


def test_management_is_told_at_once() -> None:
    """However old the complaint: no report may come too early or too late for it."""
    StaffDirectory.from_env().put(MANAGER)
    number = voided().complaint_id
    [letter] = [mail for mail in mails() if mail["To"] == MANAGER.email]
    assert number in letter["Subject"]
    assert page(number) in words_of(letter)
    assert WORDS not in words_of(letter)


def test_it_leaves_every_queue_and_its_work_orders_end() -> None:
    """Neither the department nor who had an order finds it any more."""
    made = registered()
    begun(made, "token")
    order = WorkOrder(
        order_id="finance-1", department="finance", task="核对", issued_by="han", issued_at=now()
    )
    casework.issue_order(made.complaint_id, order, staff=HANDLER)
    complaints = ComplaintRepository.from_env()
    assert complaints.in_queue("finance")[0]
    void(made.complaint_id)
    for queue in ("finance", "service", "quality_office"):
        assert complaints.in_queue(queue)[0] == []
    [ended] = stored(made.complaint_id).orders
    assert (ended.returned, ended.result) == (True, WORDS)


# ---- refused --------------------------------------------------------------------------------


def approved() -> str:
    """Return the number of a complaint whose solution is approved."""
    number = investigated().complaint_id
    line.decide(number, Decision(approver=HEAD.username, approved=True), staff=HEAD)
    return number


def merged() -> tuple[str, str]:
    """Return a complaint that is merged, and the one that it is counted with."""
    main, other = registered("前台态度恶劣一"), registered("前台态度恶劣二")
    merging.merge(other.complaint_id, main.complaint_id, staff=QUALITY)
    return other.complaint_id, main.complaint_id


CASES: dict[str, tuple[Callable[[], str], Staff, str]] = {
    "twice": (lambda: voided().complaint_id, QUALITY, "error.void_again"),
    "twice when closed": (lambda: closed().complaint_id, QUALITY, "error.void_again"),
    "by who handles it": (lambda: registered().complaint_id, HANDLER, "error.void_not_allowed"),
    "by management": (lambda: registered().complaint_id, MANAGER, "error.void_not_allowed"),
    "after approval": (approved, QUALITY, "error.void_late"),
    "merged": (lambda: merged()[0], QUALITY, "error.is_merged"),
    "merged into": (lambda: merged()[1], QUALITY, "error.void_merged"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_may_not_be_voided_is_refused_and_stays_as_it_is(case: str) -> None:
    """With a sentence that exists in both languages; the file is the same as before."""
    make, staff, sentence = CASES[case]
    number = make()
    before = stored(number)
    with pytest.raises(ComplaintError) as raised:
        void(number, staff=staff)
    assert raised.value.text_id == sentence
    assert sentence in T
    assert sentence in texts("en")
    assert stored(number) == before


# ---- the way back ---------------------------------------------------------------------------


def test_an_objection_is_news_and_leads_back_under_the_same_number() -> None:
    """A word after voiding lies with the quality office; a new run waits for the finding."""
    number = closed().complaint_id
    intake.add(number, contact("真有其事", contact_id="m2", at=now()))
    heads, _ = ComplaintRepository.from_env().in_queue("quality_office")
    assert [head.complaint_id for head in heads] == [number]
    browser = Browser(QUALITY)
    browser.get(page(number))
    assert T("staff.reopen.hint.voided") in browser.body
    refuse("stepfunctions", "SendTaskFailure", "TaskDoesNotExist")
    assert browser.post(f"{page(number)}/reopen", reason="投诉人来信说明确有其事") == 303
    kept = stored(number)
    head = kept.complaint
    assert (head.status, head.voided, head.queue) == (Status.ASSESSED, None, "service")
    assert (head.reopened, head.repeats, head.contacts) == (0, 0, 2)
    assert kept.entries[-1].action == "restored"
    assert [one for one in runs() if one == f"{number}.{head.version}"]


def test_unmerged_and_voided_it_counts_no_more_for_others() -> None:
    """I2: the count of the main one falls with it, and it can't be merged again."""
    main, *others = (
        registered(f"前台态度恶劣{n}", name=f"人{n}", phone=f"1380000100{n}") for n in range(5)
    )
    for one in others:
        merging.merge(one.complaint_id, main.complaint_id, staff=QUALITY)
    assert stored(main.complaint_id).complaint.is_major
    gone = others[0].complaint_id
    merging.unmerge(gone, main.complaint_id, staff=QUALITY)
    void(gone)
    assert not stored(main.complaint_id).complaint.is_major
    with pytest.raises(ComplaintError) as raised:
        merging.merge(gone, main.complaint_id, staff=QUALITY)
    assert raised.value.text_id == "error.merge_late"


# ---- pages and reports ----------------------------------------------------------------------


def test_the_quality_office_alone_has_the_form_and_the_page_says_who_and_why() -> None:
    """Sent twice it is done once; without words it stays; others never see the form."""
    made = registered()
    begun(made, "token")
    address = page(made.complaint_id)
    for staff in (HANDLER, HEAD, MANAGER):
        browser = Browser(staff)
        browser.get(address)
        assert f'action="{address}/void"' not in browser.body
    browser = Browser(QUALITY)
    browser.get(address)
    assert f'action="{address}/void"' in browser.body
    assert browser.post(f"{address}/void", void_reason="test") == 422
    assert stored(made.complaint_id).complaint.voided is None
    typed = {"void_reason": "test", "void_words": WORDS}
    browser.get(address)
    form = browser.body
    assert browser.post(f"{address}/void", **typed) == 303
    browser.body = form
    assert browser.post(f"{address}/void", **typed) == 303
    assert [one.action for one in stored(made.complaint_id).entries].count("voided") == 1
    browser.get(address)
    assert T("voided.test") in browser.body
    assert QUALITY.name in browser.body
    assert T("staff.stage.voided") in browser.body
    assert f'action="{address}/void"' not in browser.body


def test_reports_leave_it_out_and_name_who_and_why() -> None:
    """In no total, in both reports by number; every contact is still counted."""
    one, other = closed(), registered("另一件，退款太慢。")
    day = report({"kind": "day"}, None)
    month = local_month(now(), OFFICE.zone)
    report({"kind": "month", "month": month}, None)
    made = ReportStore.from_env().get_month(month)
    assert made
    assert (made.figures.received, made.figures.voided, made.figures.contacts) == (1, 1, 2)
    assert [row.complaint_id for row in made.complaints] == [other.complaint_id]
    [row] = made.voided
    assert row.voided
    assert (row.complaint_id, row.voided.by, row.voided.reason) == (
        one.complaint_id, "qiu", "test",
    )  # fmt: skip
    close_out = ReportStore.from_env().get_day(str(day["report"]))
    assert close_out
    assert [row.complaint_id for row in close_out.voided] == [one.complaint_id]
    assert close_out.gaps == ()
    browser = Browser(MANAGER)
    for name in (month, str(day["report"])):
        assert browser.get(f"/staff/reports/{name}") == 200
        assert one.complaint_id in browser.body
        assert T("report.column.voided_by") in browser.body
    assert LI.name not in browser.body
