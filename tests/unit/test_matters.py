"""One matter, one complaint: merging, unmerging, and what stays true of the counts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints import classify, intake
from complaints.history import breaks
from complaints.lifecycle import (
    ComplaintError,
    InvalidInputError,
    NotAllowedError,
    WrongStatusError,
)
from complaints.matters import (
    Both,
    answer_with,
    close_with,
    is_answered_with,
    merge,
    person_key,
    put_aside,
    put_back,
    tell_main,
    unmerge,
)
from complaints.models import Complainant, Dossier, Outcome, Role, Staff, Status
from complaints.report import month_report
from complaints.texts import texts
from complaints.tracking import progress
from tests.builders import (
    AT,
    HANDLER,
    LI,
    MANAGER,
    OFFICE,
    OTHER_HEAD,
    QUALITY,
    QUIET_KEY,
    after,
    answered,
    approved,
    assessed,
    contact,
    investigated,
    later,
    received,
)

SECRET = b"s" * 32
ANOTHER = Complainant(name="王芳", phone="13900000002")


def of(n: int, complainant: Complainant = ANOTHER, **sides: Any) -> Dossier:  # noqa: ANN401
    """Return the n-th complaint of the year, received, with the key of its person."""
    dossier = received(n=n, complainant=complainant, **sides)
    person = person_key(complainant, SECRET)
    return dossier.replace(complaint=dossier.complaint.replace(person=person))


def merged(one: Dossier, main: Dossier, *, staff: Staff = QUALITY) -> tuple[Dossier, Dossier]:
    """Return both after merging the one into the other, an hour after the later's last step."""
    return both(one, main, merge(one, main, staff=staff, at=moment(one, main), office=OFFICE))


def unmerged(one: Dossier, main: Dossier) -> tuple[Dossier, Dossier]:
    """Return both after that was undone."""
    return both(one, main, unmerge(one, main, staff=QUALITY, at=moment(one, main), office=OFFICE))


def both(one: Dossier, main: Dossier, made: Both) -> tuple[Dossier, Dossier]:
    """Return both dossiers after a step that concerns both."""
    grown = after(main, made.main).replace(merged=made.merged_after(main))
    return after(one, made.complaint), grown


def answered_one(n: int) -> Dossier:
    """Return the n-th complaint with an approved solution."""
    return approved(investigated(assessed(of(n))))


def moment(*dossiers: Dossier) -> Any:  # noqa: ANN401 - an instant
    """Return an hour after the last step of these."""
    return max(later(dossier, 1) for dossier in dossiers)


# ---- persons -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Complainant(phone="13800138000"), Complainant(name="王", phone="+86 138-0013-8000")),
        (Complainant(email="Wang@Example.com"), Complainant(email="wang@example.COM")),
        (Complainant(phone="13800138000", email="a@b.cn"), Complainant(phone="13800138000")),
    ],
)
def test_the_same_person_has_the_same_key(one: Complainant, other: Complainant) -> None:
    """However phone or address are written."""
    assert person_key(one, SECRET) == person_key(other, SECRET) != ""


def test_a_key_says_nothing_without_the_secret() -> None:
    """Another deployment gives another key, and neither holds the phone; nobody has none."""
    assert person_key(LI, SECRET) != person_key(LI, b"t" * 32)
    assert "13800000001" not in person_key(LI, SECRET)
    assert person_key(Complainant(name="匿名"), SECRET) == ""


# ---- merge and unmerge ---------------------------------------------------------------------


@pytest.mark.parametrize("build", [lambda d: d, assessed, lambda d: investigated(assessed(d))])
def test_unmerging_gives_back_everything_as_it_was(build: Any) -> None:  # noqa: ANN401
    """Status, queue, clocks, investigator: only the history is longer (B5)."""
    one, main = build(of(1)), assessed(of(2, LI))
    joined, grown = merged(one, main)
    alone, shrunk = unmerged(joined, grown)
    changed = {"version": 0, "digest": "", "changed_on": None}
    assert alone.complaint.replace(**changed) == one.complaint.replace(**changed)
    assert shrunk.complaint.replace(**changed) == main.complaint.replace(**changed)
    assert shrunk.merged == ()
    for dossier in (alone, shrunk):
        assert list(breaks(dossier.entries, dossier.complaint.digest)) == []


