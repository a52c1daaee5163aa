"""Web server, worker and clock are killed at random points while people work: nothing is lost, nothing is doubled.

`TUANCHENG_DRILL_CASES` (12; the night takes 200) says how many cases there are. `TUANCHENG_DRILL_SEED` repeats the dice
of a run: the kills then fall on the same amounts of work done, though not on the same statements.
"""

import os
import random
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from click.testing import CliRunner
from sqlalchemy import Engine, Select, func, or_, select, update
from sqlalchemy.orm import Session

from tests.e2e import drill, drill_clerks, once_each
from tests.support import broker
from tests.support.clerk import Clerk, Told
from tests.support.processes import Killer, Part, plan
from webapp.commands import main
from webapp.embedded import children, environment
from workflows import clock
from workflows.engine.job_tables import Job
from workflows.engine.jobs import TAKEN_FOR_LOST
from workflows.engine.tables import Case, StepRecord
from workflows.journal import Event, JournalEntry
from workflows.operations.notices import Notice
from workflows.outbox import RESEND_AFTER, OutboxRow

CASES = int(os.environ.get("TUANCHENG_DRILL_CASES", "12"))
SEED = int(os.environ.get("TUANCHENG_DRILL_SEED") or random.randrange(10**6))

MORE = CASES // 50
KILLS = {"网页": (1 + MORE, 3 + 2 * MORE), "后台任务": (2 + MORE, 2 + 2 * MORE), "时钟": (1 + MORE, 0)}
"""How often each part is killed whole, and how often one child of it, by what its supervisor calls it."""

PATIENCE_SECONDS = 120 + 5 * CASES
"""Only a test that fails waits so long."""

STILL_SECONDS = 3.0
"""When nothing has moved for so long, a minute passes: a lost message would cost a real one otherwise."""


_RECORDS = select(func.count()).select_from(StepRecord)

_OF_WORKER = [Event.TIMER_FIRED, Event.MESSAGE_DELIVERED, Event.MEMBER_ADMITTED]

_DONE = (
    select(func.count()).where(JournalEntry.event.in_(_OF_WORKER)),
    select(func.count()).select_from(Notice),
    _RECORDS.where(StepRecord.step == "sign"),
)


class World:
    """The product on a database and a broker of the test's own, and what is seen from outside."""

    def __init__(self, engine: Engine, queue: str, folder: Path, unit_id: int) -> None:
        self.engine, self.queue, self.unit_id = engine, queue, unit_id
        self.port, self.told = environment.free_port(), Told()
        settings = {
            "TUANCHENG_DATABASE_URL": engine.url.render_as_string(hide_password=False),
            "TUANCHENG_BROKER_URL": queue,
            "TUANCHENG_SECRET_KEY": "a secret for the end-to-end tests only",
        }
        self.parts = [Part(child, settings) for child in children.worker_and_pages(folder, "127.0.0.1", self.port)]

    def part(self, name: str) -> Part:
        """One of the parts, by the name its supervisor calls it."""
        return next(part for part in self.parts if part.name == name)

    def decided_by_people(self) -> int:
        """How many steps people have done: three of each case, the last of them mostly through a batch."""
        return self._sum([_RECORDS])

    def done_by_worker(self) -> int:
        """How many effects the worker has had: five for each case, a few of them by people instead."""
        return self._sum(_DONE)

    def _sum(self, counts: Sequence[Select[tuple[int]]]) -> int:
        with self.engine.connect() as connection:
            query = select(*(count.scalar_subquery() for count in counts))
            return sum(connection.execute(query).one())

    def is_quiet(self) -> bool:
        """Whether every case has ended, nobody owes anything, and no message is under way that would do it again."""
        with Session(self.engine) as session:
            ended = session.scalar(select(func.count()).where(Case.ended_at.is_not(None)))
            owed = session.scalar(select(func.count()).where(OutboxRow.done_at.is_(None)))
        with redis.Redis.from_url(self.queue) as client:
            return ended == CASES and owed == client.llen("celery") == client.hlen("unacked") == 0

    def under_way(self) -> str:
        """What the broker still holds, for the report of a test that fails."""
        with redis.Redis.from_url(self.queue) as client:
            given = [str(value)[:300] for value in client.hvals("unacked")]
            search = f"{client.get('unacked_mutex')!r} for {client.ttl('unacked_mutex')} s"
            return f"{client.llen('celery')} messages wait, given out: {given}, the search is held by {search}"

    def let_a_minute_pass(self) -> None:
        """As if a minute had gone by: what was sent and not done is due again, who was at a job is taken for lost.

        It is so for the living too, who then meet those that take them for dead.
        """
        long_ago = clock.now() - 2 * max(RESEND_AFTER, TAKEN_FOR_LOST)
        owed = select(OutboxRow.id).where(OutboxRow.done_at.is_(None), OutboxRow.sent_at.is_not(None))
        begun = select(Job.id).where(or_(Job.sent_at.is_not(None), Job.run_at > clock.now()))
        with Session(self.engine) as session, session.begin():
            rows = session.scalars(owed.with_for_update(skip_locked=True)).all()
            session.execute(update(OutboxRow).where(OutboxRow.id.in_(rows)).values(sent_at=long_ago))
            jobs = session.scalars(begun.with_for_update(skip_locked=True)).all()
            session.execute(update(Job).where(Job.id.in_(jobs)).values(sent_at=long_ago, run_at=long_ago))
        with redis.Redis.from_url(self.queue) as client:
            for tag, since in client.zrange("unacked_index", 0, -1, withscores=True):
                client.zadd("unacked_index", {tag: since - timedelta(minutes=2).total_seconds()}, xx=True)


