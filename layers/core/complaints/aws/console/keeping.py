"""Holds, disposal and persons' requests: the lists, and the page of one complaint (F6, F7)."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus

from complaints import web
from complaints.access import Look
from complaints.aws import owndata
from complaints.aws.console import looking
from complaints.aws.console.visit import ForbiddenError, Visit, form_id, show, status_of
from complaints.aws.desk import keeping as desk
from complaints.aws.items import ON_HOLD, REQUESTS
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import logger, now, random_id
from complaints.aws.settings import load_settings, office_for, office_shown
from complaints.console import keeping
from complaints.forms import Checked, check
from complaints.lifecycle import ComplaintError
from complaints.models import DISPOSAL, DISPOSED, Complaint, Dossier
from complaints.number import parse_number
from complaints.parts import ErasureKind, Hold
from complaints.portability import left_apart
from complaints.retention import obstacle
from complaints.roles import is_barred, may_see
from complaints.texts import texts
from complaints.web import NotFoundError, Response

FIRST_YEAR = 2026
QUEUES = {"due": DISPOSAL, "requests": REQUESTS, "holds": ON_HOLD}
Values = dict[str, str]


def list_keeping(visit: Visit) -> Response:
    """Show one of the lists: due, requests, holds, or the register of a year."""
    if not keeping.may_list(visit.staff):
        raise ForbiddenError
    if "number" in visit.query:
        if number := parse_number(visit.query["number"]):
            return web.see_other(f"/staff/keeping/{number}")
        raise NotFoundError
    which = visit.query.get("list", keeping.LISTS[0])
    if which not in keeping.LISTS:
        raise NotFoundError
    zone = load_settings().zone
    this_year = now().astimezone(zone).year
    years = [str(one) for one in range(this_year, FIRST_YEAR - 1, -1)]
    year = visit.query.get("year", years[0])
    after = visit.query.get("after", "")
    if year not in years or (after and not after.replace("-", "").replace("_", "").isalnum()):
        raise NotFoundError
    queue = QUEUES.get(which) or f"{DISPOSED}{year}"
    found, rest = ComplaintRepository.from_env().in_queue(queue, after=after)
    looking.note_list(visit, Look.LISTED, {"keeping": which, "year": year})
    names, t = _names(visit), texts(visit.language)
    return show(
        visit,
        "keeping",
        which=which,
        year=year,
        years=[(one, one) for one in years],
        rows=[
            keeping.listed(one, names, t, office_shown(one.policy))
            for one in found
            if not is_barred(one, visit.staff)
        ],
        next_page=f"/staff/keeping?list={which}&year={year}&after={rest}" if rest else "",
    )


def open_keeping(visit: Visit, number: str) -> Response:
    """Show how a complaint is kept."""
    dossier = admit(visit, number)
    looking.note(visit, number, Look.OPENED, "keeping")
    done = f"keeping.done.{visit.query.get('done', '')[:20]}"
    return show_kept(visit, dossier, done=done if done in texts(visit.language) else "")


def answer(visit: Visit, number: str, step: str) -> Response:
    """Take a form of that page; what is not taken is shown again, with what is wrong."""
    dossier = admit(visit, number)
    if step not in keeping.FIELDS:
        raise NotFoundError
    checked = check(visit.form, keeping.FIELDS[step])
    if checked.problems:
        return show_kept(visit, dossier, step=step, checked=checked)
    try:
        address = STEPS[step](visit, dossier, checked.values)
    except ComplaintError as error:
        return show_kept(visit, admit(visit, number), step=step, checked=checked, error=error)
    return web.see_other(address or f"/staff/keeping/{number}?done={step}")


def admit(visit: Visit, number: str) -> Dossier:
    """Return the complaint of this number; NotFoundError alike if there is none or not for them."""
    if parse_number(number) != number:
        raise NotFoundError
    dossier = ComplaintRepository.from_env().dossier(number)
    if not keeping.may_open(dossier.complaint, visit.staff):
        raise NotFoundError
    logger.append_keys(complaint_id=number)
    return dossier


def _hold(visit: Visit, dossier: Dossier, values: Values) -> str:
    hold = Hold(
        hold_id=form_id(visit),
        by=visit.staff.username,
        at=now(),
        reason=values["reason"],
        authority=values["authority"],
        case_number=values["case_number"],
    )
    desk.set_hold(dossier.complaint.complaint_id, hold, staff=visit.staff)
    return ""


def _lift(visit: Visit, dossier: Dossier, values: Values) -> str:
    number = dossier.complaint.complaint_id
    desk.lift_hold(number, values["hold"], values["reason"], staff=visit.staff)
    return ""


def _request(visit: Visit, dossier: Dossier, values: Values) -> str:
    number = dossier.complaint.complaint_id
    others = {one.complaint_id for one in _others(visit, dossier)}
    chosen = [one for one in visit.form.all("others") if one in others]
    request = desk.new_request(
        values["kind"],
        form_id(visit),
        [number, *chosen],
        by=visit.staff.username,
        asker=values["asker"],
        identity=values["identity"],
    )
    desk.record_request(request, staff=visit.staff)
    return ""


def _propose(visit: Visit, dossier: Dossier, _: Values) -> str:
    numbers = _together(dossier, lambda one: not (one.erasure and one.erasure.proposed_by))
    desk.propose(numbers, form_id(visit), staff=visit.staff)
    return ""


def _grant(visit: Visit, dossier: Dossier, _: Values) -> str:
    numbers = _together(
        dossier,
        lambda one: bool(one.erasure and one.erasure.proposed_by and not one.erasure.granted_at),
    )
    desk.grant(numbers, staff=visit.staff)
    return ""


def _refuse(visit: Visit, dossier: Dossier, values: Values) -> str:
    desk.refuse(dossier.complaint.complaint_id, values["reason"], staff=visit.staff)
    return ""


def _make(visit: Visit, dossier: Dossier, values: Values) -> str:
    """Make the copy, write down who took it, and send to it."""
    number = dossier.complaint.complaint_id
    request = desk.open_request(dossier, values["request"], "access")
    complaints = ComplaintRepository.from_env()
    dossiers = [complaints.dossier(one) for one in request.complaints]
    mine = [
        one for one in dossiers
        if keeping.may_open(one.complaint, visit.staff)
        and one.complaint.person == dossier.complaint.person
        and not one.is_erased
    ]  # fmt: skip
    for one in mine:
        looking.note(visit, one.complaint.complaint_id, Look.DOWNLOADED, f"copy:{number}")
    desk.hand_over(number, request.request_id, staff=visit.staff)
    return owndata.make(number, request.request_id, mine)


STEPS: dict[str, Callable[[Visit, Dossier, Values], str]] = {
    "hold": _hold,
    "lift": _lift,
    "request": _request,
    "propose": _propose,
    "grant": _grant,
    "refuse": _refuse,
    "make": _make,
}


def _together(dossier: Dossier, fits: Callable[[Complaint], bool]) -> list[str]:
    """Return this complaint, and those of the same request that are as far and may be erased."""
    complaint, at = dossier.complaint, now()
    asked = complaint.erasure
    if asked is None or asked.kind is not ErasureKind.PERSON:
        return [complaint.complaint_id]
    named = [n for one in dossier.requests for n in one.complaints]
    heads = ComplaintRepository.from_env().heads(
        [one for one in dict.fromkeys(named) if one != complaint.complaint_id]
    )
    return [
        complaint.complaint_id,
        *(
            one.complaint_id
            for one in heads
            if one.erasure
            and one.erasure.request_id == asked.request_id
            and fits(one)
            and not obstacle(one, ErasureKind.PERSON, at, office_for(one.policy))
        ),
    ]


def _others(visit: Visit, dossier: Dossier) -> Sequence[Complaint]:
    """Return the other complaints of the person that may go into the same request."""
    found = desk.of_same_person(dossier.complaint)
    return [one for one in found if keeping.may_open(one, visit.staff)]


def show_kept(
    visit: Visit,
    dossier: Dossier,
    *,
    step: str = "",
    checked: Checked | None = None,
    error: ComplaintError | None = None,
    done: str = "",
) -> Response:
    """Show the page; after a form that was not taken with its values and what is wrong."""
    t, office = texts(visit.language), office_shown(dossier.complaint.policy)
    shown = keeping.kept(dossier, visit.staff, _names(visit), t, office, now())
    invalid = HTTPStatus.UNPROCESSABLE_ENTITY if checked else HTTPStatus.OK
    blank = {one.name: "" for fields in keeping.FIELDS.values() for one in fields}
    return show(
        visit,
        "kept",
        status=status_of(error) if error else invalid,
        kept=shown,
        step=step,
        values=blank | (checked.values if checked else {}),
        errors=checked.sentences(t) if checked and not error else {},
        error=t(error.text_id) if error else "",
        done=done,
        form_id=random_id(),
        others=[(one.complaint_id, one.complaint_id) for one in _others(visit, dossier)]
        if shown.may_record
        else [],
        apart=left_apart([dossier]) if shown.may_make else [],
        sees=may_see(dossier.complaint, visit.staff),
    )


def _names(visit: Visit) -> Mapping[str, str]:
    return {one.username: one.name for one in visit.everybody}
