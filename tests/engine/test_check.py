"""The publish check: every fault names its element and says what to do; no file makes it fail with a traceback."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.engine.conftest import Office
from tests.support.drawings import (
    ANY_FORM,
    boundary,
    bundle,
    drawing,
    end,
    flow,
    service,
    start,
    timer,
    user,
    wait,
    way,
    xor,
)
from workflows.engine import bundles, check
from workflows.engine.bundles import BundleFiles, BundleUnsound
from workflows.engine.drawing import Fault, Unreadable
from workflows.engine.tables import WorkItem
from workflows.journal import SYSTEM

SOUND = drawing(start(), user("ask"), end(), way("begin", "ask", "done"), lanes={"书记": ["ask"]})


def faults(office: Office, text: str, **files: str) -> list[Fault]:
    return check.faults_in(bundle(text, **files), office.environment)


def test_a_sound_bundle_has_no_faults(office: Office) -> None:
    assert faults(office, SOUND, ask=ANY_FORM) == []


@pytest.mark.parametrize(
    "code, element, text",
    [
        ("form.missing", "ask", SOUND),
        (
            "post.missing",
            "ask",
            drawing(start(), user("ask"), end(), way("begin", "ask", "done")),
        ),
        (
            "post.unknown",
            "ask",
            drawing(start(), user("ask"), end(), way("begin", "ask", "done"), lanes={"国王": ["ask"]}),
        ),
        (
            "duties.unknown_step",
            "ask",
            drawing(
                start(), user("ask", apart_from="nobody"), end(), way("begin", "ask", "done"), lanes={"书记": ["ask"]}
            ),
        ),
        (
            "operation.unknown",
            "pay",
            drawing(start(), service("pay", "money.send"), end(), way("begin", "pay", "done")),
        ),
        (
            "operation.parameter_missing",
            "take",
            drawing(start(), service("take", "shelf.take"), end(), way("begin", "take", "done")),
        ),
        (
            "operation.parameter_unknown",
            "note",
            drawing(start(), service("note", "shelf.note", colour="1"), end(), way("begin", "note", "done")),
        ),
        (
            "expression.broken",
            "take",
            drawing(start(), service("take", "shelf.take", count="1 +* 2"), end(), way("begin", "take", "done")),
        ),
        (
            "expression.broken",
            "take",
            drawing(
                start(), service("take", "shelf.take", count="len([1..100000000])"), end(), way("begin", "take", "done")
            ),
        ),
        (
            "timer.broken",
            "pause",
            drawing(start(), wait("pause", timer("soon +")), end(), way("begin", "pause", "done")),
        ),
        (
            "gateway.condition",
            "which",
            drawing(start(), xor("which"), end("a"), end("b"), way("begin", "which", "a"), flow("which", "b")),
        ),
        ("flow.dead_end", "note", drawing(start(), service("note", "shelf.note"), way("begin", "note"))),
        (
            "flow.unreached",
            "note",
            drawing(start(), service("note", "shelf.note"), end(), way("begin", "done"), way("note", "done")),
        ),
        ("flow.fork", "begin", drawing(start(), end("a"), end("b"), way("begin", "a"), way("begin", "b"))),
        ("flow.loose", "begin_to_nowhere", drawing(start(), end(), way("begin", "nowhere"))),
        (
            "element.unsupported",
            "run",
            drawing(start(), '<bpmn:scriptTask id="run"/>', end(), way("begin", "run", "done")),
        ),
        (
            "event.unsupported",
            "hear",
            drawing(start(), wait("hear", "<bpmn:linkEventDefinition/>"), end(), way("begin", "hear", "done")),
        ),
        (
            "decision.missing",
            "judge",
            drawing(start(), '<bpmn:businessRuleTask id="judge"/>', end(), way("begin", "judge", "done")),
        ),
    ],
)
def test_each_fault_is_named_with_its_element(office: Office, code: str, element: str, text: str) -> None:
    found = faults(office, text)
    assert (code, element) in [(fault.code, fault.element) for fault in found]
    assert all(fault.message and fault.line for fault in found if fault.element)


@pytest.mark.parametrize(
    "form, word",
    [
        ("{", "无法读取"),
        ("[]", "components"),
        ('{"components":[{"type":"iframe","key":"x"}]}', "iframe"),
        ('{"components":[{"type":"textfield","label":"姓名"}]}', "键名"),
        ('{"components":[{"type":"select","key":"x","valuesKey":"planets"}]}', "planets"),
        ('{"components":[{"type":"textfield","key":"x","properties":{"check":"x +*"}}]}', "条件"),
    ],
)
def test_each_fault_of_a_form_is_named(office: Office, form: str, word: str) -> None:
    found = faults(office, SOUND, ask=form)
    assert [fault.file for fault in found] == ["forms/ask.form"]
    assert word in found[0].message


@pytest.mark.parametrize(
    "code, text",
    [
        ("xml.broken", "<definitions"),
        ("xml.broken", ""),
        ("xml.doctype", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
        ("bpmn.missing", "<svg/>"),
        ("xml.too_large", "<a>" + "x" * 5_000_000 + "</a>"),
        ("xml.too_deep", "<a>" * 5_000 + "</a>" * 5_000),
        ("xml.broken", "<a>\x00</a>"),
    ],
)
def test_a_file_that_is_no_drawing_gives_one_fault(office: Office, code: str, text: str) -> None:
    [fault] = faults(office, text)
    assert fault.code == code
    assert fault.file == "tiny.bpmn"


def test_a_bundle_needs_exactly_one_drawing(office: Office) -> None:
    two = BundleFiles({"a.bpmn": SOUND, "b.bpmn": SOUND})
    for files in (BundleFiles({}), two):
        codes = [fault.code for fault in check.faults_in(files, office.environment) if fault.code != "form.missing"]
        assert codes == ["bundle.drawing_count"]


def test_a_deadline_on_a_step_needs_a_way_on(office: Office) -> None:
    text = drawing(
        start(),
        user("ask"),
        boundary("late", "ask", timer("P1M")),
        end(),
        way("begin", "ask", "done"),
        lanes={"书记": ["ask"]},
    )
    assert [(fault.code, fault.element) for fault in faults(office, text, ask=ANY_FORM)] == [("flow.dead_end", "late")]


def test_an_unsound_bundle_is_not_published(office: Office) -> None:
    with pytest.raises(BundleUnsound, match="表单") as refused:
        office.publish(bundle(SOUND))
    assert refused.value.faults[0].element == "ask"


def test_the_ways_are_explored_once_for_whoever_checks_and_then_publishes(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []

    def look(files: BundleFiles, _environment: object) -> list[Fault]:
        looked.append(files.files[files.drawing_path])
        return [Fault("gateway.condition", "分支没有条件")] if "没有条件" in looked[-1] else []

    monkeypatch.setattr(check, "faults_in", look)
    monkeypatch.setattr(check, "_known", {})
    sound = bundle(drawing(start(), end(), way("begin", "done")))
    assert check.known_faults(sound, office.environment) == []
    check.publish(office.session, office.environment, sound, SYSTEM)
    assert len(looked) == 1
    broken = bundle(f"{looked[0]}<!-- 没有条件 -->")
    for _ in range(2):
        with pytest.raises(BundleUnsound):
            check.publish(office.session, office.environment, broken, SYSTEM)
    assert len(looked) == 2
    check.known_faults(sound, replace(office.environment, levels={"支委会": 2}))
    assert len(looked) == 3
    for n in range(check._MOST_KNOWN):
        check.known_faults(bundle(f"{looked[0]}<!-- {n} -->"), office.environment)
    assert len(check._known) == check._MOST_KNOWN


def test_the_same_content_makes_no_new_version_and_a_change_makes_one(office: Office) -> None:
    files = bundle(SOUND, ask=ANY_FORM)
    office.publish(files)
    office.publish(BundleFiles({path: text.replace("\n", "\r\n") for path, text in reversed(files.files.items())}))
    assert [each.version for each in bundles.versions(office.session, "tiny")] == [1]
    office.publish(bundle(SOUND.replace('name="ask"', 'name="谈话"'), ask=ANY_FORM))
    assert [each.version for each in bundles.versions(office.session, "tiny")] == [2, 1]


def test_new_cases_take_the_new_version_and_running_ones_keep_theirs(office: Office) -> None:
    old = office.start(bundle(SOUND, ask=ANY_FORM))
    new = office.start(bundle(SOUND.replace('name="ask"', 'name="谈话"'), ask=ANY_FORM))
    labels = {item.case_id: item.label for item in office.session.scalars(select(WorkItem))}
    assert labels == {old.id: "ask", new.id: "谈话"}
    assert old.bundle_id != new.bundle_id


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    def write(**files: str | bytes) -> Path:
        for name, content in files.items():
            path = tmp_path / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    return write


def test_a_folder_is_read_with_everything_in_it(folder: Callable[..., Path], office: Office) -> None:
    path = folder(tiny_dot_bpmn=SOUND, forms__ask_dot_form=ANY_FORM, notes_dot_txt="not part of it")
    files = bundles.read_folder(path)
    assert sorted(files.files) == ["forms/ask.form", "tiny.bpmn"]
    assert check.faults_in(files, office.environment) == []


def test_a_single_drawing_is_read_with_the_forms_beside_it(folder: Callable[..., Path], office: Office) -> None:
    path = folder(tiny_dot_bpmn=SOUND, other_dot_bpmn="<x/>", forms__ask_dot_form=ANY_FORM)
    assert check.faults_in(bundles.read_folder(path / "tiny.bpmn"), office.environment) == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_drawing_in_another_unicode_encoding_is_read(
    folder: Callable[..., Path], office: Office, encoding: str
) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n{SOUND}'.encode(encoding)
    path = folder(tiny_dot_bpmn=text, forms__ask_dot_form=ANY_FORM)
    assert check.faults_in(bundles.read_folder(path), office.environment) == []


def test_a_file_that_is_not_text_is_refused_with_its_name(folder: Callable[..., Path]) -> None:
    with pytest.raises(Unreadable) as refused:
        bundles.read_folder(folder(tiny_dot_bpmn=b"\xff\x00\xfa"))
    assert refused.value.fault.code == "bundle.encoding"
    assert refused.value.fault.file == "tiny.bpmn"


def test_a_folder_without_a_drawing_is_refused(folder: Callable[..., Path]) -> None:
    with pytest.raises(Unreadable, match="没有"):
        bundles.read_folder(folder(readme_dot_md="hello"))
