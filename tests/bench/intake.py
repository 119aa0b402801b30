"""Mails through our intake, beside the bare floor and the peer: same mails, one run, turn by turn.

The floor does the least that an intake must do, without a framework; the peer is a desk that people
install today. Both lie outside the repository and are left out where they are not. Ratios of the
medians are what counts: seconds of this machine are no figure of their own.
"""

import argparse
import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.bench.table import ROOT, SHARED, machine, table

FLOOR = SHARED / "floor" / "intake_floor.py"
PEER = SHARED / "peer"
PEER_HOME = Path(os.environ.get("PEER_HOME", "/tmp/peer"))  # noqa: S108 - as setup.sh has it
OURS, BARE = "huiyin", "bare floor"
Figures = dict[str, Any]
Pass = Callable[[Path], Figures]


def make_mails(folder: Path, size: int) -> None:
    """Make the plain corpus: half of it replies, a photo each, a third Chinese."""
    _run([sys.executable, str(PEER / "mailgen.py"), "plain", str(folder), "--n", str(size)])


@contextlib.contextmanager
def emulator() -> Iterator[str]:
    """Run a bare ministack, empty and without sign-in, in its own process; yield its address."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    kept = {name: text for name, text in os.environ.items() if not name.startswith("AWS_")}
    settings = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "SFTP_ENABLED": "0"}
    process = subprocess.Popen(
        [sys.executable, "-m", "ministack"],
        env=kept | settings | {"IOT_MTLS_ENABLED": "0", "DOCKER_HOST": "unix:///nowhere"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/_ministack/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def ours(backend: str) -> Pass:
    """Return a pass of our handler in a fresh process, against the stub or a fresh emulator."""
    return _in_a_process([sys.executable, "-m", "tests.bench.intake_worker"], backend)


def bare(backend: str) -> Pass:
    """Return a pass of the bare floor, likewise."""
    return _in_a_process([sys.executable, str(FLOOR)], backend)


def peer(database: str) -> Pass:
    """Return a pass of the peer over its own database; its first mails, then the replies."""

    def take(mails: Path) -> Figures:
        environment = {**os.environ, "PEER_DB": database, "PEER_HOME": str(PEER_HOME)}
        command = [str(PEER_HOME / "venv/bin/python"), str(PEER / "bench_ingest.py"), str(mails)]
        figures: Figures = json.loads(_run(command, env=environment, cwd=PEER).splitlines()[-1])
        steps = figures["steps"].values()
        count = sum(step["mails"] for step in steps)
        return {
            "mails_per_s": count / sum(step["wall_s"] for step in steps),
            "cpu_ms_per_mail": 1000 * sum(step["cpu_s"] for step in steps) / count,
            "replies_in_thread": figures["replies_in_right_thread"],
            "complaints": f"{figures['tickets']}/{count // 2}",
        }

    return take


def has_peer(database: str) -> bool:
    """Return whether the peer can run over this database here."""
    if not (PEER_HOME / "venv/bin/python").exists():
        return False
    if database == "sqlite":
        return True
    started = subprocess.run(
        [str(PEER / "pg.sh"), "start"], capture_output=True, check=False, timeout=120
    )
    return started.returncode == 0


def _in_a_process(command: list[str], backend: str) -> Pass:
    def take(mails: Path) -> Figures:
        with contextlib.ExitStack() as held:
            where = backend if backend == "stub" else held.enter_context(emulator())
            printed = _run([*command, str(mails), where], cwd=ROOT)
        figures: Figures = json.loads(printed.splitlines()[-1])
        return figures

    return take


def _run(command: list[str], **given: Any) -> str:  # noqa: ANN401 - as subprocess takes it
    done = subprocess.run(command, capture_output=True, text=True, check=False, **given)
    if done.returncode:
        raise RuntimeError(f"{command[:2]}: {done.stderr[-2000:]}")
    return str(done.stdout)


def _wait_for(address: str) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - our own
                return
        except (OSError, urllib.error.URLError):
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def measure(passes: dict[tuple[str, str], Pass], mails: Path, rounds: int) -> list[list[object]]:
    """Run all passes turn by turn; return a row each, with ratios to the other rows."""
    taken: dict[tuple[str, str], list[Figures]] = {name: [] for name in passes}
    for _ in range(rounds):
        for name, take in passes.items():
            taken[name].append(take(mails))

    def middle(name: tuple[str, str], figure: str) -> float:
        return float(statistics.median(one[figure] for one in taken[name]))

    rows = []
    for name in passes:
        rates = [one["mails_per_s"] for one in taken[name]]
        last = taken[name][-1]
        against = next((n for n in passes if n[0] == OURS and n[1] == name[1]), name)
        if name[0] not in {OURS, BARE}:
            against = next(n for n in passes if n[0] == OURS and n[1] != "stub")
        ours_faster = middle(against, "mails_per_s") / middle(name, "mails_per_s")
        cpu = middle(against, "cpu_ms_per_mail") / middle(name, "cpu_ms_per_mail")
        rows.append(
            [
                " on ".join(name),
                f"{statistics.median(rates):.1f} ({min(rates):.1f} to {max(rates):.1f})",
                f"{middle(name, 'cpu_ms_per_mail'):.1f}",
                "" if against == name else f"{ours_faster:.2f}",
                "" if against == name else f"{cpu:.2f}",
                last.get("complaints", last.get("threads_whole", "")),
                last.get("replies_in_thread", ""),
            ]
        )
    stub, whole = ((OURS, "stub"), "cpu_ms_per_mail")
    for row, name in zip(rows, passes, strict=True):
        if name[0] not in {OURS, BARE}:
            row[4] = f"{middle(stub, whole) / middle(name, whole):.2f} (our share, stub)"
    return rows


def main() -> None:
    """Print the table of all passes that can run here."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="1,000 mails instead of 200")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer", action="store_true", help="install the peer if it is not there")
    asked = parser.parse_known_args()[0]
    print(f"## Intake\n\n{machine()}\n")
    if not (PEER / "mailgen.py").exists():
        print("The mails are made by a script outside the repository, in ../shared/bench/peer.")
        return
    if asked.peer and not has_peer("sqlite"):
        _run([str(PEER / "setup.sh")], env={**os.environ, "PEER_PYTHON": sys.executable})
    passes: dict[tuple[str, str], Pass] = {}
    for backend in ("stub", "ministack"):
        passes[OURS, backend] = ours(backend)
        if FLOOR.exists():
            passes[BARE, backend] = bare(backend)
    missing = []
    for database in ("sqlite", "postgres"):
        if has_peer(database):
            passes["peer", database] = peer(database)
        else:
            missing.append(database)
    size = 1000 if asked.full else 200
    try:
        with tempfile.TemporaryDirectory() as folder:
            make_mails(Path(folder), size)
            rows = measure(passes, Path(folder), asked.rounds)
    finally:
        if ("peer", "postgres") in passes:
            _run([str(PEER / "pg.sh"), "stop"])
    heads = (
        f"{size} mails, median of {asked.rounds}",
        "mails/s",
        "CPU ms a mail",
        "ours, times the mails/s",
        "ours, of the CPU",
        "complaints",
        "replies in their thread",
    )
    print(table(heads, rows))
    if missing:
        print(
            f"\nThe peer is not installed for {' and '.join(missing)}: `--peer`, or setup.sh there."
        )


if __name__ == "__main__":
    main()
