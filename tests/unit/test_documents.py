"""Documents: what stands in them, how they are set, and what no content can do."""

import hashlib
import re
from datetime import timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default

import msgspec
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints.aws.typesetting import TypesetError, typeset
from complaints.documents import issue, sheet
from complaints.documents.content import Document, House, document, kinds
from complaints.documents.glyphs import Glyphs, NotAFontError, printable
from complaints.documents.listing import A_PART, register, register_parts, summary
from complaints.documents.sample import sample
from complaints.letters import WRITING, Attachment, attach
from complaints.models import Complainant, Dossier, File, Letter
from complaints.office import Office
from complaints.parts import DocumentKind, InvestigationRecord, RecordKind, WorkOrder
from complaints.report import month_report
from complaints.texts import texts
from tests.builders import AT, NOBODY, OFFICE, STAFF, approved, assessed, closed, received

ALL = tuple(DocumentKind)
HOUSE = House(
    organisation="回音服务中心",
    phone="010-12345678",
    office=Office(policy=msgspec.structs.replace(OFFICE.policy, documents=ALL), zone=OFFICE.zone),
)
NAMES = {one.username: one.name for one in STAFF}
SITE = "https://complaints.example.com"
ORDER = WorkOrder(
    order_id="finance-0123456789abcdef",
    department="finance",
    task="核对二月的账单",
    issued_by="han",
    issued_at=AT,
    start_at=AT + timedelta(hours=1),
    complete_at=AT + timedelta(days=2),
)
HOSTILE = (
    '#read("/etc/passwd") #import "@preview/x:1.0.0": * #panic("no") $x^2$ *a* _b_ `c` <d> @e '
    "// f /* g */ \\ #{ while true {} } ]} #"
)


def made(kind: DocumentKind, dossier: Dossier, order_id: str = "") -> Document:
    """Return a document of a complaint under a policy that has them all."""
    return document(kind, dossier, HOUSE, names=NAMES, order_id=order_id)


def printed(one: Document) -> bytes:
    """Return a document as PDF by the original template."""
    return typeset(one, sheet.original(one.kind), SITE)


def pages_of(pdf: bytes) -> list[str]:
    """Return the text of each page, without blanks: lines break where they like."""
    opened = pypdfium2.PdfDocument(pdf)
    texts_of = (page.get_textpage().get_text_bounded() for page in opened)
    return [re.sub(r"[\s\u200b\u0002\ufffe\ufeff]", "", one) for one in texts_of]


def text_of(pdf: bytes) -> str:
    """Return the whole text of a PDF, without blanks, heads and feet between pages."""
    return "".join(pages_of(pdf))


def squeezed(words: str) -> str:
    """Return words without blanks."""
    return re.sub(r"\s", "", words)


def all_of(dossier: Dossier) -> list[Document]:
    """Return every document that there is of a complaint."""
    orders = [one.order_id for one in dossier.orders]
    return [
        made(kind, dossier, order_id)
        for kind in kinds(dossier, HOUSE.office)
        for order_id in (orders if kind is DocumentKind.WORK_ORDER else [""])
    ]


def with_words(dossier: Dossier, words: str) -> Dossier:
    """Return a complaint in which these words stand wherever people write."""
    finding = dossier.findings[-1].replace(facts=words, measures=words, reply=words)
    return dossier.replace(
        findings=(finding,),
        contacts=(dossier.contacts[0].replace(text=words),),
        complainant=dossier.complainant.replace(name=words[:60]),
        orders=(ORDER.replace(task=words),),
    )


# ---- what there is -------------------------------------------------------------------------


def test_there_is_no_document_before_what_it_tells() -> None:
    """No report without a finding, no notice before the decision, no order without one."""
    office = HOUSE.office
    whole = (DocumentKind.HANDLING_RECORD, DocumentKind.HANDLING_SHEET, DocumentKind.REGISTER)
    assert kinds(received(), office) == whole
    assert DocumentKind.NOTICE not in kinds(assessed(), office)
    assert DocumentKind.NOTICE in kinds(approved(), office)
    with pytest.raises(LookupError):
        made(DocumentKind.NOTICE, received())
    with pytest.raises(LookupError):
        made(DocumentKind.WORK_ORDER, closed().replace(orders=(ORDER,)), "finance-other")


def test_a_policy_says_which_documents_it_has() -> None:
    """One that the procedure does not know is not offered."""
    policy = msgspec.structs.replace(OFFICE.policy, documents=(DocumentKind.NOTICE,))
    office = Office(policy=policy, zone=OFFICE.zone)
    assert kinds(closed(), office) == (DocumentKind.NOTICE,)


