"""How the personal parts of a complaint are encrypted: under a key that is that complaint's own.

Destroying this data key of 32 bytes erases the person everywhere at once, in copies and backups
too; `aws.keys` keeps it. Nothing is encrypted under the data key itself: records and files have a
key each that is derived from it (HKDF-SHA256, RFC 5869), so that none serves two formats.

A record is AES-256-GCM: nonce (12 bytes), then ciphertext and tag (16). What it is authenticated
with names its place, `<complaint_id>/<part>`: a cipher that was moved to another complaint or to
another part does not open. Pure: the nonce is passed in, 12 random bytes for each call.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
ADDED_BYTES = NONCE_BYTES + TAG_BYTES
"""By how much a cipher is longer than what it holds."""


class DecryptionError(Exception):
    """Something is not what was encrypted there, or the key is another's; names what and where."""

    def __init__(self, about: str) -> None:
        super().__init__(f"{about} can't be decrypted: changed, moved there, or of another key")
        self.about = about


def encrypt(plain: bytes, key: bytes, about: str, nonce: bytes) -> bytes:
    """Return a record's cipher; `key` is the complaint's data key, `nonce` 12 fresh random bytes.

    `about` is where it will lie, `<complaint_id>/<part>`.
    """
    return nonce + AESGCM(record_key(key)).encrypt(nonce, plain, about.encode())


def decrypt(sealed: bytes, key: bytes, about: str) -> bytes:
    """Return what `encrypt` was given; raises DecryptionError for the least difference."""
    if len(sealed) < ADDED_BYTES:
        raise DecryptionError(about)
    nonce, cipher = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return AESGCM(record_key(key)).decrypt(nonce, cipher, about.encode())
    except InvalidTag:
        raise DecryptionError(about) from None


def record_key(key: bytes) -> bytes:
    """Return the key of a complaint's records, derived from its data key."""
    return _derived(key, b"huiyin/record")


def file_key(key: bytes) -> bytes:
    """Return the key of a complaint's files, derived from its data key."""
    return _derived(key, b"huiyin/file")


def _derived(key: bytes, info: bytes) -> bytes:
    """Return 32 bytes by HKDF; a random key needs no extraction first (RFC 5869, 3.3)."""
    return HKDFExpand(algorithm=SHA256(), length=KEY_BYTES, info=info).derive(key)
