"""The policy by the staff pages: read, compared, tried on past complaints, adopted (H5, I4)."""

import re

import boto3
import pytest

from complaints.aws import policies
from complaints.aws.policy_bucket import OVERRIDE
from complaints.aws.repository import ComplaintRepository
from complaints.models import Staff
from complaints.policy import load, source_file
from functions.check_sla import handler as check_sla
from tests.builders import HANDLER, HEAD, MANAGER, QUALITY
from tests.staff_browser import ADMIN, AUDITOR, Browser, registered

pytestmark = pytest.mark.usefixtures("tables")

PAGE = "/staff/policy"
WRITTEN = source_file("service-provider").read_text(encoding="utf-8")
DEPLOYED = load("service-provider")
SLOWER = WRITTEN.replace("general: {working_days: 3}", "general: {working_days: 4}")
BAD = WRITTEN.replace("retention_years: 5", "retention_years: soon")


def handed_in(browser: Browser, written: str = SLOWER) -> str:
    """Hand in a policy; return the page that says what would change."""
    assert browser.get(PAGE) == 200
    assert browser.post(PAGE, written=written) == 303
    return browser.headers["Location"]


def adopted(browser: Browser, written: str = SLOWER) -> str:
    """Hand in a policy and put it into force; return its version."""
    address = handed_in(browser, written)
    assert browser.get(address) == 200
    assert browser.post(address, reason="旺季人手不够") == 303
    return address.rpartition("/")[2]


@pytest.mark.parametrize("staff", [QUALITY, MANAGER, AUDITOR, ADMIN])
def test_who_answers_for_the_policy_reads_it_as_a_procedure(staff: Staff) -> None:
    """In both languages, with the file to download."""
    browser = Browser(staff)
    assert browser.get(f"{PAGE}?lang=zh_CN") == 200
    assert DEPLOYED.title.zh in browser.body
    assert browser.get(f"{PAGE}?lang=en") == 200
    assert DEPLOYED.title.en in browser.body
    assert browser.get(f"{PAGE}/{DEPLOYED.version}/file") == 200
    assert browser.body == WRITTEN
    assert "attachment" in browser.headers["Content-Disposition"]


@pytest.mark.parametrize("staff", [HANDLER, HEAD])
def test_others_neither_read_nor_change_it(staff: Staff) -> None:
    """The menu does not offer it, the address refuses it."""
    browser = Browser(staff)
    assert browser.get("/staff") == 200
    assert PAGE not in browser.body
    assert browser.get(PAGE) == 403
    assert browser.get(f"{PAGE}/{DEPLOYED.version}") == 403
    assert browser.get(f"{PAGE}/{DEPLOYED.version}/file") == 403


@pytest.mark.parametrize("staff", [MANAGER, AUDITOR])
def test_who_only_reads_it_can_not_change_it(staff: Staff) -> None:
    """No form is shown, and a form that is sent is refused."""
    address = handed_in(Browser(QUALITY))
    browser = Browser(staff)
    assert browser.get(PAGE) == 200
    assert "textarea" not in browser.body
    browser.get(address)
    assert 'name="reason"' not in browser.body
    browser.get("/staff")
    assert browser.post(PAGE, written=SLOWER) == 403
    browser.get("/staff")
    assert browser.post(address, reason="x", expected=DEPLOYED.reference) == 403


@pytest.mark.parametrize("staff", [QUALITY, ADMIN])
def test_a_policy_is_adopted_with_a_reason_and_is_on_record(staff: Staff) -> None:
    """What changed stands in the log in words, with who and why."""
    browser = Browser(staff)
    browser.get(f"{PAGE}?lang=en")
    address = handed_in(browser)
    assert browser.get(address) == 200
    assert "clocks.solution.general" in browser.body
    assert "3 working days" in browser.body
    assert "4 working days" in browser.body
    assert browser.post(address, reason="") == 422
    assert browser.post(address, reason="旺季人手不够") == 303
    assert browser.get(browser.headers["Location"]) == 200
    assert policies.policies().in_force().version == address.rpartition("/")[2]
    for words in ("旺季人手不够", staff.name, "4 working days", DEPLOYED.version):
        assert words in browser.body


def test_the_problems_of_a_file_are_shown_with_their_lines() -> None:
    """Line, setting, value and what is allowed; the file comes back to be mended."""
    browser = Browser(QUALITY)
    browser.get(PAGE)
    assert browser.post(PAGE, written="") == 422
    assert browser.post(PAGE, written=BAD) == 422
    line = BAD[: BAD.index("retention_years: soon")].count("\n") + 1
    assert f'<span class="number">{line}</span>' in browser.body
    for words in ("retention_years", '"soon"', "整数", "retention_years: soon"):
        assert words in browser.body
    assert policies.policies().in_force() == DEPLOYED


