"""`huiyin demo`: play invented complaints through the running system, by its real doors.

Progress and problems go to standard error, the summary to standard output. Exit status: 0 all
told, 1 the system is not running or a story could not be told, 2 bad usage.
"""

import argparse
import os
import random
import socket
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tqdm import tqdm

from complaints.demo import stories
from complaints.demo.browser import Browser, DoorError
from complaints.demo.doors import Console, Mail, Public
from complaints.demo.play import Play, Played, Problem
from complaints.demo.stories import Told
from complaints.models import Status
from complaints.texts import LANGUAGES, texts

USUAL_COUNT = 20
MOST = 500
ADDRESS = "complaints@huiyin.localhost"
BAR = "{percentage:3.0f}% {bar} {n_fmt}/{total_fmt} {elapsed}<{remaining}{postfix}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `[--complaints N] [--site URL] [--smtp HOST:PORT] [--outbox DIR] [--seed N]`."""
    # The command line is an edge: here the environment is read.
    environment = os.environ  # noqa: TID251
    port = environment.get("HUIYIN_PORT", "8080")
    smtp_port = environment.get("HUIYIN_SMTP_PORT", "2525")
    parser.add_argument(
        "--complaints",
        type=_count,
        default=USUAL_COUNT,
        metavar="N",
        help=f"how many, 1 to {MOST} (default: {USUAL_COUNT})",
    )
    parser.add_argument(
        "--site",
        default=f"http://localhost:{port}",
        metavar="URL",
        type=_site,
        help="address of the pages (default: %(default)s)",
    )
    parser.add_argument(
        "--smtp",
        default=f"127.0.0.1:{smtp_port}",
        type=_host_and_port,
        metavar="HOST:PORT",
        help="where mail is taken in (default: %(default)s)",
    )
    parser.add_argument(
        "--outbox",
        type=Path,
        metavar="DIR",
        help="where the sent mails lie (default: where the site says)",
    )
    parser.add_argument(
        "--seed", type=int, metavar="N", help="tell the same stories again (default: other ones)"
    )


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"{text!r}: 1-{MOST}")
    return int(text)


def _site(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"{text!r}: http://HOST[:PORT]")
    return text.rstrip("/")


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:  # noqa: PLR2004 - the last port
        raise argparse.ArgumentTypeError(f"{text!r}: HOST:PORT")
    return host, int(port)


def run(args: argparse.Namespace) -> int:
    """Play the stories and return the exit status."""
    seed = random.SystemRandom().randrange(10**6) if args.seed is None else args.seed
    chance = random.Random(seed)  # noqa: S311 - draws stories, guards nothing
    today = datetime.now(UTC).date()  # noqa: TID251 - the command line is an edge
    book = stories.book()
    complaints = list(stories.draw(book, args.complaints, chance, today))
    try:
        expect_running(args.site, args.smtp)
        outbox = outbox_of(args.site, args.outbox)
        play = Play(
            book,
            Mail(args.smtp, ADDRESS, outbox),
            Public(args.site),
            Console(args.site, book.staff.password),
            chance,
        )
        told, problems = tell(play, complaints)
    except DoorError as error:
        _say(error)
        return 1
    except KeyboardInterrupt:
        _write("demo.stopped")
        raise
    sys.stdout.write(summary(told, args.site, seed))
    return 1 if problems else 0


def expect_running(site: str, smtp: tuple[str, int]) -> None:
    """Raise DoorError for what is missing of the running system."""
    if Browser(site, LANGUAGES[0]).open("/complain").find("/complain") is None:
        raise DoorError("demo.error.site", site=site)
    try:
        socket.create_connection(smtp, timeout=10).close()
    except OSError as error:
        raise DoorError("demo.error.smtp", address=f"{smtp[0]}:{smtp[1]}") from error


def outbox_of(site: str, named: Path | None = None) -> Path:
    """Return the folder of the sent mails, as named or as the running machine says.

    Raises DoorError where there is none.
    """
    outbox = named or _outbox_at(f"{site}/mailbox/folder")
    if not outbox.is_dir():
        raise DoorError("demo.error.no_outbox", outbox=str(outbox))
    return outbox


def _outbox_at(address: str) -> Path:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - http(s) alone
            return Path(os.fsdecode(answer.read()))
    except OSError as error:
        raise DoorError("demo.error.no_outbox", outbox=address) from error


def tell(play: Play, complaints: Sequence[Told]) -> tuple[list[Played], list[Problem]]:
    """Tell the stories with a progress bar; return where each complaint stands, and what failed."""
    told: list[Played] = []
    problems: list[Problem] = []
    total = sum(1 + len(one.steps) for one in complaints)
    with tqdm(total=total, file=sys.stderr, disable=None, leave=False, bar_format=BAR) as bar:
        for one in play.tell(complaints):
            bar.update(one.steps)
            if isinstance(one, Problem):
                problems.append(one)
                with bar.external_write_mode(file=sys.stderr):
                    _say(one.error, one.number)
            else:
                bar.set_postfix_str(one.played.number)
                if one.is_last:
                    told.append(one.played)
    return told, problems


def summary(told: Sequence[Played], site: str, seed: int) -> str:
    """Return what was told, in every language: by door, by status, and where to look."""
    doors = Counter(one.told.story.door for one in told)
    statuses = Counter(one.status for one in told)
    waiting = next((one for one in told if one.status is Status.APPROVED), None)
    closed = next((one for one in told if one.status is Status.CLOSED), None)
    parts = []
    for language in LANGUAGES:
        t = texts(language)
        lines = [
            t("demo.done", count=len(told)),
            t("demo.by_door", counts=_counts((t(f"demo.door.{d}"), doors[d]) for d in doors)),
            t(
                "demo.by_status",
                counts=_counts((t(f"status.{s}"), statuses[s]) for s in Status),
            ),
            t("demo.console", address=f"{site}/staff"),
        ]
        if waiting:
            lines.append(t("demo.waiting", address=f"{site}{waiting.path}"))
        if closed:
            lines.append(t("demo.closed", address=f"{site}{closed.path}"))
        lines.append(t("demo.again", seed=seed))
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _counts(found: Iterable[tuple[str, int]]) -> str:
    return " · ".join(f"{words} {count}" for words, count in found if count)


def _say(error: DoorError, number: str = "") -> None:
    """Write what is wrong to standard error, in every language, with the complaint it is about."""
    mark = f"{number}: " if number and "number" not in error.values else ""
    _write(error.text_id, mark, **error.values)


def _write(text_id: str, mark: str = "", **values: str | int) -> None:
    for language in LANGUAGES:
        sys.stderr.write(f"{mark}{texts(language)(text_id, **values)}\n")
