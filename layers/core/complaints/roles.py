"""Who may do what (H4): one function for each right, asked by stages and pages alike."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from itertools import chain
from typing import Any, ParamSpec, TypeVar, cast

from complaints.models import Complaint, Role, Staff, Status
from complaints.office import Office
from complaints.people import day_of, has_left

COORDINATES = frozenset({Role.QUALITY_OFFICE})
READS_ALL = frozenset({Role.QUALITY_OFFICE, Role.MANAGEMENT, Role.AUDITOR, Role.INTAKE})


IN_LINE = frozenset({Role.HANDLER, Role.DEPARTMENT_HEAD})
"""Roles that a person has for the own department alone."""
CHANGES_POLICY = frozenset({Role.QUALITY_OFFICE, Role.ADMINISTRATOR})
SORTS_MAIL = frozenset({Role.INTAKE, Role.QUALITY_OFFICE})
"""Who reads the mails in quarantine, and says what becomes of them."""
READS_POLICY = CHANGES_POLICY | {Role.MANAGEMENT, Role.AUDITOR}
LAST = (Role.QUALITY_OFFICE, Role.MANAGEMENT, Role.ADMINISTRATOR)
"""Who signs where nobody else may, in this order."""
ACTED_ON_INSTEAD = frozenset({Status.INVESTIGATED, Status.APPROVED, Status.RESPONDED})
"""Where somebody signs or proves, in whosever place."""
GATE = "gate:"
"""How the key of who proves a gate in somebody's place begins: `gate:<role or post>`."""
P = ParamSpec("P")
R = TypeVar("R")


def also_deputies(right: Callable[P, R]) -> Callable[P, R]:
    """Let who stands in for somebody absent have this right too (I10).

    The deputy has it under the own name: whoever investigated or signed stays the one who did.
    From somebody who is complained about nobody gets a right.
    """

    @wraps(right)
    def asked(*args: P.args, **kwargs: P.kwargs) -> R:
        answer = right(*args, **kwargs)
        given = cast("tuple[Any, ...]", args)
        staff = next(one for one in given if isinstance(one, Staff))
        complaint = next(one for one in given if isinstance(one, Complaint))
        for absent in staff.acting_for:
            if answer:
                break
            if not is_barred(complaint, absent):
                deputy = absent.replace(username=staff.username)
                put = cast("Any", tuple(deputy if one is staff else one for one in given))
                answer = right(*put, **kwargs)
        return answer

    return asked


def may_sort_mail(staff: Staff) -> bool:
    """Return whether this person may say what becomes of a mail in quarantine."""
    return bool(SORTS_MAIL & set(staff.roles))