def test_a_file_is_uploaded_as_well_as_pasted() -> None:
    """A form with a file in it is sent in parts."""
    browser = Browser(QUALITY)
    browser.get(PAGE)
    csrf = re.search(r'name="csrf" value="([^"]+)"', browser.body)
    assert csrf
    fields = {"csrf": csrf[1], "written": "", 'file"; filename="新.yaml': SLOWER}
    parts = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    kind = {"content-type": "multipart/form-data; boundary=x"}
    assert browser.send("POST", PAGE, f"{parts}--x--\r\n", **kind) == 303
    assert browser.get(browser.headers["Location"]) == 200
    assert "clocks.solution.general" in browser.body


def test_a_policy_is_tried_on_past_complaints_before_it_goes_live() -> None:
    """Who may see complaints sees which would have gone another way; others only how many."""
    number = registered().complaint_id
    browser = Browser(QUALITY)
    browser.get(f"{PAGE}?lang=en")
    address = handed_in(browser)
    browser.get(address)
    assert "Of 1 complaints of the last 30 days, 1 would have" in browser.body
    assert number in browser.body
    browser = Browser(ADMIN)
    browser.get(f"{address}?lang=en")
    assert "Of 1 complaints of the last 30 days, 1 would have" in browser.body
    assert number not in browser.body


def test_of_two_who_adopt_at_once_the_second_is_told() -> None:
    """What was compared is no longer in force."""
    first, second = Browser(QUALITY), Browser(ADMIN)
    one = handed_in(first)
    other = handed_in(second, WRITTEN.replace("retention_years: 5", "retention_years: 9"))
    first.get(one)
    second.get(other)
    assert first.post(one, reason="一") == 303
    assert second.post(other, reason="二") == 409
    assert policies.policies().in_force().version == one.rpartition("/")[2]
    assert len(policies.policies().changes()) == 1


def test_an_earlier_policy_is_put_back_from_the_log() -> None:
    """The page of any version that was in force leads to it."""
    browser = Browser(QUALITY)
    adopted(browser)
    browser.get(PAGE)
    address = f"{PAGE}/{DEPLOYED.version}"
    assert f'href="{address}"' in browser.body
    assert browser.get(address) == 200
    assert browser.post(address, reason="恢复原规程") == 303
    assert policies.policies().in_force() == DEPLOYED


def test_what_is_in_force_is_not_offered_and_what_is_not_kept_not_found() -> None:
    """There is nothing to compare."""
    browser = Browser(QUALITY)
    assert browser.get(f"{PAGE}/{DEPLOYED.version}") == 200
    assert 'name="reason"' not in browser.body
    assert browser.get(f"{PAGE}/000000000000") == 404
    assert browser.get(f"{PAGE}/adopt") == 404


def test_a_file_in_the_bucket_that_was_refused_is_shown_with_its_problems() -> None:
    """Whoever put it there learns why nothing happened."""
    boto3.client("s3").put_object(Bucket="policies", Key=OVERRIDE, Body=BAD.encode())
    policies.policies.cache_clear()
    check_sla.handler({}, None)
    browser = Browser(QUALITY)
    browser.get(f"{PAGE}?lang=en")
    assert "policies/override.yaml of the bucket was refused" in browser.body
    assert '"soon"' in browser.body


def test_a_complaint_is_shown_under_the_policy_it_was_received_under() -> None:
    """Its limits and who signs are those of its own version."""
    complaint = registered()
    browser = Browser(QUALITY)
    adopted(browser, WRITTEN.replace("{zh: 服务部, en: Service department}", "{zh: 新部, en: New}"))
    assert browser.get(f"/staff/complaints/{complaint.complaint_id}") == 200
    assert "服务部" in browser.body
    assert "新部" not in browser.body


def test_under_a_lost_policy_the_page_opens_with_a_warning_and_nothing_is_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was typed is shown again; once the version is back, the same form is taken."""
    complaint = registered()
    number = complaint.complaint_id
    browser = Browser(QUALITY)
    adopted(browser, WRITTEN.replace("retention_years: 5", "retention_years: 9"))
    kept = f"policies/service-provider/{DEPLOYED.version}.json"
    s3 = boto3.client("s3")
    content = s3.get_object(Bucket="policies", Key=kept)["Body"].read()
    s3.delete_object(Bucket="policies", Key=kept)
    newer = policies.policies().in_force()
    monkeypatch.setattr(policies, "load", lambda _: newer)
    policies.policies.cache_clear()

    page = f"/staff/complaints/{number}"
    assert browser.get(f"{page}?lang=en") == 200
    assert f"this page shows it under {newer.reference}" in browser.body
    assert browser.post(f"{page}/note", text="已电话联系") == 409
    assert "nothing was changed" in browser.body
    assert "已电话联系" in browser.body
    assert ComplaintRepository.from_env().get(number) == complaint

    s3.put_object(Bucket="policies", Key=kept, Body=content)
    assert browser.post(f"{page}/note", text="已电话联系") == 303
    assert browser.get(f"{page}?lang=en") == 200
    assert "this page shows it under" not in browser.body
