"""Mails are read whole, whatever they are made of, and nothing in them is believed."""

import math
import time
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from complaints.files import content_type_of
from complaints.mail import LARGEST, Disposition, parse
from complaints.mail_charsets import decode_text
from complaints.mail_headers import file_name
from complaints.mail_html import text_of_html
from complaints.mail_reply import reply_of

HEAD = b"From: Li Na <lina@example.cn>\r\nTo: tousu@example.com\r\nMessage-ID: <1@example.cn>\r\n"


def plain(body: str, *headers: str, charset: str = "utf-8") -> bytes:
    """Return a mail of one plain part in this charset."""
    lines = "".join(f"{header}\r\n" for header in headers).encode()
    kind = f"Content-Type: text/plain; charset={charset}\r\n\r\n".encode()
    return HEAD + lines + kind + body.encode(charset)


def with_file(*headers: bytes, payload: bytes = b"aGVsbG8=") -> bytes:
    """Return a mail with one attachment whose part has these headers."""
    return (
        HEAD
        + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee file\r\n--b\r\n"
        + b"\r\n".join((*headers, b"Content-Transfer-Encoding: base64"))
        + b"\r\n\r\n"
        + payload
        + b"\r\n--b--\r\n"
    )


def test_says_who_wrote_what_to_whom() -> None:
    """The outside of a mail is read as its writer meant it."""
    mail = parse(
        plain(
            "热水壶漏水。",
            "Subject: =?utf-8?B?5oqV6K+J?=",
            "Cc: =?utf-8?B?5p2O?= <li@example.cn>",
            "Delivered-To: complaints@example.com",
            "References: <a@example.cn> <b@example.cn> <a@example.cn>",
            "In-Reply-To: <b@example.cn>",
            "Date: Mon, 16 Nov 2026 10:03:00 +0800",
        )
    )
    assert (mail.from_name, mail.from_address) == ("Li Na", "lina@example.cn")
    assert mail.to == ("tousu@example.com", "li@example.cn", "complaints@example.com")
    assert (mail.subject, mail.text, mail.reply) == ("投诉", "热水壶漏水。", "热水壶漏水。")
    assert mail.references == ("<a@example.cn>", "<b@example.cn>")
    assert (mail.message_id, mail.in_reply_to) == ("<1@example.cn>", "<b@example.cn>")
    assert mail.date is not None
    assert mail.date.isoformat() == "2026-11-16T02:03:00+00:00"
    assert mail.disposition is Disposition.NEW_OR_REPLY


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("gb2312", "gb18030"),
        ("x-gbk", "gbk"),
        ("x-unknown", "utf-8"),
        ("x-unknown", "gb18030"),
        ("gb2312", "utf-8"),
        ("iso-8859-1", "utf-8"),
        ("", "gbk"),
        ("idna", "utf-8"),
        ("hz-gb-2312", "hz"),
        ("big5", "big5hkscs"),
    ],
)
def test_reads_a_charset_that_lies(declared: str, written: str) -> None:
    """What was written is read, whatever the label says."""
    words = "朱先生的飯煲漏電" if written.startswith("big5") else "朱先生的热水壶漏电"
    assert decode_text(words.encode(written), declared) == words


def test_joins_encoded_words_split_inside_a_character() -> None:
    """Two words of one charset are one text, even where a character spans both."""
    mail = parse(plain("x", "Subject: =?gbk?B?yMg=?= =?gbk?B?y64=?= =?gbk?B?uPc=?="))
    assert mail.subject == "热水各"
    mail = parse(plain("x", "Subject: =?utf-8?B?54Ot5rA=?=\r\n =?utf-8?B?tA==?="))
    assert mail.subject == "热水"


def test_reads_raw_chinese_in_headers() -> None:
    """Headers in bare GBK or UTF-8, which no standard allowed, are read all the same."""
    for charset in ("gbk", "utf-8"):
        mail = parse("From: 李娜 <lina@example.cn>\nSubject: 投诉物业\n\nx".encode(charset))
        assert (mail.from_name, mail.subject) == ("李娜", "投诉物业")


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Disposition: attachment; filename*=gb18030''%BA%CF%CD%AC.pdf",
        "Content-Disposition: attachment; filename*0*=utf-8''%E5%90%88; filename*1=同.pdf".encode(),
        b'Content-Disposition: attachment; filename="=?gbk?B?us/NrA==?=.pdf"',
        'Content-Disposition: attachment; filename="合同.pdf"'.encode("gbk"),
        'Content-Type: application/pdf; name="..\\..\\合同.pdf"'.encode(),
        'Content-Disposition: attachment; filename="/etc/合\u202e同.pdf"'.encode(),
    ],
)
def test_names_an_attachment_as_its_sender_did(header: bytes) -> None:
    """A name is decoded from any of its spellings, without paths and tricks."""
    (attachment,) = parse(with_file(header)).attachments
    assert (attachment.filename, attachment.payload) == ("合同.pdf", b"hello")


