"""A case that cannot go on: its asynchronous step reads what the first form says and fails until it says otherwise."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.support import drawings
from tests.support.cast import Cast
from workflows.engine import bundles, cases, jobs
from workflows.engine.environment import Call, Operation
from workflows.engine.job_tables import Incident, Job
from workflows.errors import InvalidData
from workflows.journal import SYSTEM
from workflows.operations.wiring import ENVIRONMENT

FORM = (
    '{"components":[{"type":"textfield","key":"name","label":"姓名"},'
    '{"type":"number","key":"count","label":"数量","validate":{"required":true,"min":0}},'
    '{"type":"textfield","key":"id_number","label":"证件","properties":{"secret":"true"}}]}'
)
NODES = ["begin", "ask", "step", "tell", "done"]


def lend_operation(patch: pytest.MonkeyPatch) -> None:
    """The operation `trial` refuses a count above ten."""

    def trial(call: Call) -> dict[str, Any]:
        call.named["title"] = "乌云"
        if call.parameters["count"] > 10:
            raise InvalidData(fields={"count": "乌云的数量过大"})
        return {"count": call.parameters["count"]}

    known = ENVIRONMENT.operations
    assert isinstance(known, dict)
    patch.setitem(known, "trial", Operation("trial", "试", trial, ("count",)))


def publish(session: Session, **properties: str) -> None:
    """The drawing with the asynchronous step, as process `tiny`."""
    step = drawings.later(drawings.service("step", "trial", "taken", count="ask.count"), **properties)
    drawn = drawings.drawing(
        drawings.start(),
        drawings.user("ask"),
        step,
        drawings.user("tell", form="any"),
        drawings.end(),
        drawings.way(*NODES),
        lanes={"团支部书记": ["ask", "tell"]},
    )
    bundles.store(session, drawings.bundle(drawn, ask=FORM), [], SYSTEM, "")


def a_case(session: Session, cast: Cast, count: int = 99) -> int:
    """Saren has entered somebody with too great a count; the worker has not looked yet."""
    case = cases.start(
        session,
        ENVIRONMENT,
        process="tiny",
        unit_id=cast.branch.id,
        actor=cast.actor(cast.saren),
        outcome="submit",
        content={"name": "乌云", "count": count, "id_number": "150102200503080021"},
    )
    session.commit()
    return case.id


def work(session: Session) -> None:
    """The worker performs what waits."""
    for job_id in list(session.scalars(select(Job.id).order_by(Job.id))):
        attempt = jobs.claim(session, job_id)
        session.commit()
        if attempt is None:
            continue
        try:
            jobs.perform(session, ENVIRONMENT, job_id, attempt)
            session.commit()
        except InvalidData as refusal:
            session.rollback()
            jobs.keep_failure(session, job_id, attempt, refusal)
            session.commit()


def an_incident(session: Session, cast: Cast, **properties: str) -> Incident:
    """The incident of one such case."""
    publish(session, **properties)
    a_case(session, cast)
    work(session)
    return session.scalars(select(Incident)).one()
