"""Tells the worker that there is work: in the outbox, or a job. Tables are the truth: a broker down loses nothing."""

import time
from typing import Any

from celery import Celery
from flask import Flask, current_app, has_app_context
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction, UOWTransaction

from webapp.settings import Settings
from workflows.engine import job_rows
from workflows.outbox import OutboxRow

RELAY_JOB = "tasks.relay"
SEND_JOBS_JOB = "tasks.send_due_jobs"
"""Names on the wire; the two edges do not import each other."""

NEWS = {"outbox": RELAY_JOB, job_rows.NEWS: SEND_JOBS_JOB}
"""What a session notes of its transaction, and who is told of it after the commit."""

QUIET_SECONDS = 5.0
"""After the broker failed to answer, how long nobody waits for it again; the sweep finds the rows meanwhile."""

PATIENCE_SECONDS = 1.0

_ONE_TRY = {"max_retries": 0, "interval_start": 0, "connect_retries_timeout": PATIENCE_SECONDS}
"""Without these, kombu tries for six seconds to reach a broker that is down, while the person waits."""

_REDIS_PATIENCE = {"socket_connect_timeout": PATIENCE_SECONDS, "socket_timeout": PATIENCE_SECONDS}


class Bell:
    """Rings for the relay after a commit that left rows in the outbox, and for the worker's jobs."""

    def __init__(self, broker_url: str) -> None:
        self._quiet_until = 0.0
        is_redis = broker_url.startswith(("redis", "valkey"))
        # Not the process's current app: a test may hold the worker's app beside this one.
        self._celery = Celery("webapp", broker=broker_url, set_as_current=False)
        self._celery.conf.update(
            broker_connection_retry_on_startup=False,
            broker_connection_timeout=PATIENCE_SECONDS,
            broker_transport_options={**_ONE_TRY, **(_REDIS_PATIENCE if is_redis else {})},
            task_ignore_result=True,
        )

    def ring(self, wanted: str = RELAY_JOB) -> bool:
        """Whether the broker took the news; never raises."""
        if time.monotonic() < self._quiet_until:
            return False
        try:
            self._celery.send_task(wanted, retry=False)
        except Exception as error:  # noqa: BLE001 - whatever ails the broker, the request has succeeded
            self._quiet_until = time.monotonic() + QUIET_SECONDS
            name = type(error).__name__
            current_app.logger.warning("the broker did not answer (%s); the sweep will find the work", name)
            return False
        return True


def init_app(app: Flask, settings: Settings) -> None:
    """Give the application its bell."""
    app.extensions["bell"] = Bell(settings.broker_url)


@event.listens_for(Session, "after_flush")
def _note_outbox(flushed: Session, _context: UOWTransaction) -> None:
    if any(isinstance(row, OutboxRow) for row in flushed.new):
        flushed.info["outbox"] = True


@event.listens_for(Session, "after_commit")
def _ring(session: Session) -> None:
    # Releasing a savepoint is reported as a commit too.
    if session.in_nested_transaction() or not has_app_context():
        return
    bell: Any = current_app.extensions.get("bell")
    for news, wanted in NEWS.items():
        if bell is not None and session.info.get(news):
            bell.ring(wanted)


@event.listens_for(Session, "after_transaction_end")
def _forget_news(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        for news in NEWS:
            session.info.pop(news, None)
