"""What a person gets of the own data: what the person said, not what staff found (PIPL 45)."""

import pytest

from complaints.models import Channel, Contact, File
from complaints.portability import said_by_person
from tests.builders import HANDLER, contact, received

FOUND = File(key="evidence/TS/1", name="1.png", size=1, sha256="a", content_type="image/png")
STAFF = HANDLER.username


@pytest.mark.parametrize(
    ("one", "is_own"),
    [
        (contact(contact_id="note-1"), True),
        (contact(contact_id="upload-1", files=(FOUND,)), True),
        (contact(contact_id="mail-1", by="proxy:p1", original=FOUND), True),
        (contact(contact_id="000004-answer", by=STAFF, channel=Channel.PHONE), True),
        (contact(contact_id="form-2", by=STAFF, channel=Channel.DEPARTMENT), True),
        (contact(contact_id="note-2", by=STAFF, channel=Channel.DEPARTMENT), False),
        (contact(contact_id="upload-2", by=STAFF, files=(FOUND,)), False),
        (contact(contact_id="mail-2", by=STAFF, channel=Channel.EMAIL, original=FOUND), False),
        (contact(contact_id="settled-1", by=STAFF, channel=Channel.PHONE), False),
    ],
    ids=lambda one: one.contact_id if isinstance(one, Contact) else "",
)
def test_what_staff_found_or_others_wrote_is_not_the_persons(one: Contact, *, is_own: bool) -> None:
    """Files that staff brought, mails of others that they added, notes: none of it leaves."""
    dossier = received()
    said = said_by_person(dossier.replace(contacts=(*dossier.contacts, one)))
    assert (one in said) == is_own


def test_a_mail_that_staff_sent_on_to_begin_with_is_the_persons() -> None:
    """The complaint itself, whoever brought it."""
    first = contact(contact_id="mail-1", by=STAFF, channel=Channel.EMAIL, original=FOUND)
    assert said_by_person(received().replace(contacts=(first,))) == [first]
