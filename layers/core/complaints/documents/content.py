"""What stands in each document: a record for each kind, every value in the words that are printed.

Nothing here is looked up when it is printed: the same file of a complaint gives the same document,
byte for byte. What nobody has said or done is empty, and printed as a line to be filled in by hand.
"""

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from complaints.console.lists import kind_words, queue_words, result_words, role_words
from complaints.console.sheet import is_note, name_of
from complaints.letters import local
from complaints.lifecycle import is_past
from complaints.models import (
    Complaint,
    Contact,
    Dossier,
    Finding,
    Status,
    TrackingEntry,
    is_outside,
)
from complaints.office import Office
from complaints.pages import day, instant, money, size
from complaints.particulars import MATTER, current
from complaints.parts import DocumentKind, Gate, Nature, Proof, WorkOrder
from complaints.texts import Texts, texts

OF_A_COMPLAINT = (
    DocumentKind.HANDLING_RECORD,
    DocumentKind.HANDLING_SHEET,
    DocumentKind.REGISTER,
    DocumentKind.INVESTIGATION_REPORT,
    DocumentKind.NOTICE,
    DocumentKind.WORK_ORDER,
)
"""Kinds that are made of one complaint's file, in the order in which a page offers them."""
ISSUED = "document_issued"
"""The action of the history by which a document was issued (`issue`)."""
SALT_LENGTH = 32
IN_A_LIST = 200
"""Characters of what was said that a register has; the rest is on the sheet of the complaint."""


class House(msgspec.Struct, frozen=True, kw_only=True):
    """Whose documents these are: name and phone, and the office with its policy."""

    organisation: str
    phone: str
    office: Office


