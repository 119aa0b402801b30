"""The five procedures: each policy says what its procedure says, and files texts as it would.

The example texts are made up for these tests.
"""

from typing import get_args

import pytest

from complaints import cli
from complaints.assessment import assess, propose_department
from complaints.forms import COMPLAINT_FIELDS
from complaints.gates import openers
from complaints.models import Risk, Role, Urgency
from complaints.office import Office
from complaints.parts import Gate, RecordKind
from complaints.policy import Counted, Levels, Limit, Policy, RequiredField, load, names
from tests.builders import OFFICE, assessed

HOMES, UTILITY, SERVICE, PROPERTY, PROVIDER = (
    load(name)
    for name in (
        "senior-living",
        "utility",
        "service-industry",
        "property-management",
        "service-provider",
    )
)
ALL = (HOMES, UTILITY, SERVICE, PROPERTY, PROVIDER)
DAY = 24 * 60


def told(policy: Policy) -> list[str]:
    """Return the ladder of general complaints."""
    return [rung.to for rung in policy.escalation.ladder(is_major=False)]


def test_there_are_five() -> None:
    """One policy for each procedure, each with numbers of its own."""
    assert sorted(policy.name for policy in ALL) == names()
    assert len({policy.number.prefix for policy in ALL}) == len(ALL)


def test_the_home_asks_for_the_building_and_answers_as_agreed() -> None:
    """000 五, 六: the building number; the time agreed with the member."""
    assert "building" in HOMES.required_fields
    assert HOMES.clocks.solution_agreed
    assert HOMES.complainant.zh == "会员"


def test_the_home_signs_twice_and_calls_everybody() -> None:
    """000 六, 七: leader and head of the department; everybody but the exempt is called."""
    assert set(HOMES.sign_offs(is_major=True).signed_by) == {"department_head", "management"}
    assert HOMES.sign_offs(is_major=False).signed_by == ("department_head", "general_office")
    assert HOMES.follow_up.callback_share == 1
    assert set(HOMES.follow_up.exempt) == {"anonymous", "settled_on_spot"}
    assert HOMES.follow_up.quiet_days == 7
    assert {Gate.VERIFIED, Gate.SATISFIED} <= set(HOMES.closing_gates)
    assert told(HOMES) == ["quality_office", "general_office", "management"]
    assert HOMES.retention_years == 100
    assert {"daily", "monthly"} <= set(HOMES.reports)


def test_the_utility_has_nine_criteria_and_four_grounds() -> None:
    """001 1.2: in its own order; two of the nine are counted."""
    assert [one.code for one in UTILITY.major] == list("abcdefghi")
    assert [one.code for one in UTILITY.not_responsible] == list("abcd")
    counted = {one.code: one.counted for one in UTILITY.major if one.counted}
    assert counted == {
        "h": Counted(what="repeats", at_least=3),
        "i": Counted(what="people", at_least=5, hours=48),
    }


def test_the_utility_lets_four_things_not_go() -> None:
    """001 1.3.4 and 2: the four; the ladder of the service organisation."""
    four = {Gate.CAUSE, Gate.PERSON, Gate.TAUGHT, Gate.MEASURES}
    assert four <= set(UTILITY.closing_gates)
    assert told(UTILITY) == [
        "specialist",
        "quality_office",
        "office_director",
        "committee_director",
    ]
    assert UTILITY.role_of("committee_director") is Role.MANAGEMENT


def test_the_service_company_grades_by_urgency_and_risk() -> None:
    """002 2.2, 3.1, 3.2.2, 5.1.3: six letters, levels, one hour, limits by urgency."""
    assert [kind.code for kind in SERVICE.types] == list("ABCDEF")
    assert SERVICE.clocks.emergency == Limit(minutes=60)
    [major] = SERVICE.major
    assert major.levels == Levels(urgency=(Urgency.IMPORTANT, Urgency.URGENT), risk=(Risk.HIGH,))
    days = [SERVICE.clocks.solution.of(is_major=False, urgency=one) for one in Urgency]
    assert days == [Limit(working_days=3), Limit(working_days=2), Limit(working_days=1)]


def test_the_service_company_records_what_its_procedure_asks() -> None:
    """002 2.3.1, 4.1.2, 8.2.2: service, staff, time; a visit for major ones; five years."""
    assert {"service", "staff_involved", "occurred_on", "demand"} <= set(SERVICE.required_fields)
    visits = [one for one in SERVICE.records if one.kind is RecordKind.SITE_VISIT]
    assert [one.major_only for one in visits] == [True]
    assert SERVICE.retention_years == 5
    assert told(SERVICE) == ["department_head", "management"]


def test_the_property_office_says_a_word_in_two_days() -> None:
    """003 第3篇 3.4, 4.0: two days, three where others are involved; calendar days."""
    assert PROPERTY.clocks.contact == Limit(minutes=2 * DAY)
    assert PROPERTY.clocks.contact_other_body == Limit(minutes=3 * DAY)
    assert PROPERTY.clocks.solution_agreed
    assert "address" in PROPERTY.required_fields


