"""Handling as the page of a complaint shows it (C1 to C3, C11, I8, I11).

Investigation records, work orders, the joint group, who is complained about, bodies outside,
disputes, and the rounds of negotiation.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from complaints.console.lists import queue_words
from complaints.models import Dossier, File
from complaints.office import Office
from complaints.parts import Dispute, InvestigationRecord, OutsideCase, WorkOrder
from complaints.texts import Texts


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A record, an order, a case or a dispute as a card shows it."""

    heading: str
    state: str
    tone: str
    pairs: tuple[tuple[str, str], ...]
    instants: tuple[tuple[str, datetime], ...] = ()
    pieces: tuple[tuple[str, str], ...] = ()
    """Upload id and name of each piece of evidence."""


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """What brought the complaint back, or what was agreed: when, in one line, in whose words."""

    at: datetime
    words: str
    said: str


class Handling(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows of the handling, apart from its forms."""

    records: tuple[Shown, ...]
    orders: tuple[Shown, ...]
    members: tuple[str, ...]
    """Names of the joint group, the leader first."""
    respondents: tuple[str, ...]
    outside: tuple[Shown, ...]
    disputes: tuple[Shown, ...]
    rounds: tuple[Round, ...]


def handling(
    dossier: Dossier, names: Mapping[str, str], t: Texts, office: Office, at: datetime
) -> Handling:
    """Return what the page shows of the handling; `names` are those of the staff."""
    complaint = dossier.complaint
    files = names_of(dossier.evidence)
    return Handling(
        records=tuple(_record(one, files, names, t) for one in dossier.records),
        orders=tuple(_order(one, names, t, office, at) for one in dossier.orders),
        members=tuple(names.get(one, one) for one in complaint.members),
        respondents=tuple(names.get(one, one) for one in complaint.respondents),
        outside=tuple(_outside(one, t, office, at) for one in dossier.outside),
        disputes=tuple(_dispute(one, files, names, t) for one in dossier.disputes),
        rounds=tuple(rounds(dossier, t)),
    )


def rounds(dossier: Dossier, t: Texts) -> Iterable[Round]:
    """Yield each time that the reply was sent back, refused or agreed, with what was said (C6)."""
    said = {contact.contact_id: contact.text for contact in dossier.contacts}
    reasons = iter([one.reason for one in dossier.decisions if not one.approved])
    for entry in dossier.entries:
        if entry.action in {"refused", "accepted", "reopened"}:
            words = said.get(f"{entry.number:06}-answer", "")
        elif entry.action == "rejected":
            words = next(reasons, "")
        else:
            continue
        yield Round(at=entry.occurred_at, words=t(f"staff.history.{entry.action}"), said=words)


def names_of(files: Iterable[File]) -> dict[str, str]:
    """Return upload id -> name of pieces of evidence."""
    return {file.upload_id: file.name for file in files}


def body_words(code: str, t: Texts, office: Office) -> str:
    """Name a body outside."""
    found = (one for one in office.policy.outside_bodies if one.code == code)
    return next((one.name.in_language(t.language) for one in found), code)


def _record(
    one: InvestigationRecord, files: Mapping[str, str], names: Mapping[str, str], t: Texts
) -> Shown:
    """Return an investigation record as a card shows it."""
    return Shown(
        heading=t(f"staff.record.{one.kind}"),
        state="",
        tone="",
        pairs=(
            (t("staff.record_place"), one.place),
            (t("staff.record_people"), one.people),
            (t("staff.record_words"), one.words),
            (t("staff.by"), names.get(one.by, one.by)),
        ),
        instants=((t("staff.record_at"), one.at),),
        pieces=_pieces((one.upload_id,), files),
    )


def _order(
    one: WorkOrder, names: Mapping[str, str], t: Texts, office: Office, at: datetime
) -> Shown:
    """Return a work order as a card shows it."""
    if one.done_at:
        state = "returned" if one.returned else "completed"
    else:
        late = one.complete_at is not None and at > one.complete_at
        state = "late" if late else "agreed" if one.agreed_at else "issued"
    tones = {"returned": "amber", "completed": "green", "late": "red"}
    moments = (
        (t("staff.order_start"), one.start_at),
        (t("staff.order_complete"), one.complete_at),
        (t("staff.order_done"), one.done_at),
    )
    return Shown(
        heading=queue_words(one.department, t, office),
        state=t(f"staff.order.{state}"),
        tone=tones.get(state, ""),
        pairs=(
            (t("staff.order_task"), one.task),
            (t("staff.work_result"), one.result),
            (t("staff.by"), names.get(one.done_by or one.issued_by, one.done_by or one.issued_by)),
        ),
        instants=tuple((label, moment) for label, moment in moments if moment),
    )


def _outside(one: OutsideCase, t: Texts, office: Office, at: datetime) -> Shown:
    """Return an outside case as a card shows it."""
    if one.answered_at:
        state, tone = "answered", "green"
    else:
        state, tone = ("late", "red") if at > one.due_at else ("open", "amber")
    moments = (
        (t("staff.outside_received"), one.received_at),
        (t("staff.outside_due"), one.due_at),
        (t("staff.outside_answered"), one.answered_at),
    )
    return Shown(
        heading=body_words(one.body, t, office),
        state=t(f"staff.outside.{state}"),
        tone=tone,
        pairs=((t("staff.outside_number"), one.number), (t("staff.answered_words"), one.answer)),
        instants=tuple((label, moment) for label, moment in moments if moment),
    )


def _dispute(one: Dispute, files: Mapping[str, str], names: Mapping[str, str], t: Texts) -> Shown:
    """Return a dispute as a card shows it."""
    moments = ((t("staff.dispute_opened"), one.opened_at), (t("staff.dispute_over"), one.ended_at))
    return Shown(
        heading=t(f"staff.dispute.{one.way}"),
        state=t(f"staff.dispute.{one.status}"),
        tone="amber" if one.status == "open" else "green",
        pairs=(
            (t("staff.dispute_institution"), one.institution),
            (t("staff.dispute_words"), one.words),
            (t("staff.ended_result"), one.result),
            (t("staff.by"), names.get(one.by, one.by)),
        ),
        instants=tuple((label, moment) for label, moment in moments if moment),
        pieces=_pieces(one.upload_ids, files),
    )


def _pieces(upload_ids: Iterable[str], files: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return id and name of those pieces of evidence that there are."""
    return tuple((one, files[one]) for one in upload_ids if one in files)
