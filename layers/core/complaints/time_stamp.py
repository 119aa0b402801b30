"""Time stamps of an outside authority (RFC 3161): who doesn't trust our clock can trust theirs.

What is stamped is the file of a seal. A token is kept as the authority answered, so that other
tools read it too: `openssl ts -verify -in <day>.tsr -data <day>.json -CAfile root.pem`.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from complaints.seal import sha256


class TimeStampError(Exception):
    """A time stamp can't be had, or doesn't hold; the sentence says why."""


def request(content: bytes) -> bytes:
    """Return what an authority is asked (DER): a stamp over these bytes, with its certificates."""
    return _builder(content).build().as_bytes()


def _builder(content: bytes) -> TimestampRequestBuilder:
    return TimestampRequestBuilder(content, HashAlgorithm.SHA256, nonce=False, cert_req=True)


def expect_stamp(answer: bytes, content: bytes) -> None:
    """Raise TimeStampError unless an answer grants a stamp over exactly these bytes.

    Who gave it is not judged here: that needs the authority's root (`stamped_at`).
    """
    found = _read(answer)
    if PKIStatus(found.status) is not PKIStatus.GRANTED:
        raise TimeStampError(f"the authority refused: {', '.join(found.status_string)}")
    if found.tst_info.message_imprint.message.hex() != sha256(content):
        raise TimeStampError("the time stamp is over something else")


def stamped_at(answer: bytes, content: bytes, roots: Iterable[bytes]) -> datetime:
    """Return when these bytes were stamped (UTC), by an authority below one of these roots.

    `roots` are certificates in PEM; what lies between them and the authority comes with the
    answer. Raises TimeStampError where the stamp doesn't hold, or none of them answers for it.
    """
    from cryptography.x509 import load_pem_x509_certificate

    found = _read(answer)
    builder = VerifierBuilder()
    try:
        for root in roots:
            builder = builder.add_root_certificate(load_pem_x509_certificate(root))
        builder.build().verify_message(found, content)
    except (VerificationError, ValueError) as error:
        raise TimeStampError(f"the time stamp does not hold: {error}") from error
    return found.tst_info.gen_time.astimezone(UTC)


def _read(answer: bytes) -> TimeStampResponse:
    try:
        return decode_timestamp_response(answer)
    except ValueError as error:
        raise TimeStampError("this is no time stamp") from error
