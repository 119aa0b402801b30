"""The first assessment of a text: type, urgency, risk, and the words that say so (B1 to B3, B7).

All words are the policy's; nothing here knows a language. A word may hold a gap, `…`, that stands
for up to eight characters of the same sentence. Of words that overlap the one that starts first
and is longest counts, so that "attitude was good" can shield "attitude".
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from complaints.models import Assessment, Risk, Urgency
from complaints.policy import QUALITY_OFFICE, Policy, weighted

GAP = "…"
LONGEST_TEXT = 20_000
"""Characters that are read; what stands after them does not change what a complaint is about."""
MOST_REASONS = 12

_GAP_PATTERN = r"[^,.;!?。、\n]{0,8}?"
_OPENING = 40
"""Characters at the start, mostly the subject, whose words count half as much again."""
_OPENING_FACTOR = 1.5

_SUM = re.compile(
    r"(?P<figure>\d[\d,]*(?:\.\d+)?)\s*(?P<scale>万|w(?![a-z])|千|k(?![a-z]))?[多余来几]?\s*"
    r"(?P<unit>元|块|圆|人民币|rmb|yuan|cny)?"
)
_SPENT = re.compile(r"(?:[借贷还付交花存欠收扣款费金价¥]|cny|rmb|押金)了?\s*$")
_SPELT = re.compile(
    r"[一二两三四五六七八九十几数]{1,4}(?:千|万|百万)[一二三四五六七八九多余几百千万]{0,8}[元块]"
)
_SCALES = {"万": 10_000, "w": 10_000, "千": 1_000, "k": 1_000}
_SPELT_SUM = 1_000
_LONGEST_PLAIN_SUM = 7

Vocabulary = tuple[tuple[str, str, float], ...]


class Hit(NamedTuple):
    """A word of the policy that stands in the text: the label it speaks for, and its weight."""

    label: str
    word: str
    weight: float


class _Entry(NamedTuple):
    """A word as it is looked for, and what it stands for: label, word as written, weight."""

    pattern: re.Pattern[str]
    meanings: list[tuple[str, str, float]]


def assess(text: str, policy: Policy) -> Assessment:
    """Return the first assessment of a text: type, urgency, risk, criteria of a major complaint.

    Nothing here is final: staff confirm or correct it, and the reasons show them what decided.
    """
    plain = _plain(text)
    rules = policy.assessing
    of_type = _hits(plain, _by_label((t.code, weighted(t.words)) for t in policy.types))
    of_major = _hits(plain, _by_label((c.code, weighted(c.words)) for c in policy.major))
    kind, confidence = _decide(of_type, policy)
    urgent = _spotted(plain, weighted(rules.urgent_words))
    important = _spotted(plain, weighted(rules.important_words))
    emergency = _spotted(plain, weighted(rules.emergency_words))
    grave = _spotted(plain, weighted(rules.high_risk_words))
    met = {hit.label for hit in of_major if hit.weight > 0}
    major = tuple(c.code for c in policy.major if c.code in met)
    proposed = {
        code: tuple(hit.word for hit in of_major if hit.label == code and hit.weight > 0)
        for code in major
    }

    if urgent or emergency:
        urgency = Urgency.URGENT
    elif (
        important
        or major
        or kind in rules.safety_types
        or largest_sum(plain) >= rules.important_amount
    ):
        urgency = Urgency.IMPORTANT
    else:
        urgency = Urgency.GENERAL
    if emergency or grave or (major and urgency is Urgency.URGENT):
        risk = Risk.HIGH
    else:
        risk = Risk.LOW if urgency is Urgency.GENERAL else Risk.MEDIUM
    for_type = sorted((hit for hit in of_type if hit.label == kind), key=lambda hit: -hit.weight)
    deciding = [*for_type, *(hit for hit in of_major if hit.weight > 0)]
    deciding += [*emergency, *urgent, *important, *grave]
    reasons = dict.fromkeys(hit.word for hit in deciding if hit.weight > 0)
    assessment = Assessment(
        type=kind,
        urgency=urgency,
        risk=risk,
        major=major,
        proposed=proposed,
        confidence=confidence,
        reasons=tuple(reasons)[:MOST_REASONS],
    )
    return with_levels(assessment, policy)


def with_levels(assessment: Assessment, policy: Policy) -> Assessment:
    """Return the assessment with the criteria that its urgency and risk meet (002 3.1.4).

    They need no confirmation, and go when the levels go; one that has words too may stay by them.
    """
    major = dict.fromkeys(assessment.major)
    for criterion in policy.major:
        if not criterion.levels:
            continue
        levels = criterion.levels
        if assessment.urgency in levels.urgency and assessment.risk in levels.risk:
            major[criterion.code] = None
        elif not criterion.words:
            major.pop(criterion.code, None)
    order = [criterion.code for criterion in policy.major if criterion.code in major]
    return assessment.replace(major=tuple(dict.fromkeys((*order, *major))))


def emergency_words_in(text: str, policy: Policy) -> tuple[str, ...]:
    """Return the policy's words of the text that call for the emergency path at once (B7)."""
    found = _spotted(_plain(text), weighted(policy.assessing.emergency_words))
    return tuple(dict.fromkeys(hit.word for hit in found))


