"""Files of a complaint, encrypted as messages of the AWS Encryption SDK; streamed, of any size.

Frames of 1 MiB, with key commitment and without a signature; the wrapping key is the complaint's
file key (`encryption.file_key`). The message says in plain whose it is: the complaint's number and
the file's name are its encryption context, and authenticated. Anybody's SDK can read it who has the
key. The SDK is loaded at the first file: no handler waits for it.
"""

from io import IOBase
from typing import IO, Any

from complaints.encryption import DecryptionError, file_key

FRAME = 1 << 20
PROVIDER = "huiyin"


def encrypt_file(
    source: IO[bytes], target: IO[bytes], key: bytes, complaint_id: str, name: str
) -> None:
    """Encrypt what `source` holds into `target`; `key` is the complaint's data key."""
    from aws_encryption_sdk.identifiers import Algorithm

    with _client().stream(
        mode="encrypt",
        source=source,
        key_provider=_wrapping(key),
        algorithm=Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY,
        encryption_context=_context(complaint_id, name),
        frame_length=FRAME,
    ) as sealed:
        for piece in sealed:
            target.write(piece)


def decrypt_file(
    source: IO[bytes], target: IO[bytes], key: bytes, complaint_id: str, name: str
) -> None:
    """Decrypt into `target` what `encrypt_file` made of this file of this complaint.

    Each frame is checked before it is written; what fails later leaves the frames before it in
    `target`, which is then to be thrown away. Raises DecryptionError.
    """
    from aws_encryption_sdk.exceptions import AWSEncryptionSDKClientError
    from cryptography.exceptions import InvalidTag

    about = f"{complaint_id}/{name}"
    wanted = _context(complaint_id, name)
    plain = _client().stream(mode="decrypt-unsigned", source=source, key_provider=_wrapping(key))
    try:
        said = plain.header.encryption_context
        if {one: said.get(one) for one in wanted} != wanted:
            raise DecryptionError(about)
        for piece in plain:
            target.write(piece)
    except (AWSEncryptionSDKClientError, InvalidTag) as error:
        raise DecryptionError(about) from error
    finally:
        # The SDK's own way to close logs a broken message once more, at length.
        IOBase.close(plain)
    if source.read(1):
        raise DecryptionError(about)


def _client() -> Any:  # noqa: ANN401 - the SDK has no types
    from aws_encryption_sdk import CommitmentPolicy, EncryptionSDKClient

    return EncryptionSDKClient(
        commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
        max_encrypted_data_keys=1,
    )


def _wrapping(key: bytes) -> Any:  # noqa: ANN401 - the SDK has no types
    """Return the provider of one key: a complaint's file key, under the same name for all."""
    from aws_encryption_sdk.identifiers import EncryptionKeyType, WrappingAlgorithm
    from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
    from aws_encryption_sdk.key_providers.raw import RawMasterKey

    return RawMasterKey(
        provider_id=PROVIDER,
        key_id=b"file",
        wrapping_key=WrappingKey(
            wrapping_algorithm=WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
            wrapping_key=file_key(key),
            wrapping_key_type=EncryptionKeyType.SYMMETRIC,
        ),
    )


def _context(complaint_id: str, name: str) -> dict[str, str]:
    return {"complaint_id": complaint_id, "file": name}
