"""Erase: what two have granted is carried out; the person goes, the record stays (F6, F7).

It believes nobody who calls it: from the record it sees that one proposed and another granted it,
that no hold stands, and that the time is over. Run twice, or after it died at any call, it goes on:
everything it deletes may be gone already, and its end is on record once. Of one that is erased it
deletes what was uploaded late.
"""

from complaints import erasure
from complaints.aws import erasures
from complaints.aws.metrics import count
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import Event, logger, now
from complaints.aws.settings import office_for
from complaints.erasure import UngrantedError
from complaints.lifecycle import WrongStatusError
from complaints.models import Complaint, Dossier


def handler(event: Event, _context: object) -> Event:
    """Erase the personal data of one complaint; return how far it came.

    `waits` where a letter to the complainant is still to go out, `stopped` where a duty came in
    between, `refused` where it was never granted.
    """
    complaint_id = event["complaint_id"]
    logger.append_keys(complaint_id=complaint_id)
    complaints = ComplaintRepository.from_env()
    dossier = complaints.dossier(complaint_id)
    state = dossier.complaint.erasure
    if state and state.done_at:
        erasures.delete_uploads(complaint_id)
        return {"complaint_id": complaint_id, "state": "erased"}
    if not dossier.is_erased and any(_waits(dossier)):
        return {"complaint_id": complaint_id, "state": "waits"}
    if not (state and state.begun_at):
        found = _begin(complaints, dossier)
        if isinstance(found, str):
            return {"complaint_id": complaint_id, "state": found}
        dossier = dossier.replace(complaint=found)
    _carry_out(complaints, dossier)
    return {"complaint_id": complaint_id, "state": "erased"}


def _waits(dossier: Dossier) -> list[str]:
    """Return the letters that are still to go out: after this their addresses are gone."""
    return [one.letter_id for one in dossier.letters if not (one.sent_at or one.given_up_at)]


def _begin(complaints: ComplaintRepository, dossier: Dossier) -> Complaint | str:
    """Record that erasing begins; or say why it must not."""
    complaint, at = dossier.complaint, now()
    office = office_for(complaint.policy)
    try:
        return complaints.save(*erasure.begin(complaint, dossier.entries, at=at, office=office))
    except UngrantedError:
        logger.error("not granted by two")
        count("ErasureRefused")
        return "refused"
    except WrongStatusError:
        complaints.save(*erasure.stop(complaint, at=at))
        return "stopped"


def _carry_out(complaints: ComplaintRepository, dossier: Dossier) -> None:
    """Delete what lies in plain, destroy the key, and record that it is done, in this order.

    Which mails belong to the complaint is readable only as long as the key is there.
    """
    complaint, at = dossier.complaint, now()
    assert complaint.erasure  # noqa: S101 - it has begun
    number = complaint.complaint_id
    if not dossier.is_erased:
        erasures.delete_evidence(dossier)
        erasures.delete_mails(dossier)
        erasures.destroy_key(number, complaint.erasure.request_id, at)
    erasures.blank(number)
    erasures.unlink(complaint)
    complaints.save(*erasure.finish(complaint, at=at))
