"""The first assessment of a text: type, urgency, risk and criteria, and the words that decide."""

import io
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints import cli
from complaints.assessment import LONGEST_TEXT, assess, largest_sum, propose_department
from complaints.models import Assessment, Risk, Urgency
from complaints.policy import QUALITY_OFFICE, load

POLICY = load("service-provider")
SAMPLE = Path(__file__).parents[3] / "shared" / "complaints" / "sample_zh.jsonl"
URGENCIES = {"一般": Urgency.GENERAL, "重要": Urgency.IMPORTANT, "紧急": Urgency.URGENT}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("前台小姐对我爱理不理，问两句就翻白眼", "A"),
        ("约好上午来保洁，等到晚上还没到，打电话也无人接听", "B"),
        ("这个月物业费被重复收费，多收了80元，要求退差价", "C"),
        ("合同约定六月交付，现在单方面说要延后，违约金一分不给", "D"),
        ("洗衣机还在保修期，报修两次没修好，要求换货", "E"),
        ("想咨询一下年底的政策什么时候公布", "F"),
        ("楼道里私拉电线给电瓶车充电，安全隐患很大", "S"),
        ("The receptionist was rude and shouted at my mother", "A"),
    ],
)
def test_types(text: str, kind: str) -> None:
    """Each type is known by the words of its policy."""
    assert assess(text, POLICY).type == kind


def test_the_reasons_are_words_of_the_policy() -> None:
    """Staff see what decided, strongest first."""
    found = assess("收费员乱收费，态度恶劣，还乱收费", POLICY)

    assert found.type == "C"
    assert found.reasons[0] == "乱收费"
    assert len(found.reasons) == len(set(found.reasons))


def test_a_longer_word_shields_a_shorter_one() -> None:
    """Praise of the attitude is no complaint about it."""
    assert assess("服务员态度很好，就是房间太脏", POLICY).type == "B"


def test_a_text_without_known_words_is_unsure() -> None:
    """Nothing known: the type for the rest, and no confidence at all."""
    found = assess("嗯嗯", POLICY)

    assert (found.type, found.confidence, found.reasons) == ("F", 0.0, ())


def test_full_width_letters_are_read() -> None:
    """A text typed in full-width letters says the same."""
    assert assess("ＲＵＤＥ staff", POLICY).type == "A"


def test_a_latin_word_counts_from_its_start() -> None:
    """`late` is not in `chocolate`."""
    assert "late" not in assess("chocolate", POLICY).reasons


@pytest.mark.parametrize(
    ("text", "urgency"),
    [
        ("电影票买贵了三块", Urgency.GENERAL),
        ("押金3500元一直不退", Urgency.IMPORTANT),
        ("消防通道堆满杂物", Urgency.IMPORTANT),
        ("他们当众辱骂我", Urgency.IMPORTANT),
        ("全楼停水，没人通知", Urgency.URGENT),
        ("吃了这家的菜上吐下泻，已经送医", Urgency.URGENT),
    ],
)
def test_urgency(text: str, urgency: Urgency) -> None:
    """Harm and essential services are urgent; money, danger and abuse important."""
    assert assess(text, POLICY).urgency is urgency


def test_emergency_words_are_urgent_and_high_risk() -> None:
    """B7: a threat to life takes the emergency path at once."""
    found = assess("再不解决我就跳楼", POLICY)

    assert (found.urgency, found.risk) == (Urgency.URGENT, Risk.HIGH)


def test_media_and_courts_are_high_risk() -> None:
    """What may become public or go to court is a high risk, urgent or not."""
    assert assess("已经联系记者准备曝光", POLICY).risk is Risk.HIGH


