"""Intake by the web: a form is one complaint, a code the key."""

from typing import Any
from urllib.parse import urlencode

import pytest

from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import now
from complaints.models import Channel, Dossier, Outcome
from complaints.number import complaint_number
from functions.intake_web.handler import handler
from tests.builders import (
    CODE,
    NUMBER,
    approved,
    assessed,
    investigated,
    received,
    responded,
)
from tests.kept import begun, keep, mailed_to, runs, task_answers

pytestmark = pytest.mark.usefixtures("tables")
FORM_ID = "0123456789abcdef"
PAGE = f"/track/{NUMBER}/{CODE}"
FORM = {
    "form_id": FORM_ID,
    "asked_at": "2026-01-01T00:00:00Z",
    "text": "前台态度恶劣，打电话也不耐烦。",
    "demand": "请道歉",
    "occurred_on": "2026-01-01",
    "name": "李娜",
    "email": "lina@example.org",
}


def ask(method: str, path: str, form: dict[str, str] | None = None) -> dict[str, Any]:
    """Return the answer to a request of a Chinese browser."""
    event = {
        "rawPath": path.partition("?")[0],
        "rawQueryString": path.partition("?")[2],
        "headers": {
            "content-type": "application/x-www-form-urlencoded",
            "accept-language": "zh-CN",
        },
        "body": urlencode(form or {}),
        "requestContext": {"http": {"method": method, "sourceIp": "192.0.2.1"}},
    }
    answer: dict[str, Any] = handler(event, None)
    return answer


def at_stage(*builds: Any) -> Dossier:  # noqa: ANN401 - builders
    """Store a complaint brought so far; a step of the workflow waits for its answer."""
    steps = [received()]
    for build in builds:
        steps.append(build(steps[-1]))
    begun(keep(*steps), "token")
    return steps[-1]


def stored() -> Dossier:
    """Return the complaint as it is now."""
    return ComplaintRepository.from_env().dossier(NUMBER)


def test_a_form_becomes_a_complaint_and_is_acknowledged() -> None:
    """A2: the browser is sent to number and code, and on to the evidence."""
    answer = ask("POST", "/complain", FORM)
    assert answer["statusCode"] == 303
    number = complaint_number("TS", now().year, 1, 6)
    found = ComplaintRepository.from_env().dossier(number)
    code = found.complaint.tracking_code
    assert answer["headers"]["Location"] == f"/track/{number}/{code}/evidence?new=1"
    assert (found.complaint.channel, found.contacts[0].demand) == (Channel.WEB, "请道歉")
    assert found.complainant.name == "李娜"
    assert mailed_to() == ["lina@example.org"]
    assert runs() == [number]


def test_a_form_sent_twice_is_one_complaint() -> None:
    """A second click takes no second number and sends no second letter."""
    first, second = (ask("POST", "/complain", FORM)["headers"]["Location"] for _ in range(2))
    assert first == second
    assert mailed_to() == ["lina@example.org"]


def test_a_form_sent_again_with_other_words_adds_them() -> None:
    """Gone back and written more: nothing is lost, and it is still one complaint."""
    first = ask("POST", "/complain", FORM)["headers"]["Location"]
    again = ask("POST", "/complain", {**FORM, "text": "还有一事"})["headers"]["Location"]
    assert again == first
    found = ComplaintRepository.from_env().dossier(first.split("/")[2])
    assert [said.text for said in found.contacts] == [FORM["text"], "还有一事"]


@pytest.mark.parametrize(
    ("changed", "status"),
    [({"text": ""}, 422), ({"occurred_on": "2999-01-01"}, 422), ({"website": "x"}, 422),
     ({"form_id": "../x"}, 422), ({"asked_at": "2999-01-01T00:00:00Z"}, 422)],
)  # fmt: skip
def test_what_is_not_usable_makes_nothing(changed: dict[str, str], status: int) -> None:
    """Empty, impossible, or a robot's: the form comes back, and no number is taken."""
    answer = ask("POST", "/complain", {**FORM, **changed})
    assert answer["statusCode"] == status
    assert runs() == []


def test_a_wrong_code_looks_like_an_unknown_number() -> None:
    """Whoever guesses learns nothing: same page, same status."""
    at_stage()
    wrong = ask("GET", f"/track/{NUMBER}/BBBBBBBBBBBB")
    unknown = ask("GET", f"/track/{complaint_number('TS', 2026, 2, 6)}/{CODE}")
    assert (wrong["statusCode"], unknown["statusCode"]) == (404, 404)
    assert wrong["body"].replace("BBBBBBBBBBBB", "") == unknown["body"].replace(
        complaint_number("TS", 2026, 2, 6), NUMBER
    ).replace(CODE, "")
    assert ask("GET", PAGE)["statusCode"] == 200


def test_who_guesses_on_is_stopped() -> None:
    """After thirty wrong codes in an hour this address waits, with the right one as well."""
    at_stage()
    answers = [ask("GET", f"/track/{NUMBER}/BBBBBBBBBBBB")["statusCode"] for _ in range(31)]
    assert answers[:30] == [404] * 30
    assert answers[30] == 429
    assert ask("GET", PAGE)["statusCode"] == 429


