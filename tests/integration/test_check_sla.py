"""The check of the limits on the table: everything that is due, each once, whatever else fails."""

from datetime import datetime, timedelta

import boto3
import pytest

from complaints.aws.directory import StaffDirectory
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import client
from complaints.letters import owed
from complaints.models import Complaint, Status
from functions.archive.handler import handler as archive
from functions.check_sla.handler import handler
from functions.follow_up.handler import handler as follow_up
from functions.investigate.handler import handler as investigate
from tests.builders import (
    AT,
    HANDLER,
    HEAD,
    LI,
    MANAGER,
    QUALITY,
    STAFF,
    approved,
    assessed,
    followed_up,
    investigated,
    later,
    received,
    responded,
)
from tests.kept import (
    begun,
    keep,
    mailed_to,
    mails,
    refuse,
    runs,
    set_clock,
    task_answers,
    words_of,
)

pytestmark = pytest.mark.usefixtures("tables")
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _staff(tables: None) -> None:
    """Enter the people of the builders into the directory."""
    del tables
    for member in STAFF:
        StaffDirectory.from_env().put(member)


def look(monkeypatch: pytest.MonkeyPatch, at: datetime) -> dict[str, int]:
    """Run the check at this instant, and once more: the second finds nothing more to do."""
    set_clock(monkeypatch, at)
    done: dict[str, int] = handler({}, None)
    before = mailed_to()
    again: dict[str, int] = handler({}, None)
    assert not {"reminder", "escalation", "end_quietly"} & set(again)
    assert mailed_to() == before
    return done


def waiting(n: int = 1) -> Complaint:
    """Store an assessed complaint whose department is being asked."""
    start = received(n=n)
    return begun(keep(start, assessed(start)), "token")


def stored(n: int = 1) -> Complaint:
    """Return the n-th complaint as it is now."""
    return ComplaintRepository.from_env().get(received(n=n).complaint.complaint_id)


def test_nothing_due_is_nothing_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """A complaint in its time is not touched."""
    before = waiting()
    assert look(monkeypatch, AT + 60 * MINUTE) == {}
    assert stored() == before
    assert mails() == []


def test_a_reminder_then_the_ladder_rung_by_rung(monkeypatch: pytest.MonkeyPatch) -> None:
    """E3: handler, department head, quality office, management, each once, told by mail."""
    waiting()
    told = []
    for _ in range(5):
        clock = stored().clock
        assert clock
        done = look(monkeypatch, clock.next_at)
        told.append((*done, mailed_to()[-1]))
    assert told == [
        ("reminder", HANDLER.email),
        ("escalation", HEAD.email),
        ("escalation", QUALITY.email),
        ("escalation", MANAGER.email),
        ("escalation", MANAGER.email),
    ]
    assert len(mails()) == 5
    assert stored().overdue == 1
    letters = ComplaintRepository.from_env().dossier(stored().complaint_id).letters
    assert all(letter.sent_at and letter.text for letter in letters)


def test_a_letter_to_staff_names_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Number, stage and link; the complainant's name, address and code stay in the table."""
    complaint = waiting()
    assert complaint.clock
    look(monkeypatch, complaint.clock.next_at)
    (letter,) = mails()
    text = f"{letter.items()} {words_of(letter)}"
    assert complaint.complaint_id in text
    for secret in (LI.name, LI.email, complaint.tracking_code):
        assert secret not in text


def test_a_check_that_was_down_for_days_leaves_no_rung_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """One step a run, in order, until it has caught up."""
    waiting()
    set_clock(monkeypatch, AT + 10 * DAY)
    for _ in range(6):
        handler({}, None)
    assert mailed_to() == [HANDLER.email, HEAD.email, QUALITY.email, MANAGER.email] + [
        MANAGER.email
    ] * (len(mails()) - 4)
    assert len(set(mailed_to())) == 4


def test_where_a_rung_has_nobody_the_next_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """No handler in the department: its head is reminded."""
    StaffDirectory.from_env().put(HANDLER.replace(department="finance"))
    complaint = waiting()
    assert complaint.clock
    look(monkeypatch, complaint.clock.next_at)
    assert mailed_to() == [HEAD.email]


def test_a_step_that_never_began_is_begun_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Saved but not started: a run of its own begins, and nobody is reminded before that."""
    keep(received())
    done = look(monkeypatch, AT + 11 * MINUTE)
    assert done == {"heal": 1}
    (name,) = runs()
    assert name.startswith(f"{stored().complaint_id}.1.")
    assert stored().version == 1
    assert mails() == []


def test_a_workflow_that_stops_again_is_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each hour a run under a new name, for AWS gives no name twice."""
    keep(received())
    for hours in range(3):
        set_clock(monkeypatch, AT + 11 * MINUTE + hours * 61 * MINUTE)
        assert handler({}, None) == {"heal": 1}
    assert len(runs()) == 3


