"""What a day's seal costs by the number of complaints that changed: time, memory, calls to AWS.

The service is a stand-in that answers at once: tables and bucket are files here, one complaint in a
hundred is closed and has a bag. Each size is measured in a process of its own, so that its memory
is its own. What AWS takes to answer comes on top, and is estimated from the calls.
"""

import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.bench.table import machine, table

SIZES = (1_000, 10_000, 100_000)
DAY = datetime(2026, 11, 20, tzinfo=UTC).date()
NIGHT = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
ANSWER = 0.02
"""Seconds that a call to DynamoDB or S3 is taken to last in a region."""
PAGE = 10_000
"""Keys that fit into one page of by_day, a megabyte."""
CLOSED = 100
"""One in so many is closed."""
LIMIT_SECONDS, LIMIT_MEMORY = 15 * 60, 1024
MODULES = ("seals", "sealing", "vault", "table")


def main() -> None:
    """Print a table of the sizes, each against the one before."""
    print("\n## The seal of a day\n")
    print(machine(), "\n")
    rows, before = [], None
    for size in SIZES:
        found = measured(size)
        seconds = found["seconds"]
        waits = found["calls"] * ANSWER
        ratio = f"{seconds / before:.1f}" if before else "–"
        rows.append(
            [
                f"{size:,}",
                f"{seconds:.1f} s",
                ratio,
                f"{seconds / size * 1e3:.2f} ms",
                f"{found['calls']:,}",
                f"{seconds + waits:.0f} s",
                f"{found['memory']:.0f} MB",
                f"{found['bytes'] / 1e6:.1f} MB",
            ]
        )
        before = seconds
    heads = [
        "changed complaints",
        "processor",
        "× the row above",
        "each",
        "calls",
        f"with {ANSWER * 1000:.0f} ms a call",
        "memory on top",
        "written",
    ]
    print(table(heads, rows))
    print(f"\nThe function has {LIMIT_SECONDS} s and {LIMIT_MEMORY} MB.")


def measured(size: int) -> dict[str, float]:
    """Return the figures of one size, from a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.seal", str(size)],
        capture_output=True, text=True, check=True, timeout=1800,
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(size: int) -> dict[str, float]:
    """Seal a day on which so many complaints changed."""
    from complaints.aws.sealing import Sealing
    from complaints.aws.seals import Seals
    from complaints.aws.table import Table
    from complaints.aws.vault import Vault

    with tempfile.TemporaryDirectory() as place, ExitStack() as open_now:
        stand_in = StandIn(size, Path(place))
        for module in MODULES:
            made = patch(f"complaints.aws.{module}.client", lambda _: stand_in)
            open_now.enter_context(made)
        # The first seal of all looks further back: that is no part of a day.
        open_now.enter_context(patch("complaints.aws.sealing.LONGEST_SILENCE", timedelta(days=1)))
        sealing = Sealing(Seals("a"), Vault("a"), Table("t"), key="key", years=5)
        memory = peak()
        began = time.process_time()
        assert sealing.run(NIGHT) == [DAY]
        seconds = time.process_time() - began - stand_in.seconds
        leaves = (stand_in.place / "leaves%day=2026-11-20%2026-11-20.jsonl").read_bytes()
        assert leaves.count(b"\n") == size
        assert len(list(stand_in.place.glob("*.proof.json"))) == size // CLOSED
        written = sum(path.stat().st_size for path in stand_in.place.iterdir())
        return {
            "seconds": seconds,
            "calls": stand_in.calls,
            "memory": peak() - memory,
            "bytes": written,
        }


def peak() -> float:
    """Return the most memory that this process ever had, in MB."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (1024 if sys.platform == "linux" else 1 << 20)


