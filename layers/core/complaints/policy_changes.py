"""What differs between two policies, setting by setting (H5)."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from complaints.policy import Limit, Name, Policy, weighted
from complaints.texts import Texts

NAMES = ("code", "kind", "to", "what")
"""What an entry of a list is known by, so that an entry that moved is no change."""
LONGEST_LIST = 12
UNTOLD = frozenset({"version"})
ALLOWED = {
    "number >= ": "policy.allowed.at_least",
    "number <= ": "policy.allowed.at_most",
    "length >= ": "policy.allowed.longer",
    "length <= ": "policy.allowed.shorter",
    "items >= ": "policy.allowed.items",
    "text like ": "policy.allowed.like",
    "later than ": "policy.allowed.later",
    "exactly one of ": "policy.allowed.one_of",
    "not ": "policy.allowed.not",
}
"""How what is allowed begins in the short form, and its sentence."""

Value = Any
"""A setting as plain values: what JSON can hold."""


class Changed(NamedTuple):
    """A setting with its place, as `clocks.solution.general`; None where it is not set."""

    field: str
    before: Value
    after: Value


def changed_settings(before: Policy, after: Policy) -> list[Changed]:
    """Return every setting that differs, in the order in which policies are written.

    >>> from complaints.policy import load
    >>> policy = load("service-provider")
    >>> changed_settings(policy, msgspec.structs.replace(policy, retention_years=7))
    [Changed(field='retention_years', before=5, after=7)]
    """
    old, new = dict(_settings(_plain(before))), dict(_settings(_plain(after)))
    return [
        _narrowed(Changed(field, old.get(field), new.get(field)))
        for field in dict.fromkeys((*old, *new))
        if old.get(field) != new.get(field)
    ]


def called(field: str, t: Texts) -> str:
    """Return what a setting is called: the limit it is, or the part of the policy it stands in.

    >>> from complaints.texts import texts
    >>> called("clocks.solution.general", texts("en")) == texts("en")("policy.clock.solution")
    True
    """
    part, _, rest = field.partition(".")
    clock = f"policy.clock.{rest.partition('.')[0]}"
    if part == "clocks" and clock in t:
        return t(clock)
    return t(f"policy.setting.{part.partition('[')[0]}")


def said(value: Value, t: Texts) -> str:
    """Return a setting in words: limits, roles and names as people call them."""
    match value:
        case None:
            words = "—"
        case bool():
            words = t("report.yes") if value else t("report.no")
        case {"minutes": int(count)}:
            words = t("policy.minutes", count=count)
        case {"working_days": int(count)}:
            words = t("policy.working_days", count=count)
        case {"zh": zh, "en": en}:
            words = Name(zh=zh, en=en).in_language(t.language)
        case dict():
            words = _listed([f"{name} {said(of, t)}" for name, of in value.items()])
        case list():
            words = _listed([said(one, t) for one in value])
        case _:
            role = f"policy.role.{value}"
            words = t(role) if role in t else str(value)
    return words


def permitted(allowed: str, t: Texts) -> str:
    """Return what a setting may be in words, out of the short form that a terminal shows.

    >>> from complaints.texts import texts
    >>> permitted("number >= 1", texts("zh_CN")), permitted("general|major", texts("zh_CN"))
    ('不小于 1 的数', 'general|major')
    """
    for start, text_id in ALLOWED.items():
        if allowed.startswith(start):
            return t(text_id, value=allowed.removeprefix(start))
    return t(f"policy.allowed.{allowed}") if f"policy.allowed.{allowed}" in t else allowed


def _listed(parts: list[str]) -> str:
    shown = ", ".join(parts[:LONGEST_LIST])
    return f"{shown}, … ({len(parts)})" if len(parts) > LONGEST_LIST else shown or "—"


def _plain(policy: Policy) -> dict[str, Value]:
    """Return a policy as plain values without what is no setting."""
    content: dict[str, Value] = msgspec.json.decode(msgspec.json.encode(policy))
    return {name: of for name, of in content.items() if name not in UNTOLD}


def _settings(node: Value, place: str = "") -> Iterator[tuple[str, Value]]:
    """Yield each setting with its place; limits, names, words and plain lists are one each."""
    if isinstance(node, dict) and not _is_whole(node, place):
        for name, part in node.items():
            yield from _settings(part, f"{place}.{name}" if place else name)
    elif isinstance(node, list) and node and all(isinstance(one, dict) for one in node):
        for index, one in enumerate(node):
            known = next((str(one[name]) for name in NAMES if one.get(name)), str(index))
            yield from _settings(one, f"{place}[{known}]")
    elif isinstance(node, dict):
        yield place, {name: of for name, of in node.items() if of is not None}
    elif node not in ([], None):
        yield place, node


def _is_whole(node: dict[str, Value], place: str) -> bool:
    """Return whether a mapping is shown as one setting."""
    whole = (set(Limit.__struct_fields__), set(Name.__struct_fields__))
    return set(node) in whole or place.endswith("words")


def _narrowed(change: Changed) -> Changed:
    """Return a change of words with the words alone that came, went or weigh otherwise."""
    if not change.field.endswith("words"):
        return change
    before, after = weighted(change.before or ()), weighted(change.after or ())
    return Changed(
        change.field,
        {word: of for word, of in before.items() if after.get(word) != of} or None,
        {word: of for word, of in after.items() if before.get(word) != of} or None,
    )
