"""The nightly removal of public notices that are over."""

from celery import shared_task

from tasks.database import transaction
from tasks.schedule import NIGHTLY, TAKE_DOWN_POSTINGS
from workflows.domain import postings


@shared_task(name=TAKE_DOWN_POSTINGS, **NIGHTLY)
def take_down_postings() -> int:
    """Erase the copies whose last day has passed; how many there were."""
    with transaction() as session:
        return postings.take_down_over(session)
