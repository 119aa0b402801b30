"""A list of people to be entered into the directory: a table as people keep one (H5).

Headers are Chinese or English, in any order; a column that is missing leaves what is there, an
empty cell empties it. Roles and departments are codes or names. Nothing is entered from a table in
which anything is wrong.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from complaints import people
from complaints.forms import Problem, normal_day, normal_email, normal_phone
from complaints.models import Absence, Role, Staff
from complaints.office import Office
from complaints.policy import QUALITY_OFFICE
from complaints.texts import LANGUAGES, Texts, texts

MOST_ROWS = 5000
HEADERS = {
    "username": ("用户名", "账号", "username", "user name"),
    "name": ("姓名", "name"),
    "email": ("邮箱", "电子邮箱", "email", "e-mail"),
    "phone": ("电话", "手机", "phone"),
    "department": ("部门", "department"),
    "roles": ("角色", "roles", "role"),
    "posts": ("岗位", "职务", "posts", "post"),
    "deputy": ("代理人", "deputy"),
    "absences": ("休假", "absences", "leave"),
    "on_call": ("值班", "on call", "on_call"),
    "left_on": ("离职日期", "left on", "left_on"),
}
REQUIRED = ("username", "name", "email", "roles")
"""Columns that a table must have for somebody who is new."""
YES = frozenset({"是", "yes", "y", "true", "1", "x", "√"})
NO = frozenset({"", "否", "no", "n", "false", "0"})
SEPARATORS = re.compile(r"[;,；，、|\n]+")
RANGE = re.compile(r"(.{8,11}?)\s*(?:~|～|—|–|至|到|to)\s*(.{8,11})")
ZIP = b"PK\x03\x04"
Entries = tuple[Staff | None, Staff]
"""An entry before and after; None for somebody who is new."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a cell: where it is, what it holds, the sentence with what is allowed."""

    row: int
    """As a spreadsheet counts: the headers are row 1."""
    column: str
    value: str
    problem: Problem

    def sentence(self, t: Texts) -> str:
        """Return the sentence to show."""
        return t(self.problem.text_id, **self.problem.values)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a table would change; nothing where it has faults."""

    added: tuple[Staff, ...] = ()
    changed: tuple[tuple[Staff, Staff], ...] = ()
    """Entries before and after."""
    same: tuple[str, ...] = ()
    """User names of rows that say what the directory has already."""
    left_out: tuple[str, ...] = ()
    """User names of the directory that are not in the table; they stay as they are."""
    faults: tuple[Fault, ...] = ()

    def changes(self) -> list[Entries]:
        """Return the entries before and after, new people first."""
        return [*((None, member) for member in self.added), *self.changed]


class UnreadableTableError(ValueError):
    """What came is neither a spreadsheet nor a table of text."""

    def __init__(self, text_id: str) -> None:
        super().__init__(text_id)
        self.text_id = text_id


def read_table(content: bytes) -> list[list[str]]:
    """Return the cells of an Excel sheet (.xlsx, the first one) or of CSV in UTF-8 or GBK.

    Raises UnreadableTableError.
    """
    rows = _of_workbook(content) if content.startswith(ZIP) else _of_text(content)
    while rows and not any(rows[-1]):
        rows.pop()
    if len(rows) > MOST_ROWS:
        raise UnreadableTableError("roster.too_long")
    if not rows:
        raise UnreadableTableError("roster.empty")
    return rows


def _of_text(content: bytes) -> list[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        first = text.partition("\n")[0]
        delimiter = max(",\t;", key=first.count)
        try:
            found = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
            return [[cell.strip() for cell in row] for row in found]
        except csv.Error:
            break
    raise UnreadableTableError("roster.unreadable")


def _of_workbook(content: bytes) -> list[list[str]]:
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        rows = sheet.iter_rows(max_row=MOST_ROWS + 2, max_col=50, values_only=True)
        return [[_cell(value) for value in row] for row in rows]
    except Exception as error:  # a broken workbook breaks the library in any way
        raise UnreadableTableError("roster.unreadable") from error


def _cell(value: object) -> str:
    """Return a cell of a workbook as somebody would have typed it."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else ""
        case datetime():
            return value.date().isoformat()
        case float() if value.is_integer():
            return str(int(value))
    return str(value).strip()


