"""Documents in the console: printing them, and changing their templates (G11, H5)."""

from collections.abc import Mapping
from http import HTTPStatus

from complaints import web
from complaints.access import Look
from complaints.aws import documents
from complaints.aws.console import looking
from complaints.aws.console.complaint import admit
from complaints.aws.console.visit import ForbiddenError, Visit, done, only, show, status_of
from complaints.aws.documents import PDF, Printer
from complaints.aws.reports import ReportStore
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import now
from complaints.aws.settings import load_settings, office_shown
from complaints.aws.templates import Templates
from complaints.aws.typesetting import TypesetError
from complaints.console import lists, tasks
from complaints.console.papers import title
from complaints.documents.content import Document
from complaints.documents.listing import A_PART, register, summary
from complaints.documents.sample import sample
from complaints.documents.sheet import LONGEST, Template, original, problem_of
from complaints.lifecycle import ComplaintError, InvalidInputError
from complaints.parts import DocumentKind
from complaints.report import MonthReport
from complaints.roles import is_barred, may_change_wording
from complaints.texts import LANGUAGES, texts
from complaints.web import NotFoundError, Response

# ---- printing ------------------------------------------------------------------------------


def print_document(visit: Visit, number: str) -> Response:
    """Send a document of a complaint as PDF; what is handed out is on record as issued.

    Who sees no personal particulars gets a copy for inspection, which proves nothing.
    """
    kind, order_id = _kind(visit.form.get("kind", "")), visit.form.get("order", "")[:80]
    dossier = admit(visit, number, Look.DOWNLOADED, f"document:{kind}")
    office = office_shown(dossier.complaint.policy)
    try:
        if tasks.is_masked(dossier.complaint, visit.staff, office):
            printer = Printer.of(office)
            made = printer.about(kind, dossier, order_id=order_id, is_copy=True)
            return _pdf(made, printer.print(made))
        return _pdf(*documents.hand_out(number, kind, by=visit.staff.username, order_id=order_id))
    except LookupError as error:
        raise NotFoundError from error


def print_summary(visit: Visit, month: str) -> Response:
    """Send 《投诉汇总表》 of a month that has a report."""
    report = _report(visit, month)
    looking.note_list(visit, Look.EXPORTED, {"document": "summary", "month": month})
    printer = Printer.of(load_settings().office)
    made = summary(report, printer.house)
    return _pdf(made, printer.print(made))


def print_register(visit: Visit, month: str) -> Response:
    """Send a part of 《投诉登记表》 of a month that has a report, as this person may see it."""
    report, part = _report(visit, month), visit.query.get("part", "1")[:6]
    first = (int(part) - 1) * A_PART if part.isdecimal() else -1
    rows = report.complaints[first : first + A_PART] if first >= 0 else ()
    if not rows:
        raise NotFoundError
    filters = {"document": "register", "month": month, "part": part}
    looking.note_list(visit, Look.EXPORTED, filters)
    complaints, office = ComplaintRepository.from_env(), load_settings().office
    whole = [complaints.dossier(one.complaint_id) for one in rows]
    seen = [
        looking.shown(one, visit.staff)
        for one in whole
        if not is_barred(one.complaint, visit.staff)
    ]
    printer = Printer.of(office)
    made = register(seen, month, printer.house, names=printer.names, first_row=first + 1)
    return _pdf(made, printer.print(made))


def _report(visit: Visit, month: str) -> MonthReport:
    only(visit, tasks.READS_REPORTS)
    report = ReportStore.from_env().get_month(month) if lists.MONTH.fullmatch(month) else None
    if report is None:
        raise NotFoundError
    return report


def _kind(name: str) -> DocumentKind:
    if name not in tuple(DocumentKind):
        raise NotFoundError
    return DocumentKind(name)


def _pdf(made: Document, printed: bytes) -> Response:
    return web.attachment(printed, documents.file_name(made), PDF)


# ---- templates -----------------------------------------------------------------------------


def list_templates(visit: Visit) -> Response:
    """Show the templates of the documents that the policy has."""
    _only(visit)
    t, templates = texts(visit.language), Templates.from_env()
    rows = []
    for kind in load_settings().office.policy.documents:
        newest = templates.newest(kind)
        rows.append((kind, title(kind, t), bool(newest and not newest.is_original)))
    return show(visit, "templates", rows=rows)


def open_template(visit: Visit, kind: str) -> Response:
    """Show the template of a document with every change of it."""
    return _show_template(visit, _admit(visit, kind))


