"""The complaints table: all or nothing, first come first saved, and every list in its order."""

from collections import Counter
from datetime import timedelta
from itertools import islice

import pytest

from complaints import intake
from complaints.aws.items import MONTH_SHARDS, complaint_item, months
from complaints.aws.registration import ConflictError, Draft, Registry
from complaints.aws.repository import (
    ComplaintRepository,
    StaleComplaintError,
    UnknownComplaintError,
)
from complaints.aws.runtime import client
from complaints.check_sla import take_step
from complaints.history import breaks
from complaints.letters import owed
from complaints.models import Dossier, Status
from complaints.number import complaint_number
from tests.builders import (
    AT,
    LI,
    OFFICE,
    approved,
    assessed,
    closed,
    contact,
    followed_up,
    investigated,
    received,
    responded,
)
from tests.kept import begun, draft_of, keep, refuse

pytestmark = pytest.mark.usefixtures("tables")
HOUR = timedelta(hours=1)


def repository() -> ComplaintRepository:
    """Return the repository of the deployment."""
    return ComplaintRepository.from_env()


def registry() -> Registry:
    """Return the registry of the deployment."""
    return Registry.from_env()


def draft(n: int) -> Draft:
    """Return the n-th complaint of the year, ready to be registered."""
    return draft_of(received(n=n))


def whole_line() -> list[Dossier]:
    """Return a complaint at each stage of its way, one built upon the other."""
    steps = [received()]
    for build in (assessed, investigated, approved, responded, followed_up, closed):
        steps.append(build(steps[-1]))
    return steps


def test_what_was_saved_is_what_is_read() -> None:
    """The whole file comes back equal, entry by entry, and its chain holds."""
    steps = whole_line()
    keep(*steps)
    dossier = repository().dossier(steps[-1].complaint.complaint_id)
    assert dossier == steps[-1]
    assert list(breaks(dossier.entries, dossier.complaint.digest)) == []
    assert repository().contacts(dossier.complaint.complaint_id) == dossier.contacts


def test_what_is_not_there_is_unknown() -> None:
    """A number that nobody was given raises; it is no empty complaint."""
    with pytest.raises(UnknownComplaintError):
        repository().get("TS-2026-000009-9")
    with pytest.raises(UnknownComplaintError):
        repository().dossier("TS-2026-000009-9")


# ---- register ------------------------------------------------------------------------------


def test_numbers_are_given_one_after_the_other() -> None:
    """F2: without gaps, without doubles; each year has its own."""
    given = [registry().register(f"m{n}", "d", f"t{n}", 2026, draft)[0] for n in range(12)]
    assert given == [complaint_number("TS", 2026, n, 6) for n in range(1, 13)]
    assert registry().register("m99", "d", "t", 2027, lambda _: draft(77))[1]


def test_a_repeat_finds_the_first() -> None:
    """The same mail again takes no number and makes nothing."""
    first, is_new = registry().register("mail:<a@x>", "digest", "mine", 2026, draft)
    again, again_new = registry().register("mail:<a@x>", "digest", "theirs", 2026, draft)
    assert (again, is_new, again_new) == (first, True, False)
    assert registry().register("mail:<b@x>", "d", "t", 2026, draft)[0].startswith("TS-2026-000002")


def test_a_lost_reply_is_recognised_as_the_own() -> None:
    """The transaction was written, its answer got lost: the same token is the same attempt."""
    first, _ = registry().register("mail:<a@x>", "digest", "mine", 2026, draft)
    assert registry().register("mail:<a@x>", "digest", "mine", 2026, draft) == (first, True)


def test_other_content_under_the_same_id_is_a_conflict() -> None:
    """It names the complaint that has the id, and changes nothing."""
    first, _ = registry().register("mail:<a@x>", "digest", "mine", 2026, draft)
    with pytest.raises(ConflictError) as raised:
        registry().register("mail:<a@x>", "other", "theirs", 2026, draft)
    assert raised.value.complaint_id == first
    with pytest.raises(UnknownComplaintError):
        repository().get(complaint_number("TS", 2026, 2, 6))


