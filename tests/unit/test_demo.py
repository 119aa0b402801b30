"""The demo: its stories, its browser, and what it says when nothing is running."""

import random
from datetime import date
from pathlib import Path

import filetype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.cli import main
from complaints.commands.demo import summary
from complaints.demo.browser import DoorError, multipart, read
from complaints.demo.doors import png
from complaints.demo.play import Played
from complaints.demo.stories import Told, book, draw
from complaints.forms import COMPLAINT_FIELDS, Form, check_complaint
from complaints.models import Status
from complaints.policy import load
from infra.local.accounts import PASSWORD, Account, accounts_of

BOOK = book()
POLICIES = (
    *("senior-living", "utility", "service-industry", "property-management", "service-provider"),
)
DAY = date(2026, 11, 20)
PAGE = """
<span class="pill pill-accent">已评估</span><p class="code">TS-2026-000001-7</p>
<form method="post" action="/complain">
<input type="hidden" name="form_id" value="00ff"><textarea name="text">
前台&amp;电话</textarea>
<select name="type"><option value="A">态度</option><option value="B" selected>质量</option></select>
<label><input type="radio" name="satisfied" value="yes"></label>
<input type="radio" name="satisfied" value="no" checked>
<input type="checkbox" name="anonymous" value="yes">
<button type="submit" name="outcome" value="accepted">接受</button>
</form>
<form action="https://evidence.example" method="post" enctype="multipart/form-data">
<input type="hidden" name="key" value="evidence/1"><input type="file" name="file"></form>
"""


def drawn(count: int, seed: int = 1) -> list[Told]:
    """Return complaints drawn with this seed."""
    return list(draw(BOOK, count, random.Random(seed), DAY))  # noqa: S311 - draws stories


def test_the_same_seed_tells_the_same_stories() -> None:
    """Whoever shows the demo twice can show the same; another seed shows other ones."""
    assert drawn(40) == drawn(40)
    assert drawn(40) != drawn(40, seed=2)


def test_every_story_comes_before_one_comes_again() -> None:
    """Thirty complaints are thirty matters."""
    told = drawn(len(BOOK.story))

    assert len({one.story.reply for one in told}) == len(BOOK.story)


def test_the_stories_cover_every_type_and_door() -> None:
    """Lists and reports have something of everything to show."""
    policy = load("service-provider")

    assert {one.type for one in BOOK.story} == {kind.code for kind in policy.types}
    assert {one.door for one in BOOK.story} == {"mail", "web", "phone", "visit", "letter"}
    assert {one.language for one in BOOK.story} == {"zh_CN", "en"}


@given(seed=st.integers(0, 10_000))
def test_no_text_keeps_an_empty_place(seed: int) -> None:
    """A text is told with its building, floor and room filled in."""
    for told in drawn(35, seed):
        texts = (told.story.text, told.story.subject, told.story.facts, told.story.reply)
        assert not any("{" in text for text in texts)


def test_every_story_fits_the_form() -> None:
    """What the demo types is what the form takes, required fields of the policy included."""
    required = load("service-provider").required_fields
    for told in drawn(len(BOOK.story)):
        story = told.story
        typed = {
            **{field.name: getattr(story, field.name, "") for field in COMPLAINT_FIELDS},
            "anonymous": "yes" if story.anonymous else "",
            **{name: getattr(told, name) for name in ("name", "email", "phone", "occurred_on")},
        }
        assert check_complaint(Form(typed.items()), required=required, today=DAY).problems == {}


def test_nobody_is_asked_who_can_not_be_reached() -> None:
    """An anonymous complainant is neither called nor asked to accept (A5)."""
    asked = {"pause", "resume", "answer", "refuse", "phone", "in_vain", "complain_again"}
    for told in drawn(200):
        if told.story.anonymous:
            assert (told.name, told.email, told.phone) == ("", "", "")
            assert not asked & set(told.steps)


def people_of(name: str) -> dict[str, Account]:
    """Return the demo accounts of a policy by user name."""
    return {account.username: account for account in accounts_of(load(name))}


