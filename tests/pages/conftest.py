"""The application on the test's own transaction, and people who open its pages without JavaScript."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.conftest import copy_of_template
from tests.pages.visitor import Visitor
from tests.support import application as shared
from tests.support.application import an_application, found, login_of
from tests.support.cast import Cast
from workflows.domain.people import Person
from workflows.engine.tables import Bundle

application, app, now = shared.application, shared.app, shared.now
cast, admission = shared.cast, shared.admission

Visit = Callable[[Person], Visitor]


@pytest.fixture(scope="session")
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Pages say the same on both databases: here on SQLite, in tests/e2e on PostgreSQL."""
    with ExitStack() as at_end:
        yield found(copy_of_template("sqlite", request.getfixturevalue, tmp_path_factory.mktemp("pages"), at_end))


@pytest.fixture
def stranger(app: Flask) -> Visitor:
    """Somebody who is not signed in."""
    return Visitor(app.test_client())


@pytest.fixture
def visit(app: Flask, session: Session) -> Visit:
    """Sign a person in through the sign-in page, with an account made for it."""

    def sign_in(person: Person) -> Visitor:
        visitor = Visitor(app.test_client())
        visitor.sign_in(login_of(session, person))
        return visitor

    return sign_in


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
