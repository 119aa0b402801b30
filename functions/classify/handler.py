"""Classify: the initial assessment of a received complaint (ISO 10002:2018 7.5)."""

from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import Event, now, step
from complaints.aws.settings import office_for
from complaints.classify import classify
from complaints.models import Status


@step
def handler(complaint_id: str, _token: str) -> Event:
    """Load, decide, save; on a repeat there is nothing left to decide."""
    complaints = ComplaintRepository.from_env()
    dossier = complaints.dossier(complaint_id)
    complaint = dossier.complaint
    if complaint.status is Status.RECEIVED:
        complaint = complaints.save(
            *classify(
                complaint,
                dossier.contacts,
                key=dossier.key,
                at=now(),
                office=office_for(complaint.policy),
            )
        )
    return {"status": complaint.status}
