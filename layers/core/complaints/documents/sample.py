"""A complaint, and a month, to try a template on: invented, and the same each time."""

from datetime import UTC, datetime, timedelta

from complaints.documents.content import Document, House, document
from complaints.documents.listing import summary
from complaints.models import (
    Assessment,
    Channel,
    Complainant,
    Complaint,
    Contact,
    Dossier,
    File,
    Finding,
    Outcome,
    Signature,
    Status,
)
from complaints.number import complaint_number
from complaints.parts import DocumentKind, InvestigationRecord, RecordKind, WorkOrder
from complaints.report import month_report
from complaints.texts import texts

AT = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
WHO = "sample"


def sample(kind: DocumentKind, house: House, language: str = "zh_CN") -> Document:
    """Return an invented document of a kind that the policy of this house has."""
    dossier = _dossier(house, language)
    if kind is DocumentKind.SUMMARY:
        report = month_report([dossier.complaint], "2026-01", office=house.office, at=AT)
        return summary(report, house)
    names = {WHO: texts(language)("wording.sample.name")}
    order_id = dossier.orders[0].order_id if kind is DocumentKind.WORK_ORDER else ""
    return document(kind, dossier, house, names=names, order_id=order_id, is_copy=True)


def _dossier(house: House, language: str) -> Dossier:
    """Return the file of a complaint that has gone the whole way, so that every place is filled."""
    t, policy = texts(language), house.office.policy
    number = complaint_number(policy.number.prefix, AT.year, 123, policy.number.digits)
    department, words = policy.departments[0].code, t("wording.sample.words")
    signers = policy.sign_offs(is_major=False).signed_by
    complaint = Complaint(
        complaint_id=number,
        status=Status.CLOSED,
        channel=Channel.PHONE,
        received_at=AT,
        registered_at=AT,
        policy=policy.reference,
        tracking_code="",
        language=language,
        department=department,
        assessment=Assessment(type=policy.types[0].code),
        investigator=WHO,
        signed=tuple(Signature(code=code, username=WHO, at=AT) for code in signers),
        follow_up_outcome=Outcome.SATISFIED,
        satisfaction=5,
        closed_at=AT + timedelta(days=2),
    )
    photo = File(
        key="evidence/sample", name="IMG_0123.jpg", size=345_000, sha256=64 * "0",
        content_type="image/jpeg",
    )  # fmt: skip
    return Dossier(
        complaint=complaint,
        complainant=Complainant(
            name=t("wording.sample.name"), phone="13800000000", building="3-502"
        ),
        key=b"",
        contacts=(
            Contact(
                contact_id="form-sample",
                channel=Channel.PHONE,
                received_at=AT,
                by=WHO,
                text=words,
                files=(photo,),
            ),
        ),
        findings=(
            Finding(
                investigator=WHO,
                facts=words,
                cause=words,
                responsible=True,
                measures=words,
                reply=t("wording.sample.reply"),
                compensation=20_000,
            ),
        ),
        records=(
            InvestigationRecord(
                record_id="1",
                kind=RecordKind.SITE_VISIT,
                by=WHO,
                at=AT,
                words=words,
                upload_id=photo.upload_id,
            ),
        ),
        orders=(
            WorkOrder(
                order_id=f"{department}-0123456789abcdef",
                department=department,
                task=words,
                issued_by=WHO,
                issued_at=AT,
                start_at=AT,
                complete_at=AT + timedelta(days=1),
            ),
        ),
    )
