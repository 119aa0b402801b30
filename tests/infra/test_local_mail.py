"""The one-machine mode: mail comes in as through SES, and goes out into a readable folder."""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from infra.local import mailbox, outbox
from infra.local.machine import Ports
from infra.local.smtp import Listener

DOMAIN = "huiyin.localhost"
OURS = f"complaints@{DOMAIN}"
MAIL = "From: a@b.example\r\nSubject: 灯坏了\r\n\r\n.开头的点\r\n".encode()
NOON = datetime(2026, 11, 20, 4, 0, 0, 5, tzinfo=UTC)


# ---- mail in -----------------------------------------------------------------------------------


@contextmanager
def listening(stored: dict[str, bytes], *, broken: bool = False) -> Iterator[smtplib.SMTP]:
    """Give a connection to a listener that stores into a dictionary, or fails to."""

    def store(key: str, mail: bytes) -> None:
        if broken:
            raise OSError(key)
        stored[key] = mail

    port = Ports.free().smtp
    listener = Listener(port, DOMAIN, store)
    listener.start()
    try:
        with smtplib.SMTP("127.0.0.1", port) as connection:
            yield connection
    finally:
        listener.stop()


def test_a_mail_is_stored_as_it_came_below_the_headers_of_the_receipt() -> None:
    """The bytes of the sender stay together, first byte to last."""
    stored: dict[str, bytes] = {}
    with listening(stored) as smtp:
        smtp.sendmail("a@b.example", [f"complaints+TS-2026-000001-7.0f0f@{DOMAIN}"], MAIL)

    [(key, mail)] = stored.items()
    receipt = mail.removesuffix(MAIL)
    assert key.startswith("inbox/")
    assert receipt.startswith(b"Return-Path: <a@b.example>\r\nReceived: from ")
    assert b"X-SES-Spam-Verdict: PASS\r\nX-SES-Virus-Verdict: PASS\r\n" in receipt
    assert receipt.endswith(b"\r\n")
    assert b"\r\n\r\n" not in receipt


def test_the_standard_test_virus_gets_the_verdict_of_ses() -> None:
    """So the way of a refused mail can be tried on one machine."""
    stored: dict[str, bytes] = {}
    with listening(stored) as smtp:
        smtp.sendmail(
            "a@b.example", OURS, b"Subject: x\r\n\r\nEICAR-STANDARD-ANTIVIRUS-TEST-FILE\r\n"
        )
    assert b"X-SES-Virus-Verdict: FAIL" in next(iter(stored.values()))


@pytest.mark.parametrize("address", ["sales@huiyin.localhost", "complaints@elsewhere.example"])
def test_mail_for_others_is_refused(address: str) -> None:
    """This is no relay and no catch-all."""
    with listening({}) as smtp, pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        smtp.sendmail("a@b.example", address, MAIL)
    assert refused.value.recipients[address][0] == 550


def test_a_thousand_recipients_make_one_mail() -> None:
    """A hundred are taken, the others are told to come later, and one mail is stored."""
    stored: dict[str, bytes] = {}
    with listening(stored) as smtp:
        refused = smtp.sendmail(
            "a@b.example", [f"complaints+{i}@{DOMAIN}" for i in range(1000)], MAIL
        )
    assert {code for code, _ in refused.values()} == {452}
    assert (len(refused), len(stored)) == (900, 1)


def test_a_mail_larger_than_forty_megabytes_is_refused() -> None:
    """Both when the sender says so before and when it turns out at the end."""
    with listening({}) as smtp:
        assert smtp.docmd("EHLO", "b.example")[0] == 250
        assert smtp.docmd("MAIL", f"FROM:<a@b.example> SIZE={41 * 1024 * 1024}")[0] == 552
        smtp.mail("a@b.example")
        smtp.rcpt(OURS)
        assert smtp.data(b"x" * 70 + b"\r\n" + (b"y" * 998 + b"\r\n") * 42_000)[0] == 552


def test_a_mail_that_can_not_be_stored_stays_with_the_sender() -> None:
    """The answer is one after which mail servers try again."""
    with listening({}, broken=True) as smtp, pytest.raises(smtplib.SMTPDataError) as refused:
        smtp.sendmail("a@b.example", OURS, MAIL)
    assert refused.value.smtp_code == 451


# ---- mail out ----------------------------------------------------------------------------------


def test_a_letter_lies_in_the_outbox_as_it_was_sent(tmp_path: Path) -> None:
    """All but the Message-ID, which is the one that SES gives."""
    raw = (
        b"From: x@y.example\r\nMESSAGE-ID:\r\n <own@x>\r\nTo: a@b.example\r\n\r\nMessage-ID: no\r\n"
    )
    path = outbox.store(tmp_path, raw, "0100", NOON)
    assert path.name == "20261120T040000.000005Z-0100.eml"
    assert path.read_bytes() == (
        b"Message-ID: <0100@email.amazonses.com>\r\nFrom: x@y.example\r\nTo: a@b.example\r\n"
        b"\r\nMessage-ID: no\r\n"
    )


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """Return an outbox with two letters, the newer one with a link, markup and a file."""
    outbox.store(tmp_path, MAIL, "1", NOON)
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = OURS, "a@b.example", "<b>已收到</b>"
    letter.set_content("请看 http://localhost:8080/track/1。\n<script>alert(1)</script>")
    letter.add_attachment("内容".encode(), maintype="text", subtype="plain", filename="附件.txt")
    outbox.store(tmp_path, letter.as_bytes(), "2", NOON.replace(hour=5))
    return tmp_path


def test_the_mailbox_says_where_its_folder_is(letters: Path) -> None:
    """A program of this machine reads the letters there."""
    assert mailbox.answer("GET", "/mailbox/folder", letters)[2] == bytes(letters)


def test_the_mailbox_lists_the_newest_letter_first(letters: Path) -> None:
    """What a subject holds is text, never markup."""
    status, _, page = mailbox.answer("GET", "/mailbox", letters)
    text = page.decode()
    assert status == 200
    assert text.index("&lt;b&gt;已收到&lt;/b&gt;") < text.index("灯坏了")


def test_a_letter_is_shown_with_links_and_files(letters: Path) -> None:
    """Its addresses can be followed, its markup is harmless, its files come down as they are."""
    name = mailbox.newest(letters)[0].name
    _, headers, page = mailbox.answer("GET", f"/mailbox/{name}", letters)
    text = page.decode()
    assert '<a href="http://localhost:8080/track/1">http://localhost:8080/track/1</a>。' in text
    assert "&lt;script&gt;" in text
    assert "script-src" not in dict(headers)["Content-Security-Policy"]
    assert mailbox.answer("GET", f"/mailbox/{name}/0", letters)[2] == "内容".encode()
    assert mailbox.answer("GET", f"/mailbox/{name}/raw", letters)[2].startswith(b"Message-ID: <2@")


@pytest.mark.parametrize("path", ["nothing.eml", "..%2F..%2Fetc%2Fpasswd", "%2e%2e", "x.eml/0"])
def test_what_is_no_letter_is_not_found(letters: Path, path: str) -> None:
    """No path leads out of the outbox."""
    assert mailbox.answer("GET", f"/mailbox/{path}", letters)[0] == 404
