"""Downloads: short-lived addresses straight to the bucket, always to be saved, never to be run.

The bytes are a stranger's. They come from the bucket's own origin as an attachment, and with a
type that a browser may know only where that type can't hold a script.
"""

from typing import Final
from urllib.parse import quote

from complaints.aws import verdicts
from complaints.aws.runtime import client
from complaints.aws.settings import resource
from complaints.models import File

SECONDS = 60
PLAIN: Final = "application/octet-stream"
SAFE_TYPES = frozenset(
    {
        "application/pdf",
        "audio/aac",
        "audio/amr",
        "audio/mp4",
        "audio/mpeg",
        "audio/ogg",
        "audio/x-wav",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/webp",
        "video/mp4",
        "video/quicktime",
        "video/webm",
    }
)
MAIL = "inbox/"
"""Where raw mails lie in the mail bucket; everything else is evidence."""


def of_evidence(file: File) -> str:
    """Return the address of a piece of evidence, or of a raw mail.

    Raises NotCleanError where the scan has not found it clean.
    """
    verdicts.expect_clean(file)
    bucket = "MAIL_BUCKET" if file.key.startswith(MAIL) else "EVIDENCE_BUCKET"
    kind = file.content_type if file.content_type in SAFE_TYPES else PLAIN
    return _address(bucket, file.key, file.name or file.key.rpartition("/")[2], kind)


def of_mail(key: str) -> str:
    """Return the address of a mail in quarantine; as plain bytes, for it may be anything.

    Raises NotCleanError where the scan has not found it clean.
    """
    verdicts.expect_clean_mail(key)
    return _address("MAIL_BUCKET", key, f"{key.rpartition('/')[2]}.eml", PLAIN)


def of_archived(key: str) -> str:
    """Return the address of something in the archive: a bag, or what proves it."""
    kind = "application/zip" if key.endswith(".zip") else PLAIN
    return _address("ARCHIVE_BUCKET", key, key.rpartition("/")[2], kind)


def of_copy(key: str, name: str) -> str:
    """Return the address of the copy of a person's own data."""
    return _address("EVIDENCE_BUCKET", key, name, "application/zip")


def _address(bucket: str, key: str, name: str, kind: str) -> str:
    address: str = client("s3").generate_presigned_url(
        "get_object",
        Params={
            "Bucket": resource(bucket),
            "Key": key,
            "ResponseContentType": kind,
            "ResponseContentDisposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        },
        ExpiresIn=SECONDS,
    )
    return address
