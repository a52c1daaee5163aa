"""The database a measurement is made on: fresh at the start, gone at the end, and never anybody else's."""

import os
import secrets
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import click
from sqlalchemy import URL, Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, OperationalError, ProgrammingError

from workflows import migrations
from workflows.database import new_engine

DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgresql+psycopg": "postgresql+psycopg"}

DATA_KEY = "TUANCHENG_DATA_KEY"


@dataclass(frozen=True)
class Ground:
    """A migrated database with this product's settings; `address` is where another process finds it."""

    engine: Engine
    address: str
    kind: str
    version: str


@contextmanager
def fresh(address: str | None) -> Iterator[Ground]:
    """A migrated database for the length of the block, also when the block is interrupted.

    Without `address` it is an SQLite file in a folder of its own; with the address of an SQLite file that is not there
    yet, that file; with the address of a PostgreSQL database, a new database beside that one. What is encrypted is
    encrypted with a key nobody keeps. Ends the program (exit code 2) when there can be no such database.
    """
    with _ended_in_order(), _own_key(), _place(_understood(address)) as url:
        # As the edges make theirs.
        engine = new_engine(url.render_as_string(hide_password=False), hide_parameters=True, pool_pre_ping=True)
        try:
            migrations.upgrade(engine)
            yield Ground(engine, url.render_as_string(hide_password=False), engine.dialect.name, _version(engine))
        finally:
            engine.dispose()


def _understood(address: str | None) -> URL | None:
    if address is None:
        return None
    try:
        url = make_url(address)
    except ArgumentError:
        raise _wrong("不是数据库地址") from None
    if url.drivername not in DRIVERS:
        raise _wrong(f"不支持 {url.drivername}，只能是 sqlite 或 postgresql+psycopg")
    if url.drivername == "sqlite" and not url.database:
        raise _wrong("SQLite 须写明文件")
    if url.drivername != "sqlite" and not url.database:
        raise _wrong("PostgreSQL 须写明数据库")
    return url.set(drivername=DRIVERS[url.drivername])


def _wrong(why: str) -> click.BadParameter:
    shapes = "sqlite:////path/new-file.sqlite、postgresql+psycopg://user:password@host/name"
    return click.BadParameter(f"{why}；例如 {shapes}", param_hint="--database")


@contextmanager
def _place(url: URL | None) -> Iterator[URL]:
    if url is None:
        with tempfile.TemporaryDirectory(prefix="tuancheng-bench-") as folder:
            yield URL.create("sqlite", database=str(Path(folder) / "bench.sqlite"))
    elif url.drivername == "sqlite":
        with _new_file(url) as made:
            yield made
    else:
        with _new_database(url) as made:
            yield made


@contextmanager
def _new_file(url: URL) -> Iterator[URL]:
    path = Path(url.database or "").absolute()
    if path.exists():
        raise _wrong(f"{path} 已经存在，测量只用新建的文件")
    if not os.access(path.parent, os.W_OK):
        raise _wrong(f"不能写入目录 {path.parent}")
    try:
        yield url.set(database=str(path))
    finally:
        for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
            path.with_name(name).unlink(missing_ok=True)


@contextmanager
def _new_database(beside: URL) -> Iterator[URL]:
    name = f"tuancheng_bench_{secrets.token_hex(6)}"
    administration = create_engine(beside, isolation_level="AUTOCOMMIT", hide_parameters=True)
    try:
        try:
            _run(administration, f'CREATE DATABASE "{name}" TEMPLATE template0')
        except (OperationalError, ProgrammingError) as error:
            raise _wrong(f"不能在该服务器上新建数据库：{str(error.orig).strip()}") from None
        try:
            yield beside.set(database=name)
        finally:
            _run(administration, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        administration.dispose()


def _run(administration: Engine, statement: str) -> None:
    with administration.connect() as connection:
        connection.execute(text(statement))


def _version(engine: Engine) -> str:
    asked = "SELECT sqlite_version()" if engine.dialect.name == "sqlite" else "SHOW server_version"
    with engine.connect() as connection:
        return f"{engine.dialect.name} {connection.execute(text(asked)).scalar_one()}"


@contextmanager
def _own_key() -> Iterator[None]:
    """In the environment, because a worker process must find the same one."""
    before = os.environ.get(DATA_KEY)
    os.environ[DATA_KEY] = secrets.token_hex(32)
    try:
        yield
    finally:
        if before is None:
            del os.environ[DATA_KEY]
        else:
            os.environ[DATA_KEY] = before


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """SIGTERM unwinds like Ctrl-C, or the database would stay behind."""
    before = signal.signal(signal.SIGTERM, _as_if_interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _as_if_interrupted(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
