"""Offices for the test of killed offices: processes that take, use and give back places at the same moment.

Every command is one of the domain's own acts in a short transaction of its own. An office is killed at a moment that
knows nothing of what it does, and the next one sits down at its desk.
"""

import gc
import multiprocessing
import os
import random
import signal
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from multiprocessing.context import ForkProcess

from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.support import cast as people
from workflows.database import polite_when_busy
from workflows.domain import members, quotas, units
from workflows.domain.members import Candidate, CandidateStatus
from workflows.domain.numbering import Place, PlaceState
from workflows.domain.people import Person, Sex
from workflows.domain.quota_ledger import Plan
from workflows.domain.units import UnitKind
from workflows.errors import Refusal
from workflows.journal import SYSTEM

OFFICES = 4
"""Processes that act at the same moment."""

SCHOOLS = 3

FORK = multiprocessing.get_context("fork")
"""A process that begins as a copy of this one is at work at once, and knows every statement already."""

MOST_ENTRIES = 4
"""Journal entries of one command, at the most."""


@dataclass(frozen=True)
class Stage:
    """Ids of what is fought for."""

    plan: int
    county: int
    schools: tuple[int, ...]
    cases: range


def found(engine: Engine, places: int, applicants: int) -> Stage:
    """A county with the year's places, schools that have none yet, and applicants who want one."""
    with Session(engine) as session, session.begin():
        cast = people.build(session)
        more = [
            units.add(session, cast.county, code=f"S{at}", name=f"第{at}中学团委", kind=UnitKind.SCHOOL)
            for at in range(3, 2 + SCHOOLS)
        ]
        plan = quotas.open_plan(session, 2020, places, SYSTEM)
        for above, below in [(cast.region, cast.city), (cast.city, cast.county)]:
            quotas.allot(session, plan, above.id, below.id, places, SYSTEM)
        cases = range(1, applicants + 1)
        _apply(session, cast.branch.id, cases)
        return Stage(plan.id, cast.county.id, (cast.school.id, *(school.id for school in more)), cases)


def _apply(session: Session, branch_id: int, cases: range) -> None:
    common = {"sex": Sex.FEMALE, "birth_date": people.BORN, "ethnic_group": "汉族"}
    persons = [Person(name=f"申请人{case_id}", **common) for case_id in cases]
    session.add_all(persons)
    session.flush()
    applying = {"unit_id": branch_id, "applied_on": people.APPLIED, "status": CandidateStatus.APPLYING}
    session.add_all(
        Candidate(person_id=person.id, case_id=case_id, **applying)
        for person, case_id in zip(persons, cases, strict=True)
    )


class Told:
    """What the offices were answered, one slot for each desk, in memory that outlives them."""

    def __init__(self) -> None:
        self.commands, self.done, self.entries = (FORK.RawArray("q", OFFICES) for _ in range(3))
        self.acting, self.surprises = (FORK.RawArray("q", OFFICES) for _ in range(2))


class Office:
    """One life of one process: commands in random order, each in a transaction of its own, until it is killed."""

    def __init__(self, engine: Engine, stage: Stage, chance: random.Random, told: Told, desk: int) -> None:
        self.stage, self.chance = stage, chance
        self._engine, self._told, self._desk = engine, told, desk

    def work(self, acts: "Mapping[Act, int]") -> None:
        """Act for as long as the test lives; `acts` says how often each command is given."""
        gc.disable()  # a life is too short to tidy up
        self._engine.dispose(close=False)  # a connection that came with the copy is another's
        parent = os.getppid()
        while os.getppid() == parent:
            [act] = self.chance.choices(list(acts), list(acts.values()))
            try:
                self.act(act)
            except (Refusal, DBAPIError):
                pass
            except Exception:  # noqa: BLE001 - the test counts whatever it is
                traceback.print_exc()
                self._told.surprises[self._desk] += 1
            self._told.acting[self._desk] = False
            self._told.commands[self._desk] += 1

    def act(self, act: "Act") -> None:
        """Give one command; what was committed is counted after its commit."""
        with polite_when_busy(), Session(self._engine) as session:
            self._told.acting[self._desk] = True
            act(self, session)
            entries = len(session.info["journal"].entries) if "journal" in session.info else 0
            session.commit()
            self._told.entries[self._desk] += entries
            self._told.done[self._desk] += entries > 0

    def reserve(self, session: Session) -> None:
        """Somebody passes pre-review; refused when no place is free."""
        school, case_id = self.chance.choice(self.stage.schools), self.chance.choice(self.stage.cases)
        quotas.reserve(session, unit_id=school, case_id=case_id, actor=SYSTEM)

    def use(self, session: Session) -> None:
        """Somebody is admitted; two offices often want the same candidate, and the second finds it done."""
        case_id = self._held(session)
        if case_id is not None:
            place = quotas.use(session, case_id=case_id, actor=SYSTEM)
            members.admit(session, case_id=case_id, joined_on=date(2020, 9, 1), number=place.number)

    def release(self, session: Session) -> None:
        """A pre-review is taken back; the candidate may pass another one."""
        case_id = self._held(session)
        if case_id is not None:
            quotas.release(session, case_id=case_id, reason="撤回", actor=SYSTEM)

    def allot(self, session: Session) -> None:
        """The county hands places down."""
        plan, school = session.get_one(Plan, self.stage.plan), self.chance.choice(self.stage.schools)
        quotas.allot(session, plan, self.stage.county, school, self.chance.randint(1, 4), SYSTEM)

    def give_back(self, session: Session) -> None:
        """A school gives places back."""
        plan, school = session.get_one(Plan, self.stage.plan), self.chance.choice(self.stage.schools)
        quotas.give_back(session, plan, school, self.chance.randint(1, 3), SYSTEM)

    def transfer(self, session: Session) -> None:
        """One school passes places to another, over the county."""
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
        at_school = Place.unit_id == self.chance.choice(self.stage.schools)
        query = select(Place.case_id).where(
            Place.plan_id == self.stage.plan, at_school, Place.state == PlaceState.RESERVED
        )
        found = list(session.scalars(query.order_by(Place.number).limit(3)))
        return self.chance.choice(found) if found else None


Act = Callable[[Office, Session], None]

ACTS: dict[Act, int] = {
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


def warm_up(engine: Engine, stage: Stage) -> None:
    """Give every command once, so that offices begin with all statements compiled; then hand over no connection."""
    office = Office(engine, stage, random.Random(0), Told(), desk=0)
    for act in (Office.allot, *ACTS):
        with suppress(Refusal, DBAPIError):
            office.act(act)
    engine.dispose()


class Desks:
    """The offices, each replaced in the moment in which it is killed."""

    def __init__(self, engine: Engine, stage: Stage, seed: int, acts: Mapping[Act, int]) -> None:
        self.told, self.kills, self.kills_within = Told(), 0, 0
        self._engine, self._stage, self._seed, self._acts = engine, stage, seed, acts
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
        self.kills_within += self.told.acting[desk]

    def _begin(self, desk: int) -> ForkProcess:
        self._lives += 1
        self.told.acting[desk] = False
        chance = random.Random(self._seed * 1_000_003 + self._lives)
        life = Office(self._engine, self._stage, chance, self.told, desk)
        office = FORK.Process(target=life.work, args=(self._acts,))
        office.start()
        return office
