"""Registering what came by phone, visit, letter or otherwise (A3, A6, A9)."""

import re
from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from complaints.clocks import FARTHEST
from complaints.forms import (
    AUTHORITIES,
    COMPLAINT_FIELDS,
    EXTENTS,
    PERSONAL,
    Checked,
    Field,
    Form,
    Problem,
    check,
    fen,
    with_proxy,
)
from complaints.forms import proxy_of as unauthorised
from complaints.lifecycle import InvalidInputError
from complaints.models import Channel, Complainant, Contact, Staff
from complaints.parts import Proxy
from complaints.proxies import check as check_authority
from complaints.texts import LANGUAGES

CHANNELS = (
    Channel.PHONE,
    Channel.VISIT,
    Channel.LETTER,
    Channel.FAX,
    Channel.BOX,
    Channel.MEDIA,
    Channel.DEPARTMENT,
)
"""Mails and web forms register themselves."""
FIELDS = (
    Field(name="channel", kind="choice", required=True, choices=CHANNELS),
    Field(name="arrived_at", required=True, longest=25),
    Field(name="language", kind="choice", choices=LANGUAGES),
    *COMPLAINT_FIELDS,
    Field(name="authority", kind="choice", choices=AUTHORITIES[:2]),
    Field(name="may_be_told", kind="choice", choices=EXTENTS),
    Field(name="settled_on_spot", kind="flag"),
    Field(name="settled_how", kind="words", longest=2000),
)
YEARS = range(1990, 2101)
"""Where an instant may lie at all; beyond, no calendar reaches."""
_MINUTE = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::\d\d)?")


def check_registration(
    form: Form,
    *,
    required: Collection[str],
    people: Collection[str],
    at: datetime,
    zone: ZoneInfo,
) -> Checked:
    """Check the form; who stays anonymous is asked for nothing personal (A5).

    `people` are the user names of those who may be named as complained about.
    """
    anonymous = bool(form.get("anonymous"))
    wanted = [name for name in required if not (anonymous and name in PERSONAL)]
    if form.get("settled_on_spot"):
        wanted.append("settled_how")
    checked = with_proxy(
        check(form, FIELDS, required=wanted, today=at.astimezone(zone).date()), form
    )
    _check_authority(checked)
    if anonymous:
        checked.values.update(dict.fromkeys(PERSONAL, ""))
        for name in PERSONAL:
            checked.problems.pop(name, None)
    named = form.all("respondents")
    checked.values["respondents"] = ",".join(named)
    if not set(named) <= set(people):
        checked.problems["respondents"] = Problem("form.wrong.choice")
    if "arrived_at" not in checked.problems:
        arrived = instant_of(checked.values["arrived_at"], zone)
        if arrived is None:
            checked.problems["arrived_at"] = Problem("staff.register.wrong_time")
        elif arrived > at:
            checked.problems["arrived_at"] = Problem("error.arrived_in_future")
        elif arrived < at - FARTHEST:
            checked.problems["arrived_at"] = Problem("error.far_away")
    return checked


def _check_authority(checked: Checked) -> None:
    """Check what a proxy may be told; a written authority comes later, with its document."""
    if checked.values["on_behalf"] and not checked.problems:
        try:
            check_authority(proxy_of(checked.values, ""), ())
        except InvalidInputError as error:
            checked.problems["may_be_told"] = Problem(error.text_id)


def proxy_of(values: dict[str, str], proxy_id: str) -> Proxy:
    """Return who speaks for the complainant, with what staff say that the person may be told."""
    return authorised(unauthorised(values, proxy_id), values["authority"], values["may_be_told"])


def authorised(proxy: Proxy, authority: str, may_be_told: str, upload_id: str = "") -> Proxy:
    """Return a proxy with another authority and extent; empty ones are none."""
    return msgspec.convert(
        {
            **msgspec.to_builtins(proxy),
            "authority": authority or AUTHORITIES[0],
            "may_be_told": may_be_told or EXTENTS[0],
            "upload_id": upload_id if authority == "written" else "",
        },
        Proxy,
    )


def instant_of(typed: str, zone: ZoneInfo) -> datetime | None:
    """Return the instant of a local day and time such as `2026-11-20T16:30`; None if it is none."""
    fits = _MINUTE.fullmatch(typed)
    if fits and int(fits[1]) not in YEARS:
        return None
    try:
        return datetime(*map(int, fits.groups()), tzinfo=zone) if fits else None  # type: ignore[arg-type,misc]
    except ValueError:
        return None


def complainant_of(values: dict[str, str]) -> Complainant:
    """Return who complains."""
    language = values["language"] or LANGUAGES[0]
    return Complainant(**{name: values[name] for name in PERSONAL}, language=language)


def contact_of(values: dict[str, str], form_id: str, staff: Staff, arrived_at: datetime) -> Contact:
    """Return what was said, as this member of staff wrote it down."""
    return Contact(
        contact_id=f"form-{form_id}",
        channel=Channel(values["channel"]),
        received_at=arrived_at,
        by=staff.username,
        text=values["text"],
        demand=values["demand"],
        occurred_on=values["occurred_on"],
        place=values["place"],
        service=values["service"],
        staff_involved=values["staff_involved"],
        amount=fen(values["amount"]),
    )