def test_keeps_a_name_short() -> None:
    """A long name loses its middle, never its extension."""
    assert file_name("长" * 500 + ".pdf").endswith("长.pdf")
    assert len(file_name("长" * 500 + ".pdf")) == 200


def test_judges_a_file_by_its_content() -> None:
    """A program called a picture is a program."""
    assert content_type_of(b"MZ" + bytes(200), "image/png") == "application/x-msdownload"
    assert content_type_of(b"\x89PNG\r\n\x1a\n" + bytes(50), "text/plain") == "image/png"
    assert content_type_of(b"<html><script>", "image/png") == "text/html"
    assert content_type_of(b"nothing known", "image/png") == "application/octet-stream"


def test_keeps_a_mail_inside_the_mail_byte_for_byte() -> None:
    """A forwarded mail is evidence and is not opened."""
    inner = b"Subject: inner\r\nX:  odd \r\n\r\nbody"
    raw = (
        HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--b--\r\n"
    )
    (attachment,) = parse(raw).attachments
    assert (attachment.content_type, attachment.payload) == ("message/rfc822", inner)


@pytest.mark.parametrize(
    ("header", "disposition"),
    [
        ("Auto-Submitted: auto-replied", Disposition.AUTO_REPLY),
        ("Auto-Submitted: no", Disposition.NEW_OR_REPLY),
        ("Precedence: bulk", Disposition.AUTO_REPLY),
        ("X-Autoreply: yes", Disposition.AUTO_REPLY),
        ("X-Auto-Response-Suppress: All", Disposition.NEW_OR_REPLY),
        ("Return-Path: <>", Disposition.AUTO_REPLY),
        ("Subject: 自动回复：收到", Disposition.AUTO_REPLY),
        ("Subject: 自动回复没有用，投诉客服", Disposition.NEW_OR_REPLY),
        ("Subject: 投诉你们的自动回复", Disposition.NEW_OR_REPLY),
        ("List-Id: <all.example.cn>", Disposition.LIST),
        ("X-Failed-Recipients: a@example.cn", Disposition.BOUNCE),
    ],
)
def test_tells_machines_from_people(header: str, disposition: Disposition) -> None:
    """Only a sign that a machine wrote the mail keeps it from being a complaint."""
    assert parse(plain("x", header)).disposition is disposition


def test_knows_our_own_mail() -> None:
    """What comes back from our own address is neither a complaint nor an answer."""
    assert parse(plain("x"), own={"LiNa@example.cn"}).disposition is Disposition.OWN


def test_believes_only_the_verdicts_of_the_receiver() -> None:
    """Verdicts that the sender wrote below the first stamp count for nothing."""
    ours = (
        b"X-SES-Spam-Verdict: FAIL\r\n"
        b"Authentication-Results: amazonses.com; spf=fail; dmarc=fail\r\n"
    )
    forged = b"X-SES-Spam-Verdict: PASS\r\nX-SES-Virus-Verdict: PASS\r\n"
    stamp = b"Received: from a by mx.example.com; now\r\n"
    assert parse(ours + stamp + forged + HEAD + b"\r\nx").verdicts == {
        "spam": "fail",
        "spf": "fail",
        "dmarc": "fail",
    }
    assert parse(stamp + forged + HEAD + b"\r\nx").verdicts == {}
    ses = b"Received: from a by inbound-smtp.eu-west-1.amazonaws.com; now\r\n"
    assert parse(ses + ours + forged + HEAD + b"\r\nx").verdicts["spam"] == "fail"
    assert parse(ses + stamp + forged + HEAD + b"\r\nx").verdicts == {}


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"", "mail.empty"),
        (b" \r\n\r\n", "mail.empty"),
        (b"Subject: x\r\n\r\nwho am I", "mail.no_sender"),
        (b"From: a@example.cn\r\n\r\n", "mail.empty"),
    ],
)
def test_quarantines_what_nobody_can_answer(raw: bytes, error: str) -> None:
    """A mail without words or sender is set aside with the reason."""
    mail = parse(raw)
    assert (mail.disposition, mail.error) == (Disposition.QUARANTINE, error)


