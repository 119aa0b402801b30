"""Intake, web: the public pages, and the evidence that was uploaded with them (A2, A12, D8).

Two kinds of event arrive: requests of the HTTP API, and messages of the queue that say which
objects came into the evidence bucket.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from complaints import pages, web
from complaints.aws import evidence, rates
from complaints.aws.desk import intake, keeping, line
from complaints.aws.registration import ConflictError
from complaints.aws.repository import ComplaintRepository, UnknownComplaintError
from complaints.aws.runtime import Event, logger, now, random_id
from complaints.aws.settings import load_settings, office_shown
from complaints.forms import (
    COMPLAINT_FIELDS,
    NOTE_FIELDS,
    ON_BEHALF,
    REFUSAL_FIELDS,
    RELATIONS,
    SURVEY_FIELDS,
    Checked,
    check,
    check_complaint,
    complainant_of,
    fen,
    proxy_of,
)
from complaints.lifecycle import WrongStatusError
from complaints.models import Channel, Complaint, Contact, Dossier, Outcome, sortable
from complaints.number import format_code, parse_code, parse_number
from complaints.proxies import by_of
from complaints.texts import texts
from complaints.tracking import progress
from complaints.web import NotFoundError, Request, Response, UnusableError

FASTEST = timedelta(seconds=3)
"""Nobody reads and fills the form in less; robots do."""
FORM_ID = re.compile(r"[0-9a-f]{16}")
ASSETS = {
    pages.STYLESHEET: "text/css; charset=utf-8",
    pages.UPLOAD_SCRIPT: "text/javascript; charset=utf-8",
}
NO_CODE = "-" * 12
"""Compared with when there is no complaint, so that both ways take the same time."""


def handler(event: Event, _context: object) -> Event:
    """Answer a request."""
    logger.remove_keys(["complaint_id"])
    request = web.read_request(event, load_settings().languages)
    try:
        response = web.dispatch(ROUTES, request)
    except web.WebError as error:
        response = failure(request, error.status, error.headers)
    except UnknownComplaintError:
        response = failure(request, HTTPStatus.NOT_FOUND)
    except Exception:  # noqa: BLE001 - whatever it is, people get a page
        logger.exception("request failed")  # ids are in the log's keys; the path holds the code
        response = failure(request, HTTPStatus.INTERNAL_SERVER_ERROR)
    return response.payload()


# ---- home, form ----------------------------------------------------------------------------


def home(request: Request) -> Response:
    """Show what this is and how to reach us."""
    settings = load_settings()
    hours = settings.office.policy.working_hours
    return show(
        request, "home", phone=settings.phone, mail_address=settings.mail_address, hours=hours
    )


def complain(request: Request) -> Response:
    """Show the empty form."""
    values = dict.fromkeys((field.name for field in (*COMPLAINT_FIELDS, *ON_BEHALF)), "")
    return show_form(request, Checked(values, {}), form_id=random_id(), asked_at=sortable(now()))


def register(request: Request) -> Response:
    """Register a complaint, or show the form again with everything that was typed.

    The id of the form makes a form that is sent twice one complaint; sent again with other words,
    these are added to it.
    """
    form = request.form
    settings = load_settings()
    at = now()
    form_id = form_id_of(request)
    required = settings.office.policy.required_fields
    today = at.astimezone(settings.office.zone).date()
    checked = check_complaint(form, required=required, today=today)
    too_fast = bool(form.get("website")) or form.get("asked_at", "") > sortable(at - FASTEST)
    if checked.problems or too_fast:
        asked_at = form.get("asked_at", "")[:20] or sortable(at)
        return show_form(request, checked, form_id=form_id, asked_at=asked_at, too_fast=too_fast)
    rates.count("complaint", request.address, at)
    values = checked.values
    proxy = proxy_of(values, form_id) if values["on_behalf"] else None
    contact = Contact(
        contact_id=f"form-{form_id}",
        channel=Channel.WEB,
        received_at=at,
        by=by_of(proxy) if proxy else "complainant",
        text=values["text"],
        demand=values["demand"],
        occurred_on=values["occurred_on"],
        place=values["place"],
        service=values["service"],
        staff_involved=values["staff_involved"],
        amount=fen(values["amount"]),
    )
    complainant = complainant_of(values, request.language)
    try:
        complaint, _ = intake.register(complainant, contact, claimed=f"form:{form_id}", proxy=proxy)
    except ConflictError as error:
        complaint = add_more(error, contact)
    address = f"/track/{complaint.complaint_id}/{complaint.tracking_code}"
    return web.see_other(f"{address}/evidence?new=1")


def form_id_of(request: Request) -> str:
    """Return the id of the posted form, by which a form that comes twice is one."""
    form_id = request.form.get("form_id", "")
    if not FORM_ID.fullmatch(form_id):
        raise UnusableError
    return form_id


def add_more(known: ConflictError, contact: Contact) -> Complaint:
    """Add the words of a form that was sent before with others."""
    more = contact.replace(contact_id=f"form-{random_id()}")
    return intake.add(known.complaint_id, more)


def show_form(
    request: Request, checked: Checked, *, form_id: str, asked_at: str, too_fast: bool = False
) -> Response:
    """Show the form with these values and what is wrong with them."""
    return show(
        request,
        "complain",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if checked.problems or too_fast else HTTPStatus.OK,
        values=checked.values,
        errors=checked.sentences(texts(request.language)),
        required=("text", *load_settings().office.policy.required_fields),
        relations=[
            (one.value, texts(request.language)(f"proxy.relation.{one}")) for one in RELATIONS
        ],
        form_id=form_id,
        asked_at=asked_at,
        too_fast=too_fast,
    )


# ---- tracking ------------------------------------------------------------------------------


def lookup(request: Request) -> Response:
    """Show the form that asks for number and code."""
    return show_lookup(request)


def find(request: Request) -> Response:
    """Send on to the tracking page; a wrong number and a wrong code look the same."""
    number, code = request.form.get("number", ""), request.form.get("code", "")
    try:
        complaint_id = admit(request, number, code)
    except NotFoundError:
        return show_lookup(request, number, unknown=True)
    return web.see_other(f"/track/{complaint_id}/{parse_code(code)}")


def track(request: Request, number: str, code: str) -> Response:
    """Show where the complaint stands."""
    complaint_id = admit(request, number, code)
    done = next((said for name, said in DONE.items() if name in request.query), "")
    return show_track(request, complaint_id, code, done=done)


DONE = {
    "noted": "track.thanks.note",
    "answered": "track.thanks.answer",
    "rated": "track.thanks.survey",
    "asked": "track.thanks.request",
    "changed": "track.changed",
}


def note(request: Request, number: str, code: str) -> Response:
    """Add a note to the complaint; sent twice it is one, and other words are another."""
    complaint_id, form_id = admit(request, number, code), form_id_of(request)
    checked = check(request.form, NOTE_FIELDS)
    if checked.problems:
        return show_track(request, complaint_id, code, checked)
    rates.count("note", request.address, now())
    contact = Contact(
        contact_id=f"note-{form_id}",
        channel=Channel.WEB,
        received_at=now(),
        by="complainant",
        text=checked.values["text"],
    )
    try:
        intake.add(complaint_id, contact)
    except ConflictError as error:
        add_more(error, contact)
    return web.see_other(f"/track/{number}/{code}?noted=1")


def answer(request: Request, number: str, code: str) -> Response:
    """Accept the reply, or refuse it with the reason."""
    complaint_id = admit(request, number, code)
    form = request.form
    outcome = form.get("outcome", "")
    if outcome not in (Outcome.ACCEPTED, Outcome.REFUSED):
        raise UnusableError
    checked = check(form, REFUSAL_FIELDS if outcome == Outcome.REFUSED else ())
    if checked.problems:
        return show_track(request, complaint_id, code, checked)
    try:
        line.answer_reply(complaint_id, Outcome(outcome), checked.values.get("words", ""))
    except WrongStatusError:
        return web.see_other(f"/track/{number}/{code}?changed=1")
    return web.see_other(f"/track/{number}/{code}?answered=1")


def survey(request: Request, number: str, code: str) -> Response:
    """Keep the answers to the survey."""
    complaint_id = admit(request, number, code)
    checked = check(request.form, SURVEY_FIELDS)
    if checked.problems:
        return show_track(request, complaint_id, code, checked)
    values = checked.values
    outcome = Outcome.SATISFIED if values["satisfied"] == "yes" else Outcome.DISSATISFIED
    try:
        line.rate(complaint_id, outcome, int(values["satisfaction"]), values["words"])
    except WrongStatusError:
        return web.see_other(f"/track/{number}/{code}?changed=1")
    return web.see_other(f"/track/{number}/{code}?rated=1")


def ask_no_survey(request: Request, number: str, code: str) -> Response:
    """Lead from the header of a letter to the page; whatever opens links must change nothing."""
    admit(request, number, code)
    return web.see_other(f"/track/{number}/{code}#no-survey")


def decline_survey(request: Request, number: str, code: str) -> Response:
    """Stop the invitations to rate, by the button or by a mail program in one click (RFC 8058).

    The page follows at once: mail programs go after no redirect.
    """
    complaint_id = admit(request, number, code)
    line.decline_survey(complaint_id)
    return show_track(request, complaint_id, code, done="track.thanks.no_survey")


def ask_own_data(request: Request, number: str, code: str) -> Response:
    """Record that the person asks for a copy of the own data, or that they be erased."""
    complaint_id, form_id = admit(request, number, code), form_id_of(request)
    kind = request.form.get("kind", "")
    if kind not in ("access", "erase"):
        raise UnusableError
    rates.count("note", request.address, now())
    asked = keeping.new_request(kind, f"{form_id}-{kind}", [complaint_id], by="complainant")
    try:
        keeping.record_request(asked)
    except WrongStatusError:
        return web.see_other(f"/track/{number}/{code}?changed=1")
    return web.see_other(f"/track/{number}/{code}?asked=1")


def add_evidence(request: Request, number: str, code: str) -> Response:
    """Show the form that puts one file straight into the bucket, and the files so far."""
    complaint_id = admit(request, number, code)
    rates.count("upload_form", request.address, now())
    settings = load_settings()
    address = f"/track/{number}/{code}"
    dossier = ComplaintRepository.from_env().dossier(complaint_id)
    office = office_shown(dossier.complaint.policy)
    shown = progress(dossier, texts(request.language), office, main_of(dossier))
    upload = evidence.upload_form(complaint_id, f"{settings.site_url}{address}/evidence")
    origin = urlsplit(upload["url"])
    return show(
        request,
        "evidence",
        form_origins=(f"{origin.scheme}://{origin.netloc}",),
        number=complaint_id,
        code=format_code(dossier.complaint.tracking_code),
        reply_by=shown.reply_by,
        is_new="new" in request.query,
        is_sent="etag" in request.query,
        upload=upload,
        pieces=shown.files,
        address=address,
    )


def admit(request: Request, number: str, code: str) -> str:
    """Return the number of the complaint that both belong to.

    Raises NotFoundError alike, and after the same work, whether the number or the code is wrong;
    TooManyRequestsError for whoever guesses.
    """
    rates.check("wrong_code", request.address, now())
    complaint_id, typed = parse_number(number) or "", parse_code(code) or ""
    try:
        known = ComplaintRepository.from_env().get(complaint_id or "-").tracking_code
    except UnknownComplaintError:
        known = NO_CODE
    if not hmac.compare_digest(known.encode(), typed.encode()):
        rates.count("wrong_code", request.address, now())
        raise NotFoundError
    logger.append_keys(complaint_id=complaint_id)
    return complaint_id


def show_lookup(request: Request, number: str = "", *, unknown: bool = False) -> Response:
    """Show the form that asks for number and code, after a wrong pair with the message."""
    return show(
        request,
        "lookup",
        status=HTTPStatus.NOT_FOUND if unknown else HTTPStatus.OK,
        number=number[:40],
        unknown=unknown,
        mail_address=load_settings().mail_address,
    )


def show_track(
    request: Request,
    complaint_id: str,
    code: str,
    checked: Checked | None = None,
    *,
    done: str = "",
) -> Response:
    """Show the tracking page, with the words of a form that was not usable."""
    t = texts(request.language)
    dossier = ComplaintRepository.from_env().dossier(complaint_id)
    blank = dict.fromkeys(("text", "words", "satisfaction", "satisfied"), "")
    return show(
        request,
        "track",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if checked else HTTPStatus.OK,
        shown=progress(dossier, t, office_shown(dossier.complaint.policy), main_of(dossier)),
        address=f"/track/{complaint_id}/{parse_code(code)}",
        values=blank | (checked.values if checked else {}),
        errors=checked.sentences(t) if checked else {},
        form_id=random_id(),
        done=done,
    )


def main_of(dossier: Dossier) -> Dossier | None:
    """Return the complaint that this one is counted with, if it is merged."""
    into = dossier.complaint.merged_into
    return ComplaintRepository.from_env().dossier(into) if into else None


# ---- documents -----------------------------------------------------------------------------


def ask_document(request: Request) -> Response:
    """Show the form that asks for number and check code of a document."""
    return show(request, "verify", number="", found=None, unknown=False)


def find_document(request: Request) -> Response:
    """Send on to the page of a document; a wrong number and a wrong code look the same."""
    number, code = request.form.get("number", "").strip(), request.form.get("code", "").strip()
    if not number or not code:
        return _unknown_document(request, number)
    return web.see_other(f"/verify/{quote(number[:80], safe='')}/{quote(code[:40], safe='')}")


def verify_document(request: Request, number: str, code: str) -> Response:
    """Say which document it is, when it was issued, and whether a later one replaced it.

    Nothing personal; and nothing of a complaint to whoever does not hold its document.
    """
    # Loads what prints; few who open these pages ask for it.
    from complaints.aws import documents

    rates.check("wrong_code", request.address, now())
    number, code = unquote(number), unquote(code)
    found = documents.verify(number, code)
    if found is None:
        rates.count("wrong_code", request.address, now())
        return _unknown_document(request, number)
    return show(
        request, "verify", number=number, unknown=False, found=found,
        title=texts(request.language)(f"document.{found.kind}", complainant="").strip(),
    )  # fmt: skip


def _unknown_document(request: Request, number: str) -> Response:
    status = HTTPStatus.NOT_FOUND
    return show(request, "verify", status=status, number=number[:80], found=None, unknown=True)


# ---- all pages -----------------------------------------------------------------------------


def asset(request: Request, name: str) -> Response:
    """Return a file of the design; for a year where its version was asked for."""
    if name not in ASSETS:
        raise NotFoundError
    forever = request.query.get("v") == pages.version_of(name)
    return web.asset(pages.asset(name), ASSETS[name], forever=forever)


def show(
    request: Request,
    name: str,
    *,
    status: int = HTTPStatus.OK,
    form_origins: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
    **values: Any,  # noqa: ANN401 - whatever the template asks for
) -> Response:
    """Return a public page with what every page needs."""
    settings = load_settings()
    here = request.path if request.method in ("GET", "HEAD") else ""
    body = pages.page(
        f"public/{name}",
        request.language,
        zone=settings.office.zone,
        organisation=settings.organisation,
        languages=settings.languages,
        here={code: request.switch(code) for code in settings.languages} if here else {},
        **values,
    )
    return web.html(
        body,
        status=status,
        cookies=request.language_cookies,
        form_origins=form_origins,
        headers=headers,
    )


def failure(request: Request, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Return the page of an error; where it is known, with when to try again."""
    settings = load_settings()
    wait = timedelta(seconds=int((headers or {}).get("Retry-After", "0")))
    t = texts(request.language)
    return show(
        request,
        "failure",
        status=status,
        headers=headers,
        failed=int(status),
        again_at=pages.instant(now() + wait, t, settings.office.zone),
    )


ROUTES: tuple[web.Route, ...] = (
    ("GET", "/", home),
    ("GET", "/complain", complain),
    ("POST", "/complain", register),
    ("GET", "/track", lookup),
    ("POST", "/track", find),
    ("GET", "/track/{number}/{code}", track),
    ("GET", "/track/{number}/{code}/evidence", add_evidence),
    ("POST", "/track/{number}/{code}/note", note),
    ("POST", "/track/{number}/{code}/answer", answer),
    ("POST", "/track/{number}/{code}/survey", survey),
    ("POST", "/track/{number}/{code}/own-data", ask_own_data),
    ("GET", "/track/{number}/{code}/no-survey", ask_no_survey),
    ("POST", "/track/{number}/{code}/no-survey", decline_survey),
    ("GET", "/verify", ask_document),
    ("POST", "/verify", find_document),
    ("GET", "/verify/{number}/{code}", verify_document),
    ("GET", "/assets/{name}", asset),
)
