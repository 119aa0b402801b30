"""The forms about an emergency, a group incident and who speaks for the complainant."""

from collections.abc import Callable
from typing import Literal

from complaints.aws.console.visit import Visit, form_id
from complaints.aws.desk import emergencies, incidents, parties
from complaints.aws.runtime import now
from complaints.aws.settings import load_settings
from complaints.console.registration import authorised, instant_of
from complaints.console.tasks import Task
from complaints.forms import proxy_of
from complaints.lifecycle import InvalidInputError
from complaints.models import Complaint, Dossier
from complaints.parts import Announcement

Answer = Callable[[Visit, Dossier, dict[str, str]], Complaint]


def respond(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Record the first response to an emergency."""
    return emergencies.answer_emergency(
        dossier.complaint.complaint_id,
        "letter" if values["apology_way"] == "letter" else "phone",
        values["apology"],
        step_id=form_id(visit),
        staff=visit.staff,
    )


def take_step(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Record an immediate measure, or news of how it goes."""
    return emergencies.take_emergency_step(
        dossier.complaint.complaint_id,
        values["measure"],
        values["measure_words"],
        step_id=form_id(visit),
        staff=visit.staff,
    )


def declare_emergency(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Declare an emergency."""
    number, reason = dossier.complaint.complaint_id, values["alarm_reason"]
    return emergencies.declare_emergency(number, reason, step_id=form_id(visit), staff=visit.staff)


def withdraw_emergency(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Withdraw a false alarm."""
    number, reason = dossier.complaint.complaint_id, values["withdraw_reason"]
    return emergencies.withdraw_emergency(number, reason, step_id=form_id(visit), staff=visit.staff)


def declare_incident(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Declare a group incident."""
    return incidents.declare_incident(
        dossier.complaint.complaint_id, values["incident_reason"], staff=visit.staff
    )


def publish(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Record the public statement; raises InvalidInputError for a time that is none."""
    published_at = instant_of(values["published_at"], load_settings().office.zone)
    if published_at is None:
        raise InvalidInputError("no time", text_id="staff.register.wrong_time")
    statement = _announcement(visit, "statement", values).replace(
        published_in=values["published_in"], published_at=published_at
    )
    return incidents.announce(dossier.complaint.complaint_id, statement, staff=visit.staff)


def _announced(kind: Literal["lines", "update"]) -> Answer:
    """Return what records the words that are said when asked, or one update to all."""

    def answer(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
        words = _announcement(visit, kind, values)
        return incidents.announce(dossier.complaint.complaint_id, words, staff=visit.staff)

    return answer


def add_proxy(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Record who speaks for the complainant; what may be told is another form."""
    proxy = proxy_of(values, form_id(visit))
    return parties.add_proxy(dossier.complaint.complaint_id, proxy, staff=visit.staff)


def authorise(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Record what a proxy may be told, and on what authority."""
    for proxy in dossier.proxies:
        if proxy.proxy_id == values["proxy"]:
            changed = authorised(
                proxy, values["authority"], values["may_be_told"], values["document"]
            )
            return parties.authorise_proxy(
                dossier.complaint.complaint_id, changed, staff=visit.staff
            )
    raise InvalidInputError("no such proxy", text_id="form.wrong.choice")


def _announcement(
    visit: Visit, kind: Literal["statement", "lines", "update"], values: dict[str, str]
) -> Announcement:
    """Return an announcement; the field with its words has the name of its kind."""
    return Announcement(
        announcement_id=form_id(visit),
        kind=kind,
        words=values[kind],
        by=visit.staff.username,
        at=now(),
    )


ANSWERS: dict[Task, Answer] = {
    Task.EMERGENCY_RESPONSE: respond,
    Task.EMERGENCY_STEP: take_step,
    Task.EMERGENCY: declare_emergency,
    Task.EMERGENCY_WITHDRAW: withdraw_emergency,
    Task.INCIDENT: declare_incident,
    Task.STATEMENT: publish,
    Task.LINES: _announced("lines"),
    Task.UPDATE: _announced("update"),
    Task.PROXY: add_proxy,
    Task.AUTHORITY: authorise,
}
