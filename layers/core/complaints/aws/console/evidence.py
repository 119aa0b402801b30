"""The evidence of one complaint: put there by staff, and opened."""

from urllib.parse import urlsplit

from complaints import web
from complaints.aws import downloads, evidence
from complaints.aws.console.complaint import admit
from complaints.aws.console.visit import ForbiddenError, NotScannedError, Visit, show
from complaints.aws.settings import load_settings
from complaints.console.tasks import may_add
from complaints.web import NotFoundError, Response


def add_evidence(visit: Visit, number: str) -> Response:
    """Show the form that puts one file straight into the bucket."""
    dossier = admit(visit, number)
    if not may_add(dossier.complaint, visit.staff):
        raise ForbiddenError
    address = f"{load_settings().site_url}/staff/complaints/{number}/evidence?sent=1"
    upload = evidence.upload_form(number, address, by=visit.staff.username)
    origin = urlsplit(upload["url"])
    return show(
        visit,
        "evidence",
        form_origins=(f"{origin.scheme}://{origin.netloc}",),
        number=number,
        upload=upload,
        is_sent="sent" in visit.query,
    )


def download_evidence(visit: Visit, number: str, piece: str) -> Response:
    """Send to a piece of evidence, once it may be opened."""
    for file in admit(visit, number).evidence:
        if file.upload_id == piece:
            if not file.key.startswith(downloads.MAIL) and not evidence.may_be_opened(file):
                raise NotScannedError
            return web.see_other(downloads.of_evidence(file))
    raise NotFoundError
