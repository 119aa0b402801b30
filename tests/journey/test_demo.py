"""The demo on the running product: what it tells is what the pages show."""

import random
from datetime import UTC, datetime

import msgspec
import pytest

from complaints.commands.demo import ADDRESS, not_running, tell
from complaints.demo import stories
from complaints.demo.doors import Console, Mail, Public
from complaints.demo.play import Play, Played
from complaints.demo.stories import Step
from complaints.models import Status
from infra.local.machine import Machine

pytestmark = pytest.mark.journey

COURSES: tuple[tuple[stories.Door, tuple[Step, ...], Status], ...] = (
    ("mail", ("assign", "find", "approve", "answer", "survey"), Status.CLOSED),
    ("web", ("find", "reject", "find", "approve", "refuse"), Status.ASSESSED),
    ("phone", ("find", "approve", "in_vain", "phone"), Status.RESPONDED),
    ("visit", ("assign", "find"), Status.INVESTIGATED),
)
"""Four complaints, each by another door and to another end."""


def complaints() -> list[stories.Told]:
    """Return a complaint for each course, told by somebody who can be reached."""
    chance = random.Random(4)  # noqa: S311 - draws stories
    drawn = list(stories.draw(stories.book(), 62, chance, datetime.now(UTC).date()))
    told = []
    for door, steps, _ in COURSES:
        fits = next(
            one
            for one in drawn
            if one.story.door == door and not one.story.anonymous and not one.story.on_spot
        )
        told.append(msgspec.structs.replace(fits, steps=steps))
    return told


def test_four_complaints_end_where_they_are_told_to(machine: Machine) -> None:
    """By mail, form, phone and visit, each stands in the end where its tracking page says."""
    smtp = ("127.0.0.1", machine.ports.smtp)
    assert not_running(machine.site_url, smtp, machine.outbox) is None
    book = stories.book()
    public = Public(machine.site_url)
    console = Console(machine.site_url, book.staff.password)
    mail = Mail(smtp, ADDRESS, machine.outbox)
    chance = random.Random(4)  # noqa: S311 - draws words

    told, problems = tell(Play(book, mail, public, console, chance), complaints())

    assert [(one.error.text_id, one.error.values) for one in problems] == []
    assert [one.status for one in told] == [status for _, _, status in COURSES]
    assert [_shown(public, one) for one in told] == [one.status for one in told]
    assert all(_words(console, one) for one in told)


def _shown(public: Public, played: Played) -> Status | None:
    return public.status(played.path, played.told.story.language)


def _words(console: Console, played: Played) -> bool:
    """Whether the console shows the complaint to the quality office, with its forms."""
    page = console.page("quality.liu", played.number)
    return page.status == 200 and page.find("/staff/sign-out") is not None
