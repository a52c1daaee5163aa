"""Random ways through every drawing, live and restored side by side: at each state both must agree in everything.

A seed of one's own: TUANCHENG_WALK_SEED=123 pytest tests/engine/test_random_walk.py
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from tests.engine.conftest import MONDAY, SECRETARY, Office
from tests.engine.test_drawings import NAMES
from tests.support.drawings import drawn
from workflows import clock, outbox, tables
from workflows.database import new_engine, throwaway_key
from workflows.engine import bundles, cases, saving, scenarios
from workflows.engine.mailbox import MESSAGE, AwaitedEvent, KeptMessage
from workflows.engine.tables import Case, DueTimer, WorkItem
from workflows.errors import Refusal
from workflows.journal import SYSTEM
from workflows.operations import rehearsal

SEEDS = [1, int(os.environ.get("TUANCHENG_WALK_SEED", "2"))]
LONGEST_WALK = 12
SHIPPED = Path(__file__).parents[2] / "bpmn"
DAYS = ["2020-03-02", "2020-03-09", "2021-01-31"]

Move = tuple[str, ...]


def seen(session: Session, case_id: int) -> dict[str, Any]:
    """Everything about a case that anybody could see, after checking that its saved state is stable."""
    session.expire_all()
    case = session.scalars(select(Case).where(Case.id == case_id).options(undefer(Case.state))).one()
    bundle = bundles.parsed(session, case.bundle_id)
    assert saving.save(saving.restore(case.state, bundle)) == case.state
    items = session.scalars(select(WorkItem).where(WorkItem.case_id == case_id)).all()
    timers = session.scalars(select(DueTimer).where(DueTimer.case_id == case_id)).all()
    awaited = session.scalars(select(AwaitedEvent).where(AwaitedEvent.case_id == case_id)).all()
    return {
        "items": sorted((item.step, item.label, str(item.due_on)) for item in items),
        "timers": sorted((timer.step, timer.due_at.isoformat()) for timer in timers),
        "awaited": sorted((each.step, each.kind, each.name, each.key) for each in awaited),
        "data": cases.data_of(case),
        "ended": (case.ended_step, case.result, case.version),
    }


@dataclass
class TinyWorld:
    """An office with one case."""

    office: Office
    case: Case

    def moves(self) -> list[Move]:
        """What could happen next."""
        session, of_case = self.office.session, self.case.id
        items = session.scalars(select(WorkItem).where(WorkItem.case_id == of_case)).all()
        timers = session.scalars(select(DueTimer).where(DueTimer.case_id == of_case)).all()
        awaited = session.scalars(select(AwaitedEvent).where(AwaitedEvent.case_id == of_case)).all()
        people = bundles.parsed(session, self.case.bundle_id).messages if self.case.ended_at is None else {}
        found = [
            ("do", item.step, item.label, outcome, day) for item in items for outcome in ("yes", "no") for day in DAYS
        ]
        found += [("wait", timer.step) for timer in timers]
        found += [("hear", each.kind, each.name, each.key) for each in awaited]
        found += [("say", name) for name in people]
        return sorted(set(found))

    def make(self, move: Move) -> str:
        """Let it happen; what refused it, if something did."""
        office = self.office
        try:
            match move:
                case ("do", step, label, outcome, day):
                    query = select(WorkItem).where(WorkItem.case_id == self.case.id, WorkItem.step == step)
                    items = office.session.scalars(query.where(WorkItem.label == label).order_by(WorkItem.task))
                    office.complete(items.first(), outcome, on=day)
                case ("wait", _):
                    due = select(DueTimer.due_at).where(DueTimer.case_id == self.case.id).order_by(DueTimer.due_at)
                    with clock.standing_at(max(office.session.scalars(due).first(), clock.now())):
                        office.timers_fire()
                case ("hear", kind, name, key):
                    self._hear(kind, name, key)
                case ("say", name):
                    office.case = self.case
                    office.send(name, "yes")
        except Refusal as refusal:
            office.session.rollback()
            return refusal.code
        return ""

    def _hear(self, kind: str, name: str, key: str) -> None:
        session = self.office.session
        if kind == MESSAGE:
            session.add(KeptMessage(name=name, key=key, payload={}, sender_case_id=self.case.id, sent_at=clock.now()))
            outbox.post(session, MESSAGE, name=name, key=key)
        else:
            outbox.post(session, kind, name=name, sender_case_id=0)
        self.office.post_arrives()


@pytest.fixture(params=SEEDS)
def random(request: pytest.FixtureRequest) -> Random:
    return Random(request.param)


@pytest.fixture
def offices() -> Iterator[list[Office]]:
    """The same office twice: one keeps its cases in memory, one restores them at every step."""
    with ExitStack() as at_end, clock.standing_at(MONDAY):
        found = []
        for mode in ("in memory", "saved and restored"):
            engine = new_engine("sqlite://")
            at_end.callback(engine.dispose)
            tables.metadata.create_all(engine)
            office = Office(at_end.enter_context(Session(engine)), mode)
            office.given, office.left = {"people": ["甲", "乙", "丙"], "amounts": [1, 2]}, 40
            found.append(office)
        yield found


def test_random_ways_through_the_tiny_drawings_are_the_same_live_and_restored(
    offices: list[Office], random: Random
) -> None:
    ended = 0
    names = random.sample(NAMES, len(NAMES) // 2)
    for name in names:
        files = drawn(name)
        worlds = [TinyWorld(office, begin(office, name, files)) for office in offices]
        ended += walk(
            random,
            [world.moves for world in worlds],
            [world.make for world in worlds],
            [lambda world=world: seen(world.office.session, world.case.id) for world in worlds],
        )
    assert ended > len(names) / 2


def begin(office: Office, name: str, files: bundles.BundleFiles) -> Case:
    """Start a case without another check of the drawing."""
    bundles.store(office.session, files, [], SYSTEM, "")
    case = cases.start(office.session, office.environment, process=name, unit_id=7, actor=SECRETARY)
    office.session.commit()
    return case


def walk(
    random: Random,
    moves: list[Callable[[], list[Any]]],
    make: list[Callable[[Any], str]],
    look: list[Callable[[], dict[str, Any]]],
) -> bool:
    """Make the same random moves in two worlds and compare them after each; whether the case came to its end."""
    told: list[Any] = []
    for _ in range(LONGEST_WALK):
        live, restored = (each() for each in look)
        assert live == restored, told
        possible, other = (each() for each in moves)
        assert possible == other, told
        if not possible:
            break
        told.append(random.choice(possible))
        answers = [each(told[-1]) for each in make]
        assert answers[0] == answers[1], told
    live, restored = (each() for each in look)
    assert live == restored, told
    return live["ended"][0] is not None


class AdmissionWorld:
    """A rehearsal's branch and one candidate, who goes ways that no scenario describes."""

    def __init__(self, session: Session, files: bundles.BundleFiles, *, live: bool) -> None:
        self.session = session
        path = "scenarios/admitted_nmg_2020.yaml"
        scenario = scenarios.read(files.files[path], path)
        with clock.standing_at(clock.start_of(scenario.begins) - timedelta(days=1)):
            stage = rehearsal.RehearsalStage(session, files, scenario, live={} if live else None)
            session.commit()
        self.player = scenarios._Player(scenario, stage)
        self.player.do(scenario.steps[0])
        session.commit()
        self.known = answers_in_admission()
        self.records = [{**step, "on": None} for step in scenario.steps if "record" in step]

    def moves(self) -> list[tuple[str, int]]:
        """Steps that wait, with every answer some scenario gives; time that may pass; messages."""
        waiting = set(self.session.scalars(select(WorkItem.step).where(WorkItem.case_id == self.player.case_id)))
        found = [(step, number) for step in waiting for number in range(len(self.known[step]))]
        timer = self.player._next_timer(datetime.max.replace(tzinfo=MONDAY.tzinfo))
        return sorted(found + ([("", 0)] if timer else []))

    def make(self, move: tuple[str, int]) -> str:
        """Let it happen; what refused it, if something did."""
        before = self.player.moment
        if move[0] == "train_and_assess":
            self._put_on_record()
        try:
            self.player.do(self._step(*move))
            self.session.commit()
        except (scenarios.ScenarioFault, Refusal) as refusal:
            self.session.rollback()
            self.player.moment = before
            return getattr(refusal, "code", type(refusal).__name__)
        return ""

    def _put_on_record(self) -> None:
        """All evidence of training, when it is asked for the first time: by then it lies in the past."""
        for each in self.records:
            self.player.do({key: value for key, value in each.items() if value is not None})
        self.records = []
        self.session.commit()

    def _step(self, step: str, number: int) -> dict[str, Any]:
        if not step:
            timer = self.player._next_timer(datetime.max.replace(tzinfo=MONDAY.tzinfo))
            assert timer is not None
            return {"wait_until": timer.due_at.astimezone(clock.OFFICE_ZONE).date() + timedelta(days=1)}
        known = dict(self.known[step][number])
        day = known.get("on")
        on = day if isinstance(day, date) else date.fromisoformat(str(day)) if day else None
        if on is None or clock.start_of(on) < self.player.moment:
            known.pop("on", None)
        return known


@cache
def _admission() -> bundles.BundleFiles:
    return bundles.read_folder(SHIPPED / "admission")


@cache
def answers_in_admission() -> dict[str, list[dict[str, Any]]]:
    """What the scenarios answer at each step."""
    known: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path, text in sorted(_admission().files.items()):
        if path.endswith(".yaml"):
            for step in scenarios.read(text, path).steps:
                if "do" in step and step not in known[step["do"]]:
                    known[step["do"]].append(dict(step))
    return known


def test_random_ways_through_admission_are_the_same_live_and_restored(random: Random) -> None:
    for _ in range(2):
        with ExitStack() as at_end:
            at_end.enter_context(throwaway_key())
            worlds = []
            for live in (True, False):
                engine = new_engine("sqlite://")
                at_end.callback(engine.dispose)
                tables.metadata.create_all(engine)
                worlds.append(AdmissionWorld(at_end.enter_context(Session(engine)), _admission(), live=live))
            walk(
                random,
                [world.moves for world in worlds],
                [world.make for world in worlds],
                [lambda world=world: seen(world.session, world.player.case_id) for world in worlds],
            )
