"""A browser in small: pages, their forms, cookies, and files sent with a form.

It fills in what a page offers and nothing else, so it can do no more than a person could.
"""

import http.client
import http.cookiejar
import re
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http import HTTPStatus
from typing import Self
from urllib.parse import urlencode, urljoin

PATIENCE = 40.0
"""Seconds that an answer may take."""
MULTIPART = "multipart/form-data"
WITHOUT_VALUE = frozenset({"submit", "button", "image", "reset", "file"})


class DoorError(Exception):
    """A door of the system did not open; `text_id` names the sentence that says which."""

    def __init__(self, text_id: str, **values: str | int) -> None:
        super().__init__(text_id)
        self.text_id = text_id
        self.values = values


@dataclass(kw_only=True)
class Form:
    """A form of a page: what it holds, what may be chosen, and where it goes."""

    action: str
    method: str = "get"
    encoding: str = "application/x-www-form-urlencoded"
    values: dict[str, list[str]] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    """What may be chosen, for fields that offer a choice; boxes too."""

    def value(self, name: str) -> str:
        """Return what a field holds now; "" for nothing."""
        return next(iter(self.values.get(name, ())), "")

    def takes(self, typed: Mapping[str, str]) -> bool:
        """Return whether the form has all these fields, and offers what is to be chosen."""
        return all(self._offers(name, text) for name, text in typed.items())

    def fill(self, typed: Mapping[str, str]) -> Self:
        """Type into fields, choose what is offered, press a button that carries a value.

        Raises DoorError for what is not there.
        """
        for name, text in typed.items():
            if not self._offers(name, text):
                raise DoorError("demo.error.field", field=name, address=self.action)
            self.values[name] = [text]
        return self

    def _offers(self, name: str, text: str) -> bool:
        return name in self.values and text in self.choices.get(name, (text,))

    def pairs(self) -> list[tuple[str, str]]:
        """Return what is sent, in the order of the page."""
        return [(name, one) for name, all_of in self.values.items() for one in all_of]


@dataclass(frozen=True, kw_only=True)
class Page:
    """What came back: where from, and what a person would see and could fill in."""

    status: int
    address: str
    forms: Sequence[Form] = ()
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The texts of the parts that have one of SEEN as their class."""

    def find(self, ending: str) -> Form | None:
        """Return the form whose address ends so."""
        return next((form for form in self.forms if form.action.endswith(ending)), None)

    def form(self, ending: str) -> Form:
        """Return the form whose address ends so; raises DoorError if the page has none."""
        if form := self.find(ending):
            return form
        problem = "; ".join(self.words.get("error", ())) or f"HTTP {self.status}"
        raise DoorError("demo.error.form", form=ending, problem=problem)


SEEN = frozenset({"pill", "code", "error", "notice-red"})
"""Classes of the parts of a page whose words we read."""


class _Reader(HTMLParser):
    """Gathers forms and words of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.words: dict[str, list[str]] = {}
        self._form: Form | None = None
        self._select = ""
        self._area = ""
        self._seen: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if seen := SEEN & set(given.get("class", "").split()):
            name = min(seen)
            self._seen.append((tag, name))
            self.words.setdefault(name, []).append("")
        if tag == "form":
            self._form = Form(
                action=given.get("action", ""),
                method=given.get("method", "get").lower(),
                encoding=given.get("enctype", "application/x-www-form-urlencoded"),
            )
            self.forms.append(self._form)
        elif self._form is not None and (name := given.get("name", "") or self._select):
            self._control(self._form, tag, name, given)

    def _control(self, form: Form, tag: str, name: str, given: dict[str, str]) -> None:
        held = form.values.setdefault(name, [])
        if tag == "textarea":
            self._area = name
            held.append("")
        elif tag == "select":
            self._select = name
            form.choices[name] = []
        elif tag == "option":
            value = given.get("value", "")
            form.choices[name].append(value)
            # Without a mark the first one is chosen, as browsers do.
            if "selected" in given or not held:
                form.values[name] = [value]
        elif given.get("type") in {"radio", "checkbox"}:
            form.choices.setdefault(name, []).append(given.get("value", "on"))
            if "checked" in given:
                held.append(given.get("value", "on"))
        elif tag == "button" or given.get("type") in WITHOUT_VALUE:
            # Sent only when it is the button that was pressed, or the file that was chosen.
            if tag == "button":
                form.choices.setdefault(name, []).append(given.get("value", ""))
        else:
            held.append(given.get("value", ""))

    def handle_data(self, data: str) -> None:
        for _tag, name in self._seen:
            self.words[name][-1] += data
        if self._area and self._form is not None:
            held = self._form.values[self._area]
            # A line end right after the tag belongs to the page, not to the text.
            held[-1] = held[-1] + data if held[-1] else data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if self._seen and self._seen[-1][0] == tag:
            name = self._seen.pop()[1]
            self.words[name][-1] = " ".join(self.words[name][-1].split())
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""


