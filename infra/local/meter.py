"""Counts what a bill counts: one JSON line for each request to an API and each run of a function.

Off unless `HUIYIN_METER` names the file to write into. The product knows nothing of it: requests
are seen where they enter the emulator, signed by whoever sends them. Units of DynamoDB are the
emulator's own for writes, indexes included, and are reckoned by the service's rule for reads, since
the emulator leaves sizes out there.

    {"service": "dynamodb", "action": "PutItem", "caller": "IntakeEmail", "status": 200,
     "write": 3.0, "read": 0.0, "indexes": {"by_next": 1.0}, "bytes": [1324]}
    {"service": "lambda", "action": "sqs", "caller": "IntakeEmail", "memory": 512, "log": 480}

`caller` is the function whose role signed; "" for everybody else: this machine itself, a test.
"""

import json
import math
import re
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

VARIABLE = "HUIYIN_METER"
SIGNER = re.compile(r"Credential=(?P<key>[^/]+)/[^/]+/[^/]+/(?P<service>[^/]+)/")
FUNCTION = re.compile(r"-(?P<name>\w+)Function")
READ_BYTES = 4096
WRITE_BYTES = 1024

App = Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]]


class Meter:
    """A file that grows by a line for each thing counted, from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def note(self, **counted: Any) -> None:
        """Add one line."""
        with self._lock, self._path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(counted) + "\n")


def bridge(path: Path) -> None:
    """Have the emulator count into this file from now on."""
    from ministack import app as ministack
    from ministack.services import lambda_svc

    meter = Meter(path)
    ministack.app = _counting_requests(ministack.app, meter)
    ministack.SERVICE_HANDLERS["dynamodb"] = _counting_units(
        ministack.SERVICE_HANDLERS["dynamodb"], meter
    )
    lambda_svc._execute_function_dispatch = _counting_runs(
        lambda_svc._execute_function_dispatch,
        meter,
    )


def _counting_requests(app: App, meter: Meter) -> App:
    """Return the application with every signed request counted but those of DynamoDB."""

    async def counted(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        headers = {
            name.lower(): value.decode("latin-1") for name, value in scope.get("headers", ())
        }
        signer = SIGNER.search(headers.get(b"authorization", ""))
        status: list[int] = []

        async def watched(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                status.append(message["status"])
            await send(message)

        await app(scope, receive, watched)
        if signer and signer["service"] != "dynamodb":
            meter.note(
                service=signer["service"],
                action=headers.get(b"x-amz-target", "").rpartition(".")[2] or scope["method"],
                caller=_function_of(signer["key"]),
                status=status[0] if status else 0,
                path=scope["path"],
            )

    return counted


def _counting_units(handler: Any, meter: Meter) -> Any:
    """Return DynamoDB's handler, which tells the units of each request."""

    async def counted(
        method: str, path: str, headers: dict[str, str], body: bytes, query: Any
    ) -> Any:
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        asked = json.loads(body or b"{}")
        told = asked.get("ReturnConsumedCapacity", "NONE")
        if action.startswith(("Put", "Update", "Delete", "TransactWrite", "BatchWrite")):
            body = json.dumps({**asked, "ReturnConsumedCapacity": "INDEXES"}).encode()
        status, answered, text = await handler(method, path, headers, body, query)
        answer = json.loads(text or b"{}")
        signer = SIGNER.search(headers.get("authorization", ""))
        if signer:
            write, indexes = _written(action, asked, answer, status)
            meter.note(
                service="dynamodb",
                action=action,
                caller=_function_of(signer["key"]),
                status=status,
                write=write,
                read=_read(action, asked, answer),
                indexes=indexes,
                bytes=_sizes(asked),
                table=asked.get("TableName", ""),
            )
        if told == "NONE" and "ConsumedCapacity" in answer:
            del answer["ConsumedCapacity"]
            answered = {
                k: v
                for k, v in answered.items()
                if not k.lower().startswith(("content-length", "x-amz-crc32"))
            }
            text = json.dumps(answer, ensure_ascii=False).encode()
        return status, answered, text

    return counted


def _counting_runs(run: Any, meter: Meter) -> Any:
    """Return the runner of functions, which tells what called and how much was logged."""

    def counted(func: Any, config: Any, event: Any, request_id: str, started: float) -> Any:
        result = run(func, config, event, request_id, started)
        records = event.get("Records", ()) if isinstance(event, dict) else ()
        source = "invoke"
        if records:
            source = "sqs"
        elif isinstance(event, dict) and "requestContext" in event:
            source = "http"
        meter.note(
            service="lambda",
            action=source,
            caller=_short(config["FunctionName"]),
            records=len(records),
            memory=config["MemorySize"],
            arn=config["FunctionArn"],
            log=len((result.get("log") or "").encode()),
            failed=bool(result.get("error")),
        )
        return result

    return counted


def _written(
    action: str, asked: dict[str, Any], answer: dict[str, Any], status: int
) -> tuple[float, dict[str, float]]:
    """Return the write units of a request and those of them that indexes took.

    A write whose condition fails is billed like one that succeeds.
    """
    if status != 200:  # noqa: PLR2004
        sizes = _sizes(asked)
        twice = 2 if action.startswith("Transact") else 1
        return float(twice * sum(max(1, math.ceil(size / WRITE_BYTES)) for size in sizes)), {}
    consumed = answer.get("ConsumedCapacity", ())
    indexes: dict[str, float] = {}
    total = 0.0
    for table in [consumed] if isinstance(consumed, dict) else consumed:
        total += table["CapacityUnits"]
        for name, index in table.get("GlobalSecondaryIndexes", {}).items():
            indexes[name] = indexes.get(name, 0.0) + index["CapacityUnits"]
    return total, indexes


def _read(action: str, asked: dict[str, Any], answer: dict[str, Any]) -> float:
    """Return the read units of a request: sizes in steps of 4 KB, half when not consistent."""
    from ministack.services.dynamodb import _item_size_bytes as size_of

    factor = 1.0 if asked.get("ConsistentRead") else 0.5
    match action:
        case "GetItem":
            found = [sum(size_of(item) for item in (answer.get("Item"),) if item)]
        case "Query" | "Scan":
            found = [sum(size_of(item) for item in answer.get("Items", ()))]
        case "BatchGetItem":
            found = [
                size_of(one) for table in answer.get("Responses", {}).values() for one in table
            ]
        case _:
            return 0.0
    return factor * float(sum(max(1, math.ceil(size / READ_BYTES)) for size in found))


def _sizes(asked: dict[str, Any]) -> list[int]:
    """Return the bytes of each item that a request would write; 1 where it names a key alone."""
    from ministack.services.dynamodb import _item_size_bytes as size_of

    if "TransactItems" in asked:
        puts = [next(iter(one.values())) for one in asked["TransactItems"]]
    elif "Item" in asked or "UpdateExpression" in asked:
        puts = [asked]
    else:
        return []
    return [size_of(put["Item"]) if "Item" in put else 1 for put in puts]


def _function_of(key: str) -> str:
    """Return the function that holds these credentials, "" if none does."""
    from ministack.services import sts

    session = sts._sessions.get(key)
    return _short(session["Arn"].rpartition("/")[2]) if session else ""


def _short(name: str) -> str:
    """Return a function's name without what the stack puts around it.

    >>> _short("huiyin-IntakeEmailFunction-1QAZ2WSX")
    'IntakeEmail'
    """
    found = FUNCTION.search(name)
    return found["name"] if found else name
