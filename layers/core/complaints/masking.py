"""Masking: a complaint as those see it who have no task in it (F7, I8; PIPL article 51).

Each string of a record is either named in PLAIN (a code, an id, a user name of the staff), or of a
kind of its own in OF_A_PERSON, or free text. Free text keeps its words; hidden in it are the names,
numbers and addresses of the complainant and of whoever speaks for that person, and whatever looks
like a phone number, a mail address, an identity document or a bank card. A field that is added to
a record is free text until it is named.

Other people's names in free text can't be told from words, and are not hidden.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from complaints.forms import PERSONAL
from complaints.models import (
    Complainant,
    Complaint,
    Contact,
    Decision,
    Dossier,
    File,
    Finding,
    Letter,
    Record,
    TrackingEntry,
)
from complaints.parts import (
    Announcement,
    Correction,
    Dispute,
    EmergencyStep,
    Hold,
    InvestigationRecord,
    IssuedDocument,
    Merged,
    Notice,
    OutsideCase,
    Payment,
    Payout,
    PersonRequest,
    Proof,
    Proxy,
    Seat,
    WorkOrder,
)
from complaints.record import Packed

PLAIN: dict[type[Record], frozenset[str]] = {
    Complainant: frozenset({"language"}),
    Contact: frozenset({"contact_id", "channel", "by", "occurred_on", "message_id", "references"}),
    File: frozenset({"key", "sha256", "content_type", "flags"}),
    Finding: frozenset({"investigator", "ground", "nature"}),
    Decision: frozenset({"approver", "code"}),
    Letter: frozenset(
        {"letter_id", "kind", "language", "references", "message_id", "notice_id", "bounce_code"}
    ),
    InvestigationRecord: frozenset({"record_id", "kind", "by", "upload_id"}),
    WorkOrder: frozenset(
        {"order_id", "department", "issued_by", "agreed_by", "done_by"},
    ),
    Notice: frozenset(
        {"notice_id", "clock", "to", "people", "by", "instead_of", "acknowledged_by", "passed_to"}
    ),
    Proof: frozenset({"gate", "by"}),
    Payment: frozenset(
        {"payment_id", "payer", "offered_by", "approved_by", "voucher", "upload_id", "payout"}
    ),
    Payout: frozenset({"payout_id", "payer", "offered_by", "approved_by", "after"}),
    Proxy: frozenset({"proxy_id", "relation", "authority", "may_be_told", "upload_id"}),
    EmergencyStep: frozenset({"step_id", "kind", "by"}),
    Announcement: frozenset({"announcement_id", "kind", "by", "after"}),
    OutsideCase: frozenset({"case_id", "body", "number"}),
    Dispute: frozenset({"dispute_id", "way", "status", "by", "upload_ids"}),
    Seat: frozenset({"username", "queue"}),
    Merged: frozenset({"complaint_id", "person", "by"}),
    Correction: frozenset({"correction_id", "by"}),
    Hold: frozenset({"hold_id", "by", "lifted_by"}),
    IssuedDocument: frozenset({"document_id", "kind", "number", "digest"}),
    PersonRequest: frozenset(
        {"request_id", "kind", "by", "complaints", "outcome", "answered_by"},
    ),
    Packed: frozenset({"kind", "found"}),
    TrackingEntry: frozenset(
        {"actor", "action", "status", "facts", "commitment", "previous", "digest"}
    ),
}
"""Record -> its strings that hold no word of anybody outside."""
OF_A_PERSON: dict[type[Record], Mapping[str, str]] = {
    Complainant: {one: one for one in ("name", "email", "phone", "address", "building")},
    Proxy: {one: one for one in ("name", "email", "phone")},
    Letter: {"to": "email"},
    InvestigationRecord: {"people": "people"},
    PersonRequest: {"asker": "name"},
}
"""Record -> its strings that are a person's particulars as a whole, and their kind."""
FEWEST_DIGITS = 7
"""Digits of the shortest phone number."""
SHORT_NUMBER = 10
"""Of a number of so many digits all are hidden but the last two."""
SHORTEST_WORD = 3
"""Letters of a part of a foreign name from which on it is looked for alone."""
LONGEST_PLAIN_NAME = 3
"""Characters of a Chinese name with a family name of one character."""
SHORTEST_ADDRESS = 5
DOMAIN = re.compile(r"[\w.-]+")
NUMBER = re.compile(r"[\d+()（） .·\-\u2010-\u2015\u00a0\u3000]+")
"""What a phone number is written with."""
REGION = re.compile(r"[\u4e00-\u9fff]{2,9}?(?:特别行政区|自治区|自治州|省|市|(?<!小)区|县|州)")
"""The first part of a Chinese address."""
BETWEEN = r"[ .·\-\u2010-\u2015\u00a0\u3000]?"
"""What people write between the digits of a number."""
CUT_OFF = re.compile(r"\d{4,}\D?$")
_DIGIT = rf"(?:{BETWEEN}\d)"
ANYBODYS = "|".join(
    (
        r"(?P<email>(?<![a-z0-9._%+-])[a-z0-9._%+-]{1,64}[@＠][a-z0-9.-]{1,255}\.[a-z]{2,24})",
        rf"(?P<number>(?<![a-z0-9])\d{_DIGIT}{{14,18}}(?:{BETWEEN}x)?(?![a-z0-9]))",
        rf"(?P<mobile>(?<![a-z0-9])(?:(?:[+＋]|00)?[8８][6６]{BETWEEN})?[1１]{BETWEEN}[3-9３-９]{_DIGIT}{{9}}(?!\d))",
        rf"(?P<landline>(?<![a-z0-9])[(（]?[0０]\d{{2,3}}[)）]?{BETWEEN}\d{_DIGIT}{{6,7}}(?!\d))",
        rf"(?P<abroad>[+＋]\d{_DIGIT}{{6,14}}(?!\d))",
        r"(?P<document>(?<![a-z0-9])[eghmps][a-z]?\d{7,10}(?![a-z0-9]))",
    )
)
"""Identity cards and bank cards (15 to 19 digits), phones, passports and permits; no more than a
fixed length is looked at from any place, so that a long text takes no longer than its length."""
KINDS = dict.fromkeys(("mobile", "landline", "abroad", "own_phone"), "phone") | {
    "email": "email",
    "number": "number",
    "document": "number",
    "own_address": "address",
}
"""Group of the pattern -> how it is masked."""
SHOWN = {"own_full": 1, "own_given": 0}
"""Group of the pattern for a name -> its characters that stay."""


