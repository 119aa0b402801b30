"""What the office does less often: an emergency, a group incident, a proxy, the policy, people."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from complaints.policy import load, source_file
from infra.local.machine import Machine, running
from tests.browser.conftest import PHONE, Open, Window
from tests.browser.test_staff import do, look, task, unfold
from tests.doors import T_ZH, Visitor, complain, letter, words

pytestmark = pytest.mark.browser
WRITTEN = source_file("service-provider").read_text(encoding="utf-8")
RETENTION = f"retention_years: {load('service-provider').retention_years}"
POLICY, PEOPLE, IMPORT = (
    f"form[action='/staff/{name}']" for name in ("policy", "people", "people-import")
)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Run a machine of its own: here the policy changes, and who works there."""
    with running(tmp_path_factory.mktemp("office")) as started:
        yield started


def complaint(machine: Machine, **fields: str) -> str:
    """Send the public form; return the number."""
    return complain(Visitor(site=machine.site_url), **fields).number


def refused(window: Window, form: str, **typed: str) -> None:
    """Send a form in which something is missing; the page says so, on top and beside a field."""
    window.expected = {422}
    window.submit(form, **typed)
    assert window.find("#errors").is_displayed()
    assert window.find(f"{form} .error").is_displayed()


def test_an_emergency_is_answered_and_turns_out_a_false_alarm(
    machine: Machine, window: Open
) -> None:
    """Who responds finds the form on top; what was done stands there; a withdrawal ends it."""
    number = complaint(machine, text="前台态度恶劣，有人持刀威胁服务员。", phone="13800000031")
    phone, office = window(PHONE), window()
    phone.sign_in("handler.li")
    form, step = task(number, "emergency-response"), task(number, "emergency-step")
    phone.wait_on(f"/staff/complaints/{number}", form)
    assert T_ZH("staff.now.emergency-response") in phone.text
    refused(phone, form, apology_way="phone")
    assert phone.has(f"{form} [value=phone]:checked")
    phone.shoot("phone-20-emergency")
    phone.submit(form, apology="已到场，向您致歉。")
    assert not phone.has(form)
    assert T_ZH("staff.emergency.answered") in phone.text
    refused(phone, step, measure_words="暂停入场。")
    assert phone.find("#measure_words").get_attribute("value") == "暂停入场。"
    phone.submit(step, measure="suspend_service")
    done = phone.find("#emergency .timeline").text
    for said in (T_ZH("staff.emergency.step.suspend_service"), "暂停入场。", "已到场，向您致歉。"):
        assert said in done

    office.sign_in("quality.liu")
    do(office, number, "emergency-withdraw", withdraw_reason="是道具刀。")
    assert T_ZH("staff.emergency.withdrawn") in office.find("#emergency").text
    assert T_ZH("staff.emergency.answered") not in office.text
    office.shoot("desk-20-false-alarm")


def test_a_group_incident_has_its_statement_and_one_update(machine: Machine, window: Open) -> None:
    """Who leads it is told what to do; the update goes out in the words that were typed."""
    number = complaint(machine, text="健身中心停业。", email="group@example.com", name="李娜")
    office, leader = window(), window()
    office.sign_in("quality.liu")
    do(office, number, "incident", incident_reason="多人在群里反映。")
    assert T_ZH("staff.note") in office.find("article.said:last-of-type").text
    leader.sign_in("manager.sun")
    assert leader.has(f"main a[href='/staff/complaints/{number}']")
    statement = task(number, "statement")
    leader.wait_on(f"/staff/complaints/{number}", statement)
    assert T_ZH("staff.now.statement") in leader.text
    refused(leader, statement, statement="设备检修，即日恢复。", published_in="官网公告")
    assert leader.find("#statement").get_attribute("value") == "设备检修，即日恢复。"
    at = datetime.now(ZoneInfo("Asia/Shanghai"))
    leader.submit(statement, published_at=f"{at:%Y-%m-%dT%H:%M}")
    assert T_ZH("staff.incident.published") in leader.find("#incident").text
    assert T_ZH("staff.now.statement") not in leader.text

    update = task(number, "update")
    office.open(f"/staff/complaints/{number}")
    unfold(office, update)
    assert office.find("#update").get_attribute("value") == ""
    refused(office, update)
    do(office, number, "update", update="停业已经结束，补偿三日内到账。")
    office.shoot("desk-21-incident")
    assert "停业已经结束，补偿三日内到账。" in words(letter(machine, "group@example.com", "update"))


def test_a_proxy_is_told_what_the_authority_allows(machine: Machine, window: Open) -> None:
    """Nothing at first; then what staff wrote down that may be told."""
    number = complaint(machine, phone="13800000032", name="王秀英")
    desk = window()
    desk.sign_in("quality.liu")
    look(desk, number)
    proxy, card = task(number, "proxy"), "#proxies"
    unfold(desk, proxy)
    refused(desk, proxy, proxy_name="王强", relation="child")
    assert T_ZH("form.missing.proxy_way") in desk.find("#errors").text
    assert desk.find("#proxy_name").get_attribute("value") == "王强"
    desk.submit(proxy, proxy_phone="13800000033")
    assert T_ZH("proxy.told.nothing") in desk.find(card).text
    do(desk, number, "authority", authority="spoken", may_be_told="everything")
    shown = desk.find(card).text
    for said in ("王强", T_ZH("proxy.relation.child"), T_ZH("proxy.told.everything")):
        assert said in shown
    desk.shoot("desk-22-proxy")


