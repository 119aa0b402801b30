"""Archive: file the whole complaint under Object Lock, and close it (ISO 10002:2018 7.9)."""

from functools import partial

from complaints import archive
from complaints.aws import bags
from complaints.aws.matter import merged_heads
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import Event, now, step
from complaints.aws.settings import office_for
from complaints.aws.workflow import Workflow
from complaints.matters import close_with
from complaints.models import Complaint, Dossier, Status


@step
def handler(complaint_id: str, _token: str) -> Event:
    """File the bag, then close; a repeat finds the same bag and closes once.

    What is counted with it is filed and closed before it, each on its own (B5): a step that
    stopped half way finds those closed, and goes on with the others. A closed complaint to which
    something was added that is read by now is filed once more.
    """
    complaints = ComplaintRepository.from_env()
    dossier = complaints.dossier(complaint_id)
    complaint = dossier.complaint
    if complaint.status is Status.FOLLOWED_UP:
        for merged in merged_heads(complaint_id):
            _close_merged(complaints, merged)
        closing = partial(archive.close, complaint, office=office_for(complaint.policy))
        complaint = complaints.save(*bags.file(dossier, closing, at=now()))
    elif archive.is_behind(dossier):
        for merged_id in archive.merged_behind(dossier):
            _file_again(complaints, complaints.dossier(merged_id))
        complaint = _file_again(complaints, dossier)
    elif complaint.look_again_at and not complaint.is_open:
        complaints.look_later(complaint, None)  # there was nothing in what was read
    return {"status": complaint.status}


def _file_again(complaints: ComplaintRepository, dossier: Dossier) -> Complaint:
    """File a closed complaint with what was added since; nothing where a first try has done it."""
    if not archive.is_behind(dossier):
        return dossier.complaint
    supplement = partial(archive.supplement, dossier.complaint)
    return complaints.save(*bags.file(dossier, supplement, at=now()))


def _close_merged(complaints: ComplaintRepository, merged: Complaint) -> None:
    """File and close a merged complaint; its own way, which has waited, ends here."""
    if not merged.is_open:
        return
    dossier = complaints.dossier(merged.complaint_id)
    complaint = dossier.complaint
    closing = partial(close_with, complaint, office=office_for(complaint.policy))
    closed = complaints.save(*bags.file(dossier, closing, at=now()))
    Workflow.from_env().resume(closed, complaints.task_token(merged.complaint_id))
