"""Tests for how records are packed: what is stored stays readable, and short."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.aws.items import complaint_item, filed, item, read, read_head
from complaints.aws.packing import DICTIONARY, unpack
from complaints.models import Decision
from tests.builders import closed

STORED = bytes.fromhex("78f9c536fdddab468e0050734b2f3d311fa5502b292a4d8547067adbac1600d5fd169a")
"""A record as an installation holds it."""


@given(st.builds(Decision, approver=st.text(), approved=st.booleans(), reason=st.text()))
def test_what_is_packed_is_read_as_it_was(decision: Decision) -> None:
    """Whatever the words, in a complaint's file and outside of one."""
    assert read(filed("TS-1", "decision#000001", decision), Decision) == decision
    assert read(item("TS-1", "decision#000001", decision), Decision) == decision


def test_what_is_stored_stays_readable() -> None:
    """The words are part of the format: with others, nothing that is kept could be read."""
    assert unpack(STORED) == b'{"approver":"head.gao","approved":true,"code":"department_head"}'
    assert zlib.adler32(DICTIONARY) == int.from_bytes(STORED[2:6])


def test_other_words_are_noticed() -> None:
    """No record is made of what was packed otherwise."""
    packer = zlib.compressobj(zdict=b"other words")
    with pytest.raises(zlib.error):
        unpack(packer.compress(b"{}") + packer.flush())


def test_a_head_stays_within_the_kilobyte_that_is_billed_as_one() -> None:
    """That of a complaint that has gone all its way."""
    head = closed().complaint
    stored = complaint_item(head)
    assert read_head(stored) == head
    size = sum(len(name) + len(next(iter(value.values()))) for name, value in stored.items())
    assert size < 1024
