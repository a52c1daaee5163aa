"""`tuancheng decision`: a table is checked and tried from a shell, and every mistake gets a sentence."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.support.decision_tables import dmn, table

ELIGIBILITY = "bpmn/admission/eligibility.dmn"
TOO_YOUNG = {
    "candidate": {"age": 13, "may_apply_from": "2021-05-10"},
    "submit_application": {"nationality": "CN"},
    "rules": {"apply_age_min": 14, "apply_age_max_exclusive": 28},
}

Tuancheng = Callable[..., Result]


def written(folder: Path, *parts: str) -> str:
    path = folder / "t.dmn"
    path.write_text(dmn(*parts), "utf-8")
    return str(path)


def as_text(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False)


def test_a_sound_file_is_described(tuancheng: Tuancheng) -> None:
    answer = tuancheng("decision", "check", ELIGIBILITY)
    assert answer.exit_code == 0
    assert "申请条件（application_eligibility）：4 个输入，4 个输出，7 条规则，命中策略 FIRST" in answer.output
    assert "没有问题" in answer.output


def test_faults_are_told_with_file_line_and_element(tuancheng: Tuancheng, tmp_path: Path) -> None:
    path = written(tmp_path, table(("> 1", "1"), ("> 2", "2")))
    answer = tuancheng("decision", "check", path)
    assert answer.exit_code == 1
    assert f"{path}:1" in answer.stderr
    assert "[r2]" in answer.stderr
    told = json.loads(tuancheng("decision", "check", path, "--json").stdout)
    assert [(each["code"], each["element"]) for each in told["faults"]] == [
        ("decision.overlap", "r2"),
        ("decision.gap", "fit"),
    ]


@pytest.mark.parametrize(
    "content, told",
    [
        (b"", "空的"),
        (b"\x89PNG\r\n", "图片"),
        (b"<definitions/>", "不是 DMN"),
        (dmn().encode(), "没有决策"),
        (b"<!DOCTYPE a><definitions/>", "DOCTYPE"),
        (None, "无法读取"),
    ],
)
def test_a_file_that_is_none_gets_a_sentence(
    tuancheng: Tuancheng, tmp_path: Path, content: bytes | None, told: str
) -> None:
    path = tmp_path / "t.dmn"
    if content is not None:
        path.write_bytes(content)
    for words in (("check", str(path)), ("evaluate", str(path), "fit", "--data", "{}")):
        answer = tuancheng("decision", *words)
        assert answer.exit_code == 1
        assert told in answer.stderr


def test_an_answer_comes_with_its_trace(tuancheng: Tuancheng) -> None:
    answer = tuancheng("decision", "evaluate", ELIGIBILITY, "application_eligibility", "--data", as_text(TOO_YOUNG))
    assert answer.exit_code == 0
    lines = answer.output.splitlines()
    assert "▶ 2 too_young" in lines
    assert "    ✓ 申请时周岁：13，条件 < rules.apply_age_min" in lines
    assert '    ✗ 国籍或地区：“CN”，条件 "other"' in lines
    assert lines[-1] == "依据 团章第1条"


def test_what_is_missing_is_told_with_the_day(tuancheng: Tuancheng) -> None:
    wanted = ("--wanted", '{"outcome": "pass"}')
    words = ("decision", "evaluate", ELIGIBILITY, "application_eligibility", "--data", as_text(TOO_YOUNG), *wanted)
    assert "  · 申请时周岁：现为 13，须 >= 14（最早 2021-05-10）" in tuancheng(*words).output.splitlines()
    [way] = json.loads(tuancheng(*words, "--json").output)["why_not"]
    assert (way["id"], way["earliest"]) == ("eligible", "2021-05-10")
    [[need]] = way["needs"]
    assert (need["id"], need["article"], need["must"], need["fact"]) == ("too_young", "团章第1条", "须 >= 14", 13)


def test_json_has_the_documented_keys(tuancheng: Tuancheng, tmp_path: Path) -> None:
    path = written(
        tmp_path, table(("> base", '"a"'), policy="COLLECT", requires=["base"]), table(("-", "1"), decision="base")
    )
    told = json.loads(tuancheng("decision", "evaluate", path, "fit", "--data", '{"x": 2}', "--json").output)
    assert list(told) == [
        *("decision", "name", "hit_policy", "article", "facts", "result", "matched", "chosen", "rules", "required")
    ]
    [rule] = told["rules"]
    assert list(rule) == ["number", "id", "annotation", "matched", "chosen", "article", "result", "cells"]
    assert list(rule["cells"][0]) == ["input", "expression", "test", "fact", "matched", "unknown"]
    assert told["required"][0]["result"] == {"outcome": 1}


def test_a_decision_may_be_called_by_its_name(tuancheng: Tuancheng, tmp_path: Path) -> None:
    path = written(tmp_path, table(("-", '"a"')))
    assert tuancheng("decision", "evaluate", path, "适合", "--data", "{}").exit_code == 0


def test_data_may_stand_in_a_file(tuancheng: Tuancheng, tmp_path: Path) -> None:
    data = tmp_path / "data.json"
    data.write_text(as_text(TOO_YOUNG), "utf-8")
    answer = tuancheng("decision", "evaluate", ELIGIBILITY, "application_eligibility", "--data", f"@{data}", "--json")
    assert json.loads(answer.output)["result"]["outcome"] == "fail"


def test_a_wanted_answer_that_is_given_is_said_so(tuancheng: Tuancheng, tmp_path: Path) -> None:
    path = written(tmp_path, table(("-", '"a"')))
    answer = tuancheng("decision", "evaluate", path, "fit", "--data", "{}", "--wanted", '{"outcome": "a"}')
    assert "已是想要的结果" in answer.output


@pytest.mark.parametrize(
    "words, told",
    [
        (("fit", "--data", "{"), "--data 不是 JSON"),
        (("fit", "--data", "[1]"), "JSON 对象"),
        (("fit", "--data", "@nowhere.json"), "无法读取 nowhere.json"),
        (("fit", "--data", "{}", "--wanted", "pass"), "--wanted 不是 JSON"),
        (("other", "--data", "{}"), "可用的有 fit"),
        (("fit", "--data", '{"x": 5}'), "没有一条规则适用于 x 5"),
        (("fit", "--data", '{"x": {"a": 1}}'), "没有一条规则适用于"),
    ],
)
def test_a_wrong_call_gets_a_sentence_and_exit_1(
    tuancheng: Tuancheng, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    path = written(tmp_path, table(("< 2", "1")))
    answer = tuancheng("decision", "evaluate", path, *words)
    assert answer.exit_code == 1
    assert told in answer.stderr
    assert answer.stdout == ""


def test_a_table_with_a_gap_is_tried_on_facts_it_covers(tuancheng: Tuancheng, tmp_path: Path) -> None:
    path = written(tmp_path, table(("< 2", '"a"')))
    assert tuancheng("decision", "check", path).exit_code == 1
    answer = tuancheng("decision", "evaluate", path, "fit", "--data", '{"x": 1}', "--json")
    assert json.loads(answer.output)["result"] == {"outcome": "a"}


def test_a_broken_table_is_not_tried(tuancheng: Tuancheng, tmp_path: Path) -> None:
    path = written(tmp_path, table(("> >", "1")), table(("-", "1"), decision="sound"))
    answer = tuancheng("decision", "evaluate", path, "fit", "--data", "{}")
    assert (answer.exit_code, "decision.broken" in answer.stderr) == (1, True)


def test_an_expression_that_breaks_on_the_data_is_told(tuancheng: Tuancheng, tmp_path: Path) -> None:
    path = written(
        tmp_path,
        table(
            ("-", "x + 1"),
        ),
    )
    answer = tuancheng("decision", "evaluate", path, "fit", "--data", '{"x": {"a": 1}}')
    assert answer.exit_code == 1
    assert "无法计算" in answer.stderr
