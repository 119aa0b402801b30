"""Masking: what tells a person is gone from every field of a file, and the words stay."""

import time
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.console.tasks import is_masked
from complaints.masking import OF_A_PERSON, PLAIN, hiding, mask, masked
from complaints.models import Assessment, Complainant, Dossier, Record, Role, Staff, Status
from complaints.parts import Correction, Proxy, Relation
from tests.builders import (
    AT,
    HANDLER,
    HEAD,
    MANAGER,
    OFFICE,
    OTHER_HEAD,
    QUALITY,
    assessed,
    closed,
    investigated,
    received,
)

NAME, PHONE, EMAIL = "卡纳瑞", "13912345678", "canary@example.com"
ADDRESS = "上海市徐汇区金丝雀路88弄6号"
IDENTITY, CARD = "31010419900307123X", "6222 0212 3456 7890 123"
WORDS = (
    f"我是{NAME}（电话139 1234 5678，身份证{IDENTITY}），卡号{CARD}，"
    f"邮箱{EMAIL}，住在{ADDRESS}，请纳瑞本人签收。"
)
CANARIES = (NAME, PHONE, "139 1234 5678", EMAIL, ADDRESS, "金丝雀路", IDENTITY, CARD, "纳瑞")
WHO = Complainant(name=NAME, phone=PHONE, email=EMAIL, address=ADDRESS, building="6号楼602")
SON = Proxy(
    proxy_id="p1", name="Robin Finch", relation=Relation.CHILD, phone="021-58881234",
    email="robin@example.com",
)  # fmt: skip
AUDITOR = Staff(username="shen", name="沈", email="s@example.com", roles=(Role.AUDITOR,))
ADMIN = AUDITOR.replace(username="admin", roles=(Role.ADMINISTRATOR,))
INTAKE = AUDITOR.replace(username="chen", roles=(Role.INTAKE,))


# ---- kinds -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("name", "王小明", "王**"),
        ("name", "欧阳娜娜", "欧***"),
        ("name", "Anna Smith", "A*** S****"),
        ("name", "", ""),
        ("phone", "13812345678", "138****5678"),
        ("phone", "+8613800138000", "+86138****8000"),
        ("phone", "138 1234 5678", "138 **** 5678"),
        ("phone", "58881234", "******34"),
        ("phone", "95588", "****"),
        ("email", "z@qq.com", "z***@qq.com"),
        ("email", "no address", "***"),
        ("address", "北京市朝阳区建国路1号", "北京市***"),
        ("address", "内蒙古自治区包头市", "内蒙古自治区***"),
        ("address", "幸福小区3栋", "幸福小***"),
        ("building", "6号楼602", "6***"),
    ],
)
def test_a_particular_can_be_recognised_and_not_used(kind: str, value: str, shown: str) -> None:
    """Enough to tell two people apart, not enough to reach one."""
    assert mask(kind, value) == shown


@pytest.mark.parametrize(
    "text",
    [
        "手机13812345678", "+86 138-1234-5678", "座机(021)58881234", "0755 8888 1234",
        "１３８１２３４５６７８", "call +49 30 901820 now",
    ],
)  # fmt: skip
def test_a_phone_number_is_found_however_it_is_written(text: str) -> None:
    """At least four of its digits are gone."""
    hidden = hiding(())(text)
    assert hidden != text
    assert sum(map(str.isdecimal, hidden)) <= sum(map(str.isdecimal, text)) - 4


@pytest.mark.parametrize(
    "text",
    [
        "11010519491231002X", "110105194912310021", "6222021234567890123", "4111 1111 1111 1111",
        "E12345678", "x.y+z@mail.example.co.uk",
    ],
)  # fmt: skip
def test_documents_cards_and_addresses_of_anybody_are_found(text: str) -> None:
    """Without knowing whose they are."""
    assert text not in hiding(())(f"号码是{text}，请核对")


@pytest.mark.parametrize(
    "text",
    [
        "投诉 TS-2026-000123-7 已受理，2026-11-20 10:30 前回复", "赔偿 12000 元，共 3 户",
        "用户编号 20261", "第12号楼 301 室", "版本 service-provider@3f2a9c41",
    ],
)  # fmt: skip
def test_what_is_nobody_s_number_stays(text: str) -> None:
    """Numbers of complaints, dates and amounts are what an auditor reads for."""
    assert hiding(())(text) == text


