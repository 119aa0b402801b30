"""Archive: where a complaint is filed, what closes it, and what is filed once more."""

from datetime import datetime

import pytest

from complaints import archive, bag, intake
from complaints.archive import ArchiveError, archive_key
from complaints.bag import Filed
from complaints.models import Complainant, Dossier, Outcome, Status
from tests.builders import (
    AT,
    MAJOR,
    OFFICE,
    QUALITY,
    after,
    assessed,
    closed,
    contact,
    followed_up,
    later,
    received,
)


@pytest.mark.parametrize(
    ("text", "outcome", "key"),
    [
        (
            "前台态度恶劣。",
            "satisfied",
            "general/2026/A/TS-2026-000001-7_2026-11-20_satisfied_2.zip",
        ),
        (MAJOR, "quiet", "major/2026/F/TS-2026-000001-7_2026-11-20_quiet_2.zip"),
    ],
)
def test_major_complaints_are_filed_apart(text: str, outcome: str, key: str) -> None:
    """F2, F3: by severity, year and type, labelled with number, date and result."""
    complaint = assessed(received(text)).complaint.replace(follow_up_outcome=Outcome(outcome))
    assert archive_key(complaint, AT) == f"archive/{key}"


def test_what_was_never_assessed_has_a_place_too() -> None:
    """No complaint is without a key."""
    assert archive_key(received(complainant=Complainant()).complaint, AT) == (
        "archive/general/2026/none/TS-2026-000001-7_2026-11-20_none_1.zip"
    )


def test_a_closed_complaint_waits_for_nobody() -> None:
    """No clock, no queue, and where it is filed stands in head and history."""
    dossier = closed()
    complaint = dossier.complaint
    assert (complaint.status, complaint.clock, complaint.queue) == (Status.CLOSED, None, "")
    assert complaint.look_again_at is None
    assert complaint.closed_at == later(dossier, 0)
    assert dossier.entries[-1].facts == {"archive_key": complaint.archive_key}


def test_the_closing_entry_says_what_was_filed() -> None:
    """Which bag, what is in it, and until when nobody can delete it."""
    dossier = followed_up()
    filed = Filed(contents="c" * 64, retain_until="2031-11-20")
    made, entry = archive.close(
        dossier.complaint, "archive/a.zip", later(dossier, 1), filed, office=OFFICE
    )
    assert entry.facts == {
        "archive_key": "archive/a.zip",
        "contents": "c" * 64,
        "retain_until": "2031-11-20",
    }
    head, _ = archive.close(dossier.complaint, "archive/a.zip", later(dossier, 1), office=OFFICE)
    assert bag.head(head) == bag.head(made), "what is in the bag does not depend on its digest"


def test_a_broken_history_is_not_filed() -> None:
    """Nothing is filed that would not stand an auditor's check."""
    dossier = followed_up()
    archive.expect_whole(dossier)
    cut = dossier.replace(entries=dossier.entries[:-1])
    with pytest.raises(ArchiveError, match="the newest entry is missing"):
        archive.expect_whole(cut)


def with_words(dossier: Dossier, at: datetime, by: str = "complainant") -> Dossier:
    """Return a complaint to which something was said."""
    said = contact("还有一句话", contact_id=f"late-{at:%H%M}", at=at, by=by)
    made = intake.add(dossier.complaint, said, key=dossier.key, at=at, office=OFFICE)
    return after(dossier, made, contacts=said)


def test_words_after_closing_are_filed_when_they_are_read() -> None:
    """Not before, and once."""
    dossier = closed()
    assert not archive.is_behind(dossier)
    said = with_words(dossier, later(dossier, 1))
    assert not archive.is_behind(said), "nobody has read it"
    read = after(said, intake.read_news(said.complaint, staff=QUALITY, at=later(said, 1)))
    assert archive.is_behind(read)
    assert read.complaint.look_again_at
    made = archive.supplement(read.complaint, "archive/b.zip", later(read, 1))
    again = after(read, made)
    assert not archive.is_behind(again)
    complaint = again.complaint
    assert (complaint.status, complaint.archive_key) == (Status.CLOSED, "archive/b.zip")
    assert (complaint.closed_at, complaint.look_again_at) == (dossier.complaint.closed_at, None)
    assert bag.filed_before(again.entries) == [dossier.complaint.archive_key, "archive/b.zip"]


def test_what_staff_add_after_closing_is_filed_without_being_read() -> None:
    """They know what they wrote."""
    dossier = closed()
    noted = with_words(dossier, later(dossier, 1), by="qiu")
    assert archive.is_behind(noted)
    assert noted.complaint.look_again_at


def test_an_open_complaint_and_a_forgotten_person_are_never_behind() -> None:
    """The one is filed at its closing, of the other there is nothing to file."""
    dossier = followed_up()
    assert not archive.is_behind(with_words(dossier, later(dossier, 1), by="qiu"))
    noted = with_words(closed(), later(closed(), 1), by="qiu")
    assert not archive.is_behind(noted.replace(is_erased=True))
