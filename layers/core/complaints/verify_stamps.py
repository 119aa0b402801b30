"""Checks the time stamps of seals: what an authority outside says about when a seal was there."""

import re
from collections.abc import Iterable

from complaints.verify_files import Damage, Files, Finding, small

STAMP_LIMIT = 1 << 20
SIGNED_DATA, SIGNER_INFO = b"\x03", b"\x01"
"""Versions that a token (RFC 3161) and who signed it have (RFC 5652)."""
DIGEST, ECDSA, RSA = (
    bytes.fromhex(name)
    for name in ("06096086480165030402", "06082a8648ce3d0403", "06092a864886f70d0101")
)
SIGNATURES = {
    DIGEST + bytes([number]): {
        ECDSA + bytes([number + 1]),
        *(RSA + bytes([last]) for last in (0x01, 0x0A, 0x0A + number)),
    }
    for number in (1, 2, 3)
}
"""SHA-256, 384 or 512 -> names of algorithms by which a token may be signed with it."""
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def certificates(content: bytes) -> list[bytes]:
    """Return the certificates of a PEM file, each on its own; raises ValueError for none."""
    from cryptography.x509 import load_pem_x509_certificate

    found = _CERTIFICATE.findall(content)
    for one in found:
        load_pem_x509_certificate(one)
    if not found:
        raise ValueError("there is no certificate in it")
    return found


def check_stamp(files: Files, path: str, seal: bytes, roots: Iterable[bytes]) -> Finding:
    """Return what was found about the time stamp of a seal, whose file has these bytes.

    Without `roots` (PEM) it is only looked whether it is about this seal, and that is said.
    """
    finding = Finding(path=path)
    if not seal:
        finding.add("missing: the seal that it is about")
        return finding
    try:
        _check(small(files, path, STAMP_LIMIT), seal, list(roots), finding)
    except Damage as damage:
        finding.add(str(damage))
    return finding


def _check(content: bytes, seal: bytes, roots: list[bytes], finding: Finding) -> None:
    from rfc3161_client import decode_timestamp_response

    from complaints.time_stamp import TimeStampError, expect_stamp, stamped_at

    try:
        expect_stamp(content, seal)
        if decode_timestamp_response(content).as_bytes() != content or not _is_usual(content):
            finding.add("stamp: it is not written in its one form")
        if roots:
            at = stamped_at(content, seal, roots)
            finding.notes.append(f"stamped at {at:%Y-%m-%d %H:%M:%S}Z")
        else:
            finding.notes.append("not checked by whom: no --time-stamp-root was given")
    except (TimeStampError, ValueError) as error:
        raise Damage(f"stamp: {error}") from error


def _is_usual(content: bytes) -> bool:
    """Return whether what no signature covers, and nobody else looks at, is what it must be.

    These are the versions and the name of the algorithm; the key tells which one it is.
    """
    try:
        answer = _inside(content)[0][1]
        token = _inside(_inside(answer)[1][1])
        signed = _inside(_inside(token[1][1])[0][1])
        signer = _inside(_inside(signed[-1][1])[0][1])
        at = next(number for number, (tag, _) in enumerate(signer) if tag == _OCTETS)
        digest, algorithm = (_name(signer[place][1]) for place in (2, at - 1))
        named = algorithm in SIGNATURES.get(digest, ())
    except (IndexError, StopIteration):
        return False
    return signed[0][1] == SIGNED_DATA and signer[0][1] == SIGNER_INFO and named


_OCTETS = 0x04


def _name(algorithm: bytes) -> bytes:
    """Return the name of an algorithm, without its parameters."""
    return algorithm[: 2 + algorithm[1]]


def _inside(content: bytes) -> list[tuple[int, bytes]]:
    """Return the values that DER bytes hold one after the other, each with its tag."""
    found, at = list[tuple[int, bytes]](), 0
    while at < len(content):
        tag, length, at = content[at], content[at + 1], at + 2
        if length > 0x80:  # noqa: PLR2004 - X.690, 8.1.3.5: the long form
            size = length - 0x80
            length, at = int.from_bytes(content[at : at + size]), at + size
        found.append((tag, content[at : at + length]))
        at += length
    return found
