"""A candidate in training, and evidence as it is sent: for tests of services, pages and API."""

from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from tests.support.application import ADMISSION
from tests.support.cast import Cast
from workflows.engine import scenarios
from workflows.engine.tables import Case
from workflows.operations.demonstration import DemoStage

WAY = "admitted_nmg_2020.yaml"

LESSON = {
    "happened_on": "2020-04-10",
    "topic": "学习团章",
    "minutes": 360,
    "mode": "in_person",
    "conductor": "萨仁",
    "witness": "林一",
}
SERVICE = {
    "happened_on": "2020-05-09",
    "topic": "敬老院服务",
    "hours": 2.5,
    "conductor": "志愿者协会",
    "witness": "林一",
}


def in_training(session: Session, cast: Cast, *, until: str | None = None, name: str = "乌云") -> Case:
    """A candidate of the branch who goes the plain way until the step `until` waits, or trains with nothing on record.

    Bator and Lin are the mentors.
    """
    way = scenarios.read((ADMISSION / "scenarios" / WAY).read_text(encoding="utf-8"), WAY)
    steps = [_own(dict(step), name, cast) for step in way.steps if scenarios.changes_something(step)]
    end = next(at for at, step in enumerate(steps) if step.get("do") == (until or "assign_mentor"))
    steps = steps[: end if until else end + 1]
    case_id = scenarios.walk(replace(way, steps=steps), DemoStage(session, cast.branch, name))
    session.commit()
    return session.scalars(select(Case).where(Case.id == case_id).options(undefer(Case.state))).one()


def _own(step: dict[str, Any], name: str, cast: Cast) -> dict[str, Any]:
    own = {"name": name, "mentor": str(cast.bator.id), "second_mentor": str(cast.lin.id)}
    content = step.get("with") or {}
    return {**step, "with": {key: own.get(key, value) for key, value in content.items()}}
