"""Imports every module that declares a table: a table exists for Alembic only if its module has been imported."""

from workflows import idempotency, journal, outbox
from workflows.database import Base

metadata = Base.metadata

__all__ = ["idempotency", "journal", "metadata", "outbox"]
