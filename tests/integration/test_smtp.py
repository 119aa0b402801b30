"""Letters by SMTP to a real server: with TLS or not at all, and what its answers mean."""

from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from complaints.aws import mailer, smtp
from complaints.aws.directory import StaffDirectory
from complaints.aws.mailer import NotSentError, RefusedError
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import client
from complaints.gates import in_queues
from complaints.intake import read_news
from complaints.letters import owed
from complaints.models import Dossier, Letter
from functions.check_sla.handler import handler as check_sla
from tests.builders import AT, LI, OFFICE, QUALITY, STAFF, assessed, received
from tests.conftest import ENVIRONMENT
from tests.kept import begun, keep, set_clock
from tests.mail_servers import (
    HOST,
    PASSWORD,
    USER,
    Certificate,
    Postbox,
    certificate,
    smtp_server,
)

SECRET = "/huiyin/smtp"  # noqa: S105 - the name of one
MINUTE = timedelta(minutes=1)
GONE = "550 5.1.1 <lina@example.com> has moved to another town"

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Make the certificate of the server."""
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def postbox(
    served: Certificate, tables: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Postbox]:
    """Run a server that the functions send by, as deployed."""
    del tables
    monkeypatch.setenv("SSL_CERT_FILE", str(served.certificate))
    client("ssm").put_parameter(Name=SECRET, Value=PASSWORD, Type="SecureString")
    with smtp_server(served) as running:
        deploy(monkeypatch, running.port)
        yield running


def deploy(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    """Give the functions their variables."""
    wanted = {
        "MAIL_OUT": "smtp",
        "SMTP_HOST": HOST,
        "SMTP_PORT": str(port),
        "SMTP_USER": USER,
        "SMTP_SECRET": SECRET,
    }
    for name, value in wanted.items():
        monkeypatch.setenv(name, value)


def letter(*, to: str = "lina@example.com", message_id: str = "") -> EmailMessage:
    """Return a message ready to go."""
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = f"回音 <{ENVIRONMENT['MAIL_ADDRESS']}>"
    message["To"] = to
    message["Subject"] = "受理通知"
    if message_id:
        message["Message-ID"] = message_id
    message.set_content("您的投诉已受理。\n")
    return message


def acknowledgement() -> tuple[Dossier, Letter]:
    """Keep a complaint that owes its acknowledgement; its people are in the directory."""
    for member in STAFF:
        StaffDirectory.from_env().put(member)
    start = received()
    found = owed(start.complaint, "acknowledgement", LI.email, (), at=AT)
    begun(keep(start.replace(letters=(found,))))
    return start, found


def kept(start: Dossier) -> Letter:
    """Return the acknowledgement as it is stored."""
    found = ComplaintRepository.from_env().dossier(start.complaint.complaint_id)
    return next(one for one in found.letters if one.kind == "acknowledgement")


def read(postbox: Postbox) -> list[EmailMessage]:
    """Return what the server took."""
    found = [
        message_from_bytes(bytes(one.content or b""), policy=policy.default)  # type: ignore[arg-type]
        for one in postbox.taken
    ]
    return [one for one in found if isinstance(one, EmailMessage)]


# ---- one message ---------------------------------------------------------------------------


def test_a_letter_goes_with_our_message_id_and_our_envelope(postbox: Postbox) -> None:
    """Bounces come to our own mailbox; replies name the id that we know."""
    assert (
        mailer.send(letter(message_id="<ts-1.notice@example.com>")) == "<ts-1.notice@example.com>"
    )
    (taken,), (message,) = postbox.taken, read(postbox)
    assert (taken.mail_from, taken.rcpt_tos) == (ENVIRONMENT["MAIL_ADDRESS"], ["lina@example.com"])
    assert message["Message-ID"] == "<ts-1.notice@example.com>"
    assert message["Subject"] == "受理通知"


def test_a_letter_without_an_id_gets_one_of_our_domain(postbox: Postbox) -> None:
    """A report is no letter of a complaint, and has none of its own."""
    found = mailer.send(letter())
    assert found.endswith("@example.com>")
    assert read(postbox)[0]["Message-ID"] == found


def test_of_two_recipients_the_refused_one_is_named(postbox: Postbox) -> None:
    """The other has the letter; the answer is kept in codes."""
    postbox.answers["wang@example.com"] = "550 5.1.1 no wang@example.com here"
    message = letter(to="lina@example.com, wang@example.com")
    found = smtp.send(message, envelope_from=ENVIRONMENT["MAIL_ADDRESS"])
    assert {address: str(answer) for address, answer in found.items()} == {
        "wang@example.com": "550 5.1.1"
    }
    assert postbox.taken[0].rcpt_tos == ["lina@example.com"]


@pytest.mark.parametrize(
    ("where", "said", "error", "code"),
    [
        ("lina@example.com", GONE, RefusedError, "550 5.1.1"),
        ("lina@example.com", "450 4.2.1 try later", NotSentError, "450 4.2.1"),
        ("DATA", "554 5.7.1 this is spam, lina@example.com", RefusedError, "554 5.7.1"),
        ("DATA", "451 later", NotSentError, "451"),
    ],
)
def test_an_answer_is_for_good_or_for_now(
    postbox: Postbox, where: str, said: str, error: type[NotSentError], code: str
) -> None:
    """5xx and 4xx, of the recipient and of the letter."""
    postbox.answers[where] = said
    with pytest.raises(NotSentError) as raised:
        mailer.send(letter())
    assert (raised.type, str(raised.value)) == (error, code)


def test_a_wrong_password_is_no_fault_of_the_letter(postbox: Postbox) -> None:
    """535 is said of our account: the letter stays owed."""
    del postbox
    client("ssm").put_parameter(Name=SECRET, Value="wrong", Overwrite=True)
    with pytest.raises(OSError, match="535") as raised:
        mailer.send(letter())
    assert not isinstance(raised.value, NotSentError)


@pytest.mark.parametrize(("plus", "found"), [("on", True), ("off", False)])
def test_replies_go_where_the_mailbox_takes_them(
    postbox: Postbox, monkeypatch: pytest.MonkeyPatch, plus: str, *, found: bool
) -> None:
    """Without plus addresses a reply comes to our own address, and is known by what it answers."""
    monkeypatch.setenv("PLUS_ADDRESSES", plus)
    start, owes = acknowledgement()
    assert mailer.deliver(start, owes, at=AT)
    (message,) = read(postbox)
    assert ("Reply-To" in message) == found
    assert start.complaint.complaint_id.lower() in message["Message-ID"]
    assert start.complaint.complaint_id in message["Subject"]


# ---- TLS -----------------------------------------------------------------------------------


def test_starttls_is_used(
    served: Certificate, postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server asks for it before it takes a password."""
    del postbox
    with smtp_server(served, tls=False, starttls=True) as running:
        deploy(monkeypatch, running.port)
        monkeypatch.setattr(smtp, "STARTTLS_PORTS", frozenset({running.port}))
        mailer.send(letter())
        assert len(running.taken) == 1