def propose_department(assessment: Assessment, policy: Policy) -> str:
    """Return the code of the department for a complaint; the quality office where none fits."""
    kind = policy.find_type(assessment.type)
    return kind.department if kind else QUALITY_OFFICE


def largest_sum(text: str) -> float:
    """Return the largest sum of money that a text names, in yuan; 0 where it names none.

    >>> largest_sum("已付定金2万元,又收安装费350元")
    20000.0
    """
    largest = float(_SPELT_SUM) if _SPELT.search(text) else 0.0
    for match in _SUM.finditer(text):
        figure, scale, unit = match["figure"], match["scale"], match["unit"]
        spent = _SPENT.search(text, max(0, match.start() - 6), match.start())
        if not unit and not (spent and len(figure) <= _LONGEST_PLAIN_SUM):
            continue
        amount = float(figure.replace(",", "")) * _SCALES.get(scale or "", 1)
        largest = max(largest, amount)
    return largest


def _decide(hits: list[Hit], policy: Policy) -> tuple[str, float]:
    """Return the type with the highest score, and how sure that is (0 to 1)."""
    scores = dict.fromkeys((kind.code for kind in policy.types), 0.0)
    for hit in hits:
        scores[hit.label] += hit.weight
    best, second = sorted(scores.values(), reverse=True)[:2] if len(scores) > 1 else (1.0, 0.0)
    if best < policy.assessing.unsure_below or best <= 0:
        return policy.assessing.unsure_type, 0.0
    kind = max(scores, key=lambda code: scores[code])
    return kind, round(min(1.0, max(0.0, best / (best + max(second, 0.0) + 1))), 2)


def _by_label(vocabularies: Iterable[tuple[str, dict[str, float]]]) -> Vocabulary:
    """Return the words of several labels as one vocabulary."""
    return tuple(
        (label, word, weight) for label, words in vocabularies for word, weight in words.items()
    )


def _spotted(text: str, words: dict[str, float]) -> list[Hit]:
    """Return the hits of a plain list of words; a word of weight 0 only shields others."""
    return [hit for hit in _hits(text, _by_label([("", words)])) if hit.weight > 0]


def _hits(text: str, vocabulary: Vocabulary) -> list[Hit]:
    """Return each word of a vocabulary that stands in the text, once for each of its labels."""
    index = _indexed(vocabulary)
    found: dict[tuple[str, str], Hit] = {}
    place = 0
    while place < len(text):
        end = place + 1
        for entry in index.get(text[place], ()):
            if match := entry.pattern.match(text, place):
                factor = _OPENING_FACTOR if place < _OPENING else 1.0
                for label, word, weight in entry.meanings:
                    found.setdefault((label, word), Hit(label, word, weight * factor))
                end = match.end()
                break
        place = end
    return list(found.values())


@lru_cache(maxsize=64)
def _indexed(vocabulary: Vocabulary) -> dict[str, list[_Entry]]:
    """Return the words by their first character, the longest first.

    One pattern of a thousand alternatives would be ten times slower.
    """
    entries: dict[str, _Entry] = {}
    for label, word, weight in vocabulary:
        plain = _plain(word)
        entry = entries.setdefault(plain, _Entry(_as_pattern(plain), []))
        entry.meanings.append((label, word, weight))
    index: dict[str, list[_Entry]] = {}
    for plain in sorted(entries, key=len, reverse=True):
        index.setdefault(plain[0], []).append(entries[plain])
    return index


def _as_pattern(word: str) -> re.Pattern[str]:
    """Return a word as a pattern: its gap filled, Latin words only from where a word starts."""
    pattern = _GAP_PATTERN.join(re.escape(part) for part in word.split(GAP))
    starts_latin = word[0].isascii() and word[0].isalpha()
    return re.compile(rf"(?<![a-z]){pattern}" if starts_latin else pattern)


def _plain(text: str) -> str:
    """Return text with full-width and half-width characters and case made equal."""
    kept = text[:LONGEST_TEXT].replace(GAP, "\0")
    return unicodedata.normalize("NFKC", kept).replace("\0", GAP).lower()
