"""Procedure 004 in its own words, from receipt to the archive: a step that is left out shows.

At every gate somebody first goes on without what the procedure asks for. The page offers no such
form, a forged one is refused with the sentence that says why, and the complaint stays where it was.
"""

import base64
import hmac
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from complaints.aws.items import PARTS, Person, key_of, read
from complaints.bag import HISTORY
from complaints.bag import PARTS as PARTS_FILE
from complaints.calendar import add_working_days
from complaints.verify_bag import by_itself
from infra.local.machine import MAIL_DOMAIN, Machine
from tests.bagged import unpacked
from tests.doors import (
    FINDING,
    LONG_AGO,
    T_ZH,
    Answer,
    Place,
    Staff,
    Visitor,
    as_read,
    check_sla,
    complain,
    data_key,
    forget_rates,
    letter,
    letters,
    pass_time,
    place_in,
    staff,
    status_at,
    until,
    wait_for_status,
    words,
)

pytestmark = pytest.mark.journey
OFFICE = ZoneInfo("Asia/Shanghai")
STAGE = "clock.stage"
WHOLE = {
    **FINDING,
    "indirect_cause": "交接班无人替岗。",
    "root_cause": "没有写明顶岗人员。",
}
"""A finding with every cause, as a major complaint needs it."""


@dataclass(kw_only=True)
class House:
    """The organisation: its machine, and its people, who sign in when they have something to do."""

    machine: Machine
    signed_in: dict[str, Staff] = field(default_factory=dict)

    def __getitem__(self, username: str) -> Staff:
        if username not in self.signed_in:
            self.signed_in[username] = staff(self.machine, username)
        return self.signed_in[username]

    def visitor(self) -> Visitor:
        """Return somebody from outside."""
        return Visitor(site=self.machine.site_url)

    def later(self, hours: float) -> None:
        """Let time pass; every session is over then."""
        pass_time(self.machine, hours)
        self.signed_in.clear()

    def now(self) -> datetime:
        """Return the instant of the functions' clock, by the page of the registration."""
        page = self["intake.chen"].open("/staff/register").page.form("/staff/register")
        return datetime.fromisoformat(page.value("arrived_at")).replace(tzinfo=OFFICE)

    def register(self, minutes_ago: int = 0, **said: str) -> Place:
        """Write down what somebody said on the phone so many minutes ago."""
        chen = self["intake.chen"]
        at = self.now() - timedelta(minutes=minutes_ago)
        usual = {
            "channel": "phone",
            "arrived_at": f"{at:%Y-%m-%dT%H:%M}",
            "text": "前台态度恶劣，打电话也不耐烦。",
            "demand": "请道歉",
            "occurred_on": "2026-11-01",
            "phone": "13800000040",
        }
        page = chen.open("/staff/register")
        after = chen.send(page, "/staff/register", {**usual, **said})
        number, code = after.page.words["code"][:2]
        place = Place(number=number, code=code.replace("-", ""))
        wait_for_status(self.visitor(), place, "assessed")
        return place

    def told(self, username: str, subject: str, place: Place) -> int:
        """Return how many letters of this subject about a complaint a member of staff has."""
        start = T_ZH(f"staff_letter.{subject}.subject", number=place.number)
        return len(letters(self.machine, f"{username}@{MAIL_DOMAIN}", start))


@pytest.fixture(scope="module")
def machine(machine_of: Callable[..., Machine]) -> Machine:
    """Run a machine of this module's own, since its clock is moved."""
    return machine_of("service-provider")


@pytest.fixture(scope="module")
def house(machine: Machine) -> House:
    """Return the organisation that follows procedure 004."""
    return House(machine=machine)


def refused(answer: Answer, sentence: str, **names: str) -> None:
    """Check that a form was not taken, and that the page says why."""
    assert answer.status in {403, 409, 422}, answer.text
    assert T_ZH(sentence, **names) in answer.text, answer.page.words


def denied(member: Staff, place: Place, task: str, sentence: str, **fields: str) -> None:
    """Check that this person has no such form, and that a forged one changes nothing."""
    visitor = Visitor(site=member.site)
    before = status_at(visitor, place)
    assert not offers(member, place, task)
    refused(member.force(place.number, task, **fields), sentence)
    assert status_at(visitor, place) == before


