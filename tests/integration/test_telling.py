"""Merged complainants whom no letter reaches: counted in one save, told on the page, closed."""

import pytest

from complaints.aws.desk import incidents, intake, line, merging
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import client, now
from complaints.history import breaks
from complaints.models import Channel, Complaint, Decision, Dossier, Outcome, Status
from complaints.parts import Announcement
from functions.archive.handler import handler as archive_step
from functions.follow_up.handler import handler as follow_up_step
from functions.notify.handler import handler as notify_step
from tests.builders import HANDLER, HEAD, QUALITY, contact, finding
from tests.kept import begun, task_answers
from tests.staff_browser import AUDITOR, Browser, page, registered

pytestmark = pytest.mark.usefixtures("tables")
TEXT = "前台态度恶劣，不耐烦，投诉的人很多。"
WORDS = "已致电说明，对方表示理解"


def stored(one: Complaint) -> Dossier:
    """Return the complaint as it is now."""
    return ComplaintRepository.from_env().dossier(one.complaint_id)


def matter(phones: int = 2) -> tuple[Complaint, list[Complaint]]:
    """Return a complaint of somebody with a mail address, and merged ones by phone alone."""
    main = registered(TEXT)
    others = [
        registered(f"{TEXT}{n}", name=f"赵{n}", phone=f"1370000000{n}") for n in range(phones)
    ]
    for one in (main, *others):
        begun(stored(one).complaint, f"token-{one.complaint_id}")
    for one in others:
        merging.merge(one.complaint_id, main.complaint_id, staff=QUALITY)
    return main, others


def answered(main: Complaint) -> None:
    """Let the solution be approved and the merged complainants be answered with it, twice."""
    line.submit_finding(main.complaint_id, finding(), staff=HANDLER)
    line.decide(main.complaint_id, Decision(approver=HEAD.username, approved=True), staff=HEAD)
    for _ in range(2):
        notify_step({"complaint_id": main.complaint_id, "task_token": "token"}, None)


def untold(main: Complaint) -> list[str]:
    """Return the numbers of those who are still to be told."""
    found = ComplaintRepository.from_env().untold(main.complaint_id)
    return [one.complaint_id for one in found]


def test_each_is_counted_once_with_the_save_that_owes_it() -> None:
    """However often the step is tried; both histories hold."""
    main, others = matter()
    answered(main)
    whole = stored(main)
    assert whole.complaint.untold == 2
    assert sorted(untold(main)) == [one.complaint_id for one in others]
    for dossier in (whole, *map(stored, others)):
        assert list(breaks(dossier.entries, dossier.complaint.digest)) == []
    assert [entry.action for entry in whole.entries].count("telling_owed") == 2


def test_who_is_overtaken_while_counting_counts_upon_it() -> None:
    """A note on the main complaint that comes first is kept, and the count is right."""
    main, _ = matter(1)
    line.submit_finding(main.complaint_id, finding(), staff=HANDLER)
    line.decide(main.complaint_id, Decision(approver=HEAD.username, approved=True), staff=HEAD)
    noted: list[int] = []

    def note_first(**_: object) -> None:
        if not noted:
            noted.append(1)
            intake.add(main.complaint_id, contact("便条", contact_id="n1", by="he", at=now()))

    client("dynamodb").meta.events.register("before-call.dynamodb.TransactWriteItems", note_first)
    notify_step({"complaint_id": main.complaint_id, "task_token": "token"}, None)
    assert [entry.action for entry in stored(main).entries][-2:] == [
        "contact_added",
        "telling_owed",
    ]
    assert stored(main).complaint.untold == 1


