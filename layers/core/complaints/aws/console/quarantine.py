"""Mails that became nothing by themselves: intake looks at each and says what becomes of it."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from complaints import forms, web
from complaints.access import Look
from complaints.aws import downloads, quarantine
from complaints.aws.console import looking
from complaints.aws.console.complaint import entrusted
from complaints.aws.console.visit import Visit, done, only, show, status_of
from complaints.aws.quarantine import Discard, Quarantined, State, UnknownMailError
from complaints.aws.repository import UnknownComplaintError
from complaints.aws.runtime import client, now
from complaints.aws.settings import load_settings, resource
from complaints.console import lists, mails, tasks
from complaints.console.sheet import name_of
from complaints.letters import message_id_of
from complaints.lifecycle import ComplaintError
from complaints.models import Dossier
from complaints.number import parse_number
from complaints.pages import instant
from complaints.report_words import month_name
from complaints.texts import Texts, texts
from complaints.web import NotFoundError, Response

if TYPE_CHECKING:
    from complaints.mail import Mail

LISTED = 25
MOST_PAGES = 8
"""Pages that are read to find mails of one reason or state."""
MOST_READ = 8 * 1024 * 1024
"""Bytes of a mail that are read to show it."""


def list_quarantine(visit: Visit) -> Response:
    """Show the mails that wait, those of machines, or all that came in a month."""
    only(visit, tasks.READS_QUARANTINE)
    query, office, t = visit.query, load_settings().office, texts(visit.language)
    tab = query.get("tab", "") or mails.TABS[0]
    months = lists.months(now(), office)
    month = query.get("month", "") or months[0]
    reason, state = query.get("reason", ""), query.get("state", "")
    if (
        tab not in mails.TABS
        or not lists.MONTH.fullmatch(month)
        or reason not in ("", *mails.REASONS)
        or state not in ("", *mails.STATES)
    ):
        raise NotFoundError

    def fits(one: Quarantined) -> bool:
        of_tab = tab != "quiet" or one.is_quiet
        return of_tab and reason in ("", one.reason) and state in ("", state_of(one))

    found, after = page_of(tab, month, query.get("after", ""), fits)
    asked = {"tab": tab, "month": month, "reason": reason, "state": state, "after": after}
    where = urlencode({name: value for name, value in asked.items() if value})
    names = {one.username: one.name for one in visit.everybody}
    return show(
        visit,
        "quarantine",
        rows=[row_of(one, names, t) for one in found],
        tab=tab,
        tabs=[(one, t(f"mailbox.tab.{one}")) for one in mails.TABS],
        reason=reason,
        reasons=[(one, mails.reason_words(one, t)) for one in mails.REASONS],
        state=state,
        states=[(one, t(f"mailbox.state.{one}")) for one in mails.STATES] if tab == "all" else [],
        month=month,
        months=[]
        if tab == "waiting"
        else [(one, month_name(one, visit.language)) for one in months],
        next_page=f"/staff/quarantine?{where}" if after else "",
        done=done(visit),
    )


def page_of(
    tab: str, month: str, after: str, fits: Callable[[Quarantined], bool]
) -> tuple[list[Quarantined], str]:
    """Return a page of mails that fit, and where the next begins; so many are read at most."""
    if after and not quarantine.is_place(after):
        raise NotFoundError
    found: list[Quarantined] = []
    start, end = lists.bounds(month, load_settings().office.zone)
    for _ in range(MOST_PAGES):
        if tab == "waiting":
            page, after = quarantine.waiting(limit=LISTED, after=after)
        else:
            page, after = quarantine.came(start, end, limit=LISTED, before=after)
        found += [one for one in page if fits(one)]
        if found or not after:
            break
    return found, after


def open_mail(visit: Visit, mail_id: str) -> Response:
    """Show a mail with the forms that say what becomes of it."""
    return show_mail(visit, find(visit, mail_id), said=done(visit))


def show_html(visit: Visit, mail_id: str) -> Response:
    """Show the HTML version of a mail, in the frame of its page and nowhere else.

    The page is on record as read; its frame says by which look, and is no other.
    """
    row = find(visit, mail_id)
    framed = visit.headers.get("sec-fetch-dest", "iframe") == "iframe"
    if not framed or not looking.has_read(visit, mail_id, visit.query.get("look", "")):
        return web.see_other(f"/staff/quarantine/{mail_id}")
    mail = read(row)
    if mail is None:
        raise NotFoundError
    return web.framed(mails.shown_html(mail.html), mails.FRAME_STYLE)


def download_mail(visit: Visit, mail_id: str) -> Response:
    """Send to the original of a mail, byte for byte as it came."""
    key = find(visit, mail_id).key
    looking.note_mail(visit, Look.DOWNLOADED, mail_id)
    return web.see_other(downloads.of_mail(key))


def decide(visit: Visit, mail_id: str, answer: str) -> Response:
    """Take what becomes of a mail; what does not fit is shown again, nothing lost."""
    if answer not in ANSWERS:
        raise NotFoundError
    row = find(visit, mail_id)
    checked = forms.check(visit.form, mails.FIELDS[answer])
    error: ComplaintError | None = None
    if not checked.problems:
        try:
            checked = ANSWERS[answer](visit, row, checked)
        except ComplaintError as raised:
            error = raised
        if not checked.problems and not error:
            return web.see_other(f"/staff/quarantine/{mail_id}?done={answer}-mail")
    return show_mail(visit, find(visit, mail_id), opened=answer, checked=checked, error=error)


def release(visit: Visit, row: Quarantined, checked: forms.Checked) -> forms.Checked:
    """Register a mail as a complaint of whoever is named."""
    from complaints.aws.desk import mails as desk

    desk.release(
        row.key,
        staff=visit.staff,
        email=checked.values["email"],
        name=checked.values["name"],
    )
    return checked


def attach(visit: Visit, row: Quarantined, checked: forms.Checked) -> forms.Checked:
    """Add a mail to the complaint whose number was typed, if this person may see that."""
    from complaints.aws.desk import mails as desk

    number = parse_number(checked.values["number"])
    if not number:
        return wrong(checked, "number", "mailbox.attach.wrong")
    if seen(visit, number) is None:
        return wrong(checked, "number", "mailbox.attach.unknown")
    desk.attach(row.key, number, staff=visit.staff)
    return checked


def discard(visit: Visit, row: Quarantined, checked: forms.Checked) -> forms.Checked:
    """Note that nothing has to be done about a mail, and why."""
    from complaints.aws.desk import mails as desk

    values = checked.values
    desk.discard(row.key, Discard(values["code"]), values["words"], staff=visit.staff)
    return checked


ANSWERS: Mapping[str, Callable[[Visit, Quarantined, forms.Checked], forms.Checked]] = {
    "release": release,
    "attach": attach,
    "discard": discard,
}


def wrong(checked: forms.Checked, field: str, text_id: str) -> forms.Checked:
    """Return a form with something wrong with a field."""
    return forms.Checked(checked.values, {field: forms.Problem(text_id)})


def find(visit: Visit, mail_id: str) -> Quarantined:
    """Return the mail of this address; raises NotFoundError if there is none."""
    only(visit, tasks.READS_QUARANTINE)
    key = quarantine.key_of_mail(mail_id)
    if not key.startswith(downloads.MAIL):
        raise NotFoundError
    try:
        return quarantine.get(key)
    except UnknownMailError as error:
        raise NotFoundError from error


def read(row: Quarantined) -> "Mail | None":
    """Return a mail as far as it is shown; None if its original can't be had."""
    from complaints.mail import parse

    s3, part = client("s3"), {"Range": f"bytes=0-{MOST_READ - 1}"} if row.size > MOST_READ else {}
    try:
        stored = s3.get_object(Bucket=resource("MAIL_BUCKET"), Key=row.key, **part)
    except s3.exceptions.ClientError:
        return None
    return parse(stored["Body"].read(), own=(load_settings().mail_address,))


