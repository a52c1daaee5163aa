"""Performs outbox rows: the effect and the mark that it is done stand or fall together."""

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Protocol

from celery import shared_task
from sqlalchemy.orm import Session

from tasks import alarms
from tasks.database import one_connection, snapshot, transaction
from tasks.failures import log_failure, said_of
from tasks.schedule import PERFORM
from workflows import clock, outbox
from workflows.domain import quota_checks
from workflows.engine import batches, correlation
from workflows.engine.environment import Environment
from workflows.engine.moving import move_batches
from workflows.errors import Busy, Refusal
from workflows.operations import notices, recognitions
from workflows.operations.wiring import ENVIRONMENT
from workflows.outbox import RESEND_AFTER, OutboxRow

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=6)

ALARM_AT = 8
"""After so many failures (about twenty minutes) the administrators are told."""

Handler = Callable[[Session, Mapping[str, Any]], object]

logger = logging.getLogger(__name__)


class Portioned(Protocol):
    """A kind of batch: its items are done one by one, and the last one ends it."""

    def do_item(self, session: Session, environment: Environment, item_id: int, /) -> object:
        """Do one item, once."""

    def refuse_item(self, session: Session, item_id: int, refusal: Refusal, /) -> object:
        """Keep why an item was not done."""

    def end_when_done(self, session: Session, batch_id: int, /) -> object:
        """End the batch when nothing waits any more."""


def _each_item(kind: Portioned) -> Callable[[Mapping[str, Any]], None]:
    def each(payload: Mapping[str, Any]) -> None:
        with one_connection() as connection:
            for item_id in payload["items"]:
                try:
                    with transaction(connection) as session:
                        kind.do_item(session, ENVIRONMENT, item_id)
                except Busy:
                    # Refused by nobody: the row is sent again, and what is decided by then stays as it is.
                    raise
                except Refusal as refusal:
                    with transaction(connection) as session:
                        kind.refuse_item(session, item_id, refusal)

    return each


def _end(kind: Portioned) -> Handler:
    return lambda session, payload: kind.end_when_done(session, payload["batch"])


def _between_cases(kind: str) -> Handler:
    return lambda session, payload: correlation.PERFORM[kind](session, ENVIRONMENT, payload)


def _check_quota(payload: Mapping[str, Any]) -> None:
    more = True
    with one_connection() as connection:
        while more:
            with transaction(connection) as session:
                more = quota_checks.do_portion(session, payload["check"])


APART: dict[str, Callable[[Mapping[str, Any]], None]] = {
    batches.OUTBOX_KIND: _each_item(batches),
    move_batches.OUTBOX_KIND: _each_item(move_batches),
    quota_checks.OUTBOX_KIND: _check_quota,
}
"""What a kind of row asks for in transactions of their own, each with the effect of once, before the last one."""

HANDLERS: dict[str, Handler] = {
    notices.OUTBOX_KIND: notices.deliver,
    batches.OUTBOX_KIND: _end(batches),
    move_batches.OUTBOX_KIND: _end(move_batches),
    quota_checks.OUTBOX_KIND: lambda session, payload: quota_checks.end(session, payload["check"]),
    recognitions.BEGIN: lambda session, payload: recognitions.begin_party_case(session, ENVIRONMENT, payload),
}
HANDLERS |= {kind: _between_cases(kind) for kind in correlation.PERFORM}
"""What each kind of row asks for. A handler may be called again after a crash, never after its commit."""


@shared_task(name=PERFORM, throws=(Busy,))
def perform_outbox(row_id: int) -> bool:
    """Perform one row; False when it is done already or somebody else is at it. A failure is kept on the row."""
    try:
        _perform_apart(row_id)
        with transaction() as session:
            row = outbox.open_row(session, row_id)
            if row is None:
                return False
            HANDLERS[row.kind](session, row.payload)
            outbox.mark_done(row)
            return True
    except Exception as error:  # noqa: BLE001 - whatever it was, the row keeps it and the sweep tries again
        _keep(row_id, error)
        return False


def _perform_apart(row_id: int) -> None:
    with snapshot() as session:
        row = session.get(OutboxRow, row_id)
    if row is not None and row.done_at is None and row.kind in APART:
        APART[row.kind](row.payload)


def wait_after(attempts: int) -> timedelta:
    """How long the sweep waits after the n-th failure: doubling, from seconds to a quarter of a day."""
    return min(FIRST_WAIT * 2 ** min(attempts - 1, 20), LONGEST_WAIT)


def _keep(row_id: int, error: Exception) -> None:
    log_failure(logger, f"outbox row {row_id}", error)
    with transaction() as session:
        row = session.get(OutboxRow, row_id, with_for_update=True)
        if row is None or row.done_at is not None:
            return
        row.attempts += 1
        row.last_error = said_of(error)
        # The sweep sends again what was sent RESEND_AFTER ago; the mark is set so that this is when the wait is over.
        row.sent_at = clock.now() + wait_after(row.attempts) - RESEND_AFTER
        if row.attempts == ALARM_AT and row.kind != notices.OUTBOX_KIND:
            text = f"后台事项第{row.id}号（{row.kind}）已连续失败{row.attempts}次，请检查。"
            alarms.tell_administrators(session, text)
