"""The processes that play a year between them, each with counties of its own; one alone plays in this process."""

import multiprocessing
import resource
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from multiprocessing.connection import Connection
from typing import Any

from sqlalchemy import Engine

from webapp.commands.demo import nights
from webapp.commands.demo.nights import Worker
from webapp.commands.demo.offices import Offices, Tally
from workflows.database import new_engine
from workflows.domain.demo_applicants import Applicant

DAY, EVENING, NIGHT, LOOK = "day", "evening", "night", "look"
"""What a player is asked for: the offices' part of a day, the worker's, the night's; or only how it stands."""


@dataclass(frozen=True)
class Part:
    """What one player must know to play its counties; it is sent to another process."""

    address: str
    applicants: Sequence[Applicant]
    year: int
    seed: int


@dataclass(frozen=True)
class Answer:
    """Everything a player has done so far, whether it did anything just now, and what its process has used.

    `memory` is the most it has had (bytes), `computed` the seconds it computed, without those it waited.
    """

    tally: Tally
    performed: int
    was_busy: bool
    memory: int
    computed: float


class PlayerFailed(Exception):
    """A process of the simulation ended with an error; the text is what it said."""


Ask = Callable[[str, date], Answer]


class _Player:
    def __init__(self, engine: Engine, part: Part, worker: Worker) -> None:
        self.offices = Offices(engine, part.applicants, part.year, part.seed)
        self.worker = worker

    def ask(self, what: str, day: date) -> Answer:
        before = self.offices.tally.acts.total()
        if what == DAY:
            self.offices.day(day)
        elif what == EVENING:
            self.worker.evening(day)
        elif what == NIGHT:
            self.worker.night(day)
        tally = self.offices.tally
        was_busy = tally.acts.total() > before
        return Answer(tally, self.worker.performed, was_busy, memory(), time.process_time())


class Players:
    """All players; each is told something and told the next thing only when all have answered."""

    def __init__(self, tell: Sequence[Callable[[str, date], object]], hear: Sequence[Callable[[], Answer]]) -> None:
        self._tell, self._hear = tell, hear

    def all(self, what: str, day: date) -> list[Answer]:
        """Let all do it, each its part."""
        for tell in self._tell:
            tell(what, day)
        return [hear() for hear in self._hear]

    def one(self, what: str, day: date) -> Answer:
        """Let one do it for all."""
        self._tell[0](what, day)
        return self._hear[0]()


@contextmanager
def playing(engine: Engine, parts: Sequence[Part]) -> Iterator[Players]:
    """The players of a year, ended with the block whatever happens; with one part it is this process."""
    if len(parts) > 1:
        with _processes(parts) as pipes:
            yield Players([_telling(pipe) for pipe in pipes], [_hearing(pipe) for pipe in pipes])
        return
    with nights.worker(engine, parts[0].address) as worker:
        player, answers = _Player(engine, parts[0], worker), list[Answer]()
        yield Players([lambda what, day: answers.append(player.ask(what, day))], [answers.pop])


def _telling(pipe: "Connection[Any, Any]") -> Callable[[str, date], None]:
    return lambda what, day: pipe.send((what, day))


def _hearing(pipe: "Connection[Any, Any]") -> Callable[[], Answer]:
    def hear() -> Answer:
        try:
            answer = pipe.recv()
        except EOFError:
            raise PlayerFailed("一个模拟进程意外结束") from None
        if not isinstance(answer, Answer):
            raise PlayerFailed(answer)
        return answer

    return hear


@contextmanager
def _processes(parts: Sequence[Part]) -> "Iterator[list[Connection[Any, Any]]]":
    context = multiprocessing.get_context("spawn")
    started = []
    try:
        for part in parts:
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, part), daemon=True)
            process.start()
            theirs.close()
            started.append((process, ours))
        yield [pipe for _, pipe in started]
    finally:
        for process, pipe in started:
            pipe.close()
            process.terminate()
        for process, _ in started:
            process.join()


def _serve(pipe: "Connection[Any, Any]", part: Part) -> None:
    """One process: does what it is told until nobody tells any more. Ctrl-C is the first process's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    engine = new_engine(part.address, hide_parameters=True)
    try:
        with nights.worker(engine, part.address) as worker:
            player = _Player(engine, part, worker)
            while True:
                pipe.send(player.ask(*pipe.recv()))
    except EOFError:
        return
    except Exception as error:  # noqa: BLE001 - whatever it was, the first process tells of it
        pipe.send(f"{type(error).__name__}: {error}")
    finally:
        engine.dispose()


def memory() -> int:
    """The most memory this process has had resident, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
