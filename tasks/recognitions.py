"""The nightly look at the facts behind every joint recognition: new ones void what was signed over the old."""

import logging

from celery import shared_task

from tasks.database import one_connection, snapshot, transaction
from tasks.failures import log_failure
from tasks.schedule import NIGHTLY, RENEW_RECOGNITIONS
from workflows.domain import recognitions
from workflows.errors import Refusal
from workflows.operations import recognitions as joint

logger = logging.getLogger(__name__)


@shared_task(name=RENEW_RECOGNITIONS, **NIGHTLY)
def renew_recognitions() -> int:
    """Gather the facts of each anew, each in a transaction of its own; of how many they had changed.

    One that cannot be looked at keeps nobody else from being looked at, and is tried again the next night.
    """
    with snapshot() as session:
        waiting = recognitions.live_ids(session)
    changed = 0
    with one_connection() as connection:
        for recognition_id in waiting:
            try:
                with transaction(connection) as session:
                    changed += bool(joint.renew(session, recognition_id))
            except Refusal as refusal:
                log_failure(logger, f"recognition {recognition_id}", refusal)
    return changed
