"""The policy: what is in force, how it came to be, and putting another one into force (H5, I4)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import islice
from typing import Any

from complaints import web
from complaints.aws.console.visit import ForbiddenError, Visit, done, show, status_of
from complaints.aws.policies import (
    BY_DEPLOYMENT,
    BY_FILE,
    Change,
    Fault,
    UnusablePolicyError,
    policies,
)
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import now
from complaints.aws.settings import load_settings
from complaints.forms import Field, check
from complaints.lifecycle import ComplaintError
from complaints.models import Complaint, sortable
from complaints.office import Office
from complaints.pages import instant
from complaints.policy import Policy, UnknownPolicyError
from complaints.policy_changes import called, changed_settings, permitted, said
from complaints.policy_sheet import PolicySheet
from complaints.policy_trial import Difference, Past, Tried, summary, try_on
from complaints.roles import may_change_policy, may_read_policy, may_see
from complaints.texts import Texts, texts
from complaints.web import NotFoundError, Response

TRIED_DAYS = 30
MOST_TRIED = 200
SHOWN = 20
REASON = Field(name="reason", kind="words", required=True, longest=500)


def show_policy(visit: Visit) -> Response:
    """Show the policy in force, its changes, and the form that hands in another one."""
    return _show_policy(visit)


def hand_in(visit: Visit) -> Response:
    """Check a policy file; a good one goes on to the page that says what would change."""
    _only(visit, changes=True)
    form = visit.form
    pasted = form.get("written", "")
    content = form.files.get("file") or pasted.encode()
    if not content:
        errors = {"written": texts(visit.language)("form.missing.field")}
        return _show_policy(visit, errors=errors)
    try:
        policy = policies().hand_in(content)
    except UnusablePolicyError as error:
        return _show_policy(visit, faults=error.faults, written=form.get("file") or pasted)
    return web.see_other(f"/staff/policy/{policy.version}")


def show_change(visit: Visit, version: str) -> Response:
    """Show what would change with a policy of the bucket, and what it does to past complaints."""
    _only(visit)
    return _show_change(visit, _kept(version))


def adopt(visit: Visit, version: str) -> Response:
    """Put a policy of the bucket into force, if what the page compared it with still is."""
    _only(visit, changes=True)
    policy, t = _kept(version), texts(visit.language)
    checked = check(visit.form, (REASON,))
    if checked.problems:
        return _show_change(visit, policy, values=checked.values, errors=checked.sentences(t))
    try:
        policies().adopt(
            policy.reference,
            by=visit.staff.username,
            reason=checked.values["reason"],
            expected=visit.form.get("expected", ""),
            at=now(),
        )
    except ComplaintError as error:
        return _show_change(visit, policy, values=checked.values, error=error)
    return web.see_other("/staff/policy?done=policy")


def download(visit: Visit, version: str) -> Response:
    """Hand out a policy as it was written, in YAML."""
    _only(visit)
    policy = _kept(version)
    content = policies().source(policy.reference).decode()
    name = f"{policy.name}-{policy.version}.yaml"
    return web.attachment(content, name, "application/yaml; charset=utf-8")


def _only(visit: Visit, *, changes: bool = False) -> None:
    """Raise ForbiddenError for whoever may not read, or change, the policy."""
    if not (may_change_policy if changes else may_read_policy)(visit.staff):
        raise ForbiddenError


def _kept(version: str) -> Policy:
    """Return the policy of this version; raises NotFoundError."""
    known = policies()
    try:
        return known.get(f"{known.deployed.name}@{version}")
    except UnknownPolicyError as error:
        raise NotFoundError from error


def _show_policy(
    visit: Visit,
    *,
    faults: tuple[Fault, ...] = (),
    written: str = "",
    errors: Mapping[str, str] | None = None,
) -> Response:
    """Show the page; after a file that was not usable, with it and what is wrong."""
    _only(visit)
    known, t = policies(), texts(visit.language)
    policy = known.in_force()
    names = {one.username: one.name for one in visit.everybody}
    refusal = known.refusal()
    return show(
        visit,
        "policy",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if faults or errors else HTTPStatus.OK,
        policy=policy,
        sections=[part for part in PolicySheet(policy, t).sections() if part.rows],
        changes=[_line(change, names, visit.language) for change in known.changes()],
        deployed=known.deployed,
        refusal=refusal,
        refused=_permitted(refusal.faults, t) if refusal else (),
        may_change=may_change_policy(visit.staff),
        faults=_permitted(faults, t),
        written=written,
        errors=errors or {},
        labels={"written": t("policy.page.written")},
        done=done(visit),
    )


def _permitted(faults: tuple[Fault, ...], t: Texts) -> tuple[Fault, ...]:
    """Return what is wrong in a file, what is allowed in words."""
    return tuple(one.replace(allowed=permitted(one.allowed, t)) for one in faults)


def _show_change(
    visit: Visit,
    policy: Policy,
    *,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    error: ComplaintError | None = None,
) -> Response:
    """Show what would change; after an answer that was not taken, with what is wrong."""
    before, t = policies().in_force(), texts(visit.language)
    tried = try_on_past(before, policy) if before.reference != policy.reference else []
    differing = [(head, one) for head, one in tried if one.differences]
    shown = [one for head, one in differing if may_see(head, visit.staff)]
    return show(
        visit,
        "policy_change",
        status=status_of(error)
        if error
        else HTTPStatus.UNPROCESSABLE_ENTITY
        if errors
        else HTTPStatus.OK,
        policy=policy,
        before=before,
        changed=_in_words(before, policy, visit.language),
        tried=len(tried),
        days=TRIED_DAYS,
        differing=len(differing),
        counts=[
            (_field(name, t), times) for name, times in summary(one for _, one in differing).items()
        ],
        complaints=[
            (one.id, [_difference(part, t) for part in one.differences]) for one in shown[:SHOWN]
        ],
        may_change=may_change_policy(visit.staff),
        values={"reason": ""} | dict(values or {}),
        errors=errors or {},
        labels={"reason": t("policy.page.reason")},
        error=error.text_id if error else "",
    )


def try_on_past(before: Policy, after: Policy) -> list[tuple[Complaint, Tried]]:
    """Try a policy on the complaints of the last days, the newest first, not more than a page can.

    A few hundred reads, made for the one page that asks whether to change everything.
    """
    at, zone = now(), load_settings().zone
    since = at - timedelta(days=TRIED_DAYS)
    complaints = ComplaintRepository.from_env()
    offices = Office(policy=before, zone=zone), Office(policy=after, zone=zone)
    tried: list[tuple[Complaint, Tried]] = []
    for month in _months(since, at):
        arrived = complaints.received_in(month, newest_first=True)
        for head in islice(arrived, MOST_TRIED - len(tried)):
            contacts = complaints.contacts(head.complaint_id)
            if head.received_at >= since and contacts:
                tried.append((head, try_on(Past.of(head, contacts[0]), *offices)))
        if len(tried) >= MOST_TRIED:
            break
    return tried


def _months(since: datetime, until: datetime) -> list[str]:
    """Return the UTC months that a time touches, the newest first."""
    return sorted({f"{sortable(at):.7}" for at in (since, until)}, reverse=True)


def _line(change: Change, names: Mapping[str, str], language: str) -> dict[str, Any]:
    """Return a change of the policy as the page shows it, with the settings that it changed."""
    t, known = texts(language), policies()
    try:
        words = _in_words(known.get(change.before), known.get(change.after), language)
    except UnknownPolicyError:
        words = []
    doors = {BY_DEPLOYMENT: t("policy.by.deployment"), BY_FILE: t("policy.by.file")}
    return {
        "at": change.at,
        "by": {**names, **doors}.get(change.by, change.by),
        "before": change.before.partition("@")[2],
        "after": change.after.partition("@")[2],
        "reason": change.reason,
        "changed": words,
    }


def _in_words(before: Policy, after: Policy, language: str) -> list[tuple[str, str, str, str]]:
    """Return the settings that differ: what it is called, its place, before, after."""
    t = texts(language)
    return [
        (called(one.field, t), one.field, said(one.before, t), said(one.after, t))
        for one in changed_settings(before, after)
    ]


def _field(name: str, t: Texts) -> str:
    """Return what a field of a trial is called; limits are called as in the policy's table."""
    kind, _, clock = name.partition(".")
    return t(f"policy.clock.{clock}") if kind == "limit" else t(f"policy.trial.{name}")


def _difference(part: Difference, t: Texts) -> tuple[str, str, str, str]:
    """Return what would have differed, in words where there are any."""

    def words(value: str) -> str:
        if part.field.startswith("limit.") and value:
            return instant(datetime.fromisoformat(value), t, load_settings().zone)
        text_id = f"staff.{part.field}.{value}"
        return t(text_id) if text_id in t else said(value.split(",") if value else None, t)

    return _field(part.field, t), "", words(part.before), words(part.after)
