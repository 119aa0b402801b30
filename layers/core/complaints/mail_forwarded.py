"""A mail that somebody sent on for another: who wrote it at first, and what."""

import re
from typing import NamedTuple

from complaints.mail import Mail, parse
from complaints.mail_headers import addresses
from complaints.mail_reply import forwarded_parts

_SUBJECT = re.compile(
    r"^\s*(?:[\[【][^\]】]{1,40}[\]】]\s*)?(?:fwd?|wg|tr|rv|i|enc|vs|转发|轉寄|轉發)\s*[:：]",
    re.IGNORECASE,
)
_MAILTO = re.compile(r"\[(?:mailto:)?([^\[\]\s]+@[^\[\]\s]+)\]")


class Original(NamedTuple):
    """The first letter inside one that was sent on."""

    name: str
    address: str
    text: str


def forwarded_original(mail: Mail) -> Original | None:
    """Return who wrote what a mail sends on; None where nothing proves that it does.

    A proof is the head of a letter below a line, or a subject, with which mail programs send on; or
    one mail attached. The sender is what that head says: whoever sends on may have changed it.
    """
    attached = [one for one in mail.attachments if one.content_type == "message/rfc822"]
    if len(attached) == 1:
        inner = parse(attached[0].payload)
        if inner.from_address:
            return Original(inner.from_name, inner.from_address, inner.text)
    found = None
    is_forward = _SUBJECT.match(mail.subject[:200]) is not None
    for sender, text in forwarded_parts(mail.text, is_forward=is_forward):
        for name, address in addresses(_MAILTO.sub(r"<\1>", sender))[:1]:
            found = Original(name, address, text)
    return found
