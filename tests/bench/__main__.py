"""Prints every measurement as Markdown: `python -m tests.bench`, or some of them by name.

python -m tests.bench [life transitions imports intake start mail seal archive documents verify]
    [--full] [--peer] [--rounds N]
"""

import argparse
import sys
import time
from collections.abc import Callable

from tests.bench import (
    archive,
    documents,
    imports,
    intake,
    life,
    mail,
    seal,
    start,
    transitions,
    verify,
)

PARTS: dict[str, Callable[[], None]] = {
    "life": life.main,
    "transitions": transitions.main,
    "imports": imports.main,
    "mail": mail.main,
    "intake": intake.main,
    "start": start.main,
    "seal": seal.main,
    "archive": archive.main,
    "documents": documents.main,
    "verify": verify.main,
}


def main() -> int:
    """Print the parts that are asked for, all when none is; 1 when one could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=" ".join(PARTS))
    asked = parser.parse_known_args()[0].parts
    # Words behind an option are the option's, and read by the part that knows it.
    named = [part for part in asked if part in PARTS]
    if unknown := [part for part in asked if part not in PARTS and not part.isdigit()]:
        parser.error(f"there is no part {' '.join(unknown)}; there are {' '.join(PARTS)}")
    failed = 0
    for part in named or PARTS:
        began = time.monotonic()
        try:
            PARTS[part]()
        except Exception as error:  # noqa: BLE001 - the other parts are measured all the same
            print(f"\n**{part} could not be measured:** {error!r}")
            failed = 1
        print(f"\n_{part}: {time.monotonic() - began:.0f} s_\n", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