def mask(kind: str, value: str) -> str:
    """Return a personal particular so that it can be recognised, and not be used.

    `kind` is name, people, phone, email, address, building or number.

    >>> mask("name", "王小明"), mask("name", "Anna Smith"), mask("people", "张三、李四")
    ('王**', 'A*** S****', '张*、李*')
    >>> mask("phone", "13812345678"), mask("phone", "021-58881234"), mask("email", "z@qq.com")
    ('138****5678', '021-****1234', 'z***@qq.com')
    >>> mask("address", "北京市朝阳区建国路1号"), mask("address", "12 Main Street")
    ('北京市***', '12 ***')
    """
    return MASKS.get(kind, _first)(value) if value else ""


def _first(value: str) -> str:
    return f"{value[:1]}***"


def _name(value: str) -> str:
    return re.sub(r"\S+", lambda word: word[0][:1] + "*" * (len(word[0]) - 1), value)


def _people(value: str) -> str:
    return re.sub(r"[^、,，;；/]+", lambda one: _name(one[0]), value)


def _email(value: str) -> str:
    box, at, domain = value.rpartition("@")
    return f"{box[:1]}***{at}{domain}" if at and DOMAIN.fullmatch(domain) else "***"


def _address(value: str) -> str:
    region = REGION.match(value)
    return f"{region[0] if region else value[:3]}***"


def _number(value: str) -> str:
    return re.sub(r"\w", "*", value[:-2]) + value[-2:]


def _phone(value: str) -> str:
    """Hide four digits in the middle of a number, all but two of a short one, and other words."""
    count = sum(one.isdecimal() for one in value)
    if count < FEWEST_DIGITS or not NUMBER.fullmatch(value):
        return "****"
    hidden = range(count - 8, count - 4) if count > SHORT_NUMBER else range(count - 2)
    shown, place = [], 0
    for one in value:
        shown.append("*" if one.isdecimal() and place in hidden else one)
        place += one.isdecimal()
    return "".join(shown)


MASKS: dict[str, Callable[[str], str]] = {
    "name": _name,
    "people": _people,
    "phone": _phone,
    "email": _email,
    "address": _address,
    "number": _number,
}


def masked(dossier: Dossier) -> Dossier:
    """Return the whole file without what tells the complainant, or who speaks for that person."""
    hide = hiding(people_of(dossier))
    parts = {
        name: _hidden(getattr(dossier, name), hide)
        for name in Dossier.__struct_fields__
        if name not in {"complaint", "key", "entries"}
    }
    return msgspec.structs.replace(dossier, complaint=masked_head(dossier.complaint, hide), **parts)


def masked_head(complaint: Complaint, hide: Callable[[str], str]) -> Complaint:
    """Return the head of a complaint as lists show it; `hide` is of `hiding`.

    A subject is the beginning of what was said: a number that its end cuts off is hidden, too.
    """
    subject = CUT_OFF.sub(lambda found: re.sub(r"\d", "*", found[0]), hide(complaint.subject))
    return msgspec.structs.replace(complaint, subject=subject)


