"""The way of a complaint: whatever is tried in whatever order, it goes known ways only."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints import approve, archive, classify, follow_up, intake, investigate, notify, void
from complaints.check_sla import take_step, what_is_due
from complaints.history import breaks
from complaints.lifecycle import (
    LINE,
    NEXT,
    ComplaintError,
    WrongStatusError,
    expect,
    is_past,
    record,
)
from complaints.models import (
    Assessment,
    Complaint,
    Decision,
    Dossier,
    Outcome,
    Status,
    TrackingEntry,
)
from complaints.parts import VoidReason
from tests.builders import (
    AT,
    HANDLER,
    HEAD,
    OFFICE,
    QUALITY,
    answered,
    approved,
    assessed,
    called_back,
    closed,
    contact,
    finding,
    followed_up,
    investigated,
    later,
    phoned,
    rated,
    received,
    responded,
)

Verb = Callable[[Dossier], tuple[Complaint, TrackingEntry]]

AT_EACH: dict[Status, Callable[[], Dossier]] = {
    Status.RECEIVED: received,
    Status.ASSESSED: assessed,
    Status.INVESTIGATED: investigated,
    Status.APPROVED: approved,
    Status.RESPONDED: responded,
    Status.FOLLOWED_UP: followed_up,
    Status.CLOSED: closed,
}


def decide(dossier: Dossier, *, yes: bool) -> tuple[Complaint, TrackingEntry]:
    """Decide as the department's head."""
    decision = Decision(approver=HEAD.username, approved=yes, reason="证据不足")
    return approve.decide(
        dossier.complaint, decision, dossier.complainant, staff=HEAD, key=dossier.key,
        at=later(dossier, 1), office=OFFICE,
    )  # fmt: skip


VERBS: dict[str, tuple[Verb, set[Status]]] = {
    "classify": (
        lambda d: classify.classify(
            d.complaint, d.contacts, key=d.key, at=later(d, 1), office=OFFICE
        ),
        {Status.RECEIVED},
    ),
    "correct": (
        lambda d: classify.correct(
            d.complaint,
            Assessment(type="B"),
            "service",
            staff=QUALITY,
            at=later(d, 1),
            office=OFFICE,
        ),
        {Status.ASSESSED, Status.INVESTIGATED},
    ),
    "assign": (
        lambda d: investigate.assign(d.complaint, HANDLER.username, staff=HANDLER, at=later(d, 1)),
        {Status.ASSESSED},
    ),
    "submit": (
        lambda d: investigate.submit(
            d.complaint, finding(), staff=HANDLER, key=d.key, at=later(d, 1), office=OFFICE
        ),
        {Status.ASSESSED},
    ),
    "approve": (lambda d: decide(d, yes=True), {Status.INVESTIGATED}),
    "reject": (lambda d: decide(d, yes=False), {Status.INVESTIGATED}),
    "post": (
        lambda d: notify.post(
            d.complaint, d.complainant, staff=HANDLER, key=d.key, at=later(d, 1), office=OFFICE
        ),
        {Status.APPROVED},
    ),
    "phone": (lambda d: phoned(d, Outcome.ACCEPTED), {Status.APPROVED}),
    "phone in vain": (lambda d: phoned(d, Outcome.UNREACHABLE), {Status.APPROVED}),
    "accept": (lambda d: answered(d, Outcome.ACCEPTED), {Status.APPROVED}),
    "refuse": (lambda d: answered(d, Outcome.REFUSED), {Status.APPROVED}),
    "skip": (
        lambda d: notify.skip(d.complaint, key=d.key, at=later(d, 1), office=OFFICE),
        {Status.APPROVED},
    ),
    "rate": (lambda d: rated(d, Outcome.SATISFIED), {Status.RESPONDED}),
    "complain again": (lambda d: rated(d, Outcome.DISSATISFIED), {Status.RESPONDED}),
    "call back": (lambda d: called_back(d, Outcome.SATISFIED), {Status.RESPONDED}),
    "call back in vain": (lambda d: called_back(d, Outcome.UNREACHABLE), {Status.RESPONDED}),
    "pass quietly": (
        lambda d: follow_up.pass_quietly(d.complaint, at=later(d, 24 * 8), office=OFFICE),
        {Status.RESPONDED},
    ),
    "reopen": (
        lambda d: follow_up.reopen(
            d.complaint, "又来投诉", staff=QUALITY, key=d.key, at=later(d, 1), office=OFFICE
        ),
        {Status.CLOSED},
    ),
    "void": (
        lambda d: void.void(d, VoidReason.TEST, "测试", staff=QUALITY, at=later(d, 1)),
        {Status.RECEIVED, Status.ASSESSED, Status.INVESTIGATED},
    ),
    "close": (
        lambda d: archive.close(d.complaint, "archive/x.zip", at=later(d, 1), office=OFFICE),
        {Status.FOLLOWED_UP},
    ),
}
ALWAYS: dict[str, Verb] = {
    "add": lambda d: intake.add(
        d.complaint, contact("补充"), key=d.key, at=later(d, 1), office=OFFICE
    ),
    "remind or escalate": lambda d: take_step(
        d.complaint.replace(look_again_at=None), at=later(d, 24 * 30), office=OFFICE
    ),
}


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("name", list(VERBS))
def test_a_verb_acts_on_the_status_it_expects_alone(name: str, status: Status) -> None:
    """Elsewhere it raises WrongStatusError; what is there already cannot be changed by it."""
    verb, allowed = VERBS[name]
    dossier = AT_EACH[status]()
    before = dossier.complaint.replace()
    if status in allowed:
        assert verb(dossier)[0].version == before.version + 1
    else:
        with pytest.raises(WrongStatusError):
            verb(dossier)
    assert dossier.complaint == before