def show_mail(
    visit: Visit,
    row: Quarantined,
    *,
    said: str = "",
    opened: str = "",
    checked: forms.Checked | None = None,
    error: ComplaintError | None = None,
) -> Response:
    """Show a mail: who wrote it, how it was judged, its words and files, and the forms."""
    t, office = texts(visit.language), load_settings().office
    look = looking.note_mail(visit, Look.READ, row.mail_id)
    mail = read(row)
    names = {one.username: one.name for one in visit.everybody}
    blank = {"email": "", "name": "", "number": "", "code": "", "words": ""}
    if mail:
        blank |= {**complainant_in(row, mail), "number": row.complaint_id}
    invalid = HTTPStatus.UNPROCESSABLE_ENTITY if checked and checked.problems else HTTPStatus.OK
    return show(
        visit,
        "mail",
        status=status_of(error) if error else invalid,
        frames=True,
        look=look,
        row=row_of(row, names, t),
        waits=row.state is State.WAITING,
        mail=mail,
        is_cut=row.size > MOST_READ,
        head=head_of(row, mail, t, office.zone),
        verdicts=mails.verdicts(mail, t) if mail else [],
        text=mail.text[: mails.LONGEST_SHOWN] if mail else "",
        pieces=mails.pieces(mail, t) if mail else [],
        returned=returned(visit, row, mail) if mail and mail.is_bounce else None,
        codes=[(one, t(f"mailbox.discard.{one}")) for one in mails.DISCARDS],
        values=blank | (checked.values if checked else {}),
        errors=checked.sentences(t) if checked else {},
        labels={},
        error=t(error.text_id) if error else "",
        opened=opened,
        done=said,
    )


