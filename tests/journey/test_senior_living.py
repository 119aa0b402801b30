"""000 老年公寓会员投诉处理标准作业规程: its own text, from the desk to the file, gate by gate."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from complaints.calendar import add_working_days
from infra.local.machine import MAIL_DOMAIN, Machine
from tests.doors import (
    T_ZH,
    People,
    Place,
    Staff,
    Visitor,
    archived,
    as_read,
    invoke,
    letter,
    letters,
    pass_time,
    place_in,
    sweep,
    time_on,
    until,
    wait_for_status,
    words,
)

pytestmark = pytest.mark.journey
OFFICE = ZoneInfo("Asia/Shanghai")
WEEK = 7 * 24
FINDING = {
    "facts": "到食堂现场尝菜，汤确实偏咸。",
    "cause": "厨师没有按低盐菜单配料",
    "indirect_cause": "配料单没有贴在灶台",
    "root_cause": "新厨师上岗没有交接",
    "responsible": "yes",
    "measures": "当天更换配料单，每餐由班长尝菜。",
    "reply": "经现场了解属实，向您道歉，已改用低盐菜单。",
}


@pytest.fixture(scope="module")
def machine(machine_of: Callable[..., Machine]) -> Machine:
    """Run a home for the elderly."""
    return machine_of("senior-living")


@pytest.fixture
def people(machine: Machine) -> People:
    """Return the staff of the home, by user name."""
    return People(machine)


def register(desk: Staff, **fields: str) -> Place:
    """Write a complaint down at the desk, as it came in by phone; return where it is."""
    answer = desk.send(desk.open("/staff/register"), "/staff/register", told(**fields))
    assert "/staff/registered/" in answer.address, answer.page.words
    number = answer.address.rpartition("/")[2]
    code = answer.page.words["code"][-1]
    return Place(number=number, code=code.replace("-", ""))


def told(**fields: str) -> dict[str, str]:
    """Return what a member tells the desk."""
    return {
        "text": "食堂的汤连续三天太咸，老人血压高吃不了。",
        "demand": "请按低盐菜单做",
        "name": "王秀兰",
        "building": "3 号楼 502",
        **fields,
    }


def see_for_oneself(handler: Staff, number: str) -> None:
    """Keep the record of the visit that 000 六 asks for."""
    handler.do(number, "record", record_kind="site_visit", record_words="到食堂现场尝菜。")


def sign(people: People, number: str, *usernames: str) -> None:
    """Let these people sign, one after the other."""
    for username in usernames:
        people[username].do(number, "decide", decision="approve")


def handle(people: People, number: str, **finding: str) -> None:
    """Let catering handle a complaint, its head and the general manager's office sign."""
    see_for_oneself(people["handler.zhou"], number)
    people["handler.zhou"].do(number, "investigate", **{**FINDING, **finding})
    sign(people, number, "head.zhao", "general.office")


def assess(quality: Staff, number: str, **fields: str) -> None:
    """Let the quality department correct the first assessment."""
    until(lambda: quality.offered(number, "assess"), "it is assessed")
    quality.do(number, "assess", **fields)


def received(machine: Machine) -> int:
    """Return how many complaints of this month are counted."""
    month = f"{time_on(machine).astimezone(OFFICE):%Y-%m}"
    found: int = invoke(machine, "ReportFunction", kind="month", month=month)["received"]
    return found


def hours_until(machine: Machine, instant: datetime) -> float:
    """Return how many hours it is until an instant, by the clock of the machine."""
    return (instant - time_on(machine)) / timedelta(hours=1)


def verify(people: People, number: str) -> None:
    """Let the quality department verify the measures."""
    people["quality.liu"].do(number, "prove", gate="verified", words="次日到食堂复查，汤已改淡。")


# ---- 五: taken at the desk ------------------------------------------------------------------


