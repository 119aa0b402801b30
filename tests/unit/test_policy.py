"""Policies: what procedure 004 says is what the default policy says; mistakes are all found."""

import json
from pathlib import Path

import msgspec
import pytest

from complaints import cli
from complaints.models import Role
from complaints.policy import (
    Limit,
    Policy,
    UnknownPolicyError,
    load,
    names,
    parse,
    percent,
    weighted,
)
from complaints.policy_file import (
    PolicyFileError,
    check,
    compile_folder,
    compiled,
    main,
    read,
    version_of,
)

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "infra" / "policies" / "service-provider.yaml"
CONTENT = SOURCE.read_text(encoding="utf-8")
POLICY = read(CONTENT, "service-provider.yaml")


def changed(old: str, new: str) -> str:
    """Return the default policy with one place changed."""
    assert CONTENT.count(old) == 1, old
    return CONTENT.replace(old, new)


def line_of(text: str) -> int:
    """Return the line of the default policy that holds this text."""
    return CONTENT[: CONTENT.index(text)].count("\n") + 1


def test_the_limits_are_those_of_the_procedure() -> None:
    """004 二: one hour, 24 hours, three working days, seven for a major complaint."""
    assert POLICY.clocks.registration == Limit(minutes=60)
    assert POLICY.clocks.investigation.general == Limit(minutes=24 * 60)
    assert POLICY.clocks.solution.of(is_major=False) == Limit(working_days=3)
    assert POLICY.clocks.solution.of(is_major=True) == Limit(working_days=7)


def test_the_approvers_are_those_of_the_procedure() -> None:
    """004 二: the department head, and the management for a major complaint."""
    assert POLICY.sign_offs(is_major=False).signed_by == (Role.DEPARTMENT_HEAD,)
    assert POLICY.sign_offs(is_major=True).signed_by == (Role.MANAGEMENT,)


def test_feedback_and_callbacks_are_those_of_the_procedure() -> None:
    """004 二 and 三: in writing and by phone; one complainant in five is called back."""
    assert set(POLICY.feedback_ways) == {"written", "phone"}
    assert percent(POLICY.follow_up.callback_share) == 20


def test_all_classes_of_the_procedure_have_a_department() -> None:
    """004 一: attitude, quality, fees, contract and safety each have somebody responsible."""
    kinds = [POLICY.find_type(code) for code in "ABCDS"]

    assert all(kind and POLICY.find_department(kind.department) for kind in kinds)


def test_what_is_not_there_is_not_found() -> None:
    """Codes that no policy names give nothing."""
    assert POLICY.find_type("?") is None
    assert POLICY.find_department("?") is None
    assert POLICY.find_criterion("?") is None
    assert POLICY.find_criterion("9") is not None


def test_names_speak_both_languages() -> None:
    """Chinese for Chinese, English for everybody else."""
    assert POLICY.title.in_language("zh_CN") != POLICY.title.in_language("en")
    assert POLICY.title.in_language("fr") == POLICY.title.in_language("en")


def test_the_version_is_that_of_the_content() -> None:
    """A comment changes nothing; a limit changes the version, and so does nothing but content."""
    remarked = read(f"# a remark\n{CONTENT}", "x.yaml")
    slower = read(changed("{minutes: 1440}", "{minutes: 1441}"), "x.yaml")

    assert remarked.version == POLICY.version == version_of(POLICY)
    assert slower.version != POLICY.version
    assert f"service-provider@{POLICY.version}" == POLICY.reference


def test_compiling_gives_the_same_bytes_and_reads_back(tmp_path: Path) -> None:
    """What is compiled twice is equal, and what is read back says the same."""
    first = compile_folder(SOURCE.parent, tmp_path / "first")
    second = compile_folder(SOURCE.parent, tmp_path / "second")
    back = parse(first[0].read_bytes())

    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert compiled(back) == compiled(POLICY)
    assert back.version == POLICY.version


def test_a_compiled_policy_is_loaded_by_name_or_reference() -> None:
    """The reference that a complaint keeps finds its policy."""
    assert load("service-provider").name in names()
    assert load(POLICY.reference).name == "service-provider"


def test_an_unknown_policy_is_refused() -> None:
    """A name that was not compiled, or a path, is no policy."""
    with pytest.raises(UnknownPolicyError):
        load("../models")