def test_reads_only_the_head_of_a_mail_that_is_too_large() -> None:
    """Who sent too much is still known."""
    mail = parse(plain("x" * LARGEST, "Subject: big"))
    assert (mail.error, mail.from_address, mail.text) == ("mail.too_large", "lina@example.cn", "")


@pytest.mark.parametrize(
    "hostile",
    [
        lambda n: b"".join(
            b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (i, i) for i in range(n // 16)
        ),
        lambda n: b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * n,
        lambda n: b"X-H: y\n" * n + b"\nx",
        lambda n: b"Content-Type: text/html\n\n" + b"<!--<a b='\"" * n,
        lambda n: b"Content-Type: text/html\n\n" + b"<blockquote><div>" * n,
        lambda n: b"Subject: " + b"=?utf-8?q?" * n + b"\n\nx",
        lambda n: b"To: " + b"<a@b," * n + b"\n\nx",
        lambda n: b"To: " + b"a@example.cn, " * (n // 16) + b"\n\nx",
        lambda n: b"Content-Type: a; " + b"b*0*=c'd'; " * n + b"\n\nx",
        lambda n: b"\n\n" + b"On 2026-11-16 a <a@b.cn> wrote:\n> x\ny\n" * n,
        lambda n: b"\n\n" + b"-" * (n * 16),
        lambda n: b"\n\n" + b"> " * (n * 8),
        lambda n: b"Content-Type: text/plain; format=flowed\n\n" + b">a \n" * n,
        lambda n: b"\n\n" + b"begin 644 a\n" * n + b"\nend\n",
        lambda n: b"Content-Type: text/plain; charset=iso-2022-cn\n\n" + b"\x1b$)A\x0eM6\x0f" * n,
        lambda n: b"Content-Transfer-Encoding: base64\n\n" + b"QQ==" * n,
        lambda n: b"Content-Disposition: attachment; filename=a" + b";b" * n + b"\n\nx",
        lambda n: b"Subject: =?utf-8?q?" + b"a?b" * n + b"\n\nx",
        lambda n: b"Subject: " + b"=?utf-8?b?QUI?= " * n + b"\n\nx",
        lambda n: b"Content-Type: application/pkcs7-mime\n\n" + b"\x30\x80" * n,
        lambda n: (
            b"Content-Type: a/b; name=x\n\n\x78\x9f\x3e\x22\0\0" + b"\1\x0c\x80" + bytes(8 * n)
        ),
        lambda n: b"Content-Type: text/html\n\n<meta " + b"charset" * n,
        lambda n: b"Content-Type: text/html\n\n" + b"<a \"'" * n,
        lambda n: b"\n" + b"\n--" * n,
        lambda n: b"\n\n" + bytes(range(128, 256)) * (n // 16),
        lambda n: b"Content-Type: text/calendar\n\n" + b"SUMMARY:a\n b\n" * n,
    ],
    ids=range(26),
)
def test_takes_linear_time_on_hostile_mail(hostile: Callable[[int], bytes]) -> None:
    """Four times the mail costs about four times the work; a square would be sixteen times."""
    once, four_times = (cost_of(hostile(n)) for n in (8_000, 32_000))
    assert four_times < 10 * max(once, 0.01)


@pytest.mark.parametrize(
    "hostile",
    [
        b"Content-Type: text/plain; format=flowed\n\n" + b"words \n" * 700_000,
        b"Content-Type: text/plain; format=flowed; charset=utf-7\n\n+" + b"AAoACgAK" * 300_000,
        b"Content-Type: text/html\n\n" + b"data:a <" * 1_000_000,
        b"X-H: y\n" * 1_100_000 + b"\nx",
        b"X-H: " + b"\xe4" * 8_000_000 + b"\n\nx",
        b"Content-Type: a/b\nContent-Transfer-Encoding: base64\n\n" + b"AB!" * 2_700_000 + b"A",
        b"Content-Type: a/b\nContent-Transfer-Encoding: 8bit\n\n" + bytes(range(256)) * 31_000,
    ],
    ids=range(7),
)
def test_takes_little_memory_on_hostile_mail(hostile: bytes) -> None:
    """Of a gigabyte, reading takes a small part; what grows with the mail does so by few copies."""
    raw = b"From: a@example.cn\n" + hostile
    tracemalloc.start()
    try:
        parse(raw)
        assert tracemalloc.get_traced_memory()[1] < 80 * 1024 * 1024
    finally:
        tracemalloc.stop()


def cost_of(raw: bytes) -> float:
    """Return the processor time that a mail takes, the best of three."""
    best = math.inf
    for _ in range(3):
        started = time.process_time()
        assert parse(b"From: a@example.cn\n" + raw).from_address == "a@example.cn"
        best = min(best, time.process_time() - started)
    return best


@example(b'From: a@b.cn\r\nContent-Type: text/plain; charset="a\x00b"\r\n\r\n\xff')
@given(st.binary(max_size=600))
@settings(max_examples=150, deadline=None)
def test_never_raises(noise: bytes) -> None:
    """Any bytes at all make a mail, if only one for the quarantine."""
    parse(noise)
    parse(HEAD + b"Content-Type: " + noise)
    parse(with_file(b"Content-Disposition: " + noise.replace(b"\n", b" "), payload=noise))
    parse(HEAD + b"Content-Type: text/html; charset=" + noise[:20] + b"\r\n\r\n<" + noise)


@given(st.text(alphabet="在写道：:>-\n <a@b.cn>20261116发件人主题日期From", max_size=200))
@settings(max_examples=100, deadline=None)
def test_invents_nothing_when_it_cuts(text: str) -> None:
    """A reply consists of lines of the text, in their order."""
    lines = iter([*(line.rstrip() for line in text.split("\n")), ""] * 2)
    assert all(line == "" or line in lines for line in reply_of(text).split("\n"))


HISTORY = [
    "在 2026年11月15日，下午4:20，投诉受理 <a@example.cn> 写道：\n\n您好，已受理。",
    "> 在 2026年11月15日，下午4:20，投诉受理 <a@example.cn> 写道：\n> \n> 您好，已受理。",
    "On Mon, Nov 16, 2026 at 4:20 PM Office\n<a@example.cn> wrote:\n\n> Received.",
    "------------------ 原始邮件 ------------------\n发件人: a\n\n您好",
    "发件人: 投诉受理 <a@example.cn>\n发送时间: 2026年11月15日\n收件人: 李\n主题: 受理\n\n您好",
    'At 2026-11-15 16:20:28, "Office" <a@example.cn> wrote:\n>received',
]


@pytest.mark.parametrize("history", HISTORY)
def test_cuts_what_the_mail_program_added(history: str) -> None:
    """History in the forms of common programs goes; what stands above it stays."""
    words = "您好：\n热水壶漏水，请处理。"
    assert reply_of(f"{words}\n\n{history}") == words
    assert reply_of(f"{words}\n\n发自我的 iPhone\n\n{history}") == words


@pytest.mark.parametrize(
    "text",
    [
        "我在2026年11月3日发邮件，客服在回复中写道：\n无法退款。\n我不同意。",
        "客服写道：无法退款。我要求查看原始邮件。\n发件人显示为贵公司员工。",
        "发件人: 张三\n我要投诉。",
        "> 您说三天内答复\n\n已经五天了。",
        "1. 日期：11月3日\n2. 地点：二号门\n\n请处理。",
        "On 3 November 2026 your clerk wrote:\nno refund.\nI disagree.",
        "来自我的邻居的噪音\n\n请处理来自我的邻居的噪音。谢谢您在百忙之中阅读这封邮件，期待回复。",
    ],
)
def test_keeps_every_sentence_of_the_writer(text: str) -> None:
    """Prose that resembles the forms of mail programs is not cut."""
    assert reply_of(text) == text


def test_keeps_an_answer_below_the_quotation() -> None:
    """Who answers below the quotation loses the quotation only."""
    text = "On 2026-11-16 10:00, Office <a@example.cn> wrote:\n> When?\n\nYesterday.\n\n-- \nLi Na"
    assert reply_of(text) == "Yesterday."


def test_reads_html_as_a_reader_sees_it() -> None:
    """Scripts, styles and attributes are no words."""
    html = "<style>p{}</style><p onclick='a>b'>退款&amp;<b>道歉</b></p><script>x</script>1 < 2"
    assert text_of_html(html) == "退款&道歉\n\n1 < 2"