@pytest.fixture
def world(fresh_database: Engine, tmp_path: Path) -> Iterator[World]:
    """The drill is published, there are exactly as many places as cases, and everything runs."""
    with Session(fresh_database) as session, session.begin():
        unit_id = drill.found(session, CASES).branch.id
    with broker.running() as queue:
        made = World(fresh_database, queue, tmp_path, unit_id)
        try:
            for part in made.parts:
                part.start()
            yield made
        finally:
            for part in made.parts:
                part.kill()


def test_nothing_is_lost_and_nothing_is_doubled(
    world: World, fresh_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    print(f"TUANCHENG_DRILL_SEED={SEED} TUANCHENG_DRILL_CASES={CASES}")
    began = time.monotonic()
    killers = _work_and_be_killed(world)
    kills = {killer.name: dict(killer.done) for killer in killers}
    print(f"{time.monotonic() - began:.0f} s, {kills}, {dict(world.told.counted)}")
    assert [killer.done.total() for killer in killers] == [sum(times) for times in KILLS.values()]
    with Session(fresh_database) as session:
        assert once_each.faults(session, CASES) == []
        assert once_each.broken_promises(session, world.told) == []
    monkeypatch.setenv("TUANCHENG_DATABASE_URL", fresh_database.url.render_as_string(hide_password=False))
    for words in (["journal", "verify"], ["quota", "audit"]):
        said = CliRunner().invoke(main, words)
        assert said.exit_code == 0, said.output


def _work_and_be_killed(world: World) -> list[Killer]:
    """Let everybody work until every case has ended and all is quiet; who killed what."""
    chance, over = random.Random(SEED), threading.Event()
    killers = [_killer(world, name, chance) for name in KILLS]
    with ThreadPoolExecutor(6) as people:
        secretaries = [_clerk(world, drill.SECRETARY, chance) for _ in range(2)]
        working = [
            people.submit(drill_clerks.enter, clerk, range(number, CASES, 2), CASES, world.unit_id)
            for number, clerk in enumerate(secretaries)
        ]
        working += [people.submit(drill_clerks.review, _clerk(world, each, chance), over) for each in drill.REVIEWERS]
        working.append(people.submit(drill_clerks.sign, _clerk(world, drill.REVIEWERS[0], chance), over))
        for killer in killers:
            killer.start()
        try:
            _wait_until_quiet(world, working)
        finally:
            over.set()
            for killer in killers:
                killer.give_up()
    for each in working:
        each.result()
    return killers


def _killer(world: World, name: str, chance: random.Random) -> Killer:
    own, (groups, single) = random.Random(chance.random()), KILLS[name]
    progress, all_of_it = (world.decided_by_people, 3) if name == "网页" else (world.done_by_worker, 5)
    # The last case is left alone, so that every kill finds something still to be done.
    kills = plan(own, groups=groups, single=single, until=all_of_it * (CASES - 1))
    part = world.part(name)
    return Killer(part, progress=progress, kills=kills, chance=own, after_death=world.let_a_minute_pass)


def _clerk(world: World, login: str, chance: random.Random) -> Clerk:
    number = chance.randrange(10**9)
    return Clerk(world.port, login, f"{login}-{number}", random.Random(number), world.told)


def _wait_until_quiet(world: World, working: Sequence[Future[None]]) -> None:
    until, moved_at, done = time.monotonic() + PATIENCE_SECONDS, time.monotonic(), -1
    while not world.is_quiet():
        if time.monotonic() > until:
            with Session(world.engine) as session:
                faults = once_each.faults(session, CASES)
            pytest.fail("\n".join(["the cases did not come to their end", *faults, world.under_way()]))
        for each in working:
            if each.done():
                each.result()
        now_done = world.decided_by_people() + world.done_by_worker()
        if now_done != done:
            moved_at, done = time.monotonic(), now_done
        elif time.monotonic() - moved_at > STILL_SECONDS:
            world.let_a_minute_pass()
            moved_at = time.monotonic()
        time.sleep(0.1)
