"""The web in small: requests read, answers written, ways found, headers never forgotten."""

import base64
from typing import Any

import pytest

from complaints import web
from complaints.web import (
    LONGEST_BODY,
    MethodNotAllowedError,
    NotFoundError,
    Request,
    Response,
    TooLargeError,
    TooManyRequestsError,
    UnusableError,
    dispatch,
    read_request,
)


def event(method: str = "GET", path: str = "/", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return an event of an HTTP API, payload format 2.0."""
    context = {"http": {"method": method, "path": path, "sourceIp": "203.0.113.7"}}
    return {"rawPath": path, "rawQueryString": "", "headers": {}, "requestContext": context, **more}


def request(method: str, path: str) -> Request:
    """Return a plain request."""
    return read_request(event(method, path))


def named(_: Request, **names: str) -> Response:
    """Answer with the names that the path gave."""
    return Response(body=repr(names))


ROUTES: tuple[web.Route, ...] = (
    ("GET", "/", named),
    ("GET", "/track/{number}/{code}", named),
    ("POST", "/track/{number}/{code}/note", named),
)


def test_a_request_is_read_whole() -> None:
    """Query, cookies, headers and who asks are all there."""
    asked = read_request(
        event(
            "POST",
            "/track",
            rawQueryString="lang=en&q=%E4%B8%AD",
            cookies=["language=zh_CN", "odd"],
            headers={"Content-Type": "text/plain"},
            body=base64.b64encode("中".encode()).decode(),
            isBase64Encoded=True,
        )
    )
    assert (asked.query, asked.cookies) == ({"lang": "en", "q": "中"}, {"language": "zh_CN"})
    assert (asked.headers, asked.body) == ({"content-type": "text/plain"}, "中".encode())
    assert (asked.address, asked.language) == ("203.0.113.7", "en")


def test_a_chosen_language_is_remembered() -> None:
    """Who switches the language once need not switch on every page."""
    asked = read_request(event(rawQueryString="lang=en"))
    assert asked.language_cookies[0].startswith("language=en; ")
    assert request("GET", "/").language_cookies == ()


def test_the_switch_leads_to_the_same_page() -> None:
    """Changing the language loses neither the place nor what was asked."""
    asked = read_request(event(path="/track/a/b", rawQueryString="new=1&lang=en"))
    assert asked.switch("zh_CN") == "/track/a/b?new=1&lang=zh_CN"


@pytest.mark.parametrize(
    ("method", "path", "names"),
    [
        pytest.param("GET", "/", {}, id="the first page"),
        pytest.param("HEAD", "/", {}, id="HEAD is GET without the body"),
        pytest.param("GET", "/track/A/B", {"number": "A", "code": "B"}, id="names of the path"),
        pytest.param("GET", "/track/A/B/", {"number": "A", "code": "B"}, id="a slash at the end"),
    ],
)
def test_a_way_is_found(method: str, path: str, names: dict[str, str]) -> None:
    """The first pattern that fits is called with the names in it."""
    assert dispatch(ROUTES, request(method, path)).body == repr(names)


@pytest.mark.parametrize("path", ["/nothing", "/track/A", "/track/A/B/C", "/track//B"])
def test_an_unknown_way_is_not_found(path: str) -> None:
    """A name is one part of the path and never empty."""
    with pytest.raises(NotFoundError):
        dispatch(ROUTES, request("GET", path))


def test_the_wrong_method_says_which_are_right() -> None:
    """405 names what is allowed (RFC 9110 15.5.6)."""
    with pytest.raises(MethodNotAllowedError) as caught:
        dispatch(ROUTES, request("DELETE", "/track/A/B/note"))
    assert caught.value.headers == {"Allow": "POST"}


def test_who_asks_too_often_is_told_when() -> None:
    """429 carries the seconds to wait (RFC 9110 10.2.3)."""
    assert TooManyRequestsError(90).headers == {"Retry-After": "90"}


def test_a_form_that_is_too_large_is_refused() -> None:
    """It is not even read."""
    with pytest.raises(TooLargeError):
        _ = read_request(event("POST", body="a" * (LONGEST_BODY + 1))).form


def test_what_is_no_form_is_unusable() -> None:
    """A page answers 422, it does not guess."""
    with pytest.raises(UnusableError):
        _ = read_request(event("POST", body="{}")).form


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(web.html("<p>", form_origins=("https://b.example",)), id="page"),
        pytest.param(web.see_other("/"), id="redirect"),
        pytest.param(web.asset(b"", "text/css", forever=True), id="asset"),
    ],
)
def test_every_answer_is_guarded(response: Response) -> None:
    """No answer runs script, is framed, is sniffed or gives the address away."""
    headers = response.payload()["headers"]
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script" not in policy
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_forms_post_to_us_and_to_the_upload_only() -> None:
    """The policy names the one foreign origin, and only on the page that needs it."""
    upload = web.html("", form_origins=("https://b.example",)).headers["Content-Security-Policy"]
    assert "form-action 'self' https://b.example;" in upload
    assert "form-action 'self';" in web.html("").headers["Content-Security-Policy"]


def test_pages_are_not_kept_and_the_design_is() -> None:
    """A complaint must not lie in a cache; a stylesheet whose address is its content may."""
    assert web.html("").headers["Cache-Control"] == "no-store"
    assert "immutable" in web.asset(b"", "text/css", forever=True).headers["Cache-Control"]
    assert "immutable" not in web.asset(b"", "text/css", forever=False).headers["Cache-Control"]


def test_bytes_travel_as_base64() -> None:
    """The HTTP API takes text; bytes must be marked."""
    payload = Response(body=b"\xff").payload()
    assert (payload["isBase64Encoded"], payload["body"]) == (True, "/w==")