def test_a_note_joins_the_complaint() -> None:
    """D8: the complainant adds words at any time; the same form with the same words is one."""
    at_stage()
    form = {"form_id": FORM_ID}
    for text in ("补充", "补充", "再补充"):
        assert ask("POST", f"{PAGE}/note", {**form, "text": text})["statusCode"] == 303
    assert sorted(said.text for said in stored().contacts[1:]) == ["再补充", "补充"]
    assert ask("POST", f"{PAGE}/note", {**form, "text": " "})["statusCode"] == 422


# ---- answer and survey ---------------------------------------------------------------------


def test_an_answer_is_taken_where_a_reply_waits() -> None:
    """D8: accepted, the call is still due; the words are kept."""
    at_stage(assessed, investigated, approved)
    answer = ask("POST", f"{PAGE}/answer", {"outcome": "accepted"})
    assert answer["headers"]["Location"] == f"{PAGE}?answered=1"
    assert stored().complaint.reply_outcome is Outcome.ACCEPTED


def test_a_refusal_needs_words_and_leads_back() -> None:
    """C6: why is asked; then the waiting step is sent back to Investigate."""
    at_stage(assessed, investigated, approved)
    told = task_answers()
    assert ask("POST", f"{PAGE}/answer", {"outcome": "refused"})["statusCode"] == 422
    ask("POST", f"{PAGE}/answer", {"outcome": "refused", "words": "没有解决"})
    assert stored().complaint.status == "assessed"
    assert stored().contacts[-1].text == "没有解决"
    assert told == [("SendTaskFailure", "token")]


@pytest.mark.parametrize("builds", [(), (assessed,), (assessed, investigated, approved, responded)])
def test_an_answer_at_another_stage_changes_nothing(builds: tuple[Any, ...]) -> None:
    """The page says that the complaint has moved on."""
    at_stage(*builds)
    before = stored()
    answer = ask("POST", f"{PAGE}/answer", {"outcome": "accepted"})
    assert answer["headers"]["Location"] == f"{PAGE}?changed=1"
    assert stored() == before


def test_an_outcome_that_is_none_is_refused() -> None:
    """Only accepted and refused are answers to a reply."""
    at_stage(assessed, investigated, approved)
    assert ask("POST", f"{PAGE}/answer", {"outcome": "satisfied"})["statusCode"] == 422


SURVEY = {"satisfied": "yes", "satisfaction": "4", "words": "谢谢"}


def test_a_survey_ends_the_follow_up() -> None:
    """D2: score and words are kept, the workflow goes on."""
    at_stage(assessed, investigated, approved, responded)
    told = task_answers()
    assert ask("POST", f"{PAGE}/survey", SURVEY)["headers"]["Location"] == f"{PAGE}?rated=1"
    complaint = stored().complaint
    assert (complaint.status, complaint.satisfaction) == ("followed_up", 4)
    assert told == [("SendTaskSuccess", "token")]
    assert ask("POST", f"{PAGE}/survey", SURVEY)["headers"]["Location"] == f"{PAGE}?changed=1"


def test_the_dissatisfied_reopen_their_complaint() -> None:
    """D5: back to the department, counted."""
    at_stage(assessed, investigated, approved, responded)
    ask("POST", f"{PAGE}/survey", {**SURVEY, "satisfied": "no"})
    assert (stored().complaint.status, stored().complaint.reopened) == ("assessed", 1)


@pytest.mark.parametrize("builds", [(), (assessed, investigated, approved)])
def test_a_survey_before_its_time_changes_nothing(builds: tuple[Any, ...]) -> None:
    """Nobody rates what was not answered yet."""
    at_stage(*builds)
    before = stored()
    assert "changed=1" in ask("POST", f"{PAGE}/survey", SURVEY)["headers"]["Location"]
    assert stored() == before


def test_a_person_asks_for_the_own_data_with_number_and_code() -> None:
    """A copy is asked for; to be forgotten is answered with the duty that forbids it; once."""
    at_stage()
    assert (
        ask("POST", f"/track/{NUMBER}/{'0' * 12}/own-data", {"kind": "erase"})["statusCode"] == 404
    )
    form, other = {"form_id": FORM_ID}, {"form_id": FORM_ID[::-1]}
    assert ask("POST", f"{PAGE}/own-data", {**form, "kind": "everything"})["statusCode"] == 422
    for page, kind, said in (
        (form, "access", "asked"),
        (form, "access", "asked"),
        (form, "erase", "asked"),
        (form, "erase", "asked"),
        (other, "erase", "changed"),
    ):
        answer = ask("POST", f"{PAGE}/own-data", {**page, "kind": kind})
        assert answer["headers"]["Location"] == f"{PAGE}?{said}=1"
    found = stored()
    assert sorted((one.kind, one.by, one.outcome) for one in found.requests) == [
        ("access", "complainant", ""), ("erase", "complainant", "kept"),
    ]  # fmt: skip
    assert [one.kind for one in found.letters if one.sent_at] == ["erasure_kept"]
    assert "own-data" in ask("GET", PAGE)["body"]
