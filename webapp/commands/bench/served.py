"""The product's application as a measurement serves it: at the moment a request names, and telling what it cost.

The candidates of a measurement act in the year of their scenario; the pages of a running product know only today.
"""

import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from argon2 import PasswordHasher
from flask import Flask

from webapp import app, database
from webapp.commands.bench.metering import Meter
from workflows import clock
from workflows.domain import accounts

MOMENT = "X-Measured-At"
"""The request's header with the moment it is sent at."""

STATEMENTS, COMPUTED = "X-Measured-Statements", "X-Measured-Computed"
"""The answer's headers: SQL statements; seconds this thread computed until the answer was ready."""

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Signing in takes its time on purpose and is not measured; people here sign in anew on every day of the scenario."""


def create_app() -> Flask:
    """The application of `webapp.app`, inside the meter."""
    accounts._hasher = QUICK
    made = app.create_app()
    with made.app_context():
        made.wsgi_app = Metered(made.wsgi_app, Meter(database.db.engine))  # type: ignore[method-assign]
    return made


class Metered:
    """Around a WSGI application, for one client that sends one request at a time."""

    def __init__(self, inner: Any, meter: Meter) -> None:
        self.inner = inner
        self.meter = meter

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        moment = environ.get(f"HTTP_{MOMENT.upper().replace('-', '_')}")
        if moment is None:
            return self._measured(environ, start_response)
        with clock.standing_at(datetime.fromisoformat(moment)):
            return self._measured(environ, start_response)

    def _measured(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.meter.statements, begun = 0, time.thread_time()

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            told = [(STATEMENTS, str(self.meter.statements)), (COMPUTED, f"{time.thread_time() - begun:.6f}")]
            return start_response(status, [*headers, *told], *more)

        answer: Iterable[bytes] = self.inner(environ, start)
        return answer
