"""Exports of other tools are read without a crash, and each gets the list of what must be changed, in drawing order.

The files beside this one are written in the shape of such exports; their names say the tool and the case.
"""

import re
from pathlib import Path
from random import Random

import pytest

from tests.engine.test_elements_refused import damaged
from workflows.engine import bundles, catalogue, check
from workflows.engine.bundles import BundleFiles
from workflows.engine.drawing import Drawing, Fault
from workflows.operations.wiring import ENVIRONMENT

HERE = Path(__file__).parent
FILES = sorted(path.stem for path in HERE.glob("*.bpmn"))

NO_POST_NO_FORM = ("post.missing", "form.missing")

EXPECTED: dict[str, list[tuple[str, ...]]] = {
    "activiti_default_namespace": [
        ("begin", "extension.foreign"),
        ("request", "extension.foreign", "extension.foreign", *NO_POST_NO_FORM),
        ("mail", "extension.foreign", "operation.unknown"),
        ("short", "expression.broken"),
        ("long", "expression.broken"),
    ],
    "advanced_elements": [
        ("each_monday", "event.unsupported"),
        ("which", "element.unsupported"),
        ("pay", "element.unsupported"),
        ("pe", "event.unsupported"),
        ("anything", "element.unsupported"),
        ("whatever", "element.unsupported"),
        ("jump", "event.unsupported"),
    ],
    "bizagi_black_box_pool": [
        ("Id_main", "bpmn.process_count"),
        ("Id_9a-77", "element.id", *NO_POST_NO_FORM),
    ],
    "bpmn2_prefix_two_executable_pools": [
        ("branch", "bpmn.process_count"),
        ("collect", *NO_POST_NO_FORM),
        ("report_up", "event.reference"),
    ],
    "bpmnio_nested_lanes": [
        ("first", "form.missing"),
        ("inside", "form.missing"),
        ("inside_committee", "form.missing"),
        ("third", *NO_POST_NO_FORM),
    ],
    "bpmnio_new_diagram": [("Process_1", "bpmn.process_count")],
    "bpmnio_pools_and_black_boxes": [("call_on", "form.missing")],
    "camunda7_service_tasks": [
        ("charge", "extension.foreign", "extension.foreign", "operation.unknown"),
        ("ship", "extension.foreign", "operation.unknown"),
        ("call", "extension.foreign", "operation.unknown"),
        ("compute", "element.unsupported"),
        ("judge", "extension.foreign", "decision.missing"),
    ],
    "camunda7_user_tasks": [
        ("leave", "extension.foreign"),
        ("begin", "extension.foreign"),
        ("apply", *["extension.foreign"] * 3, *NO_POST_NO_FORM),
        ("approve", *["extension.foreign"] * 3, *NO_POST_NO_FORM),
        ("verdict_done", "expression.broken"),
    ],
    "camunda8_feel": [
        ("review", *["extension.foreign"] * 3, *NO_POST_NO_FORM),
        ("pay", "extension.foreign", "operation.unknown"),
        ("late", "timer.broken"),
        ("ok_pay", "expression.broken"),
    ],
    "camunda8_messages_and_loops": [
        ("ask_all", "extension.foreign", "extension.foreign", "loop.missing", "operation.unknown"),
        ("answer", "extension.foreign", "message.uncorrelated"),
        ("settle", "extension.foreign", "call.unknown"),
    ],
    "choreography": [("dance", "bpmn.process_count")],
    "collaboration_without_process": [("buyer", "bpmn.process_count")],
    "conversation": [("talks", "bpmn.process_count")],
    "dangling_references": [
        ("hear", "event.reference"),
        ("which", "gateway.condition"),
        ("late", "boundary.unattached"),
        ("done", "event.reference"),
        ("which_no_node", "flow.loose"),
        ("bare", "flow.loose"),
    ],
    "duplicate_ids": [
        ("begin", "element.twice"),
        ("same", "element.twice"),
        ("", "element.no_id"),
        ("begin", "flow.misplaced"),
    ],
    "flowable_multi_instance": [
        ("review", "extension.foreign"),
        ("sign", *["extension.foreign"] * 4, "loop.missing", "expression.broken", *NO_POST_NO_FORM),
    ],
    "ids_in_chinese_with_dots": [
        ("谈话", "element.id", "form.missing"),
        ("step-2", "element.id", "form.missing"),
        ("step.3", "element.id", "form.missing"),
    ],
    "jbpm_scripts_and_data": [
        ("evaluation", "extension.foreign"),
        ("assess", "element.attribute", "extension.foreign", "extension.foreign", *NO_POST_NO_FORM),
        ("rules", "extension.foreign", "decision.missing"),
        ("to_rules", "element.attribute", "expression.broken"),
    ],
    "oracle_qualified_references": [("hear", "message.uncorrelated"), ("done", "error.uncaught")],
    "processes_that_call_each_other": [("one", "bpmn.process_count")],
    "semantic_prefix_none_executable": [("large", "bpmn.process_count"), ("talk", *NO_POST_NO_FORM)],
    "signavio_metadata": [("sid-0f1", "bpmn.process_count"), ("sid-2", "element.unsupported")],
    "spiffarena_scripts": [
        ("show", "extension.unknown", "script.forbidden", *NO_POST_NO_FORM),
        ("set", "element.unsupported"),
    ],
    "visio_diagram_only": [("", "bpmn.process_count")],
}
"""What must be changed, element by element, in drawing order."""

