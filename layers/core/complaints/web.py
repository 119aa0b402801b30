"""The web in small: requests and responses of an HTTP API (payload 2.0), and the way between them.

Pure: an event comes in, a dict goes out. Both web functions use it, so that no page can forget
a security header.
"""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import msgspec

from complaints.forms import Form, UnreadableFormError, read_form
from complaints.texts import LANGUAGES, negotiate

LANGUAGE_COOKIE = "language"
LONGEST_BODY = 256 * 1024
"""Bytes. Five thousand Chinese characters are 45 kB in a posted form; the rest is for mistakes."""

YEAR = 365 * 24 * 3600


class WebError(Exception):
    """A request that we answer with an error page.

    WebError
    ├── NotFoundError
    ├── MethodNotAllowedError
    ├── TooLargeError
    ├── UnusableError
    └── TooManyRequestsError
    """

    status = HTTPStatus.BAD_REQUEST

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(self.status.phrase)
        self.headers = dict(headers or {})


class NotFoundError(WebError):
    """Nothing is at this address, or nothing that this person may know of."""

    status = HTTPStatus.NOT_FOUND


class MethodNotAllowedError(WebError):
    """There is a page at this address, but it does not take this method."""

    status = HTTPStatus.METHOD_NOT_ALLOWED


class TooLargeError(WebError):
    """More was sent than a form can hold."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class UnusableError(WebError):
    """What was sent is not a form that we can read."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class TooManyRequestsError(WebError):
    """This address asked too often; `seconds` from now it may ask again."""

    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, seconds: int) -> None:
        super().__init__({"Retry-After": str(seconds)})
        self.seconds = seconds


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser asks for, in our language."""

    method: str
    path: str
    query: dict[str, str]
    cookies: dict[str, str]
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    address: str
    """Network address of whoever asks, as the API saw it."""
    language: str

    @property
    def form(self) -> Form:
        """The posted fields; raises UnusableError or TooLargeError."""
        if len(self.body) > LONGEST_BODY:
            raise TooLargeError
        try:
            return read_form(self.body, self.headers.get("content-type", ""))
        except UnreadableFormError as error:
            raise UnusableError from error

    @property
    def language_cookies(self) -> tuple[str, ...]:
        """The cookie that keeps a language just chosen with `?lang=`; otherwise nothing."""
        if "lang" not in self.query:
            return ()
        return (cookie(LANGUAGE_COOKIE, self.language, max_age=YEAR),)

    def switch(self, language: str) -> str:
        """Return the address of this same page in another language."""
        return f"{self.path}?{urlencode({**self.query, 'lang': language})}"


def read_request(event: Mapping[str, Any], languages: Sequence[str] = LANGUAGES) -> Request:
    """Read an event of an HTTP API, payload format 2.0."""
    http = event["requestContext"]["http"]
    headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
    query = dict(parse_qsl(event.get("rawQueryString", ""), keep_blank_values=True)[:50])
    cookies = dict(pair.strip().split("=", 1) for pair in event.get("cookies") or () if "=" in pair)
    body = event.get("body") or ""
    return Request(
        method=http["method"],
        path=event["rawPath"] or "/",
        query=query,
        cookies=cookies,
        headers=headers,
        body=base64.b64decode(body) if event.get("isBase64Encoded") else body.encode(),
        address=http.get("sourceIp", ""),
        language=negotiate(
            query.get("lang"),
            cookies.get(LANGUAGE_COOKIE),
            headers.get("accept-language"),
            offered=languages,
        ),
    )


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser gets."""

    status: int = HTTPStatus.OK
    body: str | bytes = ""
    headers: dict[str, str] = {}
    cookies: tuple[str, ...] = ()

    def payload(self) -> dict[str, Any]:
        """Return this as an HTTP API wants it."""
        binary = isinstance(self.body, bytes)
        words = base64.b64encode(self.body).decode() if isinstance(self.body, bytes) else self.body
        return {
            "statusCode": int(self.status),
            "headers": self.headers,
            "cookies": list(self.cookies),
            "body": words,
            "isBase64Encoded": binary,
        }


