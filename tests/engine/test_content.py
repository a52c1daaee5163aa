"""The same content, however it is spelt, makes no new version; anything a reader could see makes one."""

import pytest

from tests.engine.conftest import Office
from tests.support.drawings import ANY_FORM, bundle, drawing, end, start, user, way
from workflows.engine import bundles, differences
from workflows.engine.bundles import BundleFiles
from workflows.engine.content import hash_of

DRAWING = """<b:definitions xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:dc="d" id="d"><b:process id="p" name="流程">
 <b:sequenceFlow id="f" sourceRef="a" targetRef="z"><b:conditionExpression xsi:type="b:tFormalExpression">a.b == 1
 </b:conditionExpression></b:sequenceFlow></b:process><dc:Bounds x="1" y="2"/></b:definitions>"""


def same(path: str, one: str, other: str) -> bool:
    return hash_of({path: one}) == hash_of({path: other})


@pytest.mark.parametrize(
    "found, put",
    [
        ("\n", "\r\n"),
        ('id="p" name="流程"', 'name="流程"   id="p"'),
        ("b:", "bpmn:"),
        ("<b:sequenceFlow", "<!-- 一条连线 -->\n\n   <b:sequenceFlow"),
        ('x="1" y="2"/>', "x='1' y='2'></dc:Bounds>"),
    ],
)
def test_another_spelling_of_a_drawing_is_the_same_content(found: str, put: str) -> None:
    respelt = DRAWING.replace(found, put).replace(
        "xmlns:b=", f"xmlns:{put.rstrip(':')}=" if found == "b:" else "xmlns:b="
    )
    assert respelt != DRAWING
    assert same("p.bpmn", DRAWING, respelt)


@pytest.mark.parametrize("found, put", [("流程", "过程"), ("== 1", "== 2"), ('x="1"', 'x="9"'), ('id="f"', 'id="g"')])
def test_another_word_or_a_moved_shape_is_other_content(found: str, put: str) -> None:
    assert not same("p.bpmn", DRAWING, DRAWING.replace(found, put))


def test_forms_and_scenarios_may_be_spaced_and_ordered_otherwise() -> None:
    assert same("forms/a.form", '{"a":1,"b":[1,2]}', '{\n "b": [1, 2],\n "a": 1}')
    assert not same("forms/a.form", '{"b":[1,2]}', '{"b":[2,1]}')
    assert same("scenarios/a.yaml", "name: x\nsteps:\n- do: a\n", "# 说明\nsteps: [{do: a}]\nname: 'x'\n")
    assert not same("scenarios/a.yaml", "name: x", "name: y")


def test_a_file_that_cannot_be_read_counts_letter_by_letter() -> None:
    assert same("p.bpmn", "<a>", "<a>")
    assert not same("p.bpmn", "<a>", "<a> ")


def tiny(label: str = "ask") -> BundleFiles:
    ask = user("ask", lane="书记").replace('name="ask"', f'name="{label}"')
    return bundle(drawing(start(), ask, end(), way("begin", "ask", "done")), ask=ANY_FORM)


def test_only_other_content_makes_a_version_and_going_back_makes_one_too(office: Office) -> None:
    first, renamed = tiny(), tiny("问")
    respelt = BundleFiles({path: text.replace("\n", "\r\n") + " " for path, text in first.files.items()})
    for files in (first, respelt, renamed, renamed, first):
        office.publish(files)
    assert [each.version for each in bundles.versions(office.session, "tiny")] == [3, 2, 1]


def test_a_version_hashed_letter_by_letter_long_ago_is_still_the_same_content(office: Office) -> None:
    office.publish(tiny())
    bundles.latest(office.session, "tiny").content_hash = "0" * 64
    office.publish(tiny())
    assert len(bundles.versions(office.session, "tiny")) == 1


def test_differences_name_the_element_and_what_about_it() -> None:
    old = bundles.parse(tiny())
    steps = [user("ask", lane="书记").replace('name="ask"', 'name="问"'), user("more", lane="书记")]
    text = drawing(start(), *steps, end(), way("begin", "ask", "more", "done"))
    new = bundles.parse(bundle(text, ask=ANY_FORM.replace("日期", "日子"), more=ANY_FORM))
    found = {(each.kind, each.id): each for each in differences.between(old, new)}
    assert [aspect.name for aspect in found["changed", "ask"].aspects] == ["label", "form"]
    assert found["added", "more"].what == "userTask"
    assert found.keys() == {
        ("changed", "ask"),
        ("added", "more"),
        ("removed", "ask_to_done"),
        ("added", "ask_to_more"),
        ("added", "more_to_done"),
    }
    assert differences.between(old, old) == []
