"""One matter on the tables: merge and unmerge in one save, answers to all, closing together."""

import io
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from complaints.aws.desk import intake, line, merging
from complaints.aws.persons import person_secret
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import client, now
from complaints.history import breaks
from complaints.lifecycle import WrongStatusError
from complaints.matters import person_key
from complaints.models import (
    Complainant,
    Complaint,
    Decision,
    Dossier,
    Outcome,
    Role,
    Staff,
    Status,
)
from complaints.verify_bag import by_itself
from functions.archive.handler import handler as archive_step
from functions.check_sla.handler import handler as check_limits
from functions.follow_up.handler import handler as follow_up_step
from functions.notify.handler import handler as notify_step
from tests.builders import HANDLER, HEAD, LI, QUALITY, contact, finding
from tests.kept import begun, mailed_to, mails, refuse, set_clock, task_answers, words_of
from tests.staff_browser import AUDITOR, Browser, page, registered

pytestmark = pytest.mark.usefixtures("tables")
WANG = {"name": "王芳", "email": "wang@example.com", "phone": "13900000002"}
ZHAO = {"name": "赵强", "phone": "13700000003"}
TEXT = "前台态度恶劣，不耐烦，投诉的人很多。"


def stored(one: Complaint) -> Dossier:
    """Return the complaint as it is now."""
    return ComplaintRepository.from_env().dossier(one.complaint_id)


def three() -> tuple[Complaint, Complaint, Complaint]:
    """Return three assessed complaints of one matter, by three people."""
    made = (
        registered(TEXT),
        registered(f"{TEXT}二", **WANG),
        registered(f"{TEXT}三", **ZHAO),
    )
    for one in made:
        begun(stored(one).complaint, f"token-{one.complaint_id}")
    return made


def merged() -> tuple[Complaint, Complaint, Complaint]:
    """Return the same, the second and the third merged into the first."""
    main, second, third = three()
    for one in (second, third):
        merging.merge(one.complaint_id, main.complaint_id, staff=QUALITY)
    return main, second, third


def run(step: Any, one: Complaint) -> None:  # noqa: ANN401
    """Run a step of the workflow for a complaint."""
    step({"complaint_id": one.complaint_id, "task_token": "token"}, None)


# ---- persons -------------------------------------------------------------------------------


def test_a_person_is_known_again_by_a_key_that_is_made_once() -> None:
    """Whatever door; the secret is made by whoever comes first and then stays."""
    first, second = registered("一"), registered("二")
    assert (
        first.person
        == second.person
        == person_key(Complainant(phone="13800138000"), person_secret())
    )
    person_secret.cache_clear()
    assert registered("三").person == first.person
    found = ComplaintRepository.from_env().of_person(first.person)
    assert {one.complaint_id for one in found} >= {first.complaint_id, second.complaint_id}


# ---- merge and unmerge ---------------------------------------------------------------------


def test_merging_is_one_save_of_two_histories() -> None:
    """Both say so, the merged one leaves the line, and what it was stays readable."""
    main, second, _ = merged()
    one, whole = stored(second), stored(main)
    assert (one.complaint.merged_into, one.complaint.queue) == (main.complaint_id, "")
    assert one.entries[-1].action == "merged"
    assert second.complaint_id in [link.complaint_id for link in whole.merged]
    assert [entry.action for entry in whole.entries][-2:] == ["merged_in", "merged_in"]
    for dossier in (one, whole):
        assert list(breaks(dossier.entries, dossier.complaint.digest)) == []
    queue, _ = ComplaintRepository.from_env().in_queue("service")
    assert [waiting.complaint_id for waiting in queue] == [main.complaint_id]


def test_unmerging_gives_the_place_in_the_line_back() -> None:
    """As it was, but for the longer history."""
    main, second, _ = three()
    before = stored(second).complaint
    merging.merge(second.complaint_id, main.complaint_id, staff=QUALITY)
    merging.unmerge(second.complaint_id, main.complaint_id, staff=QUALITY)
    changed = {"version": 0, "digest": "", "changed_on": None}
    assert stored(second).complaint.replace(**changed) == before.replace(**changed)
    assert stored(main).merged == ()
    with pytest.raises(WrongStatusError):
        merging.unmerge(second.complaint_id, main.complaint_id, staff=QUALITY)


