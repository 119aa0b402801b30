"""The law of counting: whatever happens, contacts, complaints and persons reconcile (I3)."""

from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from complaints import classify, intake
from complaints.archive import close
from complaints.follow_up import reopen
from complaints.history import breaks
from complaints.lifecycle import ComplaintError
from complaints.matters import Both, close_with, know_again, merge, tell_main, unmerge
from complaints.models import Complaint, Dossier, Outcome, Status, TrackingEntry
from complaints.particulars import correct
from complaints.parts import Correction, Merged, VoidReason
from complaints.report import figures
from complaints.severity import came_late, proofs, repeats, weighed
from complaints.void import void
from tests.builders import (
    AT,
    OFFICE,
    QUALITY,
    QUIET_KEY,
    RECORDED,
    after,
    answered,
    approved,
    contact,
    investigated,
    received,
)

PICK = st.integers(0, 999)
PERSONS = ("li", "wang", "zhao", "")


class Counting(RuleBasedStateMachine):
    """People complain, come back and are answered; staff merge, correct, void and close."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, Dossier] = {}
        self.at: datetime = AT
        self.received = 0

    def pick(self, n: int) -> Dossier:
        """Return one of the complaints."""
        return list(self.kept.values())[n % len(self.kept)]

    def keep(self, dossier: Dossier) -> Dossier:
        """Keep a complaint as it is now."""
        self.kept[dossier.complaint.complaint_id] = dossier
        return dossier

    def change(
        self,
        dossier: Dossier,
        made: tuple[Complaint, TrackingEntry],
        merged: tuple[Merged, ...] | None = None,
    ) -> None:
        """Keep a complaint after a step, weighed as every save is."""
        links = dossier.merged if merged is None else merged
        grown = dossier.replace(merged=links)
        complaint, entries = weighed(grown, made, at=self.at, office=OFFICE)
        self.keep(grown.replace(complaint=complaint, entries=(*grown.entries, *entries)))

    def change_both(self, one: Dossier, main: Dossier, made: Both) -> None:
        """Keep both after a step that concerns both."""
        self.change(one, made.complaint)
        self.change(main, made.main, made.merged_after(main))

    @initialize()
    def one_at_least(self) -> None:
        """Begin with a complaint."""
        self.complain("li", 0)

    @rule(person=st.sampled_from(PERSONS), hours=st.integers(0, 30))
    def complain(self, person: str, hours: int) -> None:
        """Somebody complains anew."""
        self.at += timedelta(hours=hours)
        made = received(n=len(self.kept) + 1, at=self.at)
        made = made.replace(complaint=made.complaint.replace(person=person))
        self.received += 1
        head, entry = classify.classify(
            made.complaint, made.contacts, key=QUIET_KEY, at=self.at, office=OFFICE
        )
        self.keep(after(made, (head.replace(recorded=RECORDED), entry)))

    @rule(n=PICK, hours=st.integers(0, 60))
    def come_back(self, n: int, hours: int) -> None:
        """Let a complainant say more; of a merged one it is news for the main one."""
        self.at += timedelta(hours=hours)
        dossier = self.pick(n)
        said = contact("再说一次", contact_id=f"c{self.received}", at=self.at)
        made = intake.add(dossier.complaint, said, key=QUIET_KEY, at=self.at, office=OFFICE)
        self.received += 1
        self.change(dossier, made)
        if into := dossier.complaint.merged_into:
            main = self.kept[into]
            told = tell_main(main.complaint, made[0], said, at=self.at, office=OFFICE)
            self.change(main, told)

    @rule(n=PICK, m=PICK)
    def merge(self, n: int, m: int) -> None:
        """Staff merge, where it may be."""
        one, main = self.pick(n), self.pick(m)
        try:
            self.change_both(one, main, merge(one, main, staff=QUALITY, at=self.at, office=OFFICE))
        except ComplaintError:
            return

    @rule(n=PICK)
    def unmerge(self, n: int) -> None:
        """Staff take a merge back, where there is one."""
        one = self.pick(n)
        if one.complaint.merged_into and one.complaint.is_open:
            main = self.kept[one.complaint.merged_into]
            if main.complaint.is_open:
                parted = unmerge(one, main, staff=QUALITY, at=self.at, office=OFFICE)
                self.change_both(one, main, parted)

    @rule(n=PICK, person=st.sampled_from(PERSONS))
    def turn_out_to_be(self, n: int, person: str) -> None:
        """Staff correct who somebody is; a merged one counts as that person with its main one."""
        one = self.pick(n)
        learned = Correction(
            correction_id="1", by="qiu", at=self.at, before={"phone": ""}, after={"phone": "1"}
        )
        try:
            made = correct(
                one, learned, one.complainant, person, staff=QUALITY, at=self.at, office=OFFICE
            )
        except ComplaintError:
            return
        self.change(one, made)
        if into := one.complaint.merged_into:
            main, complaint_id = self.kept[into], one.complaint.complaint_id
            noted, link = know_again(main, complaint_id, person, staff=QUALITY, at=self.at)
            others = (each for each in main.merged if each.complaint_id != complaint_id)
            self.change(main, noted, (*others, link))

    @rule(n=PICK, refused=st.booleans())
    def answer(self, n: int, refused: bool) -> None:  # noqa: FBT001
        """Approve a solution, which is refused or not."""
        dossier = self.pick(n)
        head = dossier.complaint
        if head.status is not Status.ASSESSED or head.merged_into or head.is_major:
            return
        done = approved(investigated(dossier))
        self.at = max(self.at, done.entries[-1].occurred_at)
        self.keep(done)
        if refused:
            self.change(done, answered(done, Outcome.REFUSED))
            self.at = max(self.at, self.kept[done.complaint.complaint_id].entries[-1].occurred_at)

    @rule(n=PICK)
    def void(self, n: int) -> None:
        """Void what was registered by mistake, where it may be; it is filed and closed."""
        one = self.pick(n)
        try:
            made = void(one, VoidReason.BY_MISTAKE, "误登记", staff=QUALITY, at=self.at)
        except ComplaintError:
            return
        self.change(one, made)
        self.change(
            self.kept[one.complaint.complaint_id],
            close(made[0], "x.zip", at=self.at, office=OFFICE),
        )

    @rule(n=PICK)
    def restore(self, n: int) -> None:
        """Take up again what was voided."""
        one = self.pick(n)
        if one.complaint.voided:
            repeats_before = one.complaint.repeats
            self.change(
                one,
                reopen(
                    one.complaint,
                    "确有其事",
                    staff=QUALITY,
                    key=QUIET_KEY,
                    at=self.at,
                    office=OFFICE,
                ),
            )
            assert self.kept[one.complaint.complaint_id].complaint.repeats == repeats_before

    @rule(n=PICK)
    def close_merged(self, n: int) -> None:
        """Close a merged complaint, as with its main one."""
        one = self.pick(n)
        if one.complaint.merged_into and one.complaint.is_open:
            self.change(one, close_with(one.complaint, "archive/x.zip", at=self.at, office=OFFICE))

    @invariant()
    def totals_reconcile(self) -> None:
        """Nothing is lost and nothing counted twice."""
        heads = [dossier.complaint for dossier in self.kept.values()]
        totals = figures(heads, self.at)
        standing = [head for head in heads if not head.voided]
        assert totals.contacts == self.received
        assert totals.persons == len({head.person for head in standing} - {""})
        assert totals.voided == len(heads) - len(standing)
        assert totals.received + totals.merged + totals.voided == len(heads)

    @invariant()
    def links_and_heads_agree(self) -> None:
        """Whatever says where it is merged is listed there, once; and nothing else is."""
        said = {
            (one.complaint.complaint_id, one.complaint.merged_into)
            for one in self.kept.values()
            if one.complaint.merged_into
        }
        listed = [(link.complaint_id, into) for into, d in self.kept.items() for link in d.merged]
        assert sorted(listed) == sorted(said)
        for dossier in self.kept.values():
            assert not (dossier.merged and dossier.complaint.merged_into)
            assert not dossier.complaint.voided or not (
                dossier.merged or dossier.complaint.merged_into
            )

    @invariant()
    def heads_say_what_the_proof_says(self) -> None:
        """Whatever a head counts as repeats, its history and its links prove."""
        for dossier in self.kept.values():
            assert dossier.complaint.repeats == sum(one.times for one in repeats(dossier))
            assert list(breaks(dossier.entries, dossier.complaint.digest)) == []

    @invariant()
    def severity_is_as_counted(self) -> None:
        """While it is open and no part of another, a counted code is there if and only if met."""
        for dossier in self.kept.values():
            head = dossier.complaint
            if head.merged_into or not head.is_open or not head.assessment:
                continue
            met = {one.code for one in proofs(dossier, OFFICE.policy) if one.holds}
            assert met <= set(head.assessment.major)
            assert set(head.assessment.counted) <= met


Counting.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestCounting = Counting.TestCase


def test_only_what_came_late_is_a_repeat() -> None:
    """A word in time is no repeat, and neither is one after the answer."""
    head = approved(investigated()).complaint
    assert not came_late(head, AT)
    assert came_late(head.replace(overdue=1), AT)
    assert not came_late(head.replace(overdue=1, status=Status.RESPONDED), AT)