def test_a_merged_complainant_is_told_what_the_main_one_is() -> None:
    """Its own finding there is none of; the words of its letter are the answer (B5)."""
    letter = Letter(
        letter_id="1", kind="notice", to="", language="zh_CN", queued_at=AT, words="同一答复"
    )
    told = approved().replace(findings=(), letters=(letter,))
    body = made(DocumentKind.NOTICE, told).body
    assert getattr(body, "reply", "") == "同一答复"


# ---- the PDF -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ALL)
def test_what_is_put_in_is_what_is_read(kind: DocumentKind) -> None:
    """Every text of the content stands in the text of the PDF."""
    one = sample(kind, HOUSE)
    words = text_of(printed(one))
    content = msgspec.json.decode(sheet.content(one))
    for value in texts_in(content["body"]) | texts_in(content["signed"]):
        assert squeezed(value) in words, value
    assert squeezed(one.title) in words


def texts_in(content: object) -> set[str]:
    """Return every text of a piece of JSON."""
    match content:
        case str():
            return {content} if content else set()
        case list():
            return set().union(*map(texts_in, content))
        case dict():
            return set().union(*map(texts_in, content.values()))
    return set()


@pytest.mark.parametrize("one", all_of(closed().replace(orders=(ORDER,))), ids=lambda one: one.kind)
def test_a_document_is_fit_to_file(one: Document) -> None:
    """PDF/A-2b, A4, fonts embedded, pages numbered, alike each time, nobody in its metadata."""
    pdf = printed(one)
    assert printed(one) == pdf
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf.replace(b"\n", b"")
    descriptors = pdf.count(b"/Type/FontDescriptor")
    assert descriptors
    assert pdf.count(b"/FontFile3") == descriptors
    opened = pypdfium2.PdfDocument(pdf)
    assert {tuple(sorted(round(side) for side in page.get_size())) for page in opened} == {
        (595, 842)
    }
    for number, words in enumerate(pages_of(pdf), start=1):
        assert f"第{number}页共{len(opened)}页" in words
    metadata = opened.get_metadata_dict()
    assert metadata["Title"] == one.title
    assert not metadata["Author"]
    assert "20261120" in metadata["CreationDate"]
    for encoding in ("utf-8", "utf-16-be"):
        assert "李娜".encode(encoding) not in pdf
    assert b"13800000001" not in pdf


def test_the_code_on_it_is_that_of_its_content() -> None:
    """Printed in groups of four, and the same in the address of the QR code."""
    one = made(DocumentKind.NOTICE, closed())
    code = issue.code_of(issue.digest(one))
    assert re.fullmatch(r"([0-9A-F]{4}-){3}[0-9A-F]{4}", code)
    assert issue.address(one, SITE) == f"{SITE}/verify/{one.number}/{code}"
    assert squeezed(code) in text_of(printed(one))


@pytest.mark.parametrize("one", all_of(with_words(closed(), HOSTILE)), ids=lambda one: one.kind)
def test_no_word_of_a_complainant_is_a_command(one: Document) -> None:
    """It is printed as it was written."""
    assert squeezed(HOSTILE) in text_of(printed(one))


@settings(max_examples=12)
@given(st.text(min_size=1, max_size=200))
def test_any_text_can_be_printed(words: str) -> None:
    """Whatever Unicode holds, there is a notice."""
    dossier = with_words(closed(), words if words.strip() else "x")
    assert printed(made(DocumentKind.NOTICE, dossier)).startswith(b"%PDF")


def test_rare_characters_are_printed_or_named() -> None:
    """Those of the standard table as they are, others as code points: never an empty box (I16)."""
    dossier = with_words(closed(), "𬭎𫖯𠮷𪚥\ue000😀\u202e反\u200f\ufe0f")
    words = text_of(printed(made(DocumentKind.NOTICE, dossier)))
    assert "𬭎𫖯〔U+20BB7〕〔U+2A6A5〕〔U+E000〕〔U+1F600〕〔U+202E〕反〔U+200F〕" in words


def test_a_long_complaint_goes_over_pages() -> None:
    """Nothing is cut off, tables have their headings on every page, signatures stay together."""
    long = "".join(
        f"第{place}点：电梯停运，前台多次答复明天修好，至今没有修好。" for place in range(200)
    )
    records = tuple(
        InvestigationRecord(
            record_id=str(n),
            kind=RecordKind.INTERVIEW,
            by="han",
            at=AT,
            words=f"谈话{n}。{long[:300]}",
        )
        for n in range(20)
    )
    files = tuple(
        File(
            key=f"evidence/{n}", name=f"照片{n}.jpg", size=n, content_type="image/jpeg",
            sha256=hashlib.sha256(bytes([n])).hexdigest(),
        )
        for n in range(30)
    )  # fmt: skip
    dossier = with_words(closed(), long).replace(records=records)
    contacts = (dossier.contacts[0].replace(files=files),)
    pages = pages_of(
        printed(made(DocumentKind.INVESTIGATION_REPORT, dossier.replace(contacts=contacts)))
    )
    assert len(pages) > 6
    words = "".join(pages)
    assert all(f"谈话{n}。" in words for n in range(20))
    assert all(one.sha256 in words for one in files)
    assert all(f"第{place}点" in words for place in range(200))
    assert words.count("地点与人员") > 2
    (signing,) = (one for one in pages if "系统记录的签署与意见" in one)
    assert "调查人" in signing
    assert "韩" in signing


