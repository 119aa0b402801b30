"""Legal holds in the archive bucket: S3's own, on every object of a complaint's bags (F6).

Object Lock lets nobody delete a bag before its date; a hold lets nobody delete it after that, too.
It is put on right after the save that sets it, and off after the one that lifts the last; what was
not told to the bucket then is found by `check_sla` and told.
"""

from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import client, now
from complaints.aws.settings import resource
from complaints.holds import archive_keys


def apply(complaint_id: str) -> None:
    """Let the archive hold a complaint's bags exactly while a hold stands; twice does no harm."""
    complaints = ComplaintRepository.from_env()
    while True:
        dossier = complaints.dossier(complaint_id)
        stands = dossier.complaint.holds > 0
        for key in archive_keys(dossier):
            put(key, stands=stands)
        if (complaints.get(complaint_id).holds > 0) == stands:
            break
    at = now()
    for hold in dossier.holds:
        if not hold.applied_at:
            complaints.keep_hold(dossier.complaint, hold, hold.replace(applied_at=at))


def put(archive_key: str, *, stands: bool) -> None:
    """Put the hold on a bag and on what lies beside it under its name, or take it off."""
    s3, bucket = client("s3"), resource("ARCHIVE_BUCKET")
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=archive_key.removesuffix(".zip")
    )
    for page in pages:
        for one in page.get("Contents", []):
            s3.put_object_legal_hold(
                Bucket=bucket, Key=one["Key"], LegalHold={"Status": "ON" if stands else "OFF"}
            )
