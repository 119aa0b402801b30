"""Intake of files: what was put into the evidence bucket is read, hashed and registered (F1)."""

from complaints.aws import uploads
from complaints.aws.runtime import Event


def handler(event: Event, _context: object) -> Event:
    """Take the messages of the queue: uploads, and what the scan of them found."""
    return uploads.take(event["Records"])
