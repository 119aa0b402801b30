"""The evidence pages: who may add and see, in what words, and what never leaves unscanned."""

import io
import json
from typing import Any

import pytest
from PIL import Image

from complaints.aws import evidence, quarantine, runtime, verdicts
from complaints.aws.desk import intake
from complaints.aws.quarantine import Quarantined
from complaints.aws.verdicts import Verdict
from complaints.models import Channel, Contact, File, Staff
from complaints.texts import texts
from tests.builders import AT, HANDLER, QUALITY
from tests.infra.templates import FUNCTIONS, listed, statements
from tests.kept import put_object
from tests.staff_browser import ADMIN, AUDITOR, Browser, page, registered

pytestmark = pytest.mark.usefixtures("tables")
T = texts("zh_CN")
DIGEST = "A" * 43 + "="
WHY = {"unmask_reason": "audit", "unmask_words": "抽查"}


def photo() -> bytes:
    """Return a photo that says where it was taken."""
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    made = io.BytesIO()
    Image.new("RGB", (640, 480), (9, 99, 9)).save(made, "JPEG", exif=exif)
    return made.getvalue()


def brought(content: bytes = b"", *flags: str) -> tuple[str, File]:
    """Register a complaint with a file; return its number and the file."""
    number = registered().complaint_id
    file = evidence.keep(number, "photo.jpg", content or photo(), flags=flags)
    contact = Contact(
        contact_id="e", channel=Channel.WEB, received_at=runtime.now(), by="han", files=(file,)
    )
    intake.add(number, contact)
    return number, file


def tag(status: str, bucket: str, key: str) -> None:
    """Write what the scanner writes on an object."""
    tags = [{"Key": verdicts.TAG, "Value": status}]
    runtime.client("s3").put_object_tagging(Bucket=bucket, Key=key, Tagging={"TagSet": tags})


# ---- uploads in parts --------------------------------------------------------------------------


def begun(browser: Browser, number: str, **changed: str) -> dict[str, Any]:
    """Begin an upload as the script does; return the answer."""
    browser.get(f"{page(number)}/evidence")
    form = {"name": "录像.mp4", "type": "video/mp4", "size": "9"} | changed
    browser.post(f"{page(number)}/uploads", **form)
    found: dict[str, Any] = json.loads(browser.body) if browser.status == 200 else {}
    return found


