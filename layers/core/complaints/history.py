"""The tamper-evident history: each entry holds the digest of the one before (F4).

A digest is SHA-256 over the canonical JSON (RFC 8785) of an entry without its digest. Personal
content enters only as a commitment: an HMAC-SHA-256 under the complaint's own random key.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import rfc8785

from complaints.models import TrackingEntry, sortable

if TYPE_CHECKING:
    from complaints.access import AccessEntry

E = TypeVar("E", bound="TrackingEntry | AccessEntry")


class HistoryError(Exception):
    """An entry doesn't follow from the one before."""


def commitment(personal: object, key: bytes) -> str:
    """Return the keyed commitment to a piece of personal content; "" for nothing."""
    if not personal:
        return ""
    return hmac.new(key, canonical(personal), hashlib.sha256).hexdigest()


def canonical(content: object) -> bytes:
    """Write a record, or a container of them, as canonical JSON; instants as `sortable` text.

    >>> canonical({"b": 1, "a": None})
    b'{"a":null,"b":1}'
    """
    return rfc8785.dumps(_plain(content))


def _plain(content: object) -> Any:  # noqa: ANN401 - JSON is what it is
    """Turn records into JSON's own kinds."""
    if isinstance(content, datetime):
        return sortable(content)
    if isinstance(content, msgspec.Struct):
        content = msgspec.to_builtins(content, builtin_types=(datetime,))
    if isinstance(content, dict):
        return {str(name): _plain(value) for name, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_plain(value) for value in content]
    return content


def chained(entry: E, previous: str) -> E:
    """Return the entry linked to the digest before it, and with its own."""
    linked = msgspec.structs.replace(entry, previous=previous, digest="")
    return msgspec.structs.replace(linked, digest=hashlib.sha256(canonical(linked)).hexdigest())


def breaks(entries: Iterable["TrackingEntry | AccessEntry"], head: str = "") -> Iterator[str]:
    """Yield a sentence for each place where the chain does not hold; nothing if it is whole.

    `head` is the digest of the newest entry as kept elsewhere: without it a cut tail isn't seen.
    """
    previous, expected = "", 1
    for entry in entries:
        if entry.number != expected:
            yield f"entry {expected} is missing: entry {entry.number} stands in its place"
        if entry.previous != previous:
            yield f"entry {entry.number} does not follow from the entry before it"
        if chained(entry, entry.previous).digest != entry.digest:
            yield f"entry {entry.number} was changed after it was written"
        previous, expected = entry.digest, entry.number + 1
    if head and previous != head:
        yield f"the newest entry is missing: the history ends before {head[:12]}"
