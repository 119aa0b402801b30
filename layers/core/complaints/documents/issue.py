"""Issuing a document: its check code, and the entry of the history by which it can be verified.

A document says to whoever holds it what it says; whether we said so, the history does. Its check
code is the beginning of the SHA-256 over the canonical JSON of its content. The whole digest stands
in the history, with when and by whom. The content holds a salt of the complaint's own key: once
that is destroyed, the digest says nothing about anybody.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from hmac import compare_digest
from urllib.parse import quote

from complaints.documents.content import ISSUED, Document
from complaints.history import canonical
from complaints.lifecycle import record
from complaints.models import Complaint, File, Record, TrackingEntry
from complaints.parts import DocumentKind, IssuedDocument

CODE_LENGTH = 16
"""Hex digits of a check code: 64 bits, of which one try in 2^64 is right."""
GROUP = 4


class Issued(Record, frozen=True, kw_only=True):
    """A document that was issued once, as the history has it."""

    kind: DocumentKind
    number: str
    """As printed: that of the complaint, of a work order with its id."""
    digest: str
    at: datetime
    by: str
    """User name, or `check_sla`, `archive` and the like where no person did it."""


class Verified(Record, frozen=True, kw_only=True):
    """What the public page says about a document: nothing personal."""

    kind: DocumentKind
    number: str
    at: datetime
    replaced_at: datetime | None = None
    """When a later one was issued; None for the newest."""


def digest(document: Document) -> str:
    """Return the SHA-256 over the canonical JSON of a document's content, in hex."""
    return hashlib.sha256(canonical(document)).hexdigest()


def code_of(digest: str) -> str:
    """Return the check code of a digest as it is printed.

    >>> code_of("0123456789abcdef" * 4)
    '0123-4567-89AB-CDEF'
    """
    plain = digest[:CODE_LENGTH].upper()
    return "-".join(plain[start : start + GROUP] for start in range(0, CODE_LENGTH, GROUP))


def parse_code(text: str) -> str | None:
    """Return the hex digits of a check code as somebody typed it, or None if it is none.

    >>> parse_code("０１２３ 4567—89ab cdef")
    '0123456789abcdef'
    """
    plain = re.sub(r"[\s\-‐-―−]", "", unicodedata.normalize("NFKC", text[:60])).lower()
    # A letter that no code has was misread from paper.
    plain = plain.translate(str.maketrans("oil", "011"))
    return plain if re.fullmatch(rf"[0-9a-f]{{{CODE_LENGTH}}}", plain) else None


def address(document: Document, site_url: str) -> str:
    """Return the page that verifies a document; what its QR code holds."""
    return f"{site_url}/verify/{quote(document.number, safe='')}/{code_of(digest(document))}"


def issue(
    complaint: Complaint, document: Document, printed: File, *, at: datetime, actor: str
) -> tuple[Complaint, TrackingEntry, IssuedDocument]:
    """Put on record that a document was issued: which, its digest, and exactly which file."""
    stated = digest(document)
    changed, entry = record(
        complaint,
        ISSUED,
        at=at,
        actor=actor,
        facts={
            "document": document.kind,
            "number": document.number,
            "digest": stated,
            "sha256": printed.sha256,
        },
    )
    part = IssuedDocument(
        document_id=f"{document.kind}-{stated[:CODE_LENGTH]}",
        kind=document.kind,
        number=document.number,
        digest=stated,
        file=printed,
    )
    return changed, entry, part


def issued(entries: Iterable[TrackingEntry]) -> tuple[Issued, ...]:
    """Return the documents that a history has, the oldest first."""
    return tuple(
        Issued(
            kind=DocumentKind(str(one.facts["document"])),
            number=str(one.facts["number"]),
            digest=str(one.facts["digest"]),
            at=one.occurred_at,
            by=one.actor,
        )
        for one in entries
        if one.action == ISSUED
    )


def is_issued(document: Document, entries: Iterable[TrackingEntry]) -> bool:
    """Return whether exactly this document is the newest of its kind on record."""
    alike = [one for one in issued(entries) if _same(one, document.kind, document.number)]
    return bool(alike) and alike[-1].digest == digest(document)


def verified(entries: Iterable[TrackingEntry], number: str, code: str) -> Verified | None:
    """Return which document has this number and check code (16 hex digits); None for none."""
    known = issued(entries)
    found = [
        one
        for one in known
        if one.number == number and compare_digest(one.digest[:CODE_LENGTH], code)
    ]
    if not found:
        return None
    one = found[-1]
    later = [
        other.at for other in known[known.index(one) + 1 :] if _same(other, one.kind, one.number)
    ]
    return Verified(
        kind=one.kind, number=one.number, at=found[0].at, replaced_at=later[0] if later else None
    )


def _same(one: Issued, kind: DocumentKind, number: str) -> bool:
    return one.kind is kind and one.number == number
