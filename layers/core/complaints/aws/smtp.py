"""Mail out by SMTP, where there is no SES: with TLS or not at all, the answer for each recipient.

What a server says of a recipient or of the letter itself is about the letter. What it says before
that, of the connection, our account or our address, is about us: the letter stays owed.
"""

import re
import smtplib
import ssl
from collections.abc import Mapping
from contextlib import suppress
from email.message import EmailMessage
from email.utils import getaddresses

import msgspec

from complaints.aws.environment import resource
from complaints.aws.runtime import client

STARTTLS_PORTS = frozenset({25, 587})
"""Where a connection begins in plain and is never used so; on all others it begins with TLS."""
CONNECT = 5.0
"""Seconds for a connection: whoever waits for a page waits for it too, and so do the limits."""
TIMEOUT = 20.0
"""Seconds for each answer after that; one that comes later would be sent a second letter."""
FIRST_PERMANENT = 500
ENHANCED = re.compile(rb"\s*(\d\.\d{1,3}\.\d{1,3})\b")


class Answer(msgspec.Struct, frozen=True):
    """What a server said of a recipient or of a letter."""

    code: int
    enhanced: str = ""
    """The code of RFC 3463, such as `5.1.1`, where there is one."""

    @property
    def is_permanent(self) -> bool:
        """Whether it will say the same again (RFC 5321 4.2.1)."""
        return self.code >= FIRST_PERMANENT

    def __str__(self) -> str:
        """Return the codes; never the words beside them, which may hold an address."""
        return f"{self.code} {self.enhanced}".strip()


def send(message: EmailMessage, *, envelope_from: str) -> dict[str, Answer]:
    """Hand a letter over; return who of its recipients was refused and how.

    `envelope_from` is the address that bounces come to. Raises OSError (`smtplib`'s errors are of
    that kind) if the server can't be had, offers no TLS, or refuses us.
    """
    recipients = [address for _, address in getaddresses([str(message["To"])])]
    server = connected()
    refused: Mapping[str, tuple[int, bytes | str]]
    try:
        refused = server.send_message(message, from_addr=envelope_from, to_addrs=recipients)
    except smtplib.SMTPRecipientsRefused as error:
        refused = error.recipients
    except smtplib.SMTPDataError as error:
        refused = dict.fromkeys(recipients, (error.smtp_code, error.smtp_error))
    finally:
        # What the server took is ours no longer: nothing that follows may send it twice.
        with suppress(OSError):
            server.quit()
        server.close()
    return {address: answer(code, words) for address, (code, words) in refused.items()}


def connected() -> smtplib.SMTP:
    """Return a connection with TLS, a certificate that names the host, and a session of ours."""
    tls = ssl.create_default_context()
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    host, port = resource("SMTP_HOST"), int(resource("SMTP_PORT"))
    name = resource("MAIL_ADDRESS").rpartition("@")[2]
    if port in STARTTLS_PORTS:
        server = smtplib.SMTP(host, port, local_hostname=name, timeout=CONNECT)
    else:
        server = smtplib.SMTP_SSL(host, port, local_hostname=name, timeout=CONNECT, context=tls)
    try:
        if port in STARTTLS_PORTS:
            server.starttls(context=tls)
        if server.sock:
            server.sock.settimeout(TIMEOUT)
        secret = client("ssm").get_parameter(Name=resource("SMTP_SECRET"), WithDecryption=True)
        server.login(resource("SMTP_USER"), secret["Parameter"]["Value"])
    except BaseException:
        server.close()
        raise
    return server


def answer(code: int, words: bytes | str) -> Answer:
    """Return what a server said without its words.

    >>> str(answer(550, b"5.1.1 <lina@example.com> is unknown"))
    '550 5.1.1'
    """
    raw = words.encode(errors="replace") if isinstance(words, str) else words
    found = ENHANCED.match(raw)
    return Answer(code, found[1].decode() if found else "")
