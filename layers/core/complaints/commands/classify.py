"""`huiyin classify`: assess texts as the system assesses them, from JSON lines to JSON lines.

A line that cannot be read is named on standard error and left out; the rest goes on. Exit status:
0 all lines assessed, 1 some were not, 2 the file cannot be read.
"""

import argparse
import sys
from collections.abc import Iterable
from typing import Any

from complaints.assessment import assess
from complaints.commands import lines
from complaints.models import Assessment
from complaints.policy import Policy, UnknownPolicyError, load, names

DEFAULT_POLICY = "service-provider"
FIELDS = ("type", "urgency", "risk", "major", "confidence", "reasons")


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
    return lines.on_file(args.file, lambda read, source: _assess_lines(read, source, policy))


def _assess_lines(read: Iterable[bytes], source: str, policy: Policy) -> int:
    """Write the assessment of each line; return 1 if any could not be read."""
    status = 0
    for given in lines.decoded(read, source, lines.Text):
        if given is None:
            status = 1
            continue
        lines.write({"id": given.id, **_row(assess(given.text, policy))})
    return status


def _row(assessment: Assessment) -> dict[str, Any]:
    """Return the fields of an assessment that the text decides, the empty ones too."""
    return {name: getattr(assessment, name) for name in FIELDS}
