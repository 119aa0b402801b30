"""Members of staff: who there is, leave and deputies, tasks handed over, a table of them (H5)."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

import msgspec

from complaints import people as directory
from complaints import roster, web
from complaints.aws import accounts
from complaints.aws.console.visit import ForbiddenError, Visit, show
from complaints.aws.desk import ladder
from complaints.aws.directory import StaffDirectory
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import now
from complaints.aws.settings import load_settings
from complaints.console import lists, people, tasks
from complaints.forms import Checked, Problem
from complaints.hand_over import has_tasks
from complaints.lifecycle import ComplaintError
from complaints.models import Role, Staff
from complaints.office import Office
from complaints.people import Change
from complaints.policy import MANAGEMENT, QUALITY_OFFICE
from complaints.roles import may_keep_leave, may_keep_people
from complaints.texts import Texts, texts
from complaints.web import NotFoundError, Response, UnusableError

BLANK = dict.fromkeys(
    ("username", "name", "email", "phone", "department", "deputy", "on_call", "left_on"), ""
)
LABELS = {
    "username": "staff.username",
    "name": "complain.name",
    "email": "complain.email",
    "phone": "complain.phone",
    "roles": "staff.people.roles",
    "posts": "staff.people.posts",
    "department": "staff.people.department",
    "deputy": "staff.people.deputy",
    "absences": "staff.people.absences",
    "on_call": "staff.people.on_call",
    "left_on": "staff.people.left_on",
}
PAGES_READ = 10
MOST_AT_ONCE = 20
"""People entered for one answer, which must be there in 30 s; each takes up to eight calls."""
ROWS_READ = 100
"""A queue is read as far as a thousand complaints for those of one person; then again."""


def list_people(visit: Visit) -> Response:
    """Show everybody, the form that adds a person, and the newest changes."""
    return show_people(visit)


def add_person(visit: Visit) -> Response:
    """Add a member of staff; the first password is shown once, to be handed over."""
    if not may_keep_people(visit.staff):
        raise ForbiddenError
    known = directory.by_name(StaffDirectory.from_env().all())
    checked, member = people.check_person(visit.form, load_settings().office, known)
    if not checked.problems and member.username in known:
        sentence = {"username": texts(visit.language)("staff.people.taken")}
        return show_people(visit, checked, member, sentence)
    if checked.problems:
        return show_people(visit, checked, member)
    change = Change(by=visit.staff.username, at=now(), after=member)
    return show_people(visit, added=member, password=accounts.keep(change))


def show_people(
    visit: Visit,
    checked: Checked | None = None,
    typed: Staff | None = None,
    taken: dict[str, str] | None = None,
    *,
    added: Staff | None = None,
    password: str = "",
    refused: str = "",
) -> Response:
    """Show the list with the forms, or with the first password of the person just added."""
    if not may_keep_leave(visit.staff):
        raise ForbiddenError
    office, t = load_settings().office, texts(visit.language)
    day = directory.day_of(now(), office)
    everybody = StaffDirectory.from_env().all()
    invalid = HTTPStatus.CONFLICT if taken else HTTPStatus.UNPROCESSABLE_ENTITY
    wrong = bool(checked or refused)
    return show(
        visit,
        "people",
        status=invalid if wrong else HTTPStatus.CREATED if added else HTTPStatus.OK,
        people=[
            (one, lists.queue_words(one.department, t, office), _presence(one, day, t))
            for one in everybody
        ],
        keeps=may_keep_people(visit.staff),
        errors={"table": t(refused, most=roster.MOST_ROWS)}
        if refused
        else taken or (checked.sentences(t) if checked else {}),
        changes=changes(everybody, t, office),
        added=added,
        password=password,
        **_form(visit, checked, typed or Staff(username="", name="", email="", roles=())),
    )


def open_person(visit: Visit, username: str) -> Response:
    """Show the entry of a person, what waits for that person by name, and the changes."""
    return show_person(visit, _member(visit, username))


def change_person(visit: Visit, username: str) -> Response:
    """Change the entry of a person; the user pool follows it."""
    before = _member(visit, username)
    known = directory.by_name(StaffDirectory.from_env().all())
    office, at = load_settings().office, now()
    whole = may_keep_people(visit.staff)
    checked, member = people.check_person(visit.form, office, known, before, whole=whole)
    after = {**known, username: member}
    if directory.loses_last_administrator(
        known.values(), after.values(), directory.day_of(at, office)
    ):
        checked.problems["roles"] = Problem("staff.people.last_administrator")
    if checked.problems:
        return show_person(visit, before, checked, member)
    if member != before:
        try:
            accounts.keep(Change(by=visit.staff.username, at=at, before=before, after=member))
        except ComplaintError as error:
            return show_person(visit, before, checked, member, refused=error.text_id)
    return web.see_other(f"/staff/people/{username}?done=person")


def hand_over(visit: Visit, username: str) -> Response:
    """Hand everything that waits for a person by name over to another one, in one go."""
    leaver = _member(visit, username)
    chosen = visit.form.get("successor", "")
    successor = StaffDirectory.from_env().find(chosen) if chosen else None
    office = load_settings().office
    if successor is None or not directory.is_there(successor, directory.day_of(now(), office)):
        return show_person(visit, leaver, refused="staff.people.successor_missing")
    done, left = [], []
    for number in open_tasks(leaver, office):
        try:
            ladder.hand_over(number, username, successor, staff=visit.staff)
            done.append(number)
        except ComplaintError as error:
            left.append((number, texts(visit.language)(error.text_id)))
    return show_person(visit, leaver, handed=done, left=left, successor=successor.name)


def show_person(
    visit: Visit,
    member: Staff,
    checked: Checked | None = None,
    typed: Staff | None = None,
    *,
    refused: str = "",
    **handed: Any,  # noqa: ANN401 - what was handed over, for the template
) -> Response:
    """Show a person; after a form that was not taken, with its values and what is wrong."""
    office, t = load_settings().office, texts(visit.language)
    everybody = StaffDirectory.from_env().all()
    day = directory.day_of(now(), office)
    return show(
        visit,
        "person",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if checked or refused else HTTPStatus.OK,
        member=member,
        whole=may_keep_people(visit.staff),
        presence=_presence(member, day, t),
        errors=checked.sentences(t) if checked else {},
        refused=refused,
        others=[
            (one.username, f"{one.name} ({one.username})")
            for one in everybody
            if one.username != member.username and not directory.has_left(one, day)
        ],
        waiting=open_tasks(member, office),
        changes=changes(everybody, t, office, member.username),
        done="staff.people.saved" if "done" in visit.query else "",
        **{"handed": [], "left": [], "successor": "", **handed},
        **_form(visit, checked, typed or member),
    )


def import_people(visit: Visit) -> Response:
    """Show what a table would change; once that is confirmed, change it, some people at a time.

    What was not entered, for want of time or because somebody else came first, is offered again.
    """
    if not may_keep_people(visit.staff):
        raise ForbiddenError
    form, office, at = visit.form, load_settings().office, now()
    sent = form.files.get("table") or _kept(form.get("kept", ""))
    try:
        table = roster.read_table(sent)
    except roster.UnreadableTableError as error:
        return show_people(visit, refused=error.text_id)
    everybody = StaffDirectory.from_env().all()
    names = {one.username: one.name for one in everybody}
    made = roster.plan(table, everybody, office, directory.day_of(at, office))
    t, confirmed = texts(visit.language), "confirmed" in form and not made.faults
    passwords: list[tuple[str, str]] = []
    left = len(made.changes())
    refused: ComplaintError | None = None
    if confirmed:
        entered, passwords, refused = enter_some(made.changes(), visit.staff.username, at)
        left -= len(entered)
        made = msgspec.structs.replace(
            made,
            added=tuple(after for before, after in entered if before is None),
            changed=tuple((before, after) for before, after in entered if before),
        )
    return show(
        visit,
        "people_import",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if made.faults else HTTPStatus.OK,
        made=made,
        changed=[
            row
            for before, after in made.changed
            for row in _rows(Change(by="", at=at, before=before, after=after), t, office, names)
        ],
        faults=[
            (one, t(LABELS[one.column]) if one.column in LABELS else one.column, one.sentence(t))
            for one in made.faults
        ],
        confirmed=confirmed,
        rest=left,
        refused=t(refused.text_id) if refused else "",
        passwords=passwords,
        kept=base64.b64encode(sent).decode(),
        role_names={one.value: lists.role_words(one, t, office) for one in Role},
        departments={
            one.username: lists.queue_words(one.department, t, office) for one in made.added
        },
    )


def enter_some(
    changes: list[roster.Entries], by: str, at: datetime
) -> tuple[list[roster.Entries], list[tuple[str, str]], ComplaintError | None]:
    """Enter the first of these people; return who was entered, first passwords, what stopped it."""
    entered: list[roster.Entries] = []
    passwords: list[tuple[str, str]] = []
    for before, after in changes[:MOST_AT_ONCE]:
        try:
            password = accounts.keep(Change(by=by, at=at, before=before, after=after))
        except ComplaintError as error:
            return entered, passwords, error
        entered.append((before, after))
        passwords += [(after.username, password)] if password else []
    return entered, passwords, None


def open_tasks(member: Staff, office: Office) -> list[str]:
    """Return the complaints that wait for this person by name, the own queues first."""
    complaints = ComplaintRepository.from_env()
    departments = (one.code for one in office.policy.departments)
    queues = dict.fromkeys((*tasks.queues_of(member), *departments, QUALITY_OFFICE, MANAGEMENT))
    found: dict[str, None] = {}
    for queue in queues:
        after = ""
        for _ in range(PAGES_READ):
            page, after = complaints.in_queue(queue, limit=ROWS_READ, after=after)
            waiting = (one.complaint_id for one in page if has_tasks(one, member.username))
            found |= dict.fromkeys(waiting)
            if not after:
                break
    return list(found)


def changes(
    everybody: list[Staff], t: Texts, office: Office, username: str = ""
) -> list[tuple[Change, str, str, list[tuple[str, str, str]]]]:
    """Return the newest changes: each with who made it, of whom, and what was and is."""
    names = {one.username: one.name for one in everybody}
    return [
        (
            one,
            names.get(one.by, one.by),
            names.get(one.after.username, one.after.username),
            [(field, before, after) for _, field, before, after in _rows(one, t, office, names)],
        )
        for one in StaffDirectory.from_env().changes(username)
    ]


def _rows(
    change: Change, t: Texts, office: Office, names: Mapping[str, str]
) -> list[tuple[str, str, str, str]]:
    """Return user name, field, before and after of everything that a change changes.

    `names` are the names of the staff by user name.
    """
    return [
        (
            change.after.username,
            t(LABELS[field]),
            _words(getattr(change.before, field), field, t, office, names) if change.before else "",
            _words(getattr(change.after, field), field, t, office, names),
        )
        for field in change.fields
    ]


def _words(
    value: Any,  # noqa: ANN401 - any field
    field: str,
    t: Texts,
    office: Office,
    names: Mapping[str, str],
) -> str:
    """Return a field of an entry in words; a dash for nothing."""
    match field:
        case "roles" | "posts":
            words = ", ".join(lists.role_words(one, t, office) for one in value)
        case "department":
            words = lists.queue_words(value, t, office)
        case "absences":
            days = (t("staff.people.absence", first=one.first, last=one.last) for one in value)
            words = ", ".join(days)
        case "deputy":
            words = names.get(value, value)
        case "left_on":
            words = t("format.day", at=value) if value else ""
        case "on_call":
            words = t("staff.people.yes") if value else ""
        case _:
            words = str(value or "")
    return words or "—"


def _presence(member: Staff, day: Any, t: Texts) -> str:  # noqa: ANN401 - a date
    """Say that somebody has left or is away today; empty for who is there."""
    if directory.has_left(member, day):
        return t("staff.people.has_left")
    return "" if directory.is_there(member, day) else t("staff.people.away")


def _form(visit: Visit, checked: Checked | None, member: Staff) -> dict[str, Any]:
    """Return what the form of a person shows: the entry, over it what was typed."""
    office, t = load_settings().office, texts(visit.language)
    entry = {name: str(getattr(member, name) or "") for name in BLANK}
    return {
        "values": {**entry, **(checked.values if checked else {})},
        "chosen": member,
        "labels": {name: t(label) for name, label in LABELS.items()},
        "roles": [(one.value, lists.role_words(one, t, office)) for one in Role],
        "role_names": {one.value: lists.role_words(one, t, office) for one in Role},
        "posts": [(one.code, one.name.in_language(t.language)) for one in office.policy.posts],
        "departments": lists.departments(t, office),
    }


def _member(visit: Visit, username: str) -> Staff:
    """Return the entry of a person; raises NotFoundError, ForbiddenError."""
    if not may_keep_leave(visit.staff):
        raise ForbiddenError
    found = StaffDirectory.from_env().find(username)
    if found is None:
        raise NotFoundError
    return found


def _kept(text: str) -> bytes:
    """Return the table that the page of the dry run carried along."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnusableError from error
