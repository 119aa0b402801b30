"""A foreseeable problem on this machine, and its words for people, Chinese first."""

import tomllib
from functools import cache
from pathlib import Path


class Problem(Exception):  # noqa: N818 - not a fault of the program
    """Something that the person at this machine can put right; the words say how."""

    def __init__(self, word: str, **values: object) -> None:
        super().__init__(words(word, **values))


def words(word: str, **values: object) -> str:
    """Return the words of this id in both languages, a line each, filled with the values."""
    found = _words()[word]
    return "\n".join(text.strip().format(**values) for text in (found["zh"], found["en"]))


@cache
def _words() -> dict[str, dict[str, str]]:
    text = (Path(__file__).parent / "words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
