"""The nightly proof that ledger, numbers, places and members tell one story, and the stock of papers with them."""

import logging

from celery import shared_task

from tasks import alarms
from tasks.database import snapshot, transaction
from tasks.schedule import NIGHTLY, RECONCILE
from workflows import journal
from workflows.domain import quotas, stock_audit
from workflows.journal import Event

FAULTS_TOLD = 3

logger = logging.getLogger(__name__)


@shared_task(name=RECONCILE, **NIGHTLY)
def reconcile_quotas() -> int:
    """Audit every plan and the stock; keep the result in the journal, tell administrators. How many faults."""
    with snapshot() as session:
        audit = quotas.audit(session)
        found = [*audit.faults, *stock_audit.faults(session)]
    faults = len(found)
    with transaction() as session:
        chain = journal.unit_chain(None)
        journal.record(session, Event.RECONCILED, chain=chain, checked=audit.checked, faults=found[:100])
        if faults:
            logger.error("the quota audit found %d faults", faults)
            shown = "；".join(found[:FAULTS_TOLD])
            text = f"名额与库存对账发现{faults}处不符，用 tuancheng quota audit 查看全部：{shown}。"
            alarms.tell_administrators(session, text)
    return faults
