"""What somebody who keeps the product watches: how old waiting work is, and how much of it there is."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.engine.job_tables import Incident, IncidentKind, Job, JobStatus
from workflows.engine.tables import BatchItem, DueTimer
from workflows.outbox import OutboxRow


@dataclass(frozen=True)
class Gauge:
    """One figure: its name (as Prometheus spells them, without a prefix), what it means, its value and labels."""

    name: str
    meaning: str
    value: float
    labels: dict[str, str] = field(default_factory=dict)


def read(session: Session) -> list[Gauge]:
    """Every figure, as it is now; ages are seconds, 0 when nothing waits."""
    return [*_jobs(session), *_outbox(session), *_timers(session), *_incidents(session), _batches(session)]


def _jobs(session: Session) -> Iterator[Gauge]:
    by_status = dict(session.execute(select(Job.status, func.count()).group_by(Job.status)).all())
    for status in JobStatus:
        yield Gauge("jobs", "Asynchronous steps by status.", by_status.get(status, 0), {"status": status.value})
    waits = Job.status == JobStatus.WAITING
    due = session.scalar(select(func.min(Job.run_at)).where(waits, Job.run_at <= clock.now()))
    yield Gauge("job_lag_seconds", "How long the oldest job that is due has waited for a worker.", _age(due))
    oldest = session.scalar(select(func.min(Job.created_at)).where(Job.status != JobStatus.FAILED))
    yield Gauge("job_oldest_seconds", "Age of the oldest job that needs no person.", _age(oldest))


def _outbox(session: Session) -> Iterator[Gauge]:
    undone: ColumnElement[bool] = OutboxRow.done_at.is_(None)
    count, oldest = session.execute(select(func.count(), func.min(OutboxRow.created_at)).where(undone)).one()
    yield Gauge("outbox_rows", "Outbox rows whose effect is still owed.", count)
    yield Gauge("outbox_lag_seconds", "Age of the oldest of them.", _age(oldest))


def _timers(session: Session) -> Iterator[Gauge]:
    due = (DueTimer.due_at <= clock.now(), DueTimer.held.is_(False))
    count, oldest = session.execute(select(func.count(), func.min(DueTimer.due_at)).where(*due)).one()
    yield Gauge("timers_due", "Timers that are due and have not fired.", count)
    yield Gauge("timer_lag_seconds", "How long the oldest of them is due.", _age(oldest))


def _incidents(session: Session) -> Iterator[Gauge]:
    unresolved = Incident.resolved_at.is_(None)
    by_kind = dict(session.execute(select(Incident.kind, func.count()).where(unresolved).group_by(Incident.kind)).all())
    for kind in IncidentKind:
        yield Gauge("incidents", "Unresolved incidents by kind.", by_kind.get(kind, 0), {"kind": kind.value})
    yield Gauge("stuck_cases", "Running cases that nothing can move.", by_kind.get(IncidentKind.STUCK, 0))


def _batches(session: Session) -> Gauge:
    waiting = select(func.count()).select_from(BatchItem).where(BatchItem.status == "waiting")
    return Gauge(
        "batch_items_waiting", "Items of batch sign-offs that wait for a worker.", session.scalar(waiting) or 0
    )


def _age(since: datetime | None) -> float:
    return max((clock.now() - since).total_seconds(), 0.0) if since else 0.0
