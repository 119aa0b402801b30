"""002 服务业客户投诉处理标准与程序: its own text, from the form to the file, gate by gate."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import pytest

from complaints.verify_bag import by_itself
from infra.local.machine import MAIL_DOMAIN, Machine
from tests.doors import (
    LONG_AGO,
    T_ZH,
    Answer,
    People,
    Place,
    Visitor,
    archived,
    check_sla,
    complain,
    letter,
    letters,
    mail,
    place_in,
    post,
    status_at,
    sweep,
    until,
    wait_for_status,
    words,
)

pytestmark = pytest.mark.journey
DAY = 24
SERVICE = {"service": "会员年卡", "staff_involved": "收银员小赵"}
GRAVE = "年卡重复收费，收费不合理，客服还一直骚扰我，我要找媒体曝光。"
"""A matter of charges, important by its harassment and of high risk by the media: a major one."""
FINDING = {
    "facts": "系统记录显示同一张年卡扣款两次。",
    "cause": "续费接口超时后重发",
    "indirect_cause": "收银台没有核对流水",
    "root_cause": "上线前没有对账的规定",
    "responsible": "yes",
    "measures": "退还多收的一次，接口加去重。",
    "reply": "经查重复扣款属实，向您道歉并退还多收款项。",
}
ALTERNATIVE = "无法再退款，向您致歉；可另选延长年卡一个月或赠送课程两次。"
RECORDS = {
    "interview": "与收银员和客户分别谈话。",
    "document": "查阅扣款流水与会员合同。",
    "site_visit": "到门店收银台现场查看。",
}


@pytest.fixture(scope="module")
def machine(machine_of: Callable[..., Machine]) -> Machine:
    """Run a service company."""
    return machine_of("service-industry")


@pytest.fixture
def people(machine: Machine) -> People:
    """Return the staff of the company, by user name."""
    return People(machine)


def told_of_emergency(machine: Machine, username: str, number: str) -> list[str] | None:
    """Return the alarms that a member of staff got about a complaint; None while there is none."""
    return told(machine, username, "emergency", number) or None


def told(machine: Machine, username: str, kind: str, number: str) -> list[str]:
    """Return the letters of a kind that a member of staff got about a complaint."""
    subject = T_ZH(f"staff_letter.{kind}.subject", number=number)
    return [words(one) for one in letters(machine, f"{username}@{MAIL_DOMAIN}", subject)]


def keep_records(people: People, username: str, number: str, *kinds: str) -> None:
    """Keep the records of an investigation (4.1.2 to 4.1.4)."""
    for kind in kinds:
        people[username].do(number, "record", record_kind=kind, record_words=RECORDS[kind])


def asked(sheet: Answer, number: str, **changed: str) -> dict[str, str]:
    """Return what the form of the assessment holds, with changes."""
    form = sheet.page.form(f"/{number}/assess")
    held = ("type", "department", "urgency", "risk")
    return {name: form.value(name) for name in held} | changed


def answer_to(sheet: Answer, number: str) -> dict[str, str]:
    """Return the form in which a body outside is answered, filled in."""
    form = sheet.page.form(f"/{number}/outside-answer")
    return {"answered_case": form.value("answered_case"), "answered_words": "已答复。"}


def has_answer(complainant: Visitor, place: Place) -> Answer | None:
    """Return the tracking page once it asks whether the reply is accepted."""
    page = complainant.open(place.path)
    return page if page.page.find("/answer") else None


def handle(people: People, username: str, number: str, signer: str) -> None:
    """Investigate with every record, and let one sign."""
    keep_records(people, username, number, *RECORDS)
    people[username].do(number, "investigate", **FINDING)
    people[signer].do(number, "decide", decision="approve")


def filed(machine: Machine, place: Place) -> str:
    """Return the key of the bundle, after checking that it is whole and kept for five years."""
    s3, bucket = machine.client("s3"), machine.outputs["ArchiveBucket"]
    [key] = archived(machine, place.number)
    content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    assert by_itself(io.BytesIO(content), key).finding.ok
    retention = s3.get_object_retention(Bucket=bucket, Key=key)["Retention"]
    assert retention["Mode"] == "COMPLIANCE"
    assert (retention["RetainUntilDate"] - datetime.now(UTC)).days >= 5 * 365
    return key


# ---- 2 and 3.1: taken in, classified, graded ------------------------------------------------


def test_service_staff_time_and_demand_are_asked_for(machine: Machine) -> None:
    """2.3.1: without any of the particulars there is no complaint; with all there is a number."""
    visitor = Visitor(site=machine.site_url)
    page = visitor.open("/complain")
    whole = {
        **SERVICE,
        "text": "前台态度恶劣，不耐烦。",
        "occurred_on": "2026-11-01",
        "demand": "请道歉",
        "phone": "13800002001",
        "asked_at": LONG_AGO,
    }
    for missing in (*SERVICE, "occurred_on", "demand", "text"):
        answer = visitor.send(page, "/complain", {**whole, missing: ""})
        assert answer.status == 422, missing
        sentence = "form.missing.text" if missing == "text" else "form.missing.field"
        assert answer.page.words["error"] == [T_ZH(sentence)], missing
    taken = visitor.send(page, "/complain", whole)
    assert place_in(taken.address).number.startswith("FW-")


@pytest.mark.parametrize(
    ("code", "text", "word"),
    [
        ("A", "前台服务员爱理不理，还翻白眼。", "爱理不理"),
        ("B", "房间不干净，有异味。", "不干净"),
        ("C", "停车场多收了我二十元，乱收费。", "乱收费"),
        ("D", "合同约定送两次，你们违约不送。", "合同约定"),
        ("E", "送修一个月没修好，保修期内还要收钱。", "没修好"),
        ("F", "建议大堂增设饮水机。", "增设"),
    ],
    ids=list("ABCDEF"),
)
def test_each_type_is_found_by_its_words_and_staff_correct_it(
    machine: Machine, people: People, code: str, text: str, word: str
) -> None:
    """2.2: the letter is assigned with its words and how sure they are; a person's word counts."""
    place = complain(Visitor(site=machine.site_url), text=text, phone="13800002002", **SERVICE)
    quality, number = people["quality.liu"], place.number
    sheet = until(lambda: quality.offered(number, "assess"), "it is assessed")
    assert asked(sheet, number)["type"] == code
    assert T_ZH("staff.reasons") in sheet.text
    assert f'<span class="word">{word}</span>' in sheet.text
    assert T_ZH("staff.confidence") in sheet.text
    other = "B" if code == "A" else "A"
    assert quality.force(number, "assess", **asked(sheet, number, type="G")).status == 422
    quality.do(number, "assess", type=other)
    corrected = quality.look(number)
    assert asked(corrected, number)["type"] == other
    assert T_ZH("staff.confidence") not in corrected.text
    assert T_ZH("staff.history.assessment_corrected") in quality.history(number)


