"""Doors that stay shut: other people's complaints, forged forms, sessions that are over."""

import pytest

from infra.local.machine import Machine
from tests.doors import LONG_AGO, T_ZH, Staff, Visitor, complain, staff, until

pytestmark = pytest.mark.journey
NOBODYS = "TS-2026-999999-9"


def test_a_wrong_code_looks_like_a_number_that_does_not_exist(machine: Machine) -> None:
    """Nobody learns from the answer which numbers there are."""
    visitor = Visitor(site=machine.site_url)
    place = complain(visitor, phone="13800000007")
    wrong = visitor.open(f"/track/{place.number}/000000000000")
    unknown = visitor.open(f"/track/{NOBODYS}/000000000000")
    assert wrong.status == unknown.status == 404
    assert wrong.text.replace(place.number, NOBODYS) == unknown.text
    typed = {"number": place.number, "code": "0000-0000-0000"}
    looked_up = visitor.send(visitor.open("/track"), "/track", typed)
    assert looked_up.status == 404
    assert T_ZH("lookup.unknown") in looked_up.text


def test_a_complaint_of_another_department_looks_like_none(machine: Machine) -> None:
    """A handler opens what is the own department's; all else is 404, known or not."""
    place = complain(Visitor(site=machine.site_url), phone="13800000008")
    until(lambda: staff(machine, "handler.li").offered(place.number, "assign"), "it is assessed")
    wu = staff(machine, "handler.wu")
    theirs, nobodys = wu.look(place.number), wu.look(NOBODYS)
    assert theirs.status == nobodys.status == 404
    assert theirs.text.replace(place.number, NOBODYS) == nobodys.text
    csrf = wu.open("/staff").page.form("/sign-out").value("csrf")
    forged = wu.post(f"/staff/complaints/{place.number}/note", {"csrf": csrf, "text": "偷看"})
    assert forged.status == 404


@pytest.mark.parametrize("mark", [{}, {"csrf": "forged"}], ids=["no mark", "wrong mark"])
def test_a_form_without_the_mark_of_the_session_is_refused(
    machine: Machine, mark: dict[str, str]
) -> None:
    """Another site can't send a form in the name of whoever is signed in."""
    place = complain(Visitor(site=machine.site_url), phone="13800000009")
    li = staff(machine, "handler.li")
    until(lambda: li.offered(place.number, "note"), "it is assessed")
    forged = li.post(f"/staff/complaints/{place.number}/note", {**mark, "text": "伪造"})
    assert forged.status == 403
    assert "伪造" not in li.look(place.number).text


@pytest.mark.parametrize("cookie", [{}, {"__Host-huiyin": "x" * 43}], ids=["none", "unknown"])
def test_without_a_session_every_staff_page_leads_to_sign_in(
    machine: Machine, cookie: dict[str, str]
) -> None:
    """A session that is over, or never was, shows the sign-in page and nothing else."""
    stranger = Staff(site=machine.site_url, cookies=dict(cookie))
    for path in ("/staff", "/staff/archive", f"/staff/complaints/{NOBODYS}"):
        answer = stranger.open(path)
        assert answer.page.find("/staff/sign-in"), path
        assert (T_ZH("staff.sign_in.over") in answer.text) == bool(cookie)


def test_a_session_ends_with_the_sign_out(machine: Machine) -> None:
    """The cookie of before opens nothing afterwards."""
    li = staff(machine, "handler.li")
    cookies = dict(li.cookies)
    li.send(li.open("/staff"), "/staff/sign-out", {})
    copied = Staff(site=machine.site_url, cookies=cookies).open("/staff")
    assert copied.page.find("/staff/sign-in")


def test_a_wrong_password_says_no_more_than_that(machine: Machine) -> None:
    """An unknown name and a wrong password are answered alike."""
    answers = []
    for username in ("handler.li", "nobody.at.all"):
        someone = Visitor(site=machine.site_url)
        typed = {"username": username, "password": "wrong"}
        answer = someone.send(someone.open("/staff/sign-in"), "/staff/sign-in", typed)
        assert answer.status == 401
        answers.append(answer.text.replace(username, ""))
    assert answers[0] == answers[1]


def test_a_form_that_is_too_long_comes_back_with_its_words(machine: Machine) -> None:
    """422 beside the field, and nothing that was typed is lost."""
    visitor = Visitor(site=machine.site_url)
    long = "长" * 5001
    typed = {"text": long, "demand": "请道歉", "occurred_on": "2026-11-01", "asked_at": LONG_AGO}
    answer = visitor.send(visitor.open("/complain"), "/complain", typed)
    assert answer.status == 422
    assert answer.page.words["error"]
    form = answer.page.form("/complain")
    assert form.value("text").strip() == long
    assert form.value("demand") == "请道歉"


def test_a_form_with_nothing_in_it_names_what_is_missing(machine: Machine) -> None:
    """Each missing field has its sentence; no complaint is made."""
    visitor = Visitor(site=machine.site_url)
    answer = visitor.send(visitor.open("/complain"), "/complain", {"asked_at": LONG_AGO})
    assert answer.status == 422
    assert len(answer.page.words["error"]) >= 3


def test_only_staff_of_the_right_role_open_the_special_pages(machine: Machine) -> None:
    """People and archive are not for handlers; an auditor adds nothing."""
    li, auditor = staff(machine, "handler.li"), staff(machine, "auditor.qian")
    assert li.open("/staff/people").status == 403
    assert li.open("/staff/archive").status == 403
    assert auditor.open("/staff/register").status == 403
    assert auditor.open("/staff/archive").status == 200