@pytest.mark.parametrize("name", POLICIES)
def test_the_people_of_the_demo_have_accounts(name: str) -> None:
    """Who plays has an account under each policy: the posts that one has, and the departments."""
    staff, accounts = BOOK.staff, people_of(name)

    assert {*staff.intake, staff.quality, staff.management} <= accounts.keys()
    assert set(accounts) - {*staff.intake, *staff.handlers, *staff.signers} == {
        "auditor.qian",
        "admin",
    }
    assert staff.password == PASSWORD


def test_nobody_of_the_demo_is_without_an_account() -> None:
    """Each person has one under some policy."""
    staff = BOOK.staff
    known = {name for policy in POLICIES for name in people_of(policy)}
    assert {*staff.intake, *staff.handlers, *staff.signers} <= known


@pytest.mark.parametrize("name", POLICIES)
def test_every_department_has_people_who_play(name: str) -> None:
    """A complaint of any department is handled by one of its people and decided by its head."""
    accounts = people_of(name)
    wanted = {one.code for one in load(name).departments}
    for players in (BOOK.staff.handlers, BOOK.staff.heads):
        assert wanted <= {accounts[one].department for one in players if one in accounts}


def test_a_page_is_read_as_a_person_sees_it() -> None:
    """Hidden fields, texts, choices and marks come out as a browser would send them."""
    page = read(PAGE)

    assert page.words["pill"] == ["已评估"]
    assert page.words["code"] == ["TS-2026-000001-7"]
    assert page.form("/complain").pairs() == [
        ("form_id", "00ff"),
        ("text", "前台&电话"),
        ("type", "B"),
        ("satisfied", "no"),
    ]


def test_a_form_takes_only_what_it_offers() -> None:
    """The demo can do no more than a person could: no other field, no other choice."""
    form = read(PAGE).form("/complain")
    filled = form.fill({"type": "A", "anonymous": "yes", "outcome": "accepted"})

    assert ("outcome", "accepted") in filled.pairs()
    assert not form.takes({"type": "Z"})
    with pytest.raises(DoorError):
        form.fill({"status": "closed"})


def test_a_form_that_is_not_there_is_said() -> None:
    """A page without the wanted form is an error that names it."""
    with pytest.raises(DoorError) as caught:
        read("<p class='error'>请登录</p>").form("/decide")

    assert caught.value.values == {"form": "/decide", "problem": "请登录"}


def test_the_file_stands_last() -> None:
    """S3 takes the fields before the file and leaves what comes after it."""
    _, body = multipart(read(PAGE).form("evidence.example").pairs(), ('a"b.png', png(1)))

    assert body.index(b'name="key"') < body.index(b'filename="a_b.png"')
    assert body.count(b'name="file"') == 1


def test_the_photo_is_a_picture() -> None:
    """Its bytes say PNG, and two stories have two photos."""
    assert filetype.guess_mime(png(3)) == "image/png"
    assert png(3) != png(4)


def test_without_the_product_it_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing listens: a sentence in both languages, and exit status 1."""
    status = main(["demo", "--site", "http://127.0.0.1:9", "--outbox", str(tmp_path)])

    said = capsys.readouterr().err
    assert status == 1
    assert said.count("make run") == 2
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["--complaints", "0"], id="none"),
        pytest.param(["--complaints", "many"], id="no number"),
        pytest.param(["--site", "localhost"], id="no address"),
        pytest.param(["--smtp", "127.0.0.1"], id="no port"),
    ],
)
def test_bad_usage_is_exit_status_2(words: list[str]) -> None:
    """What can't be meant is refused before anything is sent."""
    with pytest.raises(SystemExit) as caught:
        main(["demo", *words])

    assert caught.value.code == 2


def test_the_summary_counts_by_door_and_status() -> None:
    """Chinese first, English second, both with the same figures and with where to look."""
    told = drawn(3)
    played = [
        Played(told=one, number=f"TS-{n}", path=f"/track/TS-{n}/CODE", status=status)
        for n, (one, status) in enumerate(
            zip(told, (Status.CLOSED, Status.APPROVED, Status.CLOSED), strict=True)
        )
    ]

    text = summary(played, "http://localhost:8080", 7)

    chinese, english = text.split("\n\n")
    assert "已结案 2" in chinese
    assert "Closed 2" in english
    assert "http://localhost:8080/track/TS-1/CODE" in english
    assert "--seed 7" in chinese
