"""What a policy must keep that no schema can say: rungs, signatures, gates, limits, criteria.

Each rule yields the place of a mistake, the value that stands there, and what is allowed. The codes
that a policy names are checked before, in `complaints.policy_file`.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import msgspec

from complaints.gates import PROVEN
from complaints.models import Risk, Role, Urgency
from complaints.parts import Gate
from complaints.policy import Limit, Limits, Policy, Rung

Place = tuple[str | int, ...]
"""The way to a field from the top of a file, as `("types", 2, "code")`."""
Wrong = tuple[Place, object, str]
"""A place, the value that stands there, and what is allowed."""

DECIDES = (Role.DEPARTMENT_HEAD, Role.QUALITY_OFFICE, Role.MANAGEMENT)
"""Roles that complaints go up to and that sign; a handler is reminded and never signs."""
ONLY_READS = (Role.AUDITOR, Role.ADMINISTRATOR)
"""Roles that have no part in a complaint."""
HANDLES = (Role.INTAKE, Role.HANDLER, Role.DEPARTMENT_HEAD)
"""Roles whose work complaints are; what is kept of them others say (F6)."""
MINUTES_OF_A_DAY = 24 * 60
GATE_NEEDS_WAY = {Gate.WRITTEN: "written", Gate.PHONED: "phone"}
ASKED = (Gate.SATISFIED, Gate.OPINION)
"""Gates that open with what the complainant says in the follow-up."""
LISTS_OF_ONCE: tuple[tuple[str, ...], ...] = (
    ("feedback_ways",),
    ("closing_gates",),
    ("required_fields",),
    ("reports",),
    ("documents",),
    ("follow_up", "exempt"),
    ("pauses", "reasons"),
    ("emergency", "tell"),
    ("emergency", "measures"),
    ("approval", "general", "signed_by"),
    ("approval", "major", "signed_by"),
    ("keeping", "holds_by"),
    ("keeping", "proposed_by"),
    ("keeping", "granted_by"),
)
"""Lists in which each thing stands once: a second signature of one role would never be asked."""


def broken(policy: Policy) -> Iterator[Wrong]:
    """Yield what is wrong with a policy whose fields are each allowed by themselves."""
    yield from _lists_of_once(policy)
    yield from _people(policy)
    yield from _ladders(policy)
    yield from _gates(policy)
    yield from _criteria(policy)
    yield from _limits(policy)
    yield from _departments(policy)
    yield from _amounts(policy)
    yield from _keeping(policy)
    if not 0 < policy.remind_at_share < 1:
        yield ("remind_at_share",), policy.remind_at_share, "number > 0 and < 1"


def _lists_of_once(policy: Policy) -> Iterator[Wrong]:
    for way in LISTS_OF_ONCE:
        values: object = policy
        for step in way:
            values = getattr(values, step)
        yield from _repeated(way, values if isinstance(values, tuple) else ())


def _repeated(place: Place, values: Sequence[object]) -> Iterator[Wrong]:
    """Yield what stands in a list a second time."""
    for index, value in enumerate(values):
        if value in values[:index]:
            yield (*place, index), value, "once in its list"


def _people(policy: Policy) -> Iterator[Wrong]:
    """Yield posts that can't act, and whom the procedure calls for what they have no right to."""
    roles = {str(role) for role in Role}
    for index, post in enumerate(policy.posts):
        if post.code in roles:
            yield ("posts", index, "code"), post.code, f"not {'|'.join(sorted(roles))}"
        if post.role in ONLY_READS:
            yield ("posts", index, "role"), post.role, _named(set(Role) - set(ONLY_READS))
    for place, code in _deciders(policy):
        if (role := _role(policy, code)) and role not in DECIDES:
            yield place, code, f"{_named(DECIDES)}, or a post of these roles"
    for index, code in enumerate(policy.emergency.tell):
        if _role(policy, code) in ONLY_READS:
            yield ("emergency", "tell", index), code, _named(set(Role) - set(ONLY_READS))


def _deciders(policy: Policy) -> Iterator[tuple[Place, str]]:
    """Yield each role or post that something goes up to, or that agrees to something."""
    for severity in ("general", "major"):
        for index, rung in enumerate(getattr(policy.escalation, severity)):
            yield ("escalation", severity, index, "to"), rung.to
        for index, code in enumerate(getattr(policy.approval, severity).signed_by):
            yield ("approval", severity, "signed_by", index), code
    yield ("extension", "approved_by"), policy.extension.approved_by
    yield ("group_incident", "leader"), policy.group_incident.leader
    for index, level in enumerate(policy.compensation.levels):
        yield ("compensation", "levels", index, "by"), level.by
    for gate, code in policy.proven_by.items():
        yield ("proven_by", gate.value), code
    for field in ("proposed_by", "granted_by"):
        for index, code in enumerate(getattr(policy.keeping, field)):
            yield ("keeping", field, index), code


def _keeping(policy: Policy) -> Iterator[Wrong]:
    """Yield who holds although it is their work, and proposals that nobody else could grant."""
    keeping = policy.keeping
    for index, code in enumerate(keeping.holds_by):
        if _role(policy, code) in HANDLES:
            yield ("keeping", "holds_by", index), code, _named(set(Role) - set(HANDLES))
    for index, code in enumerate(keeping.proposed_by):
        if set(keeping.granted_by) <= {code}:
            yield ("keeping", "proposed_by", index), code, "not the only one in keeping.granted_by"


