"""Lists: what is due for one person, what waits for a queue, what came in in a month."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from itertools import islice
from urllib.parse import urlencode

from complaints import web
from complaints.access import Look
from complaints.aws import quarantine, sweeps
from complaints.aws.console import looking
from complaints.aws.console.visit import ForbiddenError, Visit, done, show
from complaints.aws.registration import Registry
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import now
from complaints.aws.settings import load_settings, office_shown
from complaints.console import lists, tasks
from complaints.console.told import Told, told
from complaints.models import Complaint, Role, Status
from complaints.number import parse_number
from complaints.outside import claimed_as
from complaints.report import local_month, utc_months
from complaints.report_words import month_name
from complaints.roles import is_barred, may_see
from complaints.texts import texts
from complaints.web import NotFoundError, Response

MUST_KNOW = frozenset({Role.QUALITY_OFFICE, Role.ADMINISTRATOR})
"""Who is warned on the first page when the check of the limits has stopped."""
LISTED = 50
"""Rows on one page of a month."""
HOME_ROWS = 100
MOST_PAGES = 8
"""Pages of a queue that are read to find complaints of one status."""


def home(visit: Visit) -> Response:
    """Show what is due and overdue for this person."""
    office, t, at = load_settings().office, texts(visit.language), now()
    complaints = ComplaintRepository.from_env()
    mine, others, more = [], [], False
    for queue in tasks.queues_of(visit.staff):
        found, rest = complaints.in_queue(queue, limit=HOME_ROWS)
        waiting = [one for one in found if may_see(one, visit.staff)]
        more = more or bool(rest)
        mine += [
            one for one in waiting if tasks.is_mine(one, visit.staff, office_shown(one.policy), at)
        ]
        size = f"{len(waiting)}{'+' if rest else ''}"
        others.append((queue, lists.queue_words(queue, t, office), size))
    # Who has several queues may find the same complaint in more than one.
    once = {one.complaint_id: one for one in mine}.values()
    seen = looking.heads_shown(once, visit.staff)
    rows = lists.by_need(lists.row(one, t, office, at) for one in seen)
    counts = lists.count(rows)
    return show(
        visit,
        "home",
        rows=rows,
        counts=counts,
        others=others,
        more=more,
        told=told_to(visit),
        mails=mails_waiting(visit),
        silent=bool(MUST_KNOW & set(visit.staff.roles)) and bool(sweeps.silent_since(at)),
        done=done(visit),
    )


def mails_waiting(visit: Visit) -> str:
    """Return how many mails wait for a person, up to `HOME_ROWS`; "" for who may not read them."""
    if not tasks.READS_QUARANTINE & set(visit.staff.roles):
        return ""
    found = quarantine.count_waiting(HOME_ROWS)
    return f"{found}{'+' if found == HOME_ROWS else ''}"


def told_to(visit: Visit) -> list[Told]:
    """Return what this person was told and has not acknowledged.

    Nothing of a complaint that turned out to be about this very person (I8).
    """
    found = [
        (complaint.complaint_id, notice)
        for complaint, notice in ComplaintRepository.from_env().told(visit.staff.username)
        if not is_barred(complaint, visit.staff)
    ]
    if not found:
        return []
    names = {one.username: one.name for one in visit.everybody}
    return told(found, names, texts(visit.language), load_settings().office)


def listing(visit: Visit) -> Response:
    """Show the complaints that wait for a queue, or that came in in a month; or open one."""
    if "number" in visit.query:
        return find(visit)
    staff, office = visit.staff, load_settings().office
    queues = tasks.readable_queues(staff, office)
    month = visit.query.get("month", "")
    if not month and not queues and tasks.reads_months(staff):
        month = lists.months(now(), office)[0]
    queue = visit.query.get("queue", "") or ("" if month else next(iter(queues), ""))
    if (month and not tasks.reads_months(staff)) or (queue and queue not in queues):
        raise ForbiddenError
    status = visit.query.get("status", "")
    if status and status not in tuple(Status):
        raise NotFoundError
    fits = lists.fitting(status, queue if month else "")
    if month:
        asked = {"month": month, "queue": queue, "status": status}
        looking.note_list(visit, Look.LISTED, asked)
    found, cursor = of_month(visit, month, fits) if month else of_queue(visit, queue, fits)
    return show_list(visit, found, cursor, queue=queue, month=month, status=status)


def find(visit: Visit) -> Response:
    """Open the complaint whose number was typed, ours or that of a body outside (I11)."""
    typed = visit.query["number"]
    if number := parse_number(typed) or numbered_outside(typed, visit):
        return web.see_other(f"/staff/complaints/{number}")
    wrong = texts(visit.language)("staff.list.wrong_number")
    return show_list(visit, [], "", number=typed[:60], errors={"number": wrong})


def numbered_outside(typed: str, visit: Visit) -> str:
    """Return the complaint that a body outside has under this number; empty if none is seen."""
    bodies = load_settings().office.policy.outside_bodies
    if not bodies or not typed.strip():
        return ""
    registry = Registry.from_env()
    found = registry.claimed_any(claimed_as(body.code, typed[:60]) for body in bodies)
    seen = found and may_see(ComplaintRepository.from_env().get(found.complaint_id), visit.staff)
    return found.complaint_id if found and seen else ""


def of_queue(visit: Visit, queue: str, fits: lists.Fits) -> tuple[list[Complaint], str]:
    """Return a page of what waits for a queue, and the place where the next begins."""
    after = visit.query.get("after", "")
    if after and not lists.is_cursor(after, queue):
        raise NotFoundError
    found: list[Complaint] = []
    if not queue:
        return found, ""
    for _ in range(MOST_PAGES):
        page, after = ComplaintRepository.from_env().in_queue(queue, after=after)
        found += [one for one in page if fits(one)]
        if found or not after:
            break
    return [one for one in found if may_see(one, visit.staff)], after


def of_month(visit: Visit, month: str, fits: lists.Fits) -> tuple[list[Complaint], str]:
    """Return a page of what came in in a month of the office, and where the next begins."""
    start = visit.query.get("after", "") or "0"
    if not lists.MONTH.fullmatch(month) or not start.isdecimal():
        raise NotFoundError
    first = int(start[:9])
    seen = (one for one in received_in(month) if fits(one) and may_see(one, visit.staff))
    found = list(islice(seen, first, first + LISTED + 1))
    return found[:LISTED], str(first + LISTED) if len(found) > LISTED else ""


def received_in(month: str) -> Iterator[Complaint]:
    """Yield what came in in a month of the office's calendar; the table knows months of UTC."""
    zone = load_settings().office.zone
    for touched in utc_months(month, zone):
        for one in ComplaintRepository.from_env().received_in(touched):
            if local_month(one.received_at, zone) == month:
                yield one


