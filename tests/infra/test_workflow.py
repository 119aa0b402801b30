"""The workflow: six states from a mail to the archive, and no wait without an end."""

import json
import re
from typing import Any

import pytest

from tests.infra.templates import RESOURCES, ROOT

SUBSTITUTED = RESOURCES["Workflow"]["Properties"]["DefinitionSubstitutions"]
TEXT = (ROOT / "infra/workflow.asl.json").read_text(encoding="utf-8")
# A substitution stands inside a string, or in place of a number.
MACHINE: dict[str, Any] = json.loads(
    re.sub(r"\$\{(\w+)\}", r"\1", re.sub(r": \$\{\w+\}", ": 9", TEXT))
)
STATES: dict[str, dict[str, Any]] = MACHINE["States"]
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
WAITS = {name: state for name, state in TASKS.items() if "waitForTaskToken" in state["Resource"]}
HAPPY = ["Classify", "Investigate", "Approve", "Notify", "FollowUp", "Archive"]


def test_the_happy_path_enters_six_states() -> None:
    """State transitions are what a run costs."""
    name, entered = MACHINE["StartAt"], []
    while True:
        entered.append(name)
        if STATES[name].get("End"):
            break
        name = STATES[name]["Next"]
    assert entered == HAPPY


def test_a_state_is_a_folder_of_functions() -> None:
    """One word for one stage: state, folder, substitution, function."""
    for name in TASKS:
        assert STATES[name]["Parameters"]["FunctionName"] == f"{name}Function"
        folder = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        assert (ROOT / "functions" / folder / "handler.py").is_file()
        assert SUBSTITUTED[f"{name}Function"] == {"Fn::GetAtt": f"{name}Function.Arn"}


def test_every_substitution_is_given_and_used() -> None:
    """CloudFormation leaves one that is not given as it stands."""
    assert set(re.findall(r"\$\{(\w+)\}", TEXT)) == set(SUBSTITUTED)


@pytest.mark.parametrize("name", list(STATES))
def test_every_state_says_what_it_is_for(name: str) -> None:
    """In one sentence, with who answers."""
    assert STATES[name]["Comment"]


@pytest.mark.parametrize("name", list(TASKS))
def test_every_task_is_tried_again_and_caught(name: str) -> None:
    """What passes is tried again, what does not stops where an alarm sees it."""
    state = STATES[name]
    retried = {error for retry in state["Retry"] for error in retry["ErrorEquals"]}
    assert {"Lambda.ServiceException", "Lambda.TooManyRequestsException"} <= retried
    assert "States.ALL" not in retried
    assert all(retry["JitterStrategy"] == "FULL" for retry in state["Retry"])
    assert state["Catch"][-1] == {
        "ErrorEquals": ["States.ALL"],
        "ResultPath": None,
        "Next": "Stopped",
    }
    assert state["TimeoutSeconds"]


@pytest.mark.parametrize("name", list(WAITS))
def test_every_wait_for_a_person_ends(name: str) -> None:
    """It is asked again when it ran out, and sent back to Investigate when the answer says so."""
    caught = {error: one["Next"] for one in STATES[name]["Catch"] for error in one["ErrorEquals"]}
    assert caught["SentBack"] == "Investigate"
    assert caught["States.Timeout"] == name
    assert '"TimeoutSeconds": ${WaitSeconds}' in TEXT
    assert TEXT.count("${WaitSeconds}") == len(WAITS)


def test_the_waits_are_those_that_people_answer() -> None:
    """Classify and Archive wait for nobody."""
    assert list(WAITS) == ["Investigate", "Approve", "Notify", "FollowUp"]


@pytest.mark.parametrize("name", list(TASKS))
def test_only_the_number_travels(name: str) -> None:
    """No text, no person: a history of execution can't be erased."""
    payload = STATES[name]["Parameters"]["Payload"]
    expected = {"complaint_id.$": "$.complaint_id"}
    if name in WAITS:
        expected["task_token.$"] = "$$.Task.Token"
    assert payload == expected
    assert STATES[name]["ResultPath"] is None


def test_every_state_is_reached_and_known() -> None:
    """No state is left over, none is missing."""
    named = {MACHINE["StartAt"]}
    for state in STATES.values():
        named |= {state["Next"]} if "Next" in state else set()
        named |= {one["Next"] for one in state.get("Catch", [])}
    assert named == set(STATES)


def test_a_run_ends_within_the_year() -> None:
    """That is how long AWS keeps one open; check_sla begins another then."""
    assert MACHINE["TimeoutSeconds"] <= 365 * 24 * 3600


def test_what_stops_is_seen() -> None:
    """A Fail state makes the metric that the alarm watches."""
    assert STATES["Stopped"]["Type"] == "Fail"
    assert STATES["Stopped"]["Error"] == "WorkflowStopped"