@pytest.mark.parametrize("kind", [DocumentKind.HANDLING_RECORD, DocumentKind.HANDLING_SHEET])
def test_an_anonymous_complaint_leaves_lines_to_fill_in(kind: DocumentKind) -> None:
    """Nobody has signed anything yet: the places for it are there."""
    words = text_of(printed(made(kind, received(complainant=NOBODY))))
    assert "匿名" in words
    assert "验证人" in words
    assert "年月日" in words


def test_the_notice_is_in_the_complainants_language() -> None:
    """The rest stays in the first one."""
    dossier = closed()
    english = dossier.replace(
        complaint=dossier.complaint.replace(language="en"),
        complainant=Complainant(name="Ann Lee", language="en"),
    )
    words = text_of(printed(made(DocumentKind.NOTICE, english)))
    assert "DearAnnLee" in words
    assert "Page1of1" in words
    assert made(DocumentKind.INVESTIGATION_REPORT, english).language == "zh_CN"


def test_a_word_as_long_as_a_line_stays_on_the_page() -> None:
    """An address or a digest breaks anywhere."""
    pdf = printed(made(DocumentKind.NOTICE, with_words(closed(), "a" * 500)))
    for page in pypdfium2.PdfDocument(pdf):
        text = page.get_textpage()
        right = max(text.get_charbox(place)[2] for place in range(text.count_chars()))
        assert right < page.get_size()[0] - 50


# ---- many complaints -----------------------------------------------------------------------


def test_the_summary_counts_a_month_and_lists_it() -> None:
    """By type, department and day, with places to sign."""
    heads = [received(n=n).complaint for n in range(1, 60)]
    report = month_report(heads, "2026-11", office=OFFICE, at=AT + timedelta(days=3))
    words = text_of(printed(summary(report, HOUSE)))
    assert all(one.complaint_id in words for one in heads)
    assert "制表人" in words
    assert "校验码" not in words
    assert register_parts(report) == [1]


def test_the_register_has_a_row_for_each_complaint() -> None:
    """Long words are cut: the whole is on the sheet of the complaint."""
    many = [received(n=n, text="电梯" * 300) for n in range(1, 30)]
    one = register(many, "2026-11", HOUSE, names=NAMES, first_row=A_PART + 1)
    words = text_of(printed(one))
    assert all(other.complaint.complaint_id in words for other in many)
    assert "2012026-11-20" in words
    assert words.count("电梯") == 29 * 100
    with pytest.raises(ValueError, match="nothing"):
        register([], "2026-11", HOUSE, names=NAMES)


# ---- check codes ---------------------------------------------------------------------------


def test_any_change_of_the_content_is_another_code() -> None:
    """Also of who is named in it, or of the words of the reply."""
    dossier = closed()
    finding = dossier.findings[-1]
    digests = {
        issue.digest(made(DocumentKind.NOTICE, one))
        for one in (
            dossier,
            dossier.replace(complainant=dossier.complainant.replace(name="李妍")),
            dossier.replace(findings=(finding.replace(reply=f"{finding.reply}。"),)),
            dossier.replace(findings=(finding.replace(compensation=1),)),
            dossier.replace(key=bytes(32)),
        )
    }
    assert len(digests) == 5


def test_what_goes_on_with_a_complaint_does_not_change_its_notice() -> None:
    """Printed years later it is the document that was sent."""
    assert made(DocumentKind.NOTICE, approved()) == made(DocumentKind.NOTICE, closed())


PRINTED = File(
    key="evidence/x/y", name="x.pdf", size=3, sha256="0" * 64, content_type="application/pdf"
)


