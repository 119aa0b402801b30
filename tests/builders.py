"""Complaints at each stage of the line, made by the stages themselves; nothing here is random."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from complaints import approve, archive, classify, follow_up, intake, investigate, notify
from complaints.models import (
    Channel,
    Complainant,
    Complaint,
    Contact,
    Decision,
    Dossier,
    Finding,
    Outcome,
    Role,
    Staff,
    TrackingEntry,
)
from complaints.number import complaint_number
from complaints.office import Office
from complaints.policy import load

OFFICE = Office(policy=load("service-provider"), zone=ZoneInfo("Asia/Shanghai"))
AT = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
"""A Friday, nine in the morning in Shanghai."""
NUMBER = complaint_number("TS", 2026, 1, 6)
CODE = "0123456789AB"
QUIET_KEY = bytes([7]) * 32
"""With this key the complainant is not drawn for a call."""
DRAWN_KEY = bytes([2]) * 32

GENERAL = "前台态度恶劣，打电话也不耐烦。"
MAJOR = "公司员工收受红包，已被媒体曝光了。"
LI = Complainant(name="李娜", email="lina@example.com", phone="13800000001")
NOBODY = Complainant()

HANDLER = Staff(
    username="han", name="韩", email="han@example.com", roles=(Role.HANDLER,), department="service"
)
HEAD = Staff(
    username="he", name="何", email="he@example.com", roles=(Role.DEPARTMENT_HEAD,),
    department="service",
)  # fmt: skip
OTHER_HEAD = HEAD.replace(username="fan", email="fan@example.com", department="finance")
QUALITY = Staff(username="qiu", name="邱", email="qiu@example.com", roles=(Role.QUALITY_OFFICE,))
MANAGER = Staff(username="ma", name="马", email="ma@example.com", roles=(Role.MANAGEMENT,))
RECORDED = tuple(dict.fromkeys(rule.kind for rule in OFFICE.policy.records))
"""Every kind of record that the policy may ask for before a finding."""
STAFF = [HANDLER, HEAD, OTHER_HEAD, QUALITY, MANAGER]


def contact(text: str = GENERAL, *, at: datetime = AT, **sides: Any) -> Contact:  # noqa: ANN401 - fields of Contact
    """Return what was said: a form of the complainant's, unless told otherwise."""
    usual: dict[str, Any] = {"contact_id": "form-1", "channel": Channel.WEB, "by": "complainant"}
    return Contact(text=text, received_at=at, **{**usual, **sides})


def finding(**sides: Any) -> Finding:  # noqa: ANN401 - fields of Finding
    """Return the finding of the handler."""
    usual: dict[str, Any] = {
        "investigator": HANDLER.username,
        "facts": "录音里确有不耐烦的话。",
        "cause": "交班时一人值守。",
        "indirect_cause": "排班没有余量。",
        "root_cause": "没有交接班的规定。",
        "responsible": True,
        "measures": "增加一人，重新培训。",
        "reply": "我们为前台的态度道歉。",
    }
    return Finding(**{**usual, **sides})


def after(
    dossier: Dossier,
    made: tuple[Complaint, TrackingEntry],
    **parts: Any,  # noqa: ANN401 - records of one kind each
) -> Dossier:
    """Return the whole file after a step: its entry, and the parts that were saved with it."""
    complaint, entry = made
    grown = {name: (*getattr(dossier, name), part) for name, part in parts.items()}
    return dossier.replace(complaint=complaint, entries=(*dossier.entries, entry), **grown)


def received(
    text: str = GENERAL,
    *,
    complainant: Complainant = LI,
    key: bytes = QUIET_KEY,
    at: datetime = AT,
    settled_on_spot: bool = False,
    n: int = 1,
    **sides: Any,  # noqa: ANN401 - fields of Contact
) -> Dossier:
    """Return the n-th complaint of the year, registered the moment it arrived."""
    said = contact(text, **{"at": at, **sides})
    made = intake.receive(
        complainant,
        said,
        complaint_id=complaint_number("TS", 2026, n, 6),
        tracking_code=CODE,
        key=key,
        at=at,
        office=OFFICE,
        settled_on_spot=settled_on_spot,
    )
    blank = Dossier(complaint=made[0], complainant=complainant, key=key)
    return after(blank, made, contacts=said)


