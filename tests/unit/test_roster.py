"""A table of people: read as people keep them, checked whole, or left alone."""

import io
from contextlib import suppress
from datetime import date
from functools import cache

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints.models import Absence, Role, Staff
from complaints.roster import MOST_ROWS, Plan, UnreadableTableError, plan, read_table
from complaints.texts import texts
from tests.builders import HANDLER, HEAD, OFFICE, QUALITY

DAY = date(2026, 11, 20)
ROOT = Staff(username="root", name="管", email="r@example.com", roles=(Role.ADMINISTRATOR,))
CHINESE = "用户名,姓名,邮箱,角色,部门,代理人,值班,休假\n"
ROW = "zhou,周强,zhou@example.com,处理人员,客户服务部,han,是,2026-12-01~2026-12-05\n"


def made(text: str, staff: list[Staff] | None = None) -> Plan:
    """Return what a table of text would change."""
    known = [ROOT, HANDLER, HEAD] if staff is None else staff
    return plan(read_table(text.encode()), known, OFFICE, DAY)


def faults(text: str, staff: list[Staff] | None = None) -> list[tuple[int, str, str]]:
    """Return row, column and sentence of what is wrong with a table."""
    return [
        (one.row, one.column, one.problem.text_id)
        for one in made(text, staff).faults
        if one.sentence(texts("zh_CN")) and one.sentence(texts("en"))
    ]


def department() -> str:
    """Return what the policy calls the department of the handler."""
    found = OFFICE.policy.find_department("service")
    assert found
    return found.name.zh


def row() -> str:
    """Return a row in Chinese, with the names of the policy."""
    role = OFFICE.policy.titles.get(Role.HANDLER)
    words = role.zh if role else texts("zh_CN")("policy.role.handler")
    return ROW.replace("处理人员", words).replace("客户服务部", department())


