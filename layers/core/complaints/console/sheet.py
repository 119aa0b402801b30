"""One complaint as its page shows it to a member of staff."""

from collections.abc import Mapping
from datetime import date, datetime

import msgspec

from complaints.console.lists import Row, kind_words, queue_words, role_words, row
from complaints.forms import PERSONAL, fen
from complaints.letters import local
from complaints.models import (
    Assessment,
    Channel,
    Complainant,
    Complaint,
    Contact,
    Decision,
    Dossier,
    File,
    Finding,
    Letter,
    TrackingEntry,
)
from complaints.number import format_code
from complaints.office import Office
from complaints.pages import money, size
from complaints.particulars import MATTER, current, missing, said_in
from complaints.parts import Correction
from complaints.pictures import is_shown
from complaints.texts import Texts
from complaints.tracking import Line, stages

SHORT = 12
COMPLAINANT = "complainant"
FLAGS = ("by_hand", "in_place", "withdrawn", "explained", "refused", "unreachable")
"""Facts of the history that have a word of their own where they are true."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One contact: who said what, when and how."""

    at: datetime
    by: str
    channel: str
    subject: str
    text: str
    pairs: tuple[tuple[str, str], ...]


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of evidence, and where it can be had."""

    name: str
    size: int
    content_type: str
    digest: str
    """SHA-256 in hex: of all bytes, or with `is_composite` of the SHA-256 of its parts."""
    is_composite: bool
    upload_id: str
    at: datetime
    by: str
    channel: str
    """How it reached us, in words."""
    holds: str
    """What a packed file says that it holds; empty for any other."""
    odd: tuple[str, ...]
    """Sentences on what is odd about it, and about what it holds."""
    verdict: str
    """What the malware scan found, and when; empty where nobody scans."""
    tone: str
    has_picture: bool
    """Whether it can be shown as a picture."""


class Corrected(msgspec.Struct, frozen=True, kw_only=True):
    """Particulars that were added or corrected at one time: name, what it was, what it is."""

    at: datetime
    by: str
    rows: tuple[tuple[str, str, str], ...]
    source: str


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """All that the page of one complaint shows, apart from its forms."""

    number: str
    head: Row
    waits_for: str
    """Who has it now: a department, the quality office or the management; empty for nobody."""
    voided: str
    """The sentence that says why, by whom and when it was voided; empty where it was not."""
    stages: tuple[tuple[str, str], ...]
    particulars: tuple[tuple[str, str], ...]
    reasons: tuple[str, ...]
    known: tuple[tuple[str, str], ...]
    """The particulars of the matter as they are known now."""
    missing: tuple[str, ...]
    """Names of those that the policy asks for and nobody has said yet."""
    corrected: tuple[Corrected, ...]
    """What was added or corrected later, the newest first."""
    parties: tuple[tuple[str, str], ...]
    masked: bool
    """Whether it is shown to somebody who has no task in it, particulars masked."""
    said: tuple[Said, ...]
    pieces: tuple[Piece, ...]
    findings: tuple[Finding, ...]
    decisions: tuple[tuple[str, Decision], ...]
    letters: tuple[Letter, ...]
    history: tuple[Line, ...]


def sheet(
    dossier: Dossier,
    *,
    names: Mapping[str, str],
    t: Texts,
    office: Office,
    at: datetime,
    masked: bool = False,
    scanned: Mapping[str, tuple[str, str]] | None = None,
) -> Sheet:
    """Return the page's view of a complaint; `names` are the names of the staff by user name.

    `masked` says that the dossier is as `masking.masked` gives it; `scanned` is as in `pieces`.
    """
    complaint, now = dossier.complaint, current(dossier)
    return Sheet(
        number=complaint.complaint_id,
        head=row(complaint, t, office, at),
        waits_for=queue_words(complaint.queue, t, office),
        voided=voided_words(complaint, names, t, office),
        stages=stages(complaint, t),
        particulars=particulars(complaint, names, t, office),
        reasons=complaint.assessment.reasons if complaint.assessment else (),
        known=known(now, t),
        missing=tuple(t(f"policy.field.{one}") for one in missing(dossier, office)),
        corrected=tuple(corrected(one, names, t) for one in reversed(dossier.corrections)),
        parties=parties(dossier.complainant, t),
        masked=masked,
        said=tuple(said(contact, now, names, t) for contact in dossier.contacts),
        pieces=tuple(pieces(dossier, names, t, scanned, masked=masked)),
        findings=dossier.findings,
        decisions=tuple((name_of(one.approver, names, t), one) for one in dossier.decisions),
        letters=tuple(_without_code(letter, complaint) for letter in dossier.letters),
        history=tuple(line(entry, names, t, office) for entry in reversed(dossier.entries)),
    )


def particulars(
    complaint: Complaint, names: Mapping[str, str], t: Texts, office: Office
) -> tuple[tuple[str, str], ...]:
    """Return name and value of what the head of the page lists; empty ones are not shown."""
    assessment = complaint.assessment
    return (
        (t("staff.type"), kind_words(assessment.type, t, office) if assessment else ""),
        (t("staff.confidence"), confidence(assessment, t)),
        (t("staff.department"), queue_words(complaint.department, t, office)),
        (t("staff.waits_for"), queue_words(complaint.queue, t, office)),
        (t("staff.risk"), t(f"staff.risk.{assessment.risk}") if assessment else ""),
        (t("staff.channel"), t(f"staff.channel.{complaint.channel}")),
        (t("staff.investigator"), name_of(complaint.investigator, names, t)),
        (t("staff.approver"), name_of(complaint.approver, names, t)),
        (t("staff.rounds"), str(complaint.reopened) if complaint.reopened else ""),
        (t("staff.missed"), str(complaint.overdue) if complaint.overdue else ""),
        (t("staff.policy"), office.policy.title.in_language(t.language)),
    )


def voided_words(complaint: Complaint, names: Mapping[str, str], t: Texts, office: Office) -> str:
    """Say why, by whom and when a complaint was voided; nothing where it was not."""
    if not (voided := complaint.voided):
        return ""
    return t(
        "staff.voided",
        reason=t(f"voided.{voided.reason}"),
        who=name_of(voided.by, names, t),
        at=local(voided.at, office),
    )


def known(now: Mapping[str, str], t: Texts) -> tuple[tuple[str, str], ...]:
    """Return name and value of what is known of the matter; empty ones are not shown."""
    return tuple(
        (t(f"policy.field.{one}"), in_words(one, now[one], t)) for one in MATTER if now[one]
    )


def in_words(name: str, value: str, t: Texts) -> str:
    """Return a particular as pages show it: days and amounts as people write them."""
    match name:
        case "occurred_on":
            return day_words(value, t)
        case "amount":
            return "" if (amount := fen(value)) is None else money(amount)
    return value


def corrected(correction: Correction, names: Mapping[str, str], t: Texts) -> Corrected:
    """Return what was added or corrected at one time."""
    rows = (
        (
            t(f"policy.field.{name}"),
            in_words(name, correction.before[name], t),
            in_words(name, now, t),
        )
        for name, now in correction.after.items()
    )
    return Corrected(
        at=correction.at,
        by=name_of(correction.by, names, t),
        rows=tuple(rows),
        source=correction.source,
    )


def confidence(assessment: Assessment | None, t: Texts) -> str:
    """Return how sure the automatic type is; empty once a person has said it (B1)."""
    if assessment is None or assessment.confidence == 1:
        return ""
    return t("staff.confidence.value", percent=round(assessment.confidence * 100))


def parties(complainant: Complainant, t: Texts) -> tuple[tuple[str, str], ...]:
    """Return who complains and how to reach them."""
    values = {kind: getattr(complainant, kind) for kind in PERSONAL}
    return tuple((t(f"staff.party.{kind}"), value) for kind, value in values.items() if value)


def said(contact: Contact, now: Mapping[str, str], names: Mapping[str, str], t: Texts) -> Said:
    """Return one contact in words; of its particulars what is known otherwise `now`.

    The others stand among what is known of the matter.
    """
    pairs = [
        (t(f"policy.field.{name}"), in_words(name, value, t))
        for name, value in said_in(contact).items()
        if value != now[name]
    ]
    pairs.append((t("staff.files"), "\n".join(file.name for file in contact.files)))
    return Said(
        at=contact.received_at,
        by=name_of(contact.by, names, t),
        channel=t("staff.note" if is_note(contact) else f"staff.channel.{contact.channel}"),
        subject=contact.subject,
        text=contact.text,
        pairs=tuple((name, value) for name, value in pairs if value),
    )


def day_words(day: str, t: Texts) -> str:
    """Return a day such as `2026-11-20` as people write it; empty for none."""
    return t("format.day", at=date.fromisoformat(day)) if day else ""


def is_note(contact: Contact) -> bool:
    """Return whether staff wrote this down for themselves; what they registered is no note."""
    return contact.channel is Channel.DEPARTMENT and not contact.contact_id.startswith("form-")


def pieces(
    dossier: Dossier,
    names: Mapping[str, str],
    t: Texts,
    scanned: Mapping[str, tuple[str, str]] | None = None,
    *,
    masked: bool = False,
) -> list[Piece]:
    """Return every piece of evidence with who brought it, when and how (F1).

    `scanned` has status and instant of the scan by key, both as words of the page; None where
    nobody scans: then a file has no verdict. Who sees the complaint masked sees no pictures.
    """
    found = []
    for contact in dossier.contacts:
        by = name_of(contact.by, names, t)
        for file in (*contact.files, *((contact.original,) if contact.original else ())):
            status, scanned_at = (scanned or {}).get(file.key, ("waiting", ""))
            clean = scanned is None or status == "NO_THREATS_FOUND"
            piece = Piece(
                name=t("staff.original") if file is contact.original else file.name,
                size=file.size,
                content_type=file.content_type,
                digest=file.sha256,
                is_composite=bool(file.part_size),
                upload_id=file.upload_id,
                at=contact.received_at,
                by=by,
                channel=t(f"staff.channel.{contact.channel}"),
                holds=holds_words(file, t),
                odd=odd_words(file, t),
                verdict="" if scanned is None else verdict_words(status, scanned_at, t),
                tone="green" if clean else "amber" if status == "waiting" else "red",
                has_picture=clean and not masked and is_shown(file),
            )
            found.append(piece)
    return found


def holds_words(file: File, t: Texts) -> str:
    """Say what a packed file says that it holds; empty for any other, or where it says nothing."""
    if not file.packed or not file.packed.unpacked:
        return ""
    return t("packed.holds", count=file.packed.entries, size=size(file.packed.unpacked))


def odd_words(file: File, t: Texts) -> tuple[str, ...]:
    """Say what is odd about a file: its name, its type, what it holds."""
    inside = file.packed.found if file.packed else ()
    return (
        *(t(f"mailbox.flag.{flag}") for flag in file.flags),
        *(t(f"packed.{odd}") for odd in inside),
    )


def verdict_words(status: str, at: str, t: Texts) -> str:
    """Say what the malware scan found; a status that nobody knows is no clean one."""
    text_id = f"verdict.{status}"
    return t(text_id if text_id in t else "verdict.FAILED", at=at)


def line(entry: TrackingEntry, names: Mapping[str, str], t: Texts, office: Office) -> Line:
    """Return an entry of the history in words: what was done, by whom, and what matters of it."""
    text_id = f"staff.history.{entry.action}"
    facts = entry.facts
    more = [t(f"staff.fact.{one}") for one in ("late", "resumed") if facts.get(one) is True]
    if to := facts.get("to"):
        more.append(t("staff.fact.to", role=role_words(str(to), t, office)))
    if signed_for := facts.get("for"):
        more.append(role_words(str(signed_for), t, office))
    if gate := facts.get("gate"):
        more.append(t(f"gate.{gate}"))
    if measure := facts.get("measure"):
        more.append(t(f"staff.emergency.step.{measure}"))
    more += marks(facts, t)
    if facts.get("counted") is False:
        more.append(t("staff.fact.not_counted"))
    more += [name_of(str(facts.get(one, "")), names, t) for one in ("investigator", "person")]
    more += [str(facts[one]) for one in ("into", "complaint", "with") if one in facts]
    if "department" in facts:
        more.append(queue_words(str(facts["department"]), t, office))
    if kind := facts.get("type"):
        more.append(kind_words(str(kind), t, office))
    if isinstance(facts.get("compensation"), int):
        more.append(money(int(facts["compensation"] or 0)))
    if isinstance(facts.get("satisfaction"), int):
        more.append(t("staff.fact.score", score=facts["satisfaction"]))
    words = t(text_id) if text_id in t else entry.action
    return Line(
        at=entry.occurred_at,
        words=" · ".join((words, *(one for one in more if one))),
        by=name_of(entry.actor, names, t),
    )


def marks(facts: Mapping[str, str | int | bool | None], t: Texts) -> list[str]:
    """Return what else an entry of the history says: kind of record, why voided, what is true."""
    kept = [t(f"staff.record.{facts['record']}")] if "record" in facts else []
    kept += [t(f"voided.{facts['voided']}")] if "voided" in facts else []
    kept += [t(f"staff.record.{kind}") for kind in str(facts.get("records", "")).split(",") if kind]
    if "people" in facts:
        kept.append(t("staff.fact.people", count=facts["people"]))
    return kept + [t(f"staff.fact.{one}") for one in FLAGS if facts.get(one) is True]


def _without_code(letter: Letter, complaint: Complaint) -> Letter:
    """Return a letter without the tracking code: with it, staff could answer as the complainant."""
    text = letter.text
    for code in (complaint.tracking_code, format_code(complaint.tracking_code)):
        text = text.replace(code, "…")
    return letter.replace(text=text)


def name_of(username: str, names: Mapping[str, str], t: Texts) -> str:
    """Name whoever did something: a person, the complainant, or the system itself."""
    if not username or username in names:
        return names.get(username, "")
    return t(f"staff.by.{username}") if f"staff.by.{username}" in t else username
