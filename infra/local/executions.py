"""Lets the workflows of the emulator outlive a restart, and fail as they do on AWS.

ministack calls every execution that was running when it stopped FAILED. On AWS a complaint that
waits for a person goes on waiting, so here an execution goes on with the state that it was in: a
state that waits for an answer keeps its task token and what is left of its time and asks nobody
again; any other state is entered again, which our functions take as a harmless repeat.

Two more differences are levelled: an error in the function that hands out a task token fails the
state at once (ministack waits for the timeout), and `TimeoutSecondsPath` is read.
"""

import contextvars
import json
import threading
import time
from typing import Any

NO_TIMEOUT = 99_999_999
WAITING = "waiting"
"""Where an execution keeps what its callback waits for: token, until, asked."""

_thread = threading.local()


def bridge() -> None:  # noqa: C901 - six small functions, no long one
    """Change ministack's Step Functions in these three points."""
    from ministack.services import stepfunctions

    load, task, callback, call_lambda = (
        stepfunctions.load_persisted_state,
        stepfunctions._execute_task,
        stepfunctions._invoke_with_callback,
        stepfunctions._call_lambda,
    )

    def load_and_go_on(state: dict[str, Any]) -> None:
        running = [
            scope
            for scope, execution in state.get("executions", {})._data.items()
            if execution["status"] == "RUNNING"
        ]
        load(state)
        for scope in running:
            execution = stepfunctions._executions._data[scope]
            for name in ("error", "cause"):
                execution.pop(name, None)
            execution.update(status="RUNNING", stopDate=None)
            _start(scope, execution)

    def execute_task(definition: Any, given: Any, execution: Any, context: Any) -> Any:
        _thread.execution = execution
        if "TimeoutSecondsPath" in definition:
            seconds = stepfunctions._resolve_path(definition["TimeoutSecondsPath"], given)
            definition = {**definition, "TimeoutSeconds": seconds}
        if not hasattr(_thread, "entered"):
            return task(definition, given, execution, context)
        # ministack writes these two where a new execution enters and leaves a state.
        name = context["State"]["Name"]
        if name != _thread.entered:
            _event(execution, "TaskStateEntered", "stateEnteredEventDetails", name, input=given)
        _thread.entered = None
        output, following = task(definition, given, execution, context)
        _event(execution, "TaskStateExited", "stateExitedEventDetails", name, output=output)
        return output, following

    def invoke_with_callback(resource: str, given: Any, token: str, definition: Any) -> Any:
        execution = _thread.execution
        waiting = execution.get(WAITING)
        if not waiting or not waiting["asked"]:
            until = time.time() + definition.get("TimeoutSeconds", NO_TIMEOUT)
            waiting = execution[WAITING] = {"token": token, "until": until, "asked": False}
        left = max(waiting["until"] - time.time(), 0)
        try:
            return callback(
                resource, given, waiting["token"], {**definition, "TimeoutSeconds": left}
            )
        finally:
            execution.pop(WAITING, None)

    def call(function: str, event: Any) -> Any:
        waiting = _thread.execution.get(WAITING) if hasattr(_thread, "execution") else None
        if waiting is None:
            return call_lambda(function, event)
        if not waiting["asked"]:
            try:
                call_lambda(function, event)
            except stepfunctions._ExecutionError as error:
                answer = stepfunctions._task_tokens[waiting["token"]]
                answer["error"] = {"Error": error.error, "Cause": error.cause}
                answer["event"].set()
            waiting["asked"] = True
        return None

    stepfunctions.load_persisted_state = load_and_go_on
    stepfunctions._execute_task = execute_task
    stepfunctions._invoke_with_callback = invoke_with_callback
    stepfunctions._call_lambda = call


def state_to_enter(execution: dict[str, Any]) -> tuple[str | None, Any]:
    """Return the state that an execution was in, None before the first, and its input."""
    for event in reversed(execution["events"]):
        details = event.get("stateEnteredEventDetails")
        if details:
            return details["name"], json.loads(details["input"])
    return None, json.loads(execution["input"])


def _start(scope: tuple[str, str, str], execution: dict[str, Any]) -> None:
    from ministack.core import responses

    account, region, _ = scope

    def go_on() -> None:
        responses.set_request_account_id(account)
        responses.set_request_region(region)
        _go_on(execution)

    threading.Thread(target=contextvars.copy_context().run, args=(go_on,), daemon=True).start()


def _go_on(execution: dict[str, Any]) -> None:
    """Walk the rest of an execution, from the state that it was in, to its end."""
    from ministack.services import stepfunctions

    machine = stepfunctions._state_machines[execution["stateMachineArn"]]
    definition = json.loads(machine["definition"])
    name, given = state_to_enter(execution)
    context = {
        "QueryLanguage": definition.get("QueryLanguage", "JSONPath"),
        "Execution": {
            "Id": execution["executionArn"],
            "Input": json.loads(execution["input"]),
            "Name": execution["name"],
            "StartTime": execution["startDate"],
        },
        "StateMachine": {"Id": execution["stateMachineArn"], "Name": machine["name"]},
        "variables": {},
    }
    _thread.entered = name
    # The functions are called through the emulator's own port, which opens after the state is read.
    time.sleep(1)
    try:
        output = stepfunctions._run_sub_machine(
            definition["States"], name or definition["StartAt"], given, execution, context
        )
    except stepfunctions._ExecutionError as error:
        stepfunctions._fail_execution(execution, error.error, error.cause)
        return
    if execution["status"] == "RUNNING":
        text = json.dumps(output)
        execution.update(status="SUCCEEDED", output=text, stopDate=stepfunctions.now_iso())
        details = {"executionSucceededEventDetails": {"output": text}}
        stepfunctions._add_event(execution, "ExecutionSucceeded", details)
        stepfunctions._emit_execution_status_event(execution)


def _event(execution: dict[str, Any], kind: str, details: str, name: str, **document: Any) -> None:
    from ministack.services import stepfunctions

    texts = {key: json.dumps(value) for key, value in document.items()}
    stepfunctions._add_event(execution, kind, {details: {"name": name, **texts}})