def test_urgency_gives_the_limit_and_with_the_risk_makes_it_major(
    machine: Machine, people: People
) -> None:
    """3.1.2 to 3.1.4, 5.1.3: three, two, one working day; important and high risk is major."""
    place = complain(Visitor(site=machine.site_url), phone="13800002003", **SERVICE)
    quality, number = people["quality.liu"], place.number
    keep_records(people, "handler.li", number, "interview", "document")
    people["handler.li"].do(number, "investigate", **FINDING)
    for urgency, risk, days, severity, signer in (
        ("general", "high", 3, "general", "head.wang"),
        ("important", "medium", 2, "general", "head.wang"),
        ("important", "high", 2, "major", "manager.sun"),
        ("urgent", "high", 1, "major", "manager.sun"),
        ("general", "low", 3, "general", "head.wang"),
    ):
        quality.do(number, "assess", urgency=urgency, risk=risk)
        sheet = quality.look(number)
        assert T_ZH("arithmetic.working_days", count=days) in sheet.text, urgency
        assert T_ZH(f"staff.severity.{severity}") in sheet.page.words["pill"], (urgency, risk)
        other = {"head.wang": "manager.sun", "manager.sun": "head.wang"}[signer]
        assert people[signer].offered(number, "decide"), (urgency, risk)
        people[other].refuse(number, "decide", "error.not_your_signature", decision="approve")