def test_the_property_office_has_its_director_sign() -> None:
    """003 第2篇 2(1)③ to ⑨, 第3篇: director, customer service, manager; then the verifier."""
    assert PROPERTY.sign_offs(is_major=False).signed_by == ("director",)
    assert PROPERTY.sign_offs(is_major=True).signed_by == ("customer_service", "manager")
    assert told(PROPERTY) == ["director", "customer_service", "manager"]
    assert {Gate.OPINION, Gate.SIGNED, Gate.VERIFIED} <= set(PROPERTY.closing_gates)
    assert PROPERTY.proven_by == {Gate.SIGNED: "director", Gate.VERIFIED: "verifier"}
    assert [one.kind for one in PROPERTY.records] == [RecordKind.SITE_VISIT]
    assert PROPERTY.feedback_ways == ("phone",)


def test_a_gate_is_proven_by_whom_the_policy_names() -> None:
    """003: director and verifier; 000: the quality department; 001 names nobody."""
    complaint = assessed().complaint

    def opens(gate: Gate, policy: Policy) -> tuple[str, ...]:
        return openers(gate, complaint, Office(policy=policy, zone=OFFICE.zone))

    assert opens(Gate.SIGNED, PROPERTY) == ("director",)
    assert opens(Gate.VERIFIED, PROPERTY) == ("verifier",)
    assert opens(Gate.VERIFIED, HOMES) == ("quality_office",)
    assert opens(Gate.CAUSE, UTILITY) == ("quality_office", "department_head")


def test_the_provider_counts_what_it_calls_major() -> None:
    """004 三, 四: repeats and mass complaints; a public statement within 72 hours."""
    counted = {one.code: one.counted.what for one in PROVIDER.major if one.counted}
    assert counted == {"8": "repeats", "9": "people"}
    assert PROVIDER.find_criterion("amount")
    assert PROVIDER.group_incident.statement == Limit(minutes=72 * 60)


@pytest.mark.parametrize(
    ("policy", "text", "kind", "department"),
    [
        (HOMES, "夜里按铃半个小时护工都没来，老人摔倒在床边", "care", "community"),
        (HOMES, "护士给我母亲发错药了", "care", "community"),
        (HOMES, "这个星期的饭菜又咸又硬，我咬不动", "catering", "catering"),
        (HOMES, "管家一个月没换床单，洗衣房还弄丢了我的衣服", "housekeeping", "housekeeping"),
        (HOMES, "三号楼电梯坏了两天，轮椅下不了楼", "facilities", "housekeeping"),
        (HOMES, "浴室的扶手松动，报修了也没人来", "facilities", "housekeeping"),
        (HOMES, "前台说话很不耐烦，还冲老人吼", "attitude", "membership"),
        (HOMES, "床位费又涨价了，能不能说明收费标准", "other", "membership"),
        (HOMES, "建议增加周末的班车", "other", "membership"),
        (HOMES, "The meal was cold and the food is bad", "catering", "catering"),
        (UTILITY, "家里从昨天起没气，灶具点不着", "product", "key_accounts"),
        (UTILITY, "厨房有燃气味，报警器一直响", "product", "key_accounts"),
        (UTILITY, "新换的燃气表走得太快", "product", "key_accounts"),
        (UTILITY, "上门推销燃气保险，说必须买才通气", "marketing", "business"),
        (UTILITY, "安检员上门态度恶劣，说话难听", "service", "customer_service"),
        (UTILITY, "约好上午来抢修，师傅迟迟不来", "service", "customer_service"),
        (UTILITY, "这个月气费多收了，阶梯气价算得不对", "price", "business"),
        (UTILITY, "报装一个多月了还没开户通气", "marketing", "business"),
        (UTILITY, "There is no gas in our flat since this morning", "product", "key_accounts"),
        (SERVICE, "店员态度恶劣，骂客户", "A", "service"),
        (SERVICE, "房间又脏又旧，空调还坏了", "B", "service"),
        (SERVICE, "重复扣费，要求退还服务费", "C", "finance"),
        (SERVICE, "合同约定的内容没有兑现，虚假宣传", "D", "contracts"),
        (SERVICE, "保修期内送修两次都没修好，要求换货", "E", "contracts"),
        (SERVICE, "建议延长营业时间，能否增设自助机", "F", "service"),
        (PROPERTY, "12楼从早上开始停水，水管爆了", "water_power", "water_power"),
        (PROPERTY, "楼道灯不亮，电表跳闸", "water_power", "water_power"),
        (PROPERTY, "屋顶渗水，天花板墙皮脱落", "building", "maintenance"),
        (PROPERTY, "单元门的门锁坏了，关不上", "building", "maintenance"),
        (PROPERTY, "保安态度恶劣，访客随便进", "service", "property_service"),
        (PROPERTY, "保洁一周没来，楼道垃圾没人管", "service", "property_service"),
        (PROPERTY, "物业费涨价没有公示，停车费也乱收", "other", "property_service"),
        (PROPERTY, "楼上邻居半夜唱歌扰民", "other", "property_service"),
    ],
)
def test_a_text_goes_where_its_procedure_sends_it(
    policy: Policy, text: str, kind: str, department: str
) -> None:
    """The type by the words of the policy, and the department that handles it."""
    found = assess(text, policy)

    assert found.type == kind, found
    assert propose_department(found, policy) == department