def test_names_are_found_in_parts_and_with_spaces() -> None:
    """A Chinese given name alone, a foreign word alone, small letters, spaces in between."""
    hide = hiding([{"name": "王小明"}, {"name": "Anna-Maria Schmidt"}])
    assert (
        hide("王 小 明、小明、anna，SCHMIDT 女士；annals")
        == "王 * *、**、a***，S****** 女士；annals"
    )


@given(st.text(max_size=200))
def test_hiding_never_fails_and_hides_all_at_once(text: str) -> None:
    """What was hidden once stays as it is."""
    hide = hiding([{"name": NAME, "phone": PHONE, "email": EMAIL, "address": ADDRESS}])
    assert NAME not in hide(text + NAME)
    assert hide("") == ""


@pytest.mark.parametrize("unit", ["1", "1 ", "a", "卡", "a@", "+1", "0", "138", "(0", "x."])
def test_hiding_takes_time_by_length(unit: str) -> None:
    """Ten times the text takes nowhere near a hundred times as long."""
    hide = hiding([{"name": NAME, "phone": PHONE, "email": EMAIL, "address": ADDRESS}])

    def seconds(length: int) -> float:
        text, begin = unit * (length // len(unit)), time.process_time()
        hide(text)
        return time.process_time() - begin

    short, long = (min(seconds(length) for _ in range(3)) for length in (10_000, 100_000))
    assert long < 50 * max(short, 0.001)


# ---- a whole file ----------------------------------------------------------------------------


def filled(kind: Any, depth: int = 0) -> Any:  # noqa: ANN401, PLR0911 - a value of any kind
    """Return a value of this kind in which every text holds what tells the person."""
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Literal:
        return inside[0]
    if origin in (Union, UnionType):
        return filled(inside[0], depth)
    if origin is tuple:
        return (filled(inside[0], depth),)
    if origin is dict:
        return {"name": NAME, "phone": PHONE, "text": WORDS}
    if kind is str:
        return WORDS
    if isinstance(kind, type) and issubclass(kind, Record):
        fields = get_type_hints(kind)
        return kind(**{name: filled(fields[name], depth + 1) for name in kind.__struct_fields__})
    return {int: 1, bool: True, float: 0.5, bytes: b"k" * 32}.get(kind) or (
        next(iter(kind)) if hasattr(kind, "__members__") else AT
    )


def records() -> list[type[Record]]:
    """Return every kind of record that a file is made of, files and what they hold included."""
    found: list[type[Record]] = []

    def look(kind: Any) -> None:  # noqa: ANN401 - a type of any kind
        for one in get_args(kind):
            look(one)
        if isinstance(kind, type) and issubclass(kind, Record) and kind not in found:
            found.append(kind)
            for inner in get_type_hints(kind).values():
                look(inner)

    for name, kind in get_type_hints(Dossier).items():
        if name != "complaint":
            look(kind)
    return found


@pytest.mark.parametrize("kind", records(), ids=lambda kind: kind.__name__)
def test_every_record_of_a_file_says_which_strings_are_plain(kind: type[Record]) -> None:
    """A new kind of record is masked whole, and this test asks for its list."""
    assert kind in PLAIN
    assert PLAIN[kind] <= set(kind.__struct_fields__)
    assert set(OF_A_PERSON.get(kind, {})) <= set(kind.__struct_fields__) - PLAIN[kind]


@pytest.mark.parametrize("name", [one for one in Dossier.__struct_fields__ if one != "complaint"])
def test_no_field_of_any_record_tells_the_person(name: str) -> None:
    """Each record with the person in every string that is not named plain: nothing is left."""
    kind = get_type_hints(Dossier)[name]
    if name in ("key", "entries") or get_origin(kind) is not tuple:
        return
    part = filled(get_args(kind)[0])
    plain = PLAIN[type(part)]
    part = msgspec.structs.replace(
        part, **{one: "" for one in plain if type(getattr(part, one)) is str}
    )
    dossier = received(complainant=WHO)
    hidden = masked(msgspec.structs.replace(dossier, **{name: (part,)}))
    shown = "\n".join(_texts(getattr(hidden, name)[0], plain))
    assert [one for one in CANARIES if one in shown] == []
    own = set(OF_A_PERSON.get(type(part), {}))
    assert "请" in shown or own >= {
        one for one in part.__struct_fields__ if WORDS in _texts(getattr(part, one))
    }


def _texts(value: Any, plain: frozenset[str] = frozenset()) -> list[str]:  # noqa: ANN401
    """Return every string in a value, but for these fields of it."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [text for one in value for text in _texts(one)]
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    if isinstance(value, Record):
        names = (one for one in value.__struct_fields__ if one not in plain)
        own = PLAIN.get(type(value), frozenset())
        return [text for one in names if one not in own for text in _texts(getattr(value, one))]
    return []


def test_the_complainant_the_subject_and_the_proxies_are_masked() -> None:
    """And nothing else of the file changes: numbers, instants, who of the staff did it."""
    dossier = received(WORDS, complainant=WHO, subject=WORDS)
    dossier = dossier.replace(
        proxies=(SON,), complaint=dossier.complaint.replace(subject=f"{NAME}投诉 Finch 来电")
    )
    hidden = masked(dossier)
    assert hidden.complaint.subject == "卡**投诉 F**** 来电"
    assert hidden.complainant.phone == "139****5678"
    assert hidden.proxies[0].name == "R**** F****"
    assert hidden.proxies[0].phone == "021-****1234"
    assert hidden.entries == dossier.entries
    assert hidden.complaint.complaint_id == dossier.complaint.complaint_id
    assert hidden.contacts[0].received_at == dossier.contacts[0].received_at


def test_a_number_that_the_end_of_a_subject_cuts_off_is_hidden() -> None:
    """A subject is the first words of a text, wherever that ends."""
    dossier = received("灯坏了", complainant=WHO)
    cut = dossier.complaint.replace(subject="灯坏了，请回电 1391234…")
    hidden = masked(dossier.replace(complaint=cut)).complaint.subject
    assert hidden == "灯坏了，请回电 *******…"


def test_what_the_person_was_called_before_is_hidden_too() -> None:
    """A corrected name or number still stands in older words."""
    correction = Correction(
        correction_id="c", by="han", at=AT, before={"name": "林黛", "phone": "13711112222"},
        after={"name": NAME, "phone": PHONE},
    )  # fmt: skip
    dossier = received("林黛 13711112222 来电", complainant=WHO).replace(corrections=(correction,))
    hidden = masked(dossier)
    assert "林黛" not in str(hidden)
    assert hidden.corrections[0].before == {"name": "林*", "phone": "137****2222"}


# ---- for whom --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("staff", "hidden"),
    [
        (HANDLER, False), (HEAD, False), (QUALITY, False), (INTAKE, False),
        (MANAGER, True), (AUDITOR, True), (ADMIN, True), (OTHER_HEAD, True),
    ],
    ids=lambda value: getattr(value, "username", str(value)),
)  # fmt: skip
def test_plain_for_who_must_act(staff: Staff, hidden: bool) -> None:  # noqa: FBT001
    """F7: a general complaint of the service department, being handled."""
    assert is_masked(assessed().complaint, staff, OFFICE) is hidden


def test_management_sees_what_it_has_to_sign_and_no_longer() -> None:
    """A major complaint while it waits for the signature."""
    waits = investigated().complaint
    major = Assessment(type="B", major=("1",))
    waits = waits.replace(assessment=major, queue="management")
    assert not is_masked(waits, MANAGER, OFFICE)
    assert is_masked(closed().complaint, MANAGER, OFFICE)


def test_a_task_makes_it_plain_to_other_departments() -> None:
    """A work order, a seat in the joint group, a deputy, being on call in an emergency."""
    complaint = assessed().complaint
    clerk = HANDLER.replace(username="fei", department="finance")
    assert is_masked(complaint, clerk, OFFICE)
    assert not is_masked(complaint.replace(ordered=("finance-1",)), clerk, OFFICE)
    assert not is_masked(complaint.replace(members=("fei",)), clerk, OFFICE)
    deputy = AUDITOR.replace(acting_for=(HANDLER,))
    assert not is_masked(complaint, deputy, OFFICE)
    on_call = AUDITOR.replace(on_call=True)
    assert is_masked(complaint, on_call, OFFICE)
    assert not is_masked(complaint.replace(emergency_at=AT), on_call, OFFICE)


@pytest.mark.parametrize("staff", [HANDLER, HEAD, QUALITY, INTAKE, MANAGER])
def test_who_is_complained_about_sees_nothing_in_plain(staff: Staff) -> None:
    """I8: whatever the role and the stage."""
    for status in Status:
        complaint = assessed().complaint.replace(
            status=status, respondents=(staff.username,), members=(staff.username,)
        )
        assert is_masked(complaint, staff, OFFICE)
