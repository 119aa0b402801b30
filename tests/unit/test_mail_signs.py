"""Machines are told from people, bounces say whom they mean, and only the receiver is believed."""

import json
import math
import time
from pathlib import Path

import pytest

from complaints.mail import Disposition, parse
from complaints.mail_bounces import BounceKind
from complaints.mail_signs import judged

MAILS = Path(__file__).parents[3] / "shared" / "emails"
HEAD = "From: Li Na <lina@example.cn>\nTo: tousu@example.com\nSubject: 投诉\n"
DAEMON = "From: MAILER-DAEMON@mx.example.cn\nReturn-Path: <>\nTo: tousu@example.com\n"
LETTER = (
    "From: tousu@example.com\nReply-To: tousu+TS-2026-000123-7.0123456789@example.com\n"
    "To: lina@example.cn\nMessage-ID: <ack-77@example.com>\nSubject: ack\n\nbody\n"
)


def mail(head: str, text: str = "x") -> bytes:
    """Return a mail with these headers and words."""
    return f"{head}Content-Type: text/plain; charset=utf-8\n\n{text}".encode()


def report(fields: str, letter: str = LETTER, kind: str = "message/rfc822") -> bytes:
    """Return a delivery report (RFC 3464) about one recipient, with the letter that came back."""
    return (
        f"{DAEMON}Subject: Delivery Status\nMIME-Version: 1.0\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\n"
        f"Reporting-MTA: dns; mx.example.cn\n\n{fields}\n"
        f"--b\nContent-Type: {kind}\n\n{letter}--b--\n"
    ).encode()


FAILED = "Final-Recipient: rfc822; lina@mx.example.cn\nAction: failed\nStatus: 5.1.1\n"


@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers"])
def test_reads_who_was_not_reached_by_which_letter(kind: str) -> None:
    """The address that we wrote to counts; the letter is known by its Message-ID and Reply-To."""
    bounce = parse(report(f"Original-Recipient: rfc822;lina@example.cn\n{FAILED}", kind=kind))
    assert bounce.disposition is Disposition.BOUNCE
    assert bounce.bounce_recipients == ("lina@example.cn",)
    assert bounce.bounce_kind is BounceKind.PERMANENT
    assert bounce.returned_message_id == "<ack-77@example.com>"
    assert bounce.returned_to == ("lina@example.cn",)
    assert bounce.returned_reply_to == "tousu+TS-2026-000123-7.0123456789@example.com"


def test_tells_a_late_letter_from_a_lost_one() -> None:
    """What is still tried is temporary, what arrived is no bounce, one of two is named."""
    delayed = parse(report(FAILED.replace("failed", "delayed").replace("5.1.1", "4.4.1")))
    assert delayed.bounce_kind is BounceKind.TEMPORARY
    arrived = FAILED.replace("failed", "delivered").replace("5.1.1", "2.0.0")
    assert parse(report(arrived)).disposition is Disposition.AUTO_REPLY
    other = FAILED.replace("lina", "zhang")
    assert parse(report(f"{arrived}\n{other}")).bounce_recipients == ("zhang@mx.example.cn",)


