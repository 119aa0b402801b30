"""Who is complained about (I8): such a person neither sees, handles, approves nor is told."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from complaints.lifecycle import InvalidInputError, NotAllowedError, expect, record
from complaints.models import Complaint, Contact, Role, Staff, Status, TrackingEntry
from complaints.office import Office
from complaints.roles import may_name, next_signer, queue_of, stand_ins

SHORTEST = 2
"""Letters of a name that is looked for: a single one stands in every text."""


def name(
    complaint: Complaint,
    respondents: Sequence[str],
    *,
    directory: Sequence[Staff],
    staff: Staff,
    at: datetime,
    office: Office,
) -> tuple[Complaint, TrackingEntry]:
    """Say which members of staff are complained about, all of them at once.

    Whoever of them investigates, or sits in the joint group, is withdrawn in the same moment; a
    signature that nobody else may give is given by who stands in for it.

    Raises NotAllowedError for who is complained about already, or does not handle the complaint,
    InvalidInputError for somebody who is not in the directory.
    """
    expect(complaint, Status.RECEIVED, Status.ASSESSED, Status.INVESTIGATED, Status.APPROVED)
    if not may_name(complaint, staff):
        raise NotAllowedError(f"{staff.username} may not name respondents")
    named = tuple(dict.fromkeys(respondents))
    if not set(named) <= {member.username for member in directory}:
        raise InvalidInputError("not in the directory")
    # Who investigated stays on record for the four eyes, once there is a finding.
    withdrawn = complaint.status is Status.ASSESSED and complaint.investigator in named
    barred = complaint.replace(
        respondents=named,
        members=tuple(one for one in complaint.members if one not in named),
        investigator="" if withdrawn else complaint.investigator,
    )
    queue = complaint.queue
    if complaint.status is Status.INVESTIGATED:
        barred = barred.replace(stand_ins=stand_ins(barred, directory, office, at=at))
        queue = queue_of(next_signer(barred, office), barred, office)
    return record(
        barred,
        "respondents_named",
        at=at,
        actor=staff.username,
        facts={"respondents": ",".join(named), "withdrawn": withdrawn},
        queue=queue,
    )


def heads(complaint: Complaint, directory: Iterable[Staff]) -> list[Staff]:
    """Return whom to tell that an assignment was withdrawn: the department's heads.

    Where all of them are complained about, or there is none, it is the quality office.
    """
    free = [one for one in directory if one.username not in complaint.respondents]
    own = [
        one
        for one in free
        if Role.DEPARTMENT_HEAD in one.roles and one.department == complaint.department
    ]
    return own or [one for one in free if Role.QUALITY_OFFICE in one.roles]


def proposed(contacts: Iterable[Contact], directory: Sequence[Staff]) -> tuple[str, ...]:
    """Return who may be meant: each whose name stands in the words and is nobody else's.

    A longer name is read before a shorter one that it begins with.
    """
    owners: dict[str, list[str]] = {}
    for member in directory:
        if len(member.name) >= SHORTEST:
            owners.setdefault(member.name, []).append(member.username)
    if not owners:
        return ()
    longest_first = sorted(owners, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)))
    words = (f"{contact.staff_involved}\n{contact.subject}\n{contact.text}" for contact in contacts)
    found = dict.fromkeys(hit for text in words for hit in pattern.findall(text))
    return tuple(owners[one][0] for one in found if len(owners[one]) == 1)
