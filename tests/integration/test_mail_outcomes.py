"""What becomes of a mail: each object ends as exactly one thing, and none is lost or doubled."""

import random
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from complaints.aws import orphans, quarantine
from complaints.aws.directory import StaffDirectory
from complaints.aws.runtime import client
from complaints.aws.settings import load_settings
from complaints.letters import Sender, to_complainant
from complaints.models import Staff
from functions.check_sla import handler as check_sla
from functions.intake_email.handler import handler
from tests.builders import HANDLER, QUALITY
from tests.conftest import ENVIRONMENT
from tests.kept import mailed_to, mails, refuse, set_clock
from tests.mailed import OURS, deliver, dossier, mail, notice, number, set_aside, store, tell, today

pytestmark = pytest.mark.usefixtures("tables")
OTHER = Sender(
    organisation="别家",
    mail_address="complaints@other.example",
    site_url="https://other.example",
    phone="",
)


def objects() -> int:
    """Return how many raw mails there are."""
    return len(client("s3").list_objects_v2(Bucket="mail").get("Contents", ()))


@pytest.fixture
def queue(tables: None) -> None:  # noqa: ARG001 - first the account, then what is in it
    """Make the queue of mails."""
    made = client("sqs").create_queue(QueueName="mail")
    assert made["QueueUrl"] == ENVIRONMENT["MAIL_QUEUE"]


def announced() -> list[str]:
    """Return the bodies that lie in the queue, and take them."""
    found: list[str] = []
    while (
        got := client("sqs")
        .receive_message(QueueUrl=ENVIRONMENT["MAIL_QUEUE"], MaxNumberOfMessages=10)
        .get("Messages")
    ):
        found += [one["Body"] for one in got]
        for one in got:
            client("sqs").delete_message(
                QueueUrl=ENVIRONMENT["MAIL_QUEUE"], ReceiptHandle=one["ReceiptHandle"]
            )
    return found


# ---- the ledger ------------------------------------------------------------------------------


def test_each_object_is_one_thing_and_the_sum_is_right() -> None:
    """A complaint, a contact, a known duplicate, quarantine: one of them, for each object."""
    deliver(mail(), "inbox/1", times=2)
    deliver(mail(), "inbox/2")
    answer = mail("补充", Message_ID="<b@example.org>", In_Reply_To="<a@example.org>")
    deliver(answer, "inbox/3", times=2)
    deliver(answer, "inbox/4")
    deliver(mail("别的话"), "inbox/5")
    deliver(mail(Auto_Submitted="auto-replied", Message_ID="<c@example.org>"), "inbox/6")
    assert today() == {"complaint": 1, "contact": 1, "duplicate": 2, "quarantine": 2}
    assert sum(today().values()) == objects()


def test_one_mail_to_two_of_our_addresses_is_one_complaint() -> None:
    """Two objects with other headers on top, and one Message-ID, or none at all."""
    for n, sides in enumerate(({}, {"Message_ID": "", "Date": "Fri, 20 Nov 2026 09:00:00 +0800"})):
        message = mail(From=f"p{n}@example.org", **{"Message_ID": f"<{n}@x>", **sides})
        raw = message.as_bytes(policy=SMTP)
        deliver(b"Delivered-To: complaints@example.com\r\n" + raw, f"inbox/{n}a")
        deliver(b"Delivered-To: complaints+2@example.com\r\n" + raw, f"inbox/{n}b")
    assert today() == {"complaint": 2, "duplicate": 2}


def test_a_client_that_reuses_its_id_loses_nothing() -> None:
    """Another mail under a known id is neither dropped nor doubled: a person looks."""
    deliver(mail(), "inbox/1")
    deliver(mail("第二件事，和上次无关。"), "inbox/2")
    row = quarantine.get("inbox/2")
    assert (row.reason, row.complaint_id) == ("conflict", number(1))


# ---- late, twice, out of order, dead in the middle ---------------------------------------------


def test_a_reply_that_comes_before_its_original_is_one_complaint_with_it() -> None:
    """Both deliveries of both, in the wrong order."""
    answer = mail("补充", Message_ID="<b@example.org>", In_Reply_To="<a@example.org>")
    store(answer, "inbox/2")
    store(mail(), "inbox/1")
    for key in ("inbox/2", "inbox/1", "inbox/2", "inbox/1"):
        tell(key)
    ids = sorted(said.message_id for said in dossier().contacts)
    assert ids == ["<a@example.org>", "<b@example.org>"]
    assert today() == {"complaint": 1, "contact": 1}


def test_who_answers_one_circular_each_have_a_complaint_of_their_own() -> None:
    """An id that only was referred to binds its own people together, and nobody else."""
    for n in range(3):
        answer = mail(From=f"p{n}@example.org", Message_ID=f"<{n}@x>", In_Reply_To="<all@x>")
        deliver(answer, f"inbox/{n}")
    deliver(mail("我发的通知", From="boss@example.org", Message_ID="<all@x>"), "inbox/9")
    assert today() == {"complaint": 4}
    again = mail("再说一句", From="p0@example.org", Message_ID="<3@x>", In_Reply_To="<all@x>")
    deliver(again, "inbox/10")
    assert len(dossier(1).contacts) == 2