@pytest.mark.parametrize(
    ("policy", "text", "code"),
    [
        (UTILITY, "管道漏气引起爆炸，家里着火了", "a"),
        (UTILITY, "维修员动手打人", "b"),
        (UTILITY, "故意拖着不来，还刁难我们", "c"),
        (UTILITY, "要我们帮忙干活才肯接通", "d"),
        (UTILITY, "安装时擅自收费两百元", "e"),
        (UTILITY, "抄表员以气谋私，索要好处费", "f"),
        (UTILITY, "这件事已被媒体曝光", "g"),
        (UTILITY, "这已经是第三次投诉了", "h"),
        (UTILITY, "整栋楼集体投诉停气", "i"),
        (HOMES, "同一件事反映多次，还是没有解决", "no_remedy"),
        (HOMES, "家属们联名投诉，已被媒体曝光", "escalated"),
        (PROVIDER, "收受红包", "6"),
    ],
)
def test_the_words_of_a_criterion_propose_it(policy: Policy, text: str, code: str) -> None:
    """Each criterion that a text can claim is found in a text that claims it."""
    assert code in assess(text, policy).major


@pytest.mark.parametrize("policy", ALL, ids=lambda policy: policy.name)
def test_what_is_dangerous_is_an_emergency_everywhere(policy: Policy) -> None:
    """004 五, 002 3.2: fire, gas and self-harm take the emergency path in every procedure."""
    for text in ("楼道着火了，有浓烟", "有人要跳楼", "家里燃气泄漏", "someone is on fire"):
        found = assess(text, policy)
        assert (found.urgency, found.risk) == (Urgency.URGENT, Risk.HIGH), text


@pytest.mark.parametrize("policy", ALL, ids=lambda policy: policy.name)
def test_praise_is_nothing_major(policy: Policy) -> None:
    """Words that only sound like a complaint shield those that are."""
    found = assess("服务态度很好，谢谢你们的帮助", policy)
    assert (found.urgency, found.risk, found.major) == (Urgency.GENERAL, Risk.LOW, ())


def test_whatever_a_policy_may_require_is_asked() -> None:
    """A field that no form has could not be required."""
    assert set(get_args(RequiredField)) <= {field.name for field in COMPLAINT_FIELDS}


@pytest.mark.parametrize("policy", ALL, ids=lambda policy: policy.name)
def test_each_type_has_words_enough(policy: Policy) -> None:
    """A type that nothing speaks for would never be proposed."""
    assert all(len(kind.words) >= 30 for kind in policy.types)


@pytest.mark.parametrize("policy", ALL, ids=lambda policy: policy.name)
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_each_procedure_is_shown_in_both_languages(
    policy: Policy, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`huiyin policy show`: every type, gate and rung, and no id of a text."""
    assert cli.main(["policy", "show", policy.name, "--language", language]) == 0
    shown = capsys.readouterr().out

    assert policy.reference in shown
    for kind in policy.types:
        assert kind.name.in_language(language) in shown
    for post in policy.posts:
        assert post.name.in_language(language) in shown
    assert "policy." not in shown
    assert "  " not in {line[:2] for line in shown.splitlines() if line and line[0] != " "}


def test_show_says_limits_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    """24 小时, 3 个工作日, 2 天; and in English one of them in the singular."""
    cli.main(["policy", "show", "property-management"])
    shown = capsys.readouterr().out
    assert all(words in shown for words in ("24 小时", "3 个工作日", "2 天", "3 天"))

    cli.main(["policy", "show", "property-management", "--language", "en"])
    shown = capsys.readouterr().out
    assert "1 working day later" in shown
    assert "3 working days" in shown


def test_columns_stand_below_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    """A Chinese character takes two columns: limits of one kind begin at one place."""
    cli.main(["policy", "show", "service-industry"])
    rows = [line for line in capsys.readouterr().out.splitlines() if "工作日" in line]
    begins = {
        sum(2 if ord(sign) > 255 else 1 for sign in line[: line.index(" 个工作日") - 1])
        for line in rows
        if line.startswith(("  反馈 ", "  验证 ", "  回访 ", "  通知单完成 "))
    }
    assert len(begins) == 1
