"""Policies: what procedure 004 says is what the default policy says; mistakes are all found."""

import copy
import json
import re
from pathlib import Path

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

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
    SharedWords,
    check,
    compile_folder,
    compiled,
    main,
    read,
    read_words,
    version_of,
)
from complaints.policy_yaml import PolicyFileError

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
    back = parse((tmp_path / "first" / "service-provider.json").read_bytes())

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
        ("words_from: [mass]", "words_from: [mob]", "major[8].words_from[0]", "attitude|quality"),
        ("[written, phoned, ", "[writen, phoned, ", "closing_gates[0]", "written"),
        ("required_fields: [text, ", "required_fields: [txt, ", "required_fields[0]", "text"),
        ("reasons: [complainant, ", "reasons: [holiday, ", "pauses.reasons[0]", "complainant"),
        ("- {kind: document}", "- {kind: guess}", "records[0].kind", "document"),
        (
            "- {kind: document}",
            "- {kind: document, types: [Z]}",
            "records[0].types[0]",
            "A|B|C|D|E|F|S",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(old: str, new: str, field: str, allowed: str) -> None:
    """The problem has the line and the field of the mistake, and says what is allowed there."""
    problems = check(changed(old, new), "p.yaml")
    found = [problem for problem in problems if problem.field == field]

    assert found, problems
    assert allowed in found[0].allowed
    assert found[0].line in {line_of(old), line_of(old) + 1, line_of("name: service-provider"), 1}


@pytest.mark.parametrize(
    ("old", "new", "field", "allowed"),
    [
        # who is told, who signs
        (
            "approval:\n  general: {signed_by: [department_head]}",
            "approval:\n  general: {signed_by: [handler]}",
            "approval.general.signed_by[0]",
            "department_head|quality_office|management, or a post",
        ),
        (
            "approval:\n  general: {signed_by: [department_head]}",
            "approval:\n  general: {signed_by: [department_head, department_head]}",
            "approval.general.signed_by[1]",
            "once in its list",
        ),
        (
            "  major: {signed_by: [management]}",
            "  major: {signed_by: [auditor]}",
            "approval.major.signed_by[0]",
            "department_head|quality_office|management",
        ),
        (
            "approved_by: quality_office}",
            "approved_by: intake}",
            "extension.approved_by",
            "department_head|quality_office|management",
        ),
        (
            "leader: management,",
            "leader: auditor,",
            "group_incident.leader",
            "department_head|quality_office|management",
        ),
        (
            "tell: [department_head, quality_office, management]",
            "tell: [department_head, auditor]",
            "emergency.tell[1]",
            "intake|handler",
        ),
        (
            "tell: [department_head, quality_office, management]",
            "tell: [management, management]",
            "emergency.tell[1]",
            "once in its list",
        ),
        (
            "# 004 一: five classes",
            "posts: [{code: management, name: {zh: 甲, en: A}, role: management}]\n# 004 一: five",
            "posts[0].code",
            "not administrator|",
        ),
        (
            "# 004 一: five classes",
            "posts: [{code: reader, name: {zh: 甲, en: A}, role: auditor}]\n# 004 一: five",
            "posts[0].role",
            "intake|handler|department_head",
        ),
        (
            "# 004 一: five classes",
            "proven_by: {satisfied: nobody}\n# 004 一: five",
            "proven_by.satisfied",
            "quality_office|management",
        ),
        # the ladder
        (
            "- {to: department_head}",
            "- {to: department_head, after: {minutes: 5}}",
            "escalation.general[0].after",
            "none: the first rung",
        ),
        (
            "- {to: quality_office, after: {working_days: 1}}",
            "- {to: quality_office}",
            "escalation.general[1].after",
            "required",
        ),
        (
            "- {to: quality_office, after: {working_days: 1}}",
            "- {to: department_head, after: {working_days: 1}}",
            "escalation.general[1].to",
            "once in its ladder",
        ),
        (
            "- {to: quality_office, after: {working_days: 1}}",
            "- {to: handler, after: {working_days: 1}}",
            "escalation.general[1].to",
            "department_head|quality_office|management",
        ),
        ("remind_at_share: 0.8", "remind_at_share: 1", "remind_at_share", "> 0 and < 1"),
        # closing gates
        (
            "feedback_ways: [written, phone]",
            "feedback_ways: [written]",
            "closing_gates[1]",
            "only with phone in feedback_ways",
        ),
        (
            "feedback_ways: [written, phone]",
            "feedback_ways: [phone]",
            "closing_gates[0]",
            "only with written in feedback_ways",
        ),
        (
            "feedback_ways: [written, phone]",
            "feedback_ways: [written, phone, phone]",
            "feedback_ways[2]",
            "once in its list",
        ),
        ("voucher: true", "voucher: false", "closing_gates[3]", "compensation.voucher true"),
        (
            "[written, phoned, satisfied, voucher]",
            "[written, phoned, satisfied]",
            "compensation.voucher",
            "only with voucher in closing_gates",
        ),
        ("callback_share: 0.2", "callback_share: 0", "closing_gates[2]", "callback_share > 0"),
        (
            "# 004 一: five classes",
            "proven_by: {signed: management}\n# 004 一: five",
            "proven_by.signed",
            "none: no person",
        ),
        # what is counted, and levels
        (
            "{what: people, at_least: 5, hours: 48}",
            "{what: people, at_least: 5}",
            "major[8].counted.hours",
            "required for people",
        ),
        (
            "{what: repeats, at_least: 3}",
            "{what: repeats, at_least: 3, hours: 48}",
            "major[7].counted.hours",
            "none: repeats",
        ),
        (
            "{what: repeats, at_least: 3}",
            "{what: repeats, at_least: 1}",
            "major[7].counted.at_least",
            "number >= 2",
        ),
        (
            "words_from: [accident]",
            "levels: {urgency: []}",
            "major[0].levels.urgency",
            "items >= 1",
        ),
        ("words_from: [accident]", "levels: {}", "major[0].levels", "every complaint"),
        (
            "words_from: [accident]",
            "levels: {risk: [high, high]}",
            "major[0].levels.risk[1]",
            "once in its list",
        ),
        # limits
        (
            "    major: {working_days: 7}",
            "    important: {working_days: 4}\n    major: {working_days: 7}",
            "clocks.solution.important",
            "no longer than general",
        ),
        (
            "    major: {working_days: 7}",
            "    important: {working_days: 2}\n    urgent: {minutes: 2881}",
            "clocks.solution.urgent",
            "no longer than important",
        ),
        (
            "clocks:",
            "clocks:\n  contact_other_body: {minutes: 60}",
            "clocks.contact_other_body",
            "only with contact",
        ),
        (
            "clocks:",
            "clocks:\n  contact: {minutes: 90}\n  contact_other_body: {minutes: 60}",
            "clocks.contact_other_body",
            "no shorter than contact",
        ),
        # departments and amounts
        ("types: [A, B, F]", "types: [A, B]", "types[5].department", "one whose types name F"),
        (
            "types: [D, E]",
            "types: [D, E, C]",
            "departments[2].types[2]",
            "with finance",
        ),
        (
            "[{up_to: 1000, by: department_head}, {by: management}]",
            "[{up_to: 1000, by: department_head}, {up_to: 900, by: management}]",
            "compensation.levels[1].up_to",
            "number > 1000",
        ),
        (
            "[{up_to: 1000, by: department_head}, {by: management}]",
            "[{by: department_head}, {up_to: 900, by: management}]",
            "compensation.levels[1]",
            "none above one without up_to",
        ),
    ],
)
def test_what_could_never_work_is_named_with_its_place(
    old: str, new: str, field: str, allowed: str
) -> None:
    """A rung without a holder, a gate that never opens, a limit that is upside down."""
    problems = check(changed(old, new), "p.yaml")
    found = [problem for problem in problems if problem.field == field]

    assert found, problems
    assert allowed in found[0].allowed
    assert found[0].line > 1


@pytest.mark.parametrize("amount", [0, -1])
@pytest.mark.parametrize("name", names())
def test_no_clock_of_any_policy_takes_zero_or_less(name: str, amount: int) -> None:
    """Each limit of each policy, put to nothing, is found at its place."""
    content = yaml.safe_load((SOURCE.parent / f"{name}.yaml").read_text(encoding="utf-8"))
    wanted = set()
    for field, limit in load(name).limits():
        unit = "minutes" if limit.minutes else "working_days"
        *way, last = field.split(".")
        node = content["clocks"]
        for step in way:
            node = node[step]
        node[last] = {unit: amount}
        wanted.add((f"clocks.{field}.{unit}", "number >= 1"))
    problems = check(yaml.safe_dump(content, allow_unicode=True), "p.yaml")

    assert {(problem.field, problem.allowed) for problem in problems} == wanted


SHARED: dict[str, SharedWords] = {"rude": {"骂": 3.0, "吼": 2.0}, "loud": ["吵", "吼"]}


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("words_from: [rude]", {"骂": 3, "吼": 2}),
        ("words_from: [loud]", {"吵": 1, "吼": 1}),
        ("words_from: [rude, loud]", {"骂": 3, "吼": 2, "吵": 1}),
        ("words_from: [loud, rude]", {"骂": 3, "吼": 1, "吵": 1}),
        ("words_from: [rude]\n    words: {吼: 0, 凶: 2}", {"骂": 3, "吼": 0, "凶": 2}),
        ("words_from: [loud]\n    words: [凶]", {"吵": 1, "吼": 1, "凶": 1}),
        ("words_from: []", {}),
    ],
)
def test_words_come_from_the_shared_ones(written: str, words: dict[str, float]) -> None:
    """Own words go before the shared, of these the first before the later."""
    content = changed("words_from: [quality]", written)
    problems = check(content, "p.yaml", SHARED)
    unknown = {problem.field for problem in problems}
    known = {name: list[str]() for name in re.findall(r"_from: \[(\w+)\]", CONTENT)}
    policy = read(content, "p.yaml", {**known, **SHARED})

    assert "types[0].words_from[0]" in unknown
    assert "types[1].words_from[0]" not in unknown
    assert weighted(policy.types[1].words) == words


