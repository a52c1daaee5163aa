"""Forgets idempotency keys that nobody will send again."""

from datetime import timedelta

from celery import shared_task
from sqlalchemy import delete

from tasks.database import transaction
from tasks.schedule import FORGET_KEYS, NIGHTLY
from workflows import clock
from workflows.idempotency import IdempotencyKey

KEPT_FOR = timedelta(days=7)


@shared_task(name=FORGET_KEYS, **NIGHTLY)
def forget_idempotency_keys() -> None:
    """Delete the keys, and the answers kept with them, that are older than a week."""
    with transaction() as session:
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < clock.now() - KEPT_FOR))