@settings(max_examples=150, deadline=None)
@given(names=st.lists(st.sampled_from([*VERBS, *ALWAYS]), max_size=40))
def test_no_path_leaves_the_line(names: list[str]) -> None:
    """Every step is one of NEXT's or voids, adds one entry, and leaves the history whole."""
    dossier = received()
    for name in names:
        before = dossier.complaint
        verb = VERBS[name][0] if name in VERBS else ALWAYS[name]
        try:
            complaint, entry = verb(dossier)
        except (ComplaintError, ValueError):
            continue
        dossier = dossier.replace(complaint=complaint, entries=(*dossier.entries, entry))
        voided = complaint.voided and complaint.status is Status.FOLLOWED_UP
        known = complaint.status is before.status or complaint.status in NEXT[before.status]
        assert known or voided
        assert entry.status is complaint.status
    assert dossier.complaint.version == len(dossier.entries)
    assert list(breaks(dossier.entries, dossier.complaint.digest)) == []


@pytest.mark.parametrize("status", list(Status))
def test_nobody_waits_for_ever(status: Status) -> None:
    """Every open complaint has an instant at which it is looked at; a closed one its last day."""
    complaint = AT_EACH[status]().complaint
    assert complaint.next_at
    assert (complaint.next_at == complaint.dispose_at) == (status is Status.CLOSED)
    assert bool(complaint.clock) == complaint.is_open


@pytest.mark.parametrize("status", list(Status))
def test_every_answer_asks_for_its_step_to_begin(status: Status) -> None:
    """Ten minutes after an answer the next step must have begun, or it is begun."""
    dossier = AT_EACH[status]()
    at = dossier.entries[-1].occurred_at + timedelta(minutes=10)
    found = what_is_due(dossier.complaint, at)
    assert found == ("nothing" if status is Status.CLOSED else "heal")


def test_every_status_leads_on() -> None:
    """A status without a way out would hold a complaint for ever; a closed one can be reopened."""
    assert set(NEXT) == set(Status)
    assert all(NEXT.values())
    assert NEXT[Status.CLOSED] == {Status.ASSESSED}
    assert LINE[0] is Status.RECEIVED
    assert set.union(*map(set, NEXT.values())) == set(Status) - {Status.RECEIVED}


def test_a_way_that_is_none_is_not_recorded() -> None:
    """Record itself refuses, whatever a stage asks for."""
    complaint = received().complaint
    with pytest.raises(WrongStatusError, match="received -> closed is no way"):
        record(complaint, "closed", at=AT, actor="nobody", status=Status.CLOSED)


def test_past_means_reached_or_beyond() -> None:
    """A stage that is reached counts as past, the next one does not."""
    complaint = investigated().complaint
    assert is_past(complaint, Status.ASSESSED)
    assert is_past(complaint, Status.INVESTIGATED)
    assert not is_past(complaint, Status.APPROVED)


def test_an_error_names_the_sentence_to_show() -> None:
    """People are shown the catalogue's words, the log gets ours."""
    with pytest.raises(WrongStatusError) as raised:
        expect(received().complaint, Status.ASSESSED, Status.INVESTIGATED)
    assert raised.value.text_id == "error.wrong_status"
    assert "not assessed, investigated" in str(raised.value)
