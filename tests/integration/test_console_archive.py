"""The archive by the staff pages: found, opened, proven, checked, downloaded; each on record."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from complaints.access import collection_of, collection_of_month
from complaints.aws import accesses
from complaints.aws.archive_files import public_key
from complaints.aws.desk import line
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import client, now
from complaints.seal import pem, proof_key
from functions.seal.handler import handler as seal
from tests.builders import HANDLER, QUALITY
from tests.conftest import ENVIRONMENT
from tests.kept import set_clock
from tests.staff_browser import AUDITOR, Browser, closed, registered

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture(autouse=True)
def _this_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the key of the deployment that another test had; look back a few days only."""
    public_key.cache_clear()
    monkeypatch.setattr("complaints.aws.sealing.LONGEST_SILENCE", timedelta(days=3))


def sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seal today, tomorrow."""
    tomorrow = datetime.now(UTC).replace(microsecond=0, hour=0, minute=30) + timedelta(days=1)
    set_clock(monkeypatch, tomorrow)
    seal({}, None)


def links(body: str, word: str) -> list[str]:
    """Return the addresses of a page that hold this word."""
    return [one for one in re.findall(r'href="([^"]+)"', body) if f"/{word}/" in one]


def test_a_file_is_found_by_what_is_asked() -> None:
    """By department, handler, result and words; and not by what it is not."""
    number = closed().complaint_id
    open_one = registered("灯坏了").complaint_id
    browser = Browser(AUDITOR)
    head = ComplaintRepository.from_env().get(number)
    assert head.assessment
    fitting = (
        "", "?severity=general", f"?department={head.department}", f"?handler={head.investigator}",
        "?result=satisfied", "?words=态度恶劣", f"?type={head.assessment.type}",
    )  # fmt: skip
    for asked in fitting:
        assert browser.get(f"/staff/archive{asked}") == 200
        assert (asked, number in browser.body) == (asked, True)
        assert open_one not in browser.body
    for asked in (
        "?severity=major",
        "?handler=nobody",
        "?result=voided",
        "?held=yes",
        "?words=电梯",
    ):
        assert browser.get(f"/staff/archive{asked}") == 200
        assert (asked, number in browser.body) == (asked, False)
    assert browser.get(f"/staff/archive?number={number.lower()}") == 303
    assert browser.headers["Location"] == f"/staff/archive/{number}"


def test_what_was_taken_up_again_is_found_by_its_earlier_bag() -> None:
    """It is open, and what was filed before is still there to be read and checked."""
    number = closed().complaint_id
    line.reopen(number, "又不凉了", staff=QUALITY)
    browser = Browser(AUDITOR)
    assert browser.get("/staff/archive") == 200
    assert number in browser.body
    assert browser.get(f"/staff/archive/{number}") == 200
    assert len(links(browser.body, "bag")) == 1
    assert browser.get(f"/staff/archive/{number}/check") == 200
    assert "notice-green" in browser.body


def test_a_search_is_on_record_without_its_words() -> None:
    """Who searched with which filters; the words are committed to, for they may be a name."""
    closed()
    Browser(AUDITOR).get("/staff/archive?severity=general&words=张三丰")
    [entry] = list(accesses.whole(collection_of_month("exports", now())))
    assert (entry.by, entry.action) == (AUDITOR.username, "searched")
    assert "severity=general" in entry.what
    assert "张三丰" not in f"{entry}"
    assert entry.commitment


def test_a_search_goes_on_where_a_page_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file stands on exactly one page."""
    monkeypatch.setattr("complaints.aws.console.search.ROWS", 1)
    numbers = {closed(f"前台态度恶劣，第{n}次").complaint_id for n in range(3)}
    browser, address, found = Browser(QUALITY), "/staff/archive", []
    for _ in range(5):
        assert browser.get(address) == 200
        found += [one for one in numbers if f'href="/staff/archive/{one}"' in browser.body]
        further = re.findall(r'href="(/staff/archive\?[^"]+after[^"]+)"', browser.body)[-1:]
        if not further or "lang=" in further[0]:
            break
        address = further[0].replace("&amp;", "&")
    assert sorted(found) == sorted(numbers)


def test_a_filed_complaint_is_proven_once_its_day_is_sealed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before, the page says that the seal is to come; then bag, proof and key can be had."""
    number = closed().complaint_id
    browser = Browser(AUDITOR)
    assert browser.get(f"/staff/archive/{number}") == 200
    [bag] = links(browser.body, "bag")
    assert not links(browser.body, "proof")
    assert browser.get(bag.replace("/bag/", "/proof/")) == 404
    sealed(monkeypatch)
    browser = Browser(AUDITOR)
    assert browser.get(f"/staff/archive/{number}") == 200
    assert "notice-red" not in browser.body
    [proof] = links(browser.body, "proof")
    for address in (bag, proof):
        assert browser.get(address) == 303
        assert "X-Amz-Expires=60" in browser.headers["Location"]
    assert browser.get("/staff/archive-key") == 200
    assert browser.body == pem(public_key()).decode()
    looks = [(one.by, one.action, one.what) for one in accesses.whole(collection_of(number))]
    version = bag.rpartition("/")[2]
    assert looks[-2:] == [
        ("shen", "downloaded", f"bag:{version}"), ("shen", "downloaded", f"proof:{version}"),
    ]  # fmt: skip


@pytest.mark.parametrize("what", ["bag", "proof"])
def test_a_changed_file_is_found_in_one_click(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """Whole at first; after a single byte of the bag or its proof is another one, it is named."""
    complaint = closed()
    sealed(monkeypatch)
    browser = Browser(AUDITOR)
    address = f"/staff/archive/{complaint.complaint_id}/check"
    assert browser.get(address) == 200
    assert "notice-green" in browser.body
    key = complaint.archive_key if what == "bag" else proof_key(complaint.archive_key)
    place = {"Bucket": ENVIRONMENT["ARCHIVE_BUCKET"], "Key": key}
    content = bytearray(client("s3").get_object(**place)["Body"].read())
    content[len(content) // 2] ^= 1
    client("s3").put_object(**place, Body=bytes(content))
    assert browser.get(address) == 200
    assert "notice-red" in browser.body


def test_who_has_nothing_to_do_with_the_archive_finds_no_file() -> None:
    """A handler is refused; what is not filed, or does not exist, is not found."""
    number, open_one = closed().complaint_id, registered("灯坏了").complaint_id
    assert Browser(HANDLER).get(f"/staff/archive/{number}") == 403
    for address in (open_one, "TS-2026-999999-9", f"{number}/bag/999", f"{number}/bag/x"):
        assert Browser(AUDITOR).get(f"/staff/archive/{address}") == 404
