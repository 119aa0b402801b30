"""Particulars entered later, on the tables and on the page (A6)."""

import pytest

from complaints.aws.desk import line, merging, parties
from complaints.aws.persons import person_secret
from complaints.aws.repository import ComplaintRepository, StaleComplaintError
from complaints.history import breaks
from complaints.matters import person_key
from complaints.models import Complainant, Complaint, Decision, Dossier
from complaints.particulars import current
from tests.builders import HANDLER, HEAD, QUALITY, finding
from tests.kept import mailed_to, refuse
from tests.staff_browser import AUDITOR, Browser, page, registered

pytestmark = pytest.mark.usefixtures("tables")


def stored(one: Complaint) -> Dossier:
    """Return the complaint as it is now."""
    return ComplaintRepository.from_env().dossier(one.complaint_id)


def correct(one: Complaint, *, once: str = "1", seen: str = "0", **wanted: str) -> Complaint:
    """Enter particulars of a complaint."""
    values = current(stored(one)) | wanted
    return parties.correct_particulars(
        one.complaint_id, values, "来电补充", seen=seen, once=once, staff=QUALITY
    )


def test_the_page_says_what_is_missing_and_takes_it() -> None:
    """The policy's fields; what is known stands beside the words that were said."""
    one = registered()
    browser = Browser(HANDLER)
    browser.get(page(one.complaint_id))
    assert "规程要求而尚缺" in browser.body
    values = {f"fact_{name}": value for name, value in current(stored(one)).items()}
    values |= {"fact_demand": "请道歉", "fact_occurred_on": "2020-01-02", "fact_place": "大堂"}
    browser.post(f"{page(one.complaint_id)}/particulars", **values)
    assert browser.status == 303
    browser.get(f"{page(one.complaint_id)}?done=particulars")
    assert "规程要求而尚缺" not in browser.body
    assert "投诉要素已更新" in browser.body
    for value in ("请道歉", "2020年1月2日", "大堂"):
        assert value in browser.body
    whole = stored(one)
    assert whole.entries[-1].action == "particulars_corrected"
    assert list(breaks(whole.entries, whole.complaint.digest)) == []


def test_what_does_not_fit_is_said_beside_its_field_and_nothing_is_lost() -> None:
    """A number that is none; a correction without its source."""
    one = registered()
    browser = Browser(HANDLER)
    browser.get(page(one.complaint_id))
    values = {f"fact_{name}": value for name, value in current(stored(one)).items()}
    address = f"{page(one.complaint_id)}/particulars"
    browser.post(address, **values | {"fact_phone": "随便", "fact_place": "大堂"})
    assert browser.status == 422
    assert "随便" in browser.body
    browser.post(address, **values | {"fact_phone": "13900000009", "fact_place": "大堂"})
    assert "请写明依据" in browser.body
    assert stored(one).corrections == ()


def test_another_phone_makes_it_another_person() -> None:
    """The key of the head and the index follow; the old one finds it no more (I3)."""
    one = registered()
    changed = correct(one, phone="+8613900000009")
    key = person_key(Complainant(phone="+8613900000009"), person_secret())
    assert changed.person == key
    complaints = ComplaintRepository.from_env()
    assert [each.complaint_id for each in complaints.of_person(key)] == [one.complaint_id]
    assert complaints.of_person(one.person) == []
    whole = stored(one)
    assert whole.complainant.phone == "+8613900000009"
    assert whole.corrections[0].before["phone"] == "+8613800138000"
    assert whole.key


def test_the_same_twice_is_one_and_who_comes_second_looks_again() -> None:
    """Two people with the same page open don't undo each other's words unseen."""
    one = registered()
    correct(one, place="大堂")
    correct(one, once="2", place="大堂")
    assert len(stored(one).corrections) == 1
    with pytest.raises(StaleComplaintError):
        correct(one, once="3", place="电梯")
    correct(one, once="3", seen="1", place="电梯")
    assert current(stored(one))["place"] == "电梯"


def test_a_merged_complainant_counts_as_who_it_is() -> None:
    """The link, the repeats of the main complaint and both histories in one save (B5, I3)."""
    main, one = registered("前台态度恶劣，不耐烦。"), registered("前台态度恶劣，不耐烦。二")
    merging.merge(one.complaint_id, main.complaint_id, staff=QUALITY)
    assert stored(main).complaint.repeats == 1
    correct(one, phone="+8613900000009")
    whole = stored(main)
    assert whole.merged[0].person == stored(one).complaint.person != main.person
    assert whole.complaint.repeats == 0
    assert whole.entries[-1].action == "merged_corrected"
    correct(one, once="2", seen="1", phone="+8613800138000")
    assert stored(main).complaint.repeats == 1
    correct(main, phone="+8613900000009")
    assert stored(main).complaint.repeats == 0
    browser = Browser(QUALITY)
    browser.get(page(one.complaint_id))
    assert "task-particulars" in browser.body
    assert "task-investigate" not in browser.body


def test_a_letter_that_failed_goes_to_the_corrected_address() -> None:
    """At once, and the next ones too."""
    refuse("sesv2", "SendEmail", "MessageRejected")
    one = registered("地址写错", name="李娜", email="wrong@example.com", phone="13800000001")
    assert [letter.sent_at for letter in stored(one).letters] == [None]
    correct(one, email="right@example.com")
    (letter,) = stored(one).letters
    assert letter.to == "right@example.com"
    line.submit_finding(one.complaint_id, finding(), staff=HANDLER)
    line.decide(one.complaint_id, Decision(approver=HEAD.username, approved=True), staff=HEAD)
    assert mailed_to()[-1] == "right@example.com"


def test_who_only_audits_sees_masked_values_and_no_form() -> None:
    """Old ones as well as new ones, and the words beside them stay (F7)."""
    one = registered()
    correct(one, phone="+8613900000009", address="幸福路十二号三单元")
    browser = Browser(AUDITOR)
    browser.get(page(one.complaint_id))
    assert "task-particulars" not in browser.body
    for secret in ("13900000009", "13800138000", "三单元"):
        assert secret not in browser.body
    assert "来电补充" in browser.body


def test_the_key_of_the_complaint_stays() -> None:
    """Whoever it turns out to be: all commitments before stay verifiable."""
    one = registered()
    before = stored(one)
    correct(one, name="李纳", address="幸福路1号")
    assert stored(one).complainant == before.complainant.replace(name="李纳", address="幸福路1号")
    assert stored(one).key == before.key
