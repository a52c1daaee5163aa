"""DMN files as editors write them: what is read, and what is named as not read."""

import pytest

from tests.support.decision_tables import DMN, codes, dmn, read, table
from workflows.engine import decisions
from workflows.engine.decisions import DecisionTable
from workflows.engine.drawing import Unreadable

LITERAL = "<literalExpression><text>{}</text></literalExpression>"


def faults(*parts: str) -> list[tuple[str, str]]:
    return [
        (fault.code, fault.element)
        for decision in decisions.read(dmn(*parts), "t.dmn")
        for fault in decisions.faults_in(decision, "t.dmn")
    ]


@pytest.mark.parametrize(
    "namespace",
    [
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        DMN,
        "https://www.omg.org/spec/DMN/20211108/MODEL/",
        "https://www.omg.org/spec/DMN/20230324/MODEL/",
    ],
)
def test_every_version_from_1_1_to_1_5_is_read(namespace: str) -> None:
    [found] = decisions.read(dmn(table(("-", "1")), namespace=namespace), "t.dmn")
    assert decisions.evaluate(found, {})[0] == {"outcome": 1}


@pytest.mark.parametrize(
    "text",
    [
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>',
        "<definitions/>",
        '<decision xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"/>',
    ],
)
def test_a_file_that_is_not_dmn_is_refused(text: str) -> None:
    with pytest.raises(Unreadable, match=r"不是 DMN 1\.1–1\.5 文件"):
        decisions.read(text, "t.dmn")


def test_what_a_table_says_is_read_with_its_places() -> None:
    rules = [("< 14", '"a"'), (">= 14", '"b"')]
    found = read(
        *rules, inputs=[("年龄", "ask.age", "number", "[0..100]")], outputs=[("outcome", '"c"', '"a","b","c"')]
    )
    assert isinstance(found, DecisionTable)
    [column], [output] = found.inputs, found.outputs
    assert (column.label, column.expression, column.type) == ("年龄", "ask.age", "number")
    assert column.allowed is not None
    assert output.default is not None
    assert (column.allowed.text, output.default.text) == ("[0..100]", '"c"')
    assert [(rule.number, rule.id) for rule in found.rules] == [(1, "r1"), (2, "r2")]
    assert found.rules[1].cells[0].id == "r2i1"
    assert found.hit_policy == "UNIQUE"


def test_the_hit_policy_is_unique_where_none_is_named() -> None:
    text = dmn(table(("-", "1"))).replace(' hitPolicy="UNIQUE"', "")
    [found] = decisions.read(text, "t.dmn")
    assert isinstance(found, DecisionTable)
    assert found.hit_policy == "UNIQUE"


def test_a_single_output_may_go_without_a_name() -> None:
    assert decisions.evaluate(read(("-", "1"), outputs=[""]), {})[0] == {"result": 1}


def test_a_description_and_annotations_say_what_a_rule_is_for() -> None:
    text = dmn(table(("-", "1"))).replace("</rule>", "<annotationEntry><text>第 1 条</text></annotationEntry></rule>")
    text = text.replace('<rule id="r1">', '<rule id="r1"><description>年龄</description>')
    [found] = decisions.read(text, "t.dmn")
    assert decisions.evaluate(found, {})[1].rules[0].annotation == "年龄；第 1 条"


@pytest.mark.parametrize("orientation", ["Rule-as-Row", "Rule-as-Column", "CrossTable"])
def test_how_an_editor_lays_a_table_out_does_not_matter(orientation: str) -> None:
    assert not codes(("-", "1"), preferredOrientation=orientation)


def test_an_unknown_layout_is_refused() -> None:
    assert codes(("-", "1"), preferredOrientation="Round") == [("decision.unsupported", "fit_t")]


@pytest.mark.parametrize(
    "boxed", ["invocation", "context", "relation", "list", "functionDefinition", "conditional", "filter"]
)
def test_boxed_expressions_without_counterpart_are_refused_by_name(boxed: str) -> None:
    [found] = decisions.read(dmn(f'<decision id="a"><{boxed} id="box"/></decision>'), "t.dmn")
    [fault] = decisions.faults_in(found, "t.dmn")
    assert (fault.code, fault.element) == ("decision.unsupported", "box")
    assert boxed in fault.message
    with pytest.raises(decisions.DecisionFault):
        decisions.evaluate(found, {})