def test_an_answer_that_was_not_passed_on_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The finding was saved, then something died: the waiting step is answered."""
    start = received()
    middle = assessed(start)
    begun(keep(start, middle), "token")
    after = investigated(middle)
    ComplaintRepository.from_env().save(after.complaint, after.entries[-1])
    told = task_answers()
    look(monkeypatch, later(after, 0) + 11 * MINUTE)
    assert told == [("SendTaskSuccess", "token")]


def test_an_archive_that_stopped_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The new run passes the steps before it; its look stays until the complaint is closed."""
    steps = [received()]
    for build in (assessed, investigated, approved, responded, followed_up):
        steps.append(build(steps[-1]))
    complaint_id = keep(*steps).complaint_id
    refuse("stepfunctions", "SendTaskSuccess", "TaskDoesNotExist")
    at = later(steps[-1], 0) + 11 * MINUTE
    assert look(monkeypatch, at) == {"heal": 1}
    for step in (investigate, follow_up):
        step({"complaint_id": complaint_id, "task_token": "new"}, None)
    set_clock(monkeypatch, at + 62 * MINUTE)
    assert handler({}, None) == {"heal": 1}
    archive({"complaint_id": complaint_id}, None)
    assert stored().status is Status.CLOSED
    assert look(monkeypatch, at + 365 * DAY) == {}


def test_quiet_days_end_and_the_workflow_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """000: a week after the response, to archiving."""
    steps = [received()]
    for build in (assessed, investigated, approved, responded):
        steps.append(build(steps[-1]))
    begun(keep(*steps), "token")
    told = task_answers()
    week = later(steps[-1], 24 * 7)
    assert look(monkeypatch, week - 2 * MINUTE) == {}
    assert look(monkeypatch, week) == {"end_quietly": 1}
    assert stored().status is Status.FOLLOWED_UP
    assert told == [("SendTaskSuccess", "token")]


def test_a_letter_that_could_not_be_sent_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays owed until SES takes it; then it is sent once."""
    start = received()
    letter = owed(start.complaint, "acknowledgement", LI.email, (), at=AT)
    begun(keep(start.replace(letters=(letter,))))
    refuse("sesv2", "SendEmail", "TooManyRequestsException")
    set_clock(monkeypatch, AT + 11 * MINUTE)
    assert handler({}, None) == {"failed": 1}
    assert mails() == []
    assert look(monkeypatch, AT + 16 * MINUTE) == {"letter": 1}
    assert mailed_to() == [LI.email]


def test_a_letter_that_fails_for_days_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The quality office is told in the same save; the check doesn't fail over it for ever."""
    start = received()
    letter = owed(start.complaint, "acknowledgement", LI.email, (), at=AT)
    begun(keep(start.replace(letters=(letter,))))
    complaints = ComplaintRepository.from_env()
    refuse("sesv2", "SendEmail", "TooManyRequestsException")
    set_clock(monkeypatch, AT + 3 * DAY - MINUTE)
    assert handler({}, None)["failed"] == 1
    set_clock(monkeypatch, AT + 3 * DAY + 4 * MINUTE)
    assert handler({}, None)["given_up"] == 1
    kept = complaints.letter(start.complaint.complaint_id, letter.letter_id)
    assert kept.given_up_at
    assert "given_up" not in handler({}, None)
    assert LI.email not in mailed_to()
    assert any("未能发出" in mail["Subject"] for mail in mails())


@pytest.mark.parametrize("code", ["MessageRejected", "BadRequestException"])
def test_a_letter_that_ses_refuses_for_good_is_given_up_at_once(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What SES says of the account, such as a pause, is no such answer (above)."""
    start = received()
    letter = owed(start.complaint, "acknowledgement", LI.email, (), at=AT)
    begun(keep(start.replace(letters=(letter,))))
    refuse("sesv2", "SendEmail", code)
    set_clock(monkeypatch, AT + 11 * MINUTE)
    assert handler({}, None) == {"failed": 1}
    assert handler({}, None) == {"given_up": 1}
    kept = ComplaintRepository.from_env().letter(start.complaint.complaint_id, letter.letter_id)
    assert kept.refused == code
    assert QUALITY.email in mailed_to()


def test_a_complaint_that_raises_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken item in the table is counted as failed; the others are looked at."""
    for n in (1, 2, 3):
        waiting(n)
    broken = stored(2)
    boto3.client("dynamodb").update_item(
        TableName="ComplaintsTable",
        Key={"complaint_id": {"S": broken.complaint_id}, "part": {"S": "complaint"}},
        UpdateExpression="SET document = :torn",
        ExpressionAttributeValues={":torn": {"S": '{"complaint_id": 1'}},
    )
    clock = stored(1).clock
    assert clock
    assert look(monkeypatch, clock.next_at) == {"reminder": 2, "failed": 1}
    assert mailed_to() == [HANDLER.email] * 2


def test_an_answer_in_between_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody saved first: the clock is another one now, and nobody is told."""
    complaint = waiting()
    assert complaint.clock
    set_clock(monkeypatch, complaint.clock.next_at)
    answers: list[int] = []

    def answer_first(params: dict[str, object], **_: object) -> None:
        if not answers and "notice#" in str(params["body"]):
            answers.append(1)
            dossier = ComplaintRepository.from_env().dossier(complaint.complaint_id)
            after = investigated(dossier.replace(complaint=complaint))
            ComplaintRepository.from_env().save(after.complaint, after.entries[-1])

    events = client("dynamodb").meta.events
    events.register("before-call.dynamodb.TransactWriteItems", answer_first)
    assert handler({}, None) == {"nothing": 1}
    assert mails() == []
    assert stored().status is Status.INVESTIGATED
