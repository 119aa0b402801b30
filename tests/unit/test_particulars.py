"""Particulars that are learned later: on record with what they were, and what hangs on them."""

from datetime import timedelta
from typing import Any

import pytest

from complaints.lifecycle import InvalidInputError, NotAllowedError, WrongStatusError
from complaints.models import Complainant, Dossier, Letter, Role, Staff, Status
from complaints.office import Office
from complaints.particulars import changed, correct, correction, current, letters, missing
from complaints.policy import load
from tests.builders import (
    AT,
    HANDLER,
    LI,
    NOBODY,
    OFFICE,
    OTHER_HEAD,
    QUALITY,
    after,
    approved,
    assessed,
    contact,
    investigated,
    later,
    received,
)

CLERK = Staff(username="in", name="", email="in@example.com", roles=(Role.INTAKE,))
PROPERTY = Office(policy=load("property-management"), zone=OFFICE.zone)
BY_PHONE = Complainant(name="赵强", phone="+8613700000003")


def corrected(
    dossier: Dossier,
    *,
    source: str = "来电补充",
    staff: Staff = HANDLER,
    office: Office = OFFICE,
    person: str = "p",
    **wanted: str,
) -> Dossier:
    """Return the file with these particulars, an hour after the last step."""
    at = later(dossier, 1)
    values = current(dossier) | wanted
    made = correction(dossier, values, source, once=f"f{len(wanted)}", staff=staff, at=at)
    who = dossier.complainant.replace(
        **{name: value for name, value in wanted.items() if hasattr(dossier.complainant, name)}
    )
    step = correct(dossier, made, who, person, staff=staff, at=at, office=office)
    return after(dossier, step, corrections=made).replace(complainant=who)


def mailed(dossier: Dossier, **sides: Any) -> Dossier:  # noqa: ANN401 - fields of Letter
    """Return the file with a letter to its complainant."""
    usual = {"letter_id": "1", "kind": "acknowledgement", "language": "zh_CN", "queued_at": AT}
    return dossier.replace(letters=(Letter(to=dossier.complainant.email, **{**usual, **sides}),))


def test_what_is_learned_later_is_what_is_known() -> None:
    """A correction goes before what was said; what was said stays where it was said."""
    said = assessed(received(place="一号楼", amount=12_050))
    assert current(said)["amount"] == "120.50"
    known = corrected(said, place="二号楼", service="保洁")
    assert current(known) | {"place": "二号楼", "service": "保洁"} == current(known)
    assert known.contacts[0].place == "一号楼"
    assert known.corrections[0].before == {"place": "一号楼", "service": ""}
    again = corrected(known, place="")
    assert current(again)["place"] == ""
    assert changed(again, current(again)) == ()


def test_what_the_complainant_says_after_a_correction_is_newer() -> None:
    """The last word counts, whoever has it."""
    known = corrected(assessed(received(place="一号楼")), place="二号楼")
    said = contact("再补充", contact_id="c2", place="三号楼", at=later(known, 1))
    assert current(known.replace(contacts=(*known.contacts, said)))["place"] == "三号楼"


def test_the_history_says_which_and_never_what() -> None:
    """The values are committed to; names of fields are no personal data."""
    known = corrected(assessed(), phone="+8613900000009", place="二号楼")
    entry = known.entries[-1]
    assert entry.action == "particulars_corrected"
    assert set(str(entry.facts["fields"]).split(",")) == {"phone", "place"}
    assert "139" not in str(entry.facts)
    assert entry.commitment
    assert known.complaint.person == "p"


def test_what_the_policy_asks_for_is_missing_until_it_is_known() -> None:
    """Who stays anonymous is asked for nothing personal (A5)."""
    mail = assessed(received(complainant=LI.replace(address="")))
    assert missing(mail, PROPERTY) == ("address", "demand")
    assert missing(corrected(mail, address="幸福路1号", demand="修好"), PROPERTY) == ()
    assert missing(assessed(received(complainant=NOBODY)), PROPERTY) == ("demand",)


def test_a_correction_needs_its_source_and_an_addition_does_not() -> None:
    """Facts that are edited afterwards say why (A14)."""
    said = assessed(received(place="一号楼"))
    corrected(said, service="保洁", source="")
    with pytest.raises(InvalidInputError):
        corrected(said, place="二号楼", source=" ")


def test_nothing_happens_in_the_future() -> None:
    """By the day of the office."""
    today = AT.astimezone(OFFICE.zone).date()
    corrected(assessed(), occurred_on=today.isoformat())
    with pytest.raises(InvalidInputError):
        corrected(assessed(), occurred_on=(today + timedelta(days=2)).isoformat())


def test_the_desk_and_who_handles_it_correct() -> None:
    """Nobody else, and nobody once it is closed."""
    for staff in (HANDLER, QUALITY, CLERK):
        corrected(assessed(), place="二号楼", staff=staff)
    for staff in (OTHER_HEAD, CLERK.replace(roles=(Role.AUDITOR,))):
        with pytest.raises(NotAllowedError):
            corrected(assessed(), place="二号楼", staff=staff)
    done = assessed()
    closed = done.replace(complaint=done.complaint.replace(status=Status.CLOSED))
    with pytest.raises(WrongStatusError):
        corrected(closed, place="二号楼")


def test_the_complainant_stays_reachable() -> None:
    """The last way is corrected, not removed; so is each while the answer is being told."""
    known = assessed()
    corrected(known, email="")
    with pytest.raises(InvalidInputError):
        corrected(known, email="", phone="")
    told = approved(investigated(known))
    with pytest.raises(InvalidInputError):
        corrected(told, phone="")
    assert corrected(told, phone="+8613900000009").complainant.phone == "+8613900000009"


def test_who_becomes_known_is_owed_a_first_word() -> None:
    """From the moment that there is somebody to speak to (C8)."""
    nobody = received(complainant=NOBODY)
    assert nobody.complaint.anonymous
    known = corrected(nobody, phone="+8613900000009", staff=QUALITY, office=PROPERTY)
    assert not known.complaint.anonymous
    (clock,) = (one for one in known.complaint.clocks if one.what == "contact")
    assert clock.started_at == later(nobody, 1)
    again = corrected(known, email="a@example.com", staff=QUALITY, office=PROPERTY)
    assert again.complaint.clocks == known.complaint.clocks


def test_a_letter_that_did_not_arrive_goes_to_the_new_address() -> None:
    """What was sent stays; without a new address it is given up."""
    known = assessed()
    at = later(known, 1)
    new = known.replace(complainant=LI.replace(email="new@example.com"))
    none = known.replace(complainant=LI.replace(email=""))
    owed = mailed(known)
    (sent_on,) = letters(owed, new, at=at)
    assert (sent_on.to, sent_on.letter_id) == ("new@example.com", "1")
    (again,) = letters(mailed(known, given_up_at=AT), new, at=at)
    assert again.given_up_at is None
    (given_up,) = letters(owed, none, at=at)
    assert given_up.given_up_at == at
    assert letters(mailed(known, sent_at=AT), new, at=at) == ()
    assert letters(mailed(known, kind="reminder"), new, at=at) == ()
    assert letters(owed, known, at=at) == ()


def test_an_address_that_comes_while_the_answer_is_told_gets_the_notice() -> None:
    """Instead of paper (D1)."""
    told = approved(investigated(assessed(received(complainant=BY_PHONE))))
    assert told.complaint.written_at is None
    known = corrected(told, email="zhao@example.com")
    assert known.complaint.written_at
    (notice,) = letters(told, known, at=later(told, 1))
    assert (notice.kind, notice.to) == ("notice", "zhao@example.com")