def masked_person(complainant: Complainant) -> Complainant:
    """Return a complainant with every particular masked."""
    hidden: Complainant = _hidden(complainant, str)
    return hidden


def particulars_of(one: Complainant | Proxy) -> dict[str, str]:
    """Return what tells who somebody is, by kind."""
    return {kind: getattr(one, kind) for kind in OF_A_PERSON[type(one)]}


def people_of(dossier: Dossier) -> list[dict[str, str]]:
    """Return the particulars of the complainant and the proxies, with those known before."""
    speakers = (particulars_of(one) for one in dossier.proxies)
    people = [particulars_of(dossier.complainant), *speakers]
    return [*people, *(one for each in dossier.corrections for one in (each.before, each.after))]


def hiding(people: Iterable[Mapping[str, str]]) -> Callable[[str], str]:
    """Return what hides these people, and whatever looks like a number of somebody, in a text.

    Each of the people is a mapping of name, phone, email and address, as far as they are known.

    >>> hide = hiding([{"name": "王小明", "phone": "13812345678"}])
    >>> hide("王小明（小明）电话 138-1234-5678，证件 11010519491231002X，邮箱 x.y@qq.com")
    '王**（**）电话 138-****-5678，证件 ****************2X，邮箱 x***@qq.com'
    """
    wanted: dict[str, set[str]] = {"full": set(), "given": set(), "phone": set(), "address": set()}
    for one in people:
        full, given = _names(one.get("name", ""))
        wanted["full"] |= full
        wanted["given"] |= given
        wanted["phone"] |= _numbers(one.get("phone", ""))
        wanted["address"] |= _addresses(one.get("address", ""))
    own = "".join(
        f"|(?P<own_{kind}>{'|'.join(sorted(found, key=lambda one: (-len(one), one)))})"
        for kind, found in wanted.items()
        if found
    )
    pattern = re.compile(f"{ANYBODYS}{own}", re.IGNORECASE)
    return lambda text: pattern.sub(_instead, text) if text else text


def _instead(found: re.Match[str]) -> str:
    """Return what stands in place of what was found, by the name of its group."""
    kind = found.lastgroup or ""
    if kind in SHOWN:
        shown = SHOWN[kind]
        return found[0][:shown] + re.sub(r"\S", "*", found[0][shown:])
    return mask(KINDS[kind], found[0])


def _names(name: str) -> tuple[set[str], set[str]]:
    """Return the patterns of a name, and those of its parts that tell it alone.

    Of a Chinese name the given name, if it has two characters; of a foreign one each longer word.
    One character alone is no more than what a mask shows.
    """
    full, given = set(), set()
    for chinese in re.findall(r"[\u3400-\u9fff\U00020000-\U0003ffff]{2,}", name):
        full.add(r"\s*".join(map(re.escape, chinese)))
        own = chinese[2:] if len(chinese) > LONGEST_PLAIN_NAME else chinese[1:]
        if len(own) > 1:
            given.add(re.escape(own))
    for word in re.findall(r"[^\W\d_\u3400-\u9fff]+", name):
        if len(word) >= SHORTEST_WORD:
            full.add(rf"(?<![^\W\d_]){re.escape(word)}(?![^\W\d_])")
    return full, given


def _numbers(phone: str) -> set[str]:
    """Return the patterns of a phone number, with the area or country and without it."""
    digits = "".join(one for one in phone if one.isdecimal())
    local = {digits, digits.removeprefix("86"), digits.removeprefix("0086")}
    if digits.startswith("0"):
        local |= {digits[3:], digits[4:]}
    return {BETWEEN.join(one) for one in local if len(one) >= FEWEST_DIGITS}


def _addresses(address: str) -> set[str]:
    """Return the patterns of an address: as a whole, and without its city."""
    region = REGION.match(address)
    found = {address, address[region.end() :] if region else address}
    return {re.escape(one) for one in found if len(one) >= SHORTEST_ADDRESS}


def _hidden(value: Any, hide: Callable[[str], str], kind: str = "") -> Any:  # noqa: ANN401 - what a field holds
    """Return what a field holds without what is personal; a `kind` masks the whole of it."""
    if type(value) is str:
        return hide(mask(kind, value) if kind else value)
    if isinstance(value, tuple):
        return tuple(_hidden(one, hide, kind) for one in value)
    if isinstance(value, dict):
        return {
            name: _hidden(one, hide, name if name in PERSONAL else "")
            for name, one in value.items()
        }
    if isinstance(value, Record):
        plain, own = PLAIN.get(type(value), frozenset()), OF_A_PERSON.get(type(value), {})
        fields = {
            name: _hidden(getattr(value, name), hide, own.get(name, ""))
            for name in value.__struct_fields__
            if name not in plain
        }
        return msgspec.structs.replace(value, **fields)
    return value
