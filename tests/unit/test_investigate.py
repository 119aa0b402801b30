"""Investigate: who may be named, who may report, and until when the solution is due."""

from datetime import UTC, datetime, timedelta

import pytest

from complaints import investigate
from complaints.lifecycle import NotAllowedError
from complaints.models import Outcome, Staff, Status
from tests.builders import (
    AT,
    HANDLER,
    HEAD,
    MAJOR,
    MANAGER,
    OFFICE,
    OTHER_HEAD,
    QUALITY,
    after,
    answered,
    approved,
    assessed,
    finding,
    investigated,
    later,
    received,
)

SATURDAY = datetime(2026, 9, 26, 1, 0, tzinfo=UTC)
"""A holiday (25 to 27 September 2026); the week after has National Day."""


def test_the_solution_of_a_general_complaint_is_due_in_three_working_days() -> None:
    """004 二: a Friday's complaint on Wednesday, at the end of the day in Shanghai."""
    clock = investigated().complaint.clock
    assert clock
    assert clock.started_at == AT
    assert clock.due_at == datetime(2026, 11, 25, 15, 59, 59, tzinfo=UTC)


def test_the_solution_of_a_major_complaint_is_due_in_seven_working_days() -> None:
    """004 二: two weekends later."""
    clock = investigated(assessed(received(MAJOR))).complaint.clock
    assert clock
    assert clock.due_at == datetime(2026, 12, 1, 15, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(("text", "day"), [("前台态度恶劣。", 30), (MAJOR, 12)])
def test_holidays_do_not_count(text: str, day: int) -> None:
    """Mid-autumn and National Day lie between, and so does the Saturday that is worked for them."""
    clock = investigated(assessed(received(text, at=SATURDAY))).complaint.clock
    assert clock
    month = 9 if day > 20 else 10
    assert clock.due_at == datetime(2026, month, day, 15, 59, 59, tzinfo=UTC)
    assert clock.calendar.startswith("chinesecalendar-")


@pytest.mark.parametrize(("hours", "late"), [(2, False), (23, False), (25, True)])
def test_a_late_finding_is_on_record(hours: int, *, late: bool) -> None:
    """004 二: facts established within 24 hours."""
    assert investigated(hours=hours).entries[-1].facts["late"] is late


@pytest.mark.parametrize(
    ("staff", "named", "allowed"),
    [
        pytest.param(HANDLER, "han", True, id="a handler takes"),
        pytest.param(HANDLER, "somebody", False, id="a handler gives to nobody else"),
        pytest.param(HEAD, "han", True, id="the head assigns"),
        pytest.param(QUALITY, "han", True, id="the quality office assigns"),
        pytest.param(OTHER_HEAD, "han", False, id="another department does not"),
        pytest.param(MANAGER, "han", False, id="management does not"),
    ],
)
def test_handlers_take_and_heads_assign(staff: Staff, named: str, *, allowed: bool) -> None:
    """Naming the investigator changes neither status nor clock."""
    dossier = assessed()
    if not allowed:
        with pytest.raises(NotAllowedError):
            investigate.assign(dossier.complaint, named, staff=staff, at=later(dossier, 1))
        return
    complaint, entry = investigate.assign(
        dossier.complaint, named, staff=staff, at=later(dossier, 1)
    )
    assert (complaint.investigator, entry.facts["investigator"]) == (named, named)
    assert (complaint.status, complaint.clock) == (Status.ASSESSED, dossier.complaint.clock)


def test_whoever_reports_is_the_investigator() -> None:
    """Assigned to one, reported by another: it is the other who may not approve."""
    dossier = assessed()
    assigned, _ = investigate.assign(
        dossier.complaint, "somebody", staff=HEAD, at=later(dossier, 1)
    )
    complaint, _ = investigate.submit(
        assigned, finding(), staff=HEAD, key=dossier.key, at=later(dossier, 2), office=OFFICE
    )
    assert complaint.investigator == HEAD.username


def test_another_department_reports_nothing() -> None:
    """A finding comes from the responsible department or the coordinator."""
    dossier = assessed()
    with pytest.raises(NotAllowedError):
        investigate.submit(
            dossier.complaint, finding(), staff=OTHER_HEAD, key=dossier.key,
            at=later(dossier, 1), office=OFFICE,
        )  # fmt: skip


@pytest.mark.parametrize(("text", "queue"), [("前台态度恶劣。", "service"), (MAJOR, "management")])
def test_the_finding_waits_for_its_approver(text: str, queue: str) -> None:
    """004 二: general with the head of the department, major with management."""
    assert investigated(assessed(received(text))).complaint.queue == queue


def test_a_second_round_has_limits_of_its_own() -> None:
    """What was refused on Monday is due three working days from Monday."""
    dossier = approved()
    monday = timedelta(days=3)
    refused = after(dossier, answered(dossier, Outcome.REFUSED))
    moved = refused.complaint.replace(round_at=AT + monday)
    complaint, _ = investigate.submit(
        moved, finding(), staff=HANDLER, key=dossier.key, at=AT + monday, office=OFFICE
    )
    assert complaint.clock
    assert complaint.clock.due_at == datetime(2026, 11, 26, 15, 59, 59, tzinfo=UTC)
