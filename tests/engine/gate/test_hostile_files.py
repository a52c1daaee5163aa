"""Files made to exhaust whoever reads them are refused by a code, before anything is built of them."""

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.gate.bombs import BOMBS, NO_FALSE_ALARM, bundle_with
from tests.support.drawings import ANY_FORM, drawing, end, flow, start, user, way
from workflows.engine import bundles, check
from workflows.engine.bundles import BundleFiles
from workflows.engine.catalogue import MOST_ELEMENTS
from workflows.engine.drawing import DEEPEST_XML, Unreadable, parse_xml
from workflows.engine.gate import intake, limits, shapes
from workflows.operations.wiring import ENVIRONMENT

MOST_MEMORY = 700_000_000
"""Bytes of address space for the child; it has about 200 million before it reads anything."""
MOST_SECONDS = 20
"""Of processor time for all bombs together, the start of the program included; they take about two."""

ROOT = Path(__file__).parents[3]

SOUND = drawing(start(), user("ask"), end(), way("begin", "ask", "done"), lanes={"团支部书记": ["ask"]})


def codes(files: dict[str, str]) -> set[str]:
    return {fault.code for fault in check.faults_in(BundleFiles(files), ENVIRONMENT)}


def sound(**files: str) -> dict[str, str]:
    return {"tiny.bpmn": SOUND, "forms/ask.form": ANY_FORM} | {
        name.replace("__", "/").replace("_dot_", "."): text for name, text in files.items()
    }


def test_every_bomb_is_refused_by_its_code_within_bounded_memory_and_time() -> None:
    """In a child of its own, which the system kills when it takes more."""

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))

    done = subprocess.run(
        [sys.executable, "-m", "tests.engine.gate.bombs"],
        cwd=ROOT,
        preexec_fn=bounded,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    told = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert told == {name: code for name, (code, _) in BOMBS.items()}


@pytest.mark.parametrize("name", NO_FALSE_ALARM)
def test_the_word_doctype_in_a_text_or_a_comment_is_no_alarm(name: str) -> None:
    assert codes(bundle_with(NO_FALSE_ALARM[name](SOUND))) <= {"form.missing"}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "gb18030"])
def test_a_doctype_is_found_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?><!DOCTYPE a [<!ENTITY b "团">]><a>&b;</a>'
    (tmp_path / "x.bpmn").write_bytes(text.encode(encoding))
    [fault] = check.faults_in(bundles.read_folder(tmp_path), ENVIRONMENT)
    assert (fault.code, fault.file, fault.line) == ("xml.doctype", "x.bpmn", 1)


@pytest.mark.parametrize("depth, is_read", [(DEEPEST_XML, True), (DEEPEST_XML + 1, False)])
def test_the_last_depth_that_is_read_is_the_one_named(depth: int, is_read: bool) -> None:
    text = "<a>" * depth + "</a>" * depth
    if is_read:
        assert parse_xml(text, "a").tag == "a"
    else:
        with pytest.raises(Unreadable, match=str(DEEPEST_XML)):
            parse_xml(text, "a")


def test_a_file_on_disk_that_is_too_large_is_not_even_read(tmp_path: Path) -> None:
    with (tmp_path / "x.bpmn").open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(Unreadable) as refused:
        bundles.read_folder(tmp_path)
    assert refused.value.fault.code == "xml.too_large"


def test_a_folder_of_too_many_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.bpmn").write_text(SOUND)
    for number in range(intake.MOST_FILES):
        (tmp_path / f"{number}.md").touch()
    with pytest.raises(Unreadable) as refused:
        bundles.read_folder(tmp_path)
    assert refused.value.fault.code == "bundle.too_many_files"
    assert codes({f"{number}.bpmn": SOUND for number in range(intake.MOST_FILES + 1)}) == {"bundle.too_many_files"}


