"""Console: the staff pages, signed in (H4). Every answer of a person to a stage is given here."""

from hmac import compare_digest
from http import HTTPStatus

import msgspec

from complaints import web
from complaints.aws import sessions
from complaints.aws.console import (
    archive,
    complaint,
    documents,
    entry,
    evidence,
    keeping,
    letters,
    lists,
    people,
    policy,
    quarantine,
    registration,
    reports,
    search,
    uploading,
)
from complaints.aws.console.visit import ForbiddenError, Visit, failure, status_of
from complaints.aws.runtime import Event, logger, now
from complaints.aws.sessions import COOKIE
from complaints.aws.settings import load_settings
from complaints.lifecycle import ComplaintError
from complaints.web import Request, Response


def handler(event: Event, _context: object) -> Event:
    """Answer a request; whatever goes wrong, people get a page that tells nothing secret."""
    request = web.read_request(event, load_settings().languages)
    try:
        request = admitted(request)
        response = answer(request)
    except web.WebError as error:
        response = failure(request, error.status, error.headers)
    except ComplaintError as error:
        response = failure(request, status_of(error))
    except Exception:  # noqa: BLE001 - whatever it is, people get a page
        logger.exception("request failed")  # ids are in the log's keys, and nothing of the person
        response = failure(request, HTTPStatus.INTERNAL_SERVER_ERROR)
    return response.payload()


def admitted(request: Request) -> Request:
    """Return the request as a visit, if it is of somebody who is signed in."""
    if request.path.rstrip("/") in OPEN_PATHS:
        return request
    session = sessions.find(request.cookies.get(COOKIE, ""), now())
    return Visit(**msgspec.structs.asdict(request), session=session) if session else request


def answer(request: Request) -> Response:
    """Let in who is signed in; everybody else may only sign in."""
    if request.path.rstrip("/") in OPEN_PATHS:
        return web.dispatch(OPEN, request)
    if not isinstance(request, Visit):
        return entry.to_sign_in(request)
    if request.method == "POST":
        sent = request.form.get("csrf", "")
        if not compare_digest(sent.encode(), request.session.csrf.encode()):
            raise ForbiddenError
    return web.dispatch(SIGNED_IN, request)


OPEN: tuple[web.Route, ...] = (
    ("GET", "/staff/sign-in", entry.ask_sign_in),
    ("POST", "/staff/sign-in", entry.sign_in),
    ("POST", "/staff/new-password", entry.set_password),
)
OPEN_PATHS = frozenset(path for _, path, _ in OPEN)
SIGNED_IN: tuple[web.Route, ...] = (
    ("GET", "/staff", lists.home),
    ("POST", "/staff/sign-out", entry.sign_out),
    ("GET", "/staff/complaints", lists.listing),
    ("GET", "/staff/complaints/{number}", complaint.open_complaint),
    ("GET", "/staff/complaints/{number}/evidence", evidence.add_evidence),
    ("GET", "/staff/complaints/{number}/evidence/{piece}", evidence.download_evidence),
    ("POST", "/staff/complaints/{number}/evidence/{piece}", evidence.download_unmasked),
    ("GET", "/staff/complaints/{number}/evidence/{piece}/picture", evidence.show_picture),
    ("GET", "/staff/complaints/{number}/evidence/{piece}/custody", evidence.show_custody),
    ("POST", "/staff/complaints/{number}/uploads", uploading.begin),
    ("POST", "/staff/complaints/{number}/uploads/{upload}/sign", uploading.sign),
    ("POST", "/staff/complaints/{number}/uploads/{upload}/parts", uploading.list_parts),
    ("POST", "/staff/complaints/{number}/uploads/{upload}/complete", uploading.complete),
    ("POST", "/staff/complaints/{number}/uploads/{upload}/abort", uploading.abort),
    ("GET", "/staff/complaints/{number}/looks", complaint.show_looks),
    ("POST", "/staff/complaints/{number}/unmask", complaint.unmask),
    ("POST", "/staff/complaints/{number}/documents", documents.print_document),
    ("POST", "/staff/complaints/{number}/{task}", complaint.act),
    ("GET", "/staff/register", registration.ask_registration),
    ("POST", "/staff/register", registration.register),
    ("GET", "/staff/registered/{number}", registration.registered),
    ("GET", "/staff/archive", search.search_archive),
    ("GET", "/staff/archive-key", archive.download_key),
    ("GET", "/staff/archive/{number}", archive.open_file),
    ("GET", "/staff/archive/{number}/check", archive.check_file),
    ("GET", "/staff/archive/{number}/bag/{version}", archive.download_bag),
    ("GET", "/staff/archive/{number}/proof/{version}", archive.download_proof),
    ("GET", "/staff/keeping", keeping.list_keeping),
    ("GET", "/staff/keeping/{number}", keeping.open_keeping),
    ("POST", "/staff/keeping/{number}/{step}", keeping.answer),
    ("GET", "/staff/reports", reports.list_reports),
    ("POST", "/staff/reports", reports.make_report),
    ("GET", "/staff/reports/{name}", reports.open_report),
    ("GET", "/staff/reports/{month}/workbook", reports.download_report),
    ("GET", "/staff/reports/{month}/summary", documents.print_summary),
    ("GET", "/staff/reports/{month}/register", documents.print_register),
    ("GET", "/staff/policy", policy.show_policy),
    ("POST", "/staff/policy", policy.hand_in),
    ("GET", "/staff/policy/{version}", policy.show_change),
    ("POST", "/staff/policy/{version}", policy.adopt),
    ("GET", "/staff/policy/{version}/file", policy.download),
    ("GET", "/staff/letters", letters.list_letters),
    ("GET", "/staff/letters/{letter}/{language}", letters.open_letter),
    ("POST", "/staff/letters/{letter}/{language}", letters.change_letter),
    ("GET", "/staff/templates", documents.list_templates),
    ("GET", "/staff/templates/{kind}", documents.open_template),
    ("POST", "/staff/templates/{kind}", documents.change_template),
    ("GET", "/staff/people", people.list_people),
    ("POST", "/staff/people", people.add_person),
    ("POST", "/staff/people-import", people.import_people),
    ("GET", "/staff/people/{username}", people.open_person),
    ("POST", "/staff/people/{username}", people.change_person),
    ("POST", "/staff/people/{username}/hand-over", people.hand_over),
    ("GET", "/staff/quarantine", quarantine.list_quarantine),
    ("GET", "/staff/quarantine/{mail_id}", quarantine.open_mail),
    ("GET", "/staff/quarantine/{mail_id}/html", quarantine.show_html),
    ("GET", "/staff/quarantine/{mail_id}/original", quarantine.download_mail),
    ("POST", "/staff/quarantine/{mail_id}/{answer}", quarantine.decide),
)