def test_only_the_evidence_page_runs_a_script_and_that_one_alone() -> None:
    """No inline script, no other address; it speaks with us and with the bucket."""
    number = registered().complaint_id
    browser = Browser(HANDLER)
    browser.get(f"{page(number)}/evidence")
    policy = dict(
        one.split(" ", 1) for one in browser.headers["Content-Security-Policy"].split("; ")
    )
    assert policy["script-src"] == "https://complaints.example.com/assets/upload.js"
    assert policy["connect-src"].startswith("'self' https://evidence.s3.")
    assert policy["default-src"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert browser.body.count("<script") == 1
    browser.get(page(number))
    assert "script-src" not in browser.headers["Content-Security-Policy"]
    assert "<script" not in browser.body


def test_an_upload_is_begun_signed_and_given_up() -> None:
    """As JSON: where it goes, an address for each part, and nothing left of it."""
    number = registered().complaint_id
    browser = Browser(HANDLER)
    made = begun(browser, number)
    assert made["part_size"] == 8 * 1024 * 1024
    address = f"{page(number)}/uploads/{made['upload_id']}"
    body = f"1 {DIGEST}\n2 {DIGEST}"
    browser.get(f"{page(number)}/evidence")
    assert browser.post(f"{address}/sign", token=made["token"], parts=body) == 200
    assert set(json.loads(browser.body)) == {"1", "2"}
    browser.get(f"{page(number)}/evidence")
    assert browser.post(f"{address}/parts", token=made["token"]) == 200
    assert json.loads(browser.body) == []
    browser.get(f"{page(number)}/evidence")
    assert (
        browser.post(f"{address}/complete", token=made["token"], size="9", composite="0" * 64)
        == 422
    )
    browser.get(f"{page(number)}/evidence")
    assert browser.post(f"{address}/abort", token=made["token"]) == 200
    browser.get(f"{page(number)}/evidence")
    assert browser.post(f"{address}/parts", token=made["token"]) == 422


@pytest.mark.parametrize("size", ["0", "-1", "", "x", "9" * 16, str(5 * 1024**4 + 1)])
def test_a_size_that_nobody_takes_is_refused(size: str) -> None:
    """Nothing, no figure, more than a browser can hash."""
    number = registered().complaint_id
    browser = Browser(HANDLER)
    begun(browser, number, size=size)
    assert browser.status == 422


@pytest.mark.parametrize(
    "parts", ["", "1", f"0 {DIGEST}", f"10001 {DIGEST}", f"1 {'A' * 44}", "1 x\n"]
)
def test_parts_that_are_none_are_refused(parts: str) -> None:
    """Numbers from 1 to 10,000, each with a SHA-256."""
    number = registered().complaint_id
    browser = Browser(HANDLER)
    made = begun(browser, number)
    browser.get(f"{page(number)}/evidence")
    address = f"{page(number)}/uploads/{made['upload_id']}/sign"
    assert browser.post(address, token=made["token"], parts=parts) == 422


def test_who_may_not_add_begins_no_upload() -> None:
    """Nor does anybody without the mark of the session, or for another complaint's upload."""
    number = registered().complaint_id
    handler = Browser(HANDLER)
    made = begun(handler, number)
    auditor = Browser(AUDITOR)
    auditor.get(page(number))
    for rest in ("", f"/{made['upload_id']}/sign", f"/{made['upload_id']}/complete"):
        auditor.post(f"{page(number)}/uploads{rest}", token=made["token"], size="9")
        assert auditor.status == 403
    assert handler.send("POST", f"{page(number)}/uploads", "name=a&size=9") == 403
    handler.get(f"{page(number)}/evidence")
    asked = {"token": made["token"], "parts": f"1 {DIGEST}"}
    assert handler.post(f"{page(number)}/uploads/..%2Fx/sign", **asked) == 422


# ---- nothing leaves before a clean verdict -----------------------------------------------------

STATUSES = ("", *verdicts.STATUSES, "SOMETHING_NEW")


@pytest.mark.parametrize("staff", [HANDLER, QUALITY, ADMIN, AUDITOR])
def test_no_way_out_is_open_before_a_clean_verdict(
    monkeypatch: pytest.MonkeyPatch, staff: Staff
) -> None:
    """Download, picture, original of a mail, with a reason or without: all ask, of everybody."""
    number, file = brought()
    put_object("MAIL_BUCKET", "inbox/m1", b"From: a@b\r\n\r\nx")
    row = Quarantined(
        key="inbox/m1", reason="no_sender", received_at=AT, from_address="a@b", size=9
    )
    quarantine.put(row)
    monkeypatch.setenv("SCAN_UPLOADS", "on")
    place, browser = f"{page(number)}/evidence/{file.upload_id}", Browser(staff)
    ways = (place, f"{place}/picture", f"{place}/picture?small=1")
    for status in STATUSES:
        if status:
            tag(status, "evidence", file.key)
            tag(status, "mail", row.key)
        left = []
        for address in (*ways, f"/staff/quarantine/{row.mail_id}/original"):
            browser.get(address)
            is_out = browser.headers.get("Content-Type", "").startswith("image/")
            left += [address] if browser.status == 303 or is_out else []
        browser.get(page(number))
        if 'name="csrf"' in browser.body:
            left += ["reason"] if browser.post(place, **WHY) == 303 else []
        if status != verdicts.CLEAN:
            assert left == [], status
        elif staff in (HANDLER, QUALITY):
            assert len(left) >= 4


def test_nobody_may_write_a_verdict() -> None:
    """Not a function, whoever asks it: only the scanner's role tags."""
    for name, function in FUNCTIONS.items():
        for statement in statements(function):
            for action in listed(statement["Action"]):
                assert not action.startswith(("s3:PutObjectTagging", "s3:PutObjectVersion")), name


def test_staff_read_the_verdict_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its time; a picture is offered only of what is clean."""
    number, file = brought()
    monkeypatch.setenv("SCAN_UPLOADS", "on")
    browser = Browser(HANDLER)
    for status in STATUSES:
        if status:
            verdicts.put(file.key, Verdict(status=status, at=AT))
        browser.get(page(number))
        known = status if f"verdict.{status}" in T else "FAILED" if status else "waiting"
        assert T(f"verdict.{known}", at="\0").partition("\0")[0] in browser.body
        assert ("/picture" in browser.body) is (status == verdicts.CLEAN)


def test_without_scanning_there_is_no_verdict() -> None:
    """Nor is anything held back."""
    number, file = brought()
    browser = Browser(HANDLER)
    browser.get(page(number))
    assert T("verdict.waiting") not in browser.body
    assert browser.get(f"{page(number)}/evidence/{file.upload_id}") == 303


# ---- pictures, custody -------------------------------------------------------------------------


def test_a_picture_is_its_pixels_and_the_original_is_untouched() -> None:
    """From our own origin, sniffed by nobody; who sees the complaint masked sees none."""
    number, file = brought()
    browser = Browser(HANDLER)
    assert browser.get(f"{page(number)}/evidence/{file.upload_id}/picture") == 200
    assert browser.headers["Content-Type"] == "image/jpeg"
    assert browser.headers["X-Content-Type-Options"] == "nosniff"
    assert evidence.fetch(file) == photo()
    auditor = Browser(AUDITOR)
    assert auditor.get(f"{page(number)}/evidence/{file.upload_id}/picture") == 403
    auditor.get(page(number))
    assert "/picture" not in auditor.body


@pytest.mark.parametrize("content", [b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", photo()[:60]])
def test_a_picture_that_is_none_is_not_there(content: bytes) -> None:
    """A film, and a torn photo."""
    number, file = brought(content)
    browser = Browser(HANDLER)
    assert browser.get(f"{page(number)}/evidence/{file.upload_id}/picture") == 404


def test_a_picture_of_wrong_bytes_is_not_shown() -> None:
    """What storage gives back is compared with what was kept."""
    number, file = brought()
    put_object("EVIDENCE_BUCKET", file.key, photo() + b"x")
    browser = Browser(HANDLER)
    assert browser.get(f"{page(number)}/evidence/{file.upload_id}/picture") == 500


def test_custody_says_who_brought_it_and_who_took_it() -> None:
    """The whole digest, what is odd, and each look at this very file."""
    number, file = brought(b"MZ" + bytes(300), "type_differs")
    Browser(HANDLER).get(f"{page(number)}/evidence/{file.upload_id}")
    browser = Browser(QUALITY)
    assert browser.get(f"{page(number)}/evidence/{file.upload_id}/custody") == 200
    for words in (
        file.sha256, T("staff.custody.bytes", count=302), T("mailbox.flag.type_differs"),
        HANDLER.name, T("staff.look.downloaded"),
    ):  # fmt: skip
        assert words in browser.body
    handler = Browser(HANDLER)
    assert handler.get(f"{page(number)}/evidence/{file.upload_id}/custody") == 403
    assert browser.get(f"{page(number)}/evidence/0123456789abcdef/custody") == 404