class StandIn:
    """DynamoDB, S3 and KMS in one, as far as a seal asks; counts its calls and its own seconds."""

    def __init__(self, size: int, place: Path) -> None:
        from complaints.aws.items import DAY_SHARDS, complaint_item, days, shard
        from tests.builders import assessed, closed

        self.place, self.calls, self.seconds = place, 0, 0.0
        self.meta = self.exceptions = self
        self.NoSuchKey = self.from_code("NoSuchKey")
        self._signer = ec.generate_private_key(ec.SECP256R1())
        self._open = assessed().complaint.replace(changed_on=DAY)
        self._filed = closed()
        self._closed = self._filed.complaint.replace(changed_on=DAY)
        self._items = complaint_item
        self._shards: dict[str, list[str]] = {day: [] for day in days(DAY)}
        for n in range(1, size + 1):
            number = f"TS-2026-{n:06}-7"
            self._shards[f"{DAY}#{shard(number, DAY_SHARDS)}"].append(number)

    def from_code(self, code: str) -> type[ClientError]:
        """Return the class of an error."""
        return type(code, (ClientError,), {})

    # ---- DynamoDB --------------------------------------------------------------------------

    def get_paginator(self, operation: str) -> Any:  # noqa: ANN401 - botocore's
        """Return what gives pages."""
        pages = self._pages if operation == "query" else self._listed
        return type("Paginator", (), {"paginate": staticmethod(pages)})

    def query(self, **asked: Any) -> dict[str, Any]:  # noqa: ANN401 - botocore's
        """Answer the search for the first day."""
        return next(self._pages(**asked))

    def _pages(self, **asked: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - botocore's
        if asked.get("IndexName") != "by_day":
            self.calls += 1
            yield {"Items": self._history(asked["ExpressionAttributeValues"][":id"]["S"])}
            return
        keys = self._shards.get(asked["ExpressionAttributeValues"][":day"]["S"], [])
        for at in range(0, len(keys) + 1, PAGE):
            self.calls += 1
            yield {
                "Items": [
                    {"complaint_id": {"S": one}, "part": {"S": "complaint"}}
                    for one in keys[at : at + PAGE]
                ]
            }

    def batch_get_item(self, **asked: Any) -> dict[str, Any]:  # noqa: ANN401 - botocore's
        """Return heads; that they are made here costs nothing."""
        self.calls += 1
        began = time.process_time()
        ((name, wanted),) = asked["RequestItems"].items()
        found = [self._head(one["complaint_id"]["S"]) for one in wanted["Keys"]]
        self.seconds += time.process_time() - began
        return {"Responses": {name: found}}

    def _head(self, number: str) -> dict[str, Any]:
        from msgspec.structs import replace

        if is_open(number):
            return self._items(replace(self._open, complaint_id=number))
        return self._items(replace(self._closed, complaint_id=number, archive_key=bag(number)))

    def _history(self, number: str) -> list[dict[str, Any]]:
        """Return the history of a complaint: an open one has no entry that is of use here."""
        from complaints.aws.items import filed, track_of

        if is_open(number):
            return []
        entries = [
            one.replace(facts={"archive_key": bag(number)}) if "archive_key" in one.facts else one
            for one in self._filed.entries
        ]
        return [filed(number, track_of(one.number), one) for one in entries]

    # ---- S3 --------------------------------------------------------------------------------

    def _path(self, key: str) -> Path:
        return self.place / key.replace("/", "%")

    def _listed(self, **asked: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - botocore's
        self.calls += 1
        names = sorted(path.name.replace("%", "/") for path in self.place.iterdir())
        yield {
            "Contents": [
                {"Key": one, "Size": self._path(one).stat().st_size}
                for one in names
                if one.startswith(asked["Prefix"]) and one > asked["StartAfter"]
            ]
        }

    def get_object(self, **asked: Any) -> dict[str, Any]:  # noqa: ANN401 - botocore's
        """Return an object, or a range of it."""
        self.calls += 1
        path = self._path(asked["Key"])
        if not path.exists():
            raise self.NoSuchKey({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        if "Range" not in asked:
            return {"Body": path.open("rb")}
        first, last = map(int, asked["Range"].removeprefix("bytes=").split("-"))
        return {"Body": io.BytesIO(path.read_bytes()[first : last + 1])}

    def head_object(self, **asked: Any) -> None:  # noqa: ANN401 - botocore's
        """Tell that an object is not there."""
        self.calls += 1
        if not self._path(asked["Key"]).exists():
            raise ClientError({"Error": {"Code": "404"}}, "HeadObject")

    def list_object_versions(self, **_: object) -> dict[str, Any]:
        """Tell that nothing lies there yet."""
        self.calls += 1
        return {}

    def put_object(self, **asked: Any) -> None:  # noqa: ANN401 - botocore's
        """Write an object once."""
        self.calls += 1
        body = asked["Body"]
        with self._path(asked["Key"]).open("xb") as target:
            target.write(body if isinstance(body, bytes) else body.read())

    # ---- KMS -------------------------------------------------------------------------------

    def get_public_key(self, **_: object) -> dict[str, bytes]:
        """Return the public key."""
        self.calls += 1
        public = self._signer.public_key()
        return {"PublicKey": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)}

    def sign(self, **asked: Any) -> dict[str, bytes]:  # noqa: ANN401 - botocore's
        """Sign."""
        self.calls += 1
        return {"Signature": self._signer.sign(asked["Message"], ec.ECDSA(SHA256()))}


def is_open(number: str) -> bool:
    """Return whether a complaint is one of those that are not closed."""
    return bool(int(number[8:14]) % CLOSED)


def bag(number: str) -> str:
    """Return where the bag of a closed complaint lies."""
    return f"archive/general/2026/A/{number}_2026-11-20_satisfied_7.zip"


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