def test_an_empty_decision_and_a_knowledge_model_are_refused() -> None:
    assert faults('<decision id="a"/>') == [("decision.unsupported", "a")]
    knows = '<knowledgeRequirement><requiredKnowledge href="#m"/></knowledgeRequirement>'
    assert faults(f'<decision id="a">{knows}{LITERAL.format("1")}</decision>') == [("decision.unsupported", "a")]


def test_inputs_that_are_drawn_are_only_names() -> None:
    needs = '<informationRequirement><requiredInput href="#age"/></informationRequirement>'
    assert not faults(
        '<inputData id="age" name="年龄"/>', f'<decision id="a">{needs}{LITERAL.format("age")}</decision>'
    )


def test_decisions_in_a_circle_are_refused_with_the_way_round() -> None:
    parts = [table(("-", "1"), decision=name, requires=[other]) for name, other in ("ab", "bc", "ca")]
    circles = [
        fault
        for decision in decisions.read(dmn(*parts), "t.dmn")
        for fault in decisions.faults_in(decision, "t.dmn")
        if fault.code == "decision.circle"
    ]
    assert [(fault.element, "a → b → c → a" in fault.message) for fault in circles] == [("c", True)]


def test_a_required_decision_must_stand_in_the_file() -> None:
    assert faults(table(("-", "1"), requires=["elsewhere"])) == [("decision.requires_unknown", "fit")]


def test_decisions_have_ids_of_their_own() -> None:
    assert faults(table(("-", "1")), table(("-", "2"))) == [("decision.twice", "fit")]
    assert faults(table(("-", "1"), decision=""))[0][0] == "decision.no_id"


def test_a_rule_with_too_few_or_too_many_cells_is_a_fault_and_nothing_worse() -> None:
    assert codes(("-", "1"), ("-",), ("-", "1", "2")) == [("decision.columns", "r2"), ("decision.columns", "r3")]


def test_outputs_have_names_of_their_own() -> None:
    assert codes(("-", "1", "2"), outputs=["a", "a"]) == [("decision.columns", "out1"), ("decision.columns", "out2")]
    assert codes(("-", "1", "2"), outputs=["a", ""]) == [("decision.columns", "out2")]
    assert ("decision.columns", "fit") in codes(("-",), outputs=[])


def test_broken_expressions_are_named_by_their_element() -> None:
    about = {"inputs": [("年龄", "ask.age +", "", "[1..")], "outputs": [("outcome", "1 +", "(")]}
    assert codes(("> >", "("), policy="FIRST", **about) == [
        ("decision.broken", element) for element in ("in1", "allowed1", "out1", "out1", "r1i1", "r1o1")
    ]


def test_an_input_and_a_decision_need_an_expression() -> None:
    assert codes(("-", "1"), inputs=[("年龄", "")]) == [("decision.broken", "in1")]
    assert faults(f'<decision id="a">{LITERAL.format("")}</decision>') == [("decision.broken", "a")]
    assert faults(f'<decision id="a">{LITERAL.format("1 +")}</decision>') == [("decision.broken", "a")]


@pytest.mark.parametrize("language", ["groovy", "http://www.w3.org/1999/XPath", "javascript"])
def test_another_expression_language_is_refused(language: str) -> None:
    text = dmn(table(("-", "1"))).replace("<inputEntry", f'<inputEntry expressionLanguage="{language}"')
    [found] = decisions.read(text, "t.dmn")
    [fault] = decisions.faults_in(found, "t.dmn")
    assert (fault.code, fault.element) == ("decision.language", "r1i1")


def test_the_language_of_dmn_is_ours() -> None:
    feel = 'expressionLanguage="https://www.omg.org/spec/DMN/20191111/FEEL/"'
    [found] = decisions.read(dmn(table(("-", "1"))).replace("<inputEntry", f"<inputEntry {feel}"), "t.dmn")
    assert not decisions.faults_in(found, "t.dmn")
