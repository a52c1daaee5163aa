"""The nightly look at recommendations whose validity runs out."""

from celery import shared_task

from tasks.database import transaction
from tasks.schedule import NIGHTLY, WATCH_RECOMMENDATIONS
from workflows.operations import validity


@shared_task(name=WATCH_RECOMMENDATIONS, **NIGHTLY)
def watch_recommendations() -> int:
    """Remind of what runs out soon and end what is over; how many were ended."""
    with transaction() as session:
        return validity.watch(session)
