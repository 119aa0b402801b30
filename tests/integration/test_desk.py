"""The desk: through whatever door, one save, one answer, and the letters that are owed."""

from datetime import timedelta

import pytest

from complaints.aws.desk import changing, intake, line
from complaints.aws.registration import ConflictError
from complaints.aws.repository import ComplaintRepository, StaleComplaintError
from complaints.aws.runtime import client, now
from complaints.history import breaks
from complaints.lifecycle import WrongStatusError
from complaints.models import Assessment, Complainant, Decision, Dossier, Outcome, Status
from tests.builders import (
    DRAWN_KEY,
    HANDLER,
    HEAD,
    LI,
    NUMBER,
    QUALITY,
    QUIET_KEY,
    approved,
    assessed,
    contact,
    finding,
    investigated,
    received,
    responded,
)
from tests.kept import begun, keep, mailed_to, mails, refuse, runs, task_answers, words_of

pytestmark = pytest.mark.usefixtures("tables")
SUCCESS, FAILURE = ("SendTaskSuccess", "token"), ("SendTaskFailure", "token")


def stored() -> Dossier:
    """Return the complaint as it is now."""
    return ComplaintRepository.from_env().dossier(NUMBER)


def store(*builds: object, key: bytes = QUIET_KEY, complainant: Complainant = LI) -> None:
    """Store a complaint brought so far by these builders; its step waits for an answer."""
    steps = [received(key=key, complainant=complainant)]
    for build in builds:
        assert callable(build)
        steps.append(build(steps[-1]))
    begun(keep(*steps), "token")


def test_the_whole_line_by_hand() -> None:
    """Each answer moves the complaint, resumes the step that waits, and keeps what was said."""
    store(assessed)
    told = task_answers()
    line.correct(NUMBER, Assessment(type="B"), "service", staff=HANDLER)
    line.assign(NUMBER, HANDLER.username, staff=HEAD)
    assert told == []
    line.submit_finding(NUMBER, finding(), staff=HANDLER)
    line.decide(NUMBER, Decision(approver=HEAD.username, approved=True), staff=HEAD)
    line.answer_reply(NUMBER, Outcome.ACCEPTED, "同意")
    line.confirm_by_phone(NUMBER, Outcome.ACCEPTED, "电话确认", staff=HANDLER)
    line.rate(NUMBER, Outcome.SATISFIED, 5, "谢谢")
    found = stored()
    assert found.complaint.status is Status.FOLLOWED_UP
    assert told == [SUCCESS] * 4
    assert [said.text for said in found.contacts][1:] == ["同意", "电话确认", "谢谢"]
    assert (len(found.findings), len(found.decisions)) == (1, 1)
    assert [letter.kind for letter in found.letters] == ["notice", "survey"]
    assert mailed_to() == [LI.email] * 2
    assert finding().reply in words_of(mails()[0])
    assert list(breaks(found.entries, found.complaint.digest)) == []


def test_a_rejection_sends_the_step_back_and_no_letter() -> None:
    """C5: to Investigate, by the error that the machine catches."""
    store(assessed, investigated)
    told = task_answers()
    no = Decision(approver=HEAD.username, approved=False, reason="证据不足")
    line.decide(NUMBER, no, staff=HEAD)
    assert told == [FAILURE]
    assert stored().decisions == (no.replace(code="department_head"),)
    assert mails() == []


def test_a_second_click_is_told_that_it_comes_late() -> None:
    """The same answer twice is taken once."""
    store(assessed, investigated)
    yes = Decision(approver=HEAD.username, approved=True)
    line.decide(NUMBER, yes, staff=HEAD)
    with pytest.raises(WrongStatusError):
        line.decide(NUMBER, yes, staff=HEAD)
    assert mailed_to() == [LI.email]


def test_whoever_was_overtaken_decides_again() -> None:
    """Somebody's note came first: the answer is made upon it, and both are kept."""
    store(assessed)
    noted: list[int] = []

    def note_first(**_: object) -> None:
        if not noted:
            noted.append(1)
            intake.add(NUMBER, contact("便条", contact_id="note-1", by="he", at=now()))

    client("dynamodb").meta.events.register("before-call.dynamodb.TransactWriteItems", note_first)
    line.submit_finding(NUMBER, finding(), staff=HANDLER)
    found = stored()
    assert (found.complaint.status, found.complaint.version) == (Status.INVESTIGATED, 4)
    assert [entry.action for entry in found.entries][2:] == ["contact_added", "investigated"]


