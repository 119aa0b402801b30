"""Letters: what is received never becomes a header, and every letter exists in every language."""

import base64
import email
import quopri
import re
from collections.abc import Callable
from email.errors import HeaderParseError
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints.letters import (
    REFERENCES,
    TO_STAFF,
    Sender,
    about,
    local,
    owed,
    to_complainant,
    to_staff,
    tracking_link,
)
from complaints.mail import parse
from complaints.models import Complainant, Dossier
from complaints.number import parse_reply_address, reply_token
from complaints.texts import LANGUAGES, texts
from complaints.wording import Wording
from tests.builders import (
    AT,
    CODE,
    LI,
    NUMBER,
    OFFICE,
    approved,
    assessed,
    contact,
    finding,
    investigated,
    later,
    received,
    responded,
)

SENDER: Final = Sender(
    organisation="回音服务中心",
    mail_address="complaints@example.com",
    site_url="https://complaints.example.com",
)
OF_ASSESSED = (
    *("progress", "extension", "question", "apology", "update", "proxy_progress"),
    *("proxy_received", "voided", "payout", "erasure_kept", "erasure_refused", "erased"),
)
KINDS = ("acknowledgement", "notice", "survey", *OF_ASSESSED)
OUTLOOK = "<DB7PR04MB4938A1B2C3D4E5F60718293A4B5C6D7E@DB7PR04MB4938.eurprd04.prod.outlook.com>"
CATALOGUE = (
    Path(__file__).parents[2] / "layers/core/complaints/locale/en/LC_MESSAGES/messages.po"
).read_text(encoding="utf-8")
STAFF_KINDS = re.findall(r'^msgid "staff_letter\.(\w+)\.subject"$', CATALOGUE, re.MULTILINE)
BUILD: dict[str, Callable[[], Dossier]] = {
    "acknowledgement": received,
    "notice": approved,
    "survey": responded,
    **dict.fromkeys(OF_ASSESSED, assessed),
}
ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=80) | st.sampled_from(
    [
        "李\r\nBcc: all@example.com",
        "x\n\nBody",
        "=?utf-8?q?a=0d=0aBcc:_b?=",
        "\u202egnp.exe",
        "{number} {code}",
        "<script>alert(1)</script>",
        "\x00\x1b[31m",
    ]
)


def written(kind: str, dossier: Dossier, language: str = "zh_CN") -> EmailMessage:
    """Return the letter as whoever gets it reads it: written, sent as bytes, read again."""
    letter = owed(dossier.complaint, kind, LI.email, dossier.contacts, at=AT)
    message = to_complainant(
        letter.replace(language=language), dossier, SENDER, OFFICE, at=later(dossier, 0)
    )
    return email.message_from_bytes(message.as_bytes(), policy=default)


def as_written(text_id: str) -> str:
    """Return the words of the catalogue with their names in braces."""
    return texts("zh_CN").as_written(text_id)


def body(message: EmailMessage, kind: str = "plain") -> str:
    """Return one of the two bodies."""
    part = message.get_body((kind,))
    assert isinstance(part, EmailMessage)
    return str(part.get_content())


