"""The access history: a chain like the history, of codes and commitments only."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.access import AccessEntry, Look, UnmaskReason, looked
from complaints.history import breaks
from tests.builders import AT, QUIET_KEY

WORDS = "电话里自称卡纳瑞的人问起进度"


def chain(length: int = 5) -> list[AccessEntry]:
    """Return the looks of so many people, one a minute."""
    entries: list[AccessEntry] = []
    for number in range(length):
        entry = looked(
            entries[-1] if entries else None,
            Look.OPENED,
            by=f"person{number}",
            at=AT + timedelta(minutes=number),
        )
        entries.append(entry)
    return entries


@given(st.integers(0, 20))
def test_a_chain_that_was_written_is_whole(length: int) -> None:
    """Numbers from one on, each entry on the digest of the one before."""
    entries = chain(length)
    assert list(breaks(entries, entries[-1].digest if entries else "")) == []
    assert [one.number for one in entries] == list(range(1, length + 1))


@pytest.mark.parametrize("field", [one for one in AccessEntry.__struct_fields__ if one != "number"])
@pytest.mark.parametrize("place", range(5))
def test_a_change_of_any_field_is_found(field: str, place: int) -> None:
    """Who, when, what, why: none can be written over."""
    entries = chain()
    other = {"at": AT - timedelta(days=1), "action": Look.READ}.get(field, "x" * 64)
    entries[place] = msgspec.structs.replace(entries[place], **{field: other})
    assert list(breaks(entries, chain()[-1].digest))


def test_a_look_that_is_taken_out_is_found() -> None:
    """From the middle, from the end, or put in another place."""
    head = chain()[-1].digest
    assert list(breaks([*chain()[:2], *chain()[3:]], head))
    assert list(breaks(chain()[:-1], head))
    assert list(breaks([*chain()[:3], chain()[4], chain()[3]], head))


def test_words_are_committed_to_and_not_kept() -> None:
    """Why somebody must see is nobody's to read in the chain, and can't be changed later."""
    entry = looked(
        None, Look.UNMASKED, by="shen", at=AT, reason_code=UnmaskReason.AUDIT, words=WORDS,
        key=QUIET_KEY,
    )  # fmt: skip
    again = looked(
        None, Look.UNMASKED, by="shen", at=AT, reason_code=UnmaskReason.AUDIT, words=WORDS + "。",
        key=QUIET_KEY,
    )  # fmt: skip
    assert WORDS not in msgspec.json.encode(entry).decode()
    assert len(entry.commitment) == 64
    assert entry.commitment != again.commitment
