"""Intake by mail: each mail ends as one complaint, one contact of one, or in quarantine."""

import hashlib
import json
from email.message import EmailMessage
from typing import Any
from urllib.parse import quote_plus

import boto3
import pytest

from complaints.aws import quarantine
from complaints.aws.repository import ComplaintRepository, UnknownComplaintError
from complaints.models import Channel, Dossier
from complaints.number import complaint_number, reply_address
from functions.intake_email.handler import handler
from tests.kept import mailed_to, mails, put_object, runs

pytestmark = pytest.mark.usefixtures("tables")
OURS = "complaints@example.com"
EXE = b"MZ\x90\x00" + bytes(range(256)) * 4


def mail(
    text: str = "前台态度恶劣，打电话也不耐烦。", *, to: str = OURS, **headers: str
) -> EmailMessage:
    """Return a mail of a complainant; `_` stands for `-` in names of headers, "" leaves one out."""
    usual = {"From": "李娜 <lina@example.org>", "Subject": "投诉", "Message_ID": "<a@example.org>"}
    message = EmailMessage()
    for name, value in {**usual, **headers}.items():
        if value:
            message[name.replace("_", "-")] = value
    message["To"] = to
    message.set_content(text)
    return message


def notice(*keys: str, message_id: str = "m1") -> dict[str, Any]:
    """Return the message of the queue that tells of these objects."""
    records = [{"s3": {"object": {"key": quote_plus(key)}}} for key in keys]
    return {"messageId": message_id, "body": json.dumps({"Records": records})}


def deliver(message: EmailMessage | bytes, key: str = "inbox/1", *, times: int = 1) -> None:
    """Store a mail as SES does and let it be read, each time without a failure."""
    raw = message if isinstance(message, bytes) else message.as_bytes()
    put_object("MAIL_BUCKET", key, raw)
    for _ in range(times):
        assert handler({"Records": [notice(key)]}, None) == {"batchItemFailures": []}


def number(n: int) -> str:
    """Return the n-th number of this year."""
    found = boto3.client("dynamodb").scan(TableName="ComplaintsTable")["Items"]
    (year,) = (
        stored["complaint_id"]["S"].removeprefix("counter#")
        for stored in found
        if stored["complaint_id"]["S"].startswith("counter#")
    )
    return complaint_number("TS", int(year), n, 6)


def dossier(n: int = 1) -> Dossier:
    """Return the n-th complaint of this year."""
    return ComplaintRepository.from_env().dossier(number(n))


def assert_alone() -> None:
    """There is one complaint and no second."""
    with pytest.raises(UnknownComplaintError):
        dossier(2)


def set_aside() -> list[str]:
    """Return the reasons for which mails were set aside."""
    return [one.reason for one in quarantine.list_all()]


def test_a_mail_becomes_a_complaint_and_is_acknowledged() -> None:
    """A1, A7: registered with its original, started, and answered at once."""
    message = mail()
    deliver(message)
    found = dossier()
    (said,) = found.contacts
    assert (found.complaint.channel, found.complainant.name) == (Channel.EMAIL, "李娜")
    assert (said.subject, said.text) == ("投诉", "前台态度恶劣，打电话也不耐烦。")
    assert said.original
    assert said.original.sha256 == hashlib.sha256(message.as_bytes()).hexdigest()
    assert runs() == [number(1)]
    (answer,) = mails()
    assert (answer["To"], answer["In-Reply-To"]) == ("lina@example.org", "<a@example.org>")
    assert number(1) in answer["Subject"]
    assert answer["Auto-Submitted"] == "auto-replied"
    assert found.letters[0].sent_at


def test_three_deliveries_are_one() -> None:
    """One complaint, one contact, one acknowledgement; also under another key."""
    deliver(mail(), times=2)
    deliver(mail(), key="inbox/2")
    assert_alone()
    assert len(dossier().contacts) == 1
    assert mailed_to() == ["lina@example.org"]
    assert set_aside() == []


def test_an_english_mail_is_answered_in_english() -> None:
    """A7: in the complainant's language."""
    deliver(mail("The receptionist was rude to me."))
    assert dossier().complainant.language == "en"
    assert mails()[0]["Subject"].isascii()


@pytest.mark.parametrize("way", ["token", "in reply to", "references", "number"])
def test_a_reply_joins_its_complaint(way: str) -> None:
    """A13: by our address, by the thread, or by the number in the sender's own subject."""
    deliver(mail())
    answer = mail("补充：当时是晚上。", Message_ID="<b@example.org>", Subject="答复")
    if way == "token":
        del answer["To"]
        answer["To"] = reply_address(OURS, number(1), dossier().complaint.tracking_code)
        answer.replace_header("From", "anybody@example.net")
    elif way == "in reply to":
        answer["In-Reply-To"] = "<a@example.org>"
    elif way == "references":
        answer["References"] = "<unknown@example.net> <a@example.org>"
    else:
        answer.replace_header("Subject", f"回复：{number(1)}")
    deliver(answer, key="inbox/2", times=2)
    assert_alone()
    assert [said.text for said in dossier().contacts][1:] == ["补充：当时是晚上。"]
    assert len(mails()) == 1