def test_what_the_consumer_association_hands_over_keeps_its_number_and_its_limit(
    machine: Machine, people: People
) -> None:
    """2.1.5: noted by the desk with their number, once; answered with words, by whom it handles."""
    desk, visitor = people["intake.chen"], Visitor(site=machine.site_url)
    places = [complain(visitor, phone=f"1380000201{one}", **SERVICE) for one in (1, 2)]
    number, other = (place.number for place in places)
    case = {"outside_body": "consumer_association", "outside_number": "XF-2026-881"}
    for one in (number, other):
        until(partial(desk.offered, one, "outside"), "the desk may note it")
    desk.fail(number, "outside", "form.missing.field", **{**case, "outside_number": ""})
    unknown = {**case, "outside_body": "court", "outside_received": "2026-11-20T10:00"}
    assert desk.force(number, "outside", **unknown).status == 422
    desk.do(number, "outside", **case)
    desk.fail(other, "outside", "error.conflict", **case)
    li = people["handler.li"]
    sheet = until(lambda: li.offered(number, "outside-answer"), "it waits for an answer")
    assert case["outside_number"] in sheet.text
    assert T_ZH("staff.outside.open") in sheet.page.words["pill"]
    desk.refuse(number, "outside-answer", "error.not_allowed", **answer_to(sheet, number))
    li.fail(number, "outside-answer", "form.missing.field", answered_words="")
    li.do(number, "outside-answer", answered_words="已与客户和解，附和解书。")
    assert T_ZH("staff.outside.answered") in li.look(number).page.words["pill"]
    assert li.offered(number, "outside-answer") is None


# ---- 3.2: an emergency ----------------------------------------------------------------------


def test_an_emergency_in_a_mail_runs_its_own_way_and_ends_with_a_call(
    machine: Machine, people: People
) -> None:
    """3.2: found at once, answered with an apology, measures told upwards, called in the end."""
    sender = "emergency.002@example.com"
    post(machine, mail(sender, "餐厅吃饭后食物中毒", "我们一家在你们餐厅食物中毒，孩子昏迷送医。"))
    place = place_in(words(letter(machine, sender, "acknowledgement")))
    number, superiors = place.number, ("head.wang", "quality.liu", "manager.sun")
    for username in superiors:
        until(partial(told_of_emergency, machine, username, number), username)
    li, manager = people["handler.li"], people["manager.sun"]
    sheet = li.look(number)
    assert T_ZH("staff.urgency.urgent") in sheet.page.words["pill"]
    assert T_ZH("staff.severity.major") in sheet.page.words["pill"]
    assert T_ZH("clock.emergency") in sheet.text
    assert T_ZH("arithmetic.minutes", count=60) in sheet.text

    # 3.2.2: a response has its words, and is given once.
    li.fail(number, "emergency-response", "form.missing.field", apology_way="letter", apology="")
    apology = "我们非常抱歉，已联系医院，负责人正赶来陪同。"
    li.do(number, "emergency-response", apology_way="letter", apology=apology)
    assert apology in words(letter(machine, sender, "apology"))
    li.refuse(
        number, "emergency-response", "error.emergency_none", apology_way="phone", apology=apology
    )
    # 3.2.3, 3.2.4: a measure that the procedure knows, told to who leads as it is taken.
    measure = {"measure_words": "该门店已停业，留样送检。"}
    assert len(told(machine, "manager.sun", "emergency_news", number)) == 1
    assert li.force(number, "emergency-step", **measure, measure="evacuate").status == 422
    li.do(number, "emergency-step", **measure, measure="suspend_service")
    for username in superiors:
        assert len(told(machine, username, "emergency_news", number)) == 2, username
    assert T_ZH("staff.emergency.step.suspend_service") in manager.look(number).text
    assert measure["measure_words"] in manager.look(number).text

    handle(people, "handler.li", number, "manager.sun")
    complainant = Visitor(site=machine.site_url)
    until(lambda: has_answer(complainant, place), "the reply is there")
    people["quality.liu"].refuse(
        number, "follow-up", "error.wrong_status", outcome="satisfied", satisfaction="5"
    )
    complainant.send(complainant.open(place.path), "/answer", {"outcome": "accepted"})
    wait_for_status(complainant, place, "responded")
    # 3.2.5: silence closes everything else; an emergency waits for the call, and says so.
    people.pass_time(8 * DAY)
    sweep(machine)
    assert status_at(complainant, place) == T_ZH("status.responded")
    assert told(machine, "quality.liu", "reminder", number)
    heard = {"outcome": "satisfied", "satisfaction": "4", "words": "孩子已出院，处理可以。"}
    people["handler.li"].refuse(number, "follow-up", "error.not_allowed", **heard)
    people["quality.liu"].fail(
        number, "follow-up", "form.missing.satisfaction", outcome="satisfied", words=heard["words"]
    )
    people["quality.liu"].do(number, "follow-up", **heard)
    wait_for_status(complainant, place, "closed")
    assert filed(machine, place).startswith("archive/major/2026/B/")


