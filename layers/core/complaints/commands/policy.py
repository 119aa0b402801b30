"""`huiyin policy`: check policy files, compile them, show one as a table.

`check` writes each problem as a line for people to standard error and as JSON to standard output.
Exit status: 0 no problem, 1 problems, 2 a file cannot be read.
"""

import argparse
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import msgspec

from complaints import policy
from complaints.models import Role
from complaints.policy import Limit, Policy
from complaints.texts import texts

DEFAULT_LANGUAGE = "zh_CN"
_FIRST_COLUMN = 26


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `check FILE…` and `show NAME [--language LANGUAGE]`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser("check", help="find every problem of policy files")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE")
    show = actions.add_parser("show", help="show a policy as a table")
    show.add_argument("name", metavar="NAME", help="a compiled policy, such as service-provider")
    show.add_argument("--language", default=DEFAULT_LANGUAGE, choices=(DEFAULT_LANGUAGE, "en"))


def run(args: argparse.Namespace) -> int:
    """Do what was asked and return the exit status."""
    return _check(args.files) if args.action == "check" else _show(args.name, args.language)


def _check(files: list[Path]) -> int:
    """Write the problems of all files; return 0, 1 with problems, 2 with an unreadable file."""
    from complaints.policy_file import check

    status = 0
    for path in files:
        try:
            content = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            sys.stderr.write(f"{path}: {error}\n")
            status = 2
            continue
        for problem in check(content, str(path)):
            sys.stderr.write(f"{problem}\n")
            sys.stdout.write(f"{msgspec.json.encode(problem._asdict()).decode()}\n")
            status = max(status, 1)
    return status


def _show(name: str, language: str) -> int:
    """Write a policy as a table in a language."""
    try:
        chosen = policy.load(name)
    except policy.UnknownPolicyError:
        sys.stderr.write(f"{name}: {'|'.join(policy.names())}\n")
        return 1
    for label, value in table(chosen, language):
        width = sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in label)
        sys.stdout.write(f"{label}{' ' * max(1, _FIRST_COLUMN - width)}{value}\n")
    return 0


def table(chosen: Policy, language: str) -> Iterator[tuple[str, str]]:
    """Yield the settings of a policy, each as what it is called and what it is."""
    say = texts(language)

    def limit(given: Limit) -> str:
        if given.minutes is not None:
            return say("policy.minutes", count=given.minutes)
        return say("policy.working_days", count=given.working_days)

    yield say("policy.title"), f"{chosen.title.in_language(language)} ({chosen.reference})"
    for part in chosen.departments:
        yield say("policy.department"), f"{part.code} {part.name.in_language(language)}"
    for kind in chosen.types:
        department = chosen.find_department(kind.department)
        where = department.name.in_language(language) if department else kind.department
        yield say("policy.type"), f"{kind.code} {kind.name.in_language(language)} → {where}"
    for criterion in chosen.major:
        yield say("policy.major"), f"{criterion.code} {criterion.name.in_language(language)}"
    for name, given in chosen.limits():
        yield say(f"policy.clock.{name}"), limit(given)
    yield say("policy.reminder"), f"{policy.percent(chosen.remind_at_share)} %"

    def who(code: str) -> str:
        post = chosen.find_post(code)
        title = post.name if post else chosen.titles.get(Role(code))
        return title.in_language(language) if title else say(f"policy.role.{code}")

    ladder = " → ".join(who(rung.to) for rung in chosen.escalation.general)
    yield say("policy.ladder"), ladder
    yield say("policy.period"), limit(chosen.escalation.every)
    for severity in ("general", "major"):
        rule = chosen.sign_offs(is_major=severity == "major")
        joined = (" → " if rule.in_order else " + ").join(map(who, rule.signed_by))
        yield say(f"policy.approval.{severity}"), joined
    ways = " + ".join(say(f"policy.feedback.{way}") for way in chosen.feedback_ways)
    yield say("policy.feedback"), ways
    yield say("policy.callback"), f"{policy.percent(chosen.follow_up.callback_share)} %"
    yield say("policy.quiet"), say("policy.days", count=chosen.follow_up.quiet_days)
    exempt = ", ".join(say(f"policy.exempt.{reason}") for reason in chosen.follow_up.exempt)
    yield say("policy.exempt"), exempt
    yield say("policy.retention"), say("policy.years", count=chosen.retention_years)
    hours = chosen.working_hours
    yield say("policy.hours"), f"{hours.start}-{hours.end}"
    yield say("policy.reports"), ", ".join(say(f"policy.report.{when}") for when in chosen.reports)
