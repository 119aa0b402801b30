"""Every way in which an archive can be other than what was sealed, one at a time.

A mutant is a copy of the files with one thing changed; what is not touched is shared. Who makes it
knows the format and has all of the files but not the key that signs: bags are packed anew with
right manifests, chains are digested anew, seals are signed by another key.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from itertools import chain, pairwise
from typing import Any, NamedTuple

from complaints import bag
from complaints.history import canonical
from complaints.seal import pem, read_seal, sha256, signed
from complaints.stored_zip import StoredZip
from tests.archives import public_key, sign

Files = dict[str, bytes]
JSON = (".json", ".jsonl")


class Mutant(NamedTuple):
    """What was done to which file (or what it was called), and the files then."""

    what: str
    path: str
    files: Files


def mutants_of(files: Files, path: str, *, stride: int = 61) -> Iterator[Mutant]:
    """Yield every mutant of a file; of single bytes each `stride`-th, the first and the last."""
    content = files[path]
    yield from _whole_file(files, path, content)
    changes = [_bytes(content, stride)]
    if path.endswith(JSON):
        changes.append(_lines(content, is_lines=path.endswith(".jsonl")))
    if path.endswith(".zip"):
        changes.append(_bags(content))
    if path.startswith("seals/") and path.endswith(".json"):
        changes.append(iter([("signed by another key", _signed_anew(content))]))
    for what, changed in chain(*changes):
        if changed != content:
            yield Mutant(what, path, {**files, path: changed})


def mutants_of_many(files: Files) -> Iterator[Mutant]:
    """Yield the mutants of more than one file: swapped, signed anew together, whole kinds out."""
    yield from _swaps(files)
    yield from _together(files)


# ---- files ---------------------------------------------------------------------------------


def _whole_file(files: Files, path: str, content: bytes) -> Iterator[Mutant]:
    others = {name: one for name, one in files.items() if name != path}
    yield Mutant("removed", path, others)
    folder, _, name = path.rpartition("/")
    renamed = f"{folder}/x{name}"
    yield Mutant("renamed", renamed, {**others, renamed: content})
    yield Mutant("copied", renamed, {**files, renamed: content})
    if path.startswith("archive/"):
        other = (
            path.replace("/general/", "/x/")
            .replace("/major/", "/general/")
            .replace("/x/", "/major/")
        )
        yield Mutant("moved", other, {**others, other: content})
        yield Mutant("copied to another class", other, {**files, other: content})
    if content:
        yield Mutant("emptied", path, {**files, path: b""})


def _bytes(content: bytes, stride: int) -> Iterator[tuple[str, bytes]]:
    places = sorted({*range(0, len(content), stride), len(content) - 1}) if content else []
    for at in places:
        yield f"bit at {at}", content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        yield f"cut at {at}", content[:at]
        yield f"byte out at {at}", content[:at] + content[at + 1 :]
        yield f"byte in at {at}", content[:at] + b"0" + content[at:]
    for more in (b"\n", b"\0", b"{}\n"):
        yield f"more: {more!r}", content + more


def _swaps(files: Files) -> Iterator[Mutant]:
    """Swap each file with the next of its kind."""
    for suffix in (".zip", ".proof.json", ".enc", ".jsonl", ".bin", ".json", ".tsr"):
        names = [one for one in sorted(files) if one.endswith(suffix)]
        for one, other in pairwise(names):
            if files[one] != files[other]:
                swapped = {**files, one: files[other], other: files[one]}
                yield Mutant(f"swapped with {other}", one, swapped)
                yield Mutant(f"replaced by {other}", one, {**files, one: files[other]})


# ---- records -------------------------------------------------------------------------------


def _lines(content: bytes, *, is_lines: bool) -> Iterator[tuple[str, bytes]]:
    """Change each field of each record, and the order and number of lines."""
    lines = content.splitlines() if is_lines else [content]
    end = b"\n" if is_lines else b""

    def joined(some: list[bytes]) -> bytes:
        return b"".join(line + end for line in some)

    for at, line in enumerate(lines):
        for what, changed in records(json.loads(line)):
            yield (
                f"line {at + 1}: {what}",
                joined([*lines[:at], canonical(changed), *lines[at + 1 :]]),
            )
        spaced = json.dumps(json.loads(line), ensure_ascii=False, sort_keys=True).encode()
        yield f"line {at + 1} with spaces", joined([*lines[:at], spaced, *lines[at + 1 :]])
        backwards = dict(reversed(json.loads(line).items()))
        turned = json.dumps(backwards, ensure_ascii=False, separators=(",", ":")).encode()
        yield f"line {at + 1} turned", joined([*lines[:at], turned, *lines[at + 1 :]])
    if is_lines:
        for what, some in orders(lines):
            yield what, joined(some)


def orders(some: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    """Yield a list with one thing out, twice, in another place, and each of its tails cut."""
    for at in range(len(some)):
        yield f"{at} out", [*some[:at], *some[at + 1 :]]
        yield f"{at} twice", [*some[: at + 1], *some[at:]]
        if at and some[at] != some[at - 1]:
            yield f"{at} before", [*some[: at - 1], some[at], some[at - 1], *some[at + 1 :]]
        yield f"cut to {at}", some[:at]
    if some != some[::-1]:
        yield "turned", some[::-1]


def records(one: Any, path: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - JSON
    """Yield a JSON value with each field, at any depth, changed, taken out, or one added."""
    if isinstance(one, dict):
        yield f"{path}+", {**one, "zz": 1}
        for name, value in one.items():
            yield f"{path}.{name} out", {key: kept for key, kept in one.items() if key != name}
            for what, changed in records(value, f"{path}.{name}"):
                yield what, {**one, name: changed}
    elif isinstance(one, list):
        for what, changed in orders(one):
            yield f"{path}: {what}", changed
        for at, value in enumerate(one):
            for what, changed in records(value, f"{path}[{at}]"):
                yield what, [*one[:at], changed, *one[at + 1 :]]
    else:
        yield f"{path} changed", _other(one)
        if one is not None:
            yield f"{path} null", None


def _other(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str) and value:
        return value[:-1] + ("0" if value[-1] != "0" else "1")
    return "x"


# ---- bags ----------------------------------------------------------------------------------

Members = dict[str, bytes]


def _bags(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Change what lies in a bag; leave the manifests as they were, or make all that fits."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        names = file.namelist()
        members = {name.partition("/")[2]: file.read(name) for name in names}
        top = names[0].partition("/")[0]
    yield from _containers(top, members)
    for what, changed in _members(members):
        yield what, _packed(top, changed)
        yield f"{what}, listed anew", _packed(top, _listed(changed))
        if fitted := _fitted(changed):
            yield f"{what}, chained anew", _packed(top, fitted)
    yield "another folder", _packed(f"{top}0", members)


def _containers(top: str, members: Members) -> Iterator[tuple[str, bytes]]:
    """Pack the same members otherwise."""
    ways: dict[str, Callable[[zipfile.ZipFile, zipfile.ZipInfo, bytes], None]] = {
        "deflated": lambda file, info, one: file.writestr(info, one, zipfile.ZIP_DEFLATED),
        "dated": lambda file, info, one: file.writestr(
            zipfile.ZipInfo(info.filename, (2026, 1, 1, 0, 0, 0)), one
        ),
        "as zipfile has it": lambda file, info, one: file.writestr(info, one),
    }
    for what, write in ways.items():
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as file:
            for name, one in members.items():
                write(file, zipfile.ZipInfo(f"{top}/{name}"), one)
        yield f"packed {what}", target.getvalue()
    target = io.BytesIO(_packed(top, members))
    with zipfile.ZipFile(target, "a") as file:
        file.comment = b"x"
    yield "with a comment", target.getvalue()
    for what, some in orders(list(members.items())):
        if "before" in what or "twice" in what or what == "turned":
            yield f"members: {what}", _packed(top, some)


def _members(members: Members) -> Iterator[tuple[str, Members]]:
    for name, content in members.items():
        yield f"{name} out", {one: kept for one, kept in members.items() if one != name}
        yield (
            f"{name} renamed",
            {(f"{one}0" if one == name else one): members[one] for one in members},
        )
        yield f"{name} emptied", {**members, name: b""}
        changed = bytes([content[0] ^ 1]) + content[1:] if content else b"x"
        yield f"{name} changed", {**members, name: changed}
        if name.endswith(JSON):
            for what, other in _lines(content, is_lines=name.endswith(".jsonl")):
                yield f"{name}, {what}", {**members, name: other}
        elif name.endswith(".txt"):
            for what, some in orders(content.splitlines(keepends=True)):
                yield f"{name}, {what}", {**members, name: b"".join(some)}
    yield "a file more", {**members, "data/evidence/0000.enc": b"x"}
    yield "a tag file more", {**members, "notes.txt": b"x"}


def _listed(members: Members) -> Members:
    """Return a bag whose manifests are those of what lies in it; in the right order."""
    payload = {name: sha256(one) for name, one in members.items() if name.startswith(bag.DATA)}
    stated = members.get(bag.MANIFEST, b"").decode("utf-8", "replace").splitlines()
    fetched = {
        line.split(" ", 2)[2]
        for line in members.get(bag.FETCH, b"").decode("utf-8", "replace").splitlines()
        if line.count(" ") > 1
    }
    for line in stated:
        digest, _, name = line.partition("  ")
        if name in fetched and name not in payload:
            payload[name] = digest
    changed = {**members, bag.MANIFEST: bag.manifest(payload)}
    tags = {
        name: sha256(one)
        for name, one in changed.items()
        if not name.startswith(bag.DATA) and name != bag.TAG_MANIFEST
    }
    changed[bag.TAG_MANIFEST] = bag.manifest(tags)
    return {name: changed[name] for name in sorted(changed, key=bag.place)}


def _fitted(members: Members) -> Members | None:
    """Return a bag that is whole in itself: its last entry answers for what lies in it."""
    try:
        entries = [json.loads(line) for line in members[bag.HISTORY].splitlines()]
        looks = [json.loads(line) for line in members.get(bag.ACCESS, b"").splitlines()]
        facts = entries[-1]["facts"]
    except (KeyError, IndexError, ValueError, TypeError):
        return None
    if not isinstance(facts, dict):
        return None
    if bag.ACCESS in members:
        members = {**members, bag.ACCESS: chained(looks)}
    facts["contents"] = bag.contents(bag.stated_digests(_listed(members)[bag.MANIFEST]))
    if bag.FETCH in members:
        facts["fetch"] = sha256(members[bag.FETCH])
    return _listed({**members, bag.HISTORY: chained(entries)})


def chained(entries: list[dict[str, Any]]) -> bytes:
    """Return a history whose numbers and digests fit, as JSON lines."""
    lines, before = [], ""
    for number, entry in enumerate(entries, start=1):
        bare = {name: value for name, value in entry.items() if name not in ("digest", "previous")}
        bare["number"] = number
        if before:
            bare["previous"] = before
        before = sha256(canonical(bare))
        lines.append(canonical({**bare, "digest": before}) + b"\n")
    return b"".join(lines)


def _packed(top: str, members: Members | list[tuple[str, bytes]]) -> bytes:
    target = io.BytesIO()
    packing = StoredZip(target)
    for name, content in members.items() if isinstance(members, dict) else members:
        with packing.member(f"{top}/{name}") as writing:
            writing.write(content)
    packing.close()
    return target.getvalue()


# ---- seals, and all at once ----------------------------------------------------------------


def _signed_anew(content: bytes) -> bytes:
    seal = read_seal(content).seal.replace(key=sha256(public_key(2)))
    return signed(seal, sign(canonical(seal), 2))


def _together(files: Files) -> Iterator[Mutant]:
    """Change many files as one who wants them to fit."""
    anew, before = dict(files), b""
    anew["seals/public-key.pem"] = pem(public_key(2))
    first = ""
    for path in sorted(files):
        if path.startswith("seals/") and path.endswith(".json"):
            first = first or path
            seal = read_seal(files[path]).seal.replace(
                key=sha256(public_key(2)), previous=sha256(before) if before else ""
            )
            before = anew[path] = signed(seal, sign(canonical(seal), 2))
    yield Mutant("all signed by another key", first, anew)
    without = {path: one for path, one in files.items() if not path.startswith("seals/2")}
    yield Mutant("all seals out", "seals/", without)
    bags = {path: one for path, one in files.items() if not path.startswith("archive/")}
    if bags != files:
        a_bag = next(path for path in files if path.endswith(".zip"))
        yield Mutant("all bags out", a_bag, bags)
    for kind in ("leaves/", "nodes/"):
        a_file = next(path for path in files if path.startswith(kind))
        kept = {path: one for path, one in files.items() if not path.startswith(kind)}
        yield Mutant(f"all {kind} out", a_file, kept)
