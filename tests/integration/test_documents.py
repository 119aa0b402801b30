"""Documents are printed, issued on record, mailed, archived, and verified by anybody."""

import hashlib
from base64 import b64decode
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

import pypdfium2
import pytest

from complaints.aws import documents
from complaints.aws.desk import line, parties
from complaints.aws.reports import make_month
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import client, now
from complaints.aws.settings import office_for
from complaints.aws.templates import Templates
from complaints.aws.typesetting import TypesetError
from complaints.documents import issue
from complaints.models import Decision, Dossier, Outcome
from complaints.particulars import current
from complaints.parts import DocumentKind
from functions.intake_web.handler import handler as web_handler
from tests.builders import HANDLER, HEAD, MANAGER, QUALITY
from tests.kept import mails
from tests.staff_browser import ADMIN, AUDITOR, Browser, investigated, page

pytestmark = pytest.mark.usefixtures("tables")


def decided() -> str:
    """Return the number of a complaint whose solution was approved."""
    number = investigated().complaint_id
    line.decide(number, Decision(approver=HEAD.username, approved=True), staff=HEAD)
    return number


def dossier_of(number: str) -> Dossier:
    """Return the file of a complaint as it is now."""
    return ComplaintRepository.from_env().dossier(number)


def text_of(pdf: bytes) -> str:
    """Return the text of a PDF without its line ends."""
    opened = pypdfium2.PdfDocument(pdf)
    return "".join(one.get_textpage().get_text_bounded() for one in opened).replace("\r\n", "")


def notice_mail(number: str) -> EmailMessage:
    """Return the mail that tells the decision."""
    found = [one for one in mails() if any(True for _ in one.iter_attachments())]
    assert len(found) == 1
    assert number in str(found[0]["Subject"]) + str(found[0].get_body())
    return found[0]


def test_the_decision_goes_with_the_notice_as_pdf() -> None:
    """Readable by its name, on record before it went, with a code that verifies it."""
    number = decided()
    (pdf,) = notice_mail(number).iter_attachments()
    assert pdf.get_filename() == f"处理结果通知书-{number}.pdf"
    words = text_of(pdf.get_content())
    assert "处理结果通知书" in words
    assert number in words
    (kept,) = issue.issued(dossier_of(number).entries)
    assert (kept.kind, kept.number, kept.by) == (DocumentKind.NOTICE, number, "notify")
    assert issue.code_of(kept.digest) in words
    found = documents.verify(number, issue.code_of(kept.digest))
    assert found
    assert (found.kind, found.at, found.replaced_at) == (kept.kind, kept.at, None)


def test_a_document_that_is_printed_again_is_on_record_once() -> None:
    """What changed since is another document, and replaces it."""
    number = decided()
    han = Browser(HANDLER)
    for _ in range(2):
        han.get(page(number))
        assert han.post(f"{page(number)}/documents", kind="investigation_report") == 200
    assert han.headers["Content-Type"] == "application/pdf"
    kept = issue.issued(dossier_of(number).entries)
    assert [(one.kind, one.by) for one in kept] == [
        (DocumentKind.NOTICE, "notify"),
        (DocumentKind.INVESTIGATION_REPORT, HANDLER.username),
    ]


def test_a_replaced_document_says_so() -> None:
    """Both are ours; the first is not the newest."""
    number = decided()
    first, _ = documents.hand_out(number, DocumentKind.HANDLING_RECORD, by="han")
    line.confirm_by_phone(number, Outcome.ACCEPTED, "", staff=HANDLER)
    second, _ = documents.hand_out(number, DocumentKind.HANDLING_RECORD, by="han")
    codes = [issue.code_of(issue.digest(one)) for one in (first, second)]
    assert codes[0] != codes[1]
    before, after = (documents.verify(number, code) for code in codes)
    assert before
    assert before.replaced_at is not None
    assert after
    assert after.replaced_at is None


def test_who_sees_no_person_prints_a_copy_that_proves_nothing() -> None:
    """An auditor changes nothing, and the paper says what it is."""
    number = decided()
    before = dossier_of(number).complaint.version
    auditor = Browser(AUDITOR)
    auditor.get(page(number))
    assert auditor.post(f"{page(number)}/documents", kind="handling_record") == 200
    words = text_of(b64decode(auditor.body))
    assert "查阅件" in words
    assert "李娜" not in words
    assert "校验码" not in words
    assert dossier_of(number).complaint.version == before


def test_an_unknown_or_unmade_document_is_not_found() -> None:
    """And nothing is on record of it."""
    number = investigated().complaint_id
    han = Browser(HANDLER)
    for kind in ("notice", "work_order", "payslip", "summary"):
        han.get(page(number))
        assert han.post(f"{page(number)}/documents", kind=kind) == 404
    assert issue.issued(dossier_of(number).entries) == ()


