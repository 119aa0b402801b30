"""Files of the archive bucket as the verifier reads them, and the key that it checks them with."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import BinaryIO, Self

from complaints.aws.environment import resource
from complaints.aws.runtime import client
from complaints.aws.vault import Vault
from complaints.verify_files import Found


class ArchiveFiles:
    """Some files of the archive, by their keys; the bucket is read as they are asked for."""

    def __init__(self, vault: Vault, found: Iterable[Found]) -> None:
        self._vault, self._found = vault, tuple(found)

    @classmethod
    def of(cls, keys: Iterable[str]) -> Self:
        """Return what lies under these keys, and what belongs to it: proofs, large evidence."""
        vault = Vault.from_env()
        return cls(vault, (one for key in keys for one in vault.beside(key)))

    @property
    def size(self) -> int:
        """How many bytes they have together."""
        return sum(one.size for one in self._found)

    def found(self) -> Iterator[Found]:
        """Yield each of them."""
        return iter(self._found)

    def open(self, name: str) -> BinaryIO:
        """Open one for reading once; raises FileNotFoundError."""
        content = self._vault.open(name)
        if content is None:
            raise FileNotFoundError(2, "it is not there")
        return content


@cache
def public_key() -> bytes:
    """Return the public key (DER) of the seals: from KMS, never from what is to be checked."""
    key: bytes = client("kms").get_public_key(KeyId=resource("SEAL_KEY"))["PublicKey"]
    return key