def test_an_emergency_that_nobody_answers_climbs_after_its_hour(
    machine: Machine, people: People
) -> None:
    """3.2.2: reminded within the hour, told to the head after it; what comes then is late."""
    text = "健身房跑步机漏电，有人触电昏迷！"
    place = complain(Visitor(site=machine.site_url), text=text, phone="13800002005", **SERVICE)
    number, limit = place.number, T_ZH("clock.emergency")
    until(lambda: told(machine, "manager.sun", "emergency", number) or None, "the alarm")
    people.pass_time(0.9)
    check_sla(machine)
    assert [limit in one for one in told(machine, "handler.li", "reminder", number)] == [True]
    assert told(machine, "head.wang", "escalation", number) == []
    people.pass_time(0.2)
    check_sla(machine)
    assert [limit in one for one in told(machine, "head.wang", "escalation", number)] == [True]
    apology = "非常抱歉，我们来晚了，已派人到现场。"
    people["handler.li"].do(number, "emergency-response", apology_way="phone", apology=apology)
    [line] = [
        one
        for one in people["handler.li"].history(number).split("<li>")
        if T_ZH("staff.history.emergency_answered") in one
    ]
    assert T_ZH("staff.fact.late") in line


# ---- from the form to the file --------------------------------------------------------------


def test_service_industry_from_the_form_to_the_archive(machine: Machine, people: People) -> None:
    """2 to 8: a major matter of two departments, passed up, handled jointly, refused, agreed."""
    sender = "year.card@example.com"
    complainant = Visitor(site=machine.site_url)
    place = complain(complainant, text=GRAVE, email=sender, phone="13800002004", **SERVICE)
    assert place.number in letter(machine, sender, "acknowledgement")["Subject"]
    sheet = until(lambda: people["handler.wu"].offered(place.number, "assess"), "it is assessed")
    graded = asked(sheet, place.number)
    assert (graded["type"], graded["department"]) == ("C", "finance")
    assert (graded["urgency"], graded["risk"]) == ("important", "high")
    assert T_ZH("staff.severity.major") in sheet.page.words["pill"]
    assert people["handler.li"].look(place.number).status == 404

    find_out(people, place.number)
    pass_up(machine, people, place.number)
    handle_jointly(machine, people, place.number)
    sign(people, place.number)
    assert FINDING["reply"] in words(letter(machine, sender, "notice"))
    refuse_and_agree(people, complainant, place)
    notice = T_ZH("letter.notice.subject", number=place.number)
    assert ALTERNATIVE in words(letters(machine, sender, notice)[-1])
    assert letter(machine, sender, "survey")
    close(people, complainant, place)
    # 8.2: filed by category for five years.
    assert filed(machine, place).startswith("archive/major/2026/C/")


def find_out(people: People, number: str) -> None:
    """4.1.2 to 4.1.4: nothing is found out without talks, documents and, as it is major, a visit.

    The visit is left to the joint group.
    """
    wu = people["handler.wu"]
    for kind in ("interview", "document"):
        wu.fail(number, "investigate", "error.record_missing", **FINDING)
        keep_records(people, "handler.wu", number, kind)
    page = wu.offered(number, "investigate")
    assert page
    refused = wu.send(page, f"/{number}/investigate", FINDING)
    visit = T_ZH("error.record_missing", record=T_ZH("staff.record.site_visit"))
    assert (refused.status, visit in refused.text) == (422, True)


def pass_up(machine: Machine, people: People, number: str) -> None:
    """3.3.1: what the department can't solve goes to the superior, rung by rung, with a reason."""
    wu, head = people["handler.wu"], people["head.zheng"]
    wu.fail(number, "escalate", "form.missing.field", why="")
    wu.do(number, "escalate", why="接口问题需合同部配合，本部门无法独立解决。")
    assert len(told(machine, "head.zheng", "by_hand", number)) == 1
    assert told(machine, "manager.sun", "by_hand", number) == []
    head.do(number, "escalate", why="涉及两个部门，请上级协调。")
    assert len(told(machine, "manager.sun", "by_hand", number)) == 1
    assert "涉及两个部门" in people["manager.sun"].look(number).text


