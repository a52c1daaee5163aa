"""The request's database session; the one place of the web edge that commits."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, cast

from flask import Flask, current_app, g, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction, UOWTransaction

from webapp.settings import Settings
from workflows import database, tables

db = SQLAlchemy(metadata=tables.metadata, session_options={"expire_on_commit": False})
"""A request reads on after its commit what it has just written, and ends; nothing needs to be asked for again."""

READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def init_app(app: Flask, settings: Settings) -> None:
    """Bind the session to the settings' database, and let reading requests take no write lock."""
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    # Parameters of a failed statement may be a minor's data; they must not reach a log.
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"hide_parameters": True, "pool_pre_ping": True}
    db.init_app(app)
    with app.app_context():
        database.prepare(db.engine)
    app.before_request(_begin)
    app.after_request(_nothing_forgotten)
    app.teardown_request(_end)


def session() -> Session:
    """The session of this request; functions of `workflows` take it first."""
    return cast("Session", db.session())


def commit() -> None:
    """Make everything done in this request true at once; raises Busy when another writer is in the way."""
    with database.polite_when_busy():
        session().commit()


def rollback() -> None:
    """Forget everything done in this request since the last commit."""
    session().rollback()


@contextmanager
def writing_apart() -> Iterator[Session]:
    """A transaction of its own after the request's has been given up, also in a request that only reads."""
    rollback()
    _stop_reading()
    with database.polite_when_busy():
        yield session()
        session().commit()


def _begin() -> None:
    g.reading = ExitStack()
    if request.method in READING_METHODS:
        g.reading.enter_context(database.only_reading())


def _stop_reading() -> None:
    if "reading" in g:
        g.reading.close()


def _end(_error: BaseException | None) -> None:
    _stop_reading()


def _nothing_forgotten(response: Any) -> Any:
    """A successful answer to a writing request whose changes were never committed is a fault of the program."""
    if response.status_code < 400 and {"uncommitted", "journal"} & session().info.keys():
        message = f"{request.method} {request.url_rule}: changes were flushed but not committed"
        if current_app.testing:
            raise RuntimeError(message)
        current_app.logger.error(message)
    return response


@event.listens_for(Session, "after_flush")
def _note_flush(flushed: Session, _context: UOWTransaction) -> None:
    flushed.info["uncommitted"] = True


@event.listens_for(Session, "after_transaction_end")
def _note_end(ended: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        ended.info.pop("uncommitted", None)
