"""Whoever changes anything in an archive is found, and the file is named: mutants, all of them.

Fields, lines, members and files are changed one after the other, exhaustively. Single bytes are a
sample in what is large, and of the changes in a bag every n-th is taken, another one for each bag:
HUIYIN_ALL_MUTANTS=1 takes all. How many there were is printed (`pytest -s`).
"""

import io
import os
import pickle
from functools import cache, lru_cache
from typing import Any, BinaryIO

import pytest

from complaints import seal, verify, verify_bag, verify_seals
from complaints.verify import Verifier
from complaints.verify_bag import Read, Sealed
from complaints.verify_files import Finding
from tests.archives import Memory, public_key, scripted
from tests.mutants import Files, mutants_of, mutants_of_many

FILES = scripted()
PATHS = sorted(FILES)
EVERY = 1 if os.environ.get("HUIYIN_ALL_MUTANTS") else 3
"""Of how many mutants of a bag one is taken."""


@pytest.fixture(autouse=True)
def _what_is_untouched_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remember what is wrong with a seal, and what a bag holds: most mutants share them."""
    monkeypatch.setattr(verify, "problems_of", wrong_with)
    monkeypatch.setattr(verify_seals, "problems_of", wrong_with)
    monkeypatch.setattr(verify, "read", read)


@cache
def wrong_with(content: bytes, key: bytes, before: bytes | None = None) -> tuple[str, ...]:
    """Return what is wrong with the file of a seal."""
    return tuple(seal.problems_of(content, key, before))


def read(stream: BinaryIO, top: str, finding: Finding, sealed: Sealed, looks: Sealed) -> Read:
    """Return a bag as the verifier reads it."""
    known = tuple(sealed.items()), tuple(looks.items())
    found: Read = pickle.loads(_read(stream.read(), top, *known))  # noqa: S301 - our own
    finding.problems += found.finding.problems
    found.finding = found.history._finding = found.access._finding = finding  # noqa: SLF001
    return found


@lru_cache(64)
def _read(content: bytes, top: str, sealed: tuple[Any, ...], looks: tuple[Any, ...]) -> bytes:
    given = Finding(path=""), dict(sealed), dict(looks)
    return pickle.dumps(verify_bag.read(io.BytesIO(content), top, *given))


def problems(files: Files) -> list[Finding]:
    """Return what the verifier names."""
    verifier = Verifier(Memory(files), public_key(), whole=True)
    return [finding for finding in verifier.findings() if not finding.ok]


def test_the_archive_that_is_changed_is_whole() -> None:
    """No false alarm before anything is changed, and each kind of file is there."""
    assert problems(FILES) == []
    for kind in ("/major/", "/general/", ".files/", ".proof.json", ".bin", ".jsonl", ".pem"):
        assert any(kind in path for path in FILES), kind


@pytest.mark.parametrize("path", PATHS)
def test_each_change_of_a_file_is_found_and_the_file_named(path: str) -> None:
    """Every field, line and member, also with right manifests; removal, renaming, copies."""
    made, every = 0, EVERY if path.endswith(".zip") else 1
    for number, mutant in enumerate(mutants_of(FILES, path), start=PATHS.index(path)):
        if number % every:
            continue
        made += 1
        assert mutant.path in {one.path for one in problems(mutant.files)}, mutant.what
    assert made > 5
    print(f"{path}: {made} mutants")  # noqa: T201 - a figure that is asked for


@pytest.mark.parametrize("path", [one for one in PATHS if one.endswith((".bin", ".json", ".pem"))])
def test_each_byte_of_a_small_file_counts(path: str) -> None:
    """One bit in each byte of seals, proofs, nodes and the key."""
    content = FILES[path]
    for at in range(0, len(content), 5 if EVERY > 1 or len(content) > 800 else 1):
        changed = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        assert problems({**FILES, path: changed}), at


def test_changes_of_many_files_at_once_are_found() -> None:
    """Files swapped with each other, all seals signed by another key, whole folders gone."""
    for mutant in mutants_of_many(FILES):
        assert problems(mutant.files), mutant.what