@given(
    queue=st.sampled_from(["", "service", "quality_office"]),
    slots=st.lists(st.sampled_from(["", "service", "finance"]), max_size=3),
    beside=st.lists(st.sampled_from(["contact", "order:a", "outside:b"]), unique=True),
)
def test_putting_back_is_the_inverse_of_putting_aside(
    queue: str, slots: list[str], beside: list[str]
) -> None:
    """Whatever clocks run and wherever it lies; put aside, nobody is awaited for it."""
    head = assessed().complaint
    clocks = tuple(head.clock.replace(what=what) for what in beside if head.clock)
    head = head.replace(queue=queue, also=tuple(slots), clocks=clocks, look_again_at=None)
    aside = put_aside(head)
    assert put_back(aside) == head
    assert (aside.queue, aside.clock, aside.clocks, aside.next_at) == ("", None, (), None)


def test_a_merged_complaint_has_no_steps_of_its_own() -> None:
    """Who tries is told that it is counted with another."""
    one, _ = merged(assessed(of(1)), assessed(of(2, LI)))
    with pytest.raises(WrongStatusError) as error:
        investigated(one)
    assert error.value.text_id == "error.is_merged"


def test_one_merged_before_its_assessment_is_assessed_out_of_the_line() -> None:
    """Unmerged, it has the place in the line that the assessment gave it."""
    one, main = merged(of(1), assessed(of(2, LI)))
    known = after(
        one, classify.classify(one.complaint, one.contacts, key=QUIET_KEY, at=AT, office=OFFICE)
    )
    assert (known.complaint.status, known.complaint.queue) == (Status.ASSESSED, "")
    alone, _ = unmerged(known, main)
    assert alone.complaint.queue == "service"
    assert alone.complaint.clock
    assert alone.complaint.clock.started_at == AT


@pytest.mark.parametrize(
    ("pair", "staff", "error", "text_id"),
    [
        (lambda: (of(1), of(1)), QUALITY, InvalidInputError, "error.merge_itself"),
        (lambda: (assessed(of(1)), assessed(of(2))), MANAGER, NotAllowedError, ""),
        (lambda: (assessed(of(1)), assessed(of(2))), OTHER_HEAD, NotAllowedError, ""),
        (lambda: (answered_one(1), assessed(of(2))), QUALITY, WrongStatusError, "error.merge_late"),
        (lambda: (assessed(of(1)), answered_one(2)), QUALITY, WrongStatusError, "error.merge_late"),
        (
            lambda: (of(1, settled_on_spot=True), assessed(of(2))),
            QUALITY,
            WrongStatusError,
            "error.merge_late",
        ),
        (
            lambda: (assessed(of(3)), merged(assessed(of(1)), assessed(of(2)))[0]),
            QUALITY,
            WrongStatusError,
            "error.merge_chain",
        ),
        (
            lambda: (merged(assessed(of(1)), assessed(of(2)))[1], assessed(of(3))),
            QUALITY,
            WrongStatusError,
            "error.merge_chain",
        ),
    ],
)
def test_what_can_not_be_merged(
    pair: Callable[[], tuple[Dossier, Dossier]],
    staff: Staff,
    error: type[ComplaintError],
    text_id: str,
) -> None:
    """Never into itself, a merged one or one that is answered, never by who may not."""
    one, main = pair()
    with pytest.raises(error) as raised:
        merge(one, main, staff=staff, at=moment(one, main), office=OFFICE)
    assert text_id in ("", raised.value.text_id)


def test_nobody_handles_a_matter_that_complains_of_him() -> None:
    """Whoever is complained about in the one is barred from both; a handler comes in between."""
    about_han = assessed(of(1))
    about_han = about_han.replace(
        complaint=about_han.complaint.replace(respondents=(HANDLER.username,))
    )
    _, main = merged(about_han, assessed(of(2)))
    assert main.complaint.respondents == (HANDLER.username,)
    with pytest.raises(NotAllowedError) as raised:
        merged(about_han, investigated(assessed(of(3))))
    assert raised.value.text_id == "error.merge_barred"


