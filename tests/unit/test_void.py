"""Voiding: what was registered by mistake keeps its number, and nothing else of it stays."""

from collections.abc import Callable
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints import archive, emergency, follow_up, gates, intake, outside, void, work_orders
from complaints.check_sla import what_is_due
from complaints.console.tasks import void_tasks
from complaints.history import breaks
from complaints.letters import Sender, owed_to_complainant, to_complainant
from complaints.lifecycle import ComplaintError, InvalidInputError, NotAllowedError
from complaints.models import Assessment, Dossier, Staff, Status
from complaints.parts import Merged, OutsideCase, Payment, VoidReason, WorkOrder
from complaints.severity import weigh
from complaints.texts import texts
from complaints.tracking import progress
from tests.builders import (
    HANDLER,
    HEAD,
    MANAGER,
    NOBODY,
    OFFICE,
    QUALITY,
    after,
    approved,
    assessed,
    contact,
    investigated,
    later,
    received,
)

T = texts("zh_CN")
WORDS = "值班员演练系统时登记的。"
BEFORE: tuple[Callable[[], Dossier], ...] = (received, assessed, investigated)


def voided(dossier: Dossier | None = None, *, staff: Staff = QUALITY) -> Dossier:
    """Return a complaint that was voided as a test, an hour after its last step."""
    before = dossier or assessed()
    made = void.void(before, VoidReason.TEST, WORDS, staff=staff, at=later(before, 1))
    return after(before, made)


def filed(dossier: Dossier) -> Dossier:
    """Return it filed and closed."""
    key = archive.archive_key(dossier.complaint, later(dossier, 0))
    return after(
        dossier, archive.close(dossier.complaint, key, at=later(dossier, 1), office=OFFICE)
    )


def changed(dossier: Dossier, **sides: object) -> Dossier:
    """Return the file with another head."""
    return dossier.replace(complaint=dossier.complaint.replace(**sides))


@pytest.mark.parametrize("build", BEFORE)
def test_a_voided_complaint_goes_to_the_archive_and_nobody_waits(
    build: Callable[[], Dossier],
) -> None:
    """From wherever it was: no queue, no clock but that of filing, no gate in the way."""
    one = voided(build())
    head = one.complaint
    assert (head.status, head.queue, head.also, head.clocks) == (Status.FOLLOWED_UP, "", (), ())
    assert head.voided
    assert (head.voided.reason, head.voided.by) == ("test", "qiu")
    assert head.voided.at == one.entries[-1].occurred_at
    assert gates.other_queues(head, OFFICE) == ()
    assert gates.gates(head, (), OFFICE) == ()
    assert what_is_due(head, later(one, 1)) == "heal"
    done = filed(one).complaint
    assert (done.status, done.clock, done.next_at) == (Status.CLOSED, None, done.disposal_look)
    assert "_voided_" in done.archive_key
    assert list(breaks(filed(one).entries, done.digest)) == []


def test_its_words_are_committed_to_and_not_among_the_facts() -> None:
    """The history says why as a code; the explanation may name somebody."""
    entry = voided().entries[-1]
    assert entry.facts == {"voided": "test"}
    assert entry.commitment


def test_work_orders_and_pauses_end_with_it() -> None:
    """No department works on what is none."""
    before = assessed()
    order = WorkOrder(
        order_id="finance-1",
        department="finance",
        task="核对",
        issued_by="han",
        issued_at=later(before, 1),
    )
    made = work_orders.issue(
        before.complaint, order, staff=HANDLER, key=before.key, at=later(before, 1), office=OFFICE
    )
    head = voided(after(before, made, orders=order)).complaint
    assert (head.ordered, head.clocks, head.pause, head.extension) == ((), (), None, None)


PAID = Payment(
    payment_id="1",
    amount=100,
    basis="b",
    payer="p",
    offered_by="han",
    offered_at=later(received(), 0),
)
LINK = Merged(
    complaint_id="TS-2026-000002-5", person="p", received_at=later(received(), 0),
    merged_at=later(received(), 0), by="qiu",
)  # fmt: skip


def _outside() -> Dossier:
    before = assessed()
    at = later(before, 1)
    body = OFFICE.policy.outside_bodies[0].code
    case = OutsideCase(
        case_id="1", body=body, number="A1", received_at=at, due_at=later(before, 50)
    )
    made = outside.register(
        before.complaint, case, staff=QUALITY, key=before.key, at=at, office=OFFICE
    )
    return after(before, made, outside=case)


def _emergency() -> Dossier:
    before = assessed()
    made = emergency.find(
        before.complaint, "form-1", since=later(before, 0), at=later(before, 1), office=OFFICE
    )
    return after(before, made)


