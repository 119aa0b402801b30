"""The payouts of a group incident on its page: for how many, how much, who decides, how far."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from complaints.console.lists import queue_words, role_words
from complaints.console.tasks import Task
from complaints.forms import Field, fen
from complaints.models import Dossier, Staff
from complaints.office import Office
from complaints.parts import Payout
from complaints.payout import left_out, reached, unserved
from complaints.roles import approvers_of
from complaints.texts import Texts

LISTED = 20
"""Complaints that are named; of more the page says how many."""
FIELDS: dict[Task, tuple[Field, ...]] = {
    Task.OFFER_ALL: (
        Field(name="payout_amount", kind="money", required=True, longest=20),
        Field(name="payout_basis", kind="words", required=True, longest=2000),
        Field(name="payout_payer", required=True, longest=100),
    ),
    Task.DECIDE_ALL: (
        Field(name="payout", required=True, longest=40),
        Field(name="payout_decision", kind="choice", required=True, choices=("approve", "reject")),
        Field(name="payout_reason", kind="words", longest=2000),
    ),
}


class PayoutLine(msgspec.Struct, frozen=True, kw_only=True):
    """One payout in words."""

    payout: Payout
    state: str
    """offered, approved, refused"""
    level: str
    """Who must approve the total."""
    payer: str
    offered_by: str
    decided_by: str
    reached: int
    """Complaints that have their payment of it."""
    left_out: tuple[str, ...]
    """Complaints that had left the matter before they were reached."""


class Payouts(msgspec.Struct, frozen=True, kw_only=True):
    """What the page says of payouts."""

    lines: tuple[PayoutLine, ...]
    people: int
    """How many complaints another one would be for: those that none is for yet."""
    joined: tuple[str, ...]
    """Some of these, once there was a payout: they came later, or had left."""
    unpaid: int
    """Payments of the merged complaints that are not done."""
    levels: tuple[tuple[str, int], ...]
    """Who approves another one, and up to how much for each, in fen; 0 for any amount."""


def payouts_of(dossier: Dossier, names: Mapping[str, str], t: Texts, office: Office) -> Payouts:
    """Return what the page shows; `names` are the names of the staff by user name."""
    if not dossier.complaint.incident_at:
        return Payouts(lines=(), people=0, joined=(), unpaid=0, levels=())
    left = unserved(dossier)
    ordered = sorted(dossier.payouts, key=lambda one: one.entry)
    served = any(not one.refused_reason for one in ordered)
    return Payouts(
        lines=tuple(_line(one, dossier, names, t, office) for one in ordered),
        people=len(left),
        joined=left[:LISTED] if served else (),
        unpaid=dossier.complaint.unpaid_with,
        levels=tuple(
            (role_words(level.by, t, office), (level.up_to or 0) * 100 // max(1, len(left)))
            for level in office.policy.compensation.levels
        ),
    )


def _line(
    one: Payout, dossier: Dossier, names: Mapping[str, str], t: Texts, office: Office
) -> PayoutLine:
    decider = next(
        (
            entry.actor
            for entry in dossier.entries
            if entry.action in {"payout_approved", "payout_refused"}
            and entry.facts["payout"] == one.payout_id
        ),
        "",
    )
    state = "refused" if one.refused_reason else "approved" if one.approved_at else "offered"
    return PayoutLine(
        payout=one,
        state=state,
        level=role_words(approvers_of(one.total, office)[0], t, office),
        payer=queue_words(one.payer, t, office),
        offered_by=names.get(one.offered_by, one.offered_by),
        decided_by=names.get(decider, decider),
        reached=len(reached(dossier, one)) if one.approved_at else 0,
        left_out=left_out(dossier, one)[:LISTED],
    )


def payout_of(values: dict[str, str], form_id: str, staff: Staff, at: datetime) -> Payout:
    """Return the payout of a checked form; how many it is for is said when it is saved."""
    return Payout(
        payout_id=form_id,
        amount=fen(values["payout_amount"]) or 0,
        people=0,
        basis=values["payout_basis"],
        payer=values["payout_payer"],
        offered_by=staff.username,
        offered_at=at,
        entry=0,
    )