@pytest.mark.parametrize(
    ("written", "field"),
    [
        ("words_from: [quality]\n    words: 5", "types[1].words"),
        ("words_from: [quality]\n    words: [5]", "types[1].words[0]"),
        ("words_from: [quality]\n    words: {骂: 99}", "types[1].words.骂"),
        ("words_from: [[quality]]", "types[1].words_from[0]"),
        ("words_from: {quality: 1}", "types[1].words_from[0]"),
    ],
)
def test_own_words_are_checked_beside_shared_ones(written: str, field: str) -> None:
    """What is no list of words is named, whatever it is joined with."""
    found = {one.field for one in check(changed("words_from: [quality]", written), "p.yaml")}

    assert field in found


def test_a_mistake_in_the_shared_words_is_named(tmp_path: Path) -> None:
    """Nothing is compiled while words that all take are wrong."""
    (tmp_path / "words.yaml").write_text("rude: {骂: 99}\nrude: [5]\n", encoding="utf-8")

    with pytest.raises(PolicyFileError) as caught:
        compile_folder(tmp_path, tmp_path / "out")
    assert {problem.field for problem in caught.value.problems} == {"rude", "rude[0]"}
    (tmp_path / "words.yaml").write_text("rude: [\n", encoding="utf-8")
    with pytest.raises(PolicyFileError, match=r"words\.yaml:2: \(file\)"):
        compile_folder(tmp_path, tmp_path / "out")
    assert read_words(tmp_path / "none.yaml") == {}


