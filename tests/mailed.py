"""Mails as they arrive in a test: written, stamped by the receiving service, stored and read."""

import json
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any
from urllib.parse import quote_plus

import boto3

from complaints.aws import mail_ledger, quarantine
from complaints.aws.quarantine import Quarantined
from complaints.aws.repository import ComplaintRepository
from complaints.models import Dossier
from complaints.number import complaint_number
from functions.intake_email.handler import handler
from tests.conftest import REGION
from tests.kept import put_object

OURS = "complaints@example.com"
GENERAL = "前台态度恶劣，打电话也不耐烦。"


def mail(text: str = GENERAL, *, to: str = OURS, **headers: str) -> EmailMessage:
    """Return a mail of a complainant; `_` stands for `-` in names of headers, "" leaves one out."""
    usual = {"From": "李娜 <lina@example.org>", "Subject": "投诉", "Message_ID": "<a@example.org>"}
    message = EmailMessage()
    for name, value in {**usual, **headers}.items():
        if value:
            message[name.replace("_", "-")] = value
    message["To"] = to
    message.set_content(text)
    return message


def stamped(raw: bytes, **found: str) -> bytes:
    """Return a mail below the headers that SES puts on top; all is well unless told otherwise."""
    said = {"spam": "PASS", "virus": "PASS", "spf": "pass", "dkim": "none", "dmarc": "none"} | found
    checks = "".join(f" {name}={said[name]};" for name in ("spf", "dkim", "dmarc"))
    lines = (
        f"Received: from mx.example.org by inbound-smtp.{REGION}.amazonaws.com with SMTP id 1",
        f"X-SES-Spam-Verdict: {said['spam']}",
        f"X-SES-Virus-Verdict: {said['virus']}",
        f"Authentication-Results: amazonses.com;{checks}",
        "",
    )
    return "\r\n".join(lines).encode() + raw


def raw_of(message: EmailMessage | bytes, **found: str) -> bytes:
    """Return a mail as it lies in the bucket."""
    raw = message if isinstance(message, bytes) else message.as_bytes(policy=SMTP)
    return stamped(raw, **found)


def notice(*keys: str, message_id: str = "m1") -> dict[str, Any]:
    """Return the message of the queue that tells of these objects."""
    records = [{"s3": {"object": {"key": quote_plus(key)}}} for key in keys]
    return {"messageId": message_id, "body": json.dumps({"Records": records})}


def store(message: EmailMessage | bytes, key: str, **found: str) -> bytes:
    """Store a mail as SES does; return its bytes."""
    raw = raw_of(message, **found)
    put_object("MAIL_BUCKET", key, raw)
    return raw


def tell(key: str) -> None:
    """Let a stored mail be read, without a failure."""
    assert handler({"Records": [notice(key)]}, None) == {"batchItemFailures": []}


def deliver(
    message: EmailMessage | bytes, key: str = "inbox/1", *, times: int = 1, **found: str
) -> bytes:
    """Store a mail and let it be read, each time without a failure; return its bytes."""
    raw = store(message, key, **found)
    for _ in range(times):
        tell(key)
    return raw


def number(n: int) -> str:
    """Return the n-th number of this year."""
    found = boto3.client("dynamodb").scan(TableName="ComplaintsTable")["Items"]
    (year,) = (
        stored["complaint_id"]["S"].removeprefix("counter#")
        for stored in found
        if stored["complaint_id"]["S"].startswith("counter#")
    )
    return complaint_number("TS", int(year), n, 6)


def dossier(n: int = 1) -> Dossier:
    """Return the n-th complaint of this year."""
    return ComplaintRepository.from_env().dossier(number(n))


def in_quarantine() -> list[Quarantined]:
    """Return the mails that were set aside since yesterday, the newest first."""
    a_day, at = timedelta(days=1), datetime.now(UTC)
    return quarantine.came(at - a_day, at + a_day, limit=500)[0]


def set_aside() -> list[str]:
    """Return the reasons for which mails were set aside."""
    return [one.reason for one in in_quarantine()]


def today() -> dict[str, int]:
    """Return what became of the mails that the ledger has, of today and yesterday."""
    at = datetime.now(UTC)
    return mail_ledger.counted(at - timedelta(days=1), at + timedelta(minutes=1))
