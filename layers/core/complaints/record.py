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


class Packed(Record, frozen=True):
    """What a packed file says of its contents; nobody has unpacked it (F1)."""

    kind: str
    """`zip`, also of office documents; `tar`, `gzip`, `7z`, `rar` and the like are not measured."""
    entries: int = 0
    unpacked: int = 0
    """Bytes that it claims to become."""
    found: tuple[str, ...] = ()
    """What is odd about it: codes of `packed.Odd`."""


class File(Record, frozen=True):
    """A piece of evidence: exact bytes in the evidence bucket, under a key of our own."""

    key: str
    name: str
    size: int
    sha256: str
    """Of all its bytes, in hex; with `part_size` of the SHA-256 of its parts."""
    content_type: str
    """Judged by content, never by the sender's word."""
    flags: tuple[str, ...] = ()
    """What is odd about it: codes of `files.Flag`."""
    packed: Packed | None = None
    """What it holds, where it is a packed file."""
    part_size: int = 0
    """Bytes of a part, where the file is too long to be read in one go: `sha256` is then S3's
    composite checksum, the SHA-256 of the SHA-256 of each part in order. 0 where it is of all."""

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