@pytest.mark.parametrize(
    "code, file, text",
    [
        ("bundle.file_too_large", "README.md", "x" * (limits.LARGEST_TEXT + 1)),
        ("form.broken", "forms/ask.form", "[" * 40 + "]" * 40),
        ("form.broken", "forms/ask.form", '{"components":[' + ",".join(["{}"] * limits.MOST_ENTRIES) + ",{}]}"),
        ("form.broken", "forms/ask.form", '{"components":[' + ",".join(["{}"] * (shapes.MOST_COMPONENTS + 1)) + "]}"),
        ("form.broken", "forms/ask.form", '{"components":[5]}'),
        ("form.broken", "forms/ask.form", '{"components":[{"type":[],"key":"a"}]}'),
        ("form.broken", "forms/ask.form", '{"components":[{"type":"textfield","key":"a","validate":7}]}'),
        ("form.broken", "forms/ask.form", '{"components":[{"type":"number","key":"a","validate":{"min":"1"}}]}'),
        ("form.broken", "forms/ask.form", '{"components":[{"type":"select","key":"a","values":[{"value":1}]}]}'),
        ("form.broken", "forms/ask.form", '{"components":[{"type":"textfield","key":"a","properties":{"check":1}}]}'),
        ("form.broken", "forms/ask.form", '{"components":[{"type":"number","key":"a"},{"type":"number","key":"a"}]}'),
        ("scenario.broken", "scenarios/a.yaml", "a: &a [1]\nb: *a"),
        ("scenario.broken", "scenarios/a.yaml", "[" * 40),
        ("scenario.broken", "scenarios/a.yaml", "a: [b"),
        ("scenario.broken", "scenarios/a.yaml", "name: a\nbegins: 2020-01-01\nsteps: 5"),
        ("scenario.broken", "scenarios/a.yaml", "name: a\nbegins: 2020-01-01\nsteps: [5]"),
        ("scenario.broken", "scenarios/a.yaml", "name: a\nbegins: 2020-99-99\nsteps: []"),
        ("scenario.broken", "scenarios/a.yaml", "name: a\nbegins: x\nsteps: []"),
        ("scenario.broken", "scenarios/a.yaml", f"name: a\nbegins: 2020-01-01\nsteps: []\nplaces: {'9' * 5_000}"),
        ("scenario.broken", "scenarios/a.yaml", "!!python/object/apply:os.system [ls]"),
        ("scenario.broken", "notes.yaml", "a: &a [1]"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else None,
)
def test_what_stands_beside_the_drawing_is_bounded_too(code: str, file: str, text: str) -> None:
    found = check.faults_in(BundleFiles(sound() | {file: text}), ENVIRONMENT)
    assert {(fault.code, fault.file) for fault in found} == {(code, file)}
    assert all("请" in fault.message or "无法读取" in fault.message for fault in found)


@pytest.mark.parametrize(
    "written, named",
    [
        ("places: many", "places"),
        ("places: -5", "places"),
        ("went_through: 5", "went_through"),
        ("places_after: [1]", "places_after"),
        ("ends_at: [1]", "ends_at"),
        ("begins: 0001-01-01", "1900"),
        ("begins: 2020-01-01T08:00:00", "一天"),
        ("steps: [{do: 5}]", "第 1 步的 do"),
        ("steps: [{do: ask, on: [1]}]", "第 1 步的 on"),
        ("steps: [{do: ask}, {do: ask, with: [1]}]", "第 2 步的 with"),
        ("steps: [{at: 5}]", "第 1 步的 at"),
        ("steps: [{because: 5}]", "第 1 步的 because"),
        ("steps: [{refused: 5}]", "refused"),
        ("steps: [{refused: {do: ask}}]", "code"),
        ("steps: [{refused: {do: ask, code: [1]}}]", "refused.code"),
    ],
)
def test_a_scenario_that_is_built_otherwise_is_refused_by_what_is_wrong(written: str, named: str) -> None:
    content = {"name": "name: a", "begins": "begins: 2020-01-01", "steps": "steps: []"}
    lines = [line for key, line in content.items() if not written.startswith(key)] + [written]
    [fault] = check.faults_in(BundleFiles(sound() | {"scenarios/a.yaml": "\n".join(lines)}), ENVIRONMENT)
    assert (fault.code, fault.file) == ("scenario.broken", "scenarios/a.yaml")
    assert named in fault.message


@pytest.mark.parametrize("steps, is_read", [(MOST_ELEMENTS // 2 - 2, True), (MOST_ELEMENTS // 2, False)])
def test_the_longest_way_that_is_read_can_be_run_too(steps: int, is_read: bool) -> None:
    names = [f"step_{number}" for number in range(steps)]
    parts = (user(name, form="ask") for name in names)
    text = drawing(start(), *parts, end(), way("begin", *names, "done"), lanes={"团支部书记": names})
    found = codes({"tiny.bpmn": text, "forms/ask.form": ANY_FORM})
    assert found == (set() if is_read else {"bpmn.too_large"})


@pytest.mark.parametrize("wrap", [lambda text: text, lambda text: text.replace("\n", "\r\n")], ids=["lf", "crlf"])
def test_ordinary_bundles_stay_far_below_every_limit(wrap: Callable[[str], str]) -> None:
    files = bundles.read_folder(ROOT / "bpmn/admission").files
    assert not list(limits.faults_of({path: wrap(text) for path, text in files.items()}))
    assert (
        max(len(text) for path, text in files.items() if path.endswith((".form", ".yaml"))) * 10 < limits.LARGEST_TEXT
    )


def test_flows_of_one_sound_step_are_still_read() -> None:
    assert codes(sound()) == set()
    assert "flow.fork" in codes(
        sound() | {"tiny.bpmn": SOUND.replace("</bpmn:process>", flow("ask", "begin") + "</bpmn:process>")}
    )
