"""A scenario may put on record what happens outside the process; what cannot go on record is the scenario's fault."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from workflows import clock
from workflows.database import throwaway_key
from workflows.engine import bundles, scenarios
from workflows.operations import rehearsal
from workflows.operations.rehearsal import BlankDatabase

ADMISSION = bundles.read_folder(Path(__file__).parents[2] / "bpmn" / "admission")
LATE = "scenarios/recorded_late_in_one_day.yaml"
WAY = scenarios.read(ADMISSION.files[LATE], LATE)
FIRST_RECORD = next(at for at, step in enumerate(WAY.steps) if "record" in step)


@pytest.fixture(scope="module")
def database() -> Iterator[BlankDatabase]:
    with throwaway_key(), BlankDatabase() as database:
        yield database


def fault(database: BlankDatabase, steps: list[Any]) -> str | None:
    """What is wrong when these steps are played."""
    scenario = replace(WAY, steps=steps)
    with Session(database.emptied()) as session:
        with clock.standing_at(clock.start_of(WAY.begins) - timedelta(days=1)):
            stage = rehearsal.RehearsalStage(session, ADMISSION, scenario)
        return scenarios.play(scenario, stage).fault


@pytest.mark.parametrize(
    "changed, found",
    [
        ({"record": "report_card"}, "没有 report_card 这类材料"),
        ({"with": {"minutes": 0}}, "应为 1 至 720 的整数（分钟）"),
        ({"with": {"hours": 2}}, "这类材料没有这一栏"),
    ],
)
def test_what_cannot_go_on_record_is_told(database: BlankDatabase, changed: dict[str, Any], found: str) -> None:
    record = {**WAY.steps[FIRST_RECORD]}
    record |= {**changed, "with": {**record["with"], **changed.get("with", {})}}
    assert found in str(fault(database, [*WAY.steps[:FIRST_RECORD], record]))


def test_nothing_goes_on_record_before_there_is_a_case(database: BlankDatabase) -> None:
    assert "案卷开始以后才能登记" in str(fault(database, [WAY.steps[FIRST_RECORD]]))


def test_without_what_is_on_record_the_case_does_not_come_further(database: BlankDatabase) -> None:
    steps = [step for step in WAY.steps if "record" not in step and "because" not in step]
    assert "recommend_target 没有等待办理，等待的是 ['train_and_assess']" in str(fault(database, steps))
