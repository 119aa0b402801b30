"""How long people wait: for the first page after `make run`, and for the answer to their mail."""

import argparse
import statistics
import tempfile
import time
from email.message import EmailMessage
from pathlib import Path

from infra.local.machine import Machine, running
from tests.bench.table import machine, table
from tests.doors import letters, mail, post

QUICK_LOOK = 0.01
MAILS = 10


def starts(folder: Path, again: int) -> tuple[float, list[float], list[float]]:
    """Return seconds to the first page in a fresh folder and in one with state, and of mails."""
    with running(folder) as machine:
        cold = machine.started_in
        answered = [acknowledged_in(machine, number) for number in range(MAILS)]
    later = []
    for _ in range(again):
        with running(folder) as machine:
            later.append(machine.started_in)
    return cold, later, answered


def acknowledged_in(machine: Machine, number: int) -> float:
    """Return seconds from handing over a mail to its acknowledgement in the outbox."""
    sender = f"c{number}@example.com"
    message = mail(sender)
    _with_photo(message)
    began = time.monotonic()
    post(machine, message)

    def there() -> float | None:
        return time.monotonic() if letters(machine, sender) else None

    end = time.monotonic() + 60
    while (found := there()) is None:
        assert time.monotonic() < end, f"no acknowledgement to {sender}"
        time.sleep(QUICK_LOOK)
    return found - began


def _with_photo(message: EmailMessage) -> None:
    photo = b"\x89PNG\r\n\x1a\n" + bytes(8192)
    message.add_attachment(photo, maintype="image", subtype="png", filename="photo.png")


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--again", type=int, default=3, help="how many second starts")
    again = parser.parse_known_args()[0].again
    print(f"## Start and acknowledgement\n\n{machine()}\n")
    with tempfile.TemporaryDirectory() as folder:
        cold, later, answered = starts(Path(folder) / "machine", again)
    rows: list[list[object]] = [
        ["first page, fresh folder", f"{cold:.1f}", ""],
        [
            f"first page, second start (median of {again})",
            f"{statistics.median(later):.1f}",
            f"{min(later):.1f} to {max(later):.1f}",
        ],
        ["SMTP to acknowledgement, first mail", f"{answered[0]:.2f}", ""],
        [
            f"SMTP to acknowledgement (median of {MAILS})",
            f"{statistics.median(answered):.2f}",
            f"{min(answered):.2f} to {max(answered):.2f}",
        ],
    ]
    print(table(("what", "seconds", "range"), rows))


if __name__ == "__main__":
    main()
