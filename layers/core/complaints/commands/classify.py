"""`huiyin classify`: assess texts as the system assesses them, from JSON lines to JSON lines.

A line that cannot be read is named on standard error and left out; the rest goes on. Exit status:
0 all lines assessed, 1 some were not, 2 the file cannot be read.
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from complaints.assessment import assess
from complaints.models import Assessment
from complaints.policy import Policy, UnknownPolicyError, load, names

DEFAULT_POLICY = "service-provider"
FIELDS = ("type", "urgency", "risk", "major", "confidence", "reasons")


class _Line(msgspec.Struct):
    """One line of the input: `{"id": …, "text": …}`; other fields are left alone."""

    id: str | int
    text: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `[--policy NAME] [FILE]`."""
    parser.add_argument("--policy", default=DEFAULT_POLICY, metavar="NAME")
    parser.add_argument(
        "file", nargs="?", metavar="FILE", help="JSON lines with id and text (default: stdin)"
    )


def run(args: argparse.Namespace) -> int:
    """Assess each line and return the exit status."""
    try:
        policy = load(args.policy)
    except UnknownPolicyError:
        sys.stderr.write(f"--policy {args.policy}: {'|'.join(names())}\n")
        return 2
    if args.file in (None, "-"):
        return _assess_lines(sys.stdin.buffer, "stdin", policy)
    try:
        with Path(args.file).open("rb") as lines:
            return _assess_lines(lines, args.file, policy)
    except OSError as error:
        sys.stderr.write(f"{args.file}: {error.strerror}\n")
        return 2


def _assess_lines(lines: Iterable[bytes], source: str, policy: Policy) -> int:
    """Write the assessment of each line; return 1 if any could not be read."""
    status = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            given = msgspec.json.decode(line, type=_Line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            sys.stderr.write(f"{source}:{number}: {error}\n")
            status = 1
            continue
        row = {"id": given.id, **_row(assess(given.text, policy))}
        sys.stdout.write(f"{msgspec.json.encode(row).decode()}\n")
    return status


def _row(assessment: Assessment) -> dict[str, Any]:
    """Return the fields of an assessment that the text decides, the empty ones too."""
    return {name: getattr(assessment, name) for name in FIELDS}
