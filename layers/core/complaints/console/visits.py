"""The way in and around: where a page may lead back to, and what a person's menu holds."""

import base64
import binascii
import re
from urllib.parse import urlencode

from complaints.console.tasks import READS_ARCHIVE, READS_QUARANTINE, READS_REPORTS
from complaints.erasure import KEEPS_LISTS
from complaints.forms import read_form
from complaints.models import Role, Staff
from complaints.roles import (
    may_change_wording,
    may_keep_leave,
    may_read_policy,
    may_register,
)
from complaints.web import Request

HOME = "/staff"
FORM_TYPE = "application/x-www-form-urlencoded"
LONGEST_KEPT = 96 * 1024
_LOCAL = re.compile(r"/staff(?:/[\w.~-]+)*/?(?:\?[\w.~%&=+-]*)?", re.ASCII)
_COMPLAINT = re.compile(r"/staff/complaints/[\w-]+", re.ASCII)


def safe_next(address: str) -> str:
    """Return an address of our own to go on to; the first page for any other.

    >>> safe_next("/staff/complaints?queue=service"), safe_next("//evil.example/staff")
    ('/staff/complaints?queue=service', '/staff')
    """
    return address if _LOCAL.fullmatch(address) else HOME


def here(request: Request) -> str:
    """Return the page to come back to: this one, or the one that its form stands on."""
    if request.method != "POST":
        query = f"?{urlencode(request.query)}" if request.query else ""
        return safe_next(request.path + query)
    complaint = _COMPLAINT.match(request.path)
    return complaint[0] if complaint else safe_next(request.path)


def keep(request: Request) -> str:
    """Return what somebody typed whose session is over, to go through the sign-in page.

    Nothing where it did not come from a page of ours: nobody shall send a form in our name.
    """
    ours = request.headers.get("sec-fetch-site") == "same-origin"
    if request.method != "POST" or not ours or len(request.body) > LONGEST_KEPT:
        return ""
    return base64.urlsafe_b64encode(request.body).decode()


def kept(text: str) -> tuple[tuple[str, str], ...]:
    """Return the fields that were kept, without the mark of the session that is over."""
    try:
        form = read_form(base64.urlsafe_b64decode(text.encode()), FORM_TYPE)
    except (binascii.Error, ValueError):
        return ()
    return tuple((name, one) for name in form if name != "csrf" for one in form.all(name))


def menu(staff: Staff) -> list[tuple[str, str]]:
    """Return name and address of the pages that this person may open."""
    roles = set(staff.roles)
    pages = (
        ("home", HOME, True),
        ("complaints", "/staff/complaints", bool(roles - {Role.ADMINISTRATOR})),
        ("register", "/staff/register", may_register(staff)),
        ("quarantine", "/staff/quarantine", bool(roles & READS_QUARANTINE)),
        ("reports", "/staff/reports", bool(roles & READS_REPORTS)),
        ("archive", "/staff/archive", bool(roles & READS_ARCHIVE)),
        ("keeping", "/staff/keeping", bool(roles & KEEPS_LISTS)),
        ("policy", "/staff/policy", may_read_policy(staff)),
        ("letters", "/staff/letters", may_change_wording(staff)),
        ("templates", "/staff/templates", may_change_wording(staff)),
        ("people", "/staff/people", may_keep_leave(staff)),
    )
    return [(name, address) for name, address, allowed in pages if allowed]
