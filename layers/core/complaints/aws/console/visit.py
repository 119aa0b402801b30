"""A visit: a request of somebody signed in, and how every staff page is shown."""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from complaints import pages, web
from complaints.aws.repository import UnknownComplaintError
from complaints.aws.sessions import Session
from complaints.aws.settings import load_settings
from complaints.console import lists, visits
from complaints.lifecycle import ComplaintError, InvalidInputError, NotAllowedError
from complaints.models import Role, Staff
from complaints.texts import texts
from complaints.web import Request, Response, UnusableError

FORM_ID = re.compile(r"[0-9a-f]{16}")


class ForbiddenError(web.WebError):
    """This person may not open this page, or the form is of another session."""

    status = HTTPStatus.FORBIDDEN


class Visit(Request, frozen=True, kw_only=True):
    """A request of somebody who is signed in."""

    session: Session

    @property
    def staff(self) -> Staff:
        """Who asks."""
        return self.session.staff

    @property
    def everybody(self) -> list[Staff]:
        """Who there is: the directory as it was read to let this person in."""
        return list(self.session.everybody)


def status_of(error: ComplaintError) -> HTTPStatus:
    """Return the status that says what is wrong with a request about a complaint."""
    match error:
        case NotAllowedError():
            return HTTPStatus.FORBIDDEN
        case InvalidInputError():
            return HTTPStatus.UNPROCESSABLE_ENTITY
        case UnknownComplaintError():
            return HTTPStatus.NOT_FOUND
    return HTTPStatus.CONFLICT


def only(visit: Visit, allowed: frozenset[Role]) -> None:
    """Raise ForbiddenError for whoever has none of these roles."""
    if not allowed & set(visit.staff.roles):
        raise ForbiddenError


def done(visit: Visit) -> str:
    """Return the id of the sentence that says what was just done, if anything was."""
    text_id = f"staff.done.{visit.query.get('done', '')[:20]}"
    return text_id if text_id in texts(visit.language) else ""


def form_id(visit: Visit) -> str:
    """Return the id of the posted form, by which a form that comes twice is one."""
    found = visit.form.get("form_id", "")
    if not FORM_ID.fullmatch(found):
        raise UnusableError
    return found


def show(
    request: Request,
    name: str,
    *,
    status: int = HTTPStatus.OK,
    session: Session | None = None,
    cookies: Sequence[str] = (),
    form_origins: Sequence[str] = (),
    frames: bool = False,
    script: str = "",
    headers: Mapping[str, str] | None = None,
    **values: Any,  # noqa: ANN401 - whatever the template asks for
) -> Response:
    """Return a staff page with what every page needs: who it is, the menu, the form's mark."""
    settings = load_settings()
    session = request.session if isinstance(request, Visit) else session
    here = request.path if request.method in ("GET", "HEAD") else ""
    body = pages.page(
        f"staff/{name}",
        request.language,
        zone=settings.zone,
        organisation=settings.organisation,
        languages=settings.languages,
        home=visits.HOME,
        here={code: request.switch(code) for code in settings.languages} if here else {},
        staff=session.staff if session else None,
        csrf=session.csrf if session else "",
        menu=visits.menu(session.staff) if session else [],
        titles=[
            lists.role_words(role, texts(request.language), settings.office)
            for role in (session.staff.roles if session else ())
        ],
        **values,
    )
    return web.html(
        body,
        status=status,
        cookies=(*request.language_cookies, *cookies),
        form_origins=form_origins,
        frames=frames,
        script=script,
        headers=headers,
    )


def failure(request: Request, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Return the page of an error; it says nothing of what went wrong inside."""
    known = f"staff.failure.{int(status)}.title" in texts(request.language)
    return show(
        request,
        "failure",
        status=status,
        headers=headers,
        failed=int(status) if known else int(HTTPStatus.INTERNAL_SERVER_ERROR),
    )
