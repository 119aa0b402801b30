"""003 管理处投诉处理程序: its own text, from the letter to the file, signature by signature."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from infra.local.machine import MAIL_DOMAIN, Machine
from tests.doors import (
    T_ZH,
    People,
    Place,
    Staff,
    Visitor,
    archived,
    complain,
    letter,
    letters,
    mail,
    place_in,
    post,
    status_at,
    sweep,
    time_on,
    until,
    wait_for_status,
    words,
)

pytestmark = pytest.mark.journey
OFFICE = ZoneInfo("Asia/Shanghai")
DAY = 24
HOME = "四号楼二单元 302"
LEAK = "厨房水管漏水，报修三天没人来。"
FINDING = {
    "facts": "到 302 现场查看，厨房角阀漏水，墙面返潮。",
    "cause": "角阀老化",
    "responsible": "yes",
    "measures": "更换角阀，墙面由维修组修补。",
    "reply": "角阀已更换，墙面修补完成，向您道歉。",
}
NOT_VALID = {
    **FINDING,
    "facts": "到现场查看，路灯正常，停电为供电局检修。",
    "cause": "供电局计划检修",
    "responsible": "no",
    "ground": "b",
    "measures": "张贴检修通知。",
    "reply": "停电系供电局检修，已于当日恢复。",
}
CONTACT_DUE = f"<strong>{T_ZH('clock.contact')}</strong>"
"""How the card of the limits names the first word to the owner."""
VISIT = {"record_kind": "site_visit", "record_words": "到现场查看并拍照。"}


@pytest.fixture(scope="module")
def machine(machine_of: Callable[..., Machine]) -> Machine:
    """Run a property-management office."""
    return machine_of("property-management")


@pytest.fixture
def people(machine: Machine) -> People:
    """Return the staff of the office, by user name."""
    return People(machine)


def particulars(**fields: str) -> dict[str, str]:
    """Return what the record form of a written complaint holds."""
    return {
        "channel": "letter",
        "text": LEAK,
        "demand": "请马上修好并道歉",
        "name": "周敏",
        "phone": "13800003001",
        "address": HOME,
        **fields,
    }


def register(desk: Staff, **fields: str) -> Place:
    """Register a complaint at the desk; return where its owner finds it."""
    answer = desk.send(desk.open("/staff/register"), "/staff/register", particulars(**fields))
    assert "/staff/registered/" in answer.address, answer.page.words
    code = answer.page.words["code"][-1]
    return Place(number=answer.address.rpartition("/")[2], code=code.replace("-", ""))


def told_of_emergency(machine: Machine, username: str, number: str) -> list[str] | None:
    """Return the alarms that a member of staff got about a complaint; None while there is none."""
    return told(machine, username, "emergency", number) or None


def told(machine: Machine, username: str, kind: str, number: str) -> list[str]:
    """Return the letters of a kind that a member of staff got about a complaint."""
    subject = T_ZH(f"staff_letter.{kind}.subject", number=number)
    return [words(one) for one in letters(machine, f"{username}@{MAIL_DOMAIN}", subject)]


def told_of_contact(machine: Machine, username: str, kind: str, number: str) -> int:
    """Return how often somebody was told that the first word to the owner is due."""
    return sum(T_ZH("clock.contact") in one for one in told(machine, username, kind, number))


def ahead(machine: Machine, hours: float) -> str:
    """Return a local time of the office so far ahead, as its forms take it."""
    return f"{time_on(machine).astimezone(OFFICE) + timedelta(hours=hours):%Y-%m-%dT%H:%M}"


# ---- 第1篇 (1)b, 第2篇 2(1)①②: taken in ------------------------------------------------------


def test_the_desk_asks_for_address_matter_and_demand(people: People) -> None:
    """第1篇 (1)b: without address, matter or what is asked for nothing is registered."""
    desk = people["intake.chen"]
    page = desk.open("/staff/register")
    for missing in ("address", "text", "demand"):
        answer = desk.send(page, "/staff/register", particulars(**{missing: ""}))
        assert answer.status == 422, missing
        sentence = "form.missing.text" if missing == "text" else "form.missing.field"
        assert answer.page.words["error"] == [T_ZH(sentence)], missing
    place = register(desk)
    assert place.number.startswith("WY-")
    assert HOME in desk.look(place.number).text


def test_a_mail_is_acknowledged_and_somebody_still_has_to_call(
    machine: Machine, people: People
) -> None:
    """第2篇 2(1)②, 第3篇 3.4: a letter of the machine is no contact; a call is."""
    post(machine, mail("owner.003@example.com", "楼道灯不亮", "三单元楼道灯不亮一周了。"))
    place = place_in(words(letter(machine, "owner.003@example.com", "acknowledgement")))
    li, number = people["handler.li"], place.number
    sheet = until(lambda: li.offered(number, "assess"), "it is with the electricians")
    assert sheet.page.form(f"/{number}/assess").value("type") == "water_power"
    assert CONTACT_DUE in sheet.text
    assert T_ZH("arithmetic.minutes", count=2880) in sheet.text
    li.fail(number, "contact", "form.missing.field", contact_way="phone", contact_words="")
    li.do(number, "contact", contact_way="phone", contact_words="已收到来信，正安排，请谅解。")
    assert CONTACT_DUE not in li.look(number).text


def test_what_is_urgent_and_grave_goes_up_at_once(machine: Machine, people: People) -> None:
    """第1篇 (1)d: director and manager hear of it and of each step; both upper ranks sign."""
    sender = "lift.003@example.com"
    post(machine, mail(sender, "电梯困人", "二号楼电梯困人，老人孩子都在里面，快来人！"))
    place = place_in(words(letter(machine, sender, "acknowledgement")))
    li, number = people["handler.li"], place.number
    for username in ("director", "manager"):
        until(partial(told_of_emergency, machine, username, number), username)
    assert T_ZH("staff.severity.major") in li.look(number).page.words["pill"]
    response = {"apology_way": "letter", "apology": "维保人员五分钟内到场，非常抱歉。"}
    li.fail(number, "emergency-response", "form.missing.field", **{**response, "apology": ""})
    li.do(number, "emergency-response", **response)
    assert response["apology"] in words(letter(machine, sender, "apology"))
    li.do(number, "emergency-step", measure="progress", measure_words="三人已救出，无人受伤。")
    for username in ("director", "manager"):
        assert len(told(machine, username, "emergency_news", number)) == 2, username
    li.do(number, "progress", progress_words="三人已救出，电梯停用检修。")
    assert "电梯停用检修" in words(letter(machine, sender, "progress"))
    causes = {"indirect_cause": "维保不到位", "root_cause": "没有巡检记录制度"}
    li.do(number, "record", **VISIT)
    li.do(number, "investigate", **FINDING, **causes)
    yes = {"decision": "approve"}
    people["director"].refuse(number, "decide", "error.not_your_signature", **yes)
    people["manager"].refuse(number, "decide", "error.not_your_signature", **yes)
    people["customer.service"].do(number, "decide", **yes)
    people["customer.service"].refuse(number, "decide", "error.signed_already", **yes)
    assert status_at(Visitor(site=machine.site_url), place) == T_ZH("status.investigated")
    people["manager"].do(number, "decide", **yes)
    wait_for_status(Visitor(site=machine.site_url), place, "approved")


def test_staff_report_upward_what_no_word_gives_away(machine: Machine, people: People) -> None:
    """第1篇 (1)d: whoever took the call declares it, with the reason."""
    desk, place = people["intake.chen"], register(people["intake.chen"])
    number = place.number
    wait_for_status(Visitor(site=machine.site_url), place, "assessed")
    desk.fail(number, "emergency", "form.missing.field", alarm_reason="")
    assert told(machine, "director", "emergency", number) == []
    desk.do(number, "emergency", alarm_reason="来电称整栋楼水管爆裂，地下配电房进水。")
    for username in ("director", "manager"):
        assert len(told(machine, username, "emergency", number)) == 1, username


# ---- 第2篇 2(1): from the letter to the file -------------------------------------------------


def test_property_management_from_the_letter_to_the_file(machine: Machine, people: People) -> None:
    """①-⑨: called, ordered, agreed, coordinated, signed, called again, verified, signed, filed."""
    owner = Visitor(site=machine.site_url)
    place = register(people["intake.chen"], email="zhou.min@example.com")
    number = place.number
    assert number in letter(machine, "zhou.min@example.com", "acknowledgement")["Subject"]
    sheet = until(lambda: people["director"].offered(number, "assess"), "it is assessed")
    assert sheet.page.form(f"/{number}/assess").value("department") == "water_power"
    promise(machine, people, owner, place)
    coordinate(machine, people, number)
    decide(people, place)
    prove(people, owner, place)
    wait_for_status(owner, place, "closed")
    [key] = archived(machine, number)
    assert key.startswith("archive/general/")
    assert "/water_power/" in key


def promise(machine: Machine, people: People, owner: Visitor, place: Place) -> None:
    """②-⑤: the first call; the order with agreed times; the second call with plan and date."""
    number, li, director = place.number, people["handler.li"], people["director"]
    li.do(number, "contact", contact_way="phone", contact_words="已收到来信，正着手安排。")
    order = {"order_department": "maintenance", "order_task": "修补 302 厨房墙面。"}
    times = {"order_start": ahead(machine, 2), "order_complete": ahead(machine, 26)}
    swapped = {"order_start": ahead(machine, 26), "order_complete": ahead(machine, 2)}
    director.fail(number, "order", "error.order_times", **order, **swapped)
    director.do(number, "order", **order, **times)
    assert len(told(machine, "head.zheng", "ordered", number)) == 1
    wu = people["handler.wu"]
    li.refuse(number, "work", "error.not_allowed", **work_of(wu, number, work_step="complete"))
    wu.fail(number, "work", "form.missing.field", work_step="agree")
    far = {"work_start": ahead(machine, 3), "work_complete": ahead(machine, 60 * DAY)}
    wu.fail(number, "work", "error.order_too_late", work_step="agree", **far)
    agreed = {"work_start": ahead(machine, 3), "work_complete": ahead(machine, 30)}
    wu.do(number, "work", work_step="agree", **agreed)
    wu.fail(number, "work", "error.order_agreed", work_step="agree", **agreed)
    shown = director.look(number)
    assert T_ZH("staff.order.agreed") in shown.page.words["pill"]
    assert agreed["work_complete"].replace("T", " ") in shown.text
    # ⑤: the date that the owner was told is the limit from now on.
    date = time_on(machine).astimezone(OFFICE) + timedelta(days=4)
    plan = {
        "agree_day": f"{date:%Y-%m-%d}",
        "agree_time": "17:00",
        "agree_words": "水电换阀、维修补墙，业主同意。",
    }
    li.fail(number, "agree", "form.missing.field", **{**plan, "agree_words": ""})
    li.fail(number, "agree", "error.agreed_at", **{**plan, "agree_day": "2026-11-01"})
    li.do(number, "agree", **plan)
    promised = f"{date.year}年{date.month}月{date.day}日 17:00"
    assert promised in owner.open(place.path).text


def work_of(member: Staff, number: str, **step: str) -> dict[str, str]:
    """Return the form of a work order as its department has it."""
    page = member.offered(number, "work")
    assert page
    order = page.page.form(f"/{number}/work").value("work_order")
    return {"work_order": order, "work_result": "补好了。", **step}


def coordinate(machine: Machine, people: People, number: str) -> None:
    """⑥⑦: what is returned comes before the director, then customer service, then the manager."""
    wu, li = people["handler.wu"], people["handler.li"]
    li.do(number, "record", **VISIT)
    li.fail(number, "investigate", "error.order_open", **FINDING)
    wu.fail(number, "work", "form.missing.field", work_step="return", work_result="")
    wu.do(number, "work", work_step="return", work_result="墙面未干，不能施工。")
    assert len(told(machine, "director", "returned", number)) == 1
    assert T_ZH("staff.order.returned") in li.look(number).page.words["pill"]
    ladder = ("director", "customer.service", "manager")
    for passing, above in zip(("handler.li", *ladder), ladder, strict=False):
        people[passing].fail(number, "escalate", "form.missing.field", why="")
        assert told(machine, above, "by_hand", number) == []
        people[passing].do(number, "escalate", why=f"维修组退回工作单，请{above}协调。")
        assert len(told(machine, above, "by_hand", number)) == 1, above
    people["manager"].refuse(number, "escalate", "escalate.top", why="再上一级")
    # The manager has settled it: the department takes a new order and carries it out.
    people["director"].do(
        number, "order", order_department="maintenance", order_task="烘干后修补墙面。"
    )
    wu.do(number, "work", work_step="complete", work_result="已烘干并修补。")


def decide(people: People, place: Place) -> None:
    """③, 第1篇 (2)d: seen on the spot, then signed by the director and by nobody else."""
    number, li, yes = place.number, people["handler.li"], {"decision": "approve"}
    people["director"].refuse(number, "decide", "error.wrong_status", **yes)
    li.do(number, "investigate", **FINDING)
    li.refuse(number, "decide", "error.own_investigation", **yes)
    for username in ("customer.service", "verifier", "manager"):
        people[username].refuse(number, "decide", "error.not_your_signature", **yes)
    li.refuse(number, "phone", "error.wrong_status", outcome="accepted")
    people["director"].do(number, "decide", **yes)


def prove(people: People, owner: Visitor, place: Place) -> None:
    """⑧⑨, 第3篇 附表: told by phone, verified, called, signed; closed after all four."""
    number, li, director = place.number, people["handler.li"], people["director"]
    verifier, desk = people["verifier"], people["intake.chen"]
    seen = {"gate": "verified", "words": "现场复查：角阀不漏，墙面已干。"}
    signed = {"gate": "signed", "words": "已阅，处理得当。"}
    opinion = {"outcome": "satisfied", "satisfaction": "5", "words": "修得好，下次快一点。"}
    director.refuse(number, "prove", "error.gate_of_others", **signed)
    li.do(number, "phone", outcome="accepted", words="同意。")
    wait_for_status(owner, place, "responded")
    desk.refuse(number, "follow-up", "error.not_verified", **opinion)
    li.refuse(number, "prove", "error.own_proof", **seen)
    director.refuse(number, "prove", "error.gate_of_others", **seen)
    verifier.fail(number, "prove", "form.missing.words", **{**seen, "words": ""})
    verifier.do(number, "prove", **seen)
    verifier.refuse(number, "prove", "error.gate_open", **seen)
    director.refuse(number, "prove", "error.gate_of_others", **signed)
    li.refuse(number, "follow-up", "error.not_allowed", **opinion)
    desk.do(number, "follow-up", **opinion)
    assert opinion["words"] in desk.look(number).text
    assert status_at(owner, place) == T_ZH("status.responded")
    verifier.refuse(number, "prove", "error.gate_of_others", **signed)
    director.do(number, "prove", **signed)


# ---- what is late, what is simple ------------------------------------------------------------


def test_what_was_kept_back_shows_as_late(machine: Machine, people: People) -> None:
    """第1篇 末: registered three days after it came, the history says so, and a limit is missed."""
    desk = people["intake.chen"]
    page = desk.open("/staff/register")
    tomorrow = particulars(arrived_at=ahead(machine, DAY))
    refused = desk.send(page, "/staff/register", tomorrow)
    assert (refused.status, refused.page.words["error"]) == (
        422,
        [T_ZH("error.arrived_in_future")],
    )
    number = register(desk, arrived_at=ahead(machine, -3 * DAY)).number
    until(lambda: people["director"].offered(number, "assess"), "it is assessed")
    oldest = people["director"].history(number).rpartition("<li>")[2]
    assert T_ZH("staff.history.received") in oldest
    assert T_ZH("staff.fact.late") in oldest
    sweep(machine)
    assert told_of_contact(machine, "director", "escalation", number) == 1
    on_time = register(desk).number
    until(lambda: people["director"].offered(on_time, "assess"), "it is assessed")
    assert T_ZH("staff.fact.late") not in people["director"].history(on_time)


def test_the_owner_hears_within_two_days_valid_or_not_within_three_with_others(
    machine: Machine, people: People
) -> None:
    """第3篇 3.4, 4.0: nobody has called: director, customer service, manager are told in turn."""
    complainant, desk = Visitor(site=machine.site_url), people["intake.chen"]
    ours = complain(complainant, text="停电。", phone="13800003002", address=HOME).number
    theirs = register(desk, text="路灯不亮，供电局的线路。").number
    li = people["handler.li"]
    until(lambda: li.offered(ours, "record"), "it is assessed")
    li.do(ours, "record", **VISIT)
    li.fail(ours, "investigate", "error.ground_missing", **{**NOT_VALID, "ground": ""})
    li.do(ours, "investigate", **NOT_VALID)
    case = {"outside_body": "regulator", "outside_number": "DW-2026-17"}
    until(lambda: desk.offered(theirs, "outside"), "it is assessed")
    desk.fail(theirs, "outside", "form.missing.field", **{**case, "outside_number": ""})
    desk.do(theirs, "outside", **case)
    assert T_ZH("arithmetic.minutes", count=4320) in desk.look(theirs).text

    people.pass_time(49)
    sweep(machine)
    assert told_of_contact(machine, "handler.li", "reminder", ours) == 1
    assert told_of_contact(machine, "director", "escalation", ours) == 1
    assert told_of_contact(machine, "handler.li", "reminder", theirs) == 0
    people.pass_time(24)
    sweep(machine)
    assert told_of_contact(machine, "director", "escalation", theirs) == 1
    for username in ("customer.service", "manager"):
        people.pass_time(3 * DAY)
        sweep(machine)
        assert told_of_contact(machine, username, "escalation", ours) >= 1, username
    # The word to the owner ends it, and nothing but that.
    said = {"contact_way": "phone", "contact_words": "说明检修原因，业主理解。"}
    people["handler.li"].do(ours, "contact", **said)
    assert CONTACT_DUE not in people["handler.li"].look(ours).text


def test_a_simple_one_is_settled_at_once_and_signed_in_the_end(
    machine: Machine, people: People
) -> None:
    """第1篇 (1)c: how it was settled is written down; nobody calls, the director still signs."""
    desk, owner = people["intake.chen"], Visitor(site=machine.site_url)
    settled = {"channel": "visit", "settled_on_spot": "yes", "text": "门禁卡刷不开。"}
    answer = desk.send(desk.open("/staff/register"), "/staff/register", particulars(**settled))
    assert (answer.status, answer.page.words["error"]) == (422, [T_ZH("form.missing.field")])
    place = register(desk, **settled, settled_how="当场重新授权，业主试刷正常。")
    wait_for_status(owner, place, "responded")
    number, signed = place.number, {"gate": "signed", "words": "已阅。"}
    assert "当场重新授权" in desk.look(number).text
    people["director"].refuse(number, "prove", "error.gate_of_others", **signed)
    people.pass_time(8 * DAY)
    sweep(machine)
    assert status_at(owner, place) == T_ZH("status.responded")
    people["verifier"].refuse(number, "prove", "error.gate_of_others", **signed)
    people["director"].do(number, "prove", **signed)
    wait_for_status(owner, place, "closed")
