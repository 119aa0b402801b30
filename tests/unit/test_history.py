"""The history: whoever changes, removes, adds or swaps an entry is found out."""

import json
from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints.history import breaks, canonical, chained, commitment
from complaints.models import Complainant, Outcome, Status, TrackingEntry
from tests.builders import (
    AT,
    QUIET_KEY,
    after,
    approved,
    assessed,
    closed,
    contact,
    finding,
    followed_up,
    investigated,
    phoned,
    rated,
    received,
    responded,
)

DOSSIER = closed()
ENTRIES = list(DOSSIER.entries)
HEAD = DOSSIER.complaint.digest
PLACES = st.integers(0, len(ENTRIES) - 1)
CANARY = "卡纳瑞·Canary"
PHONE = "13912345678"
ADDRESS = "canary@example.com"


@dataclass(frozen=True)
class Edit:
    """A side of an entry and what a forger writes into it."""

    side: str
    value: object


EDITS = st.sampled_from(
    [
        Edit("number", 9),
        Edit("occurred_at", AT.replace(year=2025)),
        Edit("actor", "somebody"),
        Edit("action", "approved_by_all"),
        Edit("status", Status.RECEIVED),
        Edit("facts", {"late": True, "forged": 1}),
        Edit("commitment", "0" * 64),
        Edit("previous", "0" * 64),
        Edit("digest", "0" * 64),
    ]
)


def test_a_whole_chain_has_no_breaks() -> None:
    """Nothing is found where nothing was done."""
    assert list(breaks(ENTRIES, HEAD)) == []
    assert list(breaks([])) == []


@given(place=PLACES, edit=EDITS)
def test_every_edit_is_found(place: int, edit: Edit) -> None:
    """Whatever side of whatever entry is changed, the chain does not hold any more."""
    forged = list(ENTRIES)
    forged[place] = msgspec.structs.replace(forged[place], **{edit.side: edit.value})
    changed = forged != ENTRIES
    assert bool(list(breaks(forged, HEAD))) == changed


@given(place=PLACES, edit=EDITS)
def test_an_edit_with_a_new_digest_is_found(place: int, edit: Edit) -> None:
    """A forger who reckons the entry's digest anew breaks the link of the entry after it."""
    forged = list(ENTRIES)
    edited = msgspec.structs.replace(forged[place], **{edit.side: edit.value})
    forged[place] = chained(edited, edited.previous)
    assert bool(list(breaks(forged, HEAD))) == (forged != ENTRIES)


@given(place=PLACES)
def test_every_removal_is_found(place: int) -> None:
    """The last entry included, for the head's digest is known elsewhere."""
    assert list(breaks(ENTRIES[:place] + ENTRIES[place + 1 :], HEAD))


@given(cut=PLACES)
def test_a_cut_tail_is_found_by_the_head_alone(cut: int) -> None:
    """The beginning of a chain is a chain: only who knows the newest digest sees what is gone."""
    assert list(breaks(ENTRIES[:cut])) == []
    found = list(breaks(ENTRIES[:cut], HEAD))
    assert found == [f"the newest entry is missing: the history ends before {HEAD[:12]}"]


@given(place=PLACES, source=PLACES)
def test_every_insertion_is_found(place: int, source: int) -> None:
    """An entry that is there twice is as much a forgery as a new one."""
    assert list(breaks([*ENTRIES[:place], ENTRIES[source], *ENTRIES[place:]], HEAD))


@given(one=PLACES, other=PLACES)
def test_every_swap_is_found(one: int, other: int) -> None:
    """Order is part of what is sealed."""
    swapped = list(ENTRIES)
    swapped[one], swapped[other] = swapped[other], swapped[one]
    assert bool(list(breaks(swapped, HEAD))) == (one != other)


def test_an_added_end_is_found() -> None:
    """A well linked entry after the last one does not end in the known head."""
    more = chained(msgspec.structs.replace(ENTRIES[-1], number=len(ENTRIES) + 1), HEAD)
    assert list(breaks([*ENTRIES, more], HEAD))


def test_nothing_personal_stands_in_an_entry() -> None:
    """Names, numbers, addresses and words enter as commitments only, at every stage."""
    words = f"{CANARY} {PHONE} {ADDRESS}"
    complainant = Complainant(name=CANARY, phone=PHONE, email=ADDRESS, address=words)
    dossier = received(
        f"前台态度恶劣 {words}", complainant=complainant, subject=words, demand=words, place=words,
        staff_involved=words,
    )  # fmt: skip
    dossier = approved(investigated(assessed(dossier)))
    dossier = after(dossier, phoned(dossier, Outcome.UNREACHABLE))
    dossier = followed_up(responded(dossier))
    dossier = closed(dossier)
    written = json.dumps([msgspec.to_builtins(entry) for entry in dossier.entries])
    plain = json.loads(written)
    for secret in (CANARY, PHONE, ADDRESS, "态度", "电话里说的话", finding().reply):
        assert secret not in json.dumps(plain, ensure_ascii=False)
    assert sum(bool(entry.commitment) for entry in dossier.entries) >= 5


def test_a_commitment_binds_and_hides() -> None:
    """The same words under another key, and other words under the same key, give another one."""
    said = contact("我的投诉")
    own = commitment(said, QUIET_KEY)
    assert own == commitment(contact("我的投诉"), QUIET_KEY)
    assert own != commitment(said, b"\x01" * 32)
    assert own != commitment(contact("我的投诉。"), QUIET_KEY)
    assert commitment(None, QUIET_KEY) == ""


def test_an_answer_is_proved_by_its_words_and_the_key() -> None:
    """Who has the file and the key can show that these words, and no others, were said."""
    dossier = responded()
    _, entry = rated(dossier, Outcome.SATISFIED)
    said = {"outcome": Outcome.SATISFIED, "satisfaction": 5, "words": "谢谢"}
    assert entry.commitment == commitment(said, dossier.key)
    assert entry.commitment != commitment({**said, "satisfaction": 1}, dossier.key)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=60)
@given(content=JSON)
def test_canonical_form_is_one_whatever_the_order(content: object) -> None:
    """What is read back and written again is the same bytes, so a digest can be repeated."""
    written = canonical(content)
    assert canonical(json.loads(written)) == written


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_survives_being_kept(entry: TrackingEntry) -> None:
    """What the table gives back has the digest that was written."""
    kept = msgspec.json.decode(msgspec.json.encode(entry), type=TrackingEntry)
    assert chained(kept, kept.previous).digest == entry.digest
