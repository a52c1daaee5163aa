"""Tables of moved cases: each move with what it replaced, the work items it took away, and batches of moves."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.database import Base, BigId, Json


class CaseMove(Base):
    """One case moved from one version to another, with all that is needed to undo it."""

    __tablename__ = "case_move"
    __table_args__ = (Index("ix_case_move_case", "case_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("process_case.id"))
    from_bundle_id: Mapped[int] = mapped_column(BigId, ForeignKey("bundle.id"))
    to_bundle_id: Mapped[int] = mapped_column(BigId, ForeignKey("bundle.id"))
    case_version: Mapped[int]
    """The case's version after the move; while it stands, nothing has happened since."""
    state_before: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    rows_before: Mapped[dict[str, Any]] = mapped_column(Json, deferred=True)
    """The rows beside the case (work items, due times, jobs, awaited events), by table."""
    history: Mapped[list[Any]] = mapped_column(Json, deferred=True)
    """What counts as the case's past in the new version: journal position and element of each thing that happened."""
    names: Mapped[dict[str, str]] = mapped_column(Json)
    """Elements of the old version and what they are called in the new one, where that differs."""
    summary: Mapped[dict[str, Any]] = mapped_column(Json)
    """What the administrator was shown: where the case stood and stands, what changed."""
    reason: Mapped[str] = mapped_column(Text)
    moved_at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(BigId)
    can_undo: Mapped[bool]
    """False when something was called or sent in the move itself."""
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[int | None] = mapped_column(BigId)
    undone_version: Mapped[int | None]
    """The case's version after the undoing."""


class MovedItem(Base):
    """A work item that a move took away: whoever still has it open learns why it is gone."""

    __tablename__ = "moved_item"

    work_item_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    move_id: Mapped[int] = mapped_column(BigId, ForeignKey("case_move.id"), primary_key=True)


class MoveBatch(Base):
    """Many cases to be moved to one version, one at a time."""

    __tablename__ = "move_batch"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    process: Mapped[str] = mapped_column(String(60))
    to_bundle_id: Mapped[int] = mapped_column(BigId, ForeignKey("bundle.id"))
    names: Mapped[dict[str, str]] = mapped_column(Json)
    place: Mapped[bool]
    """Whether cases may be set at the step the new version puts them at, where that differs."""
    reason: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(BigId, index=True)
    post_id: Mapped[int | None] = mapped_column(BigId)
    for_person_id: Mapped[int | None] = mapped_column(BigId)
    unit_id: Mapped[int | None] = mapped_column(BigId)
    total: Mapped[int]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    items: Mapped[list["MoveBatchItem"]] = relationship(order_by="MoveBatchItem.id", lazy="raise")


class MoveBatchItem(Base):
    """One case of a batch and what became of it."""

    __tablename__ = "move_batch_item"
    __table_args__ = (UniqueConstraint("batch_id", "case_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    batch_id: Mapped[int] = mapped_column(BigId, ForeignKey("move_batch.id"))
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("process_case.id"))
    seen_version: Mapped[int]
    status: Mapped[str] = mapped_column(String(10), default="waiting")
    """`waiting`, `done` or `refused`."""
    move_id: Mapped[int | None] = mapped_column(BigId)
    code: Mapped[str | None] = mapped_column(String(80))
    message: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None]
