"""The steps of the workflow: each may run twice, and a second run passes what is done."""

import importlib
from collections.abc import Callable
from typing import Any

import pytest

from complaints.aws.repository import ComplaintRepository
from complaints.aws.workflow import Workflow
from complaints.models import Complainant, Dossier, Status
from functions.approve import handler as approve
from functions.archive import handler as archive
from functions.classify import handler as classify
from functions.follow_up import handler as follow_up
from functions.investigate import handler as investigate
from functions.notify import handler as notify
from tests.builders import (
    AT,
    approved,
    assessed,
    closed,
    decided,
    followed_up,
    investigated,
    later,
    received,
    responded,
)
from tests.kept import keep, refuse, runs, set_clock, task_answers

pytestmark = pytest.mark.usefixtures("tables")
Handler = Callable[[dict[str, Any], object], dict[str, Any]]
WAITING: dict[str, tuple[Handler, Status]] = {
    "investigate": (investigate.handler, Status.ASSESSED),
    "approve": (approve.handler, Status.INVESTIGATED),
    "notify": (notify.handler, Status.APPROVED),
    "follow_up": (follow_up.handler, Status.RESPONDED),
}
BUILD = (received, assessed, investigated, approved, responded, followed_up, closed)
SUCCESS, FAILURE = "SendTaskSuccess", "SendTaskFailure"


def line_to(status: Status) -> list[Dossier]:
    """Return a complaint step by step until it has this status."""
    steps = [received()]
    for build in BUILD[1:]:
        if steps[-1].complaint.status is status:
            break
        steps.append(build(steps[-1]))
    return steps


def stored(status: Status) -> str:
    """Store a complaint of this status; return its number."""
    return keep(*line_to(status)).complaint_id


def test_classify_runs_twice_and_assesses_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second run finds nothing left to decide."""
    set_clock(monkeypatch, AT)
    complaint_id = stored(Status.RECEIVED)
    first = classify.handler({"complaint_id": complaint_id}, None)
    kept = ComplaintRepository.from_env().get(complaint_id)
    assert first == {"complaint_id": complaint_id, "status": "assessed"}
    assert classify.handler({"complaint_id": complaint_id}, None) == first
    assert ComplaintRepository.from_env().get(complaint_id) == kept
    assert kept.version == 2


@pytest.mark.parametrize("name", list(WAITING))
def test_a_step_that_waits_keeps_its_token_and_answers_nothing(name: str) -> None:
    """Run twice it waits with the newer token; the complaint is as it was, but for the look."""
    handler, status = WAITING[name]
    complaint_id = stored(status)
    before = ComplaintRepository.from_env().dossier(complaint_id)
    told = task_answers()
    for token in ("first", "second"):
        answer = handler({"complaint_id": complaint_id, "task_token": token}, None)
        assert answer == {"complaint_id": complaint_id, "status": status}
        assert ComplaintRepository.from_env().task_token(complaint_id) == token
    after = ComplaintRepository.from_env().dossier(complaint_id)
    assert after.complaint == before.complaint.replace(look_again_at=None)
    assert after.entries == before.entries
    assert told == []


@pytest.mark.parametrize(
    ("name", "status"),
    [
        (name, status)
        for name, (_, waits) in WAITING.items()
        for status in (
            Status.INVESTIGATED, Status.APPROVED, Status.RESPONDED, Status.FOLLOWED_UP,
            Status.CLOSED,
        )
        if list(Status).index(status) > list(Status).index(waits)
    ],
)  # fmt: skip
def test_what_is_done_already_is_passed(name: str, status: Status) -> None:
    """A run that starts again answers its own token at once, and takes no look away."""
    complaint_id = stored(status)
    look = ComplaintRepository.from_env().get(complaint_id).look_again_at
    told = task_answers()
    WAITING[name][0]({"complaint_id": complaint_id, "task_token": "again"}, None)
    assert told == [(SUCCESS, "again")]
    assert ComplaintRepository.from_env().get(complaint_id).look_again_at == look


def test_what_was_sent_back_leads_back() -> None:
    """A complaint that was rejected while Approve starts again goes to Investigate."""
    steps = line_to(Status.INVESTIGATED)
    complaint_id = keep(*steps, decided(steps[-1], approved=False, reason="x")).complaint_id
    told = task_answers()
    approve.handler({"complaint_id": complaint_id, "task_token": "again"}, None)
    assert told == [(FAILURE, "again")]


def test_nobody_is_waited_for_who_left_no_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A5: notify goes on by itself, once, however often it runs."""
    steps = [received(complainant=Complainant())]
    for build in (assessed, investigated, approved):
        steps.append(build(steps[-1]))
    set_clock(monkeypatch, later(steps[-1], 1))
    complaint_id = keep(*steps).complaint_id
    told = task_answers()
    for _ in range(2):
        notify.handler({"complaint_id": complaint_id, "task_token": "t"}, None)
    kept = ComplaintRepository.from_env().get(complaint_id)
    assert (kept.status, kept.version) == (Status.RESPONDED, 5)
    assert told == [(SUCCESS, "t")] * 2


