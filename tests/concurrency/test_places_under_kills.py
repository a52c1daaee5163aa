"""Offices take, use and give back places at the same moment, and are killed at random: none is issued twice or lost.

`TUANCHENG_PLACE_COMMANDS` (500; the night takes 10000 and more) says how many commands there are, and
`TUANCHENG_PLACE_SEED` repeats the dice.
"""

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from multiprocessing.context import ForkProcess

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.support import cast as people
from workflows import journal
from workflows.database import new_engine, polite_when_busy
from workflows.domain import members, quota_ledger, quotas, units
from workflows.domain.members import Candidate, CandidateStatus
from workflows.domain.numbering import Place, PlaceState
from workflows.domain.people import Person, Sex
from workflows.domain.quota_ledger import MovementKind, Plan, QuotaMovement
from workflows.domain.units import UnitKind
from workflows.errors import Refusal
from workflows.journal import SYSTEM, JournalEntry

COMMANDS = int(os.environ.get("TUANCHENG_PLACE_COMMANDS", "500"))
SEED = int(os.environ.get("TUANCHENG_PLACE_SEED") or random.randrange(10**6))

OFFICES = 4
"""Processes that act at the same moment."""

COMMANDS_OF_A_LIFE = 25
"""After so many commands of all offices, on the average, one of them is killed."""

PATIENCE_SECONDS = 60 + COMMANDS / 10
"""Only a test that fails waits so long."""

TOTAL = 40 + COMMANDS // 40
"""Places of the plan: more than are used for good, fewer than are asked for, so that the last one is fought for."""

FORK = multiprocessing.get_context("fork")
"""A process that begins as a copy of this one is at work at once."""

CASES_OF_A_LIFE = 100_000
"""So that no two lives of an office use the same case."""


@dataclass(frozen=True)
class Stage:
    """Ids of what is fought for."""

    plan: int
    county: int
    schools: tuple[int, int]
    branch: int


class Office:
    """One life of one process: commands in random order, each in a transaction of its own, until it is killed."""

    def __init__(self, url: str, stage: Stage, life: int, answered: "Answered", desk: int) -> None:
        self.stage, self.chance = stage, random.Random(SEED * 1_000 + life)
        self._next_case, self._answered, self._desk = life * CASES_OF_A_LIFE, answered, desk
        self._engine = new_engine(url)

    def work(self) -> None:
        """Act for as long as the test lives; what was committed is counted after its commit."""
        parent = os.getppid()
        while os.getppid() == parent:
            [act] = self.chance.choices(list(ACTS), list(ACTS.values()))
            with suppress(Refusal, DBAPIError), polite_when_busy(), Session(self._engine) as session:
                act(self, session)
                entries = len(session.info["journal"].entries) if "journal" in session.info else 0
                session.commit()
                self._answered.entries[self._desk] += entries
                self._answered.done[self._desk] += entries > 0
            self._answered.commands[self._desk] += 1

    def reserve(self, session: Session) -> None:
        """Somebody new passes pre-review; refused when no place is free."""
        self._next_case += 1
        person = Person(name="申请人", sex=Sex.FEMALE, birth_date=people.BORN, ethnic_group="汉族")
        session.add(person)
        session.flush()
        candidate = {"person_id": person.id, "unit_id": self.stage.branch, "case_id": self._next_case}
        session.add(Candidate(**candidate, applied_on=people.APPLIED, status=CandidateStatus.APPLYING))
        session.flush()
        school = self.chance.choice(self.stage.schools)
        quotas.reserve(session, unit_id=school, case_id=self._next_case, actor=SYSTEM)

    def use(self, session: Session) -> None:
        """Somebody is admitted; two offices often want the same candidate, and the second finds it done."""
        case_id = self._held(session)
        if case_id is not None:
            place = quotas.use(session, case_id=case_id, actor=SYSTEM)
            members.admit(session, case_id=case_id, joined_on=date(2020, 9, 1), number=place.number)

    def release(self, session: Session) -> None:
        """Somebody withdraws."""
        case_id = self._held(session)
        if case_id is not None and quotas.release(session, case_id=case_id, reason="撤回", actor=SYSTEM) is not None:
            members.settle(session, case_id, CandidateStatus.WITHDRAWN)

    def allot(self, session: Session) -> None:
        """The county hands places down."""
        plan, school = session.get_one(Plan, self.stage.plan), self.chance.choice(self.stage.schools)
        quotas.allot(session, plan, self.stage.county, school, self.chance.randint(1, 4), SYSTEM)

    def give_back(self, session: Session) -> None:
        """A school gives places back."""
        plan, school = session.get_one(Plan, self.stage.plan), self.chance.choice(self.stage.schools)
        quotas.give_back(session, plan, school, self.chance.randint(1, 3), SYSTEM)

    def transfer(self, session: Session) -> None:
        """One school passes places to the other, over the county."""
        giver, taker = self.chance.sample(self.stage.schools, 2)
        plan = session.get_one(Plan, self.stage.plan)
        quotas.transfer(session, plan, giver, taker, self.chance.randint(1, 3), SYSTEM, "用不完")

    def enlarge(self, session: Session) -> None:
        """The region gets a place more, which stays there."""
        quotas.add_to_plan(session, session.get_one(Plan, self.stage.plan), 1, SYSTEM, "年中追加")

    def replace_form(self, session: Session) -> None:
        """A form is spoilt, and another bears its number."""
        case_id = self._held(session)
        if case_id is not None:
            quotas.void_copy(session, case_id=case_id, reason="写错", actor=SYSTEM)
            quotas.rebind(session, case_id=case_id, reason="换发", actor=SYSTEM)

    def _held(self, session: Session) -> int | None:
        query = select(Place.case_id).where(Place.state == PlaceState.RESERVED).order_by(Place.id).limit(3)
        found = list(session.scalars(query))
        return self.chance.choice(found) if found else None


