"""Every outcome that the rules know of a recommendation is shown by a scenario; test_scenarios plays them all.

The table follows the steps R1 to R14 of the rules, in their order.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from workflows.engine import bundles

FOLDER = Path(__file__).parents[2] / "bpmn" / "recommendation"
SCENARIOS: Mapping[str, Mapping[str, Any]] = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted((FOLDER / "scenarios").glob("*.yaml"))
}

OUTCOMES = {
    "determined_as_activist": "end_determined",
    "determined_as_target": "end_determined",
    "not_eligible_too_young": "end_not_eligible",
    "not_eligible_too_old": "end_not_eligible",
    "not_eligible_new_member": "end_not_eligible",
    "not_eligible_without_application": "end_not_eligible",
    "not_eligible_late_application": "end_not_eligible",
    "not_eligible_no_activist": "end_not_eligible",
    "not_eligible_fresh_activist": "end_not_eligible",
    "not_eligible_activist_already": "end_not_eligible",
    "not_eligible_by_standards": "end_not_eligible",
    "not_eligible_party_member": "end_not_eligible",
    "not_eligible_recommended_still": "end_not_eligible",
    "cadre_past_twenty_eight": "list_candidate",
    "list_approved_late": "remind_approve_list",
    "list_returned_then_rejected": "end_not_listed",
    "no_place_in_the_round": "end_withdrawn",
    "meeting_void_then_not_passed": "end_not_passed",
    "quorum_is_half": "end_not_passed",
    "examination_refuses": "end_not_recommended",
    "objection_upheld": "end_objection_upheld",
    "objection_dismissed": "notice_resumed",
    "returned_for_correction": "correct_papers",
    "superior_refuses": "end_refused",
    "party_keeps_then_determines": "keep_recommendation",
    "party_does_not_accept": "end_not_accepted",
    "recognised_by_both": "keep_unrecognised",
    "suspended_then_recognised_again": "look_again",
    "suspended_until_it_expired": "end_expired",
    "withdrawn_at_the_meeting": "end_withdrawn",
    "taken_back_after_passing": "end_taken_back_done",
    "moves_with_the_person": "accept_move",
    "expired": "end_expired",
}
"""The scenario of each outcome, and the element by which it is recognised."""


@pytest.mark.parametrize("scenario,element", OUTCOMES.items(), ids=OUTCOMES)
def test_the_outcome_is_shown(scenario: str, element: str) -> None:
    written = SCENARIOS[scenario]
    assert element in [written.get("ends_at"), *written.get("went_through", ())]


def test_no_scenario_stands_beside_the_table() -> None:
    assert set(SCENARIOS) == set(OUTCOMES)


def test_every_end_of_the_drawing_is_some_scenario_s_end() -> None:
    drawing = bundles.parse(bundles.read_folder(FOLDER)).drawing
    with_result = {
        node.id for node in drawing.nodes.values() if node.kind == "endEvent" and "result" in node.properties
    }
    assert with_result == {written["ends_at"] for written in SCENARIOS.values() if "ends_at" in written}


@pytest.mark.parametrize("scenario", [name for name in SCENARIOS if "places_after" in SCENARIOS[name]])
def test_a_place_stays_taken_only_where_the_party_was_asked_or_the_way_goes_on(scenario: str) -> None:
    written = SCENARIOS[scenario]
    asked = any(step.get("do") == "pass_to_party" and step["outcome"] == "passed" for step in written["steps"])
    expected = 1 if asked else 0
    assert written["places_after"]["used"] == expected
    assert written["places_after"]["reserved"] == (0 if "ends_at" in written else 1)
