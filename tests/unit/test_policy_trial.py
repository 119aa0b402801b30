"""A policy tried on past complaints, and what differs between two policies (I4, H5)."""

import io
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.cli import main
from complaints.office import Office
from complaints.policy import Limit, Limits, Policy, load, names, source_file, weighted
from complaints.policy_changes import Changed, called, changed_settings, said
from complaints.policy_trial import Past, outlook, summary, try_on
from complaints.texts import LANGUAGES, texts
from tests.builders import OFFICE

POLICY = load("service-provider")
AT = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
TEXT = "前台态度恶劣，不耐烦。"
WRITTEN = source_file("service-provider").read_text(encoding="utf-8")


def past(text: str = TEXT, at: datetime = AT) -> Past:
    """Return a past complaint."""
    return Past(id="TS-1", text=text, received_at=at)


def office(policy: Policy) -> Office:
    """Return the organisation under another policy."""
    return Office(policy=policy, zone=OFFICE.zone)


def with_solution(days: int) -> Policy:
    """Return the policy with another limit for general solutions."""
    limits = Limits(general=Limit(working_days=days), major=POLICY.clocks.solution.major)
    clocks = msgspec.structs.replace(POLICY.clocks, solution=limits)
    return msgspec.structs.replace(POLICY, clocks=clocks)


# ---- the trial -------------------------------------------------------------------------------


