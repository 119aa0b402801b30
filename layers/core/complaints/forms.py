"""Reading what people posted: the fields of a form, checked and brought into one shape.

A check never raises about what a person typed: it gives back the values as far as they are usable
and, beside each field that is not, the id of the sentence to show.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Literal
from urllib.parse import parse_qsl

import msgspec

from complaints.models import Complainant
from complaints.parts import Proxy, Relation
from complaints.texts import Texts

MOST_FIELDS = 200
YUAN = 100

_BOUNDARY = re.compile(r'\bboundary="?([^";,]{1,70})')
_NAME = re.compile(rb'[; ]name="([^"]*)"')

Kind = Literal["line", "words", "email", "phone", "day", "money", "choice", "scale", "flag"]


class UnreadableFormError(ValueError):
    """What was posted is not a form of the kind that our pages send."""


class Form(dict[str, str]):
    """The fields of a posted form: of one sent several times the last; `all` gives every one.

    `files` has the bytes of what was uploaded; a file of text is among the fields as well.
    """

    def __init__(
        self, pairs: Iterable[tuple[str, str]], files: Mapping[str, bytes] | None = None
    ) -> None:
        self._pairs = tuple(pairs)
        self.files = dict(files or {})
        super().__init__(self._pairs)

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of this field, as boxes that were ticked send them."""
        return tuple(value for field, value in self._pairs if field == name)


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """What a field of a form may hold."""

    name: str
    kind: Kind = "line"
    required: bool = False
    longest: int = 200
    """Characters."""
    choices: tuple[str, ...] = ()


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with a field: the id of the sentence, and the figures in it."""

    text_id: str
    values: dict[str, str | int] = {}


class Checked(msgspec.Struct, frozen=True):
    """A form after its check: values in one shape, and what is wrong, by name of the field."""

    values: dict[str, str]
    problems: dict[str, Problem]

    def sentences(self, t: Texts) -> dict[str, str]:
        """Return the sentence beside each field that is not usable."""
        return {name: t(one.text_id, **one.values) for name, one in self.problems.items()}


COMPLAINT_FIELDS = (
    Field(name="text", kind="words", required=True, longest=5000),
    Field(name="demand", kind="words", longest=1000),
    Field(name="occurred_on", kind="day"),
    Field(name="place"),
    Field(name="service"),
    Field(name="staff_involved"),
    Field(name="amount", kind="money"),
    Field(name="name", longest=100),
    Field(name="phone", kind="phone", longest=40),
    Field(name="email", kind="email", longest=254),
    Field(name="address"),
    Field(name="building", longest=60),
    Field(name="anonymous", kind="flag"),
)
"""What the public form asks; `required` is added from the policy (A3, A6)."""
RELATIONS = tuple(Relation)
AUTHORITIES = ("none", "spoken", "written")
EXTENTS = ("nothing", "progress", "everything")
PROXY_FIELDS = (
    Field(name="proxy_name", required=True, longest=100),
    Field(name="relation", kind="choice", required=True, choices=RELATIONS),
    Field(name="proxy_phone", kind="phone", longest=40),
    Field(name="proxy_email", kind="email", longest=254),
)
"""What is asked about somebody who speaks for the complainant (I17)."""
ON_BEHALF = (Field(name="on_behalf", kind="flag"), *PROXY_FIELDS)
"""What a form of a complaint asks whoever makes it for somebody else."""
NOTE_FIELDS = (Field(name="text", kind="words", required=True, longest=5000),)
REFUSAL_FIELDS = (Field(name="words", kind="words", required=True, longest=2000),)
SURVEY_FIELDS = (
    Field(name="satisfaction", kind="scale", required=True),
    Field(name="satisfied", kind="choice", required=True, choices=("yes", "no")),
    Field(name="words", kind="words", longest=2000),
)
PERSONAL = ("name", "phone", "email", "address", "building")


def read_form(body: bytes, content_type: str) -> Form:
    """Read a posted form: urlencoded, or multipart where files may be among the fields.

    Raises UnreadableFormError if it is of another kind, has too many fields or, apart from its
    files, is no UTF-8.
    """
    kind = content_type.partition(";")[0].strip().lower()
    files: dict[str, bytes] = {}
    try:
        if kind == "application/x-www-form-urlencoded":
            pairs = parse_qsl(
                body.decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=MOST_FIELDS,
            )
        elif kind == "multipart/form-data":
            pairs, files = _parts(body, content_type)
        else:
            raise UnreadableFormError(f"not a form: {content_type[:60]!r}")
    except ValueError as error:
        raise UnreadableFormError("not readable as a form") from error
    return Form(((name, clean(value)) for name, value in pairs), files)


def _parts(body: bytes, content_type: str) -> tuple[list[tuple[str, str]], dict[str, bytes]]:
    """Return the fields and the files of a multipart form (RFC 7578), which has no parts in parts.

    A file that is text is among the fields as well.
    """
    boundary = _BOUNDARY.search(content_type)
    if not boundary:
        raise ValueError("no boundary")
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode("ascii"), MOST_FIELDS + 2)
    if len(parts) > MOST_FIELDS + 2:
        raise ValueError("too many parts")
    pairs: list[tuple[str, str]] = []
    files: dict[str, bytes] = {}
    for part in parts[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if name and b"filename" not in head:
            pairs.append((name[1].decode(), content.decode()))
        elif name:
            files[name[1].decode()] = content
            with suppress(UnicodeDecodeError):
                pairs.append((name[1].decode(), content.decode()))
    return pairs, files


def clean(text: str) -> str:
    """Return text with one kind of line end, composed characters and no control characters.

    Letters stay the letters that were typed: names with rare characters must survive (I16).
    """
    lines = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(
        letter
        for letter in lines
        if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs")
    ).strip()


def check(
    form: Form,
    fields: Sequence[Field],
    *,
    required: Collection[str] = (),
    today: date | None = None,
) -> Checked:
    """Check these fields; `required` names fields that the policy asks for beside their own."""
    values: dict[str, str] = {}
    problems: dict[str, Problem] = {}
    for field in fields:
        typed = form.get(field.name, "")
        values[field.name] = typed
        if not typed:
            if field.required or field.name in required:
                problems[field.name] = Problem(f"form.missing.{_missing(field)}")
        elif len(typed) > field.longest:
            problems[field.name] = Problem(
                "form.too_long", {"longest": field.longest, "length": len(typed)}
            )
        elif (shaped := shape(field, typed, today)) is None:
            ahead = field.kind == "day" and today is None
            problems[field.name] = Problem(f"form.wrong.{'date' if ahead else field.kind}")
        else:
            values[field.name] = shaped
    return Checked(values, problems)


def check_complaint(form: Form, *, required: Collection[str], today: date) -> Checked:
    """Check the public form. Who stays anonymous is asked for no name and no way to be reached.

    Who does not, leaves a phone number or a mail address: else nobody could answer.
    """
    anonymous = bool(form.get("anonymous"))
    wanted = [name for name in required if not (anonymous and name in PERSONAL)]
    checked = check(form, COMPLAINT_FIELDS, required=wanted, today=today)
    if anonymous:
        empty = dict.fromkeys(PERSONAL, "")
        problems = {name: one for name, one in checked.problems.items() if name not in PERSONAL}
        return with_proxy(Checked(checked.values | empty, problems), form)
    if form.get("on_behalf"):
        return with_proxy(checked, form)
    if not checked.values["phone"] and not checked.values["email"]:
        problems = {"phone": Problem("form.missing.way"), **checked.problems}
        in_order = [field.name for field in COMPLAINT_FIELDS if field.name in problems]
        checked = Checked(checked.values, {name: problems[name] for name in in_order})
    return with_proxy(checked, form)


def with_proxy(checked: Checked, form: Form) -> Checked:
    """Return a checked complaint with who made it for somebody else; blank where nobody did.

    The person named in the complaint itself is the complainant, who writes is the proxy (I17).
    """
    if not form.get("on_behalf"):
        blank = dict.fromkeys((field.name for field in ON_BEHALF), "")
        return Checked(checked.values | blank, checked.problems)
    proxy = check_proxy(form)
    values = checked.values | {"on_behalf": "yes"} | proxy.values
    return Checked(values, checked.problems | proxy.problems)


def complainant_of(values: dict[str, str], language: str) -> Complainant:
    """Return who complains, from a form that was checked."""
    return Complainant(**{name: values[name] for name in PERSONAL}, language=language)


def check_proxy(form: Form) -> Checked:
    """Check the fields about a proxy; a phone number or a mail address is wanted."""
    checked = check(form, PROXY_FIELDS)
    if not checked.values["proxy_phone"] and not checked.values["proxy_email"]:
        checked.problems.setdefault("proxy_phone", Problem("form.missing.proxy_way"))
    return checked


def proxy_of(values: dict[str, str], proxy_id: str) -> Proxy:
    """Return who speaks for the complainant, from a form that was checked; not authorised."""
    return Proxy(
        proxy_id=proxy_id,
        name=values["proxy_name"],
        relation=Relation(values["relation"]),
        phone=values["proxy_phone"],
        email=values["proxy_email"],
    )


def fen(amount: str) -> int | None:
    """Return an amount as the check shaped it (`1234.50`, yuan) in fen; None for none."""
    yuan, _, rest = amount.partition(".")
    return int(yuan) * YUAN + int(rest.ljust(2, "0")) if amount else None


def shape(field: Field, typed: str, today: date | None) -> str | None:
    """Return what was typed in the one shape of its kind; None if it is not of that kind."""
    match field.kind:
        case "email" | "phone" | "money":
            return {"email": normal_email, "phone": normal_phone, "money": normal_amount}[
                field.kind
            ](typed)
        case "day":
            return normal_day(typed, today)
        case "scale" | "choice":
            choices = field.choices or ("1", "2", "3", "4", "5")
            return typed if typed in choices else None
        case "line":
            return " ".join(typed.split())
        case _:
            return typed


_EMAIL = re.compile(
    r"(?P<box>[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*)"
    r"@(?P<domain>(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63})"
)
_LONGEST_BOX = 64
_LONGEST_EMAIL = 254


def normal_email(typed: str) -> str | None:
    """Return a mail address in one shape, so that equal addresses are equal; None if it is none.

    >>> normal_email("  Wang.Fang＠Example.COM")
    'wang.fang@example.com'
    """
    address = unicodedata.normalize("NFKC", typed).strip().lower()
    box, _, domain = address.rpartition("@")
    try:
        address = f"{box}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return None
    fits = _EMAIL.fullmatch(address)
    if not fits or len(box) > _LONGEST_BOX or len(address) > _LONGEST_EMAIL:
        return None
    return address


_MOBILE = re.compile(r"1[3-9]\d{9}")
_FIXED = re.compile(r"0[1-9]\d{8,10}")
_ABROAD = re.compile(r"\+[1-9]\d{6,14}")
_SHORT = re.compile(r"[1-9]\d{4,9}")


def normal_phone(typed: str) -> str | None:
    """Return a phone number as `+86...` (E.164) where it is a whole one; None if it is none.

    Short numbers (95588, 4008001234, a local 87654321) have no such form and stay as they are.

    >>> normal_phone("１３８ 0013-8000"), normal_phone("(010) 8765 4321"), normal_phone("95588")
    ('+8613800138000', '+861087654321', '95588')
    """
    plain = re.sub(r"[\s()./-]", "", unicodedata.normalize("NFKC", typed).translate(_DASHES))
    plain = re.sub(r"^00", "+", plain)
    domestic = re.sub(r"^\+?86(?=1[3-9]\d{9}$|0?[1-9]\d{8,11}$)", "", plain)
    if _MOBILE.fullmatch(domestic):
        return f"+86{domestic}"
    if _FIXED.fullmatch(domestic):
        return f"+86{domestic[1:]}"
    if _ABROAD.fullmatch(plain) or _SHORT.fullmatch(plain):
        return plain
    return None


_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")
_AMOUNT = re.compile(r"(\d{1,13})(?:\.(\d{1,2}))?")


def normal_amount(typed: str) -> str | None:
    """Return an amount of money as plain yuan with two places; None if it is none.

    >>> normal_amount("￥1,234.5 元"), normal_amount("about ten")
    ('1234.50', None)
    """
    plain = re.sub(r"[\s,，¥$]|元|RMB|CNY", "", unicodedata.normalize("NFKC", typed).upper())
    fits = _AMOUNT.fullmatch(plain)
    return f"{int(fits[1])}.{(fits[2] or '').ljust(2, '0')}" if fits else None


def normal_day(typed: str, today: date | None) -> str | None:
    """Return a day as `2026-11-20`; None if it is none, before 1990 or after today.

    >>> normal_day("2026年2月3日", date(2026, 11, 20))
    '2026-02-03'
    """
    fits = re.fullmatch(r"(\d{4})\D(\d{1,2})\D(\d{1,2})\D?", unicodedata.normalize("NFKC", typed))
    try:
        day = date(*map(int, fits.groups())) if fits else None
    except ValueError:
        return None
    if day is None or day < _EARLIEST or (today and day > today):
        return None
    return day.isoformat()


_EARLIEST = date(1990, 1, 1)


def _missing(field: Field) -> str:
    """Name the sentence that asks for this field; those without one of their own share one."""
    return field.name if field.name in {"text", "satisfaction", "satisfied", "words"} else "field"