def html(
    body: str,
    *,
    status: int = HTTPStatus.OK,
    cookies: Sequence[str] = (),
    form_origins: Sequence[str] = (),
    frames: bool = False,
    script: str = "",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a page whose forms may post to us and to `form_origins`, and nowhere else.

    `frames` lets it hold frames of ours, as `framed` makes them. `script` is the address of the one
    script that runs in it, and that may speak with us and with `form_origins`.
    """
    return Response(
        status=status,
        body=body,
        headers={
            "Content-Type": "text/html; charset=utf-8",
            **security_headers(form_origins, frames=frames, script=script),
            **(headers or {}),
        },
        cookies=tuple(cookies),
    )


def framed(body: str, style: str) -> Response:
    """Return what a stranger wrote, for a frame of ours: nothing runs, loads, posts or leads on.

    `style` is the text of the one style sheet that it may have.
    """
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    policy = (
        *("default-src 'none'", f"style-src 'sha256-{digest}'", "form-action 'none'"),
        *("base-uri 'none'", "frame-ancestors 'self'", "sandbox"),
    )
    return Response(
        body=f'<!doctype html>\n<meta charset="utf-8">\n<style>{style}</style>\n{body}\n',
        headers={
            "Content-Type": "text/html; charset=utf-8",
            **security_headers(),
            "Content-Security-Policy": "; ".join(policy),
        },
    )


def see_other(location: str, *, cookies: Sequence[str] = ()) -> Response:
    """Send the browser on to another page, with GET."""
    return Response(
        status=HTTPStatus.SEE_OTHER,
        headers={"Location": location, **security_headers()},
        cookies=tuple(cookies),
    )


def asset(body: bytes, content_type: str, *, forever: bool) -> Response:
    """Return a file of the design; kept for a year where its address names its content."""
    lifetime = f"public, max-age={YEAR}, immutable" if forever else "public, max-age=300"
    return Response(
        body=body,
        headers={
            "Content-Type": content_type,
            **security_headers(),
            "Cache-Control": lifetime,
        },
    )


def data(value: object) -> Response:
    """Return what a script of ours asked for, as JSON."""
    return Response(
        body=msgspec.json.encode(value).decode(),
        headers={"Content-Type": "application/json; charset=utf-8", **security_headers()},
    )


def attachment(content: str | bytes, name: str, content_type: str) -> Response:
    """Return a file to be saved under this name, never to be shown."""
    return Response(
        body=content,
        headers={
            "Content-Type": content_type,
            **security_headers(),
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        },
    )


def image(content: bytes, content_type: str) -> Response:
    """Return a picture that we made, to be shown in a page of ours."""
    return Response(
        body=content,
        headers={
            "Content-Type": content_type,
            **security_headers(),
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )


def security_headers(
    form_origins: Sequence[str] = (), *, frames: bool = False, script: str = ""
) -> dict[str, str]:
    """Return the headers that every answer carries: no script but ours, no frame, no copy."""
    scripted = (
        f"script-src {script}",
        " ".join(("connect-src 'self'", *form_origins)),
        "require-trusted-types-for 'script'",
    )
    return {
        "Content-Security-Policy": "; ".join(
            (
                "default-src 'none'",
                "style-src 'self'",
                "img-src 'self' data:",
                " ".join(("form-action 'self'", *form_origins)),
                *(("frame-src 'self'",) if frames else ()),
                *(scripted if script else ()),
                "frame-ancestors 'none'",
                "base-uri 'none'",
            )
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Strict-Transport-Security": f"max-age={2 * YEAR}; includeSubDomains",
        "Cache-Control": "no-store",
    }


def cookie(name: str, value: str, *, max_age: int, path: str = "/", same_site: str = "Lax") -> str:
    """Write a cookie that only we can read; `max_age` in seconds, 0 forgets it."""
    return f"{name}={value}; Path={path}; Max-Age={max_age}; HttpOnly; Secure; SameSite={same_site}"


Route = tuple[str, str, Callable[..., Response]]
"""Method, pattern with {names}, and the function that is called with the request and the names."""


def dispatch(routes: Sequence[Route], request: Request) -> Response:
    """Call the function of the first route that fits; a HEAD is answered as a GET.

    Raises NotFoundError where no pattern fits, MethodNotAllowedError where only the method does
    not.
    """
    method = "GET" if request.method == "HEAD" else request.method
    others = set()
    for wanted, pattern, function in routes:
        fits = _compiled(pattern).fullmatch(request.path)
        if fits and wanted == method:
            return function(request, **fits.groupdict())
        if fits:
            others.add(wanted)
    if others:
        raise MethodNotAllowedError({"Allow": ", ".join(sorted(others))})
    raise NotFoundError


def _compiled(pattern: str) -> re.Pattern[str]:
    """`/track/{number}` as an expression; re keeps what it compiled, and so need not we."""
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern) + "/?")
