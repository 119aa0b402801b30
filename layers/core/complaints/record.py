"""The base of every record, and how an instant is written."""

from datetime import UTC, datetime
from typing import Any, Self

import msgspec


class Record(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Base of every record: immutable, validated when it is read and when it is changed."""

    def replace(self, **changes: Any) -> Self:  # noqa: ANN401 - a field may hold anything
        """Return a copy with these fields changed, validated again."""
        changed = msgspec.structs.replace(self, **changes)
        return msgspec.convert(msgspec.to_builtins(changed, builtin_types=(datetime,)), type(self))


class File(Record, frozen=True):
    """A piece of evidence: exact bytes in the evidence bucket, under a key of our own."""

    key: str
    name: str
    size: int
    sha256: str
    content_type: str
    """Judged by content, never by the sender's word."""

    @property
    def upload_id(self) -> str:
        """The last part of its key, which names it within its complaint."""
        return self.key.rpartition("/")[2]


def sortable(instant: datetime) -> str:
    """Write an instant so that text order is time order: UTC, whole seconds, `Z`.

    >>> from datetime import timedelta, timezone
    >>> sortable(datetime(2026, 11, 20, 8, 30, tzinfo=timezone(timedelta(hours=8))))
    '2026-11-20T00:30:00Z'
    """
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