def test_all_mistakes_are_found_at_once() -> None:
    """Whoever writes a policy does not mend one mistake only to be told of the next."""
    wrong = changed("unsure_type: F", "unsure_type: Q").replace(
        "registration: {minutes: 60}", "registration: {minutes: x}"
    )
    wrong += "\nversion: ''\nversion: ''\n"
    fields = {problem.field for problem in check(wrong, "p.yaml")}

    assert {"assessing.unsure_type", "clocks.registration.minutes", "version"} <= fields


@pytest.mark.parametrize(
    "content",
    ["", "[]", "a: [1\nb: 2", "? [x]\n: 3", "types: 3", "\x00", "departments: [1, {code: [a]}]"],
)
def test_no_content_breaks_the_check(content: str) -> None:
    """Whatever stands in a file, the answer is problems and never a stack trace."""
    assert check(content, "p.yaml")


@pytest.mark.parametrize(
    ("content", "line", "value"),
    [
        ("a: &a [x, x]\n" + "b: [*a, *a]", 2, "*a"),
        ("name: x\na: &a [*a]", 2, "*a"),
        ("a: &a {b: *a}", 1, "*a"),
        ("a:\n  " + "[" * 5000, 2, "too deep"),
        ("".join(f"{' ' * depth}a:\n" for depth in range(1500)), 20, "too deep"),
    ],
)
def test_yaml_that_grows_without_end_is_refused_unread(content: str, line: int, value: str) -> None:
    """Aliases of aliases (a few lines, a billion words), circles, and lists in lists in lists."""
    (problem,) = check(content, "p.yaml")

    assert (problem.line, problem.value) == (line, value)
    assert "without aliases, at most 20 deep" in problem.allowed


ROOT_NODE = yaml.safe_load(CONTENT)
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10**9), st.floats(), st.text(max_size=5),
    st.lists(st.one_of(st.integers(), st.text(max_size=3)), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)  # fmt: skip


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_no_value_anywhere_breaks_the_check(data: st.DataObject) -> None:
    """Whatever stands at whatever place, the check answers; and what it lets pass can be read."""
    content = copy.deepcopy(ROOT_NODE)
    node = content
    while True:
        key = data.draw(
            st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node)))
        )
        inner = node[key]
        if isinstance(inner, dict | list) and inner and data.draw(st.booleans()):
            node = inner
            continue
        node[key] = data.draw(VALUES)
        break
    written = yaml.safe_dump(content, allow_unicode=True)

    if not check(written, "p.yaml"):
        assert parse(compiled(read(written, "p.yaml"))).version


def test_a_copy_is_checked_with_the_words_beside_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An organisation's own words.yaml goes before the project's."""
    copied = tmp_path / "own.yaml"
    copied.write_text(CONTENT, encoding="utf-8")
    assert cli.main(["policy", "check", str(copied)]) == 0

    (tmp_path / "words.yaml").write_text("attitude: [骂]\n", encoding="utf-8")
    assert cli.main(["policy", "check", str(copied)]) == 1
    assert 'words_from[0]: value "quality": allowed attitude' in capsys.readouterr().err

    (tmp_path / "words.yaml").write_text("attitude: 5\n", encoding="utf-8")
    assert cli.main(["policy", "check", str(copied)]) == 1
    assert "words.yaml:1: attitude: value 5" in capsys.readouterr().err


def test_a_wrong_policy_is_not_compiled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a problem in any file nothing is written, and the problem is said."""
    (tmp_path / "bad.yaml").write_text("name: 5\n", encoding="utf-8")
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
