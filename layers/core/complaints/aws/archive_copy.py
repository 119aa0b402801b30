"""A copy of the archive, or of some complaints in it, for an auditor who may only read.

Bags are found through the leaves, which name them. A copy is laid out like the bucket; what is
there already is not fetched again, and a file that was cut off goes on where it ended.

What is locked can't be changed, but whoever may write can lay a newer version or a delete marker
over it. So versions are listed: the first of each object is what was filed, and others are told.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from complaints.aws.environment import SettingsError
from complaints.aws.runtime import client
from complaints.aws.seals import PUBLIC_KEY, Seals
from complaints.seal import (
    ComplaintLeaf,
    InclusionProof,
    SealError,
    leaves_key,
    proof_key,
    read_leaf,
    seal_key,
    stamp_key,
)

FOLDERS = ("archive/", "leaves/", "nodes/", "seals/")
AT_ONCE = 8
CHUNK = 1 << 20
UNFINISHED = ".part"
_PLAIN = re.compile(r"(?:[A-Za-z0-9_=-][A-Za-z0-9._=-]*/)*[A-Za-z0-9_=-][A-Za-z0-9._=-]*")
"""Keys that may become paths: nothing that leads out of the folder."""


class Object(NamedTuple):
    """An object of the bucket."""

    key: str
    size: int
    etag: str
    version: str


class ArchiveCopy:
    """Fetches from an archive bucket into a folder."""

    def __init__(self, bucket: str, folder: Path) -> None:
        self._bucket, self._folder = bucket, folder
        self._seals, self._client = Seals(bucket), client("s3")
        self.replaced: set[str] = set()
        """Objects that something was laid over, or that are marked as deleted."""

    def everything(self) -> int:
        """Fetch the whole archive; return how many files were missing here."""
        return self._fetch(one for folder in FOLDERS for one in self._listed(folder))

    def some(self, numbers: Iterable[str], day: date | None = None) -> tuple[int, set[str]]:
        """Fetch what the archive has of these complaints, or of all that a day's seal names.

        Returns how many files were missing here, and the numbers that no leaf with a bag names.
        """
        for folder in ("leaves/", "seals/"):
            deque(self._listed(folder), maxlen=0)  # what bags are found by must be what was filed
        wanted = set(numbers)
        days = [day] if day else self._seals.days()
        leaves = [leaf for one in days for leaf in self._filed(one, wanted)]
        bags = dict.fromkeys(leaf.archive_key for leaf in leaves)
        fetched = self._fetch(
            one for key in bags for one in self._listed(f"{key.removesuffix('.zip')}.")
        )
        sealed = {f"{day}" for day in self._proven(bags)}
        if newest := self._seals.days()[-1:]:
            sealed.add(f"{newest[0]}")  # it says up to when a bag must have a proof
        keys = [PUBLIC_KEY]
        for one in sorted(sealed):
            keys += [seal_key(date.fromisoformat(one)), stamp_key(date.fromisoformat(one))]
        fetched += self._fetch(one for key in keys for one in self._listed(key))
        return fetched, wanted - {leaf.complaint_id for leaf in leaves}

    def _filed(self, day: date, wanted: set[str]) -> Iterator[ComplaintLeaf]:
        """Yield the leaves of a day that name a bag, of the complaints that are wanted."""
        if not self._seals.has(leaves_key(day)):
            return
        for line in self._seals.lines(day):
            if b'"archive_key":"archive/' not in line:
                continue
            leaf = read_leaf(line)
            if isinstance(leaf, ComplaintLeaf) and (not wanted or leaf.complaint_id in wanted):
                yield leaf

    def _proven(self, bags: Iterable[str]) -> Iterator[date]:
        """Yield the days of the seals that the proofs of these bags are under."""
        for key in bags:
            path = self._folder / proof_key(key)
            if path.is_file():
                yield msgspec.json.decode(path.read_bytes(), type=InclusionProof).seal.seal.day

    def _listed(self, prefix: str) -> Iterator[Object]:
        """Yield the first version of each object, and remember those that have more."""
        for key, versions in groupby(self._versions(prefix), key=itemgetter("Key")):
            all_of_it = list(versions)
            if len(all_of_it) > 1 or "Size" not in all_of_it[0]:
                self.replaced.add(key)
            kept = [one for one in all_of_it if "Size" in one]
            if kept:
                # The newest comes first, and several may be of one second.
                first = min(reversed(kept), key=itemgetter("LastModified"))
                yield Object(key, first["Size"], first["ETag"], first["VersionId"])

    def _versions(self, prefix: str) -> Iterator[dict[str, Any]]:
        """Yield all versions and delete markers (they have no size), those of a key together."""
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        for page in pages:
            both = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            yield from sorted(both, key=itemgetter("Key"))

    def _fetch(self, objects: Iterable[Object]) -> int:
        """Fetch what is not here yet, some at once."""
        missing = (one for one in objects if not self._is_here(one))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return sum(pool.map(self._fetch_one, missing))

    def _is_here(self, one: Object) -> bool:
        path = self._path(one.key)
        return path.is_file() and not path.is_symlink() and path.stat().st_size == one.size

    def _fetch_one(self, one: Object) -> int:
        """Fetch an object; go on with what an earlier try has of it, if it is still that object."""
        path = self._path(one.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}{UNFINISHED}")
        start = unfinished.stat().st_size if unfinished.is_file() else 0
        if not 0 < start < one.size:
            unfinished.unlink(missing_ok=True)
            start = 0
        ranged = {"Range": f"bytes={start}-"} if start else {}
        answer = self._client.get_object(
            Bucket=self._bucket, Key=one.key, VersionId=one.version, IfMatch=one.etag, **ranged
        )
        with unfinished.open("ab") as target:
            for chunk in answer["Body"].iter_chunks(CHUNK):
                target.write(chunk)
        unfinished.replace(path)
        return 1

    def _path(self, key: str) -> Path:
        """Return where an object lies here; raises KeyNameError for a name that leads elsewhere."""
        if not _PLAIN.fullmatch(key):
            raise KeyNameError(f"{key!r} is no name of the archive")
        return self._folder / key


class KeyNameError(Exception):
    """An object is called as nothing in an archive is."""


FAILURES = (BotoCoreError, ClientError, SettingsError, SealError, KeyNameError, OSError)
"""What a copy may end with: nothing is there, or this person may not read it."""