REFUSED: dict[str, Callable[[], Dossier]] = {
    "error.void_again": voided,
    "error.void_late": approved,
    "error.is_merged": lambda: changed(assessed(), merged_into="TS-2026-000002-5", queue=""),
    "error.void_merged": lambda: assessed().replace(merged=(LINK,)),
    "error.void_paid": lambda: assessed().replace(payments=(PAID,)),
    "error.void_outside": _outside,
    "error.void_emergency": _emergency,
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_what_something_hangs_on_is_not_voided(sentence: str) -> None:
    """Each refusal says what stands in the way, and the form is not offered."""
    dossier = REFUSED[sentence]()
    with pytest.raises(ComplaintError) as raised:
        voided(dossier)
    assert raised.value.text_id == sentence
    assert void_tasks(dossier, QUALITY) == ()


def test_an_open_dispute_and_a_paid_payment_stand_in_the_way_but_a_refused_one_not() -> None:
    """Money that went out is no mistake of the register; what was refused never went out."""
    assert void.obstacle(changed(assessed(), disputes_open=1)) == "error.void_outside"
    paid = PAID.replace(paid_at=later(received(), 1), voucher="V1")
    assert void.obstacle(assessed().replace(payments=(paid,))) == "error.void_paid"
    refused = PAID.replace(refused_reason="无依据")
    assert void.obstacle(assessed().replace(payments=(refused,))) == ""


@pytest.mark.parametrize("staff", [HANDLER, HEAD, MANAGER])
def test_only_the_quality_office_voids(staff: Staff) -> None:
    """Neither who handles it nor who would like it gone."""
    with pytest.raises(NotAllowedError) as raised:
        voided(staff=staff)
    assert raised.value.text_id == "error.void_not_allowed"
    assert void_tasks(assessed(), staff) == ()
    assert void_tasks(assessed(), QUALITY)


def test_who_is_complained_about_voids_nothing_and_nobody_without_words() -> None:
    """I8; and a number is explained in words."""
    against = changed(assessed(), respondents=(QUALITY.username,))
    with pytest.raises(NotAllowedError):
        voided(against)
    with pytest.raises(InvalidInputError):
        void.void(assessed(), VoidReason.TEST, " ", staff=QUALITY, at=later(assessed(), 1))


def test_an_objection_brings_it_back_under_its_number_and_is_no_repeat() -> None:
    """What is said after voiding is news of the quality office; taken up again it is whole."""
    closed = filed(voided(investigated()))
    said = contact("真有其事", contact_id="c2", at=later(closed, 1))
    heard = after(
        closed,
        intake.add(closed.complaint, said, key=closed.key, at=said.received_at, office=OFFICE),
    )
    assert (heard.complaint.queue, heard.complaint.news_at) == ("quality_office", said.received_at)
    made = follow_up.reopen(
        heard.complaint, "确有其事", staff=QUALITY, key=heard.key, at=later(heard, 1), office=OFFICE
    )
    head, entry = made
    assert entry.action == "restored"
    assert (head.status, head.voided, head.reopened, head.repeats) == (Status.ASSESSED, None, 0, 0)
    assert head.queue == "service"
    assert head.clock
    assert void_tasks(after(heard, made), QUALITY)


def test_what_was_not_assessed_yet_comes_back_to_the_quality_office() -> None:
    """It has neither type nor department: who assesses it finds it."""
    closed = filed(voided(received()))
    head, _ = follow_up.reopen(
        closed.complaint, "x", staff=QUALITY, key=closed.key, at=later(closed, 1), office=OFFICE
    )
    assert (head.queue, head.assessment) == ("quality_office", None)


def test_the_words_of_who_voids_ring_no_alarm() -> None:
    """An explanation may name the fire that was none; the complainant's own word still rings."""
    one = voided()
    fire = contact("没有起火，误登记", contact_id="c2", by="qiu")
    assert not emergency.needs_look(one, fire)
    assert emergency.needs_look(one, fire.replace(by="complainant"))


def test_its_complainant_reads_in_kind_words_that_and_why() -> None:
    """Nothing of a finding that nobody approved, and no limit any more."""
    one = voided(investigated())
    shown = progress(one, T, OFFICE)
    assert shown.voided
    assert shown.now == T("track.voided.test")
    assert (shown.reply, shown.reply_by, shown.may_answer, shown.may_rate) == (
        "",
        None,
        False,
        False,
    )
    assert [state for _, state in shown.stages] == ["done", "done"]
    assert shown.history[0].words == T("history.voided")


def test_the_letter_says_why_and_how_to_object() -> None:
    """To the complainant's address; who left none gets none."""
    one = voided()
    [letter] = owed_to_complainant("voided", one.complaint, one, at=later(one, 0), words=WORDS)
    sender = Sender(organisation="回音", mail_address="c@example.com", site_url="https://x")
    written = to_complainant(letter, one, sender, OFFICE, at=later(one, 0))
    body = written.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    assert WORDS in body.get_content()
    assert f"/track/{one.complaint.complaint_id}/" in body.get_content()
    nobody = one.replace(complainant=NOBODY)
    assert owed_to_complainant("voided", one.complaint, nobody, at=later(one, 0)) == ()


@given(people=st.integers(0, 6))
def test_a_voided_complaint_gains_no_severity(people: int) -> None:
    """Whatever was counted, weighing one that is voided changes nothing that anybody waits for."""
    one = voided()
    head = one.complaint.replace(assessment=Assessment(type="A"), repeats=people)
    found = weigh(one.replace(complaint=head), at=later(one, 1), office=OFFICE)
    assert found is None or (found[0].queue, found[0].clocks) == ("", ())