def test_the_desk_asks_for_the_building_and_for_who_speaks_for_whom(people: People) -> None:
    """五: name, phone, building and event are written down; a family member says what relation."""
    desk = people["intake.chen"]
    page = desk.open("/staff/register")

    def refused(sentence: str, **fields: str) -> None:
        answer = desk.send(page, "/staff/register", told(**fields))
        assert answer.status == 422
        assert T_ZH(sentence) in answer.page.words["error"]

    refused("form.missing.field", building="")
    refused("form.missing.field", demand="")
    son = {"on_behalf": "yes", "proxy_name": "王强", "proxy_phone": "13800000101"}
    refused("form.missing.field", **son)
    refused("form.missing.proxy_way", **{**son, "relation": "child", "proxy_phone": ""})
    place = register(desk, **son, relation="child", phone="13800000100")
    sheet = desk.look(place.number).text
    assert "3 号楼 502" in sheet
    assert "王强" in sheet
    assert T_ZH("proxy.relation.child") in sheet


def test_the_member_hears_at_once_when_to_hear_more(machine: Machine, people: People) -> None:
    """五: what can't be settled at once is acknowledged with the earliest time of an answer."""
    address = "earliest@example.com"
    place = register(people["intake.chen"], email=address)
    acknowledgement = words(letter(machine, address, "acknowledgement"))
    promised = add_working_days(time_on(machine).astimezone(OFFICE).date(), 3)
    assert place_in(acknowledgement) == place
    assert as_read(promised) in acknowledgement
    assert f"{promised}" in Visitor(site=machine.site_url).open(place.path).text


# ---- 统计说明, 五: time; first, while there are few complaints that it moves ------------------


def test_limits_follow_the_agreed_time_and_climb_to_the_leaders(
    machine: Machine, people: People
) -> None:
    """六: by the time agreed with the member; 五: quality office, general office, leaders."""
    place = register(people["intake.chen"], phone="13800000121")
    number, handler = place.number, people["handler.zhou"]
    handler.do(number, "assign", investigator="handler.zhou")
    day = time_on(machine).astimezone(OFFICE).date() + timedelta(days=10)
    handler.do(
        number, "agree", agree_day=f"{day}", agree_time="10:00", agree_words="约定十天后答复"
    )

    def told_of() -> dict[str, int]:
        ladder = ("handler.zhou", "quality.liu", "general.office", "manager.sun")
        return {one: len(letters(machine, f"{one}@{MAIL_DOMAIN}", number)) for one in ladder}

    def expect(*counts: int) -> None:
        sweep(machine)
        assert tuple(told_of().values()) == counts

    people.pass_time(4 * 24)
    expect(0, 0, 0, 0)
    people.pass_time(5 * 24)
    expect(1, 0, 0, 0)
    people.pass_time(hours_until(machine, datetime.combine(day, time(10, 1), OFFICE)))
    expect(1, 1, 0, 0)
    for counts in ((1, 1, 1, 0), (1, 1, 1, 1)):
        day = add_working_days(day, 1)
        people.pass_time(hours_until(machine, datetime.combine(day, time(23, 59, 59), OFFICE)) + 1)
        expect(*counts)


def test_a_quiet_week_ends_what_needs_no_call(machine: Machine, people: People) -> None:
    """统计说明, 七: anonymous, or content on the spot: over after a silent week, nobody called."""
    desk, quality, member = (
        people["intake.chen"],
        people["quality.liu"],
        Visitor(site=machine.site_url),
    )
    on_spot = {"phone": "13800000131", "settled_on_spot": "yes"}
    page = desk.open("/staff/register")
    bare = desk.send(page, "/staff/register", told(**on_spot))
    assert bare.status == 422
    settled = register(desk, **on_spot, settled_how="当场换了一碗淡汤，会员满意。")
    spoke_again = register(desk, **on_spot, settled_how="当场换汤。")
    nobody = register(desk, anonymous="yes", name="", building="")
    for place in (settled, spoke_again):
        wait_for_status(member, place, "responded")
    handle(people, nobody.number)
    wait_for_status(member, nobody, "responded")
    called = {"outcome": "satisfied", "satisfaction": "5"}
    quality.refuse(nobody.number, "follow-up", "error.not_verified", **called)

    people.pass_time(WEEK - 1)
    sweep(machine)
    for place in (settled, spoke_again, nobody):
        wait_for_status(member, place, "responded")
    member.send(member.open(spoke_again.path), "/note", {"text": "今天的汤又咸了。"})
    people.pass_time(2)
    sweep(machine)
    wait_for_status(member, settled, "closed")
    wait_for_status(member, spoke_again, "responded")
    # 七: what was handled must be verified, whoever complained.
    wait_for_status(member, nobody, "responded")
    assert archived(machine, nobody.number) == []
    verify(people, nobody.number)
    wait_for_status(member, nobody, "closed")


