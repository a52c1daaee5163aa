"""A scenario under several rule sets is a way under each; what ways share is done once and changes nothing."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from workflows.engine import bundles, scenarios
from workflows.engine.bundles import BundleFiles
from workflows.engine.scenarios import ScenarioFault
from workflows.operations import rehearsal

ADMISSION = bundles.read_folder(Path(__file__).parents[2] / "bpmn" / "admission")
BOTH = ["NMG_2020", "CYL_2023"]
REJECTED = "scenarios/activist_rejected.yaml"


def written(**changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(ADMISSION.files[REJECTED])
    content.pop("rule_set", None)
    return {**content, "rule_sets": BOTH, **changes}


def with_scenarios(*contents: dict[str, Any]) -> BundleFiles:
    kept = {path: text for path, text in ADMISSION.files.items() if not path.endswith(".yaml")}
    ways = {f"scenarios/{number}.yaml": yaml.safe_dump(each) for number, each in enumerate(contents)}
    return BundleFiles(kept | ways)


def proposed() -> dict[str, Any]:
    """The last step proposes the activist, so that the way goes on as the rule set has it."""
    content = written(ends_at=None, avoided=[])
    content["steps"][-1] |= {"outcome": "propose", "with": {"decided_on": "2020-03-16", "source": "members"}}
    return content


def test_a_way_is_played_once_for_each_rule_set_in_both_modes() -> None:
    played = rehearsal.rehearse(with_scenarios(written())).played
    assert [(each.scenario.rule_set, mode) for mode, each in played] == [
        (name, mode) for name in sorted(BOTH) for mode in rehearsal.MODES
    ]


def test_a_marked_step_happens_only_under_its_rule_set() -> None:
    content = proposed()
    content["steps"] += [
        {"at": ["assign_mentor"], "under": "NMG_2020"},
        {"at": ["approve_activist"], "under": "CYL_2023"},
    ]
    assert rehearsal.rehearse(with_scenarios(content)).faults == []


def test_an_unmarked_step_that_fits_one_rule_set_alone_is_a_fault_under_the_other() -> None:
    content = proposed()
    content["steps"].append({"at": ["approve_activist"]})
    faults = rehearsal.rehearse(with_scenarios(content)).faults
    assert [("NMG_2020" in fault, "应停在 ['approve_activist']" in fault) for fault in faults] == [(True, True)] * 2


def test_ways_that_begin_alike_end_each_in_its_own_way() -> None:
    longer, wrong = proposed(), written()
    longer["steps"].append({"at": ["check_application"]})
    longer["steps"].append({"at": ["assign_mentor"]})
    wrong["places_after"] = {"free": 0, "reserved": 0, "used": 1}
    ways = [replace_rule_set(each) for each in (written(), proposed(), longer, wrong)]
    rehearsed = rehearsal.rehearse(with_scenarios(*ways))
    number = len(longer["steps"]) - 1
    assert [fault.partition("（")[0] for fault in rehearsed.faults] == ["scenarios/2.yaml"] * 2 + [
        "scenarios/3.yaml"
    ] * 2
    assert all(f"第 {number} 步" in fault for fault in rehearsed.faults[:2])
    ended = {(each.scenario.file, "end_activist_rejected" in each.nodes) for _, each in rehearsed.played[:4]}
    assert ended == {("scenarios/0.yaml", True), ("scenarios/1.yaml", False)}


def replace_rule_set(content: dict[str, Any]) -> dict[str, Any]:
    return {**{key: value for key, value in content.items() if key != "rule_sets"}, "rule_set": "NMG_2020"}


def test_nobody_shares_a_stage_that_is_set_otherwise() -> None:
    way = scenarios.read(yaml.safe_dump(written()), REJECTED)
    assert way.scenery == replace(way, name="另一种走法", rule_set="CYL_2023", steps=()).scenery
    assert way.scenery != replace(way, places=0).scenery


@pytest.mark.parametrize(
    "changes, told",
    [
        ({"rule_sets": []}, "rule_sets 应为一列规则集的名称"),
        ({"rule_sets": ["NMG_2020", "NMG_2020"]}, "rule_sets 应为一列规则集的名称"),
        ({"rule_set": "NMG_2020"}, "rule_set 与 rule_sets 只写一个"),
        ({"steps": [{"at": [], "under": "CYL_2024"}]}, "第 1 步的 under 应是 rule_sets 中的一个"),
    ],
)
def test_rule_sets_that_cannot_be_meant_are_told(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ScenarioFault, match=told):
        scenarios.read(yaml.safe_dump(written(**changes), allow_unicode=True), REJECTED)
