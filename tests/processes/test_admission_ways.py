"""What must hold on every way through the admission drawing, whatever a scenario happens to play."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from workflows.engine import bundles, expressions
from workflows.engine.bundles import ParsedBundle
from workflows.engine.drawing import Drawing, Node

MENTOR_STEPS = ("assign_mentor", "reassign_mentor")
FOLDER = Path(__file__).parents[2] / "bpmn" / "admission"


@pytest.fixture(scope="module")
def bundle() -> ParsedBundle:
    return bundles.parse(bundles.read_folder(FOLDER))


def onward(drawing: Drawing, node: str) -> Iterator[str]:
    """Where a token can go next, deadlines and errors included."""
    yield from (flow.target for flow in drawing.outgoing(node))
    yield from (event.id for event in drawing.nodes.values() if event.attached_to == node)


def reachable(drawing: Drawing, start: str, without: set[str]) -> set[str]:
    """Every element a token at `start` can come to without passing one of `without`."""
    found, waiting = set(), [start]
    while waiting:
        node = waiting.pop()
        if node not in found and node not in without:
            found.add(node)
            waiting += onward(drawing, node)
    return found


def calling(drawing: Drawing, *operations: str) -> set[str]:
    return {node.id for node in drawing.nodes.values() if node.operation in operations}


def results(drawing: Drawing, nodes: set[str]) -> set[str]:
    return {drawing.nodes[node].properties["result"] for node in nodes if "result" in drawing.nodes[node].properties}


def only_without_a_place(drawing: Drawing) -> set[str]:
    """Events that take a step away because the place was given back beside the way."""
    gone = [node for node in drawing.nodes.values() if node.event == "conditional" and node.attached_to]
    assert {node.detail for node in gone} == {'place.state not in ["reserved", "void"]'}
    return {node.id for node in gone}


def test_no_case_ends_while_it_holds_a_place(bundle: ParsedBundle) -> None:
    drawing = bundle.drawing
    settled = calling(drawing, "quota.use_in_year", "quota.release") | only_without_a_place(drawing)
    assert results(drawing, reachable(drawing, "public_notice", without=settled)) == set()


def test_no_second_place_is_reserved_before_the_first_is_given_back(bundle: ParsedBundle) -> None:
    settled = calling(bundle.drawing, "quota.use_in_year", "quota.release") | only_without_a_place(bundle.drawing)
    found = reachable(bundle.drawing, "public_notice", without=settled)
    assert calling(bundle.drawing, "quota.reserve", "quota.reserve_of_year") & found == set()


def test_a_settled_place_is_not_settled_again(bundle: ParsedBundle) -> None:
    drawing = bundle.drawing
    settled = calling(drawing, "quota.use_in_year", "quota.release")
    # A use that is refused for its year has settled nothing.
    anew = calling(drawing, "quota.reserve", "quota.reserve_of_year") | {"number_of_other_year"}
    for place in settled:
        for following in onward(drawing, place):
            assert reachable(drawing, following, without=anew) & settled == set(), place


def test_nobody_becomes_a_member_without_vote_and_approval(bundle: ParsedBundle) -> None:
    for step in ("initial_talk", "train_and_assess", "pre_review", "notice_result", "meeting_decision", "quota_use"):
        assert "admit_member" not in reachable(bundle.drawing, "start_application", without={step}), step
    assert "admit_member" not in reachable(bundle.drawing, "start_application", without={"approve_admission"})


def test_every_element_can_be_reached_and_every_case_can_end(bundle: ParsedBundle) -> None:
    drawing = bundle.drawing
    beginnings = [node.id for node in drawing.nodes.values() if node.kind == "startEvent"]
    met = {node for start in beginnings for node in reachable(drawing, start, set())}
    assert met | {node.id for node in drawing.nodes.values() if node.event_subprocess} == set(drawing.nodes)
    for node in met:
        assert any(drawing.nodes[end].kind == "endEvent" for end in reachable(drawing, node, set())), node


def outcome_gateways(drawing: Drawing) -> Iterator[tuple[str, Node]]:
    """Each user step whose outcome decides the way, with the gateway behind it, or behind the box that ends with it."""
    for step in drawing.nodes.values():
        behind = [drawing.nodes[flow.target] for flow in drawing.outgoing(step.id)]
        if step.inside and [node.kind for node in behind] == ["endEvent"]:
            behind = [drawing.nodes[flow.target] for flow in drawing.outgoing(step.inside)] or behind
        if step.kind == "userTask" and behind[0].kind == "exclusiveGateway" and len(drawing.outgoing(behind[0].id)) > 1:
            yield step.id, behind[0]


def answers_to(drawing: Drawing, gateway: Node, step: str, outcome: str) -> list[str] | None:
    """Where the gateway sends this outcome of the step; None when it asks about something else."""
    flows = drawing.outgoing(gateway.id)
    if len(flows) < 2 or not any(f"{step}.outcome" in (flow.condition or "") for flow in flows):
        return None
    data = {step: {"outcome": outcome}}
    return [flow.target for flow in flows if expressions.holds(flow.condition or "false", data)]


def test_every_outcome_a_form_offers_has_exactly_one_way(bundle: ParsedBundle) -> None:
    drawing, checked = bundle.drawing, 0
    for step, first in outcome_gateways(drawing):
        for outcome in bundle.form(step).outcomes:
            gateway = first
            while (ways := answers_to(drawing, gateway, step, outcome.value)) is not None:
                assert len(ways) == 1, (gateway.id, outcome.value)
                gateway, checked = drawing.nodes[ways[0]], checked + 1
    assert checked > 30


def test_steps_without_a_choice_offer_one_outcome(bundle: ParsedBundle) -> None:
    deciding = {step for step, _ in outcome_gateways(bundle.drawing)}
    more = [step for step in bundle.steps if step not in deciding and len(bundle.form(step).outcomes) > 1]
    assert more == []


AGAINST = {"return", "reject", "fix", "remove", "upheld", "query", "replace", "give_up"}
LATER = {"not_yet", "postpone", "postponed", "extend", "extended", "absent"}


def test_every_refusal_return_and_delay_asks_for_a_reason(bundle: ParsedBundle) -> None:
    for form in bundle.forms.values():
        for outcome in form.outcomes:
            if outcome.value in AGAINST | LATER:
                reason = next(field for field in form.fields if field.key == "reason")
                assert expressions.holds(reason.required_when or "false", {"outcome": outcome.value}), form.id


def test_a_mentor_is_named_anew_by_the_rules_he_was_named_by(bundle: ParsedBundle) -> None:
    first, again = ([each for each in bundle.form(step).fields if each.kind != "date"] for step in MENTOR_STEPS)
    assert again == first


def test_naming_a_mentor_anew_is_no_lawful_day_of_the_admission(bundle: ParsedBundle) -> None:
    assert "reassign_mentor" not in {each.step for each in bundle.dated_fields}
