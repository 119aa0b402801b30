"""The workflow of a complaint: start it, and answer the step that waits."""

from typing import Self

import msgspec

from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import client
from complaints.aws.settings import resource
from complaints.models import Complaint, Status

BACK = "SentBack"
"""The error by which an answer leads back to Investigate; the state machine catches it."""


class Workflow:
    """The deployed state machine."""

    def __init__(self, arn: str) -> None:
        self._arn = arn
        self._client = client("stepfunctions")

    @classmethod
    def from_env(cls) -> Self:
        """Return the deployed workflow."""
        return cls(resource("WORKFLOW_ARN"))

    def start(self, complaint_id: str, *, run: str = "") -> None:
        """Start the way of a complaint; its number is the name, so twice is once.

        A later run of the same complaint needs a name of its own (`run`): each step acts only on
        the status it expects, so a run that starts again at the beginning passes what is done.
        """
        try:
            self._client.start_execution(
                stateMachineArn=self._arn,
                name=f"{complaint_id}.{run}" if run else complaint_id,
                input=msgspec.json.encode({"complaint_id": complaint_id}).decode(),
            )
        except self._client.exceptions.ExecutionAlreadyExists:
            return

    def resume(self, complaint: Complaint, token: str, *, run: str = "") -> None:
        """Answer the waiting step: on to the next, or back to Investigate.

        A step that no longer waits (it ran out, or the workflow was lost) is not waited for: a
        new run starts and passes everything that is done. `run` is its name, the version unless
        the same version has had a run before.
        """
        run = run or str(complaint.version)
        try:
            if not token:
                self.start(complaint.complaint_id, run=run)
            elif complaint.status is Status.ASSESSED:
                self._client.send_task_failure(taskToken=token, error=BACK)
            else:
                output = msgspec.json.encode({"complaint_id": complaint.complaint_id}).decode()
                self._client.send_task_success(taskToken=token, output=output)
        except (
            self._client.exceptions.TaskDoesNotExist,
            self._client.exceptions.TaskTimedOut,
            self._client.exceptions.InvalidToken,
        ):
            self.start(complaint.complaint_id, run=run)


def wait_for_answer(complaint: Complaint, token: str, *, expects: Status) -> None:
    """Keep the token of a step that waits for a person; answer at once if that is done already.

    That is how a second run of the workflow, and a step that runs twice, pass what is done. Such
    a step has not begun, so the look at the one that has not begun either stays due.
    """
    if complaint.status is expects:
        ComplaintRepository.from_env().begin_step(complaint, token)
    else:
        Workflow.from_env().resume(complaint, token)
