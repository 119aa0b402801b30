"""Tables as Markdown, and what every measurement says about the machine it ran on."""

import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "bench"
"""The cost model, the bare floors and the peer: measured beside us where they are at hand."""


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table, the first column to the left and figures to the right.

    >>> print(table(["what", "count"], [["reads", 7]]))
    | what | count |
    |---|---:|
    | reads | 7 |
    """
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    first, rule, *others = (" | ".join(str(cell) for cell in line) for line in lines)
    return "\n".join([f"| {first} |", f"|{rule.replace(' ', '')}|", *(f"| {o} |" for o in others)])


def machine() -> str:
    """Return a sentence about this machine; figures of two machines are never compared."""
    load = os.getloadavg()[0]
    return (
        f"Python {platform.python_version()}, {os.cpu_count()} cores ({_processor()}), "
        f"load {load:.1f} before this table. "
        "Times of a busy machine say little: ratios and counts do."
    )


def _processor() -> str:
    known = Path("/proc/cpuinfo")
    if known.exists():
        for line in known.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    found = subprocess.run(["uname", "-m"], capture_output=True, text=True, check=True)
    return found.stdout.strip()