def test_anybody_verifies_a_document_by_number_and_code() -> None:
    """The page says which and when, and nothing personal."""
    number = decided()
    (kept,) = issue.issued(dossier_of(number).entries)
    answer = public("GET", f"/verify/{number}/{issue.code_of(kept.digest)}")
    assert answer["statusCode"] == 200
    assert "处理结果通知书" in answer["body"]
    assert "是最新的一份" in answer["body"]
    assert "李娜" not in answer["body"]


@pytest.mark.parametrize("code", ["0000-0000-0000-0000", "x", "9" * 400])
def test_a_wrong_code_and_a_wrong_number_look_the_same(code: str) -> None:
    """Who holds no document learns nothing of a complaint."""
    number, other = decided(), "TS-2026-999999-0"
    pages = [public("GET", f"/verify/{one}/{code}") for one in (number, other)]
    assert [one["statusCode"] for one in pages] == [404, 404]
    assert pages[0]["body"].replace(number, "") == pages[1]["body"].replace(other, "")


def test_guessing_codes_comes_to_an_end() -> None:
    """As guessing tracking codes does."""
    statuses = [public("GET", f"/verify/TS-1/{n}")["statusCode"] for n in range(32)]
    assert statuses[-1] == 429


def test_the_form_leads_to_the_document() -> None:
    """Typed as it is read from paper, in any script of digits."""
    number = decided()
    (kept,) = issue.issued(dossier_of(number).entries)
    typed = issue.code_of(kept.digest).lower().replace("-", " ")
    answer = public("POST", "/verify", urlencode({"number": f" {number}", "code": typed}))
    assert answer["statusCode"] == 303
    found = public("GET", unquote(answer["headers"]["Location"]))
    assert found["statusCode"] == 200


def public(method: str, address: str, body: str = "") -> dict[str, Any]:
    """Ask for a public page."""
    return web_handler(
        {
            "rawPath": address,
            "rawQueryString": "",
            "headers": {"content-type": "application/x-www-form-urlencoded"},
            "requestContext": {"http": {"method": method, "sourceIp": "203.0.113.8"}},
            "body": body,
        },
        None,
    )


def test_the_archive_gets_every_document_alike_each_time() -> None:
    """What was not issued has no code: nobody could verify it."""
    number = decided()
    dossier = dossier_of(number)
    office = office_for(dossier.complaint.policy)
    first, again = (dict(documents.documents_of(dossier, office)) for _ in range(2))
    [notice] = dossier.issued
    assert first == again
    assert list(first) == [notice.document_id, "handling_record", "investigation_report"]
    assert "校验码" in text_of(first[notice.document_id])
    assert "校验码" not in text_of(first["handling_record"])


def test_the_archive_keeps_what_its_reader_has() -> None:
    """The very bytes that were mailed, whatever changed since; the history says which they are."""
    number = decided()
    (pdf,) = notice_mail(number).iter_attachments()
    assert pdf.get_filename()
    mailed = pdf.get_content()
    wanted = {**current(dossier_of(number)), "name": "李妍"}
    parties.correct_particulars(number, wanted, "来电", seen="0", once="f1", staff=QUALITY)
    dossier = dossier_of(number)
    office = office_for(dossier.complaint.policy)
    printed = dict(documents.documents_of(dossier, office))
    [issued] = dossier.issued
    assert printed[issued.document_id] == mailed
    assert "李妍" in text_of(printed["notice"])
    [entry] = [one for one in dossier.entries if one.action == "document_issued"]
    assert entry.facts["sha256"] == hashlib.sha256(mailed).hexdigest()


