"""The outbox: work that must happen after the commit. The table is the truth; the broker only carries the news.

A row is written in the transaction that needs its effect. The relay hands its id to the broker; the job that receives
it performs the effect and marks the row done in one transaction, so that a message delivered twice has the effect of
once, and a message lost is found again by the sweep.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, String, Text, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock
from workflows.database import Base, BigId, Json

RESEND_AFTER = timedelta(seconds=60)
"""How long a handed-over row may stay undone before the sweep sends it again; longer than any job may take."""

NOTICE = "notice"
"""The kind of a row whose effect is a notice to people, see `operations.notices`."""


class OutboxRow(Base):
    """One piece of work to be done after the commit."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_open", "done_at", "sent_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(Text)


def post(session: Session, kind: str, **payload: Any) -> OutboxRow:
    """Ask for the effect `kind` after the caller's commit."""
    row = OutboxRow(kind=kind, payload=payload, created_at=clock.now(), attempts=0)
    session.add(row)
    return row


def take_unsent(session: Session, limit: int = 200) -> list[int]:
    """Ids of rows never handed over, or handed over long ago without effect; they are marked as sent now."""
    now = clock.now()
    query = (
        select(OutboxRow)
        .where(OutboxRow.done_at.is_(None))
        .where(or_(OutboxRow.sent_at.is_(None), OutboxRow.sent_at < now - RESEND_AFTER))
        .order_by(OutboxRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = session.scalars(query).all()
    for row in rows:
        row.sent_at = now
    return [row.id for row in rows]


def untake(session: Session, ids: list[int]) -> None:
    """The broker was not told after all."""
    session.execute(update(OutboxRow).where(OutboxRow.id.in_(ids), OutboxRow.done_at.is_(None)).values(sent_at=None))


def open_row(session: Session, row_id: int) -> OutboxRow | None:
    """The row, locked, when its effect is still owed; None when it has been done or is being done elsewhere."""
    query = select(OutboxRow).where(OutboxRow.id == row_id, OutboxRow.done_at.is_(None))
    return session.scalars(query.with_for_update(skip_locked=True)).first()


def mark_done(row: OutboxRow) -> None:
    """The effect is in the same transaction as this mark."""
    row.done_at = clock.now()