@pytest.mark.parametrize(
    ("old", "new", "field", "allowed"),
    [
        (
            "registration: {minutes: 60}",
            "registration: {minutes: soon}",
            "clocks.registration.minutes",
            "integer|null",
        ),
        (
            "registration: {minutes: 60}",
            "registration: {}",
            "clocks.registration",
            "exactly one of minutes|working_days",
        ),
        (
            "registration: {minutes: 60}",
            "registration: {minutes: 60, working_days: 1}",
            "clocks.registration",
            "exactly one of minutes|working_days",
        ),
        (
            "registration: {minutes: 60}",
            "registration: {minutes: 0}",
            "clocks.registration.minutes",
            "number >= 1",
        ),
        ("remind_at_share: 0.8", "remind_at_share: 8", "remind_at_share", "number <= 1"),
        ("remind_at_share: 0.8", "remind_at_share: .nan", "(file)", "Policy"),
        ("{closed: [], worked: []}", "{closed: [soon]}", "calendar.closed[0]", "date"),
        ("unsure_type: F", "unsure_type: Q", "assessing.unsure_type", "A|B|C|D|E|F|S"),
        ("safety_types: [S]", "safety_types: [X]", "assessing.safety_types[0]", "A|B|C|D|E|F|S"),
        ("[written, phone]", "[written, fax]", "feedback_ways[1]", "phone|written"),
        ("types: [C]", "types: [Z]", "departments[1].types[0]", "A|B|C|D|E|F|S"),
        ("code: safety", "code: management", "departments[3].code", "not quality_office|manag"),
        ("code: finance", "code: service", "departments[1].code", "unique in departments"),
        ("retention_years: 5", "retention_yaers: 5", "retention_yaers", "retention_years"),
        ("retention_years: 5", "# none", "retention_years", "required"),
        ("retention_years: 5", "retention_years: five", "retention_years", "integer"),
        ("quiet_days: 7", "quiet_days: 7\n  quiet_days: 8", "follow_up.quiet_days", "key once"),
        ("prefix: TS", "prefix: t-s", "number.prefix", "text like"),
        ('end: "18:00"', 'end: "08:00"', "working_hours.end", "later than 09:00"),
        ('end: "18:00"', "end: evening", "working_hours.end", "text like"),
        (
            "{closed: [], worked: []}",
            "{closed: [2027-02-08], worked: [2027-02-08]}",
            "calendar.closed[0]",
            "in one of closed, worked",
        ),
        ("- {to: department_head}", "- {to: boss}", "escalation.general[0].to", "department_head"),
    ],
)
def test_a_mistake_is_named_with_its_place(old: str, new: str, field: str, allowed: str) -> None:
    """The problem has the line and the field of the mistake, and says what is allowed there."""
    problems = check(changed(old, new), "p.yaml")
    found = [problem for problem in problems if problem.field == field]

    assert found, problems
    assert allowed in found[0].allowed
    assert found[0].line in {line_of(old), line_of(old) + 1, line_of("name: service-provider"), 1}


def test_all_mistakes_are_found_at_once() -> None:
    """Whoever writes a policy does not mend one mistake only to be told of the next."""
    wrong = changed("unsure_type: F", "unsure_type: Q").replace(
        "registration: {minutes: 60}", "registration: {minutes: x}"
    )
    fields = {problem.field for problem in check(wrong, "p.yaml")}

    assert {"assessing.unsure_type", "clocks.registration.minutes"} <= fields


@pytest.mark.parametrize(
    "content",
    ["", "[]", "a: [1\nb: 2", "? [x]\n: 3", "types: 3", "\x00", "departments: [1, {code: [a]}]"],
)
def test_no_content_breaks_the_check(content: str) -> None:
    """Whatever stands in a file, the answer is problems and never a stack trace."""
    assert check(content, "p.yaml")


def test_a_wrong_policy_is_not_compiled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a problem in any file nothing is written, and the problem is said."""
    (tmp_path / "bad.yaml").write_text("name: 5\n")
    target = tmp_path / "out"

    assert main([str(tmp_path), str(target)]) == 1
    assert "bad.yaml:1: name: value 5: allowed string" in capsys.readouterr().err
    assert not target.exists()


def test_the_policies_of_the_project_compile(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The compiler names each file that it wrote."""
    assert main([str(SOURCE.parent), str(tmp_path)]) == 0
    assert "service-provider.json" in capsys.readouterr().out


def test_a_day_off_reaches_the_calendar() -> None:
    """Days of the override table are worked or not, whatever the calendar says."""
    policy = read(
        changed("{closed: [], worked: []}", "{closed: [2027-02-08], worked: [2027-02-06]}"), "x"
    )

    assert list(policy.calendar.as_table().values()) == [False, True]


def test_a_limit_has_one_unit() -> None:
    """A limit of both minutes and working days would be two limits."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"minutes": 1, "working_days": 1}, Limit)


def test_a_list_of_words_weighs_one_each() -> None:
    """Words without weights count the same."""
    assert weighted(("leak",)) == weighted({"leak": 1.0})


def test_problems_carry_the_file() -> None:
    """An error that holds problems reads as their lines."""
    with pytest.raises(PolicyFileError, match=r"p\.yaml:1: \(file\)") as caught:
        read("", "p.yaml")
    assert caught.value.problems[0].file == "p.yaml"


def test_check_reports_to_people_and_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`huiyin policy check`: lines on standard error, the same as JSON on standard output."""
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(changed("prefix: TS", "prefix: 5"), encoding="utf-8")

    assert cli.main(["policy", "check", str(SOURCE)]) == 0
    assert cli.main(["policy", "check", str(wrong)]) == 1
    written = capsys.readouterr()
    assert f"{wrong}:{line_of('prefix: TS')}: number.prefix: value 5" in written.err
    assert json.loads(written.out)["field"] == "number.prefix"
    assert cli.main(["policy", "check", str(tmp_path / "none.yaml")]) == 2


@pytest.mark.parametrize(("language", "word"), [("zh_CN", "管理层"), ("en", "Management")])
def test_show_is_a_table_in_both_languages(
    language: str, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`huiyin policy show` names the approvers in the language asked for."""
    assert cli.main(["policy", "show", "service-provider", "--language", language]) == 0
    assert word in capsys.readouterr().out


def test_show_of_an_unknown_policy_names_the_known(capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong name is answered with the right ones."""
    assert cli.main(["policy", "show", "nobody"]) == 1
    assert "service-provider" in capsys.readouterr().err


def test_the_policy_is_immutable() -> None:
    """Nothing changes a policy while complaints are handled by it."""
    with pytest.raises(AttributeError):
        POLICY.name = "other"  # type: ignore[misc]


def test_the_schema_is_complete() -> None:
    """The schema that files are checked with knows each field of a policy."""
    schema = msgspec.json.schema(Policy)

    assert set(Policy.__struct_fields__) == set(schema["$defs"]["Policy"]["properties"])
