"""Letters that come back: the letter is marked, its address rests, and somebody is told."""

from email.message import EmailMessage
from email.policy import SMTP

import pytest

from complaints.aws import quarantine
from complaints.aws.desk import changing, line, merging, parties
from complaints.aws.quarantine import State
from complaints.aws.repository import ComplaintRepository
from complaints.lifecycle import record
from complaints.models import Complainant, Dossier, Letter, Outcome, Status
from complaints.particulars import current
from complaints.proxies import reachable
from tests.builders import HANDLER, LI, QUALITY, approved, assessed, investigated, received
from tests.kept import begun, keep, mailed_to, mails
from tests.mailed import OURS, deliver, dossier, mail, number, set_aside, today

pytestmark = pytest.mark.usefixtures("tables")
LINA = "lina@example.org"


def bounce(
    letter: bytes = b"", *, to: str = LINA, action: str = "failed", status: str = "5.1.1"
) -> bytes:
    """Return a delivery report (RFC 3464), with the letter that came back."""
    parts = [
        f"Content-Type: text/plain\r\n\r\nYour mail could not be delivered to {to}.\r\n",
        (
            "Content-Type: message/delivery-status\r\n\r\n"
            "Reporting-MTA: dns; mx.example.org\r\n\r\n"
            f"Final-Recipient: rfc822; {to}\r\nAction: {action}\r\nStatus: {status}\r\n"
        ),
    ]
    if letter:
        parts.append(f"Content-Type: message/rfc822\r\n\r\n{letter.decode('ascii')}\r\n")
    body = "".join(f"--b\r\n{part}" for part in parts)
    return (
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example.org\r\n"
        f"To: {OURS}\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        f"Message-ID: <{action}@mx.example.org>\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        f"{body}--b--\r\n"
    ).encode()


def sent(n: int = -1) -> bytes:
    """Return a letter of ours as it went out."""
    return mails()[n].as_bytes(policy=SMTP)


def letter_to(address: str, found: Dossier) -> Letter:
    """Return the letter to an address."""
    return next(one for one in found.letters if one.to == address)


def test_a_bounce_marks_the_letter_and_is_news_once() -> None:
    """By our own token in the letter that came back; it opens nothing and answers nothing."""
    deliver(mail(), "inbox/1")
    deliver(bounce(sent()), "inbox/2", times=3)
    found = dossier()
    came_back = letter_to(LINA, found)
    assert came_back.bounced_at
    assert came_back.bounce_code == "5.1.1"
    assert found.complaint.news_at
    assert [one.action for one in found.entries].count("letter_returned") == 1
    row = quarantine.get("inbox/2")
    assert (row.state, row.complaint_id) == (State.ATTACHED, number(1))
    assert mailed_to() == [LINA]
    assert today() == {"complaint": 1, "quarantine": 1}


def test_no_more_letters_go_to_that_address() -> None:
    """Nor is it a way to be told any more."""
    deliver(mail(), "inbox/1")
    deliver(bounce(sent()), "inbox/2")
    assert reachable(dossier()).email == ""


def test_a_delay_is_only_noted() -> None:
    """The other side still tries."""
    deliver(mail(), "inbox/1")
    deliver(bounce(sent(), action="delayed", status="4.4.1"), "inbox/2", times=2)
    found = dossier()
    assert letter_to(LINA, found).bounced_at is None
    assert found.complaint.news_at is None
    assert [one.action for one in found.entries].count("letter_delayed") == 1


def test_a_bounce_without_the_letter_is_known_by_number_and_recipient() -> None:
    """Some systems only quote the subject."""
    deliver(mail(), "inbox/1")
    words = f"5.1.1 <{LINA}>: user unknown\n\nSubject: {mails()[0]['Subject']}\n"
    plain = mail(words, From="postmaster@example.org", Subject="Mail failure - user unknown")
    plain.replace_header("Message-ID", "<d@x>")
    deliver(plain, "inbox/2")
    assert letter_to(LINA, dossier()).bounced_at


@pytest.mark.parametrize(
    "letter", [b"", b"From: complaints@example.com\r\nSubject: pills\r\n\r\nx"]
)
def test_a_bounce_of_what_we_never_sent_changes_nothing(letter: bytes) -> None:
    """Somebody wrote in our name; its bounce is put aside quietly."""
    deliver(mail(), "inbox/1")
    deliver(bounce(letter, to="stranger@example.net"), "inbox/2")
    row = quarantine.get("inbox/2")
    assert (row.reason, row.complaint_id, row.is_quiet) == ("bounce", "", True)
    assert not letter_to(LINA, dossier()).bounced_at


def test_a_stranger_cannot_mark_an_address_by_a_number_alone() -> None:
    """A number can be guessed; the recipient of a letter has to fit."""
    deliver(mail(), "inbox/1")
    fake = f"Subject: {number(1)}\r\n\r\nx".encode()
    deliver(bounce(fake, to="stranger@example.net"), "inbox/2")
    assert not letter_to(LINA, dossier()).bounced_at


