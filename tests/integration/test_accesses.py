"""Looks on record: before anything is shown, once for a page, whole whoever looks at once."""

import threading
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from complaints.access import Look, collection_of
from complaints.aws import accesses, items, runtime
from complaints.aws.repository import ComplaintRepository
from complaints.aws.table import Table
from complaints.history import breaks, commitment
from tests.builders import HANDLER, HEAD, MANAGER, QUALITY
from tests.staff_browser import AUDITOR, Browser, closed, page, registered

pytestmark = pytest.mark.usefixtures("tables")

CHAIN = "access#TS-2026-000001-2"
WHY = {"unmask_reason": "audit", "unmask_words": "核对投诉人电话与回访记录"}


def looks(number: str) -> list[tuple[str, str, str]]:
    """Return who did what with which, of every look at a complaint."""
    chain = collection_of(number)
    return [(one.by, one.action.value, one.what) for one in accesses.whole(chain)]


# ---- the chain in the table ------------------------------------------------------------------


def test_each_look_follows_the_one_before_and_enters_the_day() -> None:
    """Newest first a page at a time, the oldest first as a whole; the seal finds it by its day."""
    for number in range(7):
        accesses.note(CHAIN, Look.OPENED, by=f"p{number}")
    entries = list(accesses.whole(CHAIN))
    assert list(breaks(entries)) == []
    newest, rest = accesses.page(CHAIN, limit=3)
    assert [one.entry.number for one in newest] == [7, 6, 5]
    older, _ = accesses.page(CHAIN, limit=10, before=rest)
    assert [one.entry.number for one in older] == [4, 3, 2, 1]
    found = [
        one
        for day in items.days(entries[0].at.date())
        for one in Table.from_env().query(
            IndexName="by_day",
            KeyConditionExpression="changed_day = :day",
            ExpressionAttributeValues={":day": {"S": day}},
        )
    ]
    assert {one["complaint_id"]["S"] for one in found} == {CHAIN}


def test_many_who_look_at_once_are_all_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen at once, four looks each: sixty-four entries, and the chain is whole.

    Each call is one step, as in DynamoDB: moto lets two writes pass one condition at once.
    """
    faults: list[BaseException] = []
    step, call = threading.Lock(), vars(BaseClient)["_make_api_call"]

    def one_by_one(client: object, *asked: object) -> object:
        with step:
            return call(client, *asked)

    monkeypatch.setattr(BaseClient, "_make_api_call", one_by_one)

    def look(who: int) -> None:
        try:
            for _ in range(4):
                accesses.note(CHAIN, Look.OPENED, by=f"p{who}")
        except BaseException as fault:  # noqa: BLE001 - told by the main thread
            faults.append(fault)

    threads = [threading.Thread(target=look, args=(who,)) for who in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries = list(accesses.whole(CHAIN))
    assert faults == []
    assert len(entries) == 64
    assert list(breaks(entries)) == []


def test_somebody_faster_takes_the_number_and_both_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The other one's entry lies there when ours is written: ours follows it."""
    table = Table.from_env()
    real = table.client.put_item
    raced: list[bool] = []

    def put(**asked: Any) -> Any:  # noqa: ANN401 - as boto3 has it
        if not raced:
            raced.append(True)
            accesses.note(CHAIN, Look.OPENED, by="faster")
        return real(**asked)

    monkeypatch.setattr(table.client, "put_item", put)
    accesses.note(CHAIN, Look.OPENED, by="slower")
    entries = list(accesses.whole(CHAIN))
    assert [one.by for one in entries] == ["faster", "slower"]
    assert list(breaks(entries)) == []


