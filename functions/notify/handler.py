"""Notify: the decision is told to the complainant (ISO 10002:2018 7.8)."""

from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import Event, now, step
from complaints.aws.settings import office_for
from complaints.aws.workflow import wait_for_answer
from complaints.models import Status
from complaints.notify import can_be_told, skip


@step
def handler(complaint_id: str, token: str) -> Event:
    """Keep the token of the question; complainant or staff answer it.

    The written notice was sent when the solution was approved. A complainant who left no way to
    be told anything is not waited for.
    """
    complaints = ComplaintRepository.from_env()
    dossier = complaints.dossier(complaint_id)
    complaint = dossier.complaint
    if complaint.status is Status.APPROVED and not can_be_told(dossier.complainant):
        office = office_for(complaint.policy)
        complaint = complaints.save(*skip(complaint, key=dossier.key, at=now(), office=office))
    wait_for_answer(complaint, token, expects=Status.APPROVED)
    return {"status": complaint.status}