@pytest.mark.parametrize("way", ["number", "token"])
def test_a_stranger_gets_into_no_complaint(way: str) -> None:
    """A number can be guessed, so the sender must be its complainant; a token can not."""
    deliver(mail())
    stranger = mail("我也要投诉", From="x@example.net", Message_ID="<c@example.net>")
    if way == "number":
        stranger.replace_header("Subject", f"回复：{number(1)}")
    else:
        stranger.replace_header("To", f"complaints+{number(1)}.0000000000@example.com")
    deliver(stranger, key="inbox/2")
    assert len(dossier(1).contacts) == 1
    assert dossier(2).complainant.email == "x@example.net"


def test_the_same_id_with_other_words_is_a_conflict() -> None:
    """Neither dropped nor registered: a person looks at it."""
    deliver(mail())
    deliver(mail("完全不同的话"), key="inbox/2", times=2)
    assert_alone()
    assert set_aside() == ["conflict"]
    assert len(dossier().contacts) == 1


def test_the_same_id_with_another_attachment_is_a_conflict() -> None:
    """A photo that would be lost in silence is a word that would be."""
    deliver(mail())
    with_photo = mail()
    with_photo.add_attachment(EXE, maintype="image", subtype="png", filename="b.png")
    deliver(with_photo, key="inbox/2")
    assert set_aside() == ["conflict"]


MACHINES = {
    "auto_reply": mail(Auto_Submitted="auto-replied"),
    "bounce": mail(From="MAILER-DAEMON@example.net", Subject="Undelivered Mail Returned to Sender"),
    "list": mail(List_Id="<news.example.net>"),
    "own": mail(From=OURS),
}


@pytest.mark.parametrize("reason", list(MACHINES))
def test_machines_open_nothing_and_are_never_answered(reason: str) -> None:
    """A13, RFC 3834: set aside with the reason, however often they come."""
    deliver(MACHINES[reason], times=3)
    assert set_aside() == [reason]
    assert mails() == []
    assert runs() == []


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "empty"),
        (b"\r\n\r\n", "empty"),
        (b"Subject: x\r\n\r\nno sender", "no_sender"),
        (b"From: <a@example.org,b@example.org>\r\n\r\ntwo in one", "no_sender"),
        (b"X-SES-Virus-Verdict: FAIL\r\nFrom: a@example.org\r\n\r\nx", "verdict"),
        (b"X-SES-Spam-Verdict: FAIL\r\nFrom: a@example.org\r\n\r\nx", "verdict"),
    ],
)
def test_what_cannot_be_a_complaint_goes_to_quarantine(raw: bytes, reason: str) -> None:
    """With its reason and its key, for a person to look at; it opens and answers nothing."""
    deliver(raw, times=2)
    (kept,) = quarantine.list_all()
    assert (kept.key, kept.reason, kept.size) == ("inbox/1", reason, len(raw))
    assert mails() == []


def test_every_attachment_is_evidence_byte_for_byte() -> None:
    """F1: a program as well; its type is what the bytes show, its name is only shown."""
    message = mail()
    message.add_attachment(EXE, maintype="image", subtype="png", filename="../../照片.png")
    deliver(message)
    (file,) = dossier().contacts[0].files
    stored = boto3.client("s3").get_object(Bucket="evidence", Key=file.key)["Body"].read()
    assert stored == EXE
    assert (file.sha256, file.size) == (hashlib.sha256(EXE).hexdigest(), len(EXE))
    assert file.content_type == "application/x-msdownload"
    assert file.name == "照片.png"
    assert "照片" not in file.key


def test_one_failing_mail_stops_no_other() -> None:
    """Only the id of the message that failed comes back to the queue."""
    put_object("MAIL_BUCKET", "inbox/good", mail().as_bytes())
    batch = [
        notice("inbox/missing", message_id="m1"),
        notice("inbox/good", message_id="m2"),
        {"messageId": "m3", "body": "not JSON"},
    ]
    answer = handler({"Records": batch}, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}, {"itemIdentifier": "m3"}]}
    assert dossier().complainant.email == "lina@example.org"


def test_the_test_message_of_s3_is_no_mail() -> None:
    """S3 sends one when the notification is set up."""
    test = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "mail"}
    event = {"Records": [{"messageId": "m1", "body": json.dumps(test)}]}
    assert handler(event, None) == {"batchItemFailures": []}


def test_a_mail_without_an_id_is_known_by_its_bytes() -> None:
    """RFC 5322 only says it should have one."""
    deliver(mail(Message_ID=""), times=2)
    deliver(mail(Message_ID=""), key="inbox/2")
    assert_alone()
    assert len(mails()) == 1


def test_keys_with_strange_letters_are_read() -> None:
    """S3 writes keys in its notices as forms do."""
    deliver(mail(), key="inbox/a b+c%2F中")
    assert len(dossier().contacts) == 1