def test_who_is_overtaken_again_and_again_is_told() -> None:
    """After a few tries the person is asked to look again; nothing was saved."""
    store(assessed)
    notes: list[str] = []

    def note_first(**_: object) -> None:
        if len(notes) % 2:  # its own save
            notes.append("")
            return
        notes.append(f"note-{len(notes)}")
        intake.add(NUMBER, contact(contact_id=notes[-1], by="he", at=now()))

    client("dynamodb").meta.events.register("before-call.dynamodb.TransactWriteItems", note_first)
    with pytest.raises(StaleComplaintError):
        line.submit_finding(NUMBER, finding(), staff=HANDLER)
    found = stored()
    assert (found.complaint.status, found.findings) == (Status.ASSESSED, ())
    assert len(found.contacts) == 1 + changing.TRIES


def test_the_same_contact_twice_is_one() -> None:
    """A repeat changes nothing, not even the version."""
    store()
    said = contact("补充", contact_id="mail-1")
    assert intake.add(NUMBER, said) == intake.add(NUMBER, said)
    assert len(stored().contacts) == 2


def test_a_call_back_may_reopen() -> None:
    """D5: by the quality office, with the words kept."""
    store(assessed, investigated, approved, responded, key=DRAWN_KEY)
    told = task_answers()
    line.call_back(NUMBER, Outcome.DISSATISFIED, 2, "没有改善", staff=QUALITY)
    assert stored().complaint.status is Status.ASSESSED
    assert stored().contacts[-1].by == QUALITY.username
    assert told == [FAILURE]


def test_a_notice_on_paper_is_on_record() -> None:
    """D1: posted; who can't be asked goes on to follow-up, and nobody is mailed."""
    by_post = Complainant(name="李", address="幸福路1号")
    store(assessed, investigated, approved, complainant=by_post)
    told = task_answers()
    line.post_notice(NUMBER, staff=HANDLER)
    assert stored().complaint.status is Status.RESPONDED
    assert stored().letters == ()
    assert told == [SUCCESS]


def test_a_letter_that_fails_undoes_nothing() -> None:
    """The decision stands; its letter is owed, and found by the check."""
    store(assessed, investigated)
    refuse("sesv2", "SendEmail", "MessageRejected")
    line.decide(NUMBER, Decision(approver=HEAD.username, approved=True), staff=HEAD)
    (letter,) = stored().letters
    assert (letter.kind, letter.sent_at) == ("notice", None)
    due = list(ComplaintRepository.from_env().due_before(now() + timedelta(minutes=11)))
    assert (NUMBER, f"letter#{letter.letter_id}") in due


# ---- register ------------------------------------------------------------------------------


def test_whoever_registers_again_finds_the_first() -> None:
    """One number, one run, one acknowledgement."""
    said = contact("态度恶劣", at=now())
    first, is_new = intake.register(LI, said, claimed="form:1")
    again, again_new = intake.register(LI, said, claimed="form:1")
    assert (again, is_new, again_new) == (first, True, False)
    assert runs() == [first.complaint_id]
    assert mailed_to() == [LI.email]


def test_other_words_under_the_same_form_are_a_conflict() -> None:
    """The door decides what to do with them; nothing is dropped in silence."""
    first, _ = intake.register(LI, contact("一", at=now()), claimed="form:1")
    with pytest.raises(ConflictError) as raised:
        intake.register(LI, contact("二", at=now()), claimed="form:1")
    assert raised.value.complaint_id == first.complaint_id


def test_who_was_settled_on_the_spot_need_not_be_written_to() -> None:
    """A9: the desk says whether an acknowledgement is wanted."""
    complaint, _ = intake.register(
        LI, contact(at=now()), claimed="form:1", settled_on_spot=True, acknowledge=False
    )
    assert complaint.settled_on_spot
    assert mails() == []


def test_codes_and_keys_are_everybodys_own() -> None:
    """Two complaints share neither tracking code nor key."""
    made = [intake.register(LI, contact(at=now()), claimed=f"form:{n}")[0] for n in range(2)]
    dossiers = [ComplaintRepository.from_env().dossier(one.complaint_id) for one in made]
    assert len({one.complaint.tracking_code for one in dossiers}) == 2
    assert len({one.key for one in dossiers}) == 2
    assert all(len(one.key) == 32 for one in dossiers)
