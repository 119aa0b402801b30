"""Files of any size, in parts: signed, listed and put together; the bytes go to the bucket.

The browser hashes each part before it asks for its address. The address is signed for that SHA-256,
and S3 takes no other bytes. Nothing is kept here between the calls: S3 knows what has arrived.
"""

import base64
import hashlib
from collections.abc import Mapping

import msgspec
from botocore.exceptions import ClientError

from complaints.aws.evidence import BY, DECLARED, DOOR, KEY, NAME, PART_SIZE, PARTS
from complaints.aws.runtime import client, random_id
from complaints.aws.settings import resource
from complaints.lifecycle import InvalidInputError

SECONDS = 900
"""How long the address of a part may be used; a broken line asks for a new one."""
SMALLEST_PART = 8 * 1024 * 1024
LARGEST_PART = 1024**3
"""Bytes; a browser must hold a part to hash it, and S3 takes up to 5 GiB."""
MOST_PARTS = 10_000
LARGEST = 5 * 1024**4
"""Bytes of a file. S3 takes 48.8 TiB, in parts that no browser can hash."""
MEBI = 1024 * 1024
LISTED = 1000
REFUSED = frozenset({"NoSuchUpload", "InvalidPart", "InvalidPartOrder", "PreconditionFailed"})


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """An upload that was begun: where its parts go."""

    upload_id: str
    """Our name of it: the last part of its key."""
    token: str
    """The name that S3 gave it; whoever has it may go on with it."""
    part_size: int


class Part(msgspec.Struct, frozen=True):
    """A part that has arrived: its number from 1, its SHA-256 in Base64, its bytes."""

    number: int
    sha256: str
    size: int


def part_size(size: int) -> int:
    """Return the bytes of the parts of a file: few calls for small ones, 10,000 parts at most.

    >>> part_size(60 * MEBI) // MEBI, part_size(1024 * 1024 * MEBI) // MEBI
    (8, 105)
    """
    needed = -(-size // MOST_PARTS)
    return max(SMALLEST_PART, -(-needed // MEBI) * MEBI)


def sizes(size: int) -> list[int]:
    """Return the bytes of each part of a file.

    >>> [one // MEBI for one in sizes(20 * MEBI)]
    [8, 8, 4]
    """
    each = part_size(size)
    rest = size % each
    return [each] * (size // each) + ([rest] if rest else [])


def begin(complaint_id: str, *, name: str, declared: str, size: int, by: str) -> Begun:
    """Begin the upload of a file of `size` bytes, that a member of staff brings.

    Raises InvalidInputError for no bytes, or more than we take.
    """
    if not 0 < size <= LARGEST:
        raise InvalidInputError(f"{size} bytes", text_id="error.upload_size")
    upload_id, parts = random_id(), part_size(size)
    made = client("s3").create_multipart_upload(
        Bucket=resource("EVIDENCE_BUCKET"),
        Key=f"evidence/{complaint_id}/{upload_id}",
        ChecksumAlgorithm="SHA256",
        ChecksumType="COMPOSITE",
        Metadata={
            DOOR: PARTS,
            BY: by,
            NAME: _as_header(name),
            DECLARED: declared if declared.isascii() and declared.isprintable() else "",
            PART_SIZE: str(parts),
        },
    )
    return Begun(upload_id=upload_id, token=made["UploadId"], part_size=parts)


def _as_header(name: str) -> str:
    """Return a name as an encoded word (RFC 2047): metadata are ASCII."""
    return f"=?utf-8?b?{base64.b64encode(name.encode()).decode()}?="


def addresses(
    complaint_id: str, upload_id: str, token: str, digests: Mapping[int, str]
) -> dict[int, str]:
    """Return for each part the address that takes it, and only with this SHA-256 (Base64)."""
    s3 = client("s3")
    return {
        number: s3.generate_presigned_url(
            "upload_part",
            Params={
                **_named(complaint_id, upload_id, token),
                "PartNumber": number,
                "ChecksumSHA256": digest,
            },
            ExpiresIn=SECONDS,
        )
        for number, digest in digests.items()
    }


def arrived(complaint_id: str, upload_id: str, token: str, after: int = 0) -> list[Part]:
    """Return the parts that are there, by number; at most a thousand, those after a number."""
    try:
        answer = client("s3").list_parts(
            **_named(complaint_id, upload_id, token), PartNumberMarker=after, MaxParts=LISTED
        )
    except ClientError as error:
        raise _refused(error) from error
    return [
        Part(one["PartNumber"], one.get("ChecksumSHA256", ""), one["Size"])
        for one in answer.get("Parts", ())
    ]


def complete(complaint_id: str, upload_id: str, token: str, *, size: int, composite: str) -> None:
    """Put the parts together, if they are all and those that the browser hashed.

    `composite` is the SHA-256 over the SHA-256 of all parts as the browser has it, in hex. What
    was put together before stays as it is, and the queue is told of it once more or not at all.

    Raises InvalidInputError where a part is missing or another one, or the upload is unknown.
    """
    s3, named = client("s3"), _named(complaint_id, upload_id, token)
    try:
        pages = s3.get_paginator("list_parts").paginate(**named)
        parts = [one for page in pages for one in page.get("Parts", ())]
    except ClientError as error:
        if is_there(complaint_id, upload_id, size):
            return
        raise _refused(error) from error
    digests = b"".join(base64.b64decode(one.get("ChecksumSHA256", "")) for one in parts)
    is_whole = [one["Size"] for one in parts] == sizes(size)
    if not is_whole or hashlib.sha256(digests).hexdigest() != composite:
        raise InvalidInputError(f"{upload_id} is not whole", text_id="error.upload_broken")
    fields = ("PartNumber", "ETag", "ChecksumSHA256")
    try:
        s3.complete_multipart_upload(
            **named,
            MultipartUpload={"Parts": [{name: one[name] for name in fields} for one in parts]},
            ChecksumType="COMPOSITE",
            MpuObjectSize=size,
            IfNoneMatch="*",
        )
    except ClientError as error:
        if not is_there(complaint_id, upload_id, size):
            raise _refused(error) from error


def abort(complaint_id: str, upload_id: str, token: str) -> None:
    """Give up an upload: its parts go; one that is unknown or complete stays as it is."""
    try:
        client("s3").abort_multipart_upload(**_named(complaint_id, upload_id, token))
    except ClientError as error:
        if error.response["Error"]["Code"] not in REFUSED:
            raise


def is_there(complaint_id: str, upload_id: str, size: int) -> bool:
    """Return whether the file lies in the bucket, as long as it should be."""
    try:
        head = client("s3").head_object(
            Bucket=resource("EVIDENCE_BUCKET"), Key=f"evidence/{complaint_id}/{upload_id}"
        )
    except ClientError:
        return False
    return bool(head["ContentLength"] == size)


def _named(complaint_id: str, upload_id: str, token: str) -> dict[str, str]:
    """Return what names an upload to S3; raises InvalidInputError for what can't name one."""
    key = f"evidence/{complaint_id}/{upload_id}"
    if not KEY.fullmatch(key) or not token:
        raise InvalidInputError("no such upload", text_id="error.upload_unknown")
    return {"Bucket": resource("EVIDENCE_BUCKET"), "Key": key, "UploadId": token}


def _refused(error: ClientError) -> Exception:
    """Return what a person is told; a fault of S3 itself comes up as it is."""
    if error.response["Error"]["Code"] not in REFUSED:
        return error
    return InvalidInputError("no such upload", text_id="error.upload_unknown")
