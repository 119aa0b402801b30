"""Registration of what came by phone, visit, letter or otherwise (A3, A9)."""

from http import HTTPStatus

from complaints import web
from complaints.access import Look
from complaints.aws.console import looking
from complaints.aws.console.visit import ForbiddenError, Visit, form_id, show, status_of
from complaints.aws.desk import intake
from complaints.aws.registration import ConflictError
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import now, random_id
from complaints.aws.settings import load_settings, office_shown
from complaints.console import lists, registration
from complaints.forms import AUTHORITIES, EXTENTS, ON_BEHALF, RELATIONS, Checked
from complaints.lifecycle import ComplaintError
from complaints.models import Channel
from complaints.number import format_code, parse_number
from complaints.roles import is_barred, may_register, may_see
from complaints.rounds import promised_at
from complaints.texts import texts
from complaints.web import NotFoundError, Response


def ask_registration(visit: Visit) -> Response:
    """Show the empty form."""
    if not may_register(visit.staff):
        raise ForbiddenError
    blank = dict.fromkeys((field.name for field in (*registration.FIELDS, *ON_BEHALF)), "")
    local = now().astimezone(load_settings().office.zone)
    first = {"channel": Channel.PHONE.value, "arrived_at": f"{local:%Y-%m-%dT%H:%M}"}
    return show_registration(visit, Checked(blank | first | {"respondents": ""}, {}))


def register(visit: Visit) -> Response:
    """Register a complaint that came another way; the form's id makes it one and the same."""
    if not may_register(visit.staff):
        raise ForbiddenError
    office, at = load_settings().office, now()
    required = office.policy.required_fields
    people = [one.username for one in visit.everybody]
    checked = registration.check_registration(
        visit.form, required=required, people=people, at=at, zone=office.zone
    )
    if checked.problems:
        return show_registration(visit, checked)
    values = checked.values
    arrived_at = registration.instant_of(values["arrived_at"], office.zone) or at
    contact = registration.contact_of(values, form_id(visit), visit.staff, arrived_at)
    settled = bool(values["settled_on_spot"])
    try:
        complaint, _ = intake.register(
            registration.complainant_of(values),
            contact,
            claimed=f"staff:{form_id(visit)}",
            settled_on_spot=settled,
            proxy=registration.proxy_of(values, form_id(visit)) if values["on_behalf"] else None,
            respondents_named=[one for one in values["respondents"].split(",") if one],
        )
    except ConflictError as error:
        # Sent again with other words: the first is registered, these are added to it.
        complaint = intake.add(
            error.complaint_id, contact.replace(contact_id=f"form-{random_id()}")
        )
    except ComplaintError as error:
        return show_registration(visit, checked, error)
    if settled:
        how = contact.replace(
            contact_id=f"settled-{form_id(visit)}",
            text=values["settled_how"],
            demand="",
            occurred_on="",
            place="",
            service="",
            staff_involved="",
            amount=None,
            received_at=at,
        )
        intake.add(complaint.complaint_id, how)
    return web.see_other(f"/staff/registered/{complaint.complaint_id}")


def show_registration(
    visit: Visit, checked: Checked, error: ComplaintError | None = None
) -> Response:
    """Show the form with these values and what is wrong with them."""
    t, office = texts(visit.language), load_settings().office
    invalid = HTTPStatus.UNPROCESSABLE_ENTITY if checked.problems else HTTPStatus.OK
    return show(
        visit,
        "register",
        status=status_of(error) if error else invalid,
        values=checked.values,
        errors=checked.sentences(t),
        error=error.text_id if error else "",
        labels={"demand": t("complain.demand"), "occurred_on": t("complain.occurred_on")},
        required=office.policy.required_fields,
        limit=office.policy.clocks.registration.minutes or "",
        channels=[(one.value, t(f"staff.channel.{one}")) for one in registration.CHANNELS],
        relations=[(one.value, t(f"proxy.relation.{one}")) for one in RELATIONS],
        authorities=[(one, t(f"proxy.authority.{one}")) for one in AUTHORITIES[:2]],
        extents=[(one, t(f"proxy.told.{one}")) for one in EXTENTS],
        people=[(one.username, lists.member_words(one, t, office)) for one in visit.everybody],
        form_id=form_id(visit) if visit.method == "POST" else random_id(),
    )


def registered(visit: Visit, number: str) -> Response:
    """Show number and code to whoever registered the complaint, to be told to the complainant."""
    if parse_number(number) != number:
        raise NotFoundError
    dossier = ComplaintRepository.from_env().dossier(number)
    staff = visit.staff
    wrote = staff.username in {contact.by for contact in dossier.contacts[:1]}
    if not wrote or is_barred(dossier.complaint, staff):
        raise NotFoundError
    looking.note(visit, number, Look.OPENED, "registered")
    return show(
        visit,
        "registered",
        number=number,
        code=format_code(dossier.complaint.tracking_code),
        reply_by=promised_at(dossier.complaint, office_shown(dossier.complaint.policy)),
        may_see=may_see(dossier.complaint, staff),
    )
