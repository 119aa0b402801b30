"""Evidence: exact bytes in the evidence bucket, under keys of our own (F1)."""

import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from email.header import decode_header, make_header
from typing import Any, Final
from urllib.parse import urlsplit

from complaints.aws.items import claim_id
from complaints.aws.metrics import count
from complaints.aws.runtime import client, random_id
from complaints.aws.settings import resource
from complaints.files import START, content_type_of, flags_of
from complaints.forms import clean
from complaints.models import File
from complaints.packed import measured

UPLOAD_BYTES = 20 * 1024 * 1024
UPLOAD_SECONDS = 600
WHOLE_BYTES = 4 * 1024**3
"""Bytes that one run of the function reads to their end; a longer file keeps S3's checksum."""
KEY = re.compile(r"evidence/(?P<complaint_id>[A-Z0-9-]{8,40})/(?P<upload_id>[0-9a-f]{16})")
CHUNK = 1024 * 1024
BY = "by"
"""Metadata that the form of a member of staff sets: the user name of who brought the file."""
COMPLAINANT = "complainant"
DOOR = "door"
"""Metadata that only our forms set: the object came by the web, not with a mail."""
WEB: Final = "web"
"""By a presigned form, which can be sent twice."""
PARTS: Final = "parts"
"""In parts: only we put these together, once, so that it stays under the key that it has."""
PART_SIZE = "part-size"
DECLARED = "declared"
NAME = "name"
CLAIM = "claim"
"""Metadata of an attachment: under which claim its mail finds its complaint."""
LONGEST_NAME = 120
INBOX = "inbox/"
"""Where raw mails lie in the mail bucket; everything else is evidence."""


class CorruptedError(Exception):
    """What lies in the bucket is not what was kept; it is counted, and an alarm rings."""


def keep(
    complaint_id: str, name: str, content: bytes, *, flags: Sequence[str] = (), claimed: str = ""
) -> File:
    """Store the bytes of an attachment; the same bytes of a complaint are stored once.

    `flags` are what the mail said of it, `claimed` the mail: by it, a verdict that comes later
    finds the complaint.
    """
    digest = hashlib.sha256(content).hexdigest()
    key = f"evidence/{complaint_id}/{digest[:16]}"
    kind = content_type_of(content)
    client("s3").put_object(
        Bucket=resource("EVIDENCE_BUCKET"),
        Key=key,
        Body=content,
        ContentType=kind,
        Metadata={CLAIM: claim_id(claimed).partition("#")[2]} if claimed else {},
    )
    return File(
        key=key,
        name=name,
        size=len(content),
        sha256=digest,
        content_type=kind,
        flags=tuple(flags),
        packed=measured(io.BytesIO(content), len(content), kind, content[:START]),
    )


def folder_of(claimed: str) -> str:
    """Return the folder of what was attached to a mail, which is also the id of its contact."""
    mark = hashlib.sha256(claimed.removeprefix("mail:").encode()).hexdigest()[:16]
    return f"mail-{mark}"


