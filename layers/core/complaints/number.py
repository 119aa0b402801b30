"""Complaint numbers, tracking codes and reply addresses: how they are made and found again."""

import hashlib
import re
import unicodedata

CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U, so that a code can be read out on the phone."""
CODE_LENGTH = 12
CODE_BYTES = 8
"""How many random bytes a tracking code takes."""
TOKEN_LENGTH = 10

_LOOK_ALIKES = str.maketrans("OIL", "011")
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹣"), "-")
_NUMBER = re.compile(r"(?<![A-Z0-9])([A-Z]{1,8}) ?- ?(\d{4}) ?- ?(\d{4,12}) ?- ?(\d)(?!\d)")
_REPLY = re.compile(r"^[^@\s]*\+([^@\s+.]+)\.([0-9a-f]{10})@[^@\s]+$", re.IGNORECASE)


def check_digit(digits: str) -> int:
    """Return the check digit of ISO 7064 MOD 11,10: it finds one wrong digit and most swaps.

    >>> check_digit("0794")
    5
    """
    product = 10
    for digit in digits:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10


def complaint_number(prefix: str, year: int, n: int, digits: int) -> str:
    """Return the number of the n-th complaint of a year, as people see it.

    >>> complaint_number("TS", 2026, 123, 6)
    'TS-2026-000123-7'
    """
    running = f"{n:0{digits}d}"
    return f"{prefix}-{year:04d}-{running}-{check_digit(f'{year:04d}{running}')}"


def parse_number(text: str) -> str | None:
    """Return the first complaint number in free text whose check digit is right, or None.

    Small letters, full-width characters and any kind of dash are understood, because numbers come
    back retyped in subjects and read out on the phone.
    """
    for match in _NUMBER.finditer(_plain(text)):
        prefix, year, running, check = match.groups()
        if check_digit(year + running) == int(check):
            return f"{prefix}-{year}-{running}-{check}"
    return None


def tracking_code(randomness: bytes) -> str:
    """Return the tracking code that CODE_BYTES random bytes give: 12 characters, 60 bits."""
    if len(randomness) != CODE_BYTES:
        raise ValueError(f"{CODE_BYTES} bytes make a tracking code, not {len(randomness)}")
    number = int.from_bytes(randomness)
    return "".join(CODE_ALPHABET[number >> 5 * place & 31] for place in range(CODE_LENGTH))


def format_code(code: str) -> str:
    """Return a tracking code in groups of four, as letters and pages show it.

    >>> format_code("abcdefghjkmn")
    'ABCD-EFGH-JKMN'
    """
    plain = re.sub(r"[^0-9A-Z]", "", _plain(code))
    return "-".join(plain[start : start + 4] for start in range(0, len(plain), 4))


def parse_code(text: str) -> str | None:
    """Return the 12 characters of a tracking code as somebody typed it, or None if it is none.

    Groups, case and full-width characters do not matter; O, I and L are read as 0, 1 and 1.
    """
    plain = re.sub(r"[\s-]", "", _plain(text)).translate(_LOOK_ALIKES)
    if len(plain) != CODE_LENGTH or not set(plain) <= set(CODE_ALPHABET):
        return None
    return plain


def reply_token(tracking_code: str) -> str:
    """Return the token that proves a reply belongs to a complaint: 10 hex digits, not the code."""
    plain = format_code(tracking_code).replace("-", "")
    return hashlib.sha256(f"reply:{plain}".encode()).hexdigest()[:TOKEN_LENGTH]


def reply_address(mail_address: str, complaint_id: str, tracking_code: str) -> str:
    """Return the address that answers to our letters go to: `box+<number>.<token>@domain`."""
    box, _, domain = mail_address.rpartition("@")
    return f"{box}+{complaint_id}.{reply_token(tracking_code)}@{domain}"


def parse_reply_address(address: str) -> tuple[str, str] | None:
    """Return complaint number and token of a reply address, or None if it is none.

    The caller compares the token with `reply_token`. Case does not matter: some mail systems
    change it.
    """
    match = _REPLY.match(address.strip())
    number = match and parse_number(match[1])
    if not match or not number or number != match[1].upper():
        return None
    return number, match[2].lower()


def _plain(text: str) -> str:
    """Return text with full-width characters, dashes and case made equal."""
    return unicodedata.normalize("NFKC", text).translate(_DASHES).upper()