TOLD = {
    "qmail": (
        "failure notice",
        (
            "Hi. This is the qmail-send program at mx.example.cn.\nI'm afraid I wasn't able to "
            "deliver your message.\n\n<lina@example.cn>:\nSorry, no mailbox here. (#5.1.1)\n\n"
            f"--- Below this line is a copy of the message.\n\n{LETTER}"
        ),
    ),
    "Exim": (
        "Mail delivery failed: returning message to sender",
        (
            "This message was created automatically by mail delivery software.\n\nThe following "
            "address(es) failed:\n\n  lina@example.cn\n    mailbox is full\n\n------ This is a "
            f"copy of the message, including all the headers. ------\n\n{LETTER}"
        ),
    ),
    "Postfix": (
        "Undelivered Mail Returned to Sender",
        (
            "This is the mail system at host mx.example.cn.\n\nFor help, write to postmaster.\n\n"
            f"<lina@example.cn>: host mx said: 550 User unknown\n\n{LETTER}"
        ),
    ),
    "Exchange": (
        "Undeliverable: ack",
        (
            "Delivery has failed to these recipients or groups:\n\nLi Na (lina@example.cn)\nThe "
            f"address you entered couldn't be found.\n\nOriginal message headers:\n\n{LETTER}"
        ),
    ),
    "Domino": (
        "DELIVERY FAILURE: User lina not listed",
        (
            "Your message\n\n  Subject: ack\n\nwas not delivered to:\n\n  lina@example.cn\n\n"
            f"because:\n\n  User not listed\n\n{LETTER}"
        ),
    ),
    "QQ Mail": (
        "系统退信",
        (
            "抱歉，您的邮件被退回来了……\n原邮件信息：\n时间：2026-11-15\n主题：ack\n收件人：lina@example.cn\n"
            f"退信原因：收件人邮箱不存在\n\n{LETTER}"
        ),
    ),
    "163": (
        "系统退信/Systems bounce",
        (
            "很抱歉，您的邮件未能送达以下收件人\nlina@example.cn\n退信代码：550 User not found\n\n"
            f"{LETTER}"
        ),
    ),
    "Sina": (
        "系统退信通知",
        f"您发送的邮件无法投递到 lina@example.cn，用户邮箱已满。\n\n----原始邮件----\n\n{LETTER}",
    ),
    "Aliyun": (
        "来自mx.example.cn的退信",
        f"投递到 <lina@example.cn> 失败：552 Quota exceeded\n\n{LETTER}",
    ),
}


@pytest.mark.parametrize(("subject", "text"), TOLD.values(), ids=TOLD.keys())
def test_reads_a_bounce_that_has_its_own_words(subject: str, text: str) -> None:
    """Without a report, the words say who was not reached, and hold the letter."""
    bounce = parse(mail(f"{DAEMON}Subject: {subject}\n", text))
    assert bounce.disposition is Disposition.BOUNCE
    assert bounce.bounce_recipients == ("lina@example.cn",)
    assert bounce.bounce_kind is BounceKind.PERMANENT
    assert bounce.returned_message_id == "<ack-77@example.com>"
    assert bounce.returned_reply_to.startswith("tousu+TS-2026-000123-7.")


@pytest.mark.parametrize(
    ("head", "text"),
    [
        ("From: postmaster@example.cn\nSubject: 退信通知\n", "lina@example.cn 不存在"),
        ("From: post_master@example.cn\nSubject: Re: ack\n", "550 - no such user here"),
        ('From: "Mail System" <>\nSubject: Mail Error\n', "cannot be delivered"),
        ("From: Mail Delivery System <a@b.cn>\nSubject: Notification\n", "550 5.1.1 no such user"),
        ("From: a@b.cn\nX-MLServer: fml\nSubject: NOT MEMBER article from b\n", "x"),
        ("From: a@b.cn\nX-Amz-Sns-Message-Id: x\n", '{"notificationType":"Bounce"}'),
        ("From: a@b.cn\nX-Failed-Recipients: lina@example.cn\nSubject: x\n", "x"),
        (
            "From: a@b.cn\nSubject: RE: delivery failed\n",
            "Your message could not be delivered to\na@b.cn",
        ),
        (f"{DAEMON}Subject: Warning: message delayed 24 hours\n", "not yet been delivered"),
        (f"{DAEMON}Auto-Submitted: auto-replied\nSubject: Undeliverable: vacation\n", "x"),
    ],
)
def test_knows_a_bounce(head: str, text: str) -> None:
    """By its sender, by nobody as sender, by a header, or by how mail systems begin."""
    assert parse(mail(head, text)).disposition is Disposition.BOUNCE


def test_says_that_a_delayed_letter_is_still_tried() -> None:
    """In words, too; and where nothing is said, nothing is known."""
    late = mail(f"{DAEMON}Subject: Warning\n", "lina@example.cn\nwill continue to try.\n")
    assert parse(late).bounce_kind is BounceKind.TEMPORARY
    late = mail(
        f"{DAEMON}Subject: 投递延迟通知\n", "您的邮件尚未送达 lina@example.cn，将继续尝试。"
    )
    assert parse(late).bounce_kind is BounceKind.TEMPORARY
    assert parse(mail(f"{DAEMON}Subject: x\n")).bounce_kind is BounceKind.UNKNOWN