def notice_sent(complainant: Complainant = LI) -> Dossier:
    """Keep a complaint whose written notice went out just now."""
    first = received(complainant=complainant)
    steps = [first]
    for step in (assessed, investigated, approved):
        steps.append(step(steps[-1]))
    keep(*steps)
    number_ = first.complaint.complaint_id
    before = ComplaintRepository.from_env().dossier(number_)
    begun(before.complaint, "token")
    changing.change(
        number_,
        lambda one, _office, at: record(
            one.complaint, "note_added", at=at, actor="han", written_at=at
        ),
        lambda complaint, one, at: changing.owed_at(Status.APPROVED, "notice", complaint, one, at),
    )
    return ComplaintRepository.from_env().dossier(number_)


def test_a_notice_that_came_back_has_told_nobody() -> None:
    """004 二: in writing as well; the handler must post it, and phone."""
    at_home = LI.replace(address="幸福路1号")
    before = notice_sent(at_home)
    assert before.complaint.written_at
    deliver(bounce(sent(), to=LI.email), "inbox/9")
    after = ComplaintRepository.from_env().dossier(before.complaint.complaint_id)
    assert after.complaint.written_at is None
    assert after.complaint.status is Status.APPROVED
    line.confirm_by_phone(after.complaint.complaint_id, Outcome.ACCEPTED, "好", staff=HANDLER)
    assert ComplaintRepository.from_env().get(number(1)).status is Status.APPROVED
    line.post_notice(after.complaint.complaint_id, staff=HANDLER)
    assert ComplaintRepository.from_env().get(number(1)).status is Status.RESPONDED


def test_whom_nothing_reaches_any_more_is_not_waited_for() -> None:
    """A5: as who left no way from the beginning; the news says that a letter came back."""
    before = notice_sent(LI.replace(phone=""))
    deliver(bounce(sent(), to=LI.email), "inbox/9", times=2)
    after = ComplaintRepository.from_env().dossier(before.complaint.complaint_id)
    assert after.complaint.status is Status.RESPONDED
    assert after.complaint.news_at


def test_a_corrected_address_gets_what_came_back() -> None:
    """The letter goes out once more; the one that came back stays on record."""
    deliver(mail(), "inbox/1")
    deliver(bounce(sent()), "inbox/2")
    wanted = {**current(dossier()), "email": "li@example.net"}
    parties.correct_particulars(number(1), wanted, "电话核实", seen="0", once="f1", staff=QUALITY)
    assert mailed_to() == [LINA, "li@example.net"]
    assert reachable(dossier()).email == "li@example.net"
    assert len(dossier().letters) == 2


def test_a_letter_to_somebody_merged_is_news_for_the_main_complaint() -> None:
    """B5: whoever handles the matter hears of it."""
    deliver(mail(), "inbox/1")
    deliver(mail("同样的事", From="wu@example.org", Message_ID="<w@x>"), "inbox/2")
    merging.merge(number(2), number(1), staff=QUALITY)
    deliver(bounce(sent(1), to="wu@example.org"), "inbox/3")
    assert letter_to("wu@example.org", dossier(2)).bounced_at
    assert dossier(1).complaint.news_at
    assert dossier(1).entries[-1].action == "merged_letter_returned"


def feedback(letter: bytes, kind: str = "abuse") -> bytes:
    """Return the report that a reader does not want our mail (RFC 5965)."""
    report = f"Feedback-Type: {kind}\r\nUser-Agent: x\r\nVersion: 1\r\n"
    return (
        f"From: fbl@example.org\r\nTo: {OURS}\r\nSubject: complaint about message\r\n"
        "Message-ID: <arf@example.org>\r\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nThis is a report.\r\n"
        f"--b\r\nContent-Type: message/feedback-report\r\n\r\n{report}\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\n{letter.decode('ascii')}\r\n--b--\r\n"
    ).encode()


def test_who_does_not_want_our_mail_gets_no_more() -> None:
    """A feedback report is noted with its letter, and never answered."""
    deliver(mail(), "inbox/1")
    deliver(feedback(sent()), "inbox/2")
    assert letter_to(LINA, dossier()).bounce_code == "unwanted"
    assert dossier().entries[-1].action == "letter_unwanted"
    assert set_aside() == ["feedback"]
    assert len(mails()) == 1


def test_feedback_that_says_nothing_about_wanting_is_a_machines() -> None:
    """That a signature failed is no reason to write no more."""
    deliver(mail(), "inbox/1")
    deliver(feedback(sent(), "auth-failure"), "inbox/2")
    assert not letter_to(LINA, dossier()).bounced_at
    assert set_aside() == ["auto_reply"]


def test_an_absent_readers_machine_is_found_with_its_complaint() -> None:
    """Set aside, and reachable from there: it may say until when nobody is there."""
    deliver(mail(), "inbox/1")
    away = EmailMessage()
    away["From"], away["To"] = LINA, mails()[0]["Reply-To"]
    away["Subject"], away["Auto-Submitted"] = "自动回复", "auto-replied"
    away.set_content("休假至下周一。")
    deliver(away, "inbox/2")
    row = quarantine.get("inbox/2")
    assert (row.reason, row.complaint_id, row.state) == ("auto_reply", number(1), State.WAITING)
    assert len(mails()) == 1
