"""Fetch mail: every minute, what is new in a mailbox goes into the mail bucket (A1, I19)."""

from complaints.aws import mailbox
from complaints.aws.runtime import Event


def handler(_event: Event, _context: object) -> Event:
    """Fetch; return how many mails became what."""
    return mailbox.fetch()
