"""One matter on the page of a complaint: what is counted with it, what may be, and the proof."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import get_args

import msgspec

from complaints.console.lists import stage_words
from complaints.console.tasks import Task
from complaints.duplicates import likeness_to
from complaints.forms import Field
from complaints.matters import can_be_merged, may_merge
from complaints.models import Complainant, Complaint, Dossier, Staff
from complaints.office import Office
from complaints.parts import Nature
from complaints.roles import is_barred, may_see, may_work_on
from complaints.severity import SeverityProof, proofs
from complaints.telling import How, Way, may_tell, words_to_tell
from complaints.texts import Texts

LOOK_BACK = timedelta(days=30)
"""How long before this one a complaint may have come in to be proposed."""
PROPOSED = 5
ALIKE = 0.12
"""Likeness of two subjects from which on one is proposed; subjects are short."""
FIELDS: dict[Task, tuple[Field, ...]] = {
    Task.MERGE: (Field(name="into", required=True, longest=40),),
    Task.UNMERGE: (Field(name="merged", required=True, longest=40),),
    Task.TELL: (
        Field(name="tell_whom", required=True, longest=40),
        Field(name="tell_way", kind="choice", required=True, choices=get_args(Way)),
        Field(name="tell_outcome", kind="choice", required=True, choices=get_args(How)),
        Field(name="tell_words", kind="words", longest=2000),
    ),
}


class Other(msgspec.Struct, frozen=True, kw_only=True):
    """Another complaint: of the same matter, perhaps of it, or of the same person."""

    number: str
    subject: str
    stage: str
    received_at: datetime
    contacts: int
    effect: str
    """Urgency and risk in words."""
    name: str = ""
    untold: bool = False
    """Whether its complainant is still to be told by phone or by post."""
    same_person: bool = False
    unpaid: bool = False
    """Whether it has a payment that is not proven yet."""


class Untold(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is still to be told, and how to reach that person."""

    number: str
    name: str
    phone: str
    address: str
    since: datetime
    calls: int
    """Calls that reached nobody, of those that count."""


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """Why it is a major complaint: a criterion, and what stands for it."""

    name: str
    why: str
    words: tuple[str, ...] = ()
    proof: SeverityProof | None = None


