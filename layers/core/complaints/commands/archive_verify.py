"""`huiyin archive verify`: whether an archive, or bags of one, are what was sealed; offline.

Writes a JSON line for each file, and for each that is missing; then what it comes to, to standard
error. Exit status: 0 nothing is wrong, 1 something is, 2 bad usage.
"""

import argparse
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from complaints.commands import lines
from complaints.verify_files import Finding, Found

if TYPE_CHECKING:
    from complaints.verify import Verifier

SMALL = 1 << 20
"""Bytes of the longest key, checkpoint or certificate."""

DEPTH = 16
"""How many folders may lie within each other."""


class UsageError(Exception):
    """What was asked for can't be done; the sentence says why."""


def add_arguments(actions: "argparse._SubParsersAction[Any]") -> None:
    """Declare `verify PATH… --key PUBKEY` and what else the auditor may give."""
    verify = actions.add_parser(
        "verify",
        help="find out whether an archive is what was sealed",
        description="Verify a folder laid out like the archive bucket, or bags with their proofs.",
    )
    verify.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    key = "the public key of the seals, PEM or DER, that you got on another way"
    verify.add_argument("--key", required=True, type=Path, metavar="PUBKEY", help=key)
    checkpoint = "a seal that was kept: the archive must go on from it"
    verify.add_argument("--checkpoint", type=Path, metavar="SEAL", help=checkpoint)
    root = "certificates (PEM) of the authority that stamped the seals"
    verify.add_argument("--time-stamp-root", type=Path, metavar="CERT", help=root)
    part = "the folder holds a part of an archive, such as was fetched: nothing is missed"
    verify.add_argument("--part", action="store_true", help=part)


def run(args: argparse.Namespace) -> int:
    """Verify each folder, and all single bags together; return the exit status."""
    try:
        checks = list(_checks(args))
    except UsageError as error:
        sys.stderr.write(f"huiyin: {error}\n")
        return 2
    return max(_write(path, verifier) for path, verifier in checks)


def _checks(args: argparse.Namespace) -> Iterator[tuple[str, "Verifier"]]:
    from complaints.seal import SealError, public_key
    from complaints.verify import Verifier
    from complaints.verify_stamps import certificates

    try:
        key = public_key(_read(args.key))
        roots = certificates(_read(args.time_stamp_root)) if args.time_stamp_root else []
    except (SealError, ValueError) as error:
        raise UsageError(f"{error}") from error
    checkpoint = _read(args.checkpoint) if args.checkpoint else b""
    if args.checkpoint and not checkpoint:
        raise UsageError(f"{args.checkpoint}: it is empty")
    for path in args.paths:
        if not path.exists():
            raise UsageError(f"{path}: it is not there")
    folders = [path for path in args.paths if path.is_dir()]
    bags = [path for path in args.paths if not path.is_dir()]
    now = datetime.now(UTC)  # noqa: TID251 - the auditor's clock; nothing of AWS is loaded here
    given: dict[str, Any] = {"checkpoint": checkpoint, "roots": roots, "at": now}
    for folder in folders:
        yield f"{folder}", Verifier(Folder(folder), key, whole=not args.part, **given)
    if bags:
        yield "", Verifier(Bags(bags), key, whole=False, loose=True, **given)


def _read(path: Path) -> bytes:
    """Return a short file that was named on the command line; raises UsageError."""
    try:
        with path.open("rb") as file:
            return file.read(SMALL)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def _write(folder: str, verifier: "Verifier") -> int:
    """Write what was found; return 1 where something is wrong."""
    for finding in verifier.findings():
        lines.write(shown(finding))
    counts = verifier.counts
    until = f"sealed up to {verifier.sealed_up_to}" if verifier.sealed_up_to else "no seal"
    sys.stderr.write(
        f"{folder or 'bags'}: {counts['files']} files, {counts['bags']} bags, "
        f"{counts['leaves']} leaves, {until}: "
        f"{counts['problems'] or 'no'} problems, {counts['notes']} notes\n"
    )
    return 1 if counts["problems"] else 0


def shown(finding: Finding) -> dict[str, object]:
    """Return a finding as it is written."""
    complaint = {"complaint_id": finding.complaint_id} if finding.complaint_id else {}
    return {
        "path": finding.path,
        **complaint,
        "ok": finding.ok,
        "problems": finding.problems,
        "notes": finding.notes,
    }


class Folder:
    """The files below a folder; links are not followed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def found(self) -> Iterator[Found]:
        """Yield every file, by its name from the folder on."""
        return _below(self._folder, "")

    def open(self, name: str) -> BinaryIO:
        """Open a file; raises OSError for what is none."""
        return _opened(self._folder / name)


class Bags:
    """Single bags, each with its proof and its large files beside it."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = list(paths)

    def found(self) -> Iterator[Found]:
        """Yield the bags and what lies beside each that belongs to it."""
        for path in dict.fromkeys(self._paths):
            yield _found(f"{path}", path)
            stem = f"{path}".removesuffix(".zip")
            proof = Path(f"{stem}.proof.json")
            if proof.exists():
                yield _found(f"{proof}", proof)
            beside = Path(f"{stem}.files")
            if beside.is_dir() and not beside.is_symlink():
                yield from _below(beside, f"{beside}/")

    def open(self, name: str) -> BinaryIO:
        """Open a file; raises OSError for what is none."""
        return _opened(Path(name))


def _opened(path: Path) -> BinaryIO:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    return os.fdopen(os.open(path, flags), "rb")


def _below(folder: Path, prefix: str) -> Iterator[Found]:
    """Yield every file below a folder, and a problem for what can't be read or is none."""
    try:
        with os.scandir(folder) as entries:
            inside = sorted(entries, key=lambda one: one.name)
    except OSError as error:
        yield Found(_printable(prefix), 0, f"unreadable: {error.strerror}")
        return
    for entry in inside:
        name = f"{prefix}{entry.name}"
        if entry.is_dir(follow_symlinks=False) and name.count("/") >= DEPTH:
            yield Found(_printable(f"{name}/"), 0, "unexpected: no archive has folders so deep")
        elif entry.is_dir(follow_symlinks=False):
            yield from _below(Path(entry.path), f"{name}/")
        else:
            yield _found(name, Path(entry.path))


def _found(name: str, path: Path) -> Found:
    try:
        about = path.lstat()
    except OSError as error:
        return Found(_printable(name), 0, f"unreadable: {error.strerror}")
    if not stat.S_ISREG(about.st_mode):
        return Found(_printable(name), 0, "unexpected: it is a link or a device, and no file")
    if _printable(name) != name:
        return Found(_printable(name), 0, "unexpected: its name is no text")
    return Found(name, about.st_size)


def _printable(name: str) -> str:
    """Return a name of the file system as text that can be written."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
