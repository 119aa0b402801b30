"""Forms: what people type, brought into one shape or answered with the sentence to show."""

from datetime import date
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.forms import (
    COMPLAINT_FIELDS,
    PERSONAL,
    SURVEY_FIELDS,
    Field,
    Form,
    Problem,
    UnreadableFormError,
    check,
    check_complaint,
    clean,
    complainant_of,
    fen,
    normal_amount,
    normal_day,
    normal_email,
    normal_phone,
    read_form,
)
from complaints.texts import texts

TODAY = date(2026, 11, 20)
FORM = "application/x-www-form-urlencoded"
WORDS = {"text": "电梯停运三天", "phone": "138 0013 8000"}


def test_a_form_is_read_as_it_was_typed() -> None:
    """Chinese, rare characters beyond the BMP and several lines arrive whole."""
    typed = {"name": "𠮷野家", "text": "第一行\r\n第二行"}
    form = read_form(urlencode(typed).encode(), f"{FORM}; charset=UTF-8")
    assert form == {"name": "𠮷野家", "text": "第一行\n第二行"}


def test_a_field_sent_several_times_keeps_every_value() -> None:
    """Boxes that are ticked share one name."""
    assert read_form(b"a=1&a=2&b=3", FORM).all("a") == ("1", "2")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param(b"{}", "application/json", id="another kind"),
        pytest.param(b"text=%ff%fe", FORM, id="no UTF-8"),
        pytest.param(b"text=\xff", FORM, id="not even ASCII"),
        pytest.param(b"&".join([b"a=1"] * 300), FORM, id="too many fields"),
    ],
)
def test_what_is_no_form_is_refused(body: bytes, content_type: str) -> None:
    """Nothing that we did not send a form for is guessed at."""
    with pytest.raises(UnreadableFormError):
        read_form(body, content_type)


@given(st.text())
def test_clean_text_has_no_control_characters(typed: str) -> None:
    """Whatever is typed, neither NUL nor escape sequences get through, and twice is once."""
    cleaned = clean(typed)
    assert clean(cleaned) == cleaned
    assert not any(ord(letter) < 32 and letter not in "\n\t" for letter in cleaned)


@pytest.mark.parametrize(
    "typed",
    [
        "a@b",
        "wang@",
        "@example.com",
        "a b@example.com",
        "a@ex\nample.com",
        f"{'a' * 65}@example.com",
        "a@-x.com",
    ],
)
def test_half_a_mail_address_is_none(typed: str) -> None:
    """A letter to it would never arrive."""
    assert normal_email(typed) is None


def test_a_chinese_domain_is_written_as_mail_needs_it() -> None:
    """Domains may be Chinese; the mail system wants ASCII."""
    assert normal_email("wang@例子.中国") == "wang@xn--fsqu00a.xn--fiqs8s"


@pytest.mark.parametrize(
    "typed", ["13800138000", "+86 138-0013-8000", "0086 13800138000", "86 138 0013 8000"]
)
def test_one_mobile_has_one_shape(typed: str) -> None:
    """Equal numbers are equal however they are typed."""
    assert normal_phone(typed) == "+8613800138000"


@pytest.mark.parametrize(
    ("typed", "shape"),
    [
        ("+86 10 8765 4321", "+861087654321"),
        ("+44 20 7946 0018", "+442079460018"),
        ("400-800-1234", "4008001234"),
        ("1234", None),
        ("phone me", None),
        ("1" * 20, None),
    ],
)
def test_other_numbers_keep_theirs(typed: str, shape: str | None) -> None:
    """Fixed lines, numbers abroad and service numbers are understood, words are not."""
    assert normal_phone(typed) == shape


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("1280.5", 128050),
        ("１２８０元", 128000),
        ("¥ 0.07", 7),
        ("", None),
    ],
)
def test_an_amount_is_kept_in_fen(typed: str, amount: int | None) -> None:
    """Money is never a floating number."""
    assert fen(normal_amount(typed) or "") == amount


@pytest.mark.parametrize("typed", ["2026-11-21", "1899-01-01", "2026-02-30", "yesterday"])
def test_a_day_that_cannot_be_is_refused(typed: str) -> None:
    """Nothing that is complained of happens tomorrow."""
    assert normal_day(typed, TODAY) is None


def test_words_that_are_too_long_say_how_much() -> None:
    """The sentence names the limit and the length, and the words are kept."""
    checked = check_complaint(
        Form({**WORDS, "text": "长" * 5001}.items()), required=(), today=TODAY
    )
    assert checked.problems == {"text": Problem("form.too_long", {"longest": 5000, "length": 5001})}
    assert checked.values["text"] == "长" * 5001


