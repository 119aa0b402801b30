"""Registering: a complaint, its number and the claim of its mail or form, all in one write (F2)."""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Self

import msgspec

from complaints.aws.items import (
    Claim,
    Person,
    claim_id,
    complaint_item,
    filed,
    item,
    part_item,
    read,
    track,
)
from complaints.aws.keys import keys
from complaints.aws.numbers import Numbers
from complaints.aws.repository import StaleComplaintError
from complaints.aws.table import Table
from complaints.lifecycle import ComplaintError
from complaints.models import Complaint, Record, TrackingEntry

TRIES = 40
MOST_CLAIMS = 100


class ConflictError(ComplaintError):
    """The same mail or form id came with other content: a person must look (promise 26)."""

    text_id = "error.conflict"

    def __init__(self, message: str, *, complaint_id: str) -> None:
        super().__init__(message)
        self.complaint_id = complaint_id


class ExpectedElsewhereError(ComplaintError):
    """A mail that this one refers to was claimed in between: its complaint is to be looked for."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A complaint that has everything but is not saved yet."""

    complaint: Complaint
    entry: TrackingEntry
    person: Person
    parts: tuple[Record, ...]


class Registry:
    """Who has which mail or form, and the numbers that are given."""

    def __init__(self, table: str) -> None:
        self._table = Table(table)
        self._numbers = Numbers(table)

    @classmethod
    def from_env(cls) -> Self:
        """Return the registry of the deployed table."""
        return cls(Table.from_env().name)

    def register(
        self,
        claimed: str,
        digest: str,
        token: str,
        year: int,
        draft: Callable[[int], Draft],
        *,
        expected: Sequence[str] = (),
    ) -> tuple[str, bool]:
        """Save a new complaint under the next number of the year; return its id, and if it is new.

        `claimed` is what makes it one and the same (a Message-ID, the id of a form), `digest` its
        content, `token` this attempt's own mark. One transaction takes the claim, the number and
        the first save, with the data key that its personal parts lie under: no number is left out,
        none is given twice, and a repeat finds the first.
        `expected` are mails that belong to it and are not here yet: they are claimed with it, for
        any content.

        Raises ConflictError if `claimed` is taken by other content, ExpectedElsewhereError if one
        of `expected` is taken, StaleComplaintError where the crowd is too large for a number in 40
        tries.
        """
        for lost in range(TRIES):
            turn = self._numbers.next(year, lost)
            made = draft(turn.n)
            complaint_id = made.complaint.complaint_id
            claim = Claim(complaint_id=complaint_id, digest=digest, token=token)
            key, kept = keys().new(complaint_id)
            if self._table.write(
                [
                    self._table.put(
                        item(claim_id(claimed), "claim", claim),
                        ConditionExpression="attribute_not_exists(part)",
                    ),
                    turn.write,
                    kept,
                    self._table.put(
                        complaint_item(made.complaint),
                        ConditionExpression="attribute_not_exists(part)",
                    ),
                    self._table.put(filed(complaint_id, track(made.entry), made.entry)),
                    self._table.put(filed(complaint_id, "person", made.person, key)),
                    *(self._table.put(part_item(made.complaint, part, key)) for part in made.parts),
                    *(
                        self._table.put(
                            item(claim_id(one), "claim", claim.replace(digest="")),
                            ConditionExpression="attribute_not_exists(part)",
                        )
                        for one in expected
                    ),
                ]
            ):
                self._numbers.given(turn)
                keys().remember(complaint_id, key)
                return complaint_id, True
            if holder := self.claimed(claimed):
                if holder.token == token:
                    # The reply of our own write was lost.
                    self._numbers.given(turn)
                    return holder.complaint_id, True
                self._numbers.left(turn)
                if holder.digest != digest:
                    raise ConflictError(
                        "the same id came with other content", complaint_id=holder.complaint_id
                    )
                return holder.complaint_id, False
            if expected and self.holders(expected):
                self._numbers.left(turn)
                raise ExpectedElsewhereError("a mail that it refers to has come")
            # Somebody else took the number: spread the next tries.
            time.sleep(random.uniform(0, 0.02 * min(lost + 1, 10)))  # noqa: S311
        raise StaleComplaintError(f"no number of {year} could be taken in {TRIES} tries")

    def claimed(self, claimed: str) -> Claim | None:
        """Return who has this mail or form, if anybody has."""
        found = self._table.get(claim_id(claimed), "claim")
        return read(found, Claim) if found else None

    def claimed_any(self, claimed: Iterable[str]) -> Claim | None:
        """Return who has the first of these mails that anybody has, of a hundred at most."""
        return next(iter(self.holders(claimed).values()), None)

    def holders(self, claimed: Iterable[str]) -> dict[str, Claim]:
        """Return who has which of these mails, in the order asked for, of a hundred at most."""
        wanted = {claim_id(one): one for one in list(dict.fromkeys(claimed))[:MOST_CLAIMS]}
        stored = self._table.get_all(list(wanted), "claim")
        found = {one["complaint_id"]["S"]: read(one, Claim) for one in stored}
        return {one: found[key] for key, one in wanted.items() if key in found}
