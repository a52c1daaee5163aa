"""Jobs: asynchronous service steps, delivered at least once, with the effect of once.

The table is the truth, the broker only carries the news. A worker claims a job in one transaction, so that an attempt
which kills it counts, and performs it in another: operation, state of the case and the end of the job stand or fall
together. Whoever comes second finds the case locked, then the job gone or claimed anew, and does nothing.
"""

from datetime import timedelta

from SpiffWorkflow.util.task import TaskState
from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session

from workflows import clock
from workflows.engine import bundles, incidents, persistence
from workflows.engine.environment import Environment
from workflows.engine.job_rows import NEWS, is_under_way, wait_after
from workflows.engine.job_tables import Incident, Job, JobStatus, Resolution
from workflows.engine.running import Act, advance, every_task
from workflows.engine.specs import OperationStep
from workflows.engine.tables import Case
from workflows.errors import Busy, Refusal
from workflows.journal import Actor

TAKEN_FOR_LOST = timedelta(seconds=60)
"""After so long a running job's worker is taken for dead, and a message for lost; longer than any job may take."""

SOON = timedelta(seconds=2)


def take_due(session: Session, limit: int = 200) -> list[int]:
    """Ids of jobs whose time has come and of which the broker has not been told lately; marked as told now."""
    now = clock.now()
    query = (
        select(Job.id)
        .where(Job.status != JobStatus.FAILED, Job.run_at <= now)
        .where(or_(Job.sent_at.is_(None), Job.sent_at < now - TAKEN_FOR_LOST))
        .order_by(Job.run_at, Job.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(session.scalars(query))
    session.execute(update(Job).where(Job.id.in_(ids)).values(sent_at=now))
    return ids


def untake(session: Session, ids: list[int]) -> None:
    """The broker was not told after all."""
    session.execute(update(Job).where(Job.id.in_(ids)).values(sent_at=None))


def claim(session: Session, job_id: int) -> int | None:
    """Begin an attempt; its number, or None when nothing is to be done (any more, or yet)."""
    job = _due(session, job_id)
    if job is None or job.attempts >= job.allowed:
        return None
    job.status, job.attempts = JobStatus.RUNNING, job.attempts + 1
    job.run_at = clock.now() + TAKEN_FOR_LOST
    session.flush()
    return job.attempts


def give_up(session: Session, job_id: int) -> Incident | None:
    """Open an incident for a job whose worker was lost at every attempt allowed; None for any other."""
    _lock_case_of(session, job_id)
    job = _due(session, job_id)
    return _ask_a_person(session, job, incidents.WorkerLost()) if job and job.attempts >= job.allowed else None


def _due(session: Session, job_id: int) -> Job | None:
    query = select(Job).where(Job.id == job_id, Job.status != JobStatus.FAILED, Job.run_at <= clock.now())
    query = query.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    return session.scalars(query).first()


def perform(session: Session, environment: Environment, job_id: int, attempt: int) -> bool:
    """Call the operation and let the case go on; False when another attempt did it or has begun meanwhile.

    Raises whatever the operation raises; the caller rolls back and tells `keep_failure`.
    """
    known = session.get(Job, job_id)
    if known is None:
        return False
    case = persistence.lock(session, known.case_id)
    job = session.get(Job, job_id, populate_existing=True)
    if job is None or (job.status, job.attempts) != (JobStatus.RUNNING, attempt):
        return False
    incidents.close_of(session, job, Resolution.WENT_ON)
    carry_out(session, environment, case, job, OperationStep.PERFORM)
    return True


def carry_out(session: Session, environment: Environment, case: Case, job: Job, order: str) -> None:
    """Let the step of a job be performed or skipped, and the case go on until it must wait; the case is locked."""
    actor = Actor(job.person_id, job.post_id, job.for_person_id, job.unit_id)
    act = Act(session, environment, case, bundles.parsed(session, case.bundle_id), actor)
    with persistence.discarded_on_refusal(environment, case.id):
        workflow = persistence.load(act)
        started = filter(is_under_way, every_task(workflow, TaskState.STARTED))
        [task] = [task for task in started if workflow.number_of(task) == job.task]
        task.internal_data[OperationStep.ORDER] = order
        advance(act, workflow, task.run)
        persistence.write(act, workflow)


def keep_failure(session: Session, job_id: int, attempt: int, error: Exception) -> Incident | None:
    """Put the job off, longer each time, or open an incident: at once when waiting is of no use, else at the last.

    A case that somebody else was acting on is no failure: the attempt does not count.
    """
    _lock_case_of(session, job_id)
    job = session.get(Job, job_id, populate_existing=True, with_for_update=True)
    if job is None or (job.status, job.attempts) != (JobStatus.RUNNING, attempt):
        return None
    job.status, job.sent_at = JobStatus.WAITING, None
    if isinstance(error, Busy):
        job.attempts, job.run_at = job.attempts - 1, clock.now() + SOON
        return None
    job.last_error = error.code if isinstance(error, Refusal) else type(error).__name__
    if incidents.needs_a_person(error) or job.attempts >= job.allowed:
        return _ask_a_person(session, job, error)
    job.run_at = clock.now() + wait_after(job.attempts)
    return None


def _lock_case_of(session: Session, job_id: int) -> None:
    """Everybody locks the case before its rows; an incident refers to the case and would lock it behind them."""
    case_id = session.scalars(select(Job.case_id).where(Job.id == job_id)).first()
    if case_id is not None:
        persistence.lock(session, case_id)


def _ask_a_person(session: Session, job: Job, error: Exception) -> Incident:
    job.status = JobStatus.FAILED
    return incidents.open_for_job(session, job, error)


def try_again(session: Session, job: Job) -> None:
    """A person asks for one more attempt, at once."""
    job.status, job.allowed = JobStatus.WAITING, job.attempts + 1
    job.run_at, job.sent_at = clock.now(), None
    session.info[NEWS] = True


_NEXT_OF_CASE = (
    select(Job.id)
    .where(Job.case_id == bindparam("of_case"), Job.status == JobStatus.WAITING, Job.run_at <= bindparam("now"))
    .order_by(Job.id)
    .limit(1)
)


def perform_all(session: Session, environment: Environment, case_id: int) -> int:
    """Perform what waits in one case, in the caller's transaction; how many steps. For scenarios, which have no worker.

    Raises whatever an operation raises.
    """
    performed = 0
    while True:
        job_id = session.scalars(_NEXT_OF_CASE, {"of_case": case_id, "now": clock.now()}).first()
        attempt = None if job_id is None else claim(session, job_id)
        if job_id is None or attempt is None:
            return performed
        performed += perform(session, environment, job_id, attempt)


def of_case(session: Session, case_id: int) -> list[Job]:
    """What the worker has still to do in a case."""
    return list(session.scalars(select(Job).where(Job.case_id == case_id).order_by(Job.id)))
