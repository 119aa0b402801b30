"""One complaint as its page shows it to a member of staff."""

import re
from collections.abc import Mapping
from datetime import date, datetime

import msgspec

from complaints.console.lists import Row, kind_words, queue_words, role_words, row
from complaints.console.tasks import is_masked
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
    Finding,
    Letter,
    Staff,
    TrackingEntry,
)
from complaints.number import format_code
from complaints.office import Office
from complaints.pages import money
from complaints.particulars import MATTER, current, missing, said_in
from complaints.parts import Correction
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
    upload_id: str
    at: datetime
    by: str


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
    said: tuple[Said, ...]
    pieces: tuple[Piece, ...]
    findings: tuple[Finding, ...]
    decisions: tuple[tuple[str, Decision], ...]
    letters: tuple[Letter, ...]
    history: tuple[Line, ...]


def sheet(
    dossier: Dossier,
    *,
    staff: Staff,
    names: Mapping[str, str],
    t: Texts,
    office: Office,
    at: datetime,
) -> Sheet:
    """Return the page's view of a complaint; `names` are the names of the staff by user name."""
    complaint, now = dossier.complaint, current(dossier)
    masked = is_masked(staff)
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
        corrected=tuple(
            corrected(one, names, t, masked=masked) for one in reversed(dossier.corrections)
        ),
        parties=parties(dossier.complainant, t, masked=masked),
        masked=masked,
        said=tuple(said(contact, now, names, t) for contact in dossier.contacts),
        pieces=tuple(pieces(dossier, names, t)),
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


def corrected(
    correction: Correction, names: Mapping[str, str], t: Texts, *, masked: bool
) -> Corrected:
    """Return what was added or corrected at one time; for whoever only audits it is masked."""
    rows = (
        (
            t(f"policy.field.{name}"),
            _shown(name, correction.before[name], t, masked=masked),
            _shown(name, now, t, masked=masked),
        )
        for name, now in correction.after.items()
    )
    return Corrected(
        at=correction.at,
        by=name_of(correction.by, names, t),
        rows=tuple(rows),
        source="" if masked else correction.source,
    )


def _shown(name: str, value: str, t: Texts, *, masked: bool) -> str:
    hidden = masked and value and name in PERSONAL
    return mask(name, value) if hidden else in_words(name, value, t)


def confidence(assessment: Assessment | None, t: Texts) -> str:
    """Return how sure the automatic type is; empty once a person has said it (B1)."""
    if assessment is None or assessment.confidence == 1:
        return ""
    return t("staff.confidence.value", percent=round(assessment.confidence * 100))


def parties(complainant: Complainant, t: Texts, *, masked: bool) -> tuple[tuple[str, str], ...]:
    """Return who complains and how to reach them; masked for whoever only audits."""
    values = {
        "name": complainant.name,
        "phone": complainant.phone,
        "email": complainant.email,
        "address": complainant.address,
        "building": complainant.building,
    }
    if masked:
        values = {kind: mask(kind, value) for kind, value in values.items() if value}
    return tuple((t(f"staff.party.{kind}"), value) for kind, value in values.items() if value)


def mask(kind: str, value: str) -> str:
    """Return a personal particular so that it can be recognised, and not be used.

    >>> mask("name", "王小明"), mask("phone", "+8613800138000"), mask("email", "wang@example.com")
    ('王**', '+86138****8000', 'w***@example.com')
    """
    match kind:
        case "phone":
            return re.sub(r"\d{4}(?=\d{4}$)", "****", value) if len(value) > SHORT else "****"
        case "email":
            box, _, domain = value.rpartition("@")
            return f"{box[:1]}***@{domain}"
        case "name":
            return value[:1] + "*" * (len(value) - 1)
    return f"{value[:3]}***"


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


def pieces(dossier: Dossier, names: Mapping[str, str], t: Texts) -> list[Piece]:
    """Return every piece of evidence with who brought it and when."""
    found = []
    for contact in dossier.contacts:
        by = name_of(contact.by, names, t)
        for file in (*contact.files, *((contact.original,) if contact.original else ())):
            piece = Piece(
                name=t("staff.original") if file is contact.original else file.name,
                size=file.size,
                content_type=file.content_type,
                digest=file.sha256[:SHORT],
                upload_id=file.upload_id,
                at=contact.received_at,
                by=by,
            )
            found.append(piece)
    return found


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
