"""Two hundred requests arrive at one real server for ten places: ten get one, the others read why not."""

import json
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.e2e.conftest import free_port, wait_for
from tests.support import cast as people
from tests.support.application import PASSWORD, QUICK_HASH
from webapp.embedded.supervision import Child
from workflows import clock, journal
from workflows.domain import accounts, quotas
from workflows.journal import SYSTEM, Event

REQUESTS, PLACES = 200, 10

API = "/api/v1"


class Office:
    """One browser of the county's officer, without the browser."""

    def __init__(self, url: str) -> None:
        self.url = url + API
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.token = ""

    def sign_in(self) -> None:
        self.token = self.send("/session/csrf-token")[1]["csrf_token"]
        self.token = self.send("/session", {"login": "zhao", "password": PASSWORD})[1]["csrf_token"]

    def send(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any], str]:
        headers = {"X-CSRFToken": self.token, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        try:
            with self.opener.open(self._request(path, data, headers), timeout=120) as answer:
                return answer.status, json.load(answer), answer.headers.get_content_type()
        except urllib.error.HTTPError as error:
            return error.code, json.load(error), error.headers.get_content_type()

    def _request(self, path: str, data: bytes | None, headers: dict[str, str]) -> urllib.request.Request:
        return urllib.request.Request(self.url + path, data, headers)  # noqa: S310 - our own server


@pytest.fixture
def county(fresh_database: Engine) -> tuple[int, int]:
    """A county with ten places and a school that has none; the ids of both."""
    with Session(fresh_database) as session, session.begin():
        cast = people.build(session)
        plan = quotas.open_plan(session, clock.today().year, 100, SYSTEM)
        for above, below in [(cast.region, cast.city), (cast.city, cast.county)]:
            quotas.allot(session, plan, above.id, below.id, PLACES, SYSTEM)
        accounts.create_hashed(session, person_id=cast.zhao.id, login="zhao", hashed=QUICK_HASH, must_change=False)
        return cast.county.id, cast.school.id


@pytest.fixture
def server(fresh_database: Engine, county: tuple[int, int], tmp_path: Path) -> Iterator[str]:
    """The product as it runs: two processes with eight threads each."""
    port = free_port()
    environment = {
        "TUANCHENG_DATABASE_URL": fresh_database.url.render_as_string(hide_password=False),
        "TUANCHENG_BROKER_URL": "redis://127.0.0.1:1/0",
        "TUANCHENG_SECRET_KEY": "a secret for the end-to-end tests only",
    }
    command = ["gunicorn", "webapp.app:create_app()", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"]
    command += ["--preload", "--workers", "2", "--threads", "8", "--backlog", str(2 * REQUESTS)]
    child = Child("web", [sys.executable, "-m", *command], tmp_path / "web.log", environment)
    child.start()
    try:
        wait_for(port, tmp_path / "web.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        child.stop()


def test_ten_get_a_place_and_the_others_read_why_not(
    server: str, county: tuple[int, int], fresh_database: Engine
) -> None:
    above, below = county
    first = Office(server)
    first.sign_in()
    body = {"from_unit_id": above, "shares": [{"unit_id": below, "amount": 1}], "reason": "同时"}
    start = Barrier(REQUESTS)

    def ask(_: int) -> tuple[int, str, str]:
        start.wait()
        status, answer, kind = first.send("/quotas/allotments", body)
        return status, answer.get("code", ""), kind

    with ThreadPoolExecutor(REQUESTS) as threads:
        answers = Counter(threads.map(ask, range(REQUESTS)))
    assert answers == {
        (201, "", "application/json"): PLACES,
        (409, "quota.exhausted", "application/problem+json"): REQUESTS - PLACES,
    }
    with Session(fresh_database) as session:
        assert quotas.audit(session).faults == []
        assert journal.verify(session).faults == []
        account = quotas.account_of(session, quotas.current_plan(session).id, below)
        assert account is not None
        assert account.free == PLACES
        refused = [entry.event for entry in journal.entries_of(session, journal.unit_chain(above))]
        assert refused.count(Event.ACT_REFUSED) == REQUESTS - PLACES