@settings(max_examples=80, deadline=None)
@given(name=ANYTHING, subject=ANYTHING, words=ANYTHING, kind=st.sampled_from(KINDS))
def test_headers_are_ours_whatever_was_received(
    name: str, subject: str, words: str, kind: str
) -> None:
    """Name, subject and words of a stranger change no header and add none."""
    said = received(words, complainant=LI.replace(name=name), subject=subject)
    usual = assessed().complaint
    found = assessed(said)
    # Whatever its words, it goes to the people of the builders.
    head = found.complaint.replace(assessment=usual.assessment, department=usual.department)
    handled = found.replace(complaint=head)
    made: dict[str, Callable[[], Dossier]] = {
        "acknowledgement": lambda: said,
        "notice": lambda: approved(investigated(handled)),
        "survey": lambda: responded(approved(investigated(handled))),
        **dict.fromkeys(OF_ASSESSED, lambda: assessed(said)),
    }
    plain, strange = written(kind, BUILD[kind]()), written(kind, made[kind]())
    assert strange.keys() == plain.keys()
    # A boundary is made for each message; a name may turn a text from one encoding to another.
    for header in set(plain.keys()) - {"Content-Type", "Date"}:
        assert strange[header] == plain[header]
    assert len(list(strange.walk())) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_the_headers_are_exactly_these(kind: str) -> None:
    """From us, to the complainant, answers to the complaint, marked as a machine's (RFC 3834)."""
    dossier = BUILD[kind]()
    dossier = dossier.replace(
        contacts=(contact(message_id="<a@example.com>"), contact(message_id="<b@example.com>"))
    )
    message = written(kind, dossier)
    expected = {
        "From": "回音服务中心 <complaints@example.com>",
        "To": "lina@example.com",
        "Reply-To": f"complaints+{NUMBER}.{reply_token(CODE)}@example.com",
        "In-Reply-To": "<b@example.com>",
        "References": "<a@example.com> <b@example.com>",
        "Auto-Submitted": "auto-replied" if kind == "acknowledgement" else "auto-generated",
        "X-Auto-Response-Suppress": "DR, RN, NRN, OOF, AutoReply",
        "MIME-Version": "1.0",
        "Content-Language": "zh-CN",
        "Message-ID": f"<{NUMBER.lower()}.{dossier.complaint.version:06}-{kind.replace('_', '-')}"
        "@example.com>",
    }
    if kind == "survey":
        link = tracking_link(dossier.complaint, SENDER.site_url)
        expected["List-Unsubscribe"] = f"<{link}/no-survey>"
        expected["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    assert {name: str(message[name]) for name in expected} == expected
    assert set(message.keys()) == {*expected, "Subject", "Date", "Content-Type"}
    assert NUMBER in message["Subject"]
    assert parse_reply_address(message["Reply-To"]) == (NUMBER, reply_token(CODE))


@pytest.mark.parametrize(
    "organisation", ["回音示范服务公司", "街道养老服务中心" * 5, "Example, Inc."]
)
def test_our_name_begins_on_the_first_line_of_its_header(organisation: str) -> None:
    """However long it is once encoded: a header with an empty first line is refused by some."""
    sender = msgspec.structs.replace(SENDER, organisation=organisation)
    dossier = received()
    letter = owed(dossier.complaint, "acknowledgement", LI.email, (), at=AT)
    raw = to_complainant(letter, dossier, sender, OFFICE, at=AT).as_bytes()
    first = next(line for line in raw.splitlines() if line.startswith(b"From:"))
    assert first.removeprefix(b"From:").strip()
    assert parse(raw).from_name == organisation
    assert max(map(len, raw.splitlines())) <= 998


EXPECTED = {
    *("From", "To", "Subject", "Date", "Content-Language", "X-Auto-Response-Suppress"),
    *("MIME-Version", "Content-Type", "Message-ID", "Reply-To", "Auto-Submitted"),
}


@settings(max_examples=60, deadline=None)
@given(
    name=ANYTHING,
    words=ANYTHING,
    organisation=st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=90),
    domain=st.sampled_from(["example.com", "投诉.example.cn", f"{'long-' * 12}x.example.com.cn"]),
    kind=st.sampled_from(KINDS),
)
def test_every_line_is_short_plain_and_of_ours(
    name: str, words: str, organisation: str, domain: str, kind: str
) -> None:
    """Exactly the expected headers; seven bits; no line over 998 bytes, ended by CRLF."""
    dossier = BUILD[kind]()
    strange = dossier.replace(complainant=LI.replace(name=name, email=f"o'neil+x=1@{domain}"))
    letter = owed(dossier.complaint, kind, strange.complainant.email, (), at=AT)
    sender = msgspec.structs.replace(SENDER, organisation=organisation)
    message = to_complainant(letter.replace(words=words), strange, sender, OFFICE, at=AT)
    raw = message.as_bytes()
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    head = raw.partition(b"\r\n\r\n")[0]
    names = re.findall(rb"^([^:\s]+):", head, re.MULTILINE)
    survey = {"List-Unsubscribe", "List-Unsubscribe-Post"} if kind == "survey" else set()
    assert sorted(one.decode() for one in names) == sorted(EXPECTED | survey)
    read = email.message_from_bytes(raw, policy=default)
    assert len(read["To"].addresses) == 1
    assert read["To"].addresses[0].addr_spec.startswith("o'neil+x=1@")
    assert read["To"].addresses[0].addr_spec.isascii()


@pytest.mark.parametrize(
    "strange",
    [
        *("a@example.com, b@example.com", "a@example.com\r\nBcc: b@example.com", "", "a"),
        *("李@example.com", "<a@example.com> b", "a b@example.com", "a@example.com; b"),
    ],
)
def test_a_letter_goes_to_one_address_or_to_nobody(strange: str) -> None:
    """Nothing that was received makes us write to somebody else beside."""
    dossier = received()
    letter = owed(dossier.complaint, "acknowledgement", strange, (), at=AT)
    with pytest.raises((ValueError, HeaderParseError)):
        to_complainant(letter, dossier, SENDER, OFFICE, at=AT)


