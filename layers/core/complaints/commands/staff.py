"""`huiyin staff import`: enter people into the directory of a deployed system, from a table (H5).

What is added or changed is written as JSON Lines to standard output, a first password with each
new account; problems as lines for people to standard error. Nothing is entered from a table with a
problem. Exit status: 0 done, 1 problems or not all done, 2 bad usage or an unreadable file.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from complaints.texts import LANGUAGES, texts

if TYPE_CHECKING:
    from complaints.models import Staff

STACK = "huiyin"
ACTOR = "huiyin-staff-import"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `import FILE [--dry-run] [--stack NAME | --local]`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    entering = actions.add_parser(
        "import",
        help="enter people from a table (.csv in UTF-8 or GBK, .xlsx)",
        description="Enter or change members of staff: all rows of the table, or none.",
    )
    entering.add_argument("file", type=Path, metavar="FILE")
    entering.add_argument("--dry-run", action="store_true", help="only say what would be done")
    where = entering.add_mutually_exclusive_group()
    where.add_argument("--stack", default=STACK, help="the deployed stack (default: %(default)s)")
    where.add_argument("--local", action="store_true", help="the system that `make run` runs here")


def run(args: argparse.Namespace) -> int:
    """Read the table, say what it changes, and change it; return the exit status."""
    from complaints import roster

    try:
        table = roster.read_table(args.file.read_bytes())
    except OSError as error:
        sys.stderr.write(f"{args.file}: {error.strerror}\n")
        return 2
    except roster.UnreadableTableError as error:
        _say(error.text_id, f"{args.file}: ", most=roster.MOST_ROWS)
        return 2
    from complaints.aws import deployment
    from complaints.aws.environment import SettingsError

    try:
        deployment.reach(args.stack, local=args.local)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return enter(table, dry_run=args.dry_run)


def enter(table: list[list[str]], *, dry_run: bool) -> int:
    """Enter the people of a table into the deployment that the environment names."""
    from complaints.aws import accounts
    from complaints.aws.directory import StaffDirectory
    from complaints.aws.runtime import now
    from complaints.aws.settings import load_settings
    from complaints.lifecycle import ComplaintError
    from complaints.people import Change, day_of
    from complaints.roster import plan

    office = load_settings().office
    made = plan(table, StaffDirectory.from_env().all(), office, day_of(now(), office))
    for fault in made.faults:
        for language in LANGUAGES:
            sentence = fault.sentence(texts(language))
            sys.stderr.write(f"{fault.row} {fault.column} {fault.value!r}: {sentence}\n")
    if made.faults:
        return 1
    for username in made.left_out:
        _line({"username": username, "action": "left_out"})
    for before, after in made.changes():
        done = {"username": after.username, "action": "changed" if before else "added"}
        if not dry_run:
            try:
                change = Change(by=ACTOR, at=now(), before=before, after=after)
                password = accounts.keep(change)
            except ComplaintError as error:
                _say(error.text_id, f"{after.username}: ")
                return 1
            done |= {"password": password} if password else {}
        _line({**done, "dry_run": dry_run, "entry": _entry(after)})
    return 0


def _entry(member: "Staff") -> dict[str, object]:
    import msgspec

    found = msgspec.to_builtins(member)
    return dict(found) if isinstance(found, dict) else {}


def _line(shown: dict[str, object]) -> None:
    # At once: whatever stops the rest, nobody else knows this first password.
    print(json.dumps(shown, ensure_ascii=False), flush=True)  # noqa: T201 - the answer


def _say(text_id: str, mark: str = "", **values: str | int) -> None:
    for language in LANGUAGES:
        sys.stderr.write(f"{mark}{texts(language)(text_id, **values)}\n")
