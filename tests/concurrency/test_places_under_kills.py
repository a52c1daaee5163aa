"""Offices take, use and give back places at the same moment, and are killed at random: none is issued twice or lost.

`TUANCHENG_PLACE_COMMANDS` says how many commands there are (the night takes 100000 and more), and
`TUANCHENG_PLACE_SEED` repeats the dice.
"""

import os
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.event import listens_for
from sqlalchemy.orm import Session

from tests.concurrency import offices
from tests.concurrency.offices import ACTS, MOST_ENTRIES, OFFICES, Act, Desks, Office, Stage
from workflows import journal
from workflows.database import new_engine
from workflows.domain import quotas
from workflows.domain.numbering import HOLDING, Place, PlaceState
from workflows.domain.quota_ledger import MovementKind, Plan, QuotaMovement
from workflows.journal import JournalEntry

COMMANDS = int(os.environ.get("TUANCHENG_PLACE_COMMANDS", "2000"))
SEED = int(os.environ.get("TUANCHENG_PLACE_SEED") or random.randrange(10**6))

COMMANDS_OF_A_LIFE = 50
"""After so many commands of all offices, on the average, one of them is killed."""

UNLOCKED_COMMANDS = 1_000
"""So many without the lock are more than enough for two offices to draw one number; the first is found by tens."""

PLACES = 40 + COMMANDS // 40
"""More than are used for good, fewer than are asked for, so that the last one is fought for."""

APPLICANTS = 100 + COMMANDS // 10


@pytest.fixture
def engine(fresh_database: Engine) -> Iterator[Engine]:
    """The database as the offices reach it: they are killed, never the server, so that no commit waits for the disk."""
    url = fresh_database.url.update_query_dict({"options": "-c synchronous_commit=off"})
    reached = new_engine(url.render_as_string(hide_password=False))
    yield reached
    reached.dispose()


def test_no_place_is_issued_twice_and_none_is_lost(engine: Engine) -> None:
    print(f"TUANCHENG_PLACE_SEED={SEED} TUANCHENG_PLACE_COMMANDS={COMMANDS}")
    stage = offices.found(engine, PLACES, APPLICANTS)
    before, began = _entries(engine), time.monotonic()
    desks = _act_and_be_killed(engine, stage, lambda done: done >= COMMANDS)
    written, answered = _entries(engine) - before, sum(desks.told.entries)
    told = f"{sum(desks.told.commands)} commands, {sum(desks.told.done)} of them not refused"
    killed = f"{desks.kills} kills, {desks.kills_within} of them within a transaction"
    print(f"{time.monotonic() - began:.1f} s, {told}, {killed}, {written - answered} entries unheard of")
    assert 0 <= written - answered <= MOST_ENTRIES * (desks.kills + OFFICES)
    assert desks.kills_within > 0
    assert sum(desks.told.surprises) == 0
    with Session(engine) as session:
        assert quotas.audit(session).faults == []
        assert journal.verify(session).faults == []
        _assert_each_case_in_order(session, stage)


def test_without_the_lock_the_audit_finds_a_number_issued_twice(engine: Engine) -> None:
    stage = offices.found(engine, PLACES, APPLICANTS)
    with engine.begin() as connection:
        connection.execute(text("DROP INDEX uq_place_active_number"))
    _take_the_lock_away(engine)
    keeping = {act: often for act, often in ACTS.items() if act is not Office.release}  # or the second gives it back
    desks = _act_and_be_killed(engine, stage, lambda done: done >= UNLOCKED_COMMANDS or _issued_twice(engine), keeping)
    with Session(engine) as session:
        faults = quotas.audit(session).faults
    print(f"{sum(desks.told.commands)} commands, {len(faults)} faults")
    assert any("个名额同时占用" in fault for fault in faults)


def _act_and_be_killed(
    engine: Engine, stage: Stage, enough: Callable[[int], bool], acts: Mapping[Act, int] = ACTS
) -> Desks:
    """Let the offices act, and kill one now and then, until it is enough; in the end all are gone."""
    chance, next_kill = random.Random(SEED), 0
    offices.warm_up(engine, stage)
    began, desks = time.monotonic(), Desks(engine, stage, SEED, acts)
    try:
        while not enough(done := sum(desks.told.commands)):
            assert time.monotonic() - began < PATIENCE_SECONDS, "the offices did not get there"
            time.sleep(chance.random() / 50)
            if done >= next_kill:
                desks.kill(chance.randrange(OFFICES))
                next_kill = done + chance.randint(1, 2 * COMMANDS_OF_A_LIFE)
    finally:
        for desk in range(OFFICES):
            desks.clear(desk)
    return desks


PATIENCE_SECONDS = 60 + COMMANDS / 5
"""Only a test that fails waits so long."""


def _take_the_lock_away(engine: Engine) -> None:
    """The offices read accounts without locking them, from now on."""

    @listens_for(engine, "before_cursor_execute", retval=True)
    def unlocked(
        _connection: object, _cursor: object, statement: str, parameters: object, _context: object, _many: bool
    ) -> tuple[str, object]:
        locks = "FROM quota_account" in statement
        return statement.partition(" FOR UPDATE")[0] if locks else statement, parameters


def _issued_twice(engine: Engine) -> bool:
    twice = select(Place.number).where(Place.state.in_(HOLDING)).group_by(Place.number).having(func.count() > 1)
    with Session(engine) as session:
        return session.scalars(twice).first() is not None


def _entries(engine: Engine) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(JournalEntry)) or 0


def _assert_each_case_in_order(session: Session, stage: Stage) -> None:
    """A case takes a place, gives it back before it takes another, and takes none after it has used one."""
    moves: dict[int | None, list[MovementKind]] = defaultdict(list)
    moved = select(QuotaMovement.case_id, QuotaMovement.kind).where(QuotaMovement.case_id.is_not(None))
    for case_id, kind in session.execute(moved.order_by(QuotaMovement.id)):
        moves[case_id].append(kind)
    for kinds in moves.values():
        assert all(kind == MovementKind.RESERVE for kind in kinds[::2])
        assert all(kind == MovementKind.RELEASE for kind in kinds[1:-1:2])
        assert kinds[-1] in (MovementKind.RESERVE, MovementKind.RELEASE, MovementKind.USE)
    held = {case_id for case_id, kinds in moves.items() if kinds[-1] != MovementKind.RELEASE}
    assert held == set(session.scalars(select(Place.case_id).where(Place.state.in_(HOLDING))))
    numbers = list(session.scalars(select(Place.number).where(Place.state != PlaceState.RELEASED)))
    assert len(numbers) == len(set(numbers)) <= session.get_one(Plan, stage.plan).total