def test_the_handler_tells_them_on_the_page_and_the_last_lets_it_be_closed() -> None:
    """Listed with phone and words; each told one is a contact of the own complaint."""
    main, (first, second) = matter()
    answered(main)
    number = main.complaint_id
    browser = Browser(HANDLER)
    browser.get("/staff")
    assert number in browser.body
    browser.get(page(number))
    assert "task-tell" in browser.body
    assert "赵0 · 13700000000" in browser.body
    form = {"tell_whom": first.complaint_id, "tell_way": "phone", "tell_outcome": "told"}
    browser.post(f"{page(number)}/tell", **form)
    assert browser.status == 422
    browser.post(f"{page(number)}/tell", **form, tell_words=WORDS)
    assert browser.status == 303
    browser.get(page(number))
    assert untold(main) == [second.complaint_id]
    told = stored(first)
    assert (told.contacts[-1].text, told.contacts[-1].channel) == (WORDS, Channel.PHONE)
    assert (told.entries[-1].action, told.entries[-1].actor) == ("told_with", "han")
    answers = task_answers()
    line.confirm_by_phone(number, Outcome.ACCEPTED, "", staff=HANDLER)
    follow_up_step({"complaint_id": number, "task_token": f"token-{number}"}, None)
    line.rate(number, Outcome.SATISFIED, 5, "")
    assert stored(main).complaint.is_handled
    browser.get(page(number))
    assert "还有 1 位合并的投诉人未告知" in browser.body
    before = len(answers)
    letter = {"tell_whom": second.complaint_id, "tell_way": "letter", "tell_outcome": "told"}
    browser.post(f"{page(number)}/tell", **letter, tell_words="已寄挂号信")
    assert browser.status == 303
    assert stored(main).complaint.status is Status.FOLLOWED_UP
    assert len(answers) == before + 1
    archive_step({"complaint_id": number, "task_token": "token"}, None)
    assert {stored(one).complaint.status for one in (main, first, second)} == {Status.CLOSED}


def test_the_same_form_twice_tells_once() -> None:
    """A double click finds it done; another form finds nothing to tell."""
    main, (one,) = matter(1)
    answered(main)
    for once in ("1", "1"):
        merging.tell_merged(
            one.complaint_id, main.complaint_id, "told", "visit", WORDS, once=once, staff=HANDLER
        )
    assert [entry.action for entry in stored(one).entries].count("told_with") == 1
    assert stored(main).complaint.untold == 0
    browser = Browser(HANDLER)
    browser.get(page(main.complaint_id))
    assert "task-tell" not in browser.body
    browser.post(
        f"{page(main.complaint_id)}/tell",
        tell_whom=one.complaint_id,
        tell_way="phone",
        tell_outcome="told",
        tell_words=WORDS,
    )
    assert "没有待告知的内容" in browser.body
    assert WORDS in browser.body


def test_a_call_in_vain_is_kept_and_shown() -> None:
    """With how many there were; the main complaint stays as it is."""
    main, (one,) = matter(1)
    answered(main)
    before = stored(main).complaint.version
    browser = Browser(QUALITY)
    browser.get(page(main.complaint_id))
    browser.post(
        f"{page(main.complaint_id)}/tell",
        tell_whom=one.complaint_id,
        tell_way="phone",
        tell_outcome="unreachable",
    )
    assert browser.status == 303
    assert stored(one).entries[-1].action == "called_in_vain"
    assert stored(main).complaint.version == before
    browser.get(page(main.complaint_id))
    assert "已有 1 次未联系上" in browser.body


def test_an_update_is_told_to_whom_no_letter_reaches() -> None:
    """Before any answer; told once, the next update is to be told again."""
    main, (one,) = matter(1)
    incidents.declare_incident(main.complaint_id, "多人投诉", staff=QUALITY)
    for n in range(2):
        update = Announcement(
            announcement_id=f"u{n}", kind="update", words=f"进展{n}", by="qiu", at=now()
        )
        incidents.announce(main.complaint_id, update, staff=QUALITY)
        assert stored(main).complaint.untold == 1
        browser = Browser(HANDLER)
        browser.get(page(main.complaint_id))
        assert f"进展{n}" in browser.body
        merging.tell_merged(
            one.complaint_id, main.complaint_id, "told", "phone", WORDS, once=f"{n}", staff=HANDLER
        )
        assert stored(main).complaint.untold == 0


def test_an_auditor_sees_who_is_untold_masked_and_tells_nobody() -> None:
    """And the merged complaint's page says what is to be done, and where."""
    main, (one,) = matter(1)
    answered(main)
    browser = Browser(AUDITOR)
    browser.get(page(main.complaint_id))
    assert "task-tell" not in browser.body
    assert "13700000000" not in browser.body
    browser.get(page(one.complaint_id))
    assert "请在主件页面上电话或书面告知并登记" in browser.body