def stays(house: House, place: Place, status: str) -> None:
    """Check that a complaint is still where it was."""
    assert status_at(house.visitor(), place) == T_ZH(f"status.{status}")


def offers(member: Staff, place: Place, task: str) -> bool:
    """Return whether this person's page of a complaint has this form."""
    return member.offered(place.number, task) is not None


def due(page: Answer, clock: str) -> datetime | None:
    """Return until when the card of limits says that something must be done; None for no limit."""
    name = re.escape(T_ZH(clock))
    found = re.search(rf'<strong>{name}</strong>.*?datetime="([^"]+)"', page.text, re.DOTALL)
    return datetime.fromisoformat(found[1]) if found else None


def received(page: Answer) -> datetime:
    """Return when the first words of a complaint arrived."""
    found = re.search(r'class="stack-s said">.*?datetime="([^"]+)"', page.text, re.DOTALL)
    assert found
    return datetime.fromisoformat(found[1])


def working_days(start: datetime, count: int) -> datetime:
    """Return the last second of the n-th working day after the local day of an instant."""
    last = add_working_days(start.astimezone(OFFICE).date(), count)
    return datetime.combine(last, time(23, 59, 59), tzinfo=OFFICE)


def keep(member: Staff, place: Place, *kinds: str) -> None:
    """Keep records of an investigation."""
    for kind in kinds:
        member.do(place.number, "record", record_kind=kind, record_words="已核对。")


def answered(house: House, place: Place) -> None:
    """Let the complainant accept the reply on the page, once it is there."""
    visitor = house.visitor()
    wait_for_status(visitor, place, "approved")
    visitor.send(visitor.open(place.path), "/answer", {"outcome": "accepted"})


def filed(house: House, place: Place) -> tuple[str, dict[str, bytes]]:
    """Return the key of the bag, and what lies in it; it is whole and locked for years."""
    s3, bucket = house.machine.client("s3"), house.machine.outputs["ArchiveBucket"]
    versions = s3.list_object_versions(Bucket=bucket, Prefix="archive/")["Versions"]
    [key] = [one["Key"] for one in versions if place.number in one["Key"]]
    content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    assert by_itself(io.BytesIO(content), key).finding.problems == []
    lock = s3.get_object_retention(Bucket=bucket, Key=key)["Retention"]
    assert lock["Mode"] == "COMPLIANCE"
    assert lock["RetainUntilDate"] > datetime.now(UTC) + timedelta(days=5 * 365)
    return key, unpacked(content)


def actions_of(members: dict[str, bytes]) -> list[str]:
    """Return what was done, as the history of a bag tells it; what was printed is left out."""
    history = next(one for name, one in members.items() if name.endswith(HISTORY))
    actions = [json.loads(line)["action"] for line in history.splitlines()]
    return [action for action in actions if action != "document_issued"]


def filed_parts(house: House, place: Place, kind: str) -> list[Any]:
    """Return the parts of a kind as the bag has them, decrypted under the complaint's key."""
    key = data_key(house.machine, place.number)
    content = next(one for name, one in filed(house, place)[1].items() if name.endswith(PARTS_FILE))
    rows = [json.loads(line) for line in content.splitlines()]
    return [
        read(
            {**key_of(place.number, row["part"]), "cipher": {"B": base64.b64decode(row["cipher"])}},
            PARTS[kind][0],
            key,
        )
        for row in rows
        if row["part"].startswith(f"{kind}#")
    ]


