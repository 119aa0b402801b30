"""Mails and files inside other formats: Outlook's, signatures, invitations, uuencode."""

import base64
import binascii
import struct
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID

from complaints.files import Flag
from complaints.mail import Disposition, Mail, parse
from complaints.mail_outlook import read_msg, read_tnef
from complaints.mail_smime import signed_content
from tests.unit.compound import Tree, compound, properties, tnef

HEAD = b"From: Li Na <lina@example.cn>\r\nSubject: x\r\n"
TEXT16, TEXT8, BINARY, OBJECT = 0x1F, 0x1E, 0x102, 0x0D
WORDS = "热水壶漏水，要求退款。"
INNER = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + WORDS.encode()


def wide(text: str) -> bytes:
    """Return a text as Outlook writes it."""
    return text.encode("utf-16-le") + b"\0\0"


def with_part(kind: str, payload: bytes, words: bytes = b"words") -> Mail:
    """Read a mail of some words and one more part, in Base64."""
    part = b"Content-Transfer-Encoding: base64\r\nContent-Type: " + kind.encode() + b"\r\n\r\n"
    parts = (
        b"\r\n" + words,
        b"Content-Type: image/png\r\n\r\nx",
        part + base64.encodebytes(payload),
    )
    mixed = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    mail = parse(mixed + b"".join(b"--b\r\n" + one + b"\r\n" for one in parts) + b"--b--\r\n")
    return msgspec.structs.replace(mail, attachments=mail.attachments[1:])


WINMAIL = tnef(
    (1, 0x00069007, struct.pack("<II", 936, 0)),
    (1, 0x0002800C, WORDS.encode("gbk") + b"\0"),
    (2, 0x00069002, bytes(14)),
    (2, 0x00018010, "漏水.txt".encode("gbk") + b"\0"),
    (2, 0x0006800F, b"first"),
    (2, 0x00069002, bytes(14)),
    (2, 0x00018010, b"SHORT~1.PDF\0"),
    (2, 0x0006800F, b"%PDF-1.7"),
    (2, 0x00069005, properties((0x3707, TEXT16, wide("购销合同（第二版）.pdf")))),
)


def test_opens_a_winmail() -> None:
    """The files inside take its place, under their long names; its words where no others are."""
    mail = with_part("application/ms-tnef; name=winmail.dat", WINMAIL)
    assert [(one.filename, one.payload) for one in mail.attachments] == [
        ("漏水.txt", b"first"),
        ("购销合同（第二版）.pdf", b"%PDF-1.7"),
    ]
    assert (
        with_part("application/octet-stream; name=winmail.dat", WINMAIL).attachments
        == mail.attachments
    )
    assert mail.text == "words"
    assert with_part("application/ms-tnef", WINMAIL, words=b"").text == WORDS


def test_keeps_a_winmail_that_holds_no_file() -> None:
    """Whatever can't be opened, or has nothing in it, is kept as it came."""
    for broken in (WINMAIL[:40], b"no such thing", b"", tnef((1, 0x0002800C, b"words"))):
        (kept,) = with_part("application/ms-tnef; name=winmail.dat", broken).attachments
        assert (kept.filename, kept.payload) == ("winmail.dat", broken)


def test_reads_rtf_that_is_the_only_text() -> None:
    """Compressed RTF without any other words becomes a file."""
    packed = (
        b"\x03\x00\x0a\x00rcpg125\x42\x32\x0a\xf3\x20hel\x09\x00\x20bw\x05\xb0ld}\x0a\x80\x0f\xa0"
    )
    head = struct.pack("<II4sI", len(packed) + 12, 43, b"LZFu", 0)
    letter = read_tnef(tnef((1, 0x00069003, properties((0x1009, BINARY, head + packed)))))
    assert letter is not None
    (rtf,) = letter.files
    assert (rtf.name, rtf.payload) == (
        "body.rtf",
        b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n",
    )