class Matter(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows of the matter of a complaint."""

    into: str
    others: tuple[Other, ...]
    count: int
    people: int
    more: str
    """Where the next page of the others begins; empty on the last."""
    proposed: tuple[Other, ...]
    of_person: tuple[Other, ...]
    marked: int
    """Complaints of the person that were found to be malicious (B8)."""
    grounds: tuple[Ground, ...]
    untold: tuple[Untold, ...]
    """Those who have waited longest of all who are still to be told."""
    untold_count: int
    is_untold: bool
    """Whether the complainant of this one is still to be told what the main complaint says."""
    to_tell: tuple[str, ...]
    calls: int
    """After how many calls that reach nobody no more are made."""


def matter_tasks(complaint: Complaint, staff: Staff) -> tuple[Task, ...]:
    """Return what this person may do about the matter of a complaint."""
    works = may_work_on(complaint, staff)
    may = {
        Task.MERGE: works and can_be_merged(complaint),
        Task.UNMERGE: works and complaint.is_open,
        Task.TELL: may_tell(complaint, staff),
    }
    return tuple(task for task, allowed in may.items() if allowed)


def matter_of(
    dossier: Dossier,
    *,
    merged: Iterable[Complaint],
    more: str,
    people: Mapping[str, Complainant],
    of_person: Iterable[Complaint],
    proposed: Iterable[Complaint],
    untold: Iterable[tuple[Complaint, Complainant]],
    staff: Staff,
    t: Texts,
    office: Office,
) -> Matter:
    """Return the view; `people` are the complainants of the `merged` by their numbers.

    `untold` are those who are still to be told, with the ways to reach them. All of it comes as
    this person may see it, particulars masked or not.
    """
    complaint = dossier.complaint
    earlier = [one for one in of_person if one.complaint_id != complaint.complaint_id]
    keys = {complaint.person, *(one.person for one in dossier.merged)} - {""}
    return Matter(
        into=complaint.merged_into,
        others=tuple(_other(one, complaint, t, people) for one in merged),
        count=len(dossier.merged),
        people=len(keys),
        more=more,
        proposed=tuple(_other(one, complaint, t) for one in proposed),
        of_person=tuple(_other(one, complaint, t) for one in earlier if may_see(one, staff)),
        marked=sum(
            one.nature is Nature.MALICIOUS
            for one in (complaint, *earlier)
            if not is_barred(one, staff)
        ),
        grounds=grounds(dossier, t, office),
        untold=tuple(_untold(one, who) for one, who in untold),
        untold_count=complaint.untold,
        is_untold=complaint.untold_at is not None,
        to_tell=words_to_tell(dossier),
        calls=office.policy.follow_up.attempts,
    )


def _untold(one: Complaint, who: Complainant) -> Untold:
    """Return somebody who is still to be told."""
    return Untold(
        number=one.complaint_id,
        name=who.name,
        phone=who.phone,
        address=who.address,
        since=one.untold_at or one.received_at,
        calls=one.attempts,
    )


def grounds(dossier: Dossier, t: Texts, office: Office) -> tuple[Ground, ...]:
    """Return each criterion that makes it major, and each whose count has begun to grow."""
    assessment = dossier.complaint.assessment
    if not assessment:
        return ()
    counted = {proof.code: proof for proof in proofs(dossier, office.policy) if proof.count}
    found = []
    for criterion in office.policy.major:
        proof = counted.get(criterion.code)
        if criterion.code not in assessment.major and not _is_noteworthy(proof):
            continue
        if criterion.code in assessment.proposed:
            why = "staff.proof.proposed"
        elif criterion.code not in assessment.major:
            why = "staff.proof.not_met"
        elif criterion.code in assessment.counted:
            why = "staff.proof.counted"
        else:
            why = "staff.proof.levels" if criterion.levels else "staff.proof.confirmed"
        found.append(
            Ground(
                name=criterion.name.in_language(t.language),
                why=t(why),
                words=assessment.proposed.get(criterion.code, ()),
                proof=proof,
            )
        )
    return tuple(found)


def _is_noteworthy(proof: SeverityProof | None) -> bool:
    """Return whether a count that makes nothing major is worth a line; one person is no crowd."""
    return proof is not None and proof.count >= (1 if proof.what == "repeats" else 2)


def may_be_same(
    complaint: Complaint, candidates: Iterable[Complaint], staff: Staff
) -> list[Complaint]:
    """Return the complaints that this one may be merged into, the likeliest first.

    Of the same person whatever it says; of others where type and words are alike. Staff decide.
    """
    if not can_be_merged(complaint):
        return []
    fit = {
        one.complaint_id: one
        for one in candidates
        if one.complaint_id != complaint.complaint_id
        and can_be_merged(one)
        and may_merge(complaint, one, staff)
        and abs(one.received_at - complaint.received_at) <= LOOK_BACK
    }
    heads = list(fit.values())
    alike = likeness_to(complaint.subject, [one.subject for one in heads])
    scored = [
        (2.0 if _same_person(one, complaint) else likeness, one)
        for likeness, one in zip(alike, heads, strict=True)
        if _same_person(one, complaint) or (likeness >= ALIKE and _same_type(one, complaint))
    ]
    scored.sort(key=lambda found: (-found[0], found[1].received_at))
    return [one for _, one in scored[:PROPOSED]]


def _same_person(one: Complaint, other: Complaint) -> bool:
    return bool(one.person) and one.person == other.person


def _same_type(one: Complaint, other: Complaint) -> bool:
    known = one.assessment and other.assessment
    return not known or one.assessment.type == other.assessment.type  # type: ignore[union-attr]


def _other(
    one: Complaint,
    here: Complaint,
    t: Texts,
    people: Mapping[str, Complainant] | None = None,
) -> Other:
    """Return another complaint as the page lists it."""
    who = (people or {}).get(one.complaint_id, Complainant())
    assessed = one.assessment
    effect = (
        t(
            "staff.matter.effect",
            urgency=t(f"staff.urgency.{assessed.urgency}"),
            risk=t(f"staff.risk.{assessed.risk}"),
        )
        if assessed
        else ""
    )
    return Other(
        number=one.complaint_id,
        subject=one.subject,
        stage=stage_words(one, t),
        received_at=one.received_at,
        contacts=one.contacts,
        effect=effect,
        name=who.name,
        untold=one.untold_at is not None,
        same_person=_same_person(one, here),
        unpaid=one.unpaid > 0,
    )
