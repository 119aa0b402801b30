"""The documents say what the tree has: stages, commands, parameters, links, decisions."""

import importlib
import json
import re
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
import yaml

from complaints.cli import VERBS
from complaints.models import Status

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-CN.md")
DECISIONS = sorted((ROOT / "infra/decisions").glob("*.md"))
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *DECISIONS]
HEADINGS = ["Faced", "Chosen", "Follows", "Think again when"]
LARGEST_IMAGE = 200 * 1024
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def text_of(name: str) -> str:
    """Return a document."""
    return (ROOT / name).read_text(encoding="utf-8")


def rows(name: str, columns: int) -> Iterator[list[str]]:
    """Yield the cells of each row of the tables with so many columns, heads left out."""
    for line in text_of(name).splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == columns and not cells[0].startswith("---"):
            yield cells


def spans(cells: list[str]) -> list[str]:
    """Return what stands in code quotes."""
    return [span for cell in cells for span in SPAN.findall(cell)]


def commands(name: str) -> list[str]:
    """Return every command of a document: of its blocks and of its table, in order."""
    blocks = [body for kind, body in FENCE.findall(text_of(name)) if kind == "sh"]
    lines = chain.from_iterable(block.replace("\\\n", " ").splitlines() for block in blocks)
    named = [" ".join(line.split()) for line in lines if line.strip()]
    return named + [span for cells in rows(name, 2) for span in SPAN.findall(cells[0])]


def make_verbs() -> set[str]:
    """Return the verbs that `make` lists."""
    return set(re.findall(r"^([a-z]+):.*## ", text_of("Makefile"), re.MULTILINE))


class _Template(yaml.SafeLoader):
    """Reads a template; what `!Ref` and its like say does not matter here."""


_Template.add_multi_constructor("!", lambda *_: None)


@pytest.mark.parametrize("name", READMES)
def test_the_stage_table_names_every_function_and_state(name: str) -> None:
    """Whoever reads the table knows the folders, and the states of the workflow in their order."""
    stages = list(rows(name, 5))[1:]
    functions = {span for stage in stages for span in spans([stage[2]])}
    assert functions == {folder.parent.name for folder in ROOT.glob("functions/*/handler.py")}

    plain = re.sub(r": \$\{(\w+)\}", ': "${\\1}"', text_of("infra/workflow.asl.json"))
    workflow = json.loads(plain)["States"]
    waits = [word for word, state in workflow.items() if state["Type"] == "Task"]
    assert [span for stage in stages for span in spans([stage[3]])] == waits

    after = [spans([stage[4]])[0] for stage in stages if spans([stage[4]])]
    assert after == [str(status) for status in Status]


@pytest.mark.parametrize("name", [*READMES, "CONTRIBUTING.md"])
def test_every_command_exists(name: str) -> None:
    """What a document tells people to type is there."""
    assert set(re.findall(r"\bmake ([a-z]+)\b", "\n".join(commands(name)))) <= make_verbs()
    verbs = re.findall(
        r"\bhuiyin ([a-z]+)\b", "\n".join([*commands(name), *spans([text_of(name)])])
    )
    assert set(verbs) <= set(VERBS)
    for verb in set(verbs):
        importlib.import_module(VERBS[verb].module)


@pytest.mark.parametrize("name", READMES)
def test_no_command_is_left_out(name: str) -> None:
    """Each verb of `make` and of `huiyin` has its line in the table of commands."""
    listed = [span for cells in rows(name, 2) for span in SPAN.findall(cells[0])]
    assert {one.split()[1] for one in listed if one.startswith("make ")} == make_verbs() - {"help"}
    assert {one.split()[1] for one in listed if one.startswith("huiyin ")} == set(VERBS)


def test_both_readmes_say_the_same() -> None:
    """Commands, parameters, links and pictures are the same in both languages."""
    english, chinese = READMES
    assert commands(english) == commands(chinese)
    assert [cells[0] for cells in rows(english, 3)][1:] == [cells[0] for cells in rows(chinese, 3)][
        1:
    ]
    ours = set(READMES)
    assert set(LINK.findall(text_of(english))) - ours == set(LINK.findall(text_of(chinese))) - ours


@pytest.mark.parametrize("name", READMES)
def test_the_parameters_are_those_of_the_template(name: str) -> None:
    """The table has every parameter, in the order of the template, with its default."""
    template = yaml.load(text_of("template.yaml"), _Template)  # noqa: S506 - a safe loader
    told = {spans(cells)[0]: cells[2].strip("`") for cells in list(rows(name, 3))[1:]}
    empty = {"empty", "空"}
    assert list(told) == list(template["Parameters"])
    for parameter, default in told.items():
        wanted = str(template["Parameters"][parameter]["Default"])
        assert default == wanted or (default in empty and not wanted)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_no_link_is_broken(document: Path) -> None:
    """What a document points at in the repository is there."""
    targets = [link.partition("#")[0] for link in LINK.findall(document.read_text("utf-8"))]
    local = [target for target in targets if target and "://" not in target]
    assert [target for target in local if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_path_that_is_named_exists(document: Path) -> None:
    """A file that was moved is named by its new place."""
    named = [
        span
        for span in SPAN.findall(document.read_text("utf-8"))
        if re.fullmatch(r"(functions|layers|infra|tests)/[\w./-]+", span)
    ]
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", DECISIONS, ids=lambda path: path.name)
def test_a_decision_is_one_finished_page(document: Path) -> None:
    """Each says what was faced, what was chosen, what follows and when to think again."""
    text = document.read_text("utf-8")
    number = int(document.name[:4])
    assert text.startswith(f"# {number}. ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    assert all(part.strip() for part in re.split(r"^#.*$", text, flags=re.MULTILINE)[2:])


def test_decisions_are_numbered_without_gaps() -> None:
    """A missing page would be asked for."""
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_pictures_are_small() -> None:
    """A clone stays light."""
    large = [path for path in ROOT.glob("infra/images/*") if path.stat().st_size > LARGEST_IMAGE]
    assert large == []


def test_the_changelog_knows_this_version() -> None:
    """Whoever deploys a version finds what it changes."""
    version = tomllib.loads(text_of("pyproject.toml"))["project"]["version"]
    assert f"## [{version}]" in text_of("CHANGELOG.md")
