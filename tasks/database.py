"""The worker's transactions; the one place of this edge that commits."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from celery.signals import worker_process_init
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from tasks import settings
from workflows import tables
from workflows.database import new_engine, only_reading, polite_when_busy

METADATA = tables.metadata
"""Names every table, so that no mapped class is missing when another one refers to it."""


@cache
def engine() -> Engine:
    """This process's engine. Parameters of a failed statement may be a minor's data; they must not reach a log."""
    return new_engine(settings.database_url(), hide_parameters=True, pool_pre_ping=True)


@contextmanager
def transaction(connection: Connection | None = None) -> Iterator[Session]:
    """One transaction: committed when the block ends, rolled back when it raises. Raises Busy for a lock not had.

    With `connection` on that one, which has no transaction under way.
    """
    with polite_when_busy(), Session(connection or engine()) as session, session.begin():
        yield session


@contextmanager
def one_connection() -> Iterator[Connection]:
    """A connection for many transactions in a row, tried once instead of before each."""
    with polite_when_busy(), engine().connect() as connection:
        yield connection


@contextmanager
def snapshot() -> Iterator[Session]:
    """A session that only reads and sees one moment, however long it takes; it is in nobody's way."""
    with only_reading(), Session(engine()) as session:
        if engine().dialect.name == "postgresql":
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session


@worker_process_init.connect
def _own_connections(**_signal: object) -> None:
    # A forked child must not speak on its parent's connections.
    engine.cache_clear()
