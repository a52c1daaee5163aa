"""Asynchronous service steps: sends due jobs, performs them, and finds what the broker or a dead worker lost."""

import logging

from celery import shared_task

from tasks import alarms
from tasks.database import snapshot, transaction
from tasks.failures import log_failure
from tasks.schedule import FIND_STUCK, PERFORM_JOB, SEND_JOBS
from tasks.sending import send_every
from workflows.engine import incidents, jobs, stuck
from workflows.errors import Busy
from workflows.operations.wiring import ENVIRONMENT

logger = logging.getLogger(__name__)


@shared_task(name=SEND_JOBS, throws=(Busy,))
def send_due_jobs() -> int:
    """Hand every job that is due to the broker; how many. A job that was handed over and not begun is sent again."""
    return send_every(PERFORM_JOB, jobs.take_due, jobs.untake)


@shared_task(name=PERFORM_JOB, throws=(Busy,))
def perform_job(job_id: int) -> bool:
    """Perform one job; False when it is done already, is somebody else's, or failed, which is kept on its row."""
    with transaction() as session:
        attempt = jobs.claim(session, job_id)
        if attempt is None:
            alarms.tell_of(session, jobs.give_up(session, job_id))
            return False
    try:
        with transaction() as session:
            return jobs.perform(session, ENVIRONMENT, job_id, attempt)
    except Exception as error:  # noqa: BLE001 - whatever it was, the row keeps it and the job is tried again
        log_failure(logger, f"job {job_id}, attempt {attempt}", error)
        with transaction() as session:
            alarms.tell_of(session, jobs.keep_failure(session, job_id, attempt, error))
        return False


@shared_task(name=FIND_STUCK, throws=(Busy,))
def find_stuck_cases() -> int:
    """Open an incident for each case that nothing can move, close those whose cause went away; how many were opened."""
    with snapshot() as session:
        suspects, known = stuck.suspects(session), incidents.listed(session, None, limit=1)
    if not suspects and not known:
        return 0
    with transaction() as session:
        stuck.settle(session)
        found = stuck.find(session, suspects)
        for incident in found:
            alarms.tell_of(session, incident)
    return len(found)
