"""Mails in quarantine: a person releases, attaches or discards each, once."""

import pytest

from complaints.aws import quarantine
from complaints.aws.desk import line, mails
from complaints.aws.directory import StaffDirectory
from complaints.aws.quarantine import Discard, SettledError, State, UnknownMailError
from complaints.aws.repository import ComplaintRepository, UnknownComplaintError
from complaints.lifecycle import InvalidInputError, NotAllowedError
from complaints.models import Role, Staff
from complaints.parts import VoidReason
from tests.builders import HANDLER, QUALITY
from tests.kept import mailed_to
from tests.mailed import deliver, dossier, in_quarantine, mail, number, tell, today

pytestmark = pytest.mark.usefixtures("tables")
INTAKE = Staff(username="shou", name="收", email="shou@example.com", roles=(Role.INTAKE,))


def test_a_released_mail_is_a_complaint_as_if_it_had_passed() -> None:
    """Who said so, and when, stays with the row; its event may come once more."""
    deliver(mail(), spam="GRAY")
    row = mails.release("inbox/1", staff=INTAKE)
    assert (row.state, row.by, row.complaint_id) == (State.RELEASED, "shou", number(1))
    assert row.at
    tell("inbox/1")
    assert quarantine.get("inbox/1") == row
    assert len(dossier().contacts) == 1
    assert mailed_to() == ["lina@example.org"]
    assert today() == {"quarantine": 1}


def test_a_released_reply_goes_into_its_thread() -> None:
    """It opens no second complaint."""
    deliver(mail(), "inbox/1")
    answer = mail("补充", Message_ID="<b@x>", In_Reply_To="<a@example.org>")
    deliver(answer, "inbox/2", dmarc="fail")
    assert mails.release("inbox/2", staff=QUALITY).complaint_id == number(1)
    assert len(dossier().contacts) == 2


def test_a_released_conflict_is_what_it_says_and_not_what_it_is_called() -> None:
    """A broken client reuses its id: the second mail is registered under its own."""
    deliver(mail(), "inbox/1")
    deliver(mail("第二件事"), "inbox/2")
    mails.release("inbox/2", staff=QUALITY)
    assert dossier(2).contacts[0].text == "第二件事"


def test_a_mail_is_released_as_the_complaint_of_whoever_is_named() -> None:
    """The address that the mail lacks, or hides; the answer goes there."""
    deliver(b"Subject: x\r\nMessage-ID: <a@x>\r\n\r\nmy roof leaks\r\n")
    mails.release("inbox/1", staff=QUALITY, name="Wu", email="wu@example.org")
    found = dossier()
    assert (found.complainant.name, found.complainant.email) == ("Wu", "wu@example.org")
    assert found.contacts[0].by == QUALITY.username
    assert mailed_to() == ["wu@example.org"]


def test_what_staff_sent_on_unproven_is_released_as_its_writers() -> None:
    """Not as the complaint of the member of staff whose address it bears."""
    forwarded = mail(
        "请登记\n\n-------- Forwarded Message --------\nSubject: 空调\n"
        "From: 王芳 <wang@example.net>\nTo: x@example.com\n\n三号楼空调坏了。\n",
        From="qiu@example.com",
    )
    StaffDirectory.from_env().put(QUALITY)
    deliver(forwarded)
    assert quarantine.get("inbox/1").reason == "staff_unproven"
    mails.release("inbox/1", staff=INTAKE, email="qiu@example.com", name="邱")
    assert dossier().complainant.email == "wang@example.net"


def test_an_unreadable_mail_is_not_released() -> None:
    """A complaint without a word helps nobody; it can still be attached or discarded."""
    deliver(b"From: a@example.org\r\n\r\n")
    with pytest.raises(InvalidInputError):
        mails.release("inbox/1", staff=QUALITY)
    assert quarantine.get("inbox/1").state is State.WAITING


def test_an_attached_mail_is_the_complainants_own_words_if_it_is_theirs() -> None:
    """Else those of whoever attached it."""
    deliver(mail(), "inbox/1")
    deliver(mail("补充", Message_ID="<b@x>"), "inbox/2", spam="FAIL")
    deliver(mail("证明", From="z@example.net", Message_ID="<c@x>"), "inbox/3", spam="FAIL")
    for key in ("inbox/2", "inbox/3"):
        assert mails.attach(key, number(1), staff=QUALITY).state is State.ATTACHED
    assert {(one.text, one.by) for one in dossier().contacts} >= {
        ("补充", "complainant"),
        ("证明", QUALITY.username),
    }


def test_a_mail_is_attached_to_no_complaint_that_is_not_there() -> None:
    """And it waits on."""
    deliver(mail(), spam="FAIL")
    with pytest.raises(UnknownComplaintError):
        mails.attach("inbox/1", "TS-2026-000009-9", staff=QUALITY)
    assert quarantine.get("inbox/1").state is State.WAITING


def test_a_discarded_mail_stays_with_its_reason() -> None:
    """Nothing is deleted."""
    deliver(mail(), spam="FAIL")
    row = mails.discard("inbox/1", Discard.SPAM, "广告", staff=QUALITY)
    assert (row.state, row.discarded, row.words) == (State.DISCARDED, Discard.SPAM, "广告")
    assert in_quarantine() == [row]
    assert quarantine.count_waiting(9) == 0


def test_a_second_answer_is_refused() -> None:
    """Whatever the first was; nothing is changed by the second."""
    deliver(mail(), spam="FAIL")
    mails.discard("inbox/1", Discard.SPAM, "广告", staff=QUALITY)
    with pytest.raises(SettledError):
        mails.release("inbox/1", staff=INTAKE)
    with pytest.raises(SettledError):
        mails.attach("inbox/1", "TS-2026-000001-1", staff=INTAKE)
    with pytest.raises(SettledError):
        mails.discard("inbox/1", Discard.MACHINE, "x", staff=INTAKE)
    assert quarantine.get("inbox/1").discarded is Discard.SPAM


def test_only_who_sorts_mail_may_answer() -> None:
    """H4: intake and the quality office."""
    deliver(mail(), spam="FAIL")
    with pytest.raises(NotAllowedError):
        mails.release("inbox/1", staff=HANDLER)
    with pytest.raises(InvalidInputError):
        mails.discard("inbox/1", Discard.SPAM, " ", staff=QUALITY)
    with pytest.raises(UnknownMailError):
        mails.discard("inbox/2", Discard.SPAM, "x", staff=QUALITY)


def test_a_reply_to_a_voided_complaint_lands_there() -> None:
    """As news for the quality office: the complainant objects."""
    deliver(mail(), "inbox/1")
    line.void(number(1), VoidReason.BY_MISTAKE, "录错", staff=QUALITY)
    deliver(mail("我不同意", Message_ID="<b@x>", In_Reply_To="<a@example.org>"), "inbox/2")
    after = ComplaintRepository.from_env().get(number(1))
    assert after.news_at
    assert after.queue == "quality_office"


def test_an_old_number_with_another_matter_stays_in_its_thread() -> None:
    """Who answers an old letter means it; a person parts what is no reply."""
    deliver(mail(), "inbox/1")
    deliver(mail("另一件事", Message_ID="<b@x>", Subject=f"回复 {number(1)}"), "inbox/2")
    assert len(dossier().contacts) == 2