def hand_in(window: Window, written: str) -> None:
    """Paste a policy and have it checked."""
    window.open("/staff/policy")
    unfold(window, POLICY)
    script = "arguments[0].value = arguments[1]"
    window.driver.execute_script(script, window.find("#written"), written)
    window.press(f"{POLICY} button")


def test_a_policy_is_refused_compared_and_adopted(window: Open) -> None:
    """Where a file is wrong and what is allowed; then what changes, by whom and why."""
    desk = window()
    desk.sign_in("quality.liu")
    desk.expected = {422}
    hand_in(desk, WRITTEN.replace(RETENTION, "retention_years: soon"))
    line = WRITTEN[: WRITTEN.index(RETENTION)].count("\n") + 1
    row = desk.find(".notice-red tbody tr").text
    for said in (f"{line}", "retention_years", "soon", T_ZH("policy.allowed.integer")):
        assert said in row
    assert "retention_years: soon" in str(desk.find("#written").get_attribute("value"))
    desk.shoot("desk-23-policy-refused")

    hand_in(desk, WRITTEN.replace(RETENTION, "retention_years: 8"))
    changed = desk.find("main table").text
    assert T_ZH("policy.setting.retention_years") in changed
    assert RETENTION.partition(": ")[2] in changed
    desk.shoot("desk-24-policy-change")
    adopt = "main form.card"
    refused(desk, adopt)
    desk.submit(adopt, reason="按新办法延长保存。")
    newest = desk.find("main section.card:last-of-type details")
    assert "刘洋" in newest.text
    newest.find_element("css selector", "summary").click()
    assert "按新办法延长保存。" in newest.text
    assert T_ZH("policy.setting.retention_years") in newest.text
    desk.shoot("desk-25-policy-changes")


def test_people_are_imported_after_a_dry_run(window: Open, tmp_path: Path) -> None:
    """What is wrong by row and column, then what would change, then it is so."""
    desk, other = window(), window()
    desk.sign_in("admin")
    other.sign_in("quality.liu")
    desk.expected = {422}

    def check(table: str) -> None:
        file = tmp_path / "名单.csv"
        file.write_text(f"用户名,姓名,邮箱,部门,角色\n{table}", encoding="utf-8")
        desk.open("/staff/people")
        unfold(desk, IMPORT)
        desk.find("#table").send_keys(str(file))
        desk.press(f"{IMPORT} button")

    desk.open("/staff/people")
    unfold(desk, IMPORT)
    desk.press(f"{IMPORT} button")
    assert desk.find("#table-error").text == T_ZH("roster.empty")

    check("li.er,李二,li.er@example.com,服务部,老板\n")
    row = desk.find("main tbody tr").text
    for said in ("2", T_ZH("staff.people.roles"), "老板", "责任人"):
        assert said in row
    assert not desk.has(IMPORT)
    desk.shoot("desk-26-import-refused")

    check(
        "li.er,李二,li.er@example.com,服务部,责任人\nhandler.li,李明明,x@example.com,服务部,责任人\n"
    )
    assert "李二" in desk.text
    desk.shoot("desk-27-import-checked")
    other.open("/staff/people")
    assert not other.has("a[href='/staff/people/li.er']")
    desk.press(f"{IMPORT} button")
    assert T_ZH("staff.people.import.done") in desk.text
    desk.open("/staff/people")
    assert desk.find("a[href='/staff/people/li.er']").text == "李二"
    assert desk.find("a[href='/staff/people/handler.li']").text == "李明明"


def test_an_auditor_sees_who_complains_with_a_reason_and_once(
    machine: Machine, window: Open
) -> None:
    """Masked, then in plain for this page, then masked again; the quality office reads why."""
    number = complaint(machine, name="卡纳瑞", phone="13912345678", text="卡纳瑞说灯坏了。")
    auditor, office = window(PHONE), window()
    auditor.sign_in("auditor.qian")
    unmask = task(number, "unmask")
    auditor.wait_on(f"/staff/complaints/{number}", unmask)
    assert "卡**说灯坏了。" in auditor.text
    assert "卡纳瑞" not in auditor.text
    auditor.shoot("phone-28-masked")
    unfold(auditor, unmask)
    auditor.submit(unmask, unmask_reason="audit", unmask_words="核对回访电话")
    assert "13912345678" in auditor.text
    assert T_ZH("staff.unmasked") in auditor.text
    auditor.shoot("phone-29-unmasked")
    auditor.open(f"/staff/complaints/{number}")
    assert "13912345678" not in auditor.text

    office.sign_in("quality.liu")
    office.open(f"/staff/complaints/{number}/looks")
    for said in (T_ZH("staff.look.unmasked"), T_ZH("staff.unmask.audit"), "核对回访电话"):
        assert said in office.text
    office.shoot("desk-28-who-looked")
