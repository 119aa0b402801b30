"""An auditor asks the seals by SQL, with the query that the template saves."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import BotoCoreError

from infra.local import emulator, package
from tests.doors import until
from tests.infra.templates import ROOT

pytestmark = pytest.mark.journey
AUDIT = ROOT / "infra/audit.yaml"
ROW = {
    "kind": "complaint",
    "complaint_id": "TS-2026-000001-7",
    "version": 7,
    "digest": "ab",
    "status": "closed",
    "type": "A",
    "closed_at": "2026-11-20T00:00:00Z",
    "merged_into": "",
    "voided": None,
    "reopened": 0,
    "overdue": 1,
    "satisfaction": 5,
    "compensation": 25000,
}
Client = Callable[[str], Any]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Run the emulator alone, with an archive of its own, and return its clients."""
    folder = tmp_path_factory.mktemp("audit")
    (folder / "tmp").mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = emulator.environment(folder, port) | {"AUTH": "false"}
    running = subprocess.Popen(
        [sys.executable, "-m", "infra.local.emulator"], env=settings, stdin=subprocess.PIPE
    )

    def of(name: str) -> Any:  # noqa: ANN401 - one of many client types
        return boto3.client(  # type: ignore[call-overload]
            name,
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name=emulator.REGION,
            aws_access_key_id=emulator.ACCESS_KEY,
            aws_secret_access_key=emulator.ACCESS_KEY,
        )

    def answers() -> bool | None:
        try:
            return bool(of("s3").list_buckets())
        except BotoCoreError:
            return None

    try:
        until(answers, "the emulator")
        yield of
    finally:
        assert running.stdin
        running.stdin.close()
        running.wait(30)


def test_the_saved_query_counts_each_complaint_once(client: Client) -> None:
    """By its newest row: one of an earlier day is not counted beside it."""
    template = package.read(AUDIT)
    s3 = client("s3")
    for bucket in ("sealed", "reports"):
        s3.create_bucket(Bucket=bucket)
    before = {**ROW, "version": 6, "status": "followed_up", "closed_at": None}
    looks = {"kind": "access", "complaint_id": ROW["complaint_id"], "version": 9, "digest": "c"}
    for day, rows in (("2026-11-20", [before, looks]), ("2026-11-21", [ROW]), ("2026-11-22", [])):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        s3.put_object(Bucket="sealed", Key=f"leaves/day={day}/{day}.jsonl", Body=lines.encode())
    given = {
        "StackLabel": "huiyin-test",
        "ArchiveBucket": "sealed",
        "ArchiveBucketArn": "arn:aws:s3:::sealed",
        "ReportsBucket": "reports",
        "ReportsBucketArn": "arn:aws:s3:::reports",
    }
    formation = client("cloudformation")
    formation.create_stack(
        StackName="audit",
        TemplateBody=json.dumps(package.known(template), default=str),
        Parameters=[{"ParameterKey": key, "ParameterValue": of} for key, of in given.items()],
        Capabilities=["CAPABILITY_IAM"],
    )

    def made() -> dict[str, str] | None:
        [stack] = formation.describe_stacks(StackName="audit")["Stacks"]
        if stack["StackStatus"].endswith("IN_PROGRESS"):
            return None
        return {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}

    outputs = until(made, "the stack")
    athena = client("athena")
    asked = athena.start_query_execution(
        QueryString=template["Resources"]["ClosedOfAYear"]["Properties"]["QueryString"],
        WorkGroup=outputs["WorkGroup"],
        QueryExecutionContext={"Database": outputs["Database"]},
    )["QueryExecutionId"]

    def state() -> str | None:
        found = athena.get_query_execution(QueryExecutionId=asked)["QueryExecution"]
        now: str = found["Status"]["State"]
        return None if now in {"QUEUED", "RUNNING"} else now

    assert until(state, "the query") == "SUCCEEDED"
    rows = athena.get_query_results(QueryExecutionId=asked)["ResultSet"]["Rows"]
    found = [[cell.get("VarCharValue") for cell in row["Data"]] for row in rows]
    assert found[0][:4] == ["type", "closed", "reopened", "overdue"]
    assert [row[:4] for row in found[1:]] == [["A", "1", "0", "1"]]
