"""The archive: closed complaints with their bundles, to download and to check (F3, F5)."""

import hashlib
from urllib.parse import urlencode

from complaints import archive, web
from complaints.aws import downloads
from complaints.aws.console.lists import of_month
from complaints.aws.console.visit import Visit, only, show
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import now
from complaints.aws.settings import load_settings
from complaints.aws.vault import Vault
from complaints.console import lists, tasks
from complaints.models import Complaint, Status
from complaints.number import parse_number
from complaints.report_words import month_name
from complaints.texts import texts
from complaints.web import NotFoundError, Response


def list_archive(visit: Visit) -> Response:
    """Show the closed complaints of a month."""
    only(visit, tasks.READS_ARCHIVE)
    office, t, at = load_settings().office, texts(visit.language), now()
    months = lists.months(at, office, 12 * (office.policy.retention_years + 1))
    month = visit.query.get("month") or months[0]
    found, after = of_month(visit, month, lists.fitting(Status.CLOSED))
    return show(
        visit,
        "archive",
        rows=[lists.row(one, t, office, at) for one in found],
        month=month,
        months=[(one, month_name(one, visit.language)) for one in months],
        next_page=f"/staff/archive?{urlencode({'month': month, 'after': after})}" if after else "",
    )


def archived(visit: Visit, number: str) -> Complaint:
    """Return a complaint that is filed; raises NotFoundError if it is not, or not for this one."""
    only(visit, tasks.READS_ARCHIVE)
    if parse_number(number) != number:
        raise NotFoundError
    complaint = ComplaintRepository.from_env().get(number)
    if not complaint.archive_key:
        raise NotFoundError
    return complaint


def download_bundle(visit: Visit, number: str) -> Response:
    """Send to the bundle of a closed complaint."""
    return web.see_other(downloads.of_bundle(archived(visit, number).archive_key))


def check_bundle(visit: Visit, number: str) -> Response:
    """Check a bundle now, and show what is wrong with it, or that it is whole."""
    key = archived(visit, number).archive_key
    bundle = Vault.from_env().read(key)
    return show(
        visit,
        "bundle",
        number=number,
        key=key,
        digest=hashlib.sha256(bundle).hexdigest(),
        length=len(bundle),
        at=now(),
        problems=archive.problems_of(bundle),
    )
