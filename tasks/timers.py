"""Lets cases go on whose time has come. The table of due times is asked; nothing waits in the broker."""

import logging
import time
from datetime import timedelta

from celery import shared_task

from tasks import alarms
from tasks.database import snapshot, transaction
from tasks.failures import log_failure, said_of
from tasks.schedule import FIRE_TIMERS
from workflows import clock
from workflows.engine import cases, incidents, repairs
from workflows.engine.job_tables import Resolution
from workflows.engine.tables import DueTimer
from workflows.errors import Busy
from workflows.operations.wiring import ENVIRONMENT

AT_ONCE = 200

ENOUGH_SECONDS = 30
"""A job ends before its time limit; the next tick goes on where it stopped."""

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(days=1)

ENOUGH_ATTEMPTS = 5
"""After so many, a quarter of an hour, a person is asked; after each retry by a person once."""

logger = logging.getLogger(__name__)


@shared_task(name=FIRE_TIMERS, throws=(Busy,))
def fire_due_timers() -> int:
    """Fire what is due, each in a transaction of its own; how many fired."""
    until = time.monotonic() + ENOUGH_SECONDS
    with snapshot() as session:
        due = cases.due_timers(session, AT_ONCE)
    fired = 0
    for timer_id in due:
        if time.monotonic() > until:
            break
        fired += fire(timer_id)
    return fired


def fire(timer_id: int) -> bool:
    """Fire one timer. What stands in its way is kept on its row, and it is tried again after a growing wait."""
    try:
        with transaction() as session:
            timer = session.get(DueTimer, timer_id)
            fired = cases.fire_timer(session, ENVIRONMENT, timer_id)
            if fired and timer is not None and timer.attempts:
                incidents.close_of(session, timer, Resolution.WENT_ON)
            return fired
    except Exception as error:  # noqa: BLE001 - one case that cannot go on must not stop the others
        log_failure(logger, f"timer {timer_id}", error)
        _keep(timer_id, error)
        return False


def wait_after(attempts: int) -> timedelta:
    """How long a timer rests after the n-th failure."""
    return min(FIRST_WAIT * 2 ** min(attempts - 1, 20), LONGEST_WAIT)


def _keep(timer_id: int, error: Exception) -> None:
    """Let the timer rest, longer each time; at the last it waits for a person, who reads of it as an incident."""
    if isinstance(error, Busy):
        return
    with transaction() as session:
        timer = session.get(DueTimer, timer_id, with_for_update=True)
        if timer is None:
            return
        timer.attempts += 1
        timer.last_error = said_of(error)
        # The saved state keeps the true moment; the row only says when to try next.
        timer.due_at = clock.now() + wait_after(timer.attempts)
        enough = timer.attempts >= ENOUGH_ATTEMPTS or incidents.needs_a_person(error)
    if enough:
        # Not in the transaction above: everybody locks the case before its rows.
        with transaction() as session:
            alarms.tell_of(session, repairs.hold_timer(session, ENVIRONMENT, timer_id, error))
