"""Charsets, names and bodies are read as their writers meant them, however they are labelled."""

import base64
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints import mail_parts
from complaints.files import Flag
from complaints.mail import Disposition, Mail, parse
from complaints.mail_body import unflowed
from complaints.mail_charsets import decode_text
from complaints.mail_headers import addresses, decode_header, file_name, parameters

NAMED = "Content-Disposition: inline; filename=a.pdf"
HEAD = b"From: Li Na <lina@example.cn>\r\nMessage-ID: <1@example.cn>\r\n"
MIXED = b"From: a@example.cn\nSubject: x\nContent-Type: multipart/mixed"
WORDS = "朱先生的热水壶漏水，要求退款。"


def of(*headers: str, body: bytes = b"") -> Mail:
    """Read a mail of these headers beside the sender's, and this body."""
    return parse(HEAD + "".join(f"{one}\r\n" for one in headers).encode() + b"\r\n" + body)


def multipart(*parts: bytes, kind: str = "mixed", boundary: str = "b") -> bytes:
    """Return a mail of these parts, each with its own headers."""
    head = HEAD + f"Content-Type: multipart/{kind}; boundary={boundary}\r\n\r\n".encode()
    mark = b"--" + boundary.encode()
    return head + b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"


@pytest.mark.parametrize(
    "label",
    [
        *("gb2312", "GB2312", "gbk", "x-gbk", "cp936", "CP-936", "ms936", "windows-936", "cn-gb"),
        *("gb_2312-80", "GB2312-80", "csGB2312", "euc-cn", "EUC_CN", "chinese", "iso-ir-58"),
        *("gb18030", "GB-18030", "gb18030-2022", '"gb2312"', "gb2312*zh"),
    ],
)
def test_reads_every_name_of_gb_as_all_of_gb18030(label: str) -> None:
    """A label that promises 6,763 characters is put on texts with 88,000."""
    text = "柳𬭎与朱镕基的電飯煲€，㐂𠀋"
    assert decode_text(text.encode("gb18030"), label) == text


def test_reads_gb18030_of_2022() -> None:
    """What was a private character before 2022 is the public one."""
    assert decode_text(b"\xa6\xd9\xa8\xbc\xfe\x51\xfe\x59\xfe\xa0", "gb18030") == "︐ḿ𠂇龴龻"


@pytest.mark.parametrize(
    "label", ["big5", "Big5-HKSCS", "cn-big5", "x-x-big5", "cp950", "big5-eten"]
)
def test_reads_every_name_of_big5(label: str) -> None:
    """Taiwan's and Hong Kong's additions to Big5 are read under its plain name, too."""
    assert decode_text("熱水壺漏水碁銹裏墻".encode("cp950"), label) == "熱水壺漏水碁銹裏墻"
    assert decode_text("嘅𨋢冇電".encode("big5hkscs"), label) == "嘅𨋢冇電"
    assert decode_text("售價€100，熱水壺".encode("cp950"), label) == "售價€100，熱水壺"


