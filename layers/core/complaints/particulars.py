"""Particulars that are added or corrected after registration (A6; 000 五, 002 2.3.1, 003 二).

A mail seldom says all that the procedure wants to know. What is learned later is entered here:
pages, letters and the archive have the newest, and each change stays on record with what it was
before and how it became known.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from complaints.clocks import with_clock
from complaints.forms import PERSONAL
from complaints.letters import TO_STAFF, owed_to_complainant
from complaints.lifecycle import (
    UNAPPROVED,
    InvalidInputError,
    NotAllowedError,
    WrongStatusError,
    record,
)
from complaints.matters import repeats_of
from complaints.models import (
    Complainant,
    Complaint,
    Contact,
    Dossier,
    Letter,
    Staff,
    Status,
    TrackingEntry,
)
from complaints.office import Office
from complaints.parts import Correction
from complaints.proxies import reachable
from complaints.roles import may_correct
from complaints.rounds import contact_clock, spoken

MATTER = ("demand", "occurred_on", "place", "service", "staff_involved", "amount")
"""What is asked about the matter, beside the words themselves; amounts as yuan, `1234.50`."""
PARTICULARS = (*MATTER, *PERSONAL)
WAYS = ("phone", "email", "address")
"""Ways to reach the complainant."""


def current(dossier: Dossier) -> dict[str, str]:
    """Return each particular as it is known now; empty where it is not known.

    What was said later goes before what was said earlier, and a correction before both.
    """
    values = dict.fromkeys(MATTER, "")
    told = [(one.received_at, said_in(one)) for one in dossier.contacts]
    told += [(one.at, one.after) for one in dossier.corrections]
    for _, known in sorted(told, key=_when):
        values |= {name: value for name, value in known.items() if name in values}
    return values | {name: getattr(dossier.complainant, name) for name in PERSONAL}


def _when(told: tuple[datetime, Mapping[str, str]]) -> datetime:
    return told[0]


def said_in(contact: Contact) -> dict[str, str]:
    """Return the particulars of the matter that came with a contact."""
    amount = "" if contact.amount is None else f"{contact.amount // 100}.{contact.amount % 100:02}"
    values = {name: getattr(contact, name) for name in MATTER} | {"amount": amount}
    return {name: value for name, value in values.items() if value}


def missing(dossier: Dossier, office: Office) -> tuple[str, ...]:
    """Return which particulars the policy asks for and nobody has said yet, in its order.

    Who stays anonymous is asked for nothing personal (A5).
    """
    known = current(dossier)
    asked = (one for one in office.policy.required_fields if one in known)
    unasked = PERSONAL if dossier.complaint.anonymous else ()
    return tuple(one for one in asked if not known[one] and one not in unasked)


def changed(dossier: Dossier, wanted: Mapping[str, str]) -> tuple[str, ...]:
    """Return which particulars would become others."""
    known = current(dossier)
    return tuple(one for one in PARTICULARS if wanted[one] != known[one])


def complainant_as(dossier: Dossier, wanted: Mapping[str, str]) -> Complainant:
    """Return who complains, with these particulars."""
    return dossier.complainant.replace(**{name: wanted[name] for name in PERSONAL})


def correction(
    dossier: Dossier,
    wanted: Mapping[str, str],
    source: str,
    *,
    once: str,
    staff: Staff,
    at: datetime,
) -> Correction:
    """Return what is kept of a change: only what became another, as it was and as it is."""
    known, names = current(dossier), changed(dossier, wanted)
    return Correction(
        correction_id=once,
        by=staff.username,
        at=at,
        before={name: known[name] for name in names},
        after={name: wanted[name] for name in names},
        source=source,
    )


def correct(
    dossier: Dossier,
    made: Correction,
    complainant: Complainant,
    person: str,
    *,
    staff: Staff,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Record particulars that were added or corrected; `person` is the key of who it is now (I3).

    With the first way to be reached the first word is owed (C8), from now. While the answer is
    being told, an address of mail that nobody knew before is written to.

    Raises NotAllowedError for the wrong person, WrongStatusError for a closed complaint, and
    InvalidInputError for a correction without its source, for an event in the future, and where
    nobody could reach the complainant any more.
    """
    complaint = dossier.complaint
    if not may_correct(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not correct {complaint.complaint_id}")
    if not complaint.is_open:
        raise WrongStatusError(
            f"{complaint.complaint_id} is closed", text_id="error.particulars_closed"
        )
    if any(made.before.values()) and not made.source.strip():
        raise InvalidInputError("corrected without a source", text_id="error.source_missing")
    if made.after.get("occurred_on", "") > f"{at.astimezone(office.zone):%Y-%m-%d}":
        raise InvalidInputError("not yet happened", text_id="error.event_in_future")
    _expect_ways(dossier, complainant)
    after = dossier.replace(complainant=complainant)
    return record(
        complaint,
        "particulars_corrected",
        at=at,
        actor=staff.username,
        facts={"fields": ",".join(made.after)},
        personal=made,
        key=dossier.key,
        person=person,
        anonymous=not (complainant.name or complainant.email or complainant.phone),
        repeats=complaint.repeats + repeats_of(dossier, person) - repeats_of(dossier),
        **_first_word(dossier, after, at=at, office=office),
        **({"written_at": at, **spoken(complaint, at)} if is_written_now(dossier, after) else {}),
    )


def _expect_ways(dossier: Dossier, after: Complainant) -> None:
    """Raise InvalidInputError where a way to reach the complainant goes that is needed.

    The last one is, and each while the answer is being told: a wrong one is replaced then.
    """
    before = dossier.complainant
    had, has = ({way for way in WAYS if getattr(one, way)} for one in (before, after))
    telling = dossier.complaint.status is Status.APPROVED
    if had and not has:
        raise InvalidInputError("nobody to reach", text_id="error.last_way")
    if telling and had - has:
        raise InvalidInputError("the answer is being told", text_id="error.way_in_use")


def _first_word(before: Dossier, after: Dossier, *, at: datetime, office: Office) -> dict[str, Any]:
    """Return the clock of the first word, for a complainant who could not be reached until now."""
    complaint = before.complaint
    unreachable = not any(getattr(before.complainant, way) for way in WAYS)
    waits = complaint.status in UNAPPROVED and not complaint.settled_on_spot
    if not unreachable or not waits or complaint.contacted_at or complaint.merged_into:
        return {}
    if not any(getattr(after.complainant, way) for way in WAYS):
        return {}
    clock = contact_clock(at, at=at, office=office, other_body=complaint.other_body)
    return with_clock(complaint, clock) if clock else {}


def is_written_now(before: Dossier, after: Dossier) -> bool:
    """Return whether the written notice can go by mail only now: it is owed with this save."""
    complaint = before.complaint
    awaited = complaint.status is Status.APPROVED and not complaint.written_at
    return awaited and not reachable(before).email and bool(reachable(after).email)


def letters(before: Dossier, after: Dossier, *, at: datetime) -> tuple[Letter, ...]:
    """Return the letters that go elsewhere, or nowhere, from now on, and the notice if it is owed.

    What was not delivered to the old address goes to the new one, and what came back from it once
    more; where there is none it is given up. `after` has the complaint as it is saved, and its
    complainant.
    """
    old, new = before.complainant.email, after.complainant.email
    notice = owed_to_complainant("notice", after.complaint, after, at=at)
    owed = notice if is_written_now(before, after) else ()
    if not old or old == new:
        return owed
    undelivered = (
        one
        for one in before.letters
        if one.to == old and not one.sent_at and one.kind not in TO_STAFF
    )
    if not new:
        return (*owed, *(one.replace(given_up_at=one.given_up_at or at) for one in undelivered))
    afresh = {"tries": 0, "next_at": None, "refused": "", "given_up_at": None}
    sent_on = (one.replace(to=new, queued_at=at, **afresh) for one in undelivered)
    came_back = (
        one.replace(
            letter_id=f"{one.letter_id}-{after.complaint.version}",
            to=new,
            queued_at=at,
            sent_at=None,
            message_id="",
            text="",
            tries=0,
            next_at=None,
            bounced_at=None,
            bounce_code="",
        )
        for one in before.letters
        if one.to == old and one.bounced_at and one.kind not in TO_STAFF
        if not (owed and one.kind == "notice")
    )
    return (*owed, *sent_on, *came_back)
