"""Tells the worker that there is work in the outbox. The table is the truth: a broker that is down loses nothing."""

import time
from typing import Any

from celery import Celery
from flask import Flask, current_app, has_app_context
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction, UOWTransaction

from webapp.settings import Settings
from workflows.outbox import OutboxRow

RELAY_JOB = "tasks.relay"
"""The job's name on the wire; the two edges do not import each other."""

QUIET_SECONDS = 5.0
"""After the broker failed to answer, how long nobody waits for it again; the sweep finds the rows meanwhile."""

PATIENCE_SECONDS = 1.0

_ONE_TRY = {"max_retries": 0, "interval_start": 0, "connect_retries_timeout": PATIENCE_SECONDS}
"""Without these, kombu tries for six seconds to reach a broker that is down, while the person waits."""

_REDIS_PATIENCE = {"socket_connect_timeout": PATIENCE_SECONDS, "socket_timeout": PATIENCE_SECONDS}


class Bell:
    """Rings for the relay after a commit that left rows in the outbox."""

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

    def ring(self) -> bool:
        """Whether the broker took the news; never raises."""
        if time.monotonic() < self._quiet_until:
            return False
        try:
            self._celery.send_task(RELAY_JOB, retry=False)
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
    if session.info.get("outbox") and not session.in_nested_transaction() and has_app_context():
        bell: Any = current_app.extensions.get("bell")
        if bell is not None:
            bell.ring()


@event.listens_for(Session, "after_transaction_end")
def _forget_outbox(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop("outbox", None)
