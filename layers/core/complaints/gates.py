"""Closing gates: what must be true before a complaint is closed (D1 to D7, I5).

A complaint whose follow-up is over and whose gates are not all open is handled (已处理), and never
closed: it goes on to the archive by itself with the last gate that opens.

    gate                       opens                                            source
    -------------------------  -----------------------------------------------  ------------
    written, phoned            with the feedback; no way to tell is none due    004 二
    opinion                    with what the complainant says of the result,    003 ⑧⑨
                               or with the end of a follow-up that heard none
    verified                   by proof, before the follow-up call              000 七
    satisfied                  satisfied, or quiet days to their end            000 四
    signed                     by proof, when the follow-up is over             003 ⑨
    cause, person, taught,     by proof; who is not responsible has only a      001 1.3.4
    measures                   cause
    voucher                    when every payment is refused or proven, also    004 二
                               those of what is counted with it

Whatever the policy, it also waits for its disputes (C11), for bodies outside that have no answer
yet (I11), and for merged complainants who are still to be told by phone or by post (B5, D1).
"""

from datetime import datetime
from typing import Any

from complaints.clocks import without_clock
from complaints.lifecycle import (
    InvalidInputError,
    NotAllowedError,
    expect,
    expect_words,
    is_past,
    record,
)
from complaints.models import Complaint, Outcome, Role, Staff, Status, TrackingEntry
from complaints.office import Office
from complaints.parts import Gate, Proof
from complaints.record import Record
from complaints.roles import GATE, holds, is_barred, queue_of, signers
from complaints.rounds import LOOK_AGAIN, STATEMENT, VERIFICATION, again, closing_clock, next_clock

LET_GO_OF = (Gate.CAUSE, Gate.PERSON, Gate.TAUGHT, Gate.MEASURES)
"""The four that are not let go (四不放过, D7)."""
PROVEN = frozenset({Gate.VERIFIED, Gate.SIGNED, *LET_GO_OF})
"""Gates that a person opens by a proof; the others follow from what was recorded."""


class GateState(Record, frozen=True, kw_only=True):
    """One gate of a complaint: open, and who proved it; or shut, and who must open it."""

    gate: Gate
    is_open: bool
    proof: Proof | None = None
    opened_by: tuple[str, ...] = ()
    """Roles or posts that can open it; empty for an open one."""


def gates(complaint: Complaint, proofs: tuple[Proof, ...], office: Office) -> tuple[GateState, ...]:
    """Return the state of each gate of the policy, in its order."""
    latest = {proof.gate: proof for proof in proofs}
    found = []
    for gate in office.policy.closing_gates:
        if not is_due(gate, complaint):
            continue
        opened = is_open(gate, complaint)
        state = GateState(
            gate=gate,
            is_open=opened,
            proof=latest.get(gate) if gate in complaint.proven else None,
            opened_by=() if opened else openers(gate, complaint, office),
        )
        found.append(state)
    return tuple(found)


def shut(complaint: Complaint, office: Office) -> tuple[Gate, ...]:
    """Return the gates that still keep the complaint from being closed, in the policy's order."""
    return tuple(
        gate
        for gate in office.policy.closing_gates
        if is_due(gate, complaint) and not is_open(gate, complaint)
    )


def is_due(gate: Gate, complaint: Complaint) -> bool:
    """Return whether a gate stands in the way of this complaint at all.

    Where we are not responsible nobody is dealt with or taught, and there is nothing to correct;
    the cause is due all the same. What was settled on the spot had no measures to verify. What was
    voided is closed past all of them.
    """
    if complaint.voided:
        return False
    if gate in LET_GO_OF and complaint.responsible is False:
        return gate is Gate.CAUSE
    return gate is not Gate.VERIFIED or not complaint.is_settled_on_spot


def is_open(gate: Gate, complaint: Complaint) -> bool:
    """Return whether a gate is open.

    The stage `notify` responds only when every way of feedback that leads anywhere is done.
    """
    if gate in PROVEN:
        return gate in complaint.proven
    match gate:
        case Gate.WRITTEN:
            return complaint.written_at is not None or is_past(complaint, Status.RESPONDED)
        case Gate.PHONED:
            return complaint.phoned_at is not None or is_past(complaint, Status.RESPONDED)
        case Gate.OPINION:
            return complaint.follow_up_outcome is not None
        case Gate.SATISFIED:
            return complaint.followed_up_at is not None
    undecided = any(clock.what.startswith("payout:") for clock in complaint.clocks)
    return complaint.unpaid == 0 and complaint.unpaid_with == 0 and not undecided