# ---- 六, 七: what a department handles ------------------------------------------------------


def test_a_general_complaint_keeps_every_gate(machine: Machine, people: People) -> None:
    """六, 七: seen on the spot, agreed by the superiors, replied, negotiated, verified, called."""
    handler, head, quality = (people[one] for one in ("handler.zhou", "head.zhao", "quality.liu"))
    office, desk = people["general.office"], people["intake.chen"]
    address = "general@example.com"
    place = register(desk, email=address, phone="13800000102")
    number, member = place.number, Visitor(site=machine.site_url)
    wait_for_status(member, place, "assessed")

    # 六: the head and experts go and see; without that there is no finding.
    handler.fail(number, "investigate", "error.record_missing", **FINDING)
    see_for_oneself(handler, number)
    # 六: the time of the reply is agreed with the member.
    day = time_on(machine).astimezone(OFFICE).date() + timedelta(days=9)
    agreed = {"agree_day": f"{day}", "agree_time": "10:00"}
    handler.fail(number, "agree", "form.missing.field", **agreed)
    handler.do(number, "agree", **agreed, agree_words="与王阿姨电话约好。")
    assert f"{day}" in member.open(place.path).text
    head.refuse(number, "decide", "error.wrong_status", decision="approve")
    handler.do(number, "investigate", **FINDING)

    # 七: the head signs; 六: the superior agrees; before that nobody answers the member.
    handler.refuse(number, "decide", "error.own_investigation", decision="approve")
    office.refuse(number, "decide", "error.not_your_signature", decision="approve")
    quality.refuse(number, "decide", "error.not_your_signature", decision="approve")
    head.do(number, "decide", decision="approve")
    wait_for_status(member, place, "investigated")
    head.refuse(number, "decide", "error.signed_already", decision="approve")
    handler.refuse(number, "phone", "error.wrong_status", outcome="accepted", words="同意")
    assert FINDING["reply"] not in member.open(place.path).text
    assert letters(machine, address, number)[1:] == []
    office.do(number, "decide", decision="approve")
    assert FINDING["reply"] in words(letter(machine, address, "notice"))

    # 六: the member does not agree: negotiated until both do, and what was agreed is written down.
    refusal = {"outcome": "refused", "words": "要求厨师当面道歉。"}
    member.send(member.open(place.path), "/answer", refusal)
    until(lambda: handler.offered(number, "investigate"), "it is back")
    quality.refuse(number, "prove", "error.wrong_status", gate="verified", words="已改淡。")
    handle(people, number, reply="厨师今天当面道歉，汤已改淡。")
    handler.fail(number, "phone", "error.agreement_missing", outcome="accepted")
    wait_for_status(member, place, "approved")
    handler.do(number, "phone", outcome="accepted", words="同意：厨师已当面道歉，每周回访口味。")
    wait_for_status(member, place, "responded")

    # 七: verified by others than who handled it, and only then called back.
    for caller in (desk, quality):
        caller.refuse(
            number, "follow-up", "error.not_verified", outcome="satisfied", satisfaction="5"
        )
    handler.refuse(number, "prove", "error.own_proof", gate="verified", words="汤已改淡。")
    head.refuse(number, "prove", "error.gate_of_others", gate="verified", words="汤已改淡。")
    quality.fail(number, "prove", "form.missing.words", gate="verified")
    verify(people, number)
    handler.refuse(number, "follow-up", "error.not_allowed", outcome="satisfied", satisfaction="5")
    wait_for_status(member, place, "responded")
    assert archived(machine, number) == []
    desk.do(number, "follow-up", outcome="satisfied", satisfaction="5", words="满意")
    wait_for_status(member, place, "closed")
    [key] = archived(machine, number)
    assert key.startswith("archive/general/")


