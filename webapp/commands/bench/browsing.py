"""People with a browser, over one connection that is kept alive: they sign in, read, and write with their tokens."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from webapp.commands.bench.metering import Cost
from webapp.commands.bench.served import COMPUTED, MOMENT, STATEMENTS

API = "/api/v1"

SIGNED_IN_FOR = timedelta(minutes=20)
"""After so long without a request a person signs in again; the product ends a session after thirty minutes."""

PATIENCE_SECONDS = 60.0


class NotAsExpected(RuntimeError):
    """The product answered otherwise than to somebody who may do this; the text says how."""


@dataclass(frozen=True)
class Answer:
    """What came back, and what it cost: by the clock here, in computing and statements there."""

    headers: Mapping[str, str]
    body: str
    cost: Cost


@dataclass
class Visitor:
    """One person's browser: cookies, the token of the session, and when it was last used."""

    login: str
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""
    seen: datetime | None = None

    def is_signed_in(self, moment: datetime) -> bool:
        """Whether the session still lives."""
        return self.seen is not None and abs(moment - self.seen) < SIGNED_IN_FOR


class Browsing:
    """Everybody's requests to one server, one after the other."""

    def __init__(self, port: int, password: str) -> None:
        self.password = password
        self.connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)

    def close(self) -> None:
        """Hang up."""
        self.connection.close()

    def sign_in(self, visitor: Visitor, moment: datetime) -> None:
        """Sign in as a person does, unless the session still lives."""
        if not visitor.is_signed_in(moment):
            visitor.cookies, visitor.token = {}, ""
            visitor.token = json.loads(self.get(visitor, f"{API}/session/csrf-token", moment).body)["csrf_token"]
            known = {"login": visitor.login, "password": self.password}
            answer = self.post_json(visitor, f"{API}/session", known, moment)
            visitor.token = json.loads(answer.body)["csrf_token"]
        visitor.seen = moment

    def get(self, visitor: Visitor, path: str, moment: datetime) -> Answer:
        """Read; a connection that the server has closed while nobody asked is opened again."""
        try:
            return self._answer(visitor, "GET", path, None, {}, moment, 200)
        except (HTTPException, ConnectionError):
            self.connection.close()
            return self._answer(visitor, "GET", path, None, {}, moment, 200)

    def post_json(self, visitor: Visitor, path: str, body: Any, moment: datetime, **headers: str) -> Answer:
        """Write through the API."""
        told = {"Content-Type": "application/json", "X-CSRFToken": visitor.token}
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self._answer(visitor, "POST", path, json.dumps(body).encode(), told, moment, 200)

    def post_form(self, visitor: Visitor, path: str, values: Mapping[str, str], moment: datetime) -> Answer:
        """Send a page's form."""
        told = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._answer(visitor, "POST", path, urlencode(values).encode(), told, moment, 303)

    def _answer(
        self,
        visitor: Visitor,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        moment: datetime,
        wanted: int,
    ) -> Answer:
        cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
        told = {MOMENT: moment.isoformat(), **({"Cookie": cookies} if cookies else {}), **headers}
        begun = time.perf_counter()
        self.connection.request(method, path, body, told)
        response = self.connection.getresponse()
        content = response.read()
        seconds = time.perf_counter() - begun
        self._keep_cookies(visitor, response)
        if response.status != wanted:
            raise NotAsExpected(f"{method} {path}: {response.status} {content.decode(errors='replace')[:500]}")
        computed, statements = float(response.headers[COMPUTED]), int(response.headers[STATEMENTS])
        cost = Cost(seconds, computed, statements, commits=0)
        return Answer(dict(response.headers.items()), content.decode(), cost)

    def _keep_cookies(self, visitor: Visitor, response: HTTPResponse) -> None:
        for line in response.headers.get_all("Set-Cookie", []):
            visitor.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
