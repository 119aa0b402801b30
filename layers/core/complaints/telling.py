"""Telling by phone, in person or by post: the merged complainants whom no letter reaches.

The answer to a matter, and each update of a group incident, goes to everybody who complained of it
(件件有回音; B5, D1, I18). Who left no e-mail address is told by whoever handles the matter:
until that is done, or as many calls as the policy asks for were in vain, the complaint that they
are counted with is handled, and never closed.
"""

from datetime import datetime
from typing import Any, Literal

from complaints.gates import closing
from complaints.lifecycle import (
    NotAllowedError,
    WrongStatusError,
    expect_words,
    is_past,
    record,
)
from complaints.models import (
    Channel,
    Complaint,
    Dossier,
    Outcome,
    Staff,
    Status,
    TrackingEntry,
)
from complaints.office import Office
from complaints.parts import Announcement
from complaints.proxies import reachable
from complaints.roles import is_barred, may_work_on
from complaints.rounds import as_news, called_in_vain, calls_ended, is_last_call, spoken

Made = tuple[Complaint, TrackingEntry]
Way = Literal["phone", "visit", "letter"]
How = Literal["told", "refused", "unreachable"]
"""What came of it: told; told, and not content with the answer; nobody reached."""


def to_be_told(dossier: Dossier, at: datetime) -> dict[str, Any]:
    """Return what changes when a merged complainant is owed words that no letter can bring.

    Nothing for who has an address of mail, the own or a proxy's, and for who left no way at all.
    Calls in vain about what was owed before count no more.
    """
    who = reachable(dossier)
    if who.email or not (who.phone or who.address):
        return {}
    since = dossier.complaint.untold_at or at
    return {"untold_at": since, "attempts": 0, "attempted_at": None}


def await_telling(main: Complaint, complaint_id: str, *, at: datetime) -> Made:
    """Record with the main complaint that one more complainant is still to be told."""
    return record(
        main,
        "telling_owed",
        at=at,
        actor="notify",
        facts={"complaint": complaint_id},
        untold=main.untold + 1,
    )


def may_tell(main: Complaint, staff: Staff) -> bool:
    """Return whether this person may tell the merged complainants now: who handles the matter.

    While the answer is being worked out again there is nothing to tell, but updates.
    """
    has_words = is_past(main, Status.APPROVED) or main.incident_at is not None
    return main.untold > 0 and has_words and may_work_on(main, staff)


def words_to_tell(main: Dossier) -> tuple[str, ...]:
    """Return what they are to be told: the answer, once it is approved, and the newest update."""
    answers = main.findings[-1:] if is_past(main.complaint, Status.APPROVED) else ()
    updates = [one for one in main.announcements if one.kind == "update"]
    newest = sorted(updates, key=_when)[-1:]
    return (*(one.reply for one in answers), *(one.words for one in newest))


def _when(announcement: Announcement) -> datetime:
    return announcement.at


def tell(
    dossier: Dossier,
    main: Complaint,
    how: How,
    way: Way,
    words: str,
    *,
    staff: Staff,
    at: datetime,
    office: Office,
) -> Made:
    """Record on a merged complaint that its complainant was told, or that nobody was reached.

    Raises NotAllowedError for the wrong person, WrongStatusError where nothing is to be told,
    InvalidInputError for who was told without the words of it.
    """
    complaint = dossier.complaint
    if not may_work_on(main, staff) or is_barred(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not tell for {main.complaint_id}")
    is_part = complaint.merged_into == main.complaint_id
    if not is_part or not complaint.untold_at or not may_tell(main, staff):
        raise WrongStatusError(
            f"nothing is to be told to {complaint.complaint_id}", text_id="error.not_untold"
        )
    if how == "unreachable":
        return _in_vain(dossier, words, staff=staff, at=at, office=office)
    expect_words(words)
    return record(
        complaint,
        "told_with",
        at=at,
        actor=staff.username,
        facts={
            "with": main.complaint_id,
            "way": Channel(way),
            **({"refused": True} if how == "refused" else {}),
        },
        personal={"words": words},
        key=dossier.key,
        untold_at=None,
        attempts=0,
        attempted_at=None,
        **spoken(complaint, at),
    )


def _in_vain(dossier: Dossier, words: str, *, staff: Staff, at: datetime, office: Office) -> Made:
    """Count a call in vain; after the last that the policy asks for nobody has to call again."""
    complaint, nobody = dossier.complaint, Outcome.UNREACHABLE
    if not is_last_call(complaint, at, office):
        return called_in_vain(
            complaint, nobody, words, actor=staff.username, key=dossier.key, at=at, office=office
        )
    return calls_ended(
        complaint,
        nobody,
        words,
        actor=staff.username,
        key=dossier.key,
        at=at,
        untold_at=None,
    )


def was_told(
    main: Complaint, complaint: Complaint, how: How, *, staff: Staff, at: datetime, office: Office
) -> Made:
    """Record with the main complaint that one fewer is to be told; the last opens the gate.

    Who is not content with the answer is news for it, which somebody must read.
    """
    fewer = main.replace(untold=main.untold - 1)
    news = as_news(fewer, at=at, office=office) if how == "refused" else {}
    return record(
        fewer,
        "merged_told",
        at=at,
        actor=staff.username,
        facts={
            "complaint": complaint.complaint_id,
            **({how: True} if how != "told" else {}),
        },
        **{**news, **closing(fewer.replace(**news), at=at, office=office)},
    )
