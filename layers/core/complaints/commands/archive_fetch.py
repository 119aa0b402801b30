"""`huiyin archive fetch`: a copy of the archive, or of some complaints, for who may only read.

Fetches with the usual AWS credentials, into a folder laid out like the bucket; a second run goes on
where the first ended. What was fetched is verified then. Exit status: that of the verification, 2
where nothing can be fetched.
"""

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import Any

from complaints.commands import archive_verify

STACK = "huiyin"


def add_arguments(actions: "argparse._SubParsersAction[Any]") -> None:
    """Declare `fetch [NUMBER…] [--day DAY] [--all] --to FOLDER` and where from."""
    fetch = actions.add_parser(
        "fetch",
        help="copy from the archive, and verify the copy",
        description="Copy bags, proofs and seals from the archive into a folder, and verify it.",
    )
    fetch.add_argument("numbers", nargs="*", metavar="NUMBER", help="numbers of complaints")
    fetch.add_argument("--day", type=date.fromisoformat, help="what the seal of this day names")
    fetch.add_argument("--all", action="store_true", help="the whole archive")
    fetch.add_argument("--to", required=True, type=Path, metavar="FOLDER")
    where = fetch.add_mutually_exclusive_group()
    where.add_argument("--bucket", help="the archive bucket")
    where.add_argument("--stack", default=STACK, help="whose archive (default: %(default)s)")
    where.add_argument("--local", action="store_true", help="the system that `make run` runs here")
    fetch.add_argument(
        "--key",
        type=Path,
        metavar="PUBKEY",
        help="the public key to verify with (default: the published one)",
    )
    fetch.add_argument(
        "--readable",
        action="store_true",
        help="decrypt into FOLDER-readable, where you may read the keys",
    )


def run(args: argparse.Namespace) -> int:
    """Fetch, verify, decrypt where asked to; return the exit status."""
    from complaints.aws.archive_copy import FAILURES, ArchiveCopy

    if not (args.numbers or args.day or args.all):
        sys.stderr.write("huiyin: say which: numbers, --day, or --all\n")
        return 2
    copy = None
    try:
        copy = ArchiveCopy(_bucket(args), args.to)
        fetched, unknown = (
            (copy.everything(), set()) if args.all else copy.some(args.numbers, args.day)
        )
    except FAILURES as error:
        sys.stderr.write(f"huiyin: {error}\n")
        return 2
    finally:
        replaced = sorted(copy.replaced) if copy else []
        for key in replaced:
            sys.stderr.write(f"{key}: deleted, or replaced, by a newer version; the first counts\n")
    sys.stderr.write(f"{args.to}: {fetched} files fetched\n")
    for number in sorted(unknown):
        sys.stderr.write(f"{number}: no seal names a bag of it\n")
    status = max(_verify(args), int(bool(unknown or replaced)))
    if args.readable:
        _read(args.to)
    return status


def _bucket(args: argparse.Namespace) -> str:
    """Return the archive bucket, and let this program act on the deployment that it is of."""
    from complaints.aws import deployment
    from complaints.aws.environment import resource

    if args.bucket:
        return str(args.bucket)
    deployment.reach(args.stack, local=args.local)
    return resource("ARCHIVE_BUCKET")


def _read(folder: Path) -> None:
    """Write what each bag holds in plain beside the copy; say of each that can't be read why."""
    from complaints.aws import readable

    target = folder.with_name(f"{folder.name}-readable")
    for path in sorted(folder.glob("archive/*/*/*/*.zip")):
        try:
            written = readable.write(path, target / path.name.removesuffix(".zip"))
        except readable.FAILURES as error:
            sys.stderr.write(f"{path.name}: not readable: {error}\n")
        else:
            sys.stderr.write(f"{path.name}: {len(written)} files in {target}\n")


def _verify(args: argparse.Namespace) -> int:
    key = args.key or args.to / "seals" / "public-key.pem"
    if not args.key and not key.exists():
        sys.stderr.write("huiyin: no day is sealed yet, so nothing can be verified\n")
        return 2
    if not args.key:
        sys.stderr.write(f"verified with the key of the archive itself, {key}: compare it\n")
    again = argparse.Namespace(
        paths=[args.to], key=key, checkpoint=None, time_stamp_root=None, part=not args.all
    )
    return archive_verify.run(again)
