"""Letters that could not be sent: how long each is tried, and whom it is told that one never went.

What is refused for good is given up at once, what fails for three days after that. Then a person
must find another way: it is news on the complaint, in the quality office's queue too (D1, I15).
"""

from datetime import datetime, timedelta

from complaints.lifecycle import record
from complaints.models import Complaint, Dossier, Letter, TrackingEntry
from complaints.office import Office
from complaints.returned import unwritten
from complaints.rounds import as_news

GIVE_UP = timedelta(days=3)
"""How long a letter is tried that only can't be sent for now."""
FIRST_GAP = timedelta(minutes=5)
LONGEST_GAP = timedelta(hours=6)
KIND = "undelivered"
"""The letter that tells the quality office."""


def put_off(letter: Letter, *, at: datetime) -> Letter:
    """Return a letter that could not be sent now; the gap to the next try grows with each.

    >>> from datetime import UTC
    >>> at = datetime(2026, 11, 20, tzinfo=UTC)
    >>> letter = Letter(letter_id="1-notice", kind="notice", to="", language="", queued_at=at)
    >>> [(letter.replace(tries=n) and put_off(letter.replace(tries=n), at=at).next_at - at).seconds
    ...  // 60 for n in (0, 1, 2, 9)]
    [5, 10, 20, 360]
    """
    gap = min(FIRST_GAP * (1 << min(letter.tries, 20)), LONGEST_GAP)
    return letter.replace(tries=letter.tries + 1, next_at=at + gap)


def refused(letter: Letter, code: str, *, at: datetime) -> Letter:
    """Return a letter that nobody will ever take: the next check of the limits gives it up."""
    return letter.replace(tries=letter.tries + 1, next_at=at, refused=code)


def is_lost(letter: Letter, at: datetime) -> bool:
    """Return whether an owed letter is tried no more."""
    return bool(letter.refused) or at - letter.queued_at >= GIVE_UP


def give_up(
    dossier: Dossier, letter: Letter, *, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Record that a letter was given up, with what the mail system said; it is news until read.

    A merged complaint is in no queue: the quality office is told by mail alone (B5). A written
    notice that never went has told nobody anything (004 二).
    """
    complaint = dossier.complaint
    news = (
        {}
        if complaint.merged_into
        else {**as_news(complaint, at=at, office=office), "unreached_at": at}
    )
    return record(
        complaint,
        "letter_given_up",
        at=at,
        actor="check_sla",
        facts={"letter": letter.letter_id, "kind": letter.kind, "code": letter.refused},
        **news,
        **unwritten(dossier, letter),
    )
