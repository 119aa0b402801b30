"""Intake by mail: each mail ends as one complaint, one contact of one, or in quarantine."""

import hashlib
import json

import boto3
import pytest

from complaints.aws.repository import UnknownComplaintError
from complaints.models import Channel
from complaints.number import reply_address
from functions.intake_email.handler import handler
from tests.kept import mailed_to, mails, put_object, runs
from tests.mailed import (
    OURS,
    deliver,
    dossier,
    in_quarantine,
    mail,
    notice,
    number,
    raw_of,
    set_aside,
    tell,
)

pytestmark = pytest.mark.usefixtures("tables")
EXE = b"MZ\x90\x00" + bytes(range(256)) * 4


def assert_alone() -> None:
    """There is one complaint and no second."""
    with pytest.raises(UnknownComplaintError):
        dossier(2)


def test_a_mail_becomes_a_complaint_and_is_acknowledged() -> None:
    """A1, A7: registered with its original, started, and answered at once."""
    raw = deliver(mail())
    found = dossier()
    (said,) = found.contacts
    assert (found.complaint.channel, found.complainant.name) == (Channel.EMAIL, "李娜")
    assert (said.subject, said.text) == ("投诉", "前台态度恶劣，打电话也不耐烦。")
    assert said.original
    assert said.original.sha256 == hashlib.sha256(raw).hexdigest()
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
        (b"\r\n\r\n", "no_sender"),
        (b"Subject: x\r\n\r\nno sender", "no_sender"),
        (b"From: a@example.org\r\n\r\n", "empty"),
        (b"From: <a@example.org,b@example.org>\r\n\r\ntwo in one", "no_sender"),
    ],
)
def test_what_cannot_be_a_complaint_goes_to_quarantine(raw: bytes, reason: str) -> None:
    """With its reason and its key, for a person to look at; it opens and answers nothing."""
    stored = deliver(raw, times=2)
    (kept,) = in_quarantine()
    assert (kept.key, kept.reason, kept.size) == ("inbox/1", reason, len(stored))
    assert mails() == []


def test_an_empty_object_goes_to_quarantine() -> None:
    """Nobody can say whose it is; a person sees that it came."""
    put_object("MAIL_BUCKET", "inbox/1", b"")
    assert handler({"Records": [notice("inbox/1")]}, None) == {"batchItemFailures": []}
    assert set_aside() == ["empty"]


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({"virus": "FAIL"}, "virus"),
        ({"virus": "PROCESSING_FAILED"}, "virus"),
        ({"spam": "FAIL"}, "spam"),
        ({"spam": "GRAY"}, "spam"),
        ({"spam": "SOMETHING_NEW"}, "spam"),
        ({"dmarc": "fail"}, "dmarc"),
        ({"spf": "fail", "dkim": "fail"}, "spf_dkim"),
    ],
)
def test_what_the_receiver_does_not_pass_waits_for_a_person(
    found: dict[str, str], reason: str
) -> None:
    """What it found harmful, and what it could not decide, opens nothing by itself."""
    put_object("MAIL_BUCKET", "inbox/1", raw_of(mail(), **found))
    tell("inbox/1")
    assert (set_aside(), mails(), runs()) == ([reason], [], [])


def test_a_mail_that_nobody_has_checked_waits_for_a_person() -> None:
    """Verdicts below the first stamp are the sender's own words."""
    put_object("MAIL_BUCKET", "inbox/1", b"Received: from a by b\r\n" + raw_of(mail()))
    handler({"Records": [notice("inbox/1")]}, None)
    assert set_aside() == ["no_stamp"]


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
    put_object("MAIL_BUCKET", "inbox/good", raw_of(mail()))
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
