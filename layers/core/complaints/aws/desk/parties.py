"""Who has to do with a complaint: proxies, and members of staff who are complained about."""

from collections.abc import Sequence
from datetime import datetime

from complaints import (
    proxies,
    respondents,
)
from complaints.aws.desk.changing import change, letters_to
from complaints.aws.directory import StaffDirectory
from complaints.models import (
    Complaint,
    Dossier,
    Record,
    Staff,
)
from complaints.parts import (
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
