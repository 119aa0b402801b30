"""`huiyin policy`: check policy files, compile them, show one as a person reads it.

`check` writes each problem as a line for people to standard error and as JSON to standard output.
Exit status: 0 no problem, 1 problems, 2 a file cannot be read.
"""

import argparse
import sys
import unicodedata
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from complaints import policy
from complaints.commands import lines, policy_try
from complaints.policy import Policy
from complaints.policy_sheet import PolicySheet, Row
from complaints.texts import texts

DEFAULT_LANGUAGE = "zh_CN"
GAP = 2
"""Spaces between two columns."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `check FILE…`, `try NEW.yaml …` and `show NAME [--language LANGUAGE]`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser("check", help="find every problem of policy files")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE")
    policy_try.add_arguments(actions)
    show = actions.add_parser("show", help="show the procedure of a policy")
    show.add_argument("name", metavar="NAME", help="a compiled policy, such as service-provider")
    show.add_argument("--language", default=DEFAULT_LANGUAGE, choices=(DEFAULT_LANGUAGE, "en"))


def run(args: argparse.Namespace) -> int:
    """Do what was asked and return the exit status."""
    if args.action == "try":
        return policy_try.run(args)
    return _check(args.files) if args.action == "check" else _show(args.name, args.language)


def _check(files: list[Path]) -> int:
    """Write the problems of all files; return 0, 1 with problems, 2 with an unreadable file."""
    from complaints.policy_file import check, words_beside
    from complaints.policy_yaml import PolicyFileError

    status = 0
    for path in files:
        try:
            content = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            sys.stderr.write(f"{path}: {error}\n")
            status = 2
            continue
        try:
            problems = check(content, str(path), words_beside(path))
        except PolicyFileError as error:
            problems = error.problems
        for problem in problems:
            sys.stderr.write(f"{problem}\n")
            lines.write(problem._asdict())
            status = max(status, 1)
    return status


def _show(name: str, language: str) -> int:
    """Write a policy in a language."""
    try:
        chosen = policy.load(name)
    except policy.UnknownPolicyError:
        sys.stderr.write(f"{name}: {'|'.join(policy.names())}\n")
        return 1
    sys.stdout.write(sheet(chosen, language))
    return 0


def sheet(chosen: Policy, language: str) -> str:
    """Return the procedure as a person reads it, its columns aligned for Chinese and Latin."""
    parts = []
    for section in PolicySheet(chosen, texts(language)).sections():
        if section.rows:
            rows = [section.columns, *section.rows] if section.columns else section.rows
            lines = "".join(f"  {line}\n" for line in _aligned(rows))
            parts.append(f"{section.heading}\n{lines}")
    return "\n".join(parts)


def _aligned(rows: list[Row]) -> Iterator[str]:
    """Yield rows as lines, each column as wide as its widest cell."""
    widths = [max(map(_width, column)) for column in zip_longest(*rows, fillvalue="")]
    for row in rows:
        cells = (
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=False)
        )
        yield (" " * GAP).join(cells).rstrip()


def _width(text: str) -> int:
    """Return how many columns a text takes on a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
