"""Registering what came by phone, visit, letter or otherwise (A3, A6, A9)."""

import re
from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from complaints.forms import (
    COMPLAINT_FIELDS,
    PERSONAL,
    Checked,
    Field,
    Form,
    Problem,
    check,
    fen,
)
from complaints.models import Channel, Complainant, Contact, Staff
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
    Field(name="settled_on_spot", kind="flag"),
    Field(name="settled_how", kind="words", longest=2000),
)
_MINUTE = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::\d\d)?")


def check_registration(
    form: Form, *, required: Collection[str], at: datetime, zone: ZoneInfo
) -> Checked:
    """Check the form; who stays anonymous is asked for nothing personal (A5)."""
    anonymous = bool(form.get("anonymous"))
    wanted = [name for name in required if not (anonymous and name in PERSONAL)]
    if form.get("settled_on_spot"):
        wanted.append("settled_how")
    checked = check(form, FIELDS, required=wanted, today=at.astimezone(zone).date())
    if anonymous:
        checked.values.update(dict.fromkeys(PERSONAL, ""))
        for name in PERSONAL:
            checked.problems.pop(name, None)
    if "arrived_at" not in checked.problems:
        arrived = instant_of(checked.values["arrived_at"], zone)
        if arrived is None:
            checked.problems["arrived_at"] = Problem("staff.register.wrong_time")
        elif arrived > at:
            checked.problems["arrived_at"] = Problem("error.arrived_in_future")
    return checked


def instant_of(typed: str, zone: ZoneInfo) -> datetime | None:
    """Return the instant of a local day and time such as `2026-11-20T16:30`; None if it is none."""
    fits = _MINUTE.fullmatch(typed)
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
        staff_involved=values["staff_involved"],
        amount=fen(values["amount"]),
    )
