"""Who has to do with a complaint: particulars, proxies, and members of staff complained about."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from complaints import (
    group_incident,
    particulars,
    proxies,
    respondents,
)
from complaints.aws.desk.changing import change, letters_to, tell_leader, weighed_change
from complaints.aws.directory import StaffDirectory
from complaints.aws.items import Person
from complaints.aws.persons import person_secret
from complaints.aws.repository import Change, ComplaintRepository, StaleComplaintError
from complaints.matters import know_again, person_key
from complaints.models import (
    Complaint,
    Dossier,
    Record,
    Staff,
    TrackingEntry,
)
from complaints.office import Office
from complaints.parts import (
    Correction,
    Proxy,
)


def add_proxy(complaint_id: str, proxy: Proxy, *, staff: Staff) -> Complaint:
    """Record somebody who speaks for the complainant (I17)."""
    return change(
        complaint_id,
        lambda dossier, _office, at: proxies.add(
            dossier.complaint, proxy, dossier.evidence, staff=staff, key=dossier.key, at=at
        ),
        lambda *_: (proxy,),
        unless=lambda dossier: any(one.proxy_id == proxy.proxy_id for one in dossier.proxies),
    )


def authorise_proxy(complaint_id: str, proxy: Proxy, *, staff: Staff) -> Complaint:
    """Record another authority of a proxy, or take it back."""
    return change(
        complaint_id,
        lambda dossier, _office, at: proxies.authorise(
            dossier.complaint, proxy, dossier.evidence, staff=staff, key=dossier.key, at=at
        ),
        lambda *_: (proxy,),
    )


def correct_particulars(
    complaint_id: str,
    wanted: Mapping[str, str],
    source: str,
    *,
    seen: str,
    once: str,
    staff: Staff,
) -> Complaint:
    """Enter particulars as they are known now; those that are known so already change nothing.

    `seen` is how many corrections whoever filled the form in had seen, `once` the id of the form.
    A merged complaint counts with its main one as this person from then on (I3).

    Raises as `particulars.correct` does, and StaleComplaintError where somebody else corrected
    it in between.
    """

    def made(dossier: Dossier, at: datetime) -> Correction:
        return particulars.correction(dossier, wanted, source, once=once, staff=staff, at=at)

    def person_in(dossier: Dossier) -> str:
        return person_key(particulars.complainant_as(dossier, wanted), person_secret())

    def verb(dossier: Dossier, office: Office, at: datetime) -> tuple[Complaint, TrackingEntry]:
        if seen != str(len(dossier.corrections)):
            raise StaleComplaintError(f"{complaint_id} was corrected by somebody else")
        return particulars.correct(
            dossier,
            made(dossier, at),
            particulars.complainant_as(dossier, wanted),
            person_in(dossier),
            staff=staff,
            at=at,
            office=office,
        )

    def kept(complaint: Complaint, dossier: Dossier, at: datetime) -> tuple[Record, ...]:
        who = particulars.complainant_as(dossier, wanted)
        after = dossier.replace(complaint=complaint, complainant=who)
        letters = particulars.letters(dossier, after, at=at)
        return (Person(complainant=who, key=dossier.key), made(dossier, at), *letters)

    def main(
        complaint: Complaint, dossier: Dossier, at: datetime
    ) -> tuple[tuple[Complaint, Change], ...]:
        if not complaint.merged_into or complaint.person == dossier.complaint.person:
            return ()
        whole = ComplaintRepository.from_env().dossier(complaint.merged_into)
        noted, link = know_again(whole, complaint_id, complaint.person, staff=staff, at=at)
        others = (one for one in whole.merged if one.complaint_id != complaint_id)
        counted = weighed_change(whole, noted, at, (*others, link))
        begins = group_incident.begins(whole.complaint, counted.complaint)
        letters = tell_leader(counted.complaint, at) if begins else ()
        return ((whole.complaint, msgspec.structs.replace(counted, parts=(link, *letters))),)

    return change(
        complaint_id,
        verb,
        kept,
        unless=lambda dossier: not particulars.changed(dossier, wanted),
        beside=main,
    )


def name_respondents(
    complaint_id: str, respondents_named: Sequence[str], *, staff: Staff
) -> Complaint:
    """Say who is complained about; a head is told of an assignment that this withdraws."""
    directory = StaffDirectory.from_env().all()

    def told(complaint: Complaint, dossier: Dossier, at: datetime) -> tuple[Record, ...]:
        withdrawn = dossier.complaint.investigator and not complaint.investigator
        heads = respondents.heads(complaint, directory) if withdrawn else []
        return (*letters_to(heads, "withdrawn", complaint, at), *dossier.seats)

    return change(
        complaint_id,
        lambda dossier, office, at: respondents.name(
            dossier.complaint,
            respondents_named,
            directory=directory,
            staff=staff,
            at=at,
            office=office,
        ),
        told,
        unless=lambda dossier: set(dossier.complaint.respondents) == set(respondents_named),
    )
