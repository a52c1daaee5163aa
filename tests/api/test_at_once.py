"""Requests that arrive at the same moment, on a real database with real commits."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.api.caller import Caller
from tests.support import cast as people
from tests.support.application import ADMISSION, QUICK_HASH, an_application
from webapp.app import create_app
from webapp.database import db
from webapp.settings import Settings
from workflows import journal
from workflows.domain import accounts
from workflows.engine import bundles
from workflows.engine.tables import StepRecord
from workflows.journal import SYSTEM

pytestmark = pytest.mark.parametrize("fresh_database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def live(fresh_database: Engine) -> Iterator[Flask]:
    """The application on a database of its own; the branch secretary signs in as `saren`."""
    with Session(fresh_database) as session, session.begin():
        cast = people.build(session)
        people.plan_for_school(session, cast, 3)
        bundles.store(session, bundles.read_folder(ADMISSION), [], SYSTEM, "")
        accounts.create_hashed(session, person_id=cast.saren.id, login="saren", hashed=QUICK_HASH, must_change=False)
    url = fresh_database.url.render_as_string(hide_password=False)
    app = create_app(Settings(url, "redis://127.0.0.1:1/0", "a secret for tests only", testing=True))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def case(live: Flask) -> dict[str, Any]:
    """An application that waits to be checked."""
    saren = signed_in(live)
    [branch] = [post["unit_id"] for post in saren.get("/session").json["posts"]]
    body = {"process": "admission", "unit_id": branch, "outcome": "submit", "content": an_application()}
    return dict(saren.post("/cases", body).json)


def signed_in(app: Flask) -> Caller:
    caller = Caller(app.test_client())
    assert caller.sign_in("saren").status_code == 200
    return caller


def at_once(app: Flask, act: Callable[[Caller], TestResponse], times: int) -> list[TestResponse]:
    callers, ready = [signed_in(app) for _ in range(times)], Barrier(times)

    def run(caller: Caller) -> TestResponse:
        ready.wait()
        return act(caller)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, callers))


def completing(case: dict[str, Any], key: str | None = None) -> Callable[[Caller], TestResponse]:
    path = f"/work-items/{case['work_items'][0]['id']}/completion"
    body = {"outcome": "accept", "content": {"received_on": case["started_at"][:10]}}
    return lambda caller: caller.post(path, body, version=case["version"], key=key)


def steps(engine: Engine, case: dict[str, Any]) -> int:
    with Session(engine) as session:
        assert journal.verify(session).faults == []
        done = select(func.count()).where(StepRecord.case_id == case["id"], StepRecord.step == "check_application")
        return session.scalar(done) or 0


def test_the_same_request_twice_at_once_has_one_effect_and_one_answer(
    live: Flask, case: dict[str, Any], fresh_database: Engine
) -> None:
    answers = at_once(live, completing(case, key="k-1"), 4)
    assert {answer.status_code for answer in answers} == {200}
    assert all(answer.json == answers[0].json for answer in answers)
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 3
    assert steps(fresh_database, case) == 1


def test_two_decisions_at_once_are_one_decision_and_one_refusal(
    live: Flask, case: dict[str, Any], fresh_database: Engine
) -> None:
    answers = at_once(live, completing(case), 3)
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412]
    assert {answer.json["code"] for answer in answers if answer.status_code == 412} == {"version.stale"}
    assert steps(fresh_database, case) == 1
