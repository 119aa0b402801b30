"""The office's own words for letters, kept in the complaints table and changed in the console.

    what                               complaint_id                 part
    ---------------------------------  ---------------------------  ----------------------
    the newest change of each letter   wording                      <letter>#<language>
    each change, the first as 000001   wording#<letter>#<language>  <nnnnnn>

Each letter that is written reads its words once: a change holds for the next one.
"""

from typing import Any, Self

import msgspec

from complaints.aws.items import Stored, item, read
from complaints.aws.metrics import count
from complaints.aws.runtime import logger
from complaints.aws.table import Table
from complaints.lifecycle import ComplaintError
from complaints.wording import Wording, is_usable

COLLECTION = "wording"
LISTED = 50


class WordingChangedError(ComplaintError):
    """Somebody else has changed this letter since its page was opened; nothing was written."""

    text_id = "wording.error.changed"


class Wordings:
    """What the office has put in the place of the catalogue's words."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @classmethod
    def from_env(cls) -> Self:
        """Return the wordings of the deployment."""
        return cls(Table.from_env())

    def in_force(self, letter: str, language: str) -> Wording | None:
        """Return the words for a letter that is written now; None for the catalogue's.

        What is stored and can't be used lets an alarm ring, and holds up no letter.
        """
        stored = self._table.get(COLLECTION, _part(letter, language))
        wording = _usable(stored)
        if stored and wording is None:
            logger.error("wording not usable", letter=letter, language=language)
            count("WordingUnusable")
        return wording

    def newest(self, letter: str, language: str) -> Wording | None:
        """Return the last change of a letter, usable or not; None where there is none to read."""
        return _read(self._table.get(COLLECTION, _part(letter, language)))

    def number(self, letter: str, language: str) -> int:
        """Return how often a letter was changed, even where the last change can't be read."""
        stored = self._table.get(COLLECTION, _part(letter, language))
        return int(stored.get("number", {"N": "0"})["N"])

    def changed(self) -> dict[tuple[str, str], bool]:
        """Return whether what the office has changed is usable, by letter and language."""
        found = {}
        for stored in self._table.query(
            KeyConditionExpression="complaint_id = :wording",
            ExpressionAttributeValues={":wording": {"S": COLLECTION}},
        ):
            letter, _, language = stored["part"]["S"].partition("#")
            wording = _usable(stored)
            if not wording or not wording.is_original:
                found[letter, language] = wording is not None
        return found

    def history(self, letter: str, language: str) -> list[Wording]:
        """Return the last changes of a letter, the newest first."""
        page = self._table.page(
            KeyConditionExpression="complaint_id = :changes",
            ExpressionAttributeValues={
                ":changes": {"S": f"{COLLECTION}#{_part(letter, language)}"}
            },
            ScanIndexForward=False,
            Limit=LISTED,
        )
        return [one for one in map(_read, page["Items"]) if one]

    def save(self, wording: Wording) -> None:
        """Put words into force, and the change on record, in one transaction.

        Raises WordingChangedError unless `number` is the one after the last.
        """
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(part)"}
        if wording.number > 1:
            condition = {
                "ConditionExpression": "#number = :before",
                "ExpressionAttributeNames": {"#number": "number"},
                "ExpressionAttributeValues": {":before": {"N": str(wording.number - 1)}},
            }
        part = _part(wording.letter, wording.language)
        number = {"number": {"N": str(wording.number)}}
        change = item(f"{COLLECTION}#{part}", f"{wording.number:06}", wording)
        written = self._table.write(
            [
                self._table.put(item(COLLECTION, part, wording) | number, **condition),
                self._table.put(change, ConditionExpression="attribute_not_exists(part)"),
            ]
        )
        if not written:
            raise WordingChangedError(f"{part} was changed by somebody else")


def _part(letter: str, language: str) -> str:
    return f"{letter}#{language}"


def _read(stored: Stored) -> Wording | None:
    """Return what an item holds; None for none, and for one that is damaged."""
    try:
        return read(stored, Wording) if stored else None
    except (KeyError, TypeError, ValueError, msgspec.MsgspecError):
        return None


def _usable(stored: Stored) -> Wording | None:
    """Return words that letters can be written in; None for none, and for what is broken."""
    wording = _read(stored)
    try:
        return wording if wording and is_usable(wording) else None
    except KeyError:  # the letter is none of this release
        return None
