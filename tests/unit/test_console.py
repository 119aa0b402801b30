"""The console's views: what is whose, what is shown, and what the forms take."""

from datetime import timedelta

import pytest

from complaints import emergency
from complaints.console import answers, lists, registration, visits
from complaints.console.limits import limits
from complaints.console.people import check_person
from complaints.console.sheet import confidence, said, sheet
from complaints.console.tasks import (
    Task,
    investigators,
    is_mine,
    queues_of,
    readable_queues,
    tasks_of,
    to_do,
)
from complaints.console.urgent import emergency_of
from complaints.forms import Form
from complaints.models import (
    Assessment,
    Channel,
    Clock,
    Complainant,
    Complaint,
    Contact,
    Dossier,
    File,
    Finding,
    Role,
    Staff,
    Status,
    TrackingEntry,
)
from complaints.texts import LANGUAGES, texts
from complaints.web import Request
from tests.builders import AT, HANDLER, HEAD, MANAGER, NUMBER, OFFICE, OTHER_HEAD, QUALITY, STAFF

AUDITOR = Staff(username="shen", name="沈", email="s@example.com", roles=(Role.AUDITOR,))
INTAKE = Staff(username="chen", name="陈", email="c@example.com", roles=(Role.INTAKE,))
REACHABLE = Complainant(name="李娜", email="li@example.com", phone="+8613800138000")


def head(status: Status, **sides: object) -> Complaint:
    """Return a complaint of the service department that is half an hour from its limit."""
    complaint = Complaint(
        complaint_id=NUMBER,
        status=status,
        channel=Channel.WEB,
        received_at=AT,
        registered_at=AT,
        policy=OFFICE.policy.reference,
        tracking_code="0" * 12,
        subject="<b>灯坏了</b>",
        department="service",
        queue="service",
        assessment=Assessment(type="B", reasons=("坏了",)),
        investigator="" if status is Status.ASSESSED else HANDLER.username,
        clock=clock(30),
    )
    return complaint.replace(**sides)


def clock(minutes: int) -> Clock:
    """Return a clock of a day that ends so many minutes after AT."""
    due_at = AT + timedelta(minutes=minutes)
    return Clock(started_at=due_at - timedelta(days=1), due_at=due_at, next_at=due_at)


@pytest.mark.parametrize(
    ("status", "staff", "first"),
    [
        pytest.param(Status.ASSESSED, HANDLER, Task.INVESTIGATE, id="a handler investigates"),
        pytest.param(Status.ASSESSED, OTHER_HEAD, None, id="another department does nothing"),
        pytest.param(Status.INVESTIGATED, HEAD, Task.DECIDE, id="the head decides"),
        pytest.param(Status.INVESTIGATED, HANDLER, Task.ASSESS, id="the investigator does not"),
        pytest.param(Status.INVESTIGATED, MANAGER, Task.NOTE, id="management not a general one"),
        pytest.param(Status.APPROVED, HANDLER, Task.PHONE, id="a handler phones"),
        pytest.param(Status.RESPONDED, INTAKE, Task.FOLLOW_UP, id="intake calls back"),
        pytest.param(Status.RESPONDED, HANDLER, Task.NOTE, id="the investigator does not call"),
        pytest.param(Status.CLOSED, QUALITY, Task.NOTE, id="a closed one takes notes only"),
        pytest.param(Status.ASSESSED, AUDITOR, None, id="an auditor changes nothing"),
    ],
)
def test_only_what_is_allowed_is_offered(status: Status, staff: Staff, first: Task | None) -> None:
    """The first form of the page is the task of this person at this stage, if there is one."""
    offered = tasks_of(head(status), REACHABLE, staff, OFFICE)
    assert next(iter(offered), None) == first


def test_the_posted_notice_is_asked_for_without_mail() -> None:
    """Where there is only an address, the written notice goes by post and that is recorded."""
    by_post = Complainant(address="北京", phone="+8613800138000")
    assert Task.POST in tasks_of(head(Status.APPROVED), by_post, HANDLER, OFFICE)


