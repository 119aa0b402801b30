"""`huiyin policy try`: a new policy on past complaints, before it goes live.

Writes a JSON line for each complaint that would have gone another way to standard output, and to
standard error how many, by what would have differed. Exit status: 0 all lines tried, 1 some could
not be read, 2 a file cannot be read or the policy has problems.
"""

import argparse
import io
import sys
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from complaints.commands import lines
from complaints.office import Office
from complaints.policy import Policy, UnknownPolicyError, load, names
from complaints.policy_trial import Past, Tried, summary, try_on

_ZONE = "Asia/Shanghai"
_FIRST_COLUMN = 28


def add_arguments(actions: "argparse._SubParsersAction[Any]") -> None:
    """Declare `try NEW.yaml [--complaints FILE] [--against NAME] [--zone ZONE]`."""
    trying = actions.add_parser(
        "try",
        help="show what would have differed for past complaints",
        description="Try a policy file on past complaints: JSON lines with id, text and"
        " received_at.",
    )
    trying.add_argument("file", type=Path, metavar="NEW.yaml")
    trying.add_argument(
        "--complaints",
        nargs="+",
        default=["-"],
        metavar="FILE",
        help="JSON lines (default: stdin)",
    )
    trying.add_argument(
        "--against",
        metavar="NAME",
        help="the compiled policy to compare with (default: the one of the same name)",
    )
    trying.add_argument("--zone", default=_ZONE, type=ZoneInfo, help="default: %(default)s")


def run(args: argparse.Namespace) -> int:
    """Try each complaint and return the exit status."""
    from complaints.policy_file import read, words_beside
    from complaints.policy_yaml import PolicyFileError

    try:
        content = args.file.read_text(encoding="utf-8")
        new = read(content, str(args.file), words_beside(args.file))
    except (OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"{args.file}: {error}\n")
        return 2
    except PolicyFileError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    try:
        old = load(args.against or new.name)
    except UnknownPolicyError as error:
        sys.stderr.write(f"--against {error}: {'|'.join(names())}\n")
        return 2
    return _try_all(args.complaints, old, new, args.zone)


def _try_all(files: list[str], old: Policy, new: Policy, zone: ZoneInfo) -> int:
    """Write what differs; return 0, 1 where a line can't be read, 2 where a file can't."""
    before, after = Office(policy=old, zone=zone), Office(policy=new, zone=zone)
    status, count, differing = 0, 0, list[Tried]()
    for name in files:
        try:
            with _opened(name) as source:
                for past in lines.decoded(source, "stdin" if name == "-" else name, Past):
                    if past is None:
                        status = max(status, 1)
                        continue
                    count += 1
                    tried = try_on(past, before, after)
                    if tried.differences:
                        differing.append(tried)
                        lines.write(tried)
        except OSError as error:
            sys.stderr.write(f"{name}: {error.strerror}\n")
            status = 2
    sys.stderr.write(f"{old.reference} -> {new.reference}\n")
    _write_row("complaints", count)
    _write_row("would have differed", len(differing))
    for field, times in summary(differing).items():
        _write_row(f"  {field}", times)
    return status


def _opened(name: str) -> BinaryIO:
    return io.BytesIO(sys.stdin.buffer.read()) if name == "-" else Path(name).open("rb")


def _write_row(label: str, value: int) -> None:
    sys.stderr.write(f"{label:{_FIRST_COLUMN}}{value:>6}\n")
