"""The mailbox page of this machine: every mail that the system sent, newest first."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

PATH = "/mailbox"
FOLDER = "folder"
"""Below `PATH`: the folder of the mails, for programs of this machine such as `huiyin demo`."""
SHOWN = 200
"""Mails on the list; older ones lie in the folder."""
FILE = re.compile(r"[\w.-]+\.eml")
LINK = re.compile(r"https?://[^\s<>\"'，。；）】]+")
SECURITY = [
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
]

Answer = tuple[int, list[tuple[str, str]], bytes]
"""Status, headers and body."""

_pages = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)


def is_here(path: str) -> bool:
    """Return whether a path belongs to the mailbox."""
    return urlsplit(path).path.rstrip("/") == PATH or path.startswith(f"{PATH}/")


def answer(method: str, path: str, outbox: Path) -> Answer:  # noqa: PLR0911 - one a page
    """Answer a request: the list, the folder, one mail, its raw text, or one of its attachments."""
    if method not in {"GET", "HEAD"}:
        return 405, [("Allow", "GET, HEAD")], b""
    parts = [unquote(part) for part in urlsplit(path).path.removeprefix(PATH).split("/") if part]
    if parts == [FOLDER]:
        headers = [("Content-Type", "text/plain; charset=utf-8"), *SECURITY]
        return 200, headers, bytes(outbox.absolute())
    if not parts:
        return _page(mails=[_summary(file) for file in newest(outbox)[:SHOWN]])
    file = outbox / parts[0]
    if not FILE.fullmatch(parts[0]) or not file.is_file():
        return _page(404, missing=True)
    message = _read(file)
    match parts[1:]:
        case []:
            return _page(mail=_summary(file), text=linked(text_of(message)), files=_files(message))
        case ["raw"]:
            return _download(file.name, "message/rfc822", file.read_bytes())
        case [number] if number.isdigit() and int(number) < len(_files(message)):
            part = list(message.iter_attachments())[int(number)]
            content = part.get_payload(decode=True)
            body = content if isinstance(content, bytes) else b""
            return _download(part.get_filename() or number, "application/octet-stream", body)
        case _:
            return _page(404, missing=True)


def newest(outbox: Path) -> list[Path]:
    """Return the mails in the outbox, newest first; their names begin with the instant."""
    return sorted(outbox.glob("*.eml"), reverse=True)


def text_of(message: EmailMessage) -> str:
    """Return what a mail says: its plain text, or the words of its HTML."""
    body = message.get_body(("plain", "html"))
    if body is None:
        return ""
    try:
        content = str(body.get_content())
    except (LookupError, UnicodeError, KeyError):
        content = bytes(body.get_payload(decode=True) or b"").decode("utf-8", "replace")
    if body.get_content_subtype() != "html":
        return content
    words = _Words()
    words.feed(content)
    return "".join(words.found).strip()


def linked(text: str) -> Markup:
    """Return the text for a page, web addresses in it as links, all else escaped.

    >>> linked("<b> http://localhost:8080/track。")
    Markup('&lt;b&gt; <a href="http://localhost:8080/track">http://localhost:8080/track</a>。')
    """
    page, end = Markup(), 0
    for match in LINK.finditer(text):
        page += text[end : match.start()]
        page += Markup('<a href="{0}">{0}</a>').format(match[0])
        end = match.end()
    return page + text[end:]


def _read(file: Path) -> EmailMessage:
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    if not isinstance(message, EmailMessage):  # what policy.default makes; mypy can't know
        raise TypeError(type(message))
    return message


def _summary(file: Path) -> dict[str, str]:
    message = _read(file)
    at = file.name
    return {
        "file": file.name,
        "at": f"{at[:4]}-{at[4:6]}-{at[6:8]} {at[9:11]}:{at[11:13]}:{at[13:15]} UTC",
        **{name: str(message.get(name, "")) for name in ("from", "to", "subject", "reply-to")},
    }


def _files(message: EmailMessage) -> list[str]:
    return [part.get_filename() or part.get_content_type() for part in message.iter_attachments()]


def _page(status: int = 200, **values: object) -> Answer:
    html = _pages.get_template("mailbox.html").render(path=PATH, **values)
    return status, [("Content-Type", "text/html; charset=utf-8"), *SECURITY], html.encode()


def _download(name: str, content_type: str, body: bytes) -> Answer:
    headers = [
        ("Content-Type", content_type),
        ("Content-Disposition", f"attachment; filename*=UTF-8''{quote(name, safe='')}"),
        *SECURITY,
    ]
    return 200, headers, body


class _Words(HTMLParser):
    """Collects the text of an HTML mail, a line for each block."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Leave out what is not shown; begin a line at a block."""
        del attrs
        self._silent += tag in {"style", "script", "title"}
        if tag in {"p", "br", "div", "tr", "li", "h1", "h2", "h3"}:
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """Show again what follows."""
        self._silent -= tag in {"style", "script", "title"}

    def handle_data(self, data: str) -> None:
        """Keep the words."""
        if self._silent <= 0:
            self.found.append(data)