def openers(gate: Gate, complaint: Complaint, office: Office) -> tuple[str, ...]:
    """Return the roles and posts that can open a gate; who must do it stands first.

    A gate that the policy gives to nobody is the quality office's or the department head's; who
    signs the general solutions signs the record.
    """
    if named := office.policy.proven_by.get(gate):
        return (complaint.stand_ins.get(f"{GATE}{named}", named),)
    if gate is Gate.SIGNED:
        return office.policy.approval.general.signed_by[-1:]
    if gate in PROVEN:
        return (Role.QUALITY_OFFICE, Role.DEPARTMENT_HEAD)
    if gate is Gate.VOUCHER:
        return awaited_payers(complaint) or (Role.HANDLER,)
    return (Role.QUALITY_OFFICE,) if gate in {Gate.OPINION, Gate.SATISFIED} else (Role.HANDLER,)


def awaited_payers(complaint: Complaint) -> tuple[str, ...]:
    """Return the roles and posts that must act on a payment, by the clocks beside the stages."""
    names = (clock.what.partition(":") for clock in complaint.clocks)
    return tuple(dict.fromkeys(code for kind, _, code in names if kind in {"payment", "payout"}))


def provable(complaint: Complaint, staff: Staff, office: Office) -> tuple[Gate, ...]:
    """Return the gates that this person may open by a proof now.

    Never who investigated: nobody proves the own work (D6). The measures can be verified, and what
    is not let go be seen to, once the solution is approved; the record is signed at the end.
    """
    if complaint.status not in {Status.APPROVED, Status.RESPONDED}:
        return ()
    if staff.username == complaint.investigator or is_barred(complaint, staff):
        return ()
    return tuple(
        gate
        for gate in shut(complaint, office)
        if gate in PROVEN
        and (gate is not Gate.SIGNED or complaint.is_handled)
        and any(holds(staff, code, complaint, office) for code in openers(gate, complaint, office))
    )