def plan(table: Sequence[Sequence[str]], staff: Iterable[Staff], office: Office, day: date) -> Plan:
    """Return what a table would change in the directory, or everything that is wrong with it."""
    known = people.by_name(list(staff))
    columns, faults = _columns(table[0])
    if "username" not in columns.values():
        return Plan(faults=(*faults, _fault(1, "username", "", "roster.no_username")))
    after, rows = dict(known), dict[str, int]()
    for number, cells in enumerate(table[1:], start=2):
        row = {field: cells[at] for at, field in columns.items() if at < len(cells)}
        if not any(row.values()):
            continue
        username = row.get("username", "")
        if username in rows:
            values: dict[str, str | int] = {"row": rows[username]}
            faults.append(_fault(number, "username", username, "roster.twice", values))
            continue
        member, wrong = _entry(row, known.get(username), office, number)
        faults += wrong
        after[username], rows[username] = member, number
    faults += _faults_together(after, rows, known, office, day, faults)
    if faults:
        return Plan(faults=tuple(sorted(faults, key=lambda one: one.row)))
    return Plan(
        added=tuple(after[one] for one in rows if one not in known),
        changed=tuple(
            (known[one], after[one]) for one in rows if one in known and known[one] != after[one]
        ),
        same=tuple(one for one in rows if known.get(one) == after[one]),
        left_out=tuple(one for one in known if one not in rows),
    )


def _columns(headers: Sequence[str]) -> tuple[dict[int, str], list[Fault]]:
    """Return which column holds what, and the headers that say nothing to us."""
    names = {name: field for field, several in HEADERS.items() for name in several}
    found: dict[int, str] = {}
    faults = []
    for at, header in enumerate(headers):
        field = names.get(" ".join(header.casefold().split()))
        if field and field not in found.values():
            found[at] = field
        elif header:
            allowed = ", ".join(several[0] for several in HEADERS.values())
            text_id = "roster.column_twice" if field else "roster.column_unknown"
            faults.append(_fault(1, header, header, text_id, {"allowed": allowed}))
    return found, faults


def _entry(
    row: Mapping[str, str], before: Staff | None, office: Office, number: int
) -> tuple[Staff, list[Fault]]:
    """Return the entry that a row describes, and the cells that can't be read."""
    member = before or Staff(username=row["username"], name="", email="", roles=())
    changes: dict[str, Any] = {}
    faults = []
    readers = _readers(office)
    for field, cell in row.items():
        if field == "username":
            continue
        try:
            changes[field] = readers[field](cell)
        except _WrongCellError as error:
            faults.append(Fault(row=number, column=field, value=cell, problem=error.problem))
    faults += [
        _fault(number, field, "", "form.missing.field")
        for field in REQUIRED
        if before is None and field not in row
    ]
    return member.replace(**changes), faults


class _WrongCellError(Exception):
    def __init__(self, text_id: str, allowed: Iterable[str] = ()) -> None:
        super().__init__(text_id)
        self.problem = Problem(text_id, {"allowed": ", ".join(allowed) or "—"})


def _readers(office: Office) -> dict[str, Callable[[str], object]]:
    """Return how the cell of each column is read."""
    policy = office.policy
    roles = _names_of(
        (role, *_title(role, office), *(texts(one)(f"policy.role.{role}") for one in LANGUAGES))
        for role in Role
    )
    reserved = (texts(one)(f"staff.queue.{QUALITY_OFFICE}") for one in LANGUAGES)
    departments = _names_of(
        [
            (QUALITY_OFFICE, *_title(Role.QUALITY_OFFICE, office), *reserved),
            *((part.code, part.name.zh, part.name.en) for part in policy.departments),
        ]
    )
    posts = _names_of((post.code, post.name.zh, post.name.en) for post in policy.posts)
    return {
        "name": _read_name,
        "email": _read_email,
        "phone": _read_phone,
        "department": lambda cell: "".join(
            _read_names(cell, departments, "staff.people.department_unknown", most=1)
        ),
        "roles": lambda cell: tuple(
            map(Role, _read_names(cell, roles, "roster.role_unknown", most=len(Role)))
        ),
        "posts": lambda cell: _read_names(cell, posts, "staff.people.post_unknown"),
        "deputy": str,
        "absences": _read_absences,
        "on_call": _read_flag,
        "left_on": lambda cell: _read_day(cell) if cell else None,
    }


