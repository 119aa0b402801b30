"""Reports on the tables and buckets of the deployment: kept, mailed once, made again at will."""

from datetime import UTC, date, datetime
from email import message_from_string, policy
from email.message import EmailMessage
from io import BytesIO
from typing import Final

import boto3
import pytest
from moto.ses.models import ses_backends
from openpyxl import load_workbook

from complaints import intake
from complaints.aws import runtime
from complaints.aws.directory import StaffDirectory
from complaints.aws.items import Person
from complaints.aws.registration import Draft, Registry
from complaints.aws.reports import ReportNotSentError, ReportStore, make_day, make_month
from complaints.aws.repository import ComplaintRepository
from complaints.letters import owed
from complaints.models import Channel, Complainant, Complaint, Contact, Letter, Role, Staff
from complaints.number import complaint_number
from complaints.report import local_month, month_before
from functions.report.handler import handler
from tests.unit.heads import OFFICE

REGION: Final = "ap-southeast-1"
DAY = date(2026, 11, 20)
MORNING = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
LI = Staff(username="li", name="李", email="li@example.com", roles=(Role.QUALITY_OFFICE,))
WU = Staff(username="wu", name="吴", email="wu@example.com", roles=(Role.MANAGEMENT,))
HE = Staff(username="he", name="何", email="he@example.com", roles=(Role.HANDLER,))