def test_archive_runs_twice_and_closes_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed complaint is left alone."""
    steps = line_to(Status.FOLLOWED_UP)
    set_clock(monkeypatch, later(steps[-1], 1))
    complaint_id = keep(*steps).complaint_id
    for _ in range(2):
        assert archive.handler({"complaint_id": complaint_id}, None)["status"] == "closed"
    assert ComplaintRepository.from_env().get(complaint_id).version == 7


@pytest.mark.parametrize("status", [Status.RECEIVED, Status.ASSESSED, Status.RESPONDED])
def test_archive_closes_nothing_that_is_not_followed_up(status: Status) -> None:
    """A run that hurried ahead files no half of a complaint."""
    complaint_id = stored(status)
    assert archive.handler({"complaint_id": complaint_id}, None)["status"] == status


# ---- start and resume ----------------------------------------------------------------------


def test_a_workflow_starts_once() -> None:
    """The number is the name; a later run needs one of its own."""
    for _ in range(2):
        Workflow.from_env().start("TS-2026-000001-7")
    assert runs() == ["TS-2026-000001-7"]
    Workflow.from_env().start("TS-2026-000001-7", run="3")
    assert runs() == ["TS-2026-000001-7", "TS-2026-000001-7.3"]


def test_a_start_that_was_made_before_is_no_error() -> None:
    """AWS refuses a name of a run that has ended; that is as good as started."""
    refuse("stepfunctions", "StartExecution", "ExecutionAlreadyExists")
    Workflow.from_env().start("TS-2026-000001-7")
    assert runs() == []


def test_an_answer_resumes_the_step_that_waits() -> None:
    """On with success; back to Investigate with the error that the machine catches."""
    told = task_answers()
    Workflow.from_env().resume(investigated().complaint, "a")
    Workflow.from_env().resume(decided(approved=False, reason="x").complaint, "b")
    assert told == [(SUCCESS, "a"), (FAILURE, "b")]
    assert runs() == []


@pytest.mark.parametrize("gone", ["TaskDoesNotExist", "TaskTimedOut", "InvalidToken"])
def test_an_answer_to_nobody_starts_a_new_run(gone: str) -> None:
    """A step that ran out, or a lost workflow: the new run passes everything that is done."""
    complaint = investigated().complaint
    refuse("stepfunctions", "SendTaskSuccess", gone)
    Workflow.from_env().resume(complaint, "old")
    assert runs() == [f"{complaint.complaint_id}.3"]


def test_an_answer_before_any_token_starts_a_new_run() -> None:
    """Where no step waits yet there is nobody to answer."""
    complaint = investigated().complaint
    Workflow.from_env().resume(complaint, "")
    Workflow.from_env().resume(complaint, "", run="3.later")
    assert runs() == [f"{complaint.complaint_id}.3", f"{complaint.complaint_id}.3.later"]


def test_every_step_is_a_function_of_its_own_name() -> None:
    """The state, the folder and the module are one word."""
    for name, (handler, _) in WAITING.items():
        assert importlib.import_module(f"functions.{name}.handler").handler is handler
