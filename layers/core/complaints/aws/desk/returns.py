"""Letters that came back: which complaint a bounce is about, and what is noted with it (A13)."""

import re
from collections.abc import Iterator
from datetime import datetime

from complaints import notify, returned, undelivered
from complaints.aws.desk.changing import change, to_staff, weighed_change
from complaints.aws.repository import Change, ComplaintRepository, UnknownComplaintError
from complaints.aws.settings import office_for
from complaints.mail import Mail
from complaints.mail_bounces import BounceKind
from complaints.models import Complaint, Dossier, Letter, Record, Status, TrackingEntry
from complaints.number import reply_token
from complaints.office import Office
from complaints.policy import QUALITY_OFFICE
from complaints.proxies import reachable

MOST_READ = 200_000
"""Characters of a report, and of each of its parts, in which our marks are looked for."""
MOST_TRIED = 5
"""Complaints that are looked at for one report."""
FEEDBACK = "message/feedback-report"
_STATUS = re.compile(r"(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.])")
_SAYS_NOTHING = re.compile(
    r"^feedback-type:\s{0,9}(?:not-spam|auth-failure|virus)", re.IGNORECASE | re.MULTILINE
)
"""Feedback that does not say whether a reader wants our mail (RFC 5965, RFC 6591)."""
_READER = re.compile(
    r"^(?:original-rcpt-to|removal-recipient):\s{0,9}<?([^\s<>;]{3,320})",
    re.IGNORECASE | re.MULTILINE,
)


def is_feedback(mail: Mail) -> bool:
    """Return whether a mail reports that its reader does not want ours (RFC 5965)."""
    reports = (one for one in mail.attachments if one.content_type == FEEDBACK)
    return any(not _SAYS_NOTHING.search(_text(one.payload)) for one in reports)


def note(mail: Mail) -> str:
    """Note a bounce, or that our mail is not wanted, with the letter that it is about.

    Return the number of the complaint; "" where we sent no such letter: somebody else wrote in our
    name, and its bounce came to us.
    """
    for dossier, has_token in _candidates(mail):
        letter = returned.letter_of(
            dossier,
            message_id=mail.returned_message_id,
            recipients=_unreached(mail),
            has_token=has_token,
        )
        if letter:
            complaint_id = dossier.complaint.complaint_id
            _note(complaint_id, letter.letter_id, _kind(mail), _code(mail))
            return complaint_id
    return ""


def thread_of(mail: Mail) -> str:
    """Return the number of the complaint that a machine answers, by our token; "" if by none."""
    found = (one.complaint.complaint_id for one, has_token in _candidates(mail) if has_token)
    return next(found, "")


def _candidates(mail: Mail) -> Iterator[tuple[Dossier, bool]]:
    """Yield the complaints that a report names, and whether it holds their token; that first."""
    complaints = ComplaintRepository.from_env()
    texts = [*mail.to, mail.returned_reply_to, mail.text[:MOST_READ]]
    texts += [
        _text(one.payload)
        for one in mail.attachments
        if one.content_type.startswith(("message/", "text/"))
    ]
    named = returned.reply_addresses("\n".join(texts))[:MOST_TRIED]
    seen: set[str] = set()
    for complaint_id, token in named:
        if (dossier := _dossier(complaints, complaint_id)) and (
            reply_token(dossier.complaint.tracking_code) == token
        ):
            seen.add(complaint_id)
            yield dossier, True
    number = returned.number_in(mail.returned_message_id, mail.in_reply_to, mail.subject, *texts)
    if number and number not in seen and (dossier := _dossier(complaints, number)):
        yield dossier, False


def _dossier(complaints: ComplaintRepository, complaint_id: str) -> Dossier | None:
    try:
        return complaints.dossier(complaint_id)
    except UnknownComplaintError:
        return None


def _note(complaint_id: str, letter_id: str, kind: returned.Kind, code: str) -> None:
    """Note it once; the complaint that a merged one is counted with has it as news.

    Whom nothing reaches any more is not waited for (A5).
    """

    def letter_in(dossier: Dossier) -> Letter:
        return next(one for one in dossier.letters if one.letter_id == letter_id)

    def verb(dossier: Dossier, office: Office, at: datetime) -> tuple[Complaint, TrackingEntry]:
        return returned.note(dossier, letter_in(dossier), kind, code, at=at, office=office)

    def marked(complaint: Complaint, dossier: Dossier, at: datetime) -> tuple[Record, ...]:
        if kind == "temporary":
            return ()
        letter = letter_in(dossier)
        told = to_staff(undelivered.KIND, (QUALITY_OFFICE,), complaint, at)
        news = () if letter.kind == undelivered.KIND else told
        return (
            letter.replace(bounced_at=at, bounce_code=code),
            *(one for one in news if one.to != letter.to),
        )

    def main(
        complaint: Complaint, dossier: Dossier, at: datetime
    ) -> tuple[tuple[Complaint, Change], ...]:
        if not complaint.merged_into or kind == "temporary":
            return ()
        whole = ComplaintRepository.from_env().dossier(complaint.merged_into)
        office = office_for(whole.complaint.policy)
        owes = bool(complaint.untold_at and not dossier.complaint.untold_at)
        made = returned.tell_main(whole.complaint, complaint_id, owes=owes, at=at, office=office)
        return ((whole.complaint, weighed_change(whole, made, at, whole.merged)),)

    def noted(dossier: Dossier) -> bool:
        return returned.is_noted(dossier, letter_in(dossier), kind)

    change(complaint_id, verb, marked, unless=noted, beside=main)
    change(
        complaint_id,
        lambda dossier, office, at: notify.skip(
            dossier.complaint, key=dossier.key, at=at, office=office
        ),
        unless=lambda dossier: (
            dossier.complaint.status is not Status.APPROVED
            or bool(dossier.complaint.merged_into)
            or notify.can_be_told(reachable(dossier))
        ),
    )


def _kind(mail: Mail) -> returned.Kind:
    """Return what a report says; one that leaves it open is looked at as a letter that is lost."""
    if not mail.is_bounce:
        return "unwanted"
    return "temporary" if mail.bounce_kind is BounceKind.TEMPORARY else "permanent"


def _code(mail: Mail) -> str:
    """Return the status that the report gives (RFC 3463), or in a word what kind it is."""
    if mail.is_bounce:
        texts = [_text(one.payload) for one in mail.attachments if "status" in one.content_type]
        for text in (*texts, mail.text[:MOST_READ]):
            if found := _STATUS.search(text):
                return found[0]
    return _kind(mail)


def _unreached(mail: Mail) -> tuple[str, ...]:
    """Return the addresses that a report names as not reached, or as not wanting our mail."""
    if mail.is_bounce:
        return mail.bounce_recipients or mail.returned_to
    reports = (_text(one.payload) for one in mail.attachments if one.content_type == FEEDBACK)
    return tuple(address for text in reports for address in _READER.findall(text))


def _text(payload: bytes) -> str:
    return payload[:MOST_READ].decode("utf-8", "replace")
