"""A letter that is tried no more: given up, and told to the quality office in the same save."""

from datetime import datetime

from complaints import undelivered
from complaints.aws.desk import changing
from complaints.models import Complaint, Dossier, Letter, Record
from complaints.policy import QUALITY_OFFICE


def give_up(complaint_id: str, letter: Letter) -> Complaint:
    """Give a letter up, once; whoever is told of it is never the one whom no letter reaches."""

    def parts(complaint: Complaint, _: Dossier, at: datetime) -> tuple[Record, ...]:
        given_up = letter.replace(given_up_at=at, next_at=None)
        if letter.kind == undelivered.KIND:
            return (given_up,)
        told = changing.to_staff(undelivered.KIND, (QUALITY_OFFICE,), complaint, at)
        return (given_up, *(one for one in told if one.to != letter.to))

    return changing.change(
        complaint_id,
        lambda dossier, office, at: undelivered.give_up(dossier, letter, at=at, office=office),
        parts,
        unless=lambda dossier: not _is_owed(dossier, letter),
    )


def _is_owed(dossier: Dossier, letter: Letter) -> bool:
    """Return whether the letter is still as it was found: not sent, not on its way elsewhere."""
    return letter in dossier.letters
