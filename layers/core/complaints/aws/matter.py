"""What reaches every complaint of a matter: the letters of the one that it is counted as (B5).

Each is owed in the save of its own complaint, once, whatever is tried again: the steps of the
workflow call this, and a step that stopped half way goes on where it stopped. `check_sla` sends
what is owed.
"""

from collections.abc import Iterator
from datetime import datetime

from complaints.aws.repository import Change, ComplaintRepository, StaleComplaintError
from complaints.aws.runtime import now
from complaints.aws.settings import office_for
from complaints.gates import in_queues
from complaints.letters import owed_to_complainant
from complaints.matters import Kind, answer_with, is_answered_with
from complaints.models import Complaint, Dossier
from complaints.telling import await_telling

TRIES = 5
A_PAGE = 100


def answer_all(main: Dossier, kind: Kind) -> None:
    """Owe every merged complainant the letter that the main one has."""
    for one in main.merged:
        _answer(one.complaint_id, main, kind)


def merged_heads(complaint_id: str) -> Iterator[Complaint]:
    """Yield every complaint that is counted with this one."""
    complaints, after = ComplaintRepository.from_env(), ""
    while True:
        page, after = complaints.merged_into(complaint_id, limit=A_PAGE, after=after)
        yield from page
        if not after:
            return


def counted_untold(
    changed: Complaint, dossier: Dossier, at: datetime
) -> tuple[tuple[Complaint, Change], ...]:
    """Return what the main complaint notes of a merged one whose complainant is now to be told.

    Beside its head as it was before; nothing where that was so before, or a letter reaches them.
    """
    if dossier.complaint.untold_at or not changed.untold_at:
        return ()
    main = ComplaintRepository.from_env().get(changed.merged_into)
    counted, noted = await_telling(main, changed.complaint_id, at=at)
    counted = in_queues(counted, main, office_for(main.policy))
    return ((main, Change(complaint=counted, entries=(noted,))),)


def _answer(complaint_id: str, main: Dossier, kind: Kind) -> None:
    """Owe one merged complainant the letter; nothing where it is owed, or merged no more."""
    complaints = ComplaintRepository.from_env()
    for attempt in range(TRIES):
        dossier, at = complaints.dossier(complaint_id), now()
        is_part = dossier.complaint.merged_into == main.complaint.complaint_id
        if not is_part or is_answered_with(dossier, main, kind):
            return
        changed, entry = answer_with(dossier, main, kind, at=at)
        words = main.findings[-1].reply if kind == "notice" and main.findings else ""
        letters = owed_to_complainant(kind, changed, dossier, at=at, words=words)
        owed = Change(complaint=changed, entries=(entry,), parts=letters)
        try:
            complaints.save_all(owed, *(one for _, one in counted_untold(changed, dossier, at)))
        except StaleComplaintError:
            if attempt == TRIES - 1:
                raise
        else:
            return
