"""Policy files: every problem with its place, and the compiled form that the functions read.

    python -m complaints.policy_file [SOURCE_FOLDER [TARGET_FOLDER]]

compiles all files of `infra/policies/`. Heavy libraries (YAML in `policy_yaml`, JSON Schema in
`policy_schema`) are needed when a policy is written, never when a complaint comes in.

Words that several procedures share stand in `words.yaml` of the same folder, by name. A policy file
takes them with `words_from: [name, …]` beside or instead of `words`; its own words go before, and
one of weight 0 takes a shared word away. What is compiled holds the words themselves.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

import msgspec
import msgspec.inspect

from complaints import policy_yaml
from complaints.models import Role
from complaints.policy import (
    QUALITY_OFFICE,
    RESERVED_QUEUES,
    Limit,
    Policy,
    Words,
    canonical,
    source_file,
    weighted,
)
from complaints.policy import version_of as policy_version
from complaints.policy_rules import Place, Wrong, broken
from complaints.policy_schema import schema_problems
from complaints.policy_yaml import PolicyFileError, Problem, as_problems

WORDS_FILE = "words.yaml"
SharedWords = dict[str, float] | list[str]
"""Words as a file holds them: with their weights, or plain."""
POLICIES = Path(__file__).parents[3] / "infra" / "policies"
"""The policy files of the project."""


def check(
    content: str, file: str, shared: Mapping[str, SharedWords] | None = None
) -> list[Problem]:
    """Return every problem of a policy file, in the order of its lines.

    `shared` are the words that it may take by name; those of the project unless given.
    """
    return _checked(content, file, shared)[1]


def read(content: str, file: str, shared: Mapping[str, SharedWords] | None = None) -> Policy:
    """Return the policy of a file, with its version; raises PolicyFileError with all problems."""
    found, problems = _checked(content, file, shared)
    if problems:
        raise PolicyFileError(problems)
    policy = msgspec.convert(found, Policy)
    return msgspec.structs.replace(policy, version=version_of(policy))


def read_words(path: Path) -> dict[str, SharedWords]:
    """Return the words that policies share, by name; none where there is no such file.

    Raises PolicyFileError with all problems.
    """
    if not path.exists():
        return {}
    found, lines, wrong = policy_yaml.load(path.read_text(encoding="utf-8"), str(path))
    wrong += schema_problems(found, dict[str, Words])
    if wrong:
        raise PolicyFileError(as_problems(wrong, lines, str(path)))
    return cast("dict[str, SharedWords]", found)


def words_beside(path: Path) -> dict[str, SharedWords] | None:
    """Return the shared words of the folder of a policy file; None for those of the project.

    A copy may stand without them. Raises PolicyFileError with all problems.
    """
    return read_words(path.parent / WORDS_FILE) or None


def version_of(policy: Policy) -> str:
    """Return the first 12 hex digits of the SHA-256 of what a policy says, its version left out."""
    return policy_version(_content(policy))


def compiled(policy: Policy) -> bytes:
    """Return the JSON of a policy: the same bytes for the same content."""
    return canonical(_content(policy))


def _content(policy: Policy) -> dict[str, Any]:
    """Return a policy as plain values, each list of words as words with their weights."""
    content: dict[str, Any] = msgspec.to_builtins(policy, str_keys=True)
    for kind, record in zip(content["types"], policy.types, strict=True):
        kind["words"] = weighted(record.words)
    for criterion, mark in zip(content["major"], policy.major, strict=True):
        criterion["words"] = weighted(mark.words)
    return content


def policy_files(folder: Path) -> list[Path]:
    """Return the policy files of a folder, in order; the shared words are none."""
    return sorted(path for path in folder.glob("*.yaml") if path.name != WORDS_FILE)


def compile_folder(source: Path, target: Path) -> list[Path]:
    """Compile each `*.yaml` of a folder to a JSON file in another, and return what was written.

    The files themselves are copied beside it: the console hands them out, and takes a policy in
    with the same shared words. Raises PolicyFileError with the problems of all files, and then
    writes nothing.
    """
    policies, problems = [], []
    shared = read_words(source / WORDS_FILE)
    for path in policy_files(source):
        try:
            policies.append(read(path.read_text(encoding="utf-8"), str(path), shared))
        except PolicyFileError as error:
            problems += error.problems
    if problems:
        raise PolicyFileError(problems)
    target.mkdir(parents=True, exist_ok=True)
    for path in source.glob("*.yaml"):
        (target / path.name).write_bytes(path.read_bytes())
    written = []
    for policy in policies:
        path = target / f"{policy.name}.json"
        path.write_bytes(compiled(policy))
        written.append(path)
    return written


def main(arguments: list[str]) -> int:
    """Compile the policies of the project and return the exit status."""
    source = Path(arguments[0]) if arguments else POLICIES
    target = Path(arguments[1]) if arguments[1:] else Path(__file__).parent / "policies"
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
    ("proven_by", None),
    ("keeping", "holds_by", None),
    ("keeping", "proposed_by", None),
    ("keeping", "granted_by", None),
)
"""Where a policy names a role or a post."""
WAYS_TO_WORDS: tuple[tuple[str | None, ...], ...] = (
    ("types", None),
    ("major", None),
    ("assessing",),
)
"""What has fields of words, each of which may be taken from the shared ones by `…words_from`."""


@cache
def _words_of_project() -> dict[str, SharedWords]:
    """Return the words that the policies of the project share; those of the package elsewhere."""
    return read_words(POLICIES / WORDS_FILE) or read_words(source_file("words"))


def _checked(
    content: str, file: str, shared: Mapping[str, SharedWords] | None
) -> tuple[Any, list[Problem]]:
    """Return what a policy file says, shared words and all, and its problems."""
    try:
        policy, lines, wrong = policy_yaml.load(content, file)
    except PolicyFileError as error:
        return None, error.problems
    wrong += _take_words(policy, _words_of_project() if shared is None else shared)
    wrong += [*schema_problems(policy, Policy), *_cross_problems(policy)]
    wrong += _record_problems(policy, is_new=not wrong)
    return policy, as_problems(wrong, lines, file)


def _take_words(policy: object, shared: Mapping[str, SharedWords]) -> list[Wrong]:
    """Put shared words where a policy asks for them; return the names that nothing is called by."""
    wrong: list[Wrong] = []
    for way in WAYS_TO_WORDS:
        for place, part in _found(policy, *way):
            if not isinstance(part, dict):
                continue
            for key in [key for key in part if str(key).endswith("words_from")]:
                given = part.pop(key)
                taken = given if isinstance(given, list) else [given]
                field = key.removesuffix("_from")
                for index, name in enumerate(taken):
                    wrong += _unless((*place, key, index), name, shared)
                lists = [shared[name] for name in map(str, taken) if name in shared]
                part[field] = _joined(part.get(field), lists)
    return wrong


def _joined(own: Any, lists: list[SharedWords]) -> Any:  # noqa: ANN401 - not checked yet
    """Return lists of words as one; where a word stands in several, its first weight counts.

    Own words that are none stay as they are, to be found by the schema.
    """
    if own is None and len(lists) == 1:
        return lists[0]
    words: dict[str, float] = {}
    for one in (*reversed(lists), own or {}):
        if isinstance(one, dict):
            words |= one
        elif isinstance(one, list) and all(isinstance(word, str) for word in one):
            words |= dict.fromkeys(one, 1.0)
        else:
            return own
    return words


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


def _record_problems(policy: object, *, is_new: bool) -> Iterator[Wrong]:
    """Yield what only reading it as a record finds, such as a share that is not a number.

    Of what can't be read as a record its problems are known already, unless there were none.
    """
    try:
        yield from broken(msgspec.convert(policy, Policy))
    except msgspec.ValidationError as error:
        if is_new:
            yield (), str(error), Policy.__name__


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
    """Yield what stands at the end of a way; None goes into each entry of a list or a mapping."""
    if not way:
        yield place, node
    elif way[0] is None and isinstance(node, list | dict):
        entries = node.items() if isinstance(node, dict) else enumerate(node)
        for key, entry in entries:
            yield from _found(entry, *way[1:], place=(*place, key))
    elif isinstance(node, dict) and way[0] in node:
        yield from _found(node[way[0]], *way[1:], place=(*place, str(way[0])))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
