"""One matter: complaints merged and parted again (B5)."""

from complaints import (
    matters,
)
from complaints.aws.desk.changing import change_both
from complaints.models import (
    Complaint,
    Staff,
)


def merge(complaint_id: str, into: str, *, staff: Staff) -> Complaint:
    """Count a complaint with another one of the same matter (B5); return the one that has both."""
    return change_both(
        complaint_id, into, lambda one, main, at: matters.merge(one, main, staff=staff, at=at)
    )


def unmerge(complaint_id: str, main: str, *, staff: Staff) -> Complaint:
    """Make a merged complaint one of its own again; return the one that it was counted with."""
    return change_both(
        complaint_id, main, lambda one, whole, at: matters.unmerge(one, whole, staff=staff, at=at)
    )
