"""A person's program at the other end of a wire that breaks: it keeps the cookie and asks again with the same key."""

import http.client
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

from tests.support.application import PASSWORD

API = "/api/v1"

PATIENCE_SECONDS = 120
ANSWER_SECONDS = 15
PAUSE_SECONDS = 0.05

REPEATED = 0.15
"""Of all acts that were answered, this part is sent once more, as by somebody who clicked twice."""

BUSY = 503


@dataclass
class Told:
    """What all clerks were told: how often the wire broke, what was promised, and what must never be said."""

    counted: Counter[str] = field(default_factory=Counter)
    promised: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, what: str) -> None:
        with self._lock:
            self.counted[what] += 1

    def promise(self, what: str, answer: dict[str, Any]) -> None:
        with self._lock:
            self.promised.append((what, answer))

    def complain(self, sentence: str) -> None:
        with self._lock:
            self.wrong.append(sentence)

    def answers_to(self, what: str) -> list[dict[str, Any]]:
        """Every promise of one kind."""
        return [answer for kind, answer in self.promised if kind == what]


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: dict[str, Any]
    replayed: bool


class Clerk:
    """One person's client; paths are given below /api/v1."""

    def __init__(self, port: int, login: str, name: str, chance: random.Random, told: Told) -> None:
        self.chance, self.told = chance, told
        self._port, self._login, self._name = port, login, name
        self._acts, self._cookie, self._token = 0, "", ""

    def sign_in(self) -> None:
        """Begin a session, which outlives the server."""
        self._token = self.get("/session/csrf-token")["csrf_token"]
        answer = self._until_answered("POST", "/session", {"login": self._login, "password": PASSWORD}, {})
        assert answer.status == 200, answer.body
        self._token = answer.body["csrf_token"]

    def get(self, path: str) -> dict[str, Any]:
        """Read; whatever cannot be read fails the test."""
        answer = self._until_answered("GET", path, None, {})
        assert answer.status == 200, (path, answer)
        return answer.body

    def act(self, what: str, path: str, body: dict[str, Any], *, version: int | None = None) -> Answer:
        """Do something once, however often it must be asked for; a success is kept as a promise of `what`."""
        self._acts += 1
        headers = {"Idempotency-Key": f"{self._name}-{self._acts}"}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        answer = self._until_answered("POST", path, body, headers)
        if answer.status >= 400:
            return answer
        self.told.promise(what, answer.body)
        if answer.replayed:
            self.told.count("effect was there, answer was lost")
        if self.chance.random() < REPEATED:
            again = self._until_answered("POST", path, body, headers)
            self.told.count("sent twice")
            if (again.status, again.body, again.replayed) != (answer.status, answer.body, True):
                self.told.complain(f"{what}: {answer} was followed by {again}")
        return answer

    def _until_answered(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Answer:
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            self.told.count("requests")
            try:
                answer = self._ask(method, path, body, headers)
            except (OSError, http.client.HTTPException):
                self.told.count("broken")
            else:
                if answer.status < 500:
                    return answer
                self.told.count(f"status {answer.status}")
                if answer.status != BUSY:
                    self.told.complain(f"{method} {path}: {answer}")
            time.sleep(PAUSE_SECONDS)
        raise AssertionError(f"{method} {path} was not answered for {PATIENCE_SECONDS} s")

    def _ask(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_SECONDS)
        known = {"Content-Type": "application/json", "X-CSRFToken": self._token, "Cookie": self._cookie}
        try:
            sent = None if body is None else json.dumps(body)
            connection.request(method, API + path, sent, {**known, "Connection": "close", **headers})
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie") or []:
            self._cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in SimpleCookie(line).items())
        replayed = response.headers.get("Idempotency-Replayed") == "true"
        return Answer(response.status, json.loads(content) if content else {}, replayed)
