"""Writes every mail that the system sends into the outbox folder, as the complainant would get it.

ministack keeps a mail in parts and rebuilds it when it relays one; letters must be seen bit for
bit, signature, attachments and all. So what SES would deliver is written here: the raw mail with
the Message-ID that SES gives it, and SES's answer names the same id. Who may send is judged as on
AWS too: a raw mail needs `ses:SendRawEmail`, and policies may ask for `ses:FromAddress`.
"""

import base64
import json
import logging
import re
from datetime import UTC, datetime
from email.utils import parseaddr
from http import HTTPStatus
from pathlib import Path

ID_DOMAIN = "email.amazonses.com"
"""What SES writes behind the @ of a Message-ID in us-east-1."""
MESSAGE_ID = re.compile(rb"^message-id:.*(?:\r?\n[ \t].*)*\r?\n", re.IGNORECASE | re.MULTILINE)


def bridge(folder: Path) -> None:
    """Have the emulator's SES judge as AWS does, and write into this folder, from now on."""
    from ministack import app
    from ministack.core.responses import get_account_id, get_region
    from ministack.services import ses_v2

    # It would write down who is mailed.
    logging.getLogger("ses-v2").setLevel(logging.WARNING)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle_request, enforce = ses_v2.handle_request, app._enforce_ses_v2

    def judge(
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: object,
        request_id: str,
    ) -> object:
        if not _sends(method, path):
            return enforce(method, path, headers, body, query, request_id)
        mail = json.loads(body)
        sender = parseaddr(mail.get("FromEmailAddress", ""))[1].lower()
        domain = sender.rpartition("@")[2]
        identity = f"arn:aws:ses:{get_region()}:{get_account_id()}:identity/{domain}"
        return app._enforce_data_plane(
            "sesv2",
            "ses:SendRawEmail" if "Raw" in mail.get("Content", {}) else "ses:SendEmail",
            headers,
            query,
            request_id,
            resource_arn=identity,
            named_resource=identity,
            service_context={"ses:fromaddress": sender},
        )

    async def write_what_is_sent(
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: object,
    ) -> tuple[int, dict[str, str], bytes]:
        answer: tuple[int, dict[str, str], bytes] = await handle_request(
            method, path, headers, body, query
        )
        status, answer_headers, text = answer
        if not _sends(method, path) or status != HTTPStatus.OK:
            return answer
        # ministack answers with the whole Message-ID, SES with what stands before the @.
        message_id = json.loads(text)["MessageId"].partition("@")[0]
        content = json.loads(body)["Content"]
        if "Raw" in content:
            store(folder, base64.b64decode(content["Raw"]["Data"]), message_id, datetime.now(UTC))
        answer_headers = {k: v for k, v in answer_headers.items() if k.lower() != "content-length"}
        return status, answer_headers, json.dumps({"MessageId": message_id}).encode()

    app._enforce_ses_v2 = judge
    ses_v2.handle_request = write_what_is_sent


def _sends(method: str, path: str) -> bool:
    return method == "POST" and path.rstrip("/").endswith("/outbound-emails")


def store(folder: Path, raw: bytes, message_id: str, at: datetime) -> Path:
    """Write one mail under the instant that it was sent; return its path."""
    path = folder / f"{at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{message_id}.eml"
    growing = path.with_suffix(".part")
    growing.write_bytes(with_message_id(raw, message_id))
    growing.replace(path)
    return path


def with_message_id(raw: bytes, message_id: str) -> bytes:
    r"""Return the mail with this Message-ID in place of its own, as SES does; all else untouched.

    >>> with_message_id(b"From: a@b.example\nMessage-ID: <x>\n\nMessage-ID: y\n", "0100")
    b'Message-ID: <0100@email.amazonses.com>\nFrom: a@b.example\n\nMessage-ID: y\n'
    """
    end = re.search(rb"\r?\n\r?\n", raw)
    head, rest = (raw[: end.start()], raw[end.start() :]) if end else (raw, b"")
    newline = b"\r\n" if b"\r\n" in head else b"\n"
    head = MESSAGE_ID.sub(b"", head + newline)[: -len(newline)]
    return f"Message-ID: <{message_id}@{ID_DOMAIN}>".encode() + newline + head + rest
