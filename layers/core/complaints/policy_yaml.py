"""A policy file as YAML: what it says, on which line each part stands, and what is no YAML."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, cast

import msgspec
import yaml

from complaints.policy_rules import Place, Wrong

LONGEST_VALUE = 60
DEEPEST = 20
"""Lists and mappings in each other; a policy has six."""
PLAIN = f"YAML without aliases, at most {DEEPEST} deep"


class Problem(NamedTuple):
    """What is wrong in a policy file, where, and what would be right."""

    file: str
    line: int
    field: str
    value: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: value {self.value}: allowed {self.allowed}"


class PolicyFileError(Exception):
    """A policy file has problems; all of them are in `problems`."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class NotPlainError(yaml.MarkedYAMLError):
    """YAML that a few lines of could keep a check busy for ever."""


class _PlainLoader(yaml.SafeLoader):
    """Reads YAML as people write it; NotPlainError for an alias, and for what lies too deep."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Return the next node, as the loader of the library does."""
        event = cast("Any", self).peek_event()
        mark = event.start_mark
        if isinstance(event, yaml.AliasEvent):
            raise NotPlainError(problem=f"*{event.anchor}", problem_mark=mark)
        if self.depth == DEEPEST:
            raise NotPlainError(problem="too deep", problem_mark=mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def load(content: str, file: str) -> tuple[Any, dict[Place, int], list[Wrong]]:
    """Return what a YAML file holds, the line of each place, and the keys that stand twice.

    Raises PolicyFileError for what is no YAML.
    """
    try:
        loader = _PlainLoader(content)
        root = loader.get_single_node()
        found = loader.construct_document(root) if root else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        allowed = PLAIN if isinstance(error, NotPlainError) else "YAML"
        problem = Problem(file, line, "(file)", error.problem or "", allowed)
        raise PolicyFileError([problem]) from error
    except (yaml.YAMLError, ValueError) as error:
        problem = Problem(file, 1, "(file)", _shown(str(error)), "YAML")
        raise PolicyFileError([problem]) from error
    if root is None:
        raise PolicyFileError([Problem(file, 1, "(file)", "null", "object")])
    # Times and dates are plain YAML values, but text in JSON.
    return msgspec.to_builtins(found), dict(_lines(root, ())), [*_repeated_keys(root, ())]


def as_problems(wrong: Iterable[Wrong], lines: dict[Place, int], file: str) -> list[Problem]:
    """Return what is wrong as problems, each once, in the order of the lines."""
    found = dict.fromkeys(
        Problem(file, _line_of(place, lines), _dotted(place), _shown(value), allowed)
        for place, value, allowed in wrong
    )
    return sorted(found, key=lambda problem: (problem.line, problem.field))


def _repeated_keys(node: yaml.Node, place: Place) -> Iterator[Wrong]:
    """Yield keys that stand twice in one mapping: YAML would silently keep the last."""
    if isinstance(node, yaml.MappingNode):
        times = Counter(str(key.value) for key, _ in node.value)
        for key, part in node.value:
            if times[str(key.value)] > 1:
                yield (*place, str(key.value)), str(key.value), "key once"
            yield from _repeated_keys(part, (*place, str(key.value)))
    elif isinstance(node, yaml.SequenceNode):
        for index, part in enumerate(node.value):
            yield from _repeated_keys(part, (*place, index))


def _lines(node: yaml.Node, place: Place) -> Iterator[tuple[Place, int]]:
    """Yield each place of a file with its line; a key's line is where the key stands."""
    yield place, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, part in node.value:
            inner = (*place, str(key.value))
            yield from _lines(part, inner)
            yield inner, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, part in enumerate(node.value):
            yield from _lines(part, (*place, index))


def _line_of(place: Place, lines: dict[Place, int]) -> int:
    """Return the line of a place, or of the nearest place around it where it is missing."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


def _dotted(place: Place) -> str:
    """Return a place as people read it: `types[2].code`."""
    parts = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return "".join(parts).removeprefix(".") or "(file)"


def _shown(value: object) -> str:
    """Return a value as JSON, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
