"""`huiyin duplicates`: which texts may be about the same matter, from JSON lines to JSON lines.

Texts with the same `cluster` are proposed as one matter. A line that cannot be read is named on
standard error and left out; the rest goes on. Exit status: 0 all lines read, 1 some were not, 2
the file cannot be read.
"""

import argparse
from collections.abc import Iterable

from complaints.commands import lines
from complaints.duplicates import clusters


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `[FILE]`."""
    parser.add_argument(
        "file", nargs="?", metavar="FILE", help="JSON lines with id and text (default: stdin)"
    )


def run(args: argparse.Namespace) -> int:
    """Write the cluster of each line and return the exit status."""
    return lines.on_file(args.file, _cluster_lines)


def _cluster_lines(read: Iterable[bytes], source: str) -> int:
    """Write the cluster of each text, in the order of the lines; return 1 if any was unreadable."""
    found = list(lines.decoded(read, source, lines.Text))
    given = [one for one in found if one]
    for one, cluster in zip(given, clusters([one.text for one in given]), strict=True):
        lines.write({"id": one.id, "cluster": cluster})
    return 1 if None in found else 0
