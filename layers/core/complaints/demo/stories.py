"""The stories of the demo: read from `stories.toml`, and drawn with a seed."""

import random
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from importlib import resources
from itertools import cycle
from typing import Literal, TypeVar

import msgspec

T = TypeVar("T")
Door = Literal["mail", "web", "phone", "visit", "letter"]
Step = Literal[
    "assign",
    "order",
    "pause",
    "resume",
    "join",
    "find",
    "reject",
    "approve",
    "answer",
    "refuse",
    "phone",
    "in_vain",
    "survey",
    "complain_again",
]


class _Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what stands in the file."""


class Course(_Struct, frozen=True, kw_only=True):
    """A way that a story may take, and how often it does beside the others."""

    share: int
    steps: tuple[Step, ...]


class Staff(_Struct, frozen=True, kw_only=True):
    """Who signs in, by role."""

    password: str
    intake: tuple[str, ...]
    handlers: tuple[str, ...]
    heads: tuple[str, ...]
    quality: str
    management: str
    posts: tuple[str, ...]

    @property
    def signers(self) -> tuple[str, ...]:
        """Who may have to sign or to prove something, in one procedure or another."""
        return (*self.heads, self.quality, *self.posts, self.management)


class Words(_Struct, frozen=True, kw_only=True):
    """What is said on the way, in one language."""

    notes: tuple[str, ...]
    rejections: tuple[str, ...]
    visit: str
    interview: str
    order: str
    ordered: str
    waiting: str
    apology: str
    measure: str
    proof: str
    indirect_cause: str
    root_cause: str
    second_facts: str
    second_reply: str
    accepted: tuple[str, ...]
    refusals: tuple[str, ...]
    in_vain: str
    content: tuple[str, ...]
    discontent: tuple[str, ...]


class Story(_Struct, frozen=True, kw_only=True):
    """A complaint as it comes in, and what the staff find out about it."""

    door: Door
    type: str
    text: str
    demand: str
    language: str = "zh_CN"
    subject: str = ""
    place: str = ""
    staff_involved: str = ""
    amount: str = ""
    photo: str = ""
    days_ago: int = 1
    anonymous: bool = False
    on_spot: str = ""
    facts: str
    cause: str
    responsible: bool
    measures: str
    reply: str
    compensation: str = ""


class Book(_Struct, frozen=True, kw_only=True):
    """All of the file."""

    staff: Staff
    course: tuple[Course, ...]
    words: dict[str, Words]
    people: dict[str, tuple[tuple[str, str], ...]]
    story: tuple[Story, ...]


class Told(_Struct, frozen=True, kw_only=True):
    """One complaint of a demo: a story with its person, its places and its course."""

    story: Story
    name: str = ""
    email: str = ""
    phone: str = ""
    occurred_on: str
    steps: tuple[Step, ...]


def book() -> Book:
    """Read the file."""
    content = resources.files("complaints.demo").joinpath("stories.toml").read_bytes()
    return msgspec.toml.decode(content, type=Book)


def draw(told: Book, count: int, chance: random.Random, today: date) -> Iterator[Told]:
    """Yield this many complaints; the same seed tells the same ones in the same order.

    Every story comes once before one comes again, every course as often as its share says.
    """
    stories = _cycled(told.story, chance)
    courses = _cycled([one for one in told.course for _ in range(one.share)], chance)
    people = {language: _cycled(names, chance) for language, names in told.people.items()}
    for _ in range(count):
        story = _placed(next(stories), chance)
        name, box = next(people[story.language])
        phone = f"1380013{chance.randrange(10_000):04d}"
        known = not story.anonymous
        by_wire = story.door in {"mail", "web"}
        yield Told(
            story=story,
            name=name if known else "",
            email=f"{box}@example.com" if known and by_wire else "",
            phone=phone if known and story.door != "mail" else "",
            occurred_on=(today - timedelta(days=story.days_ago)).isoformat(),
            steps=_possible(next(courses).steps, story),
        )


def _possible(steps: tuple[Step, ...], story: Story) -> tuple[Step, ...]:
    """Leave out what can't happen: nobody is asked who left no way to be reached (A5).

    What was settled on the spot has been answered (A9): only the follow-up is left.
    """
    if story.on_spot:
        return ("survey",) if "survey" in steps or "complain_again" in steps else ()
    if story.anonymous:
        asked = {"pause", "resume", "answer", "refuse", "phone", "in_vain", "complain_again"}
        return tuple(step for step in steps[: _first_round(steps)] if step not in asked)
    return steps


def _first_round(steps: tuple[Step, ...]) -> int:
    """Return where the complainant sends it back; what comes after is another round."""
    return next((n for n, step in enumerate(steps) if step in {"refuse", "complain_again"}), 99)


def _placed(story: Story, chance: random.Random) -> Story:
    """Put numbers of a building, a floor and a room into the texts of a story."""
    floor = chance.randint(2, 18)
    places = {
        "building": chance.randint(1, 26),
        "floor": floor,
        "room": floor * 100 + chance.randint(1, 8),
    }
    names = ("text", "subject", "place", "facts", "cause", "measures", "reply")
    filled = {name: getattr(story, name).format_map(places) for name in names}
    return msgspec.structs.replace(story, **filled)


def _cycled(things: Iterable[T], chance: random.Random) -> Iterator[T]:
    shuffled = list(things)
    chance.shuffle(shuffled)
    return cycle(shuffled)
