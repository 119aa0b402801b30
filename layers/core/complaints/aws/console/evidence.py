"""The evidence of one complaint: put there by staff, and opened."""

from http import HTTPStatus
from urllib.parse import urlsplit

from complaints import pictures, web
from complaints.access import Look, UnmaskReason, collection_of
from complaints.aws import accesses, downloads, evidence, verdicts
from complaints.aws.console import looking
from complaints.aws.console.complaint import entrusted, scanned
from complaints.aws.console.visit import ForbiddenError, Visit, only, show
from complaints.aws.settings import load_settings, office_shown
from complaints.console import looks
from complaints.console.sheet import pieces
from complaints.console.tasks import READS_LOOKS, is_masked, may_add
from complaints.forms import Checked, check
from complaints.models import Dossier, File
from complaints.pages import UPLOAD_SCRIPT
from complaints.texts import texts
from complaints.web import NotFoundError, Response


def add_evidence(visit: Visit, number: str) -> Response:
    """Show the form that puts one file straight into the bucket."""
    if not may_add(entrusted(visit, number).complaint, visit.staff):
        raise ForbiddenError
    looking.note(visit, number, Look.OPENED, "evidence")
    site = load_settings().site_url
    address = f"{site}/staff/complaints/{number}/evidence?sent=1"
    upload = evidence.upload_form(number, address, by=visit.staff.username)
    origin = urlsplit(upload["url"])
    return show(
        visit,
        "evidence",
        form_origins=(f"{origin.scheme}://{origin.netloc}",),
        script=f"{site}/assets/{UPLOAD_SCRIPT}",
        number=number,
        upload=upload,
        is_sent="sent" in visit.query,
    )


def download_evidence(visit: Visit, number: str, piece: str) -> Response:
    """Send to a piece of evidence, once it may be opened.

    An original can't be masked: who has no task in the complaint says first why it is needed.
    """
    dossier = entrusted(visit, number)
    file = _piece(dossier, piece)
    if is_masked(dossier.complaint, visit.staff, office_shown(dossier.complaint.policy)):
        return _ask_why(visit, dossier, file)
    address = downloads.of_evidence(file)
    looking.note(visit, number, Look.DOWNLOADED, piece)
    return web.see_other(address)


def download_unmasked(visit: Visit, number: str, piece: str) -> Response:
    """Send to a piece of evidence, to who said why; the reason is on record."""
    dossier = entrusted(visit, number)
    file = _piece(dossier, piece)
    checked = check(visit.form, looks.FIELDS)
    if checked.problems:
        return _ask_why(visit, dossier, file, checked)
    address, why = downloads.of_evidence(file), UnmaskReason(checked.values["unmask_reason"])
    looking.note_unmasking(visit, dossier, why, checked.values["unmask_words"], piece)
    return web.see_other(address)


def show_picture(visit: Visit, number: str, piece: str) -> Response:
    """Show a picture as its pixels alone; `small` for the page of the complaint.

    Who sees the complaint masked sees no picture: the original is theirs with a reason.
    """
    dossier = entrusted(visit, number)
    file = _piece(dossier, piece)
    if is_masked(dossier.complaint, visit.staff, office_shown(dossier.complaint.policy)):
        raise ForbiddenError
    if not pictures.is_shown(file):
        raise NotFoundError
    verdicts.expect_clean(file)
    small = "small" in visit.query
    if not small:
        looking.note(visit, number, Look.OPENED, piece)
    side = pictures.THUMB_SIDE if small else pictures.LARGEST_SIDE
    try:
        made = pictures.shown(evidence.fetch(file), file.content_type, side)
    except pictures.NotShownError as error:
        raise NotFoundError from error
    return web.image(made, pictures.SHOWN_TYPE)


def show_custody(visit: Visit, number: str, piece: str) -> Response:
    """Show where a piece of evidence came from, and who saw it or took it since (F1, F5)."""
    only(visit, READS_LOOKS)
    dossier, t = entrusted(visit, number), texts(visit.language)
    file = _piece(dossier, piece)
    looking.note(visit, number, Look.OPENED, "looks")
    shown = looking.shown(dossier, visit.staff)
    names = {one.username: one.name for one in visit.everybody}
    found = scanned(dossier, t, office_shown(dossier.complaint.policy))
    listed = {one.upload_id: one for one in pieces(shown, names, t, found)}
    seen = [one for one in accesses.whole(collection_of(number)) if one.what == file.upload_id]
    return show(
        visit,
        "custody",
        number=number,
        piece=listed[piece],
        rows=[looks.row(one, "", files=shown.evidence, names=names, t=t) for one in reversed(seen)],
    )


def _piece(dossier: Dossier, piece: str) -> File:
    """Return a piece of evidence; raises NotFoundError."""
    for file in dossier.evidence:
        if file.upload_id == piece:
            return file
    raise NotFoundError


def _ask_why(
    visit: Visit, dossier: Dossier, file: File, checked: Checked | None = None
) -> Response:
    """Show the form that asks why a piece of evidence is needed."""
    t, number = texts(visit.language), dossier.complaint.complaint_id
    return show(
        visit,
        "unmask",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if checked else HTTPStatus.OK,
        number=number,
        file_name=looking.hiding_from(visit.staff, dossier)(file.name),
        address=f"/staff/complaints/{number}/evidence/{file.upload_id}",
        options={"unmask_reason": looks.reasons(t)},
        values=checked.values if checked else {"unmask_reason": "", "unmask_words": ""},
        errors=checked.sentences(t) if checked else {},
        labels={
            "unmask_reason": t("staff.unmask.reason"),
            "unmask_words": t("staff.unmask.words"),
        },
    )