WHAT_IT_IS = {
    "bpmn1_intalio": "BPMN 1.x",
    "bpmn_draft": "定稿以前",
    "cut_off": "不是完整的 XML",
    "dmn_table": "改名为 .dmn",
    "download_page": "网页",
    "drawio": "draw.io",
    "form_js": "表单",
    "no_namespace": "命名空间",
    "plain_text": "普通文本",
    "signavio_json": "JSON",
    "uml_model": "UML",
    "visio_drawing": "Visio",
    "xpdl_package": "XPDL",
}
"""Files that are no BPMN 2.0: what the one fault calls them."""


def text_of(name: str) -> str:
    return (HERE / f"{name}.bpmn").read_text("utf-8")


def faults(text: str) -> list[Fault]:
    return check.faults_in(BundleFiles({"foreign.bpmn": text}), ENVIRONMENT)


def drawn(name: str) -> Drawing:
    drawing, _ = catalogue.examine({"foreign.bpmn": text_of(name)})
    assert drawing is not None
    return drawing


def message_of(name: str, element: str, word: str) -> str:
    """The one sentence about an element that mentions a word."""
    [message] = [each.message for each in faults(text_of(name)) if each.element == element and word in each.message]
    return message


def test_every_sample_has_its_expectation() -> None:
    assert sorted([*EXPECTED, *WHAT_IT_IS]) == FILES


@pytest.mark.parametrize("name", EXPECTED)
def test_what_must_be_changed_is_named_element_by_element_in_drawing_order(name: str) -> None:
    found = faults(text_of(name))
    wanted = [(element, code) for element, *codes in EXPECTED[name] for code in codes]
    assert [(fault.element, fault.code) for fault in found] == wanted
    assert [fault.line for fault in found] == sorted(fault.line for fault in found)


@pytest.mark.parametrize("name", WHAT_IT_IS)
def test_a_file_of_another_kind_is_called_by_its_name(name: str) -> None:
    [fault] = faults(text_of(name))
    assert fault.code in ("bpmn.missing", "xml.broken")
    assert WHAT_IT_IS[name] in fault.message


@pytest.mark.parametrize("name", FILES)
def test_every_fault_says_in_chinese_what_to_do(name: str) -> None:
    for fault in faults(text_of(name)):
        assert re.search(r"请|应", fault.message), fault.message
        assert len(re.findall(r"[\u4e00-\u9fff]", fault.message)) >= 6, fault.message


def test_the_likeliest_of_several_processes_is_named_with_what_to_do_about_the_others() -> None:
    several = message_of("bpmn2_prefix_two_executable_pools", "branch", "可执行")
    assert "“团支部”（4 个图元）" in several
    assert "取消“团委”" in several
    assert "泳道" in several
    none = message_of("semantic_prefix_none_executable", "large", "可执行")
    assert "“接待”（3 个图元）" in none
    assert "“small”" in none