def upload_form(complaint_id: str, redirect: str, *, by: str = COMPLAINANT) -> dict[str, Any]:
    """Return `{url, fields}` of a form that puts one file straight into the bucket.

    Exactly one key, 1 byte to 20 MiB, for ten minutes; then the browser is sent to `redirect`.
    """
    key = f"evidence/{complaint_id}/{random_id()}"
    fixed = {
        "success_action_redirect": redirect,
        f"x-amz-meta-{DOOR}": WEB,
        f"x-amz-meta-{BY}": by,
    }
    conditions = [
        ["content-length-range", 1, UPLOAD_BYTES],
        *({name: value} for name, value in fixed.items()),
        ["starts-with", f"$x-amz-meta-{NAME}", ""],
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
    """Read an uploaded object to its end, and return what it is.

    A form can be sent twice, and what is sent then lies under the same key: what came by one is
    kept under a key of its bytes, that no form knows. None if it did not come by the web:
    attachments of mails lie in the same bucket, and are registered with their mail.

    Raises CorruptedError where the bytes are not those that were hashed in the browser.
    """
    s3, bucket = client("s3"), resource("EVIDENCE_BUCKET")
    head = s3.head_object(Bucket=bucket, Key=key)
    said, size = head["Metadata"], head["ContentLength"]
    if DOOR not in said:
        return None
    part_size = int(said.get(PART_SIZE, "0"))
    start, whole, composite = _read(key, head["ETag"], size, part_size)
    if part_size and size <= WHOLE_BYTES and composite != _composite_of(key):
        _corrupted(key)
    kept = key
    if said[DOOR] == WEB:
        kept = f"{key.rpartition('/')[0]}/{whole[:16]}"
        s3.copy_object(
            Bucket=bucket,
            Key=kept,
            CopySource={"Bucket": bucket, "Key": key},
            CopySourceIfMatch=head["ETag"],
            TaggingDirective="REPLACE",
        )
    sent = sent_name(said.get(NAME, ""))
    kind = content_type_of(start)
    return File(
        key=kept,
        name=file_name(sent) or key.rpartition("/")[2],
        size=size,
        sha256=whole or composite,
        content_type=kind,
        flags=flags_of(sent, said.get(DECLARED, ""), kind, is_empty=not size),
        packed=measured(opened(key, size), size, kind, start),
        part_size=0 if whole else part_size,
    )


def _read(key: str, etag: str, size: int, part_size: int) -> tuple[bytes, str, str]:
    """Return the start of an object, the SHA-256 of all its bytes, and its composite checksum.

    Of one that is too long for one run only the start is read, and its checksum is S3's.
    """
    if size > WHOLE_BYTES:
        return opened(key, size).read(START), "", _composite_of(key)
    answer = client("s3").get_object(Bucket=resource("EVIDENCE_BUCKET"), Key=key, IfMatch=etag)
    digests, start = _Digests(part_size), b""
    for chunk in answer["Body"].iter_chunks(CHUNK):
        start = start or chunk[:START]
        digests.update(chunk)
    return start, digests.whole.hexdigest(), digests.composite()


class _Digests:
    """The SHA-256 of bytes as they are read, and of their parts."""

    def __init__(self, part_size: int) -> None:
        self.whole = hashlib.sha256()
        self._part_size = part_size
        self._parts = b""
        self._part = hashlib.sha256()
        self._left = part_size

    def update(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self.whole.update(chunk)
        view = memoryview(chunk)
        while self._part_size and view:
            piece, view = view[: self._left], view[self._left :]
            self._part.update(piece)
            self._left -= len(piece)
            if not self._left:
                self._end_part()

    def _end_part(self) -> None:
        self._parts += self._part.digest()
        self._part, self._left = hashlib.sha256(), self._part_size

    def composite(self) -> str:
        """Return the SHA-256 of the SHA-256 of all parts, as hex; empty if there are none."""
        if self._part_size and self._left < self._part_size:
            self._end_part()
        return hashlib.sha256(self._parts).hexdigest() if self._part_size else ""


def _composite_of(key: str) -> str:
    """Return the composite SHA-256 that S3 has of an object put together of parts, as hex."""
    head = client("s3").head_object(
        Bucket=resource("EVIDENCE_BUCKET"), Key=key, ChecksumMode="ENABLED"
    )
    return as_hex(head["ChecksumSHA256"])


def as_hex(checksum: str) -> str:
    """Return a checksum of S3 as hex; a composite one ends in the number of parts.

    >>> as_hex("AAECAw==-12")
    '00010203'
    """
    import base64

    return base64.b64decode(checksum.partition("-")[0]).hex()


def brought_by(key: str) -> str:
    """Return who uploaded an object: `complainant`, or the user name of a member of staff."""
    head = client("s3").head_object(Bucket=resource("EVIDENCE_BUCKET"), Key=key)
    by: str = head["Metadata"].get(BY, COMPLAINANT)
    return by


def sent_name(kept: str) -> str:
    """Return the name of a file as its sender's browser said it.

    S3 keeps a name beyond ASCII as an encoded word (RFC 2047), its local double as plain UTF-8.
    """
    with suppress(UnicodeError):
        kept = kept.encode("latin-1").decode()
    with suppress(LookupError, ValueError):
        kept = str(make_header(decode_header(kept)))
    return kept


def file_name(sent: str) -> str:
    """Return the name of a file as its sender sees it, fit to be shown: no path, no controls."""
    return clean(re.split(r"[/\\]", sent)[-1])[-LONGEST_NAME:]


def chunks(file: File) -> Iterator[bytes]:
    """Yield the bytes of a piece of evidence, or of a raw mail, as they were kept.

    Raises CorruptedError after the last of them where they are not those whose SHA-256 was kept:
    nothing may be made of them before that.
    """
    answer = client("s3").get_object(Bucket=bucket_of(file), Key=file.key)
    digests = _Digests(file.part_size)
    for chunk in answer["Body"].iter_chunks(CHUNK):
        digests.update(chunk)
        yield chunk
    if file.sha256 != (digests.composite() if file.part_size else digests.whole.hexdigest()):
        _corrupted(file.key)


def fetch(file: File) -> bytes:
    """Return the bytes of a piece of evidence; raises CorruptedError as `chunks` does."""
    return b"".join(chunks(file))


def _corrupted(key: str) -> None:
    count("EvidenceCorrupted")
    raise CorruptedError(f"{key} is not what was kept")


def bucket_of(file: File) -> str:
    """Return the bucket that a file lies in: raw mails lie in the mail bucket."""
    return resource("MAIL_BUCKET" if file.key.startswith(INBOX) else "EVIDENCE_BUCKET")


def opened(key: str, size: int) -> io.BufferedReader:
    """Return an object of the bucket as a file that can seek, read in ranges."""
    return io.BufferedReader(_Ranges(key, size), 64 * 1024)


class _Ranges(io.RawIOBase):
    """An object of the evidence bucket; each read asks for the bytes that it needs."""

    def __init__(self, key: str, size: int) -> None:
        super().__init__()
        self._key, self._size, self._place = key, size, 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a place; a negative one raises ValueError, as a broken ZIP may ask for."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("before the start")
        self._place = start + offset
        return self._place

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - a writable buffer
        """Fill the buffer from here as far as the object goes."""
        end = min(self._place + len(buffer), self._size)
        if self._place >= end:
            return 0
        answer = client("s3").get_object(
            Bucket=resource("EVIDENCE_BUCKET"),
            Key=self._key,
            Range=f"bytes={self._place}-{end - 1}",
        )
        content = answer["Body"].read()
        buffer[: len(content)] = content
        self._place += len(content)
        return len(content)
