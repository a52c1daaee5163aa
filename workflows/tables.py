"""Imports every module that declares a table: a table exists for Alembic only if its module has been imported."""

from workflows import idempotency, journal, outbox
from workflows.database import Base
from workflows.domain import accounts, members, people, posts, units

metadata = Base.metadata

__all__ = ["accounts", "idempotency", "journal", "members", "metadata", "outbox", "people", "posts", "units"]
