"""Archive: file the whole complaint under Object Lock, and close it (ISO 10002:2018 7.9)."""

from complaints.archive import archive_key, bundle, close
from complaints.aws.evidence import fetch
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import Event, now, step
from complaints.aws.settings import office_for
from complaints.aws.vault import Vault
from complaints.models import Status


@step
def handler(complaint_id: str, _token: str) -> Event:
    """File the bundle, then close; a repeat finds the same bundle and closes once.

    The instant of filing is that of the last entry, so that a second try makes the same bytes.
    """
    complaints = ComplaintRepository.from_env()
    dossier = complaints.dossier(complaint_id)
    complaint = dossier.complaint
    if complaint.status is Status.FOLLOWED_UP:
        filed_at = dossier.entries[-1].occurred_at
        key = archive_key(complaint, filed_at)
        packed = bundle(dossier, fetch, at=filed_at)
        office = office_for(complaint.policy)
        years = office.policy.retention_years
        Vault.from_env().file(key, packed, keep_from=filed_at, years=years)
        complaint = complaints.save(*close(complaint, key, at=now(), office=office))
    return {"status": complaint.status}
