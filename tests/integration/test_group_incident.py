"""A group incident on the tables: declared, stated to the public, and everybody told once."""

from datetime import timedelta

import pytest

from complaints.aws import runtime
from complaints.aws.desk import incidents, merging, updates
from complaints.aws.directory import StaffDirectory
from complaints.aws.repository import ComplaintRepository
from complaints.group_incident import clock_of
from complaints.lifecycle import WrongStatusError
from complaints.models import Complainant, Dossier
from complaints.parts import Announcement
from functions.check_sla.handler import handler as check_sla
from tests.builders import HANDLER, LI, MANAGER, QUALITY, STAFF, assessed, received
from tests.doors import T_ZH
from tests.kept import keep, mailed_to, mails, set_clock, words_of
from tests.staff_browser import Browser, page

pytestmark = pytest.mark.usefixtures("tables")
OUT = "三号楼停水，今晚八点前恢复，期间请到一楼取水。"
STATEMENT = {"statement": OUT, "published_in": "官网", "published_at": "2026-01-05T09:00"}


@pytest.fixture(autouse=True)
def _staff(tables: None) -> None:
    """Enter the people of the builders into the directory."""
    del tables
    for member in STAFF:
        StaffDirectory.from_env().put(member)


def number_of(n: int) -> str:
    """Return the number of the n-th complaint."""
    return received(n=n).complaint.complaint_id


def stored(n: int = 1) -> Dossier:
    """Return the n-th complaint as it is now."""
    return ComplaintRepository.from_env().dossier(number_of(n))


def incident(merged: int = 0) -> str:
    """Store a group incident with so many complaints merged into it; return its number."""
    at = runtime.now() - timedelta(minutes=5)
    for n in range(1, merged + 2):
        who = Complainant(name=f"住户{n}", email=f"p{n}@example.com") if n > 1 else LI
        start = received(n=n, at=at, complainant=who, contact_id=f"form-{n}")
        keep(start, assessed(start))
    for n in range(2, merged + 2):
        merging.merge(number_of(n), number_of(1), staff=QUALITY)
    incidents.declare_incident(number_of(1), "三号楼停水", staff=QUALITY)
    return number_of(1)


def fill(n: int, task: str, **fields: str) -> int:
    """Let the manager send a form of the n-th complaint's page; return the status."""
    browser = Browser(MANAGER)
    browser.get(page(number_of(n)))
    return browser.post(f"{page(number_of(n))}/{task}", **fields)


def test_declared_it_is_major_has_72_hours_and_its_leader_knows() -> None:
    """004 四: the statement within 72 hours, by whoever the policy says leads."""
    incident()
    complaint = stored().complaint
    clock = clock_of(complaint)
    assert clock
    assert clock.due_at - clock.started_at == timedelta(hours=72)
    assert complaint.is_major
    assert {MANAGER.email, QUALITY.email} <= set(mailed_to())
    assert all(LI.name not in words_of(mail) for mail in mails())


def test_the_leader_publishes_and_the_clock_stops() -> None:
    """Text, where and when stay on the complaint; the page shows them."""
    number = incident()
    assert fill(1, "statement", **STATEMENT) == 303
    assert clock_of(stored().complaint) is None
    (statement,) = stored().announcements
    assert (statement.words, statement.published_in) == (OUT, "官网")
    browser = Browser(MANAGER)
    browser.get(page(number))
    assert OUT in browser.body


@pytest.mark.parametrize(
    "wrong",
    [
        {"statement": f"{LI.name}投诉停水"},
        {"published_at": "2099-01-01T00:00"},
        {"published_at": "昨天"},
        {"statement": ""},
    ],
)
def test_what_may_not_go_out_is_not_recorded(wrong: dict[str, str]) -> None:
    """No personal data, nothing of the future, no time that is none, no empty words."""
    incident()
    said = {"statement": OUT, "published_in": "官网", "published_at": "2026-01-05T09:00"}
    assert fill(1, "statement", **{**said, **wrong}) == 422
    assert stored().announcements == ()


def test_it_waits_for_its_leader_until_the_statement_is_out() -> None:
    """In the list of what is to be done, and first on the page; then neither."""
    number, browser = incident(), Browser(MANAGER)
    browser.get("/staff")
    assert page(number) in browser.body
    browser.get(page(number))
    assert T_ZH("staff.now.statement") in browser.body
    assert fill(1, "statement", **STATEMENT) == 303
    browser.get("/staff")
    assert page(number) not in browser.body
    browser.get(page(number))
    assert T_ZH("staff.now.statement") not in browser.body


