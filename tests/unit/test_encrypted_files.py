"""A file of a complaint comes back byte for byte, and only where and as it was encrypted."""

import io
import logging

import pytest
from aws_encryption_sdk import CommitmentPolicy, EncryptionSDKClient
from aws_encryption_sdk.identifiers import EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKey
from hypothesis import given
from hypothesis import strategies as st

from complaints.aws.encrypted_files import FRAME, decrypt_file, encrypt_file
from complaints.encryption import DecryptionError, file_key
from tests.builders import NUMBER

KEY, OTHER = b"k" * 32, b"o" * 32
NAME = "evidence/0123456789abcdef"


def encrypted(plain: bytes, key: bytes = KEY) -> bytes:
    """Return a file as it lies in the archive."""
    target = io.BytesIO()
    encrypt_file(io.BytesIO(plain), target, key, NUMBER, NAME)
    return target.getvalue()


def decrypted(
    sealed: bytes, key: bytes = KEY, complaint_id: str = NUMBER, name: str = NAME
) -> bytes:
    """Return what a file holds."""
    target = io.BytesIO()
    decrypt_file(io.BytesIO(sealed), target, key, complaint_id, name)
    return target.getvalue()


@pytest.mark.parametrize("size", [0, 1, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME + 7])
def test_a_file_comes_back_whatever_its_size(size: int) -> None:
    """Also an empty one, and those that end where a frame does."""
    plain = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    sealed = encrypted(plain)
    assert decrypted(sealed) == plain
    assert len(sealed) < size + 32 * (size // FRAME + 1) + 400


@given(data=st.data())
def test_any_flipped_bit_is_found(data: st.DataObject) -> None:
    """In header, frame or tag; nothing but DecryptionError comes up."""
    sealed = bytearray(SMALL)
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(DecryptionError, match=NAME):
        decrypted(bytes(sealed))


@given(data=st.data())
def test_a_cut_or_longer_file_is_found(data: st.DataObject) -> None:
    """At every length, and with anything behind its end."""
    end = data.draw(st.integers(0, len(SMALL) - 1))
    for wrong in (SMALL[:end], SMALL + data.draw(st.binary(min_size=1, max_size=40))):
        with pytest.raises(DecryptionError):
            decrypted(wrong)


def test_frames_change_no_place() -> None:
    """Each is authenticated with its number."""
    plain = b"a" * FRAME + b"b" * FRAME + b"c"
    sealed = encrypted(plain)
    size = FRAME + 4 + 12 + 16
    tail = 4 + 4 + 12 + 4 + 1 + 16
    start = len(sealed) - tail - 2 * size
    swapped = (
        sealed[:start]
        + sealed[start + size : start + 2 * size]
        + sealed[start : start + size]
        + sealed[start + 2 * size :]
    )
    assert len(swapped) == len(sealed)
    for wrong in (swapped, sealed[:start] + sealed[start + size :]):
        with pytest.raises(DecryptionError):
            decrypted(wrong)


def test_a_file_is_of_one_complaint_one_name_and_one_key() -> None:
    """Moved to another place it does not open."""
    with pytest.raises(DecryptionError):
        decrypted(SMALL, complaint_id="TS-2026-000002-5")
    with pytest.raises(DecryptionError):
        decrypted(SMALL, name="evidence/other")
    with pytest.raises(DecryptionError):
        decrypted(SMALL, key=OTHER)


def test_a_broken_file_leaves_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    """The SDK would log each twice, with all it knows."""
    with caplog.at_level(logging.WARNING), pytest.raises(DecryptionError):
        decrypted(SMALL[:-1])
    assert caplog.records == []


def test_the_message_is_the_one_that_is_written_down() -> None:
    """Readable with the bare SDK: committed, without a signature, its context in plain."""
    wrapping = WrappingKey(
        wrapping_algorithm=WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
        wrapping_key=file_key(KEY),
        wrapping_key_type=EncryptionKeyType.SYMMETRIC,
    )
    provider = RawMasterKey(provider_id="huiyin", key_id=b"file", wrapping_key=wrapping)
    client = EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
    plain, header = client.decrypt(source=SMALL, key_provider=provider)
    assert plain == b"small"
    assert header.algorithm.name == "AES_256_GCM_HKDF_SHA512_COMMIT_KEY"
    assert header.encryption_context == {"complaint_id": NUMBER, "file": NAME}
    assert header.frame_length == FRAME


SMALL = encrypted(b"small")