def test_who_is_not_satisfied_keeps_the_number(machine: Machine, people: People) -> None:
    """统计说明: over when the member is satisfied; who is not is heard again, under one number."""
    member = Visitor(site=machine.site_url)
    place = register(people["intake.chen"], phone="13800000103")
    number = place.number
    for outcome, score in (("dissatisfied", "1"), ("satisfied", "4")):
        handle(people, number)
        people["handler.zhou"].do(number, "phone", outcome="accepted", words="同意")
        verify(people, number)
        people["intake.chen"].do(
            number, "follow-up", outcome=outcome, satisfaction=score, words="第二天又咸了"
        )
        if outcome == "dissatisfied":
            sheet = until(lambda: people["handler.zhou"].offered(number, "investigate"), "back")
            assert T_ZH("staff.history.reopened") in sheet.text
            wait_for_status(member, place, "assessed")
    wait_for_status(member, place, "closed")


def test_an_unreasonable_complaint_ends_with_an_explanation(
    machine: Machine, people: People
) -> None:
    """六: it is called so for a reason, and explained with patience until the member accepts."""
    member, handler = Visitor(site=machine.site_url), people["handler.zhou"]
    place = register(
        people["intake.chen"], text="食堂不许我把整锅汤端回房间。", phone="13800000104"
    )
    number = place.number
    see_for_oneself(handler, number)
    unreasonable = {**FINDING, "nature": "unreasonable", "responsible": "no", "ground": "d"}
    handler.fail(number, "investigate", "error.nature_reason_missing", **unreasonable)
    handler.do(number, "investigate", **unreasonable, nature_reason="汤锅为全楼共用。")
    sign(people, number, "head.zhao", "general.office")
    handler.fail(number, "phone", "error.explanation_missing", outcome="accepted")
    wait_for_status(member, place, "approved")
    handler.do(number, "phone", outcome="accepted", words="说明汤锅共用、可送餐到房，会员理解。")
    verify(people, number)
    people["intake.chen"].do(number, "follow-up", outcome="satisfied", satisfaction="4")
    wait_for_status(member, place, "closed")


# ---- 五, 六, 七: what goes to the leaders ---------------------------------------------------


@pytest.mark.parametrize(
    "order", [("head.zhao", "manager.sun"), ("manager.sun", "head.zhao")], ids=["head", "leader"]
)
def test_leader_and_head_both_sign_a_major_complaint(
    machine: Machine, people: People, order: tuple[str, str]
) -> None:
    """七: leaders and head both sign what went to the leaders, in either order; 八: filed apart."""
    handler, member = people["handler.zhou"], Visitor(site=machine.site_url)
    place = register(people["intake.chen"])
    number = place.number
    see_for_oneself(handler, number)
    assess(people["quality.liu"], number, major="escalated")
    short = {**FINDING, "root_cause": ""}
    handler.fail(number, "investigate", "error.causes_missing", **short)
    handler.do(number, "investigate", **FINDING)
    people["general.office"].refuse(
        number, "decide", "error.not_your_signature", decision="approve"
    )
    sign(people, number, order[0])
    people[order[0]].refuse(number, "decide", "error.signed_already", decision="approve")
    wait_for_status(member, place, "investigated")
    sign(people, number, order[1])
    wait_for_status(member, place, "responded")
    verify(people, number)
    people["intake.chen"].do(number, "follow-up", outcome="satisfied", satisfaction="5")
    wait_for_status(member, place, "closed")
    [key] = archived(machine, number)
    assert key.startswith("archive/major/")


def test_nobody_signs_about_the_own_conduct(machine: Machine, people: People) -> None:
    """七: the head complained of neither sees nor signs it; somebody stands in for the head."""
    handler, head, member = (
        people["handler.zhou"],
        people["head.zhao"],
        Visitor(site=machine.site_url),
    )
    place = register(people["intake.chen"], text="膳食部负责人在食堂训斥老人。")
    number = place.number
    assess(people["quality.liu"], number, major="escalated", type="catering", department="catering")
    until(lambda: head.offered(number, "note"), "the head sees it")
    page = head.look(number)
    assess(people["quality.liu"], number, respondents="head.zhao")
    assert head.look(number).status == 404
    see_for_oneself(handler, number)
    handler.do(number, "investigate", **FINDING)
    forged = head.send(page, f"/{number}/note", {"text": "撤回"})
    assert forged.status == 404
    people["manager.sun"].do(number, "decide", decision="approve")
    wait_for_status(member, place, "investigated")
    people["quality.liu"].do(number, "decide", decision="approve")
    wait_for_status(member, place, "responded")