@pytest.mark.parametrize(
    ("raw", "label"),
    [
        (WORDS.encode("hz"), "hz-gb-2312"),
        (WORDS.encode("hz"), "HZ"),
        (WORDS.encode("utf-7"), "unicode-1-1-utf-7"),
        (WORDS.encode("utf-16"), "utf-16"),
        (WORDS.encode("utf-16"), "utf-8"),
        (WORDS.encode("utf-16-be"), "utf-16be"),
        (WORDS.encode("utf-16-le"), "utf-16le"),
        (b"\xef\xbb\xbf" + WORDS.encode(), "gb2312"),
        (WORDS.encode(), "gbk"),
        (WORDS.encode(), "us-ascii"),
        (WORDS.encode("gbk"), "us-ascii"),
        (WORDS.encode("gbk"), "utf-8"),
        (WORDS.encode("gbk"), "x-user-defined"),
        (WORDS.encode(), "%CHARSET%"),
        (WORDS.encode(), "utf8mb4"),
        (b"\x1b$)A\x0e" + bytes(b & 0x7F for b in WORDS.encode("gb2312")) + b"\x0f", "iso-2022-cn"),
    ],
    ids=range(16),
)
def test_reads_what_was_written_under_any_label(raw: bytes, label: str) -> None:
    """Shifted, wide, mislabelled and unlabelled Chinese comes out as Chinese."""
    assert decode_text(raw, label) == WORDS


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("熱水壺漏水，請盡快處理", "big5"),
        ("お問い合わせの件について", "shift_jis"),
        ("こちらの商品が壊れています", "euc-jp"),
        ("제품이 고장났습니다. 환불해 주세요.", "cp949"),
        ("Здравствуйте, прошу вернуть деньги за товар.", "koi8-r"),
        ("Здравствуйте, прошу вернуть деньги за товар.", "cp1251"),
        ("Straße, Grüße aus München", "cp1252"),
        ("résumé.pdf", "latin-1"),
        ("附件", "gbk"),
        ("合同.pdf", "gbk"),
    ],
)
def test_guesses_a_charset_that_nobody_names(text: str, charset: str) -> None:
    """Two characters that could be Korean as well are Chinese; the rest is told by its bytes."""
    assert decode_text(text.encode(charset)) == text


def test_one_wrong_byte_spoils_one_character() -> None:
    """A text that is cut or damaged in one place is read everywhere else."""
    assert decode_text(WORDS.encode()[:-1], "utf-8") == WORDS[:-1] + "\ufffd"
    assert decode_text(WORDS.encode("gbk") + b"\xff", "gb2312") == WORDS + "\ufffd"
    assert decode_text(b"\x1b$B\x2d\x21\x24\x2a\x1b(B a\x1b(I\x36\x1b(B", "iso-2022-jp") == "①お aｶ"
    assert decode_text(b"\x1b$*H\x1b$)G\x0eDT\x0f x", "iso-2022-cn-ext") == "\ufffd x"


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("=?utf-8?B?54Ot5rA=?= =?utf-8?B?tA==?=", "热水"),
        ("=?utf-8?B?5oqV6K?= =?utf-8?B?+J?=", "投诉"),
        ("=?gbk?Q?=C8?= =?gbk?Q?=C8=CB=AE?=", "热水"),
        ("=?gbk?B?yMg=?==?gbk?Q?=CB=AE?=", "热水"),
        ("=?GB2312?Q?=CD=B6=CB=DF?= no. 1 =?GB2312?Q?=CD=B6=CB=DF?=", "投诉 no. 1 投诉"),
        ("=?utf-8*zh-CN?Q?=E6=8A=95=E8=AF=89?=", "投诉"),
        ("=?utf-8?Q?Why? Tell me!?=", "Why? Tell me!"),
        ("=?utf-8?Q?hello_=3D?=\r\n =?utf-8?Q?_you?=", "hello = you"),
        ("=?iso-2022-cn?B?GyQpQQ5NNktfDw==?=", "投诉"),
        ("=?x-none?B?5oqV6K+J?=", "投诉"),
        ("=?utf-8?B?5oqV6K+J", "=?utf-8?B?5oqV6K+J"),
        ("a\r\nBcc: b@example.cn", "a Bcc: b@example.cn"),
        ("投诉\x00\u202e", "投诉"),
    ],
)
def test_reads_encoded_words(header: str, text: str) -> None:
    """Words are joined where programs split them, and what is no word is left as it is."""
    assert decode_header(header) == text


def test_reads_raw_headers_in_any_charset() -> None:
    """Eight-bit headers were never allowed, and come all the same."""
    for charset in ("gbk", "utf-8", "gb18030"):
        raw = f"From: 李娜 <lina@example.cn>\nSubject: 投诉{'物业' * 20}\n\nx".encode(charset)
        assert (parse(raw).from_name, parse(raw).subject) == ("李娜", "投诉" + "物业" * 20)


