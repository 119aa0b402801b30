"""Notify: the decision is told to the complainant (ISO 10002:2018 7.8)."""

from complaints.aws.matter import answer_all
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import Event, now, step
from complaints.aws.settings import office_for
from complaints.aws.workflow import wait_for_answer
from complaints.lifecycle import is_past
from complaints.models import Status
from complaints.notify import can_be_told, skip
from complaints.proxies import reachable


@step
def handler(complaint_id: str, token: str) -> Event:
    """Keep the token of the question; complainant or staff answer it.

    The written notice was sent when the solution was approved. A complainant who left no way to
    be told anything is not waited for. Whoever complained of the same matter is told the same.
    """
    complaints = ComplaintRepository.from_env()
    dossier = complaints.dossier(complaint_id)
    complaint = dossier.complaint
    if is_past(complaint, Status.APPROVED):
        answer_all(dossier, "notice")
        complaint = complaints.get(complaint_id)  # it counts whom no letter reaches
    if complaint.status is Status.APPROVED and not can_be_told(reachable(dossier)):
        office = office_for(complaint.policy)
        complaint = complaints.save(*skip(complaint, key=dossier.key, at=now(), office=office))
    wait_for_answer(complaint, token, expects=Status.APPROVED)
    return {"status": complaint.status}
