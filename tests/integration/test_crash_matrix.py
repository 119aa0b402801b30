"""Whatever call of AWS fails: done again as its caller would, it ends as if nothing had failed.

Each operation of the line runs with each of its calls failing: the process dies before it or after
it, its answer gets lost and the SDK asks again, or no answer ever comes. Then it is done again: a
form is sent once more, a message is delivered once more, a step of the workflow is tried once more.
"""

import json
import os
import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from complaints.aws import accesses, documents, orders, runtime
from complaints.aws.desk import keeping, line, merging
from complaints.aws.items import place_of
from complaints.aws.keys import KeyDestroyedError, keys
from complaints.aws.packing import unpack
from complaints.aws.repository import ComplaintRepository
from complaints.encryption import decrypt
from complaints.history import breaks
from complaints.models import Complaint, Decision, Outcome
from complaints.particulars import current
from complaints.retention import years_later
from functions.check_sla.handler import handler as check_limits
from functions.classify.handler import handler as classify
from functions.erase.handler import handler as erase
from functions.follow_up.handler import handler as follow_up
from functions.intake_email.handler import handler as read_mail
from functions.intake_web.handler import handler as web
from functions.investigate.handler import handler as investigate
from functions.notify.handler import handler as notify
from tests.builders import HANDLER, HEAD, MANAGER, OFFICE, OTHER_HEAD, QUALITY, received
from tests.faults import copied, each_fault, put_back
from tests.kept import begun, keep, mails, refuse, runs
from tests.mailed import mail, notice, store
from tests.staff_browser import AUDITOR, REPORT, Browser, closed, investigated, page, registered

pytestmark = pytest.mark.usefixtures("tables")
MU = MANAGER.replace(username="mu")
FORM = {
    "form_id": "0123456789abcdef",
    "asked_at": "2026-01-01T00:00:00Z",
    "text": "前台态度恶劣，打电话也不耐烦。",
    "demand": "请道歉",
    "occurred_on": "2026-01-01",
    "name": "李娜",
    "email": "lina@example.org",
}
Run = Callable[[], object]
Row = dict[str, Any]
Look = tuple[str, str, str]
"""A list of looks, and who looked how."""
HEALED_LATE = frozenset({"sent_at", "applied_at"})
"""When a letter went out, and when the archive had a hold: later where it was owed for a while."""
DRAWN_BY_OTHERS = ("message_id", "tries", "next_at")
"""Of a letter: what the mail service calls it, and how often and until when it was put off."""


class Drawn:
    """Keys, codes and nonces as the same each time, so that states can be compared.

    Ids stay random: by them a process knows its own writes from those of others.
    """

    token_hex = staticmethod(secrets.token_hex)

    @staticmethod
    def token_bytes(size: int) -> bytes:
        """Return what is drawn."""
        return bytes(range(size))


