"""infra/policies/README.md: what it names for each clause is there."""

import importlib
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from complaints.policy import Policy, load, names

ROOT = Path(__file__).parents[2]
CONTENT = (ROOT / "infra/policies/README.md").read_text(encoding="utf-8")
LINES = CONTENT.splitlines()
NONE = "—"
REASONS = ("manners", "open: ", "no part of", "a reason", "our copy", "calls are", "needs a body")
"""How a cell begins that says why a clause became no code."""
JOURNEYS = {
    f"tests/journey/test_{name}.py"
    for name in (
        "senior_living", "utility", "service_industry", "property_management", "service_provider",
    )
}  # fmt: skip
"""Tests of a whole procedure, which may be named before they are written."""


class Clause(NamedTuple):
    """A row of a table, by its policy."""

    policy: str
    number: str
    asks: str
    settings: str
    code: str
    test: str


def clauses() -> list[Clause]:
    """Return every row of every table."""
    found, policy = [], ""
    for line in LINES:
        if heading := re.match(r"## \d+ `([a-z-]+)`", line):
            policy = heading[1]
        elif line.startswith("| ") and not line.startswith("| clause"):
            found.append(Clause(policy, *(cell.strip() for cell in line.strip("|").split("|"))))
    return found


CLAUSES = clauses()


def quoted(cell: str) -> list[str]:
    """Return what stands in backquotes."""
    return re.findall(r"`([^`]+)`", cell)


def value_of(policy: Policy, field: str) -> Any:  # noqa: ANN401 - whatever the field holds
    """Return a setting by its dotted name; raises AttributeError where there is none."""
    value: Any = policy
    for name in field.split("."):
        value = getattr(value, name)
    return value


def test_there_is_a_table_for_each_policy() -> None:
    """And each table has the clauses of a whole procedure."""
    assert {clause.policy for clause in CLAUSES} == set(names())
    for name in names():
        assert sum(clause.policy == name for clause in CLAUSES) > 25


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda one: f"{one.policy} {one.number}")
def test_what_a_clause_became_is_there(clause: Clause) -> None:
    """The settings are set in that policy, the code can be imported, the test is a file."""
    policy = load(clause.policy)
    for field in quoted(clause.settings):
        assert value_of(policy, field) not in (None, (), {}), field
    for place in quoted(clause.code):
        module, _, name = place.rpartition(".")
        if module == "functions":
            assert (ROOT / "functions" / name / "handler.py").exists(), place
        else:
            assert hasattr(importlib.import_module(f"complaints.{module}"), name), place
    for path in () if clause.test == NONE else (clause.test,):
        assert (ROOT / path).exists() or path in JOURNEYS, path


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda one: f"{one.policy} {one.number}")
def test_a_clause_without_code_says_why(clause: Clause) -> None:
    """Code has a test; what has none has a reason."""
    if quoted(clause.code):
        assert clause.test != NONE
    else:
        assert clause.code.startswith(REASONS)
        assert clause.test == NONE


@pytest.mark.parametrize("name", names())
def test_each_setting_of_a_policy_names_its_clause(name: str) -> None:
    """Every part of a file has a comment with the procedure's own number, above or beside it."""
    number = re.search(rf"## (\d+) `{name}`", CONTENT)
    assert number
    lines = (ROOT / f"infra/policies/{name}.yaml").read_text(encoding="utf-8").splitlines()
    top = [index for index, line in enumerate(lines) if re.match(r"[a-z_]+:", line)]
    untold = {"name", "title"}
    for index in top:
        key = lines[index].partition(":")[0]
        end = next((one for one in top if one > index), len(lines))
        around = [*_remarks_above(lines, index), *lines[index:end]]
        assert key in untold or any(f"{number[1]} " in line for line in around if "#" in line), key


def _remarks_above(lines: list[str], index: int) -> list[str]:
    """Return the comment over a setting, and over the one that shares its paragraph."""
    above = []
    while index and lines[index - 1].strip():
        index -= 1
        above.append(lines[index])
    return above
