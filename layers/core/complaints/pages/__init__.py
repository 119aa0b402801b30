"""Pages and letters in HTML: Jinja2 templates that know ids of texts, and no words.

Jinja2 is imported with the first page, not with the module: what only registers a mail or a file
never pays for it.
"""

import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from complaints.models import sortable
from complaints.texts import LANGUAGES, Texts, texts

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parent
OFFICE_ZONE = ZoneInfo("Asia/Shanghai")
KILO = 1024
STYLESHEET, UPLOAD_SCRIPT = "huiyin.css", "upload.js"


def page(name: str, language: str, *, zone: ZoneInfo = OFFICE_ZONE, **values: object) -> str:
    """Return the page `templates/<name>.html` in this language, instants in the office's zone.

    Every page may be given `organisation`, `languages` (codes offered), `here` (language code to
    address of this page) and `home`; a name that a template uses and nobody gave is an error.
    """
    usual = {"organisation": "", "languages": LANGUAGES, "here": {}, "home": "/"}
    return environment(language, zone).get_template(f"{name}.html").render(usual | values)


@cache
def environment(language: str, zone: ZoneInfo) -> "Environment":
    """Return the templates of one language and zone: escaping on, unknown names forbidden."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    t = texts(language)
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(
        t=t,
        language=t.language,
        stylesheet=address_of(STYLESHEET),
        upload_script=address_of(UPLOAD_SCRIPT),
    )
    made.filters.update(
        instant=lambda at: instant(at, t, zone),
        day=lambda at: day(at, t, zone),
        utc=sortable,
        money=money,
        size=size,
    )
    return made


def instant(at: datetime, t: Texts, zone: ZoneInfo) -> str:
    """Write a day and time of the office's clock.

    >>> from datetime import UTC
    >>> instant(datetime(2026, 11, 20, 0, 30, tzinfo=UTC), texts("en"), OFFICE_ZONE)
    '20 Nov 2026, 08:30'
    """
    return t("format.instant", at=at.astimezone(zone))


def day(at: datetime, t: Texts, zone: ZoneInfo) -> str:
    """Write a day of the office's calendar.

    >>> from datetime import UTC
    >>> day(datetime(2026, 11, 20, 20, 30, tzinfo=UTC), texts("zh_CN"), OFFICE_ZONE)
    '2026年11月21日'
    """
    return t("format.day", at=at.astimezone(zone))


def money(fen: int) -> str:
    """Write an amount in yuan; the amount is in fen.

    >>> money(123450)
    '￥1,234.50'
    """
    return f"{'-' if fen < 0 else ''}￥{abs(fen) / 100:,.2f}"


def size(octets: int) -> str:
    """Write the size of a file; the size is in bytes.

    >>> size(900), size(34_500), size(2_600_000)
    ('900 B', '34 KB', '2.5 MB')
    """
    if octets < KILO:
        return f"{octets} B"
    if octets < KILO**2:
        return f"{octets / KILO:.0f} KB"
    return f"{octets / KILO**2:.1f} MB"


@cache
def asset(name: str) -> bytes:
    """Return a file of the design: the stylesheet of all pages, the script of one."""
    return (HERE / "assets" / name).read_bytes()


@cache
def version_of(name: str) -> str:
    """Return the digest that names this asset, so that browsers may keep it for good."""
    return hashlib.sha256(asset(name)).hexdigest()[:12]


def address_of(name: str) -> str:
    """Return where the pages find an asset."""
    return f"/assets/{name}?v={version_of(name)}"