def complainant_in(row: Quarantined, mail: "Mail") -> dict[str, str]:
    """Return whose complaint a mail seems to be: its sender's, or of whom a colleague's names."""
    from complaints.aws.desk.mails import FROM_STAFF
    from complaints.mail_forwarded import forwarded_original

    address, name = mail.from_address, mail.from_name
    if row.reason in FROM_STAFF:
        found = forwarded_original(mail)
        address, name = (found.address, found.name) if found else ("", "")
    # What the form would refuse is left out: a blank field stands for the mail's own sender.
    longest = {field.name: field.longest for field in mails.FIELDS["release"]}
    return {"email": forms.normal_email(address) or "", "name": name[: longest["name"]]}


def state_of(one: Quarantined) -> str:
    """Return the state of a mail as lists have it; what waits for nobody is `quiet`."""
    return "quiet" if one.state is State.WAITING and one.is_quiet else one.state.value


def row_of(one: Quarantined, names: Mapping[str, str], t: Texts) -> mails.Row:
    """Return a mail in words; `names` by user name."""
    state, zone = state_of(one), load_settings().office.zone
    outcome = ""
    if one.at:
        outcome = t(
            f"mailbox.outcome.{state}",
            by=name_of(one.by, names, t),
            at=instant(one.at, t, zone),
            why=t(f"mailbox.discard.{one.discarded}") if one.discarded else "",
        )
    return mails.Row(
        mail_id=one.mail_id,
        received_at=one.received_at,
        age=mails.age(one.received_at, now(), t),
        sender=one.from_address,
        subject=one.subject,
        reason=mails.reason_words(one.reason, t),
        size=one.size,
        state=t(f"mailbox.state.{state}"),
        tone=mails.TONES_OF_STATES.get(state, ""),
        number=one.complaint_id,
        outcome=outcome,
        why=one.words,
    )


def head_of(
    row: Quarantined, mail: "Mail | None", t: Texts, zone: ZoneInfo
) -> list[tuple[str, str]]:
    """Return the headers of a mail that matter, as pairs of name and words."""
    arrived = (t("staff.quarantine.received_at"), instant(row.received_at, t, zone))
    if mail is None:
        return [(t("staff.quarantine.from"), row.from_address), arrived]
    return [
        (t("staff.quarantine.from"), mails.sender_words(mail) or t("mailbox.no_sender")),
        (t("mailbox.to"), ", ".join(mail.to[: mails.MOST_SHOWN])),
        (t("mailbox.subject"), mail.subject),
        (t("mailbox.date"), instant(mail.date, t, zone) if mail.date else ""),
        arrived,
        (t("mailbox.signed"), t("mailbox.signed.claimed") if mail.is_signed else ""),
        (t("mailbox.encrypted"), t("mailbox.encrypted.claimed") if mail.is_encrypted else ""),
    ]


def returned(visit: Visit, row: Quarantined, mail: "Mail") -> mails.Returned:
    """Return which letter of ours a bounce brings back, and of which complaint."""
    t = texts(visit.language)
    dossier = seen(visit, row.complaint_id)
    ours = dossier.letters if dossier else ()
    domain = load_settings().mail_address
    letter = next(
        (
            one
            for one in ours
            if mail.returned_message_id
            in (one.message_id, message_id_of(row.complaint_id, one.letter_id, domain))
        ),
        None,
    )
    return mails.Returned(
        number=row.complaint_id if dossier else "",
        recipients=mail.bounce_recipients,
        kind=mail.bounce_kind or "",
        letter=t(f"staff.letter.{letter.kind}") if letter else "",
    )


def seen(visit: Visit, number: str) -> Dossier | None:
    """Return a complaint, if there is one of this number that this person may see."""
    if parse_number(number) != number:
        return None
    try:
        return entrusted(visit, number)
    except (NotFoundError, UnknownComplaintError):
        return None