@pytest.mark.parametrize(
    "value",
    [
        "attachment; filename*=gb18030''%BA%CF%CD%AC.pdf",
        "attachment; filename*=%E5%90%88%E5%90%8C.pdf",
        "attachment; filename*=utf-8'%E5%90%88%E5%90%8C.pdf",
        "attachment; filename*1*=%E5%90%8C.pdf; filename*0*=utf-8''%E5%90%88",
        "attachment; filename*0*=utf-8''%E5%90; filename*1*=%88%E5; filename*2*=%90%8C.pdf",
        "attachment; filename*0*=utf-8''%E5%90; filename*1=%88%E5%90%8C.pdf",
        "attachment; filename*0=合; filename*1=同.pdf",
        "attachment; filename*00*=utf-8''%E5%90%88; filename*01*=%E5%90%8C.pdf",
        'attachment; filename*0="=?utf-8?B?5ZCI"; filename*1="5ZCM?=.pdf"',
        'attachment; filename="=?gbk?B?us8=?= =?gbk?B?zaw=?=.pdf"',
        "attachment; filename==?UTF-8?B?5ZCI5ZCM?=.pdf",
        'attachment; filename="=?UTF-8?Q?=E5=90=88=E5=90=8C=2Epdf?="',
        "attachment; filename=%E5%90%88%E5%90%8C.pdf",
        "attachment; filename=\"utf-8''%E5%90%88%E5%90%8C.pdf\"",
        "attachment; filename=\"GB2312'zh'%BA%CF%CD%AC.pdf\"",
        'attachment; filename="C:\\文件\\合同.pdf"',
        "attachment; filename=x.pdf; filename*=utf-8''%E5%90%88%E5%90%8C.pdf",
        'attachment filename="合同.pdf"',
        "filename=合同.pdf",
        'ATTACHMENT ; FileName = "合同.pdf" ; size=3',
        'attachment; filename="合同.pdf',
        "attachment; filename=合同.pdf;",
    ],
)
def test_names_a_file_from_any_spelling(value: str) -> None:
    """RFC 2231 whole or broken, encoded words, percent signs, paths: the name is the same."""
    assert file_name(parameters(value)[1]["filename"]) == "合同.pdf"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("attachment; filename=合 同;第2版.pdf", "合 同;第2版.pdf"),
        ('attachment; filename="100%25.pdf"', "100%25.pdf"),
        ('attachment; filename="a \\"b\\" c.pdf"', 'a "b" c.pdf'),
        ("attachment; filename*2=c.pdf; filename*1=b", "bc.pdf"),
        ("attachment; filename*0*=utf-8''%E5%90%88%E5%90", "合\ufffd"),
        ("attachment; size=3", ""),
    ],
)
def test_leaves_a_name_as_it_is_where_nothing_is_encoded(value: str, name: str) -> None:
    """What only looks encoded is not decoded; missing pieces leave the others."""
    assert file_name(parameters(value)[1].get("filename", "")) == name


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/", ""),
        ("C:evil.exe", "evil.exe"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("com1 .pdf", "_com1 .pdf"),
        ("console.txt", "console.txt"),
        ("a\x00b\r\n.pdf", "ab .pdf"),
        ("fdp\u202excod.exe", "fdpxcod.exe"),
        ("收\u200b据\u2066.pdf\ufeff", "收据.pdf"),
        ("家\U0001f468\u200d\U0001f469.png", "家\U0001f468\u200d\U0001f469.png"),
        (" . ", ""),
        ("长" * 500 + ".pdf", "长" * 196 + ".pdf"),
    ],
)
def test_makes_a_name_safe(sent: str, name: str) -> None:
    """No path, no device, nothing unseen; the extension stays."""
    assert file_name(sent) == name


@pytest.mark.parametrize(
    ("value", "name", "address"),
    [
        ("李娜 lina@example.cn", "李娜", "lina@example.cn"),
        ("lina@example.cn (李娜)", "李娜", "lina@example.cn"),
        ('"李, 娜" <lina@example.cn>', "李, 娜", "lina@example.cn"),
        ('"=?gb2312?B?wO7EyA==?=" <lina@example.cn>', "李娜", "lina@example.cn"),
        ('"ceo@bank.cn" <lina@example.cn>', "ceo@bank.cn", "lina@example.cn"),
        ("<mailto:lina@example.cn>", "", "lina@example.cn"),
        ("李娜<lina@例子.cn>", "李娜", "lina@例子.cn"),
    ],
)
def test_tells_the_sender_from_the_name(value: str, name: str, address: str) -> None:
    """The address is the one that a reply goes to, wherever the name stands."""
    assert addresses(value)[0] == (name, address)