class Printed(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what is printed: texts, every field written out, the empty ones, too."""


class Signed(Printed, frozen=True, kw_only=True):
    """A place for a signature: as what one signs, and who signed on record and when."""

    role: str
    name: str = ""
    at: str = ""
    words: str = ""
    """The opinion that was written with it."""


class Party(Printed, frozen=True, kw_only=True):
    """Who complains, as printed."""

    name: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    building: str = ""


class Matter(Printed, frozen=True, kw_only=True):
    """What a complaint is about, as printed."""

    received_at: str
    channel: str
    taken_by: str
    """Who wrote it down; empty where it came by itself."""
    type: str = ""
    severity: str = ""
    urgency: str = ""
    department: str = ""
    respondents: str = ""
    contacts: str = ""
    """How often the complainant turned to us."""
    demand: str = ""
    occurred_on: str = ""
    place: str = ""
    service: str = ""
    staff_involved: str = ""
    amount: str = ""
    words: tuple[str, ...] = ()
    """What was said, the first contact first."""


class Found(Printed, frozen=True, kw_only=True):
    """What the investigation found, as printed."""

    facts: str = ""
    cause: str = ""
    indirect_cause: str = ""
    root_cause: str = ""
    responsible: str = ""
    nature: str = ""
    measures: str = ""
    compensation: str = ""


class Order(Printed, frozen=True, kw_only=True):
    """A work order in one row."""

    department: str
    task: str
    start: str = ""
    complete: str = ""
    done: str = ""
    result: str = ""


class Ended(Printed, frozen=True, kw_only=True):
    """How it ended: the answer to the reply, what was verified, the follow-up, the closure."""

    reply_outcome: str = ""
    verified: str = ""
    follow_up: str = ""
    satisfaction: str = ""
    opinion: str = ""
    """The complainant's own words about the result, the newest."""
    status: str = ""
    completed_at: str = ""
    """When the complaint was closed."""


class HandlingRecord(Printed, frozen=True, kw_only=True):
    """《会员投诉处理记录表》 (000 五 to 八): receipt, handling, verification, follow-up."""

    party: Party
    matter: Matter
    found: Found
    orders: tuple[Order, ...]
    ended: Ended


class HandlingSheet(Printed, frozen=True, kw_only=True):
    """《投诉处理表》 (003 第2篇 2(1)③ to ⑨): receipt, opinion, notices, result, owner's opinion."""

    party: Party
    matter: Matter
    found: Found
    orders: tuple[Order, ...]
    ended: Ended


class Registered(Printed, frozen=True, kw_only=True):
    """A row of the register."""

    row: str
    at: str
    who: str
    words: str
    number: str
    result: str
    completed_at: str = ""
    verified_by: str = ""


class Register(Printed, frozen=True, kw_only=True):
    """《投诉登记表》 (003 第3篇): a row for each complaint."""

    period: str
    rows: tuple[Registered, ...]


class Kept(Printed, frozen=True, kw_only=True):
    """One thing that was done to find out."""

    kind: str
    at: str
    by: str
    place: str
    people: str
    words: str
    evidence: str
    """Name of the piece of evidence that belongs to it."""


class Piece(Printed, frozen=True, kw_only=True):
    """A piece of evidence in the list."""

    name: str
    kind: str
    size: str
    at: str
    by: str
    digest: str


class InvestigationReport(Printed, frozen=True, kw_only=True):
    """《投诉调查报告》 (004 二; 002 4): what was done, found, caused, who is responsible."""

    party: Party
    matter: Matter
    investigator: str
    kept: tuple[Kept, ...]
    evidence: tuple[Piece, ...]
    found: Found
    reply: str


class Notice(Printed, frozen=True, kw_only=True):
    """《处理结果通知书》 (004 二; D1): what the complainant is told."""

    name: str
    received_at: str
    reply: str
    compensation: str
    voucher: str


class OrderNotice(Printed, frozen=True, kw_only=True):
    """《通知单》 (003 第2篇 2(1)④; C2): what a department has to do, and from when until when."""

    order: str
    department: str
    task: str
    issued_by: str
    issued_at: str
    start: str
    complete: str
    agreed_by: str
    agreed_at: str
    done_by: str
    done_at: str
    result: str
    returned: bool
    party: Party
    matter: Matter


class Figure(Printed, frozen=True, kw_only=True):
    """A figure of the summary, beside that of the month before."""

    name: str
    value: str
    before: str


class Share(Printed, frozen=True, kw_only=True):
    """A row of a breakdown of the summary."""

    name: str
    received: str
    share: str
    before: str
    closed: str
    missed: str
    mean_days: str


class Breakdown(Printed, frozen=True, kw_only=True):
    """The complaints of a month by one dimension."""

    name: str
    rows: tuple[Share, ...]


class Summed(Printed, frozen=True, kw_only=True):
    """A complaint in the list of the summary."""

    number: str
    at: str
    type: str
    department: str
    status: str
    result: str
    days: str


class Summary(Printed, frozen=True, kw_only=True):
    """《投诉汇总表》 (002 2.3.2; 000 六): a month by type, department and time."""

    period: str
    figures: tuple[Figure, ...]
    breakdowns: tuple[Breakdown, ...]
    days: tuple[int, ...]
    rows: tuple[Summed, ...]


Body = (
    HandlingRecord | HandlingSheet | Register | InvestigationReport | Notice | OrderNotice | Summary
)


class Document(Printed, frozen=True, kw_only=True):
    """A document as it is printed, and what its check code is reckoned over (`issue.digest`)."""

    kind: DocumentKind
    language: str
    title: str
    organisation: str
    phone: str
    number: str
    """Of the complaint, for a work order with `.` and the order's id; the month of a summary."""
    dated: str
    dated_on: str
    """The same day as `2026-11-20`; it dates the file, too."""
    body: Body
    signed: tuple[Signed, ...] = ()
    is_copy: bool = False
    """For inspection only: printed for somebody who sees no personal particulars."""
    salt: str = ""
    """Of the complaint's key: without it the digest says nothing about who complained (F4)."""


def kinds(dossier: Dossier, office: Office) -> tuple[DocumentKind, ...]:
    """Return which documents there is something to print in, of those that the policy has.

    Of a complaint whose person was erased there is none.
    """
    if dossier.is_erased:
        return ()
    there = {
        DocumentKind.INVESTIGATION_REPORT: bool(dossier.findings),
        DocumentKind.NOTICE: is_past(dossier.complaint, Status.APPROVED) and bool(reply(dossier)),
        DocumentKind.WORK_ORDER: bool(dossier.orders),
    }
    return tuple(
        kind for kind in OF_A_COMPLAINT if kind in office.policy.documents and there.get(kind, True)
    )


def document(
    kind: DocumentKind,
    dossier: Dossier,
    house: House,
    *,
    names: Mapping[str, str],
    order_id: str = "",
    is_copy: bool = False,
) -> Document:
    """Return a document about a complaint; `names` are those of the staff by user name.

    Raises LookupError for a kind that there is nothing to print in (`kinds`), and for a work order
    that there is none of.
    """
    if kind not in kinds(dossier, house.office):
        raise LookupError(kind)
    # Colleagues write and read in the first language; the complainant is answered in the own.
    language = dossier.complaint.language if kind is DocumentKind.NOTICE else "zh_CN"
    writer = Writer(dossier, house.office, names, texts(language))
    orders = {one.order_id: one for one in dossier.orders}
    body, signed = writer.body_of(kind, orders[order_id] if order_id else None)
    t = writer.t
    number = dossier.complaint.complaint_id
    dated_at = writer.dated(kind)
    return Document(
        kind=kind,
        language=t.language,
        title=t(f"document.{kind}", complainant=_called(house.office, t)),
        organisation=house.organisation,
        phone=house.phone,
        number=f"{number}.{order_id}" if order_id else number,
        dated=writer.day(dated_at),
        dated_on=f"{dated_at.astimezone(house.office.zone):%Y-%m-%d}",
        body=body,
        signed=signed,
        is_copy=is_copy,
        salt="" if is_copy else salt(dossier.key, kind),
    )


def reply(dossier: Dossier) -> str:
    """Return what the complainant is told; of a merged complaint what the main one says (B5)."""
    told = [one.words for one in dossier.letters if one.kind == "notice" and one.words]
    if told:
        return told[-1]
    return dossier.findings[-1].reply if dossier.findings else ""


def salt(key: bytes, kind: DocumentKind) -> str:
    """Return what only who has the complaint's key can reckon, for one kind of document."""
    return hmac.new(key, f"document/{kind}".encode(), "sha256").hexdigest()[:SALT_LENGTH]


class Writer:
    """Writes the parts of documents about one complaint, in the words of one language."""

    def __init__(
        self, dossier: Dossier, office: Office, names: Mapping[str, str], t: Texts
    ) -> None:
        self.t = t
        self._dossier = dossier
        self._office = office
        self._names = names

    @property
    def _complaint(self) -> Complaint:
        return self._dossier.complaint

    @property
    def _finding(self) -> Finding | None:
        return self._dossier.findings[-1] if self._dossier.findings else None

    def body_of(
        self, kind: DocumentKind, order: WorkOrder | None
    ) -> tuple[Body, tuple[Signed, ...]]:
        """Return what stands in a document, and who signs it.

        Raises LookupError for a work order without an order.
        """
        match kind:
            case DocumentKind.HANDLING_RECORD:
                parts = self._parts()
                return HandlingRecord(**parts), (
                    *self._signers(),
                    self._verifier(),
                    self._caller(),
                )
            case DocumentKind.HANDLING_SHEET:
                follows = Signed(role=self.t("document.signs.follows"), name=self._investigator())
                return HandlingSheet(**self._parts()), (
                    follows,
                    *self._signers(),
                    self._verifier(),
                )
            case DocumentKind.REGISTER:
                day_of_receipt = self.day(self._complaint.received_at)
                return Register(period=day_of_receipt, rows=(self.registered(1),)), ()
            case DocumentKind.INVESTIGATION_REPORT:
                return self._report()
            case DocumentKind.NOTICE:
                return self._notice(), ()
        if order is None:
            raise LookupError(kind)
        return self._order_notice(order)

    def dated(self, kind: DocumentKind) -> datetime:
        """Return the instant that dates a document: of the decision, else of the last change.

        What was issued meanwhile is no change of it.
        """
        actions = {"approved", "answered_with"} if kind is DocumentKind.NOTICE else set()
        entries = self._dossier.entries
        decided = [one.occurred_at for one in entries if one.action in actions]
        others = [one.occurred_at for one in entries if one.action != ISSUED]
        return [self._complaint.registered_at, *(decided or others)][-1]

    # ---- what several documents have -------------------------------------------------------

    def _parts(self) -> dict[str, Any]:
        """Return what the whole record of a complaint is made of (000, 003)."""
        return {
            "party": self._party(),
            "matter": self._matter(),
            "found": self._found(),
            "orders": tuple(self._order(one) for one in self._dossier.orders),
            "ended": self._ended(),
        }

    def _party(self) -> Party:
        who = self._dossier.complainant
        anonymous = "" if who.name or not self._complaint.anonymous else self.t("staff.anonymous")
        return Party(
            name=who.name or anonymous,
            phone=who.phone,
            email=who.email,
            address=who.address,
            building=who.building,
        )

    def _matter(self) -> Matter:
        complaint, t, now = self._complaint, self.t, current(self._dossier)
        assessment = complaint.assessment
        first = self._dossier.contacts[0] if self._dossier.contacts else None
        values = {name: self._particular(name, now[name]) for name in MATTER}
        return Matter(
            received_at=self.instant(complaint.received_at),
            channel=t(f"staff.channel.{complaint.channel}"),
            taken_by="" if first is None or is_outside(first.by) else self.person(first.by),
            type=kind_words(assessment.type, t, self._office) if assessment else "",
            severity=self._severity(),
            urgency=t(f"staff.urgency.{assessment.urgency}") if assessment else "",
            department=queue_words(complaint.department, t, self._office),
            respondents=t("document.listing").join(map(self.person, complaint.respondents)),
            contacts=str(complaint.contacts),
            words=tuple(self._said(one) for one in self._dossier.contacts if _is_about(one)),
            **values,
        )

    def _particular(self, name: str, value: str) -> str:
        if name == "amount":
            return f"￥{value}" if value else ""
        return value

    def _severity(self) -> str:
        if not self._complaint.assessment:
            return ""
        return self.t(
            "report.severity.major" if self._complaint.is_major else "report.severity.general"
        )

    def _said(self, contact: Contact) -> str:
        return "\n".join(one for one in (contact.subject, contact.text) if one)

    def _found(self) -> Found:
        finding, t = self._finding, self.t
        if finding is None:
            return Found()
        grounds = {one.code: one.name for one in self._office.policy.not_responsible}
        because = grounds.get(finding.ground)
        responsible = t(f"staff.responsible.{'yes' if finding.responsible else 'no'}")
        ordinary = finding.nature is Nature.ORDINARY
        nature = "" if ordinary else t(f"staff.nature.{finding.nature}")
        return Found(
            facts=finding.facts,
            cause=finding.cause,
            indirect_cause=finding.indirect_cause,
            root_cause=finding.root_cause,
            responsible=_joined(responsible, because.in_language(t.language) if because else ""),
            nature=_joined(nature, finding.nature_reason),
            measures=finding.measures,
            compensation=money(finding.compensation) if finding.compensation else "",
        )

    def _order(self, order: WorkOrder) -> Order:
        return Order(
            department=queue_words(order.department, self.t, self._office),
            task=order.task,
            start=self.in_row(order.start_at),
            complete=self.in_row(order.complete_at),
            done=self.in_row(order.done_at),
            result=order.result,
        )

    def _ended(self) -> Ended:
        complaint, t = self._complaint, self.t
        verified = self._proof(Gate.VERIFIED)
        outcome, answered = complaint.follow_up_outcome, complaint.reply_outcome
        scores = (
            t("staff.fact.score", score=complaint.satisfaction) if complaint.satisfaction else ""
        )
        opinions = [
            one.text
            for one in self._dossier.contacts
            if one.contact_id.endswith("-answer") and one.text
        ]
        return Ended(
            reply_outcome=t(f"staff.outcome.{answered}") if answered else "",
            verified=verified.words if verified else "",
            follow_up=t(f"staff.outcome.{outcome}") if outcome else "",
            satisfaction=scores,
            opinion=opinions[-1] if opinions else "",
            status=result_words(complaint, t) if not complaint.is_open else "",
            completed_at=self._instant_or_line(complaint.closed_at),
        )

    # ---- one kind each ---------------------------------------------------------------------

    def _report(self) -> tuple[InvestigationReport, tuple[Signed, ...]]:
        finding, dossier = self._finding, self._dossier
        names = {one.upload_id: one.name for one in dossier.evidence}
        kept = tuple(
            Kept(
                kind=self.t(f"staff.record.{one.kind}"),
                at=self.in_row(one.at),
                by=self.person(one.by),
                place=one.place,
                people=one.people,
                words=one.words,
                evidence=names.get(one.upload_id, ""),
            )
            for one in dossier.records
        )
        evidence = tuple(
            Piece(
                name=self.t("staff.original") if file is contact.original else file.name,
                kind=file.content_type,
                size=size(file.size),
                at=self.in_row(contact.received_at),
                by=name_of(contact.by, self._names, self.t),
                digest=_joined(file.sha256, self.t("document.of_parts") if file.part_size else ""),
            )
            for contact in dossier.contacts
            for file in (*contact.files, *((contact.original,) if contact.original else ()))
        )
        submitted = self._last("investigated")
        by = Signed(
            role=self.t("document.signs.investigator"),
            name=self.person(finding.investigator) if finding else "",
            at=self.day(submitted.occurred_at) if submitted else "",
        )
        report = InvestigationReport(
            party=self._party(),
            matter=self._matter(),
            investigator=by.name,
            kept=kept,
            evidence=evidence,
            found=self._found(),
            reply=finding.reply if finding else "",
        )
        return report, (by, *self._signers())

    def _notice(self) -> Notice:
        finding = self._finding
        # Of a merged complaint the reply is the main one's; what another one is paid is not told.
        promised = finding.compensation if finding and not self._complaint.merged_into else None
        paid = [one for one in self._dossier.payments if one.approved_at]
        amount = promised or sum(one.amount for one in paid)
        return Notice(
            name=self._dossier.complainant.name or self.t("letter.unnamed"),
            received_at=self.day(self._complaint.received_at),
            reply=reply(self._dossier),
            compensation=money(amount) if amount else "",
            voucher=self.t("document.listing").join(one.voucher for one in paid if one.voucher),
        )

    def _order_notice(self, order: WorkOrder) -> tuple[OrderNotice, tuple[Signed, ...]]:
        t, issued, done = self.t, self.person(order.issued_by), self.person(order.done_by)
        notice = OrderNotice(
            order=order.order_id,
            department=queue_words(order.department, t, self._office),
            task=order.task,
            issued_by=issued,
            issued_at=self.instant(order.issued_at),
            start=self._instant_or_line(order.start_at),
            complete=self._instant_or_line(order.complete_at),
            agreed_by=self.person(order.agreed_by),
            agreed_at=self._instant_or_line(order.agreed_at),
            done_by=done,
            done_at=self._instant_or_line(order.done_at),
            result=order.result,
            returned=order.returned,
            party=self._party(),
            matter=self._matter(),
        )
        signed = (
            Signed(role=t("document.signs.issuer"), name=issued, at=self.day(order.issued_at)),
            Signed(
                role=t("document.signs.department"),
                name=notice.agreed_by,
                at=self.day(order.agreed_at) if order.agreed_at else "",
            ),
            Signed(
                role=t("document.signs.done"),
                name=done,
                at=self.day(order.done_at) if order.done_at else "",
            ),
        )
        return notice, signed

    def registered(self, row: int) -> Registered:
        """Return the row of this complaint in a register."""
        verified, ended = self._proof(Gate.VERIFIED), self._ended()
        said = [self._said(one) for one in self._dossier.contacts if _is_about(one)]
        finding = self._finding
        return Registered(
            row=str(row),
            at=self.in_row(self._complaint.received_at),
            who=self._party().name,
            words=_short(said[0] if said else self._complaint.subject),
            number=self._complaint.complaint_id,
            result=ended.status or (finding.measures if finding else ""),
            completed_at=self.in_row(self._complaint.closed_at),
            verified_by=self.person(verified.by) if verified else "",
        )

    # ---- who signed ------------------------------------------------------------------------

    def _signers(self) -> tuple[Signed, ...]:
        """Return who signs the solution by the policy, with who has signed in this round (C5)."""
        complaint = self._complaint
        given = {one.code: one for one in complaint.signed}
        wanted = self._office.policy.sign_offs(is_major=complaint.is_major).signed_by
        opinions = {one.code: one.reason for one in self._dossier.decisions if one.approved}
        return tuple(
            Signed(
                role=role_words(code, self.t, self._office),
                name=self.person(given[code].username) if code in given else "",
                at=self.day(given[code].at) if code in given else "",
                words=opinions.get(code, "") if code in given else "",
            )
            for code in dict.fromkeys((*wanted, *given))
        )

    def _verifier(self) -> Signed:
        proof, role = self._proof(Gate.VERIFIED), self.t("document.signs.verifier")
        if proof is None:
            return Signed(role=role)
        return Signed(role=role, name=self.person(proof.by), at=self.day(proof.at))

    def _caller(self) -> Signed:
        """Return who heard the complainant in the follow-up; nobody where a survey did."""
        role, entry = self.t("document.signs.caller"), self._last("followed_up")
        if entry is None or entry.actor not in self._names:
            return Signed(role=role)
        return Signed(role=role, name=self.person(entry.actor), at=self.day(entry.occurred_at))

    def _proof(self, gate: Gate) -> Proof | None:
        """Return the proof of a gate that holds in this round."""
        proven = (one for one in self._dossier.proofs if one.gate is gate)
        return next(proven, None) if gate in self._complaint.proven else None

    def _last(self, action: str) -> TrackingEntry | None:
        found = [one for one in self._dossier.entries if one.action == action]
        return found[-1] if found else None

    def _investigator(self) -> str:
        return self.person(self._complaint.investigator)

    # ---- words -----------------------------------------------------------------------------

    def person(self, username: str) -> str:
        """Return the name of a member of staff; empty for nobody."""
        return self._names.get(username, username)

    def instant(self, at: datetime) -> str:
        """Return a day and time of the office's clock."""
        return instant(at, self.t, self._office.zone)

    def day(self, at: datetime) -> str:
        """Return a day of the office's calendar."""
        return day(at, self.t, self._office.zone)

    def _instant_or_line(self, at: datetime | None) -> str:
        return self.instant(at) if at else ""

    def in_row(self, at: datetime | None) -> str:
        """Return a day and time as a narrow column has it: `2026-11-20 16:30`; empty for none."""
        return local(at, self._office) if at else ""


def _called(office: Office, t: Texts) -> str:
    """Return what complainants are called in a title; nothing where they are called just that."""
    called = office.policy.complainant.in_language(t.language)
    return "" if called == t("document.label.name") else called


def _is_about(contact: Contact) -> bool:
    """Return whether a contact says what the complaint is about: no note, no answer to us."""
    return not is_note(contact) and not contact.contact_id.endswith("-answer")


def _short(words: str) -> str:
    """Return the beginning of long words, as a list has them."""
    return words if len(words) <= IN_A_LIST else f"{words[:IN_A_LIST]}…"


def _joined(*words: str) -> str:
    return " · ".join(one for one in words if one)
