"""Retention, disposal and forgetting: dates, rights and the two who decide (F6, F7)."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints import erasure, follow_up, retention
from complaints.lifecycle import ComplaintError, NotAllowedError, WrongStatusError
from complaints.models import DISPOSAL, Dossier, Role, Staff
from complaints.office import Office
from complaints.parts import ErasureKind, PersonRequest
from complaints.policy import Keeping
from tests.builders import (
    AT,
    HANDLER,
    HEAD,
    MAJOR,
    MANAGER,
    OFFICE,
    QUALITY,
    after,
    assessed,
    closed,
    later,
    received,
)

BOTH = QUALITY.replace(username="bo", roles=(Role.QUALITY_OFFICE, Role.MANAGEMENT))
DAY = timedelta(days=1)


def office(**keeping: object) -> Office:
    """Return the office with other rules of keeping."""
    policy = msgspec.structs.replace(OFFICE.policy, keeping=msgspec.convert(keeping, Keeping))
    return msgspec.structs.replace(OFFICE, policy=policy)


def request(kind: str = "erase") -> PersonRequest:
    """Return what a person asks."""
    asked = {"request_id": "q", "kind": kind, "asked_at": AT, "by": "qiu", "asker": "本人"}
    return msgspec.convert(asked, PersonRequest)


def ended(dossier: Dossier | None = None) -> tuple[Dossier, datetime]:
    """Return a closed complaint in the list of disposals, and the instant when it came there."""
    before = dossier or closed()
    at = before.complaint.dispose_at
    assert at
    return after(before, erasure.come_due(before.complaint, at=at)), at


def proposed(staff: Staff = QUALITY, rules: Office = OFFICE) -> tuple[Dossier, datetime]:
    """Return one whose disposal was proposed."""
    dossier, at = ended()
    made = erasure.propose(dossier.complaint, "r", staff=staff, at=at, office=rules)
    return after(dossier, made), at


def granted() -> tuple[Dossier, datetime]:
    """Return one whose disposal was granted, too."""
    dossier, at = proposed()
    made = erasure.grant(dossier.complaint, staff=MANAGER, at=at, office=OFFICE)
    return after(dossier, made), at


@given(st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2090, 1, 1)),  # noqa: DTZ001
       st.integers(0, 100))  # fmt: skip
def test_years_later_is_the_same_day_and_never_earlier(at: datetime, years: int) -> None:
    """Also from 29 February, and monotone in the years."""
    then = retention.years_later(at.replace(tzinfo=UTC), years)
    assert (then.year, then.month) == (at.year + years, at.month)
    assert then.day == at.day or (at.month, at.day, then.day) == (2, 29, 28)


def test_major_complaints_may_be_kept_longer() -> None:
    """And a person's request waits no longer than duty demands personal data."""
    general, major = closed().complaint, assessed(received(MAJOR)).complaint
    rules = office(major_years=10, personal_years=3)
    for complaint, kept in ((general, 5), (major, 10)):
        assert retention.years(complaint, rules) == kept
        by_request = retention.ends(complaint, ErasureKind.PERSON, AT, rules)
        assert by_request == retention.years_later(AT, 3)
    assert retention.ends(general, ErasureKind.PERSON, AT, OFFICE) == retention.years_later(AT, 5)


def test_what_is_due_enters_the_list_once() -> None:
    """By its own date; what is listed, held or asked of somebody is not looked at again."""
    dossier, at = ended()
    assert dossier.complaint.queue == DISPOSAL
    assert dossier.complaint.next_at is None
    with pytest.raises(WrongStatusError):
        erasure.come_due(dossier.complaint, at=at)
    with pytest.raises(WrongStatusError):
        erasure.come_due(closed().complaint, at=at - DAY)


@pytest.mark.parametrize("staff", [HANDLER, HEAD, MANAGER])
def test_only_whom_the_policy_names_proposes(staff: Staff) -> None:
    """State unchanged for all others."""
    with pytest.raises(NotAllowedError):
        proposed(staff)


@pytest.mark.parametrize("staff", [QUALITY, HANDLER, HEAD, QUALITY.replace(username="other")])
def test_another_one_of_another_role_grants(staff: Staff) -> None:
    """Neither who proposed it nor somebody of the same role."""
    dossier, at = proposed()
    with pytest.raises(NotAllowedError):
        erasure.grant(dossier.complaint, staff=staff, at=at, office=OFFICE)


def test_one_person_with_both_roles_is_one_person() -> None:
    """And two persons who act for the same role are one role."""
    dossier, at = proposed(BOTH)
    with pytest.raises(NotAllowedError):
        erasure.grant(dossier.complaint, staff=BOTH, at=at, office=OFFICE)
    rules = office(proposed_by=["management"], granted_by=["management", "quality_office"])
    dossier, at = proposed(MANAGER, rules)
    other = MANAGER.replace(username="mu")
    with pytest.raises(NotAllowedError):
        erasure.grant(dossier.complaint, staff=other, at=at, office=rules)
    assert erasure.grant(dossier.complaint, staff=QUALITY, at=at, office=rules)


def test_who_is_complained_about_decides_nothing() -> None:
    """Whatever the role."""
    dossier, at = proposed()
    complaint = dossier.complaint.replace(respondents=(MANAGER.username, QUALITY.username))
    assert not erasure.grants_for(complaint, MANAGER, OFFICE)
    assert not erasure.proposes_for(complaint, QUALITY, OFFICE)
    with pytest.raises(NotAllowedError):
        erasure.ask(dossier.replace(complaint=complaint), request(), staff=QUALITY, at=at,
                    office=OFFICE)  # fmt: skip


