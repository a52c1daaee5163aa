"""Tables of what goes on without a person: jobs for asynchronous service steps, and incidents when they cannot."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.database import Base, BigId, Json
from workflows.engine.tables import Case


class JobStatus(StrEnum):
    """What becomes of a job; one that is done has no row any more, the journal knows of it."""

    WAITING = "waiting"
    RUNNING = "running"
    FAILED = "failed"
    """An incident stands open; nobody but a person moves it."""


class Job(Base):
    """An asynchronous service step that waits for the worker; the row goes when the step is over.

    Ids are never used again, or a late message would perform somebody else's step.
    """

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("case_id", "task"),
        Index("ix_job_due", "status", "run_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("process_case.id"))
    task: Mapped[int]
    """The step's place in the saved state."""
    step: Mapped[str] = mapped_column(String(80))
    label: Mapped[str] = mapped_column(String(200))
    operation: Mapped[str] = mapped_column(String(80))
    status: Mapped[JobStatus] = mapped_column(String(10), default=JobStatus.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    """Begun, not failed: an attempt that killed its worker counts."""
    allowed: Mapped[int]
    """After so many attempts a person is asked."""
    created_at: Mapped[datetime]
    run_at: Mapped[datetime]
    """When to try next; for a running one, when it is taken for lost."""
    sent_at: Mapped[datetime | None]
    """When the broker was told of it last."""
    last_error: Mapped[str | None] = mapped_column(String(200))
    person_id: Mapped[int | None] = mapped_column(BigId)
    post_id: Mapped[int | None] = mapped_column(BigId)
    for_person_id: Mapped[int | None] = mapped_column(BigId)
    unit_id: Mapped[int | None] = mapped_column(BigId)
    """Whose act led to the step."""


class IncidentKind(StrEnum):
    """What could not go on."""

    JOB = "job"
    TIMER = "timer"
    STUCK = "stuck"


class IncidentStatus(StrEnum):
    """Open until a person acts, then retrying until it is known whether that helped."""

    OPEN = "open"
    RETRYING = "retrying"
    RESOLVED = "resolved"


class Resolution(StrEnum):
    """How an incident came to its end."""

    WENT_ON = "went_on"
    SKIPPED = "skipped"
    OVERTAKEN = "overtaken"
    """The case left the step another way, such as a withdrawal."""


_UNRESOLVED = text("resolved_at IS NULL")


class Incident(Base):
    """A case that cannot go on by itself, told without personal data so that whoever keeps the product may read it."""

    __tablename__ = "incident"
    __table_args__ = (
        Index(
            "uq_incident_unresolved",
            "case_id",
            "kind",
            "source_id",
            unique=True,
            sqlite_where=_UNRESOLVED,
            postgresql_where=_UNRESOLVED,
        ),
        Index("ix_incident_list", "resolved_at", "id"),
        Index("ix_incident_unit", "unit_id", "resolved_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("process_case.id"))
    unit_id: Mapped[int] = mapped_column(BigId)
    kind: Mapped[IncidentKind] = mapped_column(String(10))
    source_id: Mapped[int] = mapped_column(BigId)
    """The job's or timer's id; 0 for a case that is stuck."""
    step: Mapped[str] = mapped_column(String(80))
    label: Mapped[str] = mapped_column(String(200))
    code: Mapped[str] = mapped_column(String(80))
    sentence: Mapped[str] = mapped_column(Text)
    """The refusal's sentence with its places for facts; `facts` holds those that name no person."""
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    rule: Mapped[str] = mapped_column(Text, default="")
    article: Mapped[str] = mapped_column(Text, default="")
    attempts: Mapped[int] = mapped_column(default=0)
    status: Mapped[IncidentStatus] = mapped_column(String(10), default=IncidentStatus.OPEN)
    version: Mapped[int] = mapped_column(default=1)
    since: Mapped[datetime]
    changed_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolution: Mapped[Resolution | None] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(Text)
    """What the person who corrected or skipped gave as the reason."""
    person_id: Mapped[int | None] = mapped_column(BigId)
    for_person_id: Mapped[int | None] = mapped_column(BigId)
    """Who acted last."""
    case: Mapped[Case] = relationship(lazy="raise")
