"""The one machine as a whole: what it sets beside the template, and what outlives a hard kill."""

import smtplib
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from complaints.aws.items import read as kept_as
from complaints.models import Letter
from infra.local.accounts import ACCOUNTS, PASSWORD
from infra.local.machine import MAIL_DOMAIN, Machine, Ports, running
from infra.local.snapshots import EVERY
from tests.doors import data_key

pytestmark = pytest.mark.journey

PATIENCE = 60
MAIL = "From: a@b.example\r\nSubject: x\r\nMessage-ID: <1@b.example>\r\n\r\nNo light.\r\n"


def until(question: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever is asked for
    """Return the first answer that is not empty, or fail."""
    end = time.monotonic() + PATIENCE
    while not (answer := question()):
        assert time.monotonic() < end, "no answer"
        time.sleep(0.1)
    return answer


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Run a machine of one's own."""
    with running(tmp_path_factory.mktemp("machine")) as machine:
        yield machine


def test_every_demo_account_can_sign_in(machine: Machine) -> None:
    """With the password that is printed, in the group of its role."""
    cognito = machine.client("cognito-idp")
    for account in ACCOUNTS:
        tokens = cognito.admin_initiate_auth(
            UserPoolId=machine.outputs["UserPoolId"],
            ClientId=machine.outputs["UserPoolClientId"],
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": account.username, "PASSWORD": PASSWORD},
        )
        assert "IdToken" in tokens["AuthenticationResult"], account.username


def test_the_archive_gives_nothing_back(machine: Machine) -> None:
    """A version in the archive bucket can't be deleted, not even with every right."""
    s3, bucket = machine.client("s3"), machine.outputs["ArchiveBucket"]
    version = s3.put_object(Bucket=bucket, Key="archive/x", Body=b"x")["VersionId"]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=bucket, Key="archive/x", VersionId=version)


def test_a_complaint_outlives_a_hard_kill(tmp_path: Path) -> None:
    """After the next start it waits where it waited, and nobody is written to twice."""
    ports = Ports.free()
    with running(tmp_path, ports=ports) as first:
        with smtplib.SMTP("127.0.0.1", ports.smtp) as smtp:
            smtp.sendmail("a@b.example", f"complaints@{MAIL_DOMAIN}", MAIL)
        waiting = until(lambda: tokens(first))
        saved = tmp_path / "state" / "snapshots" / "current"
        until(lambda: waiting[0] in read(saved / "dynamodb.json"))
        letter = until(lambda: sent_letters(first))[0]
        until(lambda: letter in read(saved / "dynamodb.json"))
        until(lambda: waiting[0] in read(saved / "stepfunctions.json"))
        time.sleep(EVERY)  # the step that handed the token over has returned by the next save
        first.emulator.kill()

    with running(tmp_path, ports=ports) as second:
        # The mail is announced once more; then all there is to do about it is done.
        time.sleep(3)
        assert tokens(second) == waiting
        # Its keys have outlived it too, those of KMS included.
        assert letter in sent_letters(second)
        assert executions(second) == ["RUNNING"]
        assert len(list(second.outbox.glob("*.eml"))) == 1


def read(file: Path) -> str:
    """Return the text of a file; nothing while there is none."""
    return file.read_text(encoding="utf-8") if file.exists() else ""


def tokens(machine: Machine) -> list[str]:
    """Return the task tokens with which complaints wait."""
    found = machine.client("dynamodb").scan(TableName=machine.outputs["ComplaintsTable"])
    return [item["task_token"]["S"] for item in found["Items"] if "task_token" in item]


def sent_letters(machine: Machine) -> list[str]:
    """Return the letters that went out, as the saved state has them."""
    found = machine.client("dynamodb").scan(TableName=machine.outputs["ComplaintsTable"])
    letters = [one for one in found["Items"] if one["part"]["S"].startswith("letter#")]
    sent = [
        one
        for one in letters
        if kept_as(one, Letter, data_key(machine, one["complaint_id"]["S"])).sent_at
    ]
    return [b64encode(one["cipher"]["B"]).decode() for one in sent]


def executions(machine: Machine) -> list[str]:
    """Return the status of every execution of the workflow."""
    found = machine.client("stepfunctions").list_executions(
        stateMachineArn=machine.outputs["WorkflowArn"]
    )
    return [execution["status"] for execution in found["executions"]]


def test_another_emulator_port_loses_no_mail(tmp_path: Path) -> None:
    """Queues are known by their address; the saved state moves with the port."""
    with running(tmp_path) as machine:
        first = machine.ports
    with running(tmp_path, ports=Ports.free()) as machine:
        assert machine.ports.emulator != first.emulator
        with smtplib.SMTP("127.0.0.1", machine.ports.smtp) as door:
            door.sendmail("a@b.example", [f"complaints@{MAIL_DOMAIN}"], MAIL)
        assert until(lambda: list(machine.outbox.glob("*.eml")))
