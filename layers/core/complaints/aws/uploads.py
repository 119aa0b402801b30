"""Evidence that was uploaded with the public pages: registered with its complaint (A2, F1)."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from complaints.aws import evidence
from complaints.aws.desk import intake
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import Event, logger, now
from complaints.models import Channel, Contact


def register(messages: Sequence[Mapping[str, Any]]) -> Event:
    """Register what the messages of the queue say came into the bucket.

    A message that fails comes again; the others of its batch do not.
    """
    failed = []
    for message in messages:
        try:
            for record in msgspec.json.decode(message["body"]).get("Records", ()):
                register_one(unquote_plus(record["s3"]["object"]["key"]))
        except Exception:  # noqa: BLE001 - one bad message must not hold up the others
            logger.exception("upload not registered", message_id=message["messageId"])
            failed.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failed}


def register_one(key: str) -> None:
    """Add an uploaded file to its complaint: once, however often we are told of it."""
    place = evidence.KEY.fullmatch(key)
    if not place:
        return
    complaint_id = place["complaint_id"]
    known = ComplaintRepository.from_env().dossier(complaint_id).evidence
    file = evidence.uploaded(key)
    if not file or any(one.key == file.key for one in known):
        return
    contact = Contact(
        contact_id=f"upload-{file.sha256[:16]}",
        channel=Channel.WEB,
        received_at=now(),
        by=evidence.brought_by(key),
        files=(file,),
    )
    intake.add(complaint_id, contact)
