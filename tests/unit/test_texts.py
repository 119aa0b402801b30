"""The catalogues: both speak of the same things, and of nothing that nobody asks for."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.pofile import read_po

from complaints.texts import FIRST, LANGUAGES, language_of, negotiate, texts

ROOT = Path(__file__).parents[2]
CORE = ROOT / "layers/core/complaints"
TEMPLATES = sorted((CORE / "pages/templates").rglob("*.html"))
SOURCES = [*sorted(CORE.rglob("*.py")), *sorted((ROOT / "functions").rglob("*.py"))]
IN_TEMPLATE = re.compile(r"""\bt\(\s*["']([^"']+)["']\s*(~?)""")
QUOTED = re.compile(r"""["']([a-z][a-z0-9_]*(?:\.[A-Za-z0-9_]+)*\.?)["']""")
SAYING = {"t", "Problem"}
"""Calls whose first argument is the id of a text."""


def catalogue(language: str) -> dict[str, str]:
    """Return id and words of a catalogue, as written."""
    with (CORE / "locale" / language / "LC_MESSAGES/messages.po").open("rb") as source:
        return {str(one.id): str(one.string) for one in read_po(source) if one.id}


def asked_in_templates() -> Iterator[tuple[str, bool]]:
    """Yield each id that a template asks for, and whether it is only the beginning of one."""
    for template in TEMPLATES:
        for text_id, more in IN_TEMPLATE.findall(template.read_text(encoding="utf-8")):
            yield text_id, bool(more)


def asked_in_code() -> Iterator[str]:
    """Yield each whole id that code asks for in so many words."""
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            ids = [word.value for word in node.keywords if word.arg == "text_id"]
            if name in SAYING:
                ids += node.args[:1]
            for one in ids:
                if isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value:
                    yield one.value


def beginnings_in_code() -> Iterator[str]:
    """Yield every literal, and the literal beginning of every f-string that is made of parts."""
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
            if isinstance(node, ast.JoinedStr):
                first = node.values[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield f"{first.value}*" if "." in first.value else first.value


def test_both_languages_have_the_same_ids() -> None:
    """What can be said in Chinese can be said in English, and the other way round."""
    assert set(catalogue("zh_CN")) == set(catalogue("en"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty(language: str) -> None:
    """An id without words would show nothing."""
    assert [text_id for text_id, words in catalogue(language).items() if not words.strip()] == []


def test_both_languages_name_the_same_values() -> None:
    """A value that one language puts in must be there for the other as well."""

    def fields(words: str) -> set[str]:
        return {field.partition(".")[0] for _, field, _, _ in Formatter().parse(words) if field}

    english = catalogue("en")
    assert {
        text_id
        for text_id, words in catalogue("zh_CN").items()
        if fields(words) != fields(english[text_id])
    } == set()


def test_every_id_asked_for_exists() -> None:
    """A page must not fail because nobody wrote its words."""
    known = set(catalogue(FIRST))
    asked = {text_id for text_id, more in asked_in_templates() if not more} | set(asked_in_code())
    assert asked - known == set()


def test_every_text_is_asked_for() -> None:
    """Words that no page and no letter uses are dead."""
    quoted = {
        text_id
        for template in TEMPLATES
        for text_id in QUOTED.findall(template.read_text(encoding="utf-8"))
    }
    asked = {text_id for text_id, more in asked_in_templates() if not more} | quoted
    beginnings = {text_id for text_id, more in asked_in_templates() if more}
    for literal in beginnings_in_code():
        if literal.endswith("*"):
            beginnings.add(literal[:-1])
        else:
            asked.add(literal)
    dead = {
        text_id
        for text_id in catalogue(FIRST)
        if text_id not in asked and not text_id.startswith(tuple(beginnings))
    }
    assert dead == set()


def test_an_unknown_id_is_an_error() -> None:
    """A missing text is found by a test, not by a complainant."""
    with pytest.raises(KeyError):
        texts("en")("no.such.text")


def test_values_are_put_in_by_name() -> None:
    """Words may stand in any order in any language."""
    assert "TS-1" in texts("en")("track.number", number="TS-1")


def test_an_unknown_language_is_answered_in_chinese() -> None:
    """Chinese is the first language."""
    assert texts("fr")("form.errors") == texts("zh_CN")("form.errors")


@pytest.mark.parametrize(
    ("wishes", "language"),
    [
        pytest.param(("en", "zh_CN", "zh"), "en", id="the address comes before the cookie"),
        pytest.param((None, "en", "zh-CN,zh;q=0.9"), "en", id="the cookie before the browser"),
        pytest.param((None, None, "zh-TW,en;q=0.5"), "zh_CN", id="any Chinese is Chinese"),
        pytest.param((None, None, "fr,en;q=0.3"), "en", id="what we do not speak is passed over"),
        pytest.param((None, None, "en;q=0,*"), "zh_CN", id="anything is Chinese"),
        pytest.param(("xx", "??", ";;;,,q=9"), "zh_CN", id="nonsense is Chinese"),
    ],
)
def test_the_language_is_negotiated(wishes: tuple[str | None, ...], language: str) -> None:
    """The first wish that can be met decides."""
    assert negotiate(*wishes) == language


def test_only_languages_on_offer_are_chosen() -> None:
    """An organisation that offers Chinese only answers in Chinese."""
    assert negotiate("en", offered=("zh_CN",)) == "zh_CN"


@pytest.mark.parametrize(
    ("text", "language"),
    [("The lift is broken", "en"), ("电梯 lift 坏了", "zh_CN"), ("  ", "zh_CN")],
)
def test_a_text_is_answered_in_its_language(text: str, language: str) -> None:
    """Any Chinese means Chinese; no words mean the first language."""
    assert language_of(text) == language


def test_a_text_is_answered_in_a_language_on_offer() -> None:
    """An organisation that offers Chinese only answers English mails in Chinese."""
    assert language_of("The lift is broken", ("zh_CN",)) == "zh_CN"
