"""Whoever pre-reviewed a candidate does not approve him too, though he holds the post for both.

A scenario cannot name who acts, so that the way to the approval is walked as a scenario and the two officers of the
school then act by name.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.database import throwaway_key
from workflows.engine import bundles, cases, scenarios
from workflows.engine.cases import DutiesNotSeparated
from workflows.engine.tables import StepRecord, WorkItem
from workflows.journal import Actor
from workflows.operations.rehearsal import BlankDatabase, RehearsalStage

ADMISSION = bundles.read_folder(Path(__file__).parents[2] / "bpmn" / "admission")

VOTE = {"committee_size": 9, "committee_present": 8, "committee_for": 8}


@contextmanager
def at_the_approval(file: str) -> Iterator[tuple[RehearsalStage, WorkItem, date]]:
    """The way of the scenario up to the approval, its work item, and the day of the approval."""
    way = scenarios.read(ADMISSION.files[f"scenarios/{file}.yaml"], file)
    steps = list(takewhile(lambda step: step.get("do") != "approve_admission", way.steps))
    [approval] = [step for step in way.steps if step.get("do") == "approve_admission"]
    with BlankDatabase() as database, throwaway_key(), Session(database.engine) as session:
        with clock.standing_at(clock.start_of(way.begins)):
            stage = RehearsalStage(session, ADMISSION, way)
        scenarios.walk(replace(way, steps=steps), stage)
        with clock.standing_at(clock.start_of(approval["on"])):
            yield (
                stage,
                session.scalars(select(WorkItem).where(WorkItem.step == "approve_admission")).one(),
                approval["on"],
            )


def approve(stage: RehearsalStage, item: WorkItem, who: int, day: date) -> None:
    content: dict[str, Any] = {"decided_on": day.isoformat(), **VOTE}
    actor = Actor(person_id=who, unit_id=stage.school_id)
    cases.complete_step(
        stage.session, stage.environment, work_item_id=item.id, actor=actor, outcome="approve", content=content
    )


def done_by(session: Session, step: str) -> int:
    return session.scalars(select(StepRecord.person_id).where(StepRecord.step == step)).one()


@pytest.mark.parametrize("file", ["admitted_nmg_2020", "admitted_cyl_2023"])
def test_who_pre_reviewed_leaves_the_approval_to_the_other_officer(file: str) -> None:
    with at_the_approval(file) as (stage, item, day):
        reviewer, other = stage.cast["reviewer"], stage.cast["approver"]
        assert done_by(stage.session, "pre_review") == reviewer
        with pytest.raises(DutiesNotSeparated, match="您已办理过本案的“预审发展对象”，“审批入团”须由另一人办理"):
            approve(stage, item, reviewer, day)
        approve(stage, item, other, day)
        assert done_by(stage.session, "approve_admission") == other
