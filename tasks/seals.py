"""The nightly seal over the journal."""

from celery import shared_task

from tasks.database import transaction
from tasks.schedule import NIGHTLY, SEAL
from workflows import journal


@shared_task(name=SEAL, **NIGHTLY)
def seal_journal() -> int:
    """Seal the heads of all chains that grew since the last seal; how many there were."""
    with transaction() as session:
        made = journal.seal(session)
        return 0 if made is None else made.chains
