"""Complaint numbers, tracking codes, reply addresses."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints.number import (
    CODE_ALPHABET,
    CODE_BYTES,
    check_digit,
    complaint_number,
    format_code,
    parse_code,
    parse_number,
    parse_reply_address,
    reply_address,
    reply_token,
    tracking_code,
)

NUMBER = complaint_number("TS", 2026, 123, 6)
CODE = "ABCDEFGHJKMN"
NUMBERS = st.builds(
    complaint_number,
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=8),
    st.integers(2000, 2099),
    st.integers(1, 9_999_999),
    st.integers(4, 8),
)


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        NUMBER.lower(),
        f"Re: 您的投诉{NUMBER}，补充材料",
        f"回复：【{NUMBER}】",
        "ＴＳ－２０２６－０００１２３－" + NUMBER[-1],
        NUMBER.replace("-", "–"),
        f"TS-2026-000123-{(int(NUMBER[-1]) + 1) % 10} is wrong, {NUMBER} is right",
    ],
)
def test_a_number_is_found_in_free_text(text: str) -> None:
    """However a number comes back in a subject, it is the same number."""
    assert parse_number(text) == NUMBER


@pytest.mark.parametrize(
    "text", ["", "no number", NUMBER[:-1], f"{NUMBER}7", f"X9{NUMBER}", "TS-2026-12-3"]
)
def test_what_only_looks_like_a_number_is_none(text: str) -> None:
    """A part of a longer word or a cut number is not taken for one."""
    assert parse_number(text) is None


def test_the_check_digit_is_that_of_the_standard() -> None:
    """ISO 7064 gives 5 for 0794 under MOD 11,10."""
    assert check_digit("0794") == 5


@settings(deadline=None)
@given(number=NUMBERS, place=st.integers(0, 30), shift=st.integers(1, 9))
def test_one_wrong_digit_is_found(number: str, place: int, shift: int) -> None:
    """A number with one digit wrong is never taken for another complaint."""
    digits = [index for index, sign in enumerate(number) if sign.isdigit()]
    index = digits[place % len(digits)]
    wrong = number[:index] + str((int(number[index]) + shift) % 10) + number[index + 1 :]

    assert parse_number(number) == number
    assert parse_number(wrong) is None


@settings(deadline=None)
@given(st.binary(min_size=CODE_BYTES, max_size=CODE_BYTES))
def test_a_code_survives_being_shown_and_typed(randomness: bytes) -> None:
    """What a letter shows can be typed back, in any case and with O for 0."""
    code = tracking_code(randomness)
    typed = f" {format_code(code).lower().replace('0', 'o').replace('-', ' ')} "

    assert set(code) <= set(CODE_ALPHABET)
    assert parse_code(typed) == code


def test_a_code_takes_all_its_randomness() -> None:
    """Fewer bytes would make a code that can be guessed."""
    with pytest.raises(ValueError, match="8 bytes"):
        tracking_code(b"short")


@pytest.mark.parametrize("text", ["", "ABCD", "ABCD-EFGH-JKMU", "ABCD-EFGH-JKMN-P"])
def test_what_is_no_code_is_none(text: str) -> None:
    """Too short, too long, or with a letter that no code has."""
    assert parse_code(text) is None


def test_a_reply_address_finds_its_complaint() -> None:
    """What we put into a letter we understand when the answer comes, whatever its case."""
    address = reply_address("complaints@huiyin.example", NUMBER, CODE)

    assert address.startswith(f"complaints+{NUMBER}.")
    assert parse_reply_address(address) == (NUMBER, reply_token(CODE))
    assert parse_reply_address(address.lower()) == (NUMBER, reply_token(CODE))


def test_the_token_does_not_give_the_code_away() -> None:
    """The token is the same however the code is written, and does not hold it."""
    assert reply_token(format_code(CODE)) == reply_token(CODE)
    assert CODE.lower() not in reply_token(CODE)


@pytest.mark.parametrize(
    "address",
    [
        "complaints@huiyin.example",
        "",
        f"complaints+{NUMBER}@huiyin.example",
        f"complaints+{NUMBER}.xyz@huiyin.example",
        f"complaints+{NUMBER[:-1]}x.0123456789@huiyin.example",
        "complaints+other.0123456789@huiyin.example",
    ],
)
def test_other_addresses_are_no_reply_addresses(address: str) -> None:
    """The plain address and broken ones belong to no complaint."""
    assert parse_reply_address(address) is None
