"""The group incident: when it begins, who speaks for it, what may go out (B6, I18)."""

from datetime import timedelta

import pytest

from complaints import group_incident
from complaints.lifecycle import InvalidInputError, NotAllowedError, WrongStatusError
from complaints.models import Complaint, Staff
from complaints.parts import Announcement
from tests.builders import (
    AT,
    HANDLER,
    HEAD,
    LI,
    MANAGER,
    OFFICE,
    QUALITY,
    QUIET_KEY,
    assessed,
    investigated,
    later,
    received,
)

HOUR = timedelta(hours=1)


def declared(complaint: Complaint | None = None, *, staff: Staff = QUALITY) -> Complaint:
    """Return a complaint that was declared a group incident an hour after receipt."""
    return group_incident.declare(
        complaint or assessed().complaint, "停水", staff=staff, key=QUIET_KEY, at=AT + HOUR,
        office=OFFICE,
    )[0]  # fmt: skip


def statement(words: str = "今晚恢复供水。", hours: int = 2) -> Announcement:
    """Return a statement that was published so many hours after receipt."""
    at = AT + hours * HOUR
    return Announcement(
        announcement_id="1", kind="statement", words=words, by=MANAGER.username, at=at,
        published_in="官网", published_at=at,
    )  # fmt: skip


def publish(one: Announcement, *, staff: Staff = MANAGER) -> dict[str, object]:
    """Publish a statement a hundred hours after receipt; return the facts of its entry."""
    _, entry = group_incident.publish(
        declared(), one, LI, staff=staff, key=QUIET_KEY, at=AT + 100 * HOUR, office=OFFICE
    )
    return dict(entry.facts)


def test_it_begins_once() -> None:
    """The first threshold starts the clock; a later one gives no more time."""
    first = declared()
    assert group_incident.begun(first, at=AT + 5 * HOUR, office=OFFICE) == first
    clock = group_incident.clock_of(first)
    assert clock
    assert clock.due_at == AT + 73 * HOUR


def test_it_goes_the_way_of_a_major_complaint() -> None:
    """B6: from the investigation on, management signs and the limit is the longer one."""
    dossier = investigated()
    complaint = declared(dossier.complaint)
    assert complaint.is_major
    assert complaint.queue == "management"
    assert complaint.clock
    assert dossier.complaint.clock
    assert complaint.clock.due_at > dossier.complaint.clock.due_at
    assert later(dossier, 0) > AT


@pytest.mark.parametrize(("hours", "late"), [(2, False), (73, False), (74, True)])
def test_a_statement_is_late_by_when_it_was_published(hours: int, late: bool) -> None:  # noqa: FBT001
    """And not by when somebody wrote it down here."""
    assert publish(statement(hours=hours)) == {"late": late}


@pytest.mark.parametrize(
    "words", [f"{LI.name}女士投诉停水", "请致电 LINA@example.com", f"电话{LI.phone}", " "]
)
def test_the_public_reads_nobodys_particulars(words: str) -> None:
    """Name, number and address of the complainant never go out."""
    with pytest.raises(InvalidInputError):
        publish(statement(words))


def test_a_statement_of_the_future_is_none() -> None:
    """What is planned is not published."""
    with pytest.raises(InvalidInputError):
        publish(statement(hours=101))


def test_who_leads_publishes() -> None:
    """The post of the policy, or the leader of the joint group; never who is complained about."""
    assert group_incident.may_lead(declared(), MANAGER, OFFICE)
    assert group_incident.may_lead(declared().replace(members=("han",)), HANDLER, OFFICE)
    assert not group_incident.may_lead(declared(), QUALITY, OFFICE)
    accused = declared().replace(respondents=("ma",), members=("ma",))
    assert not group_incident.may_lead(accused, MANAGER, OFFICE)
    with pytest.raises(NotAllowedError):
        publish(statement(), staff=QUALITY)


def test_handlers_declare_none() -> None:
    """The head, the quality office and management do."""
    for staff in (HEAD, QUALITY, MANAGER):
        assert declared(staff=staff).incident_at
    with pytest.raises(NotAllowedError):
        declared(staff=HANDLER)


def test_what_is_no_incident_has_no_statement() -> None:
    """Neither has a complaint that is counted with another."""
    calm = assessed().complaint
    with pytest.raises(WrongStatusError):
        group_incident.publish(
            calm, statement(), LI, staff=MANAGER, key=QUIET_KEY, at=AT + 3 * HOUR, office=OFFICE
        )
    with pytest.raises(WrongStatusError):
        declared(calm.replace(merged_into="TS-2026-000002-5"))
    with pytest.raises(WrongStatusError):
        declared(declared())


def test_an_update_is_on_record_without_its_words() -> None:
    """In the main complaint and in each that it is passed on to, under its id."""
    update = statement().replace(announcement_id="7", kind="update")
    complaint, entry = group_incident.announce(
        declared(), update, staff=QUALITY, key=QUIET_KEY, at=AT + 3 * HOUR, office=OFFICE
    )
    assert entry.facts == {"announcement": "7"}
    dossier = received().replace(complaint=complaint)
    passed, told = group_incident.pass_on(dossier, update, at=AT + 3 * HOUR)
    assert told.facts == {"update": "7"}
    assert passed.contacted_at == AT + 3 * HOUR
    assert update.words not in f"{entry.facts}{told.facts}"