def _title(role: Role, office: Office) -> tuple[str, ...]:
    """Return what the organisation calls a role, if that is not its usual name."""
    title = office.policy.titles.get(role)
    return (title.zh, title.en) if title else ()


def _names_of(several: Iterable[Sequence[str]]) -> dict[str, str]:
    """Return every name -> its code; of each the code comes first, and a name is the first's."""
    found: dict[str, str] = {}
    for code, *names in several:
        for name in (code, *names):
            found.setdefault(name.casefold(), str(code))
    return found


def _read_names(
    cell: str, names: Mapping[str, str], text_id: str, *, most: int = 20
) -> tuple[str, ...]:
    """Return the codes of the names in a cell, in the order of the policy."""
    typed = [one.strip().casefold() for one in SEPARATORS.split(cell) if one.strip()]
    codes = tuple(dict.fromkeys(names.values()))
    if len(typed) > most or any(one not in names for one in typed):
        words = {code: name for name, code in reversed([*names.items()]) if name != code}
        raise _WrongCellError(text_id, (words.get(code, code) for code in codes))
    chosen = {names[one] for one in typed}
    return tuple(code for code in codes if code in chosen)


def _read_name(cell: str) -> str:
    if not cell:
        raise _WrongCellError("form.missing.field")
    return " ".join(cell.split())


def _read_email(cell: str) -> str:
    found = normal_email(cell) if cell else None
    if found is None:
        raise _WrongCellError("form.wrong.email")
    return found


def _read_phone(cell: str) -> str:
    found = normal_phone(cell) if cell else ""
    if found is None:
        raise _WrongCellError("form.wrong.phone")
    return found


def _read_day(cell: str) -> date:
    found = normal_day(cell, None)
    if found is None:
        raise _WrongCellError("roster.day_wrong")
    return date.fromisoformat(found)


def _read_absences(cell: str) -> tuple[Absence, ...]:
    found = []
    for one in SEPARATORS.split(cell):
        if not one.strip():
            continue
        pair = RANGE.fullmatch(one.strip())
        if not pair:
            raise _WrongCellError("roster.absence_wrong")
        found.append(Absence(first=_read_day(pair[1]), last=_read_day(pair[2])))
    return tuple(found)


def _read_flag(cell: str) -> bool:
    if cell.casefold() not in YES | NO:
        raise _WrongCellError("roster.flag_wrong")
    return cell.casefold() in YES


def _faults_together(
    after: Mapping[str, Staff],
    rows: Mapping[str, int],
    before: Mapping[str, Staff],
    office: Office,
    day: date,
    known: Sequence[Fault],
) -> list[Fault]:
    """Return what is wrong with the directory as it would be, beside the cells known as wrong."""
    wrong = {(one.row, one.column) for one in known}
    found = []
    for username, row in rows.items():
        for field, problem in people.problems_of(after[username], after, office).items():
            if (row, field) not in wrong:
                value = str(getattr(after[username], field))
                if isinstance(getattr(after[username], field), tuple):
                    value = ", ".join(map(str, getattr(after[username], field)))
                found.append(Fault(row=row, column=field, value=value, problem=problem))
    if not known and people.loses_last_administrator(before.values(), after.values(), day):
        found.append(_fault(1, "roles", "", "staff.people.last_administrator"))
    return found


def _fault(
    row: int,
    column: str,
    value: str,
    text_id: str,
    values: Mapping[str, str | int] | None = None,
) -> Fault:
    return Fault(row=row, column=column, value=value, problem=Problem(text_id, dict(values or {})))
