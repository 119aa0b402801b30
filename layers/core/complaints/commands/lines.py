"""JSON lines as the verbs of the command line read them: a bad one is named, the rest goes on."""

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")


class Text(msgspec.Struct):
    """One line of the input: `{"id": …, "text": …}`; other fields are left alone."""

    id: str | int
    text: str


def on_file(name: str | None, work: Callable[[Iterable[bytes], str], int]) -> int:
    """Return the exit status of work on a file, or on standard input for None and `-`.

    It is 2 for a file that can't be read.
    """
    if name in (None, "-"):
        return work(sys.stdin.buffer, "stdin")
    try:
        with Path(str(name)).open("rb") as lines:
            return work(lines, str(name))
    except OSError as error:
        sys.stderr.write(f"{name}: {error.strerror}\n")
        return 2


def decoded(lines: Iterable[bytes], source: str, kind: type[T]) -> Iterator[T | None]:
    """Yield what the lines hold, None for one that can't be read and that is named; blank: none."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield msgspec.json.decode(line, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            sys.stderr.write(f"{source}:{number}: {error}\n")
            yield None


def write(row: object) -> None:
    """Write one line of the output."""
    sys.stdout.write(f"{msgspec.json.encode(row).decode()}\n")
