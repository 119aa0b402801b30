"""Quarantine: a mail that became nothing is listed once, the newest first, and counted."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from complaints.aws import quarantine
from complaints.aws.quarantine import QUIET, Quarantined
from complaints.mail import Disposition
from complaints.texts import LANGUAGES, texts
from tests.kept import set_clock

pytestmark = pytest.mark.usefixtures("tables")
AT = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


def put(key: str, reason: str = "no_sender", days: int = 0) -> Quarantined:
    """Put a mail aside that came so many days ago."""
    mail = Quarantined(
        key=key, reason=reason, received_at=AT - timedelta(days=days), from_address="a@x", size=9
    )
    quarantine.put(mail)
    return mail


def test_the_newest_comes_first_over_three_months(monkeypatch: pytest.MonkeyPatch) -> None:
    """This month and the two before; what is older was looked at, or nobody will."""
    set_clock(monkeypatch, AT)
    kept = [put(f"inbox/{days}", days=days) for days in (0, 1, 25, 55)]
    put("inbox/old", days=100)
    assert quarantine.list_all() == kept


def test_a_mail_that_comes_twice_is_listed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key and the instant of its arrival name it."""
    set_clock(monkeypatch, AT)
    put("inbox/1")
    put("inbox/1")
    assert len(quarantine.list_all()) == 1


@pytest.mark.parametrize("reason", [*sorted(QUIET), "no_sender", "conflict", "verdict"])
def test_only_faults_wake_somebody(reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Bounces and lists are the rule; they are counted under another name than the alarm's."""
    put("inbox/1", reason)
    written = json.loads(capsys.readouterr().out)
    name = "MailSetAside" if reason in QUIET else "MailQuarantined"
    assert written[name] == [1.0]


REASONS = sorted(
    {*Disposition} - {Disposition.NEW_OR_REPLY, Disposition.QUARANTINE}
    | {"conflict", "verdict", "empty", "no_sender", "too_large", "too_complex"}
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_has_its_sentence(reason: str, language: str) -> None:
    """Whoever looks is told why, in words."""
    assert texts(language)(f"quarantine.reason.{reason}")
