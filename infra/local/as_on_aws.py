"""Levels five small differences between the emulator and AWS.

An HTTP API hands over the cookies of a request in a field of their own; ministack leaves them among
the headers, where payload format 2.0 has none. A function that fails tells the class of its error,
by which the workflow knows whether to try again; ministack calls every error the same. And an
answer to a waiting step is judged by the state machine that waits; ministack asks for the right to
answer any. A statement about KMS may ask for what the key is used: ministack leaves the encryption
context out of what it judges by. And `aws:PrincipalArn` is the role; ministack takes its session.
"""

import json
from typing import Any

from infra.local.executions import WAITING

NO_CLASS = "Runtime.HandlerError"
"""What ministack calls the error of every function."""


def bridge() -> None:
    """Level all five, from now on."""
    from ministack.core import iam_actions, iam_evaluator
    from ministack.services import lambda_svc

    run, resource_of, context_of, value_of = (
        lambda_svc._execute_function_with_config_scope,
        iam_actions.extract_resource_arn,
        iam_actions.request_tag_context,
        iam_evaluator._resolve_condition_key,
    )

    def run_as_there(function: Any, event: Any) -> Any:
        if isinstance(event, dict) and event.get("version") == "2.0" and "headers" in event:
            event = moved(event)
        return with_class(run(function, event))

    def judged(*asked: Any, **named: Any) -> Any:
        resource = resource_of(*asked, **named)
        body = named.get("body", next((one for one in asked if isinstance(one, bytes)), b""))
        if resource == "*" and b'"taskToken"' in body:
            return machine_of(json.loads(body)["taskToken"]) or resource
        return resource

    def with_purpose(service: str, action: str, body: bytes, params: Any) -> dict[str, Any]:
        found: dict[str, Any] = context_of(service, action, body, params)
        return found | encryption_context(body) if service == "kms" else found

    def by_role(key: str, context: Any) -> Any:
        value = value_of(key, context)
        return role_of(str(value)) if key.lower() == "aws:principalarn" else value

    iam_evaluator._resolve_condition_key = by_role
    iam_actions.request_tag_context = with_purpose
    lambda_svc._execute_function_with_config_scope = run_as_there
    iam_actions.extract_resource_arn = judged


def moved(event: dict[str, Any]) -> dict[str, Any]:
    """Return the event with its cookies where they belong.

    >>> moved({"headers": {"cookie": "a=1; b=2", "host": "x"}})
    {'headers': {'host': 'x'}, 'cookies': ['a=1', 'b=2']}
    """
    headers = dict(event["headers"])
    found = headers.pop("cookie", "")
    cookies = [cookie.strip() for cookie in found.split(";") if cookie.strip()]
    return {**event, "headers": headers, **({"cookies": cookies} if cookies else {})}


def with_class(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what a function answered, a failure with the class of the error as its type.

    >>> log = "some.place.StaleError: 1 was changed"
    >>> body = {"errorMessage": "1 was changed", "errorType": "Runtime.HandlerError"}
    >>> with_class({"error": True, "body": body, "log": log})["body"]["errorType"]
    'StaleError'
    """
    body = answer.get("body")
    if not isinstance(body, dict) or body.get("errorType") != NO_CLASS:
        return answer
    said = body["errorMessage"].partition("\n")[0]
    for line in reversed(answer.get("log", "").splitlines()):
        name, _, words = line.partition(": ")
        if words == said and name.replace(".", "").isidentifier():
            return {**answer, "body": {**body, "errorType": name.rpartition(".")[2]}}
    return answer


def encryption_context(body: bytes) -> dict[str, Any]:
    """Return the condition keys of the encryption context that a request to KMS names.

    >>> encryption_context(b'{"EncryptionContext": {"huiyin": "branch"}}')
    {'kms:EncryptionContext:huiyin': 'branch'}
    """
    named = json.loads(body or b"{}").get("EncryptionContext", {})
    return {f"kms:EncryptionContext:{name}": value for name, value in named.items()}


def role_of(principal: str) -> str:
    """Return the role of a session; whoever is no session as it is.

    >>> role_of("arn:aws:sts::1:assumed-role/seal/one")
    'arn:aws:iam::1:role/seal'
    """
    _, is_session, name = principal.partition(":assumed-role/")
    if not is_session:
        return principal
    return f"arn:aws:iam::{principal.split(':')[4]}:role/{name.partition('/')[0]}"


def machine_of(token: str) -> str:
    """Return the state machine that an answer with this token is for; "" if there is none.

    A token tells on AWS where it is from, also when its step waits no longer. Here one that nobody
    waits for is taken for the workflow's: its answer is then that the task does not exist.
    """
    from ministack.services import stepfunctions

    for execution in list(stepfunctions._executions._data.values()):
        if execution.get(WAITING, {}).get("token") == token:
            return str(execution["stateMachineArn"])
    known = [arn for *_, arn in stepfunctions._state_machines._data]
    return str(known[0]) if len(known) == 1 else ""
