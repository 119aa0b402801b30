"""Intake, mail: each raw mail that arrives in the mail bucket is taken in (A1, A13)."""

from typing import Any
from urllib.parse import unquote_plus

import msgspec

from complaints.aws.desk import mails
from complaints.aws.runtime import Event, logger


def handler(event: Event, _context: object) -> Event:
    """Read each mail that the queue names; one that fails comes again, and stops no other."""
    failures = []
    for message in event["Records"]:
        try:
            for key in keys_of(message):
                mails.take(key)
        except Exception:  # noqa: BLE001 - one mail must not stop the others
            logger.exception("mail not taken", message_id=message["messageId"])
            failures.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failures}


def keys_of(message: dict[str, Any]) -> list[str]:
    """Return the keys that an S3 notification names; none for the test that S3 sends at first."""
    notice = msgspec.json.decode(message["body"])
    return [unquote_plus(record["s3"]["object"]["key"]) for record in notice.get("Records", [])]
