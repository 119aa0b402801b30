"""A cipher opens with its own key at its own place, and says so where anything is different."""

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from complaints.aws.items import filed, is_personal, read
from complaints.encryption import (
    ADDED_BYTES,
    KEY_BYTES,
    NONCE_BYTES,
    DecryptionError,
    decrypt,
    encrypt,
    file_key,
    record_key,
)
from complaints.models import Complainant
from tests.builders import LI, NUMBER

KEYS = st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES)
NONCES = st.binary(min_size=NONCE_BYTES, max_size=NONCE_BYTES)
KEY, OTHER = b"k" * KEY_BYTES, b"o" * KEY_BYTES
ABOUT = f"{NUMBER}/person"


@given(plain=st.binary(max_size=3000), key=KEYS, about=st.text(max_size=60), nonce=NONCES)
def test_what_is_encrypted_is_decrypted(plain: bytes, key: bytes, about: str, nonce: bytes) -> None:
    """Whatever it is, 28 bytes longer on its way, and for another nonce another cipher."""
    sealed = encrypt(plain, key, about, nonce)
    assert decrypt(sealed, key, about) == plain
    assert len(sealed) == len(plain) + ADDED_BYTES == len(plain) + 28


@given(plain=st.binary(max_size=300), data=st.data())
def test_any_flipped_bit_is_found(plain: bytes, data: st.DataObject) -> None:
    """In nonce, ciphertext or tag."""
    sealed = bytearray(encrypt(plain, KEY, ABOUT, b"n" * NONCE_BYTES))
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(DecryptionError, match=ABOUT):
        decrypt(bytes(sealed), KEY, ABOUT)


@given(cut=st.integers(0, 60))
def test_a_cut_or_longer_cipher_is_found(cut: int) -> None:
    """Also one that is too short to have a nonce and a tag."""
    sealed = encrypt(b"x" * 33, KEY, ABOUT, b"n" * NONCE_BYTES)
    for wrong in (sealed[:cut], sealed + b"\0"):
        with pytest.raises(DecryptionError):
            decrypt(wrong, KEY, ABOUT)


@given(about=st.text(max_size=60).filter(lambda one: one != ABOUT))
def test_a_cipher_opens_at_no_other_place(about: str) -> None:
    """Neither as another part nor as another complaint's."""
    with pytest.raises(DecryptionError):
        decrypt(encrypt(b"x", KEY, ABOUT, b"n" * NONCE_BYTES), KEY, about)


@given(key=KEYS.filter(lambda one: one != KEY))
def test_a_cipher_opens_with_no_other_key(key: bytes) -> None:
    """Of another complaint, or of none."""
    sealed = encrypt(b"x", KEY, ABOUT, b"n" * NONCE_BYTES)
    for wrong in (key, b""):
        with pytest.raises(DecryptionError):
            decrypt(sealed, wrong, ABOUT)


def test_no_key_serves_two_formats() -> None:
    """Records, files and the data key itself are three keys (RFC 5869)."""
    assert len({KEY, record_key(KEY), file_key(KEY)}) == 3
    sealed = encrypt(b"x", KEY, ABOUT, b"n" * NONCE_BYTES)
    for wrong in (KEY, file_key(KEY)):
        with pytest.raises(InvalidTag):
            AESGCM(wrong).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], ABOUT.encode())


def test_the_derivation_is_the_published_one() -> None:
    """Anybody can write it down again: one block of HKDF-Expand with SHA-256."""
    import hashlib
    import hmac

    expected = hmac.digest(KEY, b"huiyin/record\x01", hashlib.sha256)
    assert record_key(KEY) == expected


# ---- as parts lie in the table ---------------------------------------------------------------


def test_a_personal_part_is_a_cipher_and_nothing_else() -> None:
    """Twice the same record is two ciphers: nobody can tell that they hold the same."""
    stored = filed(NUMBER, "person", LI, KEY)
    assert set(stored) == {"complaint_id", "part", "cipher"}
    assert read(stored, Complainant, KEY) == LI
    assert filed(NUMBER, "person", LI, KEY)["cipher"] != stored["cipher"]


def test_a_plain_part_stays_plain_whatever_the_key() -> None:
    """Lists and limits read it without a key; only these kinds, each named."""
    for part in ("complaint", "track#000001", "told#1#zhang", "seat#zhang", "merged#TS-1"):
        assert not is_personal(part)
        assert "document" in filed(NUMBER, part, LI, KEY)
    for part in ("person", "contact#1", "letter#1", "decision#000002", "whatever#1"):
        assert is_personal(part)


def test_what_was_written_before_there_were_keys_is_read() -> None:
    """A complaint without a key lies in plain, to the end."""
    assert read(filed(NUMBER, "person", LI), Complainant) == LI


def test_a_plain_row_of_a_complaint_with_a_key_is_refused() -> None:
    """Who may write to the table could else put words into somebody's mouth."""
    with pytest.raises(DecryptionError, match=ABOUT):
        read(filed(NUMBER, "person", LI), Complainant, KEY)


def test_a_cipher_that_was_moved_is_refused_by_its_place() -> None:
    """To another part, and to another complaint that has the same key."""
    stored = filed(NUMBER, "contact#1", LI, KEY)
    for moved in ({"part": {"S": "contact#2"}}, {"complaint_id": {"S": "TS-2026-000002-5"}}):
        with pytest.raises(DecryptionError):
            read(stored | moved, Complainant, KEY)
    with pytest.raises(DecryptionError):
        read(stored, Complainant, OTHER)