def test_a_barred_person_merges_nothing() -> None:
    """Not even out of the own complaint into another."""
    barred = Staff(username="x", name="", email="", roles=(Role.QUALITY_OFFICE,))
    about = assessed(of(1))
    about = about.replace(complaint=about.complaint.replace(respondents=("x",)))
    with pytest.raises(NotAllowedError):
        merged(about, assessed(of(2)), staff=barred)


# ---- what they share -----------------------------------------------------------------------


def test_what_a_merged_complainant_says_is_news_for_the_main_one() -> None:
    """It joins the own complaint, which stays out of the line."""
    one, main = merged(assessed(of(1)), assessed(of(2, LI)))
    more = contact("还有一件事", contact_id="c2")
    said, _ = intake.add(one.complaint, more, key=QUIET_KEY, at=moment(one, main), office=OFFICE)
    assert (said.queue, said.clock, said.news_at, said.contacts) == ("", None, None, 2)
    told, _ = tell_main(main.complaint, said, more, at=moment(one, main), office=OFFICE)
    assert told.news_at == moment(one, main)


def test_merged_complainants_are_answered_once_in_each_round() -> None:
    """A step that is tried again owes no second letter; after a refusal they are told anew."""
    one, main = merged(assessed(of(1)), assessed(of(2, LI)))
    main = approved(investigated(main))
    assert not is_answered_with(one, main, "notice")
    told = after(one, answer_with(one, main, "notice", at=moment(one, main)))
    assert is_answered_with(told, main, "notice")
    assert not is_answered_with(told, main, "survey")
    again = approved(investigated(refused(main)))
    assert not is_answered_with(told, again, "notice")


def refused(main: Dossier) -> Dossier:
    """Return the main complaint, refused by its complainant."""
    return after(main, answered(main, Outcome.REFUSED))


def test_a_merged_complaint_closes_with_the_main_one_from_any_status() -> None:
    """And by no other way."""
    one, _ = merged(assessed(of(1)), assessed(of(2, LI)))
    closed, entry = close_with(
        one.complaint, "archive/x.zip", at=AT + timedelta(days=1), office=OFFICE
    )
    assert (closed.status, closed.archive_key) == (Status.CLOSED, "archive/x.zip")
    assert entry.facts["with"] == one.complaint.merged_into
    with pytest.raises(WrongStatusError):
        close_with(assessed(of(3)).complaint, "archive/x.zip", at=AT, office=OFFICE)


def test_a_merged_complainant_follows_the_main_one_and_sees_nothing_of_others() -> None:
    """Its status and the reply to all; no sum, no history, no answer that is another's (D8)."""
    one, main = merged(assessed(of(1)), assessed(of(2, LI)))
    main = approved(investigated(main))
    main = main.replace(findings=(main.findings[0].replace(compensation=50_000),))
    seen = progress(one, texts("zh_CN"), OFFICE, main)
    assert (seen.number, seen.status) == (one.complaint.complaint_id, Status.APPROVED)
    assert seen.reply == main.findings[0].reply
    assert (seen.compensation, seen.may_answer, seen.may_rate) == (None, False, False)
    assert len(seen.history) <= len(one.entries)
    assert seen.told == one.contacts


# ---- the report ----------------------------------------------------------------------------


def test_a_month_counts_a_matter_once_and_its_contacts_all() -> None:
    """One complaint, three contacts, two persons; every breakdown adds up to the complaints."""
    one, main = merged(assessed(of(1)), assessed(of(2, LI)))
    twice = one.complaint.replace(contacts=2)
    report = month_report([twice, main.complaint], "2026-11", office=OFFICE, at=AT)
    figures = report.figures
    assert (figures.received, figures.merged) == (1, 1)
    assert (figures.contacts, figures.persons) == (3, 2)
    assert sum(report.by_day) == sum(row.received for row in report.by["type"]) == 1
    assert [row.complaint_id for row in report.complaints] == [main.complaint.complaint_id]
