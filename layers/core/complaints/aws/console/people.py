"""Members of staff, and mails in quarantine: what administrators and intake keep an eye on."""

from http import HTTPStatus

from complaints import web
from complaints.aws import downloads, quarantine
from complaints.aws.accounts import Accounts
from complaints.aws.console.visit import Visit, only, show
from complaints.aws.directory import StaffDirectory
from complaints.aws.settings import load_settings
from complaints.console import lists, people, tasks
from complaints.forms import Checked
from complaints.lifecycle import ComplaintError
from complaints.models import Role, Staff
from complaints.texts import texts
from complaints.web import NotFoundError, Response

ADMINISTRATES = frozenset({Role.ADMINISTRATOR})


def list_people(visit: Visit) -> Response:
    """Show everybody, and the form that adds a person."""
    return show_people(visit)


def add_person(visit: Visit) -> Response:
    """Add a member of staff; the first password is shown once, to be handed over."""
    only(visit, ADMINISTRATES)
    checked = people.check_person(visit.form, load_settings().office)
    if checked.problems:
        return show_people(visit, checked)
    member = people.member_of(checked.values)
    try:
        password = Accounts.from_env().add(member)
    except ComplaintError as error:
        sentence = {"username": texts(visit.language)(error.text_id)}
        return show_people(visit, checked, sentence)
    return show_people(visit, added=member, password=password)


def show_people(
    visit: Visit,
    checked: Checked | None = None,
    taken: dict[str, str] | None = None,
    *,
    added: Staff | None = None,
    password: str = "",
) -> Response:
    """Show the list with the form, or with the first password of the person just added."""
    only(visit, ADMINISTRATES)
    office, t = load_settings().office, texts(visit.language)
    fields = ("username", "name", "email", "phone", "department", "roles")
    invalid = HTTPStatus.CONFLICT if taken else HTTPStatus.UNPROCESSABLE_ENTITY
    labels = {"name": "complain.name", "email": "complain.email", "username": "staff.username"}
    return show(
        visit,
        "people",
        status=invalid if checked else HTTPStatus.CREATED if added else HTTPStatus.OK,
        people=[
            (one, lists.queue_words(one.department, t, office))
            for one in StaffDirectory.from_env().all()
        ],
        values=checked.values if checked else dict.fromkeys(fields, ""),
        errors=taken or (checked.sentences(t) if checked else {}),
        labels={
            name: t(label) for name, label in {**labels, "roles": "staff.people.roles"}.items()
        },
        roles=[(one.value, t(f"policy.role.{one}")) for one in Role],
        departments=lists.departments(t, office),
        added=added,
        password=password,
    )


def list_quarantine(visit: Visit) -> Response:
    """Show the mails that became nothing by themselves."""
    only(visit, tasks.READS_QUARANTINE)
    t = texts(visit.language)
    mails = [
        {
            "mail_id": mail.key.rpartition("/")[2],
            "received_at": mail.received_at,
            "from_address": mail.from_address,
            "size": mail.size,
            "words": t(text_id)
            if (text_id := f"quarantine.reason.{mail.reason}") in t
            else mail.reason,
        }
        for mail in quarantine.list_all()
    ]
    return show(visit, "quarantine", mails=mails)


def download_mail(visit: Visit, mail_id: str) -> Response:
    """Send to the original of a mail in quarantine."""
    only(visit, tasks.READS_QUARANTINE)
    for mail in quarantine.list_all():
        if mail.key.rpartition("/")[2] == mail_id:
            return web.see_other(downloads.of_mail(mail.key))
    raise NotFoundError