def test_an_answer_that_got_lost_is_no_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Written, the answer lost, tried again by the SDK: the mark says that it was ours."""
    client = Table.from_env().client
    real = client.put_item

    def twice(**asked: Any) -> Any:  # noqa: ANN401 - as boto3 has it
        real(**asked)
        return real(**asked)

    monkeypatch.setattr(client, "put_item", twice)
    accesses.note(CHAIN, Look.OPENED, by="shen")
    assert len(list(accesses.whole(CHAIN))) == 1


# ---- the pages -------------------------------------------------------------------------------


def test_every_look_at_a_complaint_is_on_record_once() -> None:
    """Page, evidence page, bundle and check; a form that is taken shows nothing."""
    number = registered("灯坏了，没有人来修。").complaint_id
    browser = Browser(HANDLER)
    browser.get(page(number))
    assert looks(number) == [("han", "opened", "")]
    browser.post(f"{page(number)}/note", text="记一笔")
    assert len(looks(number)) == 1
    browser.get(f"{page(number)}/evidence")
    browser.get(page(number))
    browser.post(f"{page(number)}/note", text="")
    assert looks(number)[1:] == [
        ("han", "opened", "evidence"), ("han", "opened", ""), ("han", "opened", ""),
    ]  # fmt: skip
    filed = closed().complaint_id
    auditor = Browser(AUDITOR)
    auditor.get(f"/staff/archive/{filed}/bag/8")
    auditor.get(f"/staff/archive/{filed}/check")
    assert looks(filed) == [("shen", "downloaded", "bag:8"), ("shen", "checked", "archive")]


def test_what_is_refused_is_no_look() -> None:
    """Who may not see it has seen nothing."""
    number = registered().complaint_id
    other = HANDLER.replace(username="fei", department="finance")
    for staff in (other, QUALITY.replace(username="fang")):
        browser = Browser(staff)
        browser.get(f"{page(number)}/evidence/0123456789abcdef")
    assert looks(number) == []


def test_what_can_not_be_recorded_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table takes no look: the page is an error, and not the complaint."""
    number = registered().complaint_id
    browser = Browser(HANDLER)
    client = runtime.client("dynamodb")
    real = client.put_item

    def broken(**asked: Any) -> Any:  # noqa: ANN401 - as boto3 has it
        if asked["Item"]["complaint_id"]["S"].startswith("access#"):
            raise ClientError({"Error": {"Code": "InternalServerError"}}, "PutItem")
        return real(**asked)

    monkeypatch.setattr(client, "put_item", broken)
    assert browser.get(page(number)) == 500
    assert "李娜" not in browser.body
    assert "前台态度恶劣" not in browser.body


def test_lists_of_a_month_and_exports_are_on_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """With their filters as codes; of searched words only the commitment."""
    monkeypatch.setattr("complaints.aws.console.looking.person_secret", lambda: b"s" * 32)
    registered()
    month = f"{runtime.now():%Y-%m}"
    browser = Browser(MANAGER)
    assert browser.get(f"/staff/complaints?month={month}&status=assessed") == 200
    auditor = Browser(AUDITOR)
    assert auditor.get(f"/staff/archive?since={month}&until={month}&words=13912345678") == 200
    assert auditor.get(f"/staff/complaints?month={month}&status=13912345678") == 404
    found = list(accesses.whole(f"access#exports-{month}"))
    assert [(one.by, one.action) for one in found] == [
        ("ma", Look.LISTED),
        ("shen", Look.SEARCHED),
    ]
    assert found[0].what == f"month={month}&status=assessed"
    assert found[1].commitment == commitment("13912345678", b"s" * 32)
    assert "1391234" not in str(found)


# ---- unmasking -------------------------------------------------------------------------------


def test_an_auditor_sees_it_in_plain_once_and_says_why() -> None:
    """This page, and not the next; the reason is on record, its words encrypted."""
    number = registered(name="李娜", phone="+8613800138000", email="li@example.com").complaint_id
    browser = Browser(AUDITOR)
    browser.get(page(number))
    assert "李*" in browser.body
    assert "13800138000" not in browser.body
    assert browser.post(f"{page(number)}/unmask", **WHY) == 200
    assert "13800138000" in browser.body
    assert f'action="{page(number)}/note"' not in browser.body
    browser.get(page(number))
    assert "13800138000" not in browser.body
    entry = list(accesses.whole(collection_of(number)))[1]
    assert (entry.action, entry.by, entry.reason_code) == (Look.UNMASKED, "shen", "audit")
    key = ComplaintRepository.from_env().dossier(number).key
    assert entry.commitment == commitment(WHY["unmask_words"], key)
    stored = Table.from_env().get(collection_of(number), accesses.part_of(entry.number))
    assert WHY["unmask_words"] not in str(stored)
    assert list(breaks(accesses.whole(collection_of(number)))) == []


