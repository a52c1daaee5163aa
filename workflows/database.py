"""Tables, types and engines that every room shares. Sessions come in from the edges; commits stay out."""

import base64
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, cast

from cryptography.fernet import Fernet
from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    TypeDecorator,
    create_engine,
    event,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction

from workflows.errors import Busy

BUSY_SECONDS = 5
"""How long a writer waits for another before it is told to try again; long enough for one step, short for a person."""

BigId = BigInteger().with_variant(Integer, "sqlite")
"""Integer keys; SQLite counts rows by itself only for the type it calls INTEGER."""

Json = JSON().with_variant(JSONB, "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored in UTC on every database (SQLite forgets the zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Encrypted(TypeDecorator[str]):
    """Text kept encrypted with the key of `TUANCHENG_DATA_KEY`: minors' identity numbers (PIPL Art. 51)."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else _cipher().encrypt(value.encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else _cipher().decrypt(bytes(value)).decode()


_borrowed_key: ContextVar[str] = ContextVar("borrowed_key", default="")


def data_key() -> bytes:
    """The secret behind encrypted columns and look-up digests.

    Raises RuntimeError with the command that makes one when the setting is missing.
    """
    secret = _borrowed_key.get() or os.environ.get("TUANCHENG_DATA_KEY", "")
    if len(secret) < 16:
        raise RuntimeError(
            "TUANCHENG_DATA_KEY must be set to at least 16 characters, for example: openssl rand -hex 32"
        )
    return hashlib.sha256(secret.encode()).digest()


@contextmanager
def throwaway_key() -> Iterator[None]:
    """Within the block encrypted columns use a key nobody keeps: for rehearsals on databases nobody keeps."""
    token = _borrowed_key.set(secrets.token_hex(32))
    try:
        yield
    finally:
        _borrowed_key.reset(token)


def _cipher() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(data_key()))


class Base(DeclarativeBase):
    """The one declarative base; Alembic sees a table only when `workflows.tables` imports its module."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime(), dict[str, Any]: Json, list[Any]: Json}


def table_of(model: type[Base]) -> Table:
    """The table behind a model, for statements that need no objects."""
    return cast("Table", model.__table__)


_KEPT = "kept"


def kept(session: Session, what: str) -> dict[int, Any]:
    """Rows this transaction has read and may ask for again, by key: a session forgets what nobody refers to.

    Empty again after every commit and rollback, of a savepoint too: what was taken back must not stay in the session,
    since SQLite gives its ids to the next rows.
    """
    found: dict[int, Any] = session.info.setdefault(_KEPT, {}).setdefault(what, {})
    return found


@event.listens_for(Session, "after_soft_rollback")
def _forget_taken_back(session: Session, _transaction: SessionTransaction) -> None:
    session.info.pop(_KEPT, None)


@event.listens_for(Session, "after_transaction_end")
def _forget_at_the_end(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(_KEPT, None)


_reading: ContextVar[bool] = ContextVar("reading", default=False)


@contextmanager
def only_reading() -> Iterator[None]:
    """Transactions begun in this block take no write lock on SQLite; a write inside them may be refused as busy."""
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)


def new_engine(url: str, **options: Any) -> Engine:
    """An engine for `url` (`sqlite:///…` or `postgresql+psycopg://…`) with this product's settings."""
    engine = create_engine(url, **options)
    prepare(engine)
    return engine


def prepare(engine: Engine) -> None:
    """Give an engine made elsewhere (Flask-SQLAlchemy makes its own) this product's settings.

    SQLite: WAL, foreign keys, and `BEGIN IMMEDIATE` for every transaction that may write, so that "lock the row" means
    the same as on PostgreSQL and a reader never fails half-way when it turns into a writer. PostgreSQL: a bounded wait
    for locks.
    """
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _set_up_postgresql)


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL", f"busy_timeout={BUSY_SECONDS * 1000}"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN" if _reading.get() else "BEGIN IMMEDIATE")


def _set_up_postgresql(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'")
    connection.commit()


@contextmanager
def polite_when_busy() -> Iterator[None]:
    """Turn a lock that could not be had (either database) into the refusal `Busy`."""
    try:
        yield
    except OperationalError as error:
        text = str(error.orig).lower()
        if "database is locked" in text or "lock timeout" in text or "deadlock detected" in text:
            raise Busy() from error
        raise
