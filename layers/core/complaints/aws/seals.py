"""The seals in the archive bucket, and proofs out of them by a few small reads.

leaves/day=2026-11-22/2026-11-22.jsonl  the leaves of the day, one a line
nodes/2026-11-22.bin                    the nodes of the log that they complete, 32 bytes each
seals/2026-11-22.json                   the seal
seals/2026-11-22.tsr                    its time stamp, where an authority is asked
seals/public-key.pem                    the key by which all of them are checked
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, timedelta
from typing import BinaryIO, Self

from botocore.exceptions import ClientError

from complaints.aws.environment import resource
from complaints.aws.runtime import client
from complaints.merkle import HASH_SIZE, consistency_path, inclusion_path, position
from complaints.models import Complaint
from complaints.seal import (
    InclusionProof,
    SealError,
    SignedSeal,
    leaves_key,
    nodes_key,
    read_leaf,
    read_seal,
    seal_key,
)

PUBLIC_KEY = "seals/public-key.pem"
RECENT = timedelta(days=40)
"""How far back the newest seal is looked for first."""
BLOCK = 128 * HASH_SIZE
"""Bytes of one read of nodes: those that a proof needs low in the tree lie side by side."""
BLOCKS = 2048
"""Blocks that are kept, 8 MiB."""
CHUNK = 1 << 16


class Seals:
    """The seals of an archive, to be read."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket
        self._client = client("s3")

    @classmethod
    def from_env(cls) -> Self:
        """Return the seals of the deployed archive."""
        return cls(resource("ARCHIVE_BUCKET"))

    def days(self, *, after: date | None = None, suffix: str = "json") -> list[date]:
        """Return the days that have a seal, or with `tsr` a time stamp, the oldest first."""
        found = (name.partition(".") for name, _ in self._names("seals/", str(after or "")))
        return [date.fromisoformat(day) for day, _, kind in found if kind == suffix]

    def newest(self, at: date) -> date | None:
        """Return the last day that has a seal, or None; looked for back from `at` first."""
        found = self.days(after=at - RECENT) or self.days()
        return found[-1] if found else None

    def file(self, day: date) -> bytes:
        """Return the file of a day's seal; empty where there is none."""
        return self.content(seal_key(day)) or b""

    def seal(self, day: date) -> SignedSeal:
        """Return the seal of a day; raises SealError where there is none, or it is none."""
        content = self.file(day)
        if not content:
            raise SealError(f"{day} is not sealed")
        return read_seal(content)

    def content(self, key: str) -> bytes | None:
        """Return an object; None where there is none."""
        body = self.open(key)
        return body.read() if body else None

    def open(self, key: str) -> BinaryIO | None:
        """Return an object to be read once, from its start; None where there is none."""
        try:
            body: BinaryIO = self._client.get_object(Bucket=self.bucket, Key=key)["Body"]
        except self._client.exceptions.NoSuchKey:
            return None
        return body

    def has(self, key: str) -> bool:
        """Return whether there is an object under this key."""
        try:
            self._client.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] != "404":
                raise
            return False
        return True

    def lines(self, day: date) -> Iterator[bytes]:
        """Yield the leaves of a day, in their order, without line feeds."""
        body = self.open(leaves_key(day))
        if body is None:
            raise SealError(f"the leaves of {day} are missing")
        waiting = b""
        while chunk := body.read(CHUNK):
            *whole, waiting = (waiting + chunk).split(b"\n")
            yield from whole
        if waiting:
            raise SealError(f"the leaves of {day} end in the middle of a line")

    # ---- proofs ----------------------------------------------------------------------------

    def inclusion(
        self, complaint_id: str, day: date, *, kind: str = "complaint"
    ) -> InclusionProof | None:
        """Return what proves a complaint to be in the seal of a day; None where it is no leaf then.

        With `access` as kind it is its access history that is proven.
        """
        seal = self.seal(day)
        wanted = f'"complaint_id":"{complaint_id}"'.encode()
        for at, line in enumerate(self.lines(day)):
            # Most lines are of others: only one that may be it is read.
            if wanted not in line or f'"kind":"{kind}"'.encode() not in line:
                continue
            if read_leaf(line).complaint_id == complaint_id:
                return self.proof(seal, line, seal.seal.first + at, self.nodes())
        return None

    def newest_inclusion(self, complaint: Complaint, days: list[date]) -> InclusionProof | None:
        """Return the proof of the newest seal that this complaint is a leaf of; None for none yet.

        `days` are those on which its history grew: it can be a leaf of no other day.
        """
        for day in sorted(set(days), reverse=True):
            if self.file(day) and (found := self.inclusion(complaint.complaint_id, day)):
                return found
        return None

    def proof(self, seal: SignedSeal, line: bytes, index: int, nodes: "Nodes") -> InclusionProof:
        """Return what proves a leaf, by its place in the log, to be under a seal."""
        path = inclusion_path(index, seal.seal.size, nodes)
        return InclusionProof(
            seal=seal,
            leaf=line.decode(),
            index=index,
            path=tuple(one.hex() for one in path),
            entries=(),
        )

    def consistency(self, first: date, last: date) -> list[bytes]:
        """Return what proves that the log of one day begins with that of an earlier one.

        Raises SealError where one of them is not sealed.
        """
        begun, grown = (self.seal(day).seal.size for day in (first, last))
        return consistency_path(begun, grown, self.nodes())

    def nodes(self) -> "Nodes":
        """Return the look-up of nodes as they lie there now."""
        names = self._names("nodes/", "")
        return Nodes(self.bucket, {date.fromisoformat(name[:10]): size for name, size in names})

    def _names(self, folder: str, after: str) -> Iterator[tuple[str, int]]:
        """Yield the names in a folder, and how large each is, in their order."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=folder, StartAfter=f"{folder}{after}~" if after else folder
        )
        for page in pages:
            for one in page.get("Contents", []):
                yield one["Key"].removeprefix(folder), one["Size"]


class Nodes:
    """Looks nodes of the log up: `nodes(level, index)` is its hash."""

    def __init__(self, bucket: str, sizes: dict[date, int]) -> None:
        self._bucket = bucket
        self._client = client("s3")
        self._days = sorted(sizes)
        self._starts = [0]
        for day in self._days:
            self._starts.append(self._starts[-1] + sizes[day])
        self._blocks: dict[tuple[date, int], bytes] = {}
        self._here: tuple[int, BinaryIO] | None = None

    def hold(self, start: int, file: BinaryIO) -> None:
        """Take the nodes from the number `start` on out of a file here."""
        self._here = (start * HASH_SIZE, file)

    def __call__(self, level: int, index: int) -> bytes:
        """Return a node; raises SealError where it is not there."""
        at = position(level, index) * HASH_SIZE
        if self._here and at >= self._here[0]:
            start, file = self._here
            file.seek(at - start)
            found = file.read(HASH_SIZE)
        else:
            found = self._read(at)
        if len(found) != HASH_SIZE:
            raise SealError(f"the node {index} of level {level} is missing")
        return found

    def _read(self, at: int) -> bytes:
        number = bisect_right(self._starts, at) - 1
        if number == len(self._days):
            return b""
        within = at - self._starts[number]
        block = self._block(self._days[number], within // BLOCK)
        return block[within % BLOCK : within % BLOCK + HASH_SIZE]

    def _block(self, day: date, number: int) -> bytes:
        """Return a block of a day's nodes, out of memory if it was read before."""
        if (day, number) not in self._blocks:
            if len(self._blocks) >= BLOCKS:
                self._blocks.clear()
            asked = f"bytes={number * BLOCK}-{(number + 1) * BLOCK - 1}"
            try:
                answer = self._client.get_object(
                    Bucket=self._bucket, Key=nodes_key(day), Range=asked
                )
            except ClientError as error:
                raise SealError(f"the nodes of {day} can't be read: {error}") from error
            self._blocks[day, number] = answer["Body"].read()
        return self._blocks[day, number]