def show_list(
    visit: Visit,
    found: list[Complaint],
    cursor: str,
    *,
    queue: str = "",
    month: str = "",
    status: str = "",
    number: str = "",
    errors: Mapping[str, str] | None = None,
) -> Response:
    """Show a list with its filters."""
    office, t, at = load_settings().office, texts(visit.language), now()
    asked = {"queue": queue, "month": month, "status": status, "after": cursor}
    where = urlencode({name: value for name, value in asked.items() if value})
    heading = (
        t("staff.list.heading.month", month=month)
        if month
        else t("staff.list.heading.queue", queue=lists.queue_words(queue, t, office))
    )
    return show(
        visit,
        "list",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        rows=[lists.row(one, t, office, at) for one in looking.heads_shown(found, visit.staff)],
        heading=heading if queue or month else "",
        queues=[
            (one, lists.queue_words(one, t, office))
            for one in tasks.readable_queues(visit.staff, office)
        ],
        months=[(one, month_name(one, visit.language)) for one in lists.months(at, office)]
        if tasks.reads_months(visit.staff)
        else [],
        statuses=[(one.value, t(f"staff.stage.{one}")) for one in Status],
        queue=queue,
        month=month,
        chosen=status,
        number=number,
        errors=errors or {},
        next_page=f"/staff/complaints?{where}" if cursor else "",
    )