def test_an_address_is_one_address() -> None:
    """Nobody gets us to write to two by putting two into one pair of brackets."""
    for value in ("a@b@example.cn", "<a@example.cn,b@example.cn>", "undisclosed-recipients:;", "a"):
        assert addresses(value) == []


def test_joins_flowed_lines() -> None:
    """`format=flowed` gives paragraphs; with DelSp the space that marks the break goes."""
    kind = "Content-Type: text/plain; charset=utf-8; format=flowed"
    assert (
        of(kind, body=b"I ask for \r\nmy money\r\n> old \r\n> line").text
        == "I ask for my money\n> old line"
    )
    assert of(f"{kind}; DelSp=yes", body="我要求 \r\n退款。".encode()).text == "我要求退款。"
    assert unflowed("a \n>b \n>>c", joins_words=False) == "a \n> b \n>> c"
    assert unflowed(" >no quote\n-- \nme", joins_words=True) == ">no quote\n-- \nme"


def test_reads_the_charset_that_a_page_names_itself() -> None:
    """An HTML part without a charset has it in its own head."""
    page = f'<html><head><meta charset="gb2312"></head><p>{"朱" * 9}</p>'.encode("gbk")
    assert of("Content-Type: text/html", body=page).text == "朱" * 9


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("base64", base64.b64encode(WORDS.encode())),
        ("BASE64 ", base64.b64encode(WORDS.encode()).rstrip(b"=")),
        (
            '"base64"',
            base64.b64encode(WORDS.encode()[:8]) + b"\r\n" + base64.b64encode(WORDS.encode()[8:]),
        ),
        (
            "base64;",
            b"\r\n".join(base64.b64encode(WORDS.encode())[i : i + 7] for i in range(0, 70, 7)),
        ),
        ("8bit", WORDS.encode()),
        ("8-bit", WORDS.encode()),
        ("x-none", WORDS.encode()),
        ("quoted-printable (as they say)", "".join(f"={b:02x}" for b in WORDS.encode()).encode()),
    ],
    ids=range(8),
)
def test_undoes_a_transfer_encoding_however_it_is_written(encoding: str, body: bytes) -> None:
    """Padding, pieces, case and comments are forgiven."""
    headers = ("Content-Type: text/plain; charset=utf-8", f"Content-Transfer-Encoding: {encoding}")
    assert of(*headers, body=body).text == WORDS


@pytest.mark.parametrize(
    "raw",
    [
        b"From: a@example.cn\rSubject: x\r\rhello\rworld",
        b"From: a@example.cn\nSubject: x\n\nhello\nworld",
        b"\r\n\r\nFrom: a@example.cn\r\nSubject: x\r\n\r\nhello\r\nworld",
        b"From : a@example.cn\r\nSubject\t: x\r\n\r\nhello\r\nworld",
        b"From a@b Mon Nov 16 10:00:00 2026\nFrom: a@example.cn\nSubject: x\n\nhello\nworld",
        b"\xef\xbb\xbfFrom: a@example.cn\nSubject: x\n\nhello\nworld",
        b"From: a@example.cn\nSubject: x\n\nhello\x00\nwor\x00ld\x00",
        b"from: a@example.cn\nstray line\nSUBJECT: x\n\nhello\nworld",
        "From: a@example.cn\nSubject: x\n\nhello\nworld".encode("utf-16"),
        MIXED + b"\n\n--q\n\nhello\nworld\n--q--\n",
        MIXED + b"; boundary=no\n\n--yes\n\nhello\nworld\n--yes--\n",
        MIXED + b"; boundary=b\n\n--b\n\nhello\nworld",
        MIXED + b"; boundary=b\n\nhello\nworld",
    ],
    ids=range(13),
)
def test_reads_a_mail_whose_form_is_broken(raw: bytes) -> None:
    """Line ends, zeros, stray lines, marks and missing boundaries cost neither sender nor words."""
    mail = parse(raw)
    assert (mail.from_address, mail.subject, mail.text) == ("a@example.cn", "x", "hello\nworld")