def change_template(visit: Visit, kind: str) -> Response:
    """Show what the typed template prints, or put it into force, or the original again.

    One that can't be printed is not saved; what is wrong is said, with its line and column.
    """
    found, wanted = _admit(visit, kind), visit.form.get("do", "")
    source = visit.form.get("source", "").replace("\r\n", "\n").replace("\r", "\n")
    if wanted == "restore":
        source = ""
    elif problem := problem_of(source):
        said = texts(visit.language)(problem.text_id, **problem.values)
        return _show_template(visit, found, typed=source, wrong=said)
    try:
        if wanted == "preview":
            return _pdf(*_tried(found, source, visit.form.get("language", LANGUAGES[0])))
        if source:
            for language in _languages(found):
                _tried(found, source, language)
        _save(visit, found, source)
    except TypesetError as error:
        return _show_template(visit, found, typed=source, wrong=_where(visit, error))
    except ComplaintError as error:
        return _show_template(visit, found, typed=source or None, error=error)
    return web.see_other(f"/staff/templates/{found}?done=template")


def _tried(kind: DocumentKind, source: str, language: str) -> tuple[Document, bytes]:
    """Print an invented document by this template; raises TypesetError."""
    printer = Printer.of(load_settings().office)
    spoken = language if language in _languages(kind) else LANGUAGES[0]
    made = sample(kind, printer.house, spoken)
    return made, printer.try_template(made, source)


def _languages(kind: DocumentKind) -> tuple[str, ...]:
    """Return the languages that a document is written in: the notice in the complainant's own."""
    return LANGUAGES if kind is DocumentKind.NOTICE else LANGUAGES[:1]


def _where(visit: Visit, error: TypesetError) -> str:
    """Say what is wrong with a template, and where in it."""
    t = texts(visit.language)
    if error.file == "body.typ":
        return t("template.wrong", line=error.line, column=error.column, message=error.message)
    return t("template.wrong.elsewhere", message=error.message)


def _save(visit: Visit, kind: DocumentKind, source: str) -> None:
    """Put a template into force; raises InvalidInputError where nothing would change."""
    templates = Templates.from_env()
    number, before = templates.number(kind), templates.newest(kind)
    seen = visit.form.get("number", "")[:9]
    if source == original(kind):
        source = ""  # the original follows the next release
    if source == (before.source if before else "") and (before or not number):
        raise InvalidInputError(f"{kind} stays as it is", text_id="wording.error.same")
    templates.save(
        Template(
            kind=kind,
            # A page that was opened before the last change is refused.
            number=(int(seen) if seen.isdecimal() else number) + 1,
            at=now(),
            by=visit.staff.username,
            source=source,
        )
    )


def _only(visit: Visit) -> None:
    """Raise ForbiddenError for whoever may not change what the organisation writes."""
    if not may_change_wording(visit.staff):
        raise ForbiddenError


def _admit(visit: Visit, kind: str) -> DocumentKind:
    """Return the kind; raises ForbiddenError, NotFoundError for one that the policy has not."""
    _only(visit)
    found = _kind(kind)
    if found not in load_settings().office.policy.documents:
        raise NotFoundError
    return found


def _show_template(
    visit: Visit,
    kind: DocumentKind,
    *,
    typed: str | None = None,
    wrong: str = "",
    error: ComplaintError | None = None,
) -> Response:
    """Show a template; after one that was not taken, with it and what is wrong."""
    templates, t = Templates.from_env(), texts(visit.language)
    newest = templates.newest(kind)
    in_force = newest.source if newest and not newest.is_original else original(kind)
    names = {one.username: one.name for one in visit.everybody}
    invalid = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return show(
        visit,
        "template",
        status=status_of(error) if error else invalid,
        kind=kind,
        words=title(kind, t),
        spoken=_languages(kind),
        number=templates.number(kind),
        source=in_force if typed is None else typed,
        errors={"source": wrong} if wrong else {},
        error=error.text_id if error else "",
        is_changed=in_force != original(kind),
        longest=LONGEST,
        changes=_changes(templates.history(kind), names),
        done=done(visit),
    )


def _changes(history: list[Template], names: Mapping[str, str]) -> list[dict[str, object]]:
    """Return each change with the template as it was from then on, the newest first."""
    return [
        {
            "at": one.at,
            "by": names.get(one.by, one.by),
            "restored": one.is_original,
            "source": one.source or original(one.kind),
        }
        for one in history
    ]