def test_a_taken_number_is_tried_again() -> None:
    """Who comes second to a number takes the next one."""
    raced: list[int] = []

    def racing(n: int) -> Draft:
        if not raced:
            raced.append(n)
            registry().register("mail:<fast@x>", "d", "t", 2026, draft)
        return draft(n)

    slow, is_new = registry().register("mail:<slow@x>", "d", "t", 2026, racing)
    assert (slow, is_new) == (complaint_number("TS", 2026, 2, 6), True)


def test_another_fault_is_not_taken_for_a_race() -> None:
    """Only failed conditions are tried again; anything else comes up at once."""
    refuse("dynamodb", "TransactWriteItems", "ProvisionedThroughputExceededException", times=9)
    with pytest.raises(client("dynamodb").exceptions.ClientError):
        registry().register("mail:<a@x>", "d", "t", 2026, draft)


def test_a_claim_is_made_with_the_save_and_is_the_first_comers() -> None:
    """A mail that answers is claimed in the write that adds it; nobody else can claim it then."""
    start = received()
    keep(start)
    first = contact(contact_id="reply")
    added, entry = intake.add(start.complaint, first, key=start.key, at=AT + HOUR, office=OFFICE)
    repository().save(added, entry, first, claimed=("mail:<r@x>", "d"))
    again, entry = intake.add(added, first, key=start.key, at=AT + HOUR, office=OFFICE)
    with pytest.raises(StaleComplaintError):
        repository().save(again, entry, first, claimed=("mail:<r@x>", "d"))

    holder = registry().claimed_any(["mail:<unheard@x>", "mail:<r@x>"])
    assert holder is not None
    assert holder.complaint_id == start.complaint.complaint_id
    assert registry().claimed_any(["mail:<unheard@x>"]) is None


# ---- save ----------------------------------------------------------------------------------


def test_a_stale_save_is_refused_and_writes_nothing() -> None:
    """Neither the complaint nor the entry nor a part of it."""
    start = received()
    keep(start, assessed(start))
    before = repository().dossier(start.complaint.complaint_id)
    stale, entry = intake.add(
        start.complaint, contact(contact_id="late"), key=start.key, at=AT + HOUR, office=OFFICE
    )
    with pytest.raises(StaleComplaintError):
        repository().save(stale, entry, contact(contact_id="late"))
    assert repository().dossier(start.complaint.complaint_id) == before


def test_two_who_do_the_same_in_the_same_second_are_two() -> None:
    """The same step makes the same entry; only one of them took it, and only one tells it."""
    dossier = assessed()
    keep(received(), dossier)
    complaint = begun(dossier.complaint)
    assert complaint.clock
    at = complaint.clock.next_at
    made = take_step(complaint, at=at, office=OFFICE)
    assert made == take_step(complaint, at=at, office=OFFICE)
    repository().save(*made)
    with pytest.raises(StaleComplaintError):
        repository().save(*made)


def test_a_save_of_an_unknown_complaint_is_stale() -> None:
    """There is no version to build upon."""
    dossier = assessed()
    with pytest.raises(StaleComplaintError):
        repository().save(dossier.complaint, dossier.entries[-1])


def test_a_part_that_is_none_is_refused() -> None:
    """Only records that belong to a complaint are kept with it."""
    start = received()
    keep(start)
    after = assessed(start)
    with pytest.raises(TypeError, match="a Complaint is no part"):
        repository().save(after.complaint, after.entries[-1], after.complaint)


def test_looking_later_is_no_news() -> None:
    """No version, no entry; and where an answer came in between, nothing at all."""
    start = received()
    keep(start)
    repository().look_later(start.complaint, AT + HOUR)
    moved = repository().get(start.complaint.complaint_id)
    assert (moved.look_again_at, moved.version) == (AT + HOUR, 1)
    after = assessed(start)
    repository().save(after.complaint, after.entries[-1])
    repository().look_later(start.complaint, None)
    assert repository().get(start.complaint.complaint_id) == after.complaint


def test_the_newest_token_is_the_one_that_counts() -> None:
    """A step that is asked again has a new token; before the first there is none."""
    start = received()
    keep(start)
    complaint_id = start.complaint.complaint_id
    assert repository().task_token(complaint_id) == ""
    for token in ("first", "second"):
        repository().begin_step(repository().get(complaint_id), token)
    assert repository().task_token(complaint_id) == "second"
    assert repository().get(complaint_id).look_again_at is None