def test_keeps_nameless_and_equal_names_apart() -> None:
    """Each file is its own, whatever it is called; a picture within the text is one of them."""
    same = b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    inline = b"Content-Type: image/png\r\nContent-ID: <1>\r\n\r\n\x89PNG\r\n\x1a\n"
    mail = parse(multipart(b"\r\nwords", same + b"QQ==", same + b"Qg==", inline))
    assert [(one.filename, one.size) for one in mail.attachments] == [
        ("a.pdf", 1),
        ("a.pdf", 1),
        ("", 8),
    ]
    assert len({one.sha256 for one in mail.attachments}) == 3
    assert (mail.text, mail.attachments[2].content_type) == ("words", "image/png")


@pytest.mark.parametrize(
    ("headers", "payload", "flags"),
    [
        ("application/pdf; name=a.pdf", b"%PDF-1.7", ""),
        ("application/pdf; name=b.pdf\r\n" + NAMED, b"%PDF-1.7", "names_differ"),
        ("application/pdf; name=../a.pdf", b"%PDF-1.7", "name_changed"),
        ("application/pdf; name=\u202ea.pdf", b"%PDF-1.7", "name_changed"),
        ("image/png; name=a.png", b"<html><script>", "type_differs"),
        ("application/x-a; name=a.pdf", b"MZ" + bytes(200), "type_differs program"),
        ("application/octet-stream; name=a.pdf.exe", b"x", "program"),
        ("image/jpeg; name=a.jpg", b"", ""),
        ("message/external-body; access-type=URL; name=a.txt", b"x", "external"),
    ],
    ids=range(9),
)
def test_flags_a_file_that_contradicts_itself(headers: str, payload: bytes, flags: str) -> None:
    """Two names, a name with tricks, one that its bytes belie, a program: nothing goes unsaid."""
    part = f"Content-Type: {headers}\r\n\r\n".encode() + payload
    (attachment,) = parse(multipart(b"\r\nwords", part)).attachments
    assert attachment.flags == tuple(Flag(flag) for flag in flags.split())


