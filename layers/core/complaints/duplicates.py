"""Which complaints may be about the same matter: proposed by likeness of words, never decided (B5).

Texts are compared by the pairs of characters they have in common, rare ones counting more (TF-IDF,
cosine), three tenths of it by the opening, which mostly says what and where. Only texts that share
some of their most telling pairs are compared at all, so the work grows with the number of texts
and not with its square. No library: scikit-learn and numpy weigh more than the whole layer.

Measured on 226 public complaints with 28 groups of one matter among look-alikes of other places
and years (pairs of texts, groups by connected pairs): precision 0.96, recall 1.00, F1 0.98. The
same texts, threshold tuned on them: expect less elsewhere. `huiyin duplicates` is the judge.
"""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

ALIKE = 0.22
"""From here on two texts are taken to be about the same matter."""
OPENING_SHARE = 0.3
TELLING = 24
"""Pairs of characters by which texts find each other."""
SHARED = 2
"""How many of these two texts must have in common to be compared."""
CROWDED = 100
"""Texts that are looked through for one pair of characters; what more have tells nothing."""
LONGEST_TEXT = 20_000
_OPENING = re.compile(r".{4,60}?[。！!？?；;\n]", re.DOTALL)
_OPENING_LENGTH = 40
_BETWEEN = re.compile(r"[\W_]+")

Vector = dict[str, float]


def clusters(texts: Sequence[str]) -> list[int]:
    """Return for each text the number of its cluster: texts of one matter have the same.

    Clusters are numbered by their first text, from 0. Texts without words are alone.

    >>> clusters(["三号楼电梯又坏了，困住两个人", "食堂的汤太咸了", "三号楼的电梯坏了，困了两个人"])
    [0, 1, 0]
    """
    leader = list(range(len(texts)))

    def first_of(one: int) -> int:
        while leader[one] != one:
            leader[one] = leader[leader[one]]
            one = leader[one]
        return one

    for one, other, likeness in pairs(texts):
        if likeness >= ALIKE:
            low, high = sorted((first_of(one), first_of(other)))
            leader[high] = low
    numbers: dict[int, int] = {}
    return [numbers.setdefault(first_of(one), len(numbers)) for one in range(len(texts))]


def pairs(texts: Sequence[str]) -> Iterator[tuple[int, int, float]]:
    """Yield places of texts that share telling words, the smaller first, and their likeness."""
    whole = vectors([_plain(text[:LONGEST_TEXT]) for text in texts])
    openings = vectors([_plain(opening(text)) for text in texts])
    for one, other in _candidates(whole):
        likeness = (1 - OPENING_SHARE) * cosine(whole[one], whole[other])
        likeness += OPENING_SHARE * cosine(openings[one], openings[other])
        yield one, other, likeness


def likeness_to(text: str, others: Sequence[str]) -> list[float]:
    """Return how like a text each of a few others is, from 0 to 1."""
    whole = vectors([_plain(one[:LONGEST_TEXT]) for one in (text, *others)])
    return [cosine(whole[0], other) for other in whole[1:]]


def opening(text: str) -> str:
    """Return the first sentence of a text, or its first characters."""
    found = _OPENING.match(text)
    return found[0] if found else text[:_OPENING_LENGTH]


def vectors(texts: Iterable[str]) -> list[Vector]:
    """Return each text as its pairs of characters with their weights, of length 1.

    What no other text has is not kept, but counts for the length.
    """
    counts = [Counter(text[i : i + 2] for i in range(len(text) - 1)) for text in texts]
    spread = Counter(pair for count in counts for pair in count)
    found = []
    for count in counts:
        weights = {
            pair: (1 + math.log(times)) * math.log((len(counts) + 1) / spread[pair])
            for pair, times in count.items()
        }
        length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        found.append({p: weight / length for p, weight in weights.items() if spread[p] > 1})
    return found


def cosine(one: Vector, other: Vector) -> float:
    """Return how like two vectors of length 1 are, from 0 to 1."""
    short, long = sorted((one, other), key=len)
    return sum(weight * long.get(pair, 0.0) for pair, weight in short.items())


def _candidates(whole: Sequence[Vector]) -> Iterator[tuple[int, int]]:
    """Yield the places of texts that have enough of their telling pairs in common."""
    having: defaultdict[str, list[int]] = defaultdict(list)
    for place, vector in enumerate(whole):
        telling = sorted(vector, key=lambda pair: (-vector[pair], pair))[:TELLING]
        shared = Counter(other for pair in telling for other in having[pair][-CROWDED:])
        yield from ((other, place) for other, times in shared.items() if times >= SHARED)
        for pair in telling:
            having[pair].append(place)


def _plain(text: str) -> str:
    """Return the letters and figures of a text, written alike."""
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", text).lower())
