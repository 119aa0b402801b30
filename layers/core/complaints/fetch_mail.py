"""Fetch mail: how far a mailbox was read, and which of its mails is tried when (I19).

A mail has a number in its folder (its UID, RFC 3501 2.3.1.1) that grows and is never given again,
until the folder itself says that all numbers are new (UIDVALIDITY). Whether a person has looked at
a mail says nothing about whether it was fetched.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from complaints.models import Record

MOST_WAITING = 10_000
"""Mails that are listed at once; what is beyond is listed when these are fetched."""
TRIES = 10
"""How often a mail is tried that can't be fetched: for some eight hours."""
FIRST_GAP = timedelta(minutes=1)
LONGEST_GAP = timedelta(hours=4)
LONGEST_REFUSAL = timedelta(minutes=16)
"""A password that was corrected is tried after this time at the latest."""
LOOK_BACK = timedelta(days=2)
"""How far a folder with new numbers is read again: SEARCH knows days only, of the server's zone."""


class Waiting(msgspec.Struct, frozen=True, omit_defaults=True):
    """A mail that is listed and not fetched: how often it was tried, and when it is tried next."""

    tries: int = 0
    next_at: datetime | None = None


class Place(Record, frozen=True, kw_only=True):
    """How far a folder was read: what is not above `reached` and not waiting needs no fetching."""

    uid_validity: int = 0
    """What the folder said when it was listed; 0 before that."""
    reached: int = 0
    waiting: dict[int, Waiting] = msgspec.field(default_factory=dict)
    listed_at: datetime | None = None
    """When the folder was last listed, give or take an hour."""
    refusals: int = 0
    """Sign-ins that were refused in a row."""
    next_at: datetime | None = None
    """Before that nobody signs in: mail services lock who keeps knocking."""


def grown(place: Place, uids: Iterable[int], *, at: datetime) -> Place:
    """Return the place after listing a folder whose numbers go on: what is above is waiting."""
    new = sorted({uid for uid in uids if uid > place.reached})
    new = new[: max(MOST_WAITING - len(place.waiting), 0)]
    late = place.listed_at is None or at - place.listed_at >= timedelta(hours=1)
    if not (new or late or place.refusals):
        return place
    return place.replace(
        reached=new[-1] if new else place.reached,
        waiting={**place.waiting, **{uid: Waiting() for uid in new}},
        listed_at=at if late else place.listed_at,
        refusals=0,
        next_at=None,
    )


def anew(uids: Iterable[int], *, validity: int, next_uid: int, at: datetime) -> Place:
    """Return the place in a folder whose numbers we do not know: these mails wait.

    Of very many the newest. `next_uid` is the number that the next mail will have.
    """
    wanted = sorted(uids)[-MOST_WAITING:]
    return Place(
        uid_validity=validity,
        reached=max([next_uid - 1, *wanted]),
        waiting={uid: Waiting() for uid in wanted},
        listed_at=at,
    )


def due(place: Place, at: datetime) -> tuple[int, ...]:
    """Return the mails to be tried now: those never tried first, the oldest first."""
    ready = [uid for uid, one in place.waiting.items() if one.next_at is None or one.next_at <= at]
    return tuple(sorted(ready, key=lambda uid: (place.waiting[uid].tries, uid)))


def tried(place: Place, uid: int, *, at: datetime) -> Place:
    """Return the place with one more try of a mail: kept before the try, which may end the run."""
    tries = place.waiting[uid].tries + 1
    again = Waiting(tries=tries, next_at=at + gap(tries, LONGEST_GAP))
    return place.replace(waiting={**place.waiting, uid: again})


def is_hopeless(place: Place, uid: int) -> bool:
    """Return whether a mail was tried often enough."""
    return place.waiting[uid].tries >= TRIES


def settled(place: Place, uid: int) -> Place:
    """Return the place without a mail: it is stored, gone, or set aside."""
    return place.replace(waiting={one: of for one, of in place.waiting.items() if one != uid})


def refused(place: Place, *, at: datetime) -> Place:
    """Return the place after a sign-in that was refused."""
    refusals = place.refusals + 1
    return place.replace(refusals=refusals, next_at=at + gap(refusals, LONGEST_REFUSAL))


def gap(tries: int, longest: timedelta) -> timedelta:
    """Return how long to wait after so many tries: twice as long each time.

    >>> [gap(tries, timedelta(minutes=16)).seconds // 60 for tries in (1, 2, 3, 9)]
    [1, 2, 4, 16]
    """
    return min(FIRST_GAP * (1 << min(tries - 1, 20)), longest)