@pytest.mark.parametrize(
    "head",
    [
        "Auto-Submitted: auto-replied\n",
        "Auto-Submitted: auto-generated (a rule)\n",
        "Auto-Submitted: auto-notified; owner-email=a\n",
        "X-Autoreply: yes\n",
        "X-Autorespond: 投诉\n",
        "Precedence: bulk\n",
        "Precedence: auto_reply\n",
        "Return-Path: <>\n",
        "Subject: 自动回复：投诉\n",
        "Subject: [自动回复] 投诉\n",
        "Subject: Automatic reply: ack\n",
        "Subject: Out of Office: ack\n",
        "Subject: 已读回执：ack\n",
        "Subject: Abwesenheitsnotiz: ack\n",
        "Subject: Please confirm your message\n",
        "Subject: Your mail needs verification verify#abc123DEF\n",
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n",
        "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n",
        "Content-Type: message/feedback-report\n",
        "X-Amz-Sns-Message-Id: x\n",
    ],
)
def test_never_answers_a_machine(head: str) -> None:
    """A sign that a machine wrote the mail is enough."""
    plain = "From: Li Na <lina@example.cn>\nTo: tousu@example.com\n"
    assert parse(f"{plain}{head}\nx".encode()).disposition is Disposition.AUTO_REPLY


@pytest.mark.parametrize(
    "head",
    [
        "List-Id: <all.example.cn>\n",
        "List-Id: <all.example.cn>\nPrecedence: bulk\n",
        "List-Post: <mailto:all@example.cn>\n",
        "X-BeenThere: all@example.cn\n",
        "Precedence: bulk\nSender: owner-all@example.cn\n",
        "Precedence: list\nSender: all-bounces@example.cn\n",
    ],
)
def test_never_answers_a_list(head: str) -> None:
    """An answer to a list reaches hundreds."""
    assert parse(mail(HEAD + head)).disposition is Disposition.LIST


@pytest.mark.parametrize(
    ("head", "text"),
    [
        ("Subject: 自动回复没有用，我要投诉\n", "x"),
        ("Subject: 回复：自动回复：投诉已受理\n", "没有人联系我"),
        ("Subject: Re: Automatic reply: complaint\n", "Nobody called."),
        ("X-Auto-Response-Suppress: All\nSubject: 投诉自动回复\n", "x"),
        ("X-Auto-Response-Suppress: OOF\nSubject: out of office staff were rude\n", "x"),
        ("Auto-Submitted: no\nSubject: 投诉\n", "x"),
        ("X-Autoreply: no\nSubject: 投诉\n", "x"),
        ("Precedence: list\nSubject: 投诉\n", "x"),
        ("X-Autogenerated: Mirror\nSubject: 投诉\n", "x"),
        ("Precedence: normal\nSubject: 投诉\n", "x"),
        ("List-Id: \nSubject: 投诉\n", "x"),
        ("Subject: 我发的邮件被退信了\n", "为什么我的邮件被退回？"),
        ("Subject: 转发：系统退信\n", "您的邮件无法送达 a@example.com：用户不存在。"),
        ("Subject: Fwd: Undelivered Mail Returned to Sender\n", TOLD["Postfix"][1]),
        ("Subject: Fw: failure notice\n", TOLD["qmail"][1]),
        ("Subject: Delivery failed\n", "The delivery of my parcel failed twice."),
        ("Subject: Delivery problem\n", "Your message could not be clearer: my parcel is lost."),
        ("Subject: Delivery delay\n", "Your message has been delayed, you said. I disagree."),
        ("Subject: Non-delivery\n", "Your message was not delivered to me by your courier."),
        ("Subject: Vacation: hotel dirty\n", "x"),
        ("Subject: 退件三次了\n", "快递公司三次退件。"),
        ("Subject: 不在办公室\n", "你们的人总不在办公室。"),
        ("Subject: 发送失败\n", "我的验证码发送失败，请处理。"),
        ("Subject: vacation home: broken heating\n", "x"),
        ("Subject: Please confirm your refund\n", "x"),
        ("Subject: My order requires your confirmation\n", "x"),
        ("From: System Wang <a@example.cn>\nSubject: delivery failed twice\n", "x"),
        ("From: postmaster@example.cn\nSubject: 回复：退信通知\n", "我收不到你们的信。"),
    ],
)
def test_takes_no_person_for_a_machine(head: str, text: str) -> None:
    """Who complains about machines, or sends on what one wrote, is a person."""
    sender = "" if head.startswith("From:") else "From: Li Na <lina@example.cn>\n"
    raw = mail(f"{sender}To: tousu@example.com\n{head}", text)
    assert parse(raw).disposition is Disposition.NEW_OR_REPLY


