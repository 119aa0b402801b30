"""The archive bucket: bags under Object Lock in COMPLIANCE mode (F3).

Nobody, the account's owner included, can change, delete or unlock what lies there before its day;
the day can only be put off.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, BinaryIO, Self

from botocore.exceptions import ClientError

from complaints.aws.runtime import client
from complaints.aws.settings import resource
from complaints.verify_files import Found

TAKEN = "PreconditionFailed"
MISSING = "NoSuchKey"
LOCK = "COMPLIANCE"
PART = 16 << 20
"""Bytes of a part of an upload, at the least; there may be 10,000."""
MOST_PARTS = 10_000


class Vault:
    """Where closed complaints are filed."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket
        self._client = client("s3")

    @classmethod
    def from_env(cls) -> Self:
        """Return the vault of the deployment."""
        return cls(resource("ARCHIVE_BUCKET"))

    def file(
        self,
        key: str,
        content: BinaryIO | bytes,
        *,
        until: datetime,
        content_type: str = "application/zip",
        held: bool = False,
    ) -> bool:
        """Lock an object away until then; return False where one lies under this key already.

        `held` is whether a legal hold stands, which keeps it after that, too.
        """
        try:
            self._client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=content,
                ContentType=content_type,
                IfNoneMatch="*",
                ChecksumAlgorithm="SHA256",
                **_lock(until, held=held),
            )
        except ClientError as error:
            if _code(error) != TAKEN:
                raise
            return False
        return True

    @contextmanager
    def upload(
        self, key: str, size: int, *, until: datetime, held: bool = False
    ) -> Iterator["Upload"]:
        """Lock an object of any size away while it is written; `size` is about what it will have.

        Where one lies under this key already `is_taken` says so afterwards. What was begun and not
        finished is given up.
        """
        place = {"Bucket": self.bucket, "Key": key}
        begun = self._client.create_multipart_upload(
            **place,
            ContentType="application/octet-stream",
            ChecksumAlgorithm="SHA256",
            **_lock(until, held=held),
        )
        upload = Upload({**place, "UploadId": begun["UploadId"]}, max(PART, size // MOST_PARTS * 2))
        try:
            yield upload
            upload.finish()
        except Exception:
            with suppress(ClientError):  # what went wrong before is what is told
                self._client.abort_multipart_upload(**place, UploadId=begun["UploadId"])
            raise
        if upload.is_taken:
            self._client.abort_multipart_upload(**place, UploadId=begun["UploadId"])

    def open(self, key: str) -> BinaryIO | None:
        """Return an object to be read once, from its start; None where there is none."""
        try:
            body: BinaryIO = self._client.get_object(Bucket=self.bucket, Key=key)["Body"]
        except ClientError as error:
            if _code(error) != MISSING:
                raise
            return None
        return body

    def beside(self, key: str) -> Iterator[Found]:
        """Yield a bag and what lies beside it: its large files, and what proves it."""
        return self.under(f"{key.removesuffix('.zip')}.")

    def under(self, beginning: str) -> Iterator[Found]:
        """Yield what has a key that begins like this, in the order of keys."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=beginning
        )
        for one in (one for page in pages for one in page.get("Contents", [])):
            yield Found(one["Key"], one["Size"])

    def versions(self, key: str) -> int:
        """Return how many versions an object has; what marks it as deleted counts as one."""
        found = self._client.list_object_versions(Bucket=self.bucket, Prefix=key)
        both = [*found.get("Versions", []), *found.get("DeleteMarkers", [])]
        return sum(one["Key"] == key for one in both)

    def extend(self, key: str, *, until: datetime) -> None:
        """Keep a bag and what lies beside it until then; no day is brought nearer."""
        for found in self.beside(key):
            place = {"Bucket": self.bucket, "Key": found.name}
            locked = self._client.head_object(**place).get("ObjectLockRetainUntilDate")
            if locked is None or locked < until:
                self._client.put_object_retention(
                    **place, Retention={"Mode": LOCK, "RetainUntilDate": until}
                )


class Upload:
    """An object that is written part by part; only one part is in memory."""

    def __init__(self, place: dict[str, str], part_size: int) -> None:
        self._place, self._part_size = place, part_size
        self._client = client("s3")
        self._waiting = bytearray()
        self._parts: list[dict[str, object]] = []
        self.is_taken = False

    def write(self, content: bytes, /) -> int:
        """Add to the object."""
        self._waiting += content
        while len(self._waiting) >= self._part_size:
            self._send(bytes(self._waiting[: self._part_size]))
            del self._waiting[: self._part_size]
        return len(content)

    def finish(self) -> None:
        """Send what is left, and make the object of its parts unless one lies there."""
        self._send(bytes(self._waiting))
        try:
            self._client.complete_multipart_upload(
                **self._place, MultipartUpload={"Parts": self._parts}, IfNoneMatch="*"
            )
        except ClientError as error:
            if _code(error) != TAKEN:
                raise
            self.is_taken = True

    def _send(self, content: bytes) -> None:
        number = len(self._parts) + 1
        sent = self._client.upload_part(
            **self._place, PartNumber=number, Body=content, ChecksumAlgorithm="SHA256"
        )
        part = {"PartNumber": number, "ETag": sent["ETag"]}
        self._parts.append(part | {"ChecksumSHA256": sent["ChecksumSHA256"]})


def _lock(until: datetime, *, held: bool) -> dict[str, Any]:
    """Return how S3 is told to keep an object."""
    lock: dict[str, Any] = {"ObjectLockMode": LOCK, "ObjectLockRetainUntilDate": until}
    return {**lock, **({"ObjectLockLegalHoldStatus": "ON"} if held else {})}


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])
