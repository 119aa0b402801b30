"""Evidence: exact bytes in the evidence bucket, under keys of our own (F1)."""

import hashlib
import re
from contextlib import suppress
from email.header import decode_header, make_header
from typing import Any
from urllib.parse import urlsplit

import filetype

from complaints.aws.runtime import client, random_id
from complaints.aws.settings import resource, scans_uploads
from complaints.forms import clean
from complaints.models import File

UPLOAD_BYTES = 20 * 1024 * 1024
UPLOAD_SECONDS = 600
KEY = re.compile(r"evidence/(?P<complaint_id>[A-Z0-9-]{8,40})/(?P<upload_id>[0-9a-f]{16})")
CLEAN = "NO_THREATS_FOUND"
CHUNK = 1024 * 1024
BY = "by"
"""Metadata that the form of a member of staff sets: the user name of who brought the file."""
COMPLAINANT = "complainant"
DOOR = "door"
"""Metadata that only our form sets: the object came by the web, not with a mail."""
LONGEST_NAME = 120


def keep(complaint_id: str, name: str, content: bytes) -> File:
    """Store the bytes of an attachment; the same bytes of a complaint are stored once."""
    digest = hashlib.sha256(content).hexdigest()
    key = f"evidence/{complaint_id}/{digest[:16]}"
    kind = content_type_of(content)
    client("s3").put_object(
        Bucket=resource("EVIDENCE_BUCKET"), Key=key, Body=content, ContentType=kind
    )
    return File(key=key, name=name, size=len(content), sha256=digest, content_type=kind)


def upload_form(complaint_id: str, redirect: str, *, by: str = COMPLAINANT) -> dict[str, Any]:
    """Return `{url, fields}` of a form that puts one file straight into the bucket.

    Exactly one key, 1 byte to 20 MiB, for ten minutes; then the browser is sent to `redirect`.
    """
    key = f"evidence/{complaint_id}/{random_id()}"
    fixed = {
        "success_action_redirect": redirect,
        f"x-amz-meta-{DOOR}": "web",
        f"x-amz-meta-{BY}": by,
    }
    conditions = [
        ["content-length-range", 1, UPLOAD_BYTES],
        *({name: value} for name, value in fixed.items()),
        ["starts-with", "$x-amz-meta-name", ""],
    ]
    form: dict[str, Any] = client("s3").generate_presigned_post(
        resource("EVIDENCE_BUCKET"),
        key,
        Fields=fixed,
        Conditions=conditions,
        ExpiresIn=UPLOAD_SECONDS,
    )
    # The global name of a bucket redirects to its region, which the page's policy forbids.
    regional = urlsplit(client("s3").meta.endpoint_url).netloc
    form["url"] = form["url"].replace(".s3.amazonaws.com/", f".{regional}/")
    return form


def uploaded(key: str) -> File | None:
    """Read an uploaded object to its end; keep it under a key of its bytes and return what it is.

    A form can be sent twice, and what is sent then lies under the same key: a key that no form
    knows keeps the first. None if it did not come by our form: attachments of mails lie in the
    same bucket, and are registered with their mail.
    """
    answer = client("s3").get_object(Bucket=resource("EVIDENCE_BUCKET"), Key=key)
    if DOOR not in answer["Metadata"]:
        return None
    digest, size, start = hashlib.sha256(), 0, b""
    for chunk in answer["Body"].iter_chunks(CHUNK):
        start = start or chunk
        digest.update(chunk)
        size += len(chunk)
    kept = f"{key.rpartition('/')[0]}/{digest.hexdigest()[:16]}"
    client("s3").copy_object(
        Bucket=resource("EVIDENCE_BUCKET"),
        Key=kept,
        CopySource={"Bucket": resource("EVIDENCE_BUCKET"), "Key": key},
        CopySourceIfMatch=answer["ETag"],
        TaggingDirective="REPLACE",
    )
    return File(
        key=kept,
        name=file_name(answer["Metadata"].get("name", "")) or key.rpartition("/")[2],
        size=size,
        sha256=digest.hexdigest(),
        content_type=content_type_of(start),
    )


def brought_by(key: str) -> str:
    """Return who uploaded an object: `complainant`, or the user name of a member of staff."""
    head = client("s3").head_object(Bucket=resource("EVIDENCE_BUCKET"), Key=key)
    by: str = head["Metadata"].get(BY, COMPLAINANT)
    return by


def file_name(sent: str) -> str:
    """Return the name of a file as its sender sees it, fit to be shown: no path, no controls.

    S3 keeps a name beyond ASCII as an encoded word (RFC 2047), its local double as plain UTF-8.
    """
    with suppress(UnicodeError):
        sent = sent.encode("latin-1").decode()
    with suppress(LookupError, ValueError):
        sent = str(make_header(decode_header(sent)))
    return clean(re.split(r"[/\\]", sent)[-1])[-LONGEST_NAME:]


def fetch(file: File, *, bucket: str = "EVIDENCE_BUCKET") -> bytes:
    """Return the bytes of a piece of evidence; raw mails lie in the mail bucket."""
    name = "MAIL_BUCKET" if file.key.startswith("inbox/") else bucket
    answer = client("s3").get_object(Bucket=resource(name), Key=file.key)
    content: bytes = answer["Body"].read()
    return content


def may_be_opened(file: File) -> bool:
    """Return whether a file may be handed out: scanned and clean, where scanning is on (F1)."""
    if not scans_uploads():
        return True
    tags = client("s3").get_object_tagging(Bucket=resource("EVIDENCE_BUCKET"), Key=file.key)
    verdict = {tag["Key"]: tag["Value"] for tag in tags["TagSet"]}
    return verdict.get("GuardDutyMalwareScanStatus") == CLEAN


def content_type_of(content: bytes) -> str:
    """Return the type that the bytes show, never the one that a sender says."""
    found = filetype.guess_mime(content[:8192])
    if found:
        return str(found)
    try:
        content[:8192].decode()
    except UnicodeDecodeError as error:
        if error.start < len(content[:8192]) - 3:
            return "application/octet-stream"
    return "text/plain"
