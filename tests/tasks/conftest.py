"""The jobs, called directly, on a database of the test's own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from kombu.exceptions import OperationalError
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tasks import database, sending
from tests.support import cast as people
from tests.support.cast import Cast
from workflows.database import only_reading


@pytest.fixture
def engine(fresh_database: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The engine of this worker process."""
    monkeypatch.setattr(database, "engine", lambda: fresh_database)
    return fresh_database


class Broker:
    """Takes messages until it fails."""

    def __init__(self) -> None:
        self.takes = 10**6
        self.sent: list[int] = []
        self.tasks: set[str] = set()

    def send_task(self, name: str, args: list[int]) -> None:
        if len(self.sent) >= self.takes:
            raise OperationalError("gone")
        self.tasks.add(name)
        self.sent += args


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    broker = Broker()
    monkeypatch.setattr(sending, "current_app", broker)
    return broker


@pytest.fixture
def store(engine: Engine) -> Iterator[Session]:
    """Where the test writes; between its commits it holds no lock that a job would wait for."""
    with Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def founded(store: Session) -> Cast:
    """Units and people, with places at the school."""
    cast = people.build(store)
    people.plan_for_school(store, cast, 5)
    store.commit()
    return cast


@pytest.fixture
def look(engine: Engine) -> Iterator[Callable[[], Session]]:
    """The database as it is now, in a transaction that only reads."""
    with ExitStack() as at_end:

        def now() -> Session:
            session = at_end.enter_context(Session(engine))
            with only_reading():
                session.connection()
            return session

        yield now