CALLS = [
    ("s3", "GetObject"),
    ("s3", "PutObject"),
    ("dynamodb", "UpdateItem"),
    ("dynamodb", "TransactWriteItems"),
    ("dynamodb", "PutItem"),
    ("dynamodb", "GetItem"),
    ("stepfunctions", "StartExecution"),
    ("sesv2", "SendEmail"),
]


@pytest.mark.parametrize(("service", "operation"), CALLS)
def test_a_run_that_dies_at_a_call_is_made_good_by_the_next(service: str, operation: str) -> None:
    """Whatever call fails, the mail ends as one complaint with all its parts, answered once."""
    message = mail()
    message.add_attachment(b"photo", maintype="image", subtype="png", filename="a.png")
    store(message, "inbox/1")
    refuse(service, operation, "AccessDenied")
    handler({"Records": [notice("inbox/1")]}, None)
    tell("inbox/1")
    found = dossier()
    assert [len(said.files) for said in found.contacts] == [1]
    assert today() == {"complaint": 1}
    assert len(mails()) <= 1
    assert len(found.letters) == 1


def test_many_mails_in_any_order_and_often_are_each_one_thing() -> None:
    """Sixty mails of ten people, three deliveries of each, shuffled; some answer what is late."""
    keys = []
    for n in range(60):
        person, first = n % 10, n < 10
        refers = {} if first else {"In_Reply_To": f"<{person}@x>"}
        message = mail(f"第{n}封", From=f"p{person}@example.org", Message_ID=f"<{n}@x>", **refers)
        store(message, f"inbox/{n}")
        keys += [f"inbox/{n}"] * 3
    random.Random(7).shuffle(keys)  # noqa: S311
    for key in keys:
        tell(key)
    assert today() == {"complaint": 10, "contact": 50}
    assert sum(len(dossier(n).contacts) for n in range(1, 11)) == 60
    assert len(mails()) == 10


# ---- orphans -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("queue")
def test_every_mail_that_no_event_told_of_is_found() -> None:
    """One event in ten is lost; each orphan is announced, taken, and not announced again."""
    for n in range(20):
        key = f"inbox/{n:02} ä+b"
        store(mail(From=f"p{n}@example.org", Message_ID=f"<{n}@x>"), key)
        if n % 10:
            tell(key)
    later = datetime.now(UTC).replace(microsecond=0) + orphans.GRACE + timedelta(minutes=1)
    assert orphans.announce(later) == 2
    for body in announced():
        assert handler({"Records": [{"messageId": "m", "body": body}]}, None) == {
            "batchItemFailures": []
        }
    assert today() == {"complaint": 20}
    assert orphans.announce(later + timedelta(minutes=5)) == 0
    assert orphans.announce(later + orphans.ROUND) == 0


@pytest.mark.usefixtures("queue")
def test_a_mail_that_still_waits_in_the_queue_is_left_alone() -> None:
    """Within its grace; and a round is begun only every half hour."""
    store(mail(), "inbox/1")
    at = datetime.now(UTC).replace(microsecond=0)
    assert orphans.announce(at) == 0
    assert orphans.announce(at + orphans.GRACE) == 0
    assert orphans.announce(at + orphans.ROUND) == 1


@pytest.mark.usefixtures("queue")
def test_a_mail_that_cannot_be_taken_for_a_day_is_shown_to_a_person() -> None:
    """It is looked for until then, round after round."""
    store(mail(), "inbox/1")
    at = datetime.now(UTC).replace(microsecond=0) + orphans.GRACE
    assert [orphans.announce(at + n * orphans.ROUND) for n in range(3)] == [1, 1, 1]
    orphans.announce(at + orphans.GIVE_UP)
    assert set_aside() == ["failed"]
    assert today() == {"quarantine": 1}