def fail(
    complaint: Complaint, proof: Proof, *, staff: Staff, key: bytes, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Record that the measures do not hold: the complaint goes back to investigation (D6; 000 六).

    It was found by ourselves, so it counts as no repeat of the complainant's. Raises as `prove`
    does, and InvalidInputError for a gate that is not about measures.
    """
    if proof.gate is not Gate.VERIFIED:
        raise InvalidInputError(f"{proof.gate} can't fail", text_id="error.gate_cannot_fail")
    _expect_provable(complaint, proof, staff, office)
    return again(
        complaint,
        "verification_failed",
        actor=staff.username,
        key=key,
        at=at,
        office=office,
        personal=proof,
        facts={"gate": proof.gate},
    )


def prove(
    complaint: Complaint, proof: Proof, *, staff: Staff, key: bytes, at: datetime, office: Office
) -> tuple[Complaint, TrackingEntry]:
    """Open a gate by a proof; the last one lets the complaint be closed.

    Raises InvalidInputError for a gate that nobody proves, that the policy doesn't have or that is
    open already, and for a proof without words; NotAllowedError for the wrong person.
    """
    _expect_provable(complaint, proof, staff, office)
    proven = complaint.replace(proven=(*complaint.proven, proof.gate))
    if proof.gate is Gate.VERIFIED:
        proven = proven.replace(**without_clock(proven, VERIFICATION))
    return record(
        proven,
        "proven",
        at=at,
        actor=staff.username,
        facts={"gate": proof.gate},
        personal=proof,
        key=key,
        **closing(proven, at=at, office=office),
    )


def _expect_provable(complaint: Complaint, proof: Proof, staff: Staff, office: Office) -> None:
    """Raise what is wrong with a word about a gate now, if anything is."""
    expect(complaint, Status.APPROVED, Status.RESPONDED)
    if proof.gate not in PROVEN or proof.gate not in shut(complaint, office):
        raise InvalidInputError(f"{proof.gate} is not to be proven", text_id="error.gate_open")
    expect_words(proof.words, "error.proof_missing")
    if proof.gate not in provable(complaint, staff, office):
        own = staff.username == complaint.investigator
        raise NotAllowedError(
            f"{staff.username} may not prove {proof.gate} of {complaint.complaint_id}",
            text_id="error.own_proof" if own else "error.gate_of_others",
        )


def closing(complaint: Complaint, *, at: datetime, office: Office) -> dict[str, Any]:
    """Return what changes when a step may have opened the last gate.

    Nothing before the follow-up is over. Then either every gate is open and the complaint goes on
    to the archive, or it is handled and lies with who must open the first of the others, with the
    limit of a verification. So it is with an open dispute, with a body outside that has no answer
    yet, and with a merged complainant who was not told.
    """
    if not complaint.is_handled:
        return {}
    besides = complaint.disputes_open or awaited_outside(complaint) or complaint.untold
    if not shut(complaint, office) and not besides:
        return {
            "status": Status.FOLLOWED_UP,
            "queue": "",
            "clock": closing_clock(at),
            "look_again_at": at + LOOK_AGAIN,
        }
    waits = {"queue": queue_of(awaited(complaint, office), complaint, office)}
    limit, clock = office.policy.clocks.verification, complaint.clock
    began = complaint.followed_up_at or at
    same = (began, limit.minutes, limit.working_days)
    if clock and (clock.started_at, clock.minutes, clock.working_days) == same:
        return waits
    return waits | {"clock": next_clock(limit, started_at=began, at=at, office=office)}


def awaited_outside(complaint: Complaint) -> bool:
    """Return whether a body outside still waits for its answer, by the clocks beside the stages."""
    return any(clock.what.startswith("outside:") for clock in complaint.clocks)


def awaited(complaint: Complaint, office: Office) -> str:
    """Return the role or post that must act next on a complaint that is handled."""
    if first := next(iter(shut(complaint, office)), None):
        return openers(first, complaint, office)[0]
    return Role.HANDLER if complaint.untold else Role.QUALITY_OFFICE


def waits_for(complaint: Complaint, staff: Staff, office: Office) -> bool:
    """Return whether a gate waits for this very person: to prove, or to pay."""
    pays = (holds(staff, code, complaint, office) for code in awaited_payers(complaint))
    follows = complaint.must_call_back or complaint.is_handled
    return any(pays) or (follows and bool(provable(complaint, staff, office)))


def other_queues(complaint: Complaint, office: Office) -> tuple[str, ...]:
    """Return the queues beside its own in which the complaint must be found.

    Signers whose order is free, who decides about a payment or a longer limit, who proves a gate,
    who owes the public a statement and who tells merged complainants each find it in the queue of
    their own; so does the quality office while a letter that nobody got is news. A merged complaint
    is in none.
    """
    if complaint.merged_into:
        return ()
    codes: list[str] = []
    if complaint.status is Status.INVESTIGATED:
        awaited_now = signers(complaint, office)
        codes += [complaint.stand_ins.get(code, code) for code in awaited_now]
    if complaint.must_call_back or complaint.is_handled:
        proofs = [gate for gate in shut(complaint, office) if gate in PROVEN]
        codes += [openers(gate, complaint, office)[0] for gate in proofs]
    codes += awaited_payers(complaint)
    if complaint.extension:
        codes.append(office.policy.extension.approved_by)
    if any(clock.what == STATEMENT for clock in complaint.clocks):
        codes.append(office.policy.group_incident.leader)
    if complaint.untold:
        codes.append(Role.HANDLER)
    if complaint.unreached_at and complaint.news_at:
        codes.append(Role.QUALITY_OFFICE)
    queues = dict.fromkeys(queue_of(code, complaint, office) for code in codes)
    return tuple(queue for queue in queues if queue != complaint.queue)


def in_queues(complaint: Complaint, before: Complaint, office: Office) -> Complaint:
    """Return the complaint with the queues beside its own; a slot that it had and left is empty."""
    wanted = other_queues(complaint, office)
    left = sum(map(bool, before.also)) - len(wanted)
    return complaint.replace(also=(*wanted, *("",) * left))


def refuses_call(complaint: Complaint, office: Office) -> bool:
    """Return whether the measures must be verified before anybody calls (000 七)."""
    return Gate.VERIFIED in shut(complaint, office)


def ended(complaint: Complaint, outcome: Outcome, at: datetime) -> Complaint:
    """Return the complaint with its follow-up over."""
    return complaint.replace(follow_up_outcome=outcome, followed_up_at=at, must_call_back=False)