def read(body: str, *, status: int = HTTPStatus.OK, address: str = "") -> Page:
    """Return a page read from its HTML."""
    reader = _Reader()
    reader.feed(body)
    reader.close()
    return Page(status=status, address=address, forms=reader.forms, words=reader.words)


class Browser:
    """One person's browser at one site, with cookies of its own."""

    def __init__(self, site: str, language: str) -> None:
        self.site = site.rstrip("/")
        # The site speaks plain HTTP on this machine; its cookies are for HTTPS alone elsewhere.
        policy = http.cookiejar.DefaultCookiePolicy(secure_protocols=("https", "http"))
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar(policy))
        )
        self._headers = {
            "Accept-Language": language.replace("_", "-"),
            "User-Agent": "huiyin-demo",
        }

    def open(self, path: str) -> Page:
        """Return the page at an address of the site."""
        return self._ask(urljoin(f"{self.site}/", path))

    def send(self, page: Page, form: Form, file: tuple[str, bytes] | None = None) -> Page:
        """Send a form of this page, with a file where it takes one; return the page after it."""
        target = urljoin(page.address, form.action)
        if form.encoding == MULTIPART:
            content_type, body = multipart(form.pairs(), file)
        else:
            content_type, body = form.encoding, urlencode(form.pairs()).encode("ascii")
        return self._ask(target, body, content_type)

    def _ask(self, address: str, body: bytes | None = None, content_type: str = "") -> Page:
        headers = {**self._headers, **({"Content-Type": content_type} if content_type else {})}
        request = urllib.request.Request(address, body, headers)  # noqa: S310 - address of the site
        try:
            with self._opener.open(request, timeout=PATIENCE) as answer:
                text = answer.read().decode("utf-8", "replace")
                return read(text, status=answer.status, address=answer.url)
        except urllib.error.HTTPError as error:
            with error:
                text = error.read().decode("utf-8", "replace")
            return read(text, status=error.code, address=error.url or address)
        except (OSError, http.client.HTTPException) as error:
            raise DoorError("demo.error.site", site=self.site) from error


def multipart(
    pairs: Sequence[tuple[str, str]], file: tuple[str, bytes] | None
) -> tuple[str, bytes]:
    """Return content type and body of a form with a file, the file last as S3 wants it."""
    boundary = "----huiyin-demo-boundary"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in pairs
    ]
    if file:
        name = re.sub(r'["\r\n]', "_", file[0])
        head = f'Content-Disposition: form-data; name="file"; filename="{name}"'
        start = f"--{boundary}\r\n{head}\r\nContent-Type: application/octet-stream\r\n\r\n".encode()
        parts.append(start + file[1] + b"\r\n")
    parts.append(f"--{boundary}--\r\n".encode())
    return f"{MULTIPART}; boundary={boundary}", b"".join(parts)
