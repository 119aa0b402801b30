"""Merged complainants whom no letter reaches are told otherwise, before the matter is closed."""

import pytest

from complaints import gates, matters, telling
from complaints.lifecycle import InvalidInputError, NotAllowedError, WrongStatusError
from complaints.models import Complainant, Complaint, Dossier, Outcome, Status
from tests.builders import (
    HANDLER,
    HEAD,
    LI,
    MANAGER,
    OFFICE,
    OTHER_HEAD,
    QUALITY,
    after,
    approved,
    assessed,
    investigated,
    later,
    phoned,
    rated,
    received,
)

BY_PHONE = Complainant(name="赵强", phone="+8613700000003")
BY_POST = Complainant(name="钱进", address="幸福路1号")
CALLS = OFFICE.policy.follow_up.attempts


def matter(who: Complainant = BY_PHONE) -> tuple[Dossier, Dossier]:
    """Return a merged complaint of this person, and its main one, whose answer is approved."""
    one, main = assessed(received(n=2, complainant=who)), assessed(received(complainant=LI))
    both = matters.merge(one, main, staff=QUALITY, at=later(main, 1), office=OFFICE)
    whole = after(main, both.main).replace(merged=(both.link,))
    return owed(after(one, both.complaint), approved(investigated(whole)))


def owed(one: Dossier, main: Dossier, kind: matters.Kind = "notice") -> tuple[Dossier, Dossier]:
    """Return both after the merged one was answered with the main one."""
    at = later(main, 1)
    answered = after(one, matters.answer_with(one, main, kind, at=at))
    if answered.complaint.untold_at and not one.complaint.untold_at:
        number = one.complaint.complaint_id
        main = after(main, telling.await_telling(main.complaint, number, at=at))
    return answered, main


def told(
    one: Dossier,
    main: Dossier,
    how: telling.How = "told",
    *,
    hours: float = 2,
    words: str = "已告知",
) -> tuple[Complaint, Complaint]:
    """Return both complaints after the merged complainant was told, or called in vain."""
    at = later(main, hours)
    done, _ = telling.tell(
        one, main.complaint, how, "phone", words, staff=HANDLER, at=at, office=OFFICE
    )
    if done.untold_at:
        return done, main.complaint
    return done, telling.was_told(main.complaint, done, how, staff=HANDLER, at=at, office=OFFICE)[0]


def handled(main: Dossier) -> Dossier:
    """Return the main complaint, its complainant told and satisfied."""
    called = after(main, phoned(main, Outcome.ACCEPTED))
    return after(called, rated(called, Outcome.SATISFIED))


@pytest.mark.parametrize(
    ("who", "untold"),
    [(BY_PHONE, 1), (BY_POST, 1), (LI, 0), (Complainant(), 0)],
    ids=["by phone", "by post", "by mail", "no way"],
)
def test_whom_no_letter_reaches_is_counted(who: Complainant, untold: int) -> None:
    """Who has a mail address gets a letter; who left no way at all can't be told."""
    one, main = matter(who)
    assert main.complaint.untold == untold
    assert bool(one.complaint.untold_at) == bool(untold)


def test_a_matter_is_not_closed_while_somebody_is_untold() -> None:
    """It is handled, and lies with who handles it; the last one who is told lets it go on."""
    one, main = matter()
    main = handled(main)
    assert main.complaint.is_handled
    assert (main.complaint.status, main.complaint.queue) == (Status.RESPONDED, "service")
    assert gates.shut(main.complaint, OFFICE) == ()
    done, whole = told(one, main)
    assert (done.untold_at, whole.untold, whole.status) == (None, 0, Status.FOLLOWED_UP)
    assert done.contacted_at


def test_while_it_is_not_handled_yet_it_lies_in_the_handlers_queue_as_well() -> None:
    """In follow-up it waits for nobody else of the department."""
    _, main = matter()
    quiet = after(main, phoned(main, Outcome.ACCEPTED)).complaint
    assert quiet.queue == ""
    assert "service" in gates.other_queues(quiet, OFFICE)