def test_a_complaint_goes_through_the_five_steps(house: House) -> None:
    """受理-核查-处理-反馈-归档: within 24 hours, in 3 working days, told twice, archived (二)."""
    visitor, li, head = house.visitor(), house["handler.li"], house["head.wang"]
    said = {"text": "前台态度恶劣，不耐烦。", "email": "bare@example.com", "asked_at": LONG_AGO}
    bare = visitor.send(visitor.open("/complain"), "/complain", said)
    assert bare.status == 422
    assert len(bare.page.words["error"]) == 2, "demand and time of the event"
    place = complain(visitor, phone="13800000041", email="five.steps@example.com")
    n = place.number
    acknowledged = letter(house.machine, "five.steps@example.com", "acknowledgement")
    assert place_in(words(acknowledged)) == place
    page = until(lambda: li.offered(n, "investigate"), "it is assessed")
    arrived = received(page)
    assert due(page, STAGE) == arrived + timedelta(hours=24)
    assert as_read(working_days(arrived, 3)) in words(acknowledged)

    kind = T_ZH("staff.record.document")
    refused(li.send(page, f"/{n}/investigate", FINDING), "error.record_missing", record=kind)
    denied(head, place, "decide", "error.wrong_status", decision="approve")
    stays(house, place, "assessed")
    keep(li, place, "document")
    li.do(n, "investigate", **FINDING)
    assert due(li.look(n), STAGE) == working_days(arrived, 3)

    denied(li, place, "decide", "error.own_investigation", decision="approve")
    manager = house["manager.sun"]
    denied(manager, place, "decide", "error.not_your_signature", decision="approve")
    assert house["head.zheng"].look(n).status == 404
    stays(house, place, "investigated")
    head.do(n, "decide", decision="approve")

    notice = letter(house.machine, "five.steps@example.com", "notice")
    assert FINDING["reply"] in words(notice)
    answered(house, place)
    stays(house, place, "approved")
    quality = house["quality.liu"]
    assert not offers(quality, place, "follow-up")
    satisfied = {"outcome": "satisfied", "satisfaction": "5"}
    refused(quality.force(n, "follow-up", **satisfied), "error.wrong_status")
    refused(manager.force(n, "phone", outcome="accepted"), "error.not_allowed")
    stays(house, place, "approved")
    li.do(n, "phone", outcome="accepted", words="电话确认，认可。")
    wait_for_status(visitor, place, "responded")

    denied(li, place, "follow-up", "error.not_allowed", **satisfied)
    stays(house, place, "responded")
    quality.do(n, "follow-up", **satisfied)
    wait_for_status(visitor, place, "closed")
    key, members = filed(house, place)
    assert key.startswith("archive/general/")
    assert actions_of(members) == [
        *("received", "assessed", "record_kept", "investigated", "approved"),
        *("accepted", "accepted", "followed_up", "closed"),
    ]
    auditor = house["auditor.qian"]
    assert n in auditor.open("/staff/archive").text
    assert "notice-red" not in auditor.open(f"/staff/archive/{n}/check").text


def test_a_registration_after_an_hour_is_on_record(house: House) -> None:
    """受理环节要求客服人员在接到投诉后1小时内完成工单登记 (二)."""
    late = T_ZH("staff.fact.late")
    in_time, too_late = house.register(58), house.register(62)
    li = house["handler.li"]
    assert late not in li.look(in_time.number).text
    shown = li.look(too_late.number)
    assert late in shown.text
    assert T_ZH("staff.missed") in shown.text
    assert due(shown, STAGE) == received(shown) + timedelta(hours=24), "from receipt"


def test_what_is_paid_is_approved_by_level_and_proven_before_the_closing(house: House) -> None:
    """先行赔付, approval by amount, notice on paper and by phone, 支付凭证 (二, 四)."""
    place = house.register(phone="13800000042", name="周济", address="长宁路1号")
    n, li = place.number, house["handler.li"]
    head, manager = house["head.wang"], house["manager.sun"]
    advance = {"amount": "1500", "basis": "衣物损坏", "payer": "service", "is_advance": "yes"}
    refused(li.send(li.look(n), f"/{n}/offer", advance), "error.no_advance")
    keep(li, place, "document")
    li.do(n, "investigate", **FINDING, compensation="3000")

    li.do(n, "offer", **advance)
    assert not offers(li, place, "decide-payment")
    chosen = {"payment": "1", "decision": "approve"}
    refused(li.force(n, "decide-payment", **chosen), "error.own_offer")
    denied(head, place, "decide-payment", "error.payment_level", **chosen)
    voucher = {"payment": "1", "voucher": "FK-0001"}
    denied(li, place, "pay", "error.not_payable", **voucher)
    manager.do(n, "decide-payment", **chosen)
    li.do(n, "pay", **voucher)
    stays(house, place, "investigated")

    head.do(n, "decide", decision="approve")
    stays(house, place, "investigated")
    refused(head.force(n, "decide", decision="approve"), "error.signed_already")
    manager.do(n, "decide", decision="approve")
    visitor = house.visitor()
    wait_for_status(visitor, place, "approved")
    li.do(n, "phone", outcome="accepted", words="认可。")
    stays(house, place, "approved")
    li.do(n, "post")
    wait_for_status(visitor, place, "responded")

    quality = house["quality.liu"]
    quality.do(n, "follow-up", outcome="satisfied", satisfaction="4")
    stays(house, place, "responded")
    assert T_ZH("gate.todo.voucher") in li.look(n).text
    refused(quality.force(n, "prove", gate="voucher", words="已付"), "error.gate_open")
    [payment] = li.look(n).page.form(f"/{n}/pay").choices["payment"]
    li.do(n, "pay", payment=payment)
    stays(house, place, "responded")
    li.do(n, "pay", payment=payment, voucher="FK-0002")
    wait_for_status(visitor, place, "closed")
    paid = filed_parts(house, place, "payment")
    assert sorted((one.amount, one.voucher) for one in paid) == [
        (150_000, "FK-0001"),
        (300_000, "FK-0002"),
    ]


