"""Family and proxy: who speaks for the complainant, and what that person may be told (I17).

What is told to whom follows from two things that a member of staff has recorded: the authority
(none, spoken, written) and how much it covers (nothing, progress, everything). Without authority
nothing is told. The tracking code is the complainant's: it goes only where everything may go.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from complaints.lifecycle import InvalidInputError, NotAllowedError, record
from complaints.models import (
    Complainant,
    Complaint,
    Contact,
    Dossier,
    File,
    Letter,
    Staff,
    TrackingEntry,
)
from complaints.parts import Proxy
from complaints.roles import may_add_proxy

What = Literal["progress", "everything"]
BY = "proxy:"
ONLY_PROGRESS = "proxy_progress"
"""Kind of the letter to a proxy who may know how far it is, and nothing of what it is about."""


def by_of(proxy: Proxy) -> str:
    """Return how a contact names its author who is a proxy: `proxy:<id>`."""
    return f"{BY}{proxy.proxy_id}"


def may_be_told(proxy: Proxy, what: What) -> bool:
    """Return whether this proxy may be told so much; never without authority."""
    covered = ("everything",) if what == "everything" else ("progress", "everything")
    return proxy.authority != "none" and proxy.may_be_told in covered


def reachable(dossier: Dossier) -> Complainant:
    """Return the complainant with the ways of a proxy where the person left none.

    Only of a proxy who may be told everything; the complainant's own ways go first. An address
    that sent a letter back is no way until it is corrected.
    """
    complainant = dossier.complainant
    if is_unreached(complainant.email, dossier):
        complainant = complainant.replace(email="")
    for proxy in dossier.proxies:
        if may_be_told(proxy, "everything"):
            email = "" if is_unreached(proxy.email, dossier) else proxy.email
            complainant = complainant.replace(
                email=complainant.email or email, phone=complainant.phone or proxy.phone
            )
    return complainant


def is_unreached(address: str, dossier: Dossier) -> bool:
    """Return whether no letter goes to an address any more, because one came back from it."""
    return address.lower() in dossier.unreached


def addressee(to: str, dossier: Dossier) -> str:
    """Return the name of whoever a letter goes to; empty where nobody left one."""
    if to == dossier.complainant.email:
        return dossier.complainant.name
    named = (proxy.name for proxy in dossier.proxies if proxy.email == to)
    return next(named, dossier.complainant.name)


def copies(letter: Letter, dossier: Dossier) -> tuple[Letter, ...]:
    """Return the letters that proxies are owed beside the complainant's.

    The same one where everything may be told; where only progress, a word that there is some.
    """
    found = []
    for proxy in dossier.proxies:
        if not proxy.email or proxy.email == letter.to or not may_be_told(proxy, "progress"):
            continue
        if is_unreached(proxy.email, dossier):
            continue
        whole = may_be_told(proxy, "everything")
        kind = letter.kind if whole else ONLY_PROGRESS
        found.append(
            letter.replace(
                letter_id=f"{letter.letter_id}-{proxy.proxy_id}",
                kind=kind,
                to=proxy.email,
                words=letter.words if whole else "",
                references=letter.references if whole else (),
            )
        )
    return tuple(found)


def attributed(contact: Contact, sender: str, dossier: Dossier) -> Contact:
    """Return a mail as the proxy's where it came from a proxy's address (A13)."""
    address = sender.strip().lower()
    if not address or address == dossier.complainant.email.lower():
        return contact
    for proxy in dossier.proxies:
        if proxy.email.lower() == address:
            return contact.replace(by=by_of(proxy))
    return contact


def add(
    complaint: Complaint,
    proxy: Proxy,
    evidence: Iterable[File],
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
) -> tuple[Complaint, TrackingEntry]:
    """Record somebody who speaks for the complainant."""
    return _record(complaint, proxy, "proxy_added", evidence, staff, key=key, at=at)


def authorise(
    complaint: Complaint,
    proxy: Proxy,
    evidence: Iterable[File],
    *,
    staff: Staff,
    key: bytes,
    at: datetime,
) -> tuple[Complaint, TrackingEntry]:
    """Record another authority of a proxy, or another extent; none at all takes it back."""
    return _record(complaint, proxy, "proxy_changed", evidence, staff, key=key, at=at)


def check(proxy: Proxy, evidence: Iterable[File]) -> None:
    """Raise InvalidInputError for an authority that does not hold.

    Something may be told only with authority; a written one is a piece of evidence.
    """
    if proxy.may_be_told != "nothing" and proxy.authority == "none":
        raise InvalidInputError("told without authority", text_id="error.proxy_unauthorised")
    kept = {file.upload_id for file in evidence}
    if proxy.authority == "written" and proxy.upload_id not in kept:
        raise InvalidInputError("no document", text_id="error.proxy_document_missing")


def _record(
    complaint: Complaint,
    proxy: Proxy,
    action: str,
    evidence: Iterable[File],
    staff: Staff,
    *,
    key: bytes,
    at: datetime,
) -> tuple[Complaint, TrackingEntry]:
    if not may_add_proxy(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not change {complaint.complaint_id}")
    check(proxy, evidence)
    return record(
        complaint,
        action,
        at=at,
        actor=staff.username,
        facts={
            "proxy": proxy.proxy_id,
            "relation": proxy.relation,
            "authority": proxy.authority,
            "may_be_told": proxy.may_be_told,
        },
        personal=proxy,
        key=key,
    )
