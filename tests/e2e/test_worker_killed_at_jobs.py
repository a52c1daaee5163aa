"""The worker is killed in the middle of asynchronous steps, and messages are lost; every step is done once."""

import random
import time

import pytest
import redis
from celery import Celery
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from tests.e2e.test_worker_killed import Worker, _owed, _wait, queue, worker
from tests.e2e.test_worker_killed import _let_time_pass as _let_outbox_wait
from tests.support import cast, drawings
from workflows import clock, journal
from workflows.engine import bundles, cases, jobs
from workflows.engine.job_tables import Incident, Job, JobStatus
from workflows.engine.tables import Case
from workflows.journal import SYSTEM, Event, JournalEntry
from workflows.operations.notices import Notice
from workflows.operations.wiring import ENVIRONMENT

CASES = 60

__all__ = ["queue", "worker"]


@pytest.fixture
def begun(fresh_database: Engine) -> list[int]:
    """Cases that stand at an asynchronous reminder and end after it."""
    remind = drawings.service("remind", "notices.remind", step='"none"', text='"请核对"')
    drawn = drawings.drawing(
        drawings.start(),
        drawings.user("ask", form="any"),
        drawings.later(remind),
        drawings.end(),
        drawings.way("begin", "ask", "remind", "done"),
        lanes={"团支部书记": ["ask"]},
    )
    with Session(fresh_database) as session, session.begin():
        people = cast.build(session)
        bundles.store(session, drawings.bundle(drawn), [], SYSTEM, "")
        given = {"process": "tiny", "unit_id": people.branch.id, "actor": people.actor(people.saren)}
        content = {"on": "2020-06-01"}
        made = [cases.start(session, ENVIRONMENT, outcome="submit", content=content, **given) for _ in range(CASES)]
        return [case.id for case in made]


def test_a_killed_worker_neither_loses_nor_doubles_a_step(
    fresh_database: Engine, worker: Worker, begun: list[int], queue: str
) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    worker.start()
    for wanted in (chance.randint(3, 10), chance.randint(16, 24)):
        _wait(lambda wanted=wanted: _ended(fresh_database) >= wanted)
        time.sleep(chance.random() / 50)
        worker.kill()
        assert _ended(fresh_database) < CASES, "killed too late to show anything"
        with redis.Redis.from_url(queue) as client:
            client.flushall()
        _let_time_pass(fresh_database)
        worker.start()
    _wait(lambda: _ended(fresh_database) == CASES and not _owed(fresh_database))
    worker.kill()
    _assert_once_each(fresh_database, begun)


def test_a_message_delivered_again_after_its_effect_changes_nothing(
    fresh_database: Engine, worker: Worker, begun: list[int], queue: str
) -> None:
    with Session(fresh_database) as session:
        ids = list(session.scalars(select(Job.id)))
    with Celery("again", broker=queue, set_as_current=False) as again:
        for job_id in [*ids, *ids]:
            again.send_task("tasks.perform_job", args=[job_id])
    worker.start()
    _wait(lambda: _ended(fresh_database) == CASES and not _owed(fresh_database))
    with redis.Redis.from_url(queue) as client:
        _wait(lambda: client.llen("celery") == 0 and client.hlen("unacked") == 0)
    worker.kill()
    _assert_once_each(fresh_database, begun)


def _ended(engine: Engine) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).where(Case.ended_at.is_not(None))) or 0


def _let_time_pass(engine: Engine) -> None:
    """As if a minute had gone by: what was sent is due again, and who was at a job is taken for lost."""
    _let_outbox_wait(engine)
    long_ago = clock.now() - 2 * jobs.TAKEN_FOR_LOST
    with Session(engine) as session, session.begin():
        session.execute(update(Job).values(sent_at=long_ago))
        session.execute(update(Job).where(Job.status == JobStatus.RUNNING).values(run_at=long_ago))


def _assert_once_each(engine: Engine, begun: list[int]) -> None:
    with Session(engine) as session:
        called = select(JournalEntry.chain).where(JournalEntry.event == Event.OPERATION_CALLED)
        assert sorted(session.scalars(called)) == sorted(journal.case_chain(case_id) for case_id in begun)
        assert sorted(session.scalars(select(Notice.case_id))) == sorted(begun)
        assert session.scalars(select(Job)).all() == []
        assert session.scalars(select(Incident)).all() == []
        assert journal.verify(session).faults == []
