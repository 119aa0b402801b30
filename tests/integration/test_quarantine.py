"""Quarantine: a mail that became nothing waits for a person, is listed once, and is counted."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.aws import quarantine
from complaints.aws.quarantine import QUIET, Quarantined, State
from complaints.mail import Disposition
from complaints.texts import LANGUAGES, texts

pytestmark = pytest.mark.usefixtures("tables")
AT = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


def put(key: str, reason: str = "no_sender", days: int = 0) -> Quarantined:
    """Put a mail aside that came so many days ago."""
    mail = Quarantined(
        key=key, reason=reason, received_at=AT - timedelta(days=days), from_address="a@x", size=9
    )
    quarantine.put(mail)
    return mail


def test_what_came_is_listed_page_by_page_over_months() -> None:
    """The newest first; each row once, and none of before or after."""
    kept = [put(f"inbox/{days}", days=days) for days in (0, 1, 25, 26, 27, 55, 100)]
    start, found, place = AT - timedelta(days=55), list[Quarantined](), ""
    while not found or place:
        page, place = quarantine.came(start, AT + timedelta(seconds=1), limit=2, before=place)
        found += page
    assert found == kept[:6]
    assert quarantine.came(start, AT, limit=9)[0] == kept[1:6]


def test_who_waits_longest_comes_first_until_somebody_has_answered() -> None:
    """However old; an answer takes a mail off the list, and machines never were on it."""
    old, new = put("inbox/old", days=400), put("inbox/new")
    put("inbox/bounce", "bounce")
    assert quarantine.waiting(limit=9) == ([old, new], "")
    first, place = quarantine.waiting(limit=1)
    assert first == [old]
    assert quarantine.waiting(limit=1, after=place)[0] == [new]
    quarantine.settle(old.replace(state=State.DISCARDED, by="qiu", at=AT))
    assert quarantine.waiting(limit=9) == ([new], "")
    assert quarantine.count_waiting(9) == 1


def test_a_mail_that_comes_twice_is_listed_once() -> None:
    """The key and the instant of its arrival name it; an answer that was given stays."""
    row = put("inbox/1")
    quarantine.settle(row.replace(state=State.DISCARDED, by="qiu", at=AT))
    put("inbox/1")
    assert quarantine.count_waiting(9) == 0
    assert len(quarantine.came(AT, AT + timedelta(days=1), limit=9)[0]) == 1


@given(st.text(min_size=1))
def test_any_key_comes_back_from_its_address(key: str) -> None:
    """And the address holds nothing that an address must not."""
    key = key.encode("utf-8", "replace").decode()
    row = Quarantined(key=key, reason="empty", received_at=AT, from_address="", size=1)
    assert quarantine.key_of_mail(row.mail_id) == key
    assert re.fullmatch(r"[\w-]+", row.mail_id, re.ASCII)


@pytest.mark.parametrize("reason", [*sorted(QUIET), "no_sender", "conflict", "verdict"])
def test_only_faults_wake_somebody(reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Bounces and lists are the rule; they are counted under another name than the alarm's."""
    put("inbox/1", reason)
    written = json.loads(capsys.readouterr().out)
    name = "MailSetAside" if reason in QUIET else "MailQuarantined"
    assert written[name] == [1.0]


REASONS = sorted(
    {*Disposition} - {Disposition.NEW_OR_REPLY, Disposition.QUARANTINE}
    | {
        "conflict",
        "verdict",
        "empty",
        "no_sender",
        "too_large",
        "too_complex",
        "unreadable",
        "partial",
    }
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_has_its_sentence(reason: str, language: str) -> None:
    """Whoever looks is told why, in words."""
    assert texts(language)(f"quarantine.reason.{reason}")
