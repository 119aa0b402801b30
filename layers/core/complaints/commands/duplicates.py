"""`huiyin duplicates`: which texts may be about the same matter, from JSON lines to JSON lines.

Texts with the same `cluster` are proposed as one matter. A line that cannot be read is named on
standard error and left out; the rest goes on. Exit status: 0 all lines read, 1 some were not, 2
the file cannot be read.
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

from complaints.duplicates import clusters


class _Line(msgspec.Struct):
    """One line of the input; other fields are left alone."""

    id: str | int
    text: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `[FILE]`."""
    parser.add_argument(
        "file", nargs="?", metavar="FILE", help="JSON lines with id and text (default: stdin)"
    )


def run(args: argparse.Namespace) -> int:
    """Write the cluster of each line and return the exit status."""
    if args.file in (None, "-"):
        return _cluster_lines(sys.stdin.buffer, "stdin")
    try:
        with Path(args.file).open("rb") as lines:
            return _cluster_lines(lines, args.file)
    except OSError as error:
        sys.stderr.write(f"{args.file}: {error.strerror}\n")
        return 2


def _cluster_lines(lines: Iterable[bytes], source: str) -> int:
    """Write the cluster of each text, in the order of the lines; return 1 if any was unreadable."""
    status, given = 0, []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            given.append(msgspec.json.decode(line, type=_Line))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            sys.stderr.write(f"{source}:{number}: {error}\n")
            status = 1
    for one, cluster in zip(given, clusters([one.text for one in given]), strict=True):
        row = {"id": one.id, "cluster": cluster}
        sys.stdout.write(f"{msgspec.json.encode(row).decode()}\n")
    return status
