"""A branch with a candidate in training, in memory: fixtures for tests of services, which import them from here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, undefer

from tests.support import cast as people
from tests.support.application import ADMISSION
from tests.support.cast import Cast
from tests.support.training import in_training
from workflows import clock
from workflows.engine import bundles
from workflows.engine.tables import Case
from workflows.journal import SYSTEM
from workflows.operations.rehearsal import BlankDatabase

NOW = datetime(2020, 6, 17, 2, tzinfo=UTC)


@dataclass
class Branch:
    """A branch whose secretary is Saren, with Wuyun in training since 18 March, guided by Bator and Lin."""

    engine: Engine
    cast: Cast
    case_id: int


@pytest.fixture(scope="module")
def branch() -> Iterator[Branch]:
    """Made once; each test's changes are taken back."""
    with BlankDatabase() as database:
        with Session(database.engine, expire_on_commit=False) as session, clock.standing_at(NOW):
            cast = people.build(session)
            people.plan_for_school(session, cast, 3)
            bundles.store(session, bundles.read_folder(ADMISSION), [], SYSTEM, "")
            case_id = in_training(session, cast).id
        yield Branch(database.engine, cast, case_id)


@pytest.fixture
def session(branch: Branch) -> Iterator[Session]:
    with branch.engine.connect() as connection, clock.standing_at(NOW):
        transaction = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        transaction.rollback()


@pytest.fixture
def cast(branch: Branch) -> Cast:
    return branch.cast


@pytest.fixture
def case(session: Session, branch: Branch) -> Case:
    """Wuyun's, guided by Bator and Lin since 18 March."""
    return session.get_one(Case, branch.case_id, options=[undefer(Case.state)])
