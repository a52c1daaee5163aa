"""A scenario says why a case stands where it stands, and the rehearsal fails when that is not the reason."""

from pathlib import Path

import pytest

from workflows.engine import bundles
from workflows.engine.bundles import BundleFiles
from workflows.operations import rehearsal

ADMISSION = Path(__file__).parents[2] / "bpmn" / "admission"
TOO_YOUNG = "scenarios/not_eligible_too_young.yaml"
RULE_SETS = ("NMG_2020", "CYL_2023")
"""Both scenarios here are played under each."""


@pytest.mark.parametrize(
    "was,written,found",
    [
        ("from: 2020-03-03", "from: 2020-03-04", "2020, 3, 3"),
        ("rule: too_young", "rules: too_young", "不认识 rules"),
    ],
)
def test_a_reason_that_differs_is_a_fault_of_the_scenario(was: str, written: str, found: str) -> None:
    files = dict(bundles.read_folder(ADMISSION).files)
    assert was in files[TOO_YOUNG]
    files[TOO_YOUNG] = files[TOO_YOUNG].replace(was, written)
    faults = rehearsal.rehearse(BundleFiles(files), only=TOO_YOUNG).faults
    assert len(faults) == len(RULE_SETS) * len(rehearsal.MODES)
    assert all(found in fault for fault in faults)


WRONG_INPUT = "scenarios/wrong_input_is_refused_by_field.yaml"


def test_a_refusal_by_another_article_is_a_fault_of_the_scenario() -> None:
    article = "《发展团员工作细则》"
    files = dict(bundles.read_folder(ADMISSION).files)
    files[WRONG_INPUT] = files[WRONG_INPUT].replace(f"article: {article}", "article: 团章第九十九条")
    faults = rehearsal.rehearse(BundleFiles(files), only=WRONG_INPUT).faults
    assert len(faults) == len(RULE_SETS) * len(rehearsal.MODES)
    assert all("应以 团章第九十九条 为依据" in fault and article in fault for fault in faults)
