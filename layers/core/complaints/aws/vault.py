"""The archive bucket: bundles under Object Lock in COMPLIANCE mode (F3)."""

import calendar
import hashlib
from datetime import datetime
from typing import Self

from botocore.exceptions import ClientError

from complaints.archive import ArchiveError
from complaints.aws.runtime import client
from complaints.aws.settings import resource


class Vault:
    """Where closed complaints are filed; nobody, the account's owner included, can change them."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._client = client("s3")

    @classmethod
    def from_env(cls) -> Self:
        """Return the vault of the deployment."""
        return cls(resource("ARCHIVE_BUCKET"))

    def file(self, key: str, packed: bytes, *, keep_from: datetime, years: int) -> None:
        """File a bundle for `years`; the same one twice is once.

        Raises ArchiveError if another bundle is filed under this key already.
        """
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=packed,
                ContentType="application/zip",
                IfNoneMatch="*",
                ChecksumAlgorithm="SHA256",
                ObjectLockMode="COMPLIANCE",
                ObjectLockRetainUntilDate=years_later(keep_from, years),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise
            if hashlib.sha256(self.read(key)).digest() != hashlib.sha256(packed).digest():
                raise ArchiveError(f"{key} is filed already, with other content") from error

    def read(self, key: str) -> bytes:
        """Return a bundle."""
        content: bytes = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return content


def years_later(instant: datetime, years: int) -> datetime:
    """Return the same day `years` later; 29 February becomes 28 where there is none."""
    year = instant.year + years
    last_day = calendar.monthrange(year, instant.month)[1]
    return instant.replace(year=year, day=min(instant.day, last_day))
