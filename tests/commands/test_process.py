"""`tuancheng process`: sound bundles are described, all others get faults with a place, and never a traceback."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

ADMISSION = "bpmn/admission"

Tuancheng = Callable[..., Result]


def test_check_lists_steps_lanes_forms_and_operations(tuancheng: Tuancheng) -> None:
    answer = tuancheng("process", "check", ADMISSION)
    assert answer.exit_code == 0
    for word in ("派人谈话", "initial_talk", "团支部书记", "quota.reserve", "没有问题"):
        assert word in answer.output


def test_check_takes_a_single_drawing(tuancheng: Tuancheng) -> None:
    answer = tuancheng("process", "check", f"{ADMISSION}/admission.bpmn", "--json")
    assert (answer.exit_code, json.loads(answer.output)) == (0, {"ok": True, "faults": []})


def test_check_names_code_element_label_line_and_message(tuancheng: Tuancheng, tmp_path: Path) -> None:
    drawing = Path(ADMISSION, "admission.bpmn").read_text("utf-8")
    broken = tmp_path / "admission.bpmn"
    broken.write_text(drawing.replace('id="quota.reserve"', 'id="quota.borrow"'), "utf-8")
    answer = tuancheng("process", "check", str(broken), "--json")
    told = json.loads(answer.output)
    fault = next(each for each in told["faults"] if each["code"] == "operation.unknown")
    assert (answer.exit_code, told["ok"]) == (1, False)
    assert (fault["element"], fault["label"]) == ("quota_reserve", "预留名额与编号")
    assert "quota.borrow" in fault["message"]
    assert 'id="quota_reserve"' in drawing.splitlines()[fault["line"] - 1]


def test_check_tells_people_the_same_in_words(tuancheng: Tuancheng, tmp_path: Path) -> None:
    drawing = Path(ADMISSION, "admission.bpmn").read_text("utf-8")
    broken = tmp_path / "admission.bpmn"
    broken.write_text(drawing.replace('id="quota.reserve"', 'id="quota.borrow"'), "utf-8")
    answer = tuancheng("process", "check", str(broken))
    assert answer.exit_code == 1
    assert "预留名额与编号 [quota_reserve]" in answer.stderr


def test_check_tells_the_way_on_which_a_case_would_stop(tuancheng: Tuancheng, tmp_path: Path) -> None:
    drawing = Path(ADMISSION, "admission.bpmn").read_text("utf-8")
    shutil.copytree(ADMISSION, tmp_path / "admission")
    broken = tmp_path / "admission" / "admission.bpmn"
    broken.write_text(
        drawing.replace('check_application.outcome == "accept"', 'check_application.outcome == "ok"'), "utf-8"
    )
    answer = tuancheng("process", "check", str(broken.parent))
    assert "材料是否齐全？ [check_application_outcome]" in answer.stderr
    assert "经过：提出入团申请 → 提交入团申请书 → 登记申请人 → 审核申请条件 → 符合申请条件？" in answer.stderr
    told = json.loads(tuancheng("process", "check", str(broken.parent), "--json").output)
    assert told["faults"][0]["code"] == "gate.no_branch"
    assert told["faults"][0]["path"][-2:] == ["check_application", "check_application_outcome"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not xml at all",
        b"<bpmn:definitions",
        b"<html><body>a page</body></html>",
        b'<!DOCTYPE x [<!ENTITY e "e">]><x>&e;</x>',
        "<x>团</x>".encode("gb18030"),
        bytes(range(256)),
    ],
    ids=["empty", "text", "cut-off", "page", "doctype", "gb18030", "bytes"],
)
def test_check_finds_faults_in_whatever_it_is_given(tuancheng: Tuancheng, tmp_path: Path, content: bytes) -> None:
    foreign = tmp_path / "foreign.bpmn"
    foreign.write_bytes(content)
    for words in (["process", "check", str(foreign), "--json"], ["process", "check", str(foreign)]):
        answer = tuancheng(*words)
        assert isinstance(answer.exception, SystemExit), answer.exception
        assert answer.exit_code == 1
    told = json.loads(tuancheng("process", "check", str(foreign), "--json").output)
    assert not told["ok"]
    assert all(each["code"] and each["message"] for each in told["faults"])


FOREIGN = sorted(Path("tests/engine/foreign").glob("*.bpmn"))


@pytest.mark.parametrize("path", FOREIGN, ids=lambda path: path.stem)
def test_check_lists_what_another_tools_drawing_needs(tuancheng: Tuancheng, path: Path) -> None:
    answer = tuancheng("process", "check", str(path), "--json")
    assert isinstance(answer.exception, SystemExit), answer.exception
    told = json.loads(answer.output)
    assert (answer.exit_code, told["ok"]) == (1, False)
    assert all(fault["code"] and fault["message"] and fault["file"] == path.name for fault in told["faults"])


def test_check_tells_an_administrator_what_to_write_instead(tuancheng: Tuancheng) -> None:
    answer = tuancheng("process", "check", "tests/engine/foreign/camunda7_user_tasks.bpmn")
    assert answer.exit_code == 1
    assert "camunda7_user_tasks.bpmn:5  填写申请 [apply]  Camunda 7 的 formKey" in answer.stderr
    assert "forms/apply.form" in answer.stderr
    assert "共 13 处问题。" in answer.stderr


@pytest.mark.parametrize("name", ["export.zip", "notes.txt", "table.dmn", "picture.png"])
def test_check_takes_any_file_and_says_what_it_is(tuancheng: Tuancheng, tmp_path: Path, name: str) -> None:
    content = {
        "export.zip": b"PK\x03\x04",
        "notes.txt": "先申请".encode(),
        "table.dmn": Path("tests/engine/foreign/dmn_table.bpmn").read_bytes(),
        "picture.png": b"\x89PNG\r\n",
    }[name]
    (tmp_path / name).write_bytes(content)
    answer = tuancheng("process", "check", str(tmp_path / name))
    assert answer.exit_code == 1
    assert "这是" in answer.stderr
    assert "共 1 处问题。" in answer.stderr


@pytest.mark.parametrize("verb", ["check", "test"])
def test_a_path_that_is_not_there_is_a_fault(tuancheng: Tuancheng, tmp_path: Path, verb: str) -> None:
    answer = tuancheng("process", verb, str(tmp_path / "nowhere"))
    assert (answer.exit_code, "找不到" in answer.stderr) == (1, True)


def test_a_folder_without_a_drawing_is_a_fault(tuancheng: Tuancheng, tmp_path: Path) -> None:
    assert tuancheng("process", "check", str(tmp_path)).exit_code == 1


def test_a_scenario_that_leaves_ways_untried_is_reported_with_what_it_missed(
    tuancheng: Tuancheng, tmp_path: Path
) -> None:
    one = next(Path(ADMISSION, "scenarios").glob("*.yaml"))
    kept = shutil.ignore_patterns(*(path.name for path in one.parent.iterdir() if path != one))
    shutil.copytree(ADMISSION, tmp_path / "admission", ignore=kept)
    answer = tuancheng("process", "test", str(tmp_path / "admission"))
    assert answer.exit_code == 1
    assert "✓" in answer.output
    assert "图元覆盖" in answer.output
    assert "未经过：end_admitted" in answer.output


def test_a_scenario_that_cannot_be_played_is_reported_and_never_a_traceback(
    tuancheng: Tuancheng, tmp_path: Path
) -> None:
    bundle = tmp_path / "admission"
    shutil.copytree(ADMISSION, bundle, ignore=shutil.ignore_patterns("*.yaml"))
    head = "begins: 2020-03-02\nsteps:\n"
    for name, step in {
        "message": "{message: applicant_withdraws}",
        "number": "{do: submit_application, with: {name: '@id:x'}}",
        "late": "{wait_until: 2200-01-01}",
    }.items():
        (bundle / "scenarios").mkdir(exist_ok=True)
        (bundle / "scenarios" / f"{name}.yaml").write_text(f"name: {name}\n{head}  - {step}\n")
    answer = tuancheng("process", "test", str(bundle))
    assert (answer.exit_code, isinstance(answer.exception, SystemExit)) == (1, True)
    for words in ("案件还没有开始", "不认识 @id:x", "2199 年之间"):
        assert words in answer.output


def test_a_bundle_without_scenarios_is_not_called_tested(tuancheng: Tuancheng) -> None:
    answer = tuancheng("process", "test", f"{ADMISSION}/admission.bpmn")
    assert (answer.exit_code, "没有场景" in answer.stderr) == (1, True)
