"""Hands rows to the broker by their ids. The table is the truth: a row is marked before it is sent, not after."""

import logging
from collections.abc import Callable

from celery import current_app
from sqlalchemy.orm import Session

from tasks.database import transaction

AT_ONCE = 200

logger = logging.getLogger(__name__)


def send_every(
    task: str, take: Callable[[Session, int], list[int]], untake: Callable[[Session, list[int]], None]
) -> int:
    """Send `task` for every row that `take` finds due and marks, so many at a time; how many were sent.

    A job that was quicker than the mark would find its row locked, so the mark is committed first; `untake` takes it
    back from what the broker did not take. Raises what the broker raises.
    """
    sent = 0
    while True:
        with transaction() as session:
            ids = take(session, AT_ONCE)
        for position, row_id in enumerate(ids):
            try:
                current_app.send_task(task, args=[row_id])
            except Exception as error:
                # Not sent after all: the next look need not wait until the marks are old.
                with transaction() as session:
                    untake(session, ids[position:])
                logger.warning("the broker took %d of %d (%s): %s", position, len(ids), task, type(error).__name__)
                raise
        sent += len(ids)
        if len(ids) < AT_ONCE:
            return sent