@pytest.mark.parametrize(
    "name, element, word, instead",
    [
        ("camunda7_user_tasks", "apply", "formKey", "forms/apply.form"),
        ("camunda7_user_tasks", "apply", "assignee", "泳道"),
        ("camunda7_user_tasks", "apply", "taskListener", "操作"),
        ("camunda7_user_tasks", "approve", "candidateGroups（managers）", "泳道"),
        ("camunda7_user_tasks", "approve", "formData（approved", "outcome"),
        ("camunda7_user_tasks", "approve", "dueDate", "定时边界事件"),
        ("camunda7_user_tasks", "verdict_done", "${", "approved == true and days <= 5"),
        ("camunda7_service_tasks", "charge", "delegateExpression", "serviceTaskOperator"),
        ("camunda7_service_tasks", "charge", "asyncBefore", "asynchronous"),
        ("camunda7_service_tasks", "ship", "topic（shipping）", "serviceTaskOperator"),
        ("camunda7_service_tasks", "call", "connector", "serviceTaskOperator"),
        ("camunda7_service_tasks", "judge", "decisionRef", "calledDecisionId"),
        ("camunda8_feel", "review", "formDefinition", "forms/review.form"),
        ("camunda8_feel", "review", "assignmentDefinition", "泳道"),
        ("camunda8_feel", "review", "ioMapping", "步骤标识.栏目"),
        ("camunda8_feel", "pay", "taskDefinition", "serviceTaskOperator"),
        ("camunda8_feel", "late", "FEEL", "P3D"),
        ("camunda8_feel", "ok_pay", "FEEL", "approved == true"),
        ("camunda8_messages_and_loops", "ask_all", "loopCharacteristics", "loopDataInputRef"),
        ("camunda8_messages_and_loops", "answer", "subscription", "correlationProperty"),
        ("activiti_default_namespace", "request", "formProperty", "forms/request.form"),
        ("activiti_default_namespace", "mail", "type（mail）", "serviceTaskOperator"),
        ("activiti_default_namespace", "long", "#{", "days >= 5"),
        ("flowable_multi_instance", "sign", "skipExpression", "网关"),
        ("jbpm_scripts_and_data", "assess", "onEntry-script", "操作"),
        ("jbpm_scripts_and_data", "assess", "potentialOwner", "泳道"),
        ("jbpm_scripts_and_data", "to_rules", "java.com", "language"),
        ("jbpm_scripts_and_data", "to_rules", "return", "脚本"),
    ],
)
def test_what_another_tool_wrote_is_named_with_what_to_write_here(
    name: str, element: str, word: str, instead: str
) -> None:
    assert instead in message_of(name, element, word)


SOUND = text_of("bpmnio_pools_and_black_boxes")


@pytest.mark.parametrize("name", ["work", ""])
def test_a_sub_process_that_stands_in_itself_by_its_id_is_one_fault(name: str) -> None:
    nested = f'<bpmn:subProcess id="{name}"><bpmn:subProcess id="{name}"><bpmn:task id="x"/></bpmn:subProcess>'
    text = SOUND.replace('<bpmn:endEvent id="done" />', f'<bpmn:endEvent id="done" />{nested}</bpmn:subProcess>')
    [fault] = faults(text)
    assert (fault.code, fault.element) == ("element.twice", name)


def test_a_called_process_with_a_sub_process_of_its_own_id_is_one_fault() -> None:
    call = '<bpmn:callActivity id="call" calledElement="at_home" />'
    inner = (
        '<bpmn:process id="at_home"><bpmn:subProcess id="at_home"><bpmn:task id="x"/></bpmn:subProcess></bpmn:process>'
    )
    text = SOUND.replace('<bpmn:endEvent id="done" />', f'<bpmn:endEvent id="done" />{call}')
    [fault] = faults(text.replace('<bpmn:process id="at_home" isExecutable="false" />', inner))
    assert (fault.code, fault.element) == ("element.twice", "at_home")


def test_looks_versions_and_authors_are_left_alone() -> None:
    for name in ("signavio_metadata", "bizagi_black_box_pool", "bpmnio_pools_and_black_boxes"):
        assert not [fault for fault in faults(text_of(name)) if fault.code.startswith("extension")]


