"""The mail door: three deliveries are one, replies join, machines are not answered, limits hold."""

import json
import smtplib
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage

import pytest

from infra.local.machine import Machine
from tests.doors import (
    OURS,
    Place,
    Visitor,
    letter,
    letters,
    mail,
    place_in,
    post,
    staff,
    until,
    wait_for_status,
    words,
)

pytestmark = pytest.mark.journey


def registered(machine: Machine, message: EmailMessage) -> tuple[Place, EmailMessage]:
    """Send a mail; return where its complaint is, and the acknowledgement."""
    post(machine, message)
    acknowledgement = letter(machine, str(message["From"]), "acknowledgement")
    return place_in(words(acknowledgement)), acknowledgement


def passed(machine: Machine, mark: str) -> None:
    """Wait until all mails sent before are dealt with: one more, sent now, is acknowledged."""
    registered(machine, mail(f"after.{mark}@example.com", f"之后的一封 {mark}"))
    notices = machine.client("sqs")
    url = machine.outputs["MailQueueUrl"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def empty() -> bool | None:
        found = notices.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return not any(int(found[name]) for name in names) or None

    until(empty, "the mail queue is empty")


def test_one_mail_delivered_three_times_is_one_complaint(machine: Machine) -> None:
    """At once over SMTP, and again by the queue: one complaint, one acknowledgement."""
    message = mail("three.times@example.com", "同一封信三次送达")
    with ThreadPoolExecutor(3) as senders:
        list(senders.map(lambda _: post(machine, message), range(3)))
    letter(machine, "three.times@example.com", "acknowledgement")
    bucket = machine.outputs["MailBucket"]
    stored = machine.client("s3").list_objects_v2(Bucket=bucket, Prefix="inbox/")["Contents"]
    newest = sorted(stored, key=lambda one: one["LastModified"])[-3:]
    for one in newest:
        notice = {"Records": [{"s3": {"bucket": {"name": bucket}, "object": {"key": one["Key"]}}}]}
        machine.client("sqs").send_message(
            QueueUrl=machine.outputs["MailQueueUrl"], MessageBody=json.dumps(notice)
        )
    passed(machine, "three")
    assert len(letters(machine, "three.times@example.com")) == 1
    listed = staff(machine, "quality.liu").open("/staff/complaints?queue=service").text
    assert listed.count("同一封信三次送达") == 1


def test_a_reply_to_our_letter_joins_its_complaint(machine: Machine) -> None:
    """The address with the token is enough, from whichever box and with whichever subject."""
    place, acknowledgement = registered(machine, mail("joins.token@example.com"))
    reply = mail(
        "another.box@example.com",
        "补充",
        "补充：录音里听得很清楚。",
        To=acknowledgement["Reply-To"],
    )
    post(machine, reply)
    complainant = Visitor(site=machine.site_url)
    until(lambda: "录音里听得很清楚" in complainant.open(place.path).text or None, "it joined")
    passed(machine, "token")
    assert letters(machine, "another.box@example.com") == []


def test_a_reply_that_refers_to_a_known_mail_joins_its_complaint(machine: Machine) -> None:
    """A program that drops the plus address still names the mails before it."""
    first = mail("joins.thread@example.com")
    place, acknowledgement = registered(machine, first)
    references = f"{first['Message-ID']} {acknowledgement['Message-ID']}"
    reply = mail(
        "joins.thread@example.com", "回复", "昨天又发生了一次。",
        In_Reply_To=acknowledgement["Message-ID"], References=references,
    )  # fmt: skip
    post(machine, reply)
    complainant = Visitor(site=machine.site_url)
    until(lambda: "昨天又发生了一次" in complainant.open(place.path).text or None, "it joined")
    assert len(letters(machine, "joins.thread@example.com")) == 1


def test_a_foreign_mail_with_a_guessed_number_joins_nothing(machine: Machine) -> None:
    """Numbers can be counted through: without token or own address a mail is a new complaint."""
    place, _ = registered(machine, mail("guessed@example.com"))
    guess = mail("stranger@example.com", f"回复 {place.number}", "请告诉我这件投诉的内容。")
    other, _ = registered(machine, guess)
    assert other.number != place.number
    assert "请告诉我" not in Visitor(site=machine.site_url).open(place.path).text


def test_machines_are_never_answered_and_open_nothing(machine: Machine) -> None:
    """A bounce, an absence note, a mail without sender: put aside, with the reason."""
    bounce = mail("mailer-daemon@example.com", "Undelivered Mail Returned to Sender")
    absent = mail("absent@example.com", "自动回复：休假", Auto_Submitted="auto-replied")
    nobody = mail(subject="没有发件人的信")
    for message in (bounce, absent, nobody):
        post(machine, message, envelope="<>")
    passed(machine, "machines")
    for address in ("mailer-daemon@example.com", "absent@example.com"):
        assert letters(machine, address) == []
    quality = staff(machine, "quality.liu")
    shown = quality.open("/staff/quarantine")
    assert "没有发件人的信" in shown.text
    assert "absent@example.com" not in shown.text
    machines = quality.open("/staff/quarantine?tab=quiet")
    assert "absent@example.com" in machines.text
    assert "mailer-daemon@example.com" in machines.text
    listed = quality.open("/staff/complaints?queue=service").text
    assert "自动回复：休假" not in listed
    assert "没有发件人的信" not in listed


def test_a_mail_of_more_than_forty_megabytes_is_refused_at_the_door(machine: Machine) -> None:
    """The sender hears 552 at once."""
    with smtplib.SMTP("127.0.0.1", machine.ports.smtp) as server:
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            server.sendmail("big@example.com", OURS, b"Subject: x\r\n\r\n" + b"x" * 41_943_040)
        assert refused.value.smtp_code == 552


def test_an_address_that_is_not_ours_is_refused_at_the_door(machine: Machine) -> None:
    """The sender hears 550; nothing is relayed."""
    with smtplib.SMTP("127.0.0.1", machine.ports.smtp) as server:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            server.sendmail("a@example.com", "sales@huiyin.localhost", b"Subject: x\r\n\r\nx")
        [(code, _)] = refused.value.recipients.values()
        assert code == 550


def test_a_program_that_is_attached_is_evidence_and_never_runs(machine: Machine) -> None:
    """Kept byte for byte, handed out as a download of a type that no browser opens."""
    program = b"MZ" + bytes(range(256)) * 8
    message = mail("program@example.com", "附件里有程序")
    message.add_attachment(program, maintype="text", subtype="html", filename="账单.pdf.exe")
    place, _ = registered(machine, message)
    wait_for_status(Visitor(site=machine.site_url), place, "assessed")
    li = staff(machine, "handler.li")
    start = f"/staff/complaints/{place.number}/evidence/"
    piece = li.look(place.number).text.split(f'href="{start}', 1)[1].split('"', 1)[0]
    handed = li.open(start + piece)
    assert handed.body == program
    assert handed.headers["content-disposition"].startswith("attachment;")
    assert handed.headers["content-type"] == "application/octet-stream"
