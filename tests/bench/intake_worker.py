"""One pass of mails through the handler of intake_email, in this process; prints a JSON line.

    python -m tests.bench.intake_worker MAILS stub | http://127.0.0.1:PORT

MAILS is what `mailgen.py plain` made. With `stub` the SDK is answered before anything is sent, by a
table in memory, so that the figure is our own share; with an address, by the emulator there.
"""

import base64
import importlib.util
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from tests.bench.table import ROOT
from tests.conftest import ENVIRONMENT, REGION, resources

BUCKETS = ("mail", "evidence")
WORKFLOW = "bench"
ARN = f"arn:aws:states:{REGION}:000000000000:stateMachine:{WORKFLOW}"
BRANCH = base64.b64encode(b"b" * 32).decode()
ALWAYS: dict[str, dict[str, Any]] = {
    "GenerateDataKeyWithoutPlaintext": {"CiphertextBlob": BRANCH},
    "Decrypt": {"Plaintext": BRANCH},
    "StartExecution": {"executionArn": ARN, "startDate": 1},
}
"""What the stub answers whatever was asked."""
DEFINITION = {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}


class Body:
    """The body of an answer that never came over a wire."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Iterator[bytes]:  # noqa: ANN401 - as botocore reads
        """Yield all of it."""
        yield self._content

    def read(self, *_: object) -> bytes:
        """Return what is left."""
        content, self._content = self._content, b""
        return content


class Stub:
    """Answers every call of the SDK: a table by key and collection, two buckets, mail, workflow."""

    def __init__(self, mails: dict[str, bytes]) -> None:
        self._mails = mails
        self._table: dict[str, dict[str, Any]] = {}
        self._modified = format_datetime(_instant(), usegmt=True)

    def answer(self, request: Any, **_: Any) -> Any:  # noqa: ANN401 - as botocore asks
        """Return the answer to a prepared request."""
        from botocore.awsrequest import AWSResponse, HeadersDict

        target = request.headers.get("X-Amz-Target", b"")
        action = (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
        headers = {"Content-Type": "application/x-amz-json-1.0"}
        if action:
            content = json.dumps(self._asked(action, json.loads(request.body))).encode()
        elif "/inbox/" in request.url:
            content = self._mails[request.url.partition("/inbox/")[2]]
            headers = {"Last-Modified": self._modified, "Content-Length": str(len(content))}
        else:
            content = b'{"MessageId": "1"}' if "email" in request.url else b""
        heads: Any = HeadersDict(headers)
        return AWSResponse(request.url, 200, heads, Body(content))

    def _asked(self, action: str, asked: dict[str, Any]) -> dict[str, Any]:
        match action:
            case "GetItem":
                collection, part = _place(asked["Key"])
                held = self._table.get(collection, {}).get(part)
                return {"Item": held} if held else {}
            case "BatchGetItem":
                ((table, wanted),) = asked["RequestItems"].items()
                keys = map(_place, wanted["Keys"])
                found = [self._table.get(one, {}).get(part) for one, part in keys]
                return {"Responses": {table: [one for one in found if one]}}
            case "Query":
                collection = asked["ExpressionAttributeValues"][":id"]["S"]
                return {"Items": list(self._table.get(collection, {}).values())}
            case "PutItem":
                self._put(asked["Item"])
            case "TransactWriteItems":
                for one in asked["TransactItems"]:
                    if "Put" in one:
                        self._put(one["Put"]["Item"])
                    else:
                        values = one["Update"]["ExpressionAttributeValues"]
                        self._put({**one["Update"]["Key"], "taken": values[":to"]})
        return ALWAYS.get(action, {})

    def _put(self, item: dict[str, Any]) -> None:
        collection, part = _place(item)
        self._table.setdefault(collection, {})[part] = item


def _place(key: dict[str, Any]) -> tuple[str, str]:
    """Return collection and part; a row of the table of keys is a collection of its own."""
    if "key_id" in key:
        return f"key {key['key_id']['S']}", ""
    return key["complaint_id"]["S"], key["part"]["S"]


def _instant() -> Any:  # noqa: ANN401 - a datetime
    from complaints.aws.runtime import now

    return now()


def prepare(mails: dict[str, bytes]) -> None:
    """Make table, buckets and workflow in a fresh emulator, and put the mails where SES would."""
    from complaints.aws.runtime import client

    for name, resource in resources().items():
        if name in {"ComplaintsTable", "KeysTable", "RatesTable"}:
            wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
            schema = {key: of for key, of in resource["Properties"].items() if key in wanted}
            client("dynamodb").create_table(TableName=name, **schema)
    for bucket in BUCKETS:
        client("s3").create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
    os.environ["DATA_KEY"] = client("kms").create_key()["KeyMetadata"]["Arn"]
    for file, raw in mails.items():
        client("s3").put_object(Bucket="mail", Key=f"inbox/{file}", Body=raw)
    client("sesv2").create_email_identity(EmailIdentity="example.com")
    client("stepfunctions").create_state_machine(
        name=WORKFLOW, definition=json.dumps(DEFINITION), roleArn="arn:aws:iam::000000000000:role/x"
    )


def check(rows: list[dict[str, Any]], mails: dict[str, bytes]) -> dict[str, str]:
    """Return what became of the mails, as right answers of how many."""
    from complaints.aws.registration import Registry
    from complaints.mail import parse

    registry = Registry.from_env()
    threads: dict[object, set[str]] = {}
    holders = set()
    replies = right = 0
    for row in rows:
        message_id = parse(mails[row["file"]]).message_id
        holder = registry.claimed(f"mail:{message_id}")
        known = threads.setdefault(row["thread"], set())
        if row["kind"] == "reply":
            replies += 1
            right += bool(holder and holder.complaint_id in known)
        if holder:
            known.add(holder.complaint_id)
            holders.add(holder.complaint_id)
    new = sum(row["kind"] == "new" for row in rows)
    return {"complaints": f"{len(holders)}/{new}", "replies_in_thread": f"{right}/{replies}"}


def run(folder: Path, backend: str) -> dict[str, Any]:
    """Take every mail once, in the order of the manifest; return the figures."""
    is_stub = backend == "stub"
    # Nobody stamps these mails.
    deployed = {"WORKFLOW_ARN": ARN, "MAIL_STAMPED_BY": "", "AWS_EC2_METADATA_DISABLED": "true"}
    os.environ.update(ENVIRONMENT | deployed)
    if not is_stub:
        os.environ["AWS_ENDPOINT_URL"] = backend
    from complaints.aws.runtime import client

    lines = (folder / "manifest.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    mails = {row["file"]: (folder / row["file"]).read_bytes() for row in rows}
    if is_stub:
        stub = Stub(mails)
        os.environ["DATA_KEY"] = "stub"
        for name in ("dynamodb", "kms", "s3", "sesv2", "stepfunctions"):
            client(name).meta.events.register("before-send.*", stub.answer)
    else:
        prepare(mails)
    spec = importlib.util.spec_from_file_location(
        "intake_email", ROOT / "functions" / "intake_email" / "handler.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    took: dict[str, list[float]] = {"new": [], "reply": []}
    failed = 0
    cpu, wall = time.process_time(), time.perf_counter()
    for row in rows:
        notice = json.dumps({"Records": [{"s3": {"object": {"key": f"inbox/{row['file']}"}}}]})
        began = time.perf_counter()
        answer = module.handler({"Records": [{"messageId": "1", "body": notice}]}, None)
        took[row["kind"]].append((time.perf_counter() - began) * 1000)
        failed += len(answer["batchItemFailures"])
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "bench": "intake",
        "backend": "stub" if is_stub else "ministack",
        "mails": len(rows),
        "failed": failed,
        "mails_per_s": round(len(rows) / wall, 1),
        "cpu_ms_per_mail": round(1000 * cpu / len(rows), 2),
        **{f"{kind}_median_ms": round(statistics.median(each), 2) for kind, each in took.items()},
        **check(rows, mails),
    }


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]), sys.argv[2])))