ACTS = {
    Office.reserve: 45,
    Office.release: 35,
    Office.use: 2,
    Office.allot: 9,
    Office.give_back: 9,
    Office.transfer: 4,
    Office.enlarge: 1,
    Office.replace_form: 3,
}
"""How often each command is given: as many places are asked for as are given back, and few are used for good."""

MOST_ENTRIES = 4
"""Journal entries of one command, at the most."""


class Answered:
    """What the offices were answered, one slot for each desk, in memory that outlives them."""

    def __init__(self) -> None:
        self.commands, self.done, self.entries = (FORK.RawArray("q", OFFICES) for _ in range(3))


class Desks:
    """The offices, each replaced in the moment in which it is killed."""

    def __init__(self, engine: Engine, stage: Stage) -> None:
        self.answered, self.kills = Answered(), 0
        self._url, self._stage = engine.url.render_as_string(hide_password=False), stage
        self._lives = 0
        self._at_work = [self._begin(desk) for desk in range(OFFICES)]

    def kill(self, desk: int) -> None:
        """Kill the office at a desk; the next one sits down at once."""
        self.clear(desk)
        self.kills += 1
        self._at_work[desk] = self._begin(desk)

    def clear(self, desk: int) -> None:
        """Kill the office at a desk."""
        office = self._at_work[desk]
        assert office.pid is not None
        os.kill(office.pid, signal.SIGKILL)
        office.join()

    def _begin(self, desk: int) -> ForkProcess:
        self._lives += 1
        office = FORK.Process(target=_sit_down, args=(self._url, self._stage, self._lives, self.answered, desk))
        office.start()
        return office


def _sit_down(url: str, stage: Stage, life: int, answered: Answered, desk: int) -> None:
    Office(url, stage, life, answered, desk).work()


def found(engine: Engine) -> Stage:
    """A county with the year's places, and two schools that have none yet."""
    with Session(engine) as session, session.begin():
        cast = people.build(session)
        second = units.add(session, cast.county, code="S3", name="第三中学团委", kind=UnitKind.SCHOOL)
        plan = quotas.open_plan(session, 2020, TOTAL, SYSTEM)
        for above, below in [(cast.region, cast.city), (cast.city, cast.county)]:
            quotas.allot(session, plan, above.id, below.id, TOTAL, SYSTEM)
        return Stage(plan.id, cast.county.id, (cast.school.id, second.id), cast.branch.id)


def test_no_place_is_issued_twice_and_none_is_lost(fresh_database: Engine) -> None:
    print(f"TUANCHENG_PLACE_SEED={SEED} TUANCHENG_PLACE_COMMANDS={COMMANDS}")
    stage, chance = found(fresh_database), random.Random(SEED)
    before = _entries(fresh_database)
    fresh_database.dispose()
    began, desks = time.monotonic(), Desks(fresh_database, stage)
    try:
        next_kill = 0
        while (done := sum(desks.answered.commands)) < COMMANDS:
            assert time.monotonic() - began < PATIENCE_SECONDS, "the offices did not get there"
            time.sleep(chance.random() / 100)
            if done >= next_kill:
                desks.kill(chance.randrange(OFFICES))
                next_kill = done + chance.randint(1, 2 * COMMANDS_OF_A_LIFE)
    finally:
        for desk in range(OFFICES):
            desks.clear(desk)
    written, answered = _entries(fresh_database) - before, sum(desks.answered.entries)
    told = f"{sum(desks.answered.commands)} commands, {sum(desks.answered.done)} of them not refused"
    print(f"{time.monotonic() - began:.1f} s, {desks.kills} kills, {told}, {written - answered} entries unheard of")
    assert 0 <= written - answered <= MOST_ENTRIES * (desks.kills + OFFICES)
    with Session(fresh_database) as session:
        assert quotas.audit(session).faults == []
        assert journal.verify(session).faults == []
        _assert_each_movement_once(session, stage)


def _entries(engine: Engine) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(JournalEntry)) or 0


def _assert_each_movement_once(session: Session, stage: Stage) -> None:
    """A case takes a place once, and uses it or gives it back once; together they are no more than the plan has."""
    moved = select(QuotaMovement.case_id, QuotaMovement.kind).where(QuotaMovement.case_id.is_not(None))
    moves = Counter(tuple(row) for row in session.execute(moved))
    assert set(moves.values()) == {1}
    kinds = Counter(kind for _case, kind in moves)
    assert kinds[MovementKind.RESERVE] > 0
    held = session.scalar(select(func.count()).where(Place.state == PlaceState.RESERVED))
    assert kinds[MovementKind.RESERVE] - kinds[MovementKind.USE] - kinds[MovementKind.RELEASE] == held
    numbers = list(session.scalars(select(Place.number).where(Place.state != PlaceState.RELEASED)))
    assert len(numbers) == len(set(numbers)) <= session.get_one(Plan, stage.plan).total
    assert quota_ledger.current_plan(session).id == stage.plan
