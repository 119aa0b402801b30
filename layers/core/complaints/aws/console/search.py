"""The archive as auditors search it: filed complaints by month of receipt, and what fits (F5)."""

from collections.abc import Iterator
from itertools import islice
from urllib.parse import urlencode

from complaints.access import Look
from complaints.aws.console import looking
from complaints.aws.console.lists import received_in
from complaints.aws.console.visit import Visit, only, show
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import now
from complaints.aws.settings import load_settings
from complaints.bag import filed_before
from complaints.console import lists, search, tasks
from complaints.models import Complaint, Staff
from complaints.number import parse_number
from complaints.office import Office
from complaints.report_words import month_name
from complaints.roles import may_see
from complaints.texts import Texts, texts
from complaints.web import Response, see_other

ROWS = 50
MOST_HEADS = 1000
"""Complaints that one page looks at; then it says how far it has come."""
MOST_FILES = 50
"""Whole files that one page reads to look for words."""


def search_archive(visit: Visit) -> Response:
    """Show what was filed and fits, the newest month first; or open one by its number."""
    only(visit, tasks.READS_ARCHIVE)
    office, t, at = load_settings().office, texts(visit.language), now()
    typed = visit.query.get("number", "").strip()
    if number := parse_number(typed):
        return see_other(f"/staff/archive/{number}")
    months = lists.months(at, office, 12 * (office.policy.retention_years + 1))
    filters = search.asked(visit.query, months[0], months[min(len(months), 12) - 1])
    begin = search.place(visit.query.get("after", ""), filters)
    codes = {**filters.query(), "words": "", "after": visit.query.get("after", "")}
    looking.note_list(visit, Look.SEARCHED, codes, filters.words)
    found, end = look(visit.staff, filters, begin, office)
    further = {**filters.query(), "after": str(end)} if end else {}
    return show(
        visit,
        "archive",
        rows=[lists.row(one, t, office, at) for one in looking.heads_shown(found, visit.staff)],
        filters=filters,
        number=typed[:60],
        errors={"number": t("staff.list.wrong_number")} if typed else {},
        months=[(one, month_name(one, visit.language)) for one in months],
        departments=lists.departments(t, office),
        kinds=[(one.code, lists.kind_words(one.code, t, office)) for one in office.policy.types],
        results=[(one, result_words(one, t)) for one in search.RESULTS],
        handlers=[(one.username, one.name) for one in visit.everybody],
        up_to=month_name(end.month, visit.language) if end else "",
        next_page=f"/staff/archive?{urlencode(further)}" if further else "",
    )


def result_words(result: str, t: Texts) -> str:
    """Name what a search may ask for as the result."""
    return t("staff.stage.voided") if result == search.VOIDED else t(f"staff.outcome.{result}")


def look(
    staff: Staff, filters: search.Filters, begin: search.Place, office: Office
) -> tuple[list[Complaint], search.Place | None]:
    """Return what fits, and where a next page goes on; None once the period is searched.

    One page reads a bounded number of heads, and of whole files where words are looked for.
    """
    found: list[Complaint] = []
    heads = files = 0
    for here, complaint in _passing(begin, filters):
        if len(found) == ROWS or heads == MOST_HEADS or files >= MOST_FILES:
            return found, here
        heads += 1
        if not search.fits(complaint, filters, office.zone) or not may_see(complaint, staff):
            continue
        if not complaint.archive_key:
            files += 1
            history = ComplaintRepository.from_env().history(complaint.complaint_id)
            if not filed_before(history):
                continue
        if filters.words:
            files += 1
            # Looked for in what this person may read: else a search would tell what is masked.
            dossier = ComplaintRepository.from_env().dossier(complaint.complaint_id)
            if not search.mentions(looking.shown(dossier, staff), filters.words):
                continue
        found.append(complaint)
    return found, None


def _passing(
    begin: search.Place, filters: search.Filters
) -> Iterator[tuple[search.Place, Complaint]]:
    """Yield each complaint of the period after `begin`, with the place before it."""
    for month in search.months(begin, filters):
        passed = begin.passed if month == begin.month else 0
        for complaint in islice(received_in(month), passed, None):
            yield search.Place(month, passed), complaint
            passed += 1
