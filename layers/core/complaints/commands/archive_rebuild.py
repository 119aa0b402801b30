"""`huiyin archive rebuild`: the complaints table made again from the bags of the archive.

Writes a JSON line for each complaint to standard output, and to standard error what can't be used
and what no bag holds. Exit status: 0 all done, 1 something could not be used or was there already,
2 nothing was found.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from complaints.commands import lines

STACK = "huiyin"
NOT_MADE = (
    "not made, for no bag holds it: complaints that were never closed and what came after the"
    " newest bag, task tokens, claims of mails and forms, running numbers, staff, policies,"
    " wordings, the reasons in words of who looked; letters that were on their way are not sent"
)


def add_arguments(actions: "argparse._SubParsersAction[Any]") -> None:
    """Declare `rebuild PATH… --table NAME [--stack NAME | --local]`."""
    rebuilding = actions.add_parser(
        "rebuild",
        help="make the complaints table again",
        description="Make the collections of closed complaints again from their newest bags, in a"
        " table that has the keys and indexes of the complaints table. Complaints that are there"
        " already stay as they are.",
    )
    rebuilding.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="bags (.zip), or folders with bags"
    )
    rebuilding.add_argument("--table", required=True, metavar="NAME", help="the table to fill")
    where = rebuilding.add_mutually_exclusive_group()
    where.add_argument("--stack", default=STACK, help="whose keys (default: %(default)s)")
    where.add_argument("--local", action="store_true", help="the system that `make run` runs here")


def run(args: argparse.Namespace) -> int:
    """Rebuild and return the exit status."""
    from complaints.aws import deployment, rebuilding
    from complaints.aws.environment import SettingsError
    from complaints.aws.table import Table

    newest, unusable = rebuilding.newest_bags(args.paths)
    for path, problem in unusable:
        sys.stderr.write(f"{path}: {problem}\n")
    if not newest:
        sys.stderr.write("huiyin: no bag was found\n")
        return 2
    try:
        deployment.reach(args.stack, local=args.local)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    table, status = Table(args.table), int(bool(unusable))
    for complaint_id, one in sorted(newest.items()):
        items = rebuilding.items_of(one.path)
        made = rebuilding.put_back(table, items)
        status = max(status, int(not made))
        lines.write(
            {"complaint_id": complaint_id, "bag": str(one.path), "items": len(items) * int(made)}
        )
    sys.stderr.write(f"{NOT_MADE}\n")
    return status
