"""The copy of a person's own data: made once asked for, lying with the evidence until erased."""

from collections.abc import Sequence

from complaints.aws import downloads, evidence, verdicts
from complaints.aws.runtime import client
from complaints.aws.settings import load_settings, resource
from complaints.models import Dossier, File
from complaints.portability import language_of, pack


def place(complaint_id: str, request_id: str) -> str:
    """Return the key under which the copy lies that was asked for with a complaint."""
    return f"evidence/{complaint_id}/{request_id}"


def make(complaint_id: str, request_id: str, dossiers: Sequence[Dossier]) -> str:
    """Make the ZIP of a person's complaints; return the address to download it from, for a minute.

    It lies under the number of the complaint that was asked with: erasing takes it along. Raises
    NotCleanError for a file that the scan has not found clean.
    """
    key = place(complaint_id, request_id)
    packed = pack(
        dossiers,
        _clean,
        language=language_of(dossiers),
        zone=load_settings().zone,
    )
    client("s3").put_object(
        Bucket=resource("EVIDENCE_BUCKET"), Key=key, Body=packed, ContentType="application/zip"
    )
    return downloads.of_copy(key, f"{complaint_id}.zip")


def _clean(file: File) -> bytes:
    """Return the bytes of a file; raises NotCleanError where the scan has not found it clean."""
    verdicts.expect_clean(file)
    return evidence.fetch(file)
