"""The access history: who looked at what, when and why (F5, I8); chained like the history.

Each complaint has a chain of its own, apart from its history: looking changes nothing, and a look
must not be in the way of a save. What concerns no single complaint has a chain for each month.
"""

from datetime import datetime
from enum import StrEnum

from complaints.history import chained, commitment
from complaints.record import Record

COLLECTION = "access#"
EXPORTS = "exports"
MAIL = "mail"


class Look(StrEnum):
    """What somebody did who looked."""

    OPENED = "opened"
    """A page of the complaint; `what` says which where it is not the first."""
    PREVIEWED = "previewed"
    """A letter before it goes out; `what` is the form."""
    UNMASKED = "unmasked"
    """The page once with all particulars, with a reason."""
    DOWNLOADED = "downloaded"
    """A file: evidence, the original of a mail, a document, a bundle."""
    CHECKED = "checked"
    """A bundle of the archive."""
    LISTED = "listed"
    """The complaints of a month, or those of a report; `what` has the filters."""
    SEARCHED = "searched"
    """The archive; `what` has the filters, and the words are committed to."""
    EXPORTED = "exported"
    """The workbook of a month."""
    READ = "read"
    """A mail that waits for somebody."""


class UnmaskReason(StrEnum):
    """Why somebody must see personal particulars who has no task in the complaint."""

    AUDIT = "audit"
    CONTACT = "contact"
    SUPERVISION = "supervision"
    AUTHORITY = "authority"
    SECURITY = "security"


class AccessEntry(Record, frozen=True, kw_only=True):
    """One look: codes, ids and instants. The words of a reason enter as a commitment only."""

    number: int
    at: datetime
    by: str
    action: Look
    what: str = ""
    """What was looked at beside the complaint itself, as an id or codes; never a person's words."""
    reason_code: str = ""
    commitment: str = ""
    """HMAC of the words of a reason, or of a search, under the complaint's or deployment's key."""
    previous: str = ""
    digest: str = ""


def looked(
    before: AccessEntry | None,
    action: Look,
    *,
    by: str,
    at: datetime,
    what: str = "",
    reason_code: str = "",
    words: str = "",
    key: bytes = b"",
) -> AccessEntry:
    """Return the entry of a look, which follows `before`; None stands for the first of all.

    It is never of an earlier day than that: their seals would seem to go back.
    """
    entry = AccessEntry(
        number=before.number + 1 if before else 1,
        at=max(at, before.at) if before else at,
        by=by,
        action=action,
        what=what,
        reason_code=reason_code,
        commitment=commitment(words, key),
    )
    return chained(entry, before.digest if before else "")


def collection_of(complaint_id: str) -> str:
    """Return the name of the chain of a complaint's looks.

    >>> collection_of("TS-2026-000123-7")
    'access#TS-2026-000123-7'
    """
    return f"{COLLECTION}{complaint_id}"


def collection_of_month(kind: str, at: datetime) -> str:
    """Return the name of the chain of looks at no single complaint; `kind` is `exports` or `mail`.

    >>> from datetime import UTC
    >>> collection_of_month("mail", datetime(2026, 11, 30, 23, 59, tzinfo=UTC))
    'access#mail-2026-11'
    """
    return f"{COLLECTION}{kind}-{at:%Y-%m}"