def test_major_criteria_are_proposed() -> None:
    """Each criterion that the text claims is named, in the order of the policy."""
    found = assess("保安动手打人，还威胁我，这已经是第三次投诉", POLICY)

    assert found.major == ("2", "3", "8")
    assert found.urgency is not Urgency.GENERAL


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("交了2万", 20_000),
        ("交了20000", 20_000),
        ("一共1.5万元", 15_000),
        ("收费1,280.50元", 1280.5),
        ("一千二百元", 1000),
        ("我的电话13800000000", 0),
        ("等了3000分钟", 0),
        ("没有钱数", 0),
    ],
)
def test_sums_of_money(text: str, yuan: float) -> None:
    """A figure is money with a unit behind it or paying before it; a phone number is not."""
    assert largest_sum(text) == yuan


def test_a_department_is_proposed() -> None:
    """The department is the one of the type; the quality office takes what nobody handles."""
    assert propose_department(Assessment(type="C"), POLICY) == "finance"
    assert propose_department(Assessment(type="gone"), POLICY) == QUALITY_OFFICE


@settings(deadline=None)
@given(st.text())
def test_any_text_gets_an_assessment(text: str) -> None:
    """Whatever is written, there is a type of the policy and a valid record."""
    found = assess(text, POLICY)

    assert POLICY.find_type(found.type)
    assert msgspec.convert(msgspec.to_builtins(found), Assessment) == found


def test_a_very_long_text_is_cut() -> None:
    """What stands after a book of words does not decide, and costs nothing."""
    assert assess("好" * LONGEST_TEXT + "着火", POLICY).urgency is Urgency.GENERAL


def test_lines_in_lines_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`huiyin classify` answers each good line, names each bad one, and says so at the end."""
    lines = tmp_path / "texts.jsonl"
    lines.write_text(
        '{"id": 1, "text": "乱收费"}\nbroken\n\n{"id": "b"}\n{"id": "c", "text": ""}\n',
        encoding="utf-8",
    )

    assert cli.main(["classify", str(lines)]) == 1
    written = capsys.readouterr()
    rows = [json.loads(row) for row in written.out.splitlines()]
    assert [(row["id"], row["type"]) for row in rows] == [(1, "C"), ("c", "F")]
    assert set(rows[0]) == {"id", "type", "urgency", "risk", "major", "confidence", "reasons"}
    assert f"{lines}:2:" in written.err
    assert f"{lines}:4:" in written.err


def test_standard_input_is_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a file the lines come from standard input."""
    given_lines = io.TextIOWrapper(io.BytesIO('{"id": 1, "text": "漏电"}\n'.encode()))
    monkeypatch.setattr("sys.stdin", given_lines)

    assert cli.main(["classify"]) == 0
    assert json.loads(capsys.readouterr().out)["type"] == "S"


@pytest.mark.parametrize("arguments", [["none.jsonl"], ["--policy", "nobody"]])
def test_what_cannot_be_read_is_said(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing file or policy is a clear line and status 2."""
    assert cli.main(["classify", *arguments]) == 2
    assert capsys.readouterr().err


def test_real_texts_are_classified_well_enough() -> None:
    """On the developers' sample the words reach the figures that the policy was written for."""
    if not SAMPLE.exists():
        pytest.skip("the shared folder with the sample of complaints is not here")
    rows = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    found = [(row, assess(row["text"], POLICY)) for row in rows]

    assert macro_f1([(row["type"], got.type) for row, got in found]) >= 0.80
    assert macro_f1([(URGENCIES[row["urgency"]], got.urgency) for row, got in found]) >= 0.80
    assert macro_f1([(str(bool(row["major"])), str(bool(got.major))) for row, got in found]) >= 0.80


def macro_f1(pairs: list[tuple[str, str]]) -> float:
    """Return the mean F1 over the labels that should have been found."""
    scores = []
    for label in {wanted for wanted, _ in pairs}:
        hits = sum(wanted == got == label for wanted, got in pairs)
        named = sum(wanted == label for wanted, _ in pairs) + sum(got == label for _, got in pairs)
        scores.append(2 * hits / named)
    return sum(scores) / len(scores)
