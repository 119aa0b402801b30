"""The way in to the staff pages: sign-in, sessions, what a late form keeps, what is refused."""

import os
from datetime import date, timedelta
from urllib.parse import urlencode

import boto3
import pytest

from complaints.aws import sessions
from complaints.aws.accounts import Accounts
from complaints.aws.directory import StaffDirectory
from complaints.aws.repository import ComplaintRepository
from complaints.models import (
    Staff,
)
from tests.builders import HANDLER
from tests.staff_browser import (
    PASSWORD,
    Browser,
    page,
    registered,
)

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture
def account(tables: None) -> Staff:  # noqa: ARG001 - the pool must be there before
    """Make an account for HANDLER with a password of its own."""
    Accounts.from_env().add(HANDLER)
    Accounts.from_env().follow(HANDLER, date(2026, 11, 22))
    boto3.client("cognito-idp").admin_set_user_password(
        UserPoolId=os.environ["USER_POOL_ID"],
        Username=HANDLER.username,
        Password=PASSWORD,
        Permanent=True,
    )
    return HANDLER


def test_one_signs_in_and_out(account: Staff) -> None:
    """The page that was asked for comes after signing in, with the rights of the groups."""
    browser = Browser()
    assert browser.get("/staff/complaints?queue=service") == 303
    browser.get(browser.headers["Location"])
    assert browser.post("/staff/sign-in", username=account.username, password=PASSWORD) == 303
    assert browser.headers["Location"] == "/staff/complaints?queue=service"
    assert browser.get("/staff/complaints?queue=service") == 200
    assert StaffDirectory.from_env().all() == [account]
    before = dict(browser.cookies)
    assert browser.post("/staff/sign-out") == 303
    browser.cookies = before
    assert browser.get("/staff") == 303


def test_the_first_password_must_be_changed() -> None:
    """A first password opens one page only, the one that asks for another."""
    first = Accounts.from_env().add(HANDLER)
    browser = Browser()
    browser.get("/staff/sign-in")
    assert browser.post("/staff/sign-in", username=HANDLER.username, password=first) == 200
    assert not browser.cookies
    assert browser.post("/staff/new-password", password=PASSWORD, again="other") == 422
    assert browser.post("/staff/new-password", password="short", again="short") == 422  # noqa: S106
    assert browser.post("/staff/new-password", password=PASSWORD, again=PASSWORD) == 303
    assert browser.get("/staff") == 200


def test_a_wrong_name_and_a_wrong_password_look_the_same(account: Staff) -> None:
    """Nobody learns from the sign-in page who has an account."""
    pages = []
    for username in (account.username, "nobody"):
        browser = Browser()
        browser.get("/staff/sign-in")
        assert browser.post("/staff/sign-in", username=username, password="wrong") == 401  # noqa: S106
        pages.append(browser.body.replace(username, ""))
    assert pages[0] == pages[1]


@pytest.mark.usefixtures("account")
def test_who_guesses_is_stopped() -> None:
    """After thirty wrong passwords in an hour the right one does not help either."""
    browser = Browser()
    browser.get("/staff/sign-in")
    for _ in range(30):
        browser.post("/staff/sign-in", username=HANDLER.username, password="wrong")  # noqa: S106
    assert browser.post("/staff/sign-in", username=HANDLER.username, password=PASSWORD) == 429
    assert browser.headers["Retry-After"]


@pytest.mark.parametrize("passed", [timedelta(minutes=31), timedelta(hours=11)])
def test_a_session_ends(monkeypatch: pytest.MonkeyPatch, passed: timedelta) -> None:
    """Half an hour without use, or ten hours with it, and one signs in again."""
    browser = Browser(HANDLER)
    assert browser.get("/staff") == 200
    monkeypatch.setenv("HUIYIN_CLOCK_AHEAD", str(int(passed.total_seconds())))
    assert browser.get("/staff") == 303
    assert "over=1" in browser.headers["Location"]


def test_a_session_that_is_used_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The half hour counts from the last use, up to ten hours."""
    browser = Browser(HANDLER)
    seen = []
    for minutes in range(0, 640, 25):
        monkeypatch.setenv("HUIYIN_CLOCK_AHEAD", str(minutes * 60))
        seen.append(browser.get("/staff"))
    assert seen == [200] * 24 + [303] * 2


def test_the_cookie_is_not_in_the_table() -> None:
    """Whoever reads the sessions table can't sign in with what is there."""
    browser = Browser(HANDLER)
    stored = boto3.client("dynamodb").scan(TableName="SessionsTable")["Items"]
    assert len(stored) == 1
    assert browser.cookies[sessions.COOKIE] not in str(stored)


def test_what_was_typed_outlives_the_session(
    account: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A form sent too late goes through the sign-in page and can be sent again."""
    number = registered().complaint_id
    browser = Browser(account)
    browser.get(page(number))
    monkeypatch.setenv("HUIYIN_CLOCK_AHEAD", "3600")
    late = urlencode({"text": "电话里说了很久", "form_id": "0" * 16, "csrf": "old"})
    sent = browser.send("POST", f"{page(number)}/note", late, **{"sec-fetch-site": "same-origin"})
    assert sent == 401
    assert browser.post("/staff/sign-in", username=account.username, password=PASSWORD) == 200
    assert "电话里说了很久" in browser.body
    assert browser.post(f"{page(number)}/note") == 303
    assert "电话里说了很久" in str(ComplaintRepository.from_env().contacts(number))


def test_a_form_without_its_mark_is_refused() -> None:
    """Another site can't send a form in somebody's name."""
    number = registered().complaint_id
    browser = Browser(HANDLER)
    assert browser.send("POST", f"{page(number)}/note", "text=x&csrf=guess") == 403
    assert browser.send("POST", "/staff/sign-in", "", **{"sec-fetch-site": "cross-site"}) == 403