def test_the_inner_lane_counts_and_a_step_may_have_one_of_its_own_inside_a_sub_process() -> None:
    nodes = drawn("bpmnio_nested_lanes").nodes
    found = {step: nodes[step].lane for step in ("first", "inside", "inside_committee", "third")}
    assert found == {"first": "团支部书记", "inside": "支委会", "inside_committee": "基层团委", "third": None}


def test_a_reference_with_a_prefix_finds_what_it_means() -> None:
    nodes = drawn("oracle_qualified_references").nodes
    assert (nodes["hear"].detail, nodes["done"].detail) == ("go", "bad")


def test_a_name_over_two_lines_is_one_line_for_people() -> None:
    assert drawn("signavio_metadata").nodes["sid-2"].name == "登记 申请"


DECLARED = '<?xml version="1.0" encoding="{}"?>'


@pytest.mark.parametrize(
    "data",
    [
        SOUND.encode("utf-8-sig"),
        SOUND.replace("UTF-8", "UTF-16").encode("utf-16"),
        SOUND.replace("UTF-8", "UTF-16").encode("utf-16-be"),
        SOUND.replace("UTF-8", "utf-16").encode("utf-16-le"),
        SOUND.replace("UTF-8", "gb18030").encode("gb18030"),
        SOUND.replace("UTF-8", "GB2312").encode("gb2312"),
        SOUND.replace('"UTF-8"', "'gbk' standalone='yes'").encode("gbk"),
        SOUND.replace("\n", "\r\n").encode(),
        SOUND.replace('<?xml version="1.0" encoding="UTF-8"?>', "").encode(),
    ],
    ids=["bom", "utf-16", "utf-16-be", "utf-16-le", "gb18030", "gb2312", "gbk", "crlf", "undeclared"],
)
@pytest.mark.parametrize("name", ["visit.bpmn", "visit.xml", "visit.bpmn20.xml"])
def test_whatever_the_encoding_and_the_ending_the_drawing_is_the_same(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    found = check.faults_in(bundles.read_folder(tmp_path / name), ENVIRONMENT)
    assert [(fault.code, fault.element, fault.label) for fault in found] == [("form.missing", "call_on", "家访")]


@pytest.mark.parametrize(
    "data, word",
    [
        (b"PK\x03\x04\x14\x00", "压缩包"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "图片"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Visio"),
        (bytes(range(128, 256)), "UTF-8"),
        ("<x>团</x>".encode("gb18030"), "UTF-8"),
        (DECLARED.format("utf-7").encode() + b"<a/>", "utf-7"),
        (DECLARED.format("IBM037").encode() + b"<a/>", "ibm037"),
        (DECLARED.format("gbk").encode() + b"<a>\xff\xff</a>", "GB18030"),
        (b"\xff\xfe<", "utf-16"),
    ],
)
def test_bytes_that_are_no_text_are_called_what_they_are(tmp_path: Path, data: bytes, word: str) -> None:
    (tmp_path / "foreign.bpmn").write_bytes(data)
    with pytest.raises(bundles.drawing.Unreadable) as refused:
        bundles.read_folder(tmp_path / "foreign.bpmn")
    assert refused.value.fault.code == "bundle.encoding"
    assert word in refused.value.fault.message
    assert "请" in refused.value.fault.message


def test_an_empty_file_is_called_empty() -> None:
    for text in ("", " \n", "\ufeff"):
        [fault] = faults(text)
        assert (fault.code, "空" in fault.message) == ("xml.broken", True)


def test_a_folder_whose_drawing_has_another_ending_says_to_rename_it(tmp_path: Path) -> None:
    (tmp_path / "visit.xml").write_text(SOUND)
    with pytest.raises(bundles.drawing.Unreadable, match=r"改名为 \.bpmn"):
        bundles.read_folder(tmp_path)


def test_however_an_export_is_damaged_the_check_answers() -> None:
    random, answers = Random(7), []
    drawings = [name for name in EXPECTED if text_of(name).count("<") > 25]
    for _ in range(150):
        text = re.sub(r"^<\?xml.*?\?>", "", text_of(random.choice(drawings)))
        answers.append(bool(faults(damaged(random, text))))
    assert answers.count(True) > 100
