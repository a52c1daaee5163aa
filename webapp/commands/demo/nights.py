"""What the worker does of a simulated day: its own jobs, called one after another at a moment of that day.

The worker of a running product has the clock of its machine and gets its jobs from a broker. Here they are called by
their names in a process of ours, so that the clock can be moved; no message travels, and the tables of the outbox and
of jobs say what is due, as they do after a broker has lost everything.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from celery.app.utils import find_app
from celery.signals import worker_process_init
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from webapp.commands.demo.patience import patiently
from workflows import clock, outbox
from workflows.database import polite_when_busy
from workflows.engine import jobs

EVENING = timedelta(hours=18)
LATE_EVENING = timedelta(hours=23)

AT_ONCE = 10
"""Rows one process takes at a time: few, so that the last ones of a day are shared."""

WEEK = 7

_TOLD = {"TUANCHENG_BROKER_URL": "memory://"}


class Worker:
    """The worker's jobs on one database."""

    def __init__(self, engine: Engine, app: Any) -> None:
        self.engine, self.app = engine, app
        self.performed = 0

    def evening(self, today: date) -> None:
        """Every outbox row and asynchronous step that is due, until none is."""
        with clock.standing_at(clock.start_of(today) + EVENING):
            while self._rows() + self._jobs():
                pass

    def night(self, today: date) -> None:
        """What the beat asks for by night, once a week, because days fly here."""
        if today.toordinal() % WEEK == 0:
            with clock.standing_at(clock.start_of(today) + LATE_EVENING):
                for task in ("tasks.take_down_postings", "tasks.seal_journal", "tasks.find_stuck_cases"):
                    self._call(task)

    def _rows(self) -> int:
        return self._every("tasks.perform_outbox", lambda session: outbox.take_unsent(session, AT_ONCE))

    def _jobs(self) -> int:
        return self._every("tasks.perform_job", lambda session: jobs.take_due(session, AT_ONCE))

    def _every(self, task: str, take: Callable[[Session], list[int]]) -> int:
        ids = patiently(lambda: self._taken(take))
        for row_id in ids:
            self._call(task, row_id)
        self.performed += len(ids)
        return len(ids)

    def _taken(self, take: Callable[[Session], list[int]]) -> list[int]:
        with polite_when_busy(), Session(self.engine) as session, session.begin():
            return take(session)

    def _call(self, task: str, *values: int) -> None:
        patiently(lambda: self.app.tasks[task](*values))


@contextmanager
def worker(engine: Engine, address: str) -> Iterator[Worker]:
    """The worker's jobs for the database at `address`, found as `celery -A tasks.app` finds them."""
    told = {"TUANCHENG_DATABASE_URL": address, **_TOLD}
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        app = find_app("tasks.app")
        app.loader.import_default_modules()
        worker_process_init.send(sender=None)
        yield Worker(engine, app)
    finally:
        worker_process_init.send(sender=None)
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
