"""Policy files: every problem with its place, and the compiled form that the functions read.

    python -m complaints.policy_file [SOURCE_FOLDER [TARGET_FOLDER]]

compiles all files of `infra/policies/`. Heavy libraries (YAML, JSON Schema) live here alone and
are needed when a policy is written, never when a complaint comes in.
"""

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, cast

import jsonschema
import msgspec
import msgspec.inspect
import yaml
from jsonschema.protocols import Validator

from complaints.models import Role
from complaints.policy import QUALITY_OFFICE, RESERVED_QUEUES, Limit, Policy, weighted

VERSION_LENGTH = 12
LONGEST_VALUE = 60

Place = tuple[str | int, ...]
"""The way to a field from the top of a file, as `("types", 2, "code")`."""


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


def check(content: str, file: str) -> list[Problem]:
    """Return every problem of a policy file, in the order of its lines."""
    try:
        root = yaml.compose(content, Loader=yaml.SafeLoader)
        policy = yaml.safe_load(content)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        return [Problem(file, line, "(file)", error.problem or "", "YAML")]
    except (yaml.YAMLError, ValueError) as error:
        return [Problem(file, 1, "(file)", _shown(str(error)), "YAML")]
    if root is None:
        return [Problem(file, 1, "(file)", "null", "object")]
    lines = dict(_lines(root, ()))
    # Times and dates are plain YAML values, but text in JSON.
    policy = msgspec.to_builtins(policy)
    wrong = chain(_repeated_keys(root, ()), _schema_problems(policy), _cross_problems(policy))
    found = dict.fromkeys(
        Problem(file, _line_of(place, lines), _dotted(place), _shown(value), allowed)
        for place, value, allowed in wrong
    )
    if not found:
        found = dict.fromkeys(_last_problem(policy, file))
    return sorted(found, key=lambda problem: (problem.line, problem.field))


def read(content: str, file: str) -> Policy:
    """Return the policy of a file, with its version; raises PolicyFileError with all problems."""
    if problems := check(content, file):
        raise PolicyFileError(problems)
    policy = msgspec.convert(msgspec.to_builtins(yaml.safe_load(content)), Policy)
    return msgspec.structs.replace(policy, version=version_of(policy))


def version_of(policy: Policy) -> str:
    """Return the first 12 hex digits of the SHA-256 of what a policy says, its version left out."""
    unversioned = msgspec.structs.replace(policy, version="")
    return hashlib.sha256(compiled(unversioned)).hexdigest()[:VERSION_LENGTH]


def compiled(policy: Policy) -> bytes:
    """Return the JSON of a policy: keys sorted, UTF-8, the same bytes for the same content."""
    content = msgspec.to_builtins(policy, str_keys=True)
    for kind, record in zip(content["types"], policy.types, strict=True):
        kind["words"] = weighted(record.words)
    for criterion, mark in zip(content["major"], policy.major, strict=True):
        criterion["words"] = weighted(mark.words)
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"{text}\n".encode()


def compile_folder(source: Path, target: Path) -> list[Path]:
    """Compile each `*.yaml` of a folder to a JSON file in another, and return what was written.

    Raises PolicyFileError with the problems of all files, and then writes nothing.
    """
    policies, problems = [], []
    for path in sorted(source.glob("*.yaml")):
        try:
            policies.append(read(path.read_text(encoding="utf-8"), str(path)))
        except PolicyFileError as error:
            problems += error.problems
    if problems:
        raise PolicyFileError(problems)
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for policy in policies:
        path = target / f"{policy.name}.json"
        path.write_bytes(compiled(policy))
        written.append(path)
    return written


def main(arguments: list[str]) -> int:
    """Compile the policies of the project and return the exit status."""
    package = Path(__file__).parent
    source = Path(arguments[0]) if arguments else package.parents[2] / "infra" / "policies"
    target = Path(arguments[1]) if arguments[1:] else package / "policies"
    try:
        written = compile_folder(source, target)
    except PolicyFileError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.writelines(f"{path}\n" for path in written)
    return 0


WAYS_TO_TYPES: tuple[tuple[str | None, ...], ...] = (
    ("departments", None, "types", None),
    ("assessing", "unsure_type"),
    ("assessing", "safety_types", None),
    ("records", None, "types", None),
)
"""Where a policy names a type."""
WAYS_TO_PEOPLE: tuple[tuple[str | None, ...], ...] = (
    ("escalation", "general", None, "to"),
    ("escalation", "major", None, "to"),
    ("approval", "general", "signed_by", None),
    ("approval", "major", "signed_by", None),
    ("extension", "approved_by"),
    ("emergency", "tell", None),
    ("group_incident", "leader"),
    ("compensation", "levels", None, "by"),
)
"""Where a policy names a role or a post."""
Wrong = tuple[Place, object, str]
"""A place, the value that stands there, and what is allowed."""


def _schema_problems(policy: Any) -> Iterator[Wrong]:  # noqa: ANN401 - not checked yet
    """Yield what the schema of the Policy record does not allow."""
    validator: Validator = jsonschema.Draft202012Validator(
        msgspec.json.schema(Policy), format_checker=jsonschema.FormatChecker(formats=["date"])
    )
    for error in validator.iter_errors(policy):
        yield from _from_schema(error)


def _from_schema(error: jsonschema.ValidationError) -> Iterator[Wrong]:
    """Yield one problem for each thing that a schema error names."""
    place: Place = tuple(error.absolute_path)
    rule: str = str(error.validator)
    wanted = cast("Any", error.validator_value)
    schema, instance = cast("Any", error.schema), cast("Any", error.instance)
    if rule == "additionalProperties" and wanted is False:
        known = schema.get("properties", {})
        for key in instance:
            if key not in known:
                yield (*place, key), instance[key], "|".join(known)
    elif rule == "required":
        for key in wanted:
            if key not in instance:
                yield (*place, key), None, "required"
    elif rule == "anyOf" and error.context:
        yield from _from_union(error, error.context, place)
    else:
        yield place, instance, _allowed(rule, wanted)


