"""What one act costs: time, SQL statements, commits; and what a row of numbers comes to."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

import click
from sqlalchemy import Connection, Engine, event

_FRAMES = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT", "PRAGMA")
"""What frames a transaction is no statement of its own: SQLite says BEGIN aloud, PostgreSQL's driver in passing."""


@dataclass(frozen=True)
class Cost:
    """One act: seconds from the beginning of its transaction to the end of its commit, statements, commits.

    `cpu` is what this process computed in those seconds; the rest it waited, for the disk, the database or its turn.
    """

    seconds: float
    cpu: float
    statements: int
    commits: int


class Meter:
    """Counts what goes over one engine."""

    def __init__(self, engine: Engine) -> None:
        self.statements = self.commits = 0
        event.listen(engine, "before_cursor_execute", self._statement)
        event.listen(engine, "commit", self._commit)

    def _statement(self, _connection: Connection, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith(_FRAMES):
            self.statements += 1

    def _commit(self, _connection: Connection) -> None:
        self.commits += 1

    def cost_of(self, act: Callable[[], object]) -> Cost:
        """Do it, and say what it cost."""
        self.statements = self.commits = 0
        computed, begun = time.process_time(), time.perf_counter()
        act()
        seconds, cpu = time.perf_counter() - begun, time.process_time() - computed
        return Cost(seconds, cpu, self.statements, self.commits)


def per_second(seconds: Sequence[float]) -> float:
    """How many acts fit into a second."""
    return round(len(seconds) / sum(seconds), 1)


def median_ms(seconds: Sequence[float]) -> float:
    """The middle one, in milliseconds."""
    return round(median(seconds) * 1000, 3)


def p95_ms(seconds: Sequence[float]) -> float:
    """What nineteen of twenty do not exceed, in milliseconds."""
    return round(sorted(seconds)[-(-len(seconds) * 95 // 100) - 1] * 1000, 3)


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Tell on stderr how far it is, once a second, from the first second on."""
    told, done = time.monotonic(), 0

    def tell(more: int = 1) -> None:
        nonlocal told, done
        done += more
        if time.monotonic() - told >= 1:
            told = time.monotonic()
            click.echo(f"{what} {done}/{total}", err=True)

    yield tell
