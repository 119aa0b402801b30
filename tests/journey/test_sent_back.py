"""Ways back: no approval of one's own finding; rejected, refused, not satisfied: once more."""

import pytest

from infra.local.machine import Machine
from tests.doors import (
    FINDING,
    T_ZH,
    Place,
    Visitor,
    complain,
    letters,
    staff,
    until,
    wait_for_status,
)

pytestmark = pytest.mark.journey


def investigated(machine: Machine, by: str = "handler.li", **fields: str) -> Place:
    """Bring a new complaint to the desk of whoever approves."""
    place = complain(Visitor(site=machine.site_url), **fields)
    staff(machine, by).report(place.number, **FINDING)
    return place


def test_who_investigated_is_refused_the_approval(machine: Machine) -> None:
    """The head who investigated has no form, and a forged one is answered 403 with the reason."""
    place = investigated(machine, by="head.wang", phone="13800000004")
    head = staff(machine, "head.wang")
    assert head.offered(place.number, "decide") is None
    forged = head.force(place.number, "decide", decision="approve")
    assert forged.status == 403
    assert T_ZH("error.own_investigation") in forged.text
    wait_for_status(Visitor(site=machine.site_url), place, "investigated")


@pytest.mark.parametrize("username", ["handler.li", "head.zhao", "quality.liu", "auditor.qian"])
def test_only_the_head_of_the_department_approves(machine: Machine, username: str) -> None:
    """Another role or another department's head decides nothing, whatever is sent."""
    place = investigated(machine, phone="13800000005")
    member = staff(machine, username)
    assert member.offered(place.number, "decide") is None
    csrf = member.open("/staff").page.form("/sign-out").value("csrf")
    seen = staff(machine, "head.wang").look(place.number).page.form("/decide").value("seen")
    marks = {"csrf": csrf, "seen": seen, "form_id": "0" * 16}
    decision = {**marks, "decision": "approve"}
    forged = member.post(f"/staff/complaints/{place.number}/decide", decision)
    assert forged.status in {403, 404}
    wait_for_status(Visitor(site=machine.site_url), place, "investigated")


def test_a_rejection_with_its_reason_leads_back(machine: Machine) -> None:
    """The handler reads the reason and submits another finding, which is then approved."""
    place = investigated(machine, phone="13800000006")
    head, li = staff(machine, "head.wang"), staff(machine, "handler.li")
    form = head.offered(place.number, "decide")
    assert form
    bare = head.send(form, "/decide", {"decision": "reject"})
    assert bare.status == 422
    head.do(place.number, "decide", decision="reject", reason="没有说明时间经过，请补充。")
    sheet = until(lambda: li.offered(place.number, "investigate"), "it is back").text
    assert "没有说明时间经过，请补充。" in sheet
    assert T_ZH("staff.history.rejected") in sheet
    li.report(place.number, **{**FINDING, "facts": "上午十点，当班前台语气不当。"})
    head.do(place.number, "decide", decision="approve")
    wait_for_status(Visitor(site=machine.site_url), place, "approved")


def test_a_refused_reply_leads_back_to_another_one(machine: Machine) -> None:
    """The complainant's words reach the handler; the second reply is mailed and accepted."""
    complainant = Visitor(site=machine.site_url)
    place = investigated(machine, email="refuses@example.com")
    head, li = staff(machine, "head.wang"), staff(machine, "handler.li")
    head.do(place.number, "decide", decision="approve")
    refusal = {"outcome": "refused", "words": "道歉不够，请说明如何处分。"}
    complainant.send(complainant.open(place.path), "/answer", refusal)
    assert T_ZH("history.refused") in complainant.open(place.path).text
    assert T_ZH("track.again") in complainant.open(place.path).text
    sheet = until(lambda: li.offered(place.number, "investigate"), "it is back").text
    assert refusal["words"] in sheet
    assert T_ZH("staff.history.refused") in sheet
    li.report(place.number, **{**FINDING, "reply": "当事人已调离前台，再次致歉。"})
    head.do(place.number, "decide", decision="approve")
    notice = T_ZH("letter.notice.subject", number=place.number)
    until(lambda: letters(machine, "refuses@example.com", notice)[1:] or None, "two notices")
    answer = {"outcome": "accepted"}
    complainant.send(complainant.open(place.path), "/answer", answer)
    wait_for_status(complainant, place, "responded")


def test_who_is_not_satisfied_is_heard_again(machine: Machine) -> None:
    """A bad survey opens the complaint once more; the second round closes it."""
    complainant = Visitor(site=machine.site_url)
    place = investigated(machine, email="dissatisfied@example.com")
    head, li = staff(machine, "head.wang"), staff(machine, "handler.li")
    for satisfied, score in (("no", "1"), ("yes", "4")):
        head.do(place.number, "decide", decision="approve")
        complainant.send(complainant.open(place.path), "/answer", {"outcome": "accepted"})
        survey = {"satisfied": satisfied, "satisfaction": score, "words": "还要再看"}
        complainant.send(complainant.open(place.path), "/survey", survey)
        if satisfied == "no":
            sheet = until(lambda: li.offered(place.number, "investigate"), "it is back").text
            assert T_ZH("staff.history.reopened") in sheet
            li.report(place.number, **{**FINDING, "measures": "已回访并整改。"})
    wait_for_status(complainant, place, "closed")
    assert T_ZH("history.reopened") in complainant.open(place.path).text
