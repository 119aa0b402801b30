"""Time: a question nobody answers is asked again; a limit nobody keeps climbs the ladder."""

from collections.abc import Iterator

import pytest

from infra.local.machine import MAIL_DOMAIN, Machine, running
from tests.doors import (
    FINDING,
    T_ZH,
    Place,
    Visitor,
    check_sla,
    complain,
    faults,
    letters,
    pass_time,
    staff,
    until,
    wait_for_status,
    words,
)

pytestmark = pytest.mark.journey
WAIT = 3
"""Seconds after which this machine asks a question again."""


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Run a machine that asks again after seconds, and whose clock can be moved."""
    waits = {"WaitSeconds": f"{WAIT}"}
    with running(tmp_path_factory.mktemp("hasty"), parameters=waits) as started:
        yield started


def times_asked(machine: Machine, place: Place, state: str) -> int:
    """Return how often the workflow of a complaint entered a state."""
    workflow = machine.client("stepfunctions")
    arn = f"{machine.outputs['WorkflowArn'].replace(':stateMachine:', ':execution:')}"
    history = workflow.get_execution_history(executionArn=f"{arn}:{place.number}", maxResults=1000)
    details = [event.get("stateEnteredEventDetails", {}) for event in history["events"]]
    return sum(one.get("name") == state for one in details)


def test_a_question_that_nobody_answers_is_asked_again(hasty: Machine) -> None:
    """After the wait there is a new question, and an answer to it leads on to the end."""
    complainant = Visitor(site=hasty.site_url)
    place = complain(complainant, email="late.answers@example.com")
    until(lambda: times_asked(hasty, place, "Investigate") > 1 or None, "asked twice")
    staff(hasty, "handler.li").report(place.number, **FINDING)
    until(lambda: times_asked(hasty, place, "Approve") > 1 or None, "approval asked twice")
    staff(hasty, "head.wang").do(place.number, "decide", decision="approve")
    complainant.send(complainant.open(place.path), "/answer", {"outcome": "accepted"})
    survey = {"satisfied": "yes", "satisfaction": "5"}
    complainant.send(complainant.open(place.path), "/survey", survey)
    wait_for_status(complainant, place, "closed")
    assert faults(hasty) == []


def test_a_missed_limit_climbs_the_ladder_one_rung_a_period(hasty: Machine) -> None:
    """Reminder to who must act, then the head, then the quality office; never twice the same."""
    place = complain(Visitor(site=hasty.site_url), phone="13800000010")
    li = staff(hasty, "handler.li")
    li.do(place.number, "assign", investigator="handler.li")

    def told(username: str) -> int:
        return len(letters(hasty, f"{username}@{MAIL_DOMAIN}", place.number))

    check_sla(hasty)
    assert told("handler.li") == 0
    pass_time(hasty, 26)
    assert check_sla(hasty)["reminder"] >= 1
    assert (told("handler.li"), told("head.wang")) == (1, 0)
    assert check_sla(hasty)["escalation"] >= 1
    assert (told("handler.li"), told("head.wang"), told("quality.liu")) == (1, 1, 0)
    again = check_sla(hasty)
    assert again.get("reminder", 0) == again.get("escalation", 0) == 0
    pass_time(hasty, 24 * 19)
    check_sla(hasty)
    assert (told("handler.li"), told("head.wang"), told("quality.liu")) == (1, 1, 1)
    check_sla(hasty)
    assert told("manager.sun") == 1
    [escalation] = letters(hasty, f"quality.liu@{MAIL_DOMAIN}", place.number)
    assert f"/staff/complaints/{place.number}" in words(escalation)
    assert "前台态度" not in words(escalation)
    assert "13800000010" not in words(escalation)
    shown = staff(hasty, "head.wang").look(place.number).text.split('class="timeline"')[1]
    assert shown.count(T_ZH("staff.history.reminded")) == 1
    assert shown.count(T_ZH("staff.history.escalated")) == 3
    assert faults(hasty) == []


def test_a_session_ends_by_itself(hasty: Machine) -> None:
    """Who was signed in yesterday is asked to sign in again, and told why."""
    li = staff(hasty, "handler.li")
    pass_time(hasty, 24)
    asked = li.open("/staff")
    assert asked.page.find("/staff/sign-in")
    assert T_ZH("staff.sign_in.over") in asked.text