@settings(max_examples=60, deadline=None)
@given(
    words=st.text(
        st.sampled_from("投诉已受理😀𠮷👩‍👩‍👧 aZ0=?_:,é")
        | st.characters(exclude_categories=["C", "Z"]),
        min_size=1,
        max_size=110,
    )
)
def test_a_subject_is_never_split_inside_a_character(words: str) -> None:
    """RFC 2047: each encoded word is whole UTF-8; astral characters come out in QQ and Outlook."""
    t = texts("zh_CN")
    wording = Wording(
        letter="letter.notice",
        language="zh_CN",
        number=1,
        at=AT,
        by="qiu",
        subject=f"{words} {{number}}",
        body=t.as_written("letter.notice.body"),
    )
    dossier = approved()
    letter = owed(dossier.complaint, "notice", LI.email, (), at=AT)
    raw = to_complainant(letter, dossier, SENDER, OFFICE, at=AT, wording=wording).as_bytes()
    subject = re.search(rb"^Subject: ((?:.*\r\n(?:[ \t].*\r\n)*))", raw, re.MULTILINE)
    assert subject
    for charset, how, coded in re.findall(rb"=\?([^?]+)\?([bqBQ])\?([^?]*)\?=", subject[1]):
        assert charset.lower() == b"utf-8"
        quoted = coded.replace(b"_", b" ")
        plain = base64.b64decode(coded) if how in b"bB" else quopri.decodestring(quoted)
        plain.decode("utf-8")  # raises where a word ends inside a character
        assert len(coded) + len(charset) + 7 <= 75
    read = email.message_from_bytes(raw, policy=default)
    assert read["Subject"] == " ".join(f"{words} {NUMBER}".split())


def test_an_advertisement_is_not_a_name() -> None:
    """Whoever types another's address must not write to them by way of the greeting."""
    for name in ("Win a prize http://evil.example", "www.evil.example", "evil.example", "x" * 61):
        message = written("acknowledgement", received(complainant=LI.replace(name=name)))
        assert name not in body(message)
        assert texts("zh_CN")("letter.unnamed") in body(message)
    for name in ("李娜", "J. R. Smith", "阿依古丽.买买提", "O'Neil-Smith, Jr."):
        assert name in body(written("acknowledgement", received(complainant=LI.replace(name=name))))


def test_the_notice_says_what_is_decided_what_is_paid_and_how_to_object() -> None:
    """《处理结果通知书》 (D1); a call only where the policy asks for one and can be made."""
    dossier = approved()
    paid = dossier.replace(findings=(finding(compensation=123_400),))
    text = body(written("notice", paid))
    for said in (finding().reply, "￥1,234.00", "12345", "仲裁", "不接受"):
        assert said in text
    assert texts("zh_CN")("letter.part.call") in text
    silent = dossier.replace(complainant=LI.replace(phone=""))
    text = body(written("notice", silent))
    assert texts("zh_CN")("letter.part.call") not in text
    assert "\n\n\n" not in text.replace("\r\n", "\n")


def test_long_message_ids_stay_whole() -> None:
    """Programs find the thread by the very letters of an id; an encoded one is another one."""
    dossier = received().replace(contacts=tuple(contact(message_id=OUTLOOK) for _ in range(12)))
    letter = owed(dossier.complaint, "acknowledgement", LI.email, dossier.contacts, at=AT)
    raw = to_complainant(letter, dossier, SENDER, OFFICE, at=AT).as_bytes()
    assert raw.count(OUTLOOK.encode()) == REFERENCES + 1
    assert b"In-Reply-To: " + OUTLOOK.encode() + b"\r\n" in raw
    assert max(map(len, raw.splitlines())) < 998