def handle_jointly(machine: Machine, people: People, number: str) -> None:
    """3.3.2, 3.3.3: the superior forms the group; its leader reports, after all work orders."""
    wu, xu, manager = people["handler.wu"], people["handler.xu"], people["manager.sun"]
    group = {"group_leader": "handler.wu", "group_members": "handler.xu"}
    wu.refuse(number, "group", "error.not_allowed", **group)
    manager.fail(number, "group", "error.group_size", group_leader="handler.wu")
    manager.do(number, "group", **group)
    assert len(told(machine, "handler.xu", "grouped", number)) == 1
    # 3.3.4: who is in the group has what the others have.
    assert RECORDS["interview"] in xu.look(number).text
    keep_records(people, "handler.xu", number, "site_visit")
    xu.refuse(number, "investigate", "error.leader_submits", **FINDING)
    order = {"order_department": "contracts", "order_task": "核对年卡合同的续费条款。"}
    wu.do(number, "order", **order)
    assert len(told(machine, "head.gao", "ordered", number)) == 1
    wu.fail(number, "investigate", "error.order_open", **FINDING)
    xu.fail(number, "work", "form.missing.field", work_step="complete", work_result="")
    xu.do(number, "work", work_step="complete", work_result="条款已核对，续费须书面同意。")
    # 4.2.2, 4.2.3: of a major one the deeper causes too.
    for cause in ("indirect_cause", "root_cause"):
        wu.fail(number, "investigate", "error.causes_missing", **{**FINDING, cause: ""})
    manager.refuse(number, "decide", "error.wrong_status", decision="approve")
    wu.do(number, "investigate", **FINDING)
    assert T_ZH("arithmetic.working_days", count=2) in manager.look(number).text


def sign(people: People, number: str) -> None:
    """3.3.1: the superior signs, and nobody for the own work; before it nothing is told."""
    people["handler.wu"].refuse(number, "decide", "error.own_investigation", decision="approve")
    people["head.zheng"].refuse(number, "decide", "error.not_your_signature", decision="approve")
    people["handler.wu"].refuse(number, "phone", "error.wrong_status", outcome="accepted")
    manager = people["manager.sun"]
    manager.fail(number, "decide", "form.missing.field", decision="reject", reason="")
    manager.do(number, "decide", decision="approve")


def refuse_and_agree(people: People, complainant: Visitor, place: Place) -> None:
    """7.2.2: what does not satisfy is answered by something else, until that is agreed."""
    number, wu = place.number, people["handler.wu"]
    page = until(lambda: has_answer(complainant, place), "the reply is there")
    refusal = {"outcome": "refused", "words": "只退款不够，请延长年卡。"}
    assert complainant.send(page, "/answer", {**refusal, "words": ""}).status == 422
    complainant.send(page, "/answer", refusal)
    sheet = until(lambda: wu.offered(number, "investigate"), "it is back")
    assert refusal["words"] in sheet.text
    people["manager.sun"].refuse(number, "decide", "error.wrong_status", decision="approve")
    wu.do(number, "investigate", **{**FINDING, "reply": ALTERNATIVE})
    people["manager.sun"].do(number, "decide", decision="approve")
    wu.fail(number, "phone", "error.agreement_missing", outcome="accepted", words="")
    wu.do(number, "phone", outcome="accepted", words="同意延长一个月。")
    wait_for_status(complainant, place, "responded")


def close(people: People, complainant: Visitor, place: Place) -> None:
    """6.3.2, 7.2.3: closed by a satisfied customer, and by nobody who had a part in it."""
    for username in ("handler.wu", "head.zheng", "manager.sun"):
        people[username].refuse(
            place.number, "follow-up", "error.not_allowed", outcome="satisfied", satisfaction="5"
        )
    survey = complainant.open(place.path)
    assert complainant.send(survey, "/survey", {"satisfied": "yes"}).status == 422
    complainant.send(survey, "/survey", {"satisfied": "yes", "satisfaction": "5"})
    wait_for_status(complainant, place, "closed")
