"""Letters that came back: what a bounce changes, and what a complaint of our mail does (A13, D1).

A bounce opens nothing and is never answered. The letter is marked; its address gets no more until
it is corrected, and whoever handles the complaint finds another way. A written notice that came
back has told nobody anything (004 二).
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from complaints.lifecycle import record
from complaints.models import Complaint, Dossier, Letter, Status, TrackingEntry
from complaints.number import parse_number, parse_reply_address
from complaints.office import Office
from complaints.rounds import as_news
from complaints.telling import to_be_told

Kind = Literal["permanent", "temporary", "unwanted"]
"""Lost for good; still being tried; or a report that its reader wants no such mail (RFC 5965)."""
REPLY_TO = re.compile(r"[^\s<>\"'@]{1,100}\+[^\s<>\"'@]{1,80}@[^\s<>\"'@]{1,200}")
MOST_ADDRESSES = 20
Made = tuple[Complaint, TrackingEntry]


def reply_addresses(words: str) -> list[tuple[str, str]]:
    """Return number and token of each reply address of ours that stands in a text, each once."""
    joined = words.replace("=\r\n", "").replace("=\n", "")
    found = (parse_reply_address(one) for one in REPLY_TO.findall(joined)[:MOST_ADDRESSES])
    return list(dict.fromkeys(one for one in found if one))


def number_in(*texts: str) -> str:
    """Return the first number of a complaint that these texts name, the surest first; or ""."""
    return next((number for text in texts if (number := parse_number(text))), "")


def letter_of(
    dossier: Dossier, *, message_id: str, recipients: Iterable[str], has_token: bool
) -> Letter | None:
    """Return the letter that came back: by its id, else the newest sent to who was not reached.

    Where neither names one, whoever holds the token of a letter holds one of ours: it is the newest
    to the complainant. None where we sent nothing of the kind.
    """
    sent = sorted((one for one in dossier.letters if one.sent_at), key=_sent_at, reverse=True)
    wanted = _plain(message_id)
    if wanted and (found := [one for one in sent if _plain(one.message_id) == wanted]):
        return found[0]
    unreached = {one.lower() for one in recipients}
    if found := [one for one in sent if one.to.lower() in unreached]:
        return found[0]
    own = [one for one in sent if one.to == dossier.complainant.email]
    return own[0] if own and has_token else None


def is_noted(dossier: Dossier, letter: Letter, kind: Kind) -> bool:
    """Return whether this return of a letter is on record already."""
    if letter.bounced_at:
        return True
    entries = (one for one in dossier.entries if one.action == "letter_delayed")
    return kind == "temporary" and any(
        one.facts.get("letter") == letter.letter_id for one in entries
    )


def note(
    dossier: Dossier, letter: Letter, kind: Kind, code: str, *, at: datetime, office: Office
) -> Made:
    """Record that a letter came back, or is late: a delay is only noted, a return is news.

    A written notice that came back no longer counts while the decision is being told; a merged
    complainant whom it should have told is to be told by phone or by post (B5).
    """
    complaint = dossier.complaint
    facts: dict[str, str | int | bool | None] = {
        "letter": letter.letter_id,
        "kind": letter.kind,
        "code": code,
    }
    if kind == "temporary":
        return record(complaint, "letter_delayed", at=at, actor="intake", facts=facts)
    changes: dict[str, Any] = {}
    if not complaint.merged_into:
        changes |= {**as_news(complaint, at=at, office=office), "unreached_at": at}
    elif letter.kind == "notice":
        back = letter.replace(bounced_at=at)
        kept = (back if one.letter_id == back.letter_id else one for one in dossier.letters)
        changes |= to_be_told(dossier.replace(letters=tuple(kept)), at)
    changes |= unwritten(dossier, letter)
    action = "letter_unwanted" if kind == "unwanted" else "letter_returned"
    return record(complaint, action, at=at, actor="intake", facts=facts, **changes)


def tell_main(
    main: Complaint, complaint_id: str, *, owes: bool, at: datetime, office: Office
) -> Made:
    """Record with a complaint that a letter about a merged one came back: news for it (B5).

    `owes` says that the complainant of the merged one is to be told from now on.
    """
    return record(
        main,
        "merged_letter_returned",
        at=at,
        actor="intake",
        facts={"complaint": complaint_id},
        untold=main.untold + int(owes),
        **as_news(main, at=at, office=office),
    )


def unwritten(dossier: Dossier, letter: Letter) -> dict[str, Any]:
    """Return what changes when a letter reached nobody: a notice of the decision has told nothing.

    Unless the same notice reached somebody else, such as a proxy.
    """
    telling = dossier.complaint.status is Status.APPROVED
    lost = telling and letter.kind == "notice" and not _told_otherwise(dossier, letter)
    return {"written_at": None} if lost else {}


def _told_otherwise(dossier: Dossier, letter: Letter) -> bool:
    """Return whether the same notice also went to somebody from whom it has not come back."""
    others = (one for one in dossier.letters if one.letter_id != letter.letter_id)
    return any(
        one.kind == "notice"
        and one.queued_at == letter.queued_at
        and one.sent_at
        and not one.bounced_at
        for one in others
    )


def _sent_at(letter: Letter) -> tuple[datetime, str]:
    return letter.sent_at or letter.queued_at, letter.letter_id


def _plain(message_id: str) -> str:
    """Return an id as both sides of a mail system write it: without brackets, host and case."""
    return message_id.strip("<> ").partition("@")[0].lower()
