"""Pages: every template in both languages, and what a page must never do."""

import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jinja2 import UndefinedError

from complaints import pages
from complaints.models import Channel, Complaint, Contact, File, Status
from complaints.texts import LANGUAGES, texts
from complaints.tracking import Line, Progress, stages

AT = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>"
FIELDS = (
    "text demand occurred_on place service staff_involved amount name phone email address building "
    "anonymous on_behalf proxy_name relation proxy_phone proxy_email"
)
UPLOAD = {"url": "https://bucket.example/", "fields": {"key": "evidence/x", "policy": '"'}}


def shown(language: str) -> Progress:
    """Return a complaint whose reply waits for an answer, hostile words everywhere."""
    head = Complaint(
        complaint_id="TS-2026-000123-7",
        status=Status.APPROVED,
        channel=Channel.WEB,
        received_at=AT,
        registered_at=AT,
        policy="p",
        tracking_code="ABCDEFGHJKMN",
    )
    told = Contact(
        contact_id="c", channel=Channel.WEB, received_at=AT, by="complainant", text=HOSTILE
    )
    file = File(key="k", name=HOSTILE, size=1, sha256="", content_type="image/png")
    return Progress(
        number=head.complaint_id,
        status=head.status,
        received_at=AT,
        stages=stages(head, texts(language)),
        now="",
        reply_by=AT,
        asked=HOSTILE,
        reply=HOSTILE,
        compensation=12000,
        may_answer=True,
        may_rate=True,
        accepted=True,
        history=(Line(at=AT, words=HOSTILE, by=HOSTILE, quote=HOSTILE),),
        told=(told,),
        files=(file,),
    )


def values(name: str, language: str) -> dict[str, Any]:
    """Return what the handler gives this page."""
    hours = SimpleNamespace(start="09:00", end="18:00")
    address = "/track/TS-2026-000123-7/ABCDEFGHJKMN"
    words = dict.fromkeys(("text", "words", "satisfaction", "satisfied"), HOSTILE)
    typed = dict.fromkeys(FIELDS.split(), HOSTILE)
    given: dict[str, dict[str, Any]] = {
        "home": {"phone": "12345", "mail_address": "a@b.example", "hours": hours},
        "complain": {
            "values": typed,
            "errors": dict.fromkeys(FIELDS.split(), HOSTILE),
            "required": ("text",),
            "relations": [("child", HOSTILE)],
            "form_id": "f",
            "asked_at": HOSTILE,
            "too_fast": True,
        },
        "evidence": {
            "number": "TS",
            "code": "C",
            "reply_by": AT,
            "is_new": True,
            "is_sent": True,
            "upload": UPLOAD,
            "pieces": shown(language).files,
            "address": address,
        },
        "lookup": {"number": HOSTILE, "unknown": True, "mail_address": "a@b.example"},
        "track": {
            "shown": shown(language),
            "address": address,
            "values": words,
            "errors": {"words": HOSTILE},
            "form_id": HOSTILE,
            "done": "track.changed",
        },
        "failure": {"failed": 429, "again_at": HOSTILE},
    }
    return given[name]


NAMES = ("home", "complain", "evidence", "lookup", "track", "failure")


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """Each language that we speak."""
    return str(request.param)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_runs_nothing_that_was_typed(name: str, language: str) -> None:
    """Whatever a person wrote is shown as words; pages have no script and no inline style."""
    page = pages.page(f"public/{name}", language, organisation=HOSTILE, **values(name, language))
    assert "<script" not in page
    assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:", page)


@pytest.mark.parametrize("name", NAMES)
def test_every_field_has_its_label(name: str, language: str) -> None:
    """Who cannot see the page hears what each field is for."""
    page = pages.page(f"public/{name}", language, **values(name, language))
    ids = set(re.findall(r'<(?:input|textarea|select)[^>]*\sid="([^"]+)"', page))
    boxes = set(re.findall(r'<label class="choice"><input[^>]*\sid="([^"]+)"', page))
    assert ids - boxes <= set(re.findall(r'<label[^>]*\sfor="([^"]+)"', page))


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_one_heading_of_the_first_rank(name: str, language: str) -> None:
    """A page is about one thing, and says so in its language."""
    page = pages.page(f"public/{name}", language, **values(name, language))
    assert page.count("<h1") == 1
    assert f'<html lang="{"en" if language == "en" else "zh-CN"}">' in page


@pytest.mark.parametrize("status", [404, 405, 413, 422, 429, 500])
def test_every_failure_has_its_page(status: int, language: str) -> None:
    """A clear answer in the reader's language, whatever went wrong."""
    page = pages.page("public/failure", language, failed=status, again_at="x")
    assert texts(language)(f"failure.{status}.title") in page


def test_a_value_that_nobody_gave_is_an_error() -> None:
    """A hole in a page is found by a test, not by a reader."""
    with pytest.raises(UndefinedError):
        pages.page("public/lookup", "en")


def test_every_class_is_in_the_stylesheet() -> None:
    """A class without a rule is a slip of the pen."""
    rules = set(re.findall(r"\.([a-z][a-z0-9-]*)", pages.asset(pages.STYLESHEET).decode()))
    used = set()
    for template in Path(pages.HERE / "templates").rglob("*.html"):
        for names in re.findall(r'class="([^"{]*)"', template.read_text(encoding="utf-8")):
            used.update(names.split())
    assert used - rules == set()


def test_the_address_of_an_asset_names_its_content() -> None:
    """Browsers keep it for a year; another content has another address."""
    for name in (pages.STYLESHEET, pages.UPLOAD_SCRIPT):
        assert pages.address_of(name).endswith(pages.version_of(name))