def test_whoever_is_overtaken_in_either_complaint_merges_upon_it() -> None:
    """A note that came first is kept, and both histories hold."""
    main, second, _ = three()
    noted: list[int] = []

    def note_first(**_: object) -> None:
        if not noted:
            noted.append(1)
            note = contact("便条", contact_id="n1", by="he", at=now())
            intake.add(main.complaint_id, note)

    client("dynamodb").meta.events.register("before-call.dynamodb.TransactWriteItems", note_first)
    merging.merge(second.complaint_id, main.complaint_id, staff=QUALITY)
    actions = [entry.action for entry in stored(main).entries]
    assert actions[-2:] == ["contact_added", "merged_in"]


def test_the_fifth_person_makes_it_a_group_incident_at_once() -> None:
    """Major by count, with the proof on its page; the merge that made it is one save (B6, I2)."""
    main, *others = (
        registered(f"{TEXT}{n}", name=f"人{n}", phone=f"1380000100{n}") for n in range(5)
    )
    for one in others:
        assert not stored(main).complaint.is_major
        merging.merge(one.complaint_id, main.complaint_id, staff=QUALITY)
    whole = stored(main)
    assert whole.complaint.assessment
    assert whole.complaint.assessment.counted == ("9",)
    assert whole.complaint.incident_at
    assert [entry.action for entry in whole.entries][-2:] == ["merged_in", "promoted"]
    assert list(breaks(whole.entries, whole.complaint.digest)) == []
    browser = Browser(QUALITY)
    browser.get(page(main.complaint_id))
    assert "重大投诉依据" in browser.body
    assert "48 小时内 5 人投诉同一事项" in browser.body
    assert all(one.complaint_id in browser.body for one in others)
    merging.unmerge(others[0].complaint_id, main.complaint_id, staff=QUALITY)
    alone = stored(main).complaint
    assert not alone.is_major
    assert alone.incident_at is None


def test_a_merge_that_can_not_be_saved_changes_nothing() -> None:
    """Neither of the two."""
    main, second, _ = three()
    before = stored(main), stored(second)
    refuse("dynamodb", "TransactWriteItems", "ValidationException")
    with pytest.raises(ClientError):
        merging.merge(second.complaint_id, main.complaint_id, staff=QUALITY)
    assert (stored(main), stored(second)) == before


def test_what_is_merged_comes_in_pages_in_the_order_of_numbers() -> None:
    """However many there are; a page says where the next begins."""
    main, second, third = merged()
    complaints = ComplaintRepository.from_env()
    first, after = complaints.merged_into(main.complaint_id, limit=1)
    rest, end = complaints.merged_into(main.complaint_id, limit=1, after=after)
    if end:
        assert complaints.merged_into(main.complaint_id, limit=1, after=end) == ([], "")
    assert [one.complaint_id for one in (*first, *rest)] == [
        second.complaint_id,
        third.complaint_id,
    ]


# ---- what they share -----------------------------------------------------------------------


def test_more_from_a_merged_complainant_is_news_for_the_main_one() -> None:
    """The words stay with their own complaint; both saves are one."""
    main, second, _ = merged()
    intake.add(second.complaint_id, contact("还有补充", contact_id="c9", at=now()))
    one, whole = stored(second), stored(main)
    assert (one.complaint.queue, one.complaint.news_at) == ("", None)
    assert one.complaint.contacts == 2
    assert whole.complaint.news_at
    assert whole.entries[-1].facts["complaint"] == second.complaint_id