def assessed(dossier: Dossier | None = None, *, minutes: int = 1) -> Dossier:
    """Return a complaint assessed so many minutes after its receipt; its records are kept."""
    before = dossier or received()
    at = before.complaint.registered_at + timedelta(minutes=minutes)
    made, entry = classify.classify(
        before.complaint, before.contacts, key=before.key, at=at, office=OFFICE
    )
    return after(before, (made.replace(recorded=RECORDED), entry))


def investigated(dossier: Dossier | None = None, *, hours: int = 2) -> Dossier:
    """Return a complaint whose handler submitted the finding, hours after the last step."""
    before = dossier or assessed()
    found = finding()
    made = investigate.submit(
        before.complaint, found, staff=HANDLER, key=before.key, at=later(before, hours),
        office=OFFICE,
    )  # fmt: skip
    return after(before, made, findings=found)


def decided(
    dossier: Dossier | None = None, *, approved: bool, reason: str = "", staff: Staff = HEAD
) -> Dossier:
    """Return a complaint after the decision about its finding, an hour after the last step."""
    before = dossier or investigated()
    decision = Decision(approver=staff.username, approved=approved, reason=reason)
    made = approve.decide(
        before.complaint, decision, before.complainant, staff=staff, key=before.key,
        at=later(before, 1), office=OFFICE,
    )  # fmt: skip
    return after(before, made, decisions=decision)


def approved(dossier: Dossier | None = None, *, staff: Staff = HEAD) -> Dossier:
    """Return a complaint whose solution was approved."""
    return decided(dossier, approved=True, staff=staff)


def responded(dossier: Dossier | None = None) -> Dossier:
    """Return a complaint whose complainant was called and accepted the reply."""
    before = dossier or approved()
    return after(before, phoned(before, Outcome.ACCEPTED))


def followed_up(dossier: Dossier | None = None) -> Dossier:
    """Return a complaint whose complainant is satisfied, as the survey says."""
    before = dossier or responded()
    return after(before, rated(before, Outcome.SATISFIED))


def closed(dossier: Dossier | None = None) -> Dossier:
    """Return a complaint that was filed and closed."""
    before = dossier or followed_up()
    key = archive.archive_key(before.complaint, later(before, 0))
    return after(before, archive.close(before.complaint, key, at=later(before, 1), office=OFFICE))


def phoned(
    dossier: Dossier,
    outcome: Outcome,
    *,
    staff: Staff = HANDLER,
    hours: float = 1,
    words: str = "电话里说的话",
) -> tuple[Complaint, TrackingEntry]:
    """Call about the reply, an hour after the last step."""
    return notify.phone(
        dossier.complaint, dossier.complainant, outcome, words, staff=staff,
        key=dossier.key, at=later(dossier, hours), office=OFFICE,
    )  # fmt: skip


def answered(dossier: Dossier, outcome: Outcome) -> tuple[Complaint, TrackingEntry]:
    """Let the complainant answer the reply on the web, an hour after the last step."""
    return notify.answer(
        dossier.complaint, dossier.complainant, outcome, "网页上写的话",
        key=dossier.key, at=later(dossier, 1), office=OFFICE,
    )  # fmt: skip


def rated(dossier: Dossier, outcome: Outcome) -> tuple[Complaint, TrackingEntry]:
    """Let the complainant fill in the survey, an hour after the last step."""
    return follow_up.rate(
        dossier.complaint, outcome, 5, "谢谢", key=dossier.key, at=later(dossier, 1), office=OFFICE
    )


def called_back(
    dossier: Dossier, outcome: Outcome, *, staff: Staff = QUALITY, hours: float = 1
) -> tuple[Complaint, TrackingEntry]:
    """Call back, an hour after the last step."""
    return follow_up.call_back(
        dossier.complaint, outcome, None, "回访记录", staff=staff, key=dossier.key,
        at=later(dossier, hours), office=OFFICE,
    )  # fmt: skip


def later(dossier: Dossier, hours: float) -> datetime:
    """Return the instant so many hours after the last step."""
    return dossier.entries[-1].occurred_at + timedelta(hours=hours)
