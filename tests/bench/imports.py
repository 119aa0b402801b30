"""What each handler loads before its first event: modules, and instructions against the SDK alone.

Instructions are counted under valgrind: the same number whatever else the machine does, so they
may be held to a budget. The floor, boto3 with one DynamoDB client, is counted in the same run.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from tests.bench.table import ROOT, machine, table

FUNCTIONS = tuple(sorted(path.parent.name for path in ROOT.glob("functions/*/handler.py")))
FLOOR = "import boto3; boto3.client('dynamodb')"
NOTHING = "pass"
BUDGETS = {
    # It opens with three clients: KMS unwraps the month's key for the first complaint.
    "intake_email": 1.45,
    "check_sla": 1.4,
    "report": 1.4,
    "intake_web": 1.6,
    "console": 1.6,
}
"""Instructions of the most different handlers, as multiples of the floor."""
CLIENTS = {"intake_email": ("dynamodb", "s3", "kms"), "report": ("dynamodb", "s3")}
"""What a handler's first event always needs; the others need `dynamodb` alone."""

NEVER = (
    "matplotlib",
    "numpy",
    "openpyxl",
    "fpdf",
    "jieba",
    "pydantic",
    "reportlab.platypus",
    "aws_lambda_powertools.utilities.parser",
    "aws_xray_sdk",
)
NOT_WITHOUT_PAGES = ("aws_lambda_powertools.event_handler", "jinja2")
"""Only what answers browsers may load these at once."""
LAZY = (
    "jinja2",
    "xlsxwriter",
    "yaml",
    "jsonschema",
    "nh3",
    "chardetng_py",
    "olefile",
    "aws_encryption_sdk",
)
"""Loaded where a page, a workbook, a policy, a mail or a file needs it, never with the handler."""
WITH_PAGES = frozenset({"intake_web", "console"})


def forbidden(function: str) -> tuple[str, ...]:
    """Return the modules that a handler must not bring along."""
    return (*NEVER, *LAZY) if function in WITH_PAGES else (*NEVER, *LAZY, *NOT_WITHOUT_PAGES)


def loading(function: str, clients: Iterable[str] = ()) -> str:
    """Return the code that loads a handler as Lambda does, and makes these clients."""
    return "\n".join(
        [
            f"import sys; sys.path.insert(0, {str(ROOT / 'functions' / function)!r})",
            "import handler",
            "from complaints.aws.runtime import client",
            *(f"client({name!r})" for name in clients),
        ]
    )


@cache
def modules_of(function: str) -> frozenset[str]:
    """Return the modules that a fresh interpreter holds once the handler is loaded."""
    code = f"{loading(function)}\nimport json; print(json.dumps(sorted(sys.modules)))"
    return frozenset(json.loads(_run([sys.executable, "-c", code]).stdout))


def found(function: str) -> list[str]:
    """Return which of the forbidden modules a handler brings along."""
    held = modules_of(function)
    return [
        name
        for name in dict.fromkeys(forbidden(function))
        if any(module == name or module.startswith(f"{name}.") for module in held)
    ]


def can_count() -> bool:
    """Return whether valgrind is there."""
    return shutil.which("valgrind") is not None


@cache
def instructions(code: str) -> float:
    """Return the instructions of a fresh interpreter with this code, in millions.

    The first run, not counted, writes the byte code: a package for AWS ships it.
    """
    _run([sys.executable, "-c", code])
    counted = _run(
        [
            "valgrind",
            "--tool=callgrind",
            "--callgrind-out-file=/dev/null",
            sys.executable,
            "-c",
            code,
        ]
    )
    collected = next(line for line in counted.stderr.splitlines() if "Collected" in line)
    return int(collected.split()[-1]) / 1e6


def of_the_floor(function: str) -> float:
    """Return how often the floor's instructions a handler needs until it is ready to work."""
    nothing = instructions(NOTHING)
    needed = instructions(loading(function, CLIENTS.get(function, ("dynamodb",))))
    return (needed - nothing) / (instructions(FLOOR) - nothing)


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    environment = kept | {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONHASHSEED": "0",
    }
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=Path("/"), check=False
    )
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stderr}")
    return done


def main() -> None:
    """Print modules and instructions of every handler."""
    print(f"## Import budget\n\n{machine()}\n")
    rows = []
    floor = instructions(FLOOR) - instructions(NOTHING) if can_count() else 0
    for function in FUNCTIONS:
        clients = CLIENTS.get(function, ("dynamodb",))
        counted, ratio = "no valgrind", ""
        if can_count():
            ratio = f"{of_the_floor(function):.2f}"
            counted = f"{instructions(loading(function, clients)) - instructions(NOTHING):,.0f}"
        rows.append(
            [
                function,
                " ".join(clients),
                len(modules_of(function)),
                " ".join(found(function)) or "none",
                counted,
                ratio,
                BUDGETS.get(function, ""),
            ]
        )
    heads = (
        "handler",
        "clients",
        "modules",
        "forbidden",
        "M instructions",
        "of the floor",
        "budget",
    )
    print(table(heads, rows))
    if can_count():
        print(f"\nThe floor, `{FLOOR}`: {floor:,.0f} M instructions.")


if __name__ == "__main__":
    main()
