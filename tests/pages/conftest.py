"""The application on the test's own transaction, and people who open its pages without JavaScript."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from tests.conftest import copy_of_template
from tests.pages.visitor import PASSWORD, Visitor
from tests.support import cast as people
from tests.support.cast import Cast
from webapp.app import create_app
from webapp.database import db
from webapp.settings import Settings
from workflows import clock
from workflows.domain import accounts, identity_numbers
from workflows.domain.people import Person
from workflows.engine import bundles
from workflows.engine.tables import Bundle
from workflows.journal import SYSTEM

ADMISSION = Path(__file__).parents[2] / "bpmn" / "admission"
NOW = datetime(2020, 6, 1, 2, 0, tzinfo=UTC)
NOBODY_LISTENS = "redis://127.0.0.1:1/0"
QUICK_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""The real one takes its time, which is its purpose."""

Visit = Callable[[Person], Visitor]


@pytest.fixture(scope="session")
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Pages say the same on both databases: here on SQLite, in tests/e2e on PostgreSQL."""
    with ExitStack() as at_end:
        yield copy_of_template("sqlite", request.getfixturevalue, tmp_path_factory.mktemp("pages"), at_end)


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
def cast(session: Session) -> Cast:
    """Units and people, with the year's places at the school."""
    cast = people.build(session)
    people.plan_for_school(session, cast, 3)
    session.commit()
    return cast


@pytest.fixture
def admission(session: Session) -> Bundle:
    """The admission process, published."""
    bundle = bundles.store(session, bundles.read_folder(ADMISSION), [], SYSTEM, "随程序安装")
    session.commit()
    return bundle


@pytest.fixture
def stranger(app: Flask) -> Visitor:
    """Somebody who is not signed in."""
    return Visitor(app.test_client())


@pytest.fixture
def visit(app: Flask, session: Session) -> Visit:
    """Sign a person in through the sign-in page, with an account made for it."""

    def sign_in(person: Person) -> Visitor:
        login = f"person{person.id}"
        if accounts.of(session, person.id) is None:
            hashed = QUICK_HASHER.hash(PASSWORD)
            accounts.create_hashed(session, person_id=person.id, login=login, hashed=hashed, must_change=False)
            session.commit()
        visitor = Visitor(app.test_client())
        visitor.sign_in(login)
        return visitor

    return sign_in


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


Applied = Callable[..., Visitor]


@pytest.fixture
def applied(visit: Visit, cast: Cast, admission: Bundle, now: datetime) -> Applied:
    """The branch secretary, who has just entered an application and stands at its next step."""

    def enter(seed: str = "Wuyun", **changes: str) -> Visitor:
        saren = visit(cast.saren)
        saren.open("/processes/admission/new")
        page = saren.submit(**an_application(seed, **changes))
        assert page.status == 200, page.text
        return saren

    return enter