@pytest.mark.parametrize(
    ("complaint", "staff", "mine"),
    [
        pytest.param(head(Status.ASSESSED), HANDLER, True, id="nobody is named"),
        pytest.param(
            head(Status.ASSESSED, investigator="zhou"), HANDLER, False, id="a colleague is named"
        ),
        pytest.param(
            head(Status.ASSESSED, investigator="zhou", clock=clock(-1)),
            HEAD,
            True,
            id="overdue, it is the head's too",
        ),
        pytest.param(head(Status.INVESTIGATED), HEAD, True, id="to be approved"),
        pytest.param(head(Status.RESPONDED), QUALITY, False, id="quiet days need nobody"),
        pytest.param(
            head(Status.RESPONDED, must_call_back=True), QUALITY, True, id="drawn for a call"
        ),
        pytest.param(head(Status.RECEIVED), QUALITY, True, id="not assessed yet"),
        pytest.param(head(Status.CLOSED), QUALITY, False, id="closed"),
    ],
)
def test_what_is_mine(complaint: Complaint, staff: Staff, mine: bool) -> None:  # noqa: FBT001
    """The first page holds what waits for this very person."""
    assert is_mine(complaint, staff, OFFICE, AT) is mine


OFFERED = (Task.INVESTIGATE, Task.ASSIGN, Task.NOTE, Task.WORK, Task.CONTACT)


@pytest.mark.parametrize(
    ("sides", "names_others", "waits"),
    [
        pytest.param({}, True, (Task.ASSIGN, Task.INVESTIGATE), id="nobody is named yet"),
        pytest.param({}, False, (Task.INVESTIGATE,), id="who can only take it does the work"),
        pytest.param({"investigator": "zhou"}, True, (Task.INVESTIGATE,), id="somebody is named"),
        pytest.param(
            {"clocks": (clock(5).replace(what="contact"),)},
            False,
            (Task.INVESTIGATE, Task.CONTACT),
            id="a first word is due",
        ),
    ],
)
def test_what_waits_stands_apart_from_what_may_be_done(
    sides: dict[str, object],
    names_others: bool,  # noqa: FBT001 - a case of the table
    waits: tuple[Task, ...],
) -> None:
    """The page shows these as cards, the first on top; whatever else is offered is a tool."""
    complaint = head(Status.ASSESSED, **sides)
    assert to_do(complaint, OFFERED, HANDLER, names_others=names_others) == waits


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_queue_is_called_as_the_procedure_calls_the_role(language: str) -> None:
    """One office has one name, in lists as under the names of its people."""
    t, titled = texts(language), OFFICE.policy.titles[Role.QUALITY_OFFICE]
    assert lists.queue_words("quality_office", t, OFFICE) == titled.in_language(language)


def test_a_note_is_not_taken_for_a_report_of_a_department() -> None:
    """What staff wrote down for themselves says so; what they registered names its channel."""
    t = texts(LANGUAGES[0])
    words = {
        contact_id: said(
            Contact(
                contact_id=contact_id,
                channel=Channel.DEPARTMENT,
                received_at=AT,
                by="han",
                text="x",
            ),
            {},
            {},
            t,
        ).channel
        for contact_id in ("note-1", "form-1")
    }
    assert words == {"note-1": t("staff.note"), "form-1": t("staff.channel.department")}


def test_a_particular_is_shown_once() -> None:
    """What is known of the matter stands there; what was corrected since stays here."""
    t = texts(LANGUAGES[0])
    heard = Contact(
        contact_id="form-1", channel=Channel.PHONE, received_at=AT, by="han", text="x",
        demand="修好", occurred_on="2026-11-19",
    )  # fmt: skip
    known = {"demand": "修好", "occurred_on": "2026-11-20"}
    assert said(heard, known, {}, t).pairs == ((t("policy.field.occurred_on"), "2026年11月19日"),)


def test_a_limit_has_one_colour_on_the_whole_page() -> None:
    """The card of the emergency and the card of the limits say the same of its clock."""
    t, complaint = texts(LANGUAGES[0]), head(Status.ASSESSED)
    for minutes in (1, 40, 59):
        at = AT + timedelta(minutes=minutes)
        found = emergency.find(complaint, "form-1", since=AT, at=at, office=OFFICE)[0]
        dossier = Dossier(complaint=found, complainant=REACHABLE, key=b"")
        alarm = emergency_of(dossier, {}, t, at)
        shown = limits(dossier, names={}, t=t, office=OFFICE, at=at).running
        assert alarm
        assert [one.tone for one in shown if one.due_at == alarm.due_at] == [alarm.tone]


def test_queues_follow_the_role() -> None:
    """A handler's tasks wait in the department; who reads all may list every queue."""
    assert queues_of(HANDLER) == ("service",)
    assert readable_queues(OTHER_HEAD, OFFICE) == ("finance",)
    assert readable_queues(MANAGER, OFFICE)[0] == "management"
    assert set(readable_queues(QUALITY, OFFICE)) > {"service", "finance", "quality_office"}