# ---- lists ---------------------------------------------------------------------------------


def test_a_queue_lists_the_soonest_first_page_by_page() -> None:
    """In the order of their limits, each once, until the end."""
    for n, hours in enumerate((5, 1, 3, 2, 4), start=1):
        keep(received(n=n, at=AT + hours * HOUR))
    found, after = [], ""
    for _ in range(9):
        page, after = repository().in_queue("quality_office", limit=2, after=after)
        found += [(one.received_at - AT) // HOUR for one in page]
        if not after:
            break
    assert found == [1, 2, 3, 4, 5]
    assert repository().in_queue("service") == ([], "")


def test_a_queue_holds_who_must_act_now() -> None:
    """A complaint is in one queue, and in none once nobody must act."""
    steps = whole_line()
    queues = ("quality_office", "service", "management")
    waiting = ["quality_office", "service", "service", "service", "", "", ""]
    for length, where in enumerate(waiting, start=1):
        if length == 1:
            keep(steps[0])
        else:
            after = steps[length - 1]
            repository().save(after.complaint, after.entries[-1])
        assert [queue for queue in queues if repository().in_queue(queue)[0]] == (
            [where] if where else []
        ), steps[length - 1].complaint.status


def test_due_is_only_what_is_due() -> None:
    """By the instant of its next look, to the second; of what is closed, its retention's end."""
    start = received()
    keep(start)
    look = AT + timedelta(minutes=10)
    due = [(start.complaint.complaint_id, "complaint")]
    assert list(repository().due_before(look - timedelta(seconds=1))) == []
    assert list(repository().due_before(look)) == due
    for step in whole_line()[1:]:
        repository().save(step.complaint, step.entries[-1])
    assert repository().get(start.complaint.complaint_id).status is Status.CLOSED
    ends = repository().get(start.complaint.complaint_id).dispose_at
    assert ends
    assert list(repository().due_before(ends - timedelta(seconds=1))) == []
    assert list(repository().due_before(ends)) == due


def test_a_letter_is_due_until_it_is_sent() -> None:
    """Ten minutes after it was owed somebody looks; once sent nobody does."""
    start = received()
    letter = owed(start.complaint, "acknowledgement", LI.email, (), at=AT)
    keep(start.replace(letters=(letter,)))
    complaint_id = start.complaint.complaint_id
    part = f"letter#{letter.letter_id}"
    assert (complaint_id, part) in list(repository().due_before(AT + timedelta(minutes=10)))
    assert repository().letter(complaint_id, letter.letter_id) == letter
    repository().keep_letter(complaint_id, letter.replace(sent_at=AT, text="words"))
    assert (complaint_id, part) not in list(repository().due_before(AT + HOUR))
    assert repository().dossier(complaint_id).letters[0].text == "words"


def test_a_month_lists_what_came_in_in_it() -> None:
    """In order of arrival over all its partitions, pages of the table apart, and no other month."""
    ids = [keep(received(n=n, at=AT + n * HOUR)).complaint_id for n in range(1, 104)]
    keep(received(n=104, at=AT + timedelta(days=30)))
    assert [one.complaint_id for one in repository().received_in("2026-11")] == ids
    newest = islice(repository().received_in("2026-11", newest_first=True), 5)
    assert [one.complaint_id for one in newest] == ids[:-6:-1]
    assert list(repository().received_in("2026-10")) == []


def test_what_comes_in_at_once_is_spread_over_the_partitions_of_its_month() -> None:
    """None of them takes much more than its share, and a complaint never changes its own."""
    heads = [received(n=n).complaint for n in range(1, 801)]
    stored = [complaint_item(one)["received_month"]["S"] for one in heads]
    moved = [complaint_item(one.replace(subject="x"))["received_month"]["S"] for one in heads]
    assert stored == moved
    assert set(stored) == set(months("2026-11"))
    assert max(Counter(stored).values()) < 1.5 * len(heads) / MONTH_SHARDS