MESSAGE: Tree = {
    "__properties_version1.0": bytes(32) + struct.pack("<HHIII", 3, 0x3FFD, 6, 936, 0),
    "__substg1.0_0037001F": wide("投诉热水壶")[:-2],
    "__substg1.0_0C1A001F": wide("李娜")[:-2],
    "__substg1.0_5D01001F": wide("lina@example.cn")[:-2],
    "__substg1.0_1000001E": WORDS.encode("gbk"),
    "__substg1.0_1035001F": wide("<1@example.cn>")[:-2],
    "__attach_version1.0_#00000000": {
        "__substg1.0_37010102": b"%PDF-1.7" + bytes(5000),
        "__substg1.0_3707001F": wide("合同.pdf")[:-2],
    },
    "__attach_version1.0_#00000001": {
        "__substg1.0_3701000D": {"__substg1.0_1000001F": wide("inner words")[:-2]},
        "__substg1.0_3001001F": wide("inner mail")[:-2],
    },
}


def test_reads_a_mail_saved_by_outlook() -> None:
    """A `.msg` handed in as the mail itself has sender, subject, words and files."""
    mail = parse(compound(MESSAGE))
    assert (mail.from_name, mail.from_address) == ("李娜", "lina@example.cn")
    assert (mail.subject, mail.text, mail.message_id) == ("投诉热水壶", WORDS, "<1@example.cn>")
    assert [(one.filename, one.size) for one in mail.attachments] == [
        ("合同.pdf", 5008),
        ("inner mail", 13),
    ]
    assert mail.disposition is Disposition.NEW_OR_REPLY
    received = {
        **MESSAGE,
        "__substg1.0_007D001F": wide("From: a@example.cn\r\nSubject: =?gbk?B?zbY=?=\r\n"),
    }
    assert (parse(compound(received)).from_address, parse(compound(received)).subject) == (
        "a@example.cn",
        "投",
    )


def test_a_compound_file_that_is_no_mail_is_set_aside() -> None:
    """A spreadsheet in the mail bucket, or half a mail, is not read."""
    for raw in (compound({"Workbook": b"cells"}), compound(MESSAGE)[:600], compound(MESSAGE)[:8]):
        mail = parse(raw)
        assert (mail.disposition, mail.error) == (Disposition.QUARANTINE, "mail.unreadable")


def test_a_saved_mail_as_a_file_is_a_file() -> None:
    """Its words are not the sender's."""
    raw = compound(MESSAGE)
    mail = with_part("application/vnd.ms-outlook; name=a.msg", raw)
    assert (mail.text, mail.attachments[0].filename, mail.attachments[0].payload) == (
        "words",
        "a.msg",
        raw,
    )