def test_the_sentences_come_in_the_language_of_the_page() -> None:
    """A problem is an id until it is shown."""
    checked = check_complaint(Form([("text", "")]), required=(), today=TODAY)
    assert set(checked.sentences(texts("en"))) == {"text", "phone"}


def test_the_policy_may_require_more() -> None:
    """Each procedure has required fields of its own (A3)."""
    checked = check_complaint(Form(WORDS.items()), required=("occurred_on",), today=TODAY)
    assert list(checked.problems) == ["occurred_on"]


def test_building_and_service_are_asked_where_the_policy_wants_them() -> None:
    """A6; 000 asks for the building, 003 for the service: who stays anonymous has no building."""
    required = ("building", "service")
    checked = check_complaint(Form(WORDS.items()), required=required, today=TODAY)
    assert set(checked.problems) == set(required)
    typed = {**WORDS, "building": "3 栋 1202", "service": "保洁"}
    checked = check_complaint(Form(typed.items()), required=required, today=TODAY)
    assert not checked.problems
    assert complainant_of(checked.values, "zh_CN").building == "3 栋 1202"
    nobody = check_complaint(
        Form({**typed, "anonymous": "yes"}.items()), required=required, today=TODAY
    )
    assert nobody.values["building"] == ""


def test_who_stays_anonymous_leaves_no_trace() -> None:
    """Name and contact are dropped, and none is asked for (A5)."""
    typed = {**WORDS, "name": "王芳", "email": "not an address", "anonymous": "yes"}
    checked = check_complaint(Form(typed.items()), required=("name",), today=TODAY)
    assert not checked.problems
    assert complainant_of(checked.values, "zh_CN").replace(language="") == complainant_of(
        dict.fromkeys(PERSONAL, ""), ""
    )


def test_who_wants_an_answer_leaves_a_way() -> None:
    """Without phone and mail address nobody could answer."""
    checked = check_complaint(Form([("text", "x"), ("name", "王芳")]), required=(), today=TODAY)
    assert checked.problems == {"phone": Problem("form.missing.way")}


@pytest.mark.parametrize("score", ["0", "6", "five", ""])
def test_a_score_is_one_to_five(score: str) -> None:
    """Nothing else counts as an answer to the survey."""
    checked = check(Form([("satisfaction", score), ("satisfied", "yes")]), SURVEY_FIELDS)
    assert list(checked.problems) == ["satisfaction"]


def test_a_choice_must_be_offered() -> None:
    """A value that no page offers was not chosen on it."""
    field = Field(name="way", kind="choice", choices=("phone",))
    assert check(Form([("way", "fax")]), (field,)).problems == {"way": Problem("form.wrong.choice")}


@pytest.mark.parametrize("field", COMPLAINT_FIELDS, ids=lambda field: field.name)
@given(typed=st.text(max_size=300))
def test_no_field_fails_whatever_is_typed(field: Field, typed: str) -> None:
    """A check answers; it never raises about what a person typed."""
    checked = check(Form([(field.name, clean(typed))]), (field,), today=TODAY)
    assert all(sentence for sentence in checked.sentences(texts("zh_CN")).values())


def test_a_form_with_a_file_is_read_part_by_part() -> None:
    """What browsers send where a text file may be among the fields (RFC 7578)."""
    body = (
        '--x\r\nContent-Disposition: form-data; name="written"\r\n\r\n甲\r\n--乙\r\n'
        '--x\r\nContent-Disposition: form-data; name="file"; filename="name=.yaml"\r\n'
        "Content-Type: application/yaml\r\n\r\na: 1\r\n\r\nb: 2\r\n--x--\r\n"
    ).encode()
    assert read_form(body, 'multipart/form-data; boundary="x"') == {
        "written": "甲\n--乙",
        "file": "a: 1\n\nb: 2",
    }
    assert read_form(b"--x--\r\n", "multipart/form-data; boundary=x") == {}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"--x--", "multipart/form-data"),
        (b"--x--", "multipart/form-data; boundary=\u4e00"),
        (b'--x\r\n; name="a"\r\n\r\n\xff\r\n--x--', "multipart/form-data; boundary=x"),
        (b'--x\r\n; name="a"\r\n\r\n1\r\n' * 300, "multipart/form-data; boundary=x"),
    ],
)
def test_parts_that_make_no_form_are_refused(body: bytes, kind: str) -> None:
    """No boundary, no UTF-8, or more parts than any page of ours has."""
    with pytest.raises(UnreadableFormError):
        read_form(body, kind)