def test_nothing_is_proposed_before_its_time() -> None:
    """Open, held, with words unread, or still retained: each with its own sentence."""
    dossier, at = ended()
    listed = dossier.complaint
    cases = {
        "error.erasure_held": (listed.replace(holds=1), at),
        "error.erasure_open": (listed.replace(news_at=at), at),
        "error.erasure_retained": (listed, at - DAY),
    }
    for text_id, (complaint, instant) in cases.items():
        with pytest.raises(WrongStatusError) as error:
            erasure.propose(complaint, "r", staff=QUALITY, at=instant, office=OFFICE)
        assert error.value.text_id == text_id
    with pytest.raises(WrongStatusError):
        erasure.propose(assessed().complaint, "r", staff=QUALITY, at=at, office=OFFICE)


def test_begun_it_can_neither_be_held_nor_taken_up_again() -> None:
    """From here something may be gone."""
    dossier, at = granted()
    made = erasure.begin(dossier.complaint, dossier.entries, at=at, office=OFFICE)
    begun = after(dossier, made)
    with pytest.raises(WrongStatusError):
        follow_up.reopen(
            begun.complaint, "来了", staff=QUALITY, key=begun.key, at=at, office=OFFICE
        )
    done, entry = erasure.finish(begun.complaint, at=at)
    assert (done.subject, done.person, done.tracking_code) == ("", "", "")
    assert entry.facts == {"request": "r", "kind": "disposal"}
    assert done.respondents == begun.complaint.respondents
    with pytest.raises(WrongStatusError):
        erasure.come_due(done, at=at)


def test_the_record_must_show_two() -> None:
    """A head alone is believed nothing: the entries must say it, in an unbroken chain."""
    dossier, at = granted()
    complaint, entries = dossier.complaint, dossier.entries
    assert erasure.was_granted(complaint, entries, OFFICE)
    assert not erasure.was_granted(complaint, entries[:-1], OFFICE)
    assert not erasure.was_granted(complaint, [*entries[:-2], entries[-1]], OFFICE)
    forged = entries[-1].replace(actor="nobody")
    assert not erasure.was_granted(complaint, [*entries[:-1], forged], OFFICE)
    other = complaint.replace(respondents=(MANAGER.username,))
    assert not erasure.was_granted(other, entries, OFFICE)
    with pytest.raises(erasure.UngrantedError):
        erasure.begin(complaint, entries[:-1], at=at, office=OFFICE)


def test_a_request_is_kept_until_duty_ends() -> None:
    """On an open complaint, then closed: it comes up at the earlier of the two dates."""
    rules = office(personal_years=1)
    dossier = closed()
    at = later(dossier, 1)
    asked, entry = erasure.ask(dossier, request(), staff=QUALITY, at=at, office=rules)
    assert entry.facts["forbidden"] == "retained"
    assert "本人" not in str(entry)
    assert dossier.complaint.closed_at
    assert asked.next_at == retention.years_later(dossier.complaint.closed_at, 1)
    with pytest.raises(WrongStatusError):
        erasure.ask(dossier.replace(complaint=asked), request(), staff=QUALITY, at=at, office=rules)
    at_once, _ = erasure.ask(
        dossier, request(), staff=None, at=retention.years_later(at, 1), office=rules
    )
    assert at_once.queue == DISPOSAL


def test_a_request_for_a_copy_changes_nothing_else() -> None:
    """It is on record, and that is all."""
    dossier = assessed()
    made, _ = erasure.ask(dossier, request("access"), staff=None, at=AT + DAY, office=OFFICE)
    assert (
        made.replace(
            version=dossier.complaint.version,
            digest=dossier.complaint.digest,
            changed_on=dossier.complaint.changed_on,
        )
        == dossier.complaint
    )


def test_refused_it_comes_up_again_or_is_over() -> None:
    """A disposal in a year; without a reason not at all; once granted not any more."""
    dossier, at = proposed()
    with pytest.raises(ComplaintError):
        erasure.refuse(dossier, " ", staff=MANAGER, at=at, office=OFFICE)
    refused, _ = erasure.refuse(dossier, "仍有争议", staff=MANAGER, at=at, office=OFFICE)
    assert (refused.queue, refused.erasure) == ("", None)
    assert refused.next_at == retention.years_later(at, 1)
    going, at = granted()
    with pytest.raises(WrongStatusError):
        erasure.refuse(going, "仍有争议", staff=MANAGER, at=at, office=OFFICE)


def test_taken_up_again_retention_begins_anew_and_a_request_stays_asked() -> None:
    """What was granted is off; what the person asked is not forgotten."""
    dossier, at = granted()
    again, _ = follow_up.reopen(
        dossier.complaint, "又来", staff=QUALITY, key=dossier.key, at=at, office=OFFICE
    )
    assert (again.dispose_at, again.erasure) == (None, None)
    asked, _ = erasure.ask(closed(), request(), staff=None, at=later(closed(), 1), office=OFFICE)
    reopened, _ = follow_up.reopen(
        asked, "又来", staff=QUALITY, key=dossier.key, at=later(closed(), 2), office=OFFICE
    )
    assert reopened.erasure
    assert reopened.erasure.kind is ErasureKind.PERSON
