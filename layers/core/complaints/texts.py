"""Every word that people read, by symbolic id and language.

The words live in the gettext catalogues under `locale/`; code and templates know only ids such as
`form.submit`. Chinese is the first language: what another language lacks is said in Chinese.
"""

import gettext
import re
from collections.abc import Sequence
from functools import cache
from importlib import resources

FIRST = "zh_CN"
LANGUAGES = (FIRST, "en")

_WISH = re.compile(
    r"\s*([A-Za-z]{1,8}|\*)(?:[-_][A-Za-z0-9]{1,8})*\s*(?:;\s*q=([01](?:\.\d{0,3})?))?"
)


class _Missing(gettext.NullTranslations):
    """The end of the line: an id that no catalogue knows is a mistake of ours."""

    def gettext(self, message: str) -> str:
        raise KeyError(message)


class Texts:
    """The words of one language: `t("form.submit")`, `t("greeting", name=name)`."""

    def __init__(self, language: str, catalogue: gettext.NullTranslations) -> None:
        self.language = language
        self._catalogue = catalogue

    def __call__(self, text_id: str, /, **values: object) -> str:
        """Return the words of this id with the named values put in; KeyError if it is unknown."""
        return self._catalogue.gettext(text_id).format_map(values)

    def as_written(self, text_id: str) -> str:
        """Return the words with the names of their values; KeyError if the id is unknown."""
        return self._catalogue.gettext(text_id)

    def __contains__(self, text_id: str) -> bool:
        try:
            self._catalogue.gettext(text_id)
        except KeyError:
            return False
        return True


@cache
def texts(language: str) -> Texts:
    """Return the words of this language; of Chinese where we do not speak it."""
    spoken = language if language in LANGUAGES else FIRST
    catalogue = _catalogue(spoken)
    if spoken != FIRST:
        catalogue.add_fallback(_catalogue(FIRST))
    catalogue.add_fallback(_Missing())
    return Texts(spoken, catalogue)


def negotiate(*wishes: str | None, offered: Sequence[str] = LANGUAGES) -> str:
    """Return the language of the first wish that can be met; wishes are weighed in their order.

    A wish is a language code or a whole Accept-Language header, so the address (`?lang=`), the
    cookie and the header can be given as they came.

    >>> negotiate(None, "", "fr;q=0.9, en-GB;q=0.8, zh;q=0.1")
    'en'
    """
    for wish in wishes:
        for primary in _by_weight(wish or ""):
            for language in offered:
                if primary in ("*", language.partition("_")[0]):
                    return language
    return offered[0]


def _by_weight(wish: str) -> list[str]:
    """Return the primary subtags of an Accept-Language header, the dearest first."""
    found = [match for part in wish[:200].split(",") if (match := _WISH.match(part))]
    weighed = [(float(match[2] or 1), match[1].lower()) for match in found]
    return [primary for weight, primary in sorted(weighed, key=lambda one: -one[0]) if weight > 0]


def _catalogue(language: str) -> gettext.GNUTranslations:
    path = resources.files("complaints") / "locale" / language / "LC_MESSAGES" / "messages.mo"
    with path.open("rb") as compiled:
        return gettext.GNUTranslations(compiled)


_CHINESE = re.compile(r"[\u3400-\u9fff]")


def language_of(text: str, offered: Sequence[str] = LANGUAGES) -> str:
    """Return the language to answer a text in: Chinese where any Chinese stands in it.

    An empty text is answered in the first language; every other text in English, if we offer it.
    """
    if not text.strip() or _CHINESE.search(text) or "en" not in offered:
        return offered[0]
    return "en"
