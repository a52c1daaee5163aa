"""Every scenario of every shipped bundle, in memory and saved-and-restored, and full coverage of its drawing.

Admission is rehearsed once, in test_admission_outcomes.py.
"""

from pathlib import Path

import pytest

from workflows.engine import bundles, check
from workflows.operations import rehearsal
from workflows.operations.wiring import ENVIRONMENT

BPMN = Path(__file__).parents[2] / "bpmn"
SHIPPED = sorted({drawing.parent for drawing in BPMN.rglob("*.bpmn")})
OTHERS = [path for path in SHIPPED if path.name != "admission"]


@pytest.fixture(scope="module", params=OTHERS, ids=lambda path: "_".join(path.relative_to(BPMN).parts))
def rehearsed(request: pytest.FixtureRequest) -> rehearsal.Rehearsal:
    return rehearsal.rehearse(bundles.read_folder(request.param))


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: "_".join(path.relative_to(BPMN).parts))
def test_the_bundle_has_no_faults(path: Path) -> None:
    assert check.faults_in(bundles.read_folder(path), ENVIRONMENT) == []


def test_every_scenario_goes_as_written_in_both_modes(rehearsed: rehearsal.Rehearsal) -> None:
    assert rehearsed.faults == []
    assert {mode for mode, _ in rehearsed.played} == set(rehearsal.MODES)


def test_the_scenarios_pass_every_node_and_every_flow(rehearsed: rehearsal.Rehearsal) -> None:
    assert rehearsed.nodes_missed == []
    assert rehearsed.flows_missed == []
