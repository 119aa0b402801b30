"""Faults of AWS, call by call: before it is done, after it, and instead of its answer.

`each_fault` lets every call of an operation fail in every way, in one and the same world each time.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from enum import StrEnum
from typing import Any, Final
from unittest.mock import patch

from botocore.exceptions import BotoCoreError, ReadTimeoutError
from botocore.retries.standard import ExponentialBackoff
from moto.backends import get_backend
from moto.core.botocore_stubber import BotocoreStubber

from complaints.aws import keys, numbers, persons, policies, settings

ACCOUNT: Final = "123456789012"
KEPT_IN: Final = (
    ("dynamodb", "tables"),
    ("s3", "buckets"),
    ("stepfunctions", "state_machines"),
    ("ses", "sent_messages"),
)
"""Where moto has what the product writes: a service, and the attribute of its backends."""
NONE: Final = -1
"""The number of no call."""
READS: Final = re.compile(r"\w+\.(Get|BatchGet|Head|List|Query|Describe)")
World = list[tuple[Any, str, Any]]


class Crash(BaseException):
    """The process ends here; nothing of ours catches it."""


class UnansweredError(BotoCoreError):
    """No answer came, however often the SDK asked."""

    fmt = "no answer"


class Fault(StrEnum):
    """When it happens."""

    BEFORE = "before"
    AFTER = "after"
    LOST = "lost"
    """The call is done, and the answer gets lost; the SDK asks again by itself."""
    UNANSWERED = "unanswered"
    """The call is done, and no answer ever comes: the code is told so, and goes on as it may."""


@contextmanager
def fault(number: int, kind: Fault) -> Iterator[list[str]]:
    """Let the call of this number fail, counted from 0; yields the names of those made so far.

    A number that is not reached changes nothing.
    """
    made: list[str] = []
    failed = False
    send = BotocoreStubber.__call__

    def stub(self: BotocoreStubber, event_name: str, request: Any, **more: Any) -> Any:  # noqa: ANN401 - moto's and botocore's
        nonlocal failed
        made.append(event_name.removeprefix("before-send."))
        if len(made) - 1 != number or failed:
            return send(self, event_name, request, **more)
        failed = True
        if kind is Fault.BEFORE:
            raise Crash
        send(self, event_name, request, **more)
        if kind is Fault.AFTER:
            raise Crash
        if kind is Fault.UNANSWERED:
            raise UnansweredError
        raise ReadTimeoutError(endpoint_url="https://aws")

    forgotten()
    at_once = patch.object(ExponentialBackoff, "delay_amount", lambda *_: 0)
    with patch.object(BotocoreStubber, "__call__", stub), at_once:
        yield made
    forgotten()


def each_fault(run: Callable[[], object], kinds: tuple[Fault, ...] = tuple(Fault)) -> Iterator[str]:
    """Run something again and again, each time letting one call of it fail; yield which, and how.

    Each time the world is as it was at first, and after it as the fault has left it: whoever asks
    runs it again there, and compares. A read leaves nothing: to die before it, to die after it and
    to die before the next call is one and the same.
    """
    world = copied()
    with fault(NONE, Fault.AFTER) as calls:
        run()
    for number, call in enumerate(calls):
        for kind in kinds:
            if number and READS.match(call) and kind is not Fault.UNANSWERED:
                continue
            put_back(world)
            with fault(number, kind) as made, suppress(Crash, Exception):
                run()
            assert made[number] == call
            yield f"{kind} {call} ({number})"
    put_back(world)


def copied() -> World:
    """Return all that is stored, to be put back."""
    return [(backend, name, deepcopy(getattr(backend, name))) for backend, name in _backends()]


def put_back(world: World) -> None:
    """Let all be stored again as it was, for a new process."""
    for backend, name, kept in world:
        setattr(backend, name, deepcopy(kept))
    forgotten()


def forgotten() -> None:
    """Begin as a new process does, which remembers nothing."""
    for remembered in (
        settings.load_settings,
        persons.person_secret,
        policies.policies,
        keys.keys,
    ):
        remembered.cache_clear()
    for given in (numbers.TAKEN, numbers.HELD, numbers.SIZES):
        given.clear()


def _backends() -> Iterator[tuple[Any, str]]:
    for service, name in KEPT_IN:
        for backend in get_backend(service)[ACCOUNT].values():  # type: ignore[call-overload]
            yield backend, name