def test_what_remedies_do_not_settle_goes_up_and_is_handled_together(people: People) -> None:
    """六: reported to the leaders, who let people of several departments follow it up."""
    handler, manager = people["handler.zhou"], people["manager.sun"]
    number = register(people["intake.chen"]).number
    until(lambda: handler.offered(number, "escalate"), "it is assessed")
    assert manager.offered(number, "investigate") is None
    handler.fail(number, "escalate", "form.missing.field")
    handler.do(number, "escalate", why="换了菜单仍然咸，需要总经办协调。")
    people["quality.liu"].do(number, "escalate", why="补救两次无效，请领导组织。")
    people["general.office"].do(number, "escalate", why="请公司领导组织跟进。")
    until(lambda: manager.offered(number, "investigate"), "the leaders have it")
    handler.refuse(number, "group", "error.not_allowed", group_leader="handler.zhou")
    manager.do(number, "group", group_leader="head.zhao", group_members="handler.li")
    until(lambda: people["handler.li"].offered(number, "note"), "the other department sees it")
    see_for_oneself(people["head.zhao"], number)
    handler.refuse(number, "investigate", "error.leader_submits", **FINDING)
    people["head.zhao"].do(number, "investigate", **FINDING)


# ---- 统计说明: how complaints are counted ---------------------------------------------------


def test_one_matter_is_one_complaint_and_two_matters_are_two(
    machine: Machine, people: People
) -> None:
    """统计说明 3, 4: several members, one matter: counted once, all kept; two matters: twice."""
    desk, quality, member = (
        people["intake.chen"],
        people["quality.liu"],
        Visitor(site=machine.site_url),
    )
    first = register(desk, name="赵梅", phone="13800000111", email="zhao.mei@example.com")
    second = register(desk, name="钱兰", phone="13800000112", email="qian.lan@example.com")
    other = register(
        desk,
        name="赵梅",
        phone="13800000111",
        text="房间暖气不热，报修三天没有人来。",
        demand="修好暖气",
    )
    for place in (first, second, other):
        wait_for_status(member, place, "assessed")
    counted = received(machine)
    desk.refuse(second.number, "merge", "error.merge_not_allowed", into=first.number)
    quality.do(second.number, "merge", into=first.number)
    assert received(machine) == counted - 1
    sheet = quality.look(first.number).text
    assert T_ZH("staff.matter.lead", count=1, people=2) in sheet
    assert "钱兰" in sheet
    assert T_ZH("staff.matter.into", number=first.number) in quality.look(second.number).text
    assert other.number in sheet
    assert T_ZH("staff.matter.same_person") in sheet
    handle(people, first.number)
    wait_for_status(member, first, "approved")
    pass_time(machine, 0.25)
    sweep(machine)
    for address in ("zhao.mei@example.com", "qian.lan@example.com"):
        assert FINDING["reply"] in words(letter(machine, address, "notice"))
    wait_for_status(member, other, "assessed")


def test_every_day_is_taken_stock_of(machine: Machine, people: People) -> None:
    """五: by whatever way it came in, each evening it is counted, and what must not wait listed."""
    desk, member = people["intake.chen"], Visitor(site=machine.site_url)
    channels = ("visit", "letter", "box", "media", "department")
    came = [register(desk, channel=channel) for channel in channels]
    for place in came:
        wait_for_status(member, place, "assessed")
    made = invoke(machine, "ReportFunction", kind="day")
    subject = T_ZH("staff_letter.day_report.subject", day=made["report"])
    told_of = until(lambda: letters(machine, f"quality.liu@{MAIL_DOMAIN}", subject) or None, "it")
    assert f"{made['received']} 件" in words(told_of[-1])
    shown = people["quality.liu"].open(f"/staff/reports/{made['report']}")
    assert shown.status == 200
    assert all(place.number in shown.text for place in came)
    assert all(T_ZH(f"staff.channel.{channel}") in shown.text for channel in channels)
