"""The application on the test's own transaction: what tests/api and tests/pages have in common.

A conftest imports the fixtures from here and gives a `database` that was `found`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import Connection, Engine, select
from sqlalchemy.orm import Session

from tests.support import cast as people
from tests.support.cast import Cast
from webapp.app import create_app
from webapp.database import db
from webapp.settings import Settings
from workflows import clock
from workflows.domain import accounts, identity_numbers
from workflows.domain.people import Person
from workflows.domain.units import Unit
from workflows.engine import bundles
from workflows.engine.tables import Bundle
from workflows.journal import SYSTEM

ADMISSION = Path(__file__).parents[2] / "bpmn" / "admission"

QUICK_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""The real one takes its time, which is its purpose."""

PASSWORD = "Spring-2020!"

QUICK_HASH = QUICK_HASHER.hash(PASSWORD)

NOW = datetime(2020, 6, 1, 2, 0, tzinfo=UTC)

NOBODY_LISTENS = "redis://127.0.0.1:1/0"

FOUNDED: dict[Engine, dict[str, tuple[type[Unit | Person], int]]] = {}
"""Which rows are the cast, in each database."""


def found(engine: Engine) -> Engine:
    """Let the cast, the year's places and the admission process stand in a database before its first test."""
    with Session(engine) as session, session.begin():
        cast = people.build(session)
        people.plan_for_school(session, cast, 3)
        bundles.store(session, bundles.read_folder(ADMISSION), [], SYSTEM, "随程序安装")
        FOUNDED[engine] = {name: (type(row), row.id) for name, row in vars(cast).items()}
    return engine


ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
"""For modules that prove what is parsed and answered; what locks, queries or pages through data runs on both."""


@pytest.fixture(scope="session")
def application() -> Iterator[Flask]:
    """The application, made once; each test lends it its own connection."""
    app = create_app(Settings("sqlite://", NOBODY_LISTENS, "a secret for tests only", testing=True))
    with app.app_context():
        db.session.configure(join_transaction_mode="create_savepoint")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "_hasher", QUICK_HASHER)
        yield app


@pytest.fixture
def app(application: Flask, connection: Connection) -> Iterator[Flask]:
    """The application within the test's transaction; whatever it commits is gone after the test."""
    with application.app_context():
        own = db.engines[None]
        db.engines[None] = connection
    yield application
    with application.app_context():
        db.engines[None] = own


@pytest.fixture
def now() -> Iterator[datetime]:
    """The clock stands at ten in the morning of 1 June 2020."""
    with clock.standing_at(NOW):
        yield NOW


@pytest.fixture
def cast(session: Session, database: Engine) -> Cast:
    """Units and people, with the year's places at the school."""
    return Cast(**{name: session.get_one(kind, row_id) for name, (kind, row_id) in FOUNDED[database].items()})


@pytest.fixture
def admission(session: Session) -> Bundle:
    """The admission process, published."""
    return session.scalars(select(Bundle)).one()


def login_of(session: Session, person: Person) -> str:
    """A person's login, with an account made for it when there is none."""
    login = f"person{person.id}"
    if accounts.of(session, person.id) is None:
        accounts.create_hashed(session, person_id=person.id, login=login, hashed=QUICK_HASH, must_change=False)
        session.commit()
    return login


def an_application(seed: str = "Wuyun", **changes: str) -> dict[str, str]:
    """The form of the first step, filled in for somebody of fourteen."""
    return {
        "name": "乌云",
        "sex": "female",
        "ethnic_group": "蒙古族",
        "applied_on": "2020-05-20",
        "birth_date": people.BORN.isoformat(),
        "nationality": "CN",
        "id_number": identity_numbers.made_up(people.BORN, seed, "female"),
        "class_name": "高一1班",
        **changes,
    }
