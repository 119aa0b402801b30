"""The wording of letters: the office's own words in the place of the catalogue's.

What is put in is named in braces, as `{number}`. Which names a letter knows, and which it must not
lack, follows from the catalogue's own words for it: an office changes how a letter speaks, never
what it must say (A7) nor what it may tell (I17).
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime

from complaints.forms import Problem
from complaints.models import Record
from complaints.texts import Texts, texts

LONGEST = {"subject": 120, "body": 4000}
"""Characters of a part."""
NEEDED = frozenset({"number", "link", "promised", "reply", "words", "stage", "due", "limit"})
"""Names that must stay where the catalogue has them: what the reader can't do without."""
KNOWN_EVERYWHERE = frozenset({"number"})
KNOWN_TO_COMPLAINANTS = frozenset({"name", "organisation", "mail"})
KNOWN_WITH_LINK = frozenset({"code", "received", "promised", "stage"})
"""Names for whoever gets the private link, and so may know everything."""
_NAME = re.compile(r"\{([a-z_]{1,40})\}")
_BRACE = re.compile(r"\{[^{}\n]{0,40}\}?|\}")
_BLANKS = re.compile(r"\n{3,}")
_UNSEEN = re.compile("[\u202a-\u202e\u2066-\u2069\u2028\u2029]")
"""Characters that turn the direction of the text or end a line, and show nothing."""


class Wording(Record, frozen=True):
    """The words of one letter in one language as the office changed them, once."""

    letter: str
    """Id of its texts in the catalogue, such as `letter.notice`."""
    language: str
    number: int
    """Counts the changes of this letter in this language, from 1."""
    at: datetime
    by: str
    """User name of whoever changed it."""
    subject: str = ""
    body: str = ""
    """Both empty: the catalogue's words hold again."""

    @property
    def is_original(self) -> bool:
        """Whether this change went back to the catalogue's words."""
        return not self.subject and not self.body


def original(letter: str, t: Texts) -> tuple[str, str]:
    """Return subject and body of a letter as the catalogue has them, names in braces."""
    return t.as_written(f"{letter}.subject"), t.as_written(f"{letter}.body")


def in_place_of(letter: str, wording: Wording | None, t: Texts) -> tuple[str, str]:
    """Return the subject and body that a letter is written from."""
    if wording is None or wording.is_original:
        return original(letter, t)
    return wording.subject, wording.body


def fill(words: str, values: Mapping[str, object]) -> str:
    r"""Return words with the values put in, each once; what a value holds is never read again.

    A value that is empty leaves no empty paragraph behind.

    >>> fill("{name}:\n\n{call}\n\n{number}", {"name": "{number}", "call": "", "number": 7})
    '{number}:\n\n7'
    """
    return _BLANKS.sub("\n\n", _NAME.sub(lambda found: str(values[found[1]]), words)).strip()


def names_in(words: str) -> frozenset[str]:
    """Return the names in braces."""
    return frozenset(_NAME.findall(words))


def allowed(letter: str) -> frozenset[str]:
    """Return the names that a letter knows.

    >>> "code" in allowed("letter.notice"), "code" in allowed("letter.proxy_received")
    (True, False)
    """
    t = texts("zh_CN")
    catalogued = names_in("".join(original(letter, t)))
    found = catalogued | KNOWN_EVERYWHERE
    if letter.startswith("letter."):
        found |= KNOWN_TO_COMPLAINANTS
        if "link" in catalogued:
            found |= KNOWN_WITH_LINK
    return found


def needed(letter: str, part: str) -> frozenset[str]:
    """Return the names that a part (`subject`, `body`) of a letter must not lack."""
    return names_in(texts("zh_CN").as_written(f"{letter}.{part}")) & NEEDED


def problems_of(letter: str, subject: str, body: str) -> dict[str, Problem]:
    """Return what is wrong with a wording, by part: what, where, and what is allowed."""
    parts = {"subject": subject, "body": body}
    found = {part: _problem(letter, part, words) for part, words in parts.items()}
    return {part: problem for part, problem in found.items() if problem}


def is_usable(wording: Wording) -> bool:
    """Return whether a letter can be written in these words; those of an older release may not."""
    return wording.is_original or not problems_of(wording.letter, wording.subject, wording.body)


def tidied(words: str) -> str:
    """Return words as typed in a form with plain line ends, and no blanks around them."""
    return words.replace("\r\n", "\n").replace("\r", "\n").strip()


def _problem(letter: str, part: str, words: str) -> Problem | None:
    """Return the first thing that is wrong with a part."""
    if not words.strip():
        return Problem("wording.problem.empty")
    if len(words) > LONGEST[part]:
        return Problem("form.too_long", {"longest": LONGEST[part], "length": len(words)})
    line_ends = "" if part == "subject" else "\n"
    for place, letter_of in enumerate(words):
        is_control = unicodedata.category(letter_of) in ("Cc", "Cs") and letter_of not in line_ends
        if is_control or _UNSEEN.match(letter_of):
            return Problem("wording.problem.control", {"line": _line(words, place)})
    known = allowed(letter)
    for found in _BRACE.finditer(words):
        name = _NAME.fullmatch(found[0])
        if not name or name[1] not in known:
            return Problem(
                "wording.problem.unknown",
                {"line": _line(words, found.start()), "found": found[0], "allowed": listed(known)},
            )
    missing = needed(letter, part) - names_in(words)
    if missing:
        return Problem("wording.problem.missing", {"missing": listed(missing)})
    return None


def listed(names: Iterable[str]) -> str:
    """Return names as they are written in a wording.

    >>> listed({"number", "link"})
    '{link} {number}'
    """
    return " ".join(f"{{{name}}}" for name in sorted(names))


def _line(words: str, place: int) -> int:
    return words.count("\n", 0, place) + 1
