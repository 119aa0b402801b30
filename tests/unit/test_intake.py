"""Intake: the clocks start at arrival, lateness shows, and whatever is said later is kept."""

from datetime import timedelta

import pytest

from complaints import intake
from complaints.history import breaks
from complaints.lifecycle import InvalidInputError, NotAllowedError
from complaints.models import Channel, Complainant, Complaint, Status
from tests.builders import (
    AT,
    HANDLER,
    LI,
    NOBODY,
    NUMBER,
    OFFICE,
    OTHER_HEAD,
    QUALITY,
    QUIET_KEY,
    after,
    closed,
    contact,
    followed_up,
    investigated,
    later,
    received,
    responded,
)

MINUTE = timedelta(minutes=1)


def registered(after: timedelta, complainant: Complainant = LI) -> Complaint:
    """Return a complaint that was registered so long after it had arrived."""
    made, _ = intake.receive(
        complainant, contact(), complaint_id=NUMBER, tracking_code="0" * 12, key=QUIET_KEY,
        at=AT + after, office=OFFICE,
    )  # fmt: skip
    return made


def test_a_complaint_is_to_be_registered_within_the_hour() -> None:
    """004 二: sixty minutes from arrival, whenever that is; the reminder comes at four fifths."""
    clock = registered(MINUTE).clock
    assert clock
    assert (clock.started_at, clock.due_at) == (AT, AT + 60 * MINUTE)
    assert clock.next_at == AT + 48 * MINUTE


@pytest.mark.parametrize(
    ("minutes", "late"), [(0, False), (60, False), (61, True), (60 * 50, True)]
)
def test_late_registration_is_on_record(minutes: int, *, late: bool) -> None:
    """004 二: past the hour it is flagged, in the history and in the count of missed limits."""
    made, entry = intake.receive(
        LI, contact(), complaint_id=NUMBER, tracking_code="0" * 12, key=QUIET_KEY,
        at=AT + minutes * MINUTE, office=OFFICE,
    )  # fmt: skip
    assert entry.facts["late"] is late
    assert made.overdue == int(late)
    assert made.received_at == AT


def test_nothing_arrives_tomorrow() -> None:
    """An arrival later than its registration is a mistake of whoever typed it."""
    with pytest.raises(InvalidInputError) as raised:
        registered(-MINUTE)
    assert raised.value.text_id == "error.arrived_in_future"


def test_nothing_arrived_more_than_a_year_ago() -> None:
    """A slip of the year: no calendar could reckon its limits."""
    assert registered(366 * 24 * 60 * MINUTE)
    with pytest.raises(InvalidInputError) as raised:
        registered(367 * 24 * 60 * MINUTE)
    assert raised.value.text_id == "error.far_away"


def test_a_new_complaint_waits_for_the_quality_office() -> None:
    """Until it is assessed the coordinator has it, so that it is never nobody's."""
    made = registered(MINUTE)
    assert (made.status, made.queue, made.department) == (Status.RECEIVED, "quality_office", "")
    assert made.policy == OFFICE.policy.reference
    assert made.subject == "前台态度恶劣，打电话也不耐烦。"


@pytest.mark.parametrize(
    ("complainant", "anonymous"),
    [
        (NOBODY, True),
        (Complainant(address="幸福路1号"), True),
        (Complainant(name="李"), False),
        (Complainant(phone="1"), False),
        (Complainant(email="a@example.com"), False),
    ],
)
def test_who_gives_no_name_is_anonymous(complainant: Complainant, *, anonymous: bool) -> None:
    """A5: such a complaint is taken like any other."""
    assert registered(MINUTE, complainant).anonymous is anonymous


def test_what_staff_write_down_is_signed_by_them() -> None:
    """A3: the entry names who took the call; that is no personal data of the complainant's."""
    dossier = received(channel=Channel.PHONE, by="han")
    assert dossier.entries[0].actor == "han"
    assert dossier.complaint.channel is Channel.PHONE


def test_the_heading_is_the_subject_cut_short() -> None:
    """Lists need a line, not a letter."""
    assert received("甲" * 500).complaint.subject == "甲" * 60
    assert received("text", subject="标题").complaint.subject == "标题"


def test_more_words_change_no_status_and_no_clock() -> None:
    """A13: a reply joins; the limits of the stage run on."""
    dossier = investigated()
    more = contact("补充一点", at=later(dossier, 1))
    added, entry = intake.add(
        dossier.complaint, more, key=dossier.key, at=later(dossier, 1), office=OFFICE
    )
    assert (added.status, added.clock) == (dossier.complaint.status, dossier.complaint.clock)
    assert added.news_at == later(dossier, 1)
    assert list(breaks([*dossier.entries, entry], added.digest)) == []


def test_words_about_a_closed_complaint_come_before_the_quality_office() -> None:
    """Nothing that is said gets lost: with a limit of its own it waits for a reader."""
    dossier = closed()
    at = later(dossier, 24)
    added, _ = intake.add(dossier.complaint, contact(at=at), key=dossier.key, at=at, office=OFFICE)
    assert (added.status, added.queue) == (Status.CLOSED, "quality_office")
    assert added.clock
    assert added.clock.due_at > at
    read, _ = intake.read_news(added, staff=QUALITY, at=at)
    assert (read.queue, read.clock, read.news_at) == ("", None, None)


def test_a_note_of_staff_is_no_news() -> None:
    """What staff add they know already."""
    dossier = responded()
    at = later(dossier, 1)
    note = contact("内部备注", at=at, by="han")
    added, _ = intake.add(dossier.complaint, note, key=dossier.key, at=at, office=OFFICE)
    assert added.news_at is None
    assert added.queue == dossier.complaint.queue


def test_news_are_read_by_who_may_see_the_complaint() -> None:
    """Another department's head has no business there."""
    dossier = investigated()
    at = later(dossier, 1)
    added, _ = intake.add(dossier.complaint, contact(at=at), key=dossier.key, at=at, office=OFFICE)
    with pytest.raises(NotAllowedError):
        intake.read_news(added, staff=OTHER_HEAD, at=at)
    read, _ = intake.read_news(added, staff=HANDLER, at=at)
    assert (read.news_at, read.queue, read.clock) == (None, added.queue, added.clock)


def test_closing_hides_no_words_that_nobody_has_read() -> None:
    """What came while nobody waited for anything is still in a queue when the file is closed."""
    start = responded()
    said, at = contact("补充"), later(start, 1)
    told = after(start, intake.add(start.complaint, said, key=start.key, at=at, office=OFFICE))
    assert told.complaint.news_at
    assert closed(followed_up(told)).complaint.queue == "quality_office"
    assert closed(followed_up(start)).complaint.queue == ""
