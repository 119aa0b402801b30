"""People at the doors of a running product: somebody who mails, somebody who reads pages."""

import http.client
import re
import smtplib
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

from infra.local.accounts import PASSWORD
from infra.local.machine import Machine

HIDDEN = re.compile(r'<input type="hidden" name="(?P<name>\w+)" value="(?P<value>[^"]*)"')
T = TypeVar("T")


class Visitor:
    """A browser without a screen: keeps cookies, fills forms, follows nothing by itself."""

    def __init__(self, machine: Machine) -> None:
        self._port = machine.ports.site
        self._cookies: dict[str, str] = {}
        self._hidden: dict[str, str] = {}
        self.requests = 0

    def open(self, address: str) -> str:
        """Return a page; its hidden fields go with the next form."""
        status, _, page = self._ask("GET", address)
        assert status == 200, f"{address}: {status} {page[:2000]}"
        self._hidden = {found["name"]: found["value"] for found in HIDDEN.finditer(page)}
        return page

    def send(self, address: str, **form: str) -> str:
        """Send a form of the page that is open; return where it leads to."""
        status, onward, page = self._ask("POST", address, urlencode({**self._hidden, **form}))
        assert status == 303, f"{address}: {status} {re.sub('<[^>]+>', ' ', page)[-2000:]}"  # noqa: PLR2004
        return onward

    def sign_in(self, username: str) -> None:
        """Begin a session as one of the demo accounts."""
        self.open("/staff/sign-in")
        self.send("/staff/sign-in", username=username, password=PASSWORD)

    def _ask(self, method: str, address: str, body: str = "") -> tuple[int, str, str]:
        self.requests += 1
        asking = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        headers = {
            "Host": f"localhost:{self._port}",
            "Accept-Language": "zh-CN",
            "Cookie": "; ".join(f"{name}={text}" for name, text in self._cookies.items()),
            "Sec-Fetch-Site": "same-origin",
        }
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        asking.request(method, address, body or None, headers)
        answer = asking.getresponse()
        page = answer.read().decode()
        for line in answer.headers.get_all("Set-Cookie") or ():
            name, _, text = line.partition(";")[0].partition("=")
            self._cookies[name] = text
        asking.close()
        return answer.status, answer.headers.get("Location", ""), page


def mail(machine: Machine, message: EmailMessage) -> None:
    """Hand a mail to the mail listener."""
    with smtplib.SMTP("127.0.0.1", machine.ports.smtp) as door:
        door.send_message(message)


def until(found: Callable[[], T | None], what: str, seconds: float = 60) -> T:
    """Return what turns up, looking again and again; AssertionError when it takes too long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if (answer := found()) is not None:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"{what} did not turn up in {seconds:.0f} s")


def letters_to(machine: Machine, address: str) -> list[Path]:
    """Return the mails that the system sent to an address, the first one first."""
    needle = address.encode()
    return [path for path in sorted(machine.outbox.glob("*.eml")) if needle in path.read_bytes()]