def test_a_piece_of_a_mail_is_set_aside() -> None:
    """`message/partial` can't be read alone; a mail inside a mail stays closed and whole."""
    mail = of(
        'Content-Type: message/partial; id="1"; number=1; total=2', body=b"Subject: x\r\n\r\nhalf"
    )
    assert (mail.disposition, mail.error) == (Disposition.QUARANTINE, "mail.partial")
    inner = b"From: x@example.cn\r\nSubject: inner\r\n\r\ninner words"
    digest = parse(multipart(b"\r\n" + inner, kind="digest"))
    assert [(one.content_type, one.payload) for one in digest.attachments] == [
        ("message/rfc822", inner)
    ]
    encoded = (
        b"Content-Type: message/rfc822; name=a.eml\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    forwarded = parse(multipart(b"\r\nouter", encoded + base64.b64encode(inner)))
    assert (forwarded.text, forwarded.attachments[0].payload) == ("outer", inner)


def test_reads_hostile_nesting_and_many_headers_and_parts() -> None:
    """3,000 levels, 5,000 headers, 3,000 parts: an answer with the sender, and the reason."""
    nested = HEAD + b"".join(
        b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(3000)
    )
    assert (parse(nested).error, parse(nested).from_address) == (
        "mail.too_complex",
        "lina@example.cn",
    )
    headers = b"".join(b"X-%d: y\r\n" % n for n in range(5000)) + HEAD + b"\r\nwords"
    assert (parse(headers).text, parse(headers).from_address) == ("words", "lina@example.cn")
    parts = parse(multipart(*[b"Content-Type: image/png\r\n\r\nx"] * 3000))
    assert (parts.error, parts.from_address) == ("mail.too_complex", "lina@example.cn")


PIECES = (
    *(b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\n\n", b"--b", b"--b--", b"--c", b"--c--", b"--", b"-"),
    *(b"Content-Type: text/plain", b"Content-Type: multipart/mixed; boundary=b", b"x: y", b" fold"),
    *(b"Content-Type: multipart/mixed; boundary=c", b"Content-Type: message/rfc822"),
    *(b"words words words words words", b"\xff\xfe\x80"),
)


def read_as(raw: bytes, long_mail: int) -> list[tuple[list[tuple[str, str]], bytes | None]]:
    """Return headers and content of each part, bodies kept from the parser from that length on."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(mail_parts, "_LONG_MAIL", long_mail)
        patched.setattr(mail_parts, "_LONG_BODY", 10)
        root, _ = mail_parts.tree(raw)
        found, ahead = [], [root]
        while ahead:
            part = ahead.pop()
            ahead += part.parts()
            headers = [(name, str(value)) for name, value in part.raw_items()]
            found.append((headers, None if part.parts() else part.source()))
        return found


@given(st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join))
@settings(max_examples=300, deadline=None)
def test_a_body_kept_from_the_parser_is_read_as_if_it_were_not(rest: bytes) -> None:
    """Long bodies are cut out before and put back afterwards, to the byte."""
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n" + rest
    assert read_as(raw, 0) == read_as(raw, 1_000_000)


def test_sets_aside_what_is_too_much_to_be_a_letter() -> None:
    """A million lines and a book of HTML cost no time; a picture within a page does no harm."""
    lines = of(body=b"\n" * 900_000 + b"words")
    assert (lines.error, lines.from_address) == ("mail.too_complex", "lina@example.cn")
    kind = "Content-Type: text/html; charset=utf-8"
    book = of(kind, body=b"<p>words</p>" * 200_000)
    assert (book.error, book.text[:5]) == ("mail.too_complex", "words")
    pictured = of(kind, body=b"<img src='data:image/png;base64," + b"A" * 3_000_000 + b"'>words")
    assert (pictured.error, pictured.text) == ("", "words")


SAMPLES = [
    multipart(
        b"Content-Type: text/plain; charset=gb2312; format=flowed\r\n\r\n" + WORDS.encode("gbk"),
        b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+eDwvYj4=",
        b"Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\n\x78\x9f\x3e\x22\x00\x00"
        + bytes(30),
        b"Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n\r\n\x30\x80\x06\x09"
        + bytes(9),
    ),
    HEAD + b"Content-Type: text/plain\r\n\r\nbegin 644 a.txt\n#0V%T\n`\nend\n",
    HEAD + b"Subject: =?gb2312?B?zba?= =?gb2312?Q?=CD?=\r\nContent-Type: text/html\r\n\r\n<p>x",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
]


@given(st.sampled_from(SAMPLES), st.integers(0, 2**32), st.integers(1, 12))
@settings(max_examples=300, deadline=None)
def test_never_raises_on_damaged_mail(sample: bytes, seed: int, times: int) -> None:
    """Bytes changed, cut out and doubled anywhere still make a mail, if only for the quarantine."""
    chance, raw = random.Random(seed), bytearray(sample)  # noqa: S311 - not for secrets
    for _ in range(times):
        place, length = chance.randrange(len(raw)), chance.randrange(1, 9)
        match chance.randrange(3):
            case 0:
                raw[place : place + length] = chance.randbytes(length)
            case 1:
                raw[place:place] = raw[place : place + length] * 3
            case _:
                del raw[place : min(place + length, len(raw) - 1)]
    mail = parse(bytes(raw))
    assert "\x00" not in mail.text + mail.subject
    assert all("/" not in one.filename for one in mail.attachments)


@given(
    st.binary(max_size=300),
    st.sampled_from(
        ["gbk", "utf-8", "iso-2022-jp", "iso-2022-cn", "hz", "utf-7", "utf-16", "big5", "", "x"]
    ),
)
@settings(max_examples=300, deadline=None)
def test_decodes_any_bytes(raw: bytes, label: str) -> None:
    """No byte and no label can keep a text from being text, free of lone surrogates."""
    decode_text(raw, label).encode()