def test_without_starttls_nothing_is_sent(
    served: Certificate, postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No letter and no password goes in plain, whoever took the offer away."""
    del postbox
    with smtp_server(served, tls=False) as running:
        deploy(monkeypatch, running.port)
        monkeypatch.setattr(smtp, "STARTTLS_PORTS", frozenset({running.port}))
        with pytest.raises(OSError, match="STARTTLS"):
            mailer.send(letter())
        assert running.taken == []


def test_a_server_without_tls_is_refused(
    served: Certificate, postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where TLS is awaited from the start, a plain greeting ends it."""
    del postbox
    with smtp_server(served, tls=False) as running:
        deploy(monkeypatch, running.port)
        with pytest.raises(OSError, match="SSL"):
            mailer.send(letter())
        assert running.taken == []


def test_a_certificate_that_nobody_trusts_is_refused(
    postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No password is sent there."""
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        mailer.send(letter())
    assert postbox.taken == []


# ---- what becomes of a letter --------------------------------------------------------------


def test_a_letter_that_fails_for_now_is_tried_again_and_sent(
    postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At growing gaps; not at every check."""
    start, _ = acknowledgement()
    postbox.answers[LI.email] = "450 4.2.1 try later"
    set_clock(monkeypatch, AT + 11 * MINUTE)
    assert check_sla({}, None) == {"failed": 1}
    assert (kept(start).tries, kept(start).refused) == (1, "")
    assert check_sla({}, None) == {}
    set_clock(monkeypatch, AT + 17 * MINUTE)
    assert check_sla({}, None) == {"failed": 1}
    set_clock(monkeypatch, AT + 23 * MINUTE)
    assert check_sla({}, None) == {}
    postbox.answers.clear()
    set_clock(monkeypatch, AT + 28 * MINUTE)
    assert check_sla({}, None) == {"letter": 1}
    assert kept(start).sent_at
    assert kept(start).message_id == read(postbox)[0]["Message-ID"]


def test_a_letter_that_is_refused_for_good_is_told_to_the_quality_office(
    postbox: Postbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With the code, in its queue and by mail; no address comes into the log."""
    start, _ = acknowledgement()
    postbox.answers[LI.email] = GONE
    set_clock(monkeypatch, AT + 11 * MINUTE)
    assert check_sla({}, None) == {"failed": 1}
    assert check_sla({}, None) == {"given_up": 1}
    assert check_sla({}, None) == {}
    found = ComplaintRepository.from_env().dossier(start.complaint.complaint_id)
    given_up_at = kept(start).given_up_at
    assert kept(start).refused == "550 5.1.1"
    assert given_up_at
    assert AT + 11 * MINUTE <= given_up_at < AT + 12 * MINUTE
    assert found.entries[-1].action == "letter_given_up"
    assert found.entries[-1].facts["code"] == "550 5.1.1"
    assert found.complaint.news_at == given_up_at
    assert [one["To"] for one in read(postbox)] == [QUALITY.email]
    assert found.complaint.complaint_id in read(postbox)[0]["Subject"]
    waiting, _ = ComplaintRepository.from_env().in_queue("quality_office")
    assert [one.complaint_id for one in waiting] == [found.complaint.complaint_id]
    assert LI.email not in str([vars(record) for record in caplog.records])


def test_it_is_in_two_queues_until_somebody_has_read_it(
    postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever handles the complaint sees it too; when it is read it leaves the quality office's."""
    for member in STAFF:
        StaffDirectory.from_env().put(member)
    start = assessed()
    owes = owed(start.complaint, "extension", LI.email, (), at=AT)
    begun(keep(received(), start.replace(letters=(owes,))))
    postbox.answers[LI.email] = GONE
    set_clock(monkeypatch, AT + 12 * MINUTE)
    check_sla({}, None)
    assert check_sla({}, None) == {"given_up": 1}
    complaints = ComplaintRepository.from_env()
    complaint = complaints.get(start.complaint.complaint_id)
    assert (complaint.queue, complaint.also) == (start.complaint.department, ("quality_office",))
    after, entry = read_news(complaint, staff=QUALITY, at=AT + 20 * MINUTE)
    complaints.save(in_queues(after, complaint, OFFICE), entry)
    assert complaints.in_queue("quality_office")[0] == []


def test_that_the_quality_office_gets_nothing_is_not_told_to_it(
    postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A letter about a lost letter that is lost itself ends there."""
    start, _ = acknowledgement()
    postbox.answers |= {LI.email: GONE, QUALITY.email: GONE}
    set_clock(monkeypatch, AT + 11 * MINUTE)
    check_sla({}, None)
    check_sla({}, None)
    set_clock(monkeypatch, AT + 30 * MINUTE)
    assert check_sla({}, None).get("given_up") == 1
    assert check_sla({}, None) == {}
    letters = ComplaintRepository.from_env().dossier(start.complaint.complaint_id).letters
    assert sorted(one.kind for one in letters if one.given_up_at) == [
        "acknowledgement",
        "undelivered",
    ]