@pytest.mark.parametrize("missing", ["unmask_reason", "unmask_words"])
def test_without_a_reason_nothing_is_plain(missing: str) -> None:
    """The form is shown again with what is missing, everything still masked."""
    number = registered().complaint_id
    browser = Browser(AUDITOR)
    browser.get(page(number))
    assert browser.post(f"{page(number)}/unmask", **{**WHY, missing: ""}) == 422
    assert "13800138000" not in browser.body
    assert f"{missing}-error" in browser.body
    assert Look.UNMASKED not in {one.action for one in accesses.whole(collection_of(number))}


def test_who_is_complained_about_can_not_unmask() -> None:
    """I8: not even with a reason; there is nothing of this number."""
    number = registered().complaint_id
    repository = ComplaintRepository.from_env()
    complaint = repository.get(number)
    Table.from_env().client.put_item(
        TableName=Table.from_env().name,
        Item=items.complaint_item(complaint.replace(respondents=("shen",))),
    )
    browser = Browser(AUDITOR)
    browser.get("/staff")
    assert browser.post(f"{page(number)}/unmask", **WHY) == 404
    assert looks(number) == []


def test_an_original_is_handed_to_an_auditor_with_a_reason_only() -> None:
    """A raw file has everything in it: the form first, then the address."""
    from complaints.aws import evidence
    from complaints.aws.desk import intake
    from complaints.models import Channel, Contact

    number = registered().complaint_id
    file = evidence.keep(number, "李娜.pdf", b"%PDF-1.4 x")
    contact = Contact(
        contact_id="e", channel=Channel.WEB, received_at=runtime.now(), by="x", files=(file,)
    )
    intake.add(number, contact)
    address = f"{page(number)}/evidence/{file.upload_id}"
    handler = Browser(HANDLER)
    assert handler.get(address) == 303
    auditor = Browser(AUDITOR)
    assert auditor.get(address) == 200
    assert "李娜" not in auditor.body
    assert auditor.post(address, unmask_reason="audit", unmask_words="") == 422
    assert auditor.post(address, **WHY) == 303
    assert "X-Amz-Signature" in auditor.headers["Location"]
    assert looks(number) == [
        ("han", "downloaded", file.upload_id), ("shen", "unmasked", file.upload_id),
    ]  # fmt: skip


def test_quality_office_and_auditor_read_who_looked() -> None:
    """With the words of reasons, newest first; nobody else has the page."""
    number = registered().complaint_id
    auditor = Browser(AUDITOR)
    auditor.get(page(number))
    auditor.post(f"{page(number)}/unmask", **WHY)
    for staff in (QUALITY, AUDITOR):
        browser = Browser(staff)
        for language in ("zh_CN", "en"):
            assert browser.get(f"{page(number)}/looks?lang={language}") == 200
            assert WHY["unmask_words"] in browser.body
    for staff in (HANDLER, HEAD, MANAGER):
        assert Browser(staff).get(f"{page(number)}/looks") == 403


def test_pages_of_looks_go_on() -> None:
    """Fifty a page; the next begins where this one ends."""
    number = registered().complaint_id
    for _ in range(60):
        accesses.note(collection_of(number), Look.OPENED, by="han")
    browser = Browser(QUALITY)
    browser.get(f"{page(number)}/looks")
    assert browser.body.count("<tr>") == 51
    assert browser.get(f"{page(number)}/looks?before=12") == 200
    assert browser.body.count("<tr>") == 12
    assert browser.get(f"{page(number)}/looks?before=x") == 404
