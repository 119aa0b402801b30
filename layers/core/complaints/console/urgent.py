"""What stands on top of a complaint's page: the emergency, the group incident, who may be told."""

from collections.abc import Mapping
from datetime import datetime
from typing import get_args

import msgspec

from complaints import emergency, group_incident
from complaints.clocks import colour
from complaints.console.lists import left
from complaints.console.sheet import name_of
from complaints.console.tasks import Task
from complaints.forms import AUTHORITIES, EXTENTS, PROXY_FIELDS, RELATIONS, Field
from complaints.models import Clock, Dossier
from complaints.office import Office
from complaints.parts import Announcement, EmergencyStep, Proxy
from complaints.policy import EmergencyMeasure
from complaints.proxies import by_of
from complaints.texts import Texts

MEASURES = ("progress", *get_args(EmergencyMeasure))
FIELDS: dict[Task, tuple[Field, ...]] = {
    Task.EMERGENCY_RESPONSE: (
        Field(name="apology_way", kind="choice", required=True, choices=("phone", "letter")),
        Field(name="apology", kind="words", required=True, longest=2000),
    ),
    Task.EMERGENCY_STEP: (
        Field(name="measure", kind="choice", required=True, choices=MEASURES),
        Field(name="measure_words", kind="words", required=True, longest=2000),
    ),
    Task.EMERGENCY: (Field(name="alarm_reason", kind="words", required=True, longest=2000),),
    Task.EMERGENCY_WITHDRAW: (
        Field(name="withdraw_reason", kind="words", required=True, longest=2000),
    ),
    Task.STATEMENT: (
        Field(name="statement", kind="words", required=True, longest=5000),
        Field(name="published_in", required=True),
        Field(name="published_at", required=True, longest=25),
    ),
    Task.LINES: (Field(name="lines", kind="words", required=True, longest=5000),),
    Task.UPDATE: (Field(name="update", kind="words", required=True, longest=5000),),
    Task.INCIDENT: (Field(name="incident_reason", kind="words", required=True, longest=2000),),
    Task.PROXY: PROXY_FIELDS,
    Task.AUTHORITY: (
        Field(name="proxy", required=True, longest=40),
        Field(name="authority", kind="choice", required=True, choices=AUTHORITIES),
        Field(name="may_be_told", kind="choice", required=True, choices=EXTENTS),
        Field(name="document", longest=200),
    ),
}


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was done or said: when, what in words, by whom, with which words."""

    at: datetime
    what: str
    by: str
    words: str


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """An emergency, or a group incident: since when, until when the answer is awaited, the deeds.

    `left` is empty where nothing is awaited any more.
    """

    since: datetime
    left: str
    due_at: datetime | None
    tone: str
    deeds: tuple[Deed, ...]
    is_withdrawn: bool = False
    """Whether it was a false alarm."""


class Speaker(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who speaks for the complainant, and what that person may be told."""

    proxy_id: str
    name: str
    relation: str
    phone: str
    email: str
    authority: str
    may_be_told: str
    is_told: bool
    document: str
    """The written authority as a piece of evidence; empty for none."""


def emergency_of(
    dossier: Dossier, names: Mapping[str, str], t: Texts, at: datetime
) -> Alarm | None:
    """Return the emergency as the page shows it; None where there never was one."""
    complaint = dossier.complaint
    if not complaint.emergency_at and not dossier.emergency_steps:
        return None
    since = complaint.emergency_at or dossier.emergency_steps[0].at
    deeds = tuple(_step(one, names, t) for one in dossier.emergency_steps)
    alarm = _alarm(since, emergency.clock_of(complaint), deeds, t, at)
    return msgspec.structs.replace(alarm, is_withdrawn=complaint.emergency_at is None)


def incident_of(dossier: Dossier, names: Mapping[str, str], t: Texts, at: datetime) -> Alarm | None:
    """Return the group incident as the page shows it; None where it is none."""
    complaint = dossier.complaint
    if not complaint.incident_at:
        return None
    said = sorted(dossier.announcements, key=lambda one: one.at)
    deeds = tuple(_announcement(one, names, t) for one in said)
    return _alarm(complaint.incident_at, group_incident.clock_of(complaint), deeds, t, at)


def speakers(dossier: Dossier, t: Texts) -> tuple[Speaker, ...]:
    """Return who speaks for the complainant."""
    return tuple(_speaker(proxy, t) for proxy in dossier.proxies)


def names_with_proxies(names: Mapping[str, str], dossier: Dossier, t: Texts) -> dict[str, str]:
    """Return the names of the staff and, by `proxy:<id>`, those of the proxies."""
    by_id = zip(dossier.proxies, speakers(dossier, t), strict=True)
    return {**names, **{by_of(one): f"{who.name} ({who.relation})" for one, who in by_id}}


def _alarm(
    since: datetime, clock: Clock | None, deeds: tuple[Deed, ...], t: Texts, at: datetime
) -> Alarm:
    return Alarm(
        since=since,
        left=left(clock, t, at) if clock else "",
        due_at=clock.due_at if clock else None,
        tone=colour(clock, at) if clock else "",
        deeds=deeds,
    )


def _step(step: EmergencyStep, names: Mapping[str, str], t: Texts) -> Deed:
    what, by = t(f"staff.emergency.step.{step.kind}"), name_of(step.by, names, t)
    return Deed(at=step.at, what=what, by=by, words=step.words)


def _announcement(one: Announcement, names: Mapping[str, str], t: Texts) -> Deed:
    what = [t(f"staff.incident.{one.kind}")]
    if one.published_in:
        what.append(one.published_in)
    if one.kind == "update":
        told = "staff.incident.told" if one.done_at else "staff.incident.telling"
        what.append(t(told, count=one.told + 1))
    return Deed(
        at=one.published_at or one.at,
        what=" · ".join(what),
        by=name_of(one.by, names, t),
        words=one.words,
    )


def _speaker(proxy: Proxy, t: Texts) -> Speaker:
    told = proxy.may_be_told if proxy.authority != "none" else "nothing"
    return Speaker(
        proxy_id=proxy.proxy_id,
        name=proxy.name,
        phone=proxy.phone,
        email=proxy.email,
        relation=t(f"proxy.relation.{proxy.relation}"),
        authority=t(f"proxy.authority.{proxy.authority}"),
        may_be_told=t(f"proxy.told.{told}"),
        is_told=told != "nothing",
        document=proxy.upload_id,
    )


def options(office: Office, t: Texts) -> dict[str, list[tuple[str, str]]]:
    """Return what the selects of these forms offer."""
    steps = ("progress", *office.policy.emergency.measures)
    return {
        "measure": [(one, t(f"staff.emergency.step.{one}")) for one in steps],
        "relation": [(one, t(f"proxy.relation.{one}")) for one in RELATIONS],
        "authority": [(one, t(f"proxy.authority.{one}")) for one in AUTHORITIES],
        "may_be_told": [(one, t(f"proxy.told.{one}")) for one in EXTENTS],
    }