def test_only_the_leader_publishes() -> None:
    """A handler sees the incident, and is offered nothing of it."""
    number = incident()
    browser = Browser(HANDLER)
    browser.get(page(number))
    assert 'name="statement"' not in browser.body
    said = {"statement": OUT, "published_in": "官网", "published_at": "2026-01-05T09:00"}
    assert browser.post(f"{page(number)}/statement", **said) == 403


def test_the_lines_stand_on_the_page() -> None:
    """What to answer when asked, for everybody who may open the complaint."""
    number = incident()
    assert fill(1, "lines", lines="正在抢修，八点前恢复。") == 303
    browser = Browser(HANDLER)
    browser.get(page(number))
    assert "正在抢修" in browser.body


def test_one_update_reaches_every_complainant_once() -> None:
    """The main complainant and each merged one, with the own number; a double click adds none."""
    number = incident(merged=3)
    before = len(mails())
    browser = Browser(MANAGER)
    browser.get(page(number))
    form = browser.body
    for _ in range(2):
        browser.body = form
        assert browser.post(f"{page(number)}/update", update=OUT) == 303
    got = mails()[before:]
    assert sorted(str(mail["To"]) for mail in got) == sorted(
        [LI.email, "p2@example.com", "p3@example.com", "p4@example.com"]
    )
    assert all(OUT in words_of(mail) for mail in got)
    assert number_of(3) in words_of(next(mail for mail in got if mail["To"] == "p3@example.com"))
    (update,) = stored().announcements
    assert update.done_at
    assert update.told == 3
    assert stored(2).entries[-1].action == "update_passed_on"


def test_a_long_list_is_gone_through_in_batches_by_the_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the request left is done by `check_sla`, in bounded batches, nobody twice."""
    monkeypatch.setattr(updates, "AT_ONCE", 1)
    monkeypatch.setattr(updates, "A_SWEEP", 2)
    number = incident(merged=4)
    before = len(mails())
    assert fill(1, "update", update=OUT) == 303
    assert len(mails()) - before == 2
    assert not stored().announcements[0].done_at
    for _ in range(3):
        set_clock(monkeypatch, runtime.now() + timedelta(minutes=11))
        check_sla({}, None)
    sent = [str(mail["To"]) for mail in mails()[before:] if OUT in words_of(mail)]
    assert sorted(sent) == sorted([LI.email, *(f"p{n}@example.com" for n in range(2, 6))])
    update = stored().announcements[0]
    assert update.done_at
    found = ComplaintRepository.from_env().due_before(runtime.now() + timedelta(days=30))
    assert (number, f"announcement#{update.announcement_id}") not in list(found)


def test_an_update_is_kept_where_the_others_can_not_be_reached_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever wrote it is told that it is saved; `check_sla` goes on with it."""
    number = incident(merged=1)

    def fails(*_: object, **__: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(updates, "send_on", fails)
    assert fill(1, "update", update=OUT) == 303
    (update,) = stored().announcements
    due = ComplaintRepository.from_env().due_before(runtime.now() + timedelta(days=1))
    assert (number, f"announcement#{update.announcement_id}") in list(due)


def test_a_batch_that_broke_off_goes_on_and_repeats_nothing() -> None:
    """A refused save leaves the rest to the next look; who has it gets no second letter."""
    number = incident(merged=2)
    before = len(mails())
    words = Announcement(
        announcement_id="00000000000000ff", kind="update", words=OUT, by=QUALITY.username,
        at=runtime.now(),
    )  # fmt: skip
    incidents.announce(number, words, staff=QUALITY)
    repository = ComplaintRepository.from_env()
    repository.keep_announcement(number, words)
    updates.send_on(number, words.announcement_id, most=20)
    assert len(mails()) - before == 3


def test_another_declaration_is_refused() -> None:
    """The matter has one statement: neither twice, nor in a merged complaint."""
    incident(merged=1)
    assert fill(1, "incident", incident_reason="再来") == 409
    with pytest.raises(WrongStatusError):
        incidents.declare_incident(number_of(2), "再来", staff=QUALITY)