def test_a_handler_takes_and_a_head_assigns() -> None:
    """A handler may name nobody else; the head names anybody of the department."""
    named = investigators(head(Status.ASSESSED), HANDLER, STAFF)
    assert [one.username for one in named] == [HANDLER.username]
    of_head = investigators(head(Status.ASSESSED), HEAD, STAFF)
    assert {HANDLER.username, HEAD.username} <= {one.username for one in of_head}


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        pytest.param(30, "in 30 min", id="minutes"),
        pytest.param(60 * 3 + 5, "in 3 h", id="hours"),
        pytest.param(60 * 24 * 2, "in 2 d", id="days"),
        pytest.param(-90, "1 h over", id="over"),
    ],
)
def test_what_is_left_is_said_in_words(minutes: int, words: str) -> None:
    """Time is told in the unit in which people think of it."""
    assert lists.left(clock(minutes), texts("en"), AT) == words


def test_the_most_pressing_comes_first() -> None:
    """Over the limit before near it before the rest."""
    clocks = {1: clock(60 * 23), 2: clock(-1), 3: clock(60 * 2)}
    rows = [
        lists.row(head(Status.ASSESSED, clock=one, subject=f"{n}"), texts("en"), OFFICE, AT)
        for n, one in clocks.items()
    ]
    assert [one.subject for one in lists.by_need(rows)] == ["2", "3", "1"]
    assert lists.count(rows) == lists.Counts(overdue=1, near=1, all=3)


@pytest.mark.parametrize("after", ["x", "e30=", "W10=", "bnVsbA==", "é"])
def test_a_made_up_place_in_a_list_is_refused(after: str) -> None:
    """What comes back from a browser is never handed to the table unread."""
    assert not lists.is_cursor(after, "service")


@pytest.mark.parametrize(
    ("task", "form", "wrong"),
    [
        pytest.param(Task.DECIDE, {"decision": "reject"}, {"reason"}, id="rejected, no reason"),
        pytest.param(Task.DECIDE, {"decision": "approve"}, set(), id="approved"),
        pytest.param(Task.PHONE, {"outcome": "refused"}, {"words"}, id="refused, no words"),
        pytest.param(Task.PHONE, {"outcome": "satisfied"}, {"outcome"}, id="another's outcome"),
        pytest.param(Task.FOLLOW_UP, {"outcome": "unreachable"}, set(), id="nobody answered"),
        pytest.param(Task.FOLLOW_UP, {"outcome": "satisfied"}, {"satisfaction"}, id="no score"),
        pytest.param(Task.ASSIGN, {"investigator": "nobody"}, {"investigator"}, id="a stranger"),
        pytest.param(
            Task.ASSESS,
            {"type": "Z", "department": "service", "urgency": "general", "risk": "low"},
            {"type"},
            id="no such type",
        ),
        pytest.param(
            Task.INVESTIGATE,
            {"facts": "x", "cause": "x", "measures": "x", "reply": "x" * 5001},
            {"responsible", "reply"},
            id="too long",
        ),
    ],
)
def test_answers_are_checked(task: Task, form: dict[str, str], wrong: set[str]) -> None:
    """Each form asks for what its outcome needs."""
    checked = answers.check_answer(task, Form(form.items()), OFFICE, [HANDLER])
    assert set(checked.problems) == wrong


def test_a_form_of_another_round_is_recognised() -> None:
    """An approval can't fall on a finding that came after the page was opened."""
    before = Dossier(complaint=head(Status.INVESTIGATED), complainant=REACHABLE, key=b"")
    finding = Finding(
        investigator="li", facts="f", cause="c", responsible=False, measures="m", reply="r"
    )
    assert answers.seen(before) != answers.seen(before.replace(findings=(finding,)))


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        pytest.param({}, set(), id="whole"),
        pytest.param({"arrived_at": "2026-11-20T09:30"}, {"arrived_at"}, id="in the future"),
        pytest.param({"arrived_at": "yesterday"}, {"arrived_at"}, id="no time"),
        pytest.param({"channel": "email"}, {"channel"}, id="mail registers itself"),
        pytest.param({"settled_on_spot": "yes"}, {"settled_how"}, id="settled, but how"),
        pytest.param({"phone": "abc"}, {"phone"}, id="no phone number"),
        pytest.param({"phone": "abc", "anonymous": "yes"}, set(), id="anonymous"),
        pytest.param({"demand": ""}, {"demand"}, id="the policy asks for it"),
    ],
)
def test_registration_is_checked(form: dict[str, str], wrong: set[str]) -> None:
    """The time is the office's, what the policy asks for is asked for, and nobody is made up."""
    usual = {
        "channel": "phone",
        "arrived_at": "2026-11-20T08:00",
        "text": "灯坏了",
        "demand": "修好",
        "occurred_on": "2026-11-19",
    }
    checked = registration.check_registration(
        Form({**usual, **form}.items()),
        required=OFFICE.policy.required_fields,
        people=["han"],
        at=AT,
        zone=OFFICE.zone,
    )
    assert set(checked.problems) == wrong


