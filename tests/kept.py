"""Complaints in the tables of a test, the clock of the functions, and what went out of them."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from itertools import pairwise
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto.ses.models import ses_backends

from complaints.aws.items import Person
from complaints.aws.registration import Draft, Registry
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import client
from complaints.models import Complaint, Dossier
from tests.conftest import ENVIRONMENT, REGION

ACCOUNT = "123456789012"
PARTS = ("contacts", "findings", "decisions", "letters")


def keep(*steps: Dossier) -> Complaint:
    """Store a complaint as it went: the first registered, each later one saved upon it."""
    complaints = ComplaintRepository.from_env()
    draft = draft_of(steps[0])
    complaint_id = draft.complaint.complaint_id
    Registry.from_env().register(f"form:{complaint_id}", "d", "t", 2026, lambda _: draft)
    for before, after in pairwise(steps):
        grown = [part for of in PARTS for part in getattr(after, of)[len(getattr(before, of)) :]]
        complaints.save(after.complaint, after.entries[-1], *grown)
    return complaints.get(complaint_id)


def draft_of(dossier: Dossier) -> Draft:
    """Return a complaint that was just received, ready to be registered."""
    return Draft(
        complaint=dossier.complaint,
        entry=dossier.entries[0],
        person=Person(complainant=dossier.complainant, key=dossier.key),
        parts=(*dossier.contacts, *dossier.letters),
    )


def begun(complaint: Complaint, token: str = "") -> Complaint:
    """Let the step that a complaint waits in begin, with this token."""
    ComplaintRepository.from_env().begin_step(complaint, token)
    return complaint.replace(look_again_at=None)


def set_clock(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    """Let the functions believe that it is `at`, or a second later."""
    ahead = at - datetime.now(UTC).replace(microsecond=0)
    monkeypatch.setenv("HUIYIN_CLOCK_AHEAD", f"{ahead.total_seconds():.0f}")


def mails() -> list[EmailMessage]:
    """Return what was mailed, the first first."""
    sent = ses_backends[ACCOUNT][REGION].sent_messages
    return [message_from_bytes(one.raw_data.encode(), policy=default) for one in sent]


def words_of(mail: EmailMessage) -> str:
    """Return the plain text of a mail."""
    body = mail.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    return str(body.get_content())


def mailed_to() -> list[str]:
    """Return to whom was written, in order."""
    return [str(mail["To"]) for mail in mails()]


def runs() -> list[str]:
    """Return the names of the executions that were started."""
    workflows = client("stepfunctions")
    (machine,) = workflows.list_state_machines()["stateMachines"]
    found = workflows.list_executions(stateMachineArn=machine["stateMachineArn"])
    return sorted(one["name"] for one in found["executions"])


def task_answers() -> list[tuple[str, str]]:
    """Return a list that fills with (operation, token) of each answer to a waiting step."""
    told: list[tuple[str, str]] = []

    def note(params: dict[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
        told.append((model.name, params["taskToken"]))

    for operation in ("SendTaskSuccess", "SendTaskFailure"):
        client("stepfunctions").meta.events.register(
            f"before-parameter-build.sfn.{operation}", note
        )
    return told


def refuse(service: str, operation: str, code: str, *, times: int = 1) -> None:
    """Let AWS refuse the next calls of an operation with this code."""
    left = [times]

    def answer(**_: object) -> tuple[AWSResponse, dict[str, Any]] | None:
        if not left[0]:
            return None
        left[0] -= 1
        error = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {}}
        return AWSResponse("https://aws", 400, HTTPHeaders(), None), error

    told = client(service)
    name = told.meta.service_model.service_id.hyphenize()
    told.meta.events.register_first(f"before-call.{name}.{operation}", answer)


def put_object(bucket: str, key: str, content: bytes, **metadata: str) -> None:
    """Put an object into a bucket named by its variable."""
    boto3.client("s3").put_object(
        Bucket=ENVIRONMENT[bucket], Key=key, Body=content, Metadata=metadata
    )
