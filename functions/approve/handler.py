"""Approve: ask a second person to decide about the finding (ISO 10002:2018 7.7)."""

from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import Event, step
from complaints.aws.workflow import wait_for_answer
from complaints.models import Status


@step
def handler(complaint_id: str, token: str) -> Event:
    """Keep the token of the question; the console answers it."""
    complaint = ComplaintRepository.from_env().get(complaint_id)
    wait_for_answer(complaint, token, expects=Status.INVESTIGATED)
    return {"status": complaint.status}
