"""Classify: the initial assessment of a received complaint (ISO 10002:2018 7.5)."""

from complaints.aws.desk import changing
from complaints.aws.repository import Change, ComplaintRepository
from complaints.aws.runtime import Event, now, step
from complaints.aws.settings import office_for
from complaints.classify import classify
from complaints.models import Status
from complaints.severity import weighed


@step
def handler(complaint_id: str, _token: str) -> Event:
    """Load, decide, save; on a repeat there is nothing left to decide.

    Words that call for the emergency path take it here, seconds after receipt (B7).
    """
    complaints = ComplaintRepository.from_env()
    dossier = complaints.dossier(complaint_id)
    complaint = dossier.complaint
    if complaint.status is Status.RECEIVED:
        at, office = now(), office_for(complaint.policy)
        made = classify(complaint, dossier.contacts, key=dossier.key, at=at, office=office)
        # Others may have been merged into it in the meantime.
        complaint, entries = weighed(dossier, made, at=at, office=office)
        complaints.save_all(Change(complaint=complaint, entries=entries))
    for contact in dossier.contacts:
        complaint = changing.watch(complaint, contact)
    return {"status": complaint.status}
