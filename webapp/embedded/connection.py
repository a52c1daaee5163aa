"""A database for a command: the address of TUANCHENG_DATABASE_URL, else that of `tuancheng run` in this folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from webapp.settings import absolute
from workflows.database import new_engine, only_reading

DATA = Path("var")
"""Where `tuancheng run` keeps what it keeps, unless told otherwise."""


def address_in(folder: Path) -> str:
    """The address of the SQLite database that `tuancheng run` keeps in `folder`."""
    return f"sqlite:///{folder.resolve() / 'tuancheng.sqlite'}"


@contextmanager
def engine() -> Iterator[Engine]:
    """An engine for the length of a command. Ends the program with a plain sentence when no database can be reached."""
    url = os.environ.get("TUANCHENG_DATABASE_URL", "").strip()
    if not url and not (DATA / "tuancheng.sqlite").exists():
        raise click.ClickException("没有数据库：请设置 TUANCHENG_DATABASE_URL，或先在此目录执行 tuancheng run。")
    made = new_engine(absolute(url) if url else address_in(DATA), hide_parameters=True)
    try:
        yield made
    except OperationalError as error:
        raise click.ClickException(f"数据库连接失败：{error.orig}") from error
    finally:
        made.dispose()


@contextmanager
def reading() -> Iterator[Session]:
    """A session that sees one moment of the database and changes nothing."""
    with engine() as made, only_reading(), Session(_one_moment(made)) as session:
        yield session


def _one_moment(made: Engine) -> Engine:
    """An audit compares tables with each other, so it must not see a decision that lands between two of its queries."""
    if made.dialect.name == "postgresql":
        return made.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return made