def test_words_make_it_major_and_the_management_decides(house: House) -> None:
    """重大投诉需提交机构管理层会议审议，最长不超过7个工作日 (二)."""
    visitor, li, head = house.visitor(), house["handler.li"], house["head.wang"]
    text = "前台态度恶劣，还骂人，已被媒体曝光了。"
    place = complain(visitor, text=text, email="major.words@example.com")
    n = place.number
    page = until(lambda: li.offered(n, "investigate"), "it is assessed")
    assert T_ZH("staff.severity.major") in page.page.words["pill"]
    keep(li, place, "document")
    kind = T_ZH("staff.record.site_visit")
    refused(li.send(li.look(n), f"/{n}/investigate", WHOLE), "error.record_missing", record=kind)
    keep(li, place, "site_visit")
    refused(li.send(li.look(n), f"/{n}/investigate", FINDING), "error.causes_missing")
    stays(house, place, "assessed")
    li.do(n, "investigate", **WHOLE)
    assert due(li.look(n), STAGE) == working_days(received(page), 7)
    denied(head, place, "decide", "error.not_your_signature", decision="approve")
    stays(house, place, "investigated")
    house["manager.sun"].do(n, "decide", decision="approve")
    answered(house, place)
    wait_for_status(visitor, place, "responded")
    survey = {"satisfied": "yes", "satisfaction": "5"}
    visitor.send(visitor.open(place.path), "/survey", survey)
    wait_for_status(visitor, place, "closed")
    assert filed(house, place)[0].startswith("archive/major/")


def test_staff_make_it_major_and_another_one_signs(house: House) -> None:
    """What turns out to be major leaves the desk of the department's head, and has 7 days."""
    li, head, manager = house["handler.li"], house["head.wang"], house["manager.sun"]
    place = house.register(phone="13800000043")
    n = place.number
    keep(li, place, "document")
    li.do(n, "investigate", **WHOLE)
    page = head.look(n)
    assert due(page, STAGE) == working_days(received(page), 3)
    assert offers(head, place, "decide")
    head.do(n, "assess", major="amount")
    assert due(head.look(n), STAGE) == working_days(received(page), 7)
    denied(head, place, "decide", "error.not_your_signature", decision="approve")
    stays(house, place, "investigated")
    manager.do(n, "decide", decision="approve")
    wait_for_status(house.visitor(), place, "approved")


def payable(member: Staff, place: Place) -> list[str]:
    """Return the payments that this person may record on the page of a complaint."""
    page = until(lambda: member.offered(place.number, "pay"), "there is something to pay")
    return list(page.page.form(f"/{place.number}/pay").choices["payment"])


