"""Tracking: what the complainant sees of a complaint, and what stays inside."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from complaints.models import (
    Channel,
    Complainant,
    Complaint,
    Contact,
    Dossier,
    File,
    Finding,
    Outcome,
    Status,
    TrackingEntry,
)
from complaints.office import Office
from complaints.policy import load
from complaints.rounds import promised_at
from complaints.texts import texts
from complaints.tracking import Progress, progress

AT = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
OFFICE = Office(policy=load("service-provider"), zone=ZoneInfo("Asia/Shanghai"))
T = texts("en")
FINDING = Finding(
    investigator="li.na",
    facts="internal facts",
    cause="internal cause",
    responsible=True,
    measures="internal measures",
    reply="We are sorry; the lift runs again.",
    compensation=12000,
)


def complaint(status: Status, **more: object) -> Complaint:
    """Return a complaint with this status."""
    return Complaint(
        complaint_id="TS-2026-000123-7",
        status=status,
        channel=Channel.WEB,
        received_at=AT,
        registered_at=AT,
        policy="service-provider@0",
        tracking_code="ABCDEFGHJKMN",
    ).replace(**more)


def contact(by: str, text: str, *files: File) -> Contact:
    """Return something that was said."""
    return Contact(
        contact_id=text, channel=Channel.WEB, received_at=AT, by=by, text=text, files=files
    )


def entry(number: int, action: str, actor: str = "complainant") -> TrackingEntry:
    """Return an entry of the history."""
    return TrackingEntry(
        number=number,
        occurred_at=AT + timedelta(minutes=number),
        actor=actor,
        action=action,
        status=Status.RECEIVED,
    )


def seen(head: Complaint, **parts: object) -> Progress:
    """Return what the complainant sees."""
    dossier = Dossier(complaint=head, complainant=Complainant(), key=b"k")
    return progress(dossier.replace(**parts), T, OFFICE)


@pytest.mark.parametrize("status", [Status.RECEIVED, Status.ASSESSED, Status.INVESTIGATED])
def test_before_the_approval_there_is_a_promise_and_no_reply(status: Status) -> None:
    """A proposed reply is internal until somebody else approved it."""
    shown = seen(complaint(status), findings=(FINDING,))
    assert (shown.reply, shown.may_answer) == ("", False)
    assert shown.reply_by == promised_at(complaint(status), OFFICE)


def test_an_approved_reply_waits_for_an_answer() -> None:
    """The complainant reads the newest reply and may accept or refuse it."""
    shown = seen(complaint(Status.APPROVED), findings=(FINDING.replace(reply="old"), FINDING))
    assert (shown.reply, shown.compensation) == (FINDING.reply, 12000)
    assert (shown.may_answer, shown.accepted, shown.reply_by) == (True, False, None)


def test_an_answer_is_given_once() -> None:
    """Who accepted the reply is not asked again."""
    shown = seen(complaint(Status.APPROVED, reply_outcome=Outcome.ACCEPTED), findings=(FINDING,))
    assert (shown.may_answer, shown.accepted) == (False, True)


@pytest.mark.parametrize("status", list(Status))
def test_the_survey_is_due_after_the_answer_only(status: Status) -> None:
    """It is neither asked too early nor twice."""
    assert seen(complaint(status)).may_rate is (status is Status.RESPONDED)


def test_nothing_internal_shows() -> None:
    """Facts, names of staff, their notes and their reminders stay inside."""
    shown = seen(
        complaint(Status.APPROVED),
        findings=(FINDING,),
        contacts=(contact("complainant", "mine"), contact("li.na", "a note of ours")),
        entries=(
            entry(1, "received"),
            entry(2, "reminded", "check_sla"),
            entry(3, "contact_added", "li.na"),
            entry(4, "contact_added"),
        ),
    )
    assert [line.words for line in shown.history] == [
        T("history.contact_added"),
        T("history.received"),
    ]
    assert [one.text for one in shown.told] == ["mine"]
    assert "internal" not in repr(shown)


def test_files_without_words_are_listed_as_files() -> None:
    """An upload is a contact without words; it is evidence, not a note."""
    file = File(key="k", name="lift.jpg", size=1, sha256="", content_type="image/jpeg")
    shown = seen(complaint(Status.RECEIVED), contacts=(contact("complainant", "", file),))
    assert (shown.told, shown.files) == ((), (file,))


@pytest.mark.parametrize(
    ("status", "done"), [(Status.RECEIVED, 1), (Status.RESPONDED, 5), (Status.CLOSED, 7)]
)
def test_the_line_shows_how_far_it_is(status: Status, done: int) -> None:
    """Stages behind are done, one runs, the rest is to come; a closed complaint has all done."""
    states = [state for _, state in seen(complaint(status)).stages]
    assert states == (["done"] * done + ["now"] + ["todo"] * 7)[:7]


def test_a_second_round_is_said_as_such() -> None:
    """Who refused the reply sees that it is being worked on again."""
    assert seen(complaint(Status.ASSESSED, round_at=AT)).now == T("track.again")
