"""The worker's part in asynchronous steps: sent when due, performed once, put off, told; on both databases."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kombu.exceptions import OperationalError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tasks import jobs as worker
from tasks import sending
from tasks.schedule import PERFORM_JOB
from tests.support import drawings
from tests.support.cast import Cast
from tests.tasks.conftest import Broker
from workflows import clock, journal
from workflows.engine import bundles, cases, jobs, persistence
from workflows.engine.environment import Call, Operation
from workflows.engine.job_tables import Incident, IncidentStatus, Job, JobStatus
from workflows.engine.tables import Case
from workflows.errors import Busy, Refusal
from workflows.journal import SYSTEM, Event
from workflows.operations.wiring import ENVIRONMENT
from workflows.outbox import OutboxRow

Look = Callable[[], Session]

BEGUN = datetime(2020, 6, 1, 2, 0, tzinfo=UTC)

both_databases = pytest.mark.parametrize("fresh_database", ["sqlite", "postgresql"], indirect=True)
postgresql = pytest.mark.parametrize("fresh_database", ["postgresql"], indirect=True)


@pytest.fixture
def now() -> Iterator[datetime]:
    with clock.standing_at(BEGUN):
        yield BEGUN


@pytest.fixture
def calls() -> list[str]:
    """The keys with which the operation was called."""
    return []


Trial = dict[str, Callable[[Call], Any]]


@pytest.fixture
def trial(calls: list[str], monkeypatch: pytest.MonkeyPatch) -> Trial:
    """What the operation `trial` does; a test puts something else in its place."""
    does: Trial = {"trial": lambda call: calls.append(call.key)}

    def do(call: Call) -> object:
        return does["trial"](call)

    operation = Operation("trial", "试", do)
    known = ENVIRONMENT.operations
    assert isinstance(known, dict)
    monkeypatch.setitem(known, "trial", operation)
    return does


@pytest.fixture
def begun(founded: Cast, store: Session, now: datetime, trial: Trial) -> list[int]:
    """Two cases that stand at the asynchronous step and end after it."""
    files = drawings.bundle(
        drawings.drawing(
            drawings.start(),
            drawings.user("ask", form="any"),
            drawings.later(drawings.service("step", "trial"), retries="1"),
            drawings.end(),
            drawings.way("begin", "ask", "step", "done"),
            lanes={"团支部书记": ["begin", "ask", "step", "done"]},
        )
    )
    bundles.store(store, files, [], SYSTEM, "")
    given: dict[str, Any] = {"process": "tiny", "unit_id": founded.branch.id, "actor": founded.actor(founded.saren)}
    content = {"on": "2020-06-01"}
    made = [cases.start(store, ENVIRONMENT, outcome="submit", content=content, **given).id for _ in range(2)]
    store.commit()
    return made


def ids(look: Look) -> list[int]:
    return list(look().scalars(select(Job.id).order_by(Job.id)))


def ended(look: Look) -> list[bool]:
    return [case.ended_at is not None for case in look().scalars(select(Case).order_by(Case.id))]


@both_databases
def test_what_is_due_is_sent_once_and_performed(begun: list[int], broker: Broker, look: Look, calls: list[str]) -> None:
    assert worker.send_due_jobs() == 2
    assert worker.send_due_jobs() == 0
    assert (broker.sent, broker.tasks) == (ids(look), {PERFORM_JOB})
    assert [worker.perform_job(job_id) for job_id in broker.sent] == [True, True]
    assert ended(look) == [True, True]
    assert sorted(calls) == sorted(
        {f"{case_id}:{key.split(':')[1]}" for case_id, key in zip(begun, calls, strict=True)}
    )


@both_databases
def test_a_message_delivered_twice_has_the_effect_of_once(begun: list[int], look: Look, calls: list[str]) -> None:
    job_id = ids(look)[0]
    assert worker.perform_job(job_id) is True
    assert worker.perform_job(job_id) is False
    assert len(calls) == 1


@both_databases
def test_a_lost_message_is_found_by_the_sweep(begun: list[int], broker: Broker, look: Look) -> None:
    worker.send_due_jobs()
    lost, broker.sent = broker.sent, []
    with clock.moved_by(jobs.TAKEN_FOR_LOST + timedelta(seconds=1)):
        assert worker.send_due_jobs() == 2
        assert broker.sent == lost
        assert worker.perform_job(lost[0]) is True


@both_databases
def test_what_a_failing_broker_did_not_take_is_sent_at_the_next_look(
    begun: list[int], broker: Broker, look: Look
) -> None:
    broker.takes = 1
    with pytest.raises(OperationalError):
        worker.send_due_jobs()
    broker.takes = 10**6
    assert worker.send_due_jobs() == 1
    assert sorted(broker.sent) == ids(look)


@both_databases
def test_more_jobs_than_one_look_takes(begun: list[int], broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "AT_ONCE", 1)
    assert worker.send_due_jobs() == 2


@both_databases
def test_retries_then_an_incident_that_the_administrators_read_of(begun: list[int], trial: Trial, look: Look) -> None:
    def fail(call: Call) -> None:
        call.session.add(OutboxRow(kind="half done", payload={}, created_at=clock.now(), attempts=0))
        call.session.flush()
        raise RuntimeError("乌云")

    trial["trial"] = fail
    job_id = ids(look)[0]
    assert worker.perform_job(job_id) is False
    assert worker.perform_job(job_id) is False
    assert look().get_one(Job, job_id).attempts == 1
    with clock.moved_by(timedelta(hours=1)):
        assert worker.perform_job(job_id) is False
    [incident] = look().scalars(select(Incident))
    assert (incident.case_id, incident.code, incident.attempts) == (begun[0], "job.failed", 2)
    [told] = look().scalars(select(OutboxRow))
    assert told.kind == "notice"
    assert f"第{begun[0]}号案卷的“step”无法继续" in told.payload["text"]
    assert "乌云" not in told.payload["text"]
    assert ended(look) == [False, False]


@both_databases
def test_a_worker_lost_at_every_attempt_becomes_an_incident(begun: list[int], look: Look, store: Session) -> None:
    job_id = ids(look)[0]
    moment = BEGUN
    for number in (1, 2):
        with clock.standing_at(moment):
            assert jobs.claim(store, job_id) == number
            store.commit()
        moment += jobs.TAKEN_FOR_LOST
    with clock.standing_at(moment):
        assert worker.perform_job(job_id) is False
    [incident] = look().scalars(select(Incident))
    assert incident.code == "job.worker_lost"
    [told] = look().scalars(select(OutboxRow))
    assert "中途停止" in told.payload["text"]


@both_databases
def test_a_stuck_case_is_told_once(begun: list[int], look: Look, store: Session) -> None:
    assert worker.find_stuck_cases() == 0
    # As if the row had been lost: nothing else could move the case.
    store.execute(Job.__table__.delete().where(Job.case_id == begun[0]))
    store.commit()
    assert worker.find_stuck_cases() == 1
    assert worker.find_stuck_cases() == 0
    [incident] = look().scalars(select(Incident))
    assert (incident.case_id, incident.kind, incident.status) == (begun[0], "stuck", IncidentStatus.OPEN)
    assert len(look().scalars(select(OutboxRow)).all()) == 1


def at_once(works: list[Callable[[], object]]) -> list[object]:
    """What each answered or raised; the clock of the test is every thread's."""
    answers: list[object] = [None] * len(works)

    def run(position: int, work: Callable[[], object]) -> None:
        with clock.standing_at(BEGUN):
            try:
                answers[position] = work()
            except Refusal as refusal:
                answers[position] = refusal

    threads = [threading.Thread(target=run, args=each, daemon=True) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return answers


@postgresql
def test_one_message_in_eight_hands_at_once_has_the_effect_of_once(
    begun: list[int], look: Look, calls: list[str]
) -> None:
    job_id = ids(look)[0]
    answers = at_once([lambda: worker.perform_job(job_id)] * 8)
    assert answers.count(True) == 1
    assert answers.count(False) == 7
    assert len(calls) == 1
    events = [entry.event for entry in journal.entries_of(look(), journal.case_chain(begun[0]))]
    assert events.count(Event.OPERATION_CALLED) == 1


def two_that_hold_the_same_attempt(
    trial: Trial, look: Look, store: Session, calls: list[str], meet: Callable[[], object]
) -> list[object]:
    """Both workers believe that the attempt is theirs; inside the operation each does `meet`."""
    job_id = ids(look)[0]
    assert jobs.claim(store, job_id) == 1
    store.commit()

    def called(call: Call) -> None:
        calls.append(call.key)
        meet()

    trial["trial"] = called

    def perform() -> bool:
        with worker.transaction() as session:
            return jobs.perform(session, ENVIRONMENT, job_id, 1)

    return at_once([perform, perform])


@postgresql
def test_without_the_lock_two_workers_would_do_it_twice(
    begun: list[int], trial: Trial, look: Look, store: Session, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_only(session: Session, case_id: int) -> Case:
        return session.scalars(select(Case).where(Case.id == case_id).execution_options(populate_existing=True)).one()

    monkeypatch.setattr(persistence, "lock", look_only)
    two_that_hold_the_same_attempt(trial, look, store, calls, threading.Barrier(2, timeout=20).wait)
    assert len(calls) == 2


@postgresql
def test_with_the_lock_the_second_finds_nothing_to_do(
    begun: list[int], trial: Trial, look: Look, store: Session, calls: list[str]
) -> None:
    answers = two_that_hold_the_same_attempt(trial, look, store, calls, lambda: None)
    assert sorted(map(str, answers)) == ["False", "True"]
    assert len(calls) == 1


@both_databases
def test_a_job_whose_case_somebody_holds_is_put_off_without_counting(
    begun: list[int], look: Look, store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = ids(look)[0]

    def busy(*_: object) -> bool:
        raise Busy()

    with monkeypatch.context() as patch:
        patch.setattr(worker.jobs, "perform", busy)
        assert worker.perform_job(job_id) is False
    job = look().get_one(Job, job_id)
    assert (job.attempts, job.status, job.run_at) == (0, JobStatus.WAITING, BEGUN + jobs.SOON)
    store.execute(update(Job).values(run_at=BEGUN))
    store.commit()
    assert worker.perform_job(job_id) is True