def test_calls_in_vain_count_and_have_an_end() -> None:
    """After as many as the policy asks for, each long enough after the last (I5)."""
    one, main = matter()
    main = handled(main)
    for call in range(1, CALLS):
        head, whole = told(one, main, "unreachable", hours=3 * call)
        assert (head.attempts, bool(head.untold_at), whole.untold) == (call, True, 1)
        one = one.replace(complaint=head)
    soon, _ = told(one, main, "unreachable", hours=3 * (CALLS - 1) + 1)
    assert (soon.attempts, bool(soon.untold_at)) == (CALLS - 1, True)
    head, whole = told(one, main, "unreachable", hours=3 * CALLS)
    assert (head.attempts, head.untold_at) == (CALLS, None)
    assert (whole.untold, whole.status) == (0, Status.FOLLOWED_UP)


def test_who_is_not_content_is_news_for_the_matter() -> None:
    """The words stay with the own complaint; somebody must read them."""
    one, main = matter()
    _, whole = told(one, main, "refused", words="不接受")
    assert (whole.untold, bool(whole.news_at)) == (0, True)


def test_telling_needs_words_and_who_handles_it() -> None:
    """A handler of another department, a stranger to it, may not; nobody tells twice."""
    one, main = matter()
    with pytest.raises(InvalidInputError):
        told(one, main, words=" ")
    done, whole = told(one, main)
    with pytest.raises(WrongStatusError):
        told(one.replace(complaint=done), main)
    with pytest.raises(WrongStatusError):
        told(one, main.replace(complaint=whole))
    for staff, may in ((HANDLER, True), (HEAD, True), (QUALITY, True), (MANAGER, False)):
        assert telling.may_tell(main.complaint, staff) is may
    assert not telling.may_tell(main.complaint, OTHER_HEAD)
    assert not telling.may_tell(main.complaint.replace(respondents=("han",)), HANDLER)
    assert not telling.may_tell(whole, HANDLER)
    barred = one.replace(complaint=one.complaint.replace(respondents=("han",)))
    with pytest.raises(NotAllowedError):
        told(barred, main)


def test_a_new_answer_is_told_anew_and_counted_once() -> None:
    """Calls in vain about the answer before count no more."""
    one, main = matter()
    head, _ = told(one, main, "unreachable")
    again, whole = owed(one.replace(complaint=head), main)
    assert (again.complaint.attempts, whole.complaint.untold) == (0, 1)
    assert again.complaint.untold_at == one.complaint.untold_at


def test_a_survey_is_told_to_nobody() -> None:
    """Only the answer and updates are owed to everybody."""
    one, main = matter()
    done, whole = told(one, main)
    asked, counted = owed(one.replace(complaint=done), main.replace(complaint=whole), "survey")
    assert (asked.complaint.untold_at, counted.complaint.untold) == (None, 0)


def test_what_is_parted_again_is_told_by_itself() -> None:
    """The main one goes on where it waited for that alone; the other has its place again."""
    one, main = matter()
    main = handled(main)
    before = assessed(received(n=2, complainant=BY_PHONE)).complaint
    both = matters.unmerge(one, main, staff=QUALITY, at=later(main, 1), office=OFFICE)
    assert both.complaint[0].untold_at is None
    assert both.complaint[0].queue == before.queue
    assert (both.main[0].untold, both.main[0].status) == (0, Status.FOLLOWED_UP)


def test_they_are_told_the_answer_and_the_newest_update() -> None:
    """While the answer is being worked out again there is nothing to tell but updates."""
    _, main = matter()
    assert telling.words_to_tell(main) == (main.findings[-1].reply,)
    refused = after(main, phoned(main, Outcome.REFUSED))
    assert refused.complaint.untold == 1
    assert telling.words_to_tell(refused) == ()
    assert not telling.may_tell(refused.complaint, HANDLER)
    incident = refused.complaint.replace(incident_at=later(main, 1))
    assert telling.may_tell(incident, HANDLER)
