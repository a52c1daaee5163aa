"""The application on the test's own transaction, and people who call its routes."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.api.caller import Caller
from tests.conftest import copy_of_template
from tests.support import application as shared
from tests.support.application import an_application, found, login_of
from tests.support.cast import Cast
from workflows.domain.people import Person
from workflows.engine.tables import Bundle

application, app, now = shared.application, shared.app, shared.now
cast, admission = shared.cast, shared.admission


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database of each kind in which the cast, the year's places and the admission process stand already."""
    with ExitStack() as at_end:
        yield found(copy_of_template(request.param, request.getfixturevalue, tmp_path_factory.mktemp("api"), at_end))


@pytest.fixture
def anybody(app: Flask) -> Caller:
    """Somebody who is not signed in."""
    caller = Caller(app.test_client())
    caller.fetch_token()
    return caller


@pytest.fixture
def signed_in(app: Flask, session: Session) -> Callable[[Person], Caller]:
    """Sign a person in, with an account made for it."""

    def sign_in(person: Person) -> Caller:
        caller = Caller(app.test_client())
        assert caller.sign_in(login_of(session, person)).status_code == 200
        return caller

    return sign_in


@pytest.fixture
def saren(cast: Cast, signed_in: Callable[[Person], Caller]) -> Caller:
    """The branch secretary."""
    return signed_in(cast.saren)


@pytest.fixture
def apply(saren: Caller, cast: Cast, admission: Bundle, now: datetime) -> Callable[..., dict[str, object]]:
    """Saren enters an application; gives the case as the API answered it."""

    def enter(seed: str = "Wuyun", **changes: object) -> dict[str, object]:
        content = an_application(seed, **changes)
        body = {"process": "admission", "unit_id": cast.branch.id, "outcome": "submit", "content": content}
        answer = saren.post("/cases", body)
        assert answer.status_code == 201, answer.json
        return answer.json

    return enter