def _from_union(
    error: jsonschema.ValidationError,
    branches: Iterable[jsonschema.ValidationError],
    place: Place,
) -> Iterator[Wrong]:
    """Yield the problems of the branch that the value was meant for: the one of its type."""
    fitting = [part for part in branches if not (part.validator == "type" and not part.path)]
    if fitting:
        for part in fitting:
            yield from _from_schema(part)
        return
    types = [str(part.validator_value) for part in branches]
    yield place, error.instance, "|".join(types)


def _allowed(rule: str, wanted: Any) -> str:  # noqa: ANN401 - whatever a JSON schema holds
    """Return what a rule of JSON Schema allows, in its own short form."""
    signs = {
        "minimum": "number >= {}",
        "maximum": "number <= {}",
        "minLength": "length >= {}",
        "maxLength": "length <= {}",
        "minItems": "items >= {}",
        "pattern": "text like {}",
        "format": "{}",
        "type": "{}",
    }
    if rule == "enum":
        return "|".join(map(str, wanted))
    return signs.get(rule, f"{rule} {{}}").format(wanted)


def _cross_problems(policy: Any) -> Iterator[Wrong]:  # noqa: ANN401 - not checked yet
    """Yield what no schema can say: codes that must exist, be unique, or be one of two."""
    for part in ("posts", "departments", "types", "major", "not_responsible", "outside_bodies"):
        yield from _repeated(part, _codes(policy, part))
    yield from _code_problems(policy)
    yield from _limit_problems(policy, msgspec.inspect.type_info(Policy), ())
    worked = [day for _, day in _found(policy, "calendar", "worked", None)]
    for place, day in _found(policy, "calendar", "closed", None):
        if day in worked:
            yield place, day, "in one of closed, worked"
    starts = [start for _, start in _found(policy, "working_hours", "start")]
    for place, end in _found(policy, "working_hours", "end"):
        if starts and str(end) <= str(starts[0]):
            yield place, end, f"later than {starts[0]}"


def _last_problem(policy: object, file: str) -> Iterator[Problem]:
    """Yield what only reading it as a record finds, such as a share that is not a number."""
    try:
        msgspec.convert(policy, Policy)
    except msgspec.ValidationError as error:
        yield Problem(file, 1, "(file)", str(error), Policy.__name__)


def _code_problems(policy: object) -> Iterator[Wrong]:
    """Yield codes of departments and types that are reserved, or that nothing is called by."""
    departments, types = _codes(policy, "departments"), _codes(policy, "types").values()
    for place, code in departments.items():
        if code in RESERVED_QUEUES:
            yield place, code, f"not {'|'.join(RESERVED_QUEUES)}"
    for place, code in _found(policy, "types", None, "department"):
        yield from _unless(place, code, [*departments.values(), QUALITY_OFFICE])
    for way in WAYS_TO_TYPES:
        for place, code in _found(policy, *way):
            yield from _unless(place, code, types)
    posts = _codes(policy, "posts").values()
    for way in WAYS_TO_PEOPLE:
        for place, code in _found(policy, *way):
            yield from _unless(place, code, [*Role, *posts])


def _limit_problems(node: Any, kind: msgspec.inspect.Type, place: Place) -> Iterator[Wrong]:  # noqa: ANN401 - not checked yet
    """Yield the limits that have none or both of their two units, wherever a record has one."""
    match kind:
        case msgspec.inspect.UnionType():
            for one in kind.types:
                yield from _limit_problems(node, one, place)
        case msgspec.inspect.VarTupleType() if isinstance(node, list):
            for index, part in enumerate(node):
                yield from _limit_problems(part, kind.item_type, (*place, index))
        case msgspec.inspect.StructType() if isinstance(node, dict):
            units = Limit.__struct_fields__
            if kind.cls is Limit and len(set(units) & set(node)) != 1:
                yield place, node, f"exactly one of {'|'.join(units)}"
            for field in kind.fields:
                if field.name in node:
                    inner = (*place, field.name)
                    yield from _limit_problems(node[field.name], field.type, inner)


def _codes(policy: object, part: str) -> dict[Place, Any]:
    """Return the codes of a list of a policy, by place."""
    return dict(_found(policy, part, None, "code"))


def _repeated(part: str, codes: dict[Place, Any]) -> Iterator[Wrong]:
    """Yield the codes that stand more than once in their list."""
    times = Counter(map(str, codes.values()))
    for place, code in codes.items():
        if times[str(code)] > 1:
            yield place, code, f"unique in {part}"


def _unless(place: Place, code: object, known: Iterable[object]) -> Iterator[Wrong]:
    """Yield a code that is not among the known ones."""
    names = [str(name) for name in known]
    if str(code) not in names:
        yield place, code, "|".join(dict.fromkeys(names))


def _found(node: Any, *way: str | None, place: Place = ()) -> Iterator[tuple[Place, Any]]:  # noqa: ANN401 - not checked yet
    """Yield what stands at the end of a way; None goes into each entry of a list."""
    if not way:
        yield place, node
    elif way[0] is None and isinstance(node, list):
        for index, entry in enumerate(node):
            yield from _found(entry, *way[1:], place=(*place, index))
    elif isinstance(node, dict) and way[0] in node:
        yield from _found(node[way[0]], *way[1:], place=(*place, str(way[0])))


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
