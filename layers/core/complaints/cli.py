"""The command line `huiyin`: finds the verb, imports that verb's module alone, and runs it.

Exit status: 0 done, 1 something could not be done (said on standard error), 2 bad usage.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NamedTuple, Protocol, cast


class Verb(NamedTuple):
    """Where a verb lives, and what `huiyin --help` says about it."""

    module: str
    summary: str


class Command(Protocol):
    """What the module of a verb offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare what the verb takes."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it and return the exit status."""


VERBS = {
    "mail": Verb("complaints.commands.mail", "read mails as the system reads them"),
    "classify": Verb("complaints.commands.classify", "assess texts as the system assesses them"),
    "duplicates": Verb("complaints.commands.duplicates", "find texts about the same matter"),
    "policy": Verb("complaints.commands.policy", "check and compile policies"),
    "archive": Verb("complaints.commands.archive", "verify the archive, and fetch from it"),
    "staff": Verb("complaints.commands.staff", "enter people into a deployed system"),
    "demo": Verb("complaints.commands.demo", "play complaints through the running system"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="huiyin", description="Serverless complaint handling.")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    parsers = {
        name: verbs.add_parser(name, help=verb.summary, description=f"{verb.summary.capitalize()}.")
        for name, verb in VERBS.items()
    }
    named = next((word for word in words if not word.startswith("-")), "")
    if named not in VERBS:
        parser.parse_args(words)
        parser.error("say one of the verbs")
    command = cast("Command", importlib.import_module(VERBS[named].module))
    command.add_arguments(parsers[named])
    args = parser.parse_args(words)
    try:
        return command.run(args)
    except BrokenPipeError:
        # The reader has gone (as `| head` does); keep the interpreter from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
