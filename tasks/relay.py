"""Hands outbox rows to the broker: at once after a commit, and every two seconds what was left or lost."""

import logging

from celery import current_app, shared_task

from tasks.database import transaction
from tasks.schedule import PERFORM, RELAY
from workflows import outbox
from workflows.errors import Busy
from workflows.outbox import OutboxRow

AT_ONCE = 200

logger = logging.getLogger(__name__)


@shared_task(name=RELAY, throws=(Busy,))
def relay() -> int:
    """Send every row that is due to be sent; how many were sent.

    The rows are marked before they are sent: a job that was quicker than the mark would find its row locked.
    """
    sent = 0
    while True:
        with transaction() as session:
            ids = [row.id for row in outbox.take_unsent(session, AT_ONCE)]
        sent += _send(ids)
        if len(ids) < AT_ONCE:
            return sent


def _send(ids: list[int]) -> int:
    for position, row_id in enumerate(ids):
        try:
            current_app.send_task(PERFORM, args=[row_id])
        except Exception as error:
            # Not sent after all: the next sweep need not wait until the marks are old.
            _unmark(ids[position:])
            logger.warning("the broker took %d of %d rows: %s", position, len(ids), type(error).__name__)
            raise
    return len(ids)


def _unmark(ids: list[int]) -> None:
    with transaction() as session:
        for row_id in ids:
            row = session.get(OutboxRow, row_id)
            if row is not None and row.done_at is None:
                row.sent_at = None
