"""Receives mail as SES does: the raw mail goes into the mail bucket, then the sender hears 250.

The emulator has no SES receiving. This does what the receipt rule of `infra/ses.yaml` does: takes
our own address only and 40 MB at most, makes one object of one mail, the bytes as they came behind
the headers that SES puts on top.
"""

import asyncio
import json
import logging
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote_plus

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from infra.local.emulator import REGION

MAX_BYTES = 40 * 1024 * 1024
"""The largest mail that SES receives."""
MAX_RECIPIENTS = 100
"""Recipients of one mail that SES takes; a sender brings the rest in a second delivery."""
LINE_BYTES = 1024 * 1024
"""Length of a line that is still taken: far above RFC 5321, since some programs fold nothing."""
# What the scanners of SES answer to the two standard test texts.
SPAM_TEST = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
VIRUS_TESTS = (
    b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE",
    b"RUlDQVItU1RBTkRBUkQtQU5USVZJUlVTLVRFU1QtRklMR",
)

log = logging.getLogger(__name__)

Store = Callable[[str, bytes], None]
"""Puts one raw mail under a key into the mail bucket; raises when it could not."""


class Receiver:
    """The receipt rule: what aiosmtpd asks at RCPT and at the end of DATA."""

    def __init__(self, domain: str, store: Store) -> None:
        self.domain = domain
        self.store = store

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """Accept our own address, with or without a plus part, and a hundred of them at most."""
        if not ours(address, self.domain):
            return "550 5.1.1 Mailbox does not exist"
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Store the mail; only then is it ours. A sender who hears 451 tries again."""
        mail_id = secrets.token_hex(20)
        raw = envelope.original_content or b""
        if isinstance(raw, str):
            raw = raw.encode()
        mail = receipt_headers(mail_id, session, envelope, raw, datetime.now(UTC)) + raw
        try:
            await asyncio.to_thread(self.store, f"inbox/{mail_id}", mail)
        except Exception:  # whatever it was, the sender keeps the mail and tries again
            log.exception("the mail could not be stored")
            return "451 4.3.0 Temporarily unable to store the mail, try again later"
        return f"250 OK {mail_id}"


class Listener(Controller):
    """An SMTP listener on loopback, in a thread of its own."""

    def __init__(self, port: int, domain: str, store: Store) -> None:
        super().__init__(
            Receiver(domain, store),
            hostname="127.0.0.1",
            port=port,
            data_size_limit=MAX_BYTES,
            enable_SMTPUTF8=True,
            ident="huiyin",
        )

    def factory(self) -> SMTP:
        """Return the protocol of one connection."""
        return _PatientSMTP(self.handler, **self.SMTP_kwargs)


class _PatientSMTP(SMTP):
    line_length_limit = LINE_BYTES


def ours(address: str, domain: str) -> bool:
    """Return whether this is the complaints address of the domain, a plus part included.

    >>> ours("Complaints+TS-2026-000123-4.0f0f@HUIYIN.localhost", "huiyin.localhost")
    True
    >>> ours("sales@huiyin.localhost", "huiyin.localhost")
    False
    """
    local, _, found = address.strip("<> ").rpartition("@")
    return local.partition("+")[0].lower() == "complaints" and found.lower() == domain


def receipt_headers(
    mail_id: str, session: Session, envelope: Envelope, raw: bytes, at: datetime
) -> bytes:
    """Return the headers that SES puts above a mail.

    Whoever can write to this port is at this machine, so the sender checks pass; spam and virus
    pass but for the two standard test texts, with which the way of a refused mail can be tried.
    """
    host = _token(session.host_name)
    sender = _token(envelope.mail_from)
    client = _token(session.peer[0] if isinstance(session.peer, tuple) else "")
    spam = "FAIL" if SPAM_TEST in raw else "PASS"
    virus = "FAIL" if any(text in raw for text in VIRUS_TESTS) else "PASS"
    origin = f"client-ip={client}; envelope-from={sender}; helo={host};"
    lines = (
        f"Return-Path: <{sender}>",
        f"Received: from {host} ({host} [{client}])",
        f" by inbound-smtp.{REGION}.amazonaws.com with SMTP id {mail_id}",
        f" for {_token(envelope.rcpt_tos[0])};",
        f" {format_datetime(at)} (UTC)",
        f"X-SES-Spam-Verdict: {spam}",
        f"X-SES-Virus-Verdict: {virus}",
        f"Received-SPF: pass (spfCheck: a sender at this machine) {origin}",
        "Authentication-Results: amazonses.com;",
        f" spf=pass (spfCheck: a sender at this machine) {origin}",
        " dkim=none;",
        " dmarc=pass;",
        "",
    )
    return "\r\n".join(lines).encode()


def _token(text: Any) -> str:
    """Return the text without what could end a header line; "" for None."""
    return "".join(sign for sign in str(text or "") if sign.isprintable())


def storing(client: Any, bucket: str) -> Store:
    """Return the store of a bucket."""

    def store(key: str, mail: bytes) -> None:
        client.put_object(Bucket=bucket, Key=key, Body=mail)

    return store


def announce_again(s3: Any, sqs: Any, bucket: str, queue: str, since: datetime) -> int:
    """Tell the queue once more of the mails that arrived since then; return how many.

    After a hard kill a mail may lie in the bucket while the message that told of it is gone with
    the last seconds. A mail that was dealt with is known by its bytes and makes nothing new.
    """
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="inbox/")
    keys = [
        found["Key"]
        for page in pages
        for found in page.get("Contents", ())
        if found["LastModified"] >= since
    ]
    for key in keys:
        notice = {"Records": [{"s3": {"object": {"key": quote_plus(key)}}}]}
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(notice))
    return len(keys)