def is_barred(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person is complained about: such a person has no right here (I8)."""
    return staff.username in complaint.respondents


def has_handled(complaint: Complaint, staff: Staff) -> bool:
    """Return whether it was this person's work: then somebody else signs and calls back."""
    return staff.username in (complaint.investigator, *complaint.predecessors)


@also_deputies
def holds(staff: Staff, code: str, complaint: Complaint, office: Office) -> bool:
    """Return whether this person has the role or post of this code, for this complaint.

    Who is complained about holds nothing.
    """
    if is_barred(complaint, staff):
        return False
    if office.policy.find_post(code):
        return code in staff.posts
    if code not in staff.roles:
        return False
    return code not in IN_LINE or staff.department == complaint.department


@also_deputies
def may_see(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person may open the complaint: own department, or an overall duty.

    Who is on call opens every emergency.
    """
    if is_barred(complaint, staff):
        return False
    if READS_ALL & set(staff.roles) or staff.username in complaint.members:
        return True
    if complaint.emergency_at and staff.on_call:
        return True
    if Role.ADMINISTRATOR in staff.roles and Role.ADMINISTRATOR in complaint.stand_ins.values():
        return True
    concerned = {complaint.department, *(ordered(one) for one in complaint.ordered)}
    return bool(staff.department) and staff.department in concerned


def ordered(order_id: str) -> str:
    """Return the department that a work order went to: `<department>-<id>`.

    >>> ordered("finance-0123456789abcdef")
    'finance'
    """
    return order_id.partition("-")[0]


@also_deputies
def may_fulfil(complaint: Complaint, order_id: str, staff: Staff) -> bool:
    """Return whether this person may carry out that work order: who works in its department."""
    in_line = bool(IN_LINE & set(staff.roles)) and staff.department == ordered(order_id)
    return in_line and not is_barred(complaint, staff)


def may_return(complaint: Complaint, order_id: str, staff: Staff) -> bool:
    """Return whether this person may give a work order back: who has it, or the coordinator.

    Else an order to a department that has nobody would hold the complaint for ever.
    """
    return coordinates(complaint, staff) or may_fulfil(complaint, order_id, staff)


@also_deputies
def takes_in(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person answers for every complaint that comes in: the two offices."""
    return bool(SORTS_MAIL & set(staff.roles)) and not is_barred(complaint, staff)


def coordinates(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person coordinates a complaint: of the quality office, never the own."""
    return bool(COORDINATES & set(staff.roles)) and not is_barred(complaint, staff)


@also_deputies
def may_gather(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person forms the joint group: quality office or management (C1)."""
    forms = {Role.QUALITY_OFFICE, Role.MANAGEMENT} & set(staff.roles)
    return bool(forms) and not is_barred(complaint, staff)


def may_name(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person may say who is complained about (I8)."""
    if is_barred(complaint, staff):
        return False
    return Role.INTAKE in staff.roles or may_work_on(complaint, staff)


def may_submit(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person may submit the finding; of a joint group its leader alone."""
    if complaint.members:
        return staff.username == complaint.members[0] and not is_barred(complaint, staff)
    return may_work_on(complaint, staff)


def may_dispute(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person keeps the records of disputes and of bodies outside."""
    if is_barred(complaint, staff):
        return False
    return Role.MANAGEMENT in staff.roles or may_work_on(complaint, staff)


def may_raise_alarm(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person may declare an emergency: who sees it and does more than read."""
    acts = {Role.INTAKE, Role.QUALITY_OFFICE, Role.MANAGEMENT, *IN_LINE} & set(staff.roles)
    return bool(acts) and may_see(complaint, staff)


def may_add_proxy(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person records who speaks for the complainant (I17)."""
    if is_barred(complaint, staff):
        return False
    return Role.INTAKE in staff.roles or may_work_on(complaint, staff)


def may_correct(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person corrects particulars: the desk, or who handles it (A6)."""
    if is_barred(complaint, staff):
        return False
    return Role.INTAKE in staff.roles or may_work_on(complaint, staff)


def may_respond(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person may act on an emergency: who handles it, or is on call (C4)."""
    on_call = staff.on_call or Role.MANAGEMENT in staff.roles
    return may_work_on(complaint, staff) or (on_call and may_see(complaint, staff))


def may_enter_outside(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person notes that a body outside has it, too: the desk does (I11)."""
    return may_name(complaint, staff) or may_dispute(complaint, staff)


def may_register(staff: Staff) -> bool:
    """Return whether this person writes down complaints that come by phone, visit or letter."""
    return bool({Role.INTAKE, Role.QUALITY_OFFICE, *IN_LINE} & set(staff.roles))


def may_read_policy(staff: Staff) -> bool:
    """Return whether this person may see what the policy says and how it came to be (H5)."""
    return bool(READS_POLICY & set(staff.roles))


def may_change_policy(staff: Staff) -> bool:
    """Return whether this person may put another policy into force (H5)."""
    return bool(CHANGES_POLICY & set(staff.roles))


def may_change_wording(staff: Staff) -> bool:
    """Return whether this person may change the words of letters: who may change the policy."""
    return may_change_policy(staff)


@also_deputies
def may_work_on(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person may handle it: its department, joint group, or coordinator.

    What was escalated to management by hand is management's to handle, too (C7).
    """
    if is_barred(complaint, staff):
        return False
    if is_with_management(complaint) and Role.MANAGEMENT in staff.roles:
        return True
    if COORDINATES & set(staff.roles) or staff.username in complaint.members:
        return True
    in_line = IN_LINE & set(staff.roles)
    return bool(in_line) and bool(staff.department) and staff.department == complaint.department


def is_with_management(complaint: Complaint) -> bool:
    """Return whether management has to solve it, not only to sign the solution."""
    handled = complaint.status in {Status.ASSESSED, Status.APPROVED}
    return handled and complaint.queue == Role.MANAGEMENT


def may_escalate(complaint: Complaint, staff: Staff, office: Office) -> bool:
    """Return whether this person may pass it up by hand: who handles it, or is to sign it (C7)."""
    return may_work_on(complaint, staff) or may_approve(complaint, staff, office)


@also_deputies
def may_assign(complaint: Complaint, investigator: str, staff: Staff) -> bool:
    """Return whether this person may name that investigator; handlers take, heads assign."""
    assigns = {Role.DEPARTMENT_HEAD, Role.QUALITY_OFFICE, Role.MANAGEMENT} & set(staff.roles)
    barred = investigator in complaint.respondents
    by_right = bool(assigns) or staff.username == investigator
    return may_work_on(complaint, staff) and not barred and by_right


def may_approve(complaint: Complaint, staff: Staff, office: Office) -> bool:
    """Return whether this person may sign the solution now.

    A solution is signed by the roles and posts that the policy asks for, each by another person,
    and never by who investigated or is complained about, whatever the role (C5, I8).
    """
    return bool(signs_for(complaint, staff, office))


def signs_for(complaint: Complaint, staff: Staff, office: Office) -> str:
    """Return the role or post that this person would sign for now; empty for none."""
    signed = {one.username for one in complaint.signed}
    if has_handled(complaint, staff) or staff.username in signed:
        return ""
    awaited = signers(complaint, office)
    own = (code for code in awaited if holds(staff, code, complaint, office))
    instead = (code for code in awaited if stands_in(staff, code, complaint, office))
    return next(chain(own, instead), "")


def stands_in(staff: Staff, code: str, complaint: Complaint, office: Office) -> bool:
    """Return whether this person signs in place of a role or post that nobody may sign for."""
    other = complaint.stand_ins.get(code, "")
    return bool(other) and holds(staff, other, complaint, office)


def stand_ins(
    complaint: Complaint, directory: Sequence[Staff], office: Office, *, at: datetime
) -> dict[str, str]:
    """Return who acts in place of each role or post that has nobody to sign, or to prove a gate.

    Nobody signs who investigated, has signed already, has left or is complained about. Where that
    leaves none, the next on the ladder that has somebody signs, then quality office, management
    and, in the last place, an administrator (C5, I8). Likewise for who proves a gate (D6), under
    `gate:<role or post>`: there, only who investigated is one too many.
    """
    day = day_of(at, office)
    here = [member for member in directory if not has_left(member, day)]
    signed_by = (one.username for one in complaint.signed)
    barred = {complaint.investigator, *complaint.predecessors, *signed_by}
    signed = {one.code for one in complaint.signed}
    sign = [member for member in here if member.username not in barred]
    prove = [member for member in here if member.username != complaint.investigator]
    awaited = [("", code, sign) for code in asked_to_sign(complaint, office) if code not in signed]
    awaited += [(GATE, code, prove) for code in office.policy.proven_by.values()]
    found: dict[str, str] = {}
    for kind, code, free in awaited:
        if any(holds(member, code, complaint, office) for member in free):
            continue
        if other := _next_up(code, free, complaint, office):
            found[f"{kind}{code}"] = other
    return found


def _next_up(code: str, free: Sequence[Staff], complaint: Complaint, office: Office) -> str:
    """Return the first above a role or post that one of these people holds; empty for none."""
    ladder = [rung.to for rung in office.policy.escalation.ladder(is_major=complaint.is_major)]
    upwards = ladder[ladder.index(code) + 1 :] if code in ladder else []
    for other in (*upwards, *LAST):
        if any(holds(member, other, complaint, office) for member in free):
            return str(other)
    return ""


def with_stand_ins(
    complaint: Complaint, directory: Sequence[Staff], office: Office, *, at: datetime
) -> Complaint:
    """Return the complaint as it lies with whoever signs or proves in somebody's place today.

    Promotions and leavers come at any time: nothing may lie where nobody can act.
    """
    if complaint.merged_into or complaint.status not in ACTED_ON_INSTEAD:
        return complaint
    found = complaint.replace(stand_ins=stand_ins(complaint, directory, office, at=at))
    if found.stand_ins == complaint.stand_ins or complaint.status is not Status.INVESTIGATED:
        return found
    return found.replace(queue=queue_of(next_signer(found, office), found, office))


def signers(complaint: Complaint, office: Office) -> tuple[str, ...]:
    """Return the roles and posts that may sign next; one where the order matters."""
    rule = office.policy.sign_offs(is_major=complaint.is_major)
    signed = {one.code for one in complaint.signed}
    left = tuple(code for code in asked_to_sign(complaint, office) if code not in signed)
    return left[:1] if rule.in_order else left


def asked_to_sign(complaint: Complaint, office: Office) -> tuple[str, ...]:
    """Return the roles and posts that sign the solution (C5).

    Where it pays more than any of them may approve, who may approve the amount signs too (C9):
    nothing is promised to the complainant that could still be refused.
    """
    codes = office.policy.sign_offs(is_major=complaint.is_major).signed_by
    if not complaint.compensation:
        return codes
    pays = approvers_of(complaint.compensation, office)
    return codes if set(codes) & set(pays) else (*codes, pays[0])


def approvers_of(amount: int, office: Office) -> tuple[str, ...]:
    """Return the roles and posts that may approve an amount in fen, the lowest first (C9).

    Above the highest level of the policy it is whoever approves that one.
    """
    levels = office.policy.compensation.levels
    over = [level for level in levels if level.up_to and level.up_to * 100 < amount]
    return tuple(level.by for level in levels[min(len(over), len(levels) - 1) :])


def next_signer(complaint: Complaint, office: Office) -> str:
    """Return the first role or post that is to sign next, or who stands in for it."""
    code = next(iter(signers(complaint, office)), str(Role.QUALITY_OFFICE))
    return complaint.stand_ins.get(code, code)


@also_deputies
def may_decide_extension(complaint: Complaint, staff: Staff, office: Office) -> bool:
    """Return whether this person decides about the longer limit asked for: never who asked (E4)."""
    request = complaint.extension
    if request is None or staff.username == request.by:
        return False
    return holds(staff, office.policy.extension.approved_by, complaint, office)


def may_follow_up(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person may call back: never who handled the complaint (I5)."""
    calls = {Role.QUALITY_OFFICE, Role.INTAKE} & set(staff.roles)
    barred = has_handled(complaint, staff) or is_barred(complaint, staff)
    return bool(calls) and not barred


def may_reopen(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person may take a closed complaint up again: the quality office."""
    return Role.QUALITY_OFFICE in staff.roles and not is_barred(complaint, staff)


def may_void(complaint: Complaint, staff: Staff) -> bool:
    """Return whether this person may void what was registered by mistake: the quality office."""
    return Role.QUALITY_OFFICE in staff.roles and not is_barred(complaint, staff)


def may_keep_people(staff: Staff) -> bool:
    """Return whether this person keeps the directory: everything about everybody (H5)."""
    return Role.ADMINISTRATOR in staff.roles


def may_keep_leave(staff: Staff) -> bool:
    """Return whether this person enters leave, deputies and who is on call, and hands tasks over.

    The quality office does, as it answers for every complaint being handled; it gives nobody a
    role.
    """
    return may_keep_people(staff) or Role.QUALITY_OFFICE in staff.roles


def queue_of(code: str, complaint: Complaint, office: Office) -> str:
    """Return the queue in which people of a role or post find the complaint."""
    role = office.policy.role_of(code)
    if role in {Role.QUALITY_OFFICE, Role.MANAGEMENT}:
        return role
    return complaint.department or Role.QUALITY_OFFICE