def all_are_paid_alike(house: House, places: list[Place], boxes: list[str]) -> None:
    """One approval, by the level of the total; then each has its own voucher (快速赔付, 三)."""
    li, head, manager = house["handler.li"], house["head.wang"], house["manager.sun"]
    main = places[0]
    n = main.number
    alike = {"payout_amount": "300", "payout_basis": "停业两天", "payout_payer": "service"}
    li.do(n, "offer-all", **alike)
    page = manager.look(n)
    total = {"people": 5, "amount": "￥300.00", "total": "￥1,500.00"}
    assert T_ZH("staff.payout.sum", **total) in page.text
    payout = page.page.form(f"/{n}/decide-all").value("payout")
    chosen = {"payout": payout, "payout_decision": "approve"}
    refused(li.force(n, "decide-all", **chosen), "error.own_offer")
    denied(head, main, "decide-all", "error.payout_level", **chosen)
    manager.do(n, "decide-all", payout_decision="approve")
    for place in places:
        [payment] = payable(li, place)
        li.do(place.number, "pay", payment=payment, voucher=f"FK-{place.number}")
    assert T_ZH("staff.matter.unpaid") not in li.look(n).text
    start = T_ZH("letter.payout.subject", number="")
    assert {len(letters(house.machine, box, start)) for box in boxes} == {1}


def test_five_people_are_a_mass_complaint(house: House) -> None:
    """72 hours for the statement, one update to all, money at once (三, 四)."""
    quality, manager, head = house["quality.liu"], house["manager.sun"], house["head.wang"]
    text = "健身中心周末无故停业，前台态度恶劣。"
    boxes = [f"mass{n}@example.com" for n in range(5)]
    places = [
        complain(house.visitor(), text=text, email=box, name=f"群众甲{box[4]}") for box in boxes
    ]
    main = places[0]
    until(lambda: quality.offered(places[-1].number, "merge"), "they are assessed")
    for place in places[1:]:
        assert not offers(manager, main, "statement")
        assert house.told("manager.sun", "incident", main) == 0
        wait_for_status(house.visitor(), place, "assessed")
        quality.do(place.number, "merge", into=main.number)
    page = manager.look(main.number)
    assert T_ZH("staff.severity.major") in page.page.words["pill"]
    assert house.told("manager.sun", "incident", main) == 1
    ends = due(page, "clock.statement")
    assert ends
    assert abs(ends - timedelta(hours=72) - datetime.now(UTC)) < timedelta(minutes=2)

    published = {"published_in": "官网公告", "published_at": f"{house.now():%Y-%m-%dT%H:%M}"}
    statement = {"statement": "停业两天，系设备检修未提前告知，即日恢复并补偿。", **published}
    denied(head, main, "statement", "error.not_allowed", **statement)
    named = {**statement, "statement": "群众甲0等反映的停业已处理。"}
    refused(manager.send(page, "/statement", named), "error.statement_personal")
    assert due(manager.look(main.number), "clock.statement") == ends
    manager.do(main.number, "statement", **statement)
    assert due(manager.look(main.number), "clock.statement") is None
    quality.do(main.number, "lines", lines="先致歉，再说明恢复时间。")
    quality.do(main.number, "update", update="停业已结束，补偿将在三日内到账。")

    def reached() -> bool | None:
        check_sla(house.machine)
        start = T_ZH("letter.update.subject", number="")
        return all(letters(house.machine, box, start) for box in boxes) or None

    until(reached, "all five have the update")
    assert {len(letters(house.machine, box, "通报")) for box in boxes} == {1}

    li, n = house["handler.li"], main.number
    offer = {"amount": "900", "basis": "停业两天的月卡", "payer": "service", "is_advance": "yes"}
    keep(li, main, "document", "site_visit")
    li.do(n, "investigate", **WHOLE)
    li.do(n, "offer", **offer)
    refused(li.force(n, "pay", payment="1", voucher="FK-0003"), "error.not_payable")
    head.do(n, "decide-payment", payment="1", decision="approve")
    li.do(n, "pay", payment="1", voucher="FK-0003")
    all_are_paid_alike(house, places, boxes)
    stays(house, main, "investigated")