@pytest.fixture(autouse=True)
def world(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time stand still, draw the same keys, print no PDF, and let erasing be run by hand."""
    at = runtime.real_now() + timedelta(minutes=5)
    monkeypatch.setattr(runtime, "real_now", lambda: at)
    monkeypatch.setattr(runtime, "secrets", Drawn)
    monkeypatch.setattr(documents, "attached", lambda *_: ())
    monkeypatch.setattr(orders, "erase", lambda _: None)


# ---- operations ----------------------------------------------------------------------------


def by_mail() -> Run:
    """Bring a mail."""
    store(mail(), "inbox/1")
    return lambda: delivered("inbox/1")


def by_mail_again() -> Run:
    """Bring a mail that joins its thread."""
    store(mail(), "inbox/1")
    delivered("inbox/1")
    store(mail("补充", Message_ID="<b@x>", In_Reply_To="<a@example.org>"), "inbox/2")
    return lambda: delivered("inbox/2")


def delivered(key: str) -> bool:
    """Deliver the event of a mail; return whether the queue is rid of it."""
    return not read_mail({"Records": [notice(key)]}, None)["batchItemFailures"]


def by_web() -> Run:
    """Fill in the public form."""
    return lambda: asked("/complain", FORM) == 303


def asked(path: str, form: dict[str, str]) -> int:
    """Send a form of the public pages; return the status."""
    event = {
        "rawPath": path,
        "headers": {"content-type": "application/x-www-form-urlencoded"},
        "body": urlencode(form),
        "requestContext": {"http": {"method": "POST", "sourceIp": "192.0.2.1"}},
    }
    return int(web(event, None)["statusCode"])


def by_staff() -> Run:
    """Write down what was said and settled by phone."""
    arrived = f"{runtime.now().astimezone(OFFICE.zone):%Y-%m-%dT%H:%M}"
    fields = {"channel": "phone", "text": "灯坏了", "demand": "修好", "occurred_on": "2020-01-01"}
    settled = {"settled_on_spot": "yes", "settled_how": "当场修好"}
    return form_of(HANDLER, "/staff/register", "/staff/register", arrived_at=arrived,
                   phone="95588", **fields, **settled)  # fmt: skip


def form_of(staff: Any, address: str, target: str, **typed: Any) -> Run:  # noqa: ANN401 - Staff; text
    """Open a page; return what sends the form on it, however often."""
    browser = Browser(staff)
    assert browser.get(address) == 200
    form = browser.body

    def send() -> bool:
        browser.body = form
        status = browser.post(target, **typed)
        if status in {200, 303}:
            return True
        assert status < 500, status
        assert browser.get(address) == 200, "no third look"
        return False

    return send


def task(staff: Any, number: str, name: str, **typed: Any) -> Run:  # noqa: ANN401 - Staff; text
    """Open the page of a complaint; return what sends this form of it."""
    return form_of(staff, page(number), f"{page(number)}/{name}", **typed)


def kept(staff: Any, number: str, step: str, **typed: str) -> Run:  # noqa: ANN401 - Staff
    """Open the page of how a complaint is kept; return what sends this form of it."""
    return form_of(staff, f"/staff/keeping/{number}", f"/staff/keeping/{number}/{step}", **typed)


def step(handler: Callable[[dict[str, str], None], object], complaint: Complaint) -> Run:
    """Return a step of the workflow."""
    event = {"complaint_id": complaint.complaint_id, "task_token": "token"}
    return lambda: handler(event, None)


def waiting(complaint: Complaint) -> str:
    """Let the step that a complaint waits in be begun; return its number."""
    begun(ComplaintRepository.from_env().get(complaint.complaint_id), "token")
    return complaint.complaint_id


def approved() -> Complaint:
    """Return a complaint whose solution, with money, was approved."""
    number = registered().complaint_id
    Browser(HANDLER)
    task(HANDLER, number, "investigate", **REPORT)()
    yes = Decision(approver=HEAD.username, approved=True)
    return line.decide(number, yes, staff=HEAD)


def responded() -> Complaint:
    """Return a complaint whose complainant accepted the reply."""
    number = waiting(approved())
    return line.confirm_by_phone(number, Outcome.ACCEPTED, "", staff=HANDLER)


def two() -> tuple[str, str]:
    """Return two complaints of one matter."""
    first = registered("前台态度恶劣，不耐烦。", name="李娜", phone="13800000001")
    second = registered("前台态度恶劣，不耐烦。二", name="王芳", phone="13800000002")
    return first.complaint_id, second.complaint_id


def merges() -> Run:
    """Count one with the other."""
    main, one = two()
    return task(QUALITY, one, "merge", into=main)


def unmerges() -> Run:
    """Count it no more with the other."""
    main, one = two()
    merging.merge(one, main, staff=QUALITY)
    return task(QUALITY, main, "unmerge", merged=one)


def corrects() -> Run:
    """Correct particulars of a merged complaint; its main one is saved with it."""
    main, one = two()
    merging.merge(one, main, staff=QUALITY)
    known = current(ComplaintRepository.from_env().dossier(one))
    values = {f"fact_{name}": value for name, value in known.items()}
    values |= {"fact_phone": "13900000009", "fact_place": "大堂", "fact_source": "来电"}
    return task(QUALITY, one, "particulars", **values)


def orders_work() -> Run:
    """Give a department something to do; its head is told."""
    number = registered().complaint_id
    Browser(OTHER_HEAD)
    until = f"{runtime.now().astimezone(OFFICE.zone):%Y-%m-%d}T23:59"
    return task(HANDLER, number, "order", order_department="finance", order_task="核对收费",
                order_complete=until)  # fmt: skip


def pays() -> Run:
    """Prove the last payment by its voucher."""
    number = waiting(responded())
    line.call_back(number, Outcome.SATISFIED, 5, "", staff=QUALITY)
    return task(HANDLER, number, "pay", payment="solution-1", voucher="FK-1")


def sets_hold() -> Run:
    """Set a hold, which the archive then has."""
    return kept(MANAGER, closed().complaint_id, "hold", reason="法院来函", authority="某法院")


def lifts_hold() -> Run:
    """Lift the last hold, of which the archive is then rid."""
    number = closed().complaint_id
    kept(MANAGER, number, "hold", reason="法院来函", authority="某法院")()
    [hold] = ComplaintRepository.from_env().dossier(number).holds
    return kept(MU, number, "lift", hold=hold.hold_id, reason="案件已结")


def disposable(monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the number of a complaint whose disposal is proposed."""
    found = closed()
    assert found.closed_at
    after_years(monkeypatch, found.closed_at)
    check_limits({}, None)
    keeping.propose([found.complaint_id], "r1", staff=QUALITY)
    return found.complaint_id


def after_years(monkeypatch: pytest.MonkeyPatch, closed_at: datetime) -> None:
    """Let the retention of a complaint go by."""
    later = years_later(closed_at, 5) - closed_at
    monkeypatch.setenv("HUIYIN_CLOCK_AHEAD", f"{later.total_seconds() + 60:.0f}")


def grants_erasing(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Grant that it is erased."""
    return kept(MANAGER, disposable(monkeypatch), "grant")


def erases(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Carry out what was granted."""
    number = disposable(monkeypatch)
    [granted] = keeping.grant([number], staff=MANAGER)
    return step(erase, granted)


def unmasks() -> Run:
    """See the particulars once, and say why."""
    number = registered().complaint_id
    why = {"unmask_reason": "audit", "unmask_words": "年度审计"}
    return task(AUDITOR, number, "unmask", **why)


def tracked(number: str, form: str, **typed: str) -> Run:
    """Return what sends a form of the page on which a complainant tracks the complaint."""
    code = ComplaintRepository.from_env().get(number).tracking_code
    sent = {"form_id": FORM["form_id"], **typed}
    return lambda: asked(f"/track/{number}/{code}/{form}", sent) == 303


def sends_what_is_owed() -> Run:
    """Send what the mail service did not take at first."""
    refuse("sesv2", "SendEmail", "TooManyRequestsException")
    registered()
    return limits_checked


def reminds(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Remind who handles a complaint of its limit."""
    number = waiting(registered())
    Browser(HANDLER)
    [due_at] = [ComplaintRepository.from_env().get(number).next_at]
    assert due_at
    ahead = due_at - runtime.now()
    monkeypatch.setenv("HUIYIN_CLOCK_AHEAD", f"{ahead.total_seconds():.0f}")
    return limits_checked


def limits_checked() -> bool:
    """Check the limits; nothing is left undone."""
    return "failed" not in check_limits({}, None)


OPERATIONS: dict[str, Callable[..., Run]] = {
    "registered by mail": by_mail,
    "added by mail": by_mail_again,
    "registered by web": by_web,
    "registered by staff": by_staff,
    "classified": lambda: step(classify, keep(received())),
    "asked to investigate": lambda: step(investigate, registered()),
    "finding": lambda: task(HANDLER, waiting(registered()), "investigate", **REPORT),
    "approved": lambda: task(HEAD, waiting(investigated()), "decide", decision="approve"),
    "sent back": lambda: task(
        HEAD, waiting(investigated()), "decide", decision="reject", reason="再查"
    ),
    "notified": lambda: step(notify, approved()),
    "confirmed by phone": lambda: task(
        HANDLER, waiting(approved()), "phone", outcome="accepted", words="同意"
    ),
    "asked for the follow-up": lambda: step(follow_up, responded()),
    "followed up": lambda: task(
        QUALITY, waiting(responded()), "follow-up", outcome="satisfied", satisfaction="5"
    ),
    "rated": lambda: tracked(
        waiting(responded()), "survey", satisfied="yes", satisfaction="5", words="谢谢"
    ),
    "answered on the web": lambda: tracked(waiting(approved()), "answer", outcome="accepted"),
    "noted on the web": lambda: tracked(registered().complaint_id, "note", text="补充"),
    "own data asked for": lambda: tracked(registered().complaint_id, "own-data", kind="erase"),
    "voided": lambda: task(
        QUALITY, waiting(registered()), "void", void_reason="test", void_words="试用"
    ),
    "merged": merges,
    "unmerged": unmerges,
    "noted": lambda: task(HANDLER, registered().complaint_id, "note", text="记一笔"),
    "corrected": corrects,
    "ordered": orders_work,
    "paid": pays,
    "unmasked": unmasks,
    "hold set": sets_hold,
    "hold lifted": lifts_hold,
    "erasing granted": grants_erasing,
    "erased": erases,
    "letters owed": sends_what_is_owed,
    "reminded": reminds,
}


# ---- the state -----------------------------------------------------------------------------


def state() -> tuple[Row, set[Look]]:
    """Return all that is stored and sent, readable, by the name of its place; and who looked.

    Left out are the marks by which a process knows its own writes, and what counts the requests of
    an address: done twice, these are two.
    """
    found: Row = {}
    looks: set[Look] = set()
    for stored in rows("ComplaintsTable"):
        place = stored["complaint_id"]["S"]
        if place.startswith("access#"):
            look = readable(stored)["document"]
            looks.add((place, look["by"], look["action"]))
        elif place != "sweep":
            found[place_of(stored)] = readable(stored)
    for stored in rows("KeysTable"):
        wrapped = "wrapped" in stored
        found[f"key {stored['key_id']['S']}"] = {**stored, "wrapped": wrapped}
    s3 = runtime.client("s3")
    for bucket in ("evidence", "mail", "archive"):
        for one in s3.list_object_versions(Bucket=bucket).get("Versions", []):
            found[f"{bucket}/{one['Key']}"] = [
                one["ETag"],
                bucket == "archive" and held(one["Key"]),
            ]
    found["mails"] = sorted({(str(one["To"]), str(one["Subject"])) for one in mails()})
    found["runs"] = sorted({re.sub(r"(\.\d+)\.\d{12}$", r"\1", one) for one in runs()})
    return found, looks


def held(key: str) -> str:
    """Return whether a legal hold is on an object of the archive, as S3 says it."""
    answer = runtime.client("s3").get_object_legal_hold(Bucket="archive", Key=key)
    return str(answer["LegalHold"].get("Status", "OFF"))


def rows(table: str) -> list[Row]:
    """Return what lies in a table."""
    return list(runtime.client("dynamodb").scan(TableName=table)["Items"])


def readable(stored: Row) -> Row:
    """Return an item with its record in plain."""
    shown = {name: value for name, value in stored.items() if name != "saved_by"}
    document = stored.get("document", {})
    if "cipher" in stored:
        try:
            key = keys().of(stored["complaint_id"]["S"])
        except KeyDestroyedError:
            return shown
        shown["cipher"] = record = json.loads(
            unpack(decrypt(stored["cipher"]["B"], key, place_of(stored)))
        )
        for name in HEALED_LATE & record.keys():
            record[name] = record[name] is not None
        for name in DRAWN_BY_OTHERS:
            record.pop(name, None)
    elif "B" in document:
        shown["document"] = json.loads(unpack(document["B"]))
    elif "S" in document:
        shown["document"] = json.loads(document["S"])
        shown["document"].pop("token", None)
    return shown


def differences(one: Any, other: Any, place: str = "") -> list[str]:  # noqa: ANN401 - any JSON
    """Return in which places two states are not alike."""
    if isinstance(one, dict) and isinstance(other, dict):
        both = sorted(one.keys() | other.keys())
        return [
            found
            for name in both
            for found in differences(one.get(name), other.get(name), f"{place}/{name}")
        ]
    return [] if one == other else [f"{place}: {one} <> {other}"]


def expect_whole() -> None:
    """Check that each history and each list of looks is a chain without a gap."""
    complaints = ComplaintRepository.from_env()
    for place in {stored["complaint_id"]["S"] for stored in rows("ComplaintsTable")}:
        if place.startswith("access#"):
            assert list(breaks(accesses.whole(place))) == []
        elif place.startswith("TS-"):
            dossier = complaints.dossier(place)
            assert list(breaks(dossier.entries, dossier.complaint.digest)) == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_whatever_call_fails_it_ends_as_if_none_had(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Done again, and looked at by the check of the limits: all that is stored is the same.

    What was shown is on record, and at most the one letter that a fault met is sent twice.
    """
    prepare = OPERATIONS[name]
    run = prepare(monkeypatch) if prepare.__code__.co_argcount else prepare()
    world = copied()
    with monkeypatch.context() as later:
        before = state()
        assert run()
        expect_whole()
        wanted, seen = state()
        assert (wanted, seen) != before
        look_later(later)
        healed, sent = state()[0], len(mails())
    put_back(world)
    found: list[str] = []
    for where in each_fault(run):
        done = run()
        after, looks = state()
        if after != wanted:
            with monkeypatch.context() as later:
                look_later(later)
                after = state()[0]
                expect_whole()
            found += [f"{where} -> {done}: {one}" for one in differences(after, healed)]
        assert seen <= looks, where
        assert len(mails()) <= sent + 1, where
    assert found == []


def look_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the limits be checked twice, some minutes later."""
    ahead = int(os.environ.get("HUIYIN_CLOCK_AHEAD", "0"))
    for minutes in (20, 40):
        monkeypatch.setenv("HUIYIN_CLOCK_AHEAD", str(ahead + 60 * minutes))
        check_limits({}, None)
