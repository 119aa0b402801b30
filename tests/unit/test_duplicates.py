"""Which texts may be about the same matter: likeness of words, clusters, the command."""

import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints import cli
from complaints.duplicates import clusters, likeness_to, pairs

LIFT = "三号楼的电梯又停了，老人被困在里面半小时，物业没有人来。"
LIFT_AGAIN = "昨晚三号楼电梯停了，我母亲被困在电梯里半个多小时，物业电话没有人接。"
SOUP = "食堂的汤太咸了，反映过，厨师说就是这个味道。"
BILL = "十月的水费多收了两百元，窗口让我自己去查。"
OTHERS = ("快递丢件之后客服一直不回电话。", "健身房停业，预付的年卡不退。", "路灯坏了一个月。")


def test_one_matter_in_other_words_is_one_cluster() -> None:
    """Whatever lies between; and what is alone stays alone."""
    found = clusters([LIFT, SOUP, BILL, LIFT_AGAIN, *OTHERS])
    assert found[0] == found[3] == 0
    assert len(set(found)) == 6


@given(st.lists(st.text(max_size=30), max_size=12))
def test_every_text_has_a_cluster_numbered_by_the_first(texts: list[str]) -> None:
    """From 0, without gaps, in the order of the texts; equal texts of some length together."""
    found = clusters(texts)
    assert len(found) == len(texts)
    assert list(dict.fromkeys(found)) == list(range(len(set(found))))


def test_a_text_that_comes_twice_is_found_whatever_lies_between() -> None:
    """Also among very many, where only telling words are looked up."""
    many = [f"第{n}号投诉：{word}{n * 7}" for n in range(120) for word in (SOUP, BILL)]
    found = clusters([LIFT, *many, LIFT])
    assert found[0] == found[-1]


def test_the_work_grows_with_the_texts_and_not_with_their_square() -> None:
    """Texts of the same few words are not all compared with each other."""
    many = [f"{SOUP}{n}" for n in range(400)]
    assert sum(1 for _ in pairs(many)) <= 400 * 100


def test_likeness_orders_what_staff_are_proposed() -> None:
    """The same matter comes first, another one last."""
    same, other = likeness_to(LIFT, [LIFT_AGAIN, SOUP])
    assert 0 <= other < same <= 1


# ---- the command ---------------------------------------------------------------------------


def test_lines_in_lines_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One row for each readable line, in their order; a broken one is named and costs status 1."""
    rows = [{"id": 1, "text": LIFT, "received_at": "2026-11-20T01:00:00Z"}]
    rows += [{"id": "b", "text": SOUP, "more": True}, {"id": "c", "text": LIFT_AGAIN}]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    lines += [json.dumps({"id": text, "text": text}) for text in OTHERS]
    file = tmp_path / "in.jsonl"
    file.write_text("\n".join([*lines[:2], '{"id": 2}', "", *lines[2:]]), encoding="utf-8")
    assert cli.main(["duplicates", str(file)]) == 1
    written = capsys.readouterr()
    found = {row["id"]: row["cluster"] for row in map(json.loads, written.out.splitlines())}
    assert found == {1: 0, "b": 1, "c": 0} | {text: n for n, text in enumerate(OTHERS, start=2)}
    assert f"{file}:3:" in written.err


def test_all_lines_read_is_status_0(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From standard input as well."""
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b'{"id":"a","text":"x"}')))
    assert cli.main(["duplicates"]) == 0
    assert json.loads(capsys.readouterr().out) == {"id": "a", "cluster": 0}


def test_a_file_that_is_not_there_is_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    """Named on standard error."""
    assert cli.main(["duplicates", "/nowhere.jsonl"]) == 2
    assert "/nowhere.jsonl" in capsys.readouterr().err
