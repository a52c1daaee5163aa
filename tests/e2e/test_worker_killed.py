"""The worker is killed in the middle of a batch, and messages are lost; every item has one effect and one result."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
import redis
from celery import Celery
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from tests.support import broker, cast
from tests.support.cast import BORN
from workflows import clock, journal
from workflows.domain import identity_numbers, posts
from workflows.engine import batches, bundles, cases
from workflows.engine.tables import Batch, BatchItem, StepRecord, WorkItem
from workflows.journal import SYSTEM, Actor, Event, JournalEntry
from workflows.operations.wiring import ENVIRONMENT
from workflows.outbox import RESEND_AFTER, OutboxRow

ADMISSION = Path(__file__).parents[2] / "bpmn" / "admission"

ITEMS = 24

STEP = "check_application"

PATIENCE_SECONDS = 90


class Worker:
    """A worker with its beat, as processes of their own; killing it leaves nothing alive."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self._environment, self._log = environment, log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["celery", "-A", "tasks.app", "worker", "--beat", "--concurrency", "2", "--loglevel", "info"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *command],
                env={**os.environ, **self._environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


@pytest.fixture
def queue() -> Iterator[str]:
    """The address of a real broker."""
    with broker.running() as url:
        yield url


@pytest.fixture
def worker(fresh_database: Engine, queue: str, tmp_path: Path) -> Iterator[Worker]:
    """A worker on the test's database and broker; not started."""
    environment = {
        "TUANCHENG_DATABASE_URL": fresh_database.url.render_as_string(hide_password=False),
        "TUANCHENG_BROKER_URL": queue,
    }
    worker = Worker(environment, tmp_path / "worker.log")
    yield worker
    worker.kill()


@pytest.fixture
def batch_id(fresh_database: Engine) -> int:
    """Applications, and one decision of the branch secretary to accept them all."""
    with Session(fresh_database) as session, session.begin():
        people = cast.build(session)
        cast.plan_for_school(session, people, ITEMS)
        bundles.store(session, bundles.read_folder(ADMISSION), [], SYSTEM, "")
        [held] = posts.held_by(session, people.saren.id)
        saren = Actor(person_id=people.saren.id, post_id=held.post_id, unit_id=held.unit_id)
        for number in range(ITEMS):
            content = _application(number)
            cases.start(
                session,
                ENVIRONMENT,
                process="admission",
                unit_id=people.branch.id,
                actor=saren,
                outcome="submit",
                content=content,
            )
        items = list(session.scalars(select(WorkItem).where(WorkItem.step == STEP)))
        versions = {item.id: session.get_one(cases.Case, item.case_id).version for item in items}
        assert len(versions) == ITEMS
        made = batches.open_batch(
            session,
            ENVIRONMENT,
            chosen=list(versions.items()),
            actor=saren,
            outcome="accept",
            content={"received_on": clock.today().isoformat()},
        )
        return made.id


def test_a_killed_worker_neither_loses_nor_doubles_anything(
    fresh_database: Engine, worker: Worker, batch_id: int
) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    worker.start()
    for wanted in (chance.randint(2, 6), chance.randint(8, 12)):
        _wait(lambda wanted=wanted: _done(fresh_database) >= wanted)
        time.sleep(chance.random() / 50)
        worker.kill()
        assert _done(fresh_database) < ITEMS, "killed too late to show anything"
        _let_time_pass(fresh_database)
        worker.start()
    _wait(lambda: _done(fresh_database) == ITEMS and not _owed(fresh_database))
    worker.kill()
    _assert_once_each(fresh_database, batch_id)


def test_messages_lost_by_the_broker_are_found_by_the_sweep(
    fresh_database: Engine, worker: Worker, batch_id: int, queue: str
) -> None:
    worker.start()
    _wait(lambda: _done(fresh_database) >= 5)
    worker.kill()
    done = _done(fresh_database)
    assert done < ITEMS, "killed too late to show anything"
    with redis.Redis.from_url(queue) as client:
        client.flushall()
    worker.start()
    _let_time_pass(fresh_database)
    _wait(lambda: _done(fresh_database) == ITEMS and not _owed(fresh_database))
    worker.kill()
    _assert_once_each(fresh_database, batch_id)


def test_a_message_delivered_again_after_its_effect_changes_nothing(
    fresh_database: Engine, worker: Worker, batch_id: int, queue: str
) -> None:
    worker.start()
    _wait(lambda: _done(fresh_database) == ITEMS and not _owed(fresh_database))
    with Session(fresh_database) as session:
        rows = list(session.scalars(select(OutboxRow.id)))
    with Celery("again", broker=queue, set_as_current=False) as again:
        for row_id in rows:
            again.send_task("tasks.perform_outbox", args=[row_id])
    with redis.Redis.from_url(queue) as client:
        _wait(lambda: client.llen("celery") == 0 and client.hlen("unacked") == 0)
    worker.kill()
    _assert_once_each(fresh_database, batch_id)


def _application(number: int) -> dict[str, object]:
    return {
        "name": f"申请人{number}",
        "sex": "female",
        "ethnic_group": "蒙古族",
        "applied_on": date(2020, 5, 10).isoformat(),
        "birth_date": BORN.isoformat(),
        "nationality": "CN",
        "id_number": identity_numbers.made_up(BORN, f"applicant {number}", "female"),
        "class_name": "高一1班",
    }


def _done(engine: Engine) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).where(BatchItem.status != "waiting")) or 0


def _owed(engine: Engine) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).where(OutboxRow.done_at.is_(None))) or 0


def _let_time_pass(engine: Engine) -> None:
    """As if a minute had gone by: what was sent and not done is due to be sent again."""
    with Session(engine) as session, session.begin():
        owed = OutboxRow.sent_at.is_not(None) & OutboxRow.done_at.is_(None)
        session.execute(update(OutboxRow).where(owed).values(sent_at=clock.now() - RESEND_AFTER * 2))


def _assert_once_each(engine: Engine, batch_id: int) -> None:
    with Session(engine) as session:
        batch = batches.progress_of(session, batch_id)
        assert {item.status for item in batch.items} == {"done"}, [item.message for item in batch.items]
        assert len(batch.items) == ITEMS
        records = session.execute(
            select(StepRecord.case_id, func.count()).where(StepRecord.step == STEP).group_by(StepRecord.case_id)
        ).all()
        assert sorted(count for _case, count in records) == [1] * ITEMS
        completed = select(JournalEntry.chain, func.count()).where(JournalEntry.event == Event.STEP_COMPLETED)
        assert {count for _chain, count in session.execute(completed.group_by(JournalEntry.chain))} == {2}
        refused = select(func.count()).where(JournalEntry.event == Event.ACT_REFUSED)
        assert session.scalar(refused) == 0
        assert journal.verify(session).faults == []
        assert session.scalar(select(func.count()).select_from(Batch)) == 1


def _wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not until():
        assert time.monotonic() < end, "the worker did not get there"
        time.sleep(0.01)
