"""How fast an archive is verified, against SHA-256 of the same bytes and nothing else.

Two archives: one of photos, where bytes count, and one of records, where entries and leaves do.
Both lie on disk; each is read as often as the rounds say, and the best is taken. Times are those of
the processor: what else the machine does then counts for neither.
"""

import argparse
import hashlib
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from complaints.commands.archive_verify import Folder
from complaints.verify import Verifier
from tests.archives import Archive, public_key
from tests.bench.table import machine, table

PHOTOS, PHOTO_BYTES = 24, 4 << 20
RECORDS, LOOKS = 400, 20


def photos() -> Archive:
    """Return an archive of a few bags with large evidence in them."""
    made = Archive(1)
    for _ in range(PHOTOS):
        made.close(made.register(), made.random.randbytes(PHOTO_BYTES))
    made.end_day()
    return made


def records() -> Archive:
    """Return an archive of many complaints with long histories, and hardly any evidence."""
    made = Archive(2)
    for _ in range(RECORDS):
        one = made.register()
        for _ in range(LOOKS):
            made.look(one)
        made.close(one)
    made.end_day()
    return made


def best(rounds: int, work: Callable[[], object]) -> float:
    """Return the shortest time that work took, in seconds."""
    times = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def hashed(folder: Path) -> None:
    """Read all files and hash them."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                hashlib.file_digest(file, "sha256")


def verified(folder: Path) -> None:
    """Verify the archive; raises AssertionError where anything is wrong."""
    verifier = Verifier(Folder(folder), public_key(), whole=True)
    wrong = [finding for finding in verifier.findings() if not finding.ok]
    assert not wrong, wrong


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_known_args()[0].rounds
    print(f"\n## Verifying an archive\n\n{machine()}\n")
    rows = []
    for name, made in (("photos", photos()), ("records", records())):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            for key, content in made.files.items():
                (folder / key).parent.mkdir(parents=True, exist_ok=True)
                (folder / key).write_bytes(content)
            size = sum(len(content) for content in made.files.values()) / 1e6
            bags = [one for one in made.files.values() if one[:2] == b"PK"]
            entries = sum(one.count(b'"digest":"') for one in bags)
            bare = best(rounds, partial(hashed, folder))
            ours = best(rounds, partial(verified, folder))
        rows.append([
            name, f"{size:.1f}", len(bags), entries, f"{size / bare:.0f}", f"{size / ours:.0f}",
            f"{entries / ours:,.0f}", f"{ours / bare:.2f}",
        ])  # fmt: skip
    print(
        table(
            ["archive", "MB", "bags", "entries", "SHA-256 MB/s", "verify MB/s", "entries/s",
             "times SHA-256"],
            rows,
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
