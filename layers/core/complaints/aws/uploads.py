"""Evidence that came straight into the bucket, and what its scan found (A2, F1)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from complaints.aws import evidence, orders, verdicts
from complaints.aws.desk import intake
from complaints.aws.items import Claim, read
from complaints.aws.metrics import count
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import Event, client, logger, now
from complaints.aws.settings import resource
from complaints.aws.table import Table
from complaints.aws.verdicts import Verdict
from complaints.models import Channel, Contact


class NotRegisteredYetError(Exception):
    """The complaint does not have the file yet; the message comes again."""


def take(messages: Sequence[Mapping[str, Any]]) -> Event:
    """Register what the messages of the queue say came into the bucket, or was scanned there.

    A message that fails comes again; the others of its batch do not.
    """
    failed = []
    for message in messages:
        try:
            _take_one(msgspec.json.decode(message["body"]))
        except Exception:  # noqa: BLE001 - one bad message must not hold up the others
            logger.exception("upload not registered", message_id=message["messageId"])
            failed.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failed}


def _take_one(body: Mapping[str, Any]) -> None:
    if "detail" in body:
        take_verdict(body)
    for record in body.get("Records", ()):
        register(unquote_plus(record["s3"]["object"]["key"]))


def register(key: str) -> None:
    """Add an uploaded file to its complaint: once, however often we are told of it.

    What came too late for its complaint is erased like the rest. While that is under way the
    message comes again.
    """
    place = evidence.KEY.fullmatch(key)
    if not place:
        return
    complaint_id = place["complaint_id"]
    dossier = ComplaintRepository.from_env().dossier(complaint_id)
    if (erasure := dossier.complaint.erasure) and erasure.done_at:
        orders.erase(complaint_id)
        return
    known = dossier.evidence
    if any(one.key == key for one in known):
        return
    file = evidence.uploaded(key)
    if not file or any(one.key == file.key for one in known):
        return
    contact = Contact(
        contact_id=f"upload-{file.upload_id}",
        channel=Channel.WEB,
        received_at=now(),
        by=evidence.brought_by(key),
        files=(file,),
    )
    intake.add(complaint_id, contact)


def take_verdict(event: Mapping[str, Any]) -> None:
    """Keep what an event of the scanner says; the quality office hears of a threat, once.

    Events come late, twice and in any order: the latest scan is kept. Raises NotRegisteredYetError
    for a threat in a file that is to be registered still.
    """
    detail = event["detail"]
    key = detail["s3ObjectDetails"]["objectKey"]
    status = detail["scanResultDetails"]["scanResultStatus"]
    at = datetime.fromisoformat(event["time"]).astimezone(UTC).replace(microsecond=0)
    verdicts.put(key, Verdict(status=status, at=at))
    if status != verdicts.THREATS:
        return
    count("ThreatFound")
    if place := evidence.KEY.fullmatch(key):
        _tell(place["complaint_id"], key)
    elif key.startswith("evidence/"):
        _tell(_complaint_of(key), key)


def _tell(complaint_id: str, key: str) -> None:
    """Tell the quality office of a threat in a file of this complaint."""
    known = ComplaintRepository.from_env().dossier(complaint_id).evidence
    if any(file.key == key for file in known):
        intake.find_threat(complaint_id, key.rpartition("/")[2])
        return
    head = client("s3").head_object(Bucket=resource("EVIDENCE_BUCKET"), Key=key)
    # What came by a form is kept under another key, which has a verdict of its own.
    if head["Metadata"].get(evidence.DOOR) != evidence.WEB:
        raise NotRegisteredYetError(complaint_id)


def _complaint_of(key: str) -> str:
    """Return the complaint that has an attachment, by what its mail was claimed under."""
    head = client("s3").head_object(Bucket=resource("EVIDENCE_BUCKET"), Key=key)
    claimed = head["Metadata"].get(evidence.CLAIM, "")
    stored = Table.from_env().get(f"claim#{claimed}", "claim")
    if not stored:
        raise NotRegisteredYetError(key)
    return read(stored, Claim).complaint_id