@pytest.fixture(autouse=True)
def deployment(tables: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a deployment with nothing in it, and three of staff."""
    del tables
    monkeypatch.setenv("ORGANISATION", "回音酒店")
    for member in (LI, WU, HE):
        StaffDirectory.from_env().put(member)


def received(n: int, at: datetime = MORNING, letters: tuple[str, ...] = ()) -> Complaint:
    """Register a complaint under the number n, as if all below it were taken."""
    contact = Contact(
        contact_id=f"c{n}", channel=Channel.EMAIL, received_at=at, by="complainant", text="=1+1"
    )
    complaint, entry = intake.receive(
        Complainant(email="zhao@example.com"),
        contact,
        complaint_id=complaint_number("TS", 2026, n, 6),
        tracking_code="0" * 12,
        key=b"k" * 32,
        at=at,
        office=OFFICE,
    )
    parts: list[Letter] = [
        owed(complaint, kind, "zhao@example.com", [contact], at=at) for kind in letters
    ]
    person = Person(complainant=Complainant(email="zhao@example.com"), key=b"k" * 32)
    draft = Draft(complaint=complaint, entry=entry, person=person, parts=(contact, *parts))
    Registry.from_env().register(f"m{n}", "d", "t", 2026, lambda _: draft)
    return complaint


def mails() -> list[EmailMessage]:
    """Return what was mailed, the first first."""
    sent = ses_backends["123456789012"][REGION].sent_messages
    return [message_from_string(one.raw_data, policy=policy.default) for one in sent]


def test_a_month_is_kept_as_figures_and_as_workbook() -> None:
    """What the page shows and what the workbook holds are one report."""
    received(1, datetime(2026, 10, 31, 16, 30, tzinfo=UTC))
    received(2)
    received(3, datetime(2026, 10, 3, 1, 0, tzinfo=UTC))
    assert handler({"kind": "month", "month": "2026-11"}, None) == {
        "report": "2026-11",
        "received": 2,
    }
    store = ReportStore.from_env()
    report = store.get_month("2026-11")
    assert report
    assert (report.figures.received, report.before.received) == (2, 1)
    kept = boto3.client("s3").get_object(Bucket="reports", Key="reports/month/2026-11.xlsx")
    assert load_workbook(BytesIO(kept["Body"].read()))["汇总"]["B5"].value == 2
    assert store.months() == ["2026-11"]
    assert "2026-11.xlsx" in store.workbook_address("2026-11")


def test_management_and_quality_office_are_told_once() -> None:
    """A month that is made again is written over, and mailed to nobody who was told."""
    received(1)
    make_month("2026-11")
    received(2)
    make_month("2026-11")
    told = mails()
    assert sorted(str(mail["To"]) for mail in told) == [LI.email, WU.email]
    body = told[0].get_body(("plain",))
    assert body
    assert "https://complaints.example.com/staff/reports/2026-11" in body.get_content()
    assert "2026年11月" in str(told[0]["Subject"])
    again = ReportStore.from_env().get_month("2026-11")
    assert again
    assert again.figures.received == 2


def test_who_could_not_be_told_is_told_by_the_next_try() -> None:
    """A mail that fails fails the function; its retry sends to those alone who are left."""
    ReportStore.from_env().keep_told("month/2026-11", {LI.username})
    ses = boto3.client("sesv2")
    ses.delete_email_identity(EmailIdentity="complaints@example.com")
    with pytest.raises(ReportNotSentError, match="1 readers"):
        make_month("2026-11")
    assert ReportStore.from_env().months() == ["2026-11"]
    ses.create_email_identity(EmailIdentity="complaints@example.com")
    make_month("2026-11")
    assert [mail["To"] for mail in mails()] == [WU.email]


def test_a_report_without_readers_goes_to_the_administrators() -> None:
    """A deployment that has named nobody yet still says it to somebody."""
    root = Staff(username="li", name="李", email="li@example.com", roles=(Role.ADMINISTRATOR,))
    for member in (root, WU.replace(roles=(Role.AUDITOR,))):
        StaffDirectory.from_env().put(member)
    make_month("2026-11")
    assert [mail["To"] for mail in mails()] == [LI.email]


def test_a_report_that_nobody_reads_is_kept_all_the_same() -> None:
    """Without staff there is nobody to mail to; the report waits for its first reader."""
    for member in (LI, WU, HE):
        StaffDirectory.from_env().put(member.replace(email=""))
    make_month("2026-11")
    assert ReportStore.from_env().months() == ["2026-11"]
    assert mails() == []


def test_the_month_of_the_schedule_is_the_one_before() -> None:
    """On the first, the month that just ended is reported."""
    this_month = local_month(runtime.now(), OFFICE.zone)
    assert handler({"kind": "month"}, None)["report"] == month_before(this_month)


def test_a_close_out_names_what_is_left() -> None:
    """What waits, what could not be sent, which number is missing: to the quality office alone."""
    old = received(1, datetime(2026, 5, 4, 1, 0, tzinfo=UTC))
    received(2, datetime(2026, 11, 19, 1, 0, tzinfo=UTC))
    unsent = received(3, letters=("acknowledgement",))
    received(5)
    report = make_day(DAY)
    assert (report.received, report.by_channel) == (2, {"email": 2})
    assert report.overdue[0].complaint_id == old.complaint_id
    assert len(report.unassessed) == 4
    assert report.unsent == (unsent.complaint_id,)
    assert report.gaps == (complaint_number("TS", 2026, 4, 6),)
    assert ReportStore.from_env().get_day("2026-11-20") == report
    assert ReportStore.from_env().days() == ["2026-11-20"]
    assert [mail["To"] for mail in mails()] == [LI.email]


def test_a_number_that_exists_is_no_gap() -> None:
    """A complaint that no list holds is asked for by its number before it is called missing."""
    received(1)
    quiet = received(2, datetime(2026, 3, 2, 1, 0, tzinfo=UTC))
    ComplaintRepository.from_env().look_later(quiet.replace(queue=""), None)
    received(3)
    assert make_day(DAY).gaps == ()


def test_a_day_can_be_asked_for_by_name() -> None:
    """The console names the day it wants."""
    assert handler({"kind": "day", "day": "2026-11-20"}, None) == {
        "report": "2026-11-20",
        "received": 0,
    }
    assert handler({"kind": "day"}, None)["report"] > "2026-11-20"


@pytest.mark.parametrize(
    "event",
    [{"kind": "year"}, {"kind": "month", "month": "2026-13"}, {"kind": "month", "month": "../x"}],
)
def test_what_is_no_report_is_refused(event: dict[str, str]) -> None:
    """A name becomes a key of the bucket, so only months are taken."""
    with pytest.raises(ValueError, match="no report"):
        handler(event, None)


def test_what_was_never_made_is_not_there() -> None:
    """Asking for a report does not make one."""
    assert ReportStore.from_env().get_month("2026-01") is None
    assert ReportStore.from_env().get_day("2026-01-01") is None
    assert ReportStore.from_env().months() == []


def test_words_that_earlier_versions_kept_are_taken_out() -> None:
    """F7: with the next monthly report, of months, workbooks and days; the figures stay."""
    received(1)
    make_month("2026-11")
    make_day(date(2026, 11, 20))
    store, words = ReportStore.from_env(), "王小明13812345678"
    month, day = store.get_month("2026-11"), store.get_day("2026-11-20")
    assert month
    assert day
    [row] = month.complaints
    worded = row.replace(subject=words)
    store.keep_month(month.replace(complaints=(worded,)), b"workbook of before")
    store.keep_day(day.replace(unassessed=(worded,)))
    make_month("2026-10")
    assert store.get_month("2026-11") == month
    assert store.get_day("2026-11-20") == day.replace(unassessed=(row,))
    kept = boto3.client("s3").get_object(Bucket="reports", Key="reports/month/2026-11.xlsx")
    assert load_workbook(BytesIO(kept["Body"].read()))["汇总"]["B5"].value == 1
