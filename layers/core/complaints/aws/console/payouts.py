"""The forms about the payout of a group incident."""

from collections.abc import Callable

from complaints.aws.console.visit import Visit, form_id
from complaints.aws.desk import payouts
from complaints.aws.runtime import now
from complaints.console.payouts import payout_of
from complaints.console.tasks import Task
from complaints.models import Complaint, Dossier


def offer_to_all(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Offer the same amount to everybody of the incident."""
    proposed = payout_of(values, form_id(visit), visit.staff, now())
    return payouts.offer_to_all(dossier.complaint.complaint_id, proposed, staff=visit.staff)


def decide_for_all(visit: Visit, dossier: Dossier, values: dict[str, str]) -> Complaint:
    """Approve a payout, or refuse it."""
    refused = values["payout_reason"] if values["payout_decision"] == "reject" else ""
    number = dossier.complaint.complaint_id
    return payouts.decide_for_all(number, values["payout"], refused, staff=visit.staff)


ANSWERS: dict[Task, Callable[[Visit, Dossier, dict[str, str]], Complaint]] = {
    Task.OFFER_ALL: offer_to_all,
    Task.DECIDE_ALL: decide_for_all,
}