def test_dangerous_words_start_the_emergency_at_once(house: House) -> None:
    """对高危投诉触发应急响应流程 (五): told at once, answered within the hour."""
    text = "前台态度恶劣，有人持刀在大厅威胁服务员。"
    place = complain(house.visitor(), text=text, email="danger@example.com")
    li = house["handler.li"]
    page = until(lambda: li.offered(place.number, "emergency-response"), "the alarm rings")
    assert due(page, "clock.emergency") == received(page) + timedelta(hours=1)
    for username in ("head.wang", "quality.liu", "manager.sun"):
        until(lambda who=username: house.told(who, "emergency", place) or None, username)  # type: ignore[misc]
    chen = house["intake.chen"]
    apology = {"apology_way": "phone", "apology": "已到场，向您致歉。"}
    assert not offers(house["auditor.qian"], place, "emergency-response")
    assert not offers(chen, place, "emergency-withdraw")
    bare = li.send(page, "/emergency-response", {"apology_way": "phone"})
    assert bare.status == 422
    assert due(li.look(place.number), "clock.emergency")
    li.do(place.number, "emergency-response", **apology)
    assert due(li.look(place.number), "clock.emergency") is None
    refused(li.force(place.number, "emergency-response", **apology), "error.emergency_none")
    li.do(place.number, "emergency-step", measure="suspend_service", measure_words="暂停入场。")
    until(lambda: house.told("manager.sun", "emergency_news", place) > 1 or None, "news")


def test_malicious_is_what_the_investigation_says_with_its_reason(house: House) -> None:
    """设立投诉人信用评价机制，对恶意投诉或虚假举报者纳入管理 (四); staff alone see the mark."""
    phone = "13800000044"
    place = house.register(phone=phone)
    n, li = place.number, house["handler.li"]
    keep(li, place, "document")
    page = li.look(n)
    assert not page.page.form(f"/{n}/assess").takes({"nature": "malicious"})
    malicious = {**FINDING, "responsible": "no", "ground": "3", "nature": "malicious"}
    refused(li.send(page, f"/{n}/investigate", malicious), "error.nature_reason_missing")
    stays(house, place, "assessed")
    li.do(n, "investigate", **malicious, nature_reason="监控证实当天未到店。")
    house["head.wang"].do(n, "decide", decision="approve")
    again = house.register(phone=phone)
    mark = T_ZH("staff.matter.marked", count=1)
    assert mark in house["handler.li"].look(again.number).text
    assert mark not in house.visitor().open(again.path).text


def test_a_case_of_the_hotline_across_departments_that_goes_to_court(house: House) -> None:
    """12345 with its number and clock, the joint group, the order, the court (一, 四, 五)."""
    place = house.register(phone="13800000045")
    n, li, quality = place.number, house["handler.li"], house["quality.liu"]
    manager, head, chen = house["manager.sun"], house["head.wang"], house["intake.chen"]

    case = {"outside_body": "12345", "outside_number": "SH12345-0007"}
    stranger = {**case, "outside_body": "somebody", "outside_received": "2026-11-01T09:00"}
    refused(chen.force(n, "outside", **stranger), "form.wrong.choice")
    bare = chen.send(chen.look(n), "/outside", {"outside_body": "12345"})
    assert bare.status == 422
    chen.do(n, "outside", **case)
    page = li.look(n)
    assert case["outside_number"] in page.text
    assert due(page, "clock.outside") == working_days(received(page), 5)

    people = {"group_leader": "manager.sun", "group_members": "handler.li"}
    denied(li, place, "group", "error.not_allowed", **people)
    refused(
        quality.send(quality.look(n), "/group", {**people, "group_leader": "handler.wu"}),
        "error.group_leader",
    )
    li.do(n, "order", order_department="finance", order_task="核对账单。")
    house["handler.wu"].do(n, "work", work_step="complete", work_result="账单无误。")
    keep(li, place, "document")
    alone = li.send(li.look(n), f"/{n}/investigate", FINDING)
    refused(alone, "error.group_missing")
    stays(house, place, "assessed")
    quality.do(n, "group", **people)
    assert house.told("manager.sun", "grouped", place) == 1
    li.do(n, "order", order_department="contracts", order_task="核对合同。")
    denied(li, place, "investigate", "error.leader_submits", **FINDING)
    blocked = manager.send(manager.look(n), f"/{n}/investigate", FINDING)
    refused(blocked, "error.order_open", department="合同部")
    stays(house, place, "assessed")
    house["handler.xu"].do(n, "work", work_step="complete", work_result="合同有此条款。")
    manager.do(n, "investigate", **FINDING)

    head.do(n, "decide", decision="approve")
    court = {"dispute_way": "court", "dispute_institution": "长宁区人民法院"}
    li.do(n, "dispute", **court, dispute_words="立案受理。")
    li.do(n, "phone", outcome="accepted", words="认可，诉讼另行。")
    visitor = house.visitor()
    wait_for_status(visitor, place, "responded")
    quality.do(n, "follow-up", outcome="satisfied", satisfaction="3")
    stays(house, place, "responded")
    bare = li.send(li.look(n), "/dispute-end", {"ended_status": "settled"})
    assert bare.status == 422
    li.do(n, "dispute-end", ended_status="settled", ended_result="庭前和解。")
    stays(house, place, "responded")
    assert due(li.look(n), "clock.outside")
    bare = li.send(li.look(n), "/outside-answer", {})
    assert bare.status == 422
    li.do(n, "outside-answer", answered_words="已办结并答复市民。")
    wait_for_status(visitor, place, "closed")
    kept = filed_parts(house, place, "outside")
    assert [(one.number, bool(one.answered_at)) for one in kept] == [("SH12345-0007", True)]


