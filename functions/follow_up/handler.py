"""Follow up: wait for the survey, the call or the quiet days (ISO 10002:2018 8.3)."""

from complaints.aws.matter import answer_all
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import Event, step
from complaints.aws.workflow import wait_for_answer
from complaints.lifecycle import is_past
from complaints.models import Status


@step
def handler(complaint_id: str, token: str) -> Event:
    """Keep the token; the complainant, the quality office or `check_sla` answer it.

    Whoever complained of the same matter is asked too (B5).
    """
    dossier = ComplaintRepository.from_env().dossier(complaint_id)
    complaint = dossier.complaint
    if is_past(complaint, Status.RESPONDED):
        answer_all(dossier, "survey")
    wait_for_answer(complaint, token, expects=Status.RESPONDED)
    return {"status": complaint.status}