def _role(policy: Policy, code: str) -> Role | None:
    """Return the role that a code means; None for a code that means nothing."""
    try:
        return policy.role_of(code)
    except ValueError:
        return None


def _ladders(policy: Policy) -> Iterator[Wrong]:
    """Yield rungs that come twice, a first one that waits, and later ones that say no time."""
    for severity in ("general", "major"):
        rungs: tuple[Rung, ...] = getattr(policy.escalation, severity)
        place: Place = ("escalation", severity)
        told = [rung.to for rung in rungs]
        for index, rung in enumerate(rungs):
            if rung.to in told[:index]:
                yield (*place, index, "to"), rung.to, "once in its ladder"
            if index == 0 and rung.after:
                shown = msgspec.to_builtins(rung.after)
                yield (*place, 0, "after"), shown, "none: the first rung is told at the limit"
            if index and not rung.after:
                yield (*place, index, "after"), None, "required"


def _gates(policy: Policy) -> Iterator[Wrong]:
    """Yield closing gates that could never open, or that would stand open by themselves."""
    gates = policy.closing_gates
    for index, gate in enumerate(gates):
        place: Place = ("closing_gates", index)
        way = GATE_NEEDS_WAY.get(gate)
        if way and way not in policy.feedback_ways:
            yield place, gate, f"only with {way} in feedback_ways"
        if gate is Gate.VOUCHER and not policy.compensation.voucher:
            yield place, gate, "only with compensation.voucher true"
        if gate in ASKED and not policy.follow_up.callback_share:
            yield place, gate, "only with follow_up.callback_share > 0: nobody would be asked"
    if policy.compensation.voucher and Gate.VOUCHER not in gates:
        yield ("compensation", "voucher"), True, "only with voucher in closing_gates"
    provable = [gate for gate in gates if gate in PROVEN]
    for gate in policy.proven_by:
        if gate not in provable:
            allowed = "|".join(provable) or "none: no person proves a gate of closing_gates"
            yield ("proven_by", gate.value), gate, allowed


def _criteria(policy: Policy) -> Iterator[Wrong]:
    """Yield counts that count the wrong thing, and levels that all complaints meet, or none."""
    for index, criterion in enumerate(policy.major):
        place: Place = ("major", index)
        if counted := criterion.counted:
            if counted.what == "people" and counted.hours is None:
                yield (*place, "counted", "hours"), None, "required for people"
            if counted.what == "repeats" and counted.hours is not None:
                yield (*place, "counted", "hours"), counted.hours, "none: repeats have no window"
        if levels := criterion.levels:
            for field, given in (("urgency", levels.urgency), ("risk", levels.risk)):
                if not given:
                    yield (*place, "levels", field), [], "items >= 1"
                yield from _repeated((*place, "levels", field), given)
            if set(levels.urgency) == set(Urgency) and set(levels.risk) == set(Risk):
                yield (*place, "levels"), {}, "not all levels: every complaint would be major"


def _limits(policy: Policy) -> Iterator[Wrong]:
    """Yield limits that leave the more urgent complaint more time."""
    clocks = policy.clocks
    for stage in ("investigation", "solution"):
        limits: Limits = getattr(clocks, stage)
        set_ones = [
            (field, limit)
            for field in ("general", "important", "urgent")
            if (limit := getattr(limits, field))
        ]
        for (looser, slow), (stricter, fast) in pairwise(set_ones):
            if _nominal(fast) > _nominal(slow):
                shown = msgspec.to_builtins(fast)
                yield ("clocks", stage, stricter), shown, f"no longer than {looser}"
    first, other = clocks.contact, clocks.contact_other_body
    if other and not first:
        yield ("clocks", "contact_other_body"), msgspec.to_builtins(other), "only with contact"
    if first and other and _nominal(other) < _nominal(first):
        shown = msgspec.to_builtins(other)
        yield ("clocks", "contact_other_body"), shown, "no shorter than contact"


def _nominal(limit: Limit) -> int:
    """Return a limit in minutes, a working day taken for 24 hours."""
    return limit.minutes or (limit.working_days or 0) * MINUTES_OF_A_DAY


def _departments(policy: Policy) -> Iterator[Wrong]:
    """Yield types that stand with another department than the one they go to."""
    goes_to = {kind.code: kind.department for kind in policy.types}
    for index, department in enumerate(policy.departments):
        for order, code in enumerate(department.types):
            if goes_to.get(code, department.code) != department.code:
                place: Place = ("departments", index, "types", order)
                yield place, code, f"with {goes_to[code]}, where this type goes"
        yield from _repeated(("departments", index, "types"), department.types)
    stands_with = {code for department in policy.departments for code in department.types}
    for index, kind in enumerate(policy.types):
        if kind.code not in stands_with and policy.find_department(kind.department):
            allowed = f"one whose types name {kind.code}"
            yield ("types", index, "department"), kind.department, allowed


def _amounts(policy: Policy) -> Iterator[Wrong]:
    """Yield levels of compensation that don't rise, and those that no amount reaches."""
    levels = policy.compensation.levels
    for index, (below, level) in enumerate(pairwise(levels), start=1):
        place: Place = ("compensation", "levels", index)
        if below.up_to is None:
            yield place, msgspec.to_builtins(level), "none above one without up_to"
        elif level.up_to is not None and level.up_to <= below.up_to:
            yield (*place, "up_to"), level.up_to, f"number > {below.up_to}"


def _named(roles: Iterable[Role]) -> str:
    """Return roles in their usual order, as a problem lists them."""
    wanted = set(roles)
    return "|".join(role for role in Role if role in wanted)