def test_takes_no_bounce_in_a_file_for_one_of_ours() -> None:
    """A customer attaches the bounce that he complains about."""
    inner = report(FAILED).decode()
    raw = (
        f"{HEAD}Content-Type: multipart/mixed; boundary=c\n\n--c\n\nsee the file\n"
        f"--c\nContent-Type: message/rfc822\n\n{inner}--c--\n"
    )
    found = parse(raw.encode())
    assert (found.disposition, found.bounce_recipients) == (Disposition.NEW_OR_REPLY, ())
    assert (found.bounce_kind, found.returned_message_id) == (None, "")


SES = "Received: from a by inbound-smtp.eu-west-1.amazonaws.com with SMTP id x; now\n"
PASSED = (
    "X-SES-Spam-Verdict: PASS\nX-SES-Virus-Verdict: PASS\n"
    "Authentication-Results: amazonses.com; spf=pass (spfCheck: ok) client-ip=192.0.2.1; "
    "envelope-from=a@example.cn; helo=a; dkim=pass header.i=@example.cn; dmarc=pass header.from=b\n"
)
ALL_PASSED = dict.fromkeys(("spam", "virus", "spf", "dkim", "dmarc"), "pass")
HOP = "Received: from b by mx.other.example; now\n"


def verdicts_of(head: str, trusted: tuple[str, ...] = ("amazonses.com",)) -> dict[str, str]:
    """Return the verdicts of a mail with this on top of what its sender wrote."""
    return parse(mail(f"{head}{HEAD}"), trusted=trusted).verdicts


def test_reads_what_the_receiver_found() -> None:
    """All five, in lower case, also where it could not decide."""
    assert verdicts_of(f"Return-Path: <a@b.cn>\n{SES}{PASSED}") == ALL_PASSED
    odd = f"{SES}X-SES-Spam-Verdict: GRAY\nX-SES-Virus-Verdict: PROCESSING_FAILED\n"
    assert verdicts_of(odd) == {"spam": "gray", "virus": "processing_failed"}
    assert verdicts_of(f"{SES}X-SES-Virus-Verdict: DISABLED\n") == {"virus": "disabled"}


@pytest.mark.parametrize(
    "forged",
    [
        f"{HOP}{PASSED}",
        f"{SES}{HOP}{PASSED}",
        f"{SES}{HOP}{SES}{PASSED}",
        f"{SES}{SES}{PASSED}",
        f"{SES}X-SES-RECEIPT: x\n{PASSED}",
        f"{SES}X-Mailer: x\n{PASSED}",
        f"{SES}ARC-Authentication-Results: i=1; amazonses.com; spf=pass; dmarc=pass\n",
        f"{SES}DKIM-Signature: v=1; dmarc=pass\n",
        f"{SES}Authentication-Results: mx.other.example; spf=pass; dmarc=pass\n",
        f"{SES}Authentication-Results: amazonses.com.evil.example; spf=pass; dmarc=pass\n",
    ],
)
def test_believes_nobody_else(forged: str) -> None:
    """What an earlier hop or the sender wrote counts for nothing."""
    assert verdicts_of(forged) == {}


def test_is_not_fooled_by_what_the_sender_chose() -> None:
    """Comments, quoted words and second headers are the sender's to fill."""
    failed = (
        'Authentication-Results: amazonses.com; spf=fail (dmarc=pass; dkim=pass) envelope-from="; '
        'dkim=pass; dmarc=pass"@evil.example; dkim=fail; dmarc=fail\n'
    )
    wanted = {"spf": "fail", "dkim": "fail", "dmarc": "fail"}
    assert verdicts_of(f"{SES}{failed}From: b@evil.example\n{PASSED}") == wanted
    two = "Authentication-Results: amazonses.com; dkim=fail; dkim=pass; dmarc=pass\n"
    assert verdicts_of(f"{SES}{two}") == {"dkim": "pass", "dmarc": "pass"}


