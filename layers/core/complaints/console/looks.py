"""The access history on its page, and the form that asks why somebody must see particulars."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from complaints.access import AccessEntry, UnmaskReason
from complaints.console.papers import title
from complaints.forms import Field
from complaints.models import File
from complaints.parts import DocumentKind
from complaints.texts import Texts

FIELDS = (
    Field(name="unmask_reason", kind="choice", required=True, choices=tuple(UnmaskReason)),
    Field(name="unmask_words", kind="words", required=True, longest=500),
)


class LookRow(msgspec.Struct, frozen=True, kw_only=True):
    """One look in words."""

    number: int
    at: datetime
    by: str
    action: str
    what: str
    """The page or the file; empty for the complaint's own page."""
    reason: str
    words: str
    digest: str


def row(
    entry: AccessEntry, words: str, *, files: Iterable[File], names: Mapping[str, str], t: Texts
) -> LookRow:
    """Return a look as the page lists it; `names` are those of the staff by user name."""
    named = {file.upload_id: file.name for file in files}
    return LookRow(
        number=entry.number,
        at=entry.at,
        by=names.get(entry.by, entry.by),
        action=t(f"staff.look.{entry.action}"),
        what=named.get(entry.what) or what_words(entry.what, t),
        reason=t(f"staff.unmask.{entry.reason_code}") if entry.reason_code else "",
        words=words,
        digest=entry.digest[:12],
    )


def what_words(what: str, t: Texts) -> str:
    """Name a page, or what was handed out, such as `document:notice`; other codes stay codes."""
    kind, _, which = what.partition(":")
    if kind == "document" and which in tuple(DocumentKind):
        return title(DocumentKind(which), t)
    text_id = f"staff.look.what.{kind}"
    return f"{t(text_id)} {which}".strip() if text_id in t else what


def reasons(t: Texts) -> list[tuple[str, str]]:
    """Return what the form offers as a reason: code and words."""
    return [(one.value, t(f"staff.unmask.{one}")) for one in UnmaskReason]
