"""What the complainant sees of a complaint: plain words, and nothing that is internal (D8)."""

from datetime import datetime

import msgspec

from complaints.lifecycle import LINE
from complaints.models import Complaint, Contact, Dossier, File, Outcome, Status, is_outside
from complaints.office import Office
from complaints.rounds import promised_at
from complaints.texts import Texts

UNANSWERED = (Status.RECEIVED, Status.ASSESSED, Status.INVESTIGATED)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a timeline: an instant, words, and where wanted who and a quotation."""

    at: datetime
    words: str
    by: str = ""
    quote: str = ""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """A complaint as its complainant sees it."""

    number: str
    status: Status
    voided: bool = False
    """Whether it was registered by mistake, and is handled no further."""
    received_at: datetime
    stages: tuple[tuple[str, str], ...]
    """Words of each stage with done, now or todo."""
    now: str
    """One sentence: what happens at present."""
    reply_by: datetime | None
    asked: str
    """What is waited for from the complainant while our time stands still; empty for nothing."""
    reply: str
    compensation: int | None
    """In fen."""
    may_answer: bool
    may_rate: bool
    may_decline_survey: bool = False
    """Whether invitations to rate went out, and may be stopped."""
    accepted: bool
    history: tuple[Line, ...]
    """The newest first."""
    told: tuple[Contact, ...]
    files: tuple[File, ...]


def progress(dossier: Dossier, t: Texts, office: Office, main: Dossier | None = None) -> Progress:
    """Return what the tracking page shows of this complaint.

    A merged one goes the way of the `main` one that it is counted with: its complainant sees how
    far that is and what is replied to all, and nothing that is of others (B5).
    """
    if main:
        return _with_main(dossier, main, t, office)
    complaint = dossier.complaint
    told = tuple(contact for contact in dossier.contacts if is_outside(contact.by))
    answered = complaint.status not in UNANSWERED
    replied = answered and dossier.findings and not complaint.voided
    finding = dossier.findings[-1] if replied else None
    return Progress(
        number=complaint.complaint_id,
        status=complaint.status,
        voided=complaint.voided is not None,
        received_at=complaint.received_at,
        stages=stages(complaint, t),
        now=t(_now(complaint)),
        reply_by=None if answered else promised_at(complaint, office),
        asked=asked(dossier),
        reply=finding.reply if finding else "",
        compensation=finding.compensation if finding else None,
        may_answer=bool(
            finding and complaint.status is Status.APPROVED and not complaint.reply_outcome
        ),
        may_rate=complaint.status is Status.RESPONDED
        and complaint.follow_up_outcome is not Outcome.SATISFIED,
        may_decline_survey=complaint.survey_declined_at is None
        and any(letter.kind == "survey" for letter in dossier.letters),
        accepted=bool(finding and complaint.reply_outcome == "accepted"),
        history=history(dossier, t),
        told=tuple(contact for contact in told if contact.text),
        files=tuple(file for contact in told for file in contact.files),
    )


def _with_main(dossier: Dossier, main: Dossier, t: Texts, office: Office) -> Progress:
    """Return what the complainant of a merged complaint sees."""
    alone, whole = progress(dossier, t, office), progress(main, t, office)
    rated = dossier.complaint.follow_up_outcome is not None
    return msgspec.structs.replace(
        alone,
        status=whole.status,
        stages=whole.stages,
        now=t(f"track.now.{whole.status}"),
        reply_by=whole.reply_by,
        reply=whole.reply,
        compensation=None,
        may_answer=False,
        may_rate=whole.status is Status.RESPONDED and not rated,
        accepted=False,
    )


def stages(complaint: Complaint, t: Texts) -> tuple[tuple[str, str], ...]:
    """Return each stage of the line with its state: what is behind, and the one that runs.

    A voided complaint has gone two steps, and has none before it.
    """
    if complaint.voided:
        return ((t("stage.received"), "done"), (t("stage.voided"), "done"))
    behind = LINE.index(complaint.status)
    states = ("done",) * (behind + 1) + ("now",) + ("todo",) * len(LINE)
    return tuple((t(f"stage.{status}"), state) for status, state in zip(LINE, states, strict=False))


def history(dossier: Dossier, t: Texts) -> tuple[Line, ...]:
    """Return the entries that have words for the complainant, the newest first.

    What staff add for themselves, reminders and escalations have none, and so never show.
    """
    return tuple(
        Line(at=entry.occurred_at, words=t(f"history.{entry.action}"))
        for entry in reversed(dossier.entries)
        if f"history.{entry.action}" in t
        and not (entry.action == "contact_added" and not is_outside(entry.actor))
    )


def asked(dossier: Dossier) -> str:
    """Return what is waited for from the complainant (E4), in the words that staff wrote."""
    pause = dossier.complaint.pause
    if not pause or pause.reason != "complainant":
        return ""
    said = (entry.number for entry in reversed(dossier.entries) if entry.action == "paused")
    contact_id = f"{next(said, 0):06}-answer"
    return next((one.text for one in dossier.contacts if one.contact_id == contact_id), "")


def _now(complaint: Complaint) -> str:
    """Return the id of the sentence that says what happens at present."""
    if complaint.voided:
        return f"track.voided.{complaint.voided.reason}"
    if complaint.pause:
        return f"track.paused.{complaint.pause.reason}"
    if _is_round_two(complaint):
        return "track.again"
    return f"track.now.{'handled' if complaint.is_handled else complaint.status}"


def _is_round_two(complaint: Complaint) -> bool:
    """Whether the complaint was sent back and is being investigated once more."""
    return complaint.status is Status.ASSESSED and complaint.round_at is not None
