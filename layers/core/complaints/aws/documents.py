"""Documents of complaints as PDF: printed, issued, attached to letters, archived, verified.

Fonts of the office's own lie in the policy bucket under `documents/fonts/`; a character that ours
lack is printed in the first of them that has it.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import gettempdir
from typing import Self

import msgspec
from botocore.exceptions import ClientError

from complaints.aws import evidence
from complaints.aws.directory import StaffDirectory
from complaints.aws.environment import resource
from complaints.aws.metrics import count
from complaints.aws.repository import ComplaintRepository, StaleComplaintError
from complaints.aws.runtime import client, logger, now
from complaints.aws.settings import load_settings, office_for
from complaints.aws.templates import Templates
from complaints.aws.typesetting import TypesetError, typeset
from complaints.documents import issue, sheet
from complaints.documents.content import Document, House, document, kinds
from complaints.documents.glyphs import Glyphs, NotAFontError
from complaints.letters import Attachment
from complaints.models import Dossier
from complaints.number import parse_number
from complaints.office import Office
from complaints.parts import DocumentKind

TRIES = 5
FONTS = "documents/fonts/"
LARGEST_FONT = 64 * 1024 * 1024
MOST_FONTS = 4
PDF = "application/pdf"


class Printer(msgspec.Struct, frozen=True, kw_only=True):
    """All that printing needs of the deployment, read once for several documents."""

    house: House
    site_url: str
    names: Mapping[str, str]
    """Of the staff, by user name."""
    fonts: tuple[Path, ...]

    @classmethod
    def of(cls, office: Office) -> Self:
        """Return the printer of the deployment, for documents under the policy of this office."""
        settings = load_settings()
        return cls(
            house=House(organisation=settings.organisation, phone=settings.phone, office=office),
            site_url=settings.site_url,
            names={one.username: one.name for one in StaffDirectory.from_env().all()},
            fonts=own_fonts(),
        )

    def about(
        self, kind: DocumentKind, dossier: Dossier, *, order_id: str = "", is_copy: bool = False
    ) -> Document:
        """Return what stands in a document; raises LookupError where there is none to print."""
        return document(
            kind, dossier, self.house, names=self.names, order_id=order_id, is_copy=is_copy
        )

    def print(self, document: Document) -> bytes:
        """Return a document as PDF, by the office's template, else by the original one.

        A template that was right when it was saved can fail with other content: what is owed is
        printed all the same, and an alarm rings. Raises TypesetError where both fail.
        """
        changed = Templates.from_env().newest(document.kind)
        if changed and not changed.is_original:
            try:
                return self.try_template(document, changed.source)
            except TypesetError as error:
                logger.error("template not usable", kind=str(document.kind), line=error.line)
                count("TemplateUnusable")
        return self.try_template(document, sheet.original(document.kind))

    def try_template(self, document: Document, source: str) -> bytes:
        """Return a document as PDF by this template; raises TypesetError."""
        return typeset(document, source, self.site_url, self.fonts)


def render(
    kind: DocumentKind,
    dossier: Dossier,
    office: Office,
    *,
    order_id: str = "",
    is_copy: bool = False,
) -> bytes:
    """Return a document about a complaint as PDF; puts nothing on record.

    A document that was not issued has no check code: nobody could verify it. Raises LookupError
    where there is nothing to print, TypesetError.
    """
    printer = Printer.of(office)
    made = printer.about(kind, dossier, order_id=order_id, is_copy=is_copy)
    return printer.print(_as_issued(made, dossier))


def documents_of(dossier: Dossier, office: Office) -> Iterator[tuple[str, bytes]]:
    """Yield name and PDF of every document of a complaint, as the archive keeps them.

    What was handed out comes as it was, named by its kind and digest; what has changed since, or
    was never handed out, as it is now: by its kind, of work orders `work_order-<order_id>`. The
    same file of a complaint gives the same bytes. Raises TypesetError, CorruptedError.
    """
    for one in dossier.issued:
        yield one.document_id, evidence.fetch(one.file)
    printer = Printer.of(office)
    for kind in kinds(dossier, office):
        is_order = kind is DocumentKind.WORK_ORDER
        for order_id in [one.order_id for one in dossier.orders] if is_order else [""]:
            made = printer.about(kind, dossier, order_id=order_id)
            if dossier.issued and issue.is_issued(made, dossier.entries):
                continue
            name = f"{kind}-{order_id}" if order_id else str(kind)
            yield name, printer.print(_as_issued(made, dossier))


def hand_out(
    complaint_id: str, kind: DocumentKind, *, by: str, order_id: str = ""
) -> tuple[Document, bytes]:
    """Issue a document: put on record that it was, and return it with its PDF.

    What is on record already as the newest of its kind is not entered again. Raises LookupError,
    TypesetError, StaleComplaintError.
    """
    complaints = ComplaintRepository.from_env()
    for attempt in range(TRIES):
        dossier = complaints.dossier(complaint_id)
        printer = Printer.of(office_for(dossier.complaint.policy))
        made = printer.about(kind, dossier, order_id=order_id)
        printed = printer.print(made)
        if issue.is_issued(made, dossier.entries):
            break
        try:
            file = evidence.keep(complaint_id, file_name(made), printed)
            complaints.save(*issue.issue(dossier.complaint, made, file, at=now(), actor=by))
        except StaleComplaintError:
            if attempt == TRIES - 1:
                raise
            continue
        break
    return made, printed


def attached(dossier: Dossier, office: Office) -> tuple[Attachment, ...]:
    """Return what goes with the letter of a decision: 《处理结果通知书》 (D1; 004 二).

    Where the policy asks for the written notice. It is on record as issued before the letter goes.
    What can't be printed lets an alarm ring and holds up no letter: the words are in it, too.
    """
    policy = office.policy
    if "written" not in policy.feedback_ways or DocumentKind.NOTICE not in policy.documents:
        return ()
    complaint_id = dossier.complaint.complaint_id
    try:
        made, printed = hand_out(complaint_id, DocumentKind.NOTICE, by="notify")
    except LookupError:
        return ()  # it is counted with another complaint, and was not decided itself
    except Exception as error:  # noqa: BLE001 - whatever it is, the letter goes
        logger.error("document not made", kind="notice", error=type(error).__name__)
        count("DocumentNotMade")
        return ()
    return (Attachment(name=file_name(made), content_type=PDF, content=printed),)


def file_name(made: Document) -> str:
    """Return what a document is called as a file: its title and number."""
    return f"{made.title}-{made.number}.pdf"


def verify(number: str, code: str) -> issue.Verified | None:
    """Return which document has this number and check code, both as somebody typed them.

    None alike whether there is no such complaint, or no such document.
    """
    complaint_id, digits = parse_number(number[:80]), issue.parse_code(code)
    entries = ComplaintRepository.from_env().history(complaint_id) if complaint_id else ()
    if not complaint_id or not digits:
        return None
    order = number.strip().partition(".")[2]
    return issue.verified(entries, f"{complaint_id}.{order}" if order else complaint_id, digits)


def own_fonts() -> tuple[Path, ...]:
    """Return the office's own fonts as files, in the order of their names.

    Each is fetched once in the life of a function; what is no font is passed over.
    """
    s3, bucket = client("s3"), resource("POLICY_BUCKET")
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=FONTS, MaxKeys=MOST_FONTS + 1)
    found: list[Path] = []
    for one in listed.get("Contents", ())[: MOST_FONTS + 1]:
        if one["Key"] == FONTS or one["Size"] > LARGEST_FONT or len(found) == MOST_FONTS:
            continue
        tag = one["ETag"].strip('"')
        path = Path(gettempdir()) / "huiyin-fonts" / tag / "font.otf"
        if path.exists() or _fetched(bucket, one["Key"], path):
            found.append(path)
    return tuple(found)


def _fetched(bucket: str, key: str, path: Path) -> bool:
    """Fetch a font to its place, whole or not at all; return whether it is one."""
    try:
        content: bytes = client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        Glyphs.of(content)
    except (ClientError, NotAFontError) as error:
        logger.warning("font not usable", error=type(error).__name__)
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".new").write_bytes(content)
    path.with_suffix(".new").replace(path)
    return True


def _as_issued(made: Document, dossier: Dossier) -> Document:
    """Return a document with its check code if it was issued as it is, else without."""
    if issue.is_issued(made, dossier.entries):
        return made
    return msgspec.structs.replace(made, salt="")