@pytest.fixture(scope="module")
def signed() -> bytes:
    """Return a part signed so that its content lies inside the signature."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Li Na")])
    start = datetime(2026, 11, 16, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    builder = pkcs7.PKCS7SignatureBuilder().set_data(INNER)
    builder = builder.add_signer(certificate, key, hashes.SHA256())
    return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])


def test_reads_what_lies_inside_a_signature(signed: bytes) -> None:
    """An opaque S/MIME mail is read, marked and kept; an encrypted one is kept and marked."""
    kind = b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n"
    raw = HEAD + kind + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(signed)
    mail = parse(raw)
    assert (mail.text, mail.is_signed, mail.is_encrypted) == (WORDS, True, False)
    assert [(one.filename, one.payload) for one in mail.attachments] == [("smime.p7m", signed)]
    sealed = parse(HEAD + kind.replace(b"signed", b"enveloped") + b"\r\nx")
    assert (sealed.is_encrypted, sealed.is_signed, len(sealed.attachments)) == (True, False, 1)


def test_reads_a_signature_of_unknown_length() -> None:
    """BER, which some programs write in pieces as they go, is read like DER."""
    pieces = b"".join(bytes([4, len(one)]) + one for one in (INNER[:50], INNER[50:]))
    content = (
        b"\x30\x80\x06\x09" + bytes.fromhex("2a864886f70d010701") + b"\xa0\x80\x24\x80" + pieces
    )
    data = b"\x30\x80\x02\x01\x01\x31\x80\0\0" + content + bytes(6) + bytes(2)
    ber = b"\x30\x80\x06\x09" + bytes.fromhex("2a864886f70d010702") + b"\xa0\x80" + data + bytes(4)
    assert signed_content(ber) == INNER
    assert all(signed_content(ber[:end]) is None for end in range(len(ber) - 16))
    assert signed_content(b"\x30\x80" * 5000) is None


def test_marks_signatures_and_keeps_them() -> None:
    """A signature is a file of the mail; what PGP wrote into the words stays there."""
    mail = parse(
        HEAD + b"Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n" + INNER + b"\r\n--b\r\n"
        b"Content-Type: application/pgp-signature; name=signature.asc\r\n\r\nsig\r\n--b--\r\n"
    )
    assert (mail.is_signed, mail.text) == (True, WORDS)
    assert [one.filename for one in mail.attachments] == ["signature.asc"]
    clear = parse(HEAD + b"\r\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA1\n\nwords")
    assert (clear.is_signed, clear.text.endswith("words")) == (True, True)
    assert parse(HEAD + b"\r\n-----BEGIN PGP MESSAGE-----\n\nhQ").is_encrypted
    whole = (
        HEAD
        + b'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b'
    )
    assert parse(whole + b"\r\n\r\n--b\r\n\r\nx\r\n--b--").is_encrypted
    quoted = parse(HEAD + b"\r\n> -----BEGIN PGP MESSAGE-----\n> x")
    assert not quoted.is_encrypted


def test_an_invitation_is_a_file_and_speaks_where_nothing_else_does() -> None:
    """A mail of nothing but a calendar entry is not empty."""
    calendar = (
        "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\n"
        "END:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nSUMMARY:上门检修\\, 三楼\r\n"
        "DTSTART;TZID=Asia/Shanghai:20261116T100000\r\nDESCRIPTION:请带\r\n  工具\r\nEND:VEVENT\r\n"
    ).encode()
    alone = parse(
        HEAD + b"Content-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\n" + calendar
    )
    assert alone.text == "上门检修, 三楼\n20261116T100000\n请带 工具"
    assert [one.content_type for one in alone.attachments] == ["text/calendar"]
    assert with_part("text/calendar; charset=utf-8", calendar).text == "words"


def test_takes_files_out_of_the_words() -> None:
    """Uuencode in the text is a file; what is cut short, wrong or of another kind stays words."""
    lines = b"".join(binascii.b2a_uu(bytes(range(n, n + 45))) for n in range(0, 90, 45))
    mail = parse(HEAD + b"\r\nsee below\n\nbegin 644 ../photo.jpg\n" + lines + b"`\nend\n\nregards")
    assert mail.text.split() == ["see", "below", "regards"]
    (photo,) = mail.attachments
    assert (photo.filename, photo.payload) == ("photo.jpg", bytes(range(90)))
    assert photo.flags == (Flag.NAME_CHANGED, Flag.TYPE_DIFFERS)
    for words in (
        "begin 644 a.txt\nnot encoded at all ~~\nend",
        "begin 644 a.txt\n#0V%T",
        "=ybegin x",
    ):
        kept = parse(HEAD + b"\r\n" + words.encode())
        assert (kept.text, kept.attachments) == (words, ())


def test_wrappings_in_wrappings_come_to_an_end(signed: bytes) -> None:
    """Whoever wraps a wrapping in a wrapping is followed a few steps, never for ever."""
    raw = HEAD
    for _ in range(2):
        raw += b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"".join(
            b"--b\r\nContent-Type: application/pkcs7-mime\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(signed)
            for _ in range(50)
        )
    assert parse(raw).text.count(WORDS) <= 3
    assert read_msg(compound({"a": {"b": {"c": b"x"}}})) is None