def test_everybody_is_answered_asked_and_closed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Notice and survey to whoever has an address, a bundle of its own for each."""
    main, second, third = merged()
    task_answers()
    line.submit_finding(main.complaint_id, finding(), staff=HANDLER)
    line.decide(main.complaint_id, Decision(approver=HEAD.username, approved=True), staff=HEAD)
    for _ in range(2):
        run(notify_step, main)
    line.confirm_by_phone(main.complaint_id, Outcome.ACCEPTED, "", staff=HANDLER)
    for _ in range(2):
        run(follow_up_step, main)
    owed = stored(second).letters
    assert [letter.kind for letter in owed if letter.kind != "acknowledgement"] == [
        "notice",
        "survey",
    ]
    assert stored(third).letters == ()
    assert stored(third).entries[-1].action == "answered_with"
    set_clock(monkeypatch, now() + timedelta(minutes=11))
    check_limits({}, None)
    notices = [mail for mail in mails() if "wang@example.com" in str(mail["To"])]
    assert any(finding().reply in words_of(mail) for mail in notices)
    line.rate(second.complaint_id, Outcome.SATISFIED, 5, "谢谢")
    assert stored(second).complaint.satisfaction == 5
    assert stored(main).complaint.news_at
    intake.read_news(main.complaint_id, staff=QUALITY)
    line.rate(main.complaint_id, Outcome.SATISFIED, 5, "")
    waiting = stored(main).complaint
    assert (waiting.status, waiting.is_handled, waiting.untold) == (Status.RESPONDED, True, 1)
    merging.tell_merged(
        third.complaint_id, main.complaint_id, "told", "phone", "已致电", once="1", staff=HANDLER
    )
    for _ in range(2):
        run(archive_step, main)
    keys = set()
    for one in (main, second, third):
        closed = stored(one).complaint
        assert closed.status is Status.CLOSED
        kept = boto3.client("s3").get_object(Bucket="archive", Key=closed.archive_key)
        assert by_itself(io.BytesIO(kept["Body"].read()), closed.archive_key).finding.ok
        keys.add(closed.archive_key)
    assert len(keys) == 3
    assert [entry.action for entry in stored(third).entries].count("closed_with") == 1
    assert LI.email not in mailed_to()[-3:]


# ---- pages ---------------------------------------------------------------------------------


def test_staff_merge_and_unmerge_on_the_pages() -> None:
    """What may be the same is proposed; a merged one offers nothing but the way to the main."""
    main, second, _ = three()
    browser = Browser(QUALITY)
    browser.get(page(second.complaint_id))
    assert "可能是同一件事" in browser.body
    assert main.complaint_id in browser.body
    browser.post(f"{page(second.complaint_id)}/merge", into=main.complaint_id)
    assert browser.status == 303
    browser.get(page(second.complaint_id))
    assert "已并入" in browser.body
    assert f"{page(second.complaint_id)}/investigate" not in browser.body
    browser.get(page(main.complaint_id))
    assert "同一事项" in browser.body
    assert "王芳" in browser.body
    browser.post(f"{page(main.complaint_id)}/unmerge", merged=second.complaint_id)
    assert browser.status == 303
    assert stored(second).complaint.merged_into == ""


def test_a_merge_that_is_refused_says_why() -> None:
    """And changes nothing."""
    main, _, _ = three()
    browser = Browser(QUALITY)
    browser.get(page(main.complaint_id))
    browser.post(f"{page(main.complaint_id)}/merge", into=main.complaint_id)
    assert browser.status == 422 or "不能并入自身" in browser.body
    assert "不能并入自身" in browser.body


def test_an_auditor_sees_the_matter_masked_and_merges_nothing() -> None:
    """Who only reads has no forms."""
    main, second, _ = merged()
    browser = Browser(AUDITOR)
    browser.get(page(main.complaint_id))
    assert "王*" in browser.body
    assert "王芳" not in browser.body
    assert "/unmerge" not in browser.body
    stranger = Staff(
        username="s", name="", email="s@e.cn", roles=(Role.HANDLER,), department="finance"
    )
    other = Browser(stranger)
    assert other.get(page(second.complaint_id)) == 404


def test_other_complaints_of_the_person_are_shown_to_staff() -> None:
    """With links, on the page only."""
    first, second = registered("水费多收了两百元。"), registered(TEXT)
    browser = Browser(QUALITY)
    browser.get(page(second.complaint_id))
    assert "该投诉人的其他投诉：1 件" in browser.body
    assert f"/staff/complaints/{first.complaint_id}" in browser.body


def test_an_unmerged_link_stays_and_counts_no_more() -> None:
    """Nothing is ever deleted: the row says when it was parted, and no list shows it."""
    first, second, _third = merged()
    merging.unmerge(second.complaint_id, first.complaint_id, staff=QUALITY)
    complaints = ComplaintRepository.from_env()
    assert second.complaint_id not in [one.complaint_id for one in stored(first).merged]
    page, _ = complaints.merged_into(first.complaint_id)
    assert second.complaint_id not in [one.complaint_id for one in page]
    merging.merge(second.complaint_id, first.complaint_id, staff=QUALITY)
    assert second.complaint_id in [one.complaint_id for one in stored(first).merged]


def test_no_complaint_is_written_with_a_delete() -> None:
    """No role may delete from the table: a save that did would fail once deployed."""
    asked: list[str] = []
    complaints = ComplaintRepository.from_env()
    first, second, _third = merged()
    events = client("dynamodb").meta.events
    events.register(
        "provide-client-params.dynamodb.TransactWriteItems",
        lambda params, **_: asked.extend(kind for one in params["TransactItems"] for kind in one),
    )
    merging.unmerge(second.complaint_id, first.complaint_id, staff=QUALITY)
    assert set(asked) == {"Put"}
    assert complaints.get(second.complaint_id).merged_into == ""
