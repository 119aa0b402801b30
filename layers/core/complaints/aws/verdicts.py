"""What the malware scan found (GuardDuty Malware Protection for S3), where it is switched on (F1).

The tag on the object decides, and only the scanner's role may write it: a file whose tag is
anything but clean, or is not there, is not handed out, shown or sent, whoever asks. The events of
the scanner are kept beside it, so that people can read what was found, and when.
"""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from complaints.aws import evidence
from complaints.aws.items import item, read
from complaints.aws.runtime import client, logger
from complaints.aws.settings import resource, scans_uploads
from complaints.aws.table import Table
from complaints.lifecycle import ComplaintError
from complaints.models import File, Record, sortable

TAG = "GuardDutyMalwareScanStatus"
CLEAN = "NO_THREATS_FOUND"
THREATS = "THREATS_FOUND"
STATUSES = (CLEAN, THREATS, "UNSUPPORTED", "ACCESS_DENIED", "FAILED")


class Verdict(Record, frozen=True):
    """What the scan of a file found, and when it was over."""

    status: str
    at: datetime


class NotCleanError(ComplaintError):
    """The file waits for its scan, or did not pass it: it is handed out to nobody."""

    text_id = "error.not_clean"


def may_be_opened(file: File) -> bool:
    """Return whether a file may leave us: scanned and clean, where scanning is on."""
    return _is_clean(evidence.bucket_of(file), file.key)


def expect_clean(file: File) -> None:
    """Raise NotCleanError for a file that may not leave us."""
    if not may_be_opened(file):
        raise NotCleanError(f"{file.key} is not known to be clean")


def expect_clean_mail(key: str) -> None:
    """Raise NotCleanError for a raw mail that may not leave us."""
    if not _is_clean(resource("MAIL_BUCKET"), key):
        raise NotCleanError(f"{key} is not known to be clean")


def _is_clean(bucket: str, key: str) -> bool:
    if not scans_uploads():
        return True
    tags = client("s3").get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
    return any(tag == {"Key": TAG, "Value": CLEAN} for tag in tags)


def put(key: str, verdict: Verdict) -> None:
    """Keep a verdict; one of an older scan that comes later changes nothing."""
    table = Table.from_env()
    stored = item(_scan_id(key), "verdict", verdict) | {"at": {"S": sortable(verdict.at)}}
    try:
        table.client.put_item(
            TableName=table.name,
            Item=stored,
            ConditionExpression="attribute_not_exists(part) OR #at <= :at",
            ExpressionAttributeNames={"#at": "at"},
            ExpressionAttributeValues={":at": stored["at"]},
        )
    except table.client.exceptions.ConditionalCheckFailedException:
        logger.info("an older verdict came later")


def known(files: Iterable[File]) -> dict[str, Verdict]:
    """Return the verdicts on these files by their keys; nothing where scanning is off."""
    keys = {_scan_id(file.key): file.key for file in files} if scans_uploads() else {}
    found = Table.from_env().get_all(list(keys), "verdict")
    return {keys[one["complaint_id"]["S"]]: read(one, Verdict) for one in found}


def _scan_id(key: str) -> str:
    return f"scan#{sha256(key.encode()).hexdigest()}"
