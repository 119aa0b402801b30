"""`huiyin archive`: verify an archive, fetch from one, rebuild from one; a module for each."""

import argparse

from complaints.commands import archive_fetch, archive_rebuild, archive_verify

ACTIONS = {"fetch": archive_fetch, "rebuild": archive_rebuild, "verify": archive_verify}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for action in ACTIONS.values():
        action.add_arguments(actions)


def run(args: argparse.Namespace) -> int:
    """Do what was asked and return the exit status."""
    return int(ACTIONS[args.action].run(args))
