"""The templates: as they were made, and as the office changed them; and a complaint to try them on.

A template is the Typst source of what stands between title and end of one kind of document. It is
given the content as data: no value is ever read as a command.
"""

from datetime import datetime
from functools import cache
from pathlib import Path

import msgspec

from complaints.documents.content import Document
from complaints.forms import Problem
from complaints.history import canonical
from complaints.models import Record
from complaints.parts import DocumentKind
from complaints.texts import Texts

HERE = Path(__file__).parent / "templates"
LONGEST = 64_000
"""Characters of a template."""
LABELS = (
    *("page", "check", "copy", "verify", "number", "status", "name", "phone", "building"),
    *("address", "email", "received_at", "channel", "taken_by", "contacts", "type", "severity"),
    *("department", "respondents", "occurred_on", "place", "service", "staff_involved", "words"),
    *("demand", "handling", "matter", "facts", "cause", "indirect_cause", "root_cause"),
    *("responsible", "measures", "compensation", "voucher", "reply", "orders", "task", "start"),
    *("complete", "done", "result", "follow_up", "owner", "reply_outcome", "outcome", "verified"),
    *("opinion", "satisfaction", "completed_at", "signatures", "signs.as", "signs.recorded"),
    *("signs.by_hand", "signs.date", "signs.blank_date", "row", "at", "who", "sheet_number"),
    *("verified_by", "register.note", "investigator", "kept", "kept.kind", "kept.by"),
    *("kept.where", "kept.words", "kept.evidence", "evidence", "evidence.name", "evidence.size"),
    *("evidence.by", "evidence.digest", "nothing", "notice.dear", "notice.about"),
    *("notice.objection", "notice.phone", "notice.seal", "order.to", "order.from", "order.at"),
    *("order.done", "order.returned", "order.agreed_by", "order.agreed_at", "order.done_by"),
    *("figures", "figure", "value", "before", "group", "received", "share", "closed", "missed"),
    *("mean_days", "days", "rows", "stage", "days_to_close"),
)
"""What a template may call by `t`, each `document.label.<name>` in the catalogue."""


class Template(Record, frozen=True, kw_only=True):
    """A template as the office changed it, once."""

    kind: DocumentKind
    number: int
    """Counts the changes of this template, from 1."""
    at: datetime
    by: str
    """User name of whoever changed it."""
    source: str = ""
    """Empty: the original holds again."""

    @property
    def is_original(self) -> bool:
        """Whether this change went back to the original."""
        return not self.source


def original(kind: DocumentKind) -> str:
    """Return the template of a kind as it was made."""
    return _read(f"{kind}.typ")


def shared() -> dict[str, str]:
    """Return the files that every document has beside its own template, by name."""
    return {name: _read(name) for name in ("page.typ", "parts.typ")}


def labels(t: Texts) -> dict[str, str]:
    """Return the texts that a template may use, by name; places for values as they are written."""
    return {name: t.as_written(f"document.label.{name}") for name in LABELS}


def problem_of(source: str) -> Problem | None:
    """Return what is wrong with a template before it is tried: nothing there, or too much."""
    if not source.strip():
        return Problem("wording.problem.empty")
    if len(source) > LONGEST:
        return Problem("form.too_long", {"longest": LONGEST, "length": len(source)})
    return None


def content(document: Document) -> bytes:
    """Return what a template is given of a document, as JSON, without what no reader needs."""
    return canonical(msgspec.structs.replace(document, salt=""))


@cache
def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