@pytest.mark.parametrize(
    "strange", ["<a b@x>", "<a@x>\r\nBcc: <b@x>", "<中文@x>", "<>", "a@x", f"<{'a' * 900}@x>"]
)
def test_what_is_no_message_id_is_not_repeated(strange: str) -> None:
    """Only plain ids become part of a header of ours."""
    said = (contact(message_id=strange), contact(message_id="<b@example.com>"))
    letter = owed(received().complaint, "notice", LI.email, said, at=AT)
    assert letter.references == ("<b@example.com>",)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_letter_speaks_both_languages(kind: str, language: str) -> None:
    """Each has its words, the number, and the link: the complainant's alone, until it ends."""
    dossier = BUILD[kind]()
    message = written(kind, dossier, language)
    text = body(message)
    assert NUMBER in text + message["Subject"]
    has_link = tracking_link(dossier.complaint, SENDER.site_url) in text
    assert has_link is not kind.startswith(("proxy_", "erased"))
    assert SENDER.organisation in text
    assert LI.name in text
    chinese = re.search(r"[\u3400-\u9fff]", text.replace(SENDER.organisation, "")
                        .replace(LI.name, "").replace(finding().reply, ""))  # fmt: skip
    assert bool(chinese) == (language == "zh_CN")
    assert not re.search(r"\{\w+\}", text)


def test_every_kind_of_the_catalogue_is_known_here() -> None:
    """A letter that is added to the catalogue is added to these tests."""
    assert set(re.findall(r'^msgid "letter\.(\w+)\.subject"$', CATALOGUE, re.MULTILINE)) == set(
        KINDS
    )
    assert set(STAFF_KINDS) >= TO_STAFF


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(TO_STAFF))
def test_a_letter_to_staff_names_neither_person_nor_matter(kind: str, language: str) -> None:
    """It may travel further than the page: number, stage, limit and link must do."""
    complaint = assessed().complaint
    letter = owed(complaint, kind, "han@example.com", (), at=AT).replace(language=language)
    message = email.message_from_bytes(
        about(letter, complaint, SENDER, OFFICE, at=AT).as_bytes(), policy=default
    )
    text = body(message)
    assert f"{SENDER.site_url}/staff/complaints/{NUMBER}" in text
    assert texts(language)("status.assessed") in text
    assert ("2026-11-21 09:00" in text) is ("{due}" in as_written(f"staff_letter.{kind}.body"))
    for secret in (LI.name, LI.email, LI.phone, CODE, "前台"):
        assert secret not in text + message["Subject"]
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Reply-To"] is None


def test_a_reminder_of_what_has_no_clock_can_be_written() -> None:
    """A letter that is sent late must not fail because the complaint has moved on."""
    complaint = assessed().complaint.replace(clock=None)
    letter = owed(complaint, "reminder", "han@example.com", (), at=AT)
    assert about(letter, complaint, SENDER, OFFICE, at=AT)["To"] == "han@example.com"


def test_a_letter_has_one_id_however_often_it_is_owed() -> None:
    """Version and kind name it, so a second try is the same letter."""
    first, again = (owed(received().complaint, "notice", LI.email, (), at=AT) for _ in range(2))
    assert first == again
    assert first.letter_id == "000001-notice"


def test_whoever_gives_no_name_is_greeted_all_the_same() -> None:
    """A letter to nobody in particular is still polite."""
    nameless = received(complainant=Complainant(email="lina@example.com"))
    assert texts("zh_CN")("letter.unnamed") in body(written("acknowledgement", nameless))


def test_the_html_shows_what_was_written_and_runs_nothing() -> None:
    """Words are escaped, our own link is a link."""
    dossier = approved()
    strange = finding(reply='<img src=x onerror="alert(1)"> & "quoted"')
    html = body(written("notice", dossier.replace(findings=(strange,))), "html")
    assert "<img" not in html
    assert "&lt;img src=x" in html
    link = tracking_link(dossier.complaint, SENDER.site_url)
    assert f'<a href="{link}">{link}</a>' in html


def test_instants_are_the_offices() -> None:
    """Nine in the morning in Shanghai is one o'clock UTC."""
    assert local(AT, OFFICE) == "2026-11-20 09:00"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", STAFF_KINDS)
def test_every_letter_to_staff_can_be_written(kind: str, language: str) -> None:
    """In both languages, and a value with a line break adds no header."""
    values = dict.fromkeys(re.findall(r"\{(\w+)\}", CATALOGUE), "a\r\nBcc: b@example.com")
    message = to_staff(kind, "qiu@example.com", values, SENDER, at=AT, language=language)
    read = email.message_from_bytes(message.as_bytes(), policy=default)
    assert read["Bcc"] is None
    assert set(read.keys()) == {
        "From", "To", "Subject", "Date", "Auto-Submitted", "MIME-Version", "Content-Type",
        "Content-Language", "X-Auto-Response-Suppress"
    }  # fmt: skip
    assert not re.search(r"\{\w+\}", body(read))
