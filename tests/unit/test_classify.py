"""Classify: the first assessment, its limit of 24 hours, and its correction by people."""

from datetime import UTC, datetime, timedelta

import pytest

from complaints import classify
from complaints.lifecycle import NotAllowedError
from complaints.models import Assessment, Outcome, Risk, Status, Urgency
from tests.builders import (
    AT,
    DRAWN_KEY,
    HANDLER,
    MAJOR,
    OFFICE,
    OTHER_HEAD,
    QUALITY,
    assessed,
    contact,
    investigated,
    later,
    received,
)


def test_an_assessed_complaint_has_type_department_and_reasons() -> None:
    """B1: the words of the policy decide, and say that they did."""
    complaint = assessed().complaint
    assert complaint.assessment
    assert (complaint.assessment.type, complaint.department) == ("A", "service")
    assert "不耐烦" in complaint.assessment.reasons
    assert complaint.queue == "service"


def test_the_facts_are_due_24_hours_after_receipt() -> None:
    """004 二: the limit counts from receipt, so a slow assessment costs our time."""
    for minutes in (1, 300):
        clock = assessed(minutes=minutes).complaint.clock
        assert clock
        assert clock.due_at == AT + timedelta(hours=24)


def test_a_late_assessment_is_reminded_at_once() -> None:
    """A limit that is over when its stage begins is no reason to wait longer."""
    clock = assessed(minutes=60 * 30).complaint.clock
    assert clock
    assert clock.next_at == AT + timedelta(hours=30)
    assert clock.due_at == AT + timedelta(hours=24)


def test_everything_that_was_said_counts() -> None:
    """Subject, words and demand of every contact are read."""
    dossier = received("我要投诉")
    said = (contact("我要投诉"), contact("补充", subject="多收了停车费，要求退还"))
    complaint, _ = classify.classify(dossier.complaint, said, key=dossier.key, at=AT, office=OFFICE)
    assert complaint.assessment
    assert complaint.assessment.type == "C"
    assert complaint.department == "finance"


def test_a_major_complaint_is_known_by_the_criteria() -> None:
    """B3: the codes that are met stand in the assessment and in the history."""
    dossier = assessed(received(MAJOR))
    assert dossier.complaint.is_major
    assert dossier.entries[-1].facts["major"] == "6,7"


def test_what_was_settled_on_the_spot_needs_no_investigation() -> None:
    """A9: recorded, then quiet days; nobody is called, even if the draw says so."""
    dossier = assessed(received(key=DRAWN_KEY, settled_on_spot=True))
    complaint = dossier.complaint
    assert complaint.status is Status.RESPONDED
    assert complaint.reply_outcome is Outcome.ACCEPTED
    assert not complaint.must_call_back
    assert complaint.assessment
    assert complaint.clock
    assert complaint.clock.due_at == AT + timedelta(days=7, minutes=1)


def test_a_correction_moves_the_complaint_to_its_department() -> None:
    """B1: staff correct type and department; the clock keeps its start."""
    dossier = assessed()
    other = Assessment(type="C", urgency=Urgency.URGENT, risk=Risk.HIGH)
    complaint, entry = classify.correct(
        dossier.complaint, other, "finance", staff=HANDLER, at=later(dossier, 1), office=OFFICE
    )
    assert (complaint.department, complaint.queue) == ("finance", "finance")
    assert complaint.clock == dossier.complaint.clock
    assert (entry.facts["type_before"], entry.facts["type"]) == ("A", "C")
    assert entry.actor == HANDLER.username


def test_another_department_corrects_nothing() -> None:
    """Who may not handle a complaint may not assess it."""
    dossier = assessed()
    with pytest.raises(NotAllowedError):
        classify.correct(
            dossier.complaint, Assessment(type="C"), "finance", staff=OTHER_HEAD,
            at=later(dossier, 1), office=OFFICE,
        )  # fmt: skip


def test_what_becomes_major_after_its_investigation_goes_to_management() -> None:
    """004 二: seven working days instead of three, and another one decides."""
    dossier = investigated()
    major = Assessment(type="A", major=("6",))
    complaint, _ = classify.correct(
        dossier.complaint, major, "service", staff=QUALITY, at=later(dossier, 1), office=OFFICE
    )
    assert complaint.queue == "management"
    assert complaint.clock
    assert complaint.clock.due_at == datetime(2026, 12, 1, 15, 59, 59, tzinfo=UTC)
    back, _ = classify.correct(
        complaint, Assessment(type="A"), "service", staff=QUALITY, at=later(dossier, 2),
        office=OFFICE,
    )  # fmt: skip
    assert back.queue == "service"
    assert back.clock
    assert back.clock.due_at == datetime(2026, 11, 25, 15, 59, 59, tzinfo=UTC)
