"""Archive: file the whole complaint under Object Lock, and close it (ISO 10002:2018 7.9)."""

from complaints.archive import archive_key, bundle, close
from complaints.aws.evidence import fetch
from complaints.aws.matter import merged_heads
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import Event, now, step
from complaints.aws.settings import office_for
from complaints.aws.vault import Vault
from complaints.aws.workflow import Workflow
from complaints.matters import close_with
from complaints.models import Complaint, Dossier, Status


@step
def handler(complaint_id: str, _token: str) -> Event:
    """File the bundle, then close; a repeat finds the same bundle and closes once.

    What is counted with it is filed and closed before it, each on its own (B5): a step that
    stopped half way finds those closed, and goes on with the others.
    """
    complaints = ComplaintRepository.from_env()
    dossier = complaints.dossier(complaint_id)
    complaint = dossier.complaint
    if complaint.status is Status.FOLLOWED_UP:
        for merged in merged_heads(complaint_id):
            _close_merged(complaints, merged)
        key = _file(dossier)
        office = office_for(complaint.policy)
        complaint = complaints.save(*close(complaint, key, at=now(), office=office))
    return {"status": complaint.status}


def _file(dossier: Dossier) -> str:
    """File the bundle and return where it is.

    The instant of filing is that of the last entry, so that a second try makes the same bytes.
    """
    complaint = dossier.complaint
    filed_at = dossier.entries[-1].occurred_at
    key = archive_key(complaint, filed_at)
    packed = bundle(dossier, fetch, at=filed_at)
    years = office_for(complaint.policy).policy.retention_years
    Vault.from_env().file(key, packed, keep_from=filed_at, years=years)
    return key


def _close_merged(complaints: ComplaintRepository, merged: Complaint) -> None:
    """File and close a merged complaint; its own way, which has waited, ends here."""
    if not merged.is_open:
        return
    dossier = complaints.dossier(merged.complaint_id)
    key = _file(dossier)
    closed = complaints.save(*close_with(dossier.complaint, key, at=now()))
    Workflow.from_env().resume(closed, complaints.task_token(merged.complaint_id))
