"""What a bag of the archive costs in bytes and time: beside what it holds, and as it is checked.

Real complaints go into real bags, printed documents and encrypted evidence included; only the
bucket and the tables are in memory. The overhead is all that is neither evidence nor the parts as
they lie in the table: headers, manifests, labels, history, envelopes of the encryption.
"""

import hashlib
import io
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import pytest

from complaints import bag
from complaints.aws import evidence
from complaints.aws.repository import ComplaintRepository
from complaints.stored_zip import StoredZip
from functions.archive.handler import handler
from tests.bench.table import table
from tests.builders import approved, assessed, followed_up, investigated, received, responded
from tests.conftest import tables
from tests.kept import keep

PHOTOS = (0, 1, 4, 16)
PHOTO_BYTES = 300 * 1024
MIB = 1 << 20
CHECKED = 256 * MIB


def main() -> None:
    """Print both tables."""
    print("\n### Archive: size of a bag\n")
    rows = []
    for count in PHOTOS:
        with _deployment():
            rows.append(_bag(count))
    heads = ["photos of 300 KiB", "evidence", "documents", "bag", "overhead", "of it", "seconds"]
    print(table(heads, rows))
    print("\n### Archive: checking a bag\n")
    print(table(["what", "MB/s"], _checking()))


def _bag(photos: int) -> list[str]:
    """File a complaint with so many photos, and return a row about its bag."""
    number = "TS-2026-000001-7"
    files = tuple(evidence.keep(number, f"{n}.bin", os.urandom(PHOTO_BYTES)) for n in range(photos))
    steps = [received(files=files)]
    for build in (assessed, investigated, approved, responded, followed_up):
        steps.append(build(steps[-1]))
    keep(*steps)
    began = time.perf_counter()
    handler({"complaint_id": number}, None)
    took = time.perf_counter() - began
    key = ComplaintRepository.from_env().get(number).archive_key
    content = boto3.client("s3").get_object(Bucket="archive", Key=key)["Body"].read()
    opened = bag.opened(io.BytesIO(content))
    printed = sum(size for path, size in opened.sizes.items() if path.startswith(bag.DOCUMENTS))
    held = photos * PHOTO_BYTES + printed + opened.sizes[bag.PARTS]
    over = len(content) - held
    return [
        str(photos),
        f"{photos * PHOTO_BYTES / 1024:,.0f} KiB",
        f"{printed / 1024:,.0f} KiB",
        f"{len(content) / 1024:,.0f} KiB",
        f"{over / 1024:,.1f} KiB",
        f"{over / len(content):.2%}",
        f"{took:.2f}",
    ]


def _checking() -> list[list[str]]:
    """Return how fast a large bag is read and checked, against bare SHA-256 of the same bytes."""
    target = io.BytesIO()
    packing = StoredZip(target)
    block = os.urandom(MIB)
    with packing.member("a/data/evidence/film.enc") as writing:
        for _ in range(CHECKED // MIB):
            writing.write(block)
    packing.close()
    content = target.getvalue()
    began = time.perf_counter()
    hashlib.sha256(content).hexdigest()
    bare = time.perf_counter() - began
    began = time.perf_counter()
    bag.opened(io.BytesIO(content))
    checked = time.perf_counter() - began
    return [
        ["bare SHA-256", f"{CHECKED / bare / 1e6:,.0f}"],
        ["reading a bag: container, CRC-32 and SHA-256", f"{CHECKED / checked / 1e6:,.0f}"],
        ["share", f"{bare / checked:.0%}"],
    ]


@contextmanager
def _deployment() -> Iterator[None]:
    """Give an empty deployment in memory."""
    with pytest.MonkeyPatch.context() as patch:
        made = tables.__wrapped__(patch)  # type: ignore[attr-defined]
        next(made)
        yield
        next(made, None)