def drawn(house: House, place: Place) -> bool:
    """Return whether a complaint is among the 20 percent, drawn again with its own key."""
    stored = house.machine.client("dynamodb").get_item(
        TableName=house.machine.outputs["ComplaintsTable"],
        Key={"complaint_id": {"S": place.number}, "part": {"S": "person"}},
    )["Item"]
    key = read(stored, Person, data_key(house.machine, place.number)).key
    draw = hmac.new(key, b"callback", sha256).digest()
    return int.from_bytes(draw[:8], "big") < 0.2 * 2**64


def responded(house: House, place: Place) -> None:
    """Bring a complaint to where the complainant has answered the reply."""
    li = house["handler.li"]
    keep(li, place, "document")
    li.do(place.number, "investigate", **FINDING)
    house["head.wang"].do(place.number, "decide", decision="approve")
    answered(house, place)
    wait_for_status(house.visitor(), place, "responded")


def test_time_climbs_the_ladder_and_closes_what_nobody_was_drawn_for(house: House) -> None:
    """Reminder, 部门督办, customer-service centre, management; 20 % called back (二, 三)."""
    found: dict[bool, Place] = {}
    for n in range(60):
        forget_rates(house.machine)
        place = complain(house.visitor(), email=f"draw{n}@example.com")
        found.setdefault(drawn(house, place), place)
        if len(found) == 2:
            break
    called, quiet = found[True], found[False]
    responded(house, called)
    responded(house, quiet)
    late = house.register(phone="13800000046")
    house["handler.li"].do(late.number, "assign", investigator="handler.li")
    ladder = ("handler.li", "head.wang", "quality.liu", "manager.sun")

    def told() -> list[int]:
        check_sla_until_done(house)
        first = house.told("handler.li", "reminder", late)
        return [first, *(house.told(one, "escalation", late) for one in ladder[1:])]

    assert told() == [0, 0, 0, 0]
    house.later(20)
    assert told() == [1, 0, 0, 0], "reminded when four fifths are used"
    assert "pill-red" in house["handler.li"].look(late.number).text
    house.later(5)
    assert told() == [1, 1, 0, 0], "over: the department"
    page = house["head.wang"].look(late.number)
    ends = due(page, STAGE)
    assert ends == received(page) + timedelta(hours=24)
    for count, rungs in enumerate(([1, 1, 1, 0], [1, 1, 1, 1]), start=1):
        over = working_days(ends, count) + timedelta(minutes=2)
        house.later((over - house.now()) / timedelta(hours=1))
        assert told() == rungs, "one step up for a working day more"
    house.later(24 * 8)
    check_sla_until_done(house)
    wait_for_status(house.visitor(), quiet, "closed")
    stays(house, called, "responded")
    quality = house["quality.liu"]
    assert called.number in quality.open("/staff").text
    quality.do(called.number, "follow-up", outcome="satisfied", satisfaction="5")
    wait_for_status(house.visitor(), called, "closed")


def check_sla_until_done(house: House) -> None:
    """Look at what is due until nothing is: one look takes one step of a complaint."""
    while any(check_sla(house.machine).get(step) for step in ("reminder", "escalation")):
        pass
