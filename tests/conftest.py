"""The databases every test may ask for. Nothing else belongs here; people stand in tests/support/cast.py.

`session`         inside an outer transaction that is rolled back; runs on SQLite and on PostgreSQL
`fresh_database`  a migrated database of the test's own, committed for real: races, workers, servers
"""

import fcntl
import gc
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from coverage import Coverage
from sqlalchemy import URL, Connection, Engine
from sqlalchemy.orm import Session

from tests.support import postgres as postgres_server
from tests.support.postgres import Postgres
from workflows import migrations
from workflows.database import new_engine

os.environ["TUANCHENG_DATA_KEY"] = "a key for tests, and for nothing else"

TEMPLATE = f"tuancheng_template_{uuid4().hex[:8]}"
"""Databases on a server named by TUANCHENG_TEST_DATABASE_URL must not meet those of another run."""


UNTRACED = (
    "e2e/",
    "processes/",
    "property/",
    "concurrency/",
    "commands/test_bench.py::test_batch",
    "commands/test_bench.py::test_http",
    "commands/test_bench.py::test_steps_on_postgresql",
    "commands/test_process.py::test_a_scenario",
    "engine/gate/test_against_engine.py",
    "engine/gate/test_cost.py",
    "engine/gate/test_hostile_files.py",
    "engine/gate/test_mutations.py",
    "engine/moving/test_generated_pairs.py",
    "engine/test_frozen_saves.py",
    "engine/test_random_walk.py",
    "tasks/test_waiting_timers.py",
    "unit/domain/test_lawful_dates.py",
    "unit/migrations/",
)
"""Tests that walk long ways through code that the others pass too."""

TWICE = frozenset({"postgresql", "in memory"})
"""Runs of a test that pass the same lines as its other run, on SQLite or saved and restored."""

LONGEST_FIRST = ("e2e/", "processes/", "commands/", "concurrency/", "property/", "tasks/")
"""What is begun last must be short, or all but one of the test processes wait for it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long stories first; what lies in tests/e2e is an end-to-end test."""
    items.sort(key=lambda item: next((at for at, part in enumerate(LONGEST_FIRST) if _in(item, part)), len(items)))
    for item in items:
        if _in(item, "e2e/"):
            item.add_marker("e2e")


def pytest_collection() -> None:
    """Thousands of tests are made at once, and none of them is garbage."""
    gc.disable()


def pytest_collection_finish() -> None:
    """What has been imported and collected stays to the end; searching it for garbage again and again finds none."""
    gc.collect()
    gc.freeze()
    gc.enable()


def _in(item: pytest.Item, part: str) -> bool:
    return item.nodeid.startswith(f"tests/{part}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Tracing costs as much as the work: what runs twice, or repeats what other tests pass anyway, goes untraced."""
    ids = item.callspec.id.split("-") if isinstance(item, pytest.Function) and hasattr(item, "callspec") else []
    untraced = not TWICE.isdisjoint(ids) or any(_in(item, part) for part in UNTRACED)
    measuring = Coverage.current() if untraced else None
    if measuring is None:
        return (yield)
    measuring.stop()
    try:
        return (yield)
    finally:
        measuring.start()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server; started once in each test process that asks for it."""
    with postgres_server.running() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> Iterator[str]:
    """A migrated database that nobody is connected to, so that copies can be made of it."""
    _migrate(postgres.create(TEMPLATE))
    yield TEMPLATE
    postgres.drop(TEMPLATE)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file, written out whole, so that copies can be made of it; test processes share it."""
    own = tmp_path_factory.getbasetemp()
    folder = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    path = folder / "template.sqlite"
    with (folder / "template.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not path.exists():
            begun = folder / "begun.sqlite"
            _migrate(_sqlite_url(begun))
            begun.rename(path)
    return path


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A migrated database of each kind; tests share it and leave nothing behind."""
    with ExitStack() as at_end:
        yield copy_of_template(request.param, request.getfixturevalue, tmp_path_factory.mktemp("shared"), at_end)


@pytest.fixture
def fresh_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A migrated database of this test's own, PostgreSQL unless parametrised (indirectly) with "sqlite".

    Another process reaches it by `fresh_database.url.render_as_string(hide_password=False)`.
    """
    kind = getattr(request, "param", "postgresql")
    with ExitStack() as at_end:
        yield copy_of_template(kind, request.getfixturevalue, tmp_path, at_end)


@pytest.fixture
def connection(database: Engine) -> Iterator[Connection]:
    """A connection in a transaction that the end of the test takes back."""
    with database.connect() as connection, connection.begin() as outer:
        yield connection
        outer.rollback()


@pytest.fixture
def session(connection: Connection) -> Iterator[Session]:
    """A session whose commits are savepoints of the test's transaction."""
    with Session(bind=connection, join_transaction_mode="create_savepoint") as session:
        yield session


def copy_of_template(kind: str, fixture: Callable[[str], object], folder: Path, at_end: ExitStack) -> Engine:
    """A new database from the template of its kind, which is gone again when `at_end` unwinds."""
    if kind == "sqlite":
        path = folder / "tuancheng.sqlite"
        shutil.copy(str(fixture("sqlite_template")), path)
        url = _sqlite_url(path)
    else:
        server = fixture("postgres")
        assert isinstance(server, Postgres)
        url = at_end.enter_context(server.lent(str(fixture("postgres_template"))))
    engine = new_engine(url.render_as_string(hide_password=False))
    at_end.callback(engine.dispose)
    return engine


def _migrate(url: URL) -> None:
    engine = new_engine(url.render_as_string(hide_password=False))
    try:
        migrations.upgrade(engine)
    finally:
        engine.dispose()


def _sqlite_url(path: Path) -> URL:
    return URL.create("sqlite", database=str(path))