def test_a_notice_that_can_not_be_printed_holds_up_no_letter(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The decision is in the words of the letter, and an alarm rings."""
    monkeypatch.setattr(documents, "typeset", broken)
    decided()
    assert all(not list(one.iter_attachments()) for one in mails())
    assert any("诚恳道歉" in str(one) or "r" in str(one.get_body()) for one in mails())
    assert "DocumentNotMade" in capsys.readouterr().out


def broken(*_: object) -> bytes:
    """Fail as a template does."""
    raise TypesetError("no")


# ---- templates -----------------------------------------------------------------------------

TEMPLATE = "/staff/templates/notice"
OWN = '#import "parts.typ": *\n\n本院敬告 #doc.body.reply\n'


def put(browser: Browser, source: str, do: str = "save") -> int:
    """Open the template and send its form."""
    browser.get(TEMPLATE)
    return browser.post(TEMPLATE, source=source, do=do)


def test_the_office_changes_a_template_and_goes_back() -> None:
    """The next document has it; each change is on record."""
    qiu = Browser(QUALITY)
    assert put(qiu, OWN) == 303
    number = decided()
    (pdf,) = notice_mail(number).iter_attachments()
    assert "本院敬告" in text_of(pdf.get_content())
    assert put(qiu, "", "restore") == 303
    dossier = dossier_of(number)
    printed = documents.render(DocumentKind.NOTICE, dossier, office_for(dossier.complaint.policy))
    assert "本院敬告" not in text_of(printed)
    assert [one.is_original for one in Templates.from_env().history(DocumentKind.NOTICE)] == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("好\n#foo(", "第 2 行第 5 列"),
        ('#read("/etc/passwd")', "第 1 行第 7 列"),
        ('#read("../../../etc/passwd")', "第 1 行第 7 列"),
        ('#import "@preview/cetz:0.3.0": *', "第 1 行第 9 列"),
        ("#let f(n) = f(n + 1)\n#f(0)", "第 1 行"),
        ("#{ while true { } }", "第 1 行"),
        ("#for n in range(400) { pagebreak() }", "pages"),
        ("", "不能为空"),
    ],
)
def test_a_template_that_can_not_be_set_is_refused(source: str, said: str) -> None:
    """With what is wrong and where; the one in force stays."""
    qiu = Browser(QUALITY)
    assert put(qiu, source) == 422
    assert said in qiu.body
    assert Templates.from_env().number(DocumentKind.NOTICE) == 0


def test_two_who_change_a_template_at_once_are_told() -> None:
    """The second page was opened before the first was saved."""
    first, second = Browser(QUALITY), Browser(ADMIN)
    first.get(TEMPLATE)
    second.get(TEMPLATE)
    assert first.post(TEMPLATE, source=OWN, do="save") == 303
    assert second.post(TEMPLATE, source=OWN + "!", do="save") == 409
    assert put(first, OWN) == 422


def test_a_template_is_previewed_with_sample_data() -> None:
    """Nothing is saved by looking."""
    qiu = Browser(QUALITY)
    assert put(qiu, OWN, "preview") == 200
    assert "本院敬告" in text_of(b64decode(qiu.body))
    assert Templates.from_env().number(DocumentKind.NOTICE) == 0


def test_only_who_words_letters_changes_templates() -> None:
    """And no kind is made up."""
    assert Browser(HANDLER).get(TEMPLATE) == 403
    assert Browser(QUALITY).get("/staff/templates/register") == 404
    assert Browser(QUALITY).get("/staff/templates") == 200


# ---- fonts of the office's own -------------------------------------------------------------


def test_a_font_of_the_office_prints_what_ours_lack() -> None:
    """Ours stand first; what is no font is passed over."""
    s3 = client("s3")
    font = next(Path("/usr/share/fonts").rglob("DejaVuSans.ttf"), None)
    if font is None:
        pytest.skip("needs a font that has letters which Noto Serif SC lacks")
    s3.put_object(Bucket="policies", Key="documents/fonts/a-not-a-font.ttf", Body=b"no")
    s3.put_object(Bucket="policies", Key="documents/fonts/dejavu.ttf", Body=font.read_bytes())
    number = investigated().complaint_id
    dossier = dossier_of(number)
    named = dossier.replace(complainant=dossier.complainant.replace(name="Ԥԥ李"))
    office = office_for(dossier.complaint.policy)
    printed = documents.render(DocumentKind.HANDLING_RECORD, named, office)
    assert "Ԥԥ" in text_of(printed)


# ---- the documents of a month --------------------------------------------------------------


def test_a_month_is_printed_as_this_person_may_see_it() -> None:
    """The summary names nobody; the register is masked for who has no task in it."""
    number, month = decided(), f"{now():%Y-%m}"
    make_month(month)
    address = f"/staff/reports/{month}"
    qiu, manager = Browser(QUALITY), Browser(MANAGER)
    assert qiu.get(address) == 200
    assert "投诉汇总表" in qiu.body
    assert qiu.get(f"{address}/summary") == 200
    words = text_of(b64decode(qiu.body))
    assert number in words
    assert "李娜" not in words
    assert qiu.get(f"{address}/register") == 200
    assert "李娜" in text_of(b64decode(qiu.body))
    assert manager.get(f"{address}/register?part=1") == 200
    assert "李娜" not in text_of(b64decode(manager.body))
    for part in ("0", "2", "x", "-1"):
        assert qiu.get(f"{address}/register?part={part}") == 404
    assert Browser(HANDLER).get(f"{address}/summary") == 403
