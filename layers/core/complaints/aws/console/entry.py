"""The way in: sign-in, a first password, sign-out; and back to where one was."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from complaints import web
from complaints.aws import rates, sessions
from complaints.aws.accounts import Accounts, NewPasswordWanted, WrongPasswordError
from complaints.aws.console.visit import ForbiddenError, Visit, show
from complaints.aws.runtime import now
from complaints.aws.sessions import COOKIE
from complaints.console import visits
from complaints.lifecycle import ComplaintError
from complaints.models import Staff
from complaints.web import Request, Response


def to_sign_in(request: Request) -> Response:
    """Lead to the sign-in page and back; what was typed in a form goes along."""
    over = COOKIE in request.cookies
    back = visits.here(request)
    if request.method == "POST":
        return show_sign_in(
            request,
            status=HTTPStatus.UNAUTHORIZED,
            next=back,
            over=True,
            kept=visits.keep(request),
            kept_for=visits.safe_next(request.path),
        )
    return web.see_other(
        f"/staff/sign-in?{urlencode({'next': back, **({'over': 1} if over else {})})}"
    )


def show_sign_in(request: Request, *, status: int = HTTPStatus.OK, **values: Any) -> Response:  # noqa: ANN401 - of the template
    """Show the sign-in page."""
    usual = {"username": "", "next": "", "error": "", "over": False, "out": False}
    return show(
        request, "sign_in", status=status, **{**usual, "kept": "", "kept_for": "", **values}
    )


def ask_sign_in(request: Request) -> Response:
    """Show the empty sign-in page."""
    return show_sign_in(
        request,
        next=visits.safe_next(request.query.get("next", "")),
        over="over" in request.query,
        out="out" in request.query,
    )


def sign_in(request: Request) -> Response:
    """Sign in; who guesses is stopped by name and by address."""
    ours_only(request)
    form = request.form
    username, at = form.get("username", ""), now()
    tried = (request.address, f"name {username.lower()}")
    for key in tried:
        rates.check("sign_in", key, at)
    try:
        who = Accounts.from_env().sign_in(username, form.get("password", ""))
    except ComplaintError as error:
        if isinstance(error, WrongPasswordError):
            for key in tried:
                rates.count("sign_in", key, at)
        return show_sign_in(
            request,
            status=HTTPStatus.UNAUTHORIZED,
            error=error.text_id,
            username=username[:128],
            next=visits.safe_next(form.get("next", "")),
            kept=form.get("kept", ""),
            kept_for=visits.safe_next(form.get("kept_for", "")),
        )
    return welcome(request, who)


def set_password(request: Request) -> Response:
    """Take the new password that was asked for; then the person is signed in."""
    ours_only(request)
    form = request.form
    wanted = NewPasswordWanted(
        username=form.get("username", ""), challenge=form.get("challenge", "")
    )
    if form.get("password", "") != form.get("again", ""):
        return ask_new_password(request, wanted, "staff.new_password.differ")
    try:
        who = Accounts.from_env().set_password(
            wanted.username, form.get("password", ""), wanted.challenge
        )
    except WrongPasswordError:
        return show_sign_in(request, status=HTTPStatus.UNAUTHORIZED, over=True)
    except ComplaintError as error:
        return ask_new_password(request, wanted, error.text_id)
    return welcome(request, who)


def ask_new_password(request: Request, wanted: NewPasswordWanted, error: str = "") -> Response:
    """Show the page that asks for a new password."""
    return show(
        request,
        "new_password",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        error=error,
        username=wanted.username,
        challenge=wanted.challenge,
        next=visits.safe_next(request.form.get("next", "")),
    )


def welcome(request: Request, who: Staff | NewPasswordWanted) -> Response:
    """Begin a session and go on: to where one was, or to what could not be saved."""
    if isinstance(who, NewPasswordWanted):
        return ask_new_password(request, who)
    form = request.form
    sessions.end(request.cookies.get(COOKIE, ""))
    session, cookie = sessions.begin(who, now())
    back = visits.safe_next(form.get("next", ""))
    fields = visits.kept(form.get("kept", ""))
    if not fields:
        return web.see_other(back, cookies=(cookie,))
    action = visits.safe_next(form.get("kept_for", ""))
    return show(
        request,
        "resend",
        session=session,
        cookies=(cookie,),
        action=action,
        next=back,
        fields=fields,
    )


def ours_only(request: Request) -> None:
    """Raise ForbiddenError for a form that another site sends: nobody is signed in unasked."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise ForbiddenError


def sign_out(visit: Visit) -> Response:
    """End the session."""
    forget = sessions.end(visit.cookies.get(COOKIE, ""))
    return web.see_other("/staff/sign-in?out=1", cookies=(forget,))