@pytest.mark.usefixtures("queue")
def test_a_large_bucket_is_listed_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each run goes on where the last one stopped, and a round finds all."""
    monkeypatch.setattr(orphans, "A_RUN", 3)
    monkeypatch.setattr(orphans, "A_PAGE", 3)
    for n in range(8):
        store(mail(Message_ID=f"<{n}@x>"), f"inbox/{n}")
    at = datetime.now(UTC).replace(microsecond=0) + orphans.GRACE
    assert [orphans.announce(at) for _ in range(4)] == [3, 3, 2, 0]
    assert len(announced()) == 8


# ---- machines ----------------------------------------------------------------------------------


def test_two_systems_that_write_to_each_other_stop_at_two_mails() -> None:
    """RFC 3834: each letter of the other is fed back as a mail; a hundred rounds."""
    deliver(mail(From=OTHER.mail_address, Message_ID="<0@other.example>"), "inbox/0")
    told = 0
    for n in range(100):
        if told == len(mails()):
            break
        told = len(mails())
        letter = mails()[-1]
        # The other system is ours once more: it registers, and its letter has our marks.
        back = to_complainant(
            dossier().letters[0], dossier(), OTHER, load_settings().office, at=datetime.now(UTC)
        )
        back.replace_header("To", letter["Reply-To"])
        back["Message-ID"] = f"<{n + 1}@other.example>"
        deliver(back, f"inbox/{n + 1}")
    assert len(mails()) <= 2
    assert today() == {"complaint": 1, "quarantine": 1}
    assert quarantine.get("inbox/1").complaint_id == number(1)


def test_a_sender_is_acknowledged_once_a_period_and_every_complaint_is() -> None:
    """RFC 5230: the letters of the others wait, and go one a period."""
    for n in range(3):
        deliver(mail(f"第{n}件事", Message_ID=f"<{n}@x>"), f"inbox/{n}")
    assert mailed_to() == ["lina@example.org"]
    assert today() == {"complaint": 3}


def test_the_letters_that_waited_go_one_a_period(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sent by the check of the limits; nobody is forgotten."""
    at = datetime.now(UTC)
    for n in range(3):
        deliver(mail(f"第{n}件事", Message_ID=f"<{n}@x>"), f"inbox/{n}")
    sent = []
    for minutes in (11, 16, 22, 33):
        set_clock(monkeypatch, at + timedelta(minutes=minutes))
        check_sla.handler({}, None)
        sent.append(len(mailed_to()))
    assert sent == [2, 2, 3, 3]


def test_a_flood_waits_for_a_person() -> None:
    """Twenty more within the hour are taken; the rest are kept, and nothing is answered."""
    for n in range(24):
        deliver(mail(f"第{n}件事", Message_ID=f"<{n}@x>"), f"inbox/{n}")
    assert today() == {"complaint": 21, "quarantine": 3}
    assert set(set_aside()) == {"flood"}
    assert len(mails()) == 1


# ---- brought by staff ----------------------------------------------------------------------------

FORWARDED = """请登记。

-------- 转发的消息 --------
发件人: 王芳 <wang@example.net>
发送时间: 2026年11月19日 10:00
收件人: 前台 <qiu@example.com>
主题: 空调坏了

三号楼的空调坏了三天，没有人来修。
"""


def from_staff(text: str = FORWARDED, member: Staff = QUALITY) -> EmailMessage:
    """Return a mail of a member of staff, who is in the directory."""
    StaffDirectory.from_env().put(member)
    return mail(text, From=f"邱 <{member.email}>", Subject="转发：空调坏了", Message_ID="<f@x>")


def test_what_staff_send_on_is_the_complaint_of_who_wrote_it() -> None:
    """A3: the complainant is answered; who brought it in stands in the history."""
    deliver(from_staff(), dmarc="pass")
    found = dossier()
    assert (found.complainant.name, found.complainant.email) == ("王芳", "wang@example.net")
    assert found.entries[0].actor == QUALITY.username
    assert found.contacts[0].text == "三号楼的空调坏了三天，没有人来修。"
    assert mailed_to() == ["wang@example.net"]


def test_a_forged_member_of_staff_brings_nothing_in() -> None:
    """An address is quickly written; only the receiver's check proves it."""
    deliver(from_staff(), dmarc="none")
    assert (set_aside(), mails()) == (["staff_unproven"], [])


def test_what_staff_send_on_without_its_writer_waits_for_a_person() -> None:
    """Nobody is answered in somebody else's place."""
    deliver(from_staff("李阿姨打电话说空调坏了。"), dmarc="pass")
    assert (set_aside(), mails()) == (["forward_incomplete"], [])


def test_somebody_who_left_is_no_member_of_staff_any_more() -> None:
    """Such a person complains as anybody does."""
    gone = HANDLER.replace(left_on=datetime(2026, 1, 1, tzinfo=UTC).date())
    deliver(from_staff("我自己要投诉。", gone), dmarc="pass")
    assert dossier().complainant.email == HANDLER.email


def test_staff_who_answer_in_a_thread_add_to_it() -> None:
    """As themselves, not as the complainant."""
    deliver(mail(), "inbox/1")
    answer = from_staff("已联系过。")
    answer["In-Reply-To"] = "<a@example.org>"
    deliver(answer, "inbox/2", dmarc="pass")
    assert {said.by for said in dossier().contacts} == {"complainant", QUALITY.username}


def test_our_own_address_is_in_no_case_answered() -> None:
    """What seems to come from ourselves is our own letter come back."""
    deliver(mail(From=OURS), dmarc="pass")
    assert (set_aside(), mails()) == (["own"], [])
