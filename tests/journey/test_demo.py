"""The demo on the running product: what it tells is what the pages show."""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec
import pytest

from complaints.commands.demo import ADDRESS, expect_running, outbox_of, tell
from complaints.demo import stories
from complaints.demo.doors import Console, Mail, Public
from complaints.demo.play import Play, Played
from complaints.demo.stories import Step
from complaints.models import Status
from infra.local.machine import Machine
from tests.doors import faults

pytestmark = pytest.mark.journey

Course = tuple[stories.Door, tuple[Step, ...], Status]
"""The door of a complaint, the steps that are taken, and where it stands then."""
COURSES: tuple[Course, ...] = (
    ("mail", ("assign", "find", "approve", "answer", "survey"), Status.CLOSED),
    ("web", ("find", "reject", "find", "approve", "refuse"), Status.ASSESSED),
    ("phone", ("find", "approve", "in_vain", "phone"), Status.RESPONDED),
    ("visit", ("assign", "join", "order", "pause", "resume", "find"), Status.INVESTIGATED),
)
"""Four complaints, each by another door and to another end."""


OTHERS = ("senior-living", "utility", "service-industry", "property-management")


def complaints(
    courses: Sequence[Course] = COURSES,
) -> list[stories.Told]:
    """Return a complaint for each course, told by somebody who can be reached."""
    chance = random.Random(4)  # noqa: S311 - draws stories
    drawn = list(stories.draw(stories.book(), 62, chance, datetime.now(UTC).date()))
    told = []
    for door, steps, _ in courses:
        fits = next(
            one
            for one in drawn
            if one.story.door == door and not one.story.anonymous and not one.story.on_spot
        )
        told.append(msgspec.structs.replace(fits, steps=steps))
    return told


def test_four_complaints_end_where_they_are_told_to(machine: Machine) -> None:
    """By mail, form, phone and visit, each stands in the end where its tracking page says."""
    expect_running(machine.site_url, smtp(machine))
    assert outbox_of(machine.site_url) == machine.outbox
    public, console, play = doors(machine)

    told, problems = tell(play, complaints())

    assert [(one.error.text_id, one.error.values) for one in problems] == []
    assert [one.status for one in told] == [status for _, _, status in COURSES]
    assert [_shown(public, one) for one in told] == [one.status for one in told]
    assert all(_words(console, one) for one in told)


@pytest.mark.parametrize("policy", OTHERS)
def test_a_complaint_of_each_procedure_is_played_to_its_end(
    machine_of: Callable[..., Machine], policy: str
) -> None:
    """Its fields are filled in, its records kept, its people sign, its gates are opened."""
    running = machine_of(policy)
    _, _, play = doors(running)
    courses: tuple[Course, ...] = (
        ("web", ("find", "approve", "answer", "phone", "survey"), Status.CLOSED),
        ("phone", ("find", "approve", "phone", "survey"), Status.CLOSED),
    )
    told, problems = tell(play, complaints(courses))
    assert [(one.error.text_id, one.error.values) for one in problems] == []
    assert [one.status for one in told] == [Status.CLOSED, Status.CLOSED]
    assert faults(running) == []


def smtp(machine: Machine) -> tuple[str, int]:
    """Return where mail is taken in."""
    return "127.0.0.1", machine.ports.smtp


def doors(machine: Machine) -> tuple[Public, Console, Play]:
    """Return the doors of a machine, and the people of the demo who stand at them."""
    book, public = stories.book(), Public(machine.site_url)
    console = Console(machine.site_url, book.staff.password)
    mail = Mail(smtp(machine), ADDRESS, machine.outbox)
    chance = random.Random(4)  # noqa: S311 - draws words
    return public, console, Play(book, mail, public, console, chance)


def _shown(public: Public, played: Played) -> Status | None:
    return public.status(played.path, played.told.story.language)


def _words(console: Console, played: Played) -> bool:
    """Whether the console shows the complaint to the quality office, with its forms."""
    page = console.page("quality.liu", played.number)
    return page.status == 200 and page.find("/staff/sign-out") is not None
