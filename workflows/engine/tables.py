"""The engine's tables: bundles and their files, cases, work items, step records, due times, batches."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.database import Base, BigId, Json


class Bundle(Base):
    """One published version of a process: drawing, decision tables, forms and scenarios together."""

    __tablename__ = "bundle"
    __table_args__ = (UniqueConstraint("process", "version"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    process: Mapped[str] = mapped_column(String(60))
    version: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    content_hash: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime]
    published_by: Mapped[int | None] = mapped_column(BigId)
    note: Mapped[str] = mapped_column(Text, default="")
    files: Mapped[list["BundleFile"]] = relationship(order_by="BundleFile.path", cascade="all, delete-orphan")


class BundleFile(Base):
    """One file of a bundle, as text."""

    __tablename__ = "bundle_file"

    bundle_id: Mapped[int] = mapped_column(BigId, ForeignKey("bundle.id"), primary_key=True)
    path: Mapped[str] = mapped_column(String(200), primary_key=True)
    content: Mapped[str] = mapped_column(Text)


class Case(Base):
    """One running or finished execution of a bundle for one subject."""

    __tablename__ = "process_case"
    __table_args__ = (Index("ix_process_case_unit_open", "unit_id", "ended_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    bundle_id: Mapped[int] = mapped_column(BigId, ForeignKey("bundle.id"), index=True)
    process: Mapped[str] = mapped_column(String(60))
    unit_id: Mapped[int] = mapped_column(BigId)
    title: Mapped[str] = mapped_column(String(100), default="")
    subject_id: Mapped[int | None] = mapped_column(BigId, index=True)
    version: Mapped[int] = mapped_column(default=1)
    state: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    started_at: Mapped[datetime]
    started_by: Mapped[int | None] = mapped_column(BigId)
    ended_at: Mapped[datetime | None]
    ended_step: Mapped[str | None] = mapped_column(String(80))
    ended_label: Mapped[str | None] = mapped_column(String(200))
    result: Mapped[str | None] = mapped_column(String(40))
    last_step_id: Mapped[int | None] = mapped_column(BigId)
    bundle: Mapped[Bundle] = relationship(lazy="raise")


_HAS_PERSON: dict[str, Any] = {f"{name}_where": text("person_id IS NOT NULL") for name in ("sqlite", "postgresql")}


class WorkItem(Base):
    """A user step waiting in an inbox; the row is deleted when the step is done (its record is kept).

    Ids are never used again, or a reader of an old page would act on somebody else's step.
    """

    __tablename__ = "work_item"
    __table_args__ = (
        UniqueConstraint("case_id", "task"),
        # In an inbox's order; step and person let its counts be read from the index alone.
        Index("ix_work_item_inbox", "unit_id", "post_kind", "due_on", "id", "step", "person_id"),
        # Few items are one person's; an index over the others' nothing would make SQLite expect that all are.
        Index("ix_work_item_person", "person_id", "due_on", "id", **_HAS_PERSON),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("process_case.id"))
    task: Mapped[int]
    """The step's place in the saved state."""
    step: Mapped[str] = mapped_column(String(80))
    label: Mapped[str] = mapped_column(String(200))
    lane: Mapped[str] = mapped_column(String(80))
    unit_id: Mapped[int] = mapped_column(BigId)
    post_kind: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[int | None] = mapped_column(BigId)
    created_at: Mapped[datetime]
    due_on: Mapped[date | None] = mapped_column(Date)
    case: Mapped[Case] = relationship(lazy="raise")


class StepRecord(Base):
    """What was submitted at one user step, by whom, when it happened and when it was recorded."""

    __tablename__ = "step_record"
    __table_args__ = (Index("ix_step_record_case", "case_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("process_case.id"))
    work_item_id: Mapped[int | None] = mapped_column(BigId, index=True)
    case_version: Mapped[int]
    """The case's version after this step."""
    step: Mapped[str] = mapped_column(String(80))
    label: Mapped[str] = mapped_column(String(200))
    outcome: Mapped[str] = mapped_column(String(40))
    outcome_label: Mapped[str] = mapped_column(String(80))
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    happened_on: Mapped[date | None] = mapped_column(Date)
    recorded_at: Mapped[datetime]
    person_id: Mapped[int] = mapped_column(BigId)
    post_id: Mapped[int | None] = mapped_column(BigId)
    for_person_id: Mapped[int | None] = mapped_column(BigId)
    corrects_id: Mapped[int | None] = mapped_column(BigId)
    """The record this one corrects; that one stays as it was."""
    reason: Mapped[str | None] = mapped_column(Text)
    """Why it was corrected."""


class DueTimer(Base):
    """A moment a case waits for; the beat asks this table, never the broker."""

    __tablename__ = "due_timer"
    __table_args__ = (UniqueConstraint("case_id", "task"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("process_case.id"))
    task: Mapped[int]
    step: Mapped[str] = mapped_column(String(80))
    label: Mapped[str] = mapped_column(String(200))
    attached_to: Mapped[str | None] = mapped_column(String(80))
    """The step, or the level with an event sub-process, this is a deadline of; None for a wait of the case itself."""
    due_at: Mapped[datetime] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(Text)
    held: Mapped[bool] = mapped_column(default=False)
    """An incident stands open: the timer waits for a person."""


class Batch(Base):
    """One decision made for several work items at once, performed one item at a time."""

    __tablename__ = "batch"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    step: Mapped[str] = mapped_column(String(80))
    label: Mapped[str] = mapped_column(String(200))
    outcome: Mapped[str] = mapped_column(String(40))
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    person_id: Mapped[int] = mapped_column(BigId, index=True)
    post_id: Mapped[int | None] = mapped_column(BigId)
    for_person_id: Mapped[int | None] = mapped_column(BigId)
    unit_id: Mapped[int | None] = mapped_column(BigId)
    total: Mapped[int]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    items: Mapped[list["BatchItem"]] = relationship(order_by="BatchItem.id", lazy="raise")


class BatchItem(Base):
    """One work item of a batch and what became of it."""

    __tablename__ = "batch_item"
    __table_args__ = (UniqueConstraint("batch_id", "work_item_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    batch_id: Mapped[int] = mapped_column(BigId, ForeignKey("batch.id"))
    work_item_id: Mapped[int] = mapped_column(BigId)
    case_id: Mapped[int] = mapped_column(BigId)
    title: Mapped[str] = mapped_column(String(100))
    seen_version: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, server_default="{}")
    """What was submitted for this item alone, beside what the batch has for all."""
    status: Mapped[str] = mapped_column(String(10), default="waiting")
    """`waiting`, `done` or `refused`."""
    code: Mapped[str | None] = mapped_column(String(80))
    message: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None]