def test_chinese_names_are_read() -> None:
    """Roles and departments by name, days in a range, yes as 是."""
    (added,) = made(CHINESE + row()).added
    assert added == Staff(
        username="zhou",
        name="周强",
        email="zhou@example.com",
        roles=(Role.HANDLER,),
        department="service",
        deputy="han",
        on_call=True,
        absences=(Absence(first=date(2026, 12, 1), last=date(2026, 12, 5)),),
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
@pytest.mark.parametrize("comma", [",", ";", "\t"])
def test_tables_of_text_come_in_many_shapes(encoding: str, comma: str) -> None:
    """As Excel in China writes them, as others do."""
    content = (CHINESE + row()).replace(",", comma).encode(encoding)
    assert plan(read_table(content), [ROOT, HANDLER], OFFICE, DAY) == made(
        CHINESE + row(), [ROOT, HANDLER]
    )


def test_a_workbook_says_the_same() -> None:
    """Its first sheet, with its days as days and empty lines left out."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet
    sheet.append(["username", "name", "email", "roles", "department", "left on"])
    sheet.append(["zhou", "周强", "zhou@example.com", "handler", "service", date(2026, 12, 31)])
    sheet.append([None] * 6)
    packed = io.BytesIO()
    book.save(packed)
    (added,) = plan(read_table(packed.getvalue()), [ROOT], OFFICE, DAY).added
    assert (added.name, added.left_on) == ("周强", date(2026, 12, 31))


def test_a_missing_column_leaves_and_an_empty_cell_empties() -> None:
    """What the table does not speak of stays."""
    head = HEAD.replace(deputy="han", phone="12345678")
    found = made("username,deputy\nhe,\n", [ROOT, HANDLER, head])
    assert found.changed == ((head, head.replace(deputy="")),)
    assert found.left_out == ("root", "han")
    assert made("username,deputy\nhe,han\n", [ROOT, HANDLER, head]).same == ("he",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name\n周\n", [(1, "username", "roster.no_username")]),
        ("username,shoes\nhe,42\n", [(1, "shoes", "roster.column_unknown")]),
        ("username,用户名\nhe,he\n", [(1, "用户名", "roster.column_twice")]),
        ("username\nhe\nhe\n", [(3, "username", "roster.twice")]),
        ("username,roles\nhe,king\n", [(2, "roles", "roster.role_unknown")]),
        ("username,department\nhe,moon\n", [(2, "department", "staff.people.department_unknown")]),
        ("username,department\nhe,\n", [(2, "department", "staff.people.department_missing")]),
        ("username,posts\nhe,pope\n", [(2, "posts", "staff.people.post_unknown")]),
        ("username,deputy\nhe,he\n", [(2, "deputy", "staff.people.deputy_oneself")]),
        ("username,deputy\nhe,nobody\n", [(2, "deputy", "staff.people.deputy_unknown")]),
        ("username,name\nhe,=1+1\n", [(2, "name", "staff.people.name_formula")]),
        ("username,name\nhe,@SUM(A1)\n", [(2, "name", "staff.people.name_formula")]),
        ("username,email\nhe,x@\n", [(2, "email", "form.wrong.email")]),
        ("username,phone\nhe,abc\n", [(2, "phone", "form.wrong.phone")]),
        ("username,left on\nhe,soon\n", [(2, "left_on", "roster.day_wrong")]),
        ("username,leave\nhe,next week\n", [(2, "absences", "roster.absence_wrong")]),
        ("username,on call\nhe,maybe\n", [(2, "on_call", "roster.flag_wrong")]),
        ("username,roles\nroot,intake\n", [(1, "roles", "staff.people.last_administrator")]),
    ],
)
def test_what_is_wrong_is_said_with_row_and_column(
    text: str, expected: list[tuple[int, str, str]]
) -> None:
    """One fault each, and nothing would be changed."""
    assert faults(text) == expected
    assert not made(text).changed


def test_somebody_new_needs_what_an_account_needs() -> None:
    """Name, address and roles; and everything wrong is said at once."""
    found = faults("username\nnew\n")
    assert {column for _, column, _ in found} >= {"name", "email", "roles"}
    assert len(faults("username,roles,email\nhe,king,x@\nhan,king,x@\n")) == 4


def test_a_deputy_may_come_later_in_the_same_table() -> None:
    """The whole is checked as it would be."""
    table = "username,name,email,roles,deputy\na1,甲,a@example.com,intake,b1\n"
    assert faults(table)
    assert not faults(table + "b1,乙,b@example.com,intake,a1\n")


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 no zip", b"\0\0\0\0", b'a,"b\n', b"\xff\xff\xff"]
)
def test_what_is_no_table_is_refused(content: bytes) -> None:
    """With a sentence, whatever it is."""
    with pytest.raises(UnreadableTableError):
        read_table(content)


@given(
    damage=st.dictionaries(st.integers(4, 4500), st.integers(0, 255), min_size=1, max_size=40),
    length=st.integers(100, 5000),
)
@settings(max_examples=60, deadline=None)
def test_a_broken_workbook_is_refused(damage: dict[int, int], length: int) -> None:
    """Whatever the bytes that the way, or a hand, has changed: a sentence, never a stack trace."""
    broken = bytearray(workbook())
    for place, value in damage.items():
        if place < len(broken):
            broken[place] = value
    with suppress(UnreadableTableError):
        read_table(bytes(broken[:length]))


@cache
def workbook() -> bytes:
    """Return a small workbook of people."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet
    sheet.append(["username", "name"])
    sheet.append(["zhou", "周强"])
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def test_a_table_has_an_end() -> None:
    """More rows than an organisation has people are a mistake."""
    with pytest.raises(UnreadableTableError):
        read_table(b"username\n" + b"he\n" * (MOST_ROWS + 1))


@given(st.binary(max_size=300))
def test_no_bytes_break_it(content: bytes) -> None:
    """A table is read, or refused with a sentence; a plan never raises."""
    try:
        table = read_table(content)
    except UnreadableTableError:
        return
    plan(table, [ROOT, QUALITY], OFFICE, DAY)


CELL = st.sampled_from(["", "he", "new", "handler", "service", "x@example.com", "是", "2026-1-1"])


@given(st.lists(st.lists(CELL, min_size=8, max_size=8), max_size=5))
def test_all_or_nothing(rows: list[list[str]]) -> None:
    """A table with a fault changes nothing; one without leaves a directory without faults."""
    table = [CHINESE.strip().split(","), *rows]
    found = plan(table, [ROOT, HANDLER, HEAD], OFFICE, DAY)
    if found.faults:
        assert not found.added
        assert not found.changed
    else:
        assert all(one.email for one in found.added)
