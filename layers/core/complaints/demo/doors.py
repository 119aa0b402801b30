"""The doors of the system as people use them: mail, form, tracking page, console."""

import re
import smtplib
import struct
import time
import zlib
from collections.abc import Callable, Mapping
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import formataddr, make_msgid
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from complaints.demo.browser import Browser, DoorError, Form, Page
from complaints.demo.stories import Told
from complaints.models import Status
from complaints.texts import texts

T = TypeVar("T")
PATIENCE = 45.0
"""Seconds until what was done must show; a step of the workflow takes about one."""
FASTEST = 3.2
"""Seconds that a form is open before it is sent: the site holds faster ones to be robots."""
LINK = re.compile(r"/track/[A-Z0-9-]+/[0-9A-Z-]+")
NEXT_LOOK = 0.3
TOO_MANY = 429
INVALID = 422


def until(look: Callable[[], T | None], text_id: str, **values: str | int) -> T:
    """Return what `look` finds, as soon as it finds something; raises DoorError if it is late."""
    end = time.monotonic() + PATIENCE
    while (found := look()) is None:
        if time.monotonic() > end:
            raise DoorError(text_id, seconds=int(PATIENCE), **values)
        time.sleep(NEXT_LOOK)
    return found


# ---- mail ----------------------------------------------------------------------------------


class Mail:
    """Mail to the published address, and the acknowledgements in the outbox of this machine."""

    def __init__(self, server: tuple[str, int], to: str, outbox: Path) -> None:
        self._server = server
        self._to = to
        self._outbox = outbox
        self._links: dict[str, str] = {}
        self._read = {path.name for path in outbox.glob("*.eml")}

    def send(self, told: Told, picture: bytes) -> str:
        """Send a complaint; return its Message-ID."""
        story = told.story
        message = EmailMessage(policy=default)
        message["From"] = formataddr((told.name, told.email))
        message["To"] = self._to
        message["Subject"] = story.subject or story.demand
        message["Message-ID"] = message_id = make_msgid(domain="example.com")
        message.set_content(f"{story.text}\n\n{story.demand}\n\n{told.name}\n{told.phone}".strip())
        if story.photo:
            message.add_attachment(picture, maintype="image", subtype="png", filename=story.photo)
        try:
            with smtplib.SMTP(*self._server, timeout=30) as server:
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            raise DoorError("demo.error.smtp", address=":".join(map(str, self._server))) from error
        return message_id

    def tracking_path(self, message_id: str) -> str:
        """Return the tracking link out of the acknowledgement of this mail, once it is there."""
        return until(lambda: self._look(message_id), "demo.error.outbox", outbox=str(self._outbox))

    def _look(self, message_id: str) -> str | None:
        for path in sorted(self._outbox.glob("*.eml")):
            if path.name in self._read:
                continue
            self._read.add(path.name)
            letter = message_from_bytes(path.read_bytes(), policy=default)
            body = letter.get_body(("plain",))
            link = LINK.search(body.get_content()) if body else None
            if link:
                answered = f"{letter['In-Reply-To']} {letter['References']}"
                for one in re.findall(r"<[^<>\s]+>", answered):
                    self._links.setdefault(one, link[0])
        return self._links.get(message_id)


# ---- the public pages ----------------------------------------------------------------------


