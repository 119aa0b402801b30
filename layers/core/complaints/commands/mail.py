"""`huiyin mail parse`: what the system reads out of a mail, one JSON line for each file."""

import argparse
import json
import sys
from pathlib import Path

from complaints.mail import Mail, parse

_FIELDS = (
    *("from_address", "subject", "text", "reply", "is_auto_reply", "is_bounce"),
    *("is_signed", "is_encrypted"),
    *("message_id", "in_reply_to", "references", "disposition", "error"),
)
_FILE_FIELDS = ("filename", "size", "sha256", "content_type", "flags")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `parse` and its files."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    reading = actions.add_parser(
        "parse",
        help="print what is read from raw mails",
        description="Print one JSON object a line for each raw mail (.eml).",
    )
    reading.add_argument("files", nargs="+", type=Path, metavar="FILE")


def run(args: argparse.Namespace) -> int:
    """Print a line for each file that can be opened; return 1 where one could not be read."""
    status = 0
    for path in args.files:
        try:
            raw = path.read_bytes()
        except OSError as error:
            sys.stderr.write(f"huiyin: {path}: {error.strerror}\n")
            status = 1
            continue
        mail = parse(raw)
        sys.stdout.write(_line(path, mail))
        if mail.error:
            sys.stderr.write(f"huiyin: {path}: {mail.error}\n")
            status = 1
    return status


def _line(path: Path, mail: Mail) -> str:
    shown: dict[str, object] = {"file": str(path)}
    shown |= {name: getattr(mail, name) for name in _FIELDS}
    shown["attachments"] = [
        {name: getattr(attachment, name) for name in _FILE_FIELDS}
        for attachment in mail.attachments
    ]
    # A lone surrogate can be in no mail that was decoded, but a file name of this machine may.
    text = json.dumps(shown, ensure_ascii=False) + "\n"
    return text.encode("utf-8", "replace").decode("utf-8")
