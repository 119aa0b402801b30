"""A person's own data in one ZIP: to read, and to take along to somebody else (PIPL 45; F7).

It holds what the person said and brought, and what we answered, in JSON and as a page in the
person's language. What staff found out, noted and decided among themselves is not in it, nor the
data of anybody else; proxies' copies of letters are theirs.
"""

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from zoneinfo import ZoneInfo

import msgspec

from complaints.letters import TO_COMPLAINANT
from complaints.models import Channel, Contact, Dossier, File, Letter, is_outside, sortable
from complaints.pages import page

MOST_BYTES = 50 * 1024 * 1024
"""Bytes of files in one ZIP; what is beyond is named in it, and downloaded one by one."""
EPOCH = (1980, 1, 1, 0, 0, 0)
LONGEST_ENDING = 5


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """A file that the person brought: where it lies in the ZIP; empty if it is apart."""

    name: str
    size: int
    sha256: str
    path: str


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What the person said at one time."""

    at: str
    channel: str
    subject: str
    text: str
    demand: str
    occurred_on: str
    place: str
    service: str
    files: tuple[Attached, ...]


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """A letter as we sent it to the person."""

    at: str
    kind: str
    text: str


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """One complaint as its person may have it."""

    number: str
    received_at: str
    closed_at: str
    status: str
    person: dict[str, str]
    said: tuple[Said, ...]
    answered: tuple[Answered, ...]


def pack(
    dossiers: Iterable[Dossier], fetch: Callable[[File], bytes], *, language: str, zone: ZoneInfo
) -> bytes:
    """Return the ZIP of a person's complaints; the same complaints give the same bytes.

    `fetch` returns the bytes of a file. A file that is there twice is packed once.
    """
    files: dict[str, bytes] = {}
    copies = [_copy(one, files, fetch) for one in dossiers]
    html = page("public/own_data", language, zone=zone, copies=copies)
    members = {
        "index.html": html.encode(),
        "data.json": msgspec.json.format(msgspec.json.encode({"complaints": copies}), indent=2),
        **files,
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, content in members.items():
            file.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def left_apart(dossiers: Iterable[Dossier]) -> list[File]:
    """Return the files that are too large for the ZIP, in the order in which they came."""
    room, apart = MOST_BYTES, []
    for file in _files(dossiers):
        if file.size > room:
            apart.append(file)
        else:
            room -= file.size
    return apart


def _files(dossiers: Iterable[Dossier]) -> Iterator[File]:
    known: set[str] = set()
    for dossier in dossiers:
        for contact in said_by_person(dossier):
            for file in _of(contact):
                if file.key not in known:
                    known.add(file.key)
                    yield file


def _of(contact: Contact) -> tuple[File, ...]:
    return (*contact.files, *((contact.original,) if contact.original else ()))


def said_by_person(dossier: Dossier) -> list[Contact]:
    """Return what the person or somebody for the person said, however it reached us.

    What staff wrote down on the phone is of it, and the mail that they sent on to begin with. What
    they noted for themselves, found, or were written by others is not.
    """
    return [
        one
        for number, one in enumerate(dossier.contacts)
        if number == 0
        or is_outside(one.by)
        or one.contact_id.startswith("form-")
        or not (one.channel is Channel.DEPARTMENT or _of(one) or _is_answer_of_ours(one))
    ]


def _is_answer_of_ours(contact: Contact) -> bool:
    """Return whether a contact says how staff settled a complaint on the spot."""
    return contact.contact_id.startswith("settled-")


def sent_to_person(dossier: Dossier) -> list[Letter]:
    """Return the letters that went to the person's own address, this one or one before it."""
    own = {dossier.complainant.email.lower()}
    own |= {one.before.get("email", "").lower() for one in dossier.corrections}
    return [
        one
        for one in dossier.letters
        if one.kind in TO_COMPLAINANT and one.sent_at and one.to.lower() in own - {""}
    ]


def _copy(dossier: Dossier, files: dict[str, bytes], fetch: Callable[[File], bytes]) -> Copy:
    complaint, who = dossier.complaint, dossier.complainant
    return Copy(
        number=complaint.complaint_id,
        received_at=sortable(complaint.received_at),
        closed_at=sortable(complaint.closed_at) if complaint.closed_at else "",
        status=complaint.status,
        person={name: value for name, value in msgspec.structs.asdict(who).items() if value},
        said=tuple(
            _said(one, complaint.complaint_id, files, fetch) for one in said_by_person(dossier)
        ),
        answered=tuple(
            Answered(at=sortable(one.sent_at), kind=one.kind, text=_readable(one, dossier))
            for one in sent_to_person(dossier)
            if one.sent_at
        ),
    )


def _readable(letter: Letter, dossier: Dossier) -> str:
    """Return the words of a letter; what opens the tracking page stays out of a file."""
    return letter.text.replace(dossier.complaint.tracking_code, "…")


def _said(
    contact: Contact, number: str, files: dict[str, bytes], fetch: Callable[[File], bytes]
) -> Said:
    return Said(
        at=sortable(contact.received_at),
        channel=contact.channel,
        subject=contact.subject,
        text=contact.text,
        demand=contact.demand,
        occurred_on=contact.occurred_on,
        place=contact.place,
        service=contact.service,
        files=tuple(_attached(one, number, files, fetch) for one in _of(contact)),
    )


def _attached(
    file: File, number: str, files: dict[str, bytes], fetch: Callable[[File], bytes]
) -> Attached:
    """Return a file as it is named in the ZIP; its bytes go in while there is room."""
    ending = file.name.rpartition(".")[2].lower()
    is_plain = ending.isalnum() and ending.isascii() and len(ending) <= LONGEST_ENDING
    path = f"files/{number}/{file.sha256[:16]}.{ending if is_plain else 'bin'}"
    if path not in files:
        if sum(map(len, files.values())) + file.size > MOST_BYTES:
            path = ""
        else:
            files[path] = fetch(file)
    return Attached(name=file.name, size=file.size, sha256=file.sha256, path=path)


def language_of(dossiers: Iterable[Dossier]) -> str:
    """Return the language of the newest complaint."""
    newest = max(dossiers, key=lambda one: one.complaint.received_at)
    return newest.complaint.language