class Public:
    """The pages of the complainants."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._open: dict[str, tuple[Browser, Page, float]] = {}

    def browser(self, language: str) -> Browser:
        """Return a new browser that speaks this language."""
        return Browser(self._site, language)

    def open_form(self, key: str, language: str) -> None:
        """Open the form, to be filled in later: nobody fills it in within seconds."""
        browser = self.browser(language)
        page = browser.open("/complain")
        page.form("/complain")
        self._open[key] = (browser, page, time.monotonic())

    def complain(self, key: str, told: Told, picture: bytes) -> str | None:
        """Fill in the form that was opened; return the tracking path.

        None where this address has sent as many forms as the site takes in an hour.
        """
        browser, page, opened_at = self._open.pop(key)
        story = told.story
        time.sleep(max(0.0, opened_at + FASTEST - time.monotonic()))
        typed = {
            "text": story.text,
            "demand": story.demand,
            "occurred_on": told.occurred_on,
            "place": story.place,
            "staff_involved": story.staff_involved,
            "amount": story.amount,
            "name": told.name,
            "phone": told.phone,
            "email": told.email,
            **({"anonymous": "yes"} if story.anonymous else {}),
        }
        after = browser.send(page, page.form("/complain").fill(typed))
        if after.status == INVALID:
            form = after.form("/complain")
            after = browser.send(after, form.fill(asked_besides(form, told)))
        if after.status == TOO_MANY:
            return None
        link = LINK.search(urlsplit(after.address).path)
        if not link:
            raise refusal(after, "/complain")
        if story.photo:
            upload = next((form for form in after.forms if "key" in form.values), None)
            if upload is None:
                raise refusal(after, "evidence")
            sent = browser.send(after, upload, (story.photo, picture))
            if sent.status >= 400:  # noqa: PLR2004 - HTTP
                raise refusal(sent, "evidence")
        return link[0]

    def track(self, path: str, language: str) -> Page:
        """Return the tracking page."""
        return self.browser(language).open(path)

    def find(self, number: str, code: str, language: str) -> str:
        """Ask for a complaint with number and code, as one who called does; return its path."""
        browser = self.browser(language)
        page = browser.open("/track")
        after = browser.send(page, page.form("/track").fill({"number": number, "code": code}))
        link = LINK.search(urlsplit(after.address).path)
        if not link:
            raise refusal(after, "/track")
        return link[0]

    def status(self, path: str, language: str) -> Status | None:
        """Return the status as the tracking page says it; None where it says none."""
        said = self.said(path, language)
        t = texts(language)
        return next((one for one in Status if t(f"status.{one}") == said), None)

    def said(self, path: str, language: str) -> str:
        """Return the words of the status on the tracking page, or of what is there instead."""
        page = self.track(path, language)
        return next(iter(page.words.get("pill", ())), f"HTTP {page.status}")

    def answer(self, path: str, language: str, ending: str, typed: Mapping[str, str]) -> None:
        """Fill in one of the forms of the tracking page, once it is there."""
        browser = self.browser(language)

        def ready() -> tuple[Page, Form] | None:
            page = browser.open(path)
            forms = [form for form in page.forms if form.action.endswith(ending)]
            fits = next((form for form in forms if form.takes(typed)), None)
            return (page, fits) if fits else None

        page, form = until(ready, "demo.error.waited", form=ending)
        after = browser.send(page, form.fill(typed))
        if after.status >= 400 or "changed" in urlsplit(after.address).query:  # noqa: PLR2004
            raise refusal(after, ending)


def asked_besides(form: Form, told: Told) -> dict[str, str]:
    """Return what one procedure or another wants to know besides, as far as the form has it."""
    story = told.story
    usual = {
        "building": story.place or "3号楼",
        "address": story.place or "幸福路12号",
        "service": story.subject or story.demand[:20],
        "staff_involved": story.staff_involved or "当班人员",
    }
    empty = (name for name in usual if name in form.values and not form.value(name))
    return {name: usual[name] for name in empty}


def refusal(page: Page, form: str) -> DoorError:
    """Return the error that says what the page says is wrong."""
    said = [*page.words.get("error", ()), *page.words.get("notice-red", ())]
    return DoorError("demo.error.form", form=form, problem="; ".join(said) or f"HTTP {page.status}")


# ---- the console ---------------------------------------------------------------------------


class Console:
    """The staff pages; each person signs in once, when there is something to do."""

    def __init__(self, site: str, password: str) -> None:
        self._site = site
        self._password = password
        self._signed_in: dict[str, Browser] = {}
        self._absent: set[str] = set()

    def as_person(self, username: str) -> Browser:
        """Return the browser in which this person is signed in."""
        if username not in self._signed_in:
            browser = Browser(self._site, "zh-CN")
            page = browser.open("/staff/sign-in")
            form = page.form("/staff/sign-in")
            after = browser.send(
                page, form.fill({"username": username, "password": self._password})
            )
            if after.find("/staff/sign-out") is None:
                raise DoorError("demo.error.sign_in", username=username)
            self._signed_in[username] = browser
        return self._signed_in[username]

    def register(self, username: str, told: Told) -> tuple[str, str]:
        """Write down what came by phone, visit or letter; return number and code as shown."""
        story = told.story
        browser = self.as_person(username)
        page = browser.open("/staff/register")
        typed = {
            "channel": story.door,
            "text": story.text,
            "demand": story.demand,
            "occurred_on": told.occurred_on,
            "place": story.place,
            "staff_involved": story.staff_involved,
            "amount": story.amount,
            "name": told.name,
            "phone": told.phone,
            "email": told.email,
            "language": story.language,
            **({"anonymous": "yes"} if story.anonymous else {}),
            **({"settled_on_spot": "yes", "settled_how": story.on_spot} if story.on_spot else {}),
        }
        after = browser.send(page, page.form("/staff/register").fill(typed))
        if after.status == INVALID:
            form = after.form("/staff/register")
            after = browser.send(after, form.fill(asked_besides(form, told)))
        shown = after.words.get("code", ())
        if len(shown) < 2:  # noqa: PLR2004 - number and code
            raise refusal(after, "/staff/register")
        return shown[0], shown[1]

    def page(self, username: str, number: str) -> Page:
        """Return the page of a complaint as this person sees it."""
        return self.as_person(username).open(f"/staff/complaints/{number}")

    def act(self, username: str, number: str, task: str, typed: Mapping[str, str]) -> None:
        """Fill in the form of a task; tried again where the complaint moved on meanwhile."""

        def ready() -> Page | None:
            page = self.page(username, number)
            form = page.find(f"/{number}/{task}")
            if form is None:
                return None
            after = self.as_person(username).send(page, form.fill(typed))
            if after.status == 409:  # noqa: PLR2004 - HTTP: somebody else saved first
                return None
            return after

        after = until(ready, "demo.error.waited", form=task)
        if after.status >= 400:  # noqa: PLR2004 - HTTP
            raise refusal(after, task)

    def who_may(self, usernames: tuple[str, ...], number: str, task: str) -> str | None:
        """Return the first of these people whose page of the complaint offers the task.

        Another procedure has other departments and posts: who can't sign in is passed over.
        """
        for username in usernames:
            if self._is_there(username) and self.page(username, number).find(f"/{number}/{task}"):
                return username
        return None

    def _is_there(self, username: str) -> bool:
        if username in self._absent:
            return False
        try:
            self.as_person(username)
        except DoorError:
            self._absent.add(username)
            return False
        return True


# ---- a photo -------------------------------------------------------------------------------


def png(seed: int, width: int = 240, height: int = 180) -> bytes:
    """Return a picture (PNG): an evening sky over dark blocks, another one for each seed."""
    rows = bytearray()
    blocks = [(seed * (n + 3) * 37) % (height // 2) + 20 for n in range(8)]
    for y in range(height):
        rows.append(0)
        for x in range(width):
            if height - y < blocks[x * len(blocks) // width]:
                lit = (x // 6 + y // 8 + seed) % 5 == 0 and x % 6 > 1 and y % 8 > 2  # noqa: PLR2004
                rows += b"\xf2\xd0\x7a" if lit else b"\x2e\x3b\x4e"
            else:
                rows += bytes((120 + y // 2, 150 + y // 4, 200 - y // 3))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in parts
    )