@given(
    text=st.text(max_size=80),
    at=st.datetimes(datetime(2024, 1, 1), datetime(2026, 6, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_a_policy_tried_against_itself_changes_nothing(text: str, at: datetime) -> None:
    """Whatever was written, whenever it came."""
    assert try_on(past(text, at), OFFICE, OFFICE).differences == ()


@pytest.mark.parametrize("name", names())
def test_every_procedure_can_be_tried(name: str) -> None:
    """Each field has a value, and every limit of the policy an instant."""
    found = outlook(past(), office(load(name)))
    ends = [end for field, end in found.items() if field.startswith("limit.")]
    assert all(datetime.fromisoformat(end) > AT for end in ends)
    assert found["type"]
    assert found["approvers"]
    assert found["gates"]


def test_a_longer_limit_moves_that_end_alone() -> None:
    """Monday and four working days is Friday, one second before midnight in Shanghai."""
    (one,) = try_on(past(), OFFICE, office(with_solution(4))).differences
    assert (one.field, one.before, one.after) == (
        "limit.solution",
        "2026-11-19T15:59:59Z",
        "2026-11-20T15:59:59Z",
    )


def test_a_criterion_moves_all_that_hangs_on_it() -> None:
    """A complaint that becomes major has other signatures and other limits."""
    words = {**dict.fromkeys(["不耐烦"], 1.0)}
    first = msgspec.structs.replace(POLICY.major[0], words=words)
    stricter = msgspec.structs.replace(POLICY, major=(first, *POLICY.major[1:]))
    fields = {one.field for one in try_on(past(), OFFICE, office(stricter)).differences}
    assert {"major", "urgency", "approvers", "limit.solution"} <= fields


def test_a_holiday_of_the_organisation_moves_what_runs_over_it() -> None:
    """Changing holidays is changing the policy (I1)."""
    closed = msgspec.structs.replace(POLICY.calendar, closed=(datetime(2026, 11, 17).date(),))  # noqa: DTZ001
    later = msgspec.structs.replace(POLICY, calendar=closed)
    fields = {one.field for one in try_on(past(), OFFICE, office(later)).differences}
    assert "limit.solution" in fields
    assert "limit.registration" not in fields


def test_the_summary_counts_complaints_by_field() -> None:
    """The field with the most complaints comes first."""
    slower = office(with_solution(4))
    tried = [try_on(past(), OFFICE, slower) for _ in range(3)]
    assert summary(tried) == {"limit.solution": 3}
    assert summary([]) == {}


def test_a_limit_into_a_year_that_nothing_is_known_of_is_left_open() -> None:
    """A trial says what can be said, and does not fail for the rest."""
    assert outlook(past(at=datetime(2090, 1, 1, tzinfo=UTC)), OFFICE)["limit.solution"] == ""


# ---- what differs ----------------------------------------------------------------------------


def test_each_setting_that_differs_is_named_once() -> None:
    """With its place; the version itself is no setting."""
    renewed = msgspec.structs.replace(with_solution(4), retention_years=9, version="0" * 12)
    assert changed_settings(POLICY, renewed) == [
        Changed("clocks.solution.general", {"working_days": 3}, {"working_days": 4}),
        Changed("retention_years", 5, 9),
    ]


def test_what_was_added_or_left_out_has_no_value_on_the_other_side() -> None:
    """A list is compared by its codes, so that a new entry moves nothing else."""
    fewer = msgspec.structs.replace(POLICY, types=POLICY.types[1:])
    code = POLICY.types[0].code
    changed = changed_settings(fewer, POLICY)
    assert {one.field for one in changed} >= {f"types[{code}].code", f"types[{code}].name"}
    assert all(one.field.startswith(f"types[{code}]") for one in changed)
    assert all(one.before is None for one in changed)


def test_of_words_only_those_that_came_or_went_are_shown() -> None:
    """A list of a hundred words with one more shows one word."""
    kind = POLICY.types[0]
    more = msgspec.structs.replace(kind, words={**weighted(kind.words), "鸡毛蒜皮": 2.0})
    renewed = msgspec.structs.replace(POLICY, types=(more, *POLICY.types[1:]))
    assert changed_settings(POLICY, renewed) == [
        Changed(f"types[{kind.code}].words", None, {"鸡毛蒜皮": 2.0})
    ]


@pytest.mark.parametrize("before", names())
@pytest.mark.parametrize("after", names())
def test_settings_differ_exactly_between_different_policies(before: str, after: str) -> None:
    """And each of them can be said in both languages."""
    changed = changed_settings(load(before), load(after))
    assert bool(changed) == (before != after)
    for language in LANGUAGES:
        t = texts(language)
        assert all(said(value, t) for one in changed for value in one[1:])
        assert all(called(one.field, t) for one in changed)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_setting_is_called_something(language: str) -> None:
    """A setting that is added to policies needs its name."""
    settings = set(Policy.__struct_fields__) - {"version"}
    assert all(called(setting, texts(language)) for setting in settings)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "—"),
        (True, "yes"),
        ({"minutes": 90}, "90 minutes"),
        ({"working_days": 4}, "4 working days"),
        ({"zh": "甲", "en": "A"}, "A"),
        (["handler", "x"], "Handler, x"),
        ({"漏水": 2.0}, "漏水 2.0"),
        (list(range(20)), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, … (20)"),
        (0.2, "0.2"),
    ],
)
def test_a_setting_is_said_in_words(value: object, words: str) -> None:
    """Limits, roles and names as people call them; of a long list the beginning."""
    assert said(value, texts("en")).lower() == words.lower()


# ---- the command -----------------------------------------------------------------------------


def run_try(monkeypatch: pytest.MonkeyPatch, file: Path, *arguments: str, given: str = "") -> int:
    """Run `huiyin policy try` with these lines on standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
    return main(["policy", "try", str(file), *arguments])


def line(text: str = TEXT) -> str:
    """Return a past complaint as a line of an export."""
    return json.dumps({"id": "TS-1", "text": text, "received_at": "2026-11-16T01:00:00Z", "x": 1})


def test_the_command_writes_what_would_have_differed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A JSON line for each complaint that differs, the figures on standard error."""
    file = tmp_path / "new.yaml"
    file.write_text(
        WRITTEN.replace("general: {working_days: 3}", "general: {working_days: 4}"),
        encoding="utf-8",
    )
    status = run_try(monkeypatch, file, given=f"{line()}\nnonsense\n\n{line('x')}\n")
    out, err = capsys.readouterr()
    rows = [json.loads(row) for row in out.splitlines()]
    assert status == 1
    assert [row["id"] for row in rows] == ["TS-1", "TS-1"]
    assert rows[0]["differences"][0]["field"] == "limit.solution"
    assert "stdin:2" in err
    assert [part.split()[-1] for part in err.splitlines()[-3:]] == ["2", "2", "2"]


@pytest.mark.parametrize(
    ("content", "arguments"),
    [
        ("a: [", ()),
        ("", ("--against", "x")),
        (WRITTEN, ("--against", "nobody")),
        (WRITTEN, ("--complaints", "/no/such/file")),
    ],
)
def test_the_command_says_what_it_can_not_use(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    content: str,
    arguments: tuple[str, ...],
) -> None:
    """Exit status 2, nothing on standard output."""
    file = tmp_path / "new.yaml"
    file.write_text(content, encoding="utf-8")
    assert run_try(monkeypatch, file, *arguments) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err


def test_a_file_that_is_not_there_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is read."""
    assert run_try(monkeypatch, tmp_path / "none.yaml") == 2
    assert "none.yaml" in capsys.readouterr().err


def test_the_zone_may_be_another_one() -> None:
    """The same working day ends where the organisation is."""
    there = Office(policy=POLICY, zone=ZoneInfo("Europe/Paris"))
    assert outlook(past(), there)["limit.solution"] == "2026-11-19T22:59:59Z"