def test_only_the_newest_of_its_kind_is_not_replaced() -> None:
    """And another kind replaces nothing."""
    dossier, at = closed(), AT + timedelta(days=9)
    notice, record = (
        made(kind, dossier) for kind in (DocumentKind.NOTICE, DocumentKind.HANDLING_RECORD)
    )
    corrected = made(
        DocumentKind.NOTICE,
        dossier.replace(complainant=dossier.complainant.replace(name="李妍")),
    )
    complaint, entries = dossier.complaint, list(dossier.entries)
    for days, one in enumerate((notice, record, corrected)):
        day = at + timedelta(days=days)
        complaint, entry, part = issue.issue(complaint, one, PRINTED, at=day, actor="han")
        assert (part.digest, part.file) == (issue.digest(one), PRINTED)
        entries.append(entry)
        assert issue.is_issued(one, entries)
    assert not issue.is_issued(notice, entries)
    found = {
        issue.digest(one): issue.verified(
            entries, one.number, issue.digest(one)[: issue.CODE_LENGTH]
        )
        for one in (notice, record, corrected)
    }
    first, second, third = found.values()
    assert first
    assert (first.at, first.replaced_at) == (at, at + timedelta(days=2))
    assert second
    assert second.replaced_at is None
    assert third
    assert third.replaced_at is None
    assert issue.verified(entries, notice.number, "0" * 16) is None


@given(st.text(max_size=40))
def test_a_typed_code_is_one_or_none(typed: str) -> None:
    """Whatever is typed, it is 16 hex digits or nothing."""
    found = issue.parse_code(typed)
    assert found is None or re.fullmatch(r"[0-9a-f]{16}", found)


# ---- templates and fonts -------------------------------------------------------------------


def test_every_label_of_a_template_exists_and_is_used() -> None:
    """In both languages, and none is dead."""
    names = [*(f"{kind}.typ" for kind in DocumentKind), *sheet.shared()]
    source = "".join((sheet.HERE / name).read_text() for name in names)
    quoted = set(re.findall(r'"([a-z_.]+)"', source))
    assert [one for one in sheet.LABELS if one not in quoted] == []
    for language in ("zh_CN", "en"):
        assert sheet.labels(texts(language)).keys() == set(sheet.LABELS)


@pytest.mark.parametrize(
    ("source", "line"),
    [("好\n#foo(", 2), ('#read("/etc/passwd")', 1), ('#import "parts.typ": t\n#t("payslip")', 0)],
)
def test_what_is_wrong_with_a_template_is_said_with_its_place(source: str, line: int) -> None:
    """As Typst says it."""
    with pytest.raises(TypesetError) as raised:
        typeset(sample(DocumentKind.NOTICE, HOUSE), source, SITE)
    assert raised.value.message
    if line:
        assert (raised.value.file, raised.value.line) == ("body.typ", line)


def test_a_template_is_stopped_that_would_eat_the_machine() -> None:
    """By its own bounds: it runs in a process of its own."""
    greedy = '#let x = "aaaaaaaaaaaaaaaa"\n#for n in range(40) { x = x + x }\n#x.len()'
    with pytest.raises(TypesetError, match="stopped"):
        typeset(sample(DocumentKind.NOTICE, HOUSE), greedy, SITE)


def test_a_font_that_is_none_is_refused() -> None:
    """Cut short, of no kind that is read, or no font at all."""
    for content in (b"", b"OTTO", b"x" * 200, b"ttcf" + bytes(40)):
        with pytest.raises(NotAFontError):
            Glyphs.of(content)


@given(st.text(max_size=60))
def test_what_is_printable_stays_as_it_is(words: str) -> None:
    """Only what a font has is left, and to do it again changes nothing."""
    font = Glyphs([(0x20, 0x7E), (0x3014, 0x3015), (0x4E00, 0x9FFF)])
    once = printable(words, (font,))
    assert all(ord(one) in font or one == "\n" for one in once)
    assert printable(once, (font,)) == once


def test_nothing_is_printed_of_who_was_forgotten() -> None:
    """What is left would be a form that says nothing."""
    assert kinds(closed().replace(is_erased=True), HOUSE.office) == ()


# ---- the file that goes with a letter ------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["处理结果通知书-TS-2026-000001-7.pdf", "Notice of the result.pdf", "通" * 60 + ".pdf"]
)
def test_the_name_of_a_file_is_read_by_every_mail_program(name: str) -> None:
    """By those who know RFC 2231, and by those who read encoded words; ASCII all the way."""
    letter = EmailMessage(policy=WRITING)
    letter.set_content("见附件")
    attach(letter, Attachment(name=name, content_type="application/pdf", content=b"%PDF-1.7" * 99))
    raw = letter.as_bytes()
    assert raw.isascii()
    assert max(map(len, raw.splitlines())) < 998
    (file,) = message_from_bytes(raw, policy=default).iter_attachments()
    assert file.get_filename() == name
    assert file.get_content() == b"%PDF-1.7" * 99
    words = re.search(rb'\bname="([^"]*)"', raw)
    assert words
    assert str(make_header(decode_header(words[1].decode()))) == name
