"""What was told to people about a limit, as pages show it: to whom, and whether they know (I10)."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from complaints.console.lists import role_words
from complaints.console.sheet import name_of
from complaints.letters import limit_words
from complaints.office import Office
from complaints.parts import Notice
from complaints.texts import Texts


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A notice in words."""

    number: str
    """The complaint."""
    kind: str
    """What it was: a reminder, an escalation, one by hand."""
    limit: str
    due_at: datetime | None
    told_at: datetime
    to: str
    people: str
    by: str
    """Who escalated by hand; empty for the check of the limits."""
    reason: str
    passed_to: str
    acknowledged_by: str
    acknowledged_at: datetime | None


def told(
    notices: Iterable[tuple[str, Notice]], names: Mapping[str, str], t: Texts, office: Office
) -> list[Told]:
    """Return notices with their complaints in words, the newest first; `names` by user name."""

    def name(username: str) -> str:
        return name_of(username, names, t)

    rows = [
        Told(
            number=number,
            kind=t(f"notice.{kind_of(one)}"),
            limit=limit_words(one.clock, t),
            due_at=one.due_at,
            told_at=one.told_at,
            to=role_words(one.to, t, office),
            people=", ".join(name(person) for person in one.people) or t("notice.nobody"),
            by=name(one.by) if kind_of(one) == "by_hand" else "",
            reason=one.reason,
            passed_to=name(one.passed_to),
            acknowledged_by=name(one.acknowledged_by),
            acknowledged_at=one.acknowledged_at,
        )
        for number, one in notices
    ]
    return sorted(rows, key=lambda row: row.told_at, reverse=True)


def kind_of(notice: Notice) -> str:
    """Return what a notice was: `reminder`, `escalation` or `by_hand`."""
    if notice.by != "check_sla":
        return "by_hand"
    return "reminder" if notice.step == 1 else "escalation"