def test_a_person_in_line_needs_a_department() -> None:
    """Handlers find their tasks by department, so they must have one."""
    form = Form([("username", "li"), ("name", "李"), ("email", "l@example.com")])
    whole = [*form.items(), ("roles", "handler")]
    assert set(check_person(form, OFFICE)[0].problems) == {"roles"}
    assert set(check_person(Form(whole), OFFICE)[0].problems) == {"department"}
    assert not check_person(Form([*whole, ("department", "service")]), OFFICE)[0].problems
    assert set(check_person(Form([("username", "L i")]), OFFICE)[0].problems) >= {"username"}


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example/staff",
        "/staff/../x\\y",
        "/staffx",
        "javascript:alert(1)",
        "/staff//evil.example",
        "/staff\r\nSet-Cookie: a=b",
    ],
)
def test_the_way_back_never_leaves_us(address: str) -> None:
    """After signing in people land on a page of ours, whatever the address says."""
    assert visits.safe_next(address) == visits.HOME


def test_only_our_own_forms_are_kept() -> None:
    """A form that another site sends is not taken through the sign-in page."""
    request = Request(
        method="POST",
        path=f"/staff/complaints/{NUMBER}/note",
        query={},
        cookies={},
        headers={"sec-fetch-site": "same-origin"},
        body=b"text=%E7%81%AF&csrf=old&major=1&major=2",
        address="203.0.113.7",
        language="en",
    )
    foreign = Request(**{**{f: getattr(request, f) for f in request.__struct_fields__},
                         "headers": {"sec-fetch-site": "cross-site"}})  # fmt: skip
    assert visits.keep(foreign) == ""
    assert visits.here(request) == f"/staff/complaints/{NUMBER}"
    kept = visits.kept(visits.keep(request))
    assert kept == (("text", "灯"), ("major", "1"), ("major", "2"))
    assert visits.kept("no base 64!") == ()


@pytest.mark.parametrize(
    ("assessment", "shown"),
    [
        (None, ""),
        (Assessment(type="B", confidence=0.876), "88%"),
        (Assessment(type="F", confidence=0.0), "0%"),
        (Assessment(type="B", confidence=1.0), ""),
    ],
    ids=["not assessed", "by its words", "by none", "by a person"],
)
def test_the_page_says_how_sure_the_automatic_type_is(
    assessment: Assessment | None, shown: str
) -> None:
    """B1: until a person has said what type it is."""
    said_so = confidence(assessment, texts("en"))
    assert said_so.startswith(shown)
    assert bool(said_so) is bool(shown)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sheet_speaks_in_words(language: str) -> None:
    """Codes never reach the page: history, people and queues are named."""
    t = texts(language)
    file = File(key=f"evidence/{NUMBER}/ab", name="a.jpg", size=1, sha256="f" * 64, content_type="")
    told = Contact(
        contact_id="c", channel=Channel.PHONE, received_at=AT, by="han", text="x", files=(file,)
    )
    entry = TrackingEntry(
        number=1,
        occurred_at=AT,
        actor="check_sla",
        action="escalated",
        status=Status.ASSESSED,
        facts={"step": 2, "to": "quality_office"},
    )
    dossier = Dossier(
        complaint=head(Status.ASSESSED),
        complainant=REACHABLE,
        key=b"",
        contacts=(told,),
        entries=(entry,),
    )
    shown = sheet(dossier, names={"han": "韩"}, t=t, office=OFFICE, at=AT)
    assert shown.said[0].by == "韩"
    assert shown.pieces[0].upload_id == "ab"
    assert lists.role_words("quality_office", t, OFFICE) in shown.history[0].words