def test_believes_another_service_where_it_receives_the_mail() -> None:
    """A mailbox of a provider: its own stamp, past its own machines, and not that of SES."""
    google = (
        "Delivered-To: tousu@example.com\nReceived: by 2002:a05:6a10:1 with SMTP id x; now\n"
        "Received: from a by mx.google.com with ESMTPS id y; now\n"
        "Authentication-Results: mx.google.com;\n dkim=pass header.i=@a; spf=pass; dmarc=pass\n"
    )
    passed = {"dkim": "pass", "spf": "pass", "dmarc": "pass"}
    assert verdicts_of(f"{google}{HOP}{PASSED}", ("mx.google.com",)) == passed
    assert verdicts_of(f"{SES}{PASSED}", ("mx.google.com",)) == {}
    assert verdicts_of(f"{HOP}{google}", ("mx.google.com",)) == {}
    tencent = "Received: from a by mail.qq.com; now\nAuthentication-Results: mx.qq.com; spf=fail\n"
    assert verdicts_of(tencent, ("mx.qq.com",)) == {"spf": "fail"}


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (ALL_PASSED, ""),
        ({"spf": "none", "dkim": "none"}, ""),
        ({"spf": "fail", "dkim": "pass", "dmarc": "pass"}, ""),
        ({"dmarc": "none"}, ""),
        ({"virus": "fail"}, "virus"),
        ({"virus": "processing_failed"}, "virus"),
        ({"virus": "disabled", "spam": "pass"}, "virus"),
        ({"spam": "gray", "virus": "pass"}, "spam"),
        ({**ALL_PASSED, "dmarc": "fail"}, "dmarc"),
        ({"spf": "fail", "dkim": "fail", "dmarc": "none"}, "spf_dkim"),
        ({}, "no_stamp"),
    ],
)
def test_holds_what_the_receiver_did_not_find_harmless(found: dict[str, str], reason: str) -> None:
    """A person looks first at what failed, could not be decided, or came round the receiver."""
    assert judged(found) == ("hold" if reason else "pass", reason)


def test_asks_for_a_stamp_only_where_each_mail_gets_one() -> None:
    """Some services stamp nothing."""
    assert judged({}, stamps=False) == ("pass", "")
    assert judged({"virus": "fail"}, stamps=False) == ("hold", "virus")


@pytest.mark.skipif(not MAILS.is_dir(), reason="the sample mails lie outside the repository")
def test_reads_the_recipients_of_sample_bounces() -> None:
    """Nine in ten name whom they mean; temporary ones are told apart; machines are never people."""
    samples = json.loads((MAILS / "expected.json").read_text("utf-8"))
    named = right = 0
    for sample in samples:
        found = parse((MAILS / sample["file"]).read_bytes())
        if sample.get("is_bounce") or sample.get("is_auto_reply"):
            assert found.disposition in {Disposition.BOUNCE, Disposition.AUTO_REPLY}, sample["file"]
        if sample.get("bounce_temporary") is not None:
            is_temporary = found.bounce_kind is BounceKind.TEMPORARY
            assert is_temporary is sample["bounce_temporary"], sample["file"]
        if sample.get("bounce_recipients") is not None:
            named += 1
            wanted = {address.casefold() for address in sample["bounce_recipients"]}
            right += {address.casefold() for address in found.bounce_recipients} == wanted
    assert right >= 0.9 * named


@pytest.mark.parametrize(
    "text",
    [
        *("lina@example.cn\n", "a" * 900 + "@", "a.b@" * 200, "user " * 200, "recipient: " * 90),
        *("Message-ID: " + " " * 900, "\n\n", "@example.cn", "x" * 64 + "@" + "y." * 300),
    ],
    ids=range(9),
)
def test_takes_linear_time(text: str) -> None:
    """Ten times the words of a bounce take about ten times as long."""
    once, ten_times = (cost_of(text * (n // len(text) + 1)) for n in (10_000, 100_000))
    assert ten_times < 30 * max(once, 0.004)


def cost_of(text: str) -> float:
    """Return the processor time that a bounce with these words takes, the best of three."""
    raw = mail(f"{DAEMON}Subject: failure notice\n", text)
    best = math.inf
    for _ in range(3):
        started = time.process_time()
        parse(raw)
        best = min(best, time.process_time() - started)
    return best
